/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * print.c - model -> canonical text: one form for everything, keys that say the default left out, order of the source.
 */
#include "policy.h"

#include <inttypes.h>
#include <string.h>

#include "addr_text.h"
#include "vocab.h"

/* ---- pieces ---------------------------------------------------------------------------------------------------- */

static void print_text(FILE *out, const char *text)
{
    static const char plain[] = "nrtf";
    static const char controls[] = "\n\r\t\f";
    putc('"', out);
    for (; *text; text++) {
        const char *control = strchr(controls, *text);
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if (control)
            fprintf(out, "\\%c", plain[control - controls]);
        else
            putc(*text, out);
    }
    putc('"', out);
}

/* " key = "text";", nothing for NULL. */
static void print_key(FILE *out, const char *key, const char *text)
{
    if (!text)
        return;
    fprintf(out, " %s = ", key);
    print_text(out, text);
    putc(';', out);
}

/* A comment above entry `index` of assets or rules. */
static void print_note(FILE *out, const char *const *notes, size_t index)
{
    if (notes && notes[index])
        fprintf(out, "      # %s\n", notes[index]);
}

/* A list being printed: " key = [" before its first element, "];" behind its last, nothing when it has none. */
struct list {
    FILE *out;
    const char *key;
    uint32_t n;
};

static void list_next(struct list *list)
{
    if (list->n++ == 0)
        fprintf(list->out, " %s = [", list->key);
    else
        fputs(", ", list->out);
}

static void list_add(struct list *list, const char *text)
{
    list_next(list);
    print_text(list->out, text);
}

static void list_end(const struct list *list)
{
    if (list->n > 0)
        fputs("];", list->out);
}

static void print_sl_t(FILE *out, const uint8_t sl_t[PS_N_FR])
{
    bool one = true;
    for (unsigned i = 1; i < PS_N_FR; i++)
        one &= sl_t[i] == sl_t[0];
    if (one) {
        fprintf(out, " sl_t = %u;", sl_t[0]);
        return;
    }
    fputs(" sl_t = [", out);
    for (unsigned i = 0; i < PS_N_FR; i++)
        fprintf(out, "%s%u", i ? ", " : "", sl_t[i]);
    fputs("];", out);
}

static void print_ranges(FILE *out, const char *key, const struct ps_range *ranges, uint32_t n)
{
    struct list list = {.out = out, .key = key};
    for (uint32_t i = 0; i < n; i++) {
        char buf[32];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ps_txt_range(&txt, ranges[i].first, ranges[i].last);
        list_add(&list, buf);
    }
    list_end(&list);
}

/* ---- zones ----------------------------------------------------------------------------------------------------- */

static void print_asset(FILE *out, const struct ps_asset *asset)
{
    fputs("      {", out);
    print_key(out, "name", asset->name);
    struct list list = {.out = out, .key = "addresses"};
    for (uint32_t i = 0; i < asset->n_addresses; i++) {
        char text[PS_ADDR_TEXT_MAX];
        ps_addr_format(asset->addresses[i], text);
        list_add(&list, text);
    }
    list_end(&list);
    if (asset->has_mac) {
        char text[PS_MAC_TEXT_MAX];
        ps_mac_format(asset->mac, text);
        print_key(out, "mac", text);
    }
    print_key(out, "role", asset->role);
    list = (struct list){.out = out, .key = "relax"};
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);
        for (unsigned i = 0; vocab && i < vocab->n_relaxes; i++)
            if (asset->relax[ps_protocol_carrier(protocol)] & vocab->relaxes[i].bit)
                list_add(&list, vocab->relaxes[i].name);
    }
    list_end(&list);
    fputs(" }", out);
}

static void print_zone(const struct ps_model *model, uint32_t index, uint32_t *asset,
                       const struct ps_policy_notes *notes, FILE *out)
{
    const struct ps_zone *zone = &model->zones[index];
    fputs("  {", out);
    print_key(out, "name", zone->name);
    print_key(out, "title", zone->title);
    if (zone->kind != PS_ZONE_UNSET)
        print_key(out, "kind", ps_zone_kind_name(zone->kind));
    if (zone->has_sl_t)
        print_sl_t(out, zone->sl_t);
    if (zone->intra_allow)
        print_key(out, "intra", "allow");
    if (zone->n_networks || zone->n_vlans)
        fputs("\n   ", out);
    struct list list = {.out = out, .key = "networks"};
    for (uint32_t i = 0; i < zone->n_networks; i++) {
        char text[2 * PS_ADDR_TEXT_MAX];
        ps_net_format(zone->networks[i].first, zone->networks[i].last, text, sizeof text);
        list_add(&list, text);
    }
    list_end(&list);
    list = (struct list){.out = out, .key = "vlans"};
    for (uint32_t i = 0; i < zone->n_vlans; i++) {
        list_next(&list);
        fprintf(out, "%u", zone->vlans[i]);
    }
    list_end(&list);
    bool any = false;
    for (; *asset < model->n_assets && model->assets[*asset].zone == index; ++*asset, any = true) {
        fputs(any ? ",\n" : "\n    assets = (\n", out);
        print_note(out, notes->assets, *asset);
        print_asset(out, &model->assets[*asset]);
    }
    fputs(any ? "\n    ); }" : " }", out);
}

static void print_zones(const struct ps_model *model, const struct ps_policy_notes *notes, FILE *out)
{
    uint32_t asset = 0;
    fputs("\nzones = (\n", out);
    for (uint32_t i = 0; i < model->n_zones; i++) {
        print_zone(model, i, &asset, notes, out);
        fputs(i + 1 < model->n_zones ? ",\n" : "\n);\n", out);
    }
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static void print_assets(const struct ps_model *model, const char *key, const uint32_t *assets, uint32_t n, FILE *out)
{
    struct list list = {.out = out, .key = key};
    for (uint32_t i = 0; i < n; i++)
        list_add(&list, model->assets[assets[i]].name);
    list_end(&list);
}

static void print_codes(const struct ps_rule *rule, FILE *out)
{
    const char *key = rule->protocol == PS_PROTOCOL_ICMP ? "icmp_types" : "ip_protocols";
    if (rule->protocol != PS_PROTOCOL_ETHERNET) {
        print_ranges(out, key, rule->codes, rule->n_codes);
        return;
    }
    struct list list = {.out = out, .key = "ethertypes"};
    for (uint32_t i = 0; i < rule->n_codes; i++) {
        struct ps_range code = rule->codes[i];
        bool llc = code.first < 0x600;
        list_next(&list);
        fprintf(out, llc ? "\"llc:0x%02x" : "\"0x%04x", code.first);
        if (code.last != code.first)
            fprintf(out, llc ? "-0x%02x" : "-0x%04x", code.last);
        putc('"', out);
    }
    list_end(&list);
}

static void print_operations(FILE *out, uint32_t ops)
{
    struct list list = {.out = out, .key = "operations"};
    for (unsigned op = 1; op < PS_N_OPS; op++)
        if (ops & PS_OP_BIT(op))
            list_add(&list, ps_op_name(op));
    list_end(&list);
}

static void print_functions(const struct ps_vocab *vocab, const uint64_t *bitmap, FILE *out)
{
    struct list list = {.out = out, .key = "functions"};
    for (uint32_t i = 0; i < vocab->n_functions; i++)
        if (bitmap[i / 64] >> i % 64 & 1)
            list_add(&list, vocab->functions[i].name);
    list_end(&list);
}

static void print_objects(const struct ps_vocab *vocab, const struct ps_object_range *objects, uint32_t n, FILE *out)
{
    struct list list = {.out = out, .key = "objects"};
    for (uint32_t i = 0; i < n;) {
        char buf[64];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        i += ps_objects_format(vocab, objects + i, n - i, &txt);
        list_add(&list, buf);
    }
    list_end(&list);
}

static void print_stations(const struct ps_vocab *vocab, const struct ps_range *stations, uint32_t n, FILE *out)
{
    struct list list = {.out = out, .key = "stations"};
    for (uint32_t i = 0; i < n; i++) {
        char buf[64];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ps_station_format(vocab, stations[i], &txt);
        list_add(&list, buf);
    }
    list_end(&list);
}

static void print_choices(const struct ps_vocab *vocab, const struct ps_rule *rule, FILE *out)
{
    struct list list = {.out = out, .key = vocab->choices_key};
    for (uint32_t i = 0; i < rule->n_choices; i++) {
        char buf[64];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ps_choice_format(vocab, rule->choices[i], &txt);
        list_add(&list, buf);
    }
    list_end(&list);
}

/* Grouped by param, as the loader makes them. */
static void print_params(const struct ps_vocab *vocab, const struct ps_rule *rule, FILE *out)
{
    for (uint16_t row = 0; row < vocab->n_params; row++) {
        struct list list = {.out = out, .key = vocab->params[row].name};
        for (uint32_t i = 0; i < rule->n_params; i++) {
            char buf[32];
            struct ps_txt txt;
            if (rule->params[i].space != row + 1u)
                continue;
            ps_txt_init(&txt, buf, sizeof buf);
            ps_param_range_format((struct ps_range){rule->params[i].first, rule->params[i].last}, &txt);
            list_add(&list, buf);
        }
        list_end(&list);
    }
}

static void print_asks(const struct ps_vocab *vocab, const struct ps_rule *rule, FILE *out)
{
    for (uint16_t i = 0; i < vocab->n_asks; i++)
        if (rule->keys & vocab->asks[i].bit)
            fprintf(out, " %s = true;", vocab->asks[i].name);
}

static void print_values(const struct ps_rule *rule, FILE *out)
{
    struct list list = {.out = out, .key = "values"};
    for (uint32_t i = 0; i < rule->n_values; i++) {
        char buf[64];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ps_value_range_format(rule->values[i], &txt);
        list_add(&list, buf);
    }
    list_end(&list);
}

/* Without printf's decimal point, which is a comma in some places. */
static void print_seconds(FILE *out, const char *key, uint32_t ms)
{
    unsigned digits = 3;
    uint32_t fraction = ms % 1000;
    for (; digits > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    fprintf(out, " %s = %" PRIu32, key, ms / 1000);
    if (digits > 0)
        fprintf(out, ".%0*" PRIu32, (int)digits, fraction);
    putc(';', out);
}

static void print_limits(const struct ps_rule *rule, FILE *out)
{
    if (rule->max_quantity)
        fprintf(out, " max_quantity = %" PRIu32 ";", rule->max_quantity);
    if (rule->max_outstanding)
        fprintf(out, " max_outstanding = %u;", rule->max_outstanding);
    if (rule->timeout_ms)
        print_seconds(out, "response_timeout", rule->timeout_ms);
}

/* What a rule of an inspected protocol says of its facts. */
static void print_facts(const struct ps_vocab *vocab, const struct ps_rule *rule, FILE *out)
{
    print_stations(vocab, rule->stations, rule->n_stations, out);
    print_operations(out, rule->ops);
    print_functions(vocab, rule->functions, out);
    print_objects(vocab, rule->objects, rule->n_objects, out);
    print_choices(vocab, rule, out);
    print_params(vocab, rule, out);
    print_values(rule, out);
    print_asks(vocab, rule, out);
}

static void print_rule(const struct ps_model *model, const struct ps_rule *rule, FILE *out)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(rule->protocol);
    fputs("      {", out);
    print_key(out, "name", rule->name);
    print_assets(model, "clients", rule->clients, rule->n_clients, out);
    print_assets(model, "servers", rule->servers, rule->n_servers, out);
    print_key(out, "protocol", ps_protocol_name(rule->protocol));
    if (rule->udp)
        print_key(out, "transport", "udp");
    print_ranges(out, "ports", rule->ports, rule->n_ports);
    print_codes(rule, out);
    if (vocab)
        print_facts(vocab, rule, out);
    print_limits(rule, out);
    fputs(" }", out);
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

static void print_number(FILE *out, const char *key, uint32_t number)
{
    if (number != 0)
        fprintf(out, " %s = %" PRIu32 ";", key, number);
}

static void print_handling(FILE *out, const struct ps_conduit *conduit)
{
    print_number(out, "answer_code", conduit->answer_code);
    if (conduit->on_failure != PS_ON_FAILURE_UNSET)
        print_key(out, "on_failure", ps_on_failure_name(conduit->on_failure));
    print_key(out, "fragments", conduit->fragments ? ps_fragments_name(conduit->fragments) : NULL);
    print_key(out, "segments", conduit->segments ? ps_segments_name(conduit->segments) : NULL);
    print_key(out, "midstream", conduit->midstream ? ps_midstream_name(conduit->midstream) : NULL);
    print_key(out, "fallback", conduit->fallback ? ps_fallback_name(conduit->fallback) : NULL);
    if (conduit->hold_ms)
        print_seconds(out, "hold_limit", conduit->hold_ms);
    print_number(out, "max_half_open", conduit->max_half_open);
    print_number(out, "max_new_flows", conduit->max_new_flows);
}

static void print_conduit(const struct ps_model *model, const struct ps_conduit *conduit,
                          const struct ps_policy_notes *notes, FILE *out)
{
    fputs("  {", out);
    print_key(out, "name", conduit->name);
    print_key(out, "from", model->zones[conduit->from].name);
    print_key(out, "to", model->zones[conduit->to].name);
    if (conduit->purpose || conduit->owner)
        fputs("\n   ", out);
    print_key(out, "purpose", conduit->purpose);
    print_key(out, "owner", conduit->owner);
    fputs("\n   ", out);
    print_key(out, "mode", ps_mode_name(conduit->mode));
    print_key(out, "on_deny", ps_on_deny_name(conduit->on_deny));
    print_handling(out, conduit);
    if (conduit->has_sl_t)
        print_sl_t(out, conduit->sl_t);
    for (uint32_t i = 0; i < conduit->n_rules; i++) {
        fputs(i ? ",\n" : "\n    allow = (\n", out);
        print_note(out, notes->rules, conduit->first_rule + i);
        print_rule(model, &model->rules[conduit->first_rule + i], out);
    }
    fputs(conduit->n_rules ? "\n    ); }" : " }", out);
}

static void print_conduits(const struct ps_model *model, const struct ps_policy_notes *notes, FILE *out)
{
    for (uint32_t i = 0; i < model->n_conduits; i++) {
        fputs(i ? ",\n" : "\nconduits = (\n", out);
        print_conduit(model, &model->conduits[i], notes, out);
    }
    if (model->n_conduits)
        fputs("\n);\n", out);
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void print_gateways(const struct ps_model *model, FILE *out)
{
    for (uint32_t i = 0; i < model->n_gateways; i++) {
        const struct ps_gateway *gateway = &model->gateways[i];
        fputs(i ? ",\n  {" : "\ngateways = (\n  {", out);
        print_key(out, "name", gateway->name);
        for (uint32_t k = 0; k < gateway->n_ports; k++) {
            fputs(k ? ",\n      {" : "\n    ports = (\n      {", out);
            print_key(out, "name", gateway->ports[k].name);
            struct list list = {.out = out, .key = "zones"};
            for (uint32_t z = 0; z < gateway->ports[k].n_zones; z++)
                list_add(&list, model->zones[gateway->ports[k].zones[z]].name);
            list_end(&list);
            fputs(" }", out);
        }
        fputs("\n    ); }", out);
    }
    if (model->n_gateways)
        fputs("\n);\n", out);
}

static void print_nevers(const struct ps_model *model, FILE *out)
{
    for (uint32_t i = 0; i < model->n_nevers; i++) {
        const struct ps_never *never = &model->nevers[i];
        const struct ps_vocab *vocab = ps_vocab_by_protocol(never->protocol);
        fputs(i ? ",\n  {" : "\nnever = (\n  {", out);
        print_key(out, "from", never->from == PS_NONE ? NULL : model->zones[never->from].name);
        print_key(out, "to", never->to == PS_NONE ? NULL : model->zones[never->to].name);
        if (never->protocol != PS_PROTOCOL_NONE)
            print_key(out, "protocol", ps_protocol_name(never->protocol));
        print_operations(out, never->ops);
        if (vocab) {
            print_functions(vocab, never->functions, out);
            print_objects(vocab, never->objects, never->n_objects, out);
            print_stations(vocab, never->stations, never->n_stations, out);
        }
        print_key(out, "why", never->why);
        fputs(" }", out);
    }
    if (model->n_nevers)
        fputs("\n);\n", out);
}

static void print_exceptions(const struct ps_model *model, FILE *out)
{
    for (uint32_t i = 0; i < model->n_exceptions; i++) {
        const struct ps_exception *exception = &model->exceptions[i];
        fputs(i ? ",\n  {" : "\nexceptions = (\n  {", out);
        print_key(out, "finding", exception->finding);
        print_key(out, "at", exception->at);
        print_key(out, "owner", exception->owner);
        print_key(out, "reason", exception->reason);
        uint32_t until = exception->until;
        if (until)
            fprintf(out, " until = \"%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32 "\";", until / 10000, until / 100 % 100,
                    until % 100);
        fputs(" }", out);
    }
    if (model->n_exceptions)
        fputs("\n);\n", out);
}

bool ps_policy_print(const struct ps_model *model, FILE *out)
{
    return ps_policy_print_notes(model, &(struct ps_policy_notes){0}, out);
}

bool ps_policy_print_notes(const struct ps_model *model, const struct ps_policy_notes *notes, FILE *out)
{
    fputs("schema = 1;\nsite = ", out);
    print_text(out, model->site);
    fprintf(out, ";\nrevision = %" PRIu32 ";\n", model->revision);
    print_zones(model, notes, out);
    print_gateways(model, out);
    print_conduits(model, notes, out);
    print_nevers(model, out);
    print_exceptions(model, out);
    return fflush(out) == 0 && !ferror(out);
}
