/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "checksums.h"
#include "packets.h"

/* A capture of UDP packets, the first n_wrong with the checksum of another address. */
static struct ps_capture *capture_of(unsigned n_wrong, unsigned n_right)
{
    static struct file f;
    static struct wire w;
    f = (struct file){0};
    pcap_file(&f, 0xa1b2c3d4, 1, false);
    for (unsigned i = 0; i < n_wrong + n_right; i++) {
        wire_udp(&w, IP(10, 1, 0, 1), IP(10, 2, 0, 1), (const uint16_t[2]){4000, 123}, "time", 4);
        w.b[w.ip + 8 + 12 + 6] ^= (uint8_t)(i < n_wrong ? 0x20 : 0); /* in the UDP header: its checksum */
        pcap_packet(&f, i, w.b, w.len, false);
    }
    store(&f, f.len);
    return open_good();
}

static uint8_t settle(unsigned n_wrong, unsigned n_right, uint8_t wanted)
{
    struct ps_capture *c = capture_of(n_wrong, n_right);
    struct ps_packet packets[PS_BURST_MAX];
    uint8_t answer = ps_checksums_settle(c, wanted);
    uint64_t n = 0, at;
    for (uint32_t burst; (burst = ps_capture_burst(c, packets)) > 0;)
        n += burst;
    ck_assert_uint_eq(n, n_wrong + n_right); /* rewound: nothing is missing, nothing counted twice */
    ck_assert_uint_eq(ps_capture_counts(c)->packets, n);
    ck_assert_ptr_null(ps_capture_damage(c, &at));
    ps_capture_close(c);
    return answer;
}

START_TEST(test_settle__auto__ignores_only_where_most_are_wrong)
{
    ck_assert_uint_eq(settle(0, 20, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_OFFLOAD);
    ck_assert_uint_eq(settle(20, 0, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_IGNORE);
    ck_assert_uint_eq(settle(20, 19, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_IGNORE);
    ck_assert_uint_eq(settle(20, 20, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_OFFLOAD);
}
END_TEST

START_TEST(test_settle__few_packets__say_nothing)
{
    ck_assert_uint_eq(settle(PS_CHECKSUMS_WRONG_MIN - 1, 0, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_OFFLOAD);
    ck_assert_uint_eq(settle(PS_CHECKSUMS_WRONG_MIN, 0, PS_CHECKSUMS_AUTO), PS_CHECKSUMS_IGNORE);
}
END_TEST

START_TEST(test_settle__told__asks_no_capture)
{
    ck_assert_uint_eq(settle(20, 0, PS_CHECKSUMS_STRICT), PS_CHECKSUMS_STRICT);
    ck_assert_uint_eq(settle(20, 0, PS_CHECKSUMS_OFFLOAD), PS_CHECKSUMS_OFFLOAD);
    ck_assert_uint_eq(settle(0, 20, PS_CHECKSUMS_IGNORE), PS_CHECKSUMS_IGNORE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checksums");
    TCase *tcase = tcase_create("settle");
    SRunner *runner = srunner_create(suite);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_settle__auto__ignores_only_where_most_are_wrong);
    tcase_add_test(tcase, test_settle__few_packets__say_nothing);
    tcase_add_test(tcase, test_settle__told__asks_no_capture);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
