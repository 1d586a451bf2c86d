/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show.h"

#include <string.h>

#include "clock.h"
#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;

static void show(json_t *(*what)(struct ps_daemon *))
{
    json_decref(r.reply);
    r.reply = what(&r.daemon);
}

static void ck_said(const char *path, const char *text)
{
    ck_assert_msg(strcmp(daemon_rig_said(&r, path), text) == 0, "%s: %s", path, daemon_rig_said(&r, path));
}

static void talk(bool writes)
{
    r.packets.port = PS_PORT_UNKNOWN;
    struct talk t = talk_between(&r.packets, HMI, PLC, 502);
    talk_open(&t);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&t, PS_TO_CLIENT, READ_REPLY);
    if (writes)
        talk_hex(&t, PS_TO_SERVER, WRITE_REQUEST);
    r.packets.engine = ps_crew_engine(r.daemon.crew, 1);
    t = talk_between(&r.packets, PROBE, PLC, 502);
    talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, "");
}

START_TEST(test_ps_show_status__no_policy__why)
{
    daemon_rig_init(&r);
    r.daemon.started_ns = ps_clock_calendar() - 3600 * PS_NS_PER_S;
    r.daemon.reload.broken = strdup("line 7 is wrong");
    show(ps_show_status);
    ck_said("gateway", "\"gw\"");
    ck_said("io", "\"fake\"");
    ck_said("policy", "null");
    ck_said("plant_error", "\"line 7 is wrong\"");
    ck_said("conduits", "{\"enforce\":0,\"monitor\":0,\"closed\":0}");
    ck_said("ports.0.name", "\"p0\"");
    ck_said("ports.0.device", "\"eth1\"");
    ck_said("ports.0.link", "true");
    ck_said("ports.0.rx_lost", "3");
    ck_said("ports.1.link", "false");
    ck_said("ports.1.rx_packets", "11");
    ck_said("ports.1.rx_lost", "null"); /* nobody knows */
    ck_said("workers.1.busy_percent", "0");
    ck_said("use.flows_max", "128");
    ck_said("sinks", "[]");
    ck_said("last_refusal", "");
    ck_assert(json_integer_value(json_object_get(r.reply, "up_s")) >= 3600);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_show_status__policy_in_force__which_and_what_of_it)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    talk(false);
    r.daemon.busy_percent[1] = 71;
    show(ps_show_status);
    ck_said("policy.site", "\"rig\"");
    ck_said("policy.revision", "7");
    ck_said("policy.generation", "1");
    ck_said("policy.origin", "\"plant.conf\"");
    ck_said("policy.confirm_within_s", "");
    ck_said("plant_error", "");
    ck_said("conduits", "{\"enforce\":1,\"monitor\":1,\"closed\":0}");
    ck_said("workers.1.busy_percent", "71");
    ck_said("use.flows", "2"); /* of both workers */
    ck_said("use.relays", "1");
    for (uint32_t w = 0; w < 2; w++)
        ps_policy_slot_close(r.daemon.policies.current->slots[w], 0, true);
    r.daemon.reload.confirm_by_ns = ps_clock_steady() + 60 * PS_NS_PER_S;
    show(ps_show_status);
    ck_said("conduits", "{\"enforce\":0,\"monitor\":1,\"closed\":1}");
    ck_assert_str_ne(daemon_rig_said(&r, "policy.confirm_within_s"), "");
    for (uint32_t w = 0; w < 2; w++)
        ps_policy_slot_close(r.daemon.policies.current->slots[w], 1, true);
    show(ps_show_status);
    ck_said("conduits", "{\"enforce\":0,\"monitor\":0,\"closed\":2}");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_show_conduits__what_crossed__by_rule_and_reason)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    talk(true);
    show(ps_show_conduits);
    ck_said("generation", "1");
    ck_said("conduits.0.conduit", "\"main\"");
    ck_said("conduits.0.from", "\"ops\"");
    ck_said("conduits.0.to", "\"ctl\"");
    ck_said("conduits.0.mode", "\"enforce\"");
    ck_said("conduits.0.closed", "false");
    ck_said("conduits.0.flows", "1");
    ck_said("conduits.0.allowed_by_rule", "{\"poll\":1}");
    ck_said("conduits.0.denied_by_reason", "{\"no-rule\":1}");
    ck_said("conduits.1.mode", "\"monitor\"");
    ck_said("conduits.2", "");
    ck_said("no_conduit.denied", "0");
    ck_said("no_conduit.from", "");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_show_counters__two_workers__sums)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    talk(true);
    r.daemon.journal.n_events = 12;
    show(ps_show_counters);
    ck_said("engine.packets", "7");
    ck_said("denied_by_reason.no-rule", "2");
    ck_said("pdus.modbus.allowed", "2");
    ck_said("pdus.modbus.denied", "1");
    ck_said("ports.1.rx_packets", "11");
    ck_said("events", "12");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_show_reasons__refusals__those_that_there_were)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    show(ps_show_reasons);
    ck_said("reasons", "[]");
    talk(true);
    show(ps_show_reasons);
    ck_said("reasons.0.reason", "\"no-rule\"");
    ck_said("reasons.0.count", "2");
    ck_said("reasons.0.class", "\"policy\"");
    ck_assert_str_ne(daemon_rig_said(&r, "reasons.0.sentence"), "");
    ck_said("reasons.1", "");
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/show", test_ps_show_status__no_policy__why,
          test_ps_show_status__policy_in_force__which_and_what_of_it,
          test_ps_show_conduits__what_crossed__by_rule_and_reason, test_ps_show_counters__two_workers__sums,
          test_ps_show_reasons__refusals__those_that_there_were)
