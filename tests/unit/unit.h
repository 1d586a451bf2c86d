/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * unit.h - what every Check program needs: a main() that runs its tests, each in a process of its own.
 *
 *     START_TEST(test_ps_rd_u8__empty__faults) { ... } END_TEST
 *     UNIT_MAIN("base/rd", test_ps_rd_u8__empty__faults, ...)
 */
#pragma once

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* As Check has it, but without telling the parent of every assertion that holds: that is a system call each, and some tests
 * make millions of them. The parent still knows which test a signal ended. */
#undef ck_assert_msg
#define ck_assert_msg(holds, ...)                                                                                      \
    ((holds) ? (void)0 : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #holds "' failed", __VA_ARGS__))

/* Seconds; the sanitizers are slow and the machine may be busy. It only ends what hangs. */
#define UNIT_TIMEOUT 300

static inline int unit_run(const char *name, const TTest *const *tests, size_t n_tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, UNIT_TIMEOUT);
    for (size_t i = 0; i < n_tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_run = srunner_ntests_run(runner);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_run > 0 && n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(name, ...)                                                                                           \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return unit_run(name, tests, sizeof tests / sizeof tests[0]);                                                  \
    }
