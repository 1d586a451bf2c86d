/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * glance_rig.h - two inline engines see the same bursts, one of them nothing at a glance: they have to say, count, send and
 * keep the same.
 */
#pragma once

#include "engine_private.h"

#include <stdlib.h>
#include <string.h>

#include "rig_inline.h"
#include "snapshot.h"
#include "unit.h"

#define FLOWS 6u
#define STEP_NS UINT64_C(1000000)
#define ANY_RULES NULL

/* One connection as its ends see it. */
struct ends {
    uint32_t addr[2];
    uint16_t port[2];
    uint32_t seq[2]; /* next of the sender, by enum ps_dir */
    uint32_t ack[2]; /* what a direction acknowledges */
    uint16_t transaction;
    uint8_t asked[12]; /* the last request */
    bool waits;        /* for the answer to it */
};

/* Frames of one burst, and what is said of them. */
struct burst {
    struct wire frame[PS_BURST_MAX];
    uint16_t port[PS_BURST_MAX];
    uint32_t n;
};

struct pair {
    void *memory;
    struct ps_image image;
    struct ps_engine *engine[2]; /* the second one looks closely */
    struct ends flow[FLOWS];
    uint64_t now_ns;
    uint32_t n_glanced, n_frames; /* by the first one, so far */
};

static struct pair p;
static struct burst b;
/* ---- two engines ------------------------------------------------------------------------------------------------ */

static inline void expect_same_sends(void)
{
    const struct ps_send *sends[2];
    uint32_t n = ps_engine_sends(p.engine[0], &sends[0]);
    ck_assert_uint_eq(n, ps_engine_sends(p.engine[1], &sends[1]));
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(sends[0][i].len, sends[1][i].len);
        ck_assert_mem_eq(sends[0][i].data, sends[1][i].data, sends[0][i].len);
        ck_assert_uint_eq(sends[0][i].from, sends[1][i].from);
        ck_assert_uint_eq(sends[0][i].port, sends[1][i].port);
        ck_assert_uint_eq(sends[0][i].after, sends[1][i].after);
    }
}

static inline void expect_same_events(void)
{
    static struct ps_event events[2][64];
    uint32_t n = ps_engine_events(p.engine[0], events[0], 64);
    ck_assert_uint_eq(n, ps_engine_events(p.engine[1], events[1], 64));
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(events[0][i].reason, events[1][i].reason);
        ck_assert_uint_eq(events[0][i].kind, events[1][i].kind);
        ck_assert_uint_eq(events[0][i].number, events[1][i].number);
        ck_assert_uint_eq(events[0][i].time_ns, events[1][i].time_ns);
        ck_assert_str_eq(events[0][i].operation, events[1][i].operation);
    }
}

/* Counters, flows with their times and rules, numbers, copies and protocol state of all connections. */
static inline void expect_same_state(void)
{
    static uint8_t saved[2][65536];
    struct ps_flow_info flows[2][64];
    ck_assert_mem_eq(ps_engine_stats(p.engine[0]), ps_engine_stats(p.engine[1]), sizeof(struct ps_engine_stats));
    for (uint32_t c = 0; c <= ps_image_n_conduits(&p.image); c++)
        ck_assert_mem_eq(ps_engine_conduit_stats(p.engine[0], c), ps_engine_conduit_stats(p.engine[1], c),
                         sizeof(struct ps_conduit_stats));
    for (uint32_t rule = 0; rule < p.engine[0]->slot->n_rules; rule++)
        ck_assert_uint_eq(ps_engine_rule_stats(p.engine[0], rule)->allowed, ps_engine_rule_stats(p.engine[1], rule)->allowed);
    uint32_t cursor[2] = {0, 0};
    memset(flows, 0, sizeof flows);
    uint32_t n = ps_engine_flows(p.engine[0], &cursor[0], flows[0], 64);
    ck_assert_uint_eq(n, ps_engine_flows(p.engine[1], &cursor[1], flows[1], 64));
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(flows[0][i].packets, flows[1][i].packets);
        ck_assert_uint_eq(flows[0][i].rule, flows[1][i].rule);
        ck_assert_uint_eq(flows[0][i].idle_ns, flows[1][i].idle_ns);
        ck_assert_uint_eq(flows[0][i].state, flows[1][i].state);
    }
    size_t len = ps_engine_snapshot(p.engine[0], p.now_ns, saved[0], sizeof saved[0]);
    ck_assert_uint_eq(len, ps_engine_snapshot(p.engine[1], p.now_ns, saved[1], sizeof saved[1]));
    ck_assert_uint_le(len, sizeof saved[0]);
    ck_assert_mem_eq(saved[0], saved[1], len);
    ck_assert_uint_eq(p.engine[0]->in.chunks.n_used, p.engine[1]->in.chunks.n_used);
}

static inline void begin(const char *mode, const char *rules)
{
    char text[4096];
    struct ps_engine_config config;
    memset(&p, 0, sizeof p);
    two_config(&config);
    config.gateway = 0;
    config.flow_events = true;
    two_plant(text, mode, rules);
    p.memory = rig_compile(text, &p.image);
    for (unsigned e = 0; e < 2; e++) {
        config.closely = e == 1;
        p.engine[e] = ps_engine_new(&config, &p.image);
        ck_assert_ptr_nonnull(p.engine[e]);
    }
    p.now_ns = UINT64_C(1700000000) * 1000000000;
    b.n = 0;
}

static inline void end(void)
{
    for (unsigned e = 0; e < 2; e++) {
        ck_assert(ps_engine_check(p.engine[e]));
        ps_engine_free(p.engine[e]);
    }
    free(p.memory);
}

/* Both judge the burst and agree. Decisions of the first one; returns how many it has judged at a glance. */
static inline uint32_t judge(struct ps_decision decisions[PS_BURST_MAX])
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision out[2][PS_BURST_MAX];
    p.now_ns += STEP_NS;
    for (uint32_t i = 0; i < b.n; i++) {
        packets[i] = wire_packet(&b.frame[i]);
        packets[i].port = b.port[i];
        packets[i].time_ns = p.now_ns;
        packets[i].number = p.n_frames + i + 1;
    }
    p.n_frames += b.n;
    for (unsigned e = 0; e < 2; e++)
        ps_engine_burst(p.engine[e], packets, b.n, out[e]);
    for (uint32_t i = 0; i < b.n; i++) {
        ck_assert_uint_eq(out[0][i].verdict, out[1][i].verdict);
        ck_assert_uint_eq(out[0][i].reason, out[1][i].reason);
        ck_assert_uint_eq(out[0][i].monitored, out[1][i].monitored);
        ck_assert_uint_eq(out[0][i].replaced, out[1][i].replaced);
        ck_assert_uint_eq(out[0][i].crosses, out[1][i].crosses);
        ck_assert_uint_eq(out[0][i].to_zone, out[1][i].to_zone);
    }
    expect_same_sends();
    expect_same_events();
    ck_assert(ps_engine_check(p.engine[0]));
    ck_assert_uint_eq(p.engine[1]->plain, 0);
    uint32_t n = (uint32_t)__builtin_popcount(p.engine[0]->plain);
    p.n_glanced += n;
    if (decisions)
        memcpy(decisions, out[0], sizeof out[0]);
    b.n = 0;
    return n;
}

/* Both let time pass. */
static inline void tick(uint32_t ms)
{
    p.now_ns += ms * UINT64_C(1000000);
    bool more = true;
    while (more) {
        more = ps_engine_tick(p.engine[0], p.now_ns);
        ck_assert_int_eq(ps_engine_tick(p.engine[1], p.now_ns), more);
        expect_same_sends();
    }
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

/* A segment at the end of the burst, which a test may change there. */
static inline struct wire *put(struct ends *f, unsigned dir, uint8_t flags, const void *data, uint32_t len)
{
    struct wire *frame = &b.frame[b.n];
    ck_assert_uint_lt(b.n, PS_BURST_MAX);
    const struct wire_tcp tcp = {.src = f->addr[dir], .dst = f->addr[!dir], .src_port = f->port[dir],
                                 .dst_port = f->port[!dir], .seq = f->seq[dir], .ack = f->ack[dir], .flags = flags,
                                 .data = data, .len = len};
    wire_tcp(frame, &tcp);
    b.port[b.n++] = (uint16_t)dir;
    f->seq[dir] += len;
    f->ack[!dir] = f->seq[dir];
    return frame;
}

static inline struct wire *ask(struct ends *f, uint16_t address, uint16_t quantity)
{
    const uint8_t request[12] = {(uint8_t)(++f->transaction >> 8), (uint8_t)f->transaction, 0, 0, 0, 6, 1, 3,
                                 (uint8_t)(address >> 8), (uint8_t)address, (uint8_t)(quantity >> 8), (uint8_t)quantity};
    memcpy(f->asked, request, sizeof request);
    return put(f, PS_TO_SERVER, PS_TCP_ACK | PS_TCP_PSH, request, sizeof request);
}

static inline struct wire *answer(struct ends *f)
{
    uint8_t reply[300] = {0};
    uint8_t octets = (uint8_t)(2 * f->asked[11]);
    memcpy(reply, f->asked, 8);
    reply[5] = (uint8_t)(3 + octets);
    reply[8] = octets;
    reply[9] = 0xa5;
    return put(f, PS_TO_CLIENT, PS_TCP_ACK | PS_TCP_PSH, reply, 9u + octets);
}

static inline void open_flow(struct ends *f, uint32_t client, uint16_t port)
{
    *f = (struct ends){.addr = {client, PLC}, .port = {port, 502}, .seq = {0xfffffff0u, 0x3ffffff0u}};
    f->ack[PS_TO_CLIENT] = f->seq[PS_TO_SERVER];
    put(f, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
    f->seq[PS_TO_SERVER]++;
    f->ack[PS_TO_CLIENT]++;
    put(f, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, NULL, 0);
    f->seq[PS_TO_CLIENT]++;
    f->ack[PS_TO_SERVER] = f->seq[PS_TO_CLIENT];
    put(f, PS_TO_SERVER, PS_TCP_ACK, NULL, 0);
    judge(NULL);
}

/* n exchanges of the same. */
static inline void poll(struct ends *f, uint32_t n)
{
    for (; n > 0; n--) {
        ask(f, 40, 2);
        answer(f);
        judge(NULL);
    }
}

/* An open connection that polls. */
static inline struct ends *begin_polling(const char *mode)
{
    begin(mode, ANY_RULES);
    open_flow(&p.flow[0], HMI, 40000);
    poll(&p.flow[0], 3);
    ask(&p.flow[0], 40, 2);
    answer(&p.flow[0]);
    ck_assert_uint_eq(judge(NULL), 2);
    return &p.flow[0];
}
