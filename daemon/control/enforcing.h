/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * enforcing.h - the policy in force as the kernel's own rules (io = "nft"): compiled (nft.h), pushed in one transaction and
 * read back (push.h), looked after, and counted.
 *
 *     start    what an earlier run has left in the kernel goes on; where there is nothing, nothing passes
 *     policy   the rules in place of those before, or the policy is not published
 *     live     changes by others are found, told and put back; what rules counted goes into the policy's slot (policies.h);
 *              set alive is refreshed, where conduits are to close without the daemon
 *     end      the rules stay
 *
 * The rules log refusals to nflog group PS_NFT_LOG_GROUP: hearing.h.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "engine.h"
#include "error.h"
#include "nft.h"

struct ps_daemon;
struct ps_policy;
struct ps_push;
struct ps_push_count;

struct ps_enforcing {
    struct ps_push *push;          /* NULL: the kernel's rules are not our business */
    int lock;                      /* of the table, -1: none */
    uint8_t shape;                 /* enum ps_nft_shape */
    struct ps_nft nft;             /* what the kernel has, or is to have again */
    struct ps_push_count *counts;  /* of its counters, as last read */
    uint32_t alive;                /* its set alive, PS_NFT_NONE: it has none */
    uint32_t policy;               /* generation of the policy that it is of; 0: none, and nothing passes */
    bool has_rules;                /* nft is something */
    bool in_force;                 /* the kernel has it */
    bool late;                     /* the policy has changed, and the kernel did not take that */
    bool compared;                 /* since it was put there */
    uint32_t generation;           /* of nf_tables, when they were last compared */
    uint64_t looked_ns, compared_ns, refreshed_ns, tried_ns; /* steady */
    uint64_t took_ns;              /* comparing, last time */
    struct ps_engine_stats stats;  /* what rules counted since the start, in the engine's words */
    struct ps_error err;           /* while it is not in force: why */
    uint64_t n_repairs;
};

/* Which shape do the ports have? Before they are opened. false and a finding. */
bool ps_enforcing_shape(struct ps_daemon *daemon, struct ps_diags *diags);

/* Has the plant file no other ports than penstockd.conf? Of an image that knows the gateway and all those of the latter. */
bool ps_enforcing_fits(const struct ps_config *config, const struct ps_image *image, struct ps_error *err);

/* Ports are ours: from here on nothing passes but by the rules that are there, or none. false and a sentence. */
bool ps_enforcing_begin(struct ps_daemon *daemon, struct ps_error *err);
/* Or they are not to be there, since penstockd moves the packets itself, or is asked: those of an earlier run go. */
void ps_enforcing_none(struct ps_daemon *daemon);

/* The policy, or what is closed by hand, is this from here on. false and a sentence: what was in force still is. */
bool ps_enforcing_policy(struct ps_daemon *daemon, const struct ps_policy *policy, struct ps_error *err);
/* The same of the policy in force: it is tried again until the kernel takes it. */
bool ps_enforcing_changed(struct ps_daemon *daemon, struct ps_error *err);
/* The first policy was looked for: without any, what an earlier run has left passes no more. */
void ps_enforcing_first(struct ps_daemon *daemon);

/* In every turn of the control thread: looks after the rules, in its own time. */
void ps_enforcing_step(struct ps_daemon *daemon);
/* What rules have counted up to now is in the policy's slot and in stats. */
void ps_enforcing_count(struct ps_daemon *daemon);
/* Other rules are there in place of those of before: counters of the same name go on. */
void ps_enforcing_carry(struct ps_enforcing *enforcing, const struct ps_nft *next);

void ps_enforcing_fini(struct ps_enforcing *enforcing); /* the rules stay */

/* For status; null: not here. */
json_t *ps_enforcing_json(const struct ps_daemon *daemon);
