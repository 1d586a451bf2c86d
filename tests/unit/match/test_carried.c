/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Choices, params, asks and housekeeping of facts, and flows of a protocol that another one carries, with the words of
 * fake_words.c.
 */
#include "../compile/fake_words.h"
#include "grant.h"
#include "plant.h"

#define RULES(rules)                                                                                                   \
    HEAD "zones = ( { name = 'a'; assets = ( { name = 'a1'; addresses = ['10.0.0.1']; } ); },"                         \
         "          { name = 'b'; assets = ( { name = 'b1'; addresses = ['10.0.1.1']; } ); } );"                       \
         "conduits = ( { name = 'c'; from = 'a'; to = 'b'; allow = (" rules "); } );"

static struct plant plant;

static enum ps_miss miss(const struct ps_fact *fact)
{
    return ps_grant_fact(&plant.image, &ps_image_at_RULES(&plant.image)[0], fact);
}

static struct ps_fact move_of(unsigned protocol)
{
    return (struct ps_fact){.op = PS_OP_OPERATE, .protocol = (uint8_t)protocol, .function = FAKE_MOVE, .station = 1,
                            .space = FAKE_SPACE, .first = 5, .last = 5};
}

START_TEST(test_ps_grant_fact__choice__in_a_range_or_none)
{
    static const struct {
        uint16_t choice;
        enum ps_miss listed, all, named; /* rules that list some; none; none of a protocol that means those with a name */
    } rows[] = {{0, PS_MISS_NOTHING, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {1, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_CHOICE},
                {FAKE_CLOSE, PS_MISS_NOTHING, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {FAKE_OPEN, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {FAKE_PULSE, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {0x20, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_CHOICE},
                {0x21, PS_MISS_NOTHING, PS_MISS_NOTHING, PS_MISS_CHOICE},
                {0x31, PS_MISS_NOTHING, PS_MISS_NOTHING, PS_MISS_CHOICE},
                {0x32, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_CHOICE},
                {UINT16_MAX, PS_MISS_CHOICE, PS_MISS_NOTHING, PS_MISS_CHOICE}};
    static const char *const texts[] = {
        RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; controls = ['close', '0x20-0x30']; }"),
        RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; }"),
        RULES("{ name = 'r'; protocol = 's7comm'; operations = ['operate']; }")};
    for (size_t text = 0; text < 3; text++) {
        plant_open(&plant, texts[text]);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct ps_fact fact = move_of(text == 2 ? PS_PROTOCOL_S7COMM : PS_PROTOCOL_MODBUS);
            fact.choice = rows[i].choice;
            ck_assert_msg(miss(&fact) == (text == 0   ? rows[i].listed
                                          : text == 1 ? rows[i].all
                                                      : rows[i].named),
                          "text %zu row %zu", text, i);
        }
        plant_close(&plant);
    }
}
END_TEST

START_TEST(test_ps_grant_fact__params__rows_that_both_have)
{
    static const struct {
        uint8_t n;
        uint32_t on_time, count;
        enum ps_miss miss;
    } rows[] = {{0, 0, 0, PS_MISS_NOTHING},         {1, 10, 99, PS_MISS_NOTHING},   {1, 9, 0, PS_MISS_PARAM},
                {1, 21, 0, PS_MISS_PARAM},          {1, 20, 0, PS_MISS_NOTHING},    {1, 49, 0, PS_MISS_PARAM},
                {1, 50, 0, PS_MISS_NOTHING},        {1, 51, 0, PS_MISS_PARAM},      {2, 50, 99, PS_MISS_NOTHING},
                {2, 51, 99, PS_MISS_PARAM},         {3, 50, 99, PS_MISS_NOTHING},   {1, UINT32_MAX, 0, PS_MISS_PARAM},
                {2, 10, UINT32_MAX, PS_MISS_NOTHING}};
    plant_open(&plant, RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate'];"
                             "  on_time = ['50', '10..20']; }"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_fact fact = move_of(PS_PROTOCOL_MODBUS);
        fact.n_params = rows[i].n;
        fact.params[0] = rows[i].on_time;
        fact.params[1] = rows[i].count;
        fact.params[2] = 7;
        ck_assert_msg(miss(&fact) == rows[i].miss, "row %zu", i);
    }
    plant_close(&plant);
    plant_open(&plant, RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; count = ['3'];"
                             " objects = ['point:5']; controls = ['close']; values = ['0..1']; stations = ['1'];}"));
    struct ps_fact fact = move_of(PS_PROTOCOL_MODBUS);
    fact.n_params = 2;
    fact.params[0] = 3;
    ck_assert_int_eq(miss(&fact), PS_MISS_PARAM);
    fact.params[0] = 1000;
    fact.params[1] = 3;
    ck_assert_int_eq(miss(&fact), PS_MISS_NOTHING);
    fact.n_params = 1;
    fact.params[1] = 0;
    ck_assert_int_eq(miss(&fact), PS_MISS_NOTHING);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_grant_fact__asks__only_what_the_keys_leave_open)
{
    static const struct {
        const char *text;
        uint8_t permitted;
    } rows[] = {{RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; }"), FAKE_NO_HASTE},
                {RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; broadcast = true; }"),
                 FAKE_BROADCAST | FAKE_NO_HASTE},
                {RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; no_haste = true; }"), 0},
                {RULES("{ name = 'r'; protocol = 'modbus'; operations = ['operate']; no_haste = true; opaque = true;"
                       " broadcast = true; }"),
                 FAKE_BROADCAST | FAKE_OPAQUE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plant_open(&plant, rows[i].text);
        for (unsigned asks = 0; asks <= UINT8_MAX; asks++) {
            struct ps_fact fact = move_of(PS_PROTOCOL_MODBUS);
            fact.asks = (uint8_t)asks;
            enum ps_miss expected = asks & ~(unsigned)rows[i].permitted ? PS_MISS_ASK : PS_MISS_NOTHING;
            ck_assert_msg(miss(&fact) == expected, "row %zu asks %u", i, asks);
        }
        plant_close(&plant);
    }
}
END_TEST

/* Nothing else of the rule is held against it, not even a function or class that there is none of. */
START_TEST(test_ps_grant_fact__housekeeping__by_protocol_station_and_asks)
{
    struct ps_fact fact = {.housekeeping = true, .protocol = PS_PROTOCOL_MODBUS, .function = PS_FUNCTION_UNKNOWN,
                           .station = 4, .choice = 200, .n_params = 2, .params = {99, 99}, .space = 9, .first = 2};
    plant_open(&plant, RULES("{ name = 'r'; protocol = 'modbus'; functions = ['move']; stations = ['4']; count = ['1'];"
                             "  objects = ['point:5']; values = ['0']; controls = ['close']; no_haste = true; }"));
    ck_assert_int_eq(miss(&fact), PS_MISS_NOTHING);
    fact.asks = FAKE_NO_HASTE;
    ck_assert_int_eq(miss(&fact), PS_MISS_ASK);
    fact.station = 5;
    ck_assert_int_eq(miss(&fact), PS_MISS_STATION);
    fact.protocol = PS_PROTOCOL_S7COMM;
    ck_assert_int_eq(miss(&fact), PS_MISS_PROTOCOL);
    fact = (struct ps_fact){.protocol = PS_PROTOCOL_MODBUS, .op = PS_OP_SESSION, .function = FAKE_KEEP, .station = 4};
    ck_assert_int_eq(miss(&fact), PS_MISS_FUNCTION);
    plant_close(&plant);
}
END_TEST

/* One thing after the other is put right: what is missed comes later each time. */
START_TEST(test_ps_grant_fact__everything_wrong__told_in_the_order_of_the_enum)
{
    static const uint8_t one[] = {1};
    struct ps_fact fact = {.protocol = PS_PROTOCOL_S7COMM, .op = PS_OP_SESSION, .function = FAKE_KEEP, .choice = 1,
                           .asks = FAKE_UNKNOWN, .n_params = 1, .params = {5}, .space = 2, .first = 1, .last = 3};
    fact.values = (struct ps_values){.data = one, .n = 1, .kind = PS_VALUE_U8};
    plant_open(&plant, RULES("{ name = 'r'; protocol = 'modbus'; functions = ['move']; stations = ['4'];"
                             "  operations = ['operate']; objects = ['point:0-9']; values = ['0'];"
                             "  controls = ['close']; on_time = ['1']; }"));
    struct ps_image_rule *rule = (void *)(plant.data + plant.image.header->sections[PS_SECTION_RULES].offset);
    rule->max_quantity = 2;
    ck_assert_int_eq(miss(&fact), PS_MISS_PROTOCOL);
    fact.protocol = PS_PROTOCOL_MODBUS;
    ck_assert_int_eq(miss(&fact), PS_MISS_STATION);
    fact.station = 4;
    ck_assert_int_eq(miss(&fact), PS_MISS_FUNCTION);
    fact.function = FAKE_MOVE;
    ck_assert_int_eq(miss(&fact), PS_MISS_OPERATION);
    fact.op = PS_OP_OPERATE;
    ck_assert_int_eq(miss(&fact), PS_MISS_OBJECT);
    fact.space = FAKE_SPACE;
    ck_assert_int_eq(miss(&fact), PS_MISS_QUANTITY);
    fact.last = 2;
    ck_assert_int_eq(miss(&fact), PS_MISS_CHOICE);
    fact.choice = FAKE_CLOSE;
    ck_assert_int_eq(miss(&fact), PS_MISS_VALUE);
    fact.values.kind = PS_VALUE_NONE;
    ck_assert_int_eq(miss(&fact), PS_MISS_PARAM);
    fact.params[0] = 1;
    ck_assert_int_eq(miss(&fact), PS_MISS_ASK);
    fact.asks = 0;
    ck_assert_int_eq(miss(&fact), PS_MISS_NOTHING);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_path__carrier_and_carried__candidates_of_both)
{
    struct ps_ends ends = {.client = addr("10.0.0.1"), .server = addr("10.0.1.1"), .ip_proto = 6, .server_port = 602};
    struct ps_path path;
    uint32_t rule;
    plant_open(&plant, RULES("{ name = 'plus'; protocol = 's7comm-plus'; operations = ['read'];"
                             "  response_timeout = 3.0; },"
                             "{ name = 'plain'; protocol = 's7comm'; operations = ['operate']; },"
                             "{ name = 'slow'; protocol = 's7comm'; operations = ['write']; response_timeout = 2.0; },"
                             "{ name = 'other'; protocol = 's7comm'; operations = ['write']; ports = ['603']; },"
                             "{ name = 'alone'; protocol = 'modbus'; operations = ['read']; }"));
    ck_assert_int_eq(ps_match_path(&plant.image, &ends, &path), PS_REASON_NONE);
    ck_assert_uint_eq(path.protocol, PS_PROTOCOL_S7COMM);
    ck_assert_uint_eq(path.n_rules, 3);
    ck_assert_uint_eq(path.timeout_ms, 3000);
    struct ps_fact fact = move_of(PS_PROTOCOL_S7COMM);
    ck_assert_int_eq(ps_match_fact(&plant.image, &path, &fact, &rule), PS_REASON_NONE);
    ck_assert_uint_eq(rule, rule_named(&plant, "plain"));
    fact.protocol = PS_PROTOCOL_S7COMM_PLUS;
    ck_assert_int_eq(ps_match_fact(&plant.image, &path, &fact, &rule), PS_REASON_NO_RULE);
    fact.op = PS_OP_READ;
    fact.function = FAKE_LOOK;
    ck_assert_int_eq(ps_match_fact(&plant.image, &path, &fact, &rule), PS_REASON_NONE);
    ck_assert_uint_eq(rule, rule_named(&plant, "plus"));
    fact.protocol = PS_PROTOCOL_S7COMM;
    ck_assert_int_eq(ps_match_fact(&plant.image, &path, &fact, &rule), PS_REASON_NO_RULE);
    ends.server_port = 603;
    ck_assert_int_eq(ps_match_path(&plant.image, &ends, &path), PS_REASON_NONE);
    ck_assert_uint_eq(path.n_rules, 1);
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/carried", test_ps_grant_fact__choice__in_a_range_or_none,
          test_ps_grant_fact__params__rows_that_both_have, test_ps_grant_fact__asks__only_what_the_keys_leave_open,
          test_ps_grant_fact__housekeeping__by_protocol_station_and_asks,
          test_ps_grant_fact__everything_wrong__told_in_the_order_of_the_enum,
          test_ps_match_path__carrier_and_carried__candidates_of_both)
