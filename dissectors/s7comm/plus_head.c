/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_head.c - the first frame of a PDU: its head, the session, which answer belongs to which request.
 */
#include "plus_own.h"

enum opcode {
    OPCODE_ANSWER_2 = 0x02,
    OPCODE_ANSWER = 0x32,
    OPCODE_NOTIFICATION = 0x33,
};

#define FLAG_SILENT 0x40u /* the request wants no answer */
#define SEQUENCE_AHEAD_MAX 0x8000u
/* Engineering waits long for the CPU to burn its program. */
#define TIMEOUT_DEFAULT_NS UINT64_C(60000000000)
#define NS_PER_MS 1000000u

static uint32_t now_ms(const struct ps_dialog *dialog)
{
    return (uint32_t)(dialog->now_ns / NS_PER_MS);
}

static bool is_live(const struct ps_dialog *dialog, const struct s7p_request *request)
{
    uint64_t timeout = dialog->timeout_ns ? dialog->timeout_ns : TIMEOUT_DEFAULT_NS;
    return now_ms(dialog) - request->sent_ms <= timeout / NS_PER_MS;
}

/* Reserved 2 (0), function 2, reserved 2 (0), sequence number 2. */
static uint16_t common_head(struct s7p_pdu *p, struct ps_rd *rd)
{
    uint16_t before = ps_rd_u16be(rd);
    p->note.code = ps_rd_u16be(rd);
    uint16_t behind = ps_rd_u16be(rd);
    uint16_t sequence = ps_rd_u16be(rd);
    p->pdu->facts->transaction = sequence;
    p->pdu->facts->code = p->note.code;
    ps_rd_require(rd, before == 0 && behind == 0, PS_REASON_S7P_FRAME);
    return sequence;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* Before there is a session only TLS and the session itself may be asked for, in version 1; then its id is in every
 * request, in version 2 or 3. */
static void check_session(struct s7p_pdu *p, struct ps_rd *rd)
{
    bool null = p->session == S7P_SESSION_NULL || p->session == 0;
    bool opened = p->state->session != 0;
    if (opened) {
        ps_rd_require(rd, p->session == p->state->session, PS_REASON_S7P_SESSION);
    } else if (p->pdu->midstream && !null) {
        p->note.session = p->session;
        opened = true;
    } else {
        bool creates = p->note.code == S7P_CODE_CREATE && p->session == S7P_SESSION_NULL;
        bool begins = p->note.code == S7P_CODE_INIT_SSL && p->session == 0;
        ps_rd_require(rd, creates || begins, PS_REASON_S7P_SESSION);
    }
    p->asks |= opened && !p->state->created ? S7P_ASK_CLEAR : 0; /* nobody has asked for its opening */
    ps_rd_require(rd, opened == (p->note.version > 1), PS_REASON_S7P_VERSION);
    ps_rd_require(rd, p->note.version >= p->fragments->version, PS_REASON_S7P_VERSION);
}

static void check_sequence(struct s7p_pdu *p, struct ps_rd *rd, uint16_t sequence)
{
    uint16_t ahead = (uint16_t)(sequence - p->state->sequence);
    ps_rd_require(rd, !p->state->counting || (ahead > 0 && ahead < SEQUENCE_AHEAD_MAX), PS_REASON_S7P_SEQUENCE);
}

/* Expired requests make way only when their place is needed: their answers are late, not unasked for. */
static void find_place(struct s7p_pdu *p, struct ps_rd *rd)
{
    const struct ps_dialog *dialog = p->pdu->dialog;
    uint32_t n_live = 0, most = dialog->max_outstanding ? dialog->max_outstanding : S7P_OUTSTANDING_DEFAULT;
    uint8_t expired = S7P_SLOT_NONE;
    for (uint8_t i = 0; i < p->state->n_requests; i++) {
        if (is_live(dialog, &p->state->requests[i]))
            n_live++;
        else if (expired == S7P_SLOT_NONE)
            expired = i;
    }
    bool full = p->state->n_requests >= S7P_REQUESTS_MAX;
    ps_rd_require(rd, n_live < most && (!full || expired != S7P_SLOT_NONE), PS_REASON_S7P_OUTSTANDING);
    p->note.slot = full ? expired : S7P_SLOT_NONE;
}

/* What went wrong in the body: a number that cannot be, or something that no rule without `opaque` may grant. */
static void judge_body(struct s7p_pdu *p, struct ps_rd *rd, uint8_t row)
{
    struct ps_facts *facts = p->pdu->facts;
    enum ps_reason reason = p->fault.reason;
    uint32_t ops = s7p_functions[row].ops;
    if (p->reads_own && facts->n_facts == 0)
        s7p_session_fact(p, S7P_ROW_READ_SESSION);
    ps_rd_require(rd, reason != PS_REASON_S7P_BODY || p->unknown, PS_REASON_S7P_BODY);
    bool goes_on = !p->note.last && reason == PS_REASON_TRUNCATED;
    if (!p->note.last && reason == PS_REASON_NONE && ps_rd_left(&p->body) == 0)
        reason = PS_REASON_S7P_BODY; /* it is complete: what do the other frames bring? */
    bool writes = (ops & PS_OP_BIT(PS_OP_WRITE)) != 0;
    if (reason != PS_REASON_NONE && !(goes_on && p->addressed)) {
        p->asks |= S7P_ASK_OPAQUE;
        if (writes || facts->n_facts == 0) {
            s7p_set_row(p, row);
            (void)s7p_fact(p, writes ? PS_OP_PROGRAM : (enum ps_op)__builtin_ctz(ops));
        }
    }
    for (uint16_t i = 0; i < facts->n_facts; i++)
        facts->item[i].asks = p->asks;
}

/* When all facts are of one function, so is the PDU. */
static void settle_row(struct s7p_pdu *p)
{
    const struct ps_facts *facts = p->pdu->facts;
    for (uint16_t i = 1; i < facts->n_facts; i++)
        if (facts->item[i].function != facts->item[0].function)
            return;
    if (facts->n_facts > 0)
        s7p_set_row(p, (uint8_t)facts->item[0].function);
}

/* Head, session 4, flags 1, body. */
static void request(struct s7p_pdu *p, struct ps_rd *rd)
{
    uint16_t sequence = common_head(p, rd);
    uint8_t row = s7p_row_by_code(p->note.code);
    p->pdu->facts->kind = PS_PDU_REQUEST;
    p->session = ps_rd_u32be(rd);
    p->flags = ps_rd_u8(rd);
    if (!ps_rd_require(rd, row != S7P_ROW_NONE, PS_REASON_S7P_FUNCTION))
        return;
    s7p_set_row(p, row);
    check_session(p, rd);
    check_sequence(p, rd, sequence);
    p->note.act = p->flags & FLAG_SILENT ? S7P_ACT_SILENT : S7P_ACT_REQUEST;
    if (p->note.act == S7P_ACT_REQUEST)
        find_place(p, rd);
    uint32_t n = ps_rd_left(rd);
    ps_rd_init(&p->body, &p->fault, ps_rd_bytes(rd, n), n);
    if (ps_rd_failed(rd))
        return;
    s7p_bodies[row](p);
    judge_body(p, rd, row);
    settle_row(p);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static const struct s7p_request *find(struct s7p_pdu *p, uint16_t sequence)
{
    for (uint8_t i = 0; i < p->state->n_requests; i++) {
        if (p->state->requests[i].sequence != sequence)
            continue;
        p->note.slot = i;
        return &p->state->requests[i];
    }
    return NULL;
}

static bool is_error(uint16_t code)
{
    return code == S7P_CODE_ERROR || code == S7P_CODE_ERROR_2;
}

/* A silent write may be answered, by an opcode of its own. */
static bool answers_silent(const struct s7p_pdu *p, uint8_t opcode)
{
    bool writes = p->note.code == S7P_CODE_SET_VARIABLE || p->note.code == S7P_CODE_SET_MULTI;
    return opcode == OPCODE_ANSWER_2 && (writes || is_error(p->note.code)) && p->state->n_silent > 0;
}

static const struct s7p_request *pair(struct s7p_pdu *p, struct ps_rd *rd, uint8_t opcode, uint16_t sequence)
{
    const struct s7p_request *asked = find(p, sequence);
    if (!asked) {
        ps_rd_require(rd, answers_silent(p, opcode) || p->tolerant, PS_REASON_S7P_UNSOLICITED);
        return NULL;
    }
    if (asked->code == p->note.code || is_error(p->note.code))
        return asked;
    ps_rd_require(rd, p->tolerant, PS_REASON_S7P_REPLY);
    p->note.slot = S7P_SLOT_NONE;
    return NULL;
}

/* Numbers of the objects that were created: number of them 1, numbers. */
static void read_created(struct s7p_pdu *p)
{
    uint8_t n = ps_rd_u8(&p->body);
    uint32_t object = n > 0 ? s7p_vlq32(&p->body) : 0, object_2 = n > 1 ? s7p_vlq32(&p->body) : 0;
    if (ps_rd_failed(&p->body))
        return;
    p->note.object = object;
    p->note.object_2 = object_2;
}

/* Head, flags 1, return value of variable length, body. */
static void answer(struct s7p_pdu *p, struct ps_rd *rd, uint8_t opcode)
{
    struct ps_facts *facts = p->pdu->facts;
    uint16_t sequence = common_head(p, rd);
    uint8_t row = s7p_row_by_code(p->note.code);
    facts->kind = is_error(p->note.code) ? PS_PDU_REFUSAL : PS_PDU_REPLY;
    p->flags = ps_rd_u8(rd);
    if (!ps_rd_require(rd, row != S7P_ROW_NONE || facts->kind == PS_PDU_REFUSAL, PS_REASON_S7P_FUNCTION))
        return;
    p->note.act = S7P_ACT_ANSWER;
    const struct s7p_request *asked = pair(p, rd, opcode, sequence);
    if (asked || row != S7P_ROW_NONE)
        s7p_set_row(p, asked ? asked->row : row);
    ps_rd_require(rd, p->note.version >= p->fragments->version, PS_REASON_S7P_VERSION);
    uint32_t n = ps_rd_left(rd);
    ps_rd_init(&p->body, &p->fault, ps_rd_bytes(rd, n), n);
    facts->status = (uint32_t)s7p_vlq64(&p->body) & 0xffff;
    if (facts->kind == PS_PDU_REPLY && p->note.code == S7P_CODE_CREATE)
        read_created(p);
}

/* ---- notifications --------------------------------------------------------------------------------------------- */

/* Subscription 4, items. */
static void notification(struct s7p_pdu *p, struct ps_rd *rd)
{
    uint32_t subscription = ps_rd_u32be(rd);
    p->pdu->facts->kind = PS_PDU_NOTICE;
    s7p_set_row(p, S7P_ROW_NOTIFICATION);
    bool known = s7p_is_own(p->state, subscription) || p->state->crowded || p->pdu->midstream;
    ps_rd_require(rd, known, PS_REASON_S7P_UNSOLICITED);
    ps_rd_require(rd, p->note.version >= p->fragments->version, PS_REASON_S7P_VERSION);
    (void)ps_rd_bytes(rd, ps_rd_left(rd));
    struct ps_fact *fact = s7p_fact(p, PS_OP_EVENT);
    if (fact)
        fact->housekeeping = true;
    p->note.act = S7P_ACT_NOTICE;
}

void s7p_head(struct s7p_pdu *p, struct ps_rd *rd)
{
    uint8_t opcode = ps_rd_u8(rd);
    if (s7_to_server(p->pdu)) {
        if (ps_rd_require(rd, opcode == S7P_OPCODE_REQUEST, PS_REASON_S7P_OPCODE))
            request(p, rd);
        return;
    }
    if (opcode == OPCODE_NOTIFICATION)
        notification(p, rd);
    else if (ps_rd_require(rd, opcode == OPCODE_ANSWER || opcode == OPCODE_ANSWER_2, PS_REASON_S7P_OPCODE))
        answer(p, rd, opcode);
}

/* ---- accept ---------------------------------------------------------------------------------------------------- */

static void forget_request(struct s7p_state *state, uint8_t slot)
{
    if (slot >= state->n_requests)
        return;
    state->n_requests--;
    memmove(&state->requests[slot], &state->requests[slot + 1],
            (size_t)(state->n_requests - slot) * sizeof state->requests[0]);
}

static void request_accepted(const struct ps_dialog *dialog, const struct ps_facts *facts, const struct s7p_note *note)
{
    struct s7p_state *state = &((struct s7_state *)dialog->state)->plus;
    state->sequence = (uint16_t)facts->transaction;
    state->counting = true;
    if (note->session != 0)
        state->session = note->session;
    if (note->act == S7P_ACT_SILENT) {
        state->n_silent = (uint8_t)(state->n_silent < UINT8_MAX ? state->n_silent + 1 : UINT8_MAX);
        return;
    }
    forget_request(state, note->slot);
    if (state->n_requests >= S7P_REQUESTS_MAX)
        return;
    state->requests[state->n_requests++] =
        (struct s7p_request){.sent_ms = now_ms(dialog), .object = note->object, .sequence = (uint16_t)facts->transaction,
                             .code = note->code, .row = (uint8_t)facts->function};
}

static void add_own(struct s7p_state *state, uint32_t object)
{
    if (s7p_is_own(state, object) || object == 0)
        return;
    if (state->n_own < S7P_OWN_MAX)
        state->own[state->n_own++] = object;
    else
        state->crowded = true;
}

static void drop_own(struct s7p_state *state, uint32_t object)
{
    for (uint32_t i = 0; i < state->n_own; i++)
        if (state->own[i] == object)
            state->own[i--] = state->own[--state->n_own];
}

/* The connection may open another session. */
static void end_session(struct s7p_state *state)
{
    state->session = 0;
    state->created = false;
    state->n_own = 0;
    state->counting = false;
    for (uint32_t i = 0; i < 2; i++)
        state->fragments[i].version = 0;
}

static void apply(struct s7p_state *state, const struct s7p_request *asked, const struct s7p_note *note)
{
    switch (asked->row) {
    case S7P_ROW_CREATE_SESSION:
        state->session = note->object;
        state->created = true;
        add_own(state, note->object_2);
        return;
    case S7P_ROW_CREATE_SUBSCRIPTION:
    case S7P_ROW_SUBSCRIBE:
        add_own(state, note->object);
        return;
    case S7P_ROW_DELETE_SUBSCRIPTION:
        drop_own(state, asked->object);
        return;
    case S7P_ROW_DELETE_SESSION:
        end_session(state);
        return;
    default:
        return;
    }
}

static void answer_accepted(struct s7p_state *state, const struct ps_facts *facts, const struct s7p_note *note)
{
    if (note->slot >= state->n_requests) {
        state->n_silent = (uint8_t)(state->n_silent > 0 ? state->n_silent - 1 : 0);
        return;
    }
    state->paired = true;
    if (facts->kind == PS_PDU_REPLY)
        apply(state, &state->requests[note->slot], note);
    if (facts->kind == PS_PDU_REPLY && note->code == S7P_CODE_INIT_SSL && facts->status == 0)
        state->phase = S7P_PHASE_TLS;
    forget_request(state, note->slot);
}

void s7p_head_accept(const struct ps_dialog *dialog, const struct ps_facts *facts, const struct s7p_note *note)
{
    struct s7p_state *state = &((struct s7_state *)dialog->state)->plus;
    struct s7p_fragments *fragments = &state->fragments[dialog->dir];
    fragments->synced = true;
    fragments->version = note->version;
    fragments->len = note->last ? 0 : note->len;
    if (note->act == S7P_ACT_ANSWER)
        answer_accepted(state, facts, note);
    else if (note->act != S7P_ACT_NOTICE)
        request_accepted(dialog, facts, note);
}
