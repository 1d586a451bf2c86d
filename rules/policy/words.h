/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.h - words and names: finding them, and the nearest one when there is none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* n items, stride octets apart, each of which starts with a const char *. */
struct ps_words {
    const void *items;
    size_t n, stride;
};

/* Of an array of structs that start with a name, or of names. */
#define PS_WORDS(array, count) ((struct ps_words){.items = (array), .n = (count), .stride = sizeof(array)[0]})

const char *ps_words_at(struct ps_words words, size_t i);
/* Index, or PS_NONE. Linear: for short lists. */
uint32_t ps_words_find(struct ps_words words, const char *word);
/* The word that somebody meant, NULL when none is near. *budget is how many candidates may still be compared. */
const char *ps_words_nearest(struct ps_words words, const char *word, size_t *budget);

/* ---- names of things ------------------------------------------------------------------------------------------- */

/* A set of names with an index each; names are borrowed. */
struct ps_names {
    void *root;
};

/* The index that the name has; a new name gets `index`. */
uint32_t ps_names_add(struct ps_names *names, const char *name, uint32_t index);
/* PS_NONE when unknown. */
uint32_t ps_names_find(const struct ps_names *names, const char *name);
void ps_names_fini(struct ps_names *names);
