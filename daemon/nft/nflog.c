/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nflog_message.h"

#define AT_ONCE 1u     /* messages that a datagram waits for; a reset must not come late */
#define TIMEOUT_CS 1u  /* or hundredths of a second */
#define BEFORE_ANSWER 4096u /* datagrams that may come before the answer to what we set */

struct ps_nflog_socket {
    struct mnl_socket *mnl;
};

/* ---- opening --------------------------------------------------------------------------------------------------- */

/* One message, so that no packet is told of between its parts. */
static void put_config(void *room, uint16_t group)
{
    const struct nfulnl_msg_config_cmd cmd = {.command = NFULNL_CFG_CMD_BIND};
    const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(PS_NFLOG_COPY), .copy_mode = NFULNL_COPY_PACKET};
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(room);
    nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
    nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    struct nfgenmsg *head = mnl_nlmsg_put_extra_header(nlh, sizeof *head);
    head->nfgen_family = AF_UNSPEC;
    head->version = NFNETLINK_V0;
    head->res_id = htons(group);
    mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof cmd, &cmd);
    mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof mode, &mode);
    mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(TIMEOUT_CS));
    mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(AT_ONCE));
    mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
}

/* Is it the kernel's answer? *error: 0, or an errno. */
static bool is_answer(const uint8_t *data, size_t len, int *error)
{
    struct nlmsghdr head;
    int32_t code;
    if (len < sizeof head + sizeof code)
        return false;
    memcpy(&head, data, sizeof head);
    memcpy(&code, data + sizeof head, sizeof code);
    *error = -code;
    return head.nlmsg_type == NLMSG_ERROR;
}

/* The answer is there when the question is sent; packets may have been told of before it. An errno, 0: done. */
static int ask(struct ps_nflog_socket *socket, const struct nlmsghdr *nlh)
{
    static _Alignas(8) uint8_t room[PS_NFLOG_ROOM];
    size_t len = 0;
    int error = EPROTO;
    if (mnl_socket_sendto(socket->mnl, nlh, nlh->nlmsg_len) < 0)
        return errno;
    for (unsigned i = 0; i < BEFORE_ANSWER; i++) {
        enum ps_nflog_heard heard = ps_nflog_hear(socket, room, &len);
        if (heard == PS_NFLOG_HEARD_NOTHING)
            return EPROTO;
        if (heard == PS_NFLOG_HEARD && is_answer(room, len, &error))
            return error;
    }
    return EPROTO;
}

static bool bind_group(struct ps_nflog_socket *socket, uint16_t group, char *err, size_t err_size)
{
    _Alignas(8) uint8_t room[256];
    int memory = PS_NFLOG_MEMORY, fd = ps_nflog_fd(socket);
    /* twice is what the kernel makes of it; less of it means that messages are lost earlier, and counted */
    memory /= 2;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &memory, sizeof memory) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &memory, sizeof memory);
    put_config(room, group);
    int error = ask(socket, (const struct nlmsghdr *)(const void *)room);
    if (error == 0)
        return true;
    bool taken = error == EBUSY || error == EPERM;
    snprintf(err, err_size, "group %u of the kernel's packet log: %s%s", group, strerror(error),
             taken ? "; another program reads it, or there is no CAP_NET_ADMIN"
                   : "; the kernel needs nfnetlink_log (\"modprobe nfnetlink_log\")");
    return false;
}

struct ps_nflog_socket *ps_nflog_open(uint16_t group, char *err, size_t err_size)
{
    struct ps_nflog_socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        abort();
    socket->mnl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket->mnl && mnl_socket_bind(socket->mnl, 0, MNL_SOCKET_AUTOPID) == 0) {
        if (bind_group(socket, group, err, err_size))
            return socket;
    } else {
        snprintf(err, err_size, "no netlink socket: %s", strerror(errno));
    }
    ps_nflog_close(socket);
    return NULL;
}

void ps_nflog_close(struct ps_nflog_socket *socket)
{
    if (!socket)
        return;
    if (socket->mnl)
        mnl_socket_close(socket->mnl);
    free(socket);
}

int ps_nflog_fd(const struct ps_nflog_socket *socket)
{
    return mnl_socket_get_fd(socket->mnl);
}

/* ---- hearing --------------------------------------------------------------------------------------------------- */

enum ps_nflog_heard ps_nflog_hear(struct ps_nflog_socket *socket, uint8_t room[PS_NFLOG_ROOM], size_t *len)
{
    struct sockaddr_nl from = {0};
    struct iovec iov = {.iov_base = room, .iov_len = PS_NFLOG_ROOM};
    struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n = recvmsg(ps_nflog_fd(socket), &msg, MSG_DONTWAIT);
    *len = 0;
    if (n < 0)
        return errno == ENOBUFS ? PS_NFLOG_HEARD_LOSS : PS_NFLOG_HEARD_NOTHING;
    if (from.nl_family != AF_NETLINK || from.nl_pid != 0 || (msg.msg_flags & MSG_TRUNC))
        return PS_NFLOG_HEARD_ANOTHER;
    *len = (size_t)n;
    return PS_NFLOG_HEARD;
}
