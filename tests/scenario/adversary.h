/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary.h - a scripted world: a clock, two hosts, the gateway between them, a lossy network on both sides.
 *
 *     client (host 0) -- link 0 -> port 0 [gateway] port 1 -- link 1 -> server (host 1)
 *                     <- link 3 --                         <- link 2 --
 *
 * A schedule is a setup and a list of steps; nothing else decides what happens, so that it can be written down, replayed
 * and shrunk. Both hosts are honest TCP stacks; one of them may also be hostile: beside its stack it sends segments made
 * by hand. What the gateway judges is told to the world (adv_judged()); after every event the world holds it against what
 * left the gateway and what the applications got.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adversary_plan.h"
#include "adversary_wire.h"
#include "engine.h"

#define ADV_STEPS_MAX 96u
#define ADV_FLIGHT_MAX 192u
#define ADV_NEVER UINT64_MAX
#define ADV_MS UINT64_C(1000000)

/* ---- schedule -------------------------------------------------------------------------------------------------- */

/* What the setup says; each a number, 0 when not said. Those of host 1 follow those of host 0. */
enum adv_key {
    ADV_HOSTILE, /* 0: nobody, 1: the client, 2: the server */
    ADV_MUTE,    /* of the hostile stack. 1: never repeats, 2: never acknowledges */
    ADV_DELAY,   /* of each link, in ms */
    ADV_THINK,   /* of the server, before a reply, in ms */
    ADV_POLICY,  /* enum adv_policy */
    ADV_POLICY1,
    ADV_LAX,     /* bits ADV_LAX_* */
    ADV_LAX1,
    ADV_WINDOW,  /* octets of the receive buffer; 0: 4096 */
    ADV_WINDOW1,
    ADV_MSS,     /* 0: 1460 */
    ADV_MSS1,
    ADV_NAGLE,
    ADV_NAGLE1,
    ADV_DELACK,  /* ms until a lone segment is acknowledged; 0: at once */
    ADV_DELACK1,
    ADV_KEEP,    /* ms of silence until a keep-alive; 0: none */
    ADV_KEEP1,
    ADV_PROBE,   /* keep-alives and window probes: 0: no octet, 1: one octet */
    ADV_PROBE1,
    ADV_ISN,
    ADV_ISN1,
    ADV_NUISANCE, /* 1, 2: this honest host's name is also on segments that a sound stack ignores */
    ADV_DENY,     /* of the conduit: enum adv_deny */
    ADV_PROTOCOL, /* enum adv_spoken */
    ADV_V6,       /* IPv6 */
    ADV_TAG,      /* enum adv_tag */
    ADV_PAD,      /* short frames are filled up with zeros, as cards do */
    ADV_FRAGMENTS, /* of the conduit: they are put together */
    ADV_WHOLE,    /* of the conduit: segments = "whole" */
    ADV_CHUNKS,   /* blocks that the gateway has for copies; 0: 64 */
    ADV_AGAIN,    /* how far behind the last number the next connection of the same ports starts; 0: 70001 */
    ADV_N_KEYS,
};

enum adv_deny { ADV_DENY_RESET = 0, ADV_DENY_DROP, ADV_DENY_ANSWER };

/* Which octets a receiver keeps where segments overlap: see section 1 of the catalogue of evasions. */
enum adv_policy {
    ADV_FIRST = 0,
    ADV_LAST,
    ADV_BSD,
    ADV_LINUX,
    ADV_WINDOWS,
    ADV_DEVICE, /* first; each read is one PDU to it */
    ADV_N_POLICIES,
};

/* What a receiver does that it should not. Nothing that leaves the gateway may depend on it. */
enum adv_lax {
    ADV_LAX_CHECKSUM = 1,  /* wrong ones are taken */
    ADV_LAX_ACK = 2,       /* data counts whatever is acknowledged, or without ACK */
    ADV_LAX_WINDOW = 4,    /* data beyond the window is taken */
    ADV_LAX_SYN_DATA = 8,
    ADV_LAX_SYN_LAST = 16, /* a SYN with another number starts anew while opening */
    ADV_LAX_AFTER_FIN = 32,
    ADV_LAX_URGENT = 64,   /* the octet before the urgent pointer is taken out of the stream */
    ADV_LAX_URGENT_AT = 128, /* the one at the pointer is */
    ADV_LAX_ROUTED = 256,    /* a router stands before it, where hop limit 1 ends */
};

enum adv_verb {
    ADV_OPEN = 0, /* the client connects, or connects again when that is over */
    ADV_WAIT,     /* ms */
    ADV_APP,      /* host, len: the application writes so many octets of its plan */
    ADV_CLOSE,    /* host: its application has said all */
    ADV_STALL,    /* host, on: its application reads nothing (1) or goes on (0) */
    ADV_FAULT,    /* link, what, nth, ms: of the packets that come, the nth (from 0) meets this */
    ADV_RAW,      /* a segment by hand of the hostile host, or of the nuisance; see enum adv_raw */
    ADV_RESTART,  /* the gateway forgets everything */
    ADV_N_VERBS,
};

/* Cut: it goes on as two IP fragments, the second one so late; in front of the gateway only. */
enum adv_fault_what { ADV_LOSE = 0, ADV_REPEAT, ADV_LATE, ADV_CORRUPT, ADV_CUT, ADV_N_FAULTS };

/* Arguments of ADV_RAW. */
enum adv_raw {
    ADV_RAW_AT,    /* what `off` counts from: enum adv_at */
    ADV_RAW_OFF,
    ADV_RAW_LEN,
    ADV_RAW_HOW,   /* which octets: enum adv_how */
    ADV_RAW_FLAGS, /* 0: ACK and PSH; 256: none */
    ADV_RAW_SEQ,   /* added to the sequence number, not to the place in the plan */
    ADV_RAW_ACK,   /* added to the right acknowledgement */
    ADV_RAW_URG,
    ADV_RAW_TRICK, /* enum adv_trick */
    ADV_N_ARGS,
};

enum adv_at { ADV_AT_START = 0, ADV_AT_UNA, ADV_AT_NXT, ADV_AT_EDGE };
struct adv_step {
    uint8_t verb;
    int32_t arg[ADV_N_ARGS];
};

struct adv_schedule {
    int32_t setup[ADV_N_KEYS];
    char plan[ADV_PDUS_MAX + 1]; /* one letter per request: see adversary_plan.c */
    struct adv_step steps[ADV_STEPS_MAX];
    uint32_t n_steps;
};

/* One of the schedules of a seed. kind: 0: any, 1: honest only, 2: hostile only, 3: honest without
 * a nuisance. */
void adv_generate(struct adv_schedule *schedule, uint64_t seed, int kind);
/* As text, to be read again; adv_read() gives NULL or what is wrong. */
void adv_write(const struct adv_schedule *schedule, void *file);
const char *adv_read(struct adv_schedule *schedule, char *text);

/* ---- hosts ----------------------------------------------------------------------------------------------------- */

enum adv_state { ADV_CLOSED = 0, ADV_LISTENING, ADV_SYN_SENT, ADV_SYN_GOT, ADV_ESTABLISHED, ADV_DEAD };
enum adv_timer { ADV_T_REPEAT = 0, ADV_T_PERSIST, ADV_T_DELACK, ADV_T_KEEP, ADV_T_THINK, ADV_N_TIMERS };

/* What arrived and waits for its turn, octet by octet; from..to: the segment that brought it. */
struct adv_receiver {
    uint8_t octets[ADV_STREAM_MAX];
    bool have[ADV_STREAM_MAX];
    uint16_t from[ADV_STREAM_MAX], to[ADV_STREAM_MAX];
    uint32_t next; /* octets in order */
    uint32_t fin;  /* where the stream ends; UINT32_MAX: not known */
    uint32_t cut;  /* octet that urgent data takes out; UINT32_MAX: none */
    uint8_t app[ADV_STREAM_MAX]; /* what the application got */
    uint32_t app_len;
    uint32_t reads[ADV_STREAM_MAX / 4]; /* where each read of the application ended */
    uint32_t n_reads;
};

struct adv_host {
    uint8_t index, state;
    bool hostile, nagle, stalled, close_wanted, fin_wanted, fin_done, reset_seen;
    uint32_t iss, irs, una, nxt, max; /* sequence numbers as in RFC 9293; max: highest nxt */
    uint32_t edge, wl_seq, wl_ack;    /* the peer's window */
    uint32_t widest;                  /* window that it ever had */
    uint32_t written;                 /* octets of the plan that the application wrote */
    uint32_t wanted;                  /* octets that it writes once the protocol lets it */
    uint32_t mss, buffer, advertised; /* advertised: right edge that was given away */
    uint32_t tries, repeats, keeps, lone, unread, lives;
    uint64_t rto, timer[ADV_N_TIMERS];
    uint64_t challenged; /* when it last answered a segment without data that does not fit */
    struct adv_receiver in;
};

struct adv_world;

void adv_host_init(struct adv_world *world, unsigned index);
/* Its connection is over; may a new one begin? */
bool adv_host_is_free(const struct adv_host *host);
/* As it was at the start, but for the initial number. */
void adv_host_again(struct adv_world *world, struct adv_host *host);
/* Also once more, when the last connection is over. */
void adv_host_open(struct adv_world *world, struct adv_host *host);
void adv_host_write(struct adv_world *world, struct adv_host *host, uint32_t len);
/* As much of what it wants to write as the protocol lets it. */
void adv_host_go_on(struct adv_world *world, struct adv_host *host);
void adv_host_close(struct adv_world *world, struct adv_host *host);
void adv_host_stall(struct adv_world *world, struct adv_host *host, bool on);
void adv_host_input(struct adv_world *world, struct adv_host *host, const uint8_t *frame, uint32_t len);
void adv_host_timers(struct adv_world *world, struct adv_host *host);
/* Sends what may be sent. */
void adv_host_output(struct adv_world *world, struct adv_host *host);
void adv_host_emit(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment);
void adv_host_acknowledge(struct adv_world *world, struct adv_host *host);
/* The application was handed octets. */
void adv_host_app(struct adv_world *world, struct adv_host *host);
/* Its own FIN is acknowledged and the peer's has come. */
bool adv_host_closed(const struct adv_host *host);

void adv_receiver_init(struct adv_receiver *in);
/* Octets [off, off + len) of the stream, under this policy; how many became deliverable. */
uint32_t adv_receiver_take(struct adv_receiver *in, uint8_t policy, uint32_t off, const struct adv_segment *segment);

void adv_raw_send(struct adv_world *world, struct adv_host *host, const int32_t arg[ADV_N_ARGS]);

/* ---- gateway --------------------------------------------------------------------------------------------------- */

struct adv_gateway {
    const char *name;
    /* Anew for each schedule; its judgements go to adv_judged(world, ...). */
    bool (*start)(struct adv_gateway *gateway, struct adv_world *world);
    void (*stop)(struct adv_gateway *gateway);
    void (*burst)(struct adv_gateway *gateway, const struct ps_packet *packets, uint32_t n, struct ps_decision *out);
    uint32_t (*sends)(struct adv_gateway *gateway, const struct ps_send **sends);
    bool (*tick)(struct adv_gateway *gateway, uint64_t now_ns);
    uint64_t (*next_tick)(struct adv_gateway *gateway);
    const char *(*check)(struct adv_gateway *gateway); /* NULL: its own invariants hold */
    unsigned checks; /* bits 1 << enum adv_violation that count */
    void *own;
};

/* All frames pass; none does; what a first copy fits passes, in any order; the engine, passive and inline. */
extern struct adv_gateway adv_gateway_wire, adv_gateway_wall, adv_gateway_eager, adv_gateway_passive, adv_gateway_inline;

/* ---- world ----------------------------------------------------------------------------------------------------- */

enum adv_violation {
    ADV_NO_VIOLATION = 0,
    ADV_V_APP,        /* an application got more than was judged to be allowed */
    ADV_V_DIFFERS,    /* it got other octets than were judged */
    ADV_V_DENIED,     /* a complete PDU that the policy does not grant reached an application */
    ADV_V_UNJUDGED,   /* octets left the gateway without being judged allowed, or other ones */
    ADV_V_ORDER,      /* octets left behind a gap */
    ADV_V_WINDOW,     /* octets left beyond the receiver's window */
    ADV_V_FRAME,      /* a segment left that no stack should have to understand */
    ADV_V_PARTIAL,    /* a device read part of a PDU though there was room for all of it */
    ADV_V_INCOMPLETE, /* an honest exchange did not end */
    ADV_V_NOT_RESET,  /* a refused connection lives on */
    ADV_V_GATEWAY,    /* the gateway's own invariants */
    ADV_V_ENDLESS,    /* packets without end */
    ADV_N_VIOLATIONS,
};
extern const char *const adv_violation_names[ADV_N_VIOLATIONS];
extern const char *const adv_policy_names[ADV_N_POLICIES];

struct adv_flight {
    uint64_t at, order;
    uint8_t link;
    uint32_t len;
    uint8_t data[ADV_FRAME_MAX];
};

struct adv_fault {
    uint8_t link, what;
    uint32_t nth, ms;
};

/* Another answer that the gateway may give in the server's name. */
struct adv_choice {
    uint32_t at, len;
    uint8_t octets[ADV_REFUSAL_MAX];
};

#define ADV_CHOICES_MAX 24u

/* What the gateway said of one sender's octets, from one SYN to the next with another number. */
struct adv_life {
    uint32_t irs; /* number of that SYN */
    uint32_t answers; /* a SYN-ACK: the number of the SYN that it answers */
    uint32_t sent; /* octets that left the gateway in order */
    uint32_t allowed_len, n_choices;
    struct adv_choice choice[ADV_CHOICES_MAX];
    uint8_t allowed[ADV_STREAM_MAX];
};

#define ADV_LIVES 4u

struct adv_stream {
    uint32_t n_lives, current;
    uint32_t n_allowed, n_refused;
    uint32_t edge; /* right edge of the receiver's window, as the gateway was told */
    bool opened, has_edge, over; /* over: a RST has left since the last SYN */
    struct adv_life life[ADV_LIVES];
};

struct adv_world {
    const struct adv_schedule *schedule;
    struct adv_gateway *gateway;
    const struct adv_protocol *protocol;
    struct adv_net net;
    uint64_t now, order, packets;
    uint64_t arrived; /* order of the frame that a host is handed */
    uint64_t opening; /* when the last SYN or SYN-ACK left the gateway */
    struct adv_plan plan; /* what stands before it is zeroed for each schedule */
    struct adv_host host[2];
    struct adv_stream stream[2]; /* by sender */
    struct adv_flight flight[ADV_FLIGHT_MAX];
    uint32_t n_flight, n_overflow;
    struct adv_fault faults[ADV_STEPS_MAX];
    uint32_t n_faults, n_faults_met, n_restarts;
    bool prompt; /* what is sent now comes once, and in time: a nuisance's SYN, which would open a connection later */
    bool astray; /* a frame for another link address than the receiver's has come to the gateway */
    enum adv_violation violation;
    char text[200];
    bool trace;
};

/* Runs a schedule; what was violated, in words in world->text. */
enum adv_violation adv_run(struct adv_world *world, const struct adv_schedule *schedule, struct adv_gateway *gateway);
/* Forgets what is still under way to this host and was sent before the frame that it is handed. */
void adv_forget_older(struct adv_world *world, unsigned host);
void adv_send_on(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len);
/* As the fragments of this trick. */
void adv_send_cut(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len, uint8_t trick);
void adv_violate(struct adv_world *world, enum adv_violation what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int32_t adv_setup(const struct adv_world *world, unsigned key, unsigned host);

/* The gateway refused this request and answers it in the server's name. */
void adv_answered(struct adv_world *world, const uint8_t *pdu, uint32_t len);
/* The gateway judged a PDU of this host. */
void adv_judged(struct adv_world *world, unsigned sender, const uint8_t *pdu, uint32_t len, bool allowed);

/* checks: what is about to enter and to leave the gateway, and what has come of everything. */
void adv_check_entering(struct adv_world *world, unsigned port, const uint8_t *frame, uint32_t len);
void adv_check_leaving(struct adv_world *world, unsigned port, const uint8_t *frame, uint32_t len);
void adv_check_apps(struct adv_world *world);
void adv_check_end(struct adv_world *world);

/* The smallest schedule found that violates the same; how many runs it took. */
uint32_t adv_shrink(struct adv_world *world, struct adv_schedule *schedule, struct adv_gateway *gateway);
