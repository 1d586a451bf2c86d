/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * modbus.h - Modbus/TCP and Modbus/UDP (MBAP), port 502. NOTES.md says what is refused and why.
 */
#pragma once

#include "dissector.h"

extern const struct ps_dissector ps_modbus;
