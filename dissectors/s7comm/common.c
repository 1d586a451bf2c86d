/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * common.c - what nearly all traffic consists of, read at one glance: a job to read variables by address while nothing
 * else waits, and its answer. It says "sound" or "look closer" and nothing else: what is refused, and why, is for frame.c
 * and the decoders to say.
 */
#include "classic.h"

#define JOB_LEN (S7_DATA_HEAD_LEN + S7_HEAD_LEN + 2u)        /* TPKT to count: of a job */
#define ANSWER_LEN (S7_DATA_HEAD_LEN + S7_ACK_HEAD_LEN + 2u) /* of an answer */
#define ITEM_LEN 12u
#define ITEM_HEAD_LEN 3u   /* 12, length, syntax */
#define ANSWER_ITEM_LEN 4u /* return code, transport size, length 2 */

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

/* Is the PDU one TPKT of n octets with read-var in it, so many octets of parameters and of data? */
static bool is_read_var(const struct s7_state *state, const uint8_t *p, uint32_t n, uint32_t head)
{
    uint32_t most = state->size_code ? 1u << state->size_code : S7_TPDU_MAX;
    bool carried = p[0] == 3 && p[1] == 0 && p[4] == 2 && p[5] == S7_TPDU_DT && p[6] == 0x80 && n - S7_TPKT_LEN <= most;
    bool classic = p[7] == S7_PROTOCOL_ID && be16(p + 9) == 0 && n - S7_DATA_HEAD_LEN <= state->classic.agreed.pdu_len;
    return carried && classic && n == head + be16(p + 13) + be16(p + 15) && p[head] == S7_FC_READ_VAR;
}

static void leave(const struct s7_state *state, const uint8_t *p, struct ps_facts *facts, struct s7_classic_note note)
{
    facts->function = S7_ROW_READ_VAR;
    facts->code = S7_FC_READ_VAR;
    facts->station = s7_station(state);
    facts->transaction = be16(p + 11);
    note.tag = S7_NOTE_CLASSIC;
    memcpy(facts->pairing, &note, sizeof note);
}

/* The answer has to fit into a PDU; each item but the last is padded. */
static uint32_t common_job(const struct s7_state *state, const uint8_t *p, uint32_t n, struct ps_facts *facts)
{
    uint32_t count = p[JOB_LEN - 1], answer_len = S7_ACK_HEAD_LEN + 2;
    if (!is_read_var(state, p, n, JOB_LEN - 2) || n != JOB_LEN + count * ITEM_LEN || be16(p + 15) != 0)
        return 0;
    if (count == 0 || count > S7_ITEMS_MAX || state->classic.n_pending != 0)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *item = p + JOB_LEN + i * ITEM_LEN;
        struct ps_fact *fact = &facts->item[i];
        *fact = (struct ps_fact){.op = PS_OP_READ, .protocol = facts->protocol, .function = S7_ROW_READ_VAR,
                                 .station = s7_station(state)};
        bool any = item[0] == S7_ITEM && item[1] == ITEM_LEN - 2 && item[2] == S7_SYNTAX_ANY;
        if (!any || s7_any(item + ITEM_HEAD_LEN, fact) != PS_REASON_NONE)
            return 0;
        answer_len += answer_len % 2 + ANSWER_ITEM_LEN + s7_fact_octets(fact);
    }
    if (answer_len > state->classic.agreed.pdu_len)
        return 0;
    facts->kind = PS_PDU_REQUEST;
    facts->n_facts = (uint16_t)count;
    leave(state, p, facts, (struct s7_classic_note){.act = S7_ACT_REQUEST, .slot = S7_SLOT_NONE, .kind = S7_ROSCTR_JOB,
                                                    .n_items = (uint16_t)count});
    return n;
}

/* Octets of the item at p, of which n are there, and its pad; 0: look closer. */
static uint32_t answer_item(const uint8_t *p, uint32_t n, uint16_t expected, bool last)
{
    if (n < ANSWER_ITEM_LEN || p[0] != 0xff)
        return 0;
    uint32_t len = be16(p + 2);
    bool octets_follow = p[1] == S7_DATA_DINT || p[1] == S7_DATA_REAL || p[1] == S7_DATA_OCTETS;
    bool bits_follow = (p[1] == S7_DATA_BYTES || p[1] == S7_DATA_INT) && len % 8 == 0;
    uint32_t octets = octets_follow ? len : len / 8;
    if (!(octets_follow || bits_follow) || !s7_is_expected(expected, p[1], octets))
        return 0;
    uint32_t whole = ANSWER_ITEM_LEN + octets + (last ? 0 : octets % 2);
    return whole <= n ? whole : 0;
}

static uint32_t common_answer(const struct s7_state *state, const uint8_t *p, uint32_t n, struct ps_facts *facts)
{
    const struct s7_pending *pending = &state->classic.pending[0];
    uint32_t count = p[ANSWER_LEN - 1], at = ANSWER_LEN;
    if (!is_read_var(state, p, n, ANSWER_LEN - 2) || be16(p + 13) != 2 || be16(p + 17) != 0)
        return 0;
    bool answers = state->classic.n_pending == 1 && pending->kind == S7_ROSCTR_JOB && pending->row == S7_ROW_READ_VAR &&
                   pending->reference == be16(p + 11) && pending->n_items == count;
    for (uint32_t i = 0; answers && i < count; i++) {
        uint32_t len = answer_item(p + at, n - at, state->classic.items[i], i + 1 == count);
        answers = len > 0;
        at += len;
    }
    if (!answers || at != n)
        return 0;
    facts->kind = PS_PDU_REPLY;
    leave(state, p, facts, (struct s7_classic_note){.act = S7_ACT_ANSWER});
    return n;
}

uint32_t s7_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts)
{
    const struct s7_state *state = dialog->state;
    if (len < ANSWER_LEN || state->phase != S7_PHASE_OPEN || state->speaks != S7_SPEAKS_CLASSIC || dialog->datagram)
        return 0;
    uint32_t n = be16(data + 2);
    if (n < ANSWER_LEN || n > len)
        return 0;
    if (data[8] == S7_ROSCTR_JOB && dialog->dir == PS_TO_SERVER)
        return common_job(state, data, n, facts);
    bool answers = data[8] == S7_ROSCTR_ACK_DATA && dialog->dir == PS_TO_CLIENT;
    return answers ? common_answer(state, data, n, facts) : 0;
}
