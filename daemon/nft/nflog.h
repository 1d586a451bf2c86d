/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nflog.h - a socket to one group of the kernel's packet log. Needs CAP_NET_ADMIN to be opened.
 *
 * The kernel sends each message at once and never waits for us: what the socket has no room for is lost, and numbers tell how
 * many that were.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PS_NFLOG_ROOM 16384u          /* octets of one datagram */
#define PS_NFLOG_MEMORY (2 * 1048576) /* octets that wait in the kernel, its own bookkeeping included */

struct ps_nflog_socket;

/* NULL and a sentence in err. */
struct ps_nflog_socket *ps_nflog_open(uint16_t group, char *err, size_t err_size);
void ps_nflog_close(struct ps_nflog_socket *socket); /* NULL is fine */

/* For poll(2): POLLIN. */
int ps_nflog_fd(const struct ps_nflog_socket *socket);

enum ps_nflog_heard {
    PS_NFLOG_HEARD_NOTHING = 0, /* nothing waits */
    PS_NFLOG_HEARD,
    PS_NFLOG_HEARD_LOSS,   /* something was lost; ask again */
    PS_NFLOG_HEARD_ANOTHER, /* it did not come from the kernel, or is longer than the room; ask again */
};

/* The next datagram, for ps_nflog_next(). Never waits. room is aligned to 8. */
enum ps_nflog_heard ps_nflog_hear(struct ps_nflog_socket *socket, uint8_t room[PS_NFLOG_ROOM], size_t *len);
