/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.c - the state of a classic S7comm connection for a later run: what set-up agreed on, the requests that wait, and
 * what goes on besides. S7comm-plus is not carried: its answers need not say what they answer (TLS), so that nothing
 * would show that the connection goes on where it was.
 */
#include "classic.h"

#define TPDU_CODE_MAX 13u /* 1 << 13: S7_TPDU_MAX */

_Static_assert(1u << TPDU_CODE_MAX == S7_TPDU_MAX, "no TPDU is longer");

static void carry_tsap(struct ps_carry *c, struct s7_tsap *tsap)
{
    ps_carry_u8(c, &tsap->len, S7_TSAP_MAX);
    ps_carry_octets(c, tsap->octets, S7_TSAP_MAX);
}

static void carry_agreement(struct ps_carry *c, struct s7_agreement *agreement)
{
    ps_carry_u16(c, &agreement->calling, UINT16_MAX);
    ps_carry_u16(c, &agreement->called, UINT16_MAX);
    ps_carry_u16(c, &agreement->pdu_len, UINT16_MAX);
}

static void carry_pending(struct ps_carry *c, struct s7_pending *pending)
{
    ps_carry_time(c, &pending->sent_ns);
    ps_carry_u32(c, &pending->echo, UINT32_MAX);
    ps_carry_u16(c, &pending->reference, UINT16_MAX);
    ps_carry_u16(c, &pending->n_items, UINT8_MAX);
    ps_carry_u8(c, &pending->row, S7_N_ROWS - 1);
    ps_carry_u8(c, &pending->kind, S7_ROSCTR_USERDATA);
    ps_carry_require(c, pending->kind == S7_ROSCTR_JOB || pending->kind == S7_ROSCTR_USERDATA);
}

/* items[] holds the expectations of the read jobs, no more and no less. */
static void carry_requests(struct ps_carry *c, struct s7_classic *s7)
{
    uint32_t n_items = 0;
    ps_carry_u8(c, &s7->n_pending, S7_PENDING_MAX);
    for (uint32_t i = 0; i < s7->n_pending && !c->failed; i++) {
        carry_pending(c, &s7->pending[i]);
        n_items += s7->pending[i].row == S7_ROW_READ_VAR ? s7->pending[i].n_items : 0;
    }
    ps_carry_u16(c, &s7->n_items, S7_ITEMS_MAX);
    ps_carry_require(c, s7->n_items == n_items);
    for (uint32_t i = 0; i < s7->n_items && !c->failed; i++)
        ps_carry_u16(c, &s7->items[i], UINT16_MAX);
}

static void carry_going_on(struct ps_carry *c, struct s7_classic *s7)
{
    ps_carry_u8(c, &s7->messages, UINT8_MAX);
    ps_carry_octets(c, s7->cyclic, sizeof s7->cyclic);
    ps_carry_u8(c, &s7->n_tis, UINT8_MAX);
    for (uint32_t i = 0; i < S7_TIS_JOBS_MAX; i++) {
        ps_carry_u8(c, &s7->tis[i].function, UINT8_MAX);
        ps_carry_u8(c, &s7->tis[i].number, UINT8_MAX);
    }
    ps_carry_u8(c, &s7->n_uploads, UINT8_MAX);
    for (uint32_t i = 0; i < S7_UPLOADS_MAX; i++) {
        ps_carry_u32(c, &s7->uploads[i].id, UINT32_MAX);
        ps_carry_u32(c, &s7->uploads[i].block.space, S7_SPACE_BLOCK + UINT8_MAX);
        ps_carry_u32(c, &s7->uploads[i].block.number, 0xffffff);
    }
    ps_carry_u8(c, &s7->n_more, UINT8_MAX);
    for (uint32_t i = 0; i < S7_MORE_MAX; i++) {
        ps_carry_u8(c, &s7->more[i].row, S7_N_ROWS - 1);
        ps_carry_u8(c, &s7->more[i].sequence, UINT8_MAX);
        ps_carry_u32(c, &s7->more[i].echo, UINT32_MAX);
    }
}

static void carry_download(struct ps_carry *c, struct s7_download *download)
{
    ps_carry_u8(c, &download->phase, S7_DOWNLOAD_GIVEN_UP);
    ps_carry_octets(c, download->name, sizeof download->name);
    ps_carry_bool(c, &download->job);
    ps_carry_u8(c, &download->job_row, S7_N_ROWS - 1);
    ps_carry_u16(c, &download->reference, UINT16_MAX);
    ps_carry_u32(c, &download->len, UINT32_MAX);
    ps_carry_u32(c, &download->done, UINT32_MAX);
}

void s7_carry(struct ps_carry *c, void *state)
{
    struct s7_state *s7 = state;
    ps_carry_u8(c, &s7->phase, S7_PHASE_CLOSED);
    ps_carry_u8(c, &s7->speaks, S7_SPEAKS_CLASSIC);
    ps_carry_u8(c, &s7->size_code, TPDU_CODE_MAX);
    ps_carry_u8(c, &s7->n_empty, S7_EMPTY_MAX);
    ps_carry_u16(c, &s7->reference, UINT16_MAX);
    ps_carry_bool(c, &s7->has_station);
    ps_carry_u32(c, &s7->station, S7_STATION_UNKNOWN);
    carry_tsap(c, &s7->calling);
    carry_tsap(c, &s7->called);
    if (!ps_carry_require(c, !s7p_is_called(&s7->called)))
        return;
    carry_agreement(c, &s7->classic.asked);
    carry_agreement(c, &s7->classic.agreed);
    ps_carry_bool(c, &s7->classic.paired);
    carry_requests(c, &s7->classic);
    carry_going_on(c, &s7->classic);
    carry_download(c, &s7->classic.download);
}
