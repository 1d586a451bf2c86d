/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The real penstock-loader (PENSTOCK_LOADER), and programs that stand for a broken one.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

static char folder[64], plant[96];
static struct ps_error err;
static json_t *findings;
static struct ps_loaded loaded;

static const char good[] = "schema = 1; site = \"s\"; revision = 3;\n"
                           "zones = ( { name = \"a\"; networks = [\"10.1.0.0/24\"]; },\n"
                           "          { name = \"b\"; networks = [\"10.2.0.0/24\"]; } );\n"
                           "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\";\n"
                           "  allow = ( { name = \"r\"; protocol = \"modbus\"; operations = [\"read\"]; } ); } );\n";

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

static void setup(void)
{
    strcpy(folder, "/tmp/penstock-loader.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(plant, sizeof plant, "%s/plant.conf", folder);
    findings = NULL;
}

static void teardown(void)
{
    json_decref(findings);
    ps_loaded_fini(&loaded);
    unlink(plant);
    rmdir(folder);
}

/* A shell script in the loader's place. */
static bool run_instead(const char *script)
{
    char path[128];
    bool answer;

    snprintf(path, sizeof path, "%s/loader.sh", folder);
    write_file(path, script, 0755);
    answer = ps_loader_run(path, plant, &loaded, &findings, &err);
    unlink(path);
    return answer;
}

START_TEST(test_loader_run__good_plant__sealed_image)
{
    write_file(plant, good, 0644);
    ck_assert_msg(ps_loader_run(getenv("PENSTOCK_LOADER"), plant, &loaded, &findings, &err), "%s", err.text);
    ck_assert_uint_eq(ps_image_revision(&loaded.image), 3);
    ck_assert_str_eq(json_string_value(json_object_get(findings, "digest")), loaded.digest);
    ck_assert_int_eq(pwrite(loaded.fd, "x", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_ne(ftruncate(loaded.fd, 0), 0);
}
END_TEST

START_TEST(test_loader_run__errors_in_the_plant__findings_with_lines)
{
    const json_t *first;

    write_file(plant, "schema = 1;\nsite = \"s\"; revision = 1;\nzones = ( { name = 5; } );\n", 0644);
    ck_assert(!ps_loader_run(getenv("PENSTOCK_LOADER"), plant, &loaded, &findings, &err));
    ck_assert_str_eq(err.text, "the plant file has errors");
    first = json_array_get(json_object_get(findings, "findings"), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(first, "line")), 3);
    ck_assert_int_eq(loaded.fd, -1);
}
END_TEST

START_TEST(test_loader_run__no_such_plant__findings_name_it)
{
    ck_assert(!ps_loader_run(getenv("PENSTOCK_LOADER"), plant, &loaded, &findings, &err));
    ck_assert_int_eq(json_integer_value(json_object_get(findings, "errors")), 1);
}
END_TEST

START_TEST(test_loader_run__the_loader_crashes__a_sentence)
{
    ck_assert(!run_instead("#!/bin/sh\nkill -SEGV $$\n"));
    ck_assert_ptr_nonnull(strstr(err.text, "signal 11"));
    ck_assert_ptr_null(findings);
}
END_TEST

START_TEST(test_loader_run__nonsense_for_an_image__refused)
{
    ck_assert(!run_instead("#!/bin/sh\nhead -c 8192 /dev/zero >&3\n"));
    ck_assert_ptr_nonnull(strstr(err.text, "does not pass its check"));
    ck_assert(!run_instead("#!/bin/sh\nexit 0\n"));
    ck_assert_ptr_nonnull(strstr(err.text, "0 octets"));
}
END_TEST

START_TEST(test_loader_run__endless_findings__ended)
{
    ck_assert(!run_instead("#!/bin/sh\nexec yes\n"));
    ck_assert_ptr_nonnull(strstr(err.text, "more findings"));
}
END_TEST

START_TEST(test_loader_run__no_loader__a_sentence)
{
    ck_assert(!ps_loader_run("/nonexistent/penstock-loader", plant, &loaded, &findings, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/penstock-loader"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loader");
    TCase *tc = tcase_create("loader");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_loader_run__good_plant__sealed_image);
    tcase_add_test(tc, test_loader_run__errors_in_the_plant__findings_with_lines);
    tcase_add_test(tc, test_loader_run__no_such_plant__findings_name_it);
    tcase_add_test(tc, test_loader_run__the_loader_crashes__a_sentence);
    tcase_add_test(tc, test_loader_run__nonsense_for_an_image__refused);
    tcase_add_test(tc, test_loader_run__endless_findings__ended);
    tcase_add_test(tc, test_loader_run__no_loader__a_sentence);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
