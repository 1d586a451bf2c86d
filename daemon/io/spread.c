/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spread.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define ETHERTYPE_ARP 0x0806u
#define TAGS_MAX 2u

struct how {
    bool by_host;
    bool quoted; /* by an error: errors about errors are no more */
};

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static bool is_tag(uint32_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

/* One end: its address of n octets, n <= 16, and its port. */
static uint64_t end(const uint8_t *addr, uint32_t n, uint32_t port)
{
    uint64_t parts[2] = {0};
    memcpy(parts, addr, n);
    return mix(parts[0] ^ mix(parts[1] + port + 1));
}

/* The same whichever of the two ends comes first. */
static uint32_t both(uint64_t a, uint64_t b)
{
    return (uint32_t)(mix(a + b) >> 32);
}

static bool has_ports(uint32_t proto)
{
    return proto == 6 || proto == 17;
}

/* An error is told to the sender of the packet that it quotes: unreachable, time exceeded, parameter problem. */
static bool quotes_v4(const uint8_t *icmp)
{
    return icmp[0] == 3 || icmp[0] == 11 || icmp[0] == 12;
}

static bool quotes_v6(const uint8_t *icmp)
{
    return icmp[0] >= 1 && icmp[0] <= 4;
}

static uint32_t hash_ipv4(const uint8_t *ip, uint32_t len, struct how how)
{
    uint32_t header = (ip[0] & 0xfu) * 4;
    bool fragment = (be16(ip + 6) & 0x3fff) != 0; /* more of them, or not the first */
    bool whole = !fragment && header >= 20 && len >= header + 4;
    if (whole && ip[9] == 1 && quotes_v4(ip + header) && len >= header + 8 + 20 && !how.quoted)
        return hash_ipv4(ip + header + 8, len - header - 8, (struct how){how.by_host, true});
    bool ports = whole && !how.by_host && has_ports(ip[9]);
    return both(end(ip + 12, 4, ports ? be16(ip + header) : 0), end(ip + 16, 4, ports ? be16(ip + header + 2) : 0));
}

/* Where the upper layer starts, 0: not known or a fragment. Extension headers are few where anything passes at all. */
static uint32_t ipv6_upper(const uint8_t *ip, uint32_t len, uint32_t *proto)
{
    uint32_t at = 40;
    *proto = ip[6];
    for (unsigned i = 0; i < 4 && (*proto == 0 || *proto == 43 || *proto == 60); i++) {
        if (at + 8 > len)
            return 0;
        *proto = ip[at];
        at += (ip[at + 1] + 1u) * 8;
    }
    return *proto != 44 && at + 4 <= len ? at : 0;
}

static uint32_t hash_ipv6(const uint8_t *ip, uint32_t len, struct how how)
{
    uint32_t proto, at = ipv6_upper(ip, len, &proto);
    if (at > 0 && proto == 58 && quotes_v6(ip + at) && len >= at + 8 + 40 && !how.quoted)
        return hash_ipv6(ip + at + 8, len - at - 8, (struct how){how.by_host, true});
    bool ports = at > 0 && !how.by_host && has_ports(proto);
    return both(end(ip + 8, 16, ports ? be16(ip + at) : 0), end(ip + 24, 16, ports ? be16(ip + at + 2) : 0));
}

uint32_t ps_spread_hash(const uint8_t *frame, uint32_t len, bool by_host)
{
    if (len < 14)
        return 0;
    uint32_t at = 12;
    for (unsigned i = 0; i < TAGS_MAX && is_tag(be16(frame + at)) && at + 6 <= len; i++)
        at += 4;
    uint32_t type = be16(frame + at);
    const uint8_t *network = frame + at + 2;
    uint32_t left = len - at - 2;
    if (type == ETHERTYPE_IPV4 && left >= 20)
        return hash_ipv4(network, left, (struct how){by_host, false});
    if (type == ETHERTYPE_IPV6 && left >= 40)
        return hash_ipv6(network, left, (struct how){by_host, false});
    if (type == ETHERTYPE_ARP && left >= 28)
        return both(end(network + 14, 4, 0), end(network + 24, 4, 0));
    return both(end(frame, 6, 0), end(frame + 6, 6, 0));
}
