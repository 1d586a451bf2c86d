/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.c - the state of a flow for a later run: its associations, with all that they wait for.
 */
#include "core.h"

static void carry_pending(struct ps_carry *c, struct dn_pending *pending)
{
    ps_carry_time(c, &pending->sent_ns);
    ps_carry_u64(c, &pending->digest);
    ps_carry_u64(c, &pending->echo);
    ps_carry_u8(c, &pending->row, DN_N_ROWS - 1);
    ps_carry_u8(c, &pending->sequence, DN_SEQUENCE);
    ps_carry_u8(c, &pending->next, DN_SEQUENCE);
    ps_carry_bool(c, &pending->begun);
    ps_carry_u8(c, &pending->repeats, UINT8_MAX);
    ps_carry_u16(c, &pending->file_mode, UINT16_MAX);
}

static void carry_confirms(struct ps_carry *c, struct dn_confirms *confirms)
{
    ps_carry_u16(c, &confirms->wanted, UINT16_MAX);
    ps_carry_u16(c, &confirms->earlier, UINT16_MAX);
    ps_carry_u8(c, &confirms->sequence, DN_SEQUENCE);
    ps_carry_u8(c, &confirms->more, UINT8_MAX);
}

static void carry_select(struct ps_carry *c, struct dn_assoc *assoc)
{
    ps_carry_u8(c, &assoc->select_phase, DN_SELECT_DONE);
    ps_carry_u8(c, &assoc->select_sequence, DN_SEQUENCE);
    ps_carry_time(c, &assoc->select_ns);
    ps_carry_u64(c, &assoc->select_echo);
}

static void carry_link(struct ps_carry *c, struct dn_fcb *fcb)
{
    ps_carry_u32(c, &fcb->digest, UINT32_MAX);
    ps_carry_u8(c, &fcb->known, 1);
    ps_carry_u8(c, &fcb->bit, 1);
}

static void carry_assoc(struct ps_carry *c, struct dn_assoc *assoc)
{
    ps_carry_u32(c, &assoc->used, UINT32_MAX);
    ps_carry_u16(c, &assoc->master, UINT16_MAX);
    ps_carry_u16(c, &assoc->outstation, UINT16_MAX);
    ps_carry_u8(c, &assoc->master_dir, PS_TO_CLIENT);
    ps_carry_u8(c, &assoc->flags, DN_PAIRED | DN_REQUESTED | DN_SELECTED);
    ps_carry_u8(c, &assoc->last_sequence, DN_SEQUENCE);
    ps_carry_u8(c, &assoc->auth_sequence, DN_SEQUENCE + 1);
    carry_confirms(c, &assoc->confirms);
    carry_confirms(c, &assoc->unsolicited);
    ps_carry_time(c, &assoc->last_ns);
    ps_carry_u64(c, &assoc->last_digest);
    ps_carry_u8(c, &assoc->n_pending, DN_PENDING_MAX);
    for (uint32_t i = 0; i < assoc->n_pending && !c->failed; i++)
        carry_pending(c, &assoc->pending[i]);
    carry_select(c, assoc);
    for (uint32_t i = 0; i < DN_HANDLES_MAX; i++) {
        ps_carry_u32(c, &assoc->files[i].handle, UINT32_MAX);
        ps_carry_u16(c, &assoc->files[i].mode, UINT16_MAX);
    }
    for (uint32_t i = 0; i < 2; i++)
        carry_link(c, &assoc->fcb[i]);
}

void dn_carry(struct ps_carry *c, void *state)
{
    struct dn_state *dn = state;
    ps_carry_u32(c, &dn->clock, UINT32_MAX);
    ps_carry_u32(c, &dn->n_assoc, DN_ASSOCIATIONS);
    for (uint32_t i = 0; i < dn->n_assoc && !c->failed; i++)
        carry_assoc(c, &dn->assoc[i]);
}
