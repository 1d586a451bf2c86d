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
    ck_assert(refusal_build(&refusal, &ps_dnp3, &rig->dialog, of));
    ck_assert(!request || refusal_answers(&refusal, &ps_dnp3, &rig->dialog, &rig->facts));
    text[0] = 0;
    for (uint32_t i = 0; refusal.n != PS_REFUSAL_SILENT && i < refusal.n; i++)
        snprintf(text + 2 * i, 3, "%02x", refusal.out[i]);
    return text;
}

static const char *frame(struct rig *rig, unsigned control, unsigned destination, const char *user)
{
    rig->n_octets = 0;
    rig_add(rig, control, destination, 1, user);
    return refused(rig, PS_TO_SERVER, PS_REFUSE_FUNCTION);
}

START_TEST(test_refuse__requests__response_without_objects)
{
    static const struct {
        const char *hex;
        const char *user; /* of the answer, with its CRC cut off */
    } rows[] = {
        {INTEGRITY, "c0c0810001"}, {SELECT, "c3c3810001"},  {DIRECT, "c1c1810001"},
        {RESTART, "c2c2810001"},   {DISABLE, "c6c6810001"}, {CLEAR_RESTART, "c7c7810001"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.n_octets = rig_hex(rows[i].hex, rig.octets);
        const char *got = refused(&rig, PS_TO_SERVER, PS_REFUSE_FUNCTION);
        ck_assert_mem_eq(got, "05640a4401000a006e25", 20);
        ck_assert_mem_eq(got + 20, rows[i].user, 10);
        ck_assert_uint_eq(refusal.n, 17);
        ck_assert_uint_eq(refusal.facts.kind, PS_PDU_REPLY);
        ck_assert_uint_eq(refusal.facts.status, 0x0100);
    }
}
END_TEST

START_TEST(test_refuse__code__indication)
{
    static const struct {
        uint8_t code;
        uint32_t status;
    } rows[] = {{PS_REFUSE_FUNCTION, 0x0100}, {PS_REFUSE_OBJECT, 0x0400}, {1, 0x0100}, {2, 0x0200}, {4, 0x0400},
                {8, 0x0100}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.n_octets = rig_hex(DIRECT, rig.octets);
        refused(&rig, PS_TO_SERVER, rows[i].code);
        ck_assert_uint_eq(refusal.facts.status, rows[i].status);
    }
}
END_TEST

START_TEST(test_refuse__unknown_function__response)
{
    struct rig rig;
    rig_init(&rig);
    const char *got = frame(&rig, 0xc4, 10, "c0 c5 50");
    ck_assert_mem_eq(got, "05640a4401000a006e25c0c5810001", 30);
}
END_TEST

/* The outstation has opened the connection: its master is the server. */
START_TEST(test_refuse__master_is_server__response_from_the_client)
{
    struct rig rig;
    rig_init(&rig);
    rig.n_octets = rig_hex(RESTART, rig.octets);
    refused(&rig, PS_TO_CLIENT, PS_REFUSE_FUNCTION);
    ck_assert_uint_eq(refusal.n, 17);
}
END_TEST

START_TEST(test_refuse__segments__one_answer)
{
    struct rig rig;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "41 c9");
    rig_add(&rig, 0xc9, 10, 1, ""); /* whoever asks for the link's status asks again */
    rig_add(&rig, 0xc4, 10, 1, "82 01 3c02 06");
    ck_assert_mem_eq(refused(&rig, PS_TO_SERVER, 0) + 20, "c2c9810001", 10);
    ck_assert_uint_eq(refusal.n, 17);
}
END_TEST

/* Its receiver ignores it. */
START_TEST(test_refuse__repeated_frame_between_segments__passed_over)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xf3, 10, "c0 c1 01 3c0206"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, "41 c9");
    rig_add(&rig, 0xf3, 10, 1, "c0 c1 01 3c0206");
    rig_add(&rig, 0xc4, 10, 1, "82 01 3c02 06");
    ck_assert_mem_eq(refused(&rig, PS_TO_SERVER, 0) + 20, "c2c9810001", 10);
}
END_TEST

START_TEST(test_refuse__two_outstations__an_answer_of_each)
{
    struct rig rig;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "41 c9 01");
    rig_add(&rig, 0xc4, 11, 1, "c7 c3 0d");
    rig_add(&rig, 0xc4, 10, 1, "82 3c02 06");
    const char *got = refused(&rig, PS_TO_SERVER, 0);
    ck_assert_uint_eq(refusal.n, 34);
    ck_assert_mem_eq(got, "05640a4401000b00", 16);
    ck_assert_mem_eq(got + 20, "c7c3810001", 10);
    ck_assert_mem_eq(got + 34, "05640a4401000a00", 16);
    ck_assert_mem_eq(got + 54, "c2c9810001", 10);
}
END_TEST

START_TEST(test_refuse__nobody_waits__silent)
{
    static const struct {
        unsigned control, destination;
        const char *user;
    } rows[] = {
        {0xc4, 10, "c0 c1 06 0c0128 0100 0500 0301 64000000 64000000 00"},
        {0xc4, 10, "c0 c1 08 140006"},
        {0xc4, 10, "c0 c1 0a 140006"},
        {0xc4, 10, "c0 c1 0c 320207 01 000000000000 00000000 140006"},
        {0xc4, 10, "c0 c1 00"},
        {0xc4, 0xfffd, "c0 c1 15 3c0206"},
        {0xc4, 0xffff, "c0 c1 02 500100 0707 00"},
        {0xc9, 10, ""},
        {0xc0, 10, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_assert_str_eq(frame(&rig, rows[i].control, rows[i].destination, rows[i].user), "");
        ck_assert_msg(refusal.n == PS_REFUSAL_SILENT, "row %zu", i);
    }
}
END_TEST

/* Self-address, confirmed user data, authentication, a fragment that is not whole, too short, or cut in two. */
START_TEST(test_refuse__no_answer_to_give__nothing)
{
    static const struct {
        unsigned control, destination;
        const char *user;
    } rows[] = {
        {0xc4, 0xfffc, "c0 c1 01 3c0206"},
        {0xf3, 10, "c0 c1 01 3c0206"},
        {0xc4, 10, "c0 c1 20 780207 01 000000000000"},
        {0xc4, 10, "c0 41 01 3c0206"},
        {0xc4, 10, "c0 e1 01 3c0206"},
        {0xc4, 10, "c0 c1"},
        {0xc4, 10, "c0 c1 81 0000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
        ck_assert_str_eq(frame(&rig, rows[i].control, rows[i].destination, rows[i].user), "");
        ck_assert_msg(refusal.n == 0, "row %zu", i);
    }
}
END_TEST

START_TEST(test_refuse__what_an_outstation_sends__nothing)
{
    struct rig rig;
    rig_init(&rig);
    rig.n_octets = rig_hex(NULL_UNSOLICITED, rig.octets);
    refused(&rig, PS_TO_CLIENT, 0);
    ck_assert_uint_eq(refusal.n, 0);
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 1, 10, "c0 c1 01 3c0206"); /* a request of its own */
    refused(&rig, PS_TO_CLIENT, 0);
    ck_assert_uint_eq(refusal.n, 0);
    rig.n_octets = rig_hex(INTEGRITY, rig.octets);
    rig.octets[8] ^= 1; /* CRC of the header: it cannot be told who asks */
    refused(&rig, PS_TO_SERVER, 0);
    ck_assert_uint_eq(refusal.n, 0);
}
END_TEST

UNIT_MAIN("dnp3/refuse", test_refuse__requests__response_without_objects, test_refuse__code__indication,
          test_refuse__unknown_function__response, test_refuse__master_is_server__response_from_the_client,
          test_refuse__segments__one_answer,
          test_refuse__repeated_frame_between_segments__passed_over, test_refuse__two_outstations__an_answer_of_each,
          test_refuse__nobody_waits__silent, test_refuse__no_answer_to_give__nothing,
          test_refuse__what_an_outstation_sends__nothing)
