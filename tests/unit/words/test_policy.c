/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_policy.c - rules of a protocol that has everything. It stands in the registry's place, as "dnp3"; the other
 * inspected protocols are not known here.
 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/findings.h"
#include "../policy/model_same.h"
#include "made_up.h"
#include "unit.h"

static const struct ps_dissector dissector = {.name = "dnp3", .protocol = PS_PROTOCOL_DNP3, .vocab = &made_up};

const struct ps_dissector *ps_dissector_by_protocol(unsigned protocol)
{
    return protocol == PS_PROTOCOL_DNP3 ? &dissector : NULL;
}

const struct ps_vocab *ps_vocab_by_protocol(unsigned protocol)
{
    return protocol == PS_PROTOCOL_DNP3 ? &made_up : NULL;
}

static const char zones[] = "schema = 1; revision = 1; zones = (\n"
                            "{ name = \"a\"; networks = [\"10.0.0.0/24\"]; },\n"
                            "{ name = \"b\"; networks = [\"10.0.1.0/24\"]; } );\n";

static struct ps_diags diags;

/* A plant of one rule, on line 5, and of one entry of never. */
static struct ps_model *parse(const char *rule, const char *never)
{
    char text[2048];
    snprintf(text, sizeof text,
             "%sconduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; mode = \"enforce\"; on_deny = \"drop\"; allow = (\n"
             "{ name = \"r\"; protocol = \"dnp3\"; operations = [\"operate\"]; %s } ); } );\n%s%s%s\n",
             zones, rule, never ? "never = ( { protocol = \"dnp3\"; " : "", never ? never : "", never ? " } );" : "");
    ps_diags_init(&diags);
    return ps_policy_parse(text, "plant.conf", &diags);
}

static void done(struct ps_model *model)
{
    ps_model_free(model);
    ps_diags_fini(&diags);
}

static void print(const struct ps_model *model, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert(ps_policy_print(model, out));
    fclose(out);
}

START_TEST(test_ps_policy_parse__every_key__in_the_model_and_printed_back)
{
    struct ps_model *m =
        parse("stations = [\"3->17\", \"4 -> 17\"]; objects = [\"g12v1:0-3\", \"g1:0-9\", \"db7:1.0-1.3\"];"
              "controls = [\"trip\", 0x41, \"0x43-0x45\"]; count = [1, \"3..4\"]; on_time = \"0..1000\";"
              "select_before_operate = true; broadcast = false;",
              "objects = [\"g12\"]; stations = [\"3 -> 17\"];");
    ck_assert_ptr_nonnull(m);
    const struct ps_rule *r = &m->rules[0];
    ck_assert_uint_eq(r->n_stations, 2);
    ck_assert(r->stations[0].first == 0x311 && r->stations[1].last == 0x411);
    ck_assert_uint_eq(r->n_objects, 6);
    ck_assert(r->objects[0].space == SPACE_G12 + 1 && r->objects[0].last == 3);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert(r->objects[1 + i].space == SPACE_G1 + i && r->objects[1 + i].first == 0 && r->objects[1 + i].last == 9);
    ck_assert(r->objects[5].space == SPACE_DB + 7 && r->objects[5].first == 8 && r->objects[5].last == 11);
    ck_assert_uint_eq(r->n_choices, 3);
    ck_assert(r->choices[0].first == 0x82 && r->choices[1].first == 0x42 && r->choices[2].last == 0x46);
    ck_assert_uint_eq(r->n_params, 3); /* in the order of the vocabulary */
    ck_assert(r->params[0].space == 1 && r->params[0].first == 0 && r->params[0].last == 1000);
    ck_assert(r->params[1].space == 2 && r->params[1].first == 1 && r->params[1].last == 1);
    ck_assert(r->params[2].space == 2 && r->params[2].first == 3 && r->params[2].last == 4);
    ck_assert_uint_eq(r->keys, ASK_SELECT);
    ck_assert_uint_eq(m->nevers[0].n_objects, 4);
    char text[4096];
    print(m, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "stations = [\"3 -> 17\", \"4 -> 17\"]; operations = [\"operate\"]; "
                                       "objects = [\"g12v1:0-3\", \"g1:0-9\", \"db7:1.0-1.3\"]; "
                                       "controls = [\"trip\", \"close\", \"0x43-0x45\"]; on_time = [\"0..1000\"]; "
                                       "count = [\"1\", \"3..4\"]; select_before_operate = true; }"));
    ck_assert_ptr_nonnull(strstr(text, "{ protocol = \"dnp3\"; objects = [\"g12\"]; stations = [\"3 -> 17\"]; }"));
    struct ps_diags again_diags;
    ps_diags_init(&again_diags);
    struct ps_model *again = ps_policy_parse(text, "again.conf", &again_diags);
    ck_assert_ptr_nonnull(again);
    ck_assert_ptr_null(model_difference(m, again));
    char printed[4096];
    print(again, printed, sizeof printed);
    ck_assert_str_eq(printed, text);
    ps_model_free(again);
    ps_diags_fini(&again_diags);
    done(m);
}
END_TEST

START_TEST(test_ps_policy_parse__mistakes__located_with_a_remedy)
{
    static const struct {
        const char *rule, *finding;
    } rows[] = {
        {"on_time = \"1-2\";", "on_time: \"1-2\" is neither a number nor a range; write \"100\" or \"0..1000\""},
        {"on_time = true;", "on_time: is true or false; write a list"},
        {"on_time = [];", "on_time: the list is empty"},
        {"on_time = [1.5];", "on_time: is a number; write a text or a whole number"},
        {"count = -1;", "count: \"-1\" is neither a number nor a range"},
        {"broadcast = \"true\";", "broadcast: is a text; write true or false, without quotation marks"},
        {"broadcast = 1;", "broadcast: is a number; write true or false"},
        {"broadcats = true;", "did you mean \"broadcast\"?"},
        {"controls = [\"tripp\"];", "controls: unknown word \"tripp\"; did you mean \"trip\"?"},
        {"controls = [256];", "controls: \"256\" is no number or range from 0x00 to 0xff"},
        {"controls = \"trip\";", "controls: is a text; write a list"},
        {"stations = [\"17\"];", "\"17\" is no station of made-up; write master and outstation: \"3 -> 17\""},
        {"objects = [\"g13:0\"];", "unknown space \"g13\""},
        {"objects = [\"g12v4:0\"];", "has a number that the space does not go to; write one like \"g12v1:0-9\""},
        {"objects = [\"db\"];", "needs the number of the space; write one like \"db1:0-9\""},
        {"max_quantity = 1;", "does not fit"},
        {"protocl = 1;", "did you mean \"protocol\"?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_model *m = parse(rows[i].rule, NULL);
        ck_assert_msg(!m, "%s", rows[i].rule);
        ck_assert_uint_eq(diags.n, 1);
        ck_assert_finding(&diags, 5, rows[i].finding);
        done(m);
    }
}
END_TEST

/* Only what the registry has is known; the word alone is no unknown one. */
START_TEST(test_ps_policy_parse__protocols_without_a_dissector__not_yet_known)
{
    static const char *const names[] = {"modbus", "s7comm", "s7comm-plus"};
    for (size_t i = 0; i < 3; i++) {
        char never[64], text[512];
        snprintf(never, sizeof never, "never = ( { protocol = \"%s\"; } );", names[i]);
        snprintf(text, sizeof text, "%s%s", zones, never);
        ps_diags_init(&diags);
        struct ps_model *m = ps_policy_parse(text, "plant.conf", &diags);
        ck_assert_ptr_null(m);
        ck_assert_uint_eq(diags.n, 1);
        ck_assert_finding(&diags, 4, "not yet known protocol");
        done(m);
    }
}
END_TEST

UNIT_MAIN("words/policy", test_ps_policy_parse__every_key__in_the_model_and_printed_back,
          test_ps_policy_parse__mistakes__located_with_a_remedy,
          test_ps_policy_parse__protocols_without_a_dissector__not_yet_known)
