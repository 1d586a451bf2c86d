/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * stream.h - TCP segments into bytes in order, per direction.
 *
 * A stream hands every octet of a direction to its sink once and in order, whatever the segmentation: octets that were
 * handed on are skipped when they come again, segments ahead of their turn are copied into a bounded pool. Octets that
 * will not come are declared a gap: when the peer acknowledged beyond them, when too much waits behind them, when the
 * connection ends, when the capture cut them off.
 *
 * Work per segment is bounded by PS_HALF_SEGMENTS kept segments.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "base/terms.h"
#include "flow.h"

#define PS_SEGMENT_LEN 2024u    /* octets kept in one slot; longer segments take several */
#define PS_HALF_SEGMENTS 48u    /* slots that one direction may hold */
#define PS_STREAM_WINDOW (1u << 20) /* further away than this is no segment of the connection */

/* A segment kept until its turn. */
struct ps_segment {
    uint32_t link; /* the next one by sequence number, or the next free one; PS_NONE: last */
    uint32_t seq;
    uint32_t wire; /* octets it stands for; more than len: the capture cut it */
    uint32_t len;
    bool fin;
    uint8_t data[PS_SEGMENT_LEN];
};

/* Buffers of one direction, only while it needs some. */
struct ps_half {
    uint32_t head;       /* first kept segment, PS_NONE: none */
    uint32_t n_segments;
    uint32_t len;        /* octets in buf: a PDU that is not complete */
    uint32_t need;       /* total length of that PDU, 0: not known yet */
    uint32_t skip;       /* octets still to come of a refused PDU that buf could not hold */
    uint32_t link;       /* free list */
    uint32_t far_next;   /* behind the last segment that was too far away */
    bool far;            /* there was one */
    uint8_t buf[];       /* buf_len of the pool */
};

/* Where bytes go. Both are called with the direction's bytes in order; neither may call back. */
struct ps_stream_sink {
    void *ctx;
    void (*bytes)(void *ctx, const uint8_t *data, uint32_t len);
    void (*gap)(void *ctx, uint32_t n); /* n octets will not come; 0: nobody knows how many */
};

struct ps_streams {
    struct ps_stream_sink sink;
    uint8_t *halves;
    struct ps_segment *segments;
    uint32_t n_halves, half_len, buf_len;
    uint32_t n_segments;
    uint32_t free_half, fresh_half;
    uint32_t free_segment, fresh_segment, used_segments;
    uint64_t n_retransmitted; /* segments without anything new */
    uint64_t n_kept;          /* segments that came too early */
};

/* One segment as it came. */
struct ps_stream_in {
    uint32_t seq;
    const uint8_t *data;
    uint32_t len;  /* octets in data */
    uint32_t wire; /* octets on the wire */
    bool fin;
};

/* n_halves directions may hold something at one time; buf_len octets for an unfinished PDU. False: no memory. */
bool ps_streams_init(struct ps_streams *streams, const struct ps_stream_sink *sink, uint32_t n_halves,
                     uint32_t buf_len, uint32_t n_segments);
void ps_streams_fini(struct ps_streams *streams);

/* The direction starts at this sequence number (that behind a SYN). */
void ps_stream_start(struct ps_flow *flow, unsigned dir, uint32_t next);

/* Takes a segment. PS_REASON_NONE also for repeated ones; closed, out-of-window or reorder-full when it is not taken. */
enum ps_reason ps_stream_segment(struct ps_streams *streams, struct ps_flow *flow, unsigned dir,
                                 const struct ps_stream_in *in);

/* The peer acknowledged direction dir up to ack. What is missing before that will not come: it is declared a gap when
 * something waits behind it, or when `answered` (the peer sends data that may answer it). */
void ps_stream_acked(struct ps_streams *streams, struct ps_flow *flow, unsigned dir, uint32_t ack, bool answered);

/* The direction ends: declares the gaps in what is kept and hands it on. The unfinished PDU stays in the half. */
void ps_stream_flush(struct ps_streams *streams, struct ps_flow *flow, unsigned dir);

/* The direction's buffers; NULL: none. */
struct ps_half *ps_stream_half(const struct ps_streams *streams, const struct ps_flow *flow, unsigned dir);
/* The same, taken from the pool when there are none; NULL: the pool is empty. */
struct ps_half *ps_stream_half_take(struct ps_streams *streams, struct ps_flow *flow, unsigned dir);
/* Gives them back when nothing is in them. */
void ps_stream_half_settle(struct ps_streams *streams, struct ps_flow *flow, unsigned dir);
