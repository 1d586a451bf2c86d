/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inputs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void put(const char *name, const void *data, size_t len)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    fclose(f);
}

static void setup(void)
{
    char path[256];

    snprintf(directory, sizeof directory, "/tmp/penstock-inputs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/b", directory);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    put("z.bin", "\xd4\xc3\xb2\xa1....", 8);
    put("b/2", "\x0a\x0d\x0d\x0a....", 8);
    put("b/10", "\xa1\xb2\x3c\x4d....", 8);
    put("c.pcap", "", 0);
    put("notes.txt", "hello", 5);
}

static void teardown(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(test_inputs__directory__captures_in_order_of_names)
{
    static const char *const expected[] = {"b/10", "b/2", "c.pcap", "z.bin"};
    struct ps_inputs inputs;

    ps_inputs_collect(&inputs, (char *const[]){directory}, 1);
    ck_assert_uint_eq(inputs.n, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(inputs.items[i].path + strlen(directory) + 1, expected[i]);
    ck_assert_uint_eq(inputs.items[3].size, 8);
    ck_assert_uint_eq(inputs.n_skipped, 1);
    ck_assert_uint_eq(inputs.n_errors, 0);
    ps_inputs_fini(&inputs);
}
END_TEST

START_TEST(test_inputs__named_file__taken_whatever_it_is)
{
    struct ps_inputs inputs;
    char path[256];

    snprintf(path, sizeof path, "%s/notes.txt", directory);
    ps_inputs_collect(&inputs, (char *const[]){path, (char *)(uintptr_t) "-"}, 2);
    ck_assert_uint_eq(inputs.n, 2);
    ck_assert_str_eq(inputs.items[0].path, path);
    ck_assert_str_eq(inputs.items[1].path, "-");
    ps_inputs_fini(&inputs);
}
END_TEST

START_TEST(test_inputs__missing_file__counted_as_error)
{
    struct ps_inputs inputs;
    char path[256];

    snprintf(path, sizeof path, "%s/nowhere", directory);
    ps_inputs_collect(&inputs, (char *const[]){path, directory}, 2);
    ck_assert_uint_eq(inputs.n_errors, 1);
    ck_assert_uint_eq(inputs.n, 4);
    ps_inputs_fini(&inputs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inputs");
    TCase *tc = tcase_create("inputs");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_inputs__directory__captures_in_order_of_names);
    tcase_add_test(tc, test_inputs__named_file__taken_whatever_it_is);
    tcase_add_test(tc, test_inputs__missing_file__counted_as_error);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
