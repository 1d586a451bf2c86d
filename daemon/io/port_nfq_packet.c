/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#include "checksum.h"

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define TCP 6u
#define UDP 17u

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* false: it has another length than such an attribute has. */
static bool has(const struct nlattr *attr, size_t len)
{
    return mnl_attr_get_payload_len(attr) >= len;
}

static void read_source(const struct nlattr *attr, struct ps_nfq_packet *packet)
{
    struct nfqnl_msg_packet_hw hw;
    if (!has(attr, sizeof hw))
        return;
    memcpy(&hw, mnl_attr_get_payload(attr), sizeof hw);
    packet->has_source = ntohs(hw.hw_addrlen) == sizeof packet->source;
    memcpy(packet->source, hw.hw_addr, sizeof packet->source);
}

static uint32_t number(const struct nlattr *const *attrs, int type)
{
    return attrs[type] && has(attrs[type], 4) ? ntohl(mnl_attr_get_u32(attrs[type])) : 0;
}

static uint32_t device(const struct nlattr *const *attrs, int type, int physical)
{
    uint32_t index = number(attrs, physical);
    return index ? index : number(attrs, type);
}

static void read_attributes(const struct nlattr *const *attrs, struct ps_nfq_packet *packet)
{
    packet->in = device(attrs, NFQA_IFINDEX_INDEV, NFQA_IFINDEX_PHYSINDEV);
    packet->out = device(attrs, NFQA_IFINDEX_OUTDEV, NFQA_IFINDEX_PHYSOUTDEV);
    packet->partial_checksum = (number(attrs, NFQA_SKB_INFO) & NFQA_SKB_CSUMNOTREADY) != 0;
    if (attrs[NFQA_HWADDR])
        read_source(attrs[NFQA_HWADDR], packet);
    if (attrs[NFQA_PAYLOAD]) {
        packet->payload = mnl_attr_get_payload(attrs[NFQA_PAYLOAD]);
        packet->len = packet->wire_len = mnl_attr_get_payload_len(attrs[NFQA_PAYLOAD]);
    }
    if (number(attrs, NFQA_CAP_LEN) > packet->len)
        packet->wire_len = number(attrs, NFQA_CAP_LEN);
}

/* The message's attributes by their types. libmnl's own loop rounds up the message's length, which a payload of odd length
 * leaves uneven. */
static void collect(const struct nlmsghdr *nlh, const struct nlattr **attrs)
{
    uint32_t at = (uint32_t)mnl_nlmsg_size(sizeof(struct nfgenmsg));
    while (at < nlh->nlmsg_len) {
        const struct nlattr *attr = (const void *)((const uint8_t *)nlh + at);
        if (!mnl_attr_ok(attr, (int)(nlh->nlmsg_len - at)))
            return;
        if (mnl_attr_get_type(attr) <= NFQA_MAX)
            attrs[mnl_attr_get_type(attr)] = attr;
        at += (attr->nla_len + 3u) & ~3u;
    }
}

bool ps_nfq_packet_is_fine(const uint8_t *data, size_t len)
{
    struct nlmsghdr head;
    int32_t error;
    if (len < sizeof head + sizeof error)
        return false;
    memcpy(&head, data, sizeof head);
    memcpy(&error, data + sizeof head, sizeof error);
    return head.nlmsg_type == NLMSG_ERROR && (error == 0 || error == -ENOENT);
}

/* A header is there, and all that it says. libmnl takes lengths of 2 GB and more for negative ones, which fit. */
static bool is_whole(const struct nlmsghdr *nlh, size_t len)
{
    return len <= INT32_MAX && mnl_nlmsg_ok(nlh, (int)len) && nlh->nlmsg_len <= len;
}

bool ps_nfq_packet_read(uint8_t *data, size_t len, struct ps_nfq_packet *packet)
{
    const struct nlattr *attrs[NFQA_MAX + 1] = {NULL};
    struct nfqnl_msg_packet_hdr head;
    const struct nlmsghdr *nlh = (const void *)data;
    *packet = (struct ps_nfq_packet){.start = data};
    if (!is_whole(nlh, len) || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)) ||
        nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
        return false;
    collect(nlh, attrs);
    if (!attrs[NFQA_PACKET_HDR] || !has(attrs[NFQA_PACKET_HDR], sizeof head))
        return false;
    memcpy(&head, mnl_attr_get_payload(attrs[NFQA_PACKET_HDR]), sizeof head);
    packet->id = ntohl(head.packet_id);
    packet->type = ntohs(head.hw_protocol);
    read_attributes(attrs, packet);
    return true;
}

/* ---- the frame ------------------------------------------------------------------------------------------------- */

static void put_be16(uint8_t *at, uint32_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

uint8_t *ps_nfq_packet_frame(const struct ps_nfq_packet *packet, const uint8_t own[6], const uint8_t unknown[6])
{
    uint8_t head[PS_NFQ_HEAD_LEN];
    if (!packet->payload || (size_t)(packet->payload - packet->start) < sizeof head)
        return NULL;
    memcpy(head, own, 6);
    memcpy(head + 6, packet->has_source ? packet->source : unknown, 6);
    put_be16(head + 12, packet->type);
    return memcpy(packet->payload - sizeof head, head, sizeof head);
}

uint32_t ps_nfq_packet_find_ip(const uint8_t *frame, uint32_t len, uint32_t *type)
{
    if (len < PS_NFQ_HEAD_LEN)
        return 0;
    *type = (uint32_t)frame[12] << 8 | frame[13];
    bool whole = (*type == PS_NFQ_IPV4 && len >= PS_NFQ_HEAD_LEN + IPV4_LEN) ||
                 (*type == PS_NFQ_IPV6 && len >= PS_NFQ_HEAD_LEN + IPV6_LEN);
    return whole ? PS_NFQ_HEAD_LEN : 0;
}

/* ---- checksums ------------------------------------------------------------------------------------------------- */

/* Where TCP or UDP starts, and the sum of the addresses; 0: neither is there. */
static uint32_t transport(const struct ps_nfq_packet *packet, uint8_t *proto, uint64_t *sum)
{
    const uint8_t *ip = packet->payload;
    if (packet->type == PS_NFQ_IPV4 && packet->len >= IPV4_LEN) {
        *proto = ip[9];
        *sum = ps_checksum_add(0, ip + 12, 8);
        return (ip[0] & 0xfu) * 4;
    }
    if (packet->type != PS_NFQ_IPV6 || packet->len < IPV6_LEN)
        return 0;
    *proto = ip[6];
    *sum = ps_checksum_add(0, ip + 8, 32);
    return IPV6_LEN;
}

void ps_nfq_packet_complete(const struct ps_nfq_packet *packet)
{
    uint8_t proto = 0, *at;
    uint64_t sum = 0;
    uint32_t start = transport(packet, &proto, &sum), field = proto == TCP ? 16 : 6;
    if (start == 0 || (proto != TCP && proto != UDP) || packet->len < start + field + 2 || packet->wire_len > packet->len)
        return;
    at = packet->payload + start;
    put_be16(at + field, 0);
    sum = ps_checksum_plus(sum, ps_checksum_pseudo_length(proto, packet->len - start));
    uint16_t folded = (uint16_t)~ps_checksum_fold(ps_checksum_add(sum, at, packet->len - start));
    if (folded == 0 && proto == UDP)
        folded = 0xffff;
    memcpy(at + field, &folded, sizeof folded);
}
