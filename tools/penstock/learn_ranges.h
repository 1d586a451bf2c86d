/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_ranges.h - growing memory and growing sets of numbers for the learner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

/* items with room for at least n + 1 elements of size octets; *capacity is kept. Ends the program with a message when
 * there is no memory. */
void *ps_learn_grow(void *items, uint32_t n, uint32_t *capacity, size_t size);

/* Zeroed memory or the end of the program. free() it. */
void *ps_learn_calloc(size_t n, size_t size);

/* A set of numbers: sorted ranges that neither overlap nor touch. Zeroed: empty. */
struct ps_ranges {
    struct ps_range *items;
    uint32_t n, capacity;
};

void ps_ranges_fini(struct ps_ranges *ranges);

/* Adds first..last. True when some number of it is new. */
bool ps_ranges_add(struct ps_ranges *ranges, uint32_t first, uint32_t last);

/* Adds all of other. True when some number of it is new. */
bool ps_ranges_merge(struct ps_ranges *ranges, const struct ps_ranges *other);

bool ps_ranges_contain(const struct ps_ranges *ranges, uint32_t first, uint32_t last);

/* A total order; 0: the same numbers. */
int ps_ranges_compare(const struct ps_ranges *a, const struct ps_ranges *b);

/* How many numbers. */
uint64_t ps_ranges_count(const struct ps_ranges *ranges);
