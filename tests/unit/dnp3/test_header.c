/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

#define RANGES "00 01 02"
#define LISTS "17 18 19 27 28 29 37 38 39"
#define COUNTS "07 08 09"

/* What may stand where, with which qualifiers; one object each. */
static const struct place {
    enum dn_row row;
    const char *before; /* headers in front */
    const char *object; /* group and variation */
    const char *legal;  /* qualifiers */
    const char *data;   /* of the object; NULL: headers only */
    const char *behind;
    uint8_t index;
} places[] = {
    {DN_ROW_READ, "", "1e01", RANGES " 06 " COUNTS " " LISTS, NULL, "", 5},
    {DN_ROW_READ, "", "0100", RANGES " 06 " COUNTS " " LISTS, NULL, "", 5},
    {DN_ROW_READ, "", "3c02", "06 " COUNTS, NULL, "", 5},
    {DN_ROW_READ, "", "00fe", RANGES " 06 " LISTS, NULL, "", 0},
    {DN_ROW_READ, "", "5501", RANGES " 06 " COUNTS " " LISTS, NULL, "", 0},
    {DN_ROW_READ, "", "4605", "5b", "78563412 00000000", "", 0},
    {DN_ROW_WRITE, "", "2801", RANGES " " LISTS, "00 01000000", "", 5},
    {DN_ROW_WRITE, "", "6e04", RANGES " " LISTS, "01020304", "", 5},
    {DN_ROW_WRITE, "", "2902", RANGES " " LISTS, "0100 00", "", 5},
    {DN_ROW_WRITE, "", "00f0", RANGES " " LISTS, "01 02 4142", "", 0},
    {DN_ROW_WRITE, "", "0a01", RANGES, "01", "", 5},
    {DN_ROW_WRITE, "", "5001", RANGES, "00", "", 7},
    {DN_ROW_WRITE, "", "3201", "07", "010203040506", "", 0},
    {DN_ROW_WRITE, "", "3203", "07", "010203040506", "", 0},
    {DN_ROW_WRITE, "", "4605", "5b", "78563412 00000000 41", "", 0},
    {DN_ROW_WRITE, "", "5701", "5b", "0102", "", 0},
    {DN_ROW_SELECT, "", "0c01", "17 28", "03 01 64000000 64000000 00", "", 5},
    {DN_ROW_OPERATE, "", "2903", "17 28", "0000803f 00", "", 5},
    {DN_ROW_DIRECT_OPERATE, "", "0c01", "17 28", "03 01 64000000 64000000 00", "", 5},
    {DN_ROW_DIRECT_OPERATE_NO_ACK, "", "2901", "17 28", "01000000 00", "", 5},
    {DN_ROW_FREEZE, "", "1400", RANGES " 06 " LISTS, NULL, "", 5},
    {DN_ROW_FREEZE_CLEAR, "", "1e00", RANGES " 06 " LISTS, NULL, "", 5},
    {DN_ROW_FREEZE_AT, "", "3202", "07", "010203040506 01000000", "140006", 0},
    {DN_ROW_FREEZE_AT, "3202 07 01 010203040506 01000000", "1401", RANGES " 06 " LISTS, NULL, "", 5},
    {DN_ROW_ENABLE_UNSOLICITED, "", "3c02", "06", NULL, "", 0},
    {DN_ROW_DISABLE_UNSOLICITED, "", "3c04", "06", NULL, "", 0},
    {DN_ROW_ASSIGN_CLASS, "", "3c01", "06", NULL, "010006", 0},
    {DN_ROW_ASSIGN_CLASS, "3c0206", "1e00", RANGES " 06 " LISTS, NULL, "", 5},
    {DN_ROW_STOP_APPLICATION, "", "5a01", "06 5b", "4142", "", 0},
    {DN_ROW_ACTIVATE_CONFIGURATION, "", "4608", "5b", "4142", "", 0},
    {DN_ROW_ACTIVATE_CONFIGURATION, "", "6e02", RANGES " " LISTS, "4142", "", 5},
    {DN_ROW_OPEN_FILE, "", "4603", "5b", "1a00 0100 000000000000 0000 00000000 00000000 0100 0004 0100 41", "", 0},
    {DN_ROW_CLOSE_FILE, "", "4604", "5b", "78563412 00000000 0000 0100 00", "", 0},
    {DN_ROW_FILE_INFO, "", "4607", "5b", "1400 0100 0100 00000000 000000000000 0000 0100 41", "", 0},
    {DN_ROW_AUTHENTICATE_FILE, "", "4602", "5b", "0c00 0100 0d00 0100 00000000 41 42", "", 0},
    {DN_ROW_AUTH_REQUEST, "", "7804", "07", "0100", "", 0},
    {DN_ROW_AUTH_REQUEST, "", "7802", "5b", "03000000 0100 06fa", "", 0},
    {DN_ROW_AUTH_RESPONSE, "", "7801", "5b", "03000000 0000 04 01 73746576", "", 0},
    {DN_ROW_RESPONSE, "", "1e01", RANGES " " LISTS, "01 01000000", "", 5},
    {DN_ROW_RESPONSE, "", "0201", RANGES " " LISTS, "81", "", 5},
    {DN_ROW_UNSOLICITED, "", "2001", RANGES " " LISTS, "01 01000000", "", 5},
    {DN_ROW_RESPONSE, "", "0101", RANGES, "01", "", 5},
    {DN_ROW_RESPONSE, "", "0301", RANGES, "02", "", 5},
    {DN_ROW_RESPONSE, "", "3402", RANGES " " COUNTS " " LISTS, "0100", "", 0},
    {DN_ROW_RESPONSE, "", "3304", "", NULL, "", 0},
    {DN_ROW_RESPONSE, "", "0c01", "17 28", "03 01 64000000 64000000 00", "", 5},
    {DN_ROW_RESPONSE, "", "2901", "17 28", "01000000 07", "", 5},
    {DN_ROW_RESPONSE, "", "4604", "5b", "78563412 00000000 0000 0100 00", "", 0},
    {DN_ROW_RESPONSE, "", "5b01", "5b", "00", "", 0},
};

#define N_PLACES (sizeof places / sizeof places[0])

static bool lists(const char *legal, unsigned qualifier)
{
    char text[12];
    snprintf(text, sizeof text, "%02x", qualifier);
    for (const char *at = legal; *at; at += at[2] ? 3 : 2)
        if (memcmp(at, text, 2) == 0)
            return true;
    return false;
}

static uint32_t n_octets(const char *hex)
{
    uint32_t n = 0;
    for (; *hex; hex++)
        n += *hex != ' ';
    return n / 2;
}

/* The range of one object with this qualifier; what is illegal gets zeros. */
static void put_range(unsigned qualifier, uint8_t index)
{
    unsigned range = qualifier & 15;
    if (range <= 2) {
        rig_number(&rig, index, 1u << range);
        rig_number(&rig, index, 1u << range);
    } else if (range >= 7 && range <= 9) {
        rig_number(&rig, 1, 1u << (range - 7));
    } else if (range != 6) {
        rig_number(&rig, 1, 1);
    }
}

static void put_place(const struct place *place, unsigned qualifier)
{
    unsigned prefix = qualifier >> 4;
    rig.n = 0;
    rig_put(&rig, place->before);
    rig_put(&rig, place->object);
    rig_number(&rig, qualifier, 1);
    put_range(qualifier, place->index);
    if (prefix >= 1 && prefix <= 3)
        rig_number(&rig, place->index, 1u << (prefix - 1));
    if (prefix == 5 && place->data)
        rig_number(&rig, n_octets(place->data), 2);
    if (place->data && qualifier != 6)
        rig_put(&rig, place->data);
    rig_put(&rig, place->behind);
}

START_TEST(test_dn_objects__all_qualifiers_in_all_places__the_legal_ones_pass)
{
    for (size_t i = 0; i < N_PLACES; i++) {
        const struct place *place = &places[i];
        for (unsigned qualifier = 0; qualifier < 256; qualifier++) {
            put_place(place, qualifier);
            enum ps_reason reason = rig_judge(&rig, place->row);
            enum ps_reason want = lists(place->legal, qualifier) ? OK : PS_REASON_DNP3_QUALIFIER;
            if (!strcmp(place->object, "3304"))
                want = PS_REASON_DNP3_OBJECT;
            ck_assert_msg(reason == want, "%s %s qualifier %02x: %s", dn_functions[place->row].name, place->object, qualifier,
                          ps_reason_info(reason)->name);
        }
    }
}
END_TEST

/* Cut anywhere, and with an octet behind it, a fragment is refused. */
START_TEST(test_dn_objects__cut_at_each_octet_or_one_more__refused)
{
    for (size_t i = 0; i < N_PLACES; i++) {
        for (unsigned qualifier = 0; qualifier < 256; qualifier++) {
            if (!lists(places[i].legal, qualifier))
                continue;
            put_place(&places[i], qualifier);
            uint32_t whole = rig.n, behind = n_octets(places[i].behind), front = n_octets(places[i].before);
            for (rig.n = front + 1; rig.n < whole - behind; rig.n++)
                ck_assert_msg(rig_judge(&rig, places[i].row) != OK, "%s %02x", places[i].object, qualifier);
            rig.octets[whole] = 0;
            rig.n = whole + 1;
            ck_assert_msg(rig_judge(&rig, places[i].row) != OK, "%s %02x", places[i].object, qualifier);
        }
    }
}
END_TEST

/* An object that has its place elsewhere. */
START_TEST(test_dn_objects__object_of_another_function__refused)
{
    for (size_t i = 0; i < N_PLACES; i++) {
        const struct place *place = &places[i];
        uint8_t group = (uint8_t)(rig_nibble(place->object[0]) << 4 | rig_nibble(place->object[1]));
        uint8_t variation = (uint8_t)(rig_nibble(place->object[2]) << 4 | rig_nibble(place->object[3]));
        for (unsigned row = 0; row < DN_N_ROWS; row++) {
            if (dn_object(group, variation).at & DN_AT(dn_contents[row]) || dn_functions[row].code & DN_CODE_LINK)
                continue;
            for (unsigned qualifier = 0; qualifier < 0x60; qualifier++) {
                put_place(place, qualifier);
                ck_assert_uint_ne(rig_judge(&rig, (enum dn_row)row), OK);
            }
        }
    }
}
END_TEST

START_TEST(test_dn_objects__counts_and_ranges__judged_in_full)
{
    static const struct {
        enum dn_row row;
        const char *hex;
        enum ps_reason reason;
    } rows[] = {
        {DN_ROW_READ, "1e01 07 00", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 07 ff", OK},
        {DN_ROW_READ, "1e01 08 0000", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 09 ffffffff", OK},
        {DN_ROW_READ, "1e01 17 00", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 17 02 0506", OK},
        {DN_ROW_READ, "1e01 17 03 0506", PS_REASON_TRUNCATED},
        {DN_ROW_READ, "1e01 39 ffffffff 01000000", PS_REASON_TRUNCATED},
        {DN_ROW_READ, "1e01 37 01 ffff0000", OK},
        {DN_ROW_READ, "1e01 37 01 00000100", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 00 0605", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 00 00ff", OK},
        {DN_ROW_READ, "1e01 01 0000 ffff", OK},
        {DN_ROW_READ, "1e01 01 ffff 0000", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 02 00000000 ffff0000", OK},
        {DN_ROW_READ, "1e01 02 00000000 00000100", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 02 00000000 ffffffff", PS_REASON_DNP3_RANGE},
        {DN_ROW_READ, "1e01 02 ffffffff ffffffff", PS_REASON_DNP3_RANGE},
        {DN_ROW_RESPONSE, "1e02 02 00000000 ffffffff", PS_REASON_DNP3_RANGE},
        {DN_ROW_RESPONSE, "1e02 00 0000", PS_REASON_TRUNCATED},
        {DN_ROW_RESPONSE, "1e02 01 0000 ffff 010000", PS_REASON_TRUNCATED},
        {DN_ROW_RESPONSE, "1e02 28 0000", PS_REASON_DNP3_RANGE},
        {DN_ROW_RESPONSE, "1e02 28 ffff 0000 010000", PS_REASON_TRUNCATED},
        {DN_ROW_RESPONSE, "1e02 37 01 00000100 010000", PS_REASON_DNP3_RANGE},
        {DN_ROW_RESPONSE, "3402 09 ffffffff 0000", PS_REASON_TRUNCATED},
        {DN_ROW_RESPONSE, "4604 5b 00", PS_REASON_DNP3_RANGE},
        {DN_ROW_RESPONSE, "5b01 5b 02 0100 00 0100 00", OK},
        {DN_ROW_RESPONSE, "5b01 5b 02 0100 00 ffff 00", PS_REASON_TRUNCATED},
        {DN_ROW_WRITE, "3201 07 02 010203040506 010203040506", PS_REASON_DNP3_RANGE},
        {DN_ROW_WRITE, "3201 07 00", PS_REASON_DNP3_RANGE},
        {DN_ROW_SELECT, "0c01 28 0000", PS_REASON_DNP3_RANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ps_reason reason = rig_objects(&rig, rows[i].row, rows[i].hex);
        ck_assert_msg(reason == rows[i].reason, "%s: %s", rows[i].hex, ps_reason_info(reason)->name);
    }
}
END_TEST

START_TEST(test_dn_objects__no_objects__where_the_function_needs_none)
{
    for (unsigned row = 0; row < DN_N_ROWS; row++) {
        if (dn_functions[row].code & DN_CODE_LINK)
            continue;
        uint8_t content = dn_contents[row];
        bool empty = content == DN_CONTENT_NOTHING || content == DN_CONTENT_RESPONSE;
        ck_reason(rig_objects(&rig, (enum dn_row)row, ""), empty ? OK : PS_REASON_TRUNCATED);
        ck_assert_uint_eq(rig.facts.n_facts, empty && row != DN_ROW_RESPONSE);
        if (content == DN_CONTENT_NOTHING)
            ck_reason(rig_objects(&rig, (enum dn_row)row, "3c0106"), PS_REASON_DNP3_OBJECT);
    }
}
END_TEST

START_TEST(test_dn_objects__without_objects__the_function_is_the_fact)
{
    ck_reason(rig_objects(&rig, DN_ROW_COLD_RESTART, ""), OK);
    ck_assert(!rig_fact(&rig, 0, PS_OP_CONTROL, 0)->housekeeping);
    ck_reason(rig_objects(&rig, DN_ROW_DELAY_MEASURE, ""), OK);
    ck_assert(!rig_fact(&rig, 0, PS_OP_TIME, 0)->housekeeping);
    ck_reason(rig_objects(&rig, DN_ROW_CONFIRM, ""), OK);
    ck_assert(rig_fact(&rig, 0, PS_OP_SESSION, 0)->housekeeping);
    ck_reason(rig_objects(&rig, DN_ROW_UNSOLICITED, ""), OK);
    ck_assert(rig_fact(&rig, 0, PS_OP_EVENT, 0)->housekeeping);
}
END_TEST

START_TEST(test_dn_objects__headers__64_and_no_more)
{
    rig.n = 0;
    for (unsigned i = 0; i < 64; i++)
        rig_put(&rig, "3c0106");
    ck_reason(rig_judge(&rig, DN_ROW_READ), OK);
    ck_assert_uint_eq(rig.fragment.n_headers, 64);
    rig_put(&rig, "3c0106");
    ck_reason(rig_judge(&rig, DN_ROW_READ), PS_REASON_DNP3_HEADERS);
}
END_TEST

START_TEST(test_dn_objects__objects__16384_and_no_more)
{
    for (uint32_t n = 16384; n <= 16385; n++) {
        rig.n = 0;
        rig_put(&rig, "6601 01 0000");
        rig_number(&rig, n - 1, 2);
        memset(rig.octets + rig.n, 0, n);
        rig.n += n;
        ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), n == 16384 ? OK : PS_REASON_DNP3_HEADERS);
        ck_assert_uint_eq(rig.fragment.n_objects, n);
    }
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "0101 01 0000 0900 ff03"), OK);
    ck_assert_uint_eq(rig.fragment.n_objects, 2); /* octets */
}
END_TEST

START_TEST(test_dn_objects__more_facts_than_are_judged__refused)
{
    rig.n = 0;
    rig_put(&rig, "1e01 28");
    rig_number(&rig, 257, 2);
    for (uint32_t i = 0; i < 257; i++)
        rig_number(&rig, i, 2);
    ck_reason(rig_judge(&rig, DN_ROW_READ), PS_REASON_TOO_MANY_FACTS);
    rig.n -= 2;
    rig.octets[3] = 0; /* 256 */
    ck_reason(rig_judge(&rig, DN_ROW_READ), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 256);
}
END_TEST

START_TEST(test_dn_objects__order__what_needs_something_in_front_has_it)
{
    static const struct {
        enum dn_row row;
        const char *hex;
        enum ps_reason reason;
    } rows[] = {
        {DN_ROW_ASSIGN_CLASS, "3c0206 010006", OK},
        {DN_ROW_ASSIGN_CLASS, "3c0206 010006 1e000001 02", OK},
        {DN_ROW_ASSIGN_CLASS, "3c0206 010006 3c0306 1e0006", OK},
        {DN_ROW_ASSIGN_CLASS, "010006", PS_REASON_DNP3_OBJECT},
        {DN_ROW_ASSIGN_CLASS, "010006 3c0206", PS_REASON_DNP3_OBJECT},
        {DN_ROW_ASSIGN_CLASS, "3c0206", PS_REASON_TRUNCATED},
        {DN_ROW_ASSIGN_CLASS, "3c0206 3c0306 010006", PS_REASON_DNP3_OBJECT},
        {DN_ROW_ASSIGN_CLASS, "3c0206 010006 3c0306", PS_REASON_TRUNCATED},
        {DN_ROW_ASSIGN_CLASS, "3c0206 020006", PS_REASON_DNP3_OBJECT}, /* events have the class of their points */
        {DN_ROW_FREEZE_AT, "3202 07 01 010203040506 01000000 140006", OK},
        {DN_ROW_FREEZE_AT, "3202 07 01 010203040506 01000000", PS_REASON_TRUNCATED},
        {DN_ROW_FREEZE_AT, "140006", PS_REASON_DNP3_OBJECT},
        {DN_ROW_FREEZE_AT, "140006 3202 07 01 010203040506 01000000", PS_REASON_DNP3_OBJECT},
        {DN_ROW_FREEZE_AT, "3202 07 01 010203040506 01000000 3202 07 01 010203040506 01000000 140006", PS_REASON_DNP3_OBJECT},
        {DN_ROW_CLOSE_FILE, "4604 5b 01 0d00 78563412 00000000 0000 0100 00 4604 5b 01 0d00 78563412 00000000 0000 0100 00",
         PS_REASON_DNP3_OBJECT},
        {DN_ROW_CLOSE_FILE, "4604 5b 02 0d00 78563412 00000000 0000 0100 00 0d00 78563412 00000000 0000 0100 00",
         PS_REASON_DNP3_RANGE},
        {DN_ROW_ENABLE_UNSOLICITED, "3c0106", PS_REASON_DNP3_OBJECT}, /* class 0 has no events */
        {DN_ROW_ENABLE_UNSOLICITED, "3c0206 3c0306 3c0406", OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ps_reason reason = rig_objects(&rig, rows[i].row, rows[i].hex);
        ck_assert_msg(reason == rows[i].reason, "%s: %s", rows[i].hex, ps_reason_info(reason)->name);
    }
}
END_TEST

UNIT_MAIN("dnp3/header", test_dn_objects__all_qualifiers_in_all_places__the_legal_ones_pass,
          test_dn_objects__cut_at_each_octet_or_one_more__refused, test_dn_objects__object_of_another_function__refused,
          test_dn_objects__counts_and_ranges__judged_in_full, test_dn_objects__no_objects__where_the_function_needs_none,
          test_dn_objects__without_objects__the_function_is_the_fact, test_dn_objects__headers__64_and_no_more,
          test_dn_objects__objects__16384_and_no_more, test_dn_objects__more_facts_than_are_judged__refused,
          test_dn_objects__order__what_needs_something_in_front_has_it)
