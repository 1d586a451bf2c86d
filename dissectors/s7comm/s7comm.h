/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * s7comm.h - S7comm over TPKT and COTP, TCP port 102, and the S7comm-plus that shares both. NOTES.md says what is
 * refused and why.
 */
#pragma once

#include "dissector.h"

extern const struct ps_dissector ps_s7comm;
