/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.h - the plant file: libconfig text -> model -> canonical text.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "diag.h"
#include "model.h"

/* Reads a plant file with its @includes (relative to the file that names them). All errors are collected in diags, in
 * one run. NULL when there is any error; else a model for ps_model_free(). path "-" or /dev/stdin: standard input. */
struct ps_model *ps_policy_load(const char *path, struct ps_diags *diags);

/* The same, but *model is never NULL: when there was an error (false), it is as much as could be read, and only its
 * zones and assets may be looked at, in ps_compile_addresses(); the ones without a usable name are called "?". */
bool ps_policy_read(const char *path, struct ps_diags *diags, struct ps_model **model);

/* As ps_policy_load() from memory; name stands for the file in diagnostics. */
struct ps_model *ps_policy_parse(const char *text, const char *name, struct ps_diags *diags);

/* Canonical text: reads back to a model that compiles to the same image but for source positions and digest of them.
 * false on a write error. */
bool ps_policy_print(const struct ps_model *model, FILE *out);

/* Comments for the canonical text: one line each, by index in the model; NULL: none. */
struct ps_policy_notes {
    const char *const *assets; /* NULL: none at all */
    const char *const *rules;
};
bool ps_policy_print_notes(const struct ps_model *model, const struct ps_policy_notes *notes, FILE *out);

/* ---- policy tests (tests.conf) --------------------------------------------------------------------------------- */

struct ps_policy_test {
    const char *name, *from, *to, *pdu;
    const char *rule;   /* expected rule, NULL: any */
    const char *reason; /* expected reason, NULL: any */
    bool expect_allow;
    struct ps_src src;
};

struct ps_policy_tests {
    struct ps_model *owner; /* holds the memory */
    struct ps_policy_test *items;
    uint32_t n;
};

/* false when there is any error (in diags). */
bool ps_policy_tests_load(const char *path, struct ps_policy_tests *tests, struct ps_diags *diags);
void ps_policy_tests_fini(struct ps_policy_tests *tests);
