/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_model.h"

#include "learn_unit.h"
#include "unit.h"

static const char *const hmi = "10.1.0.1", *const eng = "10.1.0.2", *const plc = "10.2.0.1", *const rtu = "10.2.0.2";

static struct ps_model *model_of(struct ps_seen_set *seen, bool no_values)
{
    struct ps_learn_model_options options = {.drafts.no_values = no_values};
    struct ps_model *model = ps_learn_model(seen, &options);

    ck_assert_ptr_nonnull(model);
    return model;
}

static bool grants_function(const struct ps_rule *rule, const char *name)
{
    uint16_t row =
        ps_function_by_text(ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->vocab, ps_str_from(name));

    ck_assert_uint_ne(row, PS_FUNCTION_UNKNOWN);
    return rule->has_functions && (rule->functions[row / 64] >> row % 64 & 1);
}

START_TEST(test_ps_learn_model__reads__one_rule_with_merged_ranges)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;
    const struct ps_rule *rule;

    saw_request(&seen, hmi, plc, "modbus read-holding-registers station=1 holding:0-9");
    saw_request(&seen, hmi, plc, "modbus read-holding-registers station=1 holding:10-19");
    saw_request(&seen, hmi, plc, "modbus read-holding-registers station=1 holding:40-49");
    saw_request(&seen, hmi, plc, "modbus read-coils station=1 coil:3");
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_conduits, 1);
    ck_assert_uint_eq(model->n_rules, 1);
    rule = &model->rules[0];
    ck_assert_str_eq(rule->name, "modbus-read");
    ck_assert_uint_eq(rule->ops, PS_OP_BIT(PS_OP_READ));
    ck_assert(!rule->has_functions);
    ck_assert_uint_eq(rule->n_objects, 3);
    ck_assert_uint_eq(rule->n_stations, 1);
    ck_assert_uint_eq(rule->n_ports, 0);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__writes__functions_objects_and_bounds)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;
    const struct ps_rule *rule;

    saw_request(&seen, hmi, plc, "modbus write-single-register station=1 holding:40 value=7");
    saw_request(&seen, hmi, plc, "modbus write-multiple-registers station=1 holding:41-42 value=900,3");
    saw_request(&seen, hmi, plc, "modbus write-single-coil station=1 coil:9 value=1");
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    rule = strcmp(model->rules[0].name, "modbus-write-holding") == 0 ? &model->rules[0] : &model->rules[1];
    ck_assert_str_eq(rule->name, "modbus-write-holding");
    ck_assert(grants_function(rule, "write-single-register"));
    ck_assert(grants_function(rule, "write-multiple-registers"));
    ck_assert(!grants_function(rule, "write-single-coil"));
    ck_assert_uint_eq(rule->n_objects, 1);
    ck_assert_uint_eq(rule->objects[0].first, 40);
    ck_assert_uint_eq(rule->objects[0].last, 42);
    ck_assert_uint_eq(rule->n_values, 1);
    ck_assert_double_eq(rule->values[0].min, 3);
    ck_assert_double_eq(rule->values[0].max, 900);
    ps_model_free(model);
    model = model_of(&seen, true);
    ck_assert_uint_eq(model->rules[0].n_values, 0);
    ck_assert_uint_eq(model->rules[1].n_values, 0);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__read_and_write_in_one__write_rule_grants_no_read)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;
    const struct ps_rule *rule;

    saw_request(&seen, hmi, plc,
                "modbus read-write-multiple-registers station=1 read holding:0-9 write holding:20-21 value=5,6");
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    rule = strcmp(model->rules[0].name, "modbus-write-holding") == 0 ? &model->rules[0] : &model->rules[1];
    ck_assert_uint_eq(rule->ops, PS_OP_BIT(PS_OP_WRITE));
    ck_assert(grants_function(rule, "read-write-multiple-registers"));
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__same_rule_for_several__grouped)
{
    struct ps_seen_set seen = {0};
    const char *const clients[] = {hmi, eng}, *const servers[] = {plc, rtu};
    struct ps_model *model;

    for (unsigned c = 0; c < 2; c++)
        for (unsigned s = 0; s < 2; s++) {
            saw_request(&seen, clients[c], servers[s], "modbus read-coils station=1 coil:0-9");
            saw_request(&seen, clients[c], servers[s], "modbus read-coils station=3 coil:0-9");
            saw_opening(&seen, clients[c], servers[s], TCP, 80);
            saw_opening(&seen, clients[c], servers[s], TCP, 443);
        }
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(model->rules[i].n_clients, 2);
        ck_assert_uint_eq(model->rules[i].n_servers, 2);
    }
    ck_assert_uint_eq(model->rules[0].n_stations, 2);
    ck_assert_uint_eq(model->rules[1].n_ports, 2);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__grouping__never_grants_more_than_was_seen)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;

    saw_opening(&seen, hmi, plc, TCP, 80);
    saw_opening(&seen, eng, rtu, TCP, 80);
    saw_opening(&seen, eng, plc, TCP, 443);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 3);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(model->rules[i].n_clients * model->rules[i].n_servers * model->rules[i].n_ports, 1);
    ck_assert_str_ne(model->rules[0].name, model->rules[1].name);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__connection_without_request__opens_and_grants_nothing)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;

    saw_opening(&seen, hmi, plc, TCP, 502);
    saw_opening(&seen, hmi, rtu, TCP, 502);
    saw_request(&seen, hmi, rtu, "modbus read-coils station=1 coil:0-9");
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    ck_assert_str_eq(model->rules[0].name, "modbus-connect");
    ck_assert_uint_ne(model->rules[0].ops, 0);
    for (uint16_t row = 0; row < ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->vocab->n_functions; row++)
        ck_assert_uint_eq(ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->vocab->functions[row].ops &
                              model->rules[0].ops,
                          0);
    ck_assert_str_eq(model->rules[1].name, "modbus-read");
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__neighbours_across_zones__conduit_without_rule)
{
    struct ps_seen_set seen = {0};
    struct ps_seen_limits l = limits(true);
    struct ps_judged arp = opening(plc, hmi, 0, 0x0806);
    struct ps_model *model;

    arp.what = PS_JUDGED_PACKET;
    ps_seen_judged(&seen, &l, &arp);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_conduits, 1);
    ck_assert_uint_eq(model->n_rules, 0);
    ps_model_free(model);
    saw_opening(&seen, hmi, plc, TCP, 80); /* joins the zones anyway */
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_conduits, 1);
    ck_assert_uint_eq(model->n_rules, 1);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__inside_one_zone__inner_conduit)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;

    saw_opening(&seen, hmi, eng, UDP, 53);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_conduits, 1);
    ck_assert_uint_eq(model->conduits[0].from, model->conduits[0].to);
    ck_assert_str_eq(model->conduits[0].name, "inside-net-10-1-0");
    ck_assert_str_eq(model->rules[0].name, "udp-53");
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

#define COIL 1 /* the first address space of Modbus */

static struct ps_fact moves(uint16_t choice, uint32_t first, uint32_t last)
{
    return (struct ps_fact){.op = PS_OP_OPERATE, .station = 1, .function = 4, .choice = choice, .space = COIL,
                            .first = first, .last = last};
}

static bool has_range(const struct ps_range *list, uint32_t n, uint32_t first, uint32_t last)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].first == first && list[i].last == last)
            return true;
    return false;
}

START_TEST(test_ps_learn_model__choices__objects_with_the_same_ones_share_a_rule)
{
    struct ps_seen_set seen = {0};
    struct ps_model *model;

    saw_fact(&seen, hmi, plc, moves(7, 0, 1));
    saw_fact(&seen, hmi, plc, moves(9, 0, 0));
    saw_fact(&seen, hmi, plc, moves(9, 1, 1));
    saw_fact(&seen, hmi, plc, moves(3, 5, 5));
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct ps_rule *rule = &model->rules[i];

        ck_assert_uint_eq(rule->n_objects, 1);
        if (rule->objects[0].first == 5) {
            ck_assert_uint_eq(rule->n_choices, 1);
            ck_assert(has_range(rule->choices, rule->n_choices, 3, 3));
        } else {
            ck_assert_uint_eq(rule->objects[0].last, 1);
            ck_assert_uint_eq(rule->n_choices, 2);
            ck_assert(has_range(rule->choices, rule->n_choices, 7, 7));
            ck_assert(has_range(rule->choices, rule->n_choices, 9, 9));
        }
    }
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__no_finite_number__rule_without_bounds)
{
    static const uint8_t infinite[4] = {0x7f, 0x80, 0, 0}, not_a_number[4] = {0x7f, 0xc0, 0, 0};
    struct ps_seen_set seen = {0};
    struct ps_fact fact = moves(7, 0, 0);
    struct ps_model *model;

    fact.values = (struct ps_values){.data = infinite, .n = 1, .kind = PS_VALUE_F32BE};
    saw_fact(&seen, hmi, plc, fact);
    fact.values.data = not_a_number;
    saw_fact(&seen, hmi, plc, fact);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 1);
    ck_assert_uint_eq(model->rules[0].n_values, 0);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__choices_of_reads__one_rule_for_all)
{
    struct ps_seen_set seen = {0};
    struct ps_fact fact = {.op = PS_OP_READ, .station = 1, .choice = 2, .space = COIL, .first = 0, .last = 7};
    struct ps_model *model;

    saw_fact(&seen, hmi, plc, fact);
    fact.choice = 5;
    fact.first = fact.last = 20;
    saw_fact(&seen, hmi, plc, fact);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 1);
    ck_assert_uint_eq(model->rules[0].n_choices, 2);
    ck_assert_uint_eq(model->rules[0].n_objects, 2);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__params__smallest_and_largest)
{
    struct ps_seen_set seen = {0};
    struct ps_fact fact = moves(7, 0, 1);
    struct ps_model *model;
    const struct ps_rule *rule;

    fact.n_params = 2;
    fact.params[0] = 1;
    fact.params[1] = 900;
    ck_assert(saw_fact(&seen, hmi, plc, fact));
    fact.params[1] = 100;
    ck_assert(saw_fact(&seen, hmi, plc, fact));
    fact.params[1] = 500;
    ck_assert(!saw_fact(&seen, hmi, plc, fact));
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 1);
    rule = &model->rules[0];
    ck_assert_uint_eq(rule->n_params, 2);
    ck_assert_uint_eq(rule->params[0].space, 1);
    ck_assert_uint_eq(rule->params[0].first, 1);
    ck_assert_uint_eq(rule->params[0].last, 1);
    ck_assert_uint_eq(rule->params[1].space, 2);
    ck_assert_uint_eq(rule->params[1].first, 100);
    ck_assert_uint_eq(rule->params[1].last, 900);
    ps_model_free(model);
    model = model_of(&seen, true);
    ck_assert_uint_eq(model->rules[0].n_params, 0);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__asks__rules_of_their_own)
{
    struct ps_seen_set seen = {0};
    struct ps_fact fact = moves(7, 0, 1);
    struct ps_model *model;

    saw_fact(&seen, hmi, plc, fact);
    fact.asks = 1;
    saw_fact(&seen, hmi, plc, fact);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__housekeeping__only_where_nothing_else_was_asked)
{
    struct ps_seen_set seen = {0};
    struct ps_fact keeps = {.op = PS_OP_SESSION, .station = 1, .function = 8, .housekeeping = true};
    struct ps_model *model;

    saw_opening(&seen, hmi, plc, TCP, 502);
    saw_fact(&seen, hmi, plc, keeps);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 1);
    ck_assert(model->rules[0].has_functions);
    ck_assert_uint_eq(model->rules[0].functions[0], UINT64_C(1) << 8);
    ck_assert_uint_eq(model->rules[0].n_stations, 1);
    ps_model_free(model);
    saw_request(&seen, hmi, plc, "modbus read-coils station=1 coil:3");
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 1);
    ck_assert_str_eq(model->rules[0].name, "modbus-read");
    ps_model_free(model);
    keeps.station = 2; /* there is no rule for this one */
    saw_fact(&seen, hmi, plc, keeps);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

START_TEST(test_ps_learn_model__housekeeping_that_asks_for_more__needs_a_rule_that_permits_it)
{
    struct ps_seen_set seen = {0};
    struct ps_fact keeps = {.op = PS_OP_SESSION, .station = 1, .function = 8, .housekeeping = true, .asks = 2};
    struct ps_fact fact = moves(7, 0, 1);
    struct ps_model *model;

    fact.asks = 1;
    saw_fact(&seen, hmi, plc, fact);
    saw_fact(&seen, hmi, plc, keeps);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    ps_model_free(model);
    fact.asks = 3;
    saw_fact(&seen, hmi, plc, fact);
    model = model_of(&seen, false);
    ck_assert_uint_eq(model->n_rules, 2);
    for (uint32_t i = 0; i < model->n_rules; i++)
        ck_assert_uint_eq(model->rules[i].functions[0], UINT64_C(1) << 4);
    ps_model_free(model);
    ps_seen_fini(&seen);
}
END_TEST

UNIT_MAIN("tools/learn_model", test_ps_learn_model__reads__one_rule_with_merged_ranges,
          test_ps_learn_model__writes__functions_objects_and_bounds,
          test_ps_learn_model__read_and_write_in_one__write_rule_grants_no_read,
          test_ps_learn_model__same_rule_for_several__grouped,
          test_ps_learn_model__grouping__never_grants_more_than_was_seen,
          test_ps_learn_model__connection_without_request__opens_and_grants_nothing,
          test_ps_learn_model__choices__objects_with_the_same_ones_share_a_rule,
          test_ps_learn_model__no_finite_number__rule_without_bounds,
          test_ps_learn_model__choices_of_reads__one_rule_for_all,
          test_ps_learn_model__params__smallest_and_largest, test_ps_learn_model__asks__rules_of_their_own,
          test_ps_learn_model__housekeeping__only_where_nothing_else_was_asked,
          test_ps_learn_model__housekeeping_that_asks_for_more__needs_a_rule_that_permits_it,
          test_ps_learn_model__neighbours_across_zones__conduit_without_rule,
          test_ps_learn_model__inside_one_zone__inner_conduit)
