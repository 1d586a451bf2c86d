/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "packets.h"
#include "policy.h"
#include "recut.h"

#define PLANT_MAX 4096

static struct ps_image image;

/* Reads are granted, other requests are not: refusals must be the same too. */
static void write_rule(struct ps_txt *plant, const struct ps_vocab *vocab)
{
    static const unsigned granted[] = {PS_OP_READ, PS_OP_IDENTIFY, PS_OP_DIAGNOSE, PS_OP_SESSION};
    uint32_t has = 0;
    const char *between = "";
    for (uint16_t i = 0; i < vocab->n_functions; i++)
        has |= vocab->functions[i].ops;
    ps_txt_str(plant, "  { name = \"");
    ps_txt_str(plant, vocab->name);
    ps_txt_str(plant, "\"; protocol = \"");
    ps_txt_str(plant, vocab->name);
    ps_txt_str(plant, "\"; operations = [");
    for (size_t i = 0; i < sizeof granted / sizeof granted[0]; i++) {
        if (!(has & PS_OP_BIT(granted[i])))
            continue;
        ps_txt_str(plant, between);
        ps_txt_str(plant, "\"");
        ps_txt_str(plant, ps_op_name(granted[i]));
        ps_txt_str(plant, "\"");
        between = ", ";
    }
    ps_txt_str(plant, "]; }");
}

/* Everything that is inspected and that rules can name. */
static void write_plant(char plant[PLANT_MAX])
{
    struct ps_txt txt;
    const char *between = "";
    ps_txt_init(&txt, plant, PLANT_MAX);
    ps_txt_str(&txt, "schema = 1; site = \"recut\"; revision = 1;\n"
                     "zones = ( { name = \"all\"; kind = \"control\"; networks = [\"0.0.0.0/0\"]; } );\n"
                     "conduits = ( { name = \"c\"; from = \"all\"; to = \"all\"; allow = (\n");
    for (unsigned i = 0; i < PS_N_DISSECTORS; i++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(i);
        if (!vocab || vocab->n_functions == 0 || ps_protocol_by_name(vocab->name) == PS_PROTOCOL_NONE)
            continue;
        ps_txt_str(&txt, between);
        write_rule(&txt, vocab);
        between = ",\n";
    }
    ps_txt_str(&txt, " ); } );\n");
}

void recut_load_plant(void)
{
    static char plant[PLANT_MAX];
    struct ps_diags diags;
    size_t len = 0;
    write_plant(plant);
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(plant, "recut.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; !compiled && i < diags.n; i++)
        fprintf(stderr, "recut.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    uint8_t *aligned = compiled ? aligned_alloc(64, (len + 63) / 64 * 64) : NULL;
    if (!aligned)
        exit(EXIT_FAILURE);
    memcpy(aligned, compiled, len);
    free(compiled);
    ps_model_free(model);
    ps_diags_fini(&diags);
    const char *why = ps_image_open(aligned, len, &image);
    if (why) {
        fprintf(stderr, "%s\n", why);
        exit(EXIT_FAILURE);
    }
}

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct recut_judgements *list = ctx;
    if (judged->what != PS_JUDGED_PDU)
        return;
    if (list->n == list->size) {
        list->size = list->size ? 2 * list->size : 64;
        list->items = realloc(list->items, list->size * sizeof list->items[0]);
        if (!list->items)
            recut_no_memory();
    }
    struct recut_judged *copy = &list->items[list->n++];
    *copy = (struct recut_judged){.dir = judged->dir, .reason = judged->reason, .rule = judged->rule,
                                  .code = judged->facts->code, .transaction = judged->facts->transaction,
                                  .len = judged->pdu_len, .number = judged->number};
    struct ps_txt text;
    ps_txt_init(&text, copy->text, sizeof copy->text);
    ps_operation_format(judged->dissector, judged->facts, &text);
}

static struct ps_engine *engine_new(struct recut_judgements *judgements)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.n_flows = 16;
    config.n_streams = 16;
    config.reorder_segments = 256;
    config.n_events = 16;
    config.checksums = PS_CHECKSUMS_IGNORE; /* some captures have rewritten addresses */
    config.on_judged = on_judged;
    config.on_judged_ctx = judgements;
    struct ps_engine *engine = ps_engine_new(&config, &image);
    if (!engine)
        recut_no_memory();
    return engine;
}

/* ---- as it came ------------------------------------------------------------------------------------------------- */

/* Listens between stream and inspection. */
struct tap {
    struct recut_flow *flow;
    struct ps_engine *engine;
    struct ps_stream_sink inspect;
};

static struct recut_piece *add_piece(struct tap *tap)
{
    struct recut_flow *flow = tap->flow;
    if (flow->n_pieces == flow->size) {
        flow->size = flow->size ? 2 * flow->size : 64;
        flow->pieces = realloc(flow->pieces, flow->size * sizeof flow->pieces[0]);
        if (!flow->pieces)
            recut_no_memory();
    }
    const struct ps_flow *hot = ps_engine_flow(tap->engine, tap->engine->current.line);
    uint8_t dir = tap->engine->current.dir;
    if (flow->n_pieces == 0) {
        flow->late = (hot->flags & PS_FLOW_MISSED) != 0;
        flow->server_port = hot->key.port[1];
        flow->start_ns = tap->engine->now_ns;
    }
    struct recut_piece *piece = &flow->pieces[flow->n_pieces++];
    *piece = (struct recut_piece){.time_ns = tap->engine->now_ns, .dir = dir,
                                  .whole = (hot->dir[dir] & PS_DIR_SEEK) != 0};
    return piece;
}

static void tap_bytes(void *ctx, const uint8_t *data, uint32_t len)
{
    struct tap *tap = ctx;
    if (!tap->flow->lost) {
        struct recut_piece *piece = add_piece(tap);
        piece->data = recut_alloc(len);
        piece->len = len;
        memcpy(piece->data, data, len);
    }
    tap->inspect.bytes(tap->inspect.ctx, data, len);
}

static void tap_gap(void *ctx, uint32_t n)
{
    struct tap *tap = ctx;
    if (!tap->flow->lost) {
        struct recut_piece *piece = add_piece(tap);
        piece->gap = true;
        piece->len = n > 0 && n < 1000 ? n : 1000;
    }
    tap->inspect.gap(tap->inspect.ctx, n);
}

/* A refused PDU and skipped octets in one packet: the direction was lost at that PDU. */
static void note_loss(struct recut_flow *flow, size_t n_before, bool skipped)
{
    for (size_t i = flow->judgements.n; skipped && i-- > n_before;) {
        struct recut_judged *judged = &flow->judgements.items[i];
        if (judged->reason == PS_REASON_NONE || ps_reason_info(judged->reason)->class != PS_CLASS_PROTOCOL)
            continue;
        judged->lost = flow->lost = true;
        flow->judgements.n = i + 1;
        return;
    }
}

void recut_flow_init(struct recut_flow *flow, const struct recut_packets *packets, const struct recut_list *list)
{
    *flow = (struct recut_flow){0};
    struct ps_engine *engine = engine_new(&flow->judgements);
    struct tap tap = {.flow = flow, .engine = engine, .inspect = engine->streams.sink};
    engine->streams.sink = (struct ps_stream_sink){.ctx = &tap, .bytes = tap_bytes, .gap = tap_gap};
    for (size_t i = 0; i < list->n && !flow->lost; i++) {
        struct ps_decision decision;
        size_t n_before = flow->judgements.n;
        uint64_t skipped = ps_engine_stats(engine)->skipped_bytes;
        ps_engine_burst(engine, &packets->items[list->items[i]], 1, &decision);
        note_loss(flow, n_before, ps_engine_stats(engine)->skipped_bytes > skipped);
    }
    while (!flow->lost && ps_engine_finish(engine)) {
        struct ps_event event;
        while (ps_engine_events(engine, &event, 1) > 0)
            continue;
    }
    ps_engine_free(engine);
}

void recut_flow_fini(struct recut_flow *flow)
{
    for (size_t i = 0; i < flow->n_pieces; i++)
        free(flow->pieces[i].data);
    free(flow->pieces);
    free(flow->judgements.items);
}

/* ---- made again ------------------------------------------------------------------------------------------------- */

static void talk_put(struct recut_talk *talk, unsigned dir, uint8_t flags, uint32_t seq, const struct recut_buf *data)
{
    static struct wire wire;
    static const uint32_t hosts[2] = {IP(10, 1, 0, 1), IP(10, 2, 0, 1)};
    struct wire_tcp tcp = {.src = hosts[dir], .dst = hosts[!dir], .src_port = dir ? talk->server_port : 65000,
                           .dst_port = dir ? 65000 : talk->server_port, .seq = seq,
                           .ack = flags & PS_TCP_ACK ? talk->seq[!dir] : 0, .flags = flags, .data = data->data,
                           .len = (uint32_t)data->len};
    struct ps_decision decision;
    wire_tcp(&wire, &tcp);
    struct ps_packet packet = wire_packet(&wire);
    packet.time_ns = talk->time_ns;
    packet.number = ++talk->number;
    ps_engine_burst(talk->engine, &packet, 1, &decision);
}

void recut_talk_init(struct recut_talk *talk, const struct recut_flow *flow)
{
    static const struct recut_buf nothing = {0};
    *talk = (struct recut_talk){.seq = {0xffffff80u, 0x7fffff80u}, .server_port = flow->server_port,
                                .time_ns = flow->start_ns};
    talk->engine = engine_new(&talk->judgements);
    if (flow->late)
        return;
    talk_put(talk, PS_TO_SERVER, PS_TCP_SYN, talk->seq[0]++, &nothing);
    talk_put(talk, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, talk->seq[1]++, &nothing);
}

void recut_talk_segment(struct recut_talk *talk, unsigned dir, uint32_t at, const uint8_t *data, uint32_t len,
                        uint64_t time_ns)
{
    /* The sender's octets are only read. */
    struct recut_buf bytes = {.data = (uint8_t *)(uintptr_t)data, .len = len};
    talk->time_ns = time_ns > talk->time_ns ? time_ns : talk->time_ns;
    talk_put(talk, dir, PS_TCP_ACK | PS_TCP_PSH, talk->seq[dir] + at, &bytes);
}

void recut_talk_advance(struct recut_talk *talk, unsigned dir, uint32_t len)
{
    talk->seq[dir] += len;
}

void recut_talk_gap(struct recut_talk *talk, unsigned dir, uint32_t len, uint64_t time_ns)
{
    static const struct recut_buf nothing = {0};
    talk->time_ns = time_ns > talk->time_ns ? time_ns : talk->time_ns;
    talk->seq[dir] += len;
    talk_put(talk, !dir, PS_TCP_ACK, talk->seq[!dir], &nothing);
}

void recut_talk_finish(struct recut_talk *talk)
{
    struct ps_event event;
    while (ps_engine_finish(talk->engine))
        while (ps_engine_events(talk->engine, &event, 1) > 0)
            continue;
}

void recut_talk_fini(struct recut_talk *talk)
{
    ps_engine_free(talk->engine);
    free(talk->judgements.items);
}
