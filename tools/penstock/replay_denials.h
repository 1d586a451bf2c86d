/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_denials.h - refusals, equal ones counted together: a table of fixed capacity.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define REPLAY_DENIALS_MAX 10000u

struct replay_denial {
    uint64_t n;
    uint32_t hash;
    size_t file; /* of the first one */
    struct ps_event first;
};

struct replay_denials {
    struct replay_denial *rows; /* in the order of their first events */
    uint32_t n_rows, capacity;
    uint32_t *slots; /* hash table of row + 1 */
    uint64_t n_more; /* refusals that found no row */
};

/* Counts n refusals like event; the first of them is event of file. */
void replay_denials_add(struct replay_denials *denials, const struct ps_event *event, size_t file, uint64_t n);
/* Adds all of `more`, whose events are those of file. */
void replay_denials_merge(struct replay_denials *denials, const struct replay_denials *more, size_t file);
/* Most frequent first, then in order of appearance. Nothing can be added afterwards. */
void replay_denials_sort(struct replay_denials *denials);
void replay_denials_fini(struct replay_denials *denials);
