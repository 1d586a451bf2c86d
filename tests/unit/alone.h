/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * alone.h - a network namespace of the test's own, where only lo is: nothing of the machine's is touched.
 */
#pragma once

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* False and a word on standard error where there is none: the test has nothing to do. */
static inline bool unit_alone(void)
{
    if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
        return true;
    fprintf(stderr, "no network namespace here (%s): not tried\n", strerror(errno));
    return false;
}
