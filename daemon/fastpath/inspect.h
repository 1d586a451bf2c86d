/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inspect.h - bytes in order -> PDUs -> facts -> judgement, for the current flow and direction of the engine.
 */
#pragma once

#include <stdint.h>

#include "engine_private.h"

/* The sink of the engine's streams (ctx is the engine). */
void ps_inspect_bytes(void *ctx, const uint8_t *data, uint32_t len);
void ps_inspect_gap(void *ctx, uint32_t n);

/* What an inline connection is told about octets. */
struct ps_inspected {
    uint32_t allowed; /* octets of PDUs that may leave */
    uint32_t extent;  /* of the PDU behind them, 0: not known yet */
    uint8_t reason;   /* enum ps_reason: why that was refused */
};

/* data[0..len) are the octets from the start of the first PDU not judged yet. Judges each whole one.
 * PS_OK: nothing is left; PS_MORE: the rest is the start of a PDU; PS_BAD: the PDU behind seen->allowed was refused (and
 * said so), nothing behind it was looked at. What is refused leaves no trace in the protocol's state. On a conduit in
 * monitor mode refused PDUs count as allowed, and so does everything up to where the next one can be looked for. */
enum ps_result ps_inspect_inline(struct ps_engine *engine, const uint8_t *data, uint32_t len,
                                 struct ps_inspected *seen);

/* Octets of the current direction pass unjudged: the next PDU is looked for. */
void ps_inspect_lost(struct ps_engine *engine);

/* The protocol's own refusal of a request in the current direction that was just refused: dissector.h, refuse(). */
uint32_t ps_inspect_refusal(struct ps_engine *engine, const uint8_t *pdu, uint32_t len, uint8_t *out);

/* One datagram: one PDU, all of it; or of a protocol that spans them, some PDUs and the start of one. cut: the capture has not all octets. */
void ps_inspect_datagram(struct ps_engine *engine, const uint8_t *data, uint32_t len, bool cut);

/* The current direction ends: what was begun is judged if it is already wrong, else counted as unfinished. */
void ps_inspect_end(struct ps_engine *engine);
