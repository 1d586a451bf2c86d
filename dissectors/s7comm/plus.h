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

struct s7p_state {
    uint8_t phase;
};

extern const struct ps_vocab s7p_vocab;

/* May a payload that starts so open an S7comm-plus conversation? n >= 1. */
bool s7p_starts(const uint8_t *payload, uint32_t n);

/* A connect request whose called TSAP is no rack and slot: adds the fact for it, or fails pdu->rd. */
void s7p_connect(struct s7_pdu *pdu, const struct s7_tsap *called);

/* One payload, whole: pdu->payload, and pdu->rd to read it with. Sets facts->protocol, kind, facts. The connection speaks
 * S7comm-plus, or nothing yet. A payload of classic S7comm in clear is S7_MIXED here. */
void s7p_decode(struct s7_pdu *pdu);

void s7p_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7p_gap(const struct ps_dialog *dialog);
