/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_private.h"

/* Pages this far behind the reader are dropped, and as many read ahead. */
#define WINDOW (UINT64_C(4) << 20)

void capture_damaged(struct ps_capture *c, uint64_t offset, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->text, sizeof c->text, format, args);
    va_end(args);
    c->damage = c->text;
    c->damage_at = offset;
}

static void read_ahead(const struct ps_capture *c, uint64_t from)
{
    uint64_t len = c->len - from < 2 * WINDOW ? c->len - from : 2 * WINDOW;

    /* Hints only: a kernel that lacks them costs time, not correctness. */
    if (len > 0)
        madvise((void *)(uintptr_t)(c->map + from), len, MADV_WILLNEED);
#ifdef MADV_POPULATE_READ
    if (len > 0)
        madvise((void *)(uintptr_t)(c->map + from), len, MADV_POPULATE_READ);
#endif
}

/* Keeps what is resident to a few windows. */
static void move_window(struct ps_capture *c)
{
    uint64_t start = c->pos / WINDOW * WINDOW;

    madvise((void *)(uintptr_t)(c->map + c->window), start - c->window, MADV_DONTNEED);
    c->window = start;
    read_ahead(c, start);
}

static bool map_file(struct ps_capture *c, int fd, char *err, size_t err_size)
{
    struct stat st;
    void *map;

    if (fstat(fd, &st) != 0) {
        snprintf(err, err_size, "%s", strerror(errno));
        return false;
    }
    if (st.st_size == 0) {
        snprintf(err, err_size, "an empty file; a capture has at least a file header");
        return false;
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        snprintf(err, err_size, "%s", strerror(errno));
        return false;
    }
    c->map = map;
    c->len = (uint64_t)st.st_size;
    madvise(map, c->len, MADV_SEQUENTIAL);
    read_ahead(c, 0);
    return true;
}

static bool read_header(struct ps_capture *c, char *err, size_t err_size)
{
    c->ng = capture_is_ng(c->map, c->len);
    if (!c->ng && !capture_is_pcap(c->map, c->len)) {
        snprintf(err, err_size, "neither a pcap nor a pcapng file");
        return false;
    }
    if (c->ng ? !capture_ng_header(c) : !capture_pcap_header(c)) {
        snprintf(err, err_size, "octet %llu: %s", (unsigned long long)c->damage_at, c->damage);
        return false;
    }
    return true;
}

struct ps_capture *ps_capture_open(const char *path, char *err, size_t err_size)
{
    const char *damage = NULL;
    int fd = capture_spool(path, err, err_size, &damage);
    struct ps_capture *c;
    bool good;

    if (fd < 0)
        return NULL;
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        snprintf(err, err_size, "%s", strerror(ENOMEM));
        close(fd);
        return NULL;
    }
    c->spool_damage = c->late_damage = damage;
    good = map_file(c, fd, err, err_size) && read_header(c, err, err_size);
    close(fd);
    if (!good) {
        ps_capture_close(c);
        return NULL;
    }
    return c;
}

void ps_capture_close(struct ps_capture *c)
{
    if (c == NULL)
        return;
    if (c->map != NULL)
        munmap((void *)(uintptr_t)c->map, c->len);
    free(c->interfaces);
    free(c);
}

uint32_t ps_capture_burst(struct ps_capture *c, struct ps_packet packets[PS_BURST_MAX])
{
    if (c->pos - c->window >= 2 * WINDOW)
        move_window(c);
    c->n = 0;
    c->bytes = 0;
    if (c->damage == NULL && capture_left(c) > 0) {
        if (c->ng)
            capture_ng_burst(c, packets);
        else
            capture_pcap_burst(c, packets);
    }
    if (c->n == 0 && c->late_damage != NULL) {
        /* The file ends where decompression stopped: that is the cause, whatever the cut looks like from inside. */
        capture_damaged(c, c->len, "%s", c->late_damage);
        c->late_damage = NULL;
    }
    return c->n;
}

void ps_capture_rewind(struct ps_capture *c)
{
    c->pos = c->window = 0;
    c->n = c->n_interfaces = 0;
    c->counts = (struct ps_capture_counts){0};
    c->damage = NULL;
    c->damage_at = 0;
    c->late_damage = c->spool_damage;
    if (c->ng)
        capture_ng_header(c);
    else
        capture_pcap_header(c);
}

uint32_t ps_capture_linktype(const struct ps_capture *c)
{
    return c->linktype;
}

uint32_t ps_capture_head(const struct ps_capture *c, uint32_t i)
{
    return c->head[i];
}

const struct ps_capture_counts *ps_capture_counts(const struct ps_capture *c)
{
    return &c->counts;
}

const char *ps_capture_damage(const struct ps_capture *c, uint64_t *offset)
{
    *offset = c->damage_at;
    return c->damage;
}

uint64_t ps_capture_size(const struct ps_capture *c)
{
    return c->len;
}

uint64_t ps_capture_position(const struct ps_capture *c)
{
    return c->pos;
}
