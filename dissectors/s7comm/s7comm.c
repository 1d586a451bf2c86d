/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "s7comm.h"

#include "s7.h"

_Static_assert(S7_N_ROWS <= PS_FUNCTIONS_MAX && S7_N_ROWS < S7_ROW_NONE, "rows must fit into bitmaps and octets");

const struct ps_dissector ps_s7comm = {
    .name = "s7comm",
    .protocol = PS_PROTOCOL_S7COMM,
    .default_port = 102,
    .max_pdu_len = S7_PDU_LEN_MAX,
    .state_len = sizeof(struct s7_state),
    .vocab = &s7_vocab,
    .carried = &s7p_vocab,
    .common = s7_common,
    .frame = s7_frame,
    .decode = s7_decode,
    .accept = s7_accept,
    .gap = s7_gap,
    .refuse = s7_refuse,
    .carry = s7_carry,
};
