/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plus_rig.h"
#include "unit.h"

/* A request with sequence number 3 of a client that has a subscription, and what its first fact is. */
struct body {
    unsigned code;
    const char *body;
    enum s7p_row row;
    enum ps_op op;
    uint32_t space, first, last;
    uint32_t attribute; /* 0: none */
    uint8_t asks;
    bool housekeeping;
    uint16_t n_facts;
};

#define DB(number) (S7P_SPACE_DB + (number))
#define OBJECT S7P_SPACE_OBJECT
#define ALL S7P_LID_MAX
#define OPAQUE S7P_ASK_OPAQUE
#define SET_END QUALIFIER "00" ZEROS

static void check(const struct rig *rig, const struct body *b)
{
    const struct ps_fact *fact = &rig->facts.item[0];
    ck_assert_msg(rig->facts.n_facts == b->n_facts, "%s: %u facts", b->body, rig->facts.n_facts);
    ck_assert_msg(fact->function == b->row, "%s: function %u", b->body, fact->function);
    ck_assert_msg(fact->op == b->op, "%s: class %u", b->body, fact->op);
    ck_assert_msg(fact->space == b->space && fact->first == b->first && fact->last == b->last, "%s: %x:%u-%u", b->body,
                  fact->space, fact->first, fact->last);
    ck_assert_uint_eq(fact->n_params, b->attribute ? 1 : 0);
    ck_assert_uint_eq(fact->params[0], b->attribute);
    ck_assert_msg(fact->asks == b->asks, "%s: asks %u", b->body, fact->asks);
    ck_assert_msg(fact->housekeeping == b->housekeeping, "%s: housekeeping", b->body);
    ck_assert_uint_eq(fact->station, S7P_STATION_HMI);
    ck_assert_uint_eq(fact->protocol, PS_PROTOCOL_S7COMM_PLUS);
    for (uint16_t i = 0; i < rig->facts.n_facts; i++) { /* what the vocabulary says of such facts */
        const struct ps_fact *f = &rig->facts.item[i];
        ck_assert(s7p_functions[f->function].ops & PS_OP_BIT(f->op));
        ck_assert_msg(ps_vocab_addresses(&s7p_vocab, f->function, f->op, f->space), "%s: space", b->body);
        ck_assert(f->values.kind == PS_VALUE_NONE || ps_vocab_writes_unseen(&s7p_vocab, f));
    }
}

static const struct body bodies[] = {
    /* reads */
    {0x04fc, "000000c9 01 880d" END, S7P_ROW_GET_VARIABLE, PS_OP_READ, OBJECT, 201, 201, 1037, 0, false, 1},
    {0x04fc, "8a0e0003 01 9376" END, S7P_ROW_GET_VARIABLE, PS_OP_READ, DB(3), 0, ALL, 0, 0, false, 1},
    {0x04fc, "8a0e0003 01 9374" END, S7P_ROW_GET_VARIABLE, PS_OP_READ, OBJECT, 0x8a0e0003, 0x8a0e0003, 2548, 0, false, 1},
    {0x04fc, "00000398 01 8232" END, S7P_ROW_READ_SESSION, PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1}, /* its own */
    {0x054c, "00000000 02 08 00 8718 01 8e32 00 34 01 9077" END, S7P_ROW_GET_MULTI_VARIABLES, PS_OP_READ, OBJECT, 52, 52, 2167, 0,
     false, 1}, /* and something else */
    {0x04fc, "000000c9 02 880d 880e" END, S7P_ROW_GET_VARIABLE, PS_OP_READ, 0, 0, 0, 0, OPAQUE, false, 1},
    {0x054c, "00000000 01 05 8acdf1cd66 88d0b88002 02 9376 0a" END, S7P_ROW_GET_MULTI_VARIABLES, PS_OP_READ, DB(2), 10, 10,
     0, 0, false, 1},
    {0x054c, "00000000 01 04 00 88d0b88002 01 9376" END, S7P_ROW_GET_MULTI_VARIABLES, PS_OP_READ, DB(2), 0, ALL, 0, 0, false,
     1},
    {0x054c, "00000000 03 0f 00 50 02 9d18 09 00 52 02 9d18 09 00 54 02 9d18 09" END, S7P_ROW_GET_MULTI_VARIABLES, PS_OP_READ,
     S7P_SPACE_I, 9, 9, 0, 0, false, 3},
    {0x054c, "88e10102 02 02 9153 9f2e" END, S7P_ROW_GET_MULTI_VARIABLES, PS_OP_READ, OBJECT, 0x88e10102, 0x88e10102, 2259, 0,
     false, 2},
    {0x0586, "000000c9 2004 01 880d" QUALIFIER "0001" ZEROS, S7P_ROW_GET_VAR_SUB_STREAMED, PS_OP_READ, OBJECT, 201, 201, 1037,
     0, false, 1},
    {0x0586, "89f90000 2004 01 bc37" QUALIFIER "0001" ZEROS, S7P_ROW_GET_VAR_SUB_STREAMED, PS_OP_PROGRAM, OBJECT, 0x89f90000,
     0x89f90000, 7735, 0, false, 1},
    {0x0586, "89f90000 0003 0005" QUALIFIER "0001" ZEROS, S7P_ROW_GET_VAR_SUB_STREAMED, PS_OP_READ, 0, 0, 0, 0, OPAQUE, false,
     1},
    /* writes */
    {0x04f2, "8a0e0001 01 9376 0002 05" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, DB(1), 0, ALL, 0, 0, false, 1},
    {0x04f2, "7000000a 01 9517 0002 01" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_PROGRAM, OBJECT, 0x7000000a, 0x7000000a, 2711, 0,
     false, 1},
    {0x04f2, "00000034 01 9275 0010 0000000000000001" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_TIME, OBJECT, 52, 52, 2421, 0, false,
     1},
    {0x04f2, "00000398 01 8e35 0002 01" SET_END, S7P_ROW_CONFIGURE_SESSION, PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1},
    {0x04f2, "00000398 01 8e36 0002 01" SET_END, S7P_ROW_LOGIN, PS_OP_SECURITY, 0, 0, 0, 0, 0, false, 1},
    {0x0542, "00000398 01 01 8230 01 0002 01 00" END, S7P_ROW_LOGIN, PS_OP_SECURITY, 0, 0, 0, 0, 0, false, 1},
    {0x04f2, "1000006a 01 881d 0007 0006" SET_END, S7P_ROW_CONFIGURE_SUBSCRIPTION, PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1},
    {0x04f2, "1000006b 01 881d 0007 0006" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_PROGRAM, OBJECT, 0x1000006b, 0x1000006b, 1053, 0,
     false, 1}, /* somebody else's */
    {0x04f2, "1000006a 01 8818 2004 0a 8880948000 00 01 8880908002 01 00 52 00 9d18 09" SET_END, S7P_ROW_SUBSCRIBE, PS_OP_READ,
     S7P_SPACE_M, 9, 9, 0, 0, false, 1},
    {0x04f2, "1000006a 01 8818 2004 03 8880948000 00 00" SET_END, S7P_ROW_CONFIGURE_SUBSCRIPTION, PS_OP_SESSION, 0, 0, 0, 0, 0,
     true, 1},
    {0x04f2, "8a0e0001 02 9376 9377 0002 05" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_PROGRAM, 0, 0, 0, 0, OPAQUE, false, 1},
    {0x04f2, "8a0e0001 01 9376 0016 05" SET_END, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, DB(1), 0, ALL, 0, OPAQUE, false, 2},
    {0x04f2, "8a0e0001 01 9376 0002 05" QUALIFIER "01" ZEROS, S7P_ROW_SET_VARIABLE, PS_OP_WRITE, DB(1), 0, ALL, 0, OPAQUE, false, 2},
    {0x0542, "00000000 01 05 00 88d0b88005 02 9376 71 01 0001 01 00" END, S7P_ROW_SET_MULTI_VARIABLES, PS_OP_WRITE, DB(5), 113,
     113, 0, 0, false, 1},
    {0x0542, "00000000 02 0a 00 51 02 9d18 01 00 52 02 9d18 02 01 0001 01 02 0001 00 00" END, S7P_ROW_SET_MULTI_VARIABLES,
     PS_OP_WRITE, S7P_SPACE_Q, 1, 1, 0, 0, false, 2},
    {0x0542, "00000398 01 01 8232 01 0017 0000013a 823b 0004 8200 823f 0015 02 4142 00 00" END, S7P_ROW_CONFIGURE_SESSION,
     PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1},
    /* stop and start */
    {0x04f2, "00000034 01 9077 0008 01" SET_END, S7P_ROW_PLC_STOP, PS_OP_CONTROL, 0, 0, 0, 0, 0, false, 1},
    {0x04f2, "00000034 01 9077 0008 03" SET_END, S7P_ROW_PLC_START, PS_OP_CONTROL, 0, 0, 0, 0, 0, false, 1},
    {0x04f2, "00000034 01 9077 0008 02" SET_END, S7P_ROW_PLC_STOP, PS_OP_CONTROL, 0, 0, 0, 0, 0, false, 1},
    {0x0542, "00000034 01 01 9077 01 0008 03 00" END, S7P_ROW_PLC_START, PS_OP_CONTROL, 0, 0, 0, 0, 0, false, 1},
    {0x0542, "00000000 01 04 00 34 01 9077 01 0008 01 00" END, S7P_ROW_PLC_STOP, PS_OP_CONTROL, 0, 0, 0, 0, 0, false, 1},
    {0x04f2, "00000034 01 9077 0016 03" SET_END, S7P_ROW_PLC_STOP, PS_OP_CONTROL, 0, 0, 0, 0, OPAQUE, false, 2},
    /* objects */
    {0x04bb, "00000003 00 01 00 01 00 00" ZEROS, S7P_ROW_EXPLORE, PS_OP_IDENTIFY, OBJECT, 3, 3, 0, 0, false, 1},
    {0x0524, "00000031 915e 0000 0000000000", S7P_ROW_GET_LINK, PS_OP_IDENTIFY, OBJECT, 49, 49, 0, 0, false, 1},
    {0x04ca, CREATE_SUBSCRIPTION, S7P_ROW_SUBSCRIBE, PS_OP_READ, S7P_SPACE_M, 9, 9, 0, 0, false, 2},
    {0x04ca, "000003af 0004 00 00000000 a1 7fffc001 8769 00 00 a3 8818 2004 0a 8880948000 00 01 8880908002 01 00 52 00 9d18 09"
             "a3 8818 2004 0a 8880948000 00 01 8880908002 01 00 51 00 9d18 0a a2" ZEROS, S7P_ROW_SUBSCRIBE, PS_OP_READ, S7P_SPACE_M,
     9, 9, 0, 0, false, 2}, /* two lists */
    {0x04ca, "000003af 0004 00 00000000 a1 7fffc001 8769 00 00 a3 8169 0015 00 a2" ZEROS, S7P_ROW_CREATE_SUBSCRIPTION, PS_OP_SESSION,
     0, 0, 0, 0, 0, true, 1}, /* to alarms */
    {0x04ca, "00000003 0004 00 00000000 a1 8a320000 9457 20 00", S7P_ROW_CREATE_OBJECT, PS_OP_PROGRAM, 0, 0, 0, 0, OPAQUE, false,
     1},
    {0x04ca, CREATE_SESSION, S7P_ROW_CREATE_OBJECT, PS_OP_PROGRAM, 0, 0, 0, 0, OPAQUE, false, 1}, /* a second one */
    {0x04ca, "000003af 0004 00 00000000 a1 00000398 8769 00 00 a2" ZEROS, S7P_ROW_CREATE_OBJECT, PS_OP_PROGRAM, 0, 0, 0, 0,
     OPAQUE, false, 1},
    {0x04ca, "000003af 0004 00 00000000 a17f a1 7fffc001 8769 00 00 a2" ZEROS, S7P_ROW_CREATE_OBJECT, PS_OP_PROGRAM, 0, 0, 0, 0,
     OPAQUE, false, 1}, /* no integrity id in front */
    {0x04ca, "000003af 0004 00 00000000 07 a1 7fffc002 8769 00 00 a2 07" ZEROS, S7P_ROW_CREATE_SUBSCRIPTION, PS_OP_SESSION, 0, 0,
     0, 0, 0, true, 1},
    {0x04d4, "1000006a 00" END, S7P_ROW_DELETE_SUBSCRIPTION, PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1},
    {0x04d4, "0000072f"  "00" END, S7P_ROW_DELETE_OBJECT, PS_OP_PROGRAM, OBJECT, 0x72f, 0x72f, 0, 0, false, 1},
    {0x04d4, "000003af"  "00" END, S7P_ROW_DELETE_SUBSCRIPTION, PS_OP_SESSION, 0, 0, 0, 0, 0, true, 1}, /* with the session */
    {0x04d4, "00000398 01" END, S7P_ROW_DELETE_SESSION, PS_OP_SESSION, 0, 0, 0, 0, OPAQUE, true, 1},
    /* known by name */
    {0x0506, "00000031 00", S7P_ROW_ADD_LINK, PS_OP_PROGRAM, OBJECT, 49, 49, 0, OPAQUE, false, 1},
    {0x051a, "00000031 00", S7P_ROW_REMOVE_LINK, PS_OP_PROGRAM, OBJECT, 49, 49, 0, OPAQUE, false, 1},
    {0x057c, "8a0e0001 00", S7P_ROW_SET_VAR_SUB_STREAMED, PS_OP_PROGRAM, OBJECT, 0x8a0e0001, 0x8a0e0001, 0, OPAQUE, false, 1},
    {0x0556, "02000100", S7P_ROW_BEGIN_SEQUENCE, PS_OP_PROGRAM, 0, 0, 0, 0, OPAQUE, false, 1},
    {0x0560, "00", S7P_ROW_END_SEQUENCE, PS_OP_PROGRAM, 0, 0, 0, 0, OPAQUE, false, 1},
    {0x056b, "00", S7P_ROW_INVOKE, PS_OP_CONTROL, 0, 0, 0, 0, OPAQUE, false, 1},
    {0x0590, "00", S7P_ROW_GET_VARIABLES_ADDRESS, PS_OP_IDENTIFY, 0, 0, 0, 0, 0, false, 1},
    {0x059a, "00", S7P_ROW_ABORT, PS_OP_SESSION, 0, 0, 0, 0, 0, false, 1},
};

#define N_BODIES (sizeof bodies / sizeof bodies[0])

START_TEST(test_s7p_body__request__its_facts)
{
    for (size_t i = 0; i < N_BODIES; i++) {
        struct rig rig;
        plus_subscribe(&rig);
        ck_reason(plus_ask(&rig, bodies[i].code, 3, bodies[i].body), OK);
        check(&rig, &bodies[i]);
    }
}
END_TEST

/* Bodies that are understood end where they end: one octet fewer or more makes them opaque. */
START_TEST(test_s7p_body__other_length__opaque)
{
    for (size_t i = 0; i < N_BODIES; i++) {
        bool open = bodies[i].asks != 0 || bodies[i].row == S7P_ROW_EXPLORE || bodies[i].row == S7P_ROW_GET_LINK ||
                    bodies[i].row == S7P_ROW_GET_VARIABLES_ADDRESS || bodies[i].row == S7P_ROW_ABORT;
        for (int more = open ? 1 : -6; more <= (open ? 0 : 6); more++) {
            struct rig rig;
            plus_subscribe(&rig);
            struct plus_request r = {2, bodies[i].code, 3, SESSION, 0x34, bodies[i].body};
            memset(rig.octets, 0, 2048);
            plus_wrap(&rig, 2, (uint32_t)((int)plus_build(&rig, r) + more), true);
            memset(rig.octets + rig.n_octets - 4 - (more > 0 ? more : 0), 0, (size_t)(more > 0 ? more : 0));
            ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
            bool integrity = more == 1 && !strstr(bodies[i].body, "a2 07"); /* an octet in front of the zeros is an id */
            ck_assert_msg(plus_is_opaque(&rig) == (more != 0 && !integrity), "%s: %d", bodies[i].body, more);
        }
    }
}
END_TEST

START_TEST(test_s7p_body__numbers_that_cannot_be__refused)
{
    static const struct {
        unsigned code;
        const char *body;
        enum ps_reason reason;
    } rows[] = {
        {0x04fc, "000000c9 01 8f ff ff ff 7f" END, OK},
        {0x04fc, "000000c9 01 90 80 80 80 00" END, S7P(BODY)},
        {0x04fc, "000000c9 01 80 80 80 80 80 00" END, S7P(BODY)},
        {0x054c, "00000000 01 05 00 88d0b88002 02 9376 87 ff ff ff 7f" END, OK},
        {0x054c, "00000000 01 05 00 88d0b88002 02 9376 88 80 80 80 00" END, S7P(BODY)}, /* beyond the space */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_open(&rig, CR_HMI);
        ck_reason(plus_ask(&rig, rows[i].code, 2, rows[i].body), rows[i].reason);
    }
}
END_TEST

START_TEST(test_s7p_body__items_and_numbers_disagree__opaque)
{
    static const struct {
        unsigned code;
        const char *body;
    } rows[] = {
        {0x054c, "00000000 01 06 00 88d0b88002 02 9376 0a" END},
        {0x054c, "00000000 01 04 00 88d0b88002 00" END},
        {0x054c, "00000000 00 00" END},
        {0x054c, "00000000 01 03 00 88d0b88002 00 9376" END},
        {0x0586, "000000c9 2004 00" QUALIFIER "0001" ZEROS},
        {0x054c, "88e10102 02 03 9153 9f2e" END},
        {0x0542, "00000000 01 05 00 88d0b88005 02 9376 71 02 0001 01 00" END}, /* value of another item */
        {0x0542, "00000000 01 05 00 88d0b88005 02 9376 71 01 0001 01 01" END},
        {0x0542, "00000000 01 05 00 88d0b88005 02 9376 71 01 0001 01 00 000004e9 00" ZEROS},
        {0x0542, "1000006a 01 01 8818 01 2004 0a 8880948000 00 01 8880908002 01 00 52 00 9d18 09 00" END},
        {0x04f2, "1000006a 01 8818 2004 0a 8880948000 01 01 8880908002 01 00 52 00 9d18 09" SET_END},
        {0x04f2, "1000006a 01 8818 2004 0a 8880948000 00 02 8880908002 01 00 52 00 9d18 09" SET_END},
        {0x04f2, "1000006a 01 8818 2004 0a 8880948000 00 00 8880908002 01 00 52 00 9d18 09" SET_END},
        {0x04f2, "1000006a 01 8818 2004 0a 8880948000 00 01 8880948002 01 00 52 00 9d18 09" SET_END},
        {0x04f2, "1000006a 01 8818 2004 0a 8880948000 00 01 8880908002 01 01 52 00 9d18 09" SET_END},
        {0x04f2, "1000006a 01 8818 2003 01 0001" SET_END},
        {0x04f2, "1000006a 01 8818 2003 03 0001 0000 0000" SET_END},
        {0x04f2, "1000006a 01 8818 2004 02 01 00" SET_END},
        {0x04f2, "1000006a 01 8818 2004 08 8880948000 00 01 8880908000 01 00 52 00" SET_END},
        {0x04f2, "1000006a 01 8818 2004 09 8880948000 00 01 8880908002 01 00 52 00 9d18" SET_END},
        {0x04ca, "000003af 0004 00 00000000 a1 7fffc001 8769 00 00 a4 01 a2" ZEROS},
        {0x04ca, "000003af 0004 00 00000000 a1 7fffc001 8769 00 00 a2 a2" ZEROS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        plus_subscribe(&rig);
        ck_reason(plus_ask(&rig, rows[i].code, 3, rows[i].body), OK);
        ck_assert_uint_gt(rig.facts.n_facts, 0);
        ck_assert_msg(plus_is_opaque(&rig), "%s", rows[i].body);
    }
}
END_TEST

/* Objects in objects, up to a depth. */
START_TEST(test_s7p_body__nested_objects__to_a_depth)
{
    for (unsigned depth = 15; depth <= 18; depth++) {
        struct rig rig;
        char body[1024] = "000003af 0004 00 00000000 ";
        plus_subscribe(&rig);
        for (unsigned i = 0; i < depth; i++)
            strcat(body, "a1 7fffc001 8769 0000 ");
        for (unsigned i = 0; i < depth; i++)
            strcat(body, "a2");
        strcat(body, ZEROS);
        ck_reason(plus_ask(&rig, 0x04ca, 3, body), OK);
        ck_assert_int_eq(plus_is_opaque(&rig), depth > 16);
    }
}
END_TEST

START_TEST(test_s7p_body__too_many_items__refused)
{
    struct rig rig;
    char body[2048] = "00000034 82 01 82 01"; /* 257 attributes */
    plus_open(&rig, CR_HMI);
    for (unsigned i = 0; i < 257; i++)
        strcat(body, "01");
    strcat(body, END);
    ck_reason(plus_ask(&rig, 0x054c, 2, body), PS_REASON_TOO_MANY_FACTS);
}
END_TEST

/* A session in clear is what require_tls is about. */
START_TEST(test_s7p_body__session_in_clear__asks)
{
    struct rig rig;
    plus_connect(&rig, CR_HMI);
    ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
    ck_assert_uint_eq(rig_fact(&rig)->function, S7P_ROW_CREATE_SESSION);
    ck_assert_uint_eq(rig_fact(&rig)->asks, S7P_ASK_CLEAR);
    ck_assert(rig_fact(&rig)->housekeeping);
}
END_TEST

/* The container for subscriptions comes with a session; anything else inside would be a download by the way. */
START_TEST(test_s7p_body__session_with_objects__opaque_but_for_subscriptions)
{
    static const struct {
        const char *class;
        bool opaque;
    } rows[] = {{"817f", false}, {"9457", true}, {"821f", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[256];
        struct rig rig;
        plus_connect(&rig, CR_HMI);
        snprintf(body, sizeof body, "0000011d 0004 00 00000000 a1 000000d3 821f 00 00 a1 000000d3 %s 00 00 a2 a2 " ZEROS,
                 rows[i].class);
        ck_reason(plus_send(&rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, body}), OK);
        ck_assert_int_eq(plus_is_opaque(&rig), rows[i].opaque);
    }
}
END_TEST

/* Integrity id, and the digest that version 2 has at the end. */
START_TEST(test_s7p_tail__forms__known)
{
    static const struct {
        const char *tail;
        bool opaque;
    } rows[] = {
        {ZEROS, false},
        {"84eb3b" ZEROS, false},
        {"01 20 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", false},
        {"20 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", false},
        {"01 1f 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", true},
        {"00000001", true},
        {"0000" ZEROS, true},
        {"", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        char body[512] = "000000c9 01 880d" QUALIFIER;
        plus_open(&rig, CR_HMI);
        strcat(body, rows[i].tail);
        ck_reason(plus_ask(&rig, 0x04fc, 2, body), OK);
        ck_assert_msg(plus_is_opaque(&rig) == rows[i].opaque, "%s", rows[i].tail);
    }
}
END_TEST

UNIT_MAIN("s7comm/plus_body", test_s7p_body__request__its_facts, test_s7p_body__other_length__opaque,
          test_s7p_body__numbers_that_cannot_be__refused, test_s7p_body__items_and_numbers_disagree__opaque,
          test_s7p_body__nested_objects__to_a_depth, test_s7p_body__session_with_objects__opaque_but_for_subscriptions,
          test_s7p_body__too_many_items__refused,
          test_s7p_body__session_in_clear__asks, test_s7p_tail__forms__known)
