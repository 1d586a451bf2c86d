/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.c - one rule: the part that is asked per PDU, with its ranges, and the part that is asked per flow.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "dissector.h"
#include "vocab.h"

const struct ps_range *ps_rule_ports(const struct ps_rule *rule, struct ps_range *one, uint32_t *n)
{
    const struct ps_dissector *dissector = ps_dissector_by_protocol(ps_protocol_carrier(rule->protocol));

    *n = rule->n_ports;
    if (rule->n_ports > 0 || !dissector)
        return rule->ports;
    *one = (struct ps_range){dissector->default_port, dissector->default_port};
    *n = 1;
    return one;
}

/* ---- ranges of one rule, merged -------------------------------------------------------------------------------- */

struct lists {
    struct ps_range *stations;
    struct ps_object_range *objects;
    struct ps_value_range *values;
    struct ps_range *choices;
    struct ps_object_range *params;
    uint32_t n_stations, n_objects, n_values, n_choices, n_params;
};

static void *copy(const void *from, size_t n, size_t size)
{
    void *to = ps_build_calloc(n, size);

    if (n > 0)
        memcpy(to, from, n * size);
    return to;
}

static struct ps_range *named_choices(const struct ps_vocab *vocab, uint32_t *n)
{
    struct ps_range *named = ps_build_calloc(vocab->n_choices, sizeof *named);

    for (uint16_t i = 0; i < vocab->n_choices; i++)
        named[i] = (struct ps_range){vocab->choices[i].code, vocab->choices[i].code};
    *n = ps_merge_ranges(named, vocab->n_choices);
    return named;
}

struct ps_range *ps_rule_choices(const struct ps_rule *rule, uint32_t *n)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);

    if (rule->n_choices == 0 && vocab && vocab->choices_by_name)
        return named_choices(vocab, n);
    struct ps_range *own = copy(rule->choices, rule->n_choices, sizeof *own);
    *n = ps_merge_ranges(own, rule->n_choices);
    return own;
}

static void lists_init(struct lists *lists, const struct ps_rule *rule)
{
    lists->stations = copy(rule->stations, rule->n_stations, sizeof *lists->stations);
    lists->objects = copy(rule->objects, rule->n_objects, sizeof *lists->objects);
    lists->values = copy(rule->values, rule->n_values, sizeof *lists->values);
    lists->n_stations = ps_merge_ranges(lists->stations, rule->n_stations);
    lists->n_objects = ps_merge_objects(lists->objects, rule->n_objects);
    lists->n_values = ps_merge_values(lists->values, rule->n_values);
    lists->params = copy(rule->params, rule->n_params, sizeof *lists->params);
    lists->n_params = ps_merge_objects(lists->params, rule->n_params);
    lists->choices = ps_rule_choices(rule, &lists->n_choices);
}

static void lists_fini(struct lists *lists)
{
    free(lists->stations);
    free(lists->objects);
    free(lists->values);
    free(lists->choices);
    free(lists->params);
}

/* rule has their counts already. */
static void lists_write(const struct lists *lists, const struct ps_image_rule *rule, uint8_t *to)
{
    memcpy(to, lists->stations, lists->n_stations * sizeof *lists->stations);
    memcpy(to + ps_image_objects_start(rule), lists->objects, lists->n_objects * sizeof *lists->objects);
    memcpy(to + ps_image_values_start(rule), lists->values, lists->n_values * sizeof *lists->values);
    memcpy(to + ps_image_choices_start(rule), lists->choices, lists->n_choices * sizeof *lists->choices);
    memcpy(to + ps_image_params_start(rule), lists->params, lists->n_params * sizeof *lists->params);
}

/* ---- the part per PDU ------------------------------------------------------------------------------------------ */

static void set_functions(struct ps_image_rule *out, const struct ps_rule *rule)
{
    memset(out->functions, 0xff, sizeof out->functions);
    out->ops = ~PS_OP_BIT(PS_OP_NONE);
    if (rule->has_functions) {
        memcpy(out->functions, rule->functions, sizeof out->functions);
        out->flags |= PS_RULE_FUNCTIONS;
    }
    if (rule->ops != 0) {
        out->ops = rule->ops & ~PS_OP_BIT(PS_OP_NONE);
        out->flags |= PS_RULE_OPS;
    }
}

/* An ask that forbids is permitted until its key is set, another one when it is; what the vocabulary does not know is
 * never permitted. */
uint8_t ps_rule_permits(const struct ps_rule *rule)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);
    unsigned permitted = 0;

    for (uint16_t i = 0; vocab && i < vocab->n_asks; i++) {
        const struct ps_ask *ask = &vocab->asks[i];
        bool is_set = rule->keys & ask->bit;

        permitted |= is_set != ask->forbids ? ask->bit : 0u;
    }
    return (uint8_t)permitted;
}

static void add_rule(struct ps_build *build, const struct ps_rule *rule)
{
    struct lists lists;

    lists_init(&lists, rule);
    struct ps_image_rule *out = ps_build_add(build, PS_SECTION_RULES, 1);
    out->protocol = rule->protocol;
    out->flags = rule->udp ? PS_RULE_UDP : 0;
    out->flags |= rule->n_choices > 0 ? PS_RULE_CHOICES : 0;
    set_functions(out, rule);
    out->keys = rule->keys;
    out->permitted = ps_rule_permits(rule);
    out->max_quantity = rule->max_quantity;
    out->n_stations = lists.n_stations;
    out->n_objects = lists.n_objects;
    out->n_values = lists.n_values;
    out->n_choices = (uint16_t)lists.n_choices;
    out->n_params = (uint16_t)lists.n_params;
    size_t len = ps_image_lists_len(out);
    void *room = len <= sizeof out->room ? out->room : ps_build_add(build, PS_SECTION_LISTS, len / 8);
    lists_write(&lists, out, room);
    lists_fini(&lists);
}

/* ---- the part per flow ----------------------------------------------------------------------------------------- */

static uint32_t add_ids(struct ps_build *build, const uint32_t *ids, uint32_t n)
{
    uint32_t *copied = copy(ids, n, sizeof *ids);

    n = ps_merge_ids(copied, n);
    if (n > 0)
        memcpy(ps_build_add(build, PS_SECTION_IDS, n), copied, n * sizeof *copied);
    free(copied);
    return n;
}

static uint32_t add_spans(struct ps_build *build, const struct ps_range *ranges, uint32_t n)
{
    struct ps_range *copied = copy(ranges, n, sizeof *ranges);

    n = ps_merge_ranges(copied, n);
    if (n > 0)
        memcpy(ps_build_add(build, PS_SECTION_SPANS, n), copied, n * sizeof *copied);
    free(copied);
    return n;
}

static void add_reach(struct ps_build *build, const struct ps_rule *rule)
{
    struct ps_range one;
    uint32_t n_ports;
    const struct ps_range *ports = ps_rule_ports(rule, &one, &n_ports);
    struct ps_image_reach out = {
        .name = ps_build_string(build, rule->name),
        .conduit = rule->conduit,
        .timeout_ms = rule->timeout_ms,
        .max_outstanding = rule->max_outstanding,
    };

    out.first_client = ps_build_n(build, PS_SECTION_IDS);
    out.n_clients = add_ids(build, rule->clients, rule->n_clients);
    out.first_server = ps_build_n(build, PS_SECTION_IDS);
    out.n_servers = add_ids(build, rule->servers, rule->n_servers);
    out.first_port = ps_build_n(build, PS_SECTION_SPANS);
    out.n_ports = add_spans(build, ports, n_ports);
    out.first_code = ps_build_n(build, PS_SECTION_SPANS);
    out.n_codes = add_spans(build, rule->codes, rule->n_codes);
    *(struct ps_image_reach *)ps_build_add(build, PS_SECTION_REACHES, 1) = out;
    ps_build_source(build, rule->src);
}

void ps_build_rules(struct ps_build *build)
{
    for (uint32_t i = 0; i < build->model->n_rules; i++) {
        add_rule(build, &build->model->rules[i]);
        add_reach(build, &build->model->rules[i]);
    }
}

static void add_port(struct ps_build *build, const struct ps_gateway_port *port)
{
    struct ps_image_port out = {.name = ps_build_string(build, port->name),
                                .first_zone = ps_build_n(build, PS_SECTION_IDS)};

    out.n_zones = add_ids(build, port->zones, port->n_zones);
    *(struct ps_image_port *)ps_build_add(build, PS_SECTION_PORTS, 1) = out;
}

void ps_build_gateways(struct ps_build *build)
{
    for (uint32_t i = 0; i < build->model->n_gateways; i++) {
        const struct ps_gateway *gateway = &build->model->gateways[i];
        struct ps_image_gateway *out = ps_build_add(build, PS_SECTION_GATEWAYS, 1);
        *out = (struct ps_image_gateway){.name = ps_build_string(build, gateway->name),
                                         .first_port = ps_build_n(build, PS_SECTION_PORTS),
                                         .n_ports = gateway->n_ports};
        for (uint32_t k = 0; k < gateway->n_ports; k++)
            add_port(build, &gateway->ports[k]);
    }
}
