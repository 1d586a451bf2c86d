/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.c - one rule: the part that is asked per PDU, with its ranges, and the part that is asked per flow.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "dissector.h"

const struct ps_range *ps_rule_ports(const struct ps_rule *rule, struct ps_range *one, uint32_t *n)
{
    const struct ps_dissector *dissector = ps_dissector_by_protocol(rule->protocol);

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
    uint32_t n_stations, n_objects, n_values;
};

static void *copy(const void *from, size_t n, size_t size)
{
    void *to = ps_build_calloc(n, size);

    if (n > 0)
        memcpy(to, from, n * size);
    return to;
}

static void lists_init(struct lists *lists, const struct ps_rule *rule)
{
    lists->stations = copy(rule->stations, rule->n_stations, sizeof *lists->stations);
    lists->objects = copy(rule->objects, rule->n_objects, sizeof *lists->objects);
    lists->values = copy(rule->values, rule->n_values, sizeof *lists->values);
    lists->n_stations = ps_merge_ranges(lists->stations, rule->n_stations);
    lists->n_objects = ps_merge_objects(lists->objects, rule->n_objects);
    lists->n_values = ps_merge_values(lists->values, rule->n_values);
}

static void lists_fini(struct lists *lists)
{
    free(lists->stations);
    free(lists->objects);
    free(lists->values);
}

static void lists_write(const struct lists *lists, void *to)
{
    uint8_t *at = to;

    memcpy(at, lists->stations, lists->n_stations * sizeof *lists->stations);
    at += ps_image_lists_len(lists->n_stations, 0, 0);
    memcpy(at, lists->objects, lists->n_objects * sizeof *lists->objects);
    at += ps_image_lists_len(0, lists->n_objects, 0);
    memcpy(at, lists->values, lists->n_values * sizeof *lists->values);
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

static void add_rule(struct ps_build *build, const struct ps_rule *rule)
{
    struct lists lists;

    lists_init(&lists, rule);
    struct ps_image_rule *out = ps_build_add(build, PS_SECTION_RULES, 1);
    out->protocol = rule->protocol;
    out->flags = rule->udp ? PS_RULE_UDP : 0;
    set_functions(out, rule);
    out->max_quantity = rule->max_quantity;
    out->timeout_ms = rule->timeout_ms;
    out->max_outstanding = rule->max_outstanding;
    out->n_stations = lists.n_stations;
    out->n_objects = lists.n_objects;
    out->n_values = lists.n_values;
    size_t len = ps_image_lists_len(lists.n_stations, lists.n_objects, lists.n_values);
    void *room = len <= sizeof out->room ? out->room : ps_build_add(build, PS_SECTION_LISTS, len / 8);
    lists_write(&lists, room);
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
