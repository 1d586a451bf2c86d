/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * hearing.h - what the kernel's rules refuse (io = "nft"), told as the engine's refusals are; nft/refusals.h hears it, and resets
 * connections.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct ps_daemon;
struct ps_refusals;

struct ps_hearing {
    struct ps_refusals *refusals; /* NULL: the kernel judges nothing */
    uint64_t lost;                /* as last told of */
};

/* The rules' ports are ours (ps_enforcing_begin()), and nothing was given up yet. false and a sentence. */
bool ps_hearing_begin(struct ps_daemon *daemon, struct ps_error *err);

/* For poll(2); -1: none. */
int ps_hearing_fd(const struct ps_hearing *hearing);

/* In every turn of the control thread: tells some of what waits. */
void ps_hearing_step(struct ps_daemon *daemon);
/* What found no room, once a second. */
void ps_hearing_second(struct ps_daemon *daemon);

void ps_hearing_fini(struct ps_hearing *hearing);

/* For status; null: not here. */
json_t *ps_hearing_json(const struct ps_hearing *hearing);
