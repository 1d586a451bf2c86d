/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules that an earlier rule of the same conduit makes useless: everything the later one grants, the earlier one
 * grants alone. Exact containment, over every key.
 */
#include "lint.h"

#include <stdlib.h>

#include "build.h"

/* How many earlier rules for the same server a rule is compared with, the first ones: bounds the work in a conduit
 * with very many rules. */
#define MAX_COMPARED 128u

/* ---- does a contain b? ----------------------------------------------------------------------------------------- */

/* Sets of assets; none: everybody. */
static bool assets_contain(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b)
{
    if (n_a == 0)
        return true;
    if (n_b == 0 || n_b > n_a)
        return false;
    for (uint32_t i = 0; i < n_b; i++) {
        uint32_t k = 0;

        while (k < n_a && a[k] != b[i])
            k++;
        if (k == n_a)
            return false;
    }
    return true;
}

static bool ranges_hold(const struct ps_range *a, uint32_t n_a, struct ps_range r)
{
    for (uint32_t i = 0; i < n_a; i++)
        if (ps_range_contains(a[i], r.first, r.last))
            return true;
    return false;
}

/* Sets of numbers; none: all. */
static bool ranges_contain(const struct ps_range *a, uint32_t n_a, const struct ps_range *b, uint32_t n_b)
{
    if (n_a == 0)
        return true;
    for (uint32_t i = 0; i < n_b; i++)
        if (!ranges_hold(a, n_a, b[i]))
            return false;
    return n_b > 0;
}

static bool ports_contain(const struct ps_rule *a, const struct ps_rule *b)
{
    struct ps_range one_a, one_b;
    uint32_t n_a, n_b;
    const struct ps_range *ports_a = ps_rule_ports(a, &one_a, &n_a);
    const struct ps_range *ports_b = ps_rule_ports(b, &one_b, &n_b);

    return ranges_contain(ports_a, n_a, ports_b, n_b);
}

static bool objects_contain(const struct ps_rule *a, const struct ps_rule *b)
{
    if (a->n_objects == 0)
        return true;
    for (uint32_t i = 0; i < b->n_objects; i++) {
        uint32_t k = 0;

        while (k < a->n_objects &&
               !(a->objects[k].space == b->objects[i].space && a->objects[k].first <= b->objects[i].first &&
                 b->objects[i].last <= a->objects[k].last))
            k++;
        if (k == a->n_objects)
            return false;
    }
    return b->n_objects > 0;
}

static bool values_contain(const struct ps_rule *a, const struct ps_rule *b)
{
    if (a->n_values == 0)
        return true;
    for (uint32_t i = 0; i < b->n_values; i++) {
        uint32_t k = 0;

        while (k < a->n_values && !(a->values[k].min <= b->values[i].min && b->values[i].max <= a->values[k].max))
            k++;
        if (k == a->n_values)
            return false;
    }
    return b->n_values > 0;
}

/* Both are of one protocol, so what they mean by none is the same. */
static bool choices_contain(const struct ps_rule *a, const struct ps_rule *b)
{
    uint32_t n_a, n_b;

    if (a->n_choices == 0 && b->n_choices == 0)
        return true;
    struct ps_range *choices_a = ps_rule_choices(a, &n_a);
    struct ps_range *choices_b = ps_rule_choices(b, &n_b);
    bool contain = ranges_contain(choices_a, n_a, choices_b, n_b);

    free(choices_a);
    free(choices_b);
    return contain;
}

static uint32_t n_of_row(const struct ps_rule *rule, uint32_t space)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < rule->n_params; i++)
        n += rule->params[i].space == space;
    return n;
}

/* All numbers that b grants for one row of the params. */
static bool row_contains(const struct ps_rule *a, const struct ps_rule *b, uint32_t space)
{
    if (n_of_row(a, space) == 0)
        return true;
    for (uint32_t i = 0; i < b->n_params; i++) {
        uint32_t k = 0;

        if (b->params[i].space != space)
            continue;
        while (k < a->n_params && !(a->params[k].space == space && a->params[k].first <= b->params[i].first &&
                                    b->params[i].last <= a->params[k].last))
            k++;
        if (k == a->n_params)
            return false;
    }
    return n_of_row(b, space) > 0;
}

/* The first n_rows of the params. */
static bool params_contain(const struct ps_rule *a, const struct ps_rule *b, uint32_t n_rows)
{
    for (uint32_t row = 0; row < n_rows && a->n_params > 0; row++)
        if (!row_contains(a, b, row + 1))
            return false;
    return true;
}

/* Values, choices and params; what no fact of b has does not count. */
static bool carried_contain(const struct ps_lint *lint, const struct ps_rule *a, const struct ps_rule *b)
{
    bool values = values_contain(a, b), choices = choices_contain(a, b), params = params_contain(a, b, PS_PARAMS_MAX);
    struct ps_grants grants;

    if (values && choices && params)
        return true;
    ps_grants_find(lint, b, &grants);
    values = values || (!grants.writes && !grants.unseen_writes);
    choices = choices || !grants.choices;
    return values && choices && (params || params_contain(a, b, grants.n_params));
}

/* Every fact that b grants in functions, classes, objects, values, choices and params is one that a grants. Housekeeping
 * goes by the stations alone. */
static bool facts_contain(const struct ps_lint *lint, const struct ps_rule *a, const struct ps_rule *b)
{
    const struct ps_vocab *vocab = ps_lint_vocab(a);

    if (!vocab)
        return true;
    for (uint16_t row = 0; row < vocab->n_functions; row++)
        if (!vocab->functions[row].housekeeping && (ps_grants_row(b, vocab, row) & ~ps_grants_row(a, vocab, row)))
            return false;
    return objects_contain(a, b) && carried_contain(lint, a, b);
}

static bool rule_contains(const struct ps_lint *lint, const struct ps_rule *a, const struct ps_rule *b)
{
    /* A rule with other bounds on waiting requests still has an effect: a flow gets the largest of its rules. */
    return a->protocol == b->protocol && a->udp == b->udp && a->max_outstanding == b->max_outstanding &&
           a->timeout_ms == b->timeout_ms &&
           (a->max_quantity == 0 || (b->max_quantity != 0 && b->max_quantity <= a->max_quantity)) &&
           assets_contain(a->servers, a->n_servers, b->servers, b->n_servers) &&
           assets_contain(a->clients, a->n_clients, b->clients, b->n_clients) && ports_contain(a, b) &&
           ranges_contain(a->codes, a->n_codes, b->codes, b->n_codes) &&
           ranges_contain(a->stations, a->n_stations, b->stations, b->n_stations) &&
           !(ps_rule_permits(b) & ~ps_rule_permits(a)) && facts_contain(lint, a, b);
}

static bool grants_anything(const struct ps_lint *lint, const struct ps_rule *rule)
{
    struct ps_grants grants;

    if (!ps_lint_vocab(rule))
        return true;
    ps_grants_find(lint, rule, &grants);
    return grants.n_facts > 0;
}

/* ---- candidates ------------------------------------------------------------------------------------------------ */

/* The rules of one conduit by server: a rule that contains another one lists the other's first server, or none. */
struct listed {
    uint32_t server; /* PS_NONE: everybody */
    uint32_t rule;
};

struct index {
    struct listed *items;
    size_t n, room;
};

static int compare_listed(const void *a, const void *b)
{
    const struct listed *x = a;
    const struct listed *y = b;

    if (x->server != y->server)
        return x->server < y->server ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void index_fill(struct index *index, const struct ps_model *model, const struct ps_conduit *conduit)
{
    uint32_t end = conduit->first_rule + conduit->n_rules;
    size_t need = 0;

    for (uint32_t i = conduit->first_rule; i < end; i++)
        need += model->rules[i].n_servers > 0 ? model->rules[i].n_servers : 1;
    if (need > index->room) {
        free(index->items);
        index->room = 2 * need;
        index->items = ps_lint_calloc(index->room, sizeof(*index->items));
    }
    index->n = 0;
    for (uint32_t i = conduit->first_rule; i < end; i++) {
        const struct ps_rule *rule = &model->rules[i];

        for (uint32_t s = 0; s < rule->n_servers; s++)
            index->items[index->n++] = (struct listed){rule->servers[s], i};
        if (rule->n_servers == 0)
            index->items[index->n++] = (struct listed){PS_NONE, i};
    }
    qsort(index->items, index->n, sizeof(*index->items), compare_listed);
}

/* The first rule before rule b that lists server and contains b; PS_NONE: there is none. */
static uint32_t find_container(const struct ps_lint *lint, const struct index *index, uint32_t server, uint32_t b)
{
    const struct ps_rule *rules = lint->model->rules;
    size_t low = 0;
    size_t high = index->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (index->items[middle].server < server)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < index->n && i - low < MAX_COMPARED && index->items[i].server == server; i++) {
        if (index->items[i].rule >= b)
            break;
        if (rule_contains(lint, &rules[index->items[i].rule], &rules[b]))
            return index->items[i].rule;
    }
    return PS_NONE;
}

static void lint_conduit(const struct ps_lint *lint, const struct ps_conduit *conduit, const struct index *index)
{
    const struct ps_model *model = lint->model;

    for (uint32_t i = 0; i < conduit->n_rules; i++) {
        uint32_t b = conduit->first_rule + i;
        const struct ps_rule *rule = &model->rules[b];
        const struct ps_rule *first;
        uint32_t a;

        /* lint_rules_dead.c has told about it. */
        if (!grants_anything(lint, rule))
            continue;
        a = find_container(lint, index, PS_NONE, b);
        if (a == PS_NONE && rule->n_servers > 0)
            a = find_container(lint, index, rule->servers[0], b);
        if (a == PS_NONE)
            continue;
        first = &model->rules[a];
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-087", b,
                     "rule \"%s\" %s the earlier rule \"%s\" (line %u) grants already, so it never decides; remove it, "
                     "or correct the earlier one",
                     rule->name, rule_contains(lint, rule, first) ? "grants the same as" : "grants only what",
                     first->name, first->src.line);
    }
}

void ps_lint_rules_shadowed(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;
    struct index index = {0};

    for (uint32_t i = 0; i < model->n_conduits; i++) {
        const struct ps_conduit *conduit = &model->conduits[i];

        if (conduit->n_rules < 2)
            continue;
        index_fill(&index, model, conduit);
        lint_conduit(lint, conduit, &index);
    }
    free(index.items);
}
