/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mend.h"

struct scan {
    struct ps_mend mend;
    uint32_t chain[PS_SOURCE_MAX_INCLUDE_DEPTH + 1]; /* files that include each other, the one at hand last */
    unsigned depth;
    const char *p, *end;
};

static void scan_text(struct scan *scan, char *text, size_t len, uint32_t file);

static struct ps_source *source_of(struct scan *scan)
{
    return scan->mend.source;
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

/* Octets of the UTF-8 sequence at s, 0: it is none (RFC 3629, section 4). */
static size_t utf8_len(const unsigned char *s, size_t room)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
               : s[0] >= 0xe0 && s[0] <= 0xef ? 3
               : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > room)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return overlong || beyond ? 0 : n;
}

static bool is_control(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < 0x20 && !strchr("\t\n\r\f", c)) || u == 0 || u == 0x7f;
}

/* Texts go to JSON and terminals, so they are UTF-8 without control characters. One complaint per file. */
static void clean_octets(struct scan *scan, char *text, size_t len, uint32_t file)
{
    struct ps_src at = {.file = file, .line = 1};
    bool complained = false;
    for (size_t i = 0; i < len;) {
        if (text[i] >= ' ' && text[i] < 0x7f) { /* nearly all */
            i++;
            continue;
        }
        size_t n = utf8_len((const unsigned char *)text + i, len - i);
        at.line += text[i] == '\n';
        if (n > 0 && !is_control(text[i])) {
            i += n;
            continue;
        }
        if (!complained)
            ps_source_error(source_of(scan), at, "octet 0x%02x is not UTF-8 text; save the file as UTF-8",
                            (unsigned char)text[i]);
        complained = true;
        text[i++] = '?';
    }
}

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

static bool at_comment(const struct scan *scan, const char *p)
{
    return p + 1 < scan->end && p[0] == '/' && (p[1] == '/' || p[1] == '*');
}

static void skip_line(struct scan *scan)
{
    while (scan->p < scan->end && *scan->p != '\n')
        scan->p++;
}

static void skip_comment(struct scan *scan)
{
    struct ps_src start = scan->mend.at;
    for (scan->p += 2; scan->p < scan->end; scan->p++) {
        if (scan->p + 1 < scan->end && scan->p[0] == '*' && scan->p[1] == '/') {
            scan->p += 2;
            return;
        }
        scan->mend.at.line += *scan->p == '\n';
    }
    source_of(scan)->mended = true;
    ps_source_error(source_of(scan), start, "the comment that starts here never ends; add \"*/\"");
}

/* The octet of an escape \xHH at p. */
static unsigned escape_octet(const struct scan *scan, const char *p)
{
    char digits[3] = {0};
    for (int i = 0; i < 2 && p + 2 + i < scan->end && isxdigit((unsigned char)p[2 + i]); i++)
        digits[i] = p[2 + i];
    return strlen(digits) == 2 ? (unsigned)strtoul(digits, NULL, 16) : 0;
}

/* Behind the closing quotation mark of the text that starts at scan->p, NULL: it has none on its line. */
static const char *end_of_string(struct scan *scan)
{
    for (const char *p = scan->p + 1; p < scan->end && *p != '\n'; p++) {
        if (*p == '"')
            return p + 1;
        if (*p != '\\' || p + 1 >= scan->end || p[1] == '\n')
            continue;
        unsigned octet = p[1] == 'x' || p[1] == 'X' ? escape_octet(scan, p) : ' ';
        if (octet < 0x20 || octet > 0x7e)
            ps_source_error(source_of(scan), scan->mend.at,
                            "\"\\x\" for a character that is not printable ASCII; write the character itself");
        p++;
    }
    return NULL;
}

static void scan_string(struct scan *scan)
{
    const char *start = scan->p;
    const char *end = end_of_string(scan);
    if (end) {
        scan->p = end;
        ps_mend_value(&scan->mend, 't', start, (size_t)(end - start));
        return;
    }
    source_of(scan)->mended = true;
    ps_source_error(source_of(scan), scan->mend.at,
                    "the text that starts here is not closed on its line; add a quotation mark");
    ps_mend_value(&scan->mend, 't', "\"\"", 2);
    for (scan->p++; scan->p < scan->end && !strchr(";,)]}\n", *scan->p);)
        scan->p++;
}

/* Ends a word: also the NUL octet. */
static bool is_word_char(char c)
{
    static const bool ends[256] = {['\0'] = true, [' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, ['\f'] = true,
                                   [','] = true,  [';'] = true, ['='] = true,  ['('] = true,  [')'] = true,  ['{'] = true,
                                   ['}'] = true,  ['['] = true, [']'] = true,  ['"'] = true,  ['#'] = true};
    return !ends[(unsigned char)c];
}

/* Digits and nothing else, with an optional sign or 0x before and L behind, as a number in canonical form. */
static bool scan_integer(const char *word, char *out, size_t size, bool *fits)
{
    const char *digits = word + (*word == '-' || *word == '+');
    bool hex = digits == word && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (!isxdigit((unsigned char)digits[hex ? 2 : 0]))
        return false;
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, hex ? 16 : 10);
    *fits = errno == 0;
    end += *end == 'L';
    end += *end == 'L';
    if (*end || (!hex && !isdigit((unsigned char)*digits)))
        return false;
    snprintf(out, size, "%lld%s", number, number == (int)number ? "" : "L");
    return true;
}

static bool is_float(const char *word)
{
    const char *p = word + (*word == '-' || *word == '+');
    size_t whole = strspn(p, "0123456789");
    p += whole;
    size_t fraction = *p == '.' ? strspn(p + 1, "0123456789") : 0;
    p += *p == '.' ? 1 + fraction : 0;
    if (whole + fraction == 0)
        return false;
    if (*p != 'e' && *p != 'E')
        return *p == '\0';
    p += 1 + (p[1] == '-' || p[1] == '+');
    return *p && p[strspn(p, "0123456789")] == '\0';
}

/* As scan_integer() would write it. */
static bool is_short_number(const char *word, size_t len)
{
    return len > 0 && len < 10 && (len == 1 || word[0] != '0') && strspn(word, "0123456789") == len;
}

static void value_word(struct scan *scan, const char *word, size_t word_len)
{
    struct ps_mend *mend = &scan->mend;
    char number[32], quoted[300];
    bool fits;
    if (is_short_number(word, word_len)) {
        ps_mend_value(mend, 'n', word, word_len);
        return;
    }
    if (strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0) {
        ps_mend_value(mend, 'b', word, strlen(word));
        return;
    }
    if (scan_integer(word, number, sizeof number, &fits)) {
        if (!fits)
            ps_source_error(source_of(scan), mend->at, "%.40s is too large for a number; it has at most 18 digits",
                            word);
        ps_mend_value(mend, 'n', number, strlen(number));
        return;
    }
    if (is_float(word)) {
        ps_mend_value(mend, 'n', word, strlen(word));
        return;
    }
    ps_source_error(source_of(scan), mend->at, "%.200s must stand in quotation marks; write \"%.200s\"", word, word);
    int len = snprintf(quoted, sizeof quoted, "\"%.200s\"", word);
    for (int i = 1; i < len - 1; i++)
        quoted[i] = quoted[i] == '\\' ? '/' : quoted[i];
    ps_mend_value(mend, 't', quoted, (size_t)len);
}

static void scan_word(struct scan *scan)
{
    const char *start = scan->p;
    bool key = ps_mend_wants_key(&scan->mend);
    while (scan->p < scan->end && is_word_char(*scan->p) && !at_comment(scan, scan->p) && !(key && *scan->p == ':'))
        scan->p++;
    size_t len = (size_t)(scan->p - start);
    if (key) {
        ps_mend_key(&scan->mend, start, len);
        return;
    }
    char word[256];
    len = len < sizeof word ? len : sizeof word - 1;
    memcpy(word, start, len);
    word[len] = '\0';
    value_word(scan, word, len);
}

/* ---- includes -------------------------------------------------------------------------------------------------- */

/* The path as the program opens it: beside the file that names it. free() it. */
static char *include_path(struct scan *scan, const char *name, size_t len)
{
    const char *from = source_of(scan)->files[scan->mend.at.file];
    const char *slash = strrchr(from, '/');
    int dir_len = name[0] == '/' || !slash || ps_source_is_stdin(from) ? 0 : (int)(slash - from + 1);
    char *path = NULL;
    if (asprintf(&path, "%.*s%.*s", dir_len, from, (int)len, name) < 0)
        abort();
    return path;
}

static void include_file(struct scan *scan, const char *path)
{
    struct ps_source *source = source_of(scan);
    struct ps_src at = scan->mend.at;
    uint32_t file = ps_source_file(source, path);
    bool open_already = false;
    for (unsigned i = 0; i < scan->depth; i++)
        open_already |= scan->chain[i] == file;
    source->mended = true; /* unless it can be read, things will be missing */
    if (file == PS_NONE) {
        ps_source_error(source, at, "more than %u files; join some", PS_SOURCE_MAX_FILES);
        return;
    }
    if (open_already) {
        ps_source_error(source, at, "@include \"%s\": the file includes itself; remove one of the two", path);
        return;
    }
    if (scan->depth > PS_SOURCE_MAX_INCLUDE_DEPTH) {
        ps_source_error(source, at, "@include \"%s\": more than %u files inside each other; include it further up",
                        path, PS_SOURCE_MAX_INCLUDE_DEPTH);
        return;
    }
    size_t len;
    char *text = ps_source_slurp(source, path, at, &len);
    if (text)
        scan_text(scan, text, len, file);
    free(text);
}

/* @include "path" at the start of a line, as libconfig has it. */
static void scan_include(struct scan *scan, bool line_start)
{
    const char *p = scan->p;
    size_t room = (size_t)(scan->end - p);
    size_t word = room >= 8 && memcmp(p, "@include", 8) == 0 ? 8 : 0;
    const char *quote = p + word;
    while (word && quote < scan->end && (*quote == ' ' || *quote == '\t'))
        quote++;
    const char *name = quote + 1;
    const char *end = word && name < scan->end && *quote == '"' ? name : NULL;
    while (end && end < scan->end && *end != '"' && *end != '\n')
        end++;
    if (!line_start || !end || end == scan->end || *end != '"' || end == name) {
        source_of(scan)->mended = true;
        ps_source_error(source_of(scan), scan->mend.at,
                        "\"@\" is not understood; write @include \"file\" on a line of its own");
        skip_line(scan);
        return;
    }
    scan->p = end + 1;
    bool mended = source_of(scan)->mended;
    size_t n_errors = source_of(scan)->diags->n_errors;
    char *path = include_path(scan, name, (size_t)(end - name));
    include_file(scan, path);
    free(path);
    if (source_of(scan)->diags->n_errors == n_errors)
        source_of(scan)->mended = mended;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

static void scan_token(struct scan *scan, bool line_start)
{
    char c = *scan->p;
    if (at_comment(scan, scan->p)) {
        if (scan->p[1] == '*')
            skip_comment(scan);
        else
            skip_line(scan);
        return;
    }
    switch (c) {
    case '#':
        skip_line(scan);
        return;
    case '"':
        scan_string(scan);
        return;
    case '@':
        scan_include(scan, line_start);
        return;
    case '{':
    case '(':
    case '[':
        ps_mend_open(&scan->mend, c);
        break;
    case '}':
    case ')':
    case ']':
        ps_mend_close(&scan->mend, c);
        break;
    case ';':
    case ',':
        ps_mend_separator(&scan->mend, c);
        break;
    case ':':
    case '=':
        ps_mend_equals(&scan->mend);
        break;
    default:
        scan_word(scan);
        return;
    }
    scan->p++;
}

static void scan_text(struct scan *scan, char *text, size_t len, uint32_t file)
{
    struct ps_src outer_at = scan->mend.at;
    const char *outer_p = scan->p, *outer_end = scan->end;
    clean_octets(scan, text, len, file);
    scan->chain[scan->depth++] = file;
    scan->mend.at = (struct ps_src){.file = file, .line = 1};
    scan->p = text;
    scan->end = text + len;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        scan->p += 3; /* the byte order mark of some editors */
    bool line_start = true;
    while (scan->p < scan->end && !source_of(scan)->lost) {
        if (*scan->p == '\n') {
            scan->mend.at.line++;
            line_start = true;
            scan->p++;
        } else if (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\r' || *scan->p == '\f') {
            scan->p++;
        } else {
            scan_token(scan, line_start);
            line_start = false;
        }
    }
    scan->depth--;
    scan->mend.at = outer_at;
    scan->p = outer_p;
    scan->end = outer_end;
}

void ps_source_scan(struct ps_source *source, char *text, size_t len, uint32_t file)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        abort();
    ps_mend_init(&scan->mend, source, len);
    scan_text(scan, text, len, file);
    ps_mend_end(&scan->mend);
    free(scan);
}
