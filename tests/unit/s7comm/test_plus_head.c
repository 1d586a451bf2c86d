/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus_rig.h"
#include "unit.h"

#define GET "000000c9 01 880d" END

START_TEST(test_s7p_head__opcode__by_direction)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_data(&rig, PS_TO_SERVER, 2, "32 0000 04fc 0000 0002 34 00" ZEROS), S7P(OPCODE));
    ck_reason(plus_data(&rig, PS_TO_SERVER, 2, "33 1000006a 0400 0000"), S7P(OPCODE));
    ck_reason(plus_data(&rig, PS_TO_SERVER, 2, "02 0000 04f2 0000 0002 34 00" ZEROS), S7P(OPCODE));
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "31 0000 04fc 0000 0002 00000398 34" GET), S7P(OPCODE));
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "34 0000 04fc 0000 0002 34 00"), S7P(OPCODE));
}
END_TEST

START_TEST(test_s7p_head__unknown_function__refused)
{
    static const unsigned codes[] = {0, 0x04b1, 0x05a9, 0x04bc, 0x0564, 0xffff, 0x33, 0xe0};
    struct rig rig;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        plus_open(&rig, CR_HMI);
        ck_reason(plus_ask(&rig, codes[i], 2, GET), S7P(FUNCTION));
        ck_assert_uint_eq(rig.facts.code, codes[i]);
    }
    ck_reason(plus_answer(&rig, 0x04bc, 2), S7P(FUNCTION));
}
END_TEST

START_TEST(test_s7p_session__none_yet__only_tls_or_its_creation)
{
    static const struct {
        struct plus_request request;
        enum ps_reason reason;
    } rows[] = {
        {{1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}, OK},
        {{1, 0x04ca, 1, 289, 0x36, CREATE_SESSION}, S7P(SESSION)},
        {{1, 0x04ca, 1, 0, 0x36, CREATE_SESSION}, S7P(SESSION)},
        {{2, 0x04ca, 1, 288, 0x36, CREATE_SESSION}, S7P(VERSION)},
        {{3, 0x04ca, 1, 288, 0x36, CREATE_SESSION}, S7P(VERSION)},
        {{1, 0x05b3, 1, 0, 0x30, ZEROS}, OK},
        {{1, 0x05b3, 1, 288, 0x30, ZEROS}, S7P(SESSION)},
        {{1, 0x04fc, 1, 288, 0x34, GET}, S7P(SESSION)},
        {{2, 0x04fc, 1, SESSION, 0x34, GET}, S7P(SESSION)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_connect(&rig, CR_HMI);
        ck_reason(plus_send(&rig, rows[i].request), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7p_session__open__its_id_in_every_request)
{
    static const struct {
        struct plus_request request;
        enum ps_reason reason;
    } rows[] = {
        {{2, 0x04fc, 2, SESSION, 0x34, GET}, OK},
        {{2, 0x04fc, 2, SESSION + 1, 0x34, GET}, S7P(SESSION)},
        {{2, 0x04fc, 2, 288, 0x34, GET}, S7P(SESSION)},
        {{1, 0x04ca, 2, 288, 0x36, CREATE_SESSION}, S7P(SESSION)},
        {{1, 0x04fc, 2, SESSION, 0x34, GET}, S7P(VERSION)},
        {{3, 0x04fc, 2, SESSION, 0x34, GET}, OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_open(&rig, CR_HMI);
        ck_reason(plus_send(&rig, rows[i].request), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7p_version__goes_down__refused)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_send(&rig, (struct plus_request){3, 0x04fc, 2, SESSION, 0x34, GET}), OK);
    ck_reason(plus_ask(&rig, 0x04fc, 3, GET), S7P(VERSION));
    ck_reason(plus_answer(&rig, 0x04fc, 2), OK);
    ck_reason(plus_send(&rig, (struct plus_request){3, 0x04fc, 3, SESSION, 0x34, GET}), OK);
    ck_reason(plus_reply(&rig, 1, 0x32, 0x04fc, 3, "00" ZEROS), S7P(VERSION));
}
END_TEST

START_TEST(test_s7p_session__deleted__another_may_be_opened)
{
    struct rig rig;
    plus_subscribe(&rig);
    ck_reason(plus_ask(&rig, 0x04d4, 3, "00000398 00" END), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_DELETE_SESSION);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04d4, 3, "00 00000398" ZEROS), OK);
    ck_assert_uint_eq(rig.state.plus.session, 0);
    ck_assert_uint_eq(rig.state.plus.n_own, 0);
    ck_reason(plus_ask(&rig, 0x04fc, 4, GET), S7P(SESSION));
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
}
END_TEST

/* The PLC says no: there is no session, or still one. */
START_TEST(test_s7p_session__refused__nothing_changes)
{
    struct rig rig;
    plus_connect(&rig, CR_HMI);
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
    ck_reason(plus_reply(&rig, 1, 0x32, 0x04b1, 1, "8080" ZEROS), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REFUSAL);
    ck_assert_uint_eq(rig.facts.function, S7P_ROW_CREATE_SESSION);
    ck_assert_uint_eq(rig.state.plus.session, 0);
    plus_open(&rig, CR_HMI);
    ck_reason(plus_ask(&rig, 0x04d4, 2, "00000398 00" END), OK);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x05a9, 2, "8080" ZEROS), OK);
    ck_assert_uint_eq(rig.state.plus.session, SESSION);
}
END_TEST

START_TEST(test_s7p_sequence__not_ahead__refused)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_ask(&rig, 0x04fc, 1, GET), S7P(SEQUENCE));
    ck_reason(plus_ask(&rig, 0x04fc, 0x8001, GET), S7P(SEQUENCE));
    ck_reason(plus_ask(&rig, 0x04fc, 0x8000, GET), OK);
    ck_reason(plus_ask(&rig, 0x04fc, 0x8000, GET), S7P(SEQUENCE));
    ck_reason(plus_ask(&rig, 0x04fc, 0xffff, GET), OK);
    ck_reason(plus_ask(&rig, 0x04fc, 0, GET), OK);
    ck_assert_uint_eq(rig.facts.transaction, 0);
}
END_TEST

START_TEST(test_s7p_outstanding__as_many_as_the_rule_says)
{
    static const uint16_t limits[] = {0, 1, 5, 32};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rig rig;
        plus_open(&rig, CR_HMI);
        rig.dialog.max_outstanding = limits[i];
        unsigned most = limits[i] ? limits[i] : S7P_OUTSTANDING_DEFAULT;
        for (unsigned k = 0; k < most; k++)
            ck_reason(plus_ask(&rig, 0x04fc, 2 + k, GET), OK);
        ck_reason(plus_ask(&rig, 0x04fc, 2 + most, GET), S7P(OUTSTANDING));
        ck_reason(plus_answer(&rig, 0x04fc, 2 + most / 2), OK); /* in any order */
        ck_reason(plus_ask(&rig, 0x04fc, 2 + most, GET), OK);
        rig.dialog.now_ns += UINT64_C(61000000000); /* all have expired */
        for (unsigned k = 1; k <= most; k++)
            ck_reason(plus_ask(&rig, 0x04fc, 2 + most + k, GET), OK);
        ck_reason(plus_ask(&rig, 0x04fc, 3 + 2 * most, GET), S7P(OUTSTANDING));
    }
}
END_TEST

START_TEST(test_s7p_answer__does_not_fit__refused)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_answer(&rig, 0x04fc, 2), S7P(UNSOLICITED));
    ck_reason(plus_ask(&rig, 0x04fc, 2, GET), OK);
    ck_reason(plus_answer(&rig, 0x04fc, 3), S7P(UNSOLICITED));
    ck_reason(plus_answer(&rig, 0x054c, 2), S7P(REPLY));
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04fc, 2, "8700" ZEROS), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_assert_uint_eq(rig.facts.status, 0x380);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
    ck_reason(plus_answer(&rig, 0x04fc, 2), S7P(UNSOLICITED));
    ck_reason(plus_ask(&rig, 0x04fc, 3, GET), OK);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "32 0001 04fc 0000 0003 34 00"), S7P(FRAME));
}
END_TEST

/* Version 2 answers writes that want no answer, by another opcode; version 3 does not. */
START_TEST(test_s7p_answer__to_silent_writes__only_by_their_opcode)
{
    struct rig rig;
    struct plus_request credit = {2, 0x04f2, 3, SESSION, 0x74, SUBSCRIPTION "01 881d 0007 0006" QUALIFIER "00" ZEROS};
    plus_subscribe(&rig);
    ck_reason(plus_reply(&rig, 2, 0x02, 0x04f2, 3, "00" ZEROS), S7P(UNSOLICITED));
    ck_reason(plus_send(&rig, credit), OK);
    ck_assert_uint_eq(rig.state.plus.n_requests, 0);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04f2, 3, "00" ZEROS), S7P(UNSOLICITED));
    ck_reason(plus_reply(&rig, 2, 0x02, 0x054c, 3, "00" ZEROS), S7P(UNSOLICITED));
    ck_reason(plus_reply(&rig, 2, 0x02, 0x04f2, 3, "00" ZEROS), OK);
    ck_reason(plus_reply(&rig, 2, 0x02, 0x04f2, 3, "00" ZEROS), S7P(UNSOLICITED));
    for (credit.sequence = 4; credit.sequence < 400; credit.sequence++)
        ck_reason(plus_send(&rig, credit), OK);
}
END_TEST

START_TEST(test_s7p_notification__of_a_subscription__event)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "33 1000006a 0400 0000 0000 01"), S7P(UNSOLICITED));
    plus_subscribe(&rig);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "33 1000006a 0400 0000 0000 01"), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_EVENT);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "33 1000006b 0400 0000 0000 01"), S7P(UNSOLICITED));
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 1, "33 1000006a 0400 0000 0000 01"), S7P(VERSION));
    ck_reason(plus_ask(&rig, 0x04d4, 3, SUBSCRIPTION "00" END), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_DELETE_SUBSCRIPTION);
    ck_reason(plus_answer(&rig, 0x04d4, 3), OK);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "33 1000006a 0400 0000 0000 01"), S7P(UNSOLICITED));
}
END_TEST

START_TEST(test_s7p_notification__nothing_created__nothing_remembered)
{
    struct rig rig;
    plus_subscribe(&rig);
    uint8_t n_own = rig.state.plus.n_own; /* the container too */
    ck_assert_uint_eq(n_own, 2);
    ck_reason(plus_ask(&rig, 0x04ca, 3, CREATE_SUBSCRIPTION), OK);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04ca, 3, "8700 00" ZEROS), OK);
    ck_reason(plus_ask(&rig, 0x04ca, 4, CREATE_SUBSCRIPTION), OK);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04ca, 4, SUBSCRIPTION_CREATED), OK); /* known */
    ck_reason(plus_ask(&rig, 0x04f2, 5,
                       SUBSCRIPTION "01 8818 2004 0a 8880948000 00 01 8880908002 01 00 52 00 9d18 09" QUALIFIER "00" ZEROS), OK);
    ck_reason(plus_reply(&rig, 2, 0x32, 0x04f2, 5, "00 01 05" ZEROS), OK);
    ck_assert_uint_eq(rig.state.plus.n_own, n_own);
}
END_TEST

/* More subscriptions than are remembered: their notifications pass. */
START_TEST(test_s7p_notification__many_subscriptions__any)
{
    struct rig rig;
    plus_subscribe(&rig);
    for (unsigned i = 0; i < S7P_OWN_MAX; i++) {
        char created[64];
        (void)snprintf(created, sizeof created, "00 01 8180808%x%x%x 00000000", 0, 7, i);
        ck_assert(!rig.state.plus.crowded || i >= S7P_OWN_MAX - 2);
        ck_reason(plus_ask(&rig, 0x04ca, 3 + i, CREATE_SUBSCRIPTION), OK);
        ck_reason(plus_reply(&rig, 2, 0x32, 0x04ca, 3 + i, created), OK);
    }
    ck_assert(rig.state.plus.crowded);
    ck_reason(plus_data(&rig, PS_TO_CLIENT, 2, "33 2000006b 0400 0000 0000 01"), OK);
}
END_TEST

UNIT_MAIN("s7comm/plus_head", test_s7p_head__opcode__by_direction, test_s7p_head__unknown_function__refused,
          test_s7p_session__none_yet__only_tls_or_its_creation, test_s7p_session__open__its_id_in_every_request,
          test_s7p_version__goes_down__refused, test_s7p_session__deleted__another_may_be_opened,
          test_s7p_session__refused__nothing_changes, test_s7p_sequence__not_ahead__refused,
          test_s7p_outstanding__as_many_as_the_rule_says, test_s7p_answer__does_not_fit__refused,
          test_s7p_answer__to_silent_writes__only_by_their_opcode, test_s7p_notification__of_a_subscription__event,
          test_s7p_notification__nothing_created__nothing_remembered, test_s7p_notification__many_subscriptions__any)
