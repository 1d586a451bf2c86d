/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include "mem.h"

bool ps_event_ring_init(struct ps_event_ring *ring, uint32_t capacity)
{
    uint32_t size = 16;
    while (size < capacity && size < UINT32_C(1) << 24)
        size *= 2;
    *ring = (struct ps_event_ring){.capacity = size};
    ring->items = ps_mem_new(size * sizeof ring->items[0]);
    return ring->items != NULL;
}

void ps_event_ring_fini(struct ps_event_ring *ring)
{
    ps_mem_free(ring->items, ring->capacity * sizeof ring->items[0]);
    *ring = (struct ps_event_ring){0};
}

uint32_t ps_event_ring_room(const struct ps_event_ring *ring)
{
    return ring->capacity - (ring->tail - __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE));
}

struct ps_event *ps_event_ring_put(struct ps_event_ring *ring)
{
    if (ps_event_ring_room(ring) == 0)
        return NULL;
    return &ring->items[ring->tail & (ring->capacity - 1)];
}

void ps_event_ring_publish(struct ps_event_ring *ring)
{
    __atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
}

uint32_t ps_event_ring_take(struct ps_event_ring *ring, struct ps_event *events, uint32_t max)
{
    uint32_t n = 0, head = ring->head, tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
    for (; n < max && head != tail; n++)
        events[n] = ring->items[head++ & (ring->capacity - 1)];
    __atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
    return n;
}
