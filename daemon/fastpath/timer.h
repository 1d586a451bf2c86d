/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * timer.h - at most one deadline for each of n numbered things; the earliest comes first. A heap of fixed size: no
 * clock of its own, and no more work per change than the logarithm of n.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PS_TIMER_NEVER UINT64_MAX

struct ps_timers {
    uint32_t *heap;  /* ids; each is due no later than the two at 2i + 1 and 2i + 2 */
    uint32_t *place; /* by id: where it is in the heap, PS_NONE: nowhere */
    uint64_t *due;   /* by id */
    uint32_t n, capacity;
};

/* Ids 0..capacity - 1. False: no memory. */
bool ps_timers_init(struct ps_timers *timers, uint32_t capacity);
void ps_timers_fini(struct ps_timers *timers);

/* From now on id is due at this time; PS_TIMER_NEVER: not at all. */
void ps_timer_set(struct ps_timers *timers, uint32_t id, uint64_t due);

/* Of the earliest, PS_TIMER_NEVER: there is none. */
uint64_t ps_timers_next(const struct ps_timers *timers);

/* The id that is due first, at `now` or before, PS_NONE: none. It stays set. */
uint32_t ps_timers_due(const struct ps_timers *timers, uint64_t now);

/* Is it a heap, and does it know where everything is? */
bool ps_timers_check(const struct ps_timers *timers);
