/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_open.c - the handshake: three segments with exactly the numbers that it needs, and options that both halves of
 * the engine can follow.
 */
#include <string.h>

#include "handshake.h"
#include "inline_private.h"
#include "verdict.h"

/* ---- SYN and SYN-ACK ------------------------------------------------------------------------------------------- */

static uint32_t window_of(const struct ps_turn *t)
{
    return ps_be16(t->tcp + 14);
}

/* A copy of the packet, normalised, behind the frames to send; *h says what is left of its options. NULL: refused. */
static uint8_t *clean(const struct ps_turn *t, bool may_scale, struct ps_handshake *h)
{
    const struct ps_packet *packet = t->engine->current.packet;
    if (t->desc->payload_wire > 0) {
        ps_inline_refuse(t, PS_REASON_SYN_DATA);
        return NULL;
    }
    uint32_t len = ps_segment_frame_len(packet, t->desc);
    uint8_t *frame = ps_sends_room(&t->engine->in.sends, len);
    if (!frame) {
        t->engine->stats.sends_lost++;
        ps_inline_replace(t->engine);
        return NULL;
    }
    memcpy(frame, packet->data, len);
    uint32_t at = (uint32_t)(t->tcp - packet->data);
    bool v4 = ps_addr_is_v4(t->desc->key.addr[0]);
    struct ps_handshake_how how = {.mss_max = v4 ? PS_MSS_MAX_V4 : PS_MSS_MAX_V6, .may_scale = may_scale};
    enum ps_reason reason = ps_handshake_clean(frame + at, len - at, how, h);
    if (reason != PS_REASON_NONE) {
        ps_inline_refuse(t, reason);
        return NULL;
    }
    h->changed |= ps_segment_clear_ecn(frame + (t->desc->network - packet->data));
    return frame;
}

/* It passes as it came when nothing had to be changed. */
static void pass(const struct ps_turn *t, uint8_t *frame, const struct ps_handshake *h)
{
    const struct ps_packet *packet = t->engine->current.packet;
    ps_inline_take_template(t);
    uint64_t due = t->engine->now_ns + PS_OPENING_NS;
    t->relay->due = due < t->relay->opening_until ? due : t->relay->opening_until;
    if (!h->changed && ps_segment_is_trimmed(packet, t->desc))
        return;
    uint32_t len = ps_segment_frame_len(packet, t->desc), at = (uint32_t)(t->tcp - packet->data);
    ps_segment_sum(frame + (t->desc->network - packet->data), frame + at, len - at);
    ps_sends_put(&t->engine->in.sends, len, packet->port);
    t->engine->stats.sent_frames++;
    ps_inline_replace(t->engine);
}

/* Who receives in direction dir is the sender of h. */
static void take_options(struct ps_relay_dir *dir, const struct ps_handshake *h)
{
    dir->mss = h->mss;
    dir->scale = h->scale;
}

static bool are_options_same(const struct ps_relay_dir *dir, const struct ps_handshake *h)
{
    return dir->mss == h->mss && dir->scale == h->scale;
}

/* The first SYN that was seen of the connection. Refused: it never was. */
static void take_syn(struct ps_turn *t)
{
    struct ps_handshake h;
    uint8_t *frame = clean(t, true, &h);
    if (!frame) {
        ps_engine_remove(t->engine, t->relay->line);
        return;
    }
    ps_relay_dir_start(t->mine, t->desc->seq + 1);
    take_options(t->back, &h);
    t->relay->scales = h.scales;
    t->relay->isn = t->desc->seq;
    t->relay->opening_until = t->engine->now_ns + PS_OPENING_MAX_NS;
    ps_caps_phase(t->engine, t->relay, PS_RELAY_SYN);
    pass(t, frame, &h);
}

/* The same SYN, with the same options: those of another would be another connection to some servers. */
static void take_syn_again(struct ps_turn *t)
{
    struct ps_handshake h;
    bool same = t->dir == PS_TO_SERVER && t->desc->seq + 1 == t->mine->una;
    if (!same) {
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
        return;
    }
    uint8_t *frame = clean(t, true, &h);
    if (!frame)
        return;
    if (h.scales == t->relay->scales && are_options_same(t->back, &h))
        pass(t, frame, &h);
    else
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
}

static void take_syn_ack(struct ps_turn *t)
{
    struct ps_handshake h;
    bool sound = t->dir == PS_TO_CLIENT && t->desc->ack == t->back->una;
    uint8_t *frame = sound ? clean(t, t->relay->scales, &h) : NULL;
    if (!sound)
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
    if (!frame)
        return;
    uint16_t mss = t->mine->mss;
    uint8_t scale = h.scales ? t->mine->scale : 0; /* both ends scale, or neither does */
    ps_relay_dir_start(t->mine, t->desc->seq + 1);
    t->mine->mss = mss;
    t->mine->scale = scale;
    t->mine->told_seq = t->back->una;
    t->mine->told_ack = t->mine->una;
    take_options(t->back, &h);
    t->back->edge = t->back->una + window_of(t); /* not scaled in a SYN: RFC 7323 2.2 */
    t->back->window_max = window_of(t);
    t->back->told_seq = t->mine->una;
    t->back->told_ack = t->back->una;
    ps_caps_phase(t->engine, t->relay, PS_RELAY_SYN_ACK);
    pass(t, frame, &h);
}

/* Its answer was lost behind the engine. Only before the server has said anything: later the same numbers are others. */
static void take_syn_ack_again(struct ps_turn *t)
{
    struct ps_handshake h;
    bool silent = t->mine->n_acked == 0 && t->mine->una == t->mine->judged;
    bool same = t->dir == PS_TO_CLIENT && t->desc->seq + 1 == t->mine->una && silent;
    if (!same || ps_seq_diff(t->desc->ack, t->back->una) > 0) {
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
        return;
    }
    uint8_t *frame = clean(t, t->relay->scales, &h);
    if (!frame)
        return;
    uint64_t due = t->relay->due;
    if (are_options_same(t->back, &h))
        pass(t, frame, &h);
    else
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
    if (t->relay->phase != PS_RELAY_SYN_ACK)
        t->relay->due = due;
}

/* ---- where the handshake stands -------------------------------------------------------------------------------- */

void ps_inline_first(struct ps_turn *t)
{
    if ((t->desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK)) == PS_TCP_SYN)
        take_syn(t);
    else
        ps_reset_unknown(t, PS_REASON_MIDSTREAM);
}

/* A SYN in an open connection is not passed on. Whoever sends it has perhaps forgotten the connection: the answer makes
 * it reset the connection with the right numbers (RFC 5961 4). */
static void take_syn_late(struct ps_turn *t)
{
    bool repeated = t->dir == PS_TO_SERVER && ps_seq_diff(t->desc->seq + 1, t->mine->una) <= 0 &&
                    t->mine->n_acked >= t->mine->una - (t->desc->seq + 1);
    if (repeated)
        ps_inline_replace(t->engine);
    else
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
    ps_inline_answer(t->engine, t->relay, t->dir);
}

/* Anything but an answer to the SYN. A server that still has an earlier connection of these ends acknowledges that one
 * instead: the client would reset it with that number (RFC 9293 3.5.2), and could not connect otherwise. */
static void take_stranger(struct ps_turn *t, uint8_t flags)
{
    ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
    bool half_open = flags == PS_TCP_ACK && t->relay->phase == PS_RELAY_SYN && t->dir == PS_TO_CLIENT;
    if (half_open && t->desc->ack != t->back->una)
        ps_reset_answer(t);
}

void ps_inline_syn(struct ps_turn *t)
{
    uint8_t flags = t->desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK | PS_TCP_RST);
    bool open = ps_relay_is_live(t->relay);
    if (flags & PS_TCP_RST)
        ps_reset_take(t);
    else if (flags == PS_TCP_SYN && open)
        take_syn_late(t);
    else if (flags == PS_TCP_SYN)
        take_syn_again(t);
    else if (flags == (PS_TCP_SYN | PS_TCP_ACK) && t->relay->phase == PS_RELAY_SYN)
        take_syn_ack(t);
    else if (flags == (PS_TCP_SYN | PS_TCP_ACK))
        take_syn_ack_again(t);
    else
        take_stranger(t, flags);
}

bool ps_inline_third(struct ps_turn *t)
{
    uint8_t flags = t->desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK | PS_TCP_RST);
    if (flags != PS_TCP_ACK) {
        ps_inline_syn(t);
        return false;
    }
    bool exact = t->dir == PS_TO_SERVER && t->desc->seq == t->mine->una && t->desc->ack == t->back->una;
    if (!exact) {
        ps_inline_refuse(t, PS_REASON_BAD_HANDSHAKE);
        return false;
    }
    ps_caps_phase(t->engine, t->relay, PS_RELAY_OPEN);
    t->relay->opened = true;
    t->relay->due = PS_TIMER_NEVER;
    ps_engine_answered(t->engine, t->relay->line);
    return true;
}
