/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * island.c - penstock island, penstock mode: conduits closed, or judged otherwise, by hand.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"

enum { OPTION_ZONE = PS_LIVE_FIRST_OWN, OPTION_CONDUIT };

static const struct ps_option island_options[] = {
    PS_LIVE_OPTIONS,
    [OPTION_ZONE] = {"zone", 0, "NAME", "only the conduits of this zone"},
    [OPTION_CONDUIT] = {"conduit", 0, "NAME", "only this conduit"},
};
static const struct ps_option mode_options[] = {PS_LIVE_OPTIONS};

static void print_island(const json_t *o)
{
    const json_t *island = json_object_get(o, "island"), *zones = json_object_get(island, "zones"),
                 *conduits = json_object_get(island, "conduits");

    if (ps_live_yes(island, "all"))
        printf("every conduit is closed");
    else if (json_array_size(zones) + json_array_size(conduits) == 0)
        printf("no conduit is closed");
    else
        printf("closed:");
    for (size_t i = 0; !ps_live_yes(island, "all") && i < json_array_size(zones); i++)
        printf(" zone %s", json_string_value(json_array_get(zones, i)));
    for (size_t i = 0; !ps_live_yes(island, "all") && i < json_array_size(conduits); i++)
        printf(" conduit %s", json_string_value(json_array_get(conduits, i)));
    printf("; in force after %.1f ms\n", json_real_value(json_object_get(o, "in_force_ms")));
}

static int run_island(struct ps_args *args)
{
    struct ps_live_args live = {0};
    json_t *request = json_pack("{s:s}", "verb", "island");
    const char *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0)
        if (!ps_live_take(&live, option, value))
            json_object_set_new(request, option == OPTION_ZONE ? "zone" : "conduit", json_string(value));
    if (option == PS_ARGS_END && args->n_rest == 1 &&
        (strcmp(args->rest[0], "on") == 0 || strcmp(args->rest[0], "off") == 0)) {
        json_object_set_new(request, "on", json_boolean(strcmp(args->rest[0], "on") == 0));
        return ps_live_show(&live, request, print_island);
    }
    json_decref(request);
    if (option == PS_ARGS_END)
        return ps_args_wrong(args, "on or off?");
    return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
}

static void print_mode(const json_t *o)
{
    const char *conduit, *before = "by hand: ";
    json_t *mode;

    json_object_foreach(json_object_get(o, "modes"), conduit, mode) {
        printf("%s%s %s", before, conduit, json_string_value(mode));
        before = ", ";
    }
    if (json_object_size(json_object_get(o, "modes")) == 0)
        printf("every conduit is in the mode that the plant file says");
    printf("; in force after %.1f ms\n", json_real_value(json_object_get(o, "in_force_ms")));
}

static int run_mode(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 2, &live, &answer))
        return answer;
    if (args->n_rest != 2 || (strcmp(args->rest[1], "enforce") != 0 && strcmp(args->rest[1], "monitor") != 0 &&
                              strcmp(args->rest[1], "plant") != 0))
        return ps_args_wrong(args, "which conduit, and which mode: enforce, monitor or plant?");
    return ps_live_show(&live, json_pack("{s:s, s:s, s:s}", "verb", "mode", "conduit", args->rest[0], "mode",
                                         args->rest[1]), print_mode);
}

const struct ps_command ps_command_island = {
    .name = "island",
    .arguments = "on|off",
    .line = "Close every conduit of the running gateway at once, or open them again",
    .help = "It outlives reloads and restarts. 'island off' alone opens everything that was closed by hand.",
    .options = island_options,
    .n_options = sizeof island_options / sizeof island_options[0],
    .run = run_island,
};

const struct ps_command ps_command_mode = {
    .name = "mode",
    .arguments = "CONDUIT enforce|monitor|plant",
    .line = "Have a conduit of the running gateway enforced or only watched",
    .help = "plant: what the plant file says. It lasts until the gateway is restarted.",
    .options = mode_options,
    .n_options = sizeof mode_options / sizeof mode_options[0],
    .run = run_mode,
};
