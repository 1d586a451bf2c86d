/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect.h"

#include <string.h>

#include "rig.h"
#include "unit.h"

/* A toy protocol: length 2 (of all; 0 is nothing), mark 1, octets. Marks: 'q' asks for a register that may be read,
 * 'x' is malformed, 'n' is sound and says nothing, 'u' is neither request nor reply, 's' leaves an octet over,
 * 'b' is refused without a reason, 'd' is cut short where the next PDU starts (a 0), 'j' asks, 't' tells and 'e' answers
 * whoever says it. The state counts what took effect. */
struct toy_state {
    uint32_t n_accepted, n_gaps;
};

static enum ps_result toy_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    (void)dialog;
    uint32_t left = ps_rd_left(rd);
    if (left < 2)
        return PS_MORE;
    *len = ps_rd_u16be(rd);
    if (*len == 0)
        return ps_rd_fail(rd, PS_REASON_MODBUS_PROTOCOL_ID);
    if (*len < 3) {
        *len = 0;
        return ps_rd_fail(rd, PS_REASON_MODBUS_LENGTH);
    }
    if (left < 3)
        return PS_MORE;
    uint8_t mark = ps_rd_u8(rd);
    if (mark == 'x')
        return ps_rd_fail(rd, PS_REASON_MODBUS_LENGTH);
    if (mark == 'b')
        return PS_BAD;
    for (uint32_t i = 3; mark == 'd' && i < left && i < *len; i++) {
        if (ps_rd_u8(rd) != 0)
            continue;
        *len = i;
        return ps_rd_fail(rd, PS_REASON_MODBUS_LENGTH);
    }
    return left < *len ? PS_MORE : PS_OK;
}

static enum ps_result toy_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts)
{
    uint32_t len = ps_rd_u16be(rd);
    uint8_t mark = ps_rd_u8(rd);
    facts->kind = (uint8_t)(mark == 'u'                 ? PS_PDU_NONE
                            : mark == 'j'               ? PS_PDU_REQUEST
                            : mark == 't'               ? PS_PDU_NOTICE
                            : mark == 'e' || dialog->dir ? PS_PDU_REPLY
                                                        : PS_PDU_REQUEST);
    (void)ps_rd_bytes(rd, len - 3 - (mark == 's'));
    if (mark == 's')
        return PS_OK; /* forgets to look */
    if (mark == 'q') {
        struct ps_fact *fact = ps_facts_add(facts);
        fact->op = PS_OP_READ;
        fact->function = 2;
        fact->station = 1;
        fact->space = 3;
    }
    return ps_rd_finish(rd);
}

static void toy_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct toy_state *state = dialog->state;
    (void)facts;
    state->n_accepted++;
}

static void toy_gap(const struct ps_dialog *dialog)
{
    struct toy_state *state = dialog->state;
    state->n_gaps++;
}

static struct ps_dissector toy = {.name = "modbus", .protocol = PS_PROTOCOL_MODBUS, .default_port = 502,
                                  .frame = toy_frame, .decode = toy_decode, .accept = toy_accept, .gap = toy_gap};

static struct rig r;

static const struct toy_state *state(void)
{
    return ps_flow_state(&r.engine->table, 0);
}

static struct talk open_toy(const struct ps_engine_config *config)
{
    rig_init(&r, config);
    toy.vocab = r.engine->dissectors[PS_PROTOCOL_MODBUS]->vocab;
    r.engine->dissectors[PS_PROTOCOL_MODBUS] = &toy;
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    return t;
}

static void say(struct talk *t, const char *text, uint32_t len)
{
    talk_say(t, PS_TO_SERVER, text, len);
}

#define SAY(t, text) say(t, text, sizeof(text) - 1)

START_TEST(test_ps_inspect_bytes__one_to_three_in_a_segment__each_judged)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\5qab");
    SAY(&t, "\0\5qab\0\4qa\0\3q");
    rig_expect(&r, "P P P P");
    ck_assert_uint_eq(state()->n_accepted, 4);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__ends_where_the_next_segment_starts_one__both_judged)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\11dab");
    SAY(&t, "\0\5qab");
    rig_expect(&r, "P=modbus-length P");
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__octet_by_octet__judged_when_complete)
{
    struct talk t = open_toy(NULL);
    static const char text[] = "\0\7qabcd\0\3n\0\4xa\0\3q";
    for (uint32_t i = 0; i < sizeof text - 1; i++)
        say(&t, text + i, 1);
    rig_expect(&r, "P P=no-facts P=modbus-length P");
    ck_assert_uint_eq(ps_engine_flow(r.engine, 0)->half[0], PS_NONE);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__decode_says_nothing_sound__refused_although_it_returned_ok)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\6sabc\0\3u\0\3n\0\3q");
    rig_expect(&r, "P=surplus P=no-facts P=no-facts P");
    ck_assert_uint_eq(state()->n_accepted, 3);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__refused_without_a_reason__bug)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\4ba\0\3q");
    rig_expect(&r, "P=bug P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__malformed_longer_than_any_buffer__skipped_to_its_end)
{
    static const char rest[0x400] = {0};
    struct talk t = open_toy(NULL);
    SAY(&t, "\x40\0x");
    rig_expect(&r, "P=modbus-length");
    for (unsigned i = 0; i < 15; i++)
        say(&t, rest, sizeof rest);
    say(&t, rest, sizeof rest - 3);
    SAY(&t, "\0\3q");
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__unframeable_in_the_middle__lost_once_and_found_again)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\3q\0\0zz\0\3q");
    SAY(&t, "\0\1zz");
    SAY(&t, "\0\4"); /* may be a start */
    SAY(&t, "qa");
    SAY(&t, "\0\3q");
    rig_expect(&r, "P P=modbus-protocol-id P P");
    ck_assert_uint_eq(state()->n_gaps, 1);
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 7 + 4);
    ck_assert_uint_eq(rig_stats(&r)->resyncs, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__start_that_was_none__this_segment_may_be_one)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\0");
    SAY(&t, "\0\5");
    SAY(&t, "xzz"); /* with what came before it, it is no start; alone neither */
    SAY(&t, "\0\3q");
    rig_expect(&r, "P=modbus-protocol-id P");
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 2 + 2 + 3);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__no_buffer_left__reorder_full_and_lost)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_streams = 1;
    struct talk t = open_toy(&config);
    struct talk u = talk_between(&r, HMI, PLC, 502);
    talk_open(&u);
    SAY(&t, "\0\5qa");
    SAY(&u, "\0\5qa");
    SAY(&t, "b");
    SAY(&u, "b");
    SAY(&u, "\0\3q");
    rig_expect(&r, "P=reorder-full P P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_bytes__refused_flow__all_but_the_answers_of_its_server_refused)
{
    struct talk granted = open_toy(NULL);
    SAY(&granted, "\0\3e"); /* the client answers: nothing to grant */
    rig_expect(&r, "P");
    struct talk t = talk_between(&r, HMI, PLC_SPARE, 502);
    talk_open(&t);
    rig_expect(&r, "F=no-rule");
    SAY(&t, "\0\3q\0\3n\0\3e");
    rig_expect(&r, "P=no-rule P=no-rule P=no-rule");
    talk_say(&t, PS_TO_CLIENT, "\0\3e\0\3x", 6);
    rig_expect(&r, "");
    talk_say(&t, PS_TO_CLIENT, "\0\3j\0\3t", 6);
    rig_expect(&r, "R=no-rule R=no-rule");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_gap__inside_a_pdu__unfinished_or_refused_when_wrong_already)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\6qa");
    t.seq[PS_TO_SERVER] += 2;
    talk_send(&t, PS_TO_CLIENT, PS_TCP_ACK, NULL, 0);
    SAY(&t, "\0\3q");
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->unfinished_pdus, 1);
    SAY(&t, "\0\6xa");
    rig_expect(&r, "");
    t.seq[PS_TO_SERVER] += 2;
    talk_send(&t, PS_TO_CLIENT, PS_TCP_ACK, NULL, 0);
    SAY(&t, "\0\3q");
    rig_expect(&r, "P=modbus-length P");
    ck_assert_uint_eq(state()->n_gaps, 2);
    ck_assert_uint_eq(rig_stats(&r)->resyncs, 2);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_end__inside_a_pdu__unfinished_or_refused_when_wrong_already)
{
    struct talk t = open_toy(NULL);
    SAY(&t, "\0\6qa");
    struct talk u = talk_between(&r, HMI, PLC, 502);
    talk_open(&u);
    SAY(&u, "\0\6xa");
    talk_at(&t, PS_TO_SERVER, 0, PS_TCP_RST, "");
    rig_expect(&r, "");
    while (ps_engine_finish(r.engine))
        rig_events(&r, PS_EVENT_NONE, NULL);
    rig_expect(&r, "P=modbus-length");
    ck_assert_uint_eq(rig_stats(&r)->unfinished_pdus, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_datagram__more_or_less_than_one_pdu__refused)
{
    static struct wire w;
    static const struct {
        const char *text;
        uint32_t len;
        const char *expected;
    } rows[] = {{"\0\4qa", 4, "P"}, {"\0\4q", 3, "P=truncated"}, {"\0\4qab", 5, "P=surplus"},
                {"\0\4xa", 4, "P=modbus-length"}, {"", 0, "P=truncated"}};
    open_toy(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wire_udp(&w, HMI, PLC, (const uint16_t[2]){5000, 502}, rows[i].text, rows[i].len);
        rig_send(&r, &w);
        rig_expect(&r, rows[i].expected);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_inspect_datagram__protocol_that_spans_them__pdus_go_on)
{
    static const struct {
        const char *hex, *expect;
    } rows[] = {
        {"0005 71 0000", "P"},            /* one PDU */
        {"0003 71 0004 71 00", "P P"},    /* two */
        {"0006 71 00", ""},               /* the start of one */
        {"0000", "P"},                    /* its end */
        {"0003 71 0006", "P"},            /* one and the start of the next */
        {"71", ""},                       /* goes on */
        {"0000 00", "P"},                 /* and ends */
        {"0005 71 00", ""},               /* begun, */
        {"00 0000", "P P=modbus-protocol-id"}, /* ends before the datagram does */
        {"0007 71 0000", ""},             /* begun, */
        {"0000 0003 71 0004 71", "P P"},  /* ends, one more, and a start */
        {"00", "P"},                      /* of this */
        {"0006 71 00", ""},               /* begun, */
        {"0005 71 0000", "P"},            /* but this does not go on with it */
        {"0004 78 00 0003 71", "P=modbus-length"}, /* nothing behind a bad one is looked for */
        {"0003 71", "P"},
        {"", "P=truncated"},
    };
    toy.spans_datagrams = true;
    open_toy(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[2048];
        struct wire w;
        uint32_t len = hex_octets(rows[i].hex, data);
        wire_udp(&w, HMI, PLC, (const uint16_t[2]){5000, 502}, data, len);
        rig_send(&r, &w);
        rig_expect(&r, rows[i].expect);
    }
    ck_assert_uint_eq(rig_stats(&r)->unfinished_pdus, 1);
    toy.spans_datagrams = false;
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/inspect", test_ps_inspect_bytes__one_to_three_in_a_segment__each_judged,
          test_ps_inspect_bytes__ends_where_the_next_segment_starts_one__both_judged,
          test_ps_inspect_bytes__octet_by_octet__judged_when_complete,
          test_ps_inspect_bytes__decode_says_nothing_sound__refused_although_it_returned_ok,
          test_ps_inspect_bytes__refused_without_a_reason__bug,
          test_ps_inspect_bytes__malformed_longer_than_any_buffer__skipped_to_its_end,
          test_ps_inspect_bytes__unframeable_in_the_middle__lost_once_and_found_again,
          test_ps_inspect_bytes__start_that_was_none__this_segment_may_be_one,
          test_ps_inspect_bytes__no_buffer_left__reorder_full_and_lost,
          test_ps_inspect_bytes__refused_flow__all_but_the_answers_of_its_server_refused,
          test_ps_inspect_gap__inside_a_pdu__unfinished_or_refused_when_wrong_already,
          test_ps_inspect_end__inside_a_pdu__unfinished_or_refused_when_wrong_already,
          test_ps_inspect_datagram__more_or_less_than_one_pdu__refused,
          test_ps_inspect_datagram__protocol_that_spans_them__pdus_go_on)
