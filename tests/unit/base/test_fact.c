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
    for (size_t i = 0; i < PS_PAIRING_TAG; i++)
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
        ck_assert_double_eq(ps_values_at(&v, i), expected[i]);
    ck_assert_uint_eq(ps_values_len(&v), 3);
}
END_TEST

START_TEST(test_ps_values_at__u16be__unsigned_big_endian)
{
    static const uint8_t data[] = {0x00, 0x00, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xff};
    struct ps_values v = values_u16(data, 4);
    ck_assert_double_eq(ps_values_at(&v, 0), 0);
    ck_assert_double_eq(ps_values_at(&v, 1), 32767);
    ck_assert_double_eq(ps_values_at(&v, 2), 32768);
    ck_assert_double_eq(ps_values_at(&v, 3), 65535);
}
END_TEST

/* Each kind at an odd address, so that no read needs an aligned one. */
START_TEST(test_ps_values_at__every_kind__sign_order_and_width)
{
    static const struct {
        uint8_t kind;
        uint8_t octets[16];
        double first, second;
        size_t len;
    } rows[] = {
        {PS_VALUE_U8, {0xff, 0x01}, 255, 1, 2},
        {PS_VALUE_I8, {0xff, 0x80}, -1, -128, 2},
        {PS_VALUE_U16BE, {0x12, 0x34, 0xff, 0xff}, 0x1234, 65535, 4},
        {PS_VALUE_I16BE, {0x80, 0x00, 0x7f, 0xff}, -32768, 32767, 4},
        {PS_VALUE_U32BE, {0xff, 0xff, 0xff, 0xff, 0x12, 0x34, 0x56, 0x78}, 4294967295.0, 0x12345678, 8},
        {PS_VALUE_I32BE, {0xff, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00}, -1, -2147483648.0, 8},
        {PS_VALUE_I16LE, {0x00, 0x80, 0x34, 0x12}, -32768, 0x1234, 4},
        {PS_VALUE_I32LE, {0x00, 0x00, 0x00, 0x80, 0x78, 0x56, 0x34, 0x12}, -2147483648.0, 0x12345678, 8},
        {PS_VALUE_F32BE, {0x3f, 0xc0, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00}, 1.5, -2, 8},
        {PS_VALUE_F32LE, {0x00, 0x00, 0xc0, 0x3f, 0xcd, 0xcc, 0xcc, 0x3d}, 1.5, (double)0.1f, 8},
        {PS_VALUE_F64LE, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f}, 1.5, 0.1, 16},
    };
    uint8_t data[17];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(data + 1, rows[i].octets, sizeof rows[i].octets);
        struct ps_values v = {.data = data + 1, .n = 2, .kind = rows[i].kind};
        ck_assert_msg(ps_values_at(&v, 0) == rows[i].first, "kind %u: %g", rows[i].kind, ps_values_at(&v, 0));
        ck_assert_msg(ps_values_at(&v, 1) == rows[i].second, "kind %u: %g", rows[i].kind, ps_values_at(&v, 1));
        ck_assert(ps_values_has_elements(&v));
        ck_assert_uint_eq(ps_values_len(&v), rows[i].len);
        bool single = rows[i].kind == PS_VALUE_F32BE || rows[i].kind == PS_VALUE_F32LE;
        ck_assert(ps_values_are_single(&v) == single);
    }
}
END_TEST

START_TEST(test_ps_values_at__host_doubles_at_an_odd_address__value)
{
    static const double numbers[] = {-1.5, 0, 1e300};
    uint8_t data[1 + sizeof numbers];
    memcpy(data + 1, numbers, sizeof numbers);
    struct ps_values v = {.data = data + 1, .n = 3, .kind = PS_VALUE_F64};
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_double_eq(ps_values_at(&v, i), numbers[i]);
}
END_TEST

START_TEST(test_ps_values_bounds__no_number_in_any_place__no_bounds_that_hold)
{
    for (unsigned at = 0; at < 3; at++) {
        double numbers[3] = {1, 2, 3}, min = 0, max = 0;
        memset(&numbers[at], 0xff, sizeof numbers[at]);
        struct ps_values v = {.data = (const uint8_t *)numbers, .n = 3, .kind = PS_VALUE_F64};
        ck_assert(ps_values_bounds(&v, &min, &max));
        ck_assert(min != min && max != max);
    }
}
END_TEST

START_TEST(test_ps_values_at__kinds_without_elements__zero)
{
    static const uint8_t kinds[] = {PS_VALUE_NONE, PS_VALUE_BOUNDS, PS_VALUE_BOUNDS_SINGLE, PS_VALUE_UNKNOWN,
                                    200};
    for (size_t i = 0; i < sizeof kinds; i++) {
        struct ps_values v = {.data = NULL, .n = 3, .kind = kinds[i], .min = 7, .max = 9};
        ck_assert_double_eq(ps_values_at(&v, 2), 0);
        ck_assert_uint_eq(ps_values_len(&v), 0);
    }
}
END_TEST

START_TEST(test_ps_values_bounds__extremes_in_any_place__found)
{
    static const uint8_t data[] = {0x00, 0x05, 0xff, 0xff, 0x00, 0x01, 0x00, 0x07};
    double min = -1, max = -1;
    for (uint32_t n = 1; n <= 4; n++) {
        struct ps_values v = values_u16(data, n);
        ck_assert(ps_values_bounds(&v, &min, &max));
        ck_assert_double_eq(min, n < 3 ? 5 : 1);
        ck_assert_double_eq(max, n < 2 ? 5 : 65535);
    }
}
END_TEST

START_TEST(test_ps_values_bounds__bits__zero_and_one)
{
    static const uint8_t data[] = {0xff, 0x00};
    double min, max;
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
    static const uint8_t kinds[] = {PS_VALUE_BOUNDS, PS_VALUE_BOUNDS_SINGLE};
    for (size_t i = 0; i < 2; i++) {
        double min = 0, max = 0;
        struct ps_values v = {.kind = kinds[i], .min = -5, .max = 12};
        ck_assert(ps_values_bounds(&v, &min, &max));
        ck_assert(min == -5 && max == 12);
        ck_assert(!ps_values_has_elements(&v));
        ck_assert(ps_values_are_single(&v) == (kinds[i] == PS_VALUE_BOUNDS_SINGLE));
    }
}
END_TEST

START_TEST(test_ps_values_bounds__nothing_to_bound__false)
{
    static const uint8_t data[] = {0x00, 0x05};
    static const uint8_t kinds[] = {PS_VALUE_NONE, PS_VALUE_UNKNOWN, 200};
    double min, max;
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
          test_ps_values_at__every_kind__sign_order_and_width,
          test_ps_values_at__host_doubles_at_an_odd_address__value,
          test_ps_values_bounds__no_number_in_any_place__no_bounds_that_hold, test_ps_values_at__kinds_without_elements__zero,
          test_ps_values_bounds__extremes_in_any_place__found, test_ps_values_bounds__bits__zero_and_one,
          test_ps_values_bounds__known_bounds__handed_on, test_ps_values_bounds__nothing_to_bound__false,
          test_ps_op__classes__fit_a_bitmap_and_none_grants_nothing)
