/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_modbus.c - libFuzzer: any octets as the two directions of a Modbus flow.
 *
 * Input: relax switches 1, flags 1 (1: datagrams, 2: mid-stream, 4: max_outstanding 2), then chunks: head 1 (bit 0
 * direction, bit 1 a gap, the rest half seconds that pass), length 1, octets. Every answer is held against what
 * dissector.h promises; readers get exact heap copies, so that AddressSanitizer sees an octet too many.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../refusal.h"
#include "exact.h"

#include "modbus/mb.h"
#include "modbus/modbus.h"
#include "vocab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX 8192u

struct stream {
    uint8_t octets[STREAM_MAX];
    uint32_t n;
};

static struct stream streams[2];
static struct mb_state state;
static struct ps_facts facts;
static struct ps_operation operation;

/* frame(), which looks and leaves everything as it was. */
static enum ps_result frame(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t *len)
{
    struct mb_state before = state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint8_t *exact = copy(octets, n);
    ps_rd_init(&rd, &fault, exact, n);
    enum ps_result result = ps_modbus.frame(dialog, &rd, len);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.offset <= n);
    check(fault.reason != PS_REASON_BUG);
    check(rd.pos == 0);
    check(memcmp(&before, &state, sizeof state) == 0);
    if (result == PS_OK)
        check(*len >= 8 && *len <= n);
    if (result == PS_MORE)
        check(!dialog->datagram && (*len == 0 || *len > n));
    check(*len <= ps_modbus.max_pdu_len || (dialog->datagram && result == PS_BAD && *len == n));
    free(exact);
    return result;
}

/* Fewer octets of the same PDU say MORE, or what all of them say; a known length stays. */
static void check_prefix(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t n, uint32_t k)
{
    uint32_t len, part;
    enum ps_result whole = frame(dialog, octets, n, &len);
    enum ps_result result = frame(dialog, octets, k, &part);
    if (dialog->datagram)
        return;
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
    uint32_t octets = values->kind == PS_VALUE_BITS ? (values->n + 7) / 8 : 2 * values->n;
    if (values->kind != PS_VALUE_BITS && values->kind != PS_VALUE_U16BE)
        return;
    check(values->data >= pdu && values->data + octets <= pdu + len);
    check(values->n == fact->last - fact->first + 1);
}

static void check_fact(const struct ps_fact *fact)
{
    const struct ps_function *row = &ps_modbus.vocab->functions[fact->function];
    check(fact->op > PS_OP_NONE && fact->op < PS_N_OPS && row->ops & PS_OP_BIT(fact->op));
    check(fact->function == facts.function && fact->station == facts.station);
    const struct ps_space *space = ps_space_by_code(ps_modbus.vocab, fact->space);
    check((space != NULL) == (fact->space != 0));
    check(fact->first <= fact->last && fact->last <= (space ? space->max : 0));
}

/* What is written down reads back to the same text. */
static void check_text(void)
{
    char text[PS_OPERATION_TEXT_MAX], again[PS_OPERATION_TEXT_MAX], err[256];
    struct ps_txt txt;
    ps_txt_init(&txt, text, sizeof text);
    ps_operation_format(&ps_modbus, &facts, &txt);
    bool cut = txt.cut;
    ps_txt_init(&txt, err, sizeof err);
    bool parsed = ps_operation_parse(text, &operation, &txt);
    if (facts.kind != PS_PDU_REQUEST || cut)
        return;
    check(parsed);
    ps_txt_init(&txt, again, sizeof again);
    ps_operation_format(&ps_modbus, &operation.facts, &txt);
    check(strcmp(text, again) == 0);
}

/* Refused instead of accepted, what its sender would get. */
static void check_refusal(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, bool sound)
{
    static const uint8_t codes[] = {PS_REFUSE_FUNCTION, PS_REFUSE_OBJECT, 1, 2, 3, 4, 5, 10};
    static struct refusal refusal;
    struct refusal_of of = {.pdu = pdu, .len = len, .code = codes[pdu[len - 1] % sizeof codes]};
    check(refusal_build(&refusal, &ps_modbus, dialog, of));
    bool request = sound && facts.kind == PS_PDU_REQUEST;
    check(!request || refusal_answers(&refusal, &ps_modbus, dialog, &facts));
}

static void decode(const struct ps_dialog *dialog, const uint8_t *octets, uint32_t len)
{
    struct mb_state before = state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint8_t *pdu = copy(octets, len);
    ps_facts_clear(&facts);
    ps_rd_init(&rd, &fault, pdu, len);
    enum ps_result result = ps_modbus.decode(dialog, &rd, &facts);
    check(result == PS_OK || result == PS_BAD);
    check((result == PS_BAD) == (fault.reason != PS_REASON_NONE));
    check(fault.reason != PS_REASON_BUG && fault.offset <= len && fault.n_open == 0);
    check(memcmp(&before, &state, sizeof state) == 0);
    bool request = dialog->dir == PS_TO_SERVER;
    check(request || facts.n_facts == 0);
    for (uint16_t i = 0; i < facts.n_facts; i++) {
        check_fact(&facts.item[i]);
        check_values(&facts.item[i], pdu, len);
    }
    check_refusal(dialog, pdu, len, result == PS_OK);
    if (result == PS_OK) {
        check(rd.pos == len && (facts.n_facts > 0) == request);
        check_text();
        ps_modbus.accept(dialog, &facts);
        check(state.n_pending <= MB_OUTSTANDING_MAX);
    } else {
        char text[PS_OPERATION_TEXT_MAX];
        struct ps_txt txt;
        ps_txt_init(&txt, text, sizeof text);
        ps_operation_format(&ps_modbus, &facts, &txt);
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
            at = stream->n;
            break;
        }
        decode(dialog, octets, len);
        at += len;
    }
    if (dialog->datagram)
        at = stream->n;
    memmove(stream->octets, stream->octets + at, stream->n - at);
    stream->n -= at;
}

static void feed(struct stream *stream, const uint8_t *octets, uint32_t n)
{
    if (stream->n + n > STREAM_MAX)
        stream->n = 0;
    memcpy(stream->octets + stream->n, octets, n);
    stream->n += n;
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
    dialog.max_outstanding = data[1] & 4 ? 2 : 0;
    for (size_t at = 2; size - at >= 2;) {
        uint8_t head = data[at];
        size_t n = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
        dialog.dir = head & 1;
        dialog.now_ns += (uint64_t)(head >> 2) * UINT64_C(500000000);
        if (head & 2) {
            dialog.midstream = true;
            ps_modbus.gap(&dialog);
            streams[dialog.dir].n = 0;
        }
        feed(&streams[dialog.dir], data + at + 2, (uint32_t)n);
        judge(&dialog, &streams[dialog.dir]);
        at += 2 + n;
    }
    return 0;
}
