/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bridge.h"

#include <string.h>

#include "unit.h"

#define S UINT64_C(1000000000)
#define ALL 7u /* ports 0, 1, 2 */

static uint8_t f[64];

/* A frame from one made-up MAC to another; vid 0: untagged. */
static const uint8_t *frame(uint32_t dst, uint32_t src, unsigned vid)
{
    memset(f, 0, sizeof f);
    for (unsigned i = 0; i < 4; i++) {
        f[2 + i] = (uint8_t)(dst >> (24 - 8 * i));
        f[8 + i] = (uint8_t)(src >> (24 - 8 * i));
    }
    f[12] = vid ? 0x81 : 0x08;
    f[14] = (uint8_t)(vid >> 8);
    f[15] = (uint8_t)vid;
    return f;
}

START_TEST(test_ps_bridge_ports__seen_behind_a_port__that_port)
{
    struct ps_bridge b;
    ck_assert(ps_bridge_init(&b, 3, 64));
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S), ALL);
    ps_bridge_learn(&b, frame(1, 5, 0), 64, 2, S);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S), 4);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, 3, S), 0); /* it may not leave by that one */
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 9), 64, ALL, S), ALL); /* another VLAN */
    ps_bridge_fini(&b);
}
END_TEST

START_TEST(test_ps_bridge_learn__moved__no_longer_where_it_was)
{
    struct ps_bridge b;
    ck_assert(ps_bridge_init(&b, 3, 64));
    ps_bridge_learn(&b, frame(1, 5, 7), 64, 2, S);
    ps_bridge_learn(&b, frame(1, 5, 7), 64, 0, 2 * S);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 7), 64, ALL, 2 * S), 1);
    ps_bridge_fini(&b);
}
END_TEST

START_TEST(test_ps_bridge_ports__silent_for_long__all)
{
    struct ps_bridge b;
    ck_assert(ps_bridge_init(&b, 3, 64));
    ps_bridge_learn(&b, frame(1, 5, 0), 64, 2, S);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S + PS_BRIDGE_AGE_NS - 1), 4);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S + PS_BRIDGE_AGE_NS), ALL);
    ps_bridge_learn(&b, frame(1, 5, 0), 64, 2, 2 * S);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S + PS_BRIDGE_AGE_NS), 4);
    ps_bridge_fini(&b);
}
END_TEST

START_TEST(test_ps_bridge_learn__flood_behind_one_port__others_stay_known)
{
    struct ps_bridge b;
    ck_assert(ps_bridge_init(&b, 3, 64));
    for (uint32_t mac = 1; mac <= 16; mac++)
        ps_bridge_learn(&b, frame(99, mac, 0), 64, 1, S);
    for (uint32_t mac = 1000; mac < 101000; mac++)
        ps_bridge_learn(&b, frame(99, mac, 0), 64, 0, 2 * S);
    for (uint32_t mac = 1; mac <= 16; mac++)
        ck_assert_uint_eq(ps_bridge_ports(&b, frame(mac, 99, 0), 64, ALL, 2 * S), 2);
    ps_bridge_fini(&b);
}
END_TEST

START_TEST(test_ps_bridge__group_addresses_and_scraps__learned_by_nobody)
{
    struct ps_bridge b;
    ck_assert(ps_bridge_init(&b, 3, 64));
    frame(1, 5, 0);
    f[6] = 1;
    ps_bridge_learn(&b, f, 64, 2, S);
    memcpy(f, f + 6, 6);
    ck_assert_uint_eq(ps_bridge_ports(&b, f, 64, ALL, S), ALL);
    ps_bridge_learn(&b, frame(1, 5, 0), 17, 2, S);
    ck_assert_uint_eq(ps_bridge_ports(&b, frame(5, 1, 0), 64, ALL, S), ALL);
    ps_bridge_fini(&b);
}
END_TEST

UNIT_MAIN("io/bridge", test_ps_bridge_ports__seen_behind_a_port__that_port,
          test_ps_bridge_learn__moved__no_longer_where_it_was, test_ps_bridge_ports__silent_for_long__all,
          test_ps_bridge_learn__flood_behind_one_port__others_stay_known,
          test_ps_bridge__group_addresses_and_scraps__learned_by_nobody)
