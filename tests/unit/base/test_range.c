/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/range.h"

#include "unit.h"

/* Every range against every question over 0..7: containment, not overlap. */
START_TEST(test_ps_range_contains__all_small_cases__only_whole_containment)
{
    for (uint32_t lo = 0; lo < 8; lo++)
        for (uint32_t hi = lo; hi < 8; hi++)
            for (uint32_t first = 0; first < 8; first++)
                for (uint32_t last = 0; last < 8; last++) {
                    bool expected = first <= last;
                    for (uint32_t i = first; i <= last; i++)
                        expected = expected && i >= lo && i <= hi;
                    ck_assert_int_eq(ps_range_contains((struct ps_range){lo, hi}, first, last), expected);
                }
}
END_TEST

START_TEST(test_ps_range_contains__ends_of_the_width__hold)
{
    struct ps_range all = {0, UINT32_MAX}, top = {UINT32_MAX, UINT32_MAX};
    ck_assert(ps_range_contains(all, 0, UINT32_MAX));
    ck_assert(ps_range_contains(top, UINT32_MAX, UINT32_MAX));
    ck_assert(!ps_range_contains(top, UINT32_MAX - 1, UINT32_MAX));
    ck_assert(!ps_range_contains(all, 1, 0));
}
END_TEST

UNIT_MAIN("base/range", test_ps_range_contains__all_small_cases__only_whole_containment,
          test_ps_range_contains__ends_of_the_width__hold)
