/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode.c - one PDU of the carrier -> facts: connection TPDUs by cotp.c, data by the protocol that the connection
 * speaks, joined when it came in fragments.
 */
#include "s7.h"

struct ps_fact *s7_fact(struct s7_pdu *pdu, enum ps_op op)
{
    struct ps_fact *fact = ps_facts_add(pdu->facts);
    if (!fact) {
        ps_rd_fail(pdu->rd, PS_REASON_TOO_MANY_FACTS);
        return NULL;
    }
    fact->op = (uint8_t)op;
    fact->function = pdu->facts->function;
    fact->station = pdu->facts->station;
    return fact;
}

/* A data TPDU without data: nothing is asked and nothing answered. */
static void empty(struct s7_pdu *pdu, bool eot)
{
    pdu->facts->kind = PS_PDU_REPLY;
    pdu->facts->pairing[0] = S7_NOTE_EMPTY;
    pdu->facts->station = s7_station(pdu->state);
    ps_rd_require(pdu->rd, !eot, PS_REASON_S7_COTP);
    ps_rd_require(pdu->rd, pdu->state->n_empty < S7_EMPTY_MAX, PS_REASON_S7_SEQUENCE);
}

/* The first payload decides which protocol the connection speaks. */
static void payload(struct s7_pdu *pdu)
{
    uint8_t speaks = pdu->state->speaks;
    bool classic = pdu->payload[0] == S7_PROTOCOL_ID, plus = s7p_starts(pdu->payload, pdu->payload_len);
    if (speaks == S7_SPEAKS_NOTHING && s7p_is_called(&pdu->state->called))
        speaks = S7_SPEAKS_PLUS;
    if (speaks == S7_SPEAKS_NOTHING)
        speaks = classic ? S7_SPEAKS_CLASSIC : plus ? S7_SPEAKS_PLUS : S7_SPEAKS_NOTHING;
    if (speaks == S7_SPEAKS_PLUS) {
        pdu->facts->pairing[0] = S7_NOTE_PLUS;
        s7p_decode(pdu);
        return;
    }
    ps_rd_require(pdu->rd, classic || !plus, PS_REASON_S7_MIXED);
    ps_rd_require(pdu->rd, classic, PS_REASON_S7_PROTOCOL);
    pdu->facts->pairing[0] = S7_NOTE_CLASSIC;
    pdu->facts->station = s7_station(pdu->state);
    uint32_t most = pdu->state->size_code ? 1u << pdu->state->size_code : S7_TPDU_MAX;
    ps_rd_require(pdu->rd, pdu->tpdu_len <= most, PS_REASON_S7_LENGTH);
    s7_classic_decode(pdu);
}

static void data(struct s7_pdu *pdu)
{
    bool open = pdu->state->phase == S7_PHASE_OPEN;
    ps_rd_require(pdu->rd, open || (pdu->midstream && pdu->state->phase != S7_PHASE_CLOSED), PS_REASON_S7_SEQUENCE);
    pdu->payload = pdu->rd->data + pdu->rd->pos;
    pdu->payload_len = ps_rd_left(pdu->rd);
    if (pdu->payload_len > 0)
        payload(pdu);
}

/* Where the octets of a joined PDU came from. */
struct fragments {
    uint8_t joined[S7_PDU_LEN_MAX];
    uint32_t len;
    uint32_t n;
    uint32_t longest; /* TPDU */
    struct {
        const uint8_t *data;
        uint32_t start; /* in joined */
        uint32_t len;
    } part[S7_FRAGMENTS_MAX];
};

/* Does a fragment that is not the first look like a PDU of its own? A receiver that passes over EOT would take it for
 * one. */
static bool is_disguised(const uint8_t *data, uint32_t n)
{
    return n >= 4 && data[0] == S7_PROTOCOL_ID && data[1] <= 8 && data[2] == 0 && data[3] == 0;
}

static void collect(struct ps_rd *rd, struct fragments *f)
{
    struct s7_tpkt tpkt = {.eot = false};
    while (!tpkt.eot) {
        enum ps_reason reason = PS_REASON_TRUNCATED;
        uint32_t at;
        enum ps_result result = s7_tpkt_read(rd->data + rd->pos, ps_rd_left(rd), &tpkt, &reason, &at);
        bool sound = result == PS_OK && tpkt.tpdu == S7_TPDU_DT && f->n < S7_FRAGMENTS_MAX;
        const uint8_t *octets = sound ? ps_rd_bytes(rd, tpkt.len) : NULL;
        uint32_t n = tpkt.len - S7_DATA_HEAD_LEN;
        if (!octets || n > sizeof f->joined - f->len) {
            ps_rd_fail(rd, result == PS_BAD ? reason : PS_REASON_TRUNCATED);
            return;
        }
        if (!ps_rd_require(rd, f->len == 0 || !is_disguised(octets + S7_DATA_HEAD_LEN, n), PS_REASON_S7_COTP))
            return;
        memcpy(f->joined + f->len, octets + S7_DATA_HEAD_LEN, n);
        f->part[f->n].data = octets + S7_DATA_HEAD_LEN;
        f->part[f->n].start = f->len;
        f->part[f->n++].len = n;
        f->len += n;
        f->longest = tpkt.len > f->longest ? tpkt.len : f->longest;
    }
}

/* What lies in two fragments cannot be pointed to: its smallest and largest value say what it is, exactly where it is one
 * value. What is no number counts as unseen. */
static void bound(struct ps_values *values)
{
    struct ps_values bounds = {.kind = ps_values_are_single(values) ? PS_VALUE_BOUNDS_SINGLE : PS_VALUE_BOUNDS};
    bool known = ps_values_bounds(values, &bounds.min, &bounds.max) && bounds.min <= bounds.max;
    if (!known)
        bounds = (struct ps_values){.kind = PS_VALUE_UNKNOWN};
    *values = bounds;
}

/* Facts borrow the PDU's octets, not the joined copy: values point back to where they came from. */
static void point_back(struct ps_values *values, const struct fragments *f, uint32_t octets)
{
    uint32_t start = octets > 0 ? (uint32_t)(values->data - f->joined) : 0;
    for (uint32_t i = 0; octets > 0 && i < f->n; i++) {
        if (start >= f->part[i].start && start + octets <= f->part[i].start + f->part[i].len) {
            values->data = f->part[i].data + (start - f->part[i].start);
            return;
        }
    }
    if (octets > 0)
        bound(values);
}

static void fragmented(struct s7_pdu *pdu)
{
    struct fragments f = {.len = 0};
    struct ps_rd *outer = pdu->rd, inner;
    struct ps_rd_fault fault;
    collect(outer, &f);
    ps_rd_init(&inner, &fault, f.joined, f.len);
    pdu->rd = &inner;
    pdu->tpdu_len = f.longest - S7_TPKT_LEN;
    if (ps_rd_require(outer, f.len > 0, PS_REASON_S7_COTP))
        data(pdu);
    if (ps_rd_finish(&inner) != PS_OK)
        ps_rd_fail(outer, fault.reason);
    for (uint16_t i = 0; i < pdu->facts->n_facts; i++) {
        struct ps_values *values = &pdu->facts->item[i].values;
        point_back(values, &f, (uint32_t)ps_values_len(values));
    }
}

enum ps_result s7_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts)
{
    struct s7_pdu pdu = {.dialog = dialog, .rd = rd, .facts = facts, .state = dialog->state,
                         .midstream = dialog->midstream};
    struct s7_tpkt tpkt;
    enum ps_reason reason = PS_REASON_TRUNCATED;
    uint32_t at, n = ps_rd_left(rd);
    enum ps_result result = s7_tpkt_read(rd->data + rd->pos, n, &tpkt, &reason, &at);
    if (result != PS_OK || dialog->datagram)
        return ps_rd_fail(rd, result == PS_BAD ? reason : PS_REASON_TRUNCATED);
    if (!tpkt.eot && (n > tpkt.len || tpkt.len > S7_DATA_HEAD_LEN)) {
        fragmented(&pdu);
        return ps_rd_finish(rd);
    }
    if (!ps_rd_require(rd, n == tpkt.len, n < tpkt.len ? PS_REASON_TRUNCATED : PS_REASON_SURPLUS))
        return PS_BAD;
    struct ps_rd tpdu;
    (void)ps_rd_bytes(rd, S7_DATA_HEAD_LEN - (tpkt.tpdu == S7_TPDU_DT ? 0 : 1));
    ps_rd_sub(rd, &tpdu, ps_rd_left(rd));
    pdu.rd = &tpdu;
    pdu.tpdu_len = tpkt.len - S7_TPKT_LEN;
    if (tpkt.tpdu != S7_TPDU_DT) {
        s7_cotp_decode(&pdu, tpkt.tpdu);
    } else {
        data(&pdu);
        if (tpkt.len == S7_DATA_HEAD_LEN)
            empty(&pdu, tpkt.eot);
    }
    ps_rd_close(&tpdu);
    return ps_rd_finish(rd);
}

void s7_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct s7_state *state = dialog->state;
    state->n_empty = facts->pairing[0] == S7_NOTE_EMPTY ? (uint8_t)(state->n_empty + 1) : 0;
    switch (facts->pairing[0]) {
    case S7_NOTE_CONNECT:
    case S7_NOTE_CONFIRM:
    case S7_NOTE_DISCONNECT:
        s7_cotp_accept(dialog, facts);
        return;
    case S7_NOTE_CLASSIC:
        state->speaks = S7_SPEAKS_CLASSIC;
        s7_classic_accept(dialog, facts);
        return;
    case S7_NOTE_PLUS:
        state->speaks = S7_SPEAKS_PLUS;
        s7p_accept(dialog, facts);
        return;
    default:
        return;
    }
}

/* The connection stays what it was; what was being said on it is not known any more. */
void s7_gap(const struct ps_dialog *dialog)
{
    struct s7_state *state = dialog->state;
    state->n_empty = 0;
    if (state->speaks == S7_SPEAKS_PLUS)
        s7p_gap(dialog);
    else
        s7_classic_gap(dialog);
}
