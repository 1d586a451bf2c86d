/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chunk.h"

#include "mem.h"

_Static_assert(sizeof(struct ps_chunk) == 512, "chunks do not share cache lines");

bool ps_chunks_init(struct ps_chunks *chunks, uint32_t n)
{
    *chunks = (struct ps_chunks){.n = n, .free = PS_NONE};
    chunks->items = ps_mem_new((size_t)n * sizeof chunks->items[0]);
    return chunks->items != NULL;
}

void ps_chunks_fini(struct ps_chunks *chunks)
{
    ps_mem_free(chunks->items, (size_t)chunks->n * sizeof chunks->items[0]);
    *chunks = (struct ps_chunks){0};
}

uint32_t ps_chunk_take(struct ps_chunks *chunks)
{
    uint32_t at = chunks->free;
    if (at != PS_NONE)
        chunks->free = chunks->items[at].link;
    else if (chunks->fresh < chunks->n)
        at = chunks->fresh++;
    else
        return PS_NONE;
    chunks->n_used++;
    chunks->items[at].link = PS_NONE;
    chunks->items[at].len = 0;
    return at;
}

void ps_chunk_give(struct ps_chunks *chunks, uint32_t at)
{
    chunks->items[at].link = chunks->free;
    chunks->free = at;
    chunks->n_used--;
}

void ps_chunk_give_all(struct ps_chunks *chunks, uint32_t *head)
{
    while (*head != PS_NONE) {
        uint32_t at = *head;
        *head = chunks->items[at].link;
        ps_chunk_give(chunks, at);
    }
}
