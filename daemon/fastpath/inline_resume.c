/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_resume.c - connections that an earlier run has left behind (snapshot.c), until they are open again: both ends
 * have gone on at exactly the numbers where they were, and the server's answer fits what it was asked. Nothing has passed
 * in between, since there is no other way: so an end that is anywhere else belongs to another connection.
 *
 * What an end may say first: the octets that were next, or those again that nobody has acknowledged; an empty segment or a
 * keep-alive there. From then on it is judged like any other connection, with two differences: the policy has to let it go
 * on at every segment, and an answer that does not fit ends it whatever the conduit does with refusals.
 */
#include "inline_private.h"
#include "verdict.h"

#define FAR_BACK 65536u /* as in inline_data.c */
#define SEEN_BOTH (1u << PS_TO_SERVER | 1u << PS_TO_CLIENT)

enum fit {
    FIT_NOT = 0, /* of another connection */
    FIT_LATER,   /* possible, but not where the sender goes on: it has to repeat what is */
    FIT,
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The acknowledgement is of what has left, or, come late, of what was acknowledged before. */
static enum fit fit_of_ack(const struct ps_turn *t)
{
    const struct ps_relay_dir *back = t->back;
    uint32_t ack = t->desc->ack - back->delta;
    if (ack - back->una <= back->fwd - back->una)
        return FIT;
    return back->una - ack <= least(back->n_acked, FAR_BACK) ? FIT_LATER : FIT_NOT;
}

static enum fit fit_of_seq(const struct ps_turn *t)
{
    const struct ps_relay_dir *mine = t->mine;
    uint32_t seq = t->desc->seq;
    bool keep_alive = seq + 1 == mine->una && t->desc->payload_len <= 1 && !t->fin;
    if (seq == mine->judged || seq == mine->una || keep_alive)
        return FIT;
    bool old = mine->una - seq <= least(mine->n_acked, FAR_BACK);
    return old || seq - mine->una <= ps_relay_limit(mine) - mine->una ? FIT_LATER : FIT_NOT;
}

static enum fit fit_of(const struct ps_turn *t)
{
    enum fit seq = fit_of_seq(t), ack = fit_of_ack(t);
    return seq < ack ? seq : ack;
}

/* Frames of the engine's own look like the packets of their direction, or like answers to those of the other one. */
static void know_headers(const struct ps_turn *t)
{
    struct ps_template *mine = &t->relay->from[t->dir], *back = &t->relay->from[!t->dir];
    uint16_t port = t->engine->current.packet->port;
    ps_template_take(mine, t->desc, port);
    if (back->ip_len == 0)
        ps_template_mirror(back, mine, ps_sends_other_port(port));
}

/* The sender hears how far it is, where it is behind; what it says is passed over. */
static void take_later(struct ps_turn *t)
{
    ps_inline_replace(t->engine);
    t->engine->stats.stale++;
    if (ps_seq_diff(t->desc->seq, t->mine->una) < 0)
        ps_inline_answer(t->engine, t->relay, t->dir);
}

/* When both ends were seen it waits for an answer as long as it takes, and does not go for a newcomer. */
static void settle(struct ps_turn *t, bool answered)
{
    struct ps_relay *relay = t->relay;
    if (relay->phase == PS_RELAY_RESTORED && relay->seen == SEEN_BOTH) {
        ps_caps_phase(t->engine, relay, PS_RELAY_RESUME);
        ps_engine_answered(t->engine, relay->line);
        relay->due = PS_TIMER_NEVER;
    }
    if (relay->phase == PS_RELAY_RESUME && answered) {
        ps_caps_phase(t->engine, relay, PS_RELAY_OPEN);
        t->engine->stats.resumed++;
    }
}

static void go_on(struct ps_turn *t)
{
    uint32_t replies = t->cold->replies; /* counted anew only between bursts, or where another rule grants a request */
    t->relay->seen |= (uint8_t)(1u << t->dir);
    ps_inline_segment(t);
    settle(t, t->dir == PS_TO_CLIENT && t->cold->replies > replies);
}

/* Asked at every segment: policies change while a connection waits. */
static bool is_wanted(const struct ps_turn *t)
{
    const struct ps_image *image = t->engine->image;
    uint32_t conduit = t->cold->path.conduit;
    return conduit < ps_image_n_conduits(image) && ps_image_conduit_midstream(image, conduit) == PS_MIDSTREAM_RESUME;
}

void ps_inline_resume(struct ps_turn *t)
{
    bool reset = (t->desc->tcp_flags & PS_TCP_RST) != 0, syn = (t->desc->tcp_flags & PS_TCP_SYN) != 0;
    bool seen = (t->relay->seen >> t->dir & 1) != 0;
    enum fit fit = seen || reset || syn ? FIT : fit_of(t);
    if (!is_wanted(t) || fit == FIT_NOT) {
        ps_reset_unknown(t, PS_REASON_MIDSTREAM);
        return;
    }
    know_headers(t);
    if (syn)
        ps_inline_syn(t);
    else if (reset)
        ps_reset_take(t);
    else if (fit == FIT_LATER)
        take_later(t);
    else
        go_on(t);
}

void ps_inline_resume_late(struct ps_engine *engine, struct ps_relay *relay)
{
    if (relay->seen == 0) {
        ps_engine_remove(engine, relay->line); /* nobody is there who would want to know */
        return;
    }
    ps_verdict_flow_refused(engine, PS_REASON_MIDSTREAM);
    ps_reset(engine, relay);
    ps_inline_settle(engine, relay);
}
