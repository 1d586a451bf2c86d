/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

static const char *const whole[] = {
    "03000016 11e00000000100c0010ac1020100c2020102",       /* connect request */
    "0300000702f000",                                      /* empty, nothing before it */
    "0300000902f0803201",                                  /* one data TPDU */
    "0300000802f00032 0300000702f000 0300000802f08001",    /* three, the second empty */
    "0300000802f00032 0300000702f080",                     /* the last one empty */
    "0300000b 0680 0001 0044 00",                          /* disconnect request */
};

#define N_WHOLE (sizeof whole / sizeof whole[0])

START_TEST(test_s7_frame__whole_and_each_prefix__ok_and_more)
{
    for (size_t i = 0; i < N_WHOLE; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        uint32_t n = rig_hex(whole[i], rig.octets);
        ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_OK);
        ck_assert_uint_eq(rig.len, n);
        for (uint32_t k = 0; k < n; k++) {
            ck_assert_int_eq(rig_frame(&rig, k, &reason), PS_MORE);
            ck_assert(rig.len == 0 || rig.len == n);
        }
        memset(rig.octets + n, 0xee, 9); /* whatever stands behind it */
        ck_assert_int_eq(rig_frame(&rig, n + 9, &reason), PS_OK);
        ck_assert_uint_eq(rig.len, n);
    }
}
END_TEST

START_TEST(test_s7_frame__bad_head__lost_at_that_octet)
{
    static const struct {
        const char *hex;
        enum ps_reason reason;
        uint32_t offset;
    } rows[] = {
        {"02", S7(TPKT), 0},
        {"0301", S7(TPKT), 1},
        {"03000006", S7(TPKT), 2},
        {"03002005", S7(TPKT), 2},
        {"0300000902d0", S7(COTP), 4},             /* LI of a confirm */
        {"0300000901f0", S7(COTP), 4},
        {"0300000903f0", S7(COTP), 4},
        {"0300000902f1", S7(COTP), 5},             /* credit */
        {"030000090260", S7(COTP), 5},             /* AK: not in class 0 */
        {"0300000902f081", S7(COTP), 6},           /* TPDU number */
        {"0300000902f001", S7(COTP), 6},
        {"0300001610e0", S7(COTP), 4},
        {"0300001612e0", S7(COTP), 4},
        {"0300000a05e0", S7(COTP), 4},
        {"0300000802f00032 0300000b0680", S7(COTP), 13}, /* no data inside fragments */
        {"0300000802f00032 02", S7(TPKT), 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        uint32_t n = rig_hex(rows[i].hex, rig.octets);
        memset(rig.octets + n, 0, 64);
        for (uint32_t more = 0; more <= 64; more += 64) {
            ck_assert_int_eq(rig_frame(&rig, n + more, &reason), PS_BAD);
            ck_reason(reason, rows[i].reason);
            ck_assert_uint_eq(rig.offset, rows[i].offset);
            ck_assert_uint_eq(rig.len, 0);
        }
        ck_assert_int_eq(rig_frame(&rig, n - 1, &reason), PS_MORE);
    }
}
END_TEST

/* n TPKTs of one octet each, the last with EOT. */
static uint32_t fragments(struct rig *rig, uint32_t n)
{
    static const uint8_t head[] = {3, 0, 0, 8, 2, 0xf0, 0, 0x32};
    for (uint32_t i = 0; i < n; i++)
        memcpy(rig->octets + 8 * (size_t)i, head, sizeof head);
    rig->octets[8 * n - 2] = 0x80;
    return 8 * n;
}

START_TEST(test_s7_frame__fragments__bounded)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    uint32_t n = fragments(&rig, S7_FRAGMENTS_MAX);
    ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_OK);
    ck_assert_uint_eq(rig.len, n);
    n = fragments(&rig, S7_FRAGMENTS_MAX + 1);
    ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_BAD);
    ck_reason(reason, S7(LENGTH));
    ck_assert_uint_eq(rig.len, 0);
}
END_TEST

START_TEST(test_s7_frame__octets_of_all_fragments__bounded)
{
    static const uint8_t first[] = {3, 0, 0x20, 4, 2, 0xf0, 0};
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    memcpy(rig.octets, first, sizeof first);
    uint8_t *second = rig.octets + 0x2004;
    memcpy(second, first, sizeof first);
    second[2] = 0x01;
    second[3] = 0xb9; /* 441: up to the bound */
    second[6] = 0x80;
    ck_assert_int_eq(rig_frame(&rig, S7_PDU_LEN_MAX, &reason), PS_OK);
    ck_assert_uint_eq(rig.len, S7_PDU_LEN_MAX);
    second[3]++;
    ck_assert_int_eq(rig_frame(&rig, S7_PDU_LEN_MAX + 1, &reason), PS_BAD);
    ck_reason(reason, S7(LENGTH));
}
END_TEST

UNIT_MAIN("s7comm/frame", test_s7_frame__whole_and_each_prefix__ok_and_more,
          test_s7_frame__bad_head__lost_at_that_octet, test_s7_frame__fragments__bounded,
          test_s7_frame__octets_of_all_fragments__bounded)
