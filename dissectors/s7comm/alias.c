/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * alias.c - objects as the tools of the maker write them, in either language: "DB10.DBW4", "%MW20", "I0.1", "E0.1", "T5".
 */
#include "classic.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The word, whatever its case. */
static bool eat(struct ps_str *text, const char *word)
{
    size_t n = 0;
    for (; word[n]; n++)
        if (n >= text->len || lower(text->s[n]) != word[n])
            return false;
    text->s += n;
    text->len -= n;
    return true;
}

static bool eat_digits(struct ps_str *text, uint32_t max, uint32_t *number)
{
    bool digit = text->len > 0 && text->s[0] >= '0' && text->s[0] <= '9';
    return digit && ps_str_u32(text, max, number);
}

/* "B4", "W4", "D4" of octets; "0.1" of bits, with an X in front in data blocks. */
static bool element(struct ps_str text, bool marked, bool bits, struct ps_object_range *out)
{
    uint32_t octets = eat(&text, "b") ? 1 : eat(&text, "w") ? 2 : eat(&text, "d") ? 4 : 0, at, bit = 0;
    bool is_bit = octets == 0 && bits && (eat(&text, "x") || !marked);
    if ((octets == 0 && !is_bit) || !eat_digits(&text, S7_BYTES_MAX - 1, &at))
        return false;
    if (is_bit && !(ps_str_char(&text, '.') && eat_digits(&text, 7, &bit)))
        return false;
    out->first = at * 8 + bit;
    out->last = is_bit ? out->first : (at + octets) * 8 - 1;
    return text.len == 0 && out->last < S7_BYTES_MAX * 8;
}

/* "DB10", "DB10.DBW4"; "DI10" likewise. */
static bool data_block(struct ps_str text, struct ps_object_range *out)
{
    uint32_t number;
    bool instance = eat(&text, "di");
    if ((!instance && !eat(&text, "db")) || !eat_digits(&text, 65535, &number))
        return false;
    *out = (struct ps_object_range){.space = (instance ? S7_SPACE_DI : S7_SPACE_DB) + number, .last = S7_BYTES_MAX * 8 - 1};
    if (text.len == 0)
        return true;
    return ps_str_char(&text, '.') && eat(&text, instance ? "di" : "db") && element(text, true, true, out);
}

/* "MW20", "Q4.0", "PIW256"; A and E are outputs and inputs in German. */
static bool area(struct ps_str text, struct ps_object_range *out)
{
    static const struct {
        const char *name;
        uint32_t space;
    } areas[] = {
        {"pi", S7_SPACE_P}, {"pe", S7_SPACE_P}, {"pq", S7_SPACE_P}, {"pa", S7_SPACE_P}, {"i", S7_SPACE_I}, {"e", S7_SPACE_I},
        {"q", S7_SPACE_Q},  {"a", S7_SPACE_Q},  {"m", S7_SPACE_M},  {"l", S7_SPACE_L},  {"v", S7_SPACE_V},
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        struct ps_str rest = text;
        if (!eat(&rest, areas[i].name))
            continue;
        out->space = areas[i].space;
        return element(rest, false, areas[i].space != S7_SPACE_P, out);
    }
    return false;
}

/* "T5", "C5" or "Z5"; blocks of the program, "OB1". */
static bool numbered(struct ps_str text, struct ps_object_range *out)
{
    static const struct {
        const char *name;
        uint32_t space, max;
    } kinds[] = {
        {"t", S7_SPACE_T, S7_NUMBERS_MAX - 1},        {"c", S7_SPACE_C, S7_NUMBERS_MAX - 1},
        {"z", S7_SPACE_C, S7_NUMBERS_MAX - 1},        {"ob", S7_SPACE_BLOCK + 8, S7_BLOCK_MAX},
        {"sdb", S7_SPACE_BLOCK + 11, S7_BLOCK_MAX},   {"fc", S7_SPACE_BLOCK + 12, S7_BLOCK_MAX},
        {"sfc", S7_SPACE_BLOCK + 13, S7_BLOCK_MAX},   {"fb", S7_SPACE_BLOCK + 14, S7_BLOCK_MAX},
        {"sfb", S7_SPACE_BLOCK + 15, S7_BLOCK_MAX},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct ps_str rest = text;
        if (!eat(&rest, kinds[i].name) || !eat_digits(&rest, kinds[i].max, &out->first) || rest.len != 0)
            continue;
        out->space = kinds[i].space;
        out->last = out->first;
        return true;
    }
    return false;
}

bool s7_object_alias(struct ps_str text, struct ps_object_range *out)
{
    struct ps_object_range range = {0};
    struct ps_str rest = text;
    (void)ps_str_char(&rest, '%');
    bool known = data_block(rest, &range) || area(rest, &range) || numbered(rest, &range);
    if (known)
        *out = range;
    return known;
}
