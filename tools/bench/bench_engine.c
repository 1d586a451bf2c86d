/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_engine.c - what a packet costs the engine, beside what touching its memory costs.
 *
 *     bench_engine [--json] [--quick] [--protocol=NAME] [--flows=N] [--conduits=N] [--attack] [--memory]
 *
 * In bursts of 32, nanoseconds per packet:
 *
 *     floor             read one cold header, touch the flow line it names, packet by packet
 *     floor, fetched    the same with prefetch, burst by burst
 *     tcp               12 octets of an uninspected, allowed flow
 *     modbus            read-holding-registers, the same on each connection each time, granted; and the replies
 *     s7comm, dnp3      what gen_capture sends: requests drawn anew each time, of more than one kind; and the replies
 *     ..., inline       the same by an engine that stands in the line, over connections that it holds copies of
 *     ..., gateway      the same by one that is told which of the policy's gateways it is
 *
 * --attack: packets that are judged one by one, as dear as somebody can make them; --memory: octets of a flow.
 *
 * For 1 k, 100 k and 1 M flows and 10 and 100 k conduits, or those that are named. Each median is also given as a multiple of both floors of the
 * same run.
 *
 * Each packet lies in a slot of its own, taken in random order from more memory than the caches hold, for the floors as
 * for the engine; flows are visited in random order. A round sends one request on every flow, the next one every reply,
 * so that with many flows nothing of a flow is left in a cache when its reply comes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench_engine.h"
#include "mem.h"

#define BURST 32u
#define ATTACK_ROUNDS 5u
#define FLOOR_LINE 64u
#define PACKETS 1000000u /* of SLOT_LEN_POLL octets per measurement */
#define SLOT_LEN_POLL 128u
#define SLOT_LEN_ANY 448u /* the longest packet of any protocol: headers and GEN_PDU_MAX octets */
#define FLOWS_MAX 10000000u
#define CONDUITS_MAX 1000000u

struct result {
    double median, p99, p999, p9999, max;
};

double bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- measurements ------------------------------------------------------------------------------------------------ */

/* One round, from packet `first`, through the engine. */
static void run(struct world *w, unsigned kind, uint32_t first, bool timed)
{
    const struct traffic *t = &w->traffic[kind];
    struct ps_packet packets[BURST];
    struct ps_decision out[BURST];
    for (uint32_t at = first; at < first + w->plan.n_flows; at += BURST) {
        uint32_t left = first + w->plan.n_flows - at, n = left < BURST ? left : BURST;
        for (uint32_t i = 0; i < n; i++)
            packets[i] = (struct ps_packet){.data = bench_slot(w, t, at + i), .len = t->len[at + i],
                                            .wire_len = t->len[at + i],
                                            .time_ns = w->time_ns += 1000, .number = at + i + 1,
                                            .port = w->inline_ ? (uint16_t)t->dir : PS_PORT_UNKNOWN, .link = PS_LINK_ETHERNET};
        double start = bench_now_ns();
        ps_engine_burst(w->engine, packets, n, out);
        double end = bench_now_ns();
        if (timed && n == BURST)
            w->samples[kind][w->n_samples[kind]++] = (float)((end - start) / BURST);
        for (uint32_t i = 0; i < n; i++) {
            if (out[i].verdict != PS_VERDICT_PASS) {
                fprintf(stderr, "a packet was refused: %s\n", ps_reason_info(out[i].reason)->name);
                exit(EXIT_FAILURE);
            }
        }
    }
}

/* Reads the headers that the engine would read and touches as many flow lines. */
static uint32_t touch(const uint8_t *const *headers, uint8_t *lines)
{
    uint32_t sum = 0, flow;
    for (uint32_t i = 0; i < BURST; i++) {
        memcpy(&flow, headers[i], sizeof flow);
        sum += ++lines[(size_t)flow * FLOOR_LINE];
    }
    return sum;
}

static uint32_t touch_fetched(const uint8_t *const *headers, uint8_t *lines)
{
    uint32_t sum = 0, flow[BURST];
    for (uint32_t i = 0; i < BURST; i++)
        __builtin_prefetch(headers[i]);
    for (uint32_t i = 0; i < BURST; i++) {
        memcpy(&flow[i], headers[i], sizeof flow[i]);
        __builtin_prefetch(lines + (size_t)flow[i] * FLOOR_LINE, 1);
    }
    for (uint32_t i = 0; i < BURST; i++)
        sum += ++lines[(size_t)flow[i] * FLOOR_LINE];
    return sum;
}

static void run_floor(struct world *w, uint8_t *lines, uint32_t (*how)(const uint8_t *const *headers, uint8_t *lines))
{
    static volatile uint32_t sink; /* keeps the compiler from leaving the reads out */
    const struct traffic *t = &w->traffic[0];
    for (uint32_t at = 0; at + BURST <= t->n; at += BURST) {
        const uint8_t *headers[BURST];
        for (uint32_t i = 0; i < BURST; i++)
            headers[i] = bench_slot(w, t, at + i);
        double start = bench_now_ns();
        uint32_t sum = how(headers, lines);
        double end = bench_now_ns();
        sink = sink + sum;
        w->samples[0][w->n_samples[0]++] = (float)((end - start) / BURST);
    }
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static struct result summarise(struct world *w, unsigned kind)
{
    size_t n = w->n_samples[kind];
    float *samples = w->samples[kind];
    qsort(samples, n, sizeof samples[0], by_value);
    w->n_samples[kind] = 0;
    return (struct result){.median = (double)samples[n / 2], .p99 = (double)samples[n - 1 - n / 100],
                           .p999 = (double)samples[n - 1 - n / 1000],
                           .p9999 = (double)samples[n - 1 - n / 10000], .max = (double)samples[n - 1]};
}

static uint32_t n_rounds(const struct world *w)
{
    return w->plan.n_packets / w->plan.n_flows;
}

/* Requests and replies (where the protocol has some) take turns, a round over all flows each; all packets are made
 * before. */
static void run_talk(struct world *w, uint32_t rounds, bool timed)
{
    unsigned n_dirs = w->protocol->reply ? 2 : 1;
    for (uint32_t round = 0; round < rounds; round++)
        for (unsigned dir = 0; dir < n_dirs; dir++)
            bench_make_round(w, &w->traffic[dir], round * w->plan.n_flows,
                             (struct say){.what = SAY_PDU, .dir = dir});
    for (uint32_t round = 0; round < rounds; round++)
        for (unsigned dir = 0; dir < n_dirs; dir++)
            run(w, dir, round * w->plan.n_flows, timed);
}

static void run_once(struct world *w, struct say say)
{
    bench_make_round(w, &w->traffic[0], 0, say);
    run(w, 0, 0, false);
}

/* Flows of this protocol are open. */
static void engine_start(struct world *w, const struct gen_protocol *protocol)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = w->plan.n_flows + w->plan.n_flows / 2;
    config.checksums = PS_CHECKSUMS_STRICT;
    config.inline_ = w->inline_;
    config.gateway = w->gateway ? 0 : PS_NONE;
    config.n_relays = w->plan.n_flows;
    config.new_of_source = config.half_open_of_source = 1000000; /* all open at once */
    config.n_chunks = 64 * w->plan.n_flows; /* what is not touched is not resident */
    w->engine = bench_need(ps_engine_new(&config, &w->image));
    w->protocol = protocol;
    memset(w->talks, 0, w->plan.n_flows * sizeof w->talks[0]);
    run_once(w, (struct say){.what = SAY_SYN});
    run_once(w, (struct say){.what = SAY_SYN, .dir = 1});
    for (unsigned i = 0; i < protocol->n_opening; i++)
        run_once(w, (struct say){.what = SAY_OPENING, .dir = i % 2, .i = i});
}

/* ---- report ------------------------------------------------------------------------------------------------------ */

static bool as_json;

struct floors {
    double plain, fetched; /* medians */
};

static void report(const struct plan *plan, const char *what, struct result r, struct floors floors)
{
    double plain = r.median / floors.plain, fetched = r.median / floors.fetched;
    if (as_json)
        printf("{\"flows\": %u, \"conduits\": %u, \"what\": \"%s\", \"median\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, "
               "\"max\": %.1f, \"floors\": %.2f, \"fetched_floors\": %.2f}\n",
               plan->n_flows, plan->n_conduits, what, r.median, r.p99, r.p999, r.max, plain, fetched);
    else
        printf("%9u %9u  %-24s %8.1f %8.1f %8.1f %9.1f %7.2f %8.2f\n", plan->n_flows, plan->n_conduits, what, r.median,
               r.p99, r.p999, r.max, plain, fetched);
    fflush(stdout);
}

static struct floors measure_floors(struct world *w)
{
    uint8_t *lines = bench_need(ps_mem_new((size_t)w->plan.n_flows * FLOOR_LINE));
    struct result plain, fetched;
    for (unsigned round = 0; round < 2; round++) {
        run_floor(w, lines, touch);
        plain = summarise(w, 0);
        run_floor(w, lines, touch_fetched);
        fetched = summarise(w, 0);
    }
    ps_mem_free(lines, (size_t)w->plan.n_flows * FLOOR_LINE);
    struct floors floors = {plain.median, fetched.median};
    report(&w->plan, "floor", plain, floors);
    report(&w->plan, "floor, fetched", fetched, floors);
    return floors;
}

static void traffic_init(struct traffic *t, const struct plan *plan)
{
    t->slots = bench_need(ps_mem_new((size_t)plan->n_packets * plan->slot_len));
    t->flow = bench_need(calloc(plan->n_packets, sizeof t->flow[0]));
    t->slot = bench_need(calloc(plan->n_packets, sizeof t->slot[0]));
    t->len = bench_need(calloc(plan->n_packets, sizeof t->len[0]));
    bench_shuffle(t->slot, plan->n_packets);
}

static void traffic_fini(struct traffic *t, const struct plan *plan)
{
    ps_mem_free(t->slots, (size_t)plan->n_packets * plan->slot_len);
    free(t->flow);
    free(t->slot);
    free(t->len);
}

/* What the flows of a protocol cost. */
static void measure_talk(struct world *w, const struct gen_protocol *protocol, const struct floors *floors)
{
    char what[40];
    const char *how = w->gateway ? ", gateway" : w->inline_ ? ", inline" : "";
    engine_start(w, protocol);
    run_talk(w, 1, false);
    run_talk(w, n_rounds(w), true);
    snprintf(what, sizeof what, protocol->reply ? "%s requests%s" : "%s%s", protocol->name, how);
    report(&w->plan, what, summarise(w, 0), *floors);
    snprintf(what, sizeof what, "%s replies%s", protocol->name, how);
    if (protocol->reply)
        report(&w->plan, what, summarise(w, 1), *floors);
    ps_engine_free(w->engine);
}

static void measure_all_talk(struct world *w)
{
    for (uint32_t round = 0; round < n_rounds(w); round++) /* headers for the floors */
        bench_make_round(w, &w->traffic[0], round * w->plan.n_flows, (struct say){.what = SAY_PDU});
    struct floors floors = measure_floors(w);
    if (w->plan.protocol == &bench_modbus)
        measure_talk(w, &bench_tcp, &floors);
    measure_talk(w, w->plan.protocol, &floors);
    w->inline_ = true;
    measure_talk(w, w->plan.protocol, &floors);
    w->gateway = true;
    measure_talk(w, w->plan.protocol, &floors);
}

/* One round of it, always of the same packets. */
static size_t attack_once(struct world *w)
{
    bench_random_restart();
    for (unsigned dir = 0; dir < 2; dir++)
        memset(w->seq[dir], 0, w->plan.n_flows * sizeof w->seq[0][0]);
    engine_start(w, &bench_modbus);
    w->n_samples[0] = 0;
    size_t n = bench_attack(w);
    ps_engine_free(w->engine);
    return n;
}

/* Of each packet the least of a few rounds, so that what else the machine does is left out. The clock is in it, about
 * 20 ns a packet. */
static void measure_attack(struct world *w)
{
    w->inline_ = true;
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        fputs("memory cannot be locked: pages touched for the first time are among the slowest\n", stderr);
    size_t n = attack_once(w);
    float *least = bench_need(calloc(n, sizeof least[0]));
    memcpy(least, w->samples[0], n * sizeof least[0]);
    for (unsigned round = 1; round < ATTACK_ROUNDS; round++) {
        n = attack_once(w);
        for (size_t i = 0; i < n; i++)
            least[i] = w->samples[0][i] < least[i] ? w->samples[0][i] : least[i];
    }
    memcpy(w->samples[0], least, n * sizeof least[0]);
    free(least);
    struct result r = summarise(w, 0);
    printf("%zu packets of an attack, ns: median %.0f, 99 %% %.0f, 99.9 %% %.0f, 99.99 %% %.0f, max %.0f\n", n, r.median,
           r.p99, r.p999, r.p9999, r.max);
}

static void measure(struct plan plan, bool attack)
{
    struct world w = {.plan = plan, .protocol = &bench_tcp};
    bench_load_plant(&w);
    w.order = bench_need(calloc(plan.n_flows, sizeof w.order[0]));
    w.talks = bench_need(calloc(plan.n_flows, sizeof w.talks[0]));
    bench_shuffle(w.order, plan.n_flows);
    for (unsigned dir = 0; dir < 2; dir++) {
        traffic_init(&w.traffic[dir], &plan);
        w.samples[dir] = bench_need(calloc((size_t)plan.n_flows * 128 + plan.n_packets / BURST, sizeof w.samples[0][0]));
        w.seq[dir] = bench_need(calloc(plan.n_flows, sizeof w.seq[0][0]));
    }
    if (attack)
        measure_attack(&w);
    else
        measure_all_talk(&w);
    for (unsigned dir = 0; dir < 2; dir++) {
        traffic_fini(&w.traffic[dir], &plan);
        free(w.samples[dir]);
        free(w.seq[dir]);
    }
    free(w.order);
    free(w.talks);
    free(w.image_mem);
}

/* Long packets are fewer: about as much memory for all protocols. */
static uint32_t packets_for(const struct plan *plan)
{
    uint32_t wanted = PACKETS * SLOT_LEN_POLL / plan->slot_len;
    return (wanted + plan->n_flows - 1) / plan->n_flows * plan->n_flows;
}

/* What the command line leaves of the numbers to go through; 0: all. */
struct choice {
    uint32_t flows, conduits;
    const char *protocol; /* NULL: all */
    bool quick, attack;
};

static void measure_protocol(const struct gen_protocol *protocol, const struct choice *choice)
{
    static const uint32_t flows[] = {1000, 100000, 1000000}, conduits[] = {10, 100000};
    for (unsigned c = 0; c < (choice->quick || choice->conduits ? 1 : 2); c++) {
        for (unsigned f = 0; f < (choice->flows ? 1 : choice->quick ? 2 : 3); f++) {
            struct plan plan = {.n_flows = choice->flows ? choice->flows : flows[f],
                                .n_conduits = choice->conduits ? choice->conduits : conduits[c],
                                .slot_len = protocol == &bench_modbus ? SLOT_LEN_POLL : SLOT_LEN_ANY,
                                .protocol = protocol};
            plan.n_zones = bench_zones_for(plan.n_conduits);
            plan.n_packets = packets_for(&plan);
            measure(plan, choice->attack);
        }
    }
}

static bool take_option(const char *arg, struct choice *choice)
{
    if (strcmp(arg, "--json") == 0)
        as_json = true;
    else if (strcmp(arg, "--quick") == 0)
        choice->quick = true;
    else if (strcmp(arg, "--attack") == 0)
        choice->attack = true;
    else if (strncmp(arg, "--protocol=", 11) == 0)
        choice->protocol = arg + 11;
    else if (strncmp(arg, "--flows=", 8) == 0)
        choice->flows = (uint32_t)strtoul(arg + 8, NULL, 10);
    else if (strncmp(arg, "--conduits=", 11) == 0)
        choice->conduits = (uint32_t)strtoul(arg + 11, NULL, 10);
    else
        return false;
    return choice->flows <= FLOWS_MAX && choice->conduits <= CONDUITS_MAX;
}

int main(int argc, char **argv)
{
    static const struct gen_protocol *const protocols[] = {&bench_modbus, &gen_s7comm, &gen_dnp3};
    struct choice choice = {0};
    if (argc == 2 && strcmp(argv[1], "--memory") == 0) {
        bench_memory();
        return EXIT_SUCCESS;
    }
    for (int i = 1; i < argc; i++) {
        if (!take_option(argv[i], &choice)) {
            fputs("Usage: bench_engine [--json] [--quick] [--protocol=NAME] [--flows=N] [--conduits=N] [--attack]"
                  " [--memory]\n", stderr);
            return 2;
        }
    }
    if (choice.attack) {
        choice.protocol = "modbus";
        choice.flows = choice.flows ? choice.flows : 1000;
        choice.conduits = choice.conduits ? choice.conduits : 10;
    } else if (!as_json)
        printf("%9s %9s  %-24s %8s %8s %8s %9s %7s %8s\n", "flows", "conduits", "what", "median", "p99", "p99.9", "max",
               "floors", "fetched");
    for (unsigned p = 0; p < sizeof protocols / sizeof protocols[0]; p++) {
        if (choice.protocol && strcmp(choice.protocol, protocols[p]->name) != 0)
            continue;
        if (bench_is_judged(protocols[p]))
            measure_protocol(protocols[p], &choice);
        else
            fprintf(stderr, "%s: not judged yet, so there is nothing to measure\n", protocols[p]->name);
    }
    return EXIT_SUCCESS;
}
