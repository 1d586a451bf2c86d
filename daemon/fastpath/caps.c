/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "caps.h"

#include <stddef.h>

#include "inline_private.h"
#include "likely.h"
#include "mem.h"
#include "rejudge.h"
#include "verdict.h"

/* Of what may be opened in a second, as time (ps_rate_take()). */
#define MUCH_NS UINT64_C(125000000)
#define HALF_NS UINT64_C(500000000)

/* ---- life ------------------------------------------------------------------------------------------------------ */

static uint32_t n_relays(const struct ps_engine *engine)
{
    return engine->config.inline_ ? engine->config.n_relays : 0;
}

bool ps_caps_init(struct ps_engine *engine)
{
    struct ps_caps *caps = &engine->caps;
    uint32_t n_flows = engine->table.capacity, n = n_relays(engine);
    if (engine->config.flows_of_source == 0)
        engine->config.flows_of_source = n_flows / 4;
    caps->flow_source = ps_mem_new(n_flows * sizeof caps->flow_source[0]);
    caps->flow_links = ps_mem_new(n_flows * sizeof caps->flow_links[0]);
    caps->relay_links = ps_mem_new(n * sizeof caps->relay_links[0]);
    caps->wait_links = ps_mem_new(n * sizeof caps->wait_links[0]);
    return caps->flow_source && caps->flow_links && caps->relay_links && caps->wait_links &&
           ps_sources_init(&caps->sources, n_flows + 2 * n, engine->config.hash_seed);
}

void ps_caps_fini(struct ps_engine *engine)
{
    struct ps_caps *caps = &engine->caps;
    uint32_t n_flows = engine->table.capacity, n = n_relays(engine);
    ps_mem_free(caps->flow_source, n_flows * sizeof caps->flow_source[0]);
    ps_mem_free(caps->flow_links, n_flows * sizeof caps->flow_links[0]);
    ps_mem_free(caps->relay_links, n * sizeof caps->relay_links[0]);
    ps_mem_free(caps->wait_links, n * sizeof caps->wait_links[0]);
    ps_sources_fini(&caps->sources);
    *caps = (struct ps_caps){0};
}

/* Does a cap that is reached refuse? Over a capture it is counted instead. */
static bool binds(struct ps_engine *engine)
{
    engine->stats.capped += engine->config.captured;
    return !engine->config.captured;
}

/* ---- flows ----------------------------------------------------------------------------------------------------- */

/* Who has opened much lately leaves half of what the conduit may open to others. */
static bool leaves_enough(const struct ps_engine *engine, uint64_t of_source_ns, uint64_t of_conduit_ns)
{
    return of_source_ns <= engine->now_ns + MUCH_NS || of_conduit_ns <= engine->now_ns + HALF_NS;
}

bool ps_caps_may_open(struct ps_engine *engine, uint32_t source, uint32_t conduit)
{
    uint64_t *of_source = &ps_source_at(&engine->caps.sources, source)->opens_ns;
    uint64_t *of_conduit = &engine->slot->conduit_load[conduit].opens_ns;
    uint32_t rate = ps_image_conduit_max_new_flows(engine->image, conduit);
    bool has = ps_rate_has(*of_source, engine->config.new_of_source, engine->now_ns) &&
               ps_rate_has(*of_conduit, rate, engine->now_ns) && leaves_enough(engine, *of_source, *of_conduit);
    if (!has)
        return !binds(engine);
    ps_rate_take(of_source, engine->config.new_of_source, engine->now_ns);
    ps_rate_take(of_conduit, rate, engine->now_ns);
    return true;
}

void ps_caps_make_way(struct ps_engine *engine, uint32_t source)
{
    const struct ps_chain *flows = &ps_source_at(&engine->caps.sources, source)->flows;
    if (flows->n == 0 || flows->n < engine->config.flows_of_source)
        return;
    engine->stats.evicted_flows++;
    ps_engine_remove(engine, flows->oldest);
}

void ps_caps_flow_new(struct ps_engine *engine, uint32_t line, uint32_t source)
{
    struct ps_caps *caps = &engine->caps;
    caps->flow_source[line] = source + 1;
    ps_chain_add(&ps_source_at(&caps->sources, source)->flows, caps->flow_links, line);
}

void ps_caps_flow_leaves(struct ps_engine *engine, uint32_t line)
{
    struct ps_caps *caps = &engine->caps;
    uint32_t source = caps->flow_source[line] - 1;
    if (source == PS_NONE)
        return;
    caps->flow_source[line] = 0;
    ps_chain_remove(&ps_source_at(&caps->sources, source)->flows, caps->flow_links, line);
    ps_source_give(&caps->sources, source);
}

/* ---- relays ---------------------------------------------------------------------------------------------------- */

static struct ps_conduit_load *load_of(const struct ps_engine *engine, uint32_t line)
{
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, line);
    const struct ps_policy_slot *slot = ps_rejudge_slot(engine, cold);
    return &slot->conduit_load[ps_policy_slot_index(slot, cold->path.conduit)];
}

static struct ps_source *source_of(const struct ps_engine *engine, const struct ps_relay *relay, unsigned dir)
{
    return ps_source_at(&engine->caps.sources, relay->counted.source[dir]);
}

static uint32_t id_of(const struct ps_engine *engine, const struct ps_relay *relay)
{
    return (uint32_t)(relay - engine->in.relays);
}

void ps_caps_relay_new(struct ps_engine *engine, struct ps_relay *relay)
{
    const struct ps_key *key = &ps_engine_flow(engine, relay->line)->key;
    relay->counted = (struct ps_counted){0};
    for (unsigned dir = 0; dir < 2; dir++)
        relay->counted.source[dir] = ps_source_take(&engine->caps.sources, key->addr[dir]);
}

static bool is_half_open(unsigned phase)
{
    return phase == PS_RELAY_SYN || phase == PS_RELAY_SYN_ACK;
}

static bool is_over(unsigned phase)
{
    return phase == PS_RELAY_LINGER || phase == PS_RELAY_TOMB;
}

/* The chain of all that the phase is in, NULL: none. */
static struct ps_chain *chain_of_all(struct ps_caps *caps, unsigned phase)
{
    if (phase == PS_RELAY_RESTORED)
        return &caps->restored;
    return is_half_open(phase) ? &caps->half_open : is_over(phase) ? &caps->over : NULL;
}

static struct ps_chain *chain_of_source(struct ps_engine *engine, const struct ps_relay *relay, unsigned phase)
{
    if (is_half_open(phase))
        return &source_of(engine, relay, PS_TO_SERVER)->half_open;
    return phase == PS_RELAY_TOMB ? &source_of(engine, relay, relay->counted.blamed)->tombs : NULL;
}

static void move(struct ps_chain *from, struct ps_chain *to, struct ps_chain_link *links, uint32_t id)
{
    if (from == to)
        return;
    if (from)
        ps_chain_remove(from, links, id);
    if (to)
        ps_chain_add(to, links, id);
}

void ps_caps_phase(struct ps_engine *engine, struct ps_relay *relay, unsigned phase)
{
    struct ps_caps *caps = &engine->caps;
    struct ps_conduit_load *load = load_of(engine, relay->line);
    struct ps_chain *from = chain_of_source(engine, relay, relay->phase);
    load->n_half_open -= is_half_open(relay->phase);
    load->n_half_open += is_half_open(phase);
    load->n_tombs -= relay->phase == PS_RELAY_TOMB;
    load->n_tombs += phase == PS_RELAY_TOMB;
    if (relay->phase != PS_RELAY_TOMB)
        relay->counted.blamed = engine->current.dir;
    move(from, chain_of_source(engine, relay, phase), caps->relay_links, id_of(engine, relay));
    move(chain_of_all(caps, relay->phase), chain_of_all(caps, phase), caps->wait_links, id_of(engine, relay));
    relay->phase = (uint8_t)phase;
}

static bool is_held(const struct ps_relay_dir *dir)
{
    return dir->hold_due != PS_TIMER_NEVER;
}

/* For a direction, in its sender's line and the conduit's. */
static void count(struct ps_engine *engine, struct ps_relay *relay, unsigned dir, bool held, uint16_t n_chunks)
{
    struct ps_counted *counted = &relay->counted;
    if (counted->is_held[dir] == held && counted->n_chunks[dir] == n_chunks)
        return;
    struct ps_source *source = source_of(engine, relay, dir);
    struct ps_conduit_load *load = load_of(engine, relay->line);
    uint32_t more_held = (uint32_t)held - counted->is_held[dir];
    uint32_t more_chunks = (uint32_t)n_chunks - counted->n_chunks[dir];
    source->n_held += more_held;
    load->n_held += more_held;
    source->n_chunks += more_chunks;
    load->n_chunks += more_chunks;
    counted->is_held[dir] = held;
    counted->n_chunks[dir] = n_chunks;
}

/* n: of it, 1 or -1. */
static void move_load(struct ps_conduit_load *load, const struct ps_relay *relay, uint32_t n)
{
    load->n_half_open += is_half_open(relay->phase) ? n : 0;
    load->n_tombs += relay->phase == PS_RELAY_TOMB ? n : 0;
    for (unsigned dir = 0; dir < 2; dir++) {
        load->n_held += relay->counted.is_held[dir] ? n : 0;
        load->n_chunks += n * relay->counted.n_chunks[dir];
    }
}

void ps_caps_relay_leaves(struct ps_engine *engine, const struct ps_relay *relay)
{
    move_load(load_of(engine, relay->line), relay, UINT32_MAX);
}

void ps_caps_relay_joins(struct ps_engine *engine, const struct ps_relay *relay)
{
    move_load(load_of(engine, relay->line), relay, 1);
}

void ps_caps_relay_ends(struct ps_engine *engine, struct ps_relay *relay)
{
    ps_caps_phase(engine, relay, PS_RELAY_FREE);
    for (unsigned dir = 0; dir < 2; dir++) {
        count(engine, relay, dir, false, 0);
        ps_source_give(&engine->caps.sources, relay->counted.source[dir]);
    }
}

void ps_caps_settle(struct ps_engine *engine, struct ps_relay *relay)
{
    for (unsigned dir = 0; dir < 2; dir++)
        count(engine, relay, dir, is_held(&relay->dir[dir]), relay->dir[dir].n_stored);
    if (relay->phase != PS_RELAY_TOMB)
        return;
    const struct ps_chain *tombs = &source_of(engine, relay, relay->counted.blamed)->tombs;
    bool many = tombs->n > engine->config.tombs_of_source ||
                load_of(engine, relay->line)->n_tombs > engine->config.tombs_of_conduit;
    if (!many)
        return;
    engine->stats.evicted_tombs++;
    ps_inline_release(engine, &engine->in.relays[tombs->oldest]);
}

/* ---- caps of relays -------------------------------------------------------------------------------------------- */

/* The connection was not opened yet: it is refused for this reason, and forgotten. */
static void evict(struct ps_engine *engine, uint32_t id, enum ps_reason reason)
{
    struct ps_current saved = engine->current;
    uint32_t line = engine->in.relays[id].line;
    if (PS_UNLIKELY(engine->unswept) && !ps_rejudge_aside(engine, line))
        return;
    if (!is_half_open(engine->in.relays[id].phase)) { /* the policy of now has ended it */
        ps_engine_remove(engine, line);
        return;
    }
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = line};
    ps_verdict_flow_refused(engine, reason);
    engine->stats.evicted_half_open++;
    ps_engine_remove(engine, line);
    engine->current = saved;
}

bool ps_caps_may_half_open(struct ps_engine *engine, uint32_t line)
{
    uint32_t conduit = ps_flow_cold(&engine->table, line)->path.conduit;
    uint32_t source = engine->caps.flow_source[line] - 1;
    uint64_t n = engine->slot->conduit_load[conduit].n_half_open;
    uint32_t max = ps_image_conduit_max_half_open(engine->image, conduit);
    if (n >= max && binds(engine))
        return false;
    const struct ps_chain *mine = &ps_source_at(&engine->caps.sources, source)->half_open;
    bool crowds = 4 * n >= UINT64_C(3) * max && UINT64_C(4) * mine->n >= max; /* the last quarter is for others */
    if (mine->n > 0 && (crowds || mine->n >= engine->config.half_open_of_source) && binds(engine))
        evict(engine, mine->oldest, PS_REASON_TOO_MANY_HALF_OPEN);
    return true;
}

bool ps_caps_may_hold(struct ps_engine *engine, const struct ps_relay *relay, unsigned dir)
{
    const struct ps_engine_config *config = &engine->config;
    bool many = !relay->counted.is_held[dir] &&
                (source_of(engine, relay, dir)->n_held >= config->held_of_source ||
                 load_of(engine, relay->line)->n_held >= config->held_of_conduit);
    return !many || !binds(engine);
}

bool ps_caps_may_keep(struct ps_engine *engine, const struct ps_relay *relay, unsigned dir, uint32_t len)
{
    const struct ps_engine_config *config = &engine->config;
    uint32_t n = len / PS_CHUNK_LEN + 1;
    bool many = (source_of(engine, relay, dir)->n_chunks + n) * PS_CHUNK_LEN > config->reorder_of_source ||
                (load_of(engine, relay->line)->n_chunks + n) * PS_CHUNK_LEN > config->reorder_of_conduit;
    return !many || !binds(engine);
}

void ps_caps_make_room(struct ps_engine *engine, bool opens)
{
    struct ps_caps *caps = &engine->caps;
    if (caps->over.n > 0)
        ps_inline_release(engine, &engine->in.relays[caps->over.oldest]);
    else if (opens && caps->half_open.n > 0)
        evict(engine, caps->half_open.oldest, PS_REASON_RELAYS_FULL);
    else if (opens && caps->restored.n > 0)
        ps_engine_remove(engine, engine->in.relays[caps->restored.oldest].line);
}

/* ---- check ----------------------------------------------------------------------------------------------------- */

/* Of sources or of conduits. */
struct sums {
    uint64_t n_users, n_flows, n_half_open, n_tombs, n_held, n_chunks;
};

static bool sum_sources(const struct ps_caps *caps, struct sums *sums)
{
    for (uint32_t at = 0; at < caps->sources.fresh; at++) {
        const struct ps_source *source = ps_source_at(&caps->sources, at);
        if (source->n_users == 0)
            continue;
        if (!ps_chain_check(&source->flows, caps->flow_links) ||
            !ps_chain_check(&source->half_open, caps->relay_links) ||
            !ps_chain_check(&source->tombs, caps->relay_links))
            return false;
        sums->n_users += source->n_users;
        sums->n_flows += source->flows.n;
        sums->n_half_open += source->half_open.n;
        sums->n_tombs += source->tombs.n;
        sums->n_held += source->n_held;
        sums->n_chunks += source->n_chunks;
    }
    return true;
}

static void sum_conduits(const struct ps_policy_slot *slot, struct sums *sums)
{
    for (uint32_t i = 0; slot && i <= slot->n_conduits; i++) {
        const struct ps_conduit_load *load = &slot->conduit_load[i];
        sums->n_half_open += load->n_half_open;
        sums->n_tombs += load->n_tombs;
        sums->n_held += load->n_held;
        sums->n_chunks += load->n_chunks;
    }
}

/* What is there. False: a relay has something in use that is not counted. */
static bool sum_relays(const struct ps_engine *engine, struct sums *sums)
{
    for (uint32_t id = 0; id < engine->in.fresh; id++) {
        const struct ps_relay *relay = &engine->in.relays[id];
        sums->n_users += relay->phase != PS_RELAY_FREE ? 2 : 0;
        sums->n_half_open += is_half_open(relay->phase);
        sums->n_tombs += relay->phase == PS_RELAY_TOMB;
        for (unsigned dir = 0; dir < 2 && relay->phase != PS_RELAY_FREE; dir++) {
            const struct ps_relay_dir *mine = &relay->dir[dir];
            if (relay->counted.is_held[dir] != is_held(mine) || relay->counted.n_chunks[dir] != mine->n_stored)
                return false;
            sums->n_held += is_held(mine);
            sums->n_chunks += mine->n_stored;
        }
    }
    return true;
}

static bool are_equal(const struct sums *a, const struct sums *b)
{
    return a->n_half_open == b->n_half_open && a->n_tombs == b->n_tombs && a->n_held == b->n_held &&
           a->n_chunks == b->n_chunks;
}

bool ps_caps_check(const struct ps_engine *engine)
{
    const struct ps_caps *caps = &engine->caps;
    struct sums sources = {0}, conduits = {0}, relays = {0};
    if (!sum_sources(caps, &sources) || !sum_relays(engine, &relays))
        return false;
    for (unsigned place = 0; place < PS_POLICIES_MAX; place++)
        sum_conduits(engine->policies.slots[place], &conduits);
    return sources.n_users == relays.n_users + sources.n_flows && are_equal(&sources, &relays) &&
           are_equal(&conduits, &relays) && caps->half_open.n == relays.n_half_open &&
           ps_chain_check(&caps->half_open, caps->wait_links) && ps_chain_check(&caps->over, caps->wait_links) &&
           ps_chain_check(&caps->restored, caps->wait_links);
}
