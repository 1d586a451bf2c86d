/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mutate_take.c - permissions of a rule, taken out one by one.
 */
#include "mutate.h"

#include <string.h>

#include "dissector.h"
#include "vocab.h"

const char *mutate_kind_name(enum mutate_kind kind)
{
    static const char *const names[MUTATE_N_KINDS] = {
        "rule",   "function", "object range", "upper half of an object range", "station",    "client",
        "server", "choice",   "values",       "upper half of a number",        "permission",
    };

    return names[kind];
}

static uint32_t n_functions(const struct ps_rule *rule)
{
    uint32_t n = 0;

    for (unsigned i = 0; rule->has_functions && i < PS_FUNCTIONS_MAX / 64; i++)
        n += (uint32_t)__builtin_popcountll(rule->functions[i]);
    return n;
}

/* Bits of the keys that permit something. */
static uint8_t permissions(const struct ps_rule *rule)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);
    uint8_t bits = 0;

    for (uint16_t i = 0; i < vocab->n_asks; i++)
        if (!vocab->asks[i].forbids)
            bits |= rule->keys & vocab->asks[i].bit;
    return bits;
}

/* Of lists: one of several. */
static uint32_t of_several(uint32_t n)
{
    return n > 1 ? n : 0;
}

uint32_t mutate_count(const struct ps_rule *rule, enum mutate_kind kind)
{
    switch (kind) {
    case MUTATE_RULE:
        return 1;
    case MUTATE_FUNCTION:
        return of_several(n_functions(rule));
    case MUTATE_OBJECT:
        return of_several(rule->n_objects);
    case MUTATE_OBJECT_END:
        return rule->n_objects;
    case MUTATE_STATION:
        return of_several(rule->n_stations);
    case MUTATE_CLIENT:
        return of_several(rule->n_clients);
    case MUTATE_SERVER:
        return of_several(rule->n_servers);
    case MUTATE_CHOICE:
        return of_several(rule->n_choices);
    case MUTATE_VALUES:
        return rule->n_values;
    case MUTATE_PARAM:
        return rule->n_params;
    case MUTATE_KEY:
        return (uint32_t)__builtin_popcount(permissions(rule));
    case MUTATE_N_KINDS:
        break;
    }
    return 0;
}

/* A copy of n elements of size octets, without number `without` (PS_NONE: with all). */
static void *copy(struct ps_model *model, const void *list, uint32_t n, size_t size, uint32_t without)
{
    uint8_t *out = ps_model_alloc(model, n * size), *at = out;

    for (uint32_t i = 0; i < n; i++) {
        if (i == without)
            continue;
        memcpy(at, (const uint8_t *)list + i * size, size);
        at += size;
    }
    return out;
}

static uint32_t half(uint32_t first, uint32_t last)
{
    return first + (last - first) / 2;
}

static void take_function(struct ps_rule *rule, uint32_t which)
{
    for (unsigned row = 0; row < PS_FUNCTIONS_MAX; row++) {
        if (!(rule->functions[row / 64] >> row % 64 & 1) || which-- > 0)
            continue;
        rule->functions[row / 64] &= ~(UINT64_C(1) << row % 64);
        return;
    }
}

static void take_key(struct ps_rule *rule, uint32_t which)
{
    uint8_t bits = permissions(rule);

    for (; which > 0; which--)
        bits &= (uint8_t)(bits - 1);
    rule->keys &= (uint8_t) ~(bits & -bits);
}

static void take_half(struct ps_model *model, struct ps_rule *rule, enum mutate_kind kind, uint32_t which)
{
    if (kind == MUTATE_OBJECT_END) {
        rule->objects = copy(model, rule->objects, rule->n_objects, sizeof *rule->objects, PS_NONE);
        rule->objects[which].last = half(rule->objects[which].first, rule->objects[which].last);
    } else if (kind == MUTATE_PARAM) {
        rule->params = copy(model, rule->params, rule->n_params, sizeof *rule->params, PS_NONE);
        rule->params[which].last = half(rule->params[which].first, rule->params[which].last);
    } else {
        rule->values = copy(model, rule->values, rule->n_values, sizeof *rule->values, PS_NONE);
        rule->values[which].max = rule->values[which].min + (rule->values[which].max - rule->values[which].min) / 2;
    }
}

#define TAKE(list, n_list) list = copy(model, list, n_list, sizeof *(list), which), (n_list)--

void mutate_take(struct ps_model *model, struct ps_rule *rule, enum mutate_kind kind, uint32_t which)
{
    switch (kind) {
    case MUTATE_FUNCTION:
        take_function(rule, which);
        return;
    case MUTATE_OBJECT:
        TAKE(rule->objects, rule->n_objects);
        return;
    case MUTATE_STATION:
        TAKE(rule->stations, rule->n_stations);
        return;
    case MUTATE_CLIENT:
        TAKE(rule->clients, rule->n_clients);
        return;
    case MUTATE_SERVER:
        TAKE(rule->servers, rule->n_servers);
        return;
    case MUTATE_CHOICE:
        TAKE(rule->choices, rule->n_choices);
        return;
    case MUTATE_KEY:
        take_key(rule, which);
        return;
    case MUTATE_OBJECT_END:
    case MUTATE_VALUES:
    case MUTATE_PARAM:
        take_half(model, rule, kind, which);
        return;
    case MUTATE_RULE:
    case MUTATE_N_KINDS:
        return;
    }
}
