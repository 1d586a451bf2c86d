/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_caps.c - what one source and one conduit may have in use at a time.
 */
#include "caps.h"

#include <string.h>

#include "engine_private.h"
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

/* From a port of its own, by the second client that may. */
static void by_eng(void)
{
    two_again(&w);
    w.addr[PS_TO_SERVER] = ENG;
}

static const struct ps_engine_stats *stats(void)
{
    return rig_stats(&w.r);
}

/* ---- what is being opened -------------------------------------------------------------------------------------- */

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

START_TEST(test_ps_caps_may_half_open__too_many_of_a_source__its_oldest_goes)
{
    struct ps_engine_config config;
    struct ps_event event;
    two_config(&config);
    config.half_open_of_source = 2;
    two_init(&w, &config, NULL);
    by_eng();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    struct two other = w;
    for (unsigned i = 0; i < 3; i++)
        syn("=");
    rig_expect(&w.r, "K=too-many-half-open");
    ck_assert_uint_eq(rig_events(&w.r, PS_EVENT_MALFORMED, &event), 1);
    ck_assert_uint_eq(event.client_port, w.port[PS_TO_SERVER] - 2); /* the oldest of the three */
    ck_assert_uint_eq(stats()->evicted_half_open, 1);
    ck_assert_uint_eq(stats()->flows_now, 3);
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    two_expect(&w, "=");
    memcpy(w.port, other.port, sizeof w.port);
    memcpy(w.addr, other.addr, sizeof w.addr);
    two_at(&w, PS_TO_CLIENT, -1, PS_TCP_SYN | PS_TCP_ACK, ""); /* nobody else's */
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_caps_make_room__all_relays_in_use__over_then_half_open_never_established)
{
    struct ps_engine_config config;
    two_config(&config);
    config.n_relays = 3;
    two_init(&w, &config, NULL);
    two_open(&w);
    struct two first = w;
    two_again(&w);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, BAD_PROTOCOL); /* leaves a tombstone */
    w.n_out = 0;
    syn("=");
    w.r.n_judged = 0;
    syn("="); /* for the tombstone */
    rig_expect(&w.r, "");
    syn("="); /* for the older of two that are being opened */
    rig_expect(&w.r, "K=relays-full");
    ck_assert_uint_eq(stats()->evicted_half_open, 1);
    two_again(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST); /* a connection that is not known makes nobody go */
    two_expect(&w, "!relays-full");
    for (unsigned i = 0; i < 2; i++) {
        two_again(&w);
        two_open(&w);
    }
    syn("!relays-full");
    memcpy(w.port, first.port, sizeof w.port);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_caps_may_open__too_many_of_a_source__others_may)
{
    struct ps_engine_config config;
    two_config(&config);
    config.new_of_source = 3;
    two_init(&w, &config, NULL);
    for (unsigned i = 0; i < 3; i++)
        syn("=");
    syn("!too-many-new-flows");
    by_eng();
    two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
    two_expect(&w, "=");
    w.r.time_ns += UINT64_C(400000000);
    syn("=");
    syn("!too-many-new-flows");
    end();
}
END_TEST

START_TEST(test_ps_caps_may_open__one_source_opens_all_it_can__half_is_left_for_others)
{
    struct ps_engine_config config;
    two_config(&config);
    config.new_of_source = 16;
    two_init(&w, &config, "max_new_flows = 10;");
    for (unsigned i = 0; i < 6; i++)
        syn("=");
    syn("!too-many-new-flows");
    for (unsigned i = 0; i < 3; i++) {
        by_eng();
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "=");
    }
    end();
}
END_TEST

START_TEST(test_ps_caps_may_half_open__one_source_opens_all_it_can__a_quarter_is_left_for_others)
{
    two_init(&w, NULL, "max_half_open = 8;");
    for (unsigned i = 0; i < 10; i++)
        syn("=");
    ck_assert_uint_eq(stats()->evicted_half_open, 4);
    for (unsigned i = 0; i < 2; i++) {
        by_eng();
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "=");
    }
    syn("!too-many-half-open");
    end();
}
END_TEST

/* ---- what is kept ---------------------------------------------------------------------------------------------- */

#define HEAD "0001 0000 0006 01" /* of READ_REQUEST */

START_TEST(test_ps_caps_may_hold__too_many_of_a_source__repeated_until_there_is_room)
{
    struct ps_engine_config config;
    two_config(&config);
    config.held_of_source = 1;
    two_init(&w, &config, NULL);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    struct two first = w;
    two_again(&w);
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST HEAD);
    two_expect(&w, "!too-many-held >0:12a0"); /* what is whole leaves */
    ck_assert_uint_eq(stats()->denied_by_reason[PS_REASON_TOO_MANY_HELD], 1);
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, HEAD);
    two_expect(&w, "!too-many-held");
    uint16_t second = w.port[PS_TO_SERVER];
    w.port[PS_TO_SERVER] = first.port[PS_TO_SERVER];
    two_at(&w, PS_TO_SERVER, 7, PS_TCP_ACK, "03 0028 0002");
    two_expect(&w, "~ >0:12a0");
    w.port[PS_TO_SERVER] = second;
    two_at(&w, PS_TO_SERVER, 12, PS_TCP_ACK, HEAD);
    two_expect(&w, "~ <0:0a19");
    two_at(&w, PS_TO_SERVER, 19, PS_TCP_ACK, "03 0028 0002");
    two_expect(&w, "~ >12:12a0");
    two_tick(&w, 5000);
    w.n_out = 0;
    end();
}
END_TEST

START_TEST(test_ps_caps_may_hold__too_many_of_a_conduit__likewise)
{
    struct ps_engine_config config;
    two_config(&config);
    config.held_of_conduit = 2;
    two_init(&w, &config, NULL);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~ <0:0a7");
    two_say(&w, PS_TO_CLIENT, HEAD);
    two_expect(&w, "~ >0:0a7");
    by_eng();
    two_open(&w);
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "!too-many-held");
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_RST | PS_TCP_ACK, "");
    end();
}
END_TEST

/* One octet behind a hole. */
static void early(const char *what)
{
    two_again(&w);
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 1, PS_TCP_ACK, "00");
    two_expect(&w, what);
}

START_TEST(test_ps_caps_may_keep__too_much_of_a_source_or_conduit__dropped)
{
    for (unsigned i = 0; i < 2; i++) {
        struct ps_engine_config config;
        two_config(&config);
        config.reorder_of_source = i == 0 ? 2 * PS_CHUNK_LEN : 1 << 20;
        config.reorder_of_conduit = i == 1 ? 2 * PS_CHUNK_LEN : 1 << 20;
        two_init(&w, &config, NULL);
        early("~ <0:0a0");
        early("~ <0:0a0");
        early("!reorder-full");
        ck_assert_uint_eq(stats()->denied_by_reason[PS_REASON_REORDER_FULL], 1);
        w.port[PS_TO_SERVER]--;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "00 00000000 06"); /* what was kept there had its turn */
        w.n_out = 0;
        w.port[PS_TO_SERVER]++;
        early("~ <0:0a0");
        end();
    }
}
END_TEST

START_TEST(test_ps_caps_settle__too_many_tombstones__the_oldest_of_the_source_goes)
{
    for (unsigned i = 0; i < 2; i++) {
        struct ps_engine_config config;
        two_config(&config);
        config.tombs_of_source = i == 0 ? 2 : 100;
        config.tombs_of_conduit = i == 1 ? 2 : 100;
        two_init(&w, &config, NULL);
        for (unsigned n = 0; n < 3; n++) {
            two_again(&w);
            two_open(&w);
            two_say(&w, PS_TO_SERVER, BAD_PROTOCOL);
            two_expect(&w, "!modbus-protocol-id >0:0a0R <0:0a0R");
        }
        ck_assert_uint_eq(stats()->relays_now, 2);
        ck_assert_uint_eq(stats()->evicted_tombs, 1);
        w.port[PS_TO_SERVER] -= 2;
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST); /* it is not read or passed for all that */
        two_expect(&w, "!closed >12:0a0R <0:0a24R");
        ck_assert_uint_eq(stats()->relays_now, 2);
        end();
    }
}
END_TEST

/* ---- flows ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_caps_make_way__too_many_unanswered_of_a_source__the_oldest_goes)
{
    for (unsigned inline_ = 0; inline_ < 2; inline_++) {
        struct ps_engine_config config;
        two_config(&config);
        config.inline_ = inline_;
        config.n_flows = 16;
        config.flows_of_source = inline_ ? 4 : 0; /* a quarter */
        two_init(&w, &config, NULL);
        two_open(&w);
        struct two first = w;
        by_eng();
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, "");
        two_expect(&w, "=");
        w.port[PS_TO_CLIENT] = 9999;
        for (unsigned i = 0; i < 9; i++)
            syn("!no-rule");
        ck_assert_uint_eq(stats()->flows_now, 6);
        ck_assert_uint_eq(stats()->evicted_flows, 5);
        w.port[PS_TO_SERVER] -= 3;
        two_at(&w, PS_TO_SERVER, -1, PS_TCP_SYN, ""); /* one of the four that are known */
        two_expect(&w, "!no-rule");
        ck_assert_uint_eq(stats()->flows, 11);
        memcpy(w.port, first.port, sizeof w.port);
        two_say(&w, PS_TO_SERVER, READ_REQUEST); /* established: it counts for nobody */
        two_expect(&w, "=");
        end();
    }
}
END_TEST

/* ---- captures -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_caps__over_a_capture__counted_and_not_enforced)
{
    struct ps_engine_config config;
    two_config(&config);
    config.captured = true;
    config.new_of_source = 3;
    config.half_open_of_source = 1;
    config.held_of_source = 0;
    config.reorder_of_source = 0;
    two_init(&w, &config, "max_half_open = 1;");
    for (unsigned i = 0; i < 3; i++)
        syn("=");
    ck_assert_uint_eq(stats()->capped, 4); /* by the conduit, by the source */
    syn("=");
    ck_assert_uint_eq(stats()->capped, 7); /* and by the rate */
    two_again(&w);
    two_open(&w);
    uint64_t capped = stats()->capped;
    two_say(&w, PS_TO_SERVER, HEAD);
    two_expect(&w, "~");
    two_at(&w, PS_TO_SERVER, 2, PS_TCP_ACK, "28");
    two_expect(&w, "~ <0:0a0");
    ck_assert_uint_eq(stats()->capped, capped + 2);
    rig_expect(&w.r, "");
    end();
}
END_TEST

UNIT_MAIN("fastpath/caps",
    test_ps_inline_opened__too_many_half_open__waits_until_one_is_over,
    test_ps_inline_opened__opened_or_reset__no_longer_half_open,
    test_ps_admit__too_many_in_a_second__waits_for_the_next_one,
    test_ps_admit__flows_that_no_rule_grants__use_nothing_up,
    test_ps_admit__monitor_or_passive__everything_is_opened,
    test_ps_caps_may_half_open__too_many_of_a_source__its_oldest_goes,
    test_ps_caps_make_room__all_relays_in_use__over_then_half_open_never_established,
    test_ps_caps_may_open__too_many_of_a_source__others_may,
    test_ps_caps_may_open__one_source_opens_all_it_can__half_is_left_for_others,
    test_ps_caps_may_half_open__one_source_opens_all_it_can__a_quarter_is_left_for_others,
    test_ps_caps_may_hold__too_many_of_a_source__repeated_until_there_is_room,
    test_ps_caps_may_hold__too_many_of_a_conduit__likewise,
    test_ps_caps_may_keep__too_much_of_a_source_or_conduit__dropped,
    test_ps_caps_settle__too_many_tombstones__the_oldest_of_the_source_goes,
    test_ps_caps_make_way__too_many_unanswered_of_a_source__the_oldest_goes,
    test_ps_caps__over_a_capture__counted_and_not_enforced)
