/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog_message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

#include "engine.h"

#define ETHER_LEN 14u
#define MACS_LEN 12u
#define IPV6_LEN 40u
#define TAG_LEN 4u
#define NS_PER_S UINT64_C(1000000000)

/* ---- attributes ------------------------------------------------------------------------------------------------ */

static bool has(const struct nlattr *attr, size_t len)
{
    return attr && mnl_attr_get_payload_len(attr) >= len;
}

static uint32_t number(const struct nlattr *const *attrs, int type)
{
    return has(attrs[type], 4) ? ntohl(mnl_attr_get_u32(attrs[type])) : 0;
}

static uint16_t short_number(const struct nlattr *const *attrs, int type)
{
    return has(attrs[type], 2) ? ntohs(mnl_attr_get_u16(attrs[type])) : 0;
}

static uint32_t device(const struct nlattr *const *attrs, int type, int physical)
{
    uint32_t index = number(attrs, physical);
    return index ? index : number(attrs, type);
}

/* By their types. libmnl's own loop would not end at the last octet of a message whose length is uneven. */
static void collect(const uint8_t *octets, uint32_t len, const struct nlattr **attrs, uint16_t max)
{
    uint32_t at = 0;
    while (at < len) {
        const struct nlattr *attr = (const void *)(octets + at);
        if (!mnl_attr_ok(attr, (int)(len - at)))
            return;
        if (mnl_attr_get_type(attr) <= max)
            attrs[mnl_attr_get_type(attr)] = attr;
        at += (attr->nla_len + 3u) & ~3u;
    }
}

static void read_tag(const struct nlattr *nested, struct ps_nflog *out)
{
    const struct nlattr *attrs[NFULA_VLAN_MAX + 1] = {NULL};
    collect(mnl_attr_get_payload(nested), mnl_attr_get_payload_len(nested), attrs, NFULA_VLAN_MAX);
    out->has_tag = has(attrs[NFULA_VLAN_TCI], 2) && has(attrs[NFULA_VLAN_PROTO], 2);
    out->tag = short_number(attrs, NFULA_VLAN_TCI);
    out->tag_type = short_number(attrs, NFULA_VLAN_PROTO);
}

static void read_time(const struct nlattr *attr, struct ps_nflog *out)
{
    struct nfulnl_msg_packet_timestamp stamp;
    memcpy(&stamp, mnl_attr_get_payload(attr), sizeof stamp);
    uint64_t s = be64toh(stamp.sec), us = be64toh(stamp.usec);
    if (s < UINT64_MAX / NS_PER_S - 1 && us < 1000000)
        out->time_ns = s * NS_PER_S + us * 1000;
}

/* Bridges tell their frame's header apart; the other attribute has a device's own, which may be of any kind. */
static const uint8_t *find_link(const struct nlattr *const *attrs)
{
    if (has(attrs[NFULA_L2HDR], ETHER_LEN))
        return mnl_attr_get_payload(attrs[NFULA_L2HDR]);
    bool ethernet = has(attrs[NFULA_HWTYPE], 2) && short_number(attrs, NFULA_HWTYPE) == ARPHRD_ETHER;
    return ethernet && has(attrs[NFULA_HWHEADER], ETHER_LEN) ? mnl_attr_get_payload(attrs[NFULA_HWHEADER]) : NULL;
}

static void read_attributes(const struct nlattr *const *attrs, struct ps_nflog *out)
{
    out->in = device(attrs, NFULA_IFINDEX_INDEV, NFULA_IFINDEX_PHYSINDEV);
    out->out = device(attrs, NFULA_IFINDEX_OUTDEV, NFULA_IFINDEX_PHYSOUTDEV);
    out->has_sequence = has(attrs[NFULA_SEQ], 4);
    out->sequence = number(attrs, NFULA_SEQ);
    out->link = find_link(attrs);
    if (attrs[NFULA_VLAN])
        read_tag(attrs[NFULA_VLAN], out);
    if (has(attrs[NFULA_TIMESTAMP], sizeof(struct nfulnl_msg_packet_timestamp)))
        read_time(attrs[NFULA_TIMESTAMP], out);
    out->prefix = mnl_attr_get_payload(attrs[NFULA_PREFIX]);
    out->prefix_len = (uint32_t)strnlen(out->prefix, mnl_attr_get_payload_len(attrs[NFULA_PREFIX]));
    out->payload = mnl_attr_get_payload(attrs[NFULA_PAYLOAD]);
    out->len = mnl_attr_get_payload_len(attrs[NFULA_PAYLOAD]);
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static enum ps_nflog_what read_message(const struct nlmsghdr *nlh, struct ps_nflog *out)
{
    const struct nlattr *attrs[NFULA_MAX + 1] = {NULL};
    const uint32_t head = (uint32_t)mnl_nlmsg_size(sizeof(struct nfgenmsg));
    if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_NOOP)
        return PS_NFLOG_NOTHING;
    if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) || nlh->nlmsg_len < head)
        return PS_NFLOG_GARBLED;
    collect((const uint8_t *)nlh + head, nlh->nlmsg_len - head, attrs, NFULA_MAX);
    if (!attrs[NFULA_PREFIX] || !attrs[NFULA_PAYLOAD])
        return PS_NFLOG_GARBLED;
    read_attributes(attrs, out);
    return PS_NFLOG_PACKET;
}

/* A header is there, and all that it says. libmnl takes lengths of 2 GB and more for negative ones, which fit. */
static bool is_whole(const struct nlmsghdr *nlh, size_t len)
{
    return len <= INT32_MAX && mnl_nlmsg_ok(nlh, (int)len) && nlh->nlmsg_len <= len;
}

enum ps_nflog_what ps_nflog_next(const uint8_t **at, size_t *len, struct ps_nflog *out)
{
    const struct nlmsghdr *nlh = (const void *)*at;
    *out = (struct ps_nflog){0};
    if (*len == 0)
        return PS_NFLOG_END;
    if (!is_whole(nlh, *len)) {
        *len = 0;
        return PS_NFLOG_GARBLED;
    }
    size_t step = (nlh->nlmsg_len + (size_t)3) & ~(size_t)3;
    step = step < *len ? step : *len;
    *at += step;
    *len -= step;
    return read_message(nlh, out);
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

static void put_be16(uint8_t *at, uint32_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* Only what was cut is longer on the wire; by how much its header says. */
static uint32_t wire_len(const uint8_t *ip, uint32_t len)
{
    uint32_t total = len;
    if (len < PS_NFLOG_COPY)
        return len;
    if (ip[0] >> 4 == 4)
        total = (uint32_t)ip[2] << 8 | ip[3];
    else if (ip[0] >> 4 == 6)
        total = IPV6_LEN + ((uint32_t)ip[4] << 8 | ip[5]);
    return total > len ? total : len;
}

/* Octets of the Ethernet header in room; 0: there is none. */
static uint32_t put_link(const struct ps_nflog *message, uint8_t *room)
{
    uint32_t len = MACS_LEN;
    if (!message->link)
        return 0;
    memcpy(room, message->link, MACS_LEN);
    if (message->has_tag) {
        put_be16(room + len, message->tag_type);
        put_be16(room + len + 2, message->tag);
        len += TAG_LEN;
    }
    memcpy(room + len, message->link + MACS_LEN, ETHER_LEN - MACS_LEN);
    return len + ETHER_LEN - MACS_LEN;
}

void ps_nflog_packet(const struct ps_nflog *message, uint8_t room[PS_NFLOG_PACKET_MAX], struct ps_packet *out)
{
    uint32_t link = put_link(message, room), len = message->len < PS_NFLOG_COPY ? message->len : PS_NFLOG_COPY;
    memcpy(room + link, message->payload, len);
    *out = (struct ps_packet){.data = room, .len = link + len, .time_ns = message->time_ns, .port = PS_PORT_UNKNOWN,
                              .link = link > 0 ? PS_LINK_ETHERNET : PS_LINK_IP};
    out->wire_len = link + wire_len(room + link, len);
}
