/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_dn_station_parse__good__range)
{
    static const struct {
        const char *text;
        uint32_t first, last;
        const char *canonical;
    } rows[] = {
        {"3 -> 17", 0x30011, 0x30011, "3 -> 17"},
        {"3->17", 0x30011, 0x30011, "3 -> 17"},
        {" 3  ->  1-20 ", 0x30001, 0x30014, "3 -> 1-20"},
        {"65519->65535", 0xffefffff, 0xffefffff, "65519 -> 65535"},
        {"0->0-65535", 0, 0xffff, "0 -> 0-65535"},
        {"0x10->0x11", 0x100011, 0x100011, "16 -> 17"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_range range;
        char text[64];
        struct ps_txt out;
        ck_assert_msg(dn_station_parse(ps_str_from(rows[i].text), &range), "%s", rows[i].text);
        ck_assert_uint_eq(range.first, rows[i].first);
        ck_assert_uint_eq(range.last, rows[i].last);
        ps_txt_init(&out, text, sizeof text);
        dn_station_format(range, &out);
        ck_assert_str_eq(text, rows[i].canonical);
    }
}
END_TEST

START_TEST(test_dn_station_parse__bad__refused)
{
    static const char *const rows[] = {"", "3", "3 ->", "-> 17", "3 - 17", "3 -> 20-1", "3 -> 65536", "65536 -> 1",
                                       "3-4 -> 17", "3 -> 17,", "3 -> 17 18", "3 - > 17"};
    struct ps_range range;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(!dn_station_parse(ps_str_from(rows[i]), &range), "%s", rows[i]);
}
END_TEST

START_TEST(test_dn_station_format__of_two_masters__both_ends)
{
    char text[64];
    struct ps_txt out;
    ps_txt_init(&out, text, sizeof text);
    dn_station_format((struct ps_range){DN_STATION(3, 1), DN_STATION(4, 7)}, &out);
    ck_assert_str_eq(text, "3 -> 1-4 -> 7");
}
END_TEST

UNIT_MAIN("dnp3/station", test_dn_station_parse__good__range, test_dn_station_parse__bad__refused,
          test_dn_station_format__of_two_masters__both_ends)
