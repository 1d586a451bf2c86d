/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check.c - penstock check: what a plant file says, and what is wrong with it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "findings_json.h"
#include "json.h"
#include "kernel.h"
#include "plant.h"
#include "policy.h"
#include "text.h"

enum { OPTION_PRINT, OPTION_IMAGE, OPTION_JSON, OPTION_FALLBACK, OPTION_GATEWAY, OPTION_SHAPE, N_OPTIONS };

static const struct ps_option options[] = {
    [OPTION_PRINT] = {"print", 0, NULL, "print the plant file in canonical form; findings go to stderr"},
    [OPTION_IMAGE] = {"image", 0, NULL, "print what it compiles to; findings go to stderr"},
    [OPTION_JSON] = {"json", 0, NULL, "print one JSON object"},
    [OPTION_FALLBACK] = {"fallback", 0, NULL, "print what the kernel enforces of it without DPDK; findings go to stderr"},
    [OPTION_GATEWAY] = {"gateway", 'g', "NAME", "with --fallback: which gateway, if there are several"},
    [OPTION_SHAPE] = {"shape", 0, "SHAPE", "with --fallback: bump, routed or bridge"},
};

/* yyyymmdd: exceptions run out. SOURCE_DATE_EPOCH stands for today where output must be reproducible. */
static uint32_t today(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static void print_first_line(const struct ps_plant *plant, const char *path)
{
    const struct ps_model *m = plant->model;

    printf("%s, revision %u: %u zone%s, %u asset%s, %u conduit%s, %u rule%s; ", m->site[0] != '\0' ? m->site : path,
           m->revision, m->n_zones, ps_text_s(m->n_zones), m->n_assets, ps_text_s(m->n_assets), m->n_conduits,
           ps_text_s(m->n_conduits), m->n_rules, ps_text_s(m->n_rules));
    if (plant->data != NULL)
        printf("digest %.*s\n", PS_DIGEST_SHORT, plant->digest);
    else
        printf("no digest\n");
}

static void print_text(struct ps_plant *plant, const char *path, FILE *findings)
{
    if (plant->model != NULL && findings == stdout)
        print_first_line(plant, path);
    ps_plant_findings_print(&plant->diags, findings);
    if (plant->diags.n > 0)
        fprintf(findings, "%zu error%s, %zu warning%s\n", plant->diags.n_errors, ps_text_s(plant->diags.n_errors),
                plant->diags.n_warnings, ps_text_s(plant->diags.n_warnings));
}

static int check(const char *path, const bool wanted[])
{
    struct ps_plant plant;
    bool only = wanted[OPTION_PRINT] || wanted[OPTION_IMAGE];
    int answer;

    if (ps_plant_load(&plant, path)) {
        ps_plant_compile(&plant);
        ps_lint_rules(plant.model, &plant.diags);
        ps_lint_zones(plant.model, today(), &plant.diags);
    }
    if (wanted[OPTION_JSON])
        ps_json_print(ps_findings_json(&plant), stdout);
    else
        print_text(&plant, path, only ? stderr : stdout);
    if (wanted[OPTION_PRINT] && plant.model != NULL)
        ps_policy_print(plant.model, stdout);
    if (wanted[OPTION_IMAGE] && plant.data != NULL)
        ps_image_print(plant.data, (size_t)plant.image.len, stdout);
    answer = plant.diags.n_errors > 0 ? PS_EXIT_ERROR : PS_EXIT_FINE;
    ps_plant_fini(&plant);
    return answer;
}

static int check_fallback(const char *path, const char *const values[], bool json)
{
    const struct ps_kernel_options options_of_kernel = {.gateway = values[OPTION_GATEWAY], .shape = values[OPTION_SHAPE],
                                                        .any_device = true};
    struct ps_plant plant;
    struct ps_kernel kernel;
    int answer = PS_EXIT_ERROR;

    if (ps_plant_open(&plant, path, NULL, 0) && ps_kernel_compile(&kernel, &plant.image, &options_of_kernel)) {
        answer = ps_kernel_report(&kernel, &plant.image, json) ? PS_EXIT_FINE : PS_EXIT_DENIED;
        ps_kernel_fini(&kernel);
    }
    ps_plant_fini(&plant);
    return answer;
}

static int run(struct ps_args *args)
{
    bool wanted[N_OPTIONS] = {false};
    const char *values[N_OPTIONS] = {NULL}, *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0) {
        wanted[option] = true;
        values[option] = value;
    }
    if (option != PS_ARGS_END)
        return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (args->n_rest != 1)
        return ps_args_wrong(args, args->n_rest == 0 ? "which plant file?" : "one plant file at a time");
    if (wanted[OPTION_PRINT] + wanted[OPTION_IMAGE] + (wanted[OPTION_JSON] || wanted[OPTION_FALLBACK]) > 1)
        return ps_args_wrong(args, "--print, --image and --json or --fallback exclude each other");
    if ((wanted[OPTION_GATEWAY] || wanted[OPTION_SHAPE]) && !wanted[OPTION_FALLBACK])
        return ps_args_wrong(args, "--gateway and --shape go with --fallback");
    if (wanted[OPTION_FALLBACK])
        return check_fallback(args->rest[0], values, wanted[OPTION_JSON]);
    return check(args->rest[0], wanted);
}

const struct ps_command ps_command_check = {
    .name = "check",
    .arguments = "plant.conf",
    .line = "Read a plant file and say what is wrong with it",
    .help = "Exit status: 0 no errors (warnings included), 1 errors, 2 wrong usage, 3 with --fallback: the kernel passes\n"
            "less of some rule, or more, than it allows.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
