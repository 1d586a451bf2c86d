/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_rejudge_modes.c - conduits that are closed, watched and enforced while connections are open.
 */
#include "rejudge.h"

#include "rig_inline.h"
#include "unit.h"

static struct two w;
static struct wire wire;

#define DENIED_AGAIN "0004 0000 0006 01 06 0029 03e9"

static struct ps_policy_slot *slot(void)
{
    return w.r.engine->slot;
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void begin(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    w.ack[PS_TO_SERVER] += 13;
    two_expect(&w, "=");
    w.r.n_judged = 0;
}

static void poll_on(uint32_t client, uint32_t server)
{
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + client + 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + server + 13;
}

/* ---- closed ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_policy_slot_island__connection_is_open__reset_by_the_sweep_and_again_open_afterwards)
{
    begin(NULL);
    ps_policy_slot_island(slot(), true);
    ck_assert(!ps_policy_slot_is_taken_up(slot()));
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    ck_assert(ps_policy_slot_is_settled(slot()));
    two_expect(&w, ">12:0a0R <13:0a12R");
    rig_expect(&w.r, "F=island");
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_DENY, NULL), 1);
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!island");
    ps_policy_slot_island(slot(), false);
    two_open(&w);
    poll_on(0, 0);
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_close__next_packet__refused_in_monitor_mode_too)
{
    begin("mode = \"monitor\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "=");
    ps_policy_slot_close(slot(), 0, true);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!island >24:0a13R <13:0a36R");
    ps_policy_slot_close(slot(), 0, false);
    two_again(&w);
    two_open(&w);
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_close__timer_is_due__nothing_of_the_conduit_is_sent_again)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ >12:0a13 <13:0a19 >12:12a13");
    ps_policy_slot_close(slot(), 0, true);
    two_tick(&w, 200);
    two_expect(&w, ">24:0a13R <13:0a19R");
    end();
}
END_TEST

static struct ps_decision arp(uint32_t from, uint32_t to)
{
    wire_arp(&wire, 1, from, to);
    w.r.port = from == HMI ? 0 : 1;
    return rig_send(&w.r, &wire);
}

START_TEST(test_ps_policy_slot_close__neighbours__ask_in_vain)
{
    two_init(&w, NULL, NULL);
    ck_assert_uint_eq(arp(HMI, PLC).verdict, PS_VERDICT_PASS);
    ps_policy_slot_close(slot(), 0, true);
    ck_assert_uint_eq(arp(HMI, PLC).reason, PS_REASON_ISLAND);
    ck_assert_uint_eq(arp(PLC, HMI).reason, PS_REASON_ISLAND);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    ps_policy_slot_close(slot(), 0, false);
    ck_assert_uint_eq(arp(PLC, HMI).verdict, PS_VERDICT_PASS);
    end();
}
END_TEST

/* ---- enforce to monitor ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_policy_slot_set_mode__monitor__connection_goes_on_without_its_relay)
{
    begin(NULL);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    poll_on(12, 13);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "=");
    ck_assert(w.r.last.monitored);
    rig_expect(&w.r, "P R P=no-rule");
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_WOULD_DENY, NULL), 1);
    two_say(&w, PS_TO_SERVER, "0005 0000 0006"); /* half a request is not held */
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "01 03 0028 0002");
    two_expect(&w, "=");
    rig_expect(&w.r, "P");
    ck_assert_uint_eq(rig_stats(&w.r)->gaps, 0);
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_set_mode__monitor_while_half_a_request_is_held__delivered_then_without_relay)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_expect(&w, "~ >12:0a13 <13:0a19");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    two_say(&w, PS_TO_SERVER, "06 0029 03e9"); /* refused, and passes */
    two_expect(&w, "~ >12:12a13");
    ck_assert(w.r.last.monitored && w.r.last.replaced);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    two_ack(&w, PS_TO_CLIENT, 24);
    two_expect(&w, "=");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    rig_expect(&w.r, "P=no-rule");
    poll_on(24, 13);
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_set_mode__monitor_while_held_for_ever__leaves_as_it_is)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_expect(&w, "~ >12:0a13 <13:0a19");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_tick(&w, 2000);
    two_expect(&w, ">12:7a13");
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    rig_expect(&w.r, "K=hold-timeout");
    two_ack(&w, PS_TO_CLIENT, 19);
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "06 0029 03e9"); /* no start of a PDU: skipped */
    two_expect(&w, "=");
    rig_expect(&w.r, "");
    poll_on(24, 13);
    rig_expect(&w.r, "P R");
    end();
}
END_TEST

/* The wrong port is asked about at each packet, and never taken for the sender's own. */
START_TEST(test_ps_policy_slot_set_mode__monitor_and_a_sender_at_another_port__told_each_time)
{
    begin(NULL);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    for (uint32_t i = 0; i < 3; i++) {
        w.crossed = true;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
        two_expect(&w, "=");
        ck_assert(w.r.last.monitored);
        ck_assert_uint_eq(w.r.last.reason, PS_REASON_SPOOFED);
    }
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    poll_on(12, 13);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_ENFORCE);
    w.crossed = true;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    w.n_out = 0;
    end();
}
END_TEST

/* The same behind an answer: the connection keeps its relay, and is not steady for that. */
START_TEST(test_ps_policy_slot_set_mode__monitor_with_a_relay_and_another_port__told_each_time)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <13:9a24 >12:0a13");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 22;
    for (uint32_t i = 0; i < 3; i++) {
        w.crossed = true;
        two_say(&w, PS_TO_SERVER, READ_REQUEST);
        ck_assert(w.r.last.monitored);
        ck_assert_uint_eq(w.r.last.reason, PS_REASON_SPOOFED);
    }
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 1);
    w.n_out = 0;
    end();
}
END_TEST

/* Its ends have different numbers: it keeps its relay, which lets everything pass. */
START_TEST(test_ps_policy_slot_set_mode__monitor_behind_an_answer__refused_requests_pass_translated)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <13:9a24 >12:0a13");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 22;
    two_say(&w, PS_TO_SERVER, DENIED_AGAIN);
    two_expect(&w, "~ >12:12a13");
    ck_assert(w.r.last.monitored);
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 24;
    two_say(&w, PS_TO_CLIENT, "0004 0000 0003 01 86 02"); /* the server's own */
    two_expect(&w, "~ <22:9a36");
    rig_expect(&w.r, "P=no-rule P=no-rule R");
    two_say(&w, PS_TO_SERVER, BAD_LENGTH);
    two_expect(&w, "~ >24:14a13");
    two_say(&w, PS_TO_SERVER, BAD_PROTOCOL "ffffffffffffffff");
    two_expect(&w, "~ >38:20a13");
    two_say(&w, PS_TO_SERVER, "ffffffff");
    two_expect(&w, "~ >58:4a13");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "~ >62:12a13");
    rig_expect(&w.r, "P=modbus-length P=modbus-protocol-id P");
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_ENFORCE);
    two_say(&w, PS_TO_SERVER, "0006 0000 0006 01 06 0029 03e9");
    ck_assert(!w.r.last.monitored);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_NO_RULE);
    w.n_out = 0;
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_set_mode__monitor_and_tcp_is_broken__relay_still_ends_it)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <13:9a24 >12:0a13");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "~ >12:12a13");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, WRITE_REQUEST);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_RETRANSMISSION_DIFFERS);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    w.n_out = 0;
    end();
}
END_TEST

/* Looking for the start of a PDU, nothing can be held. */
START_TEST(test_ps_policy_slot_set_mode__enforce_while_out_of_step__ended)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    two_say(&w, PS_TO_SERVER, BAD_PROTOCOL);
    two_expect(&w, "~ <13:9a24 >12:0a13 >12:12a13");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_OF_IMAGE);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    rig_expect(&w.r, "P=no-rule P=modbus-protocol-id F=policy-changed");
    ck_assert_uint_eq(w.n_out, 2);
    w.n_out = 0;
    end();
}
END_TEST

/* ---- monitor to enforce ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_policy_slot_set_mode__enforce__watched_connection_is_reset_by_its_next_octets)
{
    begin("mode = \"monitor\";");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_ENFORCE);
    ck_assert_uint_eq(ps_policy_slot_mode(slot(), 0), PS_MODE_ENFORCE);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, "");
    rig_expect(&w.r, "F=policy-changed");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!policy-changed >12:0a13R <13:0a24R");
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "~ >12:0a26R");
    two_at(&w, PS_TO_SERVER, 100, PS_TCP_SYN, ""); /* opens another, from the same port */
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_policy_slot_set_mode__enforce_and_back_before_a_packet_came__nothing_happens)
{
    begin("mode = \"monitor\";");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_ENFORCE);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_OF_IMAGE);
    poll_on(12, 13);
    end();
}
END_TEST

/* A passive engine holds nothing, whatever the mode. */
START_TEST(test_ps_policy_slot_set_mode__passive_engine__goes_on)
{
    struct ps_engine_config config;
    two_config(&config);
    config.inline_ = false;
    two_init(&w, &config, "mode = \"monitor\";");
    two_open(&w);
    poll_on(0, 0);
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_ENFORCE);
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, "06 0029 03e9");
    two_expect(&w, "!no-rule");
    rig_expect(&w.r, "P R P=no-rule");
    ps_policy_slot_set_mode(slot(), 0, PS_MODE_MONITOR);
    two_say(&w, PS_TO_SERVER, DENIED_AGAIN);
    two_expect(&w, "=");
    ps_policy_slot_island(slot(), true);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!island");
    rig_expect(&w.r, "P=no-rule F=island P=island");
    end();
}
END_TEST

UNIT_MAIN("fastpath/rejudge_modes",
    test_ps_policy_slot_island__connection_is_open__reset_by_the_sweep_and_again_open_afterwards,
    test_ps_policy_slot_close__next_packet__refused_in_monitor_mode_too,
    test_ps_policy_slot_close__timer_is_due__nothing_of_the_conduit_is_sent_again,
    test_ps_policy_slot_close__neighbours__ask_in_vain,
    test_ps_policy_slot_set_mode__monitor__connection_goes_on_without_its_relay,
    test_ps_policy_slot_set_mode__monitor_while_half_a_request_is_held__delivered_then_without_relay,
    test_ps_policy_slot_set_mode__monitor_while_held_for_ever__leaves_as_it_is,
    test_ps_policy_slot_set_mode__monitor_behind_an_answer__refused_requests_pass_translated,
    test_ps_policy_slot_set_mode__monitor_and_a_sender_at_another_port__told_each_time,
          test_ps_policy_slot_set_mode__monitor_with_a_relay_and_another_port__told_each_time,
          test_ps_policy_slot_set_mode__monitor_and_tcp_is_broken__relay_still_ends_it,
    test_ps_policy_slot_set_mode__enforce_while_out_of_step__ended,
    test_ps_policy_slot_set_mode__enforce__watched_connection_is_reset_by_its_next_octets,
    test_ps_policy_slot_set_mode__enforce_and_back_before_a_packet_came__nothing_happens,
    test_ps_policy_slot_set_mode__passive_engine__goes_on)
