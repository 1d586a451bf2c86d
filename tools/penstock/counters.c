/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * counters.c - penstock counters, penstock reasons: numbers of the running gateway since it was started.
 */
#include <stdio.h>

#include "live.h"
#include "text.h"

static const struct ps_option options[] = {PS_LIVE_OPTIONS};

static void print_number(const char *name, uint64_t n)
{
    char count[PS_COUNT_TEXT_MAX];

    printf("%-48s %20s\n", name, ps_text_count(n, count));
}

/* Every number of an object, those of objects and lists in it under their names. */
static void print_numbers(const json_t *o, const char *prefix)
{
    const char *key;
    json_t *value;
    char name[128];

    json_object_foreach((json_t *)(uintptr_t)o, key, value) {
        const char *of = ps_live_text(value, "name");

        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
        if (json_is_object(value))
            print_numbers(value, name);
        else if (json_is_integer(value))
            print_number(name, (uint64_t)json_integer_value(value));
        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
            char one[160];

            of = ps_live_text(json_array_get(value, i), "name");
            if (of[0] != '\0')
                snprintf(one, sizeof one, "%s.%s", name, of);
            else
                snprintf(one, sizeof one, "%s.%zu", name, i);
            print_numbers(json_array_get(value, i), one);
        }
    }
}

static void print_counters(const json_t *o)
{
    static const char *const parts[] = {"engine", "denied_by_class", "denied_by_reason", "pdus", "ports", "workers"};

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_t *part = json_pack("{s:O}", parts[i], json_object_get(o, parts[i]));

        print_numbers(part, "");
        json_decref(part);
    }
    print_number("events", ps_live_number(o, "events"));
    print_number("refusals", ps_live_number(o, "refusals"));
}

static void print_reasons(const json_t *o)
{
    const json_t *list = json_object_get(o, "reasons");
    char count[PS_COUNT_TEXT_MAX];

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);

        printf("%12s  %-26s %s\n", ps_text_count(ps_live_number(row, "count"), count), ps_live_text(row, "reason"),
               ps_live_text(row, "sentence"));
    }
    if (json_array_size(list) == 0)
        puts("nothing was refused");
}

static int run_counters(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 0, &live, &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s}", "verb", "counters"), print_counters);
}

static int run_reasons(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 0, &live, &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s}", "verb", "reasons"), print_reasons);
}

const struct ps_command ps_command_counters = {
    .name = "counters",
    .arguments = "",
    .line = "Print every counter of the running gateway",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run_counters,
};

const struct ps_command ps_command_reasons = {
    .name = "reasons",
    .arguments = "",
    .line = "Count what the running gateway refused, by reason",
    .help = "'penstock words' lists all reasons.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run_reasons,
};
