/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus.h - S7comm-plus, as the carrier sees it: connections whose called TSAP is a name, payloads that begin with 72 or
 * are TLS records.
 *
 * The carrier has judged TPKT and COTP, and asks for everything else that such a connection carries. Its state lies in
 * struct s7_state, all zero until s7p_accept() changes it. In facts->pairing octet 0 is the carrier's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"

struct s7_pdu;
struct s7_tsap;

#define S7P_REQUESTS_MAX 32u /* that may wait for an answer */
#define S7P_OWN_MAX 16u      /* subscriptions that are remembered */

enum s7p_phase {
    S7P_PHASE_CLEAR = 0, /* nothing seen, or PDUs in clear */
    S7P_PHASE_TLS,       /* every payload is TLS records */
};

/* A request that waits for its answer. */
struct s7p_request {
    uint32_t sent_ms;  /* modulo 2^32 */
    uint32_t object;   /* that it deletes */
    uint16_t sequence;
    uint16_t code;     /* function on the wire */
    uint8_t row;       /* what was made of it */
};

/* PDUs of one direction: a PDU of which fragments are missing. */
struct s7p_fragments {
    uint32_t len;    /* octets so far; 0: no PDU is open */
    uint8_t version; /* of the last frame */
    bool synced;     /* a head was seen since the beginning or the last gap */
};

#define S7P_RECORD_HEAD_LEN 5u /* type 1, version 2, length 2 */

/* TLS records of one direction. */
struct s7p_records {
    uint16_t left; /* octets that the open record still has */
    uint8_t n_head;
    uint8_t head[S7P_RECORD_HEAD_LEN]; /* n_head octets of the next record's head */
    bool begun;    /* a record was seen */
    bool lost;     /* where records start is not known any more */
};

struct s7p_state {
    uint8_t phase;       /* enum s7p_phase */
    bool paired;         /* an answer was matched with its request since the last gap */
    bool crowded;        /* more subscriptions than are remembered, or some unseen */
    bool counting;       /* sequence is set */
    bool created;        /* the session was opened before our eyes */
    uint8_t n_requests;
    uint8_t n_own;
    uint8_t n_silent;    /* requests that want no answer; some are answered all the same */
    uint16_t sequence;   /* of the last request */
    uint32_t session;    /* its object; 0: none is open */
    uint32_t own[S7P_OWN_MAX]; /* objects of subscriptions */
    struct s7p_fragments fragments[2]; /* by enum ps_dir */
    struct s7p_records records[2];
    struct s7p_request requests[S7P_REQUESTS_MAX];
};

extern const struct ps_vocab s7p_vocab;

/* Does the TSAP call S7comm-plus? */
bool s7p_is_called(const struct s7_tsap *called);

/* May a payload that starts so open an S7comm-plus conversation? n >= 1. */
bool s7p_starts(const uint8_t *payload, uint32_t n);

/* A connect request whose called TSAP is no rack and slot: adds the fact for it, or fails pdu->rd. */
void s7p_connect(struct s7_pdu *pdu, const struct s7_tsap *called);

/* Any other connection TPDU of a connection that calls S7comm-plus: protocol and station of its facts. Rows of the
 * carrier's TPDUs have the same numbers in both protocols. */
void s7p_link(struct s7_pdu *pdu);

/* One payload, whole: pdu->payload, and pdu->rd to read it with. Sets facts->protocol, kind, facts. The connection speaks
 * S7comm-plus, or nothing yet. A payload of classic S7comm in clear is S7_MIXED here. */
void s7p_decode(struct s7_pdu *pdu);

void s7p_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7p_gap(const struct ps_dialog *dialog);
