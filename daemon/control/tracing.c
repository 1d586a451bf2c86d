/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracing.h"

#include "addr_text.h"
#include "clock.h"
#include "daemon.h"
#include "decode.h"
#include "json.h"
#include "model.h"
#include "text.h"

#define ASK_TIMEOUT_MS 1000u
#define BATCH 16u

/* ---- in the workers' threads ------------------------------------------------------------------------------------- */

struct order {
    struct ps_trace_filter filter;
    uint32_t n;
};

static bool start(struct ps_engine *engine, uint32_t worker, void *arg)
{
    const struct order *order = arg;

    (void)worker;
    ps_engine_trace(engine, &order->filter, order->n);
    return true;
}

struct harvest {
    struct ps_trace traces[PS_IO_WORKERS_MAX][BATCH];
    uint32_t n[PS_IO_WORKERS_MAX];
};

static bool take(struct ps_engine *engine, uint32_t worker, void *arg)
{
    struct harvest *harvest = arg;

    harvest->n[worker] = ps_engine_traces(engine, harvest->traces[worker], BATCH);
    return true;
}

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

static json_t *decode_json(const struct ps_trace *t)
{
    char text[PS_ADDR_TEXT_MAX];
    json_t *o = json_object();

    ps_json_put_n(o, "octets", t->len);
    if (t->decode_reason != PS_REASON_NONE)
        ps_json_put(o, "reason", ps_reason_info(t->decode_reason)->name);
    if (t->vlan != 0)
        ps_json_put_n(o, "vlan", t->vlan);
    if (t->ip_proto == 0)
        return o;
    ps_addr_format(t->src, text);
    ps_json_put(o, "src", text);
    ps_addr_format(t->dst, text);
    ps_json_put(o, "dst", text);
    ps_json_put_n(o, "ip_proto", t->ip_proto);
    ps_json_put_n(o, "src_port", t->src_port);
    ps_json_put_n(o, "dst_port", t->dst_port);
    if (t->ip_proto == 6) {
        ps_json_put_n(o, "tcp_flags", t->tcp_flags);
        ps_json_put_n(o, "seq", t->seq);
        ps_json_put_n(o, "ack", t->ack);
    }
    ps_json_put_n(o, "payload", t->payload_len);
    return o;
}

static json_t *flow_json(const struct ps_trace *t, const struct ps_image *image)
{
    json_t *o = json_object();

    ps_json_put_bool(o, "opened", t->opened);
    ps_json_put(o, "direction", t->dir == PS_TO_SERVER ? "to-server" : "to-client");
    ps_json_put_bool(o, "granted", t->granted);
    ps_json_put_bool(o, "inspected", t->inspected);
    ps_json_put_bool(o, "inline", t->relayed);
    if (t->flow_reason != PS_REASON_NONE)
        ps_json_put(o, "reason", ps_reason_info(t->flow_reason)->name);
    ps_json_put_n(o, "generation", t->generation);
    if (image != NULL) {
        ps_json_put(o, "conduit", ps_image_conduit_name(image, t->conduit));
        ps_json_put(o, "client_asset", ps_image_asset_name(image, t->client_asset));
        ps_json_put(o, "server_asset", ps_image_asset_name(image, t->server_asset));
    }
    return o;
}

static json_t *inspect_json(const struct ps_trace *t, const struct ps_image *image)
{
    json_t *o = json_pack("{s:I, s:I}", "pdus", (json_int_t)t->n_pdus, "refused", (json_int_t)t->n_refused);

    if (t->protocol != PS_PROTOCOL_NONE)
        ps_json_put(o, "protocol", ps_protocol_name(t->protocol));
    if (t->operation[0] != '\0')
        ps_json_put_any(o, "operation", t->operation);
    if (t->pdu_reason != PS_REASON_NONE)
        ps_json_put(o, "reason", ps_reason_info(t->pdu_reason)->name);
    if (image != NULL && t->rule != PS_NONE)
        ps_json_put(o, "rule", ps_image_rule_name(image, t->rule));
    return o;
}

static json_t *trace_json(const struct ps_daemon *daemon, const struct ps_trace *t)
{
    const struct ps_policy *policy = ps_policies_of(&daemon->policies, t->generation);
    const struct ps_image *image = policy != NULL ? &policy->loaded.image : NULL;
    json_t *o = json_object(), *verdict = json_object(), *stream = json_object();
    char when[PS_TIME_TEXT_MAX];

    ps_json_put(o, "time", ps_text_time(t->time_ns + ps_clock_calendar() - ps_clock_steady(), 9, true, when));
    if (t->port < daemon->config->n_ports)
        ps_json_put(o, "port", daemon->config->ports[t->port].name);
    json_object_set_new(o, "decode", decode_json(t));
    if (t->has_flow)
        json_object_set_new(o, "flow", flow_json(t, image));
    if (t->has_expected)
        ps_json_put_n(stream, "expected", t->expected);
    ps_json_put_n(stream, "held", t->held);
    ps_json_put_n(stream, "waiting", t->waiting);
    json_object_set_new(o, "stream", stream);
    if (t->inspected)
        json_object_set_new(o, "inspect", inspect_json(t, image));
    ps_json_put(verdict, "verdict", t->decision.verdict == PS_VERDICT_PASS ? "pass"
                                    : t->decision.replaced                ? "replaced"
                                                                          : "drop");
    if (t->decision.reason != PS_REASON_NONE)
        ps_json_put(verdict, "reason", ps_reason_info(t->decision.reason)->name);
    ps_json_put_n(verdict, "sends", t->n_sends);
    json_object_set_new(o, "verdict", verdict);
    return o;
}

/* ---- in the control thread --------------------------------------------------------------------------------------- */

static bool find(const struct ps_policy *policy, const struct ps_tracing_wish *wish, struct ps_trace_filter *filter,
                 struct ps_error *err)
{
    filter->conduit = filter->asset = PS_NONE;
    if (policy == NULL)
        return (wish->conduit == NULL && wish->asset == NULL) || ps_error_say(err, "no policy is in force");
    if (wish->conduit != NULL) {
        filter->conduit = ps_image_conduit_by_name(&policy->loaded.image, wish->conduit);
        if (filter->conduit == PS_NONE)
            return ps_error_say(err, "there is no conduit \"%s\" in the policy in force; penstock conduits lists them",
                                wish->conduit);
    }
    if (wish->asset != NULL) {
        filter->asset = ps_image_asset_by_name(&policy->loaded.image, wish->asset);
        if (filter->asset == PS_NONE)
            return ps_error_say(err, "there is no asset \"%s\" in the policy in force", wish->asset);
    }
    return true;
}

bool ps_tracing_begin(struct ps_daemon *daemon, uint64_t client, const struct ps_tracing_wish *wish,
                      struct ps_error *err)
{
    static struct order order; /* outlives a worker that is late */
    struct ps_tracing *tracing = &daemon->tracing;
    struct ps_request request = {.run = start, .arg = &order};

    if (tracing->client != 0)
        return ps_error_say(err, "somebody else traces; try again");
    order.n = wish->n;
    if (!find(daemon->policies.current, wish, &order.filter, err))
        return false;
    if (ps_crew_ask(daemon->crew, &request, ASK_TIMEOUT_MS) != PS_ANSWER_DONE)
        return ps_error_say(err, "a worker does not answer");
    *tracing = (struct ps_tracing){.client = client, .n = wish->n, .packets = json_array(),
                                   .until_ns = ps_clock_steady() + wish->seconds * PS_NS_PER_S};
    return true;
}

static void harvest(struct ps_daemon *daemon)
{
    static struct harvest all; /* outlives a worker that is late */
    struct ps_request request = {.run = take, .arg = &all};

    if (ps_crew_ask(daemon->crew, &request, ASK_TIMEOUT_MS) != PS_ANSWER_DONE)
        return;
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++)
        for (uint32_t i = 0; i < all.n[w] && json_array_size(daemon->tracing.packets) < daemon->tracing.n; i++)
            json_array_append_new(daemon->tracing.packets, trace_json(daemon, &all.traces[w][i]));
}

void ps_tracing_step(struct ps_daemon *daemon)
{
    static struct order none = {.filter = {.conduit = PS_NONE, .asset = PS_NONE}}; /* outlives a worker that is late */
    struct ps_tracing *tracing = &daemon->tracing;
    struct ps_request stop = {.run = start, .arg = &none};

    if (tracing->client == 0)
        return;
    harvest(daemon);
    if (json_array_size(tracing->packets) < tracing->n && ps_clock_steady() < tracing->until_ns)
        return;
    ps_crew_ask(daemon->crew, &stop, ASK_TIMEOUT_MS);
    harvest(daemon);
    ps_server_reply(daemon->server, tracing->client, json_pack("{s:o}", "packets", tracing->packets), -1);
    tracing->client = 0;
}
