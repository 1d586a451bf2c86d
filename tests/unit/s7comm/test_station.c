/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_station_parse__texts__codes_and_back)
{
    static const struct {
        const char *text;
        struct ps_range range;
    } rows[] = {
        {"0.2", {0x0200, 0x02ff}},           {"0.2-0.4", {0x0200, 0x04ff}}, {"1.3", {0x2300, 0x23ff}},
        {"7.31", {0xff00, 0xffff}},          {"pg:0.2", {0x0201, 0x0201}},  {"op:0.0", {0x0002, 0x0002}},
        {"basic:0.1", {0x0103, 0x0103}},     {"tsap:0x4d57", {0x574d, 0x574d}},
        {"unknown", {S7_STATION_UNKNOWN, S7_STATION_UNKNOWN}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_range got;
        struct ps_txt txt;
        char buf[64];
        ck_assert_msg(s7_station_parse(ps_str_from(rows[i].text), &got), "%s", rows[i].text);
        ck_assert_uint_eq(got.first, rows[i].range.first);
        ck_assert_uint_eq(got.last, rows[i].range.last);
        ps_txt_init(&txt, buf, sizeof buf);
        s7_station_format(got, &txt);
        ck_assert_str_eq(buf, rows[i].text);
    }
}
END_TEST

START_TEST(test_s7_station_parse__no_station__refused)
{
    static const char *const texts[] = {"", "0", "0.", "8.0", "0.32", "0.2-", "0.2-0.1", "0.2 ", "pg:", "pg:0.2-0.3",
                                        "pg0.2", "tsap:", "tsap:1", "tsap:0x10000", "tsap:0x102 ", "unknown1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_range got;
        ck_assert_msg(!s7_station_parse(ps_str_from(texts[i]), &got), "%s", texts[i]);
    }
}
END_TEST

UNIT_MAIN("s7comm/station", test_s7_station_parse__texts__codes_and_back, test_s7_station_parse__no_station__refused)
