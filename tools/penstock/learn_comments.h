/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_comments.h - what was seen, in words, for the learned plant file.
 */
#pragma once

#include "learn_plant.h"
#include "policy.h"

struct ps_learn_comments {
    struct ps_policy_notes notes; /* one for each rule; assets that speak an inspected protocol */
    struct ps_model *memory;
};

void ps_learn_comments_init(struct ps_learn_comments *comments, const struct ps_learned *learned,
                            const struct ps_inputs *inputs);
void ps_learn_comments_fini(struct ps_learn_comments *comments);
