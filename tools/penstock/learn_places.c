/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_zones.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    return ps_addr_compare(((const struct ps_place *)a)->first, ((const struct ps_place *)b)->first);
}

static void add(struct ps_place **places, uint32_t *n, uint32_t *capacity, struct ps_place place)
{
    *places = ps_learn_grow(*places, *n, capacity, sizeof(**places));
    (*places)[(*n)++] = place;
}

static void sort(struct ps_place *places, uint32_t n)
{
    if (n > 1)
        qsort(places, n, sizeof(*places), compare);
}

void ps_places_init(struct ps_places *places, const struct ps_model *model)
{
    uint32_t asset_room = 0, network_room = 0, mac_room = 0;

    *places = (struct ps_places){.model = model};
    for (uint32_t i = 0; i < model->n_assets; i++) {
        const struct ps_asset *asset = &model->assets[i];
        struct ps_addr mac = {.lo = ps_mac_number(asset->mac)};

        for (uint32_t k = 0; k < asset->n_addresses; k++)
            add(&places->assets, &places->n_assets, &asset_room,
                (struct ps_place){asset->addresses[k], asset->addresses[k], asset->zone, i});
        if (asset->has_mac)
            add(&places->macs, &places->n_macs, &mac_room, (struct ps_place){mac, mac, asset->zone, i});
    }
    for (uint32_t z = 0; z < model->n_zones; z++)
        for (uint32_t k = 0; k < model->zones[z].n_networks; k++) {
            const struct ps_net *net = &model->zones[z].networks[k];

            add(&places->networks, &places->n_networks, &network_room,
                (struct ps_place){net->first, net->last, z, PS_NONE});
        }
    sort(places->assets, places->n_assets);
    sort(places->networks, places->n_networks);
    sort(places->macs, places->n_macs);
}

void ps_places_fini(struct ps_places *places)
{
    free(places->assets);
    free(places->networks);
    free(places->macs);
    *places = (struct ps_places){0};
}

/* The place that holds addr, or NULL. */
static const struct ps_place *search(const struct ps_place *places, uint32_t n, struct ps_addr addr)
{
    uint32_t low = 0, high = n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ps_addr_compare(places[middle].last, addr) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && ps_addr_compare(places[low].first, addr) <= 0 ? &places[low] : NULL;
}

void ps_places_find(const struct ps_places *places, struct ps_addr addr, bool mac, uint32_t *asset, uint32_t *zone)
{
    const struct ps_place *place =
        mac ? search(places->macs, places->n_macs, addr) : search(places->assets, places->n_assets, addr);

    if (!place && !mac)
        place = search(places->networks, places->n_networks, addr);
    *asset = place ? place->asset : PS_NONE;
    *zone = place ? place->zone : PS_NONE;
}
