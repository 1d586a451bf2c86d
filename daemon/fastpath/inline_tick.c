/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_tick.c - what happens although nothing comes.
 */
#include "inline_private.h"
#include "verdict.h"

uint32_t ps_engine_sends(const struct ps_engine *engine, const struct ps_send **sends)
{
    *sends = engine->in.sends.items;
    return engine->in.sends.n;
}

uint64_t ps_engine_next_tick(const struct ps_engine *engine)
{
    return engine->config.inline_ ? ps_timers_next(&engine->in.timers) : PS_TIMER_NEVER;
}

/* Nobody's packet: the flow itself is refused. */
static void give_up(struct ps_engine *engine, struct ps_relay *relay, enum ps_reason reason)
{
    ps_verdict_flow_refused(engine, reason);
    ps_reset(engine, relay);
}

/* Owned octets were not acknowledged in time, or others wait for a window that does not open. A window that stays shut is
 * asked for as long as somebody answers. */
static void resend(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    if (mine->tries == PS_RESENDS_MAX) {
        give_up(engine, relay, PS_REASON_UNDELIVERED);
        return;
    }
    engine->stats.resends++;
    mine->resend_due = PS_TIMER_NEVER;
    mine->tries++;
    if (ps_seq_diff(mine->edge, mine->una) <= 0)
        ps_inline_send_empty(engine, relay, dir, mine->una - 1, PS_TCP_ACK);
    else
        ps_inline_resend(engine, relay, dir);
    ps_inline_flush_part(engine, relay, dir);
}

/* What is due in one direction; false: the connection is over. */
static bool run_dir(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    engine->current.dir = (uint8_t)dir;
    if (mine->hold_due <= engine->now_ns) {
        give_up(engine, relay, PS_REASON_HOLD_TIMEOUT);
        return false;
    }
    if (mine->ack_due <= engine->now_ns) {
        mine->ack_due = PS_TIMER_NEVER;
        if (!engine->config.captured)
            ps_inline_acknowledge(engine, relay, dir);
    }
    if (mine->resend_due <= engine->now_ns)
        resend(engine, relay, dir);
    return relay->phase == PS_RELAY_OPEN || relay->phase == PS_RELAY_LINGER;
}

static void run(struct ps_engine *engine, struct ps_relay *relay)
{
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = relay->line};
    if (relay->due <= engine->now_ns) {
        if (relay->phase == PS_RELAY_SYN || relay->phase == PS_RELAY_SYN_ACK)
            ps_engine_remove(engine, relay->line);
        else
            ps_inline_release(engine, relay);
        return;
    }
    for (unsigned dir = 0; dir < 2; dir++)
        if (!run_dir(engine, relay, dir))
            break;
    ps_inline_arm(engine, relay);
}

bool ps_engine_tick(struct ps_engine *engine, uint64_t now_ns)
{
    struct ps_inline *in = &engine->in;
    if (now_ns > engine->now_ns)
        engine->now_ns = now_ns;
    ps_frag_expire(&engine->datagrams.table, engine->now_ns);
    if (!engine->config.inline_)
        return false;
    ps_sends_clear(&in->sends, PS_SEND_FIRST);
    for (unsigned n = 0; n < PS_TICK_MAX; n++) {
        uint32_t id = ps_timers_due(&in->timers, engine->now_ns);
        if (id == PS_NONE)
            return false;
        run(engine, &in->relays[id]);
    }
    return ps_timers_due(&in->timers, engine->now_ns) != PS_NONE;
}

bool ps_engine_check(const struct ps_engine *engine)
{
    const struct ps_inline *in = &engine->in;
    uint32_t n_half_open = 0;
    for (uint32_t i = 0; i < engine->n_conduits; i++)
        n_half_open += engine->conduit_load[i].n_half_open;
    for (uint32_t id = 0; engine->config.inline_ && id < in->fresh; id++) {
        const struct ps_relay *relay = &in->relays[id];
        n_half_open -= relay->phase == PS_RELAY_SYN || relay->phase == PS_RELAY_SYN_ACK;
        if (relay->phase != PS_RELAY_FREE && !ps_inline_check(engine, relay))
            return false;
    }
    return n_half_open == 0 && (!engine->config.inline_ || ps_timers_check(&in->timers));
}
