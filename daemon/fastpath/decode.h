/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode.h - one packet into one descriptor, or a reason.
 *
 * Ethernet, up to two VLAN tags (802.1Q, 802.1ad; VID 0 is a priority tag and counts as untagged), 802.3 with LLC, ARP,
 * IPv4, IPv6, TCP, UDP, ICMP. Everything whose meaning could depend on the receiver is refused here: options, extension
 * headers, fragments, tunnels, lengths that disagree, flags that no stack sends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "key.h"

enum ps_kind {
    PS_KIND_NONE = 0, /* refused before the addresses were known */
    PS_KIND_IP,       /* another IP protocol; also: refused behind the IP header */
    PS_KIND_TCP,
    PS_KIND_UDP,
    PS_KIND_ICMP,  /* ICMP or ICMPv6 */
    PS_KIND_ARP,   /* key.addr: sender and target */
    PS_KIND_FRAME, /* not IP; key.addr: the MACs */
};

enum ps_tcp_flag {
    PS_TCP_FIN = 0x01,
    PS_TCP_SYN = 0x02,
    PS_TCP_RST = 0x04,
    PS_TCP_PSH = 0x08,
    PS_TCP_ACK = 0x10,
    PS_TCP_URG = 0x20,
};

struct ps_desc {
    struct ps_key key; /* end 0 is the sender */
    const uint8_t *frame;   /* the Ethernet header; NULL: the packet has none */
    const uint8_t *network; /* the IP header or ARP message; NULL: not reached */
    const uint8_t *payload; /* behind the last header that was decoded */
    uint32_t payload_len;   /* octets of it that are here */
    uint32_t payload_wire;  /* octets of it on the wire; more when the capture cut the packet */
    uint32_t seq, ack;      /* TCP */
    uint32_t offset;        /* refused: octet of the packet that was looked at */
    uint16_t code;          /* ethertype, or DSAP of an 802.3 frame */
    uint8_t kind;           /* enum ps_kind */
    uint8_t reason;         /* enum ps_reason; 0: sound */
    uint8_t tcp_flags;      /* enum ps_tcp_flag */
    uint8_t icmp_type, icmp_code;
    uint8_t hop_limit;
    bool offloaded; /* a checksum or length that the sender's card had yet to fill in was taken */
};

/* What decode needs to know besides the octets. */
struct ps_decode_how {
    uint8_t checksums; /* enum ps_checksums */
    bool port_known;   /* a packet of a gateway's port, not of a capture: no loopback addresses */
};

struct ps_packet;

/* Fills desc. desc->reason says whether it may be used further; key as far as desc->kind tells. */
void ps_decode(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc);

/* ---- between the files of decode ------------------------------------------------------------------------------- */

/* The same without looking at what is common first. Neither of the two is worth being inlined: a caller that holds both
 * has no registers left for either. */
__attribute__((noinline, cold)) void ps_decode_closely(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc);

/* True: sound and of the common kind, and desc is what ps_decode_closely() would make of it. False: look closer. */
__attribute__((noinline)) bool ps_decode_common(const struct ps_packet *packet, struct ps_decode_how how, struct ps_desc *desc);

/* Are the header checksum of IPv4 without options, and that of TCP behind it, right? len: octets of the segment. A function
 * of its own: where it is needed no registers are left. */
__attribute__((noinline)) bool ps_decode_sums_are_right(const uint8_t *ip, uint32_t len);

/* 0.0.0.0/8 is "this host", 224/4 multicast, 240/4 reserved with the broadcast address: nobody sends from them. */
static inline bool ps_decode_is_bad_v4(uint32_t src, uint32_t dst, bool port_known)
{
    bool loops = src >> 24 == 127 || dst >> 24 == 127 || src == dst;
    return src >> 24 == 0 || src >> 28 >= 0xe || dst == 0 || (port_known && loops);
}

/* A position in the packet: what is here, and what was on the wire. */
struct ps_span {
    const uint8_t *start; /* of the packet */
    const uint8_t *at;
    uint32_t len;  /* octets from `at` that are here */
    uint32_t wire; /* octets from `at` on the wire; >= len */
};

/* Refuse at octet `skip` behind span->at; always false. */
bool ps_decode_refuse(struct ps_desc *desc, const struct ps_span *span, uint32_t skip, enum ps_reason reason);

/* Are n octets of header here? Otherwise refuses: cut-frame when the capture has them not, else `reason`. */
static inline bool ps_decode_need(struct ps_desc *desc, const struct ps_span *span, uint32_t n, enum ps_reason reason)
{
    if (span->len >= n)
        return true;
    return ps_decode_refuse(desc, span, span->len, span->wire >= n ? PS_REASON_CUT_FRAME : reason);
}

static inline void ps_span_skip(struct ps_span *span, uint32_t n)
{
    span->at += n;
    span->len -= n;
    span->wire -= n;
}

static inline uint16_t ps_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t ps_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline struct ps_mac ps_mac_at(const uint8_t *p)
{
    return (struct ps_mac){{p[0], p[1], p[2], p[3], p[4], p[5]}};
}

static inline uint64_t ps_be64(const uint8_t *p)
{
    return (uint64_t)ps_be32(p) << 32 | ps_be32(p + 4);
}

/* Behind an IP header: span ends where the IP length says. desc->key has addresses and protocol. */
bool ps_decode_transport(struct ps_desc *desc, struct ps_span *span, struct ps_decode_how how);
