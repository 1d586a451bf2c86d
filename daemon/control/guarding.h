/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guarding.h - keeps the kernel's own hands off the ports (nft/guard.h): from before they are opened, with the open conduits
 * of the policy in force, over the end of the daemon. Looks once a second whether the table is still what was put there.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "error.h"
#include "guard.h"
#include "port.h"

struct ps_daemon;
struct ps_policy;

struct ps_guarding {
    struct ps_guard *guard; /* NULL: none */
    const char *why_none;   /* then, in words */
    int lock;               /* of the instance, -1: none */
    int indices[PS_IO_PORTS_MAX]; /* of netdevs; 0: the kernel does not see the port */
    const char *names[PS_IO_PORTS_MAX];
    json_t *open, *closed;  /* names of conduits that open when nobody judges; of those that should and cannot */
    bool in_force;          /* the table is what the policy wants */
    struct ps_error err;    /* while it is not: why */
    uint64_t n_repairs;
};

/* Ports are ours and not opened yet: the table, with everything closed. false and a finding. */
bool ps_guarding_begin(struct ps_daemon *daemon, const struct ps_io_netdev *netdevs, struct ps_diags *diags);

/* Or none, since the kernel is to forward (nfqueue), which the one that an earlier run has left behind would not let it. */
void ps_guarding_none(struct ps_daemon *daemon);

/* The policy, or what is closed by hand, is this from here on. */
void ps_guarding_policy(struct ps_daemon *daemon, const struct ps_policy *policy);

/* Once a second. alive: every worker moves. */
void ps_guarding_second(struct ps_daemon *daemon, bool alive);

/* Workers have ended: open conduits are the kernel's. True: there are some, and netdevs have to stay as they are. */
bool ps_guarding_end(struct ps_daemon *daemon);
/* The daemon did not come to live: a table that was not there before goes again. */
void ps_guarding_undo(struct ps_guarding *guarding, const struct ps_config *config);
void ps_guarding_fini(struct ps_guarding *guarding); /* the table stays */

/* penstockd --remove-guard */
bool ps_guarding_remove(const struct ps_config *config, struct ps_error *err);

/* For status. */
json_t *ps_guarding_json(const struct ps_guarding *guarding);
