/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_denials.h"

#include <stdlib.h>
#include <string.h>

#include "event_key.h"
#include "text.h"

#define N_SLOTS 32768u /* a power of two, well above the rows */

static struct replay_denial *new_row(struct replay_denials *d)
{
    if (d->n_rows == d->capacity) {
        d->capacity = d->capacity == 0 ? 64 : 2 * d->capacity;
        d->rows = ps_need(realloc(d->rows, d->capacity * sizeof *d->rows));
    }
    return &d->rows[d->n_rows++];
}

void replay_denials_add(struct replay_denials *d, const struct ps_event *event, size_t file, uint64_t n)
{
    uint32_t hash = ps_event_key_hash(event), slot;
    struct replay_denial *row;

    if (d->slots == NULL)
        d->slots = ps_need(calloc(N_SLOTS, sizeof *d->slots));
    for (slot = hash % N_SLOTS; d->slots[slot] != 0; slot = (slot + 1) % N_SLOTS) {
        row = &d->rows[d->slots[slot] - 1];
        if (row->hash != hash || !ps_event_key_equal(&row->first, event))
            continue;
        row->n += n;
        return;
    }
    if (d->n_rows == REPLAY_DENIALS_MAX) {
        d->n_more += n;
        return;
    }
    row = new_row(d);
    *row = (struct replay_denial){.n = n, .hash = hash, .file = file, .first = *event};
    d->slots[slot] = d->n_rows;
}

void replay_denials_merge(struct replay_denials *d, const struct replay_denials *more, size_t file)
{
    for (uint32_t i = 0; i < more->n_rows; i++)
        replay_denials_add(d, &more->rows[i].first, file, more->rows[i].n);
    d->n_more += more->n_more;
}

static int by_frequency(const void *a, const void *b)
{
    const struct replay_denial *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->first.number != y->first.number)
        return x->first.number < y->first.number ? -1 : 1;
    /* of one packet: the order they were found in */
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void replay_denials_sort(struct replay_denials *d)
{
    if (d->n_rows > 0)
        qsort(d->rows, d->n_rows, sizeof *d->rows, by_frequency);
}

void replay_denials_fini(struct replay_denials *d)
{
    free(d->rows);
    free(d->slots);
    memset(d, 0, sizeof *d);
}
