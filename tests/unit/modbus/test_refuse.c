/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../refusal.h"

#include "rig.h"
#include "unit.h"

static struct refusal refusal;

/* The request in rig->adu refused, after its octets were judged: what its client gets, as hex text. */
static const char *refused(struct rig *rig, unsigned unit, const char *pdu, uint8_t code)
{
    static char text[2 * PS_REFUSAL_MAX + 1];
    rig_head(rig, 0x1234, unit, rig_hex(pdu, rig->adu + 7));
    rig->dialog.dir = PS_TO_SERVER;
    bool sound = rig_decode(rig) == PS_REASON_NONE;
    struct refusal_of of = {.pdu = rig->adu, .len = rig->adu_len, .code = code};
    ck_assert(refusal_build(&refusal, &ps_modbus, &rig->dialog, of));
    ck_assert(!sound || refusal_answers(&refusal, &ps_modbus, &rig->dialog, &rig->facts));
    text[0] = 0;
    for (uint32_t i = 0; refusal.n != PS_REFUSAL_SILENT && i < refusal.n; i++)
        snprintf(text + 2 * i, 3, "%02x", refusal.out[i]);
    return text;
}

START_TEST(test_refuse__every_function__exception_that_answers_it)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        refused(&rig, 1, exchanges[i].request, PS_REFUSE_FUNCTION);
        bool umas = rig.adu[7] == 0x5a;
        ck_assert_uint_eq(refusal.n, umas ? 11 : 9);
        ck_assert_uint_eq(refusal.facts.kind, PS_PDU_REFUSAL);
        ck_assert_uint_eq(refusal.facts.error, 1);
        ck_assert_uint_eq(refusal.facts.function, rig.facts.function);
    }
}
END_TEST

START_TEST(test_refuse__code__default_object_chosen)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert_str_eq(refused(&rig, 17, "06 0029 0384", PS_REFUSE_FUNCTION), "123400000003118601");
    ck_assert_str_eq(refused(&rig, 17, "06 0029 0384", PS_REFUSE_OBJECT), "123400000003118602");
    ck_assert_str_eq(refused(&rig, 17, "06 0029 0384", 4), "123400000003118604");
    ck_assert_str_eq(refused(&rig, 17, "06 0029 0384", 9), "123400000003118601"); /* there is none */
}
END_TEST

START_TEST(test_refuse__unknown_function__exception)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert_str_eq(refused(&rig, 1, "7b 00", PS_REFUSE_FUNCTION), "12340000000301fb01");
    ck_assert_str_eq(refused(&rig, 0, "7b 00", PS_REFUSE_FUNCTION), "12340000000300fb01");
}
END_TEST

START_TEST(test_refuse__umas__its_own_form)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert_str_eq(refused(&rig, 1, "5a 00 10 434c", PS_REFUSE_FUNCTION), "123400000005015a00fd01");
    ck_assert_str_eq(refused(&rig, 1, "5a", PS_REFUSE_FUNCTION), "");
    ck_assert_uint_eq(refusal.n, 0);
}
END_TEST

START_TEST(test_refuse__write_to_unit_0__silent)
{
    struct rig rig;
    rig_init(&rig);
    refused(&rig, 0, "06 0029 0384", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, PS_REFUSAL_SILENT);
    ck_assert_str_eq(refused(&rig, 0, "03 0000 0001", PS_REFUSE_FUNCTION), "123400000003008301");
}
END_TEST

START_TEST(test_refuse__same_transaction_waits__only_in_turn)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_SAME_TI_FIFO;
    ck_reason(ask(&rig, 0x1234, "03 0000 0002"), PS_REASON_NONE);
    refused(&rig, 1, "06 0029 0384", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 0);
    ck_reason(answer(&rig, 0x1234, "03 04 0001 0002"), PS_REASON_NONE);
    refused(&rig, 1, "06 0029 0384", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 9);
}
END_TEST

/* What is no request has no answer: the client would be told something that it did not ask. */
START_TEST(test_refuse__no_request__nothing)
{
    struct rig rig;
    rig_init(&rig);
    refused(&rig, 1, "83 01", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 0);
    refused(&rig, 1, "00 0000 0001", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 0);
    refused(&rig, 1, "", PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 0);
    rig_head(&rig, 1, 1, rig_hex("03 02 0001", rig.adu + 7));
    rig.dialog.dir = PS_TO_CLIENT;
    ck_assert_uint_eq(ps_modbus.refuse(&rig.dialog, rig.adu, rig.adu_len, 0, refusal.out), 0);
    rig.dialog.dir = PS_TO_SERVER;
    rig.adu[3] = 1;
    ck_assert_uint_eq(ps_modbus.refuse(&rig.dialog, rig.adu, rig.adu_len, 0, refusal.out), 0);
}
END_TEST

UNIT_MAIN("modbus/refuse", test_refuse__every_function__exception_that_answers_it,
          test_refuse__code__default_object_chosen, test_refuse__unknown_function__exception,
          test_refuse__umas__its_own_form, test_refuse__write_to_unit_0__silent,
          test_refuse__same_transaction_waits__only_in_turn, test_refuse__no_request__nothing)
