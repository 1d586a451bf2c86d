/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_grants.c - what the kernel makes of each rule, in words: exact, refused though the image allows it, or not seen.
 */
#include <stdio.h>
#include <string.h>

#include "nft_build.h"
#include "vocab.h"

#define NAMES_MAX 900 /* octets of a list of functions */

const struct ps_nft_protocol *ps_nft_protocol_of(unsigned protocol)
{
    switch (protocol) {
    case PS_PROTOCOL_MODBUS:
        return &ps_nft_modbus;
    case PS_PROTOCOL_DNP3:
        return &ps_nft_dnp3;
    case PS_PROTOCOL_S7COMM:
        return &ps_nft_s7comm;
    default:
        return NULL;
    }
}

uint32_t ps_nft_granted_ops(const struct ps_nft_build *b, uint16_t row)
{
    const struct ps_rule_view *view = &b->view;
    uint32_t ops = b->vocab->functions[row].ops;

    if (view->has_functions && !(view->functions[row / 64] >> (row % 64) & 1))
        return 0;
    return view->ops != 0 ? ops & view->ops : ops;
}

/* Is some message of this function granted by b->rule, as far as its objects and values go? */
static bool is_granted(const struct ps_nft_build *b, uint16_t row)
{
    const struct ps_vocab *vocab = b->vocab;
    uint32_t ops = ps_nft_granted_ops(b, row);

    if (vocab->functions[row].housekeeping)
        return true;
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if (!(ops & PS_OP_BIT(op)))
            continue;
        if (b->view.n_objects == 0)
            return true;
        for (uint32_t i = 0; i < b->view.n_objects; i++)
            if (ps_vocab_addresses(vocab, row, op, b->view.objects[i].space))
                return true;
    }
    return false;
}

void ps_nft_grade(struct ps_nft_build *b)
{
    const struct ps_nft_protocol *protocol = ps_nft_protocol_of(b->view.protocol);

    if (b->graded == b->rule)
        return;
    b->graded = b->rule;
    for (uint16_t row = 0; row < b->vocab->n_functions; row++) {
        struct ps_nft_grade *grade = &b->grades[row];
        *grade = (struct ps_nft_grade){.how = PS_NFT_HOW_NOTHING};
        if (!is_granted(b, row))
            continue;
        grade->how = PS_NFT_HOW_NOT;
        grade->why = "the kernel knows nothing of this protocol";
        if (protocol)
            grade->how = (uint8_t)protocol->how(b, row, &grade->why);
    }
}

static bool is_missed(const struct ps_nft_grade *grade)
{
    return grade->how == PS_NFT_HOW_PART || grade->how == PS_NFT_HOW_NOT;
}

bool ps_nft_is_inexact(struct ps_nft_build *b)
{
    bool inexact = b->view.keys != 0 || b->view.protocol == PS_PROTOCOL_S7COMM;

    if (b->view.protocol >= PS_N_DISSECTORS)
        return false;
    ps_nft_grade(b);
    for (uint16_t row = 0; row < b->vocab->n_functions && !inexact; row++)
        inexact = is_missed(&b->grades[row]);
    return inexact;
}

/* ---- notes -------------------------------------------------------------------------------------------------------- */

/* Adds a name to a list that starts at names; the new length. */
static size_t add_name(const struct ps_nft_build *b, uint16_t row, char *names, size_t at)
{
    if (at < NAMES_MAX - 100) {
        at += (size_t)snprintf(names + at, NAMES_MAX - at, "%s%s", at > 0 ? ", " : "", b->vocab->functions[row].name);
    } else if (at < NAMES_MAX) {
        snprintf(names + at, NAMES_MAX - at, ", ...");
        at = NAMES_MAX;
    }
    return at;
}

/* Names of the granted functions for which the kernel does this; "" when there are none. */
static void list_functions(const struct ps_nft_build *b, enum ps_nft_how wanted, char names[NAMES_MAX])
{
    size_t at = 0;

    names[0] = '\0';
    for (uint16_t row = 0; row < b->vocab->n_functions; row++)
        if (b->grades[row].how == wanted)
            at = add_name(b, row, names, at);
}

/* One note for each reason why something is not enforced, with the functions that it holds for. */
static void note_refused(struct ps_nft_build *b, enum ps_nft_note_kind kind, const char *behind)
{
    for (uint16_t row = 0; row < b->vocab->n_functions; row++) {
        const struct ps_nft_grade *grade = &b->grades[row];
        char names[NAMES_MAX];
        size_t at = 0;
        bool known = false;
        if (!is_missed(grade))
            continue;
        for (uint16_t i = 0; i < b->vocab->n_functions; i++) {
            const struct ps_nft_grade *other = &b->grades[i];
            if (other->how != grade->how || strcmp(other->why, grade->why) != 0)
                continue;
            known |= i < row;
            at = add_name(b, i, names, at);
        }
        if (!known)
            ps_nft_note(b, kind, "%s: %s%s", names, grade->why, behind);
    }
}

static void note_inspected(struct ps_nft_build *b)
{
    uint8_t fallback = ps_image_conduit_fallback(b->image, b->conduit);
    char names[NAMES_MAX];

    ps_nft_grade(b);
    if (b->conduits[b->conduit].queues) {
        ps_nft_note(b, PS_NFT_QUEUES, "goes to NFQUEUE %u, both ways; without a program behind it the kernel drops it", b->options->queue);
        return;
    }
    if (fallback == PS_FALLBACK_PORTS && ps_nft_is_inexact(b)) {
        ps_nft_note(b, PS_NFT_OPENS, "everything passes by address and port, whatever it asks for");
        note_refused(b, PS_NFT_OPENS, "");
        return;
    }
    list_functions(b, PS_NFT_HOW_EXACT, names);
    if (names[0])
        ps_nft_note(b, PS_NFT_EXACT, "%s", names);
    list_functions(b, PS_NFT_HOW_OCTETS, names);
    if (names[0])
        ps_nft_note(b, PS_NFT_OCTETS, "%s", names);
    if (names[0] && b->view.protocol == PS_PROTOCOL_S7COMM)
        ps_nft_note(b, PS_NFT_REFUSES, "requests of more than 240 octets");
    if (names[0] && ps_nft_called_misses(&b->view))
        ps_nft_note(b, PS_NFT_REFUSES, "connections whose start was not seen");
    if (b->view.keys != 0)
        ps_nft_note(b, PS_NFT_REFUSES, "what its options permit besides");
    bool no_queue = fallback == PS_FALLBACK_QUEUE && !ps_nft_has_queue(b);
    note_refused(b, PS_NFT_REFUSES, !no_queue                               ? ""
                                    : b->options->shape == PS_NFT_BUMP ? "; a bump in the wire has no queue"
                                                                       : "; nobody reads a queue here");
}

void ps_nft_note_rule(struct ps_nft_build *b)
{
    switch (b->view.protocol) {
    case PS_PROTOCOL_TCP:
    case PS_PROTOCOL_UDP:
    case PS_PROTOCOL_IP:
        ps_nft_note(b, PS_NFT_EXACT, "by address and %s", b->view.protocol == PS_PROTOCOL_IP ? "protocol" : "port");
        break;
    case PS_PROTOCOL_ICMP:
        ps_nft_note(b, PS_NFT_EXACT, "by address and type");
        break;
    case PS_PROTOCOL_ETHERNET:
        if (ps_nft_has_link(b))
            ps_nft_note(b, PS_NFT_EXACT, "by MAC and ethertype");
        else
            ps_nft_note(b, PS_NFT_REFUSES, "frames that are not IP are not routed");
        break;
    default:
        note_inspected(b);
        break;
    }
}

void ps_nft_note_conduit(struct ps_nft_build *b)
{
    bool drops = ps_image_conduit_on_deny(b->image, b->conduit) == PS_ON_DENY_DROP;

    if (ps_image_conduit_on_deny(b->image, b->conduit) == PS_ON_DENY_ANSWER)
        ps_nft_note(b, PS_NFT_UNSEEN, "on_deny = \"answer\": the kernel cannot give the protocol's refusal, it %s",
                    b->options->shape == PS_NFT_BRIDGED ? "drops" : "resets");
    else if (!drops && b->options->shape == PS_NFT_BRIDGED)
        ps_nft_note(b, PS_NFT_UNSEEN, "on_deny = \"reset\": in a bridge the kernel only drops");
    if (ps_image_conduit_fragments(b->image, b->conduit) == PS_FRAGMENTS_REASSEMBLE)
        ps_nft_note(b, PS_NFT_REFUSES, "fragments = \"reassemble\": fragments are refused");
    if (ps_nft_called_exists(b) && !b->conduits[b->conduit].queues &&
        ps_image_conduit_fallback(b->image, b->conduit) != PS_FALLBACK_PORTS) {
        ps_nft_note(b, PS_NFT_REFUSES, "connections of S7comm that were open before its rules were in the kernel, "
                                       "until they open again");
        ps_nft_note(b, PS_NFT_REFUSES, "connect requests of S7comm that do not name a calling and a called TSAP, "
                                       "of two octets each");
    }
}

void ps_nft_note_all(struct ps_nft_build *b)
{
    static const char *const always[] = {
        "what servers answer: replies are matched by address, port and flags, not by what they say",
        "requests that wait for replies, time-outs, transaction numbers, sessions: each segment is judged by itself",
        "sequence numbers: segments that repeat or overlap others with other octets",
        "TCP options, urgent data on uninspected connections, and checksums, which the receivers check",
        "caps on half-open connections and new flows",
    };

    for (unsigned i = 0; i < sizeof always / sizeof always[0]; i++)
        ps_nft_note(b, PS_NFT_UNSEEN, "%s", always[i]);
    ps_nft_note(b, PS_NFT_REFUSES, "blocks of more than 256 coils or inputs that end less than 16 before the end of their range");
    if (ps_nft_has_link(b))
        ps_nft_note(b, PS_NFT_REFUSES, "segments with more or less than one message, frames with two VLAN tags, ICMP errors, "
                                       "and clients that ask from the port of a service");
    else
        ps_nft_note(b, PS_NFT_UNSEEN, "VLAN tags: the interface stands for them");
}
