/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grant.h"

#include "where.h"

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

/* ---- flows ----------------------------------------------------------------------------------------------------- */

static bool spans_contain(const struct ps_range *spans, uint32_t n, uint32_t number)
{
    uint32_t low = 0, left = n;
    while (left > 1) {
        uint32_t half = left / 2;
        low += spans[low + half].first <= number ? half : 0;
        left -= half;
    }
    return n > 0 && ps_range_contains(spans[low], number, number);
}

static bool is_protocol(const struct ps_image_rule *rule, const struct ps_talk *talk)
{
    if (talk->is_frame)
        return rule->protocol == PS_PROTOCOL_ETHERNET;
    if (rule->protocol < PS_N_DISSECTORS)
        return talk->ip_proto == (rule->flags & PS_RULE_UDP ? IP_UDP : IP_TCP);
    switch (talk->ip_proto) {
    case IP_TCP:
        return rule->protocol == PS_PROTOCOL_TCP;
    case IP_UDP:
        return rule->protocol == PS_PROTOCOL_UDP;
    case IP_ICMP:
    case IP_ICMPV6:
        return rule->protocol == PS_PROTOCOL_ICMP;
    default:
        return rule->protocol == PS_PROTOCOL_IP;
    }
}

static bool is_port(const struct ps_image *image, const struct ps_image_rule *rule, const struct ps_image_reach *reach,
                    const struct ps_talk *talk)
{
    const struct ps_range *spans = ps_image_at_SPANS(image);
    if (rule->protocol < PS_PROTOCOL_ICMP)
        return reach->n_ports == 0 || spans_contain(spans + reach->first_port, reach->n_ports, talk->code);
    if (rule->protocol == PS_PROTOCOL_ICMP && reach->n_codes == 0)
        return true;
    uint32_t code = rule->protocol == PS_PROTOCOL_IP ? talk->ip_proto : talk->code;
    return spans_contain(spans + reach->first_code, reach->n_codes, code);
}

static bool is_listed(const uint32_t *assets, uint32_t n, uint32_t asset)
{
    return n == 0 || (asset != PS_NONE && ps_ids_contain(assets, n, asset));
}

enum ps_miss ps_grant_flow(const struct ps_image *image, uint32_t rule, const struct ps_talk *talk)
{
    const struct ps_image_rule *r = &ps_image_at_RULES(image)[rule];
    const struct ps_image_reach *reach = &ps_image_at_REACHES(image)[rule];
    const uint32_t *ids = ps_image_at_IDS(image);
    if (!is_protocol(r, talk))
        return PS_MISS_PROTOCOL;
    if (!is_port(image, r, reach, talk))
        return r->protocol == PS_PROTOCOL_IP ? PS_MISS_PROTOCOL : PS_MISS_PORT;
    if (!is_listed(ids + reach->first_client, reach->n_clients, talk->client))
        return PS_MISS_CLIENT;
    if (!is_listed(ids + reach->first_server, reach->n_servers, talk->server))
        return PS_MISS_SERVER;
    return PS_MISS_NOTHING;
}

/* ---- facts ----------------------------------------------------------------------------------------------------- */

static bool is_before(struct ps_object_range range, uint32_t space, uint32_t first)
{
    return range.space != space ? range.space < space : range.first <= first;
}

/* The last one that does not start behind (space, first); the first one when they all do. */
static struct ps_object_range find_range(const struct ps_object_range *ranges, uint32_t n, uint32_t space,
                                         uint32_t first)
{
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        low += is_before(ranges[low + half], space, first) ? half : 0;
        n -= half;
    }
    return ranges[low];
}

/* Containment in one of the ranges: they are merged, so no block inside the list spans two of them. */
static bool has_object(const struct ps_object_range *objects, uint32_t n, const struct ps_fact *fact)
{
    struct ps_object_range found = find_range(objects, n, fact->space, fact->first);
    struct ps_range range = {found.first, found.last};
    return found.space == fact->space && ps_range_contains(range, fact->first, fact->last);
}

static bool has_bounds(const struct ps_value_range *ranges, uint32_t n, double min, double max)
{
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        low += ranges[low + half].min <= min ? half : 0;
        n -= half;
    }
    return min <= max && ranges[low].min <= min && max <= ranges[low].max;
}

/* The same where all numbers are of single precision, the ends of the ranges too. An infinity is no number: the end of a
 * range may have become one. */
static bool has_single(const struct ps_value_range *ranges, uint32_t n, float min, float max)
{
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        low += (float)ranges[low + half].min <= min ? half : 0;
        n -= half;
    }
    bool is_finite = min - min == 0 && max - max == 0;
    return is_finite && min <= max && (float)ranges[low].min <= min && max <= (float)ranges[low].max;
}

static bool has_elements(const struct ps_value_range *ranges, uint32_t n, const struct ps_values *values)
{
    bool single = ps_values_are_single(values);
    for (uint32_t i = 0; i < values->n; i++) {
        double number = ps_values_at(values, i);
        if (single ? !has_single(ranges, n, (float)number, (float)number) : !has_bounds(ranges, n, number, number))
            return false;
    }
    return values->n > 0;
}

static bool has_values(const struct ps_value_range *ranges, uint32_t n, const struct ps_values *values)
{
    if (values->kind == PS_VALUE_NONE)
        return true;
    if (values->kind == PS_VALUE_BOUNDS)
        return has_bounds(ranges, n, values->min, values->max);
    if (values->kind == PS_VALUE_BOUNDS_SINGLE)
        return has_single(ranges, n, (float)values->min, (float)values->max);
    return ps_values_has_elements(values) && has_elements(ranges, n, values);
}

static bool has_function(const struct ps_image_rule *rule, uint16_t function)
{
    return function < PS_FUNCTIONS_MAX && (rule->functions[function / 64] >> (function % 64) & 1);
}

/* Only rows that have ranges are restricted. */
static bool has_params(const struct ps_object_range *params, uint32_t n, const struct ps_fact *fact)
{
    for (uint32_t row = 0; row < fact->n_params && row < PS_PARAMS_MAX; row++) {
        uint32_t number = fact->params[row];
        bool is_restricted = find_range(params, n, row + 1, UINT32_MAX).space == row + 1;
        struct ps_object_range found = find_range(params, n, row + 1, number);
        if (is_restricted && (found.space != row + 1 || number < found.first || number > found.last))
            return false;
    }
    return true;
}

/* Everything but protocol, station and what the fact asks besides. */
static enum ps_miss grant_deed(const struct ps_image *image, const struct ps_image_rule *rule,
                               const struct ps_fact *fact)
{
    if (!has_function(rule, fact->function))
        return PS_MISS_FUNCTION;
    if (fact->op == PS_OP_NONE || fact->op >= PS_N_OPS || !(rule->ops & PS_OP_BIT(fact->op)))
        return PS_MISS_OPERATION;
    bool is_block = fact->first <= fact->last;
    if (!is_block || (rule->n_objects > 0 && !has_object(ps_image_objects(image, rule), rule->n_objects, fact)))
        return PS_MISS_OBJECT;
    if (rule->max_quantity > 0 && fact->last - fact->first >= rule->max_quantity)
        return PS_MISS_QUANTITY;
    if (fact->choice != 0 && rule->n_choices > 0 &&
        !spans_contain(ps_image_choices(image, rule), rule->n_choices, fact->choice))
        return PS_MISS_CHOICE;
    if (rule->n_values > 0 && !has_values(ps_image_values(image, rule), rule->n_values, &fact->values))
        return PS_MISS_VALUE;
    if (rule->n_params > 0 && !has_params(ps_image_params(image, rule), rule->n_params, fact))
        return PS_MISS_PARAM;
    return PS_MISS_NOTHING;
}

enum ps_miss ps_grant_fact(const struct ps_image *image, const struct ps_image_rule *rule, const struct ps_fact *fact)
{
    if (rule->protocol != fact->protocol)
        return PS_MISS_PROTOCOL;
    if (rule->n_stations > 0 && !spans_contain(ps_image_stations(image, rule), rule->n_stations, fact->station))
        return PS_MISS_STATION;
    enum ps_miss miss = fact->housekeeping ? PS_MISS_NOTHING : grant_deed(image, rule, fact);
    if (miss == PS_MISS_NOTHING && (fact->asks & ~rule->permitted))
        miss = PS_MISS_ASK;
    return miss;
}
