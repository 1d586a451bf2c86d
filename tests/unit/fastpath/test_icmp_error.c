/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "icmp_error.h"

#include <string.h>

#include "decode.h"
#include "rig_inline.h"
#include "unit.h"

static struct two w;

#define SECOND "0002 0000 0006 01 03 0028 0002"
#define MIN_MTU (w.link->v6 ? 1280u : 576u)

static void begin(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

START_TEST(test_ps_icmp_error_judge__nv_i01_number_on_its_way__passes_others_do_not)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_say(&w, PS_TO_SERVER, SECOND);
    w.n_out = 0;
    for (int32_t at = -2; at < 27; at++) {
        two_error(&w, PS_TO_SERVER, at, 0);
        two_expect(&w, at >= 0 && at <= 24 ? "=" : "!out-of-window");
    }
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "!out-of-window");
    two_error(&w, PS_TO_SERVER, 12, 0);
    two_expect(&w, "=");
    two_error(&w, PS_TO_CLIENT, 1, 0);
    two_expect(&w, "!out-of-window");
    w.port[PS_TO_SERVER]++; /* nobody's */
    two_error(&w, PS_TO_SERVER, 12, 0);
    two_expect(&w, "!midstream");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__nv_i01_held_octets__are_not_on_their_way)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_error(&w, PS_TO_SERVER, 1, 0);
    two_expect(&w, "!out-of-window");
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__nv_i01_about_a_syn__passes)
{
    two_init(&w, NULL, NULL);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_error(&w, PS_TO_SERVER, -1, 0);
    two_expect(&w, "=");
    two_error(&w, PS_TO_SERVER, -2, 0);
    two_expect(&w, "!out-of-window");
    two_error(&w, PS_TO_CLIENT, (int32_t)(0 - w.isn[PS_TO_CLIENT]), 0); /* which has said nothing yet */
    two_expect(&w, "!out-of-window");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__nv_i04_unreachable__connection_goes_on)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 24;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__nv_i02_too_big__not_below_what_links_carry)
{
    static const uint32_t small[] = {1, 68, 296, 552};
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        two_error(&w, PS_TO_SERVER, 0, small[i]);
        two_expect(&w, "!bad-header");
    }
    two_error(&w, PS_TO_SERVER, 0, MIN_MTU - 1);
    two_expect(&w, "!bad-header");
    two_error(&w, PS_TO_SERVER, 0, MIN_MTU);
    two_expect(&w, "=");
    end();
}
END_TEST

/* Six requests for 120 registers, of whose replies (249 octets each) the engine owns the delivery. */
START_TEST(test_ps_icmp_error_judge__nv_56_too_big__own_segments_are_smaller)
{
    static const uint8_t mss[4] = {2, 4, 5, 0x80};
    uint8_t request[12] = {0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 120}, replies[6 * 249] = {0};
    two_init(&w, NULL, NULL);
    for (unsigned dir = 0; dir < 2; dir++) {
        w.options = mss;
        w.options_len = 4;
        two_at(&w, dir, -1, dir ? PS_TCP_SYN | PS_TCP_ACK : PS_TCP_SYN, "");
    }
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    for (uint8_t i = 0; i < 6; i++) {
        const uint8_t head[9] = {0, request[1] = i, 0, 0, 0, 243, 1, 3, 240};
        two_bytes(&w, PS_TO_SERVER, 12 * i, PS_TCP_ACK, request, 12);
        memcpy(replies + 249u * i, head, sizeof head);
    }
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 72;
    two_bytes(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, replies, 7);
    two_expect(&w, "~ <0:0a72 >72:0a7");
    two_bytes(&w, PS_TO_CLIENT, 7, PS_TCP_ACK, replies + 7, 1400);
    two_bytes(&w, PS_TO_CLIENT, 1407, PS_TCP_ACK, replies + 1407, 87);
    w.n_out = 0;
    two_error(&w, PS_TO_CLIENT, 0, MIN_MTU);
    two_expect(&w, "=");
    two_tick(&w, 200);
    for (uint32_t i = 0; i < w.n_out; i++)
        ck_assert_uint_le(w.out[i].raw_len - w.head + (w.link->v6 ? 40 : 20), MIN_MTU);
    two_expect(&w, w.link->v6 ? "<0:1220a72 <1220:274a72" : "<0:536a72 <536:536a72 <1072:422a72");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__after_an_answer__its_numbers_are_not_the_senders)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.n_out = 0;
    two_error(&w, PS_TO_SERVER, 24, 0); /* as the client counts */
    two_expect(&w, "!out-of-window");
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "~");
    end();
}
END_TEST

START_TEST(test_ps_icmp_error_judge__nv_i01_in_the_name_of_a_host_behind_another_port__spoofed)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.router = HMI + 1;
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "!spoofed");
    w.router = PLC_SPARE;
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "=");
    w.router = STRANGER; /* a router has the address of any network */
    two_error(&w, PS_TO_SERVER, 0, 0);
    two_expect(&w, "=");
    end();
}
END_TEST

UNIT_MAIN("fastpath/icmp_error",
    test_ps_icmp_error_judge__nv_i01_number_on_its_way__passes_others_do_not,
    test_ps_icmp_error_judge__nv_i01_held_octets__are_not_on_their_way,
    test_ps_icmp_error_judge__nv_i01_about_a_syn__passes,
    test_ps_icmp_error_judge__nv_i01_in_the_name_of_a_host_behind_another_port__spoofed,
    test_ps_icmp_error_judge__nv_i04_unreachable__connection_goes_on,
    test_ps_icmp_error_judge__nv_i02_too_big__not_below_what_links_carry,
    test_ps_icmp_error_judge__nv_56_too_big__own_segments_are_smaller,
    test_ps_icmp_error_judge__after_an_answer__its_numbers_are_not_the_senders)
