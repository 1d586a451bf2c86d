/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_engine.c - any packets into a small engine.
 *
 * The input is a list of records: control 1, length 2, octets. Control bit 0: the octets are a frame as it is; else they
 * are a segment between two known hosts: flags 1, numbers 2 (relative to the conversation), payload. Bit 1: direction.
 * Bit 2: the conversation's other pair of ports. Bit 3: the capture cut the last octet. Bit 4: ingress port known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "engine_private.h"
#include "policy.h"

static const char plant[] =
    "schema = 1; site = \"fuzz\"; revision = 1;\n"
    "zones = ( { name = \"a\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
    "          { name = \"b\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
    "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; allow = (\n"
    "  { name = \"r\"; protocol = \"modbus\"; operations = [\"read\", \"write\"]; objects = [\"holding:0-99\"]; },\n"
    "  { name = \"u\"; protocol = \"modbus\"; transport = \"udp\"; operations = [\"read\"]; },\n"
    "  { name = \"t\"; protocol = \"tcp\"; ports = [\"80\"]; },\n"
    "  { name = \"i\"; protocol = \"icmp\"; } ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"p\"; zones = [\"a\"]; }, { name = \"q\"; zones = [\"b\"]; } ); } );\n";

#define N_EVENTS 64u

static struct ps_image image;
static uint64_t n_judged, n_events;

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

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    (void)ctx;
    require(judged->path != NULL && judged->reason < PS_N_REASONS, "a judgement is complete");
    require(judged->what != PS_JUDGED_PDU || (judged->dissector && judged->facts && judged->pdu), "so is a PDU's");
    n_judged += judged->reason != PS_REASON_NONE;
}

static struct ps_engine *engine_new(uint8_t checksums)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = 16;
    config.n_streams = 4;
    config.reorder_segments = 8;
    config.n_events = N_EVENTS;
    config.checksums = checksums;
    config.flow_events = true;
    config.gateway = 0;
    config.on_judged = on_judged;
    struct ps_engine *engine = ps_engine_new(&config, &image);
    require(engine != NULL, "memory for an engine");
    return engine;
}

static void drain(struct ps_engine *engine)
{
    struct ps_event events[N_EVENTS];
    uint32_t n = ps_engine_events(engine, events, N_EVENTS);
    for (uint32_t i = 0; i < n; i++) {
        require(memchr(events[i].operation, '\0', sizeof events[i].operation) != NULL, "event texts end");
        n_events += events[i].kind == PS_EVENT_DENY || events[i].kind == PS_EVENT_WOULD_DENY ||
                    events[i].kind == PS_EVENT_MALFORMED;
    }
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* octets: flags 1, sequence 1, acknowledgement 1, payload. Numbers are octets from the start of the conversation. */
static uint32_t build_segment(uint8_t *frame, uint8_t control, const uint8_t *octets, uint32_t len)
{
    static const uint8_t start[54] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, [20] = 0x40, [22] = 64, 6,
                                      [46] = 0x50};
    unsigned server = control >> 1 & 1;
    uint32_t payload_len = len > 3 ? len - 3 : 0;
    memcpy(frame, start, sizeof start);
    put16(frame + 16, 40 + payload_len);
    for (unsigned end = 0; end < 2; end++) {
        uint8_t *addr = frame + (end == server ? 26 : 30);
        memcpy(addr, (const uint8_t[4]){10, 0, (uint8_t)(1 + end), 10}, 4);
        put16(frame + (end == server ? 34 : 36), end ? 502 : 40000 + (control >> 2 & 1));
    }
    put16(frame + 40, 0xfff0 + (len > 1 ? octets[1] : 0u));
    put16(frame + 44, 0xfff0 + (len > 2 ? octets[2] : 0u));
    frame[47] = len > 0 ? octets[0] : 0x10;
    if (payload_len > 0)
        memcpy(frame + 54, octets + 3, payload_len);
    return 54 + payload_len;
}

static void run_record(struct ps_engine *engine, uint8_t control, const uint8_t *octets, uint32_t len)
{
    static uint64_t time_ns;
    uint8_t *frame = malloc(len + 64u);
    struct ps_decision decision = {0};
    require(frame != NULL, "memory for a frame");
    uint32_t n = len;
    if (control & 1)
        memcpy(frame, octets, len);
    else
        n = build_segment(frame, control, octets, len);
    uint8_t *exact = malloc(n ? n : 1);
    require(exact != NULL, "memory for a packet");
    memcpy(exact, frame, n);
    struct ps_packet packet = {.data = exact, .len = n, .wire_len = n, .time_ns = time_ns += 1000000, .number = 1,
                               .port = control & 16 ? control >> 5 & 1 : PS_PORT_UNKNOWN};
    if ((control & 8) && n > 0)
        packet.len--;
    ps_engine_burst(engine, &packet, 1, &decision);
    require(decision.verdict == PS_VERDICT_PASS || decision.verdict == PS_VERDICT_DROP, "a verdict");
    free(exact);
    free(frame);
}

static void check_sums(struct ps_engine *engine)
{
    const struct ps_engine_stats *s = ps_engine_stats(engine);
    uint64_t by_class = 0, by_reason = 0, by_conduit = 0;
    for (unsigned i = 0; i < PS_N_CLASSES; i++)
        by_class += s->denied_by_class[i];
    for (unsigned i = 0; i < PS_N_REASONS; i++)
        by_reason += s->denied_by_reason[i];
    for (uint32_t i = 0; i <= ps_image_n_conduits(&image); i++)
        by_conduit += ps_engine_conduit_stats(engine, i)->denied;
    require(s->packets == s->passed + s->dropped, "each packet passes or is dropped");
    require(by_class == n_judged && by_reason == n_judged && by_conduit == n_judged, "refusals add up");
    require(n_events <= n_judged && n_judged - n_events <= s->events_lost, "each refusal is told or counted as lost");
    require(s->denied_by_reason[PS_REASON_BUG] == 0, "no bug");
    require(s->flows_now <= 16, "flows are bounded");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    load_plant();
    n_judged = n_events = 0;
    struct ps_engine *engine = engine_new(data[0] % 3);
    for (size_t at = 1; at + 3 <= size;) {
        uint32_t len = (uint32_t)(data[at + 1] << 8 | data[at + 2]);
        if (len > size - at - 3)
            len = (uint32_t)(size - at - 3);
        run_record(engine, data[at], data + at + 3, len);
        if (data[at] & 0x80)
            drain(engine);
        at += 3 + len;
    }
    bool more = true;
    while (more) {
        more = ps_engine_finish(engine);
        drain(engine);
    }
    check_sums(engine);
    require(engine->streams.used_segments == 0 && ps_engine_stats(engine)->flows_now == 0, "nothing is left");
    ps_engine_free(engine);
    return 0;
}
