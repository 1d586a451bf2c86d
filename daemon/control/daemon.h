/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * daemon.h - what the control thread holds in its hands: ports, workers, the policy in force, the control socket.
 *
 *     start    the guard is there, ports open, nobody takes packets: nothing passes
 *              the plant file is loaded; when it is broken, the last good policy; connections of the last run
 *              workers run
 *     live     ps_daemon_run(): requests, reloads, events, links, watchdog, until a signal or `shutdown`
 *     stop     snapshot of connections at rest, workers end, ports close
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "carrying.h"
#include "backend.h"
#include "config.h"
#include "enforcing.h"
#include "guarding.h"
#include "hearing.h"
#include "island.h"
#include "journal.h"
#include "metrics.h"
#include "policies.h"
#include "port.h"
#include "reload.h"
#include "server.h"
#include "show.h"
#include "statedir.h"
#include "tracing.h"
#include "worker.h"

struct ps_daemon {
    const struct ps_config *config;
    const struct ps_backend *backend;    /* the backend */
    const char *const *port_names;
    struct ps_statedir state;
    struct ps_io *io;
    struct ps_crew *crew;
    struct ps_server *server;
    struct ps_metrics *metrics;        /* NULL: off */
    struct ps_journal journal;
    struct ps_policies policies;
    struct ps_reload reload;
    struct ps_island island;
    struct ps_guarding guarding;
    struct ps_enforcing enforcing;
    struct ps_hearing hearing;
    struct ps_carrying carrying;
    uint64_t started_ns;               /* calendar, since 1970 */
    bool link_up[PS_IO_PORTS_MAX];
    struct ps_progress progress[PS_IO_WORKERS_MAX]; /* as last looked at */
    uint64_t progress_ns[PS_IO_WORKERS_MAX];        /* steady: when loops last moved */
    uint32_t busy_percent[PS_IO_WORKERS_MAX];       /* over the last second */
    bool stuck[PS_IO_WORKERS_MAX];     /* and told of */
    uint64_t second_ns;                /* steady: the last time that things of every second were done */
    uint64_t events_lost;              /* as last told of */
    uint64_t queue_lost;               /* likewise */
    struct ps_tracing tracing;
    bool stopping;
};

/* Ports are open and there is a crew, which does not run yet. Loads the first policy, and the connections that the last
 * run has left behind. Call ps_daemon_stop() in any case. */
void ps_daemon_start(struct ps_daemon *daemon);

/* Until SIGTERM, SIGINT (which are blocked) or the verb shutdown. */
void ps_daemon_run(struct ps_daemon *daemon);

void ps_daemon_stop(struct ps_daemon *daemon);

/* verbs.c: a request from the control socket. */
void ps_daemon_request(void *daemon, const struct ps_server_request *request);
