/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_answer.c - refusals in the server's name: the request is swallowed, its sender gets the protocol's own "no", and
 * the connection lives on with other numbers on either side (relay.h, "changing the stream").
 */
#include "inline_private.h"

/* Only what the policy refuses, of a client, while the server may still speak. Senders in a capture know nothing of it. */
static bool is_answered(const struct ps_turn *t, const struct ps_inspected *seen)
{
    bool wanted = t->cold->path.on_deny == PS_ON_DENY_ANSWER && !t->engine->config.captured;
    bool request = t->dir == PS_TO_SERVER && ps_reason_info(seen->reason)->class == PS_CLASS_POLICY;
    return wanted && request && seen->extent > 0 && !t->back->fin;
}

bool ps_inline_answer_for(struct ps_turn *t, const uint8_t *pdu, const struct ps_inspected *seen)
{
    struct ps_inline *in = &t->engine->in;
    uint8_t refusal[PS_REFUSAL_MAX];
    if (!is_answered(t, seen))
        return false;
    uint32_t n = ps_inspect_refusal(t->engine, pdu, seen->extent, refusal);
    if (n == 0)
        return false;
    bool silent = n == PS_REFUSAL_SILENT;
    uint32_t span = t->back->judged - t->back->una, given = t->back->given;
    if (!silent && (n > PS_REFUSAL_MAX || span + n >= in->scratch_len))
        return false;
    if (!silent && !ps_relay_insert(&in->chunks, t->back, refusal, n, in->spare))
        return false;
    ps_relay_cut(&in->chunks, t->mine, t->mine->allowed);
    ps_relay_swallow(&in->chunks, t->mine, seen->extent);
    t->answered = true;
    t->told |= t->back->given != given;
    t->engine->stats.answers++;
    return true;
}

/* The refusal's frame acknowledges the request, if it can leave. The server's octets before it are acknowledged too. */
void ps_inline_answer_send(struct ps_turn *t)
{
    uint32_t fwd = t->back->fwd;
    ps_inline_flush(t->engine, t->relay, !t->dir);
    if (t->back->fwd == fwd)
        ps_inline_answer(t->engine, t->relay, t->dir);
    ps_inline_watch(t->engine, t->mine);
}
