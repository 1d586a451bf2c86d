/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_diff.c - two lists of records beside each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push_private.h"

/* The same object, whatever it is like? Rules by their place. */
static int compare_names(const struct ps_push_record *a, const struct ps_push_record *b)
{
    int order = (a->thing > b->thing) - (a->thing < b->thing);

    order = order != 0 ? order : strcmp(a->owner, b->owner);
    order = order != 0 ? order : (a->at > b->at) - (a->at < b->at);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static int compare_records(const void *a, const void *b)
{
    int order = compare_names(a, b);

    return order != 0 ? order : strcmp(((const struct ps_push_record *)a)->body, ((const struct ps_push_record *)b)->body);
}

void ps_push_records_sort(struct ps_push_records *records)
{
    if (records->n > 0)
        qsort(records->items, records->n, sizeof *records->items, compare_records);
}

static void tell(struct ps_push_drifts *drifts, enum ps_push_how how, const struct ps_push_record *record)
{
    static const char *const hows[] = {
        [PS_PUSH_MISSING] = "is missing", [PS_PUSH_CHANGED] = "has changed", [PS_PUSH_ADDED] = "was added"};
    static const char *const things[] = {
        [PS_PUSH_TABLE] = "table", [PS_PUSH_CHAIN] = "chain", [PS_PUSH_COUNTER] = "counter", [PS_PUSH_SET] = "set"};
    struct ps_push_drift *drift;

    if (drifts->n++ >= PS_PUSH_DRIFTS_MAX)
        return;
    drift = &drifts->items[drifts->n - 1];
    *drift = (struct ps_push_drift){.how = (uint8_t)how, .thing = record->thing};
    if (record->thing == PS_PUSH_RULE)
        snprintf(drift->text, sizeof drift->text, "rule %u of chain %.250s %s", record->at, record->owner, hows[how]);
    else if (record->thing == PS_PUSH_ELEMENT)
        snprintf(drift->text, sizeof drift->text, "element %.80s of set %.250s %s", record->name, record->owner, hows[how]);
    else
        snprintf(drift->text, sizeof drift->text, "%s %.250s %s", things[record->thing], record->name, hows[how]);
}

/* ---- owners ------------------------------------------------------------------------------------------------------ */

/* The first of sorted records that does not come before this one. */
static size_t place_of(const struct ps_push_records *records, const struct ps_push_record *wanted)
{
    size_t first = 0, end = records->n;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (compare_names(&records->items[middle], wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static const struct ps_push_record *element_at(const struct ps_push_records *records, size_t i, const char *set)
{
    const struct ps_push_record *record = i < records->n ? &records->items[i] : NULL;

    return record != NULL && record->thing == PS_PUSH_ELEMENT && strcmp(record->owner, set) == 0 ? record : NULL;
}

bool ps_push_records_agree(const struct ps_push_records *a, const struct ps_push_records *b, const char *set)
{
    const struct ps_push_record first = {.thing = PS_PUSH_ELEMENT, .owner = set, .name = ""};
    size_t i = place_of(a, &first), k = place_of(b, &first);
    const struct ps_push_record *x = element_at(a, i, set), *y = element_at(b, k, set);

    while (x != NULL && y != NULL && compare_records(x, y) == 0) {
        x = element_at(a, ++i, set);
        y = element_at(b, ++k, set);
    }
    return x == NULL && y == NULL;
}

const struct ps_push_record *ps_push_records_find(const struct ps_push_records *records, enum ps_push_thing thing,
                                                  const char *name)
{
    const struct ps_push_record wanted = {.thing = (uint8_t)thing, .owner = "", .name = name};
    size_t i = place_of(records, &wanted);

    return i < records->n && compare_names(&records->items[i], &wanted) == 0 ? &records->items[i] : NULL;
}

/* Is the set or chain that it is in on the other side too? Else that is said of it alone. */
static bool has_owner(const struct ps_push_records *other, const struct ps_push_record *record)
{
    if (record->thing == PS_PUSH_ELEMENT)
        return ps_push_records_find(other, PS_PUSH_SET, record->owner) != NULL;
    return record->thing != PS_PUSH_RULE || ps_push_records_find(other, PS_PUSH_CHAIN, record->owner) != NULL;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* Rules of one chain, of which there are n. */
static size_t n_of_chain(const struct ps_push_records *records, size_t from, const char *chain)
{
    size_t n = 0;

    while (from + n < records->n && records->items[from + n].thing == PS_PUSH_RULE &&
           strcmp(records->items[from + n].owner, chain) == 0)
        n++;
    return n;
}

static bool same_body(const struct ps_push_record *a, const struct ps_push_record *b)
{
    return strcmp(a->body, b->body) == 0;
}

/* Rules have no names: what is alike at the beginning and at the end is the same, and what is between differs. */
static void diff_rules(const struct ps_push_record *wanted, size_t n_wanted, const struct ps_push_record *seen, size_t n_seen,
                       struct ps_push_drifts *drifts)
{
    while (n_wanted > 0 && n_seen > 0 && same_body(wanted, seen)) {
        wanted++;
        seen++;
        n_wanted--;
        n_seen--;
    }
    while (n_wanted > 0 && n_seen > 0 && same_body(&wanted[n_wanted - 1], &seen[n_seen - 1])) {
        n_wanted--;
        n_seen--;
    }
    for (size_t i = 0; i < n_wanted; i++)
        tell(drifts, i < n_seen ? PS_PUSH_CHANGED : PS_PUSH_MISSING, &wanted[i]);
    for (size_t i = n_wanted; i < n_seen; i++)
        tell(drifts, PS_PUSH_ADDED, &seen[i]);
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

struct walk {
    struct ps_push_records *wanted, *seen;
    size_t i, k; /* where it is in each */
    struct ps_push_drifts *drifts;
};

static void walk_chain(struct walk *w, const char *chain)
{
    size_t n_wanted = n_of_chain(w->wanted, w->i, chain), n_seen = n_of_chain(w->seen, w->k, chain);

    if (ps_push_records_find(w->wanted, PS_PUSH_CHAIN, chain) != NULL &&
        ps_push_records_find(w->seen, PS_PUSH_CHAIN, chain) != NULL)
        diff_rules(&w->wanted->items[w->i], n_wanted, &w->seen->items[w->k], n_seen, w->drifts);
    w->i += n_wanted;
    w->k += n_seen;
}

/* Which of two comes first: by the chain alone where both are rules. */
static int order_of(const struct ps_push_record *a, const struct ps_push_record *b)
{
    return a->thing == PS_PUSH_RULE && b->thing == PS_PUSH_RULE ? strcmp(a->owner, b->owner) : compare_names(a, b);
}

/* What comes next, on one side or on both. */
static void walk_on(struct walk *w)
{
    const struct ps_push_record *wanted = w->i < w->wanted->n ? &w->wanted->items[w->i] : NULL;
    const struct ps_push_record *seen = w->k < w->seen->n ? &w->seen->items[w->k] : NULL;
    int order = wanted == NULL ? 1 : seen == NULL ? -1 : order_of(wanted, seen);
    const struct ps_push_record *first = order > 0 ? seen : wanted;

    if (first->thing == PS_PUSH_RULE) {
        walk_chain(w, first->owner);
        return;
    }
    if (order < 0 && has_owner(w->seen, wanted))
        tell(w->drifts, PS_PUSH_MISSING, wanted);
    else if (order > 0 && has_owner(w->wanted, seen))
        tell(w->drifts, PS_PUSH_ADDED, seen);
    else if (order == 0 && !same_body(wanted, seen))
        tell(w->drifts, PS_PUSH_CHANGED, wanted);
    w->i += order <= 0;
    w->k += order >= 0;
}

void ps_push_diff(struct ps_push_records *wanted, struct ps_push_records *seen, struct ps_push_drifts *drifts)
{
    struct walk w = {.wanted = wanted, .seen = seen, .drifts = drifts};

    *drifts = (struct ps_push_drifts){0};
    ps_push_records_sort(wanted);
    ps_push_records_sort(seen);
    while (w.i < wanted->n || w.k < seen->n)
        walk_on(&w);
}
