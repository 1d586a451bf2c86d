/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "admit.h"
#include "engine_private.h"
#include "glance.h"
#include "inspect.h"
#include "likely.h"
#include "mem.h"
#include "plain.h"
#include "rejudge.h"
#include "tcp.h"
#include "verdict.h"

_Static_assert(PS_OPERATION_TEXT_MAX >= 64, "an operation has room in an event");

/* ---- life ------------------------------------------------------------------------------------------------------ */

void ps_engine_config_init(struct ps_engine_config *config)
{
    *config = (struct ps_engine_config){
        .n_flows = 65536,
        .n_streams = 8192,
        .reorder_segments = 4096,
        .n_events = 4096,
        .checksums = PS_CHECKSUMS_OFFLOAD,
        .gateway = PS_NONE,
        .hash_seed = {UINT64_C(0x9ae16a3b2f90404f), UINT64_C(0xc949d7c7509e6557)},
        .n_datagrams = 64,
        .n_of_source = 8,
        .new_of_source = 128,
        .half_open_of_source = 64,
        .held_of_source = 32,
        .held_of_conduit = 256,
        .reorder_of_source = UINT32_C(256) << 10,
        .reorder_of_conduit = UINT32_C(4) << 20,
        .tombs_of_source = 256,
        .tombs_of_conduit = 2048,
        .n_relays = 8192,
        .n_chunks = 32768,
        .unacked_octets = 4096,
        .send_octets = UINT32_C(1) << 20,
        .snapshot_age_ns = UINT64_C(60000000000),
    };
    for (uint16_t port = 0; port < PS_PORTS_MAX; port++)
        config->gateway_port[port] = port;
}

static bool init_tables(struct ps_engine *engine)
{
    const struct ps_engine_config *config = &engine->config;
    const struct ps_stream_sink sink = {.ctx = engine, .bytes = ps_inspect_bytes, .gap = ps_inspect_gap};
    uint32_t state_len[PS_N_DISSECTORS] = {0}, pdu_len = 0;
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *d = ps_dissector_by_protocol(p);
        if (!d || ps_protocol_carrier(p) != p)
            continue;
        engine->dissectors[p] = d;
        state_len[p] = d->state_len;
        pdu_len = d->max_pdu_len > pdu_len ? d->max_pdu_len : pdu_len;
    }
    return ps_flow_table_init(&engine->table, config->n_flows, state_len, config->hash_seed) &&
           ps_streams_init(&engine->streams, &sink, config->n_streams, pdu_len, config->reorder_segments) &&
           ps_event_ring_init(&engine->ring, config->n_events) && ps_inline_init(engine, pdu_len) &&
           ps_datagrams_init(engine) && ps_caps_init(engine) && ps_tracer_init(&engine->tracer);
}

struct ps_engine *ps_engine_new(const struct ps_engine_config *config, const struct ps_image *image)
{
    struct ps_engine *engine = ps_mem_new(sizeof *engine);
    if (!engine)
        return NULL;
    engine->config = *config;
    if (!init_tables(engine) || !ps_rejudge_init(engine, image)) {
        ps_engine_free(engine);
        return NULL;
    }
    return engine;
}

void ps_engine_free(struct ps_engine *engine)
{
    if (!engine)
        return;
    ps_caps_fini(engine);
    ps_flow_table_fini(&engine->table);
    ps_streams_fini(&engine->streams);
    ps_event_ring_fini(&engine->ring);
    ps_inline_fini(engine);
    ps_frag_fini(&engine->datagrams.table);
    ps_rejudge_fini(engine);
    ps_tracer_fini(&engine->tracer);
    ps_mem_free(engine, sizeof *engine);
}

/* A call costs as much as what is done here. */
#define INLINED static inline __attribute__((always_inline))

/* ---- flows ----------------------------------------------------------------------------------------------------- */

INLINED bool is_hint_right(const struct ps_engine *engine, const struct ps_key *key, uint32_t hint)
{
    return hint != PS_NONE && engine->table.flows[hint].phase != PS_FLOW_FREE &&
           ps_key_likely_names(&engine->table.flows[hint].key, key);
}

__attribute__((noinline)) static uint32_t find_long(struct ps_engine *engine, const struct ps_key *key, uint64_t hash,
                                                    uint32_t hint)
{
    uint32_t line = is_hint_right(engine, key, hint) ? hint : ps_flow_find(&engine->table, key, hash);
    return ps_rejudge_found(engine, line);
}

uint32_t ps_engine_find(struct ps_engine *engine, const struct ps_key *key, uint64_t hash, uint32_t hint)
{
    if (PS_LIKELY(is_hint_right(engine, key, hint) && !engine->unswept))
        return hint;
    return find_long(engine, key, hash, hint);
}

/* What the flow still keeps is judged as if its packets came now; the packet in hand is not decided by it. */
void ps_engine_close(struct ps_engine *engine, uint32_t line)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    if (flow->phase == PS_FLOW_CLOSED)
        return;
    struct ps_current saved = engine->current;
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = line};
    bool passive = (flow->flags & PS_FLOW_INSPECTED) && !(flow->flags & PS_FLOW_RELAYED);
    for (unsigned dir = 0; dir < 2 && passive; dir++) {
        engine->current.dir = (uint8_t)dir;
        ps_stream_flush(&engine->streams, flow, dir);
        ps_inspect_end(engine);
    }
    engine->current.dir = PS_TO_SERVER;
    if (engine->config.flow_events && !(flow->flags & PS_FLOW_NOT_OURS))
        ps_verdict_note(engine, PS_EVENT_FLOW_END, 0);
    flow->phase = PS_FLOW_CLOSED;
    engine->stats.flows_now--;
    engine->current = saved;
}

void ps_engine_remove(struct ps_engine *engine, uint32_t line)
{
    if (PS_UNLIKELY(engine->unswept) && !ps_rejudge_aside(engine, line))
        return;
    ps_engine_close(engine, line);
    ps_inline_forget(engine, line);
    ps_caps_flow_leaves(engine, line);
    ps_engine_settle(engine, ps_flow_cold(&engine->table, line));
    ps_rejudge_leave(engine, ps_flow_cold(&engine->table, line));
    ps_flow_remove(&engine->table, line);
}

void ps_engine_answered(struct ps_engine *engine, uint32_t line)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    flow->phase = PS_FLOW_OPEN;
    if (flow->flags & PS_FLOW_GRANTED)
        ps_caps_flow_leaves(engine, line);
}

void ps_engine_settle(struct ps_engine *engine, struct ps_flow_cold *cold)
{
    struct ps_policy_slot *slot = ps_rejudge_slot(engine, cold);
    struct ps_conduit_stats *conduit = &slot->conduit_stats[ps_policy_slot_index(slot, cold->path.conduit)];
    conduit->packets += cold->packets - cold->settled;
    conduit->allowed += cold->allowed;
    conduit->replies += cold->replies;
    if (cold->by_rule > 0)
        slot->rule_stats[cold->grant.rule].allowed += cold->by_rule;
    cold->settled = cold->packets;
    cold->allowed = cold->replies = cold->by_rule = 0;
}

bool ps_engine_settle_flows(struct ps_engine *engine, uint32_t max)
{
    for (; max > 0 && engine->settle_line < engine->table.n_fresh; max--, engine->settle_line++)
        if (ps_engine_flow(engine, engine->settle_line)->phase != PS_FLOW_FREE)
            ps_engine_settle(engine, ps_flow_cold(&engine->table, engine->settle_line));
    if (engine->settle_line < engine->table.n_fresh)
        return true;
    engine->settle_line = 0;
    return false;
}

/* Somebody wants to know. Reading many counters between two bursts walks the flows once. */
static void settle_all(struct ps_engine *engine)
{
    if (!engine->unsettled)
        return;
    engine->settle_line = 0;
    (void)ps_engine_settle_flows(engine, UINT32_MAX);
    engine->unsettled = false;
}

bool ps_engine_finish(struct ps_engine *engine)
{
    struct ps_flow_table *table = &engine->table;
    for (; engine->finish_line < table->n_fresh; engine->finish_line++) {
        if (ps_event_ring_room(&engine->ring) <= engine->ring.capacity / 2)
            return true;
        if (ps_engine_flow(engine, engine->finish_line)->phase == PS_FLOW_FREE)
            continue;
        ps_engine_remove(engine, engine->finish_line);
    }
    engine->finish_line = 0;
    return false;
}

/* ---- burst ----------------------------------------------------------------------------------------------------- */

INLINED void dispatch(struct ps_engine *engine, uint32_t i)
{
    const struct ps_desc *desc = &engine->desc[i];
    if (desc->reason != PS_REASON_NONE) {
        ps_admit_refuse(engine, desc, desc->reason);
        return;
    }
    if (desc->kind == PS_KIND_TCP) { /* nearly always */
        ps_tcp_judge(engine, desc, engine->hash[i], engine->hint[i]);
        return;
    }
    switch ((enum ps_kind)desc->kind) {
    case PS_KIND_ICMP:
        ps_icmp_judge(engine, desc, engine->hash[i], engine->hint[i]);
        return;
    case PS_KIND_ARP:
        ps_arp_judge(engine, desc);
        return;
    case PS_KIND_UDP:
    case PS_KIND_IP:
    case PS_KIND_FRAME:
        ps_plain_judge(engine, desc, engine->hash[i], engine->hint[i]);
        return;
    case PS_KIND_TCP:
    case PS_KIND_NONE:
        break;
    }
    ps_admit_refuse(engine, desc, PS_REASON_BUG);
}

/* Of a steady connection both ends have spoken, each from a port behind which its zone lies, and nobody asked about the
 * ports again: the line that holds the zones is not read for this either. */
INLINED void tell_receiver(const struct ps_engine *engine, struct ps_decision *out)
{
    if (engine->config.gateway == PS_NONE || engine->current.line == PS_NONE)
        return;
    out->crosses = (ps_engine_flow(engine, engine->current.line)->flags & PS_FLOW_STEADY) != 0;
    if (out->crosses)
        return;
    const struct ps_path *path = &ps_flow_cold(&engine->table, engine->current.line)->path;
    out->to_zone = engine->current.dir == PS_TO_SERVER ? path->server_zone : path->client_zone;
}

INLINED void judge(struct ps_engine *engine, const struct ps_packet *packet, uint32_t i, struct ps_decision *out)
{
    *out = (struct ps_decision){.verdict = PS_VERDICT_PASS, .to_zone = PS_NONE};
    if (packet->time_ns > engine->now_ns)
        engine->now_ns = packet->time_ns;
    engine->number = packet->number;
    engine->current = (struct ps_current){.packet = packet, .out = out, .line = PS_NONE};
    engine->in.sends.after = (uint16_t)i;
    enum ps_datagram taken = PS_DATAGRAM_NONE;
    if (engine->desc[i].reason == PS_REASON_FRAGMENT)
        taken = ps_datagram_take(engine, i);
    if (taken == PS_DATAGRAM_DONE)
        return;
    dispatch(engine, i);
    tell_receiver(engine, out);
    if (!engine->config.inline_ || out->verdict != PS_VERDICT_PASS)
        return;
    if (taken == PS_DATAGRAM_WHOLE)
        ps_datagram_send(engine, i);
    else if (!out->crosses) /* of steady connections only what is trimmed leaves as it came */
        ps_inline_trim(engine, &engine->desc[i]);
}

static uint32_t all_of(uint32_t n)
{
    return n > 0 ? UINT32_MAX >> (32 - n) : 0;
}

_Static_assert(PS_BURST_MAX == 32, "a bit for each packet");

/* What is counted whatever becomes of the packets. */
INLINED void count(struct ps_engine *engine, const struct ps_packet *packets, uint32_t n, const struct ps_decision *out)
{
    struct ps_engine_stats *stats = &engine->stats;
    uint64_t bytes = 0;
    uint32_t cut = 0, passed = (uint32_t)__builtin_popcount(engine->plain), offloaded = 0, non_ip = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += packets[i].wire_len;
    for (uint32_t left = all_of(n) & ~engine->plain; left != 0; left &= left - 1) { /* the others are whole and pass */
        uint32_t i = (uint32_t)__builtin_ctz(left);
        cut += packets[i].len < packets[i].wire_len;
        passed += out[i].verdict == PS_VERDICT_PASS;
        offloaded += engine->desc[i].offloaded;
        non_ip += engine->desc[i].kind == PS_KIND_FRAME || engine->desc[i].kind == PS_KIND_ARP;
    }
    stats->packets += n;
    stats->bytes += bytes;
    stats->cut_packets += cut;
    stats->passed += passed;
    stats->dropped += n - passed;
    stats->offloaded_checksums += offloaded;
    stats->non_ip += non_ip;
    stats->retransmissions = engine->streams.n_retransmitted;
    stats->out_of_order = engine->streams.n_kept;
}

static struct ps_decode_how how_of(const struct ps_engine *engine, const struct ps_packet *packet)
{
    return (struct ps_decode_how){.checksums = engine->config.checksums, .port_known = packet->port != PS_PORT_UNKNOWN};
}

/* It passed at a glance. Else it has a descriptor from now on. */
INLINED bool glance(struct ps_engine *engine, const struct ps_packet *packet, uint32_t i, struct ps_decision *out)
{
    if (!(engine->plain >> i & 1))
        return false;
    if (packet->time_ns > engine->now_ns)
        engine->now_ns = packet->time_ns;
    engine->number = packet->number;
    bool steady = engine->hint[i] != PS_NONE && (ps_engine_flow(engine, engine->hint[i])->flags & PS_FLOW_STEADY) != 0;
    if (PS_LIKELY(steady && ps_inline_glance(engine, packet, engine->hint[i]))) {
        *out = (struct ps_decision){.verdict = PS_VERDICT_PASS, .to_zone = PS_NONE,
                                    .crosses = engine->config.gateway != PS_NONE};
        return true;
    }
    engine->plain ^= UINT32_C(1) << i;
    ps_glance_decode(packet, how_of(engine, packet), &engine->desc[i]);
    return false;
}

/* What a packet's judgement will touch is fetched while the others of its burst are worked on: first the packets, then
 * the buckets, then the flow lines, then the protocol state and the rules they lead to. Of the cold part only the first
 * line is wanted in the common case, and no rules where the flow repeats itself. The last step, for which the cold part
 * has to be there, runs this many packets ahead of judging instead of a burst ahead: else the first packets would wait. */
#define POLICY_AHEAD 8u

static void prefetch_flow(struct ps_engine *engine, uint32_t line)
{
    __builtin_prefetch(&engine->table.flows[line], 1);
    __builtin_prefetch(ps_flow_cold(&engine->table, line), 1);
}

static void prefetch_policy(const struct ps_engine *engine, uint32_t line)
{
    if (line == PS_NONE)
        return;
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    if (engine->config.gateway != PS_NONE && !(ps_engine_flow(engine, line)->flags & PS_FLOW_STEADY))
        __builtin_prefetch((const char *)cold + 64); /* zones and assets: the port is judged */
    if (cold->protocol == PS_PROTOCOL_NONE)
        return;
    if (engine->config.inline_)
        ps_inline_prefetch(&engine->in, ps_engine_flow(engine, line));
    __builtin_prefetch(ps_flow_state(&engine->table, line), 1);
    if (!cold->grant.asked.recalled)
        ps_match_prefetch(engine->image, &cold->path);
}

INLINED void judge_all(struct ps_engine *engine, const struct ps_packet *packets, uint32_t n, struct ps_decision *out)
{
    for (uint32_t i = 0; i < n && i < POLICY_AHEAD; i++)
        prefetch_policy(engine, engine->hint[i]);
    for (uint32_t i = 0; i < n; i++) {
        if (i + POLICY_AHEAD < n)
            prefetch_policy(engine, engine->hint[i + POLICY_AHEAD]);
        if (!glance(engine, &packets[i], i, &out[i]))
            judge(engine, &packets[i], i, &out[i]);
    }
}

__attribute__((noinline, cold)) static void judge_traced(struct ps_engine *engine, const struct ps_packet *packets,
                                                         uint32_t n, struct ps_decision *out)
{
    ps_tracer_begin(engine);
    for (uint32_t i = 0; i < n; i++) {
        ps_tracer_packet(engine, &packets[i], &engine->desc[i], engine->hash[i]);
        judge(engine, &packets[i], i, &out[i]);
        ps_tracer_judged(engine, &out[i]);
    }
    ps_tracer_end(engine);
}

/* No policy has been loaded. */
__attribute__((noinline, cold)) static void refuse_all(struct ps_engine *engine, const struct ps_packet *packets,
                                                       uint32_t n, struct ps_decision *out)
{
    struct ps_path nowhere = ps_admit_no_path();
    engine->plain = 0;
    for (uint32_t i = 0; i < n; i++) {
        ps_decode(&packets[i], how_of(engine, &packets[i]), &engine->desc[i]);
        out[i] = (struct ps_decision){.verdict = PS_VERDICT_PASS, .to_zone = PS_NONE};
        engine->now_ns = packets[i].time_ns > engine->now_ns ? packets[i].time_ns : engine->now_ns;
        engine->number = packets[i].number;
        engine->current = (struct ps_current){.packet = &packets[i], .out = &out[i], .line = PS_NONE};
        ps_engine_conduit(engine, &nowhere)->packets++;
        ps_verdict_packet_refused(engine, &engine->desc[i], &nowhere, PS_REASON_NO_POLICY);
    }
    count(engine, packets, n, out);
}

/* Nobody wants to see a descriptor, and no flow has to be judged anew. */
static bool may_glance(const struct ps_engine *engine)
{
    return engine->config.inline_ && !engine->config.closely && !engine->unswept && engine->tracer.left == 0;
}

/* Flows are found for all; packets that may pass at a glance are decoded when they did not. */
__attribute__((noinline)) static void decode_all(struct ps_engine *engine, const struct ps_packet *packets, uint32_t n)
{
    bool may = may_glance(engine);
    uint32_t plain = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (PS_LIKELY(may && ps_glance_is_plain(&packets[i]))) {
            struct ps_key key = ps_glance_key(packets[i].data);
            plain |= UINT32_C(1) << i;
            engine->hash[i] = ps_flow_hash(&engine->table, &key);
        } else {
            ps_decode(&packets[i], how_of(engine, &packets[i]), &engine->desc[i]);
            engine->hash[i] = ps_flow_hash(&engine->table, &engine->desc[i].key);
        }
        ps_flow_prefetch_bucket(&engine->table, engine->hash[i]);
    }
    engine->plain = plain;
}

void ps_engine_burst(struct ps_engine *engine, const struct ps_packet *packets, uint32_t n, struct ps_decision *out)
{
    if (n > PS_BURST_MAX)
        n = PS_BURST_MAX;
    ps_sends_clear(&engine->in.sends, PS_SEND_FIRST);
    if (PS_UNLIKELY(ps_rejudge_is_behind(engine)) && !ps_rejudge_take_up(engine)) {
        refuse_all(engine, packets, n, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        __builtin_prefetch(packets[i].data);
        __builtin_prefetch(packets[i].data + 64);
    }
    decode_all(engine, packets, n);
    for (uint32_t i = 0; i < n; i++) {
        engine->hint[i] = ps_flow_hint(&engine->table, engine->hash[i]);
        if (engine->hint[i] != PS_NONE)
            prefetch_flow(engine, engine->hint[i]);
    }
    if (PS_UNLIKELY(engine->tracer.left > 0))
        judge_traced(engine, packets, n, out);
    else
        judge_all(engine, packets, n, out);
    ps_frag_release(&engine->datagrams.table);
    engine->unsettled = true;
    count(engine, packets, n, out);
}

uint32_t ps_engine_state(const struct ps_engine *engine)
{
    return ps_policy_slot_state_of(engine->slot, engine->policies.changes);
}

/* ---- what happened --------------------------------------------------------------------------------------------- */

uint32_t ps_engine_events(struct ps_engine *engine, struct ps_event *events, uint32_t max)
{
    return ps_event_ring_take(&engine->ring, events, max);
}

const struct ps_engine_stats *ps_engine_stats(const struct ps_engine *engine)
{
    return &engine->stats;
}

const struct ps_conduit_stats *ps_engine_conduit_stats(struct ps_engine *engine, uint32_t conduit)
{
    settle_all(engine);
    return &engine->slot->conduit_stats[ps_policy_slot_index(engine->slot, conduit)];
}

const struct ps_rule_stats *ps_engine_rule_stats(struct ps_engine *engine, uint32_t rule)
{
    settle_all(engine);
    return &engine->slot->rule_stats[rule < engine->slot->n_rules ? rule : engine->slot->n_rules];
}
