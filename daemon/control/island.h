/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * island.h - what is closed by hand: every conduit, those of some zones, single ones. It outlives reloads and restarts,
 * by name, and is only opened by hand again.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "server.h"

struct ps_daemon;
struct ps_policy;

struct ps_island {
    bool all;
    json_t *zones, *conduits; /* arrays of names */
    json_t *modes;            /* conduit -> "enforce" or "monitor": until the daemon ends */
    /* a change whose effect is waited for */
    uint64_t client;
    uint64_t began_ns; /* steady; 0: none */
};

/* Reads what the state folder remembers; what cannot be read closes everything. */
void ps_island_init(struct ps_daemon *daemon);
void ps_island_fini(struct ps_island *island);

/* A policy that is about to be published. */
void ps_island_apply(const struct ps_island *island, struct ps_policy *policy, uint32_t n_slots);

/* on: close, else open. zone, conduit: NULL, all. The client is answered when every worker obeys, with the time that it
 * took. false and a sentence. */
struct ps_island_change {
    bool on;
    const char *zone, *conduit;
};
bool ps_island_set(struct ps_daemon *daemon, const struct ps_server_request *request,
                   const struct ps_island_change *change, struct ps_error *err);

/* mode: "enforce", "monitor" or "plant" (what the plant file says), until the daemon ends. Answers likewise. */
bool ps_island_set_mode(struct ps_daemon *daemon, const struct ps_server_request *request, const char *conduit,
                        const char *mode, struct ps_error *err);

void ps_island_step(struct ps_daemon *daemon);

/* {"all": ..., "zones": [...], "conduits": [...]} */
json_t *ps_island_json(const struct ps_island *island);
bool ps_island_is_on(const struct ps_island *island);
