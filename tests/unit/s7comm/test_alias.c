/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_object_alias__notation_of_the_tools__range_and_canonical_text)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"DB10", "db10"},           {"DB10.DBB4", "db10:4"},     {"DB10.DBW4", "db10:4-5"},   {"DB10.DBD8", "db10:8-11"},
        {"DB10.DBX4.7", "db10:4.7"}, {"%DB10.DBW0", "db10:0-1"}, {"db10.dbw0", "db10:0-1"},   {"DI3.DIW2", "di3:2-3"},
        {"MB3", "m:3"},             {"mw4", "m:4-5"},            {"%MD8", "m:8-11"},          {"M0.0", "m:0.0"},
        {"m0.1", "m:0.1"},          {"I0.0", "i:0.0"},           {"E0.1", "i:0.1"},           {"IB0", "i:0"},
        {"EW2", "i:2-3"},           {"Q4.0", "q:4.0"},           {"A4.0", "q:4.0"},           {"AB4", "q:4"},
        {"PIW256", "p:256-257"},    {"PAW256", "p:256-257"},     {"LB0", "l:0"},              {"VW100", "v:100-101"},
        {"T5", "t:5"},              {"C7", "c:7"},               {"Z7", "c:7"},               {"OB1", "block-ob:1"},
        {"sfb4", "block-sfb:4"},    {"FC100", "block-fc:100"},   {"DB65535.DBB65535", "db65535:65535"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_object_range range;
        const char *why = "";
        char text[64];
        struct ps_txt txt;
        ps_txt_init(&txt, text, sizeof text);
        ck_assert_msg(ps_object_parse(&s7_vocab, ps_str_from(rows[i].text), &range, &why), "%s: %s", rows[i].text, why);
        ps_object_format(&s7_vocab, range, &txt);
        ck_assert_str_eq(text, rows[i].canonical);
    }
}
END_TEST

START_TEST(test_s7_object_alias__anything_else__left_alone)
{
    static const char *const texts[] = {
        "",          "D",          "DB",        "DB.DBW0",    "DB10.",      "DB10.DB",         "DB10.DBW",       "DB10.DB4",
        "DB10.W4",   "DB10.DBX4",  "DB10.DBX4.8", "DB10.DBW65535", "DB10.DBB65536", "DB65536.DBB0", "DB10.DIW0", "DB10.DBW0-8",
        "M0",        "M0.8",       "M",         "MW",         "MW4.0",      "MX",              "P0.0",           "PIX0.0",
        "T",         "T65536",     "T1.0",      "OB",         "OB100000",   "db10:0-3",        "DB10:0-3",       "m:0",
        "%",         "MB-1",       "DB10,INT0", "t:1",        "MB 3",       "DBW4",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_object_range range = {.space = 7};
        ck_assert_msg(!s7_object_alias(ps_str_from(texts[i]), &range), "%s", texts[i]);
        ck_assert_uint_eq(range.space, 7);
    }
}
END_TEST

UNIT_MAIN("s7comm/alias", test_s7_object_alias__notation_of_the_tools__range_and_canonical_text,
          test_s7_object_alias__anything_else__left_alone)
