/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

/* What `zones`, `assets`, ... may hold, and everything that is counted in 32 bits. */
static void check_limit(const struct ps_build *build, const char *what, uint64_t n, uint64_t limit)
{
    static const struct ps_src top = {.file = 0, .line = 1};

    if (n > limit)
        ps_build_error(build, top, NULL, "the plant has %llu %s; %llu are the limit, split it", (unsigned long long)n,
                       what, (unsigned long long)limit);
}

/* Ranges that are counted in 16 bits. Merged they may be fewer; nobody writes that many. */
static void check_ranges(const struct ps_build *build, const struct ps_rule *rule)
{
    uint32_t n = rule->n_choices > rule->n_params ? rule->n_choices : rule->n_params;

    if (n > PS_RULE_RANGES_MAX)
        ps_build_rule_error(build, rule, "rule \"%s\" has a list of %u ranges; %u are the limit, split the rule",
                            rule->name, n, (unsigned)PS_RULE_RANGES_MAX);
}

static void check_limits(const struct ps_build *build)
{
    const struct ps_model *model = build->model;
    uint64_t n_addresses = 0, n_ids = 0;

    for (uint32_t i = 0; i < model->n_assets; i++)
        n_addresses += model->assets[i].n_addresses;
    for (uint32_t i = 0; i < model->n_zones; i++)
        n_addresses += model->zones[i].n_networks;
    for (uint32_t i = 0; i < model->n_rules; i++)
        n_ids += (uint64_t)model->rules[i].n_clients + model->rules[i].n_servers;
    for (uint32_t i = 0; i < model->n_rules; i++)
        check_ranges(build, &model->rules[i]);
    check_limit(build, "zones", model->n_zones, PS_MAX_ZONES);
    check_limit(build, "assets", model->n_assets, PS_MAX_ASSETS);
    check_limit(build, "conduits", model->n_conduits, PS_MAX_CONDUITS);
    check_limit(build, "rules", model->n_rules, PS_MAX_RULES);
    check_limit(build, "addresses", n_addresses, PS_MAX_ADDRESSES);
    check_limit(build, "clients and servers of rules", n_ids, PS_MAX_IDS);
}

/* The same plant gives the same image in whichever folder it is compiled. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void build_names(struct ps_build *build)
{
    const struct ps_model *model = build->model;

    (void)ps_build_string(build, model->site); /* the first string */
    build->files = ps_build_calloc(model->n_files, sizeof *build->files);
    for (uint32_t i = 0; i < model->n_files; i++) {
        const char *name = base_name(model->files[i]);
        size_t len = strlen(name) + 1;
        build->files[i] = ps_build_n(build, PS_SECTION_FILES);
        memcpy(ps_build_add(build, PS_SECTION_FILES, len), name, len);
    }
    if (model->n_files == 0)
        (void)ps_build_add(build, PS_SECTION_FILES, 1);
}

static void build_zones(struct ps_build *build)
{
    const struct ps_model *model = build->model;

    for (uint32_t i = 0; i < model->n_zones; i++) {
        const struct ps_zone *zone = &model->zones[i];
        struct ps_image_zone out = {.name = ps_build_string(build, zone->name), .intra_allow = zone->intra_allow};
        uint32_t *vlans = ps_build_calloc(zone->n_vlans, sizeof *vlans);
        for (uint32_t k = 0; k < zone->n_vlans; k++)
            vlans[k] = zone->vlans[k];
        out.first_vlan = ps_build_n(build, PS_SECTION_VLANS);
        out.n_vlans = ps_merge_ids(vlans, zone->n_vlans);
        if (out.n_vlans > 0)
            memcpy(ps_build_add(build, PS_SECTION_VLANS, out.n_vlans), vlans, out.n_vlans * sizeof *vlans);
        free(vlans);
        *(struct ps_image_zone *)ps_build_add(build, PS_SECTION_ZONES, 1) = out;
    }
}

static void build_assets(struct ps_build *build)
{
    const struct ps_model *model = build->model;

    for (uint32_t i = 0; i < model->n_assets; i++) {
        const struct ps_asset *asset = &model->assets[i];
        struct ps_image_asset out = {
            .name = ps_build_string(build, asset->name),
            .zone = asset->zone,
            .first_address = ps_build_n(build, PS_SECTION_ADDRESSES),
            .n_addresses = asset->n_addresses,
            .mac = asset->has_mac ? ps_mac_number(asset->mac) : 0,
        };
        memcpy(out.relax, asset->relax, sizeof asset->relax);
        if (asset->n_addresses > 0)
            memcpy(ps_build_add(build, PS_SECTION_ADDRESSES, asset->n_addresses), asset->addresses,
                   asset->n_addresses * sizeof asset->addresses[0]);
        *(struct ps_image_asset *)ps_build_add(build, PS_SECTION_ASSETS, 1) = out;
    }
}

static void check(struct ps_build *build)
{
    check_limits(build);
    ps_build_addresses(build);
    ps_build_pairs(build);
    ps_check_ambiguous(build);
    ps_check_never(build);
}

uint8_t *ps_compile(const struct ps_model *model, struct ps_diags *diags, size_t *len)
{
    struct ps_build build;
    size_t n_errors = diags->n_errors;
    uint8_t *image = NULL;

    *len = 0;
    ps_build_init(&build, model, diags);
    check(&build);
    if (diags->n_errors == n_errors) {
        build_names(&build);
        build_zones(&build);
        build_assets(&build);
        ps_build_conduits(&build);
        ps_build_rules(&build);
        ps_build_gateways(&build);
        image = ps_build_layout(&build, len);
    }
    ps_build_fini(&build);
    return image;
}

void ps_compile_addresses(const struct ps_model *model, struct ps_diags *diags)
{
    struct ps_build build;

    ps_build_init(&build, model, diags);
    ps_build_addresses(&build);
    ps_build_fini(&build);
}
