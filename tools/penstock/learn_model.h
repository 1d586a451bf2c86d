/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_model.h - a plant model that grants what was seen, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "learn_draft.h"
#include "learn_seen.h"
#include "model.h"

struct ps_learn_model_options {
    const char *site;             /* NULL: of the given plant, else "learned plant" */
    const struct ps_model *given; /* its zones, assets and gateways are taken; NULL: none. Must outlive the model */
    struct ps_draft_options drafts;
};

/* A model for ps_model_free(), or NULL when the plant file has no room for it. Sorts seen. The same seen (in any order
 * of appearance) gives the same model. */
struct ps_model *ps_learn_model(struct ps_seen_set *seen, const struct ps_learn_model_options *options);

/* Does a learned rule open connections of its protocol on which nothing was asked, and grant no request? */
bool ps_learn_opens_only(const struct ps_rule *rule);

/* A model that holds no host of any capture (nobody is 0.0.0.0) and knows that an inspected protocol is spoken on these
 * ports, so that the engine dissects what it refuses. */
struct ps_model *ps_learn_model_blank(const struct ps_ranges *const ports[PS_N_DISSECTORS]);
