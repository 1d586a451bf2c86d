/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <float.h>

#include "build.h"
#include "unit.h"

START_TEST(test_ps_merge_ranges__overlapping_and_touching__become_one)
{
    struct ps_range ranges[] = {
        {20, 30}, {1, 3}, {4, 4}, {6, 9}, {7, 8}, {25, 40}, {UINT32_MAX, UINT32_MAX}, {UINT32_MAX - 1, UINT32_MAX},
        {41, 41}, {1, 2}};
    static const struct ps_range merged[] = {{1, 4}, {6, 9}, {20, 41}, {UINT32_MAX - 1, UINT32_MAX}};
    ck_assert_uint_eq(ps_merge_ranges(ranges, 10), 4);
    ck_assert_mem_eq(ranges, merged, sizeof merged);
    ck_assert_uint_eq(ps_merge_ranges(NULL, 0), 0);
}
END_TEST

START_TEST(test_ps_merge_objects__spaces__stay_apart)
{
    struct ps_object_range objects[] = {{2, 0, 4}, {1, 5, 9}, {1, 0, 4}, {2, 6, 7}, {1, 3, 12}, {3, 5, 5}};
    static const struct ps_object_range merged[] = {{1, 0, 12}, {2, 0, 4}, {2, 6, 7}, {3, 5, 5}};
    ck_assert_uint_eq(ps_merge_objects(objects, 6), 4);
    ck_assert_mem_eq(objects, merged, sizeof merged);
}
END_TEST

START_TEST(test_ps_merge_values__overlapping__become_one_and_neighbours_stay_apart)
{
    struct ps_value_range values[] = {{0, 5},     {-9, 0},    {DBL_MAX, DBL_MAX}, {-DBL_MAX, -1e300}, {6, 6},
                                      {1e300, DBL_MAX}, {6, 9}, {9.25, 9.5}, {9.5, 10}};
    static const struct ps_value_range merged[] = {{-DBL_MAX, -1e300}, {-9, 5}, {6, 9}, {9.25, 10}, {1e300, DBL_MAX}};
    ck_assert_uint_eq(ps_merge_values(values, 9), 5);
    ck_assert_mem_eq(values, merged, sizeof merged);
}
END_TEST

START_TEST(test_ps_merge_ids__twice__once)
{
    uint32_t ids[] = {5, 1, 5, 3, 1};
    static const uint32_t merged[] = {1, 3, 5};
    ck_assert_uint_eq(ps_merge_ids(ids, 5), 3);
    ck_assert_mem_eq(ids, merged, sizeof merged);
}
END_TEST

START_TEST(test_ps_ranges_meet__empty__holds_all)
{
    static const struct ps_range a[] = {{1, 3}, {8, 9}}, b[] = {{4, 7}, {10, 12}}, c[] = {{9, 9}};
    ck_assert(!ps_ranges_meet(a, 2, b, 2));
    ck_assert(ps_ranges_meet(a, 2, c, 1));
    ck_assert(ps_ranges_meet(c, 1, a, 2));
    ck_assert(ps_ranges_meet(a, 2, NULL, 0));
    ck_assert(ps_ranges_meet(NULL, 0, NULL, 0));
}
END_TEST

UNIT_MAIN("compile/merge", test_ps_merge_ranges__overlapping_and_touching__become_one,
          test_ps_merge_objects__spaces__stay_apart, test_ps_merge_values__overlapping__become_one_and_neighbours_stay_apart,
          test_ps_merge_ids__twice__once, test_ps_ranges_meet__empty__holds_all)
