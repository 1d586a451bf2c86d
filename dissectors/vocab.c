/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vocab.c - words of classes, functions, objects, stations and values. Whole operations: operation.c.
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

bool ps_vocab_is_part(const struct ps_vocab *vocab, uint16_t function, uint16_t part)
{
    if (!vocab->ops_by_object || function >= vocab->n_functions || part >= vocab->n_functions || part == function)
        return false;
    uint32_t ops = vocab->functions[part].ops;
    return (ops & (ops - 1)) == 0 && !(ops & vocab->functions[function].ops);
}

bool ps_vocab_addresses(const struct ps_vocab *vocab, uint16_t function, unsigned op, uint32_t space)
{
    return vocab->addresses ? vocab->addresses(function, (uint8_t)op, space) : space == 0;
}

unsigned ps_vocab_only_op(const struct ps_vocab *vocab, uint16_t function, uint32_t space)
{
    unsigned only = PS_OP_NONE;
    for (unsigned op = PS_OP_NONE + 1; op < PS_N_OPS && function < vocab->n_functions; op++) {
        if (!(vocab->functions[function].ops & PS_OP_BIT(op)) || !ps_vocab_addresses(vocab, function, op, space))
            continue;
        if (only != PS_OP_NONE)
            return PS_OP_NONE;
        only = op;
    }
    return only;
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

static bool say(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static bool has_digit(struct ps_str text)
{
    return text.len > 0 && text.s[0] >= '0' && text.s[0] <= '9';
}

static const char *mark_of(const struct ps_space *space)
{
    return space->number_mark ? space->number_mark : ":";
}

/* Eats the name of the space and the mark in front of its number, if there is one. */
static bool eat_name(const struct ps_space *space, struct ps_str *text, bool *numbered)
{
    struct ps_str rest = *text;
    *numbered = false;
    if (!ps_str_word(&rest, space->name))
        return false;
    struct ps_str behind = rest;
    if (space->max_number > 0 && ps_str_word(&behind, mark_of(space)) && has_digit(behind)) {
        *numbered = true;
        rest = behind;
    } else if (rest.len > 0 && rest.s[0] != ':') {
        return false;
    }
    *text = rest;
    return true;
}

/* Eats it from a text that begins with the name of a space. */
static const struct ps_space *eat_space(const struct ps_vocab *vocab, struct ps_str *text, bool *numbered)
{
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        if (eat_name(&vocab->spaces[i], text, numbered))
            return &vocab->spaces[i];
    return NULL;
}

const struct ps_space *ps_space_by_text(const struct ps_vocab *vocab, struct ps_str text)
{
    bool numbered;
    return eat_space(vocab, &text, &numbered);
}

static bool parse_bit(const struct ps_space *space, struct ps_str *text, uint32_t *index)
{
    uint32_t octet, bit;
    if (!ps_str_u32(text, space->max / 8, &octet) || !ps_str_char(text, '.') || !ps_str_u32(text, 7, &bit))
        return false;
    *index = octet * 8 + bit;
    return true;
}

/* "0-15" of octets, "3.0", "3.0-3.5". */
static bool parse_bits(const struct ps_space *space, struct ps_str *text, struct ps_object_range *range)
{
    struct ps_str rest = *text;
    if (parse_bit(space, &rest, &range->first)) {
        range->last = range->first;
        *text = rest;
        return !ps_str_char(text, '-') || (parse_bit(space, text, &range->last) && range->first <= range->last);
    }
    if (!ps_str_range(text, space->max / 8, &range->first, &range->last))
        return false;
    range->first *= 8;
    range->last = range->last * 8 + 7;
    return true;
}

/* What stands behind the space and its number. */
static bool parse_indices(const struct ps_space *space, struct ps_str rest, struct ps_object_range *out,
                          const char **why)
{
    struct ps_object_range range = {.space = out->space, .first = 0, .last = space->max};
    if (space->hex && rest.len > 2 && rest.s[1] == '0' && rest.s[2] >= '0' && rest.s[2] <= '9')
        return say(why, "has a number with 0 in front, which here is mostly meant in hexadecimal, 0x");
    if (rest.len > 0) {
        bool fine = ps_str_char(&rest, ':') && (space->bits ? parse_bits(space, &rest, &range)
                                                            : ps_str_range(&rest, space->max, &range.first, &range.last));
        if (!fine)
            return say(why, "has no range A or A-B inside the address space");
    }
    if (rest.len > 0)
        return say(why, "has something left over behind the range");
    *out = range;
    return true;
}

bool ps_objects_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_object_range *out,
                      uint32_t *n_numbers, const char **why)
{
    struct ps_str rest = text;
    bool numbered = false;
    uint32_t number = 0;
    const struct ps_space *space = eat_space(vocab, &rest, &numbered);
    *n_numbers = 1;
    if (vocab->object_alias && vocab->object_alias(text, out)) /* "db10.dbw4" begins with a space */
        return true;
    if (!space)
        return say(why, "names no address space of the protocol");
    if (!numbered && space->max_number > 0 && !space->any_number)
        return say(why, "needs the number of the space");
    if (numbered && !ps_str_u32(&rest, space->max_number, &number))
        return say(why, "has a number that the space does not go to");
    struct ps_object_range range = {.space = space->code + number};
    if (!parse_indices(space, rest, &range, why))
        return false;
    if (!numbered)
        *n_numbers = space->max_number + 1;
    *out = range;
    return true;
}

bool ps_object_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_object_range *out, const char **why)
{
    uint32_t n_numbers;
    struct ps_object_range range;
    if (!ps_objects_parse(vocab, text, &range, &n_numbers, why))
        return false;
    if (n_numbers > 1)
        return say(why, "needs the number of the space");
    *out = range;
    return true;
}

static void format_index(const struct ps_space *space, uint32_t index, bool octets, struct ps_txt *out)
{
    if (space->hex) {
        ps_txt_str(out, "0x");
        ps_txt_hex(out, index, 4);
    } else if (space->bits) {
        ps_txt_u64(out, index / 8);
    } else {
        ps_txt_u64(out, index);
    }
    if (space->bits && !octets) {
        ps_txt_char(out, '.');
        ps_txt_u64(out, index % 8);
    }
}

static void format_indices(const struct ps_space *space, struct ps_object_range range, struct ps_txt *out)
{
    if (range.first == 0 && range.last == space->max)
        return;
    bool octets = space->bits && range.first % 8 == 0 && range.last % 8 == 7;
    bool one = octets ? range.first / 8 == range.last / 8 : range.first == range.last;
    ps_txt_char(out, ':');
    format_index(space, range.first, octets, out);
    if (one)
        return;
    ps_txt_char(out, '-');
    format_index(space, range.last, octets, out);
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
        ps_txt_str(out, mark_of(space));
        ps_txt_u64(out, range.space - space->code);
    }
    format_indices(space, range, out);
}

/* The list begins with the same block of every number of the space. */
static bool begins_with_all(const struct ps_space *space, const struct ps_object_range *list, uint32_t n)
{
    if (n <= space->max_number)
        return false;
    for (uint32_t i = 0; i <= space->max_number; i++)
        if (list[i].space != space->code + i || list[i].first != list[0].first || list[i].last != list[0].last)
            return false;
    return true;
}

uint32_t ps_objects_format(const struct ps_vocab *vocab, const struct ps_object_range *list, uint32_t n,
                           struct ps_txt *out)
{
    const struct ps_space *space = ps_space_by_code(vocab, list[0].space);
    if (!space || !space->any_number || !begins_with_all(space, list, n)) {
        ps_object_format(vocab, list[0], out);
        return 1;
    }
    ps_txt_str(out, space->name);
    format_indices(space, list[0], out);
    return space->max_number + 1;
}

/* ---- choices, stations, params --------------------------------------------------------------------------------- */

bool ps_choice_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_range *out)
{
    struct ps_range range;
    for (uint16_t i = 0; i < vocab->n_choices; i++) {
        if (!ps_str_equal(text, vocab->choices[i].name))
            continue;
        *out = (struct ps_range){vocab->choices[i].code, vocab->choices[i].code};
        return true;
    }
    if (vocab->max_choice == 0 || !ps_str_range(&text, vocab->max_choice - 1u, &range.first, &range.last) || text.len > 0)
        return false;
    *out = (struct ps_range){range.first + 1, range.last + 1};
    return true;
}

static void format_choice_number(uint32_t code, struct ps_txt *out)
{
    ps_txt_str(out, "0x");
    ps_txt_hex(out, code - 1, 2);
}

void ps_choice_format(const struct ps_vocab *vocab, struct ps_range range, struct ps_txt *out)
{
    for (uint16_t i = 0; i < vocab->n_choices && range.first == range.last; i++) {
        if (vocab->choices[i].code != range.first)
            continue;
        ps_txt_str(out, vocab->choices[i].name);
        return;
    }
    format_choice_number(range.first, out);
    if (range.first == range.last)
        return;
    ps_txt_char(out, '-');
    format_choice_number(range.last, out);
}

bool ps_station_parse(const struct ps_vocab *vocab, struct ps_str text, struct ps_range *out)
{
    struct ps_range range;
    bool fine = vocab->station_parse ? vocab->station_parse(text, &range)
                                     : ps_str_range(&text, vocab->max_station, &range.first, &range.last) &&
                                           text.len == 0;
    if (!fine || range.first > range.last || range.last > vocab->max_station)
        return false;
    *out = range;
    return true;
}

void ps_station_format(const struct ps_vocab *vocab, struct ps_range range, struct ps_txt *out)
{
    if (vocab->station_format)
        vocab->station_format(range, out);
    else
        ps_txt_range(out, range.first, range.last);
}

void ps_station_format_one(const struct ps_vocab *vocab, uint32_t station, struct ps_txt *out)
{
    uint32_t open = vocab->station_open;
    bool first = station % (open + 1) == 0 && vocab->max_station - open >= station;
    ps_station_format(vocab, (struct ps_range){station, first ? station + open : station}, out);
}

bool ps_param_range_parse(struct ps_str text, struct ps_range *out)
{
    struct ps_range range;
    if (!ps_str_u32(&text, UINT32_MAX, &range.first))
        return false;
    range.last = range.first;
    if (ps_str_word(&text, "..") && !ps_str_u32(&text, UINT32_MAX, &range.last))
        return false;
    if (text.len > 0 || range.last < range.first)
        return false;
    *out = range;
    return true;
}

void ps_param_range_format(struct ps_range range, struct ps_txt *out)
{
    ps_txt_u64(out, range.first);
    if (range.first == range.last)
        return;
    ps_txt_str(out, "..");
    ps_txt_u64(out, range.last);
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
