/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * steer.h - the rules that bring packets to the queues of penstockd, and let nothing past them.
 *
 * One table of our own, replaced as a whole. What would be forwarded from one port to another goes to the queues; what would
 * be forwarded between a port and anything else is dropped. Without a daemon the kernel drops what is for a queue, and the
 * table stays when the daemon ends: closed.
 *
 * Where the kernel routes, packets of flows that penstockd has let it carry go past the queue (steer_carry.c): of a packet that
 * passed with a mark, PS_STEER_CARRY and the state of the policy that judged it, the ends go into a set for a while. The mark
 * counts while the state is that of ps_steer_carry_for().
 *
 * Ports of a bridge are asked about by br_netfilter, as if the kernel routed from the bridge to the bridge. A second table, of
 * the bridge, drops whatever comes through without a verdict: what is not IP but for ARP, and all of it should br_netfilter be
 * turned off. So packets that pass have our mark there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS_STEER_TABLE "penstock_queue"
#define PS_STEER_LOCK "nfqueue" /* who has it has the table (io/lock.h) */
/* Of packets that penstockd sends itself: not for conntrack, and for the host's own rules to know them by; and of those that
 * pass a bridge. */
#define PS_STEER_MARK UINT32_C(0x70656e73)

/* Of packets whose flow may be carried, with the state in the lower 24 bits. */
#define PS_STEER_CARRY UINT32_C(0x50000000)
#define PS_STEER_STATE UINT32_C(0x00ffffff)

struct ps_batch;

struct ps_steer {
    const char *const *ports; /* netdevs */
    uint32_t n_ports;
    const char *bridge; /* that the ports are of; NULL: the kernel routes between them */
    uint16_t queue;  /* number of the first */
    uint16_t n_queues; /* packets are spread over them by addresses */
};

/* Puts the rules in force, all at once. false and a sentence in err: what was there before still is. */
bool ps_steer_load(const struct ps_steer *steer, char *err, size_t err_size);

/* Nothing is carried any more of what was let before, in one transaction; from here on what is let in this state is. false and
 * a sentence in err: nothing has changed. */
bool ps_steer_carry_for(uint32_t state, char *err, size_t err_size);
/* Nothing is carried any more. */
bool ps_steer_carry_nothing(char *err, size_t err_size);

/* What went past the queues since the rules were put in force. false: there are none. */
bool ps_steer_carried(uint64_t *packets, uint64_t *octets);

/* steer_carry.c: what the inet table has for that. Sets and the chains "carry", which comes before a queue, and "forwarded", a
 * hook behind it. */
void ps_steer_put_carrying(struct ps_batch *batch, const struct ps_steer *steer, int32_t priority);
