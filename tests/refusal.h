/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusal.h - what refuse() of any dissector has to hold, for unit tests and fuzzers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dissector.h"

#define REFUSAL_STATE_MAX 16384u
#define REFUSAL_FILL 0xa5u

struct refusal {
    uint8_t out[PS_REFUSAL_MAX + 1]; /* the last octet must stay as it was */
    uint32_t n;                      /* what refuse() gave */
    uint64_t state[REFUSAL_STATE_MAX / 8];
    struct ps_facts facts; /* of the answer that was decoded last */
};

struct refusal_of {
    const uint8_t *pdu;
    uint32_t len;
    uint8_t code;
};

/* refuse() keeps within its bounds, leaves the state as it was and gives the same answer twice. */
static inline bool refusal_build(struct refusal *r, const struct ps_dissector *d, const struct ps_dialog *dialog,
                                 struct refusal_of of)
{
    uint8_t again[PS_REFUSAL_MAX];
    memset(r->out, REFUSAL_FILL, sizeof r->out);
    memset(again, REFUSAL_FILL, sizeof again);
    memcpy(r->state, dialog->state, d->state_len);
    r->n = d->refuse(dialog, of.pdu, of.len, of.code, r->out);
    uint32_t n = d->refuse(dialog, of.pdu, of.len, of.code, again);
    if (n != r->n || memcmp(r->state, dialog->state, d->state_len) != 0 || r->out[PS_REFUSAL_MAX] != REFUSAL_FILL)
        return false;
    return n == PS_REFUSAL_SILENT || (n <= PS_REFUSAL_MAX && memcmp(r->out, again, n) == 0);
}

/* `request` are the facts of a sound request on dialog: with it accepted, each PDU of the answer is a reply to it. */
static inline bool refusal_answers(struct refusal *r, const struct ps_dissector *d, const struct ps_dialog *dialog,
                                   const struct ps_facts *request)
{
    struct ps_dialog back = *dialog;
    if (r->n == PS_REFUSAL_SILENT || r->n == 0)
        return true;
    memcpy(r->state, dialog->state, d->state_len);
    back.state = r->state;
    d->accept(&back, request);
    back.dir = dialog->dir == PS_TO_SERVER ? PS_TO_CLIENT : PS_TO_SERVER;
    for (uint32_t at = 0, len; at < r->n; at += len) {
        struct ps_rd_fault fault;
        struct ps_rd rd;
        ps_rd_init(&rd, &fault, r->out + at, r->n - at);
        if (d->frame(&back, &rd, &len) != PS_OK)
            return false;
        ps_facts_clear(&r->facts);
        r->facts.protocol = d->protocol;
        ps_rd_init(&rd, &fault, r->out + at, len);
        if (d->decode(&back, &rd, &r->facts) != PS_OK || r->facts.n_facts != 0)
            return false;
        if (r->facts.kind != PS_PDU_REFUSAL && r->facts.kind != PS_PDU_REPLY)
            return false;
        d->accept(&back, &r->facts);
    }
    return true;
}
