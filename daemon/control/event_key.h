/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * event_key.h - what makes two events of the engine equal: everything but time, client port, place in the capture and the
 * policy that judged. An asset is one client whatever address it used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

uint32_t ps_event_key_hash(const struct ps_event *event);
bool ps_event_key_equal(const struct ps_event *a, const struct ps_event *b);
