/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

#include "engine_private.h"
#include "rig.h"
#include "unit.h"

static struct rig r;

START_TEST(test_ps_engine_burst__a_whole_conversation_at_once__as_one_by_one)
{
    static struct wire wires[PS_BURST_MAX];
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision out[PS_BURST_MAX];
    uint8_t data[2048];
    uint32_t seq[2] = {100, 900}, n = 0;
    rig_init(&r, NULL);
    for (; n < PS_BURST_MAX; n++) {
        unsigned dir = n % 2;
        uint32_t len = n < 2 ? 0 : hex_octets(WRITE_TOO_MUCH, data);
        struct wire_tcp tcp = {.src = dir ? PLC : HMI, .dst = dir ? HMI : PLC, .src_port = dir ? 502 : 40000,
                               .dst_port = dir ? 40000 : 502, .seq = seq[dir], .ack = n ? seq[!dir] : 0,
                               .flags = n == 0 ? 0x02 : n == 1 ? 0x12 : 0x18, .data = data, .len = len};
        wire_tcp(&wires[n], &tcp);
        seq[dir] += len ? len : 1;
        packets[n] = wire_packet(&wires[n]);
        packets[n].time_ns = n;
        packets[n].number = n + 1;
    }
    ps_engine_burst(r.engine, packets, n, out);
    ck_assert_uint_eq(r.n_judged, 30);
    for (uint32_t i = 0; i < n; i++) {
        bool refused = i >= 2 && i % 2 == 0;
        ck_assert_uint_eq(out[i].verdict, refused ? PS_VERDICT_DROP : PS_VERDICT_PASS);
        ck_assert_uint_eq(out[i].reason, refused ? PS_REASON_NO_RULE : PS_REASON_NONE);
    }
    ck_assert_uint_eq(rig_stats(&r)->packets, 32);
    ck_assert_uint_eq(rig_stats(&r)->passed, 17);
    ck_assert_uint_eq(rig_stats(&r)->dropped, 15);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_burst__too_many__the_first_ones)
{
    static struct wire w;
    struct ps_packet packets[PS_BURST_MAX + 1];
    struct ps_decision out[PS_BURST_MAX + 1];
    rig_init(&r, NULL);
    wire_frame(&w, 0x8892, "x", 1);
    for (unsigned i = 0; i <= PS_BURST_MAX; i++)
        packets[i] = wire_packet(&w);
    out[PS_BURST_MAX].reason = 77;
    ps_engine_burst(r.engine, packets, PS_BURST_MAX + 1, out);
    ck_assert_uint_eq(out[PS_BURST_MAX].reason, 77);
    ck_assert_uint_eq(rig_stats(&r)->packets, PS_BURST_MAX);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_burst__flow_evicted_within_the_burst__not_taken_for_another)
{
    static struct wire wires[PS_BURST_MAX];
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision out[PS_BURST_MAX];
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = 16;
    rig_init(&r, &config);
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < PS_BURST_MAX; i++) {
            struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = (uint16_t)(1024 + (round * 7 + i) % 50),
                                   .dst_port = 502, .seq = 100, .flags = PS_TCP_SYN};
            wire_tcp(&wires[i], &tcp);
            packets[i] = wire_packet(&wires[i]);
        }
        ps_engine_burst(r.engine, packets, PS_BURST_MAX, out);
        for (uint32_t line = 0; line < r.engine->table.n_fresh; line++) {
            const struct ps_key *key = &r.engine->table.flows[line].key;
            if (r.engine->table.flows[line].phase != PS_FLOW_FREE)
                ck_assert_uint_eq(ps_flow_find(&r.engine->table, key, ps_flow_hash(&r.engine->table, key)), line);
        }
    }
    ck_assert_uint_le(rig_stats(&r)->flows_now, 16);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_finish__more_than_the_ring_holds__nothing_is_lost)
{
    struct ps_engine_config config;
    struct ps_event event;
    uint32_t n_ends = 0;
    ps_engine_config_init(&config);
    config.n_events = 16;
    config.flow_events = true;
    rig_init(&r, &config);
    for (unsigned i = 0; i < 100; i++) {
        struct talk t = talk_between(&r, HMI, PLC, 502);
        talk_open(&t);
        ck_assert_uint_eq(rig_events(&r, PS_EVENT_FLOW_START, &event), 1);
        ck_assert_uint_eq(event.protocol, PS_PROTOCOL_MODBUS);
    }
    bool more = true;
    while (more) {
        more = ps_engine_finish(r.engine);
        n_ends += rig_events(&r, PS_EVENT_FLOW_END, &event);
        ck_assert_uint_eq(event.packets, 3);
    }
    ck_assert_uint_eq(n_ends, 100);
    ck_assert_uint_eq(rig_stats(&r)->events_lost, 0);
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_finish__kept_segments__judged_with_their_gaps)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    talk_at(&t, PS_TO_SERVER, 12, PS_TCP_ACK, READ_REQUEST);
    talk_at(&t, PS_TO_SERVER, 100, PS_TCP_ACK, WRITE_TOO_MUCH);
    ck_assert_uint_eq(rig_stats(&r)->out_of_order, 2);
    ck_assert(!ps_engine_finish(r.engine));
    rig_expect(&r, "P P=no-rule");
    ck_assert_uint_eq(rig_stats(&r)->gaps, 2);
    ck_assert_uint_eq(rig_stats(&r)->gap_bytes, 12 + 76);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_finish__then_more_packets__as_a_new_engine)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    for (unsigned i = 0; i < 3; i++) {
        talk_open(&t);
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        rig_expect(&r, "P R");
        ck_assert(!ps_engine_finish(r.engine));
        ck_assert_uint_eq(r.engine->streams.used_segments, 0);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_events__ring_full__lost_ones_are_counted)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_events = 16;
    rig_init(&r, &config);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    for (unsigned i = 0; i < 20; i++)
        talk_hex(&t, PS_TO_SERVER, WRITE_TOO_MUCH);
    ck_assert_uint_eq(rig_stats(&r)->events_lost, 4);
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_DENY, NULL), 16);
    ck_assert_uint_eq(rig_stats(&r)->pdus_denied, 20);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_stats__any_traffic__sums_agree)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502), u = talk_between(&r, DESK, PLC, 502);
    talk_open(&t);
    talk_open(&u);
    talk_hex(&t, PS_TO_SERVER, WRITE_TOO_MUCH READ_REQUEST);
    talk_hex(&u, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&t, PS_TO_CLIENT, BAD_PROTOCOL);
    const struct ps_engine_stats *s = rig_stats(&r);
    uint64_t by_class = 0, by_reason = 0, by_conduit = 0;
    for (unsigned i = 0; i < PS_N_CLASSES; i++)
        by_class += s->denied_by_class[i];
    for (unsigned i = 0; i < PS_N_REASONS; i++)
        by_reason += s->denied_by_reason[i];
    for (uint32_t i = 0; i <= ps_image_n_conduits(&r.image); i++)
        by_conduit += ps_engine_conduit_stats(r.engine, i)->denied;
    ck_assert_uint_eq(by_class, 4);
    ck_assert_uint_eq(by_reason, 4);
    ck_assert_uint_eq(by_conduit, 4);
    ck_assert_uint_eq(s->packets, s->passed + s->dropped);
    ck_assert_uint_eq(s->pdus_denied, 3);
    ck_assert_uint_eq(ps_engine_conduit_stats(r.engine, ps_image_n_conduits(&r.image))->refused_flows, 1);
    rig_fini(&r);
}
END_TEST

static uint64_t allowed_by_rule(const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_rules(&r.image); i++)
        if (strcmp(ps_image_rule_name(&r.image, i), name) == 0)
            return ps_engine_rule_stats(r.engine, i)->allowed;
    return UINT64_MAX;
}

/* What is gathered in the flow's line is in the counters whenever somebody reads them, and each only once. */
START_TEST(test_ps_engine_rule_stats__polls_and_writes_in_turn__exact_after_each)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    for (unsigned i = 1; i <= 5; i++) {
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(allowed_by_rule("poll"), 2 * i - 1);
        talk_hex(&t, PS_TO_SERVER, WRITE_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, WRITE_REPLY);
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(allowed_by_rule("poll"), 2 * i);
        ck_assert_uint_eq(allowed_by_rule("setpoint"), i);
        ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->packets, 3 + 6 * i);
        ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->allowed, 6 * i);
        ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->replies, 3 * i);
    }
    talk_send(&t, PS_TO_SERVER, 0x04 | 0x10, NULL, 0); /* a reset, and the flow's line is given back */
    while (ps_engine_finish(r.engine))
        rig_events(&r, PS_EVENT_DENY, NULL);
    ck_assert_uint_eq(allowed_by_rule("poll"), 10);
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->packets, 34);
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->allowed, 30);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_rule_stats__more_packets_than_a_flow_gathers__exact)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    for (unsigned i = 0; i < PS_UNSETTLED_MAX; i++) {
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        r.n_judged = 0;
    }
    ck_assert_uint_eq(allowed_by_rule("poll"), PS_UNSETTLED_MAX);
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->packets, 3 + 2 * PS_UNSETTLED_MAX);
    ck_assert_uint_eq(rig_conduit(&r, "ops-ctl")->replies, PS_UNSETTLED_MAX);
    rig_fini(&r);
}
END_TEST

/* What was granted is remembered, but nothing that differs from it in anything. */
START_TEST(test_ps_engine_burst__requests_near_a_granted_one__judged_by_the_rules)
{
    static const char *const others[] = {
        "0001 0000 0006 02 03 0028 0002", "0001 0000 0006 01 04 0028 0002", "0001 0000 0006 01 03 0027 0002",
        "0001 0000 0006 01 03 0028 0003", "0001 0000 0006 01 01 0028 0002", "0001 0000 0006 01 06 0028 0002",
    };
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, ENG, PLC, 1502);
    talk_open(&t);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, READ_REQUEST).verdict, PS_VERDICT_PASS);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, READ_REQUEST).verdict, PS_VERDICT_PASS);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        ck_assert_uint_eq(talk_hex(&t, PS_TO_SERVER, others[i]).reason, PS_REASON_NO_RULE);
        t = talk_between(&r, ENG, PLC, 1502);
        t.port[0] = (uint16_t)(50000 + i);
        talk_open(&t);
    }
    ck_assert_uint_eq(allowed_by_rule("narrow"), 12);
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/engine", test_ps_engine_burst__a_whole_conversation_at_once__as_one_by_one,
          test_ps_engine_burst__too_many__the_first_ones,
          test_ps_engine_burst__flow_evicted_within_the_burst__not_taken_for_another,
          test_ps_engine_finish__more_than_the_ring_holds__nothing_is_lost,
          test_ps_engine_finish__kept_segments__judged_with_their_gaps,
          test_ps_engine_finish__then_more_packets__as_a_new_engine,
          test_ps_engine_events__ring_full__lost_ones_are_counted, test_ps_engine_stats__any_traffic__sums_agree,
          test_ps_engine_rule_stats__polls_and_writes_in_turn__exact_after_each,
          test_ps_engine_rule_stats__more_packets_than_a_flow_gathers__exact,
          test_ps_engine_burst__requests_near_a_granted_one__judged_by_the_rules)
