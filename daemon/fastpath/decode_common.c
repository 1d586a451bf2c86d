/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode_common.c - the frame that nearly all traffic consists of: Ethernet with at most one tag, IPv4 without options
 * and fragments, TCP with ACK or PSH and ACK, no options or timestamps alone. It says "common and sound" or "look
 * closer", and nothing else: what is refused, and why, is decode.c's to say.
 */
#include <string.h>

#include "checksum.h"
#include "decode.h"
#include "engine.h"
#include "glance.h"
#include "likely.h"

#define ETHER_LEN 14u
#define TAG_LEN 4u
#define IPV4_LEN 20u
#define TCP_LEN 20u
#define TIMESTAMPS_LEN 12u
#define TYPE_IPV4 0x0800u
#define TYPE_VLAN 0x8100u

/* Both in one go: the pseudo header's addresses stand before the segment anyway. */
bool ps_decode_sums_are_right(const uint8_t *ip, uint32_t len)
{
    const uint8_t *tcp = ip + 20;
    uint64_t addresses = ps_checksum_u32(ip + 12) + ps_checksum_u32(ip + 16);
    uint64_t header = addresses + ps_checksum_u32(ip) + ps_checksum_u32(ip + 4) + ps_checksum_u32(ip + 8);
    uint64_t few = addresses + ps_checksum_pseudo_length(PS_PROTO_TCP, len) + ps_checksum_u32(tcp + 16);
    uint64_t segment = ps_checksum_add_u64(ps_checksum_add_u64(few, tcp), tcp + 8);
    return ps_checksum_is_right(header) && ps_checksum_is_right(ps_checksum_add_behind(segment, tcp + 20, len - 20));
}

/* Octets of the TCP header; 0: not one of the two common ones. */
static inline uint32_t common_header_len(const uint8_t *tcp, uint32_t len)
{
    static const uint8_t timestamps[4] = {1, 1, 8, 10};
    if (PS_LIKELY(tcp[12] >> 4 == TCP_LEN / 4))
        return TCP_LEN;
    if (tcp[12] >> 4 != (TCP_LEN + TIMESTAMPS_LEN) / 4 || len < TCP_LEN + TIMESTAMPS_LEN)
        return 0;
    return memcmp(tcp + TCP_LEN, timestamps, sizeof timestamps) == 0 ? TCP_LEN + TIMESTAMPS_LEN : 0;
}

/* len octets from ip to the end of the frame, at least those of both headers. What has to be equal is asked at once. */
static inline bool is_common_ipv4(const uint8_t *ip, uint32_t len, bool port_known)
{
    uint32_t total = ps_be16(ip + 2), src = ps_be32(ip + 12), dst = ps_be32(ip + 16);
    uint32_t differs = (uint32_t)(ip[0] ^ 0x45) | (uint32_t)(ip[9] ^ PS_PROTO_TCP) | (ps_be16(ip + 6) & 0xbfffu);
    bool fits = total >= IPV4_LEN + TCP_LEN && total <= len;
    return differs == 0 && ip[8] != 0 && fits && src != dst && !ps_decode_is_bad_v4(src, dst, port_known);
}

static inline bool is_common_tcp(const uint8_t *tcp)
{
    uint8_t flags = tcp[13] & (PS_TCP_FIN | PS_TCP_SYN | PS_TCP_RST | PS_TCP_ACK | PS_TCP_URG);
    return flags == PS_TCP_ACK && ps_be16(tcp) != 0 && ps_be16(tcp + 2) != 0;
}

/* Field by field, all but key.id: to clear the whole of it first would cost as much as all checks together. */
static inline void set_common(struct ps_desc *desc, const uint8_t *frame, const uint8_t *ip, uint32_t header_len)
{
    const uint8_t *tcp = ip + IPV4_LEN;
    desc->key.addr[0] = ps_addr_from_v4(ps_be32(ip + 12));
    desc->key.addr[1] = ps_addr_from_v4(ps_be32(ip + 16));
    desc->key.port[0] = ps_be16(tcp);
    desc->key.port[1] = ps_be16(tcp + 2);
    desc->frame = frame;
    desc->network = ip;
    desc->payload = tcp + header_len;
    desc->payload_len = desc->payload_wire = ps_be16(ip + 2) - IPV4_LEN - header_len;
    desc->seq = ps_be32(tcp + 4);
    desc->ack = ps_be32(tcp + 8);
    desc->offset = 0;
    desc->code = TYPE_IPV4;
    desc->kind = PS_KIND_TCP;
    desc->reason = PS_REASON_NONE;
    desc->tcp_flags = tcp[13] & 0x3f;
    desc->icmp_type = desc->icmp_code = 0;
    desc->hop_limit = ip[8];
    desc->offloaded = false;
}

bool ps_decode_common(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc)
{
    const uint8_t *frame = packet->data;
    uint32_t len = packet->len, head = ETHER_LEN, vid = 0;
    if (PS_UNLIKELY(packet->link != PS_LINK_ETHERNET || len < ETHER_LEN + IPV4_LEN + TCP_LEN || packet->wire_len > len))
        return false;
    uint32_t type = ps_be16(frame + 12);
    if (PS_UNLIKELY(type == TYPE_VLAN)) {
        vid = ps_be16(frame + 14) & 0xfff;
        type = ps_be16(frame + 16);
        head += TAG_LEN;
    }
    bool no_source = (ps_be32(frame + 6) | ps_be16(frame + 10)) == 0;
    if (PS_UNLIKELY(type != TYPE_IPV4 || (frame[6] & 1) || no_source || len < head + IPV4_LEN + TCP_LEN))
        return false;
    const uint8_t *ip = frame + head, *tcp = ip + IPV4_LEN;
    if (PS_UNLIKELY(!is_common_ipv4(ip, len - head, how.port_known) || !is_common_tcp(tcp)))
        return false;
    uint32_t total = ps_be16(ip + 2), header_len = common_header_len(tcp, total - IPV4_LEN);
    if (PS_UNLIKELY(header_len == 0))
        return false;
    set_common(desc, frame, ip, header_len); /* before the sums, which need all registers */
    desc->key.id = ps_key_id(PS_PROTO_TCP, vid);
    return how.checksums == PS_CHECKSUMS_IGNORE || ps_decode_sums_are_right(ip, total - IPV4_LEN);
}

/* What is left to ask: who sends it to whom. */
void ps_glance_decode(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc)
{
    const uint8_t *ip = packet->data + ETHER_LEN, *tcp = ip + IPV4_LEN;
    uint32_t src = ps_be32(ip + 12), dst = ps_be32(ip + 16);
    bool named = src != dst && ps_be16(tcp) != 0 && ps_be16(tcp + 2) != 0;
    if (PS_UNLIKELY(!named || ps_decode_is_bad_v4(src, dst, how.port_known))) {
        ps_decode_closely(packet, how, desc);
        return;
    }
    set_common(desc, packet->data, ip, TCP_LEN);
    desc->key.id = ps_key_id(PS_PROTO_TCP, 0);
}
