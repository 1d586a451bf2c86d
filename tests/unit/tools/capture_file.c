/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char path[64];

void setup(void)
{
    int fd;

    snprintf(path, sizeof path, "/tmp/penstock-capture-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

void teardown(void)
{
    unlink(path);
}

void put(struct file *f, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        f->data[f->len + (f->big ? n - 1 - i : i)] = (uint8_t)(v >> 8 * i);
    f->len += n;
}

void put_bytes(struct file *f, const void *bytes, size_t len)
{
    memcpy(f->data + f->len, bytes, len);
    f->len += len;
}

void end(struct file *f)
{
    f->ends[f->n_ends] = f->len;
    f->at_end[f->n_ends++] = f->n_packets;
}

void store(const struct file *f, size_t len)
{
    FILE *out = fopen(path, "wb");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(f->data, 1, len, out), len);
    fclose(out);
}

struct ps_capture *open_good(void)
{
    char err[256] = "";
    struct ps_capture *c = ps_capture_open(path, err, sizeof err);

    ck_assert_msg(c != NULL, "%s", err);
    return c;
}

void open_bad(const char *part)
{
    char err[256] = "";

    ck_assert_ptr_null(ps_capture_open(path, err, sizeof err));
    ck_assert_msg(strstr(err, part) != NULL, "%s", err);
}

void pcap_file(struct file *f, uint32_t magic, uint32_t linktype, bool big)
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

void pcap_packet(struct file *f, uint32_t part, const void *bytes, uint32_t len, bool cut)
{
    static const uint8_t none[8];

    put(f, 1700000000 + f->n_packets, 4);
    put(f, part, 4);
    put(f, len, 4);
    put(f, len + (cut ? 60 : 0), 4);
    if (f->data[0] == 0x34 || f->data[3] == 0x34)
        put_bytes(f, none, 8); /* Kuznetzov's records */
    put_bytes(f, bytes, len);
    f->n_packets++;
    end(f);
}

void every_truncation(const struct file *f)
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
