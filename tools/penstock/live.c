/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "text.h"

volatile sig_atomic_t ps_live_stopped;

static void stop(int signal)
{
    (void)signal;
    ps_live_stopped = 1;
}

void ps_live_catch_stop(void)
{
    struct sigaction action = {.sa_handler = stop};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static const json_t *find(const json_t *o, const char *path)
{
    char key[64];
    const char *dot;

    while ((dot = strchr(path, '.')) != NULL) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        o = json_object_get(o, key);
        path = dot + 1;
    }
    return json_object_get(o, path);
}

const char *ps_live_text(const json_t *o, const char *path)
{
    const char *text = json_string_value(find(o, path));

    return text != NULL ? text : "";
}

uint64_t ps_live_number(const json_t *o, const char *path)
{
    return (uint64_t)json_integer_value(find(o, path));
}

bool ps_live_yes(const json_t *o, const char *path)
{
    return json_is_true(find(o, path));
}

void ps_live_print_policy(const json_t *status)
{
    const json_t *policy = json_object_get(status, "policy");
    const char *state = "no conduit: nothing passes";

    printf("%s ", ps_live_text(status, "gateway"));
    if (!json_is_object(policy)) {
        printf("%sno policy: nothing passes%s", ps_text_colour(stdout, PS_COLOUR_RED), ps_text_colour(stdout, PS_COLOUR_PLAIN));
        return;
    }
    if (ps_live_yes(status, "island.all"))
        state = "closed (island)";
    else if (ps_live_number(status, "conduits.enforce") > 0)
        state = "enforcing";
    else if (ps_live_number(status, "conduits.monitor") > 0)
        state = "monitoring";
    else if (ps_live_number(status, "conduits.closed") > 0)
        state = "closed (island)";
    printf("%s, revision %llu, digest %.8s, generation %llu", state, (unsigned long long)ps_live_number(policy, "revision"),
           ps_live_text(policy, "digest"), (unsigned long long)ps_live_number(policy, "generation"));
}

void ps_live_print_json(const json_t *o)
{
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
}

const char *ps_live_age(uint64_t seconds, char text[32])
{
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "min"}, {1, "s"}};
    unsigned i = 0;

    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    snprintf(text, 32, "%llu %s%s", (unsigned long long)(seconds / units[i].seconds), units[i].unit,
             i < 2 ? ps_text_s(seconds / units[i].seconds) : "");
    return text;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

const char *ps_live_end(const json_t *o, const char *which, char text[PS_LIVE_END_MAX])
{
    const json_t *end = json_object_get(o, which);
    const char *asset = ps_live_text(end, "asset"), *address = ps_live_text(end, "address");

    snprintf(text, PS_LIVE_END_MAX, "%s", asset[0] != '\0' ? asset : address[0] != '\0' ? address : ps_live_text(end, "mac"));
    return text;
}

/* "12:04:33.120" of "2026-11-21T12:04:33.120000000+01:00" when that is today, else with its date. */
static void print_time(const json_t *event, FILE *out)
{
    const char *text = ps_live_text(event, "time"), *t = strchr(text, 'T');
    time_t now = time(NULL);
    char today[16] = "";
    struct tm tm;

    if (t == NULL)
        return;
    if (localtime_r(&now, &tm) != NULL)
        strftime(today, sizeof today, "%Y-%m-%d", &tm);
    if (strncmp(text, today, 10) != 0)
        fprintf(out, "%.10s ", text);
    fprintf(out, "%.12s ", t + 1);
}

uint64_t ps_live_seconds_since(const char *text)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    long offset;
    time_t then, now = time(NULL);

    if (rest != NULL)
        rest += strspn(rest, ".0123456789");
    if (rest == NULL || strptime(rest, "%z", &tm) == NULL)
        return 0;
    offset = tm.tm_gmtoff; /* timegm() sets it to 0 */
    then = timegm(&tm) - offset;
    return then < now ? (uint64_t)(now - then) : 0;
}

/* What the gateway tells of itself: all that it says, in its order. */
static void print_done(const json_t *event, FILE *out)
{
    const char *key, *who = ps_live_text(event, "who");
    json_t *value;

    fprintf(out, "%s %s", ps_live_text(event, "kind"), ps_live_text(event, "did"));
    if (who[0] != '\0')
        fprintf(out, " by %s", who);
    json_object_foreach((json_t *)(uintptr_t)event, key, value) {
        static const char *const known[] = {"kind", "time", "gateway", "did",   "who",
                                            "uid",  "pid",  "count",   "first", "last"};
        bool skip = false;

        for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
            skip = skip || strcmp(key, known[i]) == 0;
        if (skip)
            continue;
        fprintf(out, ", %s ", key);
        if (json_is_string(value))
            fprintf(out, strlen(json_string_value(value)) == 64 ? "%.8s" : "%s", json_string_value(value));
        else
            json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
    }
}

/* "scada-1 -> plc-1 modbus ..." */
static void print_what(const json_t *event, FILE *out)
{
    const char *operation = ps_live_text(event, "operation");
    char client[PS_LIVE_END_MAX], server[PS_LIVE_END_MAX];

    fprintf(out, "%s -> %s %s", ps_live_end(event, "client", client), ps_live_end(event, "server", server),
            operation[0] != '\0' ? operation : ps_live_text(event, "flow"));
}

/* " on scada-to-control (setpoints), 12 times" */
static void print_where(const json_t *event, FILE *out)
{
    const char *conduit = ps_live_text(event, "conduit"), *rule = ps_live_text(event, "rule");
    char count[PS_COUNT_TEXT_MAX];

    if (conduit[0] != '\0')
        fprintf(out, " on %s", conduit);
    if (rule[0] != '\0')
        fprintf(out, " (%s)", rule);
    if (ps_live_number(event, "count") > 1)
        fprintf(out, ", %s times", ps_text_count(ps_live_number(event, "count"), count));
}

void ps_live_print_refusal(const json_t *event, FILE *out)
{
    const char *last = ps_live_text(event, "last"), *time = last[0] != '\0' ? last : ps_live_text(event, "time");
    bool passed = strcmp(ps_live_text(event, "kind"), "would-deny") == 0;
    char age[32];

    fprintf(out, "%s ago%s: ", ps_live_age(ps_live_seconds_since(time), age), passed ? ", passed by monitor mode" : "");
    print_what(event, out);
    fprintf(out, ", %s", ps_live_text(event, "reason"));
    print_where(event, out);
    fputc('\n', out);
}

void ps_live_print_event(const json_t *event, FILE *out)
{
    const char *kind = ps_live_text(event, "kind");
    bool bad = strcmp(kind, "deny") == 0 || strcmp(kind, "malformed") == 0;
    char count[PS_COUNT_TEXT_MAX];

    print_time(event, out);
    if (strcmp(kind, "missed") == 0) {
        fprintf(out, "missed %s: read too slowly\n", ps_text_count(ps_live_number(event, "count"), count));
        return;
    }
    if (json_object_get(event, "client") == NULL) {
        print_done(event, out);
        if (ps_live_number(event, "count") > 1)
            fprintf(out, ", %s times", ps_text_count(ps_live_number(event, "count"), count));
    } else {
        fprintf(out, "%s%s%s %s ", ps_text_colour(out, bad ? PS_COLOUR_RED : PS_COLOUR_YELLOW), kind,
                ps_text_colour(out, PS_COLOUR_PLAIN), ps_live_text(event, "reason"));
        print_what(event, out);
        print_where(event, out);
    }
    fputc('\n', out);
}

/* ---- command lines ----------------------------------------------------------------------------------------------- */

bool ps_live_take(struct ps_live_args *live, int option, const char *value)
{
    if (option == PS_LIVE_SOCKET)
        live->socket = value;
    else if (option == PS_LIVE_JSON)
        live->json = true;
    else
        return false;
    return true;
}

bool ps_live_rest(const struct ps_args *args, int option, size_t max_rest, const char *complaint, int *answer)
{
    if (complaint == NULL)
        complaint = max_rest == 0 ? "it takes no arguments" : "too many arguments";
    *answer = option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (option != PS_ARGS_END)
        return false;
    if (args->n_rest > max_rest)
        *answer = ps_args_wrong(args, "%s", complaint);
    return args->n_rest <= max_rest;
}

bool ps_live_args(struct ps_args *args, size_t max_rest, struct ps_live_args *out, int *answer)
{
    const char *value;
    int option;

    *out = (struct ps_live_args){0};
    while ((option = ps_args_next(args, &value)) >= 0)
        ps_live_take(out, option, value);
    return ps_live_rest(args, option, max_rest, NULL, answer);
}

int ps_live_show(const struct ps_live_args *args, json_t *request, void (*print)(const json_t *reply))
{
    json_t *reply = ps_remote_once(args->socket, request);
    bool good = reply != NULL && ps_remote_ok(reply);

    if (reply != NULL && args->json)
        ps_live_print_json(reply);
    else if (good)
        print(reply);
    json_decref(reply);
    return good ? PS_EXIT_FINE : PS_EXIT_ERROR;
}
