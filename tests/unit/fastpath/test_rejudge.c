/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_rejudge.c - a swap at every point of an exchange that goes on.
 */
#include "rejudge.h"

#include "rig_inline.h"
#include "unit.h"

static struct two w;
static struct rig_policy other;

#define ONLY_WRITES                                                                                                    \
    "{ name = \"setpoint\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\";"                         \
    "  functions = [\"write-single-register\"]; objects = [\"holding:40-47\"]; values = [\"0..1000\"]; }"
#define ONLY_READS                                                                                                     \
    "{ name = \"poll\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"modbus\"; operations = [\"read\"]; }"

static void begin(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
}

static void swap_to(const char *mode, const char *rules)
{
    char text[4096];
    two_plant(text, mode, rules);
    rig_policy_init(&other, text, 2);
    ck_assert(ps_engine_swap(w.r.engine, other.slot));
    ck_assert(ps_engine_check(w.r.engine));
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
    rig_policy_fini(&other);
}

static bool is_steady(void)
{
    return (ps_engine_flow(w.r.engine, 0)->flags & PS_FLOW_STEADY) != 0;
}

static void poll(void)
{
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    w.ack[PS_TO_SERVER] += 13;
}

static struct ps_conduit_stats counted(const struct ps_policy_slot *slot)
{
    struct ps_conduit_stats stats;
    ps_policy_slot_conduit_stats(slot, 0, &stats);
    return stats;
}

/* ---- before, between, behind ----------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_swap__between_two_polls__goes_on_and_counts_apart)
{
    begin(NULL);
    struct ps_policy_slot *first = w.r.engine->slot;
    poll();
    ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), 1);
    swap_to(NULL, ONLY_READS);
    ck_assert_uint_eq(ps_policy_slot_use(first), PS_SLOT_LEAVING);
    ck_assert_uint_eq(ps_policy_slot_use(other.slot), PS_SLOT_CURRENT);
    ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), 1);
    ck_assert(ps_policy_slot_is_taken_up(other.slot) && !ps_policy_slot_is_settled(other.slot));
    poll(); /* judged anew by its first packet */
    ck_assert(is_steady());
    ck_assert_uint_eq(ps_policy_slot_use(first), PS_SLOT_UNUSED);
    ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), 2);
    ck_assert(!two_sweep(&w, 1));
    ck_assert(ps_policy_slot_is_settled(other.slot));
    two_say(&w, PS_TO_SERVER, WRITE_REQUEST);
    two_expect(&w, "!no-rule >24:0a26R <26:0a24R");
    ck_assert(!ps_engine_settle_flows(w.r.engine, 100));
    ck_assert_uint_eq(counted(first).packets, 5);
    ck_assert_uint_eq(counted(first).allowed, 2);
    ck_assert_uint_eq(counted(first).replies, 1);
    ck_assert_uint_eq(counted(first).flows, 1);
    ck_assert_uint_eq(counted(other.slot).packets, 3);
    ck_assert_uint_eq(counted(other.slot).allowed, 2);
    ck_assert_uint_eq(counted(other.slot).denied, 1);
    ck_assert_uint_eq(counted(other.slot).flows, 0);
    struct ps_rule_stats rule;
    ps_policy_slot_rule_stats(first, 0, &rule);
    ck_assert_uint_eq(rule.allowed, 1);
    ps_policy_slot_rule_stats(other.slot, 0, &rule);
    ck_assert_uint_eq(rule.allowed, 1);
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__request_waits_for_its_reply__reply_passes_though_not_granted_now)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    swap_to(NULL, ONLY_WRITES);
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    w.ack[PS_TO_SERVER] += 13;
    two_say(&w, PS_TO_SERVER, "0002 0000 0006 01 03 0028 0002"); /* what the flow remembers is forgotten */
    two_expect(&w, "!no-rule >12:0a13R <13:0a12R");
    struct ps_rejudged rejudged;
    ps_policy_slot_rejudged(other.slot, &rejudged);
    ck_assert_uint_eq(rejudged.flows, 1);
    ck_assert_uint_eq(rejudged.refused, 0);
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__same_rules__reply_still_belongs_to_its_request)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    swap_to(NULL, NULL);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    two_say(&w, PS_TO_CLIENT, READ_REPLY); /* a second one is not asked for */
    two_expect(&w, "!modbus-unsolicited >12:0a0R <13:0a12R");
    end();
}
END_TEST

/* ---- half a PDU ------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_engine_swap__half_a_request_is_held__whole_one_passes)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    swap_to(NULL, ONLY_READS);
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ >0:12a0");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    ck_assert(is_steady());
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__half_a_request_is_held__judged_by_the_new_policy)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    swap_to(NULL, ONLY_WRITES);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_expect(&w, "");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "!no-rule >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__half_a_reply_is_held__whole_one_passes)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    w.ack[PS_TO_CLIENT] += 12;
    two_say(&w, PS_TO_CLIENT, "0001 0000 0007 01");
    two_expect(&w, "~ <0:0a12 >12:0a7");
    swap_to(NULL, ONLY_WRITES);
    two_say(&w, PS_TO_CLIENT, "03 04 000a 000b");
    two_expect(&w, "~ <0:13a12");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__octets_came_too_early__judged_by_the_new_policy)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, "0003 0000 0006 01 03 0028 0002");
    two_expect(&w, "~ <0:0a0");
    swap_to(NULL, ONLY_WRITES);
    two_say(&w, PS_TO_SERVER, WRITE_REQUEST);
    two_expect(&w, "!no-rule >0:12a0 >12:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__shorter_hold_limit__holds_for_what_is_held)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_tick(&w, 100);
    swap_to("hold_limit = 0.5;", NULL);
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_tick(&w, 300);
    two_expect(&w, "<0:0a7");
    two_tick(&w, 200);
    two_expect(&w, ">0:0a0R <0:0a7R");
    ck_assert_uint_eq(rig_stats(&w.r)->denied_by_reason[PS_REASON_HOLD_TIMEOUT], 1);
    end();
}
END_TEST

/* ---- numbers of its own ---------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_swap__behind_an_answer__numbers_stay_translated)
{
    begin("on_deny = \"answer\";");
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH);
    two_expect(&w, "!no-rule <0:9a12");
    swap_to("on_deny = \"reset\";", NULL);
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 9;
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "~ >0:12a0");
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER] + 12;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "~ <9:13a24");
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + 22;
    two_say(&w, PS_TO_SERVER, WRITE_TOO_MUCH); /* what the conduit does now */
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_NO_RULE);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->answers, 1);
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__engine_owes_octets__delivers_them)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~ <0:0a7 >0:12a0");
    swap_to(NULL, ONLY_WRITES); /* it was granted */
    two_tick(&w, 200);
    two_expect(&w, ">0:12a0");
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_engine_swap__request_is_repeated__passes_again)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    swap_to(NULL, ONLY_WRITES);
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK | PS_TCP_PSH, READ_REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK | PS_TCP_PSH, WRITE_REQUEST);
    two_expect(&w, "!retransmission-differs >12:0a0R <0:0a0R");
    end();
}
END_TEST

/* ---- the opening ----------------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_swap__half_open__opens_and_caps_are_those_of_now)
{
    two_init(&w, NULL, "max_half_open = 1;");
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    swap_to("max_half_open = 1;", NULL);
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "="); /* the first one has not been judged anew yet */
    ck_assert(!two_sweep(&w, PS_SWEEP_MAX));
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "!too-many-half-open");
    w.port[PS_TO_SERVER] -= 2;
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(&w, "=");
    poll();
    end();
}
END_TEST

UNIT_MAIN("fastpath/rejudge",
    test_ps_engine_swap__between_two_polls__goes_on_and_counts_apart,
    test_ps_engine_swap__request_waits_for_its_reply__reply_passes_though_not_granted_now,
    test_ps_engine_swap__same_rules__reply_still_belongs_to_its_request,
    test_ps_engine_swap__half_a_request_is_held__whole_one_passes,
    test_ps_engine_swap__half_a_request_is_held__judged_by_the_new_policy,
    test_ps_engine_swap__half_a_reply_is_held__whole_one_passes,
    test_ps_engine_swap__octets_came_too_early__judged_by_the_new_policy,
    test_ps_engine_swap__shorter_hold_limit__holds_for_what_is_held,
    test_ps_engine_swap__behind_an_answer__numbers_stay_translated,
    test_ps_engine_swap__engine_owes_octets__delivers_them,
    test_ps_engine_swap__request_is_repeated__passes_again,
    test_ps_engine_swap__half_open__opens_and_caps_are_those_of_now)
