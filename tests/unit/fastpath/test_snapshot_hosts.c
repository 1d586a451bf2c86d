/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_snapshot_hosts.c - hosts that go on as they should over a restart of the gateway.
 */
#include "decode.h"
#include "inline_private.h"
#include "rig_resume.h"
#include "unit.h"

static struct two w;
static struct left left;

#define ASK PS_TO_SERVER
#define ANSWER PS_TO_CLIENT

#define REQUEST_2 "0002 0000 0006 01 03 0028 0002"
#define REPLY_2 "0002 0000 0007 01 03 04 000a 000b"
#define REQUEST_3 "0003 0000 0006 01 03 0028 0002"
#define REPLY_3 "0003 0000 0007 01 03 04 000a 000b"

static void begin_with(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
}

static void begin(void)
{
    begin_with(GOES_ON);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void say(unsigned dir, const char *hex, const char *what)
{
    two_next(&w, dir, hex);
    two_expect(&w, what);
}

static void expect_resumed(uint64_t resumed)
{
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->resumed, resumed);
}

START_TEST(test_ps_engine_restore__modbus_at_rest__goes_on)
{
    begin();
    two_poll(&w);
    two_restart(&w);
    expect_resumed(0);
    say(ASK, REQUEST_2, "=");
    say(ANSWER, REPLY_2, "=");
    expect_resumed(1);
    say(ASK, REQUEST_3, "=");
    say(ANSWER, REPLY_3, "=");
    rig_expect(&w.r, "P R P R");
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    end();
}
END_TEST

/* Its answer was on its way when the gateway stopped. */
START_TEST(test_ps_engine_restore__request_waits__its_answer_resumes)
{
    begin();
    two_poll(&w);
    say(ASK, REQUEST_2, "=");
    two_restart(&w);
    two_at(&w, ASK, -12, PS_TCP_ACK, REQUEST_2); /* nobody has acknowledged it */
    two_expect(&w, "=");
    say(ANSWER, REPLY_2, "=");
    expect_resumed(1);
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__dnp3_association__goes_on)
{
    two_init(&w, NULL, GOES_ON);
    w.port[ANSWER] = 20000;
    two_open(&w);
    say(ASK, "05 64 14 C4 0A 00 01 00 8F ED C0 C0 01 3C 02 06 3C 03 06 3C 04 06 3C 01 06 8A 51", "=");
    two_restart(&w);
    two_at(&w, ASK, -27, PS_TCP_ACK, "05 64 14 C4 0A 00 01 00 8F ED C0 C0 01 3C 02 06 3C 03 06 3C 04 06 3C 01 06 8A 51");
    two_expect(&w, "=");
    say(ANSWER, "05 64 14 44 01 00 0A 00 AA AC C0 C0 81 00 00 1E 01 00 00 00 01 00 00 00 00 43 A1", "=");
    expect_resumed(1);
    rig_expect(&w.r, "R");
    /* an answer to nothing is none */
    two_next(&w, ANSWER, "05 64 14 44 01 00 0A 00 AA AC C0 C0 81 00 00 1E 01 00 00 00 01 00 00 00 00 43 A1");
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_DNP3_UNSOLICITED);
    end();
}
END_TEST

#define S7_CR "0300 0016 11 e0 0000 0001 00 c0010a c1020100 c2020102"
#define S7_CC "0300 0016 11 d0 0001 0044 00 c0010a c1020100 c2020102"
#define S7_SETUP "0300 0019 02f080 32 01 0000 0001 0008 0000 f0 00 0004 0004 01e0"
#define S7_SETUP_ACK "0300 001b 02f080 32 03 0000 0001 0008 0000 0000 f0 00 0004 0004 01e0"
#define S7_READ "0300 001f 02f080 32 01 0000 0002 000e 0000 04 01 120a10 02 0001 0001 84 000000"
#define S7_DATA "0300 001a 02f080 32 03 0000 0002 0002 0005 0000 04 01 ff04 0008 01"

/* What the set-up has agreed on is known, as is the station that the connect request called. */
START_TEST(test_ps_engine_restore__s7comm_after_set_up__reads_on)
{
    two_init(&w, NULL, GOES_ON);
    w.port[ANSWER] = 102;
    two_open(&w);
    say(ASK, S7_CR, "=");
    say(ANSWER, S7_CC, "=");
    say(ASK, S7_SETUP, "=");
    say(ANSWER, S7_SETUP_ACK, "=");
    two_restart(&w);
    two_at(&w, ANSWER, -27, PS_TCP_ACK, S7_SETUP_ACK); /* the client has not acknowledged it */
    two_expect(&w, "=");
    say(ASK, S7_READ, "=");
    say(ANSWER, S7_DATA, "=");
    rig_expect(&w.r, "P R");
    expect_resumed(1);
    end();
}
END_TEST

/* After a refusal in the server's name the numbers of both ends differ: 9 octets more, 12 fewer. */
START_TEST(test_ps_engine_restore__numbers_differ_after_an_answer__translated_on)
{
    begin_with("on_deny = \"answer\"; " GOES_ON);
    two_next(&w, ASK, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <0:9a12");
    w.ack[ASK] = w.isn[ANSWER] + 9;
    two_say(&w, ASK, REQUEST_2);
    two_expect(&w, "~ >0:12a0");
    w.ack[ANSWER] = w.isn[ASK] + 12;
    two_say(&w, ANSWER, REPLY_2);
    two_expect(&w, "~ <9:13a24");
    w.ack[ASK] = w.isn[ANSWER] + 22;
    two_at(&w, ASK, 0, PS_TCP_ACK, "");
    two_expect(&w, "~ >12:0a13");
    two_stop(&w, &left);
    ck_assert_ptr_null(two_start(&w, &left, "on_deny = \"answer\"; " GOES_ON, 100));
    two_say(&w, ASK, REQUEST_3);
    two_expect(&w, "~ >12:12a13");
    w.ack[ANSWER] = w.isn[ASK] + 24;
    two_say(&w, ANSWER, REPLY_3);
    two_expect(&w, "~ <22:13a36");
    expect_resumed(1);
    end();
}
END_TEST

/* Windows are followed and segments sized as was agreed on, and the number of the SYN is known when it comes late. */
START_TEST(test_ps_engine_restore__scaled_windows__followed)
{
    static const uint8_t options[8] = {2, 4, 2, 0, 3, 3, 4, 1}; /* segments of 512 octets, windows by 16 */
    two_init(&w, NULL, GOES_ON);
    w.options = options;
    w.options_len = 8;
    two_at(&w, ASK, -1, PS_TCP_SYN, "");
    w.options_len = 8;
    two_at(&w, ANSWER, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_at(&w, ASK, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_poll(&w);
    two_restart(&w);
    const struct ps_relay *relay = &w.r.engine->in.relays[0];
    for (unsigned dir = 0; dir < 2; dir++) {
        ck_assert_uint_eq(relay->dir[dir].scale, 4);
        ck_assert_uint_eq(relay->dir[dir].window_max, 8192u << 4);
        ck_assert_uint_eq(relay->dir[dir].mss, 512);
        w.window[!dir] = 10;
        w.ack[!dir] = w.seq[dir];
        two_at(&w, !dir, 0, PS_TCP_ACK, "");
        ck_assert_uint_eq(relay->dir[dir].edge, w.seq[dir] + 160);
    }
    ck_assert_uint_eq(relay->isn, w.isn[ASK] - 1);
    ck_assert(relay->opened && relay->scales);
    end();
}
END_TEST

/* Octets that were not acknowledged are compared when they come again. */
START_TEST(test_ps_engine_restore__octets_in_flight__other_ones_refused)
{
    begin();
    two_poll(&w);
    say(ASK, REQUEST_2, "=");
    two_restart(&w);
    two_at(&w, ASK, -12, PS_TCP_ACK, REQUEST_3);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_RETRANSMISSION_DIFFERS);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    end();
}
END_TEST

UNIT_MAIN("fastpath/snapshot_hosts",
    test_ps_engine_restore__modbus_at_rest__goes_on,
    test_ps_engine_restore__request_waits__its_answer_resumes,
    test_ps_engine_restore__dnp3_association__goes_on,
    test_ps_engine_restore__s7comm_after_set_up__reads_on,
    test_ps_engine_restore__numbers_differ_after_an_answer__translated_on,
    test_ps_engine_restore__scaled_windows__followed,
    test_ps_engine_restore__octets_in_flight__other_ones_refused)
