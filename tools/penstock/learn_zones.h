/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_zones.h - which zones and assets a learned plant has.
 *
 * Given zones and assets stay as they are. An address that none of them holds gets an asset of its own: in the given
 * zone whose networks hold it, else in a zone of its /24 (IPv4) or /64 (IPv6). Multicast and broadcast destinations
 * share the zone "groups", MAC addresses of frames that are not IP the zone "ethernet".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "learn_seen.h"
#include "model.h"

/* Fills in zones and assets of model for everything in seen. given may be NULL; it must outlive model. False when there
 * would be too many zones or assets. */
bool ps_learn_zones(struct ps_model *model, const struct ps_model *given, const struct ps_seen_set *seen);

/* Where the addresses of a model belong, as a policy says it: assets first, then networks. */
struct ps_places {
    const struct ps_model *model;
    struct ps_place {
        struct ps_addr first, last;
        uint32_t zone, asset; /* asset PS_NONE: a network */
    } * assets, *networks;    /* each sorted and disjoint */
    uint32_t n_assets, n_networks;
    struct ps_place *macs; /* first == last: the MAC as a number in lo */
    uint32_t n_macs;
};

void ps_places_init(struct ps_places *places, const struct ps_model *model);
void ps_places_fini(struct ps_places *places);

/* Asset and zone of an address, or of a MAC address as a number in lo; PS_NONE where there is none. */
void ps_places_find(const struct ps_places *places, struct ps_addr addr, bool mac, uint32_t *asset, uint32_t *zone);
