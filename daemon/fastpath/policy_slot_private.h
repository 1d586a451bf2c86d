/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy_slot_private.h - what the engine sees of a slot.
 */
#pragma once

#include <stdatomic.h>

#include "policy_slot.h"

/* What one conduit has in use, held against its caps (caps.h). */
struct ps_conduit_load {
    uint64_t opens_ns;    /* ps_rate_take() */
    uint32_t n_half_open; /* relays whose handshake is not over */
    uint32_t n_held, n_chunks, n_tombs;
};

/* Changes of one conduit: whether it is closed, and a mode, counted from 1; 0: the image's. */
enum { PS_CHANGE_MODE = 0x01, PS_CHANGE_CLOSED = 0x80 };

struct ps_policy_slot {
    struct ps_image image; /* data NULL: there is none, everything is refused */
    uint32_t generation;   /* 0: none */
    uint32_t n_conduits, n_rules;
    bool has_gateway; /* else the engine's stays */
    uint32_t gateway;
    uint16_t gateway_port[PS_PORTS_MAX];

    /* Written by control, read by the worker. */
    atomic_uint changes; /* counts; everything that it counts was written before */
    atomic_bool island;
    atomic_uchar *changed; /* by conduit */

    /* Written by the worker, read by control. */
    atomic_uint taken_up;   /* changes that packets are judged by */
    atomic_uint settled;    /* changes that all flows were judged by, counted from 1; 0: not since the swap */
    atomic_uchar use;       /* enum ps_slot_use */
    struct ps_rejudged rejudged;
    atomic_uint n_refused; /* of the next: written before it is counted, and never again */
    struct ps_flow_info refused[PS_REFUSED_MAX];
    struct ps_conduit_stats *conduit_stats; /* n_conduits + 1 */
    struct ps_rule_stats *rule_stats;       /* n_rules + 1 */

    /* The worker's. */
    struct ps_conduit_load *conduit_load; /* n_conduits + 1: the last one is of no conduit */
    uint32_t n_flows;  /* that hold its numbers */
    uint64_t since;    /* swaps before the one that brought it in */
    uint8_t port_protocol[2][65536]; /* by transport (UDP: 1) and server port: whose dissector reads refused flows */
};

/* Of a slot with so many changes; a worker is never more of them behind than flows can tell apart (PS_EPOCH_CHANGES). */
static inline uint32_t ps_policy_slot_state_of(const struct ps_policy_slot *slot, unsigned changes)
{
    return (slot->generation & 0x7ffu) << 13 | (changes & 0x1fffu);
}

/* Index of a conduit's counters, of PS_NONE too. */
static inline uint32_t ps_policy_slot_index(const struct ps_policy_slot *slot, uint32_t conduit)
{
    return conduit < slot->n_conduits ? conduit : slot->n_conduits;
}

/* What match has said, with the changes applied: the mode of the path's conduit, and `island` where it is closed. */
enum ps_reason ps_policy_slot_apply(const struct ps_policy_slot *slot, enum ps_reason reason, struct ps_path *path);
