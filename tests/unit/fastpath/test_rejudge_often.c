/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_rejudge_often.c - one policy after the other under traffic: no poll is lost, and nothing is counted twice.
 */
#include "rejudge.h"

#include <stdio.h>

#include "rig_inline.h"
#include "unit.h"

#define SWAPS 1000u
#define STAGES 6u /* of one exchange, at each of which a swap may come */

static struct two w;
static struct rig_policy policies[SWAPS];
static uint32_t n_swaps;
static uint64_t flows_rejudged, packets, allowed, replies; /* of policies that are gone */

static const char *const modes[] = {NULL, "on_deny = \"drop\"; hold_limit = 1;", "on_deny = \"answer\";",
                                    "max_half_open = 9;"};

static void begin(const char *rules)
{
    char text[4096];
    two_init(&w, NULL, NULL);
    two_plant(text, NULL, rules);
    rig_policy_init(&policies[0], text, 2);
    ck_assert(ps_engine_swap(w.r.engine, policies[0].slot));
    n_swaps = 1;
    flows_rejudged = packets = allowed = replies = 0;
}

static void count(const struct ps_policy_slot *slot)
{
    struct ps_conduit_stats stats;
    struct ps_rejudged rejudged;
    ps_policy_slot_conduit_stats(slot, 0, &stats);
    ps_policy_slot_rejudged(slot, &rejudged);
    packets += stats.packets;
    allowed += stats.allowed;
    replies += stats.replies;
    flows_rejudged += rejudged.flows;
    ck_assert_uint_eq(rejudged.refused, 0);
    ck_assert_uint_eq(stats.denied, 0);
}

/* By the sweep every third time, a line at a time in between, else by the next packet. */
static void swap(const char *rules)
{
    char text[4096];
    if (n_swaps == SWAPS)
        return;
    two_plant(text, modes[n_swaps % 4], rules);
    rig_policy_init(&policies[n_swaps], text, n_swaps + 2);
    if (!ps_engine_swap(w.r.engine, policies[n_swaps].slot)) {
        rig_sweep(&w.r);
        ck_assert(ps_engine_swap(w.r.engine, policies[n_swaps].slot));
    }
    if (n_swaps % 3 == 0)
        rig_sweep(&w.r);
    else if (n_swaps % 3 == 1)
        (void)ps_engine_sweep(w.r.engine, 1);
    ck_assert(ps_engine_check(w.r.engine));
    n_swaps++;
}

static void end(void)
{
    while (ps_engine_sweep(w.r.engine, PS_SWEEP_MAX))
        continue;
    (void)ps_engine_settle_flows(w.r.engine, 10);
    for (uint32_t i = 0; i < n_swaps; i++) {
        ck_assert_uint_eq(ps_policy_slot_use(policies[i].slot), i + 1 == n_swaps ? PS_SLOT_CURRENT : PS_SLOT_UNUSED);
        count(policies[i].slot);
    }
    ck_assert_uint_eq(flows_rejudged, rig_stats(&w.r)->rejudged);
    w.r.n_judged = 0;
    two_fini(&w);
    for (uint32_t i = 0; i < n_swaps; i++)
        rig_policy_fini(&policies[i]);
}

/* Octets [from, to) of a PDU; whatever the engine makes of them. */
static void part(unsigned dir, const char *hex, uint32_t from, uint32_t to)
{
    uint8_t data[2048];
    (void)hex_octets(hex, data);
    two_bytes(&w, dir, 0, PS_TCP_ACK | PS_TCP_PSH, data + from, to - from);
    ck_assert_uint_eq(w.r.last.reason, PS_REASON_NONE);
    w.seq[dir] += to - from;
    w.r.n_judged = 0;
    w.n_out = 0;
}

static void heard(unsigned dir)
{
    w.ack[dir] = w.seq[!dir];
    two_at(&w, dir, 0, PS_TCP_ACK, "");
    w.n_out = 0;
}

/* A request in two parts and a reply in two parts, with a swap at this stage; every other time in one piece. */
static void exchange(const char *request, const char *reply, uint32_t stage, const char *rules)
{
    uint8_t data[2048];
    uint32_t lens[2] = {hex_octets(request, data), hex_octets(reply, data)};
    const char *said[2] = {request, reply};
    bool whole = n_swaps % 2 == 0;
    for (unsigned dir = 0; dir < 2; dir++) {
        if (stage == dir * 3)
            swap(rules);
        if (!whole)
            part(dir, said[dir], 0, 5);
        if (stage == dir * 3 + 1)
            swap(rules);
        part(dir, said[dir], whole ? 0 : 5, lens[dir]);
        if (stage == dir * 3 + 2)
            swap(rules);
        heard(!dir);
    }
}

START_TEST(test_ps_engine_swap__thousand_times_under_modbus__no_poll_is_lost)
{
    begin(NULL);
    two_open(&w);
    uint32_t polls = 0;
    for (; n_swaps < SWAPS; polls++)
        exchange(READ_REQUEST, READ_REPLY, polls % STAGES, NULL);
    ck_assert_uint_ge(polls, SWAPS - 1);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->pdus_allowed, 2 * polls);
    ck_assert_uint_eq(rig_stats(&w.r)->pdus_denied, 0);
    uint64_t sent = rig_stats(&w.r)->packets;
    end();
    ck_assert_uint_eq(packets, sent);
    ck_assert_uint_eq(allowed, 2 * polls);
    ck_assert_uint_eq(replies, polls);
}
END_TEST

/* ---- S7comm ---------------------------------------------------------------------------------------------------- */

#define S7_RULE                                                                                                        \
    "{ name = \"look\"; clients = [\"hmi\"]; servers = [\"plc\"]; protocol = \"s7comm\"; operations = [\"read\"]; }"
#define S7_CONNECT "03000016 11e00000000100 c1020100 c2020102 c0010a"
#define S7_CONFIRM "03000016 11d00001000200 c0010a c1020100 c2020102"
#define S7_SETUP "03000019 02f080 32010000000000080000 f0000001000101e0"
#define S7_SETUP_REPLY "0300001b 02f080 320300000000000800000000 f0000001000100f0"
/* job %04x: four octets of DB10 */
#define S7_READ "0300001f 02f080 32010000%04x000e0000 0401 120a10020004000a84000000"
#define S7_READ_REPLY "0300001d 02f080 32030000%04x000200080000 0401 ff040020 01020304"

START_TEST(test_ps_engine_swap__thousand_times_under_s7comm__no_job_is_lost)
{
    begin(S7_RULE);
    w.port[PS_TO_CLIENT] = 102;
    two_open(&w);
    exchange(S7_CONNECT, S7_CONFIRM, STAGES, S7_RULE);
    exchange(S7_SETUP, S7_SETUP_REPLY, 3, S7_RULE);
    uint32_t jobs = 0;
    for (; n_swaps < SWAPS; jobs++) {
        char request[128], reply[128];
        snprintf(request, sizeof request, S7_READ, jobs + 1);
        snprintf(reply, sizeof reply, S7_READ_REPLY, jobs + 1);
        exchange(request, reply, jobs % STAGES, S7_RULE);
    }
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->pdus_denied, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->pdus_allowed, 2 * jobs + 4);
    end();
    ck_assert_uint_eq(allowed, 2 * jobs + 4);
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_swap__too_many_without_a_sweep__waits_for_one)
{
    begin(NULL);
    char text[4096];
    two_plant(text, NULL, NULL);
    for (uint32_t i = 0; n_swaps < 16; i++, n_swaps++) {
        two_again(&w); /* a flow for each policy */
        two_open(&w);
        rig_policy_init(&policies[n_swaps], text, n_swaps + 2);
        bool done = ps_engine_swap(w.r.engine, policies[n_swaps].slot);
        ck_assert(done == (n_swaps == 1 || (n_swaps - 1) % (PS_POLICIES_MAX - 1) != 0));
        if (done)
            continue;
        ck_assert_uint_eq(ps_policy_slot_use(policies[n_swaps].slot), PS_SLOT_UNUSED);
        ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), n_swaps + 2 - PS_POLICIES_MAX);
        rig_sweep(&w.r);
        ck_assert_uint_eq(ps_engine_oldest_policy(w.r.engine), n_swaps + 1);
        ck_assert(ps_engine_swap(w.r.engine, policies[n_swaps].slot));
    }
    w.r.n_judged = 0;
    two_fini(&w);
    for (uint32_t i = 0; i < n_swaps; i++)
        rig_policy_fini(&policies[i]);
}
END_TEST

/* Lines that a sweep has not come to are looked at although the next one begins. */
START_TEST(test_ps_engine_sweep__changes_come_faster_than_it_ends__no_flow_is_left_out)
{
    begin(NULL);
    for (uint32_t i = 0; i < 8; i++) {
        two_again(&w);
        two_open(&w);
    }
    rig_sweep(&w.r);
    ps_policy_slot_island(policies[0].slot, true);
    uint64_t before = rig_stats(&w.r)->rejudged;
    for (uint32_t i = 0; i < 8; i++) {
        ps_policy_slot_set_mode(policies[0].slot, 0, i % 2 ? PS_MODE_MONITOR : PS_MODE_ENFORCE);
        ck_assert(ps_engine_sweep(w.r.engine, 1));
    }
    ck_assert_uint_eq(rig_stats(&w.r)->rejudged - before, 8);
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 8);
    rig_sweep(&w.r);
    w.r.n_judged = 0;
    two_fini(&w);
    rig_policy_fini(&policies[0]);
}
END_TEST

/* An epoch is counted in 13 bits: it does not come again while a flow may be of it. */
START_TEST(test_ps_rejudge_take_up__more_changes_than_epochs_without_a_sweep__the_sweep_comes_first)
{
    begin(NULL);
    two_open(&w);
    struct ps_policy_slot *slot = policies[0].slot;
    rig_sweep(&w.r);
    for (uint32_t i = 1; i < PS_EPOCH_CHANGES; i++) {
        ps_policy_slot_set_mode(slot, 0, i % 2 ? PS_MODE_MONITOR : PS_MODE_ENFORCE);
        ck_assert(ps_rejudge_take_up(w.r.engine));
        ck_assert(ps_policy_slot_is_taken_up(slot));
    }
    ps_policy_slot_island(slot, true);
    ck_assert(ps_rejudge_take_up(w.r.engine));
    ck_assert(!ps_policy_slot_is_taken_up(slot));
    ck_assert(!ps_engine_sweep(w.r.engine, 1));
    ck_assert(!ps_engine_sweep(w.r.engine, 1));
    ck_assert(ps_policy_slot_is_settled(slot));
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    ck_assert_uint_eq(rig_stats(&w.r)->denied_by_reason[PS_REASON_ISLAND], 1);
    ck_assert_uint_eq(w.r.last.verdict, PS_VERDICT_DROP);
    w.r.n_judged = 0;
    two_fini(&w);
    rig_policy_fini(&policies[0]);
}
END_TEST

UNIT_MAIN("fastpath/rejudge_often",
    test_ps_engine_swap__thousand_times_under_modbus__no_poll_is_lost,
    test_ps_engine_swap__thousand_times_under_s7comm__no_job_is_lost,
    test_ps_engine_swap__too_many_without_a_sweep__waits_for_one,
    test_ps_engine_sweep__changes_come_faster_than_it_ends__no_flow_is_left_out,
    test_ps_rejudge_take_up__more_changes_than_epochs_without_a_sweep__the_sweep_comes_first)
