/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissector.h"
#include "vocab.h"

/* A pair of zones that hosts of both sides look for each other across, or talk across. */
struct pair {
    uint32_t from, to;
    bool talks; /* drafts say so: this direction is a conduit */
};

struct pairs {
    struct pair *items;
    uint32_t n, capacity;
};

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static struct ps_range *copy_ranges(struct ps_model *model, const struct ps_ranges *ranges, uint32_t *n)
{
    struct ps_range *copy = NULL;

    *n = ranges->n;
    if (ranges->n > 0) {
        copy = ps_model_alloc(model, ranges->n * sizeof(*copy));
        memcpy(copy, ranges->items, ranges->n * sizeof(*copy));
    }
    return copy;
}

#define STATION_TEXT_MAX 64

static bool is_writable(const struct ps_vocab *vocab, struct ps_range range)
{
    char buf[STATION_TEXT_MAX];
    struct ps_range back;
    struct ps_txt text;

    ps_txt_init(&text, buf, sizeof(buf));
    vocab->station_format(range, &text);
    return vocab->station_parse(ps_str_from(buf), &back) && back.first == range.first && back.last == range.last;
}

/* Stations in pieces that the protocol's notation has words for: a range of codes may reach from one master or kind of
 * connection to another. */
static struct ps_range *copy_stations(struct ps_model *model, const struct ps_vocab *vocab,
                                      const struct ps_ranges *ranges, uint32_t *n)
{
    struct ps_range *copy;

    if (!vocab || !vocab->station_format)
        return copy_ranges(model, ranges, n);
    copy = ps_model_alloc(model, ((size_t)ps_ranges_count(ranges) + 1) * sizeof(*copy));
    *n = 0;
    for (uint32_t i = 0; i < ranges->n; i++) {
        struct ps_range rest = ranges->items[i];

        while (rest.first < rest.last) {
            struct ps_range piece = {rest.first, rest.first};

            while (piece.last < rest.last && is_writable(vocab, (struct ps_range){piece.first, piece.last + 1}))
                piece.last++;
            if (piece.last == rest.last)
                break;
            copy[(*n)++] = piece;
            rest.first = piece.last + 1;
        }
        copy[(*n)++] = rest;
    }
    return copy;
}

/* A set of assets as a list of their numbers. */
static uint32_t *copy_members(struct ps_model *model, const struct ps_ranges *ranges, uint32_t *n)
{
    uint32_t *copy = ps_model_alloc(model, (size_t)ps_ranges_count(ranges) * sizeof(*copy));

    *n = 0;
    for (uint32_t i = 0; i < ranges->n; i++)
        for (uint64_t number = ranges->items[i].first; number <= ranges->items[i].last; number++)
            copy[(*n)++] = (uint32_t)number;
    return copy;
}

/* A class of which the protocol has no functions: a rule for it opens connections and grants nothing but housekeeping. */
static uint32_t opens_only_ops(const struct ps_vocab *vocab)
{
    uint32_t ops = 0;

    for (uint16_t row = 0; row < vocab->n_functions; row++)
        ops |= vocab->functions[row].ops;
    for (unsigned op = PS_N_OPS - 1; op > PS_OP_NONE; op--)
        if (!(ops & PS_OP_BIT(op)) && op != PS_OP_OPAQUE)
            return PS_OP_BIT(op);
    return PS_OP_BIT(PS_OP_OPAQUE);
}

bool ps_learn_opens_only(const struct ps_rule *rule)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);

    return vocab && !rule->has_functions && rule->ops == opens_only_ops(vocab);
}

/* The class that an inspected draft is about. */
static unsigned op_of(const struct ps_draft *draft, const struct ps_vocab *vocab)
{
    if (draft->ops != 0)
        return (unsigned)__builtin_ctz(draft->ops);
    for (uint16_t row = 0; row < vocab->n_functions; row++)
        if (draft->functions[row / 64] >> row % 64 & 1)
            return (unsigned)__builtin_ctz(vocab->functions[row].ops);
    return PS_OP_NONE;
}

/* "modbus-read", "modbus-write-holding", "tcp-80", "udp", "ethernet-0x88cc" */
static void rule_name(const struct ps_draft *draft, struct ps_txt *name)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(draft->protocol);
    const struct ps_ranges *numbers = &draft->dims[PS_DRAFT_PORTS];

    ps_txt_str(name, ps_protocol_name(draft->protocol));
    if (vocab) {
        ps_txt_char(name, '-');
        ps_txt_str(name, draft->opens_only ? "connect" : ps_op_name(op_of(draft, vocab)));
        if (draft->has_functions && draft->n_objects > 0) {
            ps_txt_char(name, '-');
            ps_txt_str(name, ps_space_by_code(vocab, draft->objects[0].space)->name);
        }
        return;
    }
    if (numbers->n == 0)
        numbers = &draft->dims[PS_DRAFT_CODES];
    if (ps_ranges_count(numbers) != 1)
        return;
    ps_txt_char(name, '-');
    if (draft->protocol == PS_PROTOCOL_ETHERNET) {
        ps_txt_str(name, "0x");
        ps_txt_hex(name, numbers->items[0].first, 1);
    } else {
        ps_txt_u64(name, numbers->items[0].first);
    }
}

static bool name_taken(const struct ps_model *model, const struct ps_conduit *conduit, const char *name)
{
    for (uint32_t i = 0; i < conduit->n_rules; i++)
        if (strcmp(model->rules[conduit->first_rule + i].name, name) == 0)
            return true;
    return false;
}

/* Names are unique in a conduit: the second "tcp-80" is "tcp-80-2". */
static const char *unique_rule_name(struct ps_model *model, const struct ps_conduit *conduit,
                                    const struct ps_draft *draft)
{
    char buf[96];
    struct ps_txt name;
    size_t len;

    ps_txt_init(&name, buf, sizeof(buf) - 12);
    rule_name(draft, &name);
    len = name.len;
    for (unsigned number = 2; name_taken(model, conduit, buf); number++)
        snprintf(buf + len, sizeof(buf) - len, "-%u", number);
    return ps_model_strdup(model, buf);
}

static void rule_params(struct ps_model *model, const struct ps_draft *draft, struct ps_rule *rule)
{
    if (draft->n_params == 0)
        return;
    rule->params = ps_model_alloc(model, draft->n_params * sizeof(*rule->params));
    for (uint32_t i = 0; i < draft->n_params; i++)
        rule->params[rule->n_params++] = (struct ps_object_range){i + 1, draft->params[i].first, draft->params[i].last};
}

/* Keys about what was asked for besides. One that forbids something is set where points are moved without it. */
static uint8_t rule_keys(const struct ps_draft *draft, const struct ps_vocab *vocab)
{
    uint8_t keys = 0;

    for (uint16_t i = 0; vocab && i < vocab->n_asks; i++) {
        const struct ps_ask *ask = &vocab->asks[i];
        bool asked = (draft->asks & ask->bit) != 0;

        if (ask->forbids ? !asked && op_of(draft, vocab) == PS_OP_OPERATE : asked)
            keys |= ask->bit;
    }
    return keys;
}

static void rule_add(struct ps_model *model, struct ps_conduit *conduit, const struct ps_draft *draft)
{
    struct ps_rule *rule = &model->rules[conduit->first_rule + conduit->n_rules];
    const struct ps_dissector *dissector = ps_dissector_by_protocol(ps_protocol_carrier(draft->protocol));
    const struct ps_vocab *vocab = ps_vocab_by_protocol(draft->protocol);
    const struct ps_ranges *ports = &draft->dims[PS_DRAFT_PORTS];

    *rule = (struct ps_rule){
        .name = unique_rule_name(model, conduit, draft),
        .conduit = (uint32_t)(conduit - model->conduits),
        .protocol = draft->protocol,
        .udp = draft->udp,
        .ops = draft->opens_only ? opens_only_ops(vocab) : draft->ops,
        .has_functions = draft->has_functions,
        .n_objects = draft->n_objects,
    };
    memcpy(rule->functions, draft->functions, sizeof(rule->functions));
    rule->clients = copy_members(model, &draft->dims[PS_DRAFT_CLIENTS], &rule->n_clients);
    rule->servers = copy_members(model, &draft->dims[PS_DRAFT_SERVERS], &rule->n_servers);
    rule->stations = copy_stations(model, vocab, &draft->dims[PS_DRAFT_STATIONS], &rule->n_stations);
    rule->codes = copy_ranges(model, &draft->dims[PS_DRAFT_CODES], &rule->n_codes);
    if (!dissector || ps_ranges_count(ports) != 1 || ports->items[0].first != dissector->default_port)
        rule->ports = copy_ranges(model, ports, &rule->n_ports);
    if (draft->n_objects > 0) {
        rule->objects = ps_model_alloc(model, draft->n_objects * sizeof(*rule->objects));
        memcpy(rule->objects, draft->objects, draft->n_objects * sizeof(*rule->objects));
    }
    rule->choices = copy_ranges(model, &draft->dims[PS_DRAFT_CHOICES], &rule->n_choices);
    rule_params(model, draft, rule);
    rule->keys = draft->opens_only ? 0 : rule_keys(draft, vocab);
    if (draft->has_values) {
        rule->values = ps_model_alloc(model, sizeof(*rule->values));
        rule->values[0] = (struct ps_value_range){draft->min, draft->max};
        rule->n_values = 1;
    }
    conduit->n_rules++;
    model->n_rules++;
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

static void pair_add(struct pairs *pairs, uint32_t from, uint32_t to, bool talks)
{
    if (pairs->n > 0 && pairs->items[pairs->n - 1].from == from && pairs->items[pairs->n - 1].to == to &&
        pairs->items[pairs->n - 1].talks == talks)
        return;
    pairs->items = ps_learn_grow(pairs->items, pairs->n, &pairs->capacity, sizeof(*pairs->items));
    pairs->items[pairs->n++] = (struct pair){from, to, talks};
}

/* Those that talk first within a pair of zones. */
static int compare_pairs(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;

    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return (int)b->talks - (int)a->talks;
}

static bool pair_talks(const struct pairs *pairs, uint32_t n, uint32_t from, uint32_t to)
{
    struct pair key = {from, to, true};

    return n > 0 && bsearch(&key, pairs->items, n, sizeof(key), compare_pairs) != NULL;
}

static void pairs_sort(struct pairs *pairs)
{
    uint32_t kept = 0;

    if (pairs->n < 2)
        return;
    qsort(pairs->items, pairs->n, sizeof(*pairs->items), compare_pairs);
    for (uint32_t i = 1; i < pairs->n; i++)
        if (pairs->items[i].from != pairs->items[kept].from || pairs->items[i].to != pairs->items[kept].to)
            pairs->items[++kept] = pairs->items[i];
    pairs->n = kept + 1;
}

/* Every pair of zones that needs a conduit, in order. Zones across which hosts only look for each other need one in one
 * direction, and only when they do not talk anyway. */
static void pairs_collect(struct pairs *pairs, const struct ps_drafts *drafts, const struct ps_seen_set *seen,
                          const struct ps_places *places)
{
    uint32_t n_talking;

    for (uint32_t i = 0; i < drafts->n; i++)
        pair_add(pairs, drafts->items[i].from, drafts->items[i].to, true);
    pairs_sort(pairs);
    n_talking = pairs->n;
    for (uint32_t i = 0; i < seen->n; i++) {
        const struct ps_seen_key *key = &seen->items[i].key;
        uint32_t asset, from, to;

        if (key->protocol != PS_PROTOCOL_NONE)
            continue;
        ps_places_find(places, key->client, false, &asset, &from);
        ps_places_find(places, key->server, false, &asset, &to);
        if (from != to && !pair_talks(pairs, n_talking, from, to) && !pair_talks(pairs, n_talking, to, from))
            pair_add(pairs, from < to ? from : to, from < to ? to : from, false);
    }
    pairs_sort(pairs);
}

/* "seen in the capture: modbus, tcp" */
static const char *purpose_of(struct ps_model *model, const struct ps_conduit *conduit)
{
    char buf[128];
    struct ps_txt text;
    const char *glue = "seen in the capture: ";
    uint8_t last = PS_PROTOCOL_NONE;

    ps_txt_init(&text, buf, sizeof(buf));
    for (uint32_t i = 0; i < conduit->n_rules; i++) {
        uint8_t protocol = model->rules[conduit->first_rule + i].protocol;

        if (protocol == last)
            continue;
        ps_txt_str(&text, glue);
        ps_txt_str(&text, ps_protocol_name(protocol));
        glue = ", ";
        last = protocol;
    }
    if (conduit->n_rules == 0)
        ps_txt_str(&text, "seen in the capture: hosts that look for each other's MAC address");
    return ps_model_strdup(model, buf);
}

static void conduit_init(struct ps_model *model, struct ps_conduit *conduit, uint32_t from, uint32_t to)
{
    char name[256];

    if (from == to)
        snprintf(name, sizeof(name), "inside-%s", model->zones[from].name);
    else
        snprintf(name, sizeof(name), "%s-to-%s", model->zones[from].name, model->zones[to].name);
    *conduit = (struct ps_conduit){
        .name = ps_model_strdup(model, name),
        .owner = "unassigned",
        .from = from,
        .to = to,
        .on_failure = PS_ON_FAILURE_CLOSED,
        .has_sl_t = true,
        .first_rule = model->n_rules,
    };
    memset(conduit->sl_t, 1, sizeof(conduit->sl_t));
}

static bool conduits_make(struct ps_model *model, const struct ps_drafts *drafts, const struct pairs *pairs)
{
    uint32_t at = 0;

    if (pairs->n > PS_MAX_CONDUITS || drafts->n > PS_MAX_RULES)
        return false;
    model->conduits = ps_model_alloc(model, ((size_t)pairs->n + 1) * sizeof(*model->conduits));
    model->rules = ps_model_alloc(model, ((size_t)drafts->n + 1) * sizeof(*model->rules));
    for (uint32_t i = 0; i < pairs->n; i++) {
        struct ps_conduit *conduit = &model->conduits[model->n_conduits++];

        conduit_init(model, conduit, pairs->items[i].from, pairs->items[i].to);
        for (; at < drafts->n && drafts->items[at].from == conduit->from && drafts->items[at].to == conduit->to; at++)
            rule_add(model, conduit, &drafts->items[at]);
        conduit->purpose = purpose_of(model, conduit);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static void model_frame(struct ps_model *model, const struct ps_learn_model_options *options)
{
    const struct ps_model *given = options->given;

    model->site = options->site ? ps_model_strdup(model, options->site) : given ? given->site : "learned plant";
    model->revision = given ? given->revision : 1;
    model->files = ps_model_alloc(model, sizeof(*model->files));
    model->files[0] = "learned";
    model->n_files = 1;
    if (given) {
        model->gateways = given->gateways;
        model->n_gateways = given->n_gateways;
    }
}

struct ps_model *ps_learn_model(struct ps_seen_set *seen, const struct ps_learn_model_options *options)
{
    struct ps_model *model = ps_model_new();
    struct ps_drafts drafts = {0};
    struct ps_places places;
    struct pairs pairs = {0};
    bool fits;

    if (!model)
        return NULL;
    model_frame(model, options);
    ps_seen_sort(seen);
    fits = ps_learn_zones(model, options->given, seen);
    ps_places_init(&places, model);
    if (fits) {
        ps_drafts_make(&drafts, seen, &places, &options->drafts);
        pairs_collect(&pairs, &drafts, seen, &places);
        fits = conduits_make(model, &drafts, &pairs);
    }
    ps_places_fini(&places);
    ps_drafts_fini(&drafts);
    free(pairs.items);
    if (!fits) {
        ps_model_free(model);
        return NULL;
    }
    return model;
}

struct ps_model *ps_learn_model_blank(const struct ps_ranges *const ports[PS_N_DISSECTORS])
{
    struct ps_seen_set seen = {0};
    struct ps_learn_model_options options = {0};
    struct ps_model *model;

    for (uint8_t p = PS_PROTOCOL_NONE + 1; p < PS_N_DISSECTORS; p++)
        for (uint32_t i = 0; ports[p] && i < ports[p]->n; i++)
            for (uint32_t port = ports[p]->items[i].first; port <= ports[p]->items[i].last; port++)
                ps_seen_port(&seen, p, (uint16_t)port);
    model = ps_learn_model(&seen, &options);
    ps_seen_fini(&seen);
    return model;
}
