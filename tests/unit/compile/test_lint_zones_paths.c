/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Gateways and paths through the plant.
 */
#include "lint_case.h"

#define PORT(name, zones) "{ name = '" name "'; zones = [" zones "]; }"
#define GATEWAY(ports) "gateways = ( { name = 'g'; ports = (" ports "); } );"
/* Zones a, b and c; conduits ab, bc and ca. */
#define TRIANGLE(gateways)                                                                                             \
    PLANT(ZONE("a", "control", 1, SL) "," ZONE("b", "control", 2, SL) "," ZONE("c", "control", 3, SL),                 \
          LINK("a", "b") "," LINK("b", "c") "," LINK("c", "a"), "gateways = (" gateways ");")
#define TWO_PORTS(name, one, two) "{ name = '" name "'; ports = (" PORT("p", one) "," PORT("q", two) "); }"

START_TEST(test_lint_zone_paths__no_gateway_between__zl_008)
{
    expect(JOINED("operations", "control", GATEWAY(PORT("p", "'a'"))), PS_SEV_WARNING, "ZL-008", "c",
           "enforced nowhere");
    expect(JOINED("operations", "control", GATEWAY(PORT("p", "'a', 'b'"))), PS_SEV_WARNING, "ZL-008", "c", "nowhere");
    expect_none(JOINED("operations", "control", GATEWAY(PORT("p", "'a'") "," PORT("q", "'b'"))), "ZL-008", "");
    expect_none(JOINED("operations", "control", GATEWAY(PORT("p", "'b'") "," PORT("q", "'a'"))), "ZL-008", "");
    expect_none(JOINED("operations", "control", ""), "ZL-008", "");
}
END_TEST

START_TEST(test_lint_zone_paths__several_gateways__zl_008_only_where_none_is_between)
{
    const char *chain = TRIANGLE(TWO_PORTS("h", "'c'", "'b'") "," TWO_PORTS("g", "'b'", "'a'"));
    const char *ring =
        TRIANGLE(TWO_PORTS("h", "'c'", "'b'") "," TWO_PORTS("i", "'a'", "'c'") "," TWO_PORTS("g", "'b'", "'a'"));

    expect(chain, PS_SEV_WARNING, "ZL-008", "ca", "nowhere");
    expect_none(chain, "ZL-008", "\"ab\"");
    expect_none(chain, "ZL-008", "\"bc\"");
    expect_none(ring, "ZL-008", "");
}
END_TEST

START_TEST(test_lint_zone_paths__zone_behind_both_ports__zl_008_not)
{
    expect_none(JOINED("operations", "control", GATEWAY(PORT("p", "'a', 'b'") "," PORT("q", "'a'"))), "ZL-008", "");
    expect_none(JOINED("operations", "control", GATEWAY(PORT("p", "'a', 'b'") "," PORT("q", "'b'"))), "ZL-008", "");
    expect_none(JOINED("operations", "control", GATEWAY(PORT("p", "'a'") "," PORT("q", "'a', 'b'"))), "ZL-008", "");
}
END_TEST

START_TEST(test_lint_zone_paths__two_gateways_one_zone_each__zl_008)
{
    expect(JOINED("operations", "control",
                  "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a']; } ); },"
                  " { name = 'h'; ports = ( { name = 'p'; zones = ['b']; } ); } );"),
           PS_SEV_WARNING, "ZL-008", "c", "nowhere");
}
END_TEST

#define MONITOR "mode = 'monitor';"
/* Remote to DMZ to control, with modes. */
#define PATH(mode_1, mode_2)                                                                                           \
    PLANT(ZONE("far", "remote", 1, SL) "," ZONE("mid", "dmz", 2, SL) "," CTL,                                          \
          CONDUIT("c1", "far", "mid", SAID mode_1,                                                                     \
                  "{ name = 'r'; clients = ['far-1']; servers = ['mid-1']; protocol = 'modbus'; operations = "         \
                  "['read']; }") "," CONDUIT("c2", "mid", "ctl", SAID mode_2,                                          \
                                             "{ name = 'r'; clients = ['mid-1']; servers = ['ctl-1']; protocol = "     \
                                             "'modbus'; operations = ['read']; }"),                                    \
          "")

START_TEST(test_lint_zone_paths__fewer_than_two_enforced_conduits__zl_012)
{
    expect(PATH(MONITOR, ""), PS_SEV_WARNING, "ZL-012", "ctl", "only one enforced");
    expect(PATH("", MONITOR), PS_SEV_WARNING, "ZL-012", "ctl", "\"far\"");
    expect(PATH(MONITOR, MONITOR), PS_SEV_WARNING, "ZL-012", "ctl", "no enforced");
    expect_none(PATH("", ""), "ZL-012", "");
}
END_TEST

#define WAY(from, to, mode)                                                                                            \
    "{ name = '" from "-" to "'; from = '" from "'; to = '" to "'; " SAID mode                                         \
    " allow = ( { name = 'r'; clients = ['" from "-1']; servers = ['" to                                               \
    "-1']; protocol = 'modbus'; operations = ['read']; } ); }"
#define WAYS(ways)                                                                                                     \
    PLANT(ZONE("biz", "enterprise", 1, SL) "," ZONE("mid", "dmz", 2, SL) "," ZONE("mes", "operations", 3,              \
                                                                                  SL) "," ZONE("io", "field", 4, SL),  \
          ways, "")

START_TEST(test_lint_zone_paths__weakest_of_several_paths__zl_012)
{
    expect(WAYS(WAY("biz", "mid", "") "," WAY("mid", "io", "") "," WAY("mid", "mes", MONITOR) "," WAY("mes", "io",
                                                                                                      MONITOR)),
           PS_SEV_WARNING, "ZL-012", "io", "the last is \"mes-io\"");
    expect(WAYS(WAY("mes", "io", "") "," WAY("mid", "mes", MONITOR) "," WAY("biz", "mid", MONITOR)), PS_SEV_WARNING,
           "ZL-012", "io", "from \"biz\" over only one");
    expect_none(WAYS(WAY("biz", "mid", "") "," WAY("mid", "mes", MONITOR) "," WAY("mes", "io", "")), "ZL-012", "");
    /* Nobody can go where nothing is allowed, or against the direction. */
    expect_none(WAYS(WAY("biz", "mid", MONITOR) ", { name = 'e'; from = 'mid'; to = 'io'; " SAID " }"), "ZL-012", "");
    expect_none(WAYS(WAY("biz", "mid", MONITOR) "," WAY("io", "mid", MONITOR)), "ZL-012", "");
}
END_TEST

#define SHARED(kind_a, kind_b, sl)                                                                                     \
    ZONES(ZONE("a", kind_a, 1, sl) "," ZONE("b", kind_b, 2, sl), GATEWAY(PORT("p", "'a', 'b'")))

START_TEST(test_lint_zone_paths__shared_port__zl_092)
{
    expect(SHARED("dmz", "control", ALL(2)), PS_SEV_ERROR, "ZL-092", "b", "\"p\"");
    expect(SHARED("safety", "control", ALL(2)), PS_SEV_ERROR, "ZL-092", "a", "separate");
    expect(SHARED("operations", "remote", ALL(2)), PS_SEV_ERROR, "ZL-092", "a", "\"b\"");
    expect_none(SHARED("dmz", "control", ALL(1)), "ZL-092", "");
    expect_none(SHARED("operations", "control", ALL(3)), "ZL-092", "");
    expect_none(SHARED("dmz", "remote", ALL(3)), "ZL-092", "");
}
END_TEST

UNIT_MAIN("compile/lint_zones_paths", test_lint_zone_paths__no_gateway_between__zl_008,
          test_lint_zone_paths__several_gateways__zl_008_only_where_none_is_between,
          test_lint_zone_paths__zone_behind_both_ports__zl_008_not,
          test_lint_zone_paths__two_gateways_one_zone_each__zl_008,
          test_lint_zone_paths__fewer_than_two_enforced_conduits__zl_012,
          test_lint_zone_paths__weakest_of_several_paths__zl_012, test_lint_zone_paths__shared_port__zl_092)
