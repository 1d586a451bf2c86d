/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_rejudge_ends.c - what a swap ends, forgets and lets pass, and an engine without a policy.
 */
#include "rejudge.h"

#include <string.h>

#include "rig_resume.h"
#include "unit.h"

static struct two w;
static struct rig_policy other, third;
static struct wire wire;

#define WEB "{ name = \"web\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"tcp\"; ports = [\"8080\"]; }"
#define NOTHING_INSPECTED                                                                                              \
    "{ name = \"any\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"tcp\"; ports = [\"502\"]; }"
#define DATAGRAMS                                                                                                      \
    "{ name = \"ntp\"; servers = [\"plc\"]; protocol = \"udp\"; ports = [\"123\"]; },"                                \
    "{ name = \"ping\"; protocol = \"icmp\"; }"

static const char no_conduit[] =
    "schema = 1; site = \"two\"; revision = 2;\n"
    "zones = (\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; assets = (\n"
    "    { name = \"spare\"; addresses = [\"10.0.2.11\"]; }, { name = \"plc\"; addresses = [\"10.0.2.10\"]; } ); },\n"
    "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; assets = (\n"
    "    { name = \"hmi\"; addresses = [\"10.0.1.10\"]; } ); } );\n"
    "conduits = ( { name = \"back\"; from = \"ctl\"; to = \"ops\"; allow = (\n"
    "    { name = \"ping\"; protocol = \"icmp\"; } ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n";

static const char one_zone[] =
    "schema = 1; site = \"two\"; revision = 2;\n"
    "zones = (\n"
    "  { name = \"all\"; kind = \"control\"; networks = [\"10.0.0.0/16\"]; intra = \"allow\"; } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"all\"]; },\n"
    "  { name = \"p1\"; zones = [\"all\"]; } ); } );\n";

static void swap_text(struct rig_policy *p, const char *text, uint32_t generation)
{
    rig_policy_init(p, text, generation);
    ck_assert(ps_engine_swap(w.r.engine, p->slot));
    ck_assert(ps_engine_check(w.r.engine));
}

static void swap_to(const char *mode, const char *rules)
{
    char text[4096];
    two_plant(text, mode, rules);
    swap_text(&other, text, 2);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
    rig_policy_fini(&other);
}

static void begin(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    w.ack[PS_TO_SERVER] += 13;
    two_expect(&w, "=");
    w.r.n_judged = 0;
}

static struct ps_event one_event(enum ps_event_kind kind)
{
    struct ps_event event;
    memset(&event, 0, sizeof event);
    ck_assert_uint_eq(rig_events(&w.r, kind, &event), 1);
    return event;
}

static struct ps_rejudged rejudged(void)
{
    struct ps_rejudged n;
    ps_policy_slot_rejudged(other.slot, &n);
    return n;
}

/* ---- no longer allowed ----------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_sweep__no_conduit_any_more__idle_connection_is_reset_at_both_ends)
{
    begin(NULL);
    swap_text(&other, no_conduit, 7);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, ">12:0a0R <13:0a12R");
    struct ps_event event = one_event(PS_EVENT_DENY);
    ck_assert_uint_eq(event.what, PS_JUDGED_FLOW);
    ck_assert_uint_eq(event.reason, PS_REASON_NO_CONDUIT);
    ck_assert_uint_eq(event.generation, 7);
    ck_assert_uint_eq(event.conduit, PS_NONE);
    ck_assert_str_eq(ps_image_asset_name(&other.image, event.client_asset), "hmi");
    ck_assert_str_eq(ps_image_asset_name(&other.image, event.server_asset), "plc");
    ck_assert_uint_eq(event.server_port, 502);
    ck_assert_uint_eq(rejudged().flows, 1);
    ck_assert_uint_eq(rejudged().refused, 1);
    ck_assert_uint_eq(rejudged().reset, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->rejudged_refused, 1);
    two_say(&w, PS_TO_SERVER, READ_REQUEST); /* has not heard of it */
    two_expect(&w, "~ <13:0a24R");
    two_tick(&w, 60000);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!no-conduit >24:0a13R <13:0a36R");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__no_conduit_any_more__next_packet_is_refused_and_resets)
{
    begin(NULL);
    swap_text(&other, no_conduit, 2);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!no-conduit >12:0a0R <13:0a12R <13:0a24R");
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_DENY, NULL), 1);
    rig_expect(&w.r, "F=no-conduit");
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-conduit");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__no_rule_any_more_in_the_opening__both_ends_are_reset)
{
    two_init(&w, NULL, NULL);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    swap_to(NULL, WEB);
    ck_assert(two_sweep(&w, 1));
    /* the server has said nothing: the client takes a RST by what it acknowledges */
    ck_assert_uint_eq(w.n_out, 2);
    ck_assert_uint_eq(w.out[0].seq, w.isn[PS_TO_SERVER]);
    ck_assert_uint_eq(w.out[1].dir, PS_TO_CLIENT);
    ck_assert_uint_eq(w.out[1].ack, w.isn[PS_TO_SERVER]);
    ck_assert_uint_eq(w.out[1].flags, PS_TCP_RST | PS_TCP_ACK);
    w.n_out = 0;
    ck_assert(!two_sweep(&w, 1));
    two_expect(&w, ">0:0a0R <0:0a0R");
    ck_assert_uint_eq(rejudged().reset, 2);
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_DENY, NULL), 2);
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__another_protocol__ended)
{
    begin(NULL);
    swap_to(NULL, NOTHING_INSPECTED);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, ">12:0a0R <13:0a12R");
    ck_assert_uint_eq(one_event(PS_EVENT_DENY).reason, PS_REASON_POLICY_CHANGED);
    rig_expect(&w.r, "F=policy-changed");
    two_tick(&w, 60000);
    two_again(&w);
    two_open(&w);
    end();
}
END_TEST

/* Octets went by that nobody kept: its next ones end it. */
START_TEST(test_ps_engine_swap__inspected_from_now_on__reset_by_its_next_octets)
{
    char text[4096];
    two_plant(text, NULL, NOTHING_INSPECTED);
    two_init(&w, NULL, NULL);
    swap_text(&third, text, 2);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_plant(text, NULL, NULL);
    swap_text(&other, text, 3);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, "");
    ck_assert_uint_eq(one_event(PS_EVENT_DENY).reason, PS_REASON_POLICY_CHANGED);
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, "");
    two_expect(&w, "~");
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "!policy-changed <0:0a12R >12:0a13R");
    ck_assert_uint_eq(rejudged().reset, 0);
    end();
    rig_policy_fini(&third);
}
END_TEST

/* ---- what no dissector reads ----------------------------------------------------------------------------------- */

static struct ps_decision datagram(unsigned dir, uint16_t port)
{
    const uint16_t ports[2] = {dir == PS_TO_SERVER ? 5000 : port, dir == PS_TO_SERVER ? port : 5000};
    wire_udp(&wire, dir == PS_TO_SERVER ? HMI : PLC, dir == PS_TO_SERVER ? PLC : HMI, ports, "x", 1);
    w.r.port = (uint16_t)dir;
    return rig_send(&w.r, &wire);
}

START_TEST(test_ps_engine_swap__datagrams_no_longer_allowed__refused_from_now_on)
{
    char text[4096];
    two_init(&w, NULL, NULL);
    two_plant(text, NULL, DATAGRAMS);
    swap_text(&third, text, 2);
    ck_assert_uint_eq(datagram(PS_TO_SERVER, 123).verdict, PS_VERDICT_PASS);
    swap_to(NULL, NULL);
    ck_assert_uint_eq(datagram(PS_TO_CLIENT, 123).reason, PS_REASON_NO_RULE);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    ck_assert_uint_eq(datagram(PS_TO_SERVER, 123).verdict, PS_VERDICT_DROP);
    rig_expect(&w.r, "K F=no-rule");
    ck_assert_uint_eq(rejudged().refused, 1);
    end();
    rig_policy_fini(&third);
}
END_TEST

START_TEST(test_ps_policy_slot_refused__more_than_it_has_room_for__the_first_ones_by_name)
{
    struct ps_flow_info named[PS_REFUSED_MAX];
    char text[4096];
    two_init(&w, NULL, NULL);
    two_plant(text, NULL, DATAGRAMS);
    swap_text(&third, text, 2);
    for (uint16_t i = 0; i < PS_REFUSED_MAX + 2; i++) {
        wire_udp(&wire, HMI, PLC, (const uint16_t[2]){(uint16_t)(5000 + i), 123}, "x", 1);
        ck_assert_uint_eq(rig_send(&w.r, &wire).verdict, PS_VERDICT_PASS);
    }
    ck_assert_uint_eq(ps_policy_slot_refused(third.slot, named), 0);
    swap_text(&other, no_conduit, 7);
    ck_assert_uint_eq(ps_policy_slot_refused(other.slot, named), 0);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    ck_assert_uint_eq(rejudged().refused, PS_REFUSED_MAX + 2);
    ck_assert_uint_eq(ps_policy_slot_refused(other.slot, named), PS_REFUSED_MAX);
    for (uint16_t i = 0; i < PS_REFUSED_MAX; i++) {
        ck_assert_uint_eq(named[i].client_port, 5000 + i);
        ck_assert_uint_eq(named[i].reason, PS_REASON_NO_CONDUIT);
        ck_assert_uint_eq(named[i].state, PS_FLOW_STATE_REFUSED);
        ck_assert_uint_eq(named[i].generation, 7);
        ck_assert_str_eq(ps_image_asset_name(&other.image, named[i].client_asset), "hmi");
        ck_assert_str_eq(ps_image_asset_name(&other.image, named[i].server_asset), "plc");
    }
    end();
    rig_policy_fini(&third);
}
END_TEST

START_TEST(test_ps_engine_swap__uninspected_connection__goes_on_or_is_refused)
{
    two_init(&w, NULL, NULL);
    w.port[PS_TO_CLIENT] = 8080;
    two_open(&w);
    two_say(&w, PS_TO_SERVER, "01 02 03");
    two_expect(&w, "=");
    char text[4096];
    two_plant(text, NULL, WEB);
    swap_text(&third, text, 2);
    two_say(&w, PS_TO_SERVER, "01 02 03");
    two_expect(&w, "=");
    struct ps_rule_stats rule;
    (void)ps_engine_settle_flows(w.r.engine, 10);
    ps_policy_slot_rule_stats(third.slot, 0, &rule);
    ck_assert_uint_eq(rule.allowed, 1);
    swap_to(NULL, DATAGRAMS);
    two_say(&w, PS_TO_SERVER, "01 02 03");
    two_expect(&w, "!no-rule");
    two_say(&w, PS_TO_CLIENT, "01 02 03");
    two_expect(&w, "!no-rule");
    rig_expect(&w.r, "K K F=no-rule");
    end();
    rig_policy_fini(&third);
}
END_TEST

/* ---- what was refused ------------------------------------------------------------------------------------------ */

START_TEST(test_ps_engine_swap__was_refused_and_is_granted__its_next_syn_opens_it)
{
    two_init(&w, NULL, NULL);
    char text[4096];
    two_plant(text, NULL, WEB);
    swap_text(&third, text, 2);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-rule");
    swap_to(NULL, NULL);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    ck_assert_uint_eq(rejudged().flows, 1);
    ck_assert_uint_eq(rejudged().refused, 0);
    end();
    rig_policy_fini(&third);
}
END_TEST

START_TEST(test_ps_engine_swap__refused_before_and_after__silent_with_the_reason_of_now)
{
    two_init(&w, NULL, NULL);
    char text[4096];
    two_plant(text, NULL, WEB);
    swap_text(&third, text, 2);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-rule");
    swap_text(&other, no_conduit, 3);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-conduit");
    rig_expect(&w.r, "F=no-rule");
    ck_assert_uint_eq(rejudged().flows, 1);
    ck_assert_uint_eq(rejudged().refused, 0);
    end();
    rig_policy_fini(&third);
}
END_TEST

/* ---- one zone -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_swap__both_ends_in_one_zone_now__passes_unjudged)
{
    begin(NULL);
    swap_text(&other, one_zone, 2);
    two_say(&w, PS_TO_SERVER, BAD_LENGTH);
    two_expect(&w, "=");
    rig_expect(&w.r, "");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    ck_assert_uint_eq(rejudged().refused, 0);
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__one_zone_but_numbers_differ__ended)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <13:9a24 >12:0a13");
    swap_text(&other, one_zone, 2);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    ck_assert_uint_eq(w.n_out, 2);
    w.n_out = 0;
    rig_expect(&w.r, "P=no-rule F=policy-changed");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__two_zones_now__connection_is_reset_as_one_joined_late)
{
    char text[4096];
    two_init(&w, NULL, NULL);
    swap_text(&third, one_zone, 2);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_plant(text, NULL, NULL);
    swap_text(&other, text, 3);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!midstream >12:0a0R <0:0a24R");
    end();
    rig_policy_fini(&third);
}
END_TEST

/* ---- left behind by an earlier run ----------------------------------------------------------------------------- */

static struct left left;

static void restart(void)
{
    begin(GOES_ON);
    two_ack(&w, PS_TO_SERVER, 13);
    two_expect(&w, "=");
    two_stop(&w, &left);
    ck_assert_ptr_null(two_start(&w, &left, GOES_ON, 1000));
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 1);
}

START_TEST(test_ps_engine_swap__restored_and_nobody_has_spoken__reset_by_its_next_octets)
{
    restart();
    swap_text(&other, no_conduit, 2);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, "");
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    ck_assert_uint_eq(rejudged().refused, 1);
    ck_assert_uint_eq(rejudged().reset, 0);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "!no-conduit >12:0a13R <13:0a24R");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__restored_and_one_end_has_spoken__both_are_reset)
{
    restart();
    two_say(&w, PS_TO_CLIENT, "");
    w.n_out = 0;
    swap_text(&other, no_conduit, 2);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    ck_assert_uint_eq(rejudged().reset, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->sends_lost, 0);
    w.spoken = false;
    two_expect(&w, ">12:0a13R <13:0a12R");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__restored_and_still_allowed__goes_on)
{
    restart();
    swap_to(GOES_ON, NULL);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 24;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    ck_assert_uint_eq(rig_stats(&w.r)->resumed, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    w.n_out = 0;
    end();
}
END_TEST

/* ---- none ------------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_engine_new__no_policy__everything_is_refused_until_there_is_one)
{
    w.r.no_policy = true;
    two_init(&w, NULL, NULL);
    w.r.no_policy = false;
    ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), 0);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!no-policy");
    ck_assert_uint_eq(datagram(PS_TO_SERVER, 123).reason, PS_REASON_NO_POLICY);
    wire_arp(&wire, 1, HMI, PLC);
    ck_assert_uint_eq(rig_send(&w.r, &wire).reason, PS_REASON_NO_POLICY);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    wire.len = 10; /* no sound packet */
    ck_assert_uint_eq(rig_send(&w.r, &wire).reason, PS_REASON_NO_POLICY);
    two_tick(&w, 1000);
    ck_assert(!two_sweep(&w, 1));
    struct ps_event event = {0};
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_DENY, &event), 4);
    ck_assert_uint_eq(event.generation, 0);
    ck_assert_uint_eq(ps_engine_conduit_stats(w.r.engine, 0)->denied, 4);
    ck_assert_uint_eq(ps_engine_conduit_stats(w.r.engine, 0)->packets, 4);
    ck_assert_uint_eq(rig_stats(&w.r)->dropped, 4);
    ck_assert_uint_eq(rig_stats(&w.r)->flows, 0);
    swap_to(NULL, NULL);
    ck_assert(ps_policy_slot_is_settled(other.slot));
    ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), 2);
    two_open(&w);
    end();
}
END_TEST

UNIT_MAIN("fastpath/rejudge_ends",
    test_ps_engine_sweep__no_conduit_any_more__idle_connection_is_reset_at_both_ends,
    test_ps_engine_swap__no_conduit_any_more__next_packet_is_refused_and_resets,
    test_ps_engine_swap__no_rule_any_more_in_the_opening__both_ends_are_reset,
    test_ps_engine_swap__another_protocol__ended,
    test_ps_engine_swap__inspected_from_now_on__reset_by_its_next_octets,
    test_ps_engine_swap__datagrams_no_longer_allowed__refused_from_now_on,
    test_ps_policy_slot_refused__more_than_it_has_room_for__the_first_ones_by_name,
    test_ps_engine_swap__uninspected_connection__goes_on_or_is_refused,
    test_ps_engine_swap__was_refused_and_is_granted__its_next_syn_opens_it,
    test_ps_engine_swap__refused_before_and_after__silent_with_the_reason_of_now,
    test_ps_engine_swap__both_ends_in_one_zone_now__passes_unjudged,
    test_ps_engine_swap__one_zone_but_numbers_differ__ended,
    test_ps_engine_swap__two_zones_now__connection_is_reset_as_one_joined_late,
    test_ps_engine_swap__restored_and_nobody_has_spoken__reset_by_its_next_octets,
    test_ps_engine_swap__restored_and_one_end_has_spoken__both_are_reset,
    test_ps_engine_swap__restored_and_still_allowed__goes_on,
    test_ps_engine_new__no_policy__everything_is_refused_until_there_is_one)
