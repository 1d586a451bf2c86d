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

static const char plant[] =
    "schema = 1; site = \"adversary\"; revision = 1;\n"
    "zones = ( { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
    "          { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
    "conduits = ( { name = \"c\"; from = \"ops\"; to = \"ctl\"; mode = \"enforce\";\n"
    "  on_deny = \"%s\"; allow = (\n"
    "  { name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "  { name = \"setpoint\"; protocol = \"modbus\"; functions = [\"write-single-register\"];\n"
    "    objects = [\"holding:40-47\"]; values = [\"0..1000\"]; },\n"
    "  { name = \"block\"; protocol = \"modbus\"; functions = [\"write-multiple-registers\"];\n"
    "    objects = [\"holding:100-199\"]; } ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"p\"; zones = [\"ops\"]; }, { name = \"q\"; zones = [\"ctl\"]; } ); } );\n";

static const char *const denials[] = {"reset", "drop", "answer"}; /* by ADV_DENY */
static struct ps_image images[3];

struct own {
    bool inline_;
    struct ps_engine *engine;
};

static struct own passive = {.inline_ = false}, in_line = {.inline_ = true};

bool adv_can_answer(void)
{
    return ps_dissector_by_protocol(PS_PROTOCOL_MODBUS)->refuse != NULL;
}

static bool load_plant(unsigned deny)
{
    char text[sizeof plant + 16];
    struct ps_diags diags;
    size_t len = 0;

    if (images[deny].data)
        return true;
    snprintf(text, sizeof text, plant, denials[deny]);
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
    return aligned && ps_image_open(aligned, len, &images[deny]) == NULL;
}

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct adv_world *world = ctx;

    if (judged->what != PS_JUDGED_PDU)
        return;
    /* Whatever the engine takes for the client: port 502 is host 1. */
    uint16_t port = judged->dir == PS_TO_SERVER ? judged->client_port : judged->server_port;
    if (world->schedule->setup[ADV_DENY] == ADV_DENY_ANSWER && port != 502 && judged->reason != PS_REASON_NONE &&
        ps_reason_info(judged->reason)->class == PS_CLASS_POLICY)
        adv_answered(world, judged->pdu);
    adv_judged(world, port == 502, judged->pdu, judged->pdu_len, judged->reason == PS_REASON_NONE);
}

static bool start(struct adv_gateway *gateway, struct adv_world *world)
{
    struct own *own = gateway->own;
    struct ps_engine_config config;
    unsigned deny = (unsigned)world->schedule->setup[ADV_DENY];

    if (!load_plant(deny))
        return false;
    ps_engine_config_init(&config);
    config.n_flows = 16;
    config.n_streams = 4;
    config.reorder_segments = 16;
    config.n_events = 16;
    config.checksums = PS_CHECKSUMS_STRICT;
    config.gateway = 0;
    config.inline_ = own->inline_;
    config.n_relays = 4;
    config.n_chunks = 64;
    config.send_octets = 65536;
    config.on_judged = on_judged;
    config.on_judged_ctx = world;
    own->engine = ps_engine_new(&config, &images[deny]);
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
    return stats->relays_now > 4 || stats->flows_now > 16 ? "more connections than there is room for" : NULL;
}

struct adv_gateway adv_gateway_passive = {.name = "passive", .start = start, .stop = stop, .burst = burst, .sends = sends,
                                          .tick = tick, .next_tick = next_tick, .check = check, .checks = UINT32_MAX,
                                          .own = &passive};
struct adv_gateway adv_gateway_inline = {.name = "inline", .start = start, .stop = stop, .burst = burst, .sends = sends,
                                         .tick = tick, .next_tick = next_tick, .check = check, .checks = UINT32_MAX,
                                         .own = &in_line};
