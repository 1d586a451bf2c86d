/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * model_same.h - do two models say the same? Places in the source do not count.
 */
#pragma once

#include "model.h"

/* NULL when they do, else what differs. */
const char *model_difference(const struct ps_model *a, const struct ps_model *b);
