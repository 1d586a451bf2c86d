/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay.c - penstock replay: captures judged against a plant file.
 */
#include "replay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "command.h"
#include "text.h"

enum { OPTION_JSON, OPTION_PDUS, OPTION_WRITE_DENIED, OPTION_MAP, OPTION_JOBS, OPTION_CHECKSUMS, OPTION_FLOWS, OPTION_INLINE };

static const struct ps_option options[] = {
    [OPTION_JSON] = {"json", 0, NULL, "print events, one JSON object per line, then a summary"},
    [OPTION_PDUS] = {"pdus", 0, NULL, "print one line per judged PDU instead of the summary"},
    [OPTION_WRITE_DENIED] = {"write-denied", 0, "F.pcap", "write the refused packets to F.pcap"},
    [OPTION_MAP] = {"map", 0, "ADDR=ASSET", "an address of the captures is this asset (repeatable)"},
    [OPTION_JOBS] = {"jobs", 'j', "N", "judge N files at a time (default 1)"},
    [OPTION_CHECKSUMS] = {"checksums", 0, "HOW", "auto (default), strict, offload or ignore"},
    [OPTION_FLOWS] = {"flows", 0, NULL, "with --json: also when flows start and end"},
    [OPTION_INLINE] = {"inline", 0, NULL, "judge as a gateway in the line would, resets and all"},
};

#define JOBS_MAX 256u

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- one file after the other, several at a time --------------------------------------------------------------- */

struct crew {
    const struct replay *replay;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct replay_result *results;
    bool *done;
    size_t next;  /* to be started */
    size_t taken; /* added to the totals: workers do not run further ahead than `ahead` files */
    size_t ahead;
};

static FILE *result_out(const struct replay *replay)
{
    FILE *out;

    if (replay->form == REPLAY_SUMMARY)
        return NULL;
    out = tmpfile();
    if (out == NULL) {
        fprintf(stderr, "penstock: error: no temporary file: %s\n", strerror(errno));
        exit(PS_EXIT_ERROR);
    }
    return out;
}

static void *work(void *arg)
{
    struct crew *crew = arg;
    size_t n = crew->replay->inputs.n, i;

    for (;;) {
        pthread_mutex_lock(&crew->lock);
        while (crew->next < n && crew->next >= crew->taken + crew->ahead)
            pthread_cond_wait(&crew->moved, &crew->lock);
        i = crew->next++;
        pthread_mutex_unlock(&crew->lock);
        if (i >= n)
            return NULL;
        if (!interrupted) {
            crew->results[i].out = result_out(crew->replay);
            replay_file(crew->replay, i, &crew->results[i]);
        }
        pthread_mutex_lock(&crew->lock);
        crew->done[i] = true;
        pthread_cond_broadcast(&crew->moved);
        pthread_mutex_unlock(&crew->lock);
    }
}

/* The lines of a file that was judged ahead of its turn. What stdout does not take is told at the end. */
static bool pass_on(FILE *from)
{
    return fflush(from) == 0 && fseek(from, 0, SEEK_SET) == 0 && (replay_copy(from, stdout) || ferror(stdout));
}

/* Adds the result of file i, with its lines and its complaints. */
static void take(const struct replay *replay, size_t i, struct replay_result *r, struct replay_totals *totals,
                 struct replay_writer *writer)
{
    const char *path = replay->inputs.items[i].path;
    char err[512];

    if (r->out != NULL && r->out != stdout && !pass_on(r->out)) {
        fprintf(stderr, "%s: error: lines are missing, the temporary file did not take them: %s; try -j 1\n", path,
                strerror(errno));
        totals->write_errors++;
    }
    if (r->error[0] != '\0') {
        fprintf(stderr, "%s: error: %s\n", path, r->error);
        totals->errors++;
        replay_result_fini(r);
        return;
    }
    replay_totals_add(totals, r, i);
    if (r->damage[0] != '\0')
        fprintf(stderr, "%s: error: octet %llu: %s; what stands before it was judged\n", path,
                (unsigned long long)r->damage_at, r->damage);
    if (r->counts.unknown_link > 0)
        fprintf(stderr, "%s: error: %llu packet%s of link type %u, which is not known, cannot be judged\n", path,
                (unsigned long long)r->counts.unknown_link, ps_text_s(r->counts.unknown_link), r->counts.unknown_type);
    if (writer->file != NULL && !replay_writer_add(writer, &r->refused, err, sizeof err)) {
        fprintf(stderr, "%s: error: %s\n", path, err);
        totals->write_errors++;
    }
    replay_result_fini(r);
}

static void run_one_by_one(const struct replay *replay, struct replay_totals *totals, struct replay_writer *writer)
{
    for (size_t i = 0; i < replay->inputs.n && !interrupted; i++) {
        struct replay_result result = {.out = stdout};

        replay_file(replay, i, &result);
        take(replay, i, &result, totals, writer);
    }
}

static void run_crew(const struct replay *replay, struct replay_totals *totals, struct replay_writer *writer)
{
    struct crew crew = {.replay = replay, .ahead = 4 * (size_t)replay->jobs};
    pthread_t *threads = ps_need(calloc(replay->jobs, sizeof *threads));
    unsigned n_threads = 0;

    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.moved, NULL);
    crew.results = ps_need(calloc(replay->inputs.n, sizeof *crew.results));
    crew.done = ps_need(calloc(replay->inputs.n, sizeof *crew.done));
    while (n_threads < replay->jobs && pthread_create(&threads[n_threads], NULL, work, &crew) == 0)
        n_threads++;
    for (size_t i = 0; i < replay->inputs.n && n_threads > 0; i++) {
        pthread_mutex_lock(&crew.lock);
        while (!crew.done[i])
            pthread_cond_wait(&crew.moved, &crew.lock);
        pthread_mutex_unlock(&crew.lock);
        if (crew.results[i].stats.packets > 0 || !interrupted)
            take(replay, i, &crew.results[i], totals, writer);
        else
            replay_result_fini(&crew.results[i]);
        pthread_mutex_lock(&crew.lock);
        crew.taken++;
        pthread_cond_broadcast(&crew.moved);
        pthread_mutex_unlock(&crew.lock);
    }
    for (unsigned i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    if (n_threads == 0)
        run_one_by_one(replay, totals, writer);
    pthread_cond_destroy(&crew.moved);
    pthread_mutex_destroy(&crew.lock);
    free(crew.results);
    free(crew.done);
    free(threads);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static void print_result(const struct replay *replay, struct replay_totals *totals)
{
    replay_denials_sort(&totals->denials);
    if (replay->form == REPLAY_SUMMARY)
        replay_summary_print(replay, totals, stdout);
    else if (replay->form == REPLAY_JSON)
        replay_json_summary(replay, totals, stdout);
}

static int exit_code(const struct replay *replay, const struct replay_totals *t)
{
    if (replay->inputs.n_errors > 0 || t->errors > 0 || t->damaged_files > 0 || t->write_errors > 0 ||
        t->counts.unknown_link > 0 || t->interrupted)
        return PS_EXIT_ERROR;
    return t->denied > 0 ? PS_EXIT_DENIED : PS_EXIT_FINE;
}

static int judge_all(struct replay *replay)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    struct replay_writer writer = {.path = replay->write_denied};
    struct replay_totals totals;
    char err[512];
    int answer;

    if (writer.path != NULL && (writer.file = fopen(writer.path, "wb")) == NULL) {
        fprintf(stderr, "%s: error: %s\n", writer.path, strerror(errno));
        return PS_EXIT_ERROR;
    }
    replay->interrupted = &interrupted;
    sigaction(SIGINT, &action, NULL);
    replay_totals_init(&totals, &replay->plant.image);
    replay->progress = replay_progress_new(&replay->inputs);
    if (replay->jobs > 1 && replay->inputs.n > 1)
        run_crew(replay, &totals, &writer);
    else
        run_one_by_one(replay, &totals, &writer);
    replay_progress_free(replay->progress);
    totals.interrupted = interrupted != 0;
    if (!replay_writer_close(&writer, err, sizeof err)) {
        fprintf(stderr, "error: %s\n", err);
        totals.write_errors++;
    }
    print_result(replay, &totals);
    answer = exit_code(replay, &totals);
    replay_totals_fini(&totals);
    return answer;
}

struct wanted {
    bool json, pdus, flows;
    unsigned long jobs;
    const char **maps;
    size_t n_maps;
};

/* Reads the options. PS_EXIT_FINE, or the code to leave with in *leave. */
static bool read_options(struct ps_args *args, struct replay *replay, struct wanted *w, int *leave)
{
    const char *value;
    int option;

    *leave = PS_EXIT_USAGE;
    while ((option = ps_args_next(args, &value)) >= 0) {
        w->json = w->json || option == OPTION_JSON;
        w->pdus = w->pdus || option == OPTION_PDUS;
        w->flows = w->flows || option == OPTION_FLOWS;
        replay->inline_ = replay->inline_ || option == OPTION_INLINE;
        if (option == OPTION_WRITE_DENIED)
            replay->write_denied = value;
        if (option == OPTION_JOBS && !ps_args_number(args, value, 1, JOBS_MAX, &w->jobs))
            return false;
        if (option == OPTION_CHECKSUMS && !ps_args_checksums(args, value, &replay->checksums))
            return false;
        if (option == OPTION_MAP) {
            w->maps = ps_need(realloc(w->maps, (w->n_maps + 1) * sizeof *w->maps));
            w->maps[w->n_maps++] = value;
        }
    }
    if (option == PS_ARGS_STOP)
        *leave = PS_EXIT_FINE;
    if (option != PS_ARGS_END)
        return false;
    if (args->n_rest < 2)
        ps_args_wrong(args, args->n_rest == 0 ? "which plant file, and which captures?" : "which captures?");
    else if (w->json && w->pdus)
        ps_args_wrong(args, "--json and --pdus exclude each other");
    else if (w->flows && !w->json)
        ps_args_wrong(args, "--flows needs --json");
    else
        return true;
    return false;
}

static int run(struct ps_args *args)
{
    struct replay replay = {.checksums = PS_CHECKSUMS_AUTO};
    struct wanted w = {.jobs = 1};
    int answer = PS_EXIT_ERROR;

    if (!read_options(args, &replay, &w, &answer)) {
        free(w.maps);
        return answer;
    }
    replay.form = w.json ? REPLAY_JSON : w.pdus ? REPLAY_PDUS : REPLAY_SUMMARY;
    replay.flow_events = w.flows;
    replay.jobs = (unsigned)w.jobs;
    replay.n_maps = w.n_maps;
    answer = PS_EXIT_ERROR;
    if (ps_plant_open(&replay.plant, args->rest[0], w.maps, w.n_maps)) {
        /* the image says it all, in a fraction of the memory */
        ps_model_free(replay.plant.model);
        replay.plant.model = NULL;
        ps_inputs_collect(&replay.inputs, args->rest + 1, args->n_rest - 1);
        if (replay.inputs.n == 0)
            fputs("penstock replay: error: no captures there\n", stderr);
        else
            answer = judge_all(&replay);
        ps_inputs_fini(&replay.inputs);
    }
    ps_plant_fini(&replay.plant);
    free(w.maps);
    return answer;
}

const struct ps_command ps_command_replay = {
    .name = "replay",
    .arguments = "plant.conf FILE|DIR...",
    .line = "Judge captures against a plant file",
    .help = "Captures are pcap or pcapng, also in gzip; '-' is standard input; directories are searched.\n\n"
            "Exit status: 0 nothing denied, 3 something denied (also where a conduit only monitors),\n"
            "1 an error, also a damaged capture, 2 wrong usage.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
