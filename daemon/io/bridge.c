/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bridge.h"

#include "mem.h"

bool ps_bridge_init(struct ps_bridge *bridge, uint32_t n_ports, uint32_t n_macs)
{
    uint32_t n_sets = 1;
    while (n_sets * PS_BRIDGE_WAYS < n_macs && n_sets < UINT32_C(1) << 20)
        n_sets *= 2;
    *bridge = (struct ps_bridge){.n_ports = n_ports, .n_sets = n_sets};
    bridge->entries = ps_mem_new((size_t)n_ports * n_sets * PS_BRIDGE_WAYS * sizeof bridge->entries[0]);
    return bridge->entries != NULL;
}

void ps_bridge_fini(struct ps_bridge *bridge)
{
    ps_mem_free(bridge->entries,
                (size_t)bridge->n_ports * bridge->n_sets * PS_BRIDGE_WAYS * sizeof bridge->entries[0]);
    *bridge = (struct ps_bridge){0};
}

/* Of the six octets at mac in the VLAN of the frame; 0: a group's, or no frame. Bit 63 tells a key from a free entry. */
static uint64_t key_at(const uint8_t *frame, uint32_t len, uint32_t at)
{
    if (len < 18 || (frame[at] & 1) != 0)
        return 0;
    uint64_t key = 0, vid = 0;
    for (uint32_t i = 0; i < 6; i++)
        key = key << 8 | frame[at + i];
    uint32_t type = (uint32_t)frame[12] << 8 | frame[13];
    if (type == 0x8100 || type == 0x88a8 || type == 0x9100)
        vid = (uint64_t)(frame[14] & 0xf) << 8 | frame[15];
    return UINT64_C(1) << 63 | vid << 48 | key;
}

static uint32_t set_of(const struct ps_bridge *bridge, uint64_t key)
{
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (bridge->n_sets - 1);
}

static struct ps_bridge_entry *set_at(const struct ps_bridge *bridge, uint32_t port, uint64_t key)
{
    return bridge->entries + ((size_t)port * bridge->n_sets + set_of(bridge, key)) * PS_BRIDGE_WAYS;
}

static struct ps_bridge_entry *find(const struct ps_bridge *bridge, uint32_t port, uint64_t key)
{
    struct ps_bridge_entry *set = set_at(bridge, port, key);
    for (uint32_t i = 0; i < PS_BRIDGE_WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    return NULL;
}

/* The entry of the set that is free, or was seen longest ago. */
static struct ps_bridge_entry *oldest(struct ps_bridge_entry *set)
{
    struct ps_bridge_entry *best = set;
    for (uint32_t i = 0; i < PS_BRIDGE_WAYS; i++) {
        if (set[i].key == 0)
            return &set[i];
        if (set[i].seen_ns < best->seen_ns)
            best = &set[i];
    }
    return best;
}

void ps_bridge_learn(struct ps_bridge *bridge, const uint8_t *frame, uint32_t len, uint32_t port, uint64_t now_ns)
{
    uint64_t key = key_at(frame, len, 6);
    if (key == 0)
        return;
    struct ps_bridge_entry *known = find(bridge, port, key);
    if (known) {
        known->seen_ns = now_ns;
        return;
    }
    for (uint32_t other = 0; other < bridge->n_ports; other++) {
        struct ps_bridge_entry *before = other == port ? NULL : find(bridge, other, key);
        if (before)
            before->key = 0;
    }
    *oldest(set_at(bridge, port, key)) = (struct ps_bridge_entry){.key = key, .seen_ns = now_ns};
}

uint32_t ps_bridge_ports(const struct ps_bridge *bridge, const uint8_t *frame, uint32_t len, uint32_t mask,
                         uint64_t now_ns)
{
    uint64_t key = key_at(frame, len, 0);
    for (uint32_t port = 0; port < bridge->n_ports && key != 0; port++) {
        const struct ps_bridge_entry *entry = find(bridge, port, key);
        if (entry && now_ns - entry->seen_ns < PS_BRIDGE_AGE_NS)
            return mask & UINT32_C(1) << port;
    }
    return mask;
}
