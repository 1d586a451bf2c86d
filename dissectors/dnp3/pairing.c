/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pairing.c - whether a fragment may come now, by what the two ends of an association have said before.
 *
 * Of an association two requests may be open, told apart by SEQ. A third takes the place of one that has waited for 2 s:
 * masters give up sooner than their outstations answer.
 */
#include "core.h"

/* 0 when the clock went back. */
static uint64_t age_ns(const struct dn_message *message, uint64_t since_ns)
{
    uint64_t now_ns = message->fragment.dialog->now_ns;
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

static bool is_live(const struct dn_message *message, const struct dn_pending *pending)
{
    uint64_t timeout = message->fragment.dialog->timeout_ns;
    return age_ns(message, pending->sent_ns) <= (timeout ? timeout : DN_TIMEOUT_NS);
}

static uint8_t sequence_of(const struct dn_message *message)
{
    return message->control & DN_SEQUENCE;
}

static enum dn_act act_of(const struct dn_message *message)
{
    switch (message->fragment.row) {
    case DN_ROW_CONFIRM:
        return DN_ACT_CONFIRM;
    case DN_ROW_AUTH_REQUEST:
    case DN_ROW_AUTH_REQUEST_NO_ACK:
        return DN_ACT_AUTH;
    case DN_ROW_RESPONSE:
        return DN_ACT_ANSWER;
    case DN_ROW_UNSOLICITED:
        return DN_ACT_UNSOLICITED;
    case DN_ROW_AUTH_RESPONSE:
        return DN_ACT_CHALLENGE;
    case DN_ROW_DIRECT_OPERATE_NO_ACK:
    case DN_ROW_FREEZE_NO_ACK:
    case DN_ROW_FREEZE_CLEAR_NO_ACK:
    case DN_ROW_FREEZE_AT_NO_ACK:
        return message->fragment.asks & DN_ASK_BROADCAST ? DN_ACT_BROADCAST : DN_ACT_NO_ANSWER;
    default:
        return message->fragment.asks & DN_ASK_BROADCAST ? DN_ACT_BROADCAST : DN_ACT_REQUEST;
    }
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static uint32_t pending_max(const struct ps_dialog *dialog)
{
    uint32_t most = dn_relaxed(dialog, DN_RELAX_PIPELINED) ? DN_PENDING_MAX : DN_PENDING_DEFAULT;
    return dialog->max_outstanding > 0 && dialog->max_outstanding < most ? dialog->max_outstanding : most;
}

/* The last request had these octets behind its control octet, and this number. */
static bool repeats_last(const struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    return (assoc->flags & DN_REQUESTED) && assoc->last_sequence == sequence_of(message) &&
           assoc->last_digest == message->note->digest;
}

/* DN-S01. A number is new, or its request is repeated to the octet: stacks differ in whether they take anything else with
 * the number of the last request for a repetition. */
static void check_sequence(struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    bool same_number = (assoc->flags & DN_REQUESTED) && assoc->last_sequence == sequence_of(message);
    bool other = same_number && assoc->last_digest != message->note->digest;
    for (uint8_t i = 0; i < assoc->n_pending; i++) {
        const struct dn_pending *pending = &assoc->pending[i];
        bool in_use = is_live(message, pending) && age_ns(message, pending->sent_ns) < DN_SUPERSEDE_NS;
        other = other || (in_use && pending->sequence == sequence_of(message) && pending->digest != message->note->digest);
    }
    ps_rd_require(message->fragment.rd, !other || dn_relaxed(message->fragment.dialog, DN_RELAX_SAME_SEQUENCE),
                  PS_REASON_DNP3_SEQUENCE);
}

/* Which open request makes way for this one: the same one or one with the same number, one that has expired, the oldest. */
static void find_slot(struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    uint8_t expired = DN_NONE, oldest = DN_NONE;
    for (uint8_t i = 0; i < assoc->n_pending; i++) {
        const struct dn_pending *pending = &assoc->pending[i];
        if (pending->sequence == sequence_of(message)) {
            message->note->slot = i;
            message->note->flags |= pending->digest == message->note->digest ? DN_NOTE_REPEAT : 0;
            return;
        }
        if (!is_live(message, pending))
            expired = i;
        if (oldest == DN_NONE || pending->sent_ns < assoc->pending[oldest].sent_ns)
            oldest = i;
    }
    message->note->slot = expired;
    if (expired != DN_NONE || assoc->n_pending < pending_max(message->fragment.dialog))
        return;
    message->note->slot = oldest;
    ps_rd_require(message->fragment.rd, age_ns(message, assoc->pending[oldest].sent_ns) >= DN_SUPERSEDE_NS,
                  PS_REASON_DNP3_OUTSTANDING);
}

/* DN-S04. A repetition is what the first one was. */
static bool is_selected(const struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    if (message->fragment.row != DN_ROW_OPERATE)
        return false;
    if (repeats_last(message))
        return (assoc->flags & DN_SELECTED) && age_ns(message, assoc->last_ns) <= DN_SELECT_NS;
    return assoc->select_phase == DN_SELECT_DONE && assoc->select_echo == message->fragment.echo &&
           ((assoc->select_sequence + 1) & DN_SEQUENCE) == sequence_of(message) &&
           age_ns(message, assoc->select_ns) <= DN_SELECT_NS;
}

/* DN-S07. Blocks go where their file was opened for. */
static void check_handle(struct dn_message *message)
{
    const struct dn_fragment *fragment = &message->fragment;
    if (fragment->file.act != DN_FILE_BLOCK)
        return;
    bool known = false;
    for (uint32_t i = 0; i < DN_HANDLES_MAX; i++) {
        const struct dn_handle *file = &message->assoc->files[i];
        bool reads = fragment->row == DN_ROW_READ;
        known = known || (file->mode != 0 && file->handle == fragment->file.handle && reads == (file->mode == 1));
    }
    ps_rd_require(fragment->rd, known || fragment->dialog->midstream, PS_REASON_DNP3_FILE);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* DN-S02. The first fragment has the number of the request, each further one the next. */
static void find_request(struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    bool first = (message->control & DN_FIR) != 0;
    for (uint8_t i = 0; i < assoc->n_pending; i++) {
        const struct dn_pending *pending = &assoc->pending[i];
        uint8_t wanted = first ? pending->sequence : pending->next;
        if ((!first && !pending->begun) || wanted != sequence_of(message) || !is_live(message, pending))
            continue;
        message->fragment.request = pending;
        message->note->slot = i;
        return;
    }
    ps_rd_require(message->fragment.rd, message->tolerant, first ? PS_REASON_DNP3_UNSOLICITED : PS_REASON_DNP3_REPLY);
}

static bool is_control(uint8_t row)
{
    return dn_contents[row] == DN_CONTENT_CONTROL;
}

/* DN-S05. Controls come back as they were but for their status, or not at all when the outstation refuses the request. */
static void check_echo(struct dn_message *message)
{
    const struct dn_fragment *fragment = &message->fragment;
    const struct dn_pending *request = fragment->request;
    if (!request)
        return;
    bool fits = fragment->echo == (is_control(request->row) ? request->echo : 0) || fragment->n_headers == 0;
    if (!fits && message->tolerant) {
        message->note->slot = DN_NONE;
        return;
    }
    ps_rd_require(fragment->rd, fits, PS_REASON_DNP3_REPLY);
    bool whole = (message->control & DN_FIR) && (message->control & DN_FIN);
    bool refused = fragment->refused_point || (message->iin & 0x0700) || fragment->echo == 0;
    message->note->flags |= whole && !refused ? DN_NOTE_OK : 0;
}

/* A challenge of what is asked, or the answer to an authentication request. */
static bool may_challenge(const struct dn_message *message)
{
    const struct dn_assoc *assoc = message->assoc;
    if (message->tolerant || assoc->auth_sequence == sequence_of(message) + 1)
        return true;
    for (uint8_t i = 0; i < assoc->n_pending; i++)
        if (assoc->pending[i].sequence == sequence_of(message) && is_live(message, &assoc->pending[i]))
            return true;
    return false;
}

/* ---- one fragment ---------------------------------------------------------------------------------------------- */

void dn_pair_before(struct dn_message *message)
{
    struct ps_rd *rd = message->fragment.rd;
    struct dn_note *note = message->note;
    const struct dn_assoc *assoc = message->assoc;
    unsigned bit = 1u << sequence_of(message);
    note->act = (uint8_t)act_of(message);
    note->row = message->fragment.row;
    note->control = message->control;
    if (note->act == DN_ACT_REQUEST || note->act == DN_ACT_NO_ANSWER)
        note->digest = dn_hash(message->data + 1, message->len - 1);
    if (message->repeated)
        return;
    switch ((enum dn_act)note->act) {
    case DN_ACT_NOTHING:
    case DN_ACT_BROADCAST:
    case DN_ACT_AUTH:
    case DN_ACT_UNSOLICITED:
        return;
    case DN_ACT_REQUEST:
        check_sequence(message);
        find_slot(message);
        return;
    case DN_ACT_NO_ANSWER:
        check_sequence(message);
        return;
    case DN_ACT_CONFIRM:
        bit &= message->control & DN_UNS ? assoc->unsolicited.wanted
                                         : (unsigned)assoc->confirms.wanted | assoc->confirms.earlier;
        ps_rd_require(rd, bit || message->tolerant, PS_REASON_DNP3_CONFIRM);
        return;
    case DN_ACT_ANSWER:
        find_request(message);
        return;
    case DN_ACT_CHALLENGE:
        ps_rd_require(rd, may_challenge(message), PS_REASON_DNP3_UNSOLICITED);
        return;
    }
}

void dn_pair_after(struct dn_message *message)
{
    struct dn_note *note = message->note;
    const struct dn_fragment *fragment = &message->fragment;
    note->echo = fragment->echo;
    note->file_act = fragment->file.act;
    note->file_mode = fragment->file.mode;
    note->handle = fragment->file.handle;
    if (note->act == DN_ACT_ANSWER)
        check_echo(message);
    if (is_selected(message))
        note->flags |= DN_NOTE_SELECTED;
    check_handle(message);
}
