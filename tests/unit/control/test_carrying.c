/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrying.h"

#include <string.h>

#include "daemon_rig.h"
#include "unit.h"

static struct daemon_rig r;

START_TEST(test_ps_carrying_policy__published__its_state_counts)
{
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    ps_carrying_policy(&r.daemon, policy);
    ck_assert_uint_eq(r.carry_state, ps_policy_slot_state(policy->slots[0]));
    ck_assert_uint_eq(r.carry_state, ps_policy_slot_state(policy->slots[1]));
    ck_assert_uint_eq(r.n_carry_for, 1);
    ps_carrying_second(&r.daemon);
    ck_assert_uint_eq(r.n_carry_for, 1);
    ck_assert_ptr_null(r.told);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_carrying_policy__cannot_be_said__told_once_and_tried_again)
{
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    r.carry_fails = true;
    ps_carrying_policy(&r.daemon, policy);
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "did")), "carry");
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "error")), "no socket");
    uint64_t told = r.daemon.journal.n_events;
    ps_carrying_second(&r.daemon);
    ck_assert_uint_eq(r.n_carry_for, 2);
    ck_assert_uint_eq(r.daemon.journal.n_events, told);
    r.carry_fails = false;
    ps_carrying_second(&r.daemon);
    ps_carrying_second(&r.daemon);
    ck_assert_uint_eq(r.n_carry_for, 3);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_carrying__closed_by_hand__another_state)
{
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    daemon_rig_settle(&r);
    ps_carrying_policy(&r.daemon, policy);
    uint32_t before = r.carry_state;
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true", true);
    ck_assert_uint_eq(r.n_carry_for, 2);
    ck_assert_uint_ne(r.carry_state, before);
    ck_assert_uint_eq(r.carry_state, ps_policy_slot_state(policy->slots[1]));
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_carrying_json__carried__how_much)
{
    daemon_rig_init(&r);
    r.reply = ps_carrying_json(&r.daemon);
    ck_assert(json_is_null(r.reply));
    r.carries = true;
    r.reply = ps_carrying_json(&r.daemon);
    ck_assert_str_eq(daemon_rig_said(&r, "packets"), "12");
    ck_assert_str_eq(daemon_rig_said(&r, "octets"), "1200");
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/carrying", test_ps_carrying_policy__published__its_state_counts,
          test_ps_carrying_policy__cannot_be_said__told_once_and_tried_again,
          test_ps_carrying__closed_by_hand__another_state, test_ps_carrying_json__carried__how_much)
