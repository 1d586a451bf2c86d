/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq_hosts.h - which MAC an IP address has, where the kernel bridges and tells of a packet only who sent it.
 *
 * Frames of the engine's own need the MACs of both ends. Who was heard last stays known: another MAC takes an address over
 * when a packet of it was let pass, or when the one of before was not heard for PS_NFQ_HOSTS_AGE_NS. One worker's; no heap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PS_NFQ_HOSTS_SETS 1024u
#define PS_NFQ_HOSTS_WAYS 4u
#define PS_NFQ_HOSTS_AGE_NS (UINT64_C(300) * 1000000000)

struct ps_nfq_host {
    uint8_t addr[16]; /* of IPv4: 12 octets of 0xff in front */
    uint8_t mac[6];
    bool known;
    uint64_t heard_ns;
};

struct ps_nfq_hosts {
    struct ps_nfq_host hosts[PS_NFQ_HOSTS_SETS][PS_NFQ_HOSTS_WAYS];
};

/* An Ethernet frame's sender. passed: it was judged, and let pass. */
void ps_nfq_hosts_hear(struct ps_nfq_hosts *hosts, const uint8_t *frame, uint32_t len, bool passed, uint64_t now_ns);

/* Puts the MACs of both ends into a frame. False: one of them is not known. */
bool ps_nfq_hosts_address(const struct ps_nfq_hosts *hosts, uint8_t *frame, uint32_t len);
