/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "inline_case.h"
#include "unit.h"

#define REQUEST READ_REQUEST
#define HEAD "0001 0000 0006 01"     /* of REQUEST: 7 octets */
#define TAIL "03 0028 0002"          /* and the other 5 */
#define OTHER_TAIL "03 0028 0003"

START_TEST(test_ps_inline__nv_s03_same_octets_again__pass)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, REQUEST);
    two_expect(&w, "=");
    rig_expect(&w.r, "P");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s05_part_of_what_is_in_flight_again__all_of_it_sent)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, HEAD);
    two_expect(&w, "~ >0:12a0");
    two_at(&w, PS_TO_SERVER, -5, PS_TCP_ACK, TAIL);
    two_expect(&w, "~");
    end();
}
END_TEST

/* A receiver that takes back a window it has given: what was sent into it may come again only as far as it goes now. */
START_TEST(test_ps_inline__nv_s21_window_shrinks__no_more_than_it_sent_again)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ <0:0a7 >0:12a0");
    w.window[PS_TO_CLIENT] = 5;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 200);
    two_expect(&w, ">0:5a0");
    w.window[PS_TO_CLIENT] = 0;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 400);
    two_expect(&w, ">-1:0a0");
    w.window[PS_TO_CLIENT] = 8192;
    two_ack(&w, PS_TO_CLIENT, 0);
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 800);
    two_expect(&w, ">0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s05_repacketised_with_more__old_part_again_and_new_part_judged)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, REQUEST "0002 0000 0006 01 03 0028 0002");
    two_expect(&w, "~ >0:12a0 >12:12a0");
    rig_expect(&w.r, "P P");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s05_other_octets_in_flight__reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, HEAD OTHER_TAIL);
    two_expect(&w, "!retransmission-differs >12:0a0R <0:0a0R");
    rig_expect(&w.r, "P K=retransmission-differs");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s05_other_octets_for_held_ones__reset)
{
    begin();
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "0001 0000 0006 02 03 0028 0002");
    two_expect(&w, "!retransmission-differs >0:0a0R <0:0a7R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s02_out_of_order__nothing_leaves_before_the_gap_closes)
{
    begin();
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, "0002 0000 0006 01 03 0028 0002");
    two_expect(&w, "~ <0:0a0");
    two_at(&w, PS_TO_SERVER, 31, PS_TCP_ACK, TAIL);
    two_expect(&w, "~ <0:0a0");
    rig_expect(&w.r, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, REQUEST);
    two_expect(&w, "~ >0:24a0");
    rig_expect(&w.r, "P P");
    two_at(&w, PS_TO_SERVER, 24, PS_TCP_ACK, "0003 0000 0006 01");
    two_expect(&w, "~ >24:12a0");
    rig_expect(&w.r, "P");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s02_too_far_ahead__dropped)
{
    static const uint8_t many[64 + 1100] = {0};
    struct ps_engine_config config;
    two_config(&config);
    config.unacked_octets = 64; /* and the longest PDU, of UMAS */
    two_init(&w, &config, NULL);
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 64 + 1100, PS_TCP_ACK, "00");
    two_expect(&w, "!copies-full");
    two_bytes(&w, PS_TO_SERVER, 0, PS_TCP_ACK, many, sizeof many);
    two_expect(&w, "!copies-full");
    two_at(&w, PS_TO_SERVER, 64 + 900, PS_TCP_ACK, "00");
    two_expect(&w, "~ <0:0a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s04_overlap_with_other_octets__reset)
{
    static const struct {
        int32_t first, second;
        const char *a, *b;
    } rows[] = {
        {4, 4, "41414141", "42424242"},     /* the same place */
        {4, 2, "41414141", "585858585858"}, /* starts earlier */
        {4, 2, "41414141", "5858585858585858"}, /* covers it */
        {4, 6, "41414141", "585858585858"}, /* starts later */
        {4, 0, "41414141", "0001000000060103"}, /* in order over what is kept */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin();
        two_at(&w, PS_TO_SERVER, rows[i].first, PS_TCP_ACK, rows[i].a);
        two_expect(&w, "~ <0:0a0");
        two_at(&w, PS_TO_SERVER, rows[i].second, PS_TCP_ACK, rows[i].b);
        two_expect(&w, "!overlap-differs >0:0a0R <0:0a0R");
        rig_expect(&w.r, "K=overlap-differs");
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_s03_overlap_with_same_octets__taken)
{
    begin();
    two_at(&w, PS_TO_SERVER, 4, PS_TCP_ACK, "0006 01 03 0028");
    two_at(&w, PS_TO_SERVER, 2, PS_TCP_ACK, "0000 0006 01 03 0028 0002");
    w.n_out = 0;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "0001 0000 0006");
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s06_old_octets__dropped_and_answered)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, HEAD OTHER_TAIL);
    two_expect(&w, "~ <0:0a12");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s09_keep_alive__passes_without_its_octet)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST);
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_ACK, "ff");
    two_expect(&w, "~ >11:0a0");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s09_keep_alive_during_hold__answered_by_the_engine)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_ACK, "ff");
    two_expect(&w, "~ <0:0a7");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_ACK, "");
    two_expect(&w, "~ <0:0a7");
    two_at(&w, PS_TO_SERVER, -3, PS_TCP_ACK, "ff"); /* overtaken by what followed it */
    two_expect(&w, "~ <0:0a7");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_again",
    test_ps_inline__nv_s03_same_octets_again__pass,
    test_ps_inline__nv_s05_part_of_what_is_in_flight_again__all_of_it_sent,
    test_ps_inline__nv_s21_window_shrinks__no_more_than_it_sent_again,
    test_ps_inline__nv_s05_repacketised_with_more__old_part_again_and_new_part_judged,
    test_ps_inline__nv_s05_other_octets_in_flight__reset,
    test_ps_inline__nv_s05_other_octets_for_held_ones__reset,
    test_ps_inline__nv_s02_out_of_order__nothing_leaves_before_the_gap_closes,
    test_ps_inline__nv_s02_too_far_ahead__dropped,
    test_ps_inline__nv_s04_overlap_with_other_octets__reset,
    test_ps_inline__nv_s03_overlap_with_same_octets__taken,
    test_ps_inline__nv_s06_old_octets__dropped_and_answered,
    test_ps_inline__nv_s09_keep_alive__passes_without_its_octet,
    test_ps_inline__nv_s09_keep_alive_during_hold__answered_by_the_engine)
