/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

/* What the control octet means to the receiver, from the table of the standard: DN-L02. */
static bool is_legal(unsigned control, bool data, bool relaxed)
{
    bool primary = control & 0x40, fcv = control & 0x10;
    switch (control & 0x4f) {
    case 0x40:
    case 0x49:
        return !fcv && !data;
    case 0x42:
        return fcv && !data && relaxed;
    case 0x43:
        return fcv && data && relaxed;
    case 0x44:
        return !fcv && data;
    case 0x00:
    case 0x0b:
    case 0x0f:
        return !primary && !(control & 0x20) && !data;
    case 0x01:
        return !(control & 0x20) && !data && relaxed;
    default:
        return false;
    }
}

START_TEST(test_dn_frame_check__every_control_octet__as_the_table_has_it)
{
    struct rig rig;
    for (unsigned i = 0; i < 256 * 4; i++) {
        unsigned control = i & 0xff;
        bool data = i & 0x100, relaxed = i & 0x200;
        enum ps_reason reason;
        rig_init(&rig);
        rig.dialog.relax = relaxed ? DN_RELAX_CONFIRMED_LINK : 0;
        rig_add(&rig, control, 10, 1, data ? "c0c001" : "");
        enum ps_result result = rig_frame(&rig, rig.n_octets, &reason);
        ck_assert_msg((result == PS_OK) == is_legal(control, data, relaxed), "%02x", control);
        ck_reason(reason, result == PS_OK ? OK : DN(LINK));
        ck_assert_uint_eq(rig.len, rig.n_octets);
    }
}
END_TEST

START_TEST(test_dn_frame_read__start__exact)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "06 64"), DN(START));
    ck_assert_uint_eq(rig.len, 0);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "05 65"), DN(START));
    ck_assert_uint_eq(rig.offset, 1);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "44 4e 50 33 0d 0a"), DN(START)); /* a serial converter says hello */
}
END_TEST

START_TEST(test_dn_frame_read__len_below_five__refused_at_once)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, "05 64 04"), DN(LINK));
    ck_assert_uint_eq(rig.len, 0);
}
END_TEST

START_TEST(test_dn_frame_read__every_len__frame_length)
{
    static const struct {
        uint32_t n_user, len;
    } rows[] = {{15, 27}, {16, 28}, {17, 31}, {249, 291}, {250, 292}};
    uint8_t user[250] = {0xc0, 0xc0, 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig_put(&rig, 0xc4, 10, 1, user, rows[i].n_user);
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
        ck_assert_uint_eq(rig.len, rows[i].len);
    }
}
END_TEST

/* A header whose CRC is wrong tells nothing, not even its length. */
START_TEST(test_dn_frame_read__bit_flipped_in_header__stream_lost)
{
    for (uint32_t bit = 0; bit < 80; bit++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig.n_octets = rig_hex(INTEGRITY, rig.octets);
        rig.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
        ck_assert_uint_eq(rig.len, 0);
        ck_assert(reason == DN(START) || reason == DN(CRC) || reason == DN(LINK));
    }
}
END_TEST

START_TEST(test_dn_frame_check__addresses__who_may_be_called)
{
    static const struct {
        uint8_t control;
        uint16_t destination, source;
        enum ps_reason reason;
    } rows[] = {
        {0xc4, 0, 1, OK},
        {0xc4, 0xffef, 1, OK},
        {0xc4, 10, 0xffef, OK},
        {0xc4, 0xfff0, 1, DN(ADDRESS)},
        {0xc4, 0xfffb, 1, DN(ADDRESS)},
        {0xc4, 0xfffc, 1, OK},
        {0xc4, 0xfffd, 1, OK},
        {0xc4, 0xfffe, 1, OK},
        {0xc4, 0xffff, 1, OK},
        {0xc4, 10, 0xfff0, DN(ADDRESS)},
        {0xc4, 10, 0xfffc, DN(ADDRESS)},
        {0xc4, 10, 0xffff, DN(ADDRESS)},
        {0xd3, 0xffff, 1, DN(ADDRESS)}, /* confirmed user data */
        {0xc9, 0xffff, 1, DN(ADDRESS)},
        {0xc9, 0xfffc, 1, OK},
        {0x44, 0xffff, 10, DN(ADDRESS)}, /* of an outstation */
        {0x44, 0xfffc, 10, DN(ADDRESS)},
        {0x8b, 0xfffc, 1, DN(ADDRESS)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
        rig_add(&rig, rows[i].control, rows[i].destination, rows[i].source, rows[i].control & 8 ? "" : "c0c001");
        rig_frame(&rig, rig.n_octets, &reason);
        ck_reason(reason, rows[i].reason);
        ck_assert_uint_eq(rig.len, rig.n_octets);
    }
}
END_TEST

UNIT_MAIN("dnp3/link", test_dn_frame_check__every_control_octet__as_the_table_has_it, test_dn_frame_read__start__exact,
          test_dn_frame_read__len_below_five__refused_at_once, test_dn_frame_read__every_len__frame_length,
          test_dn_frame_read__bit_flipped_in_header__stream_lost, test_dn_frame_check__addresses__who_may_be_called)
