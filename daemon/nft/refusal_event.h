/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusal_event.h - a packet that the kernel has refused becomes the event that the engine would tell of it.
 *
 * Why it was refused is what the kernel says (rules/compile/nft.h), and that conduit is named. Who is client and who is server,
 * their zones and assets follow from the addresses and the policy. A payload that is one PDU is told as its operation,
 * in words, though the kernel knows nothing of the connection that it belongs to. What opens a connection, and the packets of
 * protocols without any, are `flow`; all else is `packet`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "engine.h"
#include "policy_slot.h"

#define PS_REFUSAL_NAME_MAX 128u /* more than the kernel logs */

/* What becomes of the packet. */
enum ps_refusal_how {
    PS_REFUSAL_DROPPED = 0,
    PS_REFUSAL_RESET,  /* its connection is to be reset at both ends */
    PS_REFUSAL_PASSED, /* monitor mode */
};

/* What the prefix of a message says. */
struct ps_refusal_said {
    char conduit[PS_REFUSAL_NAME_MAX]; /* "-": none */
    uint8_t reason;                    /* enum ps_reason */
    uint8_t how;                       /* enum ps_refusal_how */
};

/* "penstock CONDUIT REASON WHAT ". false: it is none of ours. */
bool ps_refusal_said(const char *prefix, uint32_t len, struct ps_refusal_said *said);

/* One of the kernel's refusals. */
struct ps_refusal {
    struct ps_refusal_said said;
    struct ps_desc desc; /* of the packet, sound or not */
    uint64_t time_ns;    /* calendar */
};

struct ps_refusal_words; /* room for a PDU's facts */

struct ps_refusal_words *ps_refusal_words_new(void); /* without memory the program ends */
void ps_refusal_words_free(struct ps_refusal_words *words);

/* slot: the policy in force; NULL, or without an image: nothing is known of the ends, and no PDU is looked for. */
void ps_refusal_event(struct ps_refusal_words *words, const struct ps_policy_slot *slot, const struct ps_refusal *refusal,
                      struct ps_event *out);
