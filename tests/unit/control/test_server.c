/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

static char folder[64], path[96];
static struct ps_error err;
static struct ps_server *server;
static uint64_t last_client;
static bool last_may_change;

/* "echo" answers with the request, "hold" not at all, "follow" follows, "image" passes a descriptor. */
static void on_request(void *ctx, const struct ps_server_request *request)
{
    (void)ctx;
    last_client = request->client;
    last_may_change = request->peer->may_change;
    if (strcmp(request->verb, "echo") == 0) {
        ps_server_reply(server, request->client, json_deep_copy(request->json), -1);
    } else if (strcmp(request->verb, "follow") == 0) {
        ps_server_follow(server, request->client);
        ps_server_reply(server, request->client, json_object(), -1);
    } else if (strcmp(request->verb, "image") == 0) {
        int fd = open("/dev/null", O_RDONLY);

        ps_server_reply(server, request->client, json_object(), fd);
        close(fd);
    } else if (strcmp(request->verb, "hold") != 0) {
        ps_server_refuse(server, request->client, "no verb %s", request->verb);
    }
}

static struct ps_server_config config = {.path = path, .readers = (gid_t)-1, .admins = (gid_t)-1,
                                         .on_request = on_request};

static void setup(void)
{
    strcpy(folder, "/tmp/penstock-server.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/control.sock", folder);
    config.owner = geteuid();
    server = ps_server_new(&config, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
}

static void teardown(void)
{
    ps_server_free(server);
    ck_assert_int_eq(rmdir(folder), 0); /* the socket is gone */
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, path);
    ck_assert_int_eq(connect(fd, (void *)&address, sizeof address), 0);
    return fd;
}

static void turn(unsigned times)
{
    while (times-- > 0) {
        struct pollfd fds[PS_SERVER_CLIENTS_MAX + 1];
        size_t n = ps_server_poll(server, fds, PS_SERVER_CLIENTS_MAX + 1);

        poll(fds, n, 0);
        ps_server_step(server, fds, n);
    }
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What is there to read, up to its end. */
static const char *hear(int fd)
{
    static char text[4096];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

START_TEST(test_server__request__one_reply_on_one_line)
{
    int fd = dial();

    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"echo\",\"a\":1}\n");
    turn(2);
    ck_assert_str_eq(hear(fd), "{\"version\":1,\"ok\":true,\"verb\":\"echo\",\"a\":1}\n");
    ck_assert(last_may_change);
    close(fd);
}
END_TEST

START_TEST(test_server__lines_in_pieces_and_together__in_order)
{
    int fd = dial();

    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"no");
    turn(2);
    ck_assert_str_eq(hear(fd), "");
    say(fd, "ne\"}\n{\"version\":1,\"verb\":\"echo\"}\n");
    turn(2);
    ck_assert_str_eq(hear(fd), "{\"version\":1,\"ok\":false,\"error\":\"no verb none\"}\n"
                               "{\"version\":1,\"ok\":true,\"verb\":\"echo\"}\n");
    close(fd);
}
END_TEST

START_TEST(test_server__nonsense__an_error_that_says_what)
{
    int fd = dial();

    turn(1);
    say(fd, "hello\n{\"version\":2,\"verb\":\"echo\"}\n{\"version\":1}\n");
    turn(4);
    const char *heard = hear(fd);
    ck_assert_ptr_nonnull(strstr(heard, "a request is a JSON object on one line"));
    ck_assert_ptr_nonnull(strstr(heard, "version 2 of the protocol is not spoken here"));
    ck_assert_ptr_nonnull(strstr(heard, "a request needs a"));
    close(fd);
}
END_TEST

START_TEST(test_server__endless_line__hung_up_on)
{
    int fd = dial();
    static char much[PS_SERVER_LINE_MAX];
    char rest[8];

    memset(much, ' ', sizeof much);
    turn(1);
    ck_assert_int_eq(send(fd, much, sizeof much, MSG_NOSIGNAL), sizeof much);
    turn(4);
    ck_assert_ptr_nonnull(strstr(hear(fd), "at most 65536 octets"));
    ck_assert_int_eq(recv(fd, rest, sizeof rest, MSG_DONTWAIT), 0);
    close(fd);
}
END_TEST

START_TEST(test_server__client_gone_before_the_answer__nothing_happens)
{
    int fd = dial();

    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"hold\"}\n");
    turn(2);
    close(fd);
    turn(2);
    ps_server_reply(server, last_client, json_object(), -1);
    ps_server_refuse(server, last_client, "x");
}
END_TEST

START_TEST(test_server__second_request_while_one_waits__answered_after_it)
{
    int fd = dial();

    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"hold\"}\n{\"version\":1,\"verb\":\"echo\"}\n");
    turn(3);
    ck_assert_str_eq(hear(fd), "");
    ps_server_reply(server, last_client, json_pack("{s:i}", "n", 1), -1);
    turn(2);
    ck_assert_str_eq(hear(fd), "{\"version\":1,\"ok\":true,\"n\":1}\n{\"version\":1,\"ok\":true,\"verb\":\"echo\"}\n");
    close(fd);
}
END_TEST

START_TEST(test_server_tell__slow_follower__told_how_many_it_missed)
{
    int fd = dial(), size = 4096;
    json_t *event = json_pack("{s:s, s:s}", "kind", "deny", "text", "0123456789012345678901234567890123456789");
    unsigned n_events = 0;
    char text[65536], *missed = NULL;
    ssize_t n;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"follow\"}\n");
    turn(2);
    ck_assert_uint_eq(ps_server_n_followers(server), 1);
    for (unsigned i = 0; i < 20000; i++) {
        ps_server_tell(server, event);
        if (i % 1000 == 0)
            turn(1);
    }
    for (unsigned i = 0; i < 400 && missed == NULL; i++) {
        turn(1);
        n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        text[n > 0 ? n : 0] = '\0';
        for (const char *p = text; (p = strstr(p, "\"deny\"")) != NULL; p++)
            n_events++;
        ps_server_tell(server, event);
        missed = strstr(text, "\"missed\"");
    }
    ck_assert_ptr_nonnull(missed);
    ck_assert_uint_gt(n_events, 0);
    ck_assert_uint_lt(n_events, 20000);
    json_decref(event);
    close(fd);
}
END_TEST

START_TEST(test_server_reply__with_a_descriptor__passed_once)
{
    int fd = dial(), got = -1;
    char text[256], control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};

    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"image\"}\n");
    turn(2);
    ck_assert_int_gt(recvmsg(fd, &message, MSG_DONTWAIT), 0);
    ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
    memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
    ck_assert_int_ge(fcntl(got, F_GETFD), 0);
    close(got);
    close(fd);
}
END_TEST

START_TEST(test_server_new__another_listens__refused_and_a_stale_one_is_replaced)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    ck_assert_ptr_null(ps_server_new(&config, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "another penstockd listens there"));
    ps_server_free(server);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (void *)&address, sizeof address), 0);
    close(fd); /* the file stays */
    server = ps_server_new(&config, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_server__stranger__told_who_may)
{
    int fd;

    chmod(folder, 0755);
    ck_assert_int_eq(seteuid(65534), 0);
    fd = dial();
    ck_assert_int_eq(seteuid(0), 0);
    turn(2);
    ck_assert_ptr_nonnull(strstr(hear(fd), "may neither look nor change"));
    close(fd);
    config.readers = 65533;
    ps_server_free(server);
    server = ps_server_new(&config, &err);
    ck_assert_int_eq(setegid(65533), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    fd = dial();
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
    turn(1);
    say(fd, "{\"version\":1,\"verb\":\"echo\"}\n");
    turn(2);
    ck_assert_ptr_nonnull(strstr(hear(fd), "\"ok\":true"));
    ck_assert(!last_may_change);
    config.readers = (gid_t)-1;
    close(fd);
}
END_TEST

START_TEST(test_server__more_clients_than_places__the_last_is_told)
{
    int fds[PS_SERVER_CLIENTS_MAX + 1];

    for (unsigned i = 0; i <= PS_SERVER_CLIENTS_MAX; i++) {
        fds[i] = dial();
        turn(1);
    }
    ck_assert_ptr_nonnull(strstr(hear(fds[PS_SERVER_CLIENTS_MAX]), "too many clients"));
    for (unsigned i = 0; i <= PS_SERVER_CLIENTS_MAX; i++)
        close(fds[i]);
}
END_TEST

/* Takes all places; what the client says that comes then, for whom there may be one. */
static const char *come_late(int fds[PS_SERVER_CLIENTS_MAX], const char *said, bool as_reader, uint64_t silence_ns)
{
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++) {
        if (as_reader)
            ck_assert(setegid(65533) == 0 && seteuid(65534) == 0);
        fds[i] = dial();
        ck_assert(seteuid(0) == 0 || !as_reader);
        ck_assert(!as_reader || setegid(0) == 0);
        turn(1);
        say(fds[i], said);
        turn(1);
    }
    struct timespec pause = {.tv_sec = (time_t)(silence_ns / 1000000000), .tv_nsec = (long)(silence_ns % 1000000000)};
    nanosleep(&pause, NULL);
    int fd = dial();
    turn(1);
    (void)!send(fd, "{\"version\":1,\"verb\":\"echo\"}\n", 28, MSG_NOSIGNAL);
    turn(2);
    const char *heard = hear(fd);
    close(fd);
    return heard;
}

static unsigned n_hung_up(const int fds[PS_SERVER_CLIENTS_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++) {
        struct pollfd fd = {.fd = fds[i], .events = POLLIN};
        n += poll(&fd, 1, 0) == 1 && (fd.revents & POLLHUP) != 0;
        close(fds[i]);
    }
    return n;
}

START_TEST(test_server__all_places_idle__the_longest_silent_makes_room)
{
    int fds[PS_SERVER_CLIENTS_MAX];

    ck_assert_ptr_nonnull(strstr(come_late(fds, "{\"version\":1,", false, PS_SERVER_IDLE_NS), "\"ok\":true"));
    struct pollfd first = {.fd = fds[0], .events = POLLIN};
    ck_assert_int_eq(poll(&first, 1, 0), 1);
    ck_assert_uint_eq(n_hung_up(fds), 1);
}
END_TEST

START_TEST(test_server__all_places_of_those_who_wait__nobody_makes_room)
{
    int fds[PS_SERVER_CLIENTS_MAX];

    ck_assert_ptr_nonnull(strstr(come_late(fds, "{\"version\":1,\"verb\":\"hold\"}\n", false, PS_SERVER_IDLE_NS), "too many"));
    ck_assert_uint_eq(n_hung_up(fds), 0);
}
END_TEST

START_TEST(test_server__all_places_of_readers__one_makes_room_for_who_may_change)
{
    int fds[PS_SERVER_CLIENTS_MAX];

    chmod(folder, 0755);
    config.readers = 65533;
    ps_server_free(server);
    server = ps_server_new(&config, &err);
    ck_assert_ptr_nonnull(strstr(come_late(fds, "{\"version\":1,\"verb\":\"follow\"}\n", true, 0), "\"ok\":true"));
    ck_assert(last_may_change);
    ck_assert_uint_eq(n_hung_up(fds), 1);
    config.readers = (gid_t)-1;
}
END_TEST

/* With an argument those that need root, who alone can be somebody else. */
int main(int argc, char **argv)
{
    Suite *suite = suite_create("server");
    TCase *tc = tcase_create("server");
    SRunner *runner = srunner_create(suite);
    int failed;

    (void)argv;
    if (argc > 1 && geteuid() != 0) {
        puts("skipped: only root can be somebody else");
        srunner_free(runner);
        return 77;
    }
    tcase_add_checked_fixture(tc, setup, teardown);
    if (argc > 1) {
        tcase_add_test(tc, test_server__stranger__told_who_may);
        tcase_add_test(tc, test_server__all_places_of_readers__one_makes_room_for_who_may_change);
    } else {
        tcase_add_test(tc, test_server__request__one_reply_on_one_line);
        tcase_add_test(tc, test_server__lines_in_pieces_and_together__in_order);
        tcase_add_test(tc, test_server__nonsense__an_error_that_says_what);
        tcase_add_test(tc, test_server__endless_line__hung_up_on);
        tcase_add_test(tc, test_server__client_gone_before_the_answer__nothing_happens);
        tcase_add_test(tc, test_server__second_request_while_one_waits__answered_after_it);
        tcase_add_test(tc, test_server_tell__slow_follower__told_how_many_it_missed);
        tcase_add_test(tc, test_server_reply__with_a_descriptor__passed_once);
        tcase_add_test(tc, test_server_new__another_listens__refused_and_a_stale_one_is_replaced);
        tcase_add_test(tc, test_server__more_clients_than_places__the_last_is_told);
        tcase_add_test(tc, test_server__all_places_idle__the_longest_silent_makes_room);
        tcase_add_test(tc, test_server__all_places_of_those_who_wait__nobody_makes_room);
    }
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
