/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vocab.h"

#include "made_up.h"
#include "modbus/modbus.h"
#include "unit.h"

static char text_buf[64];

static struct ps_txt *fresh(void)
{
    static struct ps_txt txt;
    ps_txt_init(&txt, text_buf, sizeof text_buf);
    return &txt;
}

START_TEST(test_ps_objects_parse__every_kind_of_space__range_and_canonical_text)
{
    static const struct {
        const char *text;
        uint32_t space, first, last, n_numbers;
        const char *canonical;
    } rows[] = {
        {"plain:7-9", SPACE_PLAIN, 7, 9, 1, "plain:7-9"},
        {"m", SPACE_BITS, 0, 65536 * 8 - 1, 1, "m"},
        {"m:0-15", SPACE_BITS, 0, 127, 1, "m:0-15"},
        {"m:3", SPACE_BITS, 24, 31, 1, "m:3"},
        {"m:3.0", SPACE_BITS, 24, 24, 1, "m:3.0"},
        {"m:3.0-3.5", SPACE_BITS, 24, 29, 1, "m:3.0-3.5"},
        {"m:3.0-4.7", SPACE_BITS, 24, 39, 1, "m:3-4"},
        {"m:3.1-4.7", SPACE_BITS, 25, 39, 1, "m:3.1-4.7"},
        {"m:65535.7", SPACE_BITS, 65536 * 8 - 1, 65536 * 8 - 1, 1, "m:65535.7"},
        {"szl:0x0132", SPACE_HEX, 0x132, 0x132, 1, "szl:0x0132"},
        {"szl:306-0x0fff", SPACE_HEX, 0x132, 0xfff, 1, "szl:0x0132-0x0fff"},
        {"g1v0:0-9", SPACE_G1, 0, 9, 1, "g1v0:0-9"},
        {"g12v1", SPACE_G12 + 1, 0, 65535, 1, "g12v1"},
        {"g12v3:5", SPACE_G12 + 3, 5, 5, 1, "g12v3:5"},
        {"g12:5", SPACE_G12, 5, 5, 4, "g12:5"},
        {"g1", SPACE_G1, 0, 65535, 4, "g1"},
        {"db10", SPACE_DB + 10, 0, 65536 * 8 - 1, 1, "db10"},
        {"db65535:2.0-2.3", SPACE_DB + 65535, 16, 19, 1, "db65535:2.0-2.3"},
        {"db0x10:2", SPACE_DB + 16, 16, 23, 1, "db16:2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_object_range list[4];
        uint32_t n = 0;
        const char *why = NULL;
        ck_assert_msg(ps_objects_parse(&made_up, ps_str_from(rows[i].text), &list[0], &n, &why), "%s: %s", rows[i].text,
                      why);
        ck_assert_uint_eq(n, rows[i].n_numbers);
        for (uint32_t k = 0; k < n; k++)
            list[k] = (struct ps_object_range){list[0].space + k, list[0].first, list[0].last};
        ck_assert_uint_eq(list[0].space, rows[i].space);
        ck_assert_uint_eq(list[0].first, rows[i].first);
        ck_assert_uint_eq(list[0].last, rows[i].last);
        ck_assert_uint_eq(ps_objects_format(&made_up, list, n, fresh()), n);
        ck_assert_str_eq(text_buf, rows[i].canonical);
        struct ps_object_range one = {.space = 99};
        ck_assert(ps_object_parse(&made_up, ps_str_from(rows[i].text), &one, &why) == (n == 1));
        ck_assert(n == 1 ? one.space == list[0].space && one.last == list[0].last : one.space == 99);
    }
}
END_TEST

START_TEST(test_ps_objects_parse__mistakes__say_why)
{
    static const char *const texts[] = {
        "m:",        "m:65536",   "m:3.8",  "m:3.5-3.0", "m:3.0-4",  "m:3-4.1",   "m:3.",   "m:4-3",   "m1",
        "m:3.0-3.1-", "szl:65536", "szl:0x", "g1v4:0",    "g1v",      "g1v1v1",    "g12v1:", "g2v1:0",  "g",
        "db",        "db:0",      "db65536", "db1:0.0.0", "dbx",      "db1v",      "db-1",   "plain1:0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_object_range range = {.space = 99};
        uint32_t n;
        const char *why = NULL;
        ck_assert_msg(!ps_objects_parse(&made_up, ps_str_from(texts[i]), &range, &n, &why), "%s", texts[i]);
        ck_assert_ptr_nonnull(why);
        ck_assert_uint_eq(range.space, 99);
    }
}
END_TEST

/* Some numbers of a space are not all of them, nor are all with different blocks. */
START_TEST(test_ps_objects_format__lists_short_of_all_numbers__one_by_one)
{
    struct ps_object_range list[5];
    for (uint32_t i = 0; i < 5; i++)
        list[i] = (struct ps_object_range){SPACE_G12 + i, 0, 9};
    list[4].space = SPACE_PLAIN;
    ck_assert_uint_eq(ps_objects_format(&made_up, list, 5, fresh()), 4);
    ck_assert_str_eq(text_buf, "g12:0-9");
    ck_assert_uint_eq(ps_objects_format(&made_up, list, 3, fresh()), 1);
    ck_assert_str_eq(text_buf, "g12v0:0-9");
    ck_assert_uint_eq(ps_objects_format(&made_up, list + 1, 4, fresh()), 1);
    for (uint32_t i = 0; i < 4; i++) {
        struct ps_object_range changed[4];
        for (uint32_t k = 0; k < 4; k++)
            changed[k] = list[k];
        changed[i].last = 8;
        ck_assert_uint_eq(ps_objects_format(&made_up, changed, 4, fresh()), 1);
        changed[i] = list[i];
        changed[i].first = 1;
        ck_assert_uint_eq(ps_objects_format(&made_up, changed, 4, fresh()), 1);
    }
    ck_assert_uint_eq(ps_objects_format(&made_up, list + 4, 1, fresh()), 1);
    ck_assert_str_eq(text_buf, "plain:0-9");
}
END_TEST

START_TEST(test_ps_vocab_is_part__functions__of_one_class_that_the_message_has_not)
{
    ck_assert(ps_vocab_is_part(&made_up, ROW_BOTH, ROW_NOTHING));
    ck_assert(ps_vocab_is_part(&made_up, ROW_BOTH, ROW_OPERATE));
    ck_assert(!ps_vocab_is_part(&made_up, ROW_BOTH, ROW_READ));
    ck_assert(!ps_vocab_is_part(&made_up, ROW_NOTHING, ROW_BOTH));
    ck_assert(!ps_vocab_is_part(&made_up, ROW_NOTHING, ROW_NOTHING));
    ck_assert(!ps_vocab_is_part(&made_up, ROW_NOTHING, N_ROWS));
    ck_assert(!ps_vocab_is_part(&made_up, PS_FUNCTION_UNKNOWN, ROW_NOTHING));
    struct ps_vocab each_class = made_up;
    each_class.ops_by_object = false;
    ck_assert(!ps_vocab_is_part(&each_class, ROW_BOTH, ROW_NOTHING));
}
END_TEST

START_TEST(test_ps_choice__words_and_numbers__both_directions)
{
    static const struct {
        const char *text;
        uint32_t first, last;
        const char *canonical;
    } rows[] = {
        {"trip", 0x82, 0x82, "trip"}, {"0x81", 0x82, 0x82, "trip"},           {"65", 0x42, 0x42, "close"},
        {"0x43", 0x44, 0x44, "0x43"}, {"0x41-0x43", 0x42, 0x44, "0x41-0x43"}, {"0-255", 1, 256, "0x00-0xff"},
        {"0", 1, 1, "none"},
    };
    static const char *const bad[] = {"", "tri", "trip ", "256", "0x100", "3-2", "1-", "trip-close", "-1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_range range;
        ck_assert_msg(ps_choice_parse(&made_up, ps_str_from(rows[i].text), &range), "%s", rows[i].text);
        ck_assert_uint_eq(range.first, rows[i].first);
        ck_assert_uint_eq(range.last, rows[i].last);
        ps_choice_format(&made_up, range, fresh());
        ck_assert_str_eq(text_buf, rows[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ps_range range;
        ck_assert_msg(!ps_choice_parse(&made_up, ps_str_from(bad[i]), &range), "%s", bad[i]);
        ck_assert(!ps_choice_parse(ps_modbus.vocab, ps_str_from("1"), &range));
    }
}
END_TEST

START_TEST(test_ps_station__notation_or_numbers__both_directions)
{
    struct ps_range range;
    ck_assert(ps_station_parse(&made_up, ps_str_from("3->17"), &range));
    ck_assert(range.first == 0x311 && range.last == 0x311);
    ps_station_format(&made_up, range, fresh());
    ck_assert_str_eq(text_buf, "3 -> 17");
    ck_assert(!ps_station_parse(&made_up, ps_str_from("3"), &range));
    ck_assert(ps_station_parse(ps_modbus.vocab, ps_str_from("1-8"), &range));
    ck_assert(range.first == 1 && range.last == 8);
    ps_station_format(ps_modbus.vocab, range, fresh());
    ck_assert_str_eq(text_buf, "1-8");
    ps_station_format_one(ps_modbus.vocab, 255, fresh());
    ck_assert_str_eq(text_buf, "255");
    ck_assert(!ps_station_parse(ps_modbus.vocab, ps_str_from("1-8 "), &range));
    ck_assert(!ps_station_parse(ps_modbus.vocab, ps_str_from("8-1"), &range));
    ck_assert(!ps_station_parse(ps_modbus.vocab, ps_str_from("256"), &range));
}
END_TEST

START_TEST(test_ps_param_range__texts__both_directions)
{
    static const struct {
        const char *text;
        uint32_t first, last;
        const char *canonical;
    } rows[] = {{"0..1000", 0, 1000, "0..1000"}, {"100", 100, 100, "100"}, {"0x10..4294967295", 16, UINT32_MAX,
                                                                           "16..4294967295"}};
    static const char *const bad[] = {"", "1..", "..1", "2..1", "1-2", "1..4294967296", "1..2 ", "-1", "1.5"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_range range;
        ck_assert_msg(ps_param_range_parse(ps_str_from(rows[i].text), &range), "%s", rows[i].text);
        ck_assert(range.first == rows[i].first && range.last == rows[i].last);
        ps_param_range_format(range, fresh());
        ck_assert_str_eq(text_buf, rows[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ps_range range;
        ck_assert_msg(!ps_param_range_parse(ps_str_from(bad[i]), &range), "%s", bad[i]);
    }
}
END_TEST

UNIT_MAIN("words/vocab", test_ps_objects_parse__every_kind_of_space__range_and_canonical_text,
          test_ps_objects_parse__mistakes__say_why, test_ps_objects_format__lists_short_of_all_numbers__one_by_one,
          test_ps_choice__words_and_numbers__both_directions,
          test_ps_vocab_is_part__functions__of_one_class_that_the_message_has_not, test_ps_station__notation_or_numbers__both_directions,
          test_ps_param_range__texts__both_directions)
