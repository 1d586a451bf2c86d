/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_items__specifications__objects)
{
    static const struct {
        const char *item;
        uint32_t space, first, last;
        uint16_t choice;
    } rows[] = {
        {"01 0001 0001 84 00000b", S7_SPACE_DB + 1, 11, 11, 2},
        {"01 0001 0000 83 07ffff", S7_SPACE_M, 0x7ffff, 0x7ffff, 2},
        {"02 0004 ffff 84 000010", S7_SPACE_DB + 65535, 16, 47, 3},
        {"03 0001 0002 85 000000", S7_SPACE_DI + 2, 0, 7, 4},
        {"04 0002 0000 81 000008", S7_SPACE_I, 8, 39, 5},
        {"05 0001 0000 82 000000", S7_SPACE_Q, 0, 15, 6},
        {"06 0001 0000 80 000000", S7_SPACE_P, 0, 31, 7},
        {"07 0001 0000 86 000000", S7_SPACE_L, 0, 31, 8},
        {"08 0001 0000 87 000000", S7_SPACE_V, 0, 31, 9},
        {"09 0001 0000 05 000000", S7_SPACE_SM, 0, 15, 10},
        {"0a 0001 0000 06 000000", S7_SPACE_AI, 0, 31, 11},
        {"0b 0001 0000 07 000000", S7_SPACE_AQ, 0, 31, 12},
        {"0c 0001 0000 83 000000", S7_SPACE_M, 0, 15, 13},
        {"0f 0001 0000 83 000000", S7_SPACE_M, 0, 63, 16},
        {"1c 0003 0000 1c 000005", S7_SPACE_C, 5, 7, 29},
        {"1d 0001 0000 1d 00ffff", S7_SPACE_T, 65535, 65535, 30},
        {"02 0001 0001 84 07fff8", S7_SPACE_DB + 1, 0x7fff8, 0x7ffff, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char param[64];
        struct rig rig;
        rig_open(&rig);
        snprintf(param, sizeof param, "04 01 120a10 %s", rows[i].item);
        ck_reason(ask(&rig, 2, param, ""), OK);
        const struct ps_fact *fact = rig_fact(&rig);
        ck_assert_uint_eq(fact->op, PS_OP_READ);
        ck_assert_uint_eq(fact->function, S7_ROW_READ_VAR);
        ck_assert_uint_eq(fact->station, 0x0201);
        ck_assert_uint_eq(fact->space, rows[i].space);
        ck_assert_uint_eq(fact->first, rows[i].first);
        ck_assert_uint_eq(fact->last, rows[i].last);
        ck_assert_uint_eq(fact->choice, rows[i].choice);
        ck_assert_uint_eq(fact->values.kind, PS_VALUE_NONE);
    }
}
END_TEST

START_TEST(test_s7_items__malformed__refused)
{
    static const struct {
        const char *items;
        enum ps_reason reason;
    } rows[] = {
        {"00", S7(ITEM)},
        {"01 130a10 02 0001 0001 84 000000", S7(ITEM)},                      /* no item */
        {"01 120a13 02 0001 0001 84 000000", S7(ITEM)},                      /* another syntax */
        {"01 120882 01 0001 0001 01 01", S7(ITEM)},                          /* numerical control */
        {"01 120aa2 00 0001 0001 0001 0001", S7(ITEM)},                      /* drive */
        {"01 120eb2 ff 0000 0052 ea2db0d9 40000010", S7(SYMBOLIC)},
        {"01 120b10 02 0001 0001 84 000000 00", PS_REASON_SURPLUS},
        {"01 120910 02 0001 0001 84 0000", PS_REASON_TRUNCATED},
        {"02 120a10 02 0001 0001 84 000000", PS_REASON_TRUNCATED},           /* one too few */
        {"01 120a10 02 0001 0001 84 000000 120a10 02 0001 0001 84 000000", PS_REASON_SURPLUS},
        {"01 120a10 00 0001 0001 84 000000", S7(TYPE)},
        {"01 120a10 0d 0001 0001 84 000000", S7(TYPE)},
        {"01 120a10 0e 0001 0001 84 000000", S7(TYPE)},
        {"01 120a10 10 0001 0001 84 000000", S7(TYPE)},
        {"01 120a10 1e 0001 0001 84 000000", S7(TYPE)},                      /* S7-200 timer */
        {"01 120a10 ff 0001 0001 84 000000", S7(TYPE)},
        {"01 120a10 02 0000 0001 84 000000", S7(TYPE)},                      /* nothing */
        {"01 120a10 01 0002 0001 84 000000", S7(TYPE)},                      /* two bits */
        {"01 120a10 1c 0001 0000 83 000000", S7(TYPE)},                      /* a counter of markers */
        {"01 120a10 02 0001 0000 1c 000000", S7(TYPE)},                      /* an octet of counters */
        {"01 120a10 1c 0001 0000 1d 000000", S7(TYPE)},
        {"01 120a10 02 0001 0000 84 000000", S7(ADDRESS)},                   /* no data block */
        {"01 120a10 02 0001 0001 83 000000", S7(ADDRESS)},                   /* one too many */
        {"01 120a10 02 0001 0000 88 000000", S7(ADDRESS)},
        {"01 120a10 02 0001 0000 01 000000", S7(ADDRESS)},                   /* data record */
        {"01 120a10 02 0001 0001 84 000001", S7(ADDRESS)},                   /* not at an octet */
        {"01 120a10 02 0002 0001 84 07fff8", S7(ADDRESS)},
        {"01 120a10 02 0001 0001 84 080000", S7(ADDRESS)},
        {"01 120a10 0f ffff 0001 84 000000", S7(ADDRESS)},
        {"01 120a10 1d 0002 0000 1d 00ffff", S7(ADDRESS)},
        {"01 120a10 1d 0001 0000 1d 010000", S7(ADDRESS)},
        {"01 1202b0 00", S7(ITEM)},
        {"01 1207b0 01 00 0001 0000", S7(ITEM)},                             /* no octets */
        {"01 1207b0 01 01 0000 0000", S7(ADDRESS)},
        {"01 1207b0 01 02 0001 ffff", S7(ADDRESS)},
        {"01 1207b0 02 01 0001 0000", PS_REASON_TRUNCATED},
        {"02 1207b0 01 01 0001 0000 01 120a10 02 0001 0001 84 000000", S7(ITEM)}, /* fill octet */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char param[128];
        struct rig rig;
        rig_open(&rig);
        snprintf(param, sizeof param, "04 %s", rows[i].items);
        ck_reason(ask(&rig, 2, param, ""), rows[i].reason);
        ck_assert_uint_eq(rig.state.classic.n_pending, 0);
    }
}
END_TEST

START_TEST(test_s7_items__db_read__a_fact_per_area)
{
    struct rig rig;
    rig_open(&rig);
    const char *param = "04 03 120a10 02 0001 0001 84 000000 120cb0 02 04 0001 0000 05 0002 0010 1207b0 01 01 0003 ffff";
    ck_reason(ask(&rig, 2, param, ""), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 4);
    ck_assert_uint_eq(rig.facts.item[2].space, S7_SPACE_DB + 2);
    ck_assert_uint_eq(rig.facts.item[2].first, 0x80);
    ck_assert_uint_eq(rig.facts.item[2].last, 0x80 + 39);
    ck_assert_uint_eq(rig.facts.item[3].last, 0x7ffff);
    ck_reason(answer(&rig, 2, "04 03", "ff04 0008 01 00 ff09 000b ff01020304 ff0102030405 00 ff09 0003 ff0100"), S7(REPLY));
    ck_reason(answer(&rig, 2, "04 03", "ff04 0008 01 00 ff09 000c ff01020304 ff010203040500 ff09 0002 ff01"), S7(REPLY));
    ck_reason(answer(&rig, 2, "04 03", "ff04 0008 01 00 ff09 000b ff01020304 ff0102030405 00 ff09 0002 ff01"), OK);
    ck_reason(ask(&rig, 3, "05 01 1207b0 01 01 0001 0000", "0009 0001 01"), S7(ITEM)); /* nobody writes so */
}
END_TEST

/* Types of items in order, and the sizes of data that go with them: writes, answers. */
static const struct {
    uint8_t type, octets;
    const char *writes, *answers;
} pairs[] = {
    {1, 1, "3", "3"},   {2, 1, "4", "4"},   {3, 1, "49", "49"}, {4, 2, "4", "4"},    {5, 2, "45", "45"},
    {6, 4, "4", "4"},   {7, 4, "46", "456"}, {8, 4, "47", "47"}, {9, 2, "49", "49"},  {10, 4, "49", "49"},
    {11, 4, "49", "49"}, {12, 2, "49", "49"}, {15, 8, "49", "49"}, {28, 2, "9", "9"},  {29, 2, "9", "9"},
};

/* An item of data of that size: length in bits or octets. */
static void data_item(char *text, size_t room, const char *code, unsigned size, unsigned octets)
{
    unsigned len = size == 3 ? 1 : size == 4 || size == 5 ? octets * 8 : octets;
    snprintf(text, room, "%s %02x %04x %.*s", code, size, len, (int)octets * 2, "0001000000000000");
}

START_TEST(test_s7_items__sizes_of_types__the_pairs_alone)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        for (unsigned size = 0; size <= 0x12; size++) {
            char param[64], data[64];
            struct rig rig;
            const char *area = pairs[i].type == 28 ? "1c" : pairs[i].type == 29 ? "1d" : "83";
            bool written = strchr(pairs[i].writes, (int)('0' + size)) && size < 10;
            bool answered = strchr(pairs[i].answers, (int)('0' + size)) && size < 10;
            rig_open(&rig);
            snprintf(param, sizeof param, "05 01 120a10 %02x 0001 0000 %s 000000", pairs[i].type, area);
            data_item(data, sizeof data, "00", size, pairs[i].octets);
            ck_assert_msg((ask(&rig, 2, param, data) == OK) == written, "%s <- %s", param, data);
            param[1] = '4';
            ck_reason(ask(&rig, 3, param, ""), OK);
            data_item(data, sizeof data, "ff", size, pairs[i].octets);
            ck_assert_msg((answer(&rig, 3, "04 01", data) == OK) == answered, "%s -> %s", param, data);
        }
    }
}
END_TEST

START_TEST(test_s7_items__written_values__as_the_type_has_them)
{
    static const struct {
        const char *type, *data;
        uint8_t kind;
        uint32_t n;
    } rows[] = {
        {"01 0001", "0003 0001 01", PS_VALUE_U8, 1},
        {"02 0003", "0004 0018 010203", PS_VALUE_U8, 3},
        {"03 0002", "0009 0002 4142", PS_VALUE_U8, 2},
        {"04 0002", "0004 0020 00010002", PS_VALUE_U16BE, 2},
        {"05 0001", "0005 0010 ffff", PS_VALUE_I16BE, 1},
        {"06 0001", "0004 0020 00010002", PS_VALUE_U32BE, 1},
        {"07 0001", "0006 0004 ffffffff", PS_VALUE_I32BE, 1},
        {"08 0001", "0007 0004 79e9f642", PS_VALUE_F32BE, 1},
        {"0c 0001", "0004 0010 2100", PS_VALUE_U16BE, 1},
        {"0f 0001", "0009 0008 0102030405060708", PS_VALUE_UNKNOWN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char param[64];
        struct rig rig;
        rig_open(&rig);
        snprintf(param, sizeof param, "05 01 120a10 %s 0001 84 000000", rows[i].type);
        ck_reason(ask(&rig, 2, param, rows[i].data), OK);
        const struct ps_fact *fact = rig_fact(&rig);
        ck_assert_uint_eq(fact->op, PS_OP_WRITE);
        ck_assert_uint_eq(fact->values.kind, rows[i].kind);
        ck_assert_uint_eq(fact->values.n, rows[i].n);
        if (rows[i].n > 0)
            ck_assert_ptr_eq(fact->values.data, rig.octets + 7 + 10 + 14 + 4);
    }
}
END_TEST

START_TEST(test_s7_items__written_data_malformed__refused)
{
    static const struct {
        const char *data;
        enum ps_reason reason;
    } rows[] = {
        {"ff04 0010 0001", S7(DATA)},        /* return code of an answer */
        {"0004 0011 000100", S7(DATA)},      /* bits, not octets */
        {"0004 0018 000100", S7(DATA)},
        {"0004 0008 00", S7(DATA)},
        {"0005 0010 0001", S7(TYPE)},
        {"0000 0000", S7(DATA)},
        {"0011 0002 0001", S7(DATA)},        /* of numerical controls */
        {"0004 0010 0001 00", PS_REASON_SURPLUS}, /* no pad behind the last */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, "05 01 120a10 04 0001 0001 84 000000", rows[i].data), rows[i].reason);
    }
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "05 01 120a10 01 0001 0001 84 000000", "0003 0001 02"), S7(DATA)); /* a bit of 2 */
    ck_reason(ask(&rig, 2, "05 01 120a10 01 0001 0001 84 000000", "0003 0008 01"), S7(DATA));
}
END_TEST

/* snap7 leaves in pads what its buffers held before. */
START_TEST(test_s7_items__pad_with_old_octets__passes)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "05 02 120a10 02 0001 0001 84 000000 120a10 02 0001 0001 84 000000",
                  "0004 0008 01 ac 0004 0008 01"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[1].values.data[0], 1);
    ck_reason(answer(&rig, 2, "05 02", "ffff"), OK);
    ck_reason(ask(&rig, 3, "04 02 120a10 02 0003 0001 84 000000 120a10 02 0001 0001 84 000000", ""), OK);
    ck_reason(answer(&rig, 3, "04 02", "ff04 0018 010203 39 ff04 0008 01"), OK);
}
END_TEST

START_TEST(test_s7_items__answers__held_against_the_job)
{
    static const struct {
        const char *param, *data;
        enum ps_reason reason;
    } rows[] = {
        {"04 02", "ff04 0010 0001 ff04 0008 01", OK},
        {"04 02", "0a00 0000 ff04 0008 01", OK},
        {"04 02", "ff04 0010 0001 0500 0000", OK},
        {"04 02", "0300 0000 0600 0000", OK},
        {"04 02", "0400 0000 0600 0000", S7(DATA)},        /* no such code */
        {"04 02", "0000 0000 0600 0000", S7(DATA)},
        {"04 02", "0a04 0000 0600 0000", S7(DATA)},
        {"04 02", "0a00 0004 0600 0000", S7(DATA)},        /* relaxed below */
        {"04 01", "ff04 0010 0001", S7(REPLY)},
        {"04 03", "ff04 0010 0001 ff04 0008 01 00 ff04 0008 01", S7(REPLY)},
        {"04 00", "", S7(REPLY)},
        {"04 02", "ff04 0018 000102 00 ff04 0008 01", S7(REPLY)},
        {"04 02", "ff04 0010 0001 ff04 0010 0001", S7(REPLY)},
        {"05 02", "ffff", S7(REPLY)},
        {"29", "", S7(REPLY)},
        {"7f", "", S7(FUNCTION)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, "04 02 120a10 04 0001 0001 84 000000 120a10 02 0001 0001 84 000000", ""), OK);
        ck_reason(answer(&rig, 2, rows[i].param, rows[i].data), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_items__length_of_failed_items__relaxed)
{
    struct rig rig;
    rig_open(&rig);
    rig.dialog.relax = S7_RELAX_READ_ERROR_LEN4;
    ck_reason(ask(&rig, 2, "04 02 120a10 04 0001 0001 84 000000 120a10 02 0001 0001 84 000000", ""), OK);
    ck_reason(answer(&rig, 2, "04 02", "0a00 0005 0a00 0000"), S7(DATA));
    ck_reason(answer(&rig, 2, "04 02", "0a00 0004 0a04 0004"), OK);
}
END_TEST

START_TEST(test_s7_items__dint_written_in_bits__relaxed)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "05 01 120a10 07 0001 0001 84 000000", "0005 0020 00000001"), S7(TYPE));
    rig.dialog.relax = S7_RELAX_WRITE_DINT_BITS;
    ck_reason(ask(&rig, 2, "05 01 120a10 07 0001 0001 84 000000", "0005 0010 0001"), S7(DATA)); /* all of it */
    ck_reason(ask(&rig, 2, "05 01 120a10 06 0001 0001 84 000000", "0005 0020 00000001"), S7(TYPE));
    ck_reason(ask(&rig, 2, "05 01 120a10 07 0001 0001 84 000000", "0005 0020 00000001"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->values.kind, PS_VALUE_I32BE);
    ck_assert_uint_eq(rig_fact(&rig)->values.n, 1);
}
END_TEST

START_TEST(test_s7_items__answers_to_writes__a_code_each)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "05 01 120a10 04 0001 0001 84 000000", "0004 0010 0001"), OK);
    ck_reason(answer(&rig, 2, "05 02", "ffff"), S7(REPLY));
    ck_reason(answer(&rig, 2, "05 01", "00"), S7(DATA));
    ck_reason(answer(&rig, 2, "05 01", "ffff"), PS_REASON_SURPLUS);
    ck_reason(answer(&rig, 2, "05 01", "07"), OK);
}
END_TEST

/* More areas than facts, or than the note can speak about. */
START_TEST(test_s7_items__too_many_areas__refused)
{
    static const struct {
        unsigned n;
        bool cyclic;
        enum ps_reason reason;
    } rows[] = {{128, false, OK}, {129, false, PS_REASON_TOO_MANY_FACTS}, {190, true, OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static char text[8192];
        struct rig rig;
        rig_connect(&rig);
        ck_reason(ask(&rig, 1, "f0 00 0004 0004 1000", ""), OK);
        ck_reason(answer(&rig, 1, "f0 00 0004 0004 1000", ""), OK);
        unsigned halves[2] = {rows[i].n / 2 < 50 ? rows[i].n / 2 : 50, 0}, left = rows[i].n, n_items = 0;
        char *at = text;
        for (; left > 0; n_items++) {
            halves[1] = left < halves[0] ? left : halves[0];
            at += sprintf(at, "12 %02x b0 %02x ", 2 + 5 * halves[1], halves[1]);
            for (unsigned k = 0; k < halves[1]; k++)
                at += sprintf(at, "01 0001 0000 ");
            left -= halves[1];
        }
        static char whole[9000];
        if (rows[i].cyclic)
            sprintf(whole, "ff09 %04x %04x 0101 %s", 4 + 4 * n_items + 5 * rows[i].n, n_items, text);
        else
            sprintf(whole, "04 %02x %s", n_items, text);
        enum ps_reason reason = rows[i].cyclic ? ask_ud(&rig, 2, SHORT("42", "01"), whole) : ask(&rig, 2, whole, "");
        ck_reason(reason, rows[i].reason);
    }
}
END_TEST

UNIT_MAIN("s7comm/item", test_s7_items__specifications__objects, test_s7_items__malformed__refused,
          test_s7_items__db_read__a_fact_per_area, test_s7_items__sizes_of_types__the_pairs_alone,
          test_s7_items__written_values__as_the_type_has_them, test_s7_items__written_data_malformed__refused,
          test_s7_items__pad_with_old_octets__passes,
          test_s7_items__answers__held_against_the_job, test_s7_items__length_of_failed_items__relaxed,
          test_s7_items__dint_written_in_bits__relaxed, test_s7_items__answers_to_writes__a_code_each, test_s7_items__too_many_areas__refused)
