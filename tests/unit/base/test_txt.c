/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/txt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct ps_str null_str = {NULL, 0};

/* ---- writer ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_txt__any_buffer_size__a_prefix_and_cut)
{
    static const char whole[] = "holding:40-47";
    for (size_t size = 1; size <= sizeof whole + 2; size++) {
        char *buf = malloc(size); /* exact, for the address sanitizer */
        ck_assert_ptr_nonnull(buf);
        struct ps_txt t;
        ps_txt_init(&t, buf, size);
        ck_assert_str_eq(buf, "");
        ps_txt_str(&t, "holding");
        ps_txt_char(&t, ':');
        ps_txt_range(&t, 40, 47);
        size_t fits = size - 1 < sizeof whole - 1 ? size - 1 : sizeof whole - 1;
        ck_assert_uint_eq(t.len, fits);
        ck_assert_uint_eq(strlen(buf), fits);
        ck_assert_int_eq(strncmp(buf, whole, fits), 0);
        ck_assert_int_eq(t.cut, size < sizeof whole);
        free(buf);
    }
}
END_TEST

START_TEST(test_ps_txt_char__after_a_cut__nothing_more)
{
    char buf[3];
    struct ps_txt t;
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_str(&t, "abc");
    ps_txt_char(&t, 'd');
    ck_assert_str_eq(buf, "ab");
    ck_assert(t.cut);
}
END_TEST

START_TEST(test_ps_txt_numbers__extremes__as_printf_writes_them)
{
    static const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, 65535, UINT32_MAX, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char buf[32], expected[32];
        struct ps_txt t;
        ps_txt_init(&t, buf, sizeof buf);
        ps_txt_u64(&t, numbers[i]);
        snprintf(expected, sizeof expected, "%" PRIu64, numbers[i]);
        ck_assert_str_eq(buf, expected);
        for (unsigned width = 0; width <= 16; width++) {
            ps_txt_init(&t, buf, sizeof buf);
            ps_txt_hex(&t, numbers[i], width);
            snprintf(expected, sizeof expected, "%0*" PRIx64, (int)width, numbers[i]);
            ck_assert_str_eq(buf, expected);
        }
    }
}
END_TEST

START_TEST(test_ps_txt_hex__more_digits_than_there_are__sixteen)
{
    char buf[32];
    struct ps_txt t;
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_hex(&t, 0xabc, 99);
    ck_assert_str_eq(buf, "0000000000000abc");
}
END_TEST

START_TEST(test_ps_txt_range__one_number__written_once)
{
    char buf[32];
    struct ps_txt t;
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_range(&t, 7, 7);
    ck_assert_str_eq(buf, "7");
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_range(&t, 0, UINT32_MAX);
    ck_assert_str_eq(buf, "0-4294967295");
}
END_TEST

/* ---- scanner --------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_str__null_and_empty__every_scanner_says_no)
{
    struct ps_str s = null_str;
    uint32_t u, v;
    ck_assert(!ps_str_char(&s, 'a'));
    ck_assert(!ps_str_word(&s, "a"));
    ck_assert(ps_str_word(&s, ""));
    ck_assert_uint_eq(ps_str_until(&s, ",").len, 0);
    ck_assert(!ps_str_u32(&s, 9, &u));
    ck_assert(!ps_str_range(&s, 9, &u, &v));
    ck_assert(ps_str_equal(s, ""));
    ck_assert(!ps_str_equal(s, "a"));
    ck_assert(s.s == NULL && s.len == 0);
}
END_TEST

START_TEST(test_ps_str_equal__prefix_or_longer__false)
{
    struct ps_str s = {"readwrite", 4}; /* not NUL-terminated */
    ck_assert(ps_str_equal(s, "read"));
    ck_assert(!ps_str_equal(s, "rea"));
    ck_assert(!ps_str_equal(s, "readw"));
    ck_assert(!ps_str_equal(s, "reaD"));
}
END_TEST

START_TEST(test_ps_str_word__match_or_not__moves_only_on_a_match)
{
    struct ps_str s = ps_str_from("station=1");
    ck_assert(!ps_str_word(&s, "stations"));
    ck_assert(!ps_str_word(&s, "station=10"));
    ck_assert_uint_eq(s.len, 9);
    ck_assert(ps_str_word(&s, "station="));
    ck_assert(ps_str_equal(s, "1"));
    ck_assert(!ps_str_char(&s, '2'));
    ck_assert(ps_str_char(&s, '1'));
    ck_assert_uint_eq(s.len, 0);
}
END_TEST

START_TEST(test_ps_str_until__stops__piece_and_rest)
{
    struct ps_str s = ps_str_from("a:b,c");
    ck_assert(ps_str_equal(ps_str_until(&s, ",:"), "a"));
    ck_assert(ps_str_equal(s, ":b,c"));
    ck_assert(ps_str_equal(ps_str_until(&s, ",:"), "")); /* stands on the stop */
    ck_assert(ps_str_equal(ps_str_until(&s, ""), ":b,c"));
    ck_assert_uint_eq(s.len, 0);
}
END_TEST

struct number_row {
    const char *text;
    bool ok;
    int64_t number;
    const char *rest;
};

START_TEST(test_ps_str_u32__texts__number_or_untouched)
{
    static const struct number_row rows[] = {
        {"0", true, 0, ""},           {"007", true, 7, ""},
        {"65535", true, 65535, ""},   {"65536", false, 0, "65536"},
        {"0x10", true, 16, ""},       {"0XfF", true, 255, ""},
        {"0xffff", true, 65535, ""},  {"0x10000", false, 0, "0x10000"},
        {"12ab", true, 12, "ab"},     {"0x", false, 0, "0x"},
        {"0xg", false, 0, "0xg"},     {"", false, 0, ""},
        {"-1", false, 0, "-1"},       {"+1", false, 0, "+1"},
        {" 1", false, 0, " 1"},       {"1 ", true, 1, " "},
        {"4-7", true, 4, "-7"},       {"18446744073709551616", false, 0, "18446744073709551616"},
        {"18446744073709551615", false, 0, "18446744073709551615"},
        {"0x10000000000000001", false, 0, "0x10000000000000001"},
        {"99999999999999999999999999", false, 0, "99999999999999999999999999"},
        {"\xb2", false, 0, "\xb2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_str s = ps_str_from(rows[i].text);
        uint32_t number = 77;
        ck_assert_msg(ps_str_u32(&s, 65535, &number) == rows[i].ok, "\"%s\"", rows[i].text);
        ck_assert_int_eq(number, rows[i].ok ? rows[i].number : 77);
        ck_assert_msg(ps_str_equal(s, rows[i].rest), "rest of \"%s\"", rows[i].text);
    }
}
END_TEST

START_TEST(test_ps_str_u32__whole_width__both_ends)
{
    struct ps_str s = ps_str_from("4294967295");
    uint32_t number;
    ck_assert(ps_str_u32(&s, UINT32_MAX, &number));
    ck_assert_uint_eq(number, UINT32_MAX);
    s = ps_str_from("4294967296");
    ck_assert(!ps_str_u32(&s, UINT32_MAX, &number));
}
END_TEST

START_TEST(test_ps_str_u32__text_not_terminated__stops_at_its_end)
{
    char *text = malloc(2); /* exact, for the address sanitizer */
    ck_assert_ptr_nonnull(text);
    memcpy(text, "12", 2);
    struct ps_str s = {text, 2};
    uint32_t number;
    ck_assert(ps_str_u32(&s, 99, &number));
    ck_assert_uint_eq(number, 12);
    memcpy(text, "0x", 2);
    s = (struct ps_str){text, 2};
    ck_assert(!ps_str_u32(&s, 99, &number));
    free(text);
}
END_TEST

START_TEST(test_ps_str_range__texts__both_ends_or_untouched)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t first, last;
        const char *rest;
    } rows[] = {
        {"5", true, 5, 5, ""},         {"5-9", true, 5, 9, ""},       {"5-5", true, 5, 5, ""},
        {"0-100", true, 0, 100, ""},   {"0x5-0xA", true, 5, 10, ""},  {"5,9", true, 5, 5, ",9"},
        {"9-5", false, 0, 0, "9-5"},   {"5-", false, 0, 0, "5-"},     {"-5", false, 0, 0, "-5"},
        {"5-101", false, 0, 0, "5-101"}, {"101", false, 0, 0, "101"}, {"5--9", false, 0, 0, "5--9"},
        {"5 - 9", true, 5, 5, " - 9"}, {"", false, 0, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_str s = ps_str_from(rows[i].text);
        uint32_t first = 77, last = 78;
        ck_assert_msg(ps_str_range(&s, 100, &first, &last) == rows[i].ok, "\"%s\"", rows[i].text);
        ck_assert_uint_eq(first, rows[i].ok ? rows[i].first : 77);
        ck_assert_uint_eq(last, rows[i].ok ? rows[i].last : 78);
        ck_assert_msg(ps_str_equal(s, rows[i].rest), "rest of \"%s\"", rows[i].text);
    }
}
END_TEST

UNIT_MAIN("base/txt", test_ps_txt__any_buffer_size__a_prefix_and_cut, test_ps_txt_char__after_a_cut__nothing_more,
          test_ps_txt_numbers__extremes__as_printf_writes_them,
          test_ps_txt_hex__more_digits_than_there_are__sixteen, test_ps_txt_range__one_number__written_once,
          test_ps_str__null_and_empty__every_scanner_says_no, test_ps_str_equal__prefix_or_longer__false,
          test_ps_str_word__match_or_not__moves_only_on_a_match, test_ps_str_until__stops__piece_and_rest,
          test_ps_str_u32__texts__number_or_untouched, test_ps_str_u32__whole_width__both_ends,
          test_ps_str_u32__text_not_terminated__stops_at_its_end,
          test_ps_str_range__texts__both_ends_or_untouched)
