/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_inspect_glance.c - what is judged at a glance is granted, counted and remembered as it would be otherwise, and
 * nothing outlives its policy.
 */
#include "glance_rig.h"

START_TEST(test_ps_inspect_glance__polls__pass_and_leave_the_same_behind)
{
    begin(NULL, ANY_RULES);
    for (uint32_t i = 0; i < FLOWS; i++)
        open_flow(&p.flow[i], i % 2 ? HMI : ENG, (uint16_t)(40000 + i));
    uint32_t opening = p.n_frames;
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < FLOWS; i++)
            ask(&p.flow[i], (uint16_t)(40 + i), (uint16_t)(1 + round % 4 + i));
        ck_assert_uint_eq(b.n, FLOWS);
        judge(NULL);
        for (uint32_t i = 0; i < FLOWS; i++)
            answer(&p.flow[i]);
        judge(NULL);
        expect_same_state();
    }
    /* all but the first ones of each direction, which nobody has acknowledged or whose headers are new */
    ck_assert_uint_ge(p.n_glanced, p.n_frames - opening - 2 * FLOWS);
    ck_assert_uint_eq(ps_engine_stats(p.engine[0])->pdus_denied, 0);
    ck_assert_uint_eq(ps_engine_stats(p.engine[0])->pdus_allowed, 200 * FLOWS);
    end();
}
END_TEST

START_TEST(test_ps_inspect_glance__another_request__asked_about_anew)
{
    begin(NULL, "{ name = \"low\"; protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holding:40-41\"]; },"
                "{ name = \"high\"; protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holding:50-51\"]; }");
    struct ends *f = &p.flow[0];
    struct ps_decision said[PS_BURST_MAX];
    open_flow(f, HMI, 40000);
    poll(f, 2);
    for (uint32_t i = 0; i < 6; i++) {
        ask(f, i % 2 ? 40 : 50, 2);
        answer(f);
        ck_assert_uint_eq(judge(NULL), 2);
        expect_same_state();
    }
    ck_assert_uint_eq(ps_engine_rule_stats(p.engine[0], 0)->allowed, 5);
    ck_assert_uint_eq(ps_engine_rule_stats(p.engine[0], 1)->allowed, 3);
    ask(f, 50, 3); /* one register too many */
    ck_assert_uint_eq(judge(said), 0);
    ck_assert_uint_eq(said[0].reason, PS_REASON_NO_RULE);
    expect_same_state();
    end();
}
END_TEST

/* ---- another policy --------------------------------------------------------------------------------------------- */

static struct rig_policy policies[2];

static void swap(const char *rules, uint32_t generation)
{
    char text[4096];
    two_plant(text, NULL, rules);
    for (unsigned e = 0; e < 2; e++) {
        rig_policy_init(&policies[e], text, generation);
        ck_assert(ps_engine_swap(p.engine[e], policies[e].slot));
    }
}

static void sweep(void)
{
    for (unsigned e = 0; e < 2; e++)
        while (ps_engine_sweep(p.engine[e], PS_SWEEP_MAX))
            continue;
}

static void end_swapped(void)
{
    end();
    for (unsigned e = 0; e < 2; e++)
        rig_policy_fini(&policies[e]);
}

static void ask_another_policy(bool swept)
{
    struct ends *f = begin_polling(NULL);
    struct ps_decision said[PS_BURST_MAX];
    swap("{ name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holding:50-59\"]; }", 2);
    if (swept)
        sweep();
    ask(f, 40, 2); /* what was granted again and again */
    ck_assert_uint_eq(judge(said), 0);
    ck_assert_uint_eq(said[0].reason, PS_REASON_NO_RULE);
    expect_same_state();
    sweep();
    end_swapped();
}

START_TEST(test_ps_inspect_glance__another_policy__remembers_nothing)
{
    ask_another_policy(false);
    ask_another_policy(true);
}
END_TEST

START_TEST(test_ps_inspect_glance__policy_that_grants_it_too__counts_for_its_own_rule)
{
    struct ends *f = begin_polling(NULL);
    swap("{ name = \"other\"; protocol = \"modbus\"; operations = [\"write\"]; },"
         "{ name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; }", 2);
    ask(f, 40, 2);
    answer(f);
    ck_assert_uint_eq(judge(NULL), 0); /* flows have to be judged anew */
    sweep();
    poll(f, 1);
    ask(f, 40, 2);
    answer(f);
    ck_assert_uint_eq(judge(NULL), 2);
    expect_same_state();
    ck_assert_uint_eq(ps_engine_rule_stats(p.engine[0], 0)->allowed, 0);
    ck_assert_uint_eq(ps_engine_rule_stats(p.engine[0], 1)->allowed, 3);
    end_swapped();
}
END_TEST

START_TEST(test_ps_inspect_glance__conduit_closed__nothing_passes_from_the_next_burst_on)
{
    struct ends *f = begin_polling(NULL);
    struct ps_decision said[PS_BURST_MAX];
    for (unsigned e = 0; e < 2; e++)
        ps_policy_slot_island(p.engine[e]->slot, true);
    ask(f, 40, 2);
    ck_assert_uint_eq(judge(said), 0);
    ck_assert_uint_eq(said[0].verdict, PS_VERDICT_DROP);
    expect_same_state();
    sweep();
    end();
}
END_TEST

START_TEST(test_ps_inspect_glance__monitor_mode__not_at_a_glance)
{
    begin("mode = \"monitor\";", ANY_RULES);
    open_flow(&p.flow[0], HMI, 40000);
    poll(&p.flow[0], 5);
    ck_assert_uint_eq(p.n_glanced, 0);
    expect_same_state();
    end();
}
END_TEST

UNIT_MAIN("fastpath/inspect_glance", test_ps_inspect_glance__polls__pass_and_leave_the_same_behind,
          test_ps_inspect_glance__another_request__asked_about_anew,
          test_ps_inspect_glance__another_policy__remembers_nothing,
          test_ps_inspect_glance__policy_that_grants_it_too__counts_for_its_own_rule,
          test_ps_inspect_glance__conduit_closed__nothing_passes_from_the_next_burst_on,
          test_ps_inspect_glance__monitor_mode__not_at_a_glance)
