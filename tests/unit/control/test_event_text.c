/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>

#include "addr_text.h"
#include "event_text.h"

static const char *flow_text(uint8_t ip_proto, uint16_t server_port)
{
    static char text[64];
    struct ps_txt t;

    ps_txt_init(&t, text, sizeof text);
    ps_event_text_flow(ip_proto, server_port, &t);
    return text;
}

START_TEST(test_event_has_addresses__ip_arp_and_frames__frames_have_none)
{
    struct ps_event e = {.ip_proto = 6};

    ck_assert(ps_event_has_addresses(&e));
    e.ip_proto = 0;
    ck_assert(!ps_event_has_addresses(&e));
    e.server.lo = 1; /* ARP */
    ck_assert(ps_event_has_addresses(&e));
}
END_TEST

START_TEST(test_event_text_flow__each_kind__named)
{
    ck_assert_str_eq(flow_text(6, 502), "tcp/502");
    ck_assert_str_eq(flow_text(17, 123), "udp/123");
    ck_assert_str_eq(flow_text(1, 8), "icmp/8");
    ck_assert_str_eq(flow_text(58, 128), "icmp/128");
    ck_assert_str_eq(flow_text(47, 0), "ip/47");
    ck_assert_str_eq(flow_text(6, 0), "tcp");
    ck_assert_str_eq(flow_text(0, 0x0806), "arp");
    ck_assert_str_eq(flow_text(0, 0x8892), "ethernet/0x8892");
}
END_TEST

START_TEST(test_event_text_host__no_asset__brackets_around_ipv6)
{
    char text[128];
    struct ps_txt t;
    struct ps_addr v6 = {UINT64_C(0xfd00000000000000), 1};

    ps_txt_init(&t, text, sizeof text);
    ps_event_text_host(NULL, PS_NONE, v6, 502, &t);
    ck_assert_str_eq(text, "[fd00::1]:502");
    ps_txt_init(&t, text, sizeof text);
    ps_event_text_host(NULL, PS_NONE, v6, 0, &t);
    ck_assert_str_eq(text, "fd00::1");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("event_text");
    TCase *tc = tcase_create("event_text");
    SRunner *runner = srunner_create(s);

    tcase_add_test(tc, test_event_has_addresses__ip_arp_and_frames__frames_have_none);
    tcase_add_test(tc, test_event_text_flow__each_kind__named);
    tcase_add_test(tc, test_event_text_host__no_asset__brackets_around_ipv6);
    suite_add_tcase(s, tc);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
