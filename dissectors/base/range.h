/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * range.h - closed ranges of numbers, as rules list them. Containment is the only question that grants anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ps_range {
    uint32_t first;
    uint32_t last; /* inclusive; first <= last */
};

struct ps_value_range {
    double min; /* finite */
    double max; /* inclusive; min <= max */
};

/* What objects of one space a rule grants, or a fact asks for. */
struct ps_object_range {
    uint32_t space; /* the protocol's code of an address space (vocab.h); never 0 */
    uint32_t first;
    uint32_t last; /* inclusive */
};

static inline bool ps_range_contains(struct ps_range r, uint32_t first, uint32_t last)
{
    return first <= last && r.first <= first && last <= r.last;
}
