/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <string.h>

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
    else if (rule < engine->n_rules)
        engine->rule_stats[rule].allowed++;
}

/* ---- judgements ------------------------------------------------------------------------------------------------ */

static struct ps_mac mac_from(uint64_t number)
{
    struct ps_mac mac;
    for (unsigned i = 0; i < sizeof mac.b; i++)
        mac.b[i] = (uint8_t)(number >> (40 - 8 * i));
    return mac;
}

/* ICMP: the type; not IP: ethertype or DSAP. */
static uint16_t code_of_flow(const struct ps_key *key)
{
    uint8_t proto = ps_key_proto(key);
    bool icmp = proto == PS_PROTO_ICMP || proto == PS_PROTO_ICMPV6;
    return icmp ? ps_key_icmp_type(key) : key->port[0];
}

/* Fills in who talks to whom; end c of the key is the client. */
static void set_ends(struct ps_judged *judged, const struct ps_key *key, unsigned c)
{
    uint8_t proto = ps_key_proto(key);
    bool has_ports = proto == PS_PROTO_TCP || proto == PS_PROTO_UDP;
    judged->ip_proto = proto;
    judged->vlan = ps_key_vlan(key);
    judged->client_port = has_ports ? key->port[c] : 0;
    judged->server_port = has_ports ? key->port[!c] : code_of_flow(key);
    if (proto == 0) {
        judged->client_mac = mac_from(key->addr[c].lo);
        judged->server_mac = mac_from(key->addr[!c].lo);
    } else {
        judged->client = key->addr[c];
        judged->server = key->addr[!c];
    }
}

static struct ps_judged judged_flow(const struct ps_engine *engine, enum ps_judged_what what)
{
    struct ps_judged judged = {.what = (uint8_t)what, .dir = engine->current.dir, .rule = PS_NONE};
    judged.time_ns = engine->now_ns;
    judged.number = engine->number;
    judged.path = &ps_flow_cold(&engine->table, engine->current.line)->path;
    set_ends(&judged, &ps_engine_flow(engine, engine->current.line)->key, 0);
    return judged;
}

static struct ps_event *put_event(struct ps_engine *engine, const struct ps_judged *judged, enum ps_event_kind kind)
{
    struct ps_event *event = ps_event_ring_put(&engine->ring);
    if (!event) {
        engine->stats.events_lost++;
        return NULL;
    }
    const struct ps_path *path = judged->path;
    *event = (struct ps_event){
        .time_ns = judged->time_ns, .number = judged->number, .kind = (uint8_t)kind, .what = judged->what,
        .reason = judged->reason, .dir = judged->dir, .ip_proto = judged->ip_proto, .protocol = path->protocol,
        .vlan = judged->vlan, .client_port = judged->client_port, .server_port = judged->server_port,
        .conduit = path->conduit, .rule = judged->rule, .client_asset = path->client_asset,
        .server_asset = path->server_asset, .client_zone = path->client_zone, .server_zone = path->server_zone,
        .client = judged->client, .server = judged->server, .client_mac = judged->client_mac,
        .server_mac = judged->server_mac, .offset = judged->offset, .len = judged->pdu_len};
    return event;
}

static enum ps_event_kind kind_of(const struct ps_judged *judged)
{
    if (judged->monitored)
        return PS_EVENT_WOULD_DENY;
    return ps_reason_info(judged->reason)->class == PS_CLASS_POLICY ? PS_EVENT_DENY : PS_EVENT_MALFORMED;
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
    struct ps_event *event = put_event(engine, judged, kind_of(judged));
    if (event && judged->what == PS_JUDGED_PDU) {
        struct ps_txt text;
        ps_txt_init(&text, event->operation, sizeof event->operation);
        ps_operation_format(judged->dissector, judged->facts, &text);
        event->protocol = judged->facts->protocol;
    }
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

void ps_verdict_packet_refused(struct ps_engine *engine, const struct ps_desc *desc, const struct ps_path *path,
                               enum ps_reason reason)
{
    struct ps_judged judged = {.what = PS_JUDGED_PACKET, .reason = (uint8_t)reason, .dir = engine->current.dir};
    judged.rule = PS_NONE;
    judged.time_ns = engine->now_ns;
    judged.number = engine->number;
    judged.path = path;
    judged.offset = desc->offset;
    if (desc->kind == PS_KIND_ARP) {
        judged.client = desc->key.addr[0];
        judged.server = desc->key.addr[1];
        judged.vlan = ps_key_vlan(&desc->key);
        judged.server_port = desc->code;
    } else {
        set_ends(&judged, &desc->key, engine->current.dir);
    }
    if (desc->frame) {
        memcpy(judged.client_mac.b, desc->frame + (judged.dir ? 0 : 6), sizeof judged.client_mac.b);
        memcpy(judged.server_mac.b, desc->frame + (judged.dir ? 6 : 0), sizeof judged.server_mac.b);
    }
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
