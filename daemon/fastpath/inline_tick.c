/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_private.h"

uint32_t ps_engine_sends(const struct ps_engine *engine, const struct ps_send **sends)
{
    *sends = engine->in.sends.items;
    return engine->in.sends.n;
}

uint64_t ps_engine_next_tick(const struct ps_engine *engine)
{
    return ps_timers_next(&engine->in.timers);
}

bool ps_engine_tick(struct ps_engine *engine, uint64_t now_ns)
{
    if (now_ns > engine->now_ns)
        engine->now_ns = now_ns;
    ps_sends_clear(&engine->in.sends, PS_SEND_FIRST);
    return false;
}

bool ps_engine_check(const struct ps_engine *engine)
{
    return ps_timers_check(&engine->in.timers);
}
