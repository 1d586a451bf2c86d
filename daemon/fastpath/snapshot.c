/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <string.h>

#include "admit.h"
#include "base/carry.h"
#include "base/check.h"
#include "handshake.h"
#include "inline_private.h"

#define MAGIC "PENFLOWS" /* without its NUL */
#define VERSION 1u
#define HEAD_LEN 48u
#define SUM_AT 40u
#define WINDOW_MAX ((uint32_t)UINT16_MAX << PS_SCALE_MAX)

/* ---- what stands there ----------------------------------------------------------------------------------------- */

struct head {
    uint8_t magic[8];
    uint32_t version;
    uint32_t n;      /* connections */
    uint64_t tables; /* tables_of() */
    uint64_t taken_ns;
    uint64_t len;    /* octets of all */
    uint64_t sum;    /* sum_of() */
};

/* As in struct ps_relay_dir. At rest `given` is una, and `fwd`, `allowed` and `judged` are all that has left. */
struct saved_dir {
    uint32_t una, edge, delta, n_acked, window_max;
    uint32_t n_flying;
    const uint8_t *flying; /* octets in flight; NULL: they lie elsewhere */
    uint16_t mss;
    uint8_t scale;
};

struct saved {
    struct ps_key key; /* end 0 is the client */
    struct saved_dir dir[2];
    uint32_t isn;
    uint8_t protocol;
    bool scales;
};

static uint64_t mix(uint64_t sum, const void *octets, size_t len)
{
    const uint8_t *p = octets;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return sum;
}

#define MIX_START UINT64_C(0xcbf29ce484222325)

/* Of all octets but those of the checksum. */
static uint64_t sum_of(const uint8_t *data, size_t len)
{
    return mix(mix(MIX_START, data, SUM_AT), data + HEAD_LEN, len - HEAD_LEN);
}

/* Protocol state names functions by their rows: another program may have others there. */
static uint64_t tables_of(const struct ps_engine *engine)
{
    uint64_t sum = MIX_START;
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *d = engine->dissectors[p];
        for (uint32_t i = 0; d && i < d->vocab->n_functions; i++)
            sum = mix(sum, d->vocab->functions[i].name, strlen(d->vocab->functions[i].name) + 1);
        sum = mix(sum, &p, sizeof p);
    }
    return sum;
}

static void carry_head(struct ps_carry *c, struct head *head)
{
    ps_carry_octets(c, head->magic, sizeof head->magic);
    ps_carry_u32(c, &head->version, UINT32_MAX);
    ps_carry_u32(c, &head->n, UINT32_MAX);
    ps_carry_u64(c, &head->tables);
    ps_carry_u64(c, &head->taken_ns);
    ps_carry_u64(c, &head->len);
    ps_carry_u64(c, &head->sum);
}

static void carry_dir(struct ps_carry *c, struct saved_dir *dir)
{
    ps_carry_u32(c, &dir->una, UINT32_MAX);
    ps_carry_u32(c, &dir->edge, UINT32_MAX);
    ps_carry_u32(c, &dir->delta, UINT32_MAX);
    ps_carry_u32(c, &dir->n_acked, UINT32_MAX);
    ps_carry_u32(c, &dir->window_max, WINDOW_MAX);
    ps_carry_u16(c, &dir->mss, UINT16_MAX);
    ps_carry_u8(c, &dir->scale, PS_SCALE_MAX);
    ps_carry_u32(c, &dir->n_flying, UINT32_MAX);
    ps_carry_require(c, dir->edge - dir->una <= WINDOW_MAX && dir->mss >= PS_MSS_MIN);
}

static void carry_key(struct ps_carry *c, struct ps_key *key)
{
    for (unsigned end = 0; end < 2; end++) {
        ps_carry_u64(c, &key->addr[end].hi);
        ps_carry_u64(c, &key->addr[end].lo);
    }
    for (unsigned end = 0; end < 2; end++)
        ps_carry_u16(c, &key->port[end], UINT16_MAX);
    uint32_t tags = key->id & PS_KEY_TAGS;
    ps_carry_u32(c, &tags, PS_KEY_TAGS);
    key->id = ps_key_id(PS_PROTO_TCP, tags);
    ps_carry_require(c, ps_addr_is_v4(key->addr[0]) == ps_addr_is_v4(key->addr[1]));
}

/* All but octets in flight and protocol state. */
static void carry_numbers(struct ps_carry *c, struct saved *saved)
{
    carry_key(c, &saved->key);
    ps_carry_u8(c, &saved->protocol, PS_N_DISSECTORS - 1);
    ps_carry_bool(c, &saved->scales);
    ps_carry_u32(c, &saved->isn, UINT32_MAX);
    for (unsigned dir = 0; dir < 2; dir++)
        carry_dir(c, &saved->dir[dir]);
}

/* ---- leaving --------------------------------------------------------------------------------------------------- */

/* Nothing held, kept, closing, waiting for a window or the engine's to deliver. */
static bool is_at_rest(const struct ps_relay_dir *dir)
{
    return dir->fwd == dir->judged && dir->given == dir->una && dir->store == PS_NONE && !dir->fin &&
           ps_seq_diff(dir->past, dir->una) <= 0;
}

static struct saved_dir saved_dir_of(const struct ps_relay_dir *dir)
{
    return (struct saved_dir){.una = dir->una, .edge = dir->edge, .delta = dir->delta, .n_acked = dir->n_acked,
                              .window_max = dir->window_max, .n_flying = dir->fwd - dir->una, .mss = dir->mss,
                              .scale = dir->scale};
}

static void save_flying(const struct ps_engine *engine, struct ps_carry *c, const struct ps_relay_dir *dir)
{
    uint8_t *octets = engine->in.scratch;
    uint32_t n = dir->fwd - dir->una;
    if (!PS_CHECK(n <= engine->in.scratch_len))
        return;
    ps_relay_read(&engine->in.chunks, dir, dir->una, octets, n);
    ps_carry_octets(c, octets, n);
}

/* Behind its length. */
static void save_connection(const struct ps_engine *engine, struct ps_carry *c, const struct ps_relay *relay)
{
    const struct ps_flow *flow = ps_engine_flow(engine, relay->line);
    const struct ps_flow_cold *cold = ps_flow_cold(&engine->table, relay->line);
    const struct ps_dissector *dissector = engine->dissectors[cold->protocol];
    struct saved saved = {.key = flow->key, .protocol = cold->protocol, .isn = relay->isn, .scales = relay->scales,
                          .dir = {saved_dir_of(&relay->dir[0]), saved_dir_of(&relay->dir[1])}};
    if (!ps_carry_require(c, dissector && dissector->carry))
        return;
    carry_numbers(c, &saved);
    for (unsigned dir = 0; dir < 2; dir++)
        save_flying(engine, c, &relay->dir[dir]);
    dissector->carry(c, ps_flow_state(&engine->table, relay->line));
}

/* As if it had never been tried where it cannot be carried. */
static bool save(const struct ps_engine *engine, struct ps_carry *c, const struct ps_relay *relay)
{
    struct ps_carry before = *c, length;
    uint32_t len = 0;
    bool rests = relay->phase == PS_RELAY_OPEN && is_at_rest(&relay->dir[0]) && is_at_rest(&relay->dir[1]);
    if (!rests)
        return false;
    ps_carry_u32(c, &len, UINT32_MAX);
    save_connection(engine, c, relay);
    if (c->failed) {
        *c = before;
        return false;
    }
    length = before;
    len = (uint32_t)(c->pos - before.pos - sizeof len);
    ps_carry_u32(&length, &len, UINT32_MAX);
    return true;
}

static void save_all(const struct ps_engine *engine, struct ps_carry *c, struct head *head)
{
    carry_head(c, head);
    head->n = 0;
    for (uint32_t id = 0; engine->config.inline_ && id < engine->in.fresh; id++)
        head->n += save(engine, c, &engine->in.relays[id]);
}

size_t ps_engine_snapshot(const struct ps_engine *engine, uint64_t now_ns, uint8_t *out, size_t size)
{
    uint64_t taken_ns = now_ns > engine->now_ns ? now_ns : engine->now_ns;
    struct head head = {.version = VERSION, .tables = tables_of(engine), .taken_ns = taken_ns};
    memcpy(head.magic, MAGIC, sizeof head.magic);
    struct ps_carry counted = ps_carry_save(NULL, 0, taken_ns);
    save_all(engine, &counted, &head);
    if (!out || size < counted.pos)
        return counted.pos;
    struct ps_carry c = ps_carry_save(out, counted.pos, taken_ns);
    save_all(engine, &c, &head);
    head.len = c.pos;
    struct ps_carry again = ps_carry_save(out, HEAD_LEN, taken_ns);
    carry_head(&again, &head);
    head.sum = sum_of(out, c.pos);
    again.pos = 0;
    carry_head(&again, &head);
    return PS_CHECK(c.pos == counted.pos && !c.failed && !again.failed) ? c.pos : 0;
}

/* ---- going on -------------------------------------------------------------------------------------------------- */

static const char *wrong_with(const struct ps_engine *engine, const struct head *head, const uint8_t *data, size_t len)
{
    if (memcmp(head->magic, MAGIC, sizeof head->magic) != 0)
        return "this is no snapshot of connections";
    if (head->version != VERSION || head->tables != tables_of(engine))
        return "the snapshot of connections was left by another version of penstock";
    if (head->len != len)
        return "the snapshot of connections is cut short or has something behind it";
    if (head->sum != sum_of(data, len))
        return "the snapshot of connections is damaged: its checksum is wrong";
    if (engine->now_ns - head->taken_ns > engine->config.snapshot_age_ns) /* from the future: too */
        return "the snapshot of connections is too old";
    return NULL;
}

/* The record of one connection; *state stands at its protocol state. */
static bool read_connection(struct ps_carry *c, struct saved *saved, struct ps_carry *state)
{
    uint32_t len = 0;
    *saved = (struct saved){0};
    ps_carry_u32(c, &len, UINT32_MAX);
    const uint8_t *octets = ps_carry_borrow(c, len);
    if (!octets)
        return false;
    *state = ps_carry_load(octets, len, c->now_ns);
    carry_numbers(state, saved);
    for (unsigned dir = 0; dir < 2; dir++)
        saved->dir[dir].flying = ps_carry_borrow(state, saved->dir[dir].n_flying);
    return !state->failed;
}

/* Everything that can be said without the policy. The state is loaded to no purpose, to see that it can be. */
static bool is_sound(const struct ps_engine *engine, const struct saved *saved, struct ps_carry *state)
{
    const struct ps_dissector *dissector = engine->dissectors[saved->protocol];
    uint8_t *scratch = engine->in.spare;
    if (!dissector || !dissector->carry || !PS_CHECK(dissector->state_len <= engine->in.scratch_len))
        return false;
    memset(scratch, 0, dissector->state_len);
    dissector->carry(state, scratch);
    return !state->failed && state->pos == state->len;
}

/* What the policy of now says. */
static bool may_go_on(const struct ps_engine *engine, const struct saved *saved, struct ps_path *path)
{
    const struct ps_image *image = engine->image;
    struct ps_ends ends = ps_admit_ends(&saved->key, 0);
    if (!image->data)
        return false;
    bool granted = ps_admit_match(engine, &ends, path) == PS_REASON_NONE && path->granted && path->conduit != PS_NONE;
    return granted && path->protocol == saved->protocol && path->mode != PS_MODE_MONITOR &&
           ps_image_conduit_midstream(image, path->conduit) == PS_MIDSTREAM_RESUME &&
           ps_admit_has_tags(engine, &saved->key, path);
}

static uint32_t chunks_for(const struct saved_dir *dir)
{
    return (dir->n_flying + PS_CHUNK_LEN - 1) / PS_CHUNK_LEN;
}

static bool has_room(const struct ps_engine *engine, const struct saved *saved)
{
    const struct ps_inline *in = &engine->in;
    uint32_t most = in->scratch_len;
    bool flying = saved->dir[0].n_flying <= most && saved->dir[1].n_flying <= most &&
                  chunks_for(&saved->dir[0]) + chunks_for(&saved->dir[1]) <= ps_chunks_left(&in->chunks);
    return flying && (in->free != PS_NONE || in->fresh < in->n);
}

/* told_seq: whatever comes next is newer than what has told of the edge. */
static void restore_dir(struct ps_chunks *chunks, struct ps_relay_dir *dir, const struct saved_dir *saved, uint32_t told_seq)
{
    ps_relay_dir_start(dir, saved->una);
    (void)ps_relay_append(chunks, dir, saved->flying, saved->n_flying);
    dir->fwd = dir->allowed = dir->judged = saved->una + saved->n_flying;
    dir->edge = saved->edge;
    dir->delta = saved->delta;
    dir->n_acked = saved->n_acked;
    dir->window_max = saved->window_max;
    dir->mss = saved->mss;
    dir->scale = saved->scale;
    dir->told_seq = told_seq;
    dir->told_ack = saved->una;
}

static bool restore(struct ps_engine *engine, const struct saved *saved, struct ps_carry *state)
{
    struct ps_path path;
    bool known = ps_flow_find(&engine->table, &saved->key, ps_flow_hash(&engine->table, &saved->key)) != PS_NONE;
    if (known || !may_go_on(engine, saved, &path) || !has_room(engine, saved) ||
        !ps_admit_known(engine, &saved->key, &path))
        return false;
    struct ps_relay *relay = ps_inline_take(engine, false);
    if (!PS_CHECK(relay && engine->dissectors[saved->protocol])) {
        ps_engine_remove(engine, engine->current.line);
        return false;
    }
    engine->dissectors[saved->protocol]->carry(state, ps_flow_state(&engine->table, relay->line));
    for (unsigned dir = 0; dir < 2; dir++)
        restore_dir(&engine->in.chunks, &relay->dir[dir], &saved->dir[dir], saved->dir[!dir].una - 1);
    relay->isn = saved->isn;
    relay->scales = saved->scales;
    relay->opened = true;
    relay->due = engine->now_ns + PS_RESUME_NS;
    ps_caps_phase(engine, relay, PS_RELAY_RESTORED);
    ps_inline_settle(engine, relay);
    return true;
}

const char *ps_engine_restore(struct ps_engine *engine, const uint8_t *data, size_t len, uint64_t now_ns)
{
    struct head head = {0};
    struct saved saved;
    if (!engine->config.inline_ || engine->stats.packets > 0)
        return "connections can go on only in a gateway that has judged no packet yet";
    if (now_ns > engine->now_ns)
        engine->now_ns = now_ns;
    struct ps_carry state, c = ps_carry_load(data, len, engine->now_ns);
    carry_head(&c, &head);
    const char *wrong = c.failed ? "this is no snapshot of connections" : wrong_with(engine, &head, data, len);
    struct ps_carry first = c;
    for (uint32_t i = 0; !wrong && i < head.n; i++)
        if (!read_connection(&c, &saved, &state) || !is_sound(engine, &saved, &state))
            wrong = "the snapshot of connections holds one that cannot be";
    if (wrong || c.pos != len)
        return wrong ? wrong : "the snapshot of connections holds one that cannot be";
    engine->nobody = (struct ps_decision){.verdict = PS_VERDICT_PASS};
    engine->current = (struct ps_current){.out = &engine->nobody, .line = PS_NONE};
    for (uint32_t i = 0; i < head.n && read_connection(&first, &saved, &state); i++) {
        bool restored = restore(engine, &saved, &state);
        engine->stats.restored += restored;
        engine->stats.not_restored += !restored;
    }
    return NULL;
}
