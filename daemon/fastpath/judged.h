/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * judged.h - a judgement: who talks to whom in it, and the event that tells of it when something was refused.
 */
#pragma once

#include <stdint.h>

#include "decode.h"
#include "engine.h"

/* Fills in who talks to whom; end c of the key is the client. */
void ps_judged_set_ends(struct ps_judged *judged, const struct ps_key *key, unsigned c);

/* The same of a packet that no flow was found for; judged->dir says whether its sender is the client. */
void ps_judged_set_packet(struct ps_judged *judged, const struct ps_desc *desc);

/* Of what was refused. */
enum ps_event_kind ps_judged_kind(const struct ps_judged *judged);

/* generation: of the policy whose numbers judged->path holds. Of a refused PDU with its operation. */
void ps_judged_event(const struct ps_judged *judged, enum ps_event_kind kind, uint32_t generation, struct ps_event *out);
