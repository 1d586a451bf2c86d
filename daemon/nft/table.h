/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * table.h - a table of nf_tables, written into a batch piece by piece: chains, sets and their elements, rules.
 *
 * A rule is a row of expressions, which hand values on in registers of 32 bits, PS_REG(0) to PS_REG(15); a value of more
 * octets takes as many as it needs, and keys of several fields lie in one register behind the other:
 *
 *     ps_table_rule(&table, "input");
 *     ps_table_payload(&table, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, PS_REG(0));
 *     ps_table_lookup(&table, PS_REG(0), "friends", PS_TABLE_IN);
 *     ps_table_verdict(&table, NF_ACCEPT, NULL);
 *     ps_table_rule_end(&table);
 *
 * Without memory the program ends: nothing is half written.
 */
#pragma once

#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"

/* As the kernel calls it when it is asked: a register that begins one of 128 bits by the number of that. */
#define PS_REG(n) ((n) % 4 == 0 ? (uint32_t)NFT_REG_1 + (n) / 4 : (uint32_t)NFT_REG32_00 + (n))
#define PS_TABLE_KEY_MAX 64u

struct nftnl_rule;
struct nftnl_set;

struct ps_table {
    struct ps_batch *batch;
    const char *name;
    uint8_t family;
    const char *what;        /* how faults call what is written next; NULL: by its own name, if it has one */
    uint32_t last_set;       /* id of it */
    struct nftnl_rule *rule; /* being written */
    struct nftnl_set *set;   /* elements being written */
    uint32_t elems_len;      /* octets of them, about */
};

/* An empty table in place of the one of that name, if there is one. name is kept. */
void ps_table_replace(struct ps_table *table, struct ps_batch *batch, uint8_t family, const char *name);
/* It goes, if it is there. */
void ps_table_remove(struct ps_batch *batch, uint8_t family, const char *name);

void ps_table_chain(struct ps_table *table, const char *name);

struct ps_table_hook {
    uint32_t number;    /* NF_NETDEV_INGRESS ... */
    int32_t priority;
    const char *device; /* of family netdev, else NULL */
    bool accepts;       /* what the chain does not decide on; else that is dropped */
};
/* A chain that packets come by. */
void ps_table_base_chain(struct ps_table *table, const char *name, const struct ps_table_hook *hook);

/* ---- sets -------------------------------------------------------------------------------------------------------- */

/* nft's numbers for kinds of values: so that "nft list" shows them as what they are. */
enum ps_table_kind {
    PS_TABLE_INTEGER = 4, /* of any length */
    PS_TABLE_IPV4 = 7,
    PS_TABLE_IPV6 = 8,
    PS_TABLE_MAC = 9,
    PS_TABLE_ETHERTYPE = 10,
    PS_TABLE_PROTOCOL = 12,
    PS_TABLE_PORT = 13,
    PS_TABLE_MARK = 19,
    PS_TABLE_DEVICE = 20,
    PS_TABLE_CT_STATE = 26,
    PS_TABLE_CT_DIRECTION = 27,
    PS_TABLE_IFNAME = 41,
};

#define PS_TABLE_FIELDS_MAX 6u

struct ps_table_set {
    const char *name;
    uint32_t flags;       /* NFT_SET_...; of several fields with ranges: NFT_SET_INTERVAL and NFT_SET_CONCAT */
    enum ps_table_kind fields[PS_TABLE_FIELDS_MAX]; /* of the key, up to the first 0 */
    uint8_t lens[PS_TABLE_FIELDS_MAX]; /* octets of each; 0: as its kind has */
    bool has_verdicts;    /* a map to verdicts */
    enum ps_table_kind data;                      /* of a map, else 0 */
    uint64_t timeout_ms;  /* of elements that do not say otherwise; 0: none */
    uint32_t size;        /* at most so many; 0: not said */
    const void *note;     /* for "nft list", of note_len octets; NULL: none */
    uint32_t note_len;
};
void ps_table_set(struct ps_table *table, const struct ps_table_set *set);

struct ps_table_elem {
    uint8_t key[PS_TABLE_KEY_MAX], end[PS_TABLE_KEY_MAX]; /* each field in as many octets as its registers have */
    uint32_t len;         /* of one field alone: as long as that is */
    uint32_t end_len;    /* 0: one value */
    uint32_t flags;      /* NFT_SET_ELEM_... */
    bool has_data;
    uint32_t data;       /* of a map, as it is in a register */
    bool has_verdict;
    int verdict;         /* as of ps_table_verdict() */
    const char *chain;
    uint64_t timeout_ms; /* 0: the set's */
};
void ps_table_elem(struct ps_table *table, const char *set, const struct ps_table_elem *elem);
void ps_table_elems_end(struct ps_table *table); /* behind the last one of a set */
void ps_table_set_empty(struct ps_table *table, const char *set); /* all that it has goes */

/* A field behind those that are there: to the key, and to the end where end is not NULL. */
void ps_table_elem_put(struct ps_table_elem *elem, const void *key, const void *end, uint32_t len);

/* ---- rules ------------------------------------------------------------------------------------------------------- */

void ps_table_rule(struct ps_table *table, const char *chain);
void ps_table_rule_end(struct ps_table *table);

void ps_table_meta(struct ps_table *table, uint32_t key, uint32_t reg); /* NFT_META_... */
void ps_table_ct(struct ps_table *table, uint32_t key, uint32_t reg);   /* NFT_CT_... */
void ps_table_meta_set(struct ps_table *table, uint32_t key, uint32_t reg);
void ps_table_payload(struct ps_table *table, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg);
void ps_table_mask(struct ps_table *table, uint32_t reg, const void *mask, uint32_t len); /* reg &= mask */
void ps_table_value(struct ps_table *table, uint32_t reg, const void *value, uint32_t len);
/* Goes on when reg is value, or with NFT_CMP_NEQ when it is not. */
void ps_table_compare(struct ps_table *table, uint32_t op, uint32_t reg, const void *value, uint32_t len);

enum ps_table_wanted { PS_TABLE_IN, PS_TABLE_NOT_IN };
void ps_table_lookup(struct ps_table *table, uint32_t reg, const char *set, enum ps_table_wanted wanted);
/* Goes on with what the map says about reg in to. */
void ps_table_map(struct ps_table *table, uint32_t reg, const char *map, uint32_t to);
/* Puts the key into a set, or its time back to the beginning. */
void ps_table_update(struct ps_table *table, uint32_t reg, const char *set);
/* Takes it out, if it is there. */
void ps_table_delete(struct ps_table *table, uint32_t reg, const char *set);

void ps_table_verdict(struct ps_table *table, int verdict, const char *chain); /* NF_..., NFT_...; chain of NFT_JUMP, NFT_GOTO */
void ps_table_forward(struct ps_table *table, uint32_t reg); /* out by the device in reg: the last word */
void ps_table_log(struct ps_table *table, uint16_t group, const char *prefix);
void ps_table_limit(struct ps_table *table, uint32_t packets_per_second); /* goes on for so many */
void ps_table_reset(struct ps_table *table); /* a TCP reset to the sender: the last word */

/* A named counter, and a rule's use of it. */
void ps_table_counter(struct ps_table *table, const char *name);
void ps_table_count(struct ps_table *table, const char *counter);

/* Not every kernel has the expression, nor every one the target of iptables before it. */
enum ps_table_queue_way { PS_TABLE_QUEUE_NATIVE, PS_TABLE_QUEUE_TARGET };

/* To one of n NFQUEUEs from first on, by addresses; never with "bypass": without a daemon nothing passes. */
void ps_table_queue(struct nftnl_rule *rule, enum ps_table_queue_way way, uint16_t first, uint16_t n);
