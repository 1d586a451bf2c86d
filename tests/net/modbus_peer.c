/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * modbus_peer.c - one end of a Modbus/TCP conversation, by libmodbus: a device, or a client that does what it is told.
 *
 *     modbus_peer serve ADDRESS [PLACES]
 *     modbus_peer ask ADDRESS OPERATION...
 *     modbus_peer show ADDRESS OPERATION...        the same, and prints what the device answers
 *     modbus_peer poll ADDRESS SECONDS OPERATION...
 *
 * A served device takes PLACES connections at a time (8), and others wait until one ends. It has 128 of each kind of object,
 * with values that follow from their addresses. An OPERATION is
 *
 *     coil|discrete|holding|input FIRST COUNT      reads
 *     set-coil FIRST VALUE...                      FC 5 for one value, FC 15 for more
 *     set-holding FIRST VALUE...                   FC 6 for one value, FC 16 for more
 *     raw OCTET...                                 unit, function and data in hex, as libmodbus would not send them
 *
 * each as one argument. A client does not mind exceptions: it asks, takes the answer and goes on. `poll` does: it repeats
 * the operations on one connection for so long, and fails with the first one that is not done.
 */
#include <errno.h>
#include <modbus.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_TEXT "502"
#define N_OBJECTS 128
#define N_ARGUMENTS 64
#define N_CONNECTIONS 64

static volatile sig_atomic_t stopped;
static int shows; /* answers are printed */

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int fail(const char *what)
{
    fprintf(stderr, "modbus_peer: %s: %s\n", what, modbus_strerror(errno));
    return 1;
}

/* ---- device ---------------------------------------------------------------------------------------------------- */

static void fill(modbus_mapping_t *map)
{
    for (int i = 0; i < N_OBJECTS; i++) {
        map->tab_bits[i] = i % 3 == 0;
        map->tab_input_bits[i] = i % 4 == 0;
        map->tab_registers[i] = (uint16_t)(500 + i);
        map->tab_input_registers[i] = (uint16_t)(1000 + i);
    }
}

/* Answers one request. false: the connection is over. */
static int answer(modbus_t *ctx, int fd, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int len;

    modbus_set_socket(ctx, fd);
    do
        len = modbus_receive(ctx, query);
    while (len == 0);
    if (len < 0)
        return 0;
    modbus_reply(ctx, query, len, map);
    return 1;
}

/* Serves its connections until a signal, so many at a time. */
static void serve_loop(modbus_t *ctx, int listener, modbus_mapping_t *map, int places)
{
    int fds[N_CONNECTIONS];
    int n = 0;

    while (!stopped) {
        fd_set set;
        int top = listener;

        FD_ZERO(&set);
        if (n < places)
            FD_SET(listener, &set);
        for (int i = 0; i < n; i++) {
            FD_SET(fds[i], &set);
            top = fds[i] > top ? fds[i] : top;
        }
        if (select(top + 1, &set, NULL, NULL, NULL) < 0)
            continue;
        for (int i = n - 1; i >= 0; i--) {
            if (!FD_ISSET(fds[i], &set) || answer(ctx, fds[i], map))
                continue;
            close(fds[i]);
            fds[i] = fds[--n];
        }
        if (FD_ISSET(listener, &set)) {
            int fd = accept(listener, NULL, NULL);

            if (fd >= 0)
                fds[n++] = fd;
        }
    }
    while (n > 0)
        close(fds[--n]);
}

static int serve(const char *address, int places)
{
    modbus_t *ctx = modbus_new_tcp_pi(address, PORT_TEXT);
    modbus_mapping_t *map = modbus_mapping_new(N_OBJECTS, N_OBJECTS, N_OBJECTS, N_OBJECTS);
    struct sigaction action = {.sa_handler = stop}; /* without SA_RESTART, so that select() returns */
    int listener;

    if (!ctx || !map)
        return fail("setting up");
    fill(map);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    /* libmodbus waits this long before it answers a function that it does not know. */
    modbus_set_response_timeout(ctx, 0, 20000);
    listener = modbus_tcp_pi_listen(ctx, N_CONNECTIONS);
    if (listener < 0)
        return fail(address);
    puts("ready");
    fflush(stdout);
    serve_loop(ctx, listener, map, places > 0 && places < N_CONNECTIONS ? places : N_CONNECTIONS);
    close(listener);
    modbus_mapping_free(map);
    modbus_free(ctx);
    return 0;
}

/* ---- client ---------------------------------------------------------------------------------------------------- */

static int read_objects(modbus_t *ctx, const char *space, int first, int count)
{
    uint8_t bits[MODBUS_MAX_READ_BITS];
    uint16_t registers[MODBUS_MAX_READ_REGISTERS];

    int words = strcmp(space, "coil") != 0 && strcmp(space, "discrete") != 0, n;

    if (strcmp(space, "coil") == 0)
        n = modbus_read_bits(ctx, first, count, bits);
    else if (strcmp(space, "discrete") == 0)
        n = modbus_read_input_bits(ctx, first, count, bits);
    else if (strcmp(space, "holding") == 0)
        n = modbus_read_registers(ctx, first, count, registers);
    else
        n = modbus_read_input_registers(ctx, first, count, registers);
    for (int i = 0; shows && i < n; i++)
        printf("%s %u%s", i == 0 ? "the device answers:" : "", words ? (unsigned)registers[i] : (unsigned)bits[i],
               i + 1 == n ? "\n" : "");
    return n;
}

static int write_objects(modbus_t *ctx, int coils, const long *arguments, int n)
{
    uint8_t bits[N_ARGUMENTS];
    uint16_t registers[N_ARGUMENTS];
    int first = (int)arguments[0];
    int count = n - 1;

    for (int i = 0; i < count; i++) {
        bits[i] = arguments[i + 1] != 0;
        registers[i] = (uint16_t)arguments[i + 1];
    }
    if (coils)
        return count == 1 ? modbus_write_bit(ctx, first, bits[0]) : modbus_write_bits(ctx, first, count, bits);
    return count == 1 ? modbus_write_register(ctx, first, registers[0])
                      : modbus_write_registers(ctx, first, count, registers);
}

static int send_raw(modbus_t *ctx, const long *arguments, int n)
{
    uint8_t request[N_ARGUMENTS];
    uint8_t reply[MODBUS_TCP_MAX_ADU_LENGTH];

    for (int i = 0; i < n; i++)
        request[i] = (uint8_t)arguments[i];
    if (modbus_send_raw_request(ctx, request, n) < 0)
        return -1;
    return modbus_receive_confirmation(ctx, reply);
}

/* What libmodbus says; -1 with errno otherwise. */
static int operate(modbus_t *ctx, const char *operation, int *writes)
{
    long arguments[N_ARGUMENTS];
    char text[512];
    char *rest = NULL;
    char *word;
    int n = 0;

    snprintf(text, sizeof(text), "%s", operation);
    word = strtok_r(text, " ", &rest);
    errno = EINVAL;
    for (char *s = strtok_r(NULL, " ", &rest); s && n < N_ARGUMENTS; s = strtok_r(NULL, " ", &rest))
        arguments[n++] = strtol(s, NULL, word && strcmp(word, "raw") == 0 ? 16 : 10);
    if (!word || n < 2)
        return -1;
    *writes = strncmp(word, "set-", 4) == 0;
    if (strcmp(word, "raw") == 0)
        return send_raw(ctx, arguments, n);
    if (*writes)
        return write_objects(ctx, strcmp(word, "set-coil") == 0, arguments, n);
    return read_objects(ctx, word, (int)arguments[0], (int)arguments[1]);
}

/* Exceptions are answers too; only a dead connection or a word that is not known counts. */
static int ask_one(modbus_t *ctx, const char *operation)
{
    int writes = 0, result = operate(ctx, operation, &writes);

    if (result < 0 && errno < MODBUS_ENOBASE)
        return fail(operation);
    if (shows && result < 0)
        printf("the device answers: %s\n", modbus_strerror(errno));
    else if (shows && writes)
        puts("the device answers: done");
    return 0;
}

static modbus_t *connected(const char *address)
{
    modbus_t *ctx = modbus_new_tcp_pi(address, PORT_TEXT);

    if (ctx && modbus_set_slave(ctx, 1) == 0 && modbus_set_response_timeout(ctx, 10, 0) == 0 && modbus_connect(ctx) == 0)
        return ctx;
    fail(address);
    return NULL;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int poll_for(const char *address, double seconds, char **operations, int n)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    modbus_t *ctx = connected(address);
    double end = now() + seconds;
    unsigned long rounds = 0;
    int status = ctx ? 0 : 1, writes;

    for (; status == 0 && now() < end; rounds++) {
        for (int i = 0; i < n && status == 0; i++)
            status = operate(ctx, operations[i], &writes) < 0 ? fail(operations[i]) : 0;
        nanosleep(&pause, NULL);
    }
    printf("%lu rounds\n", rounds);
    if (ctx)
        modbus_close(ctx);
    modbus_free(ctx);
    return status;
}

static int ask(const char *address, char **operations, int n)
{
    const struct timespec pause = {.tv_nsec = 20000000}; /* so that a reader of the capture sees who came first */
    modbus_t *ctx = connected(address);
    int status = 0;

    if (!ctx)
        return 1;
    for (int i = 0; i < n && status == 0; i++) {
        status = ask_one(ctx, operations[i]);
        nanosleep(&pause, NULL);
    }
    modbus_close(ctx);
    modbus_free(ctx);
    return status;
}

int main(int argc, char **argv)
{
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], argc == 4 ? atoi(argv[3]) : N_CONNECTIONS);
    shows = argc > 3 && strcmp(argv[1], "show") == 0;
    if (argc > 3 && (shows || strcmp(argv[1], "ask") == 0))
        return ask(argv[2], argv + 3, argc - 3);
    if (argc > 4 && strcmp(argv[1], "poll") == 0)
        return poll_for(argv[2], strtod(argv[3], NULL), argv + 4, argc - 4);
    fputs("usage: modbus_peer serve ADDRESS [PLACES] | ask|show ADDRESS OPERATION... | poll ADDRESS SECONDS OPERATION...\n", stderr);
    return 2;
}
