/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judged.h"

#include <string.h>

#include "dissector.h"
#include "packets.h"
#include "unit.h"

static struct wire w;
static struct ps_desc desc;
static struct ps_judged judged;
static struct ps_event event;
static struct ps_path path;
static struct ps_facts facts;

static void decode(void)
{
    struct ps_packet packet = wire_packet(&w);
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT}, &desc);
}

static void make_tcp(void)
{
    struct wire_tcp tcp = {.src = IP(10, 1, 0, 1), .dst = IP(10, 2, 0, 1), .src_port = 40000, .dst_port = 502, .seq = 1,
                           .flags = PS_TCP_SYN};
    wire_tcp(&w, &tcp);
    decode();
}

static void begin(uint8_t what, uint8_t reason)
{
    path = (struct ps_path){.conduit = 3, .client_asset = 4, .server_asset = PS_NONE, .client_zone = 1, .server_zone = 2,
                            .protocol = PS_PROTOCOL_MODBUS};
    judged = (struct ps_judged){.what = what, .reason = reason, .path = &path, .rule = PS_NONE};
}

START_TEST(test_ps_judged_set_packet__tcp__sender_is_client_unless_it_replies)
{
    make_tcp();
    begin(PS_JUDGED_PACKET, PS_REASON_NO_RULE);
    ps_judged_set_packet(&judged, &desc);
    ck_assert(ps_addr_equal(judged.client, ps_addr_from_v4(IP(10, 1, 0, 1))));
    ck_assert_uint_eq(judged.client_port, 40000);
    ck_assert_uint_eq(judged.server_port, 502);
    ck_assert_mem_eq(judged.client_mac.b, w.b + 6, 6);
    judged.dir = PS_TO_CLIENT;
    ps_judged_set_packet(&judged, &desc);
    ck_assert(ps_addr_equal(judged.client, ps_addr_from_v4(IP(10, 2, 0, 1))));
    ck_assert_uint_eq(judged.client_port, 502);
    ck_assert_mem_eq(judged.client_mac.b, w.b, 6);
}
END_TEST

START_TEST(test_ps_judged_set_packet__arp__addresses_and_type)
{
    wire_arp(&w, 1, IP(10, 1, 0, 1), IP(10, 2, 0, 1));
    decode();
    begin(PS_JUDGED_PACKET, PS_REASON_NO_CONDUIT);
    ps_judged_set_packet(&judged, &desc);
    ck_assert_uint_eq(judged.ip_proto, 0);
    ck_assert_uint_eq(judged.server_port, 0x0806);
    ck_assert(ps_addr_equal(judged.server, ps_addr_from_v4(IP(10, 2, 0, 1))));
}
END_TEST

START_TEST(test_ps_judged_set_packet__frame__macs_and_type)
{
    static const uint8_t octets[40];
    wire_frame(&w, 0x8892, octets, sizeof octets);
    decode();
    begin(PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ps_judged_set_packet(&judged, &desc);
    ck_assert_uint_eq(judged.server_port, 0x8892);
    ck_assert_mem_eq(judged.server_mac.b, w.b, 6);
}
END_TEST

START_TEST(test_ps_judged_kind__reasons_and_modes__told_apart)
{
    begin(PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ck_assert_int_eq(ps_judged_kind(&judged), PS_EVENT_DENY);
    judged.monitored = true;
    ck_assert_int_eq(ps_judged_kind(&judged), PS_EVENT_WOULD_DENY);
    begin(PS_JUDGED_PACKET, PS_REASON_BAD_FLAGS);
    ck_assert_int_eq(ps_judged_kind(&judged), PS_EVENT_MALFORMED);
}
END_TEST

START_TEST(test_ps_judged_event__flow__what_the_path_says)
{
    make_tcp();
    begin(PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ps_judged_set_packet(&judged, &desc);
    judged.time_ns = 77;
    memset(&event, 0xff, sizeof event);
    ps_judged_event(&judged, PS_EVENT_DENY, 5, &event);
    ck_assert_uint_eq(event.time_ns, 77);
    ck_assert_uint_eq(event.kind, PS_EVENT_DENY);
    ck_assert_uint_eq(event.conduit, 3);
    ck_assert_uint_eq(event.client_asset, 4);
    ck_assert_uint_eq(event.server_zone, 2);
    ck_assert_uint_eq(event.generation, 5);
    ck_assert_uint_eq(event.server_port, 502);
    ck_assert_str_eq(event.operation, "");
}
END_TEST

/* Write single register 1 of unit 7: 5. */
START_TEST(test_ps_judged_event__pdu__its_operation)
{
    static const uint8_t pdu[12] = {0, 1, 0, 0, 0, 6, 7, 6, 0, 1, 0, 5};
    static _Alignas(8) uint8_t state[65536];
    const struct ps_dissector *dissector = ps_dissector_by_protocol(PS_PROTOCOL_MODBUS);
    struct ps_dialog dialog = {.state = state, .dir = PS_TO_SERVER};
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ck_assert_uint_le(dissector->state_len, sizeof state);
    facts.protocol = PS_PROTOCOL_MODBUS;
    ps_rd_init(&rd, &fault, pdu, sizeof pdu);
    ck_assert_int_eq(dissector->decode(&dialog, &rd, &facts), PS_OK);
    begin(PS_JUDGED_PDU, PS_REASON_NO_RULE);
    judged.dissector = dissector;
    judged.facts = &facts;
    ps_judged_event(&judged, PS_EVENT_DENY, 1, &event);
    ck_assert_str_eq(event.operation, "modbus write-single-register station=7 holding:1 value=5");
    ck_assert_uint_eq(event.protocol, PS_PROTOCOL_MODBUS);
}
END_TEST

UNIT_MAIN("fastpath/judged", test_ps_judged_set_packet__tcp__sender_is_client_unless_it_replies,
          test_ps_judged_set_packet__arp__addresses_and_type, test_ps_judged_set_packet__frame__macs_and_type,
          test_ps_judged_kind__reasons_and_modes__told_apart, test_ps_judged_event__flow__what_the_path_says,
          test_ps_judged_event__pdu__its_operation)
