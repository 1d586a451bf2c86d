/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image.h - the compiled policy: flat, offsets only, checked once when loaded, then read only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/range.h"
#include "base/terms.h"

struct ps_image_header;

/* An image that ps_image_open() has checked. Borrowed memory. */
struct ps_image {
    const uint8_t *data;
    uint64_t len;
    const struct ps_image_header *header;
};

/* Checks magic, version, checksum, every offset, every index and every order that match relies on. NULL and *image on
 * success, else a sentence. data must be 64-aligned and stay as long as the image is used. */
const char *ps_image_open(const void *data, uint64_t len, struct ps_image *image);

/* ---- what is in it --------------------------------------------------------------------------------------------- */

const char *ps_image_site(const struct ps_image *image);
uint32_t ps_image_revision(const struct ps_image *image);
const uint8_t *ps_image_digest(const struct ps_image *image); /* 32 octets */
uint32_t ps_image_n_zones(const struct ps_image *image);
uint32_t ps_image_n_assets(const struct ps_image *image);
uint32_t ps_image_n_conduits(const struct ps_image *image);
uint32_t ps_image_n_rules(const struct ps_image *image);
uint32_t ps_image_n_gateways(const struct ps_image *image);

/* Names; "-" for PS_NONE, never NULL. */
const char *ps_image_zone_name(const struct ps_image *image, uint32_t zone);
const char *ps_image_asset_name(const struct ps_image *image, uint32_t asset);
const char *ps_image_conduit_name(const struct ps_image *image, uint32_t conduit);
const char *ps_image_rule_name(const struct ps_image *image, uint32_t rule);

/* By name; PS_NONE when there is none. Linear: for tools. */
uint32_t ps_image_zone_by_name(const struct ps_image *image, const char *name);
uint32_t ps_image_asset_by_name(const struct ps_image *image, const char *name);
uint32_t ps_image_conduit_by_name(const struct ps_image *image, const char *name);
uint32_t ps_image_gateway_by_name(const struct ps_image *image, const char *name);
uint32_t ps_image_gateway_port_by_name(const struct ps_image *image, uint32_t gateway, const char *name);

/* Gateway facts. */
const char *ps_image_gateway_name(const struct ps_image *image, uint32_t gateway);
uint32_t ps_image_gateway_n_ports(const struct ps_image *image, uint32_t gateway);
const char *ps_image_gateway_port_name(const struct ps_image *image, uint32_t gateway, uint32_t port);

/* Asset facts. Address i < n. */
uint32_t ps_image_asset_zone(const struct ps_image *image, uint32_t asset);
uint32_t ps_image_asset_n_addresses(const struct ps_image *image, uint32_t asset);
struct ps_addr ps_image_asset_address(const struct ps_image *image, uint32_t asset, uint32_t i);
const struct ps_addr *ps_image_asset_addresses(const struct ps_image *image, uint32_t asset);
bool ps_image_asset_mac(const struct ps_image *image, uint32_t asset, struct ps_mac *mac); /* false: it has none */

/* VLAN ids that a zone lists, ascending; none: any. */
const uint32_t *ps_image_zone_vlans(const struct ps_image *image, uint32_t zone, uint32_t *n);

/* Whose addresses are: intervals i < n, ascending, one behind the other, from the first address to the last. */
struct ps_interval {
    struct ps_addr first, last;
    uint32_t asset; /* PS_NONE: no asset's */
    uint32_t zone;  /* PS_NONE: nobody's */
};
uint32_t ps_image_n_intervals(const struct ps_image *image);
struct ps_interval ps_image_interval(const struct ps_image *image, uint32_t i);

/* Conduit facts. */
uint32_t ps_image_conduit_from(const struct ps_image *image, uint32_t conduit);
uint32_t ps_image_conduit_to(const struct ps_image *image, uint32_t conduit);
uint8_t ps_image_conduit_mode(const struct ps_image *image, uint32_t conduit);
uint8_t ps_image_conduit_on_deny(const struct ps_image *image, uint32_t conduit);
uint8_t ps_image_conduit_on_failure(const struct ps_image *image, uint32_t conduit); /* enum ps_on_failure of the model */
uint8_t ps_image_conduit_midstream(const struct ps_image *image, uint32_t conduit); /* enum ps_midstream */
uint8_t ps_image_conduit_fragments(const struct ps_image *image, uint32_t conduit); /* enum ps_fragments */
uint8_t ps_image_conduit_fallback(const struct ps_image *image, uint32_t conduit);  /* enum ps_fallback */
uint32_t ps_image_conduit_max_half_open(const struct ps_image *image, uint32_t conduit);
uint32_t ps_image_conduit_max_new_flows(const struct ps_image *image, uint32_t conduit); /* per second */
uint32_t ps_image_conduit_first_rule(const struct ps_image *image, uint32_t conduit);
uint32_t ps_image_conduit_n_rules(const struct ps_image *image, uint32_t conduit);
const char *ps_image_conduit_file(const struct ps_image *image, uint32_t conduit);
uint32_t ps_image_conduit_line(const struct ps_image *image, uint32_t conduit);

/* Rule facts. */
uint32_t ps_image_rule_conduit(const struct ps_image *image, uint32_t rule);
uint8_t ps_image_rule_protocol(const struct ps_image *image, uint32_t rule);
const char *ps_image_rule_file(const struct ps_image *image, uint32_t rule);
uint32_t ps_image_rule_line(const struct ps_image *image, uint32_t rule);

/* What a rule lists, for explanations: pointers into the image and their counts. */
struct ps_rule_view {
    uint8_t protocol;
    bool udp;
    uint32_t ops; /* 0: not restricted by class */
    bool has_functions;
    const uint64_t *functions; /* PS_FUNCTIONS_MAX / 64 words */
    const uint32_t *clients, *servers;
    const struct ps_range *ports, *stations, *codes;
    const struct ps_object_range *objects;
    const struct ps_value_range *values;
    const struct ps_range *choices;
    const struct ps_object_range *params; /* .space: row of the vocabulary's params + 1 */
    uint32_t n_clients, n_servers, n_ports, n_stations, n_codes, n_objects, n_values, n_choices, n_params;
    bool has_choices; /* the plant file lists them; else `choices` are all that have a name, or none: not restricted */
    uint8_t keys;     /* bits of the vocabulary's asks whose key is true */
    uint32_t max_quantity;
    uint32_t timeout_ms, max_outstanding; /* 0: the protocol's defaults */
};
void ps_image_rule_view(const struct ps_image *image, uint32_t rule, struct ps_rule_view *view);
