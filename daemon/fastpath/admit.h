/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * admit.h - the opening of a flow: who is client, what the policy says, a line in the table.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine_private.h"

/* Which end of the first packet that was seen opened the flow. */
enum ps_opener {
    PS_OPENER_SENDER = 0,
    PS_OPENER_RECEIVER, /* a reply, seen first */
    PS_OPENER_UNKNOWN,  /* joined late: policy, then default ports, then the lower port decide */
    PS_OPENER_LIKELY_SENDER, /* no handshake to go by: the sender, unless only the reverse makes sense */
};

/* Opens the flow of the current packet and judges the opening; current.line and current.dir are set. False: the packet
 * was refused on its own (spoofed, mac-binding, flow-table-full) and there is no flow. */
bool ps_admit(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, enum ps_opener opener);

/* The ends of a packet's flow, end c of the key being the client. */
struct ps_ends ps_admit_ends(const struct ps_key *key, unsigned c);

/* Does the sender of a later packet belong behind its port, and use its MAC? Otherwise refuses the packet. */
bool ps_admit_sender(struct ps_engine *engine, const struct ps_desc *desc);

/* Is there anything that ps_admit_sender() could find? */
static inline bool ps_admit_asks(const struct ps_engine *engine, const struct ps_flow *flow)
{
    return engine->config.gateway != PS_NONE || (flow->flags & (PS_FLOW_BOUND_CLIENT | PS_FLOW_BOUND_SERVER)) != 0;
}

/* Refuses a packet that has no flow (or was no sound packet), on the path that its addresses give; traffic that is not
 * ours passes all the same. */
void ps_admit_refuse(struct ps_engine *engine, const struct ps_desc *desc, enum ps_reason reason);

/* Is traffic on this path nobody's business at the port where the packet came in? */
bool ps_admit_not_ours(const struct ps_engine *engine, const struct ps_path *path);

/* A path about which the policy says nothing. */
struct ps_path ps_admit_no_path(void);
