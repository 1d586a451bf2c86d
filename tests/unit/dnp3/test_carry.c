/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../carried.h"

#include "rig.h"
#include "unit.h"

static struct carried carried;

#define CROB "0c 01 28 01 00 05 00 03 01 64 00 00 00 64 00 00 00 00"

START_TEST(test_dn_carry__request_waits__its_answer_still_pairs)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    carried_on(&carried, &ps_dnp3, &rig.dialog);
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 1);
    ck_reason(answer(&rig, "c1 81 0000"), DN(UNSOLICITED));
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, RESPONSE), OK);
    ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 0);
}
END_TEST

/* Selected before, operated after: as if nothing had been between. */
START_TEST(test_dn_carry__selected__operate_is_of_what_was_selected)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, SELECT), OK);
    ck_reason(answer(&rig, "c3 81 0000" CROB), OK);
    carried_on(&carried, &ps_dnp3, &rig.dialog);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, OPERATE), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

START_TEST(test_dn_carry__unsolicited__its_confirm_is_still_wanted)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, NULL_UNSOLICITED), OK);
    carried_on(&carried, &ps_dnp3, &rig.dialog);
    ck_reason(ask(&rig, "d0 00"), OK);
    ck_reason(ask(&rig, "d0 00"), DN(CONFIRM));
}
END_TEST

START_TEST(test_dn_carry__who_is_master__stays)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    carried_on(&carried, &ps_dnp3, &rig.dialog);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, "c0 c1 01 3c0206");
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), DN(DIRECTION));
}
END_TEST

START_TEST(test_dn_carry__full_state__fits)
{
    struct rig rig;
    rig_init(&rig);
    rig.state.n_assoc = DN_ASSOCIATIONS;
    for (uint32_t i = 0; i < DN_ASSOCIATIONS; i++)
        rig.state.assoc[i].n_pending = DN_PENDING_MAX;
    carried_on(&carried, &ps_dnp3, &rig.dialog);
}
END_TEST

/* Layout: clock 4, associations 4, then of the first one: used 4, names 4, master_dir 1 (16), flags 1, ... */
START_TEST(test_dn_carry__impossible_values__refused)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } rows[] = {
        {4, 1},  {7, 33}, {7, 0},  {16, 2}, {17, 8}, {18, 16}, {19, 17}, {24, 16}, {30, 16}, {32, 1}, /* last_ns */
        {48, 5}, {49, 1},                         /* requests; sent_ns of the first */
        {73, DN_N_ROWS}, {74, 16}, {75, 16}, {76, 2}, /* its row, numbers, begun */
        {80, 3}, {81, 16}, {82, 1},               /* select */
        {120, 2}, {121, 2},                       /* the link's FCB */
    };
    struct rig rig;
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_SERVER, INTEGRITY), OK);
    carried_on(&carried, &ps_dnp3, &rig.dialog);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(carried_refused(&carried, &ps_dnp3, &rig.dialog, rows[i].at, rows[i].octet), "row %zu", i);
}
END_TEST

UNIT_MAIN("dnp3/carry", test_dn_carry__request_waits__its_answer_still_pairs,
          test_dn_carry__selected__operate_is_of_what_was_selected,
          test_dn_carry__unsolicited__its_confirm_is_still_wanted, test_dn_carry__who_is_master__stays,
          test_dn_carry__full_state__fits, test_dn_carry__impossible_values__refused)
