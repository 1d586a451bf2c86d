/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_spool.c - pipes and gzip: into an unlinked temporary file, so that the reader can map it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture_private.h"

#define CHUNK 65536

static int temporary(char *err, size_t err_size)
{
    const char *directory = getenv("TMPDIR");
    char name[512];
    int fd;

    if (directory == NULL || directory[0] == '\0')
        directory = "/tmp";
    snprintf(name, sizeof name, "%s/penstock-XXXXXX", directory);
    fd = mkstemp(name);
    if (fd < 0)
        snprintf(err, err_size, "no temporary file in %s: %s", directory, strerror(errno));
    else
        unlink(name);
    return fd;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Everything that fd still gives, or -1. A signal ends it: somebody is tired of waiting, and what came is judged. */
static int spool_plain(int fd, char *err, size_t err_size)
{
    uint8_t chunk[CHUNK];
    int out = temporary(err, err_size);

    while (out >= 0) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n == 0 || (n < 0 && errno == EINTR))
            break;
        if (n < 0 || !write_all(out, chunk, (size_t)n)) {
            snprintf(err, err_size, "%s", strerror(errno));
            close(out);
            return -1;
        }
    }
    return out;
}

static int spool_gzip(int fd, char *err, size_t err_size, const char **damage)
{
    uint8_t chunk[CHUNK];
    int out = temporary(err, err_size);
    int own = dup(fd);
    gzFile in = own < 0 ? NULL : gzdopen(own, "rb");
    int n = 0;

    if (in == NULL && own >= 0)
        close(own);
    while (out >= 0 && in != NULL && (n = gzread(in, chunk, sizeof chunk)) > 0) {
        if (write_all(out, chunk, (size_t)n))
            continue;
        snprintf(err, err_size, "%s", strerror(errno));
        close(out);
        out = -1;
    }
    if (in == NULL && out >= 0) {
        snprintf(err, err_size, "%s", strerror(ENOMEM));
        close(out);
        out = -1;
    }
    /* zlib reports a file that ends inside its last block only when it is closed */
    if (in != NULL && (gzclose_r(in) != Z_OK || n < 0))
        *damage = "the compressed data is damaged or cut";
    return out;
}

static bool is_gzip(int fd)
{
    uint8_t magic[2];

    return pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic && magic[0] == 0x1f && magic[1] == 0x8b;
}

int capture_spool(const char *path, char *err, size_t err_size, const char **damage)
{
    struct stat st;
    bool standard_input = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0;
    int fd = standard_input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    int plain;

    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(err, err_size, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        snprintf(err, err_size, "%s", strerror(EISDIR));
        close(fd);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        plain = spool_plain(fd, err, err_size);
        close(fd);
        fd = plain;
    }
    if (fd >= 0 && is_gzip(fd)) {
        lseek(fd, 0, SEEK_SET);
        plain = spool_gzip(fd, err, err_size, damage);
        close(fd);
        fd = plain;
    }
    return fd;
}

bool ps_capture_sniff(const char *path)
{
    uint8_t start[4];
    gzFile in = gzopen(path, "rb"); /* reads what is not compressed as it is */
    int n;

    if (in == NULL)
        return false;
    n = gzread(in, start, sizeof start);
    gzclose_r(in);
    return n == (int)sizeof start && (capture_is_pcap(start, sizeof start) || capture_is_ng(start, sizeof start));
}
