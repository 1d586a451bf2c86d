/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

/* Every id that the lint gives, in order. Ids of the loader and the compiler are no matter of acceptance: without them
 * repaired there is no image. */
static const char *const known_ids[] = {
    "ZL-004", "ZL-006", "ZL-008", "ZL-009", "ZL-012", "ZL-020", "ZL-021", "ZL-022", "ZL-023", "ZL-030",
    "ZL-031", "ZL-032", "ZL-034", "ZL-040", "ZL-041", "ZL-050", "ZL-060", "ZL-063", "ZL-064", "ZL-070",
    "ZL-071", "ZL-072", "ZL-080", "ZL-081", "ZL-082", "ZL-083", "ZL-084", "ZL-087", "ZL-089", "ZL-092",
};

static bool known(const char *id)
{
    for (size_t i = 0; i < sizeof(known_ids) / sizeof(known_ids[0]); i++)
        if (strcmp(known_ids[i], id) == 0)
            return true;
    return false;
}

/* An exception and what became of it. Sorted by finding, then place. */
struct entry {
    const struct ps_exception *exception;
    uint32_t n_matches;
};

static int compare_key(const char *finding_a, const char *at_a, const char *finding_b, const char *at_b)
{
    int order = strcmp(finding_a, finding_b);

    return order != 0 ? order : strcmp(at_a, at_b);
}

static int compare_entries(const void *a, const void *b)
{
    const struct ps_exception *x = ((const struct entry *)a)->exception;
    const struct ps_exception *y = ((const struct entry *)b)->exception;

    return compare_key(x->finding, x->at, y->finding, y->at);
}

static int compare_diag(const void *key, const void *entry)
{
    const struct ps_diag *diag = key;
    const struct ps_exception *exception = ((const struct entry *)entry)->exception;

    return compare_key(diag->id, diag->at, exception->finding, exception->at);
}

static void date_text(uint32_t date, char buf[16])
{
    snprintf(buf, 16, "%04u-%02u-%02u", date / 10000 % 10000, date / 100 % 100, date % 100);
}

/* Somebody answers for this finding: say who and why instead of what to do. */
static void accept(struct ps_diags *diags, struct ps_diag *diag, const struct ps_exception *exception)
{
    const char *remedy = strstr(diag->text, "; ");
    char until[16];
    char *text = NULL;
    int n;

    if (diag->severity == PS_SEV_ERROR)
        diags->n_errors--;
    else if (diag->severity == PS_SEV_WARNING)
        diags->n_warnings--;
    diag->severity = PS_SEV_ACCEPTED;
    date_text(exception->until, until);
    n = asprintf(&text, "%.*s; accepted by %s%s%s: %s", remedy ? (int)(remedy - diag->text) : (int)strlen(diag->text),
                 diag->text, exception->owner, exception->until != 0 ? " until " : "",
                 exception->until != 0 ? until : "", exception->reason);
    if (n < 0) {
        fputs("penstock: out of memory\n", stderr);
        abort();
    }
    free(diag->text);
    diag->text = text;
}

/* Marks what the exceptions cover. Returns nothing: the entries count their matches. */
static void apply(struct ps_diags *diags, struct entry *entries, uint32_t n, uint32_t today)
{
    for (size_t i = 0; i < diags->n; i++) {
        struct ps_diag *diag = &diags->items[i];
        struct entry *entry;

        if (diag->severity == PS_SEV_ACCEPTED || !diag->at || !known(diag->id))
            continue;
        entry = bsearch(diag, entries, n, sizeof(*entries), compare_diag);
        if (!entry)
            continue;
        entry->n_matches++;
        if (entry->exception->until == 0 || entry->exception->until >= today)
            accept(diags, diag, entry->exception);
    }
}

/* What is to be said about an exception itself. */
static void judge(const struct ps_model *model, const struct entry *entry, uint32_t today, struct ps_diags *diags)
{
    const struct ps_exception *e = entry->exception;
    const char *file = e->src.file < model->n_files ? model->files[e->src.file] : NULL;
    char until[16];

    date_text(e->until, until);
    if (!known(e->finding)) {
        ps_diag_add(diags, PS_SEV_WARNING, NULL, file, e->src.line, e->at,
                    "the exception for %s at \"%s\" names a finding that `check` never makes; docs/iec62443.md lists "
                    "those it makes",
                    e->finding, e->at);
    } else if (entry->n_matches == 0) {
        ps_diag_add(diags, PS_SEV_WARNING, NULL, file, e->src.line, e->at,
                    "the exception for %s at \"%s\" covers nothing: the finding is not there; remove the exception",
                    e->finding, e->at);
    } else if (e->until == 0) {
        ps_diag_add(diags, PS_SEV_WARNING, NULL, file, e->src.line, e->at,
                    "the exception for %s at \"%s\" never ends; add until = \"yyyy-mm-dd\", the day of its next review",
                    e->finding, e->at);
    } else if (e->until < today) {
        ps_diag_add(diags, PS_SEV_ERROR, NULL, file, e->src.line, e->at,
                    "the exception for %s at \"%s\" expired on %s; repair the finding, or let %s decide on a new date",
                    e->finding, e->at, until, e->owner);
    }
}

void ps_lint_exceptions(const struct ps_model *model, uint32_t today, struct ps_diags *diags)
{
    struct entry *entries;

    if (model->n_exceptions == 0)
        return;
    entries = ps_lint_calloc(model->n_exceptions, sizeof(*entries));
    for (uint32_t i = 0; i < model->n_exceptions; i++)
        entries[i].exception = &model->exceptions[i];
    qsort(entries, model->n_exceptions, sizeof(*entries), compare_entries);
    apply(diags, entries, model->n_exceptions, today);
    for (uint32_t i = 0; i < model->n_exceptions; i++)
        judge(model, &entries[i], today, diags);
    free(entries);
}
