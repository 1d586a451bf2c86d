/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mutate_policy.c - takes one permission after the other out of a learned policy: exactly the PDUs that needed it are
 * denied.
 *
 *     mutate_policy CAPTURE [PERMISSIONS [PACKETS]]    at most so many permissions and packets are tried
 *
 * Which PDUs those are is said by a second opinion (mutate_oracle.c) about the model; what is denied, by the engine under
 * the policy without the permission. The two must agree for every PDU, with and without it. Over all rules taken, every
 * PDU is denied once that one rule alone grants.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "compile.h"
#include "learn_plant.h"
#include "mutate.h"

#define PERMISSIONS_MAX 60u
#define PACKETS_MAX 3000u
#define SHOWN 5u

struct trial {
    const char *path;
    uint64_t max_packets;
    uint32_t max_permissions;
    struct ps_model *model;
    struct mutate_pdus pdus;   /* granted ones, with facts */
    uint32_t *only;            /* per fact: the rule that alone grants it; PS_NONE: several do */
    bool *denied_once;         /* per PDU */
    uint32_t n_taken, n_denied; /* permissions; denials over all of them */
    uint32_t n_failures;
};

static void fail(struct trial *t, const char *what, const struct mutate_pdu *pdu, const struct ps_rule *rule)
{
    if (t->n_failures++ < SHOWN)
        fprintf(stderr, "%s: packet %" PRIu64 ": %s%s%s\n", t->path, pdu->number, what, rule ? ": " : "",
                rule ? rule->name : "");
}

/* ---- who needs what ---------------------------------------------------------------------------------------------- */

/* The engine grants every PDU under the learned policy; so must the second opinion. */
static void ask_oracle(struct trial *t)
{
    for (uint32_t i = 0; i < t->pdus.n; i++) {
        const struct mutate_pdu *pdu = &t->pdus.items[i];

        if (!pdu->granted)
            fail(t, "denied by the learned policy", pdu, NULL);
        for (uint32_t f = pdu->first_fact; f < pdu->first_fact + pdu->n_facts; f++) {
            uint32_t n = 0;

            for (uint32_t r = 0; r < t->model->n_rules; r++) {
                if (t->model->rules[r].protocol >= PS_N_DISSECTORS ||
                    !mutate_grants(&t->model->rules[r], pdu, &t->pdus.facts[f]))
                    continue;
                t->only[f] = n++ == 0 ? r : PS_NONE;
            }
            if (n == 0)
                fail(t, "granted by the engine, and by no rule", pdu, NULL);
        }
    }
}

/* Must pdu be denied when `rule` becomes `less` (NULL: is gone)? */
static bool needs(const struct trial *t, const struct mutate_pdu *pdu, uint32_t rule, const struct ps_rule *less)
{
    for (uint32_t f = pdu->first_fact; f < pdu->first_fact + pdu->n_facts; f++)
        if (t->only[f] == rule && (less == NULL || !mutate_grants(less, pdu, &t->pdus.facts[f])))
            return true;
    return false;
}

/* ---- one permission less ------------------------------------------------------------------------------------------ */

static bool same(const struct mutate_pdu *a, const struct mutate_pdu *b)
{
    return a->number == b->number && a->dir == b->dir && a->place == b->place;
}

/* What is not seen at all is denied too: a port that no rule names any more is not read. */
static void compare(struct trial *t, const struct mutate_pdus *now, uint32_t rule, const struct ps_rule *less)
{
    const struct ps_rule *taken = &t->model->rules[rule];
    uint32_t k = 0;

    for (uint32_t i = 0; i < t->pdus.n; i++) {
        const struct mutate_pdu *pdu = &t->pdus.items[i];
        bool seen = k < now->n && same(pdu, &now->items[k]);
        bool granted = seen && now->items[k].granted;

        k += seen;
        if (granted == needs(t, pdu, rule, less))
            fail(t, granted ? "still granted without what it needs" : "denied, and did not need what was taken", pdu, taken);
        if (!granted && less == NULL)
            t->denied_once[i] = true;
        t->n_denied += !granted;
    }
    if (k != now->n)
        fail(t, "seen only without the permission", &now->items[k], taken);
}

static void judge_without(struct trial *t, const struct ps_model *model, uint32_t rule, const struct ps_rule *less)
{
    struct mutate_pdus now = {0};
    struct ps_image image;
    struct ps_diags diags;
    uint8_t *data;
    size_t len = 0;

    ps_diags_init(&diags);
    data = ps_compile(model, &diags, &len);
    if (data == NULL || ps_image_open(data, len, &image) != NULL) {
        fprintf(stderr, "%s: does not compile without a permission of %s: %s\n", t->path, t->model->rules[rule].name,
                diags.n > 0 ? diags.items[0].text : "");
        t->n_failures++;
    } else if (mutate_run(t->path, &image, t->max_packets, &now)) {
        compare(t, &now, rule, less);
    } else {
        t->n_failures++;
    }
    mutate_pdus_fini(&now);
    free(data);
    ps_diags_fini(&diags);
    t->n_taken++;
}

/* The model with other rules; its lists stay those of the whole one. */
static void take(struct trial *t, uint32_t rule, enum mutate_kind kind, uint32_t which)
{
    size_t rules_size = (t->model->n_rules + (size_t)1) * sizeof *t->model->rules;
    size_t conduits_size = (t->model->n_conduits + (size_t)1) * sizeof *t->model->conduits;
    struct ps_model model = *t->model;
    struct ps_rule less = t->model->rules[rule];

    model.rules = ps_model_alloc(t->model, rules_size);
    model.conduits = ps_model_alloc(t->model, conduits_size);
    memcpy(model.rules, t->model->rules, model.n_rules * sizeof *model.rules);
    memcpy(model.conduits, t->model->conduits, model.n_conduits * sizeof *model.conduits);
    if (kind == MUTATE_RULE) {
        model.n_rules--;
        memmove(&model.rules[rule], &model.rules[rule + 1], (model.n_rules - rule) * sizeof *model.rules);
        for (uint32_t i = 0; i < model.n_conduits; i++)
            model.conduits[i].first_rule -= model.conduits[i].first_rule > rule;
        model.conduits[less.conduit].n_rules--;
        judge_without(t, &model, rule, NULL);
    } else {
        mutate_take(t->model, &less, kind, which);
        model.rules[rule] = less;
        judge_without(t, &model, rule, &less);
    }
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

/* Permissions of all inspected rules of these kinds; the wanted-th one is taken, with `wanted` UINT32_MAX none. */
static uint32_t walk(struct trial *t, enum mutate_kind first, enum mutate_kind last, uint32_t wanted)
{
    uint32_t n = 0;

    for (uint32_t rule = 0; rule < t->model->n_rules; rule++) {
        const struct ps_rule *r = &t->model->rules[rule];

        for (unsigned kind = first; r->protocol < PS_N_DISSECTORS && kind <= last; kind++) {
            uint32_t count = mutate_count(r, (enum mutate_kind)kind);

            if (wanted - n < count)
                take(t, rule, (enum mutate_kind)kind, wanted - n);
            n += count;
        }
    }
    return n;
}

/* Up to max of them, spread evenly. True when that is all. */
static bool take_some(struct trial *t, enum mutate_kind first, enum mutate_kind last, uint32_t max)
{
    uint32_t n = walk(t, first, last, UINT32_MAX), n_tried = n < max ? n : max;

    for (uint32_t i = 0; i < n_tried; i++)
        walk(t, first, last, (uint32_t)((uint64_t)i * n / n_tried));
    return n_tried == n;
}

static bool only_one_grants(const struct trial *t, const struct mutate_pdu *pdu)
{
    for (uint32_t f = pdu->first_fact; f < pdu->first_fact + pdu->n_facts; f++)
        if (t->only[f] != PS_NONE)
            return true;
    return false;
}

static void cover(struct trial *t, uint32_t *n_shared)
{
    for (uint32_t i = 0; i < t->pdus.n; i++) {
        bool alone = only_one_grants(t, &t->pdus.items[i]);

        *n_shared += !alone;
        if (alone && !t->denied_once[i])
            fail(t, "granted whatever rule is taken", &t->pdus.items[i], NULL);
    }
}

static void try_all(struct trial *t, const struct ps_image *image)
{
    uint32_t n_shared = 0;
    bool all;

    t->pdus.with_facts = true;
    if (!mutate_run(t->path, image, t->max_packets, &t->pdus)) {
        t->n_failures++;
        return;
    }
    t->only = ps_learn_calloc(t->pdus.n_facts, sizeof *t->only);
    t->denied_once = ps_learn_calloc(t->pdus.n, sizeof *t->denied_once);
    ask_oracle(t);
    all = take_some(t, MUTATE_RULE, MUTATE_RULE, t->max_permissions);
    take_some(t, MUTATE_FUNCTION, MUTATE_N_KINDS - 1, t->max_permissions);
    if (all)
        cover(t, &n_shared);
    printf("%u PDUs, %u permissions taken, %u denials, %u PDUs that several rules grant%s\n", t->pdus.n, t->n_taken,
           t->n_denied, n_shared, all ? "" : " (rules sampled)");
    free(t->only);
    free(t->denied_once);
}

static unsigned long argument(int argc, char **argv, int i, unsigned long otherwise)
{
    return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    struct ps_ranges ports[PS_N_DISSECTORS] = {0};
    struct ps_learn_options options = {.checksums = PS_CHECKSUMS_AUTO, .n_threads = 1};
    struct ps_inputs inputs = {0};
    struct ps_learned learned;
    struct trial t = {.max_permissions = (uint32_t)argument(argc, argv, 2, PERMISSIONS_MAX),
                      .max_packets = argument(argc, argv, 3, PACKETS_MAX)};

    if (argc < 2) {
        fputs("Usage: mutate_policy CAPTURE [PERMISSIONS [PACKETS]]\n", stderr);
        return 2;
    }
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(p);

        options.ports[p] = &ports[p];
        if (dissector != NULL)
            ps_ranges_add(&ports[p], dissector->default_port, dissector->default_port);
    }
    ps_inputs_collect(&inputs, argv + 1, 1);
    options.inputs = &inputs;
    if (ps_learn_plant(&learned, &options)) {
        t.path = argv[1];
        t.model = learned.model;
        try_all(&t, &learned.view);
    } else {
        t.n_failures++;
    }
    mutate_pdus_fini(&t.pdus);
    ps_learned_fini(&learned);
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++)
        ps_ranges_fini(&ports[p]);
    ps_inputs_fini(&inputs);
    if (t.n_failures > SHOWN)
        fprintf(stderr, "%s: %u failures in all\n", argv[1], t.n_failures);
    return t.n_failures > 0;
}
