/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flood.h - many equal events become one that says how many.
 *
 * Of equal events (event_key.h, and of one rule and policy) the first few within a second are told as they are. The others are
 * held, and told once when the second is over. A table of fixed size; what finds no line in it is only counted.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_FLOOD_FIRST 3u   /* equal events of a second that are told one by one */
#define PS_FLOOD_KEYS 1024u /* different events of a second */

struct ps_flood;

struct ps_flood_count {
    uint64_t n;
    uint64_t first_ns, last_ns; /* calendar, of events */
};

enum ps_flood_way {
    PS_FLOOD_COUNTED = 0, /* it is a number now; nothing to do */
    PS_FLOOD_HELD,        /* the first that is held: make the object that stands for it and its equals, ps_flood_hold() */
    PS_FLOOD_TOLD,        /* tell it */
};

struct ps_flood *ps_flood_new(void);
void ps_flood_free(struct ps_flood *flood); /* NULL is fine */

enum ps_flood_way ps_flood_take(struct ps_flood *flood, const struct ps_event *event);
/* o, which becomes the flood's, for the event that was taken last. */
void ps_flood_hold(struct ps_flood *flood, json_t *o);

/* A second is over: calls tell() with each object that is held, which becomes the callee's, in the order of their first events;
 * then with NULL when there were events without a line. */
void ps_flood_flush(struct ps_flood *flood, void (*tell)(void *ctx, json_t *o, const struct ps_flood_count *count),
                    void *ctx);
