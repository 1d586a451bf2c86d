/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus.h"

#include "s7.h"

const struct ps_vocab s7p_vocab = {.name = "s7comm-plus", .protocol = PS_PROTOCOL_S7COMM_PLUS};

bool s7p_starts(const uint8_t *payload, uint32_t n)
{
    bool record = n > 1 && payload[0] >= 0x14 && payload[0] <= 0x17 && payload[1] == 3;
    return payload[0] == 0x72 || record;
}

void s7p_connect(struct s7_pdu *pdu, const struct s7_tsap *called)
{
    (void)called;
    ps_rd_fail(pdu->rd, PS_REASON_S7_TSAP);
}

void s7p_decode(struct s7_pdu *pdu)
{
    pdu->facts->protocol = PS_PROTOCOL_S7COMM_PLUS;
    ps_rd_fail(pdu->rd, PS_REASON_S7_PROTOCOL);
}

void s7p_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    (void)dialog;
    (void)facts;
}

void s7p_gap(const struct ps_dialog *dialog)
{
    (void)dialog;
}
