/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sends.h - frames that the engine wants sent: those of one burst or tick, in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_SENDS_MAX 1024u

struct ps_sends {
    struct ps_send *items; /* PS_SENDS_MAX */
    uint8_t *octets;
    uint32_t n, n_octets, capacity; /* capacity: of octets */
    uint16_t after; /* of the next ones */
};

/* False: no memory. */
bool ps_sends_init(struct ps_sends *sends, uint32_t capacity);
void ps_sends_fini(struct ps_sends *sends);

/* Room for one frame of len octets, or NULL. It is sent only after ps_sends_put(). */
uint8_t *ps_sends_room(struct ps_sends *sends, uint32_t len);
/* from: ingress port of those in whose name it is. */
void ps_sends_put(struct ps_sends *sends, uint32_t len, uint16_t from);

/* The other one of a gateway's two ports. */
static inline uint16_t ps_sends_other_port(uint16_t port)
{
    return port <= 1 ? port ^ 1u : PS_PORT_UNKNOWN;
}

/* A new burst or tick: the last one's frames are gone. */
static inline void ps_sends_clear(struct ps_sends *sends, uint16_t after)
{
    sends->n = sends->n_octets = 0;
    sends->after = after;
}
