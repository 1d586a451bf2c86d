/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig_inline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "unit.h"

static const char plant_head[] =
    "schema = 1; site = \"two\"; revision = 1;\n"
    "zones = (\n"
    "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\", \"fd00:1::/64\"];\n"
    "    vlans = [20, 100]; assets = ( { name = \"hmi\"; addresses = [\"10.0.1.10\", \"fd00:1::a\"]; },\n"
    "      { name = \"eng\"; addresses = [\"10.0.1.20\", \"fd00:1::14\"]; } ); },\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\", \"fd00:2::/64\"];\n"
    "    assets = ( { name = \"plc\"; addresses = [\"10.0.2.10\", \"fd00:2::a\"]; } ); } );\n"
    "conduits = (\n"
    "  { name = \"ops-ctl\"; from = \"ops\"; to = \"ctl\";";
static const char plant_rules[] =
    "    { name = \"poll\"; clients = [\"hmi\", \"eng\"]; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "    { name = \"setpoint\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\";\n"
    "      functions = [\"write-single-register\"]; objects = [\"holding:40-47\"]; values = [\"0..1000\"]; },\n"
    "    { name = \"rtu\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"dnp3\"; operations = [\"read\"]; },\n"
    "    { name = \"cell\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"s7comm\"; operations = [\"read\"]; },\n"
    "    { name = \"web\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"tcp\"; ports = [\"8080\"]; }";
static const char plant_tail[] =
    " ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n";

#define HOPS 64 /* hop limit of what hosts send, where a test says nothing else */

static struct wire wire;

static const struct two_link links[] = {
    {.name = "ipv4"},
    {.name = "ipv6", .v6 = true},
    {.name = "priority", .n_tags = 2, .tags = {{0x8100, 0xa000}, {0x88a8, 0}}},
    {.name = "vlan", .n_tags = 1, .tags = {{0x8100, 0x6014}}},
    {.name = "qinq-ipv6", .v6 = true, .n_tags = 2, .tags = {{0x8100, 20}, {0x88a8, 100}}},
};

/* Of the environment. */
static const struct two_link *find_link(void)
{
    const char *name = getenv("TWO_LINK");
    size_t i = 0;
    while (name && i < sizeof links / sizeof links[0] && strcmp(links[i].name, name) != 0)
        i++;
    ck_assert_uint_lt(i, sizeof links / sizeof links[0]);
    return &links[i];
}

uint32_t two_head(void)
{
    const struct two_link *link = find_link();
    return WIRE_L2 + 4 * link->n_tags + (link->v6 ? 40 : 20);
}

void two_config(struct ps_engine_config *config)
{
    ps_engine_config_init(config);
    config->checksums = PS_CHECKSUMS_STRICT;
    config->inline_ = true;
    config->n_relays = 16;
    config->n_chunks = 256;
}

void two_plant(char text[4096], const char *mode, const char *rules)
{
    snprintf(text, 4096, "%s%s allow = (\n%s%s", plant_head, mode ? mode : "mode = \"enforce\";",
             rules ? rules : plant_rules, plant_tail);
}

void two_init(struct two *w, const struct ps_engine_config *config, const char *mode)
{
    char text[4096];
    struct ps_engine_config mine;
    bool no_policy = w->r.no_policy;
    memset(w, 0, sizeof *w);
    w->r.no_policy = no_policy;
    two_config(&mine);
    two_plant(text, mode, NULL);
    rig_init_plant(&w->r, config ? config : &mine, text);
    w->link = find_link();
    w->head = two_head();
    w->client_mac = 1;
    w->hops[0] = w->hops[1] = HOPS;
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

struct ps_addr two_addr(const struct two *w, uint32_t addr)
{
    if (!w->link->v6)
        return ps_addr_from_v4(addr);
    return (struct ps_addr){.hi = UINT64_C(0xfd00) << 48 | (uint64_t)(addr >> 8 & 0xff) << 32, .lo = addr & 0xff};
}

/* ---- what the engine sends ------------------------------------------------------------------------------------- */

/* Tags and addresses are those of the host that would have sent it, its hop limit the highest that was seen of it. */
static void expect_head(const struct two *w, const struct ps_desc *desc, unsigned dir)
{
    const uint8_t *ip = desc->network, *type = desc->frame + 12;
    ck_assert_uint_eq((size_t)(ip - desc->frame) + (w->link->v6 ? 40 : 20), w->head);
    for (unsigned i = w->link->n_tags; i-- > 0; type += 4) {
        ck_assert_uint_eq((uint16_t)(type[0] << 8 | type[1]), w->link->tags[i][0]);
        ck_assert_uint_eq((uint16_t)(type[2] << 8 | type[3]), w->link->tags[i][1]);
    }
    ck_assert_uint_eq(ip[0], w->link->v6 ? 0x60 : 0x45);
    ck_assert_uint_eq(desc->hop_limit, HOPS);
    ck_assert_uint_eq(ip[1] & (w->link->v6 ? 0x30 : 0x03), 0);
    ck_assert(ps_addr_equal(desc->key.addr[0], two_addr(w, w->addr[dir])));
    ck_assert(ps_addr_equal(desc->key.addr[1], two_addr(w, w->addr[!dir])));
}

static void note(struct two *w, const struct ps_send *send)
{
    struct ps_packet packet = {.data = send->data, .len = send->len, .wire_len = send->len, .port = 0};
    struct ps_desc desc;
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_NONE);
    ck_assert_uint_eq(desc.kind, PS_KIND_TCP);
    ck_assert_uint_lt(w->n_out, TWO_FRAMES);
    const uint8_t *tcp = send->data + w->head;
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
    expect_head(w, &desc, from);
    ck_assert_uint_eq(send->data[11], from == PS_TO_SERVER ? w->client_mac : 0x77); /* the sender's MAC */
    ck_assert_uint_eq(send->data[5], from == PS_TO_SERVER ? 0x77 : w->client_mac);
}

void two_collect(struct two *w)
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
        two_collect(w);
    }
}

void two_leave(struct two *w)
{
    uint32_t at = 0;
    bool more = true;
    while (more) {
        more = ps_engine_leave(w->r.engine, &at);
        two_collect(w);
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

/* What wire has behind its IPv4 header, as the link has it. */
static void put_head(const struct two *w, unsigned dir, uint8_t proto)
{
    static uint8_t segment[4096];
    uint32_t len = wire.len - wire.ip - 20;
    if (w->link->v6) {
        uint8_t ends[32];
        for (unsigned end = 0; end < 2; end++) {
            struct ps_addr addr = two_addr(w, w->addr[end == 0 ? dir : !dir]);
            for (unsigned i = 0; i < 8; i++) {
                ends[16 * end + i] = (uint8_t)(addr.hi >> (56 - 8 * i));
                ends[16 * end + 8 + i] = (uint8_t)(addr.lo >> (56 - 8 * i));
            }
        }
        memcpy(segment, wire.b + wire.ip + 20, len);
        wire_ipv6(&wire, ends, proto, segment, len);
    }
    for (unsigned i = 0; i < w->link->n_tags; i++)
        wire_tag(&wire, w->link->tags[i][0], w->link->tags[i][1]);
    wire_set_mac(&wire, 0, dir == PS_TO_SERVER ? w->client_mac : 0x77);
    wire_set_mac(&wire, 1, dir == PS_TO_SERVER ? 0x77 : w->client_mac);
}

/* What hosts do not send, and hop limits. */
static void put_odd(struct two *w, unsigned dir)
{
    uint8_t *ip = wire.b + wire.ip, *tcp = wire.b + w->head;
    ip[w->link->v6 ? 7 : 8] = w->hops[dir];
    ip[0] |= w->link->v6 ? w->tos >> 4 : 0;
    ip[1] = (uint8_t)(w->link->v6 ? w->tos << 4 : w->tos);
    tcp[12] |= w->reserved;
    tcp[18] = (uint8_t)(w->urgent >> 8);
    tcp[19] = (uint8_t)w->urgent;
    wire_sum(&wire);
    tcp[16] ^= (uint8_t)(w->sum >> 8);
    tcp[17] ^= (uint8_t)w->sum;
    w->tos = w->reserved = 0;
    w->urgent = w->sum = 0;
}

static struct ps_decision give(struct two *w, unsigned dir)
{
    w->r.port = (dir == PS_TO_SERVER) != w->crossed ? 0 : 1;
    w->crossed = false;
    w->spoken = true;
    struct ps_decision decision = rig_send(&w->r, &wire);
    two_collect(w);
    return decision;
}

struct ps_decision two_bytes(struct two *w, unsigned dir, int32_t offset, uint8_t flags, const void *data, uint32_t len)
{
    struct wire_tcp tcp = {.src = w->addr[dir], .dst = w->addr[!dir], .src_port = w->port[dir],
                           .dst_port = w->port[!dir], .seq = w->seq[dir] + (uint32_t)offset,
                           .ack = flags & PS_TCP_ACK ? w->ack[dir] : 0, .flags = flags, .data = data, .len = len,
                           .options = w->options, .options_len = w->options_len};
    wire_tcp(&wire, &tcp);
    wire.b[wire.ip + 34] = (uint8_t)(w->window[dir] >> 8);
    wire.b[wire.ip + 35] = (uint8_t)w->window[dir];
    put_head(w, dir, 6);
    put_odd(w, dir);
    memset(wire.b + wire.len, 0xee, w->trailer);
    wire.len += w->trailer;
    w->trailer = 0;
    w->options_len = 0;
    return give(w, dir);
}

struct ps_decision two_error(struct two *w, unsigned dir, int32_t offset, uint32_t mtu)
{
    uint8_t quoted[64], head[8] = {3, mtu ? 4 : 1, [6] = (uint8_t)(mtu >> 8), (uint8_t)mtu};
    struct wire_tcp tcp = {.src = w->addr[dir], .dst = w->addr[!dir], .src_port = w->port[dir],
                           .dst_port = w->port[!dir], .seq = w->isn[dir] + (uint32_t)offset, .flags = PS_TCP_ACK};
    wire_tcp(&wire, &tcp);
    put_head(w, dir, 6);
    uint32_t len = w->link->v6 ? 48 : 28;
    memcpy(quoted, wire.b + wire.ip, len);
    if (w->link->v6) {
        head[0] = mtu ? 2 : 1;
        head[1] = 0;
    }
    uint32_t own = w->addr[!dir];
    w->addr[!dir] = w->router ? w->router : own;
    wire_icmp(&wire, w->addr[!dir], w->addr[dir], head, quoted, len);
    put_head(w, !dir, w->link->v6 ? 58 : 1);
    w->addr[!dir] = own;
    wire_sum(&wire);
    return give(w, !dir);
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

bool two_sweep(struct two *w, uint32_t max)
{
    bool more = ps_engine_sweep(w->r.engine, max);
    two_collect(w);
    return more;
}
