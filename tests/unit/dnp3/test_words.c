/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

#define N(array) (sizeof(array) / sizeof(array)[0])

static const char *number_of(uint32_t code)
{
    static char text[32];
    struct ps_txt txt;
    ps_txt_init(&txt, text, sizeof text);
    dn_vocab.function_number(code, &txt);
    return text;
}

START_TEST(test_dn_vocab__functions__each_by_name_and_number)
{
    for (uint16_t i = 0; i < DN_N_ROWS; i++) {
        const struct ps_function *f = &dn_functions[i];
        ck_assert(f->ops != 0);
        ck_assert_uint_eq(ps_function_by_text(&dn_vocab, ps_str_from(f->name)), i);
        ck_assert_uint_eq(dn_vocab.function_by_number(ps_str_from(number_of(f->code))), i);
        for (uint16_t k = 0; k < i; k++)
            ck_assert_msg(dn_functions[k].code != f->code, "%s", f->name);
    }
    ck_assert_str_eq(number_of(DN_CODE_LINK | 9), "link/9");
    ck_assert_str_eq(number_of(129), "129");
    static const char *const none[] = {"", "34", "link/", "link/3", "1x", "link/9/1", "256", "x"};
    for (size_t i = 0; i < N(none); i++)
        ck_assert_uint_eq(dn_vocab.function_by_number(ps_str_from(none[i])), PS_FUNCTION_UNKNOWN);
}
END_TEST

START_TEST(test_dn_row_by_function__all_octets__those_of_the_table)
{
    unsigned n = 0;
    for (unsigned code = 0; code < 256; code++) {
        uint8_t row = dn_row_by_function((uint8_t)code);
        bool defined = code <= 33 || (code >= 129 && code <= 131);
        ck_assert_int_eq(row != DN_ROW_NONE, defined);
        n += defined;
        if (defined)
            ck_assert_uint_eq(dn_functions[row].code, code);
    }
    ck_assert_uint_eq(n, 37);
}
END_TEST

START_TEST(test_dn_vocab__spaces__one_per_group)
{
    unsigned n = 0;
    for (uint32_t group = 0; group < 256; group++) {
        bool has = false;
        for (uint32_t v = 0; v < 256; v++)
            has |= dn_object(group, v).kind != DN_KIND_NONE;
        const struct ps_space *space = ps_space_by_code(&dn_vocab, DN_SPACE(group, 7));
        ck_assert_msg(has == (space != NULL), "g%u", group);
        char name[8];
        snprintf(name, sizeof name, "g%u", group & 0xff);
        if (has)
            ck_assert_str_eq(space->name, name);
        n += has;
    }
    ck_assert_uint_eq(n, dn_vocab.n_spaces);
}
END_TEST

START_TEST(test_dn_vocab__choices__canonical_codes_have_words)
{
    for (uint16_t i = 0; i < dn_vocab.n_choices; i++) {
        unsigned octet = dn_vocab.choices[i].code - 1u, code = octet & ~0x20u;
        ck_assert_msg(code == 1 || code == 3 || code == 4 || code == 0x41 || code == 0x81, "%02x", octet);
        ck_assert_int_eq((octet & 0x20) != 0, strstr(dn_vocab.choices[i].name, "-clear") != NULL);
        for (uint16_t k = 0; k < i; k++)
            ck_assert_uint_ne(dn_vocab.choices[k].code, dn_vocab.choices[i].code);
    }
    ck_assert_uint_eq(dn_vocab.n_choices, 10);
    ck_assert(dn_vocab.choices_by_name);
}
END_TEST

START_TEST(test_dn_vocab__asks_and_relaxes__a_bit_each)
{
    uint32_t seen = 0;
    for (uint16_t i = 0; i < dn_vocab.n_asks; i++) {
        ck_assert(dn_vocab.asks[i].bit && !(seen & dn_vocab.asks[i].bit));
        seen |= dn_vocab.asks[i].bit;
        ck_assert_int_eq(dn_vocab.asks[i].forbids, dn_vocab.asks[i].bit == DN_ASK_UNSELECTED);
    }
    ck_assert_uint_eq(seen, 0x7f);
    seen = 0;
    for (uint16_t i = 0; i < dn_vocab.n_relaxes; i++) {
        ck_assert(!(seen & dn_vocab.relaxes[i].bit));
        seen |= dn_vocab.relaxes[i].bit;
        ck_assert_int_eq(strncmp(dn_vocab.relaxes[i].name, "dnp3-", 5), 0);
    }
    ck_assert_uint_eq(seen, 7);
}
END_TEST

static const char *status(uint32_t number)
{
    static char text[160];
    struct ps_txt txt;
    ps_txt_init(&txt, text, sizeof text);
    dn_vocab.status_format(number, &txt);
    return text;
}

START_TEST(test_dn_vocab__status__internal_indications)
{
    ck_assert_str_eq(status(0x0080), "iin=restart");
    ck_assert_str_eq(status(0x0090), "iin=need-time,restart");
    ck_assert_str_eq(status(0x0100), "iin=no-function");
    ck_assert_str_eq(status(0x2000), "iin=corrupt");
    ck_assert_str_eq(status(0), "iin=none");
    ck_assert_str_eq(status(0x3fff), "iin=broadcast,class-1,class-2,class-3,need-time,local,trouble,restart,no-function,"
                                     "no-object,bad-parameter,overflow,executing,corrupt");
}
END_TEST

/* ---- facts as the vocabulary describes them ---------------------------------------------------------------------- */

static void check_fact(const struct ps_fact *fact, const char *what)
{
    double min, max;
    uint16_t n_params;
    ck_assert_msg(dn_functions[fact->function].ops & PS_OP_BIT(fact->op), "%s: class %s", what, ps_op_name(fact->op));
    ck_assert_msg(dn_vocab.addresses(fact->function, fact->op, fact->space), "%s: object", what);
    bool any = fact->space == 0 || dn_vocab.addresses(fact->function, fact->op, fact->space & ~UINT32_C(0xff));
    ck_assert_msg(any, "%s: any variation", what);
    bool writes = dn_vocab.value_limits(fact->function, fact->op, fact->space, &min, &max);
    bool unseen = dn_vocab.writes_unseen(fact->function, fact->op, fact->space);
    bool bounds = fact->values.kind == PS_VALUE_BOUNDS || fact->values.kind == PS_VALUE_BOUNDS_SINGLE;
    ck_assert_msg(bounds == writes, "%s: value", what);
    ck_assert_msg((fact->values.kind == PS_VALUE_UNKNOWN) == unseen, "%s: unseen", what);
    ck_assert(!bounds || (min <= fact->values.min && fact->values.max <= max));
    bool single = dn_vocab.writes_single(fact->function, fact->space, fact->choice);
    ck_assert(!bounds || single == (fact->values.kind == PS_VALUE_BOUNDS_SINGLE));
    bool carries = dn_vocab.carries(fact->function, fact->op, fact->space, &n_params);
    ck_assert_msg(carries == (fact->choice != 0) && n_params == fact->n_params, "%s: choice", what);
    ck_assert(fact->choice <= dn_vocab.max_choice);
    ck_assert(fact->first <= fact->last && fact->last <= (fact->space ? DN_INDEX_MAX : 0));
}

static uint8_t made[DN_N_ROWS][PS_N_OPS]; /* facts of this class came: 1 without object, 2 with */

static void judge(enum dn_row row, const char *what)
{
    if (rig_judge(&rig, row) != OK)
        return;
    for (uint16_t i = 0; i < rig.facts.n_facts; i++) {
        check_fact(&rig.facts.item[i], what);
        made[row][rig.facts.item[i].op] |= rig.facts.item[i].space ? 2 : 1;
    }
}

static const char *const fronts[] = {"", "3c0206", "3202 07 01 010203040506 01000000"};

static const char *const sized[] = {
    "78563412 00000000",
    "1400 0100 0100 00000000 000000000000 0000 0100 41",
    "1a00 0100 000000000000 0000 00000000 00000000 0100 0004 0100 41",
    "0c00 0000 0c00 0000 78563412",
    "78563412 00000000 0004 0100 00",
    "04 01000000",
    "414243",
    "03000000010006010203040506",
};

/* A header with this qualifier, of one object. */
static void put_head(uint32_t group, uint32_t v, unsigned qualifier)
{
    rig_number(&rig, group, 1);
    rig_number(&rig, v, 1);
    rig_number(&rig, qualifier, 1);
    if (qualifier == 0x00)
        rig_put(&rig, "0707");
    else if (qualifier != 0x06)
        rig_put(&rig, "01");
    if (qualifier == 0x17)
        rig_put(&rig, "05");
}

static void put_data(struct dn_object object, unsigned qualifier, const char *hex)
{
    uint32_t n = object.kind == DN_KIND_PACKED ? 1 : object.size, at = rig.n;
    if (object.kind == DN_KIND_ATTRIBUTE) {
        rig_put(&rig, "01 00");
    } else if (qualifier == 0x5b) {
        rig_put(&rig, "0000");
        rig_put(&rig, hex);
        rig.octets[at] = (uint8_t)(rig.n - at - 2);
    } else {
        memset(rig.octets + at, 0, n);
        rig.n += n;
    }
}

/* Whatever fits: headers alone, and with each kind of data. */
static void try_object(enum dn_row row, uint32_t group, uint32_t v, unsigned qualifier)
{
    char what[64];
    snprintf(what, sizeof what, "%s g%uv%u", dn_functions[row].name, group, v);
    size_t n = qualifier == 0x5b ? N(fronts) * N(sized) : N(fronts);
    for (size_t i = 0; i < n; i++) {
        rig.n = 0;
        rig_put(&rig, fronts[i % N(fronts)]);
        put_head(group, v, qualifier);
        judge(row, what);
        put_data(dn_object(group, v), qualifier, sized[i / N(fronts)]);
        judge(row, what);
    }
}

static void try_row(enum dn_row row)
{
    static const uint8_t qualifiers[] = {0x00, 0x06, 0x07, 0x17, 0x5b};
    rig.n = 0;
    judge(row, dn_functions[row].name);
    rig_put(&rig, "7803 07 01 090000000100 7809 5b 01 0400 ba8db44d");
    judge(row, dn_functions[row].name);
    for (uint32_t group = 0; group <= DN_GROUP_MAX; group++)
        for (uint32_t v = 0; v < 256; v += v >= 15 && v < 250 ? 5 : 1)
            for (size_t i = 0; dn_object(group, v).at & DN_AT(dn_contents[row]) && i < N(qualifiers); i++)
                try_object(row, group, v, qualifiers[i]);
}

/* Facts are as the vocabulary describes them; and what it describes is made. */
START_TEST(test_dn_vocab__every_fact__described_and_the_other_way_round)
{
    for (uint16_t row = 0; row < DN_N_ROWS; row++) {
        if (dn_functions[row].code & DN_CODE_LINK)
            continue;
        try_row((enum dn_row)row);
        for (uint8_t op = 1; op < PS_N_OPS; op++) {
            bool with = false, bare = dn_vocab.addresses(row, op, 0);
            for (uint16_t i = 0; i < dn_vocab.n_spaces; i++)
                with |= dn_vocab.addresses(row, op, dn_vocab.spaces[i].code);
            const char *name = dn_functions[row].name;
            ck_assert_msg(with == ((made[row][op] & 2) != 0), "%s %s", name, ps_op_name(op));
            ck_assert_msg(!bare || (made[row][op] & 1) != 0, "%s %s without object", name, ps_op_name(op));
        }
    }
}
END_TEST

START_TEST(test_dn_vocab__hooks__examples)
{
    double min, max;
    uint16_t n;
    ck_assert(!dn_vocab.addresses(DN_ROW_RESPONSE, PS_OP_EVENT, DN_SPACE(30, 1)));
    ck_assert(!dn_vocab.addresses(DN_ROW_READ, PS_OP_READ, 0));
    ck_assert(!dn_vocab.addresses(DN_ROW_READ, PS_OP_READ, DN_SPACE(70, 5)));
    ck_assert(!dn_vocab.addresses(DN_ROW_READ, PS_OP_WRITE, DN_SPACE(30, 1)));
    ck_assert(!dn_vocab.addresses(DN_ROW_READ, PS_OP_READ, DN_SPACE(30, 9)));
    ck_assert(!dn_vocab.addresses(DN_ROW_WRITE, PS_OP_WRITE, DN_SPACE(50, 1)));
    ck_assert(dn_vocab.addresses(DN_ROW_WRITE, PS_OP_TIME, DN_SPACE(50, 1)));
    ck_assert(dn_vocab.addresses(DN_ROW_WRITE, PS_OP_TIME, DN_SPACE(50, 0)));
    ck_assert(dn_vocab.addresses(DN_ROW_WRITE, PS_OP_FILE, 0));
    ck_assert(!dn_vocab.addresses(DN_ROW_UNSOLICITED, PS_OP_EVENT, DN_SPACE(51, 1)));
    ck_assert(!dn_vocab.addresses(DN_N_ROWS, PS_OP_READ, 0));
    ck_assert(dn_vocab.addresses(DN_ROW_LINK_STATUS, PS_OP_SESSION, 0));
    ck_assert(dn_vocab.value_limits(DN_ROW_SELECT, PS_OP_OPERATE, DN_SPACE(41, 0), &min, &max));
    ck_assert(min < -1e308 && max > 1e308);
    ck_assert(dn_vocab.value_limits(DN_ROW_WRITE, PS_OP_WRITE, DN_SPACE(34, 1), &min, &max));
    ck_assert(min == 0 && max == 65535);
    ck_assert(!dn_vocab.value_limits(DN_ROW_SELECT, PS_OP_OPERATE, DN_SPACE(12, 1), &min, &max));
    ck_assert(dn_vocab.writes_unseen(DN_ROW_FREEZE, PS_OP_WRITE, DN_SPACE(20, 0)));
    ck_assert(!dn_vocab.writes_unseen(DN_ROW_READ, PS_OP_READ, DN_SPACE(20, 0)));
    ck_assert(dn_vocab.carries(DN_ROW_OPERATE, PS_OP_OPERATE, DN_SPACE(12, 0), &n) && n == 3);
    ck_assert(!dn_vocab.carries(DN_ROW_OPERATE, PS_OP_OPERATE, DN_SPACE(41, 1), &n) && n == 0);
    ck_assert_uint_eq(dn_vocab.always_asks(DN_ROW_OPERATE), 0);
    ck_assert_uint_eq(dn_vocab.always_asks(DN_ROW_OPEN_FILE), 0);
    ck_assert_uint_eq(dn_vocab.always_asks(DN_ROW_DELETE_FILE), DN_ASK_FILE_WRITE);
    ck_assert_uint_eq(dn_vocab.always_asks(DN_ROW_DIRECT_OPERATE), DN_ASK_UNSELECTED);
    ck_assert_uint_eq(dn_vocab.always_asks(DN_ROW_DIRECT_OPERATE_NO_ACK), DN_ASK_UNSELECTED | DN_ASK_NO_ACK);
}
END_TEST

UNIT_MAIN("dnp3/words", test_dn_vocab__functions__each_by_name_and_number,
          test_dn_row_by_function__all_octets__those_of_the_table, test_dn_vocab__spaces__one_per_group,
          test_dn_vocab__choices__canonical_codes_have_words, test_dn_vocab__asks_and_relaxes__a_bit_each,
          test_dn_vocab__status__internal_indications, test_dn_vocab__every_fact__described_and_the_other_way_round,
          test_dn_vocab__hooks__examples)
