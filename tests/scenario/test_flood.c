/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_flood.c - a million packets a second come in while a client polls ten times a second: it loses no poll.
 *
 * The engine stands in the line and its clock is scripted: two seconds of each flood. Everybody in the client's zone may
 * poll, so that what the flood opens is held by caps alone and not by the rules.
 *
 * Usage: test_flood [PACKETS]      in two seconds; default 2000000
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compile.h"
#include "decode.h"
#include "engine.h"
#include "packets.h"
#include "policy.h"

#define SECONDS 2u
#define POLLS_PER_S 10u
#define NS_PER_S UINT64_C(1000000000)
#define BURST PS_BURST_MAX

#define CLIENT IP(10, 0, 0, 10)
#define OTHER IP(10, 0, 0, 11)
#define ATTACKER IP(10, 0, 0, 66)
#define SERVER IP(172, 16, 0, 10)

static const char plant[] =
    "schema = 1; site = \"flood\"; revision = 1;\n"
    "zones = ( { name = \"ops\"; networks = [\"10.0.0.0/8\"]; },\n"
    "  { name = \"ctl\"; networks = [\"172.16.0.0/16\"]; assets = ( { name = \"plc\"; addresses = [\"172.16.0.10\"]; } ); } );\n"
    "conduits = ( { name = \"c\"; from = \"ops\"; to = \"ctl\"; fragments = \"reassemble\"; allow = (\n"
    "  { name = \"poll\"; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "  { name = \"poll-udp\"; servers = [\"plc\"]; protocol = \"modbus\"; transport = \"udp\"; operations = [\"read\"]; } ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n";

static const uint8_t request[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2};
static const uint8_t reply[] = {0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 10, 0, 11};

struct world {
    void *image_mem;
    struct ps_image image;
    struct ps_engine *engine;
    uint64_t now_ns;
    uint32_t random;
    uint8_t frames[BURST][128];
    struct ps_packet packets[BURST];
    uint32_t n;
    const char *flood;
};

static void fail(const struct world *w, const char *what)
{
    fprintf(stderr, "%s: %s\n", w->flood, what);
    exit(1);
}

static uint32_t next_random(struct world *w)
{
    w->random = w->random * 1664525u + 1013904223u;
    return w->random >> 8;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void begin(struct world *w, const char *flood)
{
    struct ps_diags diags;
    struct ps_engine_config config;
    size_t len = 0;
    *w = (struct world){.flood = flood, .now_ns = UINT64_C(1700000000) * NS_PER_S, .random = 1};
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(plant, "flood.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    if (!compiled)
        fail(w, "the plant file does not compile");
    w->image_mem = aligned_alloc(64, (len + 63) / 64 * 64);
    memcpy(w->image_mem, compiled, len);
    free(compiled);
    ps_model_free(model);
    ps_diags_fini(&diags);
    if (ps_image_open(w->image_mem, len, &w->image))
        fail(w, "the image does not open");
    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_STRICT;
    config.inline_ = true;
    config.gateway = 0;
    w->engine = ps_engine_new(&config, &w->image);
    if (!w->engine)
        fail(w, "no engine");
}

static void drain(struct world *w)
{
    struct ps_event events[64];
    while (ps_engine_events(w->engine, events, 64) > 0)
        ;
}

static void end(struct world *w)
{
    if (!ps_engine_check(w->engine))
        fail(w, "the engine's numbers do not fit together");
    while (ps_engine_finish(w->engine))
        drain(w);
    ps_engine_free(w->engine);
    free(w->image_mem);
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

static void advance(struct world *w, uint64_t now_ns)
{
    while (ps_engine_next_tick(w->engine) <= now_ns)
        ps_engine_tick(w->engine, now_ns);
    w->now_ns = now_ns;
}

static void judge(struct world *w)
{
    struct ps_decision out[BURST];
    if (w->n == 0)
        return;
    ps_engine_burst(w->engine, w->packets, w->n, out);
    w->n = 0;
}

/* ---- the client that polls ------------------------------------------------------------------------------------- */

struct talk {
    uint32_t client;
    uint16_t port;
    uint32_t seq[2]; /* by enum ps_dir */
};

static bool passes(struct world *w, struct talk *t, unsigned dir, uint8_t flags, const uint8_t *data)
{
    static struct wire frame;
    uint32_t addr[2] = {t->client, SERVER}, len = !data ? 0 : dir ? sizeof reply : sizeof request;
    uint16_t port[2] = {t->port, 502};
    struct wire_tcp tcp = {.src = addr[dir], .dst = addr[!dir], .src_port = port[dir], .dst_port = port[!dir],
                           .seq = t->seq[dir], .ack = flags & PS_TCP_ACK ? t->seq[!dir] : 0, .flags = flags,
                           .data = data, .len = len};
    wire_tcp(&frame, &tcp);
    t->seq[dir] += len + (flags & PS_TCP_SYN ? 1 : 0);
    struct ps_packet packet = wire_packet(&frame);
    struct ps_decision out;
    packet.time_ns = w->now_ns;
    packet.port = (uint16_t)dir;
    ps_engine_burst(w->engine, &packet, 1, &out);
    return out.verdict == PS_VERDICT_PASS && out.reason == PS_REASON_NONE;
}

static bool opens(struct world *w, struct talk *t)
{
    return passes(w, t, PS_TO_SERVER, PS_TCP_SYN, NULL) &&
           passes(w, t, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, NULL) && passes(w, t, PS_TO_SERVER, PS_TCP_ACK, NULL);
}

static bool polls(struct world *w, struct talk *t)
{
    return passes(w, t, PS_TO_SERVER, PS_TCP_ACK | PS_TCP_PSH, request) &&
           passes(w, t, PS_TO_CLIENT, PS_TCP_ACK | PS_TCP_PSH, reply) && passes(w, t, PS_TO_SERVER, PS_TCP_ACK, NULL);
}

/* ---- the flood ------------------------------------------------------------------------------------------------- */

struct shot {
    uint32_t src;
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t proto, flags;
    uint16_t fragment; /* flags and offset */
    uint16_t id;
    uint32_t len; /* octets of data, all 0 */
};

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint16_t sum(const uint8_t *at, uint32_t len, uint32_t start)
{
    for (uint32_t i = 0; i + 1 < len; i += 2)
        start += (uint32_t)at[i] << 8 | at[i + 1];
    if (len & 1)
        start += (uint32_t)at[len - 1] << 8;
    start = (start & 0xffff) + (start >> 16);
    return (uint16_t)~((start & 0xffff) + (start >> 16));
}

/* Octets of the packet. */
static uint32_t build(uint8_t *frame, const struct shot *s)
{
    static const uint8_t head[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0};
    uint8_t *ip = frame + 14, *transport = ip + 20;
    bool tcp = s->proto == 6;
    uint32_t len = (tcp ? 20 : 8) + s->len;
    memset(frame, 0, 34 + len);
    memcpy(frame, head, sizeof head);
    put16(ip + 2, 20 + len);
    put16(ip + 4, s->id);
    put16(ip + 6, s->fragment);
    ip[8] = 64;
    ip[9] = s->proto;
    put32(ip + 12, s->src);
    put32(ip + 16, SERVER);
    put16(ip + 10, sum(ip, 20, 0));
    put16(transport, s->src_port);
    put16(transport + 2, s->dst_port);
    if (tcp) {
        put32(transport + 4, s->seq);
        put32(transport + 8, s->ack);
        transport[12] = 0x50;
        transport[13] = s->flags;
        put16(transport + 14, 8192);
    } else {
        put16(transport + 4, len);
    }
    put16(transport + (tcp ? 16 : 6), sum(transport, len, (uint32_t)s->proto + len + (s->src >> 16) + (s->src & 0xffff) +
                                                              (SERVER >> 16) + (SERVER & 0xffff)));
    return 34 + len;
}

static void shoot(struct world *w, const struct shot *s)
{
    uint32_t len = build(w->frames[w->n], s);
    w->packets[w->n] = (struct ps_packet){.data = w->frames[w->n], .len = len, .wire_len = len, .time_ns = w->now_ns,
                                          .port = 0, .link = PS_LINK_ETHERNET};
    if (++w->n == BURST)
        judge(w);
}

static void syns_of_one(struct world *w, uint32_t i)
{
    struct shot s = {.src = ATTACKER, .src_port = (uint16_t)(1024 + i % 60000), .dst_port = 502, .seq = i * 7919,
                     .proto = 6, .flags = PS_TCP_SYN};
    shoot(w, &s);
}

static void syns_of_a_million(struct world *w, uint32_t i)
{
    struct shot s = {.src = IP(10, 1, 0, 0) + i % 1000000, .src_port = 1024, .dst_port = 502, .seq = i * 7919,
                     .proto = 6, .flags = PS_TCP_SYN};
    shoot(w, &s);
}

/* Opens connections as fast as it is let, and leaves each with the start of a PDU and octets behind a hole. */
static void parts_of_one(struct world *w, uint32_t i)
{
    struct talk t = {.client = ATTACKER, .port = (uint16_t)(1024 + i / 3 % 60000), .seq = {i / 3, 1000}};
    struct shot s = {.src = ATTACKER, .src_port = t.port, .dst_port = 502, .seq = i / 3 + (i % 3 == 1 ? 1 : 20),
                     .ack = 1001, .proto = 6, .flags = PS_TCP_ACK, .len = i % 3 == 1 ? 4 : 40};
    if (i % 3 > 0) {
        shoot(w, &s);
        return;
    }
    judge(w);
    (void)opens(w, &t); /* with a server that joins in */
}

/* Whatever can be sent: segments of connections that are not, datagrams, fragments, wrong checksums, from anywhere. */
static void garbage(struct world *w, uint32_t i)
{
    static const uint8_t flags[] = {PS_TCP_ACK, PS_TCP_SYN, PS_TCP_SYN | PS_TCP_ACK, PS_TCP_RST, PS_TCP_FIN | PS_TCP_ACK, 0};
    uint32_t r = next_random(w);
    struct shot s = {.src = r & 1 ? ATTACKER : IP(10, 1, 0, 0) + next_random(w) % 1000000,
                     .src_port = (uint16_t)(1 + next_random(w) % 65535),
                     .dst_port = (uint16_t)(r & 2 ? 502 : 1 + next_random(w) % 65535), .seq = next_random(w),
                     .ack = next_random(w), .proto = r & 12 ? 6 : 17, .flags = flags[(r >> 4) % sizeof flags],
                     .id = (uint16_t)i, .len = (r >> 8) % 40};
    if ((r >> 14 & 7) == 0)
        s.fragment = 0x2000 | (r >> 12 & 1);
    shoot(w, &s);
    if (w->n > 0 && i % 16 == 0)
        w->frames[w->n - 1][30] ^= 1;
}

/* ---- the test -------------------------------------------------------------------------------------------------- */

struct flood {
    const char *name;
    void (*send)(struct world *w, uint32_t i);
    bool others; /* other hosts can open connections in the meantime */
};

/* One of ten a second, and somebody else connects. */
static void poll(struct world *w, const struct flood *flood, struct talk *victim, uint32_t i)
{
    struct talk other = {.client = OTHER, .port = (uint16_t)(2000 + i), .seq = {5, 6}};
    judge(w);
    if (!polls(w, victim))
        fail(w, "a poll was lost");
    if (flood->others && !(opens(w, &other) && polls(w, &other)))
        fail(w, "another host could not connect");
    drain(w);
}

static void run(const struct flood *flood, uint32_t n)
{
    static struct world w;
    struct talk victim = {.client = CLIENT, .port = 40000, .seq = {1, 2}};
    struct talk late = {.client = OTHER, .port = 40001, .seq = {1, 2}};
    begin(&w, flood->name);
    if (!opens(&w, &victim) || !polls(&w, &victim))
        fail(&w, "the client could not connect before it began");
    uint64_t start_ns = w.now_ns, per_poll = n / (SECONDS * POLLS_PER_S);
    clock_t start = clock();
    for (uint32_t i = 0; i < n; i++) {
        if (i % BURST == 0)
            advance(&w, start_ns + SECONDS * NS_PER_S * i / n);
        flood->send(&w, i);
        if (i % per_poll == per_poll - 1)
            poll(&w, flood, &victim, (uint32_t)(i / per_poll));
    }
    double ns = (double)(clock() - start) * (1e9 / CLOCKS_PER_SEC) / n;
    const struct ps_engine_stats *s = ps_engine_stats(w.engine);
    printf("%-18s %5.0f ns a packet, %llu flows and %llu relays at most, %llu connections evicted\n", flood->name, ns,
           (unsigned long long)s->flows_peak, (unsigned long long)s->relays_peak,
           (unsigned long long)s->evicted_half_open);
    advance(&w, w.now_ns + 10 * NS_PER_S);
    if (!polls(&w, &victim) || !opens(&w, &late) || !polls(&w, &late))
        fail(&w, "it is over, and has left something behind");
    end(&w);
}

int main(int argc, char **argv)
{
    static const struct flood floods[] = {{"SYNs of one", syns_of_one, true},
                                          {"SYNs of a million", syns_of_a_million, false},
                                          {"parts of one", parts_of_one, true},
                                          {"garbage", garbage, false}};
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 2000000;
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++)
        run(&floods[i], n);
    return 0;
}
