/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mutate_oracle.c - what a rule grants, said as plainly as can be: linear searches over the model, nothing compiled.
 */
#include "mutate.h"

#include "base/terms.h"
#include "dissector.h"
#include "vocab.h"

static bool listed(const uint32_t *list, uint32_t n, uint32_t asset)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i] == asset)
            return true;
    return n == 0;
}

static bool in_ranges(const struct ps_range *list, uint32_t n, uint32_t number)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].first <= number && number <= list[i].last)
            return true;
    return n == 0;
}

static bool is_flow(const struct ps_rule *rule, const struct mutate_pdu *pdu)
{
    uint16_t port = ps_dissector_by_protocol(ps_protocol_carrier(rule->protocol))->default_port;

    return rule->udp == pdu->udp && listed(rule->clients, rule->n_clients, pdu->client) &&
           listed(rule->servers, rule->n_servers, pdu->server) &&
           (rule->n_ports > 0 ? in_ranges(rule->ports, rule->n_ports, pdu->port) : pdu->port == port);
}

/* Learned lists are merged, so that what they hold together lies in one of their ranges. */
static bool has_object(const struct ps_rule *rule, const struct ps_fact *fact)
{
    for (uint32_t i = 0; i < rule->n_objects; i++)
        if (rule->objects[i].space == fact->space && rule->objects[i].first <= fact->first &&
            fact->last <= rule->objects[i].last)
            return true;
    return rule->n_objects == 0;
}

/* Of single precision the ends of the range are, too. */
static bool in_values(const struct ps_value_range *range, double value, bool single)
{
    if (single)
        return (float)range->min <= (float)value && (float)value <= (float)range->max;
    return range->min <= value && value <= range->max;
}

static bool has_values(const struct ps_rule *rule, const struct ps_values *values)
{
    const struct ps_value_range *range = rule->values;

    if (rule->n_values == 0 || values->kind == PS_VALUE_NONE)
        return true;
    if (values->kind == PS_VALUE_BOUNDS || values->kind == PS_VALUE_BOUNDS_SINGLE)
        return in_values(range, values->min, values->kind == PS_VALUE_BOUNDS_SINGLE) &&
               in_values(range, values->max, values->kind == PS_VALUE_BOUNDS_SINGLE);
    for (uint32_t i = 0; i < values->n; i++)
        if (!in_values(range, ps_values_at(values, i), ps_values_are_single(values)))
            return false;
    return ps_values_has_elements(values);
}

static bool has_params(const struct ps_rule *rule, const struct ps_fact *fact)
{
    bool fine = true;

    for (uint32_t row = 0; row < fact->n_params; row++) {
        bool asked = false, inside = false;

        for (uint32_t i = 0; i < rule->n_params; i++) {
            if (rule->params[i].space != row + 1)
                continue;
            asked = true;
            inside |= rule->params[i].first <= fact->params[row] && fact->params[row] <= rule->params[i].last;
        }
        fine &= !asked || inside;
    }
    return fine;
}

/* What the keys leave open: an ask that forbids is permitted until its key is set, another one when it is. */
static bool permits(const struct ps_rule *rule, uint8_t asks)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);

    for (uint16_t i = 0; i < vocab->n_asks; i++) {
        bool set = (rule->keys & vocab->asks[i].bit) != 0;

        if (asks & vocab->asks[i].bit && set == vocab->asks[i].forbids)
            return false;
        asks &= (uint8_t)~vocab->asks[i].bit;
    }
    return asks == 0;
}

/* A rule that lists none means all, or with `choices_by_name` those that have a name. */
static bool has_choice(const struct ps_rule *rule, uint16_t choice)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);

    if (rule->n_choices > 0 || !vocab->choices_by_name)
        return in_ranges(rule->choices, rule->n_choices, choice);
    for (uint16_t i = 0; i < vocab->n_choices; i++)
        if (vocab->choices[i].code == choice)
            return true;
    return false;
}

bool mutate_grants(const struct ps_rule *rule, const struct mutate_pdu *pdu, const struct ps_fact *fact)
{
    if (rule->protocol != fact->protocol || !is_flow(rule, pdu) ||
        !in_ranges(rule->stations, rule->n_stations, fact->station) || !permits(rule, fact->asks))
        return false;
    if (fact->housekeeping)
        return true;
    return (!rule->has_functions || rule->functions[fact->function / 64] >> fact->function % 64 & 1) &&
           (rule->ops == 0 || rule->ops & PS_OP_BIT(fact->op)) && has_object(rule, fact) &&
           has_values(rule, &fact->values) && (fact->choice == 0 || has_choice(rule, fact->choice)) &&
           has_params(rule, fact);
}
