/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * print.c: what a model prints reads back to the same model, over random plants.
 */
#include "policy.h"

#include <stdio.h>
#include <string.h>

#include "dissector.h"
#include "findings.h"
#include "model_same.h"
#include "vocab.h"

/* ---- random plants --------------------------------------------------------------------------------------------- */

static uint64_t seed;

/* 0..n-1 (splitmix64). */
static uint32_t pick(uint32_t n)
{
    uint64_t x = seed += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) % n);
}

static const char *name(struct ps_model *model, const char *what, uint32_t i)
{
    char text[64];
    snprintf(text, sizeof text, "%s-%u", what, i);
    return ps_model_strdup(model, text);
}

static const char *text(struct ps_model *model)
{
    static const char *const texts[] = {
        "", "plain", "with \"quotes\"", "back\\slash \\x41", "\ttab\nline\rreturn\ffeed", "é € ;,(){}[]#//"};
    return pick(3) == 0 ? NULL : ps_model_strdup(model, texts[pick(6)]);
}

static struct ps_range *ranges(struct ps_model *model, uint32_t min, uint32_t max, uint32_t n)
{
    struct ps_range *list = ps_model_alloc(model, n * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i].first = min + pick(max - min + 1);
        list[i].last = list[i].first + pick(max - list[i].first + 1);
    }
    return list;
}

static void random_asset(struct ps_model *model, struct ps_asset *asset)
{
    asset->name = name(model, "asset", (uint32_t)(asset - model->assets));
    asset->role = text(model);
    asset->has_mac = pick(2);
    if (asset->has_mac)
        asset->mac = (struct ps_mac){{(uint8_t)(pick(128) * 2), (uint8_t)pick(256), 0, 0, 1, (uint8_t)pick(256)}};
    asset->n_addresses = asset->has_mac ? pick(3) : 1 + pick(3);
    asset->addresses = ps_model_alloc(model, asset->n_addresses * sizeof *asset->addresses);
    for (uint32_t i = 0; i < asset->n_addresses; i++)
        asset->addresses[i] = pick(2) ? ps_addr_from_v4(1u << 24 | pick(1u << 20) << 2 | i)
                                      : (struct ps_addr){.hi = UINT64_C(0xfd00) << 48 | pick(999), .lo = i};
    const struct ps_vocab *vocab = ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->vocab;
    for (uint32_t i = 0; i < vocab->n_relaxes; i++)
        asset->relax[PS_PROTOCOL_MODBUS] |= pick(4) ? 0 : vocab->relaxes[i].bit;
}

static void random_sl_t(uint8_t sl_t[PS_N_FR])
{
    bool one = pick(2);
    for (unsigned i = 0; i < PS_N_FR; i++)
        sl_t[i] = one && i ? sl_t[0] : (uint8_t)pick(5);
}

static void random_zone(struct ps_model *model, struct ps_zone *zone)
{
    zone->name = name(model, "zone", (uint32_t)(zone - model->zones));
    zone->title = text(model);
    zone->kind = (uint8_t)pick(PS_N_ZONE_KINDS);
    zone->has_sl_t = pick(2);
    if (zone->has_sl_t)
        random_sl_t(zone->sl_t);
    zone->intra_allow = pick(2);
    zone->n_networks = pick(3);
    zone->networks = ps_model_alloc(model, zone->n_networks * sizeof *zone->networks);
    for (uint32_t i = 0; i < zone->n_networks; i++) {
        uint32_t first = 10u << 24 | pick(1u << 23) << 1;
        bool aligned = pick(2);
        zone->networks[i].first = ps_addr_from_v4(aligned ? first & ~255u : first);
        zone->networks[i].last = ps_addr_from_v4(aligned ? first | 255u : first + pick(5) + i);
    }
    if (zone->n_networks == 2 && ps_addr_equal(zone->networks[0].first, zone->networks[1].first))
        zone->n_networks = 1;
    zone->n_vlans = pick(3);
    zone->vlans = ps_model_alloc(model, zone->n_vlans * sizeof *zone->vlans);
    for (uint32_t i = 0; i < zone->n_vlans; i++)
        zone->vlans[i] = (uint16_t)(1 + i * 2000 + pick(2000));
}

static uint32_t *assets_of(struct ps_model *model, uint32_t zone, uint32_t *n)
{
    uint32_t *list = ps_model_alloc(model, model->n_assets * sizeof *list);
    *n = 0;
    for (uint32_t i = 0; i < model->n_assets; i++)
        if (model->assets[i].zone == zone && pick(2))
            list[(*n)++] = i;
    return list;
}

static void random_inspected(struct ps_model *model, struct ps_rule *rule)
{
    const struct ps_vocab *vocab = ps_dissector_by_protocol(rule->protocol)->vocab;
    rule->udp = pick(2);
    rule->n_ports = pick(3);
    rule->ports = ranges(model, 1, 65535, rule->n_ports);
    rule->n_stations = pick(3);
    rule->stations = ranges(model, 0, vocab->max_station, rule->n_stations);
    rule->ops = pick(2) ? PS_OP_BIT(1 + pick(PS_N_OPS - 1)) | PS_OP_BIT(PS_OP_READ) : 0;
    rule->has_functions = rule->ops == 0 || pick(2);
    for (uint32_t i = 0; rule->has_functions && i < 3; i++) {
        uint32_t function = pick(vocab->n_functions);
        rule->functions[function / 64] |= UINT64_C(1) << function % 64;
    }
    rule->n_objects = pick(4);
    rule->objects = ps_model_alloc(model, rule->n_objects * sizeof *rule->objects);
    for (uint32_t i = 0; i < rule->n_objects; i++) {
        const struct ps_space *space = &vocab->spaces[pick(vocab->n_spaces)];
        struct ps_range range = pick(4) ? *ranges(model, 0, space->max, 1) : (struct ps_range){0, space->max};
        uint32_t number = space->max_number ? 1 + pick(space->max_number) : 0;
        rule->objects[i] = (struct ps_object_range){space->code + number, range.first, range.last};
    }
    rule->n_values = pick(3);
    rule->values = ps_model_alloc(model, rule->n_values * sizeof *rule->values);
    for (uint32_t i = 0; i < rule->n_values; i++) {
        rule->values[i].min = ((double)pick(UINT32_MAX) - INT32_MAX) / (1 + pick(1000));
        rule->values[i].max = rule->values[i].min + pick(2) * pick(UINT32_MAX);
    }
    rule->max_quantity = pick(2) ? 1 + pick(65536) : 0;
    rule->max_outstanding = (uint16_t)(pick(2) ? 1 + pick(vocab->max_outstanding) : 0);
    rule->timeout_ms = pick(2) ? 1 + pick(3600000) : 0;
}

static void random_rule(struct ps_model *model, const struct ps_conduit *conduit, struct ps_rule *rule)
{
    static const uint8_t protocols[] = {PS_PROTOCOL_MODBUS, PS_PROTOCOL_MODBUS, PS_PROTOCOL_TCP,     PS_PROTOCOL_UDP,
                                        PS_PROTOCOL_ICMP,   PS_PROTOCOL_IP,     PS_PROTOCOL_ETHERNET};
    rule->name = name(model, "rule", (uint32_t)(rule - model->rules));
    rule->conduit = (uint32_t)(conduit - model->conduits);
    rule->protocol = protocols[pick(sizeof protocols)];
    rule->clients = assets_of(model, conduit->from, &rule->n_clients);
    rule->servers = assets_of(model, conduit->to, &rule->n_servers);
    if (rule->protocol == PS_PROTOCOL_MODBUS)
        random_inspected(model, rule);
    bool ports = rule->protocol == PS_PROTOCOL_TCP || rule->protocol == PS_PROTOCOL_UDP;
    if (ports) {
        rule->n_ports = pick(3);
        rule->ports = ranges(model, 1, 65535, rule->n_ports);
    } else if (rule->protocol != PS_PROTOCOL_MODBUS) {
        bool ethernet = rule->protocol == PS_PROTOCOL_ETHERNET;
        rule->n_codes = 1 + pick(2);
        rule->codes = ethernet ? ranges(model, pick(2) ? 0x88b0 : 0x600, pick(2) ? 0xffff : 0x8fff, rule->n_codes)
                               : ranges(model, 60, 255, rule->n_codes);
        for (uint32_t i = 0; ethernet && i < rule->n_codes; i++)
            rule->codes[i] = pick(2) ? (struct ps_range){pick(256), 255} : (struct ps_range){0x88b0 + pick(16), 0x88c0};
    }
}

static void random_handling(struct ps_conduit *conduit)
{
    static const uint8_t codes[] = {0, 1, 2, 8, 10, 11};
    if (conduit->on_deny == PS_ON_DENY_ANSWER)
        conduit->answer_code = codes[pick(sizeof codes)];
    conduit->fragments = (uint8_t)pick(2);
    conduit->segments = (uint8_t)pick(2);
    conduit->midstream = (uint8_t)pick(2);
    conduit->fallback = (uint8_t)pick(3);
    conduit->hold_ms = pick(2) * (100 + pick(29901));
    conduit->max_half_open = pick(2) * (1 + pick(1000000));
    conduit->max_new_flows = pick(2) * (1 + pick(1000000));
}

static void random_conduits(struct ps_model *model)
{
    model->n_conduits = pick(5);
    model->conduits = ps_model_alloc(model, model->n_conduits * sizeof *model->conduits);
    model->rules = ps_model_alloc(model, model->n_conduits * 6 * sizeof *model->rules);
    for (uint32_t i = 0; i < model->n_conduits; i++) {
        struct ps_conduit *conduit = &model->conduits[i];
        *conduit = (struct ps_conduit){.name = name(model, "conduit", i),
                                       .purpose = text(model),
                                       .owner = text(model),
                                       .from = pick(model->n_zones),
                                       .to = pick(model->n_zones),
                                       .mode = (uint8_t)pick(2),
                                       .on_deny = (uint8_t)pick(3),
                                       .on_failure = (uint8_t)pick(3),
                                       .has_sl_t = pick(2),
                                       .first_rule = model->n_rules,
                                       .n_rules = pick(6)};
        if (conduit->has_sl_t)
            random_sl_t(conduit->sl_t);
        random_handling(conduit);
        for (uint32_t k = 0; k < conduit->n_rules; k++)
            random_rule(model, conduit, &model->rules[model->n_rules++]);
    }
}

static void random_rest(struct ps_model *model)
{
    const struct ps_vocab *vocab = ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->vocab;
    model->n_nevers = pick(3);
    model->nevers = ps_model_alloc(model, model->n_nevers * sizeof *model->nevers);
    for (uint32_t i = 0; i < model->n_nevers; i++) {
        struct ps_never *never = &model->nevers[i];
        *never = (struct ps_never){.from = pick(2) ? PS_NONE : pick(model->n_zones),
                                   .to = pick(model->n_zones),
                                   .ops = pick(2) * PS_OP_BIT(PS_OP_PROGRAM),
                                   .why = text(model)};
        if (pick(2)) {
            never->protocol = PS_PROTOCOL_MODBUS;
            never->n_stations = pick(3);
            never->stations = ranges(model, 0, vocab->max_station, never->n_stations);
            never->has_functions = true;
            never->functions[0] = 1;
        }
    }
    model->n_gateways = pick(2);
    model->gateways = ps_model_alloc(model, sizeof *model->gateways);
    for (uint32_t i = 0; i < model->n_gateways; i++) {
        struct ps_gateway_port *port = ps_model_alloc(model, sizeof *port);
        *port = (struct ps_gateway_port){.name = name(model, "port", i), .n_zones = 1};
        port->zones = ps_model_alloc(model, sizeof *port->zones);
        port->zones[0] = pick(model->n_zones);
        model->gateways[i] = (struct ps_gateway){.name = name(model, "gw", i), .ports = port, .n_ports = 1};
    }
    model->n_exceptions = pick(2);
    model->exceptions = ps_model_alloc(model, sizeof *model->exceptions);
    model->exceptions[0] = (struct ps_exception){
        .finding = "ZL-021", .at = "zone-0", .owner = "o", .reason = "r", .until = pick(2) * 20270131};
}

static struct ps_model *random_plant(void)
{
    struct ps_model *model = ps_model_new();
    const char *site = text(model);
    model->site = site ? site : "";
    model->revision = 1 + pick(INT32_MAX);
    model->n_zones = 1 + pick(4);
    model->zones = ps_model_alloc(model, model->n_zones * sizeof *model->zones);
    model->assets = ps_model_alloc(model, model->n_zones * 4 * sizeof *model->assets);
    for (uint32_t i = 0; i < model->n_zones; i++) {
        random_zone(model, &model->zones[i]);
        for (uint32_t n = pick(4); n > 0; n--) {
            model->assets[model->n_assets].zone = i;
            random_asset(model, &model->assets[model->n_assets++]);
        }
    }
    random_conduits(model);
    random_rest(model);
    return model;
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static char *print(const struct ps_model *model)
{
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    ck_assert_ptr_nonnull(file);
    ck_assert(ps_policy_print(model, file));
    fclose(file);
    return out;
}

START_TEST(test_ps_policy_print__random_plants__read_back_the_same)
{
    for (seed = 0; seed < 400u * 1000; seed = (seed / 1000 + 1) * 1000) {
        uint64_t start = seed;
        struct ps_model *model = random_plant();
        char *printed = print(model);
        struct ps_diags diags;
        ps_diags_init(&diags);
        struct ps_model *again = ps_policy_parse(printed, "printed.conf", &diags);
        const char *difference = again ? model_difference(model, again) : diags.items[0].text;
        ck_assert_msg(!difference, "seed %u: %s\n%s", (unsigned)start, difference, printed);
        char *printed_again = print(again);
        ck_assert_str_eq(printed, printed_again);
        free(printed);
        free(printed_again);
        ps_diags_fini(&diags);
        ps_model_free(model);
        ps_model_free(again);
        seed = start;
    }
}
END_TEST

START_TEST(test_ps_policy_print__full_disk__false)
{
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        return;
    seed = 1;
    struct ps_model *model = random_plant();
    ck_assert(!ps_policy_print(model, full));
    ps_model_free(model);
    fclose(full);
}
END_TEST

UNIT_MAIN("policy/print", test_ps_policy_print__random_plants__read_back_the_same,
          test_ps_policy_print__full_disk__false)
