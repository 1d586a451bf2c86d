/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rejudge.h - flows that an older policy was asked about: what becomes of each under the one in use.
 *
 * Each flow remembers the epoch it was judged in: the place of the slot whose numbers it holds, and how often that
 * slot was changed by then. A swap or a change only begins another epoch; whoever comes upon a flow of an earlier one
 * has it judged anew before anything else happens to it. While no flow can be of an earlier one (`unswept` is false)
 * nobody asks.
 *
 *     the flow passed   and passes now                         it goes on: path, mode and caps are the new ones
 *                       ... but another protocol reads it          it is ended: policy-changed
 *                       ... but is to be held now, and was not     it is ended: policy-changed
 *                       and does not now                         it is ended: no-rule, no-conduit, island ...
 *     it did not pass   and does not now                         its reason is the new one
 *                       and passes now                           it is forgotten: its next packet opens it
 *
 * Ended: an inspected TCP connection of an inline engine is reset at both ends: at once where the engine has its
 * numbers, else by its next octets, which show them; what else there is of it is refused.
 *
 * Why a connection that was only watched is not taken over when its conduit turns to enforce: what is in flight was
 * not copied, so that nobody could tell whether it comes again as other octets, and one of its PDUs may be half
 * delivered. Its ends open another one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine_private.h"

#define PS_EPOCH_CHANGES 0x2000u /* epochs of one slot; a flow's epoch is place * this + count */

/* The first slot, of image (NULL: none). False: no memory. */
bool ps_rejudge_init(struct ps_engine *engine, const struct ps_image *image);
void ps_rejudge_fini(struct ps_engine *engine);

/* Whose numbers the flow holds. */
static inline struct ps_policy_slot *ps_rejudge_slot(const struct ps_engine *engine, const struct ps_flow_cold *cold)
{
    return engine->policies.slots[cold->epoch / PS_EPOCH_CHANGES];
}

/* A flow was just judged by the current policy; it goes. What it counted has been handed on. */
void ps_rejudge_join(struct ps_engine *engine, struct ps_flow_cold *cold);
void ps_rejudge_leave(struct ps_engine *engine, const struct ps_flow_cold *cold);

/* Has control changed something since, or is there no policy? Asked once per burst. */
static inline bool ps_rejudge_is_behind(const struct ps_engine *engine)
{
    return atomic_load_explicit(&engine->slot->changes, memory_order_acquire) != engine->policies.changes;
}

/* Takes the change up. False: there is no policy. */
bool ps_rejudge_take_up(struct ps_engine *engine);

/* line (PS_NONE: none) with its flow judged by the policy of now; PS_NONE: the flow is gone. It is judged as of the
 * current packet, if there is one, whose decision it may change. */
uint32_t ps_rejudge_found(struct ps_engine *engine, uint32_t line);

/* The same for a flow that the current packet is not of. False: it is gone. */
bool ps_rejudge_aside(struct ps_engine *engine, uint32_t line);

/* Do slots, their flows and the sweep fit together? Walks all flows. */
bool ps_rejudge_check(const struct ps_engine *engine);
