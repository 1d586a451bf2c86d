/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus.c - frames of S7comm-plus: connection, header and trailer, fragments, keep-alives and system events.
 */
#include "plus.h"

#include "plus_own.h"

#define HEADER_LEN 4u
#define TRAILER_LEN 4u
#define DIGEST_LEN 32u
#define EVENT_LEN 16u          /* of a system event, or at least: */
#define EVENT_LONG_LEN_MIN 22u

/* Octets of one PDU. Panels stay below a kilobyte; engineering stations carry whole programs. */
#define PDU_LEN_MAX (UINT32_C(64) * 1024)
#define PDU_LEN_MAX_ES (UINT32_C(16) * 1024 * 1024)

enum version {
    VERSION_1 = 0x01, /* until there is a session */
    VERSION_2 = 0x02,
    VERSION_3 = 0x03, /* with a digest in every frame */
    VERSION_EVENT = 0xfe,
    VERSION_KEEP_ALIVE = 0xff,
};

_Static_assert((int)S7P_ROW_CONNECT == (int)S7_ROW_CONNECT && (int)S7P_ROW_DISCONNECT == (int)S7_ROW_DISCONNECT,
               "the carrier's rows must have one number");

bool s7p_is_called(const struct s7_tsap *called)
{
    return called->len > 2;
}

bool s7p_starts(const uint8_t *payload, uint32_t n)
{
    bool record = n > 1 && payload[0] >= 0x14 && payload[0] <= 0x17 && payload[1] == 3;
    return payload[0] == S7P_PROTOCOL_ID || record;
}

void s7p_connect(struct s7_pdu *pdu, const struct s7_tsap *called)
{
    pdu->facts->protocol = PS_PROTOCOL_S7COMM_PLUS;
    pdu->facts->station = s7p_station(called);
    if (!ps_rd_require(pdu->rd, pdu->facts->station != S7P_STATION_UNKNOWN, PS_REASON_S7_TSAP))
        return;
    struct ps_fact *fact = s7_fact(pdu, PS_OP_SESSION);
    if (fact)
        fact->housekeeping = true;
}

void s7p_link(struct s7_pdu *pdu)
{
    pdu->facts->protocol = PS_PROTOCOL_S7COMM_PLUS;
    pdu->facts->station = s7p_station(&pdu->state->called);
}

struct ps_fact *s7p_fact(struct s7p_pdu *p, enum ps_op op)
{
    return s7_fact(p->pdu, op);
}

void s7p_set_row(struct s7p_pdu *p, uint8_t row)
{
    p->pdu->facts->function = row;
    p->pdu->facts->code = s7p_functions[row].code;
}

static void housekeeping(struct s7p_pdu *p, enum ps_op op)
{
    struct ps_fact *fact = s7p_fact(p, op);
    if (fact)
        fact->housekeeping = true;
}

void s7p_session_fact(struct s7p_pdu *p, uint8_t row)
{
    s7p_set_row(p, row);
    housekeeping(p, PS_OP_SESSION);
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

/* 72 FF, sequence number 1, 0. */
static void keep_alive(struct s7p_pdu *p)
{
    struct ps_rd *rd = p->pdu->rd;
    s7p_set_row(p, S7P_ROW_KEEP_ALIVE);
    p->pdu->facts->kind = s7_to_server(p->pdu) ? PS_PDU_REQUEST : PS_PDU_REPLY;
    (void)ps_rd_u8(rd);
    uint8_t last = ps_rd_u8(rd);
    ps_rd_require(rd, last == 0 && ps_rd_left(rd) == 0, PS_REASON_S7P_FRAME);
    if (s7_to_server(p->pdu))
        housekeeping(p, PS_OP_SESSION);
}

/* 72 FE, length 2, event; no trailer. */
static void system_event(struct s7p_pdu *p)
{
    struct ps_rd *rd = p->pdu->rd;
    s7p_set_row(p, S7P_ROW_SYSTEM_EVENT);
    p->pdu->facts->kind = PS_PDU_NOTICE;
    ps_rd_require(rd, !s7_to_server(p->pdu), PS_REASON_S7P_OPCODE);
    uint32_t len = ps_rd_u16be(rd);
    bool sound = len == ps_rd_left(rd) && (len == EVENT_LEN || len >= EVENT_LONG_LEN_MIN);
    if (!ps_rd_require(rd, sound, PS_REASON_S7P_FRAME))
        return;
    (void)ps_rd_bytes(rd, len);
    housekeeping(p, PS_OP_EVENT);
}

/* Does a frame that is not the first look like a request of its own? A receiver that goes by trailers alone, or by none,
 * would obey it. */
static bool is_disguised(const struct s7p_pdu *p, struct ps_rd data)
{
    uint8_t opcode = ps_rd_u8(&data);
    uint16_t before = ps_rd_u16be(&data);
    (void)ps_rd_u16be(&data); /* function, known or not */
    uint16_t behind = ps_rd_u16be(&data);
    return s7_to_server(p->pdu) && opcode == S7P_OPCODE_REQUEST && before == 0 && behind == 0;
}

/* Behind the first frame of a PDU. What was granted goes on. */
static void fragment(struct s7p_pdu *p, struct ps_rd *data)
{
    const struct s7p_fragments *open = p->fragments;
    bool disguised = ps_rd_left(data) >= 7 && is_disguised(p, *data);
    ps_rd_require(data, !disguised, PS_REASON_S7P_FRAME);
    uint32_t most = s7p_station(&p->pdu->state->called) == S7P_STATION_ES ? PDU_LEN_MAX_ES : PDU_LEN_MAX;
    p->pdu->facts->kind = s7_to_server(p->pdu) ? PS_PDU_REQUEST : PS_PDU_REPLY;
    s7p_set_row(p, S7P_ROW_FRAGMENT);
    p->note.act = S7P_ACT_FRAGMENT;
    ps_rd_require(data, p->note.version == open->version, PS_REASON_S7P_VERSION);
    ps_rd_require(data, open->len + p->note.len <= most, PS_REASON_S7P_FRAME);
    (void)ps_rd_bytes(data, ps_rd_left(data));
    if (s7_to_server(p->pdu))
        housekeeping(p, PS_OP_SESSION);
}

/* Joined late, in the middle of a PDU of the PLC: there is no telling from what is inside. */
static bool is_orphan(const struct s7p_pdu *p, const struct ps_rd *data)
{
    if (s7_to_server(p->pdu) || !p->pdu->midstream || p->fragments->synced || ps_rd_left(data) == 0)
        return false;
    uint8_t opcode = data->data[data->pos];
    return opcode != 0x02 && opcode != 0x32 && opcode != 0x33;
}

/* Length 2, data; of the last frame a trailer: 72, version, 0. Which it is follows from the length alone: data may end like
 * a trailer. In version 3 the data starts with the length of a digest and the digest. */
static void frame(struct s7p_pdu *p)
{
    struct ps_rd *rd = p->pdu->rd, data;
    uint32_t len = ps_rd_u16be(rd), left = ps_rd_left(rd);
    p->note.last = left == len + TRAILER_LEN;
    p->note.len = len;
    if (!ps_rd_require(rd, len > 0 && (p->note.last || left == len), PS_REASON_S7P_FRAME))
        return;
    ps_rd_sub(rd, &data, len);
    if (p->note.last) {
        uint32_t trailer = (uint32_t)S7P_PROTOCOL_ID << 24 | (uint32_t)p->note.version << 16;
        ps_rd_require(rd, ps_rd_u32be(rd) == trailer, PS_REASON_S7P_FRAME);
    }
    if (p->note.version == VERSION_3) {
        ps_rd_require(rd, ps_rd_u8(&data) == DIGEST_LEN, PS_REASON_S7P_FRAME);
        (void)ps_rd_bytes(&data, DIGEST_LEN);
    }
    if (p->fragments->len > 0) {
        fragment(p, &data);
    } else if (is_orphan(p, &data)) {
        p->pdu->facts->kind = PS_PDU_REPLY;
        (void)ps_rd_bytes(&data, ps_rd_left(&data));
    } else {
        s7p_head(p, &data);
    }
    ps_rd_close(&data);
}

/* Protocol id 1, version 1. */
static void in_clear(struct s7p_pdu *p)
{
    struct ps_rd *rd = p->pdu->rd;
    uint8_t id = ps_rd_u8(rd), version = ps_rd_u8(rd);
    ps_rd_require(rd, id != S7_PROTOCOL_ID, PS_REASON_S7_MIXED);
    ps_rd_require(rd, !s7p_starts(p->pdu->payload, p->pdu->payload_len) || id == S7P_PROTOCOL_ID, PS_REASON_S7P_TLS);
    if (!ps_rd_require(rd, id == S7P_PROTOCOL_ID, PS_REASON_S7_PROTOCOL))
        return;
    p->note.version = version;
    switch (version) {
    case VERSION_1:
    case VERSION_2:
    case VERSION_3:
        frame(p);
        return;
    case VERSION_EVENT:
        system_event(p);
        return;
    case VERSION_KEEP_ALIVE:
        keep_alive(p);
        return;
    default:
        ps_rd_fail(rd, PS_REASON_S7P_VERSION);
        return;
    }
}

/* TLS begins with the answer to init-ssl; joined late, with the first record. */
static bool is_tls(const struct s7_pdu *pdu)
{
    bool fresh = pdu->state->speaks == S7_SPEAKS_NOTHING && pdu->midstream;
    bool record = pdu->payload[0] != S7P_PROTOCOL_ID && s7p_starts(pdu->payload, pdu->payload_len);
    return pdu->state->plus.phase == S7P_PHASE_TLS || (fresh && record);
}

void s7p_decode(struct s7_pdu *pdu)
{
    struct s7p_pdu p = {.pdu = pdu, .state = &pdu->state->plus};
    p.fragments = &p.state->fragments[pdu->dialog->dir];
    p.note.tag = S7_NOTE_PLUS;
    p.note.slot = S7P_SLOT_NONE;
    p.tolerant = pdu->midstream && !p.state->paired;
    pdu->facts->protocol = PS_PROTOCOL_S7COMM_PLUS;
    pdu->facts->station = s7p_station(&pdu->state->called);
    bool called = pdu->state->called.len == 0 || s7p_is_called(&pdu->state->called);
    ps_rd_require(pdu->rd, called, PS_REASON_S7_MIXED);
    if (is_tls(pdu))
        s7p_tls(&p);
    else
        in_clear(&p);
    memcpy(pdu->facts->pairing, &p.note, sizeof p.note);
}

/* ---- accept ---------------------------------------------------------------------------------------------------- */

void s7p_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct s7p_state *state = &((struct s7_state *)dialog->state)->plus;
    struct s7p_fragments *fragments = &state->fragments[dialog->dir];
    struct s7p_note note;
    memcpy(&note, facts->pairing, sizeof note);
    switch ((enum s7p_act)note.act) {
    case S7P_ACT_NONE:
        return;
    case S7P_ACT_FRAGMENT:
        fragments->len = note.last ? 0 : fragments->len + note.len;
        return;
    case S7P_ACT_TLS:
        state->phase = S7P_PHASE_TLS;
        state->records[dialog->dir] = note.records;
        return;
    case S7P_ACT_REQUEST:
    case S7P_ACT_SILENT:
    case S7P_ACT_ANSWER:
    case S7P_ACT_NOTICE:
        s7p_head_accept(dialog, facts, &note);
        return;
    }
}

/* Requests, answers and subscriptions may have gone unseen. The session stays. */
void s7p_gap(const struct ps_dialog *dialog)
{
    struct s7p_state *state = &((struct s7_state *)dialog->state)->plus;
    struct s7p_fragments *fragments = &state->fragments[dialog->dir];
    state->n_requests = 0;
    state->paired = false;
    state->counting = false;
    fragments->len = 0;
    fragments->synced = false;
    state->records[dialog->dir].lost = state->phase == S7P_PHASE_TLS;
}
