/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode_case.h"

START_TEST(test_ps_decode_transport__every_single_bit_error__bad_checksum_or_another_refusal)
{
    build_tcp("hello world, this is more than thirty-two octets long");
    for (uint32_t bit = WIRE_L2 * 8; bit < w.len * 8; bit++) {
        w.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_uint_ne(decode(strict).reason, PS_REASON_NONE);
        w.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    expect(PS_REASON_NONE);
    l4()[20] ^= 1;
    expect(PS_REASON_BAD_CHECKSUM);
    build_tcp("x");
    ip()[10] ^= 1;
    expect(PS_REASON_BAD_CHECKSUM);
}
END_TEST

/* The pseudo header's sum alone, as a driver leaves it. */
static void leave_to_card(uint32_t length)
{
    uint32_t sum = 6 + length;
    for (unsigned i = 12; i < 20; i += 2)
        sum += (uint32_t)ip()[i] << 8 | ip()[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    l4()[16] = (uint8_t)(sum >> 8);
    l4()[17] = (uint8_t)sum;
}

START_TEST(test_ps_decode_transport__checksums_left_to_the_card__taken_only_in_offload)
{
    for (unsigned i = 0; i < 4; i++) {
        build_tcp("hello");
        if (i == 0)
            leave_to_card(25);
        else if (i == 1)
            leave_to_card(0);
        else if (i == 2)
            memset(l4() + 16, 0, 2);
        else
            memset(ip() + 10, 0, 2);
        expect(PS_REASON_BAD_CHECKSUM);
        struct ps_desc d = decode(offload);
        ck_assert_uint_eq(d.reason, PS_REASON_NONE);
        ck_assert(d.offloaded);
    }
    build_tcp("hello");
    l4()[16] ^= 0x55;
    ck_assert_uint_eq(decode(offload).reason, PS_REASON_BAD_CHECKSUM);
    ck_assert_uint_eq(decode((struct ps_decode_how){.checksums = PS_CHECKSUMS_IGNORE}).reason, PS_REASON_NONE);
}
END_TEST

START_TEST(test_ps_decode_transport__nv_h06_all_tcp_flags__only_what_stacks_send)
{
    static const uint8_t sound[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x19, 0x04, 0x14};
    for (unsigned flags = 0; flags < 256; flags++) {
        build_tcp("");
        l4()[13] = (uint8_t)flags;
        wire_sum(&w);
        bool urgent = (flags & PS_TCP_URG) != 0, opens = (flags & (PS_TCP_SYN | PS_TCP_RST)) != 0;
        bool fine = memchr(sound, (int)(flags & 0x1f), sizeof sound) != NULL && !(urgent && opens);
        expect(fine ? PS_REASON_NONE : PS_REASON_BAD_FLAGS);
    }
}
END_TEST

START_TEST(test_ps_decode_transport__tcp_headers__refused_by_reason)
{
    build_tcp("hello");
    l4()[12] = 0x40;
    wire_sum(&w);
    expect(PS_REASON_BAD_LENGTH);
    l4()[12] = 0xf0;
    wire_sum(&w);
    expect(PS_REASON_BAD_LENGTH);
    build_tcp("hello");
    memset(l4(), 0, 2);
    wire_sum(&w);
    expect(PS_REASON_BAD_HEADER);
    build_tcp("hello");
    memset(l4() + 2, 0, 2);
    wire_sum(&w);
    expect(PS_REASON_BAD_HEADER);
}
END_TEST

START_TEST(test_ps_decode_transport__tcp_options__malformed_ones_are_refused)
{
    static const struct {
        uint8_t options[12];
        bool sound;
    } rows[] = {
        {{1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8}, true},  {{2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2}, true},
        {{0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, true},   {{2, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
        {{2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},  {{254, 13, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
        {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8}, false},  {{254, 12, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire_tcp tcp = {.src = IP(10, 0, 0, 1), .dst = IP(10, 0, 0, 2), .src_port = 1, .dst_port = 2,
                               .flags = PS_TCP_SYN, .options = rows[i].options, .options_len = 12};
        wire_tcp(&w, &tcp);
        expect(rows[i].sound ? PS_REASON_NONE : PS_REASON_TCP_OPTIONS);
    }
}
END_TEST

START_TEST(test_ps_decode_transport__udp__length_must_be_exact)
{
    static const uint16_t ports[2] = {5000, 502};
    wire_udp(&w, IP(10, 0, 0, 1), IP(10, 0, 0, 2), ports, "hello", 5);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_UDP);
    ck_assert_uint_eq(d.payload_wire, 5);
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        l4()[5] = (uint8_t)(wrong == 0 ? 12 : wrong == 1 ? 14 : 7);
        wire_sum(&w);
        expect(PS_REASON_BAD_LENGTH);
    }
    wire_udp(&w, IP(10, 0, 0, 1), IP(10, 0, 0, 2), ports, "hello", 5);
    memset(l4() + 6, 0, 2); /* IPv4: none */
    expect(PS_REASON_NONE);
    l4()[6] = 1;
    expect(PS_REASON_BAD_CHECKSUM);
}
END_TEST

START_TEST(test_ps_decode_transport__icmp__echo_is_keyed_by_its_identifier)
{
    static const uint8_t echo[8] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
    wire_icmp(&w, IP(10, 0, 0, 1), IP(10, 0, 0, 2), echo, "ping", 4);
    struct ps_desc d = decode(strict);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(d.kind, PS_KIND_ICMP);
    ck_assert_uint_eq(d.key.port[0], 0x1234);
    ck_assert_uint_eq(d.key.port[1], 0x1234);
    l4()[8] ^= 1;
    expect(PS_REASON_BAD_CHECKSUM);
    l4()[8] ^= 1;
    l4()[1] = 1;
    wire_sum(&w);
    expect(PS_REASON_BAD_HEADER);
    wire_ipv4(&w, IP(10, 0, 0, 1), IP(10, 0, 0, 2), 1, echo, 7);
    expect(PS_REASON_BAD_LENGTH);
}
END_TEST

UNIT_MAIN("fastpath/decode_transport", test_ps_decode_transport__every_single_bit_error__bad_checksum_or_another_refusal,
          test_ps_decode_transport__checksums_left_to_the_card__taken_only_in_offload,
          test_ps_decode_transport__nv_h06_all_tcp_flags__only_what_stacks_send,
          test_ps_decode_transport__tcp_headers__refused_by_reason,
          test_ps_decode_transport__tcp_options__malformed_ones_are_refused,
          test_ps_decode_transport__udp__length_must_be_exact,
          test_ps_decode_transport__icmp__echo_is_keyed_by_its_identifier)
