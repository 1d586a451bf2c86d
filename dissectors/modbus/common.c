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

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

/* FC 1..4: the first two count bits, the others registers. */
static bool counts_bits(uint8_t fc)
{
    return fc <= MB_FC_READ_DISCRETE_INPUTS;
}

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
    const struct mb_state *state = dialog->state;
    if (len < READ_REQUEST_LEN || be16(p + 4) != READ_REQUEST_LEN - 6 || state->n_pending != 0)
        return 0;
    uint32_t address = be16(p + 8), quantity = be16(p + 10);
    uint32_t max = counts_bits(p[7]) ? MB_READ_BITS_MAX : MB_READ_REGISTERS_MAX;
    if (quantity == 0 || quantity > max || address + quantity > MB_ADDRESSES)
        return 0;
    set_head(facts, p, PS_PDU_REQUEST);
    facts->n_facts = 1;
    facts->item[0] = (struct ps_fact){.op = PS_OP_READ, .protocol = PS_PROTOCOL_MODBUS,
                                      .function = facts->function, .station = p[6], .space = mb_space_of((uint8_t)facts->function),
                                      .first = address, .last = address + quantity - 1};
    struct mb_note note = {.hash = mb_hash(p + MB_HEADER_LEN, READ_REQUEST_LEN - MB_HEADER_LEN), .echo = quantity,
                           .slot = MB_SLOT_NONE};
    mb_note_put(facts, &note);
    return READ_REQUEST_LEN;
}

static bool is_padded(const uint8_t *bits, uint32_t n)
{
    return n % 8 == 0 || bits[n / 8] >> (n % 8) == 0;
}

static uint32_t common_reply(const struct ps_dialog *dialog, const uint8_t *p, uint32_t len, struct ps_facts *facts)
{
    const struct mb_state *state = dialog->state;
    const struct mb_pending *pending = &state->pending[0];
    uint32_t byte_count = p[8], n = MB_HEADER_LEN + 2 + byte_count;
    if (len < n || be16(p + 4) != n - 6 || byte_count == 0 || byte_count > BYTE_COUNT_MAX || state->n_pending == 0)
        return 0;
    bool answers = pending->transaction == be16(p) && pending->unit == p[6] && pending->row == mb_row_by_fc(p[7]) &&
                   mb_is_live(dialog, pending);
    uint32_t expected = counts_bits(p[7]) ? (pending->echo + 7) / 8 : 2 * pending->echo;
    if (!answers || byte_count != expected || (counts_bits(p[7]) && !is_padded(p + 9, pending->echo)))
        return 0;
    set_head(facts, p, PS_PDU_REPLY);
    struct mb_note note = {.slot = 0};
    mb_note_put(facts, &note);
    return n;
}

uint32_t mb_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts)
{
    if (len < READ_REPLY_MIN || dialog->relax != 0 || dialog->datagram || (data[2] | data[3]) != 0)
        return 0;
    if (data[7] == 0 || data[7] > MB_FC_READ_INPUT_REGISTERS)
        return 0;
    return dialog->dir == PS_TO_SERVER ? common_request(dialog, data, len, facts)
                                       : common_reply(dialog, data, len, facts);
}
