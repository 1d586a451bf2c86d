/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tcp.h - one TCP segment: handshake, stream, close.
 */
#pragma once

#include <stdint.h>

#include "engine_private.h"

void ps_tcp_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint);
