/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frame.c - where a PDU ends. Servers differ in which length they believe, the one of the MBAP header or the one that
 * function code and byte counts imply: both must agree, in both directions, or the second one hides an ADU (MB-S05).
 */
#include "mb.h"

#define MEI_DEVICE_ID 14

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

/* Sub-function 0 carries whole words, all others one. */
static uint32_t diagnostic_len(const uint8_t *pdu, uint32_t n, uint32_t claimed)
{
    if (n < 3)
        return 0;
    if (pdu[1] || pdu[2])
        return 5;
    return claimed & 1 ? claimed : claimed + 1;
}

/* The length that the first n octets of a PDU imply; 0: not known from these; claimed: any would do. */
static uint32_t implied_len(const struct shape *shape, bool reply, const uint8_t *pdu, uint32_t n, uint32_t claimed)
{
    /* the two of nearly all traffic first, and no jump table */
    if (shape->kind == SHAPE_FIXED)
        return shape->min;
    if (shape->kind == SHAPE_COUNT8)
        return n > shape->at ? (uint32_t)shape->base + pdu[shape->at] : 0;
    if (shape->kind == SHAPE_COUNT16)
        return n > shape->at + 1u ? (uint32_t)shape->base + (uint32_t)(pdu[shape->at] << 8 | pdu[shape->at + 1]) : 0;
    if (shape->kind == SHAPE_DIAGNOSTIC)
        return diagnostic_len(pdu, n, claimed);
    if (shape->kind == SHAPE_MEI && n < 2)
        return 0;
    if (shape->kind == SHAPE_MEI && pdu[1] == MEI_DEVICE_ID)
        return reply ? device_id_len(pdu, n, shape->max) : 4;
    return claimed;
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

/* Fault at an offset from where rd stands; frame only looks, so rd stays there. */
static enum ps_result refuse(const struct ps_rd *rd, uint32_t offset, enum ps_reason reason)
{
    struct ps_rd at = *rd;
    (void)ps_rd_bytes(&at, offset);
    return ps_rd_fail(&at, reason);
}

/* The first n < 8 octets of an ADU: no function code yet. */
static enum ps_result frame_header(const struct ps_dialog *dialog, const struct ps_rd *rd, uint32_t *len)
{
    uint32_t n = ps_rd_left(rd);
    const uint8_t *p = rd->data + rd->pos;
    for (uint32_t i = 2; i < 4 && i < n; i++)
        if (p[i] != 0)
            return refuse(rd, 2, PS_REASON_MODBUS_PROTOCOL_ID);
    uint32_t max = mb_length_max(dialog, MB_FC_UMAS);
    max = max < MB_LENGTH_MAX_RELAXED && mb_relaxed(dialog, MB_RELAX_MAX_QUANTITY) ? MB_LENGTH_MAX_RELAXED : max;
    if (n >= 5 && p[4] > max >> 8)
        return refuse(rd, 4, PS_REASON_MODBUS_LENGTH);
    uint32_t length = n >= 6 ? (uint32_t)(p[4] << 8 | p[5]) : MB_LENGTH_MIN;
    if (length < MB_LENGTH_MIN || length > max)
        return refuse(rd, 4, PS_REASON_MODBUS_LENGTH);
    bool known = n >= 6 && (dialog->dir == PS_TO_SERVER || dialog->relax == 0);
    *len = known ? MB_HEADER_LEN - 1 + length : 0;
    return PS_MORE;
}

struct extent {
    uint32_t len; /* octets of the PDU by header and function; 0: not known yet */
    bool agree;   /* no contradiction so far */
};

/* Of the PDU whose first n octets are there; the header claims that it has `claimed`. */
static struct extent pdu_extent(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t n, uint32_t claimed)
{
    const struct shape *shape = shape_of(dialog, pdu[0]);
    bool reply = dialog->dir == PS_TO_CLIENT;
    uint32_t implied = implied_len(shape, reply, pdu, n, claimed);
    if (reply && mb_relaxed(dialog, pdu[0] & MB_FC_EXCEPTION ? MB_RELAX_EXCEPTION_LENGTH : MB_RELAX_REPLY_LENGTH)) {
        bool possible = implied == 0 || (implied >= shape->min && implied <= shape->max);
        return (struct extent){.len = possible ? implied : claimed, .agree = possible};
    }
    bool fits = implied == claimed || (implied == 0 && n < claimed);
    return (struct extent){.len = claimed, .agree = fits && claimed >= shape->min && claimed <= shape->max};
}

/* A datagram is one ADU: whatever is wrong with it, it goes as a whole. */
static enum ps_result frame_datagram(const struct ps_rd *rd, uint32_t adu_len, uint32_t *len)
{
    uint32_t n = ps_rd_left(rd);
    *len = n;
    if (adu_len == 0 || adu_len > n)
        return refuse(rd, n, PS_REASON_TRUNCATED);
    if (adu_len < n)
        return refuse(rd, adu_len, PS_REASON_SURPLUS);
    return PS_OK;
}

enum ps_result mb_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    uint32_t n = ps_rd_left(rd);
    *len = 0;
    if (ps_rd_failed(rd))
        return PS_BAD;
    if (n < MB_HEADER_LEN + 1) {
        enum ps_result result = frame_header(dialog, rd, len);
        return result == PS_MORE && dialog->datagram ? frame_datagram(rd, *len, len) : result;
    }
    const uint8_t *p = rd->data + rd->pos;
    if (p[2] | p[3])
        return refuse(rd, 2, PS_REASON_MODBUS_PROTOCOL_ID);
    uint32_t length = (uint32_t)(p[4] << 8 | p[5]);
    if (length < MB_LENGTH_MIN || length > mb_length_max(dialog, p[7]))
        return refuse(rd, 4, PS_REASON_MODBUS_LENGTH);
    struct extent extent = pdu_extent(dialog, p + MB_HEADER_LEN, n - MB_HEADER_LEN, length - 1);
    *len = extent.len ? MB_HEADER_LEN + extent.len : 0;
    if (!extent.agree) {
        *len = dialog->datagram ? n : *len;
        return refuse(rd, 4, PS_REASON_MODBUS_LENGTH);
    }
    if (dialog->datagram)
        return frame_datagram(rd, *len, len);
    return *len == 0 || n < *len ? PS_MORE : PS_OK;
}
