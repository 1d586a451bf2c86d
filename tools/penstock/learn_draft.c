/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_draft.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "dissector.h"
#include "vocab.h"

static void draft_fini(struct ps_draft *draft)
{
    for (unsigned d = 0; d < PS_N_DRAFT_DIMS; d++)
        ps_ranges_fini(&draft->dims[d]);
    free(draft->objects);
}

void ps_drafts_fini(struct ps_drafts *drafts)
{
    for (uint32_t i = 0; i < drafts->n; i++)
        draft_fini(&drafts->items[i]);
    free(drafts->items);
    *drafts = (struct ps_drafts){0};
}

/* ---- order ----------------------------------------------------------------------------------------------------- */

#define ORDER(field)                                                                                                   \
    if (a->field != b->field)                                                                                          \
    return a->field < b->field ? -1 : 1

static int compare_objects(const struct ps_draft *a, const struct ps_draft *b)
{
    for (uint32_t i = 0; i < a->n_objects && i < b->n_objects; i++) {
        const struct ps_object_range *x = &a->objects[i], *y = &b->objects[i];

        if (x->space != y->space)
            return x->space < y->space ? -1 : 1;
        if (x->first != y->first)
            return x->first < y->first ? -1 : 1;
        if (x->last != y->last)
            return x->last < y->last ? -1 : 1;
    }
    return a->n_objects == b->n_objects ? 0 : a->n_objects < b->n_objects ? -1 : 1;
}

/* What a rule says apart from its lists along which drafts are merged. */
static int compare_bodies(const struct ps_draft *a, const struct ps_draft *b)
{
    ORDER(from);
    ORDER(to);
    ORDER(protocol);
    ORDER(udp);
    ORDER(opens_only);
    ORDER(ops);
    ORDER(has_functions);
    ORDER(has_values);
    ORDER(asks);
    ORDER(n_params);
    for (unsigned i = 0; i < a->n_params; i++) {
        ORDER(params[i].first);
        ORDER(params[i].last);
    }
    for (unsigned i = 0; i < PS_FUNCTIONS_MAX / 64; i++)
        ORDER(functions[i]);
    ORDER(min);
    ORDER(max);
    return compare_objects(a, b);
}

static int compare_dims(const struct ps_draft *a, const struct ps_draft *b, unsigned but)
{
    for (unsigned d = 0; d < PS_N_DRAFT_DIMS; d++) {
        int order = d == but ? 0 : ps_ranges_compare(&a->dims[d], &b->dims[d]);

        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_but(const struct ps_draft *a, const struct ps_draft *b, unsigned but)
{
    int order = compare_bodies(a, b);

    return order != 0 ? order : compare_dims(a, b, but);
}

static int compare_last(const struct ps_draft *a, const struct ps_draft *b, unsigned d)
{
    int order = compare_but(a, b, d);

    return order != 0 ? order : ps_ranges_compare(&a->dims[d], &b->dims[d]);
}

#define COMPARE_BUT(name, dim)                                                                                         \
    static int name(const void *a, const void *b)                                                                      \
    {                                                                                                                  \
        return compare_last(a, b, dim);                                                                                \
    }
COMPARE_BUT(by_choice, PS_DRAFT_CHOICES)
COMPARE_BUT(by_station, PS_DRAFT_STATIONS)
COMPARE_BUT(by_port, PS_DRAFT_PORTS)
COMPARE_BUT(by_code, PS_DRAFT_CODES)
COMPARE_BUT(by_client, PS_DRAFT_CLIENTS)
COMPARE_BUT(by_server, PS_DRAFT_SERVERS)

/* Conduit by conduit; in it what is inspected first; then by server and client, reads first. */
static int by_reading(const void *x, const void *y)
{
    const struct ps_draft *a = x, *b = y;
    int order;

    ORDER(from);
    ORDER(to);
    ORDER(protocol);
    order = ps_ranges_compare(&a->dims[PS_DRAFT_SERVERS], &b->dims[PS_DRAFT_SERVERS]);
    if (order == 0)
        order = ps_ranges_compare(&a->dims[PS_DRAFT_CLIENTS], &b->dims[PS_DRAFT_CLIENTS]);
    if (order != 0)
        return order;
    ORDER(has_functions);
    return compare_last(a, b, PS_DRAFT_STATIONS);
}

/* ---- merging --------------------------------------------------------------------------------------------------- */

static void merge_along(struct ps_drafts *drafts, unsigned d)
{
    static int (*const orders[PS_N_DRAFT_DIMS])(const void *, const void *) = {
        [PS_DRAFT_CHOICES] = by_choice, [PS_DRAFT_STATIONS] = by_station, [PS_DRAFT_PORTS] = by_port,
        [PS_DRAFT_CODES] = by_code,     [PS_DRAFT_CLIENTS] = by_client,   [PS_DRAFT_SERVERS] = by_server,
    };
    uint32_t kept = 0;

    if (drafts->n < 2)
        return;
    qsort(drafts->items, drafts->n, sizeof(*drafts->items), orders[d]);
    for (uint32_t i = 1; i < drafts->n; i++) {
        struct ps_draft *into = &drafts->items[kept], *draft = &drafts->items[i];

        if (compare_but(into, draft, d) == 0) {
            ps_ranges_merge(&into->dims[d], &draft->dims[d]);
            draft_fini(draft);
        } else {
            drafts->items[++kept] = *draft;
        }
    }
    drafts->n = kept + 1;
}

/* ---- drafts from what was seen --------------------------------------------------------------------------------- */

/* The address space without its number: files are one family. 0: addresses nothing. */
static uint32_t family(const struct ps_seen_key *key)
{
    const struct ps_space *space =
        key->space != 0 ? ps_space_by_code(ps_vocab_by_protocol(key->protocol), key->space) : NULL;

    return space ? space->code : 0;
}

static bool same_ends(const struct ps_seen_key *a, const struct ps_seen_key *b)
{
    return ps_addr_equal(a->client, b->client) && ps_addr_equal(a->server, b->server);
}

static bool same_station(const struct ps_seen_key *a, const struct ps_seen_key *b)
{
    return same_ends(a, b) && a->protocol == b->protocol && a->udp == b->udp && a->port == b->port &&
           a->station == b->station;
}

static bool gathers(const struct ps_seen_key *key)
{
    return ps_op_gathers(key->op) && key->space != 0;
}

/* Entries that share a rule of one client, server, port and station: what gathers with every space and choice;
 * housekeeping; everything else by class, family of spaces, choice and whether its values are known. */
static bool same_rule(const struct ps_seen_key *a, const struct ps_seen_key *b)
{
    if (!same_station(a, b) || a->asks != b->asks || a->housekeeping != b->housekeeping)
        return false;
    if (a->housekeeping)
        return true;
    return a->op == b->op && a->values == b->values && a->n_params == b->n_params &&
           ((gathers(a) && gathers(b)) || (family(a) == family(b) && a->choice == b->choice));
}

/* The connection itself needs no draft when another one opens it: what is asked on it, in any protocol that is spoken on
 * the port, follows it in the order of entries. */
static bool opened_otherwise(const struct ps_seen_set *seen, uint32_t i)
{
    const struct ps_seen_key *key = &seen->items[i].key;

    for (uint32_t k = i + 1; k < seen->n; k++) {
        const struct ps_seen_key *next = &seen->items[k].key;

        if (!same_ends(key, next) || ps_protocol_carrier(next->protocol) != key->protocol)
            return false;
        if (next->udp == key->udp && next->port == key->port && next->op != PS_OP_NONE)
            return true;
    }
    return false;
}

/* Housekeeping needs no draft when another one has its station and permits what it asks for besides. */
static bool kept_otherwise(const struct ps_seen_set *seen, uint32_t i)
{
    const struct ps_seen_key *key = &seen->items[i].key;
    uint32_t k = i;

    while (k > 0 && same_station(key, &seen->items[k - 1].key))
        k--;
    for (; k < seen->n && same_station(key, &seen->items[k].key); k++) {
        const struct ps_seen_key *other = &seen->items[k].key;

        if (!other->housekeeping && other->op != PS_OP_NONE && (key->asks & ~other->asks) == 0)
            return true;
    }
    return false;
}

static void add_objects(struct ps_draft *draft, const struct ps_seen *item)
{
    for (uint32_t i = 0; i < item->objects.n; i++) {
        draft->objects = ps_learn_grow(draft->objects, draft->n_objects, &draft->object_room, sizeof(*draft->objects));
        draft->objects[draft->n_objects++] =
            (struct ps_object_range){item->key.space, item->objects.items[i].first, item->objects.items[i].last};
    }
}

/* One more function asked for under the same rule. Entries come sorted by space, so that only functions of one space
 * need to be merged. */
static void add_function(struct ps_draft *draft, const struct ps_seen *item, struct ps_ranges *objects, uint32_t space)
{
    struct ps_seen merged = {.key = {.space = space}};

    ps_ranges_merge(objects, &item->objects);
    while (draft->n_objects > 0 && draft->objects[draft->n_objects - 1].space == space)
        draft->n_objects--;
    merged.objects = *objects;
    add_objects(draft, &merged);
}

static void add_numbers(struct ps_draft *draft, const struct ps_seen *item)
{
    if (draft->has_values && item->min < draft->min)
        draft->min = item->min;
    if (draft->has_values && item->max > draft->max)
        draft->max = item->max;
    for (unsigned i = 0; i < draft->n_params; i++) {
        if (item->params[i].first < draft->params[i].first)
            draft->params[i].first = item->params[i].first;
        if (item->params[i].last > draft->params[i].last)
            draft->params[i].last = item->params[i].last;
    }
}

static void add_inspected(struct ps_draft *draft, const struct ps_seen_set *seen, uint32_t *i,
                          const struct ps_draft_options *options)
{
    const struct ps_seen_key *key = &seen->items[*i].key;
    const struct ps_vocab *vocab = ps_vocab_by_protocol(key->protocol);
    struct ps_ranges objects = {0};
    uint32_t space = 0, function_ops = 0;

    draft->asks = key->asks;
    draft->has_functions = !gathers(key);
    draft->has_values = key->values == PS_SEEN_BOUNDED && !options->no_values;
    draft->min = draft->has_values ? DBL_MAX : 0;
    draft->max = draft->has_values ? -DBL_MAX : 0;
    draft->n_params = options->no_values ? 0 : key->n_params;
    for (unsigned p = 0; p < draft->n_params; p++)
        draft->params[p] = (struct ps_range){UINT32_MAX, 0};
    for (; *i < seen->n && same_rule(key, &seen->items[*i].key); (*i)++) {
        const struct ps_seen *item = &seen->items[*i];
        uint16_t row = item->key.function;

        if (item->key.space != space)
            ps_ranges_fini(&objects);
        space = item->key.space;
        if (space != 0)
            add_function(draft, item, &objects, space);
        if (item->key.choice != 0)
            ps_ranges_add(&draft->dims[PS_DRAFT_CHOICES], item->key.choice, item->key.choice);
        if (row < vocab->n_functions)
            function_ops |= vocab->functions[row].ops;
        if (draft->has_functions)
            draft->functions[row / 64] |= UINT64_C(1) << row % 64;
        add_numbers(draft, item);
    }
    ps_ranges_fini(&objects);
    /* The class matters where functions alone would also grant their facts of another class. */
    if (!draft->has_functions || (!key->housekeeping && function_ops != PS_OP_BIT(key->op)))
        draft->ops = PS_OP_BIT(key->op);
}

static struct ps_draft *draft_new(struct ps_drafts *drafts, const struct ps_seen_key *key,
                                  const struct ps_places *places)
{
    bool mac = key->protocol == PS_PROTOCOL_ETHERNET;
    struct ps_draft *draft;
    uint32_t client, server;

    drafts->items = ps_learn_grow(drafts->items, drafts->n, &drafts->capacity, sizeof(*drafts->items));
    draft = &drafts->items[drafts->n++];
    *draft = (struct ps_draft){.protocol = key->protocol, .udp = key->udp};
    ps_places_find(places, key->client, mac, &client, &draft->from);
    ps_places_find(places, key->server, mac, &server, &draft->to);
    ps_ranges_add(&draft->dims[PS_DRAFT_CLIENTS], client, client);
    ps_ranges_add(&draft->dims[PS_DRAFT_SERVERS], server, server);
    return draft;
}

static void draft_entry(struct ps_drafts *drafts, const struct ps_seen_set *seen, uint32_t *i,
                        const struct ps_places *places, const struct ps_draft_options *options)
{
    const struct ps_seen_key *key = &seen->items[*i].key;
    struct ps_draft *draft = draft_new(drafts, key, places);

    switch (key->protocol) {
    case PS_PROTOCOL_TCP:
    case PS_PROTOCOL_UDP:
        ps_ranges_add(&draft->dims[PS_DRAFT_PORTS], key->port, key->port);
        (*i)++;
        return;
    case PS_PROTOCOL_ICMP:
    case PS_PROTOCOL_IP:
    case PS_PROTOCOL_ETHERNET:
        ps_ranges_add(&draft->dims[PS_DRAFT_CODES], key->port, key->port);
        (*i)++;
        return;
    default:
        ps_ranges_add(&draft->dims[PS_DRAFT_PORTS], key->port, key->port);
        draft->opens_only = key->op == PS_OP_NONE;
        if (draft->opens_only) {
            (*i)++;
            return;
        }
        ps_ranges_add(&draft->dims[PS_DRAFT_STATIONS], key->station, key->station);
        add_inspected(draft, seen, i, options);
    }
}

/* An entry of an inspected protocol that another one brings with it. */
static bool is_needless(const struct ps_seen_set *seen, uint32_t i)
{
    const struct ps_seen_key *key = &seen->items[i].key;

    if (!ps_vocab_by_protocol(key->protocol))
        return false;
    return key->op == PS_OP_NONE ? opened_otherwise(seen, i) : key->housekeeping && kept_otherwise(seen, i);
}

void ps_drafts_make(struct ps_drafts *drafts, const struct ps_seen_set *seen, const struct ps_places *places,
                    const struct ps_draft_options *options)
{
    for (uint32_t i = 0; i < seen->n;) {
        const struct ps_seen_key *key = &seen->items[i].key;

        if (key->protocol == PS_PROTOCOL_NONE || is_needless(seen, i))
            i++;
        else
            draft_entry(drafts, seen, &i, places, options);
    }
    for (unsigned d = 0; d < PS_N_DRAFT_DIMS; d++)
        merge_along(drafts, d);
    if (drafts->n > 1)
        qsort(drafts->items, drafts->n, sizeof(*drafts->items), by_reading);
}
