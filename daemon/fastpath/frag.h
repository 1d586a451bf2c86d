/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frag.h - IP fragments put together, for conduits with fragments = "reassemble".
 *
 * Nothing of a datagram is given back before all of it is there, so what the receiver would have made of its fragments
 * never matters: it gets none. Receivers differ in which of two overlapping fragments they believe, so a datagram with
 * an overlap is not believed at all: it is discarded, and its identification remembered until the time-out, so that its
 * other fragments do not make a datagram again. An exact repetition of a fragment is no overlap.
 *
 * The catalogue's rows are NV-F01 to NV-F11 and NV-603. All memory is taken at the start: PS_FRAG_FRAME_MAX octets and a
 * little for each datagram. A datagram costs one slot; a source has so many at most, then its oldest goes, and when all
 * are in use the oldest of all goes. (A seeded hash of the source decides: sources that share a bucket share its slots.)
 *
 *     ps_decode(packet, how, &desc);
 *     if (desc.reason == PS_REASON_FRAGMENT && the conduit reassembles) {
 *         struct ps_frag_answer answer = ps_frag_take(&table, packet, &desc);
 *         if (answer.result == PS_FRAG_WHOLE)
 *             judge answer.whole in the place of packet; DROP packet itself whatever comes of it
 *     }
 *     at the end of the burst: ps_frag_release(&table);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/reason.h"
#include "decode.h"
#include "engine.h"

#define PS_FRAG_PIECES_MAX 64u /* fragments of a datagram */
#define PS_FRAG_LINK_MAX 22u   /* octets in front of the IP header: Ethernet and two tags */
#define PS_FRAG_DATA_MAX 65535u
#define PS_FRAG_HEAD_MAX (PS_FRAG_LINK_MAX + 40u)
#define PS_FRAG_FRAME_MAX (PS_FRAG_HEAD_MAX + PS_FRAG_DATA_MAX)
#define PS_FRAG_TIMEOUT_NS UINT64_C(15000000000)

/* Zero refuses. */
enum ps_frag_result {
    PS_FRAG_REFUSED = 0, /* reason says why */
    PS_FRAG_KEPT,        /* copied; the datagram is not whole yet */
    PS_FRAG_WHOLE,       /* this was the last one */
};

struct ps_frag_answer {
    uint8_t result;         /* enum ps_frag_result */
    uint8_t reason;         /* enum ps_reason */
    struct ps_packet whole; /* link header of the first fragment, IP header without fragmentation, all octets; lives until
                               ps_frag_release(). May be longer than what any link carries: ps_frag_cut() */
    uint32_t id;            /* that its fragments had */
};

struct ps_frag_config {
    uint32_t n_datagrams; /* unfinished ones */
    uint32_t per_source;  /* of them from one source */
    uint64_t timeout_ns;  /* 0: PS_FRAG_TIMEOUT_NS */
    uint64_t seed[2];
};

struct ps_frag_stats {
    uint64_t n_expired; /* datagrams that stayed unfinished */
    uint64_t n_evicted; /* unfinished ones that made room */
    uint64_t n_discarded; /* whose fragments contradicted each other */
};

struct ps_frag; /* frag.c: one datagram */

struct ps_frag_table {
    struct ps_frag *slots;
    uint8_t *frames; /* PS_FRAG_FRAME_MAX octets for each slot */
    uint32_t *buckets; /* by source: its oldest; PS_NONE: none */
    uint32_t n_slots, bucket_mask, per_source;
    uint32_t free, done;     /* chains of slots: unused, given out as whole */
    uint32_t oldest, newest; /* of the unfinished and the remembered */
    uint64_t timeout_ns;
    uint64_t seed[2];
    struct ps_frag_stats stats;
};

/* False: no memory. */
bool ps_frag_init(struct ps_frag_table *table, const struct ps_frag_config *config);
void ps_frag_fini(struct ps_frag_table *table); /* a zeroed one is fine */

/* packet is an IP fragment, desc what ps_decode() made of it: reason PS_REASON_FRAGMENT. The clock is packet->time_ns. */
struct ps_frag_answer ps_frag_take(struct ps_frag_table *table, const struct ps_packet *packet,
                                   const struct ps_desc *desc);

/* When the next datagram's time is over, UINT64_MAX: there is none. */
uint64_t ps_frag_due(const struct ps_frag_table *table);

/* Datagrams whose time is over at now_ns go, at most n_slots; ps_frag_take() does the same. Returns ps_frag_due(). */
uint64_t ps_frag_expire(struct ps_frag_table *table, uint64_t now_ns);

/* The datagrams that were given out as whole are done with. */
void ps_frag_release(struct ps_frag_table *table);

/* A datagram that was judged whole, on its way out again over a link that it may be too long for. */
struct ps_frag_cut {
    const uint8_t *packet; /* link header, IP header, data */
    const uint8_t *ip;
    uint32_t len;  /* of all of it */
    uint32_t mtu;  /* octets from the IP header on that the link carries, 576 or more */
    uint32_t id;   /* for IPv6; IPv4 has it in its header */
};

/* Part n = 0, 1, ... of it as a packet in out, which has room for PS_FRAG_LINK_MAX + mtu octets. Its length; 0: there are no
 * more parts. What is short enough is its own part 0. */
uint32_t ps_frag_next(const struct ps_frag_cut *cut, uint32_t n, uint8_t *out);

/* For tests: counts, chains and extents agree. */
bool ps_frag_check(const struct ps_frag_table *table);
