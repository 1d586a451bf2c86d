/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_rules.c - what one rule of the plant file adds to the chains of its conduit.
 *
 * Replies: with conntrack they are what it calls so. Without it a TCP segment from the server's port is one unless it opens
 * a connection, and a datagram when it was asked for in the last 180 s, which dynamic sets remember.
 */
#include "nft_build.h"

#define FLAGS_SYN 0x02u
#define FLAGS_SYN_ACK 0x12u

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };
enum { CT_ORIGINAL = 0, CT_REPLY = 1, CT_ESTABLISHED = 2 };

static bool is_inspected(const struct ps_nft_build *b)
{
    return b->view.protocol < PS_N_DISSECTORS;
}

static bool is_udp(const struct ps_nft_build *b)
{
    return is_inspected(b) ? b->view.udp : b->view.protocol == PS_PROTOCOL_UDP;
}

/* Requests never are SYN and ACK, replies never SYN alone. */
static void put_not_flags(struct ps_nft_build *b, uint32_t flags)
{
    ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_TH, 13, 1), FLAGS_SYN_ACK, flags, true);
}

void ps_nft_put_direction(struct ps_nft_build *b, bool reply)
{
    if (!ps_nft_has_conntrack(b))
        return;
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_CT_DIRECTION), reply ? CT_REPLY : CT_ORIGINAL, false);
    if (reply)
        ps_nft_put_masked(b->r, ps_nft_key(PS_NFT_CT_STATE), CT_ESTABLISHED, 0, true);
}

static void put_goto(struct ps_nft_build *b, uint32_t chain)
{
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, chain);
}

/* The dynamic set that remembers who asked in this protocol; PS_NFT_NONE: none has to. */
static uint32_t memory(const struct ps_nft_build *b)
{
    if (b->view.protocol == PS_PROTOCOL_IP)
        return b->carried[b->family];
    return is_udp(b) ? b->asked[b->family] : PS_NFT_NONE;
}

static void put_update(struct ps_nft_build *b, uint32_t set)
{
    if (set != PS_NFT_NONE)
        ps_nft_put_update(b->r, set);
}

void ps_nft_put_pass(struct ps_nft_build *b)
{
    put_update(b, memory(b));
    ps_nft_put_count(b->r, b->counter);
    put_goto(b, b->pass);
}

/* ---- ICMP -------------------------------------------------------------------------------------------------------- */

static bool lists_type(const struct ps_rule_view *view, uint32_t type)
{
    bool listed = view->n_codes == 0;

    for (uint32_t i = 0; i < view->n_codes && !listed; i++)
        listed = view->codes[i].first <= type && type <= view->codes[i].last;
    return listed;
}

/* Echo and its reply are asked for; errors are about another flow; neighbour discovery is the link's own business. */
static bool is_plain_type(unsigned family, uint32_t type)
{
    if (family == PS_NFT_V4)
        return type != 0 && type != 8 && type != 3 && type != 11 && type != 12;
    return !(type >= 1 && type <= 4) && type != 128 && type != 129 && !(type >= 133 && type <= 137);
}

static void build_plain_icmp(struct ps_nft_build *b, uint32_t chain)
{
    struct ps_nft_key type = ps_nft_raw(PS_NFT_RAW_TH, 0, 1);
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_shared_add(b, &type, 1, "types");

    for (uint32_t i = 0; i < 256; i++)
        if (is_plain_type(b->family, i) && lists_type(&b->view, i)) {
            ps_nft_element_numbers(&element, type, 0, i, i);
            ps_nft_set_put(b->r, set, &element, NULL);
        }
    if (b->r->sets[set].n == 0) {
        ps_nft_set_pop(b->r);
        return;
    }
    /* the set has to be the last one when its rule gets it: the flow's comes behind */
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_members(b, set, false);
    ps_nft_put_flow(b, false);
    ps_nft_put_direction(b, false);
    ps_nft_put_count(b->r, b->counter);
    put_goto(b, b->pass);
}

static void build_icmp(struct ps_nft_build *b, uint32_t chain)
{
    uint32_t echo = b->family == PS_NFT_V4 ? 8 : 128;

    if (lists_type(&b->view, echo)) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_flow(b, false);
        ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_TH, 0, 2), echo << 8, false); /* and code 0 */
        ps_nft_put_direction(b, false);
        put_update(b, b->echoes[b->family]);
        ps_nft_put_count(b->r, b->counter);
        put_goto(b, b->pass);
    }
    build_plain_icmp(b, chain);
}

/* Puts "set, the other way round, has this packet": somebody asked for it. Or conntrack says so. */
static void put_asked(struct ps_nft_build *b, uint32_t set)
{
    if (ps_nft_has_conntrack(b)) {
        ps_nft_put_direction(b, true);
        return;
    }
    bool ports = set == b->asked[b->family], other = set == b->carried[b->family];
    const struct ps_nft_key third = ports   ? ps_nft_key(PS_NFT_TH_DPORT)
                                    : other ? ps_nft_protocol(b)
                                            : ps_nft_raw(PS_NFT_RAW_TH, 4, 2);
    const struct ps_nft_key keys[] = {ps_nft_daddr(b), ps_nft_saddr(b), third, ps_nft_key(PS_NFT_TH_SPORT)};
    ps_nft_put_lookup_by(b->r, keys, ports ? 4 : 3, set);
}

static void put_echo_reply(struct ps_nft_build *b)
{
    ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_TH, 0, 2), b->family == PS_NFT_V4 ? 0 : 129 << 8, false);
    put_asked(b, b->echoes[b->family]);
    put_goto(b, b->pass);
}

/* ---- inspected --------------------------------------------------------------------------------------------------- */

static bool opens(struct ps_nft_build *b)
{
    return ps_image_conduit_fallback(b->image, b->conduit) == PS_FALLBACK_PORTS && ps_nft_is_inexact(b);
}

static void build_inspected(struct ps_nft_build *b)
{
    const struct ps_nft_protocol *protocol = ps_nft_protocol_of(b->view.protocol);

    ps_nft_grade(b);
    if (!is_udp(b)) {
        uint32_t empty = ps_nft_empty_segments(b);
        ps_nft_rule_add(b->r, b->chain);
        ps_nft_put_lookup(b->r, empty, false);
        ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_TH, 13, 1), 0x20, 0, false); /* no URG */
        put_goto(b, b->pass);
        /* payload needs ACK, and neither SYN, RST nor URG */
        ps_nft_rule_add(b->r, b->chain);
        ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_TH, 13, 1), 0x36, 0x10, true);
        ps_nft_put_verdict(b->r, PS_NFT_RETURN, 0);
    }
    if (opens(b)) {
        ps_nft_rule_add(b->r, b->chain);
        ps_nft_put_pass(b);
    } else if (protocol) {
        protocol->build(b);
    }
}

static void ask_inspected(struct ps_nft_build *b, uint32_t chain)
{
    bool queues = b->conduits[b->conduit].queues;

    if (!queues) {
        b->chain = ps_nft_chain_add(b->r, "rule%c/%s/%s", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit),
                                    ps_image_rule_name(b->image, b->rule));
        build_inspected(b);
    }
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_flow(b, false);
    if (queues) {
        ps_nft_put_queue(b->r, b->options->queue);
        return;
    }
    if (!is_udp(b))
        put_not_flags(b, FLAGS_SYN_ACK);
    ps_nft_put_direction(b, false);
    ps_nft_put_verdict(b->r, PS_NFT_JUMP, b->chain);
}

/* ---- what is asked, and what comes back -------------------------------------------------------------------------- */

void ps_nft_build_ask(struct ps_nft_build *b, uint32_t chain)
{
    if (is_inspected(b)) {
        ask_inspected(b, chain);
        return;
    }
    if (b->view.protocol == PS_PROTOCOL_ICMP) {
        build_icmp(b, chain);
        return;
    }
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_flow(b, false);
    if (b->view.protocol == PS_PROTOCOL_TCP)
        put_not_flags(b, FLAGS_SYN_ACK);
    ps_nft_put_direction(b, false);
    if (b->view.protocol == PS_PROTOCOL_TCP)
        ps_nft_put_uncalled(b);
    ps_nft_put_pass(b);
}

void ps_nft_build_reply(struct ps_nft_build *b, uint32_t chain)
{
    bool echo = b->view.protocol == PS_PROTOCOL_ICMP;

    if (echo && !lists_type(&b->view, b->family == PS_NFT_V4 ? 8 : 128))
        return;
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_flow(b, true);
    if (echo) {
        put_echo_reply(b);
        return;
    }
    if (is_inspected(b) && b->conduits[b->conduit].queues) {
        ps_nft_put_queue(b->r, b->options->queue);
        return;
    }
    if (b->view.protocol == PS_PROTOCOL_IP || is_udp(b)) {
        put_asked(b, memory(b));
    } else {
        put_not_flags(b, FLAGS_SYN);
        ps_nft_put_direction(b, true);
    }
    put_goto(b, b->pass);
}

/* ---- monitored conduits -------------------------------------------------------------------------------------------- */

static uint32_t icmp_number(const struct ps_nft_build *b)
{
    return b->family == PS_NFT_V4 ? IP_ICMP : IP_ICMPV6;
}

void ps_nft_build_any_ask(struct ps_nft_build *b, uint32_t chain)
{
    if (ps_nft_has_conntrack(b))
        return;
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_protocol(b), IP_UDP, false);
    ps_nft_put_update(b->r, b->asked[b->family]);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_protocol(b), icmp_number(b), false);
    ps_nft_put_update(b->r, b->echoes[b->family]);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_update(b->r, b->carried[b->family]);
}

void ps_nft_build_any_reply(struct ps_nft_build *b, uint32_t chain)
{
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_protocol(b), IP_TCP, false);
    put_not_flags(b, FLAGS_SYN);
    ps_nft_put_direction(b, true);
    put_goto(b, b->pass);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_protocol(b), IP_UDP, false);
    put_asked(b, b->asked[b->family]);
    put_goto(b, b->pass);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_protocol(b), icmp_number(b), false);
    put_echo_reply(b);
    ps_nft_rule_add(b->r, chain);
    put_asked(b, b->carried[b->family]);
    put_goto(b, b->pass);
}
