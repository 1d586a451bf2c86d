/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flows.h"

#include <stdlib.h>

#include "addr_text.h"
#include "daemon.h"
#include "event_text.h"
#include "flow_list.h"
#include "json.h"
#include "model.h"

#define ASK_TIMEOUT_MS 2000u

/* What one worker gathers, in its own thread; memory is the control thread's. */
struct gathering {
    struct ps_flow_info *flows;
    uint32_t max, n;
    uint32_t cursor;  /* PS_NONE: at the end */
    uint32_t conduit; /* PS_NONE: any */
};

struct gatherings {
    struct gathering of[PS_IO_WORKERS_MAX];
};

static bool gather(struct ps_engine *engine, uint32_t worker, void *arg)
{
    struct gathering *g = &((struct gatherings *)arg)->of[worker];
    uint32_t n = ps_engine_flows(engine, &g->cursor, g->flows + g->n, g->max - g->n), kept = g->n;

    for (uint32_t i = g->n; i < g->n + n; i++)
        if (g->conduit == PS_NONE || g->flows[i].conduit == g->conduit)
            g->flows[kept++] = g->flows[i];
    g->n = kept;
    return g->cursor == PS_NONE || g->n == g->max;
}

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

static const char *state_name(unsigned state)
{
    static const char *const names[] = {
        [PS_FLOW_STATE_OPENING] = "opening", [PS_FLOW_STATE_OPEN] = "open",         [PS_FLOW_STATE_REFUSED] = "refused",
        [PS_FLOW_STATE_CLOSED] = "closed",   [PS_FLOW_STATE_NOT_OURS] = "not-ours",
    };

    return state < sizeof names / sizeof names[0] ? names[state] : "";
}

static json_t *end_json(const struct ps_flow_info *flow, const struct ps_image *image, bool client)
{
    uint32_t asset = client ? flow->client_asset : flow->server_asset;
    uint16_t port = client ? flow->client_port : flow->server_port;
    char text[PS_ADDR_TEXT_MAX];
    json_t *o = json_object();

    if (flow->ip_proto == 0)
        ps_mac_format(client ? flow->client_mac : flow->server_mac, text);
    else
        ps_addr_format(client ? flow->client : flow->server, text);
    ps_json_put(o, flow->ip_proto == 0 ? "mac" : "address", text);
    if (flow->ip_proto == 6 || flow->ip_proto == 17)
        ps_json_put_n(o, "port", port);
    if (image != NULL && asset != PS_NONE)
        ps_json_put(o, "asset", ps_image_asset_name(image, asset));
    return o;
}

json_t *ps_flow_json(const struct ps_daemon *daemon, const struct ps_flow_info *flow)
{
    const struct ps_policy *policy = ps_policies_of(&daemon->policies, flow->generation);
    const struct ps_image *image = policy != NULL ? &policy->loaded.image : NULL;
    json_t *o = json_object();
    char text[64];
    struct ps_txt t;

    ps_txt_init(&t, text, sizeof text);
    ps_event_text_flow(flow->ip_proto, flow->server_port, &t);
    json_object_set_new(o, "client", end_json(flow, image, true));
    json_object_set_new(o, "server", end_json(flow, image, false));
    ps_json_put(o, "flow", text);
    if (flow->vlan != 0)
        ps_json_put_n(o, "vlan", flow->vlan);
    if (flow->protocol != PS_PROTOCOL_NONE)
        ps_json_put(o, "protocol", ps_protocol_name(flow->protocol));
    ps_json_put(o, "state", state_name(flow->state));
    if (flow->reason != PS_REASON_NONE)
        ps_json_put(o, "reason", ps_reason_info(flow->reason)->name);
    if (image != NULL && flow->conduit != PS_NONE)
        ps_json_put(o, "conduit", ps_image_conduit_name(image, flow->conduit));
    if (image != NULL && flow->rule != PS_NONE)
        ps_json_put(o, "rule", ps_image_rule_name(image, flow->rule));
    ps_json_put_bool(o, "monitored", flow->monitored);
    ps_json_put_bool(o, "inline", flow->relayed);
    ps_json_put_n(o, "generation", flow->generation);
    ps_json_put_n(o, "packets", flow->packets);
    ps_json_put_n(o, "idle_ms", flow->idle_ns / 1000000);
    return o;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static json_t *all_json(const struct ps_daemon *daemon, const struct gatherings *all, uint32_t max)
{
    json_t *list = json_array();
    bool more = false;

    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        more = more || all->of[w].cursor != PS_NONE;
        for (uint32_t i = 0; i < all->of[w].n; i++) {
            more = more || json_array_size(list) >= max;
            if (json_array_size(list) < max)
                json_array_append_new(list, ps_flow_json(daemon, &all->of[w].flows[i]));
        }
    }
    return json_pack("{s:o, s:b}", "flows", list, "more", more);
}

json_t *ps_flows_json(struct ps_daemon *daemon, uint32_t max, const char *conduit, struct ps_error *err)
{
    const struct ps_policy *policy = daemon->policies.current;
    struct gatherings *all = calloc(1, sizeof *all);
    struct ps_request request = {.run = gather, .arg = all};
    enum ps_answer answer = PS_ANSWER_LATE;
    uint32_t wanted = PS_NONE;
    bool good = all != NULL;
    json_t *o = NULL;

    if (good && conduit != NULL) {
        wanted = policy != NULL ? ps_image_conduit_by_name(&policy->loaded.image, conduit) : PS_NONE;
        good = wanted != PS_NONE;
        if (!good)
            ps_error_say(err, "there is no conduit \"%s\" in the policy in force; penstock conduits lists them", conduit);
    }
    for (uint32_t w = 0; good && w < daemon->policies.n_workers; w++) {
        all->of[w] = (struct gathering){.max = max, .conduit = wanted, .flows = calloc(max + 1, sizeof *all->of[w].flows)};
        good = all->of[w].flows != NULL || ps_error_say(err, "no memory for so many flows");
    }
    if (good)
        answer = ps_crew_ask(daemon->crew, &request, ASK_TIMEOUT_MS);
    if (answer == PS_ANSWER_DONE)
        o = all_json(daemon, all, max);
    else if (good)
        ps_error_say(err, "a worker does not answer");
    for (uint32_t w = 0; answer != PS_ANSWER_STUCK && all != NULL && w < daemon->policies.n_workers; w++)
        free(all->of[w].flows);
    if (answer != PS_ANSWER_STUCK) /* else a worker still writes there */
        free(all);
    return o;
}
