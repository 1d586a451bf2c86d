/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datagram.h"

#include <string.h>

#include "admit.h"
#include "inline_private.h"

bool ps_datagrams_init(struct ps_engine *engine)
{
    const struct ps_engine_config *config = &engine->config;
    struct ps_frag_config how = {.n_datagrams = config->n_datagrams, .per_source = config->n_of_source,
                                 .seed = {config->hash_seed[0], config->hash_seed[1]}};
    return ps_frag_init(&engine->datagrams.table, &how);
}

/* Fragments have no ports, so nobody knows yet which of the two directions it is that the datagram belongs to. */
static bool is_wanted(const struct ps_engine *engine, const struct ps_desc *desc, bool *watched)
{
    *watched = true;
    if (!ps_match_fragments(engine->image, desc->key.addr[0], desc->key.addr[1]))
        return false;
    for (unsigned c = 0; c < 2; c++) {
        struct ps_ends ends = ps_admit_ends(&desc->key, c);
        struct ps_path path;
        (void)ps_admit_match(engine, &ends, &path);
        if (ps_admit_not_ours(engine, &path))
            return false;
        *watched &= path.conduit == PS_NONE || path.mode == PS_MODE_MONITOR;
    }
    return true;
}

/* From here on the datagram is the packet. */
static void take_place(struct ps_engine *engine, uint32_t i, const struct ps_frag_answer *answer)
{
    struct ps_datagrams *datagrams = &engine->datagrams;
    struct ps_decode_how how = {.checksums = engine->config.checksums,
                                .port_known = answer->whole.port != PS_PORT_UNKNOWN};
    datagrams->whole = answer->whole;
    datagrams->id = answer->id;
    engine->current.packet = &datagrams->whole;
    ps_decode(&datagrams->whole, how, &engine->desc[i]);
    engine->hash[i] = ps_flow_hash(&engine->table, &engine->desc[i].key);
    engine->hint[i] = ps_flow_hint(&engine->table, engine->hash[i]);
    engine->stats.datagrams++;
}

enum ps_datagram ps_datagram_take(struct ps_engine *engine, uint32_t i)
{
    struct ps_datagrams *datagrams = &engine->datagrams;
    const struct ps_desc *desc = &engine->desc[i];
    if (!is_wanted(engine, desc, &datagrams->watched))
        return PS_DATAGRAM_NONE;
    struct ps_frag_answer answer = ps_frag_take(&datagrams->table, engine->current.packet, desc);
    switch ((enum ps_frag_result)answer.result) {
    case PS_FRAG_WHOLE:
        take_place(engine, i, &answer);
        return PS_DATAGRAM_WHOLE;
    case PS_FRAG_KEPT:
        engine->stats.fragments_kept++;
        if (!datagrams->watched)
            ps_inline_replace(engine);
        return PS_DATAGRAM_DONE;
    case PS_FRAG_REFUSED:
        break;
    }
    ps_admit_refuse(engine, desc, answer.reason);
    return PS_DATAGRAM_DONE;
}

void ps_datagram_send(struct ps_engine *engine, uint32_t i)
{
    struct ps_datagrams *datagrams = &engine->datagrams;
    const struct ps_packet *whole = &datagrams->whole;
    struct ps_sends *sends = &engine->in.sends;
    struct ps_frag_cut cut = {.packet = whole->data, .ip = engine->desc[i].network, .len = whole->len,
                              .mtu = PS_DATAGRAM_MTU, .id = datagrams->id};
    if (datagrams->watched)
        return;
    ps_inline_replace(engine);
    uint32_t len;
    for (uint32_t n = 0; (len = ps_frag_next(&cut, n, datagrams->part)) > 0; n++) {
        uint8_t *frame = ps_sends_room(sends, len);
        if (!frame) {
            engine->stats.sends_lost++;
            return;
        }
        memcpy(frame, datagrams->part, len);
        ps_sends_put(sends, len, whole->port);
        engine->stats.sent_frames++;
    }
}
