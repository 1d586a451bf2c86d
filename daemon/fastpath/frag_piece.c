/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frag_piece.h"

#include "frag.h"

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define FRAGMENT_LEN 8u /* extension header of IPv6 */
#define DATAGRAM_MAX 65535u
#define TCP_MIN 20u
#define TCP_MAX 60u
#define OTHER_MIN 8u /* UDP, ICMP; of what is not looked into, what every fragment but the last has at least */

#define RESERVED 0x8000u
#define DONT_FRAGMENT 0x4000u
#define MORE_FRAGMENTS 0x2000u
#define OFFSET_MASK 0x1fffu

/* Extension headers and what cannot follow a fragment header: a chain of headers ends in the first fragment (RFC 7112),
 * and here that is at once. */
static bool is_no_upper_layer(uint8_t proto, bool v4)
{
    switch (proto) {
    case 0:   /* hop-by-hop options */
    case 43:  /* routing */
    case 44:  /* fragment */
    case 51:  /* authentication */
    case 59:  /* nothing */
    case 60:  /* destination options */
    case 135: /* mobility */
    case 139: /* HIP */
    case 140: /* Shim6 */
    case 253:
    case 254: /* experiments */
        return proto == 0 || !v4;
    case 255:
        return true;
    default:
        return proto == (v4 ? PS_PROTO_ICMPV6 : PS_PROTO_ICMP);
    }
}

/* Neighbour discovery is never cut (RFC 6980, NV-605). */
static bool is_neighbour_discovery(const struct ps_frag_piece *piece)
{
    return piece->key.proto == PS_PROTO_ICMPV6 && piece->data[0] >= 133 && piece->data[0] <= 137;
}

/* NV-F01, NV-F02. The first fragment has all of the transport header, and of TCP no other one lies where it might be. */
static enum ps_reason check_transport(const struct ps_frag_piece *piece)
{
    bool tcp = piece->key.proto == PS_PROTO_TCP;
    if (piece->offset > 0)
        return tcp && piece->offset < TCP_MAX ? PS_REASON_FRAGMENT_TINY : PS_REASON_NONE;
    if (piece->len < (tcp ? TCP_MIN : OTHER_MIN))
        return PS_REASON_FRAGMENT_TINY;
    uint32_t header = tcp ? (piece->data[12] >> 4) * 4u : 0;
    if (tcp && (header < TCP_MIN || header > piece->len))
        return PS_REASON_FRAGMENT_TINY;
    return is_neighbour_discovery(piece) ? PS_REASON_FRAGMENT_HEADER : PS_REASON_NONE;
}

/* NV-F06, NV-F09: of at most 65535 octets, cut at multiples of 8, none of them empty. */
static enum ps_reason check_extent(const struct ps_frag_piece *piece)
{
    bool v4 = ps_addr_is_v4(piece->key.src);
    uint32_t most = DATAGRAM_MAX - (v4 ? IPV4_LEN : 0);
    bool cut = !piece->more || piece->len % 8 == 0;
    bool sound = piece->len > 0 && cut && piece->offset + piece->len <= most && (piece->offset > 0 || piece->more);
    if (!sound || is_no_upper_layer(piece->key.proto, v4))
        return PS_REASON_FRAGMENT_HEADER;
    return check_transport(piece);
}

/* total: octets of IP header and data by the length field. here: octets behind the start of the IP header. */
static enum ps_reason set_data(struct ps_frag_piece *piece, uint32_t head, uint32_t total, uint32_t here)
{
    if (total < head)
        return PS_REASON_FRAGMENT_HEADER;
    if (total > here)
        return PS_REASON_CUT_FRAME;
    piece->data = piece->ip + head;
    piece->len = total - head;
    return PS_REASON_NONE;
}

/* NV-F11: what must not be cut was cut. */
static enum ps_reason read_v4(struct ps_frag_piece *piece, uint32_t here)
{
    const uint8_t *ip = piece->ip;
    uint32_t flags = ps_be16(ip + 6);
    piece->ip_len = IPV4_LEN;
    piece->key.id = ps_be16(ip + 4);
    piece->key.proto = ip[9];
    piece->has_key = true;
    piece->offset = (flags & OFFSET_MASK) * 8;
    piece->more = (flags & MORE_FRAGMENTS) != 0;
    if ((flags & (RESERVED | DONT_FRAGMENT)) != 0 || ip[8] == 0)
        return PS_REASON_FRAGMENT_HEADER;
    return set_data(piece, IPV4_LEN, ps_be16(ip + 2), here);
}

/* Fragment header: next header 1, reserved 1, offset 13 bits, reserved 2 bits, more 1 bit, identification 4. NV-603: a
 * datagram in one fragment is what nobody needs and some take for several (RFC 6946). */
static enum ps_reason read_v6(struct ps_frag_piece *piece, uint32_t here)
{
    const uint8_t *ip = piece->ip, *header = ip + IPV6_LEN;
    if (here < IPV6_LEN + FRAGMENT_LEN)
        return PS_REASON_CUT_FRAME;
    piece->ip_len = IPV6_LEN;
    piece->key.id = ps_be32(header + 4);
    piece->key.proto = header[0];
    piece->has_key = true;
    piece->offset = ps_be16(header + 2) & 0xfff8u;
    piece->more = (header[3] & 1) != 0;
    if (header[1] != 0 || (header[3] & 6) != 0)
        return PS_REASON_FRAGMENT_HEADER;
    return set_data(piece, IPV6_LEN + FRAGMENT_LEN, IPV6_LEN + ps_be16(ip + 4), here);
}

enum ps_reason ps_frag_read(const struct ps_packet *packet, const struct ps_desc *desc, struct ps_frag_piece *piece)
{
    *piece = (struct ps_frag_piece){.link = packet->data, .ip = desc->network,
                                    .key = {.src = desc->key.addr[0], .dst = desc->key.addr[1],
                                            .tags = desc->key.id & PS_KEY_TAGS, .port = packet->port}};
    bool v4 = ps_addr_is_v4(piece->key.src);
    if (desc->reason != PS_REASON_FRAGMENT || !desc->network)
        return PS_REASON_BUG;
    piece->link_len = (uint32_t)(piece->ip - piece->link);
    uint32_t here = packet->len - piece->link_len;
    if (piece->link_len > PS_FRAG_LINK_MAX || here < IPV4_LEN)
        return PS_REASON_BUG;
    enum ps_reason reason = v4 ? read_v4(piece, here) : read_v6(piece, here);
    return reason ? reason : check_extent(piece);
}
