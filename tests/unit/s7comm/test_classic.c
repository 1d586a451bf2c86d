/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_s7_classic__valid_exchanges__accepted)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(rig_send(&rig, PS_TO_SERVER, rig_request(&exchanges[i])), OK);
        ck_assert_uint_ge(rig.facts.n_facts, 1);
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
        uint16_t function = rig.facts.function;
        ck_reason(rig_send(&rig, PS_TO_CLIENT, rig_reply(&exchanges[i])), OK);
        ck_assert_uint_eq(rig.facts.n_facts, 0);
        ck_assert_uint_eq(rig.facts.kind, PS_PDU_REPLY);
        ck_assert_uint_eq(rig.facts.function, function);
        ck_assert_uint_eq(rig.state.classic.n_pending, 0);
        ck_assert_uint_eq(rig.state.classic.n_items, 0);
    }
}
END_TEST

/* Cut at each octet of parameters and data, and an octet too many of each, lengths corrected. */
static void check_sizes(struct rig *rig, enum ps_dir dir, const struct rig_pdu *pdu, bool open)
{
    uint8_t octets[2048];
    int n_param = (int)rig_hex(pdu->param, octets), n_data = (int)rig_hex(pdu->data, octets);
    rig->dialog.dir = (uint8_t)dir;
    for (int drop = -1; drop <= n_param; drop++) {
        rig_build(rig, pdu, drop, 0);
        ck_assert_msg((rig_decode(rig) == OK) == (drop == 0), "%s: %d", pdu->param, drop);
    }
    for (int drop = -1; !open && drop <= n_data; drop++) {
        rig_build(rig, pdu, 0, drop);
        ck_assert_msg((rig_decode(rig) == OK) == (drop == 0), "%s / %s: %d", pdu->param, pdu->data, drop);
    }
}

START_TEST(test_s7_classic__cut_or_longer__refused)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        const struct exchange *e = &exchanges[i];
        struct rig_pdu request = rig_request(e), reply = rig_reply(e);
        struct rig rig;
        rig_open(&rig);
        check_sizes(&rig, PS_TO_SERVER, &request, e->open & OPEN_REQUEST);
        ck_reason(rig_send(&rig, PS_TO_SERVER, request), OK);
        check_sizes(&rig, PS_TO_CLIENT, &reply, e->open & OPEN_REPLY);
    }
}
END_TEST

/* Refused by their lengths, or because nobody asked: still called what they are. */
START_TEST(test_s7_classic__refused_early__called_by_its_function)
{
    static const struct {
        struct rig_pdu pdu;
        uint8_t function, kind;
    } rows[] = {
        {{1, 2, 0, "29 0000000000 09 505f50524f4752414d", ""}, S7_ROW_PLC_STOP, PS_PDU_REQUEST},
        {{3, 2, 0, "1a", ""}, S7_ROW_REQUEST_DOWNLOAD, PS_PDU_REPLY},
        {{7, 2, 0, LONG("83", "03", "00"), NO_DATA}, S7_ROW_BLOCK_INFO, PS_PDU_REPLY},
        {{7, 2, 0, SHORT("41", "0c"), NO_DATA}, S7_ROW_MEMORY_RESET, PS_PDU_REQUEST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        rig_build(&rig, &rows[i].pdu, 0, 0);
        rig.octets[3] = (uint8_t)++rig.n_octets;
        ck_reason(rig_judge(&rig, rows[i].kind == PS_PDU_REQUEST ? PS_TO_SERVER : PS_TO_CLIENT), S7(HEADER));
        ck_assert_uint_eq(rig.facts.function, rows[i].function);
        ck_assert_uint_eq(rig.facts.code, s7_functions[rows[i].function].code);
        ck_assert_uint_eq(rig.facts.kind, rows[i].kind);
    }
    struct rig rig;
    rig_open(&rig);
    ck_reason(answer(&rig, 2, "05 01", "ff"), S7(UNSOLICITED));
    ck_assert_uint_eq(rig.facts.function, S7_ROW_WRITE_VAR);
}
END_TEST

START_TEST(test_s7_classic__header__each_field_judged)
{
    static const struct {
        uint8_t at, value;
        enum ps_reason reason;
    } rows[] = {
        {7, 0x31, S7(PROTOCOL)}, {8, 0, S7(HEADER)},  {8, 4, S7(HEADER)},   {8, 8, S7(HEADER)}, {9, 1, S7(HEADER)},
        {10, 1, S7(HEADER)},     {13, 1, S7(HEADER)}, {14, 15, S7(HEADER)}, {16, 1, S7(HEADER)},
        {17, 0x7f, S7(FUNCTION)}, {17, 0x00, S7(FUNCTION)}, {17, 0x1b, S7(FUNCTION)}, {17, 0x1c, S7(FUNCTION)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        struct rig_pdu pdu = rig_request(&exchanges[1]);
        rig_build(&rig, &pdu, 0, 0);
        rig.octets[rows[i].at] = rows[i].value;
        ck_reason(rig_judge(&rig, PS_TO_SERVER), rows[i].reason);
    }
}
END_TEST

/* A request in 2..n data TPDUs, cut everywhere, asks for the same as in one. */
START_TEST(test_s7_classic__fragments__same_facts)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig, cut;
        struct rig_pdu pdu = rig_request(&exchanges[i]);
        rig_open(&rig);
        ck_reason(rig_send(&rig, PS_TO_SERVER, pdu), OK);
        uint32_t n = rig.n_octets - 7;
        for (uint32_t step = (n + S7_FRAGMENTS_MAX - 1) / S7_FRAGMENTS_MAX; step < n; step++) {
            rig_open(&cut);
            cut.n_octets = 0;
            for (uint32_t at = 0; at < n; at += step) {
                uint32_t len = n - at < step ? n - at : step;
                const uint8_t head[] = {3, 0, 0, (uint8_t)(len + 7), 2, 0xf0, at + len == n ? 0x80 : 0};
                memcpy(cut.octets + cut.n_octets, head, sizeof head);
                memcpy(cut.octets + cut.n_octets + 7, rig.octets + 7 + at, len);
                cut.n_octets += len + 7;
            }
            ck_reason(rig_judge(&cut, PS_TO_SERVER), OK);
            ck_assert_uint_eq(cut.facts.n_facts, rig.facts.n_facts);
            for (uint16_t k = 0; k < cut.facts.n_facts; k++) {
                struct ps_values *values = &cut.facts.item[k].values;
                const uint8_t *end = cut.octets + cut.n_octets;
                ck_assert(values->n == 0 || (values->data > cut.octets && values->data < end));
                *values = rig.facts.item[k].values; /* unseen where the cut goes through them */
                ck_assert_mem_eq(&cut.facts.item[k], &rig.facts.item[k], sizeof(struct ps_fact));
            }
            ck_assert_mem_eq(&cut.state, &rig.state, sizeof cut.state);
        }
    }
}
END_TEST

START_TEST(test_s7_classic__values_in_one_or_two_fragments__pointed_to_or_bounded)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER,
                      "03000023 02f000 320100000005000e0008 0501 120a10 06 0001 0000 83 000000 0004 0020"
                      "0300000b 02f080 01020304"), OK);
    ck_assert_uint_eq(rig_fact(&rig)->values.kind, PS_VALUE_U32BE);
    ck_assert_ptr_eq(rig_fact(&rig)->values.data, rig.octets + rig.n_octets - 4);
    static const struct {
        const char *type, *octets;
        uint8_t kind;
        double min, max;
    } rows[] = {
        {"06 0001", "0004 0020 010300000a02f080020304", PS_VALUE_BOUNDS, 0x01020304, 0x01020304},
        {"05 0002", "0004 0020 ff0300000a02f080fe0007", PS_VALUE_BOUNDS, -2, 7},
        {"08 0001", "0007 0004 bf0300000a02f080c00000", PS_VALUE_BOUNDS_SINGLE, -1.5, -1.5},
        {"08 0001", "0007 0004 7f0300000a02f080c00000", PS_VALUE_UNKNOWN, 0, 0}, /* no number */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hex[256];
        snprintf(hex, sizeof hex, "03000024 02f000 320100000005000e0008 0501 120a10 %s 0000 83 000000 %s", rows[i].type,
                 rows[i].octets);
        rig_open(&rig);
        ck_reason(rig_raw(&rig, PS_TO_SERVER, hex), OK);
        const struct ps_values *values = &rig_fact(&rig)->values;
        ck_assert_uint_eq(values->kind, rows[i].kind);
        ck_assert_ptr_null(values->data);
        ck_assert(values->min == rows[i].min && values->max == rows[i].max);
    }
}
END_TEST

START_TEST(test_s7_classic__longer_than_agreed__refused)
{
    char data[2000] = "0004 0e80";
    struct rig rig;
    rig_open(&rig);
    for (unsigned i = 0; i < 464; i++) /* 10 + 14 + 4 + 452 = 480 */
        strcat(data, i < 452 ? "00" : "");
    memcpy(data + 5, "0e20", 4);
    ck_reason(ask(&rig, 2, "05 01 120a10 02 01c4 0001 84 000000", data), OK);
    memcpy(data + 5, "0e28", 4);
    strcat(data, "00");
    ck_reason(ask(&rig, 3, "05 01 120a10 02 01c5 0001 84 000000", data), S7(LENGTH));
    /* an answer must fit too: 12 + 2 + 4 + 462 = 480 */
    ck_reason(ask(&rig, 4, "04 01 120a10 02 01ce 0001 84 000000", ""), OK);
    ck_reason(ask(&rig, 5, "04 01 120a10 02 01cf 0001 84 000000", ""), S7(LENGTH));
}
END_TEST

START_TEST(test_s7_classic__tpdu_larger_than_agreed__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_tpdu(&rig, PS_TO_SERVER, "e0 0000 0001 00 c00107 c2020102"), OK);
    ck_reason(rig_tpdu(&rig, PS_TO_CLIENT, "d0 0001 0044 00 c00107"), OK);
    ck_reason(ask(&rig, 1, "f0 00 0004 0004 01e0", ""), OK);
    ck_reason(answer(&rig, 1, "f0 00 0004 0004 01e0", ""), OK);
    char param[600] = "04 0a ";
    for (unsigned i = 0; i < 10; i++)
        strcat(param, "120a10 02 0001 0001 84 000000 ");
    ck_reason(ask(&rig, 2, param, ""), S7(LENGTH)); /* 3 + 10 + 2 + 120 */
    param[4] = '9';
    param[3] = '0';
    param[strlen(param) - 30] = '\0';
    memcpy(param, "04 09 ", 6);
    ck_reason(ask(&rig, 2, param, ""), OK);
}
END_TEST

UNIT_MAIN("s7comm/classic", test_s7_classic__valid_exchanges__accepted, test_s7_classic__cut_or_longer__refused,
          test_s7_classic__refused_early__called_by_its_function,
          test_s7_classic__header__each_field_judged, test_s7_classic__fragments__same_facts,
          test_s7_classic__values_in_one_or_two_fragments__pointed_to_or_bounded, test_s7_classic__longer_than_agreed__refused,
          test_s7_classic__tpdu_larger_than_agreed__refused)
