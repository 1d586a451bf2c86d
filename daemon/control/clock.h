/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * clock.h - what time it is, in nanoseconds.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/time.h"

static inline uint64_t ps_clock_read(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * PS_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* For durations: it never goes back. */
static inline uint64_t ps_clock_steady(void)
{
    return ps_clock_read(CLOCK_MONOTONIC);
}

/* Since 1970. */
static inline uint64_t ps_clock_calendar(void)
{
    return ps_clock_read(CLOCK_REALTIME);
}
