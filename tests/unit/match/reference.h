/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reference.h - the policy's words written down directly over the model, slowly and without an image: what match must
 * say. The words are those of fake_words.c.
 */
#pragma once

#include "match.h"
#include "model.h"

struct reference {
    enum ps_reason reason;
    uint32_t conduit, client_asset, server_asset, client_zone, server_zone;
    bool not_ours, intra_allow;
    uint8_t protocol; /* whose dissector reads it */
    uint32_t timeout_ms;
    uint16_t max_outstanding;
    uint32_t n_rules;
    uint32_t rules[512];
};

/* What the policy says about a flow. */
void reference_path(const struct ps_model *model, const struct ps_ends *ends, struct reference *out);

/* The first rule that grants the fact, PS_NONE: none. */
uint32_t reference_fact(const struct ps_model *model, const struct reference *path, const struct ps_fact *fact);
