/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq_packet.h - one packet as the kernel's queue tells of it, and the Ethernet frame that the engine wants.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS_NFQ_HEAD_LEN 14u /* octets in front of the payload: a frame's addresses and type */
#define PS_NFQ_IPV4 0x0800u
#define PS_NFQ_IPV6 0x86ddu

struct ps_nfq_packet {
    uint32_t id;           /* for the verdict */
    uint32_t in, out;      /* index of the device, of a bridge's port rather than of the bridge; 0: not said */
    uint16_t type;         /* ethertype */
    bool has_source;
    uint8_t source[6];     /* MAC of who sent it into this segment */
    uint8_t *payload;      /* the IP packet */
    uint32_t len;          /* octets that are here */
    uint32_t wire_len;     /* octets that there are */
    bool partial_checksum; /* the sender's card was to fill it in: it is not wrong */
    uint8_t *start;        /* of the message: all up to the payload may be written over */
};

/* Is it none about a packet, but the kernel's answer that a verdict was good, or that its packet had gone with its device? */
bool ps_nfq_packet_is_fine(const uint8_t *data, size_t len);

/* Reads one message of a queue. false: the packet's number cannot be read. Pointers go into data. */
bool ps_nfq_packet_read(uint8_t *data, size_t len, struct ps_nfq_packet *packet);

/* Puts an Ethernet header in front of the payload, over what the message said there: to `own`, from who sent it, or from
 * `unknown` where that is not said. NULL: there is no payload. */
uint8_t *ps_nfq_packet_frame(const struct ps_nfq_packet *packet, const uint8_t own[6], const uint8_t unknown[6]);

/* Where the IP header of a frame is, whole, and which; 0: nowhere. */
uint32_t ps_nfq_packet_find_ip(const uint8_t *frame, uint32_t len, uint32_t *type);

/* Fills in the checksum of TCP or UDP that the sender's card was to fill in. */
void ps_nfq_packet_complete(const struct ps_nfq_packet *packet);
