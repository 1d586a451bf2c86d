/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "plant.h"
#include "policy.h"

static const char text[] =
    "schema = 1; site = \"s\"; revision = 1;\n"
    "zones = ( { name = \"a\"; networks = [\"10.1.0.0/30\", \"10.9.0.0/32\"];\n"
    "            assets = ( { name = \"hmi\"; addresses = [\"10.1.0.1\"]; mac = \"00:11:22:33:44:55\"; } ); },\n"
    "          { name = \"b\"; networks = [\"10.2.0.0/24\"];\n"
    "            assets = ( { name = \"plc\"; addresses = [\"10.2.0.1\", \"10.2.0.2\"]; } ); } );\n"
    "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\";\n"
    "  allow = ( { name = \"r\"; protocol = \"tcp\"; ports = [\"80\"]; } ); } );\n";

static struct ps_diags diags;
static struct ps_model *model;

static void setup(void)
{
    ps_diags_init(&diags);
    model = ps_policy_parse(text, "t.conf", &diags);
    ck_assert_msg(model != NULL, "%s", diags.n > 0 ? diags.items[0].text : "");
}

static void teardown(void)
{
    ps_model_free(model);
    ps_diags_fini(&diags);
}

static void apply(const char *map)
{
    char err[256] = "";

    ck_assert_msg(ps_map_apply(model, map, err, sizeof err), "%s", err);
}

/* "10.1.0.0 10.1.0.2-10.1.0.3": the networks of a zone. */
static const char *networks(uint32_t zone)
{
    static char out[256];
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < model->zones[zone].n_networks; i++) {
        char net[2 * PS_ADDR_TEXT_MAX];

        ps_net_format(model->zones[zone].networks[i].first, model->zones[zone].networks[i].last, net, sizeof net);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", i > 0 ? " " : "", net);
    }
    return out;
}

static const char *addresses(uint32_t asset)
{
    static char out[256];
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < model->assets[asset].n_addresses; i++) {
        char address[PS_ADDR_TEXT_MAX];

        ps_addr_format(model->assets[asset].addresses[i], address);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", i > 0 ? " " : "", address);
    }
    return out;
}

START_TEST(test_map_apply__foreign_address__added_and_the_mac_forgotten)
{
    apply("192.168.7.1=hmi");
    ck_assert_str_eq(addresses(0), "10.1.0.1 192.168.7.1");
    ck_assert(!model->assets[0].has_mac);
    ck_assert_str_eq(addresses(1), "10.2.0.1 10.2.0.2");
}
END_TEST

START_TEST(test_map_apply__address_of_another_asset__moves)
{
    apply("10.2.0.1=hmi");
    ck_assert_str_eq(addresses(0), "10.1.0.1 10.2.0.1");
    ck_assert_str_eq(addresses(1), "10.2.0.2");
    apply("10.2.0.1=plc");
    ck_assert_str_eq(addresses(0), "10.1.0.1");
    ck_assert_str_eq(addresses(1), "10.2.0.2 10.2.0.1");
}
END_TEST

START_TEST(test_map_apply__address_in_another_zone__cut_out_of_its_networks)
{
    apply("10.1.0.1=plc");
    ck_assert_str_eq(networks(0), "10.1.0.0 10.1.0.2/31 10.9.0.0");
    apply("10.1.0.0=plc");
    ck_assert_str_eq(networks(0), "10.1.0.2/31 10.9.0.0");
    apply("10.1.0.3=plc");
    ck_assert_str_eq(networks(0), "10.1.0.2 10.9.0.0");
    apply("10.9.0.0=plc");
    ck_assert_str_eq(networks(0), "10.1.0.2");
    ck_assert_str_eq(networks(1), "10.2.0.0/24");
}
END_TEST

START_TEST(test_map_apply__nonsense__a_sentence)
{
    static const char *const cases[][2] = {
        {"10.1.0.1", "write ADDR=ASSET"},
        {"10.1.0.1=", "write ADDR=ASSET"},
        {"10.1.0=hmi", "'10.1.0' is not an address"},
        {"10.1.0.9=nobody", "the plant file has no asset 'nobody'"},
    };
    char err[256];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(!ps_map_apply(model, cases[i][0], err, sizeof err));
        ck_assert_str_eq(err, cases[i][1]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("map");
    TCase *tc = tcase_create("map");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_map_apply__foreign_address__added_and_the_mac_forgotten);
    tcase_add_test(tc, test_map_apply__address_of_another_asset__moves);
    tcase_add_test(tc, test_map_apply__address_in_another_zone__cut_out_of_its_networks);
    tcase_add_test(tc, test_map_apply__nonsense__a_sentence);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
