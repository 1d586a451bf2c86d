/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_plan.h"

#include "../match/plant.h"

static struct plant plant;
static struct ps_guard_plan plan;

#define ZONES                                                                                                          \
    HEAD "zones = ( { name = 'a'; networks = ['10.1.0.0/24', 'fd00:1::/64']; vlans = [7, 9];"                           \
         " assets = ( { name = 'a1'; addresses = ['10.1.0.1', 'fd00:1::1']; mac = '02:00:00:00:00:01'; },"              \
         " { name = 'a2'; addresses = ['10.1.0.2']; } ); },"                                                           \
         " { name = 'b'; networks = ['10.2.0.0/24']; vlans = [9]; assets = ( { name = 'b1'; addresses = ['10.2.0.1']; } ); },"  \
         " { name = 'c'; networks = ['10.3.0.0/24']; } );"
#define GATEWAY "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a']; }, { name = 'q'; zones = ['b', 'c']; } ); } );"
#define OPEN(from, to, rules)                                                                                          \
    "{ name = '" from to "'; from = '" from "'; to = '" to "'; on_failure = 'open'; allow = ( " rules " ); }"

/* Of a plant with these conduits; ports 0 and 1 are netdevs 11 and 12. */
static void plan_for(const char *text, bool (*is_shut)(const void *ctx, uint32_t conduit))
{
    static const uint16_t ports[2] = {0, 1};
    static const int indices[2] = {11, 12};

    plant_open(&plant, text);
    const struct ps_guard_plan_config config = {.image = &plant.image, .ports = ports, .indices = indices, .n_ports = 2,
                                                .is_shut = is_shut};
    ck_assert(ps_guard_plan_init(&plan, &config));
}

static void done(void)
{
    ps_guard_plan_fini(&plan);
    plant_close(&plant);
}

START_TEST(test_ps_guard_plan__closed_conduit__nothing)
{
    plan_for(ZONES "conduits = ( { name = 'x'; from = 'a'; to = 'b'; on_failure = 'closed';"
                   " allow = ( { name = 'r'; protocol = 'tcp'; ports = ['80']; } ); },"
                   " { name = 'y'; from = 'a'; to = 'c'; allow = ( { name = 'r'; protocol = 'tcp'; ports = ['80']; } ); } );" GATEWAY,
             NULL);
    ck_assert_uint_eq(plan.n_open + plan.n_closed + plan.n_passes + plan.n_joints + plan.n_zones, 0);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__open_conduit__its_ends_and_ports)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b",
             "{ name = 'm'; clients = ['a1']; servers = ['b1']; protocol = 'modbus'; operations = ['read']; },"
             "{ name = 'u'; protocol = 'udp'; ports = ['123']; }") " );" GATEWAY, NULL);
    ck_assert_uint_eq(plan.n_open, 1);
    ck_assert_uint_eq(plan.n_passes, 2);
    ck_assert(plan.passes[0].client == 1 && plan.passes[0].server == 2 && plan.passes[0].protocol == 17);
    ck_assert(plan.passes[1].client == PS_GUARD_ASSET && plan.passes[1].server == (PS_GUARD_ASSET | 2));
    ck_assert(plan.passes[1].protocol == 6 && plan.passes[1].first == 502 && plan.passes[1].last == 502);
    ck_assert(plan.passes[1].client_port == 0 && plan.passes[1].server_port == 1);
    ck_assert_uint_eq(plan.n_assets, 3); /* a1 has two addresses */
    ck_assert_uint_eq(plan.n_zones, 3);  /* in one piece each, though assets stand inside */
    ck_assert(ps_addr_equal(plan.zones[0].first, addr("10.1.0.0")) && ps_addr_equal(plan.zones[0].last, addr("10.1.0.255")));
    ck_assert_uint_eq(plan.n_bounds, 2);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__vlans__both_ways_each_once)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b", "{ name = 't'; protocol = 'tcp'; ports = ['1']; }") ", "
             OPEN("b", "a", "{ name = 't'; protocol = 'tcp'; ports = ['2']; }") " );" GATEWAY, NULL);
    ck_assert_uint_eq(plan.n_joints, 6); /* 0, 7 and 9 */
    ck_assert(plan.joints[1].from == 1 && plan.joints[1].to == 2 && plan.joints[1].first_vlan == 7 && plan.joints[1].last_vlan == 7);
    ck_assert(plan.joints[1].in == 0 && plan.joints[1].out == 1 && plan.joints[5].in == 1 && plan.joints[5].out == 0);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__no_vlans__any)
{
    plan_for(HEAD "zones = ( { name = 'a'; networks = ['10.1.0.0/24']; }, { name = 'b'; networks = ['10.2.0.0/24']; } );"
             "conduits = ( " OPEN("a", "b", "{ name = 't'; protocol = 'tcp'; ports = ['1']; }") " );"
             "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a']; }, { name = 'q'; zones = ['b']; } ); } );", NULL);
    ck_assert_uint_eq(plan.n_joints, 2);
    ck_assert(plan.joints[0].first_vlan == 0 && plan.joints[0].last_vlan == 4095);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__overlapping_ports__merged)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b", "{ name = 'r'; protocol = 'tcp'; ports = ['100-200', '300']; },"
             "{ name = 's'; protocol = 'tcp'; ports = ['150-250', '251-260', '300']; }") " );" GATEWAY, NULL);
    ck_assert_uint_eq(plan.n_passes, 2);
    ck_assert(plan.passes[0].first == 100 && plan.passes[0].last == 260);
    ck_assert(plan.passes[1].first == 300 && plan.passes[1].last == 300);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__icmp__echo_alone)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b", "{ name = 'p'; protocol = 'icmp'; icmp_types = [8]; }") ", "
             OPEN("a", "c", "{ name = 'p'; protocol = 'icmp'; icmp_types = [13]; }") " );" GATEWAY, NULL);
    ck_assert(plan.n_passes == 1 && plan.passes[0].protocol == 1);
    ck_assert(plan.n_open == 1 && plan.open[0] == 0);
    ck_assert(plan.n_closed == 1 && plan.closed[0] == 1);
    done();
}
END_TEST

START_TEST(test_ps_guard_plan__headers_that_others_stand_behind__left_out)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b", "{ name = 'p'; protocol = 'ip'; ip_protocols = [0, '43-44', '47-51', 60, 135, 255]; }")
             " );" GATEWAY, NULL);
    ck_assert_uint_eq(plan.n_passes, 4);
    for (size_t i = 0; i < plan.n_passes; i++)
        ck_assert(plan.passes[i].protocol == 47 + i && plan.passes[i].last == 0);
    done();
}
END_TEST

static bool shut(const void *ctx, uint32_t conduit)
{
    (void)ctx;
    return conduit == 0;
}

START_TEST(test_ps_guard_plan__closed_by_hand__stays_so)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b", "{ name = 'p'; protocol = 'icmp'; }") ", "
             OPEN("a", "c", "{ name = 'p'; protocol = 'icmp'; }") " );" GATEWAY, shut);
    ck_assert(plan.n_open == 1 && plan.open[0] == 1 && plan.n_closed == 0);
    done();
}
END_TEST

static void expect_closed(const int *indices, const char *gateway)
{
    static const uint16_t ports[2] = {0, 1};
    char text[2048];

    snprintf(text, sizeof text, "%s%s%s", ZONES "conduits = ( " OPEN("a", "b", "{ name = 'p'; protocol = 'icmp'; }") " );",
             "", gateway);
    plant_open(&plant, text);
    const struct ps_guard_plan_config config = {.image = &plant.image, .ports = ports, .indices = indices, .n_ports = 2};
    ck_assert(ps_guard_plan_init(&plan, &config));
    ck_assert(plan.n_open == 0 && plan.n_passes == 0 && plan.n_closed == 1);
    done();
}

START_TEST(test_ps_guard_plan__no_single_netdev__closed)
{
    static const int both[2] = {11, 12}, one[2] = {11, 0};

    expect_closed(one, GATEWAY);
    expect_closed(both, "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a', 'b']; }, { name = 'q'; zones = ['b']; } ); } );");
    expect_closed(both, "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a', 'b']; }, { name = 'q'; zones = ['c']; } ); } );");
}
END_TEST

static struct ps_addr any_of(const struct ps_guard_range *ranges, size_t n, uint32_t id, unsigned i)
{
    struct ps_addr last = {0, 0};

    for (size_t k = 0; k < n; k++) {
        if (ranges[k].id != id)
            continue;
        last = i % 2 ? ranges[k].last : ranges[k].first;
        if (i / 2 % 2)
            break;
    }
    return last;
}

/* Whatever passes, the image grants. */
START_TEST(test_ps_guard_plan__every_pass__is_granted)
{
    plan_for(ZONES "conduits = ( " OPEN("a", "b",
             "{ name = 'm'; clients = ['a1', 'a2']; servers = ['b1']; protocol = 'modbus'; operations = ['read']; },"
             "{ name = 'v'; clients = ['a1']; protocol = 'dnp3'; transport = 'udp'; operations = ['read']; },"
             "{ name = 'g'; servers = ['b1']; protocol = 'ip'; ip_protocols = [47, '88-89']; },"
             "{ name = 'u'; protocol = 'udp'; ports = ['123', '1000-2000']; }, { name = 'i'; protocol = 'icmp'; }") ", "
             OPEN("b", "a", "{ name = 't'; protocol = 'tcp'; }") " );" GATEWAY, NULL);
    ck_assert_uint_eq(plan.n_open, 2);
    for (size_t i = 0; i < 16 * plan.n_passes; i++) {
        const struct ps_guard_pass *pass = &plan.passes[i / 16];
        const struct ps_guard_range *c = pass->client & PS_GUARD_ASSET ? plan.assets : plan.zones;
        const struct ps_guard_range *s = pass->server & PS_GUARD_ASSET ? plan.assets : plan.zones;
        struct ps_ends ends = {.client = any_of(c, c == plan.zones ? plan.n_zones : plan.n_assets, pass->client, i & 3),
                               .server = any_of(s, s == plan.zones ? plan.n_zones : plan.n_assets, pass->server, i / 4 & 3),
                               .ip_proto = pass->protocol, .server_port = i % 2 ? pass->first : pass->last};
        struct ps_path path;

        if (pass->protocol == 1 || pass->protocol == 58)
            ends.server_port = pass->protocol == 1 ? 8 : 128;
        ck_assert_int_eq(ps_match_path(&plant.image, &ends, &path), PS_REASON_NONE);
        ck_assert(path.granted);
    }
    done();
}
END_TEST

UNIT_MAIN("nft/guard_plan", test_ps_guard_plan__closed_conduit__nothing,
          test_ps_guard_plan__open_conduit__its_ends_and_ports, test_ps_guard_plan__vlans__both_ways_each_once,
          test_ps_guard_plan__no_vlans__any, test_ps_guard_plan__overlapping_ports__merged,
          test_ps_guard_plan__icmp__echo_alone, test_ps_guard_plan__headers_that_others_stand_behind__left_out,
          test_ps_guard_plan__closed_by_hand__stays_so, test_ps_guard_plan__no_single_netdev__closed,
          test_ps_guard_plan__every_pass__is_granted)
