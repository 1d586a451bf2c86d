/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_poll.c - a Modbus client that takes the time of its transactions, and the server for it.
 *
 *     bench_poll serve ADDRESS
 *     bench_poll poll ADDRESS SECONDS PAUSE_US
 *
 * The client reads eight registers, waits for the answer, pauses, and asks again, on one connection, until the time is over or
 * somebody ends it (SIGTERM). Then it says as JSON how many answers came late by a second or never (lost), how many segments TCP sent
 * again, and how long each transaction took. The server says "ready" and then, of each connection that ends, how many
 * segments it sent again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 502
#define ANSWER_LEN 25u
#define N_MAX 1000000u
#define PATIENCE_S 1
#define OPENING_S 60 /* the machine may be busy, and nothing is measured yet */

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in address_of(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        errno = EINVAL;
        fail(text);
    }
    return address;
}

static void at_once(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static unsigned sent_again(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_total_retrans : 0;
}

/* len octets, or false: it ended, or took too long. */
static bool read_all(int fd, uint8_t *into, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(fd, into + at, len - at);
        if (n < 0 && errno == EINTR) /* somebody ends it: the answer is awaited all the same */
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* ---- the server ------------------------------------------------------------------------------------------------- */

static void serve_one(int fd)
{
    uint8_t request[12], answer[ANSWER_LEN] = {0};
    at_once(fd);
    while (read_all(fd, request, sizeof request)) {
        memcpy(answer, request, 8);
        answer[5] = ANSWER_LEN - 6;
        answer[8] = 16;
        if (write(fd, answer, sizeof answer) != sizeof answer)
            break;
    }
    printf("sent again %u\n", sent_again(fd));
    fflush(stdout);
    close(fd);
}

static _Noreturn void serve(const char *text)
{
    struct sockaddr_in address = address_of(text);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
        fail("the server has no port");
    puts("ready");
    fflush(stdout);
    for (;;) {
        int one = accept(fd, NULL, NULL);
        if (one >= 0)
            serve_one(one);
    }
}

/* ---- the client ------------------------------------------------------------------------------------------------- */

static int open_connection(const char *text)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S}, opening = {.tv_sec = OPENING_S};
    struct sockaddr_in address = address_of(text);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &opening, sizeof opening);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("there is no server");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    at_once(fd);
    return fd;
}

static bool transact(int fd, uint16_t number)
{
    uint8_t request[12] = {(uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 6, 1, 3, 0, 0, 0, 8}, answer[ANSWER_LEN];
    return write(fd, request, sizeof request) == sizeof request && read_all(fd, answer, sizeof answer) &&
           memcmp(answer, request, 2) == 0;
}

static volatile sig_atomic_t over;

static void end_soon(int signal)
{
    (void)signal;
    over = 1;
}

static void rest(unsigned long us)
{
    const struct timespec pause = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&pause, NULL);
}

static void ask(const char *text, double seconds, unsigned long pause_us)
{
    static uint64_t took[N_MAX];
    uint32_t n = 0, lost = 0;
    unsigned again = 0;
    int fd = open_connection(text);
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    signal(SIGTERM, end_soon);
    puts("ready");
    fflush(stdout);
    while (!over && n < N_MAX && now_ns() < end) {
        rest(pause_us);
        uint64_t start = now_ns();
        bool answered = transact(fd, (uint16_t)n);
        took[n++] = now_ns() - start;
        if (answered)
            continue;
        lost++;
        again += sent_again(fd);
        close(fd);
        fd = open_connection(text);
    }
    again += sent_again(fd);
    close(fd);
    printf("{\"polls\": %" PRIu32 ", \"lost\": %" PRIu32 ", \"again\": %u, \"ns\": [", n, lost, again);
    for (uint32_t i = 0; i < n; i++)
        printf("%s%" PRIu64, i > 0 ? ", " : "", took[i]);
    puts("]}");
}

int main(int argc, char **argv)
{
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    if (argc != 5 || strcmp(argv[1], "poll") != 0) {
        fputs("Usage: bench_poll serve ADDRESS | poll ADDRESS SECONDS PAUSE_US\n", stderr);
        return 2;
    }
    ask(argv[2], strtod(argv[3], NULL), strtoul(argv[4], NULL, 10));
    return 0;
}
