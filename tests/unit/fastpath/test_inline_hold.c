/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "inline_case.h"
#include "unit.h"

#define HEAD "0001 0000 0006 01" /* of READ_REQUEST: 7 octets */
#define TAIL "03 0028 0002"      /* and the other 5 */

/* Of a sender that backed off before the only one was lost, nothing would come for longer than the limit. */
START_TEST(test_ps_inline_hold_again__acknowledgement_may_be_lost__given_again)
{
    static const uint32_t silence[] = {200, 200, 400, 800}; /* 0.2, 0.4, 0.8 and 1.6 s */
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    for (unsigned i = 0; i < 4; i++) {
        two_tick(&w, silence[i] - 1);
        two_expect(&w, "");
        two_tick(&w, 1);
        two_expect(&w, "<0:0a7");
    }
    two_say(&w, PS_TO_SERVER, "03 00");
    two_expect(&w, "~ <0:0a9");
    two_tick(&w, 200);
    two_expect(&w, "<0:0a9");
    two_say(&w, PS_TO_SERVER, "28 0002");
    two_expect(&w, "~ >0:12a0");
    two_tick(&w, 199);
    two_expect(&w, "");
    end();
}
END_TEST

START_TEST(test_ps_inline_wait_on__parts_that_are_lost_again_and_again__waited_for)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 1900); /* the next one was repeated at 0.2, 0.6 and 1.4 s */
    two_expect(&w, "<0:0a7");
    two_say(&w, PS_TO_SERVER, "03 00");
    two_expect(&w, "~ <0:0a9");
    two_tick(&w, 1900);
    two_expect(&w, "<0:0a9");
    two_say(&w, PS_TO_SERVER, "28 0002");
    two_expect(&w, "~ >0:12a0");
    rig_expect(&w.r, "P");
    end();
}
END_TEST

START_TEST(test_ps_inline_wait_on__acknowledgements_that_are_lost__repetition_is_a_sign_of_life)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    for (unsigned i = 0; i < 2; i++) {
        two_tick(&w, 1500);
        two_expect(&w, "<0:0a7");
        two_at(&w, PS_TO_SERVER, -7, PS_TCP_ACK, HEAD);
        two_expect(&w, "~ <0:0a7");
    }
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline_wait_on__octets_behind_a_hole__sign_of_life)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 1900);
    two_expect(&w, "<0:0a7");
    two_at(&w, PS_TO_SERVER, 1, PS_TCP_ACK, "0028 0002");
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 1900);
    two_expect(&w, "<0:0a7");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "03");
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline_wait_on__drip__reset_after_four_limits)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    for (unsigned i = 0; i < 4; i++) {
        two_tick(&w, 1900);
        two_say(&w, PS_TO_SERVER, "00");
        w.n_out = 0;
    }
    two_tick(&w, 395); /* 7999 ms: each packet takes one of them */
    two_expect(&w, "~");
    two_tick(&w, 1);
    two_expect(&w, ">0:0a0R <0:0a11R");
    rig_expect(&w.r, "K=hold-timeout");
    end();
}
END_TEST

START_TEST(test_ps_engine_leave__octets_acknowledged_and_not_delivered__both_ends_are_reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_leave(&w);
    two_expect(&w, ">0:0a0R <0:0a7R");
    rig_expect(&w.r, "K=undelivered");
    two_leave(&w);
    two_expect(&w, "");
    end();
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ <0:0a7 >0:12a0");
    two_leave(&w);
    two_expect(&w, ">12:0a0R <0:0a7R");
    rig_expect(&w.r, "P K=undelivered");
    end();
}
END_TEST

/* Its sender still has what was not acknowledged, and says it again. */
START_TEST(test_ps_engine_leave__octets_of_their_sender__nobody_is_reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_leave(&w);
    two_expect(&w, "");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_ack(&w, PS_TO_CLIENT, 24);
    w.n_out = 0;
    w.spoken = false;
    two_leave(&w);
    two_expect(&w, "");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_hold",
    test_ps_engine_leave__octets_acknowledged_and_not_delivered__both_ends_are_reset,
    test_ps_engine_leave__octets_of_their_sender__nobody_is_reset,
    test_ps_inline_hold_again__acknowledgement_may_be_lost__given_again,
    test_ps_inline_wait_on__parts_that_are_lost_again_and_again__waited_for,
    test_ps_inline_wait_on__acknowledgements_that_are_lost__repetition_is_a_sign_of_life,
    test_ps_inline_wait_on__octets_behind_a_hole__sign_of_life,
    test_ps_inline_wait_on__drip__reset_after_four_limits)
