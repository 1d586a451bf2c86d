/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define CLIENTS_MAX 8u
#define CLIENT_MEMORY ((size_t)16 << 10) /* octets of a request, and what the library needs for it */
#define CLIENT_SECONDS 10u               /* until one that says nothing is hung up on */
#define WAIT_S 3                         /* for the control thread */

struct ps_metrics {
    int fd; /* listens; the library's once it serves */
    struct MHD_Daemon *http;
    pthread_mutex_t lock; /* everything below; held for moments only */
    pthread_cond_t fresh;
    char *text;
    size_t len;
    uint64_t rendered_ns; /* steady; 0: never */
    bool wanted, ending;
};

/* ---- the address ------------------------------------------------------------------------------------------------- */

static const char not_local[] = "no address of this machine alone; write 127.0.0.1:9417 or [::1]:9417";

static bool parse_port(const char *text, in_port_t *out)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    *out = htons((uint16_t)port);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port >= 1 && port <= 65535;
}

const char *ps_metrics_parse(const char *text, union ps_metrics_address *out)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    char host[INET6_ADDRSTRLEN + 2];
    bool v6;

    memset(out, 0, sizeof *out);
    if (len == 0 || len >= sizeof host)
        return not_local;
    memcpy(host, text, len);
    host[len] = '\0';
    v6 = host[0] == '[' && host[len - 1] == ']';
    if (v6) {
        host[len - 1] = '\0';
        out->v6.sin6_family = AF_INET6;
        if (inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) != 1 || !IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr))
            return not_local;
    } else {
        out->v4.sin_family = AF_INET;
        if (inet_pton(AF_INET, host, &out->v4.sin_addr) != 1 || ntohl(out->v4.sin_addr.s_addr) >> 24 != 127)
            return not_local;
    }
    return parse_port(colon + 1, v6 ? &out->v6.sin6_port : &out->v4.sin_port) ? NULL : "no port from 1 to 65535";
}

/* ---- HTTP, in the library's thread ------------------------------------------------------------------------------- */

/* A copy of a text that is not older than a second; NULL: the control thread did not make one. */
static char *await_text(struct ps_metrics *metrics, size_t *len)
{
    uint64_t oldest = ps_clock_steady() - PS_NS_PER_S;
    struct timespec until;
    char *copy = NULL;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&metrics->lock);
    while (!metrics->ending && (metrics->text == NULL || metrics->rendered_ns < oldest)) {
        metrics->wanted = true;
        if (pthread_cond_timedwait(&metrics->fresh, &metrics->lock, &until) != 0)
            break;
    }
    if (!metrics->ending && metrics->text != NULL && metrics->rendered_ns >= oldest)
        copy = malloc(metrics->len + 1);
    if (copy != NULL)
        memcpy(copy, metrics->text, metrics->len);
    *len = metrics->len;
    pthread_mutex_unlock(&metrics->lock);
    return copy;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, char *text, size_t len)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result done;

    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    done = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
    char *text = strdup(why);

    return text != NULL ? answer(connection, status, text, strlen(text)) : MHD_NO;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **state)
{
    char *text;
    size_t len;

    (void)version;
    (void)upload;
    (void)upload_len;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    if (strcmp(url, PS_METRICS_PATH) != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "there is only " PS_METRICS_PATH "\n");
    text = await_text(ctx, &len);
    if (text == NULL)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the gateway is busy or ends\n");
    return answer(connection, MHD_HTTP_OK, text, len);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool listen_at(struct ps_metrics *metrics, const char *text, struct ps_error *err)
{
    union ps_metrics_address address;
    const char *wrong = ps_metrics_parse(text, &address);
    socklen_t len;
    int yes = 1;

    if (wrong != NULL)
        return ps_error_say(err, "metrics: \"%s\" is %s", text, wrong);
    len = address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
    metrics->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (metrics->fd < 0 || setsockopt(metrics->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(metrics->fd, &address.any, len) != 0 || listen(metrics->fd, CLIENTS_MAX) != 0)
        return ps_error_errno_of(err, "metrics", text);
    return true;
}

struct ps_metrics *ps_metrics_open(const char *address, struct ps_error *err)
{
    struct ps_metrics *metrics = calloc(1, sizeof *metrics);
    pthread_condattr_t attr;

    if (metrics == NULL) {
        ps_error_errno(err, "no memory for metrics");
        return NULL;
    }
    metrics->fd = -1;
    pthread_mutex_init(&metrics->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&metrics->fresh, &attr);
    pthread_condattr_destroy(&attr);
    if (listen_at(metrics, address, err))
        return metrics;
    ps_metrics_free(metrics);
    return NULL;
}

bool ps_metrics_serve(struct ps_metrics *metrics, struct ps_error *err)
{
    metrics->http = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, metrics,
                                     MHD_OPTION_LISTEN_SOCKET, metrics->fd, MHD_OPTION_CONNECTION_LIMIT, CLIENTS_MAX,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, CLIENT_MEMORY,
                                     MHD_OPTION_CONNECTION_TIMEOUT, CLIENT_SECONDS, MHD_OPTION_END);
    if (metrics->http == NULL)
        return ps_error_errno(err, "cannot serve metrics");
    metrics->fd = -1;
    return true;
}

void ps_metrics_free(struct ps_metrics *metrics)
{
    if (metrics == NULL)
        return;
    pthread_mutex_lock(&metrics->lock);
    metrics->ending = true;
    pthread_cond_broadcast(&metrics->fresh);
    pthread_mutex_unlock(&metrics->lock);
    if (metrics->http != NULL)
        MHD_stop_daemon(metrics->http);
    if (metrics->fd >= 0)
        close(metrics->fd);
    pthread_cond_destroy(&metrics->fresh);
    pthread_mutex_destroy(&metrics->lock);
    free(metrics->text);
    free(metrics);
}

/* ---- the control thread's side ----------------------------------------------------------------------------------- */

bool ps_metrics_wanted(struct ps_metrics *metrics)
{
    bool wanted;

    if (metrics == NULL)
        return false;
    pthread_mutex_lock(&metrics->lock);
    wanted = metrics->wanted &&
             (metrics->rendered_ns == 0 || ps_clock_steady() - metrics->rendered_ns >= PS_NS_PER_S);
    pthread_mutex_unlock(&metrics->lock);
    return wanted;
}

void ps_metrics_put(struct ps_metrics *metrics, char *text, size_t len)
{
    char *old;

    pthread_mutex_lock(&metrics->lock);
    old = metrics->text;
    metrics->text = text;
    metrics->len = len;
    metrics->rendered_ns = ps_clock_steady();
    metrics->wanted = false;
    pthread_cond_broadcast(&metrics->fresh);
    pthread_mutex_unlock(&metrics->lock);
    free(old);
}
