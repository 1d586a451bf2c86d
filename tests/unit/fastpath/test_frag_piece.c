/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frag_rig.h"

START_TEST(test_ps_frag_read__nv_f01_tiny_first_fragment__refused)
{
    start();
    refused(CUT(.proto = 6, .flags = MF, .len = 8), PS_REASON_FRAGMENT_TINY);
    refused(CUT(.proto = 6, .flags = MF, .len = 16), PS_REASON_FRAGMENT_TINY);
    datagram[12] = 8 << 4; /* options: 32 octets */
    refused(CUT(.proto = 6, .flags = MF, .len = 24), PS_REASON_FRAGMENT_TINY);
    datagram[12] = 4 << 4;
    refused(CUT(.proto = 6, .flags = MF, .len = 64), PS_REASON_FRAGMENT_TINY);
    datagram[12] = 8 << 4;
    kept(CUT(.proto = 6, .flags = MF, .len = 64));
    kept(CUT(.id = 8, .flags = MF, .len = 8)); /* UDP: all of its header */
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_f02_offset_inside_tcp_header__refused)
{
    start();
    kept(CUT(.proto = 6, .flags = MF, .len = 64));
    refused(CUT(.proto = 6, .offset = 8, .len = 16), PS_REASON_FRAGMENT_TINY);
    refused(CUT(.id = 8, .proto = 6, .offset = 56, .len = 16), PS_REASON_FRAGMENT_TINY);
    kept(CUT(.id = 8, .proto = 6, .offset = 64, .len = 16));
    kept(CUT(.id = 9, .offset = 8, .len = 16)); /* UDP's is shorter */
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_f06_beyond_65535__refused)
{
    start();
    refused(CUT(.offset = 65512, .len = 4), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.flags = MF, .offset = 65528, .len = 8), PS_REASON_FRAGMENT_HEADER);
    kept(CUT(.offset = 65512, .len = 3)); /* 65535 with the header */
    for (uint32_t offset = 0; offset + 8000 < 65512; offset += 8000)
        kept(CUT(.flags = MF, .offset = offset, .len = 8000));
    whole(CUT(.flags = MF, .offset = 64000, .len = 1512), 65515);
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_f09_odd_lengths__refused)
{
    start();
    refused(CUT(.flags = MF, .len = 63), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.flags = MF, .offset = 64, .len = 0), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.offset = 64, .len = 0), PS_REASON_FRAGMENT_HEADER);
    ck_assert_uint_eq(table.oldest, PS_NONE); /* nothing is remembered for them */
    kept(CUT(.flags = MF, .len = 64));
    refused(CUT(.flags = MF, .offset = 64, .len = 63), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.offset = 64, .len = 63), PS_REASON_FRAGMENT_OVERLAP); /* discarded */
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_f11_do_not_fragment__refused)
{
    start();
    refused(CUT(.flags = MF | 0x4000, .len = 64), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.flags = 0x4000, .offset = 64, .len = 64), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.flags = MF | 0x8000, .len = 64), PS_REASON_FRAGMENT_HEADER); /* NV-401 */
    build(CUT(.flags = MF, .len = 64));
    frame.b[frame.ip + 8] = 0; /* time to live */
    sum_header();
    ck_assert_uint_eq(take_frame().reason, PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.proto = NO_PROTO, .flags = MF, .len = 64), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.proto = 58, .flags = MF, .len = 64), PS_REASON_FRAGMENT_HEADER);
    refused(CUT(.proto = 255, .flags = MF, .len = 64), PS_REASON_FRAGMENT_HEADER);
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__frame_ends_early__refused)
{
    start();
    build(CUT(.flags = MF, .len = 64));
    sum_header();
    frame.len--;
    ck_assert_uint_eq(take_frame().reason, PS_REASON_CUT_FRAME);
    frame.len++;
    frame.b[frame.len++] = 0xee; /* behind what the length field says: padding, cut off (NV-L01) */
    ck_assert_uint_eq(take_frame().result, PS_FRAG_KEPT);
    whole(CUT(.offset = 64, .len = 8), 72);
    build(CUT(.flags = MF, .len = 64));
    frame.b[frame.ip + 2] = 0;
    frame.b[frame.ip + 3] = 19;
    sum_header();
    ck_assert_uint_eq(take_frame().reason, PS_REASON_FRAGMENT_HEADER);
    stop();
}
END_TEST

/* Whoever calls it with anything else has not read frag.h. */
START_TEST(test_ps_frag_read__not_a_fragment__bug)
{
    struct ps_desc desc = {.reason = PS_REASON_NONE};
    start();
    build(CUT(.flags = MF, .len = 64));
    struct ps_packet packet = wire_packet(&frame);
    ck_assert_uint_eq(ps_frag_take(&table, &packet, &desc).reason, PS_REASON_BUG);
    desc.reason = PS_REASON_FRAGMENT;
    ck_assert_uint_eq(ps_frag_take(&table, &packet, &desc).reason, PS_REASON_BUG);
    stop();
}
END_TEST

/* ---- IPv6 ------------------------------------------------------------------------------------------------------ */

/* head: next header, reserved, offset and flags 2; id 7. */
static void build_v6(uint8_t next, uint8_t reserved, uint16_t field, uint32_t offset, uint32_t len)
{
    static const uint8_t ends[32] = {0xfd, [15] = 1, [16] = 0xfd, [31] = 2};
    static uint8_t payload[70000];
    const uint8_t head[8] = {next, reserved, (uint8_t)(field >> 8), (uint8_t)field, 0, 0, 0, 7};
    memcpy(payload, head, sizeof head);
    memcpy(payload + 8, datagram + offset, len);
    wire_ipv6(&frame, ends, 44, payload, 8 + len);
    memcpy(frame.b + frame.ip + 40, payload, 8 + len);
}

static struct ps_frag_answer take_v6(uint8_t next, uint32_t offset, bool more, uint32_t len)
{
    build_v6(next, 0, (uint16_t)(offset | more), offset, len);
    return take_frame();
}

START_TEST(test_ps_frag_read__ipv6__header_without_fragmentation)
{
    struct ps_desc desc;
    start();
    ck_assert_uint_eq(take_v6(17, 64, false, 9).result, PS_FRAG_KEPT);
    struct ps_frag_answer answer = take_v6(17, 0, true, 64);
    ck_assert_uint_eq(answer.result, PS_FRAG_WHOLE);
    ck_assert_uint_eq(answer.whole.len, WIRE_L2 + 40 + 73);
    ck_assert_mem_eq(answer.whole.data + WIRE_L2 + 40, datagram, 73);
    const uint8_t *ip = answer.whole.data + WIRE_L2;
    ck_assert_uint_eq(ip[4] << 8 | ip[5], 73);
    ck_assert_uint_eq(ip[6], 17);
    ps_decode(&answer.whole, (struct ps_decode_how){.checksums = PS_CHECKSUMS_IGNORE, .port_known = true}, &desc);
    ck_assert_uint_ne(desc.reason, PS_REASON_FRAGMENT);
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_603_atomic_nested_overlapping__refused)
{
    start();
    ck_assert_uint_eq(take_v6(17, 0, false, 64).reason, PS_REASON_FRAGMENT_HEADER);
    static const uint8_t chained[] = {0, 1, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254, 255};
    for (size_t i = 0; i < sizeof chained; i++)
        ck_assert_uint_eq(take_v6(chained[i], 0, true, 64).reason, PS_REASON_FRAGMENT_HEADER);
    ck_assert_uint_eq(take_v6(6, 0, true, 16).reason, PS_REASON_FRAGMENT_TINY); /* RFC 7112 */
    ck_assert_uint_eq(take_v6(17, 0, true, 64).result, PS_FRAG_KEPT);
    ck_assert_uint_eq(take_v6(17, 56, false, 64).reason, PS_REASON_FRAGMENT_OVERLAP); /* RFC 5722 */
    build_v6(17, 1, 1, 0, 64);
    ck_assert_uint_eq(take_frame().result, PS_FRAG_REFUSED);
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__ipv6_header_fields__refused)
{
    start();
    build_v6(17, 1, 1, 0, 64);
    ck_assert_uint_eq(take_frame().reason, PS_REASON_FRAGMENT_HEADER);
    build_v6(17, 0, 3, 0, 64);
    ck_assert_uint_eq(take_frame().reason, PS_REASON_FRAGMENT_HEADER);
    build_v6(17, 0, 1, 0, 64);
    frame.b[frame.ip + 4] = frame.b[frame.ip + 5] = 0; /* a jumbogram's length: NV-604 */
    ck_assert_uint_eq(take_frame().reason, PS_REASON_FRAGMENT_HEADER);
    ck_assert_uint_eq(take_v6(17, 65528, false, 8).reason, PS_REASON_FRAGMENT_HEADER);
    ck_assert_uint_eq(take_v6(17, 65528, false, 7).result, PS_FRAG_KEPT);
    build_v6(17, 0, 1, 0, 64);
    frame.len = WIRE_L2 + 47; /* the fragment header is cut */
    ck_assert_uint_eq(take_frame().reason, PS_REASON_CUT_FRAME);
    stop();
}
END_TEST

START_TEST(test_ps_frag_read__nv_605_neighbour_discovery__refused)
{
    start();
    for (unsigned type = 133; type <= 137; type++) {
        datagram[0] = (uint8_t)type;
        ck_assert_uint_eq(take_v6(58, 0, true, 64).reason, PS_REASON_FRAGMENT_HEADER);
    }
    datagram[0] = 128;
    ck_assert_uint_eq(take_v6(58, 0, true, 64).result, PS_FRAG_KEPT);
    stop();
}
END_TEST

UNIT_MAIN("fastpath/frag_piece", test_ps_frag_read__nv_f01_tiny_first_fragment__refused,
          test_ps_frag_read__nv_f02_offset_inside_tcp_header__refused,
          test_ps_frag_read__nv_f06_beyond_65535__refused, test_ps_frag_read__nv_f09_odd_lengths__refused,
          test_ps_frag_read__nv_f11_do_not_fragment__refused, test_ps_frag_read__frame_ends_early__refused,
          test_ps_frag_read__ipv6__header_without_fragmentation,
          test_ps_frag_read__nv_603_atomic_nested_overlapping__refused,
          test_ps_frag_read__ipv6_header_fields__refused, test_ps_frag_read__nv_605_neighbour_discovery__refused,
          test_ps_frag_read__not_a_fragment__bug)
