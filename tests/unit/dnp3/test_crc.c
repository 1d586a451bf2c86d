/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

/* Bit by bit, as the polynomial is written. */
static uint16_t by_bit(const uint8_t *data, uint32_t len)
{
    unsigned crc = 0;
    for (uint32_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xa6bc : crc >> 1;
    }
    return (uint16_t)~crc;
}

START_TEST(test_dn_crc__check_value__as_published)
{
    ck_assert_uint_eq(dn_crc((const uint8_t *)"123456789", 9), 0xea82);
    ck_assert_uint_eq(dn_crc((const uint8_t *)"", 0), 0xffff);
}
END_TEST

START_TEST(test_dn_crc__any_length__as_bit_by_bit)
{
    uint8_t data[64];
    uint32_t seed = 1;
    for (uint32_t round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        for (uint32_t len = 0; len <= sizeof data; len++)
            ck_assert_uint_eq(dn_crc(data, len), by_bit(data, len));
    }
}
END_TEST

START_TEST(test_dn_crc_16__heads_and_blocks__as_bit_by_bit)
{
    uint8_t data[16] = {0};
    for (uint32_t i = 0; i < 128; i++) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_uint_eq(dn_crc_8(data), by_bit(data, 8));
        ck_assert_uint_eq(dn_crc_16(data), by_bit(data, 16));
    }
}
END_TEST

UNIT_MAIN("dnp3/crc", test_dn_crc__check_value__as_published, test_dn_crc__any_length__as_bit_by_bit,
          test_dn_crc_16__heads_and_blocks__as_bit_by_bit)
