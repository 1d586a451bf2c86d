/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * merge.c - lists of ranges made such that a binary search answers whether they contain a block.
 */
#include <stdlib.h>

#include "build.h"

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static int compare_ranges(const void *a, const void *b)
{
    return compare(((const struct ps_range *)a)->first, ((const struct ps_range *)b)->first);
}

uint32_t ps_merge_ranges(struct ps_range *ranges, uint32_t n)
{
    uint32_t kept = 0;

    if (n > 1)
        qsort(ranges, n, sizeof *ranges, compare_ranges);
    for (uint32_t i = 0; i < n; i++) {
        struct ps_range *top = kept > 0 ? &ranges[kept - 1] : NULL;
        if (!top || (top->last != UINT32_MAX && ranges[i].first > top->last + 1))
            ranges[kept++] = ranges[i];
        else if (ranges[i].last > top->last)
            top->last = ranges[i].last;
    }
    return kept;
}

/* ---- objects --------------------------------------------------------------------------------------------------- */

static int compare_objects(const void *a, const void *b)
{
    const struct ps_object_range *x = a, *y = b;

    return x->space != y->space ? compare(x->space, y->space) : compare(x->first, y->first);
}

static bool is_apart(const struct ps_object_range *top, const struct ps_object_range *next)
{
    return top->space != next->space || (top->last != UINT32_MAX && next->first > top->last + 1);
}

uint32_t ps_merge_objects(struct ps_object_range *objects, uint32_t n)
{
    uint32_t kept = 0;

    if (n > 1)
        qsort(objects, n, sizeof *objects, compare_objects);
    for (uint32_t i = 0; i < n; i++) {
        struct ps_object_range *top = kept > 0 ? &objects[kept - 1] : NULL;
        if (!top || is_apart(top, &objects[i]))
            objects[kept++] = objects[i];
        else if (objects[i].last > top->last)
            top->last = objects[i].last;
    }
    return kept;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    const struct ps_value_range *x = a, *y = b;

    return (x->min > y->min) - (x->min < y->min);
}

uint32_t ps_merge_values(struct ps_value_range *values, uint32_t n)
{
    uint32_t kept = 0;

    if (n > 1)
        qsort(values, n, sizeof *values, compare_values);
    for (uint32_t i = 0; i < n; i++) {
        struct ps_value_range *top = kept > 0 ? &values[kept - 1] : NULL;
        if (!top || values[i].min > top->max)
            values[kept++] = values[i];
        else if (values[i].max > top->max)
            top->max = values[i].max;
    }
    return kept;
}

/* ---- indices --------------------------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    return compare(*(const uint32_t *)a, *(const uint32_t *)b);
}

uint32_t ps_merge_ids(uint32_t *ids, uint32_t n)
{
    uint32_t kept = 0;

    if (n > 1)
        qsort(ids, n, sizeof *ids, compare_ids);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || ids[kept - 1] != ids[i])
            ids[kept++] = ids[i];
    return kept;
}
