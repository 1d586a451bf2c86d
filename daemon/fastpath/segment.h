/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * segment.h - TCP segments of the engine's own: headers as the flow's packets have them, checksums made anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "engine.h"

#define PS_TCP_LEN 20u
#define PS_TEMPLATE_MAX 64u /* Ethernet with two tags and IPv6 */

/* What stands in front of the TCP header of a direction's packets, as last seen. */
struct ps_template {
    uint8_t link_len, ip_len; /* octets; link_len 0: packets start with the IP header. ip_len 0: none was seen */
    uint16_t port;            /* where such packets come in */
    uint16_t src, dst;        /* TCP ports */
    uint8_t head[PS_TEMPLATE_MAX];
};

/* What the segment says. */
struct ps_tcp_head {
    uint32_t seq, ack;
    uint16_t window;
    uint8_t flags; /* enum ps_tcp_flag */
};

/* Of a TCP packet without IP options. The hop limit is the highest that was seen: what the engine has to deliver, or a RST,
 * is not to die on its way because its sender's last packet was made to. */
void ps_template_take(struct ps_template *t, const struct ps_desc *desc, uint16_t port);

/* The same the other way round: what an answer would look like. */
void ps_template_mirror(struct ps_template *t, const struct ps_template *from, uint16_t port);

/* Octets in front of the payload. */
static inline uint32_t ps_template_len(const struct ps_template *t)
{
    return (uint32_t)t->link_len + t->ip_len + PS_TCP_LEN;
}

/* Writes the headers in front of len octets of payload that are at frame + ps_template_len(t) already. */
void ps_segment_build(const struct ps_template *t, const struct ps_tcp_head *tcp, uint8_t *frame, uint32_t len);

/* The TCP header of a packet; only behind an IP header without options. */
static inline const uint8_t *ps_segment_tcp(const struct ps_desc *desc)
{
    return desc->network + (desc->network[0] >> 4 == 4 ? 20 : 40);
}

/* Makes the TCP checksum at tcp + 16 anew. network: the IP header; len: octets of header and payload. */
void ps_segment_sum(const uint8_t *network, uint8_t *tcp, uint32_t len);

/* The same of a UDP datagram over IPv4, for receivers that would not see octets change. */
void ps_segment_sum_udp(const uint8_t *network, uint8_t *udp, uint32_t len);

/* "Not ECN-capable", IPv4 checksum and all; ip: an IP header. True: something was changed. */
bool ps_segment_clear_ecn(uint8_t *ip);

/* Octets from the frame's start to the end that the IP header tells; of ARP to the end of the message, of 802.3 to that of its
 * length, of others all. */
uint32_t ps_segment_frame_len(const struct ps_packet *packet, const struct ps_desc *desc);

/* There is something behind that end: nothing but zeros that fill up a short Ethernet frame? */
__attribute__((noinline, cold)) bool ps_segment_is_filled_up(const struct ps_packet *packet, const struct ps_desc *desc);

/* Nothing behind that end, or nothing but that. Of ARP the payload is NULL, to which C adds nothing, not even 0. */
static inline bool ps_segment_is_trimmed(const struct ps_packet *packet, const struct ps_desc *desc)
{
    uintptr_t end = (uintptr_t)desc->payload + desc->payload_len;
    return end == (uintptr_t)packet->data + packet->len || ps_segment_is_filled_up(packet, desc);
}
