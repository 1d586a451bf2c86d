/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_recut.c - the judgements of a conversation must not depend on how TCP cuts it.
 *
 *     test_recut generated        conversations that this program makes
 *     test_recut corpus           the captures of $PENSTOCK_CORPUS (default: ../shared/corpus beside the source folder) in
 *                                 which something is inspected; exit code 77 when there are none
 *
 * Each TCP conversation of a capture is judged alone, and what its streams handed on is written down: octets by
 * direction, and gaps. From that, new conversations are made: one octet a segment, random sizes, as full as can be; with
 * repetitions and with neighbours swapped within a window of 4. Around gaps and where a conversation was joined late the
 * original boundaries stay, since there a PDU is found by the start of a segment. The PDU judgements of each direction
 * must be the original ones; where a direction cannot be framed any further, up to there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recut.h"

#define SKIPPED 77
#define SEGMENT_MAX 1460u
#define TOGETHER_NS UINT64_C(20000000) /* octets further apart in time do not share a segment */

/* How a conversation is cut again. */
struct cut {
    const char *name;
    uint32_t min, max; /* octets a segment */
    uint32_t repeat;   /* one in so many segments comes again, 0: none */
    uint32_t window;   /* segments within which order changes, 0: none */
};

static const struct cut cuts[] = {
    {"one octet", 1, 1, 0, 0},
    {"one octet, repeated, swapped", 1, 1, 3, 4},
    {"random", 1, 40, 0, 0},
    {"random, repeated", 1, 40, 3, 0},
    {"random, swapped", 1, 40, 0, 4},
    {"random, repeated, swapped", 1, 300, 3, 4},
    {"full", SEGMENT_MAX, SEGMENT_MAX, 0, 0},
    {"full, repeated, swapped", SEGMENT_MAX, SEGMENT_MAX, 2, 4},
};

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % n;
}

/* ---- a run of octets of one direction, cut ----------------------------------------------------------------------- */

struct run {
    struct recut_buf bytes;
    struct recut_times times; /* of each octet */
    unsigned dir;
};

struct segment {
    uint32_t at, len;
};

static size_t plan(const struct cut *cut, uint32_t len, struct segment *segments)
{
    size_t n = 0;
    for (uint32_t at = 0; at < len;) {
        uint32_t size = cut->min + random_below(cut->max - cut->min + 1);
        size = size < len - at ? size : len - at;
        segments[n++] = (struct segment){at, size};
        if (cut->repeat && random_below(cut->repeat) == 0) {
            uint32_t back = random_below((at < 30 ? at : 30) + 1);
            segments[n++] = (struct segment){at - back, back + random_below(size + 1)};
        }
        at += size;
    }
    for (size_t i = 0; cut->window && i + 1 < n; i++) {
        size_t j = i + random_below(cut->window);
        struct segment swap = segments[i];
        if (j < n) {
            segments[i] = segments[j];
            segments[j] = swap;
        }
    }
    return n;
}

static void flush_run(struct recut_talk *talk, const struct cut *cut, struct run *run)
{
    uint32_t len = (uint32_t)run->bytes.len;
    if (len == 0)
        return;
    struct segment *segments = recut_alloc((2 * (size_t)len + 2) * sizeof segments[0]);
    size_t n = plan(cut, len, segments);
    uint64_t latest = run->times.items[0];
    for (size_t i = 0; i < n; i++) {
        struct segment s = segments[i];
        uint64_t time = s.len ? run->times.items[s.at + s.len - 1] : latest;
        latest = time > latest ? time : latest;
        recut_talk_segment(talk, run->dir, s.at, run->bytes.data + s.at, s.len, latest);
    }
    recut_talk_advance(talk, run->dir, len);
    free(segments);
    run->bytes.len = run->times.n = 0;
}

/* ---- one conversation, made again -------------------------------------------------------------------------------- */

static void replay_pieces(const struct recut_flow *flow, const struct cut *cut, struct recut_talk *talk)
{
    struct run run = {0};
    uint64_t last_ns = 0;
    for (size_t i = 0; i < flow->n_pieces; i++) {
        const struct recut_piece *piece = &flow->pieces[i];
        bool apart = piece->gap || piece->whole || piece->dir != run.dir || piece->time_ns > last_ns + TOGETHER_NS;
        if (apart)
            flush_run(talk, cut, &run);
        last_ns = piece->time_ns;
        run.dir = piece->dir;
        if (piece->gap) {
            recut_talk_gap(talk, piece->dir, piece->len, piece->time_ns);
        } else if (piece->whole) {
            recut_talk_segment(talk, piece->dir, 0, piece->data, piece->len, piece->time_ns);
            recut_talk_advance(talk, piece->dir, piece->len);
        } else {
            recut_buf_add(&run.bytes, piece->data, piece->len);
            recut_times_add(&run.times, piece->time_ns, piece->len);
        }
    }
    flush_run(talk, cut, &run);
    free(run.bytes.data);
    free(run.times.items);
}

static bool is_same(const struct recut_judged *a, const struct recut_judged *b)
{
    if (a->lost)
        return a->reason == b->reason && a->dir == b->dir;
    return a->reason == b->reason && a->dir == b->dir && a->rule == b->rule && a->code == b->code &&
           a->transaction == b->transaction && a->len == b->len && strcmp(a->text, b->text) == 0;
}

/* The next judgement of a direction, from *i on; NULL: none. */
static const struct recut_judged *next_of(const struct recut_judgements *list, unsigned dir, size_t *i)
{
    while (*i < list->n && list->items[*i].dir != dir)
        ++*i;
    return *i < list->n ? &list->items[(*i)++] : NULL;
}

static bool compare_dir(const struct recut_flow *flow, const struct recut_judgements *again, unsigned dir)
{
    size_t i = 0, j = 0, n = 0;
    for (;; n++) {
        const struct recut_judged *a = next_of(&flow->judgements, dir, &i), *b = next_of(again, dir, &j);
        if (!a && (!b || flow->lost))
            return true;
        if (a && b && is_same(a, b))
            continue;
        fprintf(stderr, "  direction %u, judgement %zu: was %s \"%s\", is %s \"%s\"\n", dir, n,
                a ? ps_reason_info(a->reason)->name : "-", a ? a->text : "", b ? ps_reason_info(b->reason)->name : "-",
                b ? b->text : "");
        return false;
    }
}

static unsigned check_flow(const char *name, size_t number, const struct recut_flow *flow)
{
    unsigned n_failed = 0;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct recut_talk talk;
        uint64_t seed = random_state;
        recut_talk_init(&talk, flow);
        replay_pieces(flow, &cuts[i], &talk);
        recut_talk_finish(&talk);
        bool same = compare_dir(flow, &talk.judgements, PS_TO_SERVER) &&
                    compare_dir(flow, &talk.judgements, PS_TO_CLIENT);
        if (!same)
            fprintf(stderr, "FAILED %s: conversation %zu, %s, seed %" PRIu64 "\n", name, number, cuts[i].name, seed);
        n_failed += !same;
        recut_talk_fini(&talk);
    }
    return n_failed;
}

/* ---- inputs ----------------------------------------------------------------------------------------------------- */

struct totals {
    size_t n_flows, n_pdus;
    unsigned n_failed;
};

static void check_packets(const char *name, const struct recut_packets *packets, struct totals *totals)
{
    struct recut_flows flows;
    recut_flows_init(&flows, packets);
    size_t n_pdus = 0;
    for (size_t i = 0; i < flows.n; i++) {
        struct recut_flow flow;
        recut_flow_init(&flow, packets, &flows.items[i]);
        totals->n_failed += flow.judgements.n > 0 ? check_flow(name, i, &flow) : 0;
        n_pdus += flow.judgements.n;
        recut_flow_fini(&flow);
    }
    if (n_pdus > 0)
        printf("%s: %zu conversations, %zu PDUs\n", name, flows.n, n_pdus);
    totals->n_flows += flows.n;
    totals->n_pdus += n_pdus;
    recut_flows_fini(&flows);
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_C(20240607);
    printf("seed %" PRIu64 "\n", random_state);
    recut_load_plant();
    if (argc > 1 && strcmp(argv[1], "corpus") == 0) {
        struct recut_inputs inputs;
        if (!recut_inputs_init(&inputs)) {
            printf("no captures in $PENSTOCK_CORPUS: skipped\n");
            return SKIPPED;
        }
        for (size_t i = 0; i < inputs.n; i++) {
            struct recut_packets packets;
            recut_packets_read(&packets, inputs.paths[i]);
            check_packets(strrchr(inputs.paths[i], '/') + 1, &packets, &totals);
            recut_packets_fini(&packets);
        }
        recut_inputs_fini(&inputs);
    } else {
        for (unsigned i = 0; i < 20; i++) {
            struct recut_packets packets;
            recut_packets_make(&packets, i);
            check_packets("generated", &packets, &totals);
            recut_packets_fini(&packets);
        }
    }
    printf("%zu conversations, %zu PDUs, %zu ways to cut, %u failures\n", totals.n_flows, totals.n_pdus,
           sizeof cuts / sizeof cuts[0], totals.n_failed);
    return totals.n_failed == 0 && totals.n_pdus > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
