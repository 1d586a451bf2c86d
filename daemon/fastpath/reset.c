/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reset.c - how inline connections end before their time, and what is left of them.
 *
 * A RST takes effect only at exactly the number that its receiver expects (RFC 5961 3.2); at another one it is answered,
 * and the answer shows the number. So a tombstone stays, which replies to whatever still comes with a RST at the number
 * that it acknowledges.
 */
#include "inline_private.h"
#include "verdict.h"

static void send_reset(struct ps_engine *engine, const struct ps_relay *relay, unsigned dir, struct ps_tcp_head head)
{
    const struct ps_template *t = &relay->from[dir];
    uint32_t len = ps_template_len(t);
    uint8_t *frame = ps_sends_room(&engine->in.sends, len);
    if (!frame || t->ip_len == 0) {
        engine->stats.sends_lost++;
        return;
    }
    head.flags = PS_TCP_RST | PS_TCP_ACK;
    ps_segment_build(t, &head, frame, 0);
    ps_sends_put(&engine->in.sends, len, t->port);
    engine->stats.sent_frames++;
}

/* Nothing of the connection is kept but who the ends are. */
static void bury(struct ps_engine *engine, struct ps_relay *relay)
{
    for (unsigned dir = 0; dir < 2; dir++)
        ps_relay_dir_end(&engine->in.chunks, &relay->dir[dir]);
    ps_caps_phase(engine, relay, PS_RELAY_TOMB);
    relay->due = engine->now_ns + PS_TOMB_NS;
    ps_engine_close(engine, relay->line);
}

void ps_reset(struct ps_engine *engine, struct ps_relay *relay)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct ps_relay_dir *mine = &relay->dir[dir], *back = &relay->dir[!dir];
        send_reset(engine, relay, dir, (struct ps_tcp_head){.seq = mine->fwd + mine->delta, .ack = back->given});
    }
    engine->stats.resets++;
    bury(engine, relay);
}

bool ps_reset_known(struct ps_engine *engine, struct ps_relay *relay)
{
    struct ps_template *from = relay->from;
    if (from[0].ip_len == 0 && from[1].ip_len == 0)
        return false;
    for (unsigned dir = 0; dir < 2; dir++)
        if (from[dir].ip_len == 0)
            ps_template_mirror(&from[dir], &from[!dir], ps_sends_other_port(from[!dir].port));
    if (relay->phase != PS_RELAY_TOMB)
        ps_reset(engine, relay);
    return true;
}

void ps_reset_unknown(struct ps_turn *t, enum ps_reason reason)
{
    uint16_t port = t->engine->current.packet->port;
    ps_inline_refuse(t, reason);
    ps_template_take(&t->relay->from[t->dir], t->desc, port);
    ps_template_mirror(&t->relay->from[!t->dir], &t->relay->from[t->dir], ps_sends_other_port(port));
    if (!(t->desc->tcp_flags & (PS_TCP_SYN | PS_TCP_RST))) {
        struct ps_tcp_head on = {.seq = t->desc->seq, .ack = t->desc->ack};
        struct ps_tcp_head back = {.seq = t->desc->ack, .ack = t->end + t->fin};
        send_reset(t->engine, t->relay, t->dir, on);
        send_reset(t->engine, t->relay, !t->dir, back);
        t->engine->stats.resets++;
    }
    bury(t->engine, t->relay);
}

void ps_reset_tomb(struct ps_turn *t)
{
    ps_inline_replace(t->engine);
    t->relay->due = t->engine->now_ns + PS_TOMB_NS; /* as long as something comes */
    if ((t->desc->tcp_flags & (PS_TCP_RST | PS_TCP_ACK | PS_TCP_SYN)) == PS_TCP_ACK)
        ps_reset_answer(t);
}

void ps_reset_answer(struct ps_turn *t)
{
    if (t->relay->n_resets >= PS_TOMB_RESETS)
        return;
    t->relay->n_resets++;
    struct ps_tcp_head back = {.seq = t->desc->ack, .ack = t->end + t->fin};
    send_reset(t->engine, t->relay, !t->dir, back);
}

/* ---- resets of the ends ---------------------------------------------------------------------------------------- */

/* Does the RST have the number that its receiver expects: the next one, as far as was seen, or the one that the receiver
 * has last acknowledged? A refused SYN has no numbers to tell but the one it acknowledges. */
static bool is_exact(const struct ps_turn *t)
{
    const struct ps_relay_dir *mine = t->mine;
    uint32_t seq = t->desc->seq;
    if (t->relay->phase == PS_RELAY_SYN && t->dir == PS_TO_CLIENT)
        return (t->desc->tcp_flags & PS_TCP_ACK) && t->desc->ack == t->back->una;
    bool acked = seq == mine->una && ps_seq_diff(mine->una, mine->past) >= 0;
    return seq == mine->judged || acked || seq == mine->given;
}

void ps_reset_take(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    if (!is_exact(t)) {
        ps_inline_refuse(t, PS_REASON_OUT_OF_WINDOW);
        return;
    }
    bool opening = t->relay->phase == PS_RELAY_SYN;
    uint32_t seq = opening ? t->desc->seq : t->desc->seq == mine->una ? mine->una : mine->fwd;
    bool as_sent = seq == t->desc->seq && mine->delta == 0 && t->desc->payload_len == 0 &&
                   ps_inline_is_plain(t->engine->current.packet, t->desc);
    ps_inline_take_template(t);
    if (!as_sent) {
        uint32_t ack = opening ? t->desc->ack : t->back->given;
        ps_inline_replace(t->engine);
        send_reset(t->engine, t->relay, t->dir, (struct ps_tcp_head){.seq = seq + mine->delta, .ack = ack});
    }
    bury(t->engine, t->relay);
}
