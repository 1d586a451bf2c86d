/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "txt.h"

#include <string.h>

void ps_txt_init(struct ps_txt *t, char *buf, size_t size)
{
    *t = (struct ps_txt){.buf = buf, .size = size};
    buf[0] = '\0';
}

void ps_txt_char(struct ps_txt *t, char c)
{
    if (t->len + 1 >= t->size) {
        t->cut = true;
        return;
    }
    t->buf[t->len++] = c;
    t->buf[t->len] = '\0';
}

void ps_txt_str(struct ps_txt *t, const char *s)
{
    while (*s)
        ps_txt_char(t, *s++);
}

void ps_txt_u64(struct ps_txt *t, uint64_t number)
{
    char digits[20];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (n)
        ps_txt_char(t, digits[--n]);
}

void ps_txt_hex(struct ps_txt *t, uint64_t number, unsigned n_digits)
{
    char digits[16];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number || (n < n_digits && n < sizeof digits));
    while (n)
        ps_txt_char(t, digits[--n]);
}

void ps_txt_range(struct ps_txt *t, uint32_t first, uint32_t last)
{
    ps_txt_u64(t, first);
    if (first == last)
        return;
    ps_txt_char(t, '-');
    ps_txt_u64(t, last);
}

struct ps_str ps_str_from(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return (struct ps_str){.s = s, .len = n};
}

static void advance(struct ps_str *s, size_t n)
{
    if (n == 0)
        return; /* s->s may be NULL */
    s->s += n;
    s->len -= n;
}

bool ps_str_equal(struct ps_str a, const char *b)
{
    struct ps_str other = ps_str_from(b);
    return a.len == other.len && (a.len == 0 || memcmp(a.s, other.s, a.len) == 0);
}

bool ps_str_char(struct ps_str *s, char c)
{
    if (s->len == 0 || s->s[0] != c)
        return false;
    advance(s, 1);
    return true;
}

bool ps_str_word(struct ps_str *s, const char *word)
{
    struct ps_str w = ps_str_from(word);
    if (s->len < w.len || (w.len && memcmp(s->s, w.s, w.len) != 0))
        return false;
    advance(s, w.len);
    return true;
}

static bool is_stop(char c, const char *stops)
{
    for (; *stops; stops++)
        if (*stops == c)
            return true;
    return false;
}

struct ps_str ps_str_until(struct ps_str *s, const char *stops)
{
    size_t n = 0;
    while (n < s->len && !is_stop(s->s[n], stops))
        n++;
    struct ps_str piece = {.s = s->s, .len = n};
    advance(s, n);
    return piece;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

bool ps_str_u32(struct ps_str *s, uint32_t max, uint32_t *number)
{
    struct ps_str at = *s;
    unsigned base = ps_str_word(&at, "0x") || ps_str_word(&at, "0X") ? 16 : 10;
    uint64_t n = 0;
    size_t n_digits = 0;
    for (; n_digits < at.len; n_digits++) {
        unsigned digit = (unsigned)digit_value(at.s[n_digits]);
        if (digit >= base)
            break;
        n = n * base + digit;
        if (n > max)
            return false;
    }
    if (n_digits == 0)
        return false;
    advance(&at, n_digits);
    *s = at;
    *number = (uint32_t)n;
    return true;
}

bool ps_str_range(struct ps_str *s, uint32_t max, uint32_t *first, uint32_t *last)
{
    struct ps_str at = *s;
    uint32_t a, b;
    if (!ps_str_u32(&at, max, &a))
        return false;
    b = a;
    if (ps_str_char(&at, '-') && !ps_str_u32(&at, max, &b))
        return false;
    if (b < a)
        return false;
    *s = at;
    *first = a;
    *last = b;
    return true;
}
