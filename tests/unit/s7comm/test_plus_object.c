/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus_rig.h"
#include "unit.h"

/* Joined late: the client says which session is its own. */
static enum ps_reason late(struct rig *rig, unsigned session, const char *body)
{
    rig_init(rig);
    rig->dialog.midstream = true;
    return plus_send(rig, (struct plus_request){2, 0x04f2, 7, session, 0x34, body});
}

START_TEST(test_s7p_access__session_that_the_client_names__no_way_to_data_or_stop)
{
    struct rig rig;
    ck_reason(late(&rig, 52, "00000034 01 9077 0008 01" QUALIFIER "00" ZEROS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_PLC_STOP);
    ck_assert(!rig_fact(&rig)->housekeeping);
    ck_reason(late(&rig, 0x8a0e0001, "8a0e0001 01 9376 0002 05" QUALIFIER "00" ZEROS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->op, PS_OP_WRITE);
    ck_assert(!rig_fact(&rig)->housekeeping);
    ck_reason(late(&rig, SESSION, "00000398 01 8e35 0002 01" QUALIFIER "00" ZEROS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_CONFIGURE_SESSION);
}
END_TEST

START_TEST(test_s7p_access__joined_late_without_session__as_from_the_start)
{
    struct rig rig;
    ck_reason(late(&rig, 288, "000000c9 01 8e35 0002 01" QUALIFIER "00" ZEROS), S7P(SESSION));
    ck_reason(late(&rig, 0, "000000c9 01 8e35 0002 01" QUALIFIER "00" ZEROS), S7P(SESSION));
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_CREATE_SESSION);
}
END_TEST

/* Whoever insists on TLS does not want a session whose opening went unseen. */
START_TEST(test_s7p_access__session_opened_unseen__asks_as_one_in_clear)
{
    struct rig rig;
    ck_reason(late(&rig, SESSION, "8a0e0001 01 9376 0002 05" QUALIFIER "00" ZEROS), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, S7P_ASK_CLEAR);
    ck_reason(plus_ask(&rig, 0x04fc, 8, "000000c9 01 880d" END), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, S7P_ASK_CLEAR);
    plus_open(&rig, CR_HMI);
    ck_reason(plus_ask(&rig, 0x04fc, 2, "000000c9 01 880d" END), OK);
    ck_assert_uint_eq(rig_fact(&rig)->asks, 0);
}
END_TEST

START_TEST(test_s7p_access__credit__of_unseen_subscriptions_only)
{
    static const struct {
        const char *attribute;
        enum s7p_row row;
    } rows[] = {
        {"881b", S7P_ROW_CONFIGURE_SUBSCRIPTION}, /* 1051 */
        {"881d", S7P_ROW_CONFIGURE_SUBSCRIPTION},
        {"881c", S7P_ROW_SET_VARIABLE},
        {"8818", S7P_ROW_SET_VARIABLE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        char body[256];
        (void)snprintf(body, sizeof body, "1000006a 01 %s 0007 0006" QUALIFIER "00" ZEROS, rows[i].attribute);
        ck_reason(late(&rig, SESSION, body), OK);
        ck_assert_uint_eq(rig_fact(&rig)->function, rows[i].row);
        plus_open(&rig, CR_HMI);
        ck_reason(plus_ask(&rig, 0x04f2, 2, body), OK);
        ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_SET_VARIABLE);
        plus_subscribe(&rig);
        ck_reason(plus_ask(&rig, 0x04f2, 3, body), OK);
        bool list = i + 1 == sizeof rows / sizeof rows[0]; /* an INT is none: not understood */
        ck_assert_uint_eq(rig.facts.item[0].function, S7P_ROW_CONFIGURE_SUBSCRIPTION);
        ck_assert_int_eq(plus_is_opaque(&rig), list);
    }
}
END_TEST

START_TEST(test_s7p_access__areas__spaces_of_their_own)
{
    static const struct {
        const char *object;
        uint32_t space;
    } rows[] = {
        {"0000004f", S7P_SPACE_OBJECT}, {"00000050", S7P_SPACE_I}, {"00000051", S7P_SPACE_Q}, {"00000052", S7P_SPACE_M},
        {"00000053", S7P_SPACE_C},      {"00000054", S7P_SPACE_T}, {"00000055", S7P_SPACE_OBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        char body[256];
        plus_open(&rig, CR_HMI);
        (void)snprintf(body, sizeof body, "%s 01 9d18" END, rows[i].object);
        ck_reason(plus_ask(&rig, 0x04fc, 2, body), OK);
        ck_assert_uint_eq(rig_fact(&rig)->space, rows[i].space);
        (void)snprintf(body, sizeof body, "%s 01 9d19" END, rows[i].object); /* another attribute */
        ck_reason(plus_ask(&rig, 0x04fc, 3, body), OK);
        ck_assert_uint_eq(rig_fact(&rig)->space, S7P_SPACE_OBJECT);
    }
}
END_TEST

UNIT_MAIN("s7comm/plus_object", test_s7p_access__session_that_the_client_names__no_way_to_data_or_stop,
          test_s7p_access__joined_late_without_session__as_from_the_start,
          test_s7p_access__session_opened_unseen__asks_as_one_in_clear,
          test_s7p_access__credit__of_unseen_subscriptions_only, test_s7p_access__areas__spaces_of_their_own)
