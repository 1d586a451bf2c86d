/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server_peer.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>

#define GROUPS_MAX 256

static bool in_group(const gid_t *groups, size_t n, gid_t wanted)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i] == wanted && wanted != (gid_t)-1)
            return true;
    return false;
}

bool ps_server_peer_ask(const struct ps_server_config *config, int fd, struct ps_peer *peer)
{
    struct ucred who;
    gid_t groups[GROUPS_MAX + 1];
    socklen_t len = sizeof who, groups_len = GROUPS_MAX * sizeof groups[0];
    const struct passwd *user;
    size_t n;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len) != 0)
        groups_len = 0;
    n = groups_len / sizeof groups[0];
    groups[n++] = who.gid;
    peer->uid = who.uid;
    peer->pid = who.pid;
    peer->may_change = who.uid == 0 || who.uid == config->owner || in_group(groups, n, config->admins);
    user = getpwuid(who.uid);
    snprintf(peer->name, sizeof peer->name, "%.31s", user != NULL ? user->pw_name : "");
    if (user == NULL)
        snprintf(peer->name, sizeof peer->name, "%u", who.uid);
    return peer->may_change || in_group(groups, n, config->readers);
}
