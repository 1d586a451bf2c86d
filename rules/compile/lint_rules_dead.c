/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules that can never grant anything, and words in rules that can never help to grant anything. What is wrong in one
 * key alone (stations, ethertypes, ports that cannot be) the loader refuses already.
 */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

#define FAMILY_V4 1u
#define FAMILY_V6 2u
#define FAMILY_MAC 4u /* has a mac: can be named in frames that are not IP */

static unsigned family(struct ps_addr addr)
{
    return ps_addr_is_v4(addr) ? FAMILY_V4 : FAMILY_V6;
}

static unsigned asset_families(const struct ps_asset *asset)
{
    unsigned families = asset->has_mac ? FAMILY_MAC : 0;

    for (uint32_t i = 0; i < asset->n_addresses; i++)
        families |= family(asset->addresses[i]);
    return families;
}

/* A capture of one host's own traffic: there, and only there, an asset talks to itself. */
static bool is_loopback(const struct ps_asset *asset)
{
    static const struct ps_addr v6 = {0, 1};

    for (uint32_t i = 0; i < asset->n_addresses; i++) {
        struct ps_addr addr = asset->addresses[i];

        if (ps_addr_equal(addr, v6) || (ps_addr_is_v4(addr) && ps_addr_v4(addr) >> 24 == 127))
            return true;
    }
    return false;
}

/* How the members of each zone can be addressed. free() it. */
static uint8_t *zone_families(const struct ps_model *model)
{
    uint8_t *families = ps_lint_calloc(model->n_zones, sizeof(*families));

    for (uint32_t z = 0; z < model->n_zones; z++)
        for (uint32_t i = 0; i < model->zones[z].n_networks; i++)
            families[z] |= (uint8_t)family(model->zones[z].networks[i].first);
    for (uint32_t a = 0; a < model->n_assets; a++)
        families[model->assets[a].zone] |= (uint8_t)asset_families(&model->assets[a]);
    return families;
}

/* ---- the two ends ---------------------------------------------------------------------------------------------- */

/* One side of a rule. */
struct side {
    const char *word; /* "client", "server" */
    const uint32_t *assets;
    uint32_t n;
    uint32_t zone;
};

/* How the side can be addressed; assets that cannot be addressed at all are named. */
static unsigned side_families(const struct ps_lint *lint, uint32_t rule, const struct side *side,
                              const uint8_t *of_zones)
{
    const struct ps_model *model = lint->model;
    const char *name = model->rules[rule].name;
    bool frames = model->rules[rule].protocol == PS_PROTOCOL_ETHERNET;
    unsigned wanted = frames ? FAMILY_MAC : FAMILY_V4 | FAMILY_V6;
    unsigned families = 0;

    if (side->n == 0 && !(of_zones[side->zone] & wanted))
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", rule,
                     "rule \"%s\" can never match: zone \"%s\" of its %ss has no %s; add %s", name,
                     model->zones[side->zone].name, side->word, frames ? "mac" : "address",
                     frames ? "the mac of its assets" : "networks, or assets with addresses");
    if (side->n == 0)
        return of_zones[side->zone] & wanted;
    for (uint32_t i = 0; i < side->n; i++) {
        const struct ps_asset *asset = &model->assets[side->assets[i]];
        unsigned own = asset_families(asset) & wanted;

        families |= own;
        if (own == 0)
            ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", rule,
                         "rule \"%s\" can never match for %s \"%s\", which has no %s; add %s to the asset", name,
                         side->word, asset->name, frames ? "mac" : "address", frames ? "a mac" : "addresses");
    }
    return families;
}

static void lint_ends(const struct ps_lint *lint, uint32_t index, const uint8_t *of_zones)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    const struct ps_conduit *conduit = &lint->model->conduits[rule->conduit];
    struct side clients = {"client", rule->clients, rule->n_clients, conduit->from};
    struct side servers = {"server", rule->servers, rule->n_servers, conduit->to};
    unsigned from = side_families(lint, index, &clients, of_zones);
    unsigned to = side_families(lint, index, &servers, of_zones);

    if (from != 0 && to != 0 && !(from & to))
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" can never match: its clients have only %s addresses, its servers only %s; add "
                     "addresses of one family",
                     rule->name, from == FAMILY_V4 ? "IPv4" : "IPv6", to == FAMILY_V4 ? "IPv4" : "IPv6");
    if (rule->n_clients == 1 && rule->n_servers == 1 && rule->clients[0] == rule->servers[0] &&
        !is_loopback(&lint->model->assets[rule->clients[0]]))
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" can never match: asset \"%s\" is its only client and its only server; correct one",
                     rule->name, lint->model->assets[rule->clients[0]].name);
}

/* ---- what is granted ------------------------------------------------------------------------------------------- */

/* What cannot be seen at all, such as TLS, passes with the key only. */
static void lint_opaque(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab, uint32_t granted)
{
    const struct ps_rule *rule = &lint->model->rules[index];

    for (uint16_t i = 0; i < vocab->n_asks; i++) {
        const struct ps_ask *ask = &vocab->asks[i];

        if (ask->forbids || strcmp(ask->name, ps_op_name(PS_OP_OPAQUE)) != 0 || rule->keys & ask->bit)
            continue;
        if (granted & PS_OP_BIT(PS_OP_OPAQUE))
            ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                         "rule \"%s\" grants nothing of what is opaque, though it lists it; add %s = true, or take it out",
                         rule->name, ask->name);
    }
}

/* Classes and functions that have nothing in common, or no function of these classes. true: nothing else matters. */
static bool lint_functions(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    uint32_t of_protocol = 0;
    uint32_t of_rule = 0;
    char words[128];

    for (uint16_t row = 0; row < vocab->n_functions; row++) {
        of_protocol |= vocab->functions[row].ops;
        of_rule |= ps_grants_row(rule, vocab, row);
    }
    if (rule->ops != 0 && !(rule->ops & of_protocol))
        ps_lint_rule(
            lint, PS_SEV_WARNING, "ZL-087", index,
            "rule \"%s\" only lets connections be opened and grants no request: no function of %s has one of the "
            "operations it lists (%s); list others",
            rule->name, ps_protocol_name(rule->protocol), ps_ops_text(rule->ops, words, sizeof(words)));
    else if (rule->ops & ~of_protocol)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" lists operations that no function of %s has: %s; remove them", rule->name,
                     ps_protocol_name(rule->protocol), ps_ops_text(rule->ops & ~of_protocol, words, sizeof(words)));
    if (of_rule == 0 && (rule->ops & of_protocol))
        ps_lint_rule(
            lint, PS_SEV_WARNING, "ZL-087", index,
            "rule \"%s\" grants no request: none of its functions is one of the operations it lists (%s); leave "
            "one of the two keys out",
            rule->name, ps_ops_text(rule->ops, words, sizeof(words)));
    lint_opaque(lint, index, vocab, of_rule);
    return of_rule == 0;
}

/* Does a function of the rule, in a class that it grants, address objects of a space? */
static bool any_addresses(const struct ps_lint *lint, const struct ps_rule *rule, const struct ps_vocab *vocab,
                          uint32_t space)
{
    for (uint32_t i = 0; i < lint->n_facts[rule->protocol]; i++) {
        const struct ps_fact_kind *kind = &lint->facts[rule->protocol][i];

        if ((ps_grants_row(rule, vocab, kind->row) & PS_OP_BIT(kind->op)) &&
            ps_vocab_addresses(vocab, kind->row, kind->op, space))
            return true;
    }
    return false;
}

/* Does the function, in a class that the rule grants, address an object of the rule? */
static bool row_addresses(const struct ps_lint *lint, const struct ps_rule *rule, const struct ps_vocab *vocab,
                          uint16_t row)
{
    for (uint32_t i = 0; i < lint->n_facts[rule->protocol]; i++) {
        const struct ps_fact_kind *kind = &lint->facts[rule->protocol][i];

        if (kind->row == row && (ps_grants_row(rule, vocab, row) & PS_OP_BIT(kind->op)) &&
            ps_grants_addresses(rule, vocab, kind))
            return true;
    }
    return false;
}

/* An object whose space no function addresses: the first of its space is told about. */
static void lint_object(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab, uint32_t object)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    const struct ps_space *space = ps_space_by_code(vocab, rule->objects[object].space);

    for (uint32_t i = 0; i < object; i++)
        if (ps_space_by_code(vocab, rule->objects[i].space) == space)
            return;
    ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                 "rule \"%s\" lists %s objects, which none of its functions addresses; remove them, or add the "
                 "function",
                 rule->name, space ? space->name : "unknown");
}

/* Objects that no function addresses, and functions named one by one that address none of the objects. */
static void lint_objects(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    struct ps_grants grants;
    uint32_t last = 0;

    ps_grants_find(lint, rule, &grants);
    if (grants.n_facts == 0) {
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" grants no request: none of its functions addresses the objects it lists; correct the "
                     "objects or the functions",
                     rule->name);
        return;
    }
    for (uint32_t i = 0; i < rule->n_objects; i++) {
        if (rule->objects[i].space != last && !any_addresses(lint, rule, vocab, rule->objects[i].space))
            lint_object(lint, index, vocab, i);
        last = rule->objects[i].space;
    }
    for (uint16_t row = 0; rule->has_functions && row < vocab->n_functions; row++)
        if (ps_grants_row(rule, vocab, row) != 0 && !row_addresses(lint, rule, vocab, row))
            ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                         "rule \"%s\" never grants %s, which addresses none of the objects it lists; remove the "
                         "function, or add its objects",
                         rule->name, vocab->functions[row].name);
}

static void lint_values(const struct ps_lint *lint, uint32_t index)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    struct ps_grants grants;

    ps_grants_find(lint, rule, &grants);
    if (grants.n_facts == 0)
        return;
    if (!grants.writes && grants.unseen_writes)
        return;
    if (!grants.writes) {
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" lists values but grants only functions that write none; remove values", rule->name);
        return;
    }
    for (uint32_t i = 0; i < rule->n_values; i++) {
        const struct ps_value_range limits = {grants.min, grants.max};
        char words[64], limit_words[64];
        struct ps_txt t;

        if (rule->values[i].max >= grants.min && rule->values[i].min <= grants.max)
            continue;
        ps_txt_init(&t, words, sizeof(words));
        ps_value_range_format(rule->values[i], &t);
        ps_txt_init(&t, limit_words, sizeof(limit_words));
        ps_value_range_format(limits, &t);
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" lists the value %s, which none of its functions can write (%s); correct it",
                     rule->name, words, limit_words);
    }
}

/* Choices and params that no fact of the rule has. Keys about what no function can ask for do no harm. */
static void lint_carried(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    struct ps_grants grants;
    uint32_t last = 0;

    ps_grants_find(lint, rule, &grants);
    if (grants.n_facts == 0)
        return;
    if (rule->n_choices > 0 && !grants.choices)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                     "rule \"%s\" lists %s but grants only functions that have none; remove %s", rule->name,
                     vocab->choices_key, vocab->choices_key);
    for (uint32_t i = 0; i < rule->n_params; i++) {
        uint32_t space = rule->params[i].space;

        if (space > grants.n_params && space != last)
            ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                         "rule \"%s\" bounds %s, which none of its functions has; remove it", rule->name,
                         vocab->params[space - 1].name);
        last = space;
    }
}

/* Functions named one by one, of which each message asks what the rule does not permit. */
static void lint_asked(const struct ps_lint *lint, uint32_t index, const struct ps_vocab *vocab)
{
    const struct ps_rule *rule = &lint->model->rules[index];

    for (uint16_t row = 0; row < vocab->n_functions; row++) {
        uint8_t asked = ps_grants_row(rule, vocab, row) ? vocab->always_asks(row) : 0;

        for (uint16_t i = 0; i < vocab->n_asks; i++) {
            const struct ps_ask *ask = &vocab->asks[i];
            bool is_set = (rule->keys & ask->bit) != 0;

            if (asked & ask->bit && is_set == ask->forbids)
                ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", index,
                             "rule \"%s\" never grants %s, which %s %s = true; %s, or remove the function", rule->name,
                             vocab->functions[row].name, ask->forbids ? "is forbidden by" : "needs", ask->name,
                             ask->forbids ? "take that out" : "add that");
        }
    }
}

void ps_lint_rules_dead(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;
    uint8_t *families = zone_families(model);

    for (uint32_t i = 0; i < model->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[i];
        const struct ps_vocab *vocab = ps_lint_vocab(rule);

        lint_ends(lint, i, families);
        if (!vocab)
            continue;
        if (lint_functions(lint, i, vocab))
            continue;
        if (rule->n_objects > 0)
            lint_objects(lint, i, vocab);
        if (rule->n_values > 0)
            lint_values(lint, i);
        if (rule->n_choices > 0 || rule->n_params > 0)
            lint_carried(lint, i, vocab);
        if (rule->has_functions && vocab->always_asks)
            lint_asked(lint, i, vocab);
    }
    free(families);
}
