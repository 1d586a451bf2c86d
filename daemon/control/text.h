/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text.h - how people read it: numbers, times, colours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PS_COUNT_TEXT_MAX 28
#define PS_TIME_TEXT_MAX 48

/* "908,412" */
const char *ps_text_count(uint64_t n, char buf[PS_COUNT_TEXT_MAX]);

/* "s" but for one: printf("%u zone%s", n, ps_text_s(n)) */
const char *ps_text_s(uint64_t n);

/* Local time ($TZ), "2026-11-21T12:04:33.120": digits of the second's fraction 0..9; with_offset adds "+01:00". */
const char *ps_text_time(uint64_t time_ns, unsigned digits, bool with_offset, char buf[PS_TIME_TEXT_MAX]);

enum ps_colour { PS_COLOUR_PLAIN = 0, PS_COLOUR_RED, PS_COLOUR_YELLOW, PS_COLOUR_GREEN, PS_COLOUR_BOLD };

/* The escape sequence for out, or "": only on a terminal, and never with NO_COLOR. */
const char *ps_text_colour(FILE *out, enum ps_colour colour);

/* Memory, or the end of the program with a message. */
void *ps_need(void *memory);
