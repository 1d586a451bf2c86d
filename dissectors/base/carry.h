/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.h - state into octets, and octets into state: one list of fields serves both ways, so that the two cannot differ.
 *
 *     ps_carry_u8(c, &state->n, N_MAX);
 *     for (uint32_t i = 0; i < state->n; i++)
 *         ps_carry_u32(c, &state->item[i], UINT32_MAX);
 *
 * Saving reads the fields, loading writes them. Each one says what it may be at most; the first that is more, or for
 * which there are no octets, makes the carry fail, and fields stay as they are from there on. So a count that was loaded
 * is within its bound. Numbers are big-endian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_carry {
    uint8_t *out;      /* saving: octets are put here; NULL: they are only counted */
    const uint8_t *in; /* loading: they are taken from here; NULL: saving */
    size_t len;        /* octets at out or in */
    size_t pos;        /* of the next one; pos <= len unless they are only counted */
    uint64_t now_ns;   /* no time lies behind this */
    bool failed;
};

struct ps_carry ps_carry_save(uint8_t *out, size_t len, uint64_t now_ns);
struct ps_carry ps_carry_load(const uint8_t *in, size_t len, uint64_t now_ns);

static inline bool ps_carry_loads(const struct ps_carry *c)
{
    return c->in != NULL;
}

/* Fails unless held. Returns held and not failed so far. */
bool ps_carry_require(struct ps_carry *c, bool held);

void ps_carry_u8(struct ps_carry *c, uint8_t *field, uint8_t max);
void ps_carry_u16(struct ps_carry *c, uint16_t *field, uint16_t max);
void ps_carry_u32(struct ps_carry *c, uint32_t *field, uint32_t max);
void ps_carry_u64(struct ps_carry *c, uint64_t *field);
void ps_carry_bool(struct ps_carry *c, bool *field);
/* A time of the past. */
void ps_carry_time(struct ps_carry *c, uint64_t *field);
void ps_carry_octets(struct ps_carry *c, uint8_t *field, size_t len);

/* The next len octets, which stay where they are; NULL: there are fewer, or the carry has failed. Loading only. */
const uint8_t *ps_carry_borrow(struct ps_carry *c, size_t len);
