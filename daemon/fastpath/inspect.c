/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect.h"

#include <string.h>

#include "base/check.h"
#include "base/rd.h"
#include "base/time.h"
#include "inspect_view.h"
#include "likely.h"
#include "verdict.h"

/* On the way of nearly every segment: a call costs as much as what is done here. */
#define INLINED static inline __attribute__((always_inline))

INLINED struct ps_view view_current(struct ps_engine *engine)
{
    uint32_t line = engine->current.line;
    struct ps_flow *flow = ps_engine_flow(engine, line);
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    return (struct ps_view){
        .engine = engine,
        .flow = flow,
        .cold = cold,
        .dissector = engine->dissectors[cold->protocol],
        .enforced = engine->config.inline_ && cold->path.mode != PS_MODE_MONITOR,
        .dialog = {.state = ps_flow_state(&engine->table, line),
                   .now_ns = engine->now_ns,
                   .timeout_ns = cold->path.timeout_ms * PS_NS_PER_MS,
                   .relax = cold->path.relax,
                   .max_outstanding = cold->path.max_outstanding,
                   .dir = engine->current.dir,
                   .midstream = (flow->flags & PS_FLOW_MISSED) != 0}};
}

struct ps_view ps_view_current(struct ps_engine *engine)
{
    return view_current(engine);
}

/* ---- one PDU --------------------------------------------------------------------------------------------------- */

/* Nothing but station, function, class and object decides about it. */
static bool is_plain(const struct ps_fact *fact)
{
    return fact->values.kind == PS_VALUE_NONE && fact->choice == 0 && fact->n_params == 0 && fact->asks == 0 &&
           !fact->housekeeping;
}

static struct ps_asked asked_by(const struct ps_fact *fact)
{
    return (struct ps_asked){.station = fact->station, .space = fact->space, .first = fact->first, .last = fact->last,
                             .function = fact->function, .op = fact->op};
}

/* Is fact, to the last field, the one that was granted before? Only plain facts of the carrier are remembered. */
static bool is_granted_again(const struct ps_flow_grant *grant, const struct ps_fact *fact)
{
    struct ps_asked asked = asked_by(fact);
    return ps_asked_is_same(&grant->asked, &asked) && asked.op != PS_OP_NONE && is_plain(fact);
}

void ps_inspect_remember(struct ps_engine *engine, struct ps_flow_cold *cold, const struct ps_asked *asked, uint32_t rule)
{
    struct ps_flow_grant *grant = &cold->grant;
    if (rule != grant->rule && cold->by_rule > 0)
        ps_engine_settle(engine, cold);
    *grant = (struct ps_flow_grant){.asked = *asked, .rule = rule};
    grant->asked.recalled = false;
}

/* Asks the rules about every fact. Apart from the short way through match_facts(), which needs few registers. */
__attribute__((noinline)) static enum ps_reason match_rules(const struct ps_view *v, bool may_repeat, uint32_t *rule)
{
    const struct ps_facts *facts = &v->engine->facts;
    for (unsigned i = 0; i < facts->n_facts; i++) {
        enum ps_reason reason = ps_match_fact(v->engine->image, &v->cold->path, &facts->item[i], rule);
        if (reason != PS_REASON_NONE)
            return reason;
    }
    if (may_repeat && is_plain(&facts->item[0])) {
        struct ps_asked asked = asked_by(&facts->item[0]);
        ps_inspect_remember(v->engine, v->cold, &asked, *rule);
    }
    return PS_REASON_NONE;
}

/* PS_REASON_NONE and the last rule when every fact is granted. */
INLINED enum ps_reason match_facts(const struct ps_view *v, uint32_t *rule)
{
    const struct ps_facts *facts = &v->engine->facts;
    if (!(v->flow->flags & PS_FLOW_GRANTED))
        return v->cold->reason;
    if (facts->n_facts == 0)
        return PS_REASON_NO_FACTS;
    bool may_repeat = facts->n_facts == 1 && facts->protocol == v->dissector->protocol;
    if (may_repeat && is_granted_again(&v->cold->grant, &facts->item[0])) {
        v->cold->grant.asked.recalled = true;
        *rule = v->cold->grant.rule;
        return PS_REASON_NONE;
    }
    return match_rules(v, may_repeat, rule);
}

/* What the server of a refused flow answers has nothing to be judged by, and what is malformed there names nothing: only
 * what somebody asks for or tells unasked is refused by name. */
static bool is_unjudged_reply(const struct ps_view *v)
{
    const struct ps_facts *facts = &v->engine->facts;
    return v->dialog.dir == PS_TO_CLIENT && !(v->flow->flags & PS_FLOW_GRANTED) && facts->kind != PS_PDU_REQUEST &&
           facts->kind != PS_PDU_NOTICE;
}

/* A sound PDU, whose facts are the engine's. */
INLINED enum ps_reason judge_sound(const struct ps_view *v, uint32_t *rule, bool *reply)
{
    const struct ps_facts *facts = &v->engine->facts;
    enum ps_reason reason = PS_REASON_NONE;
    *reply = facts->kind == PS_PDU_REPLY || facts->kind == PS_PDU_REFUSAL;
    *rule = PS_NONE;
    bool granted_flow = (v->flow->flags & PS_FLOW_GRANTED) != 0;
    if (!*reply || facts->n_facts > 0 || !granted_flow)
        reason = match_facts(v, rule);
    if (reason == PS_REASON_NONE || !v->enforced)
        v->dissector->accept(&v->dialog, facts);
    return reason;
}

/* data[0..len) is a whole PDU, or as much as there is of one that frame() refused with `fault`. */
void ps_view_judge(struct ps_view *v, const uint8_t *data, uint32_t len, struct ps_rd_fault fault)
{
    struct ps_engine *engine = v->engine;
    struct ps_verdict_pdu pdu = {.dissector = v->dissector, .data = data, .len = len, .rule = PS_NONE};
    struct ps_rd rd;
    struct ps_rd_fault decode_fault;
    ps_facts_clear(&engine->facts);
    engine->facts.protocol = v->dissector->protocol;
    ps_rd_init(&rd, &decode_fault, data, len);
    bool sound = v->dissector->decode(&v->dialog, &rd, &engine->facts) == PS_OK && ps_rd_finish(&rd) == PS_OK;
    if (fault.reason != PS_REASON_NONE || !sound) {
        pdu.reason = (uint8_t)(fault.reason != PS_REASON_NONE ? fault.reason : decode_fault.reason);
        pdu.offset = fault.reason != PS_REASON_NONE ? fault.offset : decode_fault.offset;
        if (!PS_CHECK(pdu.reason != PS_REASON_NONE))
            pdu.reason = PS_REASON_BUG;
    } else {
        pdu.reason = (uint8_t)judge_sound(v, &pdu.rule, &pdu.reply);
    }
    v->reason = pdu.reason;
    if (!is_unjudged_reply(v))
        ps_verdict_pdu(engine, &pdu);
}

/* The length of a common PDU, which has been judged; 0: it is none. */
INLINED uint32_t judge_common(struct ps_view *v, const uint8_t *data, uint32_t len)
{
    struct ps_engine *engine = v->engine;
    if (!v->dissector->common)
        return 0;
    ps_facts_clear(&engine->facts);
    engine->facts.protocol = v->dissector->protocol;
    uint32_t n = v->dissector->common(&v->dialog, data, len, &engine->facts);
    if (n == 0 || !PS_CHECK(n <= len))
        return 0;
    uint32_t rule;
    bool reply;
    enum ps_reason reason = judge_sound(v, &rule, &reply);
    v->reason = (uint8_t)reason;
    if (reason == PS_REASON_NONE && !engine->config.on_judged && (v->flow->flags & PS_FLOW_GRANTED)) {
        ps_verdict_pdu_counted(engine, rule, reply);
        return n;
    }
    struct ps_verdict_pdu pdu = {.dissector = v->dissector, .data = data, .len = n, .rule = rule,
                                 .reason = (uint8_t)reason, .reply = reply};
    if (!is_unjudged_reply(v))
        ps_verdict_pdu(engine, &pdu);
    return n;
}

/* ---- framing --------------------------------------------------------------------------------------------------- */

enum ps_result ps_view_frame(const struct ps_view *v, const uint8_t *data, uint32_t len, uint32_t *extent,
                            struct ps_rd_fault *fault)
{
    struct ps_rd rd;
    ps_rd_init(&rd, fault, data, len);
    *extent = 0;
    enum ps_result result = v->dissector->frame(&v->dialog, &rd, extent);
    if (result == PS_OK && !PS_CHECK(*extent > 0 && *extent <= len))
        result = PS_BAD;
    if (result == PS_BAD && fault->reason == PS_REASON_NONE)
        fault->reason = PS_REASON_BUG;
    return result;
}

/* Bytes were missed: replies to requests that nobody saw are no fault from here on. */
static void miss(struct ps_view *v)
{
    v->flow->flags |= PS_FLOW_MISSED;
    v->dialog.midstream = true;
    v->flow->dir[v->dialog.dir] |= PS_DIR_SEEK;
    v->flow->dir[v->dialog.dir] &= (uint8_t)~PS_DIR_LATE;
    v->dissector->gap(&v->dialog);
}

static bool is_seeking(const struct ps_view *v)
{
    return (v->flow->dir[v->dialog.dir] & PS_DIR_SEEK) != 0;
}

static void found(const struct ps_view *v)
{
    if (!is_seeking(v))
        return;
    v->engine->stats.resyncs += !(v->flow->dir[v->dialog.dir] & PS_DIR_LATE);
    v->flow->dir[v->dialog.dir] &= (uint8_t) ~(PS_DIR_SEEK | PS_DIR_LATE);
}

/* Nothing here can be framed. 0: go on at the next segment. */
static uint32_t lose(struct ps_view *v, const uint8_t *data, uint32_t len, const struct ps_rd_fault *fault)
{
    if (!is_seeking(v)) {
        ps_view_judge(v, data, len, *fault);
        miss(v);
    }
    return 0;
}

/* The PDU that starts here does not end here: copy it. */
uint32_t ps_view_begin(struct ps_view *v, const uint8_t *data, uint32_t len, uint32_t extent)
{
    struct ps_streams *streams = &v->engine->streams;
    struct ps_half *half = ps_stream_half_take(streams, v->flow, v->dialog.dir);
    if (!half || len > streams->buf_len || extent > streams->buf_len) {
        struct ps_rd_fault fault = {.reason = half ? PS_REASON_BUG : PS_REASON_REORDER_FULL};
        return lose(v, data, len, &fault);
    }
    memcpy(half->buf, data, len);
    half->len = len;
    half->need = extent;
    return len;
}

/* A refused PDU longer than any buffer: the rest of it is skipped when it comes. */
static uint32_t skip_rest(struct ps_view *v, uint32_t len, uint32_t extent)
{
    struct ps_half *half = ps_stream_half_take(&v->engine->streams, v->flow, v->dialog.dir);
    if (!half) {
        miss(v);
        return 0;
    }
    half->skip = extent - len;
    return len;
}

/* A PDU starts at data. Octets that were taken, 0: the rest of the segment cannot be framed. */
static uint32_t take_first(struct ps_view *v, const uint8_t *data, uint32_t len)
{
    struct ps_rd_fault fault;
    uint32_t extent;
    switch (ps_view_frame(v, data, len, &extent, &fault)) {
    case PS_OK:
        found(v);
        ps_view_judge(v, data, extent, (struct ps_rd_fault){0});
        return extent;
    case PS_MORE:
        return ps_view_begin(v, data, len, extent);
    case PS_BAD:
        break;
    }
    bool judged_late = (v->flow->dir[v->dialog.dir] & PS_DIR_LATE) && extent > 0 && extent <= len;
    if (extent == 0 || (is_seeking(v) && !judged_late))
        return lose(v, data, len, &fault);
    if (extent > len && extent <= v->engine->streams.buf_len)
        return ps_view_begin(v, data, len, extent);
    found(v);
    ps_view_judge(v, data, extent < len ? extent : len, fault);
    return extent <= len ? extent : skip_rest(v, len, extent);
}

/* half->buf[0..old) and the `taken` octets behind it hold a PDU of `extent` octets that frame() has answered about. */
static uint32_t finish_pdu(struct ps_view *v, struct ps_half *half, uint32_t old, uint32_t extent,
                           const struct ps_rd_fault *fault)
{
    half->len = 0;
    found(v);
    ps_view_judge(v, half->buf, extent, *fault);
    return extent - old;
}

/* half holds the start of a PDU. As take_first(). */
static uint32_t take_next(struct ps_view *v, struct ps_half *half, const uint8_t *data, uint32_t len)
{
    uint32_t old = half->len, limit = half->need > old ? half->need : v->engine->streams.buf_len;
    uint32_t n = len < limit - old ? len : limit - old;
    struct ps_rd_fault fault;
    uint32_t extent;
    memcpy(half->buf + old, data, n);
    enum ps_result result = ps_view_frame(v, half->buf, old + n, &extent, &fault);
    if (result == PS_OK && PS_CHECK(extent > old))
        return finish_pdu(v, half, old, extent, &fault);
    bool waits = result == PS_MORE || (result == PS_BAD && extent > old + n && !is_seeking(v));
    if (waits && old + n < v->engine->streams.buf_len && extent <= v->engine->streams.buf_len) {
        half->len = old + n;
        half->need = extent;
        return n;
    }
    if (result == PS_BAD && extent > old && extent <= old + n && !is_seeking(v))
        return finish_pdu(v, half, old, extent, &fault);
    half->len = 0;
    if (is_seeking(v)) { /* it was no start; this segment may be one */
        v->engine->stats.skipped_bytes += old;
        return take_first(v, data, len);
    }
    if (result == PS_BAD && extent == old) { /* it ends where the next one starts */
        ps_view_judge(v, half->buf, old, fault);
        return take_first(v, data, len);
    }
    return lose(v, half->buf, old + n, &fault);
}

static uint32_t take(struct ps_view *v, const uint8_t *data, uint32_t len)
{
    struct ps_half *half = ps_stream_half(&v->engine->streams, v->flow, v->dialog.dir);
    if (half && half->skip > 0) {
        uint32_t n = half->skip < len ? half->skip : len;
        half->skip -= n;
        return n;
    }
    if (half && half->len > 0)
        return take_next(v, half, data, len);
    uint32_t n = is_seeking(v) ? 0 : judge_common(v, data, len);
    return n > 0 ? n : take_first(v, data, len);
}

void ps_inspect_bytes(void *ctx, const uint8_t *data, uint32_t len)
{
    struct ps_view v = ps_view_current(ctx);
    for (uint32_t n; len > 0; data += n, len -= n) {
        n = take(&v, data, len);
        if (n == 0) {
            v.engine->stats.skipped_bytes += len;
            ps_verdict_drop(v.engine);
            return;
        }
    }
}

/* The conduit only watches, though the connection still has its relay: whatever is judged passes, and what cannot be
 * framed too, up to where the next segment may start a PDU. */
__attribute__((noinline, cold)) static enum ps_result watch_inline(struct ps_view *v, const uint8_t *data, uint32_t len,
                                                                   struct ps_inspected *seen)
{
    for (uint32_t n; len > 0; data += n, len -= n, seen->allowed += n) {
        struct ps_rd_fault fault;
        enum ps_result result = ps_view_frame(v, data, len, &seen->extent, &fault);
        if (result == PS_MORE)
            return PS_MORE;
        bool known = seen->extent > 0 && seen->extent <= len;
        n = known ? seen->extent : len;
        if (result == PS_OK)
            found(v);
        if (result == PS_OK || !is_seeking(v))
            ps_view_judge(v, data, n, result == PS_OK ? (struct ps_rd_fault){0} : fault);
        if (!known)
            miss(v);
        seen->extent = 0;
    }
    return PS_OK;
}

enum ps_result ps_inspect_inline(struct ps_engine *engine, const uint8_t *data, uint32_t len,
                                 struct ps_inspected *seen)
{
    struct ps_view v = view_current(engine);
    *seen = (struct ps_inspected){0};
    if (PS_UNLIKELY(!v.enforced))
        return watch_inline(&v, data, len, seen);
    for (uint32_t n; len > 0; data += n, len -= n) {
        n = judge_common(&v, data, len);
        struct ps_rd_fault fault;
        enum ps_result result = n > 0 ? PS_OK : ps_view_frame(&v, data, len, &seen->extent, &fault);
        if (result == PS_MORE)
            return PS_MORE;
        if (result == PS_BAD) {
            ps_view_judge(&v, data, seen->extent > 0 && seen->extent < len ? seen->extent : len, fault);
            seen->reason = v.reason;
            return PS_BAD;
        }
        if (n == 0) {
            n = seen->extent;
            ps_view_judge(&v, data, n, (struct ps_rd_fault){0});
        }
        seen->extent = v.reason != PS_REASON_NONE ? n : 0;
        seen->reason = v.reason;
        if (v.reason != PS_REASON_NONE)
            return PS_BAD;
        seen->allowed += n;
    }
    return PS_OK;
}

void ps_inspect_lost(struct ps_engine *engine)
{
    struct ps_view v = ps_view_current(engine);
    miss(&v);
}

/* The rule's choice, or whether it was the function or what it was about that no rule grants. */
static uint8_t refusal_code(const struct ps_view *v)
{
    const struct ps_path *path = &v->cold->path;
    const struct ps_facts *facts = &v->engine->facts;
    uint32_t rule;
    if (path->answer_code != 0)
        return path->answer_code;
    for (unsigned i = 0; i < facts->n_facts; i++) {
        const struct ps_fact *fact = &facts->item[i];
        if (ps_match_fact(v->engine->image, path, fact, &rule) == PS_REASON_NONE)
            continue;
        bool object = ps_match_nearest(v->engine->image, path, fact) >= PS_MISS_OBJECT;
        return object ? PS_REFUSE_OBJECT : PS_REFUSE_FUNCTION;
    }
    return PS_REFUSE_FUNCTION;
}

uint32_t ps_inspect_refusal(struct ps_engine *engine, const uint8_t *pdu, uint32_t len, uint8_t *out)
{
    struct ps_view v = ps_view_current(engine);
    return v.dissector->refuse ? v.dissector->refuse(&v.dialog, pdu, len, refusal_code(&v), out) : 0;
}

/* ---- ends ------------------------------------------------------------------------------------------------------ */

/* A PDU that will not be completed: refused when what there is of it is wrong already. */
static void drop_unfinished(struct ps_view *v, struct ps_half *half)
{
    struct ps_rd_fault fault;
    uint32_t extent;
    uint32_t len = half->len;
    half->len = half->skip = 0;
    if (len == 0)
        return;
    if (is_seeking(v)) {
        v->engine->stats.skipped_bytes += len;
        return;
    }
    if (ps_view_frame(v, half->buf, len, &extent, &fault) == PS_BAD)
        ps_view_judge(v, half->buf, len, fault);
    else
        v->engine->stats.unfinished_pdus++;
}

void ps_inspect_gap(void *ctx, uint32_t n)
{
    struct ps_engine *engine = ctx;
    struct ps_view v = ps_view_current(engine);
    struct ps_half *half = ps_stream_half(&engine->streams, v.flow, v.dialog.dir);
    if (half)
        drop_unfinished(&v, half);
    engine->stats.gaps++;
    engine->stats.gap_bytes += n;
    ps_verdict_note(engine, PS_EVENT_GAP, n);
    miss(&v);
}

void ps_inspect_end(struct ps_engine *engine)
{
    struct ps_view v = ps_view_current(engine);
    struct ps_half *half = ps_stream_half(&engine->streams, v.flow, v.dialog.dir);
    if (!half)
        return;
    drop_unfinished(&v, half);
    ps_stream_half_settle(&engine->streams, v.flow, v.dialog.dir);
}
