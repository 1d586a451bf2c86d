/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode.h"

#include <string.h>

#include "decoded.h"
#include "packets.h"
#include "unit.h"

static struct wire w;
static const struct ps_decode_how strict = {.checksums = PS_CHECKSUMS_STRICT};
static const uint8_t timestamps[12] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};
static uint64_t state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * n >> 32);
}

static void build(uint8_t flags, uint32_t len, uint32_t options_len)
{
    static uint8_t data[1500];
    for (uint32_t i = 0; i < len; i++)
        data[i] = (uint8_t)random_below(256);
    struct wire_tcp tcp = {.src = IP(10, 0, 0, 1), .dst = IP(10, 0, 0, 2), .src_port = 40000, .dst_port = 502,
                           .seq = 0xfffffff0, .ack = 2000, .flags = flags, .data = data, .len = len,
                           .options = timestamps, .options_len = options_len};
    wire_tcp(&w, &tcp);
}

static bool is_common(struct ps_decode_how how)
{
    struct ps_desc desc;
    struct ps_packet packet = wire_packet(&w);
    wire_decode(packet, how); /* compares both ways */
    return ps_decode_common(&packet, how, &desc);
}

START_TEST(test_ps_decode_common__what_polls_consist_of__taken)
{
    for (uint32_t len = 0; len < 100; len++) {
        build(PS_TCP_ACK, len, 0);
        ck_assert(is_common(strict));
        build(PS_TCP_ACK | PS_TCP_PSH, len, sizeof timestamps);
        ck_assert(is_common(strict));
        wire_tag(&w, 0x8100, (uint16_t)(0xe000 + len)); /* with a priority; 0: a priority alone */
        ck_assert(is_common(strict));
        w.len += 6; /* padding */
        ck_assert(is_common(strict));
    }
}
END_TEST

START_TEST(test_ps_decode_common__anything_else__looked_at_closely)
{
    for (unsigned flags = 0; flags < 0x40; flags++) {
        build((uint8_t)flags, 5, 0);
        ck_assert_int_eq(is_common(strict), flags == PS_TCP_ACK || flags == (PS_TCP_ACK | PS_TCP_PSH));
    }
    build(PS_TCP_ACK, 5, 8);
    ck_assert(!is_common(strict));
    build(PS_TCP_ACK, 5, 0);
    wire_tag(&w, 0x8100, 1);
    wire_tag(&w, 0x88a8, 2);
    ck_assert(!is_common(strict));
    struct wire_tcp land = {.src = IP(10, 0, 0, 1), .dst = IP(10, 0, 0, 1), .src_port = 502, .dst_port = 502,
                            .flags = PS_TCP_ACK};
    wire_tcp(&w, &land);
    ck_assert(!is_common(strict));
    build(PS_TCP_ACK, 5, 0);
    struct ps_packet packet = wire_packet(&w);
    packet.wire_len++; /* the capture cut it */
    struct ps_desc desc;
    wire_decode(packet, strict);
    ck_assert(!ps_decode_common(&packet, strict, &desc));
    packet = wire_packet(&w);
    packet.link = PS_LINK_IP;
    ck_assert(!ps_decode_common(&packet, strict, &desc));
}
END_TEST

START_TEST(test_ps_decode_common__every_single_bit_error_and_every_cut__never_another_answer)
{
    static const enum ps_checksums all[] = {PS_CHECKSUMS_STRICT, PS_CHECKSUMS_OFFLOAD, PS_CHECKSUMS_IGNORE};
    for (unsigned i = 0; i < 6; i++) {
        struct ps_decode_how how = {.checksums = (uint8_t)all[i % 3], .port_known = i >= 3};
        build(PS_TCP_ACK, 17 + i, i % 2 ? sizeof timestamps : 0);
        if (i >= 2)
            wire_tag(&w, 0x8100, (uint16_t)i);
        for (uint32_t bit = 0; bit < w.len * 8; bit++) {
            w.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
            is_common(how);
            wire_sum(&w); /* and with checksums that are right again, where there is an IP header to have them */
            is_common(how);
            build(PS_TCP_ACK, 17 + i, i % 2 ? sizeof timestamps : 0);
            if (i >= 2)
                wire_tag(&w, 0x8100, (uint16_t)i);
        }
        while (w.len > 0) {
            w.len--;
            is_common(how);
        }
    }
}
END_TEST

/* Fields that decide, set to values near those that matter, checksums right. */
START_TEST(test_ps_decode_common__random_headers__never_another_answer)
{
    static const uint8_t octets[] = {0, 1, 4, 6, 0x40, 0x45, 0x46, 0x50, 0x60, 0x7f, 0x80, 0xe0, 0xff};
    unsigned n_common = 0;
    for (unsigned round = 0; round < 200000; round++) {
        struct ps_decode_how how = {.checksums = (uint8_t)random_below(3), .port_known = random_below(2) != 0};
        build(random_below(2) ? PS_TCP_ACK : PS_TCP_ACK | PS_TCP_PSH, random_below(80), random_below(4) * 4);
        if (random_below(2))
            wire_tag(&w, random_below(8) ? 0x8100 : 0x88a8, (uint16_t)random_below(65536));
        for (uint32_t n = random_below(3); n > 0; n--)
            w.b[random_below(WIRE_L2 + 4 + 40)] = octets[random_below(sizeof octets)];
        if (random_below(2) && w.ip == WIRE_L2 && w.b[w.ip] == 0x45)
            wire_sum(&w);
        if (random_below(4) == 0)
            w.len -= random_below(w.len);
        n_common += is_common(how);
    }
    ck_assert_uint_gt(n_common, 20000);
}
END_TEST

UNIT_MAIN("fastpath/decode_common", test_ps_decode_common__what_polls_consist_of__taken,
          test_ps_decode_common__anything_else__looked_at_closely,
          test_ps_decode_common__every_single_bit_error_and_every_cut__never_another_answer,
          test_ps_decode_common__random_headers__never_another_answer)
