/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * stats_json.h - counters as JSON objects (docs/events.md, "The summary").
 */
#pragma once

#include <jansson.h>

#include "engine.h"

/* Those that occurred, by the reason's name. */
json_t *ps_reasons_json(const uint64_t by_reason[PS_N_REASONS]);

/* All classes, by name. */
json_t *ps_classes_json(const uint64_t by_class[PS_N_CLASSES]);

/* PDUs allowed and denied, by protocol, of the protocols that were spoken. */
json_t *ps_pdus_json(const struct ps_engine_stats *stats);

/* A conduit's counters; conduit == n_conduits: traffic of no conduit. rules: counters of all rules of the image. */
json_t *ps_conduit_json(const struct ps_image *image, uint32_t conduit, const struct ps_conduit_stats *stats,
                        const struct ps_rule_stats *rules);

/* Every counter of an engine by its name, without those by class, reason and protocol. */
json_t *ps_engine_json(const struct ps_engine_stats *stats);
