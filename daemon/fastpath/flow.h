/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flow.h - the flow table: fixed capacity, one cache line decides the common case.
 *
 * Buckets of eight (tag, index) pairs lead to flow lines; every flow lives in one of two buckets. Lines are handed out
 * in order, so that a small capture touches few pages. The hash is symmetric (both directions find the same flow) and
 * seeded. Nothing here knows protocols or policy; the caller ends a flow before it removes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/terms.h"
#include "dissector.h"
#include "key.h"
#include "match.h"
#include "states.h"

enum ps_flow_phase {
    PS_FLOW_FREE = 0,
    PS_FLOW_OPENING, /* nobody has answered; TCP: only the client's SYN was seen */
    PS_FLOW_OPEN,
    PS_FLOW_CLOSED, /* stays until its place is needed, so that stragglers find it */
};

enum ps_flow_flag {
    PS_FLOW_GRANTED = 0x01,
    PS_FLOW_INSPECTED = 0x02, /* a dissector reads it, granted or not */
    PS_FLOW_NOT_OURS = 0x04,  /* passed and counted, judged by nobody */
    PS_FLOW_MISSED = 0x08,    /* bytes were missed: joined late, gap, or damage */
    PS_FLOW_BOUND_CLIENT = 0x10, /* the client's asset has a MAC */
    PS_FLOW_BOUND_SERVER = 0x20,
    PS_FLOW_RELAYED = 0x40, /* judged inline: half[0] is its relay, half[1] a block that it uses, for prefetching */
    PS_FLOW_STEADY = 0x80,  /* ... and that goes its way: what comes in order leaves as it came (ps_inline_is_steady) */
};

/* Per direction; the stream's business. */
enum ps_flow_dir_flag {
    PS_DIR_STARTED = 0x01, /* next[] is valid */
    PS_DIR_FIN = 0x02,     /* the FIN was taken, in order */
    PS_DIR_SEEK = 0x04,    /* looking for the start of a PDU */
    PS_DIR_LATE = 0x08,    /* ... because the flow was joined late, not because something was lost */
    PS_DIR_AHEAD = 0x10,   /* the peer has acknowledged more than was seen */
};

/* The hot line. */
struct ps_flow {
    struct ps_key key;  /* end 0 is the client */
    uint32_t next[2];   /* sequence number expected, by enum ps_dir; with a relay: a sum of headers (inline_steady.c),
                           PS_HEADERS_UNKNOWN after any change of what its sender is judged by */
    uint32_t half[2];   /* buffers of a direction, PS_NONE: none (stream.h) */
    uint32_t seen;      /* time of the last packet, in ticks */
    uint8_t phase;      /* enum ps_flow_phase */
    uint8_t flags;      /* enum ps_flow_flag */
    uint8_t dir[2];     /* enum ps_flow_dir_flag */
};

/* The last fact without values that was granted, and the rule that did: clients ask the same again and again. */
struct ps_flow_grant {
    struct ps_asked asked; /* op PS_OP_NONE: there is none; recalled: rules need not be fetched */
    uint32_t rule;  /* PS_NONE: none; of an uninspected flow the one that granted it */
};

/* What a packet judged in its flow needs besides; repeated polls stay within the first 64 octets. Counters of conduit
 * and rule are gathered here and handed on later (ps_verdict_settle), so that a packet need not touch those lines. */
struct ps_flow_cold {
    uint32_t packets;
    uint8_t reason;   /* enum ps_reason: why it is not granted */
    uint8_t protocol; /* whose dissector reads it, PS_PROTOCOL_NONE: none */
    uint16_t epoch;   /* which policy, in which state, all of this is of (rejudge.h) */
    uint32_t settled; /* of packets: those that the conduit's counter holds */
    uint32_t allowed; /* PDUs and packets that it does not hold yet */
    uint32_t replies; /* of allowed */
    uint32_t by_rule; /* what grant.rule has allowed and its counter does not hold yet */
    struct ps_flow_grant grant;
    uint32_t state;   /* its slot in the pool of `protocol` */
    struct ps_path path;
};

_Static_assert(offsetof(struct ps_flow_cold, path.mode) < 64, "what each packet of an inspected flow needs");

#define PS_FLOW_COLD_LEN 128u
#define PS_BUCKET_SLOTS 8u

struct ps_flow_bucket {
    uint32_t tag[PS_BUCKET_SLOTS];
    uint32_t line[PS_BUCKET_SLOTS]; /* index + 1; 0: empty */
};

struct ps_flow_table {
    struct ps_flow *flows;
    uint8_t *cold; /* PS_FLOW_COLD_LEN each */
    struct ps_states states[PS_N_DISSECTORS]; /* by protocol; none for PS_PROTOCOL_NONE */
    struct ps_flow_bucket *buckets;
    uint32_t *free_lines; /* a stack of lines that were given back */
    uint32_t n_free, n_fresh; /* fresh: lines never used start here */
    uint32_t capacity, bucket_mask;
    uint32_t hand; /* where the search for a victim goes on */
    uint64_t seed[2];
};

/* One tick is 2^20 ns, about a millisecond; the 32-bit count wraps after 52 days. */
static inline uint32_t ps_flow_ticks(uint64_t time_ns)
{
    return (uint32_t)(time_ns >> 20);
}
#define PS_TICKS_PER_S 954u

/* capacity is rounded up to a power of two; state_len: octets of protocol state of a flow, by protocol, 0: it has none.
 * False: no memory. */
bool ps_flow_table_init(struct ps_flow_table *table, uint32_t capacity, const uint32_t state_len[PS_N_DISSECTORS],
                        const uint64_t seed[2]);
void ps_flow_table_fini(struct ps_flow_table *table);

/* Both halves of a 64 x 64 bit product: without the seeds nobody can aim at a bucket. */
static inline uint64_t ps_flow_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t ps_flow_hash_end(const struct ps_flow_table *table, struct ps_addr addr, uint16_t port)
{
    return ps_flow_mix(addr.lo ^ table->seed[0], (addr.hi ^ table->seed[1]) + ((uint64_t)port << 32 | 0x9e3779b9u));
}

static inline uint64_t ps_flow_hash(const struct ps_flow_table *table, const struct ps_key *key)
{
    uint64_t a = ps_flow_hash_end(table, key->addr[0], key->port[0]);
    uint64_t b = ps_flow_hash_end(table, key->addr[1], key->port[1]);
    return ps_flow_mix((a + b) ^ table->seed[1], (a ^ b) + (table->seed[0] | 1) + key->id);
}

/* The line that probably holds the flow, by tag alone: for prefetching. PS_NONE: none. */
uint32_t ps_flow_hint(const struct ps_flow_table *table, uint64_t hash);

/* The flow of key or of its mirror image; PS_NONE: none. */
uint32_t ps_flow_find(const struct ps_flow_table *table, const struct ps_key *key, uint64_t hash);

/* A zeroed line with this key, or PS_NONE: a victim has to go first. The key must not be there. */
uint32_t ps_flow_insert(struct ps_flow_table *table, const struct ps_key *key, uint64_t hash);

/* Who makes room for this hash: closed flows first, then half-open and refused ones, then those without connection that
 * nobody has answered and that were idle for 2 s, then uninspected ones idle for 10 s, then inspected ones idle for a
 * day; of equals the one that was idle longest. PS_NONE: nobody; an established allowed flow is not evicted for a
 * newcomer. Looks at 80 lines at most. */
uint32_t ps_flow_victim(struct ps_flow_table *table, uint64_t hash, uint32_t now);

/* Protocol state of its protocol goes with it. */
void ps_flow_remove(struct ps_flow_table *table, uint32_t line);

/* From now on the flow is read by this protocol's dissector; once per flow. It has zeroed state. */
void ps_flow_set_protocol(struct ps_flow_table *table, uint32_t line, uint8_t protocol);

static inline struct ps_flow_cold *ps_flow_cold(const struct ps_flow_table *table, uint32_t line)
{
    return (struct ps_flow_cold *)(void *)(table->cold + (size_t)line * PS_FLOW_COLD_LEN);
}

/* Who sent a packet of the flow that has this key: enum ps_dir. */
static inline uint8_t ps_flow_dir(const struct ps_flow *flow, const struct ps_key *key)
{
    bool from_client = flow->key.port[0] == key->port[0] && flow->key.port[1] == key->port[1] &&
                       ps_addr_equal(flow->key.addr[0], key->addr[0]);
    return from_client ? PS_TO_SERVER : PS_TO_CLIENT;
}

/* Of a flow that has a protocol. */
static inline void *ps_flow_state(const struct ps_flow_table *table, uint32_t line)
{
    const struct ps_flow_cold *cold = ps_flow_cold(table, line);
    return ps_states_at(&table->states[cold->protocol], cold->state);
}

static inline void ps_flow_prefetch_bucket(const struct ps_flow_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->buckets[hash & table->bucket_mask], 0);
}
