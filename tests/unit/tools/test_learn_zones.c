/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_zones.h"

#include "learn_unit.h"
#include "unit.h"

static const struct ps_zone *zone_named(const struct ps_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->n_zones; i++)
        if (strcmp(model->zones[i].name, name) == 0)
            return &model->zones[i];
    return NULL;
}

static const char *zone_of_asset(const struct ps_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->n_assets; i++)
        if (strcmp(model->assets[i].name, name) == 0)
            return model->zones[model->assets[i].zone].name;
    return "none";
}

START_TEST(test_ps_learn_zones__nothing_given__zones_by_24_and_64)
{
    struct ps_model *model = ps_model_new();
    struct ps_seen_set seen = {0};

    saw_opening(&seen, "10.1.0.1", "10.1.0.200", TCP, 80);
    saw_opening(&seen, "10.1.1.1", "fd00:20:1::10", TCP, 80);
    saw_opening(&seen, "fd00:20:1::11", "::1", TCP, 80);
    ck_assert(ps_learn_zones(model, NULL, &seen));
    ck_assert_uint_eq(model->n_zones, 4);
    ck_assert_uint_eq(model->n_assets, 6);
    ck_assert_str_eq(zone_of_asset(model, "host-10-1-0-1"), "net-10-1-0");
    ck_assert_str_eq(zone_of_asset(model, "host-10-1-0-200"), "net-10-1-0");
    ck_assert_str_eq(zone_of_asset(model, "host-10-1-1-1"), "net-10-1-1");
    ck_assert_str_eq(zone_of_asset(model, "host-fd00-20-1--10"), "net-fd00-20-1-0");
    /* The /64 of ::1 would hold all of IPv4. */
    ck_assert(ps_addr_equal(zone_named(model, "net---1")->networks[0].first, addr("::1")));
    ck_assert(ps_addr_equal(zone_named(model, "net---1")->networks[0].last, addr("::1")));
    ps_seen_fini(&seen);
    ps_model_free(model);
}
END_TEST

START_TEST(test_ps_learn_zones__group_destinations__share_a_zone)
{
    struct ps_model *model = ps_model_new();
    struct ps_seen_set seen = {0};

    saw_opening(&seen, "10.1.0.1", "224.0.0.251", UDP, 5353);
    saw_opening(&seen, "10.1.0.1", "255.255.255.255", UDP, 67);
    saw_opening(&seen, "fe80::1", "ff02::fb", UDP, 5353);
    saw_opening(&seen, "10.1.0.1", "10.1.0.255", UDP, 137);
    ck_assert(ps_learn_zones(model, NULL, &seen));
    ck_assert_str_eq(zone_of_asset(model, "group-224-0-0-251"), "groups");
    ck_assert_str_eq(zone_of_asset(model, "broadcast-255-255-255-255"), "groups");
    ck_assert_str_eq(zone_of_asset(model, "group-ff02--fb"), "groups");
    ck_assert_str_eq(zone_of_asset(model, "broadcast-10-1-0-255"), "net-10-1-0");
    ck_assert_uint_eq(zone_named(model, "groups")->n_networks, 0);
    ps_seen_fini(&seen);
    ps_model_free(model);
}
END_TEST

/* Zone "cell" with 10.1.0.0/25, asset plc 10.1.0.9 and asset far 10.9.0.9. */
static struct ps_model *given_plant(void)
{
    struct ps_model *given = ps_model_new();

    given->zones = ps_model_alloc(given, sizeof(*given->zones));
    given->zones[0] = (struct ps_zone){.name = "cell", .n_networks = 1};
    given->zones[0].networks = ps_model_alloc(given, sizeof(struct ps_net));
    given->zones[0].networks[0] = (struct ps_net){.first = addr("10.1.0.0"), .last = addr("10.1.0.127")};
    given->n_zones = 1;
    given->assets = ps_model_alloc(given, 2 * sizeof(*given->assets));
    given->n_assets = 2;
    for (unsigned i = 0; i < 2; i++) {
        given->assets[i] = (struct ps_asset){.name = i == 0 ? "plc" : "far", .n_addresses = 1};
        given->assets[i].addresses = ps_model_alloc(given, sizeof(struct ps_addr));
        given->assets[i].addresses[0] = addr(i == 0 ? "10.1.0.9" : "10.9.0.9");
    }
    return given;
}

START_TEST(test_ps_learn_zones__zones_given__kept_and_filled)
{
    struct ps_model *given = given_plant(), *model = ps_model_new();
    struct ps_seen_set seen = {0};

    saw_opening(&seen, "10.1.0.9", "10.1.0.10", TCP, 80);
    saw_opening(&seen, "10.1.0.200", "10.9.0.9", TCP, 80);
    ck_assert(ps_learn_zones(model, given, &seen));
    ck_assert_uint_eq(model->n_zones, 2);
    ck_assert_str_eq(zone_of_asset(model, "plc"), "cell");
    ck_assert_str_eq(zone_of_asset(model, "far"), "cell");
    ck_assert_str_eq(zone_of_asset(model, "host-10-1-0-10"), "cell");
    ck_assert_str_eq(zone_of_asset(model, "host-10-1-0-200"), "net-10-1-0");
    ck_assert_uint_eq(model->n_assets, 4);
    /* The given zone has half of that /24 already. */
    ck_assert_uint_eq(zone_named(model, "net-10-1-0")->n_networks, 0);
    ps_seen_fini(&seen);
    ps_model_free(model);
    ps_model_free(given);
}
END_TEST

START_TEST(test_ps_learn_zones__only_looked_for__network_without_asset)
{
    struct ps_model *model = ps_model_new();
    struct ps_seen_set seen = {0};
    struct ps_seen_limits l = limits(true);
    struct ps_judged arp = opening("10.1.0.1", "10.1.0.77", 0, 0x0806);

    arp.what = PS_JUDGED_PACKET;
    ps_seen_judged(&seen, &l, &arp);
    ck_assert(ps_learn_zones(model, NULL, &seen));
    ck_assert_uint_eq(model->n_zones, 1);
    ck_assert_uint_eq(model->n_assets, 0);
    ps_seen_fini(&seen);
    ps_model_free(model);
}
END_TEST

START_TEST(test_ps_learn_zones__frames__assets_with_mac)
{
    struct ps_model *model = ps_model_new();
    struct ps_seen_set seen = {0};
    struct ps_seen_limits l = limits(true);
    struct ps_judged frame = {.what = PS_JUDGED_FLOW, .reason = PS_REASON_NO_ZONE, .server_port = 0x88cc};
    struct ps_places places;
    uint32_t asset, zone;

    frame.client_mac = (struct ps_mac){{0, 0x1b, 0x1b, 0, 0, 1}};
    frame.server_mac = (struct ps_mac){{1, 0x80, 0xc2, 0, 0, 0x0e}};
    ps_seen_judged(&seen, &l, &frame);
    ck_assert(ps_learn_zones(model, NULL, &seen));
    ck_assert_str_eq(zone_of_asset(model, "mac-00-1b-1b-00-00-01"), "ethernet");
    ck_assert_str_eq(zone_of_asset(model, "group-01-80-c2-00-00-0e"), "ethernet");
    ps_places_init(&places, model);
    ps_places_find(&places, (struct ps_addr){.lo = ps_mac_number(frame.client_mac)}, true, &asset, &zone);
    ck_assert_uint_eq(zone, 0);
    ck_assert_str_eq(model->assets[asset].name, "mac-00-1b-1b-00-00-01");
    ps_places_find(&places, addr("10.0.0.1"), false, &asset, &zone);
    ck_assert_uint_eq(zone, PS_NONE);
    ps_places_fini(&places);
    ps_seen_fini(&seen);
    ps_model_free(model);
}
END_TEST

UNIT_MAIN("tools/learn_zones", test_ps_learn_zones__nothing_given__zones_by_24_and_64,
          test_ps_learn_zones__group_destinations__share_a_zone, test_ps_learn_zones__zones_given__kept_and_filled,
          test_ps_learn_zones__only_looked_for__network_without_asset, test_ps_learn_zones__frames__assets_with_mac)
