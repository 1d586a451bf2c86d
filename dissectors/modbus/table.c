/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mb.h"

#define OP(op) PS_OP_BIT(PS_OP_##op)

const struct ps_function mb_functions[MB_N_ROWS] = {
#define MB_FUNCTION(id, fc, name, label, ops, request, reply) {name, fc, ops, label, false},
#define MB_DIAGNOSTIC(id, sub, name, label, ops, request, reply) {name, MB_FC_DIAGNOSTICS << 16 | (sub), ops, label, false},
#define MB_MEI(id, sub, name, label, ops, request, reply) {name, MB_FC_ENCAPSULATED << 16 | (sub), ops, label, false},
#define MB_UMAS(id, sub, name, label, ops, request, reply) {name, MB_FC_UMAS << 16 | (sub), ops, label, false},
#include "function.def"
};

const struct mb_bodies mb_bodies[MB_N_ROWS] = {
#define MB_FUNCTION(id, code, name, label, ops, request, reply) {mb_request_##request, mb_reply_##reply},
#define MB_DIAGNOSTIC MB_FUNCTION
#define MB_MEI MB_FUNCTION
#define MB_UMAS MB_FUNCTION
#include "function.def"
};

/* Row + 1, so that what no row names stays 0. */
#define ROW_AT(id, code, name, label, ops, request, reply) [code] = MB_ROW_##id + 1,

static const uint8_t by_fc[128] = {
#define MB_FUNCTION ROW_AT
#include "function.def"
};

static const uint8_t by_diagnostic[256] = {
#define MB_DIAGNOSTIC ROW_AT
#include "function.def"
};

static const uint8_t by_mei[256] = {
#define MB_MEI ROW_AT
#include "function.def"
};

static const uint8_t by_umas[256] = {
#define MB_UMAS ROW_AT
#include "function.def"
};

uint8_t mb_row_by_fc(uint8_t fc)
{
    uint8_t row = fc < 128 ? by_fc[fc] : 0;
    return row ? (uint8_t)(row - 1) : MB_ROW_NONE;
}

uint8_t mb_row_by_sub(uint8_t fc, uint32_t sub)
{
    uint8_t row = 0;
    if (sub > 255)
        return MB_ROW_NONE;
    if (fc == MB_FC_DIAGNOSTICS)
        row = by_diagnostic[sub];
    else if (fc == MB_FC_ENCAPSULATED)
        row = by_mei[sub];
    else if (fc == MB_FC_UMAS)
        row = by_umas[sub];
    return row ? (uint8_t)(row - 1) : MB_ROW_NONE;
}

uint32_t mb_space_of(uint8_t row)
{
    static const uint32_t spaces[MB_N_ROWS] = {
        [MB_ROW_READ_COILS] = MB_SPACE_COIL,
        [MB_ROW_WRITE_SINGLE_COIL] = MB_SPACE_COIL,
        [MB_ROW_WRITE_MULTIPLE_COILS] = MB_SPACE_COIL,
        [MB_ROW_READ_DISCRETE_INPUTS] = MB_SPACE_DISCRETE,
        [MB_ROW_READ_INPUT_REGISTERS] = MB_SPACE_INPUT,
        [MB_ROW_READ_HOLDING_REGISTERS] = MB_SPACE_HOLDING,
        [MB_ROW_WRITE_SINGLE_REGISTER] = MB_SPACE_HOLDING,
        [MB_ROW_WRITE_MULTIPLE_REGISTERS] = MB_SPACE_HOLDING,
        [MB_ROW_MASK_WRITE_REGISTER] = MB_SPACE_HOLDING,
        [MB_ROW_READ_WRITE_MULTIPLE_REGISTERS] = MB_SPACE_HOLDING,
        [MB_ROW_READ_FIFO_QUEUE] = MB_SPACE_FIFO,
        [MB_ROW_READ_FILE_RECORD] = MB_SPACE_FILE,
        [MB_ROW_WRITE_FILE_RECORD] = MB_SPACE_FILE,
    };
    return row < MB_N_ROWS ? spaces[row] : 0;
}

bool mb_writes_unseen(uint16_t function, uint8_t op)
{
    if (function >= MB_N_ROWS)
        return false;
    if (op == PS_OP_OPAQUE || op == PS_OP_PROGRAM)
        return true;
    return op == PS_OP_WRITE && mb_space_of((uint8_t)function) == 0;
}
