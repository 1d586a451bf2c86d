/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diag.h - findings about policy text: collected, located, each with what to do about it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ps_severity { PS_SEV_ERROR = 0, PS_SEV_WARNING, PS_SEV_ACCEPTED /* an error that an exception covers */ };

struct ps_diag {
    uint8_t severity; /* enum ps_severity */
    char id[8];       /* "ZL-021", or "" */
    char *file;       /* as the user named it; NULL: no place */
    uint32_t line;    /* 0: no line */
    char *at;         /* model path "conduit/rule", or NULL */
    char *text;       /* one sentence: what is wrong; what to do */
};

struct ps_diags {
    struct ps_diag *items; /* in the order they were found until ps_diags_sort() */
    size_t n, capacity;
    size_t n_errors, n_warnings;
};

void ps_diags_init(struct ps_diags *diags);
void ps_diags_fini(struct ps_diags *diags);

/* Adds a finding. id and at may be NULL. printf-like. */
__attribute__((format(printf, 7, 8))) void ps_diag_add(struct ps_diags *diags, enum ps_severity severity,
                                                       const char *id, const char *file, uint32_t line,
                                                       const char *at, const char *format, ...);

/* By file (order of first appearance), line, then order found; equal findings are merged. */
void ps_diags_sort(struct ps_diags *diags);
