/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_decode__empty_data__passes_in_small_numbers)
{
    struct rig rig;
    rig_connect(&rig);
    for (unsigned i = 0; i < S7_EMPTY_MAX; i++)
        ck_reason(rig_raw(&rig, PS_TO_SERVER, "0300000702f000"), OK);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "0300000702f000"), S7(SEQUENCE));
    rig_connect(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "0300000702f080"), S7(COTP)); /* that would be an S7 PDU of no octets */
}
END_TEST

START_TEST(test_s7_decode__payload_of_another_protocol__refused)
{
    struct rig rig;
    rig_connect(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "0d0401"), S7(PROTOCOL)); /* session layer: MMS */
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "0300000802f0000d 0300000802f08004"), S7(PROTOCOL));
    rig.state.speaks = S7_SPEAKS_CLASSIC;
    ck_reason(rig_data(&rig, PS_TO_SERVER, "72010000"), S7(MIXED));
    ck_reason(rig_data(&rig, PS_TO_SERVER, "16030100"), S7(MIXED));
    ck_reason(rig_data(&rig, PS_TO_SERVER, "3301"), S7(PROTOCOL));
}
END_TEST

/* Whatever frame() has found fault with comes here all the same. */
START_TEST(test_s7_decode__cut_short__refused)
{
    struct rig rig;
    rig_connect(&rig);
    uint32_t n = rig_hex("0300000802f00032 0300000702f000 0300000802f08001", rig.octets);
    for (rig.n_octets = 0; rig.n_octets < n; rig.n_octets++)
        ck_assert(rig_decode(&rig) != OK);
}
END_TEST

/* The second fragment is data of a write, and a PLC stop to whoever does not join them. */
START_TEST(test_s7_decode__fragment_like_a_pdu__refused)
{
    struct rig rig;
    rig_connect(&rig);
    rig.dialog.midstream = true; /* no set-up is needed */
    ck_reason(rig_raw(&rig, PS_TO_SERVER,
                      "03000023 02f000 32010000 0005 000e 000c 0501 120a10 02 0008 0000 83 000000 0004 0040"
                      "0300000f 02f080 32010000 00060010"), S7(COTP));
    ck_reason(rig_raw(&rig, PS_TO_SERVER,
                      "03000023 02f000 32010000 0005 000e 000c 0501 120a10 02 0008 0000 83 000000 0004 0040"
                      "0300000f 02f080 32090000 00060010"), OK);
}
END_TEST

/* frame() never gives such a PDU. */
START_TEST(test_s7_decode__only_empty_data_joined__refused)
{
    struct rig rig;
    rig_connect(&rig);
    rig.n_octets = rig_hex("0300000702f000 0300000702f080", rig.octets);
    ck_reason(rig_decode(&rig), S7(COTP));
}
END_TEST

START_TEST(test_s7_decode__unknown_function__refused)
{
    struct rig rig;
    rig_connect(&rig);
    ck_reason(rig_data(&rig, PS_TO_SERVER, "32 01 0000 0001 0001 0000 7f"), S7(FUNCTION));
}
END_TEST

UNIT_MAIN("s7comm/decode", test_s7_decode__empty_data__passes_in_small_numbers,
          test_s7_decode__payload_of_another_protocol__refused, test_s7_decode__cut_short__refused,
          test_s7_decode__fragment_like_a_pdu__refused, test_s7_decode__only_empty_data_joined__refused, test_s7_decode__unknown_function__refused)
