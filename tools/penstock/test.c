/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test.c - penstock test: unit tests of a policy, and the rules that none of them reached.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "ends.h"
#include "plant.h"
#include "policy.h"
#include "text.h"
#include "why.h"

enum { OPTION_JSON };

static const struct ps_option options[] = {
    [OPTION_JSON] = {"json", 0, NULL, "print one JSON object"},
};

struct outcome {
    bool passed, allowed;
    uint8_t reason; /* enum ps_reason */
    uint32_t rule;  /* that granted the last fact, PS_NONE: none */
    char why[512];  /* why it failed */
};

struct run {
    struct ps_plant plant;
    struct ps_policy_tests tests;
    struct outcome *outcomes; /* of the tests, in order */
    bool *reached;            /* by rule */
    uint32_t n_failed;
};

static void fail(struct outcome *o, const char *why)
{
    o->passed = false;
    snprintf(o->why, sizeof o->why, "%s", why);
}

/* Compares with what the test expects. */
static void judge(const struct ps_plant *plant, const struct ps_policy_test *test, struct outcome *o)
{
    const char *rule = o->rule == PS_NONE ? "no rule" : ps_image_rule_name(&plant->image, o->rule);
    const char *reason = ps_reason_info(o->reason)->name;
    char why[sizeof o->why];

    o->passed = true;
    if (o->allowed != test->expect_allow) {
        if (o->allowed)
            snprintf(why, sizeof why, "expected deny, but %s allows it", rule);
        else
            snprintf(why, sizeof why, "expected allow, but it is denied: %s", reason);
        fail(o, why);
    } else if (o->allowed && test->rule != NULL && strcmp(test->rule, rule) != 0) {
        snprintf(why, sizeof why, "expected rule %s, but %s allows it", test->rule, rule);
        fail(o, why);
    } else if (!o->allowed && test->reason != NULL && strcmp(test->reason, reason) != 0) {
        snprintf(why, sizeof why, "expected reason %s, but it is %s", test->reason, reason);
        fail(o, why);
    }
}

static void run_one(struct run *run, const struct ps_policy_test *test, struct outcome *o)
{
    const struct ps_plant *plant = &run->plant;
    struct ps_question question;
    struct ps_answer answer;
    struct ps_pair pair;
    struct ps_txt t;
    uint32_t n;

    o->rule = PS_NONE;
    ps_txt_init(&t, o->why, sizeof o->why);
    if (!ps_pair_find(plant, test->from, test->to, &pair, &t) || !ps_question_parse(test->pdu, &question, &t) ||
        !ps_question_ask(plant, &pair, &question, &answer, &t))
        return;
    o->reason = answer.reason;
    o->allowed = answer.reason == PS_REASON_NONE;
    n = answer.n_facts == 0 ? 1 : answer.refused;
    for (uint32_t i = 0; o->allowed && i < n; i++) {
        o->rule = answer.rules[i];
        if (o->rule != PS_NONE)
            run->reached[o->rule] = true;
    }
    judge(plant, test, o);
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

static const char *test_file(const struct run *run, const struct ps_policy_test *test)
{
    const struct ps_model *owner = run->tests.owner;

    return test->src.file < owner->n_files ? owner->files[test->src.file] : "";
}

static void print_text(const struct run *run)
{
    const struct ps_image *image = &run->plant.image;
    uint32_t n_missed = 0, n_rules = ps_image_n_rules(image);

    for (uint32_t i = 0; i < run->tests.n; i++) {
        const struct ps_policy_test *test = &run->tests.items[i];
        const struct outcome *o = &run->outcomes[i];

        printf("%s%s%s  %s", ps_text_colour(stdout, o->passed ? PS_COLOUR_GREEN : PS_COLOUR_RED),
               o->passed ? "ok  " : "FAIL", ps_text_colour(stdout, PS_COLOUR_PLAIN), test->name);
        if (!o->passed)
            printf(" (%s:%u): %s", test_file(run, test), test->src.line, o->why);
        putchar('\n');
    }
    for (uint32_t r = 0; r < n_rules; r++)
        n_missed += !run->reached[r];
    printf("%u test%s, %u failed; %u of %u rule%s reached; digest %.*s\n", run->tests.n, ps_text_s(run->tests.n),
           run->n_failed, n_rules - n_missed, n_rules, ps_text_s(n_rules), PS_DIGEST_SHORT, run->plant.digest);
    if (n_missed > 0)
        printf("No test reached:\n");
    for (uint32_t r = 0; r < n_rules; r++)
        if (!run->reached[r])
            printf("  %s/%s  %s:%u\n", ps_image_conduit_name(image, ps_image_rule_conduit(image, r)),
                   ps_image_rule_name(image, r), ps_image_rule_file(image, r), ps_image_rule_line(image, r));
}

static json_t *outcome_json(const struct run *run, uint32_t i)
{
    const struct ps_policy_test *test = &run->tests.items[i];
    const struct outcome *o = &run->outcomes[i];
    json_t *j = json_pack("{s:s, s:s, s:i, s:b, s:s}", "name", test->name, "file", test_file(run, test), "line",
                          (int)test->src.line, "passed", o->passed, "verdict", o->allowed ? "allow" : "deny");

    if (o->rule != PS_NONE)
        json_object_set_new(j, "rule", json_string(ps_image_rule_name(&run->plant.image, o->rule)));
    if (!o->allowed && o->reason != PS_REASON_NONE)
        json_object_set_new(j, "reason", json_string(ps_reason_info(o->reason)->name));
    if (!o->passed)
        json_object_set_new(j, "why", json_string(o->why));
    return j;
}

static void print_json(const struct run *run)
{
    const struct ps_image *image = &run->plant.image;
    json_t *tests = json_array(), *missed = json_array(), *o;

    for (uint32_t i = 0; i < run->tests.n; i++)
        json_array_append_new(tests, outcome_json(run, i));
    for (uint32_t r = 0; r < ps_image_n_rules(image); r++)
        if (!run->reached[r])
            json_array_append_new(missed,
                                  json_pack("{s:s, s:s, s:s, s:i}", "conduit",
                                            ps_image_conduit_name(image, ps_image_rule_conduit(image, r)), "rule",
                                            ps_image_rule_name(image, r), "file", ps_image_rule_file(image, r), "line",
                                            (int)ps_image_rule_line(image, r)));
    o = json_pack("{s:o, s:i, s:o, s:s}", "tests", tests, "failed", (int)run->n_failed, "rules_not_reached", missed,
                  "digest", run->plant.digest);
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int run_all(struct run *run, bool json)
{
    run->outcomes = ps_need(calloc(run->tests.n + 1u, sizeof *run->outcomes));
    run->reached = ps_need(calloc(ps_image_n_rules(&run->plant.image) + 1u, sizeof *run->reached));
    for (uint32_t i = 0; i < run->tests.n; i++) {
        run_one(run, &run->tests.items[i], &run->outcomes[i]);
        run->n_failed += !run->outcomes[i].passed;
    }
    if (json)
        print_json(run);
    else
        print_text(run);
    free(run->outcomes);
    free(run->reached);
    return run->n_failed > 0 ? PS_EXIT_DENIED : PS_EXIT_FINE;
}

static int test(const char *plant_path, const char *tests_path, bool json)
{
    struct run run = {0};
    struct ps_diags diags;
    int answer = PS_EXIT_ERROR;

    ps_diags_init(&diags);
    if (ps_plant_open(&run.plant, plant_path, NULL, 0)) {
        bool good = ps_policy_tests_load(tests_path, &run.tests, &diags);

        ps_plant_findings_print(&diags, stderr);
        if (good)
            answer = run_all(&run, json);
        ps_policy_tests_fini(&run.tests);
    }
    ps_plant_fini(&run.plant);
    ps_diags_fini(&diags);
    return answer;
}

static int run(struct ps_args *args)
{
    bool json = false;
    const char *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0)
        json = true;
    if (option != PS_ARGS_END)
        return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (args->n_rest != 2)
        return ps_args_wrong(args, "a plant file and a file of tests are needed");
    return test(args->rest[0], args->rest[1], json);
}

const struct ps_command ps_command_test = {
    .name = "test",
    .arguments = "plant.conf tests.conf",
    .line = "Run the unit tests of a policy, and say which rules no test reached",
    .help = "Exit status: 0 every test passed, 3 some failed, 1 a file is wrong, 2 wrong usage.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
