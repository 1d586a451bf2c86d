/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frame.c - where a PDU ends. Servers differ in which length they believe, the one of the MBAP header or the one that
 * function code and byte counts imply: both must agree, in both directions, or the second one hides an ADU (MB-S05).
 */
#include "mb.h"

/* How a function implies the length of its PDU. */
enum shape_kind {
    SHAPE_FREE = 0, /* it does not */
    SHAPE_FIXED,
    SHAPE_COUNT8,
    SHAPE_COUNT16,
    SHAPE_DIAGNOSTIC,
    SHAPE_MEI,
};

struct shape {
    uint8_t kind; /* enum shape_kind */
    uint8_t base; /* SHAPE_COUNT*: octets besides the counted ones */
    uint8_t at;   /* SHAPE_COUNT*: offset of the count in the PDU */
    uint16_t min; /* octets of the PDU */
    uint16_t max;
};

#define FIXED(n) {.kind = SHAPE_FIXED, .min = (n), .max = (n)}
#define COUNT8(b, a, lo, hi) {.kind = SHAPE_COUNT8, .base = (b), .at = (a), .min = (lo), .max = (hi)}
#define COUNT16(b, a, lo, hi) {.kind = SHAPE_COUNT16, .base = (b), .at = (a), .min = (lo), .max = (hi)}
#define DIAGNOSTIC {.kind = SHAPE_DIAGNOSTIC, .min = 5, .max = MB_LENGTH_MAX - 1}
#define MEI {.kind = SHAPE_MEI, .min = 2, .max = MB_LENGTH_MAX - 1}

/* [function code][direction] */
static const struct shape shapes[128][2] = {
#define MB_LENGTH(fc, request, reply) [fc] = {request, reply},
#include "function.def"
};

static const struct shape free_shape = {.kind = SHAPE_FREE, .min = 1, .max = UINT16_MAX};
static const struct shape exception_shape = FIXED(2);

static const struct shape *shape_of(const struct ps_dialog *dialog, uint8_t fc)
{
    bool reply = dialog->dir == PS_TO_CLIENT;
    if (fc & MB_FC_EXCEPTION)
        return reply ? &exception_shape : &free_shape;
    if (shapes[fc][reply].kind == SHAPE_FREE)
        return &free_shape;
    if (reply && fc == MB_FC_ENCAPSULATED && mb_relaxed(dialog, MB_RELAX_FC43_OPAQUE))
        return &free_shape;
    return &shapes[fc][reply];
}

/* Length of a Read Device Identification reply, by walking the objects that are there: 0 while not all are, and some
 * length above max as soon as they reach beyond it. */
static uint32_t device_id_len(const uint8_t *pdu, uint32_t n, uint32_t max)
{
    uint32_t end = 7; /* fc, MEI, code, conformity, more, next, count */
    if (n < end)
        return 0;
    for (uint32_t left = pdu[6]; left > 0 && end <= max; left--) {
        if (n < end + 2)
            return 0;
        end += 2u + pdu[end + 1];
    }
    return end;
}

/* The length that the first n octets of a PDU imply; 0: not known from these; claimed: any would do. */
static uint32_t implied_len(const struct shape *shape, bool reply, const uint8_t *pdu, uint32_t n, uint32_t claimed)
{
    switch ((enum shape_kind)shape->kind) {
    case SHAPE_FREE:
        return claimed;
    case SHAPE_FIXED:
        return shape->min;
    case SHAPE_COUNT8:
        return n > shape->at ? (uint32_t)shape->base + pdu[shape->at] : 0;
    case SHAPE_COUNT16:
        return n > shape->at + 1u ? (uint32_t)shape->base + (uint32_t)(pdu[shape->at] << 8 | pdu[shape->at + 1]) : 0;
    case SHAPE_DIAGNOSTIC:
        if (n < 3)
            return 0;
        if (pdu[1] || pdu[2])
            return 5;
        return claimed & 1 ? claimed : claimed + 1; /* sub-function 0: whole words */
    case SHAPE_MEI:
        if (n < 2)
            return 0;
        if (pdu[1] != 14)
            return claimed;
        return reply ? device_id_len(pdu, n, shape->max) : 4;
    }
    return 0;
}

uint32_t mb_length_max(const struct ps_dialog *dialog, uint8_t fc)
{
    const struct mb_state *state = dialog->state;
    if (fc == MB_FC_UMAS && state->umas_size > MB_LENGTH_MAX - 2)
        return state->umas_size + 2u;
    if (fc == MB_FC_UMAS && state->umas_size == 0 && dialog->midstream)
        return MB_UMAS_SIZE_MAX + 2;
    if (dialog->dir == PS_TO_CLIENT && mb_relaxed(dialog, MB_RELAX_MAX_QUANTITY) &&
        (fc == MB_FC_READ_HOLDING_REGISTERS || fc == MB_FC_READ_INPUT_REGISTERS))
        return MB_LENGTH_MAX_RELAXED;
    return MB_LENGTH_MAX;
}

/* Fault at an offset from where rd stands. */
static enum ps_result refuse(struct ps_rd *rd, uint32_t offset, enum ps_reason reason)
{
    (void)ps_rd_bytes(rd, offset);
    return ps_rd_fail(rd, reason);
}

/* The first n < 8 octets of an ADU: no function code yet. */
static enum ps_result frame_header(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    uint32_t n = ps_rd_left(rd);
    const uint8_t *p = ps_rd_bytes(rd, n);
    if (!p && n > 0)
        return PS_BAD;
    for (uint32_t i = 2; i < 4 && i < n; i++)
        if (p[i] != 0)
            return ps_rd_fail(rd, PS_REASON_MODBUS_PROTOCOL_ID);
    uint32_t max = mb_length_max(dialog, MB_FC_UMAS);
    max = max < MB_LENGTH_MAX_RELAXED && mb_relaxed(dialog, MB_RELAX_MAX_QUANTITY) ? MB_LENGTH_MAX_RELAXED : max;
    if (n >= 5 && p[4] > max >> 8)
        return ps_rd_fail(rd, PS_REASON_MODBUS_LENGTH);
    uint32_t length = n >= 6 ? (uint32_t)(p[4] << 8 | p[5]) : MB_LENGTH_MIN;
    if (length < MB_LENGTH_MIN || length > max)
        return ps_rd_fail(rd, PS_REASON_MODBUS_LENGTH);
    bool known = n >= 6 && (dialog->dir == PS_TO_SERVER || dialog->relax == 0);
    *len = known ? MB_HEADER_LEN - 1 + length : 0;
    return PS_MORE;
}

/* Octets of the PDU that starts at pdu, by header and function; 0: not known yet. *agree: no contradiction so far. */
static uint32_t pdu_len(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t n, uint32_t claimed, bool *agree)
{
    const struct shape *shape = shape_of(dialog, pdu[0]);
    bool reply = dialog->dir == PS_TO_CLIENT;
    uint32_t implied = implied_len(shape, reply, pdu, n, claimed);
    if (reply && mb_relaxed(dialog, pdu[0] & MB_FC_EXCEPTION ? MB_RELAX_EXCEPTION_LENGTH : MB_RELAX_REPLY_LENGTH)) {
        *agree = implied == 0 || (implied >= shape->min && implied <= shape->max);
        return *agree ? implied : claimed;
    }
    bool fits = implied == claimed || (implied == 0 && n < claimed);
    *agree = fits && claimed >= shape->min && claimed <= shape->max;
    return claimed;
}

/* A datagram is one ADU: whatever is wrong with it, it goes as a whole. */
static enum ps_result frame_datagram(struct ps_rd *rd, uint32_t n, uint32_t *len)
{
    uint32_t adu_len = *len;
    *len = n;
    if (adu_len == 0 || adu_len > n)
        return refuse(rd, n, PS_REASON_TRUNCATED);
    if (adu_len < n)
        return refuse(rd, adu_len, PS_REASON_SURPLUS);
    return PS_OK;
}

enum ps_result mb_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    struct ps_rd at = *rd, start = *rd; /* frame looks ahead: rd stays where it is */
    uint32_t n = ps_rd_left(rd);
    *len = 0;
    if (n < MB_HEADER_LEN + 1) {
        enum ps_result result = frame_header(dialog, &at, len);
        return result == PS_MORE && dialog->datagram ? frame_datagram(&start, n, len) : result;
    }
    const uint8_t *p = ps_rd_bytes(&at, n);
    if (!p)
        return PS_BAD;
    if (p[2] | p[3])
        return refuse(&start, 2, PS_REASON_MODBUS_PROTOCOL_ID);
    uint32_t length = (uint32_t)(p[4] << 8 | p[5]);
    if (length < MB_LENGTH_MIN || length > mb_length_max(dialog, p[7]))
        return refuse(&start, 4, PS_REASON_MODBUS_LENGTH);
    bool agree;
    uint32_t body = pdu_len(dialog, p + MB_HEADER_LEN, n - MB_HEADER_LEN, length - 1, &agree);
    *len = body ? MB_HEADER_LEN + body : 0;
    if (!agree) {
        *len = dialog->datagram ? n : *len;
        return refuse(&start, 4, PS_REASON_MODBUS_LENGTH);
    }
    if (dialog->datagram)
        return frame_datagram(&start, n, len);
    return *len == 0 || n < *len ? PS_MORE : PS_OK;
}
