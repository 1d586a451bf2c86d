/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

static struct ps_operation operation;

static bool parse(const char *text, char *err)
{
    struct ps_txt txt;
    ps_txt_init(&txt, err, 256);
    return ps_operation_parse(text, &operation, &txt);
}

static const char *format(const struct ps_facts *facts)
{
    static char buf[PS_OPERATION_TEXT_MAX];
    struct ps_txt txt;
    ps_txt_init(&txt, buf, sizeof buf);
    ps_operation_format(&ps_modbus, facts, &txt);
    return buf;
}

static bool same_values(const struct ps_values *a, const struct ps_values *b)
{
    double a_min = 0, a_max = 0, b_min = 0, b_max = 0;
    return ps_values_bounds(a, &a_min, &a_max) == ps_values_bounds(b, &b_min, &b_max) && a_min == b_min &&
           a_max == b_max && (a->kind == PS_VALUE_UNKNOWN) == (b->kind == PS_VALUE_UNKNOWN);
}

static void check_same_facts(const struct ps_facts *a, const struct ps_facts *b)
{
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_uint_eq(a->function, b->function);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert_uint_eq(a->station, b->station);
    ck_assert_uint_eq(a->n_facts, b->n_facts);
    for (uint16_t i = 0; i < a->n_facts; i++) {
        const struct ps_fact *x = &a->item[i], *y = &b->item[i];
        ck_assert_int_eq(x->op, y->op);
        ck_assert_uint_eq(x->function, y->function);
        ck_assert_uint_eq(x->station, y->station);
        ck_assert_uint_eq(x->space, y->space);
        ck_assert_uint_eq(x->first, y->first);
        ck_assert_uint_eq(x->last, y->last);
        ck_assert(same_values(&x->values, &y->values));
    }
}

/* What decode makes of octets is what parse makes of the text of it. */
START_TEST(test_ps_operation__decoded_requests__text_and_back)
{
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        char err[256], text[PS_OPERATION_TEXT_MAX];
        rig_init(&rig);
        ck_reason(ask(&rig, 1, exchanges[i].request), PS_REASON_NONE);
        strcpy(text, format(&rig.facts));
        ck_assert_msg(parse(text, err), "%s: %s", text, err);
        check_same_facts(&rig.facts, &operation.facts);
        ck_assert_str_eq(format(&operation.facts), text);
        ck_assert(!operation.any_station);
    }
}
END_TEST

/* The text of a function with everything that it needs. */
static void write_text(uint16_t function, char *text, size_t size)
{
    const struct ps_vocab *vocab = ps_modbus.vocab;
    const struct ps_function *row = &vocab->functions[function];
    struct ps_txt txt;
    ps_txt_init(&txt, text, size);
    ps_txt_str(&txt, "modbus ");
    ps_txt_str(&txt, row->name);
    ps_txt_str(&txt, " station=17");
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        uint32_t space = 0;
        double min, max;
        for (uint16_t i = 0; i < vocab->n_spaces && space == 0; i++)
            space = vocab->addresses(function, (uint8_t)op, vocab->spaces[i].code) ? vocab->spaces[i].code : 0;
        if (space == 0)
            continue;
        if (row->ops & (row->ops - 1)) {
            ps_txt_char(&txt, ' ');
            ps_txt_str(&txt, ps_op_name(op));
        }
        struct ps_object_range range = {.space = space, .first = 4, .last = 5};
        ps_txt_char(&txt, ' ');
        ps_object_format(vocab, range, &txt);
        if (vocab->value_limits(function, (uint8_t)op, space, &min, &max))
            ps_txt_str(&txt, max == 1 ? " value=off,on" : " value=0,1");
    }
}

START_TEST(test_ps_operation__every_function__text_and_back)
{
    for (uint16_t i = 0; i < ps_modbus.vocab->n_functions; i++) {
        char text[PS_OPERATION_TEXT_MAX], err[256];
        write_text(i, text, sizeof text);
        ck_assert_msg(parse(text, err), "%s: %s", text, err);
        ck_assert_uint_eq(operation.facts.function, i);
        ck_assert_uint_ge(operation.facts.n_facts, 1);
        ck_assert_uint_eq(operation.facts.item[0].station, 17);
        ck_assert_str_eq(format(&operation.facts), text);
    }
}
END_TEST

START_TEST(test_ps_operation_parse__notations__one_canonical_text)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"modbus 6 station=1 holding:41 value=900", "modbus write-single-register station=1 holding:41 value=900"},
        {"  modbus\t6  holding:41 station=1 value=900 ", "modbus write-single-register station=1 holding:41 value=900"},
        {"modbus 6 station=1 4x00042 value=900", "modbus write-single-register station=1 holding:41 value=900"},
        {"modbus 5 station=1 coil:3 value=on", "modbus write-single-coil station=1 coil:3 value=on"},
        {"modbus 16 station=0 holding:0-9 value=3..8",
         "modbus write-multiple-registers station=0 holding:0-9 value=3..8"},
        {"modbus 16 station=0 holding:0-8 value=1,2,3,4,5,6,7,8,9",
         "modbus write-multiple-registers station=0 holding:0-8 value=1..9"},
        {"modbus 16 station=0 holding:0-8 value=7,7,7,7,7,7,7,7,7",
         "modbus write-multiple-registers station=0 holding:0-8 value=7..7"},
        {"modbus 23 station=1 write holding:20-21 value=5,6 read holding:0-9",
         "modbus read-write-multiple-registers station=1 write holding:20-21 value=5,6 read holding:0-9"},
        {"modbus 8/4 station=255", "modbus force-listen-only station=255"},
        {"modbus 90/0x41 station=0", "modbus umas-stop-plc station=0"},
        {"modbus read-file-record station=1 file:4:0-9 file:5:1",
         "modbus read-file-record station=1 file:4:0-9 file:5:1"},
        {"modbus 22 station=1 holding:4 value=5..247", "modbus mask-write-register station=1 holding:4 value=5..247"},
        {"modbus 1 station=1 read coil:0-3", "modbus read-coils station=1 coil:0-3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char err[256];
        ck_assert_msg(parse(rows[i].text, err), "%s: %s", rows[i].text, err);
        ck_assert_str_eq(format(&operation.facts), rows[i].canonical);
        ck_assert_msg(parse(rows[i].canonical, err), "%s: %s", rows[i].canonical, err);
        ck_assert_str_eq(format(&operation.facts), rows[i].canonical);
    }
}
END_TEST

START_TEST(test_ps_operation_parse__no_station__says_so)
{
    char err[256];
    ck_assert(parse("modbus read-exception-status", err));
    ck_assert(operation.any_station);
    ck_assert_uint_eq(operation.facts.station, 0);
    ck_assert(parse("modbus read-exception-status station=0", err));
    ck_assert(!operation.any_station);
}
END_TEST

START_TEST(test_ps_operation_parse__mistakes__a_sentence)
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"", "is not a protocol that is understood"},
        {"iec104 read", "\"iec104\" is not a protocol that is understood"},
        {"modbus", "is not a function of the protocol"},
        {"modbus fly station=1", "\"fly\" is not a function of the protocol"},
        {"modbus 6 station=256 holding:1 value=1", "is not a station"},
        {"modbus 6 station=1 station=1 holding:1 value=1", "is a second station"},
        {"modbus 6 station= holding:1 value=1", "is not a station"},
        {"modbus 6 station=1", "needs an object"},
        {"modbus 6 station=1 holding:1", "add value="},
        {"modbus 6 station=1 value=1", "needs the object in front of it"},
        {"modbus 6 station=1 coil:1 value=1", "is not in the address space of the function"},
        {"modbus 6 station=1 file:1:1 value=1", "is not in the address space of the function"},
        {"modbus 6 station=1 holding:1 value=65536", "is not a value that the function can write"},
        {"modbus 6 station=1 holding:1 value=-1", "is not a value that the function can write"},
        {"modbus 5 station=1 coil:1 value=2", "is not a value that the function can write"},
        {"modbus 6 station=1 holding:1 value=1,2", "one value for each element"},
        {"modbus 16 station=1 holding:1-3 value=1,2", "one value for each element"},
        {"modbus 16 station=1 holding:1-3 value=1,2..3,4", "cannot stand in a list"},
        {"modbus 16 station=1 holding:1-3 value=1,,3", "is not a value"},
        {"modbus 16 station=1 holding:1-3 value=", "is not a value"},
        {"modbus 6 station=1 holding:1 value=1 value=2", "is a second value"},
        {"modbus 3 station=1 holding:1 value=1", "is not a value that the function can write"},
        {"modbus 65 station=1 value=1", "needs the object in front of it"},
        {"modbus 7 station=1 holding:1", "is too much: the function addresses nothing"},
        {"modbus 23 station=1 holding:1", "needs the class word in front of it: \"read\""},
        {"modbus 23 station=1 read holding:1", "\"write\" needs an object"},
        {"modbus 23 station=1 write holding:1 value=2", "\"read\" needs an object"},
        {"modbus 1 station=1 coil:1 read", "\"read\" has no object behind it"},
        {"modbus 1 station=1 write coil:1", "is not a class of this function"},
        {"modbus 1 station=1 what:1", "names no address space"},
        {"modbus 1 station=1 coil:1 nonsense", "names no address space"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char err[256];
        ck_assert_msg(!parse(rows[i].text, err), "%s", rows[i].text);
        ck_assert_msg(strstr(err, rows[i].sentence) != NULL, "%s: %s", rows[i].text, err);
    }
}
END_TEST

/* One piece n times over, behind a head. */
static void repeat(char *text, const char *head, const char *piece, unsigned n)
{
    strcpy(text, head);
    while (n--)
        strcat(text, piece);
}

START_TEST(test_ps_operation_parse__too_much__refused_in_bounds)
{
    static char text[8192];
    char err[256];
    repeat(text, "modbus 16 station=1 holding:0-127 value=1", ",1", 127);
    ck_assert(parse(text, err));
    ck_assert_uint_eq(operation.n_values, 128);
    repeat(text, "modbus 16 station=1 holding:0-128 value=1", ",1", 128);
    ck_assert(!parse(text, err));
    ck_assert_ptr_nonnull(strstr(err, "one value too many"));
    repeat(text, "modbus 1 station=1", " coil:1", PS_FACTS_MAX);
    ck_assert(parse(text, err));
    repeat(text, "modbus 1 station=1", " coil:1", PS_FACTS_MAX + 1);
    ck_assert(!parse(text, err));
    ck_assert_ptr_nonnull(strstr(err, "one object too many"));
}
END_TEST

START_TEST(test_ps_operation_format__any_buffer_size__cut_with_dots)
{
    char err[256], whole[PS_OPERATION_TEXT_MAX];
    ck_assert(parse("modbus write-single-register station=1 holding:41 value=900", err));
    strcpy(whole, format(&operation.facts));
    for (size_t size = 1; size <= sizeof whole; size++) {
        char *buf = malloc(size);
        struct ps_txt txt;
        ck_assert_ptr_nonnull(buf);
        ps_txt_init(&txt, buf, size);
        ps_operation_format(&ps_modbus, &operation.facts, &txt);
        ck_assert_uint_lt(strlen(buf), size);
        if (size > strlen(whole))
            ck_assert_str_eq(buf, whole);
        else if (size > 3)
            ck_assert_str_eq(buf + size - 4, "...");
        free(buf);
    }
}
END_TEST

START_TEST(test_ps_operation_format__many_records__cut_with_dots)
{
    static char text[2048];
    char err[256];
    repeat(text, "modbus read-file-record station=1", " file:65535:9990-9999", 35);
    ck_assert(parse(text, err));
    const char *out = format(&operation.facts);
    ck_assert_uint_eq(strlen(out), PS_OPERATION_TEXT_MAX - 1);
    ck_assert_str_eq(out + strlen(out) - 3, "...");
}
END_TEST

START_TEST(test_ps_operation_format__partial_facts__as_far_as_known)
{
    struct ps_facts facts;
    ps_facts_clear(&facts);
    ck_assert_str_eq(format(&facts), "modbus");
    facts.kind = PS_PDU_REQUEST;
    facts.code = 43;
    facts.station = 1;
    ck_assert_str_eq(format(&facts), "modbus function=43 station=1");
    facts.code = 90u << 16 | 0x77;
    ck_assert_str_eq(format(&facts), "modbus function=90/0x77 station=1");
    facts.kind = PS_PDU_REPLY;
    ck_assert_str_eq(format(&facts), "modbus reply function=90/0x77 station=1");
    facts.kind = PS_PDU_REFUSAL;
    facts.error = 4;
    ck_assert_str_eq(format(&facts), "modbus exception function=90/0x77 station=1 code=4");
}
END_TEST

UNIT_MAIN("operation", test_ps_operation__decoded_requests__text_and_back,
          test_ps_operation__every_function__text_and_back, test_ps_operation_parse__notations__one_canonical_text,
          test_ps_operation_parse__no_station__says_so, test_ps_operation_parse__mistakes__a_sentence,
          test_ps_operation_parse__too_much__refused_in_bounds,
          test_ps_operation_format__any_buffer_size__cut_with_dots,
          test_ps_operation_format__many_records__cut_with_dots,
          test_ps_operation_format__partial_facts__as_far_as_known)
