/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode.h"

#include <stddef.h>
#include <string.h>

#include "checksum.h"
#include "engine.h"

#define ETHER_LEN 14u
#define TAGS_MAX 2u
#define LLC_LEN 3u
#define LLC_SNAP 0xaa
#define ARP_LEN 28u
#define IPV4_LEN 20u
#define IPV6_LEN 40u

enum ethertype {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_QINQ = 0x88a8,
};

bool ps_decode_refuse(struct ps_desc *desc, const struct ps_span *span, uint32_t skip, enum ps_reason reason)
{
    desc->reason = (uint8_t)reason;
    desc->offset = (uint32_t)(span->at - span->start) + skip;
    return false;
}

/* ---- ARP (RFC 826): htype 2, ptype 2, hlen 1, plen 1, op 2, sha 6, spa 4, tha 6, tpa 4 --------------------------- */

static bool is_multicast_v4(uint32_t addr)
{
    return addr >> 28 == 0xe || addr == UINT32_MAX;
}

static bool decode_arp(struct ps_desc *desc, struct ps_span *span)
{
    static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};
    desc->network = span->at;
    if (!ps_decode_need(desc, span, ARP_LEN, PS_REASON_BAD_ARP))
        return false;
    uint32_t sender = ps_be32(span->at + 14), target = ps_be32(span->at + 24);
    uint16_t op = ps_be16(span->at + 6);
    desc->kind = PS_KIND_ARP;
    desc->key.addr[0] = ps_addr_from_v4(sender);
    desc->key.addr[1] = ps_addr_from_v4(target);
    struct ps_mac sha = ps_mac_at(span->at + 8);
    bool sound = memcmp(span->at, ethernet_ipv4, sizeof ethernet_ipv4) == 0 && (op == 1 || op == 2) &&
                 !is_multicast_v4(sender) && (sha.b[0] & 1) == 0 && !ps_mac_is_zero(sha);
    return sound || ps_decode_refuse(desc, span, 0, PS_REASON_BAD_ARP);
}

/* ---- IP -------------------------------------------------------------------------------------------------------- */

static bool check_addresses_v4(struct ps_desc *desc, const struct ps_span *span, bool port_known)
{
    uint32_t src = ps_be32(span->at + 12), dst = ps_be32(span->at + 16);
    desc->key.addr[0] = ps_addr_from_v4(src);
    desc->key.addr[1] = ps_addr_from_v4(dst);
    desc->kind = PS_KIND_IP;
    return !ps_decode_is_bad_v4(src, dst, port_known) || ps_decode_refuse(desc, span, 12, PS_REASON_BAD_ADDRESS);
}

/* Sets span->wire and span->len to what the IP length says and steps over the header. Behind it lies padding.
 * Cards that cut large sends into segments take packets whose length is still 0. */
static bool take_ip_length(struct ps_desc *desc, struct ps_span *span, uint32_t total, struct ps_decode_how how)
{
    uint32_t header_len = ps_addr_is_v4(desc->key.addr[0]) ? IPV4_LEN : IPV6_LEN;
    bool unset = total == (header_len == IPV4_LEN ? 0 : IPV6_LEN);
    if (unset && how.checksums != PS_CHECKSUMS_STRICT && ps_key_proto(&desc->key) == PS_PROTO_TCP) {
        total = span->wire;
        desc->offloaded = true;
    } else if (total < header_len || (unset && header_len == IPV6_LEN)) {
        return ps_decode_refuse(desc, span, 2, PS_REASON_BAD_LENGTH);
    }
    if (total > span->wire)
        return ps_decode_refuse(desc, span, 2, PS_REASON_CUT_FRAME);
    span->wire = total;
    span->len = span->len < total ? span->len : total;
    ps_span_skip(span, header_len);
    return true;
}

/* Protocols whose payload is a packet again. */
static bool is_tunnel(uint8_t ip_proto)
{
    switch (ip_proto) {
    case 4:   /* IP in IP */
    case 41:  /* IPv6 */
    case 47:  /* GRE */
    case 55:  /* minimal encapsulation */
    case 94:  /* IPIP */
    case 97:  /* EtherIP */
    case 98:  /* encapsulation header */
    case 115: /* L2TP */
    case 137: /* MPLS in IP */
    case 143: /* Ethernet */
        return true;
    default:
        return false;
    }
}

static bool check_header_checksum(struct ps_desc *desc, const struct ps_span *span, uint8_t how)
{
    if (how == PS_CHECKSUMS_IGNORE || ps_checksum_fold(ps_checksum_add(0, span->at, IPV4_LEN)) == 0xffff)
        return true;
    if (how == PS_CHECKSUMS_OFFLOAD && ps_be16(span->at + 10) == 0) {
        desc->offloaded = true;
        return true;
    }
    return ps_decode_refuse(desc, span, 10, PS_REASON_BAD_CHECKSUM);
}

/* RFC 791: version and IHL 1, DSCP 1, total length 2, id 2, flags and offset 2, TTL 1, protocol 1, checksum 2,
 * source 4, destination 4. */
static bool decode_ipv4(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    desc->network = span->at;
    if (!ps_decode_need(desc, span, IPV4_LEN, PS_REASON_CUT_FRAME))
        return false;
    const uint8_t *p = span->at;
    if (p[0] >> 4 != 4)
        return ps_decode_refuse(desc, span, 0, PS_REASON_BAD_HEADER);
    desc->hop_limit = p[8];
    desc->key.id = ps_key_id(p[9], desc->key.id);
    if (!check_addresses_v4(desc, span, how.port_known))
        return false;
    if ((p[0] & 0xf) != 5)
        return ps_decode_refuse(desc, span, 0, (p[0] & 0xf) < 5 ? PS_REASON_BAD_LENGTH : PS_REASON_IP_OPTIONS);
    if (!check_header_checksum(desc, span, how.checksums))
        return false;
    uint16_t fragment = ps_be16(p + 6);
    if ((fragment & 0x3fff) != 0)
        return ps_decode_refuse(desc, span, 6, PS_REASON_FRAGMENT);
    if ((fragment & 0x8000) != 0 || p[8] == 0 || p[9] == 0 || p[9] == PS_PROTO_ICMPV6 || p[9] == 255)
        return ps_decode_refuse(desc, span, 6, PS_REASON_BAD_HEADER);
    if (!take_ip_length(desc, span, ps_be16(p + 2), how))
        return false;
    if (is_tunnel(p[9]))
        return ps_decode_refuse(desc, span, 0, PS_REASON_ENCAPSULATION);
    return ps_decode_transport(desc, span, how);
}

static struct ps_addr load_addr(const uint8_t *p)
{
    return (struct ps_addr){.hi = ps_be64(p), .lo = ps_be64(p + 8)};
}

static bool is_unspecified(struct ps_addr a)
{
    return (a.hi | a.lo) == 0;
}

/* The unspecified address asks, before it has one, whether an address is free (RFC 4862, 5.4.2). */
static bool is_duplicate_detection(const struct ps_span *span)
{
    return span->at[6] == PS_PROTO_ICMPV6 && span->len > IPV6_LEN && span->at[IPV6_LEN] == 135;
}

/* Addresses that stand for one of IPv4, or for a tunnel through it: rules and zones would judge the wrong end. RFC 4291
 * 2.5.5.1, RFC 6052 2.1, RFC 8215, RFC 3056, RFC 4380. */
static bool is_translated(struct ps_addr a)
{
    bool compatible = a.hi == 0 && a.lo >> 32 == 0 && a.lo > 1;
    bool nat64 = (a.hi == UINT64_C(0x0064ff9b00000000) && a.lo >> 32 == 0) || a.hi >> 16 == UINT64_C(0x0064ff9b0001);
    return compatible || nat64 || a.hi >> 48 == 0x2002 || a.hi >> 32 == 0x20010000;
}

static bool check_addresses_v6(struct ps_desc *desc, const struct ps_span *span, bool port_known)
{
    struct ps_addr src = load_addr(span->at + 8), dst = load_addr(span->at + 24);
    struct ps_addr loopback = {.hi = 0, .lo = 1};
    desc->key.addr[0] = src;
    desc->key.addr[1] = dst;
    desc->kind = PS_KIND_IP;
    bool bad = src.hi >> 56 == 0xff || is_unspecified(dst) || ps_addr_is_v4(src) || ps_addr_is_v4(dst) ||
               (is_unspecified(src) && !is_duplicate_detection(span)) ||
               (port_known &&
                (ps_addr_equal(src, loopback) || ps_addr_equal(dst, loopback) || ps_addr_equal(src, dst)));
    if (bad)
        desc->kind = PS_KIND_NONE; /* mapped addresses would be taken for IPv4 */
    bad |= is_translated(src) || is_translated(dst);
    return !bad || ps_decode_refuse(desc, span, 8, PS_REASON_BAD_ADDRESS);
}

/* What an IPv6 next header is refused for; PS_REASON_NONE: it is not. */
static enum ps_reason next_header_reason(uint8_t next)
{
    switch (next) {
    case 0:   /* hop-by-hop options */
    case 43:  /* routing */
    case 51:  /* authentication */
    case 60:  /* destination options */
    case 135: /* mobility */
    case 139: /* HIP */
    case 140: /* Shim6 */
    case 253:
    case 254: /* experiments */
        return PS_REASON_IP_OPTIONS;
    case 44:
        return PS_REASON_FRAGMENT;
    case 1:  /* ICMP of the other family */
    case 59: /* nothing follows */
    case 255:
        return PS_REASON_BAD_HEADER;
    default:
        return is_tunnel(next) ? PS_REASON_ENCAPSULATION : PS_REASON_NONE;
    }
}

/* RFC 8200: version, class, flow label 4, payload length 2, next header 1, hop limit 1, source 16, destination 16. */
static bool decode_ipv6(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    desc->network = span->at;
    if (!ps_decode_need(desc, span, IPV6_LEN, PS_REASON_CUT_FRAME))
        return false;
    const uint8_t *p = span->at;
    if (p[0] >> 4 != 6)
        return ps_decode_refuse(desc, span, 0, PS_REASON_BAD_HEADER);
    desc->hop_limit = p[7];
    desc->key.id = ps_key_id(p[6], desc->key.id);
    if (!check_addresses_v6(desc, span, how.port_known))
        return false;
    if (p[7] == 0)
        return ps_decode_refuse(desc, span, 7, PS_REASON_BAD_HEADER);
    enum ps_reason reason = next_header_reason(p[6]);
    if (reason != PS_REASON_NONE)
        return ps_decode_refuse(desc, span, 6, reason);
    if (!take_ip_length(desc, span, IPV6_LEN + ps_be16(p + 4), how))
        return false;
    return ps_decode_transport(desc, span, how);
}

/* ---- Ethernet -------------------------------------------------------------------------------------------------- */

static void set_frame_key(struct ps_desc *desc)
{
    desc->kind = PS_KIND_FRAME;
    desc->key.addr[0] = (struct ps_addr){.lo = ps_mac_number(ps_mac_at(desc->frame + 6))};
    desc->key.addr[1] = (struct ps_addr){.lo = ps_mac_number(ps_mac_at(desc->frame))};
    desc->key.port[0] = desc->code;
    desc->key.port[1] = 0;
}

/* IEEE 802.3: the length field's octets hold an LLC header and its data; what follows is padding. */
static bool decode_llc(struct ps_desc *desc, struct ps_span *span, uint16_t length)
{
    if (length > 1500 || length < LLC_LEN || length > span->wire)
        return ps_decode_refuse(desc, span, 0, PS_REASON_BAD_LENGTH);
    if (!ps_decode_need(desc, span, LLC_LEN, PS_REASON_BAD_LENGTH))
        return false;
    desc->code = span->at[0];
    set_frame_key(desc);
    /* SNAP can carry IP past everything that reads ethertypes (RFC 1042). */
    bool snap_ip = span->at[0] == LLC_SNAP && span->len >= 8 &&
                   (ps_be16(span->at + 6) == ETHERTYPE_IPV4 || ps_be16(span->at + 6) == ETHERTYPE_IPV6);
    if (snap_ip)
        return ps_decode_refuse(desc, span, 6, PS_REASON_ENCAPSULATION);
    desc->payload = span->at;
    desc->payload_wire = length;
    desc->payload_len = span->len < length ? span->len : length;
    return true;
}

/* Ethertypes whose payload is a packet or frame again. */
static bool is_encapsulation(uint16_t type)
{
    switch (type) {
    case 0x6558: /* transparent Ethernet bridging */
    case 0x880b: /* PPP */
    case 0x8847: /* MPLS */
    case 0x8848:
    case 0x8863: /* PPPoE */
    case 0x8864:
    case 0x88e5: /* MACsec */
    case 0x88e7: /* provider backbone bridging */
    case 0x894f: /* network service header */
        return true;
    default:
        return false;
    }
}

static bool decode_ethertype(struct ps_desc *desc, struct ps_span *span, uint16_t type, struct ps_decode_how how)
{
    desc->code = type;
    if (type == ETHERTYPE_IPV4)
        return decode_ipv4(desc, span, how);
    if (type == ETHERTYPE_IPV6)
        return decode_ipv6(desc, span, how);
    if (type < 0x600)
        return decode_llc(desc, span, type);
    if (type == ETHERTYPE_ARP)
        return decode_arp(desc, span);
    set_frame_key(desc);
    if (is_encapsulation(type))
        return ps_decode_refuse(desc, span, 0, PS_REASON_ENCAPSULATION);
    desc->payload = span->at;
    desc->payload_len = span->len;
    desc->payload_wire = span->wire;
    return true;
}

static bool is_tag(uint16_t type)
{
    return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ;
}

/* Tag types that are not the standard's: some stacks open them, some do not. */
static bool is_foreign_tag(uint16_t type)
{
    return type == 0x9100 || type == 0x9200 || type == 0x9300;
}

/* Destination 6, source 6, then per tag: type 2, priority and VLAN id 2; then the type. */
static bool decode_ethernet(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    if (!ps_decode_need(desc, span, ETHER_LEN, PS_REASON_CUT_FRAME))
        return false;
    desc->frame = span->at;
    bool no_source = (span->at[6] | span->at[7] | span->at[8] | span->at[9] | span->at[10] | span->at[11]) == 0;
    if ((span->at[6] & 1) != 0 || (no_source && how.port_known))
        return ps_decode_refuse(desc, span, 6, PS_REASON_BAD_ADDRESS);
    uint16_t type = ps_be16(span->at + 12);
    ps_span_skip(span, ETHER_LEN);
    for (unsigned n_tags = 0, n_vids = 0; is_tag(type); n_tags++) {
        if (n_tags == TAGS_MAX)
            return ps_decode_refuse(desc, span, 0, PS_REASON_VLAN);
        if (!ps_decode_need(desc, span, 4, PS_REASON_CUT_FRAME))
            return false;
        uint32_t vid = ps_be16(span->at) & 0xfffu;
        if (vid != 0)
            desc->key.id |= vid << (12 * n_vids++);
        type = ps_be16(span->at + 2);
        ps_span_skip(span, 4);
    }
    if (is_foreign_tag(type))
        return ps_decode_refuse(desc, span, 0, PS_REASON_VLAN);
    return decode_ethertype(desc, span, type, how);
}

void ps_decode_closely(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc)
{
    *desc = (struct ps_desc){.kind = PS_KIND_NONE};
    struct ps_span span = {.start = packet->data, .at = packet->data, .len = packet->len, .wire = packet->wire_len};
    if (span.wire < span.len)
        span.wire = span.len;
    if (packet->link == PS_LINK_ETHERNET) {
        decode_ethernet(desc, &span, how);
    } else if (!ps_decode_need(desc, &span, 1, PS_REASON_CUT_FRAME)) {
        return;
    } else if (span.at[0] >> 4 == 6) {
        desc->code = ETHERTYPE_IPV6;
        decode_ipv6(desc, &span, how);
    } else {
        desc->code = ETHERTYPE_IPV4;
        decode_ipv4(desc, &span, how);
    }
}

void ps_decode(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc)
{
    if (!ps_decode_common(packet, how, desc))
        ps_decode_closely(packet, how, desc);
}
