/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * trace.c - penstock trace: the next packets through the running gateway, and what each stage made of them.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"

enum { OPTION_CONDUIT = PS_LIVE_FIRST_OWN, OPTION_ASSET, OPTION_PACKETS, OPTION_SECONDS };

static const struct ps_option options[] = {
    PS_LIVE_OPTIONS,
    [OPTION_CONDUIT] = {"conduit", 0, "NAME", "only packets of this conduit"},
    [OPTION_ASSET] = {"asset", 0, "NAME", "only packets from or to this asset"},
    [OPTION_PACKETS] = {"packets", 'n', "N", "how many; 10 without it"},
    [OPTION_SECONDS] = {"seconds", 0, "S", "and no longer than this; 30 without it"},
};

/* "psh+ack" */
static void print_flags(json_int_t flags)
{
    static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};
    const char *before = "";

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((flags >> i & 1) == 0)
            continue;
        printf("%s%s", before, names[i]);
        before = "+";
    }
    if (before[0] == '\0')
        fputs("none", stdout);
}

/* "key value" for each of an object's values. */
static void print_stage(const char *stage, const json_t *o)
{
    const char *key;
    json_t *value;

    if (json_object_size(o) == 0)
        return;
    printf("  %-8s", stage);
    json_object_foreach((json_t *)(uintptr_t)o, key, value) {
        printf(" %s ", key);
        if (strcmp(key, "tcp_flags") == 0)
            print_flags(json_integer_value(value));
        else if (json_is_string(value))
            printf("%s", json_string_value(value));
        else
            json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    }
    putchar('\n');
}

static void print(const json_t *o)
{
    static const char *const stages[] = {"decode", "flow", "stream", "inspect", "verdict"};
    const json_t *packets = json_object_get(o, "packets");

    for (size_t i = 0; i < json_array_size(packets); i++) {
        const json_t *packet = json_array_get(packets, i);

        printf("%s in at %s\n", ps_live_text(packet, "time"), ps_live_text(packet, "port"));
        for (unsigned s = 0; s < sizeof stages / sizeof stages[0]; s++)
            print_stage(stages[s], json_object_get(packet, stages[s]));
    }
    if (json_array_size(packets) == 0)
        puts("no such packet came");
}

/* Puts an option of its own into the request; false: after a complaint. */
static bool put_option(const struct ps_args *args, json_t *request, int option, const char *value)
{
    unsigned long number = 0;

    if (option == OPTION_CONDUIT || option == OPTION_ASSET) {
        json_object_set_new(request, option == OPTION_CONDUIT ? "conduit" : "asset", json_string(value));
        return true;
    }
    if (!ps_args_number(args, value, 1, option == OPTION_PACKETS ? 256 : 3600, &number))
        return false;
    json_object_set_new(request, option == OPTION_PACKETS ? "packets" : "seconds", json_integer((json_int_t)number));
    return true;
}

static int run(struct ps_args *args)
{
    json_t *request = json_pack("{s:s}", "verb", "trace");
    struct ps_live_args live = {0};
    const char *value;
    int option, answer;

    while ((option = ps_args_next(args, &value)) >= 0)
        if (!ps_live_take(&live, option, value) && !put_option(args, request, option, value))
            break;
    if (ps_live_rest(args, option, 0, NULL, &answer))
        return ps_live_show(&live, request, print);
    json_decref(request);
    return answer;
}

const struct ps_command ps_command_trace = {
    .name = "trace",
    .arguments = "",
    .line = "Show what each stage of the running gateway makes of the next packets",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
