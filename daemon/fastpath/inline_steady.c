/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_steady.c - the short way of connections that go their way. Whatever is not as usual goes the long one, so that
 * nothing here has to be right about more than whole PDUs in order.
 */
#include <string.h>

#include "admit.h"
#include "base/check.h"
#include "inline_private.h"

/* All that it calls is small and inlined: a call costs as much as what is done here. */
#define PS_FLATTEN __attribute__((flatten))

static bool is_dir_steady(const struct ps_relay_dir *dir)
{
    bool at_rest = dir->allowed == dir->judged && dir->fwd == dir->judged && dir->given == dir->una;
    bool due = (dir->ack_due & dir->hold_due & dir->resend_due) != PS_TIMER_NEVER;
    return at_rest && !due && dir->delta == 0 && dir->store == PS_NONE && !dir->fin && dir->tries == 0;
}

bool ps_inline_is_steady(const struct ps_relay *relay)
{
    return relay->phase == PS_RELAY_OPEN && relay->due == PS_TIMER_NEVER && is_dir_steady(&relay->dir[0]) &&
           is_dir_steady(&relay->dir[1]);
}

/* Of the next octets, within the window, with room for a copy, as it may leave; it acknowledges nothing that did not. */
PS_FLATTEN static bool is_next(const struct ps_engine *engine, const struct ps_desc *desc, const struct ps_relay_dir *mine,
                    const struct ps_relay_dir *back)
{
    uint8_t flags = desc->tcp_flags & (PS_TCP_FIN | PS_TCP_SYN | PS_TCP_RST | PS_TCP_URG | PS_TCP_ACK);
    uint32_t len = desc->payload_len;
    bool fits = desc->seq == mine->judged && ps_seq_diff(desc->seq + len, mine->edge) <= 0 &&
                mine->judged + len - mine->una <= engine->config.unacked_octets;
    bool acked = desc->ack - back->una <= back->fwd - back->una;
    return flags == PS_TCP_ACK && fits && acked && len == desc->payload_wire &&
           ps_inline_is_plain(engine->current.packet, desc) && ps_relay_fits(&engine->in.chunks, mine, len);
}

/* What it acknowledges, and a copy of its octets. Does it acknowledge more, or tell of another window? */
PS_FLATTEN static bool take_numbers(struct ps_chunks *chunks, const struct ps_desc *desc, struct ps_relay_dir *mine,
                                    struct ps_relay_dir *back)
{
    struct ps_relay_next next = {.told = {.ack = desc->ack, .seq = desc->seq,
                                          .window = (uint32_t)ps_be16(ps_segment_tcp(desc) + 14) << back->scale},
                                 .data = desc->payload, .len = desc->payload_len};
    return ps_relay_take_next(chunks, back, mine, &next);
}

static uint32_t sum_of_headers(const struct ps_packet *packet, const struct ps_desc *desc)
{
    if (!desc->frame)
        return PS_HEADERS_UNKNOWN;
    bool plain = desc->network - desc->frame == 14 && desc->network[0] == 0x45;
    return ps_inline_headers_sum(desc->frame, desc->network[1], desc->hop_limit, packet->port,
                                 plain ? PS_HEADERS_PLAIN : 0);
}

/* Is there anything to ask about the sender? Of a port only when no packet came in there with these headers before. */
static bool is_asked(const struct ps_engine *engine, const struct ps_flow *flow, bool same)
{
    return same ? ps_admit_is_bound(flow) : ps_admit_asks(engine, flow);
}

/* Not all of it may leave as it came. */
__attribute__((noinline, cold)) static void leave_way(struct ps_engine *engine, const struct ps_desc *desc, bool told,
                                                      struct ps_inspected *seen, enum ps_result result)
{
    struct ps_relay *relay = &engine->in.relays[ps_engine_flow(engine, engine->current.line)->half[0]];
    struct ps_turn t = ps_inline_turn(engine, desc, relay);
    t.told = told;
    ps_inline_weigh(&t, seen, result);
    ps_inline_settle(engine, relay);
}

/* Not inlined into the burst loop, which has no registers left. Whoever passes here is who it says it is: no conduit that
 * only watches has a steady connection (dissolve() of inline.c). */
__attribute__((noinline)) bool ps_inline_next(struct ps_engine *engine, const struct ps_desc *desc, struct ps_flow *flow)
{
    struct ps_inline *in = &engine->in;
    struct ps_relay *relay = &in->relays[flow->half[0]];
    const struct ps_packet *packet = engine->current.packet;
    uint8_t dir = ps_flow_dir(flow, &desc->key);
    struct ps_relay_dir *mine = &relay->dir[dir], *back = &relay->dir[!dir];
    if (!is_next(engine, desc, mine, back))
        return false;
    engine->current.dir = dir;
    ps_engine_touch(engine, flow, ps_flow_cold(&engine->table, engine->current.line));
    uint32_t sum = sum_of_headers(packet, desc);
    bool same = sum == flow->next[dir] && sum != PS_HEADERS_UNKNOWN;
    if (is_asked(engine, flow, same) && !ps_admit_sender(engine, desc))
        return true;
    bool told = take_numbers(&in->chunks, desc, mine, back);
    if (!same) {
        ps_template_take(&relay->from[dir], desc, packet->port);
        flow->next[dir] = sum;
    }
    if (desc->payload_len == 0)
        return true;
    struct ps_inspected seen;
    flow->half[1] = mine->copy_tail;
    mine->judged += desc->payload_len;
    enum ps_result result = ps_inspect_inline(engine, desc->payload, desc->payload_len, &seen);
    if (result != PS_OK) {
        leave_way(engine, desc, told, &seen, result);
        return true;
    }
    mine->allowed = mine->fwd = mine->judged;
#ifndef NDEBUG
    (void)PS_CHECK(ps_inline_check(engine, relay));
#endif
    return true;
}
