/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Built twice: as in a debug build and, with NDEBUG, as in a release build.
 */
#include "base/check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

START_TEST(test_ps_check__held__true_and_evaluated_once)
{
    int n = 0;
    ck_assert(PS_CHECK(++n));
    ck_assert_int_eq(n, 1);
    ck_assert(PS_CHECK(2)); /* any truth is true */
}
END_TEST

START_TEST(test_ps_check__not_held__false_in_release_a_trap_in_debug)
{
    int n = 0, status = 0;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(PS_CHECK(n++) ? 1 : n == 1 ? 0 : 2);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
#ifdef NDEBUG
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#else
    ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) > 2); /* the sanitizers turn the signal into an exit code */
#endif
}
END_TEST

UNIT_MAIN("base/check", test_ps_check__held__true_and_evaluated_once,
          test_ps_check__not_held__false_in_release_a_trap_in_debug)
