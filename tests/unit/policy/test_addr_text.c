/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "addr_text.h"

#include <string.h>

#include "unit.h"

static const struct ps_addr v6_example = {.hi = UINT64_C(0xfd00002000010000), .lo = 0x10};

START_TEST(test_ps_addr_parse__both_families__numbers)
{
    struct ps_addr addr;
    ck_assert(ps_addr_parse("10.20.1.10", &addr));
    ck_assert(ps_addr_is_v4(addr));
    ck_assert_uint_eq(ps_addr_v4(addr), 0x0a14010a);
    ck_assert(ps_addr_parse("fd00:20:1::10", &addr));
    ck_assert(ps_addr_equal(addr, v6_example));
}
END_TEST

START_TEST(test_ps_addr_parse__not_an_address__refused)
{
    static const char *const texts[] = {
        "",     "10.20.1",    "10.20.1.256", "10.20.1.010.1", "::ffff:10.0.0.1", "fd00::1%eth0", "1:2:3:4", "10.0.0.1 ",
        "host", "10.0.0.0/8", ":::"};
    struct ps_addr addr;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(!ps_addr_parse(texts[i], &addr), "%s", texts[i]);
}
END_TEST

/* Text of a block as printed, or the complaint. */
static const char *net_text(const char *text)
{
    static char buf[200];
    struct ps_addr first, last;
    if (ps_net_parse(text, &first, &last, buf, sizeof buf))
        ps_net_format(first, last, buf, sizeof buf);
    return buf;
}

START_TEST(test_ps_net_parse__blocks__read_back)
{
    static const char *const same[] = {
        "10.20.1.0/24",       "0.0.0.0/0",  "10.0.0.0/31", "10.0.0.1-10.0.0.6", "fd00:20:1::/64",
        "fd00::1-fd00::ffff", "10.20.1.10", "fe80::1",     "2000::/3",          "::/96",
        "128.0.0.0/1",        "fd00::/127"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        ck_assert_str_eq(net_text(same[i]), same[i]);
    ck_assert_str_eq(net_text("10.0.0.1/32"), "10.0.0.1");
    ck_assert_str_eq(net_text("fd00::1/128"), "fd00::1");
    ck_assert_str_eq(net_text("10.0.0.0-10.0.0.255"), "10.0.0.0/24");
}
END_TEST

START_TEST(test_ps_net_parse__not_a_block__says_why)
{
    ck_assert_str_eq(net_text("10.0.0.0/33"), "prefix is 0 to 32 for IPv4");
    ck_assert_str_eq(net_text("10.0.0.0/"), "prefix is 0 to 32 for IPv4");
    ck_assert_str_eq(net_text("10.0.0.0/-1"), "prefix is 0 to 32 for IPv4");
    ck_assert_str_eq(net_text("fd00::/129"), "prefix is 0 to 128 for IPv6");
    ck_assert_str_eq(net_text("fd00::/4294967360"), "prefix is 0 to 128 for IPv6");
    ck_assert_str_eq(net_text("10.0.0.5/24"),
                     "bits are set behind the prefix; the network is \"10.0.0.0/24\", one address is \"10.0.0.5\"");
    ck_assert_ptr_nonnull(strstr(net_text("fd00:0:0:1::/48"), "\"fd00::/48\""));
    ck_assert_ptr_nonnull(strstr(net_text("::/0"), "all of IPv4"));
    ck_assert_ptr_nonnull(strstr(net_text("::/64"), "all of IPv4"));
    ck_assert_ptr_nonnull(strstr(net_text("::1-fd00::"), "all of IPv4"));
    ck_assert_ptr_nonnull(strstr(net_text("10.0.0.9-10.0.0.1"), "swap"));
    ck_assert_ptr_nonnull(strstr(net_text("10.0.0.1-fd00::1"), "one family"));
    ck_assert_ptr_nonnull(strstr(net_text("plant"), "not a network"));
}
END_TEST

START_TEST(test_ps_mac_parse__forms__octets)
{
    struct ps_mac mac;
    char text[PS_MAC_TEXT_MAX];
    ck_assert(ps_mac_parse("00-1B-1b-AA-00-10", &mac));
    ps_mac_format(mac, text);
    ck_assert_str_eq(text, "00:1b:1b:aa:00:10");
    static const char *const bad[] = {"",
                                      "00:1b:1b:aa:00",
                                      "00:1b:1b:aa:00:1",
                                      "00:1b:1b:aa:00:1g",
                                      "00:1b-1b:aa:00:10",
                                      "00:1b:1b:aa:00:100",
                                      "001b1baa0010",
                                      "00.1b.1b.aa.00.10"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!ps_mac_parse(bad[i], &mac), "%s", bad[i]);
}
END_TEST

UNIT_MAIN("policy/addr_text", test_ps_addr_parse__both_families__numbers, test_ps_addr_parse__not_an_address__refused,
          test_ps_net_parse__blocks__read_back, test_ps_net_parse__not_a_block__says_why,
          test_ps_mac_parse__forms__octets)
