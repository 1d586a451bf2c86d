/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nflog_case.h - messages of the packet log, as the kernel would write them.
 */
#pragma once

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdint.h>
#include <string.h>

struct nflog_case {
    _Alignas(8) uint8_t room[8192];
    struct nlmsghdr *nlh; /* the message that is being written */
    uint32_t len;         /* octets of those before it */
};

/* Another message behind those that are there. */
static inline void nflog_begin(struct nflog_case *c)
{
    c->len += c->nlh ? (c->nlh->nlmsg_len + 3u) & ~3u : 0;
    c->nlh = mnl_nlmsg_put_header(c->room + c->len);
    c->nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
    mnl_nlmsg_put_extra_header(c->nlh, sizeof(struct nfgenmsg));
}

static inline void nflog_put_number(struct nflog_case *c, uint16_t type, uint32_t number)
{
    mnl_attr_put_u32(c->nlh, type, htonl(number));
}

/* With the NUL that the kernel puts behind it. */
static inline void nflog_put_prefix(struct nflog_case *c, const char *prefix)
{
    mnl_attr_put(c->nlh, NFULA_PREFIX, strlen(prefix) + 1, prefix);
}

/* The header of an Ethernet frame, as one of the device's. */
static inline void nflog_put_link(struct nflog_case *c, const uint8_t *frame)
{
    mnl_attr_put_u16(c->nlh, NFULA_HWTYPE, htons(1));
    mnl_attr_put(c->nlh, NFULA_HWHEADER, 14, frame);
}

static inline void nflog_put_tag(struct nflog_case *c, uint16_t type, uint16_t tag)
{
    struct nlattr *nest = mnl_attr_nest_start(c->nlh, NFULA_VLAN);
    mnl_attr_put_u16(c->nlh, NFULA_VLAN_TCI, htons(tag));
    mnl_attr_put_u16(c->nlh, NFULA_VLAN_PROTO, htons(type));
    mnl_attr_nest_end(c->nlh, nest);
}

static inline void nflog_put_time(struct nflog_case *c, uint64_t s, uint64_t us)
{
    const struct nfulnl_msg_packet_timestamp stamp = {.sec = htobe64(s), .usec = htobe64(us)};
    mnl_attr_put(c->nlh, NFULA_TIMESTAMP, sizeof stamp, &stamp);
}

static inline void nflog_put_payload(struct nflog_case *c, const uint8_t *octets, uint32_t len)
{
    mnl_attr_put(c->nlh, NFULA_PAYLOAD, len, octets);
}

/* Octets of all. */
static inline uint32_t nflog_len(const struct nflog_case *c)
{
    return c->len + c->nlh->nlmsg_len;
}
