/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * operation.c - operations as text -> facts; facts -> text: operation_format.c. The text:
 *
 *     PROTOCOL FUNCTION [station=S] { ASK }
 *         { [CLASS | FUNCTION] [OBJECT] [CHOICE] { PARAM=N } { ASK } [value=V,V,... | value=MIN..MAX] }
 */
#include "vocab.h"

#include <string.h>

#define N_VALUES_MAX (sizeof((struct ps_operation *)0)->values / sizeof(double))

/* The largest number of single precision. */
#define SINGLE_MAX 0x1.fffffep127

struct parser {
    const struct ps_vocab *vocab;
    struct ps_operation *op;
    struct ps_txt *err;
    uint32_t ops;      /* classes that the function has */
    uint32_t seen_ops; /* classes that have a fact */
    unsigned next_op;  /* class word read, for the next object */
    uint16_t next_function; /* its function word read instead; PS_FUNCTION_UNKNOWN: the function of them all */
    uint8_t asks;      /* of all facts */
    uint8_t n_given;   /* params of the last fact, bits */
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

/* Of the next fact. */
static uint16_t function_of(const struct parser *p)
{
    return p->next_function != PS_FUNCTION_UNKNOWN ? p->next_function : p->op->facts.function;
}

static struct ps_fact *add_fact(struct parser *p, unsigned op)
{
    struct ps_fact *fact = ps_facts_add(&p->op->facts);
    if (!fact)
        return NULL;
    fact->op = (uint8_t)op;
    fact->function = function_of(p);
    p->next_function = PS_FUNCTION_UNKNOWN;
    fact->housekeeping = p->vocab->functions[fact->function].housekeeping;
    p->n_given = 0;
    p->seen_ops |= PS_OP_BIT(op);
    return fact;
}

static bool addresses_any(const struct parser *p, unsigned op)
{
    for (uint16_t i = 0; i < p->vocab->n_spaces; i++)
        if (ps_vocab_addresses(p->vocab, function_of(p), op, p->vocab->spaces[i].code))
            return true;
    return false;
}

/* Names the first class that the function has there. */
static bool complain_of_class(const struct parser *p, struct ps_str token, uint32_t space)
{
    unsigned op = 1;
    while (op < PS_N_OPS && !((p->ops & PS_OP_BIT(op)) != 0 &&
                              ps_vocab_addresses(p->vocab, p->op->facts.function, op, space)))
        op++;
    if (op == PS_N_OPS)
        return complain(p->err, token, "is not in the address space of the function");
    complain(p->err, token, "needs the class word in front of it: \"");
    ps_txt_str(p->err, ps_op_name(op));
    ps_txt_char(p->err, '"');
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
        op = ps_vocab_only_op(p->vocab, function_of(p), range.space);
    if (op == PS_OP_NONE)
        return complain_of_class(p, token, range.space);
    if (!addresses_any(p, op))
        return complain(p->err, token, "is too much: the function addresses nothing");
    if (!ps_vocab_addresses(p->vocab, function_of(p), op, range.space))
        return complain(p->err, token, "is not in the address space of the function");
    struct ps_fact *fact = add_fact(p, op);
    if (!fact)
        return complain(p->err, token, "is one object too many");
    fact->space = range.space;
    fact->first = range.first;
    fact->last = range.last;
    return true;
}

static struct ps_fact *last_fact(const struct parser *p)
{
    struct ps_facts *facts = &p->op->facts;
    return facts->n_facts > 0 ? &facts->item[facts->n_facts - 1] : NULL;
}

/* A fact for the class word that was read, or for the only class, when it can do without an object. */
static bool add_without_object(struct parser *p, struct ps_str token)
{
    unsigned op = take_op(p);
    if (op == PS_OP_NONE || !ps_vocab_addresses(p->vocab, function_of(p), op, 0))
        return complain(p->err, token, "needs the object in front of it");
    return add_fact(p, op) || complain(p->err, token, "is one fact too many");
}

/* The fact that the token tells more of; NULL after a complaint. */
static struct ps_fact *told_fact(struct parser *p, struct ps_str token)
{
    struct ps_fact *fact = last_fact(p);
    if ((!fact || p->next_op != PS_OP_NONE) && !add_without_object(p, token))
        return NULL;
    fact = last_fact(p);
    if (fact->values.kind != PS_VALUE_NONE) {
        complain(p->err, token, "must stand in front of the values");
        return NULL;
    }
    return fact;
}

static bool parse_station(struct parser *p, struct ps_str token, struct ps_str rest)
{
    struct ps_range range;
    if (p->has_station)
        return complain(p->err, token, "is a second station");
    if (!ps_station_parse(p->vocab, rest, &range))
        return complain(p->err, token, "is not a station of the protocol");
    if (range.last - range.first > p->vocab->station_open)
        return complain(p->err, token, "is more than one station: an operation goes to one");
    p->op->facts.station = range.first;
    p->has_station = true;
    return true;
}

static bool parse_choice(struct parser *p, struct ps_str token, struct ps_str rest)
{
    struct ps_range range;
    struct ps_fact *fact = told_fact(p, token);
    if (!fact)
        return false;
    if (fact->choice != 0)
        return complain(p->err, token, "is a second one for one object");
    if (!ps_choice_parse(p->vocab, rest, &range) || range.first != range.last)
        return complain(p->err, token, "is neither a word of the protocol nor its number");
    fact->choice = (uint16_t)range.first;
    return true;
}

static bool parse_param(struct parser *p, struct ps_str token, struct ps_str rest, uint16_t row)
{
    uint32_t number;
    struct ps_fact *fact = told_fact(p, token);
    if (!fact)
        return false;
    if (p->n_given >> row & 1)
        return complain(p->err, token, "is a second one for one object");
    if (!ps_str_u32(&rest, UINT32_MAX, &number) || rest.len > 0)
        return complain(p->err, token, "is not a whole number");
    fact->params[row] = number;
    fact->n_params = row >= fact->n_params ? (uint8_t)(row + 1) : fact->n_params;
    p->n_given |= (uint8_t)(1u << row);
    return true;
}

/* In front of all facts it is one of all of them. */
static bool parse_ask(struct parser *p, struct ps_str token, const struct ps_ask *ask)
{
    bool of_all = !last_fact(p) && p->next_op == PS_OP_NONE;
    struct ps_fact *fact = of_all ? NULL : told_fact(p, token);
    uint8_t *asks = fact ? &fact->asks : &p->asks;
    if (!of_all && !fact)
        return false;
    if (*asks & ask->bit)
        return complain(p->err, token, "stands twice");
    *asks |= ask->bit;
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool is_single(const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    return vocab->writes_single && vocab->writes_single(fact->function, fact->space, fact->choice);
}

static bool is_finite(double number)
{
    return number - number == 0;
}

/* What is no finite number only floats can be. */
static bool in_limits(const struct parser *p, const struct ps_fact *fact, double number)
{
    double min, max;
    if (!ps_vocab_value_limits(p->vocab, fact, &min, &max))
        return false;
    return is_finite(number) ? min <= number && number <= max : max >= SINGLE_MAX;
}

/* One number; of single precision the nearest one. */
static bool parse_number(struct parser *p, const struct ps_fact *fact, struct ps_str text, double *number)
{
    struct ps_value_range range = {0, 0};
    bool negative = ps_str_equal(text, "-inf");
    if (negative || ps_str_equal(text, "inf"))
        range.min = negative ? -__builtin_inf() : __builtin_inf();
    else if (ps_str_equal(text, "nan"))
        range.min = __builtin_nan("");
    else if (!ps_value_range_parse(text, &range))
        return complain(p->err, text, "is not a value");
    *number = is_single(p->vocab, fact) ? (double)(float)range.min : range.min;
    bool fits = is_finite(range.min) == is_finite(*number) && in_limits(p, fact, *number);
    return fits || complain(p->err, text, "is not a value that the function can write");
}

static bool parse_bounds(struct parser *p, struct ps_fact *fact, struct ps_str low, struct ps_str high)
{
    struct ps_values *values = &fact->values;
    if (!parse_number(p, fact, low, &values->min) || !parse_number(p, fact, high, &values->max))
        return false;
    if (values->max < values->min)
        return complain(p->err, low, "is more than what stands behind it: write min..max");
    values->kind = is_single(p->vocab, fact) ? PS_VALUE_BOUNDS_SINGLE : PS_VALUE_BOUNDS;
    return true;
}

static void put_single(uint8_t *octets, double number)
{
    float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    for (unsigned i = 0; i < 4; i++)
        octets[i] = (uint8_t)(bits >> 8 * i);
}

static bool add_value(struct parser *p, struct ps_fact *fact, struct ps_str piece)
{
    double number;
    if (!parse_number(p, fact, piece, &number))
        return false;
    if (p->op->n_values >= N_VALUES_MAX)
        return complain(p->err, piece, "is one value too many: write min..max");
    double *slot = &p->op->values[p->op->n_values++];
    struct ps_values *values = &fact->values;
    if (values->kind == PS_VALUE_NONE)
        *values = (struct ps_values){.data = (const uint8_t *)slot,
                                     .kind = is_single(p->vocab, fact) ? PS_VALUE_F32LE : PS_VALUE_F64};
    if (values->kind == PS_VALUE_F32LE)
        put_single((uint8_t *)(slot - values->n) + 4 * (size_t)values->n, number);
    else
        *slot = number;
    values->n++;
    return true;
}

/* The piece in front of "..", which `text` moves behind; false when there is none. */
static bool eat_low(struct ps_str *text, struct ps_str *low)
{
    for (size_t i = 0; i + 1 < text->len; i++) {
        if (text->s[i] != '.' || text->s[i + 1] != '.')
            continue;
        *low = (struct ps_str){.s = text->s, .len = i};
        *text = (struct ps_str){.s = text->s + i + 2, .len = text->len - i - 2};
        return true;
    }
    return false;
}

static bool parse_values(struct parser *p, struct ps_str token, struct ps_str rest)
{
    struct ps_fact *fact = last_fact(p);
    if (!fact || p->next_op != PS_OP_NONE)
        return complain(p->err, token, "needs the object in front of it that is written");
    if (fact->values.kind != PS_VALUE_NONE)
        return complain(p->err, token, "is a second value for one object");
    for (;;) {
        struct ps_str piece = ps_str_until(&rest, ","), high = piece, low;
        bool alone = rest.len == 0 && fact->values.kind == PS_VALUE_NONE;
        bool bounds = eat_low(&high, &low);
        if (bounds && !alone)
            return complain(p->err, piece, "cannot stand in a list of values");
        if (bounds ? !parse_bounds(p, fact, low, high) : !add_value(p, fact, piece))
            return false;
        if (!ps_str_char(&rest, ','))
            return true;
    }
}

/* ---- the whole text ---------------------------------------------------------------------------------------------- */

/* KEY=, by the names that the vocabulary has for it. */
static bool eat_key(struct ps_str *text, const char *key)
{
    struct ps_str rest = *text;
    if (!key || !ps_str_word(&rest, key) || !ps_str_char(&rest, '='))
        return false;
    *text = rest;
    return true;
}

static bool parse_class(struct parser *p, struct ps_str token, unsigned op)
{
    if (!(p->ops & PS_OP_BIT(op)))
        return complain(p->err, token, "is not a class of this function");
    if (p->next_op != PS_OP_NONE && !add_without_object(p, token))
        return false;
    p->next_op = op;
    return true;
}

/* A function in the place of a class word: a message may hold what has a function of its own. */
static uint16_t function_by_name(const struct ps_vocab *vocab, struct ps_str token)
{
    uint16_t row = 0;
    while (row < vocab->n_functions && !ps_str_equal(token, vocab->functions[row].name))
        row++;
    return row < vocab->n_functions ? row : PS_FUNCTION_UNKNOWN;
}

static bool parse_part(struct parser *p, struct ps_str token, uint16_t function)
{
    if (!ps_vocab_is_part(p->vocab, p->op->facts.function, function))
        return complain(p->err, token, "is no part of messages of the function in front of it: name class words or objects");
    if (p->next_op != PS_OP_NONE && !add_without_object(p, token))
        return false;
    p->next_function = function;
    p->next_op = (unsigned)__builtin_ctz(p->vocab->functions[function].ops);
    return true;
}

static bool parse_token(struct parser *p, struct ps_str token)
{
    const struct ps_vocab *vocab = p->vocab;
    struct ps_str rest = token;
    if (eat_key(&rest, "station"))
        return parse_station(p, token, rest);
    if (eat_key(&rest, "value"))
        return parse_values(p, token, rest);
    if (eat_key(&rest, vocab->choice_word))
        return parse_choice(p, token, rest);
    if (eat_key(&rest, vocab->status_key))
        return true;
    for (uint16_t row = 0; row < vocab->n_params; row++)
        if (eat_key(&rest, vocab->params[row].name))
            return parse_param(p, token, rest, row);
    for (uint16_t i = 0; i < vocab->n_asks; i++)
        if (ps_str_equal(token, vocab->asks[i].word))
            return parse_ask(p, token, &vocab->asks[i]);
    unsigned op = ps_op_by_name(token);
    if (op != PS_OP_NONE)
        return parse_class(p, token, op);
    uint16_t function = function_by_name(vocab, token);
    return function != PS_FUNCTION_UNKNOWN ? parse_part(p, token, function) : parse_object(p, token);
}

/* Facts of classes that need no object and have none yet. */
static bool add_missing(struct parser *p)
{
    const struct ps_facts *facts = &p->op->facts;
    if (p->vocab->ops_by_object && facts->n_facts > 0)
        return true;
    if (p->vocab->ops_by_object && has_several(p->ops))
        return complain(p->err, ps_str_from(""), "what it is about is missing: add a class word or an object");
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if (!(p->ops & PS_OP_BIT(op)) || p->seen_ops & PS_OP_BIT(op))
            continue;
        if (!ps_vocab_addresses(p->vocab, facts->function, op, 0))
            return complain(p->err, ps_str_from(ps_op_name(op)), "needs an object behind it");
        if (!add_fact(p, op))
            return complain(p->err, ps_str_from(""), "too many facts");
    }
    return true;
}

/* Its choice and params are as the protocol has them. */
static bool check_carried(const struct parser *p, const struct ps_fact *fact)
{
    const struct ps_vocab *vocab = p->vocab;
    uint16_t n_params = 0;
    if (!vocab->carries)
        return true;
    bool carries = vocab->carries(fact->function, fact->op, fact->space, &n_params);
    if (carries != (fact->choice != 0) && vocab->choice_word)
        return complain(p->err, ps_str_from(vocab->choice_word),
                        carries ? "is missing behind an object" : "is too much: what is asked for has none");
    if (fact->n_params > n_params)
        return complain(p->err, ps_str_from(vocab->params[fact->n_params - 1].name),
                        "is too much: what is asked for has none");
    if (fact->n_params < n_params)
        return complain(p->err, ps_str_from(vocab->params[fact->n_params].name), "is missing behind an object");
    return true;
}

static bool complete_fact(struct parser *p, struct ps_fact *fact)
{
    double min, max;
    bool writes = ps_vocab_value_limits(p->vocab, fact, &min, &max);
    fact->station = p->op->facts.station;
    fact->asks |= p->asks;
    fact->housekeeping |= p->vocab->keeps_house && p->vocab->keeps_house(fact->function, fact->op, fact->space);
    if (fact->values.kind == PS_VALUE_NONE && ps_vocab_writes_unseen(p->vocab, fact))
        fact->values.kind = PS_VALUE_UNKNOWN;
    if (writes && fact->values.kind == PS_VALUE_NONE)
        return complain(p->err, ps_str_from(""), "what is written is missing: add value=...");
    bool counted = p->vocab->counts_elements && ps_values_has_elements(&fact->values);
    if (counted && fact->values.n - 1 != fact->last - fact->first)
        return complain(p->err, ps_str_from(""), "there must be one value for each element of the object");
    return check_carried(p, fact);
}

/* Facts that need no object, then what every fact must have. */
static bool complete(struct parser *p)
{
    struct ps_facts *facts = &p->op->facts;
    if (p->next_op != PS_OP_NONE) {
        if (!ps_vocab_addresses(p->vocab, function_of(p), p->next_op, 0))
            return complain(p->err, ps_str_from(ps_op_name(p->next_op)), "has no object behind it");
        if (!add_without_object(p, ps_str_from(ps_op_name(p->next_op))))
            return false;
    }
    if (!add_missing(p))
        return false;
    for (uint16_t i = 0; i < facts->n_facts; i++)
        if (!complete_fact(p, &facts->item[i]))
            return false;
    p->op->any_station = !p->has_station;
    return true;
}

static struct ps_str next_token(struct ps_str *text)
{
    while (ps_str_char(text, ' ') || ps_str_char(text, '\t'))
        continue;
    return ps_str_until(text, " \t");
}

bool ps_operation_parse(const char *text, struct ps_operation *op, struct ps_txt *err)
{
    struct ps_str rest = ps_str_from(text);
    struct ps_str word = next_token(&rest);
    op->n_values = 0;
    op->any_station = true;
    ps_facts_clear(&op->facts);
    op->vocab = ps_vocab_by_name(word);
    if (!op->vocab)
        return complain(err, word, "is not a protocol that is understood; an operation starts as in \"modbus read-coils\"");
    op->dissector = ps_dissector_by_protocol(ps_protocol_carrier(op->vocab->protocol));
    op->facts.protocol = op->vocab->protocol;
    struct parser p = {.vocab = op->vocab, .op = op, .err = err, .next_function = PS_FUNCTION_UNKNOWN};
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
