/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_shrink.c - makes a schedule that fails smaller for as long as it fails in the same way: fewer steps, fewer
 * PDUs, plainer setup, smaller numbers.
 */
#include "adversary.h"

#include <string.h>

#define RUNS_MAX 6000u

struct shrink {
    struct adv_world *world;
    struct adv_gateway *gateway;
    struct adv_schedule *best;
    enum adv_violation what;
    uint32_t runs;
};

/* Takes the candidate when it fails like the best so far. */
static bool attempt(struct shrink *s, const struct adv_schedule *candidate)
{
    if (s->runs >= RUNS_MAX)
        return false;
    s->runs++;
    if (adv_run(s->world, candidate, s->gateway) != s->what)
        return false;
    *s->best = *candidate;
    return true;
}

static bool drop_steps(struct shrink *s, uint32_t n)
{
    bool any = false;

    for (uint32_t at = 0; at + n <= s->best->n_steps;) {
        struct adv_schedule candidate = *s->best;
        memmove(candidate.steps + at, candidate.steps + at + n, (candidate.n_steps - at - n) * sizeof *candidate.steps);
        candidate.n_steps -= n;
        if (attempt(s, &candidate))
            any = true;
        else
            at++;
    }
    return any;
}

static bool plainer_setup(struct shrink *s)
{
    bool any = false;

    for (unsigned k = ADV_HOSTILE; k < ADV_N_KEYS; k++) {
        struct adv_schedule candidate = *s->best;
        if (candidate.setup[k] == 0)
            continue;
        candidate.setup[k] = 0;
        any |= attempt(s, &candidate);
    }
    return any;
}

static bool shorter_plan(struct shrink *s)
{
    bool any = false;

    for (size_t i = 0; s->best->plan[i] && strlen(s->best->plan) > 1;) {
        struct adv_schedule candidate = *s->best;
        memmove(candidate.plan + i, candidate.plan + i + 1, strlen(candidate.plan + i));
        if (attempt(s, &candidate))
            any = true;
        else
            i++;
    }
    for (size_t i = 0; s->best->plan[i]; i++) {
        struct adv_schedule candidate = *s->best;
        candidate.plan[i] = 'r';
        if (s->best->plan[i] != 'r')
            any |= attempt(s, &candidate);
    }
    return any;
}

/* 0, then half way to it, then a little nearer. */
static bool smaller_number(struct shrink *s, uint32_t step, unsigned arg)
{
    int32_t value = s->best->steps[step].arg[arg];
    const int32_t tries[] = {0, value / 2, value - (value > 0 ? 1 : -1) - value / 8};

    for (unsigned i = 0; value != 0 && i < 3; i++) {
        struct adv_schedule candidate = *s->best;
        candidate.steps[step].arg[arg] = tries[i];
        if (tries[i] != value && attempt(s, &candidate))
            return true;
    }
    return false;
}

static bool smaller_numbers(struct shrink *s)
{
    bool any = false;

    for (uint32_t i = 0; i < s->best->n_steps; i++)
        for (unsigned a = 0; a < ADV_N_ARGS; a++)
            while (smaller_number(s, i, a))
                any = true;
    return any;
}

uint32_t adv_shrink(struct adv_world *world, struct adv_schedule *schedule, struct adv_gateway *gateway)
{
    struct shrink s = {.world = world, .gateway = gateway, .best = schedule, .what = adv_run(world, schedule, gateway)};
    bool any = s.what != ADV_NO_VIOLATION;

    while (any && s.runs < RUNS_MAX) {
        any = false;
        for (uint32_t n = s.best->n_steps / 2; n > 0; n /= 2)
            any |= drop_steps(&s, n);
        any |= shorter_plan(&s);
        any |= plainer_setup(&s);
        any |= smaller_numbers(&s);
    }
    if (adv_run(world, schedule, gateway) == ADV_NO_VIOLATION)
        adv_violate(world, ADV_V_ENDLESS, "the schedule does not fail a second time");
    return s.runs;
}
