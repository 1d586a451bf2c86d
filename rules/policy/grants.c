/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * grants.c - what rules and nevers share: protocol, operations, functions, objects, stations; and the keys of rules that
 * the protocol's vocabulary names.
 */
#include "load.h"

#include <string.h>

#include "dissector.h"
#include "vocab.h"

/* Words of all protocols that this version knows, for suggestions. */
static size_t protocol_names(const char **names)
{
    static const char *const others[] = {"tcp", "udp", "icmp", "ip", "ethernet"};
    size_t n = 0;
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++)
        if (ps_vocab_by_protocol(protocol))
            names[n++] = ps_vocab_by_protocol(protocol)->name;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        names[n++] = others[i];
    return n;
}

unsigned ps_load_protocol(struct ps_load *load, const config_setting_t *setting)
{
    const char *names[PS_N_DISSECTORS + 5];
    const char *text = ps_load_text(load, setting);
    if (!text)
        return PS_PROTOCOL_NONE;
    unsigned protocol = ps_protocol_by_name(text);
    if (protocol == PS_PROTOCOL_NONE) {
        size_t n = protocol_names(names);
        ps_load_unknown(load, setting, "protocol", text, PS_WORDS(names, n));
    }
    if (protocol == PS_PROTOCOL_NONE || protocol >= PS_N_DISSECTORS || ps_vocab_by_protocol(protocol))
        return protocol;
    ps_load_error(load, setting,
                  "\"%s\" is a not yet known protocol; leave the entry out until this version can judge it", text);
    return PS_PROTOCOL_NONE;
}

/* ---- operations and functions ----------------------------------------------------------------------------------- */

void ps_load_operations(struct ps_load *load, config_setting_t *list, uint32_t *ops)
{
    const char *words[PS_N_OPS - 1];
    for (unsigned op = 1; op < PS_N_OPS; op++)
        words[op - 1] = ps_op_name(op);
    unsigned n = ps_load_items(load, list, "and name functions instead");
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        const char *text = ps_load_text(load, item);
        if (!text)
            continue;
        unsigned op = ps_op_by_name(ps_str_from(text));
        if (op == PS_OP_NONE)
            ps_load_unknown(load, item, "word", text, PS_WORDS(words, PS_N_OPS - 1));
        else if (*ops & PS_OP_BIT(op))
            ps_load_error(load, item, "\"%s\" stands twice; remove one", text);
        *ops |= op == PS_OP_NONE ? 0 : PS_OP_BIT(op);
    }
}

/* "90" alone is no function where 90/0x01, 90/0x02, ... are: names one of them. */
static bool is_split_up(const struct ps_vocab *vocab, const char *number, struct ps_txt *example)
{
    size_t len = strlen(number);
    for (unsigned i = 0; i < vocab->n_functions; i++) {
        example->len = 0;
        vocab->function_number(vocab->functions[i].code, example);
        if (strncmp(example->buf, number, len) == 0 && example->buf[len] == '/')
            return true;
    }
    return false;
}

static void bad_function(struct ps_load *load, const config_setting_t *item, const struct ps_vocab *vocab,
                         const char *text)
{
    char number[24];
    struct ps_txt example;
    ps_txt_init(&example, number, sizeof number);
    if (is_split_up(vocab, text, &example))
        ps_load_error(load, item, "\"%s\" has functions of its own; name those that are needed, like \"%s\"; "
                                  "'penstock words' lists them", ps_load_show(load, text), number);
    else
        ps_load_unknown(load, item, "word", text, PS_WORDS(vocab->functions, vocab->n_functions));
}

void ps_load_functions(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab, uint64_t *bitmap)
{
    unsigned n = ps_load_items(load, list, "and name operations instead");
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        char number[24];
        const char *text = ps_load_word(load, item, number);
        if (!text)
            continue;
        uint16_t function = ps_function_by_text(vocab, ps_str_from(text));
        if (function == PS_FUNCTION_UNKNOWN) {
            bad_function(load, item, vocab, text);
            continue;
        }
        uint64_t bit = UINT64_C(1) << function % 64;
        if (bitmap[function / 64] & bit)
            ps_load_error(load, item, "\"%s\" (%s) stands twice; remove one", text, vocab->functions[function].name);
        bitmap[function / 64] |= bit;
    }
}

/* ---- objects --------------------------------------------------------------------------------------------------- */

/* Is it right but for its capitals? Leaves it in small letters. */
static bool is_in_capitals(const struct ps_vocab *vocab, const char *text, char *small, size_t n)
{
    struct ps_object_range range;
    uint32_t n_numbers;
    const char *why;
    size_t len = strlen(text);
    if (len >= n)
        len = n - 1;
    for (size_t i = 0; i < len; i++)
        small[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    small[len] = '\0';
    return !text[len] && ps_objects_parse(vocab, ps_str_from(small), &range, &n_numbers, &why);
}

/* Says what is wrong with an object: its space when that is no word, else what the vocabulary says. */
static void bad_object(struct ps_load *load, const config_setting_t *item, const struct ps_vocab *vocab,
                       const char *why)
{
    const char *text = config_setting_get_string(item);
    if (vocab->n_spaces == 0) {
        ps_load_error(load, item, "%s has no objects; leave the key out", vocab->name);
        return;
    }
    char word[32] = "", small[64], example[64];
    if (is_in_capitals(vocab, text, small, sizeof small)) {
        ps_load_error(load, item, "\"%s\" has capitals; write \"%s\"", ps_load_show(load, text), small);
        return;
    }
    const struct ps_space *space = ps_space_by_text(vocab, ps_str_from(small));
    size_t len = strcspn(text, ":");
    if (len < sizeof word)
        memcpy(word, text, len);
    struct ps_words spaces = PS_WORDS(vocab->spaces, vocab->n_spaces);
    bool is_word = word[0] && strspn(word, "0123456789") == 0;
    if (!space && vocab->object_example && (!is_word || !ps_words_nearest(spaces, word, &load->budget))) {
        ps_load_error(load, item, "\"%s\" names no address space; write one like \"%s\": 'penstock words' lists them",
                      ps_load_show(load, text), vocab->object_example);
        return;
    }
    if (!space && is_word) {
        ps_load_unknown(load, item, "space", word, spaces);
        return;
    }
    space = space ? space : &vocab->spaces[0];
    struct ps_txt txt;
    ps_txt_init(&txt, example, sizeof example);
    ps_object_format(vocab,
                     (struct ps_object_range){.space = space->code + (space->max_number > 0 ? 1 : 0),
                                              .last = space->bits ? 10 * 8 - 1 : 9},
                     &txt);
    ps_load_error(load, item, "\"%s\" %s; write one like \"%s\"", ps_load_show(load, text), why, example);
}

/* Ranges that the texts of a list stand for: some mean all numbers of a space. */
static uint64_t count_objects(const config_setting_t *list, unsigned n, const struct ps_vocab *vocab)
{
    uint64_t n_ranges = 0;
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        bool is_text = config_setting_type(item) == CONFIG_TYPE_STRING;
        struct ps_object_range range;
        uint32_t n_numbers = 0;
        const char *why;
        if (is_text && ps_objects_parse(vocab, ps_str_from(config_setting_get_string(item)), &range, &n_numbers, &why))
            n_ranges += n_numbers;
    }
    return n_ranges;
}

static void read_object(struct ps_load *load, const config_setting_t *item, const struct ps_vocab *vocab,
                        struct ps_object_range *out, uint32_t *n_out)
{
    const char *text = ps_load_text(load, item), *why;
    struct ps_object_range range;
    uint32_t n_numbers;
    if (!text)
        return;
    if (!ps_objects_parse(vocab, ps_str_from(text), &range, &n_numbers, &why)) {
        bad_object(load, item, vocab, why);
        return;
    }
    for (uint32_t i = 0; i < n_numbers; i++, range.space++)
        out[(*n_out)++] = range;
}

#define MAX_OBJECTS (UINT32_C(1) << 24)

void ps_load_objects(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab,
                     struct ps_object_range **out, uint32_t *n_out)
{
    unsigned n = ps_load_items(load, list, "to restrict nothing");
    uint64_t n_ranges = count_objects(list, n, vocab);
    if (n_ranges > MAX_OBJECTS) {
        ps_load_error(load, list, "stands for more than %u objects; name fewer numbers or leave the key out",
                      MAX_OBJECTS);
        return;
    }
    *out = ps_model_alloc(load->model, n_ranges * sizeof **out);
    for (unsigned i = 0; i < n; i++)
        read_object(load, ps_load_elem(list, i), vocab, *out, n_out);
}

/* ---- stations -------------------------------------------------------------------------------------------------- */

void ps_load_stations(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab,
                      struct ps_range **out, uint32_t *n_out)
{
    if (!vocab->station_parse) {
        ps_load_ranges(load, list, (struct ps_range){0, vocab->max_station}, out, n_out);
        return;
    }
    unsigned n = ps_load_items(load, list, "to restrict nothing");
    *out = ps_model_alloc(load->model, n * sizeof **out);
    for (unsigned i = 0; i < n; i++) {
        const char *text = ps_load_text(load, ps_load_elem(list, i));
        if (text && ps_station_parse(vocab, ps_str_from(text), &(*out)[*n_out]))
            ++*n_out;
        else if (text)
            ps_load_error(load, ps_load_elem(list, i), "\"%s\" is no station of %s; write %s", ps_load_show(load, text),
                          vocab->name, vocab->station_sentence);
    }
}

/* ---- what the vocabulary names --------------------------------------------------------------------------------- */

static void bad_choice(struct ps_load *load, const config_setting_t *item, const struct ps_vocab *vocab,
                       const char *text)
{
    if (text[0] < '0' || text[0] > '9')
        ps_load_unknown(load, item, "word", text, PS_WORDS(vocab->choices, vocab->n_choices));
    else
        ps_load_error(load, item, "\"%s\" is no number or range from 0x00 to 0x%02x; write \"%s\", or a number",
                      ps_load_show(load, text), vocab->max_choice - 1u, vocab->choices[0].name);
}

void ps_load_choices(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab, struct ps_rule *rule)
{
    unsigned n = ps_load_items(load, list, vocab->choices_by_name ? "to mean all that have a word" : "to mean all");
    rule->choices = ps_model_alloc(load->model, n * sizeof *rule->choices);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        char number[24];
        const char *text = ps_load_word(load, item, number);
        if (text && ps_choice_parse(vocab, ps_str_from(text), &rule->choices[rule->n_choices]))
            rule->n_choices++;
        else if (text)
            bad_choice(load, item, vocab, text);
    }
}

static void read_param(struct ps_load *load, const config_setting_t *item, uint32_t row, struct ps_rule *rule)
{
    char number[24];
    const char *text = ps_load_word(load, item, number);
    struct ps_range range;
    if (text && ps_param_range_parse(ps_str_from(text), &range))
        rule->params[rule->n_params++] = (struct ps_object_range){row + 1, range.first, range.last};
    else if (text)
        ps_load_error(load, item, "\"%s\" is neither a number nor a range; write \"100\" or \"0..1000\"",
                      ps_load_show(load, text));
}

/* A list, or one of what a list has. */
static unsigned param_items(struct ps_load *load, config_setting_t *setting)
{
    bool one = config_setting_is_scalar(setting) && config_setting_type(setting) != CONFIG_TYPE_BOOL;
    return one ? 1 : ps_load_items(load, setting, "to restrict nothing");
}

void ps_load_params(struct ps_load *load, config_setting_t *group, const struct ps_vocab *vocab, struct ps_rule *rule)
{
    config_setting_t *settings[PS_PARAMS_MAX] = {NULL};
    unsigned n[PS_PARAMS_MAX] = {0}, n_all = 0;
    for (uint16_t row = 0; row < vocab->n_params; row++) {
        settings[row] = ps_load_member(group, vocab->params[row].name);
        n[row] = settings[row] ? param_items(load, settings[row]) : 0;
        n_all += n[row];
    }
    rule->params = n_all > 0 ? ps_model_alloc(load->model, n_all * sizeof *rule->params) : NULL;
    for (uint16_t row = 0; row < vocab->n_params; row++)
        for (unsigned i = 0; i < n[row]; i++)
            read_param(load, config_setting_is_scalar(settings[row]) ? settings[row] : ps_load_elem(settings[row], i),
                       row, rule);
}

void ps_load_ask(struct ps_load *load, const config_setting_t *setting, const struct ps_vocab *vocab,
                 struct ps_rule *rule)
{
    uint32_t row = ps_words_find(PS_WORDS(vocab->asks, vocab->n_asks), config_setting_name(setting));
    bool set;
    if (row != PS_NONE && ps_load_bool(load, setting, &set) && set)
        rule->keys |= vocab->asks[row].bit;
}
