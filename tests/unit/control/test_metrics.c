/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "metrics.h"
#include "unit.h"

static union ps_metrics_address address;

START_TEST(test_ps_metrics_parse__this_machine__fine)
{
    ck_assert_ptr_null(ps_metrics_parse("127.0.0.1:9417", &address));
    ck_assert_uint_eq(ntohs(address.v4.sin_port), 9417);
    ck_assert_ptr_null(ps_metrics_parse("127.9.9.9:1", &address));
    ck_assert_ptr_null(ps_metrics_parse("[::1]:65535", &address));
    ck_assert_uint_eq(ntohs(address.v6.sin6_port), 65535);
}
END_TEST

START_TEST(test_ps_metrics_parse__others_and_nonsense__refused)
{
    static const char *const texts[] = {"0.0.0.0:9417", "10.0.0.1:9417", "[::]:9417", "[fd00::1]:9417", "::1:9417",
                                        "localhost:9417", "127.0.0.1", ":9417", "", "127.0.0.1:", "127.0.0.1:0",
                                        "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:1x", "[::ffff:127.0.0.1]:1",
                                        "111111111111111111111111111111111111111111111111111111111111111111111:1"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(ps_metrics_parse(texts[i], &address) != NULL, "%s", texts[i]);
}
END_TEST

/* ---- served ------------------------------------------------------------------------------------------------------ */

static char where[32];
static int port;

/* On a port that is free. */
static struct ps_metrics *serve(void)
{
    struct ps_error err;

    for (port = 20000 + (int)getpid() % 20000; port < 65000; port++) {
        struct ps_metrics *metrics;

        snprintf(where, sizeof where, "127.0.0.1:%d", port);
        metrics = ps_metrics_open(where, &err);
        if (metrics == NULL)
            continue;
        ck_assert_msg(ps_metrics_serve(metrics, &err), "%s", err.text);
        return metrics;
    }
    ck_abort_msg("no port is free: %s", err.text);
    return NULL;
}

static int ask(const char *request)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_ptr_null(ps_metrics_parse(where, &address));
    ck_assert_int_eq(connect(fd, &address.any, sizeof address.v4), 0);
    ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    return fd;
}

static const char *hear(int fd)
{
    static char text[65536];
    size_t len = 0;
    ssize_t n;

    while (len < sizeof text - 1 && (n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return text;
}

static const char get[] = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

START_TEST(test_ps_metrics_wanted__somebody_asks__once_a_second)
{
    struct ps_metrics *metrics = serve();
    int first;
    uint64_t began;
    const char *same;

    ck_assert(!ps_metrics_wanted(NULL));
    ck_assert(!ps_metrics_wanted(metrics));
    first = ask(get);
    for (unsigned i = 0; i < 10000 && !ps_metrics_wanted(metrics); i++)
        usleep(1000);
    began = ps_clock_steady();
    ps_metrics_put(metrics, strdup("one\n"), 4);
    ck_assert_ptr_nonnull(strstr(hear(first), "\r\n\r\none\n"));
    same = hear(ask(get));
    if (ps_clock_steady() - began < PS_NS_PER_S) { /* else the machine is too busy to tell */
        ck_assert_ptr_nonnull(strstr(same, "\r\n\r\none\n"));
        ck_assert(!ps_metrics_wanted(metrics) || ps_clock_steady() - began >= PS_NS_PER_S);
    }
    ps_metrics_free(metrics);
}
END_TEST

START_TEST(test_ps_metrics__no_text_comes__503_and_the_end_does_not_wait)
{
    struct ps_metrics *metrics = serve();
    int fd = ask(get);
    uint64_t began;

    ck_assert_int_eq(strncmp(hear(fd), "HTTP/1.1 503", 12), 0);
    fd = ask(get);
    for (unsigned i = 0; i < 10000 && !ps_metrics_wanted(metrics); i++)
        usleep(1000);
    began = ps_clock_steady();
    ps_metrics_free(metrics);
    ck_assert_uint_lt(ps_clock_steady() - began, 5 * PS_NS_PER_S / 2); /* of the three that it would take */
    close(fd);
}
END_TEST

START_TEST(test_ps_metrics__other_paths_methods_and_long_requests__refused)
{
    struct ps_metrics *metrics = serve();
    static char longest[65536];

    ck_assert_int_eq(strncmp(hear(ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), "HTTP/1.1 404", 12), 0);
    ck_assert_int_eq(strncmp(hear(ask("PUT /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")),
                             "HTTP/1.1 405", 12), 0);
    memset(longest, 'a', sizeof longest - 1);
    memcpy(longest, "GET /", 5);
    ck_assert_ptr_null(strstr(hear(ask(longest)), "200 OK"));
    ck_assert(!ps_metrics_wanted(metrics));
    ps_metrics_free(metrics);
}
END_TEST

START_TEST(test_ps_metrics_open__port_taken__says_so)
{
    struct ps_metrics *metrics = serve();
    struct ps_error err = {""};

    ck_assert_ptr_null(ps_metrics_open(where, &err));
    ck_assert_msg(strstr(err.text, where) != NULL, "%s", err.text);
    ps_metrics_free(metrics);
    ps_metrics_free(NULL);
}
END_TEST

UNIT_MAIN("control/metrics", test_ps_metrics_parse__this_machine__fine,
          test_ps_metrics_parse__others_and_nonsense__refused, test_ps_metrics_wanted__somebody_asks__once_a_second,
          test_ps_metrics__no_text_comes__503_and_the_end_does_not_wait,
          test_ps_metrics__other_paths_methods_and_long_requests__refused, test_ps_metrics_open__port_taken__says_so)
