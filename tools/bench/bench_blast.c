/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_blast.c - datagrams as fast as they go, and who counts them.
 *
 *     bench_blast serve ADDRESS
 *     bench_blast send ADDRESS SECONDS OCTETS
 *
 * The client asks how many have arrived until it is answered, so that the exchange is known on the way; sends for the time; and
 * asks again. Then it says as JSON how many it sent and how many of them arrived.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PORT 5202
#define BURST 32u
#define OCTETS_MAX 1472u
#define TRIES 100u /* of 100 ms each */

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_socket(const char *address, struct sockaddr_in *to)
{
    const int memory = 8 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (fd < 0 || inet_pton(AF_INET, address, &to->sin_addr) != 1)
        fail(address);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &memory, sizeof memory);
    return fd;
}

struct burst {
    struct mmsghdr messages[BURST];
    struct iovec rooms[BURST];
    uint8_t octets[BURST][OCTETS_MAX];
};

static void set_up(struct burst *burst, size_t len)
{
    memset(burst, 0, sizeof *burst);
    for (unsigned i = 0; i < BURST; i++) {
        burst->rooms[i] = (struct iovec){.iov_base = burst->octets[i], .iov_len = len};
        burst->messages[i].msg_hdr = (struct msghdr){.msg_iov = &burst->rooms[i], .msg_iovlen = 1};
    }
}

/* A question is one octet; its answer is how many others have come. */
static void serve(const char *address)
{
    static struct burst burst;
    struct sockaddr_in own, from[BURST];
    uint64_t n_arrived = 0;
    int fd = open_socket(address, &own);
    if (bind(fd, (const struct sockaddr *)&own, sizeof own) != 0)
        fail("bind");
    puts("ready");
    fflush(stdout);
    for (;;) {
        set_up(&burst, OCTETS_MAX);
        for (unsigned i = 0; i < BURST; i++) {
            burst.messages[i].msg_hdr.msg_name = &from[i];
            burst.messages[i].msg_hdr.msg_namelen = sizeof from[i];
        }
        int n = recvmmsg(fd, burst.messages, BURST, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++) {
            if (burst.messages[i].msg_len != 1)
                n_arrived++;
            else
                (void)sendto(fd, &n_arrived, sizeof n_arrived, 0, (const struct sockaddr *)&from[i], sizeof from[i]);
        }
    }
}

static uint64_t ask(int fd)
{
    const struct timeval wait = {.tv_usec = 100000};
    uint64_t n;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    while (recv(fd, &n, sizeof n, MSG_DONTWAIT) >= 0)
        continue; /* late answers */
    for (unsigned tries = 0; tries < TRIES; tries++) {
        (void)send(fd, "?", 1, 0);
        if (recv(fd, &n, sizeof n, 0) == sizeof n)
            return n;
    }
    fail("nobody answers");
}

/* What is still on its way after the last one was sent. */
static uint64_t ask_until_still(int fd)
{
    uint64_t before, n = ask(fd);
    do {
        before = n;
        usleep(100000);
        n = ask(fd);
    } while (n != before);
    return n;
}

static void blast(const char *address, double seconds, size_t len)
{
    static struct burst burst;
    struct sockaddr_in to;
    uint64_t n_sent = 0;
    int fd = open_socket(address, &to);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    uint64_t before = ask_until_still(fd);
    set_up(&burst, len);
    double start = now_s(), end = start;
    while (end - start < seconds) {
        int n = sendmmsg(fd, burst.messages, BURST, 0);
        n_sent += n > 0 ? (uint64_t)n : 0;
        end = now_s();
    }
    printf("{\"sent\": %" PRIu64 ", \"arrived\": %" PRIu64 ", \"seconds\": %.6f}\n", n_sent, ask_until_still(fd) - before, end - start);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    long octets = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    if (argc != 5 || strcmp(argv[1], "send") != 0 || octets < 2 || octets > (long)OCTETS_MAX) {
        fputs("usage: bench_blast serve ADDRESS | send ADDRESS SECONDS OCTETS\n", stderr);
        return 2;
    }
    blast(argv[2], strtod(argv[3], NULL), (size_t)octets);
    return 0;
}
