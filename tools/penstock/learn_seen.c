/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_seen.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct ps_seen_key) == 56, "a key is compared octet by octet and may have no padding");

#define IP_ICMP 1
#define IP_TCP 6
#define IP_UDP 17
#define IP_ICMPV6 58

void ps_seen_fini(struct ps_seen_set *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        ps_ranges_fini(&set->items[i].objects);
    free(set->items);
    free(set->slots);
    *set = (struct ps_seen_set){0};
}

/* ---- the set --------------------------------------------------------------------------------------------------- */

/* FNV-1a over words: the keys come from captures, and a slow learner harms nobody else. */
static uint32_t hash(const struct ps_seen_key *key)
{
    uint64_t words[sizeof(*key) / 8];
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    memcpy(words, key, sizeof(words));
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        h = (h ^ words[i]) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t slot_of(const struct ps_seen_set *set, const struct ps_seen_key *key)
{
    uint32_t slot = hash(key) & (set->n_slots - 1);

    while (set->slots[slot] != 0 && memcmp(&set->items[set->slots[slot] - 1].key, key, sizeof(*key)) != 0)
        slot = (slot + 1) & (set->n_slots - 1);
    return slot;
}

static void rehash(struct ps_seen_set *set, uint32_t n_slots)
{
    free(set->slots);
    set->slots = ps_learn_calloc(n_slots, sizeof(*set->slots));
    set->n_slots = n_slots;
    for (uint32_t i = 0; i < set->n; i++)
        set->slots[slot_of(set, &set->items[i].key)] = i + 1;
}

/* The item with this key; *news when it was not there. */
static struct ps_seen *item_of(struct ps_seen_set *set, const struct ps_seen_key *key, bool *news)
{
    uint32_t slot;

    if (set->n * 2 >= set->n_slots)
        rehash(set, set->n_slots == 0 ? 64 : set->n_slots * 2);
    slot = slot_of(set, key);
    *news = set->slots[slot] == 0;
    if (*news) {
        set->items = ps_learn_grow(set->items, set->n, &set->capacity, sizeof(*set->items));
        set->items[set->n] = (struct ps_seen){.key = *key, .min = DBL_MAX, .max = -DBL_MAX};
        for (unsigned i = 0; i < PS_PARAMS_MAX; i++)
            set->items[set->n].params[i] = (struct ps_range){UINT32_MAX, 0};
        set->slots[slot] = ++set->n;
    }
    return &set->items[set->slots[slot] - 1];
}

static bool widen(struct ps_seen *item, double min, double max)
{
    bool news = min < item->min || max > item->max;

    if (min < item->min)
        item->min = min;
    if (max > item->max)
        item->max = max;
    return news;
}

static bool widen_params(struct ps_seen *item, const struct ps_range *params)
{
    bool news = false;

    for (unsigned i = 0; i < item->key.n_params; i++) {
        news |= params[i].first < item->params[i].first || params[i].last > item->params[i].last;
        if (params[i].first < item->params[i].first)
            item->params[i].first = params[i].first;
        if (params[i].last > item->params[i].last)
            item->params[i].last = params[i].last;
    }
    return news;
}

bool ps_seen_merge(struct ps_seen_set *set, const struct ps_seen_set *other)
{
    bool any = false;

    for (uint32_t i = 0; i < other->n; i++) {
        bool news;
        struct ps_seen *item = item_of(set, &other->items[i].key, &news);

        any |= news;
        any |= ps_ranges_merge(&item->objects, &other->items[i].objects);
        any |= widen(item, other->items[i].min, other->items[i].max);
        any |= widen_params(item, other->items[i].params);
    }
    return any;
}

/* Is an inspected protocol spoken over UDP, or TCP? */
static bool is_spoken(uint8_t protocol, bool udp)
{
    const struct ps_dissector *dissector = ps_dissector_by_protocol(ps_protocol_carrier(protocol));

    return dissector && (!udp || dissector->over_udp);
}

void ps_seen_port(struct ps_seen_set *set, uint8_t protocol, uint16_t port)
{
    struct ps_seen_key key = {
        .client = ps_addr_from_v4(0), .server = ps_addr_from_v4(0), .port = port, .protocol = protocol};
    bool news;

    for (key.udp = 0; key.udp <= 1; key.udp++)
        if (is_spoken(protocol, key.udp))
            item_of(set, &key, &news);
}

bool ps_op_gathers(unsigned op)
{
    return op == PS_OP_READ || op == PS_OP_EVENT;
}

#define ORDER(field)                                                                                                   \
    if (a->field != b->field)                                                                                          \
    return a->field < b->field ? -1 : 1

int ps_seen_compare(const struct ps_seen_key *a, const struct ps_seen_key *b)
{
    int order = ps_addr_compare(a->client, b->client);

    if (order == 0)
        order = ps_addr_compare(a->server, b->server);
    if (order != 0)
        return order;
    ORDER(protocol);
    ORDER(udp);
    ORDER(port);
    ORDER(station);
    ORDER(asks);
    ORDER(housekeeping);
    ORDER(op);
    ORDER(values);
    ORDER(n_params);
    if (!ps_op_gathers(a->op))
        ORDER(choice);
    ORDER(space);
    ORDER(function);
    ORDER(choice);
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    return ps_seen_compare(&((const struct ps_seen *)a)->key, &((const struct ps_seen *)b)->key);
}

void ps_seen_sort(struct ps_seen_set *set)
{
    if (set->n == 0)
        return;
    qsort(set->items, set->n, sizeof(*set->items), compare_items);
    rehash(set, set->n_slots);
}

/* ---- judgements ------------------------------------------------------------------------------------------------ */

static bool learn_fact(struct ps_seen_set *set, struct ps_seen_key key, const struct ps_fact *fact)
{
    struct ps_range params[PS_PARAMS_MAX] = {0};
    double min = 0, max = 0;
    struct ps_seen *item;
    bool news;

    key.protocol = fact->protocol;
    key.station = fact->station;
    key.function = fact->function;
    key.op = fact->op;
    key.asks = fact->asks;
    key.housekeeping = fact->housekeeping;
    if (!fact->housekeeping) {
        key.space = fact->space;
        key.choice = fact->choice;
        key.n_params = fact->n_params;
        if (ps_values_bounds(&fact->values, &min, &max))
            key.values = min >= -DBL_MAX && max <= DBL_MAX ? PS_SEEN_BOUNDED : PS_SEEN_UNKNOWN; /* no number: no range */
        else if (fact->values.kind == PS_VALUE_UNKNOWN)
            key.values = PS_SEEN_UNKNOWN;
    }
    item = item_of(set, &key, &news);
    if (key.space != 0)
        news |= ps_ranges_add(&item->objects, fact->first, fact->last);
    if (key.values == PS_SEEN_BOUNDED)
        news |= widen(item, min, max);
    for (unsigned i = 0; i < key.n_params; i++)
        params[i] = (struct ps_range){fact->params[i], fact->params[i]};
    return widen_params(item, params) || news;
}

static bool learn_pdu(struct ps_seen_set *set, const struct ps_judged *judged)
{
    struct ps_seen_key key = {
        .client = judged->client,
        .server = judged->server,
        .port = judged->server_port,
        .udp = judged->ip_proto == IP_UDP,
    };
    bool news = false;

    for (uint16_t i = 0; i < judged->facts->n_facts; i++)
        news |= learn_fact(set, key, &judged->facts->item[i]);
    return news;
}

static bool is_icmp_error(uint8_t ip_proto, uint16_t type)
{
    if (ip_proto == IP_ICMPV6)
        return type < 128;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* ARP and neighbour discovery are judged packet by packet; anything else that policy can refuse is a flow. */
static bool is_neighbour(const struct ps_judged *judged)
{
    return judged->what == PS_JUDGED_PACKET;
}

/* Whoever asks whether an address is free speaks for that address. */
static struct ps_addr speaker(const struct ps_judged *judged)
{
    bool unset =
        ps_addr_equal(judged->client, ps_addr_from_v4(0)) || ps_addr_equal(judged->client, (struct ps_addr){0});

    return unset ? judged->server : judged->client;
}

/* Which protocol a flow's opening asks for. */
static uint8_t protocol_of(const struct ps_seen_limits *limits, const struct ps_judged *judged)
{
    if (is_neighbour(judged))
        return PS_PROTOCOL_NONE;
    if (judged->ip_proto == 0)
        return PS_PROTOCOL_ETHERNET;
    if (judged->ip_proto == IP_ICMP || judged->ip_proto == IP_ICMPV6)
        return PS_PROTOCOL_ICMP;
    if (judged->ip_proto != IP_TCP && judged->ip_proto != IP_UDP)
        return PS_PROTOCOL_IP;
    for (uint8_t p = 1; p < PS_N_DISSECTORS; p++)
        if (limits->ports[p] && ps_ranges_contain(limits->ports[p], judged->server_port, judged->server_port) &&
            is_spoken(p, judged->ip_proto == IP_UDP))
            return p;
    return judged->ip_proto == IP_TCP ? PS_PROTOCOL_TCP : PS_PROTOCOL_UDP;
}

static bool learn_opening(struct ps_seen_set *set, const struct ps_seen_limits *limits, const struct ps_judged *judged)
{
    struct ps_seen_key key = {
        .client = judged->client,
        .server = judged->server,
        .port = judged->server_port,
        .protocol = protocol_of(limits, judged),
    };
    bool news;

    if (key.protocol == PS_PROTOCOL_NONE || key.protocol == PS_PROTOCOL_ICMP) {
        if (!limits->late && (key.protocol == PS_PROTOCOL_NONE || is_icmp_error(judged->ip_proto, key.port)))
            return false;
        if (key.protocol == PS_PROTOCOL_NONE) {
            key.client = speaker(judged);
            key.port = 0;
        }
    } else if (key.protocol == PS_PROTOCOL_ETHERNET) {
        if (ps_mac_is_zero(judged->client_mac) || ps_mac_is_zero(judged->server_mac))
            return false; /* a loopback's: no asset can have it */
        key.client = (struct ps_addr){.lo = ps_mac_number(judged->client_mac)};
        key.server = (struct ps_addr){.lo = ps_mac_number(judged->server_mac)};
    } else if (key.protocol == PS_PROTOCOL_IP) {
        key.port = judged->ip_proto;
    } else {
        key.udp = key.protocol < PS_N_DISSECTORS && judged->ip_proto == IP_UDP;
    }
    item_of(set, &key, &news);
    return news;
}

bool ps_seen_judged(struct ps_seen_set *set, const struct ps_seen_limits *limits, const struct ps_judged *judged)
{
    if (judged->what == PS_JUDGED_PDU && judged->facts && judged->facts->n_facts > 0)
        return learn_pdu(set, judged);
    return learn_opening(set, limits, judged);
}
