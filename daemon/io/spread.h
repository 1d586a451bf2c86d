/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spread.h - which worker judges a packet, where the card cannot say: a number that both directions of a connection
 * share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of a frame. Addresses and ports of TCP and UDP; fragments of IP packets, and all other IP packets, by their addresses
 * alone, and so with by_host everything of two hosts. ICMP errors as the packet that they quote, whose
 * connection they are about. ARP by the two addresses that it is about. Frames that are not
 * IP by their MACs. Tags are stepped over and do not count. Reads nothing behind len. */
uint32_t ps_spread_hash(const uint8_t *frame, uint32_t len, bool by_host);

/* One of n. */
static inline uint32_t ps_spread_pick(uint32_t hash, uint32_t n)
{
    return (uint32_t)((uint64_t)hash * n >> 32);
}
