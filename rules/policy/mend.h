/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mend.h - the structure of plant text, token by token: complains about what does not fit and writes text that does.
 *
 * What is written is always well-formed libconfig: settings have a value, brackets match, lists have no comma too many,
 * keys are unique. A setting that could not be understood gets a key that starts with '*', which the loader passes over.
 */
#pragma once

#include "source.h"

enum ps_mend_state {
    PS_MEND_START = 0, /* group: a key comes; list: the first value, or one after a comma */
    PS_MEND_KEY,       /* group: the equals sign comes */
    PS_MEND_EQUALS,    /* group: the value comes */
    PS_MEND_VALUE,     /* a value stands; group: a semicolon or the next key comes; list: a comma */
};

/* One open bracket; the lowest level is the file itself. */
struct ps_mend_level {
    char open;     /* '{', '(' or '['; 0: the file */
    uint8_t state; /* enum ps_mend_state */
    bool comma;    /* list: a comma waits to be written before the next value */
    bool text;     /* the last value was text: more text joins it */
    bool apart;    /* the list `conduits` of the file */
    struct ps_src at;
    size_t first_key; /* keys of this group are keys[first_key ...] */
};

struct ps_mend_key {
    size_t offset, len; /* in the text that its group is written to */
    struct ps_src at;
};

struct ps_mend {
    struct ps_source *source;
    struct ps_text *out; /* what is written to: source->text or, inside `conduits`, source->apart */
    size_t before;       /* lines of out before those of the batch at hand */
    struct ps_src at;    /* of the token at hand */
    struct ps_mend_level levels[PS_SOURCE_MAX_NESTING + 1];
    unsigned n_levels;
    struct ps_mend_key keys[(PS_SOURCE_MAX_NESTING + 1) * PS_SOURCE_MAX_GROUP_KEYS];
    size_t n_keys;
    unsigned n_passed_over;
};

/* len: octets of text that are expected; less is written of it unless it is mended or includes more. */
void ps_mend_init(struct ps_mend *mend, struct ps_source *source, size_t len);

/* Is a key expected here, rather than a value? */
bool ps_mend_wants_key(const struct ps_mend *mend);

/* Tokens. s need not be NUL-terminated. */
void ps_mend_key(struct ps_mend *mend, const char *s, size_t len);
void ps_mend_equals(struct ps_mend *mend);
/* kind: 't' text, with its quotation marks; 'n' a number; 'b' a boolean. */
void ps_mend_value(struct ps_mend *mend, char kind, const char *s, size_t len);
void ps_mend_separator(struct ps_mend *mend, char c); /* ';' or ',' */
void ps_mend_open(struct ps_mend *mend, char c);
void ps_mend_close(struct ps_mend *mend, char c);
void ps_mend_end(struct ps_mend *mend); /* of the whole text */
