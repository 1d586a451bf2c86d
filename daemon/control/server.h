/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * server.h - the control socket: JSON, one request and one reply per line (docs/control.md).
 *
 * One thread, never waits: ps_server_poll() says what to wait for, ps_server_step() reads and writes what can be. Who is
 * at the other end is asked of the kernel when it connects: root, the user who started the daemon and the group of
 * administrators may change things, the group of readers may look, everybody else is told so and hung up on.
 */
#pragma once

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define PS_SERVER_VERSION 1               /* of the protocol; in every request and reply */
#define PS_SERVER_CLIENTS_MAX 32u
#define PS_SERVER_IDLE_NS UINT64_C(5000000000)   /* of silence, after which a client makes room for another one */
#define PS_SERVER_LINE_MAX ((size_t)65536)       /* octets of a request */
#define PS_SERVER_UNREAD_MAX ((size_t)16 << 20)  /* octets that a client may leave unread; then it is hung up on */
#define PS_SERVER_BEHIND_MAX ((size_t)256 << 10) /* the same of somebody who follows events: then events are left out */

struct ps_server;

/* Who asks. */
struct ps_peer {
    uid_t uid;
    pid_t pid;
    bool may_change;
    char name[32]; /* of the user, else its number */
};

struct ps_server_request {
    uint64_t client; /* to answer; never the same for two connections */
    const struct ps_peer *peer;
    const char *verb;
    const json_t *json; /* the whole object, borrowed */
};

struct ps_server_config {
    const char *path;
    uid_t owner;            /* may change, besides root */
    gid_t readers, admins;  /* (gid_t)-1: no such group */
    /* Must be answered by ps_server_reply() or _refuse(), now or later; requests of a client come one after the other. */
    void (*on_request)(void *ctx, const struct ps_server_request *request);
    void *ctx;
};

/* Binds the path, whose old socket is removed when nobody listens on it. NULL and a sentence in err. */
struct ps_server *ps_server_new(const struct ps_server_config *config, struct ps_error *err);
/* Hangs up and removes the socket. NULL is fine. */
void ps_server_free(struct ps_server *server);

/* Fills in up to max descriptors to wait for; ps_server_step() takes them back after poll(). */
size_t ps_server_poll(const struct ps_server *server, struct pollfd *fds, size_t max);
void ps_server_step(struct ps_server *server, const struct pollfd *fds, size_t n);

/* Answers. o becomes the server's; "version" and "ok" are put in front. fd >= 0 goes with it, for the client to keep
 * (SCM_RIGHTS); it is duplicated. A client that has left is no error. */
void ps_server_reply(struct ps_server *server, uint64_t client, json_t *o, int fd);
__attribute__((format(printf, 3, 4))) void ps_server_refuse(struct ps_server *server, uint64_t client,
                                                            const char *format, ...);

/* The same with more to say about it; o becomes the server's. */
__attribute__((format(printf, 4, 5))) void ps_server_refuse_with(struct ps_server *server, uint64_t client, json_t *o,
                                                                 const char *format, ...);

/* From now on the client gets what ps_server_tell() says, a line each, until it hangs up. */
void ps_server_follow(struct ps_server *server, uint64_t client);
size_t ps_server_n_followers(const struct ps_server *server);
/* o is borrowed. Those who read too slowly miss it, and are told how many they missed. */
void ps_server_tell(struct ps_server *server, const json_t *o);
