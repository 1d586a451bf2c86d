/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig_inline.h - an inline engine between two hosts; what leaves it is written down.
 *
 * The client is behind port 0, the server behind port 1. After every packet and tick the engine's own check must hold,
 * and every frame that it sends must be sound and look like those of the host in whose name it is sent. What stands in front
 * of the TCP header the environment's TWO_LINK says: ipv4 (or nothing), ipv6, priority, vlan, qinq-ipv6.
 */
#pragma once

#include "rig.h"

#define TWO_FRAMES 64u

/* A frame that the engine has sent. */
struct two_frame {
    uint8_t dir; /* enum ps_dir: towards whom */
    uint8_t flags;
    uint32_t seq, ack, len;
    uint16_t window, after;
    uint8_t data[1600];
    uint8_t raw[1700];
    uint32_t raw_len;
};

/* What stands in front of the TCP header. */
struct two_link {
    const char *name;
    bool v6;
    unsigned n_tags;
    uint16_t tags[2][2]; /* type and priority with VLAN id, the outermost last */
};

struct two {
    struct rig r;
    const struct two_link *link;
    uint32_t head;   /* octets of it */
    uint32_t addr[2];
    uint16_t port[2];
    uint32_t isn[2]; /* number of the first octet of each, by enum ps_dir */
    uint32_t seq[2]; /* next of the sender */
    uint32_t ack[2]; /* what the packets of a direction acknowledge of the other one */
    uint16_t window[2];
    const void *options; /* of the next packet only */
    uint32_t options_len;
    uint8_t hops[2];     /* hop limit of each host's packets */
    uint8_t tos;         /* service and ECN of the next packet only */
    uint8_t reserved;    /* reserved bits of the TCP header, likewise */
    uint16_t urgent;     /* where urgent data ends, likewise */
    uint16_t sum;        /* what is wrong with the TCP checksum, likewise */
    uint8_t client_mac;  /* last octet */
    uint32_t trailer;    /* octets behind the IP packet, of the next one only */
    bool crossed;        /* the next one, and no other, comes in at the other port */
    uint32_t router;     /* in whose name two_error() speaks, 0: the other end's */
    struct two_frame out[TWO_FRAMES];
    uint32_t n_out;
    bool spoken; /* a packet was fed since the last two_expect() */
};

/* config NULL: defaults. mode: what else the conduit says, such as "on_deny = \"drop\";", NULL: nothing. */
void two_init(struct two *w, const struct ps_engine_config *config, const char *mode);
void two_fini(struct two *w);

/* The plant that they live in, as text. rules: of the one conduit, NULL: hmi reads, sets holding:40-47 and uses the web. */
void two_plant(char text[4096], const char *mode, const char *rules);

/* A step of the sweep; what it sends is written down. */
bool two_sweep(struct two *w, uint32_t max);

/* Frames that the engine has sent are written down. */
void two_collect(struct two *w);

void two_config(struct ps_engine_config *config);

/* Octets in front of the TCP header. */
uint32_t two_head(void);

/* An address of the tests as it stands in the packet: of IPv6 10.0.c.d is fd00:c::d. */
struct ps_addr two_addr(const struct two *w, uint32_t addr);

/* SYN, SYN-ACK, ACK: all pass. */
void two_open(struct two *w);
/* Another pair of ports, not opened yet. */
void two_again(struct two *w);

/* One segment, `offset` away from the next number of its sender. */
struct ps_decision two_at(struct two *w, unsigned dir, int32_t offset, uint8_t flags, const char *hex);
struct ps_decision two_bytes(struct two *w, unsigned dir, int32_t offset, uint8_t flags, const void *data, uint32_t len);
/* The next octets; the sender goes on. */
struct ps_decision two_say(struct two *w, unsigned dir, const char *hex);
/* An acknowledgement alone of all that was said so far, or up to `offset` from its start. */
struct ps_decision two_ack(struct two *w, unsigned dir, uint32_t offset);

/* An error from the receiver's side about a segment of direction dir, `offset` away from the first number of its sender.
 * mtu 0: unreachable; else the segment was too big for a link of that. */
struct ps_decision two_error(struct two *w, unsigned dir, int32_t offset, uint32_t mtu);

/* So many milliseconds later. */
void two_tick(struct two *w, uint32_t ms);

/* The engine is about to end; what it sends is written down. */
void two_leave(struct two *w);

/* What became of the last packet, and the frames sent since the last call of this:
 *     "="         the packet passed as it came            ">12:5a7"    5 octets from number 12 to the server,
 *     "~"         something was sent in its place                      which acknowledges 7
 *     "!closed"   it was refused                          "<0:0a12F"   to the client, with FIN (R: RST, S: SYN)
 * Numbers count from the first octet of each direction. */
void two_expect(struct two *w, const char *what);

