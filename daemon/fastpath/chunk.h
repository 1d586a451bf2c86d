/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * chunk.h - blocks of octets from one pool: what inline connections keep of streams lies in lists of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/terms.h"

#define PS_CHUNK_LEN 496u

/* Octets [seq, seq + len) of a direction. */
struct ps_chunk {
    uint32_t link; /* the next one of its list, PS_NONE: last */
    uint32_t seq;
    uint32_t len;
    uint32_t spare;
    uint8_t data[PS_CHUNK_LEN];
};

struct ps_chunks {
    struct ps_chunk *items;
    uint32_t n, n_used;
    uint32_t free, fresh; /* fresh: those never used start here */
};

/* False: no memory. */
bool ps_chunks_init(struct ps_chunks *chunks, uint32_t n);
void ps_chunks_fini(struct ps_chunks *chunks);

/* An empty one, last of its list; PS_NONE: the pool is empty. */
uint32_t ps_chunk_take(struct ps_chunks *chunks);
void ps_chunk_give(struct ps_chunks *chunks, uint32_t at);
/* A whole list; *head is PS_NONE afterwards. */
void ps_chunk_give_all(struct ps_chunks *chunks, uint32_t *head);

static inline struct ps_chunk *ps_chunk_at(const struct ps_chunks *chunks, uint32_t at)
{
    return &chunks->items[at];
}

static inline uint32_t ps_chunks_left(const struct ps_chunks *chunks)
{
    return chunks->n - chunks->n_used;
}
