/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "capture_file.h"

static const struct {
    uint32_t magic;
    bool big;
    uint32_t unit;
} pcap_kinds[] = {
    {0xa1b2c3d4, false, 1000}, {0xa1b2c3d4, true, 1000},  {0xa1b23c4d, false, 1},
    {0xa1b23c4d, true, 1},     {0xa1b2cd34, false, 1000}, {0xa1b2cd34, true, 1000},
};

START_TEST(test_capture__every_pcap_magic__packets_times_lengths)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;

    pcap_file(&f, pcap_kinds[_i].magic, 1, pcap_kinds[_i].big);
    pcap_packet(&f, 123456, "abcdef", 6, false);
    pcap_packet(&f, 7, "xyz", 3, true);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 2);
    ck_assert_uint_eq(p[0].time_ns, 1700000000000000000u + 123456u * pcap_kinds[_i].unit);
    ck_assert_uint_eq(p[0].len, 6);
    ck_assert_uint_eq(p[0].wire_len, 6);
    ck_assert_mem_eq(p[0].data, "abcdef", 6);
    ck_assert_uint_eq(p[0].number, 1);
    ck_assert_uint_eq(p[0].link, PS_LINK_ETHERNET);
    ck_assert_uint_eq(p[0].port, PS_PORT_UNKNOWN);
    ck_assert_uint_eq(p[1].time_ns, 1700000001000000000u + 7u * pcap_kinds[_i].unit);
    ck_assert_uint_eq(p[1].len, 3);
    ck_assert_uint_eq(p[1].wire_len, 63);
    ck_assert_uint_eq(p[1].number, 2);
    ck_assert_uint_eq(ps_capture_linktype(c), 1);
    ck_assert_uint_eq(ps_capture_position(c), ps_capture_size(c));
    ck_assert_uint_eq(ps_capture_burst(c, p), 0);
    ck_assert_ptr_null(ps_capture_damage(c, &offset));
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture__more_than_a_burst__bounded_by_count_and_octets)
{
    static uint8_t big[40000];
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    FILE *out;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    for (unsigned i = 0; i < 40; i++)
        pcap_packet(&f, 0, "abcd", 4, false);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), PS_BURST_MAX);
    ck_assert_uint_eq(ps_capture_burst(c, p), 40 - PS_BURST_MAX);
    ck_assert_uint_eq(p[0].number, PS_BURST_MAX + 1);
    ps_capture_close(c);

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    store(&f, f.len);
    f.len = 0;
    put(&f, 0, 8);
    put(&f, sizeof big, 4);
    put(&f, sizeof big, 4);
    out = fopen(path, "ab");
    for (unsigned i = 0; i < 3; i++) {
        fwrite(f.data, 1, 16, out);
        fwrite(big, 1, sizeof big, out);
    }
    fclose(out);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 2);
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture__shorter_on_the_wire_than_captured__the_longer_counts)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    pcap_packet(&f, 0, "abcdef", 6, false);
    f.data[24 + 12] = 5;
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_uint_eq(p[0].len, 6);
    ck_assert_uint_eq(p[0].wire_len, 6);
    ps_capture_close(c);
}
END_TEST

/* A sparse file of nothing but empty packets, 256 MB of it. */
START_TEST(test_capture__huge_file__little_memory)
{
    const uint64_t size = UINT64_C(256) << 20;
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t n = 0, offset;
    uint32_t got;
    long resident = 0;
    FILE *statm;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    store(&f, f.len);
    ck_assert_int_eq(truncate(path, (off_t)(size + f.len)), 0);
    c = open_good();
    while ((got = ps_capture_burst(c, p)) > 0)
        n += got;
    ck_assert_uint_eq(n, size / 16);
    ck_assert_ptr_null(ps_capture_damage(c, &offset));
    statm = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%*d %ld", &resident), 1);
    fclose(statm);
    ck_assert_int_lt(resident * (sysconf(_SC_PAGESIZE) >> 10), 64 << 10);
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture__packet_longer_than_any__damage_with_its_offset)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    pcap_packet(&f, 0, "abcd", 4, false);
    put(&f, 0, 8);
    put(&f, PS_CAPTURE_PACKET_MAX + 1, 4);
    put(&f, 60, 4);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_uint_eq(ps_capture_burst(c, p), 0);
    ck_assert_str_eq(ps_capture_damage(c, &offset), "a packet of 262145 octets cannot be");
    ck_assert_uint_eq(offset, 24 + 20 + 8);
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture__pcap_truncated_anywhere__whole_packets_then_damage)
{
    struct file f;

    for (unsigned i = 0; i < sizeof pcap_kinds / sizeof pcap_kinds[0]; i++) {
        pcap_file(&f, pcap_kinds[i].magic, 1, pcap_kinds[i].big);
        pcap_packet(&f, 1, "abcdef", 6, false);
        pcap_packet(&f, 1, "x", 1, false);
        pcap_packet(&f, 1, "", 0, false);
        every_truncation(&f);
    }
}
END_TEST

/* ---- link types ------------------------------------------------------------------------------------------------ */

static const struct {
    uint32_t linktype;
    const char *bytes;
    uint32_t len;
    int32_t head; /* -1: not IP, -2: unknown link type */
} links[] = {
    {12, "\x45zz", 3, 0},
    {14, "\x45zz", 3, 0},
    {101, "\x60zz", 3, 0},
    {228, "\x45zz", 3, 0},
    {229, "\x60zz", 3, 0},
    {0, "\x02\0\0\0\x45", 5, 4},
    {0, "\0\0\0\x1e\x60", 5, 4},
    {0, "\x18\0\0\0\x60", 5, 4},
    {0, "\x07\0\0\0\x60", 5, -1},
    {0, "\x02\0\0", 3, -1},
    {108, "\0\0\0\x02\x45", 5, 4},
    {108, "\0\0\0\x1c\x60", 5, 4},
    {108, "\x02\0\0\x02\x60", 5, -1},
    {113, "\0\0\0\1\0\6abcdef\0\0\x08\0\x45", 17, 16},
    {113, "\0\0\0\1\0\6abcdef\0\0\x86\xdd\x60", 17, 16},
    {113, "\0\0\0\1\0\6abcdef\0\0\x81\0\0\5\x08\0\x45", 21, 20},
    {113, "\0\0\0\1\0\6abcdef\0\0\x08\6\0\1", 18, -1},
    {113, "\0\0\0\1\0\6abcdef\0\0\x08", 15, -1},
    {276, "\x08\0\0\0\0\0\0\2\0\1\0\6abcdefgh\x45", 21, 20},
    {276, "\x81\0\0\0\0\0\0\2\0\1\0\6abcdefgh\0\7\x86\xdd\x60", 25, 24},
    {276, "\x08\6\0\0\0\0\0\2\0\1\0\6abcdefgh\x45", 21, -1},
    {276, "\x08\0\0\0\0\0\0\2\0\1\0\6abcdefg", 19, -1},
    {239, "\2\0\0\1\5\0\1\0x\0\0\0\6\0\x09\0\x45\0", 18, 16},
    {239, "\7\0\0\1\6\0\x09\0\x45\0", 10, -1},
    {239, "\2\0\0\1\3\0\1\0\6\0\x09\0\x45\0", 14, -1},
    {239, "\2\0\0\1\xff\0\1\0\6\0\x09\0\x45\0", 14, -1},
    {239, "\2\0\0\1", 4, -1},
    {127, "whatever", 8, -2},
};

START_TEST(test_capture__link_type__ip_from_the_right_offset_or_counted)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    int32_t head = links[_i].head;

    pcap_file(&f, 0xa1b2c3d4, links[_i].linktype, false);
    pcap_packet(&f, 0, links[_i].bytes, links[_i].len, true);
    store(&f, f.len);
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), head >= 0 ? 1 : 0);
    ck_assert_uint_eq(ps_capture_counts(c)->packets, 1);
    ck_assert_uint_eq(ps_capture_counts(c)->not_ip, head == -1);
    ck_assert_uint_eq(ps_capture_counts(c)->unknown_link, head == -2);
    ck_assert_uint_eq(ps_capture_counts(c)->unknown_type, head == -2 ? links[_i].linktype : 0);
    if (head >= 0) {
        ck_assert_uint_eq(p[0].link, PS_LINK_IP);
        ck_assert_uint_eq(ps_capture_head(c, 0), (uint32_t)head);
        ck_assert_uint_eq(p[0].len, links[_i].len - (uint32_t)head);
        ck_assert_uint_eq(p[0].wire_len, p[0].len + 60);
        ck_assert_mem_eq(p[0].data, links[_i].bytes + head, p[0].len);
    }
    ps_capture_close(c);
}
END_TEST

/* ---- where it comes from --------------------------------------------------------------------------------------- */

static void store_gzip(const struct file *f)
{
    gzFile out = gzopen(path, "wb");

    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(gzwrite(out, f->data, (unsigned)f->len), (int)f->len);
    gzclose(out);
}

START_TEST(test_capture__gzip__read_and_cut_is_damage)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;
    FILE *in;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    pcap_packet(&f, 0, "abcd", 4, false);
    store_gzip(&f);
    ck_assert(ps_capture_sniff(path));
    c = open_good();
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_mem_eq(p[0].data, "abcd", 4);
    ck_assert_uint_eq(ps_capture_burst(c, p), 0);
    ck_assert_ptr_null(ps_capture_damage(c, &offset));
    ps_capture_close(c);

    in = fopen(path, "rb+");
    fseek(in, 0, SEEK_END);
    ck_assert_int_eq(ftruncate(fileno(in), ftell(in) - 6), 0);
    fclose(in);
    c = open_good();
    while (ps_capture_burst(c, p) > 0)
        ;
    ck_assert_str_eq(ps_capture_damage(c, &offset), "the compressed data is damaged or cut");
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture__pipe__spooled_and_read)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    char err[256];
    int ends[2];

    pcap_file(&f, 0xa1b2c3d4, 1, true);
    pcap_packet(&f, 0, "abcd", 4, false);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], f.data, f.len), (ssize_t)f.len);
    close(ends[1]);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    c = ps_capture_open("-", err, sizeof err);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq(ps_capture_burst(c, p), 1);
    ck_assert_mem_eq(p[0].data, "abcd", 4);
    ps_capture_close(c);
}
END_TEST

START_TEST(test_capture_open__not_a_capture__a_sentence)
{
    struct file f = {0};
    char err[256] = "";

    put_bytes(&f, "hello, world, this is not a capture", 35);
    store(&f, f.len);
    open_bad("neither a pcap nor a pcapng file");
    ck_assert(!ps_capture_sniff(path));
    pcap_file(&f, 0xa1b2c3d4, 1, false);
    f.data[4] = 3;
    store(&f, f.len);
    open_bad("pcap version 3 is not known");
    ck_assert_ptr_null(ps_capture_open("/nonexistent/x", err, sizeof err));
    ck_assert_str_eq(err, "No such file or directory");
    ck_assert_ptr_null(ps_capture_open("/tmp", err, sizeof err));
    ck_assert_str_eq(err, "Is a directory");
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
    Suite *suite = suite_create("capture");
    TCase *tc = tcase_create("capture");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_capture__every_pcap_magic__packets_times_lengths, 0, COUNT(pcap_kinds));
    tcase_add_test(tc, test_capture__more_than_a_burst__bounded_by_count_and_octets);
    tcase_add_test(tc, test_capture__shorter_on_the_wire_than_captured__the_longer_counts);
    tcase_add_test(tc, test_capture__huge_file__little_memory);
    tcase_add_test(tc, test_capture__packet_longer_than_any__damage_with_its_offset);
    tcase_add_test(tc, test_capture__pcap_truncated_anywhere__whole_packets_then_damage);
    tcase_add_loop_test(tc, test_capture__link_type__ip_from_the_right_offset_or_counted, 0, COUNT(links));
    tcase_add_test(tc, test_capture__gzip__read_and_cut_is_damage);
    tcase_add_test(tc, test_capture__pipe__spooled_and_read);
    tcase_add_test(tc, test_capture_open__not_a_capture__a_sentence);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
