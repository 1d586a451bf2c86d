/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_private.h"

#include "inline_case.h"
#include "unit.h"

#define REQUEST READ_REQUEST
#define REPLY "0001 0000 0007 01 03 04 00000000"

static bool is_steady(void)
{
    return (ps_engine_flow(w.r.engine, 0)->flags & PS_FLOW_STEADY) != 0;
}

START_TEST(test_ps_inline_next__requests_and_replies__steady_and_pass)
{
    begin();
    for (uint32_t i = 0; i < 3; i++) {
        struct ps_decision decision = two_say(&w, PS_TO_SERVER, REQUEST);
        ck_assert(decision.crosses && decision.to_zone == PS_NONE);
        two_expect(&w, "=");
        w.ack[PS_TO_CLIENT] += 12;
        two_say(&w, PS_TO_CLIENT, REPLY);
        two_expect(&w, "=");
        w.ack[PS_TO_SERVER] += 13;
        ck_assert(is_steady());
    }
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    const struct ps_relay *relay = &w.r.engine->in.relays[ps_engine_flow(w.r.engine, 0)->half[0]];
    ck_assert_uint_eq(relay->dir[PS_TO_SERVER].una, relay->dir[PS_TO_SERVER].judged);
    ck_assert_uint_eq(relay->dir[PS_TO_CLIENT].una, relay->dir[PS_TO_CLIENT].judged);
    end();
}
END_TEST

START_TEST(test_ps_inline_next__start_of_a_pdu__held_and_not_steady_until_delivered)
{
    begin();
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    ck_assert(!is_steady());
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ >0:12a0");
    ck_assert(!is_steady()); /* the engine has to deliver it */
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    ck_assert(is_steady());
    end();
}
END_TEST

START_TEST(test_ps_inline_next__window_is_smaller__waits)
{
    begin();
    ck_assert(is_steady());
    w.window[PS_TO_CLIENT] = 6;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "=");
    ck_assert(is_steady());
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "!out-of-window");
    end();
}
END_TEST

START_TEST(test_ps_inline_next__other_mac__own_frames_have_it)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    w.client_mac = 0x55;
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01 03 0028 0002");
    two_expect(&w, "=");
    ck_assert(is_steady());
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 24;
    two_say(&w, PS_TO_CLIENT, "0001 0000 0007 01");
    ck_assert_uint_ge(w.n_out, 1);
    const struct two_frame *frame = &w.out[w.n_out - 1];
    ck_assert_uint_eq(frame->dir, PS_TO_SERVER);
    ck_assert_uint_eq(frame->raw[11], 0x55);
    end();
}
END_TEST

START_TEST(test_ps_inline_next__other_port__spoofed_each_time)
{
    begin();
    for (uint32_t i = 0; i < 3; i++) {
        two_say(&w, PS_TO_SERVER, REQUEST);
        two_expect(&w, "=");
        w.ack[PS_TO_CLIENT] += 12;
        two_say(&w, PS_TO_CLIENT, REPLY);
        two_expect(&w, "=");
        w.ack[PS_TO_SERVER] += 13;
        for (unsigned dir = 0; dir < 2; dir++) {
            ck_assert(is_steady());
            w.crossed = true;
            two_at(&w, dir, 0, PS_TCP_ACK, "");
            two_expect(&w, "!spoofed");
        }
    }
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_steady",
    test_ps_inline_next__requests_and_replies__steady_and_pass,
    test_ps_inline_next__start_of_a_pdu__held_and_not_steady_until_delivered,
    test_ps_inline_next__window_is_smaller__waits,
    test_ps_inline_next__other_mac__own_frames_have_it,
    test_ps_inline_next__other_port__spoofed_each_time)
