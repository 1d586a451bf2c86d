/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_caps.c - what may be opened on a conduit: connections at one time (inline.c), flows in a second (admit.c).
 */
#include "admit.h"

#include <string.h>

#include "inline.h"
#include "rig_inline.h"
#include "unit.h"

static struct two w;

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void syn(const char *what)
{
    two_again(&w);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, what);
}

START_TEST(test_ps_inline_opened__too_many_half_open__waits_until_one_is_over)
{
    two_init(&w, NULL, "max_half_open = 2;");
    syn("=");
    syn("=");
    syn("!too-many-half-open");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 2);
    two_tick(&w, 4999); /* nobody answers */
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline_opened__opened_or_reset__no_longer_half_open)
{
    two_init(&w, NULL, "max_half_open = 1;");
    for (unsigned i = 0; i < 3; i++) {
        two_again(&w);
        two_open(&w);
    }
    syn("=");
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_RST | PS_TCP_ACK, ""); /* the server does not want it */
    two_expect(&w, "=");
    syn("=");
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    syn("!too-many-half-open"); /* the client has not heard of it yet */
    end();
}
END_TEST

START_TEST(test_ps_admit__too_many_in_a_second__waits_for_the_next_one)
{
    two_init(&w, NULL, "max_new_flows = 2;");
    two_open(&w);
    two_again(&w);
    w.port[PS_TO_CLIENT] = 8080; /* not inspected: one more flow */
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    w.port[PS_TO_CLIENT] = 502;
    syn("!too-many-new-flows");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 2);
    ck_assert_uint_eq(rig_stats(&w.r)->denied_by_class[PS_CLASS_RESOURCE], 1);
    w.r.time_ns += UINT64_C(1000000000);
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_admit__flows_that_no_rule_grants__use_nothing_up)
{
    two_init(&w, NULL, "max_new_flows = 1;");
    w.port[PS_TO_CLIENT] = 9999;
    for (unsigned i = 0; i < 3; i++)
        syn("!no-rule");
    w.port[PS_TO_CLIENT] = 502;
    syn("=");
    end();
}
END_TEST

START_TEST(test_ps_admit__monitor_or_passive__everything_is_opened)
{
    struct ps_engine_config config;
    two_init(&w, NULL, "mode = \"monitor\"; max_new_flows = 1; max_half_open = 1;");
    for (unsigned i = 0; i < 3; i++)
        syn("=");
    end();
    two_config(&config);
    config.inline_ = false;
    two_init(&w, &config, "max_new_flows = 1; max_half_open = 1;");
    for (unsigned i = 0; i < 3; i++)
        syn("=");
    end();
}
END_TEST

UNIT_MAIN("fastpath/caps",
    test_ps_inline_opened__too_many_half_open__waits_until_one_is_over,
    test_ps_inline_opened__opened_or_reset__no_longer_half_open,
    test_ps_admit__too_many_in_a_second__waits_for_the_next_one,
    test_ps_admit__flows_that_no_rule_grants__use_nothing_up,
    test_ps_admit__monitor_or_passive__everything_is_opened)
