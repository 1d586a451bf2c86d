/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json.h - short forms for building JSON objects.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static inline void ps_json_put(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, json_string(text));
}

static inline void ps_json_put_n(json_t *o, const char *key, uint64_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

static inline void ps_json_put_bool(json_t *o, const char *key, bool yes)
{
    json_object_set_new(o, key, json_boolean(yes));
}

/* Text that may hold anything (file names): octets that are not UTF-8 become "?". */
void ps_json_put_any(json_t *o, const char *key, const char *text);

/* One line, and o is gone. */
void ps_json_print(json_t *o, FILE *out);
