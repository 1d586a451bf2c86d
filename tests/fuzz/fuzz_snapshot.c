/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_snapshot.c - any connections restored into an engine, and segments of them.
 *
 * Input: connections 1, octets of their records 2, records as in snapshot.h (what stands before them is made right), then
 * steps: control 1, flags 1, number 2 and acknowledgement 2 (from 0x1000), length 1, payload. Control bit 0: direction.
 * Bits 1, 2: server port 502, 20000 or 102. Bit 3: a minute later. Bit 4: a bad header: magic, version, length or time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "engine_private.h"
#include "policy.h"
#include "snapshot.h"

static const char plant[] =
    "schema = 1; site = \"fuzz\"; revision = 1;\n"
    "zones = ( { name = \"a\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
    "          { name = \"b\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
    "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; midstream = \"resume\"; on_deny = \"answer\"; allow = (\n"
    "  { name = \"m\"; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "  { name = \"d\"; protocol = \"dnp3\"; operations = [\"read\", \"operate\"]; },\n"
    "  { name = \"s\"; protocol = \"s7comm\"; operations = [\"read\", \"program\"]; } ); } );\n";

#define HEAD_LEN 48u
#define START 0x1000u
#define NOW UINT64_C(1000000000000)
#define TAKEN UINT64_C(999000000000)
#define LEFT_MAX 262144u

static struct ps_image image;
static uint8_t snapshot[LEFT_MAX];

static void require(int held, const char *what)
{
    if (!held) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static void load_plant(void)
{
    struct ps_diags diags;
    size_t len = 0;
    if (image.data)
        return;
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(plant, "fuzz.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    require(compiled != NULL, "the plant compiles");
    uint8_t *aligned = aligned_alloc(64, (len + 63) / 64 * 64);
    require(aligned != NULL, "memory");
    memcpy(aligned, compiled, len);
    free(compiled);
    ps_model_free(model);
    ps_diags_fini(&diags);
    require(ps_image_open(aligned, len, &image) == NULL, "the image opens");
}

static struct ps_engine *engine_new(void)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = 16;
    config.n_streams = 4;
    config.reorder_segments = 8;
    config.n_events = 64;
    config.checksums = PS_CHECKSUMS_IGNORE;
    config.n_datagrams = 1;
    config.inline_ = true;
    config.n_relays = 4;
    config.n_chunks = 128;
    config.send_octets = 65536;
    struct ps_engine *engine = ps_engine_new(&config, &image);
    require(engine != NULL, "memory for an engine");
    return engine;
}

static void put(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

/* The head of an empty snapshot tells magic, version and tables. */
static size_t make(const struct ps_engine *engine, uint8_t n, const uint8_t *records, uint32_t len)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    require(ps_engine_snapshot(engine, TAKEN, snapshot, sizeof snapshot) == HEAD_LEN, "nothing is left of an empty engine");
    memcpy(snapshot + HEAD_LEN, records, len);
    put(snapshot + 12, n, 4);
    put(snapshot + 32, HEAD_LEN + len, 8);
    for (uint32_t i = 0; i < HEAD_LEN + len; i++)
        if (i < 40 || i >= HEAD_LEN)
            sum = (sum ^ snapshot[i]) * UINT64_C(0x100000001b3);
    put(snapshot + 40, sum, 8);
    return HEAD_LEN + len;
}

/* From an exact copy. */
static const char *restore(struct ps_engine *engine, size_t len)
{
    uint8_t *exact = malloc(len);
    require(exact != NULL, "memory");
    memcpy(exact, snapshot, len);
    const char *wrong = ps_engine_restore(engine, exact, len, NOW);
    free(exact);
    return wrong;
}

static void run_step(struct ps_engine *engine, const uint8_t *step, uint32_t payload_len)
{
    static const uint8_t start[54] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, [20] = 0x40, [22] = 64, 6,
                                      [46] = 0x50, [48] = 0x20};
    static const uint16_t ports[4] = {502, 20000, 102, 502};
    static uint8_t frame[512];
    unsigned server = step[0] & 1;
    memcpy(frame, start, sizeof start);
    put(frame + 16, 40 + payload_len, 2);
    for (unsigned end = 0; end < 2; end++) {
        memcpy(frame + (end == server ? 26 : 30), (const uint8_t[4]){10, 0, (uint8_t)(1 + end), 10}, 4);
        put(frame + (end == server ? 34 : 36), end ? ports[step[0] >> 1 & 3] : 40000, 2);
    }
    put(frame + 38, START + (uint32_t)(int16_t)(step[2] << 8 | step[3]), 4);
    put(frame + 42, START + (uint32_t)(int16_t)(step[4] << 8 | step[5]), 4);
    frame[47] = step[1];
    memcpy(frame + 54, step + 7, payload_len);
    uint8_t *exact = malloc(54 + payload_len);
    require(exact != NULL, "memory for a packet");
    memcpy(exact, frame, 54 + payload_len);
    struct ps_packet packet = {.data = exact, .len = 54 + payload_len, .wire_len = 54 + payload_len,
                               .time_ns = engine->now_ns + 1000000, .number = 1, .port = (uint16_t)server};
    struct ps_decision decision;
    ps_engine_burst(engine, &packet, 1, &decision);
    free(exact);
    if (step[0] & 8)
        while (ps_engine_tick(engine, engine->now_ns + UINT64_C(60000000000)))
            ;
    require(ps_engine_check(engine), "numbers, copies and timers fit together");
}

/* What is left of it in turn can be restored. */
static void leave_again(const struct ps_engine *engine)
{
    uint64_t now_ns = engine->now_ns;
    size_t n = ps_engine_snapshot(engine, now_ns, snapshot, sizeof snapshot);
    require(n >= HEAD_LEN && n <= sizeof snapshot, "a snapshot is bounded");
    if (n == HEAD_LEN)
        return;
    struct ps_engine *next = engine_new();
    require(ps_engine_restore(next, snapshot, n, now_ns) == NULL, "what an engine leaves is sound");
    require(ps_engine_check(next), "and its numbers fit together");
    ps_engine_free(next);
}

static void finish(struct ps_engine *engine)
{
    struct ps_event events[64];
    bool more = true;
    while (more) {
        more = ps_engine_finish(engine);
        (void)ps_engine_events(engine, events, 64);
    }
    require(ps_engine_stats(engine)->denied_by_reason[PS_REASON_BUG] == 0, "no bug");
    require(ps_engine_stats(engine)->flows_now == 0 && ps_engine_stats(engine)->relays_now == 0, "nothing is left");
    require(engine->in.chunks.n_used == 0, "no block is lost");
    ps_engine_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 65536)
        return 0;
    load_plant();
    uint32_t len = (uint32_t)(data[1] << 8 | data[2]);
    len = len <= size - 3 ? len : (uint32_t)(size - 3);
    struct ps_engine *engine = engine_new();
    size_t n = make(engine, data[0], data + 3, len);
    bool has_step = 3 + len < size;
    if (has_step && data[3 + len] & 16)
        snapshot[data[3 + len] >> 5 << 2] ^= 1;
    const char *wrong = restore(engine, n);
    const struct ps_engine_stats *stats = ps_engine_stats(engine);
    require(stats->restored + stats->not_restored == (wrong ? 0u : data[0]), "each connection is counted");
    require(stats->relays_now == stats->restored && stats->flows_now == stats->restored, "none of something wrong");
    require(ps_engine_check(engine), "what was restored fits together");
    for (size_t at = 3 + len; at + 7 <= size;) {
        uint32_t payload = data[at + 6] <= size - at - 7 ? data[at + 6] : (uint32_t)(size - at - 7);
        run_step(engine, data + at, payload);
        at += 7 + payload;
    }
    leave_again(engine);
    finish(engine);
    return 0;
}
