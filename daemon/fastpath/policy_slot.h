/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy_slot.h - an image in use by one engine, and everything that is sized by it: the counters of its conduits and
 * rules, what is being opened on them, and what control has changed about them at run time.
 *
 * One slot belongs to one engine; several workers have a slot each, all over the same image. Who may call what:
 *
 *     control thread   ps_policy_slot_new(), _free(), and everything under "changes" and "what it says"
 *     worker's thread  ps_engine_swap(), ps_engine_sweep() (engine.h); nothing else here
 *
 * The life of a slot: control makes it (heap), applies the changes that are to hold from its first packet on, and
 * hands it to the worker by a means of the host's; the worker calls ps_engine_swap(). Some time after the next swap
 * no flow is judged by it any more: ps_policy_slot_use() says PS_SLOT_UNUSED. Then control takes the events that the
 * engine's ring still holds, which may name its conduits, reads its last counters, and frees it and then the image.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "flow_list.h"
#include "match.h"

struct ps_policy_slot;

enum ps_slot_use {
    PS_SLOT_UNUSED = 0, /* no engine knows it: not swapped in yet, or let go of by the last flow */
    PS_SLOT_CURRENT,    /* new flows and packets are judged by it */
    PS_SLOT_LEAVING,    /* some flows still hold its numbers */
};

/* The image's memory must outlive the slot. generation: of the policy, in events and flows; not 0. NULL: no memory. */
struct ps_policy_slot *ps_policy_slot_new(const struct ps_image *image, uint32_t generation);

/* Which gateway of the image the engine is, and which of its ports each ingress port is: from the swap on in the
 * place of what the engine's configuration says, which stays where this is not called. Before the swap only. */
void ps_policy_slot_set_gateway(struct ps_policy_slot *slot, uint32_t gateway,
                                const uint16_t gateway_port[PS_PORTS_MAX]);

/* Only while it is PS_SLOT_UNUSED, or after its engine was freed. NULL is fine. */
void ps_policy_slot_free(struct ps_policy_slot *slot);

/* ---- changes ---------------------------------------------------------------------------------------------------- */

/* Control thread, at any time, before and after the swap. What is set here belongs to the slot: the slot of the next
 * policy starts without. The worker takes a change up at its next burst, tick or sweep; from then on every packet is
 * judged by it, and flows that are there are judged anew as after a swap. None of these waits. */

/* Nothing of this conduit passes: reason `island`, also where it is in monitor mode; connections are reset. */
void ps_policy_slot_close(struct ps_policy_slot *slot, uint32_t conduit, bool closed);

/* The same for all conduits at once. Conduits closed one by one stay so when this is taken back. */
void ps_policy_slot_island(struct ps_policy_slot *slot, bool closed);

#define PS_MODE_OF_IMAGE UINT8_MAX

/* mode: enum ps_mode, or PS_MODE_OF_IMAGE: what the plant file says. */
void ps_policy_slot_set_mode(struct ps_policy_slot *slot, uint32_t conduit, uint8_t mode);

/* ---- what it says ----------------------------------------------------------------------------------------------- */

/* Any thread. */
const struct ps_image *ps_policy_slot_image(const struct ps_policy_slot *slot);
uint32_t ps_policy_slot_generation(const struct ps_policy_slot *slot);
enum ps_slot_use ps_policy_slot_use(const struct ps_policy_slot *slot);
bool ps_policy_slot_is_closed(const struct ps_policy_slot *slot, uint32_t conduit); /* or all are */
uint8_t ps_policy_slot_mode(const struct ps_policy_slot *slot, uint32_t conduit);   /* enum ps_mode, as it holds now */
/* Whose dissector reads flows to this port that no rule grants: PS_PROTOCOL_NONE, nobody's. */
uint8_t ps_policy_slot_protocol(const struct ps_policy_slot *slot, bool udp, uint16_t server_port);

/* What ps_engine_state() will say when the worker has taken up the last change. */
uint32_t ps_policy_slot_state(const struct ps_policy_slot *slot);

/* Is it current, and has the worker taken up the last change? No packet that it takes from now on is judged by what was
 * before. */
bool ps_policy_slot_is_taken_up(const struct ps_policy_slot *slot);

/* The same, and every flow has been judged anew: what the reply to a reload waits for. Needs ps_engine_sweep(). */
bool ps_policy_slot_is_settled(const struct ps_policy_slot *slot);

/* Flows that were there and have been judged by this slot, since it was swapped in. */
struct ps_rejudged {
    uint64_t flows;
    uint64_t refused; /* of them: no longer allowed, or could not go on (policy-changed): an event of each says which */
    uint64_t reset;   /* of refused: connections that were reset at both ends there and then */
};
void ps_policy_slot_rejudged(const struct ps_policy_slot *slot, struct ps_rejudged *out);

#define PS_REFUSED_MAX 16u

/* The first ones of `refused`, as they were then; how many. What they name is of this slot's image. */
uint32_t ps_policy_slot_refused(const struct ps_policy_slot *slot, struct ps_flow_info out[PS_REFUSED_MAX]);

/* Counters, while the worker goes on counting: each number is whole, though not all are of the same moment. Of an
 * unused slot they are the last ones. What flows have counted for themselves lacks until they hand it on: see
 * ps_engine_settle_flows(). conduit == ps_image_n_conduits(): traffic of no conduit. */
void ps_policy_slot_conduit_stats(const struct ps_policy_slot *slot, uint32_t conduit, struct ps_conduit_stats *out);
void ps_policy_slot_rule_stats(const struct ps_policy_slot *slot, uint32_t rule, struct ps_rule_stats *out);

/* Adds to them, of a slot that no engine is to have: somebody else judges, and tells control what it counted. Control
 * thread. */
void ps_policy_slot_count_conduit(struct ps_policy_slot *slot, uint32_t conduit, const struct ps_conduit_stats *more);
void ps_policy_slot_count_rule(struct ps_policy_slot *slot, uint32_t rule, const struct ps_rule_stats *more);
