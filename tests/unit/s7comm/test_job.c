/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_setup__values__bounded)
{
    static const struct {
        const char *request, *reply;
        enum ps_reason asked, answered;
    } rows[] = {
        {"f0 00 0001 0001 01e0", "f0 00 0001 0001 00f0", OK, OK},
        {"f0 00 0008 0008 ffff", "f0 00 0001 0001 2000", OK, OK},
        {"f0 00 0001 0001 ffff", "f0 00 0001 0001 2001", OK, S7(PARAMETER)},
        {"f0 00 0001 0001 0070", "f0 00 0001 0001 0070", OK, OK},
        {"f0 00 0001 0001 0070", "f0 00 0001 0001 0071", OK, S7(REPLY)},
        {"f0 00 0001 0001 0070", "f0 00 0002 0001 0070", OK, S7(REPLY)},
        {"f0 00 0001 0001 0070", "f0 00 0001 0002 0070", OK, S7(REPLY)},
        {"f0 00 0001 0001 0070", "f0 00 0001 0001 006f", OK, S7(PARAMETER)},
        {"f0 00 0001 0001 0070", "f0 00 0001 0000 0070", OK, S7(PARAMETER)},
        {"f0 00 0001 0001 006f", NULL, S7(PARAMETER), OK},
        {"f0 01 0001 0001 01e0", NULL, S7(PARAMETER), OK},
        {"f0 00 0000 0001 01e0", NULL, S7(PARAMETER), OK},
        {"f0 00 0001 0000 01e0", NULL, S7(PARAMETER), OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_connect(&rig);
        ck_reason(ask(&rig, 1, rows[i].request, ""), rows[i].asked);
        if (rows[i].asked != OK)
            continue;
        ck_assert(rig_fact(&rig)->housekeeping);
        ck_reason(answer(&rig, 1, rows[i].reply, ""), rows[i].answered);
    }
}
END_TEST

START_TEST(test_s7_setup__before_it__nothing_else)
{
    struct rig rig;
    rig_connect(&rig);
    ck_reason(ask(&rig, 2, "29 0000000000 09 505f50524f4752414d", ""), S7(SEQUENCE));
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 0131 0001"), S7(SEQUENCE));
    ck_reason(ask(&rig, 1, "f0 00 0001 0001 01e0", ""), OK);
    ck_reason(ask(&rig, 2, "04 01 120a10 02 0001 0001 84 000000", ""), S7(SEQUENCE)); /* not answered yet */
    rig_connect(&rig);
    rig.dialog.midstream = true;
    ck_reason(ask(&rig, 2, "04 01 120a10 02 0001 0001 84 000000", ""), OK); /* it may have gone unseen */
}
END_TEST

START_TEST(test_s7_setup__again__only_the_same)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "f0 00 0004 0004 01e0", ""), OK);
    ck_reason(answer(&rig, 2, "f0 00 0004 0004 00f0", ""), S7(REPLY));
    ck_reason(answer(&rig, 2, "f0 00 0004 0004 01e0", ""), OK);
    ck_reason(ask(&rig, 3, "f0 00 0004 0004 01df", ""), S7(SEQUENCE));
    ck_reason(ask(&rig, 3, "f0 00 0004 0003 01e0", ""), S7(SEQUENCE));
    rig.dialog.relax = S7_RELAX_RESETUP;
    ck_reason(ask(&rig, 3, "f0 00 0001 0001 00f0", ""), OK);
    ck_reason(answer(&rig, 3, "f0 00 0001 0001 00f0", ""), OK);
    ck_assert_uint_eq(rig.state.classic.agreed.pdu_len, 240);
}
END_TEST

START_TEST(test_s7_setup__refused__another_may_follow)
{
    struct rig rig;
    rig_connect(&rig);
    ck_reason(ask(&rig, 1, "f0 00 0008 0008 03c0", ""), OK);
    ck_reason(ask(&rig, 2, "f0 00 0001 0001 00f0", ""), S7(SEQUENCE)); /* not refused yet */
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){2, 1, 0x8104, "", ""}), OK);
    ck_reason(ask(&rig, 2, "f0 00 0001 0001 00f0", ""), OK);
    ck_reason(answer(&rig, 2, "f0 00 0001 0002 00f0", ""), S7(REPLY));
    ck_reason(answer(&rig, 2, "f0 00 0001 0001 00f0", ""), OK);
    ck_reason(ask(&rig, 3, "f0 00 0008 0008 03c0", ""), S7(SEQUENCE));
}
END_TEST

START_TEST(test_s7_pi__services__functions_and_blocks)
{
    static const struct {
        const char *param, *name;
        uint32_t space, number;
    } rows[] = {
        {"28 000000000000fd 0000 09 505f50524f4752414d", "plc-start", 0, 0},
        {"28 000000000000fd 0002 4320 09 505f50524f4752414d", "plc-start-cold", 0, 0},
        {"28 000000000000fd 000a 0100 3041303030303150 05 5f494e5345", "insert-block", S7_SPACE_BLOCK + 10, 1},
        {"28 000000000000fd 000a 0100 3038393939393942 05 5f44454c45", "delete-block", S7_SPACE_BLOCK + 8, 99999},
        {"28 000000000000fd 0002 4550 05 5f4d4f4455", "copy-ram-to-rom", 0, 0},
        {"28 000000000000fd 0000 05 5f47415242", "compress-memory", 0, 0},
        {"28 000000000000fd 0000 09 5f4e5f53454c454354", "pi-n-select", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, rows[i].param, ""), OK);
        const struct ps_fact *fact = rig_fact(&rig);
        ck_assert_str_eq(s7_functions[fact->function].name, rows[i].name);
        ck_assert_uint_eq(PS_OP_BIT(fact->op), s7_functions[fact->function].ops);
        ck_assert_uint_eq(rig.facts.code, s7_functions[fact->function].code);
        ck_assert_uint_eq(fact->space, rows[i].space);
        ck_assert_uint_eq(fact->first, rows[i].number);
        ck_reason(answer(&rig, 2, "28", ""), OK);
    }
}
END_TEST

START_TEST(test_s7_pi__malformed__refused)
{
    static const struct {
        const char *param;
        enum ps_reason reason;
    } rows[] = {
        {"28 000000000001fd 0000 09 505f50524f4752414d", S7(PARAMETER)},
        {"28 000000000000fe 0000 09 505f50524f4752414d", S7(PARAMETER)},
        {"28 000000000000fd 0000 09 505f50524f4752414e", S7(FUNCTION)},
        {"28 000000000000fd 0000 08 505f50524f475241", S7(FUNCTION)},
        {"28 000000000000fd 0002 4820 09 505f50524f4752414d", S7(PARAMETER)},
        {"28 000000000000fd 0004 43204320 09 505f50524f4752414d", PS_REASON_SURPLUS},
        {"28 000000000000fd 0001 00 09 505f50524f4752414d", PS_REASON_TRUNCATED},
        {"28 000000000000fd 0002 4551 05 5f4d4f4455", S7(PARAMETER)},
        {"28 000000000000fd 0000 05 5f4d4f4455", PS_REASON_TRUNCATED},
        {"28 000000000000fd 0001 00 05 5f47415242", PS_REASON_SURPLUS},
        {"28 000000000000fd 000a 0000 3041303030303150 05 5f494e5345", S7(PARAMETER)},
        {"28 000000000000fd 000a 0101 3041303030303150 05 5f494e5345", S7(PARAMETER)},
        {"28 000000000000fd 000a 0200 3041303030303150 05 5f494e5345", PS_REASON_TRUNCATED},
        {"28 000000000000fd 000a 0100 3047303030303150 05 5f494e5345", S7(BLOCK)},
        {"28 000000000000fd 000a 0100 3141303030303150 05 5f494e5345", S7(BLOCK)},
        {"28 000000000000fd 000a 0100 3041303030304150 05 5f494e5345", S7(BLOCK)},
        {"28 000000000000fd 000a 0100 3041303030303143 05 5f494e5345", S7(BLOCK)},
        {"28 000000000000fd 0003 034142 09 5f4e5f4c4f47494e5f", PS_REASON_TRUNCATED},
        {"29 0000000001 09 505f50524f4752414d", S7(PARAMETER)},
        {"29 0000000000 09 505f50524f4752414e", S7(PARAMETER)},
        {"29 0000000000 08 505f50524f475241", S7(PARAMETER)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, rows[i].param, ""), rows[i].reason);
    }
}
END_TEST

UNIT_MAIN("s7comm/job", test_s7_setup__values__bounded, test_s7_setup__before_it__nothing_else,
          test_s7_setup__again__only_the_same, test_s7_setup__refused__another_may_follow,
          test_s7_pi__services__functions_and_blocks,
          test_s7_pi__malformed__refused)
