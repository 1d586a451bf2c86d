/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "icmp_error.h"

#include "admit.h"
#include "inline_private.h"

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define ICMP_LEN 8u
#define QUOTED_MIN 8u /* octets behind the quoted IP header: ports, sequence number */
/* What an error may be long, and what a link carries at least: RFC 1812 4.3.2.3, RFC 9293 3.7.1; RFC 4443 2.4 (c), RFC 8200 5. */
#define SIZE_V4 576u
#define SIZE_V6 1280u

enum { UNREACHABLE = 3, TIME_EXCEEDED = 11, PARAMETER_PROBLEM = 12, CODE_TOO_BIG = 4 };
enum { V6_TOO_BIG = 2, V6_PARAMETER_PROBLEM = 4 };
enum { ECHO_REQUEST = 8, V6_ECHO_REQUEST = 128 };

bool ps_icmp_is_error(const struct ps_desc *desc)
{
    uint8_t type = desc->icmp_type;
    if (ps_key_proto(&desc->key) == PS_PROTO_ICMP)
        return type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
    return type >= 1 && type <= V6_PARAMETER_PROBLEM;
}

/* ---- the packet that it quotes ---------------------------------------------------------------------------------- */

struct quoted {
    struct ps_key key;       /* end 0 is its sender, who gets the error */
    const uint8_t *payload;  /* QUOTED_MIN octets */
};

/* RFC 791: without options, whole, of a length that holds what is quoted of it. */
static bool is_header_v4(const uint8_t *p)
{
    return p[0] == 0x45 && ps_be16(p + 2) >= IPV4_LEN + QUOTED_MIN && (ps_be16(p + 6) & 0xbfff) == 0;
}

static bool is_header_v6(const uint8_t *p)
{
    return p[0] >> 4 == 6 && ps_be16(p + 4) >= QUOTED_MIN;
}

static struct ps_addr load_addr(const uint8_t *p, bool v4)
{
    return v4 ? ps_addr_from_v4(ps_be32(p)) : (struct ps_addr){.hi = ps_be64(p), .lo = ps_be64(p + 8)};
}

/* False: no packet that could have been sent and passed. An error about an error has no key that a flow has. */
static bool read_quoted(const struct ps_desc *desc, struct quoted *q)
{
    const uint8_t *p = desc->payload;
    bool v4 = ps_key_proto(&desc->key) == PS_PROTO_ICMP;
    uint32_t head = v4 ? IPV4_LEN : IPV6_LEN, addr_len = v4 ? 4 : 16, addr_at = v4 ? 12 : 8;
    bool fits = desc->payload_len >= head + QUOTED_MIN && head + ICMP_LEN + desc->payload_wire <= (v4 ? SIZE_V4 : SIZE_V6);
    if (!fits || !(v4 ? is_header_v4(p) : is_header_v6(p)))
        return false;
    uint8_t proto = v4 ? p[9] : p[6];
    q->payload = p + head;
    q->key = (struct ps_key){.id = ps_key_id(proto, desc->key.id)};
    q->key.addr[0] = load_addr(p + addr_at, v4);
    q->key.addr[1] = load_addr(p + addr_at + addr_len, v4);
    if (proto == PS_PROTO_TCP || proto == PS_PROTO_UDP) {
        q->key.port[0] = ps_be16(q->payload);
        q->key.port[1] = ps_be16(q->payload + 2);
    } else if (proto == (v4 ? PS_PROTO_ICMP : PS_PROTO_ICMPV6) && q->payload[0] == (v4 ? ECHO_REQUEST : V6_ECHO_REQUEST)) {
        q->key.port[0] = q->key.port[1] = ps_be16(q->payload + 4);
    }
    return ps_addr_equal(q->key.addr[0], desc->key.addr[1]);
}

/* ---- packets that were too big ---------------------------------------------------------------------------------- */

/* What the next link carries; UINT32_MAX: it is another error. */
static uint32_t mtu_of(const struct ps_desc *desc)
{
    const uint8_t *rest = desc->payload - 4;
    if (ps_key_proto(&desc->key) == PS_PROTO_ICMP)
        return desc->icmp_type == UNREACHABLE && desc->icmp_code == CODE_TOO_BIG ? ps_be16(rest + 2) : UINT32_MAX;
    return desc->icmp_type == V6_TOO_BIG ? ps_be32(rest) : UINT32_MAX;
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

/* Its packets have the receiver's numbers: from una to fwd, and those of the SYN before. A server that has not answered
 * one yet has none. */
static bool is_on_its_way(const struct ps_relay *relay, unsigned dir, uint32_t seq)
{
    const struct ps_relay_dir *mine = &relay->dir[dir];
    bool opening = relay->phase == PS_RELAY_SYN || relay->phase == PS_RELAY_SYN_ACK;
    uint32_t from = opening ? mine->una - 1 : mine->una;
    if (relay->phase == PS_RELAY_SYN && dir == PS_TO_CLIENT)
        return false;
    return seq - mine->delta - from <= mine->fwd - from;
}

static enum ps_reason judge_relayed(struct ps_engine *engine, const struct ps_desc *desc, const struct quoted *q,
                                    const struct ps_flow *flow)
{
    struct ps_relay *relay = &engine->in.relays[flow->half[0]];
    unsigned dir = ps_flow_dir(flow, &q->key);
    struct ps_relay_dir *mine = &relay->dir[dir];
    uint32_t mtu = mtu_of(desc), head = (ps_addr_is_v4(q->key.addr[0]) ? IPV4_LEN : IPV6_LEN) + PS_TCP_LEN;
    if (!is_on_its_way(relay, dir, ps_be32(q->payload + 4)))
        return PS_REASON_OUT_OF_WINDOW;
    if (relay->phase == PS_RELAY_OPEN && mtu - head < mine->mss)
        mine->mss = (uint16_t)(mtu - head);
    if (mine->delta != 0)
        ps_inline_replace(engine); /* its receiver knows no such number */
    return PS_REASON_NONE;
}

/* A router has the address of any zone or of none, but not one of a zone that lies elsewhere. */
static bool has_foreign_sender(const struct ps_engine *engine, const struct ps_desc *desc)
{
    uint32_t asset, zone;
    ps_match_address(engine->image, desc->key.addr[0], &asset, &zone);
    return ps_admit_is_spoofed(engine, zone);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

enum ps_reason ps_icmp_error_judge(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct quoted q;
    bool v4 = ps_key_proto(&desc->key) == PS_PROTO_ICMP;
    if (!read_quoted(desc, &q) || mtu_of(desc) < (v4 ? SIZE_V4 : SIZE_V6))
        return PS_REASON_BAD_HEADER;
    uint32_t line = ps_engine_find(engine, &q.key, ps_flow_hash(&engine->table, &q.key), PS_NONE);
    if (line == PS_NONE)
        return PS_REASON_MIDSTREAM;
    struct ps_flow *flow = ps_engine_flow(engine, line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    if (!(flow->flags & (PS_FLOW_GRANTED | PS_FLOW_NOT_OURS)) || flow->phase == PS_FLOW_CLOSED)
        return PS_REASON_MIDSTREAM;
    bool to_server = ps_flow_dir(flow, &q.key) == PS_TO_SERVER;
    if (ps_admit_is_spoofed(engine, to_server ? cold->path.server_zone : cold->path.client_zone) ||
        has_foreign_sender(engine, desc))
        return PS_REASON_SPOOFED;
    enum ps_reason reason = flow->flags & PS_FLOW_RELAYED ? judge_relayed(engine, desc, &q, flow) : PS_REASON_NONE;
    if (reason == PS_REASON_NONE)
        ps_engine_touch(engine, flow, cold);
    engine->current.cut = reason == PS_REASON_NONE && !(flow->flags & PS_FLOW_NOT_OURS);
    return reason;
}
