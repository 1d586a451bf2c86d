/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netdev.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alone.h"
#include "unit.h"

START_TEST(test_ps_netdev_take__taken_already__names_it_and_the_process)
{
    struct ps_netdev first, second;
    char err[160] = "", expected[160];

    if (!unit_alone())
        return;
    ck_assert_msg(ps_netdev_take(&first, "lo", err, sizeof err), "%s", err);
    snprintf(expected, sizeof expected, "another penstockd has netdev \"lo\", process %d; stop it first", (int)getpid());
    for (int i = 0; i < 2; i++) {
        ck_assert(!ps_netdev_take(&second, "lo", err, sizeof err));
        ck_assert_str_eq(err, expected);
        ps_netdev_give(&second);
    }
    ps_netdev_give(&first);
    ck_assert_msg(ps_netdev_take(&second, "lo", err, sizeof err), "%s", err);
    ps_netdev_give(&second);
}
END_TEST

START_TEST(test_ps_netdev_take__no_such_netdev__says_so)
{
    struct ps_netdev dev;
    char err[160] = "";

    ck_assert(!ps_netdev_take(&dev, "eth77", err, sizeof err));
    ck_assert_str_eq(err, "there is no netdev \"eth77\" here; \"ip link\" lists them");
    ps_netdev_give(&dev);
}
END_TEST

START_TEST(test_ps_netdev_bridge__of_none__no_name)
{
    char bridge[IFNAMSIZ] = "br0";

    ps_netdev_bridge("lo", bridge);
    ck_assert_str_eq(bridge, "");
    snprintf(bridge, sizeof bridge, "br0");
    ps_netdev_bridge("eth77", bridge);
    ck_assert_str_eq(bridge, "");
}
END_TEST

UNIT_MAIN("io/netdev", test_ps_netdev_take__taken_already__names_it_and_the_process,
          test_ps_netdev_take__no_such_netdev__says_so, test_ps_netdev_bridge__of_none__no_name)
