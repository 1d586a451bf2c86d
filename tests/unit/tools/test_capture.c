/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* A file under construction. */
struct file {
    uint8_t data[8192];
    size_t len;
    bool big;
    size_t ends[64]; /* where a whole record ends */
    size_t n_ends;
    uint32_t at_end[64]; /* packets up to there */
    uint32_t n_packets;
};

static char path[64];

static void setup(void)
{
    int fd;

    snprintf(path, sizeof path, "/tmp/penstock-capture-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    unlink(path);
}

static void put(struct file *f, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        f->data[f->len + (f->big ? n - 1 - i : i)] = (uint8_t)(v >> 8 * i);
    f->len += n;
}

static void put_bytes(struct file *f, const void *bytes, size_t len)
{
    memcpy(f->data + f->len, bytes, len);
    f->len += len;
}

static void end(struct file *f)
{
    f->ends[f->n_ends] = f->len;
    f->at_end[f->n_ends++] = f->n_packets;
}

static void store(const struct file *f, size_t len)
{
    FILE *out = fopen(path, "wb");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(f->data, 1, len, out), len);
    fclose(out);
}

static struct ps_capture *open_good(void)
{
    char err[256] = "";
    struct ps_capture *c = ps_capture_open(path, err, sizeof err);

    ck_assert_msg(c != NULL, "%s", err);
    return c;
}

static void open_bad(const char *part)
{
    char err[256] = "";

    ck_assert_ptr_null(ps_capture_open(path, err, sizeof err));
    ck_assert_msg(strstr(err, part) != NULL, "%s", err);
}

/* ---- pcap ------------------------------------------------------------------------------------------------------ */

static void pcap_file(struct file *f, uint32_t magic, uint32_t linktype, bool big)
{
    memset(f, 0, sizeof *f);
    f->big = big;
    put(f, magic, 4);
    put(f, 2, 2);
    put(f, 4, 2);
    put(f, 0, 8);
    put(f, 65535, 4);
    put(f, linktype, 4);
    end(f);
}

static void pcap_packet(struct file *f, uint32_t s, uint32_t part, const void *bytes, uint32_t len, uint32_t extra)
{
    static const uint8_t none[8];

    put(f, s, 4);
    put(f, part, 4);
    put(f, len, 4);
    put(f, len + extra, 4);
    if (f->data[0] == 0x34 || f->data[3] == 0x34)
        put_bytes(f, none, 8); /* Kuznetzov's records */
    put_bytes(f, bytes, len);
    f->n_packets++;
    end(f);
}

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
    pcap_packet(&f, 1700000000, 123456, "abcdef", 6, 0);
    pcap_packet(&f, 1700000001, 7, "xyz", 3, 60);
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
        pcap_packet(&f, i, 0, "abcd", 4, 0);
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

START_TEST(test_capture__packet_longer_than_any__damage_with_its_offset)
{
    struct file f;
    struct ps_packet p[PS_BURST_MAX];
    struct ps_capture *c;
    uint64_t offset;

    pcap_file(&f, 0xa1b2c3d4, 1, false);
    pcap_packet(&f, 1, 0, "abcd", 4, 0);
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

/* ---- pcapng ---------------------------------------------------------------------------------------------------- */

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

/* ---- every truncation ------------------------------------------------------------------------------------------ */

static void every_truncation(const struct file *f)
{
    size_t e = 0;

    for (size_t len = f->ends[0]; len <= f->len; len++) {
        struct ps_packet p[PS_BURST_MAX];
        struct ps_capture *c;
        uint64_t offset;
        uint32_t n = 0, got;

        while (e + 1 < f->n_ends && f->ends[e + 1] <= len)
            e++;
        store(f, len);
        c = open_good();
        while ((got = ps_capture_burst(c, p)) > 0)
            n += got;
        ck_assert_uint_eq(n, f->at_end[e]);
        ck_assert_msg((ps_capture_damage(c, &offset) == NULL) == (len == f->ends[e]), "cut at %zu", len);
        if (len != f->ends[e])
            ck_assert_uint_eq(offset, f->ends[e]);
        ps_capture_close(c);
    }
    for (size_t len = 0; len < f->ends[0]; len++) {
        store(f, len);
        open_bad(len == 0 ? "empty" : len < 4 ? "neither a pcap nor a pcapng" : "the file ends inside");
    }
}

START_TEST(test_capture__truncated_anywhere__whole_packets_then_damage)
{
    struct file f;

    for (unsigned i = 0; i < sizeof pcap_kinds / sizeof pcap_kinds[0]; i++) {
        pcap_file(&f, pcap_kinds[i].magic, 1, pcap_kinds[i].big);
        pcap_packet(&f, 1, 1, "abcdef", 6, 0);
        pcap_packet(&f, 1, 1, "x", 1, 0);
        pcap_packet(&f, 1, 1, "", 0, 0);
        every_truncation(&f);
    }
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
    pcap_packet(&f, 1, 0, links[_i].bytes, links[_i].len, 100);
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
        ck_assert_uint_eq(p[0].wire_len, p[0].len + 100);
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
    pcap_packet(&f, 1, 0, "abcd", 4, 0);
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
    pcap_packet(&f, 1, 0, "abcd", 4, 0);
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
    open_bad("is neither a pcap nor a pcapng file");
    ck_assert(!ps_capture_sniff(path));
    pcap_file(&f, 0xa1b2c3d4, 1, false);
    f.data[4] = 3;
    store(&f, f.len);
    open_bad("pcap version 3 is not known");
    memset(&f, 0, sizeof f);
    ng_section(&f, false);
    f.data[12] = 2;
    store(&f, f.len);
    open_bad("pcapng version 2 is not known");
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
    tcase_add_test(tc, test_capture__packet_longer_than_any__damage_with_its_offset);
    tcase_add_loop_test(tc, test_capture__pcapng_blocks__every_kind_of_packet, 0, 2);
    tcase_add_loop_test(tc, test_capture__pcapng_time_units__nanoseconds, 0, COUNT(times));
    tcase_add_test(tc, test_capture__sections_and_interfaces__each_with_its_own_link_and_order);
    tcase_add_test(tc, test_capture__pcapng_damage__located_and_what_stands_before_is_kept);
    tcase_add_test(tc, test_capture__truncated_anywhere__whole_packets_then_damage);
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
