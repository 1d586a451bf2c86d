/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../carried.h"

#include "rig.h"
#include "unit.h"

static struct carried carried;

START_TEST(test_mb_carry__requests_wait__their_replies_still_pair)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0002"), PS_REASON_NONE);
    ck_reason(ask(&rig, 2, "06 0029 0384"), PS_REASON_NONE);
    carried_on(&carried, &ps_modbus, &rig.dialog);
    ck_assert_uint_eq(rig.state.n_pending, 2);
    ck_reason(answer(&rig, 2, "06 0029 0385"), PS_REASON_MODBUS_REPLY);
    ck_reason(answer(&rig, 2, "06 0029 0384"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "03 04 0001 0002"), PS_REASON_NONE);
    ck_reason(answer(&rig, 1, "03 04 0001 0002"), PS_REASON_MODBUS_UNSOLICITED);
}
END_TEST

/* A reservation goes on: its key is judged. */
START_TEST(test_mb_carry__umas_session__goes_on)
{
    struct rig rig;
    rig_init(&rig);
    rig.state.umas_size = MB_UMAS_SIZE_MAX;
    rig.state.umas_key = 7;
    rig.state.flags = MB_PAIRED | MB_RESERVED | MB_KEY_KNOWN;
    carried_on(&carried, &ps_modbus, &rig.dialog);
    ck_assert_uint_eq(rig.state.umas_size, MB_UMAS_SIZE_MAX);
    ck_assert_uint_eq(rig.state.umas_key, 7);
    ck_assert_uint_eq(rig.state.flags, MB_PAIRED | MB_RESERVED | MB_KEY_KNOWN);
}
END_TEST

START_TEST(test_mb_carry__full_state__fits)
{
    struct rig rig;
    rig_init(&rig);
    rig.state.n_pending = MB_OUTSTANDING_MAX;
    carried_on(&carried, &ps_modbus, &rig.dialog);
}
END_TEST

START_TEST(test_mb_carry__impossible_values__refused)
{
    struct rig rig;
    rig_init(&rig);
    ck_reason(ask(&rig, 1, "03 0000 0002"), PS_REASON_NONE);
    carried_on(&carried, &ps_modbus, &rig.dialog);
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 0, 0x05)); /* size */
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 3, 0x10)); /* flags */
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 4, MB_OUTSTANDING_MAX + 1));
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 4, 0)); /* octets are left */
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 13, 1)); /* time */
    ck_assert(carried_refused(&carried, &ps_modbus, &rig.dialog, 28, MB_N_ROWS));
}
END_TEST

UNIT_MAIN("modbus/carry", test_mb_carry__requests_wait__their_replies_still_pair, test_mb_carry__umas_session__goes_on,
          test_mb_carry__full_state__fits, test_mb_carry__impossible_values__refused)
