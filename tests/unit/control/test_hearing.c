/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, in a namespace of its own.
 */
#include "hearing.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../nft/logged.h"
#include "alone.h"
#include "daemon_rig.h"
#include "flood.h"
#include "unit.h"

static struct daemon_rig r;
static struct ps_error err;

/* false: it cannot be tried here. */
static bool begin(const char *prefix)
{
    if (!unit_alone() || !logged_begin(prefix, err.text, sizeof err.text)) {
        fprintf(stderr, "%s: not tried\n", err.text);
        return false;
    }
    daemon_rig_init_with(&r, 0);
    for (unsigned i = 0; i < 2; i++)
        r.ports[i].device = "lo";
    r.daemon.enforcing.shape = PS_NFT_ROUTED;
    if (ps_hearing_begin(&r.daemon, &err))
        return true;
    fprintf(stderr, "%s: not tried\n", err.text);
    daemon_rig_fini(&r);
    return false;
}

static void end(void)
{
    ps_hearing_fini(&r.daemon.hearing);
    daemon_rig_fini(&r);
}

static void hear(void)
{
    struct pollfd fd = {.fd = ps_hearing_fd(&r.daemon.hearing), .events = POLLIN};
    ck_assert_int_ge(poll(&fd, 1, 20000), 0);
    ps_hearing_step(&r.daemon);
}

static const char *told(const char *key)
{
    const char *text = json_string_value(json_object_get(r.told, key));
    return text != NULL ? text : "";
}

static json_int_t number(const char *key)
{
    json_t *o = ps_hearing_json(&r.daemon.hearing);
    json_int_t n = json_integer_value(json_object_get(o, key));
    json_decref(o);
    return n;
}

START_TEST(test_ps_hearing_step__refused__told_by_the_policy_whose_rules_these_are)
{
    if (!begin("penstock main no-rule drop "))
        return;
    const struct ps_policy *policy = daemon_rig_publish(&r, NULL);
    r.daemon.enforcing.policy = policy->generation;
    logged_send(1);
    hear();
    ck_assert_str_eq(told("kind"), "deny");
    ck_assert_str_eq(told("reason"), "no-rule");
    ck_assert_str_eq(told("conduit"), "main");
    ck_assert_str_eq(told("digest"), policy->loaded.digest);
    ck_assert_str_eq(told("flow"), "udp"); /* nobody uses such addresses on a wire, so its ports were not read */
    ck_assert_int_eq(number("heard"), 1);
    end();
}
END_TEST

START_TEST(test_ps_hearing_step__no_policy__told_without_names)
{
    if (!begin("penstock - no-policy drop "))
        return;
    logged_send(1);
    hear();
    ck_assert_str_eq(told("reason"), "no-policy");
    ck_assert_ptr_null(json_object_get(r.told, "digest"));
    end();
}
END_TEST

START_TEST(test_ps_hearing_second__more_than_fits__told_once)
{
    if (!begin("penstock main no-rule drop "))
        return;
    r.daemon.journal.flood = ps_flood_new();
    logged_send(20000);
    for (int i = 0; i < 1000; i++)
        ps_hearing_step(&r.daemon);
    ps_hearing_second(&r.daemon);
    ck_assert_str_eq(told("kind"), "overload");
    ck_assert_str_eq(told("did"), "log");
    ck_assert_int_gt(json_integer_value(json_object_get(r.told, "lost")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(r.told, "in_all")), number("lost"));
    uint64_t n_events = r.daemon.journal.n_events;
    ps_hearing_second(&r.daemon);
    ck_assert_uint_eq(r.daemon.journal.n_events, n_events);
    end();
}
END_TEST

START_TEST(test_ps_hearing_begin__group_that_another_reads__says_so)
{
    if (!begin("penstock main no-rule drop "))
        return;
    struct ps_refusals *first = r.daemon.hearing.refusals;
    ck_assert(!ps_hearing_begin(&r.daemon, &err));
    ck_assert_msg(strstr(err.text, "another program") != NULL, "%s", err.text);
    r.daemon.hearing.refusals = first;
    end();
}
END_TEST

START_TEST(test_ps_hearing__penstockd_judges__nothing)
{
    daemon_rig_init(&r);
    ck_assert_int_eq(ps_hearing_fd(&r.daemon.hearing), -1);
    ps_hearing_step(&r.daemon);
    ps_hearing_second(&r.daemon);
    json_t *o = ps_hearing_json(&r.daemon.hearing);
    ck_assert(json_is_null(o));
    json_decref(o);
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/hearing", test_ps_hearing_step__refused__told_by_the_policy_whose_rules_these_are,
          test_ps_hearing_step__no_policy__told_without_names, test_ps_hearing_second__more_than_fits__told_once,
          test_ps_hearing_begin__group_that_another_reads__says_so, test_ps_hearing__penstockd_judges__nothing)
