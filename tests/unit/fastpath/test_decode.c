/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode_case.h"

START_TEST(test_ps_decode__tcp__every_field)
{
    build_tcp("hello");
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_TCP);
    ck_assert_uint_eq(ps_addr_v4(d.key.addr[0]), IP(10, 0, 0, 1));
    ck_assert_uint_eq(ps_addr_v4(d.key.addr[1]), IP(10, 0, 0, 2));
    ck_assert_uint_eq(d.key.port[0], 40000);
    ck_assert_uint_eq(d.key.port[1], 502);
    ck_assert_uint_eq(ps_key_proto(&d.key), 6);
    ck_assert_uint_eq(ps_key_vlan(&d.key), 0);
    ck_assert_uint_eq(d.seq, 1000);
    ck_assert_uint_eq(d.ack, 2000);
    ck_assert_uint_eq(d.tcp_flags, PS_TCP_ACK | PS_TCP_PSH);
    ck_assert_uint_eq(d.payload_len, 5);
    ck_assert_uint_eq(d.payload_wire, 5);
}
END_TEST

START_TEST(test_ps_decode__padding_behind_ip__is_no_payload)
{
    build_tcp("");
    memset(w.b + w.len, 0xee, 6);
    w.len += 6;
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.payload_wire, 0);
}
END_TEST

START_TEST(test_ps_decode__raw_ip__same_as_behind_ethernet)
{
    build_tcp("hello");
    struct ps_packet packet = wire_packet(&w);
    packet.data += WIRE_L2;
    packet.len -= WIRE_L2;
    packet.wire_len -= WIRE_L2;
    packet.link = PS_LINK_IP;
    struct ps_desc d = wire_decode(packet, strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_TCP);
    ck_assert_ptr_null(d.frame);
    packet.len = packet.wire_len = 0;
    ck_assert_uint_eq(wire_decode(packet, strict).reason, PS_REASON_CUT_FRAME);
}
END_TEST

START_TEST(test_ps_decode__every_shorter_capture__cut_frame_or_a_cut_payload)
{
    build_tcp("hello");
    struct ps_packet packet = wire_packet(&w);
    for (uint32_t len = 0; len < w.len; len++) {
        packet.len = len;
        struct ps_desc d = wire_decode(packet, strict);
        bool headers = len >= WIRE_L2 + 40;
        ck_assert_uint_eq(d.reason, headers ? PS_REASON_NONE : PS_REASON_CUT_FRAME);
        if (headers) {
            ck_assert_uint_eq(d.payload_len, len - WIRE_L2 - 40);
            ck_assert_uint_eq(d.payload_wire, 5);
        }
    }
}
END_TEST

START_TEST(test_ps_decode__every_shorter_frame__refused)
{
    build_tcp("hello");
    for (uint32_t len = w.len; len-- > 0;) {
        w.len = len;
        expect(PS_REASON_CUT_FRAME);
    }
}
END_TEST

START_TEST(test_ps_decode__tags__outermost_vid_counts_and_priority_tags_do_not)
{
    static const struct {
        uint16_t tpid[3], tci[3];
        unsigned n, vlan, reason;
    } rows[] = {
        {{0x8100}, {20}, 1, 20, 0},
        {{0x8100}, {0xe014}, 1, 20, 0},
        {{0x88a8}, {0}, 1, 0, 0},
        {{0x8100}, {0}, 1, 0, 0},
        {{0x8100, 0x8100}, {0, 0}, 2, 0, 0},
        {{0x8100, 0x88a8}, {20, 100}, 2, 100, 0}, /* tags are put in front, the last is the outermost */
        {{0x8100, 0x8100}, {20, 0}, 2, 20, 0},
        {{0x8100, 0x8100, 0x8100}, {1, 2, 3}, 3, 3, PS_REASON_VLAN},
        {{0x9100}, {20}, 1, 0, PS_REASON_VLAN},
        {{0x9200}, {20}, 1, 0, PS_REASON_VLAN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_tcp("x");
        for (unsigned t = 0; t < rows[i].n; t++)
            wire_tag(&w, rows[i].tpid[t], rows[i].tci[t]);
        struct ps_desc d = decode(strict);
        ck_assert_uint_eq(d.reason, rows[i].reason);
        if (d.reason == PS_REASON_NONE)
            ck_assert_uint_eq(ps_key_vlan(&d.key), rows[i].vlan);
    }
}
END_TEST

START_TEST(test_ps_decode__inner_tags_differ__different_keys)
{
    build_tcp("x");
    wire_tag(&w, 0x8100, 20);
    wire_tag(&w, 0x88a8, 100);
    struct ps_desc a = decode(strict);
    build_tcp("x");
    wire_tag(&w, 0x8100, 21);
    wire_tag(&w, 0x88a8, 100);
    struct ps_desc b = decode(strict);
    ck_assert(!ps_key_equal(&a.key, &b.key));
}
END_TEST

START_TEST(test_ps_decode__llc__code_is_the_dsap)
{
    static const uint8_t stp[38] = {0x42, 0x42, 0x03};
    wire_frame(&w, 38, stp, sizeof stp);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_FRAME);
    ck_assert_uint_eq(d.code, 0x42);
    ck_assert_uint_eq(d.payload_wire, 38);
    w.b[13] = 39;
    expect(PS_REASON_BAD_LENGTH);
    w.b[13] = 2;
    expect(PS_REASON_BAD_LENGTH);
    w.b[12] = 5, w.b[13] = 0xdd;
    expect(PS_REASON_BAD_LENGTH);
}
END_TEST

START_TEST(test_ps_decode__snap_with_ip__encapsulation)
{
    uint8_t snap[46] = {0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00, 0x45};
    wire_frame(&w, sizeof snap, snap, sizeof snap);
    expect(PS_REASON_ENCAPSULATION);
    snap[6] = 0x20;
    wire_frame(&w, sizeof snap, snap, sizeof snap);
    expect(PS_REASON_NONE);
}
END_TEST

START_TEST(test_ps_decode__ethertypes__tunnels_are_refused_others_are_frames)
{
    static const uint16_t tunnels[] = {0x8863, 0x8864, 0x8847, 0x8848, 0x88e5, 0x88e7, 0x6558, 0x880b, 0x894f};
    static const uint8_t payload[46] = {0};
    for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++) {
        wire_frame(&w, tunnels[i], payload, sizeof payload);
        expect(PS_REASON_ENCAPSULATION);
    }
    wire_frame(&w, 0x8892, payload, sizeof payload);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_FRAME);
    ck_assert_uint_eq(d.code, 0x8892);
    ck_assert_uint_eq(d.key.addr[0].lo, UINT64_C(0x020000000001));
    ck_assert_uint_eq(d.key.addr[1].lo, UINT64_C(0x020000000002));
}
END_TEST

START_TEST(test_ps_decode__source_macs__group_never_and_zero_only_in_captures)
{
    build_tcp("x");
    memset(w.b + 6, 0, 6);
    expect(PS_REASON_NONE);
    struct ps_packet packet = wire_packet(&w);
    packet.port = 0;
    struct ps_decode_how how = {.checksums = PS_CHECKSUMS_STRICT, .port_known = true};
    ck_assert_uint_eq(wire_decode(packet, how).reason, PS_REASON_BAD_ADDRESS);
    w.b[6] = 1;
    expect(PS_REASON_BAD_ADDRESS);
}
END_TEST

START_TEST(test_ps_decode__ipv4_headers__refused_by_reason)
{
    static const struct {
        uint8_t at, value, reason;
    } rows[] = {
        {0, 0x55, PS_REASON_BAD_HEADER},  {0, 0x44, PS_REASON_BAD_LENGTH}, {0, 0x46, PS_REASON_IP_OPTIONS},
        {3, 19, PS_REASON_BAD_LENGTH},    {3, 46, PS_REASON_CUT_FRAME},    {3, 39, PS_REASON_BAD_LENGTH},
        {6, 0x20, PS_REASON_FRAGMENT},    {7, 1, PS_REASON_FRAGMENT},      {6, 0x60, PS_REASON_FRAGMENT},
        {6, 0x80, PS_REASON_BAD_HEADER},  {8, 0, PS_REASON_BAD_HEADER},    {9, 0, PS_REASON_BAD_HEADER},
        {9, 58, PS_REASON_BAD_HEADER},    {9, 255, PS_REASON_BAD_HEADER},  {9, 4, PS_REASON_ENCAPSULATION},
        {9, 41, PS_REASON_ENCAPSULATION}, {9, 47, PS_REASON_ENCAPSULATION}, {9, 97, PS_REASON_ENCAPSULATION},
        {9, 137, PS_REASON_ENCAPSULATION}, {12, 0, PS_REASON_BAD_ADDRESS}, {12, 224, PS_REASON_BAD_ADDRESS},
        {12, 255, PS_REASON_BAD_ADDRESS}, {12, 127, PS_REASON_NONE},       {16, 239, PS_REASON_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_tcp("hello");
        ip()[rows[i].at] = rows[i].value;
        wire_sum(&w);
        struct ps_desc d = decode(strict);
        ck_assert_msg(d.reason == rows[i].reason, "row %zu: %s", i, ps_reason_info(d.reason)->name);
    }
}
END_TEST

START_TEST(test_ps_decode__addresses_at_a_gateway__loopback_and_land_are_refused)
{
    struct ps_decode_how how = {.checksums = PS_CHECKSUMS_STRICT, .port_known = true};
    build_tcp("x");
    ip()[12] = 127;
    wire_sum(&w);
    ck_assert_uint_eq(decode(how).reason, PS_REASON_BAD_ADDRESS);
    build_tcp("x");
    ip()[16] = 127;
    wire_sum(&w);
    ck_assert_uint_eq(decode(how).reason, PS_REASON_BAD_ADDRESS);
    build_tcp("x");
    memcpy(ip() + 12, ip() + 16, 4);
    wire_sum(&w);
    ck_assert_uint_eq(decode(how).reason, PS_REASON_BAD_ADDRESS);
    ck_assert_uint_eq(decode(strict).reason, PS_REASON_NONE);
    memcpy(l4(), l4() + 2, 2);
    wire_sum(&w);
    expect(PS_REASON_BAD_ADDRESS);
    build_tcp("x");
    memset(ip() + 16, 0, 4);
    wire_sum(&w);
    expect(PS_REASON_BAD_ADDRESS);
}
END_TEST

START_TEST(test_ps_decode__length_left_to_the_card__taken_only_in_offload)
{
    build_tcp("hello");
    memset(ip() + 2, 0, 2);
    wire_sum(&w);
    expect(PS_REASON_BAD_LENGTH);
    struct ps_desc d = decode(offload);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.payload_wire, 5);
    ck_assert(d.offloaded);
}
END_TEST

static const uint8_t v6_ends[32] = {0xfd, [15] = 1, [16] = 0xfd, [31] = 2};

static void build_v6(uint8_t next, uint8_t at, uint8_t value)
{
    static const uint8_t udp[13] = {0x13, 0x88, 1, 0xf6, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o'};
    uint8_t ends[32];
    memcpy(ends, v6_ends, sizeof ends);
    if (at < sizeof ends)
        ends[at] = value;
    wire_ipv6(&w, ends, next, udp, sizeof udp);
}

START_TEST(test_ps_decode__ipv6__headers_and_checksum)
{
    build_v6(17, 255, 0);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_UDP);
    ck_assert_uint_eq(d.key.addr[0].hi, UINT64_C(0xfd00000000000000));
    ck_assert_uint_eq(d.key.addr[1].lo, 2);
    ck_assert_uint_eq(d.payload_wire, 5);
    w.b[w.ip + 46] ^= 1;
    expect(PS_REASON_BAD_CHECKSUM);
    memset(w.b + w.ip + 46, 0, 2); /* IPv6 has no datagrams without one */
    expect(PS_REASON_BAD_CHECKSUM);
    build_v6(17, 255, 0);
    ip()[7] = 0;
    expect(PS_REASON_BAD_HEADER);
    build_v6(17, 255, 0);
    memset(ip() + 4, 0, 2); /* a jumbogram, if anything */
    expect(PS_REASON_BAD_LENGTH);
    build_v6(17, 255, 0);
    ip()[5]++;
    expect(PS_REASON_CUT_FRAME);
    ip()[0] = 0x40;
    expect(PS_REASON_BAD_HEADER);
}
END_TEST

START_TEST(test_ps_decode__ipv6_next_headers__refused_by_reason)
{
    static const struct {
        uint8_t next, reason;
    } rows[] = {
        {0, PS_REASON_IP_OPTIONS},   {43, PS_REASON_IP_OPTIONS},    {60, PS_REASON_IP_OPTIONS},
        {51, PS_REASON_IP_OPTIONS},  {135, PS_REASON_IP_OPTIONS},   {139, PS_REASON_IP_OPTIONS},
        {140, PS_REASON_IP_OPTIONS}, {253, PS_REASON_IP_OPTIONS},   {44, PS_REASON_FRAGMENT},
        {59, PS_REASON_BAD_HEADER},  {1, PS_REASON_BAD_HEADER},     {4, PS_REASON_ENCAPSULATION},
        {41, PS_REASON_ENCAPSULATION}, {47, PS_REASON_ENCAPSULATION}, {132, PS_REASON_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_v6(rows[i].next, 255, 0);
        expect(rows[i].reason);
    }
}
END_TEST

START_TEST(test_ps_decode__ipv6_addresses__refused_where_they_cannot_be)
{
    build_v6(17, 0, 0xff); /* multicast source */
    expect(PS_REASON_BAD_ADDRESS);
    build_v6(17, 16, 0xff); /* multicast destination */
    expect(PS_REASON_NONE);
    uint8_t ends[32] = {[16] = 0xfd, [31] = 2}; /* unspecified source */
    wire_ipv6(&w, ends, 132, "0123456789012345", 16);
    expect(PS_REASON_BAD_ADDRESS);
    memset(ends, 0, sizeof ends);
    ends[15] = 1; /* unspecified destination */
    wire_ipv6(&w, ends, 132, "0123456789012345", 16);
    expect(PS_REASON_BAD_ADDRESS);
    memset(ends + 10, 0xff, 2); /* mapped source */
    memcpy(ends + 16, v6_ends + 16, 16);
    wire_ipv6(&w, ends, 132, "0123456789012345", 16);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_BAD_ADDRESS);
    ck_assert_uint_eq(d.kind, PS_KIND_NONE);
}
END_TEST

START_TEST(test_ps_decode__nv_606_translated_addresses__bad_address)
{
    static const uint8_t rows[][16] = {
        {0x20, 0x02, 10, 0, 0, 1, [15] = 1},                        /* 6to4 */
        {0x20, 0x01, 0, 0, 192, 0, 2, 1, [15] = 1},                 /* Teredo */
        {0, 0x64, 0xff, 0x9b, [12] = 10, 0, 0, 1},                  /* NAT64 */
        {0, 0x64, 0xff, 0x9b, 0, 1, 0, 9, [12] = 10, 0, 0, 1},      /* NAT64, local */
        {[10] = 0xff, 0xff, 10, 0, 0, 1},                           /* mapped */
        {[12] = 10, 0, 0, 1},                                       /* compatible */
    };
    uint8_t ends[32];
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        memcpy(ends, v6_ends, sizeof ends);
        memcpy(ends + 16 * (i % 2), rows[i / 2], 16);
        wire_ipv6(&w, ends, 132, "0123456789012345", 16);
        expect(PS_REASON_BAD_ADDRESS);
    }
    memcpy(ends, v6_ends, sizeof ends);
    memcpy(ends, (const uint8_t[]){0x20, 0x01, 0x0d, 0xb8}, 4); /* of the same /16 as Teredo */
    wire_ipv6(&w, ends, 132, "0123456789012345", 16);
    expect(PS_REASON_NONE);
}
END_TEST

START_TEST(test_ps_decode__arp__malformed_ones_are_refused)
{
    static const struct {
        uint8_t at, value;
    } rows[] = {{1, 6}, {2, 0x86}, {4, 8}, {5, 16}, {7, 3}, {7, 0}, {8, 1}, {14, 224}, {14, 255}};
    wire_arp(&w, 1, IP(10, 0, 0, 1), IP(10, 0, 0, 2));
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_ARP);
    ck_assert_uint_eq(ps_addr_v4(d.key.addr[0]), IP(10, 0, 0, 1));
    ck_assert_uint_eq(ps_addr_v4(d.key.addr[1]), IP(10, 0, 0, 2));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t sender = rows[i].value == 255 ? UINT32_MAX : IP(10, 0, 0, 1);
        wire_arp(&w, 1, sender, IP(10, 0, 0, 2));
        w.b[WIRE_L2 + rows[i].at] = rows[i].value;
        expect(PS_REASON_BAD_ARP);
    }
    wire_arp(&w, 1, IP(10, 0, 0, 1), IP(10, 0, 0, 2));
    memset(w.b + WIRE_L2 + 8, 0, 6);
    expect(PS_REASON_BAD_ARP);
    wire_arp(&w, 1, IP(10, 0, 0, 1), IP(10, 0, 0, 2));
    w.len = WIRE_L2 + 27;
    expect(PS_REASON_BAD_ARP);
}
END_TEST

UNIT_MAIN("fastpath/decode", test_ps_decode__tcp__every_field, test_ps_decode__padding_behind_ip__is_no_payload,
          test_ps_decode__raw_ip__same_as_behind_ethernet,
          test_ps_decode__every_shorter_capture__cut_frame_or_a_cut_payload,
          test_ps_decode__every_shorter_frame__refused,
          test_ps_decode__tags__outermost_vid_counts_and_priority_tags_do_not,
          test_ps_decode__inner_tags_differ__different_keys, test_ps_decode__llc__code_is_the_dsap,
          test_ps_decode__snap_with_ip__encapsulation,
          test_ps_decode__ethertypes__tunnels_are_refused_others_are_frames,
          test_ps_decode__source_macs__group_never_and_zero_only_in_captures,
          test_ps_decode__ipv4_headers__refused_by_reason,
          test_ps_decode__addresses_at_a_gateway__loopback_and_land_are_refused,
          test_ps_decode__length_left_to_the_card__taken_only_in_offload, test_ps_decode__ipv6__headers_and_checksum,
          test_ps_decode__ipv6_next_headers__refused_by_reason,
          test_ps_decode__ipv6_addresses__refused_where_they_cannot_be,
          test_ps_decode__nv_606_translated_addresses__bad_address,
          test_ps_decode__arp__malformed_ones_are_refused)
