/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_engine.h - what the engine benchmark measures with: a plant, flows in random order, packets in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "gen_capture.h"

struct plan {
    uint32_t n_flows, n_conduits, n_zones;
    uint32_t n_packets; /* per measurement; a multiple of n_flows */
    uint32_t slot_len;  /* octets that the longest packet needs */
    const struct gen_protocol *protocol;
};

/* Packets of one measurement: packet i is of flow flow[i], lies in slot slot[i] and is len[i] octets long. */
struct traffic {
    uint8_t *slots;
    uint32_t *flow;
    uint32_t *slot;
    uint16_t *len;
    uint32_t n;
    unsigned dir; /* whose they are, all of them */
};

struct world {
    struct plan plan;
    const struct gen_protocol *protocol; /* of the flows that are open */
    struct ps_image image;
    void *image_mem;
    struct ps_engine *engine;
    bool inline_; /* what the engine is */
    bool gateway; /* ... and the policy's gateway: it asks of each packet whether its sender is behind the port */
    struct traffic traffic[2]; /* by direction; pass-through: the first */
    uint32_t *order;      /* flows in random order */
    uint32_t *seq[2];     /* next number of each flow, by direction */
    struct gen_talk *talks; /* of each flow */
    uint64_t time_ns;
    float *samples[2];    /* ns per packet of each burst */
    size_t n_samples[2];
};

/* The same at the same place that is always polled, and octets that nobody inspects. */
extern const struct gen_protocol bench_modbus, bench_tcp;

/* mem, or the end of the program. */
void *bench_need(void *mem);

uint32_t bench_random_below(uint32_t n);
/* The same numbers again. */
void bench_random_restart(void);

/* 0 .. n - 1 in random order. */
void bench_shuffle(uint32_t *items, uint32_t n);

/* Zones that so many conduits need when each leads from one half of them to the other, each pair once. */
uint32_t bench_zones_for(uint32_t n_conduits);

/* Is there a dissector for it, and do plant files know its words? */
bool bench_is_judged(const struct gen_protocol *protocol);
void bench_load_plant(struct world *w);

static inline uint8_t *bench_slot(const struct world *w, const struct traffic *t, uint32_t i)
{
    return t->slots + (size_t)t->slot[i] * w->plan.slot_len;
}

/* What every flow says in a round. */
struct say {
    enum { SAY_SYN, SAY_OPENING, SAY_PDU } what;
    unsigned dir; /* 1: the server */
    unsigned i;   /* which of the opening */
};

/* Packets first .. first + n_flows - 1: one on each flow. */
void bench_make_round(struct world *w, struct traffic *t, uint32_t first, struct say say);

/* Octets of a polling request (or, of the server, the whole reply) at `offset` from the next number of a flow. */
struct piece {
    uint32_t flow, offset;
    uint32_t from, len; /* which of the request's; UINT32_MAX: all of the PDU */
    unsigned dir;
};

/* Makes its packet; octets of that. Sequence numbers of the flow stay. */
uint32_t bench_make_piece(struct world *w, uint8_t *at, const struct piece *piece);

double bench_now_ns(void);

/* Packets of an attack on each flow, one sample each; how many. */
size_t bench_attack(struct world *w);

/* What connections of each protocol take. */
void bench_memory(void);
