/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * operation.c - operations as text, in both directions:
 *
 *     PROTOCOL FUNCTION [station=N] { [CLASS] [OBJECT] [value=V,V,... | value=MIN..MAX] }
 */
#include "vocab.h"

#define N_VALUES_MAX (sizeof((struct ps_operation *)0)->values / sizeof(double))

/* ---- text -> facts --------------------------------------------------------------------------------------------- */

struct parser {
    const struct ps_vocab *vocab;
    struct ps_operation *op;
    struct ps_txt *err;
    uint32_t ops;      /* classes that the function has */
    uint32_t seen_ops; /* classes that have a fact */
    unsigned next_op;  /* class word read, for the next object */
    bool has_station;
};

static bool complain(struct ps_txt *err, struct ps_str what, const char *sentence)
{
    if (what.len > 0) {
        ps_txt_char(err, '"');
        for (size_t i = 0; i < what.len; i++)
            ps_txt_char(err, what.s[i]);
        ps_txt_str(err, "\" ");
    }
    ps_txt_str(err, sentence);
    return false;
}

static bool has_several(uint32_t ops)
{
    return (ops & (ops - 1)) != 0;
}

/* The class of the next fact: the word that was read, or the only one that there is. */
static unsigned take_op(struct parser *p)
{
    unsigned op = p->next_op;
    p->next_op = PS_OP_NONE;
    if (op == PS_OP_NONE && !has_several(p->ops))
        op = (unsigned)__builtin_ctz(p->ops);
    return op;
}

static struct ps_fact *add_fact(struct parser *p, unsigned op)
{
    struct ps_fact *fact = ps_facts_add(&p->op->facts);
    if (!fact)
        return NULL;
    fact->op = (uint8_t)op;
    fact->function = p->op->facts.function;
    p->seen_ops |= PS_OP_BIT(op);
    return fact;
}

static bool addresses_any(const struct parser *p, unsigned op)
{
    for (uint16_t i = 0; i < p->vocab->n_spaces; i++)
        if (ps_vocab_addresses(p->vocab, p->op->facts.function, op, p->vocab->spaces[i].code))
            return true;
    return false;
}

static bool parse_object(struct parser *p, struct ps_str token)
{
    struct ps_object_range range;
    const char *why;
    if (!ps_object_parse(p->vocab, token, &range, &why))
        return complain(p->err, token, why);
    unsigned op = take_op(p);
    if (op == PS_OP_NONE)
        return complain(p->err, token, "needs the class word in front of it, \"read\" or \"write\"");
    if (!addresses_any(p, op))
        return complain(p->err, token, "is too much: the function addresses nothing");
    if (!ps_vocab_addresses(p->vocab, p->op->facts.function, op, range.space))
        return complain(p->err, token, "is not in the address space of the function");
    struct ps_fact *fact = add_fact(p, op);
    if (!fact)
        return complain(p->err, token, "is one object too many");
    fact->space = range.space;
    fact->first = range.first;
    fact->last = range.last;
    return true;
}

static bool parse_station(struct parser *p, struct ps_str token)
{
    struct ps_str rest = token;
    (void)ps_str_word(&rest, "station=");
    if (p->has_station)
        return complain(p->err, token, "is a second station");
    if (!ps_str_u32(&rest, p->vocab->max_station, &p->op->facts.station) || rest.len != 0)
        return complain(p->err, token, "is not a station of the protocol");
    p->has_station = true;
    return true;
}

static bool in_limits(const struct parser *p, const struct ps_fact *fact, struct ps_value_range range)
{
    double min, max;
    return ps_vocab_value_limits(p->vocab, fact, &min, &max) && range.min >= min && range.max <= max;
}

/* One piece between commas. A lone "min..max" is bounds. */
static bool parse_value(struct parser *p, struct ps_fact *fact, struct ps_str piece, bool alone)
{
    struct ps_value_range range;
    if (!ps_value_range_parse(piece, &range))
        return complain(p->err, piece, "is not a value");
    if (!in_limits(p, fact, range))
        return complain(p->err, piece, "is not a value that the function can write");
    struct ps_str dots = piece;
    bool bounds = false;
    while (dots.len > 0 && !(bounds = ps_str_word(&dots, "..")))
        (void)ps_str_char(&dots, dots.s[0]);
    if (bounds && !alone)
        return complain(p->err, piece, "cannot stand in a list of values");
    if (bounds) {
        fact->values.kind = PS_VALUE_BOUNDS;
        fact->values.min = range.min;
        fact->values.max = range.max;
        return true;
    }
    if (p->op->n_values >= N_VALUES_MAX)
        return complain(p->err, piece, "is one value too many: write min..max");
    if (fact->values.kind == PS_VALUE_NONE)
        fact->values.data = (const uint8_t *)&p->op->values[p->op->n_values];
    fact->values.kind = PS_VALUE_F64;
    fact->values.n++;
    p->op->values[p->op->n_values++] = range.min;
    return true;
}

static bool parse_values(struct parser *p, struct ps_str token)
{
    struct ps_str rest = token;
    struct ps_facts *facts = &p->op->facts;
    struct ps_fact *fact = facts->n_facts ? &facts->item[facts->n_facts - 1] : NULL;
    (void)ps_str_word(&rest, "value=");
    if (!fact || p->next_op != PS_OP_NONE)
        return complain(p->err, token, "needs the object in front of it that is written");
    if (fact->values.kind != PS_VALUE_NONE)
        return complain(p->err, token, "is a second value for one object");
    bool alone = true;
    for (;;) {
        struct ps_str piece = ps_str_until(&rest, ",");
        alone = alone && rest.len == 0;
        if (!parse_value(p, fact, piece, alone))
            return false;
        if (!ps_str_char(&rest, ','))
            return true;
    }
}

static bool parse_token(struct parser *p, struct ps_str token)
{
    struct ps_str rest = token;
    if (ps_str_word(&rest, "station="))
        return parse_station(p, token);
    if (ps_str_word(&rest, "value="))
        return parse_values(p, token);
    unsigned op = ps_op_by_name(token);
    if (op == PS_OP_NONE)
        return parse_object(p, token);
    if (!(p->ops & PS_OP_BIT(op)))
        return complain(p->err, token, "is not a class of this function");
    p->next_op = op;
    return true;
}

/* Facts that need no object, then what every fact must have. */
static bool complete(struct parser *p)
{
    struct ps_facts *facts = &p->op->facts;
    if (p->next_op != PS_OP_NONE)
        return complain(p->err, ps_str_from(ps_op_name(p->next_op)), "has no object behind it");
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if (!(p->ops & PS_OP_BIT(op)) || p->seen_ops & PS_OP_BIT(op))
            continue;
        if (!ps_vocab_addresses(p->vocab, facts->function, op, 0))
            return complain(p->err, ps_str_from(ps_op_name(op)), "needs an object, such as \"holding:41\"");
        if (!add_fact(p, op))
            return complain(p->err, ps_str_from(""), "too many facts");
    }
    for (uint16_t i = 0; i < facts->n_facts; i++) {
        struct ps_fact *fact = &facts->item[i];
        double min, max;
        bool writes = ps_vocab_value_limits(p->vocab, fact, &min, &max);
        fact->station = facts->station;
        if (fact->values.kind == PS_VALUE_NONE && ps_vocab_writes_unseen(p->vocab, fact))
            fact->values.kind = PS_VALUE_UNKNOWN;
        if (writes && fact->values.kind == PS_VALUE_NONE)
            return complain(p->err, ps_str_from(""), "what is written is missing: add value=...");
        if (fact->values.kind == PS_VALUE_F64 && fact->values.n - 1 != fact->last - fact->first)
            return complain(p->err, ps_str_from(""), "there must be one value for each element of the object");
    }
    p->op->any_station = !p->has_station;
    return true;
}

static struct ps_str next_token(struct ps_str *text)
{
    while (ps_str_char(text, ' ') || ps_str_char(text, '\t'))
        continue;
    return ps_str_until(text, " \t");
}

static const struct ps_dissector *dissector_of(struct ps_str word)
{
    for (unsigned protocol = 0; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_dissector *dissector = ps_dissector_by_protocol(protocol);
        if (dissector && ps_str_equal(word, dissector->name))
            return dissector;
    }
    return NULL;
}

bool ps_operation_parse(const char *text, struct ps_operation *op, struct ps_txt *err)
{
    struct ps_str rest = ps_str_from(text);
    struct ps_str word = next_token(&rest);
    op->n_values = 0;
    op->any_station = true;
    ps_facts_clear(&op->facts);
    op->dissector = dissector_of(word);
    if (!op->dissector)
        return complain(err, word, "is not a protocol that is understood; an operation starts as in \"modbus read-coils\"");
    op->facts.protocol = op->dissector->protocol;
    struct parser p = {.vocab = op->dissector->vocab, .op = op, .err = err};
    word = next_token(&rest);
    op->facts.function = ps_function_by_text(p.vocab, word);
    if (op->facts.function == PS_FUNCTION_UNKNOWN)
        return complain(err, word, "is not a function of the protocol");
    op->facts.kind = PS_PDU_REQUEST;
    op->facts.code = p.vocab->functions[op->facts.function].code;
    p.ops = p.vocab->functions[op->facts.function].ops;
    for (word = next_token(&rest); word.len > 0; word = next_token(&rest))
        if (!parse_token(&p, word))
            return false;
    return complete(&p);
}

/* ---- facts -> text --------------------------------------------------------------------------------------------- */

/* Coils and the like are switched on and off. */
static bool is_switch(const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    double min, max;
    return ps_vocab_value_limits(vocab, fact, &min, &max) && min == 0 && max == 1;
}

static void format_value(double value, bool switched, struct ps_txt *out)
{
    if (switched)
        ps_txt_str(out, value != 0 ? "on" : "off");
    else
        ps_txt_f64(out, value);
}

static void format_values(const struct ps_vocab *vocab, const struct ps_fact *fact, struct ps_txt *out)
{
    const struct ps_values *values = &fact->values;
    struct ps_value_range range;
    if (!ps_values_bounds(values, &range.min, &range.max))
        return;
    ps_txt_str(out, " value=");
    bool switched = is_switch(vocab, fact);
    if (values->kind != PS_VALUE_BOUNDS && values->n <= PS_VALUES_SHOWN) {
        for (uint32_t i = 0; i < values->n; i++) {
            if (i > 0)
                ps_txt_char(out, ',');
            format_value(ps_values_at(values, i), switched, out);
        }
        return;
    }
    format_value(range.min, switched, out);
    if (range.min == range.max && fact->first == fact->last)
        return;
    ps_txt_str(out, "..");
    format_value(range.max, switched, out);
}

static void format_fact(const struct ps_vocab *vocab, const struct ps_fact *fact, uint32_t ops, struct ps_txt *out)
{
    if (has_several(ops)) {
        ps_txt_char(out, ' ');
        ps_txt_str(out, ps_op_name(fact->op));
    }
    if (fact->space != 0) {
        struct ps_object_range range = {.space = fact->space, .first = fact->first, .last = fact->last};
        ps_txt_char(out, ' ');
        ps_object_format(vocab, range, out);
    }
    format_values(vocab, fact, out);
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
    const struct ps_vocab *vocab = dissector->vocab;
    ps_txt_str(out, dissector->name);
    if (facts->kind == PS_PDU_REPLY)
        ps_txt_str(out, " reply");
    if (facts->kind == PS_PDU_REFUSAL)
        ps_txt_str(out, " exception");
    if (facts->kind == PS_PDU_NONE)
        return;
    format_function(vocab, facts, out);
    ps_txt_str(out, " station=");
    ps_txt_u64(out, facts->station);
    uint32_t ops = facts->function < vocab->n_functions ? vocab->functions[facts->function].ops : 0;
    for (uint16_t i = 0; i < facts->n_facts; i++)
        format_fact(vocab, &facts->item[i], ops, out);
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
