/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * addr.h - network addresses as plain numbers.
 *
 * An IPv4 address is held as the IPv4-mapped IPv6 address ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that one ordering
 * covers both families. Mapped addresses never arrive on the wire: decode refuses them in an IPv6 header.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ps_addr {
    uint64_t hi; /* host order: octets 0..7 of the IPv6 form */
    uint64_t lo; /* octets 8..15 */
};

struct ps_mac {
    uint8_t b[6];
};

#define PS_ADDR_V4_PREFIX UINT64_C(0x0000ffff00000000)

static inline struct ps_addr ps_addr_from_v4(uint32_t host_order)
{
    return (struct ps_addr){.hi = 0, .lo = PS_ADDR_V4_PREFIX | host_order};
}

static inline bool ps_addr_is_v4(struct ps_addr a)
{
    return a.hi == 0 && (a.lo >> 32) == 0xffff;
}

static inline uint32_t ps_addr_v4(struct ps_addr a)
{
    return (uint32_t)a.lo;
}

static inline bool ps_addr_equal(struct ps_addr a, struct ps_addr b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

/* < 0, 0 or > 0, in numeric order. */
static inline int ps_addr_compare(struct ps_addr a, struct ps_addr b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    if (a.lo != b.lo)
        return a.lo < b.lo ? -1 : 1;
    return 0;
}

static inline bool ps_mac_is_zero(struct ps_mac m)
{
    return (m.b[0] | m.b[1] | m.b[2] | m.b[3] | m.b[4] | m.b[5]) == 0;
}

/* A number with the MAC's octets in wire order in its low 48 bits. */
static inline uint64_t ps_mac_number(struct ps_mac m)
{
    return (uint64_t)m.b[0] << 40 | (uint64_t)m.b[1] << 32 | (uint64_t)m.b[2] << 24 | (uint64_t)m.b[3] << 16 |
           (uint64_t)m.b[4] << 8 | m.b[5];
}
