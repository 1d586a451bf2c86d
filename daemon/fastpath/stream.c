/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <stddef.h>
#include <string.h>

#include "mem.h"

/* Sequence numbers wrap: a is behind b by this much (RFC 9293 3.4). */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* ---- pools ----------------------------------------------------------------------------------------------------- */

bool ps_streams_init(struct ps_streams *streams, const struct ps_stream_sink *sink, uint32_t n_halves,
                     uint32_t buf_len, uint32_t n_segments)
{
    *streams = (struct ps_streams){
        .sink = *sink, .n_halves = n_halves, .buf_len = buf_len, .n_segments = n_segments};
    streams->half_len = ((uint32_t)offsetof(struct ps_half, buf) + buf_len + 63) / 64 * 64;
    streams->free_half = streams->free_segment = PS_NONE;
    streams->halves = ps_mem_new((size_t)n_halves * streams->half_len);
    streams->segments = ps_mem_new((size_t)n_segments * sizeof streams->segments[0]);
    if (streams->halves && streams->segments)
        return true;
    ps_streams_fini(streams);
    return false;
}

void ps_streams_fini(struct ps_streams *streams)
{
    ps_mem_free(streams->halves, (size_t)streams->n_halves * streams->half_len);
    ps_mem_free(streams->segments, (size_t)streams->n_segments * sizeof streams->segments[0]);
    *streams = (struct ps_streams){0};
}

static struct ps_half *half_at(const struct ps_streams *streams, uint32_t i)
{
    return (struct ps_half *)(void *)(streams->halves + (size_t)i * streams->half_len);
}

struct ps_half *ps_stream_half(const struct ps_streams *streams, const struct ps_flow *flow, unsigned dir)
{
    return flow->half[dir] == PS_NONE ? NULL : half_at(streams, flow->half[dir]);
}

struct ps_half *ps_stream_half_take(struct ps_streams *streams, struct ps_flow *flow, unsigned dir)
{
    if (flow->half[dir] != PS_NONE)
        return half_at(streams, flow->half[dir]);
    uint32_t i = streams->free_half;
    if (i != PS_NONE)
        streams->free_half = half_at(streams, i)->link;
    else if (streams->fresh_half < streams->n_halves)
        i = streams->fresh_half++;
    else
        return NULL;
    struct ps_half *half = half_at(streams, i);
    *half = (struct ps_half){.head = PS_NONE};
    flow->half[dir] = i;
    return half;
}

void ps_stream_half_settle(struct ps_streams *streams, struct ps_flow *flow, unsigned dir)
{
    struct ps_half *half = ps_stream_half(streams, flow, dir);
    if (!half || half->len != 0 || half->skip != 0 || half->head != PS_NONE)
        return;
    half->link = streams->free_half;
    streams->free_half = flow->half[dir];
    flow->half[dir] = PS_NONE;
}

static struct ps_segment *take_segment(struct ps_streams *streams, uint32_t *at)
{
    *at = streams->free_segment;
    if (*at != PS_NONE)
        streams->free_segment = streams->segments[*at].link;
    else
        *at = streams->fresh_segment++;
    streams->used_segments++;
    return &streams->segments[*at];
}

static void give_segment(struct ps_streams *streams, uint32_t at)
{
    streams->segments[at].link = streams->free_segment;
    streams->free_segment = at;
    streams->used_segments--;
}

/* ---- in order -------------------------------------------------------------------------------------------------- */

static void declare_gap(const struct ps_streams *streams, struct ps_flow *flow, unsigned dir, uint32_t n)
{
    flow->dir[dir] &= (uint8_t)~PS_DIR_AHEAD;
    streams->sink.gap(streams->sink.ctx, n);
}

/* in starts at or before the next number expected. Hands on what is new of it. */
static void deliver(const struct ps_streams *streams, struct ps_flow *flow, unsigned dir, const struct ps_stream_in *in)
{
    uint32_t old = flow->next[dir] - in->seq;
    if (in->wire > old) {
        flow->dir[dir] &= (uint8_t)~PS_DIR_AHEAD;
        flow->next[dir] = in->seq + in->wire;
        if (in->len > old)
            streams->sink.bytes(streams->sink.ctx, in->data + old, in->len - old);
        uint32_t here = in->len > old ? in->len : old;
        if (in->wire > here)
            declare_gap(streams, flow, dir, in->wire - here);
    }
    if (in->fin && flow->next[dir] == in->seq + in->wire && !(flow->dir[dir] & PS_DIR_FIN)) {
        flow->dir[dir] |= PS_DIR_FIN;
        flow->next[dir]++;
    }
}

/* Hands on kept segments whose turn has come. */
static void drain(struct ps_streams *streams, struct ps_flow *flow, unsigned dir)
{
    struct ps_half *half = ps_stream_half(streams, flow, dir);
    while (half && half->head != PS_NONE) {
        uint32_t at = half->head;
        struct ps_segment *segment = &streams->segments[at];
        if (distance(segment->seq, flow->next[dir]) > 0)
            return;
        half->head = segment->link;
        half->n_segments--;
        struct ps_stream_in in = {.seq = segment->seq, .data = segment->data, .len = segment->len,
                                  .wire = segment->wire, .fin = segment->fin};
        if (distance(in.seq + in.wire, flow->next[dir]) >= 0)
            deliver(streams, flow, dir, &in);
        give_segment(streams, at);
    }
}

/* Gives up on what is missing before the first kept segment. */
static void jump_to_kept(struct ps_streams *streams, struct ps_flow *flow, unsigned dir)
{
    const struct ps_half *half = ps_stream_half(streams, flow, dir);
    uint32_t seq = streams->segments[half->head].seq;
    uint32_t n = seq - flow->next[dir];
    flow->next[dir] = seq;
    declare_gap(streams, flow, dir, n);
    drain(streams, flow, dir);
}

static bool has_kept(const struct ps_streams *streams, const struct ps_flow *flow, unsigned dir)
{
    const struct ps_half *half = ps_stream_half(streams, flow, dir);
    return half && half->head != PS_NONE;
}

void ps_stream_flush(struct ps_streams *streams, struct ps_flow *flow, unsigned dir)
{
    while (has_kept(streams, flow, dir))
        jump_to_kept(streams, flow, dir);
    ps_stream_half_settle(streams, flow, dir);
}

/* ---- out of order ---------------------------------------------------------------------------------------------- */

static void link_segment(struct ps_streams *streams, struct ps_half *half, uint32_t at)
{
    uint32_t *link = &half->head;
    while (*link != PS_NONE && distance(streams->segments[*link].seq, streams->segments[at].seq) <= 0)
        link = &streams->segments[*link].link;
    streams->segments[at].link = *link;
    *link = at;
    half->n_segments++;
}

static uint32_t slots_for(const struct ps_stream_in *in)
{
    return in->len <= PS_SEGMENT_LEN ? 1 : (in->len + PS_SEGMENT_LEN - 1) / PS_SEGMENT_LEN;
}

static void copy_segment(struct ps_streams *streams, struct ps_half *half, const struct ps_stream_in *in)
{
    uint32_t n = slots_for(in);
    for (uint32_t i = 0, done = 0; i < n; i++) {
        uint32_t at;
        struct ps_segment *segment = take_segment(streams, &at);
        bool last = i == n - 1;
        segment->seq = in->seq + done;
        segment->len = last ? in->len - done : PS_SEGMENT_LEN;
        segment->wire = last ? in->wire - done : PS_SEGMENT_LEN;
        segment->fin = last && in->fin;
        if (segment->len > 0)
            memcpy(segment->data, in->data + done, segment->len);
        done += segment->len;
        link_segment(streams, half, at);
    }
    streams->n_kept++;
}

static enum ps_reason take(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                           const struct ps_stream_in *in);

/* in is ahead of its turn: keep it, or give up on what is missing when there is no room to wait. */
static enum ps_reason keep(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                           const struct ps_stream_in *in)
{
    struct ps_half *half = ps_stream_half_take(streams, flow, dir);
    uint32_t n = slots_for(in);
    bool fits_half = half && half->n_segments + n <= PS_HALF_SEGMENTS;
    bool fits_pool = n <= streams->n_segments - streams->used_segments;
    if (fits_half && fits_pool) {
        copy_segment(streams, half, in);
        return PS_REASON_NONE;
    }
    bool gave_up = has_kept(streams, flow, dir) || n > PS_HALF_SEGMENTS;
    ps_stream_flush(streams, flow, dir);
    if (!gave_up)
        return PS_REASON_REORDER_FULL;
    if (distance(in->seq, flow->next[dir]) > 0) {
        uint32_t missing = in->seq - flow->next[dir];
        flow->next[dir] = in->seq;
        declare_gap(streams, flow, dir, missing);
    }
    return take(streams, flow, dir, in);
}

/* Not of this connection as far as anybody can tell; but two in a row that continue one another show that the
 * capture lost more than a window, and the connection went on. */
static enum ps_reason take_far(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                               const struct ps_stream_in *in)
{
    struct ps_half *half = ps_stream_half_take(streams, flow, dir);
    bool goes_on = half && half->far && half->far_next == in->seq && in->wire > 0;
    if (!goes_on) {
        if (half) {
            half->far = true;
            half->far_next = in->seq + in->wire;
        }
        return PS_REASON_OUT_OF_WINDOW;
    }
    half->far = false;
    while (has_kept(streams, flow, dir))
        jump_to_kept(streams, flow, dir);
    int32_t missing = distance(in->seq, flow->next[dir]);
    flow->next[dir] = in->seq;
    declare_gap(streams, flow, dir, missing > 0 ? (uint32_t)missing : 0);
    return take(streams, flow, dir, in);
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static enum ps_reason take(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                           const struct ps_stream_in *in)
{
    int32_t ahead = distance(in->seq, flow->next[dir]);
    int32_t news = distance(in->seq + in->wire + in->fin, flow->next[dir]);
    if (ahead > (int32_t)PS_STREAM_WINDOW || news < -(int32_t)PS_STREAM_WINDOW)
        return take_far(streams, flow, dir, in);
    if (news <= 0) {
        streams->n_retransmitted += in->wire > 1; /* 0 or 1 octet before its turn is a keep-alive probe */
        return PS_REASON_NONE;
    }
    if (flow->dir[dir] & PS_DIR_FIN)
        return PS_REASON_CLOSED;
    if (ahead > 0 && !(flow->dir[dir] & PS_DIR_AHEAD))
        return keep(streams, flow, dir, in);
    if (ahead > 0) {
        ps_stream_flush(streams, flow, dir);
        ahead = distance(in->seq, flow->next[dir]);
        if (ahead > 0) {
            flow->next[dir] = in->seq;
            declare_gap(streams, flow, dir, (uint32_t)ahead);
        }
    }
    if (distance(in->seq + in->wire, flow->next[dir]) >= 0)
        deliver(streams, flow, dir, in);
    drain(streams, flow, dir);
    ps_stream_half_settle(streams, flow, dir);
    return PS_REASON_NONE;
}

void ps_stream_start(struct ps_flow *flow, unsigned dir, uint32_t next)
{
    flow->next[dir] = next;
    flow->dir[dir] |= PS_DIR_STARTED;
}

enum ps_reason ps_stream_segment(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                                 const struct ps_stream_in *in)
{
    if (in->wire == 0 && !in->fin)
        return PS_REASON_NONE;
    if (!(flow->dir[dir] & PS_DIR_STARTED)) {
        if (in->wire == 1 && !in->fin)
            return PS_REASON_NONE; /* may be a keep-alive probe, whose octet is garbage */
        ps_stream_start(flow, dir, in->seq);
    }
    return take(streams, flow, dir, in);
}

void ps_stream_acked(struct ps_streams *streams, struct ps_flow *flow, unsigned dir, uint32_t ack, bool answered)
{
    int32_t ahead = distance(ack, flow->next[dir]);
    if (ahead <= 0 || !(flow->dir[dir] & PS_DIR_STARTED) || ahead > (int32_t)PS_STREAM_WINDOW)
        return;
    while (distance(ack, flow->next[dir]) > 0 && has_kept(streams, flow, dir))
        jump_to_kept(streams, flow, dir);
    ps_stream_half_settle(streams, flow, dir);
    ahead = distance(ack, flow->next[dir]);
    if (ahead <= 0)
        return;
    if (answered && !(flow->dir[dir] & PS_DIR_FIN)) {
        flow->next[dir] = ack;
        declare_gap(streams, flow, dir, (uint32_t)ahead);
        ps_stream_half_settle(streams, flow, dir);
    } else {
        flow->dir[dir] |= PS_DIR_AHEAD;
    }
}
