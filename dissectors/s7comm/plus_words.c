/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_words.c - the vocabulary of S7comm-plus: functions, stations, address spaces.
 *
 *     object:52    an object of the PLC, by its number; `attribute` says which of its attributes
 *     db10:3       part 3 (LID) of data block 10; db10: all of it
 *     m:9          part 9 of the flags, likewise i, q, c and t
 */
#include "plus_own.h"

#define OP(op) PS_OP_BIT(PS_OP_##op)

const struct ps_function s7p_functions[S7P_N_ROWS] = {
#define S7P_LINK(id, code, name, label, ops, housekeeping) {name, code, ops, label, housekeeping},
#define S7P_FUNCTION(id, code, name, label, ops, body) {name, code, ops, label, S7P_ROW_##id == S7P_ROW_INIT_SSL},
#define S7P_CASE(id, code, which, name, label, ops, housekeeping) {name, S7P_CODE(code, which), ops, label, housekeeping},
#include "plus_function.def"
};

s7p_body *const s7p_bodies[S7P_N_ROWS] = {
#define S7P_FUNCTION(id, code, name, label, ops, body) [S7P_ROW_##id] = s7p_body_##body,
#include "plus_function.def"
};

uint8_t s7p_row_by_code(uint16_t code)
{
    for (uint8_t row = 0; row < S7P_N_ROWS; row++)
        if (s7p_bodies[row] && s7p_functions[row].code == code)
            return row;
    return S7P_ROW_NONE;
}

/* ---- stations -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    const char *tsap; /* 16 octets at most: the word is cut where the name is */
} stations[S7P_N_STATIONS] = {
    [S7P_STATION_UNKNOWN] = {"unknown", ""},
    [S7P_STATION_HMI] = {"hmi", "SIMATIC-ROOT-HMI"},
    [S7P_STATION_ES] = {"es", "SIMATIC-ROOT-ES"},
    [S7P_STATION_OTHER] = {"other", "SIMATIC-ROOT-OTH"},
};

uint32_t s7p_station(const struct s7_tsap *called)
{
    struct ps_str name = {(const char *)called->octets, called->len};
    for (uint32_t i = 1; i < S7P_N_STATIONS; i++)
        if (ps_str_equal(name, stations[i].tsap))
            return i;
    return S7P_STATION_UNKNOWN;
}

static bool station_parse(struct ps_str text, struct ps_range *out)
{
    for (uint32_t i = 0; i < S7P_N_STATIONS; i++) {
        if (!ps_str_equal(text, stations[i].word))
            continue;
        *out = (struct ps_range){i, i};
        return true;
    }
    return false;
}

/* Ranges are single stations, as they are parsed. */
static void station_format(struct ps_range range, struct ps_txt *out)
{
    ps_txt_str(out, range.first < S7P_N_STATIONS ? stations[range.first].word : stations[0].word);
}

/* ---- spaces, keys ---------------------------------------------------------------------------------------------- */

static const struct ps_space spaces[] = {
    {.name = "object", .code = S7P_SPACE_OBJECT, .max = UINT32_MAX},
    {.name = "i", .code = S7P_SPACE_I, .max = S7P_LID_MAX},
    {.name = "q", .code = S7P_SPACE_Q, .max = S7P_LID_MAX},
    {.name = "m", .code = S7P_SPACE_M, .max = S7P_LID_MAX},
    {.name = "c", .code = S7P_SPACE_C, .max = S7P_LID_MAX},
    {.name = "t", .code = S7P_SPACE_T, .max = S7P_LID_MAX},
    {.name = "db", .code = S7P_SPACE_DB, .max = S7P_LID_MAX, .max_number = 65535, .number_mark = ""},
};

static const struct ps_param params[] = {
    {"attribute", "", "attributes of the objects (of space \"object\") that may be read or written"},
};

static const struct ps_ask asks[] = {
    {"opaque", "opaque", S7P_ASK_OPAQUE, false,
     "also what cannot be seen: TLS, downloads, methods, and bodies that are not understood"},
    {"require_tls", "in-clear", S7P_ASK_CLEAR, true, "sessions only in TLS, after init-ssl was answered"},
};

static const struct ps_choice choices[] = {
    {"bool", S7P_CHOICE(0x01)},      {"usint", S7P_CHOICE(0x02)},    {"uint", S7P_CHOICE(0x03)},
    {"udint", S7P_CHOICE(0x04)},     {"ulint", S7P_CHOICE(0x05)},    {"sint", S7P_CHOICE(0x06)},
    {"int", S7P_CHOICE(0x07)},       {"dint", S7P_CHOICE(0x08)},     {"lint", S7P_CHOICE(0x09)},
    {"byte", S7P_CHOICE(0x0a)},      {"word", S7P_CHOICE(0x0b)},     {"dword", S7P_CHOICE(0x0c)},
    {"lword", S7P_CHOICE(0x0d)},     {"real", S7P_CHOICE(S7P_TYPE_REAL)}, {"lreal", S7P_CHOICE(0x0f)},
    {"timestamp", S7P_CHOICE(0x10)}, {"timespan", S7P_CHOICE(0x11)}, {"rid", S7P_CHOICE(0x12)},
    {"aid", S7P_CHOICE(0x13)},       {"blob", S7P_CHOICE(0x14)},     {"wstring", S7P_CHOICE(0x15)},
    {"struct", S7P_CHOICE(S7P_TYPE_STRUCT)},
};

/* "0x04f2" */
static uint16_t function_by_number(struct ps_str text)
{
    uint32_t code;
    if (!ps_str_u32(&text, 0xffff, &code) || text.len != 0)
        return PS_FUNCTION_UNKNOWN;
    for (uint16_t row = 0; row < S7P_N_ROWS; row++)
        if (s7p_functions[row].code == code)
            return row;
    return PS_FUNCTION_UNKNOWN;
}

/* Cases of a function have names alone: their number is the function's. */
static void function_number(uint32_t code, struct ps_txt *out)
{
    ps_txt_str(out, "0x");
    ps_txt_hex(out, code & 0xffff, 4);
}

/* The low half of the return value. */
static void status_format(uint32_t status, struct ps_txt *out)
{
    ps_txt_str(out, "return=0x");
    ps_txt_hex(out, status, 4);
}

/* ---- what the facts of a function are like --------------------------------------------------------------------- */

static bool names_variables(uint16_t function)
{
    switch (function) {
    case S7P_ROW_SUBSCRIBE:
    case S7P_ROW_SET_VARIABLE:
    case S7P_ROW_SET_MULTI_VARIABLES:
    case S7P_ROW_GET_VARIABLE:
    case S7P_ROW_GET_MULTI_VARIABLES:
    case S7P_ROW_GET_VAR_SUB_STREAMED:
        return true;
    default:
        return false;
    }
}

static bool names_object(uint16_t function)
{
    switch (function) {
    case S7P_ROW_EXPLORE:
    case S7P_ROW_DELETE_OBJECT:
    case S7P_ROW_ADD_LINK:
    case S7P_ROW_REMOVE_LINK:
    case S7P_ROW_GET_LINK:
    case S7P_ROW_SET_VAR_SUB_STREAMED:
        return true;
    default:
        return false;
    }
}

/* Opaque facts have no object. */
static bool addresses(uint16_t function, uint8_t op, uint32_t space)
{
    if (names_object(function))
        return space == S7P_SPACE_OBJECT;
    if (space == 0)
        return op != PS_OP_WRITE && op != PS_OP_TIME;
    if (!names_variables(function))
        return false;
    if (op == PS_OP_WRITE)
        return s7p_is_memory(space);
    return op == PS_OP_READ || space == S7P_SPACE_OBJECT;
}

static bool writes_variables(uint16_t function)
{
    return function == S7P_ROW_SET_VARIABLE || function == S7P_ROW_SET_MULTI_VARIABLES;
}

/* Of the widest type. */
static bool value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    (void)op;
    *max = 0x1.fffffffffffffp1023;
    *min = -*max;
    return writes_variables(function) && space != 0;
}

/* Arrays, texts and structures have no number. */
static bool writes_unseen(uint16_t function, uint8_t op, uint32_t space)
{
    (void)op;
    return writes_variables(function) && space != 0;
}

static bool writes_single(uint16_t function, uint32_t space, uint16_t choice)
{
    return writes_variables(function) && space != 0 && choice == S7P_CHOICE(S7P_TYPE_REAL);
}

static bool carries(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params)
{
    (void)op;
    *n_params = names_variables(function) && space == S7P_SPACE_OBJECT ? 1 : 0;
    return writes_variables(function) && space != 0;
}

const struct ps_vocab s7p_vocab = {
    .name = "s7comm-plus",
    .protocol = PS_PROTOCOL_S7COMM_PLUS,
    .functions = s7p_functions,
    .n_functions = S7P_N_ROWS,
    .spaces = spaces,
    .n_spaces = sizeof spaces / sizeof spaces[0],
    .choices_key = "types",
    .choice_word = "type",
    .choices = choices,
    .n_choices = sizeof choices / sizeof choices[0],
    .max_choice = S7P_CHOICE(S7P_TYPE_STRUCT),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .asks = asks,
    .n_asks = sizeof asks / sizeof asks[0],
    .max_station = S7P_N_STATIONS - 1,
    .station_parse = station_parse,
    .station_format = station_format,
    .station_sentence = "what the called TSAP says, which the client chooses: \"hmi\", \"es\" (engineering), \"other\", \"unknown\"",
    .max_outstanding = S7P_REQUESTS_MAX,
    .default_outstanding = S7P_OUTSTANDING_DEFAULT,
    .function_by_number = function_by_number,
    .function_number = function_number,
    .status_format = status_format,
    .ops_by_object = true,
    .addresses = addresses,
    .value_limits = value_limits,
    .writes_unseen = writes_unseen,
    .writes_single = writes_single,
    .carries = carries,
};
