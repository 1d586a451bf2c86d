/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ambiguous.c - two rules that would have one flow judged by different protocols, or one of them by none.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"

static bool is_inspected(const struct ps_rule *rule)
{
    return rule->protocol < PS_N_DISSECTORS;
}

static bool is_over(const struct ps_rule *rule, bool udp)
{
    return is_inspected(rule) ? rule->udp == udp : rule->protocol == (udp ? PS_PROTOCOL_UDP : PS_PROTOCOL_TCP);
}

/* None listed: everybody. */
static bool ids_meet(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b)
{
    bool meet = n_a == 0 || n_b == 0;

    for (uint32_t i = 0; i < n_a && !meet; i++)
        for (uint32_t k = 0; k < n_b && !meet; k++)
            meet = a[i] == b[k];
    return meet;
}

bool ps_ranges_meet(const struct ps_range *a, uint32_t n_a, const struct ps_range *b, uint32_t n_b)
{
    bool meet = n_a == 0 || n_b == 0;

    for (uint32_t i = 0; i < n_a && !meet; i++)
        for (uint32_t k = 0; k < n_b && !meet; k++)
            meet = a[i].first <= b[k].last && b[k].first <= a[i].last;
    return meet;
}

static bool rules_meet(const struct ps_rule *a, const struct ps_rule *b)
{
    struct ps_range one_a, one_b;
    uint32_t n_a, n_b;
    const struct ps_range *ports_a = ps_rule_ports(a, &one_a, &n_a);
    const struct ps_range *ports_b = ps_rule_ports(b, &one_b, &n_b);

    return ps_ranges_meet(ports_a, n_a, ports_b, n_b) && ids_meet(a->servers, a->n_servers, b->servers, b->n_servers) &&
           ids_meet(a->clients, a->n_clients, b->clients, b->n_clients);
}

static void report(const struct ps_build *build, const struct ps_rule *rule, const struct ps_rule *other)
{
    ps_build_rule_error(build, rule,
                        "rule \"%s\" (%s) and rule \"%s\" (%s, %s:%u) are about the same port of the same client and "
                        "server, so it is not said how to judge it; narrow the ports of the %s rule",
                        rule->name, ps_protocol_name(rule->protocol), other->name, ps_protocol_name(other->protocol),
                        ps_build_file(build, other->src), other->src.line, ps_protocol_name(rule->protocol));
}

/* The ports of a conduit's rules over one transport that one dissector judges. */
struct ports {
    struct ps_range *ranges;
    uint32_t n;
};

/* What is carried by another protocol goes with it: one dissector reads both, and each rule judges its own. */
static bool is_judged_by(const struct ps_rule *rule, unsigned carrier, bool udp)
{
    return is_inspected(rule) && is_over(rule, udp) && ps_protocol_carrier(rule->protocol) == carrier;
}

static void collect_ports(const struct ps_build *build, const struct ps_conduit *c, unsigned carrier, bool udp,
                          struct ports *ports)
{
    const struct ps_rule *rules = build->model->rules + c->first_rule;
    struct ps_range one;
    uint32_t n = 0, n_own;

    for (uint32_t i = 0; i < c->n_rules; i++)
        n += is_judged_by(&rules[i], carrier, udp) ? rules[i].n_ports + 1 : 0;
    *ports = (struct ports){.ranges = ps_build_calloc(n, sizeof *ports->ranges)};
    for (uint32_t i = 0; n > 0 && i < c->n_rules; i++) {
        if (!is_judged_by(&rules[i], carrier, udp))
            continue;
        const struct ps_range *own = ps_rule_ports(&rules[i], &one, &n_own);
        memcpy(ports->ranges + ports->n, own, n_own * sizeof *own);
        ports->n += n_own;
    }
    ports->n = ps_merge_ranges(ports->ranges, ports->n);
}

/* rule is judged otherwise, or not at all, over this transport, on a port of the carrier's. The first of those that it
 * meets is named. */
static void check_rule(const struct ps_build *build, const struct ps_conduit *c, const struct ps_rule *rule,
                       unsigned carrier)
{
    const struct ps_rule *rules = build->model->rules + c->first_rule;
    bool udp = is_inspected(rule) ? rule->udp : rule->protocol == PS_PROTOCOL_UDP;

    for (uint32_t i = 0; i < c->n_rules; i++) {
        if (!is_judged_by(&rules[i], carrier, udp) || !rules_meet(rule, &rules[i]))
            continue;
        report(build, rule, &rules[i]);
        return;
    }
}

/* Each pair of dissectors once. */
static bool is_other(const struct ps_rule *rule, unsigned carrier, bool udp)
{
    return is_over(rule, udp) && (!is_inspected(rule) || ps_protocol_carrier(rule->protocol) > carrier);
}

static void check_conduit(const struct ps_build *build, const struct ps_conduit *c, unsigned carrier, bool udp)
{
    const struct ps_rule *rules = build->model->rules + c->first_rule;
    struct ports ports = {0};
    bool has_ports = false;

    for (uint32_t i = 0; i < c->n_rules; i++) {
        struct ps_range one;
        uint32_t n_own;

        if (!is_other(&rules[i], carrier, udp))
            continue;
        if (!has_ports)
            collect_ports(build, c, carrier, udp, &ports);
        has_ports = true;
        const struct ps_range *own = ps_rule_ports(&rules[i], &one, &n_own);
        if (ports.n > 0 && ps_ranges_meet(own, n_own, ports.ranges, ports.n))
            check_rule(build, c, &rules[i], carrier);
    }
    free(ports.ranges);
}

void ps_check_ambiguous(const struct ps_build *build)
{
    for (uint32_t i = 0; i < build->model->n_conduits; i++)
        for (unsigned carrier = PS_PROTOCOL_NONE + 1; carrier < PS_N_DISSECTORS; carrier++) {
            check_conduit(build, &build->model->conduits[i], carrier, false);
            check_conduit(build, &build->model->conduits[i], carrier, true);
        }
}
