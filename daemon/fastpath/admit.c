/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admit.h"

#include "verdict.h"

#define GATEWAY_PORTS_MAX 256u
#define NS_PER_S UINT64_C(1000000000)

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
    if (desc->kind == PS_KIND_FRAME)
        return ps_match_frame(engine->image, ps_mac_at(desc->frame + 6), ps_mac_at(desc->frame), desc->code, path);
    struct ps_ends ends = ps_admit_ends(&desc->key, c);
    return ps_match_path(engine->image, &ends, path);
}

static bool is_granted(enum ps_reason reason, const struct ps_path *path)
{
    return reason == PS_REASON_NONE && path->granted && !path->not_ours;
}

static bool is_known_port(const struct ps_engine *engine, const struct ps_desc *desc, unsigned end)
{
    return engine->port_protocol[desc->kind == PS_KIND_UDP][desc->key.port[end]] != PS_PROTOCOL_NONE;
}

/* Neither direction is granted: which end looks like the server? The end that is the client. */
static unsigned guess_client(const struct ps_engine *engine, const struct ps_desc *desc, enum ps_opener opener)
{
    bool src_known = is_known_port(engine, desc, 0), dst_known = is_known_port(engine, desc, 1);
    if (src_known != dst_known)
        return src_known ? 1 : 0;
    if (opener == PS_OPENER_LIKELY_SENDER || desc->key.port[0] == desc->key.port[1])
        return 0;
    return desc->key.port[0] < desc->key.port[1] ? 1 : 0;
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
    unsigned c = granted[0] != granted[1] ? granted[1] : guess_client(engine, desc, opener);
    *path = paths[c];
    *reason = reasons[c];
    return c;
}

/* ---- where it came in ------------------------------------------------------------------------------------------ */

/* Ports are judged only by a gateway that knows them. */
static bool is_port_judged(const struct ps_engine *engine)
{
    return engine->current.packet && engine->current.packet->port != PS_PORT_UNKNOWN &&
           engine->config.gateway != PS_NONE;
}

static bool is_behind(const struct ps_engine *engine, uint32_t zone)
{
    return zone != PS_NONE &&
           ps_match_port(engine->image, engine->config.gateway, engine->current.packet->port, zone);
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
    if (!is_port_judged(engine))
        return path->not_ours;
    if (path->not_ours)
        return path->intra_allow || !is_split(engine, path->client_zone);
    return path->client_zone != path->server_zone && is_behind(engine, path->client_zone) &&
           is_behind(engine, path->server_zone);
}

/* Why the sender cannot be who it says it is. */
static enum ps_reason sender_reason(const struct ps_engine *engine, const struct ps_desc *desc, uint32_t zone,
                                    uint32_t asset)
{
    if (is_port_judged(engine) && zone != PS_NONE && !is_behind(engine, zone))
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
    if (!is_port_judged(engine) && !(flow->flags & bound))
        return true;
    uint32_t asset = to_server ? path->client_asset : path->server_asset;
    enum ps_reason reason =
        sender_reason(engine, desc, to_server ? path->client_zone : path->server_zone,
                      flow->flags & bound ? asset : PS_NONE);
    if (reason != PS_REASON_NONE)
        ps_verdict_packet_refused(engine, desc, path, reason);
    return reason == PS_REASON_NONE;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static bool has_mac(const struct ps_engine *engine, uint32_t asset)
{
    static const struct ps_mac nobody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    return asset != PS_NONE && !ps_match_mac(engine->image, asset, nobody);
}

static uint8_t dissected_protocol(const struct ps_engine *engine, const struct ps_desc *desc,
                                  const struct ps_flow *flow, const struct ps_path *path)
{
    bool has_ports = desc->kind == PS_KIND_TCP || desc->kind == PS_KIND_UDP;
    if (!has_ports || (flow->flags & PS_FLOW_NOT_OURS))
        return PS_PROTOCOL_NONE;
    if (flow->flags & PS_FLOW_GRANTED)
        return path->protocol < PS_N_DISSECTORS ? path->protocol : PS_PROTOCOL_NONE;
    return engine->port_protocol[desc->kind == PS_KIND_UDP][flow->key.port[1]];
}

static void fill(struct ps_engine *engine, const struct ps_desc *desc, uint32_t line, const struct ps_path *path,
                 enum ps_reason reason)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    bool not_ours = ps_admit_not_ours(engine, path);
    if (!not_ours && reason == PS_REASON_NONE && desc->frame &&
        !ps_match_vlan(engine->image, path->client_zone, path->server_zone, ps_key_vlan(&flow->key)))
        reason = PS_REASON_VLAN;
    if (!not_ours && path->not_ours && reason == PS_REASON_NONE)
        reason = PS_REASON_INTRA_ZONE;
    cold->path = *path;
    cold->reason = (uint8_t)(not_ours ? PS_REASON_NONE : reason);
    flow->phase = desc->kind == PS_KIND_TCP ? PS_FLOW_OPENING : PS_FLOW_OPEN;
    flow->flags = not_ours ? PS_FLOW_NOT_OURS : reason == PS_REASON_NONE ? PS_FLOW_GRANTED : 0;
    if (has_mac(engine, path->client_asset) && desc->kind != PS_KIND_FRAME)
        flow->flags |= PS_FLOW_BOUND_CLIENT;
    if (has_mac(engine, path->server_asset) && desc->kind != PS_KIND_FRAME)
        flow->flags |= PS_FLOW_BOUND_SERVER;
    uint8_t protocol = dissected_protocol(engine, desc, flow, path);
    if (protocol != PS_PROTOCOL_NONE) {
        ps_flow_set_protocol(&engine->table, line, protocol);
        flow->flags |= PS_FLOW_INSPECTED;
    }
    cold->grant.rule = cold->protocol == PS_PROTOCOL_NONE && path->n_rules > 0 ? path->rules[0] : PS_NONE;
}

static uint32_t make_line(struct ps_engine *engine, const struct ps_key *key, uint64_t hash)
{
    uint32_t line = ps_flow_insert(&engine->table, key, hash);
    if (line != PS_NONE)
        return line;
    uint32_t victim = ps_flow_victim(&engine->table, hash, ps_flow_ticks(engine->now_ns));
    if (victim == PS_NONE)
        return PS_NONE;
    ps_engine_remove(engine, victim);
    return ps_flow_insert(&engine->table, key, hash);
}

/* May the conduit open one more within this second? In monitor mode nothing is dropped. */
static bool is_in_rate(struct ps_engine *engine, const struct ps_path *path)
{
    if (!engine->config.inline_ || path->conduit == PS_NONE || path->mode == PS_MODE_MONITOR)
        return true;
    struct ps_conduit_load *load = &engine->conduit_load[path->conduit];
    if (load->n_new == 0 || engine->now_ns - load->since_ns >= NS_PER_S) {
        load->since_ns = engine->now_ns;
        load->n_new = 0;
    }
    if (load->n_new == ps_image_conduit_max_new_flows(engine->image, path->conduit))
        return false;
    load->n_new++;
    return true;
}

bool ps_admit(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, enum ps_opener opener)
{
    struct ps_path path;
    enum ps_reason reason;
    unsigned c = choose_client(engine, desc, opener, &path, &reason);
    engine->current.dir = c == 0 ? PS_TO_SERVER : PS_TO_CLIENT;
    enum ps_reason sender = sender_reason(engine, desc, c == 0 ? path.client_zone : path.server_zone,
                                          c == 0 ? path.client_asset : path.server_asset);
    if (sender != PS_REASON_NONE && desc->kind != PS_KIND_FRAME) {
        ps_verdict_packet_refused(engine, desc, &path, sender);
        return false;
    }
    if (is_granted(reason, &path) && !ps_admit_not_ours(engine, &path) && !is_in_rate(engine, &path)) {
        ps_verdict_packet_refused(engine, desc, &path, PS_REASON_TOO_MANY_NEW_FLOWS);
        return false;
    }
    struct ps_key key = c == 0 ? desc->key : ps_key_mirror(&desc->key);
    uint32_t line = make_line(engine, &key, hash);
    if (line == PS_NONE) {
        ps_verdict_packet_refused(engine, desc, &path, PS_REASON_FLOW_TABLE_FULL);
        return false;
    }
    engine->current.line = line;
    fill(engine, desc, line, &path, reason);
    engine->stats.flows_now++;
    if (engine->stats.flows_now > engine->stats.flows_peak)
        engine->stats.flows_peak = engine->stats.flows_now;
    if (!(ps_engine_flow(engine, line)->flags & PS_FLOW_NOT_OURS))
        ps_verdict_flow_opened(engine);
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
