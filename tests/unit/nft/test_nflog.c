/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, in a namespace of its own. What comes out of it test_refusals.c tries.
 */
#include "nflog.h"

#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alone.h"
#include "unit.h"

#define GROUP 1347

static char err[300];
static _Alignas(8) uint8_t room[PS_NFLOG_ROOM];

/* NULL: it cannot be tried here. */
static struct ps_nflog_socket *open_alone(void)
{
    struct ps_nflog_socket *log = unit_alone() ? ps_nflog_open(GROUP, err, sizeof err) : NULL;
    if (!log)
        fprintf(stderr, "%s: not tried\n", err);
    return log;
}

START_TEST(test_ps_nflog_open__nothing_logged__nothing_heard)
{
    struct ps_nflog_socket *log = open_alone();
    size_t len = 7;
    if (!log)
        return;
    struct pollfd fd = {.fd = ps_nflog_fd(log), .events = POLLIN};
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    ck_assert_int_eq(ps_nflog_hear(log, room, &len), PS_NFLOG_HEARD_NOTHING);
    ck_assert_uint_eq(len, 0);
    ps_nflog_close(log);
}
END_TEST

START_TEST(test_ps_nflog_open__group_that_another_has__says_so)
{
    struct ps_nflog_socket *log = open_alone();
    if (!log)
        return;
    ck_assert_ptr_null(ps_nflog_open(GROUP, err, sizeof err));
    ck_assert_msg(strstr(err, "group 1347") != NULL && strstr(err, "another program") != NULL, "%s", err);
    ps_nflog_close(log);
    log = ps_nflog_open(GROUP, err, sizeof err);
    ck_assert_msg(log != NULL, "%s", err);
    ps_nflog_close(log);
}
END_TEST

/* Whoever may send to it is no kernel. */
START_TEST(test_ps_nflog_hear__from_a_program__not_believed)
{
    struct ps_nflog_socket *log = open_alone();
    struct sockaddr_nl own = {0};
    socklen_t own_len = sizeof own;
    size_t len;
    if (!log)
        return;
    ck_assert_int_eq(getsockname(ps_nflog_fd(log), (struct sockaddr *)&own, &own_len), 0);
    struct mnl_socket *other = mnl_socket_open(NETLINK_NETFILTER);
    ck_assert(other != NULL && mnl_socket_bind(other, 0, MNL_SOCKET_AUTOPID) == 0);
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(room);
    nlh->nlmsg_type = 4 << 8;
    ssize_t sent = sendto(mnl_socket_get_fd(other), nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&own, sizeof own);
    ck_assert_int_eq(sent, nlh->nlmsg_len);
    ck_assert_int_eq(ps_nflog_hear(log, room, &len), PS_NFLOG_HEARD_ANOTHER);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(ps_nflog_hear(log, room, &len), PS_NFLOG_HEARD_NOTHING);
    mnl_socket_close(other);
    ps_nflog_close(log);
}
END_TEST

UNIT_MAIN("nft/nflog", test_ps_nflog_open__nothing_logged__nothing_heard,
          test_ps_nflog_open__group_that_another_has__says_so, test_ps_nflog_hear__from_a_program__not_believed)
