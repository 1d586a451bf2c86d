/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flow_list.h - the flows of an engine, for people to look at.
 *
 * Worker's thread only: control asks the worker, which calls this between two bursts, a step at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_FLOW_LIST_STEP 1024u /* lines of the flow table that one call looks at */

enum ps_flow_state {
    PS_FLOW_STATE_OPENING = 0,
    PS_FLOW_STATE_OPEN,
    PS_FLOW_STATE_REFUSED, /* no rule grants it; `reason` says why */
    PS_FLOW_STATE_CLOSED,  /* over; its line has not been needed yet */
    PS_FLOW_STATE_NOT_OURS, /* inside one zone: passed, judged by nobody */
};

struct ps_flow_info {
    struct ps_addr client, server;        /* IP */
    struct ps_mac client_mac, server_mac; /* not IP */
    uint16_t client_port, server_port;    /* ICMP: 0 and the type; not IP: 0 and the ethertype */
    uint16_t vlan;
    uint8_t ip_proto;    /* 0: not IP */
    uint8_t protocol;    /* enum ps_protocol: whose dissector reads it */
    uint8_t state;       /* enum ps_flow_state */
    uint8_t reason;      /* enum ps_reason */
    bool monitored;      /* its conduit is in monitor mode */
    bool relayed;        /* judged before it takes effect: numbers and copies of its own */
    uint32_t generation; /* of the policy whose numbers these are */
    uint32_t conduit, client_zone, server_zone, client_asset, server_asset; /* PS_NONE: none */
    uint32_t rule;       /* that granted what was last asked, PS_NONE: none */
    uint64_t packets;    /* both directions */
    uint64_t idle_ns;    /* since its last packet, to about a millisecond */
};

/* The flow in this line. */
void ps_flow_describe(const struct ps_engine *engine, uint32_t line, struct ps_flow_info *info);

/* Copies up to max flows from line *cursor on, and moves it; start with 0. PS_NONE in *cursor: that was the last line.
 * Flows that come and go between two calls may be missed, none is told of twice unless it was opened again. */
uint32_t ps_engine_flows(const struct ps_engine *engine, uint32_t *cursor, struct ps_flow_info *flows, uint32_t max);
