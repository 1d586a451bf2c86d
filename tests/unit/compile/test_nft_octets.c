/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_case.h"
#include "unit.h"

static const char *rule(const char *keys)
{
    char text[1024];

    snprintf(text, sizeof text, "{ name = \"r\"; %s }", keys);
    return nft_case(PS_NFT_BUMP, "", text);
}

START_TEST(test_ps_nft_dnp3__function_without_objects__is_one_whole_frame)
{
    const char *chain = rule("protocol = \"dnp3\"; functions = [\"cold-restart\"]; stations = [\"3 -> 17\"];");

    nft_has(chain, "elements = { 55 . 0x50 . 8, "); /* a link frame of length 8 has 15 octets */
    nft_has(chain, "@ih,0,16 1380 @ih,24,8 & 0xdf == 196 @ih,32,8 17 @ih,40,8 0 @ih,48,8 3 @ih,56,8 0 "
                   "@ih,80,8 & 0xc0 == 192 @ih,88,8 & 0xe0 == 192 @ih,96,8 ");
}
END_TEST

START_TEST(test_ps_nft_dnp3__reading_classes__is_compared_whole)
{
    const char *chain = rule("protocol = \"dnp3\"; operations = [\"read\"]; objects = [\"g60v2\", \"g60v3\"];");

    nft_has(chain, "@ih,96,8 1 @ih,104,24 { 0x3c0206, 0x3c0306 } counter");
    nft_has(chain, "@ih,96,8 1 @ih,104,48 { 0x3c02063c0306, 0x3c03063c0206 } counter");
    nft_has(nft_case_notes(), "refuses read: anything but polls of classes (g60)\n");
}
END_TEST

START_TEST(test_ps_nft_dnp3__reading_points_alone__is_refused)
{
    nft_has_not(rule("protocol = \"dnp3\"; operations = [\"read\"]; objects = [\"g30\"];"), "@ih,96,8 1 ");
    nft_has(nft_case_notes(), "refuses read: ");
}
END_TEST

START_TEST(test_ps_nft_dnp3__everything_of_a_function__goes_by_its_octet)
{
    const char *chain = rule("protocol = \"dnp3\"; functions = [\"read\"];");

    nft_has(chain, "@ih,88,8 & 0xf0 == 192 @ih,96,8 @functions/");
    nft_has(chain, "@ih,104,8 != 120 counter"); /* not one that brings its own authentication */
}
END_TEST

START_TEST(test_ps_nft_dnp3__functions_without_objects__are_not_granted_by_a_rule_with_objects)
{
    const char *whole = rule("protocol = \"dnp3\"; operations = [\"time\"]; objects = [\"g50v1\"];");

    nft_has_not(nft_case_notes(), "delay-measurement");
    nft_has(whole, "elements = { 0 }\n"); /* confirm alone */
    nft_has_not(whole, "elements = { 0, 23");
}
END_TEST

START_TEST(test_ps_nft_dnp3__writing__is_refused_since_some_objects_need_more)
{
    rule("protocol = \"dnp3\"; functions = [\"write\"];");
    nft_has(nft_case_notes(), "refuses write: the kernel does not know it by its octets\n");
}
END_TEST

START_TEST(test_ps_nft_dnp3__controls__are_refused)
{
    rule("protocol = \"dnp3\"; functions = [\"operate\"]; controls = [\"trip\"];");
    nft_has(nft_case_notes(), "refuses operate: the kernel does not know it by its octets\n");
}
END_TEST

START_TEST(test_ps_nft_s7comm__function__stands_behind_the_headers)
{
    const char *chain = rule("protocol = \"s7comm\"; operations = [\"read\"];");

    nft_has(chain, "@ih,0,16 768 @ih,32,24 0x02f080 @ih,56,32 0x32010000 @ih,136,8 ");
    nft_has(chain, "@ih,40,24 0xe00000 @ih,80,8 0 counter"); /* connect request, class 0 */
}
END_TEST

START_TEST(test_ps_nft_s7comm__stations__are_those_that_the_connection_calls)
{
    const char *chain = rule("protocol = \"s7comm\"; operations = [\"read\"]; stations = [\"0.2\"];");

    nft_has(nft_block(chain, "chain rule4/c/r"), "@ih,136,8 @functions/");
    nft_has(nft_block(chain, "chain rule4/c/r"), " ip saddr . ip daddr . th sport . th dport @called4/c/");
}
END_TEST

START_TEST(test_ps_nft_s7comm__objects__are_refused)
{
    rule("protocol = \"s7comm\"; functions = [\"read-var\"]; objects = [\"db10:0-9\"];");
    nft_has(nft_case_notes(), "refuses read-var: objects cannot be compared\n");
}
END_TEST

UNIT_MAIN("compile/nft_octets", test_ps_nft_dnp3__function_without_objects__is_one_whole_frame,
          test_ps_nft_dnp3__reading_classes__is_compared_whole, test_ps_nft_dnp3__reading_points_alone__is_refused,
          test_ps_nft_dnp3__everything_of_a_function__goes_by_its_octet, test_ps_nft_dnp3__functions_without_objects__are_not_granted_by_a_rule_with_objects,
          test_ps_nft_dnp3__writing__is_refused_since_some_objects_need_more,
          test_ps_nft_dnp3__controls__are_refused,
          test_ps_nft_s7comm__function__stands_behind_the_headers, test_ps_nft_s7comm__stations__are_those_that_the_connection_calls,
          test_ps_nft_s7comm__objects__are_refused)
