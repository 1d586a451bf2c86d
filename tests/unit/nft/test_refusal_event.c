/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal_event.h"

#include <string.h>

#include "packets.h"
#include "rig.h"
#include "unit.h"

#define CLIENT IP(10, 1, 0, 10)
#define SERVER IP(10, 2, 0, 20)
#define NOW UINT64_C(1700000000000000000)

static const char plant[] =
    "schema = 1; site = \"s\"; revision = 1;\n"
    "zones = (\n"
    "  { name = \"room\"; kind = \"operations\"; networks = [\"10.1.0.0/24\"];\n"
    "    assets = ( { name = \"hmi\"; addresses = [\"10.1.0.10\"]; } ); },\n"
    "  { name = \"cell\"; kind = \"control\"; networks = [\"10.2.0.0/24\"];\n"
    "    assets = ( { name = \"plc\"; addresses = [\"10.2.0.20\"]; } ); } );\n"
    "conduits = (\n"
    "  { name = \"room-to-cell\"; from = \"room\"; to = \"cell\"; allow = (\n"
    "    { name = \"poll\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "    { name = \"blocks\"; servers = [\"plc\"]; protocol = \"s7comm\"; operations = [\"read\"]; },\n"
    "    { name = \"outstation\"; servers = [\"plc\"]; protocol = \"dnp3\"; transport = \"udp\"; operations = [\"read\"]; },\n"
    "    { name = \"time\"; protocol = \"udp\"; ports = [123]; } ); },\n"
    "  { name = \"inside\"; from = \"cell\"; to = \"cell\"; allow = (\n"
    "    { name = \"peers\"; protocol = \"modbus\"; operations = [\"read\"]; } ); } );\n";

static struct rig_policy p;
static struct ps_refusal_words *words;
static struct wire w;
static struct ps_event event;

static void begin(void)
{
    rig_policy_init(&p, plant, 7);
    words = ps_refusal_words_new();
}

static void end(void)
{
    ps_refusal_words_free(words);
    rig_policy_fini(&p);
}

/* The event of the packet in w, by this policy. */
static void refuse_by(const struct ps_policy_slot *slot, const char *prefix)
{
    struct ps_packet packet = wire_packet(&w);
    struct ps_refusal refusal = {.time_ns = NOW};
    ck_assert_msg(ps_refusal_said(prefix, (uint32_t)strlen(prefix), &refusal.said), "%s", prefix);
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_IGNORE, .port_known = true}, &refusal.desc);
    memset(&event, 0xff, sizeof event);
    ps_refusal_event(words, slot, &refusal, &event);
}

static void refuse(const char *prefix)
{
    refuse_by(p.slot, prefix);
}

static void make_tcp(uint32_t src, uint32_t dst, const uint16_t ports[2], const void *data, uint32_t len)
{
    struct wire_tcp tcp = {.src = src, .dst = dst, .src_port = ports[0], .dst_port = ports[1], .seq = 1000, .ack = 5000,
                           .flags = len > 0 ? PS_TCP_ACK | PS_TCP_PSH : PS_TCP_SYN, .data = data, .len = len};
    wire_tcp(&w, &tcp);
}

static const uint16_t to_plc[2] = {40000, 502}, from_plc[2] = {502, 40000};
static const uint8_t write[12] = {0, 1, 0, 0, 0, 6, 1, 6, 0, 4, 3, 0x20};

static void check_event(uint8_t kind, uint8_t what, uint8_t reason)
{
    ck_assert_uint_eq(event.kind, kind);
    ck_assert_uint_eq(event.what, what);
    ck_assert_uint_eq(event.reason, reason);
    ck_assert_uint_eq(event.rule, PS_NONE);
    ck_assert_uint_eq(event.time_ns, NOW);
}

/* ---- prefixes -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_refusal_said__what_the_ruleset_logs__understood)
{
    struct ps_refusal_said said;
    ck_assert(ps_refusal_said("penstock room-to-cell no-rule reset ", 36, &said));
    ck_assert_str_eq(said.conduit, "room-to-cell");
    ck_assert_uint_eq(said.reason, PS_REASON_NO_RULE);
    ck_assert_uint_eq(said.how, PS_REFUSAL_RESET);
    ck_assert(ps_refusal_said("penstock - spoofed drop", 23, &said));
    ck_assert_str_eq(said.conduit, "-");
    ck_assert_uint_eq(said.how, PS_REFUSAL_DROPPED);
    ck_assert(ps_refusal_said("penstock c vlan pass ", 21, &said));
    ck_assert_uint_eq(said.how, PS_REFUSAL_PASSED);
}
END_TEST

START_TEST(test_ps_refusal_said__anything_else__not)
{
    static const char *const others[] = {
        "", " ", "penstock", "penstock ", "penstock c", "penstock c no-rule", "penstock c no-rule ", "penstock c no-rule eat ",
        "penstock c no-such-reason drop ", "penstock c none drop ", "somebody c no-rule drop ", "penstock  c no-rule drop ",
        "penstock c no-rule drop x", "penstock c no-rule drop  ", "penstockpenstockpenstock c no-rule drop ", "IN=eth0 OUT= "};
    struct ps_refusal_said said;
    char text[300];
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!ps_refusal_said(others[i], (uint32_t)strlen(others[i]), &said), "%s", others[i]);
    memset(text, 'x', sizeof text);
    memcpy(text, "penstock ", 9);
    ck_assert(!ps_refusal_said(text, sizeof text, &said));
}
END_TEST

/* ---- who, what and why ----------------------------------------------------------------------------------------- */

START_TEST(test_ps_refusal_event__write_that_no_rule_grants__its_operation_and_its_ends)
{
    begin();
    make_tcp(CLIENT, SERVER, to_plc, write, sizeof write);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    ck_assert_str_eq(event.operation, "modbus write-single-register station=1 holding:4 value=800");
    ck_assert_str_eq(ps_image_conduit_name(&p.image, event.conduit), "room-to-cell");
    ck_assert_str_eq(ps_image_asset_name(&p.image, event.client_asset), "hmi");
    ck_assert_str_eq(ps_image_zone_name(&p.image, event.server_zone), "cell");
    ck_assert_uint_eq(event.client_port, 40000);
    ck_assert_uint_eq(event.server_port, 502);
    ck_assert_uint_eq(event.protocol, PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(event.dir, PS_TO_SERVER);
    ck_assert_uint_eq(event.len, 12);
    ck_assert_uint_eq(event.generation, 7);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__client_that_no_rule_names__operation_by_the_port)
{
    begin();
    make_tcp(IP(10, 1, 0, 99), SERVER, to_plc, write, sizeof write);
    refuse("penstock room-to-cell no-rule drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    ck_assert_uint_eq(event.client_asset, PS_NONE);
    ck_assert_str_eq(ps_image_zone_name(&p.image, event.client_zone), "room");
    ck_assert_str_eq(event.operation, "modbus write-single-register station=1 holding:4 value=800");
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__monitor_mode__would_deny)
{
    begin();
    make_tcp(CLIENT, SERVER, to_plc, write, sizeof write);
    refuse("penstock room-to-cell no-rule pass ");
    check_event(PS_EVENT_WOULD_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    end();
}
END_TEST

/* Of a conduit that was closed by hand. */
START_TEST(test_ps_refusal_event__reply__client_is_who_asked)
{
    static const uint8_t reply[13] = {0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2};
    begin();
    make_tcp(SERVER, CLIENT, from_plc, reply, sizeof reply);
    refuse("penstock room-to-cell island reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_ISLAND);
    ck_assert_uint_eq(event.dir, PS_TO_CLIENT);
    ck_assert_str_eq(ps_image_asset_name(&p.image, event.client_asset), "hmi");
    ck_assert_uint_eq(event.server_port, 502);
    ck_assert_msg(strncmp(event.operation, "modbus reply read-holding-registers", 35) == 0, "%s", event.operation);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__two_pdus_or_a_part__a_packet)
{
    uint8_t both[24];
    memcpy(both, write, 12);
    memcpy(both + 12, write, 12);
    begin();
    make_tcp(CLIENT, SERVER, to_plc, both, sizeof both);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PACKET, PS_REASON_NO_RULE);
    ck_assert_str_eq(event.operation, "");
    make_tcp(CLIENT, SERVER, to_plc, write, 7);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PACKET, PS_REASON_NO_RULE);
    end();
}
END_TEST

/* Function 99, and a coil that is neither on nor off: what was understood of it. */
START_TEST(test_ps_refusal_event__malformed_pdu__as_far_as_it_was_understood)
{
    static const uint8_t bad[2][12] = {{0, 1, 0, 0, 0, 6, 1, 99, 0, 4, 3, 0x20}, {0, 1, 0, 0, 0, 6, 1, 5, 0, 4, 3, 0x20}};
    begin();
    make_tcp(CLIENT, SERVER, to_plc, bad[0], 12);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    ck_assert_str_eq(event.operation, "modbus function=99 station=1");
    make_tcp(CLIENT, SERVER, to_plc, bad[1], 12);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    ck_assert_msg(strncmp(event.operation, "modbus write-single-coil station=1", 34) == 0, "%s", event.operation);
    end();
}
END_TEST

/* Whom a connection of S7 is for was said when it was opened, which nobody heard. */
START_TEST(test_ps_refusal_event__s7_and_dnp3__their_operations)
{
    static const uint8_t s7_write[36] = {3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 1, 0, 14, 0, 5, 5,
                                         1, 0x12, 0x0a, 0x10, 2, 0, 1, 0, 20, 0x84, 0, 0, 0x40, 0, 4, 0, 8, 60};
    static const uint16_t s7_ports[2] = {40000, 102}, dnp3_ports[2] = {40000, 20000};
    static const uint8_t link_status[10] = {0x05, 0x64, 5, 0xc9, 17, 0, 3, 0, 0, 0};
    begin();
    make_tcp(CLIENT, SERVER, s7_ports, s7_write, sizeof s7_write);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PDU, PS_REASON_NO_RULE);
    ck_assert_uint_eq(event.protocol, PS_PROTOCOL_S7COMM);
    ck_assert_str_eq(event.operation, "s7comm write-var station=unknown db20:8 type=byte value=60");
    wire_udp(&w, CLIENT, SERVER, dnp3_ports, link_status, sizeof link_status);
    refuse("penstock room-to-cell no-rule drop "); /* its CRC is wrong */
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ck_assert_uint_eq(event.server_port, 20000);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__syn_or_datagram_or_echo__a_flow)
{
    static const uint16_t web[2] = {40000, 80};
    begin();
    make_tcp(CLIENT, SERVER, web, NULL, 0);
    refuse("penstock room-to-cell no-rule reset ");
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    wire_udp(&w, CLIENT, SERVER, web, "x", 1);
    refuse("penstock room-to-cell no-rule drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ck_assert_uint_eq(event.ip_proto, 17);
    wire_icmp(&w, CLIENT, SERVER, (const uint8_t[8]){8, 0, 0, 0, 0, 1}, "x", 1);
    refuse("penstock room-to-cell no-rule drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_RULE);
    ck_assert_uint_eq(event.server_port, 8);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__against_the_conduit__opened_by_its_server_and_of_none)
{
    static const uint16_t web[2] = {40000, 80};
    begin();
    make_tcp(SERVER, CLIENT, web, NULL, 0);
    refuse("penstock - no-conduit drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_CONDUIT);
    ck_assert_uint_eq(event.conduit, PS_NONE);
    ck_assert_str_eq(ps_image_asset_name(&p.image, event.client_asset), "plc");
    end();
}
END_TEST

/* Nobody has asked, or it was long ago. */
START_TEST(test_ps_refusal_event__late_reply__to_the_client)
{
    static const uint16_t ntp[2] = {123, 40000};
    begin();
    wire_udp(&w, SERVER, CLIENT, ntp, "x", 1);
    refuse("penstock - no-conduit drop ");
    ck_assert_uint_eq(event.dir, PS_TO_CLIENT);
    ck_assert_uint_eq(event.server_port, 123);
    ck_assert_uint_eq(event.conduit, PS_NONE);
    make_tcp(SERVER, CLIENT, from_plc, "x", 1);
    refuse("penstock - no-conduit drop ");
    ck_assert_uint_eq(event.dir, PS_TO_CLIENT);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__one_zone__ports_tell_who_is_the_server)
{
    begin();
    make_tcp(IP(10, 2, 0, 30), SERVER, to_plc, write, sizeof write);
    refuse("penstock inside no-rule reset ");
    ck_assert_uint_eq(event.dir, PS_TO_SERVER);
    ck_assert_uint_eq(event.server_port, 502);
    make_tcp(SERVER, IP(10, 2, 0, 30), from_plc, "x", 1);
    refuse("penstock inside island reset ");
    ck_assert_uint_eq(event.dir, PS_TO_CLIENT);
    ck_assert_uint_eq(event.server_port, 502);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__headers__malformed_packet_of_the_conduit_that_it_would_take)
{
    begin();
    make_tcp(CLIENT, SERVER, to_plc, NULL, 0);
    refuse("penstock - spoofed drop ");
    check_event(PS_EVENT_MALFORMED, PS_JUDGED_PACKET, PS_REASON_SPOOFED);
    ck_assert_str_eq(ps_image_conduit_name(&p.image, event.conduit), "room-to-cell");
    w.b[14] = 0x46;
    refuse("penstock - ip-options drop ");
    check_event(PS_EVENT_MALFORMED, PS_JUDGED_PACKET, PS_REASON_IP_OPTIONS);
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__arp_and_frames__who_it_was)
{
    static const uint8_t octets[40];
    begin();
    wire_arp(&w, 1, CLIENT, IP(10, 9, 0, 1));
    refuse("penstock - no-conduit drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_PACKET, PS_REASON_NO_CONDUIT);
    ck_assert_uint_eq(event.server_port, 0x0806);
    ck_assert_str_eq(ps_image_asset_name(&p.image, event.client_asset), "hmi");
    wire_frame(&w, 0x8892, octets, sizeof octets);
    refuse("penstock - no-zone drop ");
    check_event(PS_EVENT_DENY, PS_JUDGED_FLOW, PS_REASON_NO_ZONE);
    ck_assert_uint_eq(event.server_port, 0x8892);
    end();
}
END_TEST

/* A message that was on its way when the policy changed. */
START_TEST(test_ps_refusal_event__conduit_that_is_no_more__what_the_policy_of_now_says)
{
    begin();
    make_tcp(CLIENT, SERVER, to_plc, write, sizeof write);
    refuse("penstock old-name no-rule reset ");
    ck_assert_str_eq(ps_image_conduit_name(&p.image, event.conduit), "room-to-cell");
    end();
}
END_TEST

START_TEST(test_ps_refusal_event__no_policy__addresses_alone)
{
    begin();
    struct ps_policy_slot *empty = ps_policy_slot_new(NULL, 1);
    make_tcp(CLIENT, SERVER, to_plc, write, sizeof write);
    for (int i = 0; i < 2; i++) {
        refuse_by(i == 0 ? NULL : empty, "penstock room-to-cell no-rule reset ");
        check_event(PS_EVENT_DENY, PS_JUDGED_PACKET, PS_REASON_NO_RULE);
        ck_assert_uint_eq(event.conduit, PS_NONE);
        ck_assert_uint_eq(event.client_zone, PS_NONE);
        ck_assert(ps_addr_equal(event.client, ps_addr_from_v4(CLIENT)));
        ck_assert_uint_eq(event.generation, (uint32_t)i);
    }
    ps_policy_slot_free(empty);
    end();
}
END_TEST

UNIT_MAIN("nft/refusal_event", test_ps_refusal_said__what_the_ruleset_logs__understood,
          test_ps_refusal_said__anything_else__not,
          test_ps_refusal_event__write_that_no_rule_grants__its_operation_and_its_ends,
          test_ps_refusal_event__client_that_no_rule_names__operation_by_the_port,
          test_ps_refusal_event__monitor_mode__would_deny, test_ps_refusal_event__reply__client_is_who_asked,
          test_ps_refusal_event__two_pdus_or_a_part__a_packet, test_ps_refusal_event__malformed_pdu__as_far_as_it_was_understood,
          test_ps_refusal_event__s7_and_dnp3__their_operations, test_ps_refusal_event__syn_or_datagram_or_echo__a_flow,
          test_ps_refusal_event__against_the_conduit__opened_by_its_server_and_of_none,
          test_ps_refusal_event__late_reply__to_the_client, test_ps_refusal_event__one_zone__ports_tell_who_is_the_server,
          test_ps_refusal_event__headers__malformed_packet_of_the_conduit_that_it_would_take,
          test_ps_refusal_event__arp_and_frames__who_it_was,
          test_ps_refusal_event__conduit_that_is_no_more__what_the_policy_of_now_says,
          test_ps_refusal_event__no_policy__addresses_alone)
