/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_ruleset.h - a description of one nftables table: sets, verdict maps, chains, counters, and rules as lists of
 * expressions. Pure memory: nft_print.c writes it as text for `nft -f`, daemon/nft pushes it through libnftnl.
 *
 * Both read the same fields, so that both mean the same:
 *
 * - A key says what octets of a packet, or what of its metadata, are looked at: ps_nft_key_kinds[] has its text and its
 *   place. No expression has a hidden dependency: where a rule needs to know that a packet is IPv4 or TCP, an expression
 *   before it, or the way to its chain, says so.
 * - Values are octets as they stand on the wire (in network order), keys of metadata too, except those that
 *   ps_nft_key_kind.host_order marks; interface names are 16 octets with NULs behind.
 * - Every set has a name. One that is `local` has few elements; the text writes them where it is used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What expressions and sets name by index: PS_NFT_NONE is none. */
#define PS_NFT_NONE UINT32_MAX

/* ---- keys ------------------------------------------------------------------------------------------------------ */

#define PS_NFT_KEYS_MAX 4    /* of one concatenation: nft cannot list sets with more raw keys, it aborts */
#define PS_NFT_OCTETS_MAX 16 /* of one key */

enum ps_nft_key_id {
    PS_NFT_KEY_NONE = 0,
    PS_NFT_IIFNAME,
    PS_NFT_ETHERTYPE,   /* behind a single VLAN tag too: meta protocol */
    PS_NFT_L4PROTO,     /* of either family, behind extension headers too: meta l4proto */
    PS_NFT_IP_PROTOCOL, /* the octet of the IPv4 header */
    PS_NFT_IP_SADDR,
    PS_NFT_IP_DADDR,
    PS_NFT_IP_LENGTH,
    PS_NFT_IP_FRAGMENT, /* flags and offset: ip frag-off */
    PS_NFT_IP6_NEXTHDR,
    PS_NFT_IP6_SADDR,
    PS_NFT_IP6_DADDR,
    PS_NFT_IP6_LENGTH,
    PS_NFT_TH_SPORT,
    PS_NFT_TH_DPORT,
    PS_NFT_ETHER_SADDR,
    PS_NFT_ETHER_DADDR,
    PS_NFT_VLAN_ID,    /* of the outer tag; a packet without one does not match: look at PS_NFT_ETHER_TAG first */
    PS_NFT_ETHER_TAG,  /* the type field behind the MACs, with the tag in place: @ll,96,16 */
    PS_NFT_ARP_OPERATION,
    PS_NFT_ARP_SHA,
    PS_NFT_ARP_SPA,
    PS_NFT_ARP_TPA,
    PS_NFT_CT_STATE,     /* bits; compare with a mask */
    PS_NFT_CT_DIRECTION, /* 0: as the packet that opened it, 1: reply */
    PS_NFT_RAW_LL, /* octets from the Ethernet header on: bit and n_bits of the key */
    PS_NFT_RAW_NH, /* ... the IP header */
    PS_NFT_RAW_TH, /* ... the TCP, UDP or ICMP header */
    PS_NFT_RAW_IH, /* ... the payload of TCP or UDP */
    PS_NFT_N_KEYS,
};

/* A key: an id, and for the raw ones which bits. Both are multiples of 8. */
struct ps_nft_key {
    uint8_t id; /* enum ps_nft_key_id */
    uint16_t bit;
    uint16_t n_bits;
};

/* How values of a key are written. */
enum ps_nft_format {
    PS_NFT_NUMBER = 0,
    PS_NFT_HEX,
    PS_NFT_ADDR4,
    PS_NFT_ADDR6,
    PS_NFT_MAC,
    PS_NFT_IFNAME,
    PS_NFT_IP_PROTO,
    PS_NFT_CT_STATE_BITS,
    PS_NFT_CT_DIRECTION_WORD,
};

/* Where a key is read from. */
enum ps_nft_source {
    PS_NFT_META,    /* meta */
    PS_NFT_CT,      /* ct */
    PS_NFT_LL,      /* payload: link layer header */
    PS_NFT_NETWORK, /* payload: network header */
    PS_NFT_TRANSPORT,
    PS_NFT_INNER,
};

struct ps_nft_key_kind {
    const char *text; /* "ip saddr"; NULL: raw, "@ih,56,8" */
    uint8_t source;   /* enum ps_nft_source */
    uint8_t format;   /* enum ps_nft_format */
    uint8_t offset;   /* payload: octets from the header's start; raw keys have their own */
    uint8_t len;      /* octets; 0: raw */
    bool host_order;  /* the kernel holds the number in host order (values here are in network order all the same) */
};
extern const struct ps_nft_key_kind ps_nft_key_kinds[PS_NFT_N_KEYS];

static inline struct ps_nft_key ps_nft_key(enum ps_nft_key_id id)
{
    return (struct ps_nft_key){.id = (uint8_t)id};
}

/* n octets from octet at of a header. */
static inline struct ps_nft_key ps_nft_raw(enum ps_nft_key_id id, uint32_t at, uint32_t n)
{
    return (struct ps_nft_key){.id = (uint8_t)id, .bit = (uint16_t)(8 * at), .n_bits = (uint16_t)(8 * n)};
}

/* Octets of its values, and where they stand in their header. */
uint32_t ps_nft_key_len(struct ps_nft_key key);
uint32_t ps_nft_key_offset(struct ps_nft_key key);

/* ---- verdicts, sets ------------------------------------------------------------------------------------------- */

enum ps_nft_verdict_kind { PS_NFT_DROP = 0, PS_NFT_ACCEPT, PS_NFT_RETURN, PS_NFT_JUMP, PS_NFT_GOTO };

struct ps_nft_verdict {
    uint8_t kind;   /* enum ps_nft_verdict_kind */
    uint32_t chain; /* JUMP, GOTO: index into chains */
};

/* A set, or with verdicts a map. Elements are in `octets`, stride by stride: for each key its len octets, lowest value;
 * with `interval` then for each key the highest (inclusive). Sorted, each once, disjoint when there is one key. */
struct ps_nft_set {
    char *name;
    struct ps_nft_key keys[PS_NFT_KEYS_MAX];
    uint8_t n_keys;
    bool interval; /* some element is more than one value */
    bool is_map;
    bool local;    /* written where it is used */
    bool dynamic;  /* filled by PS_NFT_UPDATE, empty at first */
    uint32_t timeout_s;    /* of elements that nobody updates; 0, unless it is dynamic: they stay */
    uint32_t max_elements; /* dynamic */
    uint32_t stride;       /* octets of an element */
    uint32_t n;            /* elements */
    uint8_t *octets;
    struct ps_nft_verdict *verdicts; /* is_map: n of them */
    size_t capacity;
};

/* ---- expressions ----------------------------------------------------------------------------------------------- */

enum ps_nft_expr_kind {
    PS_NFT_MATCH = 0, /* one key (& mask) equal, or not, to value */
    PS_NFT_LOOKUP,    /* keys (one: & mask) in, or not in, set */
    PS_NFT_VMAP,      /* the verdict that map `set` has for keys; none: goes on */
    PS_NFT_UPDATE,    /* adds keys to the dynamic set, or lets them live longer; ends the rule where that is full */
    PS_NFT_DELETE,    /* takes keys out of the dynamic set, where they are in it */
    PS_NFT_COUNT,     /* counter object */
    PS_NFT_LIMIT,     /* goes on for so many packets a second */
    PS_NFT_LOG,       /* to the nflog group of the ruleset, with prefix */
    PS_NFT_REJECT,    /* TCP reset to the sender; ends */
    PS_NFT_QUEUE,     /* to NFQUEUE, without bypass; ends */
    PS_NFT_FWD,       /* out of a device as it is; netdev only; ends */
    PS_NFT_VERDICT,   /* ends */
};

struct ps_nft_expr {
    uint8_t kind;   /* enum ps_nft_expr_kind */
    uint8_t n_keys; /* MATCH: 1; LOOKUP, VMAP, UPDATE, DELETE: as many as the set has */
    bool invert;    /* MATCH, LOOKUP: holds when it is not */
    bool has_mask;  /* MATCH, LOOKUP of one key of at most 4 octets */
    struct ps_nft_key keys[PS_NFT_KEYS_MAX];
    uint32_t mask;   /* of the key as a number */
    uint32_t index;  /* LOOKUP, VMAP, UPDATE, DELETE: set; COUNT: counter; LIMIT: packets a second; QUEUE: number */
    struct ps_nft_verdict verdict;    /* VERDICT */
    uint8_t value[PS_NFT_OCTETS_MAX]; /* MATCH: as many octets as the key has */
    const char *text; /* LOG: prefix, at most 127 octets; FWD: device */
};

struct ps_nft_rule {
    uint32_t first_expr, n_exprs; /* of the ruleset's exprs */
};

/* ---- chains, counters, the table ------------------------------------------------------------------------------- */

enum ps_nft_hook { PS_NFT_NO_HOOK = 0, PS_NFT_INGRESS, PS_NFT_PREROUTING, PS_NFT_FORWARD };

struct ps_nft_chain {
    char *name;
    uint8_t hook; /* enum ps_nft_hook; NO_HOOK: reached by jumps alone */
    bool policy_accept; /* of hooks; false: drop */
    int32_t priority;
    char *device; /* INGRESS */
    struct ps_nft_rule *rules;
    uint32_t n_rules;
    size_t capacity;
};

/* What a named counter counts. */
enum ps_nft_counts { PS_NFT_PASSED, PS_NFT_REFUSED };

struct ps_nft_counter {
    char *name;
    uint8_t counts;   /* enum ps_nft_counts */
    uint8_t reason;   /* REFUSED: enum ps_reason */
    uint32_t conduit; /* indices of the image; PS_NFT_NONE: of none */
    uint32_t rule;
};

enum ps_nft_family { PS_NFT_NETDEV, PS_NFT_INET, PS_NFT_BRIDGE };

/* Zeroed is empty. Chains may only be reached forwards or backwards without a loop. Names are unique among their kind,
 * of the characters A-Z a-z 0-9 . _ - and /, at most 255, and no word of nft's language. */
struct ps_nft_ruleset {
    uint8_t family; /* enum ps_nft_family */
    const char *table;
    uint16_t log_group;
    struct ps_nft_set *sets;
    struct ps_nft_chain *chains;
    struct ps_nft_counter *counters;
    struct ps_nft_expr *exprs;
    uint32_t n_sets, n_chains, n_counters, n_exprs;
    /* in the making: the chain that the last rule was added to, and the sets that may be shared, by content */
    uint32_t rule_chain;
    uint32_t *slots;
    uint32_t n_slots, n_shared;
    size_t sets_capacity, chains_capacity, counters_capacity, exprs_capacity;
    char **texts; /* that expressions point to */
    uint32_t n_texts;
    size_t texts_capacity;
};

void ps_nft_ruleset_fini(struct ps_nft_ruleset *ruleset);

/* "netdev", "inet", "bridge". */
const char *ps_nft_family_name(unsigned family);

/* The whole table as text for `nft -f`, which replaces what it has of it in one transaction. false on a write error. */
bool ps_nft_print(const struct ps_nft_ruleset *ruleset, FILE *out);
