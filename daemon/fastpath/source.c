/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <stddef.h>

#include "mem.h"

#define NS_PER_S UINT64_C(1000000000)

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = 16;
    while (p < n && p < UINT32_C(1) << 30)
        p *= 2;
    return p;
}

bool ps_sources_init(struct ps_sources *sources, uint32_t n, const uint64_t seed[2])
{
    uint32_t n_buckets = power_of_two(n);
    *sources = (struct ps_sources){.n = n + 1, .bucket_mask = n_buckets - 1, .free = PS_NONE, .fresh = 1,
                                   .seed = {seed[0], seed[1]}};
    sources->items = ps_mem_new((size_t)sources->n * sizeof sources->items[0]);
    sources->buckets = ps_mem_new(n_buckets * sizeof sources->buckets[0]);
    if (sources->items && sources->buckets)
        return true;
    ps_sources_fini(sources);
    return false;
}

void ps_sources_fini(struct ps_sources *sources)
{
    ps_mem_free(sources->items, (size_t)sources->n * sizeof sources->items[0]);
    ps_mem_free(sources->buckets, (sources->bucket_mask + (size_t)1) * sizeof sources->buckets[0]);
    *sources = (struct ps_sources){0};
}

/* Both halves of a 64 x 64 bit product: without the seeds nobody can aim at a bucket. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Buckets hold index + 1, so that memory that was never touched means empty. */
static uint32_t *bucket_of(const struct ps_sources *sources, struct ps_addr addr)
{
    uint64_t hash = mix(addr.lo ^ sources->seed[0], addr.hi ^ sources->seed[1] ^ UINT64_C(0x9e3779b97f4a7c15));
    return &sources->buckets[(uint32_t)mix(hash ^ sources->seed[1], sources->seed[0] | 1) & sources->bucket_mask];
}

static uint32_t take_line(struct ps_sources *sources)
{
    uint32_t at = sources->free;
    if (at != PS_NONE)
        sources->free = sources->items[at].link;
    else
        at = sources->fresh < sources->n ? sources->fresh++ : PS_SOURCE_SHARED;
    return at;
}

uint32_t ps_source_take(struct ps_sources *sources, struct ps_addr addr)
{
    uint32_t *bucket = bucket_of(sources, addr), steps = 0, at;
    for (at = *bucket - 1; at != PS_NONE && steps < PS_SOURCE_STEPS; at = sources->items[at].link, steps++) {
        if (!ps_addr_equal(sources->items[at].addr, addr))
            continue;
        sources->items[at].n_users++;
        return at;
    }
    at = steps < PS_SOURCE_STEPS ? take_line(sources) : PS_SOURCE_SHARED;
    struct ps_source *source = &sources->items[at];
    if (at == PS_SOURCE_SHARED) {
        source->n_users++;
        return at;
    }
    *source = (struct ps_source){.addr = addr, .link = *bucket - 1, .n_users = 1};
    *bucket = at + 1;
    return at;
}

/* A bucket is never longer than what ps_source_take() looks at. */
void ps_source_give(struct ps_sources *sources, uint32_t at)
{
    struct ps_source *source = &sources->items[at];
    if (--source->n_users > 0 || at == PS_SOURCE_SHARED)
        return;
    uint32_t *bucket = bucket_of(sources, source->addr);
    if (*bucket == at + 1) {
        *bucket = source->link + 1;
    } else {
        uint32_t before = *bucket - 1;
        while (sources->items[before].link != at)
            before = sources->items[before].link;
        sources->items[before].link = source->link;
    }
    source->link = sources->free;
    sources->free = at;
}

/* ---- rates ----------------------------------------------------------------------------------------------------- */

bool ps_rate_has(uint64_t at_ns, uint32_t rate, uint64_t now_ns)
{
    return at_ns <= now_ns || at_ns - now_ns <= NS_PER_S - NS_PER_S / rate;
}

void ps_rate_take(uint64_t *at_ns, uint32_t rate, uint64_t now_ns)
{
    *at_ns = (*at_ns > now_ns ? *at_ns : now_ns) + NS_PER_S / rate;
}
