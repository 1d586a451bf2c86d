/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * checksum.h - the Internet checksum (RFC 1071) as a running sum of 16-bit words in memory order.
 *
 * A sum is a uint64_t that starts at 0; parts of a packet are added in any order, each from an even offset. Folded, the
 * sum over a block that contains its own correct checksum is 0xffff.
 */
#pragma once

#include <stdint.h>
#include <string.h>

/* Two 32-bit halves: the carries gather in the upper half of a 64-bit sum, which no packet can fill. */
static inline uint64_t ps_checksum_halves(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return (word & 0xffffffff) + (word >> 32);
}

/* sum plus data[0..len); an odd last octet counts as if a zero followed it. */
static inline uint64_t ps_checksum_add(uint64_t sum, const uint8_t *data, uint32_t len)
{
    uint64_t other = 0;
    for (; len >= 32; data += 32, len -= 32) {
        sum += ps_checksum_halves(data) + ps_checksum_halves(data + 8);
        other += ps_checksum_halves(data + 16) + ps_checksum_halves(data + 24);
    }
    sum += other;
    for (; len >= 8; data += 8, len -= 8)
        sum += ps_checksum_halves(data);
    if (len & 4) {
        uint32_t word;
        memcpy(&word, data, sizeof word);
        sum += word;
        data += 4;
    }
    if (len & 2) {
        uint16_t word;
        memcpy(&word, data, sizeof word);
        sum += word;
        data += 2;
    }
    if (len & 1) {
        uint8_t last[2] = {data[0], 0};
        uint16_t word;
        memcpy(&word, last, sizeof word);
        sum += word;
    }
    return sum;
}

/* sum plus one 16-bit number that is not in the packet (pseudo header). */
static inline uint64_t ps_checksum_add_u16(uint64_t sum, uint16_t number)
{
    uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    uint16_t word;
    memcpy(&word, wire, sizeof word);
    return sum + word;
}

/* One's complement sum in 16 bits, not complemented, in memory order. */
static inline uint16_t ps_checksum_fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
