/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_hold.c - the start of a PDU, kept from its receiver until the rest is there.
 */
#include "inline_private.h"
#include "store.h"

#define NS_PER_MS UINT64_C(1000000)

void ps_inline_wait_on(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    uint64_t due = t->engine->now_ns + t->cold->path.hold_ms * NS_PER_MS;
    if (mine->hold_due != PS_TIMER_NEVER)
        mine->hold_due = due < mine->hold_until ? due : mine->hold_until;
}

bool ps_inline_hold(struct ps_turn *t, const struct ps_inspected *seen)
{
    struct ps_engine *engine = t->engine;
    bool whole = t->cold->path.whole_segments && t->cold->path.mode != PS_MODE_MONITOR;
    bool goes_on = t->drains && ps_store_goes_on(&engine->in.chunks, t->mine); /* no segment has ended here */
    t->crowded = !whole && !ps_caps_may_hold(engine, t->relay, t->dir);
    if (t->crowded || (whole && !goes_on)) {
        ps_inline_refuse(t, t->crowded ? PS_REASON_TOO_MANY_HELD : PS_REASON_SPLIT_PDU);
        return false;
    }
    struct ps_relay_dir *mine = t->mine;
    uint32_t held = mine->judged - mine->allowed;
    uint32_t longest = engine->dissectors[t->cold->protocol]->max_pdu_len;
    uint32_t extent = seen->extent > held ? seen->extent : longest;
    if (mine->hold_due == PS_TIMER_NEVER || seen->allowed > 0) {
        mine->hold_due = mine->hold_until = engine->now_ns + PS_HOLD_LIMITS * t->cold->path.hold_ms * NS_PER_MS;
        engine->stats.held_pdus += !(whole && goes_on);
    }
    ps_inline_wait_on(t);
    mine->need = extent > held ? extent - held : 1;
    if (mine->ack_due > engine->now_ns + PS_ACK_DELAY_NS)
        mine->ack_due = engine->now_ns + PS_ACK_DELAY_NS;
    return true;
}

uint64_t ps_inline_hold_again(const struct ps_engine *engine, const struct ps_relay *relay, const struct ps_relay_dir *dir)
{
    if (dir->hold_due == PS_TIMER_NEVER)
        return PS_TIMER_NEVER;
    uint64_t limit = ps_flow_cold(&engine->table, relay->line)->path.hold_ms * NS_PER_MS;
    uint64_t left = dir->hold_due - engine->now_ns, silent = left < limit ? limit - left : 0;
    return engine->now_ns + (silent > PS_RESEND_NS ? silent : PS_RESEND_NS);
}

void ps_inline_unhold(struct ps_relay_dir *dir)
{
    dir->need = 0;
    dir->hold_due = dir->ack_due = PS_TIMER_NEVER;
}

void ps_inline_settle_hold(struct ps_turn *t)
{
    struct ps_relay_dir *mine = t->mine;
    bool waits = t->desc->payload_len < mine->mss || ps_seq_diff(ps_relay_limit(mine), mine->judged) <= 0;
    if (mine->allowed != mine->judged && waits && !t->engine->config.captured)
        ps_inline_acknowledge(t->engine, t->relay, t->dir);
}
