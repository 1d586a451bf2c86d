/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "statedir.h"

static char path[64];
static struct ps_statedir dir;
static struct ps_error err;

static void setup(void)
{
    strcpy(path, "/tmp/penstock-statedir.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    strcat(path, "/state");
    ck_assert_msg(ps_statedir_open(&dir, path, &err), "%s", err.text);
}

static void teardown(void)
{
    static const char *const names[] = {PS_STATEDIR_ISLAND, PS_STATEDIR_IMAGE};

    for (unsigned i = 0; i < 2; i++)
        ps_statedir_remove(&dir, names[i]);
    ps_statedir_close(&dir);
    rmdir(path);
    *strrchr(path, '/') = '\0';
    ck_assert_int_eq(rmdir(path), 0);
}

START_TEST(test_statedir_put__again__replaces_as_a_whole)
{
    size_t len = 0;
    uint8_t *data;

    ck_assert(ps_statedir_put(&dir, PS_STATEDIR_ISLAND, "all zones", 9, &err));
    ck_assert(ps_statedir_put(&dir, PS_STATEDIR_ISLAND, "none", 4, &err));
    data = ps_statedir_get(&dir, PS_STATEDIR_ISLAND, 100, &len, &err);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(len, 4);
    ck_assert_str_eq((char *)data, "none");
    free(data);
}
END_TEST

START_TEST(test_statedir_get__no_such_file__null_without_an_error)
{
    size_t len = 0;

    ck_assert_ptr_null(ps_statedir_get(&dir, PS_STATEDIR_IMAGE, 100, &len, &err));
    ck_assert_str_eq(err.text, "");
    ck_assert(ps_statedir_remove(&dir, PS_STATEDIR_IMAGE));
}
END_TEST

START_TEST(test_statedir_get__too_long_or_a_link__a_sentence)
{
    char target[128];
    size_t len = 0;

    ck_assert(ps_statedir_put(&dir, PS_STATEDIR_IMAGE, "0123456789", 10, &err));
    ck_assert_ptr_null(ps_statedir_get(&dir, PS_STATEDIR_IMAGE, 9, &len, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "last-good.image"));
    snprintf(target, sizeof target, "%s/%s", path, PS_STATEDIR_ISLAND);
    ck_assert_int_eq(symlink("/etc/hostname", target), 0);
    ck_assert_ptr_null(ps_statedir_get(&dir, PS_STATEDIR_ISLAND, 4096, &len, &err));
    ck_assert_str_ne(err.text, "");
}
END_TEST

START_TEST(test_statedir_get_fd__a_file__can_be_sealed)
{
    int fd;
    char back[5] = "";

    ck_assert(ps_statedir_put(&dir, PS_STATEDIR_IMAGE, "image", 5, &err));
    fd = ps_statedir_get_fd(&dir, PS_STATEDIR_IMAGE, 100, &err);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, back, 5, 0), 5);
    ck_assert_int_eq(memcmp(back, "image", 5), 0);
    close(fd);
}
END_TEST

START_TEST(test_statedir__none__remembers_nothing)
{
    struct ps_statedir none = {.dir_fd = -1};
    size_t len = 0;

    ck_assert(ps_statedir_put(&none, PS_STATEDIR_ISLAND, "x", 1, &err));
    ck_assert_ptr_null(ps_statedir_get(&none, PS_STATEDIR_ISLAND, 10, &len, &err));
    ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(test_statedir_open__below_nothing__a_sentence)
{
    struct ps_statedir none;

    ck_assert(!ps_statedir_open(&none, "/nonexistent/below", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/below"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("statedir");
    TCase *tc = tcase_create("statedir");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_statedir_put__again__replaces_as_a_whole);
    tcase_add_test(tc, test_statedir_get__no_such_file__null_without_an_error);
    tcase_add_test(tc, test_statedir_get__too_long_or_a_link__a_sentence);
    tcase_add_test(tc, test_statedir_get_fd__a_file__can_be_sealed);
    tcase_add_test(tc, test_statedir__none__remembers_nothing);
    tcase_add_test(tc, test_statedir_open__below_nothing__a_sentence);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
