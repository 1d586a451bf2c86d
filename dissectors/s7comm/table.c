/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "s7.h"

const struct ps_function s7_functions[S7_N_ROWS] = {
#define S7_LINK(id, code, name, label) {name, code, PS_OP_BIT(PS_OP_SESSION), label, true},
#include "function.def"
};
