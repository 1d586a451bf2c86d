/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * why.h - why a rule does not grant something, and what would, in words.
 */
#pragma once

#include "base/txt.h"
#include "ends.h"

/* What was asked, and what the policy said. */
struct ps_why {
    const struct ps_plant *plant;
    const struct ps_question *question;
    const struct ps_answer *answer;
};

/* The first thing in rule that does not hold for fact (NULL: the flow alone is asked about). */
enum ps_miss ps_why_miss(const struct ps_why *why, uint32_t rule, const struct ps_fact *fact);

/* That miss as the end of a sentence: "holding:48 is outside holding:40-47". */
void ps_why_sentence(const struct ps_why *why, uint32_t rule, const struct ps_fact *fact, struct ps_txt *out);

/* What would have to change in the plant file for a refused answer: one sentence. */
void ps_why_remedy(const struct ps_why *why, struct ps_txt *out);
