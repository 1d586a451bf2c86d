/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "base/reason.h"
#include "base/time.h"
#include "dissector.h"
#include "judged.h"
#include "match.h"

/* ---- the prefix ------------------------------------------------------------------------------------------------ */

/* The next word, ended by a space or the end. false: there is none, or it is too long. */
static bool take_word(const char **at, uint32_t *len, char *word, uint32_t size)
{
    uint32_t n = 0;
    while (n < *len && (*at)[n] != ' ')
        n++;
    if (n == 0 || n >= size)
        return false;
    memcpy(word, *at, n);
    word[n] = '\0';
    n += n < *len;
    *at += n;
    *len -= n;
    return true;
}

static uint8_t reason_by_name(const char *name)
{
    for (unsigned reason = 1; reason < PS_N_REASONS; reason++)
        if (strcmp(ps_reason_info(reason)->name, name) == 0)
            return (uint8_t)reason;
    return PS_REASON_NONE;
}

static bool how_by_name(const char *name, uint8_t *how)
{
    static const char *const names[] = {
        [PS_REFUSAL_DROPPED] = "drop", [PS_REFUSAL_RESET] = "reset", [PS_REFUSAL_PASSED] = "pass"};
    for (uint8_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *how = i;
            return true;
        }
    return false;
}

bool ps_refusal_said(const char *prefix, uint32_t len, struct ps_refusal_said *said)
{
    char first[16], reason[32], how[16];
    *said = (struct ps_refusal_said){.reason = PS_REASON_NONE};
    bool whole = take_word(&prefix, &len, first, sizeof first) && strcmp(first, "penstock") == 0 &&
                 take_word(&prefix, &len, said->conduit, sizeof said->conduit) &&
                 take_word(&prefix, &len, reason, sizeof reason) && take_word(&prefix, &len, how, sizeof how) && len == 0;
    if (whole)
        said->reason = reason_by_name(reason);
    return whole && said->reason != PS_REASON_NONE && how_by_name(how, &said->how);
}

/* ---- between whom ---------------------------------------------------------------------------------------------- */

/* What the policy says of the two ends. */
struct sides {
    const struct ps_image *image; /* NULL: there is none */
    struct ps_path path[2];       /* [c]: end c is the client */
};

static struct ps_ends ends_of(const struct ps_key *key, unsigned c)
{
    struct ps_ends ends = {.client = key->addr[c], .server = key->addr[!c], .ip_proto = ps_key_proto(key)};
    if (ends.ip_proto == PS_PROTO_TCP || ends.ip_proto == PS_PROTO_UDP)
        ends.server_port = key->port[!c];
    else if (ends.ip_proto == PS_PROTO_ICMP || ends.ip_proto == PS_PROTO_ICMPV6)
        ends.server_port = ps_key_icmp_type(key);
    return ends;
}

static void match(struct sides *sides, const struct ps_desc *desc)
{
    const struct ps_path nothing = {.conduit = PS_NONE, .client_asset = PS_NONE, .server_asset = PS_NONE,
                                    .client_zone = PS_NONE, .server_zone = PS_NONE};
    sides->path[0] = sides->path[1] = nothing;
    if (!sides->image || desc->kind == PS_KIND_NONE)
        return;
    if (desc->kind == PS_KIND_FRAME) {
        (void)ps_match_frame(sides->image, ps_mac_at(desc->frame + 6), ps_mac_at(desc->frame), desc->code, &sides->path[0]);
        return;
    }
    if (desc->kind == PS_KIND_ARP) {
        (void)ps_match_neighbour(sides->image, desc->key.addr[0], ps_mac_at(desc->network + 8), desc->key.addr[1],
                                 &sides->path[0]);
        return;
    }
    for (unsigned c = 0; c < 2; c++) {
        struct ps_ends ends = ends_of(&desc->key, c);
        (void)ps_match_path(sides->image, &ends, &sides->path[c]);
    }
}

static bool is_opening(const struct ps_desc *desc)
{
    return desc->kind == PS_KIND_TCP && (desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK)) == PS_TCP_SYN;
}

/* Does the sender look like the server? For conduits whose two ends are in one zone, where addresses do not tell. */
static bool looks_like_reply(const struct ps_policy_slot *slot, const struct sides *sides, const struct ps_desc *desc)
{
    if (sides->path[0].granted != sides->path[1].granted)
        return sides->path[1].granted;
    bool udp = desc->kind == PS_KIND_UDP;
    return (udp || desc->kind == PS_KIND_TCP) &&
           ps_policy_slot_protocol(slot, udp, desc->key.port[0]) != PS_PROTOCOL_NONE &&
           ps_policy_slot_protocol(slot, udp, desc->key.port[1]) == PS_PROTOCOL_NONE;
}

/* Is the sender the server? conduit: the one that the kernel names, PS_NONE: none. */
static bool is_reply(const struct ps_policy_slot *slot, const struct sides *sides, const struct ps_desc *desc,
                     uint32_t conduit)
{
    const struct ps_path *forth = &sides->path[0], *back = &sides->path[1];
    if (!sides->image || is_opening(desc) || back->conduit == PS_NONE)
        return false;
    if (conduit == PS_NONE)
        return forth->conduit == PS_NONE && (desc->kind == PS_KIND_TCP || back->granted);
    if (back->conduit != conduit)
        return false;
    return forth->conduit != conduit || looks_like_reply(slot, sides, desc);
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

struct ps_refusal_words {
    struct ps_facts facts;
    uint32_t state_len;
    _Alignas(8) uint8_t state[]; /* of whichever dissector: always of a connection that was just opened */
};

struct ps_refusal_words *ps_refusal_words_new(void)
{
    uint32_t len = 8;
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(p);
        if (dissector && dissector->state_len > len)
            len = dissector->state_len;
    }
    struct ps_refusal_words *words = calloc(1, sizeof *words + len);
    if (!words)
        abort();
    words->state_len = len;
    return words;
}

void ps_refusal_words_free(struct ps_refusal_words *words)
{
    free(words);
}

static const struct ps_dissector *dissector_of(const struct ps_policy_slot *slot, const struct ps_desc *desc,
                                               const struct ps_judged *judged)
{
    bool udp = desc->kind == PS_KIND_UDP;
    uint8_t protocol = judged->path->granted ? judged->path->protocol
                                             : ps_policy_slot_protocol(slot, udp, judged->server_port);
    return ps_dissector_by_protocol(protocol < PS_N_DISSECTORS ? ps_protocol_carrier(protocol) : PS_PROTOCOL_NONE);
}

/* One PDU, and all of the payload: sound, or malformed with an end that can be told. */
static bool is_one_pdu(const struct ps_dissector *dissector, const struct ps_dialog *dialog, const struct ps_desc *desc)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint32_t extent = 0;
    ps_rd_init(&rd, &fault, desc->payload, desc->payload_len);
    return dissector->frame(dialog, &rd, &extent) != PS_MORE && extent == desc->payload_len;
}

static void find_pdu(struct ps_refusal_words *words, const struct ps_policy_slot *slot, const struct ps_desc *desc,
                     struct ps_judged *judged)
{
    bool has_ports = desc->kind == PS_KIND_TCP || desc->kind == PS_KIND_UDP;
    if (!has_ports || desc->reason != PS_REASON_NONE || desc->payload_len == 0 || desc->payload_len != desc->payload_wire)
        return;
    const struct ps_dissector *dissector = dissector_of(slot, desc, judged);
    if (!dissector || (desc->kind == PS_KIND_UDP && !dissector->over_udp))
        return;
    memset(words->state, 0, words->state_len);
    struct ps_dialog dialog = {.state = words->state, .now_ns = judged->time_ns, .dir = judged->dir,
                               .timeout_ns = judged->path->timeout_ms * PS_NS_PER_MS, .relax = judged->path->relax,
                               .max_outstanding = judged->path->max_outstanding,
                               .datagram = desc->kind == PS_KIND_UDP, .midstream = true};
    if (!is_one_pdu(dissector, &dialog, desc))
        return;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_facts_clear(&words->facts);
    words->facts.protocol = dissector->protocol;
    ps_rd_init(&rd, &fault, desc->payload, desc->payload_len);
    (void)dissector->decode(&dialog, &rd, &words->facts); /* as far as it comes */
    judged->what = PS_JUDGED_PDU;
    judged->dissector = dissector;
    judged->facts = &words->facts;
    judged->pdu = desc->payload;
    judged->pdu_len = desc->payload_len;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static uint8_t what_of(const struct ps_desc *desc, uint8_t reason)
{
    bool policy = ps_reason_info(reason)->class == PS_CLASS_POLICY && desc->reason == PS_REASON_NONE;
    bool flow = is_opening(desc) || desc->kind == PS_KIND_UDP || desc->kind == PS_KIND_ICMP || desc->kind == PS_KIND_IP ||
                desc->kind == PS_KIND_FRAME;
    return policy && flow ? PS_JUDGED_FLOW : PS_JUDGED_PACKET;
}

/* A conduit that leads there is none, where the kernel says that there is none. */
static uint32_t conduit_of(const struct ps_path *path, uint32_t said, uint8_t reason)
{
    if (said != PS_NONE || reason == PS_REASON_NO_CONDUIT || reason == PS_REASON_NO_ZONE)
        return said;
    return path->conduit;
}

void ps_refusal_event(struct ps_refusal_words *words, const struct ps_policy_slot *slot, const struct ps_refusal *refusal,
                      struct ps_event *out)
{
    const struct ps_refusal_said *said = &refusal->said;
    const struct ps_desc *desc = &refusal->desc;
    struct sides sides = {.image = slot && ps_policy_slot_image(slot)->data ? ps_policy_slot_image(slot) : NULL};
    uint32_t conduit = sides.image ? ps_image_conduit_by_name(sides.image, said->conduit) : PS_NONE;
    match(&sides, desc);
    struct ps_judged judged = {.reason = said->reason, .rule = PS_NONE, .time_ns = refusal->time_ns,
                               .monitored = said->how == PS_REFUSAL_PASSED, .what = what_of(desc, said->reason),
                               .offset = desc->offset};
    judged.dir = is_reply(slot, &sides, desc, conduit) ? PS_TO_CLIENT : PS_TO_SERVER;
    struct ps_path path = sides.path[judged.dir];
    path.conduit = conduit_of(&path, conduit, said->reason);
    judged.path = &path;
    ps_judged_set_packet(&judged, desc);
    if (sides.image)
        find_pdu(words, slot, desc, &judged);
    ps_judged_event(&judged, ps_judged_kind(&judged), slot ? ps_policy_slot_generation(slot) : 0, out);
}
