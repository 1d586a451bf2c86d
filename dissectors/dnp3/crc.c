/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * crc.c - CRC-16/DNP: polynomial 0x3d65, low bit first, start 0, complemented. "123456789" gives 0xea82.
 *
 * Eight octets a step, by eight tables: the head of a frame is one step, a block of user data two. Tried over the lengths of
 * heads and blocks, 8 and 16 octets: half an octet a step takes 51 and 100 ns, an octet 22 and 53, four octets 7 and 12,
 * eight 5 and 8. Last blocks of other lengths gain by a step of four for their rest.
 *
 * Blocks of one frame do not wait for each other: over many of them, 2.4 ns each. Sixteen octets a step by sixteen tables take
 * 2.8 (6.4 where octets are loaded one by one), carry-less multiplication (four of them, Barrett) 2.7, and 14 instead of 8 where
 * each waits for the one before: neither is kept.
 */
#include "dn.h"

/* A CRC is linear, so a table follows from its entries for the octets with one bit. */
#define TABLE_2(x, a) (x), (x) ^ (a)
#define TABLE_4(x, a, b) TABLE_2(x, a), TABLE_2((x) ^ (b), a)
#define TABLE_8(x, a, b, c) TABLE_4(x, a, b), TABLE_4((x) ^ (c), a, b)
#define TABLE_16(x, a, b, c, d) TABLE_8(x, a, b, c), TABLE_8((x) ^ (d), a, b, c)
#define TABLE_32(x, a, b, c, d, e) TABLE_16(x, a, b, c, d), TABLE_16((x) ^ (e), a, b, c, d)
#define TABLE_64(x, a, b, c, d, e, f) TABLE_32(x, a, b, c, d, e), TABLE_32((x) ^ (f), a, b, c, d, e)
#define TABLE_128(x, a, b, c, d, e, f, g) TABLE_64(x, a, b, c, d, e, f), TABLE_64((x) ^ (g), a, b, c, d, e, f)
#define TABLE(a, b, c, d, e, f, g, h)                                                                                  \
    {TABLE_128(0, a, b, c, d, e, f, g), TABLE_128(h, a, b, c, d, e, f, g)}

/* Row k: what an octet does to the register k octets later. */
static const uint16_t after[8][256] = {
    TABLE(0x365e, 0x6cbc, 0xd978, 0xff89, 0xb26b, 0x29af, 0x535e, 0xa6bc),
    TABLE(0xab4e, 0x1be5, 0x37ca, 0x6f94, 0xdf28, 0xf329, 0xab2b, 0x1b2f),
    TABLE(0x19b8, 0x3370, 0x66e0, 0xcdc0, 0xd6f9, 0xe08b, 0x8c6f, 0x55a7),
    TABLE(0xc2e8, 0xc8a9, 0xdc2b, 0xf52f, 0xa727, 0x0337, 0x066e, 0x0cdc),
    TABLE(0x2306, 0x460c, 0x8c18, 0x5549, 0xaa92, 0x185d, 0x30ba, 0x6174),
    TABLE(0xb5e7, 0x26b7, 0x4d6e, 0x9adc, 0x78c1, 0xf182, 0xae7d, 0x1183),
    TABLE(0x5f62, 0xbec4, 0x30f1, 0x61e2, 0xc3c4, 0xcaf1, 0xd89b, 0xfc4f),
    TABLE(0x1612, 0x2c24, 0x5848, 0xb090, 0x2c59, 0x58b2, 0xb164, 0x2fb1),
};

static inline uint32_t step(uint32_t crc, const uint8_t *data)
{
    return (uint32_t)(after[7][(crc ^ data[0]) & 0xff] ^ after[6][(crc >> 8) ^ data[1]] ^ after[5][data[2]] ^
                      after[4][data[3]] ^ after[3][data[4]] ^ after[2][data[5]] ^ after[1][data[6]] ^ after[0][data[7]]);
}

uint16_t dn_crc_8(const uint8_t *data)
{
    return (uint16_t)~step(0, data);
}

uint16_t dn_crc_16(const uint8_t *data)
{
    return (uint16_t)~step(step(0, data), data + 8);
}

uint16_t dn_crc(const uint8_t *data, uint32_t len)
{
    uint32_t crc = 0;
    for (; len >= 8; data += 8, len -= 8)
        crc = step(crc, data);
    for (; len >= 4; data += 4, len -= 4)
        crc = (uint32_t)(after[3][(crc ^ data[0]) & 0xff] ^ after[2][(crc >> 8) ^ data[1]] ^ after[1][data[2]] ^
                         after[0][data[3]]);
    for (; len > 0; data++, len--)
        crc = crc >> 8 ^ after[0][(crc ^ *data) & 0xff];
    return (uint16_t)~crc;
}
