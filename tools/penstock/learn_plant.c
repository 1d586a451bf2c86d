/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

/* One pass finds what is asked for, one what that brings with it (ICMP errors, neighbours), one proves it; a policy can
 * also turn a connection's ends round. */
#define MAX_PASSES 12

static void print_errors(const struct ps_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++)
        if (diags->items[i].severity == PS_SEV_ERROR)
            fprintf(stderr, "penstock: the learned plant does not compile: %s%s%s\n",
                    diags->items[i].at ? diags->items[i].at : "", diags->items[i].at ? ": " : "", diags->items[i].text);
}

static bool compile(struct ps_learned *learned)
{
    struct ps_diags diags;
    const char *wrong;
    size_t len = 0;

    ps_diags_init(&diags);
    learned->image = ps_compile(learned->model, &diags, &len);
    if (!learned->image)
        print_errors(&diags);
    ps_diags_fini(&diags);
    if (!learned->image)
        return false;
    wrong = ps_image_open(learned->image, len, &learned->view);
    if (wrong)
        fprintf(stderr, "penstock: the learned plant does not load: %s\n", wrong);
    return wrong == NULL;
}

static void forget(struct ps_learned *learned)
{
    ps_pass_fini(&learned->proof);
    free(learned->image);
    ps_model_free(learned->model);
    learned->image = NULL;
    learned->model = NULL;
}

/* One more pass, under learned->model. */
static bool pass(struct ps_learned *learned, const struct ps_learn_options *options)
{
    if (!learned->model) {
        fputs("penstock: what the captures show does not fit into a plant file\n", stderr);
        return false;
    }
    if (!compile(learned))
        return false;
    learned->proof = (struct ps_pass){
        .inputs = options->inputs,
        .image = &learned->view,
        .limits.late = learned->n_passes > 0,
        .checksums = options->checksums,
        .n_threads = options->n_threads,
        .progress = options->progress,
        .report = learned->n_passes == 0,
    };
    memcpy(learned->proof.limits.ports, options->ports, sizeof(options->ports));
    learned->n_passes++;
    if (!ps_pass_run(&learned->proof)) {
        fputs("penstock: no memory for the engine\n", stderr);
        return false;
    }
    return true;
}

/* Somebody has to answer for what the lint calls an error; the traffic is there. */
static bool accept_findings(struct ps_model *model)
{
    struct ps_diags diags;
    bool fine = true;

    ps_diags_init(&diags);
    ps_lint_rules(model, &diags);
    ps_lint_zones(model, 0, &diags);
    ps_diags_sort(&diags);
    model->exceptions = ps_model_alloc(model, (diags.n + 1) * sizeof(*model->exceptions));
    for (size_t i = 0; i < diags.n; i++) {
        const struct ps_diag *diag = &diags.items[i];

        if (diag->severity != PS_SEV_ERROR)
            continue;
        if (!diag->at || diag->id[0] == '\0') {
            fprintf(stderr, "penstock: the learned plant does not pass the lint: %s\n", diag->text);
            fine = false;
            continue;
        }
        model->exceptions[model->n_exceptions++] = (struct ps_exception){
            .finding = ps_model_strdup(model, diag->id),
            .at = ps_model_strdup(model, diag->at),
            .owner = "unassigned",
            .reason = "seen in the capture; review",
        };
    }
    ps_diags_fini(&diags);
    return fine;
}

bool ps_learn_plant(struct ps_learned *learned, const struct ps_learn_options *options)
{
    struct ps_seen_set seen = {0};
    bool fine;

    *learned = (struct ps_learned){.model = ps_learn_model_blank(options->ports)};
    fine = pass(learned, options);
    while (fine && ps_seen_merge(&seen, &learned->proof.seen) && learned->n_passes < MAX_PASSES) {
        forget(learned);
        learned->model = ps_learn_model(&seen, &options->model);
        fine = pass(learned, options);
    }
    if (fine && learned->n_passes == 1) { /* nothing at all to grant */
        forget(learned);
        learned->model = ps_learn_model(&seen, &options->model);
        fine = pass(learned, options);
    }
    ps_seen_fini(&seen);
    if (fine && learned->proof.denied_by_class[PS_CLASS_POLICY] > 0) {
        fprintf(stderr, "penstock: after %u passes %llu things are still refused for want of a rule\n",
                learned->n_passes, (unsigned long long)learned->proof.denied_by_class[PS_CLASS_POLICY]);
        fine = false;
    }
    return fine && accept_findings(learned->model);
}

void ps_learned_fini(struct ps_learned *learned)
{
    forget(learned);
}
