/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

#define FRONT "7803 07 01 090000000100"
#define BACK "7809 5b 01 0400 ba8db44d"
#define BLOCK "0c01 28 0100 0100 03 01 64000000 64000000 00"

/* Which variations each of the three functions has. */
START_TEST(test_dn_security_allows__functions__each_its_own)
{
    static const struct {
        enum dn_row row;
        uint32_t variations;
    } rows[] = {
        {DN_ROW_AUTH_REQUEST, 0xed56}, {DN_ROW_AUTH_REQUEST_NO_ACK, 0x0080}, {DN_ROW_AUTH_RESPONSE, 0x90a6}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned v = 0; v < 256; v++) {
            rig.n = 0;
            rig_number(&rig, 120, 1);
            rig_number(&rig, v, 1);
            rig_put(&rig, v == 4 ? "07 01 0100" : "5b 01 0c00 030000000100060102030405");
            bool legal = v < 16 && rows[i].variations >> v & 1;
            ck_reason(rig_judge(&rig, rows[i].row), legal ? OK : PS_REASON_DNP3_OBJECT);
            if (legal)
                rig_fact(&rig, 0, PS_OP_SECURITY, 0);
        }
    }
}
END_TEST

START_TEST(test_dn_objects__authentication_functions__forms)
{
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7804 07 01 0100"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7804 07 02 0100 0200"), PS_REASON_DNP3_RANGE);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7804 5b 01 0200 0100"), PS_REASON_DNP3_QUALIFIER);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7802 07 01 030000000100"), PS_REASON_DNP3_QUALIFIER);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7802 5b 01 0500 0300000001"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, FRONT), PS_REASON_DNP3_OBJECT);
    ck_reason(rig_objects(&rig, DN_ROW_AUTH_REQUEST, "7901 00 0000 01000000000000"), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_security_around__front_and_back__around_the_objects)
{
    ck_reason(rig_objects(&rig, DN_ROW_DIRECT_OPERATE, FRONT BLOCK BACK), OK);
    ck_assert(rig.fragment.secured);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    ck_assert_uint_eq(rig.facts.item[0].asks, DN_ASK_SECURED);
    rig_points(rig_fact(&rig, 0, PS_OP_OPERATE, DN_SPACE(12, 1)), 1, 1);
    uint64_t echo = rig.fragment.echo;
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, BLOCK), OK); /* outstations echo without them */
    ck_assert(echo == rig.fragment.echo && !rig.fragment.secured);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, FRONT BLOCK BACK), OK);
    ck_assert(echo == rig.fragment.echo && rig.facts.n_facts == 0);
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED, FRONT "0201 17 01 05 81" BACK), OK);
    rig_fact(&rig, 0, PS_OP_EVENT, DN_SPACE(2, 1));
    ck_assert_uint_eq(rig.facts.item[0].asks, DN_ASK_SECURED);
}
END_TEST

START_TEST(test_dn_security_around__restart__without_objects)
{
    ck_reason(rig_objects(&rig, DN_ROW_COLD_RESTART, FRONT BACK), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    rig_fact(&rig, 0, PS_OP_CONTROL, 0);
    ck_assert_uint_eq(rig.facts.item[0].asks, DN_ASK_SECURED);
    ck_reason(rig_objects(&rig, DN_ROW_READ, FRONT BACK), PS_REASON_TRUNCATED); /* reads nothing */
    ck_reason(rig_objects(&rig, DN_ROW_CONFIRM, FRONT BACK), PS_REASON_DNP3_OBJECT);
    ck_reason(rig_objects(&rig, DN_ROW_DELAY_MEASURE, FRONT BACK), PS_REASON_DNP3_OBJECT);
}
END_TEST

START_TEST(test_dn_security_around__anywhere_else__refused)
{
    static const struct {
        const char *hex;
        enum ps_reason reason;
    } rows[] = {
        {FRONT BLOCK, PS_REASON_TRUNCATED},
        {BLOCK BACK, PS_REASON_DNP3_OBJECT},
        {BLOCK FRONT BACK, PS_REASON_DNP3_OBJECT},
        {FRONT FRONT BLOCK BACK, PS_REASON_DNP3_OBJECT},
        {FRONT BLOCK BACK BACK, PS_REASON_SURPLUS},
        {FRONT BLOCK BACK BLOCK, PS_REASON_SURPLUS},
        {FRONT "7802 5b 01 0600 030000000100" BLOCK BACK, PS_REASON_DNP3_OBJECT},
        {"7803 07 02 090000000100 090000000100" BLOCK BACK, PS_REASON_DNP3_RANGE},
        {"7803 5b 01 0600 090000000100" BLOCK BACK, PS_REASON_DNP3_QUALIFIER},
        {"7803 00 0000 090000000100" BLOCK BACK, PS_REASON_DNP3_QUALIFIER},
        {FRONT BLOCK "7809 5b 02 0400 ba8db44d 0400 ba8db44d", PS_REASON_DNP3_RANGE},
        {FRONT BLOCK "7809 5b 01 0000", PS_REASON_DNP3_VALUE},
        {FRONT BLOCK "7809 07 01 ba8db44d", PS_REASON_DNP3_QUALIFIER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ps_reason reason = rig_objects(&rig, DN_ROW_DIRECT_OPERATE, rows[i].hex);
        ck_assert_msg(reason == rows[i].reason, "%s: %s", rows[i].hex, ps_reason_info(reason)->name);
    }
}
END_TEST

UNIT_MAIN("dnp3/security", test_dn_security_allows__functions__each_its_own,
          test_dn_objects__authentication_functions__forms,
          test_dn_security_around__front_and_back__around_the_objects, test_dn_security_around__restart__without_objects,
          test_dn_security_around__anywhere_else__refused)
