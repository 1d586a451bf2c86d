/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr_text.h"

/* Somebody that needs a place. */
struct host {
    struct ps_addr addr; /* MAC: the number in lo */
    bool mac;
    bool named;          /* rules speak of it; else a network that holds it is enough */
    struct ps_addr home; /* first address of its zone; groups and MACs: 0 */
    uint32_t zone;
};

enum home_kind { HOME_NETWORK, HOME_GROUPS, HOME_ETHERNET };

struct hosts {
    struct host *items;
    uint32_t n, capacity;
};

/* ---- addresses ------------------------------------------------------------------------------------------------- */

static bool is_group(struct ps_addr addr)
{
    if (ps_addr_is_v4(addr))
        return ps_addr_v4(addr) >> 28 == 14 || ps_addr_v4(addr) == UINT32_MAX;
    return addr.hi >> 56 == 0xff;
}

/* The block whose members share a zone: /24 or /64. ::/64 would hold every IPv4 address, so ::1 stays alone. */
static void home_of(struct ps_addr addr, struct ps_addr *first, struct ps_addr *last)
{
    *first = *last = addr;
    if (ps_addr_is_v4(addr)) {
        first->lo &= ~UINT64_C(0xff);
        last->lo |= 0xff;
    } else if (addr.hi != 0) {
        first->lo = 0;
        last->lo = UINT64_MAX;
    }
}

static enum home_kind kind_of(const struct host *host)
{
    return host->mac ? HOME_ETHERNET : is_group(host->addr) ? HOME_GROUPS : HOME_NETWORK;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

/* What an address looks like it is. The last address of a /24 is nobody's, nearly always. */
static const char *prefix_of(struct ps_addr addr)
{
    if (ps_addr_is_v4(addr) && (addr.lo & 0xff) == 0xff && ps_addr_v4(addr) >> 28 != 14)
        return "broadcast";
    return is_group(addr) ? "group" : "host";
}

static const char *addr_name(struct ps_model *model, const char *prefix, struct ps_addr addr)
{
    char text[PS_ADDR_TEXT_MAX], name[PS_ADDR_TEXT_MAX + 16];

    ps_addr_format(addr, text);
    for (char *c = text; *c; c++)
        if (*c == '.' || *c == ':')
            *c = '-';
    snprintf(name, sizeof(name), "%s-%s", prefix, text);
    return ps_model_strdup(model, name);
}

static const char *mac_name(struct ps_model *model, struct ps_mac mac)
{
    char text[PS_MAC_TEXT_MAX], name[PS_MAC_TEXT_MAX + 16];

    ps_mac_format(mac, text);
    for (char *c = text; *c; c++)
        if (*c == ':')
            *c = '-';
    snprintf(name, sizeof(name), "%s-%s", mac.b[0] & 1 ? "group" : "mac", text);
    return ps_model_strdup(model, name);
}

static const char *network_name(struct ps_model *model, struct ps_addr first)
{
    uint32_t v4 = ps_addr_v4(first);
    char name[48];

    if (ps_addr_is_v4(first))
        snprintf(name, sizeof(name), "net-%u-%u-%u", v4 >> 24, v4 >> 16 & 0xff, v4 >> 8 & 0xff);
    else if (first.hi == 0)
        return addr_name(model, "net", first);
    else
        snprintf(name, sizeof(name), "net-%x-%x-%x-%x", (unsigned)(first.hi >> 48), (unsigned)(first.hi >> 32 & 0xffff),
                 (unsigned)(first.hi >> 16 & 0xffff), (unsigned)(first.hi & 0xffff));
    return ps_model_strdup(model, name);
}

/* The given plant may already have something of this name. */
static const char *unused_zone_name(struct ps_model *model, const struct ps_model *given, const char *name)
{
    char other[64];
    bool taken = true;

    for (unsigned round = 2; given && taken; round++) {
        taken = false;
        for (uint32_t i = 0; i < given->n_zones; i++)
            taken |= strcmp(given->zones[i].name, name) == 0;
        if (taken) {
            snprintf(other, sizeof(other), "learned-%u-%.40s", round, name);
            name = ps_model_strdup(model, other);
        }
    }
    return name;
}

static const char *unused_asset_name(struct ps_model *model, const struct ps_model *given, const char *name)
{
    char other[96];

    for (uint32_t i = 0; given && i < given->n_assets; i++)
        if (strcmp(given->assets[i].name, name) == 0) {
            snprintf(other, sizeof(other), "learned-%.80s", name);
            return ps_model_strdup(model, other);
        }
    return name;
}

/* ---- who is there ---------------------------------------------------------------------------------------------- */

static int compare_hosts(const void *a, const void *b)
{
    const struct host *x = a, *y = b;
    int kinds = (int)kind_of(x) - (int)kind_of(y);

    return kinds != 0 ? kinds : ps_addr_compare(x->addr, y->addr);
}

static void host_add(struct hosts *hosts, struct ps_addr addr, bool mac, bool named)
{
    hosts->items = ps_learn_grow(hosts->items, hosts->n, &hosts->capacity, sizeof(*hosts->items));
    hosts->items[hosts->n++] = (struct host){.addr = addr, .mac = mac, .named = named, .zone = PS_NONE};
}

/* Everybody in seen that has no asset in the given plant, once each, by kind and address. */
static void hosts_collect(struct hosts *hosts, const struct ps_places *given, const struct ps_seen_set *seen)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < seen->n; i++) {
        const struct ps_seen_key *key = &seen->items[i].key;
        bool mac = key->protocol == PS_PROTOCOL_ETHERNET, named = key->protocol != PS_PROTOCOL_NONE;

        host_add(hosts, key->client, mac, named);
        host_add(hosts, key->server, mac, named);
    }
    if (hosts->n > 1)
        qsort(hosts->items, hosts->n, sizeof(*hosts->items), compare_hosts);
    for (uint32_t i = 0; i < hosts->n; i++) {
        struct host *host = &hosts->items[i];
        uint32_t asset;

        ps_places_find(given, host->addr, host->mac, &asset, &host->zone);
        if (asset != PS_NONE)
            continue;
        if (kept > 0 && compare_hosts(&hosts->items[kept - 1], host) == 0)
            hosts->items[kept - 1].named |= host->named;
        else
            hosts->items[kept++] = *host;
    }
    hosts->n = kept;
}

/* ---- zones ----------------------------------------------------------------------------------------------------- */

static bool overlaps_given(const struct ps_places *given, struct ps_addr first, struct ps_addr last)
{
    for (uint32_t i = 0; i < given->n_networks; i++)
        if (ps_addr_compare(given->networks[i].first, last) <= 0 &&
            ps_addr_compare(first, given->networks[i].last) <= 0)
            return true;
    for (uint32_t i = 0; i < given->n_assets; i++)
        if (ps_addr_compare(given->assets[i].first, last) <= 0 && ps_addr_compare(first, given->assets[i].first) <= 0)
            return true;
    return false;
}

static void zone_init(struct ps_model *model, const struct ps_model *given, struct ps_zone *zone, const char *name)
{
    *zone = (struct ps_zone){.name = unused_zone_name(model, given, name), .has_sl_t = true};
    memset(zone->sl_t, 1, sizeof(zone->sl_t));
}

/* A zone for the block of addresses that host lives in. */
static void zone_of_network(struct ps_model *model, const struct ps_places *given, struct ps_zone *zone,
                            const struct host *host)
{
    struct ps_addr first, last;

    home_of(host->addr, &first, &last);
    zone_init(model, given->model, zone, network_name(model, first));
    if (overlaps_given(given, first, last))
        return; /* only its assets, one by one */
    zone->networks = ps_model_alloc(model, sizeof(*zone->networks));
    zone->networks[0] = (struct ps_net){.first = first, .last = last};
    zone->n_networks = 1;
}

/* Gives every host without a zone one. */
static bool zones_make(struct ps_model *model, const struct ps_places *given, struct hosts *hosts)
{
    uint32_t n_given = given->model ? given->model->n_zones : 0;
    struct ps_addr home = {0}, last;
    int kind = -1;

    model->zones = ps_model_alloc(model, ((size_t)n_given + hosts->n + 1) * sizeof(*model->zones));
    model->n_zones = n_given;
    if (n_given > 0)
        memcpy(model->zones, given->model->zones, n_given * sizeof(*model->zones));
    for (uint32_t z = 0; z < n_given; z++)
        model->zones[z].src = (struct ps_src){0};
    for (uint32_t i = 0; i < hosts->n; i++) {
        struct host *host = &hosts->items[i];

        if (host->zone != PS_NONE)
            continue;
        if (kind_of(host) == HOME_NETWORK)
            home_of(host->addr, &host->home, &last);
        if ((int)kind_of(host) != kind || ps_addr_compare(host->home, home) != 0) {
            struct ps_zone *zone = &model->zones[model->n_zones++];

            kind = (int)kind_of(host);
            home = host->home;
            if (kind == HOME_NETWORK)
                zone_of_network(model, given, zone, host);
            else
                zone_init(model, given->model, zone, kind == HOME_GROUPS ? "groups" : "ethernet");
        }
        host->zone = model->n_zones - 1;
        host->named |= model->zones[host->zone].n_networks == 0;
    }
    if (model->n_zones == 0) /* a plant file has zones, even one in which nothing happened */
        zone_init(model, given->model, &model->zones[model->n_zones++], "nothing-seen");
    return model->n_zones <= PS_MAX_ZONES;
}

/* ---- assets ---------------------------------------------------------------------------------------------------- */

static void asset_init(struct ps_model *model, const struct ps_model *given, struct ps_asset *asset,
                       const struct host *host)
{
    *asset = (struct ps_asset){.zone = host->zone};
    if (host->mac) {
        asset->has_mac = true;
        for (unsigned i = 0; i < 6; i++)
            asset->mac.b[i] = (uint8_t)(host->addr.lo >> (40 - 8 * i));
        asset->name = mac_name(model, asset->mac);
    } else {
        asset->addresses = ps_model_alloc(model, sizeof(*asset->addresses));
        asset->addresses[0] = host->addr;
        asset->n_addresses = 1;
        asset->name = addr_name(model, prefix_of(host->addr), host->addr);
    }
    asset->name = unused_asset_name(model, given, asset->name);
}

static int compare_assets(const void *a, const void *b)
{
    const struct ps_asset *x = a, *y = b;

    if (x->zone != y->zone)
        return x->zone < y->zone ? -1 : 1;
    /* Given ones stand in front, in their order: src.line is their number until the end of the sort. */
    if (x->src.line != y->src.line)
        return x->src.line < y->src.line ? -1 : 1;
    return 0;
}

/* Given assets, then learned ones, grouped by zone. */
static bool assets_make(struct ps_model *model, const struct ps_model *given, const struct hosts *hosts)
{
    uint32_t n_given = given ? given->n_assets : 0, n = n_given;

    model->assets = ps_model_alloc(model, ((size_t)n_given + hosts->n + 1) * sizeof(*model->assets));
    if (n_given > 0)
        memcpy(model->assets, given->assets, n_given * sizeof(*model->assets));
    for (uint32_t i = 0; i < hosts->n; i++)
        if (hosts->items[i].named)
            asset_init(model, given, &model->assets[n++], &hosts->items[i]);
    for (uint32_t i = 0; i < n; i++)
        model->assets[i].src.line = i;
    if (n > 1)
        qsort(model->assets, n, sizeof(*model->assets), compare_assets);
    for (uint32_t i = 0; i < n; i++)
        model->assets[i].src = (struct ps_src){0};
    model->n_assets = n;
    return n <= PS_MAX_ASSETS;
}

bool ps_learn_zones(struct ps_model *model, const struct ps_model *given, const struct ps_seen_set *seen)
{
    static const struct ps_model nothing;
    struct ps_places places;
    struct hosts hosts = {0};
    bool fits;

    ps_places_init(&places, given ? given : &nothing);
    hosts_collect(&hosts, &places, seen);
    fits = zones_make(model, &places, &hosts);
    fits = assets_make(model, given, &hosts) && fits;
    free(hosts.items);
    ps_places_fini(&places);
    return fits;
}
