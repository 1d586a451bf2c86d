/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "decode.h"
#include "policy.h"
#include "unit.h"

static const char plant[] =
    "schema = 1; site = \"rig\"; revision = 1;\n"
    "zones = (\n"
    "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; assets = (\n"
    "    { name = \"hmi\"; addresses = [\"10.0.1.10\", \"fd00:1::10\"]; mac = \"02:00:00:00:00:01\"; },\n"
    "    { name = \"eng\"; addresses = [\"10.0.1.20\"]; } ); },\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\", \"fd00:2::/64\", \"239.1.0.0/16\"];\n"
    "    vlans = [20]; assets = ( { name = \"plc\"; addresses = [\"10.0.2.10\"]; },\n"
    "      { name = \"drive\"; addresses = [\"10.0.2.30\"]; mac = \"02:00:00:00:00:30\"; } ); },\n"
    "  { name = \"lab\"; kind = \"control\"; networks = [\"10.0.3.0/24\"]; assets = (\n"
    "    { name = \"io\"; addresses = [\"10.0.3.30\"]; mac = \"02:00:00:00:00:31\"; } ); },\n"
    "  { name = \"ring\"; kind = \"control\"; networks = [\"10.0.5.0/24\"]; },\n"
    "  { name = \"office\"; kind = \"enterprise\"; networks = [\"10.0.4.0/24\"]; } );\n"
    "conduits = (\n"
    "  { name = \"ops-ctl\"; from = \"ops\"; to = \"ctl\"; mode = \"enforce\"; allow = (\n"
    "    { name = \"poll\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "    { name = \"setpoint\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\";\n"
    "      functions = [\"write-single-register\"]; objects = [\"holding:40-47\"]; values = [\"0..1000\"]; },\n"
    "    { name = \"datagrams\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\"; transport = \"udp\";\n"
    "      operations = [\"read\"]; },\n"
    "    { name = \"narrow\"; clients = [\"eng\"]; servers = [\"plc\"]; protocol = \"modbus\"; ports = [\"1502\"];\n"
    "      stations = [\"1\"]; operations = [\"read\"]; objects = [\"holding:40-41\"]; },\n"
    "    { name = \"web\"; clients = [\"eng\"]; servers = [\"plc\"]; protocol = \"tcp\"; ports = [\"8080\"]; },\n"
    "    { name = \"ntp\"; servers = [\"plc\"]; protocol = \"udp\"; ports = [\"123\"]; },\n"
    "    { name = \"vrrp\"; protocol = \"ip\"; ip_protocols = [112]; },\n"
    "    { name = \"ping\"; protocol = \"icmp\"; } ); },\n"
    "  { name = \"lab-ctl\"; from = \"lab\"; to = \"ctl\"; mode = \"monitor\"; allow = (\n"
    "    { name = \"look\"; protocol = \"modbus\"; operations = [\"identify\"]; },\n"
    "    { name = \"pn\"; clients = [\"io\"]; servers = [\"drive\"]; protocol = \"ethernet\";\n"
    "      ethertypes = [\"0x8892\", \"llc:0x42\"]; } ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\", \"ring\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\", \"lab\", \"ring\"]; } ); } );\n";

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct rig *r = ctx;
    ck_assert_uint_lt(r->n_judged, RIG_JUDGED_MAX);
    struct rig_judged *copy = &r->judged[r->n_judged++];
    *copy = (struct rig_judged){
        .what = judged->what, .reason = judged->reason, .dir = judged->dir, .monitored = judged->monitored,
        .rule = judged->rule, .conduit = judged->path->conduit, .len = judged->pdu_len, .offset = judged->offset,
        .client_port = judged->client_port, .server_port = judged->server_port, .vlan = judged->vlan,
        .client = judged->client, .server = judged->server};
    if (judged->facts) {
        struct ps_txt text;
        ps_txt_init(&text, copy->text, sizeof copy->text);
        ps_operation_format(judged->dissector, judged->facts, &text);
        copy->kind = judged->facts->kind;
    }
}

void *rig_compile(const char *text, struct ps_image *image)
{
    struct ps_diags diags;
    size_t len = 0;
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(text, "rig.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; !compiled && i < diags.n; i++)
        fprintf(stderr, "rig.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    ck_assert_ptr_nonnull(compiled);
    void *mem = aligned_alloc(64, (len + 63) / 64 * 64);
    ck_assert_ptr_nonnull(mem);
    memcpy(mem, compiled, len);
    free(compiled);
    ps_model_free(model);
    ps_diags_fini(&diags);
    ck_assert_ptr_null(ps_image_open(mem, len, image));
    return mem;
}

void rig_policy_init(struct rig_policy *p, const char *text, uint32_t generation)
{
    p->image_mem = rig_compile(text, &p->image);
    p->slot = ps_policy_slot_new(&p->image, generation);
    ck_assert_ptr_nonnull(p->slot);
}

void rig_policy_fini(struct rig_policy *p)
{
    ck_assert_uint_eq(ps_policy_slot_use(p->slot), PS_SLOT_UNUSED);
    ps_policy_slot_free(p->slot);
    free(p->image_mem);
}

void rig_sweep(struct rig *r)
{
    while (ps_engine_sweep(r->engine, 1))
        ck_assert(ps_engine_check(r->engine));
    ck_assert(ps_engine_check(r->engine));
}

void rig_init(struct rig *r, const struct ps_engine_config *config)
{
    rig_init_plant(r, config, plant);
}

void rig_init_plant(struct rig *r, const struct ps_engine_config *config, const char *text)
{
    struct ps_engine_config mine;
    bool no_policy = r->no_policy;
    memset(r, 0, sizeof *r);
    r->no_policy = no_policy;
    r->image_mem = rig_compile(text, &r->image);
    ps_engine_config_init(&mine);
    mine.checksums = PS_CHECKSUMS_STRICT;
    if (config)
        mine = *config;
    mine.gateway = 0;
    mine.on_judged = on_judged;
    mine.on_judged_ctx = r;
    r->port = PS_PORT_UNKNOWN;
    r->time_ns = UINT64_C(1700000000) * 1000000000;
    r->engine = ps_engine_new(&mine, r->no_policy ? NULL : &r->image);
    ck_assert_ptr_nonnull(r->engine);
}

void rig_fini(struct rig *r)
{
    while (ps_engine_finish(r->engine))
        rig_events(r, PS_EVENT_NONE, NULL);
    ck_assert_uint_eq(rig_stats(r)->flows_now, 0);
    ps_engine_free(r->engine);
    free(r->image_mem);
}

struct ps_decision rig_send(struct rig *r, const struct wire *w)
{
    struct ps_packet packet = wire_packet(w);
    packet.len -= r->cut;
    uint8_t *copy = malloc(packet.len ? packet.len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, packet.data, packet.len);
    packet.data = copy;
    packet.port = r->port;
    packet.time_ns = r->time_ns += 1000000;
    packet.number = ++r->number;
    r->cut = 0;
    ps_engine_burst(r->engine, &packet, 1, &r->last);
    free(copy);
    return r->last;
}

const struct ps_engine_stats *rig_stats(const struct rig *r)
{
    return ps_engine_stats(r->engine);
}

const struct ps_conduit_stats *rig_conduit(const struct rig *r, const char *name)
{
    uint32_t n = ps_image_n_conduits(&r->image), i = 0;
    while (i < n && strcmp(ps_image_conduit_name(&r->image, i), name) != 0)
        i++;
    return ps_engine_conduit_stats(r->engine, i);
}

void rig_expect(struct rig *r, const char *judgements)
{
    char text[4096];
    size_t len = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < r->n_judged; i++) {
        const struct rig_judged *j = &r->judged[i];
        char what = j->what == PS_JUDGED_FLOW ? 'F' : j->what == PS_JUDGED_PACKET ? 'K' : j->dir ? 'R' : 'P';
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%c%s%s", i ? " " : "", what, j->reason ? "=" : "",
                                j->reason ? ps_reason_info(j->reason)->name : "");
    }
    ck_assert_str_eq(text, judgements);
    r->n_judged = 0;
}

uint32_t rig_events(struct rig *r, enum ps_event_kind kind, struct ps_event *last)
{
    struct ps_event event;
    uint32_t n = 0;
    while (ps_engine_events(r->engine, &event, 1) == 1) {
        if (event.kind != kind)
            continue;
        n++;
        if (last)
            *last = event;
    }
    return n;
}

/* ---- conversations --------------------------------------------------------------------------------------------- */

static struct wire wire;

struct talk talk_between(struct rig *r, uint32_t client, uint32_t server, uint16_t server_port)
{
    static uint16_t next_port = 40000;
    return (struct talk){.rig = r, .addr = {client, server}, .port = {next_port++, server_port},
                         .seq = {0xfffffff0u, 0x7ffffff0u}};
}

struct octets {
    const void *data;
    uint32_t len;
};

static struct ps_decision put(struct talk *t, unsigned dir, uint32_t seq, uint8_t flags, struct octets bytes)
{
    struct wire_tcp tcp = {.src = t->addr[dir], .dst = t->addr[!dir], .src_port = t->port[dir],
                           .dst_port = t->port[!dir], .seq = seq, .ack = flags & PS_TCP_ACK ? t->seq[!dir] : 0,
                           .flags = flags, .data = bytes.data, .len = bytes.len};
    wire_tcp(&wire, &tcp);
    if (t->addr[dir] != HMI)
        wire_set_mac(&wire, 0, 0x77);
    return rig_send(t->rig, &wire);
}

struct ps_decision talk_send(struct talk *t, unsigned dir, uint8_t flags, const void *data, uint32_t len)
{
    struct ps_decision decision = put(t, dir, t->seq[dir], flags, (struct octets){data, len});
    t->seq[dir] += len + ((flags & (PS_TCP_SYN | PS_TCP_FIN)) != 0);
    return decision;
}

struct ps_decision talk_say(struct talk *t, unsigned dir, const void *data, uint32_t len)
{
    return talk_send(t, dir, PS_TCP_ACK | PS_TCP_PSH, data, len);
}

struct ps_decision talk_at(struct talk *t, unsigned dir, int32_t offset, uint8_t flags, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    return put(t, dir, t->seq[dir] + (uint32_t)offset, flags, (struct octets){data, len});
}

void talk_open(struct talk *t)
{
    talk_send(t, PS_TO_SERVER, PS_TCP_SYN, NULL, 0);
    talk_send(t, PS_TO_CLIENT, PS_TCP_SYN | PS_TCP_ACK, NULL, 0);
    talk_send(t, PS_TO_SERVER, PS_TCP_ACK, NULL, 0);
}

uint32_t hex_octets(const char *hex, uint8_t out[2048])
{
    uint32_t n = 0;
    while (*hex) {
        unsigned octet;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        ck_assert_int_eq(sscanf(hex, "%2x", &octet), 1);
        out[n++] = (uint8_t)octet;
        hex += 2;
    }
    return n;
}

struct ps_decision talk_hex(struct talk *t, unsigned dir, const char *hex)
{
    uint8_t data[2048];
    uint32_t len = hex_octets(hex, data);
    return talk_say(t, dir, data, len);
}
