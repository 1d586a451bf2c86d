/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refuse.c - the exception that a client gets for a request that was refused, as if its server had sent it
 * (Modbus application protocol, section 7).
 */
#include "mb.h"

enum exception {
    ILLEGAL_FUNCTION = 1,
    ILLEGAL_DATA_ADDRESS = 2,
};

#define REFUSAL_LEN (MB_HEADER_LEN + 2)
#define UMAS_REFUSAL_LEN (MB_HEADER_LEN + 4)

_Static_assert(UMAS_REFUSAL_LEN <= PS_REFUSAL_MAX, "every exception must fit");

static uint8_t exception_code(uint8_t code)
{
    if (code == PS_REFUSE_OBJECT)
        return ILLEGAL_DATA_ADDRESS;
    return mb_is_exception(code) ? code : ILLEGAL_FUNCTION;
}

/* A gateway spreads a write to unit 0 over its serial line, where nobody answers it. */
static bool is_broadcast(const uint8_t *pdu)
{
    uint8_t row = mb_row_by_fc(pdu[MB_HEADER_LEN]);
    return pdu[MB_HEADER_LEN - 1] == 0 && row != MB_ROW_NONE && mb_functions[row].ops == PS_OP_BIT(PS_OP_WRITE);
}

/* Requests under one transaction id are answered in order: this one's turn has not come. */
static bool is_overtaking(const struct ps_dialog *dialog, const uint8_t *pdu)
{
    const struct mb_state *state = dialog->state;
    uint16_t transaction = (uint16_t)(pdu[0] << 8 | pdu[1]);
    if (!mb_relaxed(dialog, MB_RELAX_SAME_TI_FIFO))
        return false;
    for (uint8_t i = 0; i < state->n_pending; i++)
        if (state->pending[i].transaction == transaction && mb_is_live(dialog, &state->pending[i]))
            return true;
    return false;
}

/* Header: transaction id 2, protocol id 2, length 2, unit 1; then function | 80, code 1. UMAS has its own way: 5A, session
 * key 1, FD, code 1. */
uint32_t mb_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out)
{
    uint8_t fc = len > MB_HEADER_LEN ? pdu[MB_HEADER_LEN] : 0;
    if (dialog->dir != PS_TO_SERVER || fc == 0 || fc >= MB_FC_EXCEPTION || (pdu[2] | pdu[3]) != 0)
        return 0;
    bool umas = fc == MB_FC_UMAS;
    if ((umas && len < MB_HEADER_LEN + 2) || is_overtaking(dialog, pdu))
        return 0;
    if (is_broadcast(pdu))
        return PS_REFUSAL_SILENT;
    uint32_t n = umas ? UMAS_REFUSAL_LEN : REFUSAL_LEN;
    memcpy(out, pdu, MB_HEADER_LEN);
    out[4] = 0;
    out[5] = (uint8_t)(n - (MB_HEADER_LEN - 1));
    out[MB_HEADER_LEN] = umas ? fc : fc | MB_FC_EXCEPTION;
    if (umas) {
        out[MB_HEADER_LEN + 1] = pdu[MB_HEADER_LEN + 1];
        out[MB_HEADER_LEN + 2] = MB_UMAS_ERROR;
    }
    out[n - 1] = exception_code(code);
    return n;
}
