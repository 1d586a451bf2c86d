/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segment.h"

#include <string.h>

#include "checksum.h"
#include "engine.h"

#define ETHER_LEN 14u
#define ARP_LEN 28u
#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define ETHER_MIN 60u /* octets of the shortest frame, its check sequence not counted */

static void put16(uint8_t *p, uint32_t number)
{
    p[0] = (uint8_t)(number >> 8);
    p[1] = (uint8_t)number;
}

static void put32(uint8_t *p, uint32_t number)
{
    put16(p, number >> 16);
    put16(p + 2, number);
}

/* ---- templates ------------------------------------------------------------------------------------------------- */

/* RFC 791 3.1, RFC 8200 3. */
static uint8_t *hop_limit(struct ps_template *t)
{
    return t->head + t->link_len + (t->ip_len == IPV4_LEN ? 8 : 7);
}

/* Nearly always nothing but what is made anew differs: Ethernet without a tag, IPv4, the same service and hop limit. */
static bool is_same(const struct ps_template *t, const struct ps_desc *desc, uint32_t link_len, uint32_t ip_len)
{
    const uint8_t *ip = desc->network, *held = t->head + ETHER_LEN;
    return link_len == ETHER_LEN && ip_len == IPV4_LEN && t->link_len == link_len && t->ip_len == ip_len &&
           memcmp(t->head, desc->frame, ETHER_LEN) == 0 && held[1] == ip[1] && held[8] == ip[8];
}

void ps_template_take(struct ps_template *t, const struct ps_desc *desc, uint16_t port)
{
    uint32_t ip_len = ps_addr_is_v4(desc->key.addr[0]) ? IPV4_LEN : IPV6_LEN;
    uint32_t link_len = desc->frame ? (uint32_t)(desc->network - desc->frame) : 0;
    if (link_len + ip_len > PS_TEMPLATE_MAX || (t->port == port && is_same(t, desc, link_len, ip_len)))
        return;
    uint8_t hops = t->ip_len == ip_len ? *hop_limit(t) : 0;
    memcpy(t->head, desc->network - link_len, link_len + ip_len);
    t->link_len = (uint8_t)link_len;
    t->ip_len = (uint8_t)ip_len;
    if (*hop_limit(t) < hops)
        *hop_limit(t) = hops;
    t->port = port;
    t->src = desc->key.port[0];
    t->dst = desc->key.port[1];
}

static void exchange(uint8_t *a, uint8_t *b, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint8_t octet = a[i];
        a[i] = b[i];
        b[i] = octet;
    }
}

void ps_template_mirror(struct ps_template *t, const struct ps_template *from, uint16_t port)
{
    *t = *from;
    t->port = port;
    t->src = from->dst;
    t->dst = from->src;
    uint8_t *ip = t->head + t->link_len;
    if (t->link_len > 0)
        exchange(t->head, t->head + 6, 6);
    if (t->ip_len == IPV4_LEN)
        exchange(ip + 12, ip + 16, 4);
    else if (t->ip_len == IPV6_LEN)
        exchange(ip + 8, ip + 24, 16);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

/* RFC 9293 3.1, RFC 768: of pseudo header and segment, whose field is 0. */
static uint16_t sum_of(const uint8_t *network, uint8_t proto, const uint8_t *segment, uint32_t len)
{
    bool v4 = network[0] >> 4 == 4;
    uint64_t sum = ps_checksum_add(0, network + (v4 ? 12 : 8), v4 ? 8 : 32);
    sum = ps_checksum_add_u16(ps_checksum_add_u16(sum, proto), (uint16_t)len);
    return (uint16_t)~ps_checksum_fold(ps_checksum_add(sum, segment, len));
}

void ps_segment_sum(const uint8_t *network, uint8_t *tcp, uint32_t len)
{
    memset(tcp + 16, 0, 2);
    uint16_t raw = sum_of(network, PS_PROTO_TCP, tcp, len);
    memcpy(tcp + 16, &raw, sizeof raw);
}

/* 0 would say that there is none. */
void ps_segment_sum_udp(const uint8_t *network, uint8_t *udp, uint32_t len)
{
    memset(udp + 6, 0, 2);
    uint16_t raw = sum_of(network, PS_PROTO_UDP, udp, len);
    if (raw == 0)
        raw = UINT16_MAX;
    memcpy(udp + 6, &raw, sizeof raw);
}

static void sum_ipv4(uint8_t *ip)
{
    memset(ip + 10, 0, 2);
    uint16_t raw = (uint16_t)~ps_checksum_fold(ps_checksum_add(0, ip, IPV4_LEN));
    memcpy(ip + 10, &raw, sizeof raw);
}

/* RFC 3168 5, RFC 8200 3: the last two bits of the traffic class. */
bool ps_segment_clear_ecn(uint8_t *ip)
{
    bool v4 = ip[0] >> 4 == 4;
    uint8_t ecn = v4 ? 0x03 : 0x30;
    if ((ip[1] & ecn) == 0)
        return false;
    ip[1] &= (uint8_t)~ecn;
    if (v4)
        sum_ipv4(ip);
    return true;
}

/* RFC 791 3.1: total length, identification (none is needed: RFC 6864), "don't fragment", checksum. ECN is cleared: the
 * handshake did not agree on it. */
static void finish_ipv4(uint8_t *ip, uint32_t total)
{
    ip[1] &= 0xfc;
    put16(ip + 2, total);
    put16(ip + 4, 0);
    put16(ip + 6, 0x4000);
    sum_ipv4(ip);
}

void ps_segment_build(const struct ps_template *t, const struct ps_tcp_head *tcp, uint8_t *frame, uint32_t len)
{
    uint8_t *ip = frame + t->link_len, *head = ip + t->ip_len;
    memcpy(frame, t->head, (size_t)t->link_len + t->ip_len);
    if (t->ip_len == IPV4_LEN) {
        finish_ipv4(ip, IPV4_LEN + PS_TCP_LEN + len);
    } else {
        ip[1] &= 0xcf; /* RFC 8200 3: the ECN bits are the last two of the traffic class */
        put16(ip + 4, PS_TCP_LEN + len);
    }
    put16(head, t->src);
    put16(head + 2, t->dst);
    put32(head + 4, tcp->seq);
    put32(head + 8, tcp->ack);
    head[12] = PS_TCP_LEN / 4 << 4;
    head[13] = tcp->flags;
    put16(head + 14, tcp->window);
    memset(head + 16, 0, 4);
    ps_segment_sum(ip, head, PS_TCP_LEN + len);
}

/* ---- trailers -------------------------------------------------------------------------------------------------- */

uint32_t ps_segment_frame_len(const struct ps_packet *packet, const struct ps_desc *desc)
{
    const uint8_t *ip = desc->network;
    if (!ip)
        return (uint32_t)(desc->payload - packet->data) + desc->payload_len;
    uint32_t before = (uint32_t)(ip - packet->data);
    if (desc->kind == PS_KIND_ARP)
        return before + ARP_LEN;
    return before + (ip[0] >> 4 == 4 ? ps_be16(ip + 2) : IPV6_LEN + ps_be16(ip + 4));
}

bool ps_segment_is_filled_up(const struct ps_packet *packet, const struct ps_desc *desc)
{
    uint32_t end = ps_segment_frame_len(packet, desc);
    if (packet->len <= end)
        return true;
    uint32_t before = (uint32_t)((desc->network ? desc->network : desc->payload) - packet->data);
    uint32_t tags = before > ETHER_LEN ? before - ETHER_LEN : 0;
    if (!desc->frame || packet->len > ETHER_MIN + tags)
        return false;
    uint8_t any = 0;
    for (uint32_t i = end; i < packet->len; i++)
        any |= packet->data[i];
    return any == 0;
}
