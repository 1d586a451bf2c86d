/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text_and_back.h - facts to text and back, in tests by Check.
 */
#pragma once

#include "same_facts.h"
#include "unit.h"

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
