/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_glance.c - the shortest way: a frame of a steady connection that says one plain thing and acknowledges all that
 * its receiver has said, judged where it stands, without a descriptor. Nothing is changed before all is asked; whatever is
 * not as usual goes the other ways, which say what becomes of it.
 */
#include "base/check.h"
#include "glance.h"
#include "inline_private.h"

/* A steady connection that is granted, and none of whose ends has a MAC that would have to be compared. */
#define FLAGS_ASKED (PS_FLOW_GRANTED | PS_FLOW_INSPECTED | PS_FLOW_NOT_OURS | PS_FLOW_BOUND_CLIENT | PS_FLOW_BOUND_SERVER | \
                     PS_FLOW_RELAYED | PS_FLOW_STEADY)
#define FLAGS_WANTED (PS_FLOW_GRANTED | PS_FLOW_INSPECTED | PS_FLOW_RELAYED | PS_FLOW_STEADY)

/* Headers as those of the last packet of this direction, be it by chance: that was sound, had ends like this one's, and
 * came from the same port. */
static bool are_headers_known(const struct ps_flow *flow, unsigned dir, const struct ps_packet *packet)
{
    const uint8_t *frame = packet->data;
    uint32_t sum = ps_inline_headers_sum(frame, frame[PS_GLANCE_TOS], frame[PS_GLANCE_TTL], packet->port, PS_HEADERS_PLAIN);
    return sum == flow->next[dir] && sum != PS_HEADERS_UNKNOWN;
}

/* back: the direction that it acknowledges. */
static struct ps_relay_told told_by(const uint8_t *frame, const struct ps_relay_dir *back)
{
    uint32_t window = (uint32_t)ps_be16(frame + PS_GLANCE_WINDOW) << back->scale;
    return (struct ps_relay_told){.ack = ps_be32(frame + PS_GLANCE_ACK), .window = window, .seq = ps_be32(frame + PS_GLANCE_SEQ)};
}

__attribute__((noinline)) bool ps_inline_glance(struct ps_engine *engine, const struct ps_packet *packet, uint32_t line)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    const uint8_t *frame = packet->data, *payload = frame + PS_GLANCE_HEADERS;
    int from = ps_glance_dir(frame, &flow->key);
    unsigned dir = (unsigned)from;
    if (from < 0 || (flow->flags & FLAGS_ASKED) != FLAGS_WANTED || flow->phase != PS_FLOW_OPEN ||
        !are_headers_known(flow, dir, packet))
        return false;
    struct ps_relay *relay = &engine->in.relays[flow->half[0]];
    struct ps_relay_dir *mine = &relay->dir[dir], *back = &relay->dir[!dir];
    uint32_t len = packet->len - PS_GLANCE_HEADERS;
    const struct ps_relay_told told = told_by(frame, back);
    if (!ps_relay_is_turn(&engine->in.chunks, back, mine, &told, len) || len > engine->config.unacked_octets ||
        !ps_inspect_glance(engine, line, (uint8_t)dir, payload, len))
        return false;
    ps_engine_touch(engine, flow, ps_flow_cold(&engine->table, line));
    const struct ps_relay_next next = {.told = told, .data = payload, .len = len};
    ps_relay_take_turn(&engine->in.chunks, back, mine, &next);
    flow->half[1] = mine->copy_tail;
#ifndef NDEBUG
    (void)PS_CHECK(ps_inline_check(engine, relay));
#endif
    return true;
}
