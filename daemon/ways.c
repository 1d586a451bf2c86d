/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ways.h"

#include <stdbool.h>

#include "base/addr.h"
#include "match.h"

void ps_ways_init(struct ps_ways *ways, const struct ps_image *image, uint32_t gateway, const uint16_t *port, uint32_t n)
{
    uint32_t n_zones = ps_image_n_zones(image);
    *ways = (struct ps_ways){.image = image, .n_zones = n_zones < PS_MAX_ZONES ? n_zones : PS_MAX_ZONES,
                             .all = (UINT32_C(1) << n) - 1};
    for (uint32_t zone = 0; zone < ways->n_zones; zone++)
        for (uint32_t i = 0; i < n; i++)
            if (ps_match_port(image, gateway, port[i], zone))
                ways->zone[zone] = (uint16_t)(ways->zone[zone] | 1u << i);
}

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static struct ps_addr addr_v4(const uint8_t *at)
{
    return ps_addr_from_v4(be16(at) << 16 | be16(at + 2));
}

static struct ps_addr addr_v6(const uint8_t *at)
{
    struct ps_addr addr = {0, 0};
    for (unsigned i = 0; i < 8; i++) {
        addr.hi = addr.hi << 8 | at[i];
        addr.lo = addr.lo << 8 | at[i + 8];
    }
    return addr;
}

/* Whom the frame is for. False: it does not say. */
static bool receiver(const uint8_t *frame, uint32_t len, struct ps_addr *addr)
{
    uint32_t at = 12;
    while (at + 6 <= len && at < 20 && (be16(frame + at) == 0x8100 || be16(frame + at) == 0x88a8))
        at += 4;
    if (at + 2 > len)
        return false;
    uint32_t type = be16(frame + at), left = len - at - 2;
    const uint8_t *network = frame + at + 2;
    bool solicits = type == 0x86dd && left >= 64 && network[6] == 58 && network[40] == 135;
    if (type == 0x0800 && left >= 20)
        *addr = addr_v4(network + 16);
    else if (type == 0x0806 && left >= 28)
        *addr = addr_v4(network + 24);
    else if (type == 0x86dd && left >= 40)
        *addr = addr_v6(network + (solicits ? 48 : 24));
    else
        return false;
    return true;
}

uint32_t ps_ways_of_frame(const struct ps_ways *ways, const uint8_t *frame, uint32_t len)
{
    struct ps_addr addr;
    uint32_t asset, zone;
    if (!receiver(frame, len, &addr))
        return ways->all;
    ps_match_address(ways->image, addr, &asset, &zone);
    return ps_ways_of_zone(ways, zone);
}
