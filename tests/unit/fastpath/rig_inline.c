/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig_inline.h"

#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "unit.h"

static const char plant_head[] =
    "schema = 1; site = \"two\"; revision = 1;\n"
    "zones = (\n"
    "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; assets = (\n"
    "    { name = \"hmi\"; addresses = [\"10.0.1.10\"]; } ); },\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; assets = (\n"
    "    { name = \"plc\"; addresses = [\"10.0.2.10\"]; } ); } );\n"
    "conduits = (\n"
    "  { name = \"ops-ctl\"; from = \"ops\"; to = \"ctl\";";
static const char plant_tail[] =
    " allow = (\n"
    "    { name = \"poll\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "    { name = \"setpoint\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\";\n"
    "      functions = [\"write-single-register\"]; objects = [\"holding:40-47\"]; values = [\"0..1000\"]; },\n"
    "    { name = \"web\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"tcp\"; ports = [\"8080\"]; } ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n";

static struct wire wire;

void two_config(struct ps_engine_config *config)
{
    ps_engine_config_init(config);
    config->checksums = PS_CHECKSUMS_STRICT;
    config->inline_ = true;
    config->n_relays = 16;
    config->n_chunks = 256;
}

void two_init(struct two *w, const struct ps_engine_config *config, const char *mode)
{
    char text[4096];
    struct ps_engine_config mine;
    memset(w, 0, sizeof *w);
    two_config(&mine);
    snprintf(text, sizeof text, "%s%s%s", plant_head, mode ? mode : "mode = \"enforce\";", plant_tail);
    rig_init_plant(&w->r, config ? config : &mine, text);
    w->client_mac = 1;
    w->port[PS_TO_SERVER] = 40000;
    two_again(w);
    w->port[PS_TO_CLIENT] = 502;
}

void two_again(struct two *w)
{
    w->addr[PS_TO_SERVER] = HMI;
    w->addr[PS_TO_CLIENT] = PLC;
    w->port[PS_TO_SERVER]++;
    w->isn[PS_TO_SERVER] = 0xfffffffcu; /* wraps within the first PDU */
    w->isn[PS_TO_CLIENT] = 0x7ffffffcu;
    for (unsigned dir = 0; dir < 2; dir++) {
        w->seq[dir] = w->isn[dir];
        w->window[dir] = 8192;
        w->ack[!dir] = w->isn[dir];
    }
}

void two_fini(struct two *w)
{
    ck_assert(ps_engine_check(w->r.engine));
    rig_fini(&w->r);
}

/* ---- what the engine sends ------------------------------------------------------------------------------------- */

static void note(struct two *w, const struct ps_send *send)
{
    struct ps_packet packet = {.data = send->data, .len = send->len, .wire_len = send->len, .port = 0};
    struct ps_desc desc;
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_NONE);
    ck_assert_uint_eq(desc.kind, PS_KIND_TCP);
    ck_assert_uint_lt(w->n_out, TWO_FRAMES);
    const uint8_t *tcp = desc.network + 20;
    struct two_frame *frame = &w->out[w->n_out++];
    *frame = (struct two_frame){.dir = desc.key.port[1] == w->port[PS_TO_CLIENT] ? PS_TO_SERVER : PS_TO_CLIENT,
                                .flags = desc.tcp_flags, .seq = desc.seq, .ack = desc.ack, .len = desc.payload_len,
                                .window = (uint16_t)(tcp[14] << 8 | tcp[15]), .after = send->after};
    ck_assert_uint_le(desc.payload_len, sizeof frame->data);
    if (desc.payload_len > 0)
        memcpy(frame->data, desc.payload, desc.payload_len);
    memcpy(frame->raw, send->data, send->len);
    frame->raw_len = send->len;
    ck_assert_uint_eq(send->port, frame->dir == PS_TO_SERVER ? 1 : 0);
    unsigned from = frame->dir;
    ck_assert_uint_eq(send->data[11], from == PS_TO_SERVER ? w->client_mac : 0x77); /* the sender's MAC */
    ck_assert_uint_eq(send->data[5], from == PS_TO_SERVER ? 0x77 : w->client_mac);
}

static void collect(struct two *w)
{
    const struct ps_send *sends;
    uint32_t n = ps_engine_sends(w->r.engine, &sends);
    for (uint32_t i = 0; i < n; i++)
        note(w, &sends[i]);
    ck_assert(ps_engine_check(w->r.engine));
}

void two_tick(struct two *w, uint32_t ms)
{
    w->r.time_ns += (uint64_t)ms * 1000000;
    bool more = true;
    while (more) {
        more = ps_engine_tick(w->r.engine, w->r.time_ns);
        collect(w);
    }
}

static size_t put_frame(const struct two *w, const struct two_frame *f, char *text, size_t size)
{
    uint32_t seq = f->seq - w->isn[f->dir], ack = f->ack - w->isn[!f->dir];
    size_t len = (size_t)snprintf(text, size, " %c%d:%u", f->dir == PS_TO_SERVER ? '>' : '<', (int)seq, f->len);
    if (f->flags & PS_TCP_ACK)
        len += (size_t)snprintf(text + len, size - len, "a%d", (int)ack);
    const char *more = f->flags & PS_TCP_FIN ? "F" : f->flags & PS_TCP_RST ? "R" : f->flags & PS_TCP_SYN ? "S" : "";
    return len + (size_t)snprintf(text + len, size - len, "%s", more);
}

void two_expect(struct two *w, const char *what)
{
    char text[4096] = "";
    size_t len = 0;
    const struct ps_decision *d = &w->r.last;
    if (w->spoken && d->verdict == PS_VERDICT_PASS)
        len = (size_t)snprintf(text, sizeof text, " =");
    else if (w->spoken && d->replaced)
        len = (size_t)snprintf(text, sizeof text, " ~");
    else if (w->spoken)
        len = (size_t)snprintf(text, sizeof text, " !%s", ps_reason_info(d->reason)->name);
    for (uint32_t i = 0; i < w->n_out; i++)
        len += put_frame(w, &w->out[i], text + len, sizeof text - len);
    ck_assert_str_eq(len > 0 ? text + 1 : "", what);
    w->n_out = 0;
    w->spoken = false;
}

/* ---- what the hosts send --------------------------------------------------------------------------------------- */

struct ps_decision two_bytes(struct two *w, unsigned dir, int32_t offset, uint8_t flags, const void *data, uint32_t len)
{
    struct wire_tcp tcp = {.src = w->addr[dir], .dst = w->addr[!dir], .src_port = w->port[dir],
                           .dst_port = w->port[!dir], .seq = w->seq[dir] + (uint32_t)offset,
                           .ack = flags & PS_TCP_ACK ? w->ack[dir] : 0, .flags = flags, .data = data, .len = len,
                           .options = w->options, .options_len = w->options_len};
    wire_tcp(&wire, &tcp);
    wire_set_mac(&wire, 0, dir == PS_TO_SERVER ? w->client_mac : 0x77);
    wire_set_mac(&wire, 1, dir == PS_TO_SERVER ? 0x77 : w->client_mac);
    wire.b[wire.ip + 34] = (uint8_t)(w->window[dir] >> 8);
    wire.b[wire.ip + 35] = (uint8_t)w->window[dir];
    wire_sum(&wire);
    memset(wire.b + wire.len, 0xee, w->trailer);
    wire.len += w->trailer;
    w->trailer = 0;
    w->options_len = 0;
    w->r.port = dir == PS_TO_SERVER ? 0 : 1;
    w->spoken = true;
    struct ps_decision decision = rig_send(&w->r, &wire);
    collect(w);
    return decision;
}

struct ps_decision two_at(struct two *w, unsigned dir, int32_t offset, uint8_t flags, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    return two_bytes(w, dir, offset, flags, data, len);
}

struct ps_decision two_say(struct two *w, unsigned dir, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    struct ps_decision decision = two_bytes(w, dir, 0, PS_TCP_ACK | PS_TCP_PSH, data, len);
    w->seq[dir] += len;
    return decision;
}

struct ps_decision two_ack(struct two *w, unsigned dir, uint32_t offset)
{
    w->ack[dir] = w->isn[!dir] + offset;
    return two_at(w, dir, 0, PS_TCP_ACK, "");
}

void two_open(struct two *w)
{
    two_at(w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(w, "=");
    two_at(w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(w, "=");
    two_at(w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(w, "=");
}
