/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include "judged.h"

/* ---- decision -------------------------------------------------------------------------------------------------- */

/* The first refusal names the reason; one that is enforced drops whatever else the packet holds. */
static void decide(struct ps_decision *out, enum ps_reason reason, bool monitored)
{
    if (out->reason == PS_REASON_NONE) {
        out->reason = (uint8_t)reason;
        out->monitored = monitored && out->verdict == PS_VERDICT_PASS;
    }
    if (!monitored) {
        out->verdict = PS_VERDICT_DROP;
        out->monitored = false;
    }
}

static bool is_monitored(const struct ps_path *path)
{
    return path->conduit != PS_NONE && path->mode == PS_MODE_MONITOR;
}

void ps_verdict_drop(struct ps_engine *engine)
{
    if (engine->config.inline_ && is_monitored(&ps_flow_cold(&engine->table, engine->current.line)->path))
        return; /* a gateway that only watches passes what it cannot read */
    engine->current.out->verdict = PS_VERDICT_DROP;
    engine->current.out->monitored = false;
}

void ps_verdict_silent(struct ps_engine *engine, const struct ps_flow_cold *cold)
{
    decide(engine->current.out, cold->reason, is_monitored(&cold->path));
}

/* ---- counters -------------------------------------------------------------------------------------------------- */

static void count_denied(struct ps_engine *engine, const struct ps_judged *judged)
{
    struct ps_engine_stats *stats = &engine->stats;
    struct ps_conduit_stats *conduit = ps_engine_conduit(engine, judged->path);
    stats->denied_by_class[ps_reason_info(judged->reason)->class]++;
    stats->denied_by_reason[judged->reason]++;
    stats->pdus_denied += judged->what == PS_JUDGED_PDU;
    if (judged->what == PS_JUDGED_PDU)
        stats->pdus[judged->facts->protocol].denied++;
    conduit->denied++;
    conduit->by_reason[judged->reason]++;
    conduit->monitored += judged->monitored;
}

/* In the flow's own line, where the rule is the one it remembers. */
static void count_allowed(struct ps_engine *engine, struct ps_flow_cold *cold, uint32_t rule)
{
    cold->allowed++;
    if (rule == cold->grant.rule && rule != PS_NONE)
        cold->by_rule++;
    else if (rule < engine->slot->n_rules)
        engine->slot->rule_stats[rule].allowed++;
}

/* ---- judgements ------------------------------------------------------------------------------------------------ */

static struct ps_judged judged_flow(const struct ps_engine *engine, enum ps_judged_what what)
{
    struct ps_judged judged = {.what = (uint8_t)what, .dir = engine->current.dir, .rule = PS_NONE};
    judged.time_ns = engine->now_ns;
    judged.number = engine->number;
    judged.path = &ps_flow_cold(&engine->table, engine->current.line)->path;
    ps_judged_set_ends(&judged, &ps_engine_flow(engine, engine->current.line)->key, 0);
    return judged;
}

static struct ps_event *put_event(struct ps_engine *engine, const struct ps_judged *judged, enum ps_event_kind kind)
{
    struct ps_event *event = ps_event_ring_put(&engine->ring);
    if (!event) {
        engine->stats.events_lost++;
        return NULL;
    }
    ps_judged_event(judged, kind, engine->slot->generation, event);
    return event;
}

static void observe(const struct ps_engine *engine, const struct ps_judged *judged)
{
    if (engine->config.on_judged)
        engine->config.on_judged(engine->config.on_judged_ctx, judged);
}

/* Counts, decides, tells. judged->reason is set. */
static void refuse(struct ps_engine *engine, struct ps_judged *judged)
{
    judged->monitored = is_monitored(judged->path);
    count_denied(engine, judged);
    decide(engine->current.out, judged->reason, judged->monitored);
    struct ps_event *event = put_event(engine, judged, ps_judged_kind(judged));
    if (event)
        ps_event_ring_publish(&engine->ring);
    observe(engine, judged);
}

void ps_verdict_pdu_counted(struct ps_engine *engine, uint32_t rule, bool reply)
{
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    engine->stats.pdus_allowed++;
    engine->stats.pdus[engine->facts.protocol].allowed++;
    cold->replies += reply;
    count_allowed(engine, cold, rule);
}

void ps_verdict_pdu(struct ps_engine *engine, const struct ps_verdict_pdu *pdu)
{
    if (pdu->reason == PS_REASON_NONE) {
        ps_verdict_pdu_counted(engine, pdu->rule, pdu->reply);
        if (!engine->config.on_judged)
            return;
    }
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_PDU);
    judged.reason = pdu->reason;
    judged.rule = pdu->rule;
    judged.dissector = pdu->dissector;
    judged.facts = &engine->facts;
    judged.pdu = pdu->data;
    judged.pdu_len = pdu->len;
    judged.offset = pdu->offset;
    if (pdu->reason == PS_REASON_NONE)
        observe(engine, &judged);
    else
        refuse(engine, &judged);
}

void ps_verdict_packet_allowed(struct ps_engine *engine)
{
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    uint32_t rule = cold->grant.rule;
    count_allowed(engine, cold, rule);
    if (!engine->config.on_judged)
        return;
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_PACKET);
    judged.rule = rule;
    observe(engine, &judged);
}

void ps_verdict_carries(struct ps_engine *engine)
{
    const uint8_t asked = PS_FLOW_GRANTED | PS_FLOW_INSPECTED | PS_FLOW_NOT_OURS | PS_FLOW_BOUND_CLIENT | PS_FLOW_BOUND_SERVER;
    const struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    bool goes_on = flow->phase == PS_FLOW_OPEN && ((flow->dir[0] | flow->dir[1]) & PS_DIR_FIN) == 0;
    engine->current.out->carries = (flow->flags & asked) == PS_FLOW_GRANTED && goes_on &&
                                   !is_monitored(&ps_flow_cold(&engine->table, engine->current.line)->path);
}

void ps_verdict_packet_refused(struct ps_engine *engine, const struct ps_desc *desc, const struct ps_path *path,
                               enum ps_reason reason)
{
    struct ps_judged judged = {.what = PS_JUDGED_PACKET, .reason = (uint8_t)reason, .dir = engine->current.dir};
    judged.rule = PS_NONE;
    judged.time_ns = engine->now_ns;
    judged.number = engine->number;
    judged.path = path;
    judged.offset = desc->offset;
    ps_judged_set_packet(&judged, desc);
    refuse(engine, &judged);
}

void ps_verdict_flow_refused(struct ps_engine *engine, enum ps_reason reason)
{
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_PACKET);
    judged.reason = (uint8_t)reason;
    refuse(engine, &judged);
}

void ps_verdict_flow_opened(struct ps_engine *engine)
{
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    struct ps_conduit_stats *conduit = ps_engine_conduit(engine, &cold->path);
    engine->stats.flows++;
    conduit->flows++;
    if (engine->config.flow_events)
        ps_verdict_note(engine, PS_EVENT_FLOW_START, 0);
    if (cold->reason == PS_REASON_NONE)
        return;
    conduit->refused_flows++;
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_FLOW);
    judged.reason = cold->reason;
    refuse(engine, &judged);
}

void ps_verdict_flow_ended(struct ps_engine *engine, enum ps_reason reason)
{
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_FLOW);
    judged.reason = (uint8_t)reason;
    refuse(engine, &judged);
}

void ps_verdict_note(struct ps_engine *engine, enum ps_event_kind kind, uint32_t len)
{
    struct ps_judged judged = judged_flow(engine, PS_JUDGED_FLOW);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    judged.pdu_len = len;
    struct ps_event *event = put_event(engine, &judged, kind);
    if (!event)
        return;
    if (cold->protocol != PS_PROTOCOL_NONE)
        event->protocol = cold->protocol;
    if (kind == PS_EVENT_FLOW_END)
        event->packets = cold->packets;
    ps_event_ring_publish(&engine->ring);
}
