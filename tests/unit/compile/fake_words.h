/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fake_words.h - small protocols with everything that a vocabulary may have, in the place of the real ones: programs
 * that link fake_words.c have them instead of registry.c. MODBUS on port 502; S7COMM, which carries S7COMM_PLUS, on 602.
 * The words of all three are the same, but only of S7COMM a rule that lists no choices means those that have a name.
 */
#pragma once

/* Rows of the functions. "keep" is housekeeping. */
enum { FAKE_LOOK, FAKE_MOVE, FAKE_KEEP, FAKE_SET };

/* Choices that have a name; only "move" has one. It has both params, "set" has the first. */
enum { FAKE_CLOSE = 2, FAKE_OPEN = 3, FAKE_PULSE = 9 };

/* Asks: "broadcast" and "opaque" permit, "no_haste" forbids. */
enum { FAKE_BROADCAST = 1, FAKE_OPAQUE = 2, FAKE_NO_HASTE = 4, FAKE_UNKNOWN = 8 };

#define FAKE_SPACE 1u /* "point": looked at, moved, set */
