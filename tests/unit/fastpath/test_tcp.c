/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp.h"

#include <string.h>

#include "rig.h"
#include "unit.h"

static struct rig r;

#define FLAGS_SA (PS_TCP_SYN | PS_TCP_ACK)

static struct talk open_poll(void)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    rig_expect(&r, "");
    return t;
}

START_TEST(test_ps_tcp_judge__request_and_reply__allowed_by_their_rule)
{
    struct talk t = open_poll();
    ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, READ_REQUEST).verdict, PS_VERDICT_PASS);
    ck_assert_uint_eq(talk_hex(&t, PS_TO_CLIENT, READ_REPLY).verdict, PS_VERDICT_PASS);
    ck_assert_str_eq(r.judged[0].text, "modbus read-holding-registers station=1 holding:40-41");
    ck_assert_str_eq(ps_image_rule_name(&r.image, r.judged[0].rule), "poll");
    ck_assert_uint_eq(r.judged[1].rule, PS_NONE);
    ck_assert_uint_eq(r.judged[1].kind, PS_PDU_REPLY);
    rig_expect(&r, "P R");
    talk_hex(&t, PS_TO_SERVER, WRITE_REQUEST);
    ck_assert_str_eq(ps_image_rule_name(&r.image, r.judged[0].rule), "setpoint");
    talk_hex(&t, PS_TO_CLIENT, WRITE_REPLY);
    rig_expect(&r, "P R");
    const struct ps_conduit_stats *conduit = rig_conduit(&r, "ops-ctl");
    ck_assert_uint_eq(conduit->flows, 1);
    ck_assert_uint_eq(conduit->packets, 7);
    ck_assert_uint_eq(conduit->allowed, 4);
    ck_assert_uint_eq(conduit->replies, 2);
    ck_assert_uint_eq(conduit->denied, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__request_no_rule_grants__denied_and_its_reply_still_fits)
{
    struct talk t = open_poll();
    struct ps_decision d = talk_hex(&t, PS_TO_SERVER, WRITE_TOO_MUCH);
    ck_assert_uint_eq(d.verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(d.reason, PS_REASON_NO_RULE);
    talk_hex(&t, PS_TO_CLIENT, WRITE_TOO_MUCH);
    rig_expect(&r, "P=no-rule R");
    struct ps_event event;
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_DENY, &event), 1);
    ck_assert_str_eq(event.operation, "modbus write-single-register station=1 holding:41 value=1001");
    ck_assert_uint_eq(event.what, PS_JUDGED_PDU);
    ck_assert_uint_eq(event.number, 4);
    ck_assert_uint_eq(event.server_port, 502);
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->by_reason[PS_REASON_NO_RULE], 1);
    ck_assert_uint_eq(rig_stats(&r)->denied_by_class[PS_CLASS_POLICY], 1);
    ck_assert_uint_eq(rig_stats(&r)->pdus_denied, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__refused_flow_to_a_known_port__judged_once_and_its_requests_named)
{
    static const struct {
        uint32_t client, server;
        const char *expected;
    } rows[] = {
        {ENG, PLC, "F=no-rule P=no-rule"},
        {HMI, PLC_SPARE, "F=no-rule P=no-rule"},
        {DESK, PLC, "F=no-conduit P=no-conduit"},
        {STRANGER, PLC, "F=no-zone P=no-zone"},
        {PLC, HMI, "F=no-conduit P=no-conduit"},
    };
    rig_init(&r, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct talk t = talk_between(&r, rows[i].client, rows[i].server, 502);
        talk_open(&t);
        ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
        rig_expect(&r, rows[i].expected);
    }
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->refused_flows, 2);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__refused_flow_to_another_port__judged_once)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 8081);
    talk_open(&t);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "F=no-rule");
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_DENY, NULL), 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__malformed_with_extent__refused_and_the_next_one_judged)
{
    struct talk t = open_poll();
    talk_hex(&t, PS_TO_SERVER, BAD_LENGTH READ_REQUEST);
    rig_expect(&r, "P=modbus-length P");
    struct ps_event event;
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_MALFORMED, &event), 1);
    ck_assert_uint_eq(event.reason, PS_REASON_MODBUS_LENGTH);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__malformed_without_extent__lost_until_a_pdu_starts_a_segment)
{
    struct talk t = open_poll();
    ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, BAD_PROTOCOL READ_REQUEST).verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, "dead beef dead beef").verdict, PS_VERDICT_DROP);
    rig_expect(&r, "P=modbus-protocol-id");
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 24 + 8);
    ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, READ_REQUEST).verdict, PS_VERDICT_PASS);
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->resyncs, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__every_cut_of_two_pdus__the_same_judgements)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(BAD_LENGTH WRITE_TOO_MUCH READ_REQUEST, data);
    for (uint32_t a = 1; a < len; a++) {
        for (uint32_t b = a; b < len; b++) {
            struct talk t = open_poll();
            talk_say(&t, PS_TO_SERVER, data, a);
            if (b > a)
                talk_say(&t, PS_TO_SERVER, data + a, b - a);
            talk_say(&t, PS_TO_SERVER, data + b, len - b);
            rig_expect(&r, "P=modbus-length P=no-rule P");
            rig_fini(&r);
        }
    }
}
END_TEST

START_TEST(test_ps_tcp_judge__lost_request__gap_and_its_reply_is_tolerated)
{
    struct talk t = open_poll();
    t.seq[PS_TO_SERVER] += 12; /* a request that the capture missed */
    talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
    rig_expect(&r, "R");
    ck_assert_uint_eq(rig_stats(&r)->gaps, 1);
    ck_assert_uint_eq(rig_stats(&r)->gap_bytes, 12);
    struct ps_event event;
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_GAP, &event), 1);
    ck_assert_uint_eq(event.len, 12);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->resyncs, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__gap_inside_a_pdu__unfinished)
{
    struct talk t = open_poll();
    talk_hex(&t, PS_TO_SERVER, "0001 0000 0006");
    t.seq[PS_TO_SERVER] += 6;
    talk_send(&t, PS_TO_CLIENT, PS_TCP_ACK, NULL, 0);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->unfinished_pdus, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__cut_by_the_capture__headers_judged_and_the_rest_a_gap)
{
    struct talk t = open_poll();
    r.cut = 4;
    ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, READ_REQUEST).verdict, PS_VERDICT_PASS);
    rig_expect(&r, "");
    ck_assert_uint_eq(rig_stats(&r)->cut_packets, 1);
    ck_assert_uint_eq(rig_stats(&r)->gap_bytes, 4);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__retransmissions__judged_once)
{
    struct talk t = open_poll();
    talk_hex(&t, PS_TO_SERVER, WRITE_TOO_MUCH);
    talk_at(&t, PS_TO_SERVER, -12, PS_TCP_ACK, WRITE_TOO_MUCH);
    talk_at(&t, PS_TO_SERVER, -1, PS_TCP_ACK, "00");
    rig_expect(&r, "P=no-rule");
    ck_assert_uint_eq(rig_stats(&r)->retransmissions, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__syn_with_data__syn_data)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    ck_assert_uint_eq(talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, READ_REQUEST).reason, PS_REASON_SYN_DATA);
    talk_open(&t);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "K=syn-data P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__handshakes_that_do_not_fit__bad_handshake)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
    talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_SYN, ""); /* split handshake */
    rig_expect(&r, "K=bad-handshake");
    talk_at(&t, PS_TO_SERVER, 0, FLAGS_SA, "");
    rig_expect(&r, "K=bad-handshake");
    t.seq[PS_TO_SERVER] += 7; /* acknowledges what was not sent */
    talk_at(&t, PS_TO_CLIENT, 0, FLAGS_SA, "");
    rig_expect(&r, "K=bad-handshake");
    t.seq[PS_TO_SERVER] -= 7;
    talk_send(&t, PS_TO_CLIENT, FLAGS_SA, NULL, 0);
    talk_at(&t, PS_TO_CLIENT, -1, FLAGS_SA, ""); /* repeated */
    rig_expect(&r, "");
    talk_at(&t, PS_TO_CLIENT, 1000, FLAGS_SA, "");
    rig_expect(&r, "K=bad-handshake");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__urgent_data__refused_and_its_octets_a_gap)
{
    struct talk t = open_poll();
    uint8_t data[2048];
    uint32_t len = hex_octets(READ_REQUEST, data);
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_ACK | PS_TCP_URG, data, len).reason, PS_REASON_URGENT);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "K=urgent P");
    ck_assert_uint_eq(rig_stats(&r)->gap_bytes, 12);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__data_behind_the_end__closed)
{
    struct talk t = open_poll();
    talk_send(&t, PS_TO_SERVER, PS_TCP_ACK | PS_TCP_FIN, NULL, 0);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "K=closed");
    t.seq[PS_TO_SERVER] -= 12;
    talk_send(&t, PS_TO_CLIENT, PS_TCP_ACK | PS_TCP_FIN, NULL, 0);
    talk_send(&t, PS_TO_SERVER, PS_TCP_ACK, NULL, 0);
    rig_expect(&r, "");
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 0);
    talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
    rig_expect(&r, "K=closed");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__reset__closes_unless_far_away)
{
    struct talk t = open_poll();
    ck_assert_uint_eq(talk_at(&t, PS_TO_SERVER, 1 << 24, PS_TCP_RST, "").reason, PS_REASON_OUT_OF_WINDOW);
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 1);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_RST, "");
    rig_expect(&r, "K=out-of-window P");
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 0);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "K=closed");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__far_segment__out_of_window)
{
    struct talk t = open_poll();
    talk_at(&t, PS_TO_SERVER, 1 << 24, PS_TCP_ACK, READ_REQUEST);
    rig_expect(&r, "K=out-of-window");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__tuple_used_again__a_new_flow)
{
    struct talk t = open_poll();
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    t.seq[PS_TO_SERVER] += 5000;
    t.seq[PS_TO_CLIENT] += 5000;
    talk_open(&t);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
    rig_expect(&r, "P P R");
    ck_assert_uint_eq(rig_stats(&r)->flows, 2);
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 1);
    talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_RST, "");
    t.seq[PS_TO_SERVER] -= 13; /* the same numbers again after a reset */
    talk_open(&t);
    ck_assert_uint_eq(rig_stats(&r)->flows, 3);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__joined_late__policy_then_ports_find_the_server)
{
    static const struct {
        uint32_t client, server;
        uint16_t client_port, server_port;
        const char *expected;
    } rows[] = {
        {HMI, PLC, 40000, 502, "R"},                      /* granted */
        {HMI, PLC, 300, 502, "R"},                        /* granted, although the client's port is lower */
        {DESK, PLC, 300, 502, "F=no-conduit"},            /* a dissector's port */
        {DESK, PLC, 40000, 999, "F=no-conduit"},          /* the lower port */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&r, NULL);
        struct talk t = talk_between(&r, rows[i].client, rows[i].server, rows[i].server_port);
        t.port[0] = rows[i].client_port;
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), rows[i].client);
        ck_assert_uint_eq(r.judged[0].server_port, rows[i].server_port);
        rig_expect(&r, rows[i].expected);
        ck_assert_uint_eq(rig_stats(&r)->midstream, 1);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(test_ps_tcp_judge__joined_late_inside_a_pdu__skipped_without_a_judgement)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_hex(&t, PS_TO_SERVER, "0101 0101 0101 0101");
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->skipped_bytes, 8);
    ck_assert_uint_eq(rig_stats(&r)->resyncs, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__syn_ack_first__its_sender_is_the_server)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    t.seq[PS_TO_SERVER]++;
    talk_send(&t, PS_TO_CLIENT, FLAGS_SA, NULL, 0);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
    rig_expect(&r, "P R");
    ck_assert_uint_eq(rig_stats(&r)->midstream, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__uninspected__packets_with_data_are_allowed)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, ENG, PLC, 8080);
    talk_open(&t);
    talk_say(&t, PS_TO_SERVER, "GET /", 5);
    talk_say(&t, PS_TO_CLIENT, "200", 3);
    ck_assert_str_eq(ps_image_rule_name(&r.image, r.judged[0].rule), "web");
    rig_expect(&r, "K K");
    talk_send(&t, PS_TO_SERVER, PS_TCP_ACK | PS_TCP_FIN, NULL, 0);
    talk_send(&t, PS_TO_CLIENT, PS_TCP_ACK | PS_TCP_FIN, NULL, 0);
    rig_expect(&r, "");
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__monitored_conduit__passes_and_says_so)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, PROBE, PLC, 502);
    talk_open(&t);
    struct ps_decision d = talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    ck_assert_uint_eq(d.verdict, PS_VERDICT_PASS);
    ck_assert(d.monitored);
    ck_assert_uint_eq(d.reason, PS_REASON_NO_RULE);
    ck_assert(r.judged[0].monitored);
    rig_expect(&r, "P=no-rule");
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_WOULD_DENY, NULL), 1);
    ck_assert_uint_eq(rig_conduit(&r, "lab-ctl")->monitored, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__others_fill_the_reorder_pool__reorder_full)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.reorder_segments = 2;
    rig_init(&r, &config);
    struct talk t = talk_between(&r, HMI, PLC, 502), u = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    talk_open(&u);
    talk_at(&t, PS_TO_SERVER, 12, PS_TCP_ACK, READ_REQUEST);
    talk_at(&t, PS_TO_SERVER, 24, PS_TCP_ACK, READ_REQUEST);
    talk_at(&u, PS_TO_SERVER, 12, PS_TCP_ACK, READ_REQUEST);
    rig_expect(&r, "K=reorder-full");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__uninspected__carried_between_its_opening_and_its_end)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, ENG, PLC, 8080);
    ck_assert(!talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, "").carries);
    t.seq[PS_TO_SERVER]++;
    ck_assert(!talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_SYN | PS_TCP_ACK, "").carries);
    t.seq[PS_TO_CLIENT]++;
    ck_assert(talk_say(&t, PS_TO_SERVER, "a", 1).carries);
    ck_assert(talk_say(&t, PS_TO_CLIENT, "b", 1).carries);
    ck_assert(!talk_send(&t, PS_TO_SERVER, PS_TCP_FIN | PS_TCP_ACK, NULL, 0).carries);
    ck_assert(!talk_say(&t, PS_TO_CLIENT, "c", 1).carries);
    ck_assert(!talk_send(&t, PS_TO_CLIENT, PS_TCP_RST, NULL, 0).carries);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tcp_judge__inspected_or_refused__not_carried)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    ck_assert(!talk_hex(&t, PS_TO_SERVER, READ_REQUEST).carries);
    t = talk_between(&r, HMI, PLC, 8080);
    talk_open(&t);
    ck_assert(!talk_say(&t, PS_TO_SERVER, "a", 1).carries);
    t = talk_between(&r, PROBE, PLC, 8080); /* monitored */
    talk_open(&t);
    ck_assert(!talk_say(&t, PS_TO_SERVER, "a", 1).carries);
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/tcp", test_ps_tcp_judge__request_and_reply__allowed_by_their_rule,
          test_ps_tcp_judge__request_no_rule_grants__denied_and_its_reply_still_fits,
          test_ps_tcp_judge__refused_flow_to_a_known_port__judged_once_and_its_requests_named,
          test_ps_tcp_judge__refused_flow_to_another_port__judged_once,
          test_ps_tcp_judge__malformed_with_extent__refused_and_the_next_one_judged,
          test_ps_tcp_judge__malformed_without_extent__lost_until_a_pdu_starts_a_segment,
          test_ps_tcp_judge__every_cut_of_two_pdus__the_same_judgements,
          test_ps_tcp_judge__lost_request__gap_and_its_reply_is_tolerated,
          test_ps_tcp_judge__gap_inside_a_pdu__unfinished,
          test_ps_tcp_judge__cut_by_the_capture__headers_judged_and_the_rest_a_gap,
          test_ps_tcp_judge__retransmissions__judged_once, test_ps_tcp_judge__syn_with_data__syn_data,
          test_ps_tcp_judge__handshakes_that_do_not_fit__bad_handshake,
          test_ps_tcp_judge__urgent_data__refused_and_its_octets_a_gap,
          test_ps_tcp_judge__data_behind_the_end__closed, test_ps_tcp_judge__reset__closes_unless_far_away,
          test_ps_tcp_judge__far_segment__out_of_window, test_ps_tcp_judge__tuple_used_again__a_new_flow,
          test_ps_tcp_judge__joined_late__policy_then_ports_find_the_server,
          test_ps_tcp_judge__joined_late_inside_a_pdu__skipped_without_a_judgement,
          test_ps_tcp_judge__syn_ack_first__its_sender_is_the_server,
          test_ps_tcp_judge__uninspected__packets_with_data_are_allowed,
          test_ps_tcp_judge__monitored_conduit__passes_and_says_so,
          test_ps_tcp_judge__others_fill_the_reorder_pool__reorder_full,
          test_ps_tcp_judge__uninspected__carried_between_its_opening_and_its_end,
          test_ps_tcp_judge__inspected_or_refused__not_carried)
