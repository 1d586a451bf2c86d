/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Thousands of small random plants, flows and facts: match and the reference must agree about everything.
 */
#include "../compile/fake_words.h"
#include "image_layout.h"
#include "plant.h"
#include "reference.h"

enum { N_PLANTS = 2000, N_FLOWS = 40, N_FACTS = 25, N_ADDRESSES = 48 };

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/* The small worlds that addresses come from: few numbers, both families, the ends of the number line. */
static struct ps_addr address(uint32_t i)
{
    static const struct ps_addr last = {UINT64_MAX, UINT64_MAX - 15};
    if (i < 16)
        return ps_addr_from_v4(0x0a000000 + i);
    if (i < 32)
        return (struct ps_addr){0x20010db8, i - 16};
    return (struct ps_addr){last.hi, last.lo + i - 32};
}

/* ---- a plant --------------------------------------------------------------------------------------------------- */

/* Address i belongs to zone owner[i]: neighbours mostly to the same one, so that networks come out. */
static void make_owners(uint32_t n_zones, uint32_t owner[N_ADDRESSES])
{
    for (uint32_t i = 0; i < N_ADDRESSES; i++)
        owner[i] = i == 0 || one_in(4) ? below(n_zones + 1) : owner[i - 1]; /* n_zones: nobody */
}

static void add_network(struct ps_zone *zone, uint32_t first, uint32_t last)
{
    zone->networks[zone->n_networks++] = (struct ps_net){address(first), address(last), {0, 1}};
}

/* Runs of owned addresses as networks; some with a second one inside or over the end of the first. */
static void make_networks(struct ps_model *model, const uint32_t owner[N_ADDRESSES])
{
    for (uint32_t first = 0; first < N_ADDRESSES;) {
        uint32_t last = first;
        while (last + 1 < N_ADDRESSES && owner[last + 1] == owner[first] && (last + 1) % 16 != 0)
            last++;
        if (owner[first] < model->n_zones && !one_in(4)) {
            struct ps_zone *zone = &model->zones[owner[first]];
            uint32_t a = first + below(last - first + 1), b = a + below(last - a + 1);
            add_network(zone, a, b);
            if (one_in(3))
                add_network(zone, first + below(b - first + 1), last);
        }
        first = last + 1;
    }
}

static void make_assets(struct ps_model *model, const uint32_t owner[N_ADDRESSES])
{
    model->assets = ps_model_alloc(model, N_ADDRESSES * sizeof *model->assets);
    for (uint32_t zone = 0; zone < model->n_zones; zone++) {
        for (uint32_t i = 0; i < N_ADDRESSES; i++) {
            if (owner[i] != zone || !one_in(4))
                continue;
            bool joins = model->n_assets > 0 && model->assets[model->n_assets - 1].zone == zone && one_in(4);
            struct ps_asset *asset = &model->assets[joins ? model->n_assets - 1 : model->n_assets++];
            if (!joins)
                *asset = (struct ps_asset){.name = "asset",
                                           .zone = zone,
                                           .addresses = ps_model_alloc(model, N_ADDRESSES * sizeof(struct ps_addr))};
            asset->addresses[asset->n_addresses++] = address(i);
        }
    }
}

static uint32_t *pick_assets(struct ps_model *model, uint32_t zone, uint32_t *n)
{
    uint32_t *ids = ps_model_alloc(model, N_ADDRESSES * sizeof *ids);
    *n = 0;
    if (one_in(3))
        return ids;
    for (uint32_t i = model->n_assets; i-- > 0;)
        if (model->assets[i].zone == zone && one_in(2))
            ids[(*n)++] = i;
    return ids;
}

static struct ps_range *pick_ranges(struct ps_model *model, uint32_t max, uint32_t *n)
{
    struct ps_range *ranges = ps_model_alloc(model, 6 * sizeof *ranges);
    *n = one_in(3) ? 0 : 1 + below(6);
    for (uint32_t i = 0; i < *n; i++) {
        ranges[i].first = below(max);
        ranges[i].last = ranges[i].first + below(max / 4);
    }
    return ranges;
}

/* Codes of stations may fill all 32 bits. */
static uint32_t any_station(void)
{
    return below(16) + (one_in(2) ? 0 : UINT32_MAX - 31);
}

static void pick_stations(struct ps_model *model, struct ps_rule *rule)
{
    rule->stations = pick_ranges(model, 16, &rule->n_stations);
    for (uint32_t i = 0; i < rule->n_stations; i++) {
        uint32_t len = rule->stations[i].last - rule->stations[i].first;
        rule->stations[i].first = any_station();
        rule->stations[i].last = rule->stations[i].first + len;
    }
}

static void pick_carried(struct ps_model *model, struct ps_rule *rule)
{
    rule->choices = pick_ranges(model, 24, &rule->n_choices);
    for (uint32_t i = 0; i < rule->n_choices; i++) {
        rule->choices[i].first++;
        rule->choices[i].last++;
    }
    rule->n_params = one_in(2) ? 0 : 1 + below(one_in(4) ? 12 : 3);
    rule->params = ps_model_alloc(model, 12 * sizeof *rule->params);
    for (uint32_t i = 0; i < rule->n_params; i++) {
        uint32_t first = one_in(8) ? UINT32_MAX - 9 : below(12);
        rule->params[i] = (struct ps_object_range){1 + below(PS_PARAMS_MAX), first, first + below(10)};
    }
    rule->keys = (uint8_t)below(16);
    rule->timeout_ms = one_in(4) ? below(10000) : 0;
    rule->max_outstanding = (uint16_t)(one_in(4) ? below(65536) : 0);
}

static void restrict_rule(struct ps_model *model, struct ps_rule *rule)
{
    pick_carried(model, rule);
    pick_stations(model, rule);
    rule->ops = one_in(2) ? 1 + below(1u << 8) : 0;
    rule->has_functions = one_in(2);
    for (uint32_t i = 0; rule->has_functions && i < 4; i++)
        rule->functions[i] = (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
    rule->n_objects = one_in(3) ? 0 : 1 + below(one_in(4) ? 12 : 4);
    rule->objects = ps_model_alloc(model, 12 * sizeof *rule->objects);
    for (uint32_t i = 0; i < rule->n_objects; i++) {
        uint32_t first = below(24);
        rule->objects[i] = (struct ps_object_range){1 + below(2), first, first + below(8)};
    }
    rule->n_values = one_in(2) ? 0 : 1 + below(5);
    rule->values = ps_model_alloc(model, 5 * sizeof *rule->values);
    for (uint32_t i = 0; i < rule->n_values; i++) {
        double min = (double)below(24) - 4;
        rule->values[i] = (struct ps_value_range){min, min + below(8)};
    }
    rule->max_quantity = one_in(3) ? 1 + below(6) : 0;
}

static bool is_inspected(const struct ps_rule *rule)
{
    return rule->protocol < PS_N_DISSECTORS;
}

/* Ports of different dissectors and of uninspected rules are kept apart: the compiler refuses them mixed. */
static void make_rule(struct ps_model *model, uint32_t conduit, bool is_busy)
{
    static const uint8_t protocols[] = {
        PS_PROTOCOL_MODBUS, PS_PROTOCOL_MODBUS, PS_PROTOCOL_S7COMM, PS_PROTOCOL_S7COMM_PLUS, PS_PROTOCOL_TCP,
        PS_PROTOCOL_UDP,    PS_PROTOCOL_ICMP,   PS_PROTOCOL_IP,     PS_PROTOCOL_ETHERNET};
    struct ps_rule *rule = &model->rules[model->n_rules++];
    const struct ps_conduit *c = &model->conduits[conduit];
    *rule = (struct ps_rule){.name = "rule", .conduit = conduit, .protocol = protocols[below(9)]};
    if (is_busy && !one_in(8))
        rule->protocol = one_in(2) ? PS_PROTOCOL_MODBUS : protocols[2 + below(2)];
    rule->udp = is_inspected(rule) && one_in(is_busy ? 16 : 4);
    rule->clients = pick_assets(model, c->from, &rule->n_clients);
    rule->servers = pick_assets(model, c->to, &rule->n_servers);
    if (is_busy && one_in(2))
        rule->n_clients = rule->n_servers = 0;
    if (is_inspected(rule) && is_busy && !one_in(4)) {
        restrict_rule(model, rule);
    } else if (is_inspected(rule)) {
        uint32_t base = rule->protocol == PS_PROTOCOL_MODBUS ? 500 : 600;
        rule->ports = pick_ranges(model, 8, &rule->n_ports);
        for (uint32_t i = 0; i < rule->n_ports; i++)
            rule->ports[i] = (struct ps_range){base + rule->ports[i].first, base + rule->ports[i].last};
        restrict_rule(model, rule);
    } else if (rule->protocol == PS_PROTOCOL_TCP || rule->protocol == PS_PROTOCOL_UDP) {
        rule->ports = pick_ranges(model, 16, &rule->n_ports);
        if (rule->n_ports == 0)
            rule->ports[rule->n_ports++] = (struct ps_range){0, 499};
    } else {
        rule->codes = pick_ranges(model, 60, &rule->n_codes);
        if (rule->n_codes == 0 && rule->protocol != PS_PROTOCOL_ICMP)
            rule->codes[rule->n_codes++] = (struct ps_range){47, 47};
    }
}

static void make_conduits(struct ps_model *model)
{
    uint32_t n_pairs = model->n_zones * model->n_zones;
    model->conduits = ps_model_alloc(model, n_pairs * sizeof *model->conduits);
    model->rules = ps_model_alloc(model, n_pairs * 40 * sizeof *model->rules);
    for (uint32_t pair = 0; pair < n_pairs; pair++) {
        if (one_in(3))
            continue;
        bool is_busy = one_in(5); /* more candidates than a path holds */
        uint32_t conduit = model->n_conduits++, n = below(is_busy ? 40 : 8);
        model->conduits[conduit] = (struct ps_conduit){.name = "conduit",
                                                       .from = pair / model->n_zones,
                                                       .to = pair % model->n_zones,
                                                       .first_rule = model->n_rules};
        for (uint32_t i = 0; i < n; i++)
            make_rule(model, conduit, is_busy);
        model->conduits[conduit].n_rules = n;
    }
}

static struct ps_model *make_plant(void)
{
    static const char *files[] = {"plant.conf"};
    struct ps_model *model = ps_model_new();
    uint32_t owner[N_ADDRESSES];
    ck_assert_ptr_nonnull(model);
    model->files = files;
    model->n_files = 1;
    model->n_zones = 1 + below(4);
    model->zones = ps_model_alloc(model, model->n_zones * sizeof *model->zones);
    for (uint32_t i = 0; i < model->n_zones; i++) {
        model->zones[i].name = "zone";
        model->zones[i].intra_allow = one_in(2);
        model->zones[i].networks = ps_model_alloc(model, 2 * N_ADDRESSES * sizeof(struct ps_net));
    }
    make_owners(model->n_zones, owner);
    make_networks(model, owner);
    make_assets(model, owner);
    make_conduits(model);
    return model;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static struct ps_ends make_ends(const struct ps_model *model)
{
    static const uint8_t protocols[] = {6, 6, 6, 6, 17, 17, 1, 58, 47, 50, 0};
    struct ps_ends ends = {.client = address(below(N_ADDRESSES)),
                           .server = address(below(N_ADDRESSES)),
                           .ip_proto = protocols[below(11)],
                           .server_port = (uint16_t)below(24)};
    if (ends.ip_proto == 6 || ends.ip_proto == 17)
        ends.server_port = (uint16_t)(one_in(2)   ? 502 + 100 * below(2)
                                      : one_in(2) ? 500 + 100 * below(2) + below(12)
                                                  : below(24));
    if (model->n_rules > 0 && one_in(2)) { /* more flows that some rule means */
        const struct ps_conduit *c = &model->conduits[model->rules[below(model->n_rules)].conduit];
        for (uint32_t i = 0; i < model->n_assets; i++) {
            if (model->assets[i].zone == c->from && one_in(2))
                ends.client = model->assets[i].addresses[0];
            if (model->assets[i].zone == c->to && one_in(2))
                ends.server = model->assets[i].addresses[0];
        }
    }
    return ends;
}

/* Of one protocol, or with a carrier's also of what it carries. */
static uint8_t protocol_of(const struct ps_path *path)
{
    bool is_carried = path->protocol == PS_PROTOCOL_S7COMM && one_in(2);
    return one_in(16) ? PS_PROTOCOL_MODBUS : is_carried ? PS_PROTOCOL_S7COMM_PLUS : path->protocol;
}

static void make_carried(struct ps_fact *fact)
{
    fact->housekeeping = one_in(8);
    fact->choice = (uint16_t)(one_in(2) ? 0 : below(32));
    fact->n_params = (uint8_t)(one_in(2) ? 0 : below(PS_PARAMS_MAX + 1));
    for (uint32_t i = 0; i < PS_PARAMS_MAX; i++)
        fact->params[i] = one_in(16) ? UINT32_MAX - below(8) : below(20);
    fact->asks = (uint8_t)(one_in(3) ? 1u << below(3) : one_in(16) ? below(256) : 0);
}

static struct ps_fact make_fact(const struct ps_path *path, uint8_t octets[16])
{
    static const uint8_t kinds[] = {PS_VALUE_NONE, PS_VALUE_BITS, PS_VALUE_U8, PS_VALUE_U16BE, PS_VALUE_BOUNDS,
                                    PS_VALUE_UNKNOWN};
    struct ps_fact fact = {.op = (uint8_t)below(9), .protocol = protocol_of(path), .function = (uint16_t)below(256),
                           .station = any_station()};
    make_carried(&fact);
    for (uint32_t i = 0; i < 16; i++)
        octets[i] = (uint8_t)(i % 2 == 0 ? one_in(16) : below(24));
    fact.values = (struct ps_values){.data = octets, .n = 1 + below(8), .kind = kinds[below(6)]};
    if (fact.values.kind == PS_VALUE_BOUNDS) {
        fact.values.min = (double)below(24) - 4;
        fact.values.max = fact.values.min + below(8);
    }
    fact.space = below(4);
    if (fact.space != 0) {
        fact.first = below(30);
        fact.last = fact.first + below(5);
    }
    return fact;
}

static void compare_explanation(const struct plant *plant, const struct ps_path *path, const struct ps_ends *ends,
                                const struct ps_fact *fact, uint32_t granting)
{
    const struct ps_conduit *c = &plant->model->conduits[path->conduit];
    for (uint32_t i = c->first_rule; i < c->first_rule + c->n_rules; i++) {
        bool grants = ps_match_explain(&plant->image, path, ends, i, fact) == PS_MISS_NOTHING;
        ck_assert(!grants || i >= granting);
        ck_assert(grants || i != granting);
    }
}

static uint64_t n_granted, n_refused, n_more, n_carried, n_kept, n_asked, n_chosen, n_with_params;

static void count(const struct plant *plant, const struct ps_fact *fact, uint32_t rule)
{
    const struct ps_rule *r = &plant->model->rules[rule];
    n_carried += fact->protocol == PS_PROTOCOL_S7COMM_PLUS;
    n_kept += fact->housekeeping;
    n_asked += fact->asks != 0;
    n_chosen += fact->choice != 0 && r->n_choices > 0 && !fact->housekeeping;
    n_with_params += fact->n_params > 0 && r->n_params > 0 && !fact->housekeeping;
}

static void compare_facts(const struct plant *plant, const struct ps_path *path, const struct ps_ends *ends,
                          const struct reference *reference)
{
    for (unsigned i = 0; i < N_FACTS; i++) {
        uint8_t octets[16];
        struct ps_fact fact = make_fact(path, octets);
        uint32_t rule, expected = reference_fact(plant->model, reference, &fact);
        enum ps_reason reason = ps_match_fact(&plant->image, path, &fact, &rule);
        ck_assert_uint_eq(rule, expected);
        ck_assert_int_eq(reason, expected == PS_NONE ? PS_REASON_NO_RULE : PS_REASON_NONE);
        compare_explanation(plant, path, ends, &fact, expected);
        if (expected != PS_NONE)
            count(plant, &fact, expected);
        n_granted += expected != PS_NONE;
        n_refused += expected == PS_NONE;
        n_more += expected != PS_NONE && path->more && expected > path->rules[PS_PATH_RULES - 1];
    }
}

static void compare_flow(const struct plant *plant)
{
    struct ps_ends ends = make_ends(plant->model);
    struct reference reference;
    struct ps_path path;
    reference_path(plant->model, &ends, &reference);
    ck_assert_int_eq(ps_match_path(&plant->image, &ends, &path), reference.reason);
    ck_assert_uint_eq(path.client_asset, reference.client_asset);
    ck_assert_uint_eq(path.server_asset, reference.server_asset);
    ck_assert_uint_eq(path.client_zone, reference.client_zone);
    ck_assert_uint_eq(path.server_zone, reference.server_zone);
    ck_assert_uint_eq(path.conduit, reference.conduit);
    ck_assert_int_eq(path.not_ours, reference.not_ours);
    ck_assert_int_eq(path.intra_allow, reference.intra_allow);
    ck_assert_int_eq(path.granted, reference.reason == PS_REASON_NONE);
    ck_assert_uint_eq(path.protocol, reference.protocol);
    ck_assert_uint_eq(path.n_rules, reference.n_rules < PS_PATH_RULES ? reference.n_rules : PS_PATH_RULES);
    ck_assert_int_eq(path.more, reference.n_rules > PS_PATH_RULES);
    for (unsigned i = 0; i < path.n_rules; i++)
        ck_assert_uint_eq(path.rules[i], reference.rules[i]);
    ck_assert_uint_eq(path.timeout_ms, reference.timeout_ms);
    ck_assert_uint_eq(path.max_outstanding, reference.max_outstanding);
    if (path.granted && path.protocol < PS_N_DISSECTORS && path.n_rules > 0)
        compare_facts(plant, &path, &ends, &reference);
}

START_TEST(test_ps_match__random_plants__as_the_reference_says)
{
    for (uint32_t i = 0; i < N_PLANTS; i++) {
        struct ps_diags diags;
        struct plant plant = {0};
        seed = i;
        ps_diags_init(&diags);
        plant.model = make_plant();
        plant.data = ps_compile(plant.model, &diags, &plant.len);
        ck_assert_msg(plant.data != NULL, "plant %u: %s", i, diags.n > 0 ? diags.items[0].text : "");
        ck_assert_pstr_eq(ps_image_open(plant.data, plant.len, &plant.image), NULL);
        for (unsigned k = 0; k < N_FLOWS; k++)
            compare_flow(&plant);
        ps_diags_fini(&diags);
        plant_close(&plant);
    }
    /* the questions were worth asking */
    ck_assert_uint_gt(n_granted, 10000);
    ck_assert_uint_gt(n_refused, 10000);
    ck_assert_uint_gt(n_more, 100);
    ck_assert_uint_gt(n_carried, 1000);
    ck_assert_uint_gt(n_kept, 1000);
    ck_assert_uint_gt(n_asked, 1000);
    ck_assert_uint_gt(n_chosen, 500);
    ck_assert_uint_gt(n_with_params, 300);
}
END_TEST

UNIT_MAIN("match/reference", test_ps_match__random_plants__as_the_reference_says)
