/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Room for so many octets and a NUL. */
static char *more_text(struct ps_text *text, size_t len)
{
    if (text->capacity - text->len < len + 1) {
        text->capacity = 2 * text->capacity + len + 4096;
        text->s = realloc(text->s, text->capacity);
        if (!text->s)
            abort();
    }
    return text->s + text->len;
}

static void emit(struct ps_mend *mend, const char *s, size_t len)
{
    memcpy(more_text(mend->out, len), s, len);
    mend->out->len += len;
}

static void emit_char(struct ps_mend *mend, char c)
{
    *more_text(mend->out, 1) = c;
    mend->out->len++;
}

/* Settings end without a semicolon, and blanks stand only where a key would grow together with the word before it:
 * libconfig takes as long for each of them as for a token that says something. */
static void part_from_word(struct ps_mend *mend)
{
    const struct ps_text *out = mend->out;
    if (out->len > 0 && !strchr("={}()\"\n", out->s[out->len - 1]))
        emit_char(mend, ' ');
}

/* Makes the line being written stand for the place of the token at hand. Separators and closing brackets are written
 * without it, on the line of the token before: libconfig gives the last element of a list the line of what follows. */
static void set_place(struct ps_mend *mend)
{
    struct ps_text *out = mend->out;
    if (out->n_lines > mend->before) {
        struct ps_src now = out->lines[out->n_lines - 1];
        if (now.file == mend->at.file && now.line == mend->at.line)
            return;
        emit_char(mend, '\n');
    }
    if (out->n_lines == out->lines_capacity) {
        out->lines_capacity = 2 * out->lines_capacity + 256;
        out->lines = reallocarray(out->lines, out->lines_capacity, sizeof out->lines[0]);
        if (!out->lines)
            abort();
    }
    out->lines[out->n_lines++] = mend->at;
}


/* ---- structure ------------------------------------------------------------------------------------------------- */

static struct ps_mend_level *top(struct ps_mend *mend)
{
    return &mend->levels[mend->n_levels - 1];
}

static bool is_group(const struct ps_mend_level *level)
{
    return level->open == 0 || level->open == '{';
}

static const struct ps_mend_key *last_key(const struct ps_mend *mend)
{
    return &mend->keys[mend->n_keys - 1];
}

/* "%.*s" of the key that was read last. */
#define LAST_KEY(mend) (int)last_key(mend)->len, (mend)->out->s + last_key(mend)->offset

/* Its trouble has been told already. */
static bool last_is_passed_over(const struct ps_mend *mend)
{
    return mend->out->s[last_key(mend)->offset] == '*';
}

void ps_mend_init(struct ps_mend *mend, struct ps_source *source, size_t len)
{
    *mend = (struct ps_mend){.source = source, .out = &source->text, .n_levels = 1};
    (void)more_text(&source->text, len);
    (void)more_text(&source->apart, len);
}

bool ps_mend_wants_key(const struct ps_mend *mend)
{
    const struct ps_mend_level *level = &mend->levels[mend->n_levels - 1];
    return is_group(level) && (level->state == PS_MEND_START || level->state == PS_MEND_VALUE);
}

static void add_key(struct ps_mend *mend, const char *s, size_t len)
{
    set_place(mend);
    part_from_word(mend);
    mend->keys[mend->n_keys++] = (struct ps_mend_key){.offset = mend->out->len, .len = len, .at = mend->at};
    emit(mend, s, len);
    top(mend)->state = PS_MEND_KEY;
}

/* A key that the loader passes over. It takes the place of the last one when the group is full. */
static void add_passed_over_key(struct ps_mend *mend)
{
    char name[16];
    int len = snprintf(name, sizeof name, "*%u", ++mend->n_passed_over);
    if (mend->n_keys - top(mend)->first_key >= PS_SOURCE_MAX_GROUP_KEYS)
        mend->n_keys--;
    add_key(mend, name, (size_t)len);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_text(const char *s, size_t len)
{
    if ((len == 4 && strncasecmp(s, "true", 4) == 0) || (len == 5 && strncasecmp(s, "false", 5) == 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_letter(s[i]) && (i == 0 || !(s[i] == '-' || s[i] == '_' || (s[i] >= '0' && s[i] <= '9'))))
            return false;
    return true;
}

static const struct ps_mend_key *find_key(const struct ps_mend *mend, size_t first, const char *s, size_t len)
{
    for (size_t i = first; i < mend->n_keys; i++)
        if (mend->keys[i].len == len && memcmp(mend->out->s + mend->keys[i].offset, s, len) == 0)
            return &mend->keys[i];
    return NULL;
}

static void mended(struct ps_mend *mend)
{
    mend->source->mended = true;
}

void ps_mend_key(struct ps_mend *mend, const char *s, size_t len)
{
    const struct ps_mend_level *level = top(mend);
    const struct ps_mend_key *same = find_key(mend, level->first_key, s, len);
    size_t n_keys = mend->n_keys - level->first_key;
    if (!is_key_text(s, len))
        ps_source_error(mend->source, mend->at, "\"%.*s\" stands where a key should; write key = value;", (int)len, s);
    else if (same)
        ps_source_error(mend->source, mend->at, "key \"%.*s\" stands twice in this group, first on line %u; remove one",
                        (int)len, s, same->at.line);
    else if (n_keys == PS_SOURCE_MAX_GROUP_KEYS - 1)
        ps_source_error(mend->source, mend->at, "a group of more than %u keys; no group has so many",
                        PS_SOURCE_MAX_GROUP_KEYS - 1);
    if (is_key_text(s, len) && !same && n_keys < PS_SOURCE_MAX_GROUP_KEYS - 1) {
        add_key(mend, s, len);
        return;
    }
    if (!same)
        mended(mend);
    add_passed_over_key(mend);
}

void ps_mend_equals(struct ps_mend *mend)
{
    struct ps_mend_level *level = top(mend);
    if (level->state == PS_MEND_KEY && is_group(level)) {
        emit_char(mend, '=');
        level->state = PS_MEND_EQUALS;
        return;
    }
    mended(mend);
    if (is_group(level))
        ps_source_error(mend->source, mend->at, "\"=\" without a key before it; write key = value;");
    else
        ps_source_error(mend->source, mend->at, "\"=\" inside a list; put key = value pairs in { }");
}

/* ---- the list of conduits -------------------------------------------------------------------------------------- */

#define CONDUITS "conduits"
#define LEVELS_OF_RULE 4u /* above it: the file, conduits, the conduit, allow */

/* Does its bracket open? Its key stands. */
static bool opens_conduits(const struct ps_mend *mend, char c)
{
    const struct ps_mend_key *key = last_key(mend);
    return mend->n_levels == 1 && c != '{' && key->len == strlen(CONDUITS) &&
           memcmp(mend->out->s + key->offset, CONDUITS, key->len) == 0;
}

static void end_batch(struct ps_mend *mend)
{
    emit(mend, ")", 2); /* with the NUL */
}

static void begin_batch(struct ps_mend *mend)
{
    struct ps_source *source = mend->source;
    if (source->n_batches == source->batches_capacity) {
        source->batches_capacity = 2 * source->batches_capacity + 16;
        source->batches = reallocarray(source->batches, source->batches_capacity, sizeof source->batches[0]);
        if (!source->batches)
            abort();
    }
    mend->before = mend->out->n_lines;
    source->batches[source->n_batches++] = (struct ps_batch){.offset = mend->out->len, .before = mend->before};
    emit(mend, CONDUITS "=(", strlen(CONDUITS "=("));
}

static void begin_conduit(struct ps_mend *mend)
{
    struct ps_source *source = mend->source;
    if (source->n_conduits++ % PS_SOURCE_BATCH != 0) {
        emit_char(mend, ',');
        return;
    }
    if (source->n_batches > 0)
        end_batch(mend);
    begin_batch(mend);
}

static void end_conduits(struct ps_mend *mend)
{
    if (mend->source->n_batches > 0)
        end_batch(mend);
    mend->out = &mend->source->text;
    mend->before = 0;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* A value comes: what is missing before it is complained about and written. */
static void before_value(struct ps_mend *mend, bool text)
{
    struct ps_mend_level *level = top(mend);
    if (!is_group(level)) {
        if (level->state == PS_MEND_VALUE) {
            ps_source_error(mend->source, mend->at, "a comma is missing between two entries of a list; add \",\"");
            level->comma = true;
        }
        if (level->apart)
            begin_conduit(mend);
        else if (level->comma)
            emit_char(mend, ',');
        level->comma = false;
        return;
    }
    if (level->state == PS_MEND_VALUE && level->text && text)
        return; /* libconfig joins neighbouring texts */
    if (level->state == PS_MEND_KEY && !last_is_passed_over(mend)) {
        ps_source_error(mend->source, mend->at, "\"=\" is missing after \"%.*s\"; write %.*s = ...", LAST_KEY(mend),
                        LAST_KEY(mend));
    } else if (level->state != PS_MEND_EQUALS && level->state != PS_MEND_KEY) {
        mended(mend);
        ps_source_error(mend->source, mend->at, "a value without a key; write key = value;");
        add_passed_over_key(mend);
    }
    if (level->state == PS_MEND_KEY)
        emit_char(mend, '=');
}

void ps_mend_value(struct ps_mend *mend, char kind, const char *s, size_t len)
{
    before_value(mend, kind == 't');
    set_place(mend);
    emit(mend, s, len);
    top(mend)->state = PS_MEND_VALUE;
    top(mend)->text = kind == 't';
}

/* A key whose value never came is taken back. */
static void take_back_key(struct ps_mend *mend)
{
    mended(mend);
    if (!last_is_passed_over(mend))
        ps_source_error(mend->source, last_key(mend)->at, "key \"%.*s\" has no value; write %.*s = ...;",
                        LAST_KEY(mend), LAST_KEY(mend));
    mend->out->len = last_key(mend)->offset;
    mend->n_keys--;
    top(mend)->state = PS_MEND_START;
}

static char closer(char open)
{
    return open == '{' ? '}' : open == '[' ? ']' : ')';
}

static void close_top(struct ps_mend *mend)
{
    struct ps_mend_level *level = top(mend);
    if (is_group(level) && (level->state == PS_MEND_KEY || level->state == PS_MEND_EQUALS))
        take_back_key(mend);
    if (level->apart)
        end_conduits(mend);
    emit_char(mend, level->open == '{' ? '}' : ')');
    mend->n_keys = level->first_key;
    mend->n_levels--;
}

/* The innermost bracket must have been forgotten, as c says. */
static void close_forgotten(struct ps_mend *mend, char c)
{
    const struct ps_mend_level *level = top(mend);
    mended(mend);
    ps_source_error(mend->source, mend->at, "\"%c\" of line %u is not closed before this \"%c\"; add \"%c\"",
                    level->open, level->at.line, c, closer(level->open));
    close_top(mend);
}

void ps_mend_separator(struct ps_mend *mend, char c)
{
    if (c == ';' && top(mend)->open == '[')
        close_forgotten(mend, c);
    struct ps_mend_level *level = top(mend);
    if (is_group(level)) {
        if (level->state == PS_MEND_KEY || level->state == PS_MEND_EQUALS)
            take_back_key(mend);
        level->state = PS_MEND_START;
        return;
    }
    if (c == ';')
        ps_source_error(mend->source, mend->at, "\";\" inside a list; separate its entries with \",\"");
    else if (level->state == PS_MEND_START)
        ps_source_error(mend->source, mend->at, "no entry stands before this comma; remove it");
    level->comma |= level->state == PS_MEND_VALUE;
    level->state = PS_MEND_START;
}

void ps_mend_open(struct ps_mend *mend, char c)
{
    if (top(mend)->open == '[')
        ps_source_error(mend->source, mend->at, "\"%c\" inside [ ]; use ( ) for lists of groups or lists", c);
    before_value(mend, false);
    top(mend)->state = PS_MEND_VALUE;
    top(mend)->text = false;
    if (mend->n_levels > PS_SOURCE_MAX_NESTING) {
        if (!mend->source->lost)
            ps_source_error(mend->source, mend->at,
                            "more than %u brackets inside each other; nothing in a plant file is so deep",
                            PS_SOURCE_MAX_NESTING);
        mend->source->lost = true;
        return;
    }
    /* An array becomes a list: libconfig's arrays must be of one type, and ["1-8", 12] is what people write. */
    set_place(mend);
    emit_char(mend, c == '{' ? '{' : '(');
    bool apart = opens_conduits(mend, c);
    if (apart)
        mend->out = &mend->source->apart;
    mend->source->n_rules += c == '{' && mend->n_levels == LEVELS_OF_RULE && mend->levels[1].apart;
    mend->levels[mend->n_levels++] =
        (struct ps_mend_level){.open = c, .apart = apart, .at = mend->at, .first_key = mend->n_keys};
}

void ps_mend_close(struct ps_mend *mend, char c)
{
    unsigned i = mend->n_levels - 1;
    while (i > 0 && closer(mend->levels[i].open) != c)
        i--;
    if (i == 0) {
        ps_source_error(mend->source, mend->at, "\"%c\" closes nothing; remove it", c);
        return;
    }
    while (mend->n_levels > i + 1)
        close_forgotten(mend, c);
    close_top(mend);
}

void ps_mend_end(struct ps_mend *mend)
{
    for (unsigned i = 1; i < mend->n_levels && !mend->source->lost; i++) {
        mended(mend);
        ps_source_error(mend->source, mend->levels[i].at, "\"%c\" is never closed; add \"%c\"", mend->levels[i].open,
                        closer(mend->levels[i].open));
    }
    while (mend->n_levels > 1)
        close_top(mend);
    if (top(mend)->state == PS_MEND_KEY || top(mend)->state == PS_MEND_EQUALS)
        take_back_key(mend);
    emit(mend, "\n", 2); /* with the NUL */
    mend->out->len--;
}
