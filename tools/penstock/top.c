/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * top.c - penstock top: rates of the running gateway by conduit, and its last refusals, until Ctrl-C.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live.h"
#include "text.h"

enum { OPTION_SECONDS = PS_LIVE_FIRST_OWN, OPTION_COUNT };

static const struct ps_option options[] = {
    PS_REMOTE_OPTION,
    {"json", 0, NULL, "print one JSON object per round"},
    [OPTION_SECONDS] = {"seconds", 's', "S", "between two rounds; 2 without it"},
    [OPTION_COUNT] = {"count", 'n', "N", "end after N rounds"},
};

#define ROWS 20 /* of refusals and conduits that are shown */

struct wish {
    struct ps_live_args live;
    unsigned long seconds, count;
};

/* One round of answers. */
struct round {
    json_t *status, *conduits, *events;
    uint64_t time_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool ask(struct ps_remote *remote, const char *verb, json_t **reply)
{
    *reply = ps_remote_ask(remote, json_pack("{s:s}", "verb", verb), NULL);
    return *reply != NULL;
}

static bool ask_all(struct ps_remote *remote, struct round *round)
{
    memset(round, 0, sizeof *round);
    round->time_ms = now_ms();
    return ask(remote, "status", &round->status) && ps_remote_ok(round->status) &&
           ask(remote, "conduits", &round->conduits) && ask(remote, "events", &round->events);
}

static void forget(struct round *round)
{
    json_decref(round->status);
    json_decref(round->conduits);
    json_decref(round->events);
    memset(round, 0, sizeof *round);
}

/* A conduit of the round before, by name. */
static const json_t *find(const struct round *round, const char *name)
{
    const json_t *list = json_object_get(round->conduits, "conduits");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(ps_live_text(json_array_get(list, i), "conduit"), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

static double rate(const json_t *now, const json_t *before, const char *key, uint64_t ms)
{
    uint64_t a = ps_live_number(before, key), b = ps_live_number(now, key);

    return before == NULL || b < a || ms == 0 ? 0 : 1000.0 * (double)(b - a) / (double)ms;
}

/* before: the same a round ago, NULL: it was not there. */
static void print_row(const json_t *conduit, const json_t *before, const char *name, uint64_t ms)
{
    char denied[PS_COUNT_TEXT_MAX];

    printf("%-32s %8s %12.1f %12.1f %10.1f %14s\n", name,
           ps_live_yes(conduit, "closed") ? "closed" : ps_live_text(conduit, "mode"),
           rate(conduit, before, "packets", ms), rate(conduit, before, "allowed", ms), rate(conduit, before, "denied", ms),
           ps_text_count(ps_live_number(conduit, "denied"), denied));
}

static void print_conduits(const struct round *now, const struct round *before)
{
    const json_t *list = json_object_get(now->conduits, "conduits");
    const json_t *none = json_object_get(now->conduits, "no_conduit");
    uint64_t ms = now->time_ms - before->time_ms;

    printf("\n%-32s %8s %12s %12s %10s %14s\n", "CONDUIT", "MODE", "PACKETS/S", "ALLOWED/S", "DENIED/S", "DENIED");
    for (size_t i = 0; i < json_array_size(list) && i < ROWS; i++) {
        const char *name = ps_live_text(json_array_get(list, i), "conduit");

        print_row(json_array_get(list, i), find(before, name), name, ms);
    }
    if (json_array_size(list) > ROWS)
        printf("and %zu more\n", json_array_size(list) - ROWS);
    if (ps_live_number(none, "denied") > 0)
        print_row(none, json_object_get(before->conduits, "no_conduit"), "no conduit", ms);
}

static void print_round(const struct round *now, const struct round *before, bool terminal)
{
    const json_t *last = json_object_get(now->events, "last"), *workers = json_object_get(now->status, "workers");
    char flows[PS_COUNT_TEXT_MAX];

    if (terminal)
        fputs("\033[H\033[J", stdout);
    ps_live_print_policy(now->status);
    printf("; flows %s", ps_text_count(ps_live_number(now->status, "use.flows"), flows));
    for (size_t i = 0; i < json_array_size(workers); i++)
        printf("%s worker %zu %llu %% busy", i > 0 ? "," : ";", i,
               (unsigned long long)ps_live_number(json_array_get(workers, i), "busy_percent"));
    putchar('\n');
    print_conduits(now, before);
    puts("\nLAST REFUSALS");
    for (size_t i = 0; i < json_array_size(last) && i < ROWS; i++)
        ps_live_print_event(json_array_get(last, i), stdout);
    fflush(stdout);
}

static void print_json(const struct round *now)
{
    json_t *o = json_pack("{s:O, s:O, s:O}", "status", now->status, "conduits", now->conduits, "last",
                          json_object_get(now->events, "last"));

    ps_live_print_json(o);
    json_decref(o);
    fflush(stdout);
}

static int watch(struct ps_remote *remote, const struct wish *wish)
{
    struct round before = {0}, now;
    bool terminal = isatty(STDOUT_FILENO) != 0;

    for (unsigned long n = 0; !ps_live_stopped && (wish->count == 0 || n < wish->count); n++) {
        if (n > 0)
            sleep((unsigned)wish->seconds); /* Ctrl-C ends it early */
        if (ps_live_stopped)
            break;
        if (!ask_all(remote, &now)) {
            forget(&now);
            forget(&before);
            return PS_EXIT_ERROR;
        }
        if (wish->live.json)
            print_json(&now);
        else
            print_round(&now, &before, terminal);
        forget(&before);
        before = now;
    }
    forget(&before);
    return PS_EXIT_FINE;
}

static int run(struct ps_args *args)
{
    struct wish wish = {.seconds = 2};
    struct ps_remote *remote;
    const char *value;
    int option, answer;

    while ((option = ps_args_next(args, &value)) >= 0)
        if (!ps_live_take(&wish.live, option, value) &&
            !ps_args_number(args, value, 1, 3600, option == OPTION_SECONDS ? &wish.seconds : &wish.count))
            return PS_EXIT_USAGE;
    if (!ps_live_rest(args, option, 0, NULL, &answer))
        return answer;
    ps_live_catch_stop();
    remote = ps_remote_open(wish.live.socket);
    if (remote == NULL)
        return PS_EXIT_ERROR;
    answer = watch(remote, &wish);
    ps_remote_close(remote);
    return answer;
}

const struct ps_command ps_command_top = {
    .name = "top",
    .arguments = "",
    .line = "Watch the running gateway: rates by conduit, last refusals",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
