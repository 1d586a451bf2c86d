/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tracing.h - the next packets, through every stage, for one client at a time.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "trace.h"

struct ps_daemon;

struct ps_tracing_wish {
    uint32_t n; /* packets */
    uint32_t seconds; /* and then what there is */
    const char *conduit, *asset; /* NULL: any */
};

struct ps_tracing {
    uint64_t client; /* 0: nobody traces */
    uint32_t n;
    uint64_t until_ns; /* steady */
    json_t *packets;
};

/* The client is answered when n packets were seen, or the time is over. false and a sentence. */
bool ps_tracing_begin(struct ps_daemon *daemon, uint64_t client, const struct ps_tracing_wish *wish,
                      struct ps_error *err);
void ps_tracing_step(struct ps_daemon *daemon);
