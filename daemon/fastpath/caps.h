/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * caps.h - what one source and one conduit may have in use at a time: flows that nobody has answered, connections that
 * are being opened, PDUs that are held, octets out of order, tombstones; and what they may open in a second.
 *
 * Nothing here is touched by a connection that goes its way. What a relay has in use is compared with what is counted
 * for it after each segment or timer that took the long way. docs/inline.md, "Bounds", has the caps and who has to go.
 *
 * Over a capture no cap refuses anything: nobody there tries again. What a gateway would have refused is counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "flow.h"
#include "source.h"

struct ps_engine;
struct ps_relay;

/* What is counted for a relay, in the lines of its sources and of its conduit. */
struct ps_counted {
    uint32_t source[2];  /* the ends: who sends, by enum ps_dir */
    uint16_t n_chunks[2]; /* out of order, by direction */
    bool is_held[2];
    uint8_t blamed;      /* enum ps_dir: whose tombstone it is */
};

struct ps_caps {
    struct ps_sources sources;
    uint32_t *flow_source;             /* by line: whose chain it is in, index + 1; 0: nobody's */
    struct ps_chain_link *flow_links;  /* by line */
    struct ps_chain_link *relay_links; /* by relay: among those of its source in the same phase */
    struct ps_chain_link *wait_links;  /* by relay: among all in the same phase */
    struct ps_chain half_open, over;   /* all relays that are being opened; those that linger, and tombstones */
    struct ps_chain restored;          /* those of an earlier run of which not both ends were seen */
};

/* False: no memory. */
bool ps_caps_init(struct ps_engine *engine);
void ps_caps_fini(struct ps_engine *engine);

/* ---- flows ------------------------------------------------------------------------------------------------------ */

/* May this source open one more on the conduit now? It is counted if so. */
bool ps_caps_may_open(struct ps_engine *engine, uint32_t source, uint32_t conduit);

/* Where the source has as many flows as may be that nobody has answered, the oldest of them goes. */
void ps_caps_make_way(struct ps_engine *engine, uint32_t source);

/* The flow is in the table, opened by this source, whose user it is from now on; nobody has answered yet. */
void ps_caps_flow_new(struct ps_engine *engine, uint32_t line, uint32_t source);

/* It is allowed and was answered; or it goes. */
void ps_caps_flow_leaves(struct ps_engine *engine, uint32_t line);

/* ---- relays ----------------------------------------------------------------------------------------------------- */

/* A relay was taken for its flow. */
void ps_caps_relay_new(struct ps_engine *engine, struct ps_relay *relay);
/* It is given back: nothing is counted for it any more. */
void ps_caps_relay_ends(struct ps_engine *engine, struct ps_relay *relay);

/* What is counted for it is not its conduit's any more; is that of the conduit that its flow has now. */
void ps_caps_relay_leaves(struct ps_engine *engine, const struct ps_relay *relay);
void ps_caps_relay_joins(struct ps_engine *engine, const struct ps_relay *relay);

/* Its phase becomes another one. A tombstone is of the sender of the current packet. */
void ps_caps_phase(struct ps_engine *engine, struct ps_relay *relay, unsigned phase);

/* May one connection more be opened on the conduit of this new flow? Where its client is opening as many as may be, the
 * oldest of them goes. */
bool ps_caps_may_half_open(struct ps_engine *engine, uint32_t line);

/* May one direction more hold the start of a PDU? */
bool ps_caps_may_hold(struct ps_engine *engine, const struct ps_relay *relay, unsigned dir);

/* May so many octets out of order be kept of one direction? */
bool ps_caps_may_keep(struct ps_engine *engine, const struct ps_relay *relay, unsigned dir, uint32_t len);

/* What is counted follows what the relay has in use. Where there are too many tombstones now, the oldest of its source
 * goes: maybe this one. */
void ps_caps_settle(struct ps_engine *engine, struct ps_relay *relay);

/* All relays are in use: one that is over goes, or, for a connection that is being opened, the oldest that still is, or
 * that an earlier run has left and nobody, or only one end, has gone on with. */
void ps_caps_make_room(struct ps_engine *engine, bool opens);

/* Does what is counted equal what is there? For tests. */
bool ps_caps_check(const struct ps_engine *engine);
