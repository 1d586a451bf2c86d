/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, in a namespace of its own, in a shape that needs no netdevs. That the rules do what they say is for
 * tests/net.
 */
#include "enforcing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alone.h"
#include "clock.h"
#include "daemon_rig.h"
#include "push.h"
#include "unit.h"

static struct daemon_rig r;
static struct ps_push *other; /* somebody else's hands */
static struct ps_error err;
static struct ps_push_drifts drifts;

static bool on_publish(void *ctx, struct ps_policy *policy, struct ps_error *why)
{
    struct ps_daemon *daemon = ctx;
    ps_island_apply(&daemon->island, policy, ps_policies_n_slots(&daemon->policies));
    return ps_enforcing_policy(daemon, policy, why);
}

/* false: it cannot be tried here. */
static bool begin(void)
{
    if (!unit_alone())
        return false;
    daemon_rig_init_with(&r, 0);
    r.daemon.policies.on_publish = on_publish;
    r.daemon.enforcing.shape = PS_NFT_ROUTED;
    r.daemon.enforcing.lock = -1;
    if (!ps_enforcing_begin(&r.daemon, &err)) {
        fprintf(stderr, "%s: not tried\n", err.text);
        daemon_rig_fini(&r);
        return false;
    }
    other = ps_push_open(err.text, sizeof err.text);
    ck_assert_ptr_nonnull(other);
    return true;
}

static void end(void)
{
    ps_push_close(other);
    ps_enforcing_fini(&r.daemon.enforcing);
    daemon_rig_fini(&r);
}

static const char *told(const char *key)
{
    const char *text = json_string_value(json_object_get(r.daemon.journal.server != NULL ? r.told : NULL, key));
    return text != NULL ? text : "";
}

static bool has(const char *what)
{
    const struct ps_nft_ruleset *ruleset = &r.daemon.enforcing.nft.ruleset;
    for (uint32_t i = 0; i < ruleset->n_counters; i++)
        if (strcmp(ruleset->counters[i].name, what) == 0)
            return true;
    return false;
}

static uint32_t n_drifts(void)
{
    ck_assert_msg(ps_push_compare(other, &r.daemon.enforcing.nft.ruleset, &drifts, err.text, sizeof err.text), "%s", err.text);
    return drifts.n;
}

/* Turns of the control thread, until it has found what there is to find. */
static void step(bool (*until)(void))
{
    for (int i = 0; i < 2000 && !until(); i++) {
        ps_enforcing_step(&r.daemon);
        usleep(10000);
    }
    ck_assert(until());
}

static bool is_compared(void)
{
    return r.daemon.enforcing.compared;
}

static bool is_put_back(void)
{
    return r.daemon.enforcing.n_repairs > 0 && is_compared();
}

START_TEST(test_ps_enforcing_begin__nothing_there__nothing_passes_until_there_is_a_policy)
{
    if (!begin())
        return;
    ck_assert(has("drop/no-policy"));
    ck_assert_uint_eq(n_drifts(), 0);
    ps_enforcing_first(&r.daemon);
    ck_assert(has("drop/no-policy"));
    daemon_rig_publish(&r, NULL);
    ck_assert(has("pass/main/poll") && !has("drop/no-policy"));
    ck_assert_uint_eq(n_drifts(), 0);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_begin__rules_of_an_earlier_run__go_on_until_replaced)
{
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    struct ps_nft before = r.daemon.enforcing.nft;
    r.daemon.enforcing.nft = (struct ps_nft){0};
    ps_enforcing_fini(&r.daemon.enforcing); /* killed */
    r.daemon.enforcing.shape = PS_NFT_ROUTED;
    ck_assert_msg(ps_enforcing_begin(&r.daemon, &err), "%s", err.text);
    ck_assert_msg(ps_push_compare(other, &before.ruleset, &drifts, err.text, sizeof err.text) && drifts.n == 0, "%s",
                  drifts.items[0].text);
    daemon_rig_publish(&r, NULL);
    ck_assert_uint_eq(n_drifts(), 0);
    ps_nft_fini(&before);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_begin__somebody_else_has_the_table__says_who)
{
    struct ps_enforcing first;
    char expected[64];

    if (!begin())
        return;
    first = r.daemon.enforcing;
    r.daemon.enforcing = (struct ps_enforcing){.shape = PS_NFT_ROUTED, .lock = -1};
    ck_assert(!ps_enforcing_begin(&r.daemon, &err));
    snprintf(expected, sizeof expected, "another penstockd, process %d has io = \"nft\"", (int)getpid());
    ck_assert_msg(strstr(err.text, expected) != NULL, "%s", err.text);
    r.daemon.enforcing = first;
    end();
}
END_TEST

START_TEST(test_ps_enforcing_policy__ports_of_the_plant_file_that_are_not_here__the_one_before_stays)
{
    if (!begin())
        return;
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    struct ps_loaded loaded;
    daemon_rig_load(daemon_rig_plant, &loaded);
    r.config.n_ports = 1;
    ck_assert_ptr_null(ps_policies_publish(&r.daemon.policies, &loaded, "x", &err));
    ck_assert_msg(strstr(err.text, "has port \"p1\", and ports of penstockd.conf does not") != NULL, "%s", err.text);
    ck_assert_ptr_eq(r.daemon.policies.current, policy);
    r.config.n_ports = 2;
    ck_assert_uint_eq(n_drifts(), 0);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_changed__island_and_mode__are_in_the_rules)
{
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true,\"conduit\":\"main\"", true);
    ps_island_step(&r.daemon);
    ck_assert_str_eq(r.refusal, "");
    ck_assert(has("refuse/main/island") && has("refuse/watched/no-rule"));
    ck_assert_uint_eq(n_drifts(), 0);
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":false", true);
    ps_island_step(&r.daemon);
    ck_assert(has("refuse/main/no-rule"));
    end();
}
END_TEST

static bool is_in_force(void)
{
    return !r.daemon.enforcing.late;
}

START_TEST(test_ps_enforcing_changed__not_taken__said_and_tried_until_it_is)
{
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    r.config.n_ports = 1; /* no rules can be made of that */
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true", true);
    ck_assert_msg(strstr(r.refusal, "has port \"p1\"") != NULL, "%s", r.refusal);
    ck_assert(has("refuse/main/no-rule"));
    json_decref(r.reply);
    r.reply = ps_enforcing_json(&r.daemon);
    ck_assert_str_eq(daemon_rig_said(&r, "state"), "\"broken\"");
    ck_assert_ptr_nonnull(strstr(daemon_rig_said(&r, "why"), "has port"));
    r.config.n_ports = 2;
    step(is_in_force);
    ck_assert(has("refuse/main/island"));
    ck_assert_str_eq(told("what"), "in force again");
    ck_assert_uint_eq(n_drifts(), 0);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_step__table_gone__put_back_and_told_once_with_what_differed)
{
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    step(is_compared);
    ck_assert_uint_eq(r.daemon.enforcing.n_repairs, 0);
    ck_assert(ps_push_remove(other, &r.daemon.enforcing.nft.ruleset, err.text, sizeof err.text));
    uint64_t n_events = r.daemon.journal.n_events;
    step(is_put_back);
    ck_assert_uint_eq(n_drifts(), 0);
    ck_assert_str_eq(told("did"), "rules");
    ck_assert_str_eq(told("what"), "found changed, and put back");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(r.told, "differs"), 0)), "table penstock is missing");
    ck_assert_int_eq(json_integer_value(json_object_get(r.told, "differences")), 1);
    ck_assert_uint_eq(r.daemon.journal.n_events, n_events + 1);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_step__long_to_read__rests_before_it_looks_again)
{
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    step(is_compared);
    ck_assert(ps_push_remove(other, &r.daemon.enforcing.nft.ruleset, err.text, sizeof err.text));
    r.daemon.enforcing.compared_ns = ps_clock_steady() - PS_NS_PER_S;
    r.daemon.enforcing.took_ns = 100 * PS_NS_PER_S;
    r.daemon.enforcing.looked_ns = 0;
    ps_enforcing_step(&r.daemon);
    ck_assert_uint_eq(r.daemon.enforcing.n_repairs, 0);
    r.daemon.enforcing.took_ns = 1;
    r.daemon.enforcing.looked_ns = 0;
    ps_enforcing_step(&r.daemon);
    ck_assert_uint_eq(r.daemon.enforcing.n_repairs, 1);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_step__dead_man__refreshed_and_no_drift)
{
    if (!begin())
        return;
    r.config.dead_man_s = 5;
    daemon_rig_publish(&r, NULL);
    ck_assert_uint_ne(r.daemon.enforcing.alive, PS_NFT_NONE);
    step(is_compared);
    uint32_t before = r.daemon.enforcing.generation;
    for (int i = 0; i < 500 && r.daemon.enforcing.generation == before; i++) {
        ps_enforcing_step(&r.daemon);
        usleep(10000);
    }
    ck_assert_uint_gt(r.daemon.enforcing.generation, before);
    ck_assert_uint_eq(r.daemon.enforcing.n_repairs, 0);
    end();
}
END_TEST

START_TEST(test_ps_enforcing_carry__other_rules__counters_of_the_same_name_go_on)
{
    struct ps_nft_counter before[] = {{.name = (char *)(uintptr_t)"b"}, {.name = (char *)(uintptr_t)"a"}};
    struct ps_nft_counter after[] = {{.name = (char *)(uintptr_t)"a"}, {.name = (char *)(uintptr_t)"c"}, {.name = (char *)(uintptr_t)"b"}};
    const struct ps_nft next = {.ruleset = {.counters = after, .n_counters = 3}};
    struct ps_enforcing enforcing = {.nft.ruleset = {.counters = before, .n_counters = 2}};

    enforcing.counts = calloc(2, sizeof *enforcing.counts);
    ck_assert_ptr_nonnull(enforcing.counts);
    enforcing.counts[0].packets = 7;
    enforcing.counts[1].packets = 9;
    ps_enforcing_carry(&enforcing, &next);
    ck_assert_uint_eq(enforcing.counts[0].packets, 9);
    ck_assert_uint_eq(enforcing.counts[1].packets, 0);
    ck_assert_uint_eq(enforcing.counts[2].packets, 7);
    free(enforcing.counts);
}
END_TEST

START_TEST(test_ps_enforcing_json__in_force__shape_and_what_becomes_of_rules)
{
    json_t *none;

    daemon_rig_init(&r);
    none = ps_enforcing_json(&r.daemon);
    ck_assert(json_is_null(none));
    json_decref(none);
    daemon_rig_fini(&r);
    if (!begin())
        return;
    daemon_rig_publish(&r, NULL);
    json_decref(r.reply);
    r.reply = ps_enforcing_json(&r.daemon);
    ck_assert_str_eq(daemon_rig_said(&r, "shape"), "\"routed\"");
    ck_assert_str_eq(daemon_rig_said(&r, "state"), "\"in force\"");
    ck_assert_str_eq(daemon_rig_said(&r, "why"), "null");
    ck_assert_int_eq(atoi(daemon_rig_said(&r, "rules.exact")) + atoi(daemon_rig_said(&r, "rules.part")) +
                         atoi(daemon_rig_said(&r, "rules.octets")), 1);
    ck_assert_int_gt(atoi(daemon_rig_said(&r, "unseen")), 3);
    end();
}
END_TEST

UNIT_MAIN("control/enforcing", test_ps_enforcing_begin__nothing_there__nothing_passes_until_there_is_a_policy,
          test_ps_enforcing_begin__rules_of_an_earlier_run__go_on_until_replaced,
          test_ps_enforcing_begin__somebody_else_has_the_table__says_who,
          test_ps_enforcing_policy__ports_of_the_plant_file_that_are_not_here__the_one_before_stays,
          test_ps_enforcing_changed__island_and_mode__are_in_the_rules,
          test_ps_enforcing_changed__not_taken__said_and_tried_until_it_is,
          test_ps_enforcing_step__table_gone__put_back_and_told_once_with_what_differed,
          test_ps_enforcing_step__long_to_read__rests_before_it_looks_again,
          test_ps_enforcing_step__dead_man__refreshed_and_no_drift,
          test_ps_enforcing_carry__other_rules__counters_of_the_same_name_go_on,
          test_ps_enforcing_json__in_force__shape_and_what_becomes_of_rules)
