/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_wire.c - segments to frames and back, with everything in them that an attacker bends; ICMP errors about them.
 */
#include "adversary.h"

#include <string.h>

#define TCP 20u
#define ICMP 8u

static const uint16_t client_port = 40000;

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

static uint16_t port_of(const struct adv_net *net, unsigned host)
{
    return host == 0 ? client_port : net->port;
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

/* What the trick puts between header and data; its length, a multiple of 4. */
static uint32_t options(uint8_t *p, const struct adv_segment *segment)
{
    static const uint8_t rows[ADV_N_TRICKS][20] = {
        [ADV_TRICK_OPTION_0] = {4, 30, 0, 1, 1},
        [ADV_TRICK_OPTION_LONG] = {4, 30, 40, 1, 1},
        [ADV_TRICK_OPTION_UNKNOWN] = {4, 77, 4, 9, 9},
        [ADV_TRICK_MSS] = {4, 2, 4, 0, 1},
        [ADV_TRICK_MD5] = {20, 19, 18},
        [ADV_TRICK_AO] = {20, 29, 16},
        [ADV_TRICK_TIMESTAMP] = {12, 1, 1, 8, 10, 0, 0, 0, 1},
        [ADV_TRICK_FAST_OPEN] = {12, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1},
        [ADV_TRICK_SACK] = {12, 1, 1, 5, 10, 0, 0, 4, 0, 0, 0, 5, 0},
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

static void bend(const struct adv_net *net, unsigned host, uint8_t *tcp, uint32_t len, uint8_t trick)
{
    if (trick == ADV_TRICK_OFFSET_4)
        tcp[12] = 0x40;
    if (trick == ADV_TRICK_OFFSET_15)
        tcp[12] = 0xf0;
    if (trick == ADV_TRICK_RESERVED)
        tcp[12] |= 0x0e;
    put16(tcp + 16, 0);
    uint16_t sum = adv_sum(net, host, 6, tcp, len);
    /* One in 65,536 has a sum of 0, and is sound without one. */
    put16(tcp + 16, trick == ADV_TRICK_NO_SUM ? sum == 0 : sum ^ (trick == ADV_TRICK_CHECKSUM));
}

uint32_t adv_build(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, const struct adv_segment *segment)
{
    uint8_t *tcp = out + ADV_HEAD_MAX;
    uint32_t n = options(tcp + TCP, segment), len = TCP + n + segment->len;

    put16(tcp, port_of(net, host));
    put16(tcp + 2, port_of(net, !host));
    put32(tcp + 4, segment->seq);
    put32(tcp + 8, segment->ack);
    tcp[12] = (uint8_t)((TCP + n) / 4 << 4);
    tcp[13] = segment->flags;
    put16(tcp + 14, segment->window);
    put16(tcp + 18, segment->urgent);
    if (segment->len > 0)
        memcpy(tcp + TCP + n, segment->data, segment->len);
    bend(net, host, tcp, len, segment->trick);
    return adv_enclose(net, out, host, len, segment->trick);
}

bool adv_parse(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_segment *segment)
{
    struct adv_packet packet;

    memset(segment, 0, sizeof *segment);
    if (!adv_disclose(net, frame, len, host, &packet) || packet.ip_proto != 6 || packet.len < TCP)
        return false;
    const uint8_t *tcp = packet.payload;
    uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
    if (header < TCP || header > packet.len || get16(tcp) != port_of(net, !host) || get16(tcp + 2) != port_of(net, host))
        return false;
    segment->sound = packet.sound && adv_sum(net, !host, 6, tcp, packet.len) == 0;
    segment->foreign = packet.vlan != (net->tag == ADV_TAG_VLAN ? 7u : 0u);
    segment->astray = packet.astray;
    segment->hops = packet.hops;
    segment->surplus = packet.surplus;
    segment->seq = get32(tcp + 4);
    segment->ack = get32(tcp + 8);
    segment->flags = tcp[13];
    segment->window = (uint16_t)get16(tcp + 14);
    segment->urgent = (uint16_t)get16(tcp + 18);
    segment->options_len = header - TCP;
    if ((segment->flags & ADV_SYN) && segment->options_len >= 4 && tcp[TCP] == 2)
        segment->mss = (uint16_t)get16(tcp + TCP + 2);
    segment->data = tcp + header;
    segment->len = packet.len - header;
    return true;
}

/* ---- ICMP ------------------------------------------------------------------------------------------------------ */

/* Quoted: the other host's IP header and eight octets. */
uint32_t adv_icmp_build(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, const struct adv_segment *about)
{
    static const uint8_t types[2][3][2] = {{{3, 3}, {3, 4}, {4, 0}}, {{1, 4}, {2, 0}, {137, 0}}};
    uint8_t quoted[ADV_FRAME_MAX], *icmp = out + ADV_HEAD_MAX;
    const struct adv_segment theirs = {.seq = about->seq, .flags = ADV_ACK};
    const uint8_t *type = types[net->v6][about->trick - ADV_TRICK_UNREACHABLE];
    const struct adv_net bare = {.v6 = net->v6, .port = net->port};
    uint32_t n = (net->v6 ? 40 : 20) + 8, len = ICMP + n;

    adv_build(&bare, quoted, !host, &theirs);
    memset(icmp, 0, ICMP);
    icmp[0] = type[0];
    icmp[1] = type[1];
    if (about->trick == ADV_TRICK_TOO_BIG)
        put16(icmp + 6, about->urgent);
    memcpy(icmp + ICMP, quoted + 14, n);
    put16(icmp + 2, adv_sum(net, host, net->v6 ? 58 : 1, icmp, len));
    return adv_enclose(net, out, host, len, about->trick);
}

bool adv_icmp_parse(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_icmp *icmp)
{
    struct adv_packet packet;
    uint32_t ip_len = net->v6 ? 40 : 20;

    if (!adv_disclose(net, frame, len, host, &packet) || packet.ip_proto != (net->v6 ? 58 : 1) || !packet.sound ||
        packet.surplus > 0 || packet.len < ICMP + ip_len + 8)
        return false;
    const uint8_t *p = packet.payload, *tcp = p + ICMP + ip_len;
    bool error = net->v6 ? p[0] >= 1 && p[0] <= 4 : p[0] == 3 || p[0] == 11 || p[0] == 12;
    if (!error || adv_sum(net, !host, packet.ip_proto, p, packet.len) != 0 || get16(tcp) != port_of(net, host) ||
        get16(tcp + 2) != port_of(net, !host) || packet.vlan != (net->tag == ADV_TAG_VLAN ? 7u : 0u))
        return false;
    icmp->seq = get32(tcp + 4);
    icmp->mtu = get16(p + 6);
    icmp->too_big = net->v6 ? p[0] == 2 : p[0] == 3 && p[1] == 4;
    return true;
}
