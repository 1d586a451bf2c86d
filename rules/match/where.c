/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * where.c - where addresses, MACs, VLANs and ports belong.
 */
#include "where.h"

#include "image_layout.h"

bool ps_ids_contain(const uint32_t *ids, uint32_t n, uint32_t id)
{
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        low += ids[low + half] <= id ? half : 0;
        n -= half;
    }
    return n > 0 && ids[low] == id;
}

void ps_match_address(const struct ps_image *image, struct ps_addr addr, uint32_t *asset, uint32_t *zone)
{
    const struct ps_addr *starts = ps_image_at_STARTS(image);
    uint32_t low = 0, n = ps_image_n(image, PS_SECTION_STARTS);
    /* the interval is among starts[low] .. starts[low + n - 1]; the first start is 0 */
    while (n > 1) {
        uint32_t half = n / 2;
        low += ps_addr_compare(starts[low + half], addr) <= 0 ? half : 0;
        n -= half;
    }
    const struct ps_image_owner *owner = &ps_image_at_OWNERS(image)[low];
    *asset = owner->asset;
    *zone = owner->zone;
}

/* Not the first address of a network, where there is another: that is the network's own. */
bool ps_match_any_host(const struct ps_image *image, uint32_t zone, struct ps_addr *addr)
{
    const struct ps_image_owner *owners = ps_image_at_OWNERS(image);
    const struct ps_addr *starts = ps_image_at_STARTS(image);
    uint32_t n = ps_image_n(image, PS_SECTION_STARTS);
    bool found = false;
    for (uint32_t i = 0; i < n; i++) {
        struct ps_addr next = {starts[i].hi, starts[i].lo + 1};
        if (owners[i].zone != zone || owners[i].asset != PS_NONE)
            continue;
        bool begins = i == 0 || owners[i - 1].zone != zone;
        bool has_next = i + 1 == n || ps_addr_compare(next, starts[i + 1]) < 0;
        if (!found || !begins || has_next)
            *addr = begins && has_next ? next : starts[i];
        found = true;
        if (!begins || has_next)
            break;
    }
    return found;
}

uint32_t ps_where_mac(const struct ps_image *image, struct ps_mac mac)
{
    const struct ps_image_mac *macs = ps_image_at_MACS(image);
    uint64_t number = ps_mac_number(mac);
    uint32_t low = 0, n = ps_image_n(image, PS_SECTION_MACS);
    while (n > 1) {
        uint32_t half = n / 2;
        low += macs[low + half].mac <= number ? half : 0;
        n -= half;
    }
    return n > 0 && macs[low].mac == number ? macs[low].asset : PS_NONE;
}

uint32_t ps_where_conduit(const struct ps_image *image, uint32_t from, uint32_t to)
{
    const struct ps_image_pair *pairs = ps_image_at_PAIRS(image);
    uint32_t n = ps_image_n(image, PS_SECTION_PAIRS);
    uint32_t slot = ps_image_pair_slot(from, to, n);
    while (pairs[slot].conduit != PS_NONE) {
        if (pairs[slot].from == from && pairs[slot].to == to)
            return pairs[slot].conduit;
        slot = (slot + 1) & (n - 1);
    }
    return PS_NONE;
}

static bool reassembles(const struct ps_image *image, uint32_t from, uint32_t to)
{
    uint32_t conduit = ps_where_conduit(image, from, to);
    return conduit != PS_NONE && ps_image_at_CONDUITS(image)[conduit].fragments == PS_FRAGMENTS_REASSEMBLE;
}

bool ps_match_fragments(const struct ps_image *image, struct ps_addr src, struct ps_addr dst)
{
    uint32_t asset, from, to;
    ps_match_address(image, src, &asset, &from);
    ps_match_address(image, dst, &asset, &to);
    return from != PS_NONE && to != PS_NONE && (reassembles(image, from, to) || reassembles(image, to, from));
}

static bool has_vlan(const struct ps_image *image, const struct ps_image_zone *zone, uint16_t vid)
{
    return ps_ids_contain(ps_image_at_VLANS(image) + zone->first_vlan, zone->n_vlans, vid);
}

bool ps_match_vlan(const struct ps_image *image, uint32_t zone_a, uint32_t zone_b, uint16_t vid)
{
    if (vid == 0)
        return true;
    if (zone_a == PS_NONE || zone_b == PS_NONE)
        return false;
    const struct ps_image_zone *a = &ps_image_at_ZONES(image)[zone_a];
    const struct ps_image_zone *b = &ps_image_at_ZONES(image)[zone_b];
    return (a->n_vlans == 0 && b->n_vlans == 0) || has_vlan(image, a, vid) || has_vlan(image, b, vid);
}

bool ps_match_mac(const struct ps_image *image, uint32_t asset, struct ps_mac mac)
{
    if (asset == PS_NONE)
        return true;
    uint64_t bound = ps_image_at_ASSETS(image)[asset].mac;
    return bound == 0 || bound == ps_mac_number(mac);
}

bool ps_match_port(const struct ps_image *image, uint32_t gateway, uint32_t port, uint32_t zone)
{
    if (gateway >= ps_image_n_gateways(image))
        return false;
    const struct ps_image_gateway *g = &ps_image_at_GATEWAYS(image)[gateway];
    if (port >= g->n_ports)
        return false;
    const struct ps_image_port *p = &ps_image_at_PORTS(image)[g->first_port + port];
    return ps_ids_contain(ps_image_at_IDS(image) + p->first_zone, p->n_zones, zone);
}
