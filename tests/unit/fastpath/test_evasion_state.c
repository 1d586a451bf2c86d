/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_evasion_state.c - connections that are held, that end, and that outlive what was kept of them; docs/evasion.md has the
 * rows.
 */
#include "inline.h"

#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "inline_case.h"
#include "unit.h"

#define REQUEST READ_REQUEST
#define SECOND "0002 0000 0006 01 03 0028 0002"
#define HEAD "0001 0000 0006 01" /* of REQUEST: 7 octets */
#define TAIL "03 0028 0002"      /* and the other 5 */

/* ---- parts of PDUs (6) ------------------------------------------------------------------------------------------- */

/* hex in two segments, cut before octet `at`, so many milliseconds apart: the first part never leaves alone. */
static void say_in_two(unsigned dir, const char *hex, uint32_t at, uint32_t ms)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    for (unsigned part = 0; part < 2; part++) {
        uint32_t n = part == 0 ? at : len - at;
        two_bytes(&w, dir, 0, PS_TCP_ACK | PS_TCP_PSH, data + (part == 0 ? 0 : at), n);
        w.seq[dir] += n;
        for (uint32_t i = 0; i < w.n_out; i++)
            ck_assert(w.out[i].dir != dir || w.out[i].len == (part == 0 ? 0 : len));
        ck_assert_uint_eq(w.out[part == 0 ? 0 : w.n_out - 1].dir, part == 0 ? !dir : dir);
        w.n_out = 0;
        if (part == 0)
            two_tick(&w, ms);
        ck_assert_uint_eq(w.n_out, part == 0 && ms >= 200); /* acknowledged once more */
        w.n_out = 0;
    }
    w.ack[!dir] = w.seq[dir];
    two_at(&w, !dir, 0, PS_TCP_ACK, "");
    w.n_out = 0;
}

START_TEST(test_ps_inline__nv_6_every_split_of_requests_and_replies__sent_whole)
{
    static const char *const pdus[][2] = {
        {REQUEST, READ_REPLY}, {WRITE_REQUEST, WRITE_REPLY}, {"0003 0000 0006 01 01 0000 0008", "0003 0000 0004 01 01 01 55"},
        {"0004 0000 0006 01 04 0000 0001", "0004 0000 0003 01 84 02"}};
    uint8_t data[2048];
    for (size_t i = 0; i < sizeof pdus / sizeof pdus[0]; i++) {
        uint32_t len[2] = {hex_octets(pdus[i][0], data), hex_octets(pdus[i][1], data)};
        begin();
        for (uint32_t at = 1; at < len[0] || at < len[1]; at++)
            for (unsigned dir = 0; dir < 2; dir++)
                say_in_two(dir, pdus[i][dir], at < len[dir] ? at : len[dir] - 1, at % 3 * 200);
        w.spoken = false;
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_6_both_parts_at_once__sent_whole)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD); /* without waiting for the acknowledgement */
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "~ <0:0a7 >0:12a0");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, REQUEST); /* and as one, when it was lost */
    two_expect(&w, "=");
    rig_expect(&w.r, "P");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_drip_of_an_octet_a_second__reset_after_four_hold_limits)
{
    static const char *const octets[] = {"00", "01", "00", "00", "00", "06", "01", "03"};
    char expected[32];
    begin();
    for (unsigned i = 0; i < 8; i++) {
        two_say(&w, PS_TO_SERVER, octets[i]);
        snprintf(expected, sizeof expected, "~ <0:0a%u", i + 1);
        two_expect(&w, expected);
        two_tick(&w, 998);
        two_expect(&w, expected + 2); /* acknowledged once more */
    }
    two_tick(&w, 30);
    two_expect(&w, ">0:0a0R <0:0a8R");
    rig_expect(&w.r, "K=hold-timeout");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_windows_of_small_devices__held_and_sent_within_them)
{
    static const uint16_t windows[] = {64, 128, 536};
    uint8_t reply[249] = {0, 1, 0, 0, 0, 243, 1, 3, 240};
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        two_init(&w, NULL, NULL);
        w.window[PS_TO_SERVER] = windows[i];
        two_open(&w);
        two_say(&w, PS_TO_SERVER, "0001 0000 0006 01 03 0000 0078");
        w.ack[PS_TO_CLIENT] += 12;
        two_expect(&w, "=");
        uint32_t taken = 0;
        for (uint32_t at = 0; at < sizeof reply; at += 50) { /* the server sends what it was offered */
            uint32_t left = (uint32_t)sizeof reply - at, n = left < 50 ? left : 50;
            two_bytes(&w, PS_TO_CLIENT, (int32_t)at, PS_TCP_ACK, reply + at, n);
            ck_assert_uint_eq(w.r.last.reason, PS_REASON_NONE);
            ck_assert(at + n == sizeof reply || (w.n_out > 0 && w.out[w.n_out - 1].window >= left - n));
            taken += w.n_out > 0 && w.out[w.n_out - 1].dir == PS_TO_CLIENT ? w.out[w.n_out - 1].len : 0;
            w.n_out = at + n == sizeof reply ? w.n_out : 0;
        }
        for (unsigned turn = 0; taken < sizeof reply && turn < 8; turn++) { /* the client reads and acknowledges */
            ck_assert_uint_le(taken, (turn + 1u) * windows[i]);
            w.n_out = 0;
            two_ack(&w, PS_TO_SERVER, taken);
            for (uint32_t f = 0; f < w.n_out; f++)
                taken += w.out[f].dir == PS_TO_CLIENT ? w.out[f].len : 0;
        }
        ck_assert_uint_eq(taken, sizeof reply);
        w.n_out = 0;
        w.spoken = false;
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_6_release_lost__sent_again_until_acknowledged)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_say(&w, PS_TO_SERVER, TAIL);
    w.n_out = 0;
    for (unsigned i = 0; i < 6; i++) {
        two_tick(&w, (200u << i) - 1);
        two_expect(&w, i == 0 ? "~" : "");
        two_tick(&w, 1);
        two_expect(&w, ">0:12a0");
    }
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_tick(&w, 60000);
    two_expect(&w, "");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_local_acknowledgement_lost__given_again)
{
    begin();
    for (unsigned i = 0; i < 3; i++) {
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, HEAD);
        two_expect(&w, "~ <0:0a7");
        two_tick(&w, 300); /* unasked too */
        two_expect(&w, "<0:0a7");
    }
    two_at(&w, PS_TO_SERVER, 7, PS_TCP_ACK, TAIL);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_lone_octet_repeated__hold_limit_begins_anew)
{
    begin();
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "00");
    two_expect(&w, "~ <0:0a1");
    two_tick(&w, 1800);
    two_expect(&w, "<0:0a1");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "00");
    two_expect(&w, "~ <0:0a1");
    two_tick(&w, 1800);
    two_expect(&w, "<0:0a1");
    two_at(&w, PS_TO_SERVER, 1, PS_TCP_ACK, "01 0000 0006 01" TAIL);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_deny_on_the_second_of_three__first_alone_leaves)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST WRITE_TOO_MUCH SECOND);
    two_expect(&w, "!no-rule >0:12a0 >12:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_two_and_a_half__two_leave_and_the_rest_waits)
{
    begin();
    two_say(&w, PS_TO_SERVER, REQUEST SECOND "0003 0000 0006");
    two_expect(&w, "~ >0:24a0 <0:0a30");
    two_say(&w, PS_TO_SERVER, "01 03 0000 0001");
    two_expect(&w, "~ >24:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_window_shut_during_hold__released_when_it_opens)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    w.window[PS_TO_CLIENT] = 0;
    two_ack(&w, PS_TO_CLIENT, 0);
    w.n_out = 0;
    two_say(&w, PS_TO_SERVER, TAIL);
    for (uint32_t i = 0; i < w.n_out; i++)
        ck_assert_uint_eq(w.out[i].len, 0);
    w.n_out = 0;
    w.window[PS_TO_CLIENT] = 8192;
    two_ack(&w, PS_TO_CLIENT, 0);
    ck_assert_uint_eq(w.out[0].len, 12);
    ck_assert_uint_eq(w.out[0].dir, PS_TO_SERVER);
    w.n_out = 0;
    w.spoken = false;
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_6_fin_behind_a_part__reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_FIN | PS_TCP_ACK, "");
    two_expect(&w, "!fin-in-pdu >0:0a0R <0:0a7R");
    end();
}
END_TEST

/* Another engine, as after a restart, sees the rest alone. */
START_TEST(test_ps_inline__nv_6_restarted_during_hold__both_ends_reset)
{
    two_init(&w, NULL, NULL);
    w.seq[PS_TO_SERVER] += 7;
    two_say(&w, PS_TO_SERVER, TAIL);
    two_expect(&w, "!midstream >7:0a0R <0:0a12R");
    end();
}
END_TEST

/* ---- gaps -------------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__nv_s02_gap_that_stays__forgotten_after_ten_seconds)
{
    begin();
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, SECOND);
    two_expect(&w, "~ <0:0a0");
    two_tick(&w, 9000);
    two_at(&w, PS_TO_SERVER, 24, PS_TCP_ACK, SECOND);
    two_expect(&w, "~ <0:0a0");
    two_tick(&w, 1000);
    two_expect(&w, "");
    ck_assert_uint_eq(ps_engine_next_tick(w.r.engine), UINT64_MAX);
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, REQUEST); /* other octets than those were */
    two_expect(&w, "~ <0:0a0");
    two_tick(&w, 9000);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "0009 0000 0006 01 03 0000 0001");
    two_expect(&w, "~ >0:24a0");
    two_at(&w, PS_TO_SERVER, 36, PS_TCP_ACK, SECOND); /* another gap has its own time */
    two_tick(&w, 9000);
    ck_assert_uint_ne(ps_engine_next_tick(w.r.engine), UINT64_MAX);
    two_tick(&w, 1000);
    ck_assert_uint_eq(ps_engine_next_tick(w.r.engine), UINT64_MAX);
    w.n_out = 0;
    w.spoken = false;
    end();
}
END_TEST

/* ---- the end ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__nv_c03_reset_with_a_wrong_checksum__connection_goes_on)
{
    begin();
    w.sum = 1;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
    two_expect(&w, "!bad-checksum");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH); /* still looked at */
    two_expect(&w, "!no-rule >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_reset_take__nv_c04_reset_that_dies_on_its_way__nothing_passes_any_more)
{
    begin();
    w.hops[PS_TO_SERVER] = 1;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
    two_expect(&w, "=");
    w.hops[PS_TO_SERVER] = 64;
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    w.n_out = 0;
    w.spoken = false;
    two_at(&w, PS_TO_SERVER, -13, PS_TCP_SYN, ""); /* that of the connection, come late */
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    w.n_out = 0;
    w.spoken = false;
    end();
}
END_TEST

START_TEST(test_ps_reset_tomb__nv_c11_answers_of_one_connection__say_nothing_about_another)
{
    two_init(&w, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        two_again(&w);
        two_open(&w);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, WRITE_TOO_MUCH);
        two_expect(&w, "!no-rule >0:0a0R <0:0a0R");
    }
    w.port[PS_TO_SERVER]--;
    for (unsigned i = 0; i < 100; i++) {
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
        two_expect(&w, i < 32 ? "~ <0:0a0R" : "~");
    }
    w.port[PS_TO_SERVER]++;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "~ <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_c12_silent_for_days__goes_on)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    w.ack[PS_TO_SERVER] += 13;
    two_expect(&w, "=");
    for (unsigned day = 0; day < 3; day++) {
        two_tick(&w, 86400u * 1000u);
        two_expect(&w, "");
        two_say(&w, PS_TO_SERVER, SECOND);
        two_expect(&w, "=");
        w.ack[PS_TO_CLIENT] += 12;
        two_say(&w, PS_TO_CLIENT, "0002 0000 0007 01 03 04 000a 000b");
        two_expect(&w, "=");
        w.ack[PS_TO_SERVER] += 13;
    }
    end();
}
END_TEST

/* A day of silence, then others fill the table: what comes later is reset at both ends. */
START_TEST(test_ps_inline__nv_c12_evicted__reset_when_it_goes_on)
{
    struct ps_engine_config config;
    two_config(&config);
    config.n_flows = 16;
    config.n_relays = 64;
    two_init(&w, &config, NULL);
    two_open(&w);
    two_tick(&w, 2u * 86400u * 1000u);
    uint16_t first = w.port[PS_TO_SERVER];
    for (unsigned i = 0; i < 16; i++) {
        two_again(&w);
        two_open(&w);
    }
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, ""); /* the others live, but for this one */
    two_expect(&w, "=");
    w.port[PS_TO_SERVER] = first;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!midstream >0:0a0R <0:0a12R");
    end();
}
END_TEST

/* ---- state (5.5) and hop limits ---------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__nv_55_both_directions_held__each_goes_on)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01");
    two_expect(&w, "~ <0:0a19");
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, "0001 0000 0007 01 03");
    two_expect(&w, "~ <0:0a19 >12:0a8");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ >12:12a8");
    two_say(&w, PS_TO_CLIENT, "04 000a 000b");
    two_expect(&w, "~ <0:13a19");
    rig_expect(&w.r, "P P R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_55_acknowledgements_alone__neither_kept_nor_answered)
{
    begin();
    for (unsigned i = 0; i < 1000; i++) {
        two_at(&w, i % 2, 0, PS_TCP_ACK, "");
        two_expect(&w, "=");
    }
    ck_assert_uint_eq(rig_stats(&w.r)->sent_frames, 0);
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_55_reply_before_its_request__refused)
{
    begin();
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "!modbus-unsolicited >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_55_clock_goes_back__deadlines_stay)
{
    begin();
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 1000);
    two_expect(&w, "<0:0a7");
    w.r.time_ns -= UINT64_C(500000000000);
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, "");
    two_expect(&w, "~");
    w.r.time_ns += UINT64_C(500000000000);
    two_tick(&w, 998);
    two_expect(&w, "");
    two_tick(&w, 2);
    two_expect(&w, ">0:0a0R <0:0a7R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_404_hop_limit_changes__own_segments_have_the_highest)
{
    begin();
    w.hops[PS_TO_SERVER] = 63;
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.hops[PS_TO_SERVER] = 1;
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ <0:0a19 >12:12a0");
    w.hops[PS_TO_SERVER] = 0;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!bad-header");
    w.hops[PS_TO_SERVER] = 64; /* it has died on its way: what is sent again need not */
    two_at(&w, PS_TO_SERVER, -24, PS_TCP_ACK, READ_REQUEST SECOND);
    two_expect(&w, "=");
    end();
}
END_TEST

UNIT_MAIN("fastpath/evasion_state",
    test_ps_inline__nv_6_every_split_of_requests_and_replies__sent_whole,
    test_ps_inline__nv_6_both_parts_at_once__sent_whole,
    test_ps_inline__nv_6_drip_of_an_octet_a_second__reset_after_four_hold_limits,
    test_ps_inline__nv_6_windows_of_small_devices__held_and_sent_within_them,
    test_ps_inline__nv_6_release_lost__sent_again_until_acknowledged,
    test_ps_inline__nv_6_local_acknowledgement_lost__given_again,
    test_ps_inline__nv_6_lone_octet_repeated__hold_limit_begins_anew,
    test_ps_inline__nv_6_deny_on_the_second_of_three__first_alone_leaves,
    test_ps_inline__nv_6_two_and_a_half__two_leave_and_the_rest_waits,
    test_ps_inline__nv_6_window_shut_during_hold__released_when_it_opens,
    test_ps_inline__nv_6_fin_behind_a_part__reset,
    test_ps_inline__nv_6_restarted_during_hold__both_ends_reset,
    test_ps_inline__nv_s02_gap_that_stays__forgotten_after_ten_seconds,
    test_ps_inline__nv_c03_reset_with_a_wrong_checksum__connection_goes_on,
    test_ps_reset_take__nv_c04_reset_that_dies_on_its_way__nothing_passes_any_more,
    test_ps_reset_tomb__nv_c11_answers_of_one_connection__say_nothing_about_another,
    test_ps_inline__nv_c12_silent_for_days__goes_on,
    test_ps_inline__nv_c12_evicted__reset_when_it_goes_on,
    test_ps_inline__nv_55_both_directions_held__each_goes_on,
    test_ps_inline__nv_55_acknowledgements_alone__neither_kept_nor_answered,
    test_ps_inline__nv_55_reply_before_its_request__refused,
    test_ps_inline__nv_55_clock_goes_back__deadlines_stay,
    test_ps_inline__nv_404_hop_limit_changes__own_segments_have_the_highest)
