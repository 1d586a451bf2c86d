/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *have(void *memory)
{
    if (!memory) {
        fputs("penstock: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *ps_learn_grow(void *items, uint32_t n, uint32_t *capacity, size_t size)
{
    if (n < *capacity)
        return items;
    *capacity = *capacity < 4 ? 4 : *capacity * 2;
    return have(reallocarray(items, *capacity, size));
}

void *ps_learn_calloc(size_t n, size_t size)
{
    return have(calloc(n > 0 ? n : 1, size));
}

void ps_ranges_fini(struct ps_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct ps_ranges){0};
}

/* Index of the first range that ends at number or behind it. */
static uint32_t find(const struct ps_ranges *ranges, uint32_t number)
{
    uint32_t low = 0, high = ranges->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ranges->items[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ps_ranges_contain(const struct ps_ranges *ranges, uint32_t first, uint32_t last)
{
    uint32_t at = find(ranges, first);

    return at < ranges->n && ps_range_contains(ranges->items[at], first, last);
}

bool ps_ranges_add(struct ps_ranges *ranges, uint32_t first, uint32_t last)
{
    /* The ranges from..to-1 overlap or touch the new one. */
    uint32_t from = find(ranges, first > 0 ? first - 1 : 0);
    uint32_t to = from;

    if (ps_ranges_contain(ranges, first, last))
        return false;
    while (to < ranges->n && (last == UINT32_MAX || ranges->items[to].first <= last + 1))
        to++;
    if (to > from) {
        if (ranges->items[from].first < first)
            first = ranges->items[from].first;
        if (ranges->items[to - 1].last > last)
            last = ranges->items[to - 1].last;
        memmove(&ranges->items[from + 1], &ranges->items[to], (ranges->n - to) * sizeof(*ranges->items));
        ranges->n -= to - from - 1;
    } else {
        ranges->items = ps_learn_grow(ranges->items, ranges->n, &ranges->capacity, sizeof(*ranges->items));
        memmove(&ranges->items[from + 1], &ranges->items[from], (ranges->n - from) * sizeof(*ranges->items));
        ranges->n++;
    }
    ranges->items[from] = (struct ps_range){first, last};
    return true;
}

bool ps_ranges_merge(struct ps_ranges *ranges, const struct ps_ranges *other)
{
    bool news = false;

    for (uint32_t i = 0; i < other->n; i++)
        news |= ps_ranges_add(ranges, other->items[i].first, other->items[i].last);
    return news;
}

int ps_ranges_compare(const struct ps_ranges *a, const struct ps_ranges *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++) {
        struct ps_range x = a->items[i], y = b->items[i];

        if (x.first != y.first)
            return x.first < y.first ? -1 : 1;
        if (x.last != y.last)
            return x.last < y.last ? -1 : 1;
    }
    return a->n == b->n ? 0 : a->n < b->n ? -1 : 1;
}

uint64_t ps_ranges_count(const struct ps_ranges *ranges)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < ranges->n; i++)
        count += (uint64_t)ranges->items[i].last - ranges->items[i].first + 1;
    return count;
}
