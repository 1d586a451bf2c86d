/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * grants.c - what rules and nevers share: protocol, operations, functions, objects.
 */
#include "load.h"

#include <string.h>

#include "dissector.h"
#include "vocab.h"

unsigned ps_load_protocol(struct ps_load *load, const config_setting_t *setting)
{
    static const char *const known[] = {"modbus", "tcp", "udp", "icmp", "ip", "ethernet"};
    static const char *const later[] = {"dnp3", "s7comm", "s7comm-plus"};
    const char *text = ps_load_text(load, setting);
    if (!text)
        return PS_PROTOCOL_NONE;
    if (ps_words_find(PS_WORDS(later, 3), text) != PS_NONE) {
        ps_load_error(load, setting,
                      "\"%s\" is a not yet known protocol; leave the entry out until this version can judge it", text);
        return PS_PROTOCOL_NONE;
    }
    unsigned protocol = ps_protocol_by_name(text);
    if (protocol == PS_PROTOCOL_NONE)
        ps_load_unknown(load, setting, "protocol", text, PS_WORDS(known, sizeof known / sizeof known[0]));
    return protocol;
}

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

/* Says what is wrong with an object: its space when that is no word, else what the vocabulary says. */
static void bad_object(struct ps_load *load, const config_setting_t *item, const struct ps_vocab *vocab,
                       const char *why)
{
    const char *text = config_setting_get_string(item);
    char space[32] = "";
    size_t len = strcspn(text, ":");
    struct ps_words spaces = PS_WORDS(vocab->spaces, vocab->n_spaces);
    if (len < sizeof space)
        memcpy(space, text, len);
    bool like_word = space[0] && strspn(space, "0123456789") == 0;
    if (like_word && ps_words_find(spaces, space) == PS_NONE)
        ps_load_unknown(load, item, "space", space, spaces);
    else
        ps_load_error(load, item, "\"%s\" %s; write one like \"%s:0-9\"", ps_load_show(load, text), why,
                      like_word ? space : vocab->spaces[0].name);
}

void ps_load_objects(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab,
                     struct ps_object_range **out, uint32_t *n_out)
{
    unsigned n = ps_load_items(load, list, "to restrict nothing");
    *out = ps_model_alloc(load->model, n * sizeof **out);
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = ps_load_elem(list, i);
        const char *text = ps_load_text(load, item);
        const char *why = "is no object of this protocol";
        if (!text)
            continue;
        if (ps_object_parse(vocab, ps_str_from(text), &(*out)[*n_out], &why))
            ++*n_out;
        else
            bad_object(load, item, vocab, why);
    }
}
