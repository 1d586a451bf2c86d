/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#define MANY 5000u /* more than any queue has room for */

static char name[64];

/* A manager at that name, which hears when it is asked to; '@': in no folder. */
static int manager(char first)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t len = (size_t)snprintf(name, sizeof name, "%ctmp/penstock-notify.%d", first, (int)getpid());

    memcpy(address.sun_path, name, len);
    if (first == '@')
        address.sun_path[0] = '\0';
    else
        unlink(name);
    ck_assert_int_eq(bind(fd, (const void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static const char *hear(int fd)
{
    static char text[64];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

START_TEST(test_ps_notify_now__somebody_listens__hears_it)
{
    for (unsigned i = 0; i < 2; i++) {
        int fd = manager("/@"[i]);

        ps_notify_now("WATCHDOG=1");
        ck_assert_str_eq(hear(fd), "WATCHDOG=1");
        ps_notify("READY=1");
        ck_assert_str_eq(hear(fd), "READY=1");
        ck_assert_str_eq(hear(fd), "");
        close(fd);
        unlink(name);
    }
}
END_TEST

START_TEST(test_ps_notify_now__nobody_reads__does_not_wait)
{
    unsigned n_heard = 0;
    int fd = manager('/');

    alarm(60); /* if it does */
    for (unsigned i = 0; i < MANY; i++)
        ps_notify_now("WATCHDOG=1");
    alarm(0);
    while (strcmp(hear(fd), "WATCHDOG=1") == 0)
        n_heard++;
    ck_assert_uint_gt(n_heard, 0);
    ck_assert_uint_lt(n_heard, MANY);
    ps_notify_now("STOPPING=1");
    ck_assert_str_eq(hear(fd), "STOPPING=1");
    close(fd);
    unlink(name);
}
END_TEST

START_TEST(test_ps_notify_now__no_manager__nothing)
{
    static char far[256];

    unsetenv("NOTIFY_SOCKET");
    ps_notify_now("WATCHDOG=1");
    setenv("NOTIFY_SOCKET", "/tmp/penstock-nobody-listens-here", 1);
    ps_notify_now("WATCHDOG=1");
    memset(far, '/', sizeof far - 1);
    setenv("NOTIFY_SOCKET", far, 1);
    ps_notify_now("WATCHDOG=1");
    setenv("NOTIFY_SOCKET", "", 1);
    ps_notify_now("WATCHDOG=1");
}
END_TEST

UNIT_MAIN("control/notify", test_ps_notify_now__somebody_listens__hears_it, test_ps_notify_now__nobody_reads__does_not_wait,
          test_ps_notify_now__no_manager__nothing)
