/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define B(id) PS_REASON_MODBUS_##id
#define OK PS_REASON_NONE

/* Takes the reservation: key 7. */
static void take(struct rig *rig)
{
    ck_reason(ask(rig, 1, "5a 00 10 434c0000"), OK);
    ck_reason(answer(rig, 1, "5a 00 fe 07"), OK);
}

START_TEST(test_umas__class__by_its_own_function)
{
    static const struct {
        const char *pdu;
        enum ps_op op;
        const char *text;
    } rows[] = {
        {"5a 00 02", PS_OP_IDENTIFY, "modbus umas-read-id station=1"},
        {"5a 00 20 0013", PS_OP_READ, "modbus umas-read-memory-block station=1"},
        {"5a 00 23 0013", PS_OP_WRITE, "modbus umas-write-variables station=1"},
        {"5a 00 10 0013", PS_OP_CONTROL, "modbus umas-take-plc-reservation station=1"},
        {"5a 00 12", PS_OP_SESSION, "modbus umas-keep-alive station=1"},
        {"5a 00 58 01", PS_OP_DIAGNOSE, "modbus umas-check-plc station=1"},
        {"5a 00 6e 01", PS_OP_OPAQUE, "modbus umas-function-0x6e station=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, rows[i].pdu), OK);
        ck_assert_uint_eq(rig.facts.n_facts, 1);
        ck_assert_int_eq(rig.facts.item[0].op, rows[i].op);
        bool unseen = rows[i].op == PS_OP_WRITE || rows[i].op == PS_OP_OPAQUE;
        ck_assert_int_eq(rig.facts.item[0].values.kind, unseen ? PS_VALUE_UNKNOWN : PS_VALUE_NONE);
        ck_assert_str_eq(rig_text(&rig), rows[i].text);
    }
}
END_TEST

START_TEST(test_umas__unknown_function__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "5a 00 77"), B(UMAS));
    ck_assert_str_eq(rig_text(&rig), "modbus function=90/0x77 station=1");
    ck_reason(ask(&rig, 1, "5a 00 00 00 00"), B(UMAS));
}
END_TEST

START_TEST(test_umas__no_reservation__only_key_0_and_no_engineering)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "5a 00 04"), OK);
    ck_reason(ask(&rig, 2, "5a 01 04"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 40 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 41 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 30 0001"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 34 0001"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 11"), B(UMAS_KEY));
}
END_TEST

START_TEST(test_umas__reservation__its_key_opens_engineering)
{
    struct rig rig;
    rig_init(&rig);
    take(&rig);
    ck_reason(ask(&rig, 2, "5a 08 41 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 00 41 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 2, "5a 07 41 ff00"), OK);
    ck_reason(answer(&rig, 2, "5a 07 fe"), OK);
    ck_reason(ask(&rig, 3, "5a 07 34 0001"), OK);
    ck_assert_int_eq(rig.facts.item[0].values.kind, PS_VALUE_UNKNOWN);
    ck_reason(ask(&rig, 4, "5a 00 02"), OK); /* harmless ones go on with key 0 */
    ck_reason(ask(&rig, 5, "5a 07 02"), OK);
}
END_TEST

START_TEST(test_umas__release__ends_the_reservation)
{
    struct rig rig;
    rig_init(&rig);
    take(&rig);
    ck_reason(ask(&rig, 2, "5a 07 11"), OK);
    ck_reason(answer(&rig, 2, "5a 07 fe"), OK);
    ck_reason(ask(&rig, 3, "5a 07 41 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 3, "5a 07 04"), B(UMAS_KEY));
}
END_TEST

START_TEST(test_umas__refused_take__no_reservation)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "5a 00 10 434c"), OK);
    ck_reason(answer(&rig, 1, "5a 00 fd 80"), OK);
    ck_assert_int_eq(rig.facts.kind, PS_PDU_REFUSAL);
    ck_assert_uint_eq(rig.facts.error, 0x80);
    ck_reason(ask(&rig, 2, "5a 80 41 ff00"), B(UMAS_KEY));
}
END_TEST

START_TEST(test_umas__malformed_replies__refused)
{
    static const struct {
        const char *request, *reply;
        enum ps_reason reason;
    } rows[] = {
        {"5a 00 02", "5a 00 02", B(UMAS)},
        {"5a 00 02", "5a 00 ff", B(UMAS)},
        {"5a 00 02", "5a 01 fe", B(REPLY)},
        {"5a 00 02", "5a 00", PS_REASON_TRUNCATED},
        {"5a 00 02", "5a", PS_REASON_TRUNCATED},
        {"5a 00 10 00", "5a 00 fe 00", B(UMAS)},
        {"5a 00 10 00", "5a 00 fe", PS_REASON_TRUNCATED},
        {"5a 00 01 00", "5a 00 fe 0000", B(UMAS)},
        {"5a 00 01 00", "5a 00 fe fd", PS_REASON_TRUNCATED},
        {"5a 00 0a 0102", "5a 00 fe 0102", OK},
        {"5a 00 0a 0102", "5a 00 fe 0103", B(REPLY)},
        {"5a 00 0a 0102", "5a 00 fe 010200", B(REPLY)},
        {"5a 00 02", "da 01", OK},
        {"03 0000 0001", "5a 00 fe", B(REPLY)},
        {"5a 00 02", "03 02 0001", B(REPLY)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, rows[i].request), OK);
        enum ps_reason reason = answer(&rig, 1, rows[i].reply);
        ck_assert_msg(reason == rows[i].reason, "%s: %s", rows[i].reply, ps_reason_info(reason)->name);
    }
}
END_TEST

/* A READ_MEMORY_BLOCK reply whose MBAP length field is `length`. */
static enum ps_reason long_reply(struct rig *rig, uint32_t length)
{
    ck_reason(ask(rig, 50, "5a 00 20 0013"), OK);
    memset(rig->adu, 0, sizeof rig->adu);
    rig_hex("5a 00 fe", rig->adu + 7);
    rig_head(rig, 50, 1, length - 1);
    enum ps_reason reason = rig_judge(rig, PS_TO_CLIENT);
    if (reason == OK)
        ck_assert_uint_eq(rig->len, 6 + length);
    else
        ck_reason(answer(rig, 50, "da 04"), OK); /* ends the exchange */
    return reason;
}

START_TEST(test_umas__advertised_size__raises_the_length)
{
    static const struct {
        const char *reply;
        uint32_t max;
    } rows[] = {
        {"5a 00 fe fd00 0104", 255},   /* 253: as real devices count */
        {"5a 00 fe fd03 0104", 1023},  /* 1021 */
        {"5a 00 fe 0004 0104", 1026},  /* 1024 */
        {"5a 00 fe ffff 0104", 1026},  /* no more is believed */
        {"5a 00 fe 1000 0104", 254},   /* never less than the standard */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(long_reply(&rig, 254), OK);
        ck_reason(long_reply(&rig, 255), B(LENGTH));
        ck_assert_uint_eq(rig.len, 9); /* of the exception behind it */
        ck_reason(ask(&rig, 1, "5a 00 01 00"), OK);
        ck_reason(answer(&rig, 1, rows[i].reply), OK);
        ck_reason(long_reply(&rig, rows[i].max), OK);
        ck_assert_uint_le(rig.len, ps_modbus.max_pdu_len);
        ck_reason(long_reply(&rig, rows[i].max + 1), B(LENGTH));
    }
}
END_TEST

START_TEST(test_umas__advertised_size__other_functions_stay_short)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "5a 00 01 00"), OK);
    ck_reason(answer(&rig, 1, "5a 00 fe fd03 0104"), OK);
    memset(rig.adu, 0, sizeof rig.adu);
    rig.adu[7] = 0x41;
    rig_head(&rig, 2, 1, 254);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), B(LENGTH));
    ck_assert_uint_eq(rig.len, 0);
    ck_assert_int_eq(rig_frame(&rig, 7, &reason), PS_MORE);
    ck_assert_uint_eq(rig.len, rig.adu_len);
}
END_TEST

START_TEST(test_umas__midstream__keys_and_sizes_unknown)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(ask(&rig, 9, "5a 42 41 ff00"), OK);
    ck_reason(long_reply(&rig, 1026), OK);
    ck_reason(long_reply(&rig, 1027), B(LENGTH));
    take(&rig);
    ck_reason(ask(&rig, 10, "5a 42 41 ff00"), B(UMAS_KEY));
    ck_reason(ask(&rig, 10, "5a 07 41 ff00"), OK);
    ps_modbus.gap(&rig.dialog);
    ck_reason(ask(&rig, 11, "5a 42 41 ff00"), OK);
}
END_TEST

/* Newer firmware reserves with functions that are not understood: the key they hand out cannot be judged. */
START_TEST(test_umas__opaque_function_done__any_key)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "5a 00 6e 01"), OK);
    ck_reason(ask(&rig, 2, "5a 42 41 ff00"), B(UMAS_KEY));
    ck_reason(answer(&rig, 1, "5a 00 fe 1234"), OK);
    ck_reason(ask(&rig, 2, "5a 42 41 ff00"), OK);
    take(&rig);
    ck_reason(ask(&rig, 3, "5a 42 41 ff00"), B(UMAS_KEY));
}
END_TEST

UNIT_MAIN("modbus/umas", test_umas__class__by_its_own_function, test_umas__unknown_function__refused,
          test_umas__no_reservation__only_key_0_and_no_engineering,
          test_umas__reservation__its_key_opens_engineering, test_umas__release__ends_the_reservation,
          test_umas__refused_take__no_reservation, test_umas__malformed_replies__refused,
          test_umas__advertised_size__raises_the_length, test_umas__advertised_size__other_functions_stay_short,
          test_umas__midstream__keys_and_sizes_unknown, test_umas__opaque_function_done__any_key)
