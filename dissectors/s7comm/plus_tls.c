/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_tls.c - TLS records: that they are records is all that can be checked (RFC 8446, 5.1; RFC 5246, 6.2).
 */
#include "plus_own.h"

enum content_type {
    CONTENT_CHANGE_CIPHER_SPEC = 0x14,
    CONTENT_HANDSHAKE = 0x16,
    CONTENT_APPLICATION_DATA = 0x17,
};

#define VERSION_MAJOR 3
#define VERSION_MINOR_MAX 4
#define FRAGMENT_MAX ((1u << 14) + 2048u) /* TLS 1.2; 1.3 allows less */

/* As far as the octets of a record's head go, they may be one. A connection begins with a handshake. */
static bool is_head(const struct s7p_records *records, bool midstream)
{
    const uint8_t *head = records->head;
    uint32_t n = records->n_head, len = n < S7P_RECORD_HEAD_LEN ? 1 : (uint32_t)(head[3] << 8 | head[4]);
    bool type = n < 1 || (head[0] >= CONTENT_CHANGE_CIPHER_SPEC && head[0] <= CONTENT_APPLICATION_DATA);
    bool first = n < 1 || records->begun || midstream || head[0] == CONTENT_HANDSHAKE;
    bool version = (n < 2 || head[1] == VERSION_MAJOR) && (n < 3 || (head[2] >= 1 && head[2] <= VERSION_MINOR_MAX));
    return type && first && version && len >= 1 && len <= FRAGMENT_MAX;
}

static void read_head(struct s7p_pdu *p, struct s7p_records *records)
{
    records->head[records->n_head++] = ps_rd_u8(p->pdu->rd);
    if (!ps_rd_require(p->pdu->rd, is_head(records, p->pdu->midstream), PS_REASON_S7P_TLS))
        return;
    if (records->n_head < S7P_RECORD_HEAD_LEN)
        return;
    records->left = (uint16_t)(records->head[3] << 8 | records->head[4]);
    records->n_head = 0;
    records->begun = true;
}

static bool starts_record(const struct s7_pdu *pdu)
{
    struct s7p_records records = {.n_head = S7P_RECORD_HEAD_LEN, .begun = true};
    if (pdu->payload_len < S7P_RECORD_HEAD_LEN)
        return false;
    memcpy(records.head, pdu->payload, S7P_RECORD_HEAD_LEN);
    return is_head(&records, true);
}

/* Octets were lost: until a payload starts with a record nothing can be told. */
static void resume(const struct s7_pdu *pdu, struct s7p_records *records)
{
    if (!starts_record(pdu)) {
        (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd));
        return;
    }
    *records = (struct s7p_records){.begun = true};
}

void s7p_tls(struct s7p_pdu *p)
{
    struct ps_rd *rd = p->pdu->rd;
    struct s7p_records *records = &p->note.records;
    *records = p->state->records[p->pdu->dialog->dir];
    p->note.act = S7P_ACT_TLS;
    p->pdu->facts->kind = s7_to_server(p->pdu) ? PS_PDU_REQUEST : PS_PDU_REPLY;
    s7p_set_row(p, S7P_ROW_TLS);
    if (records->lost)
        resume(p->pdu, records);
    while (ps_rd_left(rd) > 0) {
        uint32_t n = ps_rd_left(rd) < records->left ? ps_rd_left(rd) : records->left;
        (void)ps_rd_bytes(rd, n);
        records->left = (uint16_t)(records->left - n);
        if (n == 0)
            read_head(p, records);
    }
    struct ps_fact *fact = s7_to_server(p->pdu) ? s7p_fact(p, PS_OP_OPAQUE) : NULL;
    if (fact)
        fact->asks = S7P_ASK_OPAQUE;
}
