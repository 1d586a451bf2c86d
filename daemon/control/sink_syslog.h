/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sink_syslog.h - events in the system's log, over its socket.
 *
 * syslog(3) says nothing when nobody takes the message; here it is known, so that it can be counted and repeated.
 */
#pragma once

#include <stdbool.h>

#define PS_SINK_SYSLOG_PATH "/dev/log"

struct ps_sink_syslog {
    const char *path;
    int fd; /* -1: not connected */
};

/* One message of facility daemon (RFC 3164, 4.1, as local sockets take it). May wait for who reads the socket. False and errno:
 * it was not taken. */
bool ps_sink_syslog_write(struct ps_sink_syslog *log, const char *text, int urgency);

/* The next message connects anew. */
void ps_sink_syslog_close(struct ps_sink_syslog *log);
