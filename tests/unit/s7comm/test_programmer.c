/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define PARAMS "0000000000010000000000010001000100010000" /* 20 octets that are not read */

/* Programmer command `sub` with that data. */
static enum ps_reason command(struct rig *rig, unsigned sub, const char *body)
{
    static uint8_t octets[2048];
    char param[64], data[2048];
    uint32_t n = rig_hex(body, octets);
    snprintf(param, sizeof param, "000112 08 12 41 %02x 00 00 00 0000", sub);
    snprintf(data, sizeof data, "ff09 %04x 0014 %04x " PARAMS "%s", n + 24, n, body);
    return ask_ud(rig, 2, param, data);
}

START_TEST(test_s7_programmer__variables__objects)
{
    static const struct {
        const char *variable;
        uint32_t space, first, last;
        uint16_t choice;
    } rows[] = {
        {"00 01 0000 0013", S7_SPACE_M, 19, 19, 2},         {"01 06 0000 0002", S7_SPACE_M, 16, 63, 3},
        {"12 01 0000 0004", S7_SPACE_I, 32, 47, 5},         {"23 02 0000 0000", S7_SPACE_Q, 0, 63, 7},
        {"31 01 0000 0000", S7_SPACE_P, 0, 7, 3},           {"54 02 0000 0005", S7_SPACE_T, 5, 6, 30},
        {"64 01 0000 0001", S7_SPACE_C, 1, 1, 29},          {"71 01 0009 0000", S7_SPACE_DB + 9, 0, 7, 3},
        {"71 01 0009 ffff", S7_SPACE_DB + 9, 0x7fff8, 0x7ffff, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[64];
        struct rig rig;
        rig_open(&rig);
        snprintf(body, sizeof body, "0001 %s", rows[i].variable);
        ck_reason(command(&rig, 2, body), OK);
        const struct ps_fact *fact = rig_fact(&rig);
        ck_assert_uint_eq(fact->op, PS_OP_READ);
        ck_assert_uint_eq(fact->space, rows[i].space);
        ck_assert_uint_eq(fact->first, rows[i].first);
        ck_assert_uint_eq(fact->last, rows[i].last);
        ck_assert_uint_eq(fact->choice, rows[i].choice);
    }
}
END_TEST

START_TEST(test_s7_programmer__variables_malformed__refused)
{
    static const struct {
        const char *body;
        enum ps_reason reason;
    } rows[] = {
        {"0000", S7(ITEM)},
        {"0001 04 01 0000 0000", S7(TYPE)},
        {"0001 01 00 0000 0000", S7(TYPE)},
        {"0001 00 02 0000 0000", S7(TYPE)},
        {"0001 51 01 0000 0000", S7(TYPE)},
        {"0001 41 01 0000 0000", S7(ADDRESS)},
        {"0001 81 01 0000 0000", S7(ADDRESS)},
        {"0001 71 01 0000 0000", S7(ADDRESS)},
        {"0001 54 02 0000 ffff", S7(ADDRESS)}, /* timer 65536 */
        {"0001 01 01 0001 0000", S7(ADDRESS)},
        {"0001 73 01 0001 fffd", S7(ADDRESS)},
        {"0001 01 01 0000", PS_REASON_TRUNCATED},
        {"0001 01 01 0000 0000 00", PS_REASON_SURPLUS},
        {"0002 01 01 0000 0000", PS_REASON_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(command(&rig, 2, rows[i].body), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_programmer__modify_variable__values)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(command(&rig, 8, "0002 03 01 0000 0000 00 01 0000 0008 0009 0004 4133851f 0009 0001 01 00"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[0].op, PS_OP_WRITE);
    ck_assert_uint_eq(rig.facts.item[0].values.kind, PS_VALUE_U32BE);
    ck_assert_uint_eq(rig.facts.item[1].values.kind, PS_VALUE_U8);
    ck_assert_uint_eq(rig.facts.item[1].values.data[0], 1);
    ck_reason(command(&rig, 8, "0001 01 01 0000 0000 0109 0001 01 00"), S7(DATA));
    ck_reason(command(&rig, 8, "0001 01 01 0000 0000 0004 0001 01 00"), S7(DATA));
    ck_reason(command(&rig, 8, "0001 01 01 0000 0000 0009 0002 0101"), S7(DATA));
    ck_reason(command(&rig, 8, "0001 01 01 0000 0000 0009 0001 01 01"), S7(DATA)); /* pad */
    ck_reason(command(&rig, 8, "0001 00 01 0000 0000 0009 0001 02 00"), S7(DATA)); /* a bit of 2 */
    ck_reason(command(&rig, 8, "0001 54 01 0000 0000 0009 0002 2100"), S7(REFERENCE)); /* sound, but 2 is open */
}
END_TEST

START_TEST(test_s7_programmer__what_is_not_understood__unseen)
{
    static const struct {
        unsigned sub;
        uint8_t op, kind;
    } rows[] = {
        {0x01, PS_OP_DIAGNOSE, PS_VALUE_NONE}, {0x07, PS_OP_READ, PS_VALUE_NONE},
        {0x09, PS_OP_CONTROL, PS_VALUE_UNKNOWN}, {0x0a, PS_OP_CONTROL, PS_VALUE_UNKNOWN},
        {0x0c, PS_OP_CONTROL, PS_VALUE_UNKNOWN}, {0x12, PS_OP_WRITE, PS_VALUE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(command(&rig, rows[i].sub, "0102"), OK);
        ck_assert_uint_eq(rig_fact(&rig)->op, rows[i].op);
        ck_assert_uint_eq(rig_fact(&rig)->values.kind, rows[i].kind);
    }
}
END_TEST

/* Who begins or ends a job needs what the job itself needs. */
START_TEST(test_s7_programmer__jobs__known_and_of_their_class)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(command(&rig, 0x0e, "0802"), S7(SUBSCRIPTION));
    ck_reason(command(&rig, 8, "0001 01 01 0000 0000 0009 0001 01 00"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("81", "08", "02"), NO_DATA), OK);
    ck_reason(command(&rig, 0x0e, "0803"), S7(SUBSCRIPTION));
    ck_reason(command(&rig, 0x0e, "0202"), S7(SUBSCRIPTION)); /* not under another name */
    ck_reason(command(&rig, 0x0e, "1402"), S7(FUNCTION));
    ck_reason(command(&rig, 0x0e, "0802"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7_ROW_ENABLE_JOB);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_WRITE);
    ck_reason(answer_ud(&rig, 2, LONG("81", "0e", "02"), NO_DATA), OK);
    ck_reason(command(&rig, 0x0f, "0001 0802"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_WRITE);
    ck_reason(answer_ud(&rig, 2, LONG("81", "0f", "02"), NO_DATA), OK);
    ck_reason(command(&rig, 0x0f, "0000"), S7(ITEM));
    ck_reason(command(&rig, 0x0f, "0002 0802"), PS_REASON_TRUNCATED);
}
END_TEST

START_TEST(test_s7_programmer__indications_of_jobs__of_known_ones)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(answer_ud(&rig, 0, LONG("01", "02", "02"), "ff09 0002 0102"), S7(SUBSCRIPTION));
    ck_reason(command(&rig, 2, "0001 01 01 0000 0000"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("81", "02", "02"), NO_DATA), OK);
    ck_reason(answer_ud(&rig, 0, LONG("01", "02", "02"), "ff09 0002 0102"), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY); /* what the job asked for */
    ck_assert_uint_eq(rig.facts.n_facts, 0);
    ck_reason(answer_ud(&rig, 0, LONG("01", "02", "03"), "ff09 0002 0102"), S7(SUBSCRIPTION));
    ck_reason(answer_ud(&rig, 0, LONG("01", "15", "02"), "ff09 0002 0102"), S7(FUNCTION));
}
END_TEST

START_TEST(test_s7_cyclic__subscribed__until_it_is_ended)
{
    const char *items = "ff09 0012 0001 01 01 120c b0 02 05 0051 0172 04 0083 0148", *data = "ff09 000c 0001 ff09 0006 "
                                                                                          "ff43f6903560";
    struct rig rig;
    rig_open(&rig);
    ck_reason(answer_ud(&rig, 0, LONG("02", "05", "03"), data), S7(SUBSCRIPTION));
    ck_reason(ask_ud(&rig, 2, SHORT("42", "05"), items), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[1].space, S7_SPACE_DB + 0x83);
    ck_assert_uint_eq(rig.facts.item[1].op, PS_OP_READ);
    ck_reason(answer_ud(&rig, 2, LONG("82", "05", "03"), "ff09 0016 0002 ff09 0006 ff43f6903560 ff09 0006 ff43f6903560"),
              S7(REPLY));
    ck_reason(answer_ud(&rig, 2, LONG("82", "05", "03"), data), OK);
    ck_reason(answer_ud(&rig, 0, LONG("02", "05", "03"), data), OK);
    ck_reason(answer_ud(&rig, 0, LONG("02", "07", "03"), data), OK);
    ck_reason(answer_ud(&rig, 0, LONG("02", "05", "04"), data), S7(SUBSCRIPTION));
    ck_reason(answer_ud(&rig, 0, LONG("02", "05", "03"), "ff09 000c 0001 0509 0006 ff43f6903560"), S7(DATA));
    ck_reason(ask_ud(&rig, 4, SHORT("42", "04"), "ff09 0002 0603"), S7(FUNCTION));
    ck_reason(ask_ud(&rig, 4, SHORT("42", "04"), "ff09 0002 0503"), OK);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(answer_ud(&rig, 4, LONG("82", "04", "03"), NO_DATA), OK);
    ck_reason(answer_ud(&rig, 0, LONG("02", "05", "03"), data), S7(SUBSCRIPTION));
}
END_TEST

UNIT_MAIN("s7comm/programmer", test_s7_programmer__variables__objects,
          test_s7_programmer__variables_malformed__refused, test_s7_programmer__modify_variable__values,
          test_s7_programmer__what_is_not_understood__unseen,
          test_s7_programmer__jobs__known_and_of_their_class,
          test_s7_programmer__indications_of_jobs__of_known_ones, test_s7_cyclic__subscribed__until_it_is_ended)
