/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verdict.h - a judgement becomes counters, a decision about the packet, an event, and a call of the observer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine_private.h"

/* One PDU, as inspect found it. */
struct ps_verdict_pdu {
    const struct ps_dissector *dissector;
    const uint8_t *data;
    uint32_t len;    /* octets in data */
    uint32_t extent; /* octets it says it has; 0: unknown */
    uint32_t offset; /* of the fault */
    uint32_t rule;   /* the last that granted something */
    uint8_t reason;  /* enum ps_reason */
    bool reply;
};

/* A PDU of the current flow and direction; its facts are engine->facts. */
void ps_verdict_pdu(struct ps_engine *engine, const struct ps_verdict_pdu *pdu);

/* The same for an allowed one that no observer wants to hear of. */
void ps_verdict_pdu_counted(struct ps_engine *engine, uint32_t rule, bool reply);

/* The current packet belongs to an uninspected flow that path->rules[0] grants. */
void ps_verdict_packet_allowed(struct ps_engine *engine);

/* The current packet passes, of a flow as it stands: may the rest be carried (ps_decision.carries)? */
void ps_verdict_carries(struct ps_engine *engine);

/* The current packet is refused on its own; desc says between whom, path is what the policy says about them, dir is
 * its direction on path. */
void ps_verdict_packet_refused(struct ps_engine *engine, const struct ps_desc *desc, const struct ps_path *path,
                               enum ps_reason reason);

/* The same for the current flow as it stands, when no packet is to blame: something did not come in time. */
void ps_verdict_flow_refused(struct ps_engine *engine, enum ps_reason reason);

/* The current flow was opened: granted, or refused once and for all by cold->reason. */
void ps_verdict_flow_opened(struct ps_engine *engine);

/* The current flow was let be opened, and may not go on. */
void ps_verdict_flow_ended(struct ps_engine *engine, enum ps_reason reason);

/* A later packet of a refused flow. */
void ps_verdict_silent(struct ps_engine *engine, const struct ps_flow_cold *cold);

/* The current packet cannot be judged: it does not pass. */
void ps_verdict_drop(struct ps_engine *engine);

/* Events of a flow that are no judgements: flow-start, flow-end, gap. */
void ps_verdict_note(struct ps_engine *engine, enum ps_event_kind kind, uint32_t len);
