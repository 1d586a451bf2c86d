/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * table.c - the rows of function.def.
 */
#include "dn.h"

#define OP(op) PS_OP_BIT(PS_OP_##op)

const struct ps_function dn_functions[DN_N_ROWS] = {
#define DN_LINK(id, code, name, label) {name, DN_CODE_LINK | (code), OP(SESSION), label, true},
#define DN_APP(id, code, name, label, ops, content) {name, code, ops, label, DN_ROW_##id == DN_ROW_CONFIRM},
#include "function.def"
};

const uint8_t dn_contents[DN_N_ROWS] = {
#define DN_APP(id, code, name, label, ops, content) [DN_ROW_##id] = DN_CONTENT_##content,
#include "function.def"
};

/* Row + 1, so that what no row names stays 0. */
static const uint8_t by_function[256] = {
#define DN_APP(id, code, name, label, ops, content) [code] = DN_ROW_##id + 1,
#include "function.def"
};

uint8_t dn_row_by_function(uint8_t function)
{
    uint8_t row = by_function[function];
    return row ? (uint8_t)(row - 1) : DN_ROW_NONE;
}
