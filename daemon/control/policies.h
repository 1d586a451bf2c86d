/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policies.h - the policy in force, the ones that are on their way out, and what was changed about it at run time.
 *
 * Each published image gets the next generation and a slot per worker (policy_slot.h). The newest one judges; an older
 * one is kept while flows or events may still name it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "loader.h"
#include "policy_slot.h"
#include "ways.h"
#include "worker.h"

struct ps_policy {
    struct ps_policy *older;
    struct ps_crew *crew;
    uint32_t generation;
    struct ps_loaded loaded;
    char *origin;            /* "plant.conf", "last good policy": for people */
    uint64_t since_ns;       /* calendar, since 1970 */
    uint64_t took_ns;        /* from the request to the first packet judged by it; 0: not yet */
    bool leaving;            /* its slots were unused when events were last taken */
    bool all_closed;         /* as its slots were told (island.h) */
    bool touched;            /* some of its conduits were closed, or given another mode, one by one */
    struct ps_policy_slot *slots[PS_IO_WORKERS_MAX]; /* ps_policies_n_slots(): one also where there are no workers */
    struct ps_ways ways;
};

struct ps_policies {
    struct ps_crew *crew;
    uint32_t n_workers; /* 0: others enforce it, and control counts for them (ps_policy_slot_count_conduit()) */
    uint32_t last_generation;
    const char *gateway;          /* its entry in the plant file */
    const char *const *ports;     /* names, in the order in which the crew numbers them */
    uint32_t n_ports;
    struct ps_policy *current;    /* newest first; NULL: none yet, and nothing passes */
    /* Called for a policy that is to be published, before any packet is judged by it. false and a sentence: it is not. */
    bool (*on_publish)(void *ctx, struct ps_policy *policy, struct ps_error *err);
    void *ctx;
};

/* What is closed, and what was counted, stands in a slot of each worker; without workers in one that nobody judges by. */
static inline uint32_t ps_policies_n_slots(const struct ps_policies *policies)
{
    return policies->n_workers > 0 ? policies->n_workers : 1;
}

/* Does the image know this gateway and all its ports? false and a sentence with the remedy. */
bool ps_policies_fits(const struct ps_policies *policies, const struct ps_image *image, struct ps_error *err);

/* The image judges from the next packet of each worker on. Takes *loaded in any case. origin is copied. NULL and a sentence
 * in err, and the one before goes on. */
struct ps_policy *ps_policies_publish(struct ps_policies *policies, struct ps_loaded *loaded, const char *origin,
                                      struct ps_error *err);

/* Has every flow been judged by it? Then *out, over all workers. */
bool ps_policy_is_settled(const struct ps_policies *policies, const struct ps_policy *policy,
                          struct ps_rejudged *out);

/* Is every change of its state obeyed by every worker? */
bool ps_policy_is_taken_up(const struct ps_policies *policies, const struct ps_policy *policy);

/* The policy of an event or flow; NULL: too old. */
const struct ps_policy *ps_policies_of(const struct ps_policies *policies, uint32_t generation);

/* Frees policies that nothing names any more. Call before events are taken: what was unused then is freed the next
 * time. */
void ps_policies_retire(struct ps_policies *policies);

/* Counters over all workers. conduit == n_conduits: traffic of no conduit. */
void ps_policy_conduit_stats(const struct ps_policies *policies, const struct ps_policy *policy, uint32_t conduit,
                             struct ps_conduit_stats *out);
void ps_policy_rule_stats(const struct ps_policies *policies, const struct ps_policy *policy, uint32_t rule,
                          struct ps_rule_stats *out);

/* After the crew was freed. */
void ps_policies_fini(struct ps_policies *policies);
