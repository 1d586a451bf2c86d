/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lint.h - what the passes of the model lint share: adding findings, and what a rule grants in effect.
 *
 * Every finding, its severity and its reference into IEC 62443 stands in docs/iec62443.md; a test keeps both in step.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compile.h"
#include "dissector.h"
#include "vocab.h"

/* One kind of fact that a protocol can give: a function in one of its classes. */
struct ps_fact_kind {
    uint16_t row; /* of the vocabulary's functions */
    uint8_t op;   /* enum ps_op */
};

struct ps_lint {
    const struct ps_model *model;
    struct ps_diags *diags;
    uint32_t *first_asset;                       /* assets of zone z: first_asset[z] .. first_asset[z + 1] - 1 */
    struct ps_fact_kind *facts[PS_N_DISSECTORS]; /* by protocol; NULL without a dissector */
    uint32_t n_facts[PS_N_DISSECTORS];
    struct ps_rule_grants *of_rule;              /* of each rule of the model, once somebody has asked */
};

void ps_lint_init(struct ps_lint *lint, const struct ps_model *model, struct ps_diags *diags);
void ps_lint_fini(struct ps_lint *lint);

/* Zeroed memory for n elements; ends the program with a message when there is none. free() it. */
void *ps_lint_calloc(size_t n, size_t size);

/* ---- adding a finding at a thing of the model ------------------------------------------------------------------ */

#define PS_LINT_PRINTF __attribute__((format(printf, 5, 6)))

PS_LINT_PRINTF void ps_lint_zone(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t zone,
                                 const char *format, ...);
PS_LINT_PRINTF void ps_lint_asset(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t asset,
                                  const char *format, ...);
PS_LINT_PRINTF void ps_lint_conduit(const struct ps_lint *lint, enum ps_severity severity, const char *id,
                                    uint32_t conduit, const char *format, ...);
PS_LINT_PRINTF void ps_lint_rule(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t rule,
                                 const char *format, ...);

/* ---- what a rule grants ---------------------------------------------------------------------------------------- */

/* Classes that change the process, the device or its program. An opaque function may do any of it. */
#define PS_OPS_CHANGING                                                                                                \
    (PS_OP_BIT(PS_OP_WRITE) | PS_OP_BIT(PS_OP_OPERATE) | PS_OP_BIT(PS_OP_CONTROL) | PS_OP_BIT(PS_OP_PROGRAM) |         \
     PS_OP_BIT(PS_OP_FILE) | PS_OP_BIT(PS_OP_TIME) | PS_OP_BIT(PS_OP_OPAQUE))

/* The facts that an inspected rule can grant, taken over functions, classes and objects together. Housekeeping, which
 * every rule grants to its stations, is left out where the rule does not name it. */
struct ps_grants {
    uint32_t ops;       /* classes */
    uint32_t n_facts;   /* kinds of facts */
    bool all_functions; /* every function of the protocol that is no housekeeping, in every class it has */
    bool writes;        /* some fact carries a value */
    bool wide_writes;   /* some fact's value can be more than on or off */
    bool unseen_writes; /* some fact may write what cannot be seen */
    bool choices;       /* some fact has a choice */
    uint16_t n_params;  /* the most that some fact has */
    double min, max;    /* over all values that can be written; with `writes` */
};

/* Has a fact of this kind one of the rule's objects, or does the rule not restrict them? */
bool ps_grants_addresses(const struct ps_rule *rule, const struct ps_vocab *vocab, const struct ps_fact_kind *kind);

void ps_grants_find(const struct ps_lint *lint, const struct ps_rule *rule, struct ps_grants *grants);

/* Classes in which a rule grants function row, before objects are considered. 0: none. */
uint32_t ps_grants_row(const struct ps_rule *rule, const struct ps_vocab *vocab, uint16_t row);

/* The vocabulary of an inspected rule; NULL for an uninspected one. */
const struct ps_vocab *ps_lint_vocab(const struct ps_rule *rule);

/* "write, control and file": the classes of a mask, into buf. */
const char *ps_ops_text(uint32_t ops, char *buf, size_t size);

/* One of the rule's port ranges holds port; false without `ports`. */
bool ps_rule_lists_port(const struct ps_rule *rule, uint16_t port);

/* ---- the passes ------------------------------------------------------------------------------------------------ */

void ps_lint_zone_contents(const struct ps_lint *lint);  /* lint_zones_contents.c */
void ps_lint_zone_conduits(const struct ps_lint *lint);  /* lint_zones_conduits.c */
void ps_lint_zone_paths(const struct ps_lint *lint);     /* lint_zones_paths.c */
void ps_lint_zone_rules(const struct ps_lint *lint);     /* lint_zones_rules.c */
void ps_lint_rules_dead(const struct ps_lint *lint);     /* lint_rules_dead.c */
void ps_lint_rules_shadowed(const struct ps_lint *lint); /* lint_rules_shadowed.c */

/* Applies the model's exceptions to every finding with an id that the lint makes. lint_exceptions.c */
void ps_lint_exceptions(const struct ps_model *model, uint32_t today, struct ps_diags *diags);
