/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * conduits.c - conduits, the table that finds them by their zones, and per conduit the rules by server.
 */
#include <stdlib.h>

#include "build.h"

/* ---- pairs of zones -------------------------------------------------------------------------------------------- */

static uint32_t pair_slots(uint32_t n_conduits)
{
    uint32_t n = 2;

    while (n < 2 * n_conduits)
        n *= 2;
    return n;
}

/* The slot of the pair, or the empty one where it belongs. */
static struct ps_image_pair *find_slot(struct ps_image_pair *pairs, uint32_t n, uint32_t from, uint32_t to)
{
    uint32_t slot = ps_image_pair_slot(from, to, n);

    while (pairs[slot].conduit != PS_NONE && (pairs[slot].from != from || pairs[slot].to != to))
        slot = (slot + 1) & (n - 1);
    return &pairs[slot];
}

void ps_build_pairs(struct ps_build *build)
{
    const struct ps_model *model = build->model;
    uint32_t n = pair_slots(model->n_conduits);
    struct ps_image_pair *pairs = ps_build_add(build, PS_SECTION_PAIRS, n);

    for (uint32_t i = 0; i < n; i++)
        pairs[i].conduit = PS_NONE;
    for (uint32_t i = 0; i < model->n_conduits; i++) {
        const struct ps_conduit *c = &model->conduits[i];
        struct ps_image_pair *pair = find_slot(pairs, n, c->from, c->to);
        if (pair->conduit == PS_NONE) {
            *pair = (struct ps_image_pair){.from = c->from, .to = c->to, .conduit = i};
            continue;
        }
        const struct ps_conduit *other = &model->conduits[pair->conduit];
        ps_build_error(build, c->src, c->name,
                       "conduit \"%s\" leads from zone \"%s\" to zone \"%s\", and so does conduit \"%s\" (%s:%u); put "
                       "the rules of both into one",
                       c->name, model->zones[c->from].name, model->zones[c->to].name, other->name,
                       ps_build_file(build, other->src), other->src.line);
    }
}

/* ---- rules by server ------------------------------------------------------------------------------------------- */

struct named {
    uint32_t server;
    struct ps_image_pick pick;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    if (x->server != y->server)
        return x->server < y->server ? -1 : 1;
    return (x->pick.rule > y->pick.rule) - (x->pick.rule < y->pick.rule);
}

static void add_pick(struct ps_build *build, struct ps_image_pick pick)
{
    *(struct ps_image_pick *)ps_build_add(build, PS_SECTION_PICKS, 1) = pick;
}

/* A group per server, in order; picks in source order. A server that a rule lists twice counts once. */
static uint32_t add_groups(struct ps_build *build, const struct named *named, size_t n)
{
    uint32_t n_groups = 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_named(&named[i - 1], &named[i]) == 0)
            continue;
        if (i == 0 || named[i - 1].server != named[i].server) {
            struct ps_image_group *group = ps_build_add(build, PS_SECTION_GROUPS, 1);
            *group =
                (struct ps_image_group){.server = named[i].server, .first_pick = ps_build_n(build, PS_SECTION_PICKS)};
            n_groups++;
        }
        struct ps_image_group *groups = ps_build_at(build, PS_SECTION_GROUPS);
        groups[ps_build_n(build, PS_SECTION_GROUPS) - 1].n_picks++;
        add_pick(build, named[i].pick);
    }
    return n_groups;
}

static void add_rules_by_server(struct ps_build *build, const struct ps_conduit *c, struct ps_image_conduit *out)
{
    const struct ps_rule *rules = build->model->rules;
    size_t n_named = 0, n = 0;

    for (uint32_t i = c->first_rule; i < c->first_rule + c->n_rules; i++)
        n_named += rules[i].n_servers;
    struct named *named = ps_build_calloc(n_named, sizeof *named);
    out->first_pick = ps_build_n(build, PS_SECTION_PICKS);
    for (uint32_t i = c->first_rule; i < c->first_rule + c->n_rules; i++) {
        struct ps_image_pick pick = {.rule = i, .client = rules[i].n_clients == 1 ? rules[i].clients[0] : PS_NONE};
        if (rules[i].n_servers == 0) {
            add_pick(build, pick);
            out->n_picks++;
        }
        for (uint32_t k = 0; k < rules[i].n_servers; k++)
            named[n++] = (struct named){.server = rules[i].servers[k], .pick = pick};
    }
    if (n > 1)
        qsort(named, n, sizeof *named, compare_named);
    out->first_group = ps_build_n(build, PS_SECTION_GROUPS);
    out->n_groups = add_groups(build, named, n);
    free(named);
}

void ps_build_conduits(struct ps_build *build)
{
    const struct ps_model *model = build->model;

    for (uint32_t i = 0; i < model->n_conduits; i++) {
        const struct ps_conduit *c = &model->conduits[i];
        struct ps_image_conduit out = {
            .name = ps_build_string(build, c->name),
            .from = c->from,
            .to = c->to,
            .first_rule = c->first_rule,
            .n_rules = c->n_rules,
            .mode = c->mode,
            .on_deny = c->on_deny,
            .on_failure = c->on_failure,
            .answer_code = c->answer_code,
            .fragments = c->fragments,
            .segments = c->segments,
            .midstream = c->midstream,
            .fallback = c->fallback,
            .hold_ms = c->hold_ms ? c->hold_ms : PS_HOLD_MS_DEFAULT,
            .max_half_open = c->max_half_open ? c->max_half_open : PS_HALF_OPEN_DEFAULT,
            .max_new_flows = c->max_new_flows ? c->max_new_flows : PS_NEW_FLOWS_DEFAULT,
        };
        add_rules_by_server(build, c, &out);
        *(struct ps_image_conduit *)ps_build_add(build, PS_SECTION_CONDUITS, 1) = out;
        ps_build_source(build, c->src);
    }
}
