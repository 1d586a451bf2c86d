/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pairing.c - requests that wait for their answers, and what answers change. An answer is found by PDU reference and
 * kind: with several jobs open, answers come in any order.
 */
#include "classic.h"

/* Memory is compressed for longer than most answers take. */
#define TIMEOUT_DEFAULT_NS UINT64_C(60000000000)

static bool is_live(const struct ps_dialog *dialog, const struct s7_pending *pending)
{
    uint64_t timeout = dialog->timeout_ns ? dialog->timeout_ns : TIMEOUT_DEFAULT_NS;
    return dialog->now_ns <= pending->sent_ns || dialog->now_ns - pending->sent_ns <= timeout;
}

/* The client's jobs are bounded by the second number of the set-up ("called"), whatever its name says. */
static uint32_t jobs_max(const struct s7_pdu *pdu)
{
    uint32_t most = S7_JOBS_MAX, agreed = pdu->classic->state->agreed.called, ruled = pdu->dialog->max_outstanding;
    if (agreed > 0 && agreed < most)
        most = agreed;
    return ruled > 0 && ruled < most ? ruled : most;
}

static uint32_t n_items_of(const struct s7_pending *pending)
{
    return pending->row == S7_ROW_READ_VAR ? pending->n_items : 0;
}

/* Expired requests count for nothing: they are kept, for their answers, while there is room. One with the reference of
 * the new request makes way. */
void s7_pair_request(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    const struct s7_classic *state = c->state;
    uint32_t n_jobs = 0, n_live = 0, items = c->row == S7_ROW_READ_VAR ? c->note.n_items : 0;
    bool job = c->rosctr == S7_ROSCTR_JOB;
    for (uint8_t i = 0; i < state->n_pending; i++) {
        const struct s7_pending *pending = &state->pending[i];
        bool same = pending->reference == c->reference && pending->kind == c->rosctr;
        if (!is_live(pdu->dialog, pending)) {
            c->note.slot = same ? i : c->note.slot;
            continue;
        }
        ps_rd_require(pdu->rd, !same, PS_REASON_S7_REFERENCE);
        n_live++;
        n_jobs += pending->kind == S7_ROSCTR_JOB;
        items += n_items_of(pending);
    }
    ps_rd_require(pdu->rd, !job || n_jobs < jobs_max(pdu), PS_REASON_S7_OUTSTANDING);
    ps_rd_require(pdu->rd, n_live < S7_PENDING_MAX && items <= S7_ITEMS_MAX, PS_REASON_S7_OUTSTANDING);
    c->note.act = S7_ACT_REQUEST;
    c->note.kind = c->rosctr;
}

bool s7_is_waiting(const struct s7_pdu *pdu, uint8_t row)
{
    const struct s7_classic *state = pdu->classic->state;
    for (uint8_t i = 0; i < state->n_pending; i++)
        if (state->pending[i].row == row && is_live(pdu->dialog, &state->pending[i]))
            return true;
    return false;
}

void s7_expect(struct s7_pdu *pdu, bool held)
{
    struct s7_classic_pdu *c = pdu->classic;
    if (held || !c->request)
        return;
    if (!c->tolerant) {
        ps_rd_fail(pdu->rd, PS_REASON_S7_REPLY);
        return;
    }
    c->request = NULL;
    c->note.slot = S7_SLOT_NONE;
}

void s7_pair_reply(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint8_t kind = c->rosctr == S7_ROSCTR_USERDATA ? S7_ROSCTR_USERDATA : S7_ROSCTR_JOB;
    c->tolerant = pdu->dialog->midstream && !c->state->paired;
    c->note.act = S7_ACT_ANSWER;
    for (uint8_t i = 0; i < c->state->n_pending; i++) {
        const struct s7_pending *pending = &c->state->pending[i];
        if (pending->reference != c->reference || pending->kind != kind)
            continue;
        c->request = pending;
        c->note.slot = i;
        return;
    }
    ps_rd_require(pdu->rd, c->tolerant, PS_REASON_S7_UNSOLICITED);
}

const uint16_t *s7_pending_items(const struct s7_classic *state, const struct s7_pending *request)
{
    uint32_t first = 0;
    for (const struct s7_pending *p = state->pending; p < request; p++)
        first += n_items_of(p);
    return state->items + first;
}

/* ---- accept ---------------------------------------------------------------------------------------------------- */

static void forget(struct s7_classic *state, uint8_t slot)
{
    if (slot >= state->n_pending)
        return;
    struct s7_pending *gone = &state->pending[slot];
    if (gone->row == S7_ROW_READ_VAR) {
        uint16_t first = (uint16_t)(s7_pending_items(state, gone) - state->items);
        uint16_t behind = (uint16_t)(state->n_items - first - gone->n_items);
        memmove(state->items + first, state->items + first + gone->n_items, behind * sizeof state->items[0]);
        state->n_items = (uint16_t)(first + behind);
    }
    state->n_pending--;
    memmove(gone, gone + 1, (size_t)(state->n_pending - slot) * sizeof *gone);
}

/* Expired requests go, the oldest first, until there is room for one more with this many items. */
static void make_room(const struct ps_dialog *dialog, struct s7_classic *state, uint32_t items)
{
    for (uint8_t i = 0; i < state->n_pending;) {
        bool room = state->n_pending < S7_PENDING_MAX && state->n_items + items <= S7_ITEMS_MAX;
        if (room)
            return;
        if (is_live(dialog, &state->pending[i]))
            i++;
        else
            forget(state, i);
    }
}

static void remember(const struct ps_dialog *dialog, struct s7_classic *state, const struct ps_facts *facts,
                     const struct s7_classic_note *note)
{
    make_room(dialog, state, facts->function == S7_ROW_READ_VAR ? note->n_items : 0);
    if (state->n_pending >= S7_PENDING_MAX)
        return;
    struct s7_pending *pending = &state->pending[state->n_pending++];
    *pending = (struct s7_pending){.sent_ns = dialog->now_ns, .echo = note->echo, .row = (uint8_t)facts->function,
                                   .reference = (uint16_t)facts->transaction, .n_items = note->n_items,
                                   .kind = note->kind};
    if (pending->row == S7_ROW_READ_VAR && state->n_items + note->n_items <= S7_ITEMS_MAX)
        state->n_items = (uint16_t)(state->n_items + s7_expectations(facts, note, state->items + state->n_items));
}

/* What a request changes before it is answered. */
static void request_accepted(struct s7_classic *state, const struct ps_facts *facts, const struct s7_classic_note *note)
{
    if (facts->function == S7_ROW_SETUP)
        state->asked = (struct s7_agreement){(uint16_t)(note->echo >> 16), (uint16_t)note->echo, (uint16_t)note->value};
    if (facts->function == S7_ROW_REQUEST_DOWNLOAD) {
        state->download = (struct s7_download){.phase = S7_DOWNLOAD_ASKED, .len = note->value};
        memcpy(state->download.name, note->area, S7_NAME_LEN);
    }
}

static void add_upload(struct s7_classic *state, const struct s7_pending *request, uint32_t id)
{
    struct s7_upload *upload = NULL;
    for (uint32_t i = 0; i < S7_UPLOADS_MAX && !upload; i++)
        upload = state->uploads[i].block.space != 0 && state->uploads[i].id == id ? &state->uploads[i] : NULL;
    if (!upload)
        upload = &state->uploads[state->n_uploads++ % S7_UPLOADS_MAX];
    upload->id = id;
    upload->block = (struct s7_block){S7_SPACE_BLOCK + (request->echo >> 24), request->echo & 0xffffff};
}

static void end_upload(struct s7_classic *state, uint32_t id)
{
    for (uint32_t i = 0; i < S7_UPLOADS_MAX; i++)
        if (state->uploads[i].id == id)
            state->uploads[i].block.space = 0;
}

static void add_tis(struct s7_classic *state, const struct s7_pending *request, uint32_t number)
{
    uint8_t function = (uint8_t)s7_functions[request->row].code;
    for (uint32_t i = 0; i < S7_TIS_JOBS_MAX; i++)
        if (state->tis[i].function == function && state->tis[i].number == number)
            return;
    state->tis[state->n_tis++ % S7_TIS_JOBS_MAX] = (struct s7_tis_job){function, (uint8_t)number};
}

static void add_more(struct s7_classic *state, const struct s7_pending *request, const struct s7_classic_note *note)
{
    struct s7_more *more = &state->more[state->n_more++ % S7_MORE_MAX];
    *more = (struct s7_more){.row = request->row, .sequence = (uint8_t)note->value,
                             .echo = request->echo & ~S7_ECHO_CONTINUED};
}

static void apply(struct s7_classic *state, const struct s7_pending *request, const struct s7_classic_note *note)
{
    uint32_t value = note->value;
    switch ((enum s7_effect)note->effect) {
    case S7_EFFECT_NONE:
        break;
    case S7_EFFECT_SETUP:
        state->agreed = (struct s7_agreement){(uint16_t)(note->echo >> 16), (uint16_t)note->echo, (uint16_t)value};
        break;
    case S7_EFFECT_DOWNLOAD:
        if (state->download.phase == S7_DOWNLOAD_ASKED)
            state->download.phase = S7_DOWNLOAD_GRANTED;
        break;
    case S7_EFFECT_UPLOAD:
        if (request)
            add_upload(state, request, value);
        break;
    case S7_EFFECT_UPLOADED:
        end_upload(state, value);
        break;
    case S7_EFFECT_CYCLIC:
        state->cyclic[value / 8 % 32] |= (uint8_t)(1u << value % 8);
        break;
    case S7_EFFECT_CYCLIC_END:
        state->cyclic[value / 8 % 32] &= (uint8_t) ~(1u << value % 8);
        break;
    case S7_EFFECT_TIS:
        if (request)
            add_tis(state, request, value);
        break;
    case S7_EFFECT_MESSAGES:
        state->messages = (uint8_t)value;
        break;
    case S7_EFFECT_MORE:
        if (request)
            add_more(state, request, note);
        break;
    }
}

/* A refused request takes with it what it has begun. */
static void refused(struct s7_classic *state, const struct ps_facts *facts)
{
    if (facts->kind == PS_PDU_REFUSAL && facts->function == S7_ROW_REQUEST_DOWNLOAD)
        state->download.phase = S7_DOWNLOAD_NONE;
}

static void download_step(struct s7_download *download, const struct ps_facts *facts, const struct s7_classic_note *note)
{
    if (note->act == S7_ACT_ASK) {
        download->job = true;
        download->job_row = (uint8_t)facts->function;
        download->reference = (uint16_t)facts->transaction;
        return;
    }
    download->job = false;
    download->done += note->value;
    if (facts->kind == PS_PDU_REFUSAL)
        download->phase = S7_DOWNLOAD_GIVEN_UP;
    if (facts->function == S7_ROW_DOWNLOAD_ENDED)
        download->phase = S7_DOWNLOAD_NONE;
}

void s7_classic_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct s7_classic *state = &((struct s7_state *)dialog->state)->classic;
    struct s7_classic_note note;
    memcpy(&note, facts->pairing, sizeof note);
    switch ((enum s7_act)note.act) {
    case S7_ACT_NONE:
        return;
    case S7_ACT_REQUEST:
        forget(state, note.slot);
        remember(dialog, state, facts, &note);
        request_accepted(state, facts, &note);
        return;
    case S7_ACT_ANSWER:
        state->paired = state->paired || note.slot != S7_SLOT_NONE;
        apply(state, note.slot < state->n_pending ? &state->pending[note.slot] : NULL, &note);
        refused(state, facts);
        forget(state, note.slot);
        return;
    case S7_ACT_ASK:
    case S7_ACT_GIVE:
        download_step(&state->download, facts, &note);
        return;
    }
}

/* Requests and answers may have gone unseen. What was agreed on and subscribed to stays. */
void s7_classic_gap(const struct ps_dialog *dialog)
{
    struct s7_classic *state = &((struct s7_state *)dialog->state)->classic;
    state->n_pending = 0;
    state->n_items = 0;
    state->paired = false;
    state->download = (struct s7_download){.phase = S7_DOWNLOAD_NONE};
}
