/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "states.h"

#include <string.h>

#include "base/check.h"
#include "mem.h"

#define LINE_LEN 64u

bool ps_states_init(struct ps_states *states, uint32_t capacity, uint32_t len)
{
    *states = (struct ps_states){.capacity = capacity, .len = (len + LINE_LEN - 1) / LINE_LEN * LINE_LEN};
    states->slots = ps_mem_new((size_t)capacity * states->len);
    states->free_slots = ps_mem_new(capacity * sizeof states->free_slots[0]);
    if (states->slots && states->free_slots)
        return true;
    ps_states_fini(states);
    return false;
}

void ps_states_fini(struct ps_states *states)
{
    ps_mem_free(states->slots, (size_t)states->capacity * states->len);
    ps_mem_free(states->free_slots, states->capacity * sizeof states->free_slots[0]);
    *states = (struct ps_states){0};
}

uint32_t ps_states_take(struct ps_states *states)
{
    if (states->n_free > 0)
        return states->free_slots[--states->n_free];
    return PS_CHECK(states->n_fresh < states->capacity) ? states->n_fresh++ : 0;
}

/* Cleared here, while the slot is known to have been used: a fresh one is zero anyway. */
void ps_states_give(struct ps_states *states, uint32_t slot)
{
    memset(ps_states_at(states, slot), 0, states->len);
    states->free_slots[states->n_free++] = slot;
}
