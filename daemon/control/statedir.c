/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool ps_statedir_open(struct ps_statedir *dir, const char *path, struct ps_error *err)
{
    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        dir->dir_fd = -1;
        return ps_error_errno_of(err, "cannot make the state folder", path);
    }
    dir->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir->dir_fd >= 0 || ps_error_errno_of(err, "cannot open the state folder", path);
}

void ps_statedir_close(struct ps_statedir *dir)
{
    if (dir->dir_fd >= 0)
        close(dir->dir_fd);
    dir->dir_fd = -1;
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

bool ps_statedir_put(const struct ps_statedir *dir, const char *name, const void *data, size_t len,
                     struct ps_error *err)
{
    char beside[64];
    int fd;
    bool good;

    if (dir->dir_fd < 0)
        return true;
    snprintf(beside, sizeof beside, "%s.new", name);
    fd = openat(dir->dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return ps_error_errno_of(err, "cannot write", name);
    good = write_all(fd, data, len) && fsync(fd) == 0;
    if (!good)
        ps_error_errno_of(err, "cannot write", name);
    close(fd);
    if (good && renameat(dir->dir_fd, beside, dir->dir_fd, name) != 0)
        good = ps_error_errno_of(err, "cannot replace", name);
    if (good)
        fsync(dir->dir_fd);
    else
        unlinkat(dir->dir_fd, beside, 0);
    return good;
}

/* An open file and its length; -1 as in the header. */
static int open_file(const struct ps_statedir *dir, const char *name, size_t max, size_t *len,
                         struct ps_error *err)
{
    struct stat st;
    int fd;

    err->text[0] = '\0';
    if (dir->dir_fd < 0)
        return -1;
    fd = openat(dir->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        if (errno != ENOENT)
            ps_error_errno_of(err, "cannot read", name);
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max) {
        *len = (size_t)st.st_size;
        return fd;
    }
    ps_error_say(err, "cannot read %s: it is no file of penstock's", name);
    close(fd);
    return -1;
}

static bool read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

uint8_t *ps_statedir_get(const struct ps_statedir *dir, const char *name, size_t max, size_t *len,
                         struct ps_error *err)
{
    int fd = open_file(dir, name, max, len, err);
    uint8_t *data;

    if (fd < 0)
        return NULL;
    data = malloc(*len + 1);
    if (data == NULL || !read_all(fd, data, *len)) {
        ps_error_errno_of(err, "cannot read", name);
        free(data);
        data = NULL;
    } else {
        data[*len] = '\0';
    }
    close(fd);
    return data;
}

int ps_statedir_get_fd(const struct ps_statedir *dir, const char *name, size_t max, struct ps_error *err)
{
    size_t len = 0;
    uint8_t *data = ps_statedir_get(dir, name, max, &len, err);
    int fd;

    if (data == NULL)
        return -1;
    fd = memfd_create("penstock-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && !write_all(fd, data, len)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        ps_error_errno_of(err, "cannot keep in memory", name);
    free(data);
    return fd;
}

bool ps_statedir_remove(const struct ps_statedir *dir, const char *name)
{
    return dir->dir_fd < 0 || unlinkat(dir->dir_fd, name, 0) == 0 || errno == ENOENT;
}
