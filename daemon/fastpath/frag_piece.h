/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frag_piece.h - one IP fragment read: whose it is, where it belongs, whether any honest sender cuts like that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/reason.h"
#include "decode.h"
#include "engine.h"

/* NV-F08: all that tells one datagram from another, with the port and VLAN that it came by. */
struct ps_frag_key {
    struct ps_addr src, dst;
    uint32_t id;   /* identification */
    uint32_t tags; /* as in struct ps_key */
    uint16_t port; /* ingress */
    uint8_t proto; /* of what was cut */
};

static inline bool ps_frag_key_equal(const struct ps_frag_key *a, const struct ps_frag_key *b)
{
    return a->id == b->id && a->tags == b->tags && a->port == b->port && a->proto == b->proto &&
           ps_addr_equal(a->src, b->src) && ps_addr_equal(a->dst, b->dst);
}

struct ps_frag_piece {
    struct ps_frag_key key;
    const uint8_t *link; /* in front of the IP header */
    const uint8_t *ip;
    const uint8_t *data;
    uint32_t link_len;
    uint32_t ip_len; /* without the fragment header of IPv6 */
    uint32_t offset; /* octets of the datagram in front of data */
    uint32_t len;
    bool more;    /* not the last one */
    bool has_key; /* false: too little of it is there to tell whose it is */
};

/* PS_REASON_NONE: sound, as far as can be told from one fragment. Else the reason; piece->key is set if has_key. desc as
 * ps_decode() leaves it behind with PS_REASON_FRAGMENT: addresses, VLAN tags and the IPv4 checksum are good. */
enum ps_reason ps_frag_read(const struct ps_packet *packet, const struct ps_desc *desc, struct ps_frag_piece *piece);
