/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

/* A fragment of each function whose objects are right. */
static const struct {
    uint8_t function;
    const char *rest;
} fragments[] = {
    {0, ""},
    {1, "3c0206"},
    {2, "500100 0707 00"},
    {3, "0c0128 0100 0500 0301 64000000 64000000 00"},
    {4, "0c0128 0100 0500 0301 64000000 64000000 00"},
    {5, "0c0128 0100 0500 0301 64000000 64000000 00"},
    {6, "0c0128 0100 0500 0301 64000000 64000000 00"},
    {7, "140006"},
    {8, "140006"},
    {9, "140006"},
    {10, "140006"},
    {11, "320207 01 000000000000 00000000 140006"},
    {12, "320207 01 000000000000 00000000 140006"},
    {13, ""},
    {14, ""},
    {15, ""},
    {19, ""},
    {20, "3c0206"},
    {21, "3c0206"},
    {22, "3c0206 010006"},
    {23, ""},
    {24, ""},
    {129, "0000"},
    {130, "0000"},
};

#define N_FRAGMENTS (sizeof fragments / sizeof fragments[0])

static enum ps_reason send(struct rig *rig, unsigned control, size_t i, bool from_master, unsigned destination)
{
    char user[256];
    sprintf(user, "c0 %02x %02x %s", control, fragments[i].function, fragments[i].rest);
    rig->n_octets = 0;
    rig_add(rig, from_master ? 0xc4 : 0x44, destination, from_master ? 1 : 10, user);
    return rig_judge(rig, from_master ? PS_TO_SERVER : PS_TO_CLIENT);
}

/* DN-A01. */
static bool is_legal(uint8_t function, unsigned control)
{
    bool whole = (control & 0xc0) == 0xc0, con = control & 0x20, uns = control & 0x10;
    switch (function) {
    case 0:
        return whole && !con;
    case 129:
        return !uns;
    case 130:
        return whole && uns;
    default:
        return whole && !con && !uns;
    }
}

START_TEST(test_dn_app_read__control_bits_by_function__as_the_table_has_it)
{
    for (size_t i = 0; i < N_FRAGMENTS; i++) {
        for (unsigned control = 0; control < 256; control++) {
            struct rig rig;
            rig_init(&rig);
            rig.dialog.midstream = true;
            enum ps_reason reason = send(&rig, control, i, fragments[i].function < 129, fragments[i].function < 129 ? 10 : 1);
            bool legal = is_legal(fragments[i].function, control);
            ck_assert_msg(reason == (legal ? OK : DN(CONTROL)), "%u with %02x: %s", fragments[i].function, control,
                          ps_reason_info(reason)->name);
        }
    }
}
END_TEST

START_TEST(test_dn_app_read__wrong_side__refused)
{
    for (size_t i = 0; i < N_FRAGMENTS; i++) {
        struct rig rig;
        rig_init(&rig);
        bool from_master = fragments[i].function >= 129;
        ck_reason(send(&rig, fragments[i].function == 130 ? 0xf0 : 0xc0, i, from_master, from_master ? 10 : 1),
                  DN(DIRECTION));
    }
}
END_TEST

START_TEST(test_dn_app_read__function_without_row__refused)
{
    for (unsigned function = 0; function < 256; function++) {
        struct rig rig;
        char user[32];
        rig_init(&rig);
        sprintf(user, "c0 c0 %02x 0000", function);
        ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc4, 10, user) == DN(FUNCTION) ? DN(FUNCTION) : OK,
                  (function > 33 && function < 129) || function > 131 ? DN(FUNCTION) : OK);
        ck_assert_uint_eq(rig.facts.code, function);
    }
}
END_TEST

START_TEST(test_dn_app_read__too_short__truncated)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c0"), PS_REASON_TRUNCATED);
    rig.dialog.midstream = true;
    ck_reason(answer(&rig, "c0 81 00"), PS_REASON_TRUNCATED);
    ck_reason(answer(&rig, "c0 81"), PS_REASON_TRUNCATED);
    ck_reason(answer(&rig, "c0 81 0000"), OK);
}
END_TEST

START_TEST(test_dn_app_read__confirm_with_objects__refused)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_assert_uint_ne(ask(&rig, "c0 00 3c0206"), OK);
    ck_assert_uint_ne(ask(&rig, "c0 00 00"), OK);
    ck_reason(ask(&rig, "c0 00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_SESSION);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
}
END_TEST

/* DN-A03. */
START_TEST(test_dn_app_read__indications__reserved_ones_refused)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        struct rig rig;
        char fragment[32];
        rig_init(&rig);
        rig.dialog.midstream = true;
        sprintf(fragment, "c0 81 %02x%02x", bit < 8 ? 1u << bit : 0, bit < 8 ? 0 : 1u << (bit - 8));
        ck_reason(answer(&rig, fragment), bit >= 14 ? DN(IIN) : OK);
        ck_assert_uint_eq(rig.facts.status, 1u << bit);
        memcpy(fragment, "f0 82", 5);
        ck_reason(answer(&rig, fragment), bit >= 14 ? DN(IIN) : OK);
    }
}
END_TEST

START_TEST(test_dn_app_read__kinds__who_asks_whom)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
    ck_assert_uint_eq(rig.facts.code, 1);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, RESPONSE), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
    ck_assert_uint_eq(rig.facts.code, 129);
    ck_assert_uint_eq(rig.facts.n_facts, 0);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, NULL_UNSOLICITED), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_EVENT);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_reason(answer(&rig, "f1 82 0000 02 01 17 01 05 81"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_EVENT);
    ck_assert(!rig_fact(&rig)->housekeeping);
}
END_TEST

/* DN-S06 and the column "bcast" of the function table. */
START_TEST(test_dn_app_read__broadcast__those_that_outstations_act_on)
{
    for (unsigned destination = 0xfffd; destination <= 0xffff; destination++) {
        for (size_t i = 0; fragments[i].function < 129; i++) {
            struct rig rig;
            rig_init(&rig);
            rig.dialog.midstream = true;
            enum ps_reason reason = send(&rig, 0xc0, i, true, destination);
            bool legal = memchr("\x02\x06\x08\x0a\x0c\x14\x15\x16\x18", fragments[i].function, 9) != NULL;
            ck_assert_msg(reason == (legal ? OK : DN(ADDRESS)), "%u", fragments[i].function);
            for (unsigned k = 0; legal && k < rig.facts.n_facts; k++)
                ck_assert(rig.facts.item[k].asks & DN_ASK_BROADCAST);
            ck_assert_uint_eq(rig.state.n_assoc, 0); /* nobody answers */
        }
    }
}
END_TEST

START_TEST(test_dn_app_read__controls__asked_about)
{
    static const struct {
        const char *hex;
        uint8_t asks;
    } rows[] = {
        {SELECT, 0},
        {OPERATE, DN_ASK_UNSELECTED},
        {DIRECT, DN_ASK_UNSELECTED},
    };
    struct rig rig;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&rig);
        ck_reason(rig_raw(&rig, PS_TO_SERVER, rows[i].hex), OK);
        ck_assert_uint_eq(rig_fact(&rig)->asks, rows[i].asks);
        ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_OPERATE);
    }
    rig_init(&rig);
    ck_reason(ask(&rig, "c0 06 0c0128 0100 0500 0301 64000000 64000000 00"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_NO_ACK | DN_ASK_UNSELECTED);
}
END_TEST

UNIT_MAIN("dnp3/app", test_dn_app_read__control_bits_by_function__as_the_table_has_it,
          test_dn_app_read__wrong_side__refused, test_dn_app_read__function_without_row__refused,
          test_dn_app_read__too_short__truncated, test_dn_app_read__confirm_with_objects__refused,
          test_dn_app_read__indications__reserved_ones_refused, test_dn_app_read__kinds__who_asks_whom,
          test_dn_app_read__broadcast__those_that_outstations_act_on, test_dn_app_read__controls__asked_about)
