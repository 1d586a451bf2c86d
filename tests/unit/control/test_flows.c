/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flows.h"

#include <string.h>

#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;

/* hmi reads, and eng is refused; probe is watched by the other worker. */
static void begin(void)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    r.packets.port = PS_PORT_UNKNOWN;
    struct talk t = talk_between(&r.packets, HMI, PLC, 502), other = talk_between(&r.packets, PROBE, PLC, 502);
    talk_open(&t);
    talk_hex(&t, PS_TO_SERVER, READ_REQUEST);
    t = talk_between(&r.packets, ENG, PLC, 80);
    talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, "");
    r.packets.engine = ps_crew_engine(r.daemon.crew, 1);
    talk_at(&other, PS_TO_SERVER, 0, PS_TCP_SYN, "");
}

static json_t *flows(uint32_t max, const char *conduit)
{
    struct ps_error err = {""};
    json_decref(r.reply);
    r.reply = ps_flows_json(&r.daemon, max, conduit, &err);
    ck_assert_msg(r.reply != NULL, "%s", err.text);
    return json_object_get(r.reply, "flows");
}

static void ck_said(const char *path, const char *text)
{
    ck_assert_msg(strcmp(daemon_rig_said(&r, path), text) == 0, "%s: %s", path, daemon_rig_said(&r, path));
}

START_TEST(test_ps_flows_json__connections_of_two_workers__who_what_and_how)
{
    begin();
    ck_assert_uint_eq(json_array_size(flows(1000, NULL)), 3);
    ck_said("more", "false");
    ck_assert_uint_eq(json_array_size(flows(1000, "main")), 2);
    unsigned open = strcmp(daemon_rig_said(&r, "flows.0.state"), "\"open\"") == 0 ? 0 : 1;
    json_t *list = json_array();
    json_array_append(list, json_array_get(json_object_get(r.reply, "flows"), open));
    json_array_append(list, json_array_get(json_object_get(r.reply, "flows"), 1 - open));
    json_object_set_new(r.reply, "flows", list);
    ck_said("flows.0.client", "{\"address\":\"10.0.1.10\",\"port\":40000,\"asset\":\"hmi\"}");
    ck_said("flows.0.server", "{\"address\":\"10.0.2.10\",\"port\":502,\"asset\":\"plc\"}");
    ck_said("flows.0.flow", "\"tcp/502\"");
    ck_said("flows.0.protocol", "\"modbus\"");
    ck_said("flows.0.conduit", "\"main\"");
    ck_said("flows.0.inline", "true");
    ck_said("flows.0.monitored", "false");
    ck_said("flows.0.generation", "1");
    ck_said("flows.0.packets", "4");
    ck_said("flows.0.reason", "");
    ck_said("flows.1.state", "\"refused\"");
    ck_said("flows.1.reason", "\"no-rule\"");
    ck_said("flows.1.client.asset", "\"eng\"");
    flows(1000, "watched");
    ck_said("flows.0.monitored", "true");
    ck_said("flows.0.client.asset", "");
    ck_said("flows.1", "");
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_flows_json__more_than_asked_for__said)
{
    begin();
    ck_assert_uint_eq(json_array_size(flows(2, NULL)), 2);
    ck_said("more", "true");
    ck_assert_uint_eq(json_array_size(flows(1, "main")), 1); /* of the two that one worker has */
    ck_said("more", "true");
    ck_assert_uint_eq(json_array_size(flows(1, "watched")), 1);
    ck_assert_uint_eq(json_array_size(flows(3, NULL)), 3);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_flows_json__unknown_conduit__a_sentence)
{
    struct ps_error err = {""};
    begin();
    ck_assert_ptr_null(ps_flows_json(&r.daemon, 10, "x", &err));
    ck_assert_str_eq(err.text, "there is no conduit \"x\" in the policy in force; penstock conduits lists them");
    daemon_rig_fini(&r);
    daemon_rig_init(&r);
    ck_assert_ptr_null(ps_flows_json(&r.daemon, 10, "main", &err));
    ck_assert_uint_eq(json_array_size(flows(10, NULL)), 0);
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/flows", test_ps_flows_json__connections_of_two_workers__who_what_and_how,
          test_ps_flows_json__more_than_asked_for__said, test_ps_flows_json__unknown_conduit__a_sentence)
