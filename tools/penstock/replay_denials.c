/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_denials.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define N_SLOTS 32768u /* a power of two, well above the rows */

/* What makes two refusals equal: everything but time, client port and place in the capture. An asset is one client
 * whatever address it used. */
struct key {
    uint64_t client_hi, client_lo, server_hi, server_lo;
    uint32_t client_asset, server_asset, conduit;
    uint16_t server_port, vlan;
    uint8_t kind, what, reason, dir;
    uint8_t ip_proto, protocol;
};

bool replay_has_addresses(const struct ps_event *e)
{
    return e->ip_proto != 0 || e->client.hi != 0 || e->client.lo != 0 || e->server.hi != 0 || e->server.lo != 0;
}

static void make_key(const struct ps_event *e, struct key *k)
{
    memset(k, 0, sizeof *k);
    k->client_asset = e->client_asset;
    k->server_asset = e->server_asset;
    if (!replay_has_addresses(e)) {
        k->client_lo = ps_mac_number(e->client_mac);
        k->server_lo = ps_mac_number(e->server_mac);
    }
    if (replay_has_addresses(e) && e->client_asset == PS_NONE) {
        k->client_hi = e->client.hi;
        k->client_lo = e->client.lo;
    }
    if (replay_has_addresses(e) && e->server_asset == PS_NONE) {
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

static bool equal(const struct ps_event *a, const struct ps_event *b)
{
    struct key ka, kb;

    make_key(a, &ka);
    make_key(b, &kb);
    return memcmp(&ka, &kb, sizeof ka) == 0 && strcmp(a->operation, b->operation) == 0;
}

static struct replay_denial *new_row(struct replay_denials *d)
{
    if (d->n_rows == d->capacity) {
        d->capacity = d->capacity == 0 ? 64 : 2 * d->capacity;
        d->rows = ps_need(realloc(d->rows, d->capacity * sizeof *d->rows));
    }
    return &d->rows[d->n_rows++];
}

void replay_denials_add(struct replay_denials *d, const struct ps_event *event, size_t file, uint64_t n)
{
    struct key key;
    uint32_t hash, slot;
    struct replay_denial *row;

    if (d->slots == NULL)
        d->slots = ps_need(calloc(N_SLOTS, sizeof *d->slots));
    make_key(event, &key);
    hash = mix(2166136261u, &key, sizeof key);
    hash = mix(hash, event->operation, strlen(event->operation));
    for (slot = hash % N_SLOTS; d->slots[slot] != 0; slot = (slot + 1) % N_SLOTS) {
        row = &d->rows[d->slots[slot] - 1];
        if (row->hash != hash || !equal(&row->first, event))
            continue;
        row->n += n;
        return;
    }
    if (d->n_rows == REPLAY_DENIALS_MAX) {
        d->n_more += n;
        return;
    }
    row = new_row(d);
    *row = (struct replay_denial){.n = n, .hash = hash, .file = file, .first = *event};
    d->slots[slot] = d->n_rows;
}

void replay_denials_merge(struct replay_denials *d, const struct replay_denials *more, size_t file)
{
    for (uint32_t i = 0; i < more->n_rows; i++)
        replay_denials_add(d, &more->rows[i].first, file, more->rows[i].n);
    d->n_more += more->n_more;
}

static int by_frequency(const void *a, const void *b)
{
    const struct replay_denial *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->first.number != y->first.number)
        return x->first.number < y->first.number ? -1 : 1;
    /* of one packet: the order they were found in */
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void replay_denials_sort(struct replay_denials *d)
{
    if (d->n_rows > 0)
        qsort(d->rows, d->n_rows, sizeof *d->rows, by_frequency);
}

void replay_denials_fini(struct replay_denials *d)
{
    free(d->rows);
    free(d->slots);
    memset(d, 0, sizeof *d);
}
