/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "able.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "batch.h"
#include "table.h"

#define TABLE "penstock_able"
#define NF_NETDEV_BOTH 2 /* ingress, egress */

static bool fail(char *err, size_t err_size, const char *what, int code)
{
    snprintf(err, err_size, "%s: %s%s", what, strerror(code), code == EPERM ? "; it takes CAP_NET_ADMIN" : "");
    return false;
}

/* Puts what build() writes into a table, and takes it away again. 0, or errno. */
static int attempt(struct ps_nft *nft, uint8_t family, void (*build)(struct ps_table *table, int how), int how)
{
    struct ps_batch batch;
    struct ps_table table;
    struct ps_nft_faults faults;

    if (!ps_batch_init(&batch))
        abort();
    ps_table_replace(&table, &batch, family, TABLE);
    build(&table, how);
    ps_table_remove(&batch, family, TABLE);
    bool good = ps_batch_send(nft, &batch, &faults);
    ps_batch_fini(&batch);
    return good ? 0 : faults.n > 0 ? faults.items[0].code : EIO;
}

/* Of lo, which is there in every network namespace; they accept, so that nothing is lost by them. */
static void build_chains(struct ps_table *table, int how)
{
    (void)how;
    for (uint32_t i = 0; i < NF_NETDEV_BOTH; i++) {
        const struct ps_table_hook hook = {.number = i == 0 ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS, .device = "lo", .accepts = true};

        ps_table_base_chain(table, i == 0 ? "in" : "out", &hook);
    }
}

bool ps_able_guard(char *err, size_t err_size)
{
    struct ps_nft *nft = ps_nft_open(err, err_size);
    int wrong = nft != NULL ? attempt(nft, NFPROTO_NETDEV, build_chains, 0) : 0;
    bool good = nft != NULL && (wrong == 0 || fail(err, err_size, "the kernel cannot be kept off the ports", wrong));

    ps_nft_close(nft);
    return good;
}

/* No hook leads to it. */
static void build_queue(struct ps_table *table, int how)
{
    ps_table_chain(table, "probe");
    ps_table_rule(table, "probe");
    ps_table_queue(table->rule, (enum ps_table_queue_way)how, 0, 1);
    ps_table_rule_end(table);
}

static void build_rule(struct ps_table *table, int how)
{
    (void)how;
    ps_table_chain(table, "probe");
    ps_table_rule(table, "probe");
    ps_table_verdict(table, NF_DROP, NULL);
    ps_table_rule_end(table);
}

bool ps_able_rules(char *err, size_t err_size)
{
    struct ps_nft *nft = ps_nft_open(err, err_size);
    int wrong = nft != NULL ? attempt(nft, NFPROTO_INET, build_rule, 0) : 0;
    bool good = nft != NULL && (wrong == 0 || fail(err, err_size, "the kernel takes no rules", wrong));

    ps_nft_close(nft);
    return good;
}

/* A command that does nothing any more, which the queues' part of the kernel obeys if it is there: 0, or errno. */
static int ask_queues(void)
{
    _Alignas(8) char room[1024];
    const struct nfqnl_msg_config_cmd cmd = {.command = NFQNL_CFG_CMD_PF_UNBIND, .pf = htons(AF_INET)};
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(room);
    struct nfgenmsg *head = mnl_nlmsg_put_extra_header(nlh, sizeof *head);
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    ssize_t n = -1;

    *head = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
    nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
    nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof cmd, &cmd);
    if (socket != NULL && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
        mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) >= 0)
        n = mnl_socket_recvfrom(socket, room, sizeof room);
    int wrong = n > 0 && mnl_cb_run(room, (size_t)n, 0, 0, NULL, NULL) >= 0 ? 0 : errno;
    if (socket != NULL)
        mnl_socket_close(socket);
    return wrong;
}

bool ps_able_queue(char *err, size_t err_size)
{
    struct ps_nft *nft = ps_nft_open(err, err_size);
    bool good = nft != NULL;

    if (good) {
        int wrong = attempt(nft, NFPROTO_INET, build_queue, PS_TABLE_QUEUE_NATIVE);
        if (wrong != 0 && wrong != EPERM)
            wrong = attempt(nft, NFPROTO_INET, build_queue, PS_TABLE_QUEUE_TARGET);
        good = wrong == 0 || fail(err, err_size, "the kernel has no rules that bring packets to a queue", wrong);
    }
    if (good) {
        int wrong = ask_queues();
        good = wrong == 0 || fail(err, err_size, "the kernel has no queues (nfnetlink_queue)", wrong);
    }
    ps_nft_close(nft);
    return good;
}
