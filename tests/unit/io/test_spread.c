/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spread.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "unit.h"

#define A IP(10, 0, 1, 10)
#define B IP(10, 0, 2, 10)

static struct wire w, v;

static uint32_t hash(const struct wire *wire)
{
    return ps_spread_hash(wire->b, wire->len, false);
}

static const struct wire *tcp(struct wire *wire, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port)
{
    struct wire_tcp t = {.src = src, .dst = dst, .src_port = src_port, .dst_port = dst_port, .flags = 0x10};
    wire_tcp(wire, &t);
    return wire;
}

/* addresses of two made-up hosts, either way round */
static const uint8_t *ends_v6(bool back)
{
    static uint8_t ends[32];
    memset(ends, 0, sizeof ends);
    ends[0] = ends[16] = 0xfd;
    ends[back ? 31 : 15] = 1;
    ends[back ? 15 : 31] = 2;
    return ends;
}

START_TEST(test_ps_spread_hash__both_directions__the_same)
{
    for (unsigned i = 0; i < 200; i++) {
        uint32_t a = (uint32_t)rand(), b = (uint32_t)rand();
        uint16_t p = (uint16_t)rand(), q = (uint16_t)rand();
        const uint16_t there[2] = {p, q}, back[2] = {q, p};
        ck_assert_uint_eq(hash(tcp(&w, a, b, p, q)), hash(tcp(&v, b, a, q, p)));
        wire_udp(&w, a, b, there, "x", 1);
        wire_udp(&v, b, a, back, "xyz", 3);
        ck_assert_uint_eq(hash(&w), hash(&v));
    }
}
END_TEST

START_TEST(test_ps_spread_hash__tagged__as_untagged)
{
    uint32_t plain = hash(tcp(&w, A, B, 40000, 502));
    wire_tag(&w, 0x8100, 20);
    ck_assert_uint_eq(hash(&w), plain);
    wire_tag(&w, 0x88a8, 30);
    ck_assert_uint_eq(hash(&w), plain);
}
END_TEST

START_TEST(test_ps_spread_hash__fragments__by_their_addresses)
{
    const uint16_t ports[2] = {5000, 502};
    uint8_t octets[64] = {0};
    wire_udp(&w, A, B, ports, octets, sizeof octets);
    wire_udp(&v, A, B, ports, octets, sizeof octets);
    w.b[w.ip + 6] = 0x20; /* the first of several */
    v.b[v.ip + 7] = 8;    /* the last one */
    v.b[v.ip + 20] = 0x77;
    ck_assert_uint_eq(hash(&w), hash(&v));
    v.b[v.ip + 7] = 0;
    ck_assert_uint_ne(hash(&w), hash(&v));
    ck_assert_uint_eq(ps_spread_hash(v.b, v.len, true), hash(&w));
}
END_TEST

START_TEST(test_ps_spread_hash__by_host__ports_do_not_count)
{
    tcp(&w, A, B, 40000, 502);
    tcp(&v, B, A, 502, 51234);
    ck_assert_uint_eq(ps_spread_hash(w.b, w.len, true), ps_spread_hash(v.b, v.len, true));
    ck_assert_uint_ne(hash(tcp(&w, A, B, 40000, 502)), hash(tcp(&v, A, B, 51234, 502)));
}
END_TEST

START_TEST(test_ps_spread_hash__icmp_error__as_what_it_quotes)
{
    static const uint8_t unreachable[8] = {3, 4}, echo[8] = {8};
    tcp(&v, A, B, 40000, 502);
    wire_icmp(&w, IP(10, 0, 2, 1), A, unreachable, v.b + v.ip, 28);
    ck_assert_uint_eq(hash(&w), hash(&v));
    ck_assert_uint_eq(ps_spread_hash(w.b, w.len, true), ps_spread_hash(v.b, v.len, true));
    wire_icmp(&w, IP(10, 0, 2, 1), A, echo, v.b + v.ip, 28);
    ck_assert_uint_ne(hash(&w), hash(&v));
}
END_TEST

START_TEST(test_ps_spread_hash__ipv6__symmetric_fragments_and_errors_too)
{
    uint8_t ports[2][20] = {{0x9c, 0x40, 0x01, 0xf6}, {0x01, 0xf6, 0x9c, 0x40}}, error[8 + 60] = {2}, options[28] = {6};
    uint8_t fragment[28] = {6, 0, 0, 1};
    wire_ipv6(&w, ends_v6(false), 6, ports[0], 20);
    wire_ipv6(&v, ends_v6(true), 6, ports[1], 20);
    uint32_t flow = hash(&w);
    ck_assert_uint_eq(hash(&v), flow);
    memcpy(error + 8, w.b + w.ip, 60);
    wire_ipv6(&v, ends_v6(true), 58, error, sizeof error);
    v.b[v.ip + 23] = 9; /* a router on the way */
    ck_assert_uint_eq(hash(&v), flow);
    memcpy(options + 8, ports[0], 20);
    wire_ipv6(&v, ends_v6(false), 60, options, sizeof options);
    ck_assert_uint_eq(hash(&v), flow);
    wire_ipv6(&v, ends_v6(false), 44, fragment, sizeof fragment);
    ck_assert_uint_ne(hash(&v), flow);
    ck_assert_uint_eq(hash(&v), ps_spread_hash(w.b, w.len, true));
}
END_TEST

START_TEST(test_ps_spread_hash__arp_and_others__both_directions_the_same)
{
    wire_arp(&w, 1, A, B);
    wire_arp(&v, 2, B, A);
    ck_assert_uint_eq(hash(&w), hash(&v));
    wire_frame(&w, 0x8892, "abcd", 4);
    wire_frame(&v, 0x8892, "efgh", 4);
    memcpy(v.b, w.b + 6, 6);
    memcpy(v.b + 6, w.b, 6);
    ck_assert_uint_eq(hash(&w), hash(&v));
}
END_TEST

START_TEST(test_ps_spread_hash__cut_anywhere__reads_nothing_behind)
{
    static const uint8_t unreachable[8] = {3, 4};
    tcp(&v, A, B, 40000, 502);
    wire_icmp(&w, B, A, unreachable, v.b + v.ip, 28);
    wire_tag(&w, 0x8100, 20);
    for (uint32_t len = 0; len <= w.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, w.b, len);
        ps_spread_hash(exact, len, len & 1);
        free(exact);
    }
}
END_TEST

START_TEST(test_ps_spread_pick__many_connections__even)
{
    unsigned n[4] = {0};
    for (unsigned i = 0; i < 40000; i++)
        n[ps_spread_pick(hash(tcp(&w, A, B, (uint16_t)(1024 + i), 502)), 4)]++;
    for (unsigned i = 0; i < 4; i++)
        ck_assert_msg(n[i] > 9500 && n[i] < 10500, "worker %u has %u of 40000", i, n[i]);
}
END_TEST

UNIT_MAIN("io/spread", test_ps_spread_hash__both_directions__the_same, test_ps_spread_hash__tagged__as_untagged,
          test_ps_spread_hash__fragments__by_their_addresses, test_ps_spread_hash__by_host__ports_do_not_count,
          test_ps_spread_hash__icmp_error__as_what_it_quotes,
          test_ps_spread_hash__ipv6__symmetric_fragments_and_errors_too,
          test_ps_spread_hash__arp_and_others__both_directions_the_same,
          test_ps_spread_hash__cut_anywhere__reads_nothing_behind, test_ps_spread_pick__many_connections__even)
