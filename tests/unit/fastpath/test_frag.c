/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frag_rig.h"

START_TEST(test_ps_frag_take__udp_datagram__decoded_as_if_never_cut)
{
    static struct wire udp;
    static const uint16_t ports[2] = {1000, 2000};
    struct ps_desc desc;
    start();
    wire_udp(&udp, SOURCE, IP(10, 0, 2, 1), ports, datagram, 1200);
    memcpy(datagram, udp.b + udp.ip + 20, 1208);
    kept(CUT(.flags = MF, .len = 560));
    kept(CUT(.flags = MF, .offset = 560, .len = 560));
    struct ps_frag_answer answer = take(CUT(.offset = 1120, .len = 88));
    ck_assert_uint_eq(answer.result, PS_FRAG_WHOLE);
    ps_decode(&answer.whole, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_NONE);
    ck_assert_uint_eq(desc.kind, PS_KIND_UDP);
    ck_assert_uint_eq(desc.payload_len, 1200);
    ck_assert_mem_eq(answer.whole.data, udp.b, 12);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f03_overlaps__datagram_discarded_and_remembered)
{
    static uint8_t other[64];
    const struct cut overlaps[] = {
        CUT(.flags = MF, .offset = 64, .len = 64, .data = other), /* the same place, other octets */
        CUT(.flags = MF, .offset = 56, .len = 64),                /* from in front of it, the same octets */
        CUT(.flags = MF, .offset = 72, .len = 64),
        CUT(.flags = MF, .offset = 72, .len = 8),
        CUT(.flags = MF, .offset = 56, .len = 80),
        CUT(.flags = MF, .offset = 64, .len = 56),
        CUT(.flags = MF, .offset = 64, .len = 72),
        CUT(.flags = MF, .offset = 120, .len = 8),
    };
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
        start();
        kept(CUT(.flags = MF, .offset = 64, .len = 64));
        now_ns += SECOND;
        refused(overlaps[i], PS_REASON_FRAGMENT_OVERLAP);
        refused(CUT(.flags = MF, .len = 64), PS_REASON_FRAGMENT_OVERLAP);
        now_ns += PS_FRAG_TIMEOUT_NS; /* to the end */
        refused(CUT(.offset = 128, .len = 10), PS_REASON_FRAGMENT_OVERLAP);
        now_ns += 1;
        kept(CUT(.offset = 128, .len = 10));
        ck_assert_uint_eq(table.stats.n_discarded, 1);
        stop();
    }
}
END_TEST

START_TEST(test_ps_frag_take__nv_f04_any_order_and_duplicates__whole)
{
    static const uint32_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
    for (size_t i = 0; i < 4; i++) {
        start();
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t n = orders[i][k];
            struct cut cut = CUT(.flags = n < 3 ? MF : 0, .offset = 400 * n, .len = n < 3 ? 400 : 123);
            if (k < 3)
                kept(cut);
            if (k < 3)
                kept(cut); /* once more, to the octet */
            else
                whole(cut, 1323);
        }
        ck_assert_uint_eq(table.oldest, PS_NONE);
        stop();
    }
}
END_TEST

/* Time to live and priority are those of the first fragment. */
START_TEST(test_ps_frag_take__nv_f05_headers_differ__those_of_the_first)
{
    start();
    build(CUT(.offset = 64, .len = 9));
    frame.b[frame.ip + 8] = 3;
    frame.b[frame.ip + 1] = 0xb8;
    sum_header();
    ck_assert_uint_eq(take_frame().result, PS_FRAG_KEPT);
    build(CUT(.flags = MF, .len = 64));
    frame.b[frame.ip + 8] = 77;
    sum_header();
    struct ps_frag_answer answer = take_frame();
    ck_assert_uint_eq(answer.result, PS_FRAG_WHOLE);
    ck_assert_uint_eq(answer.whole.data[WIRE_L2 + 8], 77);
    ck_assert_uint_eq(answer.whole.data[WIRE_L2 + 1], 0);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f05_two_ends__discarded)
{
    const struct cut second[] = {
        CUT(.offset = 128, .len = 16), CUT(.offset = 136, .len = 9), CUT(.offset = 64, .len = 16),
        CUT(.flags = MF, .offset = 128, .len = 8), CUT(.flags = MF, .offset = 136, .len = 16),
        CUT(.flags = MF, .offset = 192, .len = 16),
    };
    for (size_t i = 0; i < sizeof second / sizeof second[0]; i++) {
        start();
        kept(CUT(.offset = 128, .len = 8));
        refused(second[i], PS_REASON_FRAGMENT_OVERLAP);
        stop();
        start();
        kept(CUT(.flags = MF, .offset = 192, .len = 8));
        refused(CUT(.offset = 128, .len = 8), PS_REASON_FRAGMENT_OVERLAP); /* an end in front of what is there */
        stop();
    }
}
END_TEST

START_TEST(test_ps_frag_take__nv_f07_time_out__forgotten)
{
    start();
    kept(CUT(.flags = MF, .len = 64));
    now_ns += PS_FRAG_TIMEOUT_NS;
    ck_assert_uint_eq(ps_frag_expire(&table, now_ns), now_ns + 1);
    ck_assert_uint_eq(ps_frag_expire(&table, now_ns + 1), UINT64_MAX);
    ck_assert_uint_eq(table.stats.n_expired, 1);
    kept(CUT(.offset = 64, .len = 64)); /* alone now */
    now_ns -= SECOND;                   /* a clock that steps back ends nothing */
    whole(CUT(.flags = MF, .len = 64), 128);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f08_other_name__not_joined)
{
    const struct cut others[] = {
        CUT(.id = 8, .offset = 64, .len = 8),
        CUT(.src = IP(10, 0, 1, 2), .offset = 64, .len = 8),
        CUT(.dst = IP(10, 0, 2, 2), .offset = 64, .len = 8),
        CUT(.proto = 1, .offset = 64, .len = 8),
    };
    start();
    kept(CUT(.flags = MF, .len = 64));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        kept(others[i]);
    stop();
}
END_TEST

/* So many that some share a bucket with the first. */
START_TEST(test_ps_frag_take__nv_f08_other_port_or_vlan__not_joined)
{
    for (uint16_t i = 1; i < 60; i++) {
        start_with(2);
        kept(CUT(.flags = MF, .len = 64));
        port = i;
        kept(CUT(.offset = 64, .len = 8));
        stop();
        start_with(2);
        kept(CUT(.flags = MF, .len = 64));
        build(CUT(.offset = 64, .len = 8));
        sum_header();
        wire_tag(&frame, 0x8100, i);
        ck_assert_uint_eq(take_frame().result, PS_FRAG_KEPT);
        stop();
    }
}
END_TEST

START_TEST(test_ps_frag_take__tagged__link_header_kept)
{
    start();
    build(CUT(.flags = MF, .len = 64));
    sum_header();
    wire_tag(&frame, 0x8100, 5);
    ck_assert_uint_eq(take_frame().result, PS_FRAG_KEPT);
    build(CUT(.offset = 64, .len = 8));
    sum_header();
    wire_tag(&frame, 0x8100, 5);
    struct ps_frag_answer answer = take_frame();
    ck_assert_uint_eq(answer.result, PS_FRAG_WHOLE);
    ck_assert_uint_eq(answer.whole.len, WIRE_L2 + 4 + 20 + 72);
    ck_assert_uint_eq(answer.whole.data[15], 5);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f10_flood__oldest_of_the_source_goes)
{
    start();
    kept(CUT(.src = IP(10, 0, 1, 9), .flags = MF, .len = 64));
    for (uint16_t id = 1; id <= 100; id++)
        kept(CUT(.id = id, .flags = MF, .len = 64));
    ck_assert_uint_eq(table.stats.n_evicted, 100 - PER_SOURCE);
    whole(CUT(.id = 97, .offset = 64, .len = 8), 72);
    whole(CUT(.src = IP(10, 0, 1, 9), .offset = 64, .len = 8), 72); /* another source's is still there */
    kept(CUT(.id = 96, .offset = 64, .len = 8));                    /* its first fragment is gone */
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f10_many_sources__oldest_of_all_goes)
{
    start();
    for (uint32_t i = 0; i < 200; i++)
        kept(CUT(.src = SOURCE + i, .flags = MF, .len = 64));
    kept(CUT(.offset = 64, .len = 8)); /* of the first: its other half is gone */
    whole(CUT(.src = SOURCE + 199, .offset = 64, .len = 8), 72);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__nv_f10_too_many_fragments__discarded)
{
    start();
    for (uint32_t i = 0; i < PS_FRAG_PIECES_MAX; i++)
        kept(CUT(.flags = MF, .offset = 8 * i, .len = 8));
    refused(CUT(.flags = MF, .offset = 8 * PS_FRAG_PIECES_MAX, .len = 8), PS_REASON_FRAGMENT_TABLE);
    refused(CUT(.offset = 8 * PS_FRAG_PIECES_MAX, .len = 8), PS_REASON_FRAGMENT_OVERLAP);
    stop();
}
END_TEST

START_TEST(test_ps_frag_take__given_out_and_not_released__kept_apart)
{
    struct ps_frag_answer answers[N_SLOTS];
    start();
    for (uint32_t i = 0; i < N_SLOTS; i++) {
        datagram[20] = (uint8_t)i;
        kept(CUT(.flags = MF, .len = 64));
        answers[i] = take(CUT(.offset = 64, .len = 8));
        ck_assert_uint_eq(answers[i].result, PS_FRAG_WHOLE);
    }
    for (uint32_t i = 0; i < N_SLOTS; i++)
        ck_assert_uint_eq(answers[i].whole.data[WIRE_L2 + 20 + 20], i);
    refused(CUT(.flags = MF, .len = 64), PS_REASON_FRAGMENT_TABLE);
    ps_frag_release(&table);
    kept(CUT(.flags = MF, .len = 64));
    stop();
}
END_TEST

/* Random cuts in random order, some of them twice: always the datagram, and never earlier than the last of them. */
START_TEST(test_ps_frag_take__random_cuts__the_datagram)
{
    unsigned seed = 1;
    start();
    for (uint32_t round = 0; round < 2000; round++) {
        struct cut cuts[40];
        uint32_t n = 0, len = 64 + (uint32_t)rand_r(&seed) % 3000;
        for (uint32_t at = 0; at < len; n++) {
            uint32_t part = 64 + ((uint32_t)rand_r(&seed) % 200) / 8 * 8;
            bool last = at + part >= len;
            cuts[n] = CUT(.id = (uint16_t)(round + 1), .proto = 6, .flags = last ? 0 : MF, .offset = at,
                          .len = last ? len - at : part);
            at += part;
        }
        if (n == 1)
            continue;
        for (uint32_t i = n; i > 1; i--) {
            uint32_t k = (uint32_t)rand_r(&seed) % i;
            struct cut swapped = cuts[i - 1];
            cuts[i - 1] = cuts[k];
            cuts[k] = swapped;
        }
        for (uint32_t i = 0; i + 1 < n; i++) {
            kept(cuts[i]);
            if (rand_r(&seed) % 4 == 0)
                kept(cuts[(uint32_t)rand_r(&seed) % (i + 1)]);
        }
        whole(cuts[n - 1], len);
    }
    stop();
}
END_TEST

UNIT_MAIN("fastpath/frag", test_ps_frag_take__udp_datagram__decoded_as_if_never_cut,
          test_ps_frag_take__nv_f03_overlaps__datagram_discarded_and_remembered,
          test_ps_frag_take__nv_f04_any_order_and_duplicates__whole,
          test_ps_frag_take__nv_f05_headers_differ__those_of_the_first, test_ps_frag_take__nv_f05_two_ends__discarded,
          test_ps_frag_take__nv_f07_time_out__forgotten,
          test_ps_frag_take__nv_f08_other_name__not_joined,
          test_ps_frag_take__nv_f08_other_port_or_vlan__not_joined,
          test_ps_frag_take__tagged__link_header_kept, test_ps_frag_take__nv_f10_flood__oldest_of_the_source_goes,
          test_ps_frag_take__nv_f10_many_sources__oldest_of_all_goes,
          test_ps_frag_take__nv_f10_too_many_fragments__discarded,
          test_ps_frag_take__given_out_and_not_released__kept_apart, test_ps_frag_take__random_cuts__the_datagram)
