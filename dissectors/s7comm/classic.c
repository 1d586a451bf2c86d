/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * classic.c - the header of classic S7comm, and what it leads to: jobs, their answers, user data.
 */
#include "classic.h"

struct ps_fact *s7_object_fact(struct s7_pdu *pdu, struct s7_block object)
{
    struct ps_fact *fact = s7_fact(pdu, s7_op(pdu->classic->row));
    if (!fact || object.space == 0)
        return fact;
    fact->space = object.space;
    fact->first = fact->last = object.number;
    return fact;
}

static void set_row(struct s7_pdu *pdu, uint8_t row)
{
    pdu->classic->row = row;
    if (row == S7_ROW_NONE)
        return;
    pdu->facts->function = row;
    pdu->facts->code = s7_functions[row].code;
}

/* A job: of the client, or of the PLC that fetches a block. */
static void job(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint8_t fc = ps_rd_u8(&c->param);
    pdu->facts->kind = PS_PDU_REQUEST;
    pdu->facts->code = fc;
    set_row(pdu, s7_row_by_job(fc));
    bool service = fc == S7_FC_PI && s7_to_server(pdu);
    if (!ps_rd_require(pdu->rd, service || c->row != S7_ROW_NONE, PS_REASON_S7_FUNCTION))
        return;
    bool fetches = c->row == S7_ROW_DOWNLOAD_BLOCK || c->row == S7_ROW_DOWNLOAD_ENDED;
    if (!ps_rd_require(pdu->rd, fetches != s7_to_server(pdu), PS_REASON_S7_FUNCTION))
        return;
    bool ready = c->state->agreed.pdu_len > 0 || c->row == S7_ROW_SETUP || pdu->midstream;
    ps_rd_require(pdu->rd, ready, PS_REASON_S7_SEQUENCE);
    if (service)
        s7_request_pi(pdu);
    else
        s7_bodies[c->row].request(pdu);
    c->note.act = S7_ACT_ASK;
    if (!fetches)
        s7_pair_request(pdu);
}

/* An error: nothing, or with the function and one octet more. */
static void refusal(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint32_t n = ps_rd_left(&c->param);
    pdu->facts->kind = PS_PDU_REFUSAL;
    pdu->facts->error = (uint8_t)(c->error >> 8);
    pdu->facts->status = c->error;
    ps_rd_require(pdu->rd, c->error != 0 && n <= 2 && ps_rd_left(&c->data) == 0, PS_REASON_S7_HEADER);
    ps_rd_require(pdu->rd, n == 0 || c->rosctr == S7_ROSCTR_ACK_DATA, PS_REASON_S7_HEADER);
    if (c->request)
        set_row(pdu, c->request->row);
    if (n == 0)
        return;
    uint8_t fc = ps_rd_u8(&c->param);
    (void)ps_rd_bytes(&c->param, n - 1);
    if (c->request)
        s7_expect(pdu, s7_is_pi(c->row) ? fc == S7_FC_PI : fc == s7_functions[c->row].code);
}

/* Function 1, and its body. */
static void answer(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint8_t fc = ps_rd_u8(&c->param);
    bool service = fc == S7_FC_PI;
    uint8_t row = service && c->request && s7_is_pi(c->request->row) ? c->request->row : s7_row_by_job(fc);
    pdu->facts->kind = PS_PDU_REPLY;
    pdu->facts->code = fc;
    set_row(pdu, row);
    if (!ps_rd_require(pdu->rd, service || row != S7_ROW_NONE, PS_REASON_S7_FUNCTION))
        return;
    s7_expect(pdu, c->request && c->request->row == row);
    if (row == S7_ROW_NONE)
        s7_reply_plain(pdu);
    else
        s7_bodies[row].reply(pdu);
}

/* The PLC's answer to the client's job. */
static void acknowledge(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    s7_pair_reply(pdu);
    if (c->rosctr == S7_ROSCTR_ACK || c->error != 0)
        refusal(pdu);
    else
        answer(pdu);
}

/* No job that was judged has asked for this part of a block: it has to be granted itself. */
static void unasked(struct s7_pdu *pdu)
{
    pdu->facts->kind = PS_PDU_NOTICE;
    if (pdu->classic->row != S7_ROW_NONE)
        s7_object_fact(pdu, (struct s7_block){0});
}

/* The client's answer to the PLC's job: a part of a block, which 1B asked for. */
static void give(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    const struct s7_download *download = &c->state->download;
    bool asked = download->job && download->reference == c->reference;
    bool tolerant = pdu->midstream && !download->job;
    c->note.act = S7_ACT_GIVE;
    if (!ps_rd_require(pdu->rd, asked || tolerant, PS_REASON_S7_UNSOLICITED))
        return;
    if (c->rosctr == S7_ROSCTR_ACK || c->error != 0) {
        refusal(pdu);
        return;
    }
    answer(pdu);
    if (tolerant)
        unasked(pdu);
    bool fetched = c->row == S7_ROW_DOWNLOAD_BLOCK || c->row == S7_ROW_DOWNLOAD_ENDED;
    ps_rd_require(pdu->rd, fetched, PS_REASON_S7_FUNCTION);
    ps_rd_require(pdu->rd, !asked || c->row == download->job_row, PS_REASON_S7_REPLY);
}

static void by_kind(struct s7_pdu *pdu)
{
    switch (pdu->classic->rosctr) {
    case S7_ROSCTR_JOB:
        job(pdu);
        return;
    case S7_ROSCTR_ACK:
    case S7_ROSCTR_ACK_DATA:
        if (s7_to_server(pdu))
            give(pdu);
        else
            acknowledge(pdu);
        return;
    case S7_ROSCTR_USERDATA:
        s7_userdata(pdu);
        return;
    default:
        ps_rd_fail(pdu->rd, PS_REASON_S7_HEADER);
        return;
    }
}

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

/* Refused before its function was read: events call it by the octets that stand where the function should. */
static void call_by_octets(struct s7_pdu *pdu)
{
    static const uint8_t kinds[] = {PS_PDU_NOTICE, PS_PDU_REQUEST, PS_PDU_REPLY, PS_PDU_NONE};
    uint8_t rosctr = pdu->classic->rosctr;
    uint32_t head = rosctr == S7_ROSCTR_ACK_DATA ? S7_ACK_HEAD_LEN : S7_HEAD_LEN;
    const uint8_t *param = pdu->payload + head;
    uint32_t n = pdu->payload_len > head ? pdu->payload_len - head : 0;
    bool userdata = rosctr == S7_ROSCTR_USERDATA && n > 6;
    if (userdata) {
        pdu->facts->kind = kinds[param[5] >> 6];
        pdu->facts->code = S7_CODE_USERDATA(param[5] & 0x3f, param[6]);
        set_row(pdu, s7_row_by_userdata(param[5] & 0x3f, param[6]));
    }
    if (n == 0 || (rosctr != S7_ROSCTR_JOB && rosctr != S7_ROSCTR_ACK_DATA))
        return;
    pdu->facts->kind = rosctr == S7_ROSCTR_JOB ? PS_PDU_REQUEST : PS_PDU_REPLY;
    pdu->facts->code = param[0];
    set_row(pdu, s7_row_by_job(param[0]));
}

/* Protocol id 1, ROSCTR 1, redundancy id 2 (0), PDU reference 2, parameter length 2, data length 2; of acknowledgements
 * error class 1, error code 1 too. */
void s7_classic_decode(struct s7_pdu *pdu)
{
    struct s7_classic_pdu c = {.state = &pdu->state->classic, .row = S7_ROW_NONE};
    const uint8_t *head = ps_rd_bytes(pdu->rd, S7_HEAD_LEN);
    if (!head)
        return;
    c.note.tag = S7_NOTE_CLASSIC;
    c.note.slot = S7_SLOT_NONE;
    c.rosctr = head[1];
    c.reference = (uint16_t)be16(head + 4);
    pdu->facts->transaction = c.reference;
    pdu->classic = &c;
    bool acknowledges = c.rosctr == S7_ROSCTR_ACK || c.rosctr == S7_ROSCTR_ACK_DATA;
    uint32_t param_len = be16(head + 6), data_len = be16(head + 8);
    uint32_t most = c.state->agreed.pdu_len ? c.state->agreed.pdu_len : S7_TPDU_MAX;
    ps_rd_require(pdu->rd, be16(head + 2) == 0, PS_REASON_S7_HEADER);
    if (acknowledges)
        c.error = ps_rd_u16be(pdu->rd);
    ps_rd_require(pdu->rd, ps_rd_left(pdu->rd) == param_len + data_len, PS_REASON_S7_HEADER);
    ps_rd_require(pdu->rd, pdu->payload_len <= most, PS_REASON_S7_LENGTH);
    ps_rd_sub(pdu->rd, &c.param, param_len);
    ps_rd_sub(pdu->rd, &c.data, data_len);
    if (!ps_rd_failed(pdu->rd))
        by_kind(pdu);
    if (ps_rd_failed(pdu->rd) && pdu->facts->code == 0)
        call_by_octets(pdu);
    ps_rd_close(&c.param);
    ps_rd_close(&c.data);
    memcpy(pdu->facts->pairing, &c.note, sizeof c.note);
    pdu->classic = NULL;
}
