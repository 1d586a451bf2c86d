/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64 /* so many may ask who has it: nobody takes their connections in */

static socklen_t address(const char *name, struct sockaddr_un *addr)
{
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(addr->sun_path + 1, sizeof addr->sun_path - 1, "penstock-%s", name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* It listens, so that the kernel tells whoever asks which process that is. */
int ps_lock_take(const char *name)
{
    struct sockaddr_un addr;
    socklen_t len = address(name, &addr);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&addr, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

pid_t ps_lock_owner(const char *name)
{
    struct sockaddr_un addr;
    struct ucred peer = {0};
    socklen_t len = address(name, &addr), peer_len = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return 0;
    bool known = connect(fd, (struct sockaddr *)&addr, len) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0;
    close(fd);
    return known ? peer.pid : 0;
}

const char *ps_lock_owner_text(const char *name, char text[32])
{
    pid_t owner = ps_lock_owner(name);
    text[0] = '\0';
    if (owner > 0)
        snprintf(text, 32, ", process %d", (int)owner);
    return text;
}
