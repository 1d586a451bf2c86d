/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode.c - frames -> joined fragments, each of which app.c reads; facts of frames that are only about the link.
 */
#include "core.h"

#define SEGMENT_WHOLE 0xc0u /* transport: FIN, FIR */

/* The fragments of one PDU, without headers, CRCs and transport octets. */
struct joined {
    struct dn_walk walk;
    uint32_t n[DN_FRAGMENTS_MAX];
    uint8_t data[DN_FRAGMENTS_MAX][DN_FRAGMENT_MAX];
    uint32_t n_segments;
    struct segment {
        uint32_t offset; /* of its frame in the PDU */
        uint32_t first;  /* octet of the fragment */
        uint8_t fragment;
    } segments[DN_FRAMES_MAX];
};

/* Offset in the PDU of octet i of a fragment, or where that would be. */
static uint32_t offset_of(const struct joined *joined, uint8_t fragment, uint32_t i)
{
    uint32_t offset = 0;
    for (uint32_t s = 0; s < joined->n_segments; s++) {
        const struct segment *segment = &joined->segments[s];
        if (segment->fragment == fragment && segment->first <= i)
            offset = segment->offset + dn_frame_offset(1 + i - segment->first);
    }
    return offset;
}

static void fail_at(struct ps_rd *rd, enum ps_reason reason, uint32_t offset)
{
    struct ps_rd at = *rd;
    at.pos = offset;
    ps_rd_fail(&at, reason);
}

/* What must be judged wins. */
static void set_kind(struct ps_facts *facts, enum ps_pdu_kind kind)
{
    if (facts->kind == PS_PDU_NONE || facts->kind == PS_PDU_REPLY)
        facts->kind = (uint8_t)kind;
}

/* Answers have the row of what they answer; which of the two requests "not supported" is meant for cannot be seen. */
static uint8_t link_row(const struct dn_frame *frame)
{
    if (!frame->primary)
        return frame->function == DN_ACK || frame->function == DN_NACK ? DN_ROW_RESET_LINK : DN_ROW_LINK_STATUS;
    if (frame->function == DN_RESET_LINK)
        return DN_ROW_RESET_LINK;
    return frame->function == DN_REQUEST_LINK_STATUS ? DN_ROW_LINK_STATUS : DN_ROW_TEST_LINK;
}

static uint8_t asks_of(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    bool master_is_server = frame->from_master == (dialog->dir == PS_TO_CLIENT);
    uint8_t asks = master_is_server ? DN_ASK_OUTSTATION_OPENS : 0;
    if (frame->destination == DN_SELF_ADDRESS)
        asks |= DN_ASK_SELF_ADDRESS;
    if (frame->destination >= DN_BROADCAST_FIRST)
        asks |= DN_ASK_BROADCAST;
    return asks;
}

/* Either side may answer on the link once the two have spoken. What it was asked need not have been seen: a request for the
 * link's status may stand between the segments of a fragment that is not whole yet. */
static void take_link(struct dn_pdu *pdu, struct ps_rd *rd, const struct dn_frame *frame, uint8_t pair)
{
    const struct dn_assoc *assoc = &pdu->assoc[pair];
    struct ps_facts *facts = pdu->facts;
    struct dn_fragment link = {.dialog = pdu->dialog, .rd = rd, .facts = facts, .row = link_row(frame),
                               .asks = asks_of(pdu->dialog, frame), .from_master = frame->from_master,
                               .station = DN_STATION(dn_frame_master(frame), dn_frame_outstation(frame))};
    if (facts->kind == PS_PDU_NONE) {
        facts->function = link.row;
        facts->code = DN_CODE_LINK | frame->function;
        facts->station = link.station;
    }
    set_kind(facts, frame->primary ? PS_PDU_REQUEST : PS_PDU_REPLY);
    if (!frame->primary) {
        ps_rd_require(rd, assoc->used > 0 || dn_is_tolerant(pdu->dialog, assoc), PS_REASON_DNP3_UNSOLICITED);
        return;
    }
    struct ps_fact *fact = dn_fact(&link, PS_OP_SESSION);
    if (fact)
        fact->housekeeping = true;
}

/* The pair of the frame that was taken last: its association, on its first frame, and what changes in it. */
static void take_pair(struct dn_pdu *pdu, const struct dn_walk *walk)
{
    uint8_t i = walk->at_pair;
    struct dn_pair_note *note = &pdu->notes.pair[i];
    if (i == pdu->notes.n_pairs) {
        pdu->assoc[i] = dn_assoc_load(pdu->dialog, &walk->frame);
        if (pdu->deselected)
            pdu->assoc[i].select_phase = DN_SELECT_NOTHING;
        *note = (struct dn_pair_note){.master = dn_frame_master(&walk->frame),
                                      .outstation = dn_frame_outstation(&walk->frame),
                                      .master_dir = pdu->assoc[i].master_dir};
        pdu->notes.n_pairs++;
    }
    note->fcb = walk->pair[i].fcb;
}

/* What gives a PDU its name: the part of it that came last, but an answer only where all are answers. */
struct head {
    uint32_t code, station, status;
    uint16_t function;
    bool judged;
};

static struct head head_of(const struct ps_facts *facts)
{
    return (struct head){.code = facts->code, .station = facts->station, .status = facts->status,
                         .function = facts->function,
                         .judged = facts->kind != PS_PDU_NONE && facts->kind != PS_PDU_REPLY};
}

static void keep_head(struct ps_facts *facts, const struct head *before)
{
    if (!before->judged)
        return;
    facts->code = before->code;
    facts->station = before->station;
    facts->status = before->status;
    facts->function = before->function;
}

/* A whole fragment of the frame that was taken last, n octets. Where its octet i stands in the PDU, the caller knows. */
static enum ps_result judge(struct dn_pdu *pdu, const struct dn_walk *walk, struct dn_message *message,
                            struct ps_rd_fault *fault)
{
    const struct dn_frame *frame = &walk->frame;
    struct ps_rd fragment;
    message->assoc = &pdu->assoc[walk->at_pair];
    message->tolerant = dn_is_tolerant(pdu->dialog, message->assoc);
    message->fragment = (struct dn_fragment){
        .dialog = pdu->dialog, .facts = pdu->facts, .rd = &fragment, .asks = asks_of(pdu->dialog, frame),
        .from_master = frame->from_master, .station = DN_STATION(dn_frame_master(frame), dn_frame_outstation(frame))};
    struct head before = head_of(pdu->facts);
    *message->note = (struct dn_note){.slot = DN_NONE, .pair = walk->at_pair};
    ps_rd_init(&fragment, fault, message->data, message->len);
    enum ps_pdu_kind kind = dn_app_read(message);
    set_kind(pdu->facts, kind);
    if (ps_rd_finish(&fragment) != PS_OK)
        return PS_BAD;
    if (kind == PS_PDU_REPLY)
        keep_head(pdu->facts, &before);
    return PS_OK;
}

/* A fragment is whole. */
static void take_fragment(struct dn_pdu *pdu, struct ps_rd *rd, const struct joined *joined)
{
    const struct dn_walk *walk = &joined->walk;
    uint8_t index = walk->pair[walk->at_pair].fragment;
    struct ps_rd_fault fault;
    struct dn_message message = {.note = &pdu->notes.note[pdu->notes.n_notes],
                                 .data = joined->data[index],
                                 .len = joined->n[index]};
    if (judge(pdu, walk, &message, &fault) != PS_OK) {
        fail_at(rd, fault.reason, offset_of(joined, index, fault.offset));
        return;
    }
    pdu->notes.n_notes++;
    dn_assoc_apply(&pdu->assoc[walk->at_pair], message.note, pdu->dialog->now_ns);
    if (message.note->act != DN_ACT_BROADCAST)
        return;
    pdu->deselected = true;
    for (uint32_t i = 0; i < pdu->notes.n_pairs; i++)
        pdu->assoc[i].select_phase = DN_SELECT_NOTHING;
}

/* A frame under the FCB of the one before, with a whole fragment. Its receiver ignores it, if it looks at FCB at all, and
 * that it repeats the other one says a hash that is no proof: so rules judge it again. It changes nothing. */
static void take_repeated(struct dn_pdu *pdu, struct ps_rd *rd, const struct dn_walk *walk, const uint8_t *frame)
{
    uint8_t user[DN_USER_MAX];
    struct ps_rd_fault fault;
    struct dn_note note;
    struct dn_message message = {.note = &note, .data = user + 1, .len = walk->frame.n_user - 1, .repeated = true};
    dn_frame_join(frame, &walk->frame, user);
    if ((user[0] & SEGMENT_WHOLE) != SEGMENT_WHOLE)
        set_kind(pdu->facts, PS_PDU_REPLY);
    else if (judge(pdu, walk, &message, &fault) != PS_OK)
        fail_at(rd, fault.reason, rd->pos + dn_frame_offset(1 + fault.offset));
}

/* A frame that was taken, with a segment. */
static void join(struct joined *joined, const uint8_t *frame, uint32_t offset)
{
    const struct dn_walk *walk = &joined->walk;
    uint8_t user[DN_USER_MAX], index = walk->pair[walk->at_pair].fragment;
    uint32_t n = walk->frame.n_user - 1;
    dn_frame_join(frame, &walk->frame, user);
    joined->segments[joined->n_segments++] =
        (struct segment){.offset = offset, .first = joined->n[index], .fragment = index};
    memcpy(joined->data[index] + joined->n[index], user + 1, n);
    joined->n[index] += n;
}

static void take_frame(struct dn_pdu *pdu, struct ps_rd *rd, struct joined *joined)
{
    const uint8_t *data = rd->data + rd->pos;
    struct dn_walk *walk = &joined->walk;
    uint32_t at = 0, offset = rd->pos;
    enum ps_reason reason = PS_REASON_NONE;
    enum ps_result result = dn_walk_take(walk, data, ps_rd_left(rd), &reason, &at);
    if (result != PS_OK) {
        fail_at(rd, result == PS_MORE ? PS_REASON_TRUNCATED : reason, offset + (result == PS_MORE ? 0 : at));
        return;
    }
    uint32_t wrong = dn_frame_body_bad(data, &walk->frame, 1, DN_USER_MAX);
    if (wrong > 0) {
        fail_at(rd, PS_REASON_DNP3_CRC, offset + wrong);
        return;
    }
    take_pair(pdu, walk);
    if (!dn_frame_is_data(&walk->frame))
        take_link(pdu, rd, &walk->frame, walk->at_pair);
    else if (walk->duplicate)
        take_repeated(pdu, rd, walk, data);
    else
        join(joined, data, offset);
    if (walk->ends)
        take_fragment(pdu, rd, joined);
    ps_rd_bytes(rd, walk->frame.len);
}

enum ps_result dn_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts)
{
    struct dn_pdu pdu;
    struct joined joined;
    pdu.dialog = dialog;
    pdu.facts = facts;
    pdu.notes.n_pairs = pdu.notes.n_notes = 0;
    pdu.deselected = false;
    dn_walk_init(&joined.walk, dialog);
    memset(joined.n, 0, sizeof joined.n);
    joined.n_segments = 0;
    do {
        take_frame(&pdu, rd, &joined);
    } while (joined.walk.n_open > 0 && ps_rd_left(rd) > 0);
    ps_rd_require(rd, joined.walk.n_open == 0, PS_REASON_TRUNCATED);
    dn_notes_store(&pdu.notes, facts);
    return ps_rd_finish(rd);
}
