/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include "base/txt.h"

#include "image_layout.h"

static const char *text_at(const struct ps_image *image, uint32_t at)
{
    return ps_image_at_STRINGS(image) + at;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

const char *ps_image_site(const struct ps_image *image)
{
    return text_at(image, image->header->site);
}

uint32_t ps_image_revision(const struct ps_image *image)
{
    return image->header->revision;
}

const uint8_t *ps_image_digest(const struct ps_image *image)
{
    return image->header->digest;
}

uint32_t ps_image_n_zones(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_ZONES);
}

uint32_t ps_image_n_assets(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_ASSETS);
}

uint32_t ps_image_n_conduits(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_CONDUITS);
}

uint32_t ps_image_n_rules(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_RULES);
}

uint32_t ps_image_n_gateways(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_GATEWAYS);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

const char *ps_image_zone_name(const struct ps_image *image, uint32_t zone)
{
    return zone == PS_NONE ? "-" : text_at(image, ps_image_at_ZONES(image)[zone].name);
}

const char *ps_image_asset_name(const struct ps_image *image, uint32_t asset)
{
    return asset == PS_NONE ? "-" : text_at(image, ps_image_at_ASSETS(image)[asset].name);
}

const char *ps_image_conduit_name(const struct ps_image *image, uint32_t conduit)
{
    return conduit == PS_NONE ? "-" : text_at(image, ps_image_at_CONDUITS(image)[conduit].name);
}

const char *ps_image_rule_name(const struct ps_image *image, uint32_t rule)
{
    return rule == PS_NONE ? "-" : text_at(image, ps_image_at_REACHES(image)[rule].name);
}

uint32_t ps_image_zone_by_name(const struct ps_image *image, const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_zones(image); i++)
        if (ps_str_equal(ps_str_from(name), ps_image_zone_name(image, i)))
            return i;
    return PS_NONE;
}

uint32_t ps_image_asset_by_name(const struct ps_image *image, const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_assets(image); i++)
        if (ps_str_equal(ps_str_from(name), ps_image_asset_name(image, i)))
            return i;
    return PS_NONE;
}

uint32_t ps_image_conduit_by_name(const struct ps_image *image, const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_conduits(image); i++)
        if (ps_str_equal(ps_str_from(name), ps_image_conduit_name(image, i)))
            return i;
    return PS_NONE;
}

uint32_t ps_image_gateway_by_name(const struct ps_image *image, const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_gateways(image); i++)
        if (ps_str_equal(ps_str_from(name), ps_image_at_STRINGS(image) + ps_image_at_GATEWAYS(image)[i].name))
            return i;
    return PS_NONE;
}

const char *ps_image_gateway_name(const struct ps_image *image, uint32_t gateway)
{
    return ps_image_at_STRINGS(image) + ps_image_at_GATEWAYS(image)[gateway].name;
}

uint32_t ps_image_gateway_n_ports(const struct ps_image *image, uint32_t gateway)
{
    return ps_image_at_GATEWAYS(image)[gateway].n_ports;
}

const char *ps_image_gateway_port_name(const struct ps_image *image, uint32_t gateway, uint32_t port)
{
    return ps_image_at_STRINGS(image) + ps_image_at_PORTS(image)[ps_image_at_GATEWAYS(image)[gateway].first_port + port].name;
}

uint32_t ps_image_gateway_port_by_name(const struct ps_image *image, uint32_t gateway, const char *name)
{
    const struct ps_image_gateway *g = &ps_image_at_GATEWAYS(image)[gateway];

    for (uint32_t i = 0; i < g->n_ports; i++)
        if (ps_str_equal(ps_str_from(name),
                         ps_image_at_STRINGS(image) + ps_image_at_PORTS(image)[g->first_port + i].name))
            return i;
    return PS_NONE;
}

/* ---- assets ---------------------------------------------------------------------------------------------------- */

uint32_t ps_image_asset_zone(const struct ps_image *image, uint32_t asset)
{
    return ps_image_at_ASSETS(image)[asset].zone;
}

uint32_t ps_image_asset_n_addresses(const struct ps_image *image, uint32_t asset)
{
    return ps_image_at_ASSETS(image)[asset].n_addresses;
}

struct ps_addr ps_image_asset_address(const struct ps_image *image, uint32_t asset, uint32_t i)
{
    return ps_image_at_ADDRESSES(image)[ps_image_at_ASSETS(image)[asset].first_address + i];
}

const struct ps_addr *ps_image_asset_addresses(const struct ps_image *image, uint32_t asset)
{
    return ps_image_at_ADDRESSES(image) + ps_image_at_ASSETS(image)[asset].first_address;
}

bool ps_image_asset_mac(const struct ps_image *image, uint32_t asset, struct ps_mac *mac)
{
    uint64_t number = ps_image_at_ASSETS(image)[asset].mac;
    for (unsigned i = 0; i < 6; i++)
        mac->b[i] = (uint8_t)(number >> 8 * (5 - i));
    return number != 0;
}

const uint32_t *ps_image_zone_vlans(const struct ps_image *image, uint32_t zone, uint32_t *n)
{
    const struct ps_image_zone *z = &ps_image_at_ZONES(image)[zone];
    *n = z->n_vlans;
    return ps_image_at_VLANS(image) + z->first_vlan;
}

uint32_t ps_image_n_intervals(const struct ps_image *image)
{
    return ps_image_n(image, PS_SECTION_STARTS);
}

struct ps_interval ps_image_interval(const struct ps_image *image, uint32_t i)
{
    const struct ps_addr *starts = ps_image_at_STARTS(image);
    const struct ps_image_owner *owner = &ps_image_at_OWNERS(image)[i];
    struct ps_interval out = {.first = starts[i], .last = {UINT64_MAX, UINT64_MAX}, .asset = owner->asset,
                              .zone = owner->zone};
    if (i + 1 < ps_image_n(image, PS_SECTION_STARTS)) {
        out.last = starts[i + 1];
        out.last.hi -= out.last.lo == 0;
        out.last.lo--;
    }
    return out;
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

uint32_t ps_image_conduit_from(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].from;
}

uint32_t ps_image_conduit_to(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].to;
}

uint8_t ps_image_conduit_mode(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].mode;
}

uint8_t ps_image_conduit_on_deny(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].on_deny;
}

uint8_t ps_image_conduit_on_failure(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].on_failure;
}

uint8_t ps_image_conduit_midstream(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].midstream;
}

uint8_t ps_image_conduit_fragments(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].fragments;
}

uint8_t ps_image_conduit_fallback(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].fallback;
}

uint32_t ps_image_conduit_max_half_open(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].max_half_open;
}

uint32_t ps_image_conduit_max_new_flows(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].max_new_flows;
}

uint32_t ps_image_conduit_first_rule(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].first_rule;
}

uint32_t ps_image_conduit_n_rules(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_CONDUITS(image)[conduit].n_rules;
}

const char *ps_image_conduit_file(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_FILES(image) + ps_image_at_SOURCES(image)[conduit].file;
}

uint32_t ps_image_conduit_line(const struct ps_image *image, uint32_t conduit)
{
    return ps_image_at_SOURCES(image)[conduit].line;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

uint32_t ps_image_rule_conduit(const struct ps_image *image, uint32_t rule)
{
    return ps_image_at_REACHES(image)[rule].conduit;
}

uint8_t ps_image_rule_protocol(const struct ps_image *image, uint32_t rule)
{
    return ps_image_at_RULES(image)[rule].protocol;
}

const char *ps_image_rule_file(const struct ps_image *image, uint32_t rule)
{
    return ps_image_at_FILES(image) + ps_image_at_SOURCES(image)[ps_image_n_conduits(image) + rule].file;
}

uint32_t ps_image_rule_line(const struct ps_image *image, uint32_t rule)
{
    return ps_image_at_SOURCES(image)[ps_image_n_conduits(image) + rule].line;
}

void ps_image_rule_view(const struct ps_image *image, uint32_t rule, struct ps_rule_view *view)
{
    const struct ps_image_rule *r = &ps_image_at_RULES(image)[rule];
    const struct ps_image_reach *reach = &ps_image_at_REACHES(image)[rule];
    *view = (struct ps_rule_view){
        .protocol = r->protocol,
        .udp = r->flags & PS_RULE_UDP,
        .ops = r->flags & PS_RULE_OPS ? r->ops : 0,
        .has_functions = r->flags & PS_RULE_FUNCTIONS,
        .functions = r->functions,
        .clients = ps_image_at_IDS(image) + reach->first_client,
        .servers = ps_image_at_IDS(image) + reach->first_server,
        .ports = ps_image_at_SPANS(image) + reach->first_port,
        .codes = ps_image_at_SPANS(image) + reach->first_code,
        .stations = ps_image_stations(image, r),
        .objects = ps_image_objects(image, r),
        .values = ps_image_values(image, r),
        .choices = ps_image_choices(image, r),
        .params = ps_image_params(image, r),
        .n_clients = reach->n_clients,
        .n_servers = reach->n_servers,
        .n_ports = reach->n_ports,
        .n_codes = reach->n_codes,
        .n_stations = r->n_stations,
        .n_objects = r->n_objects,
        .n_values = r->n_values,
        .n_choices = r->n_choices,
        .n_params = r->n_params,
        .has_choices = r->flags & PS_RULE_CHOICES,
        .keys = r->keys,
        .max_quantity = r->max_quantity,
        .timeout_ms = reach->timeout_ms,
        .max_outstanding = reach->max_outstanding,
    };
}
