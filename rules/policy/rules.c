/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.c - the rules of a conduit.
 */
#include "load_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/txt.h"
#include "vocab.h"

/* A rule being read. */
struct reading {
    struct ps_rule *rule;
    const struct ps_conduit *conduit;
    const struct ps_vocab *vocab; /* NULL: the protocol has none, or is unknown */
};

static struct ps_rule *rule_of(void *into)
{
    return ((struct reading *)into)->rule;
}

/* ---- keys of every rule ---------------------------------------------------------------------------------------- */

static void no_such_asset(struct ps_load *load, const config_setting_t *item, const char *name)
{
    if (load->partial)
        return;
    if (ps_names_find(&load->zones, name) != PS_NONE)
        ps_load_error(load, item, "\"%s\" is a zone; name its assets, or leave the key out to mean everybody there",
                      ps_load_show(load, name));
    else
        ps_load_unknown(load, item, "asset", name, PS_WORDS(load->model->assets, load->model->n_assets));
}

/* The asset of a list's item, PS_NONE after a complaint. */
static uint32_t asset_ref(struct ps_load *load, const config_setting_t *item, uint32_t zone, const char *end)
{
    const char *name = ps_load_text(load, item);
    if (!name)
        return PS_NONE;
    uint32_t asset = ps_names_find(&load->assets, name);
    const struct ps_model *model = load->model;
    if (asset == PS_NONE) {
        no_such_asset(load, item, name);
        return PS_NONE;
    }
    if (zone != PS_NONE && model->assets[asset].zone != zone) {
        const char *home = model->zones[model->assets[asset].zone].name, *wanted = model->zones[zone].name;
        if (home && wanted)
            ps_load_error(load, item,
                          "asset \"%s\" is in zone \"%s\", not in the %s zone \"%s\"; name an asset of that zone", name,
                          home, end, wanted);
        return PS_NONE;
    }
    if (load->seen[asset] == load->n_lists) {
        ps_load_error(load, item, "asset \"%s\" stands twice; remove one", name);
        return PS_NONE;
    }
    load->seen[asset] = load->n_lists;
    return asset;
}

static uint32_t *read_assets(struct ps_load *load, config_setting_t *list, uint32_t zone, const char *end,
                             uint32_t *n_out)
{
    unsigned n = ps_load_items(load, list, "to mean everybody in the zone");
    uint32_t *assets = ps_model_alloc(load->model, n * sizeof *assets);
    load->n_lists++;
    for (unsigned i = 0; i < n; i++) {
        uint32_t asset = asset_ref(load, ps_load_elem(list, i), zone, end);
        if (asset != PS_NONE)
            assets[(*n_out)++] = asset;
    }
    return assets;
}

static void read_clients(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    reading->rule->clients = read_assets(load, list, reading->conduit->from, "from", &reading->rule->n_clients);
}

static void read_servers(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    reading->rule->servers = read_assets(load, list, reading->conduit->to, "to", &reading->rule->n_servers);
}

/* ---- keys of one protocol or another --------------------------------------------------------------------------- */

static void read_transport(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"tcp", "udp"};
    const struct reading *reading = into;
    const struct ps_vocab *vocab = reading->vocab;
    bool udp = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
    if (udp && vocab && !ps_dissector_by_protocol(ps_protocol_carrier(vocab->protocol))->over_udp)
        ps_load_error(load, setting, "%s is spoken over TCP alone; leave the key out", vocab->name);
    reading->rule->udp = udp;
}

static void read_ports(struct ps_load *load, config_setting_t *list, void *into)
{
    ps_load_ranges(load, list, (struct ps_range){1, 65535}, &rule_of(into)->ports, &rule_of(into)->n_ports);
}

static void read_stations(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    ps_load_stations(load, list, reading->vocab, &reading->rule->stations, &reading->rule->n_stations);
}

static void read_operations(struct ps_load *load, config_setting_t *list, void *into)
{
    ps_load_operations(load, list, &rule_of(into)->ops);
}

static void read_functions(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    reading->rule->functions_src = ps_load_place(load, list);
    reading->rule->has_functions = true;
    ps_load_functions(load, list, reading->vocab, reading->rule->functions);
}

static void read_objects(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    reading->rule->objects_src = ps_load_place(load, list);
    ps_load_objects(load, list, reading->vocab, &reading->rule->objects, &reading->rule->n_objects);
}

static void bad_value(struct ps_load *load, const config_setting_t *item, const char *text)
{
    const char *dots = strstr(text, "..");
    struct ps_value_range low, high;
    struct ps_str first = {.s = text, .len = dots ? (size_t)(dots - text) : 0};
    bool swapped = dots && ps_value_range_parse(first, &low) && ps_value_range_parse(ps_str_from(dots + 2), &high) &&
                   low.min > high.max;
    if (swapped)
        ps_load_error(load, item, "\"%s\" begins above its end; write \"%s..%.*s\"", ps_load_show(load, text), dots + 2,
                      (int)first.len, first.s);
    else
        ps_load_error(load, item, "\"%s\" is no value; write \"900\", \"0..1000\", \"on\" or \"off\"",
                      ps_load_show(load, text));
}

static void read_values(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_rule *rule = rule_of(into);
    unsigned n = ps_load_items(load, list, "to restrict nothing");
    rule->values_src = ps_load_place(load, list);
    rule->values = ps_model_alloc(load->model, n * sizeof *rule->values);
    for (unsigned i = 0; i < n; i++) {
        char number[24];
        const char *text = ps_load_word(load, ps_load_elem(list, i), number);
        if (text && ps_value_range_parse(ps_str_from(text), &rule->values[rule->n_values]))
            rule->n_values++;
        else if (text)
            bad_value(load, ps_load_elem(list, i), text);
    }
}

static void read_max_quantity(struct ps_load *load, config_setting_t *setting, void *into)
{
    int64_t number;
    if (ps_load_number(load, setting, 1, 65536, &number))
        rule_of(into)->max_quantity = (uint32_t)number;
}

static void read_max_outstanding(struct ps_load *load, config_setting_t *setting, void *into)
{
    const struct reading *reading = into;
    int64_t number;
    if (ps_load_number(load, setting, 1, reading->vocab->max_outstanding, &number))
        reading->rule->max_outstanding = (uint16_t)number;
}

static void read_response_timeout(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char complaint[] = "is not a time that a reply may take; write seconds from 0.001 to 3600";
    ps_load_seconds(load, setting, (struct ps_range){1, 3600000}, complaint, &rule_of(into)->timeout_ms);
}

static void read_choices(struct ps_load *load, config_setting_t *list, void *into)
{
    const struct reading *reading = into;
    ps_load_choices(load, list, reading->vocab, reading->rule);
}

static void read_ask(struct ps_load *load, config_setting_t *setting, void *into)
{
    const struct reading *reading = into;
    ps_load_ask(load, setting, reading->vocab, reading->rule);
}

#define DSAP_MAX 0xffu
#define ETHERTYPE_MIN 0x600u

static void check_ethertype(struct ps_load *load, const config_setting_t *item, struct ps_range range)
{
    static const struct {
        uint32_t type;
        const char *name, *remedy;
    } others[] = {
        {0x0800, "IPv4", "rules of the other protocols grant it"},
        {0x86dd, "IPv6", "rules of the other protocols grant it"},
        {0x0806, "ARP", "it passes with every conduit by itself"},
        {0x8100, "a VLAN tag", "list the VLAN at the zone"},
        {0x88a8, "a VLAN tag", "list the VLAN at the zone"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (ps_range_contains(range, others[i].type, others[i].type))
            ps_load_error(load, item, "0x%04x is %s; leave it out: %s", others[i].type, others[i].name,
                          others[i].remedy);
}

/* "0x8892", "0x8890-0x8892"; "llc:0x42" for IEEE 802.3 frames by their destination service access point. */
static void read_ethertypes(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_rule *rule = rule_of(into);
    unsigned n = ps_load_items(load, list, "and the rule with it");
    rule->codes = ps_model_alloc(load->model, n * sizeof *rule->codes);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        char number[24];
        const char *text = ps_load_word(load, item, number);
        if (!text)
            continue;
        struct ps_str s = ps_str_from(text);
        bool llc = ps_str_word(&s, "llc:");
        struct ps_range range;
        bool ok = ps_str_range(&s, llc ? DSAP_MAX : 0xffff, &range.first, &range.last) && s.len == 0;
        if (!ok || (!llc && range.first < ETHERTYPE_MIN)) {
            ps_load_error(load, item, "\"%s\" is no ethertype; write \"0x8892\" (0x0600 to 0xffff) or \"llc:0x42\"",
                          ps_load_show(load, text));
            continue;
        }
        check_ethertype(load, item, range);
        rule->codes[rule->n_codes++] = range;
    }
}

static void read_ip_protocols(struct ps_load *load, config_setting_t *list, void *into)
{
    static const struct {
        uint32_t number;
        const char *word;
    } others[] = {{1, "icmp"}, {6, "tcp"}, {17, "udp"}, {58, "icmp"}};
    struct ps_rule *rule = rule_of(into);
    ps_load_ranges(load, list, (struct ps_range){0, 255}, &rule->codes, &rule->n_codes);
    for (uint32_t i = 0; i < rule->n_codes; i++)
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
            if (ps_range_contains(rule->codes[i], others[k].number, others[k].number))
                ps_load_error(load, list,
                              "%u has a word of its own; leave it out and write a rule with protocol = \"%s\"",
                              others[k].number, others[k].word);
}

static void read_icmp_types(struct ps_load *load, config_setting_t *list, void *into)
{
    ps_load_ranges(load, list, (struct ps_range){0, 255}, &rule_of(into)->codes, &rule_of(into)->n_codes);
}

/* ---- tables of keys -------------------------------------------------------------------------------------------- */

#define COMMON_KEYS                                                                                                    \
    {"name", NULL, NULL}, {"clients", read_clients, NULL}, {"servers", read_servers, NULL},                            \
    {                                                                                                                  \
        "protocol", NULL, NULL                                                                                         \
    }

/* Of all inspected protocols. */
static const struct ps_key inspected_keys[] = {
    COMMON_KEYS,
    {"transport", read_transport, NULL},
    {"ports", read_ports, NULL},
    {"stations", read_stations, NULL},
    {"operations", read_operations, NULL},
    {"functions", read_functions, NULL},
    {"max_outstanding", read_max_outstanding, NULL},
    {"response_timeout", read_response_timeout, NULL},
};
/* Of those that have what they are about. */
static const struct ps_key objects_key = {"objects", read_objects, NULL};
static const struct ps_key values_key = {"values", read_values, NULL};
static const struct ps_key max_quantity_key = {"max_quantity", read_max_quantity, NULL};
static const struct ps_key port_keys[] = {COMMON_KEYS, {"ports", read_ports, NULL}};
static const struct ps_key icmp_keys[] = {COMMON_KEYS, {"icmp_types", read_icmp_types, NULL}};
static const struct ps_key ip_keys[] = {COMMON_KEYS, {"ip_protocols", read_ip_protocols, "ip_protocols = [47]"}};
static const struct ps_key ethernet_keys[] = {COMMON_KEYS,
                                              {"ethertypes", read_ethertypes, "ethertypes = [\"0x8892\"]"}};

/* For a rule whose protocol is not known: what can be said without it. Keys of any protocol are passed over. */
static const struct ps_key unknown_keys[] = {
    COMMON_KEYS,
    {"transport", NULL, NULL},
    {"ports", NULL, NULL},
    {"stations", NULL, NULL},
    {"operations", NULL, NULL},
    {"functions", NULL, NULL},
    {"objects", NULL, NULL},
    {"values", NULL, NULL},
    {"controls", NULL, NULL},
    {"max_quantity", NULL, NULL},
    {"max_outstanding", NULL, NULL},
    {"response_timeout", NULL, NULL},
    {"icmp_types", NULL, NULL},
    {"ip_protocols", NULL, NULL},
    {"ethertypes", NULL, NULL},
};

struct key_list {
    struct ps_key keys[PS_KEYS_MAX];
    size_t n;
};

/* Made once: a plant may have a million rules. */
struct ps_rule_keys {
    struct key_list all; /* what is a key of some protocol */
    struct key_list of[PS_N_DISSECTORS];
};

static struct ps_words words_of(const struct key_list *list)
{
    return (struct ps_words){.items = list->keys, .n = list->n, .stride = sizeof list->keys[0]};
}

static void add_key(struct key_list *list, struct ps_key key)
{
    if (list->n < sizeof list->keys / sizeof list->keys[0] && ps_words_find(words_of(list), key.name) == PS_NONE)
        list->keys[list->n++] = key;
}

static void add_keys(struct key_list *list, struct ps_words keys)
{
    for (size_t i = 0; i < keys.n; i++)
        add_key(list, ((const struct ps_key *)keys.items)[i]);
}

/* Keys that the vocabulary names. Params are read apart, in its order. */
static void add_named(struct key_list *list, const struct ps_vocab *vocab)
{
    if (vocab->choices_key)
        add_key(list, (struct ps_key){vocab->choices_key, read_choices, NULL});
    for (uint16_t i = 0; i < vocab->n_params; i++)
        add_key(list, (struct ps_key){vocab->params[i].name, NULL, NULL});
    for (uint16_t i = 0; i < vocab->n_asks; i++)
        add_key(list, (struct ps_key){vocab->asks[i].name, read_ask, NULL});
}

/* The same, to pass them over. */
static void add_named_unread(struct key_list *list, const struct ps_vocab *vocab)
{
    size_t n = list->n;
    add_named(list, vocab);
    for (; n < list->n; n++)
        list->keys[n].read = NULL;
}

static void add_inspected(struct key_list *list, const struct ps_vocab *vocab)
{
    add_keys(list, PS_KEYS(inspected_keys));
    if (vocab->n_spaces > 0)
        add_key(list, objects_key);
    if (vocab->value_limits)
        add_key(list, values_key);
    if (vocab->counts_elements)
        add_key(list, max_quantity_key);
    add_named(list, vocab);
}

static struct ps_rule_keys *make_keys(void)
{
    struct ps_rule_keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        abort();
    add_keys(&keys->all, PS_KEYS(unknown_keys));
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);
        if (!vocab)
            continue;
        add_inspected(&keys->of[protocol], vocab);
        add_named_unread(&keys->all, vocab);
    }
    return keys;
}

static struct ps_words keys_of(const struct ps_load *load, unsigned protocol)
{
    switch (protocol) {
    case PS_PROTOCOL_NONE:
        return words_of(&load->rule_keys->all);
    case PS_PROTOCOL_TCP:
    case PS_PROTOCOL_UDP:
        return PS_KEYS(port_keys);
    case PS_PROTOCOL_ICMP:
        return PS_KEYS(icmp_keys);
    case PS_PROTOCOL_IP:
        return PS_KEYS(ip_keys);
    case PS_PROTOCOL_ETHERNET:
        return PS_KEYS(ethernet_keys);
    default:
        return words_of(&load->rule_keys->of[protocol]);
    }
}

/* Complains about keys that belong to other protocols and hides them from ps_load_group(). */
static void check_fit(struct ps_load *load, const config_setting_t *group, unsigned protocol)
{
    struct ps_words fitting = keys_of(load, protocol), all = words_of(&load->rule_keys->all);
    unsigned n = (unsigned)config_setting_length(group);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *setting = ps_load_elem(group, i);
        const char *name = config_setting_name(setting);
        if (ps_words_find(fitting, name) != PS_NONE || ps_words_find(all, name) == PS_NONE)
            continue;
        ps_load_plain_error(load, setting, "key \"%s\" does not fit protocol \"%s\"; remove it", name,
                            ps_protocol_name(protocol));
        setting->name[0] = '*';
    }
}

/* ---- the rule -------------------------------------------------------------------------------------------------- */

static void read_rule(struct ps_load *load, config_setting_t *group, struct reading *reading)
{
    struct ps_rule *rule = reading->rule;
    const config_setting_t *protocol = ps_load_member(group, "protocol");
    if (protocol)
        rule->protocol = (uint8_t)ps_load_protocol(load, protocol);
    else if (!load->partial)
        ps_load_plain_error(load, group, "a rule has no \"protocol\"; add protocol = \"modbus\" or another");
    reading->vocab = ps_vocab_by_protocol(rule->protocol);
    check_fit(load, group, rule->protocol);
    ps_load_group(load, group, keys_of(load, rule->protocol), "a rule", reading);
    if (reading->vocab)
        ps_load_params(load, group, reading->vocab, rule);
    bool limited = rule->ops != 0 || rule->has_functions || ps_load_member(group, "operations");
    if (reading->vocab && !limited && !load->partial)
        ps_load_plain_error(load, group,
                            "a rule names neither operations nor functions, so it would grant everything; "
                            "add operations = [\"read\"] or functions = [...]");
}

void ps_load_rules(struct ps_load *load, config_setting_t *list, const struct ps_conduit *conduit)
{
    struct ps_model *model = load->model;
    struct ps_names names = {0};
    const char *conduit_at = load->at;
    if (!load->rule_keys)
        load->rule_keys = make_keys();
    uint32_t room = PS_MAX_RULES - model->n_rules;
    unsigned n = ps_load_groups(load, list, room, "rules");
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        struct ps_rule *rule = &model->rules[model->n_rules++];
        *rule = (struct ps_rule){.conduit = (uint32_t)(conduit - model->conduits), .src = ps_load_place(load, group)};
        rule->name = ps_load_name(load, group, "a rule");
        char at[160];
        snprintf(at, sizeof at, "%s/%s", conduit_at ? conduit_at : "?", rule->name ? rule->name : "?");
        load->at = at;
        uint32_t index = (uint32_t)(rule - model->rules);
        uint32_t first = rule->name ? ps_names_add(&names, rule->name, index) : index;
        if (first != index)
            ps_load_error(load, ps_load_member(group, "name"),
                          "rule \"%s\" is there already in this conduit, on line %u of %s; rename one", rule->name,
                          model->rules[first].src.line, load->source->files[model->rules[first].src.file]);
        read_rule(load, group, &(struct reading){.rule = rule, .conduit = conduit});
        load->at = conduit_at;
    }
    ps_names_fini(&names);
}
