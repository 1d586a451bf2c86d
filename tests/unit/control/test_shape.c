/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include "alone.h"
#include "nft.h"
#include "unit.h"

static char err[256];

static struct ps_shape_port port(const char *device, const char *bridge, bool numbered)
{
    struct ps_shape_port p = {.device = device, .numbered = numbered};
    snprintf(p.bridge, sizeof p.bridge, "%s", bridge);
    return p;
}

START_TEST(test_ps_shape_choose__not_asked__what_the_ports_are)
{
    struct ps_shape_port bare[] = {port("a", "", false), port("b", "", false)};
    struct ps_shape_port numbered[] = {port("a", "", true), port("b", "", true), port("c", "", true)};
    struct ps_shape_port bridged[] = {port("a", "br0", false), port("b", "br0", false), port("c", "br0", false)};

    ck_assert_uint_eq(ps_shape_choose(bare, 2, PS_NFT_N_SHAPES, err, sizeof err), PS_NFT_BUMP);
    ck_assert_uint_eq(ps_shape_choose(numbered, 3, PS_NFT_N_SHAPES, err, sizeof err), PS_NFT_ROUTED);
    ck_assert_uint_eq(ps_shape_choose(bridged, 3, PS_NFT_N_SHAPES, err, sizeof err), PS_NFT_BRIDGED);
    ck_assert_uint_eq(ps_shape_choose(bridged, 3, PS_NFT_BRIDGED, err, sizeof err), PS_NFT_BRIDGED);
}
END_TEST

START_TEST(test_ps_shape_choose__not_that_shape__why_and_what_to_do)
{
    const struct ps_shape_port bare = port("a", "", false), other = port("b", "", false);
    const struct {
        struct ps_shape_port ports[3];
        uint32_t n;
        unsigned asked;
        const char *why;
    } rows[] = {
        {{bare, other, bare}, 3, PS_NFT_N_SHAPES, "joins two ports, and there are 3"},
        {{bare, port("b", "br0", false)}, 2, PS_NFT_N_SHAPES, "a is a port of no bridge; put all ports into one, \"ip link set a master br0\""},
        {{port("a", "br1", false), port("b", "br0", false)}, 2, PS_NFT_N_SHAPES, "a is of bridge br1 and b of bridge br0"},
        {{bare, port("b", "", true)}, 2, PS_NFT_N_SHAPES, "a has no address, so nothing is routed by it"},
        {{bare, port("b", "", true)}, 2, PS_NFT_BUMP, "b has an address, and the ports of a bump in the wire have none"},
        {{bare, port("b", "br0", false)}, 2, PS_NFT_BUMP, "b is a port of bridge br0, and the ports of a bump in the wire are of none"},
        {{port("a", "br0", true), port("b", "", true)}, 2, PS_NFT_ROUTED, "a is a port of bridge br0, which does not route"},
        {{bare, other}, 2, PS_NFT_BRIDGED, "a is a port of no bridge"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(ps_shape_choose(rows[i].ports, rows[i].n, rows[i].asked, err, sizeof err), PS_NFT_N_SHAPES);
        ck_assert_msg(strstr(err, rows[i].why) != NULL, "%zu: %s", i, err);
    }
}
END_TEST

START_TEST(test_ps_shape_look__netdevs__numbered_or_not)
{
    const struct ps_io_port ports[] = {{.name = "a", .device = "lo"}, {.name = "b", .device = "none-such"}};
    struct ps_shape_port found[2];

    if (!unit_alone())
        return;
    ck_assert(ps_shape_look(ports, 2, found, err, sizeof err));
    ck_assert_str_eq(found[0].device, "lo");
    ck_assert(!found[0].numbered && !found[1].numbered); /* it is down */
    ck_assert_str_eq(found[0].bridge, "");
}
END_TEST

UNIT_MAIN("control/shape", test_ps_shape_choose__not_asked__what_the_ports_are,
          test_ps_shape_choose__not_that_shape__why_and_what_to_do, test_ps_shape_look__netdevs__numbered_or_not)
