/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remote.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "findings_json.h"

#define VERSION 1
#define LINE_MAX_OCTETS ((size_t)64 << 20)
#define PATIENCE_S 30u /* for a reply that takes no time itself */
#define RELOAD_S 90u   /* compiling, and judging what flows anew (docs/control.md) */
#define TRACE_S 30u    /* unless it says how long */
#define FOREVER UINT64_MAX

struct ps_remote {
    int fd;
    char *in; /* read, not taken yet */
    size_t n_in, room;
    int passed; /* a descriptor that came, -1: none */
    unsigned patience_s;
};

/* ---- connecting -------------------------------------------------------------------------------------------------- */

static void complain(const char *path)
{
    fprintf(stderr, "penstock: error: %s: %s\n", path, strerror(errno));
    if (errno == ENOENT || errno == ECONNREFUSED)
        fputs("penstockd is not running, or listens elsewhere: see control in its configuration, and --socket\n", stderr);
    else if (errno == EACCES)
        fputs("only root and members of the groups penstock and penstock-admin may ask\n", stderr);
}

struct ps_remote *ps_remote_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ps_remote *remote = calloc(1, sizeof *remote);

    if (path == NULL)
        path = getenv("PENSTOCK_SOCKET");
    if (path == NULL)
        path = PS_REMOTE_SOCKET;
    if (remote == NULL || strlen(path) >= sizeof address.sun_path) {
        errno = remote == NULL ? ENOMEM : ENAMETOOLONG;
        complain(path);
        free(remote);
        return NULL;
    }
    strcpy(address.sun_path, path);
    remote->passed = -1;
    remote->patience_s = PATIENCE_S;
    remote->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (remote->fd >= 0 && connect(remote->fd, (const void *)&address, sizeof address) == 0)
        return remote;
    complain(path);
    ps_remote_close(remote);
    return NULL;
}

void ps_remote_close(struct ps_remote *remote)
{
    if (remote == NULL)
        return;
    if (remote->fd >= 0)
        close(remote->fd);
    if (remote->passed >= 0)
        close(remote->passed);
    free(remote->in);
    free(remote);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void take_passed(struct ps_remote *remote, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int)))
            continue;
        if (remote->passed >= 0)
            close(remote->passed);
        memcpy(&remote->passed, CMSG_DATA(c), sizeof(int));
    }
}

/* False: the end, or an error in errno. */
static bool read_more(struct ps_remote *remote)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t n;

    if (remote->n_in == remote->room) {
        size_t room = remote->room > 0 ? 2 * remote->room : 65536;
        char *longer = room > LINE_MAX_OCTETS ? NULL : realloc(remote->in, room);

        if (longer == NULL) {
            errno = EMSGSIZE;
            return false;
        }
        remote->in = longer;
        remote->room = room;
    }
    part = (struct iovec){remote->in + remote->n_in, remote->room - remote->n_in};
    n = recvmsg(remote->fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0) {
        errno = n == 0 ? ECONNRESET : errno;
        return false;
    }
    take_passed(remote, &message);
    remote->n_in += (size_t)n;
    return true;
}

/* A line that is there; NULL: not yet, or nonsense (errno EBADMSG). */
static json_t *take_line(struct ps_remote *remote, bool *whole)
{
    char *end = remote->n_in > 0 ? memchr(remote->in, '\n', remote->n_in) : NULL;
    size_t len;
    json_t *o;

    *whole = end != NULL;
    if (end == NULL)
        return NULL;
    len = (size_t)(end - remote->in);
    o = json_loadb(remote->in, len, 0, NULL);
    remote->n_in -= len + 1;
    memmove(remote->in, end + 1, remote->n_in);
    if (o == NULL)
        errno = EBADMSG;
    return o;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* until_ms: FOREVER, or when errno is ETIMEDOUT. */
static json_t *next_line(struct ps_remote *remote, const volatile int *stop, uint64_t until_ms)
{
    for (;;) {
        struct pollfd fd = {.fd = remote->fd, .events = POLLIN};
        bool whole;
        json_t *o = take_line(remote, &whole);
        int ready;

        if (whole)
            return o;
        if (stop != NULL && *stop)
            return NULL;
        ready = poll(&fd, 1, 200);
        if (ready > 0 && !read_more(remote))
            return NULL;
        if (ready <= 0 && until_ms != FOREVER && now_ms() >= until_ms) {
            errno = ETIMEDOUT;
            return NULL;
        }
    }
}

json_t *ps_remote_next(struct ps_remote *remote, const volatile int *stop)
{
    return next_line(remote, stop, FOREVER);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static bool send_line(struct ps_remote *remote, json_t *request)
{
    char *text, *line = NULL;
    int len = -1;
    bool good;

    json_object_set_new(request, "version", json_integer(VERSION));
    text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (text != NULL)
        len = asprintf(&line, "%s\n", text);
    good = len > 0 && send(remote->fd, line, (size_t)len, MSG_NOSIGNAL) == len;
    good = good || (len > 0 && errno == EPIPE); /* it hung up: what it said before is still there to be read */
    free(text);
    if (len > 0)
        free(line);
    return good;
}

/* How long the reply may take. */
static unsigned patience_for(const struct ps_remote *remote, const json_t *request)
{
    const char *verb = json_string_value(json_object_get(request, "verb"));
    const json_t *seconds = json_object_get(request, "seconds");

    if (verb != NULL && strcmp(verb, "reload") == 0)
        return remote->patience_s + RELOAD_S;
    if (verb != NULL && strcmp(verb, "trace") == 0)
        return remote->patience_s + (seconds != NULL ? (unsigned)json_integer_value(seconds) : TRACE_S);
    return remote->patience_s;
}

void ps_remote_set_patience(struct ps_remote *remote, unsigned seconds)
{
    remote->patience_s = seconds;
}

json_t *ps_remote_ask(struct ps_remote *remote, json_t *request, int *fd)
{
    uint64_t until_ms = now_ms() + (uint64_t)patience_for(remote, request) * 1000;
    json_t *reply = send_line(remote, request) ? next_line(remote, NULL, until_ms) : NULL;
    int why = errno;

    if (fd != NULL) {
        *fd = remote->passed;
        remote->passed = -1;
    }
    if (reply == NULL && why == EBADMSG)
        fputs("penstock: error: what listens there does not speak as penstockd does: see --socket\n", stderr);
    else if (reply == NULL)
        fprintf(stderr, "penstock: error: penstockd does not answer: %s\n", strerror(why));
    if (reply == NULL && why == ETIMEDOUT)
        fputs("it runs, but is stopped or has no processor; traffic may go on all the same\n", stderr);
    return reply;
}

bool ps_remote_ok(const json_t *reply)
{
    const char *error = json_string_value(json_object_get(reply, "error"));
    const char *digest = json_string_value(json_object_get(reply, "digest"));

    if (json_is_true(json_object_get(reply, "ok")))
        return true;
    ps_findings_text(reply, stderr);
    fprintf(stderr, "penstock: error: %s\n", error != NULL ? error : "penstockd said no");
    if (digest != NULL) /* of a reload that failed */
        fprintf(stderr, "the policy before stays in force: digest %.8s, generation %lld\n", digest,
                (long long)json_integer_value(json_object_get(reply, "generation")));
    return false;
}

json_t *ps_remote_once(const char *path, json_t *request)
{
    struct ps_remote *remote = ps_remote_open(path);
    json_t *reply;

    if (remote == NULL) {
        json_decref(request);
        return NULL;
    }
    reply = ps_remote_ask(remote, request, NULL);
    ps_remote_close(remote);
    return reply;
}
