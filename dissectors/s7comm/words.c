/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - the vocabulary: address spaces, transport sizes, relax switches, numbers of functions.
 */
#include "classic.h"

#define LAST_BIT (S7_BYTES_MAX * 8 - 1)
#define LAST_NUMBER (S7_NUMBERS_MAX - 1)

static const struct ps_space spaces[] = {
    {.name = "i", .code = S7_SPACE_I, .max = LAST_BIT, .bits = true},
    {.name = "q", .code = S7_SPACE_Q, .max = LAST_BIT, .bits = true},
    {.name = "m", .code = S7_SPACE_M, .max = LAST_BIT, .bits = true},
    {.name = "p", .code = S7_SPACE_P, .max = LAST_BIT, .bits = true},
    {.name = "l", .code = S7_SPACE_L, .max = LAST_BIT, .bits = true},
    {.name = "v", .code = S7_SPACE_V, .max = LAST_BIT, .bits = true},
    {.name = "c", .code = S7_SPACE_C, .max = LAST_NUMBER},
    {.name = "t", .code = S7_SPACE_T, .max = LAST_NUMBER},
    {.name = "sm", .code = S7_SPACE_SM, .max = LAST_BIT, .bits = true},
    {.name = "ai", .code = S7_SPACE_AI, .max = LAST_BIT, .bits = true},
    {.name = "aq", .code = S7_SPACE_AQ, .max = LAST_BIT, .bits = true},
    {.name = "szl", .code = S7_SPACE_SZL, .max = 0xffff, .hex = true},
    {.name = "block-ob", .code = S7_SPACE_BLOCK + 8, .max = S7_BLOCK_MAX},
    {.name = "block-cmod", .code = S7_SPACE_BLOCK + 9, .max = S7_BLOCK_MAX},
    {.name = "block-db", .code = S7_SPACE_BLOCK + 10, .max = S7_BLOCK_MAX},
    {.name = "block-sdb", .code = S7_SPACE_BLOCK + 11, .max = S7_BLOCK_MAX},
    {.name = "block-fc", .code = S7_SPACE_BLOCK + 12, .max = S7_BLOCK_MAX},
    {.name = "block-sfc", .code = S7_SPACE_BLOCK + 13, .max = S7_BLOCK_MAX},
    {.name = "block-fb", .code = S7_SPACE_BLOCK + 14, .max = S7_BLOCK_MAX},
    {.name = "block-sfb", .code = S7_SPACE_BLOCK + 15, .max = S7_BLOCK_MAX},
    {.name = "db", .code = S7_SPACE_DB, .max = LAST_BIT, .max_number = 65535, .number_mark = "", .bits = true},
    {.name = "di", .code = S7_SPACE_DI, .max = LAST_BIT, .max_number = 65535, .number_mark = "", .bits = true},
};

static const struct ps_choice choices[] = {
    {"bit", S7_CHOICE(S7_TYPE_BIT)},       {"byte", S7_CHOICE(S7_TYPE_BYTE)},
    {"char", S7_CHOICE(S7_TYPE_CHAR)},     {"word", S7_CHOICE(S7_TYPE_WORD)},
    {"int", S7_CHOICE(S7_TYPE_INT)},       {"dword", S7_CHOICE(S7_TYPE_DWORD)},
    {"dint", S7_CHOICE(S7_TYPE_DINT)},     {"real", S7_CHOICE(S7_TYPE_REAL)},
    {"date", S7_CHOICE(S7_TYPE_DATE)},     {"tod", S7_CHOICE(S7_TYPE_TOD)},
    {"time", S7_CHOICE(S7_TYPE_TIME)},     {"s5time", S7_CHOICE(S7_TYPE_S5TIME)},
    {"dt", S7_CHOICE(S7_TYPE_DT)},         {"counter", S7_CHOICE(S7_TYPE_COUNTER)},
    {"timer", S7_CHOICE(S7_TYPE_TIMER)},
};

static const struct ps_relax relaxes[] = {
    {"s7-resetup", S7_RELAX_RESETUP, "clients may set up communication again with other values"},
    {"s7-read-error-len4", S7_RELAX_READ_ERROR_LEN4, "failed items of an answer may claim a length of 4 that they do not have"},
    {"s7-trailing-zero-userdata", S7_RELAX_TRAILING_ZERO, "zeros may follow behind the user data of an answer"},
    {"s7-write-dint-bits", S7_RELAX_WRITE_DINT_BITS, "clients may write DINTs with the data size of INTs, as snap7 does"},
};

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
    if (code >= S7_CODE_PI)
        code = S7_FC_PI;
    if (code >= S7_CODE_USERDATA(0, 0)) {
        ps_txt_u64(out, code >> 8 & 0x3f);
        ps_txt_char(out, '/');
        ps_txt_u64(out, code & 0xff);
        return;
    }
    ps_txt_str(out, "0x");
    ps_txt_hex(out, code, 2);
}

/* ---- what the facts of a function are like --------------------------------------------------------------------- */

static bool is_memory(uint32_t space)
{
    return space >= S7_SPACE_DB || (space >= S7_SPACE_I && space <= S7_SPACE_AQ);
}

static bool is_block(uint32_t space)
{
    return space >= S7_SPACE_BLOCK + 8 && space <= S7_SPACE_BLOCK + 15;
}

/* Reads or writes variables. */
static bool has_variables(uint16_t function)
{
    switch (function) {
    case S7_ROW_READ_VAR:
    case S7_ROW_WRITE_VAR:
    case S7_ROW_VARIABLE_STATUS:
    case S7_ROW_MODIFY_VARIABLE:
    case S7_ROW_CYCLIC_READ:
    case S7_ROW_CYCLIC_CHANGES:
    case S7_ROW_CYCLIC_MODIFY:
        return true;
    default:
        return false;
    }
}

/* Further parts of an upload or a list name nothing when their beginning went unseen. */
static bool addresses(uint16_t function, uint8_t op, uint32_t space)
{
    (void)op;
    if (has_variables(function))
        return is_memory(space);
    switch (function) {
    case S7_ROW_REQUEST_DOWNLOAD:
    case S7_ROW_START_UPLOAD:
    case S7_ROW_INSERT_BLOCK:
    case S7_ROW_DELETE_BLOCK:
    case S7_ROW_BLOCK_INFO:
        return is_block(space);
    case S7_ROW_DOWNLOAD_BLOCK:
    case S7_ROW_DOWNLOAD_ENDED:
    case S7_ROW_UPLOAD:
    case S7_ROW_END_UPLOAD:
    case S7_ROW_BLOCK_LIST_OF_TYPE:
        return is_block(space) || space == 0;
    case S7_ROW_READ_SZL:
        return space == S7_SPACE_SZL || space == 0;
    default:
        return space == 0;
    }
}

static bool writes_variables(uint16_t function)
{
    return function == S7_ROW_WRITE_VAR || function == S7_ROW_MODIFY_VARIABLE;
}

/* Of the widest type. */
static bool value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    (void)op;
    *max = 0x1.fffffep127;
    *min = -*max;
    return writes_variables(function) && is_memory(space);
}

/* Dates with time have no number, and what is no number may lie in two fragments. */
static bool writes_unseen(uint16_t function, uint8_t op, uint32_t space)
{
    (void)op;
    (void)space;
    s7_body *body = function < S7_N_ROWS ? s7_bodies[function].request : NULL;
    return writes_variables(function) || body == s7_request_unseen || body == s7_request_block_send ||
           body == s7_request_tis_unseen || body == s7_pi_texts;
}

static bool carries(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params)
{
    (void)op;
    (void)space;
    *n_params = 0;
    return has_variables(function);
}

static bool writes_single(uint16_t function, uint32_t space, uint16_t choice)
{
    (void)function;
    (void)space;
    return choice == S7_CHOICE(S7_TYPE_REAL);
}

/* "error=0xd241": class and code. */
static void status_format(uint32_t status, struct ps_txt *out)
{
    ps_txt_str(out, "error=0x");
    ps_txt_hex(out, status, 4);
}

const struct ps_vocab s7_vocab = {
    .name = "s7comm",
    .protocol = PS_PROTOCOL_S7COMM,
    .functions = s7_functions,
    .n_functions = S7_N_ROWS,
    .spaces = spaces,
    .n_spaces = sizeof spaces / sizeof spaces[0],
    .relaxes = relaxes,
    .n_relaxes = sizeof relaxes / sizeof relaxes[0],
    .choices_key = "types",
    .choice_word = "type",
    .choices = choices,
    .n_choices = sizeof choices / sizeof choices[0],
    .max_choice = S7_CHOICE(S7_TYPE_MAX),
    .max_station = S7_STATION_UNKNOWN,
    .station_parse = s7_station_parse,
    .station_format = s7_station_format,
    .station_open = 0xff, /* kinds of connection */
    .station_sentence = "rack and slot of the called TSAP, with the kind of connection where it matters: \"0.2\", \"0.2-0.4\", "
                        "\"pg:0.2\"",
    .max_outstanding = S7_JOBS_MAX,
    .default_outstanding = S7_JOBS_MAX,
    .function_by_number = function_by_number,
    .function_number = function_number,
    .status_format = status_format,
    .object_alias = s7_object_alias,
    .ops_by_object = true,
    .addresses = addresses,
    .value_limits = value_limits,
    .writes_unseen = writes_unseen,
    .writes_single = writes_single,
    .carries = carries,
};
