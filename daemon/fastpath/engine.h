/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine.h - from packet to verdict.
 *
 * One engine per worker, shared-nothing, sized at start, no heap afterwards. The host (replay, a test; later DPDK and
 * NFQUEUE) hands it bursts of borrowed packets with arrival time and ingress port; it answers one decision per packet,
 * counts, and leaves events in a ring that the host drains.
 * An engine belongs to one thread, its worker's: what others may call says so.
 *
 *     decode -> flow -> stream -> inspect (frame, decode, match per PDU) -> verdict
 *
 * A passive engine judges every PDU it is shown as if the connection had lived, whatever it said about earlier ones, and
 * sends nothing. An inline engine stands between two ports: on TCP connections that a dissector reads no octet leaves
 * before its verdict, and the engine sends frames of its own (ps_engine_sends()). What came in at port 0 leaves at port 1
 * and the other way round.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/fact.h"
#include "base/reason.h"
#include "base/terms.h"
#include "dissector.h"
#include "match.h"
#include "vocab.h"

enum ps_link {
    PS_LINK_ETHERNET = 0,
    PS_LINK_IP, /* the frame starts with an IPv4 or IPv6 header */
};

#define PS_PORT_UNKNOWN UINT16_MAX
#define PS_PORTS_MAX 16 /* ingress ports of one engine */
#define PS_BURST_MAX 32
#define PS_TICK_MAX 64

struct ps_packet {
    const uint8_t *data; /* borrowed for the time of the call */
    uint32_t len;        /* octets in data */
    uint32_t wire_len;   /* octets it had on the wire; > len: the capture cut it */
    uint64_t time_ns;
    uint64_t number;     /* of the packet in its capture, from 1; 0: live */
    uint16_t port;       /* ingress port of the gateway, PS_PORT_UNKNOWN: not known */
    uint8_t link;        /* enum ps_link */
};

enum ps_verdict {
    PS_VERDICT_DROP = 0,
    PS_VERDICT_PASS,
};

struct ps_decision {
    uint8_t verdict; /* enum ps_verdict; with monitor mode PASS although `reason` says why it would not */
    uint8_t reason;  /* enum ps_reason of the first refusal in the packet; 0: none */
    bool monitored;  /* passed only because the conduit is in monitor mode */
    bool replaced;   /* dropped without a reason: something else was sent in its place, or what it said is known */
    bool crosses;    /* where ports are judged: of a connection between two ports, whose ends have both been heard */
    bool carries;    /* it passes, and of what else its sender says in this flow only headers would be looked at: TCP
                        without SYN, FIN and RST, and UDP. Holds as long as ps_engine_state() is what it is now */
    uint32_t to_zone; /* where ports are judged: of whom it is for; PS_NONE: not told, as of ARP, or it crosses */
};

/* A frame that the engine wants sent, of its own or in place of a packet that it said DROP to. */
struct ps_send {
    const uint8_t *data; /* of the link type that its flow's packets have */
    uint32_t len;
    uint16_t from;  /* ingress port of those in whose name it is, PS_PORT_UNKNOWN: not known */
    uint16_t port;  /* egress between two ports: the other one; PS_PORT_UNKNOWN: not known */
    uint16_t after; /* to be sent behind packets[after] of the burst; PS_SEND_FIRST: in front of all */
};

#define PS_SEND_FIRST UINT16_MAX

/* How much a checksum counts. */
enum ps_checksums {
    PS_CHECKSUMS_STRICT = 0, /* every wrong one is refused */
    PS_CHECKSUMS_OFFLOAD,    /* one that the sender's card had yet to fill in (0, or the pseudo header's sum) is
                                counted and taken: captures made on the sending host */
    PS_CHECKSUMS_IGNORE,
};

/* ---- what happened --------------------------------------------------------------------------------------------- */

enum ps_event_kind {
    PS_EVENT_NONE = 0,
    PS_EVENT_DENY,       /* class policy, enforced */
    PS_EVENT_WOULD_DENY, /* refused, but the conduit is in monitor mode */
    PS_EVENT_MALFORMED,  /* any other class, enforced */
    PS_EVENT_FLOW_START,
    PS_EVENT_FLOW_END,
    PS_EVENT_GAP, /* bytes of a flow are missing from the capture; `len` says how many */
};

/* What was judged. */
enum ps_judged_what {
    PS_JUDGED_PACKET = 0, /* a packet outside any inspected flow, or refused before one was known */
    PS_JUDGED_FLOW,       /* the opening of a flow: refused once, not packet by packet */
    PS_JUDGED_PDU,
};

/* Fixed size; the ring holds these. */
struct ps_event {
    uint64_t time_ns;
    uint64_t number; /* of the packet that completed it */
    uint8_t kind;    /* enum ps_event_kind */
    uint8_t what;    /* enum ps_judged_what */
    uint8_t reason;  /* enum ps_reason */
    uint8_t dir;     /* enum ps_dir: who sent it, relative to client */
    uint8_t ip_proto; /* 0: not IP */
    uint8_t protocol; /* enum ps_protocol */
    uint16_t vlan;    /* outermost VLAN id, 0: none */
    uint16_t client_port;
    uint16_t server_port; /* ICMP: type; not IP: ethertype */
    uint32_t conduit, rule; /* PS_NONE: none */
    uint32_t client_asset, server_asset, client_zone, server_zone;
    uint32_t generation; /* of the policy whose numbers conduit, rule, assets and zones are; 0: none was loaded */
    struct ps_addr client, server;         /* IP */
    struct ps_mac client_mac, server_mac;  /* not IP */
    uint32_t offset; /* malformed: octet of the PDU or packet at which the fault was found */
    uint32_t len;    /* PDU: its octets; gap: octets missing; flow-end: 0 */
    uint64_t packets; /* flow-end: packets of the flow */
    char operation[PS_OPERATION_TEXT_MAX]; /* PDU: policy notation; else "" */
};

/* One judgement, for observers (replay --pdus, learn, tests). Pointers live as long as the call. */
struct ps_judged {
    uint8_t what;    /* enum ps_judged_what */
    uint8_t reason;  /* PS_REASON_NONE: allowed */
    bool monitored;
    uint8_t dir;     /* enum ps_dir */
    uint8_t ip_proto;
    uint16_t vlan, client_port, server_port;
    uint64_t time_ns, number;
    struct ps_addr client, server;
    struct ps_mac client_mac, server_mac;
    const struct ps_path *path;          /* never NULL; what the policy says about the flow */
    uint32_t rule;                       /* that granted it (the last fact's), PS_NONE: none or a reply */
    const struct ps_dissector *dissector; /* PDU only, else NULL */
    const struct ps_facts *facts;        /* PDU only, else NULL; also of malformed PDUs, as far as decode came */
    const uint8_t *pdu;
    uint32_t pdu_len;
    uint32_t offset; /* of the fault */
};

/* Counters of one conduit, and of "no conduit" (the last one). */
struct ps_conduit_stats {
    uint64_t flows;   /* opened, allowed or not */
    uint64_t refused_flows;
    uint64_t packets; /* of its flows */
    uint64_t allowed; /* PDUs, and packets of uninspected protocols */
    uint64_t replies; /* of `allowed`: replies of inspected protocols */
    uint64_t denied;  /* PDUs, flows and packets refused; also those that monitor mode let pass */
    uint64_t monitored; /* of `denied`: let pass by monitor mode */
    uint64_t by_reason[PS_N_REASONS]; /* of `denied` */
};

struct ps_rule_stats {
    uint64_t allowed; /* request PDUs, or packets of uninspected protocols */
};

struct ps_engine_stats {
    uint64_t packets, bytes;
    uint64_t passed, dropped;
    uint64_t non_ip;
    uint64_t not_ours;  /* inside one zone: judged by nobody */
    uint64_t flows;     /* opened */
    uint64_t flows_now, flows_peak;
    uint64_t midstream; /* flows joined without their handshake */
    uint64_t pdus_allowed, pdus_denied; /* PDUs of inspected protocols */
    struct {
        uint64_t allowed, denied;
    } pdus[PS_N_DISSECTORS]; /* of them, by the protocol that their facts are of */
    uint64_t denied_by_class[PS_N_CLASSES];
    uint64_t denied_by_reason[PS_N_REASONS];
    uint64_t gaps, gap_bytes;       /* passive: missing bytes */
    uint64_t retransmissions;       /* segments with nothing new */
    uint64_t out_of_order;          /* segments kept until their turn */
    uint64_t unfinished_pdus;       /* flows that ended, or had a gap, inside a PDU */
    uint64_t offloaded_checksums;   /* see PS_CHECKSUMS_OFFLOAD */
    uint64_t cut_packets;           /* shorter than on the wire */
    uint64_t fragments_kept;        /* fragments that waited for others */
    uint64_t datagrams;             /* put together from fragments, and judged */
    uint64_t resyncs;               /* gap or damage after which a PDU start was found again */
    uint64_t skipped_bytes;         /* of directions in which no PDU start could be found */
    uint64_t events_lost;
    uint64_t evicted_flows;           /* that made room for others */
    uint64_t rejudged;                /* flows judged anew after a swap, or after a change of the policy's state */
    uint64_t rejudged_refused;        /* of them: no longer allowed, or could not go on */
    /* inline */
    uint64_t relays_now, relays_peak; /* connections that have numbers of their own */
    uint64_t sent_frames;             /* frames of the engine's own making */
    uint64_t sends_lost;              /* frames for which there was no room: they are made again later, or never */
    uint64_t held_pdus;               /* PDUs of which a part had to wait for the rest */
    uint64_t local_acks;              /* acknowledgements in the receiver's name */
    uint64_t resends;                 /* times that owned octets were sent again */
    uint64_t backpressure;            /* segments dropped because copies were full; their senders repeat them */
    uint64_t resets;                  /* connections that the engine has ended */
    uint64_t answers;                 /* requests that were refused in the server's name */
    uint64_t stale;                   /* segments that say nothing new and were not passed on */
    uint64_t evicted_half_open;       /* connections being opened that made room for others; refused with a reason each */
    uint64_t evicted_tombs;           /* tombstones that made room for others */
    uint64_t capped;                  /* over a capture: times that a cap would have refused something */
    uint64_t restored;                /* connections taken from a snapshot */
    uint64_t not_restored;            /* ... and not taken: the policy of now does not let them go on, or no room */
    uint64_t resumed;                 /* of those restored: went on, and are open again */
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct ps_engine;
struct ps_policy_slot; /* policy_slot.h */

struct ps_engine_config {
    uint32_t n_flows;         /* capacity; rounded up to a power of two */
    uint32_t n_streams;       /* flows that may hold an unfinished PDU or out-of-order bytes at one time */
    uint32_t reorder_segments; /* out-of-order segments kept over all flows */
    uint32_t n_events;        /* ring capacity, a power of two */
    uint8_t checksums;        /* enum ps_checksums */
    bool flow_events;         /* flow-start and flow-end events too */
    uint32_t gateway;         /* index in the image, PS_NONE: ports are not judged */
    uint16_t gateway_port[PS_PORTS_MAX]; /* ingress port -> port of that gateway, as the image counts them */
    uint32_t n_datagrams;     /* unfinished ones that came in fragments, 64 KiB each */
    uint32_t n_of_source;     /* of them from one source */
    uint64_t hash_seed[2];
    bool inline_;             /* judge before anything takes effect; false: passive */
    bool closely;             /* inline: nothing is judged at a glance; for tests, to which it makes no difference */
    bool captured;            /* inline, over a capture: receivers acknowledge what a gateway would have held, and
                                 nobody repeats what caps refuse: they only count (`capped`) */
    uint32_t n_relays;        /* inspected connections at one time, tombstones included */
    uint32_t n_chunks;        /* blocks of 496 octets for copies of what is unacknowledged, held or out of order */
    uint32_t unacked_octets;  /* per direction, besides the protocol's longest PDU */
    uint32_t send_octets;     /* frames of the engine's own per burst or tick */
    /* What one source may have in use at a time, and all connections of one conduit (docs/inline.md, "Bounds"). Each
     * engine counts for itself. */
    uint32_t flows_of_source;     /* not answered, or not allowed; 0: a quarter of n_flows */
    uint32_t new_of_source;       /* opened in a second; inline, not 0 */
    uint32_t half_open_of_source; /* inspected connections being opened; those of a conduit: its max_half_open */
    uint32_t held_of_source, held_of_conduit;       /* PDUs that wait for their rest */
    uint32_t reorder_of_source, reorder_of_conduit; /* octets kept of segments before their turn */
    uint32_t tombs_of_source, tombs_of_conduit;     /* connections that were reset, remembered */
    uint64_t snapshot_age_ns; /* how old a snapshot may be when it is restored (snapshot.h) */
    /* Called for every judgement when not NULL (slow path). */
    void (*on_judged)(void *ctx, const struct ps_judged *judged);
    void *on_judged_ctx;
};

/* Sensible values: 65,536 flows, passive replay; ports as the image counts them. */
void ps_engine_config_init(struct ps_engine_config *config);

/* An engine for this image (generation 1), or NULL when there is no memory. The image stays the caller's and must
 * outlive it. image NULL: until the first ps_engine_swap() everything is refused, with the reason no-policy. Memory
 * that is not touched is not resident. */
struct ps_engine *ps_engine_new(const struct ps_engine_config *config, const struct ps_image *image);
/* Slots that were swapped in are the caller's to free afterwards. */
void ps_engine_free(struct ps_engine *engine);

/* Judge n <= PS_BURST_MAX packets; out[i] is about packets[i]. Times must not go back by more than the capture does:
 * the engine's clock is the latest time seen. */
void ps_engine_burst(struct ps_engine *engine, const struct ps_packet *packets, uint32_t n, struct ps_decision *out);

/* Which policy, in which state of what control has changed about it, the last burst was judged by: 24 bits, which two that
 * follow one another never share. ps_policy_slot_state() says the same of a slot. */
uint32_t ps_engine_state(const struct ps_engine *engine);

/* Frames of the last burst or tick, in order; they live until the next one. */
uint32_t ps_engine_sends(const struct ps_engine *engine, const struct ps_send **sends);

/* Time passes: timers that are due act (repetition of owned octets, acknowledgements in the receiver's name, held PDUs
 * that took too long, tombstones), and datagrams of which fragments are missing are forgotten. At most PS_TICK_MAX of them per call; true while more are due. */
bool ps_engine_tick(struct ps_engine *engine, uint64_t now_ns);

/* When there is something to do next; UINT64_MAX: nothing. */
uint64_t ps_engine_next_tick(const struct ps_engine *engine);

/* Do the numbers and copies of every inspected connection fit together, and is every block of copies somebody's? For
 * tests. */
bool ps_engine_check(const struct ps_engine *engine);

/* The engine is about to judge nothing any more: inspected connections that it owes octets to, acknowledged in their
 * receiver's name and not delivered, are reset at both ends (`undelivered`), since nobody else has those octets. Worker's
 * thread, after its last packet; *at is 0 first. Frames that it sends are those of ps_engine_sends() until the next call. True
 * while there is more to do; false at once where the engine is not inline. */
bool ps_engine_leave(struct ps_engine *engine, uint32_t *at);

/* ---- another policy ---------------------------------------------------------------------------------------------- */

/* Policies that flows may hold numbers of at one time. */
#define PS_POLICIES_MAX 8u

/* From the next packet on this policy judges (policy_slot.h). Worker's thread, between two bursts; no heap, no lock,
 * no walk. Flows that are there are judged anew at their next packet, or by ps_engine_sweep(), whichever comes first:
 * one that stays allowed goes on with its protocol's state, held octets and numbers; one that does not is ended, an
 * inspected TCP connection by a reset of both ends. False, nothing has happened: PS_POLICIES_MAX are in use, sweep
 * first. */
bool ps_engine_swap(struct ps_engine *engine, struct ps_policy_slot *slot);

#define PS_SWEEP_MAX 256u

/* Judges anew up to max flows (no more than PS_SWEEP_MAX) that an older policy, or an older state of this one, was
 * asked about. Worker's thread, between two bursts; frames that it sends are those of ps_engine_sends() until the
 * next burst, tick or sweep, so send those of the last burst before. True while there is more to do: call it after
 * each burst until it says false; then it costs next to nothing. */
bool ps_engine_sweep(struct ps_engine *engine, uint32_t max);

/* The generation of the oldest policy that flows hold numbers of; the current one's when there is none older. Any
 * thread. */
uint32_t ps_engine_oldest_policy(const struct ps_engine *engine);

/* The capture ends: judge what reordering still holds, end all flows (flow-end events, unfinished PDUs). Call
 * ps_engine_events() afterwards; true while there may be more to flush. */
bool ps_engine_finish(struct ps_engine *engine);

/* Takes up to max events, oldest first, out of the ring. One thread at a time, be it another one than that which hands
 * the engine its bursts. */
uint32_t ps_engine_events(struct ps_engine *engine, struct ps_event *events, uint32_t max);

/* ---- counters --------------------------------------------------------------------------------------------------- */

const struct ps_engine_stats *ps_engine_stats(const struct ps_engine *engine);
/* Of the current policy. conduit == ps_image_n_conduits(): traffic of no conduit. The first of these two after a
 * burst walks the flows, which count for their conduits and rules in between. Worker's thread, not while a burst is
 * judged: for tools and tests. A gateway reads its slots (policy_slot.h) and has the flows hand on in steps. */
const struct ps_conduit_stats *ps_engine_conduit_stats(struct ps_engine *engine, uint32_t conduit);
const struct ps_rule_stats *ps_engine_rule_stats(struct ps_engine *engine, uint32_t rule);

/* Flows hand on what they have counted for their conduits and rules: the next max lines of the table, in rounds. False:
 * that was the end of a round, the next call begins another. Worker's thread. */
bool ps_engine_settle_flows(struct ps_engine *engine, uint32_t max);

/* What ps_engine_stats() points to, read by any thread while the worker counts: each number is whole, though not all
 * are of the same moment. */
void ps_engine_stats_read(const struct ps_engine *engine, struct ps_engine_stats *out);
