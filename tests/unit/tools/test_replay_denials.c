/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_denials.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct ps_event event(const char *operation, uint64_t number)
{
    struct ps_event e;

    memset(&e, 0, sizeof e);
    e.kind = PS_EVENT_DENY;
    e.what = PS_JUDGED_PDU;
    e.reason = PS_REASON_NO_RULE;
    e.conduit = 3;
    e.client_asset = e.server_asset = PS_NONE;
    e.client = ps_addr_from_v4(0x0a000001);
    e.server = ps_addr_from_v4(0x0a000002);
    e.server_port = 502;
    e.ip_proto = 6;
    e.number = number;
    snprintf(e.operation, sizeof e.operation, "%s", operation);
    return e;
}

START_TEST(test_denials_add__equal_refusals__one_row_with_the_first)
{
    struct replay_denials d = {0};
    struct ps_event e = event("a", 7);

    replay_denials_add(&d, &e, 2, 1);
    e.number = 8;
    e.time_ns = 5;
    e.client_port = 1234;
    e.rule = 9;
    replay_denials_add(&d, &e, 3, 1);
    ck_assert_uint_eq(d.n_rows, 1);
    ck_assert_uint_eq(d.rows[0].n, 2);
    ck_assert_uint_eq(d.rows[0].first.number, 7);
    ck_assert_uint_eq(d.rows[0].file, 2);
    replay_denials_fini(&d);
}
END_TEST

START_TEST(test_denials_add__any_difference__rows_of_their_own)
{
    struct replay_denials d = {0};
    struct ps_event e[12];

    for (size_t i = 0; i < 12; i++)
        e[i] = event("a", i);
    e[1].reason = PS_REASON_NO_CONDUIT;
    e[2].conduit = 4;
    e[3].client.lo++;
    e[4].server.lo++;
    e[5].server_port = 503;
    e[6].kind = PS_EVENT_WOULD_DENY;
    e[7].what = PS_JUDGED_FLOW;
    e[8].dir = PS_TO_CLIENT;
    e[9].vlan = 20;
    e[10].protocol = 1;
    strcpy(e[11].operation, "b");
    for (size_t i = 0; i < 12; i++)
        replay_denials_add(&d, &e[i], 0, 1);
    ck_assert_uint_eq(d.n_rows, 12);
    replay_denials_fini(&d);
}
END_TEST

START_TEST(test_denials_add__macs__tell_apart_what_has_no_addresses)
{
    struct replay_denials d = {0};
    struct ps_event e = event("", 1);

    replay_denials_add(&d, &e, 0, 1);
    e.client_mac.b[5] = 1;
    replay_denials_add(&d, &e, 0, 1);
    ck_assert_uint_eq(d.n_rows, 1);
    e.ip_proto = 0;
    e.client = e.server = (struct ps_addr){0, 0};
    replay_denials_add(&d, &e, 0, 1);
    e.server_mac.b[5] = 1;
    replay_denials_add(&d, &e, 0, 1);
    e.client_mac.b[5] = 2;
    replay_denials_add(&d, &e, 0, 1);
    ck_assert_uint_eq(d.n_rows, 4);
    replay_denials_fini(&d);
}
END_TEST

START_TEST(test_denials_add__one_asset_two_addresses__one_row)
{
    struct replay_denials d = {0};
    struct ps_event e = event("a", 1);

    e.client_asset = 5;
    replay_denials_add(&d, &e, 0, 1);
    e.client.lo++;
    replay_denials_add(&d, &e, 0, 1);
    ck_assert_uint_eq(d.n_rows, 1);
    replay_denials_fini(&d);
}
END_TEST

START_TEST(test_denials_add__more_than_the_table_holds__counted)
{
    struct replay_denials d = {0};
    char operation[16];

    for (uint32_t i = 0; i < REPLAY_DENIALS_MAX + 5; i++) {
        struct ps_event e;

        snprintf(operation, sizeof operation, "%u", i);
        e = event(operation, i);
        replay_denials_add(&d, &e, 0, 2);
    }
    ck_assert_uint_eq(d.n_rows, REPLAY_DENIALS_MAX);
    ck_assert_uint_eq(d.n_more, 10);
    replay_denials_fini(&d);
}
END_TEST

START_TEST(test_denials_sort__merged_files__most_frequent_then_first_seen)
{
    struct replay_denials d = {0}, more = {0};
    struct ps_event a = event("a", 9), b = event("b", 4), c = event("c", 2);

    replay_denials_add(&d, &a, 0, 1);
    replay_denials_add(&d, &b, 0, 1);
    replay_denials_add(&more, &c, 0, 3);
    replay_denials_add(&more, &a, 0, 1);
    more.n_more = 4;
    replay_denials_merge(&d, &more, 1);
    replay_denials_sort(&d);
    ck_assert_uint_eq(d.n_rows, 3);
    ck_assert_str_eq(d.rows[0].first.operation, "c");
    ck_assert_uint_eq(d.rows[0].file, 1);
    ck_assert_str_eq(d.rows[1].first.operation, "a");
    ck_assert_uint_eq(d.rows[1].n, 2);
    ck_assert_uint_eq(d.rows[1].file, 0);
    ck_assert_str_eq(d.rows[2].first.operation, "b");
    ck_assert_uint_eq(d.n_more, 4);
    replay_denials_fini(&more);
    replay_denials_fini(&d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_denials");
    TCase *tc = tcase_create("replay_denials");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, test_denials_add__equal_refusals__one_row_with_the_first);
    tcase_add_test(tc, test_denials_add__any_difference__rows_of_their_own);
    tcase_add_test(tc, test_denials_add__macs__tell_apart_what_has_no_addresses);
    tcase_add_test(tc, test_denials_add__one_asset_two_addresses__one_row);
    tcase_add_test(tc, test_denials_add__more_than_the_table_holds__counted);
    tcase_add_test(tc, test_denials_sort__merged_files__most_frequent_then_first_seen);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
