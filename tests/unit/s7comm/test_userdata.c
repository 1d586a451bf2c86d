/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define SZL "ff09 0004 0131 0001"

START_TEST(test_s7_userdata__head__each_field_judged)
{
    static const struct {
        const char *param, *data;
        enum ps_reason reason;
    } rows[] = {
        {"000112 04 11 44 01 00", SZL, OK},
        {"000112 08 12 44 01 00 00 00 0000", SZL, OK},
        {"000113 04 11 44 01 00", SZL, S7(PARAMETER)},
        {"000112 05 11 44 01 00 00", SZL, S7(PARAMETER)},
        {"000112 04 12 44 01 00", SZL, S7(PARAMETER)},
        {"000112 08 11 44 01 00 00 00 0000", SZL, S7(PARAMETER)},
        {"000112 08 12 44 01 00 00 01 0000", SZL, S7(PARAMETER)}, /* a request has one part */
        {"000112 08 12 44 01 00 00 02 0000", SZL, S7(PARAMETER)},
        {"000112 08 12 44 01 00 00 00 d401", SZL, S7(PARAMETER)}, /* and no error */
        {"000112 04 11 c4 01 00", SZL, S7(PARAMETER)},            /* neither request nor answer */
        {"000112 04 11 04 01 00", SZL, S7(FUNCTION)},             /* the PLC's */
        {"000112 04 11 44 10 00", SZL, S7(FUNCTION)},
        {"000112 04 11 44 03 00", SZL, S7(FUNCTION)},             /* an indication */
        {"000112 04 11 44 20 00", SZL, S7(FUNCTION)},
        {"000112 04 11 46 02 00", SZL, S7(FUNCTION)},
        {"000112 04 11 7e 01 00", SZL, S7(FUNCTION)},
        {"000112 04 11 46 01 00", "ff09 0008 1208120000000001", S7(ITEM)}, /* no R_ID */
        {"000112 04 11 46 01 00", "ff09 0007 12081300000000", PS_REASON_TRUNCATED},
        {"000112 04 11 44 01 00", "ff09 0005 0131 0001", S7(DATA)},
        {"000112 04 11 44 01 00", "ff04 0004 0131 0001", S7(DATA)},
        {"000112 04 11 44 01 00", "0509 0004 0131 0001", S7(DATA)},
        {"000112 04 11 44 01 00", "ff00 0000", S7(DATA)},
        {"000112 04 11 44 01 00", NO_DATA, PS_REASON_TRUNCATED},
        {"000112 04 11 43 01 00", SZL, PS_REASON_SURPLUS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask_ud(&rig, 2, rows[i].param, rows[i].data), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_userdata__lists__objects)
{
    static const struct {
        const char *sub, *data;
        uint32_t space, first, last;
    } rows[] = {
        {"4401", "ff09 0004 0f11 0001", S7_SPACE_SZL, 0x0f11, 0x0f11},
        {"4302", "ff09 0002 3038", S7_SPACE_BLOCK + 8, 0, S7_BLOCK_MAX},
        {"4303", "ff09 0008 3042333237363842", S7_SPACE_BLOCK + 11, 32768, 32768},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char param[64];
        struct rig rig;
        rig_open(&rig);
        snprintf(param, sizeof param, "000112 04 11 %s 00", rows[i].sub);
        ck_reason(ask_ud(&rig, 2, param, rows[i].data), OK);
        ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_IDENTIFY);
        ck_assert_uint_eq(rig_fact(&rig)->space, rows[i].space);
        ck_assert_uint_eq(rig_fact(&rig)->first, rows[i].first);
        ck_assert_uint_eq(rig_fact(&rig)->last, rows[i].last);
    }
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask_ud(&rig, 2, SHORT("43", "02"), "ff09 0002 3047"), S7(BLOCK));
    ck_reason(ask_ud(&rig, 2, SHORT("43", "03"), "ff09 0008 3042333237363843"), S7(BLOCK));
    ck_reason(ask_ud(&rig, 2, SHORT("43", "03"), "ff09 0008 3042333237364142"), S7(BLOCK));
}
END_TEST

START_TEST(test_s7_userdata__answers__judged)
{
    static const struct {
        const char *param, *data;
        enum ps_reason reason;
    } rows[] = {
        {LONG("84", "01", "00"), "ff09 000c 0131 0002 0002 0002 01020304", OK},         /* an index of its own */
        {LONG("84", "01", "00"), "ff09 000c 0132 0001 0002 0002 01020304", S7(REPLY)},
        {LONG("84", "01", "00"), "ff09 000c 0131 0001 0002 0003 01020304", S7(REPLY)},
        {"000112 08 12 84 01 01 00 01 0000", "ff09 000c 0131 0001 0002 0003 01020304", OK}, /* more to come */
        {LONG("84", "01", "00"), NO_DATA, OK},
        {"000112 08 12 84 01 01 00 00 d402", NO_DATA, OK},
        {"000112 08 12 84 01 01 00 01 d402", NO_DATA, S7(DATA)},
        {"000112 08 12 84 01 01 00 00 d402", "ff09 0002 0101", S7(DATA)},
        {"000112 04 11 84 01 00", "ff09 000c 0131 0001 0002 0002 01020304", S7(PARAMETER)},
        {LONG("84", "02", "00"), "ff09 0002 0200", S7(REPLY)},
        {LONG("84", "03", "00"), "ff09 0002 0200", S7(FUNCTION)},
        {LONG("44", "01", "00"), SZL, S7(FUNCTION)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), SZL), OK);
        ck_reason(answer_ud(&rig, 2, rows[i].param, rows[i].data), rows[i].reason);
    }
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 0f11 0001"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), "ff09 0008 0f11 0000 001c 0004"), OK); /* the head alone */
}
END_TEST

/* As a snap7 server does: the list has more records than the PDU has room for, and no further part. */
START_TEST(test_s7_userdata__list_cut_by_the_pdu__passes)
{
    char data[1024];
    struct rig rig;
    rig_connect(&rig);
    ck_reason(ask(&rig, 1, "f0 00 0001 0001 0070", ""), OK);
    ck_reason(answer(&rig, 1, "f0 00 0001 0001 0070", ""), OK);
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 001c 0000"), OK);
    for (int shorter = 1; shorter >= 0; shorter--) {
        int n = snprintf(data, sizeof data, "ff09 %04x 001c 0000 0022 000a", 86 - shorter);
        for (int i = 8; i < 86 - shorter; i++)
            n += snprintf(data + n, sizeof data - (size_t)n, "00");
        ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), data), shorter ? S7(REPLY) : OK);
    }
}
END_TEST

START_TEST(test_s7_userdata__answer_by_the_client__called_so)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask_ud(&rig, 2, LONG("84", "01", "00"), SZL), S7(FUNCTION));
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_assert_uint_eq(rig.facts.function, S7_ROW_READ_SZL);
}
END_TEST

START_TEST(test_s7_userdata__zeros_behind_an_answer__relaxed)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask_ud(&rig, 2, SHORT("44", "02"), "ff09 000a 01 00 5553455231000000"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("84", "02", "02"), "ff09 0002 0200 0000"), S7(DATA));
    rig.dialog.relax = S7_RELAX_TRAILING_ZERO;
    ck_reason(answer_ud(&rig, 2, LONG("84", "02", "02"), "ff09 0002 0200 0001"), S7(DATA));
    ck_reason(answer_ud(&rig, 2, LONG("84", "02", "02"), "ff09 0002 0200 0000"), OK);
    ck_reason(ask_ud(&rig, 3, SHORT("44", "01"), SZL "00"), S7(DATA)); /* answers alone */
}
END_TEST

START_TEST(test_s7_userdata__answer_in_parts__fetched_by_its_sequence)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask_ud(&rig, 2, LONG("44", "01", "05"), NO_DATA), S7(TRANSFER));
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 0000 0000"), OK);
    ck_reason(answer_ud(&rig, 2, "000112 08 12 84 01 05 01 01 0000", "ff09 000a 0000 0000 0002 0070 0000"), OK);
    ck_reason(ask_ud(&rig, 3, LONG("44", "01", "06"), NO_DATA), S7(TRANSFER));
    ck_reason(ask_ud(&rig, 3, LONG("43", "02", "05"), NO_DATA), S7(TRANSFER)); /* of another function */
    ck_reason(ask_ud(&rig, 3, LONG("44", "01", "05"), NO_DATA), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7_SPACE_SZL); /* still judged by what was asked first */
    ck_assert_uint_eq(rig_fact(&rig)->first, 0);
    ck_reason(answer_ud(&rig, 3, LONG("84", "01", "05"), "ff09 0003 010203"), OK);
    ck_reason(ask_ud(&rig, 4, SHORT("43", "02"), "ff09 0002 3041"), OK);
    ck_reason(answer_ud(&rig, 4, "000112 08 12 83 02 07 01 01 0000", "ff09 0004 00012205"), OK);
    ck_reason(ask_ud(&rig, 5, LONG("43", "02", "07"), NO_DATA), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7_SPACE_BLOCK + 10);
    ck_assert_uint_eq(rig_fact(&rig)->last, S7_BLOCK_MAX);
}
END_TEST

START_TEST(test_s7_userdata__answer_without_data__says_why)
{
    static const struct {
        const char *data;
        enum ps_reason reason;
    } rows[] = {{NO_DATA, OK}, {"0500 0000", OK}, {"0200 0000", S7(DATA)}, {"0509 0000", S7(DATA)}, {"0500 0001 00", S7(DATA)}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "0500 0000"), S7(DATA)); /* no request says so */
        ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), SZL), OK);
        ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), rows[i].data), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_userdata__clock__decimals)
{
    static const struct {
        const char *clock;
        enum ps_reason reason;
    } rows[] = {
        {"00 19 14 12 31 23 59 59 9999", OK},      {"00 20 26 01 01 00 00 00 0001", OK},
        {"00 1a 14 12 31 23 59 59 9999", S7(DATA)}, {"00 19 14 13 31 23 59 59 9999", S7(DATA)},
        {"00 19 14 12 32 23 59 59 9999", S7(DATA)}, {"00 19 14 12 31 24 59 59 9999", S7(DATA)},
        {"00 19 14 12 31 23 60 59 9999", S7(DATA)}, {"00 19 14 12 31 23 59 60 9999", S7(DATA)},
        {"00 19 14 12 31 23 59 59 999a", S7(DATA)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char data[64];
        struct rig rig;
        rig_open(&rig);
        snprintf(data, sizeof data, "ff09 000a %s", rows[i].clock);
        ck_reason(ask_ud(&rig, 2, SHORT("47", "04"), data), rows[i].reason);
        ck_assert_uint_eq(rig.facts.item[0].op, PS_OP_TIME);
        ck_reason(ask_ud(&rig, 3, SHORT("47", "03"), NO_DATA), OK);
        ck_reason(answer_ud(&rig, 3, LONG("87", "03", "00"), data), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_userdata__messages__events_once_subscribed)
{
    static const struct {
        const char *param, *data, *name;
    } rows[] = {
        {"000112 04 11 04 03 00", "ff09 0014 4304ff8400000000000000009401092153421521", "diagnostic-message"},
        {"000112 08 12 04 12 00 00 00 0000", "ff09 0002 0101", "alarm-s"},
        {"01 00 10 01 00 00 00 07", "", "mode-transition"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(answer_ud(&rig, 0, rows[i].param, rows[i].data), S7(SUBSCRIPTION));
        ck_reason(ask_ud(&rig, 2, SHORT("44", "02"), "ff09 000c 0300 61736d6573730000 0000"), OK);
        ck_reason(answer_ud(&rig, 0, rows[i].param, rows[i].data), S7(SUBSCRIPTION)); /* not granted yet */
        ck_reason(answer_ud(&rig, 2, LONG("84", "02", "01"), "ff09 0002 0200"), OK);
        ck_reason(answer_ud(&rig, 1, rows[i].param, rows[i].data), S7(PARAMETER)); /* a reference */
        ck_reason(ask_ud(&rig, 0, rows[i].param, rows[i].data), S7(FUNCTION));     /* the wrong way */
        ck_reason(answer_ud(&rig, 0, rows[i].param, rows[i].data), OK);
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
        ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_EVENT);
        ck_assert_str_eq(s7_functions[rig_fact(&rig)->function].name, rows[i].name);
    }
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(answer_ud(&rig, 0, "01 00 10 01 00 00 00 07", ""), OK);
    ck_reason(answer_ud(&rig, 0, "01 00 11 01 00 00 00 07", ""), S7(PARAMETER));
    ck_reason(answer_ud(&rig, 0, "01 00 10 01 00 00 00 07", "00"), S7(HEADER));
    ck_reason(answer_ud(&rig, 0, "000112 04 11 04 01 00", SZL), S7(FUNCTION));
}
END_TEST

UNIT_MAIN("s7comm/userdata", test_s7_userdata__head__each_field_judged, test_s7_userdata__lists__objects,
          test_s7_userdata__answers__judged, test_s7_userdata__list_cut_by_the_pdu__passes,
          test_s7_userdata__answer_by_the_client__called_so,
          test_s7_userdata__zeros_behind_an_answer__relaxed,
          test_s7_userdata__answer_in_parts__fetched_by_its_sequence,
          test_s7_userdata__answer_without_data__says_why, test_s7_userdata__clock__decimals,
          test_s7_userdata__messages__events_once_subscribed)
