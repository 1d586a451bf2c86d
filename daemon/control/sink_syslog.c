/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink_syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static bool dial(struct ps_sink_syslog *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int why;

    if (log->fd >= 0)
        return true;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", log->path);
    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (log->fd < 0)
        return false;
    if (connect(log->fd, (const void *)&address, sizeof address) == 0)
        return true;
    why = errno;
    ps_sink_syslog_close(log);
    errno = why;
    return false;
}

bool ps_sink_syslog_write(struct ps_sink_syslog *log, const char *text, int urgency)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm tm;
    char *message = NULL;
    ssize_t sent;
    int len, why;

    localtime_r(&now, &tm);
    len = asprintf(&message, "<%d>%s %2d %02d:%02d:%02d penstockd[%d]: %s", LOG_DAEMON | urgency, months[tm.tm_mon],
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)getpid(), text);
    if (len < 0) {
        errno = ENOMEM;
        return false;
    }
    sent = dial(log) ? send(log->fd, message, (size_t)len, MSG_NOSIGNAL) : -1;
    why = errno;
    free(message);
    if (sent < 0) /* who listened there may have been started anew */
        ps_sink_syslog_close(log);
    errno = why;
    return sent == len;
}

void ps_sink_syslog_close(struct ps_sink_syslog *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}
