/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode.h"
#include "inline_private.h"
#include "rig_resume.h"
#include "snapshot.h"
#include "unit.h"

static struct two w;
static struct left left;

#define ASK PS_TO_SERVER
#define ANSWER PS_TO_CLIENT

#define REQUEST_2 "0002 0000 0006 01 03 0028 0002"
#define REPLY_2 "0002 0000 0007 01 03 04 000a 000b"
#define REPLY_3 "0003 0000 0007 01 03 04 000a 000b"

/* After the restart: 12 octets of the client and 13 of the server lie before, all acknowledged. */
static void begin_with(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
    two_poll(&w);
    two_stop(&w, &left);
    ck_assert_ptr_null(two_start(&w, &left, mode, 1000));
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 1);
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

/* One segment besides, `offset` away. */
static void at(unsigned dir, int32_t offset, uint8_t flags, const char *hex, const char *what)
{
    two_at(&w, dir, offset, flags, hex);
    two_expect(&w, what);
}

static const struct ps_relay *relay(void)
{
    return &w.r.engine->in.relays[0];
}

static void expect_open(bool open)
{
    ck_assert_uint_eq(rig_stats(&w.r)->resumed, open);
    ck_assert_int_eq(relay()->phase == PS_RELAY_OPEN, open);
    ck_assert_int_eq(ps_relay_is_restored(relay()), !open);
    ck_assert_int_eq(ps_inline_is_steady(relay()), open);
}

/* ---- going on -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline_resume__request_and_its_answer__open)
{
    begin();
    expect_open(false);
    say(ASK, REQUEST_2, "=");
    expect_open(false);
    say(ANSWER, REPLY_2, "=");
    expect_open(true);
    two_tick(&w, 1000000);
    two_expect(&w, "");
    say(ASK, READ_REQUEST, "=");
    end();
}
END_TEST

/* Keep-alives are no answer: the connection waits on, however long. */
START_TEST(test_ps_inline_resume__keep_alives__seen_not_open)
{
    begin();
    const struct ps_flow *flow = ps_engine_flow(w.r.engine, relay()->line);
    at(ASK, -1, PS_TCP_ACK, "", "=");
    ck_assert_uint_eq(flow->phase, PS_FLOW_OPENING);
    at(ANSWER, 0, PS_TCP_ACK, "", "=");
    ck_assert_uint_eq(flow->phase, PS_FLOW_OPEN);
    ck_assert_uint_eq(relay()->phase, PS_RELAY_RESUME);
    expect_open(false);
    two_tick(&w, 3600000);
    two_expect(&w, "");
    at(ASK, -1, PS_TCP_ACK, "00", "~ >11:0a13"); /* an octet of garbage is not passed on */
    say(ASK, REQUEST_2, "=");
    say(ANSWER, REPLY_2, "=");
    expect_open(true);
    end();
}
END_TEST

START_TEST(test_ps_inline_resume__request_in_parts__held_and_answered)
{
    begin();
    two_next(&w, ASK, "0002 0000 0006");
    two_expect(&w, "~ <13:0a18");
    two_next(&w, ASK, "01 03 0028 0002");
    two_expect(&w, "~ >12:12a13");
    w.ack[ANSWER] = w.seq[ASK];
    say(ANSWER, REPLY_2, "=");
    expect_open(true);
    end();
}
END_TEST

/* The client has not heard what the last run has heard from the server: it repeats, and is told. */
START_TEST(test_ps_inline_resume__octets_of_before__answered_and_not_passed)
{
    begin();
    at(ASK, -12, PS_TCP_ACK, READ_REQUEST, "~ <13:0a12");
    at(ASK, -12, PS_TCP_ACK, READ_REQUEST REQUEST_2, "~ <13:0a12"); /* what is new comes again at its place */
    ck_assert_uint_eq(relay()->seen, 0);
    say(ASK, REQUEST_2, "=");
    end();
}
END_TEST

/* While the gateway was away the client has said more than once: the first of it is what goes on. */
START_TEST(test_ps_inline_resume__ahead_within_the_window__waits_for_the_first)
{
    begin();
    at(ASK, 12, PS_TCP_ACK, REQUEST_2, "~");
    ck_assert_uint_eq(relay()->seen, 0);
    say(ASK, REQUEST_2, "=");
    end();
}
END_TEST

/* An acknowledgement that was overtaken tells nothing, and does not end it. */
START_TEST(test_ps_inline_resume__older_acknowledgement__not_where_it_was)
{
    begin();
    w.ack[ASK] = w.isn[ANSWER];
    at(ASK, 0, PS_TCP_ACK, REQUEST_2, "~");
    ck_assert_uint_eq(relay()->seen, 0);
    say(ASK, REQUEST_2, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_resume__both_close__over)
{
    begin();
    w.ack[ASK] = w.seq[ANSWER];
    at(ASK, 0, PS_TCP_ACK | PS_TCP_FIN, "", "=");
    w.seq[ASK]++;
    w.ack[ANSWER] = w.seq[ASK];
    at(ANSWER, 0, PS_TCP_ACK | PS_TCP_FIN, "", "=");
    w.seq[ANSWER]++;
    w.ack[ASK] = w.seq[ANSWER];
    at(ASK, 0, PS_TCP_ACK, "", "=");
    ck_assert_uint_eq(relay()->phase, PS_RELAY_LINGER);
    end();
}
END_TEST

/* ---- another connection ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline_resume__wrong_numbers__reset)
{
    static const struct {
        int32_t seq, ack;
    } rows[] = {{8193, 0}, {-13, 0}, {100000, 0}, {INT32_MIN, 0}, {0, 1}, {0, -14}, {0, 100000}, {12, 1}};
    for (unsigned dir = 0; dir < 2; dir++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            begin();
            int32_t more = dir == ANSWER ? 1 : 0; /* one octet more lies before */
            w.ack[dir] = w.seq[!dir] + (uint32_t)(rows[i].ack + (rows[i].ack < 0 && dir == ANSWER));
            two_at(&w, dir, rows[i].seq - (rows[i].seq == -13 ? more : 0), PS_TCP_ACK, "0002 0000 00");
            ck_assert_msg(w.r.last.reason == PS_REASON_MIDSTREAM, "direction %u row %zu", dir, i);
            ck_assert_uint_eq(relay()->phase, PS_RELAY_TOMB);
            ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
            end();
        }
    }
}
END_TEST

START_TEST(test_ps_inline_resume__not_at_the_start_of_a_pdu__reset)
{
    begin();
    two_next(&w, ASK, "01 03 0028 0002 0003 0000 0006");
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    end();
}
END_TEST

START_TEST(test_ps_inline_resume__answer_that_does_not_fit__reset)
{
    static const char *const modes[] = {GOES_ON, GOES_ON "on_deny = \"drop\";", GOES_ON "on_deny = \"answer\";"};
    for (unsigned i = 0; i < 3; i++) {
        begin_with(modes[i]);
        say(ASK, REQUEST_2, "=");
        two_next(&w, ANSWER, REPLY_3);
        ck_assert_uint_eq(w.r.last.reason, PS_REASON_MODBUS_UNSOLICITED);
        ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
        end();
        begin_with(modes[i]);
        two_next(&w, ANSWER, REPLY_2); /* nobody has asked */
        ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
        end();
    }
}
END_TEST

/* Refused requests are none of that: they are dropped or answered as ever. */
START_TEST(test_ps_inline_resume__refused_request__as_the_conduit_says)
{
    begin_with(GOES_ON "on_deny = \"drop\";");
    two_next(&w, ASK, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule");
    expect_open(false);
    end();
    begin_with(GOES_ON "on_deny = \"answer\";");
    two_next(&w, ASK, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <13:9a24");
    expect_open(false);
    end();
}
END_TEST

/* The door of whoever opens a connection while the gateway is away. */
START_TEST(test_ps_inline_resume__nv_h14_opened_while_the_gateway_was_away__reset)
{
    begin();
    w.port[ASK]++;
    say(ASK, REQUEST_2, "!midstream >12:0a13R <13:0a24R");
    say(ASK, REQUEST_2, "~ <13:0a36R");
    end();
    begin(); /* the same ends, other numbers */
    w.seq[ASK] += 1000000;
    w.seq[ANSWER] += 1000000;
    two_next(&w, ASK, REQUEST_2);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_MIDSTREAM);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    end();
}
END_TEST

/* ---- what else may come ---------------------------------------------------------------------------------------- */

/* A policy that is swapped in before both have gone on. */
START_TEST(test_ps_inline_resume__policy_of_now_resets__reset)
{
    static struct two other;
    begin();
    two_init(&other, NULL, "midstream = \"reset\";");
    say(ASK, REQUEST_2, "=");
    w.r.engine->image = &other.r.image;
    two_next(&w, ANSWER, REPLY_2);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_MIDSTREAM);
    w.r.engine->image = &w.r.image;
    end();
    two_fini(&other);
}
END_TEST

/* The client was started anew, too: it is told where the old connection is, resets that, and connects. */
START_TEST(test_ps_inline_resume__syn__answered_until_the_old_connection_is_reset)
{
    begin();
    w.ack[ASK] = w.seq[ANSWER];
    at(ASK, 5000, PS_TCP_SYN, "", "!bad-handshake <13:0a12");
    at(ASK, 0, PS_TCP_RST, "", "=");
    ck_assert_uint_eq(relay()->phase, PS_RELAY_TOMB);
    two_expect(&w, "");
    w.isn[ASK] += 5000;
    w.seq[ASK] = w.isn[ASK];
    w.seq[ANSWER] = w.isn[ANSWER];
    w.ack[ANSWER] = w.seq[ASK];
    w.ack[ASK] = w.seq[ANSWER];
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_inline_resume__rst__only_at_the_exact_number)
{
    begin();
    at(ASK, 1, PS_TCP_RST, "", "!out-of-window");
    expect_open(false);
    at(ANSWER, 0, PS_TCP_RST | PS_TCP_ACK, "", "=");
    ck_assert_uint_eq(relay()->phase, PS_RELAY_TOMB);
    end();
}
END_TEST

START_TEST(test_ps_inline_resume_late__nobody_comes__forgotten_in_silence)
{
    begin();
    two_tick(&w, 599999);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 1);
    two_tick(&w, 1);
    two_expect(&w, "");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    say(ASK, REQUEST_2, "!midstream >12:0a13R <13:0a24R");
    end();
}
END_TEST

START_TEST(test_ps_inline_resume_late__only_one_end__reset)
{
    begin();
    at(ASK, -1, PS_TCP_ACK, "", "=");
    two_tick(&w, 600000);
    two_expect(&w, ">12:0a13R <13:0a12R");
    ck_assert_uint_eq(rig_stats(&w.r)->denied_by_reason[PS_REASON_MIDSTREAM], 1);
    end();
}
END_TEST

/* Those that nobody goes on with do not keep others out. */
START_TEST(test_ps_inline_resume__relays_in_use__unseen_ones_go_for_newcomers)
{
    struct ps_engine_config config;
    begin();
    two_config(&config);
    config.n_relays = 1;
    uint64_t now_ns = w.r.time_ns;
    end();
    two_init(&w, &config, GOES_ON);
    ck_assert_ptr_null(ps_engine_restore(w.r.engine, left.octets, left.n, now_ns));
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    two_again(&w);
    two_open(&w);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 1);
    end();
    two_init(&w, &config, GOES_ON);
    ck_assert_ptr_null(ps_engine_restore(w.r.engine, left.octets, left.n, now_ns));
    w.seq[ASK] += 12;
    w.seq[ANSWER] += 13;
    w.ack[ASK] = w.seq[ANSWER];
    w.ack[ANSWER] = w.seq[ASK];
    at(ASK, -1, PS_TCP_ACK, "", "=");
    at(ANSWER, 0, PS_TCP_ACK, "", "=");
    two_again(&w);
    at(ASK, -1, PS_TCP_SYN, "", "!relays-full");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_resume",
    test_ps_inline_resume__request_and_its_answer__open,
    test_ps_inline_resume__keep_alives__seen_not_open,
    test_ps_inline_resume__request_in_parts__held_and_answered,
    test_ps_inline_resume__octets_of_before__answered_and_not_passed,
    test_ps_inline_resume__ahead_within_the_window__waits_for_the_first,
    test_ps_inline_resume__older_acknowledgement__not_where_it_was,
    test_ps_inline_resume__both_close__over,
    test_ps_inline_resume__wrong_numbers__reset,
    test_ps_inline_resume__not_at_the_start_of_a_pdu__reset,
    test_ps_inline_resume__answer_that_does_not_fit__reset,
    test_ps_inline_resume__refused_request__as_the_conduit_says,
    test_ps_inline_resume__nv_h14_opened_while_the_gateway_was_away__reset,
    test_ps_inline_resume__policy_of_now_resets__reset,
    test_ps_inline_resume__syn__answered_until_the_old_connection_is_reset,
    test_ps_inline_resume__rst__only_at_the_exact_number,
    test_ps_inline_resume_late__nobody_comes__forgotten_in_silence,
    test_ps_inline_resume_late__only_one_end__reset,
    test_ps_inline_resume__relays_in_use__unseen_ones_go_for_newcomers)
