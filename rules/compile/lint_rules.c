/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each rule on its own: what it leaves open, and what passes without being looked into.
 */
#include "lint.h"

/* "udp/123", "tcp/20-21,8080", "tcp", "ip/47", "ethernet/0x8892", into buf. */
static const char *traffic_text(const struct ps_rule *rule, char *buf, size_t size)
{
    bool ports = rule->protocol == PS_PROTOCOL_TCP || rule->protocol == PS_PROTOCOL_UDP;
    const struct ps_range *ranges = ports ? rule->ports : rule->codes;
    uint32_t n = ports ? rule->n_ports : rule->n_codes;
    struct ps_txt t;

    ps_txt_init(&t, buf, size);
    ps_txt_str(&t, ps_protocol_name(rule->protocol));
    for (uint32_t i = 0; i < n; i++) {
        ps_txt_char(&t, i == 0 ? '/' : ',');
        if (rule->protocol != PS_PROTOCOL_ETHERNET) {
            ps_txt_range(&t, ranges[i].first, ranges[i].last);
            continue;
        }
        ps_txt_str(&t, "0x");
        ps_txt_hex(&t, ranges[i].first, 4);
        if (ranges[i].last != ranges[i].first) {
            ps_txt_str(&t, "-0x");
            ps_txt_hex(&t, ranges[i].last, 4);
        }
    }
    return buf;
}

static void lint_uninspected(const struct ps_lint *lint, uint32_t index)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    char words[96];

    /* ICMP is judged by type and against the request it answers. */
    if (rule->protocol < PS_N_DISSECTORS || rule->protocol == PS_PROTOCOL_ICMP)
        return;
    ps_lint_rule(lint, PS_SEV_WARNING, NULL, index, "rule \"%s\" passes %s without inspection", rule->name,
                 traffic_text(rule, words, sizeof(words)));
}

/* A key that permits what the dissector cannot look into. */
static void lint_opaque(const struct ps_lint *lint, uint32_t index)
{
    const struct ps_rule *rule = &lint->model->rules[index];
    const struct ps_vocab *vocab = ps_lint_vocab(rule);

    for (uint16_t i = 0; vocab && i < vocab->n_asks; i++) {
        const struct ps_ask *ask = &vocab->asks[i];

        if (ask->forbids || !(rule->keys & ask->bit) || !ps_str_equal(ps_str_from(ask->name), "opaque"))
            continue;
        ps_lint_rule(lint, PS_SEV_WARNING, NULL, index, "rule \"%s\" passes what cannot be seen: opaque = true",
                     rule->name);
    }
}

/* Traffic that is not restricted at all: error in a plant that says the kinds of its zones, else a first draft. */
static void lint_open(const struct ps_lint *lint, uint32_t index)
{
    const struct ps_model *model = lint->model;
    const struct ps_rule *rule = &model->rules[index];
    const struct ps_conduit *conduit = &model->conduits[rule->conduit];
    bool draft = model->zones[conduit->from].kind == PS_ZONE_UNSET || model->zones[conduit->to].kind == PS_ZONE_UNSET;
    enum ps_severity severity = draft ? PS_SEV_WARNING : PS_SEV_ERROR;
    struct ps_grants grants;

    if (rule->protocol < PS_N_DISSECTORS) {
        ps_grants_find(lint, rule, &grants);
        if (grants.all_functions && rule->n_objects == 0)
            ps_lint_rule(lint, severity, "ZL-080", index,
                         "rule \"%s\" grants every function of %s; list the operations or functions that are needed",
                         rule->name, ps_protocol_name(rule->protocol));
        return;
    }
    if ((rule->protocol == PS_PROTOCOL_TCP || rule->protocol == PS_PROTOCOL_UDP) && rule->n_ports == 0)
        ps_lint_rule(lint, severity, "ZL-080", index, "rule \"%s\" passes every port of %s; add ports = [...]",
                     rule->name, ps_protocol_name(rule->protocol));
    else if (rule->protocol == PS_PROTOCOL_ICMP && rule->n_codes == 0)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-080", index,
                     "rule \"%s\" passes every type of icmp; add icmp_types = [...], 8 for echo", rule->name);
}

static void lint_everybody(const struct ps_lint *lint, uint32_t index)
{
    const struct ps_model *model = lint->model;
    const struct ps_rule *rule = &model->rules[index];
    const struct ps_conduit *conduit = &model->conduits[rule->conduit];
    const char *from = model->zones[conduit->from].name;
    const char *to = model->zones[conduit->to].name;

    if (rule->n_clients == 0 && rule->n_servers == 0)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-080", index,
                     "rule \"%s\" is open from everybody in zone \"%s\" to everybody in zone \"%s\"; add clients and "
                     "servers",
                     rule->name, from, to);
    else if (rule->n_clients == 0)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-080", index,
                     "rule \"%s\" is open to everybody in zone \"%s\"; add clients = [...]", rule->name, from);
    else if (rule->n_servers == 0)
        ps_lint_rule(lint, PS_SEV_WARNING, "ZL-080", index,
                     "rule \"%s\" reaches everybody in zone \"%s\"; add servers = [...]", rule->name, to);
}

void ps_lint_rules(const struct ps_model *model, struct ps_diags *diags)
{
    struct ps_lint lint;

    ps_lint_init(&lint, model, diags);
    for (uint32_t i = 0; i < model->n_rules; i++) {
        lint_uninspected(&lint, i);
        lint_opaque(&lint, i);
        lint_open(&lint, i);
        lint_everybody(&lint, i);
    }
    ps_lint_rules_dead(&lint);
    ps_lint_rules_shadowed(&lint);
    ps_lint_fini(&lint);
}
