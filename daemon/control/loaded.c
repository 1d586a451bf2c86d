/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loaded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

bool ps_loaded_open(struct ps_loaded *loaded, int fd, struct ps_error *err)
{
    struct stat st;
    void *data;
    const char *wrong;

    memset(loaded, 0, sizeof *loaded);
    loaded->fd = fd;
    if ((fcntl(fd, F_GET_SEALS) != SEALS && fcntl(fd, F_ADD_SEALS, SEALS) != 0) || fstat(fd, &st) != 0) {
        ps_error_errno(err, "cannot seal the image");
    } else if (st.st_size == 0 || (uint64_t)st.st_size > PS_LOADED_MAX) {
        ps_error_say(err, "an image of %lld octets is none", (long long)st.st_size);
    } else if ((data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED) {
        ps_error_errno(err, "cannot map the image");
    } else if ((wrong = ps_image_open(data, (uint64_t)st.st_size, &loaded->image)) != NULL) {
        ps_error_say(err, "the image does not pass its check: %s", wrong);
        munmap(data, (size_t)st.st_size);
    } else {
        for (unsigned i = 0; i < 32; i++)
            snprintf(loaded->digest + 2 * i, 3, "%02x", ps_image_digest(&loaded->image)[i]);
        return true;
    }
    close(fd);
    memset(loaded, 0, sizeof *loaded);
    loaded->fd = -1;
    return false;
}

void ps_loaded_fini(struct ps_loaded *loaded)
{
    if (loaded->fd < 0)
        return;
    munmap((void *)(uintptr_t)loaded->image.data, (size_t)loaded->image.len);
    close(loaded->fd);
    loaded->fd = -1;
}
