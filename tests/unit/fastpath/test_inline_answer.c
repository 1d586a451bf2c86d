/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline_private.h"

#include <stdio.h>
#include <string.h>

#include "rig_inline.h"
#include "unit.h"

static struct two w;
static struct ps_dissector dissector;
static uint32_t silent; /* what refuse() says instead, 0: an exception */
static uint8_t asked;   /* its code */

#define DENIED WRITE_TOO_MUCH                 /* transaction 3 */
#define EXCEPTION "0003 0000 0003 01 86 01"   /* 9 octets */
#define SECOND "0002 0000 0006 01 03 0028 0002"
#define SECOND_REPLY "0002 0000 0007 01 03 04 000a 000b"

static uint32_t refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out)
{
    ck_assert_uint_eq(dialog->dir, PS_TO_SERVER);
    ck_assert_uint_eq(len, 12);
    asked = code;
    const uint8_t exception[9] = {pdu[0], pdu[1], 0, 0, 0, 3, pdu[6], pdu[7] | 0x80, 1};
    memcpy(out, exception, sizeof exception);
    return silent ? silent : sizeof exception;
}

static void begin_with(const char *more)
{
    char text[256];
    snprintf(text, sizeof text, "on_deny = \"answer\"; %s", more);
    two_init(&w, NULL, text);
    dissector = *w.r.engine->dissectors[PS_PROTOCOL_MODBUS];
    dissector.refuse = refuse;
    w.r.engine->dissectors[PS_PROTOCOL_MODBUS] = &dissector;
    silent = 0;
    two_open(&w);
}

static void begin(void)
{
    begin_with("");
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void expect_octets(uint32_t frame, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    ck_assert_uint_gt(w.n_out, frame);
    ck_assert_uint_eq(w.out[frame].len, len);
    ck_assert_mem_eq(w.out[frame].data, data, len);
}

START_TEST(test_ps_inline_answer__request_alone__swallowed_and_answered)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    expect_octets(0, EXCEPTION);
    two_expect(&w, "!no-rule <0:9a12");
    /* the client goes on; the server has seen nothing of it */
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 9;
    two_say(&w, PS_TO_SERVER, SECOND);
    expect_octets(0, SECOND);
    two_expect(&w, "~ >0:12a0");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 12;
    two_say(&w, PS_TO_CLIENT, SECOND_REPLY);
    expect_octets(0, SECOND_REPLY);
    two_expect(&w, "~ <9:13a24");
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 22;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "~ >12:0a13");
    two_tick(&w, 60000);
    two_expect(&w, "");
    rig_expect(&w.r, "P=no-rule P R");
    ck_assert_uint_eq(rig_stats(&w.r)->answers, 1);
    end();
}
END_TEST

/* Function 6 is granted, though not with this value; function 5 is not. */
START_TEST(test_ps_inspect_refusal__no_code_chosen__says_what_was_refused)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    ck_assert_uint_eq(asked, PS_REFUSE_OBJECT);
    two_say(&w, PS_TO_SERVER, "0004 0000 0006 01 05 0028 ff00");
    ck_assert_uint_eq(asked, PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(rig_stats(&w.r)->answers, 2);
    end();
}
END_TEST

START_TEST(test_ps_inspect_refusal__answer_code_of_the_conduit__asked_for)
{
    begin_with("answer_code = 4;");
    two_say(&w, PS_TO_SERVER, DENIED);
    ck_assert_uint_eq(asked, 4);
    two_say(&w, PS_TO_SERVER, "0004 0000 0006 01 05 0028 ff00");
    ck_assert_uint_eq(asked, 4);
    end();
}
END_TEST

/* The Modbus dissector itself. */
START_TEST(test_ps_inspect_refusal__modbus__exception_with_the_code)
{
    two_init(&w, NULL, "on_deny = \"answer\";");
    two_open(&w);
    two_say(&w, PS_TO_SERVER, DENIED);
    expect_octets(0, "0003 0000 0003 01 86 02");
    end();
    two_init(&w, NULL, "on_deny = \"answer\"; answer_code = 4;");
    two_open(&w);
    two_say(&w, PS_TO_SERVER, DENIED);
    expect_octets(0, "0003 0000 0003 01 86 04");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__between_neighbours__they_pass)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST DENIED SECOND);
    expect_octets(0, READ_REQUEST SECOND);
    expect_octets(1, EXCEPTION);
    two_expect(&w, "!no-rule >0:24a0 <0:9a24");
    rig_expect(&w.r, "P P=no-rule P");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__in_parts__answered_when_it_is_whole)
{
    begin();
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_say(&w, PS_TO_SERVER, "06 0029 03e9" SECOND);
    two_expect(&w, "!no-rule >0:12a0 <0:9a12");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__client_repeats_what_was_swallowed__acknowledged)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule <0:9a24");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, DENIED);
    two_expect(&w, "~ <9:0a24");
    two_at(&w, PS_TO_SERVER, -24, PS_TCP_ACK, READ_REQUEST DENIED SECOND);
    expect_octets(0, READ_REQUEST); /* the engine's to deliver */
    expect_octets(1, SECOND);
    two_expect(&w, "~ >0:12a0 >12:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__lost_answer__sent_again)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    w.n_out = 0;
    two_tick(&w, 200);
    expect_octets(0, EXCEPTION);
    two_expect(&w, "!no-rule <0:9a12");
    two_tick(&w, 400);
    two_expect(&w, "<0:9a12");
    two_ack(&w, PS_TO_SERVER, 9);
    two_expect(&w, "~ >0:0a0");
    two_tick(&w, 60000);
    two_expect(&w, "");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__reply_in_flight__engine_delivers_it_too)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule <13:9a24 >12:0a13");
    two_at(&w, PS_TO_CLIENT, -13, PS_TCP_ACK, READ_REPLY); /* the server has not heard of it */
    two_expect(&w, "~ >12:0a13");
    two_tick(&w, 200);
    expect_octets(0, READ_REPLY EXCEPTION);
    two_expect(&w, "<0:22a24");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__reply_half_held__answer_goes_first)
{
    begin();
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 12;
    two_say(&w, PS_TO_CLIENT, "0001 0000 0007 01 03");
    w.n_out = 0;
    two_say(&w, PS_TO_SERVER, DENIED);
    expect_octets(0, EXCEPTION);
    two_expect(&w, "!no-rule <0:9a24");
    two_say(&w, PS_TO_CLIENT, "04 000a 000b");
    expect_octets(0, READ_REPLY);
    two_expect(&w, "~ <9:13a24");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__nobody_waits_for_it__swallowed_and_acknowledged)
{
    begin();
    silent = PS_REFUSAL_SILENT;
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule <0:0a12");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "~ >0:12a0");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__malformed_or_a_reply__reset)
{
    begin();
    two_say(&w, PS_TO_SERVER, BAD_LENGTH);
    two_expect(&w, "!modbus-length >0:0a0R <0:0a0R");
    two_again(&w);
    two_open(&w);
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "!modbus-unsolicited >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__with_fin__answered_and_closed)
{
    begin();
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_FIN | PS_TCP_ACK, DENIED);
    two_expect(&w, "!no-rule >0:0a0F <0:9a12");
    w.seq[PS_TO_SERVER] += 13;
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 1;
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_FIN | PS_TCP_ACK, "");
    two_expect(&w, "~ <9:0a13F");
    two_ack(&w, PS_TO_SERVER, 10);
    two_expect(&w, "~ >1:0a1");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    end();
}
END_TEST

/* The server has said that it says no more. */
START_TEST(test_ps_inline_answer__server_has_closed__reset)
{
    begin();
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_FIN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 1;
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule >0:0a1R <1:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__reset_afterwards__numbers_of_each_end)
{
    begin();
    two_say(&w, PS_TO_SERVER, DENIED);
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 9;
    two_expect(&w, "!no-rule <0:9a12");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_RST | PS_TCP_ACK, "");
    two_expect(&w, "~ >0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline_answer__again_and_again__numbers_stay_right)
{
    begin();
    for (uint32_t i = 0; i < 300; i++) {
        two_say(&w, PS_TO_SERVER, i % 3 == 2 ? DENIED DENIED : DENIED);
        w.ack[PS_TO_SERVER] += i % 3 == 2 ? 18 : 9;
        w.n_out = 0;
    }
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    ck_assert_uint_eq(rig_stats(&w.r)->answers, 400);
    ck_assert_uint_eq(w.r.engine->in.chunks.n_used, 0);
    w.n_out = 0;
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    expect_octets(0, READ_REQUEST);
    ck_assert_uint_eq(w.out[0].seq, w.isn[PS_TO_SERVER]);
    ck_assert_uint_eq(w.out[0].ack, w.isn[PS_TO_CLIENT]);
    w.n_out = 0;
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_answer",
    test_ps_inline_answer__request_alone__swallowed_and_answered,
    test_ps_inspect_refusal__no_code_chosen__says_what_was_refused,
    test_ps_inspect_refusal__answer_code_of_the_conduit__asked_for,
    test_ps_inspect_refusal__modbus__exception_with_the_code,
    test_ps_inline_answer__between_neighbours__they_pass,
    test_ps_inline_answer__in_parts__answered_when_it_is_whole,
    test_ps_inline_answer__client_repeats_what_was_swallowed__acknowledged,
    test_ps_inline_answer__lost_answer__sent_again,
    test_ps_inline_answer__reply_in_flight__engine_delivers_it_too,
    test_ps_inline_answer__reply_half_held__answer_goes_first,
    test_ps_inline_answer__nobody_waits_for_it__swallowed_and_acknowledged,
    test_ps_inline_answer__malformed_or_a_reply__reset,
    test_ps_inline_answer__with_fin__answered_and_closed,
    test_ps_inline_answer__server_has_closed__reset, test_ps_inline_answer__reset_afterwards__numbers_of_each_end,
    test_ps_inline_answer__again_and_again__numbers_stay_right)
