/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * operation_format.c - facts -> text. The text and the way back: operation.c.
 */
#include "vocab.h"

static bool has_several(uint32_t ops)
{
    return (ops & (ops - 1)) != 0;
}

/* Coils and the like are switched on and off. */
static bool is_switch(const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    double min, max;
    return ps_vocab_value_limits(vocab, fact, &min, &max) && min == 0 && max == 1;
}

/* How the values of a fact are written. */
struct value_form {
    bool switched, single;
};

static void format_value(double value, struct value_form form, struct ps_txt *out)
{
    if (form.switched && (value == 0 || value == 1))
        ps_txt_str(out, value != 0 ? "on" : "off");
    else if (form.single)
        ps_txt_f32(out, (float)value);
    else
        ps_txt_f64(out, value);
}

/* Bounds that are one number are written as what they are, but not where a list would have one for each element. */
static bool is_one_value(const struct ps_vocab *vocab, const struct ps_fact *fact, struct ps_value_range bounds)
{
    bool one_place = !vocab->counts_elements || fact->first == fact->last;
    return !ps_values_has_elements(&fact->values) && bounds.min == bounds.max && one_place;
}

static void format_values(const struct ps_vocab *vocab, const struct ps_fact *fact, struct ps_txt *out)
{
    const struct ps_values *values = &fact->values;
    struct value_form form = {is_switch(vocab, fact), ps_values_are_single(values)};
    struct ps_value_range range;
    if (!ps_values_bounds(values, &range.min, &range.max))
        return;
    ps_txt_str(out, " value=");
    if (ps_values_has_elements(values) && values->n <= PS_VALUES_SHOWN) {
        for (uint32_t i = 0; i < values->n; i++) {
            if (i > 0)
                ps_txt_char(out, ',');
            format_value(ps_values_at(values, i), form, out);
        }
        return;
    }
    format_value(range.min, form, out);
    if (is_one_value(vocab, fact, range))
        return;
    ps_txt_str(out, "..");
    format_value(range.max, form, out);
}

static void format_asks(const struct ps_vocab *vocab, uint8_t asks, struct ps_txt *out)
{
    for (uint16_t i = 0; i < vocab->n_asks; i++) {
        if (!(asks & vocab->asks[i].bit))
            continue;
        ps_txt_char(out, ' ');
        ps_txt_str(out, vocab->asks[i].word);
    }
}

/* " KEY=" */
static void format_key(const char *key, struct ps_txt *out)
{
    ps_txt_char(out, ' ');
    ps_txt_str(out, key);
    ps_txt_char(out, '=');
}

/* Choice and params. */
static void format_carried(const struct ps_vocab *vocab, const struct ps_fact *fact, struct ps_txt *out)
{
    if (fact->choice != 0 && vocab->choice_word) {
        format_key(vocab->choice_word, out);
        ps_choice_format(vocab, (struct ps_range){fact->choice, fact->choice}, out);
    }
    for (uint16_t i = 0; i < fact->n_params && i < vocab->n_params; i++) {
        format_key(vocab->params[i].name, out);
        ps_txt_u64(out, fact->params[i]);
    }
}

/* What all facts ask for. */
static uint8_t common_asks(const struct ps_facts *facts)
{
    uint8_t asks = facts->n_facts > 0 ? UINT8_MAX : 0;
    for (uint16_t i = 0; i < facts->n_facts; i++)
        asks &= facts->item[i].asks;
    return asks;
}

/* Tokens have no blanks, but the notation of stations may. */
static void format_station(const struct ps_vocab *vocab, uint32_t station, struct ps_txt *out)
{
    char buf[64];
    struct ps_txt text;
    ps_txt_init(&text, buf, sizeof buf);
    ps_station_format_one(vocab, station, &text);
    ps_txt_str(out, " station=");
    for (size_t i = 0; i < text.len; i++)
        if (buf[i] != ' ')
            ps_txt_char(out, buf[i]);
}

/* Facts of another message, which is judged together with that of the fact before. */
static void format_other(const struct ps_vocab *vocab, const struct ps_fact *fact, struct ps_txt *out)
{
    ps_txt_str(out, " and ");
    ps_txt_str(out, fact->function < vocab->n_functions ? vocab->functions[fact->function].name : "?");
    format_station(vocab, fact->station, out);
}

static uint32_t ops_of(const struct ps_vocab *vocab, uint16_t function)
{
    return function < vocab->n_functions ? vocab->functions[function].ops : 0;
}

static bool is_own_part(const struct ps_vocab *vocab, const struct ps_facts *facts, const struct ps_fact *fact)
{
    return fact->station == facts->station && ps_vocab_is_part(vocab, facts->function, fact->function);
}

/* Not where the object, or the function, leaves only one class. */
static bool needs_class(const struct ps_vocab *vocab, const struct ps_facts *facts, const struct ps_fact *fact)
{
    if (fact->space == 0)
        return has_several(ops_of(vocab, fact->function)) || facts->n_facts > 1;
    return has_several(ops_of(vocab, fact->function)) && ps_vocab_only_op(vocab, fact->function, fact->space) != fact->op;
}

static void format_fact(const struct ps_vocab *vocab, const struct ps_fact *fact, uint8_t common, struct ps_txt *out)
{
    if (fact->space != 0) {
        struct ps_object_range range = {.space = fact->space, .first = fact->first, .last = fact->last};
        ps_txt_char(out, ' ');
        ps_object_format(vocab, range, out);
    }
    format_carried(vocab, fact, out);
    format_asks(vocab, (uint8_t)(fact->asks & ~common), out);
    format_values(vocab, fact, out);
}

static void format_word(const char *word, struct ps_txt *out)
{
    ps_txt_char(out, ' ');
    ps_txt_str(out, word);
}

static void format_facts(const struct ps_vocab *vocab, const struct ps_facts *facts, struct ps_txt *out)
{
    uint16_t function = facts->function;
    uint32_t station = facts->station;
    uint8_t common = common_asks(facts);
    bool after_bare = false; /* an object would be taken for that of the part before */
    format_asks(vocab, common, out);
    for (uint16_t i = 0; i < facts->n_facts; i++) {
        const struct ps_fact *fact = &facts->item[i];
        bool own = is_own_part(vocab, facts, fact);
        if (!own && (fact->function != function || fact->station != station)) {
            format_other(vocab, fact, out);
            function = fact->function;
            station = fact->station;
            after_bare = false;
        }
        if (own)
            format_word(vocab->functions[fact->function].name, out);
        else if (after_bare || needs_class(vocab, facts, fact))
            format_word(ps_op_name(fact->op), out);
        after_bare = own || fact->space == 0;
        format_fact(vocab, fact, common, out);
    }
}

static void format_function(const struct ps_vocab *vocab, const struct ps_facts *facts, struct ps_txt *out)
{
    ps_txt_char(out, ' ');
    if (facts->function < vocab->n_functions) {
        ps_txt_str(out, vocab->functions[facts->function].name);
        return;
    }
    ps_txt_str(out, "function=");
    vocab->function_number(facts->code, out);
}

/* The last octets say that something is missing. */
static void mark_cut(struct ps_txt *out)
{
    for (size_t i = 1; out->cut && i <= 3 && i <= out->len; i++)
        out->buf[out->len - i] = '.';
}

void ps_operation_format(const struct ps_dissector *dissector, const struct ps_facts *facts, struct ps_txt *out)
{
    bool carried = dissector->carried && facts->protocol == dissector->carried->protocol;
    const struct ps_vocab *vocab = carried ? dissector->carried : dissector->vocab;
    ps_txt_str(out, vocab->name);
    if (facts->kind == PS_PDU_REPLY)
        ps_txt_str(out, " reply");
    if (facts->kind == PS_PDU_REFUSAL)
        ps_txt_str(out, " exception");
    if (facts->kind == PS_PDU_NONE)
        return;
    format_function(vocab, facts, out);
    format_station(vocab, facts->station, out);
    format_facts(vocab, facts, out);
    if (facts->kind == PS_PDU_REFUSAL) {
        ps_txt_str(out, " code=");
        ps_txt_u64(out, facts->error);
    }
    if (facts->status != 0 && vocab->status_format) {
        ps_txt_char(out, ' ');
        vocab->status_format(facts->status, out);
    }
    mark_cut(out);
}
