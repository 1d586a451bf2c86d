/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * remote.h - asking a running penstockd over its control socket (docs/control.md).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#define PS_REMOTE_SOCKET "/run/penstock/control.sock"

/* --socket of every subcommand that asks. */
#define PS_REMOTE_OPTION {"socket", 0, "PATH", "control socket; else $PENSTOCK_SOCKET, else " PS_REMOTE_SOCKET}

struct ps_remote; /* a connection */

/* Connects. path: of --socket, NULL: not given. NULL after a complaint on stderr that says what to do. */
struct ps_remote *ps_remote_open(const char *path);
void ps_remote_close(struct ps_remote *remote); /* NULL is fine */

/* Seconds to wait for a reply, above what its request takes (a trace, a reload); 30 without. */
void ps_remote_set_patience(struct ps_remote *remote, unsigned seconds);

/* Sends a request (which becomes the connection's; "version" is put in) and waits for the reply. The caller's, also when
 * it says no: see ps_remote_ok(). NULL after a complaint: the connection broke, or nothing came in time. fd: NULL, or where a descriptor that came
 * along goes, -1: none came. */
json_t *ps_remote_ask(struct ps_remote *remote, json_t *request, int *fd);

/* Does the reply say yes? Else its error goes to stderr, findings too. */
bool ps_remote_ok(const json_t *reply);

/* The next line that the daemon says by itself, after a request that follows. NULL: it hung up, or *stop was set while it
 * was waited for. */
json_t *ps_remote_next(struct ps_remote *remote, const volatile int *stop);

/* Connects, asks and closes: the reply, whatever it says. NULL after a complaint. */
json_t *ps_remote_once(const char *path, json_t *request);
