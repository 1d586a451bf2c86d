/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define TO_SERVER PS_TO_SERVER
#define TO_CLIENT PS_TO_CLIENT

START_TEST(test_s7_cotp__connect_request__station_of_the_called_tsap)
{
    static const struct {
        const char *tpdu;
        uint32_t station;
    } rows[] = {
        {RIG_CR, 0x0201},
        {"e0 0000 ffff 00 c1020100 c2020300 c00107", 0x0003}, /* any order */
        {"e0 0000 0000 00 c2024d57", 0x574d},
        {"e0 0000 0001 00 c1100102030405060708090a0b0c0d0e0f10 c2020221 c0010d", 0x2102},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, rows[i].tpdu), OK);
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
        ck_assert_uint_eq(rig.facts.n_facts, 1);
        ck_assert_uint_eq(rig.facts.item[0].op, PS_OP_SESSION);
        ck_assert(rig.facts.item[0].housekeeping);
        ck_assert_uint_eq(rig.facts.item[0].station, rows[i].station);
        ck_assert_uint_eq(s7_station(&rig.state), rows[i].station);
    }
}
END_TEST

START_TEST(test_s7_cotp__malformed_connect_request__refused)
{
    static const struct {
        const char *tpdu;
        enum ps_reason reason;
    } rows[] = {
        {"e0 0001 0001 00 c2020102", S7(COTP)},                  /* destination reference */
        {"e0 0000 0001 02 c2020102", S7(COTP)},                  /* option */
        {"e0 0000 0001 40 c2020102", S7(COTP)},                  /* class 4 */
        {"e0 0000 0001 00", S7(TSAP)},                           /* calls nobody */
        {"e0 0000 0001 00 c1020100", S7(TSAP)},
        {"e0 0000 0001 00 c2020102 c2020102", S7(COTP)},         /* twice */
        {"e0 0000 0001 00 c2020102 c0010a c0010a", S7(COTP)},
        {"e0 0000 0001 00 c2020102 c00106", S7(COTP)},
        {"e0 0000 0001 00 c2020102 c0010e", S7(COTP)},
        {"e0 0000 0001 00 c2020102 c0020a0a", PS_REASON_SURPLUS},
        {"e0 0000 0001 00 c2020102 c000", PS_REASON_TRUNCATED},
        {"e0 0000 0001 00 c2020102 c100", S7(COTP)},
        {"e0 0000 0001 00 c2020102 c4010a", S7(COTP)},           /* version: not of class 0 */
        {"e0 0000 0001 00 c20201", PS_REASON_TRUNCATED},
        {"e0 0000 0001 00 c2020102 c0", PS_REASON_TRUNCATED},
        {"e0 0000 0001 00 c2020102 c1 11 0102030405060708090a0b0c0d0e0f1011", S7(COTP)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, rows[i].tpdu), rows[i].reason);
        ck_assert_uint_eq(rig.state.phase, S7_PHASE_NEW);
    }
}
END_TEST

START_TEST(test_s7_cotp__request_refused__called_by_its_station)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CR), S7(SEQUENCE));
    ck_assert_uint_eq(rig.facts.station, 0x0201);
    ck_reason(rig_tpdu(&rig, TO_SERVER, "e0 0000 0001 00 c1020100"), S7(TSAP));
    ck_assert_uint_eq(rig.facts.station, S7_STATION_UNKNOWN);
}
END_TEST

START_TEST(test_s7_cotp__confirm__mirrors_the_request)
{
    static const struct {
        const char *tpdu;
        enum ps_reason reason;
    } rows[] = {
        {"d0 0001 0044 00 c00109 c1020100 c2020102", OK}, /* a smaller TPDU */
        {"d0 0001 0044 00", OK},
        {"d0 0002 0044 00", S7(COTP)},
        {"d0 0001 0044 01", S7(COTP)},
        {"d0 0001 0044 00 c0010b", S7(COTP)},
        {"d0 0001 0044 00 c1020101", S7(TSAP)},
        {"d0 0001 0044 00 c2020100", S7(TSAP)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), OK);
        ck_reason(rig_tpdu(&rig, TO_CLIENT, rows[i].tpdu), rows[i].reason);
        ck_assert_uint_eq(rig.facts.n_facts, 0);
        ck_assert_uint_eq(rig.state.phase, rows[i].reason == OK ? S7_PHASE_OPEN : S7_PHASE_ASKED);
    }
}
END_TEST

START_TEST(test_s7_cotp__out_of_order__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CR), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CC), S7(SEQUENCE));
    ck_reason(rig_data(&rig, TO_SERVER, "32010000"), S7(SEQUENCE));
    ck_reason(rig_raw(&rig, TO_SERVER, "0300000702f000"), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), OK);
    ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CC), S7(SEQUENCE));
    ck_reason(rig_data(&rig, TO_SERVER, "32010000"), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CC), OK);
    ck_assert_uint_eq(rig.facts.station, 0x0201); /* of the request */
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CC), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), S7(SEQUENCE));
}
END_TEST

START_TEST(test_s7_cotp__confirm_or_refusal__station_of_the_request)
{
    static const char *const answers[] = {RIG_CC, "80 0001 0000 00"};
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), OK);
        ck_reason(rig_tpdu(&rig, TO_CLIENT, answers[i]), OK);
        ck_assert_uint_eq(rig.facts.station, s7_station(&rig.state));
        ck_assert_uint_eq(rig.facts.station, 0x0201);
    }
}
END_TEST

START_TEST(test_s7_cotp__joined_late__anything_first)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_assert_uint_eq(s7_station(&rig.state), S7_STATION_UNKNOWN);
    ck_reason(rig_raw(&rig, TO_SERVER, "0300000702f000"), OK);
    ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CC), OK);
    ck_assert_uint_eq(s7_station(&rig.state), 0x0201); /* confirmations name it too */
}
END_TEST

START_TEST(test_s7_cotp__disconnect__the_end)
{
    struct rig rig;
    rig_connect(&rig);
    ck_reason(rig_tpdu(&rig, TO_CLIENT, "c0 0001 0044"), S7(SEQUENCE)); /* of nothing */
    ck_reason(rig_tpdu(&rig, TO_SERVER, "80 0044 0001 80"), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
    ck_assert(rig.facts.item[0].housekeeping);
    ck_reason(rig_tpdu(&rig, TO_CLIENT, "c0 0001 0044"), OK);
    ck_reason(rig_data(&rig, TO_SERVER, "32010000"), S7(SEQUENCE));
    ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), S7(SEQUENCE));
}
END_TEST

START_TEST(test_s7_cotp__refused_connection__a_refusal)
{
    static const char *const refusals[] = {"80 0001 0000 00", "70 0001 00 c100"};
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, RIG_CR), OK);
        ck_reason(rig_tpdu(&rig, TO_CLIENT, refusals[i]), OK);
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_REFUSAL);
        ck_reason(rig_tpdu(&rig, TO_CLIENT, RIG_CC), S7(SEQUENCE));
    }
}
END_TEST

UNIT_MAIN("s7comm/cotp", test_s7_cotp__connect_request__station_of_the_called_tsap,
          test_s7_cotp__malformed_connect_request__refused, test_s7_cotp__request_refused__called_by_its_station,
          test_s7_cotp__confirm__mirrors_the_request, test_s7_cotp__out_of_order__refused,
          test_s7_cotp__confirm_or_refusal__station_of_the_request, test_s7_cotp__joined_late__anything_first,
          test_s7_cotp__disconnect__the_end, test_s7_cotp__refused_connection__a_refusal)
