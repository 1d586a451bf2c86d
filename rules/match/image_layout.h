/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image_layout.h - what stands where in an image. Private to match and to compile, which writes it. docs/image.md tells
 * the same in prose.
 *
 * A header, then the sections in the order of enum ps_image_section, each starting at a multiple of 64 octets directly
 * behind the one before. Every place in it can be computed from the counts, and ps_image_open() insists on that.
 * Numbers are in host order; lists are (first, count) into a section and follow each other without a gap, in the order
 * of the things that own them. No pointers, no padding that is not zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/fact.h"
#include "base/range.h"
#include "base/terms.h"

#include "image.h"

#define PS_IMAGE_MAGIC "PENSTOCK" /* without its NUL */
#define PS_IMAGE_VERSION 4u
#define PS_IMAGE_BYTE_ORDER 0x0a0b0c0du
#define PS_IMAGE_ALIGNMENT 64u

/* PS_SECTION(id, type of one element) */
#define PS_IMAGE_SECTIONS                                                                                              \
    PS_SECTION(STRINGS, char) /* each NUL-terminated; the last octet is NUL */                                         \
    PS_SECTION(ZONES, struct ps_image_zone)                                                                            \
    PS_SECTION(VLANS, uint32_t) /* of zones, ascending */                                                              \
    PS_SECTION(ASSETS, struct ps_image_asset)                                                                          \
    PS_SECTION(ADDRESSES, struct ps_addr)     /* of assets */                                                          \
    PS_SECTION(STARTS, struct ps_addr)        /* of address intervals, ascending, the first one 0 */                   \
    PS_SECTION(OWNERS, struct ps_image_owner) /* of the same intervals */                                              \
    PS_SECTION(MACS, struct ps_image_mac)     /* by MAC, ascending */                                                  \
    PS_SECTION(CONDUITS, struct ps_image_conduit)                                                                      \
    PS_SECTION(PAIRS, struct ps_image_pair)    /* hash table */                                                        \
    PS_SECTION(GROUPS, struct ps_image_group)  /* of conduits, by server, ascending */                                 \
    PS_SECTION(PICKS, struct ps_image_pick)    /* of conduits and groups, by rule, ascending */                        \
    PS_SECTION(RULES, struct ps_image_rule)    /* what is asked per PDU */                                             \
    PS_SECTION(REACHES, struct ps_image_reach) /* of the same rules: what is asked per flow, and names */              \
    PS_SECTION(IDS, uint32_t)                  /* clients and servers of rules, ascending; zones behind ports */       \
    PS_SECTION(SPANS, struct ps_range)         /* ports and codes of rules, ascending */                               \
    PS_SECTION(LISTS, uint64_t)                /* ranges of rules that have no room beside the rule */                 \
    PS_SECTION(GATEWAYS, struct ps_image_gateway)                                                                      \
    PS_SECTION(PORTS, struct ps_image_port)     /* of gateways */                                                      \
    PS_SECTION(SOURCES, struct ps_image_source) /* of conduits, then of rules; from here on no part of the digest */   \
    PS_SECTION(FILES, char)                     /* base names, each NUL-terminated; the last octet is NUL */

enum ps_image_section {
#define PS_SECTION(id, type) PS_SECTION_##id,
    PS_IMAGE_SECTIONS
#undef PS_SECTION
        PS_N_SECTIONS,
};

struct ps_image_extent {
    uint64_t offset;
    uint64_t n; /* elements */
};

struct ps_image_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t byte_order;
    uint64_t len;       /* of the whole image */
    uint64_t checksum;  /* ps_image_checksum() */
    uint8_t digest[32]; /* SHA-256 of what is enforced: all but where it is written in the plant file (digest.c) */
    uint32_t site;      /* string */
    uint32_t revision;
    struct ps_image_extent sections[PS_N_SECTIONS];
};

struct ps_image_zone {
    uint32_t name; /* string; so are all names below */
    uint32_t first_vlan, n_vlans;
    uint32_t intra_allow;
};

/* Relax switches by protocol; an even number, so that nothing is left over in the struct. */
#define PS_IMAGE_N_RELAX ((PS_N_DISSECTORS + 1) / 2 * 2)

struct ps_image_asset {
    uint32_t name;
    uint32_t zone;
    uint32_t first_address, n_addresses;
    uint64_t mac; /* ps_mac_number(), 0: none */
    uint32_t relax[PS_IMAGE_N_RELAX];
};

struct ps_image_owner {
    uint32_t asset; /* PS_NONE: an address of the zone that is no asset's */
    uint32_t zone;  /* PS_NONE: nobody's */
};

struct ps_image_mac {
    uint64_t mac;
    uint32_t asset;
    uint32_t zero;
};

struct ps_image_conduit {
    uint32_t name;
    uint32_t from, to;
    uint32_t first_rule, n_rules;
    uint32_t first_group, n_groups; /* rules that name their servers, by server */
    uint32_t first_pick, n_picks;   /* rules for any server */
    uint8_t mode, on_deny, on_failure, answer_code;
    uint8_t fragments, segments, midstream, fallback;
    uint32_t hold_ms, max_half_open, max_new_flows; /* not 0; hold_ms fits 16 bits */
};

/* Slot ps_image_pair_slot() of the table, or the next one, or the one after that ... until one with conduit PS_NONE. At
 * least half of the slots are that. */
struct ps_image_pair {
    uint32_t from, to;
    uint32_t conduit; /* PS_NONE: empty */
    uint32_t zero;
};

struct ps_image_group {
    uint32_t server;
    uint32_t first_pick, n_picks;
};

/* A rule that may concern a flow; client is the only one that the rule lists, PS_NONE: it lists none or several. */
struct ps_image_pick {
    uint32_t rule;
    uint32_t client;
};

enum { PS_RULE_UDP = 1, PS_RULE_OPS = 2, PS_RULE_FUNCTIONS = 4, PS_RULE_CHOICES = 8 };

#define PS_RULE_ROOM 8

/* Ranges of choices, or of params, that one rule may list. */
#define PS_RULE_RANGES_MAX UINT16_MAX

/* What a PDU is judged by: two cache lines. The ranges stand at octet 8 * lists of the image: stations (sorted,
 * disjoint, never adjacent), objects (the same, by space), values (the same), choices (as stations), params (as
 * objects, the row + 1 as space), each of them starting at a multiple of 8. They are in room[] where they fit there,
 * else in section LISTS, in the order of the rules. */
struct ps_image_rule {
    uint64_t functions[PS_FUNCTIONS_MAX / 64]; /* all ones: not restricted */
    uint32_t ops;                              /* PS_OP_BIT()s; all but PS_OP_NONE: not restricted */
    uint32_t max_quantity;                     /* 0: not restricted */
    uint32_t n_stations, n_objects, n_values;  /* 0: not restricted */
    uint32_t lists;
    uint16_t n_choices; /* 0: not restricted */
    uint16_t n_params;  /* 0: not restricted; else each row that has ranges */
    uint8_t keys;       /* bits of the vocabulary's asks whose key is true */
    uint8_t permitted;  /* bits of the asks that the keys leave open */
    uint8_t protocol;   /* enum ps_protocol */
    uint8_t flags;      /* PS_RULE_UDP; PS_RULE_OPS, _FUNCTIONS, _CHOICES: the plant file says ops, functions, choices */
    uint64_t room[PS_RULE_ROOM];
};

struct ps_image_reach {
    uint32_t name;
    uint32_t conduit;
    uint32_t first_client, n_clients; /* ids; none: everybody in the conduit's zone */
    uint32_t first_server, n_servers;
    uint32_t first_port, n_ports; /* spans; none: every port */
    uint32_t first_code, n_codes; /* ICMP types, none: all; IP protocols, ethertypes and DSAPs */
    uint32_t timeout_ms;          /* for a reply; 0: the protocol's default */
    uint32_t max_outstanding;     /* fits 16 bits; 0: the protocol's default */
};

/* Where something stands in the plant file. */
struct ps_image_source {
    uint32_t file; /* offset in FILES */
    uint32_t line;
};

struct ps_image_gateway {
    uint32_t name;
    uint32_t first_port, n_ports;
};

struct ps_image_port {
    uint32_t name;
    uint32_t first_zone, n_zones; /* ids */
};

/* One accessor per section: element 0. */
#define PS_SECTION(id, type)                                                                                           \
    static inline const type *ps_image_at_##id(const struct ps_image *image)                                           \
    {                                                                                                                  \
        return (const void *)(image->data + image->header->sections[PS_SECTION_##id].offset);                          \
    }
PS_IMAGE_SECTIONS
#undef PS_SECTION

static inline uint32_t ps_image_n(const struct ps_image *image, enum ps_image_section section)
{
    return (uint32_t)image->header->sections[section].n;
}

/* Where the search for a pair starts; n_slots is a power of two. */
static inline uint32_t ps_image_pair_slot(uint32_t from, uint32_t to, uint32_t n_slots)
{
    uint64_t key = ((uint64_t)from << 32 | to) * UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 32;
    return (uint32_t)(key * UINT64_C(0xd6e8feb86659fd93) >> 32) & (n_slots - 1);
}

/* Octets of n ranges of objects or params, up to where the next list starts. */
static inline uint64_t ps_image_objects_len(uint64_t n)
{
    return (n * sizeof(struct ps_object_range) + 7) / 8 * 8;
}

static inline uint64_t ps_image_objects_start(const struct ps_image_rule *rule)
{
    return (uint64_t)rule->n_stations * sizeof(struct ps_range);
}

static inline uint64_t ps_image_values_start(const struct ps_image_rule *rule)
{
    return ps_image_objects_start(rule) + ps_image_objects_len(rule->n_objects);
}

static inline uint64_t ps_image_choices_start(const struct ps_image_rule *rule)
{
    return ps_image_values_start(rule) + (uint64_t)rule->n_values * sizeof(struct ps_value_range);
}

static inline uint64_t ps_image_params_start(const struct ps_image_rule *rule)
{
    return ps_image_choices_start(rule) + (uint64_t)rule->n_choices * sizeof(struct ps_range);
}

/* Octets that all ranges of a rule take, by their counts. */
static inline uint64_t ps_image_lists_len(const struct ps_image_rule *rule)
{
    return ps_image_params_start(rule) + ps_image_objects_len(rule->n_params);
}

static inline const uint8_t *ps_image_lists(const struct ps_image *image, const struct ps_image_rule *rule)
{
    return image->data + (uint64_t)rule->lists * 8;
}

static inline const struct ps_range *ps_image_stations(const struct ps_image *image, const struct ps_image_rule *rule)
{
    return (const void *)ps_image_lists(image, rule);
}

static inline const struct ps_object_range *ps_image_objects(const struct ps_image *image,
                                                             const struct ps_image_rule *rule)
{
    return (const void *)(ps_image_lists(image, rule) + ps_image_objects_start(rule));
}

static inline const struct ps_value_range *ps_image_values(const struct ps_image *image,
                                                           const struct ps_image_rule *rule)
{
    return (const void *)(ps_image_lists(image, rule) + ps_image_values_start(rule));
}

static inline const struct ps_range *ps_image_choices(const struct ps_image *image, const struct ps_image_rule *rule)
{
    return (const void *)(ps_image_lists(image, rule) + ps_image_choices_start(rule));
}

static inline const struct ps_object_range *ps_image_params(const struct ps_image *image,
                                                            const struct ps_image_rule *rule)
{
    return (const void *)(ps_image_lists(image, rule) + ps_image_params_start(rule));
}

/* Over all octets but those of the checksum itself. len is a multiple of 64 and holds a header. Against accidents, not
 * against people: that is what the digest is for. */
uint64_t ps_image_checksum(const uint8_t *data, uint64_t len);

/* Octets of one element of a section. */
uint32_t ps_image_element_len(unsigned section);
