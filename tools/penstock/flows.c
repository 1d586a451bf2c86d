/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flows.c - penstock flows: who talks to whom through the running gateway, now.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "text.h"

enum { OPTION_CONDUIT = PS_LIVE_FIRST_OWN, OPTION_MAX };

static const struct ps_option options[] = {
    PS_LIVE_OPTIONS,
    [OPTION_CONDUIT] = {"conduit", 0, "NAME", "only flows of this conduit"},
    [OPTION_MAX] = {"max", 0, "N", "at most N flows; 1000 without it"},
};

static void print_end(const json_t *end)
{
    const char *asset = ps_live_text(end, "asset"), *address = ps_live_text(end, "address");
    char text[128];

    snprintf(text, sizeof text, "%s", asset[0] != '\0' ? asset : address[0] != '\0' ? address : ps_live_text(end, "mac"));
    if (ps_live_number(end, "port") != 0)
        snprintf(text + strlen(text), sizeof text - strlen(text), ":%llu",
                 (unsigned long long)ps_live_number(end, "port"));
    printf("%-24s ", text);
}

static void print(const json_t *o)
{
    const json_t *list = json_object_get(o, "flows");
    char age[32], count[PS_COUNT_TEXT_MAX];

    printf("%-24s %-24s %-12s %-20s %-10s %10s %8s\n", "CLIENT", "SERVER", "PROTOCOL", "CONDUIT", "STATE", "PACKETS", "IDLE");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *flow = json_array_get(list, i);
        const char *protocol = ps_live_text(flow, "protocol"), *reason = ps_live_text(flow, "reason");

        print_end(json_object_get(flow, "client"));
        print_end(json_object_get(flow, "server"));
        printf("%-12s %-20s %-10s %10s %8s%s%s\n", protocol[0] != '\0' ? protocol : ps_live_text(flow, "flow"),
               ps_live_text(flow, "conduit"), ps_live_text(flow, "state"),
               ps_text_count(ps_live_number(flow, "packets"), count),
               ps_live_age(ps_live_number(flow, "idle_ms") / 1000, age), reason[0] != '\0' ? "  " : "", reason);
    }
    if (ps_live_yes(o, "more"))
        puts("there are more: see --max and --conduit");
}

static int run(struct ps_args *args)
{
    json_t *request = json_pack("{s:s}", "verb", "flows");
    struct ps_live_args live = {0};
    const char *value;
    unsigned long max;
    int option, answer;

    while ((option = ps_args_next(args, &value)) >= 0) {
        if (ps_live_take(&live, option, value))
            continue;
        if (option == OPTION_CONDUIT)
            json_object_set_new(request, "conduit", json_string(value));
        else if (!ps_args_number(args, value, 1, 20000, &max))
            break;
        else
            json_object_set_new(request, "max", json_integer((json_int_t)max));
    }
    if (ps_live_rest(args, option, 0, NULL, &answer))
        return ps_live_show(&live, request, print);
    json_decref(request);
    return answer;
}

const struct ps_command ps_command_flows = {
    .name = "flows",
    .arguments = "",
    .line = "List who talks to whom through the running gateway",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
