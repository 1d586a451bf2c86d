/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * attribute.c - objects made of small parts with a length each: attributes of the device (g0), data sets (g85, g86).
 */
#include "object.h"

enum data_type {
    TYPE_TEXT = 1, /* visible characters */
    TYPE_UNSIGNED = 2,
    TYPE_SIGNED = 3,
    TYPE_FLOAT = 4,
    TYPE_OCTETS = 5,
    TYPE_BITS = 6,
    TYPE_TIME = 7,
    TYPE_UNICODE = 8,
    TYPE_LIST = 254, /* of attributes: pairs of variation and property */
};

static bool is_length(uint8_t type, uint8_t len)
{
    switch (type) {
    case TYPE_UNSIGNED:
    case TYPE_SIGNED:
        return len >= 1 && len <= 8;
    case TYPE_FLOAT:
        return len == 4 || len == 8;
    case TYPE_TIME:
        return len == 6;
    case TYPE_LIST:
    case TYPE_UNICODE:
        return len % 2 == 0;
    case TYPE_TEXT:
    case TYPE_OCTETS:
    case TYPE_BITS:
        return true;
    default:
        return false;
    }
}

/* Data type 1, length 1, data. */
void dn_attribute(struct dn_parse *p)
{
    uint8_t type = ps_rd_u8(p->f->rd), len = ps_rd_u8(p->f->rd);
    dn_require(p, is_length(type, len), PS_REASON_DNP3_VALUE);
    (void)ps_rd_bytes(p->f->rd, len);
}

/* Elements: length 1, then as many octets, the first of which says what it is. */
void dn_data_set(struct ps_rd *rd)
{
    while (ps_rd_left(rd) > 0) {
        uint8_t len = ps_rd_u8(rd);
        ps_rd_require(rd, len > 0, PS_REASON_DNP3_VALUE);
        (void)ps_rd_bytes(rd, len);
    }
}
