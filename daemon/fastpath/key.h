/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * key.h - what tells one flow from another: both ends, protocol and VLAN tags.
 *
 * In a packet end 0 is the sender; in a flow it is the client. A key and its mirror image name the same flow, so things
 * that have a direction but no ports (frames, single ICMP messages) put their code into port[0] and 0 into port[1].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

/* IP protocol numbers that are looked into. */
enum ps_ip_proto { PS_PROTO_ICMP = 1, PS_PROTO_TCP = 6, PS_PROTO_UDP = 17, PS_PROTO_ICMPV6 = 58 };

struct ps_key {
    struct ps_addr addr[2]; /* not IP: the MAC number in lo */
    uint16_t port[2];       /* echo: the identifier in both; other ICMP: type << 8 | code and 0; not IP: code and 0 */
    uint32_t id;            /* IP protocol << 24 | inner VLAN id << 12 | outer VLAN id; protocol 0: not IP */
};

#define PS_KEY_TAGS UINT32_C(0x00ffffff)

static inline uint32_t ps_key_id(uint8_t ip_proto, uint32_t tags)
{
    return (uint32_t)ip_proto << 24 | (tags & PS_KEY_TAGS);
}

static inline uint8_t ps_key_proto(const struct ps_key *key)
{
    return (uint8_t)(key->id >> 24);
}

static inline uint16_t ps_key_vlan(const struct ps_key *key)
{
    return key->id & 0xfff;
}

static inline uint16_t ps_key_inner_vlan(const struct ps_key *key)
{
    return key->id >> 12 & 0xfff;
}

/* Without a branch per field: most comparisons find what they look for. */
static inline bool ps_key_equal(const struct ps_key *a, const struct ps_key *b)
{
    uint64_t differ = (a->addr[0].hi ^ b->addr[0].hi) | (a->addr[0].lo ^ b->addr[0].lo) |
                      (a->addr[1].hi ^ b->addr[1].hi) | (a->addr[1].lo ^ b->addr[1].lo) | (a->id ^ b->id);
    return (differ | (uint64_t)(a->port[0] ^ b->port[0]) | (uint64_t)(a->port[1] ^ b->port[1])) == 0;
}

/* The ICMP type that the policy is asked about: of an echo that of the request. Else end 0 or 1 holds it, the other 0. */
static inline uint16_t ps_key_icmp_type(const struct ps_key *key)
{
    if (key->port[0] == key->port[1])
        return ps_key_proto(key) == PS_PROTO_ICMP ? 8 : 128;
    return (uint16_t)((key->port[0] | key->port[1]) >> 8);
}

/* Does a name the same flow as b, from the other side? */
static inline bool ps_key_mirrors(const struct ps_key *a, const struct ps_key *b)
{
    uint64_t differ = (a->addr[0].hi ^ b->addr[1].hi) | (a->addr[0].lo ^ b->addr[1].lo) |
                      (a->addr[1].hi ^ b->addr[0].hi) | (a->addr[1].lo ^ b->addr[0].lo) | (a->id ^ b->id);
    return (differ | (uint64_t)(a->port[0] ^ b->port[1]) | (uint64_t)(a->port[1] ^ b->port[0])) == 0;
}

static inline uint32_t ps_key_ports(const struct ps_key *key)
{
    return (uint32_t)key->port[1] << 16 | key->port[0];
}

/* Does a name the same flow as b? The ports tell which side to compare with; one comparison is enough. False also where
 * the ports are the same from both sides and only the mirror image fits. */
static inline bool ps_key_likely_names(const struct ps_key *a, const struct ps_key *b)
{
    uint32_t ports = ps_key_ports(a), ports_b = ps_key_ports(b);
    bool mirrored = ports != ports_b;
    const struct ps_addr *first = &b->addr[mirrored ? 1 : 0], *second = &b->addr[mirrored ? 0 : 1];
    uint64_t differ = (a->addr[0].hi ^ first->hi) | (a->addr[0].lo ^ first->lo) | (a->addr[1].hi ^ second->hi) |
                      (a->addr[1].lo ^ second->lo) | (a->id ^ b->id);
    return (differ | (ports ^ (mirrored ? ports_b << 16 | ports_b >> 16 : ports_b))) == 0;
}

static inline struct ps_key ps_key_mirror(const struct ps_key *key)
{
    return (struct ps_key){
        .addr = {key->addr[1], key->addr[0]}, .port = {key->port[1], key->port[0]}, .id = key->id};
}
