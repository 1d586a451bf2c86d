/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracing.h"

#include <string.h>

#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;
static struct talk hmi;

static void begin(const char *members)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    daemon_rig_ask(&r, members, false);
    ck_assert_msg(r.refusal[0] == '\0' && r.n_replies == 0, "%s", r.refusal);
    hmi = talk_between(&r.packets, HMI, PLC, 502);
    r.packets.port = PS_PORT_UNKNOWN;
}

static void step(void)
{
    ps_tracing_step(&r.daemon);
}

static void ck_said(const char *path, const char *text)
{
    ck_assert_msg(strcmp(daemon_rig_said(&r, path), text) == 0, "%s: %s", path, daemon_rig_said(&r, path));
}

START_TEST(test_ps_tracing_step__as_many_as_asked_for__answered_once)
{
    begin("\"verb\":\"trace\",\"packets\":5");
    talk_open(&hmi);
    step();
    ck_assert_uint_eq(r.n_replies, 0);
    talk_hex(&hmi, PS_TO_SERVER, READ_REQUEST);
    talk_hex(&hmi, PS_TO_SERVER, WRITE_REQUEST);
    talk_hex(&hmi, PS_TO_SERVER, READ_REQUEST);
    step();
    ck_assert_uint_eq(r.n_replies, 1);
    ck_assert_uint_eq(r.client, 7);
    ck_assert_uint_eq(json_array_size(json_object_get(r.reply, "packets")), 5);
    ck_said("packets.0.decode.src", "\"10.0.1.10\"");
    ck_said("packets.0.decode.dst_port", "502");
    ck_said("packets.0.flow.opened", "true");
    ck_said("packets.0.flow.conduit", "\"main\"");
    ck_said("packets.0.verdict.verdict", "\"pass\"");
    ck_said("packets.0.inspect", "{\"pdus\":0,\"refused\":0}");
    ck_said("packets.1.flow.direction", "\"to-client\"");
    ck_said("packets.3.inspect.operation", "\"modbus read-holding-registers station=1 holding:40-41\"");
    ck_said("packets.3.inspect.rule", "\"poll\"");
    ck_said("packets.3.flow.client_asset", "\"hmi\"");
    ck_said("packets.4.inspect.reason", "\"no-rule\"");
    ck_said("packets.4.verdict.verdict", "\"drop\"");
    ck_said("packets.4.verdict.reason", "\"no-rule\"");
    step();
    ck_assert_uint_eq(r.n_replies, 1);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tracing_step__time_is_over__what_there_is)
{
    begin("\"verb\":\"trace\",\"seconds\":0");
    talk_at(&hmi, PS_TO_SERVER, 0, PS_TCP_SYN, "");
    step();
    ck_assert_uint_eq(r.n_replies, 1);
    ck_assert_uint_eq(json_array_size(json_object_get(r.reply, "packets")), 1);
    talk_at(&hmi, PS_TO_SERVER, 0, PS_TCP_SYN, ""); /* and nothing is traced any more */
    struct ps_trace trace;
    ck_assert_uint_eq(ps_engine_traces(r.packets.engine, &trace, 1), 0);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tracing_step__as_many_from_each_worker__no_more_than_asked_for)
{
    begin("\"verb\":\"trace\",\"packets\":1");
    for (uint32_t w = 0; w < 2; w++) {
        r.packets.engine = ps_crew_engine(r.daemon.crew, w);
        talk_at(&hmi, PS_TO_SERVER, 0, PS_TCP_SYN, "");
    }
    step();
    ck_assert_uint_eq(json_array_size(json_object_get(r.reply, "packets")), 1);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_tracing_begin__a_conduit_or_an_asset__no_others)
{
    static const char *const wishes[] = {"\"verb\":\"trace\",\"packets\":1,\"conduit\":\"watched\"",
                                         "\"verb\":\"trace\",\"packets\":1,\"asset\":\"eng\""};
    static const uint32_t from[] = {PROBE, ENG};
    static const char *const src[] = {"\"10.0.3.10\"", "\"10.0.1.20\""};
    for (unsigned i = 0; i < 2; i++) {
        begin(wishes[i]);
        talk_at(&hmi, PS_TO_SERVER, 0, PS_TCP_SYN, "");
        step();
        ck_assert_uint_eq(r.n_replies, 0);
        struct talk wanted = talk_between(&r.packets, from[i], PLC, 502);
        talk_at(&wanted, PS_TO_SERVER, 0, PS_TCP_SYN, "");
        step();
        ck_said("packets.0.decode.src", src[i]);
        daemon_rig_fini(&r);
    }
}
END_TEST

START_TEST(test_ps_tracing_begin__unknown_or_not_now__a_sentence)
{
    static const struct {
        const char *members, *why;
    } rows[] = {
        {"\"verb\":\"trace\",\"conduit\":\"x\"", "there is no conduit \"x\" in the policy in force; penstock conduits lists them"},
        {"\"verb\":\"trace\",\"asset\":\"x\"", "there is no asset \"x\" in the policy in force"},
    };
    daemon_rig_init(&r);
    daemon_rig_ask(&r, rows[0].members, false);
    ck_assert_str_eq(r.refusal, "no policy is in force");
    daemon_rig_publish(&r, NULL);
    for (unsigned i = 0; i < 2; i++) {
        daemon_rig_ask(&r, rows[i].members, false);
        ck_assert_str_eq(r.refusal, rows[i].why);
    }
    daemon_rig_ask(&r, "\"verb\":\"trace\"", false);
    ck_assert_uint_eq(r.n_replies, 0);
    daemon_rig_ask(&r, "\"verb\":\"trace\"", false);
    ck_assert_str_eq(r.refusal, "somebody else traces; try again");
    r.daemon.tracing.until_ns = 0;
    step();
    ck_assert_uint_eq(json_array_size(json_object_get(r.reply, "packets")), 0);
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/tracing", test_ps_tracing_step__as_many_as_asked_for__answered_once,
          test_ps_tracing_step__as_many_from_each_worker__no_more_than_asked_for,
          test_ps_tracing_step__time_is_over__what_there_is, test_ps_tracing_begin__a_conduit_or_an_asset__no_others,
          test_ps_tracing_begin__unknown_or_not_now__a_sentence)
