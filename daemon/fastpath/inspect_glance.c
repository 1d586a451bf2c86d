/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inspect_glance.c - PDUs that say nothing but one plain thing, judged without building facts. What is granted is exactly
 * what ps_inspect_inline() grants; it refuses nothing.
 */
#include "base/time.h"
#include "inline_private.h"
#include "inspect_view.h"
#include "likely.h"
#include "verdict.h"

/* It is not what was asked last. PS_NONE: no rule grants it. */
static uint32_t rule_of(const struct ps_engine *engine, const struct ps_flow_cold *cold, const struct ps_asked *asked)
{
    const struct ps_fact fact = {.op = asked->op, .protocol = cold->protocol, .function = asked->function,
                                 .station = asked->station, .space = asked->space, .first = asked->first,
                                 .last = asked->last};
    uint32_t rule;
    return ps_match_fact(engine->image, &cold->path, &fact, &rule) == PS_REASON_NONE ? rule : PS_NONE;
}

__attribute__((noinline)) static bool take_another(struct ps_engine *engine, struct ps_flow_cold *cold,
                                                   const struct ps_dialog *dialog, const uint8_t *data,
                                                   const struct ps_asked *asked)
{
    uint32_t rule = rule_of(engine, cold, asked);
    if (rule == PS_NONE)
        return false;
    ps_inspect_remember(engine, cold, asked, rule);
    engine->dissectors[cold->protocol]->glanced(dialog, data);
    return true;
}

/* On the way of nearly every segment: a call costs as much as what is done here. */
#define INLINED static inline __attribute__((always_inline))

INLINED struct ps_dialog dialog_of(const struct ps_engine *engine, uint32_t line, uint8_t dir)
{
    const struct ps_path *path = &ps_flow_cold(&engine->table, line)->path;
    return (struct ps_dialog){.state = ps_flow_state(&engine->table, line), .now_ns = engine->now_ns,
                              .timeout_ns = path->timeout_ms * PS_NS_PER_MS, .relax = path->relax,
                              .max_outstanding = path->max_outstanding, .dir = dir,
                              .midstream = (ps_engine_flow(engine, line)->flags & PS_FLOW_MISSED) != 0};
}

/* It takes effect, and is not counted yet; PS_GLANCE_NOT: nothing was done. */
INLINED enum ps_glance take(struct ps_engine *engine, uint32_t line, uint8_t dir, const uint8_t *data, uint32_t len)
{
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    const struct ps_dissector *dissector = engine->dissectors[cold->protocol];
    if (!dissector->glance || cold->path.mode == PS_MODE_MONITOR)
        return PS_GLANCE_NOT;
    const struct ps_dialog dialog = dialog_of(engine, line, dir);
    struct ps_asked asked;
    enum ps_glance said = dissector->glance(&dialog, data, len, &cold->grant.asked, &asked);
    if (PS_UNLIKELY(said == PS_GLANCE_ASKS))
        return take_another(engine, cold, &dialog, data, &asked) ? PS_GLANCE_ASKS : PS_GLANCE_NOT;
    if (said == PS_GLANCE_AGAIN)
        cold->grant.asked.recalled = true;
    return said;
}

/* For an observer, who wants facts: they are those of the state in which it is asked about. */
__attribute__((noinline, cold)) static bool take_observed(struct ps_engine *engine, uint32_t line, uint8_t dir,
                                                          const uint8_t *data, uint32_t len)
{
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    const struct ps_dissector *dissector = engine->dissectors[cold->protocol];
    const struct ps_dialog dialog = dialog_of(engine, line, dir);
    ps_facts_clear(&engine->facts);
    engine->facts.protocol = dissector->protocol;
    if (!dissector->common || dissector->common(&dialog, data, len, &engine->facts) != len)
        return false;
    enum ps_glance said = take(engine, line, dir, data, len);
    bool reply = said == PS_GLANCE_REPLY;
    const struct ps_verdict_pdu pdu = {.dissector = dissector, .data = data, .len = len, .reply = reply,
                                       .rule = reply ? PS_NONE : cold->grant.rule};
    engine->current.line = line;
    engine->current.dir = dir;
    if (said != PS_GLANCE_NOT)
        ps_verdict_pdu(engine, &pdu);
    return said != PS_GLANCE_NOT;
}

bool ps_inspect_glance(struct ps_engine *engine, uint32_t line, uint8_t dir, const uint8_t *data, uint32_t len)
{
    if (PS_UNLIKELY(engine->config.on_judged != NULL))
        return take_observed(engine, line, dir, data, len);
    enum ps_glance said = take(engine, line, dir, data, len);
    if (said == PS_GLANCE_NOT)
        return false;
    struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    engine->stats.pdus_allowed++;
    engine->stats.pdus[cold->protocol].allowed++;
    cold->allowed++;
    cold->replies += said == PS_GLANCE_REPLY;
    cold->by_rule += said != PS_GLANCE_REPLY;
    return true;
}
