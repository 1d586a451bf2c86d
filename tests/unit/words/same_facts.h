/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * same_facts.h - do facts that went through text ask for the same?
 */
#pragma once

#include <check.h>
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

/* Writes the facts, reads the text, and compares. The text remains in buf. */
static inline void ck_text_and_back(const struct ps_dissector *dissector, const struct ps_facts *facts, char *buf,
                                    size_t size)
{
    static struct ps_operation operation;
    char err[256];
    struct ps_txt txt, complaint;
    ps_txt_init(&txt, buf, size);
    ps_operation_format(dissector, facts, &txt);
    ck_assert(!txt.cut);
    ps_txt_init(&complaint, err, sizeof err);
    ck_assert_msg(ps_operation_parse(buf, &operation, &complaint), "%s: %s", buf, err);
    ck_assert_ptr_eq(operation.dissector, dissector);
    ck_assert_uint_eq(operation.facts.protocol, facts->protocol);
    ck_assert_msg(operation.facts.n_facts == facts->n_facts, "%s: %u facts, %u read back", buf, facts->n_facts,
                  operation.facts.n_facts);
    for (uint16_t i = 0; i < facts->n_facts; i++)
        ck_assert_msg(same_fact(&facts->item[i], &operation.facts.item[i]), "%s: fact %u differs", buf, i);
    char again[4096];
    ps_txt_init(&txt, again, sizeof again);
    ps_operation_format(dissector, &operation.facts, &txt);
    ck_assert_str_eq(again, buf);
}
