/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_ruleset.h"

#include <string.h>

#include "nft_put.h"
#include "unit.h"

static char text[8192];

static const char *print(struct ps_nft_ruleset *r)
{
    FILE *out = fmemopen(text, sizeof text, "w");

    ck_assert(ps_nft_print(r, out));
    fclose(out);
    ps_nft_ruleset_fini(r);
    return text;
}

static struct ps_nft_ruleset ruleset(void)
{
    return (struct ps_nft_ruleset){.family = PS_NFT_NETDEV, .table = "t", .log_group = 7};
}

static void ck_has(const char *whole, const char *part)
{
    ck_assert_msg(strstr(whole, part) != NULL, "not in:\n%s\n%s", whole, part);
}

START_TEST(test_ps_nft_print__nothing__replaces_the_table)
{
    struct ps_nft_ruleset r = ruleset();

    ck_assert_str_eq(print(&r), "table netdev t\ndelete table netdev t\ntable netdev t {\n}\n");
}
END_TEST

START_TEST(test_ps_nft_print__hook__says_device_priority_and_policy)
{
    struct ps_nft_ruleset r = ruleset();
    uint32_t chain = ps_nft_chain_add(&r, "in/%s", "plant");

    r.chains[chain].hook = PS_NFT_INGRESS;
    r.chains[chain].device = strdup("eth1");
    ck_has(print(&r), "chain in/plant {\n        type filter hook ingress device \"eth1\" priority 0; policy drop;\n");
}
END_TEST

START_TEST(test_ps_nft_print__match__writes_key_mask_and_value)
{
    struct ps_nft_ruleset r = ruleset();
    uint32_t chain = ps_nft_chain_add(&r, "a");

    ps_nft_rule_add(&r, chain);
    ps_nft_put_match(&r, ps_nft_key(PS_NFT_IP_PROTOCOL), 6, false);
    ps_nft_put_match(&r, ps_nft_raw(PS_NFT_RAW_IH, 7, 1), 3, true);
    ps_nft_put_masked(&r, ps_nft_raw(PS_NFT_RAW_TH, 13, 1), 0x17, 2, false);
    ps_nft_put_masked(&r, ps_nft_key(PS_NFT_CT_STATE), 10, 0, true);
    ps_nft_put_verdict(&r, PS_NFT_ACCEPT, 0);
    ck_has(print(&r), "ip protocol tcp @ih,56,8 != 3 @th,104,8 & 0x17 == 0x02 ct state established,new accept\n");
}
END_TEST

START_TEST(test_ps_nft_print__statements__are_those_of_nft)
{
    struct ps_nft_ruleset r = ruleset();
    uint32_t chain = ps_nft_chain_add(&r, "a"), counter = ps_nft_counter_add(&r, "refused/%s", "x");

    ps_nft_rule_add(&r, chain);
    ps_nft_put_count(&r, counter);
    ps_nft_put_limit(&r, 50);
    ps_nft_put_log(&r, "penstock x - no-rule ");
    ps_nft_rule_add(&r, chain);
    ps_nft_put_reject(&r);
    ps_nft_rule_add(&r, chain);
    ps_nft_put_queue(&r, 3);
    ps_nft_rule_add(&r, chain);
    ps_nft_put_fwd(&r, "eth2");
    const char *printed = print(&r);
    ck_has(printed, "    counter refused/x { }\n");
    ck_has(printed, "counter name refused/x limit rate 50/second burst 50 packets "
                    "log prefix \"penstock x - no-rule \" group 7\n");
    ck_has(printed, "        reject with tcp reset\n        queue num 3\n        fwd to \"eth2\"\n");
}
END_TEST

START_TEST(test_ps_nft_print__set__has_its_keys_and_ranges)
{
    struct ps_nft_key keys[] = {ps_nft_key(PS_NFT_IP_SADDR), ps_nft_key(PS_NFT_TH_DPORT)};
    struct ps_nft_element element = {0};
    struct ps_nft_ruleset r = ruleset();
    uint32_t set = ps_nft_set_add(&r, keys, 2, "flows");

    ps_nft_element_addrs(&element, 0, ps_addr_from_v4(0x0a000000), ps_addr_from_v4(0x0a0000ff));
    ps_nft_element_numbers(&element, keys[1], 1, 502, 503);
    ps_nft_set_put(&r, set, &element, NULL);
    ps_nft_set_close(&r, set);
    ck_has(print(&r), "    set flows {\n        typeof ip saddr . th dport\n        flags interval\n"
                      "        elements = { 10.0.0.0/24 . 502-503 }\n    }\n");
}
END_TEST

START_TEST(test_ps_nft_print__local_map__stands_where_it_is_used)
{
    struct ps_nft_key key = ps_nft_key(PS_NFT_IP_DADDR);
    struct ps_nft_element element = {0};
    struct ps_nft_ruleset r = ruleset();
    uint32_t chain = ps_nft_chain_add(&r, "a"), set = ps_nft_set_add(&r, &key, 1, "m");
    struct ps_nft_verdict verdict = {PS_NFT_GOTO, chain};

    ps_nft_element_addrs(&element, 0, ps_addr_from_v4(1), ps_addr_from_v4(1));
    ps_nft_set_put(&r, set, &element, &verdict);
    r.sets[set].local = true;
    ps_nft_rule_add(&r, chain);
    ps_nft_put_vmap(&r, set);
    const char *printed = print(&r);
    ck_has(printed, "        ip daddr vmap { 0.0.0.1 : goto a }\n");
    ck_assert_ptr_null(strstr(printed, "map m"));
}
END_TEST

START_TEST(test_ps_nft_print__dynamic_set__is_updated)
{
    struct ps_nft_key key = ps_nft_key(PS_NFT_IP6_SADDR), other = ps_nft_key(PS_NFT_IP6_DADDR);
    struct ps_nft_ruleset r = ruleset();
    uint32_t chain = ps_nft_chain_add(&r, "a"), set = ps_nft_set_add(&r, &key, 1, "asked");

    r.sets[set].dynamic = true;
    r.sets[set].timeout_s = 180;
    r.sets[set].max_elements = 100;
    ps_nft_rule_add(&r, chain);
    ps_nft_put_update(&r, set);
    ps_nft_put_set(&r, PS_NFT_DELETE, &other, 1, set);
    const char *printed = print(&r);
    ck_has(printed, "        flags dynamic,timeout\n        timeout 180s\n        size 100\n");
    ck_has(printed, "        update @asked { ip6 saddr } delete @asked { ip6 daddr }\n");
}
END_TEST

UNIT_MAIN("compile/nft_print", test_ps_nft_print__nothing__replaces_the_table,
          test_ps_nft_print__hook__says_device_priority_and_policy,
          test_ps_nft_print__match__writes_key_mask_and_value, test_ps_nft_print__statements__are_those_of_nft,
          test_ps_nft_print__set__has_its_keys_and_ranges, test_ps_nft_print__local_map__stands_where_it_is_used,
          test_ps_nft_print__dynamic_set__is_updated)
