/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "checksum.h"
#include "frag.h"

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define FRAGMENT_LEN 8u /* extension header of IPv6 */
#define NEXT_FRAGMENT 44u
#define MORE_FRAGMENTS 0x2000u

static void put16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

/* The header at ip, of a part of len octets that stands at offset. */
static void mend_v4(uint8_t *ip, uint32_t offset, uint32_t len, bool more)
{
    put16(ip + 2, IPV4_LEN + len);
    put16(ip + 6, offset / 8 | (more ? MORE_FRAGMENTS : 0));
    put16(ip + 10, 0);
    uint16_t sum = (uint16_t)~ps_checksum_fold(ps_checksum_add(0, ip, IPV4_LEN));
    memcpy(ip + 10, &sum, sizeof sum);
}

/* The same, with a fragment header behind it. */
static void mend_v6(uint8_t *ip, const struct ps_frag_cut *cut, uint32_t offset, uint32_t len, bool more)
{
    const uint8_t header[FRAGMENT_LEN] = {ip[6], 0, (uint8_t)(offset >> 8), (uint8_t)(offset | more),
                                          (uint8_t)(cut->id >> 24), (uint8_t)(cut->id >> 16), (uint8_t)(cut->id >> 8),
                                          (uint8_t)cut->id};
    memcpy(ip + IPV6_LEN, header, sizeof header);
    put16(ip + 4, FRAGMENT_LEN + len);
    ip[6] = NEXT_FRAGMENT;
}

uint32_t ps_frag_next(const struct ps_frag_cut *cut, uint32_t n, uint8_t *out)
{
    bool v4 = cut->ip[0] >> 4 == 4;
    uint32_t link_len = (uint32_t)(cut->ip - cut->packet), ip_len = v4 ? IPV4_LEN : IPV6_LEN;
    uint32_t head = v4 ? ip_len : ip_len + FRAGMENT_LEN, data_len = cut->len - link_len - ip_len;
    if (cut->len - link_len <= cut->mtu) {
        memcpy(out, cut->packet, n == 0 ? cut->len : 0);
        return n == 0 ? cut->len : 0;
    }
    uint32_t part = (cut->mtu - head) / 8 * 8;
    if (n > data_len / part || n * part >= data_len)
        return 0;
    uint32_t offset = n * part, left = data_len - offset, len = left < part ? left : part;
    memcpy(out, cut->packet, link_len + ip_len);
    memcpy(out + link_len + head, cut->ip + ip_len + offset, len);
    if (v4)
        mend_v4(out + link_len, offset, len, left > part);
    else
        mend_v6(out + link_len, cut, offset, len, left > part);
    return link_len + head + len;
}
