/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pairing.c - requests that wait for their replies. Replies carry no address and no count, so what they mean hangs on
 * the request they answer: transaction id, unit and function must agree, and the body is held against what the request
 * asked for.
 */
#include "mb.h"

#include <string.h>

_Static_assert(PS_PAIRING_MAX >= 24, "the note is three words");

#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * MIX;
    return hash ^ hash >> 32;
}

/* len <= 8 octets as one number, different ones for different octets. */
static uint64_t last_word(const uint8_t *data, uint32_t len)
{
    uint64_t word = 0;
    if (len >= 4) { /* two halves, which may overlap */
        uint32_t low, high;
        memcpy(&low, data, sizeof low);
        memcpy(&high, data + len - 4, sizeof high);
        return (uint64_t)high << 32 | low;
    }
    for (uint32_t i = 0; i < len; i++)
        word = word << 8 | data[i];
    return word;
}

/* Two PDUs of this length that differ have different hashes but for one chance in 2^64; the function code inside and
 * the length keep functions apart. Not meant to withstand somebody who looks for collisions: those could only make a
 * client's own request look like a retry of another one that policy has judged all the same. */
uint64_t mb_hash(const uint8_t *data, uint32_t len)
{
    uint64_t hash = len * MIX;
    uint64_t word;
    while (len > 8) {
        memcpy(&word, data, 8);
        hash = mix(hash, word);
        data += 8;
        len -= 8;
    }
    return mix(hash, last_word(data, len));
}

static uint32_t outstanding_max(const struct ps_dialog *dialog)
{
    if (dialog->max_outstanding == 0)
        return MB_OUTSTANDING_DEFAULT;
    return dialog->max_outstanding < MB_OUTSTANDING_MAX ? dialog->max_outstanding : MB_OUTSTANDING_MAX;
}

/* Nobody need answer it: a write to unit 0, which gateways spread over a serial line, and Force Listen Only Mode
 * (MB-T06). It waits for the answer that it may get all the same, but keeps no other request from being sent. */
static bool needs_no_reply(uint8_t unit, uint8_t row)
{
    return row == MB_ROW_FORCE_LISTEN_ONLY || (unit == 0 && mb_functions[row].ops == PS_OP_BIT(PS_OP_WRITE));
}

/* MB-T02, MB-T04. A repetition of a request that still waits is one more request; only when no more may wait it takes
 * the place of the first, so that a client that repeats is never refused for it. */
void mb_pair_request(struct mb_pdu *pdu)
{
    const struct mb_state *state = pdu->state;
    uint32_t n_live = 0;
    uint8_t expired = MB_SLOT_NONE, same = MB_SLOT_NONE;
    bool fifo = mb_relaxed(pdu->dialog, MB_RELAX_SAME_TI_FIFO), overtaken = false;
    for (uint8_t i = 0; i < state->n_pending; i++) {
        const struct mb_pending *pending = &state->pending[i];
        if (!mb_is_live(pdu->dialog, pending)) {
            expired = expired == MB_SLOT_NONE ? i : expired;
            continue;
        }
        if (needs_no_reply(pending->unit, pending->row)) {
            bool same_id = pending->transaction == pdu->transaction; /* its reply would be taken for the new one's */
            expired = same_id || expired == MB_SLOT_NONE ? i : expired;
            overtaken = overtaken || same_id;
            continue;
        }
        n_live++;
        if (pending->transaction != pdu->transaction)
            continue;
        if (pending->hash == pdu->note.hash && pending->unit == pdu->unit)
            same = same == MB_SLOT_NONE ? i : same;
        else
            ps_rd_require(pdu->rd, fifo, PS_REASON_MODBUS_TRANSACTION);
    }
    uint32_t max = outstanding_max(pdu->dialog);
    ps_rd_require(pdu->rd, n_live < max || same != MB_SLOT_NONE, PS_REASON_MODBUS_OUTSTANDING);
    uint32_t n_slots = max > MB_PENDING_MIN ? max : MB_PENDING_MIN;
    if (n_live >= max)
        pdu->note.slot = same;
    else if (overtaken || state->n_pending >= n_slots)
        pdu->note.slot = expired;
}

void mb_expect(struct mb_pdu *pdu, bool held)
{
    if (held || !pdu->request)
        return;
    if (!pdu->tolerant) {
        ps_rd_fail(pdu->rd, PS_REASON_MODBUS_REPLY);
        return;
    }
    pdu->request = NULL;
    pdu->note.slot = MB_SLOT_NONE;
    pdu->note.effect = MB_EFFECT_NONE;
}

/* MB-T01, MB-T02, MB-T03, MB-S14. The oldest request with this transaction id that still waits. */
void mb_pair_reply(struct mb_pdu *pdu)
{
    const struct mb_state *state = pdu->state;
    bool late = false;
    pdu->tolerant = pdu->dialog->midstream && !(state->flags & MB_PAIRED);
    for (uint8_t i = 0; i < state->n_pending; i++) {
        const struct mb_pending *pending = &state->pending[i];
        if (pending->transaction != pdu->transaction)
            continue;
        if (mb_is_live(pdu->dialog, pending)) {
            pdu->request = pending;
            pdu->note.slot = i;
            mb_expect(pdu, pending->unit == pdu->unit || mb_relaxed(pdu->dialog, MB_RELAX_UNIT_ANY));
            return;
        }
        late = true;
    }
    ps_rd_require(pdu->rd, !late, PS_REASON_MODBUS_LATE);
    ps_rd_require(pdu->rd, pdu->tolerant, PS_REASON_MODBUS_UNSOLICITED);
}

void mb_forget(struct mb_state *state, uint8_t slot)
{
    if (slot >= state->n_pending)
        return;
    state->n_pending--;
    if (slot < state->n_pending)
        memmove(&state->pending[slot], &state->pending[slot + 1],
                (size_t)(state->n_pending - slot) * sizeof state->pending[0]);
}

static void apply_effect(struct mb_state *state, uint8_t effect, uint16_t value)
{
    switch ((enum mb_effect)effect) {
    case MB_EFFECT_NONE:
        break;
    case MB_EFFECT_SIZE:
        state->umas_size = value;
        break;
    case MB_EFFECT_TAKE:
        state->umas_key = (uint8_t)value;
        state->flags |= MB_RESERVED | MB_KEY_KNOWN;
        state->flags &= (uint8_t)~MB_KEY_UNKNOWN;
        break;
    case MB_EFFECT_RELEASE:
        state->umas_key = 0;
        state->flags |= MB_KEY_KNOWN;
        state->flags &= (uint8_t) ~(MB_RESERVED | MB_KEY_UNKNOWN);
        break;
    case MB_EFFECT_UNKNOWN:
        state->flags |= MB_KEY_UNKNOWN;
        break;
    }
}

static uint64_t load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

void mb_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct mb_state *state = dialog->state;
    uint64_t request = load_word(facts->pairing + 8);
    uint64_t rest = load_word(facts->pairing + 16);
    uint8_t slot = (uint8_t)rest;
    if (slot != MB_SLOT_NONE)
        mb_forget(state, slot);
    if (dialog->dir == PS_TO_CLIENT) {
        state->flags |= slot != MB_SLOT_NONE ? MB_PAIRED : 0;
        apply_effect(state, (uint8_t)(rest >> 8), (uint16_t)(rest >> 16));
        return;
    }
    if (state->n_pending >= MB_OUTSTANDING_MAX)
        return;
    struct mb_pending *pending = &state->pending[state->n_pending++];
    pending->hash = load_word(facts->pairing);
    pending->sent_ns = dialog->now_ns;
    pending->echo = (uint32_t)(request >> 32);
    pending->transaction = (uint16_t)(request >> 16);
    pending->unit = (uint8_t)(request >> 8);
    pending->row = (uint8_t)request;
}

/* Requests may have gone unseen, or been answered unseen: what is remembered would only mislead. */
void mb_gap(const struct ps_dialog *dialog)
{
    struct mb_state *state = dialog->state;
    state->n_pending = 0;
    state->flags = 0;
    state->umas_key = 0;
}
