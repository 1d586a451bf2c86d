/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define CROB "0c0128 0100 0500 0301 64000000 64000000 "
#define OTHER "0c0128 0100 0600 0301 64000000 64000000 "
#define CLASS_1 "3c0206"
#define CLASS_2 "3c0306"
#define EMPTY "81 0000"

/* ---- requests and their answers: DN-S01, DN-S02 ------------------------------------------------------------------ */

START_TEST(test_dn_pair__answers__by_sequence_number)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(answer(&rig, "c3 " EMPTY), DN(UNSOLICITED));
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c4 " EMPTY), DN(UNSOLICITED));
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), DN(UNSOLICITED));
}
END_TEST

START_TEST(test_dn_pair__two_requests__answered_in_any_order)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 05" CROB "00"), OK);
    rig_wait(&rig, 50);
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c5 01" CLASS_1), DN(OUTSTANDING));
    ck_reason(answer(&rig, "c4 " EMPTY), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
}
END_TEST

START_TEST(test_dn_pair__third_request__after_two_seconds)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK);
    rig_wait(&rig, 1999);
    ck_reason(ask(&rig, "c5 01" CLASS_1), DN(OUTSTANDING));
    rig_wait(&rig, 1);
    ck_reason(ask(&rig, "c5 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), DN(UNSOLICITED)); /* given up */
    ck_reason(answer(&rig, "c4 " EMPTY), OK);
    ck_reason(answer(&rig, "c5 " EMPTY), OK);
}
END_TEST

START_TEST(test_dn_pair__relaxed__more_requests_wait)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = DN_RELAX_PIPELINED;
    for (unsigned i = 0; i < 5; i++) {
        char fragment[32];
        sprintf(fragment, "c%u 01" CLASS_1, i);
        ck_reason(ask(&rig, fragment), i < 4 ? OK : DN(OUTSTANDING));
    }
    rig_init(&rig);
    rig.dialog.max_outstanding = 1;
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c4 01" CLASS_1), DN(OUTSTANDING));
}
END_TEST

START_TEST(test_dn_pair__associations__apart)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 8; i++) {
        rig.n_octets = 0;
        rig_add(&rig, 0xc4, 10 + i, 1, "c0 c3 17");
        ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    }
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 1, 18, "c0 c3 " EMPTY);
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), DN(UNSOLICITED));
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 1, 17, "c0 c3 " EMPTY);
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), OK);
}
END_TEST

START_TEST(test_dn_pair__repeated_request__both_may_be_answered)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK); /* the two are one of the two that may wait */
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), DN(UNSOLICITED));
}
END_TEST

START_TEST(test_dn_pair__same_number_other_octets__refused_unless_relaxed)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c3 0d"), DN(SEQUENCE));
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(ask(&rig, "c3 0d"), DN(SEQUENCE)); /* answered or not */
    ck_reason(ask(&rig, "c3 06" CROB "00"), DN(SEQUENCE)); /* whether it is answered or not */
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK); /* the same again is a new one */
    rig.dialog.relax = DN_RELAX_SAME_SEQUENCE;
    ck_reason(ask(&rig, "c3 0d"), OK);
    ck_reason(answer(&rig, "c3 81 0000 34 01 07 01 0000"), OK);
}
END_TEST

START_TEST(test_dn_pair__number_of_the_request_before_last__refused_while_that_waits)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c4 " EMPTY), OK);
    ck_reason(ask(&rig, "c3 01" CLASS_2), DN(SEQUENCE));
    rig_wait(&rig, 2000);
    ck_reason(ask(&rig, "c3 01" CLASS_2), OK);
}
END_TEST

START_TEST(test_dn_pair__answer_after_the_time_out__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    rig_wait(&rig, 10001);
    ck_reason(answer(&rig, "c3 " EMPTY), DN(UNSOLICITED));
    rig_init(&rig);
    rig.dialog.timeout_ns = UINT64_C(30000000000);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    rig_wait(&rig, 10001);
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
}
END_TEST

START_TEST(test_dn_pair__time_out_of_the_rule__ends_a_request)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.timeout_ns = UINT64_C(1000000000);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK);
    rig_wait(&rig, 900);
    ck_reason(ask(&rig, "c5 01" CLASS_1), DN(OUTSTANDING));
    ck_reason(ask(&rig, "c3 01" CLASS_2), DN(SEQUENCE));
    rig_wait(&rig, 200);
    ck_reason(ask(&rig, "c3 01" CLASS_2), OK);
    ck_reason(ask(&rig, "c5 01" CLASS_1), OK);
}
END_TEST

START_TEST(test_dn_pair__repeated_request__waits_from_then_on)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    rig_wait(&rig, 9000);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    rig_wait(&rig, 9000);
    ck_reason(answer(&rig, "a3 " EMPTY), OK); /* FIR, CON */
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c3 00"), OK); /* still wants to be confirmed */
}
END_TEST

START_TEST(test_dn_pair__answer_in_fragments__numbered_in_order)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "cf 01" CLASS_1), OK);
    ck_reason(answer(&rig, "40 " EMPTY), DN(REPLY)); /* the first is missing */
    ck_reason(answer(&rig, "af " EMPTY), OK);         /* FIR, CON */
    ck_reason(ask(&rig, "cf 00"), OK);
    ck_reason(answer(&rig, "01 " EMPTY), DN(REPLY)); /* one is missing */
    ck_reason(answer(&rig, "00 " EMPTY), OK);
    ck_reason(answer(&rig, "41 " EMPTY), OK);
    ck_reason(answer(&rig, "42 " EMPTY), DN(REPLY));
}
END_TEST

/* ---- confirms: DN-A02, DN-S03 ------------------------------------------------------------------------------------ */

START_TEST(test_dn_pair__confirm__of_what_wants_one)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 00"), DN(CONFIRM));
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(ask(&rig, "c3 00"), DN(CONFIRM)); /* CON was 0 */
    ck_reason(ask(&rig, "c4 01" CLASS_1), OK);
    ck_reason(answer(&rig, "e4 " EMPTY), OK);
    ck_reason(ask(&rig, "c3 00"), DN(CONFIRM));
    ck_reason(ask(&rig, "d4 00"), DN(CONFIRM)); /* not unsolicited */
    ck_reason(ask(&rig, "c4 00"), OK);
    ck_reason(ask(&rig, "c4 00"), DN(CONFIRM));
    ck_reason(ask(&rig, "c5 01" CLASS_1), OK);
    ck_reason(answer(&rig, "e5 " EMPTY), OK);
    ck_reason(ask(&rig, "c6 01" CLASS_1), OK); /* no longer wants to confirm */
    ck_reason(ask(&rig, "c5 00"), DN(CONFIRM));
}
END_TEST

START_TEST(test_dn_pair__unsolicited__up_to_sixteen_wait_for_confirms)
{
    struct rig rig;
    char fragment[16];
    rig_init(&rig);
    for (unsigned i = 0; i < 16; i++) {
        sprintf(fragment, "f%x 82 0000", i);
        ck_reason(answer(&rig, fragment), OK);
        ck_reason(answer(&rig, fragment), OK); /* repeated until it is confirmed */
    }
    for (unsigned i = 16; i > 0; i--) {
        sprintf(fragment, "d%x 00", i - 1);
        ck_reason(ask(&rig, fragment), OK);
        ck_reason(ask(&rig, fragment), DN(CONFIRM));
    }
    ck_reason(answer(&rig, "d0 82 0000"), OK); /* wants none */
    ck_reason(ask(&rig, "d0 00"), DN(CONFIRM));
}
END_TEST

START_TEST(test_dn_pair__unsolicited_between__exchange_goes_on)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 03" CROB "00"), OK);
    ck_reason(answer(&rig, "f3 82 0000"), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(ask(&rig, "d3 00"), OK);
    ck_reason(ask(&rig, "c4 04" CROB "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

/* ---- controls: DN-S04, DN-S05 ------------------------------------------------------------------------------------- */

START_TEST(test_dn_pair__echo__all_but_the_status)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 05" CROB "00"), OK);
    ck_reason(answer(&rig, "c3 81 0000" OTHER "00"), DN(REPLY));
    ck_reason(answer(&rig, "c3 81 0000 010200 0000 81"), DN(REPLY));
    ck_reason(answer(&rig, "c3 81 0000" CROB "07"), OK);
    ck_reason(ask(&rig, "c4 05" CROB "00"), OK);
    ck_reason(answer(&rig, "c4 81 0001"), OK); /* refused as a whole */
    ck_reason(ask(&rig, "c5 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c5 81 0000" CROB "00"), DN(REPLY)); /* nobody operated anything */
}
END_TEST

struct script {
    const char *select, *answer, *between, *operate;
    unsigned wait_ms;
    uint8_t asks;
};

static const struct script scripts[] = {
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "", "c4 04" CROB "00", 0, 0},
    {"cf 03" CROB "00", "cf 81 0000" CROB "00", "", "c0 04" CROB "00", 10000, 0},
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "", "c4 04" CROB "00", 10001, DN_ASK_UNSELECTED}, /* too late */
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "", "c5 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* wrong number */
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "", "c4 04" OTHER "00", 0, DN_ASK_UNSELECTED}, /* another point */
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "", "c4 04 0c0128 0100 0500 0302 64000000 64000000 00", 0,
     DN_ASK_UNSELECTED}, /* twice */
    {"c3 03" CROB "00", "c3 81 0000" CROB "04", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* refused */
    {"c3 03" CROB "00", "c3 81 0002", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED},
    {"c3 03" CROB "00", "c3 81 0000", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* no echo */
    {"c3 03" CROB "00", "c3 81 0004" CROB "00", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* and yet refused */
    {"c3 03" CROB "00", "83 81 0000" CROB "00", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* there is more of it */
    {"c3 03" CROB "00", "", "", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* not answered */
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "c4 17", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED + 0x80},
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "c9 17", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* something between */
    {"c3 03" CROB "00", "c3 81 0000" CROB "00", "c9 06" OTHER "00", "c4 04" CROB "00", 0, DN_ASK_UNSELECTED},
    {"c2 05" CROB "00", "c2 81 0000" CROB "00", "", "c3 04" CROB "00", 0, DN_ASK_UNSELECTED}, /* no select */
};

START_TEST(test_dn_pair__operate__only_what_was_selected)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        const struct script *s = &scripts[i];
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, s->select), OK);
        if (s->answer[0])
            ck_reason(answer(&rig, s->answer), OK);
        if (s->between[0])
            ck_reason(ask(&rig, s->between), OK);
        rig_wait(&rig, s->wait_ms);
        if (s->asks & 0x80) { /* the number is in use now */
            ck_reason(ask(&rig, s->operate), DN(SEQUENCE));
            continue;
        }
        ck_reason(ask(&rig, s->operate), OK);
        ck_assert_msg(rig_fact(&rig)->asks == s->asks, "%zu", i);
    }
}
END_TEST

START_TEST(test_dn_pair__operate__link_status_between__still_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc9, 10, ""), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x0b, 1, ""), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

START_TEST(test_dn_pair__operate_repeated__as_the_first)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    for (unsigned i = 0; i < 3; i++) {
        ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
        ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
        ck_reason(answer(&rig, "c4 81 0000" CROB "00"), OK);
    }
    ck_reason(ask(&rig, "c5 17"), OK);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK); /* no repetition any more */
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK); /* what was not selected is not by being repeated */
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
}
END_TEST

START_TEST(test_dn_pair__answer_to_an_earlier_select__selects_nothing)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 03" CROB "00"), OK);
    ck_reason(ask(&rig, "c4 03" OTHER "00"), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(ask(&rig, "c5 04" OTHER "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 03" CROB "00"), OK);
    ck_reason(ask(&rig, "c9 17"), OK); /* before the answer */
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(ask(&rig, "c4 04" CROB "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
}
END_TEST

START_TEST(test_dn_pair__operate_repeated_late__not_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    rig_wait(&rig, 10001);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
}
END_TEST

START_TEST(test_dn_pair__operate__of_another_association__not_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc4, 11, "c0 c4 04" CROB "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

START_TEST(test_dn_pair__broadcast_between__not_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc4, 0xffff, "c0 c0 06" OTHER "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_BROADCAST | DN_ASK_NO_ACK | DN_ASK_UNSELECTED);
    ck_reason(answer(&rig, "c0 " EMPTY), DN(UNSOLICITED)); /* nobody answers */
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
}
END_TEST

/* The same in one PDU, where the broadcast is in the middle of the OPERATE. */
START_TEST(test_dn_pair__broadcast_inside_operate__not_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, "40 c4 04");
    rig_add(&rig, 0xc4, 0xffff, 1, "c0 c0 06" OTHER "00");
    rig_add(&rig, 0xc4, 10, 1, "81" CROB "00");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[1].asks, DN_ASK_UNSELECTED);
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 11, 1, "40 c4");
    rig_add(&rig, 0xc4, 0xffff, 1, "c0 c0 06" OTHER "00");
    rig_add(&rig, 0xc4, 10, 1, "c0 c4 04" CROB "00");
    rig_add(&rig, 0xc4, 11, 1, "81 17");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 3);
    ck_assert_uint_eq(rig.facts.item[1].asks, DN_ASK_UNSELECTED);
}
END_TEST

/* ---- secure authentication ----------------------------------------------------------------------------------------- */

#define CHALLENGE_BODY "83 0000 78015b 01 0e00 01000000 0100 04 01 0102030405 06"
#define CHALLENGE "c3" CHALLENGE_BODY
#define CHALLENGE_REPLY "20 78025b 01 0a00 01000000 0100 01020304"

START_TEST(test_dn_pair__challenge__between_request_and_answer)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(answer(&rig, CHALLENGE), DN(UNSOLICITED));
    ck_reason(ask(&rig, "c3 03" CROB "00"), OK);
    ck_reason(answer(&rig, CHALLENGE), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_SECURITY);
    ck_reason(ask(&rig, "c3" CHALLENGE_REPLY), OK); /* with the number of what is challenged */
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(ask(&rig, "c4 04" CROB "00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

START_TEST(test_dn_pair__authentication__its_own_exchange)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c5 20 7804 07 01 0100"), OK); /* how are the keys of user 1? */
    ck_reason(answer(&rig, "c6" CHALLENGE_BODY), DN(UNSOLICITED));
    ck_reason(answer(&rig, "c5" CHALLENGE_BODY), OK);
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 0);
}
END_TEST

/* Aggressive mode: the code goes with the request. */
START_TEST(test_dn_pair__authentication__around_controls)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c3 05 7803 07 01 01000000 0100" CROB "00 7809 5b 01 0400 01020304"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_uint_eq(rig.facts.item[i].asks, rig.facts.item[i].op == PS_OP_OPERATE ? DN_ASK_UNSELECTED : 0);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK); /* without it */
}
END_TEST

/* ---- files: DN-S07 ------------------------------------------------------------------------------------------------- */

#define OPEN(mode) "c0 19 46035b 01 1d00 1a00 0300 000000000000 0000 00000000 00000000" mode "0002 0100 612e62"
#define OPENED "c0 81 0000 46045b 01 0d00 07000000 00000000 0002 0100 00"
#define BLOCK(control_function, handle) control_function "46055b 01 0800" handle "00000000"

START_TEST(test_dn_pair__file_blocks__of_open_files)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, BLOCK("c1 01", "07000000")), DN(FILE));
    ck_reason(ask(&rig, OPEN("0100")), OK);
    ck_reason(ask(&rig, BLOCK("c1 01", "07000000")), DN(FILE)); /* not answered yet */
    ck_reason(answer(&rig, OPENED), OK);
    ck_reason(ask(&rig, BLOCK("c1 01", "08000000")), DN(FILE));
    ck_reason(ask(&rig, BLOCK("c1 02", "07000000") "00"), PS_REASON_TRUNCATED); /* a size that is wrong */
    ck_reason(ask(&rig, BLOCK("c1 02", "07000000")), DN(FILE));                 /* opened to be read */
    ck_reason(ask(&rig, BLOCK("c1 01", "07000000")), OK);
    ck_reason(answer(&rig, "c1 " EMPTY), OK);
    ck_reason(ask(&rig, "c2 1a 46045b 01 0d00 07000000 00000000 0000 0100 00"), OK);
    ck_reason(answer(&rig, "c2 " EMPTY), OK);
    ck_reason(ask(&rig, BLOCK("c3 01", "07000000")), DN(FILE)); /* closed */
    rig.dialog.midstream = true;
    ck_reason(ask(&rig, BLOCK("c3 01", "07000000")), OK);
}
END_TEST

/* ---- missed octets ------------------------------------------------------------------------------------------------- */

START_TEST(test_dn_pair__midstream__tolerant_until_the_first_pair)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(answer(&rig, "c9 " EMPTY), OK);
    ck_reason(answer(&rig, "47 " EMPTY), OK);
    ck_reason(ask(&rig, "c7 00"), OK);
    ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    ck_reason(answer(&rig, "c3 " EMPTY), OK);
    ck_reason(answer(&rig, "c9 " EMPTY), DN(UNSOLICITED));
    ck_reason(ask(&rig, "c7 00"), DN(CONFIRM));
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(ask(&rig, "c3 05" CROB "00"), OK);
    ck_reason(answer(&rig, "c3 81 0000" OTHER "00"), OK); /* to a request of the same number, long ago */
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), DN(UNSOLICITED));
}
END_TEST

START_TEST(test_dn_gap__forgets_requests__not_who_is_who)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    ck_reason(ask(&rig, OPEN("0200")), OK);
    ck_reason(answer(&rig, OPENED), OK);
    rig.dialog.midstream = true;
    dn_gap(&rig.dialog);
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 0);
    ck_assert_uint_eq(rig_assoc(&rig)->select_phase, DN_SELECT_NOTHING);
    ck_assert_uint_eq(rig_assoc(&rig)->files[0].handle, 7);
    ck_reason(answer(&rig, "c9 " EMPTY), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0xc4, 10, "c0 c0 17"), DN(DIRECTION));
}
END_TEST

UNIT_MAIN("dnp3/pairing", test_dn_pair__answers__by_sequence_number, test_dn_pair__two_requests__answered_in_any_order,
          test_dn_pair__third_request__after_two_seconds, test_dn_pair__relaxed__more_requests_wait,
          test_dn_pair__associations__apart, test_dn_pair__repeated_request__both_may_be_answered,
          test_dn_pair__same_number_other_octets__refused_unless_relaxed,
          test_dn_pair__number_of_the_request_before_last__refused_while_that_waits,
          test_dn_pair__answer_after_the_time_out__refused, test_dn_pair__answer_in_fragments__numbered_in_order,
          test_dn_pair__confirm__of_what_wants_one, test_dn_pair__unsolicited__up_to_sixteen_wait_for_confirms,
          test_dn_pair__unsolicited_between__exchange_goes_on, test_dn_pair__echo__all_but_the_status,
          test_dn_pair__operate__only_what_was_selected, test_dn_pair__operate__link_status_between__still_selected,
          test_dn_pair__operate_repeated__as_the_first, test_dn_pair__operate__of_another_association__not_selected,
          test_dn_pair__answer_to_an_earlier_select__selects_nothing, test_dn_pair__operate_repeated_late__not_selected,
          test_dn_pair__time_out_of_the_rule__ends_a_request, test_dn_pair__repeated_request__waits_from_then_on,
          test_dn_pair__authentication__its_own_exchange, test_dn_pair__authentication__around_controls,
          test_dn_pair__broadcast_between__not_selected, test_dn_pair__broadcast_inside_operate__not_selected,
          test_dn_pair__challenge__between_request_and_answer, test_dn_pair__file_blocks__of_open_files,
          test_dn_pair__midstream__tolerant_until_the_first_pair, test_dn_gap__forgets_requests__not_who_is_who)
