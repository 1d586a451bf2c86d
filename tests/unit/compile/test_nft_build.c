/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_case.h"
#include "unit.h"

#define TCP_80 "{ name = \"w\"; protocol = \"tcp\"; ports = [80]; }"
#define FILES "{ name = \"f\"; protocol = \"modbus\"; operations = [\"file\"]; }"

START_TEST(test_ps_nft_compile__bump__forwards_each_port_to_the_other)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", TCP_80);

    nft_has(nft_block(whole, "chain in/l"), "hook ingress device \"eth0\" priority 0; policy drop;");
    nft_has(nft_block(whole, "chain pass"), "iifname \"eth0\" fwd to \"eth1\"\n        iifname \"eth1\" fwd to \"eth0\"");
}
END_TEST

START_TEST(test_ps_nft_compile__routed__asks_conntrack_and_refuses_fragments_before_it)
{
    const char *whole = nft_case(PS_NFT_ROUTED, "", TCP_80);

    nft_has(whole, "table inet penstock");
    nft_has(nft_block(whole, "chain hook/fragments"), "hook prerouting priority -450; policy accept;");
    nft_has(nft_block(whole, "chain tcp4"), "ct state new @th,104,8 & 0x17 != 0x02 goto drop/midstream");
    nft_has(nft_block(whole, "chain reply4/c"), "ct direction reply ct state established goto pass");
    nft_has_not(whole, "asked4");
}
END_TEST

START_TEST(test_ps_nft_compile__bridge__drops_where_it_cannot_reset)
{
    const char *whole = nft_case(PS_NFT_BRIDGED, "", TCP_80);

    nft_has(whole, "table bridge penstock");
    nft_has_not(whole, "reject");
    nft_has(nft_case_notes(), "unseen on_deny = \"reset\": in a bridge the kernel only drops\n");
}
END_TEST

START_TEST(test_ps_nft_compile__padding__is_no_payload)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", TCP_80);

    nft_has(whole, "elements = { 40 . 0x50, 44 . 0x60, 48 . 0x70, "); /* by the lengths in the headers alone */
    nft_has_not(whole, "tcp doff");
}
END_TEST

START_TEST(test_ps_nft_compile__words_of_nft__are_no_names)
{
    const char *whole = nft_case(PS_NFT_ROUTED, "", "{ name = \"fwd\"; protocol = \"tcp\"; ports = [80]; }");

    nft_has(whole, "counter pass/c/fwd { }");
    nft_has_not(whole, "chain forward");
    nft_has_not(whole, "set devices");
}
END_TEST

START_TEST(test_ps_nft_compile__refusal__counts_logs_and_does_what_on_deny_says)
{
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "on_deny = \"reset\";", TCP_80), "chain refuse/c"),
            "counter name refuse/c/no-rule limit rate 1000/second burst 1000 packets log prefix \"penstock c no-rule reset \" group 7\n"
            "        meta l4proto tcp reject with tcp reset\n        drop");
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "on_deny = \"answer\";", TCP_80), "chain refuse/c"), "no-rule reset \" group 7");
    nft_has(nft_block(nft_case(PS_NFT_BRIDGED, "on_deny = \"reset\";", TCP_80), "chain refuse/c"), "no-rule reset \" group 7");
    nft_has_not(nft_block(nft_case(PS_NFT_BRIDGED, "on_deny = \"reset\";", TCP_80), "chain refuse/c"), "reject");
    nft_has_not(nft_block(nft_case(PS_NFT_BUMP, "on_deny = \"drop\";", TCP_80), "chain refuse/c"), "reject");
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "on_deny = \"drop\";", TCP_80), "chain refuse/c"),
            "limit rate 100/second burst 100 packets log prefix \"penstock c no-rule drop \" group 7");
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "mode = \"monitor\";", TCP_80), "chain refuse/c"), "\n        goto pass");
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "mode = \"monitor\";", TCP_80), "chain refuse/c"), "no-rule pass \" group 7");
}
END_TEST

START_TEST(test_ps_nft_compile__source_behind_another_port__is_spoofed)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", TCP_80);

    nft_has(nft_block(whole, "set behind4/l"), "elements = { 10.1.0.0/24 }");
    nft_has(nft_block(whole, "chain in/l"), "meta protocol 0x0800 ip saddr @behind4/l goto headers4");
    nft_has(nft_block(whole, "chain in/l"), "meta protocol 0x0800 goto drop/spoofed");
}
END_TEST

START_TEST(test_ps_nft_compile__zones__are_looked_up_twice_however_many)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", TCP_80);

    nft_has(nft_block(whole, "map zones4"), "10.1.0.0/24 : goto from4/a, 10.2.0.0/24 : goto from4/b");
    nft_has(nft_block(whole, "map to4/a"), "10.1.0.0/24 : drop, 10.2.0.0/24 : goto ask4/c");
    nft_has(nft_block(whole, "map to4/b"), "10.1.0.0/24 : goto reply4/c, 10.2.0.0/24 : drop");
}
END_TEST

START_TEST(test_ps_nft_compile__clients_and_servers__are_one_concatenated_set)
{
    const char *whole = nft_case(PS_NFT_BUMP, "",
                                 "{ name = \"w\"; clients = [\"a1\", \"a2\"]; servers = [\"b1\"]; protocol = \"tcp\"; ports = [80]; }");

    nft_has(whole, "elements = { 10.1.0.1 . 10.2.0.1 . tcp . 80, 10.1.0.2 . 10.2.0.1 . tcp . 80 }");
    nft_has(nft_block(whole, "chain ask4/c"), "ip saddr . ip daddr . ip protocol . th dport @flows/");
    nft_has(nft_block(whole, "chain reply4/c"), "ip daddr . ip saddr . ip protocol . th sport @flows/");
}
END_TEST

START_TEST(test_ps_nft_compile__datagrams__are_answered_when_they_were_asked)
{
    const char *whole = nft_case(PS_NFT_BUMP, "", "{ name = \"n\"; protocol = \"udp\"; ports = [123]; }");

    nft_has(nft_block(whole, "chain ask4/c"), "ip protocol udp th dport 123 update @asked4 { ip saddr . ip daddr . th sport . th dport } ");
    nft_has(nft_block(whole, "chain reply4/c"), "ip protocol udp th sport 123 ip daddr . ip saddr . th dport . th sport @asked4 goto pass");
}
END_TEST

START_TEST(test_ps_nft_compile__both_directions__requests_never_pass_as_replies)
{
    const char *whole = nft_case_plant(
        PS_NFT_BUMP,
        "schema = 1; revision = 1; zones = ( { name = \"a\"; kind = \"control\"; networks = [\"10.1.0.0/24\"]; },\n"
        "{ name = \"b\"; kind = \"control\"; networks = [\"10.2.0.0/24\"]; } ); conduits = (\n"
        "{ name = \"x\"; from = \"a\"; to = \"b\"; allow = ( { name = \"r\"; protocol = \"modbus\"; operations = [\"identify\"]; } ); },\n"
        "{ name = \"y\"; from = \"b\"; to = \"a\"; allow = ( { name = \"r\"; protocol = \"modbus\"; operations = [\"identify\"]; } ); } );\n"
        "gateways = ( { name = \"g\"; ports = ( { name = \"l\"; zones = [\"a\"]; }, { name = \"r\"; zones = [\"b\"]; } ); } );");

    nft_has(nft_block(whole, "chain ask4/x"), "th dport 502 goto refuse/x\n        jump reply4/y\n        goto refuse/x");
}
END_TEST

START_TEST(test_ps_nft_compile__fallback__denies_opens_or_queues)
{
    nft_has_not(nft_case(PS_NFT_ROUTED, "", FILES), "counter name pass/c/f goto pass");
    nft_has(nft_case_notes(), "refuses read-file-record, write-file-record: its body has no fixed form\n");
    nft_has(nft_case(PS_NFT_ROUTED, "fallback = \"ports\";", FILES), "counter name pass/c/f goto pass");
    nft_has(nft_case_notes(), "opens everything passes by address and port");
    const char *whole = nft_case(PS_NFT_ROUTED, "fallback = \"queue\";", FILES);
    nft_has(nft_block(whole, "chain ask4/c"), "th dport 502 queue num 3");
    nft_has(nft_block(whole, "chain reply4/c"), "th sport 502 queue num 3");
    nft_has(nft_case_notes(), "queues goes to NFQUEUE 3, both ways; without a program behind it the kernel drops it\n");
}
END_TEST

START_TEST(test_ps_nft_compile__queue_in_a_bump__refuses)
{
    nft_has_not(nft_case(PS_NFT_BUMP, "fallback = \"queue\";", FILES), "queue num");
    nft_has(nft_case_notes(), "; a bump in the wire has no queue\n");
}
END_TEST

START_TEST(test_ps_nft_compile__zones_of_other_gateways__are_left_out)
{
    const char *whole = nft_case_plant(
        PS_NFT_BUMP,
        "schema = 1; revision = 1; zones = ( { name = \"a\"; kind = \"control\"; networks = [\"10.1.0.0/24\"]; },\n"
        "{ name = \"b\"; kind = \"control\"; networks = [\"10.2.0.0/24\"]; },\n"
        "{ name = \"far\"; kind = \"control\"; networks = [\"10.3.0.0/24\"]; } ); conduits = (\n"
        "{ name = \"x\"; from = \"a\"; to = \"far\"; allow = ( { name = \"r\"; protocol = \"tcp\"; } ); } );\n"
        "gateways = ( { name = \"g\"; ports = ( { name = \"l\"; zones = [\"a\"]; }, { name = \"r\"; zones = [\"b\"]; } ); } );");

    nft_has_not(whole, "10.3.0.0");
    nft_has_not(whole, "/x");
}
END_TEST

static const char tagged[] =
    "schema = 1; revision = 1; zones = ( { name = \"a\"; kind = \"control\"; networks = [\"10.1.0.0/24\"]; vlans = [20]; assets = (\n"
    "{ name = \"a1\"; addresses = [\"10.1.0.1\"]; mac = \"02:00:00:00:00:01\"; } ); },\n"
    "{ name = \"b\"; kind = \"control\"; networks = [\"10.2.0.0/24\"]; assets = (\n"
    "{ name = \"b1\"; addresses = [\"10.2.0.1\"]; mac = \"02:00:00:00:00:02\"; } ); } ); conduits = (\n"
    "{ name = \"x\"; from = \"a\"; to = \"b\"; allow = ( { name = \"r\"; protocol = \"tcp\"; },\n"
    "{ name = \"e\"; protocol = \"ethernet\"; ethertypes = [\"0x8892\"]; } ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"l\"; zones = [\"a\"]; }, { name = \"r\"; zones = [\"b\"]; } ); } );";

START_TEST(test_ps_nft_compile__tags__untagged_and_priority_pass)
{
    const char *whole = nft_case_plant(PS_NFT_BUMP, tagged);

    nft_has(nft_block(whole, "chain ask4/x"), "@ll,96,16 0x8100 vlan id != { 0, 20 } goto refuse-tag/x");
    nft_has(nft_block(whole, "chain in/l"), "@ll,96,16 { 0x88a8, 0x9100, 0x9200, 0x9300 } goto drop/vlan");
    nft_has_not(nft_case_plant(PS_NFT_ROUTED, tagged), "vlan id");
}
END_TEST

START_TEST(test_ps_nft_compile__mac__goes_with_its_address)
{
    const char *whole = nft_case_plant(PS_NFT_BUMP, tagged);

    nft_has(nft_block(whole, "chain headers4"), " ip saddr . ether saddr != @macs/");
    nft_has(nft_block(whole, "chain arp/l"), " arp saddr ip . arp saddr ether != @macs/");
}
END_TEST

START_TEST(test_ps_nft_compile__frames__by_mac_and_type_on_the_link_alone)
{
    const char *whole = nft_case_plant(PS_NFT_BUMP, tagged);

    nft_has(nft_block(whole, "set frames/l"), "02:00:00:00:00:01 . 02:00:00:00:00:02 . 0x8892");
    nft_has(nft_block(whole, "chain in/r"), "ether daddr . ether saddr . meta protocol @frames-back/r "
                                            "ether daddr . ether saddr . meta protocol @framed goto pass");
    nft_has_not(nft_case_plant(PS_NFT_ROUTED, tagged), "frames/l");
}
END_TEST

START_TEST(test_ps_nft_compile__neighbours__by_the_pairs_of_zones_that_conduits_join)
{
    const char *whole = nft_case_plant(PS_NFT_BUMP, tagged);

    nft_has(nft_block(whole, "map arp-to/b"), "10.1.0.0/24 : goto arp-tags/b/a, 10.2.0.0/24 : goto pass");
    nft_has(nft_block(whole, "chain arp/l"), "arp saddr ip 0.0.0.0 arp daddr ip @behind4/l goto pass");
}
END_TEST

START_TEST(test_ps_nft_compile__same_plant__gives_the_same_text)
{
    char *first = strdup(nft_case(PS_NFT_BUMP, "", TCP_80 "," FILES));

    ck_assert_str_eq(first, nft_case(PS_NFT_BUMP, "", TCP_80 "," FILES));
    free(first);
}
END_TEST

UNIT_MAIN("compile/nft_build", test_ps_nft_compile__bump__forwards_each_port_to_the_other,
          test_ps_nft_compile__routed__asks_conntrack_and_refuses_fragments_before_it,
          test_ps_nft_compile__bridge__drops_where_it_cannot_reset, test_ps_nft_compile__padding__is_no_payload,
          test_ps_nft_compile__words_of_nft__are_no_names,
          test_ps_nft_compile__refusal__counts_logs_and_does_what_on_deny_says,
          test_ps_nft_compile__source_behind_another_port__is_spoofed,
          test_ps_nft_compile__zones__are_looked_up_twice_however_many,
          test_ps_nft_compile__clients_and_servers__are_one_concatenated_set,
          test_ps_nft_compile__datagrams__are_answered_when_they_were_asked,
          test_ps_nft_compile__both_directions__requests_never_pass_as_replies,
          test_ps_nft_compile__fallback__denies_opens_or_queues, test_ps_nft_compile__queue_in_a_bump__refuses,
          test_ps_nft_compile__zones_of_other_gateways__are_left_out,
          test_ps_nft_compile__tags__untagged_and_priority_pass, test_ps_nft_compile__mac__goes_with_its_address,
          test_ps_nft_compile__frames__by_mac_and_type_on_the_link_alone,
          test_ps_nft_compile__neighbours__by_the_pairs_of_zones_that_conduits_join,
          test_ps_nft_compile__same_plant__gives_the_same_text)
