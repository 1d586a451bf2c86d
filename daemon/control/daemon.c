/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "flood.h"
#include "json.h"
#include "metrics_text.h"
#include "notify.h"
#include "sinks.h"
#include "snapshot.h"

#define TICK_MS 50        /* how often events are taken and things are looked at */
#define EAGER_MS 2        /* while somebody waits for workers */
#define SNAPSHOT_MAX ((size_t)1 << 30)
#define STUCK_NS (5 * PS_NS_PER_S) /* a worker whose loops stand still that long is told of, and the watchdog starves */

/* ---- what happens all the time ----------------------------------------------------------------------------------- */

static void take_events(struct ps_daemon *daemon)
{
    struct ps_event events[32];

    ps_policies_retire(&daemon->policies);
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        uint32_t n = 1;

        for (unsigned rounds = 0; n > 0 && rounds < 64; rounds++) { /* a flood must not keep others from being served */
            n = ps_crew_events(daemon->crew, w, events, 32);
            for (uint32_t i = 0; i < n; i++)
                ps_journal_event(&daemon->journal, ps_policies_of(&daemon->policies, events[i].generation), &events[i]);
        }
    }
}

static void look_at_links(struct ps_daemon *daemon, bool first)
{
    for (uint32_t i = 0; i < daemon->config->n_ports; i++) {
        struct ps_io_stats s;

        ps_io_stats(daemon->io, i, &s);
        if (first || s.link_up != daemon->link_up[i])
            fprintf(stderr, "penstockd: port %s (%s, %s, MTU %u): link %s\n", daemon->config->ports[i].name,
                    daemon->config->ports[i].device, s.driver, s.mtu, s.link_up ? "up" : "down");
        if (!first && s.link_up != daemon->link_up[i])
            ps_journal_system(&daemon->journal, "link",
                              json_pack("{s:s, s:s, s:b}", "port", daemon->config->ports[i].name, "device",
                                        daemon->config->ports[i].device, "up", s.link_up));
        daemon->link_up[i] = s.link_up;
    }
}

/* True when every worker moves. Once a second. */
static bool look_at_workers(struct ps_daemon *daemon)
{
    uint64_t now = ps_clock_steady();
    bool all = true;

    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        struct ps_progress *last = &daemon->progress[w], p;
        uint64_t busy, idle;

        ps_crew_progress(daemon->crew, w, &p);
        busy = p.busy_ns - last->busy_ns;
        idle = p.idle_ns - last->idle_ns;
        daemon->busy_percent[w] = (uint32_t)(busy + idle > 0 ? 100 * busy / (busy + idle) : 0);
        if (p.loops != last->loops || daemon->progress_ns[w] == 0)
            daemon->progress_ns[w] = now;
        if (now - daemon->progress_ns[w] > STUCK_NS) {
            if (!daemon->stuck[w])
                ps_journal_system(&daemon->journal, "worker", json_pack("{s:I, s:s}", "worker", (json_int_t)w, "error",
                                                                        "it does not move"));
            daemon->stuck[w] = true;
            all = false;
        } else {
            daemon->stuck[w] = false;
        }
        *last = p;
    }
    return all;
}

/* Events that found no room, told of when more have been lost. */
static void look_at_losses(struct ps_daemon *daemon)
{
    struct ps_engine_stats s;

    ps_show_engine_stats(daemon, &s);
    if (s.events_lost > daemon->events_lost)
        ps_journal_overload(&daemon->journal, "events",
                            json_pack("{s:I, s:I}", "lost", (json_int_t)(s.events_lost - daemon->events_lost), "in_all",
                                      (json_int_t)s.events_lost));
    daemon->events_lost = s.events_lost;
}

/* Packets that the kernel's queues had no room for, told of likewise. */
static void look_at_queues(struct ps_daemon *daemon)
{
    uint64_t lost = 0;

    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        struct ps_io_queue_stats s;

        if (ps_io_queue_stats(daemon->io, w, &s))
            lost += s.lost;
    }
    if (lost > daemon->queue_lost)
        ps_journal_overload(&daemon->journal, "queue",
                            json_pack("{s:I, s:I}", "lost", (json_int_t)(lost - daemon->queue_lost), "in_all",
                                      (json_int_t)lost));
    daemon->queue_lost = lost;
}

static void every_second(struct ps_daemon *daemon)
{
    uint64_t now = ps_clock_steady();
    bool alive;

    if (now - daemon->second_ns < PS_NS_PER_S)
        return;
    daemon->second_ns = now;
    ps_journal_flush(&daemon->journal);
    look_at_links(daemon, false);
    look_at_losses(daemon);
    look_at_queues(daemon);
    ps_hearing_second(daemon);
    alive = look_at_workers(daemon);
    ps_guarding_second(daemon, alive);
    ps_carrying_second(daemon);
    if (alive)
        ps_notify_now("WATCHDOG=1");
}

static void render_metrics(struct ps_daemon *daemon)
{
    char *text;
    size_t len;

    if (!ps_metrics_wanted(daemon->metrics))
        return;
    text = ps_metrics_text(daemon, &len);
    ps_metrics_put(daemon->metrics, text, len);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void take_signal(struct ps_daemon *daemon, int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP)
        ps_sinks_reopen(daemon->journal.sinks);
    else
        daemon->stopping = true;
}

static int pause_ms(const struct ps_daemon *daemon)
{
    bool eager = daemon->reload.state == PS_RELOAD_SETTLING || daemon->island.began_ns != 0;

    return eager ? EAGER_MS : TICK_MS;
}

static void turn(struct ps_daemon *daemon, int signal_fd)
{
    struct pollfd fds[PS_SERVER_CLIENTS_MAX + 4];
    size_t n = ps_server_poll(daemon->server, fds, PS_SERVER_CLIENTS_MAX + 1), n_server = n;

    fds[n++] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = ps_reload_fd(&daemon->reload), .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = ps_hearing_fd(&daemon->hearing), .events = POLLIN};
    poll(fds, n, pause_ms(daemon));
    if (fds[n_server].revents != 0)
        take_signal(daemon, signal_fd);
    ps_server_step(daemon->server, fds, n_server);
    ps_reload_step(daemon);
    ps_island_step(daemon);
    ps_enforcing_step(daemon);
    ps_tracing_step(daemon);
    take_events(daemon);
    ps_hearing_step(daemon);
    every_second(daemon);
    render_metrics(daemon);
    ps_server_step(daemon->server, NULL, 0); /* what was answered meanwhile */
}

void ps_daemon_run(struct ps_daemon *daemon)
{
    sigset_t set;
    int signal_fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    while (!daemon->stopping && signal_fd >= 0)
        turn(daemon, signal_fd);
    if (signal_fd >= 0)
        close(signal_fd);
}

/* ---- connections from one run to the next ----------------------------------------------------------------------- */

/* Of each worker its own; with another number of workers connections may belong to others, which reset them. */
static void snapshot_name(char name[32], uint32_t worker)
{
    snprintf(name, 32, PS_STATEDIR_FLOWS ".%u", worker);
}

static void restore_flows(struct ps_daemon *daemon)
{
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        char name[32];
        struct ps_error err;
        size_t len = 0;
        const char *wrong;
        uint8_t *data;

        snapshot_name(name, w);
        data = ps_statedir_get(&daemon->state, name, SNAPSHOT_MAX, &len, &err);
        ps_statedir_remove(&daemon->state, name); /* it is good for once */
        if (data == NULL)
            continue;
        wrong = ps_engine_restore(ps_crew_engine(daemon->crew, w), data, len, ps_clock_steady());
        free(data);
        if (wrong != NULL)
            ps_journal_system(&daemon->journal, "restore", json_pack("{s:i, s:s}", "worker", w, "what", wrong));
    }
}

static void keep_flows(struct ps_daemon *daemon)
{
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        const struct ps_engine *engine = ps_crew_engine(daemon->crew, w);
        uint64_t now = ps_clock_steady();
        size_t len = ps_engine_snapshot(engine, now, NULL, 0);
        uint8_t *data = malloc(len);
        char name[32];
        struct ps_error err;

        snapshot_name(name, w);
        if (data != NULL && ps_engine_snapshot(engine, now, data, len) == len &&
            !ps_statedir_put(&daemon->state, name, data, len, &err))
            ps_journal_system(&daemon->journal, "snapshot", json_pack("{s:s}", "error", err.text));
        free(data);
    }
}

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

static bool on_publish(void *ctx, struct ps_policy *policy, struct ps_error *err)
{
    struct ps_daemon *daemon = ctx;

    ps_island_apply(&daemon->island, policy, ps_policies_n_slots(&daemon->policies));
    ps_guarding_policy(daemon, policy);
    ps_carrying_policy(daemon, policy);
    return ps_enforcing_policy(daemon, policy, err);
}

void ps_daemon_start(struct ps_daemon *daemon)
{
    const struct ps_config *config = daemon->config;

    daemon->started_ns = ps_clock_calendar();
    daemon->journal.gateway = config->gateway;
    daemon->journal.flood = ps_flood_new();
    daemon->policies = (struct ps_policies){.crew = daemon->crew, .n_workers = ps_crew_n_workers(daemon->crew),
                                            .gateway = config->gateway, .ports = daemon->port_names,
                                            .n_ports = config->n_ports, .on_publish = on_publish, .ctx = daemon};
    look_at_links(daemon, true);
    ps_island_init(daemon);
    ps_reload_first(daemon);
    ps_enforcing_first(daemon);
    restore_flows(daemon);
}

void ps_daemon_stop(struct ps_daemon *daemon)
{
    if (daemon->crew != NULL) {
        ps_crew_stop(daemon->crew);
        if (ps_guarding_end(daemon) || daemon->enforcing.push != NULL)
            ps_io_keep(daemon->io);
        keep_flows(daemon);
        take_events(daemon);
        ps_hearing_step(daemon);
    }
    ps_journal_flush(&daemon->journal);
    ps_metrics_free(daemon->metrics);
    ps_server_free(daemon->server);
    daemon->journal.server = NULL;
    ps_crew_free(daemon->crew);
    ps_policies_fini(&daemon->policies);
    ps_reload_fini(&daemon->reload);
    ps_island_fini(&daemon->island);
    ps_journal_fini(&daemon->journal);
    ps_guarding_fini(&daemon->guarding);
    ps_hearing_fini(&daemon->hearing);
    ps_enforcing_fini(&daemon->enforcing);
}
