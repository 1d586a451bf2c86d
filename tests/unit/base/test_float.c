/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/txt.h"
#include "unit.h"

static uint64_t seed = 88172645463325252u;

static uint64_t any_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double double_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static const char *text_of(double number)
{
    static char buf[64];
    struct ps_txt t;
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_f64(&t, number);
    ck_assert(!t.cut);
    return buf;
}

static const char *single_text_of(float number)
{
    static char buf[64];
    struct ps_txt t;
    ps_txt_init(&t, buf, sizeof buf);
    ps_txt_f32(&t, number);
    ck_assert(!t.cut);
    return buf;
}

static double number_of(const char *text)
{
    struct ps_str s = ps_str_from(text);
    double number = 77;
    ck_assert_msg(ps_str_f64(&s, &number) && s.len == 0, "\"%s\"", text);
    return number;
}

/* Digits of the shortest decimal of which libc makes the same number. */
static int shortest_by_libc(double number)
{
    char buf[64];
    for (int n = 1; n < 17; n++) {
        snprintf(buf, sizeof buf, "%.*e", n - 1, number);
        if (strtod(buf, NULL) == number)
            return n;
    }
    return 17;
}

static int n_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

START_TEST(test_ps_txt_f64__known_numbers__as_people_write_them)
{
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0, "0"}, {-0.0, "0"}, {1, "1"}, {-1, "-1"}, {900, "900"}, {65535, "65535"}, {4294967295.0, "4294967295"},
        {-2147483648.0, "-2147483648"}, {0.1, "0.1"}, {-0.5, "-0.5"}, {1.5, "1.5"}, {100, "100"}, {1e20, "100000000000000000000"},
        {1e21, "1e21"}, {1.25e-5, "0.0000125"}, {0.000001, "0.000001"}, {1e-7, "1e-7"}, {-1.5e300, "-1.5e300"},
        {9007199254740991.0, "9007199254740991"}, {DBL_MAX, "1.7976931348623157e308"},
        {DBL_MIN, "2.2250738585072014e-308"}, {5e-324, "5e-324"}, {9.5, "9.5"}, {0.3, "0.3"}, {2.0 / 3, "0.6666666666666666"},
        {5e22, "5e22"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "nan"}, {-NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(text_of(rows[i].number), rows[i].text);
}
END_TEST

START_TEST(test_ps_txt_f32__known_numbers__as_people_write_them)
{
    static const struct {
        float number;
        const char *text;
    } rows[] = {{0.1f, "0.1"}, {-0.3f, "-0.3"}, {16777216.f, "16777216"}, {FLT_MAX, "3.4028235e38"}, {1e-45f, "1e-45"},
                {FLT_MIN, "1.1754944e-38"}, {0, "0"}, {INFINITY, "inf"}, {NAN, "nan"}, {1.5f, "1.5"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(single_text_of(rows[i].number), rows[i].text);
}
END_TEST

START_TEST(test_ps_txt_f64__any_number__shortest_that_reads_back)
{
    for (int i = 0; i < 4000; i++) {
        double number = double_of(any_bits());
        if (i % 4 == 1)
            number = (double)(int64_t)any_bits() / 1000;
        if (i % 4 == 2)
            number = ldexp(1, (int)(any_bits() % 2098) - 1074);
        if (!isfinite(number))
            continue;
        const char *text = text_of(number);
        ck_assert_msg(strtod(text, NULL) == number, "%s for %a", text, number);
        ck_assert_msg(number_of(text) == number, "%s", text);
        /* a number with fewer neighbours below than above may have one decimal that libc does not try */
        ck_assert_int_le(n_digits(text), shortest_by_libc(number));
    }
}
END_TEST

START_TEST(test_ps_txt_f32__any_number__reads_back)
{
    for (int i = 0; i < 20000; i++) {
        uint32_t bits = (uint32_t)any_bits();
        float number;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        const char *text = single_text_of(number);
        ck_assert_msg(strtof(text, NULL) == number, "%s for %a", text, (double)number);
        ck_assert_msg((float)number_of(text) == number, "%s", text);
        ck_assert_int_le(n_digits(text), 9);
    }
}
END_TEST

START_TEST(test_ps_str_f64__any_decimal__the_number_libc_reads)
{
    char text[64];
    for (int i = 0; i < 4000; i++) {
        uint64_t digits = any_bits() >> (4 + any_bits() % 60);
        int exponent = (int)(any_bits() % 700) - 380;
        snprintf(text, sizeof text, "%s%llu%s%llue%d", i % 2 ? "-" : "", (unsigned long long)(digits >> 32),
                 i % 3 ? "." : "", (unsigned long long)(digits & 0xffffffff), exponent);
        double wanted = strtod(text, NULL);
        struct ps_str s = ps_str_from(text);
        double number = 77;
        bool ok = ps_str_f64(&s, &number);
        ck_assert_msg(ok ? number == wanted : isinf(wanted) || fabs(wanted) < 1e-300 || fabs(wanted) > 1e300, "%s", text);
    }
}
END_TEST

START_TEST(test_ps_str_f64__between_two_numbers__the_even_one)
{
    ck_assert(number_of("9007199254740993") == 9007199254740992.0);
    ck_assert(number_of("9007199254740995") == 9007199254740996.0);
    ck_assert(number_of("9007199254740992.5") == 9007199254740992.0);
    ck_assert(number_of("2.4703282292062327e-324") == 0);
    ck_assert(number_of("2.4703282292062328e-324") == 5e-324);
    ck_assert(number_of("1.7976931348623158e308") == DBL_MAX);
    ck_assert(number_of("2.2250738585072012e-308") == DBL_MIN);
}
END_TEST

START_TEST(test_ps_str_f64__at_the_ends_of_the_short_way__the_number_libc_reads)
{
    static const char *const digits[] = {"1", "3", "7", "215", "9007199254740991", "9007199254740992", "9007199254740993",
                                         "9007199254740995", "18014398509481985", "123456789012345678"};
    char text[64];
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        for (int exponent = -24; exponent <= 24; exponent++) {
            snprintf(text, sizeof text, "%se%d", digits[i], exponent);
            ck_assert_msg(number_of(text) == strtod(text, NULL), "%s", text);
        }
    }
}
END_TEST

START_TEST(test_ps_str_f64__texts__number_or_untouched)
{
    static const struct {
        const char *text;
        bool ok;
        double number;
        const char *rest;
    } rows[] = {
        {"0", true, 0, ""},           {"-0", true, 0, ""},         {"+5", true, 5, ""},       {"007", true, 7, ""},
        {"-5..5", true, -5, "..5"},   {"1.5..2", true, 1.5, "..2"}, {"1.", true, 1, "."},      {"0.10", true, 0.1, ""},
        {"1e3", true, 1000, ""},      {"1E+2", true, 100, ""},     {"15e-1", true, 1.5, ""},  {"0e400", false, 77, "0e400"},
        {"-0x10", true, -16, ""},     {"0xffffffff", true, 4294967295.0, ""},                 {"4294967295", true, 4294967295.0, ""},
        {"0x100000000", false, 77, "0x100000000"},
        {"100000000000000000000000", true, 1e23, ""},              {"0.30000000000000000000000", true, 0.3, ""},
        {"18446744073709551616123", false, 77, "18446744073709551616123"},
        {"1e309", false, 77, "1e309"}, {"17976931348623159e292", false, 77, "17976931348623159e292"},
        {"1e-500", false, 77, "1e-500"}, {"1e99999999999", false, 77, "1e99999999999"},       {"1e", false, 77, "1e"},
        {"1e+", false, 77, "1e+"},    {"1e0x5", true, 1, "x5"},    {".5", false, 77, ".5"},   {"--5", false, 77, "--5"},
        {"+-5", false, 77, "+-5"},    {"-", false, 77, "-"},       {"", false, 77, ""},       {"nan", false, 77, "nan"},
        {"inf", false, 77, "inf"},    {"0x", false, 77, "0x"},     {"1,5", true, 1, ",5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_str s = ps_str_from(rows[i].text);
        double number = 77;
        ck_assert_msg(ps_str_f64(&s, &number) == rows[i].ok, "\"%s\"", rows[i].text);
        ck_assert_msg(number == rows[i].number, "\"%s\": %g", rows[i].text, number);
        ck_assert_msg(ps_str_equal(s, rows[i].rest), "rest of \"%s\"", rows[i].text);
    }
    ck_assert(!signbit(number_of("-0")));
}
END_TEST

START_TEST(test_ps_str_f64__nothing__untouched)
{
    struct ps_str s = {NULL, 0};
    double number = 77;
    ck_assert(!ps_str_f64(&s, &number));
    ck_assert(number == 77);
}
END_TEST

UNIT_MAIN("base/float", test_ps_txt_f64__known_numbers__as_people_write_them,
          test_ps_txt_f32__known_numbers__as_people_write_them, test_ps_txt_f64__any_number__shortest_that_reads_back,
          test_ps_txt_f32__any_number__reads_back, test_ps_str_f64__any_decimal__the_number_libc_reads,
          test_ps_str_f64__between_two_numbers__the_even_one,
          test_ps_str_f64__at_the_ends_of_the_short_way__the_number_libc_reads,
          test_ps_str_f64__texts__number_or_untouched,
          test_ps_str_f64__nothing__untouched)
