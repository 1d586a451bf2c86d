/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include "unit.h"

static const uint64_t seed[2] = {1, 2};

static struct ps_addr addr_of(uint32_t i)
{
    return ps_addr_from_v4(0x0a000000u + i);
}

START_TEST(test_ps_source_take__same_address__same_line_until_the_last_user_is_gone)
{
    struct ps_sources s;
    ck_assert(ps_sources_init(&s, 8, seed));
    uint32_t at = ps_source_take(&s, addr_of(1));
    ck_assert_uint_ne(at, PS_SOURCE_SHARED);
    ck_assert_uint_ne(ps_source_take(&s, addr_of(2)), at);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(1)), at);
    ps_source_at(&s, at)->n_held = 7;
    ps_source_give(&s, at);
    ck_assert_uint_eq(ps_source_at(&s, at)->n_held, 7);
    ps_source_give(&s, at);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(3)), at);
    ck_assert_uint_eq(ps_source_at(&s, at)->n_held, 0);
    ps_sources_fini(&s);
}
END_TEST

START_TEST(test_ps_source_take__more_than_there_is_room_for__share_a_line)
{
    struct ps_sources s;
    ck_assert(ps_sources_init(&s, 8, seed));
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_uint_ne(ps_source_take(&s, addr_of(i)), PS_SOURCE_SHARED);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(8)), PS_SOURCE_SHARED);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(9)), PS_SOURCE_SHARED);
    uint32_t third = ps_source_take(&s, addr_of(3)); /* who has a line keeps it */
    ck_assert_uint_ne(third, PS_SOURCE_SHARED);
    ps_source_give(&s, third);
    ps_source_give(&s, third);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(10)), third);
    ps_source_give(&s, PS_SOURCE_SHARED);
    ps_source_give(&s, PS_SOURCE_SHARED);
    ck_assert_uint_eq(ps_source_at(&s, PS_SOURCE_SHARED)->n_users, 0);
    ps_sources_fini(&s);
}
END_TEST

START_TEST(test_ps_source_take__full_bucket__shares_a_line)
{
    struct ps_sources s;
    ck_assert(ps_sources_init(&s, 64, seed));
    s.bucket_mask = 0; /* all in one */
    uint32_t last = 0;
    for (uint32_t i = 0; i < PS_SOURCE_STEPS; i++)
        ck_assert_uint_ne(last = ps_source_take(&s, addr_of(i)), PS_SOURCE_SHARED);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(100)), PS_SOURCE_SHARED);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(0)), last - (PS_SOURCE_STEPS - 1)); /* the hindmost is found */
    ps_source_give(&s, last);
    ck_assert_uint_eq(ps_source_take(&s, addr_of(101)), last);
    s.bucket_mask = 63;
    ps_sources_fini(&s);
}
END_TEST

START_TEST(test_ps_source_give__churn__everybody_keeps_their_own)
{
    struct ps_sources s;
    uint32_t line[64] = {0}, n[64] = {0}, state = 1, n_users = 0;
    ck_assert(ps_sources_init(&s, 64, seed));
    for (unsigned step = 0; step < 100000; step++) {
        state = state * 1664525u + 1013904223u;
        uint32_t i = state >> 26;
        bool take = n[i] == 0 || (state >> 25 & 1);
        if (take) {
            uint32_t at = ps_source_take(&s, addr_of(i));
            ck_assert(n[i] == 0 || at == line[i]);
            line[i] = at;
        } else {
            ps_source_give(&s, line[i]);
        }
        n[i] += take ? 1 : UINT32_MAX;
        n_users += take ? 1 : UINT32_MAX;
        ck_assert(n[i] == 0 || ps_source_at(&s, line[i])->n_users == n[i]);
    }
    for (uint32_t i = 0; i < 64; i++)
        for (; n[i] > 0; n[i]--, n_users--)
            ps_source_give(&s, line[i]);
    ck_assert_uint_eq(n_users, 0);
    for (uint32_t at = 0; at < s.fresh; at++)
        ck_assert_uint_eq(ps_source_at(&s, at)->n_users, 0);
    ps_sources_fini(&s);
}
END_TEST

static uint32_t burst(uint64_t *at_ns, uint32_t rate, uint64_t now_ns)
{
    uint32_t n = 0;
    while (n < 10000 && ps_rate_has(*at_ns, rate, now_ns)) {
        ps_rate_take(at_ns, rate, now_ns);
        n++;
    }
    return n;
}

START_TEST(test_ps_rate_take__after_a_second_of_rest__as_many_at_once)
{
    static const uint32_t rates[] = {1, 2, 3, 7, 256, 1000};
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint64_t at_ns = 0, now_ns = UINT64_C(1700000000000000000);
        for (unsigned k = 0; k < 5; k++, now_ns += 1000000000)
            ck_assert_uint_eq(burst(&at_ns, rates[i], now_ns), rates[i]);
    }
}
END_TEST

START_TEST(test_ps_rate_has__within_the_second__what_has_passed_of_it)
{
    uint64_t at_ns = 0, now_ns = UINT64_C(1700000000000000000);
    ck_assert_uint_eq(burst(&at_ns, 10, now_ns), 10);
    ck_assert_uint_eq(burst(&at_ns, 10, now_ns += 99999999), 0);
    ck_assert_uint_eq(burst(&at_ns, 10, now_ns += 1), 1);
    ck_assert_uint_eq(burst(&at_ns, 10, now_ns += 500000000), 5);
    ck_assert_uint_eq(burst(&at_ns, 10, now_ns += UINT64_C(3600000000000)), 10); /* not more than a second's */
}
END_TEST

UNIT_MAIN("fastpath/source", test_ps_source_take__same_address__same_line_until_the_last_user_is_gone,
          test_ps_source_take__more_than_there_is_room_for__share_a_line,
          test_ps_source_take__full_bucket__shares_a_line, test_ps_source_give__churn__everybody_keeps_their_own,
          test_ps_rate_take__after_a_second_of_rest__as_many_at_once,
          test_ps_rate_has__within_the_second__what_has_passed_of_it)
