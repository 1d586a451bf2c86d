/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modbus.h"

#include "mb.h"

static const struct ps_space spaces[] = {
    {.name = "coil", .code = MB_SPACE_COIL, .max = MB_ADDRESSES - 1},
    {.name = "discrete", .code = MB_SPACE_DISCRETE, .max = MB_ADDRESSES - 1},
    {.name = "input", .code = MB_SPACE_INPUT, .max = MB_ADDRESSES - 1},
    {.name = "holding", .code = MB_SPACE_HOLDING, .max = MB_ADDRESSES - 1},
    {.name = "fifo", .code = MB_SPACE_FIFO, .max = MB_ADDRESSES - 1},
    {.name = "file", .code = MB_SPACE_FILE, .max = MB_RECORDS - 1, .max_number = 65535},
};

static const struct ps_relax relaxes[] = {
    {"modbus-exception-length", MB_RELAX_EXCEPTION_LENGTH,
     "exceptions are two octets long whatever their MBAP length says"},
    {"modbus-reply-length", MB_RELAX_REPLY_LENGTH,
     "replies are as long as function and byte count say, whatever their MBAP length says"},
    {"modbus-unit-any", MB_RELAX_UNIT_ANY, "replies may carry another unit id than the request"},
    {"modbus-same-ti-fifo", MB_RELAX_SAME_TI_FIFO,
     "clients may have several different requests outstanding under one transaction id, answered in order"},
    {"modbus-fc43-opaque", MB_RELAX_FC43_OPAQUE, "the body of replies to function 43 is not judged"},
    {"modbus-exception-code", MB_RELAX_EXCEPTION_CODE, "reserved exception codes pass"},
    {"modbus-padding", MB_RELAX_PADDING, "unused bits of the last octet of coils and inputs need not be zero"},
    {"modbus-max-quantity", MB_RELAX_MAX_QUANTITY, "up to 127 registers are read at once instead of 125"},
};

/* "6", "8/4", "43/14", "90/0x40". */
static uint16_t function_by_number(struct ps_str text)
{
    uint32_t fc, sub;
    uint8_t row;
    if (!ps_str_u32(&text, 127, &fc))
        return PS_FUNCTION_UNKNOWN;
    if (text.len == 0)
        row = mb_row_by_fc((uint8_t)fc);
    else if (ps_str_char(&text, '/') && ps_str_u32(&text, 0xffff, &sub) && text.len == 0)
        row = mb_row_by_sub((uint8_t)fc, sub);
    else
        return PS_FUNCTION_UNKNOWN;
    return row == MB_ROW_NONE ? PS_FUNCTION_UNKNOWN : row;
}

static void function_number(uint32_t code, struct ps_txt *out)
{
    uint32_t fc = code >> 16;
    if (fc == 0) {
        ps_txt_u64(out, code);
        return;
    }
    ps_txt_u64(out, fc);
    ps_txt_char(out, '/');
    if (fc != MB_FC_UMAS) {
        ps_txt_u64(out, code & 0xffff);
        return;
    }
    ps_txt_str(out, "0x");
    ps_txt_hex(out, code & 0xffff, 2);
}

/* One end of a reference: table digit, 'x', number from 1. */
static bool parse_reference(struct ps_str *text, uint32_t *space, uint32_t *address)
{
    static const struct {
        char digit;
        uint8_t space;
    } tables[] = {{'0', MB_SPACE_COIL}, {'1', MB_SPACE_DISCRETE}, {'3', MB_SPACE_INPUT}, {'4', MB_SPACE_HOLDING}};
    uint32_t number = 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct ps_str at = *text;
        if (!ps_str_char(&at, tables[i].digit) || !ps_str_char(&at, 'x'))
            continue;
        bool hex = at.len > 1 && (at.s[1] == 'x' || at.s[1] == 'X');
        if (hex || !ps_str_u32(&at, MB_ADDRESSES, &number) || number == 0)
            return false;
        *space = tables[i].space;
        *address = number - 1;
        *text = at;
        return true;
    }
    return false;
}

/* Reference notation, counted from 1: "4x00041", "4x00041-4x00048". */
static bool object_alias(struct ps_str text, struct ps_object_range *out)
{
    uint32_t space, first, last_space, last;
    if (!parse_reference(&text, &space, &first))
        return false;
    last_space = space;
    last = first;
    if (ps_str_char(&text, '-') && !parse_reference(&text, &last_space, &last))
        return false;
    if (text.len != 0 || last_space != space || last < first)
        return false;
    *out = (struct ps_object_range){.space = space, .first = first, .last = last};
    return true;
}

static bool is_in(uint32_t space, uint32_t wanted)
{
    return wanted == MB_SPACE_FILE ? space >= MB_SPACE_FILE && space - MB_SPACE_FILE <= UINT16_MAX : space == wanted;
}

static bool addresses(uint16_t function, uint8_t op, uint32_t space)
{
    bool has_op = function < MB_N_ROWS && op < PS_N_OPS && mb_functions[function].ops & PS_OP_BIT(op);
    return has_op && is_in(space, mb_space_of((uint8_t)function));
}

static bool value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    bool writes = op == PS_OP_WRITE || function == MB_ROW_WRITE_FILE_RECORD;
    if (!writes || space == 0 || !addresses(function, op, space))
        return false;
    *min = 0;
    *max = space == MB_SPACE_COIL ? 1 : 65535;
    return true;
}

static bool writes_unseen(uint16_t function, uint8_t op, uint32_t space)
{
    return space == 0 && mb_writes_unseen(function, op);
}

static const struct ps_vocab vocab = {
    .name = "modbus",
    .protocol = PS_PROTOCOL_MODBUS,
    .functions = mb_functions,
    .n_functions = MB_N_ROWS,
    .spaces = spaces,
    .n_spaces = sizeof spaces / sizeof spaces[0],
    .relaxes = relaxes,
    .n_relaxes = sizeof relaxes / sizeof relaxes[0],
    .max_station = 255,
    .max_outstanding = MB_OUTSTANDING_MAX,
    .default_outstanding = MB_OUTSTANDING_DEFAULT,
    .function_by_number = function_by_number,
    .function_number = function_number,
    .object_alias = object_alias,
    .counts_elements = true,
    .addresses = addresses,
    .value_limits = value_limits,
    .writes_unseen = writes_unseen,
};

const struct ps_dissector ps_modbus = {
    .name = "modbus",
    .protocol = PS_PROTOCOL_MODBUS,
    .default_port = 502,
    .over_udp = true,
    .max_pdu_len = MB_HEADER_LEN - 1 + MB_UMAS_SIZE_MAX + 2,
    .state_len = sizeof(struct mb_state),
    .vocab = &vocab,
    .common = mb_common,
    .glance = mb_glance,
    .glanced = mb_glanced,
    .frame = mb_frame,
    .decode = mb_decode,
    .accept = mb_accept,
    .gap = mb_gap,
    .refuse = mb_refuse,
    .carry = mb_carry,
};
