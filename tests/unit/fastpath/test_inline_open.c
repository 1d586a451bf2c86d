/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "decode.h"
#include "rig_inline.h"
#include "unit.h"

static struct two w;

#define SYN_ACK (PS_TCP_SYN | PS_TCP_ACK)

static void begin(void)
{
    two_init(&w, NULL, NULL);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void options(const void *octets, uint32_t len)
{
    w.options = octets;
    w.options_len = len;
}

START_TEST(test_ps_inline_syn__nv_h12_options__only_size_and_scale_survive)
{
    static const uint8_t before[28] = {2, 4, 5, 0x80, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 3, 3, 7, 30, 4, 0, 0,
                                       34, 2, 1, 0, 9};
    static const uint8_t after[28] = {2, 4, 5, 0x80, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    begin();
    options(before, sizeof before);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    ck_assert_uint_eq(w.n_out, 1);
    ck_assert_mem_eq(w.out[0].raw + w.head + 20, after, sizeof after);
    two_expect(&w, "~ >-1:0S");
    options(before, sizeof before);
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    ck_assert_mem_eq(w.out[0].raw + w.head + 20, after, sizeof after);
    two_expect(&w, "~ <-1:0a0S");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h11_scaled_windows__followed)
{
    static const uint8_t scale[4] = {3, 3, 2, 1};
    begin();
    options(scale, 4);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    options(scale, 4);
    w.window[PS_TO_CLIENT] = 24;
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    w.window[PS_TO_SERVER] = 4; /* 16 octets */
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST READ_REQUEST READ_REQUEST);
    two_expect(&w, "!out-of-window"); /* not scaled in the SYN-ACK */
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    w.window[PS_TO_CLIENT] = 6; /* 24 octets */
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, READ_REPLY);
    two_expect(&w, "!out-of-window");
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01 03 0028 0002 0003 0000 0006 01 03 0028 0002");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h11_scale_of_one_side__nobody_scales)
{
    static const uint8_t scale[4] = {3, 3, 2, 1};
    begin();
    options(scale, 4);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    w.window[PS_TO_SERVER] = 12;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, READ_REPLY);
    two_expect(&w, "!out-of-window");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h11_scale_that_was_not_offered__blanked)
{
    static const uint8_t scale[4] = {3, 3, 2, 1};
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    options(scale, 4);
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    ck_assert_uint_eq(w.out[0].raw[w.head + 20], 1);
    two_expect(&w, "~ <-1:0a0S");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__options_that_cannot_be_stripped__refused)
{
    static const uint8_t md5[20] = {19, 18}, ao[4] = {29, 4}, tiny[4] = {2, 4, 0, 8}, twice[8] = {2, 4, 5, 0, 2, 4, 1, 0};
    static const struct {
        const uint8_t *octets;
        uint32_t len;
    } rows[] = {{md5, 20}, {ao, 4}, {tiny, 4}, {twice, 8}};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options(rows[i].octets, rows[i].len);
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "!syn-options");
        ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    }
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h01_payload__refused)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, READ_REQUEST);
    two_expect(&w, "!syn-data");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, READ_REPLY);
    two_expect(&w, "!syn-data");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h03_other_number__only_the_first_counts)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 999, PS_TCP_SYN, "");
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__repeated_for_ever__over_after_thirty_seconds)
{
    two_init(&w, NULL, NULL);
    for (unsigned i = 0; i < 7; i++) { /* at 1, 4002, ... 24007 ms */
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "=");
        two_tick(&w, 4000);
    }
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_tick(&w, 1991);
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 1);
    two_tick(&w, 1); /* 30 s after the first */
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    two_fini(&w);
}
END_TEST

START_TEST(test_ps_inline_syn__repeated_with_other_options__refused)
{
    static const uint8_t mss[4] = {2, 4, 2, 0};
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    options(mss, 4);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    options(mss, 4);
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h04_answers_that_do_not_fit__refused)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    w.ack[PS_TO_CLIENT]++;
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "!bad-handshake");
    w.ack[PS_TO_CLIENT]--;
    two_at(&w, PS_TO_SERVER, -1, SYN_ACK, ""); /* from the client's side */
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, 99, SYN_ACK, "");
    two_expect(&w, "!bad-handshake");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h05_split_handshake__refused)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN, "");
    two_expect(&w, "!bad-handshake");
    end();
}
END_TEST

/* Linux would take an octet out of what the server says next. */
START_TEST(test_ps_inline_syn__nv_54_urgent_answer__refused)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN | PS_TCP_URG, "");
    two_expect(&w, "!bad-flags");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK | PS_TCP_URG, "");
    two_expect(&w, "!bad-flags");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__server_with_an_earlier_connection__reset_at_its_number)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] - 500;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, "");
    two_expect(&w, "!bad-handshake >-500:0a0R");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER];
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, ""); /* as if it were open already */
    two_expect(&w, "!bad-handshake");
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_inline_third__nv_h07_wrong_number__refused_and_the_right_one_taken)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    w.ack[PS_TO_SERVER]++;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!bad-handshake");
    w.ack[PS_TO_SERVER]--;
    two_at(&w, PS_TO_SERVER, 1, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, READ_REPLY); /* the server first */
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_third__nv_h08_data_on_it__judged)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "=");
    rig_expect(&w.r, "P");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__third_lost_behind_the_engine__answer_passes_again)
{
    begin();
    two_open(&w);
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_s12_answer_with_a_later_number__refused)
{
    begin();
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_ack(&w, PS_TO_SERVER, 13);
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_CLIENT, -14, SYN_ACK, "");
    two_expect(&w, "!bad-handshake");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_c10_in_an_open_connection__answered_not_passed)
{
    begin();
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 500, PS_TCP_SYN, "");
    two_expect(&w, "!bad-handshake <0:0a0");
    /* whoever has forgotten the connection ends it with the number it was told, and opens another */
    w.seq[PS_TO_SERVER] = w.isn[PS_TO_SERVER];
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
    two_expect(&w, "=");
    w.isn[PS_TO_SERVER] = w.seq[PS_TO_SERVER] = 7000;
    w.ack[PS_TO_CLIENT] = 7000;
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_h09_no_answer__forgotten_after_five_seconds)
{
    begin();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    two_tick(&w, 4999);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    two_tick(&w, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    end();
}
END_TEST

START_TEST(test_ps_inline_opened__nv_h14_midstream__both_ends_reset)
{
    begin();
    w.seq[PS_TO_SERVER] += 100;
    w.ack[PS_TO_SERVER] += 50;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!midstream >100:0a50R <50:0a112R");
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_MIDSTREAM);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "~ <50:0a112R");
    end();
}
END_TEST

START_TEST(test_ps_inline_opened__nv_h16_answers_nobody_asked_for__no_reset)
{
    begin();
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "!midstream");
    two_again(&w);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST | PS_TCP_ACK, "");
    two_expect(&w, "!midstream");
    end();
}
END_TEST

START_TEST(test_ps_inline_opened__all_relays_in_use__refused)
{
    struct ps_engine_config config;
    two_config(&config);
    config.n_relays = 2;
    two_init(&w, &config, NULL);
    two_open(&w);
    two_again(&w);
    two_open(&w);
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!relays-full");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_peak, 2);
    w.port[PS_TO_SERVER]--; /* the second one is reset: its tombstone goes for a newcomer */
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
    two_expect(&w, "=");
    w.port[PS_TO_SERVER]++;
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_inline__uninspected_protocol__passes_with_its_options)
{
    static const uint8_t before[4] = {4, 2, 1, 1};
    begin();
    w.port[PS_TO_CLIENT] = 8080;
    options(before, 4);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "474554");
    two_expect(&w, "=");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_peak, 0);
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_l01_trailers__cut)
{
    for (unsigned inspected = 0; inspected < 2; inspected++) {
        begin();
        w.port[PS_TO_CLIENT] = inspected ? 502 : 8080;
        w.trailer = 9;
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        ck_assert_uint_eq(w.out[0].raw_len, w.head + 20);
        two_expect(&w, "~ >-1:0S");
        two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
        w.trailer = 9;
        two_say(&w, PS_TO_SERVER, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw_len, w.head + 32);
        two_expect(&w, "~ >0:12a0");
        two_say(&w, PS_TO_SERVER, "0002 0000 0006 01 03 0028 0002");
        two_expect(&w, "=");
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__flow_that_no_rule_grants__dropped_in_silence)
{
    begin();
    w.addr[PS_TO_SERVER] = IP(10, 0, 1, 99);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-rule");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!no-rule");
    end();
}
END_TEST

START_TEST(test_ps_inline__monitor_conduit__everything_passes)
{
    static const uint8_t before[4] = {4, 2, 1, 1};
    two_init(&w, NULL, "mode = \"monitor\";");
    options(before, 4);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, WRITE_TOO_MUCH);
    two_expect(&w, "=");
    rig_expect(&w.r, "P=no-rule");
    w.seq[PS_TO_SERVER] += 12;
    two_say(&w, PS_TO_SERVER, BAD_PROTOCOL);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "ffff ffff ffff");
    two_expect(&w, "=");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_open",
    test_ps_inline_syn__nv_h12_options__only_size_and_scale_survive,
    test_ps_inline_syn__nv_h11_scaled_windows__followed,
    test_ps_inline_syn__nv_h11_scale_of_one_side__nobody_scales,
    test_ps_inline_syn__nv_h11_scale_that_was_not_offered__blanked,
    test_ps_inline_syn__options_that_cannot_be_stripped__refused,
    test_ps_inline_syn__nv_h01_payload__refused,
    test_ps_inline_syn__nv_h03_other_number__only_the_first_counts,
    test_ps_inline_syn__repeated_for_ever__over_after_thirty_seconds,
    test_ps_inline_syn__repeated_with_other_options__refused,
    test_ps_inline_syn__nv_h04_answers_that_do_not_fit__refused,
    test_ps_inline_syn__nv_h05_split_handshake__refused,
    test_ps_inline_syn__nv_54_urgent_answer__refused,
    test_ps_inline_syn__server_with_an_earlier_connection__reset_at_its_number,
    test_ps_inline_third__nv_h07_wrong_number__refused_and_the_right_one_taken,
    test_ps_inline_third__nv_h08_data_on_it__judged,
    test_ps_inline_syn__third_lost_behind_the_engine__answer_passes_again,
    test_ps_inline_syn__nv_s12_answer_with_a_later_number__refused,
    test_ps_inline_syn__nv_c10_in_an_open_connection__answered_not_passed,
    test_ps_inline_syn__nv_h09_no_answer__forgotten_after_five_seconds,
    test_ps_inline_opened__nv_h14_midstream__both_ends_reset,
    test_ps_inline_opened__nv_h16_answers_nobody_asked_for__no_reset,
    test_ps_inline_opened__all_relays_in_use__refused,
    test_ps_inline__uninspected_protocol__passes_with_its_options,
    test_ps_inline__nv_l01_trailers__cut,
    test_ps_inline__flow_that_no_rule_grants__dropped_in_silence,
    test_ps_inline__monitor_conduit__everything_passes)
