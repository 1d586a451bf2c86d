/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "sinks.h"
#include "unit.h"

#define WAIT_MS 10000
#define MANY 8u /* sinks */

static char folder[64], path[96], other[96];
static struct ps_config_sink places[MANY];
static struct ps_config config = {.gateway = "gw-1", .sinks = places, .n_sinks = 1};
static struct ps_error err;

static void setup(void)
{
    strcpy(folder, "/tmp/penstock-sinks.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/events.jsonl", folder);
    snprintf(other, sizeof other, "%s/other.jsonl", folder);
    places[0] = (struct ps_config_sink){.kind = PS_CONFIG_SINK_FILE, .path = path};
    places[1] = (struct ps_config_sink){.kind = PS_CONFIG_SINK_FILE, .path = other};
}

static void teardown(void)
{
    unlink(path);
    unlink(other);
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct ps_sinks *start(uint32_t n)
{
    struct ps_sinks *sinks;

    config.n_sinks = n;
    sinks = ps_sinks_new(&config, &err);
    ck_assert_msg(sinks != NULL, "%s", err.text);
    return sinks;
}

static void put(struct ps_sinks *sinks, unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++) {
        json_t *o = json_pack("{s:s, s:I}", "kind", "deny", "i", (json_int_t)i);

        ps_sinks_put(sinks, o, PS_URGENCY_WARNING);
        json_decref(o);
    }
}

static uint64_t number(struct ps_sinks *sinks, const char *key)
{
    json_t *list = ps_sinks_json(sinks);
    uint64_t n = (uint64_t)json_integer_value(json_object_get(json_array_get(list, 0), key));

    json_decref(list);
    return n;
}

static bool is_stuck(struct ps_sinks *sinks)
{
    json_t *list = ps_sinks_json(sinks);
    bool stuck = json_object_get(json_array_get(list, 0), "error") != NULL;

    json_decref(list);
    return stuck;
}

static void await(struct ps_sinks *sinks, const char *key, uint64_t n)
{
    for (unsigned i = 0; i < WAIT_MS && number(sinks, key) != n; i++)
        usleep(1000);
    ck_assert_uint_eq(number(sinks, key), n);
}

static void await_stuck(struct ps_sinks *sinks)
{
    for (unsigned i = 0; i < WAIT_MS && !is_stuck(sinks); i++)
        usleep(1000);
    ck_assert(is_stuck(sinks));
}

/* Every line of the file is a whole object; how many, and how many are told to be lost. */
static unsigned read_lines(const char *name, uint64_t *lost)
{
    FILE *file = fopen(name, "re");
    char line[512];
    unsigned n = 0;

    *lost = 0;
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *o = json_loads(line, 0, NULL);

        if (o == NULL || strchr(line, '\n') == NULL) /* a note for each line would fill the test's own file */
            ck_abort_msg("not a whole line: %s", line);
        if (strcmp(json_string_value(json_object_get(o, "kind")), "overload") == 0) {
            *lost += (uint64_t)json_integer_value(json_object_get(o, "lost"));
            ck_assert_str_eq(json_string_value(json_object_get(o, "gateway")), "gw-1");
            ck_assert_ptr_nonnull(json_object_get(o, "time"));
        } else {
            n++;
        }
        json_decref(o);
    }
    fclose(file);
    return n;
}

static bool ends_with_a_line(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    char last = '\n';
    off_t len = lseek(fd, 0, SEEK_END);

    if (len > 0)
        ck_assert_int_eq(pread(fd, &last, 1, len - 1), 1);
    close(fd);
    return last == '\n';
}

START_TEST(test_ps_sinks_put__two_files__each_has_every_line)
{
    struct ps_sinks *sinks = start(2);
    uint64_t lost;

    put(sinks, 0, 100);
    ps_sinks_free(sinks);
    ck_assert_uint_eq(read_lines(path, &lost), 100);
    ck_assert_uint_eq(read_lines(other, &lost), 100);
    ck_assert_uint_eq(lost, 0);
}
END_TEST

/* The test's own notes are files too, and have to stay below it. */
#define FULL 65557

static void limit_files(rlim_t octets)
{
    struct rlimit limits;

    getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = octets;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limits), 0);
}

START_TEST(test_ps_sinks_put__file_may_not_grow__whole_lines_and_losses_told_once_later)
{
    struct ps_sinks *sinks = start(1);
    uint64_t lost;
    unsigned n;

    limit_files(FULL); /* ends inside a line */
    put(sinks, 0, 4000);
    await_stuck(sinks);
    ck_assert(ends_with_a_line(path));
    ck_assert_uint_ge(read_lines(path, &lost), 1);
    put(sinks, 4000, 6000);
    lost = number(sinks, "lost");
    ck_assert_uint_gt(lost, 0);
    limit_files(RLIM_INFINITY);
    ps_sinks_reopen(sinks);
    await(sinks, "queued", 0);
    ck_assert(!is_stuck(sinks));
    ck_assert_uint_eq(number(sinks, "lost"), lost);
    put(sinks, 10000, 1);
    ps_sinks_free(sinks);
    n = read_lines(path, &lost);
    ck_assert_uint_eq(n + lost, 10001);
}
END_TEST

/* The count itself fits, and what comes behind it does not: it is not told again. */
START_TEST(test_ps_sinks_put__full_again_behind_the_count__told_once)
{
    struct ps_sinks *sinks = start(1);
    uint64_t lost, told;
    struct stat st;

    limit_files(FULL);
    put(sinks, 0, 4000);
    await_stuck(sinks);
    put(sinks, 4000, 6000);
    lost = number(sinks, "lost");
    ck_assert_uint_gt(lost, 0);
    ck_assert_int_eq(stat(path, &st), 0);
    limit_files((rlim_t)st.st_size + 125); /* the count has 105 to 115 octets */
    ps_sinks_reopen(sinks);
    for (unsigned i = 0; i < WAIT_MS && (read_lines(path, &told), told == 0); i++)
        usleep(1000);
    usleep(50000);
    limit_files(RLIM_INFINITY);
    ps_sinks_reopen(sinks);
    await(sinks, "queued", 0);
    ps_sinks_free(sinks);
    ck_assert_uint_eq(read_lines(path, &told) + told, 10000);
    ck_assert_uint_eq(told, lost);
}
END_TEST

START_TEST(test_ps_sinks_put__full_disk__error_is_shown_and_losses_counted)
{
    struct ps_sinks *sinks;

    places[0].path = "/dev/full";
    sinks = start(1);
    put(sinks, 0, 5000);
    await_stuck(sinks);
    ck_assert_uint_ge(number(sinks, "lost"), 5000 - 4096 - 1);
    ck_assert_uint_eq(number(sinks, "written"), 0);
    ps_sinks_free(sinks);
}
END_TEST

START_TEST(test_ps_sinks_reopen__file_moved_away__new_one_is_written)
{
    struct ps_sinks *sinks = start(1);
    uint64_t lost;

    put(sinks, 0, 3);
    await(sinks, "written", 3);
    ck_assert_int_eq(rename(path, other), 0);
    ps_sinks_reopen(sinks);
    put(sinks, 3, 2);
    ps_sinks_free(sinks);
    ck_assert_uint_eq(read_lines(other, &lost), 3);
    ck_assert_uint_eq(read_lines(path, &lost), 2);
}
END_TEST

START_TEST(test_ps_sinks_put__link_in_the_way__not_followed)
{
    struct ps_sinks *sinks;

    ck_assert_int_eq(symlink(other, path), 0);
    sinks = start(1);
    put(sinks, 0, 1);
    await_stuck(sinks);
    ps_sinks_free(sinks);
    ck_assert_int_ne(access(other, F_OK), 0);
}
END_TEST

/* Nobody reads the pipes: opening one waits for ever. */
START_TEST(test_ps_sinks_free__stuck_sinks__neither_put_nor_end_waits)
{
    struct ps_sinks *sinks;
    uint64_t began;

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    for (unsigned i = 0; i < MANY; i++)
        places[i] = places[0];
    sinks = start(MANY);
    put(sinks, 0, 10000); /* had it waited, it would not come back */
    ck_assert_uint_ge(number(sinks, "lost"), 10000 - 4096);
    began = ps_clock_steady();
    ps_sinks_free(sinks);
    ck_assert_uint_lt(ps_clock_steady() - began, (MANY - 2) * PS_NS_PER_S); /* one second for all of them */
}
END_TEST

START_TEST(test_ps_sinks_put__reader_of_a_pipe_left__no_signal_ends_the_program)
{
    struct ps_sinks *sinks;
    char text[64];
    int fd;

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    sinks = start(1);
    put(sinks, 0, 1);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_gt(read(fd, text, sizeof text), 0);
    close(fd);
    put(sinks, 1, 1);
    await_stuck(sinks);
    ps_sinks_free(sinks);
}
END_TEST

static int run(void)
{
    Suite *suite = suite_create("control/sinks");
    TCase *tcase = tcase_create("control/sinks");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_set_timeout(tcase, UNIT_TIMEOUT);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_ps_sinks_put__two_files__each_has_every_line);
    tcase_add_test(tcase, test_ps_sinks_put__file_may_not_grow__whole_lines_and_losses_told_once_later);
    tcase_add_test(tcase, test_ps_sinks_put__full_again_behind_the_count__told_once);
    tcase_add_test(tcase, test_ps_sinks_put__full_disk__error_is_shown_and_losses_counted);
    tcase_add_test(tcase, test_ps_sinks_reopen__file_moved_away__new_one_is_written);
    tcase_add_test(tcase, test_ps_sinks_put__link_in_the_way__not_followed);
    tcase_add_test(tcase, test_ps_sinks_free__stuck_sinks__neither_put_nor_end_waits);
    tcase_add_test(tcase, test_ps_sinks_put__reader_of_a_pipe_left__no_signal_ends_the_program);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    return run();
}
