/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_wire.c - segments to frames and back, with everything in them that an attacker bends.
 */
#include "adversary.h"

#include <string.h>

#define L2 14u
#define IPV4 20u
#define TCP 20u

static const uint8_t addresses[2][4] = {{10, 0, 1, 10}, {10, 0, 2, 10}};
static const uint16_t ports[2] = {40000, 502};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) << 16 | get16(p + 2);
}

static uint32_t sum_octets(uint32_t sum, const uint8_t *p, uint32_t len)
{
    for (; len >= 2; p += 2, len -= 2)
        sum += get16(p);
    return len > 0 ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t tcp_sum(const uint8_t *ip, uint32_t len)
{
    return fold(sum_octets(6 + len, ip + 12, 8) + sum_octets(0, ip + IPV4, len));
}

/* What the trick puts between header and data; its length, a multiple of 4. */
static uint32_t options(uint8_t *p, const struct adv_segment *segment)
{
    static const uint8_t rows[ADV_N_TRICKS][20] = {
        [ADV_TRICK_OPTION_0] = {4, 30, 0, 1, 1},
        [ADV_TRICK_OPTION_LONG] = {4, 30, 40, 1, 1},
        [ADV_TRICK_OPTION_UNKNOWN] = {4, 77, 4, 9, 9},
        [ADV_TRICK_MSS] = {4, 2, 4, 0, 1},
        [ADV_TRICK_MD5] = {20, 19, 18},
        [ADV_TRICK_TIMESTAMP] = {12, 1, 1, 8, 10, 0, 0, 0, 1},
        [ADV_TRICK_FAST_OPEN] = {12, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1},
    };
    static const uint8_t syn[8] = {2, 4, 0, 0, 1, 3, 3, 0}; /* MSS, window scale 0 */
    uint32_t len = rows[segment->trick][0];

    if (len == 0 && (segment->flags & ADV_SYN)) {
        memcpy(p, syn, sizeof syn);
        put16(p + 2, segment->mss);
        return sizeof syn;
    }
    memset(p, 0, len);
    memcpy(p, rows[segment->trick] + 1, len > 19 ? 19 : len);
    return len;
}

static void bend(uint8_t *ip, uint32_t len, uint8_t trick)
{
    uint8_t *tcp = ip + IPV4;

    if (trick == ADV_TRICK_OFFSET_4)
        tcp[12] = 0x40;
    if (trick == ADV_TRICK_OFFSET_15)
        tcp[12] = 0xf0;
    if (trick == ADV_TRICK_RESERVED)
        tcp[12] |= 0x0e;
    put16(tcp + 16, 0);
    put16(tcp + 16, trick == ADV_TRICK_NO_SUM ? 0 : tcp_sum(ip, len) ^ (trick == ADV_TRICK_CHECKSUM));
}

uint32_t adv_build(uint8_t out[ADV_FRAME_MAX], unsigned host, const struct adv_segment *segment)
{
    static const uint8_t start[L2 + 12] = {2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 8, 0,
                                           0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0};
    uint8_t *ip = out + L2, *tcp = ip + IPV4;
    uint32_t n = options(tcp + TCP, segment), len = TCP + n + segment->len;

    memcpy(out, start, sizeof start);
    out[5] = (uint8_t)(!host + 1);
    out[11] = (uint8_t)(host + 1);
    put16(ip + 2, IPV4 + len);
    memcpy(ip + 12, addresses[host], 4);
    memcpy(ip + 16, addresses[!host], 4);
    put16(ip + 10, fold(sum_octets(0, ip, IPV4)));
    put16(tcp, ports[host]);
    put16(tcp + 2, ports[!host]);
    put32(tcp + 4, segment->seq);
    put32(tcp + 8, segment->ack);
    tcp[12] = (uint8_t)((TCP + n) / 4 << 4);
    tcp[13] = segment->flags;
    put16(tcp + 14, segment->window);
    put16(tcp + 18, segment->urgent);
    if (segment->len > 0)
        memcpy(tcp + TCP + n, segment->data, segment->len);
    bend(ip, len, segment->trick);
    len += L2 + IPV4;
    if (segment->trick == ADV_TRICK_TRAILER) {
        memset(out + len, 0x5a, 8);
        len += 8;
    }
    return len;
}

bool adv_parse(const uint8_t *frame, uint32_t len, unsigned host, struct adv_segment *segment)
{
    const uint8_t *ip = frame + L2, *tcp = ip + IPV4;

    memset(segment, 0, sizeof *segment);
    if (len < L2 + IPV4 + TCP || get16(frame + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 6 ||
        memcmp(ip + 16, addresses[host], 4) != 0 || get16(tcp + 2) != ports[host])
        return false;
    uint32_t total = get16(ip + 2), header = (uint32_t)(tcp[12] >> 4) * 4;
    if (total < IPV4 + TCP || L2 + total > len)
        return false;
    total -= IPV4;
    segment->sound = fold(sum_octets(0, ip, IPV4)) == 0 && tcp_sum(ip, total) == 0 && header >= TCP && header <= total;
    if (header < TCP || header > total)
        return false;
    segment->seq = get32(tcp + 4);
    segment->ack = get32(tcp + 8);
    segment->flags = tcp[13];
    segment->window = (uint16_t)get16(tcp + 14);
    segment->urgent = (uint16_t)get16(tcp + 18);
    segment->options_len = header - TCP;
    if ((segment->flags & ADV_SYN) && segment->options_len >= 4 && tcp[TCP] == 2)
        segment->mss = (uint16_t)get16(tcp + TCP + 2);
    segment->data = tcp + header;
    segment->len = total - header;
    return true;
}
