/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../carried.h"

#include "plus_rig.h"
#include "unit.h"

static struct carried carried;

#define READ "04 01 120a10 02 0001 0001 84 000000"
#define READ_2 "04 02 120a10 04 0001 0001 84 000000 120a10 06 0001 0001 84 000000"

START_TEST(test_s7_carry__set_up__needs_none_again)
{
    struct rig rig;
    rig_open(&rig);
    uint32_t station = s7_station(&rig.state);
    carried_on(&carried, &ps_s7comm, &rig.dialog);
    ck_assert_uint_eq(rig.state.classic.agreed.pdu_len, 480);
    ck_reason(ask(&rig, 2, READ, ""), OK);
    ck_assert_uint_eq(rig_fact(&rig)->station, station);
    ck_assert_uint_ne(station, S7_STATION_UNKNOWN);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
    for (unsigned n = 0; n < 4; n++)
        ck_reason(ask(&rig, 10 + n, READ, ""), OK);
    ck_reason(ask(&rig, 30, READ, ""), S7(OUTSTANDING)); /* four were agreed on */
}
END_TEST

START_TEST(test_s7_carry__jobs_wait__their_answers_still_pair)
{
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, READ, ""), OK);
    ck_reason(ask(&rig, 3, READ_2, ""), OK);
    ck_reason(ask_ud(&rig, 2, SHORT("44", "01"), "ff09 0004 0131 0001"), OK);
    carried_on(&carried, &ps_s7comm, &rig.dialog);
    ck_reason(answer(&rig, 3, "04 02", "ff04 0008 01 00 ff04 0020 00000001"), S7(REPLY));
    ck_reason(answer(&rig, 3, "04 02", "ff04 0010 0001 ff04 0020 00000001"), OK);
    ck_reason(answer_ud(&rig, 2, LONG("84", "01", "00"), "ff09 000a 0131 0001 0002 0001 0102"), OK);
    ck_reason(answer(&rig, 2, "04 01", "ff04 0008 01"), OK);
    ck_assert_uint_eq(rig.state.classic.n_items, 0);
}
END_TEST

/* After whichever exchange: uploads, subscriptions, jobs of a programmer. */
START_TEST(test_s7_carry__every_exchange__answered_after)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_reason(rig_send(&rig, PS_TO_SERVER, rig_request(&exchanges[i])), OK);
        carried_on(&carried, &ps_s7comm, &rig.dialog);
        ck_reason(rig_send(&rig, PS_TO_CLIENT, rig_reply(&exchanges[i])), OK);
        carried_on(&carried, &ps_s7comm, &rig.dialog);
    }
}
END_TEST

START_TEST(test_s7_carry__full_state__fits)
{
    struct rig rig;
    rig_open(&rig);
    struct s7_classic *s7 = &rig.state.classic;
    s7->n_pending = S7_PENDING_MAX;
    for (uint32_t i = 0; i < S7_PENDING_MAX; i++)
        s7->pending[i] = (struct s7_pending){.row = S7_ROW_READ_VAR, .n_items = 10, .kind = S7_ROSCTR_JOB};
    s7->n_items = S7_ITEMS_MAX;
    carried_on(&carried, &ps_s7comm, &rig.dialog);
}
END_TEST

START_TEST(test_s7_carry__s7comm_plus__cannot)
{
    struct rig rig;
    rig_init(&rig);
    rig.state.speaks = S7_SPEAKS_PLUS;
    struct ps_carry c = ps_carry_save(NULL, 0, rig.dialog.now_ns);
    s7_carry(&c, &rig.state);
    ck_assert(c.failed);
    rig.state.speaks = S7_SPEAKS_NOTHING; /* called, and nothing said yet */
    rig.state.called.len = 16;
    c = ps_carry_save(NULL, 0, rig.dialog.now_ns);
    s7_carry(&c, &rig.state);
    ck_assert(c.failed);
}
END_TEST

/* Layout: phase, speaks, size, empty, reference 2, has_station, station 4, TSAPs 17 each, agreements 6 each, paired (57),
 * requests (58): sent_ns 8, echo 4, reference 2, n_items 2 (73), row, kind; then n_items 2 of all. */
START_TEST(test_s7_carry__impossible_values__refused)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } rows[] = {
        {0, 4},  {1, 2},  {2, 14}, {3, 17}, {6, 2},  {8, 2}, {11, 17}, {28, 17}, {28, 3}, {57, 2}, {58, 17},
        {59, 1}, {73, 1}, {74, 2}, {75, S7_N_ROWS}, {76, 3}, {76, 8}, {78, 2}, {78, 161},
    };
    struct rig rig;
    rig_open(&rig);
    ck_reason(ask(&rig, 2, READ, ""), OK);
    carried_on(&carried, &ps_s7comm, &rig.dialog);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(carried_refused(&carried, &ps_s7comm, &rig.dialog, rows[i].at, rows[i].octet), "row %zu", i);
}
END_TEST

UNIT_MAIN("s7comm/carry", test_s7_carry__set_up__needs_none_again, test_s7_carry__jobs_wait__their_answers_still_pair,
          test_s7_carry__every_exchange__answered_after, test_s7_carry__full_state__fits,
          test_s7_carry__s7comm_plus__cannot, test_s7_carry__impossible_values__refused)
