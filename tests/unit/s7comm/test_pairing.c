/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define READ "04 01 120a10 02 0001 0001 84 000000"
#define SECOND UINT64_C(1000000000)

START_TEST(test_s7_pairing__wrong_answers__refused_without_trace)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), S7(UNSOLICITED));
    ck_reason(ask(&rig, 2, READ, ""), OK);
    ck_reason(answer(&rig, 3, "04 01", "ff04 0008 01"), S7(UNSOLICITED));
    ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), NO_DATA), S7(UNSOLICITED));
    ck_reason(answer(&rig, 2, "05 01", "ff"), S7(REPLY));
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), S7(UNSOLICITED));
}
END_TEST

START_TEST(test_s7_pairing__several_jobs__answered_in_any_order)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, READ, ""), OK);
    ck_reason(ask(&rig, 3, "04 02 120a10 04 0001 0001 84 000000 120a10 06 0001 0001 84 000000", ""), OK);
    ck_reason(ask(&rig, 4, "05 01 120a10 02 0001 0001 84 000000", "0004 0008 01"), OK);
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 0131 0001"), OK); /* references of their own */
    ck_reason(ask(&rig, 5, "04 01 120a10 05 0001 0001 84 000000", ""), OK);
    ck_assert_uint_eq(rig.state.classic.n_items, 4);
    ck_reason(answer(&rig, 3, "04 02", "ff04 0010 0001 ff04 0020 00000001"), OK);
    ck_reason(answer(&rig, 5, "04 01", "ff05 0010 0001"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), "ff09 000a 0131 0001 0002 0001 0102"), OK);
    ck_reason(answer(&rig, 4, "05 01", "ff"), OK);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
    ck_assert_uint_eq(rig.state.classic.n_pending, 0);
    ck_assert_uint_eq(rig.state.classic.n_items, 0);
}
END_TEST

START_TEST(test_s7_pairing__open_reference__not_used_again)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, READ, ""), OK);
    ck_reason(ask(&rig, 2, READ, ""), S7(REFERENCE));
    rig.dialog.now_ns += 61 * SECOND;
    ck_reason(ask(&rig, 2, READ, ""), OK); /* given up */
    ck_assert_uint_eq(rig.state.classic.n_pending, 1);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
}
END_TEST

/* The second number of the set-up bounds the client's jobs, and a rule may bound them further. */
START_TEST(test_s7_pairing__too_many_jobs__refused)
{
    static const struct {
        const char *setup;
        uint16_t ruled;
        unsigned allowed;
    } rows[] = {{"f0 00 0008 0003 01e0", 0, 3}, {"f0 00 0001 0008 01e0", 0, 8}, {"f0 00 0001 00ff 01e0", 0, 8},
                {"f0 00 0001 0008 01e0", 2, 2}, {"f0 00 0001 0001 01e0", 5, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_connect(&rig);
        ck_reason(ask(&rig, 1, rows[i].setup, ""), OK);
        ck_reason(answer(&rig, 1, rows[i].setup, ""), OK);
        rig.dialog.max_outstanding = rows[i].ruled;
        for (unsigned n = 0; n < rows[i].allowed; n++)
            ck_reason(ask(&rig, 10 + n, READ, ""), OK);
        ck_reason(ask(&rig, 30, READ, ""), S7(OUTSTANDING));
        ck_reason(ask_ud(&rig, 30, SHORT("44", "01"), "ff09 0004 0131 0001"), OK); /* no job */
        ck_reason(answer(&rig, 10, "04 01", "ff04 0008 01"), OK);
        ck_reason(ask(&rig, 30, READ, ""), OK);
    }
}
END_TEST

START_TEST(test_s7_pairing__too_much_to_remember__refused)
{
    struct rig rig;
    char param[2048] = "04 24 ";
    rig_connect(&rig);
    ck_reason(ask(&rig, 1, "f0 00 0008 0008 03c0", ""), OK);
    ck_reason(answer(&rig, 1, "f0 00 0008 0008 03c0", ""), OK);
    for (unsigned i = 0; i < 36; i++)
        strcat(param, "120a10 02 0001 0001 84 000000 ");
    for (unsigned i = 0; i < 4; i++)
        ck_reason(ask(&rig, 10 + i, param, ""), OK);
    ck_reason(ask(&rig, 20, param, ""), S7(OUTSTANDING)); /* 5 x 36 items */
    for (unsigned i = 0; i < S7_PENDING_MAX - 4; i++)
        ck_reason(ask_ud(&rig, 30 + i, SHORT("44", "01"), "ff09 0004 0131 0001"), OK);
    ck_reason(ask_ud(&rig, 60, SHORT("44", "01"), "ff09 0004 0131 0001"), S7(OUTSTANDING));
    rig.dialog.now_ns += 61 * SECOND;
    ck_reason(ask_ud(&rig, 60, SHORT("44", "01"), "ff09 0004 0131 0001"), OK); /* in the place of an expired one */
    ck_assert_uint_eq(rig.state.classic.n_pending, S7_PENDING_MAX);
    ck_assert_uint_eq(rig.state.classic.n_items, 3 * 36);
}
END_TEST

/* A PLC that has stopped answering does not make the connection useless for ever. */
START_TEST(test_s7_pairing__all_expired__room_again)
{
    struct rig rig;
    char param[2048] = "04 28 ";
    rig_connect(&rig);
    ck_reason(ask(&rig, 1, "f0 00 0008 0008 03c0", ""), OK);
    ck_reason(answer(&rig, 1, "f0 00 0008 0008 03c0", ""), OK);
    for (unsigned i = 0; i < 40; i++)
        strcat(param, "120a10 02 0001 0001 84 000000 ");
    for (unsigned i = 0; i < 4; i++)
        ck_reason(ask(&rig, 10 + i, param, ""), OK); /* 160 items */
    ck_reason(ask(&rig, 20, READ, ""), S7(OUTSTANDING));
    rig.dialog.now_ns += 61 * SECOND;
    ck_reason(ask(&rig, 20, param, ""), OK);
    ck_assert_uint_eq(rig.state.classic.n_pending, 4); /* the oldest went, the others may still be answered */
    ck_reason(answer(&rig, 10, "04 01", "ff04 0008 01"), S7(UNSOLICITED));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){3, 11, 0x8104, "04 00", ""}), OK);
}
END_TEST

START_TEST(test_s7_pairing__refusals__both_forms)
{
    static const struct {
        struct rig_pdu pdu;
        enum ps_reason reason;
    } rows[] = {
        {{2, 2, 0xd241, "", ""}, OK},       {{3, 2, 0xd2a9, "28 02", ""}, S7(REPLY)}, {{3, 2, 0x8104, "04 00", ""}, OK},
        {{3, 2, 0x8104, "04", ""}, OK},     {{3, 2, 0x8104, "", ""}, OK},             {{2, 2, 0, "", ""}, S7(HEADER)},
        {{2, 2, 1, "04", ""}, S7(HEADER)},  {{2, 2, 1, "", "00"}, S7(HEADER)},        {{3, 2, 1, "04 00 00", ""}, S7(HEADER)},
        {{3, 2, 1, "04", "0a"}, S7(HEADER)}, {{3, 2, 1, "05", ""}, S7(REPLY)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, READ, ""), OK);
        ck_reason(rig_send(&rig, PS_TO_CLIENT, rows[i].pdu), rows[i].reason);
        if (rows[i].reason != OK)
            continue;
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_REFUSAL);
        ck_assert_uint_eq(rig.facts.function, S7_ROW_READ_VAR);
        ck_assert_uint_eq(rig.facts.error, rows[i].pdu.error >> 8);
        ck_assert_uint_eq(rig.state.classic.n_pending, 0);
    }
}
END_TEST

START_TEST(test_s7_pairing__refused_service__of_that_service)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "28 000000000000fd 0000 05 5f47415242", ""), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){3, 2, 0xd2a9, "29 02", ""}), S7(REPLY));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){3, 2, 0xd2a9, "28 02", ""}), OK);
    ck_assert_uint_eq(rig.facts.function, S7_ROW_COMPRESS_MEMORY);
}
END_TEST

START_TEST(test_s7_pairing__joined_late__answers_pass_until_the_first_pair)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
    ck_reason(answer(&rig, 2, "28", ""), OK);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0009 01"), S7(DATA)); /* but not any */
    ck_reason(ask(&rig, 3, READ, ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->station, S7_STATION_UNKNOWN);
    ck_reason(answer(&rig, 3, "04 01", "ff04 0010 0001"), OK); /* of an unseen job with that reference */
    ck_assert_uint_eq(rig.state.classic.n_pending, 1);
    ck_reason(answer(&rig, 3, "04 01", "ff04 0008 01"), OK);
    ck_reason(answer(&rig, 3, "04 01", "ff04 0008 01"), S7(UNSOLICITED));
    ps_s7comm.gap(&rig.dialog);
    ck_reason(answer(&rig, 3, "04 01", "ff04 0008 01"), OK);
}
END_TEST

/* Client to server there are answers to the PLC's jobs alone. */
START_TEST(test_s7_pairing__answers_of_the_client__unsolicited)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(rig_send(&rig, PS_TO_SERVER, (struct rig_pdu){3, 2, 0, "1b 00", "0001 00fb 00"}), S7(UNSOLICITED));
    ck_reason(rig_send(&rig, PS_TO_SERVER, (struct rig_pdu){2, 2, 1, "", ""}), S7(UNSOLICITED));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){1, 2, 0, READ, ""}), S7(FUNCTION));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){1, 2, 0, "28 000000000000fd 0000 05 5f47415242", ""}), S7(FUNCTION));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){7, 2, 0, SHORT("44", "01"), "ff09 0004 0131 0001"}), S7(FUNCTION));
    ck_reason(rig_send(&rig, PS_TO_SERVER, (struct rig_pdu){7, 2, 0, LONG("84", "01", "00"), NO_DATA}), S7(FUNCTION));
}
END_TEST

UNIT_MAIN("s7comm/pairing", test_s7_pairing__wrong_answers__refused_without_trace,
          test_s7_pairing__several_jobs__answered_in_any_order, test_s7_pairing__open_reference__not_used_again,
          test_s7_pairing__too_many_jobs__refused, test_s7_pairing__too_much_to_remember__refused,
          test_s7_pairing__all_expired__room_again,
          test_s7_pairing__refusals__both_forms, test_s7_pairing__refused_service__of_that_service,
          test_s7_pairing__joined_late__answers_pass_until_the_first_pair,
          test_s7_pairing__answers_of_the_client__unsolicited)
