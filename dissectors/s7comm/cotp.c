/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cotp.c - the opening and the end of a connection: ISO 8073, 13.3 connect request, 13.4 confirm, 13.5 disconnect
 * request, 13.6 confirm, 13.12 error. Class 0 only.
 */
#include "s7.h"

enum parameter {
    PARAMETER_SIZE = 0xc0,
    PARAMETER_CALLING = 0xc1,
    PARAMETER_CALLED = 0xc2,
};

#define SIZE_CODE_MIN 7u  /* 128 octets */
#define SIZE_CODE_MAX 13u /* 8192 octets */

/* What a connect request or its confirmation says, as it is left for accept(). */
struct connect {
    uint16_t reference; /* of the client */
    uint8_t size_code;  /* 0: not named */
    struct s7_tsap calling;
    struct s7_tsap called;
};

_Static_assert(1 + sizeof(struct connect) <= PS_PAIRING_MAX, "the note must fit");

static void read_size(struct s7_pdu *pdu, struct ps_rd *value, struct connect *c)
{
    uint8_t code = ps_rd_u8(value);
    bool once = c->size_code == 0;
    ps_rd_require(pdu->rd, once && code >= SIZE_CODE_MIN && code <= SIZE_CODE_MAX, PS_REASON_S7_COTP);
    c->size_code = code;
}

static void read_tsap(struct s7_pdu *pdu, struct ps_rd *value, struct s7_tsap *tsap)
{
    uint32_t n = ps_rd_left(value);
    if (!ps_rd_require(pdu->rd, tsap->len == 0 && n >= 1 && n <= S7_TSAP_MAX, PS_REASON_S7_COTP))
        return;
    tsap->len = (uint8_t)n;
    memcpy(tsap->octets, ps_rd_bytes(value, n), n);
}

/* Parameters: code 1, length 1, value; each at most once, in any order. */
static void read_parameters(struct s7_pdu *pdu, struct connect *c)
{
    while (ps_rd_left(pdu->rd) > 0) {
        struct ps_rd value;
        uint8_t code = ps_rd_u8(pdu->rd);
        ps_rd_sub(pdu->rd, &value, ps_rd_u8(pdu->rd));
        if (code == PARAMETER_SIZE)
            read_size(pdu, &value, c);
        else if (code == PARAMETER_CALLING)
            read_tsap(pdu, &value, &c->calling);
        else if (code == PARAMETER_CALLED)
            read_tsap(pdu, &value, &c->called);
        else
            ps_rd_fail(pdu->rd, PS_REASON_S7_COTP);
        ps_rd_close(&value);
    }
}

static bool is_tsap(const struct s7_tsap *a, const struct s7_tsap *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

/* Rack and slot in the low octet, kind of connection in the high one. */
static uint32_t station_of(const struct s7_tsap *called)
{
    return (uint32_t)called->octets[1] << 8 | called->octets[0];
}

static void set_station(struct s7_state *state)
{
    state->has_station = state->called.len == 2;
    state->station = station_of(&state->called);
}

static void leave(struct s7_pdu *pdu, enum s7_note note, const struct connect *c)
{
    pdu->facts->pairing[0] = (uint8_t)note;
    memcpy(pdu->facts->pairing + 1, c, sizeof *c);
}

/* Destination reference 2 (0), source reference 2, class and options 1 (0), parameters. Only as the first TPDU. */
static void connect_request(struct s7_pdu *pdu)
{
    struct connect c = {0};
    pdu->facts->kind = PS_PDU_REQUEST;
    pdu->facts->function = S7_ROW_CONNECT;
    bool again = s7p_is_called(&pdu->state->called); /* its station is known, and refused it is anyhow */
    if (!again)
        pdu->facts->station = S7_STATION_UNKNOWN;
    uint16_t destination = ps_rd_u16be(pdu->rd);
    c.reference = ps_rd_u16be(pdu->rd);
    uint8_t class = ps_rd_u8(pdu->rd);
    ps_rd_require(pdu->rd, destination == 0 && class == 0, PS_REASON_S7_COTP);
    read_parameters(pdu, &c);
    if (!again && c.called.len == 2)
        pdu->facts->station = station_of(&c.called);
    bool first = pdu->state->phase == S7_PHASE_NEW && pdu->state->speaks == S7_SPEAKS_NOTHING;
    ps_rd_require(pdu->rd, s7_to_server(pdu) && first, PS_REASON_S7_SEQUENCE);
    if (!ps_rd_require(pdu->rd, c.called.len > 0, PS_REASON_S7_TSAP))
        return;
    leave(pdu, S7_NOTE_CONNECT, &c);
    if (c.called.len != 2) {
        s7p_connect(pdu, &c.called);
        return;
    }
    struct ps_fact *fact = s7_fact(pdu, PS_OP_SESSION);
    if (fact)
        fact->housekeeping = true;
}

/* As the request; references the other way round. The size may be smaller, the TSAPs are the request's where named. */
static void connect_confirm(struct s7_pdu *pdu)
{
    const struct s7_state *state = pdu->state;
    struct connect c = {0};
    pdu->facts->kind = PS_PDU_REPLY;
    pdu->facts->function = S7_ROW_CONNECT;
    c.reference = ps_rd_u16be(pdu->rd);
    (void)ps_rd_u16be(pdu->rd);
    uint8_t class = ps_rd_u8(pdu->rd);
    ps_rd_require(pdu->rd, class == 0, PS_REASON_S7_COTP);
    read_parameters(pdu, &c);
    bool unseen = state->phase == S7_PHASE_NEW && state->speaks == S7_SPEAKS_NOTHING && pdu->midstream;
    bool asked = state->phase == S7_PHASE_ASKED;
    ps_rd_require(pdu->rd, !s7_to_server(pdu) && (asked || unseen), PS_REASON_S7_SEQUENCE);
    if (asked) {
        ps_rd_require(pdu->rd, c.reference == state->reference, PS_REASON_S7_COTP);
        ps_rd_require(pdu->rd, state->size_code == 0 || c.size_code <= state->size_code, PS_REASON_S7_COTP);
        ps_rd_require(pdu->rd, c.calling.len == 0 || is_tsap(&c.calling, &state->calling), PS_REASON_S7_TSAP);
        ps_rd_require(pdu->rd, c.called.len == 0 || is_tsap(&c.called, &state->called), PS_REASON_S7_TSAP);
    }
    bool named = c.called.len == 2 && !asked;
    if (!s7p_is_called(&state->called))
        pdu->facts->station = named ? station_of(&c.called) : s7_station(state);
    leave(pdu, S7_NOTE_CONFIRM, &c);
}

/* The end: disconnect request, its confirmation, error. A client's ends its own connection; a server's refuses one. */
static void ending(struct s7_pdu *pdu, uint8_t tpdu)
{
    bool confirm = tpdu == S7_TPDU_DC;
    (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd)); /* references, reason, parameters: nothing that takes effect */
    pdu->facts->pairing[0] = S7_NOTE_DISCONNECT;
    pdu->facts->function = S7_ROW_DISCONNECT;
    bool expected = confirm == (pdu->state->phase == S7_PHASE_CLOSED);
    ps_rd_require(pdu->rd, expected || pdu->midstream, PS_REASON_S7_SEQUENCE);
    pdu->facts->kind = confirm ? PS_PDU_REPLY : PS_PDU_REFUSAL;
    if (!s7_to_server(pdu) || confirm)
        return;
    pdu->facts->kind = PS_PDU_REQUEST;
    struct ps_fact *fact = s7_fact(pdu, PS_OP_SESSION);
    if (fact)
        fact->housekeeping = true;
}

void s7_cotp_decode(struct s7_pdu *pdu, uint8_t tpdu)
{
    pdu->facts->code = tpdu;
    pdu->facts->station = s7_station(pdu->state);
    if (s7p_is_called(&pdu->state->called))
        s7p_link(pdu);
    if (tpdu == S7_TPDU_CR)
        connect_request(pdu);
    else if (tpdu == S7_TPDU_CC)
        connect_confirm(pdu);
    else
        ending(pdu, tpdu);
}

void s7_cotp_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct s7_state *state = dialog->state;
    struct connect c;
    memcpy(&c, facts->pairing + 1, sizeof c);
    switch (facts->pairing[0]) {
    case S7_NOTE_CONNECT:
        state->phase = S7_PHASE_ASKED;
        state->reference = c.reference;
        state->size_code = c.size_code;
        state->calling = c.calling;
        state->called = c.called;
        set_station(state);
        return;
    case S7_NOTE_CONFIRM:
        state->phase = S7_PHASE_OPEN;
        state->size_code = c.size_code ? c.size_code : state->size_code;
        if (state->called.len == 0)
            state->called = c.called;
        set_station(state);
        return;
    default:
        state->phase = S7_PHASE_CLOSED;
        return;
    }
}
