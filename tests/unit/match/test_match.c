/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <float.h>
#include <math.h>

#include "match_plant.h"

enum { ICMP = 1, TCP = 6, UDP = 17, GRE = 47, ICMPV6 = 58 };

static struct plant plant;

static void setup_plant(void)
{
    plant_open(&plant, HEAD ZONES CONDUITS);
}

static enum ps_reason path_of(const char *client, const char *server, uint8_t ip_proto, uint16_t port,
                              struct ps_path *path)
{
    struct ps_ends ends = {addr(client), addr(server), ip_proto, port};
    memset(path, 0xee, sizeof *path);
    return ps_match_path(&plant.image, &ends, path);
}

static struct ps_fact read_fact(uint32_t station)
{
    return (struct ps_fact){.op = PS_OP_READ, .protocol = PS_PROTOCOL_MODBUS,
                            .function = function("read-holding-registers"),
                            .station = station,
                            .space = space("holding"),
                            .first = 100,
                            .last = 109};
}

static struct ps_fact write_fact(uint32_t first, uint32_t last)
{
    return (struct ps_fact){.op = PS_OP_WRITE, .protocol = PS_PROTOCOL_MODBUS,
                            .function = function("write-multiple-registers"),
                            .station = 1,
                            .space = space("holding"),
                            .first = first,
                            .last = last};
}

/* The rule of the usual flow that grants a fact, "-" when none does. */
static const char *granted_by(const struct ps_fact *fact)
{
    struct ps_path path;
    uint32_t rule = 77;
    ck_assert_int_eq(path_of("10.1.0.10", "10.2.0.10", TCP, 502, &path), PS_REASON_NONE);
    enum ps_reason reason = ps_match_fact(&plant.image, &path, fact, &rule);
    ck_assert_int_eq(reason, rule == PS_NONE ? PS_REASON_NO_RULE : PS_REASON_NONE);
    return ps_image_rule_name(&plant.image, rule);
}

/* What the rule "set" says to a fact of the usual flow. */
static enum ps_miss miss_of(const char *rule, const struct ps_fact *fact)
{
    struct ps_ends ends = {addr("10.1.0.10"), addr("10.2.0.10"), TCP, 502};
    struct ps_path path;
    ps_match_path(&plant.image, &ends, &path);
    return ps_match_explain(&plant.image, &path, &ends, rule_named(&plant, rule), fact);
}

/* ---- paths ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_match_path__granted__filled_in)
{
    struct ps_path path;
    setup_plant();
    ck_assert_int_eq(path_of("10.1.0.10", "10.2.0.10", TCP, 502, &path), PS_REASON_NONE);
    ck_assert(path.granted && !path.not_ours && !path.more);
    ck_assert_str_eq(ps_image_conduit_name(&plant.image, path.conduit), "c");
    ck_assert_str_eq(ps_image_asset_name(&plant.image, path.client_asset), "hmi");
    ck_assert_str_eq(ps_image_asset_name(&plant.image, path.server_asset), "plc");
    ck_assert_str_eq(ps_image_zone_name(&plant.image, path.client_zone), "sup");
    ck_assert_str_eq(ps_image_zone_name(&plant.image, path.server_zone), "ctl");
    ck_assert_uint_eq(path.protocol, PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(path.mode, PS_MODE_MONITOR);
    ck_assert_uint_eq(path.on_deny, PS_ON_DENY_ANSWER);
    ck_assert_uint_eq(path.answer_code, 3);
    ck_assert(!path.whole_segments);
    ck_assert_uint_eq(path.hold_ms, PS_HOLD_MS_DEFAULT);
    ck_assert_uint_eq(path.server_port, 502);
    ck_assert_uint_eq(path.n_rules, 2);
    ck_assert_uint_eq(path.rules[0], rule_named(&plant, "poll"));
    ck_assert_uint_eq(path.rules[1], rule_named(&plant, "set"));
    ck_assert_uint_eq(path.timeout_ms, 2500);
    ck_assert_uint_eq(path.max_outstanding, 4);
    ck_assert_uint_ne(path.relax, 0);
    ck_assert_int_eq(path_of("fd00:1::10", "fd00:2::10", TCP, 502, &path), PS_REASON_NONE);
    ck_assert_uint_eq(path.n_rules, 2);
    ck_assert_int_eq(path_of("10.4.0.1", "10.4.0.2", TCP, 80, &path), PS_REASON_NONE);
    ck_assert(path.whole_segments && path.hold_ms == 500 && path.answer_code == 0);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_path__every_reason__given)
{
    static const struct {
        const char *client, *server;
        uint8_t ip_proto;
        uint16_t port;
        enum ps_reason reason;
        const char *rule;
    } rows[] = {
        {"10.1.0.10", "10.9.0.1", TCP, 502, PS_REASON_NO_ZONE, "-"},
        {"10.9.0.1", "10.2.0.10", TCP, 502, PS_REASON_NO_ZONE, "-"},
        {"10.2.0.10", "10.1.0.10", TCP, 502, PS_REASON_NO_CONDUIT, "-"},
        {"10.1.0.10", "10.1.0.20", TCP, 502, PS_REASON_INTRA_ZONE, "-"},
        {"10.3.0.1", "10.3.0.2", TCP, 502, PS_REASON_NONE, "-"},
        {"10.4.0.1", "10.4.0.2", TCP, 80, PS_REASON_NONE, "peer"},
        {"10.4.0.1", "10.4.0.2", TCP, 81, PS_REASON_NO_RULE, "-"},
        {"10.1.0.20", "10.2.0.10", TCP, 502, PS_REASON_NO_RULE, "-"}, /* another client */
        {"10.1.0.11", "10.2.0.10", TCP, 502, PS_REASON_NO_RULE, "-"}, /* no asset */
        {"10.1.0.10", "10.2.0.20", TCP, 502, PS_REASON_NO_RULE, "-"}, /* another server */
        {"10.1.0.10", "10.2.0.10", UDP, 502, PS_REASON_NO_RULE, "-"},
        {"10.1.0.10", "10.2.0.10", TCP, 503, PS_REASON_NO_RULE, "-"},
        {"10.1.0.10", "10.2.0.10", TCP, 1501, PS_REASON_NO_RULE, "-"},
        {"10.1.0.10", "10.2.0.10", TCP, 1502, PS_REASON_NONE, "alt"},
        {"10.1.0.20", "10.2.0.20", TCP, 1504, PS_REASON_NONE, "alt"},
        {"10.1.0.20", "10.2.0.20", TCP, 1505, PS_REASON_NO_RULE, "-"},
        {"10.1.0.77", "10.2.0.20", UDP, 502, PS_REASON_NONE, "dgram"},
        {"10.1.0.77", "10.2.0.20", TCP, 502, PS_REASON_NO_RULE, "-"},
        {"10.1.0.20", "10.2.0.99", TCP, 443, PS_REASON_NONE, "web"},
        {"10.1.0.20", "10.2.0.99", TCP, 100, PS_REASON_NO_RULE, "-"},
        {"10.1.0.20", "10.2.0.99", UDP, 443, PS_REASON_NO_RULE, "-"},
        {"10.1.0.99", "10.2.0.99", UDP, 123, PS_REASON_NONE, "ntp"},
        {"10.1.0.99", "10.2.0.99", TCP, 123, PS_REASON_NO_RULE, "-"},
        {"10.1.0.99", "10.2.0.10", ICMP, 8, PS_REASON_NONE, "ping"},
        {"fd00:1::1", "fd00:2::10", ICMPV6, 128, PS_REASON_NONE, "ping"},
        {"10.1.0.99", "10.2.0.10", ICMP, 13, PS_REASON_NO_RULE, "-"},
        {"10.1.0.99", "10.2.0.20", ICMP, 13, PS_REASON_NONE, "any"},
        {"10.1.0.99", "10.2.0.99", GRE, 0, PS_REASON_NONE, "gre"},
        {"10.1.0.99", "10.2.0.99", 50, 0, PS_REASON_NO_RULE, "-"},
        {"10.1.0.99", "10.2.0.99", 0, 0, PS_REASON_NO_RULE, "-"},
    };
    setup_plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_path path;
        enum ps_reason reason = path_of(rows[i].client, rows[i].server, rows[i].ip_proto, rows[i].port, &path);
        const char *rule = path.n_rules > 0 ? ps_image_rule_name(&plant.image, path.rules[0]) : "-";
        ck_assert_msg(reason == rows[i].reason, "row %zu: %s", i, ps_reason_info(reason)->name);
        ck_assert_msg(strcmp(rule, rows[i].rule) == 0, "row %zu: %s", i, rule);
        ck_assert_msg(path.granted == (reason == PS_REASON_NONE), "row %zu", i);
        ck_assert_msg(path.not_ours == (i == 3 || i == 4), "row %zu", i);
        ck_assert_msg(path.intra_allow == (i == 4), "row %zu", i);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_path__nothing_known__all_none)
{
    struct ps_path path;
    setup_plant();
    ck_assert_int_eq(path_of("10.9.0.1", "10.9.0.2", TCP, 502, &path), PS_REASON_NO_ZONE);
    ck_assert_uint_eq(path.conduit, PS_NONE);
    ck_assert_uint_eq(path.client_asset, PS_NONE);
    ck_assert_uint_eq(path.server_asset, PS_NONE);
    ck_assert_uint_eq(path.client_zone, PS_NONE);
    ck_assert_uint_eq(path.server_zone, PS_NONE);
    ck_assert_uint_eq(path.n_rules, 0);
    ck_assert_uint_eq(path.relax, 0);
    plant_close(&plant);
}
END_TEST

/* Twenty rules of one flow: the path holds eight, the others are found, in source order, with their own restrictions.
 */
START_TEST(test_ps_match_fact__more_rules_than_a_path_holds__all_found)
{
    char text[16384] = HEAD ZONES "conduits = ( { name = 'c'; from = 'sup'; to = 'ctl'; allow = (";
    for (int i = 0; i < 20; i++) {
        static const char *const servers[] = {"servers = ['plc'];", "", "servers = ['rtu', 'plc'];"};
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "{ name = 'r%d'; %s protocol = 'modbus'; operations = ['read']; stations = ['%d-%d']; %s},", i,
                 servers[i % 3], 10 * i, 10 * i + 12, i == 15 ? "response_timeout = 7; " : "");
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "{ name = 'o%d'; servers = ['rtu']; protocol = 'modbus'; operations = ['read']; },", i);
    }
    snprintf(text + strlen(text) - 1, sizeof text - strlen(text), "); } );");
    plant_open(&plant, text);
    struct ps_path path;
    ck_assert_int_eq(path_of("10.1.0.10", "10.2.0.10", TCP, 502, &path), PS_REASON_NONE);
    ck_assert(path.more);
    ck_assert_uint_eq(path.n_rules, PS_PATH_RULES);
    ck_assert_uint_eq(path.timeout_ms, 7000);
    for (uint32_t station = 0; station < 256; station++) {
        struct ps_fact fact = read_fact(station);
        uint32_t rule, expected = station < 10 ? 0 : (station - 3) / 10;
        enum ps_reason reason = ps_match_fact(&plant.image, &path, &fact, &rule);
        if (station > 202) {
            ck_assert_int_eq(reason, PS_REASON_NO_RULE);
            ck_assert_uint_eq(rule, PS_NONE);
            continue;
        }
        ck_assert_int_eq(reason, PS_REASON_NONE);
        ck_assert_uint_eq(rule, 2 * expected);
    }
    plant_close(&plant);
}
END_TEST

/* ---- facts ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_match_fact__stations__exact)
{
    static const uint32_t granted[] = {1, 8, 20}, refused[] = {0, 9, 19, 21, 255};
    setup_plant();
    for (size_t i = 0; i < sizeof granted / sizeof granted[0]; i++) {
        struct ps_fact fact = read_fact(granted[i]);
        ck_assert_str_eq(granted_by(&fact), "poll");
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ps_fact fact = read_fact(refused[i]);
        ck_assert_str_eq(granted_by(&fact), "-");
        ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_STATION);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__objects__contained_not_overlapping)
{
    static const struct {
        uint32_t first, last;
        bool granted;
    } rows[] = {
        {40, 40, true},  {40, 42, true},    {46, 48, true}, /* over the seam of two adjacent ranges */
        {49, 49, true},  {47, 49, true},    {60, 62, true},  {69, 69, true},          {39, 39, false},
        {39, 40, false}, {49, 50, false},   {50, 50, false}, {59, 60, false},         {49, 60, false},
        {69, 70, false}, {0, 65535, false}, {42, 41, false}, {UINT32_MAX, 41, false},
    };
    setup_plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_fact fact = write_fact(rows[i].first, rows[i].last);
        ck_assert_msg((strcmp(granted_by(&fact), "set") == 0) == rows[i].granted, "%u-%u", rows[i].first, rows[i].last);
        ck_assert_int_eq(miss_of("set", &fact), rows[i].granted ? PS_MISS_NOTHING : PS_MISS_OBJECT);
    }
    struct ps_fact fact = write_fact(40, 40);
    fact.space = space("input");
    ck_assert_str_eq(granted_by(&fact), "-");
    fact.space = space("coil");
    fact.first = fact.last = 5;
    ck_assert_str_eq(granted_by(&fact), "set");
    fact = (struct ps_fact){.op = PS_OP_DIAGNOSE, .protocol = PS_PROTOCOL_MODBUS,
                            .function = function("read-exception-status"), .station = 1};
    ck_assert_str_eq(granted_by(&fact), "-"); /* addresses nothing, the rule lists objects */
    ck_assert_int_eq(miss_of("set", &fact), PS_MISS_OBJECT);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__quantity__bounded)
{
    setup_plant();
    struct ps_fact fact = write_fact(40, 42);
    ck_assert_str_eq(granted_by(&fact), "set");
    fact.last = 43;
    ck_assert_str_eq(granted_by(&fact), "-");
    ck_assert_int_eq(miss_of("set", &fact), PS_MISS_QUANTITY);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__function_and_operation__both_hold)
{
    setup_plant();
    struct ps_fact fact = read_fact(1);
    fact.op = PS_OP_WRITE;
    ck_assert_str_eq(granted_by(&fact), "-");
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_OPERATION);
    ck_assert_int_eq(miss_of("set", &fact), PS_MISS_FUNCTION);
    fact.op = PS_OP_NONE;
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_OPERATION);
    fact.op = PS_N_OPS;
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_OPERATION);
    fact.op = 200;
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_OPERATION);
    fact = read_fact(1);
    fact.function = PS_FUNCTION_UNKNOWN;
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_FUNCTION);
    fact.function = PS_FUNCTIONS_MAX;
    ck_assert_int_eq(miss_of("poll", &fact), PS_MISS_FUNCTION);
    plant_close(&plant);
}
END_TEST

/* Every element counts, whichever one is wrong. Values 0..10 and 20..30 are granted. */
START_TEST(test_ps_match_fact__each_register__inside_one_range)
{
    setup_plant();
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        for (unsigned value = 0; value < 40; value++) {
            uint8_t octets[6] = {0, 10, 0, 20, 0, 30};
            octets[2 * wrong + 1] = (uint8_t)value;
            struct ps_fact fact = write_fact(40, 42);
            fact.values = (struct ps_values){.data = octets, .n = 3, .kind = PS_VALUE_U16BE};
            bool granted = value <= 10 || (value >= 20 && value <= 30);
            ck_assert_msg((strcmp(granted_by(&fact), "set") == 0) == granted, "%u", value);
            ck_assert_int_eq(miss_of("set", &fact), granted ? PS_MISS_NOTHING : PS_MISS_VALUE);
            octets[2 * wrong] = 1; /* 256 more: the high octet counts */
            ck_assert_str_eq(granted_by(&fact), "-");
        }
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__each_bit__inside_the_values)
{
    plant_open(&plant, HEAD ZONES "conduits = ( { name = 'c'; from = 'sup'; to = 'ctl'; allow = ("
                                  "{ name = 'off'; protocol = 'modbus'; operations = ['write']; values = ['off']; }"
                                  "); } );");
    struct ps_fact fact = {
        .op = PS_OP_WRITE, .protocol = PS_PROTOCOL_MODBUS, .function = function("write-multiple-coils"),
        .space = space("coil"), .last = 10};
    for (unsigned bit = 0; bit < 16; bit++) {
        uint8_t octets[2] = {0, 0};
        octets[bit / 8] = (uint8_t)(1u << bit % 8);
        fact.values = (struct ps_values){.data = octets, .n = 11, .kind = PS_VALUE_BITS};
        ck_assert_str_eq(granted_by(&fact), bit < 11 ? "-" : "off");
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__bounds_and_unseen_values__exact)
{
    static const struct {
        double min, max;
        bool granted;
    } rows[] = {{0, 10, true},  {20, 30, true}, {5, 5, true},    {0, 30, false}, {10, 20, false},
                {-1, 5, false}, {0, 11, false}, {25, 31, false}, {10, 0, false}, {-DBL_MAX, DBL_MAX, false}, {0, 9.5, true}, {0, 10.5, false},
                {-INFINITY, INFINITY, false}, {NAN, NAN, false}};
    setup_plant();
    struct ps_fact fact = write_fact(40, 40);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fact.values = (struct ps_values){.kind = PS_VALUE_BOUNDS, .min = rows[i].min, .max = rows[i].max};
        ck_assert_msg((strcmp(granted_by(&fact), "set") == 0) == rows[i].granted, "row %zu", i);
    }
    fact.values = (struct ps_values){.kind = PS_VALUE_UNKNOWN};
    ck_assert_str_eq(granted_by(&fact), "-");
    ck_assert_int_eq(miss_of("set", &fact), PS_MISS_VALUE);
    fact.values = (struct ps_values){.kind = 99};
    ck_assert_str_eq(granted_by(&fact), "-");
    fact.values = (struct ps_values){.kind = PS_VALUE_U16BE, .n = 0};
    ck_assert_str_eq(granted_by(&fact), "-");
    fact.values = (struct ps_values){.kind = PS_VALUE_NONE};
    ck_assert_str_eq(granted_by(&fact), "set");
    double negative[1] = {-1};
    fact.values = (struct ps_values){.kind = PS_VALUE_F64, .n = 1, .data = (const uint8_t *)negative};
    ck_assert_str_eq(granted_by(&fact), "-");
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_fact__path_of_nothing__refused)
{
    setup_plant();
    struct ps_path path = {0};
    struct ps_fact fact = read_fact(1);
    uint32_t rule = 1;
    ck_assert_int_eq(ps_match_fact(&plant.image, &path, &fact, &rule), PS_REASON_NO_RULE);
    ck_assert_uint_eq(rule, PS_NONE);
    ps_match_prefetch(&plant.image, &path);
    plant_close(&plant);
}
END_TEST

/* ---- explanation ----------------------------------------------------------------------------------------------- */

START_TEST(test_ps_match_explain__flow__first_thing_that_misses)
{
    static const struct {
        const char *client, *server;
        uint8_t ip_proto;
        uint16_t port;
        const char *rule;
        enum ps_miss miss;
    } rows[] = {
        {"10.1.0.10", "10.2.0.10", TCP, 502, "poll", PS_MISS_NOTHING},
        {"10.1.0.10", "10.2.0.10", UDP, 502, "poll", PS_MISS_PROTOCOL},
        {"10.1.0.10", "10.2.0.10", TCP, 502, "dgram", PS_MISS_PROTOCOL},
        {"10.1.0.10", "10.2.0.10", TCP, 503, "poll", PS_MISS_PORT},
        {"10.1.0.20", "10.2.0.10", TCP, 502, "poll", PS_MISS_CLIENT},
        {"10.1.0.99", "10.2.0.10", TCP, 502, "poll", PS_MISS_CLIENT},
        {"10.1.0.10", "10.2.0.20", TCP, 502, "poll", PS_MISS_SERVER},
        {"10.1.0.20", "10.2.0.20", TCP, 503, "poll", PS_MISS_PORT}, /* port before client before server */
        {"10.1.0.20", "10.2.0.20", TCP, 502, "poll", PS_MISS_CLIENT},
        {"10.1.0.10", "10.2.0.10", ICMP, 9, "ping", PS_MISS_PORT},
        {"10.1.0.10", "10.2.0.10", 50, 0, "gre", PS_MISS_PROTOCOL},
        {"10.1.0.10", "10.2.0.10", TCP, 502, "gre", PS_MISS_PROTOCOL},
        {"10.1.0.10", "10.2.0.10", TCP, 502, "pn", PS_MISS_PROTOCOL},
    };
    setup_plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_ends ends = {addr(rows[i].client), addr(rows[i].server), rows[i].ip_proto, rows[i].port};
        struct ps_path path;
        ps_match_path(&plant.image, &ends, &path);
        enum ps_miss miss = ps_match_explain(&plant.image, &path, &ends, rule_named(&plant, rows[i].rule), NULL);
        ck_assert_msg(miss == rows[i].miss, "row %zu: %d", i, miss);
    }
    plant_close(&plant);
}
END_TEST

/* ---- frames and neighbours ------------------------------------------------------------------------------------- */

START_TEST(test_ps_match_frame__macs_of_assets__judged_by_conduit)
{
    static const struct {
        const char *src, *dst;
        uint16_t code;
        enum ps_reason reason;
    } rows[] = {
        {"00:00:00:00:01:10", "00:00:00:00:02:10", 0x8892, PS_REASON_NONE},
        {"00:00:00:00:01:10", "02:0c:cd:01:00:01", 0x8892, PS_REASON_NONE},
        {"00:00:00:00:01:10", "00:00:00:00:02:10", 0x42, PS_REASON_NONE},
        {"00:00:00:00:01:10", "00:00:00:00:02:10", 0x88b8, PS_REASON_NO_RULE},
        {"00:00:00:00:02:10", "00:00:00:00:01:10", 0x8892, PS_REASON_NO_CONDUIT},
        {"00:00:00:00:01:10", "00:00:00:00:01:20", 0x8892, PS_REASON_INTRA_ZONE},
        {"00:00:00:00:01:10", "ff:ff:ff:ff:ff:ff", 0x8892, PS_REASON_NO_ZONE},
        {"00:00:00:00:00:00", "00:00:00:00:02:10", 0x8892, PS_REASON_NO_ZONE},
    };
    setup_plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_mac src = mac(rows[i].src), dst = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
        struct ps_path path;
        if (strcmp(rows[i].dst, "ff:ff:ff:ff:ff:ff") != 0)
            dst = mac(rows[i].dst);
        enum ps_reason reason = ps_match_frame(&plant.image, src, dst, rows[i].code, &path);
        ck_assert_msg(reason == rows[i].reason, "row %zu: %s", i, ps_reason_info(reason)->name);
        if (path.conduit == PS_NONE)
            continue;
        enum ps_miss miss = ps_match_explain(&plant.image, &path, NULL, rule_named(&plant, "pn"), NULL);
        ck_assert_int_eq(miss, reason == PS_REASON_NONE ? PS_MISS_NOTHING : PS_MISS_PORT);
        ck_assert_int_eq(ps_match_explain(&plant.image, &path, NULL, rule_named(&plant, "poll"), NULL),
                         PS_MISS_PROTOCOL);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_neighbour__zones_and_binding__checked)
{
    static const struct {
        const char *sender, *mac, *target;
        enum ps_reason reason;
    } rows[] = {
        {"10.1.0.10", "00:00:00:00:01:10", "10.2.0.10", PS_REASON_NONE},
        {"10.2.0.10", "00:00:00:00:02:10", "10.1.0.10", PS_REASON_NONE}, /* against the conduit */
        {"10.1.0.10", "00:00:00:00:01:10", "10.1.0.20", PS_REASON_NONE},
        {"10.1.0.10", "00:00:00:00:01:20", "10.2.0.10", PS_REASON_MAC_BINDING},
        {"10.2.0.20", "00:00:00:00:77:77", "10.1.0.10", PS_REASON_NONE}, /* not bound */
        {"10.1.0.10", "00:00:00:00:01:10", "10.3.0.1", PS_REASON_NO_CONDUIT},
        {"10.1.0.10", "00:00:00:00:01:10", "10.9.0.1", PS_REASON_NO_ZONE},
        {"10.9.0.1", "00:00:00:00:01:10", "10.1.0.10", PS_REASON_NO_ZONE},
    };
    setup_plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_path path;
        enum ps_reason reason =
            ps_match_neighbour(&plant.image, addr(rows[i].sender), mac(rows[i].mac), addr(rows[i].target), &path);
        ck_assert_msg(reason == rows[i].reason, "row %zu: %s", i, ps_reason_info(reason)->name);
        ck_assert_int_eq(path.granted, reason == PS_REASON_NONE);
    }
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/match", test_ps_match_path__granted__filled_in, test_ps_match_path__every_reason__given,
          test_ps_match_path__nothing_known__all_none, test_ps_match_fact__more_rules_than_a_path_holds__all_found,
          test_ps_match_fact__stations__exact, test_ps_match_fact__objects__contained_not_overlapping,
          test_ps_match_fact__quantity__bounded, test_ps_match_fact__function_and_operation__both_hold,
          test_ps_match_fact__each_register__inside_one_range, test_ps_match_fact__each_bit__inside_the_values,
          test_ps_match_fact__bounds_and_unseen_values__exact, test_ps_match_fact__path_of_nothing__refused,
          test_ps_match_explain__flow__first_thing_that_misses, test_ps_match_frame__macs_of_assets__judged_by_conduit,
          test_ps_match_neighbour__zones_and_binding__checked)
