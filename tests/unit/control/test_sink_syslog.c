/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink_syslog.h"
#include "unit.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int listen_there(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (const void *)&address, sizeof address), 0);
    return fd;
}

START_TEST(test_ps_sink_syslog_write__nobody_then_somebody_then_another__known_and_connected_anew)
{
    struct ps_sink_syslog log = {.path = address.sun_path, .fd = -1};
    char text[256] = "", me[32];
    int fd;

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/penstock-log.%d", (int)getpid());
    unlink(address.sun_path);
    ck_assert(!ps_sink_syslog_write(&log, "{}", 4));
    ck_assert_int_eq(errno, ENOENT);
    fd = listen_there();
    ck_assert(ps_sink_syslog_write(&log, "{\"kind\":\"deny\"}", 4));
    ck_assert_int_gt(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), 0);
    ck_assert_int_eq(strncmp(text, "<28>", 4), 0); /* daemon.warning */
    snprintf(me, sizeof me, " penstockd[%d]: ", (int)getpid());
    ck_assert_ptr_nonnull(strstr(text, me));
    ck_assert_str_eq(strchr(text, '{'), "{\"kind\":\"deny\"}");
    close(fd);
    unlink(address.sun_path);
    ck_assert(!ps_sink_syslog_write(&log, "{}", 4));
    fd = listen_there();
    ck_assert(ps_sink_syslog_write(&log, "{}", 4));
    close(fd);
    unlink(address.sun_path);
    ps_sink_syslog_close(&log);
}
END_TEST

UNIT_MAIN("control/sink_syslog",
          test_ps_sink_syslog_write__nobody_then_somebody_then_another__known_and_connected_anew)
