/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_operation.c - operations of a protocol that has everything. It stands in the registry's place: this program is
 * not linked with registry.c.
 */
#include "vocab.h"

#include "made_up.h"
#include "text_and_back.h"
#include "unit.h"

static const struct ps_vocab carried = {
    .name = "carried",
    .protocol = PS_PROTOCOL_S7COMM_PLUS,
    .functions = made_up_functions,
    .n_functions = N_ROWS,
    .spaces = made_up_spaces,
    .n_spaces = 1,
    .max_station = 255,
    .function_number = made_up_number,
    .addresses = made_up_addresses,
};

static const struct ps_dissector carrier = {
    .name = "made-up", .protocol = PS_PROTOCOL_DNP3, .vocab = &made_up, .carried = &carried};

const struct ps_dissector *ps_dissector_by_protocol(unsigned protocol)
{
    return protocol == PS_PROTOCOL_DNP3 || protocol == ps_protocol_carrier(carried.protocol) ? &carrier : NULL;
}

const struct ps_vocab *ps_vocab_by_name(struct ps_str name)
{
    return ps_str_equal(name, "made-up") ? &made_up : ps_str_equal(name, "carried") ? &carried : NULL;
}

START_TEST(test_ps_operation__every_part__text_and_back)
{
    static const char *const texts[] = {
        "made-up nothing station=3->17",
        "made-up nothing station=3->17 broadcast direct",
        "made-up operate station=3->17 g12v1:3 control=trip on_time=100 count=1",
        "made-up operate station=3->17 broadcast g12v1:3 control=0x43 on_time=0 count=4294967295",
        "made-up operate station=0->0 g12v1:3 control=trip on_time=1 count=2 direct g12v1:4 control=none on_time=3 count=4",
        "made-up operate station=0->0 broadcast g12v1:3 control=trip on_time=1 count=2 g12v1:4 control=0xff on_time=3 count=4 direct",
        "made-up operate station=3->17 g1v0 control=close",
        "made-up both station=3->17 read db7:0.0 write db7:1-4 value=-1.5 read m:3",
        "made-up both station=3->17 write db7:1-4 broadcast value=1,2,inf,nan read m:3",
        "made-up both station=3->17 write db7:1-4 value=-inf..0.1",
        "made-up either station=3->17",
        "made-up either station=3->17 broadcast",
        "made-up either station=3->17 plain:1 control broadcast control",
        "made-up either station=3->17 plain:1 control control plain:2 plain:3",
        "made-up either station=3->17 control control control plain:1",
        "made-up both station=3->17 read m:3 nothing either either plain:1 read m:4 read m:5",
        "carried read station=7 plain:1-2",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        static struct ps_operation operation;
        char err[256], buf[512];
        struct ps_txt txt;
        ps_txt_init(&txt, err, sizeof err);
        ck_assert_msg(ps_operation_parse(texts[i], &operation, &txt), "%s: %s", texts[i], err);
        ck_text_and_back(&carrier, &operation.facts, buf, sizeof buf);
        ck_assert_str_eq(buf, texts[i]);
    }
}
END_TEST

START_TEST(test_ps_operation_parse__every_part__the_facts)
{
    static struct ps_operation operation;
    char err[256];
    struct ps_txt txt;
    ps_txt_init(&txt, err, sizeof err);
    ck_assert(ps_operation_parse("made-up operate count=2 station=3->17", &operation, &txt) == false);
    ck_assert(ps_operation_parse("made-up operate broadcast g1v0:1 control=none g12v1:3 control=trip count=2 on_time=9 "
                                 "direct station=3->17",
                                 &operation, &txt));
    ck_assert_ptr_eq(operation.vocab, &made_up);
    ck_assert_ptr_eq(operation.dissector, &carrier);
    ck_assert_uint_eq(operation.facts.n_facts, 2);
    const struct ps_fact *fact = operation.facts.item;
    ck_assert_uint_eq(fact[0].choice, 1);
    ck_assert_uint_eq(fact[0].n_params, 0);
    ck_assert_uint_eq(fact[0].asks, ASK_BROADCAST);
    ck_assert_uint_eq(fact[0].station, 0x311);
    ck_assert_uint_eq(fact[1].choice, 0x82);
    ck_assert_uint_eq(fact[1].n_params, 2);
    ck_assert_uint_eq(fact[1].params[0], 9);
    ck_assert_uint_eq(fact[1].params[1], 2);
    ck_assert_uint_eq(fact[1].asks, ASK_BROADCAST | ASK_SELECT);
    ck_assert(!fact[1].housekeeping);
    ck_assert(ps_operation_parse("made-up nothing", &operation, &txt));
    ck_assert(fact[0].housekeeping && operation.any_station);
}
END_TEST

START_TEST(test_ps_operation_parse__mistakes__a_sentence)
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"made-up operate g12v1:3 on_time=1 count=2", "\"control\" is missing"},
        {"made-up operate g12v1:3 control=trip on_time=1", "\"count\" is missing"},
        {"made-up operate g12v1:3 control=trip", "\"on_time\" is missing"},
        {"made-up operate g12v1:3 control=trip on_time=1 on_time=1", "is a second one"},
        {"made-up operate g12v1:3 control=trip on_time=x", "is not a whole number"},
        {"made-up operate g12v1:3 control=trip on_time=1..2", "is not a whole number"},
        {"made-up operate g12v1:3 control=trip on_time=4294967296", "is not a whole number"},
        {"made-up operate g1v1:3 control=trip on_time=1", "\"on_time\" is too much"},
        {"made-up read g1v1:3 control=trip", "\"control\" is too much"},
        {"made-up operate g12:3 control=trip on_time=1 count=2", "needs the number"},
        {"made-up nothing broadcast broadcast", "stands twice"},
        {"made-up both write db1:0 value=1 broadcast", "must stand in front of the values"},
        {"made-up both write broadcast db1:0 value=1", "needs the object in front of it"},
        {"made-up both write db1:0 value=1..", "is not a value"},
        {"made-up both write db1:0 value=3..2", "is more than what stands behind it"},
        {"made-up both write db1:0 value=1e39", "is not a value that the function can write"},
        {"made-up both", "add a class word"},
        {"made-up either either plain:1", "\"either\" is no part of messages of the function"},
        {"made-up operate g1v0:1 control=none either both", "\"both\" is no part of messages of the function"},
        {"carried read plain:1 nothing", "\"nothing\" is no part of messages of the function"},
        {"made-up both read", "\"read\" has no object behind it"},
        {"carried read plain:1 value=1", "is not a value that the function can write"},
    };
    static struct ps_operation operation;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char err[256];
        struct ps_txt txt;
        ps_txt_init(&txt, err, sizeof err);
        ck_assert_msg(!ps_operation_parse(rows[i].text, &operation, &txt), "%s", rows[i].text);
        ck_assert_msg(strstr(err, rows[i].sentence) != NULL, "%s: %s", rows[i].text, err);
    }
}
END_TEST

/* What a dissector says with bounds: a float whose octets are not contiguous. */
START_TEST(test_ps_operation_format__bounds_of_one_number__one_value)
{
    static const struct {
        uint8_t kind;
        double min, max;
        const char *text;
    } rows[] = {
        {PS_VALUE_BOUNDS_SINGLE, (double)0.1f, (double)0.1f, "made-up both station=0->0 write db1:0-3 value=0.1"},
        {PS_VALUE_BOUNDS_SINGLE, (double)0.1f, (double)0.3f, "made-up both station=0->0 write db1:0-3 value=0.1..0.3"},
        {PS_VALUE_BOUNDS, 0.1, 0.1, "made-up both station=0->0 write db1:0-3 value=0.1"},
        {PS_VALUE_BOUNDS, (double)0.1f, 1, "made-up both station=0->0 write db1:0-3 value=0.10000000149011612..1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct ps_operation operation;
        char buf[256];
        struct ps_txt txt;
        ps_txt_init(&txt, buf, sizeof buf);
        ck_assert(ps_operation_parse("made-up both station=0->0 write db1:0-3 value=1..2", &operation, &txt));
        operation.facts.item[0].values = (struct ps_values){.kind = rows[i].kind, .min = rows[i].min, .max = rows[i].max};
        ps_txt_init(&txt, buf, sizeof buf);
        ps_operation_format(&carrier, &operation.facts, &txt);
        ck_assert_str_eq(buf, rows[i].text);
    }
}
END_TEST

START_TEST(test_ps_operation_format__reply_with_status__at_the_end)
{
    static struct ps_facts facts;
    char buf[256];
    struct ps_txt txt;
    ps_facts_clear(&facts);
    facts.kind = PS_PDU_REPLY;
    facts.protocol = PS_PROTOCOL_DNP3;
    facts.function = ROW_READ;
    facts.station = 0x311;
    facts.status = 12;
    ps_txt_init(&txt, buf, sizeof buf);
    ps_operation_format(&carrier, &facts, &txt);
    ck_assert_str_eq(buf, "made-up reply read station=3->17 status=12");
}
END_TEST

UNIT_MAIN("words/operation", test_ps_operation__every_part__text_and_back,
          test_ps_operation_parse__every_part__the_facts, test_ps_operation_parse__mistakes__a_sentence,
          test_ps_operation_format__bounds_of_one_number__one_value,
          test_ps_operation_format__reply_with_status__at_the_end)
