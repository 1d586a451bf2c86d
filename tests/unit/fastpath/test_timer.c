/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timer.h"

#include "base/terms.h"
#include "unit.h"

START_TEST(test_ps_timer_set__any_order__earliest_first)
{
    static const uint64_t due[] = {50, 20, 90, 10, 70, 30, 10};
    struct ps_timers timers;
    ck_assert(ps_timers_init(&timers, 7));
    ck_assert_uint_eq(ps_timers_next(&timers), PS_TIMER_NEVER);
    ck_assert_uint_eq(ps_timers_due(&timers, UINT64_MAX - 1), PS_NONE);
    for (uint32_t id = 0; id < 7; id++) {
        ps_timer_set(&timers, id, due[id]);
        ck_assert(ps_timers_check(&timers));
    }
    ck_assert_uint_eq(ps_timers_due(&timers, 9), PS_NONE);
    uint64_t last = 0;
    for (uint32_t n = 0; n < 7; n++) {
        uint32_t id = ps_timers_due(&timers, 1000);
        ck_assert_uint_ge(due[id], last);
        last = due[id];
        ps_timer_set(&timers, id, PS_TIMER_NEVER);
        ck_assert(ps_timers_check(&timers));
    }
    ck_assert_uint_eq(ps_timers_next(&timers), PS_TIMER_NEVER);
    ps_timers_fini(&timers);
}
END_TEST

START_TEST(test_ps_timer_set__moved_both_ways__stays_a_heap)
{
    struct ps_timers timers;
    uint64_t due[64], seed = 7;
    ck_assert(ps_timers_init(&timers, 64));
    for (uint32_t id = 0; id < 64; id++)
        due[id] = PS_TIMER_NEVER;
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint32_t id = (uint32_t)(seed >> 58);
        due[id] = (seed >> 32) % 5 == 0 ? PS_TIMER_NEVER : (seed >> 20) % 1000;
        ps_timer_set(&timers, id, due[id]);
        ck_assert(ps_timers_check(&timers));
        uint64_t first = PS_TIMER_NEVER;
        for (uint32_t i = 0; i < 64; i++)
            first = due[i] < first ? due[i] : first;
        ck_assert_uint_eq(ps_timers_next(&timers), first);
    }
    ps_timers_fini(&timers);
}
END_TEST

UNIT_MAIN("fastpath/timer",
    test_ps_timer_set__any_order__earliest_first,
    test_ps_timer_set__moved_both_ways__stays_a_heap)
