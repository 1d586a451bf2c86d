/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * walk.c - link frame after link frame of one direction: the transport function (IEEE 1815, clause 8).
 *
 * First octet of user data: FIN, FIR, sequence number 6 bits. Stacks disagree about what to do with a segment out of order
 * (drop it, drop the fragment, begin anew), so there is none that passes. Pairs of addresses may interleave.
 */
#include "core.h"

#define TRANSPORT_FIN 0x80u
#define TRANSPORT_FIR 0x40u
#define TRANSPORT_SEQUENCE 0x3fu
#define CTRL_FCB 0x20u

void dn_walk_init(struct dn_walk *walk, const struct ps_dialog *dialog)
{
    memset(walk, 0, sizeof *walk);
    walk->dialog = dialog;
}

/* The pair of the frame; NULL: there are too many. */
static struct dn_pair *find_pair(struct dn_walk *walk)
{
    const struct dn_frame *frame = &walk->frame;
    uint32_t i = 0;
    for (; i < walk->n_pairs; i++) {
        const struct dn_pair *pair = &walk->pair[i];
        if (pair->source == frame->source && pair->destination == frame->destination)
            break;
    }
    if (i == DN_FRAGMENTS_MAX)
        return NULL;
    walk->at_pair = (uint8_t)i;
    if (i < walk->n_pairs)
        return &walk->pair[i];
    walk->n_pairs++;
    walk->pair[i] = (struct dn_pair){.source = frame->source,
                                     .destination = frame->destination,
                                     .from_master = frame->from_master,
                                     .fcb = dn_assoc_load(walk->dialog, frame).fcb[walk->dialog->dir & 1]};
    return &walk->pair[i];
}

/* DN-L05. A frame with the FCB of the one before it repeats that, to the octet; its receiver acknowledges and ignores it. */
static enum ps_reason follow_fcb(struct dn_walk *walk, struct dn_pair *pair, const uint8_t *data)
{
    const struct dn_frame *frame = &walk->frame;
    uint8_t bit = (frame->control & CTRL_FCB) != 0;
    if (frame->function == DN_RESET_LINK) {
        pair->fcb = (struct dn_fcb){.known = 1, .bit = 0}; /* the next one has 1 */
        return PS_REASON_NONE;
    }
    if (frame->function != DN_CONFIRMED_DATA && frame->function != DN_TEST_LINK)
        return PS_REASON_NONE;
    uint32_t digest = (uint32_t)dn_hash(data + DN_LINK_HEAD_LEN, frame->len - DN_LINK_HEAD_LEN);
    walk->duplicate = pair->fcb.known && pair->fcb.bit == bit;
    if (walk->duplicate)
        return pair->fcb.digest == digest ? PS_REASON_NONE : PS_REASON_DNP3_LINK;
    pair->fcb = (struct dn_fcb){.digest = digest, .known = 1, .bit = bit};
    return PS_REASON_NONE;
}

/* DN-T01, DN-T02. */
static enum ps_reason take_segment(struct dn_walk *walk, struct dn_pair *pair, const uint8_t *data)
{
    uint8_t transport = data[DN_LINK_HEAD_LEN], sequence = transport & TRANSPORT_SEQUENCE;
    bool first = (transport & TRANSPORT_FIR) != 0;
    walk->behind = first && pair->open;
    if (first == pair->open)
        return PS_REASON_DNP3_TRANSPORT;
    if (!first && sequence != ((pair->segment + 1) & TRANSPORT_SEQUENCE))
        return PS_REASON_DNP3_TRANSPORT;
    if (first && walk->n_fragments == DN_FRAGMENTS_MAX)
        return PS_REASON_DNP3_FRAGMENT;
    if (first) {
        pair->fragment = (uint8_t)walk->n_fragments++;
        pair->open = true;
        walk->n_open++;
    }
    pair->segment = sequence;
    uint32_t *len = &walk->fragment_len[pair->fragment];
    if (*len + walk->frame.n_user - 1 > DN_FRAGMENT_MAX)
        return PS_REASON_DNP3_FRAGMENT;
    *len += walk->frame.n_user - 1;
    walk->ends = (transport & TRANSPORT_FIN) != 0;
    pair->open = !walk->ends;
    walk->n_open -= walk->ends;
    return PS_REASON_NONE;
}

/* A frame whose header is sound and which is all there. */
static enum ps_reason take_whole(struct dn_walk *walk, const uint8_t *data, uint32_t *at)
{
    struct dn_pair *pair = find_pair(walk);
    *at = 4;
    if (!pair)
        return PS_REASON_DNP3_FRAGMENT;
    if (pair->from_master != walk->frame.from_master) {
        *at = 3;
        return PS_REASON_DNP3_DIRECTION;
    }
    uint32_t wrong = dn_frame_body_bad(data, &walk->frame, 0, 0);
    if (wrong > 0) {
        *at = wrong;
        return PS_REASON_DNP3_CRC;
    }
    *at = 3;
    enum ps_reason reason = walk->frame.primary ? follow_fcb(walk, pair, data) : PS_REASON_NONE;
    if (reason != PS_REASON_NONE || !dn_frame_is_data(&walk->frame) || walk->duplicate)
        return reason;
    *at = DN_LINK_HEAD_LEN;
    return take_segment(walk, pair, data);
}

enum ps_result dn_walk_take(struct dn_walk *walk, const uint8_t *data, uint32_t n, enum ps_reason *reason, uint32_t *at)
{
    walk->duplicate = walk->ends = walk->behind = false;
    enum ps_result result = dn_frame_read(data, n, &walk->frame, reason, at);
    if (result != PS_OK)
        return result;
    *reason = dn_frame_check(walk->dialog, &walk->frame, at);
    if (*reason == PS_REASON_NONE && dn_assoc_contradicts(walk->dialog, &walk->frame)) {
        *reason = PS_REASON_DNP3_DIRECTION;
        *at = 3;
    }
    if (*reason != PS_REASON_NONE)
        return PS_BAD;
    if (n < walk->frame.len)
        return PS_MORE;
    *reason = take_whole(walk, data, at);
    if (*reason != PS_REASON_NONE)
        return PS_BAD;
    walk->n_frames++;
    if (walk->n_open == 0 || walk->n_frames < DN_FRAMES_MAX)
        return PS_OK;
    *reason = PS_REASON_DNP3_FRAGMENT;
    *at = DN_LINK_HEAD_LEN;
    return PS_BAD;
}
