/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

#define B(id) PS_REASON_MODBUS_##id
#define OK PS_REASON_NONE
#define SECOND UINT64_C(1000000000)

START_TEST(test_pairing__wrong_fields__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0001"), OK);
    ck_reason(answer(&rig, 2, "03 02 0001"), B(UNSOLICITED));
    ck_reason(answer(&rig, 1, "04 02 0001"), B(REPLY));
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 1, 2, "03 02 0001"), B(REPLY));
    ck_reason(answer(&rig, 1, "03 04 0001 0002"), B(REPLY));
    ck_reason(answer(&rig, 1, "84 02"), B(REPLY));
    ck_reason(answer(&rig, 1, "03 02 0001"), OK); /* the refused ones left no trace */
    ck_reason(answer(&rig, 1, "03 02 0001"), B(UNSOLICITED));
}
END_TEST

START_TEST(test_pairing__unit_relaxed__any_unit_answers)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_UNIT_ANY;
    ck_reason(rig_send(&rig, PS_TO_SERVER, 1, 255, "16 0004 00f2 0025"), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 1, 0, "16 0004 00f2 0025"), OK);
}
END_TEST

START_TEST(test_pairing__out_of_order_replies__each_finds_its_request)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0001"), OK);
    ck_reason(ask(&rig, 2, "03 0000 0002"), OK);
    ck_reason(ask(&rig, 3, "01 0000 0008"), OK);
    ck_reason(answer(&rig, 2, "03 04 0001 0002"), OK);
    ck_reason(answer(&rig, 3, "01 01 00"), OK);
    ck_reason(answer(&rig, 1, "83 0b"), OK);
    ck_assert_uint_eq(rig.state.n_pending, 0);
}
END_TEST

START_TEST(test_pairing__same_id_other_bytes__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 0, "06 0001 0001"), OK);
    ck_reason(ask(&rig, 0, "06 0001 0002"), B(TRANSACTION));
    ck_reason(ask(&rig, 0, "03 0001 0001"), B(TRANSACTION));
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0, 2, "06 0001 0001"), B(TRANSACTION));
    ck_reason(answer(&rig, 0, "06 0001 0001"), OK);
    ck_reason(ask(&rig, 0, "06 0001 0002"), OK); /* a constant id is fine one after the other */
    ck_reason(answer(&rig, 0, "06 0001 0002"), OK);
}
END_TEST

START_TEST(test_pairing__same_id_other_bytes_after_the_timeout__accepted)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 0, "06 0001 0001"), OK);
    rig.dialog.now_ns += 10 * SECOND;
    ck_reason(ask(&rig, 0, "06 0001 0002"), B(TRANSACTION));
    rig.dialog.now_ns += 1;
    ck_reason(ask(&rig, 0, "06 0001 0002"), OK);
    ck_reason(answer(&rig, 0, "06 0001 0001"), B(REPLY));
    ck_reason(answer(&rig, 0, "06 0001 0002"), OK);
    ck_reason(answer(&rig, 0, "06 0001 0001"), B(LATE));
}
END_TEST

START_TEST(test_pairing__same_id_relaxed__first_in_first_out)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.relax = MB_RELAX_SAME_TI_FIFO;
    ck_reason(ask(&rig, 504, "06 0003 0000"), OK);
    ck_reason(ask(&rig, 504, "06 0004 0000"), OK);
    ck_reason(ask(&rig, 504, "06 0005 36c1"), OK);
    ck_reason(answer(&rig, 504, "06 0004 0000"), B(REPLY));
    ck_reason(answer(&rig, 504, "06 0003 0000"), OK);
    ck_reason(answer(&rig, 504, "06 0004 0000"), OK);
    ck_reason(answer(&rig, 504, "06 0005 36c1"), OK);
}
END_TEST

START_TEST(test_pairing__repeated_request__each_may_be_answered)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.datagram = true;
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK);
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK);
    ck_reason(answer(&rig, 5, "03 02 0001"), OK);
    ck_reason(answer(&rig, 5, "03 02 0001"), OK);
    ck_reason(answer(&rig, 5, "03 02 0001"), B(UNSOLICITED));
}
END_TEST

START_TEST(test_pairing__late_reply__refused_as_late)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.timeout_ns = 2 * SECOND;
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK);
    rig.dialog.now_ns += 2 * SECOND;
    ck_reason(answer(&rig, 5, "03 02 0001"), OK);
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK);
    rig.dialog.now_ns += 2 * SECOND + 1;
    ck_reason(answer(&rig, 5, "03 02 0001"), B(LATE));
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK); /* retried */
    ck_reason(answer(&rig, 5, "03 02 0001"), OK);
    ck_reason(answer(&rig, 5, "03 02 0001"), B(LATE)); /* the first answer, at last */
}
END_TEST

START_TEST(test_pairing__time_steps_back__no_waiting_time)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 5, "03 0000 0001"), OK);
    rig.dialog.now_ns -= SECOND / 2;
    ck_reason(answer(&rig, 5, "03 02 0001"), OK);
}
END_TEST

/* Requests with ids first..first + n - 1. */
static void ask_many(struct rig *rig, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ck_reason(ask(rig, first + i, "03 0000 0001"), OK);
}

START_TEST(test_pairing__too_many_outstanding__refused)
{
    static const struct {
        uint16_t configured;
        unsigned allowed;
    } limits[] = {{0, 16}, {1, 1}, {8, 8}, {32, 32}, {500, 32}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rig rig;
        rig_init(&rig);
        rig.dialog.max_outstanding = limits[i].configured;
        ask_many(&rig, 100, limits[i].allowed);
        ck_reason(ask(&rig, 99, "03 0000 0001"), B(OUTSTANDING));
        ck_reason(ask(&rig, 100, "03 0000 0001"), OK); /* a retry takes the place of the first */
        ck_reason(answer(&rig, 100, "03 02 0001"), OK);
        ck_reason(ask(&rig, 99, "03 0000 0001"), OK);
        ck_reason(ask(&rig, 98, "03 0000 0001"), B(OUTSTANDING));
    }
}
END_TEST

START_TEST(test_pairing__expired_requests__make_room_oldest_first)
{
    struct rig rig;
    rig_init(&rig);
    ask_many(&rig, 0, 16);
    rig.dialog.now_ns += 11 * SECOND;
    ck_reason(answer(&rig, 0, "03 02 0001"), B(LATE));
    ask_many(&rig, 100, 15);
    ck_assert_uint_eq(rig.state.n_pending, 16);
    ck_reason(answer(&rig, 0, "03 02 0001"), B(UNSOLICITED)); /* forgotten */
    ck_reason(answer(&rig, 15, "03 02 0001"), B(LATE));
    ask_many(&rig, 115, 1);
    ck_reason(answer(&rig, 15, "03 02 0001"), B(UNSOLICITED));
    ck_reason(ask(&rig, 116, "03 0000 0001"), B(OUTSTANDING));
    for (unsigned i = 0; i < 16; i++)
        ck_reason(answer(&rig, 115 - i, "03 02 0001"), OK);
    ck_assert_uint_eq(rig.state.n_pending, 0);
}
END_TEST

/* Nobody answers a broadcast: no harm for days of them. */
START_TEST(test_pairing__broadcasts__expire_silently)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 1000; i++) {
        ck_reason(rig_send(&rig, PS_TO_SERVER, i, 0, "06 0001 0002"), OK);
        rig.dialog.now_ns += SECOND;
    }
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 999, 0, "06 0001 0002"), OK); /* direct servers do answer unit 0 */
}
END_TEST

/* Twenty a second, and a poll between them: whoever needs no reply keeps nobody from asking. */
START_TEST(test_pairing__many_broadcasts__keep_no_request_waiting)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 1000; i++) {
        ck_reason(rig_send(&rig, PS_TO_SERVER, 2 * i, 0, "06 0001 0002"), OK);
        ck_reason(ask(&rig, 2 * i + 1, "03 0000 0001"), OK);
        ck_reason(answer(&rig, 2 * i + 1, "03 02 0001"), OK);
        rig.dialog.now_ns += SECOND / 20;
    }
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 1998, 0, "06 0001 0002"), OK);
}
END_TEST

/* Clients whose id is always the same. */
START_TEST(test_pairing__broadcasts_with_one_id__make_way)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned i = 0; i < 100; i++) {
        ck_reason(rig_send(&rig, PS_TO_SERVER, 0, 0, i % 2 ? "06 0001 0002" : "06 0001 0003"), OK);
        ck_assert_uint_eq(rig.state.n_pending, 1);
    }
    ck_reason(ask(&rig, 0, "03 0000 0001"), OK);
    ck_reason(answer(&rig, 0, "03 02 0001"), OK);
    ck_reason(ask(&rig, 0, "08 0004 0000"), OK);
    ck_reason(ask(&rig, 0, "03 0000 0002"), OK);
    ck_reason(ask(&rig, 0, "03 0000 0001"), B(TRANSACTION)); /* this one waits for a reply */
}
END_TEST

/* Unit 0 is no word that opens the door to reads. */
START_TEST(test_pairing__reads_of_unit_zero__wait_like_others)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0, 0, "03 0000 0001"), OK);
    ck_reason(rig_send(&rig, PS_TO_SERVER, 0, 0, "03 0000 0002"), B(TRANSACTION));
}
END_TEST

START_TEST(test_pairing__unsolicited_after_the_handshake__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(answer(&rig, 1, "03 02 0001"), B(UNSOLICITED));
}
END_TEST

START_TEST(test_pairing__midstream__tolerated_until_the_first_pair)
{
    struct rig rig;
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_reason(answer(&rig, 1, "03 02 0001"), OK);
    ck_reason(ask(&rig, 2, "03 0000 0001"), OK);
    ck_reason(answer(&rig, 2, "04 02 0001"), OK); /* answers something unseen under the same id */
    ck_reason(answer(&rig, 2, "03 04 0001 0002"), OK);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 2, 9, "03 02 0001"), OK);
    ck_assert_uint_eq(rig.state.n_pending, 1);
    ck_reason(answer(&rig, 2, "03 02 0001"), OK);
    ck_assert_uint_eq(rig.state.n_pending, 0);
    ck_reason(answer(&rig, 1, "03 02 0001"), B(UNSOLICITED));
}
END_TEST

START_TEST(test_pairing__gap__tolerated_again)
{
    for (int dir = 0; dir < 2; dir++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, "03 0000 0001"), OK);
        ck_reason(answer(&rig, 1, "03 02 0001"), OK);
        ck_reason(ask(&rig, 2, "03 0000 0001"), OK);
        rig.dialog.midstream = true;
        rig.dialog.dir = (uint8_t)dir;
        ps_modbus.gap(&rig.dialog);
        ck_reason(ask(&rig, 2, "04 0000 0001"), OK); /* its predecessor may have been answered in the gap */
        ck_reason(answer(&rig, 9, "03 02 0001"), OK);
        ck_reason(answer(&rig, 2, "04 02 0001"), OK);
        ck_reason(answer(&rig, 9, "03 02 0001"), B(UNSOLICITED));
    }
}
END_TEST

START_TEST(test_pairing__refused_request__leaves_no_trace)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0000"), B(QUANTITY));
    ck_reason(answer(&rig, 1, "83 03"), B(UNSOLICITED));
}
END_TEST

START_TEST(test_pairing__decode__changes_no_state)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0001"), OK);
    struct mb_state before = rig.state;
    rig_head(&rig, 2, 1, rig_hex("04 0000 0001", rig.adu + 7));
    ck_reason(rig_decode(&rig), OK);
    rig.dialog.dir = PS_TO_CLIENT;
    rig_head(&rig, 1, 1, rig_hex("03 02 0001", rig.adu + 7));
    ck_reason(rig_decode(&rig), OK);
    ck_assert_mem_eq(&before, &rig.state, sizeof before);
}
END_TEST

START_TEST(test_mb_hash__one_octet_or_one_length_apart__differs)
{
    uint8_t data[64] = {0};
    for (uint32_t n = 1; n < sizeof data; n++) {
        uint64_t hash = mb_hash(data, n);
        ck_assert(hash != mb_hash(data, n - 1));
        for (uint32_t i = 0; i < n; i++) {
            data[i] = 1;
            ck_assert(hash != mb_hash(data, n));
            data[i] = 0;
        }
        ck_assert(hash == mb_hash(data, n));
    }
}
END_TEST

START_TEST(test_mb_state__size__a_poll_touches_one_line)
{
    ck_assert_uint_le(sizeof(struct mb_pending), 32);
    ck_assert_uint_le(offsetof(struct mb_state, pending) + 2 * sizeof(struct mb_pending), 64);
    ck_assert_uint_eq(ps_modbus.state_len, sizeof(struct mb_state));
}
END_TEST

UNIT_MAIN("modbus/pairing", test_pairing__wrong_fields__refused, test_pairing__unit_relaxed__any_unit_answers,
          test_pairing__out_of_order_replies__each_finds_its_request, test_pairing__same_id_other_bytes__refused,
          test_pairing__same_id_other_bytes_after_the_timeout__accepted,
          test_pairing__same_id_relaxed__first_in_first_out, test_pairing__repeated_request__each_may_be_answered,
          test_pairing__late_reply__refused_as_late, test_pairing__time_steps_back__no_waiting_time,
          test_pairing__too_many_outstanding__refused, test_pairing__expired_requests__make_room_oldest_first,
          test_pairing__broadcasts__expire_silently,
          test_pairing__many_broadcasts__keep_no_request_waiting, test_pairing__broadcasts_with_one_id__make_way,
          test_pairing__reads_of_unit_zero__wait_like_others, test_pairing__unsolicited_after_the_handshake__refused,
          test_pairing__midstream__tolerated_until_the_first_pair, test_pairing__gap__tolerated_again,
          test_pairing__refused_request__leaves_no_trace, test_pairing__decode__changes_no_state,
          test_mb_hash__one_octet_or_one_length_apart__differs, test_mb_state__size__a_poll_touches_one_line)
