/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * never.c - the proof that no rule grants what `never` forbids: for each pair, whether a fact exists that the rule
 * grants and the never is about.
 *
 * A fact is one function in one class, at one station, on one object of the space that this function addresses in this
 * class, so each of these is intersected per function and class: a rule restricted by classes reaches every function
 * that has one of them, a rule restricted by functions reaches all classes of these.
 *
 * A rule that lists choices, params or keys grants some facts of the same functions, classes and objects, so these
 * prevent nothing. Housekeeping comes with every rule of the protocol, whatever else the rule says, to its stations.
 *
 * What an uninspected tcp or udp rule carries is not seen. It counts as granting everything of a protocol when it opens
 * that protocol's default port.
 */
#include "build.h"
#include "dissector.h"
#include "lint.h"
#include "vocab.h"

/* An operation that a rule grants and a never forbids. */
struct witness {
    const char *protocol;
    const char *function; /* NULL: everything of the protocol */
    unsigned op;
    bool is_housekeeping; /* granted with anything */
};

/* ---- one function in one class --------------------------------------------------------------------------------- */

/* Can the operation write nothing, or something that the rule's `values` hold? */
static bool values_meet(const struct ps_rule *rule, const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    double min, max;

    if (rule->n_values == 0)
        return true;
    if (!ps_vocab_value_limits(vocab, fact, &min, &max))
        return !ps_vocab_writes_unseen(vocab, fact);
    for (uint32_t i = 0; i < rule->n_values; i++)
        if (rule->values[i].min <= max && min <= rule->values[i].max)
            return true;
    return false;
}

/* Are there facts of this kind on objects of the space, 0: on none, that the rule's `values` hold? */
static bool is_possible(const struct ps_rule *rule, const struct ps_vocab *vocab, const struct ps_fact *kind,
                        uint32_t space)
{
    struct ps_fact fact = *kind;

    fact.space = space;
    return ps_vocab_addresses(vocab, fact.function, fact.op, space) && values_meet(rule, vocab, &fact);
}

static bool objects_overlap(const struct ps_object_range *a, const struct ps_object_range *b)
{
    return a->space == b->space && a->first <= b->last && b->first <= a->last;
}

/* A list of objects against one that does not restrict, or which has an object in common with it. */
static bool lists_meet(const struct ps_rule *rule, const struct ps_vocab *vocab, const struct ps_fact *kind,
                       const struct ps_never *never)
{
    const struct ps_object_range *list = rule->n_objects > 0 ? rule->objects : never->objects;
    uint32_t n = rule->n_objects > 0 ? rule->n_objects : never->n_objects;

    for (uint32_t i = 0; i < n; i++) {
        bool common = rule->n_objects == 0 || never->n_objects == 0;
        for (uint32_t k = 0; k < never->n_objects && !common; k++)
            common = objects_overlap(&list[i], &never->objects[k]);
        if (common && is_possible(rule, vocab, kind, list[i].space))
            return true;
    }
    return false;
}

static bool objects_meet(const struct ps_rule *rule, const struct ps_never *never, const struct ps_vocab *vocab,
                         const struct ps_fact *kind)
{
    if (rule->n_objects > 0 || never->n_objects > 0)
        return lists_meet(rule, vocab, kind, never);
    if (is_possible(rule, vocab, kind, 0))
        return true;
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        if (is_possible(rule, vocab, kind, vocab->spaces[i].code))
            return true;
    return false;
}

/* Classes in which a never is about a function. */
static uint32_t never_row(const struct ps_never *never, const struct ps_vocab *vocab, uint16_t row)
{
    if (never->has_functions && !(never->functions[row / 64] >> (row % 64) & 1))
        return 0;
    return never->ops != 0 ? vocab->functions[row].ops & never->ops : vocab->functions[row].ops;
}

/* ---- one rule -------------------------------------------------------------------------------------------------- */

/* One function in all classes that both are about. */
static bool find_class(const struct ps_rule *rule, const struct ps_never *never, const struct ps_vocab *vocab,
                       uint16_t row, struct witness *witness)
{
    uint32_t ops = ps_grants_row(rule, vocab, row) & never_row(never, vocab, row);

    for (unsigned op = 1; op < PS_N_OPS; op++) {
        const struct ps_fact kind = {.function = row, .op = (uint8_t)op};

        if (!(ops & PS_OP_BIT(op)) || !objects_meet(rule, never, vocab, &kind))
            continue;
        *witness = (struct witness){vocab->name, vocab->functions[row].name, op, vocab->functions[row].housekeeping};
        return true;
    }
    return false;
}

static bool find_operation(const struct ps_rule *rule, const struct ps_never *never, const struct ps_vocab *vocab,
                           struct witness *witness)
{
    const struct ps_rule everything = {.protocol = rule->protocol};

    if (!ps_ranges_meet(rule->stations, rule->n_stations, never->stations, never->n_stations))
        return false;
    for (uint16_t row = 0; row < vocab->n_functions; row++)
        if (find_class(vocab->functions[row].housekeeping ? &everything : rule, never, vocab, row, witness))
            return true;
    return false;
}

static bool is_about_operations(const struct ps_never *never)
{
    return never->ops != 0 || never->has_functions || never->n_stations > 0 || never->n_objects > 0;
}

/* An uninspected rule and a never about operations of an inspected protocol. */
static bool find_unseen(const struct ps_rule *rule, const struct ps_never *never, struct witness *witness)
{
    if (rule->protocol != PS_PROTOCOL_TCP && rule->protocol != PS_PROTOCOL_UDP)
        return false;
    for (unsigned protocol = PS_PROTOCOL_NONE + 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(ps_protocol_carrier(protocol));
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);
        const struct ps_rule everything = {.protocol = (uint8_t)protocol};
        if (!vocab || (never->protocol != PS_PROTOCOL_NONE && never->protocol != protocol))
            continue;
        if (rule->n_ports > 0 && !ps_rule_lists_port(rule, dissector->default_port))
            continue;
        if (!find_operation(&everything, never, vocab, witness))
            continue;
        return true;
    }
    return false;
}

static bool find(const struct ps_rule *rule, const struct ps_never *never, struct witness *witness)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);

    *witness = (struct witness){.protocol = ps_protocol_name(rule->protocol)};
    if (vocab)
        return (never->protocol == PS_PROTOCOL_NONE || never->protocol == rule->protocol) &&
               find_operation(rule, never, vocab, witness);
    if (never->protocol == rule->protocol)
        return true;
    if (never->protocol == PS_PROTOCOL_NONE && !is_about_operations(never))
        return true;
    return find_unseen(rule, never, witness);
}

static void report(const struct ps_build *build, const struct ps_rule *rule, const struct ps_never *never,
                   const struct witness *witness)
{
    bool is_unseen = witness->function && !ps_vocab_by_protocol(rule->protocol);
    const char *what = witness->function ? witness->function : "all of it";
    const char *verb = is_unseen                  ? "lets pass, unseen,"
                       : witness->is_housekeeping ? "grants, as every rule of it does,"
                                                  : "grants";
    const char *op = witness->function ? ps_op_name(witness->op) : "uninspected";

    ps_build_rule_error(build, rule,
                        "rule \"%s\" %s %s %s (%s), which no rule may: never on line %u of %s%s%s; narrow "
                        "the rule, or change what never says",
                        rule->name, verb, witness->protocol, what, op, never->src.line,
                        ps_build_file(build, never->src), never->why ? ", " : "", never->why ? never->why : "");
}

static bool is_between(const struct ps_never *never, const struct ps_conduit *c)
{
    return (never->from == PS_NONE || never->from == c->from) && (never->to == PS_NONE || never->to == c->to);
}

void ps_check_never(const struct ps_build *build)
{
    const struct ps_model *model = build->model;
    struct witness witness;

    for (uint32_t n = 0; n < model->n_nevers; n++) {
        const struct ps_never *never = &model->nevers[n];
        for (uint32_t r = 0; r < model->n_rules; r++)
            if (is_between(never, &model->conduits[model->rules[r].conduit]) && find(&model->rules[r], never, &witness))
                report(build, &model->rules[r], never, &witness);
    }
}
