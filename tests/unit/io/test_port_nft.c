/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nft.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "alone.h"
#include "port_backend.h"
#include "unit.h"

static const char text[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
    "    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0\n"
    "  eth1: 5000000000     40    1    2    3     4          5         6      700      80    0    9    0     0       0          0\n"
    " eth10:       1       2    0    0    0     0          0         0        3       4    0    0    0     0       0          0\n";

START_TEST(test_ps_nft_stats_find__a_netdev__its_own_line)
{
    struct ps_io_stats stats = {0};

    ck_assert(ps_nft_stats_find(text, "eth1", &stats));
    ck_assert_uint_eq(stats.rx_bytes, UINT64_C(5000000000));
    ck_assert_uint_eq(stats.rx_packets, 40);
    ck_assert_uint_eq(stats.tx_bytes, 700);
    ck_assert_uint_eq(stats.tx_packets, 80);
    ck_assert(ps_nft_stats_find(text, "eth10", &stats));
    ck_assert_uint_eq(stats.tx_packets, 4);
    ck_assert(!ps_nft_stats_find(text, "eth", &stats));
    ck_assert(!ps_nft_stats_find("", "eth1", &stats));
}
END_TEST

START_TEST(test_ps_io_nft__lo__up_and_looked_at_until_it_is_given_back)
{
    const struct ps_io_port ports[] = {{.name = "a", .device = "lo", .file = "d.conf", .line = 3}};
    const struct ps_io_port others[] = {{.name = "a", .device = "af_packet:lo", .file = "d.conf", .line = 3}};
    struct ps_io_config config = {.ports = ports, .n_ports = 1, .promiscuous = true};
    struct ps_io_stats stats;
    struct ps_diags diags;
    struct ps_io *io;

    if (!unit_alone())
        return;
    ps_diags_init(&diags);
    io = ps_io_nft.open(&config, &diags);
    ck_assert_msg(io != NULL, "%s", diags.n > 0 ? diags.items[0].text : "");
    ps_io_nft.stats(io, 0, &stats);
    ck_assert_str_eq(stats.driver, "kernel");
    ck_assert_uint_eq(stats.rx_packets, 0);
    ck_assert(!stats.rx_lost_known && stats.link_up && stats.mtu > 0);
    ck_assert_ptr_null(ps_io_nft.open(&config, &diags)); /* somebody has it */
    ck_assert_uint_eq(diags.n, 1);
    ck_assert_uint_eq(diags.items[0].line, 3);
    ck_assert(strstr(diags.items[0].text, "port \"a\" (lo): another penstockd has netdev \"lo\"") != NULL);
    ps_io_nft.close(io);
    config.ports = others;
    ck_assert_ptr_null(ps_io_nft.open(&config, &diags));
    ck_assert(strstr(diags.items[1].text, "netdevs alone") != NULL);
    ck_assert(ps_io_nft.enter == NULL); /* nobody moves packets here */
    ps_diags_fini(&diags);
}
END_TEST

UNIT_MAIN("io/port_nft", test_ps_nft_stats_find__a_netdev__its_own_line,
          test_ps_io_nft__lo__up_and_looked_at_until_it_is_given_back)
