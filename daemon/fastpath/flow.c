/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <stddef.h>
#include <string.h>

#include "mem.h"

_Static_assert(sizeof(struct ps_flow) == 64, "the hot line is one cache line");
_Static_assert(sizeof(struct ps_flow_bucket) == 64, "a bucket is one cache line");
_Static_assert(sizeof(struct ps_flow_cold) <= PS_FLOW_COLD_LEN, "the cold part is two cache lines");

#define VICTIMS_SEEN 64u
#define ONE_WAY_IDLE (2u * PS_TICKS_PER_S)
#define UNINSPECTED_IDLE (10u * PS_TICKS_PER_S)
#define INSPECTED_IDLE (86400u * PS_TICKS_PER_S)

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = 16;
    while (p < n && p < UINT32_C(1) << 30)
        p *= 2;
    return p;
}

static size_t n_buckets(const struct ps_flow_table *table)
{
    return (size_t)table->bucket_mask + 1;
}

static bool init_states(struct ps_flow_table *table, const uint32_t state_len[PS_N_DISSECTORS])
{
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++)
        if (state_len[p] > 0 && !ps_states_init(&table->states[p], table->capacity, state_len[p]))
            return false;
    return true;
}

bool ps_flow_table_init(struct ps_flow_table *table, uint32_t capacity, const uint32_t state_len[PS_N_DISSECTORS],
                        const uint64_t seed[2])
{
    *table = (struct ps_flow_table){.capacity = power_of_two(capacity), .seed = {seed[0], seed[1]}};
    table->bucket_mask = table->capacity / (PS_BUCKET_SLOTS / 2) - 1;
    table->flows = ps_mem_new(table->capacity * sizeof table->flows[0]);
    table->cold = ps_mem_new((size_t)table->capacity * PS_FLOW_COLD_LEN);
    table->buckets = ps_mem_new(n_buckets(table) * sizeof table->buckets[0]);
    table->free_lines = ps_mem_new(table->capacity * sizeof table->free_lines[0]);
    bool has_lines = table->flows && table->cold && table->buckets && table->free_lines;
    if (has_lines && init_states(table, state_len))
        return true;
    ps_flow_table_fini(table);
    return false;
}

void ps_flow_table_fini(struct ps_flow_table *table)
{
    ps_mem_free(table->flows, table->capacity * sizeof table->flows[0]);
    ps_mem_free(table->cold, (size_t)table->capacity * PS_FLOW_COLD_LEN);
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++)
        ps_states_fini(&table->states[p]);
    ps_mem_free(table->buckets, n_buckets(table) * sizeof table->buckets[0]);
    ps_mem_free(table->free_lines, table->capacity * sizeof table->free_lines[0]);
    *table = (struct ps_flow_table){0};
}

/* ---- buckets --------------------------------------------------------------------------------------------------- */

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static struct ps_flow_bucket *first_bucket(const struct ps_flow_table *table, uint64_t hash)
{
    return &table->buckets[hash & table->bucket_mask];
}

static struct ps_flow_bucket *second_bucket(const struct ps_flow_table *table, uint64_t hash)
{
    uint32_t apart = (tag_of(hash) | 1) * UINT32_C(0x9e3779b1);
    return &table->buckets[((uint32_t)hash ^ apart) & table->bucket_mask];
}

/* ---- look up --------------------------------------------------------------------------------------------------- */

uint32_t ps_flow_hint(const struct ps_flow_table *table, uint64_t hash)
{
    const struct ps_flow_bucket *bucket = first_bucket(table, hash);
    for (unsigned i = 0; i < PS_BUCKET_SLOTS; i++)
        if (bucket->tag[i] == tag_of(hash) && bucket->line[i] != 0)
            return bucket->line[i] - 1;
    return PS_NONE;
}

static uint32_t find_in(const struct ps_flow_table *table, const struct ps_flow_bucket *bucket, uint32_t tag,
                        const struct ps_key *key)
{
    for (unsigned i = 0; i < PS_BUCKET_SLOTS; i++) {
        if (bucket->tag[i] != tag || bucket->line[i] == 0)
            continue;
        const struct ps_key *held = &table->flows[bucket->line[i] - 1].key;
        if (ps_key_equal(held, key) || ps_key_mirrors(held, key))
            return bucket->line[i] - 1;
    }
    return PS_NONE;
}

uint32_t ps_flow_find(const struct ps_flow_table *table, const struct ps_key *key, uint64_t hash)
{
    uint32_t line = find_in(table, first_bucket(table, hash), tag_of(hash), key);
    return line != PS_NONE ? line : find_in(table, second_bucket(table, hash), tag_of(hash), key);
}

/* ---- insert, remove -------------------------------------------------------------------------------------------- */

static unsigned empty_slot(const struct ps_flow_bucket *bucket)
{
    unsigned i = 0;
    while (i < PS_BUCKET_SLOTS && bucket->line[i] != 0)
        i++;
    return i;
}

static uint32_t take_line(struct ps_flow_table *table)
{
    if (table->n_free > 0)
        return table->free_lines[--table->n_free];
    return table->n_fresh < table->capacity ? table->n_fresh++ : PS_NONE;
}

static unsigned n_held(const struct ps_flow_bucket *bucket)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PS_BUCKET_SLOTS; i++)
        n += bucket->line[i] != 0;
    return n;
}

/* The first bucket, where look-ups begin; when it fills up, the emptier of both, so that both are hardly ever full. */
static struct ps_flow_bucket *bucket_for(const struct ps_flow_table *table, uint64_t hash)
{
    struct ps_flow_bucket *first = first_bucket(table, hash), *second = second_bucket(table, hash);
    if (n_held(first) < PS_BUCKET_SLOTS - 2)
        return first;
    return n_held(second) < n_held(first) ? second : first;
}

uint32_t ps_flow_insert(struct ps_flow_table *table, const struct ps_key *key, uint64_t hash)
{
    struct ps_flow_bucket *bucket = bucket_for(table, hash);
    unsigned slot = empty_slot(bucket);
    if (slot == PS_BUCKET_SLOTS)
        return PS_NONE;
    uint32_t line = take_line(table);
    if (line == PS_NONE)
        return PS_NONE;
    bucket->tag[slot] = tag_of(hash);
    bucket->line[slot] = line + 1;
    table->flows[line] = (struct ps_flow){.key = *key, .half = {PS_NONE, PS_NONE}};
    memset(ps_flow_cold(table, line), 0, sizeof(struct ps_flow_cold));
    return line;
}

static bool drop_from(struct ps_flow_bucket *bucket, uint32_t line)
{
    for (unsigned i = 0; i < PS_BUCKET_SLOTS; i++) {
        if (bucket->line[i] == line + 1) {
            bucket->line[i] = 0;
            bucket->tag[i] = 0;
            return true;
        }
    }
    return false;
}

void ps_flow_set_protocol(struct ps_flow_table *table, uint32_t line, uint8_t protocol)
{
    struct ps_flow_cold *cold = ps_flow_cold(table, line);
    cold->protocol = protocol;
    cold->state = ps_states_take(&table->states[protocol]);
}

void ps_flow_remove(struct ps_flow_table *table, uint32_t line)
{
    struct ps_flow *flow = &table->flows[line];
    uint64_t hash = ps_flow_hash(table, &flow->key);
    if (!drop_from(first_bucket(table, hash), line))
        drop_from(second_bucket(table, hash), line);
    const struct ps_flow_cold *cold = ps_flow_cold(table, line);
    if (cold->protocol != PS_PROTOCOL_NONE)
        ps_states_give(&table->states[cold->protocol], cold->state);
    flow->phase = PS_FLOW_FREE;
    table->free_lines[table->n_free++] = line;
}

/* ---- victims --------------------------------------------------------------------------------------------------- */

/* The smaller, the sooner it goes; 0: not at all. Datagrams to which nobody answers may be all that is wanted of them, so
 * that what goes on is not the first to go. */
static unsigned victim_class(const struct ps_flow *flow, uint32_t idle)
{
    bool one_way = flow->phase == PS_FLOW_OPENING;
    if (flow->phase == PS_FLOW_FREE)
        return 0;
    if (flow->phase == PS_FLOW_CLOSED)
        return 1;
    if (!(flow->flags & PS_FLOW_GRANTED) || (one_way && ps_key_proto(&flow->key) == PS_PROTO_TCP))
        return 2;
    if (one_way)
        return idle >= ONE_WAY_IDLE ? 3 : 0;
    if (!(flow->flags & PS_FLOW_INSPECTED))
        return idle >= UNINSPECTED_IDLE ? 4 : 0;
    return idle >= INSPECTED_IDLE ? 5 : 0;
}

struct victim {
    uint32_t line;
    unsigned class;
    uint32_t idle;
};

static void consider(const struct ps_flow_table *table, struct victim *best, uint32_t line, uint32_t now)
{
    uint32_t idle = now - table->flows[line].seen;
    unsigned class = victim_class(&table->flows[line], idle);
    if (class == 0)
        return;
    if (best->line == PS_NONE || class < best->class || (class == best->class && idle > best->idle))
        *best = (struct victim){.line = line, .class = class, .idle = idle};
}

static void consider_bucket(const struct ps_flow_table *table, struct victim *best,
                            const struct ps_flow_bucket *bucket, uint32_t now)
{
    for (unsigned i = 0; i < PS_BUCKET_SLOTS; i++)
        if (bucket->line[i] != 0)
            consider(table, best, bucket->line[i] - 1, now);
}

uint32_t ps_flow_victim(struct ps_flow_table *table, uint64_t hash, uint32_t now)
{
    struct victim best = {.line = PS_NONE};
    consider_bucket(table, &best, first_bucket(table, hash), now);
    consider_bucket(table, &best, second_bucket(table, hash), now);
    bool full_buckets = empty_slot(first_bucket(table, hash)) == PS_BUCKET_SLOTS &&
                        empty_slot(second_bucket(table, hash)) == PS_BUCKET_SLOTS;
    for (unsigned i = 0; !full_buckets && i < VICTIMS_SEEN; i++) {
        table->hand = (table->hand + 1) & (table->capacity - 1);
        consider(table, &best, table->hand, now);
    }
    return best.line;
}
