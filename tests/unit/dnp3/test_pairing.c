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
    ck_reason(ask(&rig, "c6 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c5 00"), OK); /* the request has crossed the answer */
    ck_reason(ask(&rig, "c5 00"), DN(CONFIRM));
    ck_reason(answer(&rig, "e6 " EMPTY), OK);
    ck_reason(ask(&rig, "c7 01" CLASS_1), OK);
    ck_reason(ask(&rig, "c8 01" CLASS_1), OK); /* no longer wants to confirm */
    ck_reason(ask(&rig, "c6 00"), DN(CONFIRM));
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

/* An outstation repeats what was not confirmed in time, and the confirms come late. */
START_TEST(test_dn_pair__unsolicited_repeated__each_copy_may_be_confirmed)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 3; i++)
        ck_reason(answer(&rig, "f7 82 0000"), OK);
    for (unsigned i = 0; i < 3; i++)
        ck_reason(ask(&rig, "d7 00"), OK);
    ck_reason(ask(&rig, "d7 00"), DN(CONFIRM));
    ck_reason(answer(&rig, "f7 82 0000"), OK);
    ck_reason(answer(&rig, "f8 82 0000"), OK);
    ck_reason(answer(&rig, "f8 82 0000"), OK);
    ck_reason(ask(&rig, "d7 00"), OK);
    ck_reason(ask(&rig, "d7 00"), DN(CONFIRM)); /* the copies were of the next one */
    ck_reason(ask(&rig, "d8 00"), OK);
    ck_reason(ask(&rig, "d8 00"), OK);
    ck_reason(ask(&rig, "d8 00"), DN(CONFIRM));
}
END_TEST

START_TEST(test_dn_pair__repeated_request__both_answers_may_be_confirmed)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 2; i++)
        ck_reason(ask(&rig, "c3 01" CLASS_1), OK);
    for (unsigned i = 0; i < 2; i++)
        ck_reason(answer(&rig, "e3 " EMPTY), OK);
    for (unsigned i = 0; i < 2; i++)
        ck_reason(ask(&rig, "c3 00"), OK);
    ck_reason(ask(&rig, "c3 00"), DN(CONFIRM));
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
          test_dn_pair__answer_after_the_time_out__refused, test_dn_pair__time_out_of_the_rule__ends_a_request,
          test_dn_pair__repeated_request__waits_from_then_on, test_dn_pair__answer_in_fragments__numbered_in_order,
          test_dn_pair__confirm__of_what_wants_one, test_dn_pair__unsolicited__up_to_sixteen_wait_for_confirms,
          test_dn_pair__unsolicited_repeated__each_copy_may_be_confirmed,
          test_dn_pair__repeated_request__both_answers_may_be_confirmed,
          test_dn_pair__unsolicited_between__exchange_goes_on, test_dn_pair__file_blocks__of_open_files,
          test_dn_pair__midstream__tolerant_until_the_first_pair, test_dn_gap__forgets_requests__not_who_is_who)
