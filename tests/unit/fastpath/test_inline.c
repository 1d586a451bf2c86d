/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "inline_case.h"
#include "unit.h"

#define REQUEST READ_REQUEST
#define REPLY READ_REPLY
#define HEAD "0001 0000 0006 01"     /* of REQUEST: 7 octets */
#define TAIL "03 0028 0002"          /* and the other 5 */

/* ---- whole PDUs ------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_inline__whole_pdus__pass_as_they_came)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_say(&w, PS_TO_CLIENT, REPLY);
    two_expect(&w, "=");
    two_ack(&w, PS_TO_SERVER, 13);
    two_expect(&w, "=");
    two_tick(&w, 60000);
    two_expect(&w, "");
    rig_expect(&w.r, "P R");
    ck_assert_uint_eq(ps_engine_next_tick(w.r.engine), UINT64_MAX);
    end();
}
END_TEST

START_TEST(test_ps_inline__two_pdus_in_one_segment__pass_together)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST "0002 0000 0006 01 03 0028 0002");
    two_expect(&w, "=");
    rig_expect(&w.r, "P P");
    end();
}
END_TEST

/* ---- partial PDUs ---------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__nv_s01_header_then_rest__held_acknowledged_and_sent_whole)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    ck_assert_uint_eq(w.out[0].window, 8192 - 7);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ >0:12a0");
    rig_expect(&w.r, "P");
    /* the server has got it: nothing more to do */
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_tick(&w, 60000);
    two_expect(&w, "");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s01_octet_by_octet__sent_whole)
{
    uint8_t data[2048];
    begin();
    uint32_t len = hex_octets(REQUEST, data);
    for (uint32_t i = 0; i < len - 1; i++) {
        two_bytes(&w, PS_TO_SERVER, 0, PS_TCP_ACK, data + i, 1);
        w.seq[PS_TO_SERVER]++;
        ck_assert_uint_eq(w.n_out, 1);
        ck_assert_uint_eq(w.out[0].dir, PS_TO_CLIENT);
        ck_assert_uint_eq(w.out[0].ack, w.seq[PS_TO_SERVER]);
        w.n_out = 0;
    }
    two_bytes(&w, PS_TO_SERVER, 0, PS_TCP_ACK, data + len - 1, 1);
    ck_assert_mem_eq(w.out[0].data, data, len);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__pdu_and_a_half__cut_at_the_boundary)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST HEAD);
    two_expect(&w, "~ >0:12a0 <0:0a19");
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ >12:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__held_octets_owned__sent_again_until_acknowledged)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ <0:0a7 >0:12a0");
    two_tick(&w, 199);
    two_expect(&w, "");
    two_tick(&w, 1);
    two_expect(&w, ">0:12a0");
    two_tick(&w, 399);
    two_expect(&w, "");
    two_tick(&w, 1);
    two_expect(&w, ">0:12a0");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_tick(&w, 60000);
    two_expect(&w, "");
    ck_assert_uint_eq(rig_stats(&w.r)->resends, 2);
    end();
}
END_TEST

START_TEST(test_ps_inline__owned_octets_never_acknowledged__reset_after_six_tries)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    w.n_out = 0;
    w.spoken = false;
    for (unsigned i = 0; i < 6; i++) {
        two_tick(&w, 200u << i);
        two_expect(&w, ">0:12a0");
    }
    two_tick(&w, 200u << 6);
    two_expect(&w, ">12:0a0R <0:0a7R");
    ck_assert_uint_eq(w.r.judged[1].reason, PS_REASON_UNDELIVERED);
    rig_expect(&w.r, "P K=undelivered");
    end();
}
END_TEST

START_TEST(test_ps_inline__lower_acknowledgement_of_receiver__lifted)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a19");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "~ <0:0a19"); /* its window is news, its number is not */
    ck_assert_uint_eq(w.out[0].window, 8192 - 7);
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "~");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 12;
    two_say(&w, PS_TO_CLIENT, REPLY);
    two_expect(&w, "~ <0:13a19");
    end();
}
END_TEST

START_TEST(test_ps_inline__full_segment_inside_a_pdu__acknowledged_after_5_ms)
{
    static const uint8_t mss[4] = {2, 4, 0, 64};
    uint8_t data[2048];
    uint32_t len = hex_octets("0001 0000 0006 01 03 0028 0002 0002 0000 0006 01 03 0028 0002 0003 0000 0006 01 03 0028"
                              "0002 0004 0000 0006 01 03 0028 0002 0005 0000 0006 01 03 0028 0002 0006 0000 0006 01 03"
                              "0028 0002", data);
    two_init(&w, NULL, NULL);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    w.options = mss;
    w.options_len = 4;
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    ck_assert_uint_eq(len, 72);
    two_bytes(&w, PS_TO_SERVER, 0, PS_TCP_ACK, data, 64);
    two_expect(&w, "~ >0:60a0");
    two_tick(&w, 4);
    two_expect(&w, "");
    two_tick(&w, 1);
    two_expect(&w, "<0:0a64");
    two_bytes(&w, PS_TO_SERVER, 64, PS_TCP_ACK, data + 64, 8);
    two_expect(&w, "~ >60:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__rest_never_comes__reset_after_two_seconds)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 1999);
    two_expect(&w, "<0:0a7");
    two_tick(&w, 1);
    two_expect(&w, ">0:0a0R <0:0a7R");
    rig_expect(&w.r, "K=hold-timeout");
    end();
}
END_TEST

START_TEST(test_ps_inline__rest_comes_octet_by_octet__four_limits_in_all)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    for (unsigned i = 0; i < 4; i++) {
        two_tick(&w, 1900);
        two_say(&w, PS_TO_SERVER, "03");
    }
    w.n_out = 0;
    w.spoken = false;
    two_tick(&w, 350);
    two_expect(&w, "");
    two_tick(&w, 50);
    two_expect(&w, ">0:0a0R <0:0a11R");
    end();
}
END_TEST

START_TEST(test_ps_inline__hold_limit_of_the_conduit__reset_when_it_is_over)
{
    two_init(&w, NULL, "hold_limit = 0.5;");
    two_open(&w);
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 499);
    two_expect(&w, "<0:0a7");
    two_tick(&w, 1);
    two_expect(&w, ">0:0a0R <0:0a7R");
    rig_expect(&w.r, "K=hold-timeout");
    end();
}
END_TEST

/* ---- segments = "whole" ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__whole_segments__those_with_whole_pdus_pass)
{
    two_init(&w, NULL, "segments = \"whole\";");
    two_open(&w);
    two_say(&w, PS_TO_SERVER, REQUEST "0002 0000 0006 01 03 0028 0002");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__whole_segments_and_one_ends_in_a_pdu__refused)
{
    two_init(&w, NULL, "segments = \"whole\";");
    two_open(&w);
    two_say(&w, PS_TO_SERVER, REQUEST HEAD);
    two_expect(&w, "!split-pdu >0:12a0 >12:0a0R <0:0a0R");
    ck_assert_uint_eq(rig_stats(&w.r)->held_pdus, 0);
    end();
}
END_TEST

/* Two replies in one segment that comes too early and is kept in two blocks. */
START_TEST(test_ps_inline__whole_segments_and_one_came_early__passes)
{
    uint8_t request[12] = {0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 120}, replies[3 * 249] = {0};
    two_init(&w, NULL, "segments = \"whole\";");
    two_open(&w);
    for (uint8_t i = 0; i < 3; i++) {
        const uint8_t head[9] = {0, request[1] = i, 0, 0, 0, 243, 1, 3, 240};
        two_bytes(&w, PS_TO_SERVER, 12 * i, PS_TCP_ACK, request, 12);
        memcpy(replies + 249u * i, head, sizeof head);
    }
    w.n_out = 0;
    w.ack[PS_TO_CLIENT] += 36;
    two_bytes(&w, PS_TO_CLIENT, 249, PS_TCP_ACK, replies + 249, 498);
    w.n_out = 0;
    two_bytes(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, replies, 249);
    two_expect(&w, "~ <0:536a36 <536:211a36");
    ck_assert_uint_eq(rig_stats(&w.r)->held_pdus, 0);
    two_bytes(&w, PS_TO_CLIENT, 747, PS_TCP_ACK, replies, 100);
    two_expect(&w, "!split-pdu >36:0a0R <747:0a36R");
    end();
}
END_TEST

START_TEST(test_ps_inline__whole_segments_and_drop__whole_repetition_passes)
{
    two_init(&w, NULL, "segments = \"whole\"; on_deny = \"drop\";");
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, HEAD);
    two_expect(&w, "!split-pdu");
    two_tick(&w, 60000);
    two_expect(&w, "");
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__held_reply__never_reaches_the_client_before_its_verdict)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_expect(&w, "=");
    two_say(&w, PS_TO_CLIENT, "0001 0000 0007 01 03");
    two_expect(&w, "~ <0:0a12 >12:0a8");
    two_say(&w, PS_TO_CLIENT, "04 000a 000b");
    two_expect(&w, "~ <0:13a12");
    rig_expect(&w.r, "P R");
    end();
}
END_TEST

/* ---- windows --------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__window_smaller_than_a_pdu__offered_what_it_lacks_and_split_on_release)
{
    two_init(&w, NULL, NULL);
    w.window[PS_TO_CLIENT] = 8;
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "0001 0000 0006 01 03");
    two_expect(&w, "~ <0:0a8");
    ck_assert_uint_eq(w.out[0].window, 536); /* of a full segment, for which its sender may wait */
    two_at(&w, PS_TO_SERVER, 8, PS_TCP_ACK, "0028 0002");
    two_expect(&w, "~ >0:8a0");
    w.seq[PS_TO_SERVER] += 12;
    two_ack(&w, PS_TO_CLIENT, 8);
    two_expect(&w, "= >8:4a0");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_tick(&w, 60000);
    two_expect(&w, "");
    end();
}
END_TEST

START_TEST(test_ps_inline__window_for_a_part_of_a_pdu__waits_for_more_before_it_is_split)
{
    two_init(&w, NULL, NULL);
    w.window[PS_TO_CLIENT] = 20;
    two_open(&w);
    two_say(&w, PS_TO_SERVER, REQUEST);
    w.window[PS_TO_CLIENT] = 8;
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01 03");
    two_say(&w, PS_TO_SERVER, "0028 0002");
    two_expect(&w, "~ <0:0a20");
    two_tick(&w, 199);
    two_expect(&w, "");
    two_tick(&w, 1);
    two_expect(&w, ">12:8a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s12_number_not_reached_yet__later_windows_count)
{
    begin();
    w.window[PS_TO_SERVER] = 5;
    two_at(&w, PS_TO_SERVER, 41, PS_TCP_ACK, "");
    two_expect(&w, "~ >0:0a0");
    w.window[PS_TO_SERVER] = 500;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, REQUEST);
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_say(&w, PS_TO_CLIENT, REPLY);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__window_closes_during_hold__asked_for_and_released_when_it_opens)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    w.window[PS_TO_CLIENT] = 0;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "~ <0:0a7");
    ck_assert_uint_eq(w.out[0].window, 536);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~");
    two_tick(&w, 200);
    two_expect(&w, ">-1:0a0");
    for (unsigned i = 0; i < 20; i++) { /* as long as it answers it is asked */
        two_ack(&w, PS_TO_CLIENT, 0);
        two_tick(&w, 200);
        ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    }
    w.n_out = 0;
    w.window[PS_TO_CLIENT] = 100;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "~ >0:12a0 <0:0a7");
    end();
}
END_TEST

START_TEST(test_ps_inline__window_closed_and_an_overtaken_acknowledgement__still_asked_for)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_say(&w, PS_TO_SERVER, HEAD);
    w.window[PS_TO_CLIENT] = 0;
    two_ack(&w, PS_TO_CLIENT, 12);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_ack(&w, PS_TO_CLIENT, 0);
    w.n_out = 0;
    w.spoken = false;
    two_tick(&w, 200);
    two_expect(&w, ">11:0a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s07_right_of_the_window__not_passed)
{
    two_init(&w, NULL, NULL);
    w.window[PS_TO_CLIENT] = 20;
    two_open(&w);
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, REQUEST);
    two_expect(&w, "!out-of-window");
    two_at(&w, PS_TO_SERVER, 100, PS_TCP_ACK, "");
    two_expect(&w, "!out-of-window");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s10_zero_window_probe__receiver_is_asked)
{
    two_init(&w, NULL, NULL);
    w.window[PS_TO_CLIENT] = 12;
    two_open(&w);
    two_say(&w, PS_TO_SERVER, REQUEST);
    w.window[PS_TO_CLIENT] = 0;
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "00");
    two_expect(&w, "~ >11:0a0");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline",
    test_ps_inline__whole_pdus__pass_as_they_came,
    test_ps_inline__two_pdus_in_one_segment__pass_together,
    test_ps_inline__nv_s01_header_then_rest__held_acknowledged_and_sent_whole,
    test_ps_inline__nv_s01_octet_by_octet__sent_whole,
    test_ps_inline__pdu_and_a_half__cut_at_the_boundary,
    test_ps_inline__held_octets_owned__sent_again_until_acknowledged,
    test_ps_inline__owned_octets_never_acknowledged__reset_after_six_tries,
    test_ps_inline__lower_acknowledgement_of_receiver__lifted,
    test_ps_inline__full_segment_inside_a_pdu__acknowledged_after_5_ms,
    test_ps_inline__rest_never_comes__reset_after_two_seconds,
    test_ps_inline__held_reply__never_reaches_the_client_before_its_verdict,
    test_ps_inline__window_smaller_than_a_pdu__offered_what_it_lacks_and_split_on_release,
    test_ps_inline__window_for_a_part_of_a_pdu__waits_for_more_before_it_is_split,
    test_ps_inline__nv_s12_number_not_reached_yet__later_windows_count,
    test_ps_inline__rest_comes_octet_by_octet__four_limits_in_all,
    test_ps_inline__hold_limit_of_the_conduit__reset_when_it_is_over,
    test_ps_inline__whole_segments__those_with_whole_pdus_pass,
    test_ps_inline__whole_segments_and_one_ends_in_a_pdu__refused,
    test_ps_inline__whole_segments_and_one_came_early__passes,
    test_ps_inline__whole_segments_and_drop__whole_repetition_passes,
    test_ps_inline__window_closes_during_hold__asked_for_and_released_when_it_opens,
    test_ps_inline__window_closed_and_an_overtaken_acknowledgement__still_asked_for,
    test_ps_inline__nv_s07_right_of_the_window__not_passed,
    test_ps_inline__nv_s10_zero_window_probe__receiver_is_asked)
