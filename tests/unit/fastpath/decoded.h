/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decoded.h - what decode makes of a packet, by both of its ways.
 */
#pragma once

#include "decode.h"
#include "engine.h"

/* Decodes an exact heap copy, so that the address sanitizer sees one octet too far. Fails the test when the short way
 * for common packets does not agree with the long one. Pointers of the descriptor must only be compared with NULL. */
struct ps_desc wire_decode(struct ps_packet packet, struct ps_decode_how how);
