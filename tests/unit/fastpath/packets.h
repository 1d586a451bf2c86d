/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * packets.h - builds packets for tests: headers with right lengths and checksums, which a test then may break.
 */
#pragma once

#include <stdint.h>

#include "engine.h"

#define WIRE_MAX 70000u
#define WIRE_L2 14u /* octets of the Ethernet header */

/* An Ethernet frame under construction. */
struct wire {
    uint8_t b[WIRE_MAX];
    uint32_t len;
    uint32_t ip; /* offset of the IP header */
};

/* IPv4 host order. */
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct wire_tcp {
    uint32_t src, dst; /* IPv4 */
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t flags;
    const void *data;
    uint32_t len;
    const void *options; /* a multiple of 4 octets */
    uint32_t options_len;
};

void wire_tcp(struct wire *w, const struct wire_tcp *tcp);
void wire_udp(struct wire *w, uint32_t src, uint32_t dst, const uint16_t ports[2], const void *data, uint32_t len);
void wire_ipv4(struct wire *w, uint32_t src, uint32_t dst, uint8_t proto, const void *payload, uint32_t len);
void wire_ipv6(struct wire *w, const uint8_t ends[32], uint8_t proto, const void *payload, uint32_t len);
void wire_arp(struct wire *w, uint16_t op, uint32_t sender, uint32_t target);
/* type, id (or the second word) and data; the checksum is made. */
void wire_icmp(struct wire *w, uint32_t src, uint32_t dst, const uint8_t head[8], const void *data, uint32_t len);
void wire_frame(struct wire *w, uint16_t type, const void *payload, uint32_t len);

/* Puts a tag in front of the type. */
void wire_tag(struct wire *w, uint16_t tpid, uint16_t tci);
/* Lengths stay as they are; every checksum is made again. */
void wire_sum(struct wire *w);
void wire_set_mac(struct wire *w, unsigned end, uint8_t last); /* end 0: source */

struct ps_packet wire_packet(const struct wire *w);
