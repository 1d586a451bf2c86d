/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include "engine_private.h"
#include "mem.h"

bool ps_inline_init(struct ps_engine *engine, uint32_t pdu_len)
{
    const struct ps_engine_config *config = &engine->config;
    struct ps_inline *in = &engine->in;
    if (!config->inline_)
        return true;
    *in = (struct ps_inline){.n = config->n_relays, .free = PS_NONE, .scratch_len = config->unacked_octets + pdu_len};
    in->relays = ps_mem_new((size_t)in->n * sizeof in->relays[0]);
    in->scratch = ps_mem_new(in->scratch_len);
    return in->relays && in->scratch && ps_chunks_init(&in->chunks, config->n_chunks) &&
           ps_timers_init(&in->timers, config->n_relays) && ps_sends_init(&in->sends, config->send_octets);
}

void ps_inline_fini(struct ps_engine *engine)
{
    struct ps_inline *in = &engine->in;
    ps_mem_free(in->relays, (size_t)in->n * sizeof in->relays[0]);
    ps_mem_free(in->scratch, in->scratch_len);
    ps_chunks_fini(&in->chunks);
    ps_timers_fini(&in->timers);
    ps_sends_fini(&in->sends);
}
