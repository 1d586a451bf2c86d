/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.h - the ring between the engine and its host. Full: the newest event is lost, traffic goes on.
 *
 * One thread puts, one takes, without a lock: what is published is whole, and what is taken may be put again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

struct ps_event_ring {
    struct ps_event *items;
    uint32_t capacity; /* a power of two */
    uint32_t head;     /* next to take, written by the taker alone; both only ever grow and wrap */
    uint32_t tail;     /* next to fill, written by the other */
};

/* capacity is rounded up to a power of two. False: no memory. */
bool ps_event_ring_init(struct ps_event_ring *ring, uint32_t capacity);
void ps_event_ring_fini(struct ps_event_ring *ring);

/* The next event, not cleared, or NULL when the ring is full. It is nobody's before ps_event_ring_publish(). */
struct ps_event *ps_event_ring_put(struct ps_event_ring *ring);
void ps_event_ring_publish(struct ps_event_ring *ring);
uint32_t ps_event_ring_take(struct ps_event_ring *ring, struct ps_event *events, uint32_t max);
uint32_t ps_event_ring_room(const struct ps_event_ring *ring);
