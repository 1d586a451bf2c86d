/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine_private.h - what the files of the engine share.
 */
#pragma once

#include "datagram.h"
#include "decode.h"
#include "engine.h"
#include "events.h"
#include "flow.h"
#include "inline.h"
#include "stream.h"

/* The packet being judged. Also filled, without packet, while flows are ended. */
struct ps_current {
    const struct ps_packet *packet; /* NULL: none */
    struct ps_decision *out;        /* never NULL */
    uint32_t line;                  /* of its flow, PS_NONE: none */
    uint8_t dir;                    /* enum ps_dir */
};

/* What is being opened on a conduit, held against its caps. Inline engines only. */
struct ps_conduit_load {
    uint64_t since_ns; /* n_new counts from here */
    uint32_t n_new;    /* flows let be opened, of one second */
    uint32_t n_half_open; /* relays whose handshake is not over */
};

struct ps_engine {
    struct ps_engine_config config;
    const struct ps_image *image;
    struct ps_flow_table table;
    struct ps_streams streams;
    struct ps_stream_sink sink; /* inspect */
    struct ps_inline in;
    struct ps_datagrams datagrams;
    uint64_t now_ns;            /* the latest time seen */
    uint64_t number;            /* of the latest packet */
    struct ps_current current;
    struct ps_event_ring ring;
    struct ps_engine_stats stats;
    struct ps_conduit_stats *conduit_stats; /* n_conduits + 1 */
    struct ps_rule_stats *rule_stats;
    struct ps_conduit_load *conduit_load; /* n_conduits */
    uint32_t n_conduits, n_rules;
    uint32_t finish_line; /* where ps_engine_finish goes on */
    bool unsettled;       /* flows may hold counts that conduits and rules lack */
    struct ps_decision nobody; /* the decision of no packet */
    const struct ps_dissector *dissectors[PS_N_DISSECTORS];
    uint8_t port_protocol[2][65536]; /* by transport (UDP: 1) and server port: whose dissector reads refused flows */
    struct ps_facts facts;
    struct ps_desc desc[PS_BURST_MAX];
    uint64_t hash[PS_BURST_MAX];
    uint32_t hint[PS_BURST_MAX];
};

static inline struct ps_flow *ps_engine_flow(const struct ps_engine *engine, uint32_t line)
{
    return &engine->table.flows[line];
}

static inline struct ps_conduit_stats *ps_engine_conduit(const struct ps_engine *engine, const struct ps_path *path)
{
    uint32_t i = path->conduit < engine->n_conduits ? path->conduit : engine->n_conduits;
    return &engine->conduit_stats[i];
}

/* Flow of this packet, PS_NONE: none yet. hint: see ps_flow_hint. */
uint32_t ps_engine_find(const struct ps_engine *engine, const struct ps_key *key, uint64_t hash, uint32_t hint);

/* Ends a flow: what is kept is judged, its end is told. Its line stays, closed, until it is removed. */
void ps_engine_close(struct ps_engine *engine, uint32_t line);

/* The same, and its line is free. */
void ps_engine_remove(struct ps_engine *engine, uint32_t line);

/* Hands on what a flow has counted for its conduit and rule. */
void ps_engine_settle(struct ps_engine *engine, struct ps_flow_cold *cold);

/* Packets that a flow counts before it hands on: as many cannot hold so many PDUs that 32 bits overflow. */
#define PS_UNSETTLED_MAX 65536u

/* A packet of a flow was seen: counts it. */
static inline void ps_engine_touch(struct ps_engine *engine, struct ps_flow *flow, struct ps_flow_cold *cold)
{
    flow->seen = ps_flow_ticks(engine->now_ns);
    cold->packets++;
    if (flow->flags & PS_FLOW_NOT_OURS) {
        cold->settled++;
        engine->stats.not_ours++;
    } else if (cold->packets - cold->settled >= PS_UNSETTLED_MAX) {
        ps_engine_settle(engine, cold);
    }
}
