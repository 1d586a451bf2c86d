/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dnp3.h"

#include "core.h"

_Static_assert(DN_N_ROWS <= PS_FUNCTIONS_MAX && DN_N_ROWS < DN_ROW_NONE, "rows must fit into bitmaps and octets");

const struct ps_dissector ps_dnp3 = {
    .name = "dnp3",
    .protocol = PS_PROTOCOL_DNP3,
    .default_port = 20000,
    .over_udp = true,
    .max_pdu_len = DN_PDU_LEN_MAX,
    .state_len = sizeof(struct dn_state),
    .spans_datagrams = true,
    .vocab = &dn_vocab,
    .common = dn_common,
    .frame = dn_frame,
    .decode = dn_decode,
    .accept = dn_accept,
    .gap = dn_gap,
    .refuse = dn_refuse,
    .carry = dn_carry,
};
