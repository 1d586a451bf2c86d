/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "admit.h"
#include "base/check.h"
#include "inline_private.h"
#include "mem.h"
#include "rejudge.h"
#include "verdict.h"

#define UDP_LEN 8u

/* ---- life ------------------------------------------------------------------------------------------------------ */

bool ps_inline_init(struct ps_engine *engine, uint32_t pdu_len)
{
    const struct ps_engine_config *config = &engine->config;
    struct ps_inline *in = &engine->in;
    if (!config->inline_)
        return true;
    *in = (struct ps_inline){.n = config->n_relays, .free = PS_NONE, .scratch_len = config->unacked_octets + pdu_len};
    in->relays = ps_mem_new((size_t)in->n * sizeof in->relays[0]);
    in->scratch = ps_mem_new(in->scratch_len);
    in->spare = ps_mem_new(in->scratch_len);
    return in->relays && in->scratch && in->spare && ps_chunks_init(&in->chunks, config->n_chunks) &&
           ps_timers_init(&in->timers, config->n_relays) && ps_sends_init(&in->sends, config->send_octets);
}

void ps_inline_fini(struct ps_engine *engine)
{
    struct ps_inline *in = &engine->in;
    ps_mem_free(in->relays, (size_t)in->n * sizeof in->relays[0]);
    ps_mem_free(in->scratch, in->scratch_len);
    ps_mem_free(in->spare, in->scratch_len);
    ps_chunks_fini(&in->chunks);
    ps_timers_fini(&in->timers);
    ps_sends_fini(&in->sends);
}

bool ps_inline_holds(const struct ps_engine *engine, const struct ps_flow *flow, const struct ps_path *path)
{
    uint8_t wanted = PS_FLOW_GRANTED | PS_FLOW_INSPECTED;
    bool held = (flow->flags & PS_FLOW_RELAYED) || ((flow->flags & wanted) == wanted && path->mode != PS_MODE_MONITOR);
    return engine->config.inline_ && held;
}

/* ---- relays ---------------------------------------------------------------------------------------------------- */

static uint32_t id_of(const struct ps_inline *in, const struct ps_relay *relay)
{
    return (uint32_t)(relay - in->relays);
}

void ps_inline_release(struct ps_engine *engine, struct ps_relay *relay)
{
    struct ps_inline *in = &engine->in;
    struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    for (unsigned dir = 0; dir < 2; dir++)
        ps_relay_dir_end(&in->chunks, &relay->dir[dir]);
    ps_timer_set(&in->timers, id_of(in, relay), PS_TIMER_NEVER);
    flow->flags &= (uint8_t) ~(PS_FLOW_RELAYED | PS_FLOW_STEADY);
    flow->half[0] = flow->half[1] = PS_NONE;
    ps_caps_relay_ends(engine, relay);
    relay->link = in->free;
    in->free = id_of(in, relay);
    in->n_used--;
    engine->stats.relays_now--;
}

struct ps_relay *ps_inline_take(struct ps_engine *engine, bool opens)
{
    struct ps_inline *in = &engine->in;
    if (in->free == PS_NONE && in->fresh == in->n)
        ps_caps_make_room(engine, opens);
    uint32_t id = in->free;
    if (id != PS_NONE)
        in->free = in->relays[id].link;
    else if (in->fresh < in->n)
        id = in->fresh++;
    else
        return NULL;
    struct ps_relay *relay = &in->relays[id];
    *relay = (struct ps_relay){.due = PS_TIMER_NEVER, .gap_due = PS_TIMER_NEVER, .line = engine->current.line};
    for (unsigned dir = 0; dir < 2; dir++)
        ps_relay_dir_start(&relay->dir[dir], 0);
    ps_caps_relay_new(engine, relay);
    struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    flow->flags |= PS_FLOW_RELAYED;
    flow->half[0] = id;
    in->n_used++;
    if (++engine->stats.relays_now > engine->stats.relays_peak)
        engine->stats.relays_peak = engine->stats.relays_now;
    return relay;
}

void ps_inline_forget(struct ps_engine *engine, uint32_t line)
{
    struct ps_flow *flow = ps_engine_flow(engine, line);
    if (!(flow->flags & PS_FLOW_RELAYED))
        return;
    struct ps_relay *relay = &engine->in.relays[flow->half[0]];
    for (unsigned dir = 0; dir < 2 && relay->phase == PS_RELAY_OPEN; dir++)
        engine->stats.unfinished_pdus += relay->dir[dir].allowed != relay->dir[dir].judged;
    ps_inline_release(engine, relay);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void ps_inline_arm(struct ps_engine *engine, const struct ps_relay *relay)
{
    bool keeps = relay->dir[0].store != PS_NONE || relay->dir[1].store != PS_NONE;
    uint64_t due = keeps ? earlier(relay->due, relay->gap_due) : relay->due;
    for (unsigned d = 0; d < 2; d++) {
        const struct ps_relay_dir *dir = &relay->dir[d];
        due = earlier(due, earlier(dir->ack_due, earlier(dir->hold_due, dir->resend_due)));
    }
    ps_timer_set(&engine->in.timers, id_of(&engine->in, relay), due);
    struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    flow->next[0] = flow->next[1] = PS_HEADERS_UNKNOWN;
    if (ps_inline_is_steady(relay))
        flow->flags |= PS_FLOW_STEADY;
    else
        flow->flags &= (uint8_t)~PS_FLOW_STEADY;
}

/* Whatever waits has a time when it is looked after. */
static bool is_awaited(const struct ps_relay_dir *dir)
{
    bool waits = ps_relay_owns(dir) || dir->fwd != dir->allowed, held = dir->allowed != dir->judged;
    return (!waits || dir->resend_due != PS_TIMER_NEVER) && (!held || dir->hold_due != PS_TIMER_NEVER);
}

bool ps_inline_check(const struct ps_engine *engine, const struct ps_relay *relay)
{
    const struct ps_inline *in = &engine->in;
    const struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    bool steady = (flow->flags & PS_FLOW_STEADY) != 0;
    bool watched = ps_flow_cold(&engine->table, relay->line)->path.mode == PS_MODE_MONITOR;
    bool known = (flow->flags & PS_FLOW_RELAYED) && flow->half[0] == id_of(in, relay) &&
                 steady == ps_inline_is_steady(relay) && !(steady && watched);
    for (unsigned dir = 0; dir < 2 && ps_relay_is_live(relay); dir++)
        if (!ps_relay_check(&in->chunks, &relay->dir[dir], in->scratch_len) || !is_awaited(&relay->dir[dir]))
            return false;
    return known;
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

struct ps_turn ps_inline_turn(struct ps_engine *engine, const struct ps_desc *desc, struct ps_relay *relay)
{
    uint8_t dir = engine->current.dir;
    return (struct ps_turn){
        .engine = engine, .desc = desc, .flow = ps_engine_flow(engine, relay->line),
        .cold = ps_flow_cold(&engine->table, relay->line), .relay = relay, .tcp = ps_segment_tcp(desc),
        .mine = &relay->dir[dir], .back = &relay->dir[!dir], .end = desc->seq + desc->payload_len,
        .fin = (desc->tcp_flags & PS_TCP_FIN) != 0, .dir = dir};
}

void ps_inline_take_template(const struct ps_turn *t)
{
    struct ps_template *from = &t->relay->from[t->dir];
    if (t->engine->current.out->reason == PS_REASON_NONE || from->ip_len == 0)
        ps_template_take(from, t->desc, t->engine->current.packet->port);
}

void ps_inline_replace(struct ps_engine *engine)
{
    engine->current.out->verdict = PS_VERDICT_DROP;
    engine->current.out->replaced = engine->current.out->reason == PS_REASON_NONE || engine->current.out->monitored;
}

void ps_inline_refuse(const struct ps_turn *t, enum ps_reason reason)
{
    struct ps_path path = t->cold->path;
    path.mode = PS_MODE_ENFORCE; /* of a watched relay too: TCP's own rules are not the conduit's */
    ps_verdict_packet_refused(t->engine, t->desc, &path, reason);
}

static void judge(struct ps_turn *t)
{
    switch ((enum ps_relay_phase)t->relay->phase) {
    case PS_RELAY_TOMB:
        ps_reset_tomb(t);
        return;
    case PS_RELAY_SYN:
        ps_inline_syn(t);
        return;
    case PS_RELAY_SYN_ACK:
        if (!ps_inline_third(t))
            return;
        ps_inline_segment(t);
        return;
    case PS_RELAY_RESTORED:
    case PS_RELAY_RESUME:
        ps_inline_resume(t);
        return;
    case PS_RELAY_OPEN:
    case PS_RELAY_LINGER:
        if (t->desc->tcp_flags & PS_TCP_SYN)
            ps_inline_syn(t);
        else
            ps_inline_segment(t);
        return;
    case PS_RELAY_FREE:
        break;
    }
    ps_inline_refuse(t, PS_REASON_BUG);
}

/* The conduit only watches by now: as soon as nothing is kept and both ends have the same numbers, the passive half
 * follows from where the connection is. True: it has no relay any more. */
static bool dissolve(struct ps_engine *engine, struct ps_relay *relay)
{
    struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    bool watched = ps_flow_cold(&engine->table, relay->line)->path.mode == PS_MODE_MONITOR;
    if (!watched || !(flow->flags & PS_FLOW_STEADY))
        return false;
    for (unsigned dir = 0; dir < 2; dir++) {
        flow->next[dir] = relay->dir[dir].judged;
        flow->dir[dir] |= PS_DIR_STARTED;
    }
    ps_inline_release(engine, relay);
    return true;
}

void ps_inline_settle(struct ps_engine *engine, struct ps_relay *relay)
{
    if (relay->phase == PS_RELAY_FREE)
        return;
    ps_inline_arm(engine, relay);
    if (dissolve(engine, relay))
        return;
#ifndef NDEBUG
    (void)PS_CHECK(ps_inline_check(engine, relay));
#endif
    ps_caps_settle(engine, relay);
}

/* A connection that is over and whose tombstone is gone: an end that still says something has not heard of it. */
static void judge_straggler(struct ps_engine *engine, const struct ps_desc *desc, const struct ps_flow_cold *cold)
{
    enum ps_reason reason = cold->reason != PS_REASON_NONE ? (enum ps_reason)cold->reason : PS_REASON_CLOSED;
    struct ps_relay *relay = desc->payload_wire > 0 ? ps_inline_take(engine, false) : NULL;
    if (relay) {
        struct ps_turn t = ps_inline_turn(engine, desc, relay);
        ps_reset_unknown(&t, reason);
        ps_inline_settle(engine, relay);
    } else if (desc->payload_wire > 0) {
        ps_verdict_packet_refused(engine, desc, &cold->path, reason);
    } else {
        ps_inline_replace(engine);
    }
}

/* The SYN of a connection that is over: it opens another, unless it is the one that has opened this, come late. */
static bool opens_another(const struct ps_engine *engine, const struct ps_flow *flow, const struct ps_desc *desc)
{
    if ((desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK)) != PS_TCP_SYN || flow->phase != PS_FLOW_CLOSED)
        return false;
    if (!(flow->flags & PS_FLOW_RELAYED) || ps_flow_dir(flow, &desc->key) != PS_TO_SERVER)
        return true;
    const struct ps_relay *relay = &engine->in.relays[flow->half[0]];
    return !relay->opened || relay->isn != desc->seq;
}

/* Apart from the short way, which is to keep its registers. */
__attribute__((noinline)) static bool judge_long(struct ps_engine *engine, const struct ps_desc *desc,
                                                 struct ps_flow *flow)
{
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, engine->current.line);
    if (opens_another(engine, flow, desc) || !ps_inline_holds(engine, flow, &cold->path))
        return false;
    engine->current.dir = ps_flow_dir(flow, &desc->key);
    ps_engine_touch(engine, flow, cold);
    if (!ps_admit_sender(engine, desc))
        return true;
    if (!(flow->flags & PS_FLOW_RELAYED)) {
        judge_straggler(engine, desc, cold);
        return true;
    }
    struct ps_relay *relay = &engine->in.relays[flow->half[0]];
    struct ps_turn t = ps_inline_turn(engine, desc, relay);
    if (desc->payload_len < desc->payload_wire)
        ps_inline_refuse(&t, PS_REASON_CUT_FRAME);
    else
        judge(&t);
    ps_inline_settle(engine, relay);
    return true;
}

bool ps_inline_judge(struct ps_engine *engine, const struct ps_desc *desc)
{
    if (engine->current.line == PS_NONE)
        return false;
    struct ps_flow *flow = ps_engine_flow(engine, engine->current.line);
    return ((flow->flags & PS_FLOW_STEADY) && ps_inline_next(engine, desc, flow)) || judge_long(engine, desc, flow);
}

bool ps_inline_opened(struct ps_engine *engine, const struct ps_desc *desc)
{
    uint32_t line = engine->current.line;
    struct ps_flow *flow = ps_engine_flow(engine, line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    if (!ps_inline_holds(engine, flow, &cold->path))
        return false;
    ps_engine_touch(engine, flow, cold);
    bool opens = (desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK)) == PS_TCP_SYN;
    bool many = opens && !ps_caps_may_half_open(engine, line);
    struct ps_relay *relay = many ? NULL : ps_inline_take(engine, opens);
    if (!relay) {
        enum ps_reason reason = many ? PS_REASON_TOO_MANY_HALF_OPEN : PS_REASON_RELAYS_FULL;
        ps_verdict_packet_refused(engine, desc, &cold->path, reason);
        ps_engine_remove(engine, line);
        return true;
    }
    struct ps_turn t = ps_inline_turn(engine, desc, relay);
    ps_inline_first(&t);
    ps_inline_settle(engine, relay);
    return true;
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

/* Not what is not ours, and not what has a relay, which knows itself. */
static bool may_trim(const struct ps_engine *engine)
{
    if (engine->current.line == PS_NONE)
        return engine->current.cut;
    uint8_t flags = ps_engine_flow(engine, engine->current.line)->flags;
    return (flags & (PS_FLOW_GRANTED | PS_FLOW_RELAYED)) == PS_FLOW_GRANTED;
}

/* A datagram without a checksum, as IPv4 lets it be. */
static bool lacks_sum(const struct ps_desc *desc)
{
    return desc->kind == PS_KIND_UDP && ps_be16(desc->payload - 2) == 0 && desc->payload_len == desc->payload_wire;
}

void ps_inline_trim(struct ps_engine *engine, const struct ps_desc *desc)
{
    const struct ps_packet *packet = engine->current.packet;
    if (!may_trim(engine) || desc->reason != PS_REASON_NONE)
        return;
    if (ps_segment_is_trimmed(packet, desc) && !lacks_sum(desc))
        return;
    uint32_t len = ps_segment_frame_len(packet, desc);
    uint8_t *frame = ps_sends_room(&engine->in.sends, len);
    ps_inline_replace(engine);
    if (!frame) {
        engine->stats.sends_lost++;
        return;
    }
    memcpy(frame, packet->data, len);
    if (lacks_sum(desc)) {
        uint32_t udp = (uint32_t)(desc->payload - packet->data) - UDP_LEN;
        ps_segment_sum_udp(desc->network, frame + udp, UDP_LEN + desc->payload_len);
    }
    ps_sends_put(&engine->in.sends, len, packet->port);
    engine->stats.sent_frames++;
}
