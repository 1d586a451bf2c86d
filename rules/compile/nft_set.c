/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_set.c - elements of sets: their octets, their order, and sets that are alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_put.h"

/* ---- values ---------------------------------------------------------------------------------------------------- */

void ps_nft_value_number(uint8_t *value, uint32_t len, uint64_t number)
{
    for (uint32_t i = len; i > 0; i--, number >>= 8)
        value[i - 1] = (uint8_t)number;
}

void ps_nft_value_addr(uint8_t *value, struct ps_addr addr)
{
    if (ps_addr_is_v4(addr)) {
        ps_nft_value_number(value, 4, ps_addr_v4(addr));
        return;
    }
    ps_nft_value_number(value, 8, addr.hi);
    ps_nft_value_number(value + 8, 8, addr.lo);
}

void ps_nft_element_numbers(struct ps_nft_element *element, struct ps_nft_key key, unsigned i, uint64_t lo, uint64_t hi)
{
    ps_nft_value_number(element->lo[i], ps_nft_key_len(key), lo);
    ps_nft_value_number(element->hi[i], ps_nft_key_len(key), hi);
}

void ps_nft_element_addrs(struct ps_nft_element *element, unsigned i, struct ps_addr lo, struct ps_addr hi)
{
    ps_nft_value_addr(element->lo[i], lo);
    ps_nft_value_addr(element->hi[i], hi);
}

void ps_nft_element_device(struct ps_nft_element *element, const char *device)
{
    memset(element->lo[0], 0, PS_NFT_OCTETS_MAX);
    snprintf((char *)element->lo[0], PS_NFT_OCTETS_MAX, "%s", device);
    memcpy(element->hi[0], element->lo[0], PS_NFT_OCTETS_MAX);
}

/* ---- putting --------------------------------------------------------------------------------------------------- */

static void *larger(void *array, size_t size)
{
    void *grown = realloc(array, size);

    if (!grown) {
        fprintf(stderr, "penstock: out of memory: %zu octets for a set of the nftables ruleset\n", size);
        abort();
    }
    return grown;
}

static void make_room(struct ps_nft_set *set)
{
    if (set->n < set->capacity)
        return;
    set->capacity = set->capacity > 0 ? 2 * set->capacity : 8;
    set->octets = larger(set->octets, set->capacity * set->stride);
    if (set->is_map)
        set->verdicts = larger(set->verdicts, set->capacity * sizeof *set->verdicts);
}

void ps_nft_set_put(struct ps_nft_ruleset *r, uint32_t index, const struct ps_nft_element *element,
                    const struct ps_nft_verdict *verdict)
{
    struct ps_nft_set *set = &r->sets[index];
    uint32_t at = 0;

    set->is_map = verdict != NULL;
    make_room(set);
    uint8_t *octets = set->octets + (size_t)set->n * set->stride;
    for (unsigned i = 0; i < set->n_keys; i++) {
        uint32_t len = ps_nft_key_len(set->keys[i]);
        memcpy(octets + at, element->lo[i], len);
        memcpy(octets + set->stride / 2 + at, element->hi[i], len);
        at += len;
    }
    set->interval |= memcmp(octets, octets + set->stride / 2, set->stride / 2) != 0;
    if (verdict)
        set->verdicts[set->n] = *verdict;
    set->n++;
}

/* ---- order ----------------------------------------------------------------------------------------------------- */

/* Elements move together with their verdicts: both in one row while they are sorted. */
static int compare_rows(const void *a, const void *b, void *stride)
{
    return memcmp(a, b, *(const uint32_t *)stride);
}

static bool touches(const uint8_t *end, const uint8_t *start, uint32_t len)
{
    uint8_t next[PS_NFT_OCTETS_MAX];

    if (memcmp(start, end, len) <= 0)
        return true;
    memcpy(next, end, len);
    for (uint32_t i = len; i > 0 && ++next[i - 1] == 0; i--)
        ;
    return memcmp(next, start, len) == 0;
}

/* Is element b, which does not come before a, part of it or one range with it? Then a grows. */
static bool absorbs(const struct ps_nft_set *set, uint8_t *a, const uint8_t *b)
{
    uint32_t len = set->stride / 2;

    if (memcmp(a, b, set->stride) == 0)
        return true;
    if (set->n_keys != 1 || set->is_map || !touches(a + len, b, len))
        return false;
    if (memcmp(b + len, a + len, len) > 0)
        memcpy(a + len, b + len, len);
    return true;
}

static void merge(struct ps_nft_set *set)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < set->n; i++) {
        uint8_t *element = set->octets + (size_t)i * set->stride;
        if (n > 0 && absorbs(set, set->octets + (size_t)(n - 1) * set->stride, element))
            continue;
        memmove(set->octets + (size_t)n * set->stride, element, set->stride);
        if (set->is_map)
            set->verdicts[n] = set->verdicts[i];
        n++;
    }
    set->n = n;
}

static void sort_map(struct ps_nft_set *set)
{
    size_t row = set->stride + sizeof *set->verdicts;
    uint8_t *rows = larger(NULL, set->n * row);

    for (uint32_t i = 0; i < set->n; i++) {
        memcpy(rows + i * row, set->octets + (size_t)i * set->stride, set->stride);
        memcpy(rows + i * row + set->stride, &set->verdicts[i], sizeof *set->verdicts);
    }
    qsort_r(rows, set->n, row, compare_rows, &set->stride);
    for (uint32_t i = 0; i < set->n; i++) {
        memcpy(set->octets + (size_t)i * set->stride, rows + i * row, set->stride);
        memcpy(&set->verdicts[i], rows + i * row + set->stride, sizeof *set->verdicts);
    }
    free(rows);
}

void ps_nft_set_close(struct ps_nft_ruleset *r, uint32_t index)
{
    struct ps_nft_set *set = &r->sets[index];

    if (set->n == 0)
        return;
    if (set->is_map)
        sort_map(set);
    else
        qsort_r(set->octets, set->n, set->stride, compare_rows, &set->stride);
    merge(set);
    set->interval = false;
    for (uint32_t i = 0; i < set->n && !set->interval; i++) {
        const uint8_t *element = set->octets + (size_t)i * set->stride;
        set->interval = memcmp(element, element + set->stride / 2, set->stride / 2) != 0;
    }
}

static bool same_keys(const struct ps_nft_set *a, const struct ps_nft_set *b)
{
    bool same = a->n_keys == b->n_keys;

    for (unsigned i = 0; i < a->n_keys && same; i++)
        same = a->keys[i].id == b->keys[i].id && a->keys[i].bit == b->keys[i].bit && a->keys[i].n_bits == b->keys[i].n_bits;
    return same;
}

static bool is_like(const struct ps_nft_set *a, const struct ps_nft_set *b)
{
    return a->n == b->n && a->stride == b->stride && same_keys(a, b) && a->is_map == b->is_map &&
           a->dynamic == b->dynamic && a->local == b->local &&
           (a->n == 0 || memcmp(a->octets, b->octets, (size_t)a->n * a->stride) == 0);
}

static uint64_t hash_of(const struct ps_nft_set *set)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ set->n;

    for (size_t i = 0; i < (size_t)set->n * set->stride; i++)
        hash = (hash ^ set->octets[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Puts the set into the table of those that can be shared; the one that was there when it is like this one. */
static uint32_t find_or_keep(struct ps_nft_ruleset *r, uint32_t index)
{
    uint32_t slot = (uint32_t)hash_of(&r->sets[index]) & (r->n_slots - 1);

    while (r->slots[slot] != PS_NFT_NONE) {
        if (is_like(&r->sets[r->slots[slot]], &r->sets[index]))
            return r->slots[slot];
        slot = (slot + 1) & (r->n_slots - 1);
    }
    r->slots[slot] = index;
    r->n_shared++;
    return index;
}

static void enlarge_table(struct ps_nft_ruleset *r)
{
    uint32_t *old = r->slots, n_old = r->n_slots;

    r->n_slots = n_old > 0 ? 2 * n_old : 64;
    r->slots = larger(NULL, r->n_slots * sizeof *r->slots);
    memset(r->slots, 0xff, r->n_slots * sizeof *r->slots);
    r->n_shared = 0;
    for (uint32_t i = 0; i < n_old; i++)
        if (old[i] != PS_NFT_NONE)
            find_or_keep(r, old[i]);
    free(old);
}

uint32_t ps_nft_set_share(struct ps_nft_ruleset *r, uint32_t index)
{
    ps_nft_set_close(r, index);
    if (2 * r->n_shared >= r->n_slots)
        enlarge_table(r);
    uint32_t found = find_or_keep(r, index);
    if (found == index)
        return index;
    ps_nft_set_pop(r);
    return found;
}

void ps_nft_set_pop(struct ps_nft_ruleset *r)
{
    struct ps_nft_set *set = &r->sets[--r->n_sets];

    free(set->name);
    free(set->octets);
    free(set->verdicts);
    *set = (struct ps_nft_set){0};
}
