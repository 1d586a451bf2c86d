/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

struct row {
    const char *request;
    const char *reply;
    enum ps_reason reason;
};

#define B(id) PS_REASON_MODBUS_##id
#define OK PS_REASON_NONE

static const struct row rows[] = {
    {"01 0000 000a", "01 02 ff03", OK},
    {"01 0000 000a", "01 02 ff07", B(PADDING)},
    {"01 0000 000a", "01 01 ff", B(REPLY)},
    {"01 0000 000a", "01 03 ff0300", B(REPLY)},
    {"01 0000 0008", "02 01 ff", B(REPLY)},
    {"02 0000 0008", "02 01 ff", OK},
    {"03 0000 0002", "03 04 0001 0002", OK},
    {"03 0000 0002", "03 02 0001", B(REPLY)},
    {"03 0000 0002", "03 06 0001 0002 0003", B(REPLY)},
    {"03 0000 0002", "03 05 0001 0002 00", B(REPLY)},
    {"03 0000 0002", "04 04 0001 0002", B(REPLY)},
    {"04 0000 0001", "04 02 0001", OK},
    {"05 0001 ff00", "05 0001 ff00", OK},
    {"05 0001 ff00", "05 0001 0000", B(REPLY)},
    {"05 0001 ff00", "05 0002 ff00", B(REPLY)},
    {"06 0001 0002", "06 0001 0003", B(REPLY)},
    {"0b", "0b 0001 0000", B(REPLY)},
    {"0b", "0b 0000 ffff", OK},
    {"0c", "0c 06 0000 0001 0002", OK},
    {"0c", "0c 06 1234 0001 0002", B(REPLY)},
    {"0f 0000 0004 01 09", "0f 0000 0004", OK},
    {"0f 0000 0004 01 09", "0f 0000 0003", B(REPLY)},
    {"10 0014 0002 04 0005 0006", "10 0014 0002", OK},
    {"10 0014 0002 04 0005 0006", "10 0015 0002", B(REPLY)},
    {"11", "11 00", B(LENGTH)},
    {"11", "11 01 42", OK},
    /* FC 20: lengths in the order of the request */
    {"14 0e 06 0004 0000 0001 06 0005 0000 0002", "14 0a 03 06 0001 05 06 0002 0003", OK},
    {"14 0e 06 0004 0000 0001 06 0005 0000 0002", "14 0a 05 06 0001 0002 03 06 0003", B(REPLY)},
    {"14 0e 06 0004 0000 0001 06 0005 0000 0002", "14 0a 09 06 0001 0002 0003 0004", B(REPLY)},
    {"14 0e 06 0004 0000 0001 06 0005 0000 0002", "14 04 03 06 0001", B(REPLY)},
    {"14 07 06 0004 0000 0001", "14 04 03 05 0001", B(FILE)},
    {"14 07 06 0004 0000 0001", "14 04 02 06 0001", B(FILE)},
    {"14 07 06 0004 0000 0001", "14 04 05 06 0001", PS_REASON_TRUNCATED},
    /* FC 21: all of it */
    {"15 09 06 0004 0007 0001 06af", "15 09 06 0004 0007 0001 06af", OK},
    {"15 09 06 0004 0007 0001 06af", "15 09 06 0004 0007 0001 06ae", B(REPLY)},
    {"15 09 06 0004 0007 0001 06af", "15 09 06 0004 0008 0001 06af", B(REPLY)},
    {"15 09 06 0004 0007 0001 06af", "15 0b 06 0004 0007 0002 06af 0000", B(REPLY)},
    {"15 09 06 0004 0007 0001 06af", "15 09 05 0004 0007 0001 06af", B(FILE)},
    {"16 0004 00f2 0025", "16 0004 00f2 0025", OK},
    {"16 0004 00f2 0025", "16 0004 00f2 0026", B(REPLY)},
    {"16 0004 00f2 0025", "16 0005 00f2 0025", B(REPLY)},
    {"17 0000 0002 0014 0001 02 0005", "17 04 0001 0002", OK},
    {"17 0000 0002 0014 0001 02 0005", "17 02 0001", B(REPLY)},
    {"18 04de", "18 0002 0000", OK},
    {"18 04de", "18 0004 0000 0001", B(BYTE_COUNT)},
    {"18 04de", "18 0042 0020 "
                "0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 "
                "0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000",
     B(LENGTH)},
    {"18 04de", "18 0002 0020", B(QUANTITY)},
    /* FC 8 */
    {"08 0000 a537", "08 0000 a538", B(REPLY)},
    {"08 0000 a537 0001", "08 0000 a537", B(REPLY)},
    {"08 0000 a537", "08 0000 a537 0000", B(REPLY)},
    {"08 0000 a537", "08 0000 a5", B(LENGTH)},
    {"08 0001 ff00", "08 0001 0000", B(REPLY)},
    {"08 0002 0000", "08 0002 ffff", OK},
    {"08 0002 0000", "08 000b ffff", B(REPLY)},
    {"08 0002 0000", "08 0005 ffff", B(SUBFUNCTION)},
    {"08 000a 0000", "08 000a 0001", B(REPLY)},
    {"08 0004 0000", "08 0004 0000", B(REPLY)},
    {"08 0004 0000", "88 0b", OK},
    /* FC 43/14 */
    {"2b 0e 01 00", "2b 0e 01 81 ff 02 01 00 01 61", OK},
    {"2b 0e 01 00", "2b 0e 02 81 ff 02 01 00 01 61", B(REPLY)},
    {"2b 0e 01 00", "2b 0e 01 00 00 00 01 00 01 61", B(DEVICE_ID)},
    {"2b 0e 01 00", "2b 0e 01 84 00 00 01 00 01 61", B(DEVICE_ID)},
    {"2b 0e 01 00", "2b 0e 01 01 01 00 01 00 01 61", B(DEVICE_ID)},
    {"2b 0e 01 00", "2b 0e 01 01 00 00 00", OK},
    {"2b 0e 01 00", "2b 0d 01 01 00 00 00", B(REPLY)},
    {"2b 0e 01 00", "2b 0c 01 01 00 00 00", B(SUBFUNCTION)},
    /* exceptions */
    {"03 0000 0002", "83 01", OK},
    {"03 0000 0002", "83 08", OK},
    {"03 0000 0002", "83 0a", OK},
    {"03 0000 0002", "83 0b", OK},
    {"03 0000 0002", "83 00", B(EXCEPTION)},
    {"03 0000 0002", "83 09", B(EXCEPTION)},
    {"03 0000 0002", "83 0c", B(EXCEPTION)},
    {"03 0000 0002", "83 ff", B(EXCEPTION)},
    {"03 0000 0002", "84 02", B(REPLY)},
    {"03 0000 0002", "80 02", B(FUNCTION)},
    {"03 0000 0002", "99 02", B(FUNCTION)},
    {"03 0000 0002", "83", B(LENGTH)},
    {"03 0000 0002", "83 02 00", B(LENGTH)},
    {"08 0002 0000", "88 01", OK},
    {"2b 0e 01 00", "ab 01", OK},
    {"2b 0e 01 00", "88 01", B(REPLY)},
    {"41 00", "c1 01", OK},
    {"41 00", "42 01", B(REPLY)},
    {"03 0000 0002", "00 01", B(FUNCTION)},
    {"03 0000 0002", "19 01", B(FUNCTION)},
};

START_TEST(test_reply__bodies__held_against_their_requests)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, rows[i].request), PS_REASON_NONE);
        enum ps_reason reason = answer(&rig, 1, rows[i].reply);
        ck_assert_msg(reason == rows[i].reason, "%s, %s: %s", rows[i].request, rows[i].reply,
                      ps_reason_info(reason)->name);
        ck_assert_int_eq(rig.state.n_pending, reason != PS_REASON_NONE);
        ck_assert_uint_eq(rig.facts.n_facts, 0);
    }
}
END_TEST

/* What a reply must be in itself, when nobody saw the request. */
START_TEST(test_reply__request_unseen__form_is_judged)
{
    static const struct row unseen[] = {
        {NULL, "01 02 ffff", OK},
        {NULL, "01 00", B(LENGTH)},
        {NULL, "01 fb", B(LENGTH)},
        {NULL, "03 03 0001 02", B(BYTE_COUNT)},
        {NULL, "05 0001 ff00", OK},
        {NULL, "0b 0001 0000", B(REPLY)},
        {NULL, "14 04 02 06 0001", B(FILE)},
        {NULL, "14 05 04 06 0001 02", B(FILE)},
        {NULL, "14 06 01 06 03 06 0001", B(FILE)},
        {NULL, "18 0004 0000 0001", B(BYTE_COUNT)},
        {NULL, "2b 0e 01 00 00 00 01 00 01 61", B(DEVICE_ID)},
        {NULL, "83 09", B(EXCEPTION)},
        {NULL, "88 01", OK},
        {NULL, "19 01", B(FUNCTION)},
        {NULL, "08 0004 0000", B(REPLY)},
    };
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.dialog.midstream = true;
        enum ps_reason reason = answer(&rig, 1, unseen[i].reply);
        ck_assert_msg(reason == unseen[i].reason, "%s: %s", unseen[i].reply, ps_reason_info(reason)->name);
    }
}
END_TEST

START_TEST(test_reply__exchange__described)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "01 0000 0008"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "81 02"), PS_REASON_NONE);
    ck_assert_str_eq(rig_text(&rig), "modbus exception read-coils station=1 code=2");
    ck_reason(ask(&rig, 1, "01 0000 0008"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "01 01 00"), PS_REASON_NONE);
    ck_assert_str_eq(rig_text(&rig), "modbus reply read-coils station=1");
    ck_reason(ask(&rig, 1, "08 0002 0000"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "88 01"), PS_REASON_NONE);
    ck_assert_str_eq(rig_text(&rig), "modbus exception return-diagnostic-register station=1 code=1");
}
END_TEST

START_TEST(test_reply__exception_code_relaxed__reserved_codes_pass)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_EXCEPTION_CODE;
    ck_reason(ask(&rig, 1, "01 0000 0008"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "81 40"), PS_REASON_NONE);
}
END_TEST

START_TEST(test_reply__padding_relaxed__passes)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_PADDING;
    ck_reason(ask(&rig, 1, "01 0000 000a"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "01 02 ffff"), PS_REASON_NONE);
}
END_TEST

START_TEST(test_reply__cut_body__refused_by_decode_alone)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, exchanges[i].request), PS_REASON_NONE);
        rig.dialog.dir = PS_TO_CLIENT;
        uint32_t pdu_len = rig_hex(exchanges[i].reply, rig.adu + 7);
        rig_head(&rig, 1, 1, pdu_len);
        for (rig.adu_len = 0; rig.adu_len < 7 + pdu_len; rig.adu_len++)
            ck_assert_int_ne(rig_decode(&rig), PS_REASON_NONE);
    }
}
END_TEST

UNIT_MAIN("modbus/reply", test_reply__bodies__held_against_their_requests, test_reply__request_unseen__form_is_judged,
          test_reply__exchange__described, test_reply__exception_code_relaxed__reserved_codes_pass,
          test_reply__padding_relaxed__passes, test_reply__cut_body__refused_by_decode_alone)
