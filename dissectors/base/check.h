/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check.h - facts about our own code, never about packet bytes.
 *
 * PS_CHECK(cond) evaluates to cond. In a debug build a false one stops the program; in a release build the caller
 * refuses the packet with reason `bug`, so every use has the form
 *
 *     if (!PS_CHECK(fact->space != 0))
 *         return PS_REASON_BUG;
 */
#pragma once

#include <stdbool.h>

#ifdef NDEBUG
#define PS_CHECK(cond) (!!(cond))
#else
#define PS_CHECK(cond) ps_check_(!!(cond))
static inline bool ps_check_(bool held)
{
    if (!held)
        __builtin_trap();
    return true;
}
#endif
