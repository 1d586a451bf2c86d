/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refuse.c - the answer that a client gets for a request that was refused, in the PLC's name: what PLCs themselves send
 * when a protection level forbids it. S7comm-plus has none: its answers are signed.
 */
#include "classic.h"

/* Octets of a payload that tell what it asks: head, then of a job function 1 and count 1, of user data 8 or 12. */
#define START_MAX 22u

#define ITEM_DENIED 0x03u          /* return code: no access to this object */
#define ERROR_NOT_PERMITTED 0xd241u /* not at this protection level */
#define ERROR_UNKNOWN 0x8104u      /* no such function */

#define DR_LEN 11u
#define ITEM_LEN 4u /* of read-var: return code 1, size 1 (0), length 2 (0) */

_Static_assert(S7_DATA_HEAD_LEN + S7_ACK_HEAD_LEN + 2 + 255 * ITEM_LEN <= PS_REFUSAL_MAX, "the longest answer must fit");

/* What a request begins with, fragments joined. */
struct start {
    uint8_t octets[START_MAX];
    uint32_t n;
};

static bool read_start(const uint8_t *pdu, uint32_t len, struct start *start)
{
    struct s7_tpkt tpkt = {.eot = false};
    enum ps_reason reason;
    uint32_t at;
    start->n = 0;
    for (uint32_t pos = 0; pos < len && !tpkt.eot && start->n < START_MAX; pos += tpkt.len) {
        enum ps_result result = s7_tpkt_read(pdu + pos, len - pos, &tpkt, &reason, &at);
        if (result != PS_OK || tpkt.tpdu != S7_TPDU_DT || tpkt.len > len - pos)
            return false;
        uint32_t n = tpkt.len - S7_DATA_HEAD_LEN, room = START_MAX - start->n;
        n = n < room ? n : room;
        memcpy(start->octets + start->n, pdu + pos + S7_DATA_HEAD_LEN, n);
        start->n += n;
    }
    return start->n > S7_HEAD_LEN && start->octets[0] == S7_PROTOCOL_ID;
}

/* The head of an answer with so many octets of parameters and data, in one TPKT. Octets up to them; 0: the two ends have
 * agreed on less. */
static uint32_t put_head(const struct ps_dialog *dialog, const struct start *start, uint8_t *out, uint32_t param_len,
                         uint32_t data_len)
{
    const struct s7_state *state = dialog->state;
    uint8_t rosctr = start->octets[1] == S7_ROSCTR_USERDATA ? S7_ROSCTR_USERDATA
                     : param_len > 0                        ? S7_ROSCTR_ACK_DATA
                                                            : S7_ROSCTR_ACK;
    uint32_t head = rosctr == S7_ROSCTR_USERDATA ? S7_HEAD_LEN : S7_ACK_HEAD_LEN;
    uint32_t payload = head + param_len + data_len, len = S7_DATA_HEAD_LEN + payload;
    bool speaks = state->speaks != S7_SPEAKS_PLUS; /* else that is no classic connection */
    uint32_t tpdu_max = state->size_code ? 1u << state->size_code : S7_TPDU_MAX;
    uint32_t most = speaks && state->classic.agreed.pdu_len ? state->classic.agreed.pdu_len : S7_TPDU_MAX;
    if (!speaks || payload > most || len - S7_TPKT_LEN > tpdu_max)
        return 0;
    const uint8_t octets[S7_DATA_HEAD_LEN + S7_ACK_HEAD_LEN] = {
        3, 0, (uint8_t)(len >> 8), (uint8_t)len, 2, S7_TPDU_DT, 0x80, S7_PROTOCOL_ID, rosctr, 0, 0,
        start->octets[4], start->octets[5], (uint8_t)(param_len >> 8), (uint8_t)param_len,
        (uint8_t)(data_len >> 8), (uint8_t)data_len};
    memcpy(out, octets, S7_DATA_HEAD_LEN + head);
    return S7_DATA_HEAD_LEN + head;
}

/* Read-var, write-var: the answer that a job gets of which no item may be touched. Clients go on with it, and know which
 * of their variables it was about. Function 1, count 1; per item as in item.c. */
static uint32_t refuse_items(const struct ps_dialog *dialog, const struct start *start, uint8_t code, uint8_t *out)
{
    uint8_t function = start->octets[S7_HEAD_LEN], count = start->n > S7_HEAD_LEN + 1 ? start->octets[S7_HEAD_LEN + 1] : 0;
    uint32_t each = function == S7_FC_READ_VAR ? ITEM_LEN : 1;
    uint32_t at = count ? put_head(dialog, start, out, 2, each * count) : 0;
    if (at == 0)
        return 0;
    out[at++] = function;
    out[at++] = count;
    memset(out + at, 0, each * count);
    for (uint32_t i = 0; i < count; i++, at += each)
        out[at] = s7_is_item_error(code) ? code : ITEM_DENIED;
    return at;
}

/* Any other job: the head alone, with an error. */
static uint32_t refuse_job(const struct ps_dialog *dialog, const struct start *start, uint8_t *out)
{
    uint8_t fc = start->octets[S7_HEAD_LEN];
    uint16_t error = fc != S7_FC_PI && s7_row_by_job(fc) == S7_ROW_NONE ? ERROR_UNKNOWN : ERROR_NOT_PERMITTED;
    uint32_t at = put_head(dialog, start, out, 0, 0);
    if (at == 0)
        return 0;
    out[at - 2] = (uint8_t)(error >> 8);
    out[at - 1] = (uint8_t)error;
    return at;
}

/* User data, a request: its parameters in the long form (userdata.c) with an error, and no data. */
static uint32_t refuse_userdata(const struct ps_dialog *dialog, const struct start *start, uint8_t *out)
{
    const uint8_t *param = start->octets + S7_HEAD_LEN;
    bool request = start->n >= S7_HEAD_LEN + 8 && param[0] == 0 && param[1] == 1 && param[2] == 0x12 && param[5] >> 6 == 1;
    uint32_t at = request ? put_head(dialog, start, out, 12, 4) : 0;
    if (at == 0)
        return 0;
    uint8_t group = param[5] & 0x3f, sub = param[6];
    uint16_t error = s7_row_by_userdata(group, sub) == S7_ROW_NONE ? ERROR_UNKNOWN : ERROR_NOT_PERMITTED;
    const uint8_t answer[16] = {0, 1, 0x12, 8, 0x12, 0x80 | group, sub, param[7],
                                0, 0, (uint8_t)(error >> 8), (uint8_t)error, 0x0a};
    memcpy(out + at, answer, sizeof answer);
    return at + sizeof answer;
}

/* A connect request: disconnect request (ISO 8073, 13.5) with the client's reference, 0, and no reason given. */
static uint32_t refuse_connect(const uint8_t *pdu, uint8_t *out)
{
    const uint8_t dr[DR_LEN] = {3, 0, 0, DR_LEN, DR_LEN - S7_TPKT_LEN - 1, S7_TPDU_DR, pdu[8], pdu[9]};
    memcpy(out, dr, sizeof dr);
    return sizeof dr;
}

/* The PLC's own jobs, in a download, are refused to it in the client's name. An answer is no request: it gets nothing. */
uint32_t s7_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out)
{
    bool to_server = dialog->dir == PS_TO_SERVER;
    struct s7_tpkt tpkt;
    struct start start;
    enum ps_reason reason;
    uint32_t at;
    if (dialog->datagram || s7_tpkt_read(pdu, len, &tpkt, &reason, &at) != PS_OK)
        return 0;
    if (tpkt.tpdu == S7_TPDU_CR && tpkt.len == len && to_server)
        return refuse_connect(pdu, out);
    if (tpkt.tpdu != S7_TPDU_DT || !read_start(pdu, len, &start))
        return 0;
    uint8_t rosctr = start.octets[1], fc = start.octets[S7_HEAD_LEN];
    if (rosctr == S7_ROSCTR_USERDATA)
        return to_server ? refuse_userdata(dialog, &start, out) : 0;
    if (rosctr != S7_ROSCTR_JOB)
        return 0;
    bool items = to_server && (fc == S7_FC_READ_VAR || fc == S7_FC_WRITE_VAR);
    return items ? refuse_items(dialog, &start, code, out) : refuse_job(dialog, &start, out);
}
