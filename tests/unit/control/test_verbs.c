/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "daemon_rig.h"
#include "unit.h"

static struct daemon_rig r;

static void refused(const char *members, bool may_change, const char *why)
{
    daemon_rig_ask(&r, members, may_change);
    ck_assert_msg(r.refusal[0] != '\0' && strstr(r.refusal, why) != NULL, "%s: %s", members, r.refusal);
    ck_assert_uint_eq(r.n_replies, 1);
    ck_assert_uint_eq(r.client, 7);
}

static void answered(const char *members)
{
    daemon_rig_ask(&r, members, false);
    ck_assert_msg(r.refusal[0] == '\0' && r.n_replies == 1, "%s: %s", members, r.refusal);
}

START_TEST(test_ps_daemon_request__who_may_only_look__changes_nothing)
{
    static const char *const verbs[] = {"\"verb\":\"reload\"", "\"verb\":\"confirm\"", "\"verb\":\"island\",\"on\":true",
                                        "\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"monitor\"", "\"verb\":\"shutdown\""};
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        refused(verbs[i], false, "user otto may look but not change: only root and members of the group penstock-admin");
    ck_assert(!r.daemon.stopping && !r.daemon.island.all && r.daemon.reload.state == PS_RELOAD_IDLE);
    ck_assert_uint_eq(json_object_size(r.daemon.island.modes), 0);
    ck_assert_ptr_null(r.told);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_daemon_request__who_may_only_look__sees_everything)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    answered("\"verb\":\"status\"");
    ck_assert_str_eq(daemon_rig_said(&r, "gateway"), "\"gw\"");
    answered("\"verb\":\"conduits\"");
    ck_assert_str_eq(daemon_rig_said(&r, "conduits.0.conduit"), "\"main\"");
    answered("\"verb\":\"counters\"");
    ck_assert_str_eq(daemon_rig_said(&r, "events"), "0");
    answered("\"verb\":\"reasons\"");
    ck_assert_str_eq(daemon_rig_said(&r, "reasons"), "[]");
    answered("\"verb\":\"flows\"");
    ck_assert_str_eq(daemon_rig_said(&r, "more"), "false");
    answered("\"verb\":\"events\"");
    ck_assert_str_eq(daemon_rig_said(&r, "last"), "[]");
    ck_assert_uint_eq(r.n_followers, 0);
    answered("\"verb\":\"events\",\"follow\":true");
    ck_assert_uint_eq(r.n_followers, 1);
    answered("\"verb\":\"explain\"");
    ck_assert(r.with_fd);
    ck_assert_str_eq(daemon_rig_said(&r, "generation"), "1");
    ck_assert_str_eq(daemon_rig_said(&r, "origin"), "\"plant.conf\"");
    ck_assert_str_eq(daemon_rig_said(&r, "island.all"), "false");
    ck_assert_ptr_nonnull(strstr(daemon_rig_said(&r, "digest"), r.daemon.policies.current->loaded.digest));
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_daemon_request__mistakes__a_sentence)
{
    static const struct {
        const char *members, *why;
    } rows[] = {
        {"\"verb\":\"stauts\"", "there is no verb \"stauts\""},
        {"\"verb\":\"\"", "there is no verb \"\""},
        {"\"verb\":\"flows\",\"max\":-1", "\"max\" is a number from 0 to 20000"},
        {"\"verb\":\"flows\",\"max\":20001", "\"max\" is a number from 0 to 20000"},
        {"\"verb\":\"flows\",\"max\":\"7\"", "\"max\" is a number from 0 to 20000"},
        {"\"verb\":\"flows\",\"max\":1.5", "\"max\" is a number from 0 to 20000"},
        {"\"verb\":\"trace\",\"packets\":4294967296", "\"packets\" is a number from 0 to"},
        {"\"verb\":\"trace\",\"seconds\":3601", "\"seconds\" is a number from 0 to 3600"},
        {"\"verb\":\"reload\",\"confirm\":86401", "\"confirm\" is a number from 0 to 86400"},
        {"\"verb\":\"confirm\"", "there is nothing to confirm"},
        {"\"verb\":\"island\"", "\"on\" is true or false"},
        {"\"verb\":\"island\",\"on\":\"true\"", "\"on\" is true or false"},
        {"\"verb\":\"island\",\"on\":true,\"zone\":\"ops\",\"conduit\":\"main\"", "name a zone or a conduit, not both"},
        {"\"verb\":\"mode\",\"mode\":\"monitor\"", "\"conduit\" and \"mode\" are needed"},
        {"\"verb\":\"mode\",\"conduit\":\"main\"", "\"conduit\" and \"mode\" are needed"},
        {"\"verb\":\"mode\",\"conduit\":7,\"mode\":\"monitor\"", "\"conduit\" and \"mode\" are needed"},
    };
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].members, true, rows[i].why);
    answered("\"verb\":\"flows\",\"max\":null");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_daemon_request__no_policy__said_where_there_must_be_one)
{
    daemon_rig_init(&r);
    refused("\"verb\":\"conduits\"", false, "no policy is in force; penstock status says why");
    refused("\"verb\":\"explain\"", false, "no policy is in force; penstock status says why");
    answered("\"verb\":\"status\"");
    answered("\"verb\":\"flows\"");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_daemon_request__shutdown__answered_told_and_done)
{
    daemon_rig_init(&r);
    daemon_rig_ask(&r, "\"verb\":\"shutdown\"", true);
    ck_assert(r.daemon.stopping && r.n_replies == 1);
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "did")), "shutdown");
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "who")), "otto");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_daemon_request__no_workers__what_no_engine_answers_is_said)
{
    daemon_rig_init_with(&r, 0);
    daemon_rig_publish(&r, NULL);
    refused("\"verb\":\"flows\"", false, "not with io = \"fake\": the kernel judges alone, and flows asks penstockd's own engine");
    refused("\"verb\":\"trace\"", false, "not with io = \"fake\"");
    answered("\"verb\":\"status\"");
    answered("\"verb\":\"conduits\"");
    answered("\"verb\":\"counters\"");
    answered("\"verb\":\"reasons\"");
    answered("\"verb\":\"explain\"");
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/verbs", test_ps_daemon_request__who_may_only_look__changes_nothing,
          test_ps_daemon_request__who_may_only_look__sees_everything, test_ps_daemon_request__mistakes__a_sentence,
          test_ps_daemon_request__no_policy__said_where_there_must_be_one,
          test_ps_daemon_request__shutdown__answered_told_and_done,
          test_ps_daemon_request__no_workers__what_no_engine_answers_is_said)
