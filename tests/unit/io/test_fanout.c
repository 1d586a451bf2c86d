/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fanout.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

/* As DPDK's driver opens one; -1: only root may. */
static int open_socket(void)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex("lo")};
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (fd < 0) {
        puts("not root: a packet socket cannot be opened, and nothing is tested");
        return -1;
    }
    ck_assert_int_eq(bind(fd, (const void *)&address, sizeof address), 0);
    return fd;
}

static uint32_t group(unsigned number)
{
    return (((uint32_t)getpid() + number) & 0xffff) | (uint32_t)(PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG) << 16;
}

START_TEST(test_setsockopt__fanout_that_reassembles__does_not)
{
    uint32_t fanout = group(0);
    int fd = open_socket();
    if (fd < 0)
        return;
    ck_assert_int_eq(setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout), 0);
    ck_assert(!ps_fanout_reassembles(fd));
    ck_assert_uint_eq(fanout, group(0));
    close(fd);
}
END_TEST

START_TEST(test_ps_fanout_reassembles__asked_of_the_kernel_itself__does)
{
    uint32_t fanout = group(1);
    int fd = open_socket();
    if (fd < 0)
        return;
    ck_assert(!ps_fanout_reassembles(fd)); /* no group */
    ck_assert_int_eq(syscall(SYS_setsockopt, fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout), 0);
    ck_assert(ps_fanout_reassembles(fd));
    close(fd);
}
END_TEST

START_TEST(test_setsockopt__other_options__as_ever)
{
    int on = 1, got = 0, pair[2];
    socklen_t len = sizeof got;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    ck_assert_int_eq(getsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &got, &len), 0);
    ck_assert_int_eq(got, 1);
    ck_assert_int_eq(setsockopt(-1, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), -1);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

UNIT_MAIN("io/fanout", test_setsockopt__fanout_that_reassembles__does_not,
          test_ps_fanout_reassembles__asked_of_the_kernel_itself__does, test_setsockopt__other_options__as_ever)
