/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * addresses.c - who owns which address: all of them as disjoint intervals. An address belongs to one asset, and to one
 * zone.
 */
#include <stdlib.h>

#include "addr_text.h"
#include "build.h"

/* A network of a zone, or an address of an asset. */
struct item {
    struct ps_addr first, last;
    uint32_t zone;
    uint32_t asset; /* PS_NONE: a network */
    struct ps_src src;
};

struct items {
    struct item *items;
    uint32_t n;
};

static const struct ps_addr highest = {UINT64_MAX, UINT64_MAX};

static struct ps_addr next(struct ps_addr addr)
{
    addr.lo++;
    addr.hi += addr.lo == 0;
    return addr;
}

/* ---- collecting ------------------------------------------------------------------------------------------------ */

static void collect(const struct ps_model *model, struct items *items)
{
    size_t n = 0;

    for (uint32_t i = 0; i < model->n_zones; i++)
        n += model->zones[i].n_networks;
    for (uint32_t i = 0; i < model->n_assets; i++)
        n += model->assets[i].n_addresses;
    *items = (struct items){.items = ps_build_calloc(n, sizeof *items->items)};
    for (uint32_t i = 0; i < model->n_zones; i++)
        for (uint32_t k = 0; k < model->zones[i].n_networks; k++) {
            const struct ps_net *net = &model->zones[i].networks[k];
            items->items[items->n++] = (struct item){net->first, net->last, i, PS_NONE, net->src};
        }
    for (uint32_t i = 0; i < model->n_assets; i++) {
        const struct ps_asset *asset = &model->assets[i];
        for (uint32_t k = 0; k < asset->n_addresses; k++)
            items->items[items->n++] =
                (struct item){asset->addresses[k], asset->addresses[k], asset->zone, i, asset->src};
    }
}

/* By first address; networks before assets, wide ones first. */
static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = ps_addr_compare(x->first, y->first);

    if (order == 0)
        order = (x->asset != PS_NONE) - (y->asset != PS_NONE);
    if (order == 0)
        order = ps_addr_compare(y->last, x->last);
    if (order == 0)
        order = (x->zone > y->zone) - (x->zone < y->zone);
    return order != 0 ? order : (x->asset > y->asset) - (x->asset < y->asset);
}

/* ---- overlaps -------------------------------------------------------------------------------------------------- */

static void format(const struct item *item, char *buf, size_t size)
{
    ps_net_format(item->first, item->last, buf, size);
}

static void report_network(const struct ps_build *build, const struct item *item, const struct item *other)
{
    const struct ps_zone *zones = build->model->zones;
    char text[2 * PS_ADDR_TEXT_MAX], other_text[2 * PS_ADDR_TEXT_MAX];

    format(item, text, sizeof text);
    format(other, other_text, sizeof other_text);
    if (item->asset == PS_NONE)
        ps_build_error(
            build, item->src, zones[item->zone].name,
            "network %s of zone \"%s\" overlaps network %s of zone \"%s\" (%s:%u); an address belongs to one "
            "zone, narrow one of them",
            text, zones[item->zone].name, other_text, zones[other->zone].name, ps_build_file(build, other->src),
            other->src.line);
    else
        ps_build_error(build, item->src, build->model->assets[item->asset].name,
                       "asset \"%s\" of zone \"%s\" has the address %s in network %s of zone \"%s\" (%s:%u); move the "
                       "asset there, or narrow the network",
                       build->model->assets[item->asset].name, zones[item->zone].name, text, other_text,
                       zones[other->zone].name, ps_build_file(build, other->src), other->src.line);
}

static void report_asset(const struct ps_build *build, const struct item *item, const struct item *other)
{
    const struct ps_asset *assets = build->model->assets;
    char text[2 * PS_ADDR_TEXT_MAX];

    format(item, text, sizeof text);
    ps_build_error(build, item->src, assets[item->asset].name,
                   "asset \"%s\" has the address %s that asset \"%s\" has already (%s:%u); an address belongs to one "
                   "asset, remove it from one of them",
                   assets[item->asset].name, text, assets[other->asset].name, ps_build_file(build, other->src),
                   other->src.line);
}

/* Of the networks seen so far: the one that reaches highest, and the highest one of any other zone. */
struct tops {
    const struct item *best, *other;
};

static void tops_add(struct tops *tops, const struct item *item)
{
    if (!tops->best || ps_addr_compare(item->last, tops->best->last) > 0) {
        if (tops->best && tops->best->zone != item->zone)
            tops->other = tops->best;
        tops->best = item;
    } else if (item->zone != tops->best->zone && (!tops->other || ps_addr_compare(item->last, tops->other->last) > 0)) {
        tops->other = item;
    }
}

/* An earlier network of another zone that reaches into item, or NULL. */
static const struct item *tops_hit(const struct tops *tops, const struct item *item)
{
    const struct item *top = tops->best && tops->best->zone == item->zone ? tops->other : tops->best;

    return top && ps_addr_compare(top->last, item->first) >= 0 ? top : NULL;
}

static void check_overlaps(const struct ps_build *build, const struct items *items)
{
    struct tops tops = {0};
    const struct item *asset = NULL; /* the first one with the latest address */

    for (uint32_t i = 0; i < items->n; i++) {
        const struct item *item = &items->items[i];
        const struct item *hit = tops_hit(&tops, item);
        if (hit)
            report_network(build, item, hit);
        if (item->asset == PS_NONE)
            tops_add(&tops, item);
        else if (!asset || !ps_addr_equal(asset->first, item->first))
            asset = item;
        else if (asset->asset != item->asset)
            report_asset(build, item, asset);
    }
}

/* ---- intervals ------------------------------------------------------------------------------------------------- */

static void drop_last(struct ps_build *build)
{
    build->sections[PS_SECTION_STARTS].len -= sizeof(struct ps_addr);
    build->sections[PS_SECTION_OWNERS].len -= sizeof(struct ps_image_owner);
}

/* From start on, asset and zone own the addresses. A later word about the same start counts. */
static void own(struct ps_build *build, struct ps_addr start, uint32_t asset, uint32_t zone)
{
    uint32_t n = ps_build_n(build, PS_SECTION_STARTS);
    const struct ps_addr *starts = ps_build_at(build, PS_SECTION_STARTS);
    const struct ps_image_owner *owners = ps_build_at(build, PS_SECTION_OWNERS);

    if (n > 0 && ps_addr_equal(starts[n - 1], start)) {
        drop_last(build);
        n--;
    }
    if (n > 0 && owners[n - 1].asset == asset && owners[n - 1].zone == zone)
        return;
    *(struct ps_addr *)ps_build_add(build, PS_SECTION_STARTS, 1) = start;
    *(struct ps_image_owner *)ps_build_add(build, PS_SECTION_OWNERS, 1) = (struct ps_image_owner){asset, zone};
}

/* What follows last belongs to asset PS_NONE of zone, if anything follows. */
static void own_behind(struct ps_build *build, struct ps_addr last, uint32_t zone)
{
    if (!ps_addr_equal(last, highest))
        own(build, next(last), PS_NONE, zone);
}

static void write_intervals(struct ps_build *build, const struct items *items)
{
    const struct item *net = NULL; /* the network that reaches highest, and covers where we are */

    own(build, (struct ps_addr){0, 0}, PS_NONE, PS_NONE);
    for (uint32_t i = 0; i < items->n; i++) {
        const struct item *item = &items->items[i];
        if (net && ps_addr_compare(net->last, item->first) < 0) {
            own_behind(build, net->last, PS_NONE);
            net = NULL;
        }
        if (item->asset != PS_NONE) {
            own(build, item->first, item->asset, item->zone);
            bool is_covered = net && !ps_addr_equal(net->last, item->last);
            own_behind(build, item->last, is_covered ? net->zone : PS_NONE);
            continue;
        }
        if (!net)
            own(build, item->first, PS_NONE, item->zone);
        if (!net || ps_addr_compare(item->last, net->last) > 0)
            net = item;
    }
    if (net)
        own_behind(build, net->last, PS_NONE);
}

/* ---- MACs ------------------------------------------------------------------------------------------------------ */

static int compare_macs(const void *a, const void *b)
{
    const struct ps_image_mac *x = a, *y = b;

    if (x->mac != y->mac)
        return x->mac < y->mac ? -1 : 1;
    return (x->asset > y->asset) - (x->asset < y->asset);
}

static void report_mac(const struct ps_build *build, uint32_t asset, uint32_t other)
{
    const struct ps_asset *assets = build->model->assets;
    char text[PS_MAC_TEXT_MAX];

    ps_mac_format(assets[asset].mac, text);
    ps_build_error(build, assets[asset].src, assets[asset].name,
                   "asset \"%s\" has the MAC %s that asset \"%s\" has already (%s:%u); write one asset with all its "
                   "addresses, or leave `mac` out of one of them",
                   assets[asset].name, text, assets[other].name, ps_build_file(build, assets[other].src),
                   assets[other].src.line);
}

static void build_macs(struct ps_build *build)
{
    const struct ps_model *model = build->model;

    for (uint32_t i = 0; i < model->n_assets; i++)
        if (model->assets[i].has_mac)
            *(struct ps_image_mac *)ps_build_add(build, PS_SECTION_MACS, 1) =
                (struct ps_image_mac){.mac = ps_mac_number(model->assets[i].mac), .asset = i};
    struct ps_image_mac *macs = ps_build_at(build, PS_SECTION_MACS);
    uint32_t n = ps_build_n(build, PS_SECTION_MACS), first = 0;
    if (n > 1)
        qsort(macs, n, sizeof *macs, compare_macs);
    for (uint32_t i = 1; i < n; i++) {
        if (macs[i].mac == macs[first].mac)
            report_mac(build, macs[i].asset, macs[first].asset);
        else
            first = i;
    }
}

void ps_build_addresses(struct ps_build *build)
{
    struct items items;
    size_t n_errors = build->diags->n_errors;

    collect(build->model, &items);
    if (items.n > 1)
        qsort(items.items, items.n, sizeof *items.items, compare_items);
    check_overlaps(build, &items);
    if (build->diags->n_errors == n_errors)
        write_intervals(build, &items);
    free(items.items);
    build_macs(build);
}
