/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <string.h>

bool ps_store_equals(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, const uint8_t *data,
                     uint32_t len)
{
    for (uint32_t at = dir->store; at != PS_NONE; at = ps_chunk_at(chunks, at)->link)
        if (!ps_relay_same(ps_chunk_at(chunks, at), seq, data, len))
            return false;
    return true;
}

static uint32_t n_holes(const struct ps_chunks *chunks, const struct ps_relay_dir *dir)
{
    uint32_t next = dir->judged, n = 0;
    for (uint32_t at = dir->store; at != PS_NONE; at = ps_chunk_at(chunks, at)->link) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        n += chunk->seq != next;
        next = chunk->seq + chunk->len;
    }
    return n;
}

/* Where to put octets at seq: behind `before`, in front of what *link leads to. */
struct place {
    struct ps_chunk *before; /* NULL: none */
    uint32_t *link;
};

static struct place find(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq)
{
    struct place place = {.link = &dir->store};
    while (*place.link != PS_NONE && ps_seq_diff(ps_chunk_at(chunks, *place.link)->seq, seq) <= 0) {
        place.before = ps_chunk_at(chunks, *place.link);
        place.link = &place.before->link;
    }
    return place;
}

/* Octets at seq that no chunk holds, as many as one chunk takes; how many were kept, 0: there is no room. */
static uint32_t fill(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq, const uint8_t *data,
                     uint32_t len)
{
    struct place place = find(chunks, dir, seq);
    struct ps_chunk *chunk = place.before;
    bool adjacent = chunk && chunk->seq + chunk->len == seq;
    if (!adjacent || chunk->len == PS_CHUNK_LEN) {
        if (dir->n_stored >= PS_STORE_CHUNKS || (!adjacent && n_holes(chunks, dir) >= PS_STORE_HOLES))
            return 0;
        uint32_t at = ps_chunk_take(chunks);
        if (at == PS_NONE)
            return 0;
        chunk = ps_chunk_at(chunks, at);
        chunk->seq = seq;
        chunk->link = *place.link;
        *place.link = at;
        dir->n_stored++;
    }
    uint32_t n = len < PS_CHUNK_LEN - chunk->len ? len : PS_CHUNK_LEN - chunk->len;
    memcpy(chunk->data + chunk->len, data, n);
    chunk->len += n;
    return n;
}

/* Octets from seq on that are kept already; 0: *gap octets from seq on are not. */
static uint32_t kept_at(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq, uint32_t *gap)
{
    struct place place = find(chunks, dir, seq);
    *gap = *place.link == PS_NONE ? UINT32_MAX : ps_chunk_at(chunks, *place.link)->seq - seq;
    if (!place.before)
        return 0;
    int32_t left = ps_seq_diff(place.before->seq + place.before->len, seq);
    return left > 0 ? (uint32_t)left : 0;
}

enum ps_store_result ps_store_add(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq,
                                  const uint8_t *data, uint32_t len)
{
    if (!ps_store_equals(chunks, dir, seq, data, len))
        return PS_STORE_DIFFERS;
    while (len > 0) {
        uint32_t gap, n = kept_at(chunks, dir, seq, &gap);
        if (n == 0)
            n = fill(chunks, dir, seq, data, len < gap ? len : gap);
        if (n == 0)
            return PS_STORE_FULL;
        n = n < len ? n : len;
        seq += n;
        data += n;
        len -= n;
    }
    return PS_STORE_KEPT;
}

uint32_t ps_store_next(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t **data)
{
    while (dir->store != PS_NONE) {
        uint32_t at = dir->store;
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        if (ps_seq_diff(chunk->seq, dir->judged) > 0)
            return 0;
        int32_t left = ps_seq_diff(chunk->seq + chunk->len, dir->judged);
        if (left > 0) {
            *data = chunk->data + (chunk->len - (uint32_t)left);
            return (uint32_t)left;
        }
        dir->store = chunk->link;
        ps_chunk_give(chunks, at);
        dir->n_stored--;
    }
    return 0;
}

bool ps_store_goes_on(const struct ps_chunks *chunks, const struct ps_relay_dir *dir)
{
    for (uint32_t at = dir->store; at != PS_NONE; at = ps_chunk_at(chunks, at)->link) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        if (ps_seq_diff(chunk->seq, dir->judged) <= 0 && ps_seq_diff(chunk->seq + chunk->len, dir->judged) > 0)
            return true;
    }
    return false;
}
