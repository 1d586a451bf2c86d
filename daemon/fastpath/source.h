/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * source.h - what each address has in use, so that one host cannot take what is there for all.
 *
 * A source is here as long as something is counted for it: a flow that nobody has answered, an end of a relay. There is
 * room for as many as can be at one time, so the table does not fill up. The hash is seeded, and no bucket holds more
 * than PS_SOURCE_STEPS: who finds his full shares one line, and its caps, with all who do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "chain.h"

#define PS_SOURCE_STEPS 16u
#define PS_SOURCE_SHARED 0u /* the line of those that have none of their own */

struct ps_source {
    struct ps_addr addr;
    uint32_t link;     /* next of its bucket, or of the free ones; PS_NONE: last */
    uint32_t n_users;  /* flows and ends of relays that are counted here; 0: free */
    uint32_t n_held;   /* directions in which it sends that hold the start of a PDU */
    uint32_t n_chunks; /* blocks kept of what it sent out of order */
    struct ps_chain flows;     /* those that it has opened and nobody has answered, or no rule grants */
    struct ps_chain half_open; /* relays of connections that it opens */
    struct ps_chain tombs;     /* relays that it is to blame for */
    uint64_t opens_ns;         /* ps_rate_take() */
};

struct ps_sources {
    struct ps_source *items;
    uint32_t *buckets; /* index + 1 of the first; 0: empty */
    uint32_t n, bucket_mask;
    uint32_t free, fresh; /* fresh: lines never used start here */
    uint64_t seed[2];
};

/* n: of them at one time, besides the shared one. False: no memory. */
bool ps_sources_init(struct ps_sources *sources, uint32_t n, const uint64_t seed[2]);
void ps_sources_fini(struct ps_sources *sources); /* a zeroed one is fine */

/* The line of this address, which has one user more from now on. */
uint32_t ps_source_take(struct ps_sources *sources, struct ps_addr addr);

/* One user less; with the last one the source is forgotten. */
void ps_source_give(struct ps_sources *sources, uint32_t at);

static inline struct ps_source *ps_source_at(const struct ps_sources *sources, uint32_t at)
{
    return &sources->items[at];
}

/* At most `rate` things a second, and as many at once after a second without any. *at_ns is the state, 0 at first: when the
 * last of those that were taken would be over if they came evenly. Time that has passed may be used up at once. */
bool ps_rate_has(uint64_t at_ns, uint32_t rate, uint64_t now_ns);
void ps_rate_take(uint64_t *at_ns, uint32_t rate, uint64_t now_ns);
