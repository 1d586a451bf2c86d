/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

/* One name, one code, one class at least; names are not numbers. */
START_TEST(test_s7_words__functions__each_by_name_and_number)
{
    for (uint16_t i = 0; i < S7_N_ROWS; i++) {
        const struct ps_function *f = &s7_functions[i];
        char text[32];
        struct ps_txt txt;
        ck_assert(f->ops != 0);
        ck_assert_uint_eq(ps_function_by_text(&s7_vocab, ps_str_from(f->name)), i);
        for (uint16_t k = 0; k < i; k++)
            ck_assert_msg(s7_functions[k].code != f->code, "%s", f->name);
        ps_txt_init(&txt, text, sizeof text);
        s7_vocab.function_number(f->code, &txt);
        if (f->code >= S7_CODE_PI)
            ck_assert_str_eq(text, "0x28");
        else
            ck_assert_uint_eq(s7_vocab.function_by_number(ps_str_from(text)), i);
    }
    ck_assert_uint_eq(s7_vocab.function_by_number(ps_str_from("0x28")), PS_FUNCTION_UNKNOWN);
    ck_assert_uint_eq(s7_vocab.function_by_number(ps_str_from("4/")), PS_FUNCTION_UNKNOWN);
    ck_assert_uint_eq(s7_vocab.function_by_number(ps_str_from("4/1/")), PS_FUNCTION_UNKNOWN);
    ck_assert_uint_eq(s7_vocab.function_by_number(ps_str_from("x")), PS_FUNCTION_UNKNOWN);
}
END_TEST

START_TEST(test_s7_words__spaces_and_types__each_one_code)
{
    for (uint16_t i = 0; i < s7_vocab.n_spaces; i++)
        for (uint16_t k = 0; k < i; k++)
            ck_assert(s7_vocab.spaces[i].code != s7_vocab.spaces[k].code);
    for (uint16_t i = 0; i < s7_vocab.n_choices; i++)
        ck_assert(s7_vocab.choices[i].code > 0 && s7_vocab.choices[i].code <= s7_vocab.max_choice);
    ck_assert_str_eq(ps_space_by_code(&s7_vocab, S7_SPACE_DB + 10)->name, "db");
    ck_assert_str_eq(ps_space_by_code(&s7_vocab, S7_SPACE_DI + 65535)->name, "di");
    ck_assert_str_eq(ps_space_by_code(&s7_vocab, S7_SPACE_BLOCK + 8)->name, "block-ob");
}
END_TEST

UNIT_MAIN("s7comm/words", test_s7_words__functions__each_by_name_and_number,
          test_s7_words__spaces_and_types__each_one_code)
