/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * match.h - the room where bytes and policy meet: (image, facts) -> verdict and the rule that gave it.
 *
 * Pure functions over a read-only image: no heap, clock, I/O or globals. ps_match_path() is asked once when a flow
 * starts, ps_match_fact() for every fact of every PDU. What is not granted is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/fact.h"
#include "base/reason.h"

#include "image.h"

/* The two ends of a flow and how they talk. */
struct ps_ends {
    struct ps_addr client;
    struct ps_addr server;
    uint8_t ip_proto;     /* 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6, other IP protocols */
    uint16_t server_port; /* TCP, UDP: port; ICMP: type; other: 0 */
};

#define PS_PATH_RULES 8

/* What the policy says about a flow, resolved once. Zeroed: nothing is granted. */
struct ps_path {
    uint32_t relax;         /* relax switches of the server for `protocol` */
    uint32_t timeout_ms;    /* the longest of the candidate rules; 0: default */
    uint16_t max_outstanding; /* the largest of the candidate rules; 0: default */
    uint8_t protocol;       /* enum ps_protocol: which dissector judges it; PS_PROTOCOL_TCP...: uninspected */
    uint8_t mode;           /* enum ps_mode of the conduit */
    uint32_t conduit;       /* PS_NONE: none */
    uint32_t client_asset;  /* PS_NONE: not a named asset */
    uint32_t server_asset;
    uint32_t client_zone;   /* PS_NONE: no zone */
    uint32_t server_zone;
    uint16_t server_port;
    uint16_t hold_ms;       /* that a message may take to become whole */
    uint8_t answer_code;    /* of PS_ON_DENY_ANSWER; 0: the protocol's choice */
    bool whole_segments;    /* PS_SEGMENTS_WHOLE */
    uint8_t on_deny;        /* enum ps_on_deny */
    bool granted;           /* some rule lets this flow be opened */
    bool not_ours;          /* both ends in one zone without an inner conduit; the caller decides by its ports */
    bool intra_allow;       /* that zone's `intra` */
    uint8_t n_rules;        /* candidates in rules[]; more than PS_PATH_RULES: `more` */
    bool more;              /* further candidates are found by walking the conduit */
    uint32_t rules[PS_PATH_RULES]; /* candidate rules in source order; uninspected: rules[0] granted it */
};

/* Which zone, conduit and candidate rules a flow has. PS_REASON_NONE and path->granted, or the reason
 * (no-zone, no-conduit, no-rule; for not_ours PS_REASON_INTRA_ZONE unless intra_allow); path is filled in as far as known. */
enum ps_reason ps_match_path(const struct ps_image *image, const struct ps_ends *ends, struct ps_path *path);

/* The same for a frame that is not IP. Zones are those of the assets with these MACs. code: ethertype, or DSAP. */
enum ps_reason ps_match_frame(const struct ps_image *image, struct ps_mac src, struct ps_mac dst, uint16_t code,
                              struct ps_path *path);

/* ARP or neighbour discovery between two addresses: granted when both are in one zone or a conduit joins their zones in
 * either direction. sender_mac is checked against the binding of the sender (mac-binding). */
enum ps_reason ps_match_neighbour(const struct ps_image *image, struct ps_addr sender, struct ps_mac sender_mac,
                                  struct ps_addr target, struct ps_path *path);

/* PS_REASON_NONE and *rule when one rule alone grants fact on this path; else PS_REASON_NO_RULE and *rule PS_NONE. */
enum ps_reason ps_match_fact(const struct ps_image *image, const struct ps_path *path, const struct ps_fact *fact,
                             uint32_t *rule);

/* Brings what ps_match_fact() will read into the cache; ask one stage ahead of it. */
void ps_match_prefetch(const struct ps_image *image, const struct ps_path *path);

/* ---- explanation ----------------------------------------------------------------------------------------------- */

/* The first thing in a rule that does not hold for a fact on a path, in the order tried: the later it comes, the nearer
 * the rule came to granting the fact. */
enum ps_miss {
    PS_MISS_NOTHING = 0, /* the rule grants it */
    PS_MISS_PROTOCOL,
    PS_MISS_PORT,
    PS_MISS_CLIENT,
    PS_MISS_SERVER,
    PS_MISS_STATION,
    PS_MISS_FUNCTION,
    PS_MISS_OPERATION,
    PS_MISS_OBJECT,
    PS_MISS_QUANTITY,
    PS_MISS_CHOICE,
    PS_MISS_VALUE,
    PS_MISS_PARAM,
    PS_MISS_ASK, /* of housekeeping facts directly behind STATION, for they are granted by no more */
};

/* For the candidate of an inspected path that came nearest to a fact that none of them grants. */
enum ps_miss ps_match_nearest(const struct ps_image *image, const struct ps_path *path, const struct ps_fact *fact);

/* For one rule of path->conduit. ends NULL: the path is a frame's. fact NULL: only the flow is asked about. */
enum ps_miss ps_match_explain(const struct ps_image *image, const struct ps_path *path, const struct ps_ends *ends,
                              uint32_t rule, const struct ps_fact *fact);

/* ---- where things belong --------------------------------------------------------------------------------------- */

/* Asset and zone of an address; PS_NONE where there is none. */
void ps_match_address(const struct ps_image *image, struct ps_addr addr, uint32_t *asset, uint32_t *zone);

/* An address of the zone that is no asset's; false: it has none. Linear: for tools. */
bool ps_match_any_host(const struct ps_image *image, uint32_t zone, struct ps_addr *addr);

/* May IP fragments between these two be put together? Some conduit that joins their zones, in either direction, says so. */
bool ps_match_fragments(const struct ps_image *image, struct ps_addr src, struct ps_addr dst);

/* May a frame with this (outermost) VLAN id travel between the zones? vid 0: untagged or priority-tagged, always. */
bool ps_match_vlan(const struct ps_image *image, uint32_t zone_a, uint32_t zone_b, uint16_t vid);

/* Does asset (PS_NONE: no binding) use this MAC? */
bool ps_match_mac(const struct ps_image *image, uint32_t asset, struct ps_mac mac);

/* Does zone lie behind port of gateway (indices of the image)? */
bool ps_match_port(const struct ps_image *image, uint32_t gateway, uint32_t port, uint32_t zone);
