/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * idle.h - when a worker that finds nothing to do may sleep, and how long.
 *
 * It polls on without a pause for a while, since traffic comes in volleys; then it sleeps, a little longer after each empty
 * poll, never past the engine's next timer. The first thing to do starts it all over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PS_IDLE_POLLS 200u        /* empty ones in a row, before the first sleep */
#define PS_IDLE_MIN_NS 10000u     /* the first sleep */
#define PS_IDLE_STEP_NS 10000u    /* by which each is longer than the one before */
#define PS_IDLE_MAX_NS 200000u

struct ps_idle {
    bool spin;          /* never sleep */
    uint32_t n_empty;   /* polls in a row, up to PS_IDLE_POLLS */
    uint32_t sleep_ns;  /* of the last sleep, 0: none yet */
};

/* Something was there to do. */
static inline void ps_idle_busy(struct ps_idle *idle)
{
    idle->n_empty = 0;
    idle->sleep_ns = 0;
}

/* Nothing was. How long to sleep, 0: poll on. due_ns: of the next timer, UINT64_MAX: none. */
static inline uint64_t ps_idle_empty(struct ps_idle *idle, uint64_t now_ns, uint64_t due_ns)
{
    if (idle->spin || idle->n_empty < PS_IDLE_POLLS) {
        idle->n_empty += !idle->spin;
        return 0;
    }
    uint32_t next = idle->sleep_ns == 0 ? PS_IDLE_MIN_NS : idle->sleep_ns + PS_IDLE_STEP_NS;
    idle->sleep_ns = next < PS_IDLE_MAX_NS ? next : PS_IDLE_MAX_NS;
    if (due_ns <= now_ns)
        return 0;
    return due_ns - now_ns < idle->sleep_ns ? due_ns - now_ns : idle->sleep_ns;
}
