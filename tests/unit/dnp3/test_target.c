/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

START_TEST(test_dn_targets__read__one_fact_per_header)
{
    ck_reason(rig_objects(&rig, DN_ROW_READ, "3c0206 3c0106 1e01000510 0102070a 1e0001 0000 ffff"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 5);
    rig_points(rig_fact(&rig, 0, PS_OP_READ, DN_SPACE(60, 2)), 0, 65535);
    rig_points(rig_fact(&rig, 1, PS_OP_READ, DN_SPACE(60, 1)), 0, 65535);
    rig_points(rig_fact(&rig, 2, PS_OP_READ, DN_SPACE(30, 1)), 5, 16);
    rig_points(rig_fact(&rig, 3, PS_OP_READ, DN_SPACE(1, 2)), 0, 65535); /* the first ten, whichever they are */
    rig_points(rig_fact(&rig, 4, PS_OP_READ, DN_SPACE(30, 0)), 0, 65535);
    ck_assert_int_eq(rig.facts.item[2].values.kind, PS_VALUE_NONE);
    ck_assert_uint_eq(rig.fragment.echo, 0);
}
END_TEST

START_TEST(test_dn_targets__index_list__one_fact_per_point)
{
    ck_reason(rig_objects(&rig, DN_ROW_READ, "0102 17 03 05ff05"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 3);
    rig_points(rig_fact(&rig, 0, PS_OP_READ, DN_SPACE(1, 2)), 5, 5);
    rig_points(rig_fact(&rig, 1, PS_OP_READ, DN_SPACE(1, 2)), 255, 255);
    ck_reason(rig_objects(&rig, DN_ROW_READ, "0102 28 0100 3412"), OK);
    rig_points(rig_fact(&rig, 0, PS_OP_READ, DN_SPACE(1, 2)), 0x1234, 0x1234);
}
END_TEST

START_TEST(test_dn_targets__freeze__writes_what_is_not_seen)
{
    ck_reason(rig_objects(&rig, DN_ROW_FREEZE_CLEAR, "14 00 00 02 03"), OK);
    const struct ps_fact *fact = rig_fact(&rig, 0, PS_OP_WRITE, DN_SPACE(20, 0));
    rig_points(fact, 2, 3);
    ck_assert_int_eq(fact->values.kind, PS_VALUE_UNKNOWN);
    ck_reason(rig_objects(&rig, DN_ROW_FREEZE_AT, "3202 07 01 010203040506 01000000 1e0006"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    rig_points(rig_fact(&rig, 0, PS_OP_WRITE, DN_SPACE(30, 0)), 0, 65535);
    ck_reason(rig_objects(&rig, DN_ROW_FREEZE, "150006"), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_targets__unsolicited__enabled_or_silenced_by_class)
{
    ck_reason(rig_objects(&rig, DN_ROW_ENABLE_UNSOLICITED, "3c0206 3c0306"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    rig_points(rig_fact(&rig, 1, PS_OP_EVENT, DN_SPACE(60, 3)), 0, 65535);
    ck_reason(rig_objects(&rig, DN_ROW_DISABLE_UNSOLICITED, "3c0206"), OK);
    rig_fact(&rig, 0, PS_OP_CONTROL, DN_SPACE(60, 2));
}
END_TEST

START_TEST(test_dn_targets__assign_class__one_fact_per_range_of_points)
{
    ck_reason(rig_objects(&rig, DN_ROW_ASSIGN_CLASS, "3c0106 1e01000510 14001702 0709"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 3);
    rig_points(rig_fact(&rig, 0, PS_OP_CONTROL, DN_SPACE(30, 1)), 5, 16);
    rig_points(rig_fact(&rig, 1, PS_OP_CONTROL, DN_SPACE(20, 0)), 7, 7);
    rig_points(rig_fact(&rig, 2, PS_OP_CONTROL, DN_SPACE(20, 0)), 9, 9);
}
END_TEST

START_TEST(test_dn_targets__applications_and_activation__program)
{
    ck_reason(rig_objects(&rig, DN_ROW_STOP_APPLICATION, "5a0106"), OK);
    rig_fact(&rig, 0, PS_OP_PROGRAM, 0);
    ck_reason(rig_objects(&rig, DN_ROW_START_APPLICATION, "5a015b 01 0300 414243"), OK);
    rig_fact(&rig, 0, PS_OP_PROGRAM, 0);
    ck_reason(rig_objects(&rig, DN_ROW_ACTIVATE_CONFIGURATION, "6e02 00 0505 4142"), OK);
    rig_fact(&rig, 0, PS_OP_PROGRAM, 0);
    ck_reason(rig_objects(&rig, DN_ROW_ACTIVATE_CONFIGURATION, "4608 5b 01 0300 612e62"), OK);
    rig_fact(&rig, 0, PS_OP_PROGRAM, 0);
}
END_TEST

START_TEST(test_dn_targets__asks_of_the_fragment__go_into_each_fact)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    const uint8_t octets[] = {60, 2, 6, 60, 3, 6};
    ps_facts_clear(&rig.facts);
    ps_rd_init(&rd, &fault, octets, sizeof octets);
    struct dn_fragment f = {.dialog = &rig.dialog, .rd = &rd, .facts = &rig.facts, .row = DN_ROW_READ,
                            .from_master = true, .asks = DN_ASK_BROADCAST};
    dn_objects(&f);
    ck_assert_int_eq(fault.reason, PS_REASON_NONE);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_uint_eq(rig.facts.item[i].asks, DN_ASK_BROADCAST);
}
END_TEST

UNIT_MAIN("dnp3/target", test_dn_targets__read__one_fact_per_header, test_dn_targets__index_list__one_fact_per_point,
          test_dn_targets__freeze__writes_what_is_not_seen, test_dn_targets__unsolicited__enabled_or_silenced_by_class,
          test_dn_targets__assign_class__one_fact_per_range_of_points,
          test_dn_targets__applications_and_activation__program,
          test_dn_targets__asks_of_the_fragment__go_into_each_fact)
