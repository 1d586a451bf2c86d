/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_file.h"

static void ng_section(struct file *f, bool big)
{
    f->big = big;
    put(f, 0x0a0d0d0a, 4);
    put(f, 28, 4);
    put(f, 0x1a2b3c4d, 4);
    put(f, 1, 2);
    put(f, 0, 2);
    put(f, UINT64_MAX, 8);
    put(f, 28, 4);
    end(f);
}

/* resolution 0xff: no option; offset 0: no option. */
static void ng_interface(struct file *f, uint16_t linktype, uint32_t snaplen, uint8_t resolution, int64_t offset)
{
    uint32_t len = 20u + (resolution != 0xff ? 8u : 0u) + (offset != 0 ? 12u : 0u) + 4u;

    put(f, 1, 4);
    put(f, len, 4);
    put(f, linktype, 2);
    put(f, 0, 2);
    put(f, snaplen, 4);
    if (resolution != 0xff) {
        put(f, 9, 2);
        put(f, 1, 2);
        put_bytes(f, (uint8_t[]){resolution, 0, 0, 0}, 4);
    }
    if (offset != 0) {
        put(f, 14, 2);
        put(f, 8, 2);
        put(f, (uint64_t)offset, 8);
    }
    put(f, 0, 4);
    put(f, len, 4);
    end(f);
}

static void ng_body(struct file *f, const char *bytes, uint32_t len, uint32_t block_len)
{
    put_bytes(f, bytes, len);
    put_bytes(f, "\0\0\0", (4 - len % 4) % 4);
    put(f, block_len, 4);
    f->n_packets++;
    end(f);
}

static void ng_packet(struct file *f, uint32_t interface, uint64_t time, const char *bytes, uint32_t len)
{
    uint32_t block_len = 32 + (len + 3) / 4 * 4;

    put(f, 6, 4);
    put(f, block_len, 4);
    put(f, interface, 4);
    put(f, time >> 32, 4);
    put(f, time & 0xffffffff, 4);
    put(f, len, 4);
    put(f, len + 10, 4);
    ng_body(f, bytes, len, block_len);
}

static void ng_packet_old(struct file *f, uint16_t interface, uint64_t time, const char *bytes, uint32_t len)
{
    uint32_t block_len = 32 + (len + 3) / 4 * 4;

    put(f, 2, 4);
    put(f, block_len, 4);
    put(f, interface, 2);
    put(f, 0xffff, 2);
    put(f, time >> 32, 4);
    put(f, time & 0xffffffff, 4);
    put(f, len, 4);
    put(f, len, 4);
    ng_body(f, bytes, len, block_len);
}

static void ng_packet_simple(struct file *f, const char *bytes, uint32_t len, uint32_t wire_len)
{
    uint32_t block_len = 16 + (len + 3) / 4 * 4;

    put(f, 3, 4);
    put(f, block_len, 4);
    put(f, wire_len, 4);
    ng_body(f, bytes, len, block_len);
}

START_TEST(test_capture__pcapng_blocks__every_kind_of_packet)
{
    struct file f = {0};
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;

    ng_section(&f, _i == 1);
    ng_interface(&f, 1, 5, 0xff, 0);
    ng_packet(&f, 0, 1700000000123456, "abcdef", 6);
    put(&f, 0x0bad, 4); /* a block of a type that nobody knows */
    put(&f, 16, 4);
    put(&f, 0, 4);
    put(&f, 16, 4);
    ng_packet_old(&f, 0, 1700000000000001, "old", 3);
    ng_packet_simple(&f, "simpl", 5, 9);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 3);
    ck_assert_uint_eq(p[0].time_ns, 1700000000123456000u);
    ck_assert_uint_eq(p[0].len, 6);
    ck_assert_uint_eq(p[0].wire_len, 16);
    ck_assert_mem_eq(p[0].data, "abcdef", 6);
    ck_assert_uint_eq(p[1].time_ns, 1700000000000001000u);
    ck_assert_mem_eq(p[1].data, "old", 3);
    ck_assert_uint_eq(p[2].time_ns, 0);
    ck_assert_uint_eq(p[2].len, 5);
    ck_assert_uint_eq(p[2].wire_len, 9);
    ck_assert_uint_eq(ps_capture_burst(c, p), 0);
    ck_assert_ptr_null(ps_capture_damage(c, &offset));
    ps_capture_close(c);
}
END_TEST

static const struct {
    uint8_t resolution;
    int64_t offset;
    uint64_t time, expected;
} times[] = {
    {9, 0, 1700000000123456789, 1700000000123456789},
    {3, 0, 1700000000123, 1700000000123000000},
    {0, 0, 1700000000, 1700000000000000000},
    {12, 0, 1700000000123456, 1700000000123},
    {0x80, 0, 7, 7000000000},
    {0x81, 0, 3, 1500000000},
    {0xa0, 0, UINT64_C(5) << 32 | 1u << 31, 5500000000},
    {0xbf, 0, UINT64_C(1) << 63 | UINT64_C(1) << 62, 1500000000},
    {6, 1000, 5000000, 1005000000000},
    {6, -2, 5000000, 3000000000},
};

START_TEST(test_capture__pcapng_time_units__nanoseconds)
{
    for (unsigned big = 0; big < 2; big++) {
        struct file f = {0};
        struct ps_packet p[PS_BURST_MAX];
        struct ps_capture *c;

        ng_section(&f, big == 1);
        ng_interface(&f, 1, 0, times[_i].resolution, times[_i].offset);
        ng_packet(&f, 0, times[_i].time, "abcd", 4);
        store(&f, f.len);
        c = open_good();
        ck_assert_uint_eq(ps_capture_burst(c, p), 1);
        ck_assert_uint_eq(p[0].time_ns, times[_i].expected);
        ps_capture_close(c);
    }
}
END_TEST

START_TEST(test_capture__sections_and_interfaces__each_with_its_own_link_and_order)
{
    static const char ip[] = "\x02\0\0\0\x45ip";
    struct file f = {0};
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;

    ng_section(&f, false);
    ng_interface(&f, 1, 0, 0xff, 0);
    ng_interface(&f, 101, 0, 9, 0);
    ng_packet(&f, 0, 1, "eth0", 4);
    ng_packet(&f, 1, 2, "raw1", 4);
    ng_packet(&f, 1, 3, "raw2", 4);
    ng_section(&f, true);
    ng_interface(&f, 0, 0, 0xff, 0);
    ng_packet(&f, 0, 4, ip, 7);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_uint_eq(p[0].link, PS_LINK_ETHERNET);
    ck_assert_uint_eq(p[0].time_ns, 1000);
    ck_assert_uint_eq(ps_capture_burst(c, p), 2);
    ck_assert_uint_eq(p[0].link, PS_LINK_IP);
    ck_assert_uint_eq(p[0].time_ns, 2);
    ck_assert_uint_eq(p[1].number, 3);
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_uint_eq(ps_capture_linktype(c), 0);
    ck_assert_uint_eq(ps_capture_head(c, 0), 4);
    ck_assert_mem_eq(p[0].data, "\x45ip", 3);
    ck_assert_uint_eq(p[0].len, 3);
    ck_assert_uint_eq(p[0].time_ns, 4000);
    ps_capture_close(c);
}
END_TEST

/* Puts one wrong number over a good file, and expects damage at its block. */
static void damaged_at(size_t at, uint32_t value, uint64_t expected, uint32_t n_packets)
{
    struct file f = {0};
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;
    uint32_t n = 0, got;

    ng_section(&f, false);           /* 0 */
    ng_interface(&f, 1, 0, 0xff, 0); /* 28 */
    ng_packet(&f, 0, 1, "abcd", 4);  /* 52 */
    ng_packet(&f, 0, 1, "efgh", 4);  /* 88 */
    f.len = at;
    put(&f, value, 4);
    f.len = 124;
    store(&f, f.len);
    c = open_good();
    while ((got = ps_capture_burst(c, p)) > 0)
        n += got;
    ck_assert_uint_eq(n, n_packets);
    ck_assert_ptr_nonnull(ps_capture_damage(c, &offset));
    ck_assert_uint_eq(offset, expected);
    ps_capture_close(c);
}

START_TEST(test_capture__pcapng_damage__located_and_what_stands_before_is_kept)
{
    damaged_at(88 + 4, 38, 92, 1);   /* not a multiple of 4 */
    damaged_at(88 + 4, 8, 92, 1);    /* too short for a block */
    damaged_at(88 + 4, 40, 88, 1);   /* beyond the end */
    damaged_at(88 + 32, 32, 120, 1); /* the length behind differs */
    damaged_at(88 + 8, 1, 88, 1);    /* no such interface */
    damaged_at(88 + 20, 5, 88, 1);   /* a packet longer than its block */
    damaged_at(52 + 20, 1u << 30, 52, 0);
    damaged_at(28, 6, 28, 0);          /* a packet block that is too short */
    damaged_at(28, 0x0a0d0d0a, 36, 0); /* a section without a byte-order mark */
}
END_TEST

START_TEST(test_capture__pcapng_truncated_anywhere__whole_packets_then_damage)
{
    struct file f;

    for (unsigned i = 0; i < 2; i++) {
        memset(&f, 0, sizeof f);
        ng_section(&f, i == 0);
        ng_interface(&f, 1, 0, 6, 5);
        ng_packet(&f, 0, 1, "abcdef", 6);
        ng_section(&f, i == 1);
        ng_interface(&f, 1, 100, 9, 0);
        ng_packet_old(&f, 0, 1, "x", 1);
        ng_packet_simple(&f, "abc", 3, 3);
        every_truncation(&f);
    }
}
END_TEST

START_TEST(test_capture_open__pcapng_of_another_version__refused)
{
    struct file f = {0};

    ng_section(&f, false);
    f.data[12] = 2;
    store(&f, f.len);
    open_bad("pcapng version 2 is not known");
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
    Suite *suite = suite_create("capture_ng");
    TCase *tc = tcase_create("capture_ng");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_capture__pcapng_blocks__every_kind_of_packet, 0, 2);
    tcase_add_loop_test(tc, test_capture__pcapng_time_units__nanoseconds, 0, COUNT(times));
    tcase_add_test(tc, test_capture__sections_and_interfaces__each_with_its_own_link_and_order);
    tcase_add_test(tc, test_capture__pcapng_damage__located_and_what_stands_before_is_kept);
    tcase_add_test(tc, test_capture__pcapng_truncated_anywhere__whole_packets_then_damage);
    tcase_add_test(tc, test_capture_open__pcapng_of_another_version__refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
