/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admit.h"

#include <string.h>

#include "rig.h"
#include "unit.h"

static struct rig r;
static struct wire w;

START_TEST(test_ps_admit__vlan_the_zone_does_not_have__vlan)
{
    const uint16_t ports[2] = {5000, 123};
    rig_init(&r, NULL);
    for (unsigned i = 0; i < 4; i++) {
        static const uint16_t vids[4] = {20, 0, 21, 21};
        wire_udp(&w, HMI, PLC, ports, "x", 1);
        wire_tag(&w, 0x8100, vids[i]);
        rig_send(&r, &w);
    }
    ck_assert_uint_eq(r.judged[2].vlan, 21);
    rig_expect(&r, "K K F=vlan");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__nv_l04_inner_tag_the_zone_does_not_have__vlan)
{
    rig_init(&r, NULL);
    for (uint16_t i = 0; i < 4; i++) {
        static const uint16_t vids[4][2] = {{20, 20}, {20, 21}, {21, 20}, {21, 0}}; /* outer and inner */
        const uint16_t ports[2] = {(uint16_t)(5000 + i), 123};
        wire_udp(&w, HMI, PLC, ports, "x", 1);
        wire_tag(&w, 0x8100, vids[i][1]);
        wire_tag(&w, 0x88a8, vids[i][0]);
        rig_send(&r, &w);
    }
    rig_expect(&r, "K F=vlan F=vlan F=vlan");
    wire_arp(&w, 1, HMI, PLC);
    wire_tag(&w, 0x8100, 20);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    wire_arp(&w, 1, HMI, PLC);
    wire_tag(&w, 0x8100, 21);
    rig_send(&r, &w);
    rig_expect(&r, "K=vlan");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__source_behind_another_port__spoofed)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    r.port = RIG_PORT_FIELD;
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0).reason, PS_REASON_SPOOFED);
    rig_expect(&r, "K=spoofed");
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 0);
    r.port = RIG_PORT_OPS;
    talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
    rig_expect(&r, "");
    talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_SYN | PS_TCP_ACK, "");
    rig_expect(&r, "K=spoofed");
    r.port = RIG_PORT_FIELD;
    talk_send(&t, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, NULL, 0);
    r.port = RIG_PORT_OPS;
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__ports_in_another_order_than_in_the_plant__judged_by_their_place_there)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.gateway_port[5] = RIG_PORT_OPS;
    config.gateway_port[RIG_PORT_OPS] = RIG_PORT_FIELD;
    rig_init(&r, &config);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    r.port = RIG_PORT_OPS;
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0).reason, PS_REASON_SPOOFED);
    r.port = PS_PORTS_MAX;
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0).reason, PS_REASON_SPOOFED);
    r.port = 5;
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0).reason, PS_REASON_NONE);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_engine_burst__ports_judged__says_the_receivers_zone)
{
    rig_init(&r, NULL);
    struct talk t = talk_between(&r, HMI, PLC, 502);
    r.port = RIG_PORT_OPS;
    ck_assert_uint_eq(talk_send(&t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0).to_zone, ps_image_zone_by_name(&r.image, "ctl"));
    r.port = RIG_PORT_FIELD;
    ck_assert_uint_eq(talk_send(&t, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, NULL, 0).to_zone,
                      ps_image_zone_by_name(&r.image, "ops"));
    wire_arp(&w, 1, PLC, HMI);
    ck_assert_uint_eq(rig_send(&r, &w).to_zone, PS_NONE);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__another_mac_than_the_asset_has__mac_binding)
{
    const uint16_t ports[2] = {5000, 123};
    rig_init(&r, NULL);
    wire_udp(&w, HMI, PLC, ports, "x", 1);
    wire_set_mac(&w, 0, 9);
    rig_send(&r, &w);
    rig_expect(&r, "K=mac-binding");
    wire_set_mac(&w, 0, 1);
    rig_send(&r, &w);
    wire_set_mac(&w, 0, 9);
    rig_send(&r, &w);
    rig_expect(&r, "K K=mac-binding");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__inside_one_zone__not_ours)
{
    const uint16_t ports[2] = {5000, 123};
    rig_init(&r, NULL);
    wire_udp(&w, PLC, PLC_SPARE, ports, "x", 1);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    w.b[w.len - 1] ^= 1; /* a wrong checksum is none of our business either */
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    r.port = RIG_PORT_FIELD;
    wire_udp(&w, PLC, PLC_SPARE, ports, "x", 1);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    wire_udp(&w, PROBE, PLC, ports, "x", 1); /* two zones behind one port */
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    rig_expect(&r, "");
    ck_assert_uint_eq(rig_stats(&r)->not_ours, 4);
    r.port = PS_PORT_UNKNOWN;
    wire_udp(&w, PROBE, PLC, (const uint16_t[2]){5001, 123}, "x", 1);
    rig_send(&r, &w);
    rig_expect(&r, "F=no-rule");
    rig_fini(&r);
}
END_TEST

/* Somebody in ops speaks in the name of a host of ctl to another one of ctl: what is said inside a zone is not ours, but
 * that was not said inside it. */
START_TEST(test_ps_admit_not_ours__nv_l08_a_zone_at_another_port__spoofed)
{
    const uint16_t ports[2] = {5000, 123};
    rig_init(&r, NULL);
    r.port = RIG_PORT_FIELD;
    wire_udp(&w, PLC_SPARE, PLC, ports, "x", 1); /* a flow that is not ours, as a switch floods it */
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    struct talk t = talk_between(&r, PLC_SPARE, PLC, 502);
    talk_open(&t);
    rig_expect(&r, "");
    r.port = RIG_PORT_OPS;
    wire_udp(&w, PLC_SPARE, PLC, ports, "x", 1);
    rig_send(&r, &w);
    wire_udp(&w, PLC, PLC_SPARE, (const uint16_t[2]){123, 5000}, "x", 1);
    rig_send(&r, &w);
    wire_udp(&w, PLC_SPARE, PLC, (const uint16_t[2]){5001, 123}, "x", 1);
    rig_send(&r, &w);
    talk_send(&t, PS_TO_SERVER, PS_TCP_ACK, WRITE_REQUEST, 12);
    talk_at(&t, PS_TO_SERVER, 9999, PS_TCP_SYN, "");
    talk_at(&t, PS_TO_CLIENT, 0, PS_TCP_SYN | PS_TCP_ACK, "");
    rig_expect(&r, "K=spoofed K=spoofed K=spoofed K=spoofed K=spoofed K=spoofed");
    wire_udp(&w, PLC_SPARE, PLC, ports, "x", 1); /* what is refused before anything is judged */
    w.b[w.ip + 6] = 0x20;
    wire_sum(&w);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_DROP);
    wire_udp(&w, PLC_SPARE, PLC, ports, "x", 1);
    w.b[w.len - 1] ^= 1;
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_DROP);
    rig_expect(&r, "K=fragment K=bad-checksum");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__nv_l07_frame_of_a_mac_behind_another_port__spoofed)
{
    static const uint8_t payload[46] = {0};
    rig_init(&r, NULL);
    wire_frame(&w, 0x8892, payload, sizeof payload);
    wire_set_mac(&w, 0, 0x31);
    wire_set_mac(&w, 1, 0x30);
    r.port = RIG_PORT_OPS;
    rig_send(&r, &w);
    rig_expect(&r, "K=spoofed");
    r.port = PS_PORT_UNKNOWN;
    rig_send(&r, &w);
    rig_expect(&r, "K");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__inside_a_zone_behind_both_ports__intra_zone)
{
    const uint16_t ports[2] = {5000, 123};
    rig_init(&r, NULL);
    r.port = RIG_PORT_OPS;
    wire_udp(&w, IP(10, 0, 5, 1), IP(10, 0, 5, 2), ports, "x", 1);
    ck_assert_uint_eq(rig_send(&r, &w).reason, PS_REASON_INTRA_ZONE);
    rig_expect(&r, "F=intra-zone");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit_refuse__broken_packet__on_the_path_of_its_addresses)
{
    const uint16_t ports[2] = {502, 5000};
    rig_init(&r, NULL);
    wire_udp(&w, PLC, HMI, ports, "x", 1);
    w.b[w.len - 1] ^= 1;
    rig_send(&r, &w);
    ck_assert_str_eq(ps_image_conduit_name(&r.image, r.judged[0].conduit), "ops-ctl");
    ck_assert_uint_eq(r.judged[0].dir, PS_TO_CLIENT);
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), HMI);
    rig_expect(&r, "K=bad-checksum");
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    wire_udp(&w, PROBE, PLC, ports, "x", 1); /* monitored */
    w.b[w.len - 1] ^= 1;
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    ck_assert(r.last.monitored);
    rig_expect(&r, "K=bad-checksum");
    w.len = 5;
    rig_send(&r, &w);
    rig_expect(&r, "K=cut-frame");
    wire_frame(&w, 0x86dd, (const uint8_t[46]){0}, 46);
    rig_send(&r, &w);
    ck_assert_uint_eq(r.judged[0].server_port, 0x86dd);
    rig_expect(&r, "K=bad-header");
    ck_assert_uint_eq(rig_stats(&r)->denied_by_class[PS_CLASS_NETWORK], 4);
    rig_fini(&r);
}
END_TEST

/* As many conversations as the table holds, all allowed. */
static void fill_table(struct talk *t, unsigned n)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = n;
    config.flow_events = true;
    rig_init(&r, &config);
    for (unsigned i = 0; i < n; i++) {
        t[i] = talk_between(&r, HMI, PLC, 502);
        talk_open(&t[i]);
    }
    ck_assert_uint_eq(rig_stats(&r)->flows_now, n);
}

START_TEST(test_ps_admit__table_full_of_established_flows__flow_table_full)
{
    struct talk t[16];
    fill_table(t, 16);
    struct talk late = talk_between(&r, HMI, PLC, 502);
    talk_open(&late);
    rig_expect(&r, "K=flow-table-full K=flow-table-full K=flow-table-full");
    talk_hex(&t[3], PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    talk_at(&t[5], PS_TO_SERVER, 0, PS_TCP_RST, "");
    talk_open(&late);
    talk_hex(&late, PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P");
    ck_assert_uint_eq(rig_stats(&r)->flows_peak, 16);
    ck_assert_uint_eq(rig_events(&r, PS_EVENT_FLOW_START, NULL), 17);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_admit__flood_of_half_open_flows__established_ones_stay)
{
    struct talk t[16];
    fill_table(t, 8);
    for (unsigned i = 0; i < 1000; i++) {
        struct talk flood = talk_between(&r, HMI, PLC, 502);
        talk_send(&flood, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
        rig_events(&r, PS_EVENT_NONE, NULL);
    }
    for (unsigned i = 0; i < 8; i++)
        talk_hex(&t[i], PS_TO_SERVER, READ_REQUEST);
    rig_expect(&r, "P P P P P P P P");
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/admit", test_ps_admit__vlan_the_zone_does_not_have__vlan,
          test_ps_admit__nv_l04_inner_tag_the_zone_does_not_have__vlan,
          test_ps_admit__source_behind_another_port__spoofed,
          test_ps_engine_burst__ports_judged__says_the_receivers_zone,
          test_ps_admit__ports_in_another_order_than_in_the_plant__judged_by_their_place_there,
          test_ps_admit__another_mac_than_the_asset_has__mac_binding, test_ps_admit__inside_one_zone__not_ours,
          test_ps_admit_not_ours__nv_l08_a_zone_at_another_port__spoofed,
          test_ps_admit__nv_l07_frame_of_a_mac_behind_another_port__spoofed,
          test_ps_admit__inside_a_zone_behind_both_ports__intra_zone,
          test_ps_admit_refuse__broken_packet__on_the_path_of_its_addresses,
          test_ps_admit__table_full_of_established_flows__flow_table_full,
          test_ps_admit__flood_of_half_open_flows__established_ones_stay)
