/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus_rig.h"
#include "unit.h"

#define TO_SERVER PS_TO_SERVER
#define TO_CLIENT PS_TO_CLIENT

START_TEST(test_s7p_connect__named_tsap__station)
{
    static const struct {
        const char *tpdu;
        enum ps_reason reason;
        uint32_t station;
    } rows[] = {
        {CR_HMI, OK, S7P_STATION_HMI},
        {CR_ES, OK, S7P_STATION_ES},
        {CR_OTH, OK, S7P_STATION_OTHER},
        {"e0 0000 0009 00 c110 534e4f50434330303032303030303031 c210" TSAP_OTH, OK, S7P_STATION_OTHER},
        {"e0 0000 0009 00 c210 53494d415449432d524f4f542d484d4a", S7(TSAP), 0}, /* nobody of that name */
        {"e0 0000 0009 00 c20f 53494d415449432d524f4f542d484d", S7(TSAP), 0},
        {"e0 0000 0009 00 c20153", S7(TSAP), 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(rig_tpdu(&rig, TO_SERVER, rows[i].tpdu), rows[i].reason);
        if (rows[i].reason != OK)
            continue;
        ck_assert_uint_eq(rig.facts.protocol, PS_PROTOCOL_S7COMM_PLUS);
        ck_assert_uint_eq(rig_fact(&rig)->station, rows[i].station);
        ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_CONNECT);
        ck_assert(rig_fact(&rig)->housekeeping);
        ck_reason(rig_tpdu(&rig, TO_CLIENT, "d0 0009 0001 00"), OK);
        ck_assert_uint_eq(rig.facts.protocol, PS_PROTOCOL_S7COMM_PLUS);
        ck_reason(rig_tpdu(&rig, TO_SERVER, "80 0001 0009 00"), OK);
        ck_assert_uint_eq(rig.facts.protocol, PS_PROTOCOL_S7COMM_PLUS);
        ck_assert_uint_eq(rig_fact(&rig)->protocol, PS_PROTOCOL_S7COMM_PLUS);
        ck_assert_uint_eq(rig_fact(&rig)->station, rows[i].station);
        ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_DISCONNECT);
    }
}
END_TEST

START_TEST(test_s7p_starts__first_octets__plus_or_tls)
{
    static const struct {
        uint8_t octets[2];
        uint32_t n;
        bool starts;
    } rows[] = {
        {{0x72, 0}, 1, true},    {{0x16, 3}, 2, true},  {{0x14, 3}, 2, true},  {{0x17, 3}, 2, true}, {{0x13, 3}, 2, false},
        {{0x18, 3}, 2, false},   {{0x16, 2}, 2, false}, {{0x16, 3}, 1, false}, {{0x32, 3}, 2, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(s7p_starts(rows[i].octets, rows[i].n), rows[i].starts);
}
END_TEST

START_TEST(test_s7p_decode__other_protocol__refused)
{
    struct rig rig;
    plus_connect(&rig, CR_HMI);
    ck_reason(rig_data(&rig, TO_SERVER, "32010000000100060000f00001e001e0"), S7(MIXED));
    ck_assert_uint_eq(rig.facts.protocol, PS_PROTOCOL_S7COMM_PLUS);
    ck_reason(rig_data(&rig, TO_SERVER, "33010000"), S7(PROTOCOL));
    ck_reason(rig_data(&rig, TO_SERVER, "72"), PS_REASON_TRUNCATED);
    plus_open(&rig, CR_HMI);
    ck_reason(rig_data(&rig, TO_SERVER, "32010000000100060000f00001e001e0"), S7(MIXED));
    rig_connect(&rig); /* a rack and a slot */
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), S7(MIXED));
}
END_TEST

START_TEST(test_s7p_frame__length_and_trailer__judged)
{
    static const struct {
        const char *payload;
        enum ps_reason reason;
    } rows[] = {
        {"7202000d 310000059a0000000200000398 72020000", PS_REASON_TRUNCATED}, /* no flags */
        {"7202000e 310000059a000000020000039834 72020000", OK},
        {"7202000e 310000059a000000020000039834 72020000 00", S7P(FRAME)},
        {"7202000e 310000059a000000020000039834 720200", S7P(FRAME)},
        {"7202000f 310000059a000000020000039834 72020000", S7P(FRAME)},
        {"7202000d 310000059a000000020000039834 72020000", S7P(FRAME)},
        {"7202000e 310000059a000000020000039834 72030000", S7P(FRAME)},
        {"7202000e 310000059a000000020000039834 73020000", S7P(FRAME)},
        {"7202000e 310000059a000000020000039834 72020001", S7P(FRAME)},
        {"72020000", S7P(FRAME)},
        {"72020000 72020000", S7P(FRAME)},
        {"7202000e 310001059a000000020000039834 72020000", S7P(FRAME)}, /* reserved */
        {"7202000e 310000059a000100020000039834 72020000", S7P(FRAME)},
        {"7203000e 310000059a000000020000039834 72030000", S7P(FRAME)}, /* no digest */
        {"7204000e 310000059a000000020000039834 72040000", S7P(VERSION)},
        {"7200000e 310000059a000000020000039834 72000000", S7P(VERSION)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_open(&rig, CR_HMI);
        ck_reason(rig_data(&rig, TO_SERVER, rows[i].payload), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7p_frame__octet_by_octet__more_until_whole)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    plus_wrap(&rig, 2, plus_build(&rig, (struct plus_request){2, 0x04fc, 2, SESSION, 0x34, "000000c9 01 880d" END}), true);
    uint32_t whole = rig.n_octets;
    rig.dialog.dir = TO_SERVER;
    for (uint32_t n = 0; n < whole; n++) {
        enum ps_reason reason;
        ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_MORE);
        ck_assert(rig.len == 0 || rig.len == whole);
    }
    ck_reason(rig_judge(&rig, TO_SERVER), OK);
}
END_TEST

/* Every octet missing: the frame is refused, or what is missing makes it opaque. */
START_TEST(test_s7p_frame__cut_anywhere__never_granted_as_it_was)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    struct plus_request write = {2, 0x04f2, 2, SESSION, 0x34, "8a0e0001 01 9376 0002 05" QUALIFIER "00" ZEROS};
    uint32_t whole = plus_build(&rig, write);
    for (uint32_t n = 1; n <= whole; n++) {
        plus_open(&rig, CR_HMI);
        (void)plus_build(&rig, write);
        plus_wrap(&rig, 2, n, true);
        enum ps_reason reason = rig_judge(&rig, TO_SERVER);
        ck_assert(n < whole || (reason == OK && !plus_is_opaque(&rig)));
        ck_assert(n == whole || reason != OK || plus_is_opaque(&rig));
    }
}
END_TEST

START_TEST(test_s7p_keep_alive__four_octets__session)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(rig_data(&rig, TO_SERVER, "72ff0700"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_KEEP_ALIVE);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(rig_data(&rig, TO_CLIENT, "72ff0700"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
    ck_reason(rig_data(&rig, TO_SERVER, "72ff0701"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_SERVER, "72ff070000"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_SERVER, "72ff07"), PS_REASON_TRUNCATED);
}
END_TEST

#define EVENT_16 "00000000 00000000 00000000 00000000"

START_TEST(test_s7p_system_event__of_the_plc__notice)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe0010" EVENT_16), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_EVENT);
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe0016" EVENT_16 "000000000000"), OK);
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe0011" EVENT_16 "00"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe0015" EVENT_16 "0000000000"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe0010" EVENT_16 "72fe0000"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_CLIENT, "72fe000f 00000000 00000000 00000000 000000"), S7P(FRAME));
    ck_reason(rig_data(&rig, TO_SERVER, "72fe0010" EVENT_16), S7P(OPCODE));
}
END_TEST

/* ---- fragments ------------------------------------------------------------------------------------------------- */

#define WRITE_HEAD "31 0000 0542 0000 0002 00000398 34 00000000 01 05 00 88d0b88005 02 9376 71 01"

START_TEST(test_s7p_fragment__request__granted_as_the_first_was)
{
    struct rig rig;
    plus_open(&rig, CR_ES);
    ck_reason(plus_part(&rig, TO_SERVER, 2, WRITE_HEAD "00 14 00 81"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7P_SPACE_DB + 5);
    ck_assert_uint_eq(rig_fact(&rig)->values.kind, PS_VALUE_UNKNOWN);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0); /* everything but the value is known */
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 04f2 0000 0003 00000398 34"), S7P(FRAME)); /* looks like a head */
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 0543 0000 0003 00000398 34"), S7P(FRAME)); /* of something unknown */
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 0542 0001 0003 00000398 34"), OK);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_FRAGMENT);
    ck_reason(rig_data(&rig, TO_SERVER, "72ff0100"), OK); /* in between */
    ck_reason(rig_raw(&rig, TO_CLIENT, "0300000702f000"), OK);
    ck_reason(plus_data(&rig, TO_SERVER, 3, "2000"), PS_REASON_TRUNCATED);
    ck_reason(plus_data(&rig, TO_SERVER, 1, "00"), S7P(VERSION));
    ck_reason(plus_data(&rig, TO_SERVER, 2, "72020000"), OK); /* the last */
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(plus_data(&rig, TO_SERVER, 2, "00"), S7P(OPCODE)); /* a head again */
    ck_reason(plus_answer(&rig, 0x0542, 2), OK);
}
END_TEST

START_TEST(test_s7p_fragment__addresses_not_all_there__opaque)
{
    struct rig rig;
    plus_open(&rig, CR_ES);
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 0542 0000 0002 00000398 34 00000000 02 0a 00 88d0b88005 02 9376 71 01"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[0].asks, S7P_ASK_OPAQUE);
    ck_assert_uint_eq(rig.facts.item[1].op, PS_OP_PROGRAM);
    ck_assert_uint_eq(rig.facts.item[1].asks, S7P_ASK_OPAQUE);
    plus_subscribe(&rig); /* variables of a subscription are no mere values */
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 04f2 0000 0003 00000398 34" SUBSCRIPTION "01 8818 2004 50 88"), OK);
    ck_assert(plus_is_opaque(&rig));
}
END_TEST

/* A whole request that says that frames follow: whatever those hold, nobody has judged it. */
START_TEST(test_s7p_fragment__behind_a_whole_request__opaque)
{
    static const char read[] = "31 0000 054c 0000 0002 00000398 34 00000000 01 05 00 88d0b88005 02 9376 71 " END;
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_part(&rig, TO_SERVER, 2, read), OK);
    ck_assert(plus_is_opaque(&rig));
    plus_open(&rig, CR_HMI);
    ck_reason(plus_data(&rig, TO_SERVER, 2, read), OK);
    ck_assert(!plus_is_opaque(&rig));
}
END_TEST

START_TEST(test_s7p_fragment__refused_head__next_is_a_head)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_part(&rig, TO_SERVER, 2, "31 0000 0543 0000 0002 00000398 34 00"), S7P(FUNCTION));
    ck_reason(plus_data(&rig, TO_SERVER, 2, "0000"), S7P(OPCODE));
}
END_TEST

/* 140 fragments, an empty TPDU behind each. */
START_TEST(test_s7p_fragment__of_the_plc__up_to_the_bound)
{
    static const struct {
        const char *request;
        uint32_t n;
    } rows[] = {{CR_HMI, 65}, {CR_OTH, 65}, {CR_ES, 16 * 1024 + 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_open(&rig, rows[i].request);
        ck_reason(plus_ask(&rig, 0x04bb, 2, "00000003 00 01 00 01 00 00" ZEROS), OK);
        memset(rig.octets, 0, 2048);
        ck_reason(plus_part(&rig, TO_CLIENT, 2, "32 0000 04bb 0000 0002 34 00"), OK);
        for (uint32_t k = 0; k < rows[i].n; k++) {
            memset(rig.octets + 11, 0x31, 1024);
            plus_wrap(&rig, 2, 1024, false);
            enum ps_reason reason = rig_judge(&rig, TO_CLIENT);
            ck_reason(reason, k + 1 < rows[i].n - 1 ? OK : k + 1 == rows[i].n ? S7P(FRAME) : reason);
            ck_reason(rig_raw(&rig, TO_SERVER, "0300000702f000"), OK);
        }
    }
}
END_TEST

START_TEST(test_s7p_fragment__version_3__digest_in_each)
{
    struct rig rig;
    plus_open(&rig, CR_ES);
    plus_wrap(&rig, 3, plus_build(&rig, (struct plus_request){3, 0x057c, 2, SESSION, 0x34, "8a0e0001"}), false);
    ck_reason(rig_judge(&rig, TO_SERVER), OK);
    memset(rig.octets + 11, 0x20, 64);
    rig.octets[11] = 31;
    plus_wrap(&rig, 3, 64, true);
    ck_reason(rig_judge(&rig, TO_SERVER), S7P(FRAME));
    rig.octets[11] = 32;
    ck_reason(rig_judge(&rig, TO_SERVER), OK);
}
END_TEST

/* ---- joined late, gaps ----------------------------------------------------------------------------------------- */

START_TEST(test_s7p_decode__joined_late__session_of_the_first_request)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(plus_data(&rig, TO_CLIENT, 2, "00a800 05"), OK); /* the end of a PDU */
    ck_reason(plus_data(&rig, TO_CLIENT, 2, "33 1000006a 0400 0000 0000 01"), OK);
    ck_reason(plus_data(&rig, TO_CLIENT, 2, "00a800 05"), S7P(OPCODE)); /* known where PDUs start */
    ck_reason(plus_data(&rig, TO_SERVER, 2, "00a800 05"), S7P(OPCODE));
    ck_reason(plus_answer(&rig, 0x054c, 9), OK);
    ck_reason(plus_ask(&rig, 0x04fc, 77, "000000c9 01 880d" END), OK);
    ck_assert_uint_eq(rig_fact(&rig)->station, S7P_STATION_UNKNOWN);
    ck_reason(plus_send(&rig, (struct plus_request){2, 0x04fc, 78, 0x399, 0x34, "000000c9 01 880d" END}), S7P(SESSION));
    ck_reason(plus_answer(&rig, 0x04fc, 77), OK);
    ck_reason(plus_answer(&rig, 0x04fc, 76), S7P(UNSOLICITED)); /* after the first pair */
    ck_reason(plus_ask(&rig, 0x04f2, 79, SUBSCRIPTION "01 881d 0007 0006" QUALIFIER "00" ZEROS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_CONFIGURE_SUBSCRIPTION); /* credit, of whichever it is */
}
END_TEST

START_TEST(test_s7p_gap__requests_forgotten__session_kept)
{
    struct rig rig;
    plus_open(&rig, CR_HMI);
    ck_reason(plus_ask(&rig, 0x04fc, 2, "000000c9 01 880d" END), OK);
    ck_reason(plus_part(&rig, TO_CLIENT, 2, "32 0000 04fc 0000 0002 34 00"), OK);
    rig.dialog.dir = TO_CLIENT;
    ps_s7comm.gap(&rig.dialog);
    rig.dialog.midstream = true;
    ck_assert_uint_eq(rig.state.plus.n_requests, 0);
    ck_assert_uint_eq(rig.state.plus.session, SESSION);
    ck_reason(plus_answer(&rig, 0x054c, 9), OK); /* no fragment */
    ck_reason(plus_ask(&rig, 0x04fc, 1, "000000c9 01 880d" END), OK);
    ck_reason(plus_send(&rig, (struct plus_request){2, 0x04fc, 3, 0x399, 0x34, "000000c9 01 880d" END}), S7P(SESSION));
}
END_TEST

UNIT_MAIN("s7comm/plus", test_s7p_connect__named_tsap__station, test_s7p_starts__first_octets__plus_or_tls,
          test_s7p_decode__other_protocol__refused,
          test_s7p_frame__length_and_trailer__judged, test_s7p_frame__octet_by_octet__more_until_whole,
          test_s7p_frame__cut_anywhere__never_granted_as_it_was, test_s7p_keep_alive__four_octets__session,
          test_s7p_system_event__of_the_plc__notice, test_s7p_fragment__request__granted_as_the_first_was,
          test_s7p_fragment__addresses_not_all_there__opaque, test_s7p_fragment__behind_a_whole_request__opaque,
          test_s7p_fragment__refused_head__next_is_a_head,
          test_s7p_fragment__of_the_plc__up_to_the_bound, test_s7p_fragment__version_3__digest_in_each,
          test_s7p_decode__joined_late__session_of_the_first_request, test_s7p_gap__requests_forgotten__session_kept)
