/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_frame__valid_exchange__whole_length)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 7, exchanges[i].request), PS_REASON_NONE);
        if (exchanges[i].reply[0])
            ck_reason(answer(&rig, 7, exchanges[i].reply), PS_REASON_NONE);
    }
}
END_TEST

/* Never OK, and never an extent other than the right one. */
static void check_truncations(struct rig *rig, bool datagram)
{
    enum ps_reason reason;
    for (uint32_t n = 0; n < rig->adu_len; n++) {
        enum ps_result result = rig_frame(rig, n, &reason);
        ck_assert_int_eq(result, datagram ? PS_BAD : PS_MORE);
        ck_reason(reason, datagram ? PS_REASON_TRUNCATED : PS_REASON_NONE);
        uint32_t want = datagram ? n : n >= 6 ? rig->adu_len : 0;
        ck_assert_uint_eq(rig->len, want);
    }
}

START_TEST(test_frame__every_truncation__more)
{
    for (size_t i = 0; i < 2 * N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        bool reply = i % 2;
        const char *pdu = reply ? exchanges[i / 2].reply : exchanges[i / 2].request;
        rig_head(&rig, 9, 1, rig_hex(pdu, rig.adu + 7));
        rig.dialog.dir = reply;
        if (!pdu[0])
            continue;
        check_truncations(&rig, false);
        rig.dialog.datagram = true;
        check_truncations(&rig, true);
    }
}
END_TEST

START_TEST(test_frame__more_behind_it__only_the_first)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig_head(&rig, 9, 1, rig_hex(exchanges[i].request, rig.adu + 7));
        memcpy(rig.adu + rig.adu_len, rig.adu, rig.adu_len);
        ck_assert_int_eq(rig_frame(&rig, 2 * rig.adu_len, &reason), PS_OK);
        ck_assert_uint_eq(rig.len, rig.adu_len);
        rig.dialog.datagram = true;
        ck_assert_int_eq(rig_frame(&rig, 2 * rig.adu_len, &reason), PS_BAD);
        ck_reason(reason, PS_REASON_SURPLUS);
        ck_assert_uint_eq(rig.len, 2 * rig.adu_len);
    }
}
END_TEST

/* Codes that imply no length of their own. */
static bool has_free_length(const uint8_t *pdu)
{
    return pdu[0] == 9 || pdu[0] == 65 || pdu[0] == 110 || pdu[0] == 90 || (pdu[0] == 43 && pdu[1] == 13);
}

START_TEST(test_frame__length_field_one_off__refused_with_its_extent)
{
    for (size_t i = 0; i < 2 * N_EXCHANGES; i++) {
        struct rig rig;
        bool reply = i % 2;
        const char *pdu = reply ? exchanges[i / 2].reply : exchanges[i / 2].request;
        for (int delta = -1; delta <= 1; delta += 2) {
            enum ps_reason reason;
            rig_init(&rig);
            rig.dialog.dir = reply;
            rig_head(&rig, 9, 1, rig_hex(pdu, rig.adu + 7));
            if (!pdu[0] || has_free_length(rig.adu + 7))
                continue;
            rig.adu[5] = (uint8_t)(rig.adu[5] + delta);
            ck_assert_msg(rig_frame(&rig, rig.adu_len + 1, &reason) == PS_BAD, "%s %+d", pdu, delta);
            ck_reason(reason, PS_REASON_MODBUS_LENGTH);
            ck_assert_uint_eq(rig.len, rig.adu[5] < 2 ? 0 : 6u + rig.adu[5]);
            ck_reason(rig_decode(&rig), PS_REASON_MODBUS_LENGTH);
        }
    }
}
END_TEST

START_TEST(test_frame__impossible_length_field__refused_without_extent)
{
    static const uint16_t lengths[] = {0, 1, 255, 256, 512, 65535};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig_head(&rig, 9, 1, rig_hex("03 0000 0001", rig.adu + 7));
        rig.adu[4] = (uint8_t)(lengths[i] >> 8);
        rig.adu[5] = (uint8_t)lengths[i];
        for (uint32_t n = lengths[i] > 255 ? 5 : 6; n <= 12; n++) {
            ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_BAD);
            ck_reason(reason, PS_REASON_MODBUS_LENGTH);
            ck_assert_uint_eq(rig.len, 0);
        }
        ck_reason(rig_decode(&rig), PS_REASON_MODBUS_LENGTH);
    }
}
END_TEST

START_TEST(test_frame__protocol_id__refused_at_its_first_octet)
{
    for (unsigned octet = 2; octet < 4; octet++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig_head(&rig, 9, 1, rig_hex("03 0000 0001", rig.adu + 7));
        rig.adu[octet] = 1;
        for (uint32_t n = 0; n <= 12; n++) {
            ck_assert_int_eq(rig_frame(&rig, n, &reason), n > octet ? PS_BAD : PS_MORE);
            ck_reason(reason, n > octet ? PS_REASON_MODBUS_PROTOCOL_ID : PS_REASON_NONE);
            ck_assert_uint_eq(rig.len, 0);
        }
        ck_reason(rig_decode(&rig), PS_REASON_MODBUS_PROTOCOL_ID);
    }
}
END_TEST

/* FC 16 with a whole second ADU behind its registers: servers that go by the byte count would execute it. */
START_TEST(test_frame__adu_hidden_behind_registers__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "10 0001 0001 02 000a 0002 0000 0006 01 06 0000 ffff"), PS_REASON_MODBUS_LENGTH);
    ck_assert_uint_eq(rig.len, rig.adu_len);
    ck_reason(ask(&rig, 1, "03 0000 0001 0002 0000 0006 01 06 0000 ffff"), PS_REASON_MODBUS_LENGTH);
    ck_reason(answer(&rig, 1, "83 02 0002 0000 0006 01 06 0000 ffff"), PS_REASON_MODBUS_LENGTH);
}
END_TEST

START_TEST(test_frame__datagram_contradicts__goes_as_a_whole)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig.dialog.datagram = true;
    rig_head(&rig, 1, 1, rig_hex("10 0001 0002 06 000a 0102", rig.adu + 7));
    ck_assert_int_eq(rig_frame(&rig, rig.adu_len + 5, &reason), PS_BAD);
    ck_reason(reason, PS_REASON_MODBUS_LENGTH);
    ck_assert_uint_eq(rig.len, rig.adu_len + 5);
}
END_TEST

/* As soon as the byte count is there, not when all of the ADU is. */
START_TEST(test_frame__byte_count_contradicts__refused_early)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig_head(&rig, 1, 1, rig_hex("10 0001 0002 04 000a 0102", rig.adu + 7));
    rig.adu[12] = 6;
    ck_assert_int_eq(rig_frame(&rig, 12, &reason), PS_MORE);
    ck_assert_int_eq(rig_frame(&rig, 13, &reason), PS_BAD);
    ck_reason(reason, PS_REASON_MODBUS_LENGTH);
    ck_assert_uint_eq(rig.len, rig.adu_len);
}
END_TEST

START_TEST(test_frame__device_id_objects_overrun__refused)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig.dialog.dir = PS_TO_CLIENT;
    rig_head(&rig, 1, 1, rig_hex("2b 0e 01 01 00 00 01 00 03 6162", rig.adu + 7));
    ck_assert_int_eq(rig_frame(&rig, rig.adu_len, &reason), PS_BAD);
    ck_reason(reason, PS_REASON_MODBUS_LENGTH);
    rig_head(&rig, 1, 1, rig_hex("2b 0e 01 01 00 00 02 00 01 61", rig.adu + 7));
    ck_assert_int_eq(rig_frame(&rig, rig.adu_len, &reason), PS_BAD);
    ck_reason(reason, PS_REASON_MODBUS_LENGTH);
}
END_TEST

START_TEST(test_frame__exception_length_relaxed__two_octets_whatever_the_header_says)
{
    for (uint8_t length = 2; length <= 4; length++) {
        struct rig rig;
        rig_init(&rig);
        rig.dialog.relax = MB_RELAX_EXCEPTION_LENGTH;
        ck_reason(ask(&rig, 1, "03 0000 0001"), PS_REASON_NONE);
        rig_head(&rig, 1, 1, rig_hex("83 02", rig.adu + 7));
        rig.adu[5] = length;
        ck_reason(rig_judge(&rig, PS_TO_CLIENT), PS_REASON_NONE);
        ck_assert_uint_eq(rig.len, 9);
    }
}
END_TEST

START_TEST(test_frame__exception_length_relaxed__requests_and_replies_stay_strict)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_EXCEPTION_LENGTH;
    rig_head(&rig, 1, 1, rig_hex("03 0000 0001", rig.adu + 7));
    rig.adu[5] = 7;
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_MODBUS_LENGTH);
    ck_reason(ask(&rig, 1, "03 0000 0001"), PS_REASON_NONE);
    rig_head(&rig, 1, 1, rig_hex("03 02 0001", rig.adu + 7));
    rig.adu[5] = 6;
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), PS_REASON_MODBUS_LENGTH);
}
END_TEST

START_TEST(test_frame__reply_length_relaxed__as_the_function_says)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0001"), PS_REASON_NONE);
    rig_head(&rig, 1, 1, rig_hex("03 02 0001", rig.adu + 7));
    rig.adu[5] = 6;
    rig.dialog.relax = MB_RELAX_REPLY_LENGTH;
    rig.dialog.dir = PS_TO_CLIENT;
    for (uint32_t n = 0; n < rig.adu_len; n++) {
        ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_MORE);
        ck_assert_uint_eq(rig.len, n < 9 ? 0 : rig.adu_len);
    }
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), PS_REASON_NONE);
}
END_TEST

/* The function's own length is bounded too, whatever the device says. */
START_TEST(test_frame__reply_length_relaxed__impossible_counts_refused)
{
    static const char *const pdus[] = {"18 7e06 0002", "03 00", "03 01", "0c ff 00", "14 ff",
                                       "2b 0e 01 01 00 00 ff 00 ff"};
    for (size_t i = 0; i < sizeof pdus / sizeof pdus[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig.dialog.relax = MB_RELAX_REPLY_LENGTH;
        rig.dialog.dir = PS_TO_CLIENT;
        rig_head(&rig, 1, 1, rig_hex(pdus[i], rig.adu + 7));
        ck_assert_msg(rig_frame(&rig, rig.adu_len, &reason) == PS_BAD, "%s", pdus[i]);
        ck_reason(reason, PS_REASON_MODBUS_LENGTH);
        ck_assert_uint_eq(rig.len, rig.adu_len);
    }
}
END_TEST

START_TEST(test_frame__fc43_relaxed__any_body_within_the_length)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "2b 0e 01 00"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "2b 0e 01 00 4d b7 00 00 00 00"), PS_REASON_MODBUS_LENGTH);
    rig.dialog.relax = MB_RELAX_FC43_OPAQUE;
    ck_reason(answer(&rig, 1, "2b 0e 01 00 4d b7 00 00 00 00"), PS_REASON_NONE);
}
END_TEST

/* A register reply of n registers under the current request. */
static enum ps_reason registers(struct rig *rig, unsigned n)
{
    rig->adu[7] = 3;
    rig->adu[8] = (uint8_t)(2 * n);
    memset(rig->adu + 9, 0, 2 * n);
    rig_head(rig, 1, 1, 2 + 2 * n);
    return rig_judge(rig, PS_TO_CLIENT);
}

START_TEST(test_frame__max_quantity_relaxed__up_to_127_registers)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 007f"), PS_REASON_MODBUS_QUANTITY);
    ck_reason(registers(&rig, 127), PS_REASON_MODBUS_LENGTH);
    rig.dialog.relax = MB_RELAX_MAX_QUANTITY;
    ck_reason(ask(&rig, 1, "03 0000 0080"), PS_REASON_MODBUS_QUANTITY);
    ck_reason(ask(&rig, 1, "03 0000 007f"), PS_REASON_NONE);
    ck_reason(registers(&rig, 127), PS_REASON_NONE);
    enum ps_reason reason;
    for (uint32_t n = 0; n < rig.adu_len; n++)
        ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_MORE);
}
END_TEST

START_TEST(test_frame__longest_pdus__accepted)
{
    struct rig rig;
    rig_init(&rig);
    memset(rig.adu, 0, sizeof rig.adu);
    rig_hex("10 0000 007b f6", rig.adu + 7); /* 123 registers */
    rig_head(&rig, 1, 1, 252);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_NONE);
    ck_reason(ask(&rig, 2, "03 0000 007d"), PS_REASON_NONE);
    rig_hex("03 fa", rig.adu + 7);
    rig_head(&rig, 2, 1, 252);
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), PS_REASON_NONE);
    rig.adu[7] = 0x41;
    rig_head(&rig, 3, 1, 253);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_NONE);
    ck_assert_uint_eq(rig.len, 260);
    rig_head(&rig, 3, 1, 254);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), PS_REASON_MODBUS_LENGTH);
}
END_TEST

UNIT_MAIN("modbus/frame", test_frame__valid_exchange__whole_length, test_frame__every_truncation__more,
          test_frame__more_behind_it__only_the_first, test_frame__length_field_one_off__refused_with_its_extent,
          test_frame__impossible_length_field__refused_without_extent,
          test_frame__protocol_id__refused_at_its_first_octet, test_frame__adu_hidden_behind_registers__refused,
          test_frame__datagram_contradicts__goes_as_a_whole, test_frame__byte_count_contradicts__refused_early,
          test_frame__device_id_objects_overrun__refused,
          test_frame__exception_length_relaxed__two_octets_whatever_the_header_says,
          test_frame__exception_length_relaxed__requests_and_replies_stay_strict,
          test_frame__reply_length_relaxed__as_the_function_says,
          test_frame__reply_length_relaxed__impossible_counts_refused,
          test_frame__fc43_relaxed__any_body_within_the_length, test_frame__max_quantity_relaxed__up_to_127_registers,
          test_frame__longest_pdus__accepted)
