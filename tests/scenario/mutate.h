/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mutate.h - what the parts of the mutation test share: PDUs that a learned policy grants, a second opinion on which
 * rules grant them, and the permissions that can be taken away.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "model.h"

/* ---- PDUs (mutate_run.c) ---------------------------------------------------------------------------------------- */

/* A PDU with facts, known again in every run by its packet, direction and place among such PDUs. */
struct mutate_pdu {
    uint64_t number;
    uint32_t place;
    uint8_t dir;
    bool granted;
    bool udp;
    uint16_t port;
    uint32_t client, server; /* assets */
    uint32_t first_fact, n_facts;
};

struct mutate_pdus {
    struct mutate_pdu *items;
    uint32_t n, capacity;
    struct ps_fact *facts; /* with values of their own */
    uint32_t n_facts, fact_capacity;
    bool with_facts; /* set by the caller: keep them */
};

/* Judges the first max_packets of the capture. False, with a sentence on stderr, when it cannot be done. */
bool mutate_run(const char *path, const struct ps_image *image, uint64_t max_packets, struct mutate_pdus *pdus);
void mutate_pdus_fini(struct mutate_pdus *pdus);

/* ---- the second opinion (mutate_oracle.c) ------------------------------------------------------------------------ */

/* Does rule alone grant fact of pdu, by the words of docs/policy.md, read off the model? */
bool mutate_grants(const struct ps_rule *rule, const struct mutate_pdu *pdu, const struct ps_fact *fact);

/* ---- permissions (mutate_take.c) --------------------------------------------------------------------------------- */

enum mutate_kind {
    MUTATE_RULE = 0,
    MUTATE_FUNCTION, /* one of several; the same of all lists: the last one goes with its rule */
    MUTATE_OBJECT,
    MUTATE_OBJECT_END, /* the upper half of a range */
    MUTATE_STATION,
    MUTATE_CLIENT,
    MUTATE_SERVER,
    MUTATE_CHOICE,
    MUTATE_VALUES, /* the upper half */
    MUTATE_PARAM,  /* the upper half of a range */
    MUTATE_KEY,    /* one that permits something */
    MUTATE_N_KINDS,
};

/* How many permissions of this kind rule has that can be taken one by one. */
uint32_t mutate_count(const struct ps_rule *rule, enum mutate_kind kind);

/* Takes permission `which` of that kind out of *rule, a copy whose lists are replaced by new ones in model's memory. Not
 * for MUTATE_RULE. */
void mutate_take(struct ps_model *model, struct ps_rule *rule, enum mutate_kind kind, uint32_t which);

const char *mutate_kind_name(enum mutate_kind kind);
