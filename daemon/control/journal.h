/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * journal.h - everything that is told: what the engine refused and what was done to the gateway. To the sinks, to those
 * who follow on the control socket, and the last refusals to whoever asks.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "policies.h"
#include "server.h"

#define PS_JOURNAL_LAST 16u

struct ps_flood;
struct ps_sinks;

struct ps_journal {
    struct ps_server *server; /* NULL: nobody can follow yet */
    struct ps_sinks *sinks;   /* NULL: none */
    struct ps_flood *flood;   /* NULL: equal events are told one by one; else the journal's */
    const char *gateway;
    json_t *last[PS_JOURNAL_LAST]; /* refusals that were told; [n_last % PS_JOURNAL_LAST] is the oldest */
    uint64_t n_last;
    uint64_t n_refusals; /* told or not */
    uint64_t n_events;   /* told: of equal ones that are held, those are one */
    uint64_t n_held;     /* events of the engine that were not told one by one */
};

void ps_journal_fini(struct ps_journal *journal);

/* An event of the engine, judged by this policy; NULL: no policy. */
void ps_journal_event(struct ps_journal *journal, const struct ps_policy *policy, const struct ps_event *event);

/* Tells what is held. Once a second, and at the end. */
void ps_journal_flush(struct ps_journal *journal);

/* Changes. who: NULL, the gateway itself. o becomes the journal's: "before", "after" and more. */
void ps_journal_policy(struct ps_journal *journal, const struct ps_peer *who, const char *did, json_t *o);
void ps_journal_mode(struct ps_journal *journal, const struct ps_peer *who, const char *did, json_t *o);

/* The gateway itself: links, sinks, workers. */
void ps_journal_system(struct ps_journal *journal, const char *did, json_t *o);

/* Something did not fit: events, packets. */
void ps_journal_overload(struct ps_journal *journal, const char *did, json_t *o);

/* The last refusals, newest first, as an array. */
json_t *ps_journal_last(const struct ps_journal *journal);
