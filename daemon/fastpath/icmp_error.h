/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * icmp_error.h - ICMP and ICMPv6 errors: "the packet of yours that starts so did not arrive".
 *
 * Anybody can write one. One that passes is about a flow that lives and is allowed, comes from where that flow's packets go
 * to, and quotes a packet that may be on its way. It never ends a flow here: what its receiver makes of it is its own
 * business (RFC 5927).
 */
#pragma once

#include <stdbool.h>

#include "engine_private.h"

/* Destination unreachable, packet too big, time exceeded, parameter problem. */
bool ps_icmp_is_error(const struct ps_desc *desc);

/* PS_REASON_NONE: it passes; or, in the line, nothing leaves, because its receiver has other numbers for the connection.
 * midstream: about no flow. In the line the size of a packet that was too big is minded by the engine's own segments. */
enum ps_reason ps_icmp_error_judge(struct ps_engine *engine, const struct ps_desc *desc);
