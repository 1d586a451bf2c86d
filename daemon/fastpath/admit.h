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

/* Opens the flow of a TCP connection that no packet has opened, end 0 of the key being the client, which the policy grants
 * on this path; current.line is set. False: there is no room for it, since nobody goes for its sake. */
bool ps_admit_known(struct ps_engine *engine, const struct ps_key *key, const struct ps_path *path);

/* What the policy says about a flow: path and reason as match gives them, the rest by ps_admit_weigh(). */
struct ps_admission {
    struct ps_path path;
    enum ps_reason reason;
    uint8_t flags;    /* of enum ps_flow_flag: GRANTED, NOT_OURS and the BOUND ones */
    uint8_t protocol; /* whose dissector reads it, PS_PROTOCOL_NONE: none */
};

/* ps_match_path(), with what control has changed since. */
enum ps_reason ps_admit_match(const struct ps_engine *engine, const struct ps_ends *ends, struct ps_path *path);

/* key: of the flow, end 0 the client. The port is that of the current packet; without one only zones count. */
void ps_admit_weigh(const struct ps_engine *engine, const struct ps_key *key, struct ps_admission *a);

/* The rule that an uninspected flow was granted by; PS_NONE: it is inspected, or none. */
static inline uint32_t ps_admit_rule(const struct ps_flow_cold *cold)
{
    return cold->protocol == PS_PROTOCOL_NONE && cold->path.n_rules > 0 ? cold->path.rules[0] : PS_NONE;
}

/* The ends of a packet's flow, end c of the key being the client. */
struct ps_ends ps_admit_ends(const struct ps_key *key, unsigned c);

/* Does the sender of a later packet belong behind its port, and use its MAC (of a flow that is not ours only the port is
 * looked at)? Otherwise refuses the packet. */
bool ps_admit_sender(struct ps_engine *engine, const struct ps_desc *desc);

/* Has one of its ends a MAC? */
static inline bool ps_admit_is_bound(const struct ps_flow *flow)
{
    return (flow->flags & (PS_FLOW_BOUND_CLIENT | PS_FLOW_BOUND_SERVER)) != 0;
}

/* Is there anything that ps_admit_sender() could find? */
static inline bool ps_admit_asks(const struct ps_engine *engine, const struct ps_flow *flow)
{
    return engine->config.gateway != PS_NONE || ps_admit_is_bound(flow);
}

/* Refuses a packet that has no flow (or was no sound packet), on the path that its addresses give; traffic that is not
 * ours passes all the same. */
void ps_admit_refuse(struct ps_engine *engine, const struct ps_desc *desc, enum ps_reason reason);

/* Is traffic on this path nobody's business at the port where the packet came in? */
bool ps_admit_not_ours(const struct ps_engine *engine, const struct ps_path *path);

/* May its tags (none: always) be used between the zones of the path? */
bool ps_admit_has_tags(const struct ps_engine *engine, const struct ps_key *key, const struct ps_path *path);

/* Did the packet come in at a port behind which the zone is not? */
bool ps_admit_is_spoofed(const struct ps_engine *engine, uint32_t zone);

/* A path about which the policy says nothing. */
struct ps_path ps_admit_no_path(void);
