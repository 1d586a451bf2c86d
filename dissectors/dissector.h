/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dissector.h - the one interface between the engine and a protocol.
 *
 * A dissector is pure: it reads bytes and the flow's protocol state and answers; it has no clock, heap, I/O, globals
 * or log. Per PDU the engine calls
 *
 *     frame()   how long is the PDU that starts here?             the only speaker of PS_MORE
 *     decode()  exactly one PDU -> facts                          reads state, never changes it
 *     accept()  the PDU takes effect: remember it for pairing     changes state
 *
 * decode() and accept() are apart so that a PDU that was refused and swallowed leaves no trace in the state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/carry.h"
#include "base/fact.h"
#include "base/rd.h"
#include "base/result.h"
#include "base/terms.h"

struct ps_vocab; /* vocab.h */

/* What refuse() is asked to say no to; other values of its `code` are the protocol's own, chosen by whoever wrote the
 * policy. Both leave the choice to the protocol. */
enum ps_refuse_code {
    PS_REFUSE_FUNCTION = 0,  /* the function as such */
    PS_REFUSE_OBJECT = 0xff, /* the function would pass, but not on these objects or with these values */
};

#define PS_REFUSAL_MAX 1056u          /* octets that refuse() may write */
#define PS_REFUSAL_SILENT UINT32_MAX  /* nobody waits for an answer: the request may be swallowed without one */

#define PS_CARRIED_MAX 12288u /* octets that carry() may write */

/* The dialog between one client and one server over one flow, as the engine hands it to a dissector. */
struct ps_dialog {
    void *state;            /* dissector->state_len octets, 8-aligned, all zero for a new flow */
    uint64_t now_ns;        /* arrival time of the packet that completed the PDU */
    uint64_t timeout_ns;    /* how long a request waits for its reply; 0: the protocol's default */
    uint16_t max_outstanding; /* requests that may wait for a reply; 0: the protocol's default */
    uint8_t dir;            /* enum ps_dir of this PDU */
    bool datagram;          /* one PDU is one datagram: UDP */
    bool midstream;         /* bytes were missed (the flow was joined late, or has a gap): replies to unseen requests
                               are tolerated until the first pair */
    uint32_t relax;         /* bits of the protocol's relax switches that the server asset has; not in one word with
                               datagram: asked together they would be loaded together, which stalls */
};

/* What one plain request asks for: nothing but this decides about it. */
struct ps_asked {
    uint32_t station, space, first, last; /* as in struct ps_fact */
    uint16_t function;
    uint8_t op;    /* enum ps_op; PS_OP_NONE: nothing */
    bool recalled; /* for who remembers it: it was asked for again */
};

static inline bool ps_asked_is_same(const struct ps_asked *a, const struct ps_asked *b)
{
    uint32_t differs = (a->station ^ b->station) | (a->space ^ b->space) | (a->first ^ b->first) | (a->last ^ b->last) |
                       (uint32_t)(a->function ^ b->function) | (uint32_t)(a->op ^ b->op);
    return differs == 0;
}

enum ps_glance {
    PS_GLANCE_NOT = 0, /* it has to be judged otherwise; nothing has happened */
    PS_GLANCE_ASKS,    /* it asks for another thing; nothing has happened */
    PS_GLANCE_AGAIN,   /* it asks for what was granted, and is accepted */
    PS_GLANCE_REPLY,   /* it asks for nothing, and is accepted */
};

struct ps_dissector {
    const char *name;        /* the word of rules, "modbus" */
    uint8_t protocol;        /* enum ps_protocol */
    uint16_t default_port;   /* of the server, when a rule has no `ports` */
    uint32_t max_pdu_len;    /* octets of the longest PDU frame() accepts */
    uint32_t state_len;      /* octets of protocol state per flow */
    bool over_udp;           /* it is spoken over UDP, too */
    bool spans_datagrams;    /* a PDU may go on in the next datagram of its direction */
    const struct ps_vocab *vocab;
    const struct ps_vocab *carried; /* words of the protocol that this one carries (ps_protocol_carrier()), NULL: none */

    /* frame() and decode() in one, for the few kinds of PDU that make up most of the traffic: the length of the one that
     * starts at data, of which both would say PS_OK, with facts (cleared by the caller) as decode() fills them. 0: they
     * have to be asked; facts are as they were. NULL: always. */
    uint32_t (*common)(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts);

    /* common() and accept() for octets that are exactly one PDU, of which common() would say len. granted: what rules have
     * granted before; asked: what it asks for, when that is something else (`recalled` is not set). NULL: PS_GLANCE_NOT. */
    enum ps_glance (*glance)(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len,
                             const struct ps_asked *granted, struct ps_asked *asked);
    /* accept() behind PS_GLANCE_ASKS, on the same state. */
    void (*glanced)(const struct ps_dialog *dialog, const uint8_t *data);

    /* PS_OK and *len: the PDU is the first *len octets of rd, all there.
     * PS_MORE: not all there yet, no contradiction so far; *len is the total length where already known, else 0.
     * PS_BAD: fault in rd. *len is the PDU's extent where its header is sound enough to tell (the PDU is refused, the
     * next one starts behind it), else 0 (the stream cannot be followed any further).
     * rd may be empty. Refuses as soon as the octets seen so far contradict each other. */
    enum ps_result (*frame)(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len);

    /* rd holds exactly one PDU. Fills facts (cleared by the caller) as far as it gets, also when PS_BAD. PS_OK only by
     * ps_rd_finish(). A reply gives no items: it is granted by its request. Sets facts->protocol when the PDU is of a
     * protocol that this one carries. */
    enum ps_result (*decode)(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts);

    /* facts are what decode() gave for this PDU, with PS_OK, on the same state. */
    void (*accept)(const struct ps_dialog *dialog, const struct ps_facts *facts);

    /* Bytes of direction dialog->dir were lost (passive only): forget what can no longer be relied on. */
    void (*gap)(const struct ps_dialog *dialog);

    /* The protocol's own "no" to the request at pdu, in the name of its receiver: octets for its sender, written to out
     * (PS_REFUSAL_MAX octets), how many they are; or PS_REFUSAL_SILENT. 0: there is none, all that is left is to end the
     * connection. pdu is what frame() gave the extent of, sound or not, and dialog what it was judged with: the request
     * was not accepted. What is written is one or more whole PDUs, and decode() takes each for a reply to the request if
     * that had been accepted. NULL: never anything. */
    uint32_t (*refuse)(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out);

    /* The protocol state between two PDUs into octets, for a later run of the same program, or back (base/carry.h); it is
     * zeroed before. It fails where a connection cannot be carried, and for octets that no state gives; what it has loaded
     * till then counts for nothing. At most PS_CARRIED_MAX octets. NULL: no connection is carried. */
    void (*carry)(struct ps_carry *carry, void *state);
};

/* NULL when protocol has no dissector of its own: it is carried by another one (terms.h) or is not inspected. */
const struct ps_dissector *ps_dissector_by_protocol(unsigned protocol);

/* By the word of rules; NULL when there is none. */
const struct ps_dissector *ps_dissector_by_name(const char *name);
