/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_wire.h - frames of the adversary's world: segments, what stands around them, and everything in them that an
 * attacker bends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADV_FRAME_MAX 1600u

/* None; VLAN 7, which is the only one that the policy gives to the zones then; a priority tag, VLAN 0. */
enum adv_tag { ADV_TAG_NONE = 0, ADV_TAG_VLAN, ADV_TAG_PRIORITY, ADV_N_TAGS };

enum adv_trick {
    ADV_TRICK_NONE = 0,
    ADV_TRICK_CHECKSUM,  /* wrong */
    ADV_TRICK_NO_SUM,    /* 0 */
    ADV_TRICK_OFFSET_4,  /* data offset too small */
    ADV_TRICK_OFFSET_15, /* data offset into the data */
    ADV_TRICK_OPTION_0,  /* an option of length 0 */
    ADV_TRICK_OPTION_LONG,
    ADV_TRICK_OPTION_UNKNOWN,
    ADV_TRICK_MSS,       /* in a segment that is no SYN, or 1 in one that is */
    ADV_TRICK_MD5,
    ADV_TRICK_TIMESTAMP,
    ADV_TRICK_FAST_OPEN,
    ADV_TRICK_RESERVED,  /* reserved bits */
    ADV_TRICK_WINDOW_0,  /* says that its window is shut */
    ADV_TRICK_WINDOW_MAX,
    ADV_TRICK_TRAILER,   /* octets behind the IP packet */
    ADV_TRICK_SPOOF,     /* in the other host's name */
    ADV_TRICK_SACK,
    ADV_TRICK_AO,
    /* of IP */
    ADV_TRICK_IP_SUM,    /* wrong; of IPv6: another version */
    ADV_TRICK_IP_OPTION, /* record route; of IPv6: hop-by-hop options */
    ADV_TRICK_IP_OPTION_NOP, /* two kinds of nothing; of IPv6: destination options */
    ADV_TRICK_ROUTING,   /* IPv6: routing header; IPv4: loose source route */
    ADV_TRICK_HOPS_1,
    ADV_TRICK_HOPS_0,
    ADV_TRICK_RESERVED_IP, /* IPv4: the reserved flag; IPv6: a traffic class */
    ADV_TRICK_ECN,       /* congestion experienced */
    ADV_TRICK_LONG,      /* the IP length reaches beyond the frame */
    ADV_TRICK_SHORT,     /* it ends before the data does */
    ADV_TRICK_TUNNEL,    /* IP in IP */
    ADV_TRICK_ATOMIC,    /* the only fragment of its packet */
    /* of the link */
    ADV_TRICK_MPLS,
    ADV_TRICK_SNAP,
    ADV_TRICK_VLAN,      /* another VLAN */
    ADV_TRICK_TAG_0,     /* a priority tag in front */
    ADV_TRICK_TAG_FOREIGN, /* type 0x9100 */
    ADV_TRICK_TAGS_3,
    ADV_TRICK_MAC,       /* from the other host's address */
    ADV_TRICK_MAC_GROUP,
    ADV_TRICK_MAC_TO,    /* to nobody's address */
    ADV_TRICK_RUNT,      /* filled up to 60 octets with something */
    ADV_TRICK_CUT,       /* the frame ends before the packet */
    /* several packets; the second half of those that differ holds other octets where they overlap */
    ADV_TRICK_FRAGMENTS,
    ADV_TRICK_FRAGMENTS_REVERSED,
    ADV_TRICK_FRAGMENTS_TINY,
    ADV_TRICK_FRAGMENTS_TWICE,
    ADV_TRICK_FRAGMENTS_OVERLAP,
    ADV_TRICK_FRAGMENTS_DIFFER,
    ADV_TRICK_FRAGMENTS_OTHER_END,
    ADV_TRICK_FRAGMENTS_LOST,
    /* ICMP errors about what the other host sends: off from what has arrived of it, urg: the MTU */
    ADV_TRICK_UNREACHABLE,
    ADV_TRICK_TOO_BIG,
    ADV_TRICK_QUENCH, /* and for IPv6 a redirect */
    ADV_N_TRICKS,
};

/* ---- segments -------------------------------------------------------------------------------------------------- */

enum { ADV_FIN = 1, ADV_SYN = 2, ADV_RST = 4, ADV_PSH = 8, ADV_ACK = 16, ADV_URG = 32 };

struct adv_segment {
    uint32_t seq, ack;
    uint16_t window, urgent, mss; /* mss: of a SYN */
    uint8_t flags;
    uint8_t trick;
    bool sound; /* checksums and lengths are right */
    bool foreign; /* of another VLAN */
    bool astray;  /* to another MAC */
    uint8_t hops;
    uint32_t surplus;
    const uint8_t *data;
    uint32_t len;
    uint32_t options_len;
};

/* How the two hosts' packets look. */
struct adv_net {
    bool v6, pad;
    uint8_t tag;   /* enum adv_tag */
    uint16_t port; /* of the server */
};

/* A frame that `host` sends to the other; returns its length. */
uint32_t adv_build(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, const struct adv_segment *segment);
/* False: not a TCP segment to this host. */
bool adv_parse(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_segment *segment);

/* ---- link and IP ----------------------------------------------------------------------------------------------- */

/* What stands around a packet's payload. */
struct adv_packet {
    uint32_t vlan;     /* 0: none */
    uint8_t ip_proto, hops;
    bool sound;        /* the IP header's checksum is right */
    bool astray;       /* to another MAC */
    const uint8_t *ip; /* header */
    const uint8_t *payload;
    uint32_t len;      /* of the payload */
    uint32_t surplus;  /* octets behind the packet that are no filling */
};

/* Puts headers in front of a payload that lies at out + ADV_HEAD_MAX, moves it there, and does the trick. */
#define ADV_HEAD_MAX 120u
uint32_t adv_enclose(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, uint32_t len, uint8_t trick);
/* False: no packet from the other host to this one, or none that everybody reads in the same way. */
bool adv_disclose(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_packet *packet);
/* Of the pseudo header and the payload. */
uint16_t adv_sum(const struct adv_net *net, unsigned from, uint8_t ip_proto, const uint8_t *payload, uint32_t len);

/* A fragment of the packet in this frame, octets [from, to) of its payload, `more` behind it. */
struct adv_cut {
    uint16_t from, to, id;
    bool more, other; /* other: its octets are not the packet's */
};
uint32_t adv_fragment(const uint8_t *frame, uint32_t len, const struct adv_cut *cut, uint8_t out[ADV_FRAME_MAX]);
/* The fragments of this trick, or of a router for ADV_TRICK_FRAGMENTS; how many. */
uint32_t adv_cuts(uint8_t trick, uint32_t payload_len, struct adv_cut cuts[4]);
/* Octets of the payload of the packet in this frame. */
uint32_t adv_payload_len(const uint8_t *frame, uint32_t len);

/* An ICMP error of `host` about a segment of the other one with this number. */
uint32_t adv_icmp_build(const struct adv_net *net, uint8_t out[ADV_FRAME_MAX], unsigned host, const struct adv_segment *about);
struct adv_icmp {
    uint32_t seq, mtu;
    bool too_big;
};
/* False: no ICMP error to this host about a segment of its own. */
bool adv_icmp_parse(const struct adv_net *net, const uint8_t *frame, uint32_t len, unsigned host, struct adv_icmp *icmp);
