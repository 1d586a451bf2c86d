/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * made_up.h - a protocol that has everything a vocabulary can have, without a dissector.
 */
#pragma once

#include "vocab.h"

enum { SPACE_PLAIN = 1, SPACE_BITS = 2, SPACE_HEX = 3, SPACE_G1 = 0x100, SPACE_G12 = 0x200, SPACE_DB = 0x10000 };

static const struct ps_space made_up_spaces[] = {
    {.name = "plain", .code = SPACE_PLAIN, .max = 999},
    {.name = "m", .code = SPACE_BITS, .max = 65536 * 8 - 1, .bits = true},
    {.name = "szl", .code = SPACE_HEX, .max = 0xffff, .hex = true},
    {.name = "g1", .code = SPACE_G1, .max = 65535, .max_number = 3, .number_mark = "v", .any_number = true},
    {.name = "g12", .code = SPACE_G12, .max = 65535, .max_number = 3, .number_mark = "v", .any_number = true},
    {.name = "db", .code = SPACE_DB, .max = 65536 * 8 - 1, .max_number = 65535, .number_mark = "", .bits = true},
};

static const struct ps_choice made_up_choices[] = {{"trip", 0x82}, {"close", 0x42}, {"none", 1}};

static const struct ps_param made_up_params[] = {
    {"on_time", "ms", "how long it is on"},
    {"count", "", "how often"},
};

enum { ASK_BROADCAST = 1, ASK_SELECT = 2 };

static const struct ps_ask made_up_asks[] = {
    {"broadcast", "broadcast", ASK_BROADCAST, false, "to all stations"},
    {"select_before_operate", "direct", ASK_SELECT, true, "nothing without a select"},
};

enum { ROW_READ, ROW_OPERATE, ROW_BOTH, ROW_NOTHING, ROW_EITHER, N_ROWS };

static const struct ps_function made_up_functions[N_ROWS] = {
    {"read", 1, PS_OP_BIT(PS_OP_READ), "Read", false},
    {"operate", 4, PS_OP_BIT(PS_OP_OPERATE), "Operate", false},
    {"both", 5, PS_OP_BIT(PS_OP_READ) | PS_OP_BIT(PS_OP_WRITE), "Read or write, by the object", false},
    {"nothing", 6, PS_OP_BIT(PS_OP_SESSION), "Nothing", true},
    {"either", 7, PS_OP_BIT(PS_OP_CONTROL), "Objects or none", false},
};

/* MASTER -> OUTSTATION, one of each. */
static inline bool made_up_station_parse(struct ps_str text, struct ps_range *out)
{
    uint32_t master, outstation;
    if (!ps_str_u32(&text, 0xff, &master))
        return false;
    while (ps_str_char(&text, ' '))
        continue;
    if (!ps_str_word(&text, "->"))
        return false;
    while (ps_str_char(&text, ' '))
        continue;
    if (!ps_str_u32(&text, 0xff, &outstation) || text.len > 0)
        return false;
    *out = (struct ps_range){master << 8 | outstation, master << 8 | outstation};
    return true;
}

static inline void made_up_station_format(struct ps_range range, struct ps_txt *out)
{
    ps_txt_u64(out, range.first >> 8);
    ps_txt_str(out, " -> ");
    ps_txt_u64(out, range.first & 0xff);
}

static inline void made_up_number(uint32_t code, struct ps_txt *out)
{
    ps_txt_u64(out, code);
}

static inline bool made_up_addresses(uint16_t function, uint8_t op, uint32_t space)
{
    (void)op;
    return function == ROW_NOTHING ? space == 0 : function == ROW_EITHER || space != 0;
}

static inline bool made_up_value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    *max = 0x1.fffffep127;
    *min = -*max;
    return function == ROW_BOTH && op == PS_OP_WRITE && space >= SPACE_DB;
}

static inline bool made_up_carries(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params)
{
    (void)op;
    *n_params = function == ROW_OPERATE && space >= SPACE_G12 ? 2 : 0;
    return function == ROW_OPERATE;
}

static inline void made_up_status(uint32_t status, struct ps_txt *out)
{
    ps_txt_str(out, "status=");
    ps_txt_u64(out, status);
}

static const struct ps_vocab made_up = {
    .name = "made-up",
    .protocol = PS_PROTOCOL_DNP3,
    .functions = made_up_functions,
    .n_functions = N_ROWS,
    .spaces = made_up_spaces,
    .n_spaces = sizeof made_up_spaces / sizeof made_up_spaces[0],
    .choices_key = "controls",
    .choice_word = "control",
    .choices = made_up_choices,
    .n_choices = sizeof made_up_choices / sizeof made_up_choices[0],
    .max_choice = 256,
    .params = made_up_params,
    .n_params = 2,
    .asks = made_up_asks,
    .n_asks = 2,
    .max_station = 0xffff,
    .station_parse = made_up_station_parse,
    .station_format = made_up_station_format,
    .station_sentence = "master and outstation: \"3 -> 17\"",
    .max_outstanding = 4,
    .default_outstanding = 4,
    .function_number = made_up_number,
    .status_format = made_up_status,
    .ops_by_object = true,
    .addresses = made_up_addresses,
    .value_limits = made_up_value_limits,
    .carries = made_up_carries,
};
