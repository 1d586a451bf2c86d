/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each conduit on its own: which kinds of zones it joins, what it says and leaves out, its levels.
 */
#include "lint.h"

#include <stdlib.h>

#define KIND(kind) (1u << (kind))

/* Level 2 and below without doubt; a zone of operations may be level 2 or 3. */
#define KINDS_CONTROL (KIND(PS_ZONE_CONTROL) | KIND(PS_ZONE_FIELD) | KIND(PS_ZONE_SAFETY))

static bool is_kind(const struct ps_zone *zone, unsigned kinds)
{
    return KIND(zone->kind) & kinds;
}

/* "a control zone", "an enterprise zone". */
static const char *article(const struct ps_zone *zone)
{
    return zone->kind == PS_ZONE_ENTERPRISE || zone->kind == PS_ZONE_OPERATIONS ? "an" : "a";
}

/* Business and outside networks beside control systems. */
static void lint_neighbours(const struct ps_lint *lint, uint32_t conduit)
{
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    const struct ps_zone *from = &lint->model->zones[c->from];
    const struct ps_zone *to = &lint->model->zones[c->to];
    unsigned plant = KINDS_CONTROL | KIND(PS_ZONE_OPERATIONS);
    bool business = (is_kind(from, KIND(PS_ZONE_ENTERPRISE)) && is_kind(to, plant)) ||
                    (is_kind(to, KIND(PS_ZONE_ENTERPRISE)) && is_kind(from, plant));
    bool operations = is_kind(from, KIND(PS_ZONE_OPERATIONS)) || is_kind(to, KIND(PS_ZONE_OPERATIONS));
    enum ps_severity severity = operations ? PS_SEV_WARNING : PS_SEV_ERROR;

    if (business)
        ps_lint_conduit(lint, severity, "ZL-021", conduit,
                        "conduit \"%s\" joins %s %s and %s %s zone with no DMZ between them; lead it through a zone of "
                        "kind = \"dmz\", as two conduits",
                        c->name, article(from), ps_zone_kind_name(from->kind), article(to),
                        ps_zone_kind_name(to->kind));
    if (is_kind(from, KIND(PS_ZONE_REMOTE)) && is_kind(to, plant))
        ps_lint_conduit(lint, severity, "ZL-063", conduit,
                        "conduit \"%s\" lets remote zone \"%s\" open connections straight into %s zone \"%s\"; end "
                        "them in a zone of kind = \"dmz\" and go on from there by a conduit of its own",
                        c->name, from->name, ps_zone_kind_name(to->kind), to->name);
}

/* Statements that the conduit itself should make. */
static void lint_statements(const struct ps_lint *lint, uint32_t conduit)
{
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    const struct ps_zone *from = &lint->model->zones[c->from];

    if (c->from == c->to)
        ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-004", conduit,
                        "conduit \"%s\" joins zone \"%s\" to itself; if its members need rules between them, consider "
                        "two zones",
                        c->name, from->name);
    if (c->n_rules == 0)
        ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-006", conduit,
                        "conduit \"%s\" allows nothing; add rules to `allow`, or remove the conduit", c->name);
    if (!c->owner || !c->purpose)
        ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-081", conduit, "conduit \"%s\" does not say %s; add %s", c->name,
                        !c->owner && !c->purpose ? "who owns it and what it is for"
                        : !c->owner              ? "who owns it"
                                                 : "what it is for",
                        !c->owner && !c->purpose ? "owner = \"...\" and purpose = \"...\""
                        : !c->owner              ? "owner = \"...\""
                                                 : "purpose = \"...\"");
    if (is_kind(from, KIND(PS_ZONE_TEMPORARY)) && c->n_rules > 0)
        ps_lint_conduit(lint, PS_SEV_ERROR, "ZL-041", conduit,
                        "conduit \"%s\" lets temporary zone \"%s\" in for good; remove it when the work is done, or "
                        "accept it in `exceptions` with the last day of the work",
                        c->name, from->name);
}

static void lint_failure(const struct ps_lint *lint, uint32_t conduit)
{
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    const struct ps_zone *from = &lint->model->zones[c->from];
    const struct ps_zone *to = &lint->model->zones[c->to];
    bool safety = from->kind == PS_ZONE_SAFETY || to->kind == PS_ZONE_SAFETY;
    bool high = (from->has_sl_t && from->sl_t[PS_FR_RDF] >= 3) || (to->has_sl_t && to->sl_t[PS_FR_RDF] >= 3) ||
                (c->has_sl_t && c->sl_t[PS_FR_RDF] >= 3);

    if (c->on_failure == PS_ON_FAILURE_UNSET)
        ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-089", conduit,
                        "conduit \"%s\" does not say what happens when the gateway cannot judge; add on_failure = "
                        "\"closed\" (or \"open\")",
                        c->name);
    if (c->on_failure != PS_ON_FAILURE_OPEN)
        return;
    if (safety)
        ps_lint_conduit(lint, PS_SEV_ERROR, "ZL-034", conduit,
                        "conduit \"%s\" of safety zone \"%s\" opens when the gateway cannot judge; set on_failure = "
                        "\"closed\"",
                        c->name, to->kind == PS_ZONE_SAFETY ? to->name : from->name);
    else if (high)
        ps_lint_conduit(lint, PS_SEV_ERROR, "ZL-089", conduit,
                        "conduit \"%s\" opens when the gateway cannot judge, but its zones ask for RDF 3 or more; set "
                        "on_failure = \"closed\"",
                        c->name);
    else
        ps_lint_conduit(lint, PS_SEV_WARNING, NULL, conduit,
                        "conduit \"%s\" opens when the gateway cannot judge: its clients reach its servers with no look into "
                        "messages; set on_failure = \"closed\" unless the plant needs it so",
                        c->name);
}

/* A key that changes nothing where it stands. */
static void lint_midstream(const struct ps_lint *lint, uint32_t conduit)
{
    const struct ps_model *model = lint->model;
    const struct ps_conduit *c = &model->conduits[conduit];
    bool held = false;

    for (uint32_t i = 0; i < c->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[c->first_rule + i];

        held = held || (rule->protocol < PS_N_DISSECTORS && rule->protocol != PS_PROTOCOL_S7COMM_PLUS && !rule->udp);
    }
    if (c->midstream == PS_MIDSTREAM_RESET || (held && c->mode != PS_MODE_MONITOR))
        return;
    ps_lint_conduit(lint, PS_SEV_WARNING, NULL, conduit,
                    "conduit \"%s\" %s, so that midstream = \"resume\" says nothing; remove it", c->name,
                    held ? "is in monitor mode, which resets nothing" : "carries no connection that could go on");
}

/* ---- levels ---------------------------------------------------------------------------------------------------- */

static void lint_levels(const struct ps_lint *lint, uint32_t conduit)
{
    static const uint8_t checked[] = {PS_FR_IAC, PS_FR_UC, PS_FR_SI, PS_FR_RDF};
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    const struct ps_zone *from = &lint->model->zones[c->from];
    const struct ps_zone *to = &lint->model->zones[c->to];

    for (size_t i = 0; c->has_sl_t && i < sizeof(checked); i++) {
        unsigned fr = checked[i];
        const struct ps_zone *high = to->sl_t[fr] >= from->sl_t[fr] ? to : from;

        if (c->sl_t[fr] >= high->sl_t[fr])
            continue;
        ps_lint_conduit(
            lint, PS_SEV_WARNING, "ZL-071", conduit,
            "conduit \"%s\" asks for %s %u but zone \"%s\" at its end for %u; raise %s in the conduit's sl_t", c->name,
            ps_fr_name(fr), c->sl_t[fr], high->name, high->sl_t[fr], ps_fr_name(fr));
        break;
    }
    for (unsigned fr = 0; from->has_sl_t && to->has_sl_t && fr < PS_N_FR; fr++) {
        if (abs(from->sl_t[fr] - to->sl_t[fr]) < 2)
            continue;
        ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-072", conduit,
                        "conduit \"%s\" joins zone \"%s\" (%s %u) to zone \"%s\" (%s %u); two levels apart need a zone "
                        "between them, or one of the levels is wrong",
                        c->name, from->name, ps_fr_name(fr), from->sl_t[fr], to->name, ps_fr_name(fr), to->sl_t[fr]);
        break;
    }
}

/* A safety zone must not be weaker than the control zone that it protects. */
static void lint_safety_level(const struct ps_lint *lint, uint32_t conduit)
{
    static const uint8_t checked[] = {PS_FR_SI, PS_FR_RDF, PS_FR_RA};
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    const struct ps_zone *zones = lint->model->zones;
    uint32_t safety = zones[c->from].kind == PS_ZONE_SAFETY ? c->from : c->to;
    const struct ps_zone *s = &zones[safety];
    const struct ps_zone *other = &zones[safety == c->from ? c->to : c->from];

    if (s->kind != PS_ZONE_SAFETY || !is_kind(other, KIND(PS_ZONE_CONTROL) | KIND(PS_ZONE_FIELD)) || !s->has_sl_t ||
        !other->has_sl_t)
        return;
    for (size_t i = 0; i < sizeof(checked); i++) {
        unsigned fr = checked[i];

        if (s->sl_t[fr] < other->sl_t[fr])
            ps_lint_zone(lint, PS_SEV_WARNING, "ZL-032", safety,
                         "safety zone \"%s\" asks for %s %u, its neighbour \"%s\" for %u; a safety zone should not ask "
                         "for less: raise %s in its sl_t",
                         s->name, ps_fr_name(fr), s->sl_t[fr], other->name, other->sl_t[fr], ps_fr_name(fr));
    }
}

/* ---- both directions ------------------------------------------------------------------------------------------- */

struct pair {
    uint32_t low, high; /* zones */
    uint32_t conduit;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;

    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    return x->conduit < y->conduit ? -1 : x->conduit > y->conduit;
}

/* The inspected protocols of a conduit, as bits. */
static uint32_t dialogs(const struct ps_model *model, const struct ps_conduit *conduit)
{
    uint32_t protocols = 0;

    for (uint32_t i = 0; i < conduit->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[conduit->first_rule + i];

        if (rule->protocol < PS_N_DISSECTORS)
            protocols |= UINT32_C(1) << rule->protocol;
    }
    return protocols;
}

static void lint_both_ways(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;
    struct pair *pairs = ps_lint_calloc(model->n_conduits, sizeof(*pairs));

    for (uint32_t i = 0; i < model->n_conduits; i++) {
        const struct ps_conduit *c = &model->conduits[i];

        pairs[i].low = c->from < c->to ? c->from : c->to;
        pairs[i].high = c->from < c->to ? c->to : c->from;
        pairs[i].conduit = i;
    }
    qsort(pairs, model->n_conduits, sizeof(*pairs), compare_pairs);
    for (uint32_t i = 1; i < model->n_conduits; i++) {
        const struct ps_conduit *one = &model->conduits[pairs[i - 1].conduit];
        const struct ps_conduit *other = &model->conduits[pairs[i].conduit];

        if (one->from == other->to && one->to == other->from && one->from != one->to &&
            (dialogs(model, one) & dialogs(model, other)))
            ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-082", pairs[i].conduit,
                            "conduits \"%s\" and \"%s\" let both zones open the same protocol to each other, though it "
                            "has a client and a server; keep the direction that the process needs",
                            one->name, other->name);
    }
    free(pairs);
}

void ps_lint_zone_conduits(const struct ps_lint *lint)
{
    for (uint32_t conduit = 0; conduit < lint->model->n_conduits; conduit++) {
        lint_statements(lint, conduit);
        lint_neighbours(lint, conduit);
        lint_failure(lint, conduit);
        lint_midstream(lint, conduit);
        lint_levels(lint, conduit);
        lint_safety_level(lint, conduit);
    }
    lint_both_ways(lint);
}
