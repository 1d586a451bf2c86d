/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plant.h"

static const char text[] =
    HEAD "zones = (\n{ name = 'a'; networks = ['10.1.0.0/24'];\nassets = ("
         "{ name = 'a1'; addresses = ['10.1.0.1', 'fd00::1']; }, { name = 'a2'; addresses = ['10.1.0.2']; } ); },\n"
         "{ name = 'b'; assets = ( { name = 'b1'; addresses = ['10.2.0.1']; } ); } );\n"
         "conduits = (\n{ name = 'c'; from = 'a'; to = 'b'; mode = 'monitor'; on_deny = 'answer'; max_half_open = 7;"
          " midstream = 'resume'; on_failure = 'open'; fallback = 'queue';"
         " allow = (\n"
         "{ name = 'full'; clients = ['a2', 'a1']; servers = ['b1']; protocol = 'modbus'; transport = 'udp';\n"
         "  ports = ['1502', '1500-1501']; stations = ['9', '1-3', '4']; operations = ['read', 'write'];\n"
         "  functions = ['write-single-register']; objects = ['holding:5-9', 'coil:1', 'holding:1-4'];\n"
         "  values = ['9.5..10', '1..9.5', '-5']; max_quantity = 12; },\n"
         "{ name = 'bare'; protocol = 'modbus'; operations = ['read']; },\n"
         "{ name = 'icmp'; protocol = 'icmp'; icmp_types = [8, 9, 3]; } ); } );\n"
         "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a']; } ); } );";

START_TEST(test_ps_image_interval__all__follow_each_other_and_say_whose)
{
    struct plant plant;
    plant_open(&plant, text);
    const struct ps_image *i = &plant.image;
    uint32_t n = ps_image_n_intervals(i);
    for (uint32_t k = 0; k < n; k++) {
        struct ps_interval one = ps_image_interval(i, k);
        uint32_t asset, zone;
        ck_assert(ps_addr_compare(one.first, one.last) <= 0);
        ps_match_address(i, one.last, &asset, &zone);
        ck_assert(asset == one.asset && zone == one.zone);
        struct ps_addr next = {one.last.hi + (one.last.lo == UINT64_MAX), one.last.lo + 1};
        ck_assert(k + 1 == n ? next.hi == 0 && next.lo == 0 : ps_addr_equal(next, ps_image_interval(i, k + 1).first));
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_image__accessors__say_what_the_plant_says)
{
    struct plant plant;
    plant_open(&plant, text);
    const struct ps_image *i = &plant.image;
    ck_assert_str_eq(ps_image_site(i), "test");
    ck_assert_uint_eq(ps_image_revision(i), 3);
    ck_assert_uint_eq(ps_image_n_zones(i), 2);
    ck_assert_uint_eq(ps_image_n_assets(i), 3);
    ck_assert_uint_eq(ps_image_n_conduits(i), 1);
    ck_assert_uint_eq(ps_image_n_rules(i), 3);
    ck_assert_uint_eq(ps_image_n_gateways(i), 1);
    ck_assert_uint_eq(ps_image_zone_by_name(i, "b"), 1);
    ck_assert_uint_eq(ps_image_zone_by_name(i, "a1"), PS_NONE);
    ck_assert_uint_eq(ps_image_asset_by_name(i, "b1"), 2);
    ck_assert_uint_eq(ps_image_asset_by_name(i, "a"), PS_NONE);
    ck_assert_uint_eq(ps_image_conduit_by_name(i, ps_image_conduit_name(i, 0)), 0);
    ck_assert_uint_eq(ps_image_conduit_by_name(i, "a"), PS_NONE);
    ck_assert_str_eq(ps_image_asset_name(i, 1), "a2");
    ck_assert_str_eq(ps_image_asset_name(i, PS_NONE), "-");
    ck_assert_str_eq(ps_image_zone_name(i, PS_NONE), "-");
    ck_assert_str_eq(ps_image_conduit_name(i, PS_NONE), "-");
    ck_assert_str_eq(ps_image_rule_name(i, PS_NONE), "-");
    ck_assert_uint_eq(ps_image_asset_zone(i, 2), 1);
    ck_assert_uint_eq(ps_image_asset_n_addresses(i, 0), 2);
    ck_assert(ps_addr_equal(ps_image_asset_address(i, 0, 1), addr("fd00::1")));
    ck_assert(ps_addr_equal(ps_image_asset_address(i, 2, 0), addr("10.2.0.1")));
    ck_assert_uint_eq(ps_image_conduit_from(i, 0), 0);
    ck_assert_uint_eq(ps_image_conduit_to(i, 0), 1);
    ck_assert_uint_eq(ps_image_conduit_mode(i, 0), PS_MODE_MONITOR);
    ck_assert_uint_eq(ps_image_conduit_on_deny(i, 0), PS_ON_DENY_ANSWER);
    ck_assert_uint_eq(ps_image_conduit_midstream(i, 0), PS_MIDSTREAM_RESUME);
    ck_assert_uint_eq(ps_image_conduit_on_failure(i, 0), PS_ON_FAILURE_OPEN);
    ck_assert_uint_eq(ps_image_conduit_fallback(i, 0), PS_FALLBACK_QUEUE);
    ck_assert_uint_eq(ps_image_conduit_max_half_open(i, 0), 7);
    ck_assert_uint_eq(ps_image_conduit_max_new_flows(i, 0), PS_NEW_FLOWS_DEFAULT);
    ck_assert_uint_eq(ps_image_conduit_first_rule(i, 0), 0);
    ck_assert_uint_eq(ps_image_conduit_n_rules(i, 0), 3);
    ck_assert_str_eq(ps_image_conduit_file(i, 0), "plant.conf");
    ck_assert_uint_eq(ps_image_conduit_line(i, 0), 6);
    ck_assert_str_eq(ps_image_rule_name(i, 1), "bare");
    ck_assert_uint_eq(ps_image_rule_conduit(i, 2), 0);
    ck_assert_uint_eq(ps_image_rule_protocol(i, 2), PS_PROTOCOL_ICMP);
    ck_assert_str_eq(ps_image_rule_file(i, 0), "plant.conf");
    ck_assert_uint_eq(ps_image_rule_line(i, 1), 11);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_image_rule_view__everything_restricted__sorted_and_merged)
{
    static const struct ps_range ports[] = {{1500, 1502}}, stations[] = {{1, 4}, {9, 9}};
    static const struct ps_value_range values[] = {{-5, -5}, {1, 10}};
    static const uint32_t clients[] = {0, 1};
    struct plant plant;
    struct ps_rule_view v;
    plant_open(&plant, text);
    ps_image_rule_view(&plant.image, 0, &v);
    ck_assert_uint_eq(v.protocol, PS_PROTOCOL_MODBUS);
    ck_assert(v.udp && v.has_functions);
    ck_assert_uint_eq(v.ops, PS_OP_BIT(PS_OP_READ) | PS_OP_BIT(PS_OP_WRITE));
    ck_assert_uint_eq(v.n_clients, 2);
    ck_assert_mem_eq(v.clients, clients, sizeof clients);
    ck_assert_uint_eq(v.n_servers, 1);
    ck_assert_uint_eq(v.servers[0], 2);
    ck_assert_uint_eq(v.n_ports, 1);
    ck_assert_mem_eq(v.ports, ports, sizeof ports);
    ck_assert_uint_eq(v.n_stations, 2);
    ck_assert_mem_eq(v.stations, stations, sizeof stations);
    ck_assert_uint_eq(v.n_objects, 2);
    ck_assert_uint_eq(v.objects[1].first, 1);
    ck_assert_uint_eq(v.objects[1].last, 9);
    ck_assert_uint_eq(v.n_values, 2);
    ck_assert_mem_eq(v.values, values, sizeof values);
    ck_assert_uint_eq(v.max_quantity, 12);
    ck_assert_uint_eq(v.n_codes, 0);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_image_rule_view__nothing_restricted__empty_but_default_port)
{
    struct plant plant;
    struct ps_rule_view v;
    plant_open(&plant, text);
    ps_image_rule_view(&plant.image, 1, &v);
    ck_assert(!v.udp && !v.has_functions);
    ck_assert_uint_eq(v.ops, PS_OP_BIT(PS_OP_READ));
    ck_assert_uint_eq(v.n_clients + v.n_servers + v.n_codes + v.n_stations + v.n_objects + v.n_values, 0);
    ck_assert_uint_eq(v.n_ports, 1);
    ck_assert_uint_eq(v.ports[0].first, 502);
    ck_assert_uint_eq(v.ports[0].last, 502);
    ps_image_rule_view(&plant.image, 2, &v);
    ck_assert_uint_eq(v.ops, 0);
    ck_assert_uint_eq(v.n_ports, 0);
    ck_assert_uint_eq(v.n_codes, 2);
    ck_assert_uint_eq(v.codes[1].first, 8);
    ck_assert_uint_eq(v.codes[1].last, 9);
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/image", test_ps_image_interval__all__follow_each_other_and_say_whose, test_ps_image__accessors__say_what_the_plant_says,
          test_ps_image_rule_view__everything_restricted__sorted_and_merged,
          test_ps_image_rule_view__nothing_restricted__empty_but_default_port)
