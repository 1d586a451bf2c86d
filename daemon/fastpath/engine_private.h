/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine_private.h - what the files of the engine share.
 */
#pragma once

#include "caps.h"
#include "datagram.h"
#include "decode.h"
#include "engine.h"
#include "events.h"
#include "flow.h"
#include "inline.h"
#include "policy_slot_private.h"
#include "stream.h"
#include "tracer.h"

/* The packet being judged. Also filled, without packet, while flows are ended. */
struct ps_current {
    const struct ps_packet *packet; /* NULL: none */
    struct ps_decision *out;        /* never NULL */
    uint32_t line;                  /* of its flow, PS_NONE: none */
    uint8_t dir;                    /* enum ps_dir */
    bool cut; /* it has no flow, and passes without what lies behind its end */
};

/* The policy in use and those before it (rejudge.h). A flow's `epoch` says what it was last judged by: place of the
 * slot in slots[], and which state of it. */
struct ps_policies {
    struct ps_policy_slot *slots[PS_POLICIES_MAX]; /* NULL: free */
    struct ps_policy_slot *own; /* made by ps_engine_new() */
    uint64_t n_swaps;
    unsigned changes;    /* of the current slot, that were taken up */
    uint32_t n_epochs;   /* begun since all flows were last known to be judged */
    uint32_t sweep_line; /* where the sweep goes on */
    uint32_t sweep_n;    /* lines that were in use when it began: others were judged since */
    uint32_t sweep_left; /* of them, that it has to look at yet */
    atomic_uint oldest;  /* generation */
};

struct ps_engine {
    struct ps_engine_config config;
    const struct ps_image *image; /* of the slot; its data NULL: there is none */
    struct ps_policy_slot *slot;  /* the current one, never NULL */
    uint16_t epoch;               /* of flows that were judged by it as it is now */
    bool unswept;                 /* some may have another one */
    struct ps_flow_table table;
    struct ps_streams streams;
    struct ps_stream_sink sink; /* inspect */
    struct ps_inline in;
    struct ps_caps caps;
    struct ps_datagrams datagrams;
    uint64_t now_ns;            /* the latest time seen */
    uint64_t number;            /* of the latest packet */
    struct ps_current current;
    struct ps_event_ring ring;
    struct ps_engine_stats stats;
    struct ps_policies policies;
    struct ps_tracer tracer;
    uint32_t finish_line; /* where ps_engine_finish goes on */
    uint32_t settle_line; /* where ps_engine_settle_flows goes on */
    bool unsettled;       /* flows may hold counts that conduits and rules lack */
    struct ps_decision nobody; /* the decision of no packet */
    const struct ps_dissector *dissectors[PS_N_DISSECTORS];
    struct ps_facts facts;
    struct ps_desc desc[PS_BURST_MAX];
    uint64_t hash[PS_BURST_MAX];
    uint32_t hint[PS_BURST_MAX];
    uint32_t plain; /* bits of packets of the burst that have no descriptor (yet): ps_glance_is_plain() said yes */
};

static inline struct ps_flow *ps_engine_flow(const struct ps_engine *engine, uint32_t line)
{
    return &engine->table.flows[line];
}

/* Counters of a path that was resolved by the current policy. */
static inline struct ps_conduit_stats *ps_engine_conduit(const struct ps_engine *engine, const struct ps_path *path)
{
    return &engine->slot->conduit_stats[ps_policy_slot_index(engine->slot, path->conduit)];
}

/* Flow of this packet, judged by the current policy; PS_NONE: none yet. hint: see ps_flow_hint. */
uint32_t ps_engine_find(struct ps_engine *engine, const struct ps_key *key, uint64_t hash, uint32_t hint);

/* Ends a flow: what is kept is judged, its end is told. Its line stays, closed, until it is removed. */
void ps_engine_close(struct ps_engine *engine, uint32_t line);

/* The same, and its line is free. */
void ps_engine_remove(struct ps_engine *engine, uint32_t line);

/* The other end of an open flow has answered: if it is allowed, it is not among the first to go any more. */
void ps_engine_answered(struct ps_engine *engine, uint32_t line);

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
