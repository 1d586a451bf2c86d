/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_unit.h - judgements for the tests of the learner.
 */
#pragma once

#include <string.h>

#include "addr_text.h"
#include "dissector.h"
#include "learn_seen.h"
#include "vocab.h"

#define TCP 6
#define UDP 17

static inline struct ps_addr addr(const char *text)
{
    struct ps_addr a = {0};

    ps_addr_parse(text, &a);
    return a;
}

static inline struct ps_seen_limits limits(bool late)
{
    static struct ps_ranges modbus;
    struct ps_seen_limits limits = {.late = late};

    if (modbus.n == 0)
        ps_ranges_add(&modbus, 502, 502);
    limits.ports[PS_PROTOCOL_MODBUS] = &modbus;
    return limits;
}

static inline struct ps_judged opening(const char *client, const char *server, uint8_t ip_proto, uint16_t port)
{
    return (struct ps_judged){
        .what = PS_JUDGED_FLOW,
        .reason = PS_REASON_NO_ZONE,
        .ip_proto = ip_proto,
        .client_port = 1024,
        .server_port = port,
        .client = addr(client),
        .server = addr(server),
    };
}

/* Learns that client opened a connection to server. */
static inline bool saw_opening(struct ps_seen_set *set, const char *client, const char *server, uint8_t ip_proto,
                               uint16_t port)
{
    struct ps_seen_limits l = limits(true);
    struct ps_judged judged = opening(client, server, ip_proto, port);

    return ps_seen_judged(set, &l, &judged);
}

/* Learns one Modbus request, written as operation text: "modbus read-coils station=1 coil:0-9". */
static inline bool saw_request(struct ps_seen_set *set, const char *client, const char *server, const char *text)
{
    static struct ps_operation operation;
    struct ps_seen_limits l = limits(true);
    struct ps_judged judged = opening(client, server, TCP, 502);
    char error[256];
    struct ps_txt err;

    ps_txt_init(&err, error, sizeof(error));
    if (!ps_operation_parse(text, &operation, &err))
        return false;
    judged.what = PS_JUDGED_PDU;
    judged.dissector = operation.dissector;
    judged.facts = &operation.facts;
    return ps_seen_judged(set, &l, &judged);
}

/* Learns one request of one fact, made by hand: Modbus has no choices, numbers, asks or housekeeping. */
static inline bool saw_fact(struct ps_seen_set *set, const char *client, const char *server, struct ps_fact fact)
{
    static struct ps_facts facts;
    struct ps_seen_limits l = limits(true);
    struct ps_judged judged = opening(client, server, TCP, 502);

    ps_facts_clear(&facts);
    facts.protocol = PS_PROTOCOL_MODBUS;
    fact.protocol = PS_PROTOCOL_MODBUS;
    *ps_facts_add(&facts) = fact;
    judged.what = PS_JUDGED_PDU;
    judged.dissector = ps_dissector_by_protocol(PS_PROTOCOL_MODBUS);
    judged.facts = &facts;
    return ps_seen_judged(set, &l, &judged);
}
