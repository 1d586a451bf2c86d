/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_s7comm.c - libFuzzer: any octets as the two directions of an S7comm connection.
 *
 * Input: relax switches 1, flags 1 (1: mid-stream, 2: max_outstanding 2, 4: the connection is open, 8: and set up), then
 * chunks: head 1 (bit 0 direction, bit 1 a gap, bit 2 whether the octets are a COTP payload and not TPKTs, the rest units
 * of two seconds that pass), length 2 (little-endian), octets. Every answer is held against what dissector.h promises;
 * readers get exact heap copies, so that AddressSanitizer sees an octet too many.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../refusal.h"
#include "exact.h"

#include "s7comm/classic.h"
#include "s7comm/s7comm.h"
#include "vocab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX 32768u

enum flag {
    FLAG_MIDSTREAM = 1,
    FLAG_FEW = 2,
    FLAG_OPEN = 4,
    FLAG_SET_UP = 8,
};

enum head {
    HEAD_DIR = 1,
    HEAD_GAP = 2,
    HEAD_PAYLOAD = 4,
};

struct stream {
    uint8_t octets[STREAM_MAX];
    uint32_t n;
};

static struct stream streams[2];
static struct s7_state state;
static struct ps_facts facts, common;
static struct ps_operation operation;

/* frame(), which looks and leaves everything as it was. */
static enum ps_result frame(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t *len)
{
    static struct s7_state before;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    before = state;
    uint8_t *exact = copy(octets, n);
    ps_rd_init(&rd, &fault, exact, n);
    enum ps_result result = ps_s7comm.frame(dialog, &rd, len);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.offset <= n);
    check(fault.reason != PS_REASON_BUG);
    check(rd.pos == 0);
    check(memcmp(&before, &state, sizeof state) == 0);
    if (result == PS_OK)
        check(*len >= S7_DATA_HEAD_LEN && *len <= n);
    if (result == PS_MORE)
        check(*len == 0 || *len > n);
    check(*len <= ps_s7comm.max_pdu_len);
    free(exact);
    return result;
}

/* Fewer octets of the same PDU say MORE, or what all of them say; a known length stays. */
static void check_prefix(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t k)
{
    uint32_t len, part;
    enum ps_result whole = frame(dialog, octets, n, &len);
    enum ps_result result = frame(dialog, octets, k, &part);
    if (result == PS_OK)
        check(whole == PS_OK && part == len);
    if (result == PS_BAD)
        check(whole == PS_BAD);
    if (result == PS_MORE && part != 0)
        check(part == len || (whole == PS_BAD && len == 0));
    if (whole == PS_OK && k < len)
        check(result == PS_MORE);
}

static void check_values(const struct ps_fact *fact, const uint8_t *pdu, uint32_t len)
{
    const struct ps_values *values = &fact->values;
    size_t octets = ps_values_len(values);
    if (octets == 0)
        return;
    check(values->data >= pdu && octets <= len && values->data <= pdu + len - octets);
    check(fact->protocol != PS_PROTOCOL_S7COMM || (fact->op == PS_OP_WRITE && fact->choice != 0));
}

static void check_fact(const struct ps_fact *fact)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(fact->protocol);
    check(vocab != NULL && fact->function < vocab->n_functions);
    const struct ps_function *row = &vocab->functions[fact->function];
    check(fact->op > PS_OP_NONE && fact->op < PS_N_OPS && row->ops & PS_OP_BIT(fact->op));
    check(!fact->housekeeping || row->housekeeping);
    check(fact->function == facts.function && fact->station == facts.station);
    check(fact->station <= vocab->max_station && fact->choice <= vocab->max_choice);
    const struct ps_space *space = ps_space_by_code(vocab, fact->space);
    check((space != NULL) == (fact->space != 0));
    check(fact->first <= fact->last && fact->last <= (space ? space->max : 0));
    check(ps_vocab_addresses(vocab, fact->function, fact->op, fact->space));
    check(fact->values.kind != PS_VALUE_UNKNOWN || ps_vocab_writes_unseen(vocab, fact));
}

/* What is written down of a sound request reads back to the same text. */
static void check_text(bool sound)
{
    char text[PS_OPERATION_TEXT_MAX], again[PS_OPERATION_TEXT_MAX], err[256];
    struct ps_txt txt;
    ps_txt_init(&txt, text, sizeof text);
    ps_operation_format(&ps_s7comm, &facts, &txt);
    bool cut = txt.cut;
    ps_txt_init(&txt, err, sizeof err);
    bool parsed = ps_operation_parse(text, &operation, &txt);
    if (!sound || facts.kind != PS_PDU_REQUEST || facts.protocol != PS_PROTOCOL_S7COMM || cut)
        return;
    check(parsed);
    ps_txt_init(&txt, again, sizeof again);
    ps_operation_format(&ps_s7comm, &operation.facts, &txt);
    check(strcmp(text, again) == 0);
}

/* The short way says the same as frame() and decode(), which have given `facts`, or nothing. */
static void check_common(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t len, bool sound)
{
    uint8_t *exact = copy(octets, n);
    ps_facts_clear(&common);
    common.protocol = PS_PROTOCOL_S7COMM;
    uint32_t whole = ps_s7comm.common(dialog, exact, n, &common);
    free(exact);
    if (whole == 0) {
        check(common.n_facts == 0 && common.kind == PS_PDU_NONE);
        return;
    }
    check(sound && whole == len && common.kind == facts.kind && common.n_facts == facts.n_facts);
    check(common.function == facts.function && common.transaction == facts.transaction);
    check(memcmp(common.pairing, facts.pairing, sizeof common.pairing) == 0);
    for (uint16_t i = 0; i < facts.n_facts; i++)
        check(common.item[i].space == facts.item[i].space && common.item[i].first == facts.item[i].first &&
              common.item[i].last == facts.item[i].last && common.item[i].choice == facts.item[i].choice);
}

/* Refused instead of accepted, what its sender would get. */
static void check_refusal(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, bool sound)
{
    static const uint8_t codes[] = {PS_REFUSE_FUNCTION, PS_REFUSE_OBJECT, 1, 2, 3, 4, 5, 10};
    static struct refusal refusal;
    struct refusal_of of = {.pdu = pdu, .len = len, .code = codes[pdu[len - 1] % sizeof codes]};
    check(refusal_build(&refusal, &ps_s7comm, dialog, of));
    bool request = sound && facts.kind == PS_PDU_REQUEST && facts.protocol == PS_PROTOCOL_S7COMM;
    check(!request || refusal_answers(&refusal, &ps_s7comm, dialog, &facts));
}

static void decode(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t len)
{
    static struct s7_state before;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    before = state;
    uint8_t *pdu = copy(octets, len);
    ps_facts_clear(&facts);
    facts.protocol = PS_PROTOCOL_S7COMM;
    ps_rd_init(&rd, &fault, pdu, len);
    enum ps_result result = ps_s7comm.decode(dialog, &rd, &facts);
    check(result == PS_OK || result == PS_BAD);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.reason != PS_REASON_BUG && fault.offset <= len);
    check(memcmp(&before, &state, sizeof state) == 0);
    bool judged = facts.kind == PS_PDU_REQUEST || facts.kind == PS_PDU_NOTICE;
    for (uint16_t i = 0; result == PS_OK && i < facts.n_facts; i++) {
        check_fact(&facts.item[i]);
        check_values(&facts.item[i], pdu, len);
    }
    check_text(result == PS_OK);
    check_common(dialog, octets, len, len, result == PS_OK);
    check_refusal(dialog, pdu, len, result == PS_OK);
    if (result == PS_OK) {
        check(rd.pos == len && fault.n_open == 0);
        check(facts.protocol != PS_PROTOCOL_S7COMM || (facts.n_facts > 0) == judged);
        ps_s7comm.accept(dialog, &facts);
        check(state.speaks == S7_SPEAKS_PLUS || state.classic.n_pending <= S7_PENDING_MAX);
        check(state.speaks == S7_SPEAKS_PLUS || state.classic.n_items <= S7_ITEMS_MAX);
    }
    free(pdu);
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
            decode(dialog, octets, n); /* what there is of it */
            at = stream->n;
            break;
        }
        decode(dialog, octets, len);
        at += len;
    }
    memmove(stream->octets, stream->octets + at, stream->n - at);
    stream->n -= at;
}

static void feed(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    if (n > STREAM_MAX)
        return;
    if (stream->n + n > STREAM_MAX)
        stream->n = 0;
    memcpy(stream->octets + stream->n, octets, n);
    stream->n += n;
}

static void feed_payload(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    const uint8_t head[] = {3, 0, (uint8_t)((n + 7) >> 8), (uint8_t)(n + 7), 2, 0xf0, 0x80};
    feed(stream, head, sizeof head);
    feed(stream, octets, n);
}

/* So that what comes next need not find its way through the opening. */
static void begin(uint8_t flags)
{
    memset(&state, 0, sizeof state);
    if (!(flags & (FLAG_OPEN | FLAG_SET_UP)))
        return;
    state.phase = S7_PHASE_OPEN;
    state.size_code = 10;
    state.has_station = true;
    state.station = 0x0201;
    state.called = (struct s7_tsap){.len = 2, .octets = {1, 2}};
    if (!(flags & FLAG_SET_UP))
        return;
    state.speaks = S7_SPEAKS_CLASSIC;
    state.classic.asked = state.classic.agreed = (struct s7_agreement){.calling = 4, .called = 4, .pdu_len = 480};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_dialog dialog = {.state = &state, .now_ns = 1};
    if (size < 2)
        return 0;
    begin(data[1]);
    streams[0].n = streams[1].n = 0;
    dialog.relax = data[0];
    dialog.midstream = data[1] & FLAG_MIDSTREAM;
    dialog.max_outstanding = data[1] & FLAG_FEW ? 2 : 0;
    for (size_t at = 2; size - at >= 3;) {
        uint8_t head = data[at];
        size_t n = data[at + 1] | (size_t)data[at + 2] << 8;
        n = n < size - at - 3 ? n : size - at - 3;
        dialog.dir = head & HEAD_DIR;
        dialog.now_ns += (uint64_t)(head >> 3) * UINT64_C(2000000000);
        if (head & HEAD_GAP) {
            dialog.midstream = true;
            ps_s7comm.gap(&dialog);
            streams[dialog.dir].n = 0;
        }
        if (head & HEAD_PAYLOAD)
            feed_payload(&streams[dialog.dir], data + at + 3, (uint32_t)n);
        else
            feed(&streams[dialog.dir], data + at + 3, (uint32_t)n);
        judge(&dialog, &streams[dialog.dir]);
        at += 3 + n;
    }
    return 0;
}
