/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

START_TEST(test_dn_data__padding__zero)
{
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0101 00 0002 07"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0101 00 0002 0f"), PS_REASON_DNP3_PADDING);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0101 00 0002 87"), PS_REASON_DNP3_PADDING);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0101 00 0007 ff"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0301 00 0002 3f"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0301 00 0002 7f"), PS_REASON_DNP3_PADDING);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0301 00 0003 ff"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "0a01 00 0001 04"), PS_REASON_DNP3_PADDING);
}
END_TEST

START_TEST(test_dn_data__write_bits__one_fact_per_point)
{
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "0a01 00 0502 00"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "0a01 00 050d aa01"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 9);
    for (uint16_t i = 0; i < 9; i++) {
        const struct ps_fact *fact = rig_fact(&rig, i, PS_OP_WRITE, DN_SPACE(10, 1));
        rig_points(fact, 5u + i, 5u + i);
        ck_assert_int_eq(fact->values.kind, PS_VALUE_BOUNDS);
        ck_assert(fact->values.min == (0x1aa >> i & 1) && fact->values.max == fact->values.min);
    }
}
END_TEST

/* Of the internal indications a master may clear the restart flag and no other. */
START_TEST(test_dn_data__write_indications__clears_the_restart_flag_only)
{
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5001 00 0707 00"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_SESSION, DN_SPACE(80, 1)), 7, 7);
    ck_assert_int_eq(rig.facts.item[0].values.kind, PS_VALUE_NONE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5001 00 0707 01"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5001 00 0404 00"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5001 00 0607 00"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5001 00 0708 00"), PS_REASON_DNP3_RANGE);
}
END_TEST

START_TEST(test_dn_data__write_time__class_time)
{
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "3203 07 01 010203040506"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    rig_points(rig_fact(&rig, 0, PS_OP_TIME, DN_SPACE(50, 3)), 0, 0);
    ck_assert_int_eq(rig.facts.item[0].values.kind, PS_VALUE_NONE);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "3202 07 01 010203040506 01000000"), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_data__write_what_has_no_number__value_unknown)
{
    static const struct {
        const char *hex;
        uint32_t space;
    } rows[] = {
        {"6e03 00 0909 414243", DN_SPACE(110, 3)},
        {"7002 17 01 09 4142", DN_SPACE(112, 2)},
        {"00f5 00 0909 01 02 4142", DN_SPACE(0, 0xf5)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_reason(rig_objects(&rig, DN_ROW_WRITE, rows[i].hex), OK);
        ck_assert_uint_eq(rig.facts.n_facts, 1);
        const struct ps_fact *fact = rig_fact(&rig, 0, PS_OP_WRITE, rows[i].space);
        rig_points(fact, 9, 9);
        ck_assert_int_eq(fact->values.kind, PS_VALUE_UNKNOWN);
    }
}
END_TEST

START_TEST(test_dn_data__write_data_sets__values_are_written_descriptions_are_programs)
{
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5701 5b 01 0200 0105"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_WRITE, DN_SPACE(87, 1)), 0, 65535);
    ck_assert_int_eq(rig.facts.item[0].values.kind, PS_VALUE_UNKNOWN);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5501 5b 01 0500 04 01000000"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_PROGRAM, DN_SPACE(85, 1)), 0, 65535);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5601 5b 01 0500 04 01000001"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_PROGRAM, DN_SPACE(86, 1)), 0, 65535);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "5801 5b 01 0200 0105"), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_data__inputs__not_written)
{
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "0101 00 0000 01"), PS_REASON_DNP3_OBJECT);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "1e01 00 0000 01 01000000"), PS_REASON_DNP3_OBJECT);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "0c01 17 01 00 03 01 64000000 64000000 00"), PS_REASON_DNP3_OBJECT);
    ck_reason(rig_objects(&rig, DN_ROW_WRITE, "7000 01 0000 ffff"), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_data__unsolicited__one_fact_per_header)
{
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED,
                          "3301 07 01 010203040506 0203 17 03 07 81 0100 05 01 0200 09 81 0300 1e02 00 0304 010000 010000"),
              OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    rig_points(rig_fact(&rig, 0, PS_OP_EVENT, DN_SPACE(2, 3)), 5, 9);
    rig_points(rig_fact(&rig, 1, PS_OP_EVENT, DN_SPACE(30, 2)), 3, 4);
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED, "0101 00 0411 ff3f"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_EVENT, DN_SPACE(1, 1)), 4, 17);
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED, "4604 5b 01 0d00 78563412 00000000 0000 0100 00"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_EVENT, DN_SPACE(70, 4)), 0, 65535);
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED, "3301 07 01 010203040506"), OK);
    ck_assert(rig_fact(&rig, 0, PS_OP_EVENT, 0)->housekeeping);
}
END_TEST

/* Values are stepped over as one where nothing about them can be wrong. */
START_TEST(test_dn_data__values_of_an_answer__as_if_read_one_by_one)
{
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "1e01 00 0001 0101000000 0102000000"), OK);
    ck_assert_uint_eq(rig.fragment.n_objects, 2);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "1e01 00 0001 0101000000 01020000"), PS_REASON_TRUNCATED);
    ck_assert_uint_eq(rig.offset, 10); /* where the second one starts */
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "2001 28 0200 0000 0101000000 0900 0102000000"), OK);
    ck_assert_uint_eq(rig.fragment.n_objects, 2);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "2001 28 0200 0000 0101000000 0900 01020000"), PS_REASON_TRUNCATED);
    ck_assert_uint_eq(rig.offset, 14);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "2001 39 01000000 ffff0000 0101000000"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "2001 39 01000000 00000100 0101000000"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0c01 28 0100 0500 0301 64000000 64000000 80"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "2901 28 0100 0500 01000000 80"), PS_REASON_DNP3_VALUE);
}
END_TEST

START_TEST(test_dn_data__answers__ask_for_nothing)
{
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "1e01 00 0000 01 00000000 0101 00 0000 01 0c0128 0100 0500 03 01 64000000 "
                                                 "64000000 00"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
}
END_TEST

UNIT_MAIN("dnp3/body", test_dn_data__padding__zero, test_dn_data__write_bits__one_fact_per_point,
          test_dn_data__write_indications__clears_the_restart_flag_only, test_dn_data__write_time__class_time,
          test_dn_data__write_what_has_no_number__value_unknown,
          test_dn_data__write_data_sets__values_are_written_descriptions_are_programs, test_dn_data__inputs__not_written,
          test_dn_data__unsolicited__one_fact_per_header, test_dn_data__answers__ask_for_nothing,
          test_dn_data__values_of_an_answer__as_if_read_one_by_one)
