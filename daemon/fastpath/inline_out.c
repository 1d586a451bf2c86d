/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline_private.h"

static struct ps_tcp_head head_of(struct ps_relay *relay, unsigned dir, uint32_t seq, uint8_t flags)
{
    struct ps_relay_dir *back = &relay->dir[!dir];
    return (struct ps_tcp_head){.seq = seq + relay->dir[dir].delta, .ack = back->given,
                                .window = ps_relay_window(back), .flags = flags};
}

void ps_inline_send_empty(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, uint32_t seq, uint8_t flags)
{
    const struct ps_template *t = &relay->from[dir];
    uint32_t len = ps_template_len(t);
    uint8_t *frame = ps_sends_room(&engine->in.sends, len);
    if (!frame || t->ip_len == 0) {
        engine->stats.sends_lost++;
        return;
    }
    struct ps_tcp_head head = head_of(relay, dir, seq, flags);
    ps_segment_build(t, &head, frame, 0);
    ps_sends_put(&engine->in.sends, len, relay->from[dir].port);
    engine->stats.sent_frames++;
}

uint32_t ps_inline_send_copy(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, uint32_t seq,
                             uint32_t len)
{
    const struct ps_template *t = &relay->from[dir];
    const struct ps_relay_dir *mine = &relay->dir[dir];
    uint32_t before = ps_template_len(t), done = 0;
    while (done < len) {
        uint32_t n = len - done < mine->mss ? len - done : mine->mss;
        uint8_t *frame = ps_sends_room(&engine->in.sends, before + n);
        if (!frame) {
            engine->stats.sends_lost++;
            return done;
        }
        uint8_t flags = done + n == len ? PS_TCP_ACK | PS_TCP_PSH : PS_TCP_ACK;
        struct ps_tcp_head head = head_of(relay, dir, seq + done, flags);
        ps_relay_read(&engine->in.chunks, mine, seq + done, frame + before, n);
        ps_segment_build(t, &head, frame, n);
        ps_sends_put(&engine->in.sends, before + n, relay->from[dir].port);
        engine->stats.sent_frames++;
        done += n;
    }
    return done;
}

void ps_inline_watch(struct ps_engine *engine, struct ps_relay_dir *dir)
{
    bool waits = ps_relay_owns(dir) || dir->fwd != dir->allowed;
    if (!waits)
        dir->resend_due = PS_TIMER_NEVER;
    else if (dir->resend_due == PS_TIMER_NEVER)
        dir->resend_due = engine->now_ns + (PS_RESEND_NS << dir->tries);
}

static void leave(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, uint32_t len)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    mine->fwd += ps_inline_send_copy(engine, relay, dir, mine->fwd, len);
}

/* A part of it only when the window will not be larger: all that was sent is acknowledged, and no window ever was. */
void ps_inline_flush(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    uint32_t len = mine->allowed - mine->fwd;
    int32_t room = ps_seq_diff(mine->edge, mine->fwd);
    if (len > 0 && room > 0 && (uint32_t)room >= len)
        leave(engine, relay, dir, len);
    else if (len > 0 && room > 0 && mine->una == mine->fwd && (uint32_t)room >= mine->window_max)
        leave(engine, relay, dir, (uint32_t)room);
    ps_inline_watch(engine, mine);
}

void ps_inline_flush_part(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    uint32_t len = mine->allowed - mine->fwd;
    int32_t room = ps_seq_diff(mine->edge, mine->fwd);
    if (len > 0 && room > 0 && mine->una == mine->fwd)
        leave(engine, relay, dir, (uint32_t)room < len ? (uint32_t)room : len);
    ps_inline_watch(engine, mine);
}

void ps_inline_resend(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    uint32_t end = ps_seq_min(mine->fwd, ps_relay_data_end(mine));
    bool all = ps_seq_diff(end, mine->edge) <= 0;
    if (!all)
        end = mine->edge;
    int32_t len = ps_seq_diff(end, mine->una);
    if (len > 0)
        all = ps_inline_send_copy(engine, relay, dir, mine->una, (uint32_t)len) == (uint32_t)len && all;
    if (all && mine->fin && mine->fwd == mine->judged && mine->una != mine->judged)
        ps_inline_send_empty(engine, relay, dir, ps_relay_data_end(mine), PS_TCP_ACK | PS_TCP_FIN);
}

void ps_inline_answer(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    engine->stats.local_acks++;
    ps_inline_send_empty(engine, relay, !dir, relay->dir[!dir].fwd, PS_TCP_ACK);
}

void ps_inline_acknowledge(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    mine->given = mine->judged;
    mine->ack_due = ps_inline_hold_again(engine, relay, mine);
    ps_inline_answer(engine, relay, dir);
    ps_inline_watch(engine, mine);
}
