/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/terms.h"
#include "modbus/modbus.h"
#include "unit.h"
#include "vocab.h"

static const struct ps_vocab *vocab(void)
{
    return ps_modbus.vocab;
}

START_TEST(test_ps_dissector__names_and_numbers__found_or_null)
{
    ck_assert_ptr_eq(ps_dissector_by_protocol(PS_PROTOCOL_MODBUS), &ps_modbus);
    ck_assert_ptr_eq(ps_dissector_by_name("modbus"), &ps_modbus);
    ck_assert_ptr_null(ps_dissector_by_name("modbu"));
    ck_assert_ptr_null(ps_dissector_by_name(""));
    ck_assert_ptr_null(ps_dissector_by_protocol(PS_PROTOCOL_NONE));
    ck_assert_ptr_null(ps_dissector_by_protocol(PS_N_DISSECTORS));
    ck_assert_ptr_null(ps_dissector_by_protocol(PS_PROTOCOL_TCP));
    ck_assert_ptr_null(ps_dissector_by_protocol(UINT32_MAX));
    ck_assert_ptr_eq(ps_vocab_by_protocol(PS_PROTOCOL_MODBUS), ps_modbus.vocab);
    ck_assert_ptr_null(ps_vocab_by_protocol(PS_PROTOCOL_NONE));
    ck_assert_ptr_null(ps_vocab_by_protocol(PS_PROTOCOL_TCP));
    ck_assert_ptr_eq(ps_vocab_by_name(ps_str_from("modbus")), ps_modbus.vocab);
    ck_assert_ptr_null(ps_vocab_by_name(ps_str_from("modbu")));
}
END_TEST

START_TEST(test_ps_op__words__both_directions)
{
    for (unsigned op = PS_OP_READ; op < PS_N_OPS; op++)
        ck_assert_uint_eq(ps_op_by_name(ps_str_from(ps_op_name(op))), op);
    ck_assert_str_eq(ps_op_name(PS_OP_NONE), "none");
    ck_assert_str_eq(ps_op_name(PS_N_OPS), "none");
    ck_assert_str_eq(ps_op_name(UINT32_MAX), "none");
    ck_assert_uint_eq(ps_op_by_name(ps_str_from("none")), PS_OP_NONE);
    ck_assert_uint_eq(ps_op_by_name(ps_str_from("rea")), PS_OP_NONE);
    ck_assert_uint_eq(ps_op_by_name(ps_str_from("")), PS_OP_NONE);
}
END_TEST

START_TEST(test_ps_function_by_text__names_and_numbers__same_row)
{
    for (uint16_t i = 0; i < vocab()->n_functions; i++) {
        char number[16];
        struct ps_txt txt;
        ps_txt_init(&txt, number, sizeof number);
        vocab()->function_number(vocab()->functions[i].code, &txt);
        ck_assert_uint_eq(ps_function_by_text(vocab(), ps_str_from(vocab()->functions[i].name)), i);
        ck_assert_msg(ps_function_by_text(vocab(), ps_str_from(number)) == i, "%s", number);
        ck_assert_msg(strstr(vocab()->functions[i].label, number) != NULL, "%s", vocab()->functions[i].label);
    }
}
END_TEST

START_TEST(test_ps_function_by_text__numbers__as_written)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"6", "write-single-register"},    {"0x06", "write-single-register"}, {"8/4", "force-listen-only"},
        {"43/14", "read-device-identification"}, {"90/0x40", "umas-start-plc"}, {"90/64", "umas-start-plc"},
        {"65", "function-65"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t row = ps_function_by_text(vocab(), ps_str_from(rows[i].text));
        ck_assert_uint_lt(row, vocab()->n_functions);
        ck_assert_str_eq(vocab()->functions[row].name, rows[i].name);
    }
    static const char *const unknown[] = {"", "0", "8", "43", "90", "128", "8/", "8/5", "8/65536", "6/0", "6 ", "43/14/1",
                                          "-6", "write", "write-single-registe", "90/0x77", "25"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(ps_function_by_text(vocab(), ps_str_from(unknown[i])) == PS_FUNCTION_UNKNOWN, "%s", unknown[i]);
}
END_TEST

static const char *canonical(struct ps_object_range range)
{
    static char buf[64];
    struct ps_txt txt;
    ps_txt_init(&txt, buf, sizeof buf);
    ps_object_format(vocab(), range, &txt);
    return buf;
}

START_TEST(test_ps_object_parse__texts__range_and_canonical_text)
{
    static const struct {
        const char *text;
        uint32_t first, last;
        const char *canonical;
    } rows[] = {
        {"holding:40-47", 40, 47, "holding:40-47"},
        {"holding:41", 41, 41, "holding:41"},
        {"holding", 0, 65535, "holding"},
        {"holding:0-65535", 0, 65535, "holding"},
        {"coil:0x10-0x1f", 16, 31, "coil:16-31"},
        {"discrete:65535", 65535, 65535, "discrete:65535"},
        {"input:0", 0, 0, "input:0"},
        {"fifo:7", 7, 7, "fifo:7"},
        {"file:4:0-9", 0, 9, "file:4:0-9"},
        {"file:65535:9999", 9999, 9999, "file:65535:9999"},
        {"file:4", 0, 9999, "file:4"},
        {"0x00001", 0, 0, "coil:0"},
        {"1x00010-1x00020", 9, 19, "discrete:9-19"},
        {"3x65536", 65535, 65535, "input:65535"},
        {"4x00041-4x00048", 40, 47, "holding:40-47"},
        {"4x41", 40, 40, "holding:40"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_object_range range, again;
        const char *why = NULL;
        ck_assert_msg(ps_object_parse(vocab(), ps_str_from(rows[i].text), &range, &why), "%s: %s", rows[i].text, why);
        ck_assert_uint_eq(range.first, rows[i].first);
        ck_assert_uint_eq(range.last, rows[i].last);
        ck_assert_str_eq(canonical(range), rows[i].canonical);
        ck_assert(ps_object_parse(vocab(), ps_str_from(rows[i].canonical), &again, &why));
        ck_assert_mem_eq(&range, &again, sizeof range);
    }
}
END_TEST

START_TEST(test_ps_object_parse__mistakes__say_why)
{
    static const char *const texts[] = {
        "",           "holdin:1",    "holding:",    "holding:65536", "holding:2-1", "holding:1-",     "holding:1,2",
        "holding:-1", "file",        "file:",       "file:65536:0",  "file:4:10000", "file:4:",       "file:1-9:0-9",
        "coil:1-2-3", "4x00000",     "4x65537",     "4x1-3x2",       "4x2-4x1",     "4x0x10",        "2x1",
        "4x",         "4x1-",        "4x1-4x2 ",    "holding:1 ",    "Holding:1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_object_range range = {.space = 99};
        const char *why = NULL;
        ck_assert_msg(!ps_object_parse(vocab(), ps_str_from(texts[i]), &range, &why), "%s", texts[i]);
        ck_assert_ptr_nonnull(why);
        ck_assert_uint_eq(range.space, 99);
    }
}
END_TEST

START_TEST(test_ps_space_by_code__edges__space_or_null)
{
    ck_assert_ptr_null(ps_space_by_code(vocab(), 0));
    ck_assert_ptr_null(ps_space_by_code(vocab(), 6));
    ck_assert_ptr_null(ps_space_by_code(vocab(), 0xffff));
    ck_assert_str_eq(ps_space_by_code(vocab(), 0x10000)->name, "file");
    ck_assert_str_eq(ps_space_by_code(vocab(), 0x1ffff)->name, "file");
    ck_assert_ptr_null(ps_space_by_code(vocab(), 0x20000));
    ck_assert_str_eq(canonical((struct ps_object_range){.space = 99, .first = 1, .last = 2}), "?:1-2");
}
END_TEST

START_TEST(test_ps_value_range__texts__both_directions)
{
    static const struct {
        const char *text;
        double min, max;
        const char *canonical;
    } rows[] = {
        {"900", 900, 900, "900"},       {"0..1000", 0, 1000, "0..1000"}, {"on", 1, 1, "1"},
        {"off", 0, 0, "0"},             {"off..on", 0, 1, "0..1"},       {"-5..-1", -5, -1, "-5..-1"},
        {"0x10..0x20", 16, 32, "16..32"}, {"-0.25..1e3", -0.25, 1000, "-0.25..1000"}, {"7..7", 7, 7, "7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_value_range range;
        char buf[64];
        struct ps_txt txt;
        ck_assert_msg(ps_value_range_parse(ps_str_from(rows[i].text), &range), "%s", rows[i].text);
        ck_assert_double_eq(range.min, rows[i].min);
        ck_assert_double_eq(range.max, rows[i].max);
        ps_txt_init(&txt, buf, sizeof buf);
        ps_value_range_format(range, &txt);
        ck_assert_str_eq(buf, rows[i].canonical);
    }
    static const char *const bad[] = {"", "x", "1..", "..1", "2..1", "1...2", "1-2", "1 ", "one", "onoff",
                                      "1e309"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ps_value_range range;
        ck_assert_msg(!ps_value_range_parse(ps_str_from(bad[i]), &range), "%s", bad[i]);
    }
}
END_TEST

START_TEST(test_relaxes__table__each_its_own_bit)
{
    uint32_t bits = 0;
    ck_assert_uint_eq(vocab()->n_relaxes, 8);
    for (uint16_t i = 0; i < vocab()->n_relaxes; i++) {
        ck_assert_int_eq(strncmp(vocab()->relaxes[i].name, "modbus-", 7), 0);
        ck_assert_uint_eq(bits & vocab()->relaxes[i].bit, 0);
        bits |= vocab()->relaxes[i].bit;
        ck_assert_ptr_nonnull(vocab()->relaxes[i].sentence);
    }
}
END_TEST

UNIT_MAIN("vocab", test_ps_dissector__names_and_numbers__found_or_null, test_ps_op__words__both_directions,
          test_ps_function_by_text__names_and_numbers__same_row, test_ps_function_by_text__numbers__as_written,
          test_ps_object_parse__texts__range_and_canonical_text, test_ps_object_parse__mistakes__say_why,
          test_ps_space_by_code__edges__space_or_null, test_ps_value_range__texts__both_directions,
          test_relaxes__table__each_its_own_bit)
