/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_case.h"
#include "unit.h"

/* "exactly one message of 12 octets", for the header sizes that occur */
#define TWELVE "elements = { 52 . 0x50 . 6, 64 . 0x80 . 6, 72 . 0xa0 . 6, 76 . 0xb0 . 6, 84 . 0xd0 . 6 }"

static const char *rule(const char *keys)
{
    char text[1024];

    snprintf(text, sizeof text, "{ name = \"r\"; protocol = \"modbus\"; %s }", keys);
    return nft_case(PS_NFT_BUMP, "", text);
}

START_TEST(test_ps_nft_modbus__reads_of_a_block__are_pairs_of_address_and_quantity)
{
    const char *chain = rule("functions = [\"read-holding-registers\"]; objects = [\"holding:40-42\"]; stations = [1, \"5-6\"];");

    nft_has(chain, "elements = { 3 . 40-42 . 1, 3 . 40-41 . 2, 3 . 40 . 3 }");
    nft_has(chain, TWELVE);
    nft_has(nft_block(chain, "chain rule4/c/r"), "@ih,56,8 . @ih,64,16 . @ih,80,16 @requests/");
    nft_has(nft_block(chain, "chain rule4/c/r"), "@ih,16,16 0 @ih,48,8 { 1, 5-6 } counter name pass/c/r goto pass");
}
END_TEST

START_TEST(test_ps_nft_modbus__segments_without_payload__pass_first)
{
    const char *chain = rule("operations = [\"identify\"];");

    nft_has(chain, "{\n        ip length . @th,96,8 @empty4/");
    nft_has(chain, "@th,104,8 & 0x20 == 0x00 goto pass\n        @th,104,8 & 0x36 != 0x10 return\n");
}
END_TEST

START_TEST(test_ps_nft_modbus__max_quantity__bounds_blocks)
{
    nft_has(rule("functions = [\"read-coils\"]; objects = [\"coil:0-9\"]; max_quantity = 2;"),
            "{ 1 . 0-9 . 1, 1 . 0-8 . 2 }");
}
END_TEST

START_TEST(test_ps_nft_modbus__values__are_ranges_of_whole_numbers)
{
    nft_has(rule("functions = [\"write-single-register\"]; objects = [\"holding:7\"]; values = [\"0.5..3.5\", \"-5..0\"];"),
            "{ 6 . 7 . 0, 6 . 7 . 1-3 }");
}
END_TEST

START_TEST(test_ps_nft_modbus__coils__are_on_or_off)
{
    nft_has(rule("functions = [\"write-single-coil\"]; objects = [\"coil:7\"];"), "{ 5 . 7 . 0, 5 . 7 . 65280 }");
    nft_has(rule("functions = [\"write-single-coil\"]; objects = [\"coil:7\"]; values = [\"on\"];"), "@ih,56,8 5 @ih,64,16 7 @ih,80,16 65280 ");
}
END_TEST

START_TEST(test_ps_nft_modbus__several_coils__have_no_bits_behind_them)
{
    const char *chain = rule("functions = [\"write-multiple-coils\"]; objects = [\"coil:0-1\"];");

    nft_has(chain, "@ih,56,8 15 @ih,80,16 . @ih,64,16 @blocks/");
    nft_has(chain, "elements = { 1 . 0-1, 2 . 0 }");
    nft_has(chain, "elements = { 1 . 0-1, 2 . 0-3, 3 . 0-7, ");
    nft_has(nft_case_notes(), "refuses write-multiple-coils: more than 8 coils at once\n");
}
END_TEST

START_TEST(test_ps_nft_modbus__registers_with_values__are_compared_one_by_one)
{
    const char *chain = rule("functions = [\"write-multiple-registers\"]; objects = [\"holding:0-1\"]; values = [\"5..9\"];");

    nft_has(chain, "@ih,104,16 { 5-9 } counter");
    nft_has(chain, "@ih,104,16 { 5-9 } @ih,120,16 { 5-9 } counter");
    nft_has(chain, "@ih,56,8 16 @ih,80,16 . @ih,64,16 @blocks/");
    nft_has(chain, "elements = { 1 . 0-1, 2 . 0 }"); /* one set for both counts */
    nft_has_not(chain, "elements = { 2 . 0 }");
    nft_has_not(chain, "@ih,136,16");
}
END_TEST

START_TEST(test_ps_nft_modbus__registers__have_as_many_octets_as_they_count)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", "{ name = \"r\"; protocol = \"modbus\"; functions = [16]; }");

    nft_has(whole, "typeof ip length . @th,96,8 . @ih,32,16 . @ih,80,24\n");
    nft_has(whole, "55 . 0x50 . 9 . 0x000102, "); /* one register: 15 octets, length 9, quantity 1, 2 octets */
}
END_TEST

START_TEST(test_ps_nft_modbus__diagnostics__have_their_data_words)
{
    nft_has(rule("functions = [\"restart-communications\", \"return-diagnostic-register\"];"),
            "{ 8 . 1 . 0, 8 . 1 . 65280, 8 . 2 . 0 }");
}
END_TEST

START_TEST(test_ps_nft_modbus__objects_of_another_space__grant_nothing)
{
    nft_has_not(rule("operations = [\"read\"]; objects = [\"fifo:5\"];"), "@ih,56,8 . @ih,64,16");
    nft_has(rule("operations = [\"read\"]; objects = [\"fifo:5\"];"), "@ih,56,8 24 @ih,64,16 5 counter");
}
END_TEST

START_TEST(test_ps_nft_modbus__half_of_an_exchange__is_refused_where_another_rule_has_the_rest)
{
    nft_case(PS_NFT_BUMP, "", "{ name = \"r\"; protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holding:0-9\"]; }");
    nft_has_not(nft_case_notes(), "read-write-multiple-registers");
    nft_case(PS_NFT_BUMP, "",
             "{ name = \"r\"; protocol = \"modbus\"; operations = [\"read\"]; objects = [\"holding:0-9\"]; },"
             "{ name = \"w\"; protocol = \"modbus\"; operations = [\"write\"]; }");
    nft_has(nft_case_notes(), "refuses read-write-multiple-registers: reading and writing at once needs both of one rule\n");
}
END_TEST

START_TEST(test_ps_nft_modbus__exchange__compares_both_blocks)
{
    const char *chain = rule("functions = [23]; objects = [\"holding:0-1\"];");

    nft_has(chain, "@ih,56,8 23 @ih,80,16 . @ih,64,16 @blocks/");
    nft_has(chain, " @ih,112,16 . @ih,96,16 @blocks/");
}
END_TEST

START_TEST(test_ps_nft_modbus__whole_bodies_unknown__any_length_but_one_message)
{
    const char *chain = rule("functions = [65];");

    nft_has(chain, "@ih,56,8 65 ip length . @th,96,8 . @ih,32,16 @modbus/");
}
END_TEST

START_TEST(test_ps_nft_modbus__datagrams__are_compared_by_their_own_length)
{
    nft_has(rule("transport = \"udp\"; functions = [\"read-coils\"]; objects = [\"coil:0\"];"),
            "ip length 40 @th,32,16 0x0014 @ih,32,16 6 @ih,16,16 0 update @asked4");
}
END_TEST

UNIT_MAIN("compile/nft_modbus", test_ps_nft_modbus__reads_of_a_block__are_pairs_of_address_and_quantity,
          test_ps_nft_modbus__segments_without_payload__pass_first, test_ps_nft_modbus__max_quantity__bounds_blocks,
          test_ps_nft_modbus__values__are_ranges_of_whole_numbers, test_ps_nft_modbus__coils__are_on_or_off,
          test_ps_nft_modbus__several_coils__have_no_bits_behind_them,
          test_ps_nft_modbus__registers_with_values__are_compared_one_by_one,
          test_ps_nft_modbus__registers__have_as_many_octets_as_they_count,
          test_ps_nft_modbus__diagnostics__have_their_data_words,
          test_ps_nft_modbus__objects_of_another_space__grant_nothing,
          test_ps_nft_modbus__half_of_an_exchange__is_refused_where_another_rule_has_the_rest,
          test_ps_nft_modbus__exchange__compares_both_blocks,
          test_ps_nft_modbus__whole_bodies_unknown__any_length_but_one_message,
          test_ps_nft_modbus__datagrams__are_compared_by_their_own_length)
