/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_engine_traffic.c - the plant and the packets of the engine benchmark.
 */
#include "bench_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "policy.h"

#define HEADERS_LEN 54u

#define RANDOM_START 88172645463325252u

static uint64_t random_state = RANDOM_START;

void bench_random_restart(void)
{
    random_state = RANDOM_START;
}

uint32_t bench_random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

/* The protocols of the generator draw from here too. */
uint32_t gen_draw(struct generator *g, uint32_t n)
{
    (void)g;
    return bench_random_below(n);
}

void *bench_need(void *mem)
{
    if (!mem) {
        fprintf(stderr, "no memory\n");
        exit(EXIT_FAILURE);
    }
    return mem;
}

void bench_shuffle(uint32_t *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        items[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = bench_random_below(i), swap = items[j];
        items[j] = items[i - 1];
        items[i - 1] = swap;
    }
}

/* ---- plant ------------------------------------------------------------------------------------------------------ */

uint32_t bench_zones_for(uint32_t n_conduits)
{
    uint32_t half = 1;
    while (half * half < n_conduits)
        half++;
    return 2 * half;
}

/* Conduit c leads from a zone behind the gateway's first port to one behind the second, each pair once. */
static void conduit_ends(const struct plan *plan, uint32_t c, uint32_t *from, uint32_t *to)
{
    uint32_t half = plan->n_zones / 2;
    *from = c / half;
    *to = half + c % half;
}

static void put_gateway(FILE *out, const struct plan *plan)
{
    fprintf(out, "gateways = ( { name = \"gate\"; ports = (\n");
    for (uint32_t port = 0, half = plan->n_zones / 2; port < 2; port++) {
        fprintf(out, "  { name = \"p%u\"; zones = [", port);
        for (uint32_t z = port * half; z < (port + 1) * half; z++)
            fprintf(out, "%s\"z%u\"", z > port * half ? ", " : "", z);
        fprintf(out, "]; }%s\n", port == 0 ? "," : "");
    }
    fprintf(out, "); } );\n");
}

static char *plant_text(const struct plan *plan)
{
    char *text;
    size_t len;
    FILE *out = bench_need(open_memstream(&text, &len));
    fprintf(out, "schema = 1; site = \"bench\"; revision = 1;\nzones = (\n");
    for (uint32_t z = 0; z < plan->n_zones; z++)
        fprintf(out, "  { name = \"z%u\"; kind = \"control\"; networks = [\"10.%u.%u.0/24\"]; }%s\n", z, z >> 8, z & 255,
                z + 1 < plan->n_zones ? "," : "");
    fprintf(out, ");\nconduits = (\n");
    for (uint32_t c = 0; c < plan->n_conduits; c++) {
        uint32_t from, to;
        conduit_ends(plan, c, &from, &to);
        fprintf(out,
                "  { name = \"c%u\"; from = \"z%u\"; to = \"z%u\"; max_half_open = 1000000; max_new_flows = 1000000;\n"
                "    allow = (\n%s,\n"
                "    { name = \"web\"; protocol = \"tcp\"; ports = [\"8080\"]; } ); }%s\n",
                c, from, to, plan->protocol->rules, c + 1 < plan->n_conduits ? "," : "");
    }
    fprintf(out, ");\n");
    put_gateway(out, plan);
    fclose(out);
    return text;
}

/* An image, the caller's to free; NULL: diags says why. */
static uint8_t *compile_plant(const struct plan *plan, struct ps_diags *diags, size_t *len)
{
    char *text = plant_text(plan);
    struct ps_model *model = ps_policy_parse(text, "bench.conf", diags);
    uint8_t *compiled = model ? ps_compile(model, diags, len) : NULL;
    ps_model_free(model);
    free(text);
    return compiled;
}

bool bench_is_judged(const struct gen_protocol *protocol)
{
    struct plan plan = {.n_conduits = 1, .n_zones = 2, .protocol = protocol};
    struct ps_diags diags;
    size_t len = 0;
    ps_diags_init(&diags);
    uint8_t *compiled = compile_plant(&plan, &diags, &len);
    bool judged = compiled && ps_dissector_by_name(protocol->name);
    free(compiled);
    ps_diags_fini(&diags);
    return judged;
}

void bench_load_plant(struct world *w)
{
    struct ps_diags diags;
    size_t len = 0;
    ps_diags_init(&diags);
    uint8_t *compiled = compile_plant(&w->plan, &diags, &len);
    for (size_t i = 0; !compiled && i < diags.n && i < 5; i++)
        fprintf(stderr, "bench.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    if (!compiled)
        exit(EXIT_FAILURE);
    w->image_mem = bench_need(aligned_alloc(64, (len + 63) / 64 * 64));
    memcpy(w->image_mem, compiled, len);
    const char *why = ps_image_open(w->image_mem, len, &w->image);
    if (why) {
        fprintf(stderr, "%s\n", why);
        exit(EXIT_FAILURE);
    }
    free(compiled);
    ps_diags_fini(&diags);
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

/* What is polled again and again: two registers of unit 1. */
static uint32_t fixed_request(struct generator *g, struct gen_talk *talk, uint8_t *out)
{
    static const uint8_t pdu[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2};
    (void)g;
    (void)talk;
    memcpy(out, pdu, sizeof pdu);
    return sizeof pdu;
}

static uint32_t fixed_reply(struct generator *g, const struct gen_talk *talk, uint8_t *out)
{
    static const uint8_t pdu[] = {0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 10, 0, 11};
    (void)g;
    (void)talk;
    memcpy(out, pdu, sizeof pdu);
    return sizeof pdu;
}

const struct gen_protocol bench_modbus = {
    .name = "modbus",
    .port = 502,
    .request = fixed_request,
    .reply = fixed_reply,
    .rules = "    { name = \"poll\"; protocol = \"modbus\"; stations = [\"1-8\"]; operations = [\"read\"];"
             " objects = [\"holding:0-99\"]; }",
};

static uint32_t twelve_octets(struct generator *g, struct gen_talk *talk, uint8_t *out)
{
    (void)g;
    (void)talk;
    memcpy(out, "twelve bytes", 12);
    return 12;
}

const struct gen_protocol bench_tcp = {.name = "tcp", .port = 8080, .request = twelve_octets};

static uint32_t sum16(uint32_t sum, const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return sum;
}

static uint32_t folded(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static void put_ends(const struct world *w, uint8_t *p, uint32_t flow, unsigned dir)
{
    uint32_t from, to, k = flow / w->plan.n_conduits;
    uint16_t server_port = w->protocol->port;
    conduit_ends(&w->plan, flow % w->plan.n_conduits, &from, &to);
    uint32_t client = 0x0a000000 + (from << 8) + 1 + k % 250, server = 0x0a000000 + (to << 8) + 1 + k % 200;
    gen_put32(p + 26, dir ? server : client);
    gen_put32(p + 30, dir ? client : server);
    gen_put16(p + 34, dir ? server_port : 1024 + k / 250);
    gen_put16(p + 36, dir ? 1024 + k / 250 : server_port);
}

enum { SYN = 0x02, ACK = 0x10, PSH = 0x08 };

struct segment {
    uint32_t flow, len; /* len: octets of payload */
    unsigned dir;
    uint8_t flags;
};

/* Headers in front of the payload that stands in the frame. The first four octets name the flow, for the floors. */
static void put_headers(struct world *w, uint8_t *p, const struct segment *s)
{
    memset(p, 0, HEADERS_LEN);
    memcpy(p, &s->flow, sizeof s->flow);
    p[11] = 1;
    gen_put16(p + 12, 0x0800);
    p[14] = 0x45;
    gen_put16(p + 16, 40 + s->len);
    p[20] = 0x40;
    p[22] = 64;
    p[23] = 6;
    put_ends(w, p, s->flow, s->dir);
    gen_put32(p + 38, w->seq[s->dir][s->flow]);
    gen_put32(p + 42, s->flags & ACK ? w->seq[!s->dir][s->flow] : 0);
    p[46] = 0x50;
    p[47] = s->flags;
    gen_put16(p + 48, 8192);
    gen_put16(p + 24, folded(sum16(0, p + 14, 20)));
    gen_put16(p + 50, folded(sum16(sum16(6 + 20 + s->len, p + 26, 8), p + 34, 20 + s->len)));
    w->seq[s->dir][s->flow] += s->flags & SYN ? 1 : s->len;
}

static uint32_t put_payload(struct world *w, uint8_t *at, uint32_t flow, struct say say)
{
    if (say.what == SAY_SYN)
        return 0;
    if (say.what == SAY_OPENING)
        return w->protocol->opening(NULL, say.i, at);
    return say.dir ? w->protocol->reply(NULL, &w->talks[flow], at) : w->protocol->request(NULL, &w->talks[flow], at);
}

void bench_make_round(struct world *w, struct traffic *t, uint32_t first, struct say say)
{
    uint8_t flags = (uint8_t)(say.what != SAY_SYN ? PSH | ACK : say.dir ? SYN | ACK : SYN);
    for (uint32_t at = first; at < first + w->plan.n_flows; at++) {
        uint32_t flow = w->order[at - first];
        uint8_t *p = bench_slot(w, t, at);
        struct segment segment = {.flow = flow, .dir = say.dir, .flags = flags};
        segment.len = put_payload(w, p + HEADERS_LEN, flow, say);
        put_headers(w, p, &segment);
        t->flow[at] = flow;
        t->len[at] = (uint16_t)(HEADERS_LEN + segment.len);
    }
    t->n = first + w->plan.n_flows;
    t->dir = say.dir;
}

uint32_t bench_make_piece(struct world *w, uint8_t *at, const struct piece *piece)
{
    uint8_t pdu[GEN_PDU_MAX];
    uint32_t len = put_payload(w, pdu, piece->flow, (struct say){.what = SAY_PDU, .dir = piece->dir});
    uint32_t *seq = &w->seq[piece->dir][piece->flow], kept = *seq;
    struct segment segment = {.flow = piece->flow, .dir = piece->dir, .flags = PSH | ACK,
                              .len = piece->len < len ? piece->len : len};
    memcpy(at + HEADERS_LEN, pdu + piece->from, segment.len);
    *seq += piece->offset;
    put_headers(w, at, &segment);
    *seq = kept;
    return HEADERS_LEN + segment.len;
}
