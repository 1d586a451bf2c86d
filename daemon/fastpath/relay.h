/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * relay.h - one direction of an inline connection: its numbers, and a copy of what its receiver has not acknowledged.
 *
 * Numbers are those of the direction's sender unless said otherwise, and wrap. The FIN counts as one octet behind the
 * last; the copy does not hold it.
 *
 *      una         fwd            allowed           judged
 *       |  in flight |  waits for    |  start of a PDU  |  not seen yet
 *       |            |  the window   |  without verdict |
 *       +------ given lies somewhere from una to judged +
 *
 * Nothing at or beyond `allowed` has a verdict, nothing at or beyond `fwd` has left, and what leaves again equals the
 * copy. Where given is beyond una the sender believes that octets have arrived which have not: they are the engine's to
 * deliver.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chunk.h"

/* Serial arithmetic (RFC 9293 3.4): how far a lies behind b. */
static inline int32_t ps_seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static inline uint32_t ps_seq_max(uint32_t a, uint32_t b)
{
    return ps_seq_diff(a, b) > 0 ? a : b;
}

static inline uint32_t ps_seq_min(uint32_t a, uint32_t b)
{
    return ps_seq_diff(a, b) < 0 ? a : b;
}

/* All that octets in order need lies in the first 64 octets, a line of the cache; what is held, waits or comes again
 * needs the second too. */
struct ps_relay_dir {
    _Alignas(64) uint32_t una; /* not acknowledged by the receiver */
    uint32_t fwd;     /* next to leave */
    uint32_t allowed; /* next without a verdict */
    uint32_t judged;  /* next that inspect has not seen */
    uint32_t given;   /* highest acknowledgement that the sender was given */
    uint32_t edge;    /* right edge of the receiver's window */
    uint32_t delta;   /* receiver's number = sender's number + delta */
    uint32_t past;    /* what the sender repeats of before it has been dealt with: see ps_relay_swallow() */
    uint32_t told_seq, told_ack; /* of the segment that told of the edge (SND.WL1, SND.WL2) */
    uint32_t n_acked;    /* octets acknowledged so far, saturating */
    uint32_t window_max; /* the largest window seen */
    uint32_t copy, copy_tail;  /* chunks with [una or before, judged), the FIN excepted */
    uint32_t store;   /* chunks beyond judged, by number, none overlapping another (store.h) */
    uint8_t scale;    /* of the windows that the receiver tells of */
    uint8_t tries;    /* repetitions of owned octets since the last progress */
    bool fin;         /* the FIN was taken: judged is behind it */

    uint32_t offered; /* right edge that the sender was told of, where it lies beyond `edge`; else anything older */
    uint32_t need;    /* octets that the held PDU lacks, 0: nothing is held */
    uint16_t n_stored; /* chunks in store */
    uint16_t mss;     /* payload that the receiver takes */
    uint64_t ack_due;    /* when held octets are acknowledged, PS_TIMER_NEVER: they need not be */
    uint64_t hold_due;   /* when waiting for the rest of a PDU ends, PS_TIMER_NEVER: nothing is held */
    uint64_t hold_until; /* ... whatever its sender says until then */
    uint64_t resend_due; /* when owned or waiting octets are sent again */
};

enum ps_relay_ack {
    PS_RELAY_ACK_BAD = 0, /* of octets that have not left, or further back than a window */
    PS_RELAY_ACK_OLD,     /* lower than the highest one */
    PS_RELAY_ACK_SAME,
    PS_RELAY_ACK_NEWS,    /* it acknowledges more */
};

/* An acknowledgement of the direction's octets, in the receiver's numbers, with the window behind it in octets. */
struct ps_relay_told {
    uint32_t ack, window;
    uint32_t seq;  /* of the segment, in the receiver's own stream */
};

/* The direction starts at this number (behind the SYN). */
void ps_relay_dir_start(struct ps_relay_dir *dir, uint32_t seq);

/* una, given and edge follow; the copy is shortened. BAD changes nothing. */
enum ps_relay_ack ps_relay_take_ack(struct ps_chunks *chunks, struct ps_relay_dir *dir, const struct ps_relay_told *told);

/* Where the data ends: judged, or the number of the FIN. */
static inline uint32_t ps_relay_data_end(const struct ps_relay_dir *dir)
{
    return dir->judged - dir->fin;
}

/* Behind the last number that the sender may use. */
static inline uint32_t ps_relay_limit(const struct ps_relay_dir *dir)
{
    return ps_seq_max(ps_seq_max(dir->edge, dir->offered), dir->judged);
}

/* What the sender is told of the window, as it stands in the header, with an acknowledgement of `given`: the receiver's,
 * but while a PDU is held never less than what it lacks, nor than a full segment. */
uint16_t ps_relay_window(struct ps_relay_dir *dir);

/* Octets that the sender believes delivered, have left, and are not acknowledged. */
static inline bool ps_relay_owns(const struct ps_relay_dir *dir)
{
    return dir->given != dir->una && dir->fwd != dir->una;
}

/* ---- the copy -------------------------------------------------------------------------------------------------- */

/* Is there room for so many octets behind the copy? */
bool ps_relay_fits(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t len);

/* Octets behind data_end; the numbers stay. False: the pool has no room, nothing was changed. */
bool ps_relay_append(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t *data, uint32_t len);

/* A segment of a connection where nothing is out of the ordinary: all of both directions has left, nothing is the
 * engine's to deliver, and the numbers are the same on either side. */
struct ps_relay_next {
    struct ps_relay_told told; /* ack: from una to fwd of the direction that it acknowledges */
    const uint8_t *data; /* the next octets of its own direction, for which there is room */
    uint32_t len;
};

/* ps_relay_take_ack() of back and ps_relay_append() to mine. Has its receiver, or the window, got any further? */
bool ps_relay_take_next(struct ps_chunks *chunks, struct ps_relay_dir *back, struct ps_relay_dir *mine,
                        const struct ps_relay_next *next);

/* The same where one end answers what the other has said: of a steady connection the next octets, within the window, of a
 * direction of which none wait, that acknowledge all of back, which lies in one block. Then that block holds them. */
static inline bool ps_relay_is_turn(const struct ps_chunks *chunks, const struct ps_relay_dir *back,
                                    const struct ps_relay_dir *mine, const struct ps_relay_told *told, uint32_t len)
{
    bool in_order = told->seq == mine->judged && told->ack == back->judged && ps_seq_diff(told->seq + len, mine->edge) <= 0;
    bool one = back->copy != PS_NONE && back->copy == back->copy_tail && mine->copy == PS_NONE;
    return in_order && one && len - 1 < PS_CHUNK_LEN && ps_chunks_left(chunks) > 0;
}

/* What ps_relay_take_next() does then; and they have left. */
void ps_relay_take_turn(struct ps_chunks *chunks, struct ps_relay_dir *back, struct ps_relay_dir *mine,
                        const struct ps_relay_next *next);

/* [seq, seq + len) of the copy, which holds them. */
void ps_relay_read(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, uint8_t *out,
                   uint32_t len);

/* Octets that lie from seq on: are those that the copy holds too the same? */
bool ps_relay_equals(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, const uint8_t *data,
                     uint32_t len);

/* Forgets what lies at seq or behind it; seq within [una, judged]. */
void ps_relay_cut(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq);

/* ---- changing the stream --------------------------------------------------------------------------------------- */

/* A PDU of n octets at `allowed` is kept from the receiver: later octets of the sender have lower numbers there. Where
 * something is taken out or put in, everything before is acknowledged to the sender (given) and the engine's to deliver;
 * so its numbers need no longer be the sender's, and it is renumbered to lie in front of what follows, without a gap.
 * Only while nothing is held: allowed is judged. */
void ps_relay_swallow(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t n);

/* n octets are put in at `allowed`: behind all that has a verdict, in front of what is held. spare has room for that. The
 * FIN must not have been taken. False: the pool has no room, nothing was changed. */
bool ps_relay_insert(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t *data, uint32_t n,
                     uint8_t *spare);

/* Gives all chunks back. */
void ps_relay_dir_end(struct ps_chunks *chunks, struct ps_relay_dir *dir);

/* ---- between relay.c and store.c ------------------------------------------------------------------------------- */

/* The octets that a chunk and data from seq on share: are they the same? */
bool ps_relay_same(const struct ps_chunk *chunk, uint32_t seq, const uint8_t *data, uint32_t len);

/* ---- invariants ------------------------------------------------------------------------------------------------ */

/* Everything said above about numbers, copy and store; unacked: octets that una..judged may span. */
bool ps_relay_check(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t unacked);
