/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn.c - penstock learn: captures -> a first plant file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checksums.h"
#include "command.h"
#include "learn_comments.h"
#include "learn_plant.h"
#include "plant.h"
#include "policy.h"
#include "text.h"

enum { OPTION_OUTPUT, OPTION_SITE, OPTION_ZONES, OPTION_PORT, OPTION_NO_VALUES, OPTION_CHECKSUMS, OPTION_JOBS };

static const struct ps_option options[] = {
    [OPTION_OUTPUT] = {"output", 'o', "FILE", "write the plant file there and not to standard output"},
    [OPTION_SITE] = {"site", 0, "NAME", "the plant's name"},
    [OPTION_ZONES] = {"zones", 0, "FILE", "a plant file whose zones, assets and gateways are kept"},
    [OPTION_PORT] = {"port", 0, "PROTOCOL=PORT", "the protocol is spoken there too: modbus=503; may be repeated"},
    [OPTION_NO_VALUES] = {"no-values", 0, NULL, "do not bound the values that are written, nor other numbers"},
    [OPTION_CHECKSUMS] = {"checksums", 0, "HOW", "auto (default), strict, offload or ignore"},
    [OPTION_JOBS] = {"jobs", 'j', "N", "read so many captures at a time; the result is the same"},
};

/* What the command line says. */
struct request {
    const char *output, *zones;
    struct ps_plant given; /* --zones */
    struct ps_ranges ports[PS_N_DISSECTORS];
    struct ps_learn_options learn;
};

/* ---- arguments ------------------------------------------------------------------------------------------------- */

static bool add_port(const struct ps_args *args, struct request *request, const char *value)
{
    size_t len = strcspn(value, "=");
    const struct ps_vocab *vocab;
    unsigned protocol;
    char name[32];
    unsigned long port;

    snprintf(name, sizeof(name), "%.*s", (int)len, value);
    vocab = ps_vocab_by_name(ps_str_from(name));
    if (!vocab || value[len] != '=') {
        ps_args_wrong(args, "'%s' is not an inspected protocol and a port, like modbus=503", value);
        return false;
    }
    if (!ps_args_number(args, value + len + 1, 1, UINT16_MAX, &port))
        return false;
    protocol = ps_protocol_carrier(vocab->protocol);
    ps_ranges_add(&request->ports[protocol], (uint32_t)port, (uint32_t)port);
    return true;
}

/* PS_ARGS_END when all is well, else another PS_ARGS_*. */
static int read_options(struct ps_args *args, struct request *request)
{
    struct ps_learn_options *learn = &request->learn;
    const char *value;
    unsigned long jobs;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0) {
        switch (option) {
        case OPTION_OUTPUT:
            request->output = value;
            break;
        case OPTION_SITE:
            learn->model.site = value;
            break;
        case OPTION_ZONES:
            request->zones = value;
            break;
        case OPTION_PORT:
            if (!add_port(args, request, value))
                return PS_ARGS_BAD;
            break;
        case OPTION_NO_VALUES:
            learn->model.drafts.no_values = true;
            break;
        case OPTION_CHECKSUMS:
            if (!ps_args_checksums(args, value, &learn->checksums))
                return PS_ARGS_BAD;
            break;
        case OPTION_JOBS:
            if (!ps_args_number(args, value, 1, 256, &jobs))
                return PS_ARGS_BAD;
            learn->n_threads = (unsigned)jobs;
            break;
        default:
            break;
        }
    }
    if (option == PS_ARGS_END && args->n_rest == 0) {
        ps_args_wrong(args, "no capture is named");
        return PS_ARGS_BAD;
    }
    return option;
}

static void request_init(struct request *request)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    *request = (struct request){.learn.checksums = PS_CHECKSUMS_AUTO};
    request->learn.n_threads = cpus > 0 && cpus <= 256 ? (unsigned)cpus : 1;
    for (unsigned p = PS_PROTOCOL_NONE + 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(p);

        if (dissector)
            ps_ranges_add(&request->ports[p], dissector->default_port, dissector->default_port);
        request->learn.ports[p] = &request->ports[p];
    }
    request->learn.progress = isatty(STDERR_FILENO);
}

static void request_fini(struct request *request)
{
    ps_plant_fini(&request->given);
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++)
        ps_ranges_fini(&request->ports[p]);
}

static bool load_zones(struct request *request)
{
    const struct ps_model *given;

    if (!ps_plant_load(&request->given, request->zones)) {
        ps_plant_findings_print(&request->given.diags, stderr);
        return false;
    }
    given = request->given.model;
    request->learn.model.given = given;
    if (given->n_conduits + given->n_nevers + given->n_exceptions > 0)
        fprintf(stderr,
                "%s: its zones, assets and gateways are kept; conduits, never and exceptions are learned anew\n",
                request->zones);
    return true;
}

/* ---- result ---------------------------------------------------------------------------------------------------- */

static void print_left_out(const struct ps_pass *proof)
{
    char buf[PS_COUNT_TEXT_MAX];
    uint64_t denied = 0;

    for (unsigned r = PS_REASON_NONE + 1; r < PS_N_REASONS; r++)
        denied += proof->denied_by_reason[r];
    if (denied > 0)
        fputs("Left out, because no rule can grant it; a relax switch of the server may ('penstock words'):\n", stderr);
    for (unsigned r = PS_REASON_NONE + 1; r < PS_N_REASONS; r++)
        if (proof->denied_by_reason[r] > 0)
            fprintf(stderr, "  %9s  %-20s %s\n", ps_text_count(proof->denied_by_reason[r], buf),
                    ps_reason_info(r)->name, ps_reason_info(r)->sentence);
    if (proof->not_judged > 0)
        fprintf(stderr, "  %9s  packets of a link type that is not known\n", ps_text_count(proof->not_judged, buf));
}

static void print_summary(const struct ps_learned *learned, const struct ps_inputs *inputs)
{
    const struct ps_model *m = learned->model;
    const struct ps_pass *proof = &learned->proof;
    char packets[PS_COUNT_TEXT_MAX], flows[PS_COUNT_TEXT_MAX];
    uint32_t uninspected = 0;

    for (uint32_t i = 0; i < m->n_rules; i++)
        uninspected += m->rules[i].protocol >= PS_N_DISSECTORS;
    fprintf(stderr, "Learned from %zu capture%s, %s packet%s, %s flow%s in %u passes: ", inputs->n,
            ps_text_s(inputs->n), ps_text_count(proof->packets, packets), ps_text_s(proof->packets),
            ps_text_count(proof->flows, flows), ps_text_s(proof->flows), learned->n_passes);
    fprintf(stderr, "%u zone%s, %u asset%s, %u conduit%s, %u rule%s (%u without inspection)\n", m->n_zones,
            ps_text_s(m->n_zones), m->n_assets, ps_text_s(m->n_assets), m->n_conduits, ps_text_s(m->n_conduits),
            m->n_rules, ps_text_s(m->n_rules), uninspected);
    if (m->n_exceptions > 0)
        fprintf(stderr, "%u finding%s of the lint accepted, each with an entry under exceptions: review them\n",
                m->n_exceptions, m->n_exceptions == 1 ? " is" : "s are");
    print_left_out(proof);
}

static bool write_plant(const struct ps_learned *learned, const struct ps_inputs *inputs, const char *path)
{
    FILE *out = path ? fopen(path, "w") : stdout;
    struct ps_learn_comments comments;
    bool fine;

    if (!out) {
        fprintf(stderr, "penstock: error: %s: %s\n", path, strerror(errno));
        return false;
    }
    ps_learn_comments_init(&comments, learned, inputs);
    fine = ps_policy_print_notes(learned->model, &comments.notes, out);
    ps_learn_comments_fini(&comments);
    fine = (path ? fclose(out) : fflush(out)) == 0 && fine;
    if (!fine)
        fprintf(stderr, "penstock: error: %s: %s\n", path ? path : "standard output", strerror(errno));
    return fine;
}

static int learn(struct request *request, const struct ps_inputs *inputs)
{
    struct ps_learned learned;
    int answer = PS_EXIT_ERROR;

    request->learn.inputs = inputs;
    if (ps_learn_plant(&learned, &request->learn) && write_plant(&learned, inputs, request->output)) {
        print_summary(&learned, inputs);
        answer = learned.proof.n_damaged > 0 || inputs->n_errors > 0 ? PS_EXIT_ERROR : PS_EXIT_FINE;
    }
    ps_learned_fini(&learned);
    return answer;
}

static int run(struct ps_args *args)
{
    struct request request;
    struct ps_inputs inputs = {0};
    int answer = PS_EXIT_ERROR;

    request_init(&request);
    switch (read_options(args, &request)) {
    case PS_ARGS_END:
        ps_inputs_collect(&inputs, args->rest, args->n_rest);
        if (inputs.n == 0)
            fputs("penstock: error: there is no capture to learn from\n", stderr);
        else if (!request.zones || load_zones(&request))
            answer = learn(&request, &inputs);
        break;
    case PS_ARGS_STOP:
        answer = PS_EXIT_FINE;
        break;
    default:
        answer = PS_EXIT_USAGE;
    }
    ps_inputs_fini(&inputs);
    request_fini(&request);
    return answer;
}

const struct ps_command ps_command_learn = {
    .name = "learn",
    .arguments = "FILE|DIR...",
    .line = "Turn captures into a first plant file",
    .help =
        "Everything in the captures that a policy can grant is granted, and nothing else: zones from the /24 and /64\n"
        "networks seen, one asset per address, rules with the objects and values seen, each with a comment that says\n"
        "how often it was used. What is malformed is not learned. The result is proven by judging the captures again.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
