/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * map.c - "ADDR=ASSET": the addresses of a capture made elsewhere, bound to assets of the plant.
 */
#include <string.h>

#include "addr_text.h"
#include "plant.h"

static bool before(struct ps_addr a, struct ps_addr b)
{
    return ps_addr_compare(a, b) < 0;
}

static struct ps_addr step(struct ps_addr a, int64_t by)
{
    struct ps_addr next = {.hi = a.hi, .lo = a.lo + (uint64_t)by};

    if (by > 0 && next.lo < a.lo)
        next.hi++;
    if (by < 0 && next.lo > a.lo)
        next.hi--;
    return next;
}

/* Takes addr out of the networks of a zone: the block that holds it becomes the one in front of it and the one behind.
 */
static void cut_networks(struct ps_model *model, struct ps_zone *zone, struct ps_addr addr)
{
    struct ps_net *nets = ps_model_alloc(model, 2 * (size_t)zone->n_networks * sizeof *nets);
    uint32_t n = 0;

    for (uint32_t i = 0; i < zone->n_networks; i++) {
        struct ps_net net = zone->networks[i];

        if (before(addr, net.first) || before(net.last, addr)) {
            nets[n++] = net;
            continue;
        }
        if (before(net.first, addr))
            nets[n++] = (struct ps_net){.first = net.first, .last = step(addr, -1), .src = net.src};
        if (before(addr, net.last))
            nets[n++] = (struct ps_net){.first = step(addr, 1), .last = net.last, .src = net.src};
    }
    zone->networks = nets;
    zone->n_networks = n;
}

static void unbind(struct ps_asset *asset, struct ps_addr addr)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < asset->n_addresses; i++)
        if (!ps_addr_equal(asset->addresses[i], addr))
            asset->addresses[n++] = asset->addresses[i];
    asset->n_addresses = n;
}

static void bind(struct ps_model *model, struct ps_asset *asset, struct ps_addr addr)
{
    size_t size = ((size_t)asset->n_addresses + 1) * sizeof *asset->addresses;
    struct ps_addr *addresses = ps_model_alloc(model, size);

    if (asset->n_addresses > 0)
        memcpy(addresses, asset->addresses, size - sizeof *addresses);
    addresses[asset->n_addresses++] = addr;
    asset->addresses = addresses;
    asset->has_mac = false;
}

bool ps_map_apply(struct ps_model *model, const char *map, char *err, size_t err_size)
{
    const char *equals = strchr(map, '=');
    char text[PS_ADDR_TEXT_MAX];
    struct ps_addr addr;

    if (equals == NULL || equals[1] == '\0') {
        snprintf(err, err_size, "write ADDR=ASSET");
        return false;
    }
    snprintf(text, sizeof text, "%.*s", (int)(equals - map), map);
    if ((size_t)(equals - map) >= sizeof text || !ps_addr_parse(text, &addr)) {
        snprintf(err, err_size, "'%.*s' is not an address", (int)(equals - map), map);
        return false;
    }
    for (uint32_t i = 0; i < model->n_assets; i++) {
        struct ps_asset *asset = &model->assets[i];

        if (strcmp(asset->name, equals + 1) != 0)
            continue;
        for (uint32_t j = 0; j < model->n_assets; j++)
            unbind(&model->assets[j], addr);
        for (uint32_t z = 0; z < model->n_zones; z++)
            if (z != asset->zone)
                cut_networks(model, &model->zones[z], addr);
        bind(model, asset, addr);
        return true;
    }
    snprintf(err, err_size, "the plant file has no asset '%s'", equals + 1);
    return false;
}
