/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_pass.h"

#include <float.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "checksums.h"
#include "match.h"

/* Flows that a rule has granted something to, in the capture at hand. */
struct flow_set {
    uint64_t *slots; /* hash of rule and flow; 0: empty */
    uint32_t n, n_slots;
};

/* A worker's share of the results. Everything in it is a sum, a union or a minimum, so that the order in which captures
 * are taken does not show. */
struct worker {
    struct ps_pass *pass;
    struct job *job;
    pthread_t thread;
    struct ps_seen_set seen;
    struct ps_evidence *evidence;
    struct flow_set flows;
    uint32_t input; /* the capture at hand */
    struct ps_pass sums;
    bool failed;
};

struct job {
    struct ps_pass *pass;
    atomic_uint next;
    atomic_ulong octets_done;
    uint64_t octets;
    pthread_mutex_t lock; /* stderr */
};

/* ---- evidence -------------------------------------------------------------------------------------------------- */

static void first_keep(struct ps_first *first, struct ps_first other)
{
    if (other.number == 0)
        return;
    if (first->number == 0 || other.input < first->input ||
        (other.input == first->input && other.number < first->number))
        *first = other;
}

static void evidence_merge(struct ps_evidence *into, const struct ps_evidence *from)
{
    struct ps_first before = into->refused_first;

    into->n += from->n;
    into->flows += from->flows;
    first_keep(&into->first, from->first);
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->refused += from->refused;
    first_keep(&into->refused_first, from->refused_first);
    if (into->refused_first.input != before.input || into->refused_first.number != before.number)
        into->reason = from->reason;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static uint64_t *flow_slot(const struct flow_set *set, uint64_t hash)
{
    uint32_t slot = (uint32_t)hash & (set->n_slots - 1);

    while (set->slots[slot] != 0 && set->slots[slot] != hash)
        slot = (slot + 1) & (set->n_slots - 1);
    return &set->slots[slot];
}

static void flow_set_grow(struct flow_set *set)
{
    struct flow_set bigger = {.n = set->n, .n_slots = set->n_slots == 0 ? 256 : set->n_slots * 2};

    bigger.slots = ps_learn_calloc(bigger.n_slots, sizeof(*bigger.slots));
    for (uint32_t i = 0; i < set->n_slots; i++)
        if (set->slots[i] != 0)
            *flow_slot(&bigger, set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = bigger;
}

/* True the first time for this rule and flow. */
static bool flow_is_new(struct flow_set *set, uint32_t rule, const struct ps_judged *judged)
{
    uint64_t hash = mix(rule + UINT64_C(1), judged->client.hi), *slot;

    hash = mix(mix(mix(hash, judged->client.lo), judged->server.hi), judged->server.lo);
    hash = mix(hash, (uint64_t)judged->ip_proto << 48 | (uint64_t)judged->client_port << 16 | judged->server_port);
    hash = mix(mix(hash, ps_mac_number(judged->client_mac) * (judged->ip_proto == 0)), judged->vlan) | 1;
    if (set->n * 2 >= set->n_slots)
        flow_set_grow(set);
    slot = flow_slot(set, hash);
    if (*slot != 0)
        return false;
    *slot = hash;
    set->n++;
    return true;
}

static struct ps_evidence *evidence_of(struct worker *worker, uint32_t rule)
{
    return rule < ps_image_n_rules(worker->pass->image) ? &worker->evidence[rule] : NULL;
}

static void evidence_granted(struct worker *worker, uint32_t rule, const struct ps_judged *judged,
                             const struct ps_fact *fact)
{
    struct ps_evidence *evidence = evidence_of(worker, rule);
    double min, max;

    if (!evidence)
        return;
    evidence->n++;
    evidence->flows += flow_is_new(&worker->flows, rule, judged);
    first_keep(&evidence->first, (struct ps_first){worker->input, judged->number});
    if (fact && ps_values_bounds(&fact->values, &min, &max)) {
        evidence->min = min < evidence->min ? min : evidence->min;
        evidence->max = max > evidence->max ? max : evidence->max;
    }
}

static void evidence_refused(struct worker *worker, const struct ps_judged *judged)
{
    struct ps_evidence *evidence = judged->path->n_rules > 0 ? evidence_of(worker, judged->path->rules[0]) : NULL;

    if (!evidence)
        return;
    if (evidence->refused++ == 0) { /* a worker takes captures in their order */
        evidence->reason = judged->reason;
        evidence->refused_first = (struct ps_first){worker->input, judged->number};
    }
}

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct worker *worker = ctx;

    if (judged->reason != PS_REASON_NONE) {
        if (ps_reason_info(judged->reason)->class == PS_CLASS_POLICY)
            ps_seen_judged(&worker->seen, &worker->pass->limits, judged);
        else if (judged->what == PS_JUDGED_PDU)
            evidence_refused(worker, judged);
        return;
    }
    if (judged->what != PS_JUDGED_PDU) {
        evidence_granted(worker, judged->rule, judged, NULL);
        return;
    }
    for (uint16_t i = 0; i < judged->facts->n_facts; i++) {
        const struct ps_fact *fact = &judged->facts->item[i];
        uint32_t rule;

        if (ps_match_fact(worker->pass->image, judged->path, fact, &rule) == PS_REASON_NONE)
            evidence_granted(worker, rule, judged, fact);
    }
}

/* ---- captures -------------------------------------------------------------------------------------------------- */

static void stats_add(struct ps_pass *sums, const struct ps_engine_stats *stats)
{
    sums->packets += stats->packets;
    sums->flows += stats->flows;
    for (unsigned i = 0; i < PS_N_CLASSES; i++)
        sums->denied_by_class[i] += stats->denied_by_class[i];
    for (unsigned i = 0; i < PS_N_REASONS; i++)
        sums->denied_by_reason[i] += stats->denied_by_reason[i];
}

static void report(struct worker *worker, const char *path, const char *text)
{
    worker->sums.n_damaged++;
    if (!worker->pass->report)
        return;
    pthread_mutex_lock(&worker->job->lock);
    fprintf(stderr, "%s%s: %s\n", worker->pass->progress ? "\r\033[K" : "", path, text);
    pthread_mutex_unlock(&worker->job->lock);
}

static void progress(struct worker *worker, uint64_t octets)
{
    struct job *job = worker->job;
    uint64_t before = atomic_fetch_add(&job->octets_done, octets), unit = job->octets / 100 + 1;

    if (!worker->pass->progress || before / unit == (before + octets) / unit)
        return;
    pthread_mutex_lock(&job->lock);
    fprintf(stderr, "\r\033[Klearning from %zu captures: %u %%", worker->pass->inputs->n,
            (unsigned)((before + octets) * 100 / (job->octets + 1)));
    pthread_mutex_unlock(&job->lock);
}

static bool read_capture(struct worker *worker, struct ps_capture *capture)
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision decisions[PS_BURST_MAX];
    struct ps_event event;
    struct ps_engine_config config;
    struct ps_engine *engine;
    uint64_t position = 0;
    uint32_t n;

    ps_engine_config_init(&config);
    config.checksums = ps_checksums_settle(capture, worker->pass->checksums);
    config.on_judged = on_judged;
    config.on_judged_ctx = worker;
    engine = ps_engine_new(&config, worker->pass->image);
    if (!engine)
        return false;
    while ((n = ps_capture_burst(capture, packets)) > 0) {
        ps_engine_burst(engine, packets, n, decisions);
        while (ps_engine_events(engine, &event, 1) > 0)
            ;
        progress(worker, ps_capture_position(capture) - position);
        position = ps_capture_position(capture);
    }
    while (ps_engine_finish(engine))
        while (ps_engine_events(engine, &event, 1) > 0)
            ;
    stats_add(&worker->sums, ps_engine_stats(engine));
    ps_engine_free(engine);
    return true;
}

static void learn_capture(struct worker *worker)
{
    const char *path = worker->pass->inputs->items[worker->input].path, *damage;
    struct ps_capture *capture;
    char text[256];
    uint64_t offset;

    capture = ps_capture_open(path, text, sizeof(text));
    if (!capture) {
        report(worker, path, text);
        return;
    }
    if (worker->flows.n > 0)
        memset(worker->flows.slots, 0, worker->flows.n_slots * sizeof(*worker->flows.slots));
    worker->flows.n = 0;
    if (!read_capture(worker, capture))
        worker->failed = true;
    worker->sums.not_judged += ps_capture_counts(capture)->unknown_link;
    damage = ps_capture_damage(capture, &offset);
    if (damage) {
        snprintf(text, sizeof(text), "%s at octet %llu; what stands before it was taken", damage,
                 (unsigned long long)offset);
        report(worker, path, text);
    }
    ps_capture_close(capture);
}

/* ---- workers --------------------------------------------------------------------------------------------------- */

static void *work(void *ctx)
{
    struct worker *worker = ctx;

    while (!worker->failed) {
        worker->input = atomic_fetch_add(&worker->job->next, 1);
        if (worker->input >= worker->pass->inputs->n)
            break;
        learn_capture(worker);
    }
    return NULL;
}

static struct ps_evidence *evidence_new(const struct ps_image *image)
{
    uint32_t n = ps_image_n_rules(image);
    struct ps_evidence *evidence = ps_learn_calloc(n, sizeof(*evidence));

    for (uint32_t i = 0; i < n; i++) {
        evidence[i].min = DBL_MAX;
        evidence[i].max = -DBL_MAX;
    }
    return evidence;
}

static void worker_collect(struct ps_pass *pass, struct worker *worker)
{
    ps_seen_merge(&pass->seen, &worker->seen);
    for (uint32_t i = 0; i < ps_image_n_rules(pass->image); i++)
        evidence_merge(&pass->evidence[i], &worker->evidence[i]);
    pass->packets += worker->sums.packets;
    pass->flows += worker->sums.flows;
    pass->not_judged += worker->sums.not_judged;
    pass->n_damaged += worker->sums.n_damaged;
    for (unsigned i = 0; i < PS_N_CLASSES; i++)
        pass->denied_by_class[i] += worker->sums.denied_by_class[i];
    for (unsigned i = 0; i < PS_N_REASONS; i++)
        pass->denied_by_reason[i] += worker->sums.denied_by_reason[i];
    ps_seen_fini(&worker->seen);
    free(worker->evidence);
    free(worker->flows.slots);
}

bool ps_pass_run(struct ps_pass *pass)
{
    unsigned n = pass->n_threads > 0 ? pass->n_threads : 1;
    struct worker *workers = ps_learn_calloc(n, sizeof(*workers));
    struct job job = {.pass = pass, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool fine = true;

    for (size_t i = 0; i < pass->inputs->n; i++)
        job.octets += pass->inputs->items[i].size;
    pass->evidence = evidence_new(pass->image);
    for (unsigned i = 0; i < n; i++) {
        workers[i].pass = pass;
        workers[i].job = &job;
        workers[i].evidence = evidence_new(pass->image);
    }
    for (unsigned i = 1; i < n; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            workers[i].job = NULL;
    work(&workers[0]);
    for (unsigned i = 0; i < n; i++) {
        if (i > 0 && workers[i].job)
            pthread_join(workers[i].thread, NULL);
        fine &= !workers[i].failed;
        worker_collect(pass, &workers[i]);
    }
    if (pass->progress)
        fputs("\r\033[K", stderr);
    free(workers);
    return fine;
}

void ps_pass_fini(struct ps_pass *pass)
{
    ps_seen_fini(&pass->seen);
    free(pass->evidence);
    pass->evidence = NULL;
}
