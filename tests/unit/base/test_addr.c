/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/addr.h"

#include "unit.h"

START_TEST(test_ps_addr_from_v4__extremes__mapped_and_back)
{
    static const uint32_t numbers[] = {0, 1, 0x7f000001, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct ps_addr a = ps_addr_from_v4(numbers[i]);
        ck_assert_uint_eq(a.hi, 0);
        ck_assert_uint_eq(a.lo, UINT64_C(0xffff00000000) + numbers[i]);
        ck_assert(ps_addr_is_v4(a));
        ck_assert_uint_eq(ps_addr_v4(a), numbers[i]);
    }
}
END_TEST

START_TEST(test_ps_addr_is_v4__ipv6__false)
{
    static const struct ps_addr addrs[] = {
        {0, 0}, {0, 1}, {0, 0xfffe00000000}, {0, 0x1ffff00000000}, {1, 0xffff00000001}, {UINT64_C(0xfe80) << 48, 1},
    };
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++)
        ck_assert(!ps_addr_is_v4(addrs[i]));
}
END_TEST

START_TEST(test_ps_addr_compare__ascending_list__one_total_order)
{
    static const struct ps_addr up[] = {
        {0, 0},
        {0, 1},
        {0, 0xffff00000000},
        {0, 0xffff7fffffff},
        {0, 0xffff80000000},
        {0, UINT64_C(1) << 63},
        {0, UINT64_MAX},
        {1, 0},
        {UINT64_C(1) << 63, 0},
        {UINT64_MAX, UINT64_MAX},
    };
    const int n = sizeof up / sizeof up[0];
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            int order = ps_addr_compare(up[a], up[b]);
            ck_assert_int_eq((order > 0) - (order < 0), (a > b) - (a < b));
            ck_assert_int_eq(ps_addr_equal(up[a], up[b]), a == b);
        }
    }
}
END_TEST

START_TEST(test_ps_mac_number__octets__wire_order)
{
    ck_assert_uint_eq(ps_mac_number((struct ps_mac){{0x80, 0x01, 0x02, 0x03, 0x04, 0xff}}), UINT64_C(0x8001020304ff));
    ck_assert_uint_eq(ps_mac_number((struct ps_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}), UINT64_C(0xffffffffffff));
}
END_TEST

START_TEST(test_ps_mac_is_zero__any_bit_set__false)
{
    struct ps_mac m = {{0}};
    ck_assert(ps_mac_is_zero(m));
    for (unsigned bit = 0; bit < 48; bit++) {
        m = (struct ps_mac){{0}};
        m.b[bit / 8] = (uint8_t)(1u << bit % 8);
        ck_assert(!ps_mac_is_zero(m));
    }
}
END_TEST

UNIT_MAIN("base/addr", test_ps_addr_from_v4__extremes__mapped_and_back, test_ps_addr_is_v4__ipv6__false,
          test_ps_addr_compare__ascending_list__one_total_order, test_ps_mac_number__octets__wire_order,
          test_ps_mac_is_zero__any_bit_set__false)
