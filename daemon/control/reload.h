/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reload.h - another policy while traffic flows: load, publish, wait until every flow was judged by it, answer; and, with
 * a confirmation asked for, go back when it does not come.
 *
 *     IDLE -> LOADING (loader's child) -> SETTLING (workers) -> IDLE
 *
 * Whatever goes wrong, the policy in force stays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "loader.h"
#include "server.h"

struct ps_daemon;
struct ps_policy;

enum ps_reload_state { PS_RELOAD_IDLE = 0, PS_RELOAD_LOADING, PS_RELOAD_SETTLING };

struct ps_reload {
    uint8_t state; /* enum ps_reload_state */
    uint64_t client; /* who waits for the answer, 0: nobody */
    struct ps_peer peer;
    uint32_t confirm_s; /* asked for by this reload, 0: not */
    uint64_t began_ns;  /* steady */
    struct ps_loader loader;
    json_t *findings;
    /* a confirmation is awaited */
    uint64_t confirm_by_ns;   /* steady; 0: none */
    int fallback_fd;          /* image to go back to; -1: none */
    char *fallback_origin;
    /* the last attempt failed */
    char *broken; /* why; NULL: it did not */
};

void ps_reload_init(struct ps_reload *reload);
void ps_reload_fini(struct ps_reload *reload);

/* The plant file when the daemon starts: waits for the child. When it is broken, or what it says was never confirmed,
 * the last good policy is published; without one nothing passes. */
void ps_reload_first(struct ps_daemon *daemon);

/* Starts a reload; the client (0: nobody) is answered when it is done. false and a sentence: one is under way, or
 * a confirmation is asked for and no policy is in force that could come back. */
bool ps_reload_begin(struct ps_daemon *daemon, const struct ps_server_request *request, uint32_t confirm_s,
                     struct ps_error *err);

/* The policy in force stays. false and a sentence: there is nothing to confirm. */
bool ps_reload_confirm(struct ps_daemon *daemon, const struct ps_peer *peer, struct ps_error *err);

/* Does what can be done without waiting. */
void ps_reload_step(struct ps_daemon *daemon);

/* To poll for reading; -1: nothing. */
int ps_reload_fd(const struct ps_reload *reload);

/* Seconds until it goes back by itself; 0: it does not. */
uint32_t ps_reload_confirm_left(const struct ps_reload *reload);
