/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "s7comm.h"

#include "s7.h"

/* "0x04" of a job or a TPDU, "4/1" of user data. */
static uint16_t function_by_number(struct ps_str text)
{
    uint32_t code, sub = 0;
    if (!ps_str_u32(&text, 0xff, &code))
        return PS_FUNCTION_UNKNOWN;
    bool userdata = ps_str_char(&text, '/');
    if ((userdata && !ps_str_u32(&text, 0xff, &sub)) || text.len != 0)
        return PS_FUNCTION_UNKNOWN;
    code = userdata ? S7_CODE_USERDATA(code, sub) : code;
    for (uint16_t row = 0; row < S7_N_ROWS; row++)
        if (s7_functions[row].code == code)
            return row;
    return PS_FUNCTION_UNKNOWN;
}

/* PI services have names alone: their number is the job's. */
static void function_number(uint32_t code, struct ps_txt *out)
{
    if (code < 0x100) {
        ps_txt_str(out, "0x");
        ps_txt_hex(out, code, 2);
    } else if (code < S7_CODE_PI) {
        ps_txt_u64(out, code >> 8 & 0x3f);
        ps_txt_char(out, '/');
        ps_txt_u64(out, code & 0xff);
    } else {
        ps_txt_str(out, "0x28");
    }
}

const struct ps_vocab s7_vocab = {
    .name = "s7comm",
    .protocol = PS_PROTOCOL_S7COMM,
    .functions = s7_functions,
    .n_functions = S7_N_ROWS,
    .max_station = S7_STATION_UNKNOWN,
    .function_by_number = function_by_number,
    .function_number = function_number,
    .station_parse = s7_station_parse,
    .station_format = s7_station_format,
};

const struct ps_dissector ps_s7comm = {
    .name = "s7comm",
    .protocol = PS_PROTOCOL_S7COMM,
    .default_port = 102,
    .max_pdu_len = S7_PDU_LEN_MAX,
    .state_len = sizeof(struct s7_state),
    .vocab = &s7_vocab,
    .carried = &s7p_vocab,
    .frame = s7_frame,
    .decode = s7_decode,
    .accept = s7_accept,
    .gap = s7_gap,
};
