/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load_rules.h - the rules of one conduit.
 */
#pragma once

#include "load.h"

/* Reads `allow` into model->rules; the conduit's zones are known (or PS_NONE after a complaint). */
void ps_load_rules(struct ps_load *load, config_setting_t *list, const struct ps_conduit *conduit);
