/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "bridge.h"
#include "idle.h"
#include "signals.h"

#define NS_PER_S UINT64_C(1000000000)
#define ASK_POLL_NS 50000u /* how often an answer is looked for */
#define MACS_PER_PORT 4096u
#define WAIT_MAX_NS 5000000u /* for packets: what control asks is looked at that often */

/* What stands in a mailbox. Control puts POSTED and EMPTY, the worker RUNNING and DONE; a request that control takes
 * back is taken with compare-and-swap, so that either it or the worker has it. */
enum mail { MAIL_EMPTY = 0, MAIL_POSTED, MAIL_RUNNING, MAIL_DONE };

struct worker {
    struct ps_crew *crew;
    struct ps_engine *engine;
    struct ps_io_queue *queue;
    const struct ps_ways *ways;
    struct ps_bridge bridge; /* with more than two ports */
    struct ps_idle idle;
    uint32_t number;
    pthread_t thread;
    bool started;
    int entered; /* 0: not yet, 1: it runs, -1: the ports have no room for it */
    _Alignas(64) uint32_t mail; /* enum mail */
    struct ps_request request;
    _Alignas(64) struct ps_progress progress; /* the worker writes, anybody reads */
};

struct ps_crew {
    struct worker *workers;
    uint32_t n_workers, n_ports;
    struct ps_io *io;
    const int *cpus;
    uint32_t stop;
    bool running;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    const struct timespec pause = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
    nanosleep(&pause, NULL);
}

static void add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

/* Of the ports in the mask, those that a frame leaves by. Where several are left, the one behind which its MAC is. */
static uint32_t ways_out(const struct worker *w, const uint8_t *frame, uint32_t len, uint32_t mask, uint64_t now)
{
    bool several = (mask & (mask - 1)) != 0;
    return several ? ps_bridge_ports(&w->bridge, frame, len, mask, now) : mask;
}

static void pass(struct worker *w, const struct ps_packet *packet, uint32_t i, const struct ps_decision *decision)
{
    uint32_t mask;
    if (decision->crosses && w->crew->n_ports == 2)
        mask = w->ways->all;
    else if (decision->to_zone != PS_NONE)
        mask = ps_ways_of_zone(w->ways, decision->to_zone);
    else
        mask = ps_ways_of_frame(w->ways, packet->data, packet->len);
    mask = ways_out(w, packet->data, packet->len, mask & ~PS_IO_PORT(packet->port), packet->time_ns);
    if (mask == 0) {
        add(&w->progress.stayed, 1);
        return;
    }
    if (decision->carries)
        ps_io_carry(w->queue, i, ps_engine_state(w->engine));
    ps_io_pass(w->queue, i, 1, mask);
}

/* Of packets from i on, those that came in at one port, and cross to the other one of two. Returns the first one behind them. */
static uint32_t pass_crossing(struct worker *w, const struct ps_packet *packets, uint32_t i, uint32_t n,
                              const struct ps_decision *decisions)
{
    uint32_t first = i, port = packets[i].port, mask = w->ways->all & ~PS_IO_PORT(port);
    if (w->crew->n_ports != 2 || mask == 0)
        return i;
    for (; i < n && decisions[i].crosses && decisions[i].verdict == PS_VERDICT_PASS && packets[i].port == port; i++)
        if (decisions[i].carries)
            ps_io_carry(w->queue, i, ps_engine_state(w->engine));
    if (i > first)
        ps_io_pass(w->queue, first, i - first, mask);
    return i;
}

static uint32_t ways_of_own(const struct worker *w, const struct ps_send *send, uint64_t now)
{
    uint32_t mask = ps_ways_of_frame(w->ways, send->data, send->len);
    if (send->from < w->crew->n_ports)
        mask &= ~PS_IO_PORT(send->from);
    return ways_out(w, send->data, send->len, mask, now);
}

static void send_own(struct worker *w, const struct ps_send *send, uint64_t now)
{
    ps_io_send(w->queue, send->data, send->len, ways_of_own(w, send, now));
}

/* Frames behind packet i. The first that goes its way goes in its place, when it was dropped for that. Returns where the
 * next packet's are. */
static uint32_t send_behind(struct worker *w, const struct ps_packet *packet, uint32_t i, bool replaced, uint32_t at)
{
    const struct ps_send *sends;
    uint32_t n = ps_engine_sends(w->engine, &sends);
    for (; at < n && sends[at].after == i; at++) {
        const struct ps_send *send = &sends[at];
        if (!replaced || send->from != packet->port) {
            send_own(w, send, packet->time_ns);
            continue;
        }
        replaced = false;
        ps_io_replace(w->queue, i, send->data, send->len, ways_of_own(w, send, packet->time_ns));
    }
    return at;
}

static void judge(struct worker *w, struct ps_packet *packets, uint32_t n, uint64_t now)
{
    struct ps_decision decisions[PS_BURST_MAX];
    const struct ps_send *sends;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++)
        packets[i].time_ns = now;
    ps_engine_burst(w->engine, packets, n, decisions);
    uint32_t n_sends = ps_engine_sends(w->engine, &sends);
    for (; at < n_sends && sends[at].after == PS_SEND_FIRST; at++)
        send_own(w, &sends[at], now);
    for (uint32_t i = 0, end; i < n; i++) {
        if (at == n_sends && (end = pass_crossing(w, packets, i, n, decisions)) > i) {
            i = end - 1;
            continue;
        }
        if (w->bridge.entries && decisions[i].reason == PS_REASON_NONE)
            ps_bridge_learn(&w->bridge, packets[i].data, packets[i].len, packets[i].port, now);
        if (decisions[i].verdict == PS_VERDICT_PASS)
            pass(w, &packets[i], i, &decisions[i]);
        at = send_behind(w, &packets[i], i, decisions[i].replaced, at);
    }
    ps_io_flush(w->queue);
    add(&w->progress.packets, n);
}

static void send_all(struct worker *w, uint64_t now)
{
    const struct ps_send *sends;
    uint32_t n_sends = ps_engine_sends(w->engine, &sends);
    for (uint32_t i = 0; i < n_sends; i++)
        send_own(w, &sends[i], now);
    ps_io_flush(w->queue);
}

static void tick(struct worker *w, uint64_t now)
{
    ps_engine_tick(w->engine, now);
    send_all(w, now);
}

/* After a swap of the policy, or a change of what is closed. True while there is more. */
static bool sweep(struct worker *w, uint64_t now)
{
    const struct ps_send *sends;
    bool more = ps_engine_sweep(w->engine, PS_SWEEP_MAX);
    if (ps_engine_sends(w->engine, &sends) > 0)
        send_all(w, now);
    return more;
}

/* What the engine has promised to deliver it will not any more. */
static void part(struct worker *w)
{
    uint32_t at = 0;
    bool more = true;
    while (more) {
        more = ps_engine_leave(w->engine, &at);
        send_all(w, clock_ns(CLOCK_MONOTONIC));
    }
}

/* A step of what control wants, if anything. */
static bool read_mail(struct worker *w)
{
    uint32_t mail = __atomic_load_n(&w->mail, __ATOMIC_ACQUIRE);
    if (mail != MAIL_POSTED && mail != MAIL_RUNNING)
        return false;
    uint32_t posted = MAIL_POSTED;
    if (mail == MAIL_POSTED && !__atomic_compare_exchange_n(&w->mail, &posted, (uint32_t)MAIL_RUNNING, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return false;
    if (w->request.run(w->engine, w->number, w->request.arg))
        __atomic_store_n(&w->mail, (uint32_t)MAIL_DONE, __ATOMIC_RELEASE);
    return true;
}

static bool turn(struct worker *w, uint64_t now)
{
    struct ps_packet packets[PS_BURST_MAX];
    uint32_t moved, n = ps_io_rx(w->queue, packets, &moved);
    bool busy = n > 0 || moved > 0;
    if (n > 0)
        judge(w, packets, n, now);
    if (ps_engine_next_tick(w->engine) <= now) {
        tick(w, now);
        busy = true;
    }
    busy = sweep(w, now) || busy;
    return read_mail(w) || busy;
}

/* Nothing was there to do. Until packets come, where the ports can say so; else for a while. True: it slept. */
static bool rest(struct worker *w, uint64_t now)
{
    uint64_t due = ps_engine_next_tick(w->engine);
    uint64_t left = due <= now ? 0 : due - now;
    if (!w->idle.spin && ps_io_wait(w->queue, left < WAIT_MAX_NS ? left : WAIT_MAX_NS))
        return true;
    uint64_t pause = ps_idle_empty(&w->idle, now, due);
    if (pause > 0)
        sleep_ns(pause);
    return pause > 0;
}

static void loop(struct worker *w)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    while (!__atomic_load_n(&w->crew->stop, __ATOMIC_RELAXED)) {
        bool busy = turn(w, now);
        if (busy)
            ps_idle_busy(&w->idle);
        else if (rest(w, now))
            add(&w->progress.sleeps, 1);
        uint64_t before = now;
        now = clock_ns(CLOCK_MONOTONIC);
        add(busy ? &w->progress.busy_ns : &w->progress.idle_ns, now - before);
        add(&w->progress.loops, 1);
    }
}

/* ---- processors ------------------------------------------------------------------------------------------------ */

bool ps_crew_keep_off(const int *cpus, uint32_t n_cpus)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return false;
    for (uint32_t i = 0; i < n_cpus; i++)
        CPU_CLR((size_t)cpus[i], &set);
    return CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof set, &set) == 0;
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

static void *work(void *arg)
{
    struct worker *w = arg;
    char name[16];
    snprintf(name, sizeof name, "worker-%u", w->number);
    pthread_setname_np(pthread_self(), name);
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); /* short sleeps are short */
    w->queue = ps_io_enter(w->crew->io, w->number);
    __atomic_store_n(&w->entered, w->queue ? 1 : -1, __ATOMIC_RELEASE);
    if (!w->queue)
        return NULL;
    loop(w);
    part(w);
    ps_io_leave(w->queue);
    return NULL;
}

static int start_thread(struct worker *w, const int *cpus)
{
    pthread_attr_t attr;
    sigset_t before;
    pthread_attr_init(&attr);
    if (cpus) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)cpus[w->number], &set);
        pthread_attr_setaffinity_np(&attr, sizeof set, &set);
    }
    ps_signals_block(&before);
    int wrong = pthread_create(&w->thread, &attr, work, w);
    ps_signals_restore(&before);
    pthread_attr_destroy(&attr);
    w->started = wrong == 0;
    return wrong;
}

bool ps_crew_run(struct ps_crew *crew, char *err, size_t err_size)
{
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        struct worker *w = &crew->workers[i];
        int wrong = start_thread(w, crew->cpus);
        if (wrong != 0) {
            snprintf(err, err_size, "worker %u does not start: %s", i, strerror(wrong));
            return false;
        }
        while (__atomic_load_n(&w->entered, __ATOMIC_ACQUIRE) == 0)
            sleep_ns(ASK_POLL_NS);
        if (w->entered < 0) {
            snprintf(err, err_size, "the ports have no room for worker %u", i);
            return false;
        }
    }
    crew->running = true;
    return true;
}

struct ps_crew *ps_crew_new(const struct ps_crew_config *config, char *err, size_t err_size)
{
    struct ps_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        abort();
    *crew = (struct ps_crew){.n_workers = config->n_workers, .n_ports = config->n_ports, .io = config->io, .cpus = config->cpus};
    if (config->n_workers > 0) {
        crew->workers = aligned_alloc(64, config->n_workers * sizeof *crew->workers);
        if (!crew->workers)
            abort();
        memset(crew->workers, 0, config->n_workers * sizeof *crew->workers);
    }
    for (uint32_t i = 0; i < config->n_workers; i++) {
        struct worker *w = &crew->workers[i];
        w->crew = crew;
        w->number = i;
        w->idle.spin = config->spin;
        w->ways = config->ways;
        w->engine = ps_engine_new(config->engine, config->image);
        bool bridges = config->n_ports <= 2 || ps_bridge_init(&w->bridge, config->n_ports, MACS_PER_PORT);
        if (w->engine && bridges)
            continue;
        snprintf(err, err_size, "no memory for the engine of worker %u", i);
        ps_crew_free(crew);
        return NULL;
    }
    return crew;
}

struct ps_crew *ps_crew_start(const struct ps_crew_config *config, char *err, size_t err_size)
{
    struct ps_crew *crew = ps_crew_new(config, err, err_size);
    if (crew && ps_crew_run(crew, err, err_size))
        return crew;
    ps_crew_free(crew);
    return NULL;
}

void ps_crew_stop(struct ps_crew *crew)
{
    __atomic_store_n(&crew->stop, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        if (crew->workers[i].started)
            pthread_join(crew->workers[i].thread, NULL);
        crew->workers[i].started = false;
    }
    crew->running = false;
}

void ps_crew_free(struct ps_crew *crew)
{
    if (!crew)
        return;
    ps_crew_stop(crew);
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        ps_engine_free(crew->workers[i].engine);
        ps_bridge_fini(&crew->workers[i].bridge);
    }
    free(crew->workers);
    free(crew);
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* Until the worker has done it or the time is over. */
static enum ps_answer await(struct worker *w, uint64_t deadline)
{
    for (;;) {
        if (__atomic_load_n(&w->mail, __ATOMIC_ACQUIRE) == MAIL_DONE) {
            w->mail = MAIL_EMPTY;
            return PS_ANSWER_DONE;
        }
        if (clock_ns(CLOCK_MONOTONIC) >= deadline)
            break;
        sleep_ns(ASK_POLL_NS);
    }
    uint32_t posted = MAIL_POSTED;
    if (__atomic_compare_exchange_n(&w->mail, &posted, (uint32_t)MAIL_EMPTY, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return PS_ANSWER_LATE;
    if (posted != MAIL_DONE)
        return PS_ANSWER_STUCK;
    w->mail = MAIL_EMPTY;
    return PS_ANSWER_DONE;
}

static void do_it_here(struct ps_crew *crew, const struct ps_request *request)
{
    for (uint32_t i = 0; i < crew->n_workers; i++)
        while (!request->run(crew->workers[i].engine, i, request->arg))
            continue;
}

enum ps_answer ps_crew_ask(struct ps_crew *crew, const struct ps_request *request, uint32_t timeout_ms)
{
    uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + timeout_ms * UINT64_C(1000000);
    enum ps_answer worst = PS_ANSWER_DONE;
    if (!crew->running) {
        do_it_here(crew, request);
        return PS_ANSWER_DONE;
    }
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        struct worker *w = &crew->workers[i];
        bool at_it = __atomic_load_n(&w->mail, __ATOMIC_ACQUIRE) != MAIL_EMPTY; /* at a request that was given up */
        if (at_it && await(w, deadline) != PS_ANSWER_DONE)
            return PS_ANSWER_STUCK;
    }
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        crew->workers[i].request = *request;
        __atomic_store_n(&crew->workers[i].mail, (uint32_t)MAIL_POSTED, __ATOMIC_RELEASE);
    }
    for (uint32_t i = 0; i < crew->n_workers; i++) {
        enum ps_answer answer = await(&crew->workers[i], deadline);
        worst = answer > worst ? answer : worst;
    }
    return worst;
}

void ps_crew_set_ways(struct ps_crew *crew, uint32_t worker, const struct ps_ways *ways)
{
    crew->workers[worker].ways = ways;
}

/* ---- what workers have done ------------------------------------------------------------------------------------ */

void ps_crew_progress(const struct ps_crew *crew, uint32_t worker, struct ps_progress *out)
{
    const struct ps_progress *p = &crew->workers[worker].progress;
    out->loops = __atomic_load_n(&p->loops, __ATOMIC_RELAXED);
    out->stayed = __atomic_load_n(&p->stayed, __ATOMIC_RELAXED);
    out->packets = __atomic_load_n(&p->packets, __ATOMIC_RELAXED);
    out->busy_ns = __atomic_load_n(&p->busy_ns, __ATOMIC_RELAXED);
    out->idle_ns = __atomic_load_n(&p->idle_ns, __ATOMIC_RELAXED);
    out->sleeps = __atomic_load_n(&p->sleeps, __ATOMIC_RELAXED);
}

/* The engine's clock does not jump; the calendar's may. */
uint32_t ps_crew_events(struct ps_crew *crew, uint32_t worker, struct ps_event *events, uint32_t max)
{
    uint32_t n = ps_engine_events(crew->workers[worker].engine, events, max);
    if (n == 0)
        return 0;
    uint64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < n; i++)
        events[i].time_ns += offset;
    return n;
}

struct ps_engine *ps_crew_engine(struct ps_crew *crew, uint32_t worker)
{
    return crew->workers[worker].engine;
}

uint32_t ps_crew_n_workers(const struct ps_crew *crew)
{
    return crew->n_workers;
}
