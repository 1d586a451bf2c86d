/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checksum.h"

#include <string.h>

/* Two 32-bit halves: the carries gather in the upper half of a 64-bit sum, which no packet can fill. */
static uint64_t halves(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return (word & 0xffffffff) + (word >> 32);
}

uint64_t ps_checksum_add(uint64_t sum, const uint8_t *data, uint32_t len)
{
    uint64_t other = 0;
    for (; len >= 32; data += 32, len -= 32) {
        sum += halves(data) + halves(data + 8);
        other += halves(data + 16) + halves(data + 24);
    }
    sum += other;
    for (; len >= 8; data += 8, len -= 8)
        sum += halves(data);
    if (len > 0) {
        uint8_t tail[8] = {0};
        memcpy(tail, data, len);
        sum += halves(tail);
    }
    return sum;
}

uint64_t ps_checksum_add_u16(uint64_t sum, uint16_t number)
{
    uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    uint16_t word;
    memcpy(&word, wire, sizeof word);
    return sum + word;
}

uint16_t ps_checksum_fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
