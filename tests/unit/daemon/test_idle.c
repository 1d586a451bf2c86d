/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "idle.h"

#include "unit.h"

#define NEVER UINT64_MAX

static uint64_t after_polls(struct ps_idle *idle, uint64_t now, uint64_t due)
{
    for (unsigned i = 0; i < PS_IDLE_POLLS; i++)
        ck_assert_uint_eq(ps_idle_empty(idle, now, due), 0);
    return ps_idle_empty(idle, now, due);
}

START_TEST(test_ps_idle_empty__nothing_for_long__sleeps_longer_and_longer)
{
    struct ps_idle idle = {0};
    uint64_t slept = after_polls(&idle, 0, NEVER);
    ck_assert_uint_eq(slept, PS_IDLE_MIN_NS);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t next = ps_idle_empty(&idle, 0, NEVER);
        ck_assert_uint_ge(next, slept);
        ck_assert_uint_le(next, PS_IDLE_MAX_NS);
        slept = next;
    }
    ck_assert_uint_eq(slept, PS_IDLE_MAX_NS);
}
END_TEST

START_TEST(test_ps_idle_busy__something_came__starts_over)
{
    struct ps_idle idle = {0};
    after_polls(&idle, 0, NEVER);
    ps_idle_busy(&idle);
    ck_assert_uint_eq(after_polls(&idle, 0, NEVER), PS_IDLE_MIN_NS);
}
END_TEST

START_TEST(test_ps_idle_empty__timer_due__not_slept_past)
{
    struct ps_idle idle = {0};
    ck_assert_uint_eq(after_polls(&idle, 1000, 4000), 3000);
    ck_assert_uint_eq(ps_idle_empty(&idle, 4000, 4000), 0);
    ck_assert_uint_eq(ps_idle_empty(&idle, 5000, 4000), 0);
}
END_TEST

START_TEST(test_ps_idle_empty__spin__never_sleeps)
{
    struct ps_idle idle = {.spin = true};
    for (unsigned i = 0; i < 3 * PS_IDLE_POLLS; i++)
        ck_assert_uint_eq(ps_idle_empty(&idle, 0, NEVER), 0);
}
END_TEST

UNIT_MAIN("daemon/idle", test_ps_idle_empty__nothing_for_long__sleeps_longer_and_longer,
          test_ps_idle_busy__something_came__starts_over, test_ps_idle_empty__timer_due__not_slept_past,
          test_ps_idle_empty__spin__never_sleeps)
