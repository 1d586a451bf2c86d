/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

struct row {
    const char *pdu;
    enum ps_reason reason;
    const char *text;
};

#define B(id) PS_REASON_MODBUS_##id
#define OK PS_REASON_NONE

static const struct row rows[] = {
    /* FC 1: quantity 1..2000, no wrap */
    {"01 0000 0001", OK, "modbus read-coils station=1 coil:0"},
    {"01 0000 07d0", OK, "modbus read-coils station=1 coil:0-1999"},
    {"01 f830 07d0", OK, "modbus read-coils station=1 coil:63536-65535"},
    {"01 ffff 0001", OK, "modbus read-coils station=1 coil:65535"},
    {"01 0000 0000", B(QUANTITY), "modbus read-coils station=1"},
    {"01 0000 07d1", B(QUANTITY), "modbus read-coils station=1"},
    {"01 ffff 0002", B(ADDRESS), "modbus read-coils station=1"},
    {"01 f831 07d0", B(ADDRESS), "modbus read-coils station=1"},
    {"02 0010 07d0", OK, "modbus read-discrete-inputs station=1 discrete:16-2015"},
    {"02 0000 0000", B(QUANTITY), "modbus read-discrete-inputs station=1"},
    {"02 0000 07d1", B(QUANTITY), "modbus read-discrete-inputs station=1"},
    {"02 ffff 0002", B(ADDRESS), "modbus read-discrete-inputs station=1"},
    /* FC 3, 4: quantity 1..125 */
    {"03 0000 007d", OK, "modbus read-holding-registers station=1 holding:0-124"},
    {"03 0000 0000", B(QUANTITY), "modbus read-holding-registers station=1"},
    {"03 0000 007e", B(QUANTITY), "modbus read-holding-registers station=1"},
    {"03 ff84 007d", B(ADDRESS), "modbus read-holding-registers station=1"},
    {"04 ff83 007d", OK, "modbus read-input-registers station=1 input:65411-65535"},
    {"04 0000 0000", B(QUANTITY), "modbus read-input-registers station=1"},
    {"04 0000 007e", B(QUANTITY), "modbus read-input-registers station=1"},
    {"04 ffff 0002", B(ADDRESS), "modbus read-input-registers station=1"},
    /* FC 5: 0000 or FF00 */
    {"05 0003 ff00", OK, "modbus write-single-coil station=1 coil:3 value=on"},
    {"05 0003 0000", OK, "modbus write-single-coil station=1 coil:3 value=off"},
    {"05 0003 0001", B(COIL_VALUE), NULL},
    {"05 0003 0100", B(COIL_VALUE), NULL},
    {"05 0003 ff01", B(COIL_VALUE), NULL},
    {"06 0029 0384", OK, "modbus write-single-register station=1 holding:41 value=900"},
    {"06 ffff ffff", OK, "modbus write-single-register station=1 holding:65535 value=65535"},
    {"07", OK, "modbus read-exception-status station=1"},
    {"07 00", B(LENGTH), NULL},
    {"0b", OK, "modbus get-comm-event-counter station=1"},
    {"0c", OK, "modbus get-comm-event-log station=1"},
    {"11", OK, "modbus report-server-id station=1"},
    /* FC 15: quantity 1..1968, byte count exact, padding zero */
    {"0f 0000 0004 01 09", OK, "modbus write-multiple-coils station=1 coil:0-3 value=on,off,off,on"},
    {"0f 0000 0009 02 ff01", OK, "modbus write-multiple-coils station=1 coil:0-8 value=on..on"},
    {"0f 0000 0009 02 7f01", OK, "modbus write-multiple-coils station=1 coil:0-8 value=off..on"},
    {"0f 0000 0000 01 00", B(QUANTITY), NULL},
    {"0f 0000 07b1 01 00", B(QUANTITY), NULL},
    {"0f 0000 ffff 01 00", B(QUANTITY), NULL},
    {"0f fffd 0004 01 00", B(ADDRESS), NULL},
    {"0f 0000 0004 02 0900", B(BYTE_COUNT), "modbus write-multiple-coils station=1 coil:0-3"},
    {"0f 0000 0009 01 ff", B(BYTE_COUNT), NULL},
    {"0f 0000 0004 01 19", B(PADDING), "modbus write-multiple-coils station=1 coil:0-3 value=on,off,off,on"},
    {"0f 0000 0007 01 80", B(PADDING), NULL},
    {"0f 0000 0008 01 80", OK, NULL},
    /* FC 16: quantity 1..123, byte count exact */
    {"10 0014 0002 04 0005 0006", OK, "modbus write-multiple-registers station=1 holding:20-21 value=5,6"},
    {"10 0014 0000 02 0005", B(QUANTITY), NULL},
    {"10 0014 007c 02 0005", B(QUANTITY), NULL},
    {"10 ffff 0002 04 0005 0006", B(ADDRESS), NULL},
    {"10 0014 0002 03 0005 00", B(BYTE_COUNT), NULL},
    {"10 0014 0002 05 0005 0006 00", B(BYTE_COUNT), NULL},
    {"10 0014 0002 02 0005", B(BYTE_COUNT), NULL},
    /* FC 20: 7 octets a record, reference 6, file 1.., record + length <= 10000, reply <= 245 */
    {"14 0e 06 0004 0000 000a 06 0005 0001 0001", OK, "modbus read-file-record station=1 file:4:0-9 file:5:1"},
    {"14 07 06 ffff 270f 0001", OK, "modbus read-file-record station=1 file:65535:9999"},
    {"14 07 06 0001 2710 0001", B(FILE), NULL},
    {"14 07 06 0001 270f 0002", B(FILE), NULL},
    {"14 07 06 0001 0000 0000", B(FILE), NULL},
    {"14 07 06 0000 0000 0001", B(FILE), NULL},
    {"14 07 05 0001 0000 0001", B(FILE), NULL},
    {"14 07 06 0001 0000 0079", OK, NULL},
    {"14 07 06 0001 0000 007a", B(FILE), NULL},
    {"14 08 06 0001 0000 0001 06", B(BYTE_COUNT), NULL},
    /* FC 21 */
    {"15 09 06 0004 0007 0001 06af", OK, "modbus write-file-record station=1 file:4:7 value=1711"},
    {"15 14 06 0004 0007 0001 0001 06 0005 0000 0002 0002 0003", OK,
     "modbus write-file-record station=1 file:4:7 value=1 file:5:0-1 value=2,3"},
    {"15 09 07 0004 0007 0001 06af", B(FILE), NULL},
    {"15 09 06 0004 0007 0000 06af", B(FILE), NULL},
    {"15 09 06 0004 2710 0001 06af", B(FILE), NULL},
    {"15 09 06 0004 0007 0002 06af", PS_REASON_TRUNCATED, NULL},
    {"15 0a 06 0004 0007 0001 06af 06", PS_REASON_TRUNCATED, NULL},
    /* FC 22: the register becomes (current & and) | (or & ~and) */
    {"16 0004 00f2 0025", OK, "modbus mask-write-register station=1 holding:4 value=5..247"},
    {"16 0004 0000 1234", OK, "modbus mask-write-register station=1 holding:4 value=4660"},
    {"16 0004 ffff ffff", OK, "modbus mask-write-register station=1 holding:4 value=0..65535"},
    /* FC 23: read 1..125, write 1..121 */
    {"17 0000 000a 0014 0002 04 0005 0006", OK,
     "modbus read-write-multiple-registers station=1 read holding:0-9 write holding:20-21 value=5,6"},
    {"17 0000 007d 0014 0001 02 0005", OK, NULL},
    {"17 0000 0000 0014 0001 02 0005", B(QUANTITY), NULL},
    {"17 0000 007e 0014 0001 02 0005", B(QUANTITY), NULL},
    {"17 ffff 0002 0014 0001 02 0005", B(ADDRESS), NULL},
    {"17 0000 0001 0014 0000 02 0005", B(QUANTITY), NULL},
    {"17 0000 0001 0014 007a 02 0005", B(QUANTITY), NULL},
    {"17 0000 0001 ffff 0002 04 0005 0006", B(ADDRESS), NULL},
    {"17 0000 0001 0014 0001 03 0005 00", B(BYTE_COUNT), NULL},
    {"17 0000 0001 0014 0002 02 0005", B(BYTE_COUNT), NULL},
    {"18 04de", OK, "modbus read-fifo-queue station=1 fifo:1246"},
    /* FC 8 */
    {"08 0000 0102 0304", OK, "modbus return-query-data station=1"},
    {"08 0000 01", B(LENGTH), NULL},
    {"08 0000", B(LENGTH), NULL},
    {"08 0001 0001", B(SUBFUNCTION), NULL},
    {"08 0002 0001", B(SUBFUNCTION), NULL},
    {"08 0003 0a01", B(SUBFUNCTION), NULL},
    {"08 0004 0001", B(SUBFUNCTION), NULL},
    {"08 0004 0000", OK, "modbus force-listen-only station=1"},
    {"08 0005 0000", B(SUBFUNCTION), "modbus function=8/5 station=1"},
    {"08 0013 0000", B(SUBFUNCTION), NULL},
    {"08 0015 0003", B(SUBFUNCTION), NULL},
    {"08 0100 0000", B(SUBFUNCTION), NULL},
    {"08 0002 0000 0000", B(LENGTH), NULL},
    /* FC 43 */
    {"2b 0e 01 00", OK, "modbus read-device-identification station=1"},
    {"2b 0e 04 ff", OK, NULL},
    {"2b 0e 00 00", B(DEVICE_ID), NULL},
    {"2b 0e 05 00", B(DEVICE_ID), NULL},
    {"2b 0f 01 00", B(SUBFUNCTION), "modbus function=43/15 station=1"},
    {"2b 0d 01 02 03", OK, "modbus canopen-general-reference station=1"},
    /* numbers only */
    {"41 0102", OK, "modbus function-65 station=1"},
    {"7f", OK, "modbus report-local-address station=1"},
    {"00 0102", B(FUNCTION), "modbus function=0 station=1"},
    {"19", B(FUNCTION), "modbus function=25 station=1"},
    {"49", B(FUNCTION), "modbus function=73 station=1"},
    {"80 01", B(FUNCTION), "modbus function=128 station=1"},
    {"83 02", B(FUNCTION), "modbus function=131 station=1"},
    {"ff", B(FUNCTION), "modbus function=255 station=1"},
};

START_TEST(test_request__bodies__reason_and_text)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        enum ps_reason reason = ask(&rig, 1, rows[i].pdu);
        ck_assert_msg(reason == rows[i].reason, "%s: %s", rows[i].pdu, ps_reason_info(reason)->name);
        ck_assert_int_eq(rig.state.n_pending, reason == PS_REASON_NONE);
        if (!rows[i].text)
            continue;
        rig_decode(&rig); /* of refused ones too, as far as it comes */
        ck_assert_msg(strcmp(rig_text(&rig), rows[i].text) == 0, "%s: %s", rows[i].pdu, rig_text(&rig));
    }
}
END_TEST

START_TEST(test_request__most_records__all_are_facts)
{
    struct rig rig;
    rig_init(&rig);
    rig.adu[7] = 0x14;
    rig.adu[8] = 245;
    for (uint32_t i = 0; i < 35; i++)
        rig_hex("06 0001 0000 0001", rig.adu + 9 + 7 * i);
    rig_head(&rig, 1, 1, 247);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_NONE);
    ck_assert_uint_eq(rig.facts.n_facts, 35);
    rig.adu[8] = 252;
    rig_hex("06 0001 0000 0001", rig.adu + 9 + 7 * 35);
    rig_head(&rig, 1, 1, 254);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_MODBUS_LENGTH);
}
END_TEST

START_TEST(test_request__most_coils__every_value_visible)
{
    struct rig rig;
    rig_init(&rig);
    rig_hex("0f 0000 07b0 f6", rig.adu + 7);
    for (uint32_t i = 0; i < 246; i++)
        rig.adu[13 + i] = (uint8_t)(i * 37);
    rig_head(&rig, 1, 1, 252);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_NONE);
    const struct ps_values *values = &rig.facts.item[0].values;
    ck_assert_uint_eq(values->n, 1968);
    for (uint32_t i = 0; i < values->n; i++)
        ck_assert_double_eq(ps_values_at(values, i), rig.adu[13 + i / 8] >> (i % 8) & 1);
}
END_TEST

START_TEST(test_request__opaque__value_unknown)
{
    static const char *const pdus[] = {"41 0102", "09 01", "2b 0d 01"};
    for (size_t i = 0; i < sizeof pdus / sizeof pdus[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, pdus[i]), PS_REASON_NONE);
        ck_assert_uint_eq(rig.facts.n_facts, 1);
        ck_assert_int_eq(rig.facts.item[0].values.kind, PS_VALUE_UNKNOWN);
    }
}
END_TEST

/* What the mask can make of any register lies inside the bounds, whichever of the two formulas the server uses. */
START_TEST(test_request__mask_write__bounds_hold_for_every_register)
{
    static const uint16_t words[] = {0, 1, 0x00ff, 0x0f0f, 0x5555, 0x8000, 0xfffe, 0xffff};
    for (size_t i = 0; i < 64; i++) {
        uint16_t and_mask = words[i / 8], or_mask = words[i % 8];
        struct rig rig;
        char pdu[32];
        rig_init(&rig);
        snprintf(pdu, sizeof pdu, "16 0000 %04x %04x", and_mask, or_mask);
        ck_reason(ask(&rig, 1, pdu), PS_REASON_NONE);
        const struct ps_values *values = &rig.facts.item[0].values;
        bool low = false, high = false, inside = true;
        for (uint32_t now = 0; now < 65536; now++) {
            double by_standard = (now & and_mask) | (or_mask & (uint16_t)~and_mask);
            double by_others = (now & and_mask) | or_mask;
            inside = inside && by_standard >= values->min && by_others >= values->min;
            inside = inside && by_standard <= values->max && by_others <= values->max;
            low |= by_standard == values->min;
            high |= by_others == values->max;
        }
        ck_assert(inside);
        ck_assert(low && high);
    }
}
END_TEST

START_TEST(test_request__padding_relaxed__passes)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_PADDING;
    ck_reason(ask(&rig, 1, "0f 0000 0004 01 19"), PS_REASON_NONE);
}
END_TEST

/* decode alone, without frame in front of it: never more than the octets that are there. */
START_TEST(test_request__cut_body__refused_by_decode_alone)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        uint32_t pdu_len = rig_hex(exchanges[i].request, rig.adu + 7);
        for (uint32_t n = 0; n < 7 + pdu_len; n++) {
            rig_head(&rig, 1, 1, pdu_len);
            rig.adu_len = n;
            ck_reason(rig_decode(&rig), n < 8 ? PS_REASON_TRUNCATED : PS_REASON_MODBUS_LENGTH);
        }
        rig_head(&rig, 1, 1, pdu_len);
        rig.adu_len++;
        ck_reason(rig_decode(&rig), PS_REASON_MODBUS_LENGTH);
    }
}
END_TEST

/* As where the length field lies too, in the way that decode would have to believe: the body itself must end there. */
START_TEST(test_request__body_shorter_or_longer_than_its_fields__refused_by_decode_alone)
{
    struct rig rig;
    rig_init(&rig);
    rig_head(&rig, 1, 1, rig_hex("03 0000 00", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_TRUNCATED);
    rig_head(&rig, 1, 1, rig_hex("03 0000 0001 00", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_SURPLUS);
    rig_head(&rig, 1, 1, rig_hex("08 0000 0001 02", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_MODBUS_SUBFUNCTION);
    rig_head(&rig, 1, 1, rig_hex("08 0000", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_MODBUS_SUBFUNCTION);
    rig_head(&rig, 1, 1, rig_hex("15 00", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_MODBUS_BYTE_COUNT);
    rig_head(&rig, 1, 1, rig_hex("14 00", rig.adu + 7));
    ck_reason(rig_decode(&rig), PS_REASON_MODBUS_BYTE_COUNT);
}
END_TEST

UNIT_MAIN("modbus/request", test_request__bodies__reason_and_text, test_request__most_records__all_are_facts,
          test_request__most_coils__every_value_visible, test_request__opaque__value_unknown,
          test_request__mask_write__bounds_hold_for_every_register, test_request__padding_relaxed__passes,
          test_request__cut_body__refused_by_decode_alone,
          test_request__body_shorter_or_longer_than_its_fields__refused_by_decode_alone)
