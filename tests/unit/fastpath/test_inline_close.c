/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inline.h"

#include <string.h>

#include "decode.h"
#include "rig_inline.h"
#include "unit.h"

static struct two w;

#define FIN (PS_TCP_FIN | PS_TCP_ACK)
#define SECOND "0002 0000 0006 01 03 0028 0002"
#define DENIED WRITE_TOO_MUCH

static void begin(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

/* ---- refused --------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline__request_no_rule_grants__both_ends_reset_at_exact_numbers)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER];
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    w.ack[PS_TO_SERVER] = w.seq[PS_TO_CLIENT];
    two_expect(&w, "=");
    two_say(&w, PS_TO_SERVER, DENIED);
    two_expect(&w, "!no-rule >12:0a13R <13:0a12R");
    ck_assert_uint_eq(rig_stats(&w.r)->resets, 1);
    end();
}
END_TEST

START_TEST(test_ps_inline__second_of_three_refused__first_leaves_nothing_after_it)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST DENIED SECOND);
    two_expect(&w, "!no-rule >0:12a0 >12:0a0R <0:0a0R");
    rig_expect(&w.r, "P P=no-rule");
    end();
}
END_TEST

START_TEST(test_ps_inline__refused_in_parts__never_leaves)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_say(&w, PS_TO_SERVER, "06 0029 03e9");
    two_expect(&w, "!no-rule <0:0a7 >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__malformed__reset)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, BAD_PROTOCOL);
    two_expect(&w, "!modbus-protocol-id >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__reply_nobody_asked_for__reset)
{
    begin(NULL);
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "!modbus-unsolicited >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__on_deny_drop__prefix_leaves_and_the_connection_lives)
{
    begin("mode = \"enforce\"; on_deny = \"drop\";");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST DENIED SECOND);
    two_expect(&w, "!no-rule >0:12a0");
    w.seq[PS_TO_SERVER] += 12;
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, DENIED);
    two_expect(&w, "!no-rule");
    two_at(&w, PS_TO_SERVER, -12, PS_TCP_ACK, READ_REQUEST DENIED);
    two_expect(&w, "!no-rule >0:12a0");
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__on_deny_drop_of_what_came_early__forgotten)
{
    begin("mode = \"enforce\"; on_deny = \"drop\";");
    two_at(&w, PS_TO_SERVER, 4, PS_TCP_ACK, "0006 01 03 0028 0002" DENIED);
    two_expect(&w, "~ <0:0a0");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, "0001 0000");
    two_expect(&w, "!no-rule >0:12a0");
    w.seq[PS_TO_SERVER] += 12;
    two_say(&w, PS_TO_SERVER, SECOND);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__on_deny_drop_of_acknowledged_octets__reset)
{
    begin("mode = \"enforce\"; on_deny = \"drop\";");
    two_say(&w, PS_TO_SERVER, "0003 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_say(&w, PS_TO_SERVER, "06 0029 03e9");
    two_expect(&w, "!no-rule >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__refused_request__leaves_no_trace_in_the_dialog)
{
    begin("mode = \"enforce\"; on_deny = \"drop\";");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, DENIED);
    two_expect(&w, "!no-rule");
    two_at(&w, PS_TO_CLIENT, 0, PS_TCP_ACK, DENIED); /* would be its reply */
    two_expect(&w, "!modbus-unsolicited");
    end();
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------------------------ */

START_TEST(test_ps_inline__both_fins__lingers_and_goes)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 0, FIN, "");
    two_expect(&w, "=");
    w.seq[PS_TO_SERVER]++;
    two_ack(&w, PS_TO_CLIENT, 1);
    two_expect(&w, "=");
    two_at(&w, PS_TO_CLIENT, 0, FIN, "");
    two_expect(&w, "=");
    w.seq[PS_TO_CLIENT]++;
    two_ack(&w, PS_TO_SERVER, 1);
    two_expect(&w, "=");
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    two_at(&w, PS_TO_CLIENT, -1, FIN, ""); /* the last acknowledgement was lost */
    two_expect(&w, "~ >1:0a1");
    two_at(&w, PS_TO_SERVER, -2, PS_TCP_SYN, ""); /* the first of all, come late */
    two_expect(&w, "~ <1:0a1");
    two_tick(&w, 30000);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_c07_fin_with_data__judged_then_passed)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 0, FIN, READ_REQUEST);
    two_expect(&w, "=");
    rig_expect(&w.r, "P");
    two_at(&w, PS_TO_SERVER, 0, FIN, READ_REQUEST); /* lost: the same again */
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST); /* without the FIN: all of it */
    two_expect(&w, "~ >0:12a0 >12:0a0F");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_c05_fin_out_of_order__waits_for_its_turn)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 12, FIN, "");
    two_expect(&w, "~ <0:0a0");
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_at(&w, PS_TO_SERVER, 0, FIN, "");
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_c06_data_after_fin__refused)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 0, FIN, "");
    two_at(&w, PS_TO_SERVER, 1, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!closed");
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST); /* over it */
    two_expect(&w, "!closed");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_c09_half_closed__other_direction_goes_on)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_at(&w, PS_TO_SERVER, 0, FIN, "");
    w.ack[PS_TO_CLIENT] = w.seq[PS_TO_SERVER] + 1;
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "=");
    rig_expect(&w.r, "P R");
    two_say(&w, PS_TO_CLIENT, READ_REPLY);
    two_expect(&w, "!modbus-unsolicited >13:0a0R <13:0a13R");
    end();
}
END_TEST

START_TEST(test_ps_inline__fin_behind_half_a_pdu__reset)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 0, FIN, READ_REQUEST "0002 0000");
    two_expect(&w, "!fin-in-pdu >0:12a0 >12:0a0R <0:0a0R");
    rig_expect(&w.r, "P K=fin-in-pdu");
    end();
}
END_TEST

/* ---- other insertions ------------------------------------------------------------------------------------------ */

START_TEST(test_ps_inline__urgent__refused_and_reset)
{
    begin(NULL);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK | PS_TCP_URG, READ_REQUEST);
    two_expect(&w, "!urgent >0:0a0R <0:0a0R");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s13_bad_acknowledgements__dropped_with_their_data)
{
    static const int32_t offsets[] = {1, 100000, -100000, -10};
    begin(NULL);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT] + (uint32_t)offsets[i];
        two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
        two_expect(&w, "!bad-ack");
    }
    rig_expect(&w.r, "K=bad-ack K=bad-ack K=bad-ack K=bad-ack");
    w.ack[PS_TO_SERVER] = w.isn[PS_TO_CLIENT];
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s14_acknowledgement_of_held_octets__dropped)
{
    begin(NULL);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_ack(&w, PS_TO_CLIENT, 7);
    two_expect(&w, "!bad-ack");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s18_options_and_ecn_in_a_segment__built_without)
{
    static const uint8_t options[12] = {1, 1, 8, 10};
    begin(NULL);
    w.options = options;
    w.options_len = 12;
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "~ >0:12a0");
    w.options = options;
    w.options_len = 12;
    two_ack(&w, PS_TO_CLIENT, 12);
    two_expect(&w, "~ <0:0a12");
    end();
}
END_TEST

START_TEST(test_ps_inline__copies_full__dropped_and_the_sender_slows_down)
{
    struct ps_engine_config config;
    two_config(&config);
    config.n_chunks = 1;
    two_init(&w, &config, NULL);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    two_again(&w);
    two_open(&w);
    two_at(&w, PS_TO_SERVER, 0, PS_TCP_ACK, READ_REQUEST);
    two_expect(&w, "!copies-full");
    ck_assert_uint_eq(rig_stats(&w.r)->backpressure, 1);
    w.port[PS_TO_SERVER]--;
    two_ack(&w, PS_TO_CLIENT, 12);
    w.port[PS_TO_SERVER]++;
    w.ack[PS_TO_CLIENT] = w.isn[PS_TO_SERVER];
    w.seq[PS_TO_SERVER] = w.isn[PS_TO_SERVER];
    w.n_out = 0;
    two_say(&w, PS_TO_SERVER, READ_REQUEST);
    two_expect(&w, "=");
    end();
}
END_TEST

START_TEST(test_ps_inline__nv_s02_too_many_holes__dropped)
{
    begin(NULL);
    for (int32_t i = 0; i < 32; i++) {
        two_at(&w, PS_TO_SERVER, 2 + 2 * i, PS_TCP_ACK, "00");
        two_expect(&w, "~ <0:0a0");
    }
    two_at(&w, PS_TO_SERVER, 200, PS_TCP_ACK, "00");
    two_expect(&w, "!reorder-full");
    end();
}
END_TEST

START_TEST(test_ps_inline__no_room_to_send__sent_when_there_is)
{
    struct ps_engine_config config;
    two_config(&config);
    config.send_octets = two_head() + 26; /* one frame without payload */
    two_init(&w, &config, NULL);
    two_open(&w);
    two_say(&w, PS_TO_SERVER, "0001 0000 0006 01");
    two_expect(&w, "~ <0:0a7");
    two_say(&w, PS_TO_SERVER, "03 0028 0002");
    two_expect(&w, "~"); /* six octets longer */
    ck_assert_uint_ge(rig_stats(&w.r)->sends_lost, 1);
    two_tick(&w, 200);
    two_expect(&w, "");
    end();
}
END_TEST

UNIT_MAIN("fastpath/inline_close",
    test_ps_inline__request_no_rule_grants__both_ends_reset_at_exact_numbers,
    test_ps_inline__second_of_three_refused__first_leaves_nothing_after_it,
    test_ps_inline__refused_in_parts__never_leaves,
    test_ps_inline__malformed__reset,
    test_ps_inline__reply_nobody_asked_for__reset,
    test_ps_inline__on_deny_drop__prefix_leaves_and_the_connection_lives,
    test_ps_inline__on_deny_drop_of_what_came_early__forgotten,
    test_ps_inline__on_deny_drop_of_acknowledged_octets__reset,
    test_ps_inline__refused_request__leaves_no_trace_in_the_dialog,
    test_ps_inline__both_fins__lingers_and_goes,
    test_ps_inline__nv_c07_fin_with_data__judged_then_passed,
    test_ps_inline__nv_c05_fin_out_of_order__waits_for_its_turn,
    test_ps_inline__nv_c06_data_after_fin__refused,
    test_ps_inline__nv_c09_half_closed__other_direction_goes_on,
    test_ps_inline__fin_behind_half_a_pdu__reset,
    test_ps_inline__urgent__refused_and_reset,
    test_ps_inline__nv_s13_bad_acknowledgements__dropped_with_their_data,
    test_ps_inline__nv_s14_acknowledgement_of_held_octets__dropped,
    test_ps_inline__nv_s18_options_and_ecn_in_a_segment__built_without,
    test_ps_inline__copies_full__dropped_and_the_sender_slows_down,
    test_ps_inline__nv_s02_too_many_holes__dropped,
    test_ps_inline__no_room_to_send__sent_when_there_is)
