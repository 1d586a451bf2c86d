/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_renew.c - a table in place of one of its name that is there, without taking away what both have: a packet on its way
 * through the rules of before finds no element of a map that goes with them, and in a hook's chain that goes no rule, and is
 * dropped; who has asked would get no answer, when the sets go that packets have filled; counters go on.
 */
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push_private.h"

/* ---- what is kept ------------------------------------------------------------------------------------------------ */

/* The same here and there: then it is marked, so that it does not go. */
static bool keep(struct ps_push_renew *renew, const struct ps_push_records *wanted, enum ps_push_thing thing, const char *name)
{
    const struct ps_push_record *here = ps_push_records_find(&renew->seen, thing, name);
    const struct ps_push_record *there = ps_push_records_find(wanted, thing, name);
    bool same = here != NULL && there != NULL && strcmp(here->body, there->body) == 0;

    if (same)
        renew->stays[here - renew->seen.items] = true;
    return same;
}

static bool *flags(size_t n)
{
    bool *all = calloc(n + 1, sizeof *all);

    if (all == NULL)
        abort();
    return all;
}

static void choose(struct ps_push_renew *renew, const struct ps_nft_ruleset *r, const struct ps_push_records *wanted)
{
    renew->stays = flags(renew->seen.n);
    for (uint32_t i = 0; i < r->n_chains; i++)
        renew->chains[i] = keep(renew, wanted, PS_PUSH_CHAIN, r->chains[i].name);
    for (uint32_t i = 0; i < r->n_sets; i++) {
        const struct ps_nft_set *set = &r->sets[i];

        renew->sets[i] = (set->dynamic || (set->timeout_s == 0 && ps_push_records_agree(&renew->seen, wanted, set->name))) &&
                         keep(renew, wanted, PS_PUSH_SET, set->name);
    }
    for (uint32_t i = 0; i < r->n_counters; i++)
        renew->counters[i] = keep(renew, wanted, PS_PUSH_COUNTER, r->counters[i].name);
}

bool ps_push_renew_init(struct ps_push_renew *renew, struct ps_nft *nft, const struct ps_push_build *whole)
{
    const struct ps_nft_ruleset *r = whole->ruleset;
    const struct ps_push_record *table;
    struct ps_push_records wanted;

    *renew = (struct ps_push_renew){.chains = flags(r->n_chains), .sets = flags(r->n_sets), .counters = flags(r->n_counters)};
    ps_push_records_init(&renew->seen, r);
    if (ps_push_records_look(&renew->seen, nft, r) != 0)
        return false;
    ps_push_records_sort(&renew->seen);
    table = ps_push_records_find(&renew->seen, PS_PUSH_TABLE, r->table);
    if (table == NULL || strcmp(table->body, "flags 0") != 0) /* asleep, say */
        return false;
    ps_push_records_init(&wanted, r);
    ps_push_records_build(&wanted, whole);
    ps_push_records_sort(&wanted);
    choose(renew, r, &wanted);
    ps_push_records_fini(&wanted);
    return true;
}

void ps_push_renew_fini(struct ps_push_renew *renew)
{
    ps_push_records_fini(&renew->seen);
    free(renew->chains);
    free(renew->sets);
    free(renew->counters);
    free(renew->stays);
    *renew = (struct ps_push_renew){0};
}

/* ---- what goes --------------------------------------------------------------------------------------------------- */

static void delete_one(struct ps_push_build *b, const struct ps_push_record *record)
{
    static const struct {
        uint16_t message, table, name;
    } kinds[] = {[PS_PUSH_CHAIN] = {NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME},
                 [PS_PUSH_SET] = {NFT_MSG_DELSET, NFTA_SET_TABLE, NFTA_SET_NAME},
                 [PS_PUSH_COUNTER] = {NFT_MSG_DELOBJ, NFTA_OBJ_TABLE, NFTA_OBJ_NAME}};
    uint8_t family = ps_push_family(b->ruleset);
    struct nlmsghdr *nlh = ps_batch_add(&b->batch, kinds[record->thing].message, family, 0, record->name);
    unsigned type;

    mnl_attr_put_strz(nlh, kinds[record->thing].table, b->ruleset->table);
    mnl_attr_put_strz(nlh, kinds[record->thing].name, record->name);
    if (record->thing == PS_PUSH_COUNTER && sscanf(record->body, "type %u", &type) == 1)
        mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(type));
}

/* As the kernel does it with a whole table: rules, then sets, then counters, then chains, whom nobody leads to any more. */
void ps_push_renew_begin(struct ps_push_build *b)
{
    static const uint8_t order[] = {PS_PUSH_SET, PS_PUSH_COUNTER, PS_PUSH_CHAIN};
    const struct ps_push_records *seen = &b->renew->seen;
    uint8_t family = ps_push_family(b->ruleset);
    struct nlmsghdr *nlh = ps_batch_add(&b->batch, NFT_MSG_DELRULE, family, 0, "all rules");

    b->table = (struct ps_table){.batch = &b->batch, .name = b->ruleset->table, .family = family};
    mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, b->ruleset->table);
    for (size_t k = 0; k < sizeof order; k++)
        for (size_t i = 0; i < seen->n; i++)
            if (seen->items[i].thing == order[k] && !b->renew->stays[i])
                delete_one(b, &seen->items[i]);
}
