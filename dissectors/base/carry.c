/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carry.h"

#include <string.h>

struct ps_carry ps_carry_save(uint8_t *out, size_t len, uint64_t now_ns)
{
    return (struct ps_carry){.out = out, .len = len, .now_ns = now_ns};
}

/* No octets at all are somewhere, too: in tells the direction. */
struct ps_carry ps_carry_load(const uint8_t *in, size_t len, uint64_t now_ns)
{
    static const uint8_t nothing[1];
    return (struct ps_carry){.in = in ? in : nothing, .len = in ? len : 0, .now_ns = now_ns};
}

bool ps_carry_require(struct ps_carry *c, bool held)
{
    c->failed = c->failed || !held;
    return !c->failed;
}

/* Is there room for them, or are there so many? */
static bool has(struct ps_carry *c, size_t len)
{
    bool counted = !c->in && !c->out;
    return ps_carry_require(c, counted || c->len - c->pos >= len);
}

/* A number of n octets. */
static uint64_t number(struct ps_carry *c, uint64_t value, unsigned n, uint64_t max)
{
    if (!has(c, n))
        return value;
    if (c->in) {
        uint64_t loaded = 0;
        for (unsigned i = 0; i < n; i++)
            loaded = loaded << 8 | c->in[c->pos + i];
        if (!ps_carry_require(c, loaded <= max))
            return value;
        value = loaded;
    } else if (!ps_carry_require(c, value <= max)) {
        return value;
    }
    for (unsigned i = 0; i < n && c->out; i++)
        c->out[c->pos + i] = (uint8_t)(value >> (8 * (n - 1 - i)));
    c->pos += n;
    return value;
}

void ps_carry_u8(struct ps_carry *c, uint8_t *field, uint8_t max)
{
    *field = (uint8_t)number(c, *field, 1, max);
}

void ps_carry_u16(struct ps_carry *c, uint16_t *field, uint16_t max)
{
    *field = (uint16_t)number(c, *field, 2, max);
}

void ps_carry_u32(struct ps_carry *c, uint32_t *field, uint32_t max)
{
    *field = (uint32_t)number(c, *field, 4, max);
}

void ps_carry_u64(struct ps_carry *c, uint64_t *field)
{
    *field = number(c, *field, 8, UINT64_MAX);
}

void ps_carry_bool(struct ps_carry *c, bool *field)
{
    *field = number(c, *field, 1, 1) != 0;
}

void ps_carry_time(struct ps_carry *c, uint64_t *field)
{
    *field = number(c, *field, 8, c->now_ns);
}

void ps_carry_octets(struct ps_carry *c, uint8_t *field, size_t len)
{
    if (!has(c, len))
        return;
    if (len > 0 && c->in)
        memcpy(field, c->in + c->pos, len);
    else if (len > 0 && c->out)
        memcpy(c->out + c->pos, field, len);
    c->pos += len;
}

const uint8_t *ps_carry_borrow(struct ps_carry *c, size_t len)
{
    if (!ps_carry_require(c, c->in) || !has(c, len))
        return NULL;
    c->pos += len;
    return c->in + (c->pos - len);
}
