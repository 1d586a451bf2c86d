/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * common.c - what nearly all traffic consists of, read at one glance: a request to read coils, inputs or registers while
 * no other waits, and the reply to the only or oldest one that does. It says "sound" or "look closer" and nothing else:
 * what is refused, and why, is for frame.c and decode.c to say.
 */
#include "mb.h"

#define READ_REQUEST_LEN 12u /* of the ADU: header, function code 1, address 2, quantity 2 */
#define READ_REPLY_MIN 10u   /* header, function code 1, byte count 1, one octet */
#define BYTE_COUNT_MAX 250u

/* On the way of nearly every segment. */
#define INLINED static inline __attribute__((always_inline))

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

/* The header and the function code, as one number. */
INLINED uint64_t head_of(const uint8_t *p)
{
    return (uint64_t)be16(p) << 48 | (uint64_t)be16(p + 2) << 32 | (uint64_t)be16(p + 4) << 16 | be16(p + 6);
}

/* Protocol 0, and a length that is that of a whole ADU of n octets? */
INLINED bool is_adu(uint64_t head, uint32_t n)
{
    return (uint32_t)(head >> 16) == n - 6;
}

/* FC 1..4: the first two count bits, the others registers. */
static bool counts_bits(uint8_t fc)
{
    return fc <= MB_FC_READ_DISCRETE_INPUTS;
}

static bool is_padded(const uint8_t *bits, uint32_t n)
{
    return n % 8 == 0 || bits[n / 8] >> (n % 8) == 0;
}

/* A function that reads, on a dialog where nothing is out of the ordinary. */
INLINED bool is_read(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len)
{
    return len >= READ_REPLY_MIN && dialog->relax == 0 && !dialog->datagram && p[7] - 1u < MB_FC_READ_INPUT_REGISTERS;
}

/* Its length; 0: it is none. */
INLINED uint32_t request_len(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len)
{
    const struct mb_state *state = dialog->state;
    if (len < READ_REQUEST_LEN || !is_adu(head_of(p), READ_REQUEST_LEN) || state->n_pending != 0)
        return 0;
    uint32_t address = be16(p + 8), quantity = be16(p + 10);
    uint32_t max = counts_bits(p[7]) ? MB_READ_BITS_MAX : MB_READ_REGISTERS_MAX;
    return quantity - 1 < max && address + quantity <= MB_ADDRESSES ? READ_REQUEST_LEN : 0;
}

/* Its length; 0: it is none. */
INLINED uint32_t reply_len(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len)
{
    const struct mb_state *state = dialog->state;
    const struct mb_pending *pending = &state->pending[0];
    uint32_t byte_count = p[8], n = MB_HEADER_LEN + 2 + byte_count;
    if (len < n || !is_adu(head_of(p), n) || byte_count - 1 >= BYTE_COUNT_MAX || state->n_pending == 0)
        return 0;
    bool answers = pending->transaction == be16(p) && pending->unit == p[6] && pending->row == mb_row_by_fc(p[7]) &&
                   mb_is_live(dialog, pending);
    uint32_t expected = counts_bits(p[7]) ? (pending->echo + 7) / 8 : 2 * pending->echo;
    if (!answers || byte_count != expected || (counts_bits(p[7]) && !is_padded(p + 9, pending->echo)))
        return 0;
    return n;
}

static uint64_t hash_of_request(const uint8_t *p)
{
    return mb_hash(p + MB_HEADER_LEN, READ_REQUEST_LEN - MB_HEADER_LEN);
}

/* ---- as facts --------------------------------------------------------------------------------------------------- */

static void set_head(struct ps_facts *facts, const uint8_t *p, enum ps_pdu_kind kind)
{
    facts->kind = (uint8_t)kind;
    facts->function = mb_row_by_fc(p[7]);
    facts->code = p[7];
    facts->station = p[6];
    facts->transaction = be16(p);
}

static uint32_t common_request(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len, struct ps_facts *facts)
{
    if (request_len(dialog, p, len) == 0)
        return 0;
    uint32_t address = be16(p + 8), quantity = be16(p + 10);
    set_head(facts, p, PS_PDU_REQUEST);
    facts->n_facts = 1;
    facts->item[0] = (struct ps_fact){.op = PS_OP_READ, .protocol = PS_PROTOCOL_MODBUS,
                                      .function = facts->function, .station = p[6], .space = mb_space_of((uint8_t)facts->function),
                                      .first = address, .last = address + quantity - 1};
    struct mb_note note = {.hash = hash_of_request(p), .echo = quantity, .slot = MB_SLOT_NONE};
    mb_note_put(facts, &note);
    return READ_REQUEST_LEN;
}

static uint32_t common_reply(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len, struct ps_facts *facts)
{
    uint32_t n = reply_len(dialog, p, len);
    if (n == 0)
        return 0;
    set_head(facts, p, PS_PDU_REPLY);
    struct mb_note note = {.slot = 0};
    mb_note_put(facts, &note);
    return n;
}

uint32_t mb_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts)
{
    if (!is_read(dialog, data, len))
        return 0;
    return dialog->dir == PS_TO_SERVER ? common_request(dialog, data, len, facts)
                                       : common_reply(dialog, data, len, facts);
}

/* ---- at a glance ------------------------------------------------------------------------------------------------ */

INLINED void accept_request(const struct ps_dialog *dialog, const uint8_t *p, uint8_t row)
{
    struct mb_state *state = dialog->state;
    struct mb_pending *pending = &state->pending[0];
    pending->hash = hash_of_request(p);
    pending->sent_ns = dialog->now_ns;
    pending->echo = be16(p + 10);
    pending->transaction = (uint16_t)be16(p);
    pending->unit = p[6];
    pending->row = row;
    state->n_pending = 1;
}

INLINED enum ps_glance glance_at_reply(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len)
{
    struct mb_state *state = dialog->state;
    if (reply_len(dialog, p, len) != len)
        return PS_GLANCE_NOT;
    state->flags |= MB_PAIRED;
    if (state->n_pending > 1)
        mb_forget(state, 0);
    else
        state->n_pending = 0;
    return PS_GLANCE_REPLY;
}

enum ps_glance mb_glance(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, const struct ps_asked *granted,
                         struct ps_asked *asked)
{
    if (!is_read(dialog, data, len))
        return PS_GLANCE_NOT;
    if (dialog->dir != PS_TO_SERVER)
        return glance_at_reply(dialog, data, len);
    if (request_len(dialog, data, len) != len)
        return PS_GLANCE_NOT;
    uint8_t row = mb_row_by_fc(data[7]);
    uint32_t first = be16(data + 8), last = first + be16(data + 10) - 1;
    const struct ps_asked now = {.station = data[6], .space = mb_space_of(row), .first = first, .last = last,
                                 .function = row, .op = PS_OP_READ};
    if (ps_asked_is_same(&now, granted)) {
        accept_request(dialog, data, row);
        return PS_GLANCE_AGAIN;
    }
    *asked = now;
    return PS_GLANCE_ASKS;
}

void mb_glanced(const struct ps_dialog *dialog, const uint8_t *data)
{
    accept_request(dialog, data, mb_row_by_fc(data[7]));
}
