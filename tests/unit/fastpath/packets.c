/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packets.h"

#include <string.h>

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

void wire_frame(struct wire *w, uint16_t type, const void *payload, uint32_t len)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    memcpy(w->b, macs, sizeof macs);
    put16(w->b + 12, type);
    if (len > 0)
        memcpy(w->b + WIRE_L2, payload, len);
    w->ip = WIRE_L2;
    w->len = WIRE_L2 + len;
}

void wire_set_mac(struct wire *w, unsigned end, uint8_t last)
{
    w->b[end == 0 ? 11 : 5] = last;
}

void wire_tag(struct wire *w, uint16_t tpid, uint16_t tci)
{
    memmove(w->b + 16, w->b + 12, w->len - 12);
    put16(w->b + 12, tpid);
    put16(w->b + 14, tci);
    w->len += 4;
    w->ip += 4;
}

/* RFC 1071, octet by octet: another way than the engine's. */
static uint32_t sum_octets(uint32_t sum, const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return (sum & 0xffff) + (sum >> 16);
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint32_t field_at(uint8_t proto)
{
    return proto == 6 ? 16 : proto == 17 ? 6 : 2;
}

static void sum_transport(uint8_t *l4, uint32_t len, uint8_t proto, uint32_t pseudo)
{
    uint32_t at = field_at(proto);
    if ((proto != 6 && proto != 17 && proto != 1 && proto != 58) || len < at + 2)
        return;
    put16(l4 + at, 0);
    uint32_t sum = proto == 1 ? 0 : pseudo + len + proto;
    uint16_t value = fold(sum_octets(sum, l4, len));
    put16(l4 + at, proto == 17 && value == 0 ? 0xffff : value);
}

void wire_sum(struct wire *w)
{
    uint8_t *ip = w->b + w->ip;
    if (ip[0] >> 4 == 6) {
        sum_transport(ip + 40, w->len - w->ip - 40, ip[6], sum_octets(0, ip + 8, 32));
        return;
    }
    uint32_t header_len = (ip[0] & 0xf) * 4u;
    put16(ip + 10, 0);
    put16(ip + 10, fold(sum_octets(0, ip, header_len)));
    sum_transport(ip + header_len, w->len - w->ip - header_len, ip[9], sum_octets(0, ip + 12, 8));
}

void wire_ipv4(struct wire *w, uint32_t src, uint32_t dst, uint8_t proto, const void *payload, uint32_t len)
{
    static const uint8_t header[20] = {0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64};
    wire_frame(w, 0x0800, header, sizeof header);
    uint8_t *ip = w->b + w->ip;
    put16(ip + 2, 20 + len);
    ip[9] = proto;
    put32(ip + 12, src);
    put32(ip + 16, dst);
    if (len > 0)
        memcpy(ip + 20, payload, len);
    w->len += len;
    wire_sum(w);
}

void wire_ipv6(struct wire *w, const uint8_t ends[32], uint8_t proto, const void *payload, uint32_t len)
{
    uint8_t header[40] = {0x60, [6] = proto, [7] = 64};
    put16(header + 4, len);
    memcpy(header + 8, ends, 32);
    wire_frame(w, 0x86dd, header, sizeof header);
    if (len > 0)
        memcpy(w->b + w->len, payload, len);
    w->len += len;
    wire_sum(w);
}

void wire_tcp(struct wire *w, const struct wire_tcp *tcp)
{
    static uint8_t segment[WIRE_MAX - 64];
    uint32_t header_len = 20 + tcp->options_len;
    memset(segment, 0, 20);
    put16(segment, tcp->src_port);
    put16(segment + 2, tcp->dst_port);
    put32(segment + 4, tcp->seq);
    put32(segment + 8, tcp->ack);
    segment[12] = (uint8_t)(header_len / 4 << 4);
    segment[13] = tcp->flags;
    put16(segment + 14, 8192);
    if (tcp->options_len > 0)
        memcpy(segment + 20, tcp->options, tcp->options_len);
    if (tcp->len > 0)
        memcpy(segment + header_len, tcp->data, tcp->len);
    wire_ipv4(w, tcp->src, tcp->dst, 6, segment, header_len + tcp->len);
}

void wire_udp(struct wire *w, uint32_t src, uint32_t dst, const uint16_t ports[2], const void *data, uint32_t len)
{
    uint8_t datagram[2048] = {0};
    put16(datagram, ports[0]);
    put16(datagram + 2, ports[1]);
    put16(datagram + 4, 8 + len);
    if (len > 0)
        memcpy(datagram + 8, data, len);
    wire_ipv4(w, src, dst, 17, datagram, 8 + len);
}

void wire_icmp(struct wire *w, uint32_t src, uint32_t dst, const uint8_t head[8], const void *data, uint32_t len)
{
    uint8_t message[2048];
    memcpy(message, head, 8);
    if (len > 0)
        memcpy(message + 8, data, len);
    wire_ipv4(w, src, dst, 1, message, 8 + len);
}

void wire_arp(struct wire *w, uint16_t op, uint32_t sender, uint32_t target)
{
    uint8_t message[28] = {0, 1, 8, 0, 6, 4, 0, (uint8_t)op, 2, 0, 0, 0, 0, 1};
    put32(message + 14, sender);
    put32(message + 24, target);
    wire_frame(w, 0x0806, message, sizeof message);
}

struct ps_packet wire_packet(const struct wire *w)
{
    return (struct ps_packet){.data = w->b, .len = w->len, .wire_len = w->len, .port = PS_PORT_UNKNOWN,
                              .link = PS_LINK_ETHERNET};
}
