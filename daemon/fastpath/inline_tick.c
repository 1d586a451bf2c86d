/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_tick.c - what happens although nothing comes.
 */
#include "inline_private.h"
#include "likely.h"
#include "rejudge.h"
#include "verdict.h"

uint32_t ps_engine_sends(const struct ps_engine *engine, const struct ps_send **sends)
{
    *sends = engine->in.sends.items;
    return engine->in.sends.n;
}

uint64_t ps_engine_next_tick(const struct ps_engine *engine)
{
    uint64_t fragments = ps_frag_due(&engine->datagrams.table);
    uint64_t relays = engine->config.inline_ ? ps_timers_next(&engine->in.timers) : PS_TIMER_NEVER;
    return fragments < relays ? fragments : relays;
}

/* Nobody's packet: the flow itself is refused, whatever the mode of its conduit. */
static void give_up(struct ps_engine *engine, struct ps_relay *relay, enum ps_reason reason)
{
    ps_flow_cold(&engine->table, relay->line)->path.mode = PS_MODE_ENFORCE;
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

/* The conduit only watches: what was held for too long leaves as it is, and the next PDU is looked for. */
static void let_go(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    ps_verdict_flow_refused(engine, PS_REASON_HOLD_TIMEOUT);
    mine->allowed = mine->judged;
    mine->need = 0;
    mine->hold_due = mine->ack_due = PS_TIMER_NEVER;
    ps_inspect_lost(engine);
    ps_inline_flush(engine, relay, dir);
}

/* What is due in one direction; false: the connection is over. */
static bool run_dir(struct ps_engine *engine, struct ps_relay *relay, unsigned dir)
{
    struct ps_relay_dir *mine = &relay->dir[dir];
    engine->current.dir = (uint8_t)dir;
    if (mine->hold_due <= engine->now_ns && ps_flow_cold(&engine->table, relay->line)->path.mode == PS_MODE_MONITOR)
        let_go(engine, relay, dir);
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
    return ps_relay_is_live(relay);
}

/* What came before its turn waits for octets that do not come: its sender repeats it too. */
static void forget_early(struct ps_engine *engine, struct ps_relay *relay)
{
    relay->gap_due = PS_TIMER_NEVER;
    for (unsigned dir = 0; dir < 2; dir++) {
        ps_chunk_give_all(&engine->in.chunks, &relay->dir[dir].store);
        relay->dir[dir].n_stored = 0;
    }
}

/* What is due is done only where the policy of now still wants the connection. True: it was another one's to end. */
static bool is_over(struct ps_engine *engine, const struct ps_relay *relay)
{
    uint8_t phase = relay->phase;
    return ps_rejudge_found(engine, relay->line) == PS_NONE || relay->phase != phase;
}

static void run(struct ps_engine *engine, struct ps_relay *relay)
{
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = relay->line};
    if (PS_UNLIKELY(engine->unswept) && is_over(engine, relay))
        return;
    if (relay->due <= engine->now_ns) {
        if (relay->phase == PS_RELAY_SYN || relay->phase == PS_RELAY_SYN_ACK)
            ps_engine_remove(engine, relay->line);
        else if (relay->phase == PS_RELAY_RESTORED)
            ps_inline_resume_late(engine, relay);
        else
            ps_inline_release(engine, relay);
        return;
    }
    if (relay->gap_due <= engine->now_ns)
        forget_early(engine, relay);
    for (unsigned dir = 0; dir < 2; dir++)
        if (!run_dir(engine, relay, dir))
            break;
    ps_inline_settle(engine, relay);
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
    if (PS_UNLIKELY(ps_rejudge_is_behind(engine)))
        (void)ps_rejudge_take_up(engine);
    for (unsigned n = 0; n < PS_TICK_MAX; n++) {
        uint32_t id = ps_timers_due(&in->timers, engine->now_ns);
        if (id == PS_NONE)
            return false;
        run(engine, &in->relays[id]);
    }
    return ps_timers_due(&in->timers, engine->now_ns) != PS_NONE;
}

static bool owes(const struct ps_relay *relay)
{
    bool any = false;
    for (unsigned dir = 0; dir < 2; dir++)
        any = any || ps_seq_diff(relay->dir[dir].given, relay->dir[dir].una) > 0;
    return any;
}

bool ps_engine_leave(struct ps_engine *engine, uint32_t *at)
{
    struct ps_inline *in = &engine->in;
    if (!engine->config.inline_)
        return false;
    ps_sends_clear(&in->sends, PS_SEND_FIRST);
    for (unsigned n = 0; n < PS_TICK_MAX && *at < in->fresh; n++, (*at)++) {
        struct ps_relay *relay = &in->relays[*at];
        if (!ps_relay_is_live(relay) || !owes(relay))
            continue;
        engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
        engine->current = (struct ps_current){.out = &engine->nobody, .line = relay->line};
        give_up(engine, relay, PS_REASON_UNDELIVERED);
        ps_inline_settle(engine, relay);
    }
    return *at < in->fresh;
}

/* Blocks of one list; more than there are when it goes in a circle. */
static uint32_t n_in_list(const struct ps_chunks *chunks, uint32_t at)
{
    uint32_t n = 0;
    for (; at != PS_NONE && n <= chunks->n; n++)
        at = ps_chunk_at(chunks, at)->link;
    return n;
}

/* Nobody's blocks are lost, none is anybody's twice. */
static bool are_chunks_counted(const struct ps_inline *in)
{
    uint32_t n = 0, n_relays = 0;
    for (uint32_t id = 0; id < in->fresh; id++) {
        const struct ps_relay *relay = &in->relays[id];
        n_relays += relay->phase != PS_RELAY_FREE;
        for (unsigned dir = 0; dir < 2; dir++)
            n += n_in_list(&in->chunks, relay->dir[dir].copy) + n_in_list(&in->chunks, relay->dir[dir].store);
    }
    return n == in->chunks.n_used && n <= in->chunks.n && n_relays == in->n_used;
}

bool ps_engine_check(const struct ps_engine *engine)
{
    const struct ps_inline *in = &engine->in;
    for (uint32_t id = 0; engine->config.inline_ && id < in->fresh; id++) {
        const struct ps_relay *relay = &in->relays[id];
        if (relay->phase != PS_RELAY_FREE && !ps_inline_check(engine, relay))
            return false;
    }
    return ps_caps_check(engine) && ps_rejudge_check(engine) &&
           (!engine->config.inline_ || (are_chunks_counted(in) && ps_timers_check(&in->timers)));
}
