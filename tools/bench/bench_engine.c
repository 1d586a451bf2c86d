/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_engine.c - what a packet costs the engine, beside what touching its memory costs.
 *
 *     bench_engine [--json] [--quick]
 *
 * For 1 k, 100 k and 1 M flows and 10 and 100 k conduits, in bursts of 32, nanoseconds per packet:
 *
 *     floor      read one cold header, touch the flow line it names, with prefetch
 *     tcp        12 octets of an uninspected, allowed flow
 *     requests   Modbus read-holding-registers, granted
 *     replies    their replies
 *
 * Each packet lies in a slot of its own, taken in random order from more memory than the caches hold, for the floor as for
 * the engine; flows are visited in random order. A round sends one request on every flow, the next one every reply, so
 * that with many flows nothing of a flow is left in a cache when its reply comes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compile.h"
#include "decode.h"
#include "engine.h"
#include "mem.h"
#include "policy.h"

#define SLOT_LEN 128u
#define BURST 32u
#define FLOOR_LINE 64u

struct plan {
    uint32_t n_flows, n_conduits, n_zones;
    uint32_t n_packets; /* per measurement; a multiple of n_flows */
};

/* Packets of one measurement: packet i is of flow flow[i] and lies in slot slot[i]. */
struct traffic {
    uint8_t *slots;
    uint32_t *flow;
    uint32_t *slot;
    uint32_t n;
};

struct result {
    double median, p99, p999, max;
};

struct world {
    struct plan plan;
    struct ps_image image;
    void *image_mem;
    struct ps_engine *engine;
    struct traffic traffic[2]; /* by direction; pass-through: the first */
    uint32_t *order;      /* flows in random order */
    uint32_t *seq[2];     /* next number of each flow, by direction */
    uint64_t time_ns;
    float *samples[2];    /* ns per packet of each burst */
    size_t n_samples[2];
};

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

static void *need(void *mem)
{
    if (!mem) {
        fprintf(stderr, "no memory\n");
        exit(EXIT_FAILURE);
    }
    return mem;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void shuffle(uint32_t *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        items[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = random_below(i), swap = items[j];
        items[j] = items[i - 1];
        items[i - 1] = swap;
    }
}

/* ---- plant ------------------------------------------------------------------------------------------------------ */

static uint32_t zones_for(uint32_t n_conduits)
{
    uint32_t n = 2;
    while (n * (n - 1) < n_conduits)
        n++;
    return n;
}

/* Conduit c leads from one zone to another, each pair once. */
static void conduit_ends(const struct plan *plan, uint32_t c, uint32_t *from, uint32_t *to)
{
    *from = c / (plan->n_zones - 1);
    *to = c % (plan->n_zones - 1);
    *to += *to >= *from;
}

static char *plant_text(const struct plan *plan)
{
    char *text;
    size_t len;
    FILE *out = need(open_memstream(&text, &len));
    fprintf(out, "schema = 1; site = \"bench\"; revision = 1;\nzones = (\n");
    for (uint32_t z = 0; z < plan->n_zones; z++)
        fprintf(out, "  { name = \"z%u\"; kind = \"control\"; networks = [\"10.%u.%u.0/24\"]; }%s\n", z, z >> 8, z & 255,
                z + 1 < plan->n_zones ? "," : "");
    fprintf(out, ");\nconduits = (\n");
    for (uint32_t c = 0; c < plan->n_conduits; c++) {
        uint32_t from, to;
        conduit_ends(plan, c, &from, &to);
        fprintf(out,
                "  { name = \"c%u\"; from = \"z%u\"; to = \"z%u\"; allow = (\n"
                "    { name = \"poll\"; protocol = \"modbus\"; stations = [\"1-8\"]; operations = [\"read\"];"
                " objects = [\"holding:0-99\"]; },\n"
                "    { name = \"web\"; protocol = \"tcp\"; ports = [\"8080\"]; } ); }%s\n",
                c, from, to, c + 1 < plan->n_conduits ? "," : "");
    }
    fprintf(out, ");\n");
    fclose(out);
    return text;
}

static void load_plant(struct world *w)
{
    struct ps_diags diags;
    size_t len = 0;
    ps_diags_init(&diags);
    char *text = plant_text(&w->plan);
    struct ps_model *model = ps_policy_parse(text, "bench.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; !compiled && i < diags.n && i < 5; i++)
        fprintf(stderr, "bench.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    if (!compiled)
        exit(EXIT_FAILURE);
    w->image_mem = need(aligned_alloc(64, (len + 63) / 64 * 64));
    memcpy(w->image_mem, compiled, len);
    const char *why = ps_image_open(w->image_mem, len, &w->image);
    if (why) {
        fprintf(stderr, "%s\n", why);
        exit(EXIT_FAILURE);
    }
    free(compiled);
    free(text);
    ps_model_free(model);
    ps_diags_fini(&diags);
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

enum what { WHAT_SYN, WHAT_SYN_ACK, WHAT_DATA, WHAT_REQUEST, WHAT_REPLY };

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return sum;
}

static uint32_t folded(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static void put_ends(const struct world *w, uint8_t *p, uint32_t flow, unsigned dir, uint16_t server_port)
{
    uint32_t from, to, k = flow / w->plan.n_conduits;
    conduit_ends(&w->plan, flow % w->plan.n_conduits, &from, &to);
    uint32_t client = 0x0a000000 + (from << 8) + 1 + k % 250, server = 0x0a000000 + (to << 8) + 1 + k % 200;
    put32(p + 26, dir ? server : client);
    put32(p + 30, dir ? client : server);
    put16(p + 34, dir ? server_port : 1024 + k / 250);
    put16(p + 36, dir ? 1024 + k / 250 : server_port);
}

/* Octets of the frame. The first four octets name the flow, for the floor. */
static uint32_t build(struct world *w, uint8_t *p, uint32_t flow, enum what what, uint16_t server_port)
{
    static const uint8_t payloads[][24] = {
        [WHAT_DATA] = "twelve bytes",
        [WHAT_REQUEST] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2},
        [WHAT_REPLY] = {0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 10, 0, 11},
    };
    static const uint8_t flags[] = {0x02, 0x12, 0x18, 0x18, 0x18};
    unsigned dir = what == WHAT_SYN_ACK || what == WHAT_REPLY;
    uint32_t len = what < WHAT_DATA ? 0 : what == WHAT_REPLY ? 13 : 12;
    memset(p, 0, 54);
    memcpy(p, &flow, sizeof flow);
    p[11] = 1;
    put16(p + 12, 0x0800);
    p[14] = 0x45;
    put16(p + 16, 40 + len);
    p[20] = 0x40;
    p[22] = 64;
    p[23] = 6;
    put_ends(w, p, flow, dir, server_port);
    put32(p + 38, w->seq[dir][flow]);
    put32(p + 42, flags[what] & 0x10 ? w->seq[!dir][flow] : 0);
    p[46] = 0x50;
    p[47] = flags[what];
    put16(p + 48, 8192);
    memcpy(p + 54, payloads[what], len);
    put16(p + 24, folded(sum16(0, p + 14, 20)));
    put16(p + 50, folded(sum16(sum16(6 + 20 + len, p + 26, 8), p + 34, 20 + len)));
    w->seq[dir][flow] += what < WHAT_DATA ? 1 : len;
    return 54 + len;
}

static uint8_t *slot_at(const struct traffic *t, uint32_t i)
{
    return t->slots + (size_t)t->slot[i] * SLOT_LEN;
}

/* Packets first .. first + n_flows - 1: one on each flow. Their length. */
static uint32_t make_round(struct world *w, struct traffic *t, uint32_t first, enum what what, uint16_t server_port)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < w->plan.n_flows; i++) {
        t->flow[first + i] = w->order[i];
        len = build(w, slot_at(t, first + i), w->order[i], what, server_port);
    }
    t->n = first + w->plan.n_flows;
    return len;
}

/* ---- measurements ------------------------------------------------------------------------------------------------ */

/* One round, from packet `first`, through the engine. */
static void run(struct world *w, unsigned kind, uint32_t first, uint32_t len, bool timed)
{
    const struct traffic *t = &w->traffic[kind];
    struct ps_packet packets[BURST];
    struct ps_decision out[BURST];
    for (uint32_t at = first; at < first + w->plan.n_flows; at += BURST) {
        uint32_t left = first + w->plan.n_flows - at, n = left < BURST ? left : BURST;
        for (uint32_t i = 0; i < n; i++)
            packets[i] = (struct ps_packet){.data = slot_at(t, at + i), .len = len, .wire_len = len,
                                            .time_ns = w->time_ns += 1000, .number = at + i + 1,
                                            .port = PS_PORT_UNKNOWN, .link = PS_LINK_ETHERNET};
        double start = now_ns();
        ps_engine_burst(w->engine, packets, n, out);
        double end = now_ns();
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
static void run_floor(struct world *w, uint8_t *lines)
{
    static volatile uint32_t sink; /* keeps the compiler from leaving the reads out */
    const struct traffic *t = &w->traffic[0];
    for (uint32_t at = 0; at + BURST <= t->n; at += BURST) {
        const uint8_t *headers[BURST];
        uint32_t sum = 0, flow[BURST];
        for (uint32_t i = 0; i < BURST; i++)
            headers[i] = slot_at(t, at + i);
        double start = now_ns();
        for (uint32_t i = 0; i < BURST; i++)
            __builtin_prefetch(headers[i]);
        for (uint32_t i = 0; i < BURST; i++) {
            memcpy(&flow[i], headers[i], sizeof flow[i]);
            __builtin_prefetch(lines + (size_t)flow[i] * FLOOR_LINE, 1);
        }
        for (uint32_t i = 0; i < BURST; i++)
            sum += ++lines[(size_t)flow[i] * FLOOR_LINE];
        double end = now_ns();
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
                           .p999 = (double)samples[n - 1 - n / 1000], .max = (double)samples[n - 1]};
}

static uint32_t n_rounds(const struct world *w)
{
    return w->plan.n_packets / w->plan.n_flows;
}

/* Requests and replies take turns, a round over all flows each; all packets are made before. */
static void run_polls(struct world *w, uint32_t rounds, bool timed)
{
    uint32_t len[2] = {0, 0};
    for (uint32_t round = 0; round < rounds; round++) {
        len[0] = make_round(w, &w->traffic[0], round * w->plan.n_flows, WHAT_REQUEST, 502);
        len[1] = make_round(w, &w->traffic[1], round * w->plan.n_flows, WHAT_REPLY, 502);
    }
    for (uint32_t round = 0; round < rounds; round++)
        for (unsigned dir = 0; dir < 2; dir++)
            run(w, dir, round * w->plan.n_flows, len[dir], timed);
}

static void run_data(struct world *w, uint32_t rounds, bool timed)
{
    uint32_t len = 0;
    for (uint32_t round = 0; round < rounds; round++)
        len = make_round(w, &w->traffic[0], round * w->plan.n_flows, WHAT_DATA, 8080);
    for (uint32_t round = 0; round < rounds; round++)
        run(w, 0, round * w->plan.n_flows, len, timed);
}

static void open_flows(struct world *w, uint16_t server_port)
{
    run(w, 0, 0, make_round(w, &w->traffic[0], 0, WHAT_SYN, server_port), false);
    run(w, 0, 0, make_round(w, &w->traffic[0], 0, WHAT_SYN_ACK, server_port), false);
}

static void engine_start(struct world *w, uint16_t server_port)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = w->plan.n_flows + w->plan.n_flows / 2;
    config.checksums = PS_CHECKSUMS_STRICT;
    w->engine = need(ps_engine_new(&config, &w->image));
    open_flows(w, server_port);
}

/* ---- report ------------------------------------------------------------------------------------------------------ */

static bool as_json;

static void report(const struct plan *plan, const char *what, struct result r, double floor)
{
    if (as_json)
        printf("{\"flows\": %u, \"conduits\": %u, \"what\": \"%s\", \"median\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, "
               "\"max\": %.1f, \"floors\": %.2f}\n",
               plan->n_flows, plan->n_conduits, what, r.median, r.p99, r.p999, r.max, r.median / floor);
    else
        printf("%9u %9u  %-9s %8.1f %8.1f %8.1f %9.1f %7.2f\n", plan->n_flows, plan->n_conduits, what, r.median, r.p99,
               r.p999, r.max, r.median / floor);
    fflush(stdout);
}

static struct result measure_floor(struct world *w)
{
    uint8_t *lines = need(ps_mem_new((size_t)w->plan.n_flows * FLOOR_LINE));
    for (unsigned round = 0; round < 2; round++) {
        w->n_samples[0] = 0;
        run_floor(w, lines);
    }
    ps_mem_free(lines, (size_t)w->plan.n_flows * FLOOR_LINE);
    return summarise(w, 0);
}

static void traffic_init(struct traffic *t, const struct plan *plan)
{
    t->slots = need(ps_mem_new((size_t)plan->n_packets * SLOT_LEN));
    t->flow = need(calloc(plan->n_packets, sizeof t->flow[0]));
    t->slot = need(calloc(plan->n_packets, sizeof t->slot[0]));
    shuffle(t->slot, plan->n_packets);
}

static void traffic_fini(struct traffic *t, const struct plan *plan)
{
    ps_mem_free(t->slots, (size_t)plan->n_packets * SLOT_LEN);
    free(t->flow);
    free(t->slot);
}

static void measure(struct plan plan)
{
    struct world w = {.plan = plan};
    load_plant(&w);
    w.order = need(calloc(plan.n_flows, sizeof w.order[0]));
    shuffle(w.order, plan.n_flows);
    for (unsigned dir = 0; dir < 2; dir++) {
        traffic_init(&w.traffic[dir], &plan);
        w.samples[dir] = need(calloc(plan.n_packets / BURST + 2, sizeof w.samples[0][0]));
        w.seq[dir] = need(calloc(plan.n_flows, sizeof w.seq[0][0]));
    }
    engine_start(&w, 8080);
    run_data(&w, 1, false);
    run_data(&w, n_rounds(&w), true);
    struct result data = summarise(&w, 0), floor = measure_floor(&w);
    ps_engine_free(w.engine);
    report(&plan, "floor", floor, floor.median);
    report(&plan, "tcp", data, floor.median);

    engine_start(&w, 502);
    run_polls(&w, 1, false);
    run_polls(&w, n_rounds(&w), true);
    report(&plan, "requests", summarise(&w, 0), floor.median);
    report(&plan, "replies", summarise(&w, 1), floor.median);
    ps_engine_free(w.engine);
    for (unsigned dir = 0; dir < 2; dir++) {
        traffic_fini(&w.traffic[dir], &plan);
        free(w.samples[dir]);
        free(w.seq[dir]);
    }
    free(w.order);
    free(w.image_mem);
}

int main(int argc, char **argv)
{
    static const uint32_t flows[] = {1000, 100000, 1000000}, conduits[] = {10, 100000};
    bool quick = false;
    for (int i = 1; i < argc; i++) {
        as_json |= strcmp(argv[i], "--json") == 0;
        quick |= strcmp(argv[i], "--quick") == 0;
    }
    if (!as_json)
        printf("%9s %9s  %-9s %8s %8s %8s %9s %7s\n", "flows", "conduits", "what", "median", "p99", "p99.9", "max",
               "floors");
    for (unsigned c = 0; c < (quick ? 1 : 2); c++) {
        for (unsigned f = 0; f < (quick ? 2 : 3); f++) {
            struct plan plan = {.n_flows = flows[f], .n_conduits = conduits[c]};
            plan.n_zones = zones_for(plan.n_conduits);
            plan.n_packets = 1000000; /* a multiple of each */
            measure(plan);
        }
    }
    return EXIT_SUCCESS;
}
