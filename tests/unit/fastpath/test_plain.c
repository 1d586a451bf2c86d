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

UNIT_MAIN("fastpath/plain", test_ps_plain_judge__modbus_datagrams__one_pdu_each,
          test_ps_plain_judge__cut_datagram__a_gap, test_ps_plain_judge__uninspected_datagrams__request_side_opens,
          test_ps_plain_judge__silence__opens_again,
          test_ps_plain_judge__multicast_destination__an_address_like_others,
          test_ps_plain_judge__other_ip_protocols__by_number, test_ps_plain_judge__frames__by_mac_and_ethertype,
          test_ps_icmp_judge__echo__reply_belongs_to_its_request,
          test_ps_icmp_judge__errors__pass_when_about_a_live_allowed_flow,
          test_ps_arp_judge__joined_zones__pass_others_do_not,
          test_ps_icmp_judge__neighbour_discovery__malformed_is_bad_arp)
