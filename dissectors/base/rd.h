/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rd.h - the bounded reader: packet bytes from left to right, never outside, with one sticky fault.
 *
 * The first fault stays, with its reason and offset; later reads return 0 and move nothing, so a decoder reads like
 * the wire diagram and asks once, at the end, whether all of it was there. A length-prefixed part gets a reader of its
 * own (ps_rd_sub), which shares the fault of its parent and must be closed (ps_rd_close) when it has been read to its
 * last octet. Only ps_rd_finish says yes: no fault, nothing left over, nothing left open.
 *
 *     struct ps_rd_fault fault;
 *     struct ps_rd rd;
 *     ps_rd_init(&rd, &fault, data, len);
 *     uint16_t address = ps_rd_u16be(&rd);
 *     uint16_t quantity = ps_rd_u16be(&rd);
 *     return ps_rd_finish(&rd);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"
#include "result.h"

/* Shared by a reader and all its sub-readers. */
struct ps_rd_fault {
    enum ps_reason reason; /* PS_REASON_NONE: no fault */
    uint32_t offset;       /* octets from the start of the outermost reader, where the fault was found */
    uint32_t n_open;       /* sub-readers not closed yet */
};

struct ps_rd {
    const uint8_t *data; /* of the outermost reader */
    uint32_t pos;        /* next octet; start <= pos <= end */
    uint32_t end;        /* one past the last octet of this reader */
    struct ps_rd_fault *fault;
};

/* Read data[0..len) with a fault of its own, which is cleared. data may be NULL: no octets. */
void ps_rd_init(struct ps_rd *rd, struct ps_rd_fault *fault, const uint8_t *data, uint32_t len);

static inline bool ps_rd_failed(const struct ps_rd *rd)
{
    return rd->fault->reason != PS_REASON_NONE;
}

/* Octets not read yet; 0 after a fault. */
static inline uint32_t ps_rd_left(const struct ps_rd *rd)
{
    return ps_rd_failed(rd) ? 0 : rd->end - rd->pos;
}

/* Offset of the next octet from the start of the outermost reader. */
static inline uint32_t ps_rd_pos(const struct ps_rd *rd)
{
    return rd->pos;
}

/* Record reason as the fault, at the current position, unless there is one already. Always returns PS_BAD. */
enum ps_result ps_rd_fail(struct ps_rd *rd, enum ps_reason reason);

/* Fault unless held. Returns held and no fault so far. */
static inline bool ps_rd_require(struct ps_rd *rd, bool held, enum ps_reason reason)
{
    if (!held)
        ps_rd_fail(rd, reason);
    return !ps_rd_failed(rd);
}

/* The next n octets, borrowed, or NULL and fault `truncated` (n = 0 gives a pointer that must not be read). */
static inline const uint8_t *ps_rd_bytes(struct ps_rd *rd, uint32_t n)
{
    if (ps_rd_failed(rd))
        return NULL;
    if (rd->end - rd->pos < n) {
        ps_rd_fail(rd, PS_REASON_TRUNCATED);
        return NULL;
    }
    const uint8_t *p = rd->data + rd->pos;
    rd->pos += n;
    return p;
}

/* Unsigned numbers, big-endian (be) or little-endian (le). Too few octets left: fault `truncated`, and 0. */
static inline uint8_t ps_rd_u8(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 1);
    return p ? p[0] : 0;
}

static inline uint16_t ps_rd_u16be(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 2);
    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

uint16_t ps_rd_u16le(struct ps_rd *rd);
uint32_t ps_rd_u24be(struct ps_rd *rd);
uint32_t ps_rd_u32be(struct ps_rd *rd);
uint32_t ps_rd_u32le(struct ps_rd *rd);

/* sub reads the next n octets of rd, and rd stands behind them. Too few left: fault `truncated`, sub is empty. */
void ps_rd_sub(struct ps_rd *rd, struct ps_rd *sub, uint32_t n);

/* Ends a reader made by ps_rd_sub. Octets left over: fault `surplus`. */
void ps_rd_close(struct ps_rd *sub);

/* PS_OK when there is no fault, nothing left in rd and no sub-reader open; otherwise PS_BAD, with a fault recorded. */
enum ps_result ps_rd_finish(struct ps_rd *rd);
