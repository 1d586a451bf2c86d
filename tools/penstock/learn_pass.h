/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_pass.h - one pass of the engine over all captures, and what it shows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "inputs.h"
#include "learn_seen.h"

/* Where something was seen first. */
struct ps_first {
    uint32_t input;
    uint64_t number; /* of the packet; 0: nowhere yet */
};

/* What a rule granted in a pass. */
struct ps_evidence {
    uint64_t n;     /* facts of inspected protocols, else packets */
    uint64_t flows; /* distinct ones */
    struct ps_first first;
    double min, max; /* written values; min > max: none */
    uint64_t refused; /* PDUs of its flows that were refused for another class than policy */
    uint8_t reason;   /* of the first of them */
    struct ps_first refused_first;
};

struct ps_pass {
    /* set by the caller */
    const struct ps_inputs *inputs;
    const struct ps_image *image;
    struct ps_seen_limits limits;
    uint8_t checksums; /* enum ps_checksums or PS_CHECKSUMS_AUTO */
    unsigned n_threads;
    bool progress; /* a line on stderr that overwrites itself */

    /* results; the same whatever n_threads */
    struct ps_seen_set seen;      /* what was refused for class policy */
    struct ps_evidence *evidence; /* per rule of the image */
    uint64_t packets, flows;
    uint64_t denied_by_class[PS_N_CLASSES];
    uint64_t denied_by_reason[PS_N_REASONS];
    uint64_t not_judged; /* packets of link types that are not known */
    uint32_t n_damaged;  /* captures that end early or could not be read; reported on stderr when `report` */
    bool report;
};

/* Fills in the results. False when the engine has no memory. */
bool ps_pass_run(struct ps_pass *pass);
void ps_pass_fini(struct ps_pass *pass);
