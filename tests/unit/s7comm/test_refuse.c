/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../refusal.h"

#include "rig.h"
#include "unit.h"

static struct refusal refusal;

/* What stands in rig->octets refused, after it was judged: what its sender gets, as hex text. */
static const char *refused(struct rig *rig, enum ps_dir dir, uint8_t code)
{
    static char text[2 * PS_REFUSAL_MAX + 1];
    rig->dialog.dir = (uint8_t)dir;
    bool request = rig_decode(rig) == OK && rig->facts.kind == PS_PDU_REQUEST;
    struct refusal_of of = {.pdu = rig->octets, .len = rig->n_octets, .code = code};
    ck_assert(refusal_build(&refusal, &ps_s7comm, &rig->dialog, of));
    ck_assert(!request || refusal_answers(&refusal, &ps_s7comm, &rig->dialog, &rig->facts));
    text[0] = 0;
    for (uint32_t i = 0; i < refusal.n; i++)
        snprintf(text + 2 * i, 3, "%02x", refusal.out[i]);
    return text;
}

static const char *job(struct rig *rig, const char *param, const char *data, uint8_t code)
{
    rig_build(rig, &(struct rig_pdu){1, 0x0203, 0, param, data}, 0, 0);
    return refused(rig, PS_TO_SERVER, code);
}

START_TEST(test_refuse__every_request__answer_that_fits_it)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        struct rig_pdu pdu = rig_request(&exchanges[i]);
        rig_open(&rig);
        rig_build(&rig, &pdu, 0, 0);
        refused(&rig, PS_TO_SERVER, PS_REFUSE_FUNCTION);
        ck_assert_uint_gt(refusal.n, 0);
        ck_assert_uint_eq(refusal.facts.function, rig.facts.function);
        bool items = rig.facts.function == S7_ROW_READ_VAR || rig.facts.function == S7_ROW_WRITE_VAR;
        ck_assert_uint_eq(refusal.facts.kind, items ? PS_PDU_REPLY : PS_PDU_REFUSAL);
        ck_assert_uint_eq(refusal.facts.status, items ? 0 : 0xd241);
    }
}
END_TEST

START_TEST(test_refuse__variables__a_return_code_for_each)
{
    static const char two[] = "120a10 02 0004 0001 84 000000 120a10 02 0001 0000 83 000008";
    char param[128];
    struct rig rig;
    rig_open(&rig);
    snprintf(param, sizeof param, "04 02 %s", two);
    ck_assert_str_eq(job(&rig, param, "", PS_REFUSE_FUNCTION),
                     "0300001d02f080" "320300000203" "00020008" "0000" "0402" "0300000003000000");
    ck_assert_str_eq(job(&rig, param, "", 5),
                     "0300001d02f080" "320300000203" "00020008" "0000" "0402" "0500000005000000");
    ck_assert_str_eq(job(&rig, param, "", 2), /* no code of the protocol's */
                     "0300001d02f080" "320300000203" "00020008" "0000" "0402" "0300000003000000");
    snprintf(param, sizeof param, "05 02 %s", two);
    ck_assert_str_eq(job(&rig, param, "0004 0020 01020304 0004 0008 02", PS_REFUSE_OBJECT),
                     "0300001702f080" "320300000203" "00020002" "0000" "0502" "0303");
}
END_TEST

START_TEST(test_refuse__jobs__acknowledgement_with_an_error)
{
    struct rig rig;
    rig_open(&rig);
    ck_assert_str_eq(job(&rig, "29 0000000000 09 505f50524f4752414d", "", 0),
                     "0300001302f080" "320200000203" "00000000" "d241");
    ck_assert_str_eq(job(&rig, "77 00", "", 0), "0300001302f080" "320200000203" "00000000" "8104");
}
END_TEST

START_TEST(test_refuse__user_data__response_with_an_error)
{
    struct rig rig;
    rig_open(&rig);
    rig_build(&rig, &(struct rig_pdu){7, 0x0203, 0, SHORT("44", "01"), "ff09 0004 0131 0001"}, 0, 0);
    ck_assert_str_eq(refused(&rig, PS_TO_SERVER, 0),
                     "0300002102f080" "320700000203" "000c0004" "000112081284010000" "00d241" "0a000000");
    rig_build(&rig, &(struct rig_pdu){7, 0x0203, 0, SHORT("44", "7f"), NO_DATA}, 0, 0);
    ck_assert_str_eq(refused(&rig, PS_TO_SERVER, 0),
                     "0300002102f080" "320700000203" "000c0004" "0001120812847f0000" "008104" "0a000000");
}
END_TEST

START_TEST(test_refuse__connect__disconnect_request)
{
    struct rig rig;
    rig_init(&rig);
    rig.n_octets = rig_hex("03000016 11 e0 0000 1234 00 c0010a c1020100 c2020102", rig.octets);
    ck_assert_str_eq(refused(&rig, PS_TO_SERVER, 0), "0300000b06801234000000");
    ck_assert_uint_eq(refusal.facts.kind, PS_PDU_REFUSAL);
}
END_TEST

START_TEST(test_refuse__fragments__joined)
{
    struct rig rig;
    rig_open(&rig);
    rig.n_octets = rig_hex("03000008 02f000 32 03000010 02f000 010000020300100000 0300000d 02f080 290000000000", rig.octets);
    rig.n_octets += rig_hex("09 505f50524f4752414d", rig.octets + rig.n_octets);
    rig.octets[27] = 23; /* length of the last TPKT */
    ck_assert_str_eq(refused(&rig, PS_TO_SERVER, 0), "0300001302f080" "320200000203" "00000000" "d241");
    ck_assert_uint_eq(refusal.facts.kind, PS_PDU_REFUSAL);
}
END_TEST

START_TEST(test_refuse__job_of_the_plc__acknowledged_in_the_clients_name)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, "1a 00 0100 00000000 09 5f30413030303031 50 0d 31 303030323136 303030303838", ""), OK);
    ck_reason(answer(&rig, 2, "1a", ""), OK);
    rig_build(&rig, &(struct rig_pdu){1, 0x0506, 0, "1b 00 0000 00000000 09 5f30413030303031 50", ""}, 0, 0);
    ck_assert_str_eq(refused(&rig, PS_TO_CLIENT, 0), "0300001302f080" "320200000506" "00000000" "d241");
    ck_assert_uint_eq(refusal.facts.kind, PS_PDU_REFUSAL);
}
END_TEST

/* Answers, disconnects, what has no function, user data that asks nothing, the other protocol. */
START_TEST(test_refuse__no_request__nothing)
{
    static const struct {
        enum ps_dir dir;
        const char *hex;
    } rows[] = {
        {PS_TO_CLIENT, "03000014 02f080 320300000203 0001 0000 0000 29"},
        {PS_TO_SERVER, "03000014 02f080 320300000203 0001 0000 0000 1c"},
        {PS_TO_SERVER, "0300000b 06 80 0000 1234 00"},
        {PS_TO_SERVER, "03000007 02f000"},
        {PS_TO_SERVER, "03000011 02f080 320100000203 0000 0000"},
        {PS_TO_SERVER, "03000012 02f080 320100000203 0001 0000 04"},
        {PS_TO_SERVER, "03000013 02f080 320100000203 0002 0000 0400"},
        {PS_TO_SERVER, "0300001d 02f080 320700000203 0008 0004 000112 04 11 84 01 00 0a000000"},
        {PS_TO_CLIENT, "0300001d 02f080 320700000203 0008 0004 000112 04 11 44 01 00 0a000000"},
        {PS_TO_SERVER, "03000013 02f080 720100000203 0002 0000 2900"},
        {PS_TO_CLIENT, "03000016 11 e0 0000 1234 00 c0010a c1020100 c2020102"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        rig.n_octets = rig_hex(rows[i].hex, rig.octets);
        ck_assert_str_eq(refused(&rig, rows[i].dir, 0), "");
        ck_assert_uint_eq(refusal.n, 0);
    }
}
END_TEST

START_TEST(test_refuse__cut_datagram_other_protocol__nothing)
{
    struct rig rig;
    rig_open(&rig);
    ck_assert_str_ne(job(&rig, "29 0000000000 09 505f50524f4752414d", "", 0), "");
    ck_assert_uint_eq(ps_s7comm.refuse(&rig.dialog, rig.octets, rig.n_octets - 1, 0, refusal.out), 0);
    rig.dialog.datagram = true;
    ck_assert_uint_eq(ps_s7comm.refuse(&rig.dialog, rig.octets, rig.n_octets, 0, refusal.out), 0);
    rig.dialog.datagram = false;
    rig.state.speaks = S7_SPEAKS_PLUS;
    ck_assert_uint_eq(ps_s7comm.refuse(&rig.dialog, rig.octets, rig.n_octets, 0, refusal.out), 0);
    rig_open(&rig); /* a connection TPDU behind a fragment */
    rig.n_octets = rig_hex("03000012 02f000 320100000203 0010 0000 29 0300000b 06 80 0000 1234 00", rig.octets);
    ck_assert_uint_eq(ps_s7comm.refuse(&rig.dialog, rig.octets, rig.n_octets, 0, refusal.out), 0);
}
END_TEST

/* What the two ends have agreed on holds for answers of others too. */
START_TEST(test_refuse__larger_than_agreed__nothing)
{
    struct rig rig;
    char items[64 + 40 * 32] = "04 28";
    for (int i = 0; i < 40; i++)
        strcat(items, "120a10 02 0001 0001 84 000000");
    rig_open(&rig);
    rig.state.classic.agreed.pdu_len = 14 + 160;
    ck_assert_str_ne(job(&rig, items, "", 0), "");
    rig.state.classic.agreed.pdu_len--;
    ck_assert_str_eq(job(&rig, items, "", 0), "");
    rig.state.classic.agreed.pdu_len = 480;
    rig.state.size_code = 7;
    ck_assert_str_eq(job(&rig, items, "", 0), "");
}
END_TEST

UNIT_MAIN("s7comm/refuse", test_refuse__every_request__answer_that_fits_it,
          test_refuse__variables__a_return_code_for_each, test_refuse__jobs__acknowledgement_with_an_error,
          test_refuse__user_data__response_with_an_error, test_refuse__connect__disconnect_request,
          test_refuse__fragments__joined, test_refuse__job_of_the_plc__acknowledged_in_the_clients_name,
          test_refuse__no_request__nothing, test_refuse__cut_datagram_other_protocol__nothing,
          test_refuse__larger_than_agreed__nothing)
