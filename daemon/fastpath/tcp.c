/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp.h"

#include "admit.h"
#include "inspect.h"
#include "verdict.h"

static struct ps_flow *current_flow(const struct ps_engine *engine)
{
    return ps_engine_flow(engine, engine->current.line);
}

static struct ps_flow_cold *current_cold(const struct ps_engine *engine)
{
    return ps_flow_cold(&engine->table, engine->current.line);
}

/* ---- handshake ------------------------------------------------------------------------------------------------- */

static void refuse(struct ps_engine *engine, const struct ps_desc *desc, enum ps_reason reason)
{
    ps_verdict_packet_refused(engine, desc, &current_cold(engine)->path, reason);
}

/* The SYN of a connection that is there: repeated, or the tuple is used again. True: it opens a new one. */
static bool is_new_connection(const struct ps_flow *flow, const struct ps_desc *desc)
{
    if (flow->phase == PS_FLOW_CLOSED)
        return true;
    bool repeated = (flow->dir[PS_TO_SERVER] & PS_DIR_STARTED) && flow->next[PS_TO_SERVER] == desc->seq + 1;
    return ps_flow_dir(flow, &desc->key) == PS_TO_SERVER && !repeated;
}

static bool open_by_syn(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash)
{
    if (engine->current.line != PS_NONE) {
        ps_engine_remove(engine, engine->current.line);
        engine->current.line = PS_NONE;
    }
    if (!ps_admit(engine, desc, hash, PS_OPENER_SENDER))
        return false;
    ps_stream_start(current_flow(engine), PS_TO_SERVER, desc->seq + 1);
    return true;
}

/* After a SYN of the client; a SYN of the server towards an opening client is a split handshake. */
static void judge_syn(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash)
{
    bool known = engine->current.line != PS_NONE;
    if (!known || is_new_connection(current_flow(engine), desc)) {
        if (!open_by_syn(engine, desc, hash) || ps_inline_opened(engine, desc))
            return;
    } else {
        engine->current.dir = ps_flow_dir(current_flow(engine), &desc->key);
    }
    struct ps_flow *flow = current_flow(engine);
    ps_engine_touch(engine, flow, current_cold(engine));
    if (!ps_admit_sender(engine, desc) || (flow->flags & PS_FLOW_NOT_OURS))
        return;
    if (!(flow->flags & PS_FLOW_GRANTED))
        ps_verdict_silent(engine, current_cold(engine));
    else if (engine->current.dir != PS_TO_SERVER)
        refuse(engine, desc, PS_REASON_BAD_HANDSHAKE);
    else if (desc->payload_wire > 0)
        refuse(engine, desc, PS_REASON_SYN_DATA);
}

/* Its sender is the server. It acknowledges the client's SYN and nothing else. */
static bool is_syn_ack_sound(const struct ps_flow *flow, const struct ps_desc *desc)
{
    if (ps_flow_dir(flow, &desc->key) != PS_TO_CLIENT)
        return false;
    if (flow->dir[PS_TO_CLIENT] & PS_DIR_STARTED) /* repeated, whatever has been said since */
        return (int32_t)(desc->seq + 1 - flow->next[PS_TO_CLIENT]) <= 0;
    return !(flow->dir[PS_TO_SERVER] & PS_DIR_STARTED) || flow->phase == PS_FLOW_OPEN ||
           desc->ack == flow->next[PS_TO_SERVER];
}

static void judge_syn_ack(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash)
{
    bool known = engine->current.line != PS_NONE;
    if (!known) {
        if (!ps_admit(engine, desc, hash, PS_OPENER_RECEIVER) || ps_inline_opened(engine, desc))
            return;
        engine->stats.midstream += !(current_flow(engine)->flags & PS_FLOW_NOT_OURS);
        ps_stream_start(current_flow(engine), PS_TO_SERVER, desc->ack);
    }
    struct ps_flow *flow = current_flow(engine);
    engine->current.dir = ps_flow_dir(flow, &desc->key);
    ps_engine_touch(engine, flow, current_cold(engine));
    if (!ps_admit_sender(engine, desc) || (flow->flags & PS_FLOW_NOT_OURS))
        return;
    if (!(flow->flags & PS_FLOW_GRANTED))
        ps_verdict_silent(engine, current_cold(engine));
    if (!is_syn_ack_sound(flow, desc)) {
        if (flow->flags & PS_FLOW_GRANTED)
            refuse(engine, desc, PS_REASON_BAD_HANDSHAKE);
        return;
    }
    if (!(flow->dir[PS_TO_CLIENT] & PS_DIR_STARTED))
        ps_stream_start(flow, PS_TO_CLIENT, desc->seq + 1);
    if (flow->phase == PS_FLOW_OPENING)
        ps_engine_answered(engine, engine->current.line);
    if (desc->payload_wire > 0 && (flow->flags & PS_FLOW_GRANTED))
        refuse(engine, desc, PS_REASON_SYN_DATA);
}

/* ---- inspected ------------------------------------------------------------------------------------------------- */

/* Far away from where the connection is, it is somebody's guess. A reset that answers a SYN may have any number. */
static bool is_reset_sound(const struct ps_flow *flow, const struct ps_desc *desc, unsigned dir)
{
    if (!(flow->dir[dir] & PS_DIR_STARTED))
        return true;
    int32_t ahead = (int32_t)(desc->seq - flow->next[dir]);
    return ahead <= (int32_t)PS_STREAM_WINDOW && ahead >= -(int32_t)PS_STREAM_WINDOW;
}

/* Does it hold octets that were not seen yet? One octet before its turn is a keep-alive probe. */
static bool is_news(const struct ps_flow *flow, unsigned dir, const struct ps_stream_in *in)
{
    if (!(flow->dir[dir] & PS_DIR_STARTED))
        return in->wire > 1;
    return in->wire > 0 && (int32_t)(in->seq + in->wire - flow->next[dir]) > 0;
}

static void judge_inspected(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct ps_flow *flow = current_flow(engine);
    unsigned dir = engine->current.dir;
    bool silent = !(flow->flags & PS_FLOW_GRANTED);
    struct ps_stream_in in = {.seq = desc->seq, .data = desc->payload, .len = desc->payload_len,
                              .wire = desc->payload_wire, .fin = (desc->tcp_flags & PS_TCP_FIN) != 0};
    enum ps_reason reason = PS_REASON_NONE;
    bool is_new = is_news(flow, dir, &in);
    if (flow->phase == PS_FLOW_CLOSED) {
        if (is_new && !silent)
            refuse(engine, desc, PS_REASON_CLOSED);
        return;
    }
    if (desc->tcp_flags & PS_TCP_ACK) {
        engine->current.dir = !dir;
        ps_stream_acked(&engine->streams, flow, !dir, desc->ack, is_new);
        engine->current.dir = (uint8_t)dir;
    }
    if (desc->tcp_flags & PS_TCP_URG) {
        reason = PS_REASON_URGENT;
        in.len = 0; /* nobody knows which octets the receiver will see */
    }
    enum ps_reason taken = ps_stream_segment(&engine->streams, flow, dir, &in);
    reason = reason != PS_REASON_NONE ? reason : taken;
    if (reason != PS_REASON_NONE && !silent)
        refuse(engine, desc, reason);
}

/* The next octets of a connection that goes its way: nothing kept, lost, closing or acknowledged ahead, and nothing to
 * be asked about the sender. What judge_data() would do with it is to hand them on. */
static bool is_in_order(const struct ps_engine *engine, const struct ps_flow *flow, const struct ps_desc *desc)
{
    unsigned dir = engine->current.dir;
    uint8_t flags = desc->tcp_flags & (PS_TCP_FIN | PS_TCP_RST | PS_TCP_URG | PS_TCP_ACK);
    bool steady = (flow->flags | PS_FLOW_MISSED) == (PS_FLOW_GRANTED | PS_FLOW_INSPECTED | PS_FLOW_MISSED) &&
                  flow->phase == PS_FLOW_OPEN && engine->current.packet->port == PS_PORT_UNKNOWN;
    bool next = flow->dir[dir] == PS_DIR_STARTED && flow->half[dir] == PS_NONE && flow->next[dir] == desc->seq;
    bool acked = flow->dir[!dir] == PS_DIR_STARTED && (int32_t)(desc->ack - flow->next[!dir]) <= 0;
    return steady && next && acked && flags == PS_TCP_ACK && desc->payload_len == desc->payload_wire;
}

static void judge_in_order(struct ps_engine *engine, struct ps_flow *flow, const struct ps_desc *desc)
{
    if (desc->payload_len == 0)
        return;
    unsigned dir = engine->current.dir;
    flow->next[dir] += desc->payload_len;
    engine->streams.sink.bytes(engine->streams.sink.ctx, desc->payload, desc->payload_len);
    if (flow->half[dir] != PS_NONE)
        ps_stream_half_settle(&engine->streams, flow, dir);
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

/* Both ends have said that they are done, or one that it is over. */
static void judge_close(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct ps_flow *flow = current_flow(engine);
    if (flow->phase == PS_FLOW_CLOSED)
        return;
    if ((desc->tcp_flags & PS_TCP_FIN) && !(flow->flags & PS_FLOW_INSPECTED))
        flow->dir[engine->current.dir] |= PS_DIR_FIN;
    bool over = (desc->tcp_flags & PS_TCP_RST) != 0 ||
                (flow->dir[PS_TO_SERVER] & flow->dir[PS_TO_CLIENT] & PS_DIR_FIN) != 0;
    if (over)
        ps_engine_close(engine, engine->current.line);
}

static void judge_data(struct ps_engine *engine, const struct ps_desc *desc)
{
    struct ps_flow *flow = current_flow(engine);
    bool reset = (desc->tcp_flags & PS_TCP_RST) != 0;
    if (!(flow->flags & PS_FLOW_GRANTED))
        ps_verdict_silent(engine, current_cold(engine));
    if (reset && (flow->flags & PS_FLOW_INSPECTED) && !is_reset_sound(flow, desc, engine->current.dir)) {
        if (flow->flags & PS_FLOW_GRANTED)
            refuse(engine, desc, PS_REASON_OUT_OF_WINDOW);
        return;
    }
    if (!reset && (flow->flags & PS_FLOW_INSPECTED))
        judge_inspected(engine, desc);
    else if (!reset && (flow->flags & PS_FLOW_GRANTED) && desc->payload_wire > 0)
        ps_verdict_packet_allowed(engine);
    if (flow->phase == PS_FLOW_OPENING && (desc->payload_wire > 0 || engine->current.dir == PS_TO_CLIENT))
        ps_engine_answered(engine, engine->current.line);
    if (reset || (desc->tcp_flags & PS_TCP_FIN) || (flow->dir[0] & flow->dir[1] & PS_DIR_FIN))
        judge_close(engine, desc);
    else
        ps_verdict_carries(engine);
}

/* Joined late: what was said before is not known. */
static bool join(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash)
{
    if (!ps_admit(engine, desc, hash, PS_OPENER_UNKNOWN))
        return false;
    struct ps_flow *flow = current_flow(engine);
    ps_engine_answered(engine, engine->current.line);
    if (flow->flags & PS_FLOW_NOT_OURS)
        return true;
    engine->stats.midstream++;
    flow->flags |= PS_FLOW_MISSED;
    for (unsigned dir = 0; dir < 2; dir++)
        flow->dir[dir] |= PS_DIR_SEEK | PS_DIR_LATE;
    return true;
}

void ps_tcp_judge(struct ps_engine *engine, const struct ps_desc *desc, uint64_t hash, uint32_t hint)
{
    engine->current.line = ps_engine_find(engine, &desc->key, hash, hint);
    if (engine->config.inline_ && ps_inline_judge(engine, desc))
        return;
    if (desc->tcp_flags & PS_TCP_SYN) {
        if (desc->tcp_flags & PS_TCP_ACK)
            judge_syn_ack(engine, desc, hash);
        else
            judge_syn(engine, desc, hash);
        return;
    }
    if (engine->current.line == PS_NONE && (!join(engine, desc, hash) || ps_inline_opened(engine, desc)))
        return;
    struct ps_flow *flow = current_flow(engine);
    engine->current.dir = ps_flow_dir(flow, &desc->key);
    ps_engine_touch(engine, flow, current_cold(engine));
    if (is_in_order(engine, flow, desc)) {
        judge_in_order(engine, flow, desc);
    } else if (ps_admit_sender(engine, desc)) {
        if (flow->flags & PS_FLOW_NOT_OURS)
            judge_close(engine, desc);
        else
            judge_data(engine, desc);
    }
}
