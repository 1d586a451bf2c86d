/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_private.h - what the files of the inline half share.
 */
#pragma once

#include <string.h>

#include "engine_private.h"
#include "inspect.h"

#define PS_ACK_DELAY_NS UINT64_C(5000000)     /* a full segment that ends inside a PDU: the next one is on its way */
#define PS_RESEND_NS UINT64_C(200000000)      /* first repetition; each later one takes twice as long */
#define PS_RESENDS_MAX 6u
#define PS_GAP_NS UINT64_C(10000000000)       /* nobody waits as long as this with what a gap lacks */
#define PS_HOLD_LIMITS 4u /* hold limits that a PDU may take in all, while its sender goes on within each */
#define PS_OPENING_NS UINT64_C(5000000000)    /* between two segments of a handshake */
#define PS_OPENING_MAX_NS UINT64_C(30000000000) /* from the first of them on, however often they come again */
#define PS_RESUME_NS UINT64_C(600000000000)   /* until both ends of a connection that was left behind were seen */
#define PS_LINGER_NS UINT64_C(30000000000)
#define PS_TOMB_NS UINT64_C(60000000000)
#define PS_TOMB_RESETS 32u

/* One segment of a flow with a relay. */
struct ps_turn {
    struct ps_engine *engine;
    const struct ps_desc *desc;
    struct ps_flow *flow;
    struct ps_flow_cold *cold;
    struct ps_relay *relay;
    const uint8_t *tcp;        /* its header */
    struct ps_relay_dir *mine; /* the direction that it is of */
    struct ps_relay_dir *back; /* the other one, of which it acknowledges octets */
    uint32_t end;  /* number behind its payload */
    bool fin;
    bool told;     /* what it acknowledges, or its window, is news for the other end */
    bool sent;     /* a frame of its direction has told so */
    bool answered; /* a PDU of it was swallowed, its refusal waits to be sent */
    bool drains;   /* octets are judged that came in earlier segments, it is not known where those ended */
    bool crowded;  /* the start of a PDU at its end cannot be held now: its sender repeats it */
    uint8_t dir;   /* enum ps_dir */
};

/* ---- inline.c --------------------------------------------------------------------------------------------------- */

struct ps_turn ps_inline_turn(struct ps_engine *engine, const struct ps_desc *desc, struct ps_relay *relay);

/* Frames in the name of its sender will look like the current packet and go where its answers go. One that passes by
 * monitor mode alone may come from somebody else: it is only taken when there is no other. */
void ps_inline_take_template(const struct ps_turn *t);

/* The current packet is not passed: something else is sent in its place, or nothing has to be. */
void ps_inline_replace(struct ps_engine *engine);

/* It is refused, and nothing else happens. */
void ps_inline_refuse(const struct ps_turn *t, enum ps_reason reason);

/* One for the current flow, whose connection is being opened or else is over already; NULL: all are in use. */
struct ps_relay *ps_inline_take(struct ps_engine *engine, bool opens);
/* Its flow has none from now on. */
void ps_inline_release(struct ps_engine *engine, struct ps_relay *relay);

/* Do its numbers, copies and its flow fit together? */
bool ps_inline_check(const struct ps_engine *engine, const struct ps_relay *relay);

/* The timer follows the deadlines, and the flow knows whether the connection is steady. */
void ps_inline_arm(struct ps_engine *engine, const struct ps_relay *relay);

/* After each segment that did not take the short way, each timer, and each change of the conduit; it may be free
 * afterwards. */
void ps_inline_settle(struct ps_engine *engine, struct ps_relay *relay);

/* ---- inline_open.c ---------------------------------------------------------------------------------------------- */

/* The first segment that was seen of a flow. */
void ps_inline_first(struct ps_turn *t);
/* A segment of a handshake, or one with SYN. */
void ps_inline_syn(struct ps_turn *t);
/* The client's answer to the SYN-ACK; true: it is, and its data may be looked at. */
bool ps_inline_third(struct ps_turn *t);

/* ---- inline_resume.c -------------------------------------------------------------------------------------------- */

/* Any segment of a connection that an earlier run has left behind. */
void ps_inline_resume(struct ps_turn *t);

/* Nobody has gone on with it for PS_RESUME_NS, or only one end. */
void ps_inline_resume_late(struct ps_engine *engine, struct ps_relay *relay);

/* ---- inline_data.c ---------------------------------------------------------------------------------------------- */

/* Any other segment of an open connection. */
void ps_inline_segment(struct ps_turn *t);

/* Twenty octets of header, no ECN or reserved bits, no number where urgent data would end, nothing behind the end. */
bool ps_inline_is_plain(const struct ps_packet *packet, const struct ps_desc *desc);

/* The octets of a segment in order, taken into the copy already, were looked at, and not all of them may leave. */
void ps_inline_weigh(struct ps_turn *t, struct ps_inspected *seen, enum ps_result result);

/* ---- inline_hold.c ---------------------------------------------------------------------------------------------- */

/* The start of a PDU, behind what is allowed, waits for its rest. False: the conduit does not want that, or too many do. */
bool ps_inline_hold(struct ps_turn *t, const struct ps_inspected *seen);
/* Its sender goes on, or repeats something of it: it is waited for anew, though not for ever. */
void ps_inline_wait_on(struct ps_turn *t);
/* When it is acknowledged once more, as that may have been lost: without it a sender that backs off for longer than the
 * hold limit would be reset before it says the rest. After 200 ms of silence, and each time after twice as long. */
uint64_t ps_inline_hold_again(const struct ps_engine *engine, const struct ps_relay *relay, const struct ps_relay_dir *dir);
/* It is whole, or forgotten. */
void ps_inline_unhold(struct ps_relay_dir *dir);
/* Held octets are acknowledged once their sender would wait for that: it writes no more before, or cannot. */
void ps_inline_settle_hold(struct ps_turn *t);

/* ---- inline_steady.c -------------------------------------------------------------------------------------------- */

/* The sum of no headers. */
#define PS_HEADERS_UNKNOWN 0u
#define PS_PORTS_SUMMED 127u /* what a sum has room for; headers from others are looked at each time */
#define PS_HEADERS_PLAIN 0x80u /* Ethernet without a tag and IPv4 without options: so are the ends of the flow */

/* Tells headers from others that would make another template: addresses, tag, service, hop limit and port, so that the
 * template itself need not be read. Two that have the same sum by chance cost a frame of the engine's own an old address;
 * the port is no matter of chance, since nobody asks again whether the sender belongs behind it, nor is `plain`. */
static inline uint32_t ps_inline_headers_sum(const uint8_t *frame, uint8_t service, uint8_t hop_limit, uint16_t port,
                                             uint32_t plain)
{
    uint64_t first, second;
    if (port >= PS_PORTS_SUMMED)
        return PS_HEADERS_UNKNOWN;
    memcpy(&first, frame, sizeof first);
    memcpy(&second, frame + sizeof first, sizeof second);
    uint64_t rest = (uint64_t)service << 8 | hop_limit;
    uint64_t sum = (first ^ rest << 24) * UINT64_C(0x9e3779b97f4a7c15) ^ second * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(sum >> 40) << 8 | (port + 1u) | plain;
}

/* The connection is open and goes its way: nothing is held, kept, waits for a window or a timer, or is the engine's to
 * deliver, and both ends have the same numbers. */
bool ps_inline_is_steady(const struct ps_relay *relay);

/* The short way for the next octets, or none, of a steady connection: what ps_inline_segment() would do, with few lines
 * touched. False: it is another segment, nothing has happened. */
bool ps_inline_next(struct ps_engine *engine, const struct ps_desc *desc, struct ps_flow *flow);

/* ---- inspect_glance.c ------------------------------------------------------------------------------------------- */

/* Are these the octets of one PDU that asks for one plain thing, sound and granted, or answers? Then it takes effect and
 * is counted, as ps_inspect_inline() would do it. False: nothing was done, they have to be judged otherwise. */
bool ps_inspect_glance(struct ps_engine *engine, uint32_t line, uint8_t dir, const uint8_t *data, uint32_t len);

/* ---- inline_answer.c -------------------------------------------------------------------------------------------- */

/* The PDU behind `allowed` was refused. On a conduit that answers it is swallowed, and the protocol's own refusal is put
 * into the other direction. False: there is none, nothing has happened. */
bool ps_inline_answer_for(struct ps_turn *t, const uint8_t *pdu, const struct ps_inspected *seen);

/* What was answered leaves, and both ends hear of it. */
void ps_inline_answer_send(struct ps_turn *t);

/* ---- inline_out.c ----------------------------------------------------------------------------------------------- */

/* Headers alone, in direction dir and at this number of its sender. */
void ps_inline_send_empty(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, uint32_t seq, uint8_t flags);

/* [seq, seq + len) of the copy, as many frames as the receiver's segment size needs; how many octets there was room for. */
uint32_t ps_inline_send_copy(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, uint32_t seq,
                             uint32_t len);

/* What is allowed and has not left, as far as the window goes. */
void ps_inline_flush(struct ps_engine *engine, struct ps_relay *relay, unsigned dir);

/* The same when the window has not opened far enough for long and nothing is in flight: as much as fits. */
void ps_inline_flush_part(struct ps_engine *engine, struct ps_relay *relay, unsigned dir);

/* Everything that has left and is not acknowledged, the FIN too: never a part of it, since there are receivers that take
 * what one read returns for a whole PDU. */
void ps_inline_resend(struct ps_engine *engine, struct ps_relay *relay, unsigned dir);

/* To the sender of dir: what it was given already, and the window. */
void ps_inline_answer(struct ps_engine *engine, struct ps_relay *relay, unsigned dir);

/* The same for all that was judged: from now on the engine has to deliver it. */
void ps_inline_acknowledge(struct ps_engine *engine, struct ps_relay *relay, unsigned dir);

/* resend_due follows the numbers. */
void ps_inline_watch(struct ps_engine *engine, struct ps_relay_dir *dir);

/* ---- reset.c ---------------------------------------------------------------------------------------------------- */

/* Ends the connection: a RST to both ends with exactly the number that each expects. */
void ps_reset(struct ps_engine *engine, struct ps_relay *relay);

/* The same at any time, also before one of them has said anything. False: neither has, since an earlier run left the
 * connection behind; nobody knows where they are. */
bool ps_reset_known(struct ps_engine *engine, struct ps_relay *relay);

/* Both ends of a connection whose numbers are not known, by what its segment says. It is refused for this reason. */
void ps_reset_unknown(struct ps_turn *t, enum ps_reason reason);

/* The sender of the segment gets a RST at the number that it acknowledges, a few times per connection. */
void ps_reset_answer(struct ps_turn *t);

/* A RST of one end. */
void ps_reset_take(struct ps_turn *t);

/* Any segment of a connection that was reset. */
void ps_reset_tomb(struct ps_turn *t);
