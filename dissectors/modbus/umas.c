/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * umas.c - FC 90: key 1, function 1, data; answered by key 1, FE (done) or FD (error), data. Numbers inside UMAS are
 * little-endian. The bodies of most functions are not understood; rules grant them by function and class.
 */
#include "mb.h"

#include <stddef.h>

/* Engineering, start and stop: only for who holds the reservation (MB-T07). */
static bool needs_reservation(uint8_t row)
{
    switch (row) {
    case MB_ROW_UMAS_RELEASE_PLC_RESERVATION:
    case MB_ROW_UMAS_START_PLC:
    case MB_ROW_UMAS_STOP_PLC:
        return true;
    default:
        return mb_op(row) == PS_OP_PROGRAM;
    }
}

/* Key 0 is what clients without a reservation say, and what real ones still say for harmless functions when they have
 * one. A key that was handed out unseen cannot be judged. */
static bool key_fits(const struct mb_pdu *pdu, uint32_t key)
{
    const struct mb_state *state = pdu->state;
    bool seen = !pdu->dialog->midstream || state->flags & MB_KEY_KNOWN;
    if (!seen || state->flags & MB_KEY_UNKNOWN)
        return true;
    if (state->flags & MB_RESERVED && key == state->umas_key)
        return true;
    return key == 0 && !needs_reservation(pdu->row);
}

void mb_request_umas(struct mb_pdu *pdu)
{
    uint32_t key = pdu->note.echo;
    enum ps_op op = mb_op(pdu->row);
    struct ps_fact *fact = mb_fact(pdu, op, 0, 0, 0);
    if (fact && mb_writes_unseen(pdu->row, (uint8_t)op))
        fact->values.kind = PS_VALUE_UNKNOWN;
    ps_rd_require(pdu->rd, key_fits(pdu, key), PS_REASON_MODBUS_UMAS_KEY);
    (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd));
    if (pdu->row == MB_ROW_UMAS_REPEAT && pdu->len >= 3) /* answered by its own data */
        pdu->note.echo |= (uint32_t)(mb_hash(pdu->data + 3, pdu->len - 3) << 8);
}

/* 01: frame size 2, ... */
static void reply_size(struct mb_pdu *pdu)
{
    uint32_t size = ps_rd_u16le(pdu->rd);
    ps_rd_require(pdu->rd, size > 0, PS_REASON_MODBUS_UMAS);
    pdu->note.effect = MB_EFFECT_SIZE;
    pdu->note.value = (uint16_t)(size < MB_UMAS_SIZE_MAX ? size : MB_UMAS_SIZE_MAX);
}

/* 10: the key of the new reservation 1. */
static void reply_take(struct mb_pdu *pdu)
{
    uint8_t key = ps_rd_u8(pdu->rd);
    ps_rd_require(pdu->rd, key > 0, PS_REASON_MODBUS_UMAS);
    pdu->note.effect = MB_EFFECT_TAKE;
    pdu->note.value = key;
}

static void reply_done(struct mb_pdu *pdu)
{
    switch (pdu->row) {
    case MB_ROW_UMAS_INIT_COMM:
        reply_size(pdu);
        break;
    case MB_ROW_UMAS_TAKE_PLC_RESERVATION:
        reply_take(pdu);
        break;
    case MB_ROW_UMAS_RELEASE_PLC_RESERVATION:
        pdu->note.effect = MB_EFFECT_RELEASE;
        break;
    case MB_ROW_UMAS_REPEAT:
        mb_expect(pdu, (pdu->request->echo ^ (uint32_t)(mb_hash(pdu->data + 3, pdu->len - 3) << 8)) < 256);
        break;
    default:
        if (mb_op(pdu->row) == PS_OP_OPAQUE)
            pdu->note.effect = MB_EFFECT_UNKNOWN;
        break;
    }
}

void mb_reply_umas(struct mb_pdu *pdu)
{
    uint8_t key = ps_rd_u8(pdu->rd);
    uint8_t status = ps_rd_u8(pdu->rd);
    mb_expect(pdu, !pdu->request || key == (pdu->request->echo & 0xff));
    ps_rd_require(pdu->rd, status == MB_UMAS_OK || status == MB_UMAS_ERROR, PS_REASON_MODBUS_UMAS);
    if (status == MB_UMAS_ERROR) {
        pdu->facts->kind = PS_PDU_REFUSAL;
        pdu->facts->error = ps_rd_left(pdu->rd) > 0 ? ps_rd_u8(pdu->rd) : 0;
    } else if (pdu->request && !ps_rd_failed(pdu->rd)) {
        reply_done(pdu);
    }
    (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd));
}
