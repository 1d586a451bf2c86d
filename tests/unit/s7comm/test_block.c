/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define DB1 "09 5f30413030303031 50"
#define DB2 "09 5f30413030303032 50"
#define REQUEST "1a 00 0100 00000000 " DB1 " 0d 31 303030303230 303030303130" /* 20 octets */
#define HEAD "7070 0101 05 0a 0001 00000014"

/* A job of the PLC, and the client's answer to it. */
static enum ps_reason fetch(struct rig *rig, unsigned reference, const char *param)
{
    return rig_send(rig, PS_TO_CLIENT, (struct rig_pdu){1, (uint16_t)reference, 0, param, ""});
}

static enum ps_reason give(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    return rig_send(rig, PS_TO_SERVER, (struct rig_pdu){3, (uint16_t)reference, 0, param, data});
}

static void begin(struct rig *rig)
{
    rig_open(rig);
    ck_reason(ask(rig, 2, REQUEST, ""), OK);
    ck_assert_uint_eq(rig_fact(rig)->op, PS_OP_PROGRAM);
    ck_assert_uint_eq(rig_fact(rig)->space, S7_SPACE_BLOCK + 10);
    ck_assert_uint_eq(rig_fact(rig)->first, 1);
    ck_reason(answer(rig, 2, "1a", ""), OK);
}

START_TEST(test_s7_download__whole__accepted)
{
    struct rig rig;
    begin(&rig);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7_ROW_DOWNLOAD_BLOCK);
    ck_assert_uint_eq(rig_fact(&rig)->first, 1);
    ck_reason(fetch(&rig, 3, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* one at a time */
    ck_reason(give(&rig, 2, "1b 01", "000c 00fb " HEAD), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_reason(fetch(&rig, 3, "1b 00 0000 00000000 " DB1), OK);
    ck_reason(give(&rig, 3, "1b 00", "0008 00fb 0102030405060708"), OK);
    ck_reason(fetch(&rig, 4, "1c 00 0000 00000000 " DB1), OK);
    ck_reason(give(&rig, 4, "1c", ""), OK);
    ck_reason(fetch(&rig, 5, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* over */
    ck_reason(ask(&rig, 5, REQUEST, ""), OK);
}
END_TEST

START_TEST(test_s7_download__not_begun__nothing_fetched)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), S7(TRANSFER));
    ck_reason(fetch(&rig, 2, "1c 00 0000 00000000 " DB1), S7(TRANSFER));
    ck_reason(ask(&rig, 2, REQUEST, ""), OK);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* not granted yet */
    ck_reason(ask(&rig, 3, REQUEST, ""), S7(TRANSFER));                  /* one at a time */
    ck_reason(rig_send(&rig, PS_TO_CLIENT, (struct rig_pdu){2, 2, 0xd241, "", ""}), OK);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* refused */
    ck_reason(ask(&rig, 3, REQUEST, ""), OK);
    rig_open(&rig);
    rig.dialog.midstream = true;
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), OK); /* begun unseen: judged by its name */
}
END_TEST

/* The client cannot give a part: the PLC says that the download has ended, with an error. */
START_TEST(test_s7_download__refused_by_the_client__ended_by_the_plc)
{
    struct rig rig;
    begin(&rig);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, (struct rig_pdu){2, 2, 0x8500, "", ""}), OK);
    ck_reason(fetch(&rig, 3, "1c 00 8500 00000000 " DB1), OK);
    ck_reason(give(&rig, 3, "1c", ""), OK);
    ck_reason(fetch(&rig, 4, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* over */
}
END_TEST

/* One that came to no end is no reason to refuse the next. */
START_TEST(test_s7_download__abandoned__begun_anew)
{
    struct rig rig;
    begin(&rig); /* granted, and never fetched */
    ck_reason(ask(&rig, 3, REQUEST, ""), OK);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), S7(TRANSFER)); /* not granted yet */
    rig.dialog.now_ns += UINT64_C(61000000000);
    ck_reason(ask(&rig, 4, REQUEST, ""), OK); /* nobody answered */
    ck_reason(answer(&rig, 4, "1a", ""), OK);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 " DB1), OK);
    ck_reason(ask(&rig, 5, REQUEST, ""), S7(TRANSFER)); /* a part is on its way */
}
END_TEST

START_TEST(test_s7_download__number_beyond_16_bits__not_the_blocks)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "1a 00 0100 00000000 09 5f3041363535333750 0d 31 303030303230 303030303130", ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->first, 65537);
    ck_reason(answer(&rig, 2, "1a", ""), OK);
    ck_reason(fetch(&rig, 2, "1b 00 0000 00000000 09 5f3041363535333750"), OK);
    ck_reason(give(&rig, 2, "1b 01", "000c 00fb " HEAD), S7(BLOCK)); /* says 1 */
}
END_TEST

/* Joined late: a part whose asking went unseen is no answer to anything that was granted. */
START_TEST(test_s7_download__unasked_part__needs_the_permission)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(give(&rig, 2, "1b 01", "000c 00fb " HEAD), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_PROGRAM);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7_ROW_DOWNLOAD_BLOCK);
    ck_assert_uint_eq(rig_fact(&rig)->space, 0);
    ck_reason(fetch(&rig, 3, "1b 00 0000 00000000 " DB1), OK);
    ck_reason(give(&rig, 3, "1b 01", "000c 00fb " HEAD), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
}
END_TEST

START_TEST(test_s7_download__malformed__refused)
{
    static const struct {
        const char *param;
        enum ps_reason reason;
    } rows[] = {
        {"1a 01 0100 00000000 " DB1 " 0d 31 303030303230 303030303130", S7(PARAMETER)},
        {"1a 00 0000 00000000 " DB1 " 0d 31 303030303230 303030303130", S7(PARAMETER)},
        {"1a 00 0100 00000001 " DB1 " 0d 31 303030303230 303030303130", S7(PARAMETER)},
        {"1a 00 0100 00000000 " DB1 " 0e 31 303030303230 303030303130", S7(PARAMETER)},
        {"1a 00 0100 00000000 " DB1 " 0d 32 303030303230 303030303130", S7(PARAMETER)},
        {"1a 00 0100 00000000 " DB1 " 0d 31 303030303241 303030303130", S7(PARAMETER)},
        {"1a 00 0100 00000000 " DB1 " 0d 31 303030303230 3030303031ff", S7(PARAMETER)},
        {"1a 00 0100 00000000 09 41 3041303030303150 0d 31 303030303230 303030303130", S7(BLOCK)},
        {"1a 00 0100 00000000 09 5f 3037303030303150 0d 31 303030303230 303030303130", S7(BLOCK)},
        {"1a 00 0100 00000000 09 5f 3041303030303158 0d 31 303030303230 303030303130", S7(BLOCK)},
        {"1a 00 0100 00000000 08 5f 30413030303031 0d 31 303030303230 303030303130", S7(BLOCK)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(ask(&rig, 2, rows[i].param, ""), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_download__jobs_of_the_plc__judged)
{
    static const struct {
        const char *param;
        enum ps_reason reason;
    } rows[] = {
        {"1b 00 0000 00000000 " DB2, S7(TRANSFER)},
        {"1b 01 0000 00000000 " DB1, S7(PARAMETER)},
        {"1b 00 0001 00000000 " DB1, S7(PARAMETER)},
        {"1b 00 0000 00000001 " DB1, S7(PARAMETER)},
        {"1c 00 d241 00000000 " DB1, OK}, /* ended with an error */
        {"1c 00 0000 00000000 " DB2, S7(TRANSFER)},
        {"1a 00 0100 00000000 " DB1, S7(FUNCTION)},
        {"1b 00 0000 00000000 " DB1 "00", PS_REASON_SURPLUS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        begin(&rig);
        ck_reason(fetch(&rig, 2, rows[i].param), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_download__parts__are_the_block_announced)
{
    static const struct {
        const char *param, *data;
        enum ps_reason reason;
    } rows[] = {
        {"1b 01", "000c 00fb " HEAD, OK},
        {"1b 00", "0014 00fb " HEAD "0102030405060708", OK},
        {"1b 00", "000c 00fb " HEAD, S7(TRANSFER)},                       /* too short to be the end */
        {"1b 01", "0014 00fb " HEAD "0102030405060708", S7(TRANSFER)},    /* that was all */
        {"1b 00", "0015 00fb " HEAD "010203040506070809", S7(TRANSFER)},
        {"1b 02", "000c 00fb " HEAD, S7(PARAMETER)},
        {"1b 01", "000c 00fc " HEAD, S7(DATA)},
        {"1b 01", "000b 00fb " HEAD, S7(DATA)},
        {"1b 01", "000d 00fb " HEAD, S7(DATA)},
        {"1b 01", "000c 00fb 7071 0101 05 0a 0001 00000014", S7(BLOCK)},
        {"1b 01", "000c 00fb 7070 0101 05 0b 0001 00000014", S7(BLOCK)},  /* another type */
        {"1b 01", "000c 00fb 7070 0101 05 0a 0002 00000014", S7(BLOCK)},  /* another number */
        {"1b 01", "000c 00fb 7070 0101 05 0a 0001 00000015", S7(BLOCK)},  /* another length */
        {"1b 01", "000b 00fb 7070 0101 05 0a 0001 000000", S7(BLOCK)},
        {"1c", "", S7(REPLY)},
        {"1a", "", S7(FUNCTION)},
        {"1b", "", PS_REASON_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        begin(&rig);
        ck_reason(fetch(&rig, 7, "1b 00 0000 00000000 " DB1), OK);
        ck_reason(give(&rig, 8, "1b 01", "000c 00fb " HEAD), S7(UNSOLICITED));
        ck_reason(give(&rig, 7, rows[i].param, rows[i].data), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7_download__client_gives_up__over)
{
    struct rig rig;
    begin(&rig);
    ck_reason(fetch(&rig, 7, "1b 00 0000 00000000 " DB1), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, (struct rig_pdu){2, 7, 0xd241, "", ""}), OK);
    ck_reason(fetch(&rig, 8, "1b 00 0000 00000000 " DB1), S7(TRANSFER));
}
END_TEST

START_TEST(test_s7_upload__by_its_id__accepted)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "1e 00 0000 00000007", ""), S7(TRANSFER));
    ck_reason(ask(&rig, 2, "1d 00 0000 00000000 09 5f30423030303030 41", ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7_SPACE_BLOCK + 11);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_PROGRAM);
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 07 30303030323136", ""), OK);
    ck_reason(ask(&rig, 3, "1e 00 0000 00000008", ""), S7(TRANSFER));
    ck_reason(ask(&rig, 3, "1e 01 0000 00000007", ""), S7(PARAMETER));
    ck_reason(ask(&rig, 3, "1e 00 0000 00000007", ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7_SPACE_BLOCK + 11); /* what is read stays known */
    ck_reason(answer(&rig, 3, "1e 01", "0002 00fb 7070"), OK);
    ck_reason(ask(&rig, 4, "1f 00 0000 00000007", ""), OK);
    ck_reason(answer(&rig, 4, "1f", ""), OK);
    ck_reason(ask(&rig, 5, "1e 00 0000 00000007", ""), S7(TRANSFER));
    rig.dialog.midstream = true;
    ck_reason(ask(&rig, 5, "1e 00 0000 00000007", ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, 0);
}
END_TEST

/* An id that is used again stands for the new block; a client may give up with a reason. */
START_TEST(test_s7_upload__id_used_again__names_the_new_block)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "1d 00 0000 00000000 09 5f30423030303030 41", ""), OK);
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 07 30303030323136", ""), OK);
    ck_reason(ask(&rig, 2, "1d 00 0000 00000000 09 5f30393030303032 41", ""), OK); /* CMOD 2 */
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 07 30303030323136", ""), OK);
    ck_reason(ask(&rig, 3, "1e 00 d241 00000007", ""), S7(PARAMETER));
    ck_reason(ask(&rig, 3, "1f 01 d241 00000007", ""), S7(PARAMETER));
    ck_reason(ask(&rig, 3, "1f 00 d241 00000007", ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->space, S7_SPACE_BLOCK + 9);
    ck_assert_uint_eq(rig_fact(&rig)->first, 2);
}
END_TEST

START_TEST(test_s7_upload__malformed__refused)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "1d 00 0000 00000001 09 5f30423030303030 41", ""), S7(PARAMETER));
    ck_reason(ask(&rig, 2, "1d 00 0000 00000000 09 5f30423030303030 43", ""), S7(BLOCK));
    ck_reason(ask(&rig, 2, "1d 00 0000 00000000 09 2430423030303030 41", ""), OK); /* header alone */
    ck_reason(answer(&rig, 2, "1d 00 0000 00000007 07 30303030323136", ""), S7(PARAMETER));
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 06 30303030323136", ""), S7(PARAMETER));
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 07 303030303231ff", ""), S7(PARAMETER));
    ck_reason(answer(&rig, 2, "1d 00 0100 00000007 07 30303030323136", ""), OK);
    ck_reason(ask(&rig, 3, "1e 00 0000 00000007", ""), OK);
    ck_reason(answer(&rig, 3, "1e 02", "0002 00fb 7070"), S7(PARAMETER));
    ck_reason(answer(&rig, 3, "1e 00", "0003 00fb 7070"), S7(DATA));
    ck_reason(answer(&rig, 3, "1e 00", "0002 00fa 7070"), S7(DATA));
}
END_TEST

UNIT_MAIN("s7comm/block", test_s7_download__whole__accepted, test_s7_download__not_begun__nothing_fetched,
          test_s7_download__refused_by_the_client__ended_by_the_plc, test_s7_download__abandoned__begun_anew,
          test_s7_download__number_beyond_16_bits__not_the_blocks,
          test_s7_download__unasked_part__needs_the_permission, test_s7_download__malformed__refused,
          test_s7_download__jobs_of_the_plc__judged,
          test_s7_download__parts__are_the_block_announced, test_s7_download__client_gives_up__over,
          test_s7_upload__by_its_id__accepted,
          test_s7_upload__id_used_again__names_the_new_block, test_s7_upload__malformed__refused)
