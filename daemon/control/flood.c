/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flood.h"

#include <stdlib.h>
#include <string.h>

#include "event_key.h"
#include "text.h"

#define N_SLOTS (2 * PS_FLOOD_KEYS)

struct line {
    struct ps_event event; /* the first one */
    uint32_t hash;
    uint32_t n_told;
    json_t *held; /* stands for those of held_count; NULL: none is held */
    struct ps_flood_count held_count;
};

struct ps_flood {
    struct line lines[PS_FLOOD_KEYS];
    uint32_t n;
    uint16_t slots[N_SLOTS]; /* line + 1 */
    struct line *last;       /* of the event that was taken last */
    struct ps_flood_count rest;
};

struct ps_flood *ps_flood_new(void)
{
    return ps_need(calloc(1, sizeof(struct ps_flood)));
}

void ps_flood_free(struct ps_flood *flood)
{
    for (uint32_t i = 0; flood != NULL && i < flood->n; i++)
        json_decref(flood->lines[i].held);
    free(flood);
}

/* Whose numbers mean the same. */
static bool equal(const struct ps_event *a, const struct ps_event *b)
{
    return a->rule == b->rule && a->generation == b->generation && ps_event_key_equal(a, b);
}

/* Its line, a new one when there is none yet; NULL: there is no room. */
static struct line *find(struct ps_flood *flood, const struct ps_event *event)
{
    uint32_t hash = ps_event_key_hash(event), slot;
    struct line *line;

    for (slot = hash % N_SLOTS; flood->slots[slot] != 0; slot = (slot + 1) % N_SLOTS) {
        line = &flood->lines[flood->slots[slot] - 1];
        if (line->hash == hash && equal(&line->event, event))
            return line;
    }
    if (flood->n == PS_FLOOD_KEYS)
        return NULL;
    line = &flood->lines[flood->n++];
    *line = (struct line){.event = *event, .hash = hash};
    flood->slots[slot] = (uint16_t)flood->n;
    return line;
}

static void count(struct ps_flood_count *count, const struct ps_event *event)
{
    if (count->n++ == 0)
        count->first_ns = event->time_ns;
    count->last_ns = event->time_ns;
}

enum ps_flood_way ps_flood_take(struct ps_flood *flood, const struct ps_event *event)
{
    struct line *line = find(flood, event);

    flood->last = line;
    if (line == NULL) {
        count(&flood->rest, event);
        return PS_FLOOD_COUNTED;
    }
    if (line->n_told < PS_FLOOD_FIRST) {
        line->n_told++;
        return PS_FLOOD_TOLD;
    }
    count(&line->held_count, event);
    return line->held_count.n == 1 ? PS_FLOOD_HELD : PS_FLOOD_COUNTED;
}

void ps_flood_hold(struct ps_flood *flood, json_t *o)
{
    flood->last->held = o;
}

void ps_flood_flush(struct ps_flood *flood, void (*tell)(void *ctx, json_t *o, const struct ps_flood_count *count),
                    void *ctx)
{
    for (uint32_t i = 0; i < flood->n; i++)
        if (flood->lines[i].held != NULL)
            tell(ctx, flood->lines[i].held, &flood->lines[i].held_count);
    if (flood->rest.n > 0)
        tell(ctx, NULL, &flood->rest);
    flood->n = 0;
    flood->rest = (struct ps_flood_count){0};
    memset(flood->slots, 0, sizeof flood->slots);
}
