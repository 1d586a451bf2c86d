/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policies.h"

#include <stdlib.h>

#include "clock.h"

#define SWAP_TIMEOUT_MS 5000u

/* ---- the gateway's entry ---------------------------------------------------------------------------------------- */

bool ps_policies_fits(const struct ps_policies *policies, const struct ps_image *image, struct ps_error *err)
{
    uint32_t gateway = ps_image_gateway_by_name(image, policies->gateway);

    if (gateway == PS_NONE)
        return ps_error_say(err, "gateways of the plant file has no \"%s\"; add it, or change gateway in penstockd.conf",
                            policies->gateway);
    for (uint32_t i = 0; i < policies->n_ports; i++)
        if (ps_image_gateway_port_by_name(image, gateway, policies->ports[i]) == PS_NONE)
            return ps_error_say(err, "gateway \"%s\" of the plant file has no port \"%s\"", policies->gateway,
                                policies->ports[i]);
    return true;
}

/* Which zones lie behind which port, for judging and for sending. */
static void bind_ports(const struct ps_policies *policies, struct ps_policy *policy)
{
    const struct ps_image *image = &policy->loaded.image;
    uint32_t gateway = ps_image_gateway_by_name(image, policies->gateway);
    uint16_t ports[PS_PORTS_MAX] = {0};

    for (uint32_t i = 0; i < policies->n_ports; i++)
        ports[i] = (uint16_t)ps_image_gateway_port_by_name(image, gateway, policies->ports[i]);
    ps_ways_init(&policy->ways, image, gateway, ports, policies->n_ports);
    for (uint32_t w = 0; w < ps_policies_n_slots(policies); w++)
        ps_policy_slot_set_gateway(policy->slots[w], gateway, ports);
}

/* ---- publishing ------------------------------------------------------------------------------------------------ */

static void policy_free(const struct ps_policies *policies, struct ps_policy *policy)
{
    for (uint32_t w = 0; w < ps_policies_n_slots(policies); w++)
        ps_policy_slot_free(policy->slots[w]);
    ps_loaded_fini(&policy->loaded);
    free(policy->origin);
    free(policy);
}

/* In the worker's thread. */
static bool swap(struct ps_engine *engine, uint32_t worker, void *arg)
{
    struct ps_policy *policy = arg;

    if (!ps_engine_swap(engine, policy->slots[worker]))
        return false; /* too many older ones are in use: the worker sweeps between two tries */
    ps_crew_set_ways(policy->crew, worker, &policy->ways);
    return true;
}

static struct ps_policy *policy_new(const struct ps_policies *policies, struct ps_loaded *loaded, const char *origin)
{
    struct ps_policy *policy = calloc(1, sizeof *policy);
    bool good = policy != NULL;

    if (!good) {
        ps_loaded_fini(loaded);
        return NULL;
    }
    policy->loaded = *loaded;
    policy->crew = policies->crew;
    policy->generation = policies->last_generation + 1;
    policy->origin = strdup(origin);
    good = policy->origin != NULL;
    for (uint32_t w = 0; good && w < ps_policies_n_slots(policies); w++) {
        policy->slots[w] = ps_policy_slot_new(&policy->loaded.image, policy->generation);
        good = policy->slots[w] != NULL;
    }
    if (good) {
        bind_ports(policies, policy);
        return policy;
    }
    policy_free(policies, policy);
    return NULL;
}

struct ps_policy *ps_policies_publish(struct ps_policies *policies, struct ps_loaded *loaded, const char *origin,
                                      struct ps_error *err)
{
    struct ps_request request = {.run = swap};
    struct ps_policy *policy;

    if (!ps_policies_fits(policies, &loaded->image, err)) {
        ps_loaded_fini(loaded);
        return NULL;
    }
    policy = policy_new(policies, loaded, origin);
    if (policy == NULL) {
        ps_error_say(err, "no memory for another policy");
        return NULL;
    }
    if (!policies->on_publish(policies->ctx, policy, err)) {
        policy_free(policies, policy);
        return NULL;
    }
    policy->older = policies->current;
    policies->current = policy; /* from here on it may be in use: kept whatever the workers say */
    policies->last_generation = policy->generation;
    policy->since_ns = ps_clock_calendar();
    request.arg = policy;
    if (ps_crew_ask(policies->crew, &request, SWAP_TIMEOUT_MS) == PS_ANSWER_DONE)
        return policy;
    ps_error_say(err, "a worker does not answer; the policy is in force where workers do");
    return NULL;
}

bool ps_policy_is_settled(const struct ps_policies *policies, const struct ps_policy *policy, struct ps_rejudged *out)
{
    struct ps_rejudged sum = {0};
    bool settled = true;

    for (uint32_t w = 0; w < policies->n_workers; w++) {
        struct ps_rejudged one;

        settled = settled && ps_policy_slot_is_settled(policy->slots[w]);
        ps_policy_slot_rejudged(policy->slots[w], &one);
        sum.flows += one.flows;
        sum.refused += one.refused;
        sum.reset += one.reset;
    }
    *out = sum;
    return settled;
}

bool ps_policy_is_taken_up(const struct ps_policies *policies, const struct ps_policy *policy)
{
    for (uint32_t w = 0; w < policies->n_workers; w++)
        if (!ps_policy_slot_is_taken_up(policy->slots[w]))
            return false;
    return true;
}

/* ---- older ones ------------------------------------------------------------------------------------------------- */

const struct ps_policy *ps_policies_of(const struct ps_policies *policies, uint32_t generation)
{
    for (const struct ps_policy *p = policies->current; p != NULL; p = p->older)
        if (p->generation == generation)
            return p;
    return NULL;
}

static bool is_unused(const struct ps_policies *policies, const struct ps_policy *policy)
{
    for (uint32_t w = 0; w < policies->n_workers; w++)
        if (ps_policy_slot_use(policy->slots[w]) != PS_SLOT_UNUSED)
            return false;
    return true;
}

void ps_policies_retire(struct ps_policies *policies)
{
    struct ps_policy **link = policies->current != NULL ? &policies->current->older : NULL;

    while (link != NULL && *link != NULL) {
        struct ps_policy *policy = *link;

        if (policy->leaving) {
            *link = policy->older;
            policy_free(policies, policy);
            continue;
        }
        policy->leaving = is_unused(policies, policy);
        link = &policy->older;
    }
}

void ps_policies_fini(struct ps_policies *policies)
{
    while (policies->current != NULL) {
        struct ps_policy *policy = policies->current;

        policies->current = policy->older;
        policy_free(policies, policy);
    }
}

/* ---- counters --------------------------------------------------------------------------------------------------- */

void ps_policy_conduit_stats(const struct ps_policies *policies, const struct ps_policy *policy, uint32_t conduit,
                             struct ps_conduit_stats *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t w = 0; w < ps_policies_n_slots(policies); w++) {
        struct ps_conduit_stats one;

        ps_policy_slot_conduit_stats(policy->slots[w], conduit, &one);
        out->flows += one.flows;
        out->refused_flows += one.refused_flows;
        out->packets += one.packets;
        out->allowed += one.allowed;
        out->replies += one.replies;
        out->denied += one.denied;
        out->monitored += one.monitored;
        for (unsigned r = 0; r < PS_N_REASONS; r++)
            out->by_reason[r] += one.by_reason[r];
    }
}

void ps_policy_rule_stats(const struct ps_policies *policies, const struct ps_policy *policy, uint32_t rule,
                          struct ps_rule_stats *out)
{
    out->allowed = 0;
    for (uint32_t w = 0; w < ps_policies_n_slots(policies); w++) {
        struct ps_rule_stats one;

        ps_policy_slot_rule_stats(policy->slots[w], rule, &one);
        out->allowed += one.allowed;
    }
}
