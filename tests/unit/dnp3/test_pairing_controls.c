/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_pairing_controls.c - pairing.c: select before operate, echoes, authentication around them.
 */
#include "rig.h"
#include "unit.h"

#define CROB "0c0128 0100 0500 0301 64000000 64000000 "
#define OTHER "0c0128 0100 0600 0301 64000000 64000000 "
#define CLASS_1 "3c0206"
#define EMPTY "81 0000"

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

START_TEST(test_dn_pair__operate_repeated_again_and_again__selected_for_ten_seconds)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK);
    for (unsigned i = 0; i < 5; i++) {
        ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
        ck_assert_uint_eq(rig_fact(&rig)->asks, i < 3 ? 0 : DN_ASK_UNSELECTED);
        rig_wait(&rig, 4900);
    }
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
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED | DN_ASK_SECURED);
    ck_reason(answer(&rig, "c3 81 0000" CROB "00"), OK); /* without it */
}
END_TEST

UNIT_MAIN("dnp3/pairing_controls", test_dn_pair__echo__all_but_the_status,
          test_dn_pair__operate__only_what_was_selected, test_dn_pair__operate__link_status_between__still_selected,
          test_dn_pair__operate_repeated__as_the_first, test_dn_pair__answer_to_an_earlier_select__selects_nothing,
          test_dn_pair__operate_repeated_late__not_selected,
          test_dn_pair__operate_repeated_again_and_again__selected_for_ten_seconds,
          test_dn_pair__operate__of_another_association__not_selected, test_dn_pair__broadcast_between__not_selected,
          test_dn_pair__broadcast_inside_operate__not_selected, test_dn_pair__challenge__between_request_and_answer,
          test_dn_pair__authentication__its_own_exchange, test_dn_pair__authentication__around_controls)
