/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain.h"

#include <string.h>

#include "rig.h"
#include "unit.h"

static struct rig r;
static struct wire w;

static struct ps_decision send_udp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    const uint16_t ports[2] = {sport, dport};
    wire_udp(&w, src, dst, ports, data, len);
    return rig_send(&r, &w);
}

START_TEST(test_ps_plain_judge__modbus_datagrams__one_pdu_each)
{
    rig_init(&r, NULL);
    send_udp(HMI, PLC, 5000, 502, READ_REQUEST);
    send_udp(PLC, HMI, 502, 5000, READ_REPLY);
    ck_assert_str_eq(ps_image_rule_name(&r.image, r.judged[0].rule), "datagrams");
    rig_expect(&r, "P R");
    send_udp(HMI, PLC, 5000, 502, WRITE_REQUEST);
    rig_expect(&r, "P=no-rule");
    send_udp(HMI, PLC, 5000, 502, "0001 0000 0006 01 03 0028");
    rig_expect(&r, "P=truncated");
    send_udp(HMI, PLC, 5000, 502, "0007 0000 0006 01 03 0028 0002 00");
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(r.n_judged, 1);
    ck_assert_uint_ne(r.judged[0].reason, PS_REASON_NONE);
    r.n_judged = 0;
    send_udp(DESK, PLC, 5000, 502, READ_REQUEST);
    rig_expect(&r, "F=no-conduit P=no-conduit");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__cut_datagram__a_gap)
{
    rig_init(&r, NULL);
    r.cut = 2;
    send_udp(HMI, PLC, 5000, 502, READ_REQUEST);
    rig_expect(&r, "");
    ck_assert_uint_eq(rig_stats(&r)->gaps, 1);
    send_udp(PLC, HMI, 502, 5000, READ_REPLY);
    rig_expect(&r, "R");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__uninspected_datagrams__request_side_opens)
{
    rig_init(&r, NULL);
    send_udp(HMI, PLC, 5000, 123, "00");
    send_udp(PLC, HMI, 123, 5000, "00");
    ck_assert_uint_eq(r.judged[1].dir, PS_TO_CLIENT);
    rig_expect(&r, "K K");
    send_udp(PLC, HMI, 123, 5001, "00"); /* seen without its request */
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), HMI);
    rig_expect(&r, "K");
    send_udp(PLC, HMI, 5000, 123, "00");
    rig_expect(&r, "F=no-conduit");
    send_udp(PLC, HMI, 5000, 123, "00");
    rig_expect(&r, "");
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__not_granted_from_a_servers_port__the_side_that_may_open_is_client)
{
    static const uint16_t ports[][2] = {{502, 6000}, {502, 20000}, {20000, 6001}};
    rig_init(&r, NULL);
    for (unsigned i = 0; i < 3; i++) {
        send_udp(HMI, PLC, ports[i][0], ports[i][1], "00");
        ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), HMI);
        ck_assert_uint_eq(r.judged[0].client_port, ports[i][0]);
        ck_assert_uint_eq(r.judged[0].reason, PS_REASON_NO_RULE);
        ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
        r.n_judged = 0;
        send_udp(PLC, HMI, ports[i][1], ports[i][0], "00"); /* the answer is of the same flow */
        ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
        r.n_judged = 0;
    }
    send_udp(PLC, HMI, 502, 6002, "00"); /* a reply whose request nobody saw */
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), HMI);
    r.n_judged = 0;
    send_udp(DESK, PLC, 502, 6000, "00"); /* no conduit: ports alone say who is who */
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), PLC);
    r.n_judged = 0;
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__against_a_monitored_conduit__dropped)
{
    rig_init(&r, NULL);
    send_udp(PLC, PROBE, 6000, 502, "00");
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), PLC);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    rig_expect(&r, "F=no-conduit P=truncated");
    send_udp(PROBE, PLC, 502, 6001, "00"); /* from where one may open it is watched, from each port */
    ck_assert_uint_eq(ps_addr_v4(r.judged[0].client), PROBE);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_PASS);
    rig_expect(&r, "F=no-rule");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__answered__no_longer_among_the_first_to_go)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.flows_of_source = 1;
    rig_init(&r, &config);
    send_udp(HMI, PLC, 5000, 123, "00");
    send_udp(PLC, HMI, 123, 5000, "00");
    send_udp(HMI, PLC, 5001, 123, "00");
    ck_assert_uint_eq(rig_stats(&r)->evicted_flows, 0);
    send_udp(HMI, PLC, 5002, 123, "00"); /* for 5001 */
    ck_assert_uint_eq(rig_stats(&r)->evicted_flows, 1);
    send_udp(HMI, PLC, 5000, 123, "00");
    send_udp(HMI, PLC, 5002, 123, "00");
    ck_assert_uint_eq(rig_stats(&r)->flows, 3);
    r.n_judged = 0;
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__silence__opens_again)
{
    rig_init(&r, NULL);
    send_udp(HMI, PLC, 5000, 123, "00");
    r.time_ns += UINT64_C(170000000000);
    send_udp(HMI, PLC, 5000, 123, "00");
    ck_assert_uint_eq(rig_stats(&r)->flows, 1);
    r.time_ns += UINT64_C(190000000000);
    send_udp(HMI, PLC, 5000, 123, "00");
    ck_assert_uint_eq(rig_stats(&r)->flows, 2);
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__multicast_destination__an_address_like_others)
{
    rig_init(&r, NULL);
    send_udp(HMI, IP(239, 1, 2, 3), 5000, 123, "00");
    rig_expect(&r, "F=no-rule");
    send_udp(HMI, IP(239, 2, 2, 3), 5000, 123, "00");
    rig_expect(&r, "F=no-zone");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__other_ip_protocols__by_number)
{
    rig_init(&r, NULL);
    wire_ipv4(&w, HMI, PLC, 112, "12345678", 8);
    rig_send(&r, &w);
    rig_expect(&r, "K");
    wire_ipv4(&w, HMI, PLC, 113, "12345678", 8);
    rig_send(&r, &w);
    rig_send(&r, &w);
    rig_expect(&r, "F=no-rule");
    rig_fini(&r);
}
END_TEST

static void send_frame(uint16_t type, uint8_t src, uint8_t dst)
{
    static const uint8_t payload[46] = {0};
    wire_frame(&w, type, payload, sizeof payload);
    wire_set_mac(&w, 0, src);
    wire_set_mac(&w, 1, dst);
    rig_send(&r, &w);
}

START_TEST(test_ps_plain_judge__frames__by_mac_and_ethertype)
{
    rig_init(&r, NULL);
    send_frame(0x8892, 0x31, 0x30);
    send_frame(0x8892, 0x31, 0x30);
    ck_assert_str_eq(ps_image_rule_name(&r.image, r.judged[0].rule), "pn");
    ck_assert_uint_eq(r.judged[0].server_port, 0x8892);
    rig_expect(&r, "K K");
    send_frame(0x8892, 0x30, 0x31); /* there is no reply to a frame */
    ck_assert_uint_eq(r.judged[0].what, PS_JUDGED_FLOW);
    r.n_judged = 0;
    send_frame(0x88ba, 0x31, 0x30);
    send_frame(0x88ba, 0x31, 0x30);
    rig_expect(&r, "F=no-rule");
    ck_assert_uint_eq(rig_stats(&r)->non_ip, 5);
    rig_fini(&r);
}
END_TEST

/* ---- ICMP ------------------------------------------------------------------------------------------------------ */

static struct ps_decision send_icmp(uint32_t src, uint32_t dst, uint8_t type, uint8_t code, uint8_t id)
{
    const uint8_t head[8] = {type, code, 0, 0, 0, id, 0, 1};
    wire_icmp(&w, src, dst, head, "abcdefgh", 8);
    return rig_send(&r, &w);
}

START_TEST(test_ps_icmp_judge__echo__reply_belongs_to_its_request)
{
    rig_init(&r, NULL);
    send_icmp(HMI, PLC, 8, 0, 1);
    send_icmp(PLC, HMI, 0, 0, 1);
    ck_assert_uint_eq(r.judged[0].server_port, 8);
    ck_assert_uint_eq(r.judged[1].dir, PS_TO_CLIENT);
    rig_expect(&r, "K K");
    send_icmp(PLC, HMI, 8, 0, 2);
    rig_expect(&r, "F=no-conduit");
    send_icmp(PLC, HMI, 0, 0, 3); /* its request was before the capture */
    rig_expect(&r, "K");
    send_icmp(HMI, PLC, 13, 0, 0);
    send_icmp(PLC, HMI, 14, 0, 0);
    rig_expect(&r, "K F=no-conduit");
    rig_fini(&r);
}
END_TEST

/* An error from PLC_SPARE to `to`, about the packet in w. */
static void send_error(uint32_t to, uint8_t type)
{
    uint8_t quoted[28];
    const uint8_t head[8] = {type, 1};
    memcpy(quoted, w.b + w.ip, sizeof quoted);
    wire_icmp(&w, PLC_SPARE, to, head, quoted, sizeof quoted);
    rig_send(&r, &w);
}

START_TEST(test_ps_icmp_judge__errors__pass_when_about_a_live_allowed_flow)
{
    rig_init(&r, NULL);
    send_udp(HMI, PLC, 5000, 123, "00");
    send_error(HMI, 3);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_PASS);
    rig_expect(&r, "K");
    send_udp(HMI, PLC, 5000, 123, "00");
    send_error(ENG, 3); /* to somebody who did not send it */
    rig_expect(&r, "K F=no-conduit");
    const uint16_t ports[2] = {5001, 123};
    wire_udp(&w, HMI, PLC, ports, "x", 1);
    send_error(HMI, 11); /* about a flow that nobody opened */
    rig_expect(&r, "F=no-conduit");
    send_udp(HMI, PLC, 5000, 123, "00");
    send_error(HMI, 5); /* a redirect is no error */
    rig_expect(&r, "K F=no-conduit");
    rig_fini(&r);
}
END_TEST

/* ---- neighbours ------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_arp_judge__joined_zones__pass_others_do_not)
{
    rig_init(&r, NULL);
    wire_arp(&w, 1, HMI, PLC);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    wire_arp(&w, 2, PLC, HMI);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    wire_arp(&w, 1, 0, PLC); /* is it free? */
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    rig_expect(&r, "");
    wire_arp(&w, 1, DESK, PLC);
    rig_send(&r, &w);
    ck_assert_uint_eq(r.judged[0].server_port, 0x0806);
    rig_expect(&r, "K=no-conduit");
    wire_arp(&w, 1, STRANGER, PLC);
    rig_send(&r, &w);
    rig_expect(&r, "K=no-zone");
    wire_arp(&w, 1, HMI, PLC);
    w.b[WIRE_L2 + 13] = 9; /* another MAC in the message */
    rig_send(&r, &w);
    rig_expect(&r, "K=mac-binding");
    w.b[WIRE_L2 + 7] = 9;
    rig_send(&r, &w);
    rig_expect(&r, "K=bad-arp");
    rig_fini(&r);
}
END_TEST

/* A solicitation from fd00:2::1 for fd00:2::2 with a source link-layer option. */
static void build_nd(void)
{
    const uint8_t ends[32] = {0xfd, 0, 0, 2, [15] = 1, [16] = 0xff, 2, [29] = 0xff, [31] = 2};
    uint8_t message[32] = {135, 0, [8] = 0xfd, 0, 0, 2, [23] = 2, [24] = 1, 1, 2, 0, 0, 0, 0, 1};
    wire_ipv6(&w, ends, 58, message, sizeof message);
    w.b[w.ip + 7] = 255;
}

START_TEST(test_ps_icmp_judge__neighbour_discovery__malformed_is_bad_arp)
{
    rig_init(&r, NULL);
    build_nd();
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    rig_expect(&r, "");
    static const struct {
        uint8_t at, value;
    } rows[] = {{7, 254}, {41, 1}, {48, 0xff}, {65, 0}, {65, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_nd();
        w.b[w.ip + rows[i].at] = rows[i].value;
        wire_sum(&w);
        rig_send(&r, &w);
        rig_expect(&r, "K=bad-arp");
    }
    build_nd();
    memset(w.b + w.ip + 8, 0, 16); /* is it free? */
    wire_sum(&w);
    rig_send(&r, &w);
    rig_expect(&r, "");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_arp_judge__nv_l08_sender_of_another_port__spoofed)
{
    rig_init(&r, NULL);
    r.port = RIG_PORT_OPS;
    wire_arp(&w, 1, HMI, PLC);
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    wire_arp(&w, 2, PLC_SPARE, PLC); /* what it says would be believed in ctl */
    rig_send(&r, &w);
    wire_arp(&w, 1, PLC, PLC); /* gratuitous */
    rig_send(&r, &w);
    wire_arp(&w, 1, 0, PLC); /* is it free? */
    rig_send(&r, &w);
    rig_expect(&r, "K=spoofed K=spoofed K=spoofed");
    r.port = RIG_PORT_FIELD;
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    build_nd();
    ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_PASS);
    r.port = RIG_PORT_OPS;
    rig_send(&r, &w);
    rig_expect(&r, "K=spoofed");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_plain_judge__uninspected_datagrams__carried_once_they_are_answered)
{
    rig_init(&r, NULL);
    ck_assert(!send_udp(ENG, PLC, 5000, 123, "00").carries);
    ck_assert(send_udp(PLC, ENG, 123, 5000, "00").carries);
    ck_assert(send_udp(ENG, PLC, 5000, 123, "00").carries);
    ck_assert(!send_udp(HMI, PLC, 5000, 123, "00").carries);
    ck_assert(!send_udp(PLC, HMI, 123, 5000, "00").carries); /* has a MAC, which somebody has to compare */
    ck_assert(!send_udp(HMI, PLC, 5000, 502, READ_REQUEST).carries);
    ck_assert(!send_udp(PLC, HMI, 502, 5000, READ_REPLY).carries); /* inspected */
    ck_assert(!send_udp(PROBE, PLC, 5000, 123, "00").carries);
    ck_assert(!send_udp(PLC, PROBE, 123, 5000, "00").carries); /* monitored */
    ck_assert(!send_udp(DESK, PLC, 5000, 123, "00").carries);
    ck_assert(!send_udp(PLC, DESK, 123, 5000, "00").carries); /* refused */
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("fastpath/plain", test_ps_plain_judge__modbus_datagrams__one_pdu_each,
          test_ps_plain_judge__cut_datagram__a_gap, test_ps_plain_judge__uninspected_datagrams__request_side_opens,
          test_ps_plain_judge__not_granted_from_a_servers_port__the_side_that_may_open_is_client,
          test_ps_plain_judge__against_a_monitored_conduit__dropped,
          test_ps_plain_judge__answered__no_longer_among_the_first_to_go,
          test_ps_plain_judge__silence__opens_again,
          test_ps_plain_judge__multicast_destination__an_address_like_others,
          test_ps_plain_judge__other_ip_protocols__by_number, test_ps_plain_judge__frames__by_mac_and_ethertype,
          test_ps_icmp_judge__echo__reply_belongs_to_its_request,
          test_ps_icmp_judge__errors__pass_when_about_a_live_allowed_flow,
          test_ps_arp_judge__joined_zones__pass_others_do_not,
          test_ps_arp_judge__nv_l08_sender_of_another_port__spoofed,
          test_ps_icmp_judge__neighbour_discovery__malformed_is_bad_arp,
          test_ps_plain_judge__uninspected_datagrams__carried_once_they_are_answered)
