/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * event_json.h - an event of the engine as a JSON object (docs/events.md, docs/events.schema.json).
 */
#pragma once

#include <jansson.h>

#include "engine.h"

/* A new object. image, digest: of the policy that judged, whose numbers the event has; NULL: there was none, or it is gone, and
 * what only it can name is left out. file: the capture that it is of, NULL: a live packet. */
json_t *ps_event_json(const struct ps_image *image, const char *digest, const char *file, const struct ps_event *event);
