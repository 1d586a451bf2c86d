/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * classic.c - the header of classic S7comm, and what it leads to.
 */
#include "s7.h"

/* Protocol id 1, ROSCTR 1, redundancy id 2 (0), PDU reference 2, parameter length 2, data length 2; of acknowledgements
 * error class 1, error code 1 too. */
void s7_classic_decode(struct s7_pdu *pdu)
{
    ps_rd_fail(pdu->rd, PS_REASON_S7_FUNCTION);
}

void s7_classic_accept(const struct ps_dialog *dialog, const struct ps_facts *facts)
{
    struct s7_state *state = dialog->state;
    (void)facts;
    state->classic.pdu_len = 240;
}

void s7_classic_gap(const struct ps_dialog *dialog)
{
    (void)dialog;
}
