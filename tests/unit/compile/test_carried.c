/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Choices, params, keys and housekeeping, and a protocol that another one carries: what compiling and the lint make of
 * them, with the words of fake_words.c.
 */
#include "compile.h"
#include "fake_words.h"
#include "image_layout.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* A conduit from zone "a" to zone "b" with up to three rules, and a never. */
struct fake {
    struct ps_model model;
    struct ps_zone zones[2];
    struct ps_net nets[2];
    struct ps_conduit conduit;
    struct ps_rule rules[3];
    struct ps_never never;
    struct ps_diags diags;
    uint8_t *data;
    size_t len;
    struct ps_image image;
};

static const char *const files[] = {"p.conf"};

static struct ps_rule rule_of(const char *name, unsigned protocol)
{
    return (struct ps_rule){.name = name, .protocol = (uint8_t)protocol, .src = {0, 7}};
}

static void fake_init(struct fake *f, const struct ps_rule *rules, uint32_t n)
{
    *f = (struct fake){.zones = {{.name = "a", .n_networks = 1}, {.name = "b", .n_networks = 1}}};
    for (uint32_t i = 0; i < 2; i++) {
        f->nets[i].first = ps_addr_from_v4(0x0a000000 + 256 * i);
        f->nets[i].last = ps_addr_from_v4(0x0a0000ff + 256 * i);
        f->zones[i].networks = &f->nets[i];
    }
    f->conduit = (struct ps_conduit){.name = "c", .to = 1, .n_rules = n};
    memcpy(f->rules, rules, n * sizeof *rules);
    f->model = (struct ps_model){.files = (const char **)(uintptr_t)files, .n_files = 1, .site = "", .zones = f->zones,
                                 .n_zones = 2, .conduits = &f->conduit, .n_conduits = 1, .rules = f->rules, .n_rules = n};
    ps_diags_init(&f->diags);
}

static void fake_compile(struct fake *f)
{
    f->data = ps_compile(&f->model, &f->diags, &f->len);
    if (f->data)
        ck_assert_pstr_eq(ps_image_open(f->data, f->len, &f->image), NULL);
}

static void fake_open(struct fake *f, const struct ps_rule *rules, uint32_t n)
{
    fake_init(f, rules, n);
    fake_compile(f);
    ck_assert_msg(f->data != NULL, "%s", f->diags.n > 0 ? f->diags.items[0].text : "");
}

static void fake_close(struct fake *f)
{
    ps_diags_fini(&f->diags);
    free(f->data);
}

static bool has_text(const struct ps_diags *diags, const char *words)
{
    for (size_t i = 0; i < diags->n; i++)
        if (strstr(diags->items[i].text, words))
            return true;
    return false;
}

/* ---- the image ------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_compile__choices_and_params__merged)
{
    struct ps_range choices[] = {{9, 20}, {2, 3}, {4, 4}, {15, 30}};
    struct ps_object_range params[] = {{2, 5, 6}, {1, 0, 9}, {1, 10, 100}, {2, 1, 1}};
    struct ps_rule rule = rule_of("r", PS_PROTOCOL_MODBUS);
    struct ps_rule_view view;
    struct fake f;
    rule.choices = choices;
    rule.n_choices = 4;
    rule.params = params;
    rule.n_params = 4;
    rule.keys = FAKE_NO_HASTE;
    rule.timeout_ms = 70000;
    rule.max_outstanding = 65535;
    fake_open(&f, &rule, 1);
    ps_image_rule_view(&f.image, 0, &view);
    ck_assert_uint_eq(view.n_choices, 2);
    ck_assert(view.has_choices);
    ck_assert_uint_eq(view.choices[0].first, 2);
    ck_assert_uint_eq(view.choices[0].last, 4);
    ck_assert_uint_eq(view.choices[1].first, 9);
    ck_assert_uint_eq(view.choices[1].last, 30);
    ck_assert_uint_eq(view.n_params, 3);
    ck_assert_uint_eq(view.params[0].space, 1);
    ck_assert_uint_eq(view.params[0].last, 100);
    ck_assert_uint_eq(view.params[2].first, 5);
    ck_assert_uint_eq(view.keys, FAKE_NO_HASTE);
    ck_assert_uint_eq(view.timeout_ms, 70000);
    ck_assert_uint_eq(view.max_outstanding, 65535);
    fake_close(&f);
}
END_TEST

START_TEST(test_ps_compile__no_choices__those_with_a_name_where_the_vocabulary_says_so)
{
    struct ps_rule rules[] = {rule_of("s", PS_PROTOCOL_S7COMM), rule_of("p", PS_PROTOCOL_S7COMM_PLUS)};
    struct ps_rule_view view;
    struct fake f;
    fake_open(&f, rules, 2);
    ps_image_rule_view(&f.image, 0, &view);
    ck_assert(!view.has_choices);
    ck_assert_uint_eq(view.n_choices, 2);
    ck_assert_uint_eq(view.choices[0].first, FAKE_CLOSE);
    ck_assert_uint_eq(view.choices[0].last, FAKE_OPEN);
    ck_assert_uint_eq(view.choices[1].first, FAKE_PULSE);
    ck_assert_uint_eq(view.choices[1].last, FAKE_PULSE);
    ps_image_rule_view(&f.image, 1, &view);
    ck_assert_uint_eq(view.n_choices, 0);
    fake_close(&f);
}
END_TEST

START_TEST(test_ps_compile__keys__permit_what_they_leave_open)
{
    static const struct {
        uint8_t keys, permitted;
    } rows[] = {{0, FAKE_NO_HASTE},
                {FAKE_BROADCAST, FAKE_BROADCAST | FAKE_NO_HASTE},
                {FAKE_NO_HASTE, 0},
                {FAKE_OPAQUE | FAKE_NO_HASTE | FAKE_UNKNOWN, FAKE_OPAQUE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rules[] = {rule_of("r", PS_PROTOCOL_MODBUS), rule_of("t", PS_PROTOCOL_TCP)};
        struct ps_range port = {80, 80};
        struct fake f;
        rules[0].keys = rows[i].keys;
        rules[1].ports = &port;
        rules[1].n_ports = 1;
        fake_open(&f, rules, 2);
        ck_assert_uint_eq(ps_image_at_RULES(&f.image)[0].permitted, rows[i].permitted);
        ck_assert_uint_eq(ps_image_at_RULES(&f.image)[1].permitted, 0);
        fake_close(&f);
    }
}
END_TEST

/* What a rule grants is part of the digest. */
START_TEST(test_ps_compile__another_choice_param_or_key__another_digest)
{
    struct ps_range choices[] = {{2, 2}};
    struct ps_object_range params[] = {{1, 0, 9}};
    struct ps_rule rules[5];
    uint8_t digests[5][PS_DIGEST_LEN];
    for (uint32_t i = 0; i < 5; i++) {
        struct fake f;
        rules[i] = rule_of("r", PS_PROTOCOL_MODBUS);
        rules[i].choices = choices;
        rules[i].n_choices = i == 1;
        rules[i].params = params;
        rules[i].n_params = i == 2;
        rules[i].keys = i == 3 ? FAKE_BROADCAST : 0;
        rules[i].max_outstanding = i == 4;
        fake_open(&f, &rules[i], 1);
        memcpy(digests[i], ps_image_digest(&f.image), PS_DIGEST_LEN);
        for (uint32_t k = 0; k < i; k++)
            ck_assert_msg(memcmp(digests[i], digests[k], PS_DIGEST_LEN) != 0, "%u %u", i, k);
        fake_close(&f);
    }
}
END_TEST

START_TEST(test_ps_compile__list_of_too_many_ranges__limit_named)
{
    struct ps_rule rule = rule_of("r", PS_PROTOCOL_MODBUS);
    struct fake f;
    rule.n_params = PS_RULE_RANGES_MAX + 1u;
    rule.params = calloc(rule.n_params, sizeof *rule.params);
    for (uint32_t i = 0; i < rule.n_params; i++)
        rule.params[i] = (struct ps_object_range){1, 2 * i, 2 * i};
    fake_init(&f, &rule, 1);
    fake_compile(&f);
    ck_assert_ptr_null(f.data);
    ck_assert(has_text(&f.diags, "a list of 65536 ranges; 65535 are the limit"));
    ps_diags_fini(&f.diags);
    rule.n_params--;
    fake_open(&f, &rule, 1);
    fake_close(&f);
    free(rule.params);
}
END_TEST

START_TEST(test_ps_image_print__choices_params_and_keys__by_their_words)
{
    struct ps_range choices[] = {{FAKE_CLOSE, FAKE_CLOSE}, {FAKE_PULSE, FAKE_PULSE}};
    struct ps_object_range params[] = {{1, 0, 9}, {1, 20, 20}, {2, 1, 1}};
    struct ps_rule rules[] = {rule_of("r", PS_PROTOCOL_S7COMM_PLUS), rule_of("s", PS_PROTOCOL_S7COMM)};
    char text[2048] = "";
    struct fake f;
    rules[0].choices = choices;
    rules[0].n_choices = 2;
    rules[0].params = params;
    rules[0].n_params = 3;
    rules[0].keys = FAKE_BROADCAST | FAKE_NO_HASTE;
    fake_open(&f, rules, 2);
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    ck_assert(ps_image_print(f.data, f.len, out));
    fclose(out);
    ck_assert_msg(strstr(text, "s7comm-plus ports 602 controls close,pulse on_time 0..9,20 count 1 broadcast no_haste\n"),
                  "%s", text);
    ck_assert_msg(strstr(text, "s7comm ports 602\n"), "%s", text);
    fake_close(&f);
}
END_TEST

/* ---- one port -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_compile__two_protocols_on_one_port__refused_unless_one_dissector_reads_them)
{
    static const struct {
        uint8_t a, b;
        const char *words; /* of the error, NULL: none */
    } rows[] = {
        {PS_PROTOCOL_S7COMM, PS_PROTOCOL_S7COMM_PLUS, NULL},
        {PS_PROTOCOL_S7COMM_PLUS, PS_PROTOCOL_S7COMM, NULL},
        {PS_PROTOCOL_S7COMM, PS_PROTOCOL_TCP, "(tcp) and rule \"a\" (s7comm,"},
        {PS_PROTOCOL_S7COMM_PLUS, PS_PROTOCOL_TCP, "(tcp) and rule \"a\" (s7comm-plus,"},
        {PS_PROTOCOL_TCP, PS_PROTOCOL_S7COMM_PLUS, "(tcp) and rule \"b\" (s7comm-plus,"},
        {PS_PROTOCOL_MODBUS, PS_PROTOCOL_S7COMM_PLUS, "(s7comm-plus) and rule \"a\" (modbus,"},
        {PS_PROTOCOL_S7COMM, PS_PROTOCOL_MODBUS, "(s7comm) and rule \"b\" (modbus,"},
        {PS_PROTOCOL_S7COMM, PS_PROTOCOL_UDP, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rules[] = {rule_of("a", rows[i].a), rule_of("b", rows[i].b)};
        struct ps_range port = {602, 602};
        struct fake f;
        for (uint32_t k = 0; k < 2; k++) {
            rules[k].ports = &port;
            rules[k].n_ports = 1;
        }
        fake_init(&f, rules, 2);
        fake_compile(&f);
        ck_assert_msg(f.diags.n_errors == (rows[i].words != NULL), "row %zu", i);
        ck_assert_msg(!rows[i].words || has_text(&f.diags, rows[i].words), "row %zu: %s", i,
                      f.diags.n > 0 ? f.diags.items[0].text : "");
        fake_close(&f);
    }
}
END_TEST

/* ---- never ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_check_never__housekeeping__granted_by_every_rule_of_the_protocol)
{
    static const struct {
        uint8_t protocol, of_never;
        uint32_t ops, station;
        const char *words; /* of the error, NULL: none */
    } rows[] = {
        {PS_PROTOCOL_MODBUS, 0, PS_OP_BIT(PS_OP_SESSION), 1, "as every rule of it does, modbus keep (session)"},
        {PS_PROTOCOL_S7COMM_PLUS, PS_PROTOCOL_S7COMM_PLUS, PS_OP_BIT(PS_OP_SESSION), 1, "s7comm-plus keep (session)"},
        {PS_PROTOCOL_S7COMM_PLUS, PS_PROTOCOL_S7COMM, PS_OP_BIT(PS_OP_SESSION), 1, NULL},
        {PS_PROTOCOL_MODBUS, 0, PS_OP_BIT(PS_OP_SESSION), 2, NULL},
        {PS_PROTOCOL_MODBUS, 0, PS_OP_BIT(PS_OP_WRITE), 1, NULL},
        {PS_PROTOCOL_MODBUS, 0, PS_OP_BIT(PS_OP_OPERATE), 1, "grants modbus move (operate)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rule = rule_of("r", rows[i].protocol);
        struct ps_range choice = {FAKE_OPEN, FAKE_OPEN}, station = {1, 1};
        struct ps_object_range object = {FAKE_SPACE, 3, 4};
        struct fake f;
        rule.ops = PS_OP_BIT(PS_OP_OPERATE);
        rule.choices = &choice;
        rule.stations = &station;
        rule.objects = &object;
        rule.n_choices = rule.n_stations = rule.n_objects = 1;
        rule.keys = FAKE_NO_HASTE;
        fake_init(&f, &rule, 1);
        struct ps_range other = {rows[i].station, rows[i].station};
        f.never = (struct ps_never){.from = PS_NONE, .to = PS_NONE, .protocol = rows[i].of_never, .ops = rows[i].ops,
                                    .stations = &other, .n_stations = 1};
        f.model.nevers = &f.never;
        f.model.n_nevers = 1;
        fake_compile(&f);
        ck_assert_msg(f.diags.n_errors == (rows[i].words != NULL), "row %zu", i);
        ck_assert_msg(!rows[i].words || has_text(&f.diags, rows[i].words), "row %zu: %s", i,
                      f.diags.n > 0 ? f.diags.items[0].text : "");
        fake_close(&f);
    }
}
END_TEST

/* ---- lint ------------------------------------------------------------------------------------------------------ */

static struct ps_range some[] = {{FAKE_CLOSE, FAKE_OPEN}, {FAKE_PULSE, FAKE_PULSE}, {50, 60}};
static struct ps_object_range bounds[] = {{1, 0, 100}, {1, 20, 30}, {2, 5, 5}};

/* Of fake protocol `protocol`, of one class. */
static struct ps_rule lint_rule(const char *name, unsigned protocol, unsigned op)
{
    struct ps_rule rule = rule_of(name, protocol);
    rule.ops = PS_OP_BIT(op);
    rule.choices = some;
    rule.params = bounds;
    return rule;
}

static bool lint_says(const struct ps_rule *rules, uint32_t n, const char *words)
{
    struct fake f;
    fake_init(&f, rules, n);
    ps_lint_rules(&f.model, &f.diags);
    bool said = has_text(&f.diags, words);
    fake_close(&f);
    return said;
}

START_TEST(test_ps_lint_rules__choices_that_no_function_has__said)
{
    struct ps_rule rule = lint_rule("r", PS_PROTOCOL_MODBUS, PS_OP_READ);
    rule.n_choices = 1;
    ck_assert(lint_says(&rule, 1, "lists controls but grants only functions that have none; remove controls"));
    rule.ops |= PS_OP_BIT(PS_OP_OPERATE);
    ck_assert(!lint_says(&rule, 1, "remove controls"));
}
END_TEST

START_TEST(test_ps_lint_rules__params_that_no_function_has__said)
{
    struct ps_rule rule = lint_rule("r", PS_PROTOCOL_MODBUS, PS_OP_READ);
    rule.n_params = 3;
    ck_assert(lint_says(&rule, 1, "bounds on_time, which none of its functions has"));
    ck_assert(lint_says(&rule, 1, "bounds count, which none of its functions has"));
    rule.ops |= PS_OP_BIT(PS_OP_WRITE);
    ck_assert(!lint_says(&rule, 1, "bounds on_time"));
    ck_assert(lint_says(&rule, 1, "bounds count"));
    rule.ops |= PS_OP_BIT(PS_OP_OPERATE);
    ck_assert(!lint_says(&rule, 1, "bounds count"));
}
END_TEST

START_TEST(test_ps_lint_rules__opaque__passes_what_cannot_be_seen)
{
    struct ps_rule rule = lint_rule("r", PS_PROTOCOL_S7COMM_PLUS, PS_OP_READ);
    rule.keys = FAKE_BROADCAST | FAKE_NO_HASTE;
    ck_assert(!lint_says(&rule, 1, "cannot be seen"));
    rule.keys |= FAKE_OPAQUE;
    ck_assert(lint_says(&rule, 1, "rule \"r\" passes what cannot be seen: opaque = true"));
}
END_TEST

START_TEST(test_ps_lint_rules__choices__shadowed_when_contained)
{
    static const struct {
        uint8_t protocol, op;
        uint32_t first_a, n_a, first_b, n_b; /* of some[] */
        bool is_shadowed;
    } rows[] = {
        {PS_PROTOCOL_MODBUS, PS_OP_OPERATE, 0, 2, 1, 1, true},  {PS_PROTOCOL_MODBUS, PS_OP_OPERATE, 0, 1, 0, 2, false},
        {PS_PROTOCOL_MODBUS, PS_OP_OPERATE, 0, 0, 0, 3, true},  {PS_PROTOCOL_MODBUS, PS_OP_OPERATE, 0, 3, 0, 0, false},
        {PS_PROTOCOL_MODBUS, PS_OP_READ, 0, 1, 0, 0, true}, /* has none */
        {PS_PROTOCOL_S7COMM, PS_OP_OPERATE, 0, 0, 0, 2, true},  {PS_PROTOCOL_S7COMM, PS_OP_OPERATE, 0, 0, 2, 1, false},
        {PS_PROTOCOL_S7COMM, PS_OP_OPERATE, 0, 2, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rules[] = {lint_rule("a", rows[i].protocol, rows[i].op),
                                  lint_rule("b", rows[i].protocol, rows[i].op)};
        rules[0].choices = some + rows[i].first_a;
        rules[0].n_choices = rows[i].n_a;
        rules[1].choices = some + rows[i].first_b;
        rules[1].n_choices = rows[i].n_b;
        ck_assert_msg(lint_says(rules, 2, "the earlier rule \"a\"") == rows[i].is_shadowed, "row %zu", i);
    }
}
END_TEST

START_TEST(test_ps_lint_rules__params__shadowed_when_contained)
{
    static const struct {
        uint8_t op;
        uint32_t first_a, n_a, first_b, n_b; /* of bounds[] */
        bool is_shadowed;
    } rows[] = {
        {PS_OP_OPERATE, 0, 1, 1, 1, true},  {PS_OP_OPERATE, 1, 1, 0, 1, false}, {PS_OP_OPERATE, 0, 0, 0, 3, true},
        {PS_OP_OPERATE, 0, 1, 0, 0, false}, {PS_OP_OPERATE, 0, 3, 1, 1, false}, {PS_OP_OPERATE, 0, 1, 1, 2, true},
        {PS_OP_WRITE, 0, 3, 1, 1, true}, /* has no count */
        {PS_OP_READ, 0, 3, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rules[] = {lint_rule("a", PS_PROTOCOL_MODBUS, rows[i].op),
                                  lint_rule("b", PS_PROTOCOL_MODBUS, rows[i].op)};
        rules[0].params = bounds + rows[i].first_a;
        rules[0].n_params = rows[i].n_a;
        rules[1].params = bounds + rows[i].first_b;
        rules[1].n_params = rows[i].n_b;
        ck_assert_msg(lint_says(rules, 2, "the earlier rule \"a\"") == rows[i].is_shadowed, "row %zu", i);
    }
}
END_TEST

START_TEST(test_ps_lint_rules__keys__shadowed_when_permitted)
{
    static const struct {
        uint8_t a, b;
        bool is_shadowed;
    } rows[] = {{0, 0, true},
                {0, FAKE_BROADCAST, false},
                {FAKE_BROADCAST, 0, true},
                {FAKE_NO_HASTE, 0, false},
                {0, FAKE_NO_HASTE, true},
                {FAKE_BROADCAST | FAKE_OPAQUE, FAKE_OPAQUE | FAKE_NO_HASTE, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_rule rules[] = {lint_rule("a", PS_PROTOCOL_MODBUS, PS_OP_OPERATE),
                                  lint_rule("b", PS_PROTOCOL_MODBUS, PS_OP_OPERATE)};
        rules[0].keys = rows[i].a;
        rules[1].keys = rows[i].b;
        ck_assert_msg(lint_says(rules, 2, "the earlier rule \"a\"") == rows[i].is_shadowed, "row %zu", i);
    }
}
END_TEST

/* It is granted by the stations alone, so that the one who lists it grants no more, and the one who does not no less. */
START_TEST(test_ps_lint_rules__housekeeping__no_difference_between_rules)
{
    struct ps_rule rules[] = {lint_rule("a", PS_PROTOCOL_MODBUS, PS_OP_READ),
                              lint_rule("b", PS_PROTOCOL_MODBUS, PS_OP_READ)};
    rules[1].ops |= PS_OP_BIT(PS_OP_SESSION);
    ck_assert(lint_says(rules, 2, "the earlier rule \"a\""));
    rules[0].ops |= PS_OP_BIT(PS_OP_OPERATE) | PS_OP_BIT(PS_OP_WRITE);
    ck_assert(lint_says(rules, 1, "grants every function of modbus"));
}
END_TEST

START_TEST(test_ps_lint_rules__carried_protocol__not_shadowed_by_its_carrier)
{
    struct ps_rule rules[] = {lint_rule("a", PS_PROTOCOL_S7COMM, PS_OP_READ),
                              lint_rule("b", PS_PROTOCOL_S7COMM_PLUS, PS_OP_READ),
                              lint_rule("d", PS_PROTOCOL_S7COMM_PLUS, PS_OP_READ)};
    ck_assert(!lint_says(rules, 2, "the earlier rule"));
    ck_assert(lint_says(rules, 3, "the earlier rule \"b\""));
}
END_TEST

UNIT_MAIN("compile/carried", test_ps_compile__choices_and_params__merged,
          test_ps_compile__no_choices__those_with_a_name_where_the_vocabulary_says_so,
          test_ps_compile__keys__permit_what_they_leave_open,
          test_ps_compile__another_choice_param_or_key__another_digest,
          test_ps_compile__list_of_too_many_ranges__limit_named,
          test_ps_image_print__choices_params_and_keys__by_their_words,
          test_ps_compile__two_protocols_on_one_port__refused_unless_one_dissector_reads_them,
          test_ps_check_never__housekeeping__granted_by_every_rule_of_the_protocol,
          test_ps_lint_rules__choices_that_no_function_has__said, test_ps_lint_rules__params_that_no_function_has__said,
          test_ps_lint_rules__opaque__passes_what_cannot_be_seen, test_ps_lint_rules__choices__shadowed_when_contained,
          test_ps_lint_rules__params__shadowed_when_contained, test_ps_lint_rules__keys__shadowed_when_permitted,
          test_ps_lint_rules__housekeeping__no_difference_between_rules,
          test_ps_lint_rules__carried_protocol__not_shadowed_by_its_carrier)
