/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frame.c - where does the PDU end? TPKT (RFC 1006, section 6) and the first octets of COTP (ISO 8073, 13) say so.
 */
#include "s7.h"

/* Octets of a TPDU's head that belong to its kind; 0: no such kind in class 0. */
static uint32_t head_len(uint8_t tpdu)
{
    switch (tpdu) {
    case S7_TPDU_DT:
        return 2;
    case S7_TPDU_ER:
        return 4;
    case S7_TPDU_DC:
        return 5;
    case S7_TPDU_CR:
    case S7_TPDU_CC:
    case S7_TPDU_DR:
        return 6;
    default:
        return 0;
    }
}

static enum ps_result bad(enum ps_reason *reason, enum ps_reason which, uint32_t *at, uint32_t offset)
{
    *reason = which;
    *at = offset;
    return PS_BAD;
}

/* LI 1, code 1, and of data EOT and number 1. S7 devices differ in what they make of another LI than 2 of data, so it is
 * refused (snap7 ignores it and always skips three octets). */
static enum ps_result read_tpdu(const uint8_t *data, uint32_t n, struct s7_tpkt *tpkt, enum ps_reason *reason,
                                uint32_t *at)
{
    if (n < S7_TPKT_LEN + 2)
        return PS_MORE;
    uint32_t li = data[4], least = head_len(data[5]);
    tpkt->tpdu = data[5];
    if (least == 0)
        return bad(reason, PS_REASON_S7_COTP, at, 5);
    if (tpkt->tpdu != S7_TPDU_DT) {
        tpkt->eot = true;
        bool fits = li >= least && tpkt->len == S7_TPKT_LEN + 1 + li;
        return fits ? PS_OK : bad(reason, PS_REASON_S7_COTP, at, 4);
    }
    if (li != least)
        return bad(reason, PS_REASON_S7_COTP, at, 4);
    if (n < S7_DATA_HEAD_LEN)
        return PS_MORE;
    tpkt->eot = (data[6] & 0x80) != 0;
    return (data[6] & 0x7f) == 0 ? PS_OK : bad(reason, PS_REASON_S7_COTP, at, 6);
}

enum ps_result s7_tpkt_read(const uint8_t *data, uint32_t n, struct s7_tpkt *tpkt, enum ps_reason *reason, uint32_t *at)
{
    *tpkt = (struct s7_tpkt){0};
    if (n > 0 && data[0] != 3)
        return bad(reason, PS_REASON_S7_TPKT, at, 0);
    if (n > 1 && data[1] != 0)
        return bad(reason, PS_REASON_S7_TPKT, at, 1);
    if (n < S7_TPKT_LEN)
        return PS_MORE;
    uint32_t len = (uint32_t)(data[2] << 8 | data[3]);
    if (len < S7_DATA_HEAD_LEN || len > S7_TPKT_LEN + S7_TPDU_MAX)
        return bad(reason, PS_REASON_S7_TPKT, at, 2);
    tpkt->len = len;
    return read_tpdu(data, n, tpkt, reason, at);
}

/* A fault in a TPKT head is the end: what follows it could be read in two ways. */
static enum ps_result lose(struct ps_rd *rd, enum ps_reason reason, uint32_t offset)
{
    struct ps_rd at = *rd;
    at.pos += offset;
    return ps_rd_fail(&at, reason);
}

/* An empty data TPDU with EOT = 0 is a PDU of its own unless data came before it: STEP 7 sends them behind each answer. */
enum ps_result s7_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    const uint8_t *data = rd->data + rd->pos;
    uint32_t n = ps_rd_left(rd), end = 0;
    (void)dialog;
    *len = 0;
    for (uint32_t i = 0; i < S7_FRAGMENTS_MAX; i++) {
        struct s7_tpkt tpkt;
        enum ps_reason reason;
        uint32_t at;
        enum ps_result result = s7_tpkt_read(data + end, n - end, &tpkt, &reason, &at);
        if (result == PS_BAD)
            return lose(rd, reason, end + at);
        if (result == PS_OK && i > 0 && tpkt.tpdu != S7_TPDU_DT)
            return lose(rd, PS_REASON_S7_COTP, end + 5);
        if (end + tpkt.len > S7_PDU_LEN_MAX)
            return lose(rd, PS_REASON_S7_LENGTH, end + 2);
        if (result == PS_MORE)
            return PS_MORE;
        end += tpkt.len;
        bool last = tpkt.eot || (i == 0 && tpkt.len == S7_DATA_HEAD_LEN);
        *len = last ? end : 0;
        if (last || end > n)
            return end <= n ? PS_OK : PS_MORE;
    }
    return lose(rd, PS_REASON_S7_LENGTH, end);
}
