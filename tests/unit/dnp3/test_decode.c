/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_dn_decode__each_vector__accepted)
{
    for (size_t i = 0; i < N_VECTORS; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.dialog.midstream = true; /* answers and confirms come first here */
        rig.n_octets = rig_hex(vectors[i], rig.octets);
        ck_reason(rig_judge(&rig, rig.octets[3] & 0x80 ? PS_TO_SERVER : PS_TO_CLIENT), OK);
        ck_assert_uint_eq(rig.facts.station, i == 0 ? DN_STATION(10, 1) : DN_STATION(1, 10));
    }
}
END_TEST

START_TEST(test_dn_decode__bit_flipped_anywhere__refused)
{
    struct rig rig;
    rig_init(&rig);
    uint32_t n = rig_hex(SELECT, rig.octets);
    for (uint32_t bit = 80; bit < n * 8; bit++) {
        rig.n_octets = rig_hex(SELECT, rig.octets);
        rig.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_reason(rig_judge(&rig, PS_TO_SERVER), DN(CRC));
        ck_assert_uint_eq(rig.offset, bit / 8 < 28 ? 26 : 33);
        ck_assert_uint_eq(rig.len, n);
    }
}
END_TEST

static void put_poll_answer(struct rig *rig)
{
    rig->n_octets = 0;
    rig_add(rig, 0x44, 1, 10, "7f c0 81 00 00 01 02 00 00 03");
    rig_add(rig, 0x49, 1, 10, "");
    rig_add(rig, 0x44, 1, 10, "00 01 01");
    rig_add(rig, 0x44, 1, 10, "81 01 01");
}

START_TEST(test_dn_decode__fragment_in_frames__joined)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    put_poll_answer(&rig);
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST); /* of the link, in the middle */
    ck_assert_uint_eq(rig_fact(&rig)->function, DN_ROW_LINK_STATUS);
    ck_assert(rig_fact(&rig)->housekeeping);
    ck_assert_uint_eq(rig.facts.function, DN_ROW_LINK_STATUS); /* what is judged names it */
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 0);
}
END_TEST

/* A request in two frames, cut anywhere, asks for what it asks for in one. */
START_TEST(test_dn_decode__request_cut_anywhere__same_facts_and_state)
{
    uint8_t user[256] = {0xc0};
    uint32_t n = 1 + rig_hex("c3 03 0c 01 28 0100 0500 03 01 64000000 64000000 00", user + 1);
    struct rig whole;
    rig_init(&whole);
    rig_put(&whole, 0xc4, 10, 1, user, n);
    ck_reason(rig_judge(&whole, PS_TO_SERVER), OK);
    for (uint32_t cut = 2; cut < n; cut++) {
        struct rig rig;
        rig_init(&rig);
        user[0] = 0x40;
        rig_put(&rig, 0xc4, 10, 1, user, cut);
        uint8_t kept = user[cut - 1];
        user[cut - 1] = 0x81;
        rig_put(&rig, 0xc4, 10, 1, user + cut - 1, n - cut + 1);
        user[cut - 1] = kept;
        ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
        ck_assert_uint_eq(rig.facts.n_facts, whole.facts.n_facts);
        ck_assert_mem_eq(&rig.facts.item[0], &whole.facts.item[0], sizeof(struct ps_fact));
        ck_assert_mem_eq(&rig.state, &whole.state, sizeof rig.state);
    }
}
END_TEST

START_TEST(test_dn_decode__less_than_a_pdu__truncated)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    rig.dialog.dir = PS_TO_CLIENT;
    put_poll_answer(&rig);
    uint32_t whole = rig.n_octets;
    for (rig.n_octets = 0; rig.n_octets < whole; rig.n_octets++)
        ck_reason(rig_decode(&rig), PS_REASON_TRUNCATED);
    ck_reason(rig_decode(&rig), OK);
    rig_add(&rig, 0x49, 1, 10, "");
    ck_reason(rig_decode(&rig), PS_REASON_SURPLUS);
}
END_TEST

START_TEST(test_dn_decode__one_address_on_both_sides__its_own_association)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 2; i++) {
        rig.n_octets = 0;
        rig_add(&rig, i ? 0x44 : 0xc4, 5, 5, i ? "c0 c0 81 0000" : "c0 c0 18");
        ck_reason(rig_judge(&rig, i ? PS_TO_CLIENT : PS_TO_SERVER), OK);
    }
}
END_TEST

/* Offsets of faults are those of the PDU, CRCs and heads counted. */
START_TEST(test_dn_decode__fault_behind_a_crc__offset_in_the_pdu)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c0 01 3c0206 3c0306 3c0406 3c0106 00"), PS_REASON_TRUNCATED);
    ck_assert_uint_eq(rig.offset, 28); /* behind the only octet of the last header: 16 octets and a CRC in front */
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, "40 c0");
    rig_add(&rig, 0xc4, 10, 1, "81 22"); /* function 34 */
    ck_reason(rig_judge(&rig, PS_TO_SERVER), DN(FUNCTION));
    ck_assert_uint_eq(rig.offset, 14 + 11);
    ck_assert_uint_eq(rig.facts.code, 34);
    ck_assert_uint_eq(rig.facts.function, PS_FUNCTION_UNKNOWN);
}
END_TEST

START_TEST(test_dn_decode__link_frames__housekeeping_or_reply)
{
    static const struct {
        uint8_t control;
        uint8_t dir;
        uint8_t kind, function, n_facts;
    } rows[] = {
        {0xc0, PS_TO_SERVER, PS_PDU_REQUEST, DN_ROW_RESET_LINK, 1},
        {0x00, PS_TO_CLIENT, PS_PDU_REPLY, DN_ROW_RESET_LINK, 0},
        {0xc9, PS_TO_SERVER, PS_PDU_REQUEST, DN_ROW_LINK_STATUS, 1},
        {0x0b, PS_TO_CLIENT, PS_PDU_REPLY, DN_ROW_LINK_STATUS, 0},
        {0x1b, PS_TO_CLIENT, PS_PDU_REPLY, DN_ROW_LINK_STATUS, 0}, /* busy */
        {0x0f, PS_TO_CLIENT, PS_PDU_REPLY, DN_ROW_LINK_STATUS, 0},
        {0x49, PS_TO_CLIENT, PS_PDU_REQUEST, DN_ROW_LINK_STATUS, 1},
        {0x8b, PS_TO_SERVER, PS_PDU_REPLY, DN_ROW_LINK_STATUS, 0},
    };
    struct rig rig;
    rig_init(&rig);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_reason(rig_send(&rig, rows[i].dir, rows[i].control, rows[i].control & 0x80 ? 10 : 1, ""), OK);
        ck_assert_uint_eq(rig.facts.kind, rows[i].kind);
        ck_assert_uint_eq(rig.facts.function, rows[i].function);
        ck_assert_uint_eq(rig.facts.code, DN_CODE_LINK | (rows[i].control & 0x0f));
        ck_assert_uint_eq(rig.facts.station, DN_STATION(1, 10));
        ck_assert_uint_eq(rig.facts.n_facts, rows[i].n_facts);
        if (rows[i].n_facts > 0) {
            ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_SESSION);
            ck_assert(rig_fact(&rig)->housekeeping);
        }
    }
}
END_TEST

START_TEST(test_dn_decode__link_answer_to_nothing__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x0b, 1, ""), DN(UNSOLICITED));
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc9, 11, ""), OK); /* another outstation is asked */
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x0b, 1, ""), DN(UNSOLICITED));
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0x8b, 10, ""), DN(UNSOLICITED));
    rig.dialog.midstream = true;
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x0b, 1, ""), OK);
}
END_TEST

/* A watched outstation asks in the middle of its answer, and is answered before that is whole. */
START_TEST(test_dn_decode__link_answer_to_what_was_not_judged_yet__passes)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, "c0 01 3c0206"), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0x8b, 10, ""), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc9, 0xfffc, ""), OK); /* whoever has the self-address */
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x0b, 1, ""), OK);
}
END_TEST

/* DN-L05. */
START_TEST(test_dn_decode__confirmed_user_data__followed_when_relaxed)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xf3, 10, "c0 c0 17"), DN(LINK));
    rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c0 17"), OK); /* first value: taken as it comes */
    ck_assert_uint_eq(rig.facts.function, DN_ROW_DELAY_MEASURE);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c0 17"), OK); /* repeated: its receiver ignores it */
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_TIME); /* but rules see it */
    ck_assert_uint_eq(rig_assoc(&rig)->pending[0].repeats, 0);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c1 0d"), DN(LINK)); /* other octets under the same bit */
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xf3, 10, "c0 c1 0d"), OK);
    rig_wait(&rig, 2000);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xc0, 10, ""), OK); /* reset link: 1 comes next */
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c2 18"), DN(LINK));
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xf3, 10, "c0 c2 18"), OK);
}
END_TEST

/* Whoever finds a frame with the hash of another one gains nothing that rules would not allow. */
START_TEST(test_dn_decode__frame_with_the_hash_of_the_one_before__judged_all_the_same)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c0 17"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0xd3, 10, 1, "c0 c1 05 0c01 17 01 05 03 01 64000000 64000000 00");
    rig.state.assoc[0].fcb[PS_TO_SERVER].digest =
        (uint32_t)dn_hash(rig.octets + DN_LINK_HEAD_LEN, rig.n_octets - DN_LINK_HEAD_LEN);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_OPERATE);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_UNSELECTED);
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 1);
    rig.n_octets = 0;
    rig_add(&rig, 0xd3, 10, 1, "c0 c1 63");
    rig.state.assoc[0].fcb[PS_TO_SERVER].digest =
        (uint32_t)dn_hash(rig.octets + DN_LINK_HEAD_LEN, rig.n_octets - DN_LINK_HEAD_LEN);
    ck_reason(rig_judge(&rig, PS_TO_SERVER), DN(FUNCTION));
    ck_assert_uint_eq(rig.offset, 12);
}
END_TEST

/* Confirms, and an OPERATE of what was selected, may be repeated by the link like anything else. */
START_TEST(test_dn_decode__repeated_confirm_and_operate__as_the_first)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0x44, 1, "c0 f0 82 0000"), OK);
    for (unsigned i = 0; i < 2; i++)
        ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 d0 00"), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0xf3, 10, "c0 c0 03 0c01 17 01 05 03 01 64000000 64000000 00"), OK);
    ck_reason(answer(&rig, "c0 81 0000 0c01 17 01 05 03 01 64000000 64000000 00"), OK);
    for (unsigned i = 0; i < 2; i++) {
        ck_reason(rig_send(&rig, PS_TO_SERVER, 0xd3, 10, "c0 c1 04 0c01 17 01 05 03 01 64000000 64000000 00"), OK);
        ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
    }
}
END_TEST

START_TEST(test_dn_decode__confirmed_frames_of_a_fragment__duplicate_counts_once)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = DN_RELAX_CONFIRMED_LINK;
    rig_add(&rig, 0xd3, 10, 1, "40 c0 01 3c");
    rig_add(&rig, 0xd3, 10, 1, "40 c0 01 3c");
    rig_add(&rig, 0xf3, 10, 1, "81 02 06");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, DN_ROW_READ);
}
END_TEST

/* DN-L03. */
START_TEST(test_dn_decode__dir_bit__stays_with_its_side)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0xc4, 10, "c0 c0 17"), DN(DIRECTION)); /* the same from the other side */
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 10, 1, "c0 f0 82 0000"); /* the master as an outstation */
    ck_reason(rig_judge(&rig, PS_TO_SERVER), DN(DIRECTION));
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 1, 10, "c0 c0 17"); /* the outstation as a master */
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), DN(DIRECTION));
    ck_reason(answer(&rig, "c0 81 0000"), OK);
}
END_TEST

START_TEST(test_dn_decode__master_on_the_server_side__asked_about)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, RESTART), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_REQUEST);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_OUTSTATION_OPENS);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, NULL_UNSOLICITED), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_OUTSTATION_OPENS);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, LINK_STATUS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_OUTSTATION_OPENS);
}
END_TEST

START_TEST(test_dn_decode__interleaved_fragments__each_judged)
{
    struct rig rig;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "40 c0 01 3c");
    rig_add(&rig, 0xc4, 11, 1, "40 c5");
    rig_add(&rig, 0xc4, 10, 1, "81 02 06");
    rig_add(&rig, 0xc4, 11, 1, "81 0d");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig.facts.n_facts, 2);
    ck_assert_uint_eq(rig.facts.item[0].station, DN_STATION(1, 10));
    ck_assert_uint_eq(rig.facts.item[0].op, PS_OP_READ);
    ck_assert_uint_eq(rig.facts.item[1].station, DN_STATION(1, 11));
    ck_assert_uint_eq(rig.facts.item[1].op, PS_OP_CONTROL);
    ck_assert_uint_eq(rig.facts.function, DN_ROW_COLD_RESTART);
    ck_assert_uint_eq(rig.state.n_assoc, 2);
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 1, 11, "40 c5");
    rig_add(&rig, 0x44, 1, 10, "c0 f0 82 0000"); /* what is judged wins */
    rig_add(&rig, 0x44, 1, 11, "81 81 0000");
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), OK);
    ck_assert_uint_eq(rig.facts.kind, PS_PDU_NOTICE);
    ck_assert_uint_eq(rig.state.assoc[1].n_pending, 0);
    ck_assert_uint_eq(rig.state.assoc[0].unsolicited.wanted, 1);
}
END_TEST

/* One PDU, two requests of one master: the second is judged as if the first had come before it. */
START_TEST(test_dn_decode__requests_in_one_pdu__in_order)
{
    struct rig rig;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 11, 1, "40 c5");
    rig_add(&rig, 0xc4, 10, 1, "c0 c0 17");
    rig_add(&rig, 0xc4, 10, 1, "c0 c0 0d");
    rig_add(&rig, 0xc4, 11, 1, "81 0d");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), DN(SEQUENCE));
}
END_TEST

START_TEST(test_dn_decode__more_pairs_than_kept__longest_unused_makes_way)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i <= DN_ASSOCIATIONS; i++) {
        rig.n_octets = 0;
        rig_add(&rig, 0xc4, 100 + i, 1, "c0 c0 17");
        ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
        if (i != 5)
            continue;
        rig.n_octets = 0;
        rig_add(&rig, 0xc9, 100, 1, "");
        ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    }
    const struct dn_assoc *last = &rig.state.assoc[1];
    ck_assert_uint_eq(last->outstation, 100 + DN_ASSOCIATIONS);
    ck_assert_uint_eq(last->n_pending, 1); /* nothing is left of the one before */
    for (unsigned i = 0; i < 3; i++) { /* 101 has made way, not 100, which was used after it */
        rig.n_octets = 0;
        rig_add(&rig, 0x44, 1, 100 + i, "c0 c0 81 0000 34 02 07 01 0000");
        ck_reason(rig_judge(&rig, PS_TO_CLIENT), i == 1 ? DN(UNSOLICITED) : OK);
    }
}
END_TEST

START_TEST(test_dn_decode__self_address__answered_from_its_own)
{
    struct rig rig;
    rig_init(&rig);
    rig_add(&rig, 0xc4, 0xfffc, 1, "c0 c0 17");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, DN_ASK_SELF_ADDRESS);
    ck_assert_uint_eq(rig_fact(&rig)->station, DN_STATION(1, 0xfffc));
    ck_reason(answer(&rig, "c0 81 0000 34 02 07 01 0000"), OK);
    ck_assert_uint_eq(rig_assoc(&rig)->outstation, 10);
    ck_assert_uint_eq(rig.state.n_assoc, 1);
    rig_init(&rig);
    rig_add(&rig, 0xc4, 0xfffc, 1, "c0 c0 17");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_reason(ask(&rig, "c5 18"), OK); /* another one is asked meanwhile */
    ck_assert_uint_eq(rig_assoc(&rig)->outstation, 0xfffc);
    ck_assert_uint_eq(rig.state.n_assoc, 2);
}
END_TEST

UNIT_MAIN("dnp3/decode", test_dn_decode__each_vector__accepted, test_dn_decode__bit_flipped_anywhere__refused,
          test_dn_decode__fragment_in_frames__joined, test_dn_decode__request_cut_anywhere__same_facts_and_state,
          test_dn_decode__less_than_a_pdu__truncated,
          test_dn_decode__one_address_on_both_sides__its_own_association,
          test_dn_decode__fault_behind_a_crc__offset_in_the_pdu, test_dn_decode__link_frames__housekeeping_or_reply,
          test_dn_decode__link_answer_to_nothing__refused,
          test_dn_decode__link_answer_to_what_was_not_judged_yet__passes, test_dn_decode__confirmed_user_data__followed_when_relaxed,
          test_dn_decode__frame_with_the_hash_of_the_one_before__judged_all_the_same,
          test_dn_decode__repeated_confirm_and_operate__as_the_first,
          test_dn_decode__confirmed_frames_of_a_fragment__duplicate_counts_once,
          test_dn_decode__dir_bit__stays_with_its_side, test_dn_decode__master_on_the_server_side__asked_about,
          test_dn_decode__interleaved_fragments__each_judged, test_dn_decode__requests_in_one_pdu__in_order,
          test_dn_decode__more_pairs_than_kept__longest_unused_makes_way,
          test_dn_decode__self_address__answered_from_its_own)
