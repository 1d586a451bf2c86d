/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handshake.h"

#include <string.h>

#include "unit.h"

static const struct ps_handshake_how how = {.mss_max = PS_MSS_MAX_V4, .may_scale = true};

struct syn {
    uint8_t b[60];
    uint32_t len;
    struct ps_handshake out;
};

static enum ps_reason clean(struct syn *syn, const char *options, uint32_t len)
{
    memset(syn, 0, sizeof *syn);
    syn->len = 20 + len;
    syn->b[12] = (uint8_t)(syn->len / 4 << 4);
    syn->b[13] = 2;
    memcpy(syn->b + 20, options, len);
    return ps_handshake_clean(syn->b, syn->len, how, &syn->out);
}

#define CLEAN(syn, text) clean(&(syn), text, sizeof(text) - 1)

START_TEST(test_ps_handshake_clean__no_options__defaults)
{
    struct syn syn;
    ck_assert_int_eq(CLEAN(syn, ""), PS_REASON_NONE);
    ck_assert_uint_eq(syn.out.mss, 536);
    ck_assert(!syn.out.scales && !syn.out.changed);
}
END_TEST

START_TEST(test_ps_handshake_clean__nv_h11_segment_size__only_lowered)
{
    struct syn syn;
    ck_assert_int_eq(CLEAN(syn, "\2\4\43\50"), PS_REASON_NONE); /* 9000 */
    ck_assert_uint_eq(syn.out.mss, 1460);
    ck_assert_mem_eq(syn.b + 20, "\2\4\5\264", 4);
    ck_assert(syn.out.changed);
    ck_assert_int_eq(CLEAN(syn, "\2\4\0\200"), PS_REASON_NONE); /* 128 */
    ck_assert_uint_eq(syn.out.mss, 128);
    ck_assert(!syn.out.changed);
    ck_assert_int_eq(CLEAN(syn, "\2\4\0\77"), PS_REASON_SYN_OPTIONS); /* 63 */
}
END_TEST

START_TEST(test_ps_handshake_clean__nv_h11_scale__at_most_14)
{
    struct syn syn;
    ck_assert_int_eq(CLEAN(syn, "\3\3\16\1"), PS_REASON_NONE);
    ck_assert_uint_eq(syn.out.scale, 14);
    ck_assert(!syn.out.changed);
    ck_assert_int_eq(CLEAN(syn, "\3\3\17\1"), PS_REASON_NONE);
    ck_assert_uint_eq(syn.out.scale, 14);
    ck_assert_uint_eq(syn.b[22], 14);
    ck_assert(syn.out.changed);
}
END_TEST

START_TEST(test_ps_handshake_clean__nv_h12_every_other_kind__blanked_or_refused)
{
    for (unsigned kind = 4; kind < 256; kind++) {
        struct syn syn;
        char options[8] = {(char)kind, 7, 'a', 'b', 'c', 'd', 'e', 1};
        enum ps_reason reason = clean(&syn, options, 8);
        if (kind == 19 || kind == 29) {
            ck_assert_int_eq(reason, PS_REASON_SYN_OPTIONS);
            continue;
        }
        ck_assert_int_eq(reason, PS_REASON_NONE);
        ck_assert_mem_eq(syn.b + 20, "\1\1\1\1\1\1\1\1", 8);
        ck_assert(syn.out.changed);
    }
}
END_TEST

START_TEST(test_ps_handshake_clean__malformed_or_twice__refused)
{
    static const struct {
        char octets[9];
        uint32_t len;
    } rows[] = {{"\2\4\5\264\2\4\5\264", 8}, {"\3\3\1\3\3\1\1\1", 8}, {"\2\5\5\264\1\1\1\1", 8}, {"\3\4\1\1", 4},
                {"\10\1\1\1", 4}, {"\10\5\1\1", 4}, {"\1\1\1\10", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct syn syn;
        ck_assert_int_eq(clean(&syn, rows[i].octets, rows[i].len), PS_REASON_SYN_OPTIONS);
    }
}
END_TEST

START_TEST(test_ps_handshake_clean__behind_the_end__zeroed)
{
    struct syn syn;
    ck_assert_int_eq(CLEAN(syn, "\0\36\4abc\0\0"), PS_REASON_NONE);
    ck_assert_mem_eq(syn.b + 20, "\0\0\0\0\0\0\0\0", 8);
    ck_assert(syn.out.changed);
}
END_TEST

START_TEST(test_ps_handshake_clean__nv_h15_ecn_and_reserved_bits__cleared)
{
    struct syn syn = {.len = 20};
    syn.b[12] = 0x5f;
    syn.b[13] = 0xc2;
    ck_assert_int_eq(ps_handshake_clean(syn.b, syn.len, how, &syn.out), PS_REASON_NONE);
    ck_assert_uint_eq(syn.b[12], 0x50);
    ck_assert_uint_eq(syn.b[13], 0x02);
    ck_assert(syn.out.changed);
}
END_TEST

UNIT_MAIN("fastpath/handshake",
    test_ps_handshake_clean__no_options__defaults,
    test_ps_handshake_clean__nv_h11_segment_size__only_lowered,
    test_ps_handshake_clean__nv_h11_scale__at_most_14,
    test_ps_handshake_clean__nv_h12_every_other_kind__blanked_or_refused,
    test_ps_handshake_clean__malformed_or_twice__refused,
    test_ps_handshake_clean__behind_the_end__zeroed,
    test_ps_handshake_clean__nv_h15_ecn_and_reserved_bits__cleared)
