/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image_walk.h - asks an image everything that can be asked. What comes back is of no interest; that nothing is read
 * outside the image is (sanitizers watch).
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "match.h"

#define WALK_MOST 64u /* things of a kind that are asked */

static uint64_t walk_sum; /* so that no read is left out */

static inline void walk_text(const char *text)
{
    walk_sum += strlen(text);
}

static inline void walk_names(const struct ps_image *image)
{
    walk_text(ps_image_site(image));
    walk_sum += ps_image_revision(image) + ps_image_digest(image)[31];
    for (uint32_t i = 0; i < ps_image_n_zones(image); i++)
        walk_text(ps_image_zone_name(image, i));
    for (uint32_t i = 0; i < ps_image_n_assets(image); i++) {
        walk_text(ps_image_asset_name(image, i));
        walk_text(ps_image_zone_name(image, ps_image_asset_zone(image, i)));
    }
    for (uint32_t i = 0; i < ps_image_n_conduits(image); i++) {
        walk_text(ps_image_conduit_name(image, i));
        walk_text(ps_image_conduit_file(image, i));
        walk_text(ps_image_zone_name(image, ps_image_conduit_from(image, i)));
        walk_text(ps_image_zone_name(image, ps_image_conduit_to(image, i)));
        walk_sum +=
            ps_image_conduit_line(image, i) + ps_image_conduit_mode(image, i) + ps_image_conduit_on_deny(image, i);
        walk_sum += ps_image_conduit_first_rule(image, i) + ps_image_conduit_n_rules(image, i);
    }
    walk_sum += ps_image_zone_by_name(image, "ctl") + ps_image_asset_by_name(image, "none such");
}

static inline void walk_octets(const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        walk_sum += ((const uint8_t *)data)[i];
}

static inline void walk_rules(const struct ps_image *image)
{
    for (uint32_t i = 0; i < ps_image_n_rules(image); i++) {
        struct ps_rule_view v;
        ps_image_rule_view(image, i, &v);
        walk_text(ps_image_rule_name(image, i));
        walk_text(ps_image_rule_file(image, i));
        walk_text(ps_image_conduit_name(image, ps_image_rule_conduit(image, i)));
        walk_sum += ps_image_rule_line(image, i) + ps_image_rule_protocol(image, i);
        walk_octets(v.functions, PS_FUNCTIONS_MAX / 8);
        for (uint32_t k = 0; k < v.n_clients; k++)
            walk_text(ps_image_asset_name(image, v.clients[k]));
        for (uint32_t k = 0; k < v.n_servers; k++)
            walk_text(ps_image_asset_name(image, v.servers[k]));
        walk_octets(v.ports, v.n_ports * sizeof *v.ports);
        walk_octets(v.codes, v.n_codes * sizeof *v.codes);
        walk_octets(v.stations, v.n_stations * sizeof *v.stations);
        walk_octets(v.objects, v.n_objects * sizeof *v.objects);
        walk_octets(v.values, v.n_values * sizeof *v.values);
        walk_octets(v.choices, v.n_choices * sizeof *v.choices);
        walk_octets(v.params, v.n_params * sizeof *v.params);
    }
}

/* Facts that lie inside and just outside of what a rule lists. */
static inline void walk_facts(const struct ps_image *image, const struct ps_path *path, const struct ps_ends *ends)
{
    static const uint8_t octets[] = {0, 1, 2, 3, 0xff, 0xff, 0, 0};
    for (uint32_t i = 0; i < ps_image_n_rules(image) && i < WALK_MOST; i++) {
        struct ps_rule_view v;
        ps_image_rule_view(image, i, &v);
        struct ps_fact fact = {.op = (uint8_t)(i % (PS_N_OPS + 1)), .protocol = v.protocol, .function = (uint16_t)(i * 7)};
        fact.station = v.n_stations > 0 ? v.stations[v.n_stations - 1].last : i;
        if (v.n_objects > 0) {
            fact.space = v.objects[v.n_objects - 1].space;
            fact.first = fact.last = v.objects[0].first;
        }
        if (v.n_choices > 0)
            fact.choice = (uint16_t)v.choices[v.n_choices - 1].last;
        if (v.n_params > 0) {
            fact.n_params = PS_PARAMS_MAX;
            fact.params[v.params[v.n_params - 1].space - 1] = v.params[v.n_params - 1].first;
        }
        fact.values = (struct ps_values){.data = octets, .n = 1, .kind = (uint8_t)(i % (PS_VALUE_UNKNOWN + 1))};
        uint32_t rule;
        for (unsigned op = 0; op < PS_N_OPS; op++) {
            fact.op = (uint8_t)op;
            fact.function = (uint16_t)(fact.function + 1);
            walk_sum += ps_match_fact(image, path, &fact, &rule);
            walk_text(ps_image_rule_name(image, rule));
            walk_sum += ps_match_explain(image, path, op % 2 ? ends : NULL, i, op % 3 ? &fact : NULL);
        }
    }
}

static inline void walk_flow(const struct ps_image *image, struct ps_addr client, struct ps_addr server)
{
    static const uint8_t protocols[] = {6, 17, 1, 58, 47, 0};
    static const uint16_t ports[] = {502, 80, 123, 8, 0, 65535};
    for (size_t i = 0; i < sizeof protocols * 6; i++) {
        struct ps_ends ends = {client, server, protocols[i / 6], ports[i % 6]};
        struct ps_path path;
        walk_sum += ps_match_path(image, &ends, &path);
        walk_text(ps_image_conduit_name(image, path.conduit));
        for (unsigned k = 0; k < path.n_rules; k++)
            walk_text(ps_image_rule_name(image, path.rules[k]));
        ps_match_prefetch(image, &path);
        if (path.granted)
            walk_facts(image, &path, &ends);
        walk_sum += ps_match_vlan(image, path.client_zone, path.server_zone, 20);
    }
}

static inline struct ps_addr walk_next(struct ps_addr addr)
{
    addr.lo++;
    return addr;
}

static inline void walk_addresses(const struct ps_image *image)
{
    uint32_t n = ps_image_n_assets(image);
    struct ps_addr client = ps_addr_from_v4(0), server;
    for (uint32_t i = 0; i < n * 4 && i < WALK_MOST; i++) {
        uint32_t a = i % n, b = (i / 4) % n;
        struct ps_mac mac = {{(uint8_t)i, 0, 0, 0, 1, 0x10}};
        struct ps_path path;
        if (ps_image_asset_n_addresses(image, a) == 0 || ps_image_asset_n_addresses(image, b) == 0)
            continue;
        client = ps_image_asset_address(image, a, ps_image_asset_n_addresses(image, a) - 1);
        server = ps_image_asset_address(image, b, 0);
        walk_flow(image, client, server);
        walk_flow(image, walk_next(client), walk_next(server));
        walk_sum += ps_match_neighbour(image, client, mac, server, &path);
        walk_sum += ps_match_frame(image, mac, mac, 0x8892, &path);
        walk_sum += ps_match_mac(image, a, mac);
    }
    walk_flow(image, (struct ps_addr){0, 0}, (struct ps_addr){UINT64_MAX, UINT64_MAX});
}

static inline void walk_image(const struct ps_image *image)
{
    walk_names(image);
    walk_rules(image);
    walk_addresses(image);
    for (uint32_t g = 0; g <= ps_image_n_gateways(image) && g < WALK_MOST; g++)
        for (uint32_t port = 0; port < 4; port++)
            for (uint32_t zone = 0; zone < ps_image_n_zones(image) && zone < WALK_MOST; zone++)
                walk_sum += ps_match_port(image, g, port, zone);
}
