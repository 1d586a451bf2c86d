/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bridge.h - behind which port a MAC was seen last, where the plant file leaves more than one.
 *
 * Each port has a table of its own, so that whoever makes up addresses behind one port fills up that port's table alone.
 * What a table has no room for is not known, and goes out by all ports that it may. One worker's; no heap after init.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_BRIDGE_WAYS 4u
#define PS_BRIDGE_AGE_NS (UINT64_C(300) * 1000000000) /* IEEE 802.1D: what was not heard of for this long is forgotten */

struct ps_bridge_entry {
    uint64_t key;     /* MAC and VLAN, 0: free */
    uint64_t seen_ns;
};

struct ps_bridge {
    struct ps_bridge_entry *entries; /* n_ports tables of n_sets sets of PS_BRIDGE_WAYS */
    uint32_t n_ports, n_sets;        /* n_sets: a power of two */
};

/* n_macs for each port, rounded up. False: no memory. */
bool ps_bridge_init(struct ps_bridge *bridge, uint32_t n_ports, uint32_t n_macs);
void ps_bridge_fini(struct ps_bridge *bridge);

/* A frame that was not refused came in by this port: its sender is there, and no longer elsewhere. Group addresses are
 * nobody's. */
void ps_bridge_learn(struct ps_bridge *bridge, const uint8_t *frame, uint32_t len, uint32_t port, uint64_t now_ns);

/* Of the ports in the mask, those that a frame with this destination goes out by: the one where it was seen; none when it
 * was seen behind a port that is not among them; all of them when it is not known or a group's. */
uint32_t ps_bridge_ports(const struct ps_bridge *bridge, const uint8_t *frame, uint32_t len, uint32_t mask,
                         uint64_t now_ns);
