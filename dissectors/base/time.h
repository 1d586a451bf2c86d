/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * time.h - units of time. Times are uint64_t nanoseconds since 1970 (captures) or of a monotonic clock (gateways);
 * code that judges packets never asks a clock, it is told the time.
 */
#pragma once

#include <stdint.h>

#define PS_NS_PER_US UINT64_C(1000)
#define PS_NS_PER_MS UINT64_C(1000000)
#define PS_NS_PER_S UINT64_C(1000000000)
