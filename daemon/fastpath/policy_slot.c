/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_slot.h"

#include <string.h>

#include "dissector.h"
#include "mem.h"
#include "policy_slot_private.h"

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* Whose dissector reads the flows that no rule grants: by the ports that dissectors and rules name. */
static void learn_ports(struct ps_policy_slot *slot)
{
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(p);
        if (!dissector || ps_protocol_carrier(p) != p)
            continue;
        uint16_t port = dissector->default_port;
        slot->port_protocol[0][port] = (uint8_t)p;
        if (dissector->over_udp)
            slot->port_protocol[1][port] = (uint8_t)p;
    }
    for (uint32_t rule = 0; rule < slot->n_rules; rule++) {
        struct ps_rule_view view;
        ps_image_rule_view(&slot->image, rule, &view);
        if (view.protocol == PS_PROTOCOL_NONE || view.protocol >= PS_N_DISSECTORS)
            continue;
        for (uint32_t i = 0; i < view.n_ports; i++)
            for (uint32_t port = view.ports[i].first; port <= view.ports[i].last && port <= UINT16_MAX; port++)
                slot->port_protocol[view.udp][port] = (uint8_t)ps_protocol_carrier(view.protocol);
    }
}

struct ps_policy_slot *ps_policy_slot_new(const struct ps_image *image, uint32_t generation)
{
    struct ps_policy_slot *slot = ps_mem_new(sizeof *slot);
    if (!slot)
        return NULL;
    slot->generation = generation;
    if (image) {
        slot->image = *image;
        slot->n_conduits = ps_image_n_conduits(image);
        slot->n_rules = ps_image_n_rules(image);
    }
    size_t n_conduits = slot->n_conduits + (size_t)1, n_rules = slot->n_rules + (size_t)1;
    slot->conduit_stats = ps_mem_new(n_conduits * sizeof slot->conduit_stats[0]);
    slot->rule_stats = ps_mem_new(n_rules * sizeof slot->rule_stats[0]);
    slot->conduit_load = ps_mem_new(n_conduits * sizeof slot->conduit_load[0]);
    slot->changed = ps_mem_new(n_conduits * sizeof slot->changed[0]);
    if (!slot->conduit_stats || !slot->rule_stats || !slot->conduit_load || !slot->changed) {
        ps_policy_slot_free(slot);
        return NULL;
    }
    learn_ports(slot);
    return slot;
}

void ps_policy_slot_set_gateway(struct ps_policy_slot *slot, uint32_t gateway,
                                const uint16_t gateway_port[PS_PORTS_MAX])
{
    slot->has_gateway = true;
    slot->gateway = gateway;
    memcpy(slot->gateway_port, gateway_port, sizeof slot->gateway_port);
}

void ps_policy_slot_free(struct ps_policy_slot *slot)
{
    if (!slot)
        return;
    size_t n_conduits = slot->n_conduits + (size_t)1, n_rules = slot->n_rules + (size_t)1;
    ps_mem_free(slot->conduit_stats, n_conduits * sizeof slot->conduit_stats[0]);
    ps_mem_free(slot->rule_stats, n_rules * sizeof slot->rule_stats[0]);
    ps_mem_free(slot->conduit_load, n_conduits * sizeof slot->conduit_load[0]);
    ps_mem_free(slot->changed, n_conduits * sizeof slot->changed[0]);
    ps_mem_free(slot, sizeof *slot);
}

/* ---- changes --------------------------------------------------------------------------------------------------- */

/* What was written before is seen by whoever sees the count. */
static void count_change(struct ps_policy_slot *slot)
{
    (void)atomic_fetch_add_explicit(&slot->changes, 1, memory_order_release);
}

static void change(struct ps_policy_slot *slot, uint32_t conduit, uint8_t mask, uint8_t bits)
{
    if (conduit >= slot->n_conduits)
        return;
    unsigned char old = atomic_load_explicit(&slot->changed[conduit], memory_order_relaxed);
    unsigned char now = (unsigned char)((old & ~mask) | bits);
    if (now == old)
        return;
    atomic_store_explicit(&slot->changed[conduit], now, memory_order_relaxed);
    count_change(slot);
}

void ps_policy_slot_close(struct ps_policy_slot *slot, uint32_t conduit, bool closed)
{
    change(slot, conduit, PS_CHANGE_CLOSED, closed ? PS_CHANGE_CLOSED : 0);
}

void ps_policy_slot_set_mode(struct ps_policy_slot *slot, uint32_t conduit, uint8_t mode)
{
    change(slot, conduit, (uint8_t)~PS_CHANGE_CLOSED, mode == PS_MODE_OF_IMAGE ? 0 : (uint8_t)(mode + PS_CHANGE_MODE));
}

void ps_policy_slot_island(struct ps_policy_slot *slot, bool closed)
{
    if (atomic_exchange_explicit(&slot->island, closed, memory_order_relaxed) != closed)
        count_change(slot);
}

/* ---- what holds ------------------------------------------------------------------------------------------------ */

static uint8_t changes_of(const struct ps_policy_slot *slot, uint32_t conduit)
{
    return atomic_load_explicit(&slot->changed[ps_policy_slot_index(slot, conduit)], memory_order_relaxed);
}

bool ps_policy_slot_is_closed(const struct ps_policy_slot *slot, uint32_t conduit)
{
    return atomic_load_explicit(&slot->island, memory_order_relaxed) || (changes_of(slot, conduit) & PS_CHANGE_CLOSED);
}

uint8_t ps_policy_slot_mode(const struct ps_policy_slot *slot, uint32_t conduit)
{
    uint8_t mode = changes_of(slot, conduit) & (uint8_t)~PS_CHANGE_CLOSED;
    if (mode != 0)
        return (uint8_t)(mode - PS_CHANGE_MODE);
    return conduit < slot->n_conduits ? ps_image_conduit_mode(&slot->image, conduit) : PS_MODE_ENFORCE;
}

uint8_t ps_policy_slot_protocol(const struct ps_policy_slot *slot, bool udp, uint16_t server_port)
{
    return slot->port_protocol[udp][server_port];
}

enum ps_reason ps_policy_slot_apply(const struct ps_policy_slot *slot, enum ps_reason reason, struct ps_path *path)
{
    if (path->conduit == PS_NONE)
        return reason;
    if (ps_policy_slot_is_closed(slot, path->conduit)) {
        path->mode = PS_MODE_ENFORCE;
        path->granted = false;
        return PS_REASON_ISLAND;
    }
    path->mode = ps_policy_slot_mode(slot, path->conduit);
    return reason;
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

const struct ps_image *ps_policy_slot_image(const struct ps_policy_slot *slot)
{
    return &slot->image;
}

uint32_t ps_policy_slot_generation(const struct ps_policy_slot *slot)
{
    return slot->generation;
}

enum ps_slot_use ps_policy_slot_use(const struct ps_policy_slot *slot)
{
    return (enum ps_slot_use)atomic_load_explicit(&slot->use, memory_order_acquire);
}

uint32_t ps_policy_slot_state(const struct ps_policy_slot *slot)
{
    return ps_policy_slot_state_of(slot, atomic_load_explicit(&slot->changes, memory_order_relaxed));
}

bool ps_policy_slot_is_taken_up(const struct ps_policy_slot *slot)
{
    unsigned changes = atomic_load_explicit(&slot->changes, memory_order_relaxed);
    return ps_policy_slot_use(slot) == PS_SLOT_CURRENT &&
           atomic_load_explicit(&slot->taken_up, memory_order_acquire) == changes;
}

bool ps_policy_slot_is_settled(const struct ps_policy_slot *slot)
{
    unsigned changes = atomic_load_explicit(&slot->changes, memory_order_relaxed);
    return ps_policy_slot_is_taken_up(slot) &&
           atomic_load_explicit(&slot->settled, memory_order_acquire) == changes + 1;
}

/* Words that one thread counts in and another reads: none is torn. */
static void read_words(void *out, const void *counters, size_t len)
{
    uint64_t *to = out;
    const uint64_t *from = counters;
    for (size_t i = 0; i < len / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void ps_policy_slot_rejudged(const struct ps_policy_slot *slot, struct ps_rejudged *out)
{
    read_words(out, &slot->rejudged, sizeof *out);
}

uint32_t ps_policy_slot_refused(const struct ps_policy_slot *slot, struct ps_flow_info out[PS_REFUSED_MAX])
{
    uint32_t n = atomic_load_explicit(&slot->n_refused, memory_order_acquire);
    memcpy(out, slot->refused, n * sizeof out[0]);
    return n;
}

void ps_policy_slot_conduit_stats(const struct ps_policy_slot *slot, uint32_t conduit, struct ps_conduit_stats *out)
{
    read_words(out, &slot->conduit_stats[ps_policy_slot_index(slot, conduit)], sizeof *out);
}

void ps_policy_slot_rule_stats(const struct ps_policy_slot *slot, uint32_t rule, struct ps_rule_stats *out)
{
    read_words(out, &slot->rule_stats[rule < slot->n_rules ? rule : slot->n_rules], sizeof *out);
}

static void add_words(void *sum, const void *more, size_t len)
{
    uint64_t *to = sum;
    const uint64_t *from = more;
    for (size_t i = 0; i < len / sizeof *to; i++)
        to[i] += from[i];
}

void ps_policy_slot_count_conduit(struct ps_policy_slot *slot, uint32_t conduit, const struct ps_conduit_stats *more)
{
    add_words(&slot->conduit_stats[ps_policy_slot_index(slot, conduit)], more, sizeof *more);
}

void ps_policy_slot_count_rule(struct ps_policy_slot *slot, uint32_t rule, const struct ps_rule_stats *more)
{
    add_words(&slot->rule_stats[rule < slot->n_rules ? rule : slot->n_rules], more, sizeof *more);
}

void ps_engine_stats_read(const struct ps_engine *engine, struct ps_engine_stats *out)
{
    read_words(out, ps_engine_stats(engine), sizeof *out);
}
