/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

START_TEST(test_text_count__any_number__grouped_by_three)
{
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {999, "999"},
                 {1000, "1,000"},
                 {12345, "12,345"},
                 {908412, "908,412"},
                 {1234567, "1,234,567"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    char buf[PS_COUNT_TEXT_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(ps_text_count(cases[i].n, buf), cases[i].text);
}
END_TEST

START_TEST(test_text_time__time_zones__local_with_offset)
{
    const uint64_t t = 1795262673120456789u; /* 2026-11-21T12:04:33.120456789Z */
    char buf[PS_TIME_TEXT_MAX];

    setenv("TZ", "UTC", 1);
    tzset();
    ck_assert_str_eq(ps_text_time(t, 3, false, buf), "2026-11-21T12:04:33.120");
    ck_assert_str_eq(ps_text_time(t, 9, true, buf), "2026-11-21T12:04:33.120456789+00:00");
    ck_assert_str_eq(ps_text_time(0, 0, false, buf), "1970-01-01T00:00:00");
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    ck_assert_str_eq(ps_text_time(t, 6, true, buf), "2026-11-21T17:34:33.120456+05:30");
    setenv("TZ", "XYZ8", 1);
    tzset();
    ck_assert_str_eq(ps_text_time(t, 0, true, buf), "2026-11-21T04:04:33-08:00");
}
END_TEST

START_TEST(test_text_colour__not_a_terminal__no_escapes)
{
    FILE *f = tmpfile();

    ck_assert_ptr_nonnull(f);
    ck_assert_str_eq(ps_text_colour(f, PS_COLOUR_RED), "");
    fclose(f);
    ck_assert_str_eq(ps_text_s(1), "");
    ck_assert_str_eq(ps_text_s(0), "s");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tc = tcase_create("text");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, test_text_count__any_number__grouped_by_three);
    tcase_add_test(tc, test_text_time__time_zones__local_with_offset);
    tcase_add_test(tc, test_text_colour__not_a_terminal__no_escapes);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
