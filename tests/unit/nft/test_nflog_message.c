/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog_message.h"

#include <stdlib.h>

#include "decode.h"
#include "engine.h"
#include "nflog_case.h"
#include "packets.h"
#include "unit.h"

static struct nflog_case c;
static struct ps_nflog message;
static struct wire w;
static struct ps_packet packet;
static uint8_t frame[PS_NFLOG_PACKET_MAX];
static const uint8_t *at;
static size_t len;

static void make_question(void)
{
    static const uint8_t question[12] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 8};
    struct wire_tcp tcp = {.src = IP(10, 1, 0, 10), .dst = IP(10, 2, 0, 20), .src_port = 40000, .dst_port = 502,
                           .flags = PS_TCP_ACK | PS_TCP_PSH, .data = question, .len = sizeof question};
    wire_tcp(&w, &tcp);
}

static void begin(void)
{
    make_question();
    nflog_begin(&c);
    nflog_put_prefix(&c, "penstock c no-rule reset ");
}

static enum ps_nflog_what next(void)
{
    if (at == NULL) {
        at = c.room;
        len = nflog_len(&c);
    }
    return ps_nflog_next(&at, &len, &message);
}

START_TEST(test_ps_nflog_next__all_told__taken)
{
    begin();
    nflog_put_number(&c, NFULA_IFINDEX_INDEV, 3);
    nflog_put_number(&c, NFULA_IFINDEX_OUTDEV, 4);
    nflog_put_number(&c, NFULA_SEQ, 77);
    nflog_put_time(&c, 1700000000, 250000);
    nflog_put_link(&c, w.b);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ck_assert_uint_eq(message.prefix_len, 25);
    ck_assert_mem_eq(message.prefix, "penstock c no-rule reset ", 25);
    ck_assert_uint_eq(message.in, 3);
    ck_assert_uint_eq(message.out, 4);
    ck_assert(message.has_sequence);
    ck_assert_uint_eq(message.sequence, 77);
    ck_assert_uint_eq(message.time_ns, UINT64_C(1700000000250000000));
    ck_assert_mem_eq(message.link, w.b, 14);
    ck_assert_uint_eq(message.len, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_END);
}
END_TEST

START_TEST(test_ps_nflog_next__ports_of_a_bridge__they_rather_than_the_bridge)
{
    begin();
    nflog_put_number(&c, NFULA_IFINDEX_INDEV, 9);
    nflog_put_number(&c, NFULA_IFINDEX_OUTDEV, 9);
    nflog_put_number(&c, NFULA_IFINDEX_PHYSINDEV, 3);
    nflog_put_number(&c, NFULA_IFINDEX_PHYSOUTDEV, 4);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ck_assert_uint_eq(message.in, 3);
    ck_assert_uint_eq(message.out, 4);
    ck_assert(!message.has_sequence && message.link == NULL && message.time_ns == 0);
}
END_TEST

START_TEST(test_ps_nflog_next__several__one_after_the_other)
{
    begin();
    nflog_put_payload(&c, w.b + 14, w.len - 15); /* its length is odd */
    begin();
    nflog_put_number(&c, NFULA_SEQ, 2);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    nflog_begin(&c);
    c.nlh->nlmsg_type = NLMSG_DONE;
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ck_assert_uint_eq(message.len, w.len - 15);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ck_assert_uint_eq(message.sequence, 2);
    ck_assert_int_eq(next(), PS_NFLOG_NOTHING);
    ck_assert_int_eq(next(), PS_NFLOG_END);
}
END_TEST

START_TEST(test_ps_nflog_next__no_prefix_or_no_packet_or_another_message__garbled)
{
    begin();
    nflog_begin(&c);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    begin();
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    c.nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(next(), PS_NFLOG_GARBLED);
    ck_assert_int_eq(next(), PS_NFLOG_END);
}
END_TEST

/* libmnl takes its length for a negative one. */
START_TEST(test_ps_nflog_next__longer_than_what_is_there__garbled_and_the_end)
{
    static const uint32_t lengths[] = {0, 15, 4096, INT32_MAX, UINT32_C(1) << 31, UINT32_MAX};
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        c = (struct nflog_case){0};
        begin();
        nflog_put_payload(&c, w.b + 14, w.len - 14);
        at = c.room;
        len = nflog_len(&c);
        c.nlh->nlmsg_len = lengths[i];
        ck_assert_int_eq(ps_nflog_next(&at, &len, &message), PS_NFLOG_GARBLED);
        ck_assert_int_eq(ps_nflog_next(&at, &len, &message), PS_NFLOG_END);
    }
}
END_TEST

START_TEST(test_ps_nflog_next__attributes_too_short__not_said)
{
    begin();
    mnl_attr_put_u16(c.nlh, NFULA_IFINDEX_INDEV, 1);
    mnl_attr_put_u16(c.nlh, NFULA_SEQ, 1);
    mnl_attr_put_u32(c.nlh, NFULA_TIMESTAMP, 1);
    mnl_attr_put_u16(c.nlh, NFULA_HWTYPE, htons(1));
    mnl_attr_put(c.nlh, NFULA_HWHEADER, 13, w.b);
    mnl_attr_put(c.nlh, NFULA_L2HDR, 0, "");
    mnl_attr_put(c.nlh, NFULA_VLAN, 3, "abc");
    nflog_put_payload(&c, w.b, 0);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ck_assert(message.in == 0 && !message.has_sequence && message.time_ns == 0 && message.link == NULL && !message.has_tag);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.len, 0);
}
END_TEST

/* Whatever is cut off, nothing behind it is read. */
START_TEST(test_ps_nflog_next__cut_anywhere__nothing_read_behind)
{
    begin();
    nflog_put_time(&c, 1, 2);
    nflog_put_link(&c, w.b);
    nflog_put_tag(&c, 0x8100, 7);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    uint32_t whole = nflog_len(&c);
    for (uint32_t n = 0; n < whole; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, c.room, n);
        at = cut;
        len = n;
        ck_assert_int_eq(ps_nflog_next(&at, &len, &message), n == 0 ? PS_NFLOG_END : PS_NFLOG_GARBLED);
        at = cut;
        len = n;
        if (n >= sizeof *c.nlh)
            ((struct nlmsghdr *)(void *)cut)->nlmsg_len = n;
        if (ps_nflog_next(&at, &len, &message) == PS_NFLOG_PACKET)
            ps_nflog_packet(&message, frame, &packet);
        free(cut);
    }
}
END_TEST

START_TEST(test_ps_nflog_packet__ethernet__the_frame_again)
{
    begin();
    nflog_put_link(&c, w.b);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.link, PS_LINK_ETHERNET);
    ck_assert_uint_eq(packet.len, w.len);
    ck_assert_uint_eq(packet.wire_len, w.len);
    ck_assert_mem_eq(packet.data, w.b, w.len);
}
END_TEST

START_TEST(test_ps_nflog_packet__tag_taken_off__put_back)
{
    begin();
    nflog_put_link(&c, w.b);
    nflog_put_tag(&c, 0x8100, 0x2007);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    wire_tag(&w, 0x8100, 0x2007);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.len, w.len);
    ck_assert_mem_eq(packet.data, w.b, w.len);
}
END_TEST

START_TEST(test_ps_nflog_packet__bridge__its_own_header)
{
    begin();
    mnl_attr_put(c.nlh, NFULA_L2HDR, 14, w.b);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_mem_eq(packet.data, w.b, w.len);
}
END_TEST

START_TEST(test_ps_nflog_packet__another_kind_of_device__starts_with_ip)
{
    begin();
    mnl_attr_put_u16(c.nlh, NFULA_HWTYPE, htons(65534));
    mnl_attr_put(c.nlh, NFULA_HWHEADER, 14, w.b);
    nflog_put_payload(&c, w.b + 14, w.len - 14);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.link, PS_LINK_IP);
    ck_assert_mem_eq(packet.data, w.b + 14, w.len - 14);
}
END_TEST

START_TEST(test_ps_nflog_packet__longer_than_the_copy__says_how_long_it_was)
{
    static uint8_t octets[3000];
    wire_ipv4(&w, IP(10, 1, 0, 10), IP(10, 2, 0, 20), 17, octets, sizeof octets);
    nflog_begin(&c);
    nflog_put_prefix(&c, "x");
    nflog_put_payload(&c, w.b + 14, PS_NFLOG_COPY);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.len, PS_NFLOG_COPY);
    ck_assert_uint_eq(packet.wire_len, 3020);
}
END_TEST

START_TEST(test_ps_nflog_packet__more_than_was_asked_for__cut)
{
    static uint8_t octets[PS_NFLOG_COPY + 100];
    nflog_begin(&c);
    nflog_put_prefix(&c, "x");
    nflog_put_link(&c, octets);
    nflog_put_tag(&c, 0x88a8, 1);
    nflog_put_payload(&c, octets, sizeof octets);
    ck_assert_int_eq(next(), PS_NFLOG_PACKET);
    ps_nflog_packet(&message, frame, &packet);
    ck_assert_uint_eq(packet.len, sizeof frame);
}
END_TEST

UNIT_MAIN("nft/nflog_message", test_ps_nflog_next__all_told__taken,
          test_ps_nflog_next__ports_of_a_bridge__they_rather_than_the_bridge,
          test_ps_nflog_next__several__one_after_the_other,
          test_ps_nflog_next__no_prefix_or_no_packet_or_another_message__garbled,
          test_ps_nflog_next__longer_than_what_is_there__garbled_and_the_end,
          test_ps_nflog_next__attributes_too_short__not_said, test_ps_nflog_next__cut_anywhere__nothing_read_behind,
          test_ps_nflog_packet__ethernet__the_frame_again, test_ps_nflog_packet__tag_taken_off__put_back,
          test_ps_nflog_packet__bridge__its_own_header, test_ps_nflog_packet__another_kind_of_device__starts_with_ip,
          test_ps_nflog_packet__longer_than_the_copy__says_how_long_it_was,
          test_ps_nflog_packet__more_than_was_asked_for__cut)
