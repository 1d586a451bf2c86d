/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (!memory) {
        fputs("penstock: out of memory while collecting findings\n", stderr);
        abort();
    }
    return memory;
}

static char *copy(const char *s)
{
    return s ? need(strdup(s)) : NULL;
}

void ps_diags_init(struct ps_diags *diags)
{
    *diags = (struct ps_diags){0};
}

static void diag_fini(struct ps_diag *diag)
{
    free(diag->file);
    free(diag->at);
    free(diag->text);
}

void ps_diags_fini(struct ps_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++)
        diag_fini(&diags->items[i]);
    free(diags->items);
    *diags = (struct ps_diags){0};
}

static void count(struct ps_diags *diags)
{
    diags->n_errors = diags->n_warnings = 0;
    for (size_t i = 0; i < diags->n; i++) {
        diags->n_errors += diags->items[i].severity == PS_SEV_ERROR;
        diags->n_warnings += diags->items[i].severity == PS_SEV_WARNING;
    }
}

void ps_diag_add(struct ps_diags *diags, enum ps_severity severity, const char *id, const char *file, uint32_t line,
                 const char *at, const char *format, ...)
{
    if (diags->n == diags->capacity) {
        diags->capacity = diags->capacity ? 2 * diags->capacity : 16;
        diags->items = need(reallocarray(diags->items, diags->capacity, sizeof diags->items[0]));
    }
    struct ps_diag *diag = &diags->items[diags->n++];
    *diag = (struct ps_diag){.severity = (uint8_t)severity, .file = copy(file), .line = line, .at = copy(at)};
    snprintf(diag->id, sizeof diag->id, "%s", id ? id : "");
    va_list args;
    va_start(args, format);
    int len = vasprintf(&diag->text, format, args);
    va_end(args);
    if (len < 0)
        need(NULL);
    diags->n_errors += severity == PS_SEV_ERROR;
    diags->n_warnings += severity == PS_SEV_WARNING;
}

/* ---- sorting --------------------------------------------------------------------------------------------------- */

struct keyed {
    struct ps_diag diag;
    size_t file_rank; /* where its file appeared first */
    size_t order;     /* where it was found */
};

static int compare_text(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_size(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_place(const struct keyed *a, const struct keyed *b)
{
    int by_file = compare_size(a->file_rank, b->file_rank);
    return by_file ? by_file : compare_size(a->diag.line, b->diag.line);
}

/* 0: the same finding, found twice. */
static int compare_finding(const struct keyed *a, const struct keyed *b)
{
    int c = compare_place(a, b);
    if (c == 0)
        c = compare_size(a->diag.severity, b->diag.severity);
    if (c == 0)
        c = strcmp(a->diag.id, b->diag.id);
    if (c == 0)
        c = compare_text(a->diag.at, b->diag.at);
    return c ? c : compare_text(a->diag.text, b->diag.text);
}

static int by_finding(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    int c = compare_finding(a, b);
    return c ? c : compare_size(a->order, b->order);
}

static int by_place(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    int c = compare_place(a, b);
    return c ? c : compare_size(a->order, b->order);
}

/* The rank of item i's file: the first item with that file. Findings come in runs of one file. */
static size_t file_rank(const struct keyed *keyed, size_t i)
{
    if (i > 0 && compare_text(keyed[i].diag.file, keyed[i - 1].diag.file) == 0)
        return keyed[i - 1].file_rank;
    for (size_t k = 0; k < i; k++)
        if (keyed[k].file_rank == k && compare_text(keyed[k].diag.file, keyed[i].diag.file) == 0)
            return k;
    return i;
}

/* Drops all but the first of equal findings; keyed is sorted by_finding. Returns how many are left. */
static size_t merge_equal(struct keyed *keyed, size_t n)
{
    size_t n_left = 1;
    for (size_t i = 1; i < n; i++) {
        if (compare_finding(&keyed[i], &keyed[n_left - 1]) == 0)
            diag_fini(&keyed[i].diag);
        else
            keyed[n_left++] = keyed[i];
    }
    return n_left;
}

void ps_diags_sort(struct ps_diags *diags)
{
    if (diags->n < 2)
        return;
    struct keyed *keyed = need(calloc(diags->n, sizeof *keyed));
    for (size_t i = 0; i < diags->n; i++) {
        keyed[i].diag = diags->items[i];
        keyed[i].order = i;
        keyed[i].file_rank = file_rank(keyed, i);
    }
    qsort(keyed, diags->n, sizeof *keyed, by_finding);
    diags->n = merge_equal(keyed, diags->n);
    qsort(keyed, diags->n, sizeof *keyed, by_place);
    for (size_t i = 0; i < diags->n; i++)
        diags->items[i] = keyed[i].diag;
    free(keyed);
    count(diags);
}
