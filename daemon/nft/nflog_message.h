/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nflog_message.h - what the kernel's packet log tells (linux/netfilter/nfnetlink_log.h), and the packet in it.
 *
 * A datagram holds one message or several. Nothing in them is believed: lengths are looked at, and what is missing is said to
 * be. Pointers go into the datagram.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS_NFLOG_COPY 2048u /* octets of a packet that the kernel is asked for: whatever comes in one frame */
#define PS_NFLOG_LINK_MAX 18u /* octets in front of them: Ethernet, and the tag that the kernel took off */
#define PS_NFLOG_PACKET_MAX (PS_NFLOG_LINK_MAX + PS_NFLOG_COPY)

enum ps_nflog_what {
    PS_NFLOG_GARBLED = 0, /* no message of the log, or one without a packet and a prefix */
    PS_NFLOG_PACKET,
    PS_NFLOG_NOTHING, /* the mark behind several messages */
    PS_NFLOG_END,     /* nothing is left of the datagram */
};

struct ps_nflog {
    const char *prefix; /* not ended by a NUL */
    uint32_t prefix_len;
    uint32_t in, out; /* index of the device, of a bridge's port rather than of the bridge; 0: not said */
    uint64_t time_ns; /* calendar, since 1970; 0: not said */
    bool has_sequence;
    uint32_t sequence; /* of the message in its group: a number that is missing was lost */
    const uint8_t *link; /* the Ethernet header, 14 octets; NULL: not said, or the device has another one */
    bool has_tag;
    uint16_t tag_type, tag; /* the outermost tag, which the kernel has taken off */
    const uint8_t *payload; /* from the IP header on, or from what stands in its place */
    uint32_t len;
};

/* The next message of a datagram, whose octets begin at *at, aligned to 4, and which is left behind. */
enum ps_nflog_what ps_nflog_next(const uint8_t **at, size_t *len, struct ps_nflog *out);

struct ps_packet;

/* The packet as it came: out->data is in room. Of an unknown port; its time is the message's. */
void ps_nflog_packet(const struct ps_nflog *message, uint8_t room[PS_NFLOG_PACKET_MAX], struct ps_packet *out);
