/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain.h"

#include "admit.h"
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

void ps_plain_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint)
{
    bool has_ports = desc->kind == PS_KIND_UDP;
    if (!find_or_open(engine, desc, hash, hint, has_ports ? PS_OPENER_LIKELY_SENDER : PS_OPENER_SENDER))
        return;
    struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    ps_engine_touch(engine, flow, ps_flow_cold(&engine->table, engine->current.line));
    if (flow->flags & PS_FLOW_NOT_OURS || !ps_admit_sender(engine, desc))
        return;
    if (!(flow->flags & PS_FLOW_GRANTED))
        ps_verdict_silent(engine, cold);
    if (flow->flags & PS_FLOW_INSPECTED)
        ps_inspect_datagram(engine, desc->payload, desc->payload_len, desc->payload_len < desc->payload_wire);
    else if (flow->flags & PS_FLOW_GRANTED)
        ps_verdict_packet_allowed(engine);
}

/* ---- neighbours ------------------------------------------------------------------------------------------------ */

static void judge_neighbour(struct ps_engine *engine, const struct ps_desc *desc, struct ps_mac mac)
{
    static const struct ps_addr unset[2] = {{0, PS_ADDR_V4_PREFIX}, {0, 0}};
    struct ps_path path = ps_admit_no_path();
    struct ps_addr sender = desc->key.addr[0], target = desc->key.addr[1];
    /* Whoever asks whether an address is free speaks for that address (RFC 5227, RFC 4862). */
    if (ps_addr_equal(sender, unset[0]) || ps_addr_equal(sender, unset[1]))
        sender = target;
    enum ps_reason reason = ps_match_neighbour(engine->image, sender, mac, target, &path);
    if (ps_admit_not_ours(engine, &path) && reason != PS_REASON_MAC_BINDING) {
        engine->stats.not_ours++;
        return;
    }
    ps_engine_conduit(engine, &path)->packets++;
    if (reason != PS_REASON_NONE)
        ps_verdict_packet_refused(engine, desc, &path, reason);
}

/* RFC 826: sender's MAC behind the 8 octets of types and operation. */
void ps_arp_judge(struct ps_engine *engine, const struct ps_desc *desc)
{
    judge_neighbour(engine, desc, ps_mac_at(desc->network + 8));
}

/* ---- ICMP ------------------------------------------------------------------------------------------------------ */

enum { ND_SOLICIT = 135, ND_ADVERTISE = 136, ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2 };

/* RFC 4861 4.3, 4.4: behind 4 octets of flags the target 16, then options: type 1, length 1 in units of 8 octets.
 * *mac is left alone when no option holds one. */
static bool parse_nd(const struct ps_desc *desc, struct ps_addr *target, struct ps_mac *mac)
{
    const uint8_t *p = desc->payload;
    if (desc->hop_limit != 255 || desc->icmp_code != 0 || desc->payload_len < 16)
        return false;
    *target = (struct ps_addr){.hi = ps_be64(p), .lo = ps_be64(p + 8)};
    if (target->hi >> 56 == 0xff)
        return false;
    for (uint32_t at = 16; at < desc->payload_len;) {
        uint32_t left = desc->payload_len - at;
        uint32_t len = left >= 2 ? p[at + 1] * 8u : 0;
        if (len == 0 || len > left)
            return false;
        if (p[at] == (desc->icmp_type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC))
            *mac = ps_mac_at(p + at + 2);
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

static bool is_error(const struct ps_desc *desc)
{
    if (ps_key_proto(&desc->key) == PS_PROTO_ICMP)
        return desc->icmp_type == 3 || desc->icmp_type == 11 || desc->icmp_type == 12;
    return desc->icmp_type >= 1 && desc->icmp_type <= 4;
}

/* The flow key of the packet that an error quotes: its IP header and 8 octets. It was sent by whom the error goes to. */
static bool quoted_key(const struct ps_desc *desc, struct ps_key *key)
{
    const uint8_t *p = desc->payload;
    bool v4 = ps_key_proto(&desc->key) == PS_PROTO_ICMP;
    uint32_t header_len = v4 ? 20 : 40;
    if (desc->payload_len < header_len + 8 || p[0] >> 4 != (v4 ? 4 : 6) || (v4 && (p[0] & 0xf) != 5))
        return false;
    uint8_t proto = v4 ? p[9] : p[6];
    const uint8_t *inner = p + header_len;
    *key = (struct ps_key){.id = ps_key_id(proto, desc->key.id)};
    if (v4) {
        key->addr[0] = ps_addr_from_v4(ps_be32(p + 12));
        key->addr[1] = ps_addr_from_v4(ps_be32(p + 16));
    } else {
        key->addr[0] = (struct ps_addr){.hi = ps_be64(p + 8), .lo = ps_be64(p + 16)};
        key->addr[1] = (struct ps_addr){.hi = ps_be64(p + 24), .lo = ps_be64(p + 32)};
    }
    if (proto == PS_PROTO_TCP || proto == PS_PROTO_UDP) {
        key->port[0] = ps_be16(inner);
        key->port[1] = ps_be16(inner + 2);
    } else if (proto == (v4 ? PS_PROTO_ICMP : PS_PROTO_ICMPV6) && inner[0] == (v4 ? 8 : 128)) {
        key->port[0] = key->port[1] = ps_be16(inner + 4);
    }
    return ps_addr_equal(key->addr[0], desc->key.addr[1]);
}

/* An error about a flow that lives and is allowed belongs to that flow. True: it passed. */
static bool pass_error(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct ps_key key;
    if (!quoted_key(desc, &key))
        return false;
    uint32_t line = ps_flow_find(&engine->table, &key, ps_flow_hash(&engine->table, &key));
    if (line == PS_NONE)
        return false;
    struct ps_flow *flow = ps_engine_flow(engine, line);
    if (!(flow->flags & (PS_FLOW_GRANTED | PS_FLOW_NOT_OURS)) || flow->phase == PS_FLOW_CLOSED)
        return false;
    ps_engine_touch(engine, flow, ps_flow_cold(&engine->table, line));
    return true;
}

void ps_icmp_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint)
{
    bool v6 = ps_key_proto(&desc->key) == PS_PROTO_ICMPV6;
    if (v6 && (desc->icmp_type == ND_SOLICIT || desc->icmp_type == ND_ADVERTISE)) {
        judge_nd(engine, desc);
        return;
    }
    if (is_error(desc) && pass_error(engine, desc))
        return;
    bool reply = desc->icmp_type == (v6 ? 129 : 0);
    if (!find_or_open(engine, desc, hash, hint, reply ? PS_OPENER_RECEIVER : PS_OPENER_SENDER))
        return;
    struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    ps_engine_touch(engine, flow, cold);
    if (flow->flags & PS_FLOW_NOT_OURS || !ps_admit_sender(engine, desc))
        return;
    if (flow->flags & PS_FLOW_GRANTED)
        ps_verdict_packet_allowed(engine);
    else
        ps_verdict_silent(engine, cold);
}
