/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inspect_view.h - between the files of inspect: the flow and direction in hand, and what is done with their octets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/rd.h"
#include "dissector.h"
#include "engine_private.h"

/* The current flow and direction, gathered once per delivery. */
struct ps_view {
    struct ps_engine *engine;
    struct ps_flow *flow;
    struct ps_flow_cold *cold;
    const struct ps_dissector *dissector;
    struct ps_dialog dialog;
    bool enforced;  /* what is refused does not happen */
    uint8_t reason; /* enum ps_reason of the last PDU */
};

struct ps_view ps_view_current(struct ps_engine *engine);

/* What the flow was granted last of plain things, and by which rule. */
void ps_inspect_remember(struct ps_engine *engine, struct ps_flow_cold *cold, const struct ps_asked *asked, uint32_t rule);

/* What the dissector's frame() says of data, held against what it promises. */
enum ps_result ps_view_frame(const struct ps_view *v, const uint8_t *data, uint32_t len, uint32_t *extent,
                             struct ps_rd_fault *fault);

/* data[0..len) is a whole PDU, or as much as there is of one that frame() refused with `fault`. */
void ps_view_judge(struct ps_view *v, const uint8_t *data, uint32_t len, struct ps_rd_fault fault);

/* The PDU that starts at data does not end there: copies it. Octets that were taken. */
uint32_t ps_view_begin(struct ps_view *v, const uint8_t *data, uint32_t len, uint32_t extent);
