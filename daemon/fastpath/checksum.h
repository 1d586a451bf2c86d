/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * checksum.h - the Internet checksum (RFC 1071) as a running sum of 16-bit words in memory order.
 *
 * A sum is a uint64_t that starts at 0; parts of a packet are added in any order, each from an even offset. Folded, the
 * sum over a block that contains its own correct checksum is 0xffff.
 */
#pragma once

#include <stdint.h>

/* sum plus data[0..len); an odd last octet counts as if a zero followed it. */
uint64_t ps_checksum_add(uint64_t sum, const uint8_t *data, uint32_t len);

/* sum plus one 16-bit number that is not in the packet (pseudo header). */
uint64_t ps_checksum_add_u16(uint64_t sum, uint16_t number);

/* One's complement sum in 16 bits, not complemented, in memory order. */
uint16_t ps_checksum_fold(uint64_t sum);
