/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is sent; that it reaches the ends, tests/net/nft_refused.py tries.
 */
#include "refusal_reset.h"

#include <string.h>

#include "engine.h"
#include "packets.h"
#include "unit.h"

#define CLIENT IP(10, 1, 0, 10)
#define SERVER IP(10, 2, 0, 20)

static struct wire w;
static struct ps_desc desc, back;
static struct ps_refusal_rst rst;

static void decode(void)
{
    struct ps_packet packet = wire_packet(&w);
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_NONE);
}

static void make(uint8_t flags, uint32_t len)
{
    static const uint8_t data[12];
    struct wire_tcp tcp = {.src = CLIENT, .dst = SERVER, .src_port = 40000, .dst_port = 502, .seq = 1000, .ack = 5000,
                           .flags = flags, .data = data, .len = len};
    wire_tcp(&w, &tcp);
}

/* Sound, a RST, and between whom. */
static void check_rst(unsigned client, uint32_t seq, uint32_t ack)
{
    struct ps_packet packet = {.data = rst.frame, .len = rst.len, .wire_len = rst.len, .port = PS_PORT_UNKNOWN,
                               .link = rst.ip > 0 ? PS_LINK_ETHERNET : PS_LINK_IP};
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &back);
    ck_assert_uint_eq(back.reason, PS_REASON_NONE);
    ck_assert_uint_eq(back.tcp_flags, PS_TCP_RST | PS_TCP_ACK);
    ck_assert_uint_eq(back.seq, seq);
    ck_assert_uint_eq(back.ack, ack);
    ck_assert_uint_eq(back.payload_len, 0);
    ck_assert(ps_addr_equal(back.key.addr[client], desc.key.addr[0]));
    ck_assert(ps_addr_equal(back.key.addr[!client], desc.key.addr[1]));
    ck_assert_uint_eq(back.key.port[client], 40000);
    ck_assert_uint_eq(back.key.port[!client], 502);
    ck_assert_uint_eq(back.key.id, desc.key.id);
}

START_TEST(test_ps_refusal_rst_onward__data__at_its_number_in_its_senders_name)
{
    make(PS_TCP_ACK | PS_TCP_PSH, 12);
    decode();
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    check_rst(0, 1000, 5000);
    ck_assert_mem_eq(rst.frame, w.b, 14);
}
END_TEST

START_TEST(test_ps_refusal_rst_back__data__at_the_number_that_it_acknowledges)
{
    make(PS_TCP_ACK | PS_TCP_PSH | PS_TCP_FIN, 12);
    decode();
    ck_assert(ps_refusal_rst_back(&desc, &rst));
    check_rst(1, 5000, 1013);
    ck_assert_mem_eq(rst.frame, w.b + 6, 6);
    ck_assert_mem_eq(rst.frame + 6, w.b, 6);
}
END_TEST

/* The server has not heard of it; the client waits for an acknowledgement of its SYN. */
START_TEST(test_ps_refusal_rst__syn__back_alone)
{
    make(PS_TCP_SYN, 0);
    decode();
    ck_assert(!ps_refusal_rst_onward(&desc, &rst));
    ck_assert(ps_refusal_rst_back(&desc, &rst));
    check_rst(1, 0, 1001);
}
END_TEST

START_TEST(test_ps_refusal_rst_onward__answer_to_a_syn__acknowledges_what_that_did)
{
    make(PS_TCP_SYN | PS_TCP_ACK, 0);
    decode();
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    check_rst(0, 1000, 5000);
}
END_TEST

START_TEST(test_ps_refusal_rst__rst__none)
{
    make(PS_TCP_RST | PS_TCP_ACK, 0);
    decode();
    ck_assert(!ps_refusal_rst_onward(&desc, &rst) && !ps_refusal_rst_back(&desc, &rst));
}
END_TEST

START_TEST(test_ps_refusal_rst__tagged__tagged)
{
    make(PS_TCP_ACK, 12);
    wire_tag(&w, 0x8100, 0x2007);
    decode();
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    check_rst(0, 1000, 5000);
    ck_assert_uint_eq(rst.ip, 18);
    ck_assert_mem_eq(rst.frame, w.b, 18);
}
END_TEST

START_TEST(test_ps_refusal_rst__ipv6__the_same)
{
    uint8_t segment[32] = {0x9c, 0x40, 502 >> 8, 502 & 0xff, 0, 0, 3, 0xe8, 0, 0, 0x13, 0x88, 0x50, 0x18, 16};
    const uint8_t ends[32] = {[0] = 0xfd, [15] = 1, [16] = 0xfd, [31] = 2};
    wire_ipv6(&w, ends, 6, segment, sizeof segment);
    wire_sum(&w);
    decode();
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    check_rst(0, 1000, 5000);
    ck_assert(ps_refusal_rst_back(&desc, &rst));
    check_rst(1, 5000, 1012);
}
END_TEST

START_TEST(test_ps_refusal_rst__no_ethernet__starts_with_ip)
{
    make(PS_TCP_ACK, 12);
    struct ps_packet packet = {.data = w.b + 14, .len = w.len - 14, .wire_len = w.len - 14, .link = PS_LINK_IP};
    ps_decode(&packet, (struct ps_decode_how){.port_known = true}, &desc);
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    ck_assert_uint_eq(rst.ip, 0);
    check_rst(0, 1000, 5000);
}
END_TEST

START_TEST(test_ps_refusal_rst_back__to_a_group__none_in_its_name)
{
    struct wire_tcp tcp = {.src = CLIENT, .dst = IP(224, 0, 0, 5), .src_port = 40000, .dst_port = 502, .flags = PS_TCP_ACK};
    wire_tcp(&w, &tcp);
    decode();
    ck_assert(!ps_refusal_rst_back(&desc, &rst));
}
END_TEST

/* What is behind a header that contradicts itself is nobody's number. */
START_TEST(test_ps_refusal_rst__not_sound_or_no_tcp__none)
{
    static const uint16_t ports[2] = {40000, 502};
    make(PS_TCP_ACK, 12);
    w.b[14 + 20 + 12] = 0x40;
    wire_sum(&w);
    struct ps_packet packet = wire_packet(&w);
    ps_decode(&packet, (struct ps_decode_how){.port_known = true}, &desc);
    ck_assert_uint_ne(desc.reason, PS_REASON_NONE);
    ck_assert(!ps_refusal_rst_onward(&desc, &rst) && !ps_refusal_rst_back(&desc, &rst));
    wire_udp(&w, CLIENT, SERVER, ports, "x", 1);
    decode();
    ck_assert(!ps_refusal_rst_onward(&desc, &rst) && !ps_refusal_rst_back(&desc, &rst));
}
END_TEST

START_TEST(test_ps_refusal_sender_add__no_such_device_or_too_many__says_so)
{
    struct ps_refusal_sender sender;
    char err[200] = "";
    ps_refusal_sender_init(&sender, true);
    ck_assert(!ps_refusal_sender_add(&sender, "no-such-port", err, sizeof err));
    ck_assert_msg(strstr(err, "no-such-port") != NULL, "%s", err);
    for (unsigned i = 0; i < PS_REFUSAL_PORTS_MAX; i++)
        ck_assert(ps_refusal_sender_add(&sender, "lo", err, sizeof err));
    ck_assert(!ps_refusal_sender_add(&sender, "lo", err, sizeof err));
    ck_assert_msg(strstr(err, "more than 16") != NULL, "%s", err);
    ps_refusal_sender_close(&sender);
}
END_TEST

START_TEST(test_ps_refusal_other_port__of_two__the_other)
{
    struct ps_refusal_sender sender;
    ps_refusal_sender_init(&sender, false);
    sender.n_ports = 2;
    sender.ports[0] = (struct ps_refusal_port){.device = "a", .index = 5};
    sender.ports[1] = (struct ps_refusal_port){.device = "b", .index = 7};
    ck_assert_uint_eq(ps_refusal_other_port(&sender, 5), 7);
    ck_assert_uint_eq(ps_refusal_other_port(&sender, 7), 5);
    sender.n_ports = 1;
    ck_assert_uint_eq(ps_refusal_other_port(&sender, 5), 0);
}
END_TEST

/* It went, and came again with another index. */
START_TEST(test_ps_refusal_send__device_with_another_index__looked_up_anew)
{
    struct ps_refusal_sender sender;
    uint32_t lo = if_nametoindex("lo");
    ps_refusal_sender_init(&sender, true);
    sender.n_ports = 2;
    sender.ports[0] = (struct ps_refusal_port){.device = "lo", .index = 77777};
    sender.ports[1] = (struct ps_refusal_port){.device = "no-such-port", .index = 77778};
    ck_assert_uint_eq(ps_refusal_other_port(&sender, lo), 0); /* the other one is gone */
    ck_assert_uint_eq(sender.ports[0].index, lo);
    make(PS_TCP_ACK, 12);
    decode();
    ck_assert(ps_refusal_rst_onward(&desc, &rst));
    ck_assert(!ps_refusal_send(&sender, &rst, 77777)); /* no port of ours any more */
    ck_assert(!ps_refusal_send(&sender, &rst, 0));
}
END_TEST

UNIT_MAIN("nft/refusal_reset", test_ps_refusal_rst_onward__data__at_its_number_in_its_senders_name,
          test_ps_refusal_rst_back__data__at_the_number_that_it_acknowledges, test_ps_refusal_rst__syn__back_alone,
          test_ps_refusal_rst_onward__answer_to_a_syn__acknowledges_what_that_did, test_ps_refusal_rst__rst__none,
          test_ps_refusal_rst__tagged__tagged, test_ps_refusal_rst__ipv6__the_same,
          test_ps_refusal_rst_back__to_a_group__none_in_its_name, test_ps_refusal_rst__no_ethernet__starts_with_ip, test_ps_refusal_rst__not_sound_or_no_tcp__none,
          test_ps_refusal_sender_add__no_such_device_or_too_many__says_so, test_ps_refusal_other_port__of_two__the_other,
          test_ps_refusal_send__device_with_another_index__looked_up_anew)
