/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * likely.h - which way the common packet goes, where the compiler guesses wrong. Left to itself it takes the checks of
 * the short ways for doubtful and compiles what lies behind them for size.
 */
#pragma once

#define PS_LIKELY(cond) __builtin_expect(!!(cond), 1)
#define PS_UNLIKELY(cond) __builtin_expect(!!(cond), 0)
