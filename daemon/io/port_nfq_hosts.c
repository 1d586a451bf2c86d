/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_hosts.h"

#include <string.h>

#include "port_nfq_packet.h"

#define MULTICAST 1u /* of a MAC's first octet */

/* A copy of the address at `at`, as the table has it. */
static void address_at(const uint8_t *at, bool v4, uint8_t addr[16])
{
    memset(addr, 0xff, 16);
    if (v4)
        memcpy(addr + 12, at, 4);
    else
        memcpy(addr, at, 16);
}

/* Source (false) or destination of a frame. False: it is not IP. */
static bool address_of(const uint8_t *frame, uint32_t len, bool destination, uint8_t addr[16])
{
    uint32_t type = 0, ip = ps_nfq_packet_find_ip(frame, len, &type);
    if (ip == 0)
        return false;
    bool v4 = type == PS_NFQ_IPV4;
    address_at(frame + ip + (v4 ? 12 : 8) + (destination ? v4 ? 4 : 16 : 0), v4, addr);
    return true;
}

static uint32_t set_of(const uint8_t addr[16])
{
    uint64_t a, b;
    memcpy(&a, addr, 8);
    memcpy(&b, addr + 8, 8);
    return (uint32_t)((a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd) >> 40) % PS_NFQ_HOSTS_SETS;
}

static const struct ps_nfq_host *find(const struct ps_nfq_hosts *hosts, const uint8_t addr[16])
{
    const struct ps_nfq_host *set = hosts->hosts[set_of(addr)];
    for (uint32_t i = 0; i < PS_NFQ_HOSTS_WAYS; i++)
        if (set[i].known && memcmp(set[i].addr, addr, 16) == 0)
            return &set[i];
    return NULL;
}

/* Its own place, a free one, or that of whom was not heard for longest. */
static struct ps_nfq_host *place_of(struct ps_nfq_hosts *hosts, const uint8_t addr[16])
{
    struct ps_nfq_host *set = hosts->hosts[set_of(addr)], *best = set;
    for (uint32_t i = 0; i < PS_NFQ_HOSTS_WAYS; i++) {
        if (set[i].known && memcmp(set[i].addr, addr, 16) == 0)
            return &set[i];
        if (best->known && (!set[i].known || set[i].heard_ns < best->heard_ns))
            best = &set[i];
    }
    return best;
}

void ps_nfq_hosts_hear(struct ps_nfq_hosts *hosts, const uint8_t *frame, uint32_t len, bool passed, uint64_t now_ns)
{
    uint8_t addr[16];
    if (!address_of(frame, len, false, addr) || (frame[6] & MULTICAST) != 0)
        return;
    struct ps_nfq_host *host = place_of(hosts, addr);
    bool same = host->known && memcmp(host->mac, frame + 6, 6) == 0 && memcmp(host->addr, addr, 16) == 0;
    if (host->known && !same && !passed && now_ns - host->heard_ns < PS_NFQ_HOSTS_AGE_NS)
        return;
    memcpy(host->addr, addr, 16);
    memcpy(host->mac, frame + 6, 6);
    host->known = true;
    host->heard_ns = now_ns;
}

bool ps_nfq_hosts_address(const struct ps_nfq_hosts *hosts, uint8_t *frame, uint32_t len)
{
    uint8_t from[16], to[16];
    if (!address_of(frame, len, false, from) || !address_of(frame, len, true, to))
        return false;
    const struct ps_nfq_host *sender = find(hosts, from), *receiver = find(hosts, to);
    if (!sender || !receiver)
        return false;
    memcpy(frame, receiver->mac, 6);
    memcpy(frame + 6, sender->mac, 6);
    return true;
}
