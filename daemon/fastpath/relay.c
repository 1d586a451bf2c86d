/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include <stddef.h>
#include <string.h>

#include "timer.h"

_Static_assert(offsetof(struct ps_relay_dir, offered) == 64 && sizeof(struct ps_relay_dir) == 128, "two lines");

void ps_relay_dir_start(struct ps_relay_dir *dir, uint32_t seq)
{
    *dir = (struct ps_relay_dir){
        .una = seq, .fwd = seq, .allowed = seq, .judged = seq, .given = seq, .edge = seq, .offered = seq,
        .past = seq,
        .copy = PS_NONE, .copy_tail = PS_NONE, .store = PS_NONE, .mss = 536, /* RFC 9293 3.7.1 */
        .ack_due = PS_TIMER_NEVER, .hold_due = PS_TIMER_NEVER, .resend_due = PS_TIMER_NEVER};
}

/* ---- acknowledgements ------------------------------------------------------------------------------------------ */

/* Chunks that hold nothing from una on. */
static void forget_acked(struct ps_chunks *chunks, struct ps_relay_dir *dir)
{
    while (dir->copy != PS_NONE) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, dir->copy);
        if (ps_seq_diff(chunk->seq + chunk->len, dir->una) > 0)
            return;
        uint32_t at = dir->copy;
        dir->copy = chunk->link;
        ps_chunk_give(chunks, at);
    }
    dir->copy_tail = PS_NONE;
}

/* How far below una an acknowledgement is still one of this connection (RFC 5961 5.2): no more than was acknowledged. */
static uint32_t reach_back(const struct ps_relay_dir *dir)
{
    return dir->n_acked < dir->window_max ? dir->n_acked : dir->window_max;
}

static void take_edge(struct ps_relay_dir *dir, const struct ps_relay_told *told, uint32_t ack)
{
    dir->told_seq = told->seq;
    dir->told_ack = ack;
    dir->edge = ack + told->window;
    if (told->window > dir->window_max)
        dir->window_max = told->window;
}

/* RFC 9293 3.10.7.4: segments that were overtaken say nothing about the window. One that acknowledges more was not,
 * though its number is lower when it repeats what was lost. */
static void take_window(struct ps_relay_dir *dir, const struct ps_relay_told *told, uint32_t ack)
{
    int32_t newer = ps_seq_diff(told->seq, dir->told_seq);
    bool more = ps_seq_diff(ack, dir->una) > 0;
    if (!more && (newer < 0 || (newer == 0 && ps_seq_diff(ack, dir->told_ack) < 0)))
        return;
    take_edge(dir, told, ack);
}

/* Numbers that are only compared with may fall behind: each gibibyte they are brought along, before they seem to lie ahead. */
static void bring_along(struct ps_relay_dir *dir)
{
    dir->past = ps_seq_max(dir->past, dir->una);
    dir->offered = ps_seq_max(dir->offered, dir->una);
}

static void count_acked(struct ps_relay_dir *dir, uint32_t n)
{
    uint32_t before = dir->una;
    dir->una += n;
    if ((before ^ dir->una) >> 30 != 0)
        bring_along(dir);
    dir->n_acked = dir->n_acked + n < n ? UINT32_MAX : dir->n_acked + n;
}

enum ps_relay_ack ps_relay_take_ack(struct ps_chunks *chunks, struct ps_relay_dir *dir, const struct ps_relay_told *told)
{
    uint32_t ack = told->ack - dir->delta;
    int32_t news = ps_seq_diff(ack, dir->una);
    if (ps_seq_diff(ack, dir->fwd) > 0 || news < -(int32_t)reach_back(dir))
        return PS_RELAY_ACK_BAD;
    if (news < 0)
        return PS_RELAY_ACK_OLD;
    take_window(dir, told, ack);
    if (news == 0)
        return PS_RELAY_ACK_SAME;
    count_acked(dir, (uint32_t)news);
    dir->given = ps_seq_max(dir->given, ack);
    forget_acked(chunks, dir);
    return PS_RELAY_ACK_NEWS;
}

/* A sender that has more to say waits until a full segment fits: what is held of a small window must not keep the rest
 * from being said. */
uint16_t ps_relay_window(struct ps_relay_dir *dir)
{
    int32_t left = ps_seq_diff(dir->edge, dir->given);
    uint32_t window = left > 0 ? (uint32_t)left >> dir->scale : 0;
    uint32_t lacks = dir->need == 0 || dir->need > dir->mss ? dir->need : dir->mss;
    uint32_t wanted = (lacks + (1u << dir->scale) - 1) >> dir->scale;
    if (wanted > window)
        window = wanted;
    if (window > UINT16_MAX)
        window = UINT16_MAX;
    dir->offered = ps_seq_max(dir->offered, dir->given + (window << dir->scale));
    return (uint16_t)window;
}

/* ---- the copy -------------------------------------------------------------------------------------------------- */

bool ps_relay_fits(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t len)
{
    uint32_t room = dir->copy_tail == PS_NONE ? 0 : PS_CHUNK_LEN - ps_chunk_at(chunks, dir->copy_tail)->len;
    uint32_t lacking = len > room ? len - room : 0, left = ps_chunks_left(chunks);
    return (lacking <= PS_CHUNK_LEN && left > 0) || (lacking + PS_CHUNK_LEN - 1) / PS_CHUNK_LEN <= left;
}

/* A short PDU in two pieces that may overlap: most are polls and what they are answered with. */
static void copy(uint8_t *to, const uint8_t *from, uint32_t len)
{
    uint8_t first[16], last[16];
    if (len < 8 || len > 32) {
        memcpy(to, from, len);
    } else if (len <= 16) {
        memcpy(first, from, 8);
        memcpy(last, from + len - 8, 8);
        memcpy(to, first, 8);
        memcpy(to + len - 8, last, 8);
    } else {
        memcpy(first, from, 16);
        memcpy(last, from + len - 16, 16);
        memcpy(to, first, 16);
        memcpy(to + len - 16, last, 16);
    }
}

bool ps_relay_append(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t *data, uint32_t len)
{
    struct ps_chunk *tail = dir->copy_tail == PS_NONE ? NULL : ps_chunk_at(chunks, dir->copy_tail);
    if (!ps_relay_fits(chunks, dir, len))
        return false;
    uint32_t seq = tail ? tail->seq + tail->len : ps_relay_data_end(dir);
    while (len > 0) {
        if (!tail || tail->len == PS_CHUNK_LEN) {
            uint32_t at = ps_chunk_take(chunks);
            if (tail)
                tail->link = at;
            else
                dir->copy = at;
            dir->copy_tail = at;
            tail = ps_chunk_at(chunks, at);
            tail->seq = seq;
        }
        uint32_t n = len < PS_CHUNK_LEN - tail->len ? len : PS_CHUNK_LEN - tail->len;
        copy(tail->data + tail->len, data, n);
        tail->len += n;
        seq += n;
        data += n;
        len -= n;
    }
    return true;
}

/* Most often one end answers what the other has said, and acknowledges it: the block that held it holds the answer. What
 * forgetting the one and appending the other would do, as the block that is given back last is taken first. */
static bool reuse(struct ps_chunks *chunks, struct ps_relay_dir *back, struct ps_relay_dir *mine,
                  const struct ps_relay_next *next)
{
    uint32_t at = back->copy;
    if (at == PS_NONE || at != back->copy_tail || mine->copy != PS_NONE || next->len - 1 >= PS_CHUNK_LEN)
        return false;
    struct ps_chunk *chunk = ps_chunk_at(chunks, at);
    if (ps_seq_diff(chunk->seq + chunk->len, back->una) > 0)
        return false;
    back->copy = back->copy_tail = PS_NONE;
    mine->copy = mine->copy_tail = at;
    chunk->seq = next->told.seq;
    chunk->len = next->len;
    copy(chunk->data, next->data, next->len);
    return true;
}

bool ps_relay_take_next(struct ps_chunks *chunks, struct ps_relay_dir *back, struct ps_relay_dir *mine,
                        const struct ps_relay_next *next)
{
    uint32_t news = next->told.ack - back->una, edge = back->edge;
    take_window(back, &next->told, next->told.ack);
    count_acked(back, news);
    back->given = back->una;
    if (news == 0 || !reuse(chunks, back, mine, next)) {
        if (news > 0)
            forget_acked(chunks, back);
        (void)ps_relay_append(chunks, mine, next->data, next->len);
    }
    return news > 0 || back->edge != edge;
}

void ps_relay_take_turn(struct ps_chunks *chunks, struct ps_relay_dir *back, struct ps_relay_dir *mine,
                        const struct ps_relay_next *next)
{
    uint32_t at = back->copy;
    take_edge(back, &next->told, next->told.ack);
    count_acked(back, next->told.ack - back->una);
    back->given = back->una;
    back->copy = back->copy_tail = PS_NONE;
    mine->copy = mine->copy_tail = at;
    struct ps_chunk *chunk = ps_chunk_at(chunks, at);
    chunk->seq = next->told.seq;
    chunk->len = next->len;
    copy(chunk->data, next->data, next->len);
    mine->allowed = mine->fwd = mine->judged = next->told.seq + next->len;
}

void ps_relay_read(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, uint8_t *out,
                   uint32_t len)
{
    for (uint32_t at = dir->copy; at != PS_NONE && len > 0; at = ps_chunk_at(chunks, at)->link) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        uint32_t skip = seq - chunk->seq;
        if (skip >= chunk->len)
            continue;
        uint32_t n = len < chunk->len - skip ? len : chunk->len - skip;
        memcpy(out, chunk->data + skip, n);
        out += n;
        seq += n;
        len -= n;
    }
}

bool ps_relay_same(const struct ps_chunk *chunk, uint32_t seq, const uint8_t *data, uint32_t len)
{
    uint32_t from = ps_seq_max(chunk->seq, seq), to = ps_seq_min(chunk->seq + chunk->len, seq + len);
    if (ps_seq_diff(to, from) <= 0)
        return true;
    return memcmp(chunk->data + (from - chunk->seq), data + (from - seq), to - from) == 0;
}

bool ps_relay_equals(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, const uint8_t *data,
                     uint32_t len)
{
    for (uint32_t at = dir->copy; at != PS_NONE; at = ps_chunk_at(chunks, at)->link)
        if (!ps_relay_same(ps_chunk_at(chunks, at), seq, data, len))
            return false;
    return true;
}

void ps_relay_cut(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq)
{
    uint32_t *link = &dir->copy;
    dir->copy_tail = PS_NONE;
    while (*link != PS_NONE) {
        struct ps_chunk *chunk = ps_chunk_at(chunks, *link);
        if (ps_seq_diff(chunk->seq, seq) >= 0) {
            ps_chunk_give_all(chunks, link);
            return;
        }
        if (ps_seq_diff(chunk->seq + chunk->len, seq) > 0)
            chunk->len = seq - chunk->seq;
        dir->copy_tail = *link;
        link = &chunk->link;
    }
}

/* The receiver's numbers stay, those of the sender that stand for them move by n. */
static void renumber(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t n)
{
    dir->una += n;
    dir->fwd += n;
    dir->allowed += n;
    dir->judged = dir->allowed;
    dir->edge += n;
    dir->told_ack += n;
    dir->delta -= n;
    for (uint32_t at = dir->copy; at != PS_NONE; at = ps_chunk_at(chunks, at)->link)
        ps_chunk_at(chunks, at)->seq += n;
}

void ps_relay_swallow(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t n)
{
    renumber(chunks, dir, n);
    dir->given = dir->past = dir->allowed;
}

bool ps_relay_insert(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t *data, uint32_t n,
                     uint8_t *spare)
{
    uint32_t held = dir->judged - dir->allowed, start = dir->allowed;
    if (!ps_relay_fits(chunks, dir, n))
        return false;
    ps_relay_read(chunks, dir, start, spare, held);
    ps_relay_cut(chunks, dir, start);
    renumber(chunks, dir, 0 - n);
    (void)ps_relay_append(chunks, dir, data, n);
    dir->allowed = dir->judged = start;
    (void)ps_relay_append(chunks, dir, spare, held);
    dir->judged += held;
    dir->given = ps_seq_max(dir->given, start);
    dir->past = start;
    return true;
}

void ps_relay_dir_end(struct ps_chunks *chunks, struct ps_relay_dir *dir)
{
    ps_chunk_give_all(chunks, &dir->copy);
    ps_chunk_give_all(chunks, &dir->store);
    dir->copy_tail = PS_NONE;
    dir->n_stored = 0;
    dir->ack_due = dir->hold_due = dir->resend_due = PS_TIMER_NEVER;
}

/* ---- invariants ------------------------------------------------------------------------------------------------ */

static bool are_numbers_in_order(const struct ps_relay_dir *dir, uint32_t unacked)
{
    uint32_t span = dir->judged - dir->una;
    return span <= unacked && dir->fwd - dir->una <= span && dir->allowed - dir->una <= span &&
           dir->given - dir->una <= span && dir->fwd - dir->una <= dir->allowed - dir->una &&
           (dir->allowed != dir->judged || dir->need == 0);
}

/* One chunk behind the other from una (or before) to the end of the data. */
static bool is_copy_whole(const struct ps_chunks *chunks, const struct ps_relay_dir *dir)
{
    uint32_t end = ps_relay_data_end(dir);
    if (dir->copy == PS_NONE)
        return dir->copy_tail == PS_NONE && ps_seq_diff(end, dir->una) <= 0;
    uint32_t next = ps_chunk_at(chunks, dir->copy)->seq, last = PS_NONE;
    if (ps_seq_diff(next, dir->una) > 0)
        return false;
    for (uint32_t at = dir->copy; at != PS_NONE; at = ps_chunk_at(chunks, at)->link) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        if (chunk->seq != next || chunk->len == 0 || chunk->len > PS_CHUNK_LEN)
            return false;
        next += chunk->len;
        last = at;
    }
    return next == end && last == dir->copy_tail;
}

/* The first chunk may have been judged in part. */
static bool is_store_sorted(const struct ps_chunks *chunks, const struct ps_relay_dir *dir)
{
    uint32_t next = dir->judged, n = 0;
    for (uint32_t at = dir->store; at != PS_NONE; at = ps_chunk_at(chunks, at)->link, n++) {
        const struct ps_chunk *chunk = ps_chunk_at(chunks, at);
        uint32_t first = at == dir->store ? chunk->seq + chunk->len - 1 : chunk->seq;
        if (ps_seq_diff(first, next) < 0 || chunk->len == 0 || n >= chunks->n)
            return false;
        next = chunk->seq + chunk->len;
    }
    return n == dir->n_stored;
}

bool ps_relay_check(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t unacked)
{
    return are_numbers_in_order(dir, unacked) && is_copy_whole(chunks, dir) && is_store_sorted(chunks, dir);
}
