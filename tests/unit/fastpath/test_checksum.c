/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checksum.h"

#include <string.h>

#include "unit.h"

/* RFC 1071, word by word, in wire order. */
static uint16_t plain(const uint8_t *data, uint32_t len)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static uint16_t in_wire_order(uint16_t folded)
{
    uint8_t raw[2];
    memcpy(raw, &folded, sizeof raw);
    return (uint16_t)(raw[0] << 8 | raw[1]);
}

START_TEST(test_ps_checksum_add__every_length_and_offset__as_word_by_word)
{
    uint8_t data[208];
    uint32_t state = 7;
    for (size_t i = 0; i < sizeof data; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> 24);
    }
    for (uint32_t at = 0; at < 8; at++)
        for (uint32_t len = 0; len <= 200; len++)
            ck_assert_uint_eq(in_wire_order(ps_checksum_fold(ps_checksum_add(0, data + at, len))),
                              plain(data + at, len));
}
END_TEST

START_TEST(test_ps_checksum_add__all_ones_64k__no_carry_is_lost)
{
    static uint8_t data[65536];
    memset(data, 0xff, sizeof data);
    ck_assert_uint_eq(ps_checksum_fold(ps_checksum_add(0, data, sizeof data)), 0xffff);
    data[0] = data[1] = 0;
    data[2] = 0, data[3] = 1;
    ck_assert_uint_eq(in_wire_order(ps_checksum_fold(ps_checksum_add(0, data, sizeof data))), 1);
}
END_TEST

START_TEST(test_ps_checksum_add_u16__number__as_if_it_stood_in_the_packet)
{
    static const uint8_t wire[2] = {0x12, 0x34};
    ck_assert_uint_eq(ps_checksum_fold(ps_checksum_add_u16(0, 0x1234)),
                      ps_checksum_fold(ps_checksum_add(0, wire, 2)));
}
END_TEST

START_TEST(test_ps_checksum_add_behind__every_length_and_offset__as_without_octets_in_front)
{
    uint8_t data[216];
    uint32_t state = 9;
    for (size_t i = 0; i < sizeof data; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> 24);
    }
    for (uint32_t at = 8; at < 16; at++)
        for (uint32_t len = 0; len <= 200; len++)
            ck_assert_uint_eq(ps_checksum_fold(ps_checksum_add_behind(UINT64_MAX - at, data + at, len)),
                              ps_checksum_fold(ps_checksum_add(UINT64_MAX - at, data + at, len)));
}
END_TEST

START_TEST(test_ps_checksum_is_right__any_sum__when_it_folds_to_ones)
{
    uint64_t state = 7;
    ck_assert(!ps_checksum_is_right(0));
    ck_assert(ps_checksum_is_right(UINT64_MAX));
    for (uint32_t i = 0; i < 1000000; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint64_t sum = state >> (i % 64);
        if (i % 2 == 0)
            sum = sum / 0xffff * 0xffff + (i / 2 % 3) - 1; /* one less, right, one more */
        ck_assert_int_eq(ps_checksum_is_right(sum), ps_checksum_fold(sum) == 0xffff);
    }
}
END_TEST

UNIT_MAIN("fastpath/checksum", test_ps_checksum_add__every_length_and_offset__as_word_by_word,
          test_ps_checksum_add__all_ones_64k__no_carry_is_lost,
          test_ps_checksum_add_behind__every_length_and_offset__as_without_octets_in_front,
          test_ps_checksum_is_right__any_sum__when_it_folds_to_ones,
          test_ps_checksum_add_u16__number__as_if_it_stood_in_the_packet)
