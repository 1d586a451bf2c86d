/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote.h"
#include "unit.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char asked[1024];

static int listen_there(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/penstock-remote.%d", (int)getpid());
    unlink(address.sun_path);
    ck_assert_int_eq(bind(fd, (const void *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

/* A child that answers one request with these pieces and hangs up; exit code 0: the request was one line with its version. */
static pid_t serve(int listener, const char *const *pieces)
{
    pid_t pid = fork();
    int fd;
    ssize_t n;

    if (pid != 0)
        return pid;
    fd = accept(listener, NULL, NULL);
    n = recv(fd, asked, sizeof asked - 1, 0);
    for (; *pieces != NULL; pieces++) {
        (void)!write(fd, *pieces, strlen(*pieces));
        usleep(20000);
    }
    close(fd);
    _exit(n > 0 && asked[n - 1] == '\n' && strstr(asked, "\"version\":1") != NULL ? 0 : 1);
}

static json_t *ask_once(const char *const *pieces)
{
    int listener = listen_there(), status;
    pid_t pid = serve(listener, pieces);
    json_t *reply = ps_remote_once(address.sun_path, json_pack("{s:s}", "verb", "status"));

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(listener);
    unlink(address.sun_path);
    return reply;
}

START_TEST(test_ps_remote_once__reply_in_pieces__whole)
{
    static const char *const pieces[] = {"{\"version\":1,\"o", "k\":true,\"x\":", "7}\n", NULL};
    json_t *reply = ask_once(pieces);

    ck_assert_int_eq(json_integer_value(json_object_get(reply, "x")), 7);
    json_decref(reply);
}
END_TEST

START_TEST(test_ps_remote_once__refused__the_reply_that_says_so)
{
    static const char *const refused[] = {"{\"version\":1,\"ok\":false,\"error\":\"no\"}\n", NULL};
    json_t *reply = ask_once(refused);

    ck_assert_ptr_nonnull(reply);
    ck_assert(!ps_remote_ok(reply));
    json_decref(reply);
}
END_TEST

START_TEST(test_ps_remote_once__nonsense_or_hung_up__nothing)
{
    static const char *const nonsense[] = {"hello\n", NULL}, *const half[] = {"{\"version\":1", NULL};

    ck_assert_ptr_null(ask_once(nonsense));
    ck_assert_ptr_null(ask_once(half));
}
END_TEST

START_TEST(test_ps_remote_ask__connected_and_no_reply__not_for_ever)
{
    int listener = listen_there();
    struct ps_remote *remote = ps_remote_open(address.sun_path); /* nobody accepts it */

    ck_assert_ptr_nonnull(remote);
    ps_remote_set_patience(remote, 0);
    ck_assert_ptr_null(ps_remote_ask(remote, json_pack("{s:s}", "verb", "status"), NULL));
    ps_remote_close(remote);
    close(listener);
    unlink(address.sun_path);
}
END_TEST

START_TEST(test_ps_remote_next__two_lines_at_once__one_after_the_other_then_the_end)
{
    static const char *const pieces[] = {"{\"ok\":true}\n{\"i\":1}\n{\"i\":2}\n", NULL};
    int listener = listen_there();
    pid_t pid = serve(listener, pieces);
    struct ps_remote *remote = ps_remote_open(address.sun_path);
    json_t *o = ps_remote_ask(remote, json_pack("{s:s}", "verb", "events"), NULL);

    ck_assert(ps_remote_ok(o));
    json_decref(o);
    for (json_int_t i = 1; i <= 2; i++) {
        o = ps_remote_next(remote, NULL);
        ck_assert_int_eq(json_integer_value(json_object_get(o, "i")), i);
        json_decref(o);
    }
    ck_assert_ptr_null(ps_remote_next(remote, NULL));
    ps_remote_close(remote);
    waitpid(pid, NULL, 0);
    close(listener);
    unlink(address.sun_path);
}
END_TEST

START_TEST(test_ps_remote_open__nobody_or_a_long_path__null)
{
    char path[256];

    ck_assert_ptr_null(ps_remote_open("/tmp/penstock-nobody-listens-here"));
    ck_assert_int_eq(errno, ENOENT);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ck_assert_ptr_null(ps_remote_open(path));
    ps_remote_close(NULL);
}
END_TEST

/* As somebody who may not: root is let in everywhere. */
START_TEST(test_ps_remote_open__no_permission__null_and_who_may)
{
    int listener = listen_there(), status;
    char said[] = "/tmp/penstock-remote-said.XXXXXX", text[512] = "";
    int fd = mkstemp(said);
    pid_t pid;

    ck_assert_int_eq(chmod(address.sun_path, 0), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fd, STDERR_FILENO);
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        _exit(ps_remote_open(address.sun_path) != NULL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    ck_assert_ptr_nonnull(strstr(text, "Permission denied\nonly root and members of the groups penstock and"));
    close(fd);
    unlink(said);
    close(listener);
    unlink(address.sun_path);
}
END_TEST

UNIT_MAIN("tools/remote", test_ps_remote_once__reply_in_pieces__whole,
          test_ps_remote_once__refused__the_reply_that_says_so, test_ps_remote_once__nonsense_or_hung_up__nothing,
          test_ps_remote_ask__connected_and_no_reply__not_for_ever,
          test_ps_remote_next__two_lines_at_once__one_after_the_other_then_the_end,
          test_ps_remote_open__nobody_or_a_long_path__null, test_ps_remote_open__no_permission__null_and_who_may)
