/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_file.c - one capture through an engine of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "replay.h"
#include "text.h"

#define EVENTS 64u          /* taken from the ring at a time */
#define RING 16384u         /* more than one burst of the reader can fill: its octets are bounded */
#define BURSTS_PER_LOOK 256 /* between looks at Ctrl-C and the progress bar */

struct run {
    const struct replay *replay;
    size_t index;
    struct replay_result *result;
    struct ps_capture *capture;
    struct ps_engine *engine;
    bool interrupted_before; /* while a pipe was read: what came is judged to its end */
    uint64_t octets_shown, packets_shown;
};

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct run *run = ctx;

    if (judged->what == PS_JUDGED_PDU)
        replay_pdus_line(run->replay, run->index, judged, run->result->out);
}

static bool is_refusal(const struct ps_event *event)
{
    return event->kind == PS_EVENT_DENY || event->kind == PS_EVENT_WOULD_DENY || event->kind == PS_EVENT_MALFORMED;
}

static void drain(struct run *run)
{
    struct ps_event events[EVENTS];
    uint32_t n;

    while ((n = ps_engine_events(run->engine, events, EVENTS)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (is_refusal(&events[i]))
                replay_denials_add(&run->result->denials, &events[i], run->index, 1);
            if (run->replay->form == REPLAY_JSON)
                replay_json_event(run->replay, run->index, &events[i], run->result->out);
        }
    }
}

static void look_up(struct run *run)
{
    uint64_t octets = ps_capture_position(run->capture);
    uint64_t packets = ps_capture_counts(run->capture)->packets;

    replay_progress_add(run->replay->progress, octets - run->octets_shown, packets - run->packets_shown);
    run->octets_shown = octets;
    run->packets_shown = packets;
}

/* What falls due between the packets happens between them. */
static void judge_inline(struct run *run, const struct ps_packet *packets, uint32_t n, struct ps_decision *decisions)
{
    for (uint32_t i = 0; i < n; i++) {
        while (ps_engine_next_tick(run->engine) <= packets[i].time_ns) {
            ps_engine_tick(run->engine, packets[i].time_ns);
            drain(run);
        }
        ps_engine_burst(run->engine, &packets[i], 1, &decisions[i]);
    }
}

static void judge_packets(struct run *run)
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision decisions[PS_BURST_MAX];
    bool refused = run->replay->write_denied != NULL;
    uint32_t n, bursts = 0;

    while ((n = ps_capture_burst(run->capture, packets)) > 0) {
        if (run->replay->inline_)
            judge_inline(run, packets, n, decisions);
        else
            ps_engine_burst(run->engine, packets, n, decisions);
        drain(run);
        for (uint32_t i = 0; refused && i < n; i++)
            if (decisions[i].reason != PS_REASON_NONE)
                replay_refused_add(&run->result->refused, run->capture, i, &packets[i]);
        if (++bursts % BURSTS_PER_LOOK != 0)
            continue;
        look_up(run);
        if (*run->replay->interrupted && !run->interrupted_before)
            break;
    }
    while (ps_engine_finish(run->engine))
        drain(run);
    drain(run);
    look_up(run);
}

/* Keeps the counters of conduits and rules that saw traffic. */
static void collect_conduits(struct run *run)
{
    const struct ps_image *image = &run->replay->plant.image;
    struct replay_result *r = run->result;
    uint32_t n = ps_image_n_conduits(image), capacity = 0;

    for (uint32_t c = 0; c <= n; c++) {
        const struct ps_conduit_stats *s = ps_engine_conduit_stats(run->engine, c);

        if (s->flows == 0 && s->packets == 0 && s->allowed == 0 && s->denied == 0)
            continue;
        if (r->n_conduits == capacity) {
            capacity = capacity == 0 ? 8 : 2 * capacity;
            r->conduits = ps_need(realloc(r->conduits, capacity * sizeof *r->conduits));
        }
        r->conduits[r->n_conduits++] = (struct replay_conduit_part){.conduit = c, .stats = *s};
    }
}

static void collect_rules(struct run *run)
{
    const struct ps_image *image = &run->replay->plant.image;
    struct replay_result *r = run->result;
    uint32_t n = ps_image_n_rules(image), capacity = 0;

    for (uint32_t rule = 0; rule < n; rule++) {
        const struct ps_rule_stats *s = ps_engine_rule_stats(run->engine, rule);

        if (s->allowed == 0)
            continue;
        if (r->n_rules == capacity) {
            capacity = capacity == 0 ? 8 : 2 * capacity;
            r->rules = ps_need(realloc(r->rules, capacity * sizeof *r->rules));
        }
        r->rules[r->n_rules++] = (struct replay_rule_part){.rule = rule, .stats = *s};
    }
}

static void collect(struct run *run)
{
    struct replay_result *r = run->result;
    const char *damage = ps_capture_damage(run->capture, &r->damage_at);

    if (damage != NULL)
        snprintf(r->damage, sizeof r->damage, "%s", damage);
    r->counts = *ps_capture_counts(run->capture);
    r->stats = *ps_engine_stats(run->engine);
    collect_conduits(run);
    collect_rules(run);
}

void replay_file(const struct replay *replay, size_t index, struct replay_result *out)
{
    struct run run = {.replay = replay, .index = index, .result = out};
    struct ps_engine_config config;

    run.capture = ps_capture_open(replay->inputs.items[index].path, out->error, sizeof out->error);
    run.interrupted_before = *replay->interrupted;
    if (run.capture != NULL) {
        ps_engine_config_init(&config);
        config.checksums = ps_checksums_settle(run.capture, replay->checksums);
        out->rewritten = replay->checksums == PS_CHECKSUMS_AUTO && config.checksums == PS_CHECKSUMS_IGNORE;
        config.flow_events = replay->flow_events;
        config.n_events = RING;
        config.inline_ = config.captured = replay->inline_;
        if (replay->form == REPLAY_PDUS) {
            config.on_judged = on_judged;
            config.on_judged_ctx = &run;
        }
        run.engine = ps_need(ps_engine_new(&config, &replay->plant.image));
        judge_packets(&run);
        collect(&run);
        ps_engine_free(run.engine);
        ps_capture_close(run.capture);
    }
    replay_progress_file_done(replay->progress);
}

void replay_result_fini(struct replay_result *result)
{
    free(result->conduits);
    free(result->rules);
    replay_denials_fini(&result->denials);
    replay_refused_fini(&result->refused);
    if (result->out != NULL && result->out != stdout)
        fclose(result->out);
}
