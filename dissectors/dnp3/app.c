/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * app.c - the head of an application fragment (IEEE 1815, clause 4.2).
 *
 *     AC: FIR, FIN, CON, UNS, SEQ 4 bits | function 1 | only in answers: IIN 2 | object headers
 */
#include "core.h"

#define FUNCTION_ANSWER 129u
#define IIN_RESERVED 0xc000u
#define CONTROL_BITS (DN_FIR | DN_FIN | DN_CON | DN_UNS)

/* DN-A01. Of the bits in `judged` those in `set` are set and no others. */
struct control_rule {
    uint8_t judged, set;
};

/* Outstations act on requests without an answer (6, 8, 10, 12) before they look at any bit, so those get no leniency. */
static struct control_rule control_rule(uint8_t row)
{
    switch (row) {
    case DN_ROW_CONFIRM:
        return (struct control_rule){DN_FIR | DN_FIN | DN_CON, DN_FIR | DN_FIN};
    case DN_ROW_RESPONSE:
        return (struct control_rule){DN_UNS, 0};
    case DN_ROW_UNSOLICITED:
        return (struct control_rule){DN_FIR | DN_FIN | DN_UNS, DN_FIR | DN_FIN | DN_UNS};
    case DN_ROW_AUTH_RESPONSE:
        return (struct control_rule){DN_FIR | DN_FIN | DN_UNS, DN_FIR | DN_FIN};
    default:
        return (struct control_rule){CONTROL_BITS, DN_FIR | DN_FIN};
    }
}

/* Those that outstations act on when all of them are meant, and that nobody answers then. */
static bool may_broadcast(uint8_t row)
{
    switch (row) {
    case DN_ROW_WRITE:
    case DN_ROW_DIRECT_OPERATE_NO_ACK:
    case DN_ROW_FREEZE_NO_ACK:
    case DN_ROW_FREEZE_CLEAR_NO_ACK:
    case DN_ROW_FREEZE_AT_NO_ACK:
    case DN_ROW_ENABLE_UNSOLICITED:
    case DN_ROW_DISABLE_UNSOLICITED:
    case DN_ROW_ASSIGN_CLASS:
    case DN_ROW_RECORD_TIME:
        return true;
    default:
        return false;
    }
}

static void fail_at(const struct ps_rd *rd, bool held, uint32_t offset, enum ps_reason reason)
{
    struct ps_rd at = *rd;
    at.pos = offset;
    ps_rd_require(&at, held, reason);
}

static enum ps_pdu_kind kind_of(const struct dn_fragment *fragment)
{
    if (fragment->row == DN_ROW_NONE)
        return PS_PDU_NONE;
    if (fragment->row == DN_ROW_RESPONSE)
        return PS_PDU_REPLY;
    return fragment->row == DN_ROW_UNSOLICITED || fragment->row == DN_ROW_AUTH_RESPONSE ? PS_PDU_NOTICE : PS_PDU_REQUEST;
}

static void read_head(struct dn_message *message)
{
    struct dn_fragment *fragment = &message->fragment;
    struct ps_rd *rd = fragment->rd;
    message->control = ps_rd_u8(rd);
    uint8_t function = ps_rd_u8(rd), row = dn_row_by_function(function);
    fragment->row = row;
    if (ps_rd_failed(rd))
        return;
    fragment->facts->function = row == DN_ROW_NONE ? PS_FUNCTION_UNKNOWN : row;
    fragment->facts->code = function;
    fragment->facts->station = fragment->station;
    fragment->facts->transaction = message->control & DN_SEQUENCE;
    fail_at(rd, row != DN_ROW_NONE, 1, PS_REASON_DNP3_FUNCTION);
    fail_at(rd, (function < FUNCTION_ANSWER) == fragment->from_master, 1, PS_REASON_DNP3_DIRECTION);
    struct control_rule rule = control_rule(row);
    fail_at(rd, (message->control & rule.judged) == rule.set, 0, PS_REASON_DNP3_CONTROL);
    bool broadcast = (fragment->asks & DN_ASK_BROADCAST) != 0;
    fail_at(rd, !broadcast || may_broadcast(row), 1, PS_REASON_DNP3_ADDRESS);
    if (function < FUNCTION_ANSWER)
        return;
    message->iin = ps_rd_u16le(rd);
    fragment->facts->status = message->iin;
    fail_at(rd, !(message->iin & IIN_RESERVED), 3, PS_REASON_DNP3_IIN);
}

/* DN-S04: whether it was selected is known when all of it was read. */
static void add_asks(const struct dn_message *message, uint16_t first)
{
    const struct dn_fragment *fragment = &message->fragment;
    bool operates = fragment->row == DN_ROW_OPERATE || fragment->row == DN_ROW_DIRECT_OPERATE ||
                    fragment->row == DN_ROW_DIRECT_OPERATE_NO_ACK;
    if (!operates || (message->note->flags & DN_NOTE_SELECTED))
        return;
    for (uint16_t i = first; i < fragment->facts->n_facts; i++)
        if (fragment->facts->item[i].op == PS_OP_OPERATE)
            fragment->facts->item[i].asks |= DN_ASK_UNSELECTED;
}

enum ps_pdu_kind dn_app_read(struct dn_message *message)
{
    struct dn_fragment *fragment = &message->fragment;
    uint16_t first = fragment->facts->n_facts;
    read_head(message);
    if (fragment->row == DN_ROW_DIRECT_OPERATE_NO_ACK)
        fragment->asks |= DN_ASK_NO_ACK;
    if (!ps_rd_failed(fragment->rd))
        dn_pair_before(message);
    if (!ps_rd_failed(fragment->rd))
        dn_objects(fragment);
    if (!ps_rd_failed(fragment->rd))
        dn_pair_after(message);
    add_asks(message, first);
    return kind_of(fragment);
}
