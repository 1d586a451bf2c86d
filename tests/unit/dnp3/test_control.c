/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

#define BLOCK(code) code " 01 64000000 c8000000 00"

START_TEST(test_dn_control__block__point_code_and_numbers)
{
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "0c01 28 0200 0500 03 01 64000000 c8000000 00 3412 81 ff ffffffff 00000000 00"),
              OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    const struct ps_fact *fact = rig_fact(&rig, 0, PS_OP_OPERATE, DN_SPACE(12, 1));
    rig_points(fact, 5, 5);
    ck_assert_uint_eq(fact->choice, DN_CHOICE(3));
    ck_assert_uint_eq(fact->n_params, 3);
    ck_assert_uint_eq(fact->params[DN_PARAM_COUNT], 1);
    ck_assert_uint_eq(fact->params[DN_PARAM_ON_TIME], 100);
    ck_assert_uint_eq(fact->params[DN_PARAM_OFF_TIME], 200);
    ck_assert_int_eq(fact->values.kind, PS_VALUE_NONE);
    fact = rig_fact(&rig, 1, PS_OP_OPERATE, DN_SPACE(12, 1));
    rig_points(fact, 0x1234, 0x1234);
    ck_assert_uint_eq(fact->choice, DN_CHOICE(0x81));
    ck_assert_uint_eq(fact->params[DN_PARAM_COUNT], 255);
    ck_assert_uint_eq(fact->params[DN_PARAM_ON_TIME], UINT32_MAX);
}
END_TEST

/* Operations 0..4, alone, with clear, with close or trip; no queue, not both. */
START_TEST(test_dn_control__all_codes__defined_ones_pass)
{
    unsigned n = 0;
    for (unsigned code = 0; code < 256; code++) {
        rig.n = 0;
        rig_put(&rig, "0c01 17 01 05");
        rig_number(&rig, code, 1);
        rig_put(&rig, "01 64000000 c8000000 00");
        bool legal = code % 16 <= 4 && !(code & 0x10) && code < 0xc0;
        n += legal;
        ck_reason(rig_judge(&rig, DN_ROW_DIRECT_OPERATE), legal ? OK : PS_REASON_DNP3_VALUE);
        ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), legal ? OK : PS_REASON_DNP3_VALUE);
    }
    ck_assert_uint_eq(n, 30);
}
END_TEST

START_TEST(test_dn_control__status__zero_in_requests_below_128_in_answers)
{
    for (unsigned status = 0; status < 256; status++) {
        for (unsigned analog = 0; analog < 2; analog++) {
            rig.n = 0;
            rig_put(&rig, analog ? "2902 17 01 05 0100" : "0c01 17 01 05 03 01 64000000 c8000000");
            rig_number(&rig, status, 1);
            ck_reason(rig_judge(&rig, DN_ROW_OPERATE), status == 0 ? OK : PS_REASON_DNP3_VALUE);
            ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), status < 128 ? OK : PS_REASON_DNP3_VALUE);
            ck_assert(rig.fragment.refused_point == (status != 0) || status >= 128);
        }
    }
}
END_TEST

START_TEST(test_dn_control__one_point_twice__refused)
{
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "0c01 17 02 05" BLOCK("03") "06" BLOCK("03")), OK);
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "0c01 17 02 05" BLOCK("03") "05" BLOCK("04")), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "0c01 17 01 05" BLOCK("03") "0c01 28 0100 0500" BLOCK("03")),
              PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "2902 17 01 05 0100 00 2901 17 01 05 01000000 00"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "2902 17 01 05 0100 00 0c01 17 01 05" BLOCK("03")), OK);
}
END_TEST

static double value_of(enum ps_value_kind kind)
{
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    const struct ps_values *values = &rig.facts.item[0].values;
    ck_assert_int_eq(values->kind, kind);
    ck_assert(values->min == values->max);
    return values->min;
}

START_TEST(test_dn_value__numbers__as_they_stand_on_the_wire)
{
    static const struct {
        enum dn_row row;
        const char *hex;
        enum ps_value_kind kind;
        double value;
    } rows[] = {
        {DN_ROW_SELECT, "2901 17 01 05 feffffff 00", PS_VALUE_BOUNDS, -2},
        {DN_ROW_SELECT, "2901 17 01 05 ffffff7f 00", PS_VALUE_BOUNDS, 2147483647},
        {DN_ROW_SELECT, "2902 17 01 05 0080 00", PS_VALUE_BOUNDS, -32768},
        {DN_ROW_OPERATE, "2903 17 01 05 cdcccc3d 00", PS_VALUE_BOUNDS_SINGLE, (double)0.1f},
        {DN_ROW_OPERATE, "2904 17 01 05 9a9999999999b93f 00", PS_VALUE_BOUNDS, 0.1},
        {DN_ROW_WRITE, "2201 17 01 05 ffff", PS_VALUE_BOUNDS, 65535},
        {DN_ROW_WRITE, "2202 17 01 05 ffffffff", PS_VALUE_BOUNDS, 4294967295.0},
        {DN_ROW_WRITE, "2203 17 01 05 0000c03f", PS_VALUE_BOUNDS_SINGLE, 1.5},
        {DN_ROW_WRITE, "2801 17 01 05 01 feffffff", PS_VALUE_BOUNDS, -2},
        {DN_ROW_WRITE, "2802 00 0505 01 feff", PS_VALUE_BOUNDS, -2},
        {DN_ROW_WRITE, "2803 00 0505 01 0000c03f", PS_VALUE_BOUNDS_SINGLE, 1.5},
        {DN_ROW_WRITE, "2804 00 0505 01 000000000000f83f", PS_VALUE_BOUNDS, 1.5},
        {DN_ROW_WRITE, "2902 00 0505 0700 00", PS_VALUE_BOUNDS, 7},
        {DN_ROW_WRITE, "0a02 00 0505 81", PS_VALUE_BOUNDS, 1},
        {DN_ROW_WRITE, "0a02 00 0505 01", PS_VALUE_BOUNDS, 0},
        {DN_ROW_WRITE, "6601 00 0505 c8", PS_VALUE_BOUNDS, 200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_reason(rig_objects(&rig, rows[i].row, rows[i].hex), OK);
        ck_assert_msg(value_of(rows[i].kind) == rows[i].value, "%s", rows[i].hex);
        rig_points(&rig.facts.item[0], 5, 5);
        ck_assert_uint_eq(rig.facts.item[0].choice, 0);
        ck_assert_uint_eq(rig.facts.item[0].n_params, 0);
    }
}
END_TEST

START_TEST(test_dn_value__no_finite_number__refused)
{
    static const char *const rows[] = {
        "2903 17 01 05 0000807f 00", "2903 17 01 05 000080ff 00", "2903 17 01 05 0000c07f 00", "2903 17 01 05 0100807f 00",
        "2904 17 01 05 000000000000f07f 00", "2904 17 01 05 000000000000f0ff 00", "2904 17 01 05 000000000000f8ff 00",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_reason(rig_objects(&rig, DN_ROW_DIRECT_OPERATE, rows[i]), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "2203 17 01 05 0000807f"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "2803 17 01 05 01 0000c07f"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "2902 17 01 05 0100 01"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "1e05 00 0505 01 0000c07f"), OK); /* what is measured may be no number */
}
END_TEST

static uint64_t echo(enum dn_row row, const char *hex)
{
    ck_reason(rig_objects(&rig, row, hex), OK);
    return rig.fragment.echo;
}

START_TEST(test_dn_control__echo__the_same_but_for_status)
{
    uint64_t asked = echo(DN_ROW_SELECT, "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 17 01 07 0100 00");
    ck_assert(asked != 0);
    ck_assert(asked == echo(DN_ROW_OPERATE, "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 17 01 07 0100 00"));
    ck_assert(asked == echo(DN_ROW_RESPONSE, "0c01 17 02 05" BLOCK("03") "06" "03 01 64000000 c8000000 02"
                                             "2902 17 01 07 0100 04"));
    ck_assert(rig.fragment.refused_point);
    static const char *const others[] = {
        "0c01 17 02 05" BLOCK("03") "06" BLOCK("03"),
        "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 17 01 07 0200 00",
        "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 17 01 08 0100 00",
        "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 28 0100 0700 0100 00",
        "0c01 17 02 05" BLOCK("04") "06" BLOCK("03") "2902 17 01 07 0100 00",
        "0c01 17 02 06" BLOCK("03") "05" BLOCK("03") "2902 17 01 07 0100 00",
        "2902 17 01 07 0100 00 0c01 17 02 05" BLOCK("03") "06" BLOCK("03"),
        "0c01 17 02 05" BLOCK("03") "06" BLOCK("03") "2902 17 01 07 0100 00 1e02 00 0000 010000",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(asked != echo(DN_ROW_RESPONSE, others[i]), "%s", others[i]);
    ck_assert(!rig.fragment.refused_point);
    ck_assert(echo(DN_ROW_RESPONSE, "1e02 00 0000 010000") == 0);
}
END_TEST

/* A fragment behind another one in the same PDU. */
START_TEST(test_dn_control__points_of_an_earlier_fragment__no_concern)
{
    ck_reason(rig_objects(&rig, DN_ROW_SELECT, "0c01 17 01 05" BLOCK("03")), OK);
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, rig.octets, rig.n);
    struct dn_fragment f = rig.fragment;
    f.rd = &rd;
    dn_objects(&f);
    ck_reason(fault.reason, OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
}
END_TEST

UNIT_MAIN("dnp3/control", test_dn_control__block__point_code_and_numbers,
          test_dn_control__all_codes__defined_ones_pass,
          test_dn_control__status__zero_in_requests_below_128_in_answers, test_dn_control__one_point_twice__refused,
          test_dn_value__numbers__as_they_stand_on_the_wire, test_dn_value__no_finite_number__refused,
          test_dn_control__echo__the_same_but_for_status, test_dn_control__points_of_an_earlier_fragment__no_concern)
