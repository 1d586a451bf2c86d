/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_engine.c - the engine as a gateway of the adversary's world.
 */
#include "adversary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "policy.h"

#define PLANT_MAX 2600u
#define RELAYS 8u
#define FLOWS 16u

static const char plant[] =
    "schema = 1; site = \"adversary\"; revision = 1;\n"
    "zones = ( { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\", \"fd00:1::/64\"]; %s },\n"
    "          { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\", \"fd00:2::/64\"]; %s } );\n"
    "conduits = ( { name = \"c\"; from = \"ops\"; to = \"ctl\"; mode = \"enforce\";\n"
    "  on_deny = \"%s\"; fragments = \"%s\"; segments = \"%s\"; allow = (\n"
    "  { name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "  { name = \"setpoint\"; protocol = \"modbus\"; functions = [\"write-single-register\"];\n"
    "    objects = [\"holding:40-47\"]; values = [\"0..1000\"]; },\n"
    "  { name = \"block\"; protocol = \"modbus\"; functions = [\"write-multiple-registers\"];\n"
    "    objects = [\"holding:100-199\"]; },\n"
    "  { name = \"s7-poll\"; protocol = \"s7comm\"; functions = [\"read-var\"]; objects = [\"db10:0-399\"]; },\n"
    "  { name = \"s7-setpoint\"; protocol = \"s7comm\"; functions = [\"write-var\"]; objects = [\"db10:40-41\"];\n"
    "    types = [\"int\"]; values = [\"0..1000\"]; },\n"
    "  { name = \"s7-block\"; protocol = \"s7comm\"; functions = [\"write-var\"]; objects = [\"db11:0-199\"]; types = [\"byte\"]; },\n"
    "  { name = \"dnp3-poll\"; protocol = \"dnp3\"; functions = [\"read\"]; objects = [\"g30\"]; },\n"
    "  { name = \"dnp3-setpoint\"; protocol = \"dnp3\"; functions = [\"direct-operate\"]; objects = [\"g41v2:0-7\"];\n"
    "    values = [\"0..1000\"]; },\n"
    "  { name = \"dnp3-block\"; protocol = \"dnp3\"; functions = [\"direct-operate\"]; objects = [\"g41v2:100-159\"]; } ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"p\"; zones = [\"ops\"]; }, { name = \"q\"; zones = [\"ctl\"]; } ); } );\n";

static const char *const denials[] = {"reset", "drop", "answer"}; /* by ADV_DENY */
static struct ps_image images[3 * 2 * 2 * 2];

struct own {
    bool inline_, whole;
    struct ps_engine *engine;
};

static struct own passive = {.inline_ = false}, in_line = {.inline_ = true};

/* One for each setup of the conduit; NULL: it does not compile. */
static const struct ps_image *image_for(const int32_t *setup)
{
    bool fragments = setup[ADV_FRAGMENTS] != 0, whole = setup[ADV_WHOLE] != 0, vlan = setup[ADV_TAG] == ADV_TAG_VLAN;
    struct ps_image *image = &images[setup[ADV_DENY] * 8 + fragments * 4 + whole * 2 + vlan];
    const char *vlans = vlan ? "vlans = [7];" : "";
    char text[PLANT_MAX];
    struct ps_diags diags;
    size_t len = 0;

    if (image->data)
        return image;
    snprintf(text, sizeof text, plant, vlans, vlans, denials[setup[ADV_DENY]], fragments ? "reassemble" : "refuse",
             whole ? "whole" : "any");
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(text, "adversary.conf", &diags);
    uint8_t *compiled = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; !compiled && i < diags.n; i++)
        fprintf(stderr, "adversary.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    uint8_t *aligned = compiled ? aligned_alloc(64, (len + 63) / 64 * 64) : NULL;
    if (aligned)
        memcpy(aligned, compiled, len);
    free(compiled);
    ps_model_free(model);
    ps_diags_fini(&diags);
    return aligned && ps_image_open(aligned, len, image) == NULL ? image : NULL;
}

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct adv_world *world = ctx;

    if (judged->what != PS_JUDGED_PDU || judged->vlan != (world->net.tag == ADV_TAG_VLAN ? 7 : 0))
        return;
    /* Whatever the engine takes for the client: the port of the protocol is host 1. */
    uint16_t port = judged->dir == PS_TO_SERVER ? judged->client_port : judged->server_port;
    bool served = port == world->net.port;
    if (world->schedule->setup[ADV_DENY] == ADV_DENY_ANSWER && !served && judged->reason != PS_REASON_NONE &&
        ps_reason_info(judged->reason)->class == PS_CLASS_POLICY)
        adv_answered(world, judged->pdu, judged->pdu_len);
    adv_judged(world, served, judged->pdu, judged->pdu_len, judged->reason == PS_REASON_NONE);
}

static bool start(struct adv_gateway *gateway, struct adv_world *world)
{
    struct own *own = gateway->own;
    struct ps_engine_config config;
    const int32_t *setup = world->schedule->setup;
    const struct ps_image *image = image_for(setup);

    if (!image)
        return false;
    ps_engine_config_init(&config);
    config.n_flows = FLOWS;
    config.n_datagrams = 4;
    config.n_of_source = 2;
    config.n_streams = 4;
    config.reorder_segments = 16;
    config.n_events = 16;
    config.checksums = PS_CHECKSUMS_STRICT;
    config.gateway = 0;
    config.inline_ = own->inline_;
    config.n_relays = RELAYS;
    config.n_chunks = setup[ADV_CHUNKS] ? (uint32_t)setup[ADV_CHUNKS] : 64;
    config.unacked_octets = setup[ADV_CHUNKS] ? 256 : config.unacked_octets;
    config.send_octets = 65536;
    config.on_judged = on_judged;
    config.on_judged_ctx = world;
    own->whole = setup[ADV_WHOLE] != 0;
    own->engine = ps_engine_new(&config, image);
    return own->engine != NULL;
}

static void stop(struct adv_gateway *gateway)
{
    struct own *own = gateway->own;

    ps_engine_free(own->engine);
    own->engine = NULL;
}

static void burst(struct adv_gateway *gateway, const struct ps_packet *packets, uint32_t n, struct ps_decision *out)
{
    ps_engine_burst(((struct own *)gateway->own)->engine, packets, n, out);
}

static uint32_t sends(struct adv_gateway *gateway, const struct ps_send **list)
{
    struct own *own = gateway->own;

    *list = NULL;
    return own->inline_ ? ps_engine_sends(own->engine, list) : 0;
}

static bool tick(struct adv_gateway *gateway, uint64_t now_ns)
{
    return ps_engine_tick(((struct own *)gateway->own)->engine, now_ns);
}

static uint64_t next_tick(struct adv_gateway *gateway)
{
    struct own *own = gateway->own;

    return own->inline_ ? ps_engine_next_tick(own->engine) : ADV_NEVER;
}

static const char *check(struct adv_gateway *gateway)
{
    struct own *own = gateway->own;
    const struct ps_engine_stats *stats = ps_engine_stats(own->engine);

    if (!own->inline_)
        return NULL;
    if (!ps_engine_check(own->engine))
        return "numbers and copies of a connection do not fit together";
    if (own->whole && stats->held_pdus > 0)
        return "the start of a PDU is held, which the conduit does not want";
    if (stats->relays_peak > RELAYS || stats->flows_peak > FLOWS || stats->relays_now > stats->relays_peak)
        return "more connections than there is room for";
    return stats->denied_by_reason[PS_REASON_BUG] > 0 ? "a check of its own failed" : NULL;
}

struct adv_gateway adv_gateway_passive = {.name = "passive", .start = start, .stop = stop, .burst = burst, .sends = sends,
                                          .tick = tick, .next_tick = next_tick, .check = check, .checks = UINT32_MAX,
                                          .own = &passive};
struct adv_gateway adv_gateway_inline = {.name = "inline", .start = start, .stop = stop, .burst = burst, .sends = sends,
                                         .tick = tick, .next_tick = next_tick, .check = check, .checks = UINT32_MAX,
                                         .own = &in_line};
