/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard.h - an nftables table of penstockd's own in front of the netdevs that are its ports: the kernel takes nothing in by
 * them and sends nothing out. Packet and AF_XDP sockets see frames before that, and so penstockd does.
 *
 *     table netdev penstock-guard-INSTANCE
 *       chain in-NETDEV   ingress, policy drop: the kernel sees nothing. With open conduits: while penstockd lives, all is
 *                         dropped (set alive); else chain open forwards what they grant
 *       chain out-NETDEV  egress, policy drop: what penstockd's own sockets send, by mark and user; forwarded frames
 *
 * The table outlives the daemon. Set alive holds the indices of the netdevs, each for PS_GUARD_ALIVE_MS: ps_guard_refresh()
 * puts them in again. So when penstockd has been silent that long, by whatever end, the kernel forwards what the open
 * conduits grant, by itself; with none of them nothing changes.
 *
 * guard_none.c stands in where libnftnl is not there: opening fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard_plan.h"

#define PS_GUARD_ALIVE_MS 5000u
#define PS_GUARD_SEEN_MS 60000u  /* that an answer without a connection (UDP, echo) may take while the kernel forwards */
#define PS_GUARD_NAME_MAX 64u

struct ps_guard;

struct ps_guard_netdev {
    const char *name; /* NULL: the kernel does not see this port */
    int index;
};

struct ps_guard_config {
    const char *instance;
    const struct ps_guard_netdev *netdevs; /* of each port */
    uint32_t n_netdevs;                    /* at most PS_GUARD_PORTS_MAX */
    uint32_t mark;                         /* of frames that penstockd sends */
    uint32_t forwarded;                    /* mark of frames that the kernel forwards */
    uint32_t uid;                          /* who has opened the sockets by which it does */
};

/* Was it built with the libraries that it takes? */
extern const bool ps_guard_is_built;

/* "penstock-guard-INSTANCE" */
void ps_guard_name(const char *instance, char name[PS_GUARD_NAME_MAX]);

/* A socket to the kernel; nothing is changed. NULL and a sentence with the remedy in err. */
struct ps_guard *ps_guard_open(const struct ps_guard_config *config, char *err, size_t err_size);
void ps_guard_close(struct ps_guard *guard); /* the table stays; NULL is fine */

/* Was there a table of that name before? */
bool ps_guard_was_there(const struct ps_guard *guard);

/* The table, in one transaction, in place of the one that is there. plan NULL: every conduit is closed. false and a
 * sentence in err: what is there stays, and ps_guard_repair() tries the same again. */
bool ps_guard_set(struct ps_guard *guard, const struct ps_guard_plan *plan, char *err, size_t err_size);
/* What was set last, once more. */
bool ps_guard_repair(struct ps_guard *guard, char *err, size_t err_size);

/* Penstockd lives: open conduits are its for another PS_GUARD_ALIVE_MS. */
bool ps_guard_refresh(struct ps_guard *guard, char *err, size_t err_size);
/* It does no longer, as of now. */
bool ps_guard_release(struct ps_guard *guard, char *err, size_t err_size);

enum ps_guard_state {
    PS_GUARD_CHANGED = 0, /* the table is not what was put there, or gone */
    PS_GUARD_SAME,
};
/* Looks into the kernel; cheap while nobody changes anything of nftables. */
enum ps_guard_state ps_guard_look(struct ps_guard *guard);

/* The table goes. false and a sentence in err. */
bool ps_guard_remove(const char *instance, char *err, size_t err_size);
