/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ways.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "rig.h"
#include "unit.h"

/* ops behind port 1 and ctl behind port 0: the other way round than in the plant; ring behind both. */
static const uint16_t ports[PS_PORTS_MAX] = {RIG_PORT_FIELD, RIG_PORT_OPS};
static struct rig r;
static struct ps_ways ways;
static struct wire w;

static void init(uint32_t n)
{
    rig_init(&r, NULL);
    ps_ways_init(&ways, &r.image, 0, ports, n);
}

static uint32_t zone(const char *name)
{
    return ps_ways_of_zone(&ways, ps_image_zone_by_name(&r.image, name));
}

static uint32_t frame(void)
{
    return ps_ways_of_frame(&ways, w.b, w.len);
}

START_TEST(test_ps_ways_of_zone__zones_of_the_plant__behind_their_ports)
{
    init(2);
    ck_assert_uint_eq(zone("ctl"), 1);
    ck_assert_uint_eq(zone("ops"), 2);
    ck_assert_uint_eq(zone("ring"), 3);
    ck_assert_uint_eq(zone("office"), 0);
    ck_assert_uint_eq(ps_ways_of_zone(&ways, PS_NONE), 3);
    rig_fini(&r);
    init(1);
    ck_assert_uint_eq(zone("ops"), 0);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_ways_of_frame__addresses__ports_of_the_receivers_zone)
{
    const uint16_t udp[2] = {1, 2};
    init(2);
    wire_udp(&w, HMI, PLC, udp, "x", 1);
    ck_assert_uint_eq(frame(), 1);
    wire_tag(&w, 0x8100, 20);
    ck_assert_uint_eq(frame(), 1);
    wire_arp(&w, 1, PLC, HMI);
    ck_assert_uint_eq(frame(), 2);
    wire_udp(&w, PLC, IP(10, 0, 1, 255), udp, "x", 1);
    ck_assert_uint_eq(frame(), 2);
    wire_udp(&w, HMI, IP(224, 0, 0, 1), udp, "x", 1);
    ck_assert_uint_eq(frame(), 3);
    wire_frame(&w, 0x8892, "abcd", 4);
    ck_assert_uint_eq(frame(), 3);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_ways_of_frame__neighbour_solicitation__ports_of_whom_it_asks_for)
{
    uint8_t ends[32] = {0xfd, 0, 0, 1}, nd[24] = {135};
    init(2);
    ends[15] = 0x10;
    ends[16] = 0xff;
    ends[17] = 2;
    nd[8] = 0xfd;
    nd[11] = 2;
    wire_ipv6(&w, ends, 58, nd, sizeof nd);
    ck_assert_uint_eq(frame(), 1);
    w.b[w.ip + 40] = 128;
    ck_assert_uint_eq(frame(), 3);
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_ways_of_frame__cut_anywhere__reads_nothing_behind)
{
    uint8_t ends[32] = {0xfd, 0, 0, 1}, nd[24] = {135};
    init(2);
    wire_ipv6(&w, ends, 58, nd, sizeof nd);
    wire_tag(&w, 0x8100, 3);
    for (uint32_t len = 0; len <= w.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, w.b, len);
        ck_assert_uint_le(ps_ways_of_frame(&ways, exact, len), 3);
        free(exact);
    }
    rig_fini(&r);
}
END_TEST

UNIT_MAIN("daemon/ways", test_ps_ways_of_zone__zones_of_the_plant__behind_their_ports,
          test_ps_ways_of_frame__addresses__ports_of_the_receivers_zone,
          test_ps_ways_of_frame__neighbour_solicitation__ports_of_whom_it_asks_for,
          test_ps_ways_of_frame__cut_anywhere__reads_nothing_behind)
