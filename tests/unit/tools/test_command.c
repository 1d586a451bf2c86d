/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct ps_option options[] = {
    {"json", 'q', NULL, "one"},
    {"jobs", 'j', "N", "two"},
    {"map", 0, "ADDR=ASSET", "three"},
};

static const struct ps_command command = {
    .name = "try", .arguments = "FILE", .line = "Try it", .options = options, .n_options = 3};

static char *argv[16];
static struct ps_args args;

/* Splits text at spaces into argv. */
static void given(const char *text)
{
    static char copy[256];
    size_t n = 0;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        argv[n++] = word;
    argv[n] = NULL;
    ps_args_init(&args, &command, argv);
}

static void next_is(int option, const char *value)
{
    const char *got;

    ck_assert_int_eq(ps_args_next(&args, &got), option);
    ck_assert_pstr_eq(got, value);
}

START_TEST(test_args_next__mixed_options__each_with_its_value_and_the_rest)
{
    given("a --json b --map=1.2.3.4=plc -j 4 --jobs 5 -j6 -qj7 c");
    next_is(0, NULL);
    next_is(2, "1.2.3.4=plc");
    next_is(1, "4");
    next_is(1, "5");
    next_is(1, "6");
    next_is(0, NULL);
    next_is(1, "7");
    next_is(PS_ARGS_END, NULL);
    ck_assert_uint_eq(args.n_rest, 3);
    ck_assert_str_eq(args.rest[0], "a");
    ck_assert_str_eq(args.rest[1], "b");
    ck_assert_str_eq(args.rest[2], "c");
}
END_TEST

START_TEST(test_args_next__double_dash__everything_behind_it_is_rest)
{
    given("-- --json -j");
    next_is(PS_ARGS_END, NULL);
    ck_assert_uint_eq(args.n_rest, 2);
    ck_assert_str_eq(args.rest[0], "--json");
    given("- --json");
    next_is(0, NULL);
    next_is(PS_ARGS_END, NULL);
    ck_assert_uint_eq(args.n_rest, 1);
    ck_assert_str_eq(args.rest[0], "-");
}
END_TEST

/* What is wrong, as stderr has it. */
static void next_fails(const char *text, const char *message)
{
    char said[512] = "";
    const char *value;
    FILE *f = tmpfile();
    int saved = -1;

    given(text);
    fflush(stderr);
    ck_assert_ptr_nonnull(f);
    saved = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    ck_assert_int_eq(ps_args_next(&args, &value), PS_ARGS_BAD);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    said[fread(said, 1, sizeof said - 1, f)] = '\0';
    fclose(f);
    ck_assert_msg(strstr(said, message) != NULL, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, "penstock try --help"));
}

START_TEST(test_args_next__wrong_options__say_so)
{
    next_fails("--jsn", "penstock try: error: unknown option --jsn; did you mean --json?");
    next_fails("--frobnicate", "unknown option --frobnicate\n");
    next_fails("--jobs", "--jobs needs a value, N");
    next_fails("--json=1", "--json takes no value");
    next_fails("-x", "unknown option -x");
    next_fails("-j", "-j needs a value, N");
}
END_TEST

START_TEST(test_args_number__bounds__inside_only)
{
    unsigned long n;

    given("");
    ck_assert(ps_args_number(&args, "1", 1, 256, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert(ps_args_number(&args, "256", 1, 256, &n));
    ck_assert(!ps_args_number(&args, "257", 1, 256, &n));
    ck_assert(!ps_args_number(&args, "0", 1, 256, &n));
    ck_assert(!ps_args_number(&args, "-1", 0, 256, &n));
    ck_assert(!ps_args_number(&args, "4x", 1, 256, &n));
    ck_assert(!ps_args_number(&args, "", 0, 256, &n));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *tc = tcase_create("command");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, test_args_next__mixed_options__each_with_its_value_and_the_rest);
    tcase_add_test(tc, test_args_next__double_dash__everything_behind_it_is_rest);
    tcase_add_test(tc, test_args_next__wrong_options__say_so);
    tcase_add_test(tc, test_args_number__bounds__inside_only);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
