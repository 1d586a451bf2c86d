/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.c - the state of a flow for a later run: what was agreed on, and the requests that wait.
 */
#include "mb.h"

static void carry_pending(struct ps_carry *c, struct mb_pending *pending)
{
    ps_carry_u64(c, &pending->hash);
    ps_carry_time(c, &pending->sent_ns);
    ps_carry_u32(c, &pending->echo, UINT32_MAX);
    ps_carry_u16(c, &pending->transaction, UINT16_MAX);
    ps_carry_u8(c, &pending->unit, UINT8_MAX);
    ps_carry_u8(c, &pending->row, MB_N_ROWS - 1);
}

void mb_carry(struct ps_carry *c, void *state)
{
    struct mb_state *mb = state;
    ps_carry_u16(c, &mb->umas_size, MB_UMAS_SIZE_MAX);
    ps_carry_u8(c, &mb->umas_key, UINT8_MAX);
    ps_carry_u8(c, &mb->flags, MB_PAIRED | MB_RESERVED | MB_KEY_KNOWN | MB_KEY_UNKNOWN);
    ps_carry_u8(c, &mb->n_pending, MB_OUTSTANDING_MAX);
    for (uint32_t i = 0; i < mb->n_pending && !c->failed; i++)
        carry_pending(c, &mb->pending[i]);
}
