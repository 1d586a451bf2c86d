/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_plant.h - captures -> a plant model under which they pass.
 *
 * The engine is the only judge: it is shown the captures under a policy that grants nothing, and whatever it refuses
 * for class policy is granted by the next one, until it refuses nothing for that class any more. What it refuses for
 * another class (malformed, out of order, no address) is no matter of policy and stays refused.
 */
#pragma once

#include <stdbool.h>

#include "learn_model.h"
#include "learn_pass.h"

struct ps_learn_options {
    const struct ps_inputs *inputs;
    struct ps_learn_model_options model;
    const struct ps_ranges *ports[PS_N_DISSECTORS]; /* where inspected protocols are spoken */
    uint8_t checksums;                              /* enum ps_checksums */
    unsigned n_threads;
    bool progress;
};

struct ps_learned {
    struct ps_model *model; /* with exceptions for what the lint finds wrong with it */
    uint8_t *image;
    struct ps_image view;
    struct ps_pass
        proof; /* the pass in which nothing was refused for class policy; its evidence is about model's rules */
    unsigned n_passes;
};

/* False, with a sentence on stderr, when it cannot be done. */
bool ps_learn_plant(struct ps_learned *learned, const struct ps_learn_options *options);
void ps_learned_fini(struct ps_learned *learned);
