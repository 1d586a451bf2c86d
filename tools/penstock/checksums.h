/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * checksums.h - what the checksums of a capture are worth.
 *
 * Captures whose addresses were changed afterwards (anonymised, tcprewrite) carry checksums of the old ones: all wrong,
 * and no statement about what the receiver took. Refusing every packet of such a capture would help nobody.
 */
#pragma once

#include <stdint.h>

#include "capture.h"

/* Beside enum ps_checksums: offload, but ignore for a capture that was rewritten. The default of the tools. */
#define PS_CHECKSUMS_AUTO UINT8_MAX

/* Packets looked at, from the start of the capture. */
#define PS_CHECKSUMS_SAMPLE 1024u
/* Fewer wrong ones than this say nothing: a test or an attack, not a rewritten capture. */
#define PS_CHECKSUMS_WRONG_MIN 16u

/* wanted, or for PS_CHECKSUMS_AUTO what the capture calls for: PS_CHECKSUMS_IGNORE when at least
 * PS_CHECKSUMS_WRONG_MIN checksums of the sample are wrong, and more than are right; else PS_CHECKSUMS_OFFLOAD.
 * The capture is rewound; call it before the first burst. */
uint8_t ps_checksums_settle(struct ps_capture *capture, uint8_t wanted);
