/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/terms.h"

const char *ps_words_at(struct ps_words words, size_t i)
{
    const char *word;
    memcpy(&word, (const char *)words.items + i * words.stride, sizeof word);
    return word;
}

/* A plant asks this for every key: so most words are passed over by their first letter. */
uint32_t ps_words_find(struct ps_words words, const char *word)
{
    const char *item = words.items;
    for (size_t i = 0; i < words.n; i++, item += words.stride) {
        const char *candidate;
        memcpy(&candidate, item, sizeof candidate);
        if (*candidate == *word && strcmp(candidate, word) == 0)
            return (uint32_t)i;
    }
    return PS_NONE;
}

/* ---- nearness -------------------------------------------------------------------------------------------------- */

#define LONGEST 64

/* Case and the kind of dash are not what people get wrong. */
static char folded(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters must be added, removed, changed or swapped with their neighbour to make a into b (optimal string
 * alignment). Both at most LONGEST long. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    size_t n = strlen(b);
    for (size_t k = 0; k <= n; k++)
        before[k] = last[k] = (unsigned)k;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= n; k++) {
            bool same = folded(a[i - 1]) == folded(b[k - 1]);
            row[k] = smallest(last[k] + 1, row[k - 1] + 1, last[k - 1] + !same);
            bool swapped =
                i > 1 && k > 1 && folded(a[i - 1]) == folded(b[k - 2]) && folded(a[i - 2]) == folded(b[k - 1]);
            if (swapped && before[k - 2] + 1 < row[k])
                row[k] = before[k - 2] + 1;
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n];
}

/* "reads" or "holding-registers" for "read" and "holding": one begins with the other. */
static bool begins_with_other(const char *a, const char *b)
{
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return n >= 4 && strncmp(a, b, n) == 0;
}

/* "plc-stop" for "stop". */
static bool ends_with_word(const char *candidate, const char *word)
{
    size_t n = strlen(candidate), len = strlen(word);
    return len >= 3 && n > len && candidate[n - len - 1] == '-' && strcmp(candidate + n - len, word) == 0;
}

const char *ps_words_nearest(struct ps_words words, const char *word, size_t *budget)
{
    size_t len = strlen(word);
    unsigned allowed = len < 3 ? 0 : len < 6 ? 1 : len < 9 ? 2 : 3;
    const char *nearest = NULL;
    if (len == 0 || len > LONGEST)
        return NULL;
    for (size_t i = 0; i<words.n && * budget> 0; i++) {
        const char *candidate = ps_words_at(words, i);
        size_t candidate_len = candidate ? strlen(candidate) : 0;
        if (candidate_len == 0 || candidate_len > LONGEST)
            continue;
        --*budget;
        bool near_length = candidate_len <= len + allowed && len <= candidate_len + allowed;
        unsigned d = near_length ? distance(word, candidate) : LONGEST;
        if (d > allowed && (begins_with_other(word, candidate) || ends_with_word(candidate, word)))
            d = allowed;
        if (d < allowed || (d == allowed && !nearest)) {
            nearest = candidate;
            allowed = d;
        }
    }
    return nearest;
}

/* ---- names of things ------------------------------------------------------------------------------------------- */

struct named {
    const char *name;
    uint32_t index;
};

static int compare(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    return strcmp(left->name, right->name);
}

uint32_t ps_names_add(struct ps_names *names, const char *name, uint32_t index)
{
    struct named *entry = malloc(sizeof *entry);
    if (!entry)
        abort();
    *entry = (struct named){.name = name, .index = index};
    struct named **found = tsearch(entry, &names->root, compare);
    if (!found)
        abort();
    if (*found == entry)
        return index;
    free(entry);
    return (*found)->index;
}

uint32_t ps_names_find(const struct ps_names *names, const char *name)
{
    const struct named wanted = {.name = name};
    struct named *const *found = tfind(&wanted, (void *const *)&names->root, compare);
    return found ? (*found)->index : PS_NONE;
}

void ps_names_fini(struct ps_names *names)
{
    tdestroy(names->root, free);
    names->root = NULL;
}
