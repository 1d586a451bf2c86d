/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * read.c - readers of one setting each.
 */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/txt.h"

#define MAX_NAME_LEN 64u
#define FEW_WORDS 16u

/* ---- findings -------------------------------------------------------------------------------------------------- */

struct ps_src ps_load_place(const struct ps_load *load, const config_setting_t *setting)
{
    return ps_source_place(load->text, load->before + config_setting_source_line(setting));
}

static const char *key_of(const config_setting_t *setting)
{
    while (setting && !config_setting_name(setting))
        setting = config_setting_parent(setting);
    return setting ? config_setting_name(setting) : NULL;
}

__attribute__((format(printf, 4, 0))) static void add(struct ps_load *load, const config_setting_t *setting,
                                                      const char *key, const char *format, va_list args)
{
    struct ps_src src = ps_load_place(load, setting);
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        abort();
    ps_diag_add(load->diags, PS_SEV_ERROR, NULL, load->source->files[src.file], src.line, load->at, "%s%s%s",
                key ? key : "", key ? ": " : "", text);
    free(text);
}

void ps_load_error(struct ps_load *load, const config_setting_t *setting, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(load, setting, key_of(setting), format, args);
    va_end(args);
}

void ps_load_plain_error(struct ps_load *load, const config_setting_t *setting, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(load, setting, NULL, format, args);
    va_end(args);
}

const char *ps_load_show(struct ps_load *load, const char *text)
{
    char *shown = load->shown[load->next_shown++ % 4];
    size_t room = sizeof load->shown[0] - 4, n = 0;
    for (; text[n] && n < room; n++)
        shown[n] = (unsigned char)text[n] < 0x20 ? '?' : text[n];
    while (text[n] && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* not inside a character */
    strcpy(shown + n, text[n] ? "..." : "");
    return shown;
}

/* "a, b or c". */
static void list_words(struct ps_words words, const char *last, struct ps_txt *out)
{
    for (size_t i = 0; i < words.n; i++) {
        ps_txt_str(out, i == 0 ? "" : i + 1 == words.n ? " " : ", ");
        if (i > 0 && i + 1 == words.n) {
            ps_txt_str(out, last);
            ps_txt_char(out, ' ');
        }
        ps_txt_str(out, ps_words_at(words, i));
    }
}

void ps_load_unknown(struct ps_load *load, const config_setting_t *setting, const char *what, const char *word,
                     struct ps_words words)
{
    const char *nearest = ps_words_nearest(words, word, &load->budget);
    const char *shown = ps_load_show(load, word);
    if (nearest) {
        ps_load_error(load, setting, "unknown %s \"%s\"; did you mean \"%s\"?", what, shown, nearest);
        return;
    }
    bool listed = words.n > 0 && words.n <= FEW_WORDS;
    for (size_t i = 0; listed && i < words.n; i++)
        listed = ps_words_at(words, i) != NULL;
    bool of_vocabulary = strcmp(what, "word") == 0 || strcmp(what, "space") == 0;
    if (!listed) {
        ps_load_error(load, setting, "unknown %s \"%s\"; nothing known is spelt like it: %s", what, shown,
                      of_vocabulary ? "'penstock words' lists what is" : "correct it or declare it");
        return;
    }
    char list[1024];
    struct ps_txt txt;
    ps_txt_init(&txt, list, sizeof list);
    list_words(words, "or", &txt);
    ps_load_error(load, setting, "unknown %s \"%s\"; known: %s", what, shown, list);
}

/* ---- groups and lists ------------------------------------------------------------------------------------------ */

config_setting_t *ps_load_elem(const config_setting_t *list, unsigned i)
{
    return config_setting_get_elem(list, i);
}

/* config_setting_get_member() takes name for a path and looks at each letter of each key for where it ends. */
config_setting_t *ps_load_member(const config_setting_t *group, const char *name)
{
    unsigned n = config_setting_is_group(group) ? (unsigned)config_setting_length(group) : 0;
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *setting = ps_load_elem(group, i);
        const char *key = config_setting_name(setting);
        if (*key == *name && strcmp(key, name) == 0)
            return setting;
    }
    return NULL;
}

/* "did you mean ...", else the keys that there are. */
static void unknown_key(struct ps_load *load, const config_setting_t *setting, struct ps_words keys, const char *what)
{
    const char *name = config_setting_name(setting);
    const char *nearest = ps_words_nearest(keys, name, &load->budget);
    const char *shown = ps_load_show(load, name);
    char list[1024];
    struct ps_txt txt;
    if (nearest) {
        ps_load_plain_error(load, setting, "unknown key \"%s\" in %s; did you mean \"%s\"?", shown, what, nearest);
        return;
    }
    ps_txt_init(&txt, list, sizeof list);
    list_words(keys, "and", &txt);
    ps_load_plain_error(load, setting, "unknown key \"%s\" in %s; remove it: there are %s", shown, what, list);
}

void ps_load_group(struct ps_load *load, config_setting_t *group, struct ps_words keys, const char *what, void *into)
{
    const struct ps_key *table = keys.items;
    unsigned n = (unsigned)config_setting_length(group);
    bool found[PS_KEYS_MAX] = {false};
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *setting = ps_load_elem(group, i);
        const char *name = config_setting_name(setting);
        uint32_t row = ps_words_find(keys, name);
        if (row != PS_NONE)
            found[row] = true;
        if (row != PS_NONE && table[row].read)
            table[row].read(load, setting, into);
        else if (row == PS_NONE && name[0] != '*')
            unknown_key(load, setting, keys, what);
    }
    for (size_t i = 0; i < keys.n && !load->partial; i++)
        if (table[i].missing && !found[i])
            ps_load_plain_error(load, group, "%s has no \"%s\"; add %s", what, table[i].name, table[i].missing);
}

static const char *type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group { }";
    case CONFIG_TYPE_LIST:
    case CONFIG_TYPE_ARRAY:
        return "a list";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    default:
        return "a number";
    }
}

static bool is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

void ps_load_too_many(struct ps_load *load, const config_setting_t *entry, unsigned n, uint32_t limit)
{
    ps_load_error(load, entry, "%u entries where at most %u fit; split the plant", n, limit);
}

bool ps_load_is_group(struct ps_load *load, const config_setting_t *entry, unsigned i)
{
    if (config_setting_is_group(entry))
        return true;
    ps_load_error(load, entry, "entry %u is %s; each entry is a group { name = ...; }", i + 1, type_name(entry));
    return false;
}

unsigned ps_load_groups(struct ps_load *load, config_setting_t *list, uint32_t limit, const char *what)
{
    const char *key = config_setting_name(list);
    if (!is_list(list)) {
        ps_load_error(load, list, "is %s; write %s = ( { ... }, { ... } );", type_name(list), key);
        return 0;
    }
    unsigned n = (unsigned)config_setting_length(list);
    if (n == 0 && !load->partial)
        ps_load_error(load, list, "the list is empty; leave the key out, or add %s", what);
    if (n > limit) {
        ps_load_too_many(load, ps_load_elem(list, limit), n, limit);
        n = limit;
    }
    for (unsigned i = 0; i < n; i++)
        (void)ps_load_is_group(load, ps_load_elem(list, i), i);
    return n;
}

unsigned ps_load_items(struct ps_load *load, config_setting_t *list, const char *empty)
{
    const char *key = config_setting_name(list);
    if (!is_list(list)) {
        bool single = config_setting_is_scalar(list);
        ps_load_error(load, list, "is %s; write a list: %s = [%s]", type_name(list), key,
                      single ? "..." : "\"...\", \"...\"");
        return 0;
    }
    unsigned n = (unsigned)config_setting_length(list);
    if (n == 0 && !load->partial)
        ps_load_error(load, list, "the list is empty; leave the key out %s", empty);
    return n;
}

/* ---- single settings ------------------------------------------------------------------------------------------- */

const char *ps_load_text(struct ps_load *load, const config_setting_t *setting)
{
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return config_setting_get_string(setting);
    ps_load_error(load, setting, "is %s; write a text in quotation marks", type_name(setting));
    return NULL;
}

const char *ps_load_copy(struct ps_load *load, const config_setting_t *setting)
{
    const char *text = ps_load_text(load, setting);
    return text ? ps_model_strdup(load->model, text) : NULL;
}

/* Names become parts of nftables names, file names and events. */
static bool name_is_fine(const char *name)
{
    static const char fine[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len <= MAX_NAME_LEN && strspn(name, fine) == len;
}

const char *ps_load_name(struct ps_load *load, const config_setting_t *group, const char *what)
{
    const config_setting_t *setting = ps_load_member(group, "name");
    if (!setting) {
        if (!load->partial)
            ps_load_plain_error(load, group, "%s has no \"name\"; add name = \"...\"", what);
        return NULL;
    }
    const char *name = ps_load_text(load, setting);
    if (!name)
        return NULL;
    if (!name_is_fine(name)) {
        ps_load_error(load, setting, "\"%s\" is no name; write 1 to %u of the characters A-Z a-z 0-9 . _ -",
                      ps_load_show(load, name), MAX_NAME_LEN);
        return NULL;
    }
    return ps_model_strdup(load->model, name);
}

static bool is_whole(const config_setting_t *setting)
{
    int type = config_setting_type(setting);
    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

bool ps_load_number(struct ps_load *load, const config_setting_t *setting, int64_t min, int64_t max, int64_t *out)
{
    if (!is_whole(setting)) {
        ps_load_error(load, setting, "is %s; write a whole number from %lld to %lld",
                      config_setting_type(setting) == CONFIG_TYPE_FLOAT ? "not a whole number" : type_name(setting),
                      (long long)min, (long long)max);
        return false;
    }
    long long number = config_setting_get_int64(setting);
    if (number < min || number > max) {
        ps_load_error(load, setting, "%lld is outside %lld to %lld", number, (long long)min, (long long)max);
        return false;
    }
    *out = number;
    return true;
}

bool ps_load_seconds(struct ps_load *load, const config_setting_t *setting, struct ps_range limits_ms,
                     const char *complaint, uint32_t *ms)
{
    double seconds = config_setting_is_number(setting) ? config_setting_get_float(setting) : 0;
    int type = config_setting_type(setting);
    if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)
        seconds = (double)config_setting_get_int64(setting);
    bool within = seconds * 1000 >= limits_ms.first && seconds * 1000 <= limits_ms.last;
    if (within)
        *ms = (uint32_t)(seconds * 1000 + 0.5);
    else
        ps_load_error(load, setting, "%s", complaint);
    return within;
}

bool ps_load_bool(struct ps_load *load, const config_setting_t *setting, bool *out)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
        ps_load_error(load, setting, "is %s; write true or false, without quotation marks", type_name(setting));
        return false;
    }
    *out = config_setting_get_bool(setting) != 0;
    return true;
}

const char *ps_load_word(struct ps_load *load, const config_setting_t *setting, char number[24])
{
    if (is_whole(setting)) {
        snprintf(number, 24, "%lld", config_setting_get_int64(setting));
        return number;
    }
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return config_setting_get_string(setting);
    ps_load_error(load, setting, "is %s; write a text or a whole number", type_name(setting));
    return NULL;
}

bool ps_load_range(struct ps_load *load, const config_setting_t *setting, struct ps_range limits, struct ps_range *out)
{
    char number[24];
    const char *text = ps_load_word(load, setting, number);
    if (!text)
        return false;
    struct ps_str s = ps_str_from(text);
    uint32_t first, last;
    bool ok = ps_str_u32(&s, UINT32_MAX, &first);
    last = first = ok ? first : 0;
    if (ok && ps_str_char(&s, '-'))
        ok = ps_str_u32(&s, UINT32_MAX, &last);
    if (!ok || s.len > 0)
        ps_load_error(load, setting, "\"%s\" is neither a number nor a range; write \"%u\" or \"%u-%u\"",
                      ps_load_show(load, text), limits.first, limits.first, limits.last);
    else if (first > last)
        ps_load_error(load, setting, "\"%s\" begins above its end; write \"%u-%u\"", ps_load_show(load, text), last,
                      first);
    else if (first < limits.first || last > limits.last)
        ps_load_error(load, setting, "\"%s\" is outside %u to %u", ps_load_show(load, text), limits.first, limits.last);
    else {
        *out = (struct ps_range){.first = first, .last = last};
        return true;
    }
    return false;
}

void ps_load_ranges(struct ps_load *load, config_setting_t *list, struct ps_range limits, struct ps_range **out,
                    uint32_t *n_out)
{
    unsigned n = ps_load_items(load, list, "to restrict nothing");
    *out = ps_model_alloc(load->model, n * sizeof **out);
    for (unsigned i = 0; i < n; i++)
        *n_out += ps_load_range(load, ps_load_elem(list, i), limits, &(*out)[*n_out]);
}

uint32_t ps_load_choice(struct ps_load *load, const config_setting_t *setting, struct ps_words words)
{
    const char *text = ps_load_text(load, setting);
    uint32_t choice = text ? ps_words_find(words, text) : PS_NONE;
    if (text && choice == PS_NONE)
        ps_load_unknown(load, setting, "word", text, words);
    return choice;
}

uint32_t ps_load_zone_ref(struct ps_load *load, const config_setting_t *setting)
{
    const char *name = ps_load_text(load, setting);
    uint32_t zone = name ? ps_names_find(&load->zones, name) : PS_NONE;
    if (name && zone == PS_NONE && !load->partial)
        ps_load_unknown(load, setting, "zone", name, PS_WORDS(load->model->zones, load->model->n_zones));
    return zone;
}

bool ps_load_sl_t(struct ps_load *load, config_setting_t *setting, uint8_t sl_t[PS_N_FR])
{
    int64_t level = 0;
    if (!is_list(setting)) {
        if (!ps_load_number(load, setting, 0, 4, &level))
            return false;
        memset(sl_t, (int)level, PS_N_FR);
        return true;
    }
    unsigned n = (unsigned)config_setting_length(setting);
    if (n != PS_N_FR) {
        ps_load_error(load, setting, "%u levels; write one number, or seven: IAC, UC, SI, DC, RDF, TRE, RA", n);
        return false;
    }
    bool ok = true;
    for (unsigned i = 0; i < n; i++) {
        ok &= ps_load_number(load, ps_load_elem(setting, i), 0, 4, &level);
        sl_t[i] = (uint8_t)level;
    }
    return ok;
}
