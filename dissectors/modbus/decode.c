/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode.c - one ADU -> facts: the MBAP header, the row of the function, its body, then pairing.
 */
#include "mb.h"

_Static_assert(MB_N_ROWS <= PS_FUNCTIONS_MAX && MB_N_ROWS < MB_ROW_NONE, "rows must fit into bitmaps and octets");

struct ps_fact *mb_fact(struct mb_pdu *pdu, enum ps_op op, uint32_t space, uint32_t first, uint32_t n)
{
    struct ps_fact *fact = ps_facts_add(pdu->facts);
    if (!fact) {
        ps_rd_fail(pdu->rd, PS_REASON_BUG); /* no body can hold PS_FACTS_MAX records */
        return NULL;
    }
    fact->op = (uint8_t)op;
    fact->function = pdu->row;
    fact->station = pdu->unit;
    fact->space = space;
    fact->first = first;
    fact->last = space ? first + n - 1 : 0;
    return fact;
}

bool mb_require_block(struct mb_pdu *pdu, uint32_t address, uint32_t quantity, uint32_t max)
{
    ps_rd_require(pdu->rd, quantity >= 1 && quantity <= max, PS_REASON_MODBUS_QUANTITY);
    return ps_rd_require(pdu->rd, address + quantity <= MB_ADDRESSES, PS_REASON_MODBUS_ADDRESS);
}

/* Which row is it? Reads the sub-function where there is one. false: fault. */
static bool find_row(struct mb_pdu *pdu, uint8_t fc)
{
    if (!mb_fc_has_sub(fc)) {
        pdu->row = mb_row_by_fc(fc);
        return ps_rd_require(pdu->rd, pdu->row != MB_ROW_NONE, PS_REASON_MODBUS_FUNCTION);
    }
    if (fc == MB_FC_UMAS) { /* the session key stands before the function */
        pdu->note.echo = ps_rd_u8(pdu->rd);
    }
    uint32_t sub = fc == MB_FC_DIAGNOSTICS ? ps_rd_u16be(pdu->rd) : ps_rd_u8(pdu->rd);
    if (ps_rd_failed(pdu->rd))
        return false;
    pdu->facts->code = mb_code(fc, sub);
    pdu->row = mb_row_by_sub(fc, sub);
    enum ps_reason reason = fc == MB_FC_UMAS ? PS_REASON_MODBUS_UMAS : PS_REASON_MODBUS_SUBFUNCTION;
    return ps_rd_require(pdu->rd, pdu->row != MB_ROW_NONE, reason);
}

static void decode_request(struct mb_pdu *pdu, uint8_t fc)
{
    pdu->facts->kind = PS_PDU_REQUEST;
    if (!find_row(pdu, fc))
        return;
    pdu->facts->function = pdu->row;
    pdu->note.hash = mb_hash(pdu->data, pdu->len);
    mb_bodies[pdu->row].request(pdu);
    mb_pair_request(pdu);
}

/* The row of a reply: from its own sub-function, or, where replies have none, from its request. */
static bool find_reply_row(struct mb_pdu *pdu, uint8_t fc)
{
    bool silent = fc & MB_FC_EXCEPTION || fc == MB_FC_UMAS;
    uint8_t plain = fc & 0x7f;
    if (!silent && !find_row(pdu, fc))
        return false;
    if (silent && !mb_fc_has_sub(plain)) {
        pdu->row = mb_row_by_fc(plain);
        if (!ps_rd_require(pdu->rd, pdu->row != MB_ROW_NONE, PS_REASON_MODBUS_FUNCTION))
            return false;
    }
    mb_pair_reply(pdu);
    if (silent && pdu->request && mb_fc_has_sub(plain)) {
        mb_expect(pdu, (mb_functions[pdu->request->row].code >> 16) == plain);
        pdu->row = pdu->request ? pdu->request->row : MB_ROW_NONE;
    } else if (pdu->request) {
        mb_expect(pdu, pdu->request->row == pdu->row);
    }
    if (pdu->row != MB_ROW_NONE) {
        pdu->facts->function = pdu->row;
        pdu->facts->code = mb_functions[pdu->row].code;
    }
    return !ps_rd_failed(pdu->rd);
}

static void decode_reply(struct mb_pdu *pdu, uint8_t fc)
{
    pdu->facts->kind = fc & MB_FC_EXCEPTION ? PS_PDU_REFUSAL : PS_PDU_REPLY;
    pdu->facts->code = fc & 0x7f;
    if (!find_reply_row(pdu, fc))
        return;
    if (fc & MB_FC_EXCEPTION)
        mb_reply_exception(pdu);
    else if (fc == MB_FC_UMAS)
        mb_reply_umas(pdu);
    else
        mb_bodies[pdu->row].reply(pdu);
}

/* Does the MBAP length say where the ADU of n octets ends? Relaxed devices are off by what frame() has corrected. */
static bool length_agrees(const struct ps_dialog *dialog, uint8_t fc, uint32_t length, uint32_t n)
{
    if (length < MB_LENGTH_MIN || length > mb_length_max(dialog, fc))
        return false;
    if (MB_HEADER_LEN - 1 + length == n)
        return true;
    return dialog->dir == PS_TO_CLIENT &&
           mb_relaxed(dialog, fc & MB_FC_EXCEPTION ? MB_RELAX_EXCEPTION_LENGTH : MB_RELAX_REPLY_LENGTH);
}

enum ps_result mb_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts)
{
    struct mb_pdu pdu = {.dialog = dialog, .rd = rd, .facts = facts, .state = dialog->state, .row = MB_ROW_NONE};
    uint32_t n = ps_rd_left(rd);
    const uint8_t *head = ps_rd_bytes(rd, MB_HEADER_LEN);
    const uint8_t *code = ps_rd_bytes(rd, 1);
    if (!head || !code)
        return PS_BAD;
    pdu.note.slot = MB_SLOT_NONE;
    pdu.transaction = (uint16_t)(head[0] << 8 | head[1]);
    pdu.unit = head[6];
    pdu.data = code;
    pdu.len = n - MB_HEADER_LEN;
    uint8_t fc = code[0];
    uint32_t length = (uint32_t)(head[4] << 8 | head[5]);
    facts->transaction = pdu.transaction;
    facts->station = pdu.unit;
    facts->code = fc;
    ps_rd_require(rd, (head[2] | head[3]) == 0, PS_REASON_MODBUS_PROTOCOL_ID);
    ps_rd_require(rd, length_agrees(dialog, fc, length, n), PS_REASON_MODBUS_LENGTH);
    if (dialog->dir == PS_TO_SERVER)
        decode_request(&pdu, fc);
    else
        decode_reply(&pdu, fc);
    mb_note_put(facts, &pdu.note);
    return ps_rd_finish(rd);
}
