/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - the vocabulary: address spaces, control codes, what only a rule can decide, relax switches, numbers of
 * functions.
 */
#include "object.h"

#define HAS_CLEAR 0x20

static const struct ps_space spaces[] = {
#define DN_GROUP(group)                                                                                                \
    {.name = "g" #group,                                                                                               \
     .code = DN_SPACE(group, 0),                                                                                       \
     .max = DN_INDEX_MAX,                                                                                              \
     .max_number = 255,                                                                                                \
     .number_mark = "v",                                                                                               \
     .any_number = true},
#include "object.def"
};

/* The codes that outstations agree on; clear cancels what runs before. Others are named by number: many devices take 0x42
 * or 0x83, and differ in what they make of a null operation or of a pulse off. */
static const struct ps_choice choices[] = {
    {"pulse-on", DN_CHOICE(0x01)},
    {"latch-on", DN_CHOICE(0x03)},
    {"latch-off", DN_CHOICE(0x04)},
    {"close", DN_CHOICE(0x41)},
    {"trip", DN_CHOICE(0x81)},
    {"pulse-on-clear", DN_CHOICE(0x01 | HAS_CLEAR)},
    {"latch-on-clear", DN_CHOICE(0x03 | HAS_CLEAR)},
    {"latch-off-clear", DN_CHOICE(0x04 | HAS_CLEAR)},
    {"close-clear", DN_CHOICE(0x41 | HAS_CLEAR)},
    {"trip-clear", DN_CHOICE(0x81 | HAS_CLEAR)},
};

static const struct ps_param params[DN_N_PARAMS] = {
    [DN_PARAM_COUNT] = {"count", "", "how often the outstation does it"},
    [DN_PARAM_ON_TIME] = {"on_time", "ms", "how long a pulse is on"},
    [DN_PARAM_OFF_TIME] = {"off_time", "ms", "how long it is off between pulses"},
};

static const struct ps_ask asks[] = {
    {"broadcast", "broadcast", DN_ASK_BROADCAST, false, "requests to all outstations, which nobody answers"},
    {"no_ack", "no-ack", DN_ASK_NO_ACK, false, "direct operate without an answer"},
    {"select_before_operate", "unselected", DN_ASK_UNSELECTED, true,
     "points are operated only as they were selected right before, with success"},
    {"outstation_opens", "outstation-opens", DN_ASK_OUTSTATION_OPENS, false,
     "the connection is opened by the outstation"},
    {"file_write", "file-write", DN_ASK_FILE_WRITE, false, "files are written, appended to or deleted"},
    {"secure_authentication", "authenticated", DN_ASK_SECURED, false,
     "messages that bring their own authentication (g120 around the objects)"},
    {"self_address", "self-address", DN_ASK_SELF_ADDRESS, false,
     "requests to address 0xfffc, which every outstation takes for its own"},
};

static const struct ps_relax relaxes[] = {
    {"dnp3-confirmed-link", DN_RELAX_CONFIRMED_LINK, "link frames may be sent with confirmation, and be tested and acknowledged"},
    {"dnp3-pipelined-requests", DN_RELAX_PIPELINED, "more than two requests may wait for their answers"},
    {"dnp3-same-sequence", DN_RELAX_SAME_SEQUENCE, "a master may use one sequence number for all its requests"},
};

/* "1" of an application function, "link/9". */
static uint16_t function_by_number(struct ps_str text)
{
    uint32_t code, link = ps_str_word(&text, "link/") ? DN_CODE_LINK : 0;
    if (!ps_str_u32(&text, 0xff, &code) || text.len != 0)
        return PS_FUNCTION_UNKNOWN;
    for (uint16_t row = 0; row < DN_N_ROWS; row++)
        if (dn_functions[row].code == (link | code))
            return row;
    return PS_FUNCTION_UNKNOWN;
}

static void function_number(uint32_t code, struct ps_txt *out)
{
    if (code & DN_CODE_LINK)
        ps_txt_str(out, "link/");
    ps_txt_u64(out, code & 0xff);
}

/* "iin=restart,need-time": IIN1 | IIN2 << 8. */
static void status_format(uint32_t status, struct ps_txt *out)
{
    static const char *const names[] = {
        "broadcast", "class-1", "class-2", "class-3", "need-time", "local", "trouble", "restart", "no-function",
        "no-object", "bad-parameter", "overflow", "executing", "corrupt",
    };
    const char *comma = "";
    ps_txt_str(out, "iin=");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(status >> i & 1))
            continue;
        ps_txt_str(out, comma);
        ps_txt_str(out, names[i]);
        comma = ",";
    }
    if (*comma == '\0')
        ps_txt_str(out, "none");
}

/* ---- what the facts of a function are like ----------------------------------------------------------------------- */

static uint32_t group_of(uint32_t space)
{
    return space >> 8 & 0xff;
}

/* Points of one variation; of files, applications and what proves who asks there are none. */
static bool names(uint8_t content, uint8_t op, uint32_t group, uint32_t variation)
{
    struct dn_object object = dn_object(group, variation);
    if (!(object.at & DN_AT(content)))
        return false;
    switch ((enum dn_content)content) {
    case DN_CONTENT_READ:
        return op == PS_OP_READ && group != 70;
    case DN_CONTENT_WRITE:
        return op != PS_OP_FILE && op == dn_write_op(group, variation);
    case DN_CONTENT_CONTROL:
        return op == PS_OP_OPERATE;
    case DN_CONTENT_FREEZE:
    case DN_CONTENT_FREEZE_AT:
        return op == PS_OP_WRITE && group != 50;
    case DN_CONTENT_CLASSES:
        return true;
    case DN_CONTENT_ASSIGN:
        return op == PS_OP_CONTROL && object.kind != DN_KIND_CLASS;
    case DN_CONTENT_RESPONSE:
        return op == PS_OP_EVENT && group != 51;
    case DN_CONTENT_NOTHING:
    case DN_CONTENT_APPLICATION:
    case DN_CONTENT_ACTIVATE:
    case DN_CONTENT_FILE_COMMAND:
    case DN_CONTENT_FILE_STATUS:
    case DN_CONTENT_FILE_INFO:
    case DN_CONTENT_FILE_AUTH:
    case DN_CONTENT_SECURITY:
        break;
    }
    return false;
}

static bool is_bare(uint8_t content, uint8_t op)
{
    switch ((enum dn_content)content) {
    case DN_CONTENT_READ:
    case DN_CONTENT_WRITE:
        return op == PS_OP_FILE;
    case DN_CONTENT_CONTROL:
    case DN_CONTENT_FREEZE:
    case DN_CONTENT_FREEZE_AT:
    case DN_CONTENT_CLASSES:
    case DN_CONTENT_ASSIGN:
        return false;
    case DN_CONTENT_NOTHING:
    case DN_CONTENT_APPLICATION:
    case DN_CONTENT_ACTIVATE:
    case DN_CONTENT_FILE_COMMAND:
    case DN_CONTENT_FILE_STATUS:
    case DN_CONTENT_FILE_INFO:
    case DN_CONTENT_FILE_AUTH:
    case DN_CONTENT_SECURITY:
    case DN_CONTENT_RESPONSE:
        break;
    }
    return true;
}

/* An answer asks for nothing. */
static bool has_facts(uint16_t function, uint8_t op)
{
    bool known = function < DN_N_ROWS && function != DN_ROW_RESPONSE && op < PS_N_OPS;
    return known && dn_functions[function].ops & PS_OP_BIT(op);
}

/* Variation 0 also stands for any. */
static bool addresses(uint16_t function, uint8_t op, uint32_t space)
{
    if (!has_facts(function, op))
        return false;
    uint8_t content = dn_contents[function];
    if (space == 0)
        return is_bare(content, op);
    uint32_t group = group_of(space), first = space & 0xff, last = first == 0 ? 255 : first;
    for (uint32_t variation = first; variation <= last; variation++)
        if (names(content, op, group, variation))
            return true;
    return false;
}

/* Of any variation that the space stands for, the widest. */
static bool value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    bool found = false;
    uint32_t group = group_of(space), first = space & 0xff, last = first == 0 ? 255 : first;
    bool writes = op == PS_OP_WRITE || op == PS_OP_OPERATE;
    *min = *max = 0;
    if (!writes || space == 0 || !has_facts(function, op) || (op == PS_OP_WRITE && function != DN_ROW_WRITE))
        return false;
    for (uint32_t variation = first; variation <= last; variation++) {
        double low, high;
        if (!names(dn_contents[function], op, group, variation) || !dn_value_limits(group, variation, &low, &high))
            continue;
        *min = found && *min < low ? *min : low;
        *max = found && *max > high ? *max : high;
        found = true;
    }
    return found;
}

/* Strings, attributes, data sets, and what a freeze leaves behind. */
static bool writes_unseen(uint16_t function, uint8_t op, uint32_t space)
{
    double min, max;
    return op == PS_OP_WRITE && space != 0 && addresses(function, op, space) &&
           !value_limits(function, op, space, &min, &max);
}

static bool writes_single(uint16_t function, uint32_t space, uint16_t choice)
{
    (void)function;
    (void)choice;
    return dn_is_single(group_of(space), space & 0xff);
}

/* A control block has a code, a count and two times. */
static bool carries(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params)
{
    bool block = op == PS_OP_OPERATE && group_of(space) == 12 && addresses(function, op, space);
    *n_params = block ? DN_N_PARAMS : 0;
    return block;
}

/* A null unsolicited response: the outstation is there. */
static bool keeps_house(uint16_t function, uint8_t op, uint32_t space)
{
    return function == DN_ROW_UNSOLICITED && op == PS_OP_EVENT && space == 0;
}

/* Direct operation selects nothing; what deletes a file changes it. */
static uint8_t always_asks(uint16_t function)
{
    if (function == DN_ROW_DIRECT_OPERATE)
        return DN_ASK_UNSELECTED;
    if (function == DN_ROW_DIRECT_OPERATE_NO_ACK)
        return DN_ASK_UNSELECTED | DN_ASK_NO_ACK;
    return function == DN_ROW_DELETE_FILE ? DN_ASK_FILE_WRITE : 0;
}

const struct ps_vocab dn_vocab = {
    .name = "dnp3",
    .protocol = PS_PROTOCOL_DNP3,
    .functions = dn_functions,
    .n_functions = DN_N_ROWS,
    .spaces = spaces,
    .n_spaces = sizeof spaces / sizeof spaces[0],
    .relaxes = relaxes,
    .n_relaxes = sizeof relaxes / sizeof relaxes[0],
    .choices_key = "controls",
    .choice_word = "control",
    .choices = choices,
    .n_choices = sizeof choices / sizeof choices[0],
    .max_choice = DN_CHOICE(0xff),
    .choices_by_name = true,
    .params = params,
    .n_params = DN_N_PARAMS,
    .asks = asks,
    .n_asks = sizeof asks / sizeof asks[0],
    .max_station = UINT32_MAX,
    .station_parse = dn_station_parse,
    .station_format = dn_station_format,
    .station_sentence = "link addresses of master and outstation: \"3 -> 17\", \"3 -> 1-20\"",
    .max_outstanding = 4,
    .default_outstanding = 2,
    .function_by_number = function_by_number,
    .function_number = function_number,
    .status_format = status_format,
    .status_key = "iin",
    .object_example = "g30v1:0-9",
    .ops_by_object = true,
    .addresses = addresses,
    .value_limits = value_limits,
    .writes_unseen = writes_unseen,
    .writes_single = writes_single,
    .carries = carries,
    .keeps_house = keeps_house,
    .always_asks = always_asks,
};
