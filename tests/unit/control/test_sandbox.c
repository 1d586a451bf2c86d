/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is tried, is tried in a child: nobody is let out of a sandbox again. A child ends with the line at which
 * something was not as it should be, modulo 256, or with 0.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

static const struct ps_sandbox_limits limits = {.output = 4096, .cpu_s = 5};
static struct ps_error err;

#define EXPECT(what)                                                                                                   \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            _exit(__LINE__ & 0xff ? __LINE__ & 0xff : 1);                                                              \
    } while (0)

/* The status of a child that did it. */
static int in_child(void (*what)(void))
{
    int status = -1;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        what();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void read_files(void)
{
    int fd = open("/dev/null", O_WRONLY);

    EXPECT(ps_sandbox_reader(&limits, &err));
    EXPECT(write(fd, "x", 1) == 1); /* what was open stays so */
    EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
    EXPECT(open("/dev/null", O_WRONLY) == -1 && errno == EPERM);
    EXPECT(open("/tmp/penstock-sandbox", O_RDONLY | O_CREAT, 0600) == -1 && errno == EPERM);
}

START_TEST(test_sandbox_reader__files__read_only)
{
    ck_assert_int_eq(in_child(read_files), 0);
}
END_TEST

static void reach_out(void)
{
    EXPECT(ps_sandbox_reader(&limits, &err));
    EXPECT(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_kill, 1, 0) == -1 && errno == EPERM);
    EXPECT(fork() == -1 && errno == EPERM);
    EXPECT(setuid(0) == -1 && errno == EPERM);
}

START_TEST(test_sandbox_reader__network_and_processes__refused)
{
    ck_assert_int_eq(in_child(reach_out), 0);
}
END_TEST

static void write_much(void)
{
    static char much[8192];
    int fd = memfd_create("much", 0);

    EXPECT(ps_sandbox_reader(&limits, &err));
    EXPECT(write(fd, much, sizeof much) == 4096);
    EXPECT(write(fd, much, 1) == 1); /* does not come back */
    EXPECT(false);
}

START_TEST(test_sandbox_reader__more_output_than_allowed__ended)
{
    int status = in_child(write_much);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGXFSZ);
}
END_TEST

static void live_as_daemon(void)
{
    static const char *const writable[] = {"/tmp", NULL};
    struct ps_sandbox_daemon keep = {.writable = writable};

    EXPECT(ps_sandbox_daemon(&keep, &err));
    EXPECT(socket(AF_PACKET, SOCK_RAW, 0) == -1);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    EXPECT(syscall(SYS_unshare, 0) == -1 && errno == EPERM);
    if (ps_sandbox_landlock() > 0)
        EXPECT(open("/var/penstock-sandbox", O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES);
}

START_TEST(test_sandbox_daemon__nothing_kept__no_raw_socket)
{
    ck_assert_int_eq(in_child(live_as_daemon), 0);
}
END_TEST

/* A thread with what its starter has, until it is told. */
static void *wait_for_end(void *arg)
{
    (void)arg;
    for (;;)
        pause();
    return NULL;
}

static bool has_some(pid_t thread)
{
    char path[64], line[128];
    unsigned long long caps = 1;

    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread);
    FILE *file = fopen(path, "r");
    EXPECT(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "CapPrm: %llx", &caps);
    fclose(file);
    return caps != 0;
}

static void strip_threads(void)
{
    pthread_t thread;
    pid_t first = 0;

    for (int i = 0; i < 3; i++)
        EXPECT(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
    EXPECT(ps_sandbox_other_threads(&err));
    DIR *folder = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid()) {
            first = atoi(entry->d_name);
            EXPECT(!has_some(first));
        }
    EXPECT(first != 0);
    EXPECT(has_some(getpid()) == (geteuid() == 0));
}

START_TEST(test_sandbox_other_threads__three__only_the_caller_keeps_its_capabilities)
{
    ck_assert_int_eq(in_child(strip_threads), 0);
}
END_TEST

static void strip_deaf_thread(void)
{
    pthread_t thread;
    sigset_t all;

    sigfillset(&all);
    EXPECT(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
    EXPECT(!ps_sandbox_other_threads(&err));
    EXPECT(strcmp(err.text, "threads that do not give up their capabilities: 1") == 0);
}

START_TEST(test_sandbox_other_threads__one_that_takes_no_signal__told)
{
    if (geteuid() == 0)
        ck_assert_int_eq(in_child(strip_deaf_thread), 0);
}
END_TEST

static void become_nobody(void)
{
    struct ps_sandbox_daemon keep = {.uid = 65534, .gid = 65534};

    EXPECT(ps_sandbox_daemon(&keep, &err));
    EXPECT(geteuid() == 65534 && getegid() == 65534);
    EXPECT(setuid(0) == -1);
    EXPECT(open("/etc/shadow", O_RDONLY) == -1);
}

START_TEST(test_sandbox_daemon__another_user__cannot_go_back)
{
    if (geteuid() == 0) /* only root can become somebody else */
        ck_assert_int_eq(in_child(become_nobody), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tc = tcase_create("sandbox");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_sandbox_reader__files__read_only);
    tcase_add_test(tc, test_sandbox_reader__network_and_processes__refused);
    tcase_add_test(tc, test_sandbox_reader__more_output_than_allowed__ended);
    tcase_add_test(tc, test_sandbox_daemon__nothing_kept__no_raw_socket);
    tcase_add_test(tc, test_sandbox_daemon__another_user__cannot_go_back);
    tcase_add_test(tc, test_sandbox_other_threads__three__only_the_caller_keeps_its_capabilities);
    tcase_add_test(tc, test_sandbox_other_threads__one_that_takes_no_signal__told);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
