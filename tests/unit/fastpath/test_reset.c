/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline_private.h"

#include <string.h>

#include "decode.h"
#include "inline_case.h"
#include "unit.h"

#define SECOND "0002 0000 0006 01 03 0028 0002"
#define DENIED WRITE_TOO_MUCH

/* ---- tombstones ------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_reset_tomb__challenge__answered_at_its_number)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule >12:0a0R <0:0a0R");
    two_ack(&w, PS_TO_CLIENT, 0); /* the request was lost: the server challenges */
    two_expect(&w, "~ >0:0a0R");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "~ <0:0a36R");
    rig_expect(&w.r, "P P=no-rule");
    end();
}
END_TEST

START_TEST(test_ps_reset_tomb__sixty_seconds__then_stragglers_are_reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    w.n_out = 0;
    two_tick(&w, 59999);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    two_tick(&w, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "~");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "!closed >12:0a0R <0:0a24R");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "~ <0:0a24R");
    end();
}
END_TEST

START_TEST(test_ps_reset_tomb__nv_h13_same_ends_again__a_new_connection)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    w.n_out = 0;
    w.isn[PS_TO_SERVER] = w.seq[PS_TO_SERVER] = 5000;
    w.ack[PS_TO_CLIENT] = 5000;
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_reset_tomb__flood__answered_32_times)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    w.n_out = 0;
    for (unsigned i = 0; i < 40; i++)
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    ck_assert_uint_eq(w.n_out, 32);
    w.n_out = 0;
    end();
}
END_TEST

/* ---- resets of the ends ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_reset_take__nv_c01_not_exact__dropped)
{
    static const int32_t offsets[] = {-12, -1, 1, 100};
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        two_at(&w, PS_TO_SERVER, offsets[i], PS_TCP_RST, "");
        two_expect(&w, "!out-of-window");
    }
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_reset_take__nv_c02_exact_with_any_acknowledgement__ends_it)
{
    begin();
    w.ack[PS_TO_SERVER] += 0x12345;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST | PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "~ <74565:0a12R");
    end();
}
END_TEST

START_TEST(test_ps_reset_take__during_hold__receiver_gets_its_own_number)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST "0002 0000 0006");
    two_expect(&w, "~ >0:12a0 <0:0a18");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
    two_expect(&w, "~ >12:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_reset_take__nv_c08_with_payload__only_the_reset_leaves)
{
    begin();
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST | PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "~ >0:0a0R");
    rig_expect(&w.r, "");
    end();
}
END_TEST

START_TEST(test_ps_reset_take__refused_syn__passes)
{
    two_init(&w, NULL, NULL);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    w.ack[PS_TO_CLIENT]++;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_RST | PS_TCP_ACK, "");
    two_expect(&w, "!out-of-window");
    w.ack[PS_TO_CLIENT]--;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_RST | PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_open(&w);
    end();
}
END_TEST

UNIT_MAIN("fastpath/reset",
    test_ps_reset_tomb__challenge__answered_at_its_number,
    test_ps_reset_tomb__sixty_seconds__then_stragglers_are_reset,
    test_ps_reset_tomb__nv_h13_same_ends_again__a_new_connection,
    test_ps_reset_tomb__flood__answered_32_times,
    test_ps_reset_take__nv_c01_not_exact__dropped,
    test_ps_reset_take__nv_c02_exact_with_any_acknowledgement__ends_it,
    test_ps_reset_take__during_hold__receiver_gets_its_own_number,
    test_ps_reset_take__nv_c08_with_payload__only_the_reset_leaves,
    test_ps_reset_take__refused_syn__passes)
