/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tracer.h - how the engine is traced: while somebody wants to know, each packet of a burst goes through here before
 * and after it is judged, and what is judged in it is told to the tracer as to an observer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "trace.h"

struct ps_tracer {
    struct ps_trace *items; /* PS_TRACES_MAX */
    uint32_t head, tail;    /* next to take, next to fill; both only ever grow and wrap */
    uint32_t left;          /* packets still to be recorded */
    uint32_t n_sends;       /* before the packet */
    uint64_t n_flows;       /* likewise */
    struct ps_trace_filter filter;
    struct ps_trace now;    /* of the packet in hand */
    void (*on_judged)(void *ctx, const struct ps_judged *judged); /* the host's, while a burst is traced */
    void *on_judged_ctx;
};

bool ps_tracer_init(struct ps_tracer *tracer);
void ps_tracer_fini(struct ps_tracer *tracer); /* a zeroed one is fine */

/* Around a burst. */
void ps_tracer_begin(struct ps_engine *engine);
void ps_tracer_end(struct ps_engine *engine);

/* Around a packet. */
void ps_tracer_packet(struct ps_engine *engine, const struct ps_packet *packet, const struct ps_desc *desc,
                      uint64_t hash);
void ps_tracer_judged(struct ps_engine *engine, const struct ps_decision *decision);
