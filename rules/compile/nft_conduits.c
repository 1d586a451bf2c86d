/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_conduits.c - the chains of each conduit: what its clients may ask, what comes back, and what becomes of the rest.
 *
 * A packet between two zones belongs to the conduit of its direction, or is a reply on the one of the other direction.
 * Where both exist and nothing tracks connections, a request comes first: what an inspected rule is about is judged by
 * it, and never passes as somebody's reply.
 */
#include <string.h>

#include "image_layout.h"
#include "nft_build.h"

#define COMPARED_RULES 64u /* of a conduit, when it is asked whether two are about the same flows */

static void add_chains(struct ps_nft_build *b, struct ps_nft_conduit *chains)
{
    const char *name = ps_image_conduit_name(b->image, b->conduit);
    uint32_t from = ps_image_conduit_from(b->image, b->conduit), to = ps_image_conduit_to(b->image, b->conduit);

    chains->refuse = ps_nft_chain_add(b->r, "refuse/%s", name);
    ps_nft_put_refusal(b, chains->refuse, b->conduit, ps_nft_is_closed(b, b->conduit) ? PS_REASON_ISLAND : PS_REASON_NO_RULE);
    chains->vlan = PS_NFT_NONE;
    if (ps_nft_wants_tags(b, from, to)) {
        chains->vlan = ps_nft_chain_add(b->r, "refuse-tag/%s", name);
        ps_nft_put_refusal(b, chains->vlan, b->conduit, PS_REASON_VLAN);
    }
    for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++) {
        chains->ask[b->family] = chains->reply[b->family] = PS_NFT_NONE;
        if (!ps_nft_zone_has_family(b, from) || !ps_nft_zone_has_family(b, to))
            continue;
        chains->ask[b->family] = ps_nft_chain_add(b->r, "ask%c/%s", ps_nft_digit(b), name);
        chains->reply[b->family] = ps_nft_chain_add(b->r, "reply%c/%s", ps_nft_digit(b), name);
    }
}

static void add_counters(struct ps_nft_build *b)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);

    b->first_counter = b->r->n_counters;
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++) {
        uint32_t counter = ps_nft_counter_add(b->r, "pass/%s/%s", ps_image_conduit_name(b->image, b->conduit),
                                              ps_image_rule_name(b->image, first + i));
        b->r->counters[counter].counts = PS_NFT_PASSED;
        b->r->counters[counter].conduit = b->conduit;
        b->r->counters[counter].rule = first + i;
    }
}

/* Has an earlier rule of the conduit the same flows as b->rule? */
static bool is_known_flow(const struct ps_nft_build *b)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit), n = b->rule - first;

    for (uint32_t i = n > COMPARED_RULES ? n - COMPARED_RULES : 0; i < n; i++) {
        struct ps_rule_view view;
        ps_image_rule_view(b->image, first + i, &view);
        if (ps_nft_is_same_flow(&view, &b->view))
            return true;
    }
    return false;
}

static bool is_inspected(const struct ps_nft_build *b)
{
    return b->view.protocol < PS_N_DISSECTORS;
}

/* What an inspected rule is about and none has granted is no reply. */
static void guard_replies(struct ps_nft_build *b, uint32_t chain)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);

    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++) {
        ps_nft_rule_load(b, first + i);
        if (!is_inspected(b) || !ps_nft_flow_exists(b) || is_known_flow(b))
            continue;
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_flow(b, false);
        ps_nft_put_verdict(b->r, PS_NFT_GOTO, b->conduits[b->conduit].refuse);
    }
}

/* Without the daemon that conduit is closed, and nobody is there who would be told of it. What comes back on the one of the
 * other direction may be open. */
static void ask_whether_alive(struct ps_nft_build *b, uint32_t chain, bool reply)
{
    const struct ps_nft_conduit *chains = &b->conduits[b->conduit];
    uint32_t without = PS_NFT_NONE;

    if (!ps_nft_is_gated(b, b->conduit))
        return;
    if (!reply && chains->opposite != PS_NONE) {
        without = ps_nft_chain_add(b->r, "alone%c/%s", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit));
        if (!ps_nft_has_conntrack(b))
            guard_replies(b, without);
        ps_nft_rule_add(b->r, without);
        ps_nft_put_verdict(b->r, PS_NFT_JUMP, b->conduits[chains->opposite].reply[b->family]);
        ps_nft_rule_add(b->r, without);
        ps_nft_put_verdict(b->r, PS_NFT_DROP, 0);
    }
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_alive(b, false);
    ps_nft_put_verdict(b->r, without != PS_NFT_NONE ? PS_NFT_GOTO : PS_NFT_DROP, without != PS_NFT_NONE ? without : 0);
}

static void build_ask(struct ps_nft_build *b)
{
    struct ps_nft_conduit *chains = &b->conduits[b->conduit];
    uint32_t chain = chains->ask[b->family], first = ps_image_conduit_first_rule(b->image, b->conduit);
    bool closed = ps_nft_is_closed(b, b->conduit);

    ask_whether_alive(b, chain, false);
    ps_nft_rule_tags(b, chain, ps_image_conduit_from(b->image, b->conduit), ps_image_conduit_to(b->image, b->conduit),
                     chains->vlan);
    ps_nft_called_ask(b, chain);
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit) && !closed; i++) {
        ps_nft_rule_load(b, first + i);
        b->counter = b->first_counter + i;
        if (ps_nft_flow_exists(b))
            ps_nft_build_ask(b, chain);
    }
    if (chains->opposite != PS_NONE) {
        if (!ps_nft_has_conntrack(b))
            guard_replies(b, chain);
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_verdict(b->r, PS_NFT_JUMP, b->conduits[chains->opposite].reply[b->family]);
    }
    if (ps_nft_is_monitored(b, b->conduit))
        ps_nft_build_any_ask(b, chain);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, chains->refuse);
}

static void build_reply(struct ps_nft_build *b)
{
    struct ps_nft_conduit *chains = &b->conduits[b->conduit];
    uint32_t chain = chains->reply[b->family], first = ps_image_conduit_first_rule(b->image, b->conduit);
    bool monitored = ps_nft_is_monitored(b, b->conduit), closed = ps_nft_is_closed(b, b->conduit);

    ask_whether_alive(b, chain, true);
    ps_nft_rule_tags(b, chain, ps_image_conduit_from(b->image, b->conduit), ps_image_conduit_to(b->image, b->conduit),
                     chains->vlan);
    ps_nft_called_reply(b, chain);
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit) && !monitored && !closed; i++) {
        ps_nft_rule_load(b, first + i);
        if (ps_nft_flow_exists(b) && !is_known_flow(b))
            ps_nft_build_reply(b, chain);
    }
    if (monitored)
        ps_nft_build_any_reply(b, chain);
    if (chains->opposite == PS_NONE && closed) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_verdict(b->r, PS_NFT_GOTO, chains->refuse);
    } else if (chains->opposite == PS_NONE) {
        ps_nft_rule_drop(b, chain, PS_REASON_NO_CONDUIT);
    }
}

/* Whole flows go to the engine, or none of them: it has to see every segment. */
static bool wants_queue(struct ps_nft_build *b)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);

    if (ps_image_conduit_fallback(b->image, b->conduit) != PS_FALLBACK_QUEUE || !ps_nft_has_queue(b))
        return false;
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++) {
        ps_nft_rule_load(b, first + i);
        if (ps_nft_is_inexact(b))
            return true;
    }
    return false;
}

static void note(struct ps_nft_build *b)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);

    b->rule = PS_NONE;
    ps_nft_note_conduit(b);
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++) {
        ps_nft_rule_load(b, first + i);
        ps_nft_note_rule(b);
    }
}

void ps_nft_build_conduits(struct ps_nft_build *b)
{
    uint32_t n = ps_image_n_conduits(b->image);

    b->conduits = ps_nft_calloc(n, sizeof *b->conduits);
    for (b->conduit = 0; b->conduit < n; b->conduit++) {
        struct ps_nft_conduit *chains = &b->conduits[b->conduit];
        chains->opposite = ps_nft_conduit_between(b, ps_image_conduit_to(b->image, b->conduit),
                                                  ps_image_conduit_from(b->image, b->conduit));
        chains->here = ps_nft_zone_is_here(b, ps_image_conduit_from(b->image, b->conduit)) &&
                       ps_nft_zone_is_here(b, ps_image_conduit_to(b->image, b->conduit));
        if (!chains->here)
            continue;
        chains->queues = wants_queue(b);
        add_chains(b, chains);
    }
    for (b->conduit = 0; b->conduit < n; b->conduit++) {
        if (!b->conduits[b->conduit].here)
            continue;
        add_counters(b);
        note(b);
        for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++) {
            if (b->conduits[b->conduit].ask[b->family] == PS_NFT_NONE)
                continue;
            ps_nft_called_begin(b);
            build_ask(b);
            build_reply(b);
            ps_nft_called_end(b);
        }
    }
    b->conduit = b->rule = PS_NONE;
    ps_nft_note_all(b);
}
