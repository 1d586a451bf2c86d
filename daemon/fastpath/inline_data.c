/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline_private.h"
#include "store.h"
#include "verdict.h"

#define FAR_BACK 65536 /* what is older than this is no segment of the connection, whatever its window */

/* ---- passing on ------------------------------------------------------------------------------------------------ */

bool ps_inline_is_plain(const struct ps_packet *packet, const struct ps_desc *desc)
{
    const uint8_t *tcp = ps_segment_tcp(desc);
    uint8_t ecn = desc->network[0] >> 4 == 4 ? 0x03 : 0x30; /* of the second octet: RFC 3168 5 */
    uint32_t odd = (tcp[13] & 0xc0u) | (desc->network[1] & ecn) | tcp[18] | tcp[19];
    return tcp[12] == PS_TCP_LEN / 4 << 4 && odd == 0 && ps_segment_is_trimmed(packet, desc);
}

/* May the packet leave as it came, its payload taken for granted? */
static bool is_as_sent(const struct ps_turn *t)
{
    return t->desc->ack == t->back->given && (t->mine->delta | t->back->delta) == 0 &&
           ps_inline_is_plain(t->engine->current.packet, t->desc);
}

/* What the packet acknowledges reaches its receiver, though its payload does not. */
static void tell(struct ps_turn *t)
{
    ps_inline_replace(t->engine);
    if (t->told && !t->sent)
        ps_inline_send_empty(t->engine, t->relay, t->dir, t->mine->fwd, PS_TCP_ACK);
}

static void flush(struct ps_turn *t)
{
    uint32_t fwd = t->mine->fwd;
    ps_inline_flush(t->engine, t->relay, t->dir);
    t->sent |= t->mine->fwd != fwd;
}

/* What leaves is made from the copy. old: the segment also repeats octets that may have been lost. */
static void leave(struct ps_turn *t, bool old)
{
    if (old && t->mine->una != t->mine->fwd) {
        ps_inline_resend(t->engine, t->relay, t->dir);
        t->sent = true;
    }
    flush(t);
}

/* The connection cannot go on. */
static void violate(const struct ps_turn *t, enum ps_reason reason)
{
    ps_inline_refuse(t, reason);
    ps_reset(t->engine, t->relay);
}

/* The engine could not keep what it would pass: the sender repeats it. */
static void push_back(struct ps_turn *t)
{
    t->engine->stats.backpressure++;
    ps_inline_refuse(t, PS_REASON_COPIES_FULL);
}

/* ---- verdicts -------------------------------------------------------------------------------------------------- */

/* data starts at `allowed`, and `result` was found. What was answered in the receiver's stead is skipped. */
static enum ps_result weigh(struct ps_turn *t, const uint8_t *data, uint32_t len, struct ps_inspected *seen,
                            enum ps_result result)
{
    struct ps_engine *engine = t->engine;
    struct ps_relay_dir *mine = t->mine;
    for (;;) {
        mine->allowed += seen->allowed;
        if (result != PS_MORE)
            ps_inline_unhold(mine);
        else if (!ps_inline_hold(t, seen))
            return PS_BAD;
        if (result != PS_BAD || !ps_inline_answer_for(t, data + seen->allowed, seen))
            return result;
        data += seen->allowed + seen->extent;
        len -= seen->allowed + seen->extent;
        (void)ps_relay_append(&engine->in.chunks, mine, data, len);
        mine->judged += len;
        result = ps_inspect_inline(engine, data, len, seen);
    }
}

/* Octets behind what was judged so far, for which there is room. */
static enum ps_result judge_octets(struct ps_turn *t, const uint8_t *data, uint32_t len)
{
    struct ps_engine *engine = t->engine;
    struct ps_relay_dir *mine = t->mine;
    struct ps_inspected seen;
    uint32_t held = mine->judged - mine->allowed;
    (void)ps_relay_append(&engine->in.chunks, mine, data, len);
    mine->judged += len;
    len += held;
    if (held > 0) {
        ps_relay_read(&engine->in.chunks, mine, mine->allowed, engine->in.scratch, len);
        data = engine->in.scratch;
    }
    enum ps_result result = ps_inspect_inline(engine, data, len, &seen);
    return weigh(t, data, len, &seen, result);
}

/* A PDU at `allowed` was refused: it is forgotten, what was allowed before it leaves, and nothing behind it. Octets that
 * were acknowledged cannot be taken back: without them the connection is out of step, so that it ends. */
static void deny(struct ps_turn *t, bool old)
{
    struct ps_relay_dir *mine = t->mine;
    bool stranger = ps_relay_is_restored(t->relay) && t->dir == PS_TO_CLIENT; /* that answers something else */
    bool drop = t->crowded || (t->cold->path.on_deny == PS_ON_DENY_DROP && !stranger);
    drop = drop && ps_seq_diff(mine->given, mine->allowed) <= 0;
    ps_relay_cut(&t->engine->in.chunks, mine, mine->allowed);
    mine->judged = mine->allowed;
    ps_inline_unhold(mine);
    ps_chunk_give_all(&t->engine->in.chunks, &mine->store);
    mine->n_stored = 0;
    if (ps_seq_diff(mine->given, mine->judged) > 0)
        mine->given = mine->judged;
    leave(t, old);
    if (drop)
        tell(t);
    else
        ps_reset(t->engine, t->relay);
}

/* ---- what is new ----------------------------------------------------------------------------------------------- */

static bool has_room(const struct ps_turn *t, uint32_t len)
{
    uint32_t longest = t->engine->dissectors[t->cold->protocol]->max_pdu_len;
    return t->mine->judged + len - t->mine->una <= t->engine->config.unacked_octets + longest - 1 &&
           ps_relay_fits(&t->engine->in.chunks, t->mine, len);
}

/* What came too early must not hold the room that what is missing needs: it is forgotten, and its sender repeats it. */
static bool make_room(struct ps_turn *t, uint32_t len)
{
    struct ps_relay_dir *mine = t->mine;
    if (has_room(t, len))
        return true;
    ps_chunk_give_all(&t->engine->in.chunks, &mine->store);
    mine->n_stored = 0;
    return has_room(t, len);
}

/* Segments that came too early and whose turn it is now. result: of the octets before them. */
static enum ps_result drain(struct ps_turn *t, enum ps_result result)
{
    const uint8_t *data;
    uint32_t n;
    t->drains = true;
    while (result != PS_BAD && (n = ps_store_next(&t->engine->in.chunks, t->mine, &data)) > 0) {
        if (!has_room(t, n))
            break;
        result = judge_octets(t, data, n);
    }
    return result;
}

/* All before it was taken. Data that waits for the window waits with it: the sender repeats the FIN. */
static void take_fin(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    if (mine->fin || t->end != mine->judged || mine->fwd != mine->allowed)
        return;
    mine->fin = true;
    mine->judged++;
    mine->allowed++;
    mine->fwd++;
    ps_chunk_give_all(&t->engine->in.chunks, &mine->store); /* behind the end there is nothing */
    mine->n_stored = 0;
}

/* The whole segment leaves as it came. */
static void pass_whole(struct ps_turn *t)
{
    t->mine->fwd = t->mine->judged;
    if (t->fin)
        take_fin(t);
    t->sent = true;
    ps_inline_watch(t->engine, t->mine);
}

static void pass_parts(struct ps_turn *t, bool old)
{
    struct ps_relay_dir *mine = t->mine;
    leave(t, old);
    if (t->fin && !mine->fin) {
        take_fin(t);
        if (mine->fin)
            ps_inline_send_empty(t->engine, t->relay, t->dir, mine->judged - 1, PS_TCP_ACK | PS_TCP_FIN);
        t->sent |= mine->fin;
    }
    if (t->answered)
        ps_inline_answer_send(t);
    tell(t);
    ps_inline_settle_hold(t);
}

/* What becomes of a segment whose new octets were judged. */
static void conclude(struct ps_turn *t, enum ps_result result, bool may_pass, bool old)
{
    struct ps_relay_dir *mine = t->mine;
    if (result != PS_BAD)
        result = drain(t, result);
    if (result == PS_BAD) {
        deny(t, old);
    } else if (t->fin && mine->allowed != mine->judged && t->end == mine->judged) {
        flush(t);
        violate(t, PS_REASON_FIN_IN_PDU);
    } else if (may_pass && result == PS_OK && !t->answered) {
        pass_whole(t);
    } else {
        pass_parts(t, old);
    }
}

void ps_inline_weigh(struct ps_turn *t, struct ps_inspected *seen, enum ps_result result)
{
    conclude(t, weigh(t, t->desc->payload, t->desc->payload_len, seen, result), true, false);
}

/* data is all of the segment that lies at or behind `judged`, where it starts. */
static void take_news(struct ps_turn *t, const uint8_t *data, uint32_t len)
{
    struct ps_engine *engine = t->engine;
    struct ps_relay_dir *mine = t->mine;
    bool old = t->desc->seq != mine->judged;
    bool may_pass = !old && mine->fwd == mine->judged && mine->store == PS_NONE &&
                    ps_seq_diff(t->end, mine->edge) <= 0 && is_as_sent(t);
    if (!ps_store_equals(&engine->in.chunks, mine, mine->judged, data, len)) {
        violate(t, PS_REASON_OVERLAP_DIFFERS);
        return;
    }
    if (!make_room(t, len)) {
        push_back(t);
        return;
    }
    conclude(t, len > 0 ? judge_octets(t, data, len) : PS_OK, may_pass, old);
}

/* ---- what is not ----------------------------------------------------------------------------------------------- */

/* Octets (and the FIN) that were judged come again, the same. What repeats less than everything in flight is answered
 * with everything, or, where it is not the oldest, with nothing: a part of a PDU alone must not reach anybody. */
static void take_again(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    uint32_t end = t->end + t->fin;
    t->engine->stats.retransmissions += t->desc->payload_len > 1;
    ps_inline_wait_on(t);
    bool owned = mine->given != mine->una && ps_seq_diff(end, mine->given) <= 0;
    bool all = t->desc->seq == mine->una && end == mine->fwd && ps_seq_diff(t->end, mine->edge) <= 0;
    if (owned) {
        tell(t);
        ps_inline_answer(t->engine, t->relay, t->dir);
    } else if (all && is_as_sent(t)) {
        t->sent = true;
    } else {
        bool oldest = ps_seq_diff(t->desc->seq, mine->una) <= 0 && mine->una != mine->fwd;
        if (oldest)
            ps_inline_resend(t->engine, t->relay, t->dir);
        t->sent |= oldest;
        tell(t);
        ps_inline_settle_hold(t);
    }
}

static void take_early(struct ps_turn *t)
{
    struct ps_engine *engine = t->engine;
    struct ps_relay_dir *mine = t->mine;
    uint32_t longest = engine->dissectors[t->cold->protocol]->max_pdu_len;
    bool first = mine->store == PS_NONE && t->back->store == PS_NONE;
    if (t->end - mine->una > engine->config.unacked_octets + longest - 1) {
        push_back(t);
        return;
    }
    if (!ps_caps_may_keep(engine, t->relay, t->dir, t->desc->payload_len)) {
        ps_inline_refuse(t, PS_REASON_REORDER_FULL);
        return;
    }
    switch (ps_store_add(&engine->in.chunks, mine, t->desc->seq, t->desc->payload, t->desc->payload_len)) {
    case PS_STORE_DIFFERS:
        violate(t, PS_REASON_OVERLAP_DIFFERS);
        return;
    case PS_STORE_FULL:
        ps_inline_refuse(t, PS_REASON_REORDER_FULL);
        return;
    case PS_STORE_KEPT:
        break;
    }
    engine->stats.out_of_order++;
    if (first)
        t->relay->gap_due = engine->now_ns + PS_GAP_NS;
    ps_inline_wait_on(t);
    tell(t);
    ps_inline_answer(engine, t->relay, t->dir); /* a second acknowledgement of the same: something is missing */
}

/* The receiver's window is full: an octet of the next ones asks whether it is still. Its answer comes from the receiver,
 * who is asked by a segment without anything new. */
static void take_probe(struct ps_turn *t)
{
    ps_inline_replace(t->engine);
    ps_inline_send_empty(t->engine, t->relay, t->dir, t->mine->una - 1, PS_TCP_ACK);
}

/* A segment with data or FIN, of which something lies at or behind una. */
static void take_data(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    uint32_t seq = ps_seq_max(t->desc->seq, ps_seq_max(mine->una, mine->past));
    const uint8_t *data = t->desc->payload + (seq - t->desc->seq);
    uint32_t end = ps_relay_data_end(mine);
    bool fin_moves = t->fin && (mine->fin ? t->end != end : ps_seq_diff(t->end, end) < 0);
    if (fin_moves || (mine->fin && ps_seq_diff(t->end, end) > 0)) {
        ps_inline_refuse(t, PS_REASON_CLOSED);
        return;
    }
    if (ps_seq_diff(t->end, ps_relay_limit(mine)) > 0) {
        if (t->desc->seq == ps_relay_limit(mine) || t->desc->payload_len <= 1)
            take_probe(t);
        else
            ps_inline_refuse(t, PS_REASON_OUT_OF_WINDOW);
        return;
    }
    bool again = ps_seq_diff(seq, end) < 0;
    if (again && !ps_relay_equals(&t->engine->in.chunks, mine, seq, data, t->end - seq)) {
        violate(t, PS_REASON_RETRANSMISSION_DIFFERS);
        return;
    }
    if (ps_seq_diff(t->end, end) <= 0 && (!t->fin || mine->fin)) {
        take_again(t);
    } else if (ps_seq_diff(seq, mine->judged) > 0) {
        take_early(t);
    } else {
        uint32_t skip = ps_seq_max(mine->judged, seq) - t->desc->seq;
        take_news(t, t->desc->payload + skip, t->desc->payload_len - skip);
    }
}

/* ---- empty segments -------------------------------------------------------------------------------------------- */

/* One number before its turn, with at most one octet of garbage: is anybody there? Who has got acknowledgements from the
 * engine gets its answer there too, also when they have overtaken it. */
static bool is_keep_alive(const struct ps_turn *t)
{
    uint32_t before = t->desc->seq + 1;
    if (t->fin || t->desc->payload_len > 1)
        return false;
    if (before == t->mine->una || before == t->mine->given)
        return true;
    return t->desc->payload_len == 1 && ps_seq_diff(before, t->mine->una) > 0 &&
           ps_seq_diff(before, t->mine->given) < 0;
}

/* Who has said a single octet of a PDU repeats it in the same form. */
static void take_keep_alive(struct ps_turn *t)
{
    if (t->desc->payload_len > 0)
        ps_inline_wait_on(t);
    if (t->mine->given != t->mine->una || t->desc->seq + 1 != t->mine->una) {
        tell(t);
        ps_inline_answer(t->engine, t->relay, t->dir);
        return;
    }
    if (t->desc->payload_len == 0 && is_as_sent(t))
        return;
    ps_inline_replace(t->engine);
    ps_inline_send_empty(t->engine, t->relay, t->dir, t->desc->seq, PS_TCP_ACK);
}

/* An acknowledgement alone. One that tells nothing is not passed on when it would show a second time what the sender was
 * given by the engine. */
static void take_empty(struct ps_turn *t)
{
    uint32_t seq = t->desc->seq;
    bool in_place = ps_seq_diff(seq, t->mine->una) >= 0 && ps_seq_diff(seq, t->mine->fwd) <= 0;
    bool lifted = t->desc->ack - t->back->delta != t->back->given;
    if (!t->told && (lifted || ps_seq_diff(seq, t->mine->una) < 0)) {
        t->engine->stats.stale++;
        ps_inline_replace(t->engine);
        return;
    }
    if (in_place && is_as_sent(t))
        return;
    ps_inline_replace(t->engine);
    ps_inline_send_empty(t->engine, t->relay, t->dir, in_place ? seq : t->mine->fwd, PS_TCP_ACK);
}

/* ---- acknowledgements ------------------------------------------------------------------------------------------ */

/* What a captured receiver acknowledges has reached it, though a gateway would have held it. */
static uint32_t ack_as_held(const struct ps_turn *t)
{
    uint32_t ack = t->desc->ack, fwd = t->back->fwd + t->back->delta, judged = t->back->judged + t->back->delta;
    bool ahead = ps_seq_diff(ack, fwd) > 0 && ps_seq_diff(ack, judged) <= 0;
    return t->engine->config.captured && ahead ? fwd : ack;
}

/* False: the segment is none of this connection, or an insertion that its receiver would drop. */
static bool take_ack(struct ps_turn *t)
{
    struct ps_relay_dir *back = t->back;
    uint32_t given = back->given, edge = back->edge;
    /* A number that was not reached yet would make everything up to it seem overtaken. */
    struct ps_relay_told told = {.ack = ack_as_held(t), .seq = ps_seq_min(t->desc->seq, t->mine->judged),
                                 .window = (uint32_t)ps_be16(t->tcp + 14) << back->scale};
    enum ps_relay_ack result = ps_relay_take_ack(&t->engine->in.chunks, back, &told);
    if (result == PS_RELAY_ACK_BAD) {
        ps_inline_refuse(t, PS_REASON_BAD_ACK);
        return false;
    }
    t->told = back->given != given || back->edge != edge;
    if (result == PS_RELAY_ACK_OLD)
        return true; /* it was overtaken: what waits goes on waiting */
    if (result == PS_RELAY_ACK_NEWS || ps_seq_diff(back->edge, back->una) <= 0) {
        back->tries = 0;
        back->resend_due = PS_TIMER_NEVER;
    }
    ps_inline_flush(t->engine, t->relay, !t->dir);
    return true;
}

/* Both have said that they are done, and each has heard it. */
static void settle_end(struct ps_turn *t)
{
    const struct ps_relay_dir *a = t->mine, *b = t->back;
    bool open = t->relay->phase == PS_RELAY_OPEN || ps_relay_is_restored(t->relay);
    if (!open || !a->fin || !b->fin || a->una != a->judged || b->una != b->judged)
        return;
    ps_caps_phase(t->engine, t->relay, PS_RELAY_LINGER);
    t->relay->due = t->engine->now_ns + PS_LINGER_NS;
    ps_engine_close(t->engine, t->relay->line);
}

/* Nothing of it is new: whoever sends it has not got the acknowledgement. */
static bool is_old(const struct ps_turn *t)
{
    uint32_t past = ps_seq_max(t->mine->una, t->mine->past);
    return (t->desc->payload_len > 0 || t->fin) && ps_seq_diff(t->end + t->fin, past) <= 0;
}

void ps_inline_segment(struct ps_turn *t)
{
    if (t->desc->tcp_flags & PS_TCP_RST) {
        ps_reset_take(t);
        return;
    }
    bool beyond = ps_seq_diff(t->desc->seq, ps_relay_limit(t->mine)) > 0;
    if (beyond || ps_seq_diff(t->end, t->mine->una) < -FAR_BACK) {
        ps_inline_refuse(t, PS_REASON_OUT_OF_WINDOW);
        return;
    }
    bool keep_alive = is_keep_alive(t);
    if (is_old(t) && !keep_alive) {
        t->engine->stats.retransmissions++;
        ps_inline_replace(t->engine);
        ps_inline_answer(t->engine, t->relay, t->dir);
        return;
    }
    if (!take_ack(t))
        return;
    ps_inline_take_template(t);
    if (t->desc->tcp_flags & PS_TCP_URG)
        violate(t, PS_REASON_URGENT);
    else if (keep_alive)
        take_keep_alive(t);
    else if (t->desc->payload_len > 0 || t->fin)
        take_data(t);
    else
        take_empty(t);
    settle_end(t);
}
