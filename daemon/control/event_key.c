/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_key.h"

#include <string.h>

#include "event_text.h"

struct key {
    uint64_t client_hi, client_lo, server_hi, server_lo;
    uint32_t client_asset, server_asset, conduit;
    uint16_t server_port, vlan;
    uint8_t kind, what, reason, dir;
    uint8_t ip_proto, protocol;
};

static void make_key(const struct ps_event *e, struct key *k)
{
    memset(k, 0, sizeof *k);
    k->client_asset = e->client_asset;
    k->server_asset = e->server_asset;
    if (!ps_event_has_addresses(e)) {
        k->client_lo = ps_mac_number(e->client_mac);
        k->server_lo = ps_mac_number(e->server_mac);
    }
    if (ps_event_has_addresses(e) && e->client_asset == PS_NONE) {
        k->client_hi = e->client.hi;
        k->client_lo = e->client.lo;
    }
    if (ps_event_has_addresses(e) && e->server_asset == PS_NONE) {
        k->server_hi = e->server.hi;
        k->server_lo = e->server.lo;
    }
    k->conduit = e->conduit;
    k->server_port = e->server_port;
    k->vlan = e->vlan;
    k->kind = e->kind;
    k->what = e->what;
    k->reason = e->reason;
    k->dir = e->dir;
    k->ip_proto = e->ip_proto;
    k->protocol = e->protocol;
}

/* FNV-1a */
static uint32_t mix(uint32_t hash, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * 16777619u;
    return hash;
}

uint32_t ps_event_key_hash(const struct ps_event *event)
{
    struct key key;

    make_key(event, &key);
    return mix(mix(2166136261u, &key, sizeof key), event->operation, strlen(event->operation));
}

bool ps_event_key_equal(const struct ps_event *a, const struct ps_event *b)
{
    struct key ka, kb;

    make_key(a, &ka);
    make_key(b, &kb);
    return memcmp(&ka, &kb, sizeof ka) == 0 && strcmp(a->operation, b->operation) == 0;
}
