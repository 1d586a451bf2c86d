/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

/* A g70 object of this variation, with its length in front. */
static enum ps_reason file(enum dn_row row, unsigned variation, const char *hex)
{
    rig.n = 0;
    rig_number(&rig, 70, 1);
    rig_number(&rig, variation, 1);
    rig_put(&rig, "5b01 0000");
    rig_put(&rig, hex);
    rig.octets[4] = (uint8_t)(rig.n - 6);
    rig.octets[5] = (uint8_t)((rig.n - 6) >> 8);
    return rig_judge(&rig, row);
}

#define COMMAND(at, len, mode) at " " len " 000000000000 ff01 00000000 00000000 " mode " 0004 0100"

START_TEST(test_dn_file__open__mode_and_name)
{
    static const struct {
        const char *hex;
        enum ps_reason reason;
    } rows[] = {
        {COMMAND("1a00", "0300", "0100") "2e2f61", OK},
        {COMMAND("1a00", "0100", "0100") "2e", OK},
        {COMMAND("1a00", "0300", "0000") "2e2f61", PS_REASON_DNP3_FILE},
        {COMMAND("1a00", "0300", "0400") "2e2f61", PS_REASON_DNP3_FILE},
        {COMMAND("1b00", "0300", "0100") "2e2f61", PS_REASON_DNP3_FILE},
        {COMMAND("1900", "0300", "0100") "2e2f61", PS_REASON_DNP3_FILE},
        {COMMAND("1a00", "0000", "0100"), PS_REASON_DNP3_FILE},
        {COMMAND("1a00", "0400", "0100") "2e2f61", PS_REASON_TRUNCATED},
        {COMMAND("1a00", "0200", "0100") "2e2f61", PS_REASON_SURPLUS},
        {COMMAND("1a00", "0300", "0100") "2e0061", PS_REASON_DNP3_FILE},
        {COMMAND("1a00", "0300", "0100") "2e2e61", PS_REASON_DNP3_FILE},
        {COMMAND("1a00", "0500", "0100") "612f2e2e2f", PS_REASON_DNP3_FILE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_reason(file(DN_ROW_OPEN_FILE, 3, rows[i].hex), rows[i].reason);
}
END_TEST

START_TEST(test_dn_file__open__writes_when_its_mode_does)
{
    static const char *const modes[] = {COMMAND("1a00", "0100", "0100") "61", COMMAND("1a00", "0100", "0200") "61",
                                        COMMAND("1a00", "0100", "0300") "61"};
    for (unsigned mode = 1; mode <= 3; mode++) {
        ck_reason(file(DN_ROW_OPEN_FILE, 3, modes[mode - 1]), OK);
        ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, mode == 1 ? 0 : DN_ASK_FILE_WRITE);
        ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_OPEN);
        ck_assert_uint_eq(rig.fragment.file.mode, mode);
    }
}
END_TEST

START_TEST(test_dn_file__delete__writes)
{
    ck_reason(file(DN_ROW_DELETE_FILE, 3, COMMAND("1a00", "0100", "0000") "61"), OK);
    ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, DN_ASK_FILE_WRITE);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_NOTHING);
}
END_TEST

#define STATUS(handle, status) handle " 00000000 0004 0100 " status

START_TEST(test_dn_file__opened__only_by_an_answer_to_open)
{
    rig.request.row = DN_ROW_OPEN_FILE;
    ck_reason(file(DN_ROW_RESPONSE, 4, STATUS("78563412", "00")), OK);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_OPENED);
    ck_assert_uint_eq(rig.fragment.file.handle, 0x12345678);
    ck_reason(file(DN_ROW_RESPONSE, 4, STATUS("00000000", "00")), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_RESPONSE, 4, STATUS("00000000", "03") "4142"), OK);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_NOTHING);
    rig.request.row = DN_ROW_DELETE_FILE;
    ck_reason(file(DN_ROW_RESPONSE, 4, STATUS("00000000", "00")), OK);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_NOTHING);
    rig.request.row = 0;
    ck_reason(file(DN_ROW_RESPONSE, 4, STATUS("78563412", "00")), OK);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_NOTHING);
}
END_TEST

START_TEST(test_dn_file__close_and_abort__of_a_handle)
{
    for (unsigned abort = 0; abort < 2; abort++) {
        enum dn_row row = abort ? DN_ROW_ABORT_FILE : DN_ROW_CLOSE_FILE;
        ck_reason(file(row, 4, STATUS("78563412", "00")), OK);
        ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, 0);
        ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_CLOSE);
        ck_assert_uint_eq(rig.fragment.file.handle, 0x12345678);
        ck_reason(file(row, 4, STATUS("00000000", "00")), PS_REASON_DNP3_FILE);
        ck_reason(file(row, 4, STATUS("78563412", "01")), PS_REASON_DNP3_FILE);
        ck_reason(file(row, 4, "78563412 00000000 0004 0100"), PS_REASON_DNP3_FILE);
    }
}
END_TEST

START_TEST(test_dn_file__blocks__read_without_data_written_with)
{
    ck_reason(file(DN_ROW_READ, 5, "78563412 00000080"), OK);
    ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, 0);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_BLOCK);
    ck_assert_uint_eq(rig.fragment.file.handle, 0x12345678);
    ck_reason(file(DN_ROW_READ, 5, "78563412 00000080 41"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_READ, 5, "00000000 00000000"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_READ, 5, "78563412 000000"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_WRITE, 5, "78563412 00000000 414243"), OK);
    ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, DN_ASK_FILE_WRITE);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_BLOCK);
    ck_reason(file(DN_ROW_RESPONSE, 5, "78563412 00000080 414243"), OK);
    ck_assert_uint_eq(rig.fragment.file.act, DN_FILE_NOTHING);
}
END_TEST

/* Only one handle can be held against what was opened. */
START_TEST(test_dn_file__two_blocks_at_once__refused)
{
    ck_reason(rig_objects(&rig, DN_ROW_READ, "4605 5b 02 0800 01000000 00000000 0800 02000000 00000000"), PS_REASON_DNP3_FILE);
    ck_reason(rig_objects(&rig, DN_ROW_READ, "4605 5b 01 0800 01000000 00000000 4605 5b 01 0800 02000000 00000000"),
              PS_REASON_DNP3_FILE);
}
END_TEST

#define DESCRIPTOR(at, len, type) at " " len " " type " 00000000 000000000000 ff01 0100"

START_TEST(test_dn_file__descriptor__type_and_name)
{
    ck_reason(file(DN_ROW_FILE_INFO, 7, DESCRIPTOR("1400", "0100", "0100") "61"), OK);
    ck_assert_uint_eq(rig_fact(&rig, 0, PS_OP_FILE, 0)->asks, 0);
    ck_reason(file(DN_ROW_RESPONSE, 7, DESCRIPTOR("1400", "0100", "0000") "61"), OK);
    ck_reason(file(DN_ROW_FILE_INFO, 7, DESCRIPTOR("1400", "0100", "0200") "61"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_FILE_INFO, 7, DESCRIPTOR("1a00", "0100", "0100") "61"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_FILE_INFO, 7, DESCRIPTOR("1400", "0200", "0100") "2e2e"), PS_REASON_DNP3_FILE);
}
END_TEST

START_TEST(test_dn_file__authentication__strings_where_they_belong)
{
    ck_reason(file(DN_ROW_AUTHENTICATE_FILE, 2, "0c00 0200 0e00 0100 00000000 4142 43"), OK);
    rig_fact(&rig, 0, PS_OP_FILE, 0);
    ck_reason(file(DN_ROW_RESPONSE, 2, "0c00 0000 0c00 0000 78563412"), OK);
    ck_reason(file(DN_ROW_RESPONSE, 2, "0000 0000 0000 0000 78563412"), OK);
    ck_reason(file(DN_ROW_AUTHENTICATE_FILE, 2, "0d00 0200 0e00 0100 00000000 4142 43"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_AUTHENTICATE_FILE, 2, "0c00 0200 0c00 0100 00000000 4142 43"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_AUTHENTICATE_FILE, 2, "0c00 0200 0e00 0200 00000000 4142 43"), PS_REASON_TRUNCATED);
}
END_TEST

START_TEST(test_dn_file__unsolicited__events)
{
    ck_reason(file(DN_ROW_UNSOLICITED, 7, DESCRIPTOR("1400", "0100", "0000") "61"), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 1);
    rig_fact(&rig, 0, PS_OP_EVENT, DN_SPACE(70, 7));
}
END_TEST

START_TEST(test_dn_file__activation__a_name)
{
    ck_reason(file(DN_ROW_ACTIVATE_CONFIGURATION, 8, "612e62"), OK);
    rig_fact(&rig, 0, PS_OP_PROGRAM, 0);
    ck_reason(file(DN_ROW_ACTIVATE_CONFIGURATION, 8, "2e2e2f61"), PS_REASON_DNP3_FILE);
    ck_reason(file(DN_ROW_ACTIVATE_CONFIGURATION, 8, ""), PS_REASON_DNP3_FILE);
}
END_TEST

UNIT_MAIN("dnp3/file", test_dn_file__open__mode_and_name, test_dn_file__open__writes_when_its_mode_does,
          test_dn_file__delete__writes, test_dn_file__opened__only_by_an_answer_to_open,
          test_dn_file__close_and_abort__of_a_handle, test_dn_file__blocks__read_without_data_written_with,
          test_dn_file__two_blocks_at_once__refused, test_dn_file__descriptor__type_and_name,
          test_dn_file__authentication__strings_where_they_belong, test_dn_file__unsolicited__events,
          test_dn_file__activation__a_name)
