/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plain.h - everything that is not TCP: datagrams, ICMP, other IP protocols, frames, ARP and neighbour discovery.
 */
#pragma once

#include <stdint.h>

#include "engine_private.h"

/* UDP, other IP protocols, frames that are not IP. */
void ps_plain_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint);

void ps_icmp_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint);

void ps_arp_judge(struct ps_engine *engine, const struct ps_desc *desc);
