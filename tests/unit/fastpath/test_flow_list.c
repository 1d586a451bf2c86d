/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_list.h"

#include "decode.h"
#include "flow.h"
#include "rig.h"
#include "unit.h"

static struct rig r;
static struct wire wire;

static uint32_t all(struct ps_flow_info *flows, uint32_t max, uint32_t step)
{
    uint32_t n = 0, cursor = 0;
    while (cursor != PS_NONE && n < max)
        n += ps_engine_flows(r.engine, &cursor, flows + n, step < max - n ? step : max - n);
    return n;
}

START_TEST(test_ps_engine_flows__one_of_each_kind__described)
{
    struct ps_flow_info flows[8];
    rig_init(&r, NULL);
    struct talk poll = talk_between(&r, HMI, PLC, 502), no = talk_between(&r, HMI, PLC, 99);
    struct talk watched = talk_between(&r, PROBE, PLC, 502), over = talk_between(&r, ENG, PLC, 8080);
    talk_open(&poll);
    talk_hex(&poll, PS_TO_SERVER, READ_REQUEST);
    talk_send(&no, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
    talk_open(&watched);
    talk_open(&over);
    talk_send(&over, PS_TO_CLIENT, PS_TCP_RST, NULL, 0);
    const uint16_t ports[2] = {1, 2};
    wire_udp(&wire, HMI, IP(10, 0, 1, 99), ports, "x", 1);
    rig_send(&r, &wire);
    r.time_ns += UINT64_C(10000000000);
    wire_icmp(&wire, HMI, PLC, (const uint8_t[8]){8, 0, 0, 0, 0, 1}, "x", 1);
    rig_send(&r, &wire);
    ck_assert_uint_eq(all(flows, 8, 1), 6);
    ck_assert_uint_eq(all(flows, 8, 8), 6);
    ck_assert(ps_addr_equal(flows[0].client, ps_addr_from_v4(HMI)) && flows[0].server_port == 502);
    ck_assert_uint_eq(flows[0].client_port, poll.port[0]);
    ck_assert_uint_eq(flows[0].state, PS_FLOW_STATE_OPEN);
    ck_assert_uint_eq(flows[0].protocol, PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(flows[0].packets, 4);
    ck_assert_uint_eq(flows[0].generation, 1);
    ck_assert_uint_eq(flows[0].conduit, 0);
    ck_assert_uint_eq(flows[0].rule, 0);
    ck_assert_str_eq(ps_image_asset_name(&r.image, flows[0].server_asset), "plc");
    ck_assert(flows[0].idle_ns > UINT64_C(9900000000) && flows[0].idle_ns < UINT64_C(10100000000));
    ck_assert_uint_eq(flows[1].state, PS_FLOW_STATE_REFUSED);
    ck_assert_uint_eq(flows[1].reason, PS_REASON_NO_RULE);
    ck_assert_uint_eq(flows[1].rule, PS_NONE);
    ck_assert(flows[2].monitored && !flows[2].relayed);
    ck_assert_uint_eq(flows[2].rule, PS_NONE); /* nothing has been asked */
    ck_assert_uint_eq(flows[3].state, PS_FLOW_STATE_CLOSED);
    ck_assert_uint_eq(flows[3].rule, 4);
    ck_assert_uint_eq(flows[4].state, PS_FLOW_STATE_NOT_OURS);
    ck_assert_uint_eq(flows[5].ip_proto, 1);
    ck_assert_uint_eq(flows[5].server_port, 8);
    ck_assert_uint_eq(flows[5].idle_ns, 0);
    r.n_judged = 0;
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_flows__many_lines__no_more_than_a_step_per_call)
{
    static struct ps_flow_info flows[2 * PS_FLOW_LIST_STEP];
    rig_init(&r, NULL);
    for (uint32_t i = 0; i < PS_FLOW_LIST_STEP + 5; i++) {
        wire_icmp(&wire, HMI, PLC, (const uint8_t[8]){8, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 0, 1}, "x", 1);
        rig_send(&r, &wire);
        r.n_judged = 0;
    }
    uint32_t cursor = 0;
    ck_assert_uint_eq(ps_engine_flows(r.engine, &cursor, flows, 2 * PS_FLOW_LIST_STEP), PS_FLOW_LIST_STEP);
    ck_assert_uint_eq(cursor, PS_FLOW_LIST_STEP);
    ck_assert_uint_eq(ps_engine_flows(r.engine, &cursor, flows, 2 * PS_FLOW_LIST_STEP), 5);
    ck_assert_uint_eq(cursor, PS_NONE);
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/flow_list",
    test_ps_engine_flows__one_of_each_kind__described,
    test_ps_engine_flows__many_lines__no_more_than_a_step_per_call)
