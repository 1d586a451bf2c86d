/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_list.h"

#include "engine_private.h"
#include "judged.h"
#include "rejudge.h"

static enum ps_flow_state state_of(const struct ps_flow *flow)
{
    if (flow->phase == PS_FLOW_CLOSED)
        return PS_FLOW_STATE_CLOSED;
    if (flow->flags & PS_FLOW_NOT_OURS)
        return PS_FLOW_STATE_NOT_OURS;
    if (!(flow->flags & PS_FLOW_GRANTED))
        return PS_FLOW_STATE_REFUSED;
    return flow->phase == PS_FLOW_OPENING ? PS_FLOW_STATE_OPENING : PS_FLOW_STATE_OPEN;
}

void ps_flow_describe(const struct ps_engine *engine, uint32_t line, struct ps_flow_info *info)
{
    const struct ps_flow *flow = ps_engine_flow(engine, line);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    const struct ps_path *path = &cold->path;
    struct ps_judged ends = {0};
    ps_judged_set_ends(&ends, &flow->key, 0);
    *info = (struct ps_flow_info){
        .client = ends.client, .server = ends.server, .client_mac = ends.client_mac, .server_mac = ends.server_mac,
        .client_port = ends.client_port, .server_port = ends.server_port, .vlan = ends.vlan,
        .ip_proto = ends.ip_proto, .protocol = cold->protocol, .state = (uint8_t)state_of(flow),
        .reason = cold->reason, .monitored = path->conduit != PS_NONE && path->mode == PS_MODE_MONITOR,
        .relayed = (flow->flags & PS_FLOW_RELAYED) != 0, .generation = ps_rejudge_slot(engine, cold)->generation,
        .conduit = path->conduit, .client_zone = path->client_zone, .server_zone = path->server_zone,
        .client_asset = path->client_asset, .server_asset = path->server_asset, .rule = cold->grant.rule,
        .packets = cold->packets};
    if (cold->protocol != PS_PROTOCOL_NONE && cold->grant.asked.op == PS_OP_NONE)
        info->rule = PS_NONE;
    info->idle_ns = (uint64_t)(ps_flow_ticks(engine->now_ns) - flow->seen) << 20;
}

uint32_t ps_engine_flows(const struct ps_engine *engine, uint32_t *cursor, struct ps_flow_info *flows, uint32_t max)
{
    uint32_t n = 0, line = *cursor;
    for (uint32_t looked = 0; looked < PS_FLOW_LIST_STEP && n < max && line < engine->table.n_fresh; looked++, line++)
        if (ps_engine_flow(engine, line)->phase != PS_FLOW_FREE)
            ps_flow_describe(engine, line, &flows[n++]);
    *cursor = line < engine->table.n_fresh ? line : PS_NONE;
    return n;
}
