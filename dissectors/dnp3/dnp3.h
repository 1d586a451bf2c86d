/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dnp3.h - DNP3 (IEEE 1815) over TCP and UDP.
 */
#pragma once

#include "dissector.h"

extern const struct ps_dissector ps_dnp3;
