/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "engine_private.h"
#include "mem.h"
#include "tracer.h"

/* ---- life ------------------------------------------------------------------------------------------------------ */

bool ps_tracer_init(struct ps_tracer *tracer)
{
    tracer->items = ps_mem_new(PS_TRACES_MAX * sizeof tracer->items[0]);
    return tracer->items != NULL;
}

void ps_tracer_fini(struct ps_tracer *tracer)
{
    ps_mem_free(tracer->items, PS_TRACES_MAX * sizeof tracer->items[0]);
}

void ps_engine_trace(struct ps_engine *engine, const struct ps_trace_filter *filter, uint32_t n)
{
    engine->tracer.filter = *filter;
    engine->tracer.left = n;
}

uint32_t ps_engine_trace_left(const struct ps_engine *engine)
{
    return engine->tracer.left;
}

uint32_t ps_engine_traces(struct ps_engine *engine, struct ps_trace *traces, uint32_t max)
{
    struct ps_tracer *tracer = &engine->tracer;
    uint32_t n = 0;
    for (; n < max && tracer->head != tracer->tail; n++)
        traces[n] = tracer->items[tracer->head++ % PS_TRACES_MAX];
    return n;
}

/* ---- judgements ------------------------------------------------------------------------------------------------ */

static void take_path(struct ps_trace *trace, const struct ps_path *path)
{
    trace->conduit = path->conduit;
    trace->client_zone = path->client_zone;
    trace->server_zone = path->server_zone;
    trace->client_asset = path->client_asset;
    trace->server_asset = path->server_asset;
}

/* The first refused PDU stays, else each one takes the place of the one before. */
static void take_pdu(struct ps_trace *trace, const struct ps_judged *judged)
{
    trace->n_pdus++;
    trace->n_refused += judged->reason != PS_REASON_NONE;
    if (trace->pdu_reason != PS_REASON_NONE)
        return;
    trace->pdu_reason = judged->reason;
    trace->pdu_len = judged->pdu_len;
    trace->pdu_offset = judged->offset;
    trace->rule = judged->rule;
    trace->protocol = judged->facts->protocol;
    struct ps_txt text;
    ps_txt_init(&text, trace->operation, sizeof trace->operation);
    ps_operation_format(judged->dissector, judged->facts, &text);
}

/* In the place of the engine's observer, who hears of it too. */
static void note(void *ctx, const struct ps_judged *judged)
{
    struct ps_engine *engine = ctx;
    struct ps_tracer *tracer = &engine->tracer;
    take_path(&tracer->now, judged->path);
    if (judged->what == PS_JUDGED_PDU)
        take_pdu(&tracer->now, judged);
    else if (tracer->now.pdu_reason == PS_REASON_NONE && judged->rule != PS_NONE)
        tracer->now.rule = judged->rule;
    if (tracer->on_judged)
        tracer->on_judged(tracer->on_judged_ctx, judged);
}

void ps_tracer_begin(struct ps_engine *engine)
{
    struct ps_tracer *tracer = &engine->tracer;
    tracer->on_judged = engine->config.on_judged;
    tracer->on_judged_ctx = engine->config.on_judged_ctx;
    engine->config.on_judged = note;
    engine->config.on_judged_ctx = engine;
}

void ps_tracer_end(struct ps_engine *engine)
{
    engine->config.on_judged = engine->tracer.on_judged;
    engine->config.on_judged_ctx = engine->tracer.on_judged_ctx;
}

/* ---- one packet ------------------------------------------------------------------------------------------------ */

static void take_decoded(struct ps_trace *trace, const struct ps_packet *packet, const struct ps_desc *desc)
{
    bool known = desc->kind != PS_KIND_NONE;
    *trace = (struct ps_trace){
        .time_ns = packet->time_ns, .number = packet->number, .len = packet->len, .port = packet->port,
        .kind = desc->kind, .decode_reason = desc->reason, .rule = PS_NONE, .conduit = PS_NONE,
        .client_zone = PS_NONE, .server_zone = PS_NONE, .client_asset = PS_NONE, .server_asset = PS_NONE};
    if (!known)
        return;
    trace->ip_proto = ps_key_proto(&desc->key);
    trace->vlan = ps_key_vlan(&desc->key);
    trace->src = desc->key.addr[0];
    trace->dst = desc->key.addr[1];
    trace->src_port = desc->key.port[0];
    trace->dst_port = desc->key.port[1];
    trace->payload_len = desc->payload_len;
    if (desc->kind == PS_KIND_TCP) {
        trace->tcp_flags = desc->tcp_flags;
        trace->seq = desc->seq;
        trace->ack = desc->ack;
    }
}

static const struct ps_relay_dir *relay_dir(const struct ps_engine *engine, const struct ps_flow *flow, unsigned dir)
{
    return flow->flags & PS_FLOW_RELAYED ? &engine->in.relays[flow->half[0]].dir[dir] : NULL;
}

void ps_tracer_packet(struct ps_engine *engine, const struct ps_packet *packet, const struct ps_desc *desc,
                      uint64_t hash)
{
    struct ps_tracer *tracer = &engine->tracer;
    take_decoded(&tracer->now, packet, desc);
    tracer->n_sends = engine->in.sends.n;
    tracer->n_flows = engine->stats.flows;
    if (desc->kind != PS_KIND_TCP || desc->reason != PS_REASON_NONE)
        return;
    uint32_t line = ps_flow_find(&engine->table, &desc->key, hash);
    if (line == PS_NONE)
        return;
    const struct ps_flow *flow = ps_engine_flow(engine, line);
    unsigned dir = ps_flow_dir(flow, &desc->key);
    const struct ps_relay_dir *relay = relay_dir(engine, flow, dir);
    tracer->now.has_expected = relay || (flow->dir[dir] & PS_DIR_STARTED);
    tracer->now.expected = relay ? relay->judged : flow->next[dir];
}

static void take_flow(const struct ps_engine *engine, struct ps_trace *trace, uint32_t line)
{
    const struct ps_flow *flow = ps_engine_flow(engine, line);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    unsigned dir = engine->current.dir;
    trace->has_flow = true;
    trace->dir = (uint8_t)dir;
    trace->phase = flow->phase;
    trace->flow_reason = cold->reason;
    trace->granted = (flow->flags & PS_FLOW_GRANTED) != 0;
    trace->inspected = (flow->flags & PS_FLOW_INSPECTED) != 0;
    trace->not_ours = (flow->flags & PS_FLOW_NOT_OURS) != 0;
    trace->relayed = (flow->flags & PS_FLOW_RELAYED) != 0;
    take_path(trace, &cold->path);
    const struct ps_relay_dir *relay = relay_dir(engine, flow, dir);
    const struct ps_half *half = relay ? NULL : ps_stream_half(&engine->streams, flow, dir);
    trace->held = relay ? relay->judged - relay->allowed : half ? half->len : 0;
    trace->waiting = relay ? relay->fwd - relay->una : 0;
}

static bool is_wanted(const struct ps_trace_filter *filter, const struct ps_trace *trace)
{
    bool asset = filter->asset == PS_NONE || filter->asset == trace->client_asset ||
                 filter->asset == trace->server_asset;
    return asset && (filter->conduit == PS_NONE || filter->conduit == trace->conduit);
}

void ps_tracer_judged(struct ps_engine *engine, const struct ps_decision *decision)
{
    struct ps_tracer *tracer = &engine->tracer;
    struct ps_trace *trace = &tracer->now;
    uint32_t line = engine->current.line;
    if (line != PS_NONE && ps_engine_flow(engine, line)->phase != PS_FLOW_FREE)
        take_flow(engine, trace, line);
    trace->opened = engine->stats.flows != tracer->n_flows;
    trace->generation = engine->slot->generation;
    trace->decision = *decision;
    trace->n_sends = (uint16_t)(engine->in.sends.n - tracer->n_sends);
    if (tracer->left == 0 || !is_wanted(&tracer->filter, trace) || tracer->tail - tracer->head == PS_TRACES_MAX)
        return;
    tracer->left--;
    tracer->items[tracer->tail++ % PS_TRACES_MAX] = *trace;
}
