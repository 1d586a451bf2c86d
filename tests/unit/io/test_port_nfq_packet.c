/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#include "packets.h"
#include "unit.h"

#define SRC 0x0a63000au
#define DST 0x0a6300c8u

static const uint8_t own[6] = {2, 0, 0, 0, 0, 1}, unknown[6] = {2, 0, 0, 0, 0, 9}, sender[6] = {2, 0, 0, 0, 0, 7};
static _Alignas(8) uint8_t room[4096];
static struct nlmsghdr *nlh;
static struct ps_nfq_packet packet;
static struct wire w;

static void begin(uint16_t type)
{
    const struct nfqnl_msg_packet_hdr head = {.packet_id = htonl(12), .hw_protocol = htons(type)};
    memset(room, 0, sizeof room);
    nlh = mnl_nlmsg_put_header(room);
    nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
    mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
    mnl_attr_put(nlh, NFQA_PACKET_HDR, sizeof head, &head);
    mnl_attr_put_u32(nlh, NFQA_IFINDEX_INDEV, htonl(3));
    mnl_attr_put_u32(nlh, NFQA_IFINDEX_OUTDEV, htonl(4));
}

static void put_sender(void)
{
    struct nfqnl_msg_packet_hw hw = {.hw_addrlen = htons(6)};
    memcpy(hw.hw_addr, sender, sizeof sender);
    mnl_attr_put(nlh, NFQA_HWADDR, sizeof hw, &hw);
}

/* A question of Modbus behind its Ethernet header. */
static void put_question(void)
{
    static const uint8_t question[12] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 8};
    struct wire_tcp tcp = {.src = SRC, .dst = DST, .src_port = 40000, .dst_port = 502, .seq = 1, .ack = 1, .flags = 0x18,
                           .data = question, .len = sizeof question};
    wire_tcp(&w, &tcp);
    mnl_attr_put(nlh, NFQA_PAYLOAD, w.len - 14, w.b + 14);
}

static bool read_it(void)
{
    return ps_nfq_packet_read(room, nlh->nlmsg_len, &packet);
}

START_TEST(test_ps_nfq_packet_read__all_told__taken)
{
    begin(0x0800);
    put_sender();
    mnl_attr_put_u32(nlh, NFQA_SKB_INFO, htonl(NFQA_SKB_CSUMNOTREADY));
    put_question();
    ck_assert(read_it());
    ck_assert_uint_eq(packet.id, 12);
    ck_assert_uint_eq(packet.in, 3);
    ck_assert_uint_eq(packet.out, 4);
    ck_assert_uint_eq(packet.len, w.len - 14);
    ck_assert_uint_eq(packet.wire_len, packet.len);
    ck_assert(packet.has_source && packet.partial_checksum);
}
END_TEST

START_TEST(test_ps_nfq_packet_read__port_of_a_bridge__it_rather_than_the_bridge)
{
    begin(0x0800);
    mnl_attr_put_u32(nlh, NFQA_IFINDEX_PHYSINDEV, htonl(13));
    mnl_attr_put_u32(nlh, NFQA_IFINDEX_PHYSOUTDEV, htonl(14));
    ck_assert(read_it());
    ck_assert_uint_eq(packet.in, 13);
    ck_assert_uint_eq(packet.out, 14);
}
END_TEST

START_TEST(test_ps_nfq_packet_read__not_all_of_it_here__says_how_long_it_is)
{
    begin(0x0800);
    mnl_attr_put_u32(nlh, NFQA_CAP_LEN, htonl(60000));
    put_question();
    ck_assert(read_it());
    ck_assert_uint_eq(packet.wire_len, 60000);
    ck_assert_uint_eq(packet.len, w.len - 14);
}
END_TEST

/* Whatever is cut off, nothing behind it is read; what is left is a packet or is not. */
START_TEST(test_ps_nfq_packet_read__cut_anywhere__nothing_read_behind)
{
    begin(0x0800);
    put_sender();
    put_question();
    uint32_t whole = nlh->nlmsg_len;
    for (uint32_t len = 0; len < whole; len++) {
        uint8_t *cut = malloc(len ? len : 1);
        memcpy(cut, room, len);
        ck_assert(!ps_nfq_packet_read(cut, len, &packet));
        if (len >= sizeof *nlh) {
            ((struct nlmsghdr *)(void *)cut)->nlmsg_len = len;
            (void)ps_nfq_packet_read(cut, len, &packet);
        }
        free(cut);
    }
}
END_TEST

/* As a signed number its length is less than what is there. */
START_TEST(test_ps_nfq_packet_read__longer_than_2_gb__none)
{
    static const uint32_t lengths[] = {INT32_MAX, UINT32_C(1) << 31, UINT32_MAX};
    begin(0x0800);
    put_question();
    uint32_t len = nlh->nlmsg_len;
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        nlh->nlmsg_len = lengths[i];
        ck_assert(!ps_nfq_packet_read(room, len, &packet));
    }
}
END_TEST

START_TEST(test_ps_nfq_packet_is_fine__packets_and_answers__told_apart)
{
    static const struct {
        int error;
        bool fine;
    } rows[] = {{0, true}, {-ENOENT, true}, {-EPERM, false}, {-EINVAL, false}};
    begin(0x0800);
    ck_assert(!ps_nfq_packet_is_fine(room, nlh->nlmsg_len));
    nlh->nlmsg_type = NLMSG_ERROR;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(room + sizeof *nlh, &rows[i].error, sizeof rows[i].error);
        ck_assert(ps_nfq_packet_is_fine(room, nlh->nlmsg_len) == rows[i].fine);
        ck_assert(!ps_nfq_packet_is_fine(room, sizeof *nlh + 3));
        ck_assert(!read_it());
    }
}
END_TEST

static const uint8_t *frame_of(void)
{
    ck_assert(read_it());
    return ps_nfq_packet_frame(&packet, own, unknown);
}

START_TEST(test_ps_nfq_packet_frame__sender_told__made_up)
{
    begin(0x0800);
    put_sender();
    put_question();
    const uint8_t *frame = frame_of();
    ck_assert_mem_eq(frame, own, 6);
    ck_assert_mem_eq(frame + 6, sender, 6);
    ck_assert_mem_eq(frame + 12, w.b + 12, w.len - 12);
}
END_TEST

START_TEST(test_ps_nfq_packet_frame__no_mac__the_unknown_one)
{
    begin(0x86dd);
    put_question();
    const uint8_t *frame = frame_of();
    ck_assert_mem_eq(frame + 6, unknown, 6);
    ck_assert_uint_eq(frame[12], 0x86);
}
END_TEST

START_TEST(test_ps_nfq_packet_frame__no_payload__none)
{
    begin(0x0800);
    ck_assert_ptr_null(frame_of());
}
END_TEST

START_TEST(test_ps_nfq_packet_find_ip__whole_headers_alone__found)
{
    uint32_t type;
    begin(0x0800);
    put_question();
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, w.len, &type), 14);
    ck_assert_uint_eq(type, PS_NFQ_IPV4);
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, 33, &type), 0);
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, 13, &type), 0);
    w.b[12] = 0x86;
    w.b[13] = 0xdd;
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, 53, &type), 0);
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, 54, &type), 14);
    w.b[13] = 0x06;
    ck_assert_uint_eq(ps_nfq_packet_find_ip(w.b, w.len, &type), 0);
}
END_TEST

START_TEST(test_ps_nfq_packet_complete__tcp__the_checksum_that_it_had)
{
    begin(0x0800);
    put_question();
    ck_assert(read_it());
    memset(packet.payload + 20 + 16, 0x5a, 2);
    ps_nfq_packet_complete(&packet);
    ck_assert_mem_eq(packet.payload, w.b + 14, w.len - 14);
}
END_TEST

START_TEST(test_ps_nfq_packet_complete__cut_anywhere__nothing_written_behind)
{
    begin(0x0800);
    put_question();
    ck_assert(read_it());
    for (uint32_t len = 0; len < packet.len; len++) {
        uint8_t *cut = malloc(len ? len : 1);
        struct ps_nfq_packet part = {.type = 0x0800, .payload = cut, .len = len, .wire_len = len};
        memcpy(cut, packet.payload, len);
        ps_nfq_packet_complete(&part);
        free(cut);
    }
}
END_TEST

UNIT_MAIN("io/port_nfq_packet", test_ps_nfq_packet_read__all_told__taken,
          test_ps_nfq_packet_read__port_of_a_bridge__it_rather_than_the_bridge,
          test_ps_nfq_packet_read__not_all_of_it_here__says_how_long_it_is,
          test_ps_nfq_packet_read__cut_anywhere__nothing_read_behind,
          test_ps_nfq_packet_read__longer_than_2_gb__none,
          test_ps_nfq_packet_is_fine__packets_and_answers__told_apart,
          test_ps_nfq_packet_frame__sender_told__made_up, test_ps_nfq_packet_frame__no_mac__the_unknown_one,
          test_ps_nfq_packet_frame__no_payload__none, test_ps_nfq_packet_find_ip__whole_headers_alone__found,
          test_ps_nfq_packet_complete__tcp__the_checksum_that_it_had,
          test_ps_nfq_packet_complete__cut_anywhere__nothing_written_behind)
