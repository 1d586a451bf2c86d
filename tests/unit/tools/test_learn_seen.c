/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_seen.h"

#include "learn_unit.h"
#include "unit.h"

static const char *const hmi = "10.1.0.1", *const plc = "10.2.0.1";

START_TEST(test_ps_seen_judged__same_opening_twice__news_once)
{
    struct ps_seen_set set = {0};

    ck_assert(saw_opening(&set, hmi, plc, TCP, 80));
    ck_assert(!saw_opening(&set, hmi, plc, TCP, 80));
    ck_assert(saw_opening(&set, plc, hmi, TCP, 80));
    ck_assert_uint_eq(set.n, 2);
    ck_assert_uint_eq(set.items[0].key.protocol, PS_PROTOCOL_TCP);
    ps_seen_fini(&set);
}
END_TEST

START_TEST(test_ps_seen_judged__port_of_an_inspected_protocol__is_that_protocol)
{
    struct ps_seen_set set = {0};

    ck_assert(saw_opening(&set, hmi, plc, TCP, 502));
    ck_assert(saw_opening(&set, hmi, plc, UDP, 502));
    ck_assert_uint_eq(set.items[0].key.protocol, PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(set.items[0].key.udp, 0);
    ck_assert_uint_eq(set.items[1].key.protocol, PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(set.items[1].key.udp, 1);
    ps_seen_fini(&set);
}
END_TEST

START_TEST(test_ps_seen_judged__requests__objects_and_values_grow)
{
    struct ps_seen_set set = {0};

    ck_assert(saw_request(&set, hmi, plc, "modbus write-single-register station=1 holding:40 value=7"));
    ck_assert(!saw_request(&set, hmi, plc, "modbus write-single-register station=1 holding:40 value=7"));
    ck_assert(saw_request(&set, hmi, plc, "modbus write-single-register station=1 holding:41 value=7"));
    ck_assert(saw_request(&set, hmi, plc, "modbus write-single-register station=1 holding:41 value=900"));
    ck_assert_uint_eq(set.n, 1);
    ck_assert_double_eq(set.items[0].min, 7);
    ck_assert_double_eq(set.items[0].max, 900);
    ck_assert_uint_eq(set.items[0].objects.n, 1);
    ck_assert_uint_eq(set.items[0].objects.items[0].first, 40);
    ck_assert_uint_eq(set.items[0].objects.items[0].last, 41);
    ck_assert(saw_request(&set, hmi, plc, "modbus write-single-register station=2 holding:40 value=7"));
    ck_assert_uint_eq(set.n, 2);
    ps_seen_fini(&set);
}
END_TEST

START_TEST(test_ps_seen_judged__icmp_error_and_arp__only_when_late)
{
    struct ps_seen_set set = {0};
    struct ps_seen_limits early = limits(false), late = limits(true);
    struct ps_judged error = opening(hmi, plc, 1, 3), echo = opening(hmi, plc, 1, 8);
    struct ps_judged arp = opening("0.0.0.0", plc, 0, 0x0806);

    arp.what = PS_JUDGED_PACKET;
    ck_assert(!ps_seen_judged(&set, &early, &error));
    ck_assert(!ps_seen_judged(&set, &early, &arp));
    ck_assert_uint_eq(set.n, 0);
    ck_assert(ps_seen_judged(&set, &early, &echo));
    ck_assert(ps_seen_judged(&set, &late, &error));
    ck_assert(ps_seen_judged(&set, &late, &arp));
    ck_assert_uint_eq(set.items[2].key.protocol, PS_PROTOCOL_NONE);
    /* Whoever probes for an address speaks for it. */
    ck_assert(ps_addr_equal(set.items[2].key.client, addr(plc)));
    ps_seen_fini(&set);
}
END_TEST

START_TEST(test_ps_seen_judged__frame_that_is_not_ip__by_mac)
{
    struct ps_seen_set set = {0};
    struct ps_seen_limits l = limits(false);
    struct ps_judged frame = {.what = PS_JUDGED_FLOW, .reason = PS_REASON_NO_ZONE, .server_port = 0x88cc};

    frame.client_mac = (struct ps_mac){{0, 0x1b, 0x1b, 0, 0, 1}};
    frame.server_mac = (struct ps_mac){{1, 0x80, 0xc2, 0, 0, 0x0e}};
    ck_assert(ps_seen_judged(&set, &l, &frame));
    ck_assert_uint_eq(set.items[0].key.protocol, PS_PROTOCOL_ETHERNET);
    ck_assert_uint_eq(set.items[0].key.client.lo, UINT64_C(0x001b1b000001));
    ck_assert_uint_eq(set.items[0].key.server.lo, UINT64_C(0x0180c200000e));
    ps_seen_fini(&set);
}
END_TEST

/* No asset may have that MAC: a plant file with it could not be read. */
START_TEST(test_ps_seen_judged__frame_of_a_loopback__not_learned)
{
    struct ps_seen_set set = {0};
    struct ps_seen_limits l = limits(false);
    struct ps_judged frame = {.what = PS_JUDGED_FLOW, .reason = PS_REASON_NO_ZONE, .server_port = 0x88cc};

    frame.client_mac = (struct ps_mac){{0, 0x1b, 0x1b, 0, 0, 1}};
    ck_assert(!ps_seen_judged(&set, &l, &frame));
    frame.server_mac = frame.client_mac;
    frame.client_mac = (struct ps_mac){{0}};
    ck_assert(!ps_seen_judged(&set, &l, &frame));
    ck_assert_uint_eq(set.n, 0);
    ps_seen_fini(&set);
}
END_TEST

START_TEST(test_ps_seen_merge__any_order__same_after_sort)
{
    struct ps_seen_set a = {0}, b = {0}, ab = {0}, ba = {0};

    for (uint16_t port = 1000; port < 1400; port++)
        saw_opening(port % 3 == 0 ? &a : &b, hmi, plc, TCP, port);
    saw_request(&a, hmi, plc, "modbus read-coils station=1 coil:0-9");
    saw_request(&b, hmi, plc, "modbus read-coils station=1 coil:20-29");
    ck_assert(ps_seen_merge(&ab, &a));
    ck_assert(ps_seen_merge(&ab, &b));
    ck_assert(!ps_seen_merge(&ab, &a));
    ps_seen_merge(&ba, &b);
    ps_seen_merge(&ba, &a);
    ps_seen_sort(&ab);
    ps_seen_sort(&ba);
    ck_assert_uint_eq(ab.n, 401);
    ck_assert_uint_eq(ba.n, 401);
    for (uint32_t i = 0; i < ab.n; i++) {
        ck_assert_int_eq(ps_seen_compare(&ab.items[i].key, &ba.items[i].key), 0);
        ck_assert_int_eq(ps_ranges_compare(&ab.items[i].objects, &ba.items[i].objects), 0);
    }
    /* The table still finds its items after the sort. */
    ck_assert(!ps_seen_merge(&ab, &ba));
    ps_seen_fini(&a);
    ps_seen_fini(&b);
    ps_seen_fini(&ab);
    ps_seen_fini(&ba);
}
END_TEST

UNIT_MAIN("tools/learn_seen", test_ps_seen_judged__same_opening_twice__news_once,
          test_ps_seen_judged__port_of_an_inspected_protocol__is_that_protocol,
          test_ps_seen_judged__requests__objects_and_values_grow,
          test_ps_seen_judged__icmp_error_and_arp__only_when_late,
          test_ps_seen_judged__frame_that_is_not_ip__by_mac, test_ps_seen_judged__frame_of_a_loopback__not_learned,
          test_ps_seen_merge__any_order__same_after_sort)
