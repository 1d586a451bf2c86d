/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * metrics.h - numbers for Prometheus over HTTP, to this machine alone (docs/metrics.md). Off unless penstockd.conf says
 * metrics = "127.0.0.1:9417".
 *
 * The thread that speaks HTTP never looks at the engine: it asks the control thread for a text, waits for it, and serves that.
 * The text is rendered at most once a second, and only when somebody asks.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define PS_METRICS_PATH "/metrics"

struct ps_metrics;

/* An address and a port, as a socket has them. */
union ps_metrics_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "127.0.0.1:9417" or "[::1]:9417". NULL, or what is wrong with it. */
const char *ps_metrics_parse(const char *text, union ps_metrics_address *out);

/* Listens, while that may still be allowed; nobody is answered yet. NULL and a sentence in err. */
struct ps_metrics *ps_metrics_open(const char *address, struct ps_error *err);
/* Starts the thread: after privileges were given up, so that it has none. */
bool ps_metrics_serve(struct ps_metrics *metrics, struct ps_error *err);
/* NULL is fine. */
void ps_metrics_free(struct ps_metrics *metrics);

/* Control thread: does somebody wait for a text, and is the last one old enough? */
bool ps_metrics_wanted(struct ps_metrics *metrics);
/* text, malloc()ed, becomes the one that is served. */
void ps_metrics_put(struct ps_metrics *metrics, char *text, size_t len);
