/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "live.h"
#include "unit.h"

static const char *printed(void (*print)(const json_t *o, FILE *out), const char *json)
{
    static char text[1024];
    FILE *out = fmemopen(text, sizeof text, "w");
    json_t *o = json_loads(json, 0, NULL);

    ck_assert_ptr_nonnull(o);
    print(o, out);
    fclose(out);
    json_decref(o);
    return text;
}

static const char *words_of(const char *json)
{
    return printed(ps_live_print_event, json);
}

/* Local time with offset, so many seconds ago. */
static const char *time_before(time_t seconds)
{
    static char text[64];
    char offset[8];
    time_t then = time(NULL) - seconds;
    struct tm tm;

    localtime_r(&then, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.120000000", &tm);
    strftime(offset, sizeof offset, "%z", &tm);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.3s:%s", offset, offset + 3);
    return text;
}

START_TEST(test_ps_live_text__paths__through_objects_or_nothing)
{
    json_t *o = json_pack("{s:{s:s, s:{s:i}}, s:b}", "policy", "digest", "ab", "x", "n", 7, "yes", 1);

    ck_assert_str_eq(ps_live_text(o, "policy.digest"), "ab");
    ck_assert_uint_eq(ps_live_number(o, "policy.x.n"), 7);
    ck_assert(ps_live_yes(o, "yes"));
    ck_assert_str_eq(ps_live_text(o, "policy.none.at.all"), "");
    ck_assert_str_eq(ps_live_text(NULL, "policy"), "");
    ck_assert_uint_eq(ps_live_number(o, "policy"), 0);
    json_decref(o);
}
END_TEST

START_TEST(test_ps_live_age__each_unit__the_largest_that_there_are_two_of)
{
    char text[32];

    ck_assert_str_eq(ps_live_age(0, text), "0 s");
    ck_assert_str_eq(ps_live_age(119, text), "119 s");
    ck_assert_str_eq(ps_live_age(120, text), "2 min");
    ck_assert_str_eq(ps_live_age(7200, text), "2 hours");
    ck_assert_str_eq(ps_live_age(12 * 86400, text), "12 days");
}
END_TEST

START_TEST(test_ps_live_seconds_since__offsets_and_nonsense__what_has_passed)
{
    uint64_t seconds = ps_live_seconds_since(time_before(3600));

    ck_assert(seconds >= 3600 && seconds < 3660);
    ck_assert_uint_eq(ps_live_seconds_since("2000-01-01T02:00:00.5+02:00"), ps_live_seconds_since("2000-01-01T00:00:00+00:00"));
    ck_assert_uint_eq(ps_live_seconds_since(time_before(-3600)), 0);
    ck_assert_uint_eq(ps_live_seconds_since("yesterday"), 0);
    ck_assert_uint_eq(ps_live_seconds_since(""), 0);
}
END_TEST

START_TEST(test_ps_live_print_event__of_today__without_its_date)
{
    char json[256], expected[128];
    const char *when = time_before(0);

    snprintf(json, sizeof json, "{\"kind\":\"overload\",\"did\":\"flood\",\"time\":\"%s\"}", when);
    snprintf(expected, sizeof expected, "%.12s overload flood\n", when + 11);
    ck_assert_str_eq(words_of(json), expected);
}
END_TEST

START_TEST(test_ps_live_print_refusal__last_of_several__its_age_who_what_and_why)
{
    char json[512];

    snprintf(json, sizeof json,
             "{\"kind\":\"would-deny\",\"time\":\"2000-01-01T00:00:00.120000000+00:00\",\"last\":\"%s\",\"count\":12,"
             "\"reason\":\"no-rule\",\"client\":{\"asset\":\"eng-ws\"},\"server\":{\"asset\":\"plc-1\"},"
             "\"flow\":\"tcp/502\",\"conduit\":\"c\"}", time_before(7200));
    ck_assert_str_eq(printed(ps_live_print_refusal, json),
                     "2 hours ago, passed by monitor mode: eng-ws -> plc-1 tcp/502, no-rule on c, 12 times\n");
}
END_TEST

START_TEST(test_ps_live_print_event__refusal__who_what_where_and_how_often)
{
    ck_assert_str_eq(words_of("{\"kind\":\"deny\",\"time\":\"2026-11-21T12:04:33.120000000+01:00\",\"reason\":\"no-rule\","
                              "\"client\":{\"address\":\"10.0.0.1\",\"asset\":\"eng-ws\"},\"server\":{\"address\":"
                              "\"10.0.0.2\"},\"flow\":\"tcp/502\",\"operation\":\"modbus x\",\"conduit\":\"c\",\"rule\":"
                              "\"r\",\"count\":1234}"),
                     "2026-11-21 12:04:33.120 deny no-rule eng-ws -> 10.0.0.2 modbus x on c (r), 1,234 times\n");
    ck_assert_str_eq(words_of("{\"kind\":\"deny\",\"reason\":\"no-conduit\",\"client\":{\"mac\":\"m1\"},\"server\":{\"mac\":"
                              "\"m2\"},\"flow\":\"arp\"}"),
                     "deny no-conduit m1 -> m2 arp\n");
}
END_TEST

START_TEST(test_ps_live_print_event__change__all_that_it_says)
{
    ck_assert_str_eq(words_of("{\"kind\":\"policy\",\"time\":\"2026-11-21T12:04:33.120000000+01:00\",\"gateway\":\"gw-1\","
                              "\"did\":\"reload\",\"who\":\"root\",\"uid\":0,\"pid\":1,\"after\":"
                              "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"generation\":4}"),
                     "2026-11-21 12:04:33.120 policy reload by root, after 01234567, generation 4\n");
    ck_assert_str_eq(words_of("{\"kind\":\"overload\",\"did\":\"flood\",\"count\":12,\"first\":\"a\",\"last\":\"b\"}"),
                     "overload flood, 12 times\n");
    ck_assert_str_eq(words_of("{\"kind\":\"missed\",\"count\":12}"), "missed 12: read too slowly\n");
}
END_TEST

UNIT_MAIN("tools/live", test_ps_live_text__paths__through_objects_or_nothing,
          test_ps_live_age__each_unit__the_largest_that_there_are_two_of,
          test_ps_live_seconds_since__offsets_and_nonsense__what_has_passed,
          test_ps_live_print_event__of_today__without_its_date,
          test_ps_live_print_refusal__last_of_several__its_age_who_what_and_why,
          test_ps_live_print_event__refusal__who_what_where_and_how_often,
          test_ps_live_print_event__change__all_that_it_says)
