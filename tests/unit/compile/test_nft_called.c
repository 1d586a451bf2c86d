/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "nft_case.h"
#include "unit.h"

#define OP "{ name = \"look\"; protocol = \"s7comm\"; functions = [\"read-var\"]; stations = [\"op:0.2\"]; }"
#define PG "{ name = \"stop\"; protocol = \"s7comm\"; functions = [\"plc-stop\"]; stations = [\"pg:0.2\"]; }"
#define ENDS "{ ip saddr . ip daddr . th sport . th dport }"
#define BACK "{ ip daddr . ip saddr . th dport . th sport }"

static char text[1 << 18];

/* A conduit in a shape, kept until the next call. */
static const char *compiled(unsigned shape, const char *handling, const char *rules)
{
    snprintf(text, sizeof text, "%s", nft_case(shape, handling, rules));
    return text;
}

/* The tag that a conduit's sets have in their names. */
static void tag_of(const char *handling, const char *rules, char tag[9])
{
    const char *found = strstr(compiled(PS_NFT_BUMP, handling, rules), "set opening4/c/");

    ck_assert_ptr_nonnull(found);
    snprintf(tag, 9, "%s", found + strlen("set opening4/c/"));
}

START_TEST(test_ps_nft_called__reply_that_opens__forgets_and_begins_an_opening)
{
    const char *all = compiled(PS_NFT_BUMP, "", OP "," PG);
    char tag[9], line[600];

    tag_of("", OP "," PG, tag);
    snprintf(line, sizeof line, "delete @called4/c/%s/0202 " BACK " delete @called4/c/%s/0201 " BACK "\n", tag, tag);
    nft_has(nft_block(all, "chain opens4/c"), line);
    snprintf(line, sizeof line, "th sport 102 update @opening4/c/%s " BACK "\n", tag);
    nft_has(nft_block(all, "chain opens4/c"), line);
    nft_has(nft_block(all, "chain reply4/c"), "ip protocol tcp @th,104,8 & 0x12 == 0x12 jump opens4/c\n");
}
END_TEST

START_TEST(test_ps_nft_called__connect_request__is_remembered_once_and_passes_where_it_agrees)
{
    const char *all = compiled(PS_NFT_BUMP, "", OP "," PG), *opened = strdup(nft_block(all, "chain opened4/c/20"));
    const char *calls = nft_block(all, "chain calls4/c/20");

    nft_has(opened, "/0202 return\n");
    nft_has(opened, "@ih,160,8 2 @ih,168,8 2 update @called4/c/");
    nft_has(opened, "@ih,160,8 1 @ih,168,8 2 update @called4/c/");
    nft_has(calls, " jump opened4/c/20\n");
    nft_has(calls, "@ih,160,8 2 @ih,168,8 2 ip saddr . ip daddr . th sport . th dport != @called4/c/");
    nft_has(calls, "@ih,160,8 2 @ih,168,8 2 ip protocol tcp th dport 102 counter name pass/c/look goto pass\n");
    free((void *)(uintptr_t)opened);
}
END_TEST

START_TEST(test_ps_nft_called__forms__are_two_tsaps_with_the_size_before_behind_or_not_named)
{
    const char *connects = nft_block(compiled(PS_NFT_BUMP, "", OP), "chain connects4/c");

    nft_has(connects, "@ih,32,32 0x11e00000 @ih,80,8 0 @ih,112,16 49410 @ih,144,16 49666 @ih,88,16 49153 @ih,104,8 { 7-13 } "
                      "goto calls4/c/20\n");
    nft_has(connects, "@ih,32,32 0x11e00000 @ih,80,8 0 @ih,88,16 49410 @ih,120,16 49666 @ih,152,16 49153 @ih,168,8 { 7-13 } "
                      "goto calls4/c/17\n");
    nft_has(connects, "@ih,32,32 0x0ee00000 @ih,80,8 0 @ih,120,16 49410 @ih,88,16 49666 goto calls4/c/13\n");
}
END_TEST

START_TEST(test_ps_nft_called__messages__pass_on_connections_that_call_a_station_of_the_rule)
{
    const char *all = compiled(PS_NFT_BUMP, "", OP "," PG);
    const char *rule = nft_block(all, "chain rule4/c/look");

    nft_has(rule, "ip saddr . ip daddr . th sport . th dport @called4/c/");
    nft_has(rule, "/0202 " ENDS " counter name pass/c/look goto pass\n");
    nft_has_not(rule, "/0201");
    nft_has_not(rule, "0xe00000"); /* where it calls is looked at elsewhere */
}
END_TEST

START_TEST(test_ps_nft_called__rule_without_stations__has_its_requests_remembered_too)
{
    const char *all = compiled(PS_NFT_BUMP, "", PG ", { name = \"any\"; protocol = \"s7comm\"; functions = [\"read-var\"]; }");
    const char *rule = strdup(nft_block(all, "chain rule4/c/any"));

    nft_has_not(rule, "0xe00000");
    nft_has_not(rule, "@called4");
    nft_has(nft_block(all, "chain calls4/c/17"), "        ip protocol tcp th dport 102 counter name pass/c/any goto pass");
    free((void *)(uintptr_t)rule);
}
END_TEST

START_TEST(test_ps_nft_called__lists__are_in_the_name_as_ranges_of_codes)
{
    const char *all = compiled(PS_NFT_BUMP, "", "{ name = \"r\"; protocol = \"s7comm\"; functions = [\"read-var\"]; "
                                                "stations = [\"0.2-0.3\", \"pg:0.5\", \"tsap:0x4d57\", \"unknown\"]; }");

    nft_has(all, "/0200-03ff.0501.574d {\n");
    nft_has(all, "elements = { 0-255 . 2, 0-255 . 3, 1 . 5, 77 . 87 }\n");
    nft_has(nft_case_notes(), "refuses connections whose start was not seen\n");
}
END_TEST

START_TEST(test_ps_nft_called__lists_that_cannot_be_told__are_refused)
{
    char rule[1024] = "{ name = \"r\"; protocol = \"s7comm\"; functions = [\"read-var\"]; stations = [\"0.0\"";

    nft_has_not(compiled(PS_NFT_BUMP, "", "{ name = \"r\"; protocol = \"s7comm\"; functions = [\"read-var\"]; "
                                          "stations = [\"unknown\"]; }"),
                "called4");
    nft_has(nft_case_notes(), "read-var, cyclic-stop: the kernel refuses connections whose start it has not seen\n");
    nft_has_not(text, "@ih,136,8");
    for (unsigned i = 1; i <= 16; i++)
        snprintf(rule + strlen(rule), sizeof rule - strlen(rule), ", \"pg:1.%u\"", 2 * i - 1);
    strcat(rule, "]; }");
    nft_has_not(compiled(PS_NFT_BUMP, "", rule), "called4");
    nft_has(nft_case_notes(), "read-var, cyclic-stop: its stations are too many ranges\n");
}
END_TEST

START_TEST(test_ps_nft_called__name__has_all_that_its_meaning_depends_on)
{
    char tag[9], other[9];

    tag_of("", OP, tag);
    tag_of("", OP "," PG, other);
    ck_assert_str_eq(tag, other); /* whom it calls is none the less known */
    tag_of("mode = \"monitor\";", OP, other);
    ck_assert_str_ne(tag, other);
    tag_of("fallback = \"ports\";", OP, other);
    ck_assert_str_ne(tag, other);
}
END_TEST

START_TEST(test_ps_nft_called__plain_rule__forgets_what_it_does_not_look_at)
{
    const char *ask = nft_block(compiled(PS_NFT_BUMP, "", OP ", { name = \"web\"; protocol = \"tcp\"; ports = [80]; }"), "chain ask4/c");

    nft_has(ask, "th dport 80 @th,104,8 & 0x12 != 0x12 delete @called4/c/");
    nft_has(ask, "ip protocol tcp jump stations4/c\n");
}
END_TEST

START_TEST(test_ps_nft_called__acknowledgement__lets_an_idle_connection_live_on)
{
    nft_has(nft_block(compiled(PS_NFT_BUMP, "", OP), "chain stations4/c"), "@th,104,8 & 0x17 == 0x10 ip saddr . ip daddr");
}
END_TEST

START_TEST(test_ps_nft_called__queue__has_none)
{
    nft_has_not(compiled(PS_NFT_ROUTED, "fallback = \"queue\";", OP), "called4");
}
END_TEST

START_TEST(test_ps_nft_called__conduit__says_what_it_refuses)
{
    compiled(PS_NFT_BUMP, "", OP);
    nft_has(nft_case_notes(), "refuses connections of S7comm that were open before its rules were in the kernel, "
                              "until they open again\n");
    nft_has(nft_case_notes(), "octets connect, disconnect, setup-communication, read-var\n");
    compiled(PS_NFT_BUMP, "", "{ name = \"any\"; protocol = \"s7comm\"; functions = [\"read-var\"]; }");
    nft_has_not(nft_case_notes(), "until they open again");
}
END_TEST

UNIT_MAIN("compile/nft_called", test_ps_nft_called__reply_that_opens__forgets_and_begins_an_opening,
          test_ps_nft_called__connect_request__is_remembered_once_and_passes_where_it_agrees,
          test_ps_nft_called__forms__are_two_tsaps_with_the_size_before_behind_or_not_named,
          test_ps_nft_called__messages__pass_on_connections_that_call_a_station_of_the_rule,
          test_ps_nft_called__rule_without_stations__has_its_requests_remembered_too,
          test_ps_nft_called__lists__are_in_the_name_as_ranges_of_codes, test_ps_nft_called__lists_that_cannot_be_told__are_refused,
          test_ps_nft_called__name__has_all_that_its_meaning_depends_on, test_ps_nft_called__plain_rule__forgets_what_it_does_not_look_at,
          test_ps_nft_called__acknowledgement__lets_an_idle_connection_live_on, test_ps_nft_called__queue__has_none,
          test_ps_nft_called__conduit__says_what_it_refuses)
