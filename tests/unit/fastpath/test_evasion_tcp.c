/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_evasion_tcp.c - segments that receivers read in different ways; docs/evasion.md has the rows.
 */
#include "inline.h"

#include <string.h>

#include "decode.h"
#include "inline_case.h"
#include "unit.h"

#define SYN_ACK (PS_TCP_SYN | PS_TCP_ACK)
#define SECOND "0002 0000 0006 01 03 0028 0002"

static void options(const void *octets, uint32_t len)
{
    w.options = octets;
    w.options_len = len;
}

/* ---- ECN (5.6), reserved bits ------------------------------------------------------------------------------------ */

START_TEST(test_ps_inline__nv_56_ecn_in_the_ip_header__cleared)
{
    for (uint8_t ecn = 1; ecn <= 3; ecn++) {
        two_init(&w, NULL, NULL);
        w.tos = ecn;
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "~ >-1:0S");
        w.tos = ecn;
        two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
        two_expect(&w, "~ <-1:0a0S");
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
        two_expect(&w, "=");
        w.tos = ecn;
        two_say(&w, PS_TO_SERVER, READ_REQUEST);
        two_expect(&w, "~ >0:12a0");
        w.tos = ecn;
        two_ack(&w, PS_TO_CLIENT, 12);
        two_expect(&w, "~ <0:0a12");
        w.tos = 0xb8; /* a service is no ECN */
        two_say(&w, PS_TO_SERVER, SECOND);
        two_expect(&w, "=");
        w.tos = ecn;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST | PS_TCP_ACK, "");
        two_expect(&w, "~ >24:0a0R");
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_s20_reserved_bits_and_ece__built_without)
{
    begin();
    for (uint8_t bit = 1; bit <= 8; bit = (uint8_t)(bit << 1)) {
        w.reserved = bit;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw[w.head + 12], 0x50);
        two_expect(&w, "~ >0:12a0");
    }
    for (uint8_t bit = 0x40; bit != 0; bit = (uint8_t)(bit << 1)) {
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK | bit, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw[w.head + 13] & 0xc0, 0);
        two_expect(&w, "~ >0:12a0");
    }
    end();
}
END_TEST

/* ---- urgent data (5.4) ------------------------------------------------------------------------------------------- */

static const uint16_t pointers[] = {0, 1, 11, 12, 14, 65535};

START_TEST(test_ps_inline__nv_54_every_pointer__reset)
{
    for (size_t i = 0; i < 2 * sizeof pointers / sizeof pointers[0]; i++) {
        begin();
        w.urgent = pointers[i / 2];
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK | PS_TCP_URG, i % 2 ? READ_REQUEST : "");
        two_expect(&w, "!urgent >0:0a0R <0:0a0R");
        rig_expect(&w.r, "K=urgent");
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_54_two_in_series_and_replies__nothing_leaves)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 12;
    w.urgent = 3;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK | PS_TCP_URG, READ_REPLY);
    two_expect(&w, "!urgent >12:0a0R <0:0a12R");
    w.urgent = 8;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK | PS_TCP_URG, READ_REPLY);
    two_expect(&w, "~ >12:0a13R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_54_pointer_without_its_flag__built_without)
{
    two_init(&w, NULL, NULL);
    w.urgent = 5;
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "~ >-1:0S");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    for (size_t i = 1; i < sizeof pointers / sizeof pointers[0]; i++) {
        w.urgent = pointers[i];
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw[w.head + 18] | w.out[0].raw[w.head + 19], 0);
        two_expect(&w, "~ >0:12a0");
    }
    end();
}
END_TEST

/* ---- opening ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline_syn__nv_h02_fast_open__no_cookie_and_no_data)
{
    static const uint8_t cookie[12] = {34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1};
    static const uint8_t blank[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    two_init(&w, NULL, NULL);
    options(cookie, sizeof cookie);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, READ_REQUEST);
    two_expect(&w, "!syn-data");
    options(cookie, sizeof cookie);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    ck_assert_mem_eq(w.out[0].raw + w.head + 20, blank, sizeof blank);
    two_expect(&w, "~ >-1:0S");
    end();
}
END_TEST

START_TEST(test_ps_inline_first__nv_h06_every_combination_of_flags__only_syn_opens)
{
    two_init(&w, NULL, NULL);
    for (unsigned flags = 0; flags < 256; flags++) {
        two_again(&w);
        struct ps_decision d = two_at(&w, PS_TO_SERVER, -1, (uint8_t)flags, "");
        bool opens = (flags & 0x3f) == PS_TCP_SYN;
        ck_assert_uint_eq(d.reason == PS_REASON_NONE, opens);
        if (opens) {
            two_expect(&w, flags == PS_TCP_SYN ? "=" : "~ >-1:0S"); /* without ECN */
            two_at(&w, PS_TO_CLIENT, 0, PS_TCP_RST | PS_TCP_ACK, "");
        }
        ck_assert_uint_le(w.n_out, 2); /* midstream is reset */
        w.n_out = 0;
        w.r.n_judged = 0;
        rig_events(&w.r, PS_EVENT_NONE, NULL);
    }
    end();
}
END_TEST

START_TEST(test_ps_inline_first__nv_h10_port_0__refused)
{
    two_init(&w, NULL, NULL);
    for (unsigned dir = 0; dir < 2; dir++) {
        uint16_t port = w.port[dir];
        w.port[dir] = 0;
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "!bad-header");
        w.port[dir] = port;
    }
    w.port[PS_TO_SERVER] = 502; /* a client may have the port of a server */
    w.port[PS_TO_CLIENT] = 8080;
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    rig_expect(&w.r, "K=bad-header K=bad-header");
    end();
}
END_TEST

START_TEST(test_ps_inline_syn__nv_56_segment_size__lowered_and_kept_to)
{
    static const uint8_t large[4] = {2, 4, 0x23, 0}, twice[8] = {2, 4, 5, 0, 2, 4, 4, 0};
    two_init(&w, NULL, NULL);
    options(twice, sizeof twice);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!syn-options");
    options(large, sizeof large);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    uint32_t mss = (uint32_t)w.out[0].raw[w.head + 22] << 8 | w.out[0].raw[w.head + 23];
    ck_assert_uint_eq(mss, w.link->v6 ? 1440 : 1460);
    two_expect(&w, "~ >-1:0S");
    end();
}
END_TEST

/* ---- sequence ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__nv_s08_everything_at_the_wrap__as_elsewhere)
{
    for (int32_t before = 0; before <= 14; before++) {
        two_init(&w, NULL, NULL);
        for (unsigned dir = 0; dir < 2; dir++)
            w.isn[dir] = w.seq[dir] = 0u - (uint32_t)before;
        w.ack[0] = w.ack[1] = 0u - (uint32_t)before;
        two_open(&w);
        two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
        two_expect(&w, "~ <0:0a7");
        two_at(&w, PS_TO_SERVER, 5, PS_TCP_ACK, SECOND); /* early */
        two_expect(&w, "~ <0:0a7");
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "03 0028 0002");
        two_expect(&w, "~ >0:24a0");
        two_at(&w, PS_TO_SERVER, -7, PS_TCP_ACK, READ_REQUEST); /* again */
        two_expect(&w, "~ >0:24a0");
        w.ack[PS_TO_CLIENT] += 24;
        two_say(&w, PS_TO_CLIENT, READ_REPLY);
        two_expect(&w, "=");
        two_at(&w, PS_TO_SERVER, -8, PS_TCP_ACK, "00");
        two_expect(&w, "~ <13:0a24");
        w.seq[PS_TO_SERVER] += 17;
        w.ack[PS_TO_SERVER] += 13;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST, "");
        two_expect(&w, "=");
        end();
    }
}
END_TEST

START_TEST(test_ps_inline__nv_s11_lost_behind_the_engine__senders_repetition_passes)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_tick(&w, 3000); /* its sender's to repeat */
    two_expect(&w, "");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_at(&w, PS_TO_SERVER, -24, PS_TCP_ACK, READ_REQUEST SECOND);
    two_expect(&w, "=");
    rig_expect(&w.r, "P P");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s12_flags_without_ack__refused_with_their_data)
{
    static const uint8_t flags[] = {0, PS_TCP_PSH, PS_TCP_URG, PS_TCP_FIN, PS_TCP_FIN | PS_TCP_PSH | PS_TCP_URG};
    begin();
    for (size_t i = 0; i < sizeof flags; i++) {
        two_at(&w, PS_TO_SERVER, 0, flags[i], READ_REQUEST);
        two_expect(&w, "!bad-flags");
    }
    two_at(&w, PS_TO_SERVER, 0, SYN_ACK, READ_REQUEST);
    two_expect(&w, "!bad-handshake");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_SYN, READ_REQUEST);
    two_expect(&w, "!bad-handshake <0:0a0");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

/* Linux drops segments with an older value; nobody has agreed on any here, and nobody sees them. */
START_TEST(test_ps_inline__nv_s15_timestamps__stripped_everywhere)
{
    static const uint8_t stamps[][12] = {{1, 1, 8, 10, 0, 0, 1, 0}, {1, 1, 8, 10, 0, 0, 0, 1}, {1, 1, 8, 10, 0xff}};
    two_init(&w, NULL, NULL);
    options(stamps[0], 12);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    ck_assert_uint_eq(w.out[0].raw[w.head + 22], 1);
    two_expect(&w, "~ >-1:0S");
    options(stamps[0], 12);
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    ck_assert_uint_eq(w.out[0].raw[w.head + 22], 1);
    two_expect(&w, "~ <-1:0a0S");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    for (size_t i = 0; i < 3; i++) {
        options(stamps[i], 12);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw_len, w.head + 32);
        two_expect(&w, "~ >0:12a0");
    }
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s16_wrong_checksum__refused_and_nothing_learnt)
{
    begin();
    for (unsigned bit = 0; bit < 16; bit++) {
        w.sum = (uint16_t)(1u << bit);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        two_expect(&w, "!bad-checksum");
    }
    two_say(&w, PS_TO_SERVER, SECOND); /* other octets at the same place */
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s17_malformed_options__refused)
{
    static const uint8_t rows[][4] = {{8, 0, 1, 1}, {8, 1, 1, 1}, {254, 5, 1, 1}, {1, 1, 1, 8}, {2, 255, 5, 0}};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options(rows[i], 4);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        two_expect(&w, "!tcp-options");
    }
    end();
}
END_TEST

/* Linux drops a signed segment of a connection without a key; built without, no receiver sees that it was signed. */
START_TEST(test_ps_inline__nv_s19_signed_segment__built_without)
{
    static const uint8_t md5[20] = {1, 1, 19, 18}, ao[8] = {29, 8};
    begin();
    options(md5, sizeof md5);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "~ >0:12a0");
    options(ao, sizeof ao);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    ck_assert_uint_eq(w.out[0].raw_len, w.head + 32);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

/* Every option, in a segment with data: none is passed on. */
START_TEST(test_ps_inline__nv_s18_every_option__built_without)
{
    begin();
    for (unsigned kind = 2; kind < 256; kind++) {
        const uint8_t option[4] = {(uint8_t)kind, 4, 1, 2};
        options(option, sizeof option);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        ck_assert_uint_eq(w.out[0].raw_len, w.head + 32);
        two_expect(&w, "~ >0:12a0");
    }
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s21_window_shrinks_and_swings__never_more_than_it_and_never_a_part)
{
    begin();
    for (uint16_t i = 0; i < 8; i++) {
        w.window[PS_TO_CLIENT] = i % 2 ? 12 : 5;
        two_ack(&w, PS_TO_CLIENT, 12u * i);
        two_say(&w, PS_TO_SERVER, READ_REQUEST);
        w.seq[PS_TO_SERVER] = w.isn[PS_TO_SERVER] + 12u * i; /* the server takes no more than its window */
        if (i % 2 == 0)
            ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
        for (uint32_t n = 0; n < w.n_out; n++)
            ck_assert(w.out[n].dir == PS_TO_CLIENT || w.out[n].len == 0 || w.out[n].len == 12);
        w.n_out = 0;
        w.window[PS_TO_CLIENT] = 12;
        two_ack(&w, PS_TO_CLIENT, 12u * i);
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        w.seq[PS_TO_SERVER] += 12;
        w.n_out = 0;
        w.r.n_judged = 0;
    }
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s22_sack__neither_agreed_on_nor_passed)
{
    static const uint8_t permitted[4] = {4, 2, 1, 1}, blocks[12] = {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9};
    two_init(&w, NULL, NULL);
    options(permitted, sizeof permitted);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    ck_assert_uint_eq(w.out[0].raw[w.head + 20], 1);
    two_expect(&w, "~ >-1:0S");
    two_at(&w, PS_TO_CLIENT, -1, SYN_ACK, "");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    options(blocks, sizeof blocks);
    two_ack(&w, PS_TO_CLIENT, 0);
    ck_assert_uint_eq(w.out[0].raw_len, w.head + 20);
    two_expect(&w, "~ <0:0a0");
    end();
}
END_TEST

UNIT_MAIN("fastpath/evasion_tcp",
    test_ps_inline__nv_56_ecn_in_the_ip_header__cleared,
    test_ps_inline__nv_s20_reserved_bits_and_ece__built_without,
    test_ps_inline__nv_54_every_pointer__reset,
    test_ps_inline__nv_54_two_in_series_and_replies__nothing_leaves,
    test_ps_inline__nv_54_pointer_without_its_flag__built_without,
    test_ps_inline_syn__nv_h02_fast_open__no_cookie_and_no_data,
    test_ps_inline_first__nv_h06_every_combination_of_flags__only_syn_opens,
    test_ps_inline_first__nv_h10_port_0__refused,
    test_ps_inline_syn__nv_56_segment_size__lowered_and_kept_to,
    test_ps_inline__nv_s08_everything_at_the_wrap__as_elsewhere,
    test_ps_inline__nv_s11_lost_behind_the_engine__senders_repetition_passes,
    test_ps_inline__nv_s12_flags_without_ack__refused_with_their_data,
    test_ps_inline__nv_s15_timestamps__stripped_everywhere,
    test_ps_inline__nv_s16_wrong_checksum__refused_and_nothing_learnt,
    test_ps_inline__nv_s17_malformed_options__refused,
    test_ps_inline__nv_s19_signed_segment__built_without,
    test_ps_inline__nv_s18_every_option__built_without,
    test_ps_inline__nv_s21_window_shrinks_and_swings__never_more_than_it_and_never_a_part,
    test_ps_inline__nv_s22_sack__neither_agreed_on_nor_passed)
