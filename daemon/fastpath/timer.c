/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timer.h"

#include <stddef.h>

#include "base/terms.h"
#include "mem.h"

bool ps_timers_init(struct ps_timers *timers, uint32_t capacity)
{
    *timers = (struct ps_timers){.capacity = capacity};
    timers->heap = ps_mem_new((size_t)capacity * sizeof timers->heap[0]);
    timers->place = ps_mem_new((size_t)capacity * sizeof timers->place[0]);
    timers->due = ps_mem_new((size_t)capacity * sizeof timers->due[0]);
    if (!timers->heap || !timers->place || !timers->due) {
        ps_timers_fini(timers);
        return false;
    }
    for (uint32_t id = 0; id < capacity; id++) {
        timers->place[id] = PS_NONE;
        timers->due[id] = PS_TIMER_NEVER;
    }
    return true;
}

void ps_timers_fini(struct ps_timers *timers)
{
    ps_mem_free(timers->heap, (size_t)timers->capacity * sizeof timers->heap[0]);
    ps_mem_free(timers->place, (size_t)timers->capacity * sizeof timers->place[0]);
    ps_mem_free(timers->due, (size_t)timers->capacity * sizeof timers->due[0]);
    *timers = (struct ps_timers){0};
}

static uint64_t due_at(const struct ps_timers *timers, uint32_t place)
{
    return timers->due[timers->heap[place]];
}

static void put(struct ps_timers *timers, uint32_t place, uint32_t id)
{
    timers->heap[place] = id;
    timers->place[id] = place;
}

static void swap(struct ps_timers *timers, uint32_t a, uint32_t b)
{
    uint32_t id = timers->heap[a];
    put(timers, a, timers->heap[b]);
    put(timers, b, id);
}

static void rise(struct ps_timers *timers, uint32_t place)
{
    while (place > 0 && due_at(timers, place) < due_at(timers, (place - 1) / 2)) {
        swap(timers, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static void sink(struct ps_timers *timers, uint32_t place)
{
    for (;;) {
        uint32_t first = place;
        for (uint32_t child = 2 * place + 1; child <= 2 * place + 2 && child < timers->n; child++)
            if (due_at(timers, child) < due_at(timers, first))
                first = child;
        if (first == place)
            return;
        swap(timers, place, first);
        place = first;
    }
}

static void take_out(struct ps_timers *timers, uint32_t id)
{
    uint32_t place = timers->place[id];
    timers->place[id] = PS_NONE;
    timers->n--;
    if (place == timers->n)
        return;
    put(timers, place, timers->heap[timers->n]);
    rise(timers, place);
    sink(timers, place);
}

void ps_timer_set(struct ps_timers *timers, uint32_t id, uint64_t due)
{
    if (timers->due[id] == due)
        return;
    timers->due[id] = due;
    if (due == PS_TIMER_NEVER) {
        take_out(timers, id);
        return;
    }
    if (timers->place[id] == PS_NONE)
        put(timers, timers->n++, id);
    rise(timers, timers->place[id]);
    sink(timers, timers->place[id]);
}

uint64_t ps_timers_next(const struct ps_timers *timers)
{
    return timers->n > 0 ? due_at(timers, 0) : PS_TIMER_NEVER;
}

uint32_t ps_timers_due(const struct ps_timers *timers, uint64_t now)
{
    return ps_timers_next(timers) <= now && timers->n > 0 ? timers->heap[0] : PS_NONE;
}

bool ps_timers_check(const struct ps_timers *timers)
{
    for (uint32_t place = 0; place < timers->n; place++) {
        bool in_order = place == 0 || due_at(timers, (place - 1) / 2) <= due_at(timers, place);
        if (!in_order || timers->place[timers->heap[place]] != place || due_at(timers, place) == PS_TIMER_NEVER)
            return false;
    }
    return true;
}
