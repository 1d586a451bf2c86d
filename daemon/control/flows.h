/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flows.h - the flows of all workers, for people to look at.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "error.h"

#define PS_FLOWS_MAX 20000u /* in one answer */

struct ps_daemon;
struct ps_flow_info;

/* A new object: up to max flows, those of one conduit (NULL: all), and whether there are more. NULL and a sentence. */
json_t *ps_flows_json(struct ps_daemon *daemon, uint32_t max, const char *conduit, struct ps_error *err);

/* A new object: one flow, as the list has it. */
json_t *ps_flow_json(const struct ps_daemon *daemon, const struct ps_flow_info *flow);
