/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policies.h"

#include <string.h>

#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;

static bool fits(const char *gateway, const char *const ports[2], const char *why)
{
    struct ps_loaded loaded;
    struct ps_error err = {""};
    struct ps_policies policies = {.gateway = gateway, .ports = ports, .n_ports = 2};
    daemon_rig_load(daemon_rig_plant, &loaded);
    bool good = ps_policies_fits(&policies, &loaded.image, &err);
    ps_loaded_fini(&loaded);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    return good;
}

START_TEST(test_ps_policies_fits__gateway_and_ports__those_of_the_plant_file)
{
    static const char *const as_there[] = {"p1", "p0"}, *const others[] = {"p0", "p2"};
    ck_assert(fits("gw", as_there, ""));
    ck_assert(!fits("gw-2", as_there, "has no \"gw-2\"; add it, or change gateway in penstockd.conf"));
    ck_assert(!fits("gw", others, "gateway \"gw\" of the plant file has no port \"p2\""));
}
END_TEST

static enum ps_verdict syn(void)
{
    struct talk t = talk_between(&r.packets, HMI, PLC, 502);
    return talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, "").verdict;
}

START_TEST(test_ps_policies_publish__one_after_another__the_newest_judges_and_the_older_one_goes)
{
    daemon_rig_init(&r);
    ck_assert_int_eq(syn(), PS_VERDICT_DROP);
    const struct ps_policy *first = daemon_rig_publish(&r, NULL);
    ck_assert_uint_eq(first->generation, 1);
    ck_assert_ptr_eq(r.daemon.policies.current, first);
    ck_assert_int_eq(syn(), PS_VERDICT_PASS);
    daemon_rig_settle(&r);
    const struct ps_policy *second = daemon_rig_publish(&r, NULL);
    ck_assert_uint_eq(second->generation, 2);
    ck_assert_ptr_eq(second->older, first);
    ps_policies_retire(&r.daemon.policies);
    ps_policies_retire(&r.daemon.policies);
    ck_assert_ptr_eq(ps_policies_of(&r.daemon.policies, 1), first); /* a flow is of it */
    daemon_rig_settle(&r);
    ps_policies_retire(&r.daemon.policies);
    ck_assert_ptr_eq(ps_policies_of(&r.daemon.policies, 1), first); /* events may be of it */
    ps_policies_retire(&r.daemon.policies);
    ck_assert_ptr_null(ps_policies_of(&r.daemon.policies, 1));
    ck_assert_ptr_eq(ps_policies_of(&r.daemon.policies, 2), second);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_policies_publish__for_another_gateway__the_one_before_goes_on)
{
    struct ps_loaded loaded;
    struct ps_error err = {""};
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    daemon_rig_load(daemon_rig_plant, &loaded);
    r.daemon.policies.gateway = "gw-2";
    ck_assert_ptr_null(ps_policies_publish(&r.daemon.policies, &loaded, "x", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "has no \"gw-2\""));
    ck_assert_ptr_eq(r.daemon.policies.current, policy);
    ck_assert_int_eq(syn(), PS_VERDICT_PASS);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_policy_is_settled__flows_of_the_one_before__when_they_were_judged_again)
{
    struct ps_rejudged rejudged;
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    ck_assert_int_eq(syn(), PS_VERDICT_PASS);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    ck_assert(!ps_policy_is_settled(&r.daemon.policies, policy, &rejudged));
    ps_engine_sweep(ps_crew_engine(r.daemon.crew, 0), PS_SWEEP_MAX);
    ps_engine_sweep(ps_crew_engine(r.daemon.crew, 1), PS_SWEEP_MAX);
    daemon_rig_settle(&r);
    ck_assert(ps_policy_is_settled(&r.daemon.policies, policy, &rejudged));
    ck_assert_uint_eq(rejudged.flows, 1);
    ck_assert_uint_eq(rejudged.refused, 0);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_policy_is_taken_up__a_change__when_every_worker_has)
{
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    daemon_rig_settle(&r);
    ck_assert(ps_policy_is_taken_up(&r.daemon.policies, policy));
    for (uint32_t w = 0; w < 2; w++)
        ps_policy_slot_close(policy->slots[w], 0, true);
    ps_engine_sweep(ps_crew_engine(r.daemon.crew, 0), PS_SWEEP_MAX);
    ck_assert(!ps_policy_is_taken_up(&r.daemon.policies, policy));
    ps_engine_sweep(ps_crew_engine(r.daemon.crew, 1), PS_SWEEP_MAX);
    ck_assert(ps_policy_is_taken_up(&r.daemon.policies, policy));
    daemon_rig_fini(&r);
}
END_TEST

/* hmi reads and writes through both workers. */
static void talk_to_both(void)
{
    for (uint32_t w = 0; w < 2; w++) {
        r.packets.engine = ps_crew_engine(r.daemon.crew, w);
        r.packets.port = PS_PORT_UNKNOWN;
        struct talk t = talk_between(&r.packets, HMI, PLC, 502);
        talk_open(&t);
        talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
        talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
        talk_hex(&t, PS_TO_SERVER, WRITE_REQUEST);
        ps_engine_settle_flows(r.packets.engine, 4096);
    }
}

START_TEST(test_ps_policy_conduit_stats__two_workers__their_sums)
{
    struct ps_conduit_stats conduit;
    struct ps_rule_stats rule;
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    talk_to_both();
    ps_policy_conduit_stats(&r.daemon.policies, policy, 0, &conduit);
    ck_assert_uint_eq(conduit.flows, 2);
    ck_assert_uint_eq(conduit.allowed, 4);
    ck_assert_uint_eq(conduit.replies, 2);
    ck_assert_uint_eq(conduit.denied, 2);
    ck_assert_uint_eq(conduit.monitored, 0);
    ck_assert_uint_ge(conduit.packets, 10);
    ck_assert_uint_eq(conduit.by_reason[PS_REASON_NO_RULE], 2);
    ps_policy_rule_stats(&r.daemon.policies, policy, 0, &rule);
    ck_assert_uint_eq(rule.allowed, 2);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_policies_publish__somebody_does_not_take_it__the_one_before_goes_on)
{
    struct ps_loaded loaded;
    struct ps_error err = {""};
    daemon_rig_init(&r);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    daemon_rig_load(daemon_rig_plant, &loaded);
    r.refuses = true;
    ck_assert_ptr_null(ps_policies_publish(&r.daemon.policies, &loaded, "x", &err));
    ck_assert_str_eq(err.text, "somebody else does not take it");
    ck_assert_ptr_eq(r.daemon.policies.current, policy);
    ck_assert_int_eq(syn(), PS_VERDICT_PASS);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_policies_publish__no_workers__at_once_and_control_counts)
{
    struct ps_conduit_stats conduit = {.denied = 3}, sum;
    struct ps_rule_stats rule = {.allowed = 5}, rules;
    struct ps_rejudged rejudged;
    daemon_rig_init_with(&r, 0);
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    ck_assert(ps_policy_is_settled(&r.daemon.policies, policy, &rejudged));
    ck_assert(ps_policy_is_taken_up(&r.daemon.policies, policy));
    for (int i = 0; i < 2; i++) {
        ps_policy_slot_count_conduit(policy->slots[0], 1, &conduit);
        ps_policy_slot_count_rule(policy->slots[0], 0, &rule);
    }
    ps_policy_conduit_stats(&r.daemon.policies, policy, 1, &sum);
    ck_assert_uint_eq(sum.denied, 6);
    ps_policy_rule_stats(&r.daemon.policies, policy, 0, &rules);
    ck_assert_uint_eq(rules.allowed, 10);
    ck_assert(!ps_policy_slot_is_closed(policy->slots[0], 0));
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true,\"conduit\":\"main\"", true);
    ps_island_step(&r.daemon);
    ck_assert_msg(r.reply != NULL, "%s", r.refusal);
    ck_assert(ps_policy_slot_is_closed(policy->slots[0], 0));
    daemon_rig_publish(&r, NULL);
    ps_policies_retire(&r.daemon.policies);
    ps_policies_retire(&r.daemon.policies);
    ck_assert_ptr_null(ps_policies_of(&r.daemon.policies, 1));
    ck_assert(ps_policy_slot_is_closed(r.daemon.policies.current->slots[0], 0));
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/policies", test_ps_policies_fits__gateway_and_ports__those_of_the_plant_file,
          test_ps_policies_publish__one_after_another__the_newest_judges_and_the_older_one_goes,
          test_ps_policies_publish__for_another_gateway__the_one_before_goes_on,
          test_ps_policies_publish__somebody_does_not_take_it__the_one_before_goes_on,
          test_ps_policies_publish__no_workers__at_once_and_control_counts,
          test_ps_policy_is_settled__flows_of_the_one_before__when_they_were_judged_again,
          test_ps_policy_is_taken_up__a_change__when_every_worker_has,
          test_ps_policy_conduit_stats__two_workers__their_sums)
