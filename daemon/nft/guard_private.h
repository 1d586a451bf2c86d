/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_private.h - what the files of the guard share.
 */
#pragma once

#include "guard.h"
#include "table.h"

#define PS_GUARD_ALIVE "alive"

/* What the kernel should say of the table when asked. */
struct ps_guard_seen {
    uint64_t digest;
    uint32_t n_rules, n_chains, n_sets;
};

struct ps_guard {
    struct ps_nft *nft;
    struct ps_guard_config config;
    struct ps_guard_netdev netdevs[PS_GUARD_PORTS_MAX];
    char name[PS_GUARD_NAME_MAX];
    struct ps_batch table;    /* as it was sent last */
    struct ps_batch alive;    /* one heartbeat */
    bool was_there;           /* when it was opened */
    bool has_table, has_open; /* it was sent; some conduit is open */
    struct ps_guard_seen seen;
    uint32_t generation;      /* at which it was last looked at */
};

/* guard_table.c: the table as messages. */
void ps_guard_build(struct ps_guard *guard, const struct ps_guard_plan *plan, struct ps_batch *batch);
/* Set alive, filled; or empty. */
void ps_guard_build_alive(const struct ps_guard *guard, bool is_alive, struct ps_batch *batch);

/* guard_open.c: chain open, by which the kernel forwards what a plan grants, and its sets. */
void ps_guard_build_open(struct ps_table *table, const struct ps_guard *guard, const struct ps_guard_plan *plan);

/* guard_look.c: what the kernel has. 0, or errno. */
int ps_guard_read(struct ps_guard *guard, struct ps_guard_seen *seen);
