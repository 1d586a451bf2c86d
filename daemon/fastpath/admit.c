/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admit.h"

#include "rejudge.h"
#include "verdict.h"

#define GATEWAY_PORTS_MAX 256u

struct ps_path ps_admit_no_path(void)
{
    return (struct ps_path){.conduit = PS_NONE, .client_asset = PS_NONE, .server_asset = PS_NONE,
                            .client_zone = PS_NONE, .server_zone = PS_NONE};
}

/* ---- ends ------------------------------------------------------------------------------------------------------ */

struct ps_ends ps_admit_ends(const struct ps_key *key, unsigned c)
{
    struct ps_ends ends = {.client = key->addr[c], .server = key->addr[!c], .ip_proto = ps_key_proto(key)};
    if (ends.ip_proto == PS_PROTO_TCP || ends.ip_proto == PS_PROTO_UDP)
        ends.server_port = key->port[!c];
    else if (ends.ip_proto == PS_PROTO_ICMP || ends.ip_proto == PS_PROTO_ICMPV6)
        ends.server_port = ps_key_icmp_type(key);
    return ends;
}

static enum ps_reason match_ends(const struct ps_engine *engine, const struct ps_desc *desc, unsigned c,
                                 struct ps_path *path)
{
    *path = ps_admit_no_path();
    if (desc->kind == PS_KIND_FRAME) {
        enum ps_reason reason =
            ps_match_frame(engine->image, ps_mac_at(desc->frame + 6), ps_mac_at(desc->frame), desc->code, path);
        return ps_policy_slot_apply(engine->slot, reason, path);
    }
    struct ps_ends ends = ps_admit_ends(&desc->key, c);
    return ps_admit_match(engine, &ends, path);
}

enum ps_reason ps_admit_match(const struct ps_engine *engine, const struct ps_ends *ends, struct ps_path *path)
{
    enum ps_reason reason = ps_match_path(engine->image, ends, path);
    return ps_policy_slot_apply(engine->slot, reason, path);
}

static bool is_granted(enum ps_reason reason, const struct ps_path *path)
{
    return reason == PS_REASON_NONE && path->granted && !path->not_ours;
}

static bool is_known_port(const struct ps_engine *engine, const struct ps_desc *desc, unsigned end)
{
    return engine->slot->port_protocol[desc->kind == PS_KIND_UDP][desc->key.port[end]] != PS_PROTOCOL_NONE;
}

/* By its port, which end looks like the server? The end that is the client. */
static unsigned client_by_ports(const struct ps_engine *engine, const struct ps_desc *desc, enum ps_opener opener)
{
    bool src_known = is_known_port(engine, desc, 0), dst_known = is_known_port(engine, desc, 1);
    if (src_known != dst_known)
        return src_known ? 1 : 0;
    if (opener == PS_OPENER_LIKELY_SENDER || desc->key.port[0] == desc->key.port[1])
        return 0;
    return desc->key.port[0] < desc->key.port[1] ? 1 : 0;
}

/* Neither direction is granted. A sender that looks like the server is the client all the same where a conduit lets
 * its side open alone: a client may send from any port. Never the other way round: what comes against the conduit is
 * not judged as what was asked for through it. */
static unsigned guess_client(const struct ps_engine *engine, const struct ps_desc *desc, enum ps_opener opener,
                             const struct ps_path paths[2])
{
    bool sender_alone = paths[0].conduit != PS_NONE && paths[1].conduit == PS_NONE;
    return sender_alone ? 0 : client_by_ports(engine, desc, opener);
}

/* The end of desc->key that is the client, with the path of that direction. */
static unsigned choose_client(const struct ps_engine *engine, const struct ps_desc *desc, enum ps_opener opener,
                              struct ps_path *path, enum ps_reason *reason)
{
    if (opener == PS_OPENER_SENDER || opener == PS_OPENER_RECEIVER) {
        unsigned c = opener == PS_OPENER_RECEIVER;
        *reason = match_ends(engine, desc, c, path);
        return c;
    }
    struct ps_path paths[2];
    enum ps_reason reasons[2] = {match_ends(engine, desc, 0, &paths[0]), match_ends(engine, desc, 1, &paths[1])};
    bool granted[2] = {is_granted(reasons[0], &paths[0]), is_granted(reasons[1], &paths[1])};
    unsigned c = granted[0] != granted[1] ? granted[1] : guess_client(engine, desc, opener, paths);
    *path = paths[c];
    *reason = reasons[c];
    return c;
}

/* ---- where it came in ------------------------------------------------------------------------------------------ */

/* Ports are judged only by a gateway that knows them. No packet: a flow is judged anew. */
static bool is_port_judged(const struct ps_engine *engine)
{
    return engine->current.packet && engine->current.packet->port != PS_PORT_UNKNOWN &&
           engine->config.gateway != PS_NONE;
}

static bool is_behind(const struct ps_engine *engine, uint32_t zone)
{
    uint16_t port = engine->current.packet->port;
    return zone != PS_NONE && port < PS_PORTS_MAX &&
           ps_match_port(engine->image, engine->config.gateway, engine->config.gateway_port[port], zone);
}

/* A zone behind two ports: what its members say to one another may cross the gateway. */
static bool is_split(const struct ps_engine *engine, uint32_t zone)
{
    unsigned n = 0;
    for (uint32_t port = 0; port < GATEWAY_PORTS_MAX && n < 2; port++)
        n += ps_match_port(engine->image, engine->config.gateway, port, zone);
    return n > 1;
}

bool ps_admit_not_ours(const struct ps_engine *engine, const struct ps_path *path)
{
    bool swept = !engine->current.packet && engine->config.gateway != PS_NONE;
    if (!is_port_judged(engine) && !swept)
        return path->not_ours;
    if (!swept && !is_behind(engine, path->client_zone))
        return false; /* somebody at another port speaks in the name of the zone */
    if (path->not_ours)
        return path->intra_allow || !is_split(engine, path->client_zone);
    return !swept && path->client_zone != path->server_zone && is_behind(engine, path->server_zone);
}

bool ps_admit_is_spoofed(const struct ps_engine *engine, uint32_t zone)
{
    return is_port_judged(engine) && zone != PS_NONE && !is_behind(engine, zone);
}

/* The inner tag too: behind a switch that takes the outer one off it is the one that counts. */
bool ps_admit_has_tags(const struct ps_engine *engine, const struct ps_key *key, const struct ps_path *path)
{
    return ps_match_vlan(engine->image, path->client_zone, path->server_zone, ps_key_vlan(key)) &&
           ps_match_vlan(engine->image, path->client_zone, path->server_zone, ps_key_inner_vlan(key));
}

/* Why the sender cannot be who it says it is. */
static enum ps_reason sender_reason(const struct ps_engine *engine, const struct ps_desc *desc, uint32_t zone,
                                    uint32_t asset)
{
    if (ps_admit_is_spoofed(engine, zone))
        return PS_REASON_SPOOFED;
    if (desc->frame && asset != PS_NONE && !ps_match_mac(engine->image, asset, ps_mac_at(desc->frame + 6)))
        return PS_REASON_MAC_BINDING;
    return PS_REASON_NONE;
}

bool ps_admit_sender(struct ps_engine *engine, const struct ps_desc *desc)
{
    const struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    const struct ps_path *path = &ps_flow_cold(&engine->table, engine->current.line)->path;
    bool to_server = engine->current.dir == PS_TO_SERVER;
    uint8_t bound = to_server ? PS_FLOW_BOUND_CLIENT : PS_FLOW_BOUND_SERVER;
    if (flow->flags & PS_FLOW_NOT_OURS)
        bound = 0;
    if (!is_port_judged(engine) && !(flow->flags & bound))
        return true;
    uint32_t asset = to_server ? path->client_asset : path->server_asset;
    enum ps_reason reason =
        sender_reason(engine, desc, to_server ? path->client_zone : path->server_zone,
                      flow->flags & bound ? asset : PS_NONE);
    if (reason == PS_REASON_NONE)
        return true;
    ps_verdict_packet_refused(engine, desc, path, reason);
    /* A relay has to see what passes. */
    return (flow->flags & PS_FLOW_RELAYED) && engine->current.out->verdict == PS_VERDICT_PASS;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static bool has_mac(const struct ps_engine *engine, uint32_t asset)
{
    static const struct ps_mac nobody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    return asset != PS_NONE && !ps_match_mac(engine->image, asset, nobody);
}

static uint8_t dissected_protocol(const struct ps_engine *engine, const struct ps_key *key,
                                  const struct ps_admission *a)
{
    uint8_t proto = ps_key_proto(key);
    bool has_ports = proto == PS_PROTO_TCP || proto == PS_PROTO_UDP;
    if (!has_ports || (a->flags & PS_FLOW_NOT_OURS))
        return PS_PROTOCOL_NONE;
    if (a->flags & PS_FLOW_GRANTED)
        return a->path.protocol < PS_N_DISSECTORS ? a->path.protocol : PS_PROTOCOL_NONE;
    return engine->slot->port_protocol[proto == PS_PROTO_UDP][key->port[1]];
}

void ps_admit_weigh(const struct ps_engine *engine, const struct ps_key *key, struct ps_admission *a)
{
    const struct ps_path *path = &a->path;
    bool not_ours = ps_admit_not_ours(engine, path);
    if (!not_ours && a->reason == PS_REASON_NONE && !ps_admit_has_tags(engine, key, path))
        a->reason = PS_REASON_VLAN;
    if (!not_ours && path->not_ours && a->reason == PS_REASON_NONE)
        a->reason = PS_REASON_INTRA_ZONE;
    if (not_ours)
        a->reason = PS_REASON_NONE;
    a->flags = not_ours ? PS_FLOW_NOT_OURS : a->reason == PS_REASON_NONE ? PS_FLOW_GRANTED : 0;
    bool is_frame = ps_key_proto(key) == 0;
    if (has_mac(engine, path->client_asset) && !is_frame)
        a->flags |= PS_FLOW_BOUND_CLIENT;
    if (has_mac(engine, path->server_asset) && !is_frame)
        a->flags |= PS_FLOW_BOUND_SERVER;
    a->protocol = dissected_protocol(engine, key, a);
}

static void fill(struct ps_engine *engine, uint32_t line, struct ps_admission *a)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    ps_admit_weigh(engine, &flow->key, a);
    cold->path = a->path;
    cold->reason = (uint8_t)a->reason;
    flow->phase = PS_FLOW_OPENING;
    flow->flags = a->flags;
    if (a->protocol != PS_PROTOCOL_NONE) {
        ps_flow_set_protocol(&engine->table, line, a->protocol);
        flow->flags |= PS_FLOW_INSPECTED;
    }
    cold->grant.rule = ps_admit_rule(cold);
    ps_rejudge_join(engine, cold);
}

static uint32_t make_line(struct ps_engine *engine, const struct ps_key *key, uint64_t hash)
{
    uint32_t line = ps_flow_insert(&engine->table, key, hash);
    if (line != PS_NONE)
        return line;
    uint32_t victim = ps_flow_victim(&engine->table, hash, ps_flow_ticks(engine->now_ns));
    if (victim == PS_NONE)
        return PS_NONE;
    engine->stats.evicted_flows++;
    ps_engine_remove(engine, victim);
    return ps_flow_insert(&engine->table, key, hash);
}

/* May its sender open one more on this path now? In monitor mode nothing is dropped. */
static bool is_in_rate(struct ps_engine *engine, const struct ps_path *path, uint32_t source)
{
    bool free = !engine->config.inline_ || path->mode == PS_MODE_MONITOR || ps_admit_not_ours(engine, path);
    return free || ps_caps_may_open(engine, source, path->conduit);
}

/* A line for the flow that this packet opens, whose sender it counts for until somebody answers. */
static enum ps_reason open_line(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash,
                                const struct ps_path *path, bool granted)
{
    struct ps_key key = engine->current.dir == PS_TO_SERVER ? desc->key : ps_key_mirror(&desc->key);
    uint32_t source = ps_source_take(&engine->caps.sources, desc->key.addr[0]), line = PS_NONE;
    bool in_rate = !granted || is_in_rate(engine, path, source);
    if (in_rate) {
        ps_caps_make_way(engine, source);
        line = make_line(engine, &key, hash);
    }
    if (line == PS_NONE) {
        ps_source_give(&engine->caps.sources, source);
        return in_rate ? PS_REASON_FLOW_TABLE_FULL : PS_REASON_TOO_MANY_NEW_FLOWS;
    }
    ps_caps_flow_new(engine, line, source);
    engine->current.line = line;
    return PS_REASON_NONE;
}

/* A datagram or echo reply of the server, and nobody has asked. A capture may have begun behind the question, a gateway
 * has seen it. What a dissector reads it judges by itself. */
static bool is_unasked(const struct ps_engine *engine, const struct ps_desc *desc, const struct ps_path *path)
{
    bool inspected = path->protocol != PS_PROTOCOL_NONE && path->protocol < PS_N_DISSECTORS;
    return engine->config.inline_ && desc->kind != PS_KIND_TCP && engine->current.dir == PS_TO_CLIENT && !inspected;
}

/* The flow in this line, which was just made, begins. */
static void begin(struct ps_engine *engine, uint32_t line, struct ps_admission *a)
{
    engine->current.line = line;
    fill(engine, line, a);
    engine->stats.flows_now++;
    if (engine->stats.flows_now > engine->stats.flows_peak)
        engine->stats.flows_peak = engine->stats.flows_now;
    if (!(ps_engine_flow(engine, line)->flags & PS_FLOW_NOT_OURS))
        ps_verdict_flow_opened(engine);
}

bool ps_admit(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, enum ps_opener opener)
{
    struct ps_admission a = {0};
    const struct ps_path *path = &a.path;
    unsigned c = choose_client(engine, desc, opener, &a.path, &a.reason);
    engine->current.dir = c == 0 ? PS_TO_SERVER : PS_TO_CLIENT;
    enum ps_reason refused = sender_reason(engine, desc, c == 0 ? path->client_zone : path->server_zone,
                                           c == 0 ? path->client_asset : path->server_asset);
    bool granted = is_granted(a.reason, path);
    if (refused == PS_REASON_NONE && granted && !ps_admit_not_ours(engine, path) && is_unasked(engine, desc, path))
        refused = PS_REASON_MIDSTREAM;
    if (refused == PS_REASON_NONE)
        refused = open_line(engine, desc, hash, path, granted);
    if (refused != PS_REASON_NONE) {
        ps_verdict_packet_refused(engine, desc, path, refused);
        return false;
    }
    begin(engine, engine->current.line, &a);
    return true;
}

bool ps_admit_known(struct ps_engine *engine, const struct ps_key *key, const struct ps_path *path)
{
    struct ps_admission a = {.path = *path};
    uint32_t line = ps_flow_insert(&engine->table, key, ps_flow_hash(&engine->table, key));
    if (line == PS_NONE)
        return false;
    begin(engine, line, &a);
    ps_engine_flow(engine, line)->seen = ps_flow_ticks(engine->now_ns);
    return true;
}

/* ---- refused packets ------------------------------------------------------------------------------------------- */

void ps_admit_refuse(struct ps_engine *engine, const struct ps_desc *desc, enum ps_reason reason)
{
    struct ps_path path = ps_admit_no_path();
    if (engine->current.line != PS_NONE) {
        path = ps_flow_cold(&engine->table, engine->current.line)->path;
    } else if (desc->kind != PS_KIND_NONE && desc->kind != PS_KIND_ARP) {
        struct ps_path forth, back;
        engine->current.dir = PS_TO_SERVER;
        (void)match_ends(engine, desc, 0, &forth);
        path = forth;
        if (forth.conduit == PS_NONE && desc->kind != PS_KIND_FRAME) {
            (void)match_ends(engine, desc, 1, &back);
            engine->current.dir = back.conduit != PS_NONE ? PS_TO_CLIENT : PS_TO_SERVER;
            path = back.conduit != PS_NONE ? back : forth;
        }
    }
    if (ps_admit_not_ours(engine, &path)) {
        engine->stats.not_ours++;
        return;
    }
    ps_engine_conduit(engine, &path)->packets++;
    ps_verdict_packet_refused(engine, desc, &path, reason);
}
