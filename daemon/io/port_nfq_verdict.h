/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq_verdict.h - what is said about the packets of a burst, in their order, as messages to the kernel's queue.
 *
 * One message speaks for all packets up to a number that have no verdict yet: a row of packets that pass, or are dropped, is
 * one message. That is safe as long as every packet in front of the row has its verdict, so nothing is ever skipped: what
 * nobody has said anything about is dropped before what comes behind it passes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

#define PS_NFQ_PACKET_MAX 65531u                 /* octets of a packet that an attribute holds */
#define PS_NFQ_SAID_ENOUGH (UINT32_C(32) << 10)  /* octets of messages that had better be sent */
#define PS_NFQ_SAID_MAX (PS_NFQ_SAID_ENOUGH + PS_NFQ_PACKET_MAX + 1024u)

struct ps_nfq_verdicts {
    uint8_t *data;      /* PS_NFQ_SAID_MAX octets, aligned for numbers */
    uint32_t len;       /* of messages that are to be sent */
    uint16_t queue;     /* its number */
    uint32_t mark;      /* that packets get which pass, 0: none */
    uint32_t ids[PS_BURST_MAX];
    uint32_t n;         /* packets of the burst */
    uint32_t n_said;    /* the first ones, which have a verdict */
    uint32_t n_passing; /* the last ones of those, which pass, and which no message tells yet */
    uint32_t last_id;   /* of all that came */
    bool blind;         /* there may be packets that nobody knows of */
};

/* A burst begins. */
void ps_nfq_verdicts_begin(struct ps_nfq_verdicts *v);
/* One packet more of it; or one that is dropped at once and is not of it. */
void ps_nfq_verdicts_add(struct ps_nfq_verdicts *v, uint32_t id);
void ps_nfq_verdicts_refuse(struct ps_nfq_verdicts *v, uint32_t id);

/* A packet came whose number cannot be read, or a verdict did not count. All that has none is dropped before the next packet
 * has its. */
static inline void ps_nfq_verdicts_lose_sight(struct ps_nfq_verdicts *v)
{
    v->blind = true;
}

/* Packet i passes, as it is or with these octets in its place; those in front of it that have no verdict are dropped. i is
 * greater than that of the call before; len at most PS_NFQ_PACKET_MAX. Afterwards: ps_nfq_verdicts_enough(). */
void ps_nfq_verdicts_pass(struct ps_nfq_verdicts *v, uint32_t i);
/* The same, with this mark; i is not said by a row. */
void ps_nfq_verdicts_pass_marked(struct ps_nfq_verdicts *v, uint32_t i, uint32_t mark);
void ps_nfq_verdicts_replace(struct ps_nfq_verdicts *v, uint32_t i, const uint8_t *data, uint32_t len);

/* Everything that passes so far is told: something else may go behind it, when the messages have been sent. */
void ps_nfq_verdicts_settle(struct ps_nfq_verdicts *v);
/* The burst is over: the rest is dropped. */
void ps_nfq_verdicts_end(struct ps_nfq_verdicts *v);

/* Send them before there are more. */
static inline bool ps_nfq_verdicts_enough(const struct ps_nfq_verdicts *v)
{
    return v->len > PS_NFQ_SAID_ENOUGH;
}

/* They are sent. */
static inline void ps_nfq_verdicts_sent(struct ps_nfq_verdicts *v)
{
    v->len = 0;
}

/* They could not be sent. What they would have let pass must not pass by a later row: all that came is dropped instead,
 * and that has to be sent before anything else. */
void ps_nfq_verdicts_give_up(struct ps_nfq_verdicts *v);
