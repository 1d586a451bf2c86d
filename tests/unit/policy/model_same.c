/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_same.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* n of one, n of the other, of memory without padding. */
static bool same_array(const void *a, uint32_t n_a, const void *b, uint32_t n_b, size_t size)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * size) == 0);
}

#define SAME_ARRAY(a, b, array) same_array((a)->array, (a)->n_##array, (b)->array, (b)->n_##array, sizeof(a)->array[0])

static const char *asset_difference(const struct ps_asset *a, const struct ps_asset *b)
{
    if (!same_text(a->name, b->name) || !same_text(a->role, b->role))
        return "asset: texts";
    if (a->zone != b->zone || a->has_mac != b->has_mac || memcmp(&a->mac, &b->mac, sizeof a->mac) != 0)
        return "asset: zone or mac";
    if (memcmp(a->relax, b->relax, sizeof a->relax) != 0)
        return "asset: relax";
    return SAME_ARRAY(a, b, addresses) ? NULL : "asset: addresses";
}

static const char *zone_difference(const struct ps_zone *a, const struct ps_zone *b)
{
    if (!same_text(a->name, b->name) || !same_text(a->title, b->title))
        return "zone: texts";
    if (a->kind != b->kind || a->has_sl_t != b->has_sl_t || memcmp(a->sl_t, b->sl_t, PS_N_FR) != 0)
        return "zone: kind or sl_t";
    if (a->intra_allow != b->intra_allow || a->n_networks != b->n_networks)
        return "zone: intra or networks";
    for (uint32_t i = 0; i < a->n_networks; i++)
        if (!ps_addr_equal(a->networks[i].first, b->networks[i].first) ||
            !ps_addr_equal(a->networks[i].last, b->networks[i].last))
            return "zone: networks";
    return SAME_ARRAY(a, b, vlans) ? NULL : "zone: vlans";
}

static const char *rule_difference(const struct ps_rule *a, const struct ps_rule *b)
{
    if (!same_text(a->name, b->name) || a->conduit != b->conduit || a->protocol != b->protocol || a->udp != b->udp)
        return "rule: name, conduit or protocol";
    if (!SAME_ARRAY(a, b, clients) || !SAME_ARRAY(a, b, servers))
        return "rule: clients or servers";
    if (!SAME_ARRAY(a, b, ports) || !SAME_ARRAY(a, b, codes) || !SAME_ARRAY(a, b, stations))
        return "rule: ports, codes or stations";
    if (a->ops != b->ops || a->has_functions != b->has_functions ||
        memcmp(a->functions, b->functions, sizeof a->functions) != 0)
        return "rule: operations or functions";
    if (!SAME_ARRAY(a, b, objects) || !SAME_ARRAY(a, b, values))
        return "rule: objects or values";
    if (!SAME_ARRAY(a, b, choices) || !SAME_ARRAY(a, b, params) || a->keys != b->keys)
        return "rule: choices, params or keys";
    if (a->max_quantity != b->max_quantity || a->max_outstanding != b->max_outstanding ||
        a->timeout_ms != b->timeout_ms)
        return "rule: limits";
    return NULL;
}

static const char *conduit_difference(const struct ps_conduit *a, const struct ps_conduit *b)
{
    if (!same_text(a->name, b->name) || !same_text(a->purpose, b->purpose) || !same_text(a->owner, b->owner))
        return "conduit: texts";
    if (a->from != b->from || a->to != b->to || a->first_rule != b->first_rule || a->n_rules != b->n_rules)
        return "conduit: zones or rules";
    if (a->mode != b->mode || a->on_deny != b->on_deny || a->on_failure != b->on_failure)
        return "conduit: mode, on_deny or on_failure";
    if (a->answer_code != b->answer_code || a->fragments != b->fragments ||
        a->segments != b->segments || a->midstream != b->midstream || a->fallback != b->fallback)
        return "conduit: answer_code, fragments, segments, midstream or fallback";
    if (a->hold_ms != b->hold_ms || a->max_half_open != b->max_half_open || a->max_new_flows != b->max_new_flows)
        return "conduit: hold_limit, max_half_open or max_new_flows";
    return a->has_sl_t == b->has_sl_t && memcmp(a->sl_t, b->sl_t, PS_N_FR) == 0 ? NULL : "conduit: sl_t";
}

static const char *never_difference(const struct ps_never *a, const struct ps_never *b)
{
    if (a->from != b->from || a->to != b->to || a->protocol != b->protocol || !same_text(a->why, b->why))
        return "never: zones, protocol or why";
    if (a->ops != b->ops || a->has_functions != b->has_functions ||
        memcmp(a->functions, b->functions, sizeof a->functions) != 0)
        return "never: operations or functions";
    return SAME_ARRAY(a, b, stations) && SAME_ARRAY(a, b, objects) ? NULL : "never: stations or objects";
}

static const char *gateway_difference(const struct ps_gateway *a, const struct ps_gateway *b)
{
    if (!same_text(a->name, b->name) || a->n_ports != b->n_ports)
        return "gateway: name or ports";
    for (uint32_t i = 0; i < a->n_ports; i++)
        if (!same_text(a->ports[i].name, b->ports[i].name) || !SAME_ARRAY(&a->ports[i], &b->ports[i], zones))
            return "gateway: a port";
    return NULL;
}

static const char *exception_difference(const struct ps_exception *a, const struct ps_exception *b)
{
    bool same = same_text(a->finding, b->finding) && same_text(a->at, b->at) && same_text(a->owner, b->owner) &&
                same_text(a->reason, b->reason) && a->until == b->until;
    return same ? NULL : "exception";
}

#define COMPARE_ALL(a, b, array, difference)                                                                           \
    do {                                                                                                               \
        if ((a)->n_##array != (b)->n_##array)                                                                          \
            return "number of " #array;                                                                                \
        for (uint32_t i = 0; i < (a)->n_##array; i++) {                                                                \
            const char *what = difference(&(a)->array[i], &(b)->array[i]);                                             \
            if (what)                                                                                                  \
                return what;                                                                                           \
        }                                                                                                              \
    } while (0)

const char *model_difference(const struct ps_model *a, const struct ps_model *b)
{
    if (!same_text(a->site, b->site) || a->revision != b->revision)
        return "site or revision";
    COMPARE_ALL(a, b, zones, zone_difference);
    COMPARE_ALL(a, b, assets, asset_difference);
    COMPARE_ALL(a, b, conduits, conduit_difference);
    COMPARE_ALL(a, b, rules, rule_difference);
    COMPARE_ALL(a, b, nevers, never_difference);
    COMPARE_ALL(a, b, gateways, gateway_difference);
    COMPARE_ALL(a, b, exceptions, exception_difference);
    return NULL;
}
