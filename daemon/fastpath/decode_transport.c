/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "checksum.h"
#include "decode.h"
#include "engine.h"

#define TCP_LEN 20u
#define UDP_LEN 8u
#define ICMP_LEN 8u

/* ---- checksums ------------------------------------------------------------------------------------------------- */

/* RFC 9293 3.1, RFC 8200 8.1: source, destination, protocol, length. */
static uint64_t pseudo_sum(const struct ps_desc *desc, uint32_t length)
{
    bool v4 = ps_addr_is_v4(desc->key.addr[0]);
    uint64_t sum = ps_checksum_add(0, desc->network + (v4 ? 12 : 8), v4 ? 8 : 32);
    sum = ps_checksum_add_u16(sum, (uint16_t)length);
    sum = ps_checksum_add_u16(sum, (uint16_t)(length >> 16));
    return ps_checksum_add_u16(sum, ps_key_proto(&desc->key));
}

static uint16_t load_raw16(const uint8_t *p)
{
    uint16_t raw;
    memcpy(&raw, p, sizeof raw);
    return raw;
}

/* What a sending card finds in the checksum field: 0, or the pseudo header's sum (with large sends, without length). */
static bool is_left_to_card(const struct ps_desc *desc, uint16_t field, uint32_t length)
{
    return field == 0 || field == ps_checksum_fold(pseudo_sum(desc, length)) ||
           field == ps_checksum_fold(pseudo_sum(desc, 0));
}

/* Of span, from its first octet to the end, with the field at `at`. Octets that the capture cut cannot be summed. */
static bool check_sum(struct ps_desc *desc, const struct ps_span *span, uint32_t at, uint8_t how)
{
    if (how == PS_CHECKSUMS_IGNORE || span->len < span->wire)
        return true;
    uint64_t start = ps_key_proto(&desc->key) == PS_PROTO_ICMP ? 0 : pseudo_sum(desc, span->wire);
    if (ps_checksum_fold(ps_checksum_add(start, span->at, span->len)) == 0xffff)
        return true;
    if (how == PS_CHECKSUMS_OFFLOAD && is_left_to_card(desc, load_raw16(span->at + at), span->wire)) {
        desc->offloaded = true;
        return true;
    }
    return ps_decode_refuse(desc, span, at, PS_REASON_BAD_CHECKSUM);
}

/* ---- TCP ------------------------------------------------------------------------------------------------------- */

/* The combinations that stacks send; ECN bits lie outside. Only what may carry data may be urgent: after a SYN that is,
 * some receivers take an octet out of what follows it. */
static bool are_flags_sound(uint8_t flags)
{
    switch (flags & (PS_TCP_FIN | PS_TCP_SYN | PS_TCP_RST | PS_TCP_PSH | PS_TCP_ACK)) {
    case PS_TCP_SYN:
    case PS_TCP_SYN | PS_TCP_ACK:
    case PS_TCP_RST:
    case PS_TCP_RST | PS_TCP_ACK:
        return (flags & PS_TCP_URG) == 0;
    case PS_TCP_ACK:
    case PS_TCP_ACK | PS_TCP_PSH:
    case PS_TCP_ACK | PS_TCP_FIN:
    case PS_TCP_ACK | PS_TCP_FIN | PS_TCP_PSH:
        return true;
    default:
        return false;
    }
}

/* Kind 1, then (but for end and padding) length 1 and length - 2 octets. At most 40 octets of them. */
static bool are_options_sound(const uint8_t *p, uint32_t len)
{
    static const uint8_t timestamps[4] = {1, 1, 8, 10};
    if (len == 12 && memcmp(p, timestamps, sizeof timestamps) == 0)
        return true;
    for (uint32_t i = 0; i < len && p[i] != 0;) {
        if (p[i] == 1) {
            i++;
            continue;
        }
        if (len - i < 2 || p[i + 1] < 2 || p[i + 1] > len - i)
            return false;
        i += p[i + 1];
    }
    return true;
}

static bool set_ports(struct ps_desc *desc, const struct ps_span *span)
{
    desc->key.port[0] = ps_be16(span->at);
    desc->key.port[1] = ps_be16(span->at + 2);
    if (desc->key.port[0] == 0 || desc->key.port[1] == 0)
        return ps_decode_refuse(desc, span, 0, PS_REASON_BAD_HEADER);
    bool land = desc->key.port[0] == desc->key.port[1] && ps_addr_equal(desc->key.addr[0], desc->key.addr[1]);
    return !land || ps_decode_refuse(desc, span, 0, PS_REASON_BAD_ADDRESS);
}

static void set_payload(struct ps_desc *desc, struct ps_span *span)
{
    desc->payload = span->at;
    desc->payload_len = span->len;
    desc->payload_wire = span->wire;
}

/* RFC 9293 3.1: ports 2 + 2, sequence 4, acknowledgement 4, offset and flags 2, window 2, checksum 2, urgent 2. */
static bool decode_tcp(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    if (!ps_decode_need(desc, span, TCP_LEN, PS_REASON_BAD_LENGTH))
        return false;
    const uint8_t *p = span->at;
    if (!set_ports(desc, span))
        return false;
    desc->kind = PS_KIND_TCP;
    uint32_t header_len = (p[12] >> 4) * 4u;
    if (header_len < TCP_LEN || header_len > span->wire)
        return ps_decode_refuse(desc, span, 12, PS_REASON_BAD_LENGTH);
    if (!ps_decode_need(desc, span, header_len, PS_REASON_BAD_LENGTH) || !check_sum(desc, span, 16, how.checksums))
        return false;
    desc->seq = ps_be32(p + 4);
    desc->ack = ps_be32(p + 8);
    desc->tcp_flags = p[13] & 0x3f;
    if (!are_flags_sound(p[13]))
        return ps_decode_refuse(desc, span, 13, PS_REASON_BAD_FLAGS);
    if (!are_options_sound(p + TCP_LEN, header_len - TCP_LEN))
        return ps_decode_refuse(desc, span, TCP_LEN, PS_REASON_TCP_OPTIONS);
    ps_span_skip(span, header_len);
    set_payload(desc, span);
    return true;
}

/* ---- UDP, ICMP ------------------------------------------------------------------------------------------------- */

/* RFC 768: ports 2 + 2, length 2, checksum 2. The length must be the IP payload's: octets between are seen by some. */
static bool decode_udp(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    if (!ps_decode_need(desc, span, UDP_LEN, PS_REASON_BAD_LENGTH) || !set_ports(desc, span))
        return false;
    desc->kind = PS_KIND_UDP;
    if (ps_be16(span->at + 4) != span->wire)
        return ps_decode_refuse(desc, span, 4, PS_REASON_BAD_LENGTH);
    bool no_checksum = ps_addr_is_v4(desc->key.addr[0]) && ps_be16(span->at + 6) == 0;
    if (!no_checksum && !check_sum(desc, span, 6, how.checksums))
        return false;
    ps_span_skip(span, UDP_LEN);
    set_payload(desc, span);
    return true;
}

static bool is_echo(uint8_t ip_proto, uint8_t type)
{
    return ip_proto == PS_PROTO_ICMP ? type == 8 || type == 0 : type == 128 || type == 129;
}

/* RFC 792, RFC 4443: type 1, code 1, checksum 2, rest 4 (echo: identifier 2, sequence 2). */
static bool decode_icmp(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    if (!ps_decode_need(desc, span, ICMP_LEN, PS_REASON_BAD_LENGTH) || !check_sum(desc, span, 2, how.checksums))
        return false;
    desc->kind = PS_KIND_ICMP;
    desc->icmp_type = span->at[0];
    desc->icmp_code = span->at[1];
    bool echo = is_echo(ps_key_proto(&desc->key), desc->icmp_type);
    if (echo && desc->icmp_code != 0)
        return ps_decode_refuse(desc, span, 1, PS_REASON_BAD_HEADER);
    desc->key.port[0] = ps_be16(span->at + (echo ? 4 : 0));
    desc->key.port[1] = echo ? desc->key.port[0] : 0;
    ps_span_skip(span, ICMP_LEN);
    set_payload(desc, span);
    return true;
}

bool ps_decode_transport(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how)
{
    switch (ps_key_proto(&desc->key)) {
    case PS_PROTO_TCP:
        return decode_tcp(desc, span, how);
    case PS_PROTO_UDP:
        return decode_udp(desc, span, how);
    case PS_PROTO_ICMP:
    case PS_PROTO_ICMPV6:
        return decode_icmp(desc, span, how);
    default:
        set_payload(desc, span);
        return true;
    }
}
