/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/reason.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "unit.h"

static bool is_word(const char *s)
{
    if (!islower((unsigned char)*s))
        return false;
    for (; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-')
            return false;
    return s[-1] != '-';
}

START_TEST(test_ps_reason_info__every_reason__has_a_word_a_class_and_a_sentence)
{
    for (unsigned reason = 0; reason < PS_N_REASONS; reason++) {
        const struct ps_reason_info *info = ps_reason_info(reason);
        ck_assert_ptr_nonnull(info->name);
        ck_assert_msg(is_word(info->name), "reason %u is called \"%s\"", reason, info->name);
        ck_assert_uint_lt(info->class, PS_N_CLASSES);
        ck_assert_uint_gt(strlen(info->sentence), 10);
        ck_assert_msg(info->sentence[strlen(info->sentence) - 1] != '.', "%s ends with a full stop", info->name);
    }
}
END_TEST

START_TEST(test_ps_reason_info__names__are_unique)
{
    for (unsigned a = 0; a < PS_N_REASONS; a++)
        for (unsigned b = a + 1; b < PS_N_REASONS; b++)
            ck_assert_str_ne(ps_reason_info(a)->name, ps_reason_info(b)->name);
}
END_TEST

START_TEST(test_ps_reason_info__number_outside_the_list__is_a_bug)
{
    ck_assert_str_eq(ps_reason_info(PS_REASON_BUG)->name, "bug");
    ck_assert_ptr_eq(ps_reason_info(PS_N_REASONS), ps_reason_info(PS_REASON_BUG));
    ck_assert_ptr_eq(ps_reason_info(UINT32_MAX), ps_reason_info(PS_REASON_BUG));
    ck_assert_str_eq(ps_reason_info(PS_REASON_NONE)->name, "none");
}
END_TEST

START_TEST(test_ps_reason_info__known_reasons__class)
{
    ck_assert_uint_eq(ps_reason_info(PS_REASON_NO_RULE)->class, PS_CLASS_POLICY);
    ck_assert_uint_eq(ps_reason_info(PS_REASON_TRUNCATED)->class, PS_CLASS_PROTOCOL);
    ck_assert_uint_eq(ps_reason_info(PS_REASON_CLOSED)->class, PS_CLASS_STREAM);
    ck_assert_uint_eq(ps_reason_info(PS_REASON_FRAGMENT)->class, PS_CLASS_NETWORK);
    ck_assert_uint_eq(ps_reason_info(PS_REASON_FLOW_TABLE_FULL)->class, PS_CLASS_RESOURCE);
}
END_TEST

/* Verdicts, decisions and events keep reasons in one octet. */
START_TEST(test_ps_reason__count__fits_an_octet)
{
    ck_assert_uint_le(PS_N_REASONS, 256);
}
END_TEST

START_TEST(test_ps_reason_class_name__every_class__a_word_of_its_own)
{
    static const char *const names[] = {"policy", "protocol", "stream", "network", "resource"};
    ck_assert_uint_eq(sizeof names / sizeof names[0], PS_N_CLASSES);
    for (unsigned class = 0; class < PS_N_CLASSES; class++)
        ck_assert_str_eq(ps_reason_class_name(class), names[class]);
    ck_assert_str_eq(ps_reason_class_name(PS_N_CLASSES), "resource");
    ck_assert_str_eq(ps_reason_class_name(UINT32_MAX), "resource");
}
END_TEST

UNIT_MAIN("base/reason", test_ps_reason_info__every_reason__has_a_word_a_class_and_a_sentence,
          test_ps_reason_info__names__are_unique, test_ps_reason_info__number_outside_the_list__is_a_bug,
          test_ps_reason_info__known_reasons__class, test_ps_reason__count__fits_an_octet,
          test_ps_reason_class_name__every_class__a_word_of_its_own)
