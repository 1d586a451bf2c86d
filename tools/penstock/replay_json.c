/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_json.c - penstock replay --json: one object per line, as docs/events.md and docs/events.schema.json say.
 */
#include <jansson.h>

#include "addr_text.h"
#include "replay.h"
#include "text.h"

static void put(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, json_string(text));
}

static void put_n(json_t *o, const char *key, uint64_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* Text that may hold anything (file names): octets that are not UTF-8 become "?". */
static void put_any(json_t *o, const char *key, const char *text)
{
    char ascii[4096];
    size_t i = 0;
    json_t *s = json_string(text);

    if (s == NULL) {
        for (; text[i] != '\0' && i < sizeof ascii - 1; i++)
            ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
        ascii[i] = '\0';
        s = json_string(ascii);
    }
    json_object_set_new(o, key, s);
}

static void print(json_t *o, FILE *out)
{
    json_dumpf(o, out, JSON_COMPACT);
    putc('\n', out);
    json_decref(o);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {
        [PS_EVENT_NONE] = "none",
        [PS_EVENT_DENY] = "deny",
        [PS_EVENT_WOULD_DENY] = "would-deny",
        [PS_EVENT_MALFORMED] = "malformed",
        [PS_EVENT_FLOW_START] = "flow-start",
        [PS_EVENT_FLOW_END] = "flow-end",
        [PS_EVENT_GAP] = "gap",
    };

    return kind < sizeof names / sizeof names[0] ? names[kind] : "none";
}

struct host {
    uint32_t asset, zone;
    struct ps_addr address;
    struct ps_mac mac;
    uint16_t port;
};

static json_t *host_json(const struct ps_image *image, const struct ps_event *e, const struct host *h)
{
    char text[PS_ADDR_TEXT_MAX];
    json_t *o = json_object();

    if (replay_has_addresses(e)) {
        ps_addr_format(h->address, text);
        put(o, "address", text);
    }
    if (e->ip_proto == 0) {
        ps_mac_format(h->mac, text);
        put(o, "mac", text);
    }
    if (e->ip_proto == 6 || e->ip_proto == 17)
        put_n(o, "port", h->port);
    if (h->asset != PS_NONE)
        put(o, "asset", ps_image_asset_name(image, h->asset));
    if (h->zone != PS_NONE)
        put(o, "zone", ps_image_zone_name(image, h->zone));
    return o;
}

/* Where in the plant file: the rule, else the conduit. */
static void put_source(json_t *o, const struct ps_image *image, const struct ps_event *e)
{
    char text[1024];

    if (e->rule != PS_NONE)
        snprintf(text, sizeof text, "%s:%u", ps_image_rule_file(image, e->rule), ps_image_rule_line(image, e->rule));
    else if (e->conduit != PS_NONE)
        snprintf(text, sizeof text, "%s:%u", ps_image_conduit_file(image, e->conduit),
                 ps_image_conduit_line(image, e->conduit));
    else
        return;
    put_any(o, "source", text);
}

static void put_flow(json_t *o, const struct ps_image *image, const struct ps_event *e)
{
    struct host client = {e->client_asset, e->client_zone, e->client, e->client_mac, e->client_port};
    struct host server = {e->server_asset, e->server_zone, e->server, e->server_mac, e->server_port};
    char text[64];
    struct ps_txt t;

    if (e->conduit != PS_NONE)
        put(o, "conduit", ps_image_conduit_name(image, e->conduit));
    if (e->rule != PS_NONE)
        put(o, "rule", ps_image_rule_name(image, e->rule));
    put_source(o, image, e);
    json_object_set_new(o, "client", host_json(image, e, &client));
    json_object_set_new(o, "server", host_json(image, e, &server));
    ps_txt_init(&t, text, sizeof text);
    replay_text_flow(e->ip_proto, e->server_port, &t);
    put(o, "flow", text);
    if (e->vlan != 0)
        put_n(o, "vlan", e->vlan);
}

void replay_json_event(const struct replay *replay, size_t file, const struct ps_event *e, FILE *out)
{
    static const char *const whats[] = {"packet", "flow", "pdu"};
    const struct ps_image *image = &replay->plant.image;
    const struct ps_reason_info *reason = ps_reason_info(e->reason);
    char when[PS_TIME_TEXT_MAX];
    json_t *o = json_object();

    put(o, "kind", kind_name(e->kind));
    put(o, "time", ps_text_time(e->time_ns, 9, true, when));
    put_any(o, "file", replay->inputs.items[file].path);
    put_n(o, "packet", e->number);
    if (e->reason != PS_REASON_NONE) {
        put(o, "reason", reason->name);
        put(o, "class", ps_reason_class_name(reason->class));
        put(o, "what", whats[e->what % 3]);
    }
    put_flow(o, image, e);
    if (e->what == PS_JUDGED_PDU || e->kind == PS_EVENT_GAP)
        put(o, "direction", e->dir == PS_TO_SERVER ? "to-server" : "to-client");
    if (e->what == PS_JUDGED_PDU && e->reason != PS_REASON_NONE)
        put(o, "protocol", ps_protocol_name(e->protocol));
    if (e->operation[0] != '\0')
        put_any(o, "operation", e->operation);
    if (e->kind == PS_EVENT_GAP)
        put_n(o, "missing", e->len);
    if (e->kind == PS_EVENT_FLOW_END)
        put_n(o, "packets", e->packets);
    if (e->reason != PS_REASON_NONE && e->what == PS_JUDGED_PDU) {
        put_n(o, "octets", e->len);
        if (reason->class != PS_CLASS_POLICY)
            put_n(o, "fault_at", e->offset);
    }
    put(o, "digest", replay->plant.digest);
    print(o, out);
}

/* ---- the summary ----------------------------------------------------------------------------------------------- */

static json_t *reasons_json(const uint64_t by_reason[PS_N_REASONS])
{
    json_t *o = json_object();

    for (unsigned r = 1; r < PS_N_REASONS; r++)
        if (by_reason[r] > 0)
            put_n(o, ps_reason_info(r)->name, by_reason[r]);
    return o;
}

/* Of the protocols that were spoken. */
static json_t *pdus_json(const struct ps_engine_stats *s)
{
    json_t *o = json_object();

    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        json_t *counts;

        if (s->pdus[p].allowed + s->pdus[p].denied == 0)
            continue;
        counts = json_object();
        put_n(counts, "allowed", s->pdus[p].allowed);
        put_n(counts, "denied", s->pdus[p].denied);
        json_object_set_new(o, ps_protocol_name(p), counts);
    }
    return o;
}

static json_t *conduit_json(const struct replay *replay, const struct replay_totals *t, uint32_t c)
{
    const struct ps_image *image = &replay->plant.image;
    const struct ps_conduit_stats *s = &t->conduits[c];
    bool none = c == ps_image_n_conduits(image);
    json_t *o = json_object(), *rules = json_object();

    if (!none)
        put(o, "conduit", ps_image_conduit_name(image, c));
    put_n(o, "flows", s->flows);
    put_n(o, "refused_flows", s->refused_flows);
    put_n(o, "packets", s->packets);
    put_n(o, "allowed", s->allowed);
    put_n(o, "replies", s->replies);
    put_n(o, "denied", s->denied);
    put_n(o, "monitored", s->monitored);
    json_object_set_new(o, "denied_by_reason", reasons_json(s->by_reason));
    for (uint32_t i = 0; !none && i < ps_image_conduit_n_rules(image, c); i++) {
        uint32_t rule = ps_image_conduit_first_rule(image, c) + i;

        if (t->rules[rule].allowed > 0)
            put_n(rules, ps_image_rule_name(image, rule), t->rules[rule].allowed);
    }
    json_object_set_new(o, "allowed_by_rule", rules);
    return o;
}

static json_t *anomalies_json(const struct replay_totals *t)
{
    const struct ps_engine_stats *s = &t->stats;
    json_t *o = json_object();

    put_n(o, "gaps", s->gaps);
    put_n(o, "gap_octets", s->gap_bytes);
    put_n(o, "resyncs", s->resyncs);
    put_n(o, "retransmissions", s->retransmissions);
    put_n(o, "out_of_order", s->out_of_order);
    put_n(o, "unfinished_pdus", s->unfinished_pdus);
    put_n(o, "midstream_flows", s->midstream);
    put_n(o, "offloaded_checksums", s->offloaded_checksums);
    put_n(o, "rewritten_files", t->rewritten_files);
    put_n(o, "cut_packets", s->cut_packets);
    put_n(o, "events_lost", s->events_lost);
    return o;
}

static void put_conduits(json_t *o, const struct replay *replay, const struct replay_totals *t)
{
    uint32_t n = ps_image_n_conduits(&replay->plant.image);
    json_t *list = json_array();

    for (uint32_t c = 0; c < n; c++)
        if (t->conduits[c].packets + t->conduits[c].flows + t->conduits[c].denied + t->conduits[c].allowed > 0)
            json_array_append_new(list, conduit_json(replay, t, c));
    json_object_set_new(o, "conduits", list);
    json_object_set_new(o, "no_conduit", conduit_json(replay, t, n));
}

void replay_json_summary(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    json_t *o = json_object(), *classes = json_object();

    put(o, "kind", "summary");
    put(o, "site", ps_image_site(&replay->plant.image));
    put_n(o, "revision", ps_image_revision(&replay->plant.image));
    put(o, "digest", replay->plant.digest);
    put_n(o, "maps", replay->n_maps);
    put_n(o, "files", t->files);
    put_n(o, "damaged_files", t->damaged_files);
    put_n(o, "unreadable_files", t->errors);
    json_object_set_new(o, "interrupted", json_boolean(t->interrupted));
    put_n(o, "packets", t->counts.packets);
    put_n(o, "octets", t->stats.bytes);
    put_n(o, "passed", t->stats.passed);
    put_n(o, "dropped", t->stats.dropped);
    put_n(o, "not_ours", t->stats.not_ours);
    put_n(o, "not_judged", t->counts.not_ip + t->counts.unknown_link);
    put_n(o, "flows", t->stats.flows);
    put_n(o, "allowed_pdus", t->stats.pdus_allowed);
    put_n(o, "denied_pdus", t->stats.pdus_denied);
    json_object_set_new(o, "pdus", pdus_json(&t->stats));
    put_n(o, "denied", t->denied);
    put_n(o, "monitored", t->monitored);
    for (unsigned c = 0; c < PS_N_CLASSES; c++)
        put_n(classes, ps_reason_class_name(c), t->stats.denied_by_class[c]);
    json_object_set_new(o, "denied_by_class", classes);
    json_object_set_new(o, "denied_by_reason", reasons_json(t->stats.denied_by_reason));
    put_conduits(o, replay, t);
    json_object_set_new(o, "anomalies", anomalies_json(t));
    print(o, out);
}
