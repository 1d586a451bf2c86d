/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * conduits.c - penstock conduits: what crossed each conduit since the policy in force was loaded.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "text.h"

static const struct ps_option options[] = {PS_LIVE_OPTIONS};

static void print_number(uint64_t n)
{
    char text[PS_COUNT_TEXT_MAX];

    printf(" %12s", ps_text_count(n, text));
}

static void print_reasons(const json_t *conduit)
{
    json_t *reasons = json_object_get(conduit, "denied_by_reason"), *n;
    const char *reason;

    json_object_foreach(reasons, reason, n) {
        printf("  - %-30s %8s %12s %12s", reason, "", "", "");
        print_number((uint64_t)json_integer_value(n));
        putchar('\n');
    }
}

static void print_conduit(const json_t *conduit, const char *name)
{
    json_t *rules = json_object_get(conduit, "allowed_by_rule"), *n;
    const char *rule, *mode = ps_live_yes(conduit, "closed") ? "closed" : ps_live_text(conduit, "mode");

    printf("%-34s %8s", name, mode);
    print_number(ps_live_number(conduit, "flows"));
    print_number(ps_live_number(conduit, "allowed"));
    print_number(ps_live_number(conduit, "denied"));
    putchar('\n');
    json_object_foreach(rules, rule, n) {
        printf("  %-32s %8s %12s", rule, "", "");
        print_number((uint64_t)json_integer_value(n));
        putchar('\n');
    }
    print_reasons(conduit);
}

static void print(const json_t *o)
{
    const json_t *list = json_object_get(o, "conduits"), *none = json_object_get(o, "no_conduit");

    printf("digest %.8s, generation %llu, since %.19s\n\n", ps_live_text(o, "digest"),
           (unsigned long long)ps_live_number(o, "generation"), ps_live_text(o, "since"));
    printf("%-34s %8s %12s %12s %12s\n", "CONDUIT / RULE", "MODE", "FLOWS", "ALLOWED", "DENIED");
    for (size_t i = 0; i < json_array_size(list); i++)
        print_conduit(json_array_get(list, i), ps_live_text(json_array_get(list, i), "conduit"));
    if (ps_live_number(none, "flows") + ps_live_number(none, "denied") > 0)
        print_conduit(none, "no conduit");
}

static int run(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 0, &live, &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s}", "verb", "conduits"), print);
}

const struct ps_command ps_command_conduits = {
    .name = "conduits",
    .arguments = "",
    .line = "Count what crosses each conduit of the running gateway",
    .help = "By conduit and rule, and by reason where it was refused, since the policy in force was loaded.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
