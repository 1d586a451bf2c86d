/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * model.h - zone, asset, conduit, rule: the words of IEC 62443 as plain structs, as the plant file says them.
 *
 * A model owns all memory that it points to: everything is allocated from its arena and freed at once. References
 * between things are indices into the model's arrays (zones, assets, conduits), in the order of the source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/fact.h"
#include "base/range.h"
#include "base/terms.h"

#define PS_MAX_ZONES 4096u
#define PS_MAX_ASSETS 100000u
#define PS_MAX_CONDUITS 100000u
#define PS_MAX_RULES 1000000u

/* Where something stands in the source. */
struct ps_src {
    uint32_t file; /* index into model->files */
    uint32_t line; /* from 1; 0: nowhere */
};

/* A block of addresses: first..last. */
struct ps_net {
    struct ps_addr first;
    struct ps_addr last;
    struct ps_src src;
};

enum ps_zone_kind {
    PS_ZONE_UNSET = 0,
    PS_ZONE_ENTERPRISE,
    PS_ZONE_DMZ,
    PS_ZONE_OPERATIONS,
    PS_ZONE_CONTROL,
    PS_ZONE_FIELD,
    PS_ZONE_SAFETY,
    PS_ZONE_REMOTE,
    PS_ZONE_WIRELESS,
    PS_ZONE_TEMPORARY,
    PS_N_ZONE_KINDS,
};

/* The seven foundational requirements, in the order of sl_t. */
enum ps_fr { PS_FR_IAC, PS_FR_UC, PS_FR_SI, PS_FR_DC, PS_FR_RDF, PS_FR_TRE, PS_FR_RA, PS_N_FR };

struct ps_asset {
    const char *name;
    const char *role; /* free text, NULL: not said */
    uint32_t zone;
    struct ps_addr *addresses;
    uint32_t n_addresses;
    struct ps_mac mac;
    bool has_mac;
    uint32_t relax[PS_N_DISSECTORS]; /* relax switches by protocol, of a carried one with its carrier's */
    struct ps_src src;
};

struct ps_zone {
    const char *name;
    const char *title; /* NULL: not said */
    uint8_t kind;      /* enum ps_zone_kind */
    uint8_t sl_t[PS_N_FR];
    bool has_sl_t;
    bool intra_allow; /* traffic between its own members that crosses the gateway */
    struct ps_net *networks;
    uint32_t n_networks;
    uint16_t *vlans; /* 1..4094 */
    uint32_t n_vlans;
    struct ps_src src;
};

enum ps_on_failure { PS_ON_FAILURE_UNSET = 0, PS_ON_FAILURE_CLOSED, PS_ON_FAILURE_OPEN };

struct ps_rule {
    const char *name;
    uint32_t conduit;
    uint8_t protocol; /* enum ps_protocol */
    bool udp;         /* an inspected protocol over UDP instead of TCP: transport = "udp" */
    uint32_t *clients; /* assets of the conduit's from zone; none: everybody there */
    uint32_t n_clients;
    uint32_t *servers; /* assets of the conduit's to zone; none: everybody there */
    uint32_t n_servers;
    struct ps_range *ports; /* of the server; none: the protocol's default; uninspected: every port */
    uint32_t n_ports;
    struct ps_range *codes; /* PS_PROTOCOL_ETHERNET: ethertypes (below 0x600: 802.3 frames by DSAP);
                               PS_PROTOCOL_IP: protocol numbers; PS_PROTOCOL_ICMP: types, none: all */
    uint32_t n_codes;
    struct ps_range *stations; /* none: all */
    uint32_t n_stations;
    uint32_t ops; /* PS_OP_BIT()s; 0: not restricted by class */
    uint64_t functions[PS_FUNCTIONS_MAX / 64];
    bool has_functions; /* false: not restricted by function */
    struct ps_object_range *objects; /* none: all */
    uint32_t n_objects;
    struct ps_value_range *values; /* none: all */
    uint32_t n_values;
    struct ps_range *choices; /* by the vocabulary's choices; none: all */
    uint32_t n_choices;
    struct ps_object_range *params; /* .space: row of the vocabulary's params + 1; none of a row: all */
    uint32_t n_params;
    uint8_t keys; /* bits of the vocabulary's asks whose key is true */
    uint32_t max_quantity;    /* elements that one fact may span; 0: what the protocol allows */
    uint16_t max_outstanding; /* 0: the protocol's default */
    uint32_t timeout_ms;      /* for a reply; 0: the protocol's default */
    struct ps_src src;
    struct ps_src objects_src, values_src, functions_src; /* of the key, line 0: absent */
};

struct ps_conduit {
    const char *name;
    const char *purpose; /* NULL: not said */
    const char *owner;
    uint32_t from; /* zone that opens; from == to: an inner conduit, for traffic inside a zone across the gateway */
    uint32_t to;   /* zone that serves */
    uint8_t mode;       /* enum ps_mode */
    uint8_t on_deny;    /* enum ps_on_deny */
    uint8_t on_failure; /* enum ps_on_failure */
    uint8_t answer_code; /* of on_deny = answer: the protocols' own; 0: their defaults */
    uint8_t fragments;  /* enum ps_fragments */
    uint8_t segments;   /* enum ps_segments */
    uint8_t midstream;  /* enum ps_midstream */
    uint8_t fallback;   /* enum ps_fallback */
    uint32_t hold_ms;   /* that a message may take to become whole; 0: the default, as below */
    uint32_t max_half_open; /* connections that are being opened */
    uint32_t max_new_flows; /* per second */
    uint8_t sl_t[PS_N_FR];
    bool has_sl_t;
    uint32_t first_rule; /* rules first_rule .. first_rule + n_rules - 1 */
    uint32_t n_rules;
    struct ps_src src;
};

/* What no rule may grant. */
struct ps_never {
    uint32_t from; /* zone, PS_NONE: any */
    uint32_t to;
    uint8_t protocol; /* PS_PROTOCOL_NONE: any */
    uint32_t ops;     /* 0: any */
    uint64_t functions[PS_FUNCTIONS_MAX / 64];
    bool has_functions;
    struct ps_range *stations;
    uint32_t n_stations;
    struct ps_object_range *objects;
    uint32_t n_objects;
    const char *why;
    struct ps_src src;
};

struct ps_gateway_port {
    const char *name;
    uint32_t *zones;
    uint32_t n_zones;
    struct ps_src src;
};

struct ps_gateway {
    const char *name;
    struct ps_gateway_port *ports;
    uint32_t n_ports;
    struct ps_src src;
};

/* A finding of the model lint that somebody answers for: it is listed as accepted and no longer an error. */
struct ps_exception {
    const char *finding; /* "ZL-083" */
    const char *at;      /* name of the zone, asset or conduit, or "conduit/rule" */
    const char *owner;
    const char *reason;
    uint32_t until; /* yyyymmdd, the last day; 0: not said */
    struct ps_src src;
};

struct ps_arena;

struct ps_model {
    struct ps_arena *arena;
    const char **files; /* [0] is the plant file, then its includes in order of appearance */
    uint32_t n_files;
    const char *site; /* never NULL */
    uint32_t revision;
    struct ps_zone *zones;
    uint32_t n_zones;
    struct ps_asset *assets; /* grouped by zone, in order of the zones */
    uint32_t n_assets;
    struct ps_conduit *conduits;
    uint32_t n_conduits;
    struct ps_rule *rules; /* grouped by conduit */
    uint32_t n_rules;
    struct ps_never *nevers;
    uint32_t n_nevers;
    struct ps_gateway *gateways;
    uint32_t n_gateways;
    struct ps_exception *exceptions;
    uint32_t n_exceptions;
};

/* An empty model, or NULL when there is no memory. */
struct ps_model *ps_model_new(void);
void ps_model_free(struct ps_model *model); /* NULL is fine */

/* Zeroed memory that lives as long as the model, 16-aligned. Ends the program with a message when there is none. */
void *ps_model_alloc(struct ps_model *model, size_t size);
const char *ps_model_strdup(struct ps_model *model, const char *s);

/* Words of enums, for text in both directions. "unset" for 0 where 0 is unset; never NULL. */
const char *ps_zone_kind_name(unsigned kind);
const char *ps_mode_name(unsigned mode);
const char *ps_on_deny_name(unsigned on_deny);
const char *ps_on_failure_name(unsigned on_failure);
const char *ps_fragments_name(unsigned fragments);
const char *ps_segments_name(unsigned segments);
const char *ps_midstream_name(unsigned midstream);
const char *ps_fallback_name(unsigned fallback);
const char *ps_fr_name(unsigned fr);
/* "modbus", "dnp3", ..., "tcp", "udp", "icmp", "ip", "ethernet", also of protocols that are not inspected yet; never
 * NULL. */
const char *ps_protocol_name(unsigned protocol);
/* PS_PROTOCOL_NONE when unknown. */
unsigned ps_protocol_by_name(const char *name);
