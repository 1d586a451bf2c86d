/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * zones.c - zones and their assets.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "addr_text.h"
#include "dissector.h"
#include "vocab.h"

/* ---- assets ---------------------------------------------------------------------------------------------------- */

static int compare_nets(const void *left, const void *right)
{
    const struct ps_net *a = left, *b = right;
    int by_first = ps_addr_compare(a->first, b->first);
    int by_last = ps_addr_compare(a->last, b->last);
    int by_line = a->src.line < b->src.line ? -1 : a->src.line > b->src.line;
    return by_first ? by_first : by_last ? by_last : by_line;
}

/* Says which of the blocks stand twice. */
static void check_twice(struct ps_load *load, const config_setting_t *list, const struct ps_net *nets, uint32_t n)
{
    if (n < 2)
        return;
    struct ps_net *sorted = reallocarray(NULL, n, sizeof *sorted);
    if (!sorted)
        abort();
    memcpy(sorted, nets, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_nets);
    for (uint32_t i = 1; i < n; i++) {
        char text[2 * PS_ADDR_TEXT_MAX];
        if (!ps_addr_equal(sorted[i].first, sorted[i - 1].first) || !ps_addr_equal(sorted[i].last, sorted[i - 1].last))
            continue;
        ps_net_format(sorted[i].first, sorted[i].last, text, sizeof text);
        ps_diag_add(load->diags, PS_SEV_ERROR, NULL, load->source->files[sorted[i].src.file], sorted[i].src.line,
                    load->at, "%s: \"%s\" stands twice; remove one", config_setting_name(list), text);
    }
    free(sorted);
}

static bool read_address(struct ps_load *load, const config_setting_t *setting, struct ps_addr *out)
{
    const char *text = ps_load_text(load, setting);
    if (!text)
        return false;
    if (!ps_addr_parse(text, out)) {
        const char *remedy = strchr(text, '/') ? "blocks go into the zone's networks, an asset has single addresses"
                                               : "write \"10.20.1.10\" or \"fd00:20:1::10\"";
        ps_load_error(load, setting, "\"%s\" is not an address; %s", ps_load_show(load, text), remedy);
        return false;
    }
    if ((out->hi | out->lo) == 0 || (ps_addr_is_v4(*out) && ps_addr_v4(*out) == 0)) {
        ps_load_error(load, setting, "\"%s\" means \"no address\"; write the address of the device", text);
        return false;
    }
    return true;
}

static void read_addresses(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_asset *asset = into;
    unsigned n = ps_load_items(load, setting, "when the asset is known by its mac alone");
    struct ps_net *nets = calloc(n ? n : 1, sizeof *nets);
    if (!nets)
        abort();
    asset->addresses = ps_model_alloc(load->model, n * sizeof *asset->addresses);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(setting, i);
        struct ps_addr addr;
        if (!read_address(load, item, &addr))
            continue;
        nets[asset->n_addresses] = (struct ps_net){.first = addr, .last = addr, .src = ps_load_place(load, item)};
        asset->addresses[asset->n_addresses++] = addr;
    }
    check_twice(load, setting, nets, asset->n_addresses);
    free(nets);
}

/* An asset without addresses may stand for a group of stations that frames are sent to, as PROFINET and GOOSE do. */
static bool may_be_group(const config_setting_t *mac)
{
    return !ps_load_member(config_setting_parent(mac), "addresses");
}

static void read_mac(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_asset *asset = into;
    const char *text = ps_load_text(load, setting);
    if (!text)
        return;
    asset->has_mac = ps_mac_parse(text, &asset->mac);
    if (!asset->has_mac)
        ps_load_error(load, setting, "\"%s\" is not a MAC address; write \"00:1b:1b:aa:00:10\"",
                      ps_load_show(load, text));
    else if (((asset->mac.b[0] & 1) && !may_be_group(setting)) || ps_mac_is_zero(asset->mac))
        ps_load_error(load, setting, "\"%s\" is a group or empty address; write the device's own", text);
}

static void read_role(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_asset *)into)->role = ps_load_copy(load, setting);
}

/* Every relax switch of every protocol; the caller's room for the names is filled. */
static size_t relax_names(const char **names, size_t room)
{
    size_t n = 0;
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);
        for (unsigned i = 0; vocab && i < vocab->n_relaxes && n < room; i++)
            names[n++] = vocab->relaxes[i].name;
    }
    return n;
}

static void add_relax(struct ps_load *load, const config_setting_t *setting, const char *word, struct ps_asset *asset)
{
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);
        for (unsigned i = 0; vocab && i < vocab->n_relaxes; i++) {
            uint32_t *relax = &asset->relax[ps_protocol_carrier(protocol)];
            if (strcmp(vocab->relaxes[i].name, word) != 0)
                continue;
            if (*relax & vocab->relaxes[i].bit)
                ps_load_error(load, setting, "\"%s\" stands twice; remove one", word);
            *relax |= vocab->relaxes[i].bit;
            return;
        }
    }
    const char *names[256];
    size_t n = relax_names(names, sizeof names / sizeof names[0]);
    ps_load_unknown(load, setting, "relax switch", word, PS_WORDS(names, n));
}

static void read_relax(struct ps_load *load, config_setting_t *setting, void *into)
{
    unsigned n = ps_load_items(load, setting, "when the device follows its protocol");
    for (unsigned i = 0; i < n; i++) {
        const char *word = ps_load_text(load, ps_load_elem(setting, i));
        if (word)
            add_relax(load, ps_load_elem(setting, i), word, into);
    }
}

static const struct ps_key asset_keys[] = {
    {"name", NULL, NULL},      {"addresses", read_addresses, NULL}, {"mac", read_mac, NULL},
    {"role", read_role, NULL}, {"relax", read_relax, NULL},
};

static void read_asset(struct ps_load *load, config_setting_t *group, struct ps_asset *asset)
{
    struct ps_model *model = load->model;
    uint32_t index = (uint32_t)(asset - model->assets);
    asset->name = ps_load_name(load, group, "an asset");
    load->at = asset->name;
    if (asset->name) {
        uint32_t first = ps_names_add(&load->assets, asset->name, index);
        if (first != index)
            ps_load_error(load, ps_load_member(group, "name"),
                          "asset \"%s\" is there already, on line %u of %s; rename one", asset->name,
                          model->assets[first].src.line, load->source->files[model->assets[first].src.file]);
    }
    ps_load_group(load, group, PS_KEYS(asset_keys), "an asset", asset);
    if (!ps_load_member(group, "addresses") && !ps_load_member(group, "mac") && !load->partial)
        ps_load_plain_error(load, group, "an asset has neither \"addresses\" nor \"mac\"; add addresses = [\"...\"]");
    load->at = NULL;
}

static void read_assets(struct ps_load *load, config_setting_t *list, uint32_t zone)
{
    struct ps_model *model = load->model;
    if (PS_MAX_ASSETS - model->n_assets == 0) {
        ps_load_error(load, list, "%u assets are the limit; split the plant", PS_MAX_ASSETS);
        return;
    }
    unsigned n = ps_load_groups(load, list, PS_MAX_ASSETS - model->n_assets, "assets");
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        struct ps_asset *asset = &model->assets[model->n_assets++];
        asset->zone = zone;
        asset->src = ps_load_place(load, group);
        read_asset(load, group, asset);
    }
}

/* ---- zones ----------------------------------------------------------------------------------------------------- */

static void read_title(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_zone *)into)->title = ps_load_copy(load, setting);
}

static void read_kind(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *kinds[PS_N_ZONE_KINDS - 1];
    for (unsigned i = 0; i < PS_N_ZONE_KINDS - 1; i++)
        kinds[i] = ps_zone_kind_name(i + 1);
    uint32_t kind = ps_load_choice(load, setting, PS_WORDS(kinds, PS_N_ZONE_KINDS - 1));
    ((struct ps_zone *)into)->kind = kind == PS_NONE ? PS_ZONE_UNSET : (uint8_t)(kind + 1);
}

static void read_sl_t(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_zone *zone = into;
    zone->has_sl_t = ps_load_sl_t(load, setting, zone->sl_t);
}

static void read_intra(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"deny", "allow"};
    ((struct ps_zone *)into)->intra_allow = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
}

static void read_networks(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_zone *zone = into;
    unsigned n = ps_load_items(load, setting, "when every address is an asset's");
    zone->networks = ps_model_alloc(load->model, n * sizeof *zone->networks);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(setting, i);
        const char *text = ps_load_text(load, item);
        struct ps_net net = {.src = ps_load_place(load, item)};
        char why[200];
        if (!text)
            continue;
        if (ps_net_parse(text, &net.first, &net.last, why, sizeof why))
            zone->networks[zone->n_networks++] = net;
        else
            ps_load_error(load, item, "\"%s\": %s", ps_load_show(load, text), why);
    }
    check_twice(load, setting, zone->networks, zone->n_networks);
}

static void read_vlans(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_zone *zone = into;
    uint64_t seen[4096 / 64] = {0};
    unsigned n = ps_load_items(load, setting, "when any VLAN will do");
    zone->vlans = ps_model_alloc(load->model, n * sizeof *zone->vlans);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(setting, i);
        struct ps_range vlan;
        if (!ps_load_range(load, item, (struct ps_range){1, 4094}, &vlan))
            continue;
        if (vlan.first != vlan.last)
            ps_load_error(load, item, "VLANs are listed one by one; write %u, %u, ...", vlan.first, vlan.first + 1);
        else if (seen[vlan.first / 64] >> vlan.first % 64 & 1)
            ps_load_error(load, item, "%u stands twice; remove one", vlan.first);
        else
            zone->vlans[zone->n_vlans++] = (uint16_t)vlan.first;
        seen[vlan.first / 64] |= UINT64_C(1) << vlan.first % 64;
    }
}

static const struct ps_key zone_keys[] = {
    {"name", NULL, NULL},        {"title", read_title, NULL}, {"kind", read_kind, NULL},
    {"sl_t", read_sl_t, NULL},   {"intra", read_intra, NULL}, {"networks", read_networks, NULL},
    {"vlans", read_vlans, NULL}, {"assets", NULL, NULL},
};

static void read_zone(struct ps_load *load, config_setting_t *group, struct ps_zone *zone)
{
    struct ps_model *model = load->model;
    uint32_t index = (uint32_t)(zone - model->zones);
    zone->name = ps_load_name(load, group, "a zone");
    zone->src = ps_load_place(load, group);
    load->at = zone->name;
    if (zone->name) {
        uint32_t first = ps_names_add(&load->zones, zone->name, index);
        if (first != index)
            ps_load_error(load, ps_load_member(group, "name"),
                          "zone \"%s\" is there already, on line %u of %s; rename one", zone->name,
                          model->zones[first].src.line, load->source->files[model->zones[first].src.file]);
    }
    ps_load_group(load, group, PS_KEYS(zone_keys), "a zone", zone);
    config_setting_t *assets = ps_load_member(group, "assets");
    if (assets)
        read_assets(load, assets, index);
    load->at = NULL;
}

static size_t count_assets(const config_setting_t *list, unsigned n_zones)
{
    size_t n = 0;
    for (unsigned i = 0; i < n_zones; i++) {
        const config_setting_t *assets = ps_load_member(ps_load_elem(list, i), "assets");
        n += assets && config_setting_is_aggregate(assets) ? (size_t)config_setting_length(assets) : 0;
    }
    return n < PS_MAX_ASSETS ? n : PS_MAX_ASSETS;
}

void ps_load_zones(struct ps_load *load, config_setting_t *list)
{
    struct ps_model *model = load->model;
    unsigned n = ps_load_groups(load, list, PS_MAX_ZONES, "a zone");
    size_t n_assets = count_assets(list, n);
    model->zones = ps_model_alloc(model, n * sizeof *model->zones);
    model->assets = ps_model_alloc(model, n_assets * sizeof *model->assets);
    load->seen = ps_model_alloc(model, n_assets * sizeof *load->seen);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (config_setting_is_group(group))
            read_zone(load, group, &model->zones[model->n_zones++]);
    }
}
