/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline.h - the inline half of the engine: inspected TCP connections of conduits that are enforced.
 *
 * Each has a relay: the numbers and copies of both directions (relay.h). A flow with a relay is not touched by the
 * passive half; a relay outlives its connection as a tombstone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "caps.h"
#include "chunk.h"
#include "decode.h"
#include "flow.h"
#include "relay.h"
#include "segment.h"
#include "sends.h"
#include "timer.h"

struct ps_engine;

enum ps_relay_phase {
    PS_RELAY_FREE = 0,
    PS_RELAY_SYN,     /* the client's SYN has passed */
    PS_RELAY_SYN_ACK, /* the server's answer has passed */
    PS_RELAY_OPEN,
    PS_RELAY_RESTORED, /* an earlier run has left it behind (inline_resume.c) */
    PS_RELAY_RESUME,  /* ... and both ends have gone on where they were; the server's answer is waited for */
    PS_RELAY_LINGER,  /* both FINs are acknowledged; the last acknowledgement may be lost */
    PS_RELAY_TOMB,    /* reset: nothing is read or passed any more */
};

struct ps_relay {
    struct ps_relay_dir dir[2]; /* by enum ps_dir of the sender */
    struct ps_template from[2]; /* likewise */
    uint64_t due;  /* when the phase ends by itself, PS_TIMER_NEVER: it does not */
    uint64_t gap_due; /* when what came before its turn is forgotten, if it still waits */
    uint32_t line; /* of its flow */
    uint32_t link; /* free list */
    uint8_t phase; /* enum ps_relay_phase */
    uint8_t n_resets; /* sent in answer to segments */
    bool scales;   /* the client offered window scaling */
    bool opened;   /* it was open once */
    uint8_t seen;  /* ends of one that was restored that have gone on: bit of enum ps_dir */
    uint32_t isn;  /* of the client's SYN */
    uint64_t opening_until; /* the handshake is over by then */
    struct ps_counted counted;
};

struct ps_inline {
    struct ps_relay *relays;
    uint32_t n, n_used, free, fresh;
    struct ps_chunks chunks;
    struct ps_timers timers; /* by relay */
    struct ps_sends sends;
    uint8_t *scratch; /* octets without a verdict, in one piece */
    uint8_t *spare;   /* as many */
    uint32_t scratch_len;
};

/* pdu_len: of the longest PDU of any protocol. False: no memory. Nothing of it is taken for a passive engine. */
bool ps_inline_init(struct ps_engine *engine, uint32_t pdu_len);
void ps_inline_fini(struct ps_engine *engine);

/* A segment of the current flow (current.line), of an inline engine: true when it was judged here, false when the passive half is to. */
bool ps_inline_judge(struct ps_engine *engine, const struct ps_desc *desc);

/* A frame that ps_glance_is_plain() said yes to, and the line that its flow likely has: true when it passes as it came, and
 * all is done that ps_inline_judge() would have done. False: nothing was done. Not while flows have to be judged anew. */
bool ps_inline_glance(struct ps_engine *engine, const struct ps_packet *packet, uint32_t line);

/* The current flow was just admitted by this segment; likewise. */
bool ps_inline_opened(struct ps_engine *engine, const struct ps_desc *desc);

/* The flow goes: its relay too. */
void ps_inline_forget(struct ps_engine *engine, uint32_t line);

/* A packet that passes: what lies behind its end is cut off, and a datagram without a checksum gets one. */
void ps_inline_trim(struct ps_engine *engine, const struct ps_desc *desc);

/* What a segment of the flow will touch besides. */
static inline void ps_inline_prefetch(const struct ps_inline *in, const struct ps_flow *flow)
{
    if (!(flow->flags & PS_FLOW_RELAYED))
        return;
    const struct ps_relay *relay = &in->relays[flow->half[0]];
    __builtin_prefetch(&relay->dir[0], 1);
    __builtin_prefetch(&relay->dir[1], 1);
    if (flow->half[1] != PS_NONE)
        __builtin_prefetch(&in->chunks.items[flow->half[1]], 1);
    for (unsigned at = 64; !(flow->flags & PS_FLOW_STEADY) && at < sizeof(struct ps_relay); at += 64)
        __builtin_prefetch((const char *)relay + at, 1);
}

/* Has an earlier run left it behind, and is it not open again? */
static inline bool ps_relay_is_restored(const struct ps_relay *relay)
{
    return relay->phase == PS_RELAY_RESTORED || relay->phase == PS_RELAY_RESUME;
}

/* Do its directions have numbers and copies? */
static inline bool ps_relay_is_live(const struct ps_relay *relay)
{
    return relay->phase == PS_RELAY_OPEN || ps_relay_is_restored(relay) || relay->phase == PS_RELAY_LINGER;
}

/* Is this path judged before anything takes effect? */
bool ps_inline_holds(const struct ps_engine *engine, const struct ps_flow *flow, const struct ps_path *path);
