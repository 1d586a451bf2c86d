/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.c - penstock events: the last refusals, and with -f everything as it happens.
 */
#include <stdio.h>

#include "live.h"

enum { OPTION_FOLLOW = PS_LIVE_FIRST_OWN, OPTION_COUNT };

static const struct ps_option options[] = {
    PS_REMOTE_OPTION,
    {"json", 0, NULL, "print events as JSON, one object per line (docs/events.md)"},
    [OPTION_FOLLOW] = {"follow", 'f', NULL, "go on with what happens from now on, until Ctrl-C"},
    [OPTION_COUNT] = {"count", 'n', "N", "the last N refusals; with --follow: end after N events"},
};

struct wish {
    struct ps_live_args live;
    bool follow;
    unsigned long count; /* 0: no end */
};

static void print(const struct wish *wish, const json_t *event)
{
    if (wish->live.json)
        ps_live_print_json(event);
    else
        ps_live_print_event(event, stdout);
    fflush(stdout);
}

static int follow(struct ps_remote *remote, const struct wish *wish)
{
    for (unsigned long n = 0; wish->count == 0 || n < wish->count; n++) {
        json_t *event = ps_remote_next(remote, &ps_live_stopped);

        if (event == NULL && ps_live_stopped)
            return PS_EXIT_FINE;
        if (event == NULL) {
            fputs("penstock events: error: penstockd hung up\n", stderr);
            return PS_EXIT_ERROR;
        }
        print(wish, event);
        json_decref(event);
    }
    return PS_EXIT_FINE;
}

static int show(struct ps_remote *remote, const struct wish *wish)
{
    json_t *reply = ps_remote_ask(remote, json_pack("{s:s, s:b}", "verb", "events", "follow", wish->follow), NULL);
    const json_t *last = json_object_get(reply, "last");
    bool good = reply != NULL && ps_remote_ok(reply);
    size_t n = json_array_size(last);

    if (wish->count > 0 && n > wish->count)
        n = wish->count;
    while (good && !wish->follow && n-- > 0)
        print(wish, json_array_get(last, n));
    if (good && !wish->follow && !wish->live.json && json_array_size(last) == 0)
        puts("nothing was refused since the start");
    json_decref(reply);
    if (!good)
        return PS_EXIT_ERROR;
    return wish->follow ? follow(remote, wish) : PS_EXIT_FINE;
}

static int run(struct ps_args *args)
{
    struct wish wish = {0};
    struct ps_remote *remote;
    const char *value;
    int option, answer;

    while ((option = ps_args_next(args, &value)) >= 0) {
        if (ps_live_take(&wish.live, option, value))
            continue;
        if (option == OPTION_FOLLOW)
            wish.follow = true;
        else if (!ps_args_number(args, value, 1, 1000000000, &wish.count))
            return PS_EXIT_USAGE;
    }
    if (!ps_live_rest(args, option, 0, NULL, &answer))
        return answer;
    ps_live_catch_stop();
    remote = ps_remote_open(wish.live.socket);
    if (remote == NULL)
        return PS_EXIT_ERROR;
    answer = show(remote, &wish);
    ps_remote_close(remote);
    return answer;
}

const struct ps_command ps_command_events = {
    .name = "events",
    .arguments = "",
    .line = "Print what the running gateway refuses, and what is done to it",
    .help = "Without --follow: the last refusals. An operation can be copied from here into penstock explain.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
