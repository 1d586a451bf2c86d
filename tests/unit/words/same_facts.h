/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * same_facts.h - do facts that went through text ask for the same?
 */
#pragma once

#include <string.h>

#include "vocab.h"

static inline bool same_number(double a, double b, bool single)
{
    bool none = a != a && b != b;
    return none || a == b || (single && (float)a == (float)b);
}

/* Values by what they are; of many elements only the bounds remain. */
static inline bool same_values(const struct ps_values *a, const struct ps_values *b)
{
    bool single = ps_values_are_single(a);
    double a_min = 0, a_max = 0, b_min = 0, b_max = 0;
    if (ps_values_bounds(a, &a_min, &a_max) != ps_values_bounds(b, &b_min, &b_max))
        return false;
    if ((a->kind == PS_VALUE_UNKNOWN) != (b->kind == PS_VALUE_UNKNOWN) || single != ps_values_are_single(b))
        return false;
    if (!same_number(a_min, b_min, single) || !same_number(a_max, b_max, single))
        return false;
    for (uint32_t i = 0; ps_values_has_elements(a) && a->n <= PS_VALUES_SHOWN && i < a->n; i++)
        if (b->n != a->n || !same_number(ps_values_at(a, i), ps_values_at(b, i), single))
            return false;
    return true;
}

static inline bool same_fact(const struct ps_fact *a, const struct ps_fact *b)
{
    return a->op == b->op && a->protocol == b->protocol && a->function == b->function && a->choice == b->choice &&
           a->asks == b->asks && a->n_params == b->n_params && a->housekeeping == b->housekeeping &&
           a->station == b->station && a->space == b->space && a->first == b->first && a->last == b->last &&
           memcmp(a->params, b->params, sizeof a->params) == 0 && same_values(&a->values, &b->values);
}
