/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_json.h"

#include "addr_text.h"
#include "event_text.h"
#include "json.h"
#include "model.h"
#include "text.h"

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

    if (ps_event_has_addresses(e)) {
        ps_addr_format(h->address, text);
        ps_json_put(o, "address", text);
    }
    if (e->ip_proto == 0) {
        ps_mac_format(h->mac, text);
        ps_json_put(o, "mac", text);
    }
    if (e->ip_proto == 6 || e->ip_proto == 17)
        ps_json_put_n(o, "port", h->port);
    if (image != NULL && h->asset != PS_NONE)
        ps_json_put(o, "asset", ps_image_asset_name(image, h->asset));
    if (image != NULL && h->zone != PS_NONE)
        ps_json_put(o, "zone", ps_image_zone_name(image, h->zone));
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
    ps_json_put_any(o, "source", text);
}

static void put_flow(json_t *o, const struct ps_image *image, const struct ps_event *e)
{
    struct host client = {e->client_asset, e->client_zone, e->client, e->client_mac, e->client_port};
    struct host server = {e->server_asset, e->server_zone, e->server, e->server_mac, e->server_port};
    char text[64];
    struct ps_txt t;

    if (image != NULL && e->conduit != PS_NONE)
        ps_json_put(o, "conduit", ps_image_conduit_name(image, e->conduit));
    if (image != NULL && e->rule != PS_NONE)
        ps_json_put(o, "rule", ps_image_rule_name(image, e->rule));
    if (image != NULL)
        put_source(o, image, e);
    json_object_set_new(o, "client", host_json(image, e, &client));
    json_object_set_new(o, "server", host_json(image, e, &server));
    ps_txt_init(&t, text, sizeof text);
    ps_event_text_flow(e->ip_proto, e->server_port, &t);
    ps_json_put(o, "flow", text);
    if (e->vlan != 0)
        ps_json_put_n(o, "vlan", e->vlan);
}

json_t *ps_event_json(const struct ps_image *image, const char *digest, const char *file, const struct ps_event *e)
{
    static const char *const whats[] = {"packet", "flow", "pdu"};
    const struct ps_reason_info *reason = ps_reason_info(e->reason);
    char when[PS_TIME_TEXT_MAX];
    json_t *o = json_object();

    ps_json_put(o, "kind", kind_name(e->kind));
    ps_json_put(o, "time", ps_text_time(e->time_ns, 9, true, when));
    if (file != NULL) {
        ps_json_put_any(o, "file", file);
        ps_json_put_n(o, "packet", e->number);
    }
    if (e->reason != PS_REASON_NONE) {
        ps_json_put(o, "reason", reason->name);
        ps_json_put(o, "class", ps_reason_class_name(reason->class));
        ps_json_put(o, "what", whats[e->what % 3]);
    }
    put_flow(o, image, e);
    if (e->what == PS_JUDGED_PDU || e->kind == PS_EVENT_GAP)
        ps_json_put(o, "direction", e->dir == PS_TO_SERVER ? "to-server" : "to-client");
    if (e->what == PS_JUDGED_PDU && e->reason != PS_REASON_NONE)
        ps_json_put(o, "protocol", ps_protocol_name(e->protocol));
    if (e->operation[0] != '\0')
        ps_json_put_any(o, "operation", e->operation);
    if (e->kind == PS_EVENT_GAP)
        ps_json_put_n(o, "missing", e->len);
    if (e->kind == PS_EVENT_FLOW_END)
        ps_json_put_n(o, "packets", e->packets);
    if (e->reason != PS_REASON_NONE && e->what == PS_JUDGED_PDU) {
        ps_json_put_n(o, "octets", e->len);
        if (reason->class != PS_CLASS_POLICY)
            ps_json_put_n(o, "fault_at", e->offset);
    }
    if (digest != NULL)
        ps_json_put(o, "digest", digest);
    return o;
}
