/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reload.c - penstock reload, penstock confirm: another policy for the running gateway.
 */
#include <stdio.h>
#include <string.h>

#include "findings_json.h"
#include "live.h"
#include "text.h"

enum { OPTION_CONFIRM = PS_LIVE_FIRST_OWN };

static const struct ps_option reload_options[] = {
    PS_LIVE_OPTIONS,
    [OPTION_CONFIRM] = {"confirm", 0, "SECONDS", "go back by itself unless 'penstock confirm' comes in time"},
};
static const struct ps_option confirm_options[] = {PS_LIVE_OPTIONS};

struct name {
    char text[2 * PS_LIVE_END_MAX + 64];
};

/* "eng-ws -> plc-1 tcp/502"; what could not go on only because it is to be judged otherwise may be opened again. */
static struct name name_of(const json_t *flow)
{
    char client[PS_LIVE_END_MAX], server[PS_LIVE_END_MAX];
    bool changed = strcmp(ps_live_text(flow, "reason"), "policy-changed") == 0;
    struct name name;

    snprintf(name.text, sizeof name.text, "%s -> %s %s%s", ps_live_end(flow, "client", client),
             ps_live_end(flow, "server", server), ps_live_text(flow, "flow"), changed ? ": to be opened anew" : "");
    return name;
}

static bool is_named(const json_t *flows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name_of(json_array_get(flows, i)).text, name) == 0)
            return true;
    return false;
}

/* Each pair of ends once. */
static void print_refused(const json_t *o)
{
    const json_t *flows = json_object_get(o, "refused");
    size_t n = json_array_size(flows);
    uint64_t more = ps_live_number(o, "flows_refused") - n;
    char count[PS_COUNT_TEXT_MAX];

    for (size_t i = 0; i < n; i++) {
        struct name name = name_of(json_array_get(flows, i));

        if (!is_named(flows, i, name.text))
            printf("%s%s", i == 0 ? " (" : ", ", name.text);
    }
    if (n > 0 && more > 0)
        printf(", and %s more", ps_text_count(more, count));
    if (n > 0)
        putchar(')');
}

static void print_reload(const json_t *o)
{
    uint64_t flows = ps_live_number(o, "flows_rejudged");
    char count[PS_COUNT_TEXT_MAX];

    ps_findings_text(o, stderr);
    printf("%s revision %llu, digest %.8s: loaded as generation %llu in %.0f ms; ", ps_live_text(o, "plant"),
           (unsigned long long)ps_live_number(o, "revision"), ps_live_text(o, "digest"),
           (unsigned long long)ps_live_number(o, "generation"), json_real_value(json_object_get(o, "in_force_ms")));
    printf("%s flow%s re-judged, ", ps_text_count(flows, count), ps_text_s(flows));
    printf("%s no longer allowed", ps_text_count(ps_live_number(o, "flows_refused"), count));
    print_refused(o);
    putchar('\n');
    if (!ps_live_yes(o, "settled"))
        puts("some flows are still to be judged by it; each is at its next packet");
    if (ps_live_number(o, "confirm_s") > 0)
        printf("within %llu s: penstock confirm; else it goes back\n",
               (unsigned long long)ps_live_number(o, "confirm_s"));
}

static int run_reload(struct ps_args *args)
{
    struct ps_live_args live = {0};
    unsigned long confirm_s = 0;
    const char *value;
    int option, answer;

    while ((option = ps_args_next(args, &value)) >= 0)
        if (!ps_live_take(&live, option, value) && !ps_args_number(args, value, 1, 86400, &confirm_s))
            return PS_EXIT_USAGE;
    if (!ps_live_rest(args, option, 0, "it takes no arguments; the plant file is named in penstockd.conf", &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s, s:I}", "verb", "reload", "confirm", (json_int_t)confirm_s),
                        print_reload);
}

static void print_confirm(const json_t *o)
{
    printf("digest %.8s, generation %llu: confirmed\n", ps_live_text(o, "digest"),
           (unsigned long long)ps_live_number(o, "generation"));
}

static int run_confirm(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 0, &live, &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s}", "verb", "confirm"), print_confirm);
}

const struct ps_command ps_command_reload = {
    .name = "reload",
    .arguments = "",
    .line = "Have the running gateway read its plant file again",
    .help = "When the file has errors the policy in force stays. Exit status: 0 in force, 1 not, 2 wrong usage.",
    .options = reload_options,
    .n_options = sizeof reload_options / sizeof reload_options[0],
    .run = run_reload,
};

const struct ps_command ps_command_confirm = {
    .name = "confirm",
    .arguments = "",
    .line = "Keep what 'reload --confirm' put in force",
    .options = confirm_options,
    .n_options = sizeof confirm_options / sizeof confirm_options[0],
    .run = run_confirm,
};
