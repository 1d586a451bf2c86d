/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rejudge.h"

#include <string.h>

#include "admit.h"
#include "base/check.h"
#include "inline_private.h"
#include "verdict.h"

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static void set_use(struct ps_policy_slot *slot, enum ps_slot_use use)
{
    atomic_store_explicit(&slot->use, (unsigned char)use, memory_order_release);
}

/* Slots come and go rarely: all of them are looked at. */
static void set_oldest(struct ps_engine *engine)
{
    const struct ps_policy_slot *oldest = engine->slot;
    for (unsigned place = 0; place < PS_POLICIES_MAX; place++) {
        const struct ps_policy_slot *slot = engine->policies.slots[place];
        if (slot && slot->since < oldest->since)
            oldest = slot;
    }
    atomic_store_explicit(&engine->policies.oldest, oldest->generation, memory_order_release);
}

static void let_go_if_unused(struct ps_engine *engine, unsigned place)
{
    struct ps_policy_slot *slot = engine->policies.slots[place];
    if (!slot || slot == engine->slot || slot->n_flows > 0)
        return;
    engine->policies.slots[place] = NULL;
    set_oldest(engine);
    set_use(slot, PS_SLOT_UNUSED); /* from here on it is control's */
}

void ps_rejudge_join(struct ps_engine *engine, struct ps_flow_cold *cold)
{
    cold->epoch = engine->epoch;
    engine->slot->n_flows++;
}

void ps_rejudge_leave(struct ps_engine *engine, const struct ps_flow_cold *cold)
{
    ps_rejudge_slot(engine, cold)->n_flows--;
    let_go_if_unused(engine, cold->epoch / PS_EPOCH_CHANGES);
}

/* ---- epochs ---------------------------------------------------------------------------------------------------- */

static void end_sweep(struct ps_engine *engine)
{
    engine->unswept = false;
    engine->policies.n_epochs = 0;
    atomic_store_explicit(&engine->slot->settled, engine->policies.changes + 1, memory_order_release);
}

/* Every line is looked at once more, starting where the last sweep was: so that none is left out for ever when one
 * change follows another. */
static void begin_sweep(struct ps_engine *engine)
{
    struct ps_policies *policies = &engine->policies;
    policies->n_epochs++;
    policies->sweep_n = policies->sweep_left = engine->table.n_fresh;
    engine->unswept = true;
    if (policies->sweep_left == 0)
        end_sweep(engine);
}

static void take_changes(struct ps_engine *engine)
{
    struct ps_policy_slot *slot = engine->slot;
    engine->policies.changes = atomic_load_explicit(&slot->changes, memory_order_acquire);
    atomic_store_explicit(&slot->taken_up, engine->policies.changes, memory_order_release);
}

bool ps_rejudge_take_up(struct ps_engine *engine)
{
    if (!engine->image->data)
        return false;
    if (engine->policies.n_epochs >= PS_EPOCH_CHANGES - 1)
        return true; /* flows may be of any epoch that the slot has: the sweep comes first */
    unsigned place = engine->epoch / PS_EPOCH_CHANGES, count = (engine->epoch + 1u) % PS_EPOCH_CHANGES;
    engine->epoch = (uint16_t)(place * PS_EPOCH_CHANGES + count);
    take_changes(engine);
    begin_sweep(engine);
    return true;
}

/* place is free. */
static void bring_in(struct ps_engine *engine, struct ps_policy_slot *slot, unsigned place)
{
    struct ps_policies *policies = &engine->policies;
    unsigned before = engine->epoch / PS_EPOCH_CHANGES;
    policies->slots[place] = slot;
    slot->since = policies->n_swaps++;
    atomic_store_explicit(&slot->settled, 0, memory_order_relaxed);
    engine->slot = slot;
    engine->image = &slot->image;
    if (slot->has_gateway) {
        engine->config.gateway = slot->gateway;
        memcpy(engine->config.gateway_port, slot->gateway_port, sizeof slot->gateway_port);
    }
    engine->epoch = (uint16_t)(place * PS_EPOCH_CHANGES);
    set_use(slot, PS_SLOT_CURRENT);
    take_changes(engine);
    if (policies->slots[before] != slot) {
        set_use(policies->slots[before], PS_SLOT_LEAVING);
        let_go_if_unused(engine, before);
    }
    set_oldest(engine);
    begin_sweep(engine);
}

bool ps_rejudge_init(struct ps_engine *engine, const struct ps_image *image)
{
    engine->policies.own = ps_policy_slot_new(image, image ? 1 : 0);
    if (!engine->policies.own)
        return false;
    bring_in(engine, engine->policies.own, 0);
    if (!image)
        engine->policies.changes--; /* always behind: whoever looks finds that there is no policy */
    return true;
}

void ps_rejudge_fini(struct ps_engine *engine)
{
    for (unsigned place = 0; place < PS_POLICIES_MAX; place++)
        if (engine->policies.slots[place])
            set_use(engine->policies.slots[place], PS_SLOT_UNUSED);
    ps_policy_slot_free(engine->policies.own);
}

bool ps_engine_swap(struct ps_engine *engine, struct ps_policy_slot *slot)
{
    unsigned place = 0;
    while (place < PS_POLICIES_MAX && engine->policies.slots[place])
        place++;
    if (place == PS_POLICIES_MAX || !PS_CHECK(ps_policy_slot_use(slot) == PS_SLOT_UNUSED))
        return false;
    bring_in(engine, slot, place);
    return true;
}

uint32_t ps_engine_oldest_policy(const struct ps_engine *engine)
{
    return atomic_load_explicit(&engine->policies.oldest, memory_order_acquire);
}

/* ---- what becomes of a flow ------------------------------------------------------------------------------------ */

enum fate {
    FATE_END = 0,
    FATE_KEEP,
    FATE_FORGET, /* its next packet opens it */
};

struct rejudged {
    struct ps_engine *engine;
    struct ps_flow *flow;
    struct ps_flow_cold *cold;
    struct ps_relay *relay; /* NULL: none */
    uint32_t line;
    struct ps_admission now;
    enum ps_reason reason; /* of FATE_END */
};

static bool is_monitored(const struct ps_path *path)
{
    return path->conduit != PS_NONE && path->mode == PS_MODE_MONITOR;
}

/* What passes now has to be held before it takes effect. */
static bool is_to_be_held(const struct rejudged *r)
{
    return r->engine->config.inline_ && ps_key_proto(&r->flow->key) == PS_PROTO_TCP &&
           r->now.reason == PS_REASON_NONE && r->now.protocol != PS_PROTOCOL_NONE && !is_monitored(&r->now.path);
}

/* Without its relay a connection goes on only when both ends have the same numbers and nothing is the engine's. */
static enum fate fate_without_relay(const struct rejudged *r)
{
    return !r->relay || ps_inline_is_steady(r->relay) ? FATE_FORGET : FATE_END;
}

static bool is_lost(const struct ps_flow *flow)
{
    return ((flow->dir[0] | flow->dir[1]) & PS_DIR_SEEK) != 0;
}

/* As the table in rejudge.h; the flow is as it was. */
static enum fate choose(struct rejudged *r)
{
    const struct ps_admission *now = &r->now;
    uint8_t flags = r->flow->flags;
    bool passed = (flags & PS_FLOW_GRANTED) || is_monitored(&r->cold->path);
    bool passes = now->reason == PS_REASON_NONE || is_monitored(&now->path);
    bool same = now->protocol == r->cold->protocol;
    bool not_ours = (now->flags & PS_FLOW_NOT_OURS) != 0;
    r->reason = PS_REASON_POLICY_CHANGED;
    if (ps_key_proto(&r->flow->key) == 0)
        return FATE_FORGET; /* frames: nothing is remembered but counts */
    if (flags & PS_FLOW_NOT_OURS)
        return not_ours ? FATE_KEEP : FATE_FORGET;
    if (r->flow->phase == PS_FLOW_CLOSED)
        return FATE_KEEP;
    if (not_ours)
        return fate_without_relay(r);
    if (!passed)
        return !passes && same ? FATE_KEEP : FATE_FORGET;
    if (!passes) {
        r->reason = now->reason;
        return FATE_END;
    }
    bool watched = is_monitored(&now->path);
    if (is_to_be_held(r) && (!r->relay || !same || is_lost(r->flow)))
        return FATE_END;
    if (!same)
        return watched || !r->relay ? fate_without_relay(r) : FATE_END;
    return FATE_KEEP;
}

/* ---- under the new policy -------------------------------------------------------------------------------------- */

/* What it counted is the old conduit's; from here on its numbers are those of the current slot. */
static void move(const struct rejudged *r)
{
    struct ps_flow_cold *cold = r->cold;
    unsigned before = cold->epoch / PS_EPOCH_CHANGES;
    ps_engine_settle(r->engine, cold);
    if (r->relay)
        ps_caps_relay_leaves(r->engine, r->relay);
    ps_rejudge_slot(r->engine, cold)->n_flows--;
    cold->path = r->now.path;
    cold->grant = (struct ps_flow_grant){.rule = ps_admit_rule(cold)};
    ps_rejudge_join(r->engine, cold);
    if (r->relay)
        ps_caps_relay_joins(r->engine, r->relay);
    let_go_if_unused(r->engine, before);
}

/* held_ms: how long the conduit let the start of a PDU wait before. */
static void keep_relay(const struct rejudged *r, uint16_t held_ms)
{
    uint64_t longer = ((uint64_t)r->cold->path.hold_ms - held_ms) * 1000000; /* wraps where it is shorter */
    for (unsigned d = 0; d < 2; d++) {
        struct ps_relay_dir *dir = &r->relay->dir[d];
        if (dir->hold_due == PS_TIMER_NEVER)
            continue;
        dir->hold_due += longer;
        dir->hold_until += PS_HOLD_LIMITS * longer;
        dir->hold_due = dir->hold_due < dir->hold_until ? dir->hold_due : dir->hold_until;
    }
    ps_inline_settle(r->engine, r->relay);
}

static void keep(const struct rejudged *r, uint16_t held_ms)
{
    const uint8_t known = PS_FLOW_GRANTED | PS_FLOW_BOUND_CLIENT | PS_FLOW_BOUND_SERVER;
    if (r->flow->phase == PS_FLOW_CLOSED || (r->flow->flags & PS_FLOW_NOT_OURS))
        return;
    r->flow->flags = (uint8_t)((r->flow->flags & ~known) | (r->now.flags & known));
    r->cold->reason = (uint8_t)r->now.reason;
    if (r->flow->phase == PS_FLOW_OPEN && r->now.reason == PS_REASON_NONE)
        ps_caps_flow_leaves(r->engine, r->line);
    if (r->relay)
        keep_relay(r, held_ms);
}

/* At once where its numbers are known. Else, and when its tombstone is gone, octets that come are answered by a reset
 * of both ends (judge_straggler() of inline.c): of a connection that was granted, inspected, and is over. */
static void reset(const struct rejudged *r)
{
    if (r->relay && ps_reset_known(r->engine, r->relay)) {
        r->engine->slot->rejudged.reset++;
        ps_inline_settle(r->engine, r->relay);
    } else {
        ps_inline_forget(r->engine, r->line);
        ps_engine_close(r->engine, r->line);
    }
    r->flow->flags |= PS_FLOW_GRANTED | PS_FLOW_INSPECTED;
}

/* So that control can say whose flows they were. */
static void note_refused(const struct rejudged *r)
{
    struct ps_policy_slot *slot = r->engine->slot;
    unsigned n = atomic_load_explicit(&slot->n_refused, memory_order_relaxed);
    slot->rejudged.refused++;
    if (n == PS_REFUSED_MAX)
        return;
    ps_flow_describe(r->engine, r->line, &slot->refused[n]);
    atomic_store_explicit(&slot->n_refused, n + 1, memory_order_release);
}

static void end(const struct rejudged *r)
{
    struct ps_engine *engine = r->engine;
    bool tcp = engine->config.inline_ && ps_key_proto(&r->flow->key) == PS_PROTO_TCP;
    bool resets = tcp && ((r->flow->flags & PS_FLOW_INSPECTED) || r->now.protocol != PS_PROTOCOL_NONE);
    r->cold->path.mode = PS_MODE_ENFORCE;
    r->cold->reason = (uint8_t)r->reason;
    r->flow->flags &= (uint8_t)~PS_FLOW_GRANTED;
    engine->stats.rejudged_refused++;
    note_refused(r);
    ps_verdict_flow_ended(engine, r->reason);
    if (resets)
        reset(r);
}

/* ---- one flow -------------------------------------------------------------------------------------------------- */

static void weigh(struct rejudged *r)
{
    struct ps_ends ends = ps_admit_ends(&r->flow->key, 0);
    r->now.reason = ps_admit_match(r->engine, &ends, &r->now.path);
    ps_admit_weigh(r->engine, &r->flow->key, &r->now);
}

/* False: it is forgotten. */
static bool rejudge(struct ps_engine *engine, uint32_t line)
{
    struct rejudged r = {.engine = engine, .flow = ps_engine_flow(engine, line), .line = line};
    r.cold = ps_flow_cold(&engine->table, line);
    if (r.flow->flags & PS_FLOW_RELAYED)
        r.relay = &engine->in.relays[r.flow->half[0]];
    weigh(&r);
    enum fate fate = choose(&r);
    uint16_t held_ms = r.cold->path.hold_ms;
    if (r.flow->phase != PS_FLOW_CLOSED && !(r.flow->flags & PS_FLOW_NOT_OURS)) {
        engine->stats.rejudged++;
        engine->slot->rejudged.flows++;
    }
    move(&r);
    switch (fate) {
    case FATE_KEEP:
        keep(&r, held_ms);
        return true;
    case FATE_END:
        end(&r);
        return true;
    case FATE_FORGET:
        ps_engine_remove(engine, line);
        return false;
    }
    return true;
}

uint32_t ps_rejudge_found(struct ps_engine *engine, uint32_t line)
{
    if (line == PS_NONE || ps_flow_cold(&engine->table, line)->epoch == engine->epoch)
        return line;
    struct ps_current saved = engine->current;
    engine->current.line = line;
    engine->current.dir = PS_TO_SERVER;
    bool there = rejudge(engine, line);
    engine->current = saved;
    return there ? line : PS_NONE;
}

bool ps_rejudge_aside(struct ps_engine *engine, uint32_t line)
{
    struct ps_current saved = engine->current;
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = PS_NONE};
    bool there = ps_rejudge_found(engine, line) != PS_NONE;
    engine->current = saved;
    return there;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

bool ps_engine_sweep(struct ps_engine *engine, uint32_t max)
{
    struct ps_policies *policies = &engine->policies;
    ps_sends_clear(&engine->in.sends, PS_SEND_FIRST);
    if (ps_rejudge_is_behind(engine) && !ps_rejudge_take_up(engine))
        return false;
    if (!engine->unswept)
        return false;
    for (uint32_t n = max < PS_SWEEP_MAX ? max : PS_SWEEP_MAX; n > 0 && policies->sweep_left > 0; n--) {
        if (policies->sweep_line >= policies->sweep_n)
            policies->sweep_line = 0;
        uint32_t line = policies->sweep_line++;
        policies->sweep_left--;
        if (ps_engine_flow(engine, line)->phase != PS_FLOW_FREE)
            (void)ps_rejudge_aside(engine, line);
    }
    if (policies->sweep_left == 0)
        end_sweep(engine);
    return engine->unswept;
}

bool ps_rejudge_check(const struct ps_engine *engine)
{
    uint32_t n_flows[PS_POLICIES_MAX] = {0};
    for (uint32_t line = 0; line < engine->table.n_fresh; line++) {
        if (ps_engine_flow(engine, line)->phase == PS_FLOW_FREE)
            continue;
        const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
        n_flows[cold->epoch / PS_EPOCH_CHANGES]++;
        if (!engine->unswept && cold->epoch != engine->epoch)
            return false;
    }
    for (unsigned place = 0; place < PS_POLICIES_MAX; place++) {
        const struct ps_policy_slot *slot = engine->policies.slots[place];
        if (n_flows[place] != (slot ? slot->n_flows : 0) || (slot && slot != engine->slot && slot->n_flows == 0))
            return false;
    }
    return true;
}
