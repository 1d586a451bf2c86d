/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../words/text_and_back.h"
#include "plus_rig.h"
#include "unit.h"

START_TEST(test_s7p_vocab__functions__by_name_and_number)
{
    static const struct {
        const char *number;
        uint16_t row;
        const char *name;
    } rows[] = {
        {"0x04f2", S7P_ROW_SET_VARIABLE, "set-variable"},
        {"0x04ca", S7P_ROW_CREATE_OBJECT, "create-object"},
        {"0x04d4", S7P_ROW_DELETE_OBJECT, "delete-object"},
        {"0x054c", S7P_ROW_GET_MULTI_VARIABLES, "get-multi-variables"},
        {"0x05b3", S7P_ROW_INIT_SSL, "init-ssl"},
        {"1458", PS_FUNCTION_UNKNOWN, NULL},
        {"0x104f2", PS_FUNCTION_UNKNOWN, NULL},
        {"0x04f2/1", PS_FUNCTION_UNKNOWN, NULL},
        {"plc-stop", S7P_ROW_PLC_STOP, "plc-stop"},
        {"tls", S7P_ROW_TLS, "tls"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(ps_function_by_text(&s7p_vocab, ps_str_from(rows[i].number)), rows[i].row);
        if (rows[i].name)
            ck_assert_str_eq(s7p_functions[rows[i].row].name, rows[i].name);
    }
}
END_TEST

START_TEST(test_s7p_vocab__cases__number_of_their_function)
{
    for (uint16_t row = 0; row < S7P_N_ROWS; row++) {
        char buf[16];
        struct ps_txt out;
        ps_txt_init(&out, buf, sizeof buf);
        s7p_vocab.function_number(s7p_functions[row].code, &out);
        ck_assert_uint_eq(strlen(buf), 6);
        uint16_t by_number = s7p_vocab.function_by_number(ps_str_from(buf));
        ck_assert_uint_lt(by_number, S7P_N_ROWS);
        ck_assert_uint_eq(s7p_functions[by_number].code, s7p_functions[row].code & 0xffff);
        ck_assert(s7p_functions[row].code <= 0xffff ? by_number == row : by_number != row);
    }
}
END_TEST

START_TEST(test_s7p_vocab__stations__there_and_back)
{
    static const char *const words[] = {"unknown", "hmi", "es", "other"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct ps_range range;
        char buf[32];
        struct ps_txt out;
        ck_assert(s7p_vocab.station_parse(ps_str_from(words[i]), &range));
        ck_assert_uint_eq(range.first, i);
        ck_assert_uint_eq(range.last, i);
        ps_txt_init(&out, buf, sizeof buf);
        s7p_vocab.station_format(range, &out);
        ck_assert_str_eq(buf, words[i]);
    }
    struct ps_range range;
    ck_assert(!s7p_vocab.station_parse(ps_str_from("HMI"), &range));
    ck_assert(!s7p_vocab.station_parse(ps_str_from("hmi "), &range));
    ck_assert(!s7p_vocab.station_parse(ps_str_from(""), &range));
}
END_TEST

START_TEST(test_s7p_vocab__objects__there_and_back)
{
    static const struct {
        const char *text;
        uint32_t space, first, last;
    } rows[] = {
        {"object:52", S7P_SPACE_OBJECT, 52, 52},
        {"object:80-84", S7P_SPACE_OBJECT, 80, 84},
        {"object", S7P_SPACE_OBJECT, 0, UINT32_MAX},
        {"db10:3", S7P_SPACE_DB + 10, 3, 3},
        {"db10", S7P_SPACE_DB + 10, 0, S7P_LID_MAX},
        {"m:9-10", S7P_SPACE_M, 9, 10},
        {"i", S7P_SPACE_I, 0, S7P_LID_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_object_range range;
        const char *why;
        char buf[64];
        struct ps_txt out;
        ck_assert_msg(ps_object_parse(&s7p_vocab, ps_str_from(rows[i].text), &range, &why), "%s", rows[i].text);
        ck_assert_uint_eq(range.space, rows[i].space);
        ck_assert_uint_eq(range.first, rows[i].first);
        ck_assert_uint_eq(range.last, rows[i].last);
        ps_txt_init(&out, buf, sizeof buf);
        ps_object_format(&s7p_vocab, range, &out);
        ck_assert_str_eq(buf, rows[i].text);
    }
}
END_TEST

START_TEST(test_s7p_vocab__status__return_value)
{
    char buf[32];
    struct ps_txt out;
    ps_txt_init(&out, buf, sizeof buf);
    s7p_vocab.status_format(0x380, &out);
    ck_assert_str_eq(buf, "return=0x0380");
}
END_TEST

START_TEST(test_s7p_vocab__facts__what_they_may_be_like)
{
    uint16_t n;
    ck_assert(ps_vocab_addresses(&s7p_vocab, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, S7P_SPACE_DB + 7));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, S7P_SPACE_OBJECT));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, 0));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_SET_VARIABLE, PS_OP_PROGRAM, S7P_SPACE_M));
    ck_assert(ps_vocab_addresses(&s7p_vocab, S7P_ROW_GET_VARIABLE, PS_OP_READ, S7P_SPACE_OBJECT));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_CREATE_SUBSCRIPTION, PS_OP_SESSION, S7P_SPACE_M));
    ck_assert(ps_vocab_addresses(&s7p_vocab, S7P_ROW_SUBSCRIBE, PS_OP_READ, S7P_SPACE_M));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_PLC_STOP, PS_OP_CONTROL, S7P_SPACE_OBJECT));
    ck_assert(ps_vocab_addresses(&s7p_vocab, S7P_ROW_PLC_STOP, PS_OP_CONTROL, 0));
    ck_assert(!ps_vocab_addresses(&s7p_vocab, S7P_ROW_EXPLORE, PS_OP_IDENTIFY, 0));
    (void)s7p_vocab.carries(S7P_ROW_SET_VARIABLE, PS_OP_PROGRAM, S7P_SPACE_OBJECT, &n);
    ck_assert_uint_eq(n, 1);
    (void)s7p_vocab.carries(S7P_ROW_SET_VARIABLE, PS_OP_WRITE, S7P_SPACE_M, &n);
    ck_assert_uint_eq(n, 0);
    (void)s7p_vocab.carries(S7P_ROW_EXPLORE, PS_OP_IDENTIFY, S7P_SPACE_OBJECT, &n);
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(test_s7p_vocab__operations__text_and_back)
{
    static const struct {
        unsigned code;
        const char *body;
        const char *text;
    } rows[] = {
        {0x04f2, "8a0e0001 01 9376 0002 05" QUALIFIER "00" ZEROS, "set-variable station=hmi db1 type=usint value=5"},
        {0x0542, "00000000 02 0a 00 51 02 9d18 01 00 88d0b88005 02 9376 02 01 000e 3dcccccd 02 0015 02 4142 00" END,
         "set-multi-variables station=hmi q:1 type=real value=0.1 db5:2 type=wstring"},
        {0x04f2, "7000000a 01 9517 0007 ffff" QUALIFIER "00" ZEROS,
         "set-variable station=hmi program object:1879048202 type=int attribute=2711 value=-1"},
        {0x04f2, "00000034 01 9077 0008 01" QUALIFIER "00" ZEROS, "plc-stop station=hmi"},
        {0x04f2, "00000034 01 9077 0008 03" QUALIFIER "00" ZEROS, "plc-start station=hmi"},
        {0x0542, "00000000 02 09 00 88d0b88005 02 9376 02 00 34 01 9077 01 0002 05 02 0008 01 00" END,
         "set-multi-variables station=hmi db5:2 type=usint value=5 plc-stop"},
        {0x04f2, "00000398 01 8e36 0016 01" QUALIFIER "00" ZEROS, "set-variable station=hmi opaque login program"},
        {0x04f2, "00000398 01 8e36 0002 01" QUALIFIER "00" ZEROS, "login station=hmi"},
        {0x0542, "00000398 01 01 8232 01 0002 01 00" END, "configure-session station=hmi"},
        {0x054c, "00000000 02 0a 00 32 02 9a7b 01 00 53 02 9d18 04" END,
         "get-multi-variables station=hmi object:50 attribute=3451 c:4"},
        {0x04ca, CREATE_SUBSCRIPTION, "subscribe station=hmi m:9 m:10"},
        {0x04ca, "00", "create-object station=hmi opaque"},
        {0x04bb, "00000003", "explore station=hmi object:3"},
        {0x057c, "8a0e0001", "set-var-sub-streamed station=hmi opaque object:2316173313"},
        {0x0586, "89f90000 2004 01 bc37" QUALIFIER "0001" ZEROS,
         "get-var-sub-streamed station=hmi program object:2314797056 attribute=7735"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct rig rig;
        char buf[1024], want[256];
        plus_open(&rig, CR_HMI);
        ck_reason(plus_ask(&rig, rows[i].code, 2, rows[i].body), OK);
        ck_text_and_back(&ps_s7comm, &rig.facts, buf, sizeof buf);
        (void)snprintf(want, sizeof want, "s7comm-plus %s", rows[i].text);
        ck_assert_str_eq(buf, want);
    }
}
END_TEST

UNIT_MAIN("s7comm/plus_words", test_s7p_vocab__operations__text_and_back, test_s7p_vocab__functions__by_name_and_number, test_s7p_vocab__cases__number_of_their_function,
          test_s7p_vocab__stations__there_and_back, test_s7p_vocab__objects__there_and_back,
          test_s7p_vocab__status__return_value, test_s7p_vocab__facts__what_they_may_be_like)
