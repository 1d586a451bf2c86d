/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reference.h"

#include "../compile/fake_words.h"
#include "dissector.h"
#include "unit.h"

static bool is_in(struct ps_addr addr, struct ps_addr first, struct ps_addr last)
{
    return ps_addr_compare(first, addr) <= 0 && ps_addr_compare(addr, last) <= 0;
}

static void find_owner(const struct ps_model *model, struct ps_addr addr, uint32_t *asset, uint32_t *zone)
{
    *asset = *zone = PS_NONE;
    for (uint32_t i = 0; i < model->n_zones; i++)
        for (uint32_t k = 0; k < model->zones[i].n_networks; k++)
            if (is_in(addr, model->zones[i].networks[k].first, model->zones[i].networks[k].last))
                *zone = i;
    for (uint32_t i = 0; i < model->n_assets; i++)
        for (uint32_t k = 0; k < model->assets[i].n_addresses; k++)
            if (ps_addr_equal(addr, model->assets[i].addresses[k])) {
                *asset = i;
                *zone = model->assets[i].zone;
            }
}

static bool lists(const uint32_t *ids, uint32_t n, uint32_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return n == 0;
}

static bool holds(const struct ps_range *ranges, uint32_t n, uint32_t number)
{
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].first <= number && number <= ranges[i].last)
            return true;
    return n == 0;
}

static bool opens(const struct ps_rule *rule, const struct ps_ends *ends)
{
    bool is_tcp = ends->ip_proto == 6, is_udp = ends->ip_proto == 17;
    bool is_icmp = ends->ip_proto == 1 || ends->ip_proto == 58;
    switch (rule->protocol) {
    case PS_PROTOCOL_MODBUS:
    case PS_PROTOCOL_S7COMM:
    case PS_PROTOCOL_S7COMM_PLUS:
        if (!(rule->udp ? is_udp : is_tcp))
            return false;
        if (rule->n_ports > 0)
            return holds(rule->ports, rule->n_ports, ends->server_port);
        return ends->server_port == (rule->protocol == PS_PROTOCOL_MODBUS ? 502 : 602);
    case PS_PROTOCOL_TCP:
        return is_tcp && holds(rule->ports, rule->n_ports, ends->server_port);
    case PS_PROTOCOL_UDP:
        return is_udp && holds(rule->ports, rule->n_ports, ends->server_port);
    case PS_PROTOCOL_ICMP:
        return is_icmp && holds(rule->codes, rule->n_codes, ends->server_port);
    case PS_PROTOCOL_IP:
        return !is_tcp && !is_udp && !is_icmp && holds(rule->codes, rule->n_codes, ends->ip_proto);
    default:
        return false;
    }
}

static void find_rules(const struct ps_model *model, const struct ps_ends *ends, struct reference *out)
{
    const struct ps_conduit *c = &model->conduits[out->conduit];
    for (uint32_t i = c->first_rule; i < c->first_rule + c->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[i];
        if (!opens(rule, ends) || !lists(rule->clients, rule->n_clients, out->client_asset) ||
            !lists(rule->servers, rule->n_servers, out->server_asset))
            continue;
        ck_assert_uint_lt(out->n_rules, 512);
        out->rules[out->n_rules++] = i;
        out->protocol = rule->protocol == PS_PROTOCOL_S7COMM_PLUS ? PS_PROTOCOL_S7COMM : rule->protocol;
        out->timeout_ms = rule->timeout_ms > out->timeout_ms ? rule->timeout_ms : out->timeout_ms;
        if (rule->max_outstanding > out->max_outstanding)
            out->max_outstanding = rule->max_outstanding;
    }
}

void reference_path(const struct ps_model *model, const struct ps_ends *ends, struct reference *out)
{
    *out = (struct reference){.conduit = PS_NONE};
    find_owner(model, ends->client, &out->client_asset, &out->client_zone);
    find_owner(model, ends->server, &out->server_asset, &out->server_zone);
    out->reason = PS_REASON_NO_ZONE;
    if (out->client_zone == PS_NONE || out->server_zone == PS_NONE)
        return;
    for (uint32_t i = 0; i < model->n_conduits; i++)
        if (model->conduits[i].from == out->client_zone && model->conduits[i].to == out->server_zone)
            out->conduit = i;
    out->not_ours = out->conduit == PS_NONE && out->client_zone == out->server_zone;
    out->intra_allow = out->not_ours && model->zones[out->client_zone].intra_allow;
    out->reason = out->intra_allow ? PS_REASON_NONE : out->not_ours ? PS_REASON_INTRA_ZONE : PS_REASON_NO_CONDUIT;
    if (out->conduit == PS_NONE)
        return;
    find_rules(model, ends, out);
    out->reason = out->n_rules > 0 ? PS_REASON_NONE : PS_REASON_NO_RULE;
}

/* Is every element of the block in some object range of the rule? One by one, so that merging cannot hide. */
static bool grants_objects(const struct ps_rule *rule, const struct ps_fact *fact)
{
    if (rule->n_objects == 0)
        return true;
    if (fact->space == 0)
        return false;
    for (uint32_t element = fact->first; element <= fact->last; element++) {
        bool found = false;
        for (uint32_t i = 0; i < rule->n_objects; i++)
            found |= rule->objects[i].space == fact->space && rule->objects[i].first <= element &&
                     element <= rule->objects[i].last;
        if (!found)
            return false;
    }
    return true;
}

static bool grants_value(const struct ps_rule *rule, double value)
{
    for (uint32_t i = 0; i < rule->n_values; i++)
        if (rule->values[i].min <= value && value <= rule->values[i].max)
            return true;
    return false;
}

static bool grants_values(const struct ps_rule *rule, const struct ps_fact *fact)
{
    const struct ps_values *v = &fact->values;
    if (rule->n_values == 0 || v->kind == PS_VALUE_NONE)
        return true;
    if (v->kind == PS_VALUE_UNKNOWN)
        return false;
    if (v->kind == PS_VALUE_BOUNDS) {
        for (double value = v->min; value <= v->max; value += 0.5) /* the ends are whole numbers */
            if (!grants_value(rule, value))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        double value =
            v->kind == PS_VALUE_BITS ? v->data[i / 8] >> i % 8 & 1
            : v->kind == PS_VALUE_U8 ? v->data[i]
                                     : v->data[2 * i] * 256 + v->data[2 * i + 1];
        if (!grants_value(rule, value))
            return false;
    }
    return true;
}

static bool grants_choice(const struct ps_rule *rule, uint16_t choice)
{
    if (choice == 0)
        return true;
    if (rule->n_choices == 0 && rule->protocol == PS_PROTOCOL_S7COMM)
        return choice == FAKE_CLOSE || choice == FAKE_OPEN || choice == FAKE_PULSE;
    return holds(rule->choices, rule->n_choices, choice);
}

static bool grants_params(const struct ps_rule *rule, const struct ps_fact *fact)
{
    for (uint32_t row = 0; row < fact->n_params; row++) {
        uint32_t n = 0, n_holding = 0;
        for (uint32_t i = 0; i < rule->n_params; i++) {
            if (rule->params[i].space != row + 1)
                continue;
            n++;
            n_holding += rule->params[i].first <= fact->params[row] && fact->params[row] <= rule->params[i].last;
        }
        if (n > 0 && n_holding == 0)
            return false;
    }
    return true;
}

static bool grants_asks(const struct ps_rule *rule, uint8_t asks)
{
    if ((asks & FAKE_BROADCAST) && !(rule->keys & FAKE_BROADCAST))
        return false;
    if ((asks & FAKE_OPAQUE) && !(rule->keys & FAKE_OPAQUE))
        return false;
    if ((asks & FAKE_NO_HASTE) && (rule->keys & FAKE_NO_HASTE))
        return false;
    return asks < FAKE_UNKNOWN;
}

/* What is not asked of housekeeping. */
static bool grants_deed(const struct ps_rule *rule, const struct ps_fact *fact)
{
    bool has_function = !rule->has_functions || (rule->functions[fact->function / 64] >> fact->function % 64 & 1);
    bool has_op = rule->ops == 0 || (rule->ops & PS_OP_BIT(fact->op));
    return fact->op != PS_OP_NONE && has_function && has_op && grants_objects(rule, fact) &&
           grants_values(rule, fact) && grants_choice(rule, fact->choice) && grants_params(rule, fact) &&
           (rule->max_quantity == 0 || fact->last - fact->first + 1 <= rule->max_quantity);
}

uint32_t reference_fact(const struct ps_model *model, const struct reference *path, const struct ps_fact *fact)
{
    for (uint32_t i = 0; i < path->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[path->rules[i]];
        if (rule->protocol == fact->protocol && holds(rule->stations, rule->n_stations, fact->station) &&
            grants_asks(rule, fact->asks) && (fact->housekeeping || grants_deed(rule, fact)))
            return path->rules[i];
    }
    return PS_NONE;
}
