/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * states.h - the protocol state of inspected flows: a pool of slots for each protocol.
 *
 * Apart from the flow lines, because only inspected flows have such state and protocols need very different amounts of
 * it. Slots are handed out in order, so that memory is touched only as far as flows need it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ps_states {
    uint8_t *slots; /* len octets each, zero unless in use */
    uint32_t *free_slots; /* a stack of slots that were given back */
    uint32_t len, capacity;
    uint32_t n_free, n_fresh; /* fresh: slots never used start here */
};

/* len octets each (rounded up to whole cache lines) for up to capacity flows. False: no memory. */
bool ps_states_init(struct ps_states *states, uint32_t capacity, uint32_t len);
void ps_states_fini(struct ps_states *states); /* a zeroed one is fine */

/* A zeroed slot. No more than capacity may be in use. */
uint32_t ps_states_take(struct ps_states *states);
void ps_states_give(struct ps_states *states, uint32_t slot);

static inline void *ps_states_at(const struct ps_states *states, uint32_t slot)
{
    return states->slots + (uint64_t)slot * states->len;
}
