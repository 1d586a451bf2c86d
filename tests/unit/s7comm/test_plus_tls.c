/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus_rig.h"
#include "unit.h"

#define INIT_SSL ((struct plus_request){1, 0x05b3, 0, 0, 0x30, ZEROS})
#define HELLO "1603010005 0102030405"

/* TLS is agreed on. */
static void begin(struct rig *rig)
{
    plus_connect(rig, CR_ES);
    ck_reason(plus_send(rig, INIT_SSL), OK);
    ck_reason(plus_reply(rig, 1, 0x32, 0x05b3, 0, "00" ZEROS), OK);
}

START_TEST(test_s7p_tls__agreed_on__records_only)
{
    struct rig rig;
    begin(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_TLS);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_OPAQUE);
    ck_assert_uint_eq(rig_fact(&rig)->asks, S7P_ASK_OPAQUE);
    ck_assert_uint_eq(rig_fact(&rig)->station, S7P_STATION_ES);
    ck_assert(!rig_fact(&rig)->housekeeping);
    ck_reason(rig_data(&rig, PS_TO_CLIENT, "1603030001 02 1403030001 01 1703030002 0102"), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "1503040002 0100"), OK);
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), S7P(TLS)); /* no way back */
    ck_reason(rig_data(&rig, PS_TO_SERVER, "32010000000100060000f00001e001e0"), S7P(TLS));
}
END_TEST

START_TEST(test_s7p_tls__records_over_payloads__joined)
{
    struct rig rig;
    begin(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "16"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "0301"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "00"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "0532"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "72000000"), OK); /* inside a record anything */
    ck_reason(rig_data(&rig, PS_TO_SERVER, "32"), S7P(TLS));
    ck_reason(rig_data(&rig, PS_TO_SERVER, "17"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "02"), S7P(TLS));
    ck_reason(rig_data(&rig, PS_TO_SERVER, "03"), OK);
}
END_TEST

START_TEST(test_s7p_tls__broken_record__refused)
{
    static const char *const rows[] = {
        "1703030001 01",     /* no handshake first */
        "1303030001 01", "1803030001 01", "1602030001 01", "1603000001 01", "1603050001 01",
        "1603030000",        /* empty */
        "1603034801",        /* 2^14 + 2048, and one more */
        "1603030001 01 00",
        "1603030001 01 1603",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        begin(&rig);
        bool last = i + 1 == sizeof rows / sizeof rows[0];
        ck_reason(rig_data(&rig, PS_TO_SERVER, rows[i]), last ? OK : S7P(TLS));
    }
    struct rig rig;
    begin(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "1603034800"), OK);
}
END_TEST

START_TEST(test_s7p_tls__not_agreed_on__refused)
{
    struct rig rig;
    plus_connect(&rig, CR_ES);
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), S7P(TLS));
    ck_reason(plus_send(&rig, INIT_SSL), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), S7P(TLS)); /* not answered yet */
    ck_reason(plus_reply(&rig, 1, 0x32, 0x05a9, 0, "8080" ZEROS), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REFUSAL);
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), S7P(TLS));
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
    plus_connect(&rig, CR_ES);
    ck_reason(plus_send(&rig, INIT_SSL), OK);
    ck_reason(plus_reply(&rig, 1, 0x32, 0x05b3, 0, "07" ZEROS), OK); /* answered with an error */
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), S7P(TLS));
}
END_TEST

START_TEST(test_s7p_tls__joined_late__from_the_first_record)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(rig_data(&rig, PS_TO_SERVER, "1703030002 0102"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_TLS);
    ck_reason(rig_data(&rig, PS_TO_CLIENT, "1703030002 0102"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "7202000e 310000059a000000020000039834 72020000"), S7P(TLS));
}
END_TEST

START_TEST(test_s7p_tls__gap__checked_again_from_the_next_start)
{
    struct rig rig;
    begin(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, HELLO), OK);
    rig.dialog.dir = PS_TO_SERVER;
    rig.dialog.midstream = true;
    ps_s7comm.gap(&rig.dialog);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "aabbccdd"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "1703030002 0102"), OK);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "aabbccdd"), S7P(TLS));
}
END_TEST

UNIT_MAIN("s7comm/plus_tls", test_s7p_tls__agreed_on__records_only, test_s7p_tls__records_over_payloads__joined,
          test_s7p_tls__broken_record__refused, test_s7p_tls__not_agreed_on__refused,
          test_s7p_tls__joined_late__from_the_first_record, test_s7p_tls__gap__checked_again_from_the_next_start)
