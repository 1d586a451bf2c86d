/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * trace.h - the next packets of a conduit, of an asset or of all, and what each stage found in them.
 *
 * Worker's thread only, like everything in engine.h: control asks the worker. While nobody traces it costs one branch
 * per burst.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_TRACES_MAX 256u /* records that wait to be taken */

/* PS_NONE: any. Both: packets that are of this conduit and of this asset. Numbers of the current policy. */
struct ps_trace_filter {
    uint32_t conduit;
    uint32_t asset; /* either end */
};

/* One packet, stage by stage. */
struct ps_trace {
    uint64_t time_ns, number;
    uint32_t len;
    uint16_t port;

    /* decode */
    uint8_t kind;          /* enum ps_kind (decode.h) */
    uint8_t decode_reason; /* enum ps_reason: it is no sound packet */
    uint8_t ip_proto;      /* 0: not IP */
    uint8_t tcp_flags;
    uint16_t vlan;
    uint16_t src_port, dst_port;
    struct ps_addr src, dst; /* IP */
    uint32_t seq, ack, payload_len;

    /* flow */
    bool has_flow, opened; /* opened: by this packet */
    bool granted, inspected, not_ours, relayed;
    uint8_t dir;      /* enum ps_dir */
    uint8_t phase;    /* enum ps_flow_phase (flow.h), after the packet */
    uint8_t flow_reason; /* enum ps_reason: why the flow is not granted */
    uint32_t generation; /* of the policy whose numbers these are */
    uint32_t conduit, client_zone, server_zone, client_asset, server_asset; /* PS_NONE: none */

    /* stream: of the packet's direction */
    uint32_t expected; /* number expected before the packet; valid with has_expected */
    bool has_expected;
    uint32_t held;     /* octets of an unfinished PDU, after the packet */
    uint32_t waiting;  /* relayed: octets that have left and are not acknowledged, after the packet */

    /* inspect */
    uint32_t n_pdus, n_refused; /* judged in this packet */
    uint32_t pdu_len;           /* of the first refused one, else of the last one */
    uint32_t pdu_offset;        /* where its fault is */
    uint32_t rule;              /* that granted it, PS_NONE: none or a reply */
    uint8_t protocol;           /* enum ps_protocol */
    uint8_t pdu_reason;         /* enum ps_reason */
    char operation[PS_OPERATION_TEXT_MAX];

    /* verdict */
    struct ps_decision decision;
    uint16_t n_sends; /* frames of the engine's own because of it */
};

/* The next n packets that the filter fits are recorded; n 0: no more. What was asked for before is replaced. */
void ps_engine_trace(struct ps_engine *engine, const struct ps_trace_filter *filter, uint32_t n);

/* How many are still to come. */
uint32_t ps_engine_trace_left(const struct ps_engine *engine);

/* Takes up to max records, oldest first. While PS_TRACES_MAX wait, packets go by unrecorded. */
uint32_t ps_engine_traces(struct ps_engine *engine, struct ps_trace *traces, uint32_t max);
