/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_engine_attack.c - what single packets cost the engine in the line when somebody makes them as dear as he can, and
 * what its connections take of memory.
 *
 * On each connection in turn: pieces of a request in any order, with overlaps, until it is whole, which are held, kept,
 * compared and sent from the copy; the reply; and octets far ahead with a hole in front of each, until there is no room
 * for more, and the same once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_engine.h"
#include "inline.h"

#define REQUEST_LEN 12u
#define PIECES 24u
#define HOLES 34u /* the engine keeps 32 */

/* One packet, judged alone. */
static void feed(struct world *w, const struct piece *piece)
{
    uint8_t *at = bench_slot(w, &w->traffic[0], (uint32_t)(w->n_samples[0] % w->plan.n_packets));
    uint32_t len = bench_make_piece(w, at, piece);
    struct ps_packet packet = {.data = at, .len = len, .wire_len = len, .time_ns = w->time_ns += 1000,
                               .port = (uint16_t)piece->dir, .link = PS_LINK_ETHERNET};
    struct ps_decision out;
    double start = bench_now_ns();
    ps_engine_burst(w->engine, &packet, 1, &out);
    w->samples[0][w->n_samples[0]++] = (float)(bench_now_ns() - start);
}

static void attack(struct world *w, uint32_t flow)
{
    uint32_t singles[REQUEST_LEN], holes[HOLES];
    bench_shuffle(singles, REQUEST_LEN);
    for (uint32_t i = 0; i < PIECES; i++) {
        uint32_t from = i < PIECES - REQUEST_LEN ? bench_random_below(REQUEST_LEN) : singles[i + REQUEST_LEN - PIECES];
        uint32_t len = i < PIECES - REQUEST_LEN ? 1 + bench_random_below(REQUEST_LEN - from) : 1;
        feed(w, &(struct piece){.flow = flow, .offset = from, .from = from, .len = len});
    }
    w->seq[0][flow] += REQUEST_LEN;
    feed(w, &(struct piece){.flow = flow, .dir = 1, .len = UINT32_MAX});
    for (uint32_t again = 0; again < 2; again++) {
        bench_shuffle(holes, HOLES);
        for (uint32_t i = 0; i < HOLES; i++)
            feed(w, &(struct piece){.flow = flow, .offset = 100 + 2 * holes[i], .len = 1});
    }
}

size_t bench_attack(struct world *w)
{
    for (uint32_t flow = 0; flow < w->plan.n_flows; flow++)
        attack(w, flow);
    return w->n_samples[0];
}

void bench_memory(void)
{
    uint32_t link = sizeof(struct ps_chain_link), flow = sizeof(struct ps_flow) + PS_FLOW_COLD_LEN + link + 4;
    uint32_t relay = sizeof(struct ps_relay) + 16 + 2 * link; /* its timer, its places by age */
    printf("octets of a flow: %u, and 8 to 16 of its bucket; of a source %u\n", flow, (unsigned)sizeof(struct ps_source));
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *d = ps_dissector_by_protocol(p);
        if (d && d->state_len > 0)
            printf("  %-12s %6u passive, %6u in the line\n", d->name, flow + d->state_len, flow + d->state_len + relay);
    }
    printf("and in the line %u for each block of %u octets that is not acknowledged, held or out of order\n",
           (unsigned)sizeof(struct ps_chunk), PS_CHUNK_LEN);
}
