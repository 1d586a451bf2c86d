/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * enforcing_show.c - what the kernel's rules have counted, in the engine's words, and how they are.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "json.h"
#include "push.h"
#include "text.h"

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static void count_passed(struct ps_enforcing *enforcing, const struct ps_policy *policy, const struct ps_nft_counter *counter,
                         uint64_t n)
{
    const struct ps_conduit_stats conduit = {.packets = n, .allowed = n};
    const struct ps_rule_stats rule = {.allowed = n};

    enforcing->stats.passed += n;
    if (policy == NULL)
        return;
    ps_policy_slot_count_conduit(policy->slots[0], counter->conduit, &conduit);
    ps_policy_slot_count_rule(policy->slots[0], counter->rule, &rule);
}

static void count_refused(struct ps_enforcing *enforcing, const struct ps_policy *policy, const struct ps_nft_counter *counter,
                          uint64_t n)
{
    bool watched = policy != NULL && counter->conduit != PS_NONE &&
                   !ps_policy_slot_is_closed(policy->slots[0], counter->conduit) &&
                   ps_policy_slot_mode(policy->slots[0], counter->conduit) == PS_MODE_MONITOR;
    struct ps_conduit_stats conduit = {.packets = n, .denied = n, .monitored = watched ? n : 0};

    conduit.by_reason[counter->reason] = n;
    *(watched ? &enforcing->stats.passed : &enforcing->stats.dropped) += n;
    enforcing->stats.denied_by_reason[counter->reason] += n;
    enforcing->stats.denied_by_class[ps_reason_info(counter->reason)->class] += n;
    if (policy != NULL)
        ps_policy_slot_count_conduit(policy->slots[0], counter->conduit, &conduit);
}

/* A counter of the rules of before, and what it was last seen to say. */
struct last {
    const char *name;
    const struct ps_push_count *count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct last *)a)->name, ((const struct last *)b)->name);
}

void ps_enforcing_carry(struct ps_enforcing *enforcing, const struct ps_nft *next)
{
    const struct ps_nft_ruleset *before = &enforcing->nft.ruleset, *r = &next->ruleset;
    struct ps_push_count *counts = ps_need(calloc(r->n_counters + (size_t)1, sizeof *counts));
    struct last *all = ps_need(calloc(before->n_counters + (size_t)1, sizeof *all));

    for (uint32_t i = 0; i < before->n_counters; i++)
        all[i] = (struct last){before->counters[i].name, &enforcing->counts[i]};
    qsort(all, before->n_counters, sizeof *all, compare_names);
    for (uint32_t i = 0; i < r->n_counters; i++) {
        const struct last key = {.name = r->counters[i].name};
        const struct last *found = bsearch(&key, all, before->n_counters, sizeof *all, compare_names);

        if (found != NULL)
            counts[i] = *found->count;
    }
    free(all);
    free(enforcing->counts);
    enforcing->counts = counts;
}

/* Since the last time. Who put the table there anew began at 0. */
static uint64_t more(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

void ps_enforcing_count(struct ps_daemon *daemon)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    const struct ps_nft_ruleset *ruleset = &enforcing->nft.ruleset;
    const struct ps_policy *policy = ps_policies_of(&daemon->policies, enforcing->policy);
    struct ps_push_count *now;
    struct ps_error err;

    if (enforcing->push == NULL || !enforcing->has_rules)
        return;
    now = ps_need(calloc(ruleset->n_counters + (size_t)1, sizeof *now));
    if (!ps_push_count(enforcing->push, ruleset, now, err.text, sizeof err.text)) {
        free(now);
        return; /* they go on counting */
    }
    for (uint32_t i = 0; i < ruleset->n_counters; i++) {
        const struct ps_nft_counter *counter = &ruleset->counters[i];
        uint64_t n = more(now[i].packets, enforcing->counts[i].packets);

        enforcing->stats.packets += n;
        enforcing->stats.bytes += more(now[i].octets, enforcing->counts[i].octets);
        if (n > 0)
            (counter->counts == PS_NFT_PASSED ? count_passed : count_refused)(enforcing, policy, counter, n);
    }
    free(enforcing->counts);
    enforcing->counts = now;
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

static json_t *rules_json(const struct ps_nft *nft)
{
    uint32_t counts[PS_NFT_N_FATES];
    json_t *o = json_object();

    ps_nft_count_fates(nft, counts);
    for (unsigned i = 0; i < PS_NFT_N_FATES; i++)
        ps_json_put_n(o, ps_nft_fate_name(i), counts[i]);
    return o;
}

json_t *ps_enforcing_json(const struct ps_daemon *daemon)
{
    const struct ps_enforcing *enforcing = &daemon->enforcing;
    json_t *o;

    if (enforcing->push == NULL)
        return json_null();
    o = json_object();
    ps_json_put(o, "shape", ps_nft_shape_name(enforcing->shape));
    ps_json_put(o, "state", enforcing->in_force && !enforcing->late ? "in force" : "broken");
    json_object_set_new(o, "why", json_null());
    if (!enforcing->in_force || enforcing->late)
        ps_json_put_any(o, "why", enforcing->err.text);
    json_object_set_new(o, "rules", rules_json(&enforcing->nft));
    ps_json_put_n(o, "refuses", ps_nft_count_notes(&enforcing->nft, PS_NFT_REFUSES));
    ps_json_put_n(o, "unseen", ps_nft_count_notes(&enforcing->nft, PS_NFT_UNSEEN));
    ps_json_put_n(o, "dead_man_s", daemon->config->dead_man_s);
    ps_json_put_n(o, "repairs", enforcing->n_repairs);
    json_object_set_new(o, "log", ps_hearing_json(&daemon->hearing));
    return o;
}
