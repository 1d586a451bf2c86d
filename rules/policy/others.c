/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * others.c - what no rule may grant, gateways, accepted findings.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "vocab.h"

/* ---- never ----------------------------------------------------------------------------------------------------- */

struct reading {
    struct ps_never *never;
    const struct ps_vocab *vocab; /* NULL: no inspected protocol is named */
};

static struct ps_never *never_of(void *into)
{
    return ((struct reading *)into)->never;
}

static void read_never_from(struct ps_load *load, config_setting_t *setting, void *into)
{
    never_of(into)->from = ps_load_zone_ref(load, setting);
}

static void read_never_to(struct ps_load *load, config_setting_t *setting, void *into)
{
    never_of(into)->to = ps_load_zone_ref(load, setting);
}

static void read_never_why(struct ps_load *load, config_setting_t *setting, void *into)
{
    never_of(into)->why = ps_load_copy(load, setting);
}

static void read_never_operations(struct ps_load *load, config_setting_t *list, void *into)
{
    ps_load_operations(load, list, &never_of(into)->ops);
}

/* The vocabulary that a key needs; NULL after a complaint. */
static const struct ps_vocab *vocab_for(struct ps_load *load, const config_setting_t *list,
                                        const struct reading *reading)
{
    if (!reading->vocab && !load->partial)
        ps_load_error(load, list, "needs an inspected protocol; add protocol = \"modbus\"");
    return reading->vocab;
}

static void read_never_functions(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    reading->never->has_functions = true;
    if (vocab_for(load, list, reading))
        ps_load_functions(load, list, reading->vocab, reading->never->functions);
}

static void read_never_objects(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    if (vocab_for(load, list, reading))
        ps_load_objects(load, list, reading->vocab, &reading->never->objects, &reading->never->n_objects);
}

static void read_never_stations(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    if (vocab_for(load, list, reading))
        ps_load_stations(load, list, reading->vocab, &reading->never->stations, &reading->never->n_stations);
}

static const struct ps_key never_keys[] = {
    {"from", read_never_from, NULL},
    {"to", read_never_to, NULL},
    {"protocol", NULL, NULL},
    {"operations", read_never_operations, NULL},
    {"functions", read_never_functions, NULL},
    {"objects", read_never_objects, NULL},
    {"stations", read_never_stations, NULL},
    {"why", read_never_why, NULL},
};

static void read_never(struct ps_load *load, config_setting_t *group, struct ps_never *never)
{
    const config_setting_t *protocol = ps_load_member(group, "protocol");
    *never = (struct ps_never){.from = PS_NONE, .to = PS_NONE, .src = ps_load_place(load, group)};
    if (protocol) {
        never->protocol = (uint8_t)ps_load_protocol(load, protocol);
        if (never->protocol == PS_PROTOCOL_NONE)
            return;
    }
    struct reading reading = {.never = never, .vocab = ps_vocab_by_protocol(never->protocol)};
    ps_load_group(load, group, PS_KEYS(never_keys), "an entry of never", &reading);
    unsigned n_keys = (unsigned)config_setting_length(group);
    if (n_keys == (ps_load_member(group, "why") ? 1u : 0u) && !load->partial)
        ps_load_plain_error(load, group,
                            "an entry without from, to, protocol, operations, functions, objects or stations "
                            "forbids everything; say what it forbids");
}

void ps_load_nevers(struct ps_load *load, config_setting_t *list)
{
    struct ps_model *model = load->model;
    unsigned n = ps_load_groups(load, list, PS_MAX_RULES, "what no rule may grant");
    model->nevers = ps_model_alloc(model, n * sizeof *model->nevers);
    for (unsigned i = 0; i < n; i++)
        if (config_setting_is_group(ps_load_elem(list, i)))
            read_never(load, ps_load_elem(list, i), &model->nevers[model->n_nevers++]);
}

/* ---- gateways -------------------------------------------------------------------------------------------------- */

static void read_port_zones(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_gateway_port *port = into;
    uint64_t seen[PS_MAX_ZONES / 64] = {0};
    unsigned n = ps_load_items(load, list, "and the port with it");
    port->zones = ps_model_alloc(load->model, n * sizeof *port->zones);
    for (unsigned i = 0; i < n; i++) {
        uint32_t zone = ps_load_zone_ref(load, ps_load_elem(list, i));
        if (zone == PS_NONE)
            continue;
        if (seen[zone / 64] >> zone % 64 & 1)
            ps_load_error(load, ps_load_elem(list, i), "zone \"%s\" stands twice; remove one",
                          load->model->zones[zone].name);
        seen[zone / 64] |= UINT64_C(1) << zone % 64;
        port->zones[port->n_zones++] = zone;
    }
}

static const struct ps_key port_keys[] = {
    {"name", NULL, NULL},
    {"zones", read_port_zones, "zones = [\"...\"], the zones behind it"},
};

static void read_ports(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_gateway *gateway = into;
    struct ps_names names = {0};
    unsigned n = ps_load_groups(load, list, PS_MAX_ZONES, "the gateway's ports");
    gateway->ports = ps_model_alloc(load->model, n * sizeof *gateway->ports);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        uint32_t index = gateway->n_ports++;
        struct ps_gateway_port *port = &gateway->ports[index];
        port->src = ps_load_place(load, group);
        port->name = ps_load_name(load, group, "a port");
        if (port->name && ps_names_add(&names, port->name, index) != index)
            ps_load_error(load, ps_load_member(group, "name"),
                          "port \"%s\" is there already in this gateway; rename one", port->name);
        ps_load_group(load, group, PS_KEYS(port_keys), "a port", port);
    }
    ps_names_fini(&names);
}

static const struct ps_key gateway_keys[] = {
    {"name", NULL, NULL},
    {"ports", read_ports, "ports = ( { name = \"...\"; zones = [\"...\"]; } )"},
};

void ps_load_gateways(struct ps_load *load, config_setting_t *list)
{
    struct ps_model *model = load->model;
    unsigned n = ps_load_groups(load, list, PS_MAX_ZONES, "a gateway");
    model->gateways = ps_model_alloc(model, n * sizeof *model->gateways);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        uint32_t index = model->n_gateways++;
        struct ps_gateway *gateway = &model->gateways[index];
        gateway->src = ps_load_place(load, group);
        gateway->name = ps_load_name(load, group, "a gateway");
        load->at = gateway->name;
        if (gateway->name && ps_names_add(&load->gateways, gateway->name, index) != index)
            ps_load_error(load, ps_load_member(group, "name"), "gateway \"%s\" is there already; rename one",
                          gateway->name);
        ps_load_group(load, group, PS_KEYS(gateway_keys), "a gateway", gateway);
        load->at = NULL;
    }
}

/* ---- accepted findings ----------------------------------------------------------------------------------------- */

static void read_finding(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *text = ps_load_copy(load, setting);
    if (text && (strlen(text) != 6 || strncmp(text, "ZL-", 3) != 0 || strspn(text + 3, "0123456789") != 3))
        ps_load_error(load, setting, "\"%s\" is no finding; write the identifier that check prints, \"ZL-083\"",
                      ps_load_show(load, text));
    ((struct ps_exception *)into)->finding = text;
}

static bool rule_exists(const struct ps_load *load, uint32_t conduit, const char *name)
{
    const struct ps_conduit *c = &load->model->conduits[conduit];
    for (uint32_t i = c->first_rule; i < c->first_rule + c->n_rules; i++)
        if (load->model->rules[i].name && strcmp(load->model->rules[i].name, name) == 0)
            return true;
    return false;
}

static void read_rule_path(struct ps_load *load, const config_setting_t *setting, const char *path, const char *slash)
{
    const struct ps_model *model = load->model;
    char conduit[80] = "";
    if ((size_t)(slash - path) < sizeof conduit)
        memcpy(conduit, path, (size_t)(slash - path));
    uint32_t index = ps_names_find(&load->conduits, conduit);
    if (index == PS_NONE)
        ps_load_unknown(load, setting, "conduit", conduit, PS_WORDS(model->conduits, model->n_conduits));
    else if (!rule_exists(load, index, slash + 1))
        ps_load_unknown(load, setting, "rule", slash + 1,
                        (struct ps_words){.items = model->rules + model->conduits[index].first_rule,
                                          .n = model->conduits[index].n_rules,
                                          .stride = sizeof *model->rules});
}

static void read_at(struct ps_load *load, config_setting_t *setting, void *into)
{
    const struct ps_model *model = load->model;
    const char *path = ps_load_copy(load, setting);
    ((struct ps_exception *)into)->at = path;
    if (!path || load->partial)
        return;
    const char *slash = strchr(path, '/');
    if (slash) {
        read_rule_path(load, setting, path, slash);
        return;
    }
    bool known = ps_names_find(&load->zones, path) != PS_NONE || ps_names_find(&load->assets, path) != PS_NONE ||
                 ps_names_find(&load->conduits, path) != PS_NONE || ps_names_find(&load->gateways, path) != PS_NONE;
    if (known)
        return;
    const struct ps_words words[] = {PS_WORDS(model->conduits, model->n_conduits),
                                     PS_WORDS(model->zones, model->n_zones), PS_WORDS(model->assets, model->n_assets)};
    for (size_t i = 0; i < 3; i++) {
        const char *nearest = ps_words_nearest(words[i], path, &load->budget);
        if (nearest) {
            ps_load_error(load, setting, "unknown name \"%s\"; did you mean \"%s\"?", ps_load_show(load, path),
                          nearest);
            return;
        }
    }
    ps_load_error(load, setting, "unknown name \"%s\"; write a zone, an asset, a conduit or \"conduit/rule\"",
                  ps_load_show(load, path));
}

static void read_exception_owner(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_exception *)into)->owner = ps_load_copy(load, setting);
}

static void read_reason(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_exception *)into)->reason = ps_load_copy(load, setting);
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static void read_until(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *text = ps_load_text(load, setting);
    unsigned year, month, day;
    int end = 0;
    if (!text)
        return;
    bool form = strlen(text) == 10 && strspn(text, "0123456789-") == 10 && text[4] == '-' && text[7] == '-' &&
                sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) == 3 && end == 10;
    if (form && year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month))
        ((struct ps_exception *)into)->until = year * 10000 + month * 100 + day;
    else
        ps_load_error(load, setting, "\"%s\" is no date; write the last day as \"2027-01-31\"",
                      ps_load_show(load, text));
}

static const struct ps_key exception_keys[] = {
    {"finding", read_finding, "finding = \"ZL-...\""},
    {"at", read_at, "at = \"...\", the zone, asset, conduit or conduit/rule that it is about"},
    {"owner", read_exception_owner, "owner = \"...\", who answers for it"},
    {"reason", read_reason, "reason = \"...\""},
    {"until", read_until, NULL},
};

void ps_load_exceptions(struct ps_load *load, config_setting_t *list)
{
    struct ps_model *model = load->model;
    unsigned n = ps_load_groups(load, list, PS_MAX_RULES, "an accepted finding");
    model->exceptions = ps_model_alloc(model, n * sizeof *model->exceptions);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        struct ps_exception *exception = &model->exceptions[model->n_exceptions++];
        exception->src = ps_load_place(load, group);
        ps_load_group(load, group, PS_KEYS(exception_keys), "an exception", exception);
    }
}
