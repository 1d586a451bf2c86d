/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Why a rule does not grant what a fact carries and asks besides, with the words of fake_words.c. The rest: the
 * transcripts in tests/golden/cli/explain.txt.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "unit.h"
#include "why.h"

/* What rule 0 says to an operation, where the others say nothing to it. */
static const char *sentence(const char *protocol, const char *rule, const char *operation)
{
    static char said[256];
    char text[1024], err[256] = "", question_text[256];
    struct ps_plant plant = {0};
    struct ps_pair pair;
    struct ps_question question;
    struct ps_answer answer;
    struct ps_why why = {&plant, &question, &answer};
    struct ps_txt t;

    snprintf(text, sizeof text,
             "schema = 1; site = \"s\"; revision = 1;\n"
             "zones = ( { name = \"a\"; assets = ( { name = \"a1\"; addresses = [\"10.0.0.1\"]; } ); },\n"
             "  { name = \"b\"; assets = ( { name = \"b1\"; addresses = [\"10.0.1.1\"]; } ); } );\n"
             "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\";\n"
             "  allow = ( { name = \"r\"; protocol = \"%s\"; %s } ); } );\n",
             protocol, rule);
    ps_diags_init(&plant.diags);
    plant.model = ps_policy_parse(text, "t.conf", &plant.diags);
    ck_assert_msg(plant.model && ps_plant_compile(&plant), "%s: %s", rule,
                  plant.diags.n > 0 ? plant.diags.items[0].text : "");
    snprintf(question_text, sizeof question_text, "%s %s", protocol, operation);
    ps_txt_init(&t, err, sizeof err);
    ck_assert_msg(ps_question_parse(question_text, &question, &t), "%s: %s", operation, err);
    ck_assert_msg(ps_pair_find(&plant, "a1", "b1", &pair, &t) && ps_question_ask(&plant, &pair, &question, &answer, &t),
                  "%s", err);
    ps_txt_init(&t, said, sizeof said);
    ps_why_sentence(&why, 0, &question.operation.facts.item[0], &t);
    ps_plant_fini(&plant);
    return said;
}

#define MOVE "operations = [\"operate\"]; "

START_TEST(test_ps_why_sentence__choice__names_the_key)
{
    ck_assert_str_eq(sentence("modbus", MOVE "controls = [\"close\", \"pulse\"];", "move station=1 point:5 control=open on_time=1 count=1"),
                     "control open is not one of its controls: close, pulse");
    ck_assert_str_eq(sentence("modbus", MOVE, "move station=1 point:5 control=open on_time=1 count=1"), "grants it");
    ck_assert_str_eq(sentence("s7comm", MOVE, "move station=1 point:5 control=0x31 on_time=1 count=1"),
                     "control 0x31 has no name, and the rule lists no controls");
}
END_TEST

START_TEST(test_ps_why_sentence__param__names_the_first_that_is_outside)
{
    ck_assert_str_eq(sentence("modbus", MOVE "on_time = [\"0..1000\", \"3000\"]; count = [\"1\"];",
                              "move station=1 point:5 control=open on_time=5000 count=2"),
                     "on_time 5000 is outside 0..1000, 3000");
    ck_assert_str_eq(sentence("modbus", MOVE "on_time = [\"0..1000\"]; count = [\"1\"];",
                              "move station=1 point:5 control=open on_time=500 count=2"),
                     "count 2 is outside 1");
}
END_TEST

START_TEST(test_ps_why_sentence__ask__names_the_key)
{
    ck_assert_str_eq(sentence("modbus", MOVE, "move station=1 point:5 control=open on_time=1 count=1 broadcast"),
                     "broadcast needs broadcast = true");
    ck_assert_str_eq(sentence("modbus", MOVE "broadcast = true;", "move station=1 point:5 control=open on_time=1 count=1 broadcast"),
                     "grants it");
    ck_assert_str_eq(sentence("modbus", MOVE "no_haste = true;", "move station=1 point:5 control=open on_time=1 count=1 haste"),
                     "the rule says no_haste = true");
    ck_assert_str_eq(sentence("modbus", MOVE, "move station=1 point:5 control=open on_time=1 count=1 haste"), "grants it");
}
END_TEST

/* Housekeeping is granted by station and asks alone, so that nothing else is said about it. */
START_TEST(test_ps_why_sentence__housekeeping__station_or_ask)
{
    ck_assert_str_eq(sentence("modbus", MOVE "stations = [\"1-8\"];", "keep station=9"), "station 9 is outside 1-8");
    ck_assert_str_eq(sentence("modbus", MOVE "stations = [\"1-8\"];", "keep station=8"), "grants it");
    ck_assert_str_eq(sentence("modbus", MOVE, "keep station=1 opaque"), "opaque needs opaque = true");
}
END_TEST

UNIT_MAIN("tools/why", test_ps_why_sentence__choice__names_the_key,
          test_ps_why_sentence__param__names_the_first_that_is_outside, test_ps_why_sentence__ask__names_the_key,
          test_ps_why_sentence__housekeeping__station_or_ask)
