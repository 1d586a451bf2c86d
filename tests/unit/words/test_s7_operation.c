/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../s7comm/rig.h"

#include "text_and_back.h"
#include "unit.h"

/* Of every kind of request that there is. */
START_TEST(test_ps_operation__s7_exchanges__text_and_back)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        static struct rig rig;
        char buf[1024];
        rig_init(&rig);
        if (i > 0)
            rig_open(&rig);
        else
            rig_connect(&rig);
        ck_reason(rig_send(&rig, PS_TO_SERVER, rig_request(&exchanges[i])), OK);
        ck_text_and_back(&ps_s7comm, &rig.facts, buf, sizeof buf);
        ck_assert_int_eq(strncmp(buf, "s7comm ", 7), 0);
    }
}
END_TEST

START_TEST(test_ps_operation_format__s7_writes__as_documented)
{
    static const struct {
        const char *param, *data, *text;
    } rows[] = {
        {"05 02 120a10 08 0001 000a 84 000010 120a10 01 0001 0000 83 00001b", "0007 0004 3dcccccd 0003 0001 01",
         "s7comm write-var station=pg:0.2 db10:2-5 type=real value=0.1 m:3.3 type=bit value=1"},
        {"05 01 120a10 05 0002 000a 84 000000", "0005 0020 fffe0005",
         "s7comm write-var station=pg:0.2 db10:0-3 type=int value=-2,5"},
        {"05 01 120a10 02 0009 0000 83 000000", "0004 0048 000102030405060708",
         "s7comm write-var station=pg:0.2 m:0-8 type=byte value=0..8"},
        {"05 01 120a10 08 0001 000a 84 000010", "0007 0004 7f800000",
         "s7comm write-var station=pg:0.2 db10:2-5 type=real value=inf"},
        {"05 01 120a10 08 0001 000a 84 000010", "0007 0004 7fc00000",
         "s7comm write-var station=pg:0.2 db10:2-5 type=real value=nan"},
        {"05 01 120a10 08 0001 000a 84 000010", "0007 0004 7f7fffff",
         "s7comm write-var station=pg:0.2 db10:2-5 type=real value=3.4028235e38"},
        {"04 01 120a10 02 0001 0000 83 00001b", "", NULL},
        {"05 01 120a10 0f 0001 0001 84 000000", "0009 0008 0102030405060708",
         "s7comm write-var station=pg:0.2 db1:0-7 type=dt"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct rig rig;
        char buf[1024];
        rig_init(&rig);
        rig_open(&rig);
        enum ps_reason reason = ask(&rig, 9, rows[i].param, rows[i].data);
        ck_assert(rows[i].text ? reason == PS_REASON_NONE : reason != PS_REASON_NONE);
        if (!rows[i].text)
            continue;
        ck_text_and_back(&ps_s7comm, &rig.facts, buf, sizeof buf);
        ck_assert_str_eq(buf, rows[i].text);
    }
}
END_TEST

START_TEST(test_ps_operation_parse__s7_mistakes__a_sentence)
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"s7comm read-var station=0.2-0.3 m:0 type=byte", "\"station=0.2-0.3\" is more than one station"},
        {"s7comm read-var station=2 m:0 type=byte", "is not a station"},
        {"s7comm read-var station=pg:0.2 m:0", "\"type\" is missing"},
        {"s7comm read-var station=pg:0.2 m:0 type=float", "\"type=float\" is neither a word"},
        {"s7comm read-var station=pg:0.2 m:0 type=2-3", "is neither a word"},
        {"s7comm read-var station=pg:0.2 m:0 type=byte type=byte", "is a second one"},
        {"s7comm write-var station=pg:0.2 m:0 value=1 type=byte", "must stand in front of the values"},
        {"s7comm read-var station=pg:0.2 type=byte m:0", "needs the object in front of it"},
        {"s7comm read-var station=pg:0.2", "\"read\" needs an object"},
        {"s7comm read-var station=pg:0.2 db:0 type=byte", "needs the number of the space"},
        {"s7comm delete-job station=pg:0.2", "add a class word"},
        {"s7comm alarm-ack station=0.2 pi-n-nckmod", "\"pi-n-nckmod\" is no part of messages of the function"},
        {"s7comm read-szl read-szl szl:0x13", "\"read-szl\" is no part of messages of the function"},
        {"s7comm plc-stop station=pg:0.2 type=byte", "\"type\" is too much"},
        {"s7comm write-var station=pg:0.2 m:0-3 type=real value=3.5e38..nan", "is not a value that"},
    };
    static struct ps_operation operation;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char err[256];
        struct ps_txt txt;
        ps_txt_init(&txt, err, sizeof err);
        ck_assert_msg(!ps_operation_parse(rows[i].text, &operation, &txt), "%s", rows[i].text);
        ck_assert_msg(strstr(err, rows[i].sentence) != NULL, "%s: %s", rows[i].text, err);
    }
}
END_TEST

/* Without the kind of connection: what a rule needs that names none either. */
START_TEST(test_ps_operation__s7_station_without_a_kind__text_and_back)
{
    static const char *const texts[] = {"s7comm plc-stop station=0.2", "s7comm plc-stop station=7.31",
                                        "s7comm plc-stop station=unknown", "s7comm plc-stop station=tsap:0x4d57"};
    static const uint32_t stations[] = {0x200, 0xff00, S7_STATION_UNKNOWN, 0x574d};
    static struct ps_operation operation;
    for (size_t i = 0; i < 4; i++) {
        char buf[256];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ck_assert_msg(ps_operation_parse(texts[i], &operation, &txt), "%s", buf);
        ck_assert_uint_eq(operation.facts.station, stations[i]);
        ck_text_and_back(&ps_s7comm, &operation.facts, buf, sizeof buf);
        ck_assert_str_eq(buf, texts[i]);
    }
}
END_TEST

UNIT_MAIN("words/s7_operation", test_ps_operation__s7_exchanges__text_and_back,
          test_ps_operation_format__s7_writes__as_documented, test_ps_operation_parse__s7_mistakes__a_sentence,
          test_ps_operation__s7_station_without_a_kind__text_and_back)
