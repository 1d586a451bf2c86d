/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plant.h"
#include "where.h"

static const char text[] = HEAD
    "zones = ("
    "{ name = 'a'; networks = ['10.0.0.0/24', '10.0.0.128/25', '10.0.1.0/24', 'fd00::/64']; vlans = [7, 5];"
    "  assets = ("
    "  { name = 'first'; addresses = ['10.0.0.0']; mac = '00:00:00:00:00:02'; },"
    "  { name = 'inner'; addresses = ['10.0.0.9', 'fd00::9']; mac = 'fe:ff:ff:ff:ff:ff'; },"
    "  { name = 'last'; addresses = ['10.0.1.255', '10.0.2.0']; } ); },"
    "{ name = 'b'; networks = ['10.0.3.0/24', 'ff02::/16', 'fff0::/12']; vlans = [20]; },"
    "{ name = 'c'; networks = ['255.255.255.255/32', '0.0.0.0/32', '::/128']; },"
    "{ name = 'd'; networks = ['10.0.4.0/24']; } );"
    "conduits = ( { name = 'ab'; from = 'a'; to = 'b'; }, { name = 'ba'; from = 'b'; to = 'a'; },"
    " { name = 'aa'; from = 'a'; to = 'a'; }, { name = 'bd'; from = 'b'; to = 'd'; fragments = 'reassemble'; } );"
    "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['c', 'a']; }, { name = 'q'; zones = ['b']; } ); },"
    " { name = 'h'; ports = ( { name = 'r'; zones = ['d']; } ); } );";

START_TEST(test_ps_image_gateway_port_by_name__each__found_in_its_gateway_alone)
{
    struct plant plant;
    plant_open(&plant, text);
    const struct ps_image *image = &plant.image;
    uint32_t g = ps_image_gateway_by_name(image, "g"), h = ps_image_gateway_by_name(image, "h");
    ck_assert_uint_eq(g, 0);
    ck_assert_uint_eq(h, 1);
    ck_assert_uint_eq(ps_image_gateway_by_name(image, "p"), PS_NONE);
    ck_assert_uint_eq(ps_image_gateway_port_by_name(image, g, "q"), 1);
    ck_assert_uint_eq(ps_image_gateway_port_by_name(image, h, "r"), 0);
    ck_assert_uint_eq(ps_image_gateway_port_by_name(image, h, "q"), PS_NONE);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_any_host__each_zone__nobodys_and_not_the_first_where_there_is_another)
{
    static const struct {
        const char *zone, *addr;
    } rows[] = {{"a", "10.0.0.1"}, {"b", "10.0.3.1"}, {"c", "::"}, {"d", "10.0.4.1"}};
    struct plant plant;
    plant_open(&plant, text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_addr addr;
        char shown[PS_ADDR_TEXT_MAX];
        ck_assert(ps_match_any_host(&plant.image, ps_image_zone_by_name(&plant.image, rows[i].zone), &addr));
        ps_addr_format(addr, shown);
        ck_assert_str_eq(shown, rows[i].addr);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_address__edges_of_intervals__exact)
{
    static const struct {
        const char *addr, *zone, *asset;
    } rows[] = {
        {"9.255.255.255", "-", "-"},
        {"10.0.0.0", "a", "first"},
        {"10.0.0.1", "a", "-"},
        {"10.0.0.8", "a", "-"},
        {"10.0.0.9", "a", "inner"},
        {"10.0.0.10", "a", "-"},
        {"10.0.0.127", "a", "-"},
        {"10.0.0.128", "a", "-"},
        {"10.0.0.255", "a", "-"},
        {"10.0.1.0", "a", "-"},
        {"10.0.1.254", "a", "-"},
        {"10.0.1.255", "a", "last"},
        {"10.0.2.0", "a", "last"},
        {"10.0.2.1", "-", "-"},
        {"10.0.2.255", "-", "-"},
        {"10.0.3.0", "b", "-"},
        {"10.0.3.255", "b", "-"},
        {"10.0.4.0", "d", "-"},
        {"10.0.5.0", "-", "-"},
        {"0.0.0.0", "c", "-"},
        {"0.0.0.1", "-", "-"},
        {"255.255.255.255", "c", "-"},
        {"255.255.255.254", "-", "-"},
        {"::", "c", "-"},
        {"::1", "-", "-"},
        {"fd00::", "a", "-"},
        {"fd00::8", "a", "-"},
        {"fd00::9", "a", "inner"},
        {"fd00::a", "a", "-"},
        {"fd00::ffff:ffff:ffff:ffff", "a", "-"},
        {"fd00:0:0:1::", "-", "-"},
        {"fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-", "-"},
        {"ff01::", "-", "-"},
        {"ff02::1", "b", "-"},
        {"ff03::", "-", "-"},
        {"ffef::", "-", "-"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "b", "-"},
    };
    struct plant plant;
    plant_open(&plant, text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t asset = 77, zone = 77;
        ps_match_address(&plant.image, addr(rows[i].addr), &asset, &zone);
        ck_assert_msg(strcmp(ps_image_zone_name(&plant.image, zone), rows[i].zone) == 0, "%s", rows[i].addr);
        ck_assert_msg(strcmp(ps_image_asset_name(&plant.image, asset), rows[i].asset) == 0, "%s", rows[i].addr);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_vlan__either_zone__allowed)
{
    static const struct {
        const char *a, *b;
        uint16_t vid;
        bool allowed;
    } rows[] = {
        {"a", "b", 0, true},   {"a", "b", 5, true},     {"a", "b", 7, true},  {"a", "b", 20, true},
        {"a", "b", 6, false},  {"b", "a", 7, true},     {"b", "a", 8, false}, {"a", "c", 5, true},
        {"a", "c", 20, false}, {"c", "a", 4094, false}, {"c", "d", 99, true}, {"a", "a", 7, true},
        {"a", "a", 20, false},
    };
    struct plant plant;
    plant_open(&plant, text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t a = ps_image_zone_by_name(&plant.image, rows[i].a), b = ps_image_zone_by_name(&plant.image, rows[i].b);
        ck_assert_msg(ps_match_vlan(&plant.image, a, b, rows[i].vid) == rows[i].allowed, "row %zu", i);
    }
    ck_assert(ps_match_vlan(&plant.image, PS_NONE, PS_NONE, 0));
    ck_assert(!ps_match_vlan(&plant.image, PS_NONE, 0, 5));
    ck_assert(!ps_match_vlan(&plant.image, 0, PS_NONE, 5));
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_mac__binding__one_mac_only)
{
    struct plant plant;
    plant_open(&plant, text);
    ck_assert(ps_match_mac(&plant.image, PS_NONE, mac("00:00:00:00:00:09")));
    ck_assert(ps_match_mac(&plant.image, 0, mac("00:00:00:00:00:02")));
    ck_assert(!ps_match_mac(&plant.image, 0, mac("00:00:00:00:00:03")));
    ck_assert(!ps_match_mac(&plant.image, 0, mac("00:00:00:00:00:00")));
    ck_assert(ps_match_mac(&plant.image, 2, mac("00:00:00:00:00:03")));
    ck_assert_uint_eq(ps_where_mac(&plant.image, mac("00:00:00:00:00:02")), 0);
    ck_assert_uint_eq(ps_where_mac(&plant.image, mac("fe:ff:ff:ff:ff:ff")), 1);
    ck_assert_uint_eq(ps_where_mac(&plant.image, mac("00:00:00:00:00:01")), PS_NONE);
    ck_assert_uint_eq(ps_where_mac(&plant.image, mac("00:00:00:00:00:03")), PS_NONE);
    ck_assert_uint_eq(ps_where_mac(&plant.image, mac("00:00:00:00:00:00")), PS_NONE);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_match_port__zones_behind_ports__and_no_others)
{
    static const char *const behind[2][2] = {{"ac", "b"}, {"d", ""}};
    struct plant plant;
    plant_open(&plant, text);
    for (uint32_t g = 0; g < 3; g++)
        for (uint32_t port = 0; port < 3; port++)
            for (uint32_t zone = 0; zone < 4; zone++) {
                bool expected = g < 2 && port < 2 && strchr(behind[g][port], *ps_image_zone_name(&plant.image, zone));
                ck_assert_int_eq(ps_match_port(&plant.image, g, port, zone), expected);
            }
    ck_assert(!ps_match_port(&plant.image, 0, 0, PS_NONE));
    ck_assert(!ps_match_port(&plant.image, PS_NONE, 0, 0));
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_where_conduit__ordered_pairs__their_own)
{
    static const char *const names[4][4] = {
        {"aa", "ab", "-", "-"}, {"ba", "-", "-", "bd"}, {"-", "-", "-", "-"}, {"-", "-", "-", "-"}};
    struct plant plant;
    plant_open(&plant, text);
    for (uint32_t from = 0; from < 4; from++)
        for (uint32_t to = 0; to < 4; to++)
            ck_assert_str_eq(ps_image_conduit_name(&plant.image, ps_where_conduit(&plant.image, from, to)),
                             names[from][to]);
    plant_close(&plant);
}
END_TEST

/* What the gateway does with fragments is said for both directions of a conduit's connections. */
START_TEST(test_ps_match_fragments__conduit_in_either_direction__as_it_says)
{
    static const struct {
        const char *src, *dst;
        bool allowed;
    } rows[] = {
        {"10.0.3.1", "10.0.4.1", true},  {"10.0.4.1", "10.0.3.1", true},  {"10.0.0.1", "10.0.3.1", false},
        {"10.0.0.1", "10.0.0.2", false}, {"10.0.4.1", "10.0.4.2", false}, {"10.0.4.1", "10.9.9.9", false},
        {"10.9.9.9", "10.0.4.1", false},
    };
    struct plant plant;
    plant_open(&plant, text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(ps_match_fragments(&plant.image, addr(rows[i].src), addr(rows[i].dst)), rows[i].allowed);
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/where", test_ps_image_gateway_port_by_name__each__found_in_its_gateway_alone,
          test_ps_match_any_host__each_zone__nobodys_and_not_the_first_where_there_is_another,
          test_ps_match_address__edges_of_intervals__exact, test_ps_match_vlan__either_zone__allowed,
          test_ps_match_mac__binding__one_mac_only, test_ps_match_port__zones_behind_ports__and_no_others,
          test_ps_where_conduit__ordered_pairs__their_own,
          test_ps_match_fragments__conduit_in_either_direction__as_it_says)
