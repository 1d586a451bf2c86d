/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "decode.h"
#include "flow.h"
#include "rig.h"
#include "unit.h"

static struct rig r;
static struct wire wire;
static struct ps_trace traces[PS_TRACES_MAX + 1];

static const struct ps_trace_filter any = {.conduit = PS_NONE, .asset = PS_NONE};

START_TEST(test_ps_engine_trace__request_that_is_refused__every_stage_says_what_it_found)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    ps_engine_trace(r.engine, &any, 100);
    talk_open(&t);
    uint32_t seq = t.seq[PS_TO_SERVER];
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST WRITE_TOO_MUCH READ_REQUEST);
    ck_assert_uint_eq(ps_engine_trace_left(r.engine), 96);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 4);
    ck_assert(traces[0].opened && traces[0].has_flow && !traces[0].has_expected);
    ck_assert_uint_eq(traces[0].phase, PS_FLOW_OPENING);
    ck_assert_uint_eq(traces[0].tcp_flags, PS_TCP_SYN);
    ck_assert_uint_eq(traces[1].dir, PS_TO_CLIENT);
    const struct ps_trace *last = &traces[3];
    ck_assert_uint_eq(last->kind, PS_KIND_TCP);
    ck_assert(ps_addr_equal(last->src, ps_addr_from_v4(HMI)) && last->dst_port == 502);
    ck_assert_uint_eq(last->seq, seq);
    ck_assert(last->has_expected && last->expected == seq);
    ck_assert_uint_eq(last->payload_len, 36);
    ck_assert_uint_eq(last->number, 4);
    ck_assert(last->granted && last->inspected && !last->opened && !last->relayed && !last->not_ours);
    ck_assert_uint_eq(last->conduit, 0);
    ck_assert_uint_eq(last->generation, 1);
    ck_assert_str_eq(ps_image_asset_name(&r.image, last->client_asset), "hmi");
    ck_assert_uint_eq(last->n_pdus, 3);
    ck_assert_uint_eq(last->n_refused, 1);
    ck_assert_uint_eq(last->pdu_reason, PS_REASON_NO_RULE);
    ck_assert_uint_eq(last->pdu_len, 12);
    ck_assert_uint_eq(last->protocol, PS_PROTOCOL_MODBUS);
    ck_assert_str_eq(last->operation, "modbus write-single-register station=1 holding:41 value=1001");
    ck_assert_uint_eq(last->decision.verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(last->decision.reason, PS_REASON_NO_RULE);
    rig_expect(&r, "P P=no-rule P"); /* the observer hears of it all the same */
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_trace__half_a_pdu__held)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    talk_open(&t);
    ps_engine_trace(r.engine, &any, 1);
    talk_hex(&t, PS_TO_SERVER, "0001 0000 0006");
    talk_hex(&t, PS_TO_SERVER, "01 03 0028 0002");
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 1);
    ck_assert_uint_eq(traces[0].held, 6);
    ck_assert_uint_eq(traces[0].n_pdus, 0);
    rig_expect(&r, "P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_trace__no_sound_packet_and_no_flow__what_is_known)
{
    rig_init(&r, NULL);
    ps_engine_trace(r.engine, &any, 3);
    wire_arp(&wire, 1, HMI, PLC);
    rig_send(&r, &wire);
    wire_icmp(&wire, STRANGER, PLC, (const uint8_t[8]){8, 0, 0, 0, 0, 1}, "x", 1);
    rig_send(&r, &wire);
    wire.len = 9;
    rig_send(&r, &wire);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 3);
    ck_assert(traces[0].kind == PS_KIND_ARP && !traces[0].has_flow);
    ck_assert_uint_eq(traces[1].flow_reason, PS_REASON_NO_ZONE);
    ck_assert_uint_eq(traces[2].decode_reason, PS_REASON_CUT_FRAME);
    ck_assert_uint_eq(traces[2].decision.reason, PS_REASON_CUT_FRAME);
    r.n_judged = 0;
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_trace__filter__only_what_fits)
{
    struct ps_trace_filter filter = {.conduit = 1, .asset = PS_NONE};
    rig_init(&r, NULL);
    struct talk poll = talk_between(&r, HMI, PLC, 502), watched = talk_between(&r, PROBE, PLC, 502);
    ps_engine_trace(r.engine, &filter, 10);
    talk_open(&poll);
    talk_open(&watched);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 3);
    ck_assert_uint_eq(traces[0].conduit, 1);
    filter = (struct ps_trace_filter){.conduit = PS_NONE, .asset = ps_image_asset_by_name(&r.image, "hmi")};
    ps_engine_trace(r.engine, &filter, 10);
    talk_hex(&poll, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&poll, PS_TO_CLIENT, READ_REPLY);
    talk_hex(&watched, PS_TO_SERVER, READ_REQUEST);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 2);
    ck_assert_uint_eq(traces[0].rule, 0);
    ck_assert_uint_eq(traces[1].rule, PS_NONE);
    ps_engine_trace(r.engine, &any, 0);
    talk_hex(&watched, PS_TO_SERVER, READ_REQUEST);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, 100), 0);
    r.n_judged = 0;
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_trace__nobody_takes_them__traffic_goes_on)
{
    rig_init(&r, NULL);
    ps_engine_trace(r.engine, &any, 1000);
    wire_arp(&wire, 1, HMI, PLC);
    for (uint32_t i = 0; i < PS_TRACES_MAX + 10; i++)
        ck_assert_uint_eq(rig_send(&r, &wire).verdict, PS_VERDICT_PASS);
    ck_assert_uint_eq(ps_engine_trace_left(r.engine), 1000 - PS_TRACES_MAX);
    ck_assert_uint_eq(ps_engine_traces(r.engine, traces, PS_TRACES_MAX + 1), PS_TRACES_MAX);
    ck_assert_uint_eq(traces[0].number, 1);
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/trace",
    test_ps_engine_trace__request_that_is_refused__every_stage_says_what_it_found,
    test_ps_engine_trace__half_a_pdu__held,
    test_ps_engine_trace__no_sound_packet_and_no_flow__what_is_known,
    test_ps_engine_trace__filter__only_what_fits,
    test_ps_engine_trace__nobody_takes_them__traffic_goes_on)
