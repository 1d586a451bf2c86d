/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vocab.c - words of classes, functions, objects and values. Whole operations: operation.c.
 */
#include "vocab.h"

/* ---- operation classes ----------------------------------------------------------------------------------------- */

static const char *const op_names[PS_N_OPS] = {
    [PS_OP_NONE] = "none",       [PS_OP_READ] = "read",         [PS_OP_WRITE] = "write",
    [PS_OP_OPERATE] = "operate", [PS_OP_EVENT] = "event",       [PS_OP_CONTROL] = "control",
    [PS_OP_PROGRAM] = "program", [PS_OP_FILE] = "file",         [PS_OP_TIME] = "time",
    [PS_OP_DIAGNOSE] = "diagnose", [PS_OP_IDENTIFY] = "identify", [PS_OP_SESSION] = "session",
    [PS_OP_SECURITY] = "security", [PS_OP_OPAQUE] = "opaque",
};

const char *ps_op_name(unsigned op)
{
    return op_names[op < PS_N_OPS ? op : PS_OP_NONE];
}

unsigned ps_op_by_name(struct ps_str name)
{
    for (unsigned op = PS_OP_NONE + 1; op < PS_N_OPS; op++)
        if (ps_str_equal(name, op_names[op]))
            return op;
    return PS_OP_NONE;
}

/* ---- functions ------------------------------------------------------------------------------------------------- */

uint16_t ps_function_by_text(const struct ps_vocab *vocab, struct ps_str text)
{
    for (uint16_t i = 0; i < vocab->n_functions; i++)
        if (ps_str_equal(text, vocab->functions[i].name))
            return i;
    return vocab->function_by_number ? vocab->function_by_number(text) : PS_FUNCTION_UNKNOWN;
}

bool ps_vocab_addresses(const struct ps_vocab *vocab, uint16_t function, unsigned op, uint32_t space)
{
    return vocab->addresses ? vocab->addresses(function, (uint8_t)op, space) : space == 0;
}

bool ps_vocab_value_limits(const struct ps_vocab *vocab, const struct ps_fact *fact, double *min, double *max)
{
    return vocab->value_limits && vocab->value_limits(fact->function, fact->op, fact->space, min, max);
}

bool ps_vocab_writes_unseen(const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    return vocab->writes_unseen && vocab->writes_unseen(fact->function, fact->op, fact->space);
}

/* ---- objects --------------------------------------------------------------------------------------------------- */

const struct ps_space *ps_space_by_code(const struct ps_vocab *vocab, uint32_t code)
{
    for (uint16_t i = 0; i < vocab->n_spaces; i++) {
        const struct ps_space *space = &vocab->spaces[i];
        if (code >= space->code && code - space->code <= space->max_number)
            return space;
    }
    return NULL;
}

static const struct ps_space *space_by_name(const struct ps_vocab *vocab, struct ps_str name)
{
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        if (ps_str_equal(name, vocab->spaces[i].name))
            return &vocab->spaces[i];
    return NULL;
}

static bool say(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

bool ps_object_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_object_range *out, const char **why)
{
    struct ps_str rest = text;
    const struct ps_space *space = space_by_name(vocab, ps_str_until(&rest, ":"));
    if (!space) {
        if (vocab->object_alias && vocab->object_alias(text, out))
            return true;
        return say(why, "names no address space of the protocol");
    }
    struct ps_object_range range = {.space = space->code, .first = 0, .last = space->max};
    if (space->max_number > 0) {
        uint32_t number;
        if (!ps_str_char(&rest, ':') || !ps_str_u32(&rest, space->max_number, &number))
            return say(why, "needs the number of the space, as in \"file:4:0-9\"");
        range.space += number;
    }
    if (rest.len > 0 && (!ps_str_char(&rest, ':') || !ps_str_range(&rest, space->max, &range.first, &range.last)))
        return say(why, "has no range A or A-B inside the address space");
    if (rest.len > 0)
        return say(why, "has something left over behind the range");
    *out = range;
    return true;
}

void ps_object_format(const struct ps_vocab *vocab, struct ps_object_range range, struct ps_txt *out)
{
    const struct ps_space *space = ps_space_by_code(vocab, range.space);
    if (!space) {
        ps_txt_str(out, "?:");
        ps_txt_range(out, range.first, range.last);
        return;
    }
    ps_txt_str(out, space->name);
    if (space->max_number > 0) {
        ps_txt_char(out, ':');
        ps_txt_u64(out, range.space - space->code);
    }
    if (range.first == 0 && range.last == space->max)
        return;
    ps_txt_char(out, ':');
    ps_txt_range(out, range.first, range.last);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static bool parse_value(struct ps_str *text, double *value)
{
    if (ps_str_word(text, "on")) {
        *value = 1;
        return true;
    }
    if (ps_str_word(text, "off")) {
        *value = 0;
        return true;
    }
    return ps_str_f64(text, value);
}

bool ps_value_range_parse(struct ps_str text, struct ps_value_range *out)
{
    struct ps_value_range range;
    if (!parse_value(&text, &range.min))
        return false;
    range.max = range.min;
    if (ps_str_word(&text, "..") && !parse_value(&text, &range.max))
        return false;
    if (text.len != 0 || range.max < range.min)
        return false;
    *out = range;
    return true;
}

void ps_value_range_format(struct ps_value_range range, struct ps_txt *out)
{
    ps_txt_f64(out, range.min);
    if (range.min == range.max)
        return;
    ps_txt_str(out, "..");
    ps_txt_f64(out, range.max);
}
