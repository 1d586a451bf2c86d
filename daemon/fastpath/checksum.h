/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * checksum.h - the Internet checksum (RFC 1071) as a running sum of 16-bit words in memory order.
 *
 * A sum is a uint64_t that starts at 0; parts of a packet are added in any order, each from an even offset. Four words
 * are added at a time: a carry out of 64 bits counts as 1, as one out of 16 does, since 2^16 - 1 divides 2^64 - 1.
 * Folded, the sum over a block that contains its own correct checksum is 0xffff.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The sum of two sums. */
static inline uint64_t ps_checksum_plus(uint64_t a, uint64_t b)
{
    a += b;
    return a + (a < b);
}

static inline uint64_t ps_checksum_add_u64(uint64_t sum, const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return ps_checksum_plus(sum, word);
}

static inline uint64_t ps_checksum_u32(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* The last 0..7 octets of a block; an odd last octet counts as if a zero followed it. */
static inline uint64_t ps_checksum_tail(const uint8_t *data, uint32_t len)
{
    uint64_t sum = 0;
    if (len & 4) {
        sum += ps_checksum_u32(data);
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

/* sum plus data[0..len). The carries are counted beside the sum: one addition with carry per word. */
static inline uint64_t ps_checksum_add(uint64_t sum, const uint8_t *data, uint32_t len)
{
    __extension__ typedef unsigned __int128 wide;
    wide total = sum;
    for (; len >= 8; data += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, data, sizeof word);
        total += word;
    }
    return ps_checksum_plus(ps_checksum_plus((uint64_t)total, (uint64_t)(total >> 64)), ps_checksum_tail(data, len));
}

/* The same of a block with 8 octets or more in front of it: its last word is read as one, of which what was summed
 * already is cut off. */
static inline uint64_t ps_checksum_add_behind(uint64_t sum, const uint8_t *data, uint32_t len)
{
    uint64_t word;
    if (len >= 8) { /* most often there are no more */
        sum = ps_checksum_add_u64(sum, data);
        data += 8;
        len -= 8;
    }
    for (; len >= 8; data += 8, len -= 8)
        sum = ps_checksum_add_u64(sum, data);
    if (len == 0)
        return sum;
    memcpy(&word, data + len - 8, sizeof word);
    uint32_t known = 64 - 8 * len; /* bits */
    return ps_checksum_plus(sum, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word >> known : word << known);
}

/* sum plus one 16-bit number that is not in the packet (pseudo header). */
static inline uint64_t ps_checksum_add_u16(uint64_t sum, uint16_t number)
{
    uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    uint16_t word;
    memcpy(&word, wire, sizeof word);
    return ps_checksum_plus(sum, word);
}

/* What a pseudo header holds besides the addresses, for lengths below 2^16 - protocol. */
static inline uint64_t ps_checksum_pseudo_length(uint8_t protocol, uint32_t len)
{
    return ps_checksum_add_u16(0, (uint16_t)(protocol + len));
}

/* One's complement sum in 16 bits, not complemented, in memory order. A number plus itself with its halves exchanged has
 * the sum of its halves in the upper one, with the carry that belongs there. */
static inline uint16_t ps_checksum_fold(uint64_t sum)
{
    sum += sum >> 32 | sum << 32;
    uint32_t half = (uint32_t)(sum >> 32);
    half += half >> 16 | half << 16;
    return (uint16_t)(half >> 16);
}

/* Is this the sum over a block with its own checksum, unharmed? Folded it is 0xffff then: a multiple of that, and not 0.
 * The product with the inverse of 2^16 - 1 (modulo 2^64) is the quotient, and more than any quotient can be where there
 * is a rest. */
static inline bool ps_checksum_is_right(uint64_t sum)
{
    return sum * UINT64_C(0xfffefffefffeffff) - 1 < UINT64_C(0x0001000100010001);
}
