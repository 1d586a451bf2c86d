/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segment.h"

#include <string.h>

#include "packets.h"
#include "unit.h"

static struct wire wire;
static uint8_t frame[2000];

static const struct ps_decode_how strict = {.checksums = PS_CHECKSUMS_STRICT};

static struct ps_desc decoded(const struct ps_packet *packet)
{
    struct ps_desc desc;
    ps_decode(packet, strict, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_NONE);
    ck_assert_uint_eq(desc.kind, PS_KIND_TCP);
    return desc;
}

static void example(uint32_t len, bool v6)
{
    static const uint8_t ends[32] = {0xfd, 1, [15] = 1, [16] = 0xfd, [17] = 2, [31] = 9};
    static uint8_t payload[1500];
    struct wire_tcp tcp = {.src = IP(10, 0, 0, 1), .dst = IP(10, 0, 0, 2), .src_port = 1234, .dst_port = 502,
                           .seq = 77, .ack = 88, .flags = PS_TCP_ACK, .data = payload, .len = len};
    wire_tcp(&wire, &tcp);
    if (v6) {
        uint8_t segment[1600];
        uint32_t n = wire.len - wire.ip - 20;
        memcpy(segment, wire.b + wire.ip + 20, n);
        wire_ipv6(&wire, ends, 6, segment, n);
    }
}

START_TEST(test_ps_segment_build__every_kind_of_header__sound_and_as_told)
{
    for (unsigned kind = 0; kind < 16; kind++) {
        for (uint32_t len = 0; len < 1460; len = len * 2 + 1) {
            example(11, kind & 1);
            for (unsigned tags = 0; tags < (kind >> 1 & 3) && tags < 2; tags++)
                wire_tag(&wire, 0x8100, (uint16_t)(20 + tags));
            struct ps_packet packet = wire_packet(&wire);
            if (kind >= 8) {
                packet.data += wire.ip;
                packet.len = packet.wire_len = wire.len - wire.ip;
                packet.link = PS_LINK_IP;
            }
            struct ps_desc desc = decoded(&packet);
            struct ps_template t = {0};
            ps_template_take(&t, &desc, 1);
            const struct ps_tcp_head head = {.seq = 0xfffffffe, .ack = 7, .window = 99, .flags = PS_TCP_ACK | PS_TCP_PSH};
            uint32_t before = ps_template_len(&t);
            memset(frame + before, 0xa5, len);
            ps_segment_build(&t, &head, frame, len);
            struct ps_packet built = {.data = frame, .len = before + len, .wire_len = before + len,
                                      .link = packet.link};
            struct ps_desc again = decoded(&built);
            ck_assert(ps_key_equal(&again.key, &desc.key));
            ck_assert_uint_eq(again.seq, 0xfffffffe);
            ck_assert_uint_eq(again.ack, 7);
            ck_assert_uint_eq(again.payload_len, len);
            ck_assert_uint_eq(again.tcp_flags, head.flags);
            ck_assert_uint_eq(ps_be16(ps_segment_tcp(&again) + 14), 99);
            if (packet.link == PS_LINK_ETHERNET)
                ck_assert_mem_eq(frame, packet.data, 14);
        }
    }
}
END_TEST

START_TEST(test_ps_segment_build__ecn_of_the_template__cleared)
{
    example(0, false);
    wire.b[wire.ip + 1] = 0xbb;
    wire_sum(&wire);
    struct ps_packet packet = wire_packet(&wire);
    struct ps_desc desc = decoded(&packet);
    struct ps_template t = {0};
    ps_template_take(&t, &desc, 0);
    ps_segment_build(&t, &(struct ps_tcp_head){.flags = PS_TCP_ACK}, frame, 0);
    ck_assert_uint_eq(frame[wire.ip + 1], 0xb8);
}
END_TEST

START_TEST(test_ps_segment_clear_ecn__nv_56_either_family__checksum_too)
{
    uint8_t v4[20] = {0x45, 0xbb, 0, 40}, sum[2] = {0}, v6[40] = {0x6b, 0xbf, 0xff};
    ck_assert(ps_segment_clear_ecn(v4));
    ck_assert_uint_eq(v4[1], 0xb8);
    memcpy(sum, v4 + 10, 2);
    ck_assert_uint_eq((unsigned)(sum[0] << 8 | sum[1]), 0xffffu - (0x45b8u + 40u));
    ck_assert(!ps_segment_clear_ecn(v4));
    ck_assert(ps_segment_clear_ecn(v6));
    ck_assert_uint_eq(v6[1], 0x8f);
    ck_assert(!ps_segment_clear_ecn(v6));
}
END_TEST

/* Of the same flow: whatever can differ is taken over. */
START_TEST(test_ps_template_take__later_packet__is_the_one_that_counts)
{
    static const uint32_t offsets[] = {0, 11, 14 + 1, 14 + 8};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct ps_template t = {0};
        example(0, false);
        struct ps_packet packet = wire_packet(&wire);
        struct ps_desc desc = decoded(&packet);
        ps_template_take(&t, &desc, 0);
        wire.b[offsets[i]] ^= 4;
        wire_sum(&wire);
        desc = decoded(&packet);
        ps_template_take(&t, &desc, 0);
        ck_assert_uint_eq(t.head[offsets[i]], wire.b[offsets[i]]);
        ps_template_take(&t, &desc, 1);
        ck_assert_uint_eq(t.port, 1);
        wire_tag(&wire, 0x8100, 20);
        packet = wire_packet(&wire);
        desc = decoded(&packet);
        ps_template_take(&t, &desc, 1);
        ck_assert_uint_eq(t.link_len, 18);
    }
}
END_TEST

START_TEST(test_ps_template_take__hop_limit_falls__the_highest_stays)
{
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct ps_template t = {0};
        example(0, v6);
        uint32_t at = wire.ip + (v6 ? 7 : 8);
        for (unsigned hops = 64; hops > 0; hops /= 2) {
            wire.b[at] = (uint8_t)hops;
            if (!v6)
                wire_sum(&wire);
            struct ps_packet packet = wire_packet(&wire);
            struct ps_desc desc = decoded(&packet);
            ps_template_take(&t, &desc, 0);
            ck_assert_uint_eq(t.head[at], 64);
        }
    }
}
END_TEST

START_TEST(test_ps_template_mirror__both_families__an_answer)
{
    for (unsigned v6 = 0; v6 < 2; v6++) {
        example(0, v6);
        struct ps_packet packet = wire_packet(&wire);
        struct ps_desc desc = decoded(&packet);
        struct ps_template t = {0}, back;
        ps_template_take(&t, &desc, 0);
        ps_template_mirror(&back, &t, 1);
        ck_assert_uint_eq(back.port, 1);
        ps_segment_build(&back, &(struct ps_tcp_head){.flags = PS_TCP_ACK}, frame, 0);
        struct ps_packet built = {.data = frame, .len = ps_template_len(&back), .wire_len = ps_template_len(&back)};
        struct ps_desc again = decoded(&built);
        ck_assert(ps_key_mirrors(&again.key, &desc.key));
        ck_assert_mem_eq(frame, packet.data + 6, 6);
        ck_assert_mem_eq(frame + 6, packet.data, 6);
    }
}
END_TEST

START_TEST(test_ps_segment_is_trimmed__nv_l01_trailers__only_zeros_of_a_short_frame)
{
    example(0, false); /* 54 octets */
    struct ps_packet packet = wire_packet(&wire);
    struct ps_desc desc = decoded(&packet);
    ck_assert_uint_eq(ps_segment_frame_len(&packet, &desc), 54);
    ck_assert(ps_segment_is_trimmed(&packet, &desc));
    memset(wire.b + 54, 0, 20);
    packet.len = packet.wire_len = 60;
    ck_assert(ps_segment_is_trimmed(&packet, &desc));
    wire.b[59] = 1; /* NV-L02 */
    ck_assert(!ps_segment_is_trimmed(&packet, &desc));
    wire.b[59] = 0;
    packet.len = packet.wire_len = 61;
    ck_assert(!ps_segment_is_trimmed(&packet, &desc));
}
END_TEST

UNIT_MAIN("fastpath/segment",
    test_ps_segment_build__every_kind_of_header__sound_and_as_told,
    test_ps_segment_build__ecn_of_the_template__cleared,
    test_ps_segment_clear_ecn__nv_56_either_family__checksum_too,
    test_ps_template_take__later_packet__is_the_one_that_counts,
    test_ps_template_take__hop_limit_falls__the_highest_stays,
    test_ps_template_mirror__both_families__an_answer,
    test_ps_segment_is_trimmed__nv_l01_trailers__only_zeros_of_a_short_frame)
