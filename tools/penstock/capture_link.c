/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_link.c - link types: where the IP header starts.
 */
#include "capture_private.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_QINQ 0x88a8u

#define NULL_LEN 4u
#define SLL_LEN 16u
#define SLL2_LEN 20u
#define NFLOG_LEN 4u
#define NFLOG_PAYLOAD 9u
#define TAG_LEN 4u

void capture_interface_link(struct capture_interface *interface, uint32_t linktype)
{
    interface->linktype = linktype;
    switch (linktype) {
    case LINKTYPE_ETHERNET:
        interface->link = CAPTURE_ETHERNET;
        break;
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
        interface->link = CAPTURE_IP;
        break;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
    case LINKTYPE_LINUX_SLL:
    case LINKTYPE_LINUX_SLL2:
    case LINKTYPE_NFLOG:
        interface->link = CAPTURE_STRIP;
        break;
    default:
        interface->link = CAPTURE_UNKNOWN;
    }
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The address family of the capturing system, in its byte order, or the other one. IPv6 is 10 on Linux, 24 on NetBSD
 * and OpenBSD, 28 on FreeBSD, 30 on Darwin. */
static int32_t strip_null(const uint8_t *data, uint32_t len)
{
    uint32_t family;

    if (len < NULL_LEN)
        return -1;
    family = data[0] != 0 ? data[0] : data[3];
    if ((data[0] != 0 && data[3] != 0) || data[1] != 0 || data[2] != 0)
        return -1;
    return family == 2 || family == 10 || family == 24 || family == 28 || family == 30 ? (int32_t)NULL_LEN : -1;
}

/* From an ethertype at type_at, whose payload starts at `at`, over VLAN tags. */
static int32_t strip_ethertype(const uint8_t *data, uint32_t len, uint32_t type_at, uint32_t at)
{
    uint16_t type;

    if (len < at)
        return -1;
    type = be16(data + type_at);
    while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && len - at >= TAG_LEN) {
        type = be16(data + at + 2);
        at += TAG_LEN;
    }
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 ? (int32_t)at : -1;
}

/* family 1, version 1, resource 2, then attributes of length 2, type 2, value, padded to 4; numbers of the attribute
 * header are in the byte order of the file. */
static int32_t strip_nflog(const struct ps_capture *c, const uint8_t *data, uint32_t len)
{
    uint32_t at = NFLOG_LEN;

    if (len < NFLOG_LEN || (data[0] != 2 && data[0] != 10))
        return -1;
    while (len - at >= 4) {
        uint32_t attribute = capture_u16(c, data + at);
        uint16_t type = capture_u16(c, data + at + 2) & 0x7fff;

        if (attribute < 4)
            return -1;
        if (type == NFLOG_PAYLOAD)
            return (int32_t)(at + 4);
        attribute = (attribute + 3u) & ~3u;
        if (attribute > len - at)
            return -1;
        at += attribute;
    }
    return -1;
}

int32_t capture_strip(const struct ps_capture *c, uint32_t linktype, const uint8_t *data, uint32_t len)
{
    switch (linktype) {
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        return strip_null(data, len);
    case LINKTYPE_LINUX_SLL:
        return strip_ethertype(data, len, 14, SLL_LEN);
    case LINKTYPE_LINUX_SLL2:
        return strip_ethertype(data, len, 0, SLL2_LEN);
    case LINKTYPE_NFLOG:
        return strip_nflog(c, data, len);
    default:
        return -1;
    }
}
