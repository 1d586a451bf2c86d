/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_dnp3.c - libFuzzer: any octets as the two directions of a DNP3 flow.
 *
 * Input: relax switches 1, flags 1 (1: datagrams, 2: mid-stream, 4: max_outstanding 1), then chunks: head 1 (bit 0
 * direction, bit 1 a gap, bit 2 octets as they are, the rest half seconds that pass), length 1, octets. Octets that are not
 * taken as they are become a frame with right CRCs: control 1, addresses 1, user data. Every answer is held against what
 * dissector.h promises; readers get exact heap copies, so that AddressSanitizer sees an octet too many.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../refusal.h"
#include "exact.h"

#include "dnp3/core.h"
#include "dnp3/dnp3.h"
#include "vocab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX (DN_PDU_LEN_MAX + 2 * DN_FRAME_MAX)

struct stream {
    uint8_t octets[STREAM_MAX];
    uint32_t n;
};

static struct stream streams[2];
static struct dn_state state;
static struct ps_facts facts;
static struct ps_operation operation;

/* frame(), which looks and leaves everything as it was. */
static enum ps_result frame(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t *len)
{
    struct dn_state before = state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint8_t *exact = copy(octets, n);
    ps_rd_init(&rd, &fault, exact, n);
    enum ps_result result = ps_dnp3.frame(dialog, &rd, len);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.offset <= n);
    check(fault.reason != PS_REASON_BUG);
    check(rd.pos == 0);
    check(memcmp(&before, &state, sizeof state) == 0);
    if (result == PS_OK)
        check(*len >= DN_LINK_HEAD_LEN && *len <= n);
    if (result == PS_MORE)
        check(*len == 0);
    check(*len <= ps_dnp3.max_pdu_len);
    free(exact);
    return result;
}

/* Fewer octets of the same PDU say MORE, or what all of them say. */
static void check_prefix(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t k)
{
    uint32_t len, part;
    enum ps_result whole = frame(dialog, octets, n, &len);
    enum ps_result result = frame(dialog, octets, k, &part);
    if (dialog->datagram)
        return;
    if (result != PS_MORE)
        check(whole == result && part == len);
    if (whole == PS_OK && k < len)
        check(result == PS_MORE);
}

static void check_fact(const struct ps_fact *fact)
{
    const struct ps_function *row = &ps_dnp3.vocab->functions[fact->function];
    check(fact->op > PS_OP_NONE && fact->op < PS_N_OPS && row->ops & PS_OP_BIT(fact->op));
    const struct ps_space *space = ps_space_by_code(ps_dnp3.vocab, fact->space);
    check((space != NULL) == (fact->space != 0));
    check(fact->first <= fact->last && fact->last <= (space ? space->max : 0));
    check(fact->values.kind == PS_VALUE_NONE || fact->values.data == NULL);
}

static void check_state(void)
{
    check(state.n_assoc <= DN_ASSOCIATIONS);
    for (uint32_t i = 0; i < state.n_assoc; i++) {
        const struct dn_assoc *assoc = &state.assoc[i];
        check(assoc->n_pending <= DN_PENDING_MAX && assoc->outstation < DN_BROADCAST_FIRST);
        for (uint32_t k = 0; k < i; k++)
            check(assoc->master != state.assoc[k].master || assoc->outstation != state.assoc[k].outstation);
    }
}

/* What is written down reads back to the same text. */
static void check_text(bool sound)
{
    char text[PS_OPERATION_TEXT_MAX], again[PS_OPERATION_TEXT_MAX], err[256];
    struct ps_txt txt;
    ps_txt_init(&txt, text, sizeof text);
    ps_operation_format(&ps_dnp3, &facts, &txt);
    bool cut = txt.cut;
    ps_txt_init(&txt, err, sizeof err);
    bool parsed = ps_operation_parse(text, &operation, &txt);
    if (!sound || facts.kind != PS_PDU_REQUEST || cut)
        return;
    for (uint16_t i = 0; i < facts.n_facts; i++)
        if (facts.item[i].function != facts.function || facts.item[i].station != facts.station)
            return; /* several fragments: the text is of the last */
    check(parsed);
    ps_txt_init(&txt, again, sizeof again);
    ps_operation_format(&ps_dnp3, &operation.facts, &txt);
    check(strcmp(text, again) == 0);
}

static void check_same_fact(const struct ps_fact *a, const struct ps_fact *b)
{
    check(a->op == b->op && a->function == b->function && a->station == b->station && a->asks == b->asks);
    check(a->space == b->space && a->first == b->first && a->last == b->last && a->housekeeping == b->housekeeping);
    check(a->choice == b->choice && memcmp(a->params, b->params, sizeof a->params) == 0);
    check(a->values.kind == b->values.kind && memcmp(&a->values.min, &b->values.min, 2 * sizeof a->values.min) == 0);
}

/* The short way says the same as frame() and decode(), which have given `facts`, or nothing. */
static void check_common(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t len, bool sound)
{
    static struct ps_facts common;
    uint8_t *exact = copy(octets, len);
    ps_facts_clear(&common);
    common.protocol = PS_PROTOCOL_DNP3;
    uint32_t whole = ps_dnp3.common(dialog, exact, len, &common);
    free(exact);
    if (whole == 0) {
        check(common.n_facts == 0 && common.kind == PS_PDU_NONE && common.function == PS_FUNCTION_UNKNOWN);
        return;
    }
    check(sound && whole == len && common.kind == facts.kind && common.n_facts == facts.n_facts);
    check(common.function == facts.function && common.code == facts.code && common.station == facts.station);
    check(common.transaction == facts.transaction && common.status == facts.status);
    /* one pair and one note: what stands behind them is left as it was */
    check(memcmp(common.pairing, facts.pairing, 24) == 0 && memcmp(common.pairing + 72, facts.pairing + 72, 32) == 0);
    for (uint16_t i = 0; i < facts.n_facts; i++)
        check_same_fact(&common.item[i], &facts.item[i]);
}

/* Refused instead of accepted, what its sender would get. */
static void check_refusal(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, bool sound)
{
    static const uint8_t codes[] = {PS_REFUSE_FUNCTION, PS_REFUSE_OBJECT, 1, 2, 3, 4, 5, 10};
    static struct refusal refusal;
    struct refusal_of of = {.pdu = pdu, .len = len, .code = codes[pdu[len - 1] % sizeof codes]};
    check(refusal_build(&refusal, &ps_dnp3, dialog, of));
    bool request = sound && facts.kind == PS_PDU_REQUEST;
    check(!request || refusal_answers(&refusal, &ps_dnp3, dialog, &facts));
}

static void decode(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t len, bool framed)
{
    struct dn_state before = state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint8_t *pdu = copy(octets, len);
    ps_facts_clear(&facts);
    facts.protocol = PS_PROTOCOL_DNP3;
    ps_rd_init(&rd, &fault, pdu, len);
    enum ps_result result = ps_dnp3.decode(dialog, &rd, &facts);
    check(result == PS_OK || result == PS_BAD);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.reason != PS_REASON_BUG && fault.offset <= len && fault.n_open == 0);
    check(memcmp(&before, &state, sizeof state) == 0);
    check(framed || result == PS_BAD);
    for (uint16_t i = 0; i < facts.n_facts; i++)
        check_fact(&facts.item[i]);
    check_text(result == PS_OK);
    check_common(dialog, octets, len, result == PS_OK);
    check_refusal(dialog, pdu, len, result == PS_OK);
    free(pdu);
    if (result != PS_OK)
        return;
    bool judged = facts.kind == PS_PDU_REQUEST || facts.kind == PS_PDU_NOTICE;
    check(rd.pos == len && (facts.n_facts > 0) == judged && facts.kind != PS_PDU_NONE);
    ps_dnp3.accept(dialog, &facts);
    check_state();
}

/* All PDUs that are complete; what is left waits, what cannot be followed is thrown away. */
static void judge(const struct ps_dialog *dialog, struct stream *stream)
{
    uint32_t at = 0;
    while (at < stream->n) {
        const uint8_t *octets = stream->octets + at;
        uint32_t n = stream->n - at, len;
        enum ps_result result = frame(dialog, octets, n, &len);
        check_prefix(dialog, octets, n, octets[n / 2] % n);
        if (result == PS_MORE)
            break;
        if (len == 0 || len > n) {
            at = stream->n;
            break;
        }
        decode(dialog, octets, len, result == PS_OK);
        at += len;
    }
    memmove(stream->octets, stream->octets + at, stream->n - at);
    stream->n -= at;
}

static void add(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    memcpy(stream->octets + stream->n, octets, n);
    stream->n += n;
}

static void add_with_crc(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    uint16_t crc = dn_crc(octets, n);
    const uint8_t low_first[] = {(uint8_t)crc, (uint8_t)(crc >> 8)};
    add(stream, octets, n);
    add(stream, low_first, sizeof low_first);
}

/* control 1, addresses 1 (destination 4 bits, source 4 bits), user data. */
static void add_frame(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    static const uint16_t addresses[] = {1, 2, 3, 4, 5, 0, 0xffef, 0xfff0, 0xfffc, 0xfffd, 0xffff, 10, 11, 12, 13, 1};
    uint8_t control = n > 0 ? octets[0] : 0xc4, of = n > 1 ? octets[1] : 0x10;
    uint16_t destination = addresses[of & 15], source = addresses[of >> 4];
    uint32_t n_user = n > 2 ? n - 2 : 0;
    n_user = n_user > DN_USER_MAX ? DN_USER_MAX : n_user;
    const uint8_t head[] = {5, 0x64, (uint8_t)(n_user + 5), control, (uint8_t)destination, (uint8_t)(destination >> 8),
                            (uint8_t)source, (uint8_t)(source >> 8)};
    add_with_crc(stream, head, sizeof head);
    for (uint32_t i = 0; i < n_user; i += DN_BLOCK_LEN)
        add_with_crc(stream, octets + 2 + i, n_user - i < DN_BLOCK_LEN ? n_user - i : DN_BLOCK_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_dialog dialog = {.state = &state, .now_ns = 1};
    if (size < 2)
        return 0;
    memset(&state, 0, sizeof state);
    streams[0].n = streams[1].n = 0;
    dialog.relax = data[0];
    dialog.datagram = data[1] & 1;
    dialog.midstream = data[1] & 2;
    dialog.max_outstanding = data[1] & 4 ? 1 : 0;
    for (size_t at = 2; size - at >= 2;) {
        uint8_t head = data[at];
        uint32_t n = (uint32_t)(data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2);
        struct stream *stream = &streams[head & 1];
        dialog.dir = head & 1;
        dialog.now_ns += (uint64_t)(head >> 3) * UINT64_C(500000000);
        if (head & 2) {
            dialog.midstream = true;
            ps_dnp3.gap(&dialog);
            stream->n = 0;
        }
        if (stream->n + DN_FRAME_MAX > STREAM_MAX)
            stream->n = 0;
        if (head & 4)
            add(stream, data + at + 2, n);
        else
            add_frame(stream, data + at + 2, n);
        judge(&dialog, stream);
        at += 2 + n;
    }
    return 0;
}
