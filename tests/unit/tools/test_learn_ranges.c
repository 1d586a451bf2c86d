/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_ranges.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* "1-3 7" */
static const char *text_of(const struct ps_ranges *ranges)
{
    static char text[256];
    size_t len = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < ranges->n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%u-%u", i > 0 ? " " : "", ranges->items[i].first,
                                ranges->items[i].last);
    return text;
}

START_TEST(test_ps_ranges_add__apart__stay_apart_in_order)
{
    struct ps_ranges r = {0};

    ck_assert(ps_ranges_add(&r, 20, 29));
    ck_assert(ps_ranges_add(&r, 0, 9));
    ck_assert(ps_ranges_add(&r, 11, 18));
    ck_assert_str_eq(text_of(&r), "0-9 11-18 20-29");
    ck_assert_uint_eq(ps_ranges_count(&r), 28);
    ps_ranges_fini(&r);
}
END_TEST

START_TEST(test_ps_ranges_add__touching_or_overlapping__merged)
{
    struct ps_ranges r = {0};

    ps_ranges_add(&r, 10, 19);
    ps_ranges_add(&r, 30, 39);
    ps_ranges_add(&r, 50, 59);
    ck_assert(ps_ranges_add(&r, 20, 20));
    ck_assert_str_eq(text_of(&r), "10-20 30-39 50-59");
    ck_assert(ps_ranges_add(&r, 9, 9));
    ck_assert_str_eq(text_of(&r), "9-20 30-39 50-59");
    ck_assert(ps_ranges_add(&r, 15, 49));
    ck_assert_str_eq(text_of(&r), "9-59");
    ps_ranges_fini(&r);
}
END_TEST

START_TEST(test_ps_ranges_add__known__no_news)
{
    struct ps_ranges r = {0};

    ps_ranges_add(&r, 10, 19);
    ck_assert(!ps_ranges_add(&r, 10, 19));
    ck_assert(!ps_ranges_add(&r, 12, 12));
    ck_assert(ps_ranges_add(&r, 12, 20));
    ps_ranges_fini(&r);
}
END_TEST

START_TEST(test_ps_ranges_add__ends_of_the_number_line__no_wrap)
{
    struct ps_ranges r = {0};

    ps_ranges_add(&r, UINT32_MAX, UINT32_MAX);
    ps_ranges_add(&r, 0, 0);
    ck_assert_uint_eq(r.n, 2);
    ck_assert(ps_ranges_add(&r, 0, UINT32_MAX));
    ck_assert_uint_eq(r.n, 1);
    ck_assert_uint_eq(ps_ranges_count(&r), UINT64_C(1) << 32);
    ps_ranges_fini(&r);
}
END_TEST

START_TEST(test_ps_ranges_merge__in_any_order__same_set)
{
    struct ps_ranges a = {0}, b = {0}, both = {0}, htob = {0};

    ps_ranges_add(&a, 1, 5);
    ps_ranges_add(&a, 9, 9);
    ps_ranges_add(&b, 4, 8);
    ck_assert(ps_ranges_merge(&both, &a));
    ck_assert(ps_ranges_merge(&both, &b));
    ck_assert(!ps_ranges_merge(&both, &b));
    ps_ranges_merge(&htob, &b);
    ps_ranges_merge(&htob, &a);
    ck_assert_str_eq(text_of(&both), "1-9");
    ck_assert_int_eq(ps_ranges_compare(&both, &htob), 0);
    ck_assert_int_ne(ps_ranges_compare(&both, &a), 0);
    ps_ranges_fini(&a);
    ps_ranges_fini(&b);
    ps_ranges_fini(&both);
    ps_ranges_fini(&htob);
}
END_TEST

START_TEST(test_ps_ranges_contain__reaching_outside__no)
{
    struct ps_ranges r = {0};

    ck_assert(!ps_ranges_contain(&r, 0, 0));
    ps_ranges_add(&r, 10, 19);
    ck_assert(ps_ranges_contain(&r, 10, 19));
    ck_assert(!ps_ranges_contain(&r, 9, 10));
    ck_assert(!ps_ranges_contain(&r, 19, 20));
    ps_ranges_fini(&r);
}
END_TEST

UNIT_MAIN("tools/learn_ranges", test_ps_ranges_add__apart__stay_apart_in_order,
          test_ps_ranges_add__touching_or_overlapping__merged, test_ps_ranges_add__known__no_news,
          test_ps_ranges_add__ends_of_the_number_line__no_wrap, test_ps_ranges_merge__in_any_order__same_set,
          test_ps_ranges_contain__reaching_outside__no)
