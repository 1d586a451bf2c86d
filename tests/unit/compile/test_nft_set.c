/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "nft_put.h"
#include "unit.h"

static uint32_t numbers(struct ps_nft_ruleset *r, const char *name, const uint32_t (*ranges)[2], unsigned n)
{
    struct ps_nft_key key = ps_nft_key(PS_NFT_TH_DPORT);
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_set_add(r, &key, 1, "%s", name);

    for (unsigned i = 0; i < n; i++) {
        ps_nft_element_numbers(&element, key, 0, ranges[i][0], ranges[i][1]);
        ps_nft_set_put(r, set, &element, NULL);
    }
    return set;
}

static uint32_t number_at(const struct ps_nft_set *set, uint32_t element, bool highest)
{
    const uint8_t *octets = set->octets + element * set->stride + (highest ? 2 : 0);

    return (uint32_t)(octets[0] << 8 | octets[1]);
}

START_TEST(test_ps_nft_value_number__two_octets__are_in_network_order)
{
    uint8_t value[2];

    ps_nft_value_number(value, 2, 0x1234);
    ck_assert_uint_eq(value[0], 0x12);
    ck_assert_uint_eq(value[1], 0x34);
}
END_TEST

START_TEST(test_ps_nft_set_close__ranges_that_touch_or_overlap__are_joined)
{
    static const uint32_t ranges[][2] = {{20, 30}, {1, 4}, {5, 5}, {25, 27}, {29, 40}, {1, 2}, {50, 50}};
    struct ps_nft_ruleset r = {0};
    uint32_t set = numbers(&r, "a", ranges, 7);

    ps_nft_set_close(&r, set);
    ck_assert_uint_eq(r.sets[set].n, 3);
    ck_assert(r.sets[set].interval);
    ck_assert_uint_eq(number_at(&r.sets[set], 0, true), 5);
    ck_assert_uint_eq(number_at(&r.sets[set], 1, false), 20);
    ck_assert_uint_eq(number_at(&r.sets[set], 1, true), 40);
    ck_assert_uint_eq(number_at(&r.sets[set], 2, false), 50);
    ps_nft_ruleset_fini(&r);
}
END_TEST

START_TEST(test_ps_nft_set_close__highest_number__is_no_neighbour_of_the_lowest)
{
    static const uint32_t ranges[][2] = {{0, 0}, {65535, 65535}};
    struct ps_nft_ruleset r = {0};
    uint32_t set = numbers(&r, "a", ranges, 2);

    ps_nft_set_close(&r, set);
    ck_assert_uint_eq(r.sets[set].n, 2);
    ck_assert(!r.sets[set].interval);
    ps_nft_ruleset_fini(&r);
}
END_TEST

START_TEST(test_ps_nft_set_close__map__keeps_verdicts_with_their_elements)
{
    struct ps_nft_key key = ps_nft_key(PS_NFT_TH_DPORT);
    struct ps_nft_ruleset r = {0};
    uint32_t set = ps_nft_set_add(&r, &key, 1, "m");

    for (uint32_t i = 0; i < 20; i++) {
        struct ps_nft_element element = {0};
        struct ps_nft_verdict verdict = {PS_NFT_GOTO, 20 - i};
        ps_nft_element_numbers(&element, key, 0, 20 - i, 20 - i);
        ps_nft_set_put(&r, set, &element, &verdict);
    }
    ps_nft_set_close(&r, set);
    ck_assert_uint_eq(r.sets[set].n, 20);
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_uint_eq(r.sets[set].verdicts[i].chain, number_at(&r.sets[set], i, false));
    ps_nft_ruleset_fini(&r);
}
END_TEST

START_TEST(test_ps_nft_set_share__same_elements__are_one_set)
{
    static const uint32_t ranges[][2] = {{1, 4}, {6, 8}}, turned[][2] = {{6, 8}, {1, 4}}, other[][2] = {{1, 4}, {6, 9}};
    struct ps_nft_ruleset r = {0};
    uint32_t first = ps_nft_set_share(&r, numbers(&r, "a", ranges, 2));
    uint32_t second = ps_nft_set_share(&r, numbers(&r, "b", turned, 2));
    uint32_t third = ps_nft_set_share(&r, numbers(&r, "c", other, 2));

    ck_assert_uint_eq(first, second);
    ck_assert_uint_ne(first, third);
    ck_assert_uint_eq(r.n_sets, 2);
    ck_assert_str_eq(r.sets[third].name, "c");
    ps_nft_ruleset_fini(&r);
}
END_TEST

START_TEST(test_ps_nft_set_share__very_many__are_all_found_again)
{
    struct ps_nft_ruleset r = {0};

    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 1; i <= 500; i++) {
            const uint32_t ranges[][2] = {{i, 2 * i}};
            ck_assert_uint_eq(ps_nft_set_share(&r, numbers(&r, "x", ranges, 1)), i - 1);
        }
    ck_assert_uint_eq(r.n_sets, 500);
    ps_nft_ruleset_fini(&r);
}
END_TEST

UNIT_MAIN("compile/nft_set", test_ps_nft_value_number__two_octets__are_in_network_order,
          test_ps_nft_set_close__ranges_that_touch_or_overlap__are_joined,
          test_ps_nft_set_close__highest_number__is_no_neighbour_of_the_lowest,
          test_ps_nft_set_close__map__keeps_verdicts_with_their_elements,
          test_ps_nft_set_share__same_elements__are_one_set, test_ps_nft_set_share__very_many__are_all_found_again)
