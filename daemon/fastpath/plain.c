/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain.h"

#include "admit.h"
#include "icmp_error.h"
#include "inspect.h"
#include "verdict.h"

/* A datagram after a silence this long opens a flow of its own: nobody waits for a reply as long as this. */
#define SILENCE (180u * PS_TICKS_PER_S)

static bool is_stale(const struct ps_engine *engine, uint32_t line)
{
    return ps_flow_ticks(engine->now_ns) - ps_engine_flow(engine, line)->seen > SILENCE;
}

static bool find_or_open(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint,
                         enum ps_opener opener)
{
    engine->current.line = ps_engine_find(engine, &desc->key, hash, hint);
    if (engine->current.line != PS_NONE && is_stale(engine, engine->current.line)) {
        ps_engine_remove(engine, engine->current.line);
        engine->current.line = PS_NONE;
    }
    if (engine->current.line == PS_NONE)
        return ps_admit(engine, desc, hash, opener);
    const struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    engine->current.dir = ps_key_equal(&flow->key, &desc->key) ? PS_TO_SERVER : PS_TO_CLIENT;
    return true;
}

/* Its sender is who it says. */
static void note_answer(struct ps_engine *engine, const struct ps_flow *flow)
{
    if (flow->phase == PS_FLOW_OPENING && engine->current.dir == PS_TO_CLIENT)
        ps_engine_answered(engine, engine->current.line);
}

void ps_plain_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint)
{
    bool has_ports = desc->kind == PS_KIND_UDP;
    if (!find_or_open(engine, desc, hash, hint, has_ports ? PS_OPENER_LIKELY_SENDER : PS_OPENER_SENDER))
        return;
    struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    ps_engine_touch(engine, flow, ps_flow_cold(&engine->table, engine->current.line));
    if (!ps_admit_sender(engine, desc) || (flow->flags & PS_FLOW_NOT_OURS))
        return;
    note_answer(engine, flow);
    if (!(flow->flags & PS_FLOW_GRANTED))
        ps_verdict_silent(engine, cold);
    if (flow->flags & PS_FLOW_INSPECTED)
        ps_inspect_datagram(engine, desc->payload, desc->payload_len, desc->payload_len < desc->payload_wire);
    else if (flow->flags & PS_FLOW_GRANTED)
        ps_verdict_packet_allowed(engine);
    if (has_ports)
        ps_verdict_carries(engine);
}

/* ---- neighbours ------------------------------------------------------------------------------------------------ */

/* Neighbours may ask for each other as long as a conduit is open between them, in whichever direction. */
static enum ps_reason apply_changes(const struct ps_engine *engine, struct ps_addr sender, struct ps_addr target,
                                    struct ps_path *path)
{
    enum ps_reason reason = ps_policy_slot_apply(engine->slot, PS_REASON_NONE, path);
    if (reason == PS_REASON_NONE)
        return reason;
    struct ps_ends back = {.client = target, .server = sender};
    struct ps_path other;
    bool open = ps_admit_match(engine, &back, &other) != PS_REASON_ISLAND && other.conduit != PS_NONE;
    return open ? PS_REASON_NONE : reason;
}

static void judge_neighbour(struct ps_engine *engine, const struct ps_desc *desc, struct ps_mac mac)
{
    static const struct ps_addr unset[2] = {{0, PS_ADDR_V4_PREFIX}, {0, 0}};
    struct ps_path path = ps_admit_no_path();
    struct ps_addr sender = desc->key.addr[0], target = desc->key.addr[1];
    /* Whoever asks whether an address is free speaks for that address (RFC 5227, RFC 4862). */
    if (ps_addr_equal(sender, unset[0]) || ps_addr_equal(sender, unset[1]))
        sender = target;
    enum ps_reason reason = ps_match_neighbour(engine->image, sender, mac, target, &path);
    if (reason == PS_REASON_NONE && ps_admit_is_spoofed(engine, path.client_zone))
        reason = PS_REASON_SPOOFED;
    else if (reason == PS_REASON_NONE)
        reason = apply_changes(engine, sender, target, &path);
    if (ps_admit_not_ours(engine, &path) && reason != PS_REASON_MAC_BINDING) {
        engine->stats.not_ours++;
        return;
    }
    if (reason == PS_REASON_NONE && !ps_admit_has_tags(engine, &desc->key, &path))
        reason = PS_REASON_VLAN;
    ps_engine_conduit(engine, &path)->packets++;
    engine->current.cut = reason == PS_REASON_NONE;
    if (reason != PS_REASON_NONE)
        ps_verdict_packet_refused(engine, desc, &path, reason);
}

/* RFC 826: sender's MAC behind the 8 octets of types and operation. */
void ps_arp_judge(struct ps_engine *engine, const struct ps_desc *desc)
{
    judge_neighbour(engine, desc, ps_mac_at(desc->network + 8));
}

/* ---- ICMP ------------------------------------------------------------------------------------------------------ */

enum { ND_FIRST = 133, ND_SOLICIT = 135, ND_ADVERTISE = 136, ND_LAST = 137, ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2 };

/* RFC 4861 6.1, 7.1, 8.1: no router has passed it on. */
static bool is_of_link(const struct ps_desc *desc)
{
    return desc->hop_limit == 255 && desc->icmp_code == 0;
}

/* RFC 4861 4.3, 4.4: behind 4 octets of flags the target 16, then options: type 1, length 1 in units of 8 octets. Of the
 * one that holds a MAC there is one at most: receivers differ in which of two they believe. *mac is left alone when there
 * is none. */
static bool parse_nd(const struct ps_desc *desc, struct ps_addr *target, struct ps_mac *mac)
{
    const uint8_t *p = desc->payload;
    unsigned wanted = desc->icmp_type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC, n_macs = 0;
    if (!is_of_link(desc) || desc->payload_len < 16)
        return false;
    *target = (struct ps_addr){.hi = ps_be64(p), .lo = ps_be64(p + 8)};
    if (target->hi >> 56 == 0xff)
        return false;
    for (uint32_t at = 16; at < desc->payload_len;) {
        uint32_t left = desc->payload_len - at;
        uint32_t len = left >= 2 ? p[at + 1] * 8u : 0;
        if (len == 0 || len > left)
            return false;
        if (p[at] == wanted) {
            if (len != 8 || ++n_macs > 1)
                return false;
            *mac = ps_mac_at(p + at + 2);
        }
        at += len;
    }
    return true;
}

/* The sender of an advertisement speaks for its target. */
static void judge_nd(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct ps_desc neighbour = *desc;
    struct ps_mac mac = desc->frame ? ps_mac_at(desc->frame + 6) : (struct ps_mac){{0}};
    struct ps_addr target;
    if (!parse_nd(desc, &target, &mac)) {
        ps_admit_refuse(engine, desc, PS_REASON_BAD_ARP);
        return;
    }
    if (desc->icmp_type == ND_ADVERTISE)
        neighbour.key.addr[0] = target;
    else
        neighbour.key.addr[1] = target;
    judge_neighbour(engine, &neighbour, mac);
}

/* True: that is all about it. In a capture one about something that was sent earlier is judged like any other message. */
static bool judge_error(struct ps_engine *engine, const struct ps_desc *desc)
{
    enum ps_reason reason = ps_icmp_error_judge(engine, desc);
    bool refused = reason != PS_REASON_NONE && engine->config.inline_;
    if (refused)
        ps_admit_refuse(engine, desc, reason);
    return refused || reason == PS_REASON_NONE;
}

void ps_icmp_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint)
{
    bool v6 = ps_key_proto(&desc->key) == PS_PROTO_ICMPV6;
    if (v6 && (desc->icmp_type == ND_SOLICIT || desc->icmp_type == ND_ADVERTISE)) {
        judge_nd(engine, desc);
        return;
    }
    if (v6 && desc->icmp_type >= ND_FIRST && desc->icmp_type <= ND_LAST && !is_of_link(desc)) {
        ps_admit_refuse(engine, desc, PS_REASON_BAD_ARP);
        return;
    }
    if (ps_icmp_is_error(desc) && judge_error(engine, desc))
        return;
    bool reply = desc->icmp_type == (v6 ? 129 : 0);
    if (!find_or_open(engine, desc, hash, hint, reply ? PS_OPENER_RECEIVER : PS_OPENER_SENDER))
        return;
    struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    ps_engine_touch(engine, flow, cold);
    if (!ps_admit_sender(engine, desc) || (flow->flags & PS_FLOW_NOT_OURS))
        return;
    note_answer(engine, flow);
    if (flow->flags & PS_FLOW_GRANTED)
        ps_verdict_packet_allowed(engine);
    else
        ps_verdict_silent(engine, cold);
}
