/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "server_peer.h"

struct client {
    uint64_t id; /* 0: nobody here */
    uint64_t heard_ns; /* when it connected, or said something last */
    int fd;
    struct ps_peer peer;
    char *in; /* a part of a line */
    size_t n_in;
    char *out; /* not written yet */
    size_t n_out;
    int pass_fd; /* goes with octet pass_at of out; -1: none */
    size_t pass_at;
    bool asked;   /* a request waits for its answer */
    bool follows;
    bool leaving; /* hung up on when everything is written */
    uint64_t n_missed;
};

struct ps_server {
    struct ps_server_config config;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    int fd;
    uint64_t last_id;
    struct client clients[PS_SERVER_CLIENTS_MAX];
};

/* ---- opening --------------------------------------------------------------------------------------------------- */

/* A socket that nobody listens on was left by a daemon that did not end well. */
static bool remove_stale(const struct sockaddr_un *address, struct ps_error *err)
{
    struct stat st;
    int fd;
    bool stale;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT || ps_error_errno(err, address->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return ps_error_say(err, "%s is in the way: it is no socket", address->sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ps_error_errno(err, "cannot make a socket");
    stale = connect(fd, (const void *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(fd);
    if (!stale)
        return ps_error_say(err, "%s: another penstockd listens there", address->sun_path);
    return unlink(address->sun_path) == 0 || ps_error_errno(err, address->sun_path);
}

static bool listen_at(struct ps_server *server, struct ps_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(server->config.path) >= sizeof address.sun_path)
        return ps_error_say(err, "%s: a socket's path has at most %zu characters", server->config.path,
                            sizeof address.sun_path - 1);
    strcpy(address.sun_path, server->config.path);
    strcpy(server->path, server->config.path);
    if (!remove_stale(&address, err))
        return false;
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0)
        return ps_error_errno(err, "cannot make a socket");
    if (bind(server->fd, (const void *)&address, sizeof address) != 0)
        return ps_error_errno(err, server->path);
    /* Everybody may connect, so that everybody can be told who may not. */
    if (chmod(server->path, 0666) != 0 || listen(server->fd, 16) != 0)
        return ps_error_errno(err, server->path);
    return true;
}

struct ps_server *ps_server_new(const struct ps_server_config *config, struct ps_error *err)
{
    struct ps_server *server = calloc(1, sizeof *server);

    if (server == NULL) {
        ps_error_errno(err, "no memory for the control socket");
        return NULL;
    }
    server->config = *config;
    server->fd = -1;
    if (listen_at(server, err))
        return server;
    if (server->fd >= 0)
        close(server->fd);
    free(server);
    return NULL;
}

static void hang_up(struct client *c)
{
    if (c->id == 0)
        return;
    close(c->fd);
    if (c->pass_fd >= 0)
        close(c->pass_fd);
    free(c->in);
    free(c->out);
    memset(c, 0, sizeof *c);
}

void ps_server_free(struct ps_server *server)
{
    if (server == NULL)
        return;
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++)
        hang_up(&server->clients[i]);
    close(server->fd);
    unlink(server->path);
    free(server);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static ssize_t send_some(struct client *c, size_t len)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control = {{0}};
    struct iovec part = {c->out, len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (c->pass_fd >= 0 && c->pass_at == 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &c->pass_fd, sizeof(int));
    }
    return sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void write_out(struct client *c)
{
    while (c->n_out > 0) {
        bool passes = c->pass_fd >= 0;
        ssize_t n = send_some(c, passes && c->pass_at > 0 ? c->pass_at : c->n_out);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            hang_up(c);
            return;
        }
        if (passes && c->pass_at == 0) {
            close(c->pass_fd);
            c->pass_fd = -1;
        } else if (passes) {
            c->pass_at -= (size_t)n;
        }
        c->n_out -= (size_t)n;
        memmove(c->out, c->out + n, c->n_out);
    }
    if (c->leaving)
        hang_up(c);
}

/* Queues a line; false: it does not fit below max. */
static bool put_line(struct client *c, const json_t *o, size_t max)
{
    char *text = json_dumps(o, JSON_COMPACT), *longer;
    size_t len = text != NULL ? strlen(text) : 0;
    bool good = text != NULL && c->n_out + len + 1 <= max;

    longer = good ? realloc(c->out, c->n_out + len + 1) : NULL;
    if (longer != NULL) {
        memcpy(longer + c->n_out, text, len);
        longer[c->n_out + len] = '\n';
        c->out = longer;
        c->n_out += len + 1;
    }
    free(text);
    return longer != NULL;
}

static struct client *find(struct ps_server *server, uint64_t id)
{
    for (unsigned i = 0; id != 0 && i < PS_SERVER_CLIENTS_MAX; i++)
        if (server->clients[i].id == id)
            return &server->clients[i];
    return NULL;
}

static void answer(struct client *c, bool ok, json_t *o, int fd)
{
    json_t *whole = json_pack("{s:i, s:b}", "version", PS_SERVER_VERSION, "ok", ok);
    size_t at = c->n_out;

    json_object_update(whole, o);
    json_decref(o);
    c->asked = false;
    if (!put_line(c, whole, PS_SERVER_UNREAD_MAX)) {
        hang_up(c);
    } else if (fd >= 0 && c->pass_fd < 0) {
        c->pass_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        c->pass_at = at;
    }
    json_decref(whole);
}

void ps_server_reply(struct ps_server *server, uint64_t client, json_t *o, int fd)
{
    struct client *c = find(server, client);

    if (c == NULL)
        json_decref(o);
    else
        answer(c, true, o, fd);
}

__attribute__((format(printf, 3, 0))) static void refuse(struct client *c, json_t *o, const char *format, va_list args)
{
    char text[512];

    vsnprintf(text, sizeof text, format, args);
    json_object_set_new(o, "error", json_string(text));
    answer(c, false, o, -1);
}

void ps_server_refuse(struct ps_server *server, uint64_t client, const char *format, ...)
{
    struct client *c = find(server, client);
    va_list args;

    va_start(args, format);
    if (c != NULL)
        refuse(c, json_object(), format, args);
    va_end(args);
}

void ps_server_refuse_with(struct ps_server *server, uint64_t client, json_t *o, const char *format, ...)
{
    struct client *c = find(server, client);
    va_list args;

    va_start(args, format);
    if (c != NULL)
        refuse(c, o, format, args);
    else
        json_decref(o);
    va_end(args);
}

/* ---- following ------------------------------------------------------------------------------------------------- */

void ps_server_follow(struct ps_server *server, uint64_t client)
{
    struct client *c = find(server, client);

    if (c != NULL)
        c->follows = true;
}

size_t ps_server_n_followers(const struct ps_server *server)
{
    size_t n = 0;

    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++)
        n += server->clients[i].id != 0 && server->clients[i].follows;
    return n;
}

static void tell(struct client *c, const json_t *o)
{
    if (c->n_missed > 0) {
        json_t *missed = json_pack("{s:s, s:I}", "kind", "missed", "count", (json_int_t)c->n_missed);

        if (put_line(c, missed, PS_SERVER_BEHIND_MAX / 2))
            c->n_missed = 0;
        json_decref(missed);
    }
    if (c->n_missed > 0 || !put_line(c, o, PS_SERVER_BEHIND_MAX))
        c->n_missed++;
}

void ps_server_tell(struct ps_server *server, const json_t *o)
{
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++)
        if (server->clients[i].id != 0 && server->clients[i].follows)
            tell(&server->clients[i], o);
}

/* ---- who is there ---------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void refuse_client(struct client *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    refuse(c, json_object(), format, args);
    va_end(args);
    c->leaving = true;
}

/* Has it nothing to wait for, and said nothing for so long that it may as well come again? */
static bool is_idle(const struct client *c, uint64_t now)
{
    return !c->asked && !c->follows && now - c->heard_ns >= PS_SERVER_IDLE_NS;
}

/* Who makes room for a newcomer: of those that are idle, or else of those that may not change what the newcomer may, the
 * one that has been silent longest. Nobody keeps the others off by connections that it does not use. */
static struct client *least_wanted(struct ps_server *server, bool may_change)
{
    struct client *found = NULL;
    uint64_t now = ps_clock_steady();
    bool found_idle = false;

    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        bool idle = is_idle(c, now), outranked = may_change && !c->peer.may_change;
        bool better = found == NULL || (idle && !found_idle) || (idle == found_idle && c->heard_ns < found->heard_ns);

        if ((idle || outranked) && better) {
            found = c;
            found_idle = idle;
        }
    }
    return found;
}

static struct client *make_room(struct ps_server *server, bool may_change)
{
    struct client *c = least_wanted(server, may_change);

    if (c != NULL)
        hang_up(c);
    return c;
}

static struct client *free_place(struct ps_server *server)
{
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++)
        if (server->clients[i].id == 0)
            return &server->clients[i];
    return NULL;
}

static void take_client(struct ps_server *server, int fd)
{
    static const char full[] = "{\"version\":1,\"ok\":false,\"error\":\"too many clients; try again later\"}\n";
    struct client newcomer = {.fd = fd, .pass_fd = -1, .heard_ns = ps_clock_steady()};
    bool may_look = ps_server_peer_ask(&server->config, fd, &newcomer.peer);
    struct client *c = free_place(server);

    if (c == NULL && may_look)
        c = make_room(server, newcomer.peer.may_change);
    if (c == NULL) {
        (void)!send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
        return;
    }
    *c = newcomer;
    c->id = ++server->last_id;
    if (!may_look)
        refuse_client(c, "user %s may neither look nor change: only root and members of the groups penstock and "
                         "penstock-admin", c->peer.name);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void take_line(struct ps_server *server, struct client *c, const char *line, size_t len)
{
    json_error_t wrong;
    json_t *o = json_loadb(line, len, 0, &wrong);
    struct ps_server_request request = {.client = c->id, .peer = &c->peer, .json = o};
    json_int_t version = json_integer_value(json_object_get(o, "version"));

    c->asked = true;
    request.verb = json_string_value(json_object_get(o, "verb"));
    if (o == NULL)
        ps_server_refuse(server, c->id, "a request is a JSON object on one line: %s", wrong.text);
    else if (version != PS_SERVER_VERSION)
        ps_server_refuse(server, c->id, "version %lld of the protocol is not spoken here, only %d", (long long)version,
                         PS_SERVER_VERSION);
    else if (request.verb == NULL)
        ps_server_refuse(server, c->id, "a request needs a \"verb\"");
    else
        server->config.on_request(server->config.ctx, &request);
    json_decref(o);
}

/* Lines that are whole, one at a time: the next one is taken when the last one has its answer. */
static void take_lines(struct ps_server *server, struct client *c)
{
    uint64_t id = c->id;

    while (c->id == id && !c->asked && !c->leaving && c->n_in > 0) {
        char *end = memchr(c->in, '\n', c->n_in);
        size_t len;
        char *line;

        if (end == NULL) {
            if (c->n_in >= PS_SERVER_LINE_MAX)
                refuse_client(c, "a request has at most %zu octets", PS_SERVER_LINE_MAX);
            return;
        }
        len = (size_t)(end - c->in);
        line = malloc(len + 1);
        if (line == NULL)
            return;
        memcpy(line, c->in, len);
        c->n_in -= len + 1;
        memmove(c->in, end + 1, c->n_in);
        take_line(server, c, line, len);
        free(line);
    }
}

static void read_in(struct client *c)
{
    ssize_t n;

    if (c->in == NULL)
        c->in = malloc(PS_SERVER_LINE_MAX);
    if (c->in == NULL || c->n_in >= PS_SERVER_LINE_MAX)
        return;
    n = recv(c->fd, c->in + c->n_in, PS_SERVER_LINE_MAX - c->n_in, MSG_DONTWAIT);
    if (n > 0) {
        c->n_in += (size_t)n;
        c->heard_ns = ps_clock_steady();
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        hang_up(c);
    }
}

size_t ps_server_poll(const struct ps_server *server, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    if (n < max)
        fds[n++] = (struct pollfd){.fd = server->fd, .events = POLLIN};
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX && n < max; i++) {
        const struct client *c = &server->clients[i];

        if (c->id != 0)
            fds[n++] = (struct pollfd){.fd = c->fd,
                                       .events = (short)((c->n_in < PS_SERVER_LINE_MAX ? POLLIN : 0) |
                                                         (c->n_out > 0 ? POLLOUT : 0))};
    }
    return n;
}

static bool is_ready(const struct pollfd *fds, size_t n, int fd)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i].fd == fd)
            return (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    return false;
}

void ps_server_step(struct ps_server *server, const struct pollfd *fds, size_t n)
{
    if (is_ready(fds, n, server->fd)) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
            take_client(server, fd);
    }
    for (unsigned i = 0; i < PS_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];

        if (c->id != 0 && is_ready(fds, n, c->fd))
            read_in(c);
        if (c->id != 0)
            take_lines(server, c);
        if (c->id != 0)
            write_out(c);
    }
}
