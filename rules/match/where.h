/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * where.h - look-ups that the files of match share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#include "match.h"

/* Is id in a list that is sorted upwards? */
bool ps_ids_contain(const uint32_t *ids, uint32_t n, uint32_t id);

/* The asset with this MAC, or PS_NONE. */
uint32_t ps_where_mac(const struct ps_image *image, struct ps_mac mac);

/* The conduit of an ordered pair of zones, or PS_NONE. */
uint32_t ps_where_conduit(const struct ps_image *image, uint32_t from, uint32_t to);
