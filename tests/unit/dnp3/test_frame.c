/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_dn_frame__each_vector_cut_anywhere__more_then_ok)
{
    for (size_t i = 0; i < N_VECTORS; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig.n_octets = rig_hex(vectors[i], rig.octets);
        rig.dialog.dir = rig.octets[3] & 0x80 ? PS_TO_SERVER : PS_TO_CLIENT;
        for (uint32_t n = 0; n < rig.n_octets; n++)
            ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_MORE);
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
        ck_assert_uint_eq(rig.len, rig.n_octets);
    }
}
END_TEST

START_TEST(test_dn_frame__two_frames_in_a_segment__one_pdu_each)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig.n_octets = rig_hex(LINK_STATUS INTEGRITY, rig.octets);
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
    ck_assert_uint_eq(rig.len, 10);
}
END_TEST

/* Three segments, and a keepalive in the middle. */
static void put_fragment(struct rig *rig)
{
    rig->n_octets = 0;
    rig_add(rig, 0x44, 1, 10, "7f c0 81 00 00 01 02 00 00 03");
    rig_add(rig, 0x49, 1, 10, "");
    rig_add(rig, 0x44, 1, 10, "00 01 01");
    rig_add(rig, 0x44, 1, 10, "81 01 01");
}

START_TEST(test_dn_frame__fragment_in_several_frames__one_pdu)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig.dialog.dir = PS_TO_CLIENT;
    put_fragment(&rig);
    for (uint32_t n = 0; n < rig.n_octets; n++)
        ck_assert_int_eq(rig_frame(&rig, n, &reason), PS_MORE);
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
    ck_assert_uint_eq(rig.len, rig.n_octets);
}
END_TEST

START_TEST(test_dn_frame__datagram__whole_frames_only)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig.dialog.dir = PS_TO_CLIENT;
    rig.dialog.datagram = true;
    put_fragment(&rig);
    for (uint32_t n = 1; n < rig.n_octets; n++) {
        bool at_end_of_frame = n == 22 || n == 32 || n == 47;
        ck_assert_int_eq(rig_frame(&rig, n, &reason), at_end_of_frame ? PS_MORE : PS_BAD);
        ck_reason(reason, at_end_of_frame ? OK : PS_REASON_TRUNCATED);
    }
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
}
END_TEST

/* DN-T01: what stacks disagree about. The extent is the frame. */
START_TEST(test_dn_frame__segment_out_of_order__refused)
{
    static const struct {
        const char *first, *second;
        enum ps_reason reason;
        uint32_t offset;
    } rows[] = {
        {"41 c001", "82 3c0206", OK, 0},
        {"7f c001", "80 3c0206", OK, 0},
        {"41 c001", "81 3c0206", DN(TRANSPORT), 15 + 10}, /* duplicated */
        {"41 c001", "83 3c0206", DN(TRANSPORT), 15 + 10}, /* one is missing */
        {"41 c001", "80 3c0206", DN(TRANSPORT), 15 + 10}, /* backwards */
        {"01 c001", "", DN(TRANSPORT), 10},                /* the first is missing */
        {"81 c001", "", DN(TRANSPORT), 10},
        {"c0", "", DN(TRANSPORT), 2}, /* a transport octet and nothing else: DN-T05 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig_add(&rig, 0xc4, 10, 1, rows[i].first);
        if (rows[i].second[0])
            rig_add(&rig, 0xc4, 10, 1, rows[i].second);
        rig_frame(&rig, rig.n_octets, &reason);
        ck_reason(reason, rows[i].reason);
        ck_assert_uint_eq(rig.offset, rows[i].offset);
        ck_assert_uint_eq(rig.len, rig.n_octets);
    }
}
END_TEST

START_TEST(test_dn_frame__first_segment_again__bad_pdu_ends_before_it)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "40 c001");
    uint32_t before = rig.n_octets;
    rig_add(&rig, 0xc4, 10, 1, "c1 c001 3c0206");
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(TRANSPORT));
    ck_assert_uint_eq(rig.len, before);
}
END_TEST

START_TEST(test_dn_frame__transport_octet_with_wrong_crc__not_believed)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "c0 c001 3c0206");
    rig.octets[10] ^= 0x80; /* FIN */
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(CRC));
    ck_assert_uint_eq(rig.len, rig.n_octets);
}
END_TEST

/* What other receivers would find in there is a part of the refused frame, or behind a stream that is lost. */
START_TEST(test_dn_frame__frame_inside_a_broken_one__never_looked_for)
{
    struct rig rig, inner;
    enum ps_reason reason;
    rig_init(&inner);
    inner.n_octets = rig_hex(RESTART, inner.octets);
    uint8_t user[250] = {0xc0, 0xc0, 1};
    memcpy(user + 3, inner.octets, inner.n_octets);
    rig_init(&rig);
    rig_put(&rig, 0xc4, 10, 1, user, 40);
    rig.octets[10] ^= 1;
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_assert_uint_eq(rig.len, rig.n_octets);
    rig.octets[8] ^= 1; /* of the header */
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_assert_uint_eq(rig.len, 0);
}
END_TEST

/* DN-T02: 2048 octets, not one more. */
START_TEST(test_dn_frame__fragment_too_long__refused)
{
    uint8_t user[250] = {0x40, 0xc0, 0x81};
    for (uint32_t extra = 0; extra < 2; extra++) {
        struct rig rig;
        enum ps_reason reason;
        rig_init(&rig);
        rig.dialog.dir = PS_TO_CLIENT;
        for (uint8_t i = 0; i < 9; i++) {
            user[0] = (uint8_t)(i == 0 ? 0x40 : i == 8 ? 0x88 : i);
            rig_put(&rig, 0x44, 1, 10, user, i < 8 ? 250 : 2048 - 8 * 249 + 1 + extra);
        }
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), extra ? PS_BAD : PS_OK);
        ck_reason(reason, extra ? DN(FRAGMENT) : OK);
        ck_assert_uint_eq(rig.len, rig.n_octets);
    }
}
END_TEST

START_TEST(test_dn_frame__too_many_frames__refused)
{
    struct rig rig;
    enum ps_reason reason;
    char segment[16];
    rig_init(&rig);
    for (unsigned i = 0; i < DN_FRAMES_MAX; i++) {
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_MORE);
        sprintf(segment, "%02x c0", i == 0 ? 0x40 : i);
        rig_add(&rig, 0xc4, 10, 1, segment);
    }
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(FRAGMENT));
    ck_assert_uint_eq(rig.len, rig.n_octets);
}
END_TEST

/* DN-T03: fragments of up to four pairs at once. */
START_TEST(test_dn_frame__interleaved_pairs__up_to_four)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    for (unsigned i = 0; i < 4; i++)
        rig_add(&rig, 0xc4, 10 + i, 1, "40 c001");
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_MORE);
        rig_add(&rig, 0xc4, 10 + i, 1, "81 3c0206");
    }
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_OK);
    ck_assert_uint_eq(rig.len, rig.n_octets);
    rig.n_octets = 0;
    for (unsigned i = 0; i < 5; i++)
        rig_add(&rig, 0xc4, 10 + i, 1, "40 c001");
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(FRAGMENT));
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 9, 1, "40 c001");
    for (unsigned i = 0; i < 4; i++) /* whole ones count too: one PDU brings four to their end */
        rig_add(&rig, 0xc4, 10, 1, "c0 c0 17");
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(FRAGMENT));
}
END_TEST

START_TEST(test_dn_frame__dir_bit_changes_within_a_pair__refused)
{
    struct rig rig;
    enum ps_reason reason;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "40 c001");
    rig_add(&rig, 0x44, 10, 1, "81 3c0206");
    ck_assert_int_eq(rig_frame(&rig, rig.n_octets, &reason), PS_BAD);
    ck_reason(reason, DN(DIRECTION));
}
END_TEST

UNIT_MAIN("dnp3/frame", test_dn_frame__each_vector_cut_anywhere__more_then_ok,
          test_dn_frame__two_frames_in_a_segment__one_pdu_each, test_dn_frame__fragment_in_several_frames__one_pdu,
          test_dn_frame__datagram__whole_frames_only, test_dn_frame__segment_out_of_order__refused,
          test_dn_frame__first_segment_again__bad_pdu_ends_before_it,
          test_dn_frame__transport_octet_with_wrong_crc__not_believed,
          test_dn_frame__frame_inside_a_broken_one__never_looked_for, test_dn_frame__fragment_too_long__refused,
          test_dn_frame__too_many_frames__refused, test_dn_frame__interleaved_pairs__up_to_four,
          test_dn_frame__dir_bit_changes_within_a_pair__refused)
