/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judged.h"

#include <string.h>

#include "base/txt.h"
#include "dissector.h"

/* ---- ends ------------------------------------------------------------------------------------------------------ */

static struct ps_mac mac_from(uint64_t number)
{
    struct ps_mac mac;
    for (unsigned i = 0; i < sizeof mac.b; i++)
        mac.b[i] = (uint8_t)(number >> (40 - 8 * i));
    return mac;
}

/* ICMP: the type; not IP: ethertype or DSAP. */
static uint16_t code_of_flow(const struct ps_key *key)
{
    uint8_t proto = ps_key_proto(key);
    bool icmp = proto == PS_PROTO_ICMP || proto == PS_PROTO_ICMPV6;
    return icmp ? ps_key_icmp_type(key) : key->port[0];
}

void ps_judged_set_ends(struct ps_judged *judged, const struct ps_key *key, unsigned c)
{
    uint8_t proto = ps_key_proto(key);
    bool has_ports = proto == PS_PROTO_TCP || proto == PS_PROTO_UDP;
    judged->ip_proto = proto;
    judged->vlan = ps_key_vlan(key);
    judged->client_port = has_ports ? key->port[c] : 0;
    judged->server_port = has_ports ? key->port[!c] : code_of_flow(key);
    if (proto == 0) {
        judged->client_mac = mac_from(key->addr[c].lo);
        judged->server_mac = mac_from(key->addr[!c].lo);
    } else {
        judged->client = key->addr[c];
        judged->server = key->addr[!c];
    }
}

void ps_judged_set_packet(struct ps_judged *judged, const struct ps_desc *desc)
{
    if (desc->kind == PS_KIND_ARP) {
        judged->client = desc->key.addr[0];
        judged->server = desc->key.addr[1];
        judged->vlan = ps_key_vlan(&desc->key);
        judged->server_port = desc->code;
    } else {
        ps_judged_set_ends(judged, &desc->key, judged->dir);
        if (judged->ip_proto == 0)
            judged->server_port = desc->code; /* the key of a packet that is broken may be empty */
    }
    if (desc->frame) {
        memcpy(judged->client_mac.b, desc->frame + (judged->dir ? 0 : 6), sizeof judged->client_mac.b);
        memcpy(judged->server_mac.b, desc->frame + (judged->dir ? 6 : 0), sizeof judged->server_mac.b);
    }
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

enum ps_event_kind ps_judged_kind(const struct ps_judged *judged)
{
    if (judged->monitored)
        return PS_EVENT_WOULD_DENY;
    return ps_reason_info(judged->reason)->class == PS_CLASS_POLICY ? PS_EVENT_DENY : PS_EVENT_MALFORMED;
}

void ps_judged_event(const struct ps_judged *judged, enum ps_event_kind kind, uint32_t generation, struct ps_event *out)
{
    const struct ps_path *path = judged->path;
    *out = (struct ps_event){
        .time_ns = judged->time_ns, .number = judged->number, .kind = (uint8_t)kind, .what = judged->what,
        .reason = judged->reason, .dir = judged->dir, .ip_proto = judged->ip_proto, .protocol = path->protocol,
        .vlan = judged->vlan, .client_port = judged->client_port, .server_port = judged->server_port,
        .conduit = path->conduit, .rule = judged->rule, .client_asset = path->client_asset,
        .server_asset = path->server_asset, .client_zone = path->client_zone, .server_zone = path->server_zone,
        .generation = generation,
        .client = judged->client, .server = judged->server, .client_mac = judged->client_mac,
        .server_mac = judged->server_mac, .offset = judged->offset, .len = judged->pdu_len};
    if (judged->reason == PS_REASON_NONE || judged->what != PS_JUDGED_PDU)
        return;
    struct ps_txt text;
    ps_txt_init(&text, out->operation, sizeof out->operation);
    ps_operation_format(judged->dissector, judged->facts, &text);
    out->protocol = judged->facts->protocol;
}
