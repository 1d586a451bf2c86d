/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ends.h"

#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "words.h"

#define TCP 6u
#define UDP 17u
#define ICMP 1u
#define ICMPV6 58u

/* ---- ends ------------------------------------------------------------------------------------------------------ */

static bool end_asset(const struct ps_image *image, uint32_t asset, struct ps_end *end)
{
    end->addresses = ps_image_asset_addresses(image, asset);
    end->n_addresses = ps_image_asset_n_addresses(image, asset);
    end->has_mac = ps_image_asset_mac(image, asset, &end->mac);
    return true;
}

static bool end_address(struct ps_addr address, struct ps_end *end)
{
    end->own = address;
    end->addresses = &end->own;
    end->n_addresses = 1;
    return true;
}

/* An address of the zone's networks that is nobody's: what is true of it is true of all of them. */
static bool end_zone(const struct ps_image *image, uint32_t zone, struct ps_end *end, struct ps_txt *err)
{
    struct ps_addr address;
    uint32_t found = PS_NONE, n = 0;

    if (ps_match_any_host(image, zone, &address))
        return end_address(address, end);
    for (uint32_t i = 0; i < ps_image_n_assets(image); i++) {
        if (ps_image_asset_zone(image, i) != zone)
            continue;
        found = i;
        n++;
    }
    if (n == 1)
        return end_asset(image, found, end);
    ps_txt_str(err, "zone ");
    ps_txt_str(err, end->name);
    ps_txt_str(err, " has no networks, and not one asset to stand for it; name one of its assets");
    return false;
}

static bool find(const struct ps_image *image, const char *name, struct ps_end *end, struct ps_txt *err)
{
    uint32_t asset = ps_image_asset_by_name(image, name), zone = ps_image_zone_by_name(image, name);
    struct ps_addr address;

    memset(end, 0, sizeof *end);
    end->name = name;
    if (asset != PS_NONE)
        return end_asset(image, asset, end);
    if (ps_addr_parse(name, &address))
        return end_address(address, end);
    if (zone != PS_NONE)
        return end_zone(image, zone, end, err);
    ps_txt_str(err, name);
    ps_txt_str(err, " is no asset, zone or address");
    return false;
}

bool ps_pair_find(const struct ps_plant *plant, const char *from, const char *to, struct ps_pair *pair,
                  struct ps_txt *err)
{
    return find(&plant->image, from, &pair->from, err) && find(&plant->image, to, &pair->to, err);
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    uint8_t kind;
    uint8_t ip_proto;
    bool needs_code;
    uint32_t max;
    const char *code_name;
} flows[] = {
    {"tcp", PS_QUESTION_FLOW, TCP, true, 65535, "port"},
    {"udp", PS_QUESTION_FLOW, UDP, true, 65535, "port"},
    {"icmp", PS_QUESTION_FLOW, ICMP, false, 255, "type"},
    {"ip", PS_QUESTION_FLOW, 0, true, 255, "protocol number"},
    {"ethernet", PS_QUESTION_FRAME, 0, true, 65535, "ethertype"},
};

/* 1: it is one, 0: it is not, -1: it is, but wrong. */
static int parse_flow(const char *text, struct ps_question *q, struct ps_txt *err)
{
    struct ps_str s = ps_str_from(text);
    struct ps_str word = ps_str_until(&s, "/ ");
    uint32_t code = 8; /* icmp alone: an echo request */

    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        if (!ps_str_equal(word, flows[i].word))
            continue;
        if ((s.len == 0 && flows[i].needs_code) ||
            (s.len > 0 && (!ps_str_char(&s, '/') || !ps_str_u32(&s, flows[i].max, &code) || s.len > 0))) {
            ps_txt_str(err, "write ");
            ps_txt_str(err, flows[i].word);
            ps_txt_char(err, '/');
            ps_txt_str(err, flows[i].code_name);
            ps_txt_str(err, ", a number up to ");
            ps_txt_u64(err, flows[i].max);
            return -1;
        }
        q->kind = flows[i].kind;
        q->ip_proto = flows[i].ip_proto;
        q->code = (uint16_t)code;
        if (q->kind == PS_QUESTION_FLOW && q->ip_proto == 0) {
            q->ip_proto = (uint8_t)code;
            q->code = 0;
        }
        return 1;
    }
    return 0;
}

/* Eats "modbus "; NULL: no known protocol. */
static const struct ps_vocab *protocol_of(struct ps_str *s)
{
    struct ps_str word = ps_str_until(s, " ");

    ps_str_char(s, ' ');
    return ps_vocab_by_name(word);
}

static void set_protocol(struct ps_question *q, const struct ps_vocab *vocab)
{
    q->vocab = vocab;
    q->dissector = ps_dissector_by_protocol(ps_protocol_carrier(vocab->protocol));
}

static bool parse_reply(const char *text, struct ps_question *q)
{
    struct ps_str s = ps_str_from(text), word;
    const struct ps_vocab *vocab = protocol_of(&s);

    word = ps_str_until(&s, " ");
    if (vocab == NULL || (!ps_str_equal(word, "reply") && !ps_str_equal(word, "exception")))
        return false;
    q->kind = PS_QUESTION_REPLY;
    set_protocol(q, vocab);
    return true;
}

/* "modbus read-coil ...": a known protocol, an unknown function. */
static void suggest_function(const char *text, struct ps_txt *err)
{
    struct ps_str s = ps_str_from(text);
    const struct ps_vocab *vocab = protocol_of(&s);
    struct ps_str word = ps_str_until(&s, " ");
    const char *nearest;
    char name[64];
    size_t budget;

    if (vocab == NULL || ps_function_by_text(vocab, word) != PS_FUNCTION_UNKNOWN)
        return;
    snprintf(name, sizeof name, "%.*s", (int)word.len, word.s);
    budget = vocab->n_functions;
    nearest = ps_words_nearest(PS_WORDS(vocab->functions, budget), name, &budget);
    if (nearest == NULL)
        return;
    ps_txt_str(err, "; did you mean ");
    ps_txt_str(err, nearest);
    ps_txt_char(err, '?');
}

bool ps_question_parse(const char *text, struct ps_question *q, struct ps_txt *err)
{
    int flow;

    memset(q, 0, sizeof *q);
    flow = parse_flow(text, q, err);
    if (flow != 0)
        return flow > 0;
    if (parse_reply(text, q))
        return true;
    q->kind = PS_QUESTION_PDU;
    if (!ps_operation_parse(text, &q->operation, err)) {
        suggest_function(text, err);
        return false;
    }
    set_protocol(q, ps_vocab_by_protocol(q->operation.facts.protocol));
    return true;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static bool pick_addresses(const struct ps_pair *pair, struct ps_ends *ends, struct ps_txt *err)
{
    const struct ps_end *from = &pair->from, *to = &pair->to;

    for (uint32_t i = 0; i < from->n_addresses; i++) {
        for (uint32_t j = 0; j < to->n_addresses; j++) {
            if (ps_addr_is_v4(from->addresses[i]) != ps_addr_is_v4(to->addresses[j]))
                continue;
            ends->client = from->addresses[i];
            ends->server = to->addresses[j];
            return true;
        }
    }
    ps_txt_str(err, from->name);
    ps_txt_str(err, " and ");
    ps_txt_str(err, to->name);
    ps_txt_str(err, " have no addresses of one family");
    return false;
}

/* Judges the facts on answer->path. */
static void judge_facts(const struct ps_image *image, const struct ps_question *q, struct ps_answer *a)
{
    const struct ps_facts *facts = &q->operation.facts;

    a->n_facts = facts->n_facts;
    a->reason = facts->n_facts == 0 ? PS_REASON_NO_FACTS : PS_REASON_NONE;
    for (a->refused = 0; a->refused < a->n_facts; a->refused++) {
        a->reason = (uint8_t)ps_match_fact(image, &a->path, &facts->item[a->refused], &a->rules[a->refused]);
        if (a->reason != PS_REASON_NONE)
            return;
    }
}

static void set_station(struct ps_operation *operation, uint32_t station)
{
    operation->facts.station = station;
    for (uint16_t i = 0; i < operation->facts.n_facts; i++)
        operation->facts.item[i].station = station;
}

/* The text names no station: 1, or the first of a rule's when that is granted more. */
static void judge_stations(const struct ps_image *image, struct ps_question *q, struct ps_answer *a)
{
    uint32_t first = ps_image_conduit_first_rule(image, a->path.conduit);
    uint32_t n = ps_image_conduit_n_rules(image, a->path.conduit);

    a->chose_station = true;
    set_station(&q->operation, 1);
    judge_facts(image, q, a);
    for (uint32_t i = 0; i < n && a->reason != PS_REASON_NONE; i++) {
        struct ps_rule_view view;

        ps_image_rule_view(image, first + i, &view);
        if (view.protocol != q->vocab->protocol || view.n_stations == 0)
            continue;
        set_station(&q->operation, view.stations[0].first);
        judge_facts(image, q, a);
    }
    if (a->reason != PS_REASON_NONE) {
        set_station(&q->operation, 1);
        judge_facts(image, q, a);
    }
}

/* Asks about the flow, and about the PDU on it. */
static void judge(const struct ps_image *image, struct ps_question *q, struct ps_answer *a)
{
    memset(&a->path, 0, sizeof a->path);
    a->rules[0] = PS_NONE;
    a->n_facts = a->refused = 0;
    a->reason = (uint8_t)ps_match_path(image, &a->ends, &a->path);
    if (a->reason != PS_REASON_NONE || a->path.not_ours)
        return;
    if (q->kind == PS_QUESTION_FLOW || q->kind == PS_QUESTION_REPLY) {
        a->rules[0] = a->path.n_rules > 0 ? a->path.rules[0] : PS_NONE;
    } else if (a->path.protocol >= PS_N_DISSECTORS) {
        /* an uninspected rule opens this port: whatever is said there passes */
        a->rules[0] = a->path.n_rules > 0 ? a->path.rules[0] : PS_NONE;
    } else if (q->operation.any_station) {
        judge_stations(image, q, a);
    } else {
        judge_facts(image, q, a);
    }
}

/* An inspected protocol: over TCP at its own port, or where the conduit's rules have it. The first that grants, else
 * the first. */
static void judge_anywhere(const struct ps_image *image, struct ps_question *q, struct ps_answer *a)
{
    uint32_t first, n, conduit;

    a->ends.ip_proto = q->ip_proto != 0 ? q->ip_proto : TCP;
    a->ends.server_port = q->code != 0 ? q->code : q->dissector->default_port;
    judge(image, q, a);
    conduit = a->path.conduit;
    if (conduit == PS_NONE || (q->code != 0 && q->ip_proto != 0))
        return;
    first = ps_image_conduit_first_rule(image, conduit);
    n = ps_image_conduit_n_rules(image, conduit);
    for (uint32_t i = 0; i < n && a->reason != PS_REASON_NONE; i++) {
        struct ps_answer other = {.ends = a->ends};
        struct ps_rule_view view;

        ps_image_rule_view(image, first + i, &view);
        if (view.protocol != q->vocab->protocol || (q->ip_proto != 0 && view.udp != (q->ip_proto == UDP)))
            continue;
        other.ends.ip_proto = view.udp ? UDP : TCP;
        if (q->code == 0 && view.n_ports > 0)
            other.ends.server_port = (uint16_t)view.ports[0].first;
        judge(image, q, &other);
        if (other.reason == PS_REASON_NONE || (!a->path.granted && other.path.granted))
            *a = other;
    }
}

static bool judge_frame(const struct ps_image *image, const struct ps_pair *pair, const struct ps_question *q,
                        struct ps_answer *a, struct ps_txt *err)
{
    if (!pair->from.has_mac || !pair->to.has_mac) {
        ps_txt_str(err, pair->from.has_mac ? pair->to.name : pair->from.name);
        ps_txt_str(err, " has no mac in the plant file, so no frame can be told to be its own");
        return false;
    }
    a->reason = (uint8_t)ps_match_frame(image, pair->from.mac, pair->to.mac, q->code, &a->path);
    a->rules[0] = a->reason == PS_REASON_NONE && a->path.n_rules > 0 ? a->path.rules[0] : PS_NONE;
    return true;
}

bool ps_question_ask(const struct ps_plant *plant, const struct ps_pair *pair, struct ps_question *q,
                     struct ps_answer *a, struct ps_txt *err)
{
    memset(a, 0, sizeof *a);
    if (q->kind == PS_QUESTION_FRAME)
        return judge_frame(&plant->image, pair, q, a, err);
    if (!pick_addresses(pair, &a->ends, err))
        return false;
    if (q->kind == PS_QUESTION_FLOW) {
        a->ends.ip_proto = q->ip_proto;
        a->ends.server_port = q->code;
        if (q->ip_proto == ICMP && !ps_addr_is_v4(a->ends.client)) {
            a->ends.ip_proto = ICMPV6;
            a->ends.server_port = q->code == 8 ? 128 : q->code; /* echo request */
        }
        judge(&plant->image, q, a);
    } else {
        judge_anywhere(&plant->image, q, a);
    }
    return true;
}
