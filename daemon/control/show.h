/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * show.h - what the daemon says about itself, as JSON objects (docs/control.md).
 */
#pragma once

#include <jansson.h>

struct ps_daemon;

/* Each is a new object. */
json_t *ps_show_status(struct ps_daemon *daemon);
json_t *ps_show_conduits(struct ps_daemon *daemon); /* needs a policy in force */
json_t *ps_show_counters(struct ps_daemon *daemon);
json_t *ps_show_reasons(struct ps_daemon *daemon);

/* Flows hand on what they have counted for conduits and rules, so that those counters are of now. Waits for the workers, at most
 * half a second. */
void ps_show_settle(struct ps_daemon *daemon);

/* Counters of all engines together. */
struct ps_engine_stats;
void ps_show_engine_stats(struct ps_daemon *daemon, struct ps_engine_stats *sum);
