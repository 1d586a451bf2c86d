/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * glance.h - the frame that polls travel in, read where it stands: Ethernet without a tag, IPv4 and TCP without options,
 * ACK or PSH and ACK, no ECN, nothing behind the payload. What is asked of octets that are fixed is asked eight at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decode.h"
#include "engine.h"
#include "key.h"

#define PS_GLANCE_HEADERS 54u /* octets in front of the payload */

enum ps_glance_at { /* octets of the frame */
    PS_GLANCE_TOS = 15,
    PS_GLANCE_TTL = 22,
    PS_GLANCE_SOURCE = 26,
    PS_GLANCE_TARGET = 30,
    PS_GLANCE_PORTS = 34,
    PS_GLANCE_SEQ = 38,
    PS_GLANCE_ACK = 42,
    PS_GLANCE_WINDOW = 48,
};

static inline uint64_t ps_glance_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Which of the octets that the mask asks for are not as they should be. */
static inline uint64_t ps_glance_differs(const uint8_t *p, const uint8_t should[8], const uint8_t mask[8])
{
    return (ps_glance_word(p) ^ ps_glance_word(should)) & ps_glance_word(mask);
}

/* Is it such a frame? It may be unsound all the same: nothing was said yet about addresses and ports. */
static inline bool ps_glance_is_plain(const struct ps_packet *packet)
{
    static const uint8_t ip[8] = {0x08, 0x00, 0x45}, ip_mask[8] = {0xff, 0xff, 0xff, 0x03}; /* type, version, ECN */
    static const uint8_t part[8] = {0, 0, 0, PS_PROTO_TCP}, part_mask[8] = {0xbf, 0xff, 0, 0xff}; /* fragment, protocol */
    static const uint8_t tcp[8] = {0x50, PS_TCP_ACK}, tcp_mask[8] = {0xff, 0xff ^ PS_TCP_PSH, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t none[8], group[8] = {0x01}, mac[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}; /* who sends */
    const uint8_t *frame = packet->data;
    uint32_t len = packet->len;
    if (packet->link != PS_LINK_ETHERNET || len < PS_GLANCE_HEADERS || len != packet->wire_len)
        return false;
    uint64_t differs = ps_glance_differs(frame + 12, ip, ip_mask) | ps_glance_differs(frame + 20, part, part_mask) |
                       ps_glance_differs(frame + 46, tcp, tcp_mask);
    uint64_t no_group = ps_glance_differs(frame + 6, none, group), sender = ps_glance_differs(frame + 6, none, mac);
    bool sent = no_group == 0 && sender != 0 && frame[PS_GLANCE_TTL] != 0;
    return differs == 0 && sent && ps_be16(frame + 16) == len - 14 && ps_decode_sums_are_right(frame + 14, len - 34);
}

/* ps_decode() of such a frame. */
void ps_glance_decode(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc);

/* As ps_decode() sets it. */
static inline struct ps_key ps_glance_key(const uint8_t *frame)
{
    return (struct ps_key){.addr = {ps_addr_from_v4(ps_be32(frame + PS_GLANCE_SOURCE)),
                                    ps_addr_from_v4(ps_be32(frame + PS_GLANCE_TARGET))},
                           .port = {ps_be16(frame + PS_GLANCE_PORTS), ps_be16(frame + PS_GLANCE_PORTS + 2)},
                           .id = ps_key_id(PS_PROTO_TCP, 0)};
}

/* Which end of the flow has sent it to the other one: enum ps_dir; -1: none. Of a flow between IPv4 addresses, without a
 * tag. */
static inline int ps_glance_dir(const uint8_t *frame, const struct ps_key *flow)
{
    uint64_t ends = ps_be64(frame + PS_GLANCE_SOURCE), client = flow->addr[0].lo << 32 | (uint32_t)flow->addr[1].lo;
    uint32_t ports = ps_be32(frame + PS_GLANCE_PORTS), its = (uint32_t)flow->port[0] << 16 | flow->port[1];
    if (ends == client && ports == its)
        return PS_TO_SERVER;
    return ends == (client << 32 | client >> 32) && ports == (its << 16 | its >> 16) ? PS_TO_CLIENT : -1;
}
