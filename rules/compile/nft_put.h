/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_put.h - a ruleset in the making. Everything grows as needed; without memory the program ends with a message.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "nft_ruleset.h"

/* An element of a set: per key its lowest and highest value, as ps_nft_value_...() write them. */
struct ps_nft_element {
    uint8_t lo[PS_NFT_KEYS_MAX][PS_NFT_OCTETS_MAX];
    uint8_t hi[PS_NFT_KEYS_MAX][PS_NFT_OCTETS_MAX];
};

/* A number, an address or a MAC as the value of a key of len octets. */
void ps_nft_value_number(uint8_t *value, uint32_t len, uint64_t number);
void ps_nft_value_addr(uint8_t *value, struct ps_addr addr);

/* Key number i of an element. */
void ps_nft_element_numbers(struct ps_nft_element *element, struct ps_nft_key key, unsigned i, uint64_t lo, uint64_t hi);
void ps_nft_element_addrs(struct ps_nft_element *element, unsigned i, struct ps_addr lo, struct ps_addr hi);

/* The name of an interface as the only key. */
void ps_nft_element_device(struct ps_nft_element *element, const char *device);

/* Indices of new things. Names are printf-like; they are copied. Devices and prefixes too. */
__attribute__((format(printf, 2, 3))) uint32_t ps_nft_chain_add(struct ps_nft_ruleset *r, const char *format, ...);
/* A chain that packets come by; what it does not decide on is dropped. device: of INGRESS, else NULL. */
uint32_t ps_nft_hook_add(struct ps_nft_ruleset *r, const char *name, enum ps_nft_hook hook, int32_t priority,
                         const char *device);
__attribute__((format(printf, 4, 5))) uint32_t ps_nft_set_add(struct ps_nft_ruleset *r, const struct ps_nft_key *keys,
                                                              unsigned n_keys, const char *format, ...);
__attribute__((format(printf, 2, 3))) uint32_t ps_nft_counter_add(struct ps_nft_ruleset *r, const char *format, ...);
const char *ps_nft_text_add(struct ps_nft_ruleset *r, const char *text);

/* verdict NULL: of a set. */
void ps_nft_set_put(struct ps_nft_ruleset *r, uint32_t set, const struct ps_nft_element *element,
                    const struct ps_nft_verdict *verdict);
/* Sorts, and takes out what stands twice. With keys all alone, joins what overlaps or touches, unless it is a map. */
void ps_nft_set_close(struct ps_nft_ruleset *r, uint32_t set);
/* The same for the set that was added last; when there is one like it already, that one takes its place. */
uint32_t ps_nft_set_share(struct ps_nft_ruleset *r, uint32_t set);
/* Takes the last set out again. */
void ps_nft_set_pop(struct ps_nft_ruleset *r);

/* A new rule at the end of a chain; the expressions that follow are its. */
void ps_nft_rule_add(struct ps_nft_ruleset *r, uint32_t chain);

void ps_nft_put_match(struct ps_nft_ruleset *r, struct ps_nft_key key, uint64_t number, bool invert);
void ps_nft_put_masked(struct ps_nft_ruleset *r, struct ps_nft_key key, uint32_t mask, uint32_t number, bool invert);
/* By the keys of the set itself. */
void ps_nft_put_lookup(struct ps_nft_ruleset *r, uint32_t set, bool invert);
void ps_nft_put_lookup_masked(struct ps_nft_ruleset *r, uint32_t set, uint32_t mask, bool invert);
/* By other keys of the same sizes. */
void ps_nft_put_lookup_by(struct ps_nft_ruleset *r, const struct ps_nft_key *keys, unsigned n_keys, uint32_t set);
void ps_nft_put_vmap(struct ps_nft_ruleset *r, uint32_t set);
void ps_nft_put_vmap_by(struct ps_nft_ruleset *r, struct ps_nft_key key, uint32_t set);
void ps_nft_put_update(struct ps_nft_ruleset *r, uint32_t set);
/* LOOKUP, UPDATE or DELETE, by other keys of the same sizes. */
void ps_nft_put_set(struct ps_nft_ruleset *r, enum ps_nft_expr_kind kind, const struct ps_nft_key *keys, unsigned n_keys,
                    uint32_t set);
void ps_nft_put_count(struct ps_nft_ruleset *r, uint32_t counter);
void ps_nft_put_limit(struct ps_nft_ruleset *r, uint32_t per_second);
void ps_nft_put_log(struct ps_nft_ruleset *r, const char *prefix);
void ps_nft_put_reject(struct ps_nft_ruleset *r);
void ps_nft_put_queue(struct ps_nft_ruleset *r, uint32_t number);
void ps_nft_put_fwd(struct ps_nft_ruleset *r, const char *device);
void ps_nft_put_verdict(struct ps_nft_ruleset *r, enum ps_nft_verdict_kind kind, uint32_t chain);
