/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_ruleset.c - what keys are, and how a ruleset grows.
 */
#include "nft_ruleset.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_put.h"

const struct ps_nft_key_kind ps_nft_key_kinds[PS_NFT_N_KEYS] = {
    [PS_NFT_IIFNAME] = {"iifname", PS_NFT_META, PS_NFT_IFNAME, 0, 16, false},
    [PS_NFT_ETHERTYPE] = {"meta protocol", PS_NFT_META, PS_NFT_HEX, 0, 2, false},
    [PS_NFT_L4PROTO] = {"meta l4proto", PS_NFT_META, PS_NFT_IP_PROTO, 0, 1, false},
    [PS_NFT_IP_PROTOCOL] = {"ip protocol", PS_NFT_NETWORK, PS_NFT_IP_PROTO, 9, 1, false},
    [PS_NFT_IP_SADDR] = {"ip saddr", PS_NFT_NETWORK, PS_NFT_ADDR4, 12, 4, false},
    [PS_NFT_IP_DADDR] = {"ip daddr", PS_NFT_NETWORK, PS_NFT_ADDR4, 16, 4, false},
    [PS_NFT_IP_LENGTH] = {"ip length", PS_NFT_NETWORK, PS_NFT_NUMBER, 2, 2, false},
    [PS_NFT_IP_FRAGMENT] = {"ip frag-off", PS_NFT_NETWORK, PS_NFT_HEX, 6, 2, false},
    [PS_NFT_IP6_NEXTHDR] = {"ip6 nexthdr", PS_NFT_NETWORK, PS_NFT_IP_PROTO, 6, 1, false},
    [PS_NFT_IP6_SADDR] = {"ip6 saddr", PS_NFT_NETWORK, PS_NFT_ADDR6, 8, 16, false},
    [PS_NFT_IP6_DADDR] = {"ip6 daddr", PS_NFT_NETWORK, PS_NFT_ADDR6, 24, 16, false},
    [PS_NFT_IP6_LENGTH] = {"ip6 length", PS_NFT_NETWORK, PS_NFT_NUMBER, 4, 2, false},
    [PS_NFT_TH_SPORT] = {"th sport", PS_NFT_TRANSPORT, PS_NFT_NUMBER, 0, 2, false},
    [PS_NFT_TH_DPORT] = {"th dport", PS_NFT_TRANSPORT, PS_NFT_NUMBER, 2, 2, false},
    [PS_NFT_ETHER_SADDR] = {"ether saddr", PS_NFT_LL, PS_NFT_MAC, 6, 6, false},
    [PS_NFT_ETHER_DADDR] = {"ether daddr", PS_NFT_LL, PS_NFT_MAC, 0, 6, false},
    [PS_NFT_VLAN_ID] = {"vlan id", PS_NFT_LL, PS_NFT_NUMBER, 14, 2, false},
    [PS_NFT_ETHER_TAG] = {"@ll,96,16", PS_NFT_LL, PS_NFT_HEX, 12, 2, false},
    [PS_NFT_ARP_OPERATION] = {"arp operation", PS_NFT_NETWORK, PS_NFT_NUMBER, 6, 2, false},
    [PS_NFT_ARP_SHA] = {"arp saddr ether", PS_NFT_NETWORK, PS_NFT_MAC, 8, 6, false},
    [PS_NFT_ARP_SPA] = {"arp saddr ip", PS_NFT_NETWORK, PS_NFT_ADDR4, 14, 4, false},
    [PS_NFT_ARP_TPA] = {"arp daddr ip", PS_NFT_NETWORK, PS_NFT_ADDR4, 24, 4, false},
    [PS_NFT_CT_STATE] = {"ct state", PS_NFT_CT, PS_NFT_CT_STATE_BITS, 0, 4, true},
    [PS_NFT_CT_DIRECTION] = {"ct direction", PS_NFT_CT, PS_NFT_CT_DIRECTION_WORD, 0, 1, true},
    [PS_NFT_RAW_LL] = {NULL, PS_NFT_LL, PS_NFT_HEX, 0, 0, false},
    [PS_NFT_RAW_NH] = {NULL, PS_NFT_NETWORK, PS_NFT_HEX, 0, 0, false},
    [PS_NFT_RAW_TH] = {NULL, PS_NFT_TRANSPORT, PS_NFT_HEX, 0, 0, false},
    [PS_NFT_RAW_IH] = {NULL, PS_NFT_INNER, PS_NFT_NUMBER, 0, 0, false},
};

uint32_t ps_nft_key_len(struct ps_nft_key key)
{
    uint32_t len = ps_nft_key_kinds[key.id].len;

    return len > 0 ? len : key.n_bits / 8u;
}

uint32_t ps_nft_key_offset(struct ps_nft_key key)
{
    return ps_nft_key_kinds[key.id].len > 0 ? ps_nft_key_kinds[key.id].offset : key.bit / 8u;
}

const char *ps_nft_family_name(unsigned family)
{
    static const char *const names[] = {[PS_NFT_NETDEV] = "netdev", [PS_NFT_INET] = "inet", [PS_NFT_BRIDGE] = "bridge"};

    return family < sizeof names / sizeof names[0] ? names[family] : "-";
}

/* ---- growing --------------------------------------------------------------------------------------------------- */

/* Room for one more element of size at array[n]. The new array, zeroed where it is new. */
static void *grow(void *array, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return array;
    size_t more = *capacity > 0 ? 2 * *capacity : 4;
    char *grown = realloc(array, more * size);
    if (!grown) {
        fprintf(stderr, "penstock: out of memory: %zu octets for the nftables ruleset\n", more * size);
        abort();
    }
    memset(grown + *capacity * size, 0, (more - *capacity) * size);
    *capacity = more;
    return grown;
}

static char *copy_text(const char *text)
{
    char *copied = strdup(text);

    if (!copied) {
        fputs("penstock: out of memory for the nftables ruleset\n", stderr);
        abort();
    }
    return copied;
}

__attribute__((format(printf, 1, 0))) static char *format_name(const char *format, va_list args)
{
    char name[256];

    vsnprintf(name, sizeof name, format, args);
    return copy_text(name);
}

uint32_t ps_nft_chain_add(struct ps_nft_ruleset *r, const char *format, ...)
{
    va_list args;

    r->chains = grow(r->chains, r->n_chains, &r->chains_capacity, sizeof *r->chains);
    va_start(args, format);
    r->chains[r->n_chains].name = format_name(format, args);
    va_end(args);
    return r->n_chains++;
}

uint32_t ps_nft_hook_add(struct ps_nft_ruleset *r, const char *name, enum ps_nft_hook hook, int32_t priority,
                         const char *device)
{
    uint32_t chain = ps_nft_chain_add(r, "%s", name);

    r->chains[chain].hook = (uint8_t)hook;
    r->chains[chain].priority = priority;
    if (device)
        r->chains[chain].device = copy_text(device);
    return chain;
}

uint32_t ps_nft_set_add(struct ps_nft_ruleset *r, const struct ps_nft_key *keys, unsigned n_keys, const char *format, ...)
{
    va_list args;

    r->sets = grow(r->sets, r->n_sets, &r->sets_capacity, sizeof *r->sets);
    struct ps_nft_set *set = &r->sets[r->n_sets];
    va_start(args, format);
    *set = (struct ps_nft_set){.name = format_name(format, args), .n_keys = (uint8_t)n_keys};
    va_end(args);
    for (unsigned i = 0; i < n_keys; i++) {
        set->keys[i] = keys[i];
        set->stride += 2 * ps_nft_key_len(keys[i]);
    }
    return r->n_sets++;
}

uint32_t ps_nft_counter_add(struct ps_nft_ruleset *r, const char *format, ...)
{
    va_list args;

    r->counters = grow(r->counters, r->n_counters, &r->counters_capacity, sizeof *r->counters);
    struct ps_nft_counter *counter = &r->counters[r->n_counters];
    va_start(args, format);
    *counter = (struct ps_nft_counter){.name = format_name(format, args), .conduit = PS_NFT_NONE, .rule = PS_NFT_NONE};
    va_end(args);
    return r->n_counters++;
}

const char *ps_nft_text_add(struct ps_nft_ruleset *r, const char *text)
{
    r->texts = grow(r->texts, r->n_texts, &r->texts_capacity, sizeof *r->texts);
    r->texts[r->n_texts] = copy_text(text);
    return r->texts[r->n_texts++];
}

void ps_nft_ruleset_fini(struct ps_nft_ruleset *r)
{
    for (uint32_t i = 0; i < r->n_sets; i++) {
        free(r->sets[i].name);
        free(r->sets[i].octets);
        free(r->sets[i].verdicts);
    }
    for (uint32_t i = 0; i < r->n_chains; i++) {
        free(r->chains[i].name);
        free(r->chains[i].device);
        free(r->chains[i].rules);
    }
    for (uint32_t i = 0; i < r->n_counters; i++)
        free(r->counters[i].name);
    for (uint32_t i = 0; i < r->n_texts; i++)
        free(r->texts[i]);
    free(r->sets);
    free(r->chains);
    free(r->counters);
    free(r->exprs);
    free(r->texts);
    free(r->slots);
    *r = (struct ps_nft_ruleset){0};
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

void ps_nft_rule_add(struct ps_nft_ruleset *r, uint32_t chain)
{
    struct ps_nft_chain *c = &r->chains[chain];

    c->rules = grow(c->rules, c->n_rules, &c->capacity, sizeof *c->rules);
    c->rules[c->n_rules++] = (struct ps_nft_rule){.first_expr = r->n_exprs};
    r->rule_chain = chain;
}

static struct ps_nft_expr *put(struct ps_nft_ruleset *r, enum ps_nft_expr_kind kind)
{
    struct ps_nft_chain *chain = &r->chains[r->rule_chain];

    r->exprs = grow(r->exprs, r->n_exprs, &r->exprs_capacity, sizeof *r->exprs);
    struct ps_nft_expr *expr = &r->exprs[r->n_exprs++];
    *expr = (struct ps_nft_expr){.kind = (uint8_t)kind};
    chain->rules[chain->n_rules - 1].n_exprs++;
    return expr;
}

void ps_nft_put_match(struct ps_nft_ruleset *r, struct ps_nft_key key, uint64_t number, bool invert)
{
    struct ps_nft_expr *expr = put(r, PS_NFT_MATCH);

    expr->n_keys = 1;
    expr->keys[0] = key;
    expr->invert = invert;
    ps_nft_value_number(expr->value, ps_nft_key_len(key), number);
}

void ps_nft_put_masked(struct ps_nft_ruleset *r, struct ps_nft_key key, uint32_t mask, uint32_t number, bool invert)
{
    ps_nft_put_match(r, key, number, invert);
    struct ps_nft_expr *expr = &r->exprs[r->n_exprs - 1];
    expr->has_mask = true;
    expr->mask = mask;
}

static struct ps_nft_expr *put_set(struct ps_nft_ruleset *r, enum ps_nft_expr_kind kind, const struct ps_nft_key *keys,
                                   unsigned n_keys, uint32_t set)
{
    struct ps_nft_expr *expr = put(r, kind);

    expr->n_keys = (uint8_t)n_keys;
    expr->index = set;
    for (unsigned i = 0; i < n_keys; i++)
        expr->keys[i] = keys[i];
    return expr;
}

void ps_nft_put_lookup(struct ps_nft_ruleset *r, uint32_t set, bool invert)
{
    put_set(r, PS_NFT_LOOKUP, r->sets[set].keys, r->sets[set].n_keys, set)->invert = invert;
}

void ps_nft_put_lookup_masked(struct ps_nft_ruleset *r, uint32_t set, uint32_t mask, bool invert)
{
    struct ps_nft_expr *expr = put_set(r, PS_NFT_LOOKUP, r->sets[set].keys, 1, set);

    expr->invert = invert;
    expr->has_mask = true;
    expr->mask = mask;
}

void ps_nft_put_lookup_by(struct ps_nft_ruleset *r, const struct ps_nft_key *keys, unsigned n_keys, uint32_t set)
{
    put_set(r, PS_NFT_LOOKUP, keys, n_keys, set);
}

void ps_nft_put_vmap(struct ps_nft_ruleset *r, uint32_t set)
{
    put_set(r, PS_NFT_VMAP, r->sets[set].keys, r->sets[set].n_keys, set);
}

void ps_nft_put_vmap_by(struct ps_nft_ruleset *r, struct ps_nft_key key, uint32_t set)
{
    put_set(r, PS_NFT_VMAP, &key, 1, set);
}

void ps_nft_put_update(struct ps_nft_ruleset *r, uint32_t set)
{
    put_set(r, PS_NFT_UPDATE, r->sets[set].keys, r->sets[set].n_keys, set);
}

void ps_nft_put_set(struct ps_nft_ruleset *r, enum ps_nft_expr_kind kind, const struct ps_nft_key *keys, unsigned n_keys,
                    uint32_t set)
{
    put_set(r, kind, keys, n_keys, set);
}

void ps_nft_put_count(struct ps_nft_ruleset *r, uint32_t counter)
{
    put(r, PS_NFT_COUNT)->index = counter;
}

void ps_nft_put_limit(struct ps_nft_ruleset *r, uint32_t per_second)
{
    put(r, PS_NFT_LIMIT)->index = per_second;
}

void ps_nft_put_log(struct ps_nft_ruleset *r, const char *prefix)
{
    const char *text = ps_nft_text_add(r, prefix);

    put(r, PS_NFT_LOG)->text = text;
}

void ps_nft_put_reject(struct ps_nft_ruleset *r)
{
    put(r, PS_NFT_REJECT);
}

void ps_nft_put_queue(struct ps_nft_ruleset *r, uint32_t number)
{
    put(r, PS_NFT_QUEUE)->index = number;
}

void ps_nft_put_fwd(struct ps_nft_ruleset *r, const char *device)
{
    const char *text = ps_nft_text_add(r, device);

    put(r, PS_NFT_FWD)->text = text;
}

void ps_nft_put_verdict(struct ps_nft_ruleset *r, enum ps_nft_verdict_kind kind, uint32_t chain)
{
    put(r, PS_NFT_VERDICT)->verdict = (struct ps_nft_verdict){.kind = (uint8_t)kind, .chain = chain};
}
