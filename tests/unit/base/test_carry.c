/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/carry.h"

#include <string.h>

#include "unit.h"

struct things {
    uint8_t small;
    uint16_t middle;
    uint32_t large;
    uint64_t huge, since;
    bool flag;
    uint8_t octets[3];
};

#define THINGS_LEN 27u
#define NOW 1000u

static void carry(struct ps_carry *c, struct things *t)
{
    ps_carry_u8(c, &t->small, 9);
    ps_carry_u16(c, &t->middle, 0x1234);
    ps_carry_u32(c, &t->large, UINT32_MAX);
    ps_carry_u64(c, &t->huge);
    ps_carry_time(c, &t->since);
    ps_carry_bool(c, &t->flag);
    ps_carry_octets(c, t->octets, sizeof t->octets);
}

static struct things some(void)
{
    return (struct things){.small = 9, .middle = 0x1234, .large = 0x89abcdef, .huge = UINT64_C(0x0123456789abcdef),
                           .since = NOW, .flag = true, .octets = {1, 2, 3}};
}

static const uint8_t written[THINGS_LEN] = {9, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                                            0xef, 0, 0, 0, 0, 0, 0, 0x03, 0xe8, 1, 1, 2, 3};

START_TEST(test_ps_carry__there_and_back__the_same)
{
    uint8_t octets[THINGS_LEN];
    struct things from = some(), to = {0};
    struct ps_carry c = ps_carry_save(octets, sizeof octets, NOW);
    carry(&c, &from);
    ck_assert(!c.failed && !ps_carry_loads(&c));
    ck_assert_uint_eq(c.pos, THINGS_LEN);
    ck_assert_mem_eq(octets, written, THINGS_LEN);
    c = ps_carry_load(octets, sizeof octets, NOW);
    carry(&c, &to);
    ck_assert(!c.failed && ps_carry_loads(&c));
    ck_assert_uint_eq(c.pos, THINGS_LEN);
    ck_assert(to.small == from.small && to.middle == from.middle && to.large == from.large && to.huge == from.huge);
    ck_assert(to.since == from.since && to.flag == from.flag);
    ck_assert_mem_eq(to.octets, from.octets, sizeof to.octets);
}
END_TEST

START_TEST(test_ps_carry_save__no_octets__only_counted)
{
    struct things from = some();
    struct ps_carry c = ps_carry_save(NULL, 0, NOW);
    carry(&c, &from);
    ck_assert(!c.failed);
    ck_assert_uint_eq(c.pos, THINGS_LEN);
}
END_TEST

START_TEST(test_ps_carry__too_few_octets__fails_both_ways)
{
    for (size_t len = 0; len < THINGS_LEN; len++) {
        uint8_t octets[THINGS_LEN] = {0};
        struct things from = some(), to = {0};
        struct ps_carry c = ps_carry_save(octets, len, NOW);
        carry(&c, &from);
        ck_assert(c.failed && c.pos <= len);
        for (size_t i = len; i < THINGS_LEN; i++)
            ck_assert_uint_eq(octets[i], 0);
        c = ps_carry_load(written, len, NOW);
        carry(&c, &to);
        ck_assert(c.failed && c.pos <= len);
    }
    struct ps_carry c = ps_carry_load(NULL, 7, NOW);
    struct things to = {0};
    ck_assert(ps_carry_loads(&c));
    carry(&c, &to);
    ck_assert(c.failed);
}
END_TEST

/* Offset of the field, an octet that makes it too large. */
START_TEST(test_ps_carry_load__more_than_may_be__fails_and_keeps_the_field)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } rows[] = {{0, 10}, {2, 0x35}, {1, 0x13}, {22, 0xe9}, {15, 1}, {23, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t octets[THINGS_LEN];
        struct things to = {0};
        memcpy(octets, written, sizeof octets);
        octets[rows[i].at] = rows[i].octet;
        struct ps_carry c = ps_carry_load(octets, sizeof octets, NOW);
        carry(&c, &to);
        ck_assert(c.failed);
        ck_assert(to.small <= 9 && to.middle <= 0x1234 && to.since <= NOW);
        ck_assert_uint_eq(to.octets[0], 0);
    }
}
END_TEST

START_TEST(test_ps_carry_save__more_than_may_be__fails)
{
    uint8_t octets[THINGS_LEN];
    struct things from = some();
    from.since = NOW + 1;
    struct ps_carry c = ps_carry_save(octets, sizeof octets, NOW);
    carry(&c, &from);
    ck_assert(c.failed);
    from = some();
    from.small = 10;
    c = ps_carry_save(octets, sizeof octets, NOW);
    carry(&c, &from);
    ck_assert(c.failed);
    ck_assert_uint_eq(c.pos, 0);
}
END_TEST

START_TEST(test_ps_carry_require__once_not_held__fails_for_good)
{
    struct things from = some();
    struct ps_carry c = ps_carry_save(NULL, 0, NOW);
    ck_assert(ps_carry_require(&c, true));
    ck_assert(!ps_carry_require(&c, false));
    ck_assert(!ps_carry_require(&c, true));
    carry(&c, &from);
    ck_assert_uint_eq(c.pos, 0);
}
END_TEST

START_TEST(test_ps_carry_borrow__within_and_beyond__octets_or_nothing)
{
    struct ps_carry c = ps_carry_load(written, 4, NOW);
    ck_assert_ptr_eq(ps_carry_borrow(&c, 3), written);
    ck_assert_ptr_eq(ps_carry_borrow(&c, 1), written + 3);
    ck_assert_ptr_null(ps_carry_borrow(&c, 1));
    ck_assert(c.failed);
    uint8_t out[4];
    c = ps_carry_save(out, sizeof out, NOW);
    ck_assert_ptr_null(ps_carry_borrow(&c, 1));
}
END_TEST

UNIT_MAIN("base/carry", test_ps_carry__there_and_back__the_same, test_ps_carry_save__no_octets__only_counted,
          test_ps_carry__too_few_octets__fails_both_ways,
          test_ps_carry_load__more_than_may_be__fails_and_keeps_the_field,
          test_ps_carry_save__more_than_may_be__fails, test_ps_carry_require__once_not_held__fails_for_good,
          test_ps_carry_borrow__within_and_beyond__octets_or_nothing)
