/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frag.h"

#include <string.h>

#include "checksum.h"
#include "frag_piece.h"
#include "mem.h"

#define BUCKETS_PER_SLOT 4u /* so that few sources share one */

struct ps_frag {
    struct ps_frag_key key;
    uint64_t since_ns;     /* first fragment, or when it was discarded */
    uint32_t older, newer; /* PS_NONE: none */
    uint32_t next;         /* of the same bucket, younger; or of the chains free and done */
    uint32_t end;          /* octets of the datagram, 0: its last fragment has not come */
    uint32_t n_octets;     /* of them that came */
    uint32_t highest;      /* end of the fragment that reaches farthest */
    uint16_t link_len;     /* of the first fragment */
    uint8_t n_pieces;
    bool has_first;
    bool discarded; /* remembered: nothing of it is taken any more */
    struct {
        uint16_t offset, len;
    } piece[PS_FRAG_PIECES_MAX];
};

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t n)
{
    uint32_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

bool ps_frag_init(struct ps_frag_table *table, const struct ps_frag_config *config)
{
    uint32_t n_buckets = power_of_two(BUCKETS_PER_SLOT * config->n_datagrams);
    *table = (struct ps_frag_table){.n_slots = config->n_datagrams, .bucket_mask = n_buckets - 1,
                                    .per_source = config->per_source ? config->per_source : 1,
                                    .free = PS_NONE, .done = PS_NONE, .oldest = PS_NONE, .newest = PS_NONE,
                                    .timeout_ns = config->timeout_ns ? config->timeout_ns : PS_FRAG_TIMEOUT_NS,
                                    .seed = {config->seed[0], config->seed[1]}};
    table->slots = ps_mem_new(table->n_slots * sizeof table->slots[0]);
    table->frames = ps_mem_new((size_t)table->n_slots * PS_FRAG_FRAME_MAX);
    table->buckets = ps_mem_new(n_buckets * sizeof table->buckets[0]);
    if (!table->slots || !table->frames || !table->buckets) {
        ps_frag_fini(table);
        return false;
    }
    for (uint32_t i = 0; i < n_buckets; i++)
        table->buckets[i] = PS_NONE;
    for (uint32_t i = table->n_slots; i-- > 0; table->free = i)
        table->slots[i].next = table->free;
    return true;
}

void ps_frag_fini(struct ps_frag_table *table)
{
    ps_mem_free(table->slots, table->n_slots * sizeof table->slots[0]);
    ps_mem_free(table->frames, (size_t)table->n_slots * PS_FRAG_FRAME_MAX);
    ps_mem_free(table->buckets, (table->bucket_mask + (size_t)1) * sizeof table->buckets[0]);
    *table = (struct ps_frag_table){0};
}

static uint8_t *frame_of(const struct ps_frag_table *table, uint32_t slot)
{
    return table->frames + (size_t)slot * PS_FRAG_FRAME_MAX;
}

/* Both halves of a 64 x 64 bit product: without the seeds nobody can aim at a bucket. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t bucket_of(const struct ps_frag_table *table, const struct ps_frag_key *key)
{
    uint64_t from = (uint64_t)key->tags << 16 | key->port;
    uint64_t hash = mix(key->src.lo ^ table->seed[0], (key->src.hi ^ table->seed[1]) + (from << 8) + 0x9e3779b9u);
    return (uint32_t)mix(hash ^ table->seed[1], table->seed[0] | 1) & table->bucket_mask;
}

static void append_age(struct ps_frag_table *table, uint32_t slot)
{
    struct ps_frag *frag = &table->slots[slot];
    frag->older = table->newest;
    frag->newer = PS_NONE;
    if (table->newest != PS_NONE)
        table->slots[table->newest].newer = slot;
    else
        table->oldest = slot;
    table->newest = slot;
}

static void remove_age(struct ps_frag_table *table, uint32_t slot)
{
    const struct ps_frag *frag = &table->slots[slot];
    if (frag->older != PS_NONE)
        table->slots[frag->older].newer = frag->newer;
    else
        table->oldest = frag->newer;
    if (frag->newer != PS_NONE)
        table->slots[frag->newer].older = frag->older;
    else
        table->newest = frag->older;
}

/* Where the link to it stands: its bucket, or `next` of another one. */
static uint32_t *link_to(struct ps_frag_table *table, uint32_t slot)
{
    uint32_t *link = &table->buckets[bucket_of(table, &table->slots[slot].key)];
    while (*link != slot)
        link = &table->slots[*link].next;
    return link;
}

/* Out of its bucket and the order of age, into a chain. */
static void retire(struct ps_frag_table *table, uint32_t slot, uint32_t *chain)
{
    struct ps_frag *frag = &table->slots[slot];
    *link_to(table, slot) = frag->next;
    remove_age(table, slot);
    frag->next = *chain;
    *chain = slot;
}

static bool is_over(const struct ps_frag_table *table, uint32_t slot, uint64_t now_ns)
{
    uint64_t since_ns = table->slots[slot].since_ns;
    return now_ns > since_ns && now_ns - since_ns > table->timeout_ns;
}

uint64_t ps_frag_due(const struct ps_frag_table *table)
{
    return table->oldest == PS_NONE ? UINT64_MAX : table->slots[table->oldest].since_ns + table->timeout_ns + 1;
}

uint64_t ps_frag_expire(struct ps_frag_table *table, uint64_t now_ns)
{
    while (table->oldest != PS_NONE && is_over(table, table->oldest, now_ns)) {
        table->stats.n_expired += !table->slots[table->oldest].discarded;
        retire(table, table->oldest, &table->free);
    }
    return ps_frag_due(table);
}

void ps_frag_release(struct ps_frag_table *table)
{
    while (table->done != PS_NONE) {
        uint32_t slot = table->done;
        table->done = table->slots[slot].next;
        table->slots[slot].next = table->free;
        table->free = slot;
    }
}

static void evict(struct ps_frag_table *table, uint32_t slot)
{
    table->stats.n_evicted += !table->slots[slot].discarded;
    retire(table, slot, &table->free);
}

/* PS_NONE: not there. *n: datagrams in its bucket. */
static uint32_t find(const struct ps_frag_table *table, const struct ps_frag_key *key, uint32_t *n)
{
    uint32_t found = PS_NONE;
    *n = 0;
    for (uint32_t slot = table->buckets[bucket_of(table, key)]; slot != PS_NONE; slot = table->slots[slot].next) {
        ++*n;
        if (ps_frag_key_equal(&table->slots[slot].key, key))
            found = slot;
    }
    return found;
}

/* A slot for a new datagram (NV-F10); PS_NONE: all of them were given out as whole and not released. */
static uint32_t add(struct ps_frag_table *table, const struct ps_frag_key *key, uint32_t n_of_source, uint64_t now_ns)
{
    uint32_t bucket = bucket_of(table, key);
    if (n_of_source >= table->per_source)
        evict(table, table->buckets[bucket]);
    if (table->free == PS_NONE && table->oldest != PS_NONE)
        evict(table, table->oldest);
    uint32_t slot = table->free;
    if (slot == PS_NONE)
        return PS_NONE;
    struct ps_frag *frag = &table->slots[slot];
    table->free = frag->next;
    *frag = (struct ps_frag){.key = *key, .since_ns = now_ns, .next = PS_NONE};
    uint32_t *link = &table->buckets[bucket];
    while (*link != PS_NONE)
        link = &table->slots[*link].next;
    *link = slot;
    append_age(table, slot);
    return slot;
}

/* Its octets are forgotten, its name is not. The youngest of its bucket, and of all, from now on. */
static void discard(struct ps_frag_table *table, uint32_t slot, uint64_t now_ns)
{
    struct ps_frag *frag = &table->slots[slot];
    uint32_t *link = link_to(table, slot);
    table->stats.n_discarded += !frag->discarded;
    frag->discarded = true;
    frag->since_ns = now_ns;
    *link = frag->next;
    frag->next = PS_NONE;
    while (*link != PS_NONE)
        link = &table->slots[*link].next;
    *link = slot;
    remove_age(table, slot);
    append_age(table, slot);
}

/* ---- one datagram ---------------------------------------------------------------------------------------------- */

/* NV-F05: there is one end, and nothing lies behind it. */
static bool agrees_on_end(const struct ps_frag *frag, const struct ps_frag_piece *piece)
{
    uint32_t end = piece->offset + piece->len;
    if (piece->more)
        return frag->end == 0 || end < frag->end;
    return frag->end == 0 ? frag->highest <= end : frag->end == end;
}

/* NV-F03. PS_FRAG_WHOLE: it is new. PS_FRAG_KEPT: it was there already, to the octet. */
static enum ps_frag_result compare(const struct ps_frag *frag, const uint8_t *data, const struct ps_frag_piece *piece)
{
    for (uint32_t i = 0; i < frag->n_pieces; i++) {
        uint32_t offset = frag->piece[i].offset, len = frag->piece[i].len;
        if (piece->offset + piece->len <= offset || offset + len <= piece->offset)
            continue;
        bool same = offset == piece->offset && len == piece->len && memcmp(data + offset, piece->data, len) == 0;
        return same ? PS_FRAG_KEPT : PS_FRAG_REFUSED;
    }
    return PS_FRAG_WHOLE;
}

/* The headers stand directly in front of the data. */
static void keep_head(struct ps_frag *frag, uint8_t *frame, const struct ps_frag_piece *piece)
{
    uint32_t n = piece->link_len + piece->ip_len;
    memcpy(frame + PS_FRAG_HEAD_MAX - n, piece->link, piece->link_len);
    memcpy(frame + PS_FRAG_HEAD_MAX - piece->ip_len, piece->ip, piece->ip_len);
    frag->link_len = (uint16_t)piece->link_len;
    frag->has_first = true;
}

static void keep(struct ps_frag *frag, uint8_t *frame, const struct ps_frag_piece *piece)
{
    uint32_t end = piece->offset + piece->len;
    if (piece->offset == 0)
        keep_head(frag, frame, piece);
    memcpy(frame + PS_FRAG_HEAD_MAX + piece->offset, piece->data, piece->len);
    frag->piece[frag->n_pieces].offset = (uint16_t)piece->offset;
    frag->piece[frag->n_pieces++].len = (uint16_t)piece->len;
    frag->n_octets += piece->len;
    frag->highest = frag->highest > end ? frag->highest : end;
    frag->end = piece->more ? frag->end : end;
}

static bool is_whole(const struct ps_frag *frag)
{
    return frag->has_first && frag->end != 0 && frag->n_octets == frag->end;
}

static void put16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

/* The header of the first fragment as if its datagram had never been cut. Returns its length. */
static uint32_t mend_head(const struct ps_frag *frag, uint8_t *data)
{
    if (!ps_addr_is_v4(frag->key.src)) {
        uint8_t *ip = data - 40;
        put16(ip + 4, frag->end);
        ip[6] = frag->key.proto;
        return 40;
    }
    uint8_t *ip = data - 20;
    put16(ip + 2, 20 + frag->end);
    put16(ip + 6, 0);
    put16(ip + 10, 0);
    uint16_t sum = (uint16_t)~ps_checksum_fold(ps_checksum_add(0, ip, 20));
    memcpy(ip + 10, &sum, sizeof sum);
    return 20;
}

static struct ps_frag_answer give(struct ps_frag_table *table, uint32_t slot, const struct ps_packet *packet)
{
    const struct ps_frag *frag = &table->slots[slot];
    uint8_t *data = frame_of(table, slot) + PS_FRAG_HEAD_MAX;
    uint32_t n = frag->link_len + mend_head(frag, data);
    struct ps_frag_answer answer = {.result = PS_FRAG_WHOLE, .whole = *packet, .id = frag->key.id};
    answer.whole.data = data - n;
    answer.whole.len = answer.whole.wire_len = n + frag->end;
    retire(table, slot, &table->done);
    return answer;
}

static struct ps_frag_answer refuse(enum ps_reason reason)
{
    return (struct ps_frag_answer){.result = PS_FRAG_REFUSED, .reason = (uint8_t)reason};
}

/* A sound fragment of a datagram that may still become whole. */
static enum ps_reason take(struct ps_frag *frag, uint8_t *frame, const struct ps_frag_piece *piece)
{
    if (!agrees_on_end(frag, piece))
        return PS_REASON_FRAGMENT_OVERLAP;
    enum ps_frag_result compared = compare(frag, frame + PS_FRAG_HEAD_MAX, piece);
    if (compared == PS_FRAG_REFUSED)
        return PS_REASON_FRAGMENT_OVERLAP;
    if (compared == PS_FRAG_KEPT)
        return PS_REASON_NONE;
    if (frag->n_pieces == PS_FRAG_PIECES_MAX)
        return PS_REASON_FRAGMENT_TABLE;
    keep(frag, frame, piece);
    return PS_REASON_NONE;
}

struct ps_frag_answer ps_frag_take(struct ps_frag_table *table, const struct ps_packet *packet,
                                   const struct ps_desc *desc)
{
    struct ps_frag_piece piece;
    uint32_t n_of_source;
    enum ps_reason reason = ps_frag_read(packet, desc, &piece);
    ps_frag_expire(table, packet->time_ns);
    if (!piece.has_key)
        return refuse(reason);
    uint32_t slot = find(table, &piece.key, &n_of_source);
    if (slot == PS_NONE && reason == PS_REASON_NONE)
        slot = add(table, &piece.key, n_of_source, packet->time_ns);
    if (slot == PS_NONE)
        return refuse(reason ? reason : PS_REASON_FRAGMENT_TABLE);
    struct ps_frag *frag = &table->slots[slot];
    if (frag->discarded)
        return refuse(PS_REASON_FRAGMENT_OVERLAP);
    reason = reason ? reason : take(frag, frame_of(table, slot), &piece);
    if (reason != PS_REASON_NONE) {
        discard(table, slot, packet->time_ns);
        return refuse(reason);
    }
    if (is_whole(frag))
        return give(table, slot, packet);
    return (struct ps_frag_answer){.result = PS_FRAG_KEPT};
}

/* ---- check ----------------------------------------------------------------------------------------------------- */

static bool is_sound(const struct ps_frag *frag)
{
    uint32_t n_octets = 0;
    for (uint32_t i = 0; i < frag->n_pieces; i++) {
        n_octets += frag->piece[i].len;
        for (uint32_t k = 0; k < i; k++)
            if (frag->piece[i].offset < frag->piece[k].offset + frag->piece[k].len &&
                frag->piece[k].offset < frag->piece[i].offset + frag->piece[i].len)
                return false;
    }
    return n_octets == frag->n_octets && n_octets <= frag->highest && frag->highest <= PS_FRAG_DATA_MAX &&
           (frag->end == 0 || frag->highest <= frag->end) && (frag->discarded || !is_whole(frag));
}

/* Each slot is in one chain, or in a bucket and the order of age. */
bool ps_frag_check(const struct ps_frag_table *table)
{
    uint32_t n = 0, n_aged = 0, n_bucketed = 0;
    for (uint32_t i = table->free; i != PS_NONE && n <= table->n_slots; i = table->slots[i].next)
        n++;
    for (uint32_t i = table->done; i != PS_NONE && n <= table->n_slots; i = table->slots[i].next)
        n++;
    uint64_t since_ns = 0;
    for (uint32_t i = table->oldest; i != PS_NONE && n_aged <= table->n_slots; i = table->slots[i].newer, n_aged++) {
        if (!is_sound(&table->slots[i]))
            return false;
        since_ns = table->slots[i].since_ns;
    }
    for (uint32_t b = 0; b <= table->bucket_mask; b++) {
        uint32_t of_source = 0;
        for (uint32_t i = table->buckets[b]; i != PS_NONE && of_source <= table->n_slots; i = table->slots[i].next)
            of_source++;
        if (of_source > table->per_source)
            return false;
        n_bucketed += of_source;
    }
    bool newest = table->newest == PS_NONE || table->slots[table->newest].since_ns == since_ns;
    return newest && n_aged == n_bucketed && n + n_aged == table->n_slots;
}
