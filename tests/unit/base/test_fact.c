/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fact.h"

#include <string.h>

#include "unit.h"

static struct ps_values values_u16(const uint8_t *data, uint32_t n)
{
    return (struct ps_values){.data = data, .n = n, .kind = PS_VALUE_U16BE};
}

START_TEST(test_ps_facts_clear__full__empty_and_function_unknown)
{
    struct ps_facts facts;
    memset(&facts, 0xa5, sizeof facts);
    ps_facts_clear(&facts);
    ck_assert_uint_eq(facts.kind, PS_PDU_NONE);
    ck_assert_uint_eq(facts.error, 0);
    ck_assert_uint_eq(facts.status, 0);
    ck_assert_uint_eq(facts.function, PS_FUNCTION_UNKNOWN);
    ck_assert_uint_eq(facts.code, 0);
    ck_assert_uint_eq(facts.station, 0);
    ck_assert_uint_eq(facts.transaction, 0);
    ck_assert_uint_eq(facts.n_facts, 0);
    for (size_t i = 0; i < PS_PAIRING_MAX; i++)
        ck_assert_uint_eq(facts.pairing[i], 0);
}
END_TEST

START_TEST(test_ps_facts_add__until_full__zeroed_items_then_null)
{
    struct ps_facts facts;
    memset(&facts, 0xa5, sizeof facts);
    ps_facts_clear(&facts);
    for (unsigned i = 0; i < PS_FACTS_MAX; i++) {
        struct ps_fact *fact = ps_facts_add(&facts);
        ck_assert_ptr_eq(fact, &facts.item[i]);
        ck_assert_uint_eq(facts.n_facts, i + 1);
        ck_assert_uint_eq(fact->op, PS_OP_NONE);
        ck_assert_uint_eq(fact->space, 0);
        ck_assert_uint_eq(fact->first, 0);
        ck_assert_uint_eq(fact->last, 0);
        ck_assert_uint_eq(fact->values.kind, PS_VALUE_NONE);
        ck_assert_ptr_null(fact->values.data);
    }
    ck_assert_ptr_null(ps_facts_add(&facts));
    ck_assert_uint_eq(facts.n_facts, PS_FACTS_MAX);
}
END_TEST

START_TEST(test_ps_values_at__bits__low_bit_of_first_octet_first)
{
    static const uint8_t data[] = {0x01, 0x80, 0x05};
    static const uint8_t expected[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1};
    struct ps_values v = {.data = data, .n = 19, .kind = PS_VALUE_BITS};
    for (uint32_t i = 0; i < v.n; i++)
        ck_assert_int_eq(ps_values_at(&v, i), expected[i]);
}
END_TEST

START_TEST(test_ps_values_at__u16be__unsigned_big_endian)
{
    static const uint8_t data[] = {0x00, 0x00, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xff};
    struct ps_values v = values_u16(data, 4);
    ck_assert_int_eq(ps_values_at(&v, 0), 0);
    ck_assert_int_eq(ps_values_at(&v, 1), 32767);
    ck_assert_int_eq(ps_values_at(&v, 2), 32768);
    ck_assert_int_eq(ps_values_at(&v, 3), 65535);
}
END_TEST

START_TEST(test_ps_values_at__i64_at_an_odd_address__value)
{
    static const int64_t numbers[] = {INT64_MIN, -1, INT64_MAX};
    uint8_t data[1 + sizeof numbers];
    memcpy(data + 1, numbers, sizeof numbers);
    struct ps_values v = {.data = data + 1, .n = 3, .kind = PS_VALUE_I64};
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(ps_values_at(&v, i), numbers[i]);
}
END_TEST

START_TEST(test_ps_values_at__kinds_without_elements__zero)
{
    static const uint8_t kinds[] = {PS_VALUE_NONE, PS_VALUE_BOUNDS, PS_VALUE_UNKNOWN, 200};
    for (size_t i = 0; i < sizeof kinds; i++) {
        struct ps_values v = {.data = NULL, .n = 3, .kind = kinds[i], .min = 7, .max = 9};
        ck_assert_int_eq(ps_values_at(&v, 2), 0);
    }
}
END_TEST

START_TEST(test_ps_values_bounds__extremes_in_any_place__found)
{
    static const uint8_t data[] = {0x00, 0x05, 0xff, 0xff, 0x00, 0x01, 0x00, 0x07};
    int64_t min = -1, max = -1;
    for (uint32_t n = 1; n <= 4; n++) {
        struct ps_values v = values_u16(data, n);
        ck_assert(ps_values_bounds(&v, &min, &max));
        ck_assert_int_eq(min, n < 3 ? 5 : 1);
        ck_assert_int_eq(max, n < 2 ? 5 : 65535);
    }
}
END_TEST

START_TEST(test_ps_values_bounds__bits__zero_and_one)
{
    static const uint8_t data[] = {0xff, 0x00};
    int64_t min, max;
    struct ps_values v = {.data = data, .n = 8, .kind = PS_VALUE_BITS};
    ck_assert(ps_values_bounds(&v, &min, &max));
    ck_assert(min == 1 && max == 1);
    v.n = 9;
    ck_assert(ps_values_bounds(&v, &min, &max));
    ck_assert(min == 0 && max == 1);
}
END_TEST

START_TEST(test_ps_values_bounds__known_bounds__handed_on)
{
    int64_t min, max;
    struct ps_values v = {.kind = PS_VALUE_BOUNDS, .min = -5, .max = 12};
    ck_assert(ps_values_bounds(&v, &min, &max));
    ck_assert(min == -5 && max == 12);
}
END_TEST

START_TEST(test_ps_values_bounds__nothing_to_bound__false)
{
    static const uint8_t data[] = {0x00, 0x05};
    static const uint8_t kinds[] = {PS_VALUE_NONE, PS_VALUE_UNKNOWN, 200};
    int64_t min, max;
    struct ps_values v = values_u16(data, 0);
    ck_assert(!ps_values_bounds(&v, &min, &max));
    for (size_t i = 0; i < sizeof kinds; i++) {
        v = (struct ps_values){.data = data, .n = 1, .kind = kinds[i]};
        ck_assert_msg(!ps_values_bounds(&v, &min, &max), "kind %u", kinds[i]);
    }
}
END_TEST

START_TEST(test_ps_op__classes__fit_a_bitmap_and_none_grants_nothing)
{
    ck_assert_uint_le(PS_N_OPS, 32);
    ck_assert_uint_eq(PS_OP_NONE, 0);
    ck_assert_uint_eq(PS_OP_BIT(31), UINT32_C(0x80000000));
}
END_TEST

UNIT_MAIN("base/fact", test_ps_facts_clear__full__empty_and_function_unknown,
          test_ps_facts_add__until_full__zeroed_items_then_null,
          test_ps_values_at__bits__low_bit_of_first_octet_first, test_ps_values_at__u16be__unsigned_big_endian,
          test_ps_values_at__i64_at_an_odd_address__value, test_ps_values_at__kinds_without_elements__zero,
          test_ps_values_bounds__extremes_in_any_place__found, test_ps_values_bounds__bits__zero_and_one,
          test_ps_values_bounds__known_bounds__handed_on, test_ps_values_bounds__nothing_to_bound__false,
          test_ps_op__classes__fit_a_bitmap_and_none_grants_nothing)
