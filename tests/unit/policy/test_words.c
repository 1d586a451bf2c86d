/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <stdio.h>
#include <string.h>

#include "base/terms.h"
#include "unit.h"

static const char *const functions[] = {"read-coils",
                                        "read-holding-registers",
                                        "write-single-coil",
                                        "write-single-register",
                                        "write-multiple-registers",
                                        "mask-write-register"};

static const char *nearest(const char *word)
{
    size_t budget = 100;
    const char *found = ps_words_nearest(PS_WORDS(functions, 6), word, &budget);
    return found ? found : "-";
}

START_TEST(test_ps_words_nearest__misspelt__the_word_that_was_meant)
{
    ck_assert_str_eq(nearest("write-single-registers"), "write-single-register");
    ck_assert_str_eq(nearest("write_single_register"), "write-single-register");
    ck_assert_str_eq(nearest("Read-Coils"), "read-coils");
    ck_assert_str_eq(nearest("raed-coils"), "read-coils");
    ck_assert_str_eq(nearest("write-multiple-register"), "write-multiple-registers");
    ck_assert_str_eq(nearest("read"), "read-coils");
}
END_TEST

START_TEST(test_ps_words_nearest__nothing_like_it__none)
{
    ck_assert_str_eq(nearest("stop"), "-");
    ck_assert_str_eq(nearest(""), "-");
    char longest[200];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_str_eq(nearest(longest), "-");
}
END_TEST

START_TEST(test_ps_words_nearest__budget_spent__none)
{
    size_t budget = 0;
    ck_assert_ptr_null(ps_words_nearest(PS_WORDS(functions, 6), "read-coil", &budget));
    budget = 6;
    ck_assert_ptr_nonnull(ps_words_nearest(PS_WORDS(functions, 6), "read-coil", &budget));
    ck_assert_uint_eq(budget, 0);
}
END_TEST

START_TEST(test_ps_words_find__words__their_index)
{
    ck_assert_uint_eq(ps_words_find(PS_WORDS(functions, 6), "write-single-coil"), 2);
    ck_assert_uint_eq(ps_words_find(PS_WORDS(functions, 6), "write-single"), PS_NONE);
}
END_TEST

START_TEST(test_ps_names_add__many_names__each_its_first_index)
{
    enum { N = 20000 };
    static char names[N][16];
    struct ps_names set = {0};
    for (uint32_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "asset-%05u", i);
        ck_assert_uint_eq(ps_names_add(&set, names[i], i), i);
    }
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(ps_names_find(&set, names[i]), i);
    ck_assert_uint_eq(ps_names_add(&set, "asset-00007", 99999), 7);
    ck_assert_uint_eq(ps_names_find(&set, "asset"), PS_NONE);
    ps_names_fini(&set);
    ck_assert_uint_eq(ps_names_find(&set, "asset-00007"), PS_NONE);
}
END_TEST

UNIT_MAIN("policy/words", test_ps_words_nearest__misspelt__the_word_that_was_meant,
          test_ps_words_nearest__nothing_like_it__none, test_ps_words_nearest__budget_spent__none,
          test_ps_words_find__words__their_index, test_ps_names_add__many_names__each_its_first_index)
