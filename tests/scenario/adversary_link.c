/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_link.c - what stands around a segment: Ethernet, tags, IPv4 and IPv6, with everything in it that an attacker
 * bends, and fragments.
 */
#include "adversary.h"

#include <string.h>

#define MACS 12u
#define IPV4 20u
#define IPV6 40u
#define FRAGMENT_HEADER 8u
#define VLAN 7u

static const uint8_t addresses[2][4] = {{10, 0, 1, 10}, {10, 0, 2, 10}};
static const uint8_t addresses6[2][16] = {{0xfd, 0, 0, 1, [15] = 10}, {0xfd, 0, 0, 2, [15] = 10}};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t sum_octets(uint32_t sum, const uint8_t *p, uint32_t len)
{
    for (; len >= 2; p += 2, len -= 2)
        sum += get16(p);
    return len > 0 ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint16_t adv_sum(const struct adv_net *net, unsigned from, uint8_t ip_proto, const uint8_t *payload, uint32_t len)
{
    uint32_t n = net->v6 ? 16 : 4, sum = ip_proto + len;

    if (ip_proto == 1)
        return fold(sum_octets(0, payload, len)); /* ICMP of IPv4 has no pseudo header */
    for (unsigned side = 0; side < 2; side++)
        sum = sum_octets(sum, net->v6 ? addresses6[side ^ from] : addresses[side ^ from], n);
    return fold(sum_octets(sum, payload, len));
}

/* ---- IP -------------------------------------------------------------------------------------------------------- */

struct header {
    uint8_t octets[ADV_HEAD_MAX];
    uint32_t len;
};

static void add(struct header *h, const void *octets, uint32_t len)
{
    memcpy(h->octets + h->len, octets, len);
    h->len += len;
}

/* proto: of what is inside; len: octets of it. */
static void add_ipv4(struct header *h, unsigned host, uint8_t proto, uint32_t len, uint8_t trick)
{
    static const uint8_t record[8] = {7, 7, 4, 0, 0, 0, 0, 0}, nothing[4] = {1, 1, 1, 0}, source[8] = {131, 7, 4, 10, 0, 9, 9, 0};
    uint8_t *ip = h->octets + h->len;
    const uint8_t head[12] = {0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, proto, 0, 0};
    uint32_t n = IPV4;

    add(h, head, sizeof head);
    add(h, addresses[host], 4);
    add(h, addresses[!host], 4);
    if (trick == ADV_TRICK_IP_OPTION)
        add(h, record, sizeof record), n += 8;
    if (trick == ADV_TRICK_IP_OPTION_NOP)
        add(h, nothing, sizeof nothing), n += 4;
    if (trick == ADV_TRICK_ROUTING)
        add(h, source, sizeof source), n += 8;
    ip[0] = (uint8_t)(0x40 | n / 4);
    ip[1] = trick == ADV_TRICK_ECN ? 3 : 0;
    put16(ip + 2, n + len + (trick == ADV_TRICK_LONG ? 40 : 0) - (trick == ADV_TRICK_SHORT ? 4 : 0));
    if (trick == ADV_TRICK_RESERVED_IP)
        ip[6] |= 0x80;
    if (trick >= ADV_TRICK_ATOMIC)
        ip[6] = 0; /* may be fragmented */
    if (trick == ADV_TRICK_HOPS_1 || trick == ADV_TRICK_HOPS_0)
        ip[8] = trick == ADV_TRICK_HOPS_1;
    put16(ip + 10, fold(sum_octets(0, ip, n)) ^ (trick == ADV_TRICK_IP_SUM));
}

static void add_ipv6(struct header *h, unsigned host, uint8_t proto, uint32_t len, uint8_t trick)
{
    uint8_t next = trick == ADV_TRICK_IP_OPTION ? 0 : trick == ADV_TRICK_IP_OPTION_NOP ? 60 : trick == ADV_TRICK_ROUTING ? 43 : proto;
    const uint8_t extension[8] = {proto, 0, trick == ADV_TRICK_ROUTING ? 4 : 1, trick == ADV_TRICK_ROUTING ? 0 : 4, 0, 0, 0, 0};
    const uint8_t atomic[FRAGMENT_HEADER] = {proto, 0, 0, 0, 0, 0, 0x12, 0x34};
    uint8_t *ip = h->octets + h->len;
    uint8_t head[8] = {0x60, 0, 0, 0, 0, 0, next, 64};

    if (trick == ADV_TRICK_ATOMIC)
        head[6] = 44;
    add(h, head, sizeof head);
    add(h, addresses6[host], 16);
    add(h, addresses6[!host], 16);
    if (next != proto)
        add(h, extension, sizeof extension), len += sizeof extension;
    if (trick == ADV_TRICK_ATOMIC)
        add(h, atomic, sizeof atomic), len += sizeof atomic;
    put16(ip + 4, len + (trick == ADV_TRICK_LONG ? 40 : 0) - (trick == ADV_TRICK_SHORT ? 4 : 0));
    if (trick == ADV_TRICK_IP_SUM)
        ip[0] = 0x50;
    if (trick == ADV_TRICK_RESERVED_IP)
        ip[0] = 0x6f;
    if (trick == ADV_TRICK_ECN)
        ip[1] = 0x30;
    if (trick == ADV_TRICK_HOPS_1 || trick == ADV_TRICK_HOPS_0)
        ip[7] = trick == ADV_TRICK_HOPS_1;
}

/* ---- Ethernet -------------------------------------------------------------------------------------------------- */

static void add_tag(struct header *h, uint32_t type, uint32_t vlan)
{
    const uint8_t tag[4] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(vlan >> 8), (uint8_t)vlan};

    add(h, tag, sizeof tag);
}

static void add_macs(struct header *h, unsigned host, uint8_t trick)
{
    uint8_t macs[MACS] = {2, 0, 0, 0, 0, (uint8_t)(!host + 1), 2, 0, 0, 0, 0, (uint8_t)(host + 1)};

    if (trick == ADV_TRICK_MAC)
        macs[11] = macs[5];
    if (trick == ADV_TRICK_MAC_GROUP)
        macs[6] |= 1;
    if (trick == ADV_TRICK_MAC_TO)
        macs[5] = 9;
    add(h, macs, sizeof macs);
}

static void add_ethernet(struct header *h, const struct adv_net *net, unsigned host, uint32_t len, uint8_t trick)
{
    static const uint8_t mpls[4] = {0, 1, 1, 64}, snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
    uint8_t type[2] = {net->v6 ? 0x86 : 0x08, net->v6 ? 0xdd : 0x00};

    add_macs(h, host, trick);
    if (trick == ADV_TRICK_TAG_FOREIGN)
        add_tag(h, 0x9100, VLAN);
    for (unsigned i = 0; trick == ADV_TRICK_TAGS_3 && i < 3; i++)
        add_tag(h, 0x8100, 0);
    if (trick == ADV_TRICK_TAG_0 || (net->tag == ADV_TAG_PRIORITY && trick != ADV_TRICK_VLAN))
        add_tag(h, 0x8100, 0);
    if (trick == ADV_TRICK_VLAN)
        add_tag(h, 0x8100, 9);
    else if (net->tag == ADV_TAG_VLAN)
        add_tag(h, 0x8100, VLAN);
    if (trick == ADV_TRICK_SNAP) {
        uint8_t octets[2];
        put16(octets, len + sizeof snap + 2);
        add(h, octets, 2);
        add(h, snap, sizeof snap);
    }
    if (trick == ADV_TRICK_MPLS) {
        type[0] = 0x88;
        type[1] = 0x47;
    }
    add(h, type, 2);
    if (trick == ADV_TRICK_MPLS)
        add(h, mpls, sizeof mpls);
}

uint32_t adv_enclose(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, uint32_t len, uint8_t trick)
{
    void (*const add_ip)(struct header *, unsigned, uint8_t, uint32_t, uint8_t) = net->v6 ? add_ipv6 : add_ipv4;
    bool icmp = trick >= ADV_TRICK_UNREACHABLE;
    uint8_t proto = icmp ? (net->v6 ? 58 : 1) : 6;
    uint32_t ip_len = net->v6 ? IPV6 : IPV4, outer = trick == ADV_TRICK_TUNNEL ? ip_len : 0;
    struct header h = {.len = 0};

    add_ethernet(&h, net, host, ip_len + len, trick);
    if (outer)
        add_ip(&h, host, net->v6 ? 41 : 4, outer + len, ADV_TRICK_NONE);
    add_ip(&h, host, proto, len, trick);
    memmove(out + h.len, out + ADV_HEAD_MAX, len);
    memcpy(out, h.octets, h.len);
    len += h.len;
    if (trick == ADV_TRICK_CUT && len > h.len + 4)
        len -= 4;
    uint32_t behind = trick == ADV_TRICK_TRAILER ? len + 8 : 60;
    bool filled = trick == ADV_TRICK_TRAILER || trick == ADV_TRICK_RUNT || net->pad;
    if (filled && len < behind) {
        memset(out + len, trick == ADV_TRICK_TRAILER || trick == ADV_TRICK_RUNT ? 0x5a : 0, behind - len);
        len = behind;
    }
    return len;
}

/* ---- the other way --------------------------------------------------------------------------------------------- */

/* Behind the tags; 0: it is not for this host. Of two VLANs the first one counts. */
static uint32_t read_ethernet(const uint8_t *frame, uint32_t len, unsigned host, struct adv_packet *packet, uint32_t *type)
{
    uint32_t at = MACS;

    if (len < 14 || (frame[6] & 1))
        return 0;
    packet->astray = frame[5] != host + 1;
    *type = get16(frame + at);
    for (unsigned n = 0; n < 2 && *type == 0x8100 && len >= at + 6; n++, at += 4) {
        uint32_t vlan = get16(frame + at + 2) & 0xfff;
        packet->vlan = packet->vlan ? packet->vlan : vlan;
        *type = get16(frame + at + 4);
    }
    return at + 2;
}

static bool read_ipv4(const uint8_t *ip, uint32_t len, unsigned host, struct adv_packet *packet)
{
    uint32_t total = len >= IPV4 ? get16(ip + 2) : 0;

    if (total < IPV4 || total > len || ip[0] != 0x45 || (get16(ip + 6) & 0xbfff) != 0 || memcmp(ip + 12, addresses[!host], 4) != 0 ||
        memcmp(ip + 16, addresses[host], 4) != 0)
        return false;
    packet->sound = fold(sum_octets(0, ip, IPV4)) == 0;
    packet->hops = ip[8];
    packet->ip_proto = ip[9];
    packet->payload = ip + IPV4;
    packet->len = total - IPV4;
    return true;
}

static bool read_ipv6(const uint8_t *ip, uint32_t len, unsigned host, struct adv_packet *packet)
{
    if (len < IPV6 || ip[0] >> 4 != 6 || IPV6 + get16(ip + 4) > len || memcmp(ip + 8, addresses6[!host], 16) != 0 ||
        memcmp(ip + 24, addresses6[host], 16) != 0)
        return false;
    packet->sound = true;
    packet->hops = ip[7];
    packet->ip_proto = ip[6];
    packet->payload = ip + IPV6;
    packet->len = get16(ip + 4);
    return true;
}

bool adv_disclose(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_packet *packet)
{
    uint32_t type = 0;

    memset(packet, 0, sizeof *packet);
    uint32_t at = read_ethernet(frame, len, host, packet, &type);
    if (at == 0 || type != (net->v6 ? 0x86ddu : 0x0800u))
        return false;
    packet->ip = frame + at;
    if (!(net->v6 ? read_ipv6(packet->ip, len - at, host, packet) : read_ipv4(packet->ip, len - at, host, packet)))
        return false;
    uint32_t end = (uint32_t)(packet->payload - frame) + packet->len, any = 0;
    for (uint32_t i = end; i < len; i++)
        any |= frame[i];
    packet->surplus = any != 0 || len > 60 + at - 14 ? len - end : 0; /* cards fill up with zeros */
    return true;
}

/* ---- fragments ------------------------------------------------------------------------------------------------- */

struct place {
    uint32_t ip, payload, len; /* where they start; octets of the payload */
    bool v6;
};

static struct place find(const uint8_t *frame, uint32_t len)
{
    struct place p = {.ip = 14};

    while (get16(frame + p.ip - 2) == 0x8100)
        p.ip += 4;
    p.v6 = frame[p.ip] >> 4 == 6;
    p.payload = p.ip + (p.v6 ? IPV6 : IPV4);
    uint32_t said = p.v6 ? get16(frame + p.ip + 4) : get16(frame + p.ip + 2) - IPV4;
    p.len = said < len - p.payload ? said : len - p.payload;
    return p;
}

uint32_t adv_payload_len(const uint8_t *frame, uint32_t len)
{
    return find(frame, len).len;
}

uint32_t adv_fragment(const uint8_t *frame, uint32_t len, const struct adv_cut *cut, uint8_t out[ADV_FRAME_MAX])
{
    struct place p = find(frame, len);
    uint32_t n = (cut->to < p.len ? cut->to : p.len) - cut->from, at = p.payload;
    uint8_t *ip = out + p.ip;

    memcpy(out, frame, p.payload);
    if (p.v6) {
        const uint8_t header[FRAGMENT_HEADER] = {ip[6], 0, (uint8_t)(cut->from >> 8), (uint8_t)(cut->from | cut->more), 0, 0,
                                                 (uint8_t)(cut->id >> 8), (uint8_t)cut->id};
        memcpy(out + at, header, sizeof header);
        ip[6] = 44;
        at += FRAGMENT_HEADER;
        put16(ip + 4, FRAGMENT_HEADER + n);
    } else {
        put16(ip + 2, IPV4 + n);
        put16(ip + 4, cut->id);
        put16(ip + 6, cut->from / 8u | (cut->more ? 0x2000u : 0));
        put16(ip + 10, 0);
        put16(ip + 10, fold(sum_octets(0, ip, IPV4)));
    }
    memcpy(out + at, frame + p.payload + cut->from, n);
    for (uint32_t i = 0; cut->other && i < n; i++)
        out[at + i] ^= 0x41;
    return at + n;
}

uint32_t adv_cuts(uint8_t trick, uint32_t payload_len, struct adv_cut cuts[4])
{
    uint16_t len = (uint16_t)payload_len, half = len > 72 ? 64 : len > 24 ? 24 : 8, more = (uint16_t)(half + 8);
    const struct adv_cut first = {.to = half, .more = true}, rest = {.from = half, .to = len};
    const struct adv_cut tiny = {.to = 8, .more = true}, behind = {.from = 8, .to = len};
    const struct adv_cut longer = {.to = more, .more = true}, other = {.from = half, .to = len, .other = true};
    const struct adv_cut early = {.from = half, .to = more, .more = true, .other = true};
    const struct adv_cut end = {.from = half, .to = (uint16_t)(len - 1)};
    const struct adv_cut lists[][3] = {
        {first, rest},         {rest, first},      {tiny, behind}, {first, first, rest}, {longer, other},
        {first, early, rest},  {end, first, rest}, {first},
    };
    const struct adv_cut *list = lists[trick - ADV_TRICK_FRAGMENTS];
    uint32_t n = 0;

    for (unsigned i = 0; i < 3; i++)
        if (list[i].to > list[i].from)
            cuts[n++] = list[i];
    return n;
}
